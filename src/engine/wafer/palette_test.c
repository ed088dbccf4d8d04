/* palette_test.c: colours that can be told apart, also without their hue. */
#include "engine/wafer/palette.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* CIE 1976 lightness, 0..100. */
static double lightness(uint32_t rgb)
{
    double y = palette_luminance(rgb);
    return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389 / 27;
}

static void luminance_as_published(void **state)
{
    (void)state;
    assert_true(fabs(palette_luminance(0xffffff) - 1) < 1e-12);
    assert_true(palette_luminance(0x000000) == 0);
    assert_true(fabs(palette_luminance(0xff0000) - 0.2126) < 1e-12);
    assert_true(fabs(palette_luminance(0x767676) - (1.05 / 4.54 - 0.05)) < 2e-3); /* WCAG's well-known grey of contrast 4.54 on white */
}

static void passing_is_lighter_than_failing(void **state)
{
    (void)state;
    for (size_t pass = 0; pass < 4; pass++)
        for (size_t fail = 0; fail < 12; fail++)
            assert_true(lightness(palette_pass(pass)) - lightness(palette_fail(fail)) > 6);
    for (size_t fail = 0; fail < 3; fail++) /* the bins that matter most */
        assert_true(lightness(palette_pass(0)) - lightness(palette_fail(fail)) > 25);
}

static void colours_differ(void **state)
{
    (void)state;
    for (size_t a = 0; a < 36; a++)
        for (size_t b = 0; b < a; b++)
            assert_int_not_equal(palette_fail(a), palette_fail(b));
}

static void shades_grow_lighter(void **state)
{
    (void)state;
    for (int i = 1; i <= 100; i++)
        assert_true(lightness(palette_shade(i / 100.0)) > lightness(palette_shade((i - 1) / 100.0)));
    assert_int_equal(palette_shade(0), 0x440154);
    assert_int_equal(palette_shade(1), 0xfde725);
    assert_int_equal(palette_shade(-5), 0x440154);
    assert_int_equal(palette_shade(NAN), 0x440154);
}

static void nearest_of_256(void **state)
{
    (void)state;
    assert_int_equal(palette_index_256(0x000000), 16);
    assert_int_equal(palette_index_256(0xffffff), 231);
    assert_int_equal(palette_index_256(0xff0000), 196);
    assert_int_equal(palette_index_256(0x5f87af), 67);
    assert_int_equal(palette_index_256(0x808080), 244);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(luminance_as_published), cmocka_unit_test(passing_is_lighter_than_failing),
        cmocka_unit_test(colours_differ),         cmocka_unit_test(shades_grow_lighter),
        cmocka_unit_test(nearest_of_256),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
