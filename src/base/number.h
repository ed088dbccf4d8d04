/* number.h: integers that tell of overflow, numbers as text, exact decimals and fractions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline bool add_overflows(uint64_t a, uint64_t b, uint64_t *sum)
{
    return __builtin_add_overflow(a, b, sum);
}
static inline bool multiply_overflows(uint64_t a, uint64_t b, uint64_t *product)
{
    return __builtin_mul_overflow(a, b, product);
}

/* Whole texts only: "12" parses, "12 " and "" do not. No '+'. */
bool parse_i64(const char *text, int64_t least, int64_t most, int64_t *value);
/* Locale-free, rounded once to the type. "1", "+1", "-.5", "1e-3" parse; nan, inf, hexadecimal and what overflows or vanishes do not. */
bool parse_double(const char *text, double *value);
bool parse_float(const char *text, float *value);

/* Shortest text that reads back to the same bits: "0.1", "1e-07", "-0", "nan", "inf". At most 16 (float) and 26 (double)
 * bytes, not terminated; returns the length. Plain digits for exponents -5..14, else scientific. */
size_t float_text(float value, char out[16]);
size_t double_text(double value, char out[26]);

/* An exact decimal: mantissa * 10^exponent. */
struct decimal {
    int64_t mantissa;
    int exponent;
};
bool decimal_parse(const char *text, struct decimal *);
struct decimal decimal_of_float(float finite); /* of the shortest text of the float */
/* Shifts by 10^scale exactly and prints with at most `digits` significant digits (0: all), rounding half to even; no exponent unless
 * the number is below 1e-6 or from 1e12 up; no zeros after the last digit behind the point. 40 bytes are always enough, the NUL
 * included; returns the length. */
size_t decimal_text(struct decimal, int scale, int digits, char *out, size_t size);

/* An exact fraction, denominator > 0, in lowest terms. */
struct fraction {
    int64_t numerator, denominator;
};
bool fraction_make(int64_t numerator, int64_t denominator, struct fraction *);
/* "93.87" for 93.87 %: `places` decimals (0..9), rounded half to even from the exact value; "-" when the denominator is 0. */
size_t percent_text(uint64_t part, uint64_t whole, int places, char *out, size_t size);

#ifdef __cplusplus
}
#endif
