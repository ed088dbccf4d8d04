/* number_test.c: whole numbers at their edges, decimals and percentages against exact arithmetic done another way. */
#include "base/number.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void whole_numbers(void **state)
{
    (void)state;
    int64_t value = 7;
    const char *bad[] = {"", "-", "+1", " 1", "1 ", "0x1", "1.0", "9223372036854775808", "-9223372036854775809", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_i64(bad[i], INT64_MIN, INT64_MAX, &value));
    assert_int_equal(value, 7);
    assert_true(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value) && value == INT64_MAX);
    assert_true(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value) && value == INT64_MIN);
    assert_true(parse_i64("-0012", -12, 12, &value) && value == -12);
    assert_false(parse_i64("13", -12, 12, &value));
    assert_false(parse_i64("-13", -12, 12, &value));
}

static void overflow(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(add_overflows(UINT64_MAX, 1, &value));
    assert_false(add_overflows(UINT64_MAX, 0, &value));
    assert_true(multiply_overflows(UINT64_C(1) << 32, UINT64_C(1) << 32, &value));
    assert_false(multiply_overflows(UINT64_C(1) << 32, UINT64_C(1) << 31, &value));
    assert_true(value == UINT64_C(1) << 63);
}

static void check_decimal(const char *text, int scale, int digits, const char *wanted)
{
    struct decimal decimal;
    char out[40];
    if (!decimal_parse(text, &decimal))
        fail_msg("\"%s\" does not parse", text);
    size_t length = decimal_text(decimal, scale, digits, out, sizeof out);
    if (strcmp(out, wanted) != 0)
        fail_msg("%s x 10^%d to %d digits is %s, wanted %s", text, scale, digits, out, wanted);
    assert_int_equal(length, strlen(out));
}

static void decimals(void **state)
{
    (void)state;
    check_decimal("0", 0, 0, "0");
    check_decimal("-0.000", 6, 3, "0");
    check_decimal("0.0000012", 6, 0, "1.2");
    check_decimal("1.5", 3, 0, "1500");
    check_decimal("-1.5e-3", 3, 0, "-1.5");
    check_decimal("123456.789", 0, 4, "123500");
    check_decimal("123450", 0, 4, "123400");
    check_decimal("123550", 0, 4, "123600");
    check_decimal("99.96", 0, 3, "100");
    check_decimal("9.9999", 0, 2, "10");
    check_decimal("2.50", 0, 0, "2.5");
    check_decimal("0.0000001", 0, 0, "1e-07");
    check_decimal("0.000001", 0, 0, "0.000001");
    check_decimal("-1.25e-7", 0, 0, "-1.25e-07");
    check_decimal("999999999999", 0, 0, "999999999999");
    check_decimal("1000000000000", 0, 0, "1e+12");
    check_decimal("9999999999995", 0, 12, "1e+13");
    check_decimal("1e30", -30, 0, "1");
    check_decimal("9223372036854775807", -12, 0, "9223372.036854775807");
    check_decimal("-9223372036854775808", 0, 0, "-9.223372036854775808e+18");
    check_decimal("10000000000000000000000000000000000000000", -40, 0, "1");
    check_decimal("0.00000000000000000000000000000000000000010", 40, 0, "1");
    check_decimal("+7.E+2", 0, 0, "700");
    struct decimal decimal;
    const char *bad[] = {"", ".", "-", "e5", "1e", "1e+", "1e+-5", "1..2", "1 ", "nan", "9223372036854775808", "1e999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (decimal_parse(bad[i], &decimal))
            fail_msg("\"%s\" was taken for a decimal", bad[i]);
    assert_true(decimal_parse("-9223372036854775808", &decimal) && decimal.mantissa == INT64_MIN);
}

/* Rounding to n digits, checked by what rounding means: no other n-digit number is nearer, and a tie goes to an even digit. */
static void decimals_round_half_even(void **state)
{
    (void)state;
    for (int64_t value = 1; value < 30000; value++) {
        struct decimal decimal = {value, 0};
        char out[40];
        decimal_text(decimal, 0, 2, out, sizeof out);
        int64_t got, unit = value < 100 ? 1 : value < 1000 ? 10 : value < 10000 ? 100 : 1000;
        assert_true(parse_i64(out, 0, INT64_MAX, &got));
        assert_int_equal(got % unit, 0);
        int64_t away = got > value ? got - value : value - got;
        if (2 * away > unit || (2 * away == unit && got / unit % 2 != 0))
            fail_msg("%" PRId64 " rounds to %s", value, out);
    }
}

static void percentages(void **state)
{
    (void)state;
    char out[40];
    assert_int_equal(percent_text(1, 0, 2, out, sizeof out), 1);
    assert_string_equal(out, "-");
    percent_text(1456, 1551, 2, out, sizeof out);
    assert_string_equal(out, "93.87");
    percent_text(1, 8, 2, out, sizeof out);
    assert_string_equal(out, "12.50");
    percent_text(1, 16, 1, out, sizeof out); /* 6.25: a tie */
    assert_string_equal(out, "6.2");
    percent_text(3, 16, 1, out, sizeof out); /* 18.75: a tie */
    assert_string_equal(out, "18.8");
    percent_text(UINT64_MAX, UINT64_MAX, 9, out, sizeof out);
    assert_string_equal(out, "100.000000000");
    percent_text(UINT64_MAX - 1, UINT64_MAX, 0, out, sizeof out);
    assert_string_equal(out, "100");
    for (uint64_t whole = 1; whole <= 160; whole++) {
        for (uint64_t part = 0; part <= 2 * whole; part++) {
            percent_text(part, whole, 1, out, sizeof out);
            char *point = strchr(out, '.');
            assert_non_null(point);
            memmove(point, point + 1, strlen(point));
            int64_t tenths;
            assert_true(parse_i64(out, 0, INT64_MAX, &tenths));
            /* |tenths / 1000 - part / whole| <= 1 / 2000, exactly */
            int64_t twice = 2 * (tenths * (int64_t)whole - (int64_t)part * 1000);
            if (twice < 0)
                twice = -twice;
            if (twice > (int64_t)whole || (twice == (int64_t)whole && tenths % 2 != 0))
                fail_msg("%" PRIu64 "/%" PRIu64 " is printed as %" PRId64 " tenths of a percent", part, whole, tenths);
        }
    }
}

static void fractions(void **state)
{
    (void)state;
    struct fraction fraction;
    assert_false(fraction_make(1, 0, &fraction));
    assert_true(fraction_make(-6, -4, &fraction) && fraction.numerator == 3 && fraction.denominator == 2);
    assert_true(fraction_make(6, -4, &fraction) && fraction.numerator == -3 && fraction.denominator == 2);
    assert_true(fraction_make(0, -5, &fraction) && fraction.numerator == 0 && fraction.denominator == 1);
    assert_true(fraction_make(INT64_MIN, 2, &fraction) && fraction.numerator == INT64_MIN / 2 && fraction.denominator == 1);
    assert_true(fraction_make(INT64_MIN, 1, &fraction) && fraction.numerator == INT64_MIN);
    assert_false(fraction_make(INT64_MIN, -1, &fraction));
    assert_false(fraction_make(1, INT64_MIN, &fraction));
    assert_true(fraction_make(INT64_MIN, INT64_MIN, &fraction) && fraction.numerator == 1 && fraction.denominator == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers), cmocka_unit_test(overflow),
        cmocka_unit_test(decimals),      cmocka_unit_test(decimals_round_half_even),
        cmocka_unit_test(percentages),   cmocka_unit_test(fractions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
