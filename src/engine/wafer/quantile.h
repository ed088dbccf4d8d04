/* quantile.h: several exact quantiles of one sample at once, by selection on the bits of the floats. */
#pragma once

#include <stddef.h>

/* Quantiles of type 7 (Hyndman and Fan 1996; R, numpy): `q` ascending in 0..1, at most QUANTILES_MOST; n >= 1. Overwrites `values`. No NaN.
 */
enum { QUANTILES_MOST = 16 };
void quantiles_of(float *values, size_t n, const double *q, size_t count, double *out);
