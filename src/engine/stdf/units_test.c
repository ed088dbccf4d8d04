/* units_test.c: scales, prefixes and units as real files write them. */
#include <xinlian/units.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect_unit(const char *units, int scale, double typical, int wanted_scale, const char *wanted)
{
    struct xl_unit unit = xl_unit_of(units, scale, typical);
    assert_string_equal(unit.text, wanted);
    assert_int_equal(unit.scale, wanted_scale);
}

static void recorded_scale_gives_the_prefix(void **state)
{
    (void)state;
    static const struct {
        int scale;
        const char *text;
    } table[] = {{15, "fA"}, {12, "pA"}, {9, "nA"}, {6, "uA"}, {3, "mA"}, {-3, "KA"}, {-6, "MA"}, {-9, "GA"}, {-12, "TA"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_unit("A", table[i].scale, NAN, table[i].scale, table[i].text);
    expect_unit("hz", -3, 95606, -3, "Khz");
    expect_unit("V ", 3, NAN, 3, "mV");
    expect_unit("", 3, NAN, 3, "m");
    expect_unit("", 2, NAN, 2, "%");
    expect_unit(NULL, 0, 4, 0, "");
    assert_null(xl_scale_prefix(1));
    assert_null(xl_scale_prefix(-51));
}

static void no_second_prefix(void **state)
{
    (void)state;
    expect_unit("uA", 6, NAN, 6, "uA"); /* the scale that the units speak of */
    expect_unit("uA", 0, 1e-3, 0, "uA");
    expect_unit("uA", 3, 1e-3, 0, "uA"); /* a scale that contradicts the units: shown as recorded */
    expect_unit("mV/dB", 0, 1e-3, 0, "mV/dB");
    expect_unit("%", 2, NAN, 2, "%");
    expect_unit("%", 0, 1e-3, 0, "%");
    expect_unit("KHZ", -3, NAN, -3, "KHZ");
    expect_unit("\u00b5V", 6, NAN, 6, "\u00b5V");
    expect_unit("mVrms", 0, 1e-3, 0, "mVrms");
    expect_unit("nm", 0, 1e-3, 0, "nm");
}

static void odd_units_stay(void **state)
{
    (void)state;
    expect_unit("lsb", 0, 1e-4, 0, "lsb");
    expect_unit("dBm", 0, 1e-4, 0, "dBm");
    expect_unit("deg C", 0, 1e4, 0, "deg C");
    expect_unit("mA", 1, 5.5, 0, "mA"); /* a scale that the format does not define */
    expect_unit("V", -51, NAN, 0, "V");
}

static void engineering_prefix(void **state)
{
    (void)state;
    expect_unit("V", 0, 3.6, 0, "V");
    expect_unit("A", 0, 2e-6, 6, "uA");
    expect_unit("A", 0, -2e-6, 6, "uA");
    expect_unit("Hz", 0, 29998588.0, -6, "MHz");
    expect_unit("ohms", 0, 47000, -3, "Kohms");
    expect_unit("V", 0, 0.99999, 0, "V"); /* prints as 1 */
    expect_unit("V", 0, 0, 0, "V");
    expect_unit("V", 0, INFINITY, 0, "V");
    expect_unit("V", 0, 1e30, 0, "V");
    expect_unit("A", 0, 3e-17, 15, "fA");
}

static struct xl_test test_of(const char *units, int result_scale, int low_scale, int high_scale, float low, float high)
{
    return (struct xl_test){.name = "t",
                            .units = units,
                            .result_scale = (int8_t)result_scale,
                            .low_scale = (int8_t)low_scale,
                            .high_scale = (int8_t)high_scale,
                            .limits_known = true,
                            .low = low,
                            .high = high};
}

static void one_unit_for_a_test(void **state)
{
    (void)state;
    /* Testers that scale each result anew: the limits' scale is steady. */
    struct xl_test test = test_of("A", 12, 9, 9, -2e-7f, 2e-7f);
    assert_string_equal(xl_test_unit(&test, NAN).text, "nA");
    test = test_of("V", 3, 0, 3, -1.3f, -0.4f);
    assert_string_equal(xl_test_unit(&test, NAN).text, "mV");
    test = test_of("A", 0, 0, 6, NAN, 1e-5f);
    assert_string_equal(xl_test_unit(&test, NAN).text, "uA");
    test = test_of("lsb", 3, 0, 0, 0, 2);
    assert_string_equal(xl_test_unit(&test, 0.1).text, "lsb");
    /* No scale: by the limits, but not by limits that only say "any". */
    test = test_of("A", 0, 0, 0, 1e-5f, 6e-4f);
    assert_string_equal(xl_test_unit(&test, 7.5e-5).text, "uA");
    test = test_of("V", 0, 0, 0, -9999, 9999);
    assert_string_equal(xl_test_unit(&test, 0.02).text, "mV");
    test = test_of("V", 0, 0, 0, NAN, NAN);
    assert_string_equal(xl_test_unit(&test, NAN).text, "V");
}

static void expect_number(const char *units, int scale, double value, int digits, const char *wanted)
{
    char text[64];
    struct xl_unit unit = xl_unit_of(units, scale, NAN);
    size_t length = xl_unit_double(&unit, value, digits, text, sizeof text);
    assert_string_equal(text, wanted);
    assert_int_equal(length, strlen(wanted));
}

static void numbers(void **state)
{
    (void)state;
    expect_number("V", 3, 0.0123456, 4, "12.35");
    expect_number("V", 3, -0.4, 6, "-400");
    expect_number("A", 6, 9.999999747378752e-06, 6, "10");
    expect_number("Hz", -3, 95606.1015625, 5, "95.606");
    expect_number("V", 0, NAN, 4, "nan");
    expect_number("V", 0, -INFINITY, 4, "-inf");
    char text[64];
    struct xl_unit unit = xl_unit_of("A", 6, NAN);
    xl_unit_float(&unit, 1e-5f, 0, text, sizeof text); /* the float's own shortest decimal, shifted exactly */
    assert_string_equal(text, "10");
    unit = xl_unit_of("V", 3, NAN);
    xl_unit_float(&unit, 0.1f, 0, text, sizeof text);
    assert_string_equal(text, "100");
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(recorded_scale_gives_the_prefix),
        cmocka_unit_test(no_second_prefix),
        cmocka_unit_test(odd_units_stay),
        cmocka_unit_test(engineering_prefix),
        cmocka_unit_test(one_unit_for_a_test),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
