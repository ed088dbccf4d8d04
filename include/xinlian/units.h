/* units.h: how a test's numbers are shown: one scale and one unit text for its results, limits and statistics.
 *
 * STDF keeps results and limits in base units ("V") beside a scale for display: shown = value * 10^scale, and the scale says the
 * prefix (15 f, 12 p, 9 n, 6 u, 3 m, 2 %, 0 none, -3 K, -6 M, -9 G, -12 T). Real files add units that carry a prefix already ("uA"),
 * scales that follow every single result, and no scale at all. The rules that decide stand at xl_unit_of and xl_test_unit. */
#pragma once

#include <xinlian/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xl_unit {
    int scale;     /* shown = value * 10^scale */
    char text[96]; /* "mV", "%", "dBm"; "" when there is none */
};

/* The prefix that the format gives a scale: "m" for 3, "" for 0; NULL for a scale that it does not define. */
XL_API const char *xl_scale_prefix(int scale);

/* The scale of the prefix that the units carry themselves, and how many bytes it takes: 3 and 1 for "mA", 0 and 0 for "A". A letter is a
 * prefix only before a unit of measure: "min" and "Torr" have none. */
XL_API int xl_units_own_scale(const char *units, size_t *prefix_length);

/* The unit for numbers of `units` (may be NULL) with a scale as recorded. `typical` is the greatest magnitude that will mostly be shown, in
 * base units (NaN or 0: unknown). The first rule that fits decides:
 *   units with a prefix of their own ("uA", "MHz", "%"): the scale when it says that same prefix, else none; the units as they are;
 *   a scale that the format defines, other than 0: that scale, its prefix before the units;
 *   a plain unit of measure (V, A, W, Ohm, Hz, s, F, H, J, S, bps, in any spelling) and a known `typical`: the engineering prefix that
 * brings it into 1..1000; else the units as they are. */
XL_API struct xl_unit xl_unit_of(const char *units, int scale, double typical);

/* The unit for a test. The scale is that of the limits where both agree on one (the results' scale may follow the first result only), else
 * that of the results. `largest` is the greatest magnitude among the results, as quartiles give it, NaN when unknown; limits take its place
 * unless they are so wide (1000 times and more) that they say nothing about the results. */
XL_API struct xl_unit xl_test_unit(const struct xl_test *, double largest);

/* The number in that unit, at most `digits` significant digits (0: all that the value has), rounded half to even from the exact decimal.
 * "nan", "inf", "-inf" for what is no number. Returns the length; `size` 64 always suffices. */
XL_API size_t xl_unit_float(const struct xl_unit *, float value, int digits, char *out, size_t size);
XL_API size_t xl_unit_double(const struct xl_unit *, double value, int digits, char *out, size_t size);

#ifdef __cplusplus
}
#endif
