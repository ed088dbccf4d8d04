/* float_text.cc: floats to their shortest text, and back. The digits come from Dragonbox (Junekey Jeon, "Dragonbox: A New
 * Floating-Point Binary-to-Decimal Conversion Algorithm"), the way back from std::from_chars: both are exact and know no locale. */
#include "base/number.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <dragonbox/dragonbox.h>
#include <system_error>

namespace
{

struct digit_pairs {
    char text[200];
    constexpr digit_pairs() : text()
    {
        for (int i = 0; i < 100; i++) {
            text[2 * i] = static_cast<char>('0' + i / 10);
            text[2 * i + 1] = static_cast<char>('0' + i % 10);
        }
    }
};
constexpr digit_pairs pairs;

/* Writes the digits of `value` so that they end before `end`; returns where they begin. */
template <typename Unsigned> char *digits_before(char *end, Unsigned value)
{
    while (value >= 100) {
        end -= 2;
        std::memcpy(end, pairs.text + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        std::memcpy(end, pairs.text + 2 * value, 2);
    } else {
        *--end = static_cast<char>('0' + value);
    }
    return end;
}

template <typename Float> size_t shortest(Float value, char *out)
{
    char *at = out;
    if (std::isnan(value)) {
        std::memcpy(out, "nan", 3);
        return 3;
    }
    if (std::signbit(value))
        *at++ = '-';
    if (std::isinf(value)) {
        std::memcpy(at, "inf", 3);
        return static_cast<size_t>(at + 3 - out);
    }
    if (value == 0) {
        *at++ = '0';
        return static_cast<size_t>(at - out);
    }
    const auto decimal = jkj::dragonbox::to_decimal(value, jkj::dragonbox::policy::sign::ignore);
    char room[20], *const end = room + sizeof room;
    const char *digits = digits_before(end, decimal.significand);
    const int length = static_cast<int>(end - digits);
    const int exponent = decimal.exponent, lead = exponent + length - 1;
    const auto put = [&at](const char *from, int count) {
        std::memcpy(at, from, static_cast<size_t>(count));
        at += count;
    };
    const auto zeros = [&at](int count) {
        std::memset(at, '0', static_cast<size_t>(count));
        at += count;
    };
    if (lead < -5 || lead > 14) {
        *at++ = digits[0];
        if (length > 1) {
            *at++ = '.';
            put(digits + 1, length - 1);
        }
        *at++ = 'e';
        *at++ = lead < 0 ? '-' : '+';
        const int power = lead < 0 ? -lead : lead;
        if (power >= 100)
            *at++ = static_cast<char>('0' + power / 100);
        put(pairs.text + 2 * (power % 100), 2);
    } else if (lead < 0) {
        *at++ = '0';
        *at++ = '.';
        zeros(-lead - 1);
        put(digits, length);
    } else if (exponent >= 0) {
        put(digits, length);
        zeros(exponent);
    } else {
        put(digits, lead + 1);
        *at++ = '.';
        put(digits + lead + 1, length - lead - 1);
    }
    return static_cast<size_t>(at - out);
}

template <typename Float> bool parse(const char *text, Float *value)
{
    /* from_chars takes no '+', but takes "inf" and "nan". */
    if (*text == '+' && text[1] != '-')
        text++;
    const char first = text[*text == '-'];
    if ((first < '0' || first > '9') && first != '.')
        return false;
    const char *end = text + std::strlen(text);
    Float read;
    const auto got = std::from_chars(text, end, read);
    if (got.ec != std::errc() || got.ptr != end)
        return false;
    *value = read;
    return true;
}

} // namespace

size_t float_text(float value, char out[16])
{
    return shortest(value, out);
}

size_t double_text(double value, char out[26])
{
    return shortest(value, out);
}

bool parse_float(const char *text, float *value)
{
    return parse(text, value);
}

bool parse_double(const char *text, double *value)
{
    return parse(text, value);
}

struct decimal decimal_of_float(float finite)
{
    if (finite == 0 || !std::isfinite(finite))
        return {0, 0};
    const auto decimal = jkj::dragonbox::to_decimal(finite);
    const int64_t significand = decimal.significand;
    return {decimal.is_negative ? -significand : significand, decimal.exponent};
}
