/* moments.h: sums of a sample that survive a large offset and a large n: mean and central moments, one pass over memory.
 *
 * A block of values (a few KiB, in the first cache) is summed relative to its first value, then again around its mean with the
 * correction of Chan, Golub and LeVeque (1983); blocks are merged pairwise by the formulas of Pébay (SAND2008-6212). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct moments {
    uint64_t n;
    double origin;             /* what `offset` is measured from: so a small spread far from zero keeps its digits */
    double offset, m2, m3, m4; /* mean - origin; m_k: sum of (x - mean)^k */
    float minimum, maximum;    /* of no values: +inf, -inf */
};

/* `values` are finite; `origin` is any one of them, or of the samples that are to be merged: they must share it. */
struct moments moments_of(const float *values, size_t n, float origin);
struct moments moments_merged(const struct moments *, const struct moments *);
double moments_mean(const struct moments *); /* NaN of no values */
/* n - 1 below the line; NaN below two values. */
double moments_sd(const struct moments *);
/* Adjusted Fisher-Pearson skewness G1 and excess kurtosis G2 (Joanes and Gill 1998; as Excel, SAS and pandas). NaN where the sample is
 * too small (3, 4) or has no spread. */
double moments_skewness(const struct moments *);
double moments_kurtosis(const struct moments *);
