/* number.c: whole numbers as text, exact decimals and fractions. Floats as text stand in float_text.cc. */
#include "base/number.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

bool parse_i64(const char *text, int64_t least, int64_t most, int64_t *value)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    if (!*at)
        return false;
    int64_t sum = 0; /* kept negative: its range is the larger one */
    for (; *at; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, *at - '0', &sum))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, sum, &sum))
        return false;
    if (sum < least || sum > most)
        return false;
    *value = sum;
    return true;
}

static const uint64_t ten_to[] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

bool decimal_parse(const char *text, struct decimal *decimal)
{
    const char *at = text;
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    int64_t mantissa = 0, exponent = 0, zeros = 0;
    bool digits = false, point = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        digits = true;
        exponent -= point;
        /* Zeros at the end only scale; they are held back until a digit follows, so that "1000…0" of any length is exact. */
        if (*at == '0') {
            zeros++;
            continue;
        }
        for (; zeros >= 0; zeros--)
            if (__builtin_mul_overflow(mantissa, 10, &mantissa))
                return false;
        zeros = 0;
        if (__builtin_sub_overflow(mantissa, *at - '0', &mantissa))
            return false;
    }
    if (!digits)
        return false;
    exponent += zeros;
    if (*at == 'e' || *at == 'E') {
        int64_t written;
        at += at[1] == '+' ? 2 : 1;
        if (at[0] == '-' && at[-1] == '+')
            return false;
        if (!parse_i64(at, -100000, 100000, &written))
            return false;
        exponent += written;
    } else if (*at) {
        return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, mantissa, &mantissa))
        return false;
    if (mantissa == 0)
        exponent = 0;
    if (exponent < -1000000 || exponent > 1000000)
        return false;
    *decimal = (struct decimal){mantissa, (int)exponent};
    return true;
}

/* value / divisor, rounded half to even. */
static uint64_t divide_half_even(unsigned __int128 value, uint64_t divisor)
{
    uint64_t quotient = (uint64_t)(value / divisor), rest = (uint64_t)(value % divisor);
    bool up = rest > divisor - rest || (rest == divisor - rest && quotient & 1);
    return quotient + up;
}

static int digits_of(uint64_t value)
{
    int digits = 1;
    while (digits < 20 && value >= ten_to[digits])
        digits++;
    return digits;
}

size_t decimal_text(struct decimal decimal, int scale, int digits, char *out, size_t size)
{
    uint64_t value = decimal.mantissa < 0 ? -(uint64_t)decimal.mantissa : (uint64_t)decimal.mantissa;
    const char *sign = decimal.mantissa < 0 ? "-" : "";
    if (value == 0)
        return (size_t)snprintf(out, size, "0");
    int64_t exponent = (int64_t)decimal.exponent + scale;
    int length = digits_of(value);
    if (digits > 0 && length > digits) {
        value = divide_half_even(value, ten_to[length - digits]);
        exponent += length - digits;
    }
    while (value % 10 == 0) {
        value /= 10;
        exponent++;
    }
    char all[24];
    length = snprintf(all, sizeof all, "%" PRIu64, value);
    int64_t lead = exponent + length - 1; /* the power of ten of the first digit */
    if (lead < -6 || lead >= 12)
        return (size_t)snprintf(out, size, "%s%c%s%se%s%02" PRId64, sign, all[0], length > 1 ? "." : "", all + 1, lead < 0 ? "-" : "+",
                                lead < 0 ? -lead : lead);
    if (lead < 0)
        return (size_t)snprintf(out, size, "%s0.%.*s%s", sign, (int)(-lead - 1), "000000", all);
    if (exponent >= 0)
        return (size_t)snprintf(out, size, "%s%s%.*s", sign, all, (int)exponent, "000000000000");
    return (size_t)snprintf(out, size, "%s%.*s.%s", sign, (int)lead + 1, all, all + lead + 1);
}

bool fraction_make(int64_t numerator, int64_t denominator, struct fraction *fraction)
{
    if (denominator == 0)
        return false;
    bool negative = (numerator < 0) != (denominator < 0);
    uint64_t above = numerator < 0 ? -(uint64_t)numerator : (uint64_t)numerator;
    uint64_t below = denominator < 0 ? -(uint64_t)denominator : (uint64_t)denominator;
    uint64_t a = above, b = below;
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    above /= a;
    below /= a;
    if (below > INT64_MAX || above > (uint64_t)INT64_MAX + negative)
        return false;
    fraction->numerator = negative ? (int64_t)-above : (int64_t)above;
    fraction->denominator = (int64_t)below;
    return true;
}

size_t percent_text(uint64_t part, uint64_t whole, int places, char *out, size_t size)
{
    if (places < 0 || places > 9)
        BUG("a percentage with %d decimals", places);
    if (whole == 0)
        return (size_t)snprintf(out, size, "-");
    unsigned __int128 scaled = (unsigned __int128)part * (100 * ten_to[places]);
    /* More than 10^7 times the whole: no yield, and past what the division below can hold. */
    if (scaled / whole > UINT64_MAX / 2)
        BUG("%" PRIu64 " of %" PRIu64 " is no percentage", part, whole);
    uint64_t value = divide_half_even(scaled, whole);
    if (places == 0)
        return (size_t)snprintf(out, size, "%" PRIu64, value);
    return (size_t)snprintf(out, size, "%" PRIu64 ".%0*" PRIu64, value / ten_to[places], places, value % ten_to[places]);
}
