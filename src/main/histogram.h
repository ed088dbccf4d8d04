/* histogram.h: how often which value came, as bars for a terminal and as JSON. */
#pragma once

#include <xinlian/units.h>
#include <xinlian/wafer.h>

#include "base/json.h"

/* `values` may hold NaN and infinities, which are left out. The range is that of the values, but without far outliers (beyond three
 * interquartile ranges from the quartiles and outside the limits), which are counted in rows of their own. */
void histogram_print(const float *values, size_t count, const struct xl_statistics *of, const struct xl_unit *unit, size_t rows);
/* { "from", "step", "below", "above", "counts": [...] }; null without values. */
void histogram_json(struct json *json, const float *values, size_t count, const struct xl_statistics *of, size_t rows);
