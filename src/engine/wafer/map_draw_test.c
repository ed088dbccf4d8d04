/* map_draw_test.c: pictures read back: the dice have their colours where they stand, SVG is well-formed. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cairo.h>
#include <cmocka.h>
#include <glib.h>

#include "base/out.h"
#include "base/text.h"
#include "engine/wafer/map_sample.h"

static const struct xl_wafer_config up = {.positive_x = 'R', .positive_y = 'U', .flat = 'D'};
static const struct xl_corrections none;

static struct text drawn(const struct xl_map *map, enum xl_picture kind, uint32_t width)
{
    struct text text;
    struct xl_error error = {0};
    text_init(&text, 1 << 26);
    if (!xl_map_draw(map, kind, width, sink_text(&text), &error))
        fail_msg("%s", error.message);
    return text;
}

struct source {
    const struct text *text;
    size_t at;
};
static cairo_status_t read_bytes(void *context, unsigned char *bytes, unsigned length)
{
    struct source *source = context;
    if (length > source->text->length - source->at)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(bytes, source->text->data + source->at, length);
    source->at += length;
    return CAIRO_STATUS_SUCCESS;
}

static uint32_t pixel(cairo_surface_t *surface, int x, int y)
{
    uint32_t value;
    memcpy(&value, cairo_image_surface_get_data(surface) + (ptrdiff_t)y * cairo_image_surface_get_stride(surface) + 4 * (ptrdiff_t)x, 4);
    return value & 0xffffff;
}

static bool is_die_colour(const struct xl_map *map, uint32_t rgb)
{
    for (size_t i = 0; i < map->legend_count; i++)
        if (map->legend[i].rgb == rgb)
            return true;
    return false;
}

static void dice_have_their_colours(void **state)
{
    (void)state;
    for (int rotate = 0; rotate < 360; rotate += 90) {
        struct xl_corrections corrections = {.rotate = rotate, .mirror = rotate == 180};
        struct xl_map map = sample_bins(40, &up, &corrections);
        struct text text = drawn(&map, XL_PICTURE_PNG, 900);
        struct source source = {.text = &text};
        cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_bytes, &source);
        assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
        assert_int_equal(cairo_image_surface_get_width(surface), 900);
        /* The dice touch all four sides of the grid, so their coloured pixels bound it. The legend stands in the right third. */
        int left = 900, right = 0, top = 9999, bottom = 0;
        for (int y = 0; y < cairo_image_surface_get_height(surface); y++)
            for (int x = 0; x < 615; x++) {
                if (!is_die_colour(&map, pixel(surface, x, y)))
                    continue;
                left = x < left ? x : left;
                right = x > right ? x : right;
                top = y < top ? y : top;
                bottom = y > bottom ? y : bottom;
            }
        assert_in_range(right - left, 400, 600);
        for (uint32_t row = 0; row < map.rows; row++)
            for (uint32_t column = 0; column < map.columns; column++) {
                double x = left + (column + 0.5) * (right + 1 - left) / map.columns, y = top + (row + 0.5) * (bottom + 1 - top) / map.rows;
                float value = map.values[row * map.columns + column];
                uint32_t rgb = pixel(surface, (int)x, (int)y);
                if (isnan(value)) {
                    assert_false(is_die_colour(&map, rgb));
                    continue;
                }
                for (size_t i = 0; i < map.legend_count; i++)
                    if (map.legend[i].value == value)
                        assert_int_equal(rgb, map.legend[i].rgb);
            }
        cairo_surface_destroy(surface);
        text_free(&text);
        sample_free(&map);
    }
}

static void svg_is_well_formed(void **state)
{
    (void)state;
    static const GMarkupParser quiet;
    for (int i = 0; i < 4; i++) {
        struct xl_map map = i % 2 ? sample_values(20, &up, &none) : sample_bins(20, &up, &none);
        map.title = "<b>&\"'\xe6\x99\xb6\xe5\x9c\x86 \x01 ]]>";
        xl_language_set(i < 2 ? XL_ENGLISH : XL_CHINESE_SIMPLIFIED);
        struct text text = drawn(&map, XL_PICTURE_SVG, i < 2 ? 0 : 400);
        xl_language_set(XL_ENGLISH);
        GMarkupParseContext *parser = g_markup_parse_context_new(&quiet, 0, NULL, NULL);
        GError *error = NULL;
        if (!g_markup_parse_context_parse(parser, text.data, (gssize)text.length, &error) ||
            !g_markup_parse_context_end_parse(parser, &error))
            fail_msg("%s", error->message);
        g_markup_parse_context_free(parser);
        assert_non_null(strstr(text.data, "<svg"));
        text_free(&text);
        sample_free(&map);
    }
}

/* The smallest and oddest maps are drawn too. */
static void odd_maps(void **state)
{
    (void)state;
    static const uint32_t widths[] = {0, 1, 240, 3000};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct xl_map map = sample_bins(1, &up, &none);
        struct text text = drawn(&map, XL_PICTURE_PNG, widths[i]);
        assert_memory_equal(text.data, "\x89PNG", 4);
        text_free(&text);
        ((float *)map.values)[0] = NAN; /* no die at all */
        map.cell_aspect = NAN;
        text = drawn(&map, XL_PICTURE_PNG, widths[i]);
        text_free(&text);
        sample_free(&map);
        map = sample_values(5, &up, &none);
        map.low = map.high = map.low_shade = map.high_shade = INFINITY;
        text = drawn(&map, XL_PICTURE_SVG, widths[i]);
        text_free(&text);
        sample_free(&map);
    }
}

static bool refuse(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)context;
    (void)bytes;
    (void)length;
    return xl_fail(error, "disk_full", "full"); /* no words */
}

static void a_sink_that_stops(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct xl_map map = sample_bins(10, &up, &none);
        struct xl_error error = {0};
        struct xl_sink sink = {.write = refuse};
        assert_false(xl_map_draw(&map, kind ? XL_PICTURE_SVG : XL_PICTURE_PNG, 0, sink, &error));
        assert_string_equal(error.code, "disk_full");
        sample_free(&map);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(dice_have_their_colours),
        cmocka_unit_test(svg_is_well_formed),
        cmocka_unit_test(odd_maps),
        cmocka_unit_test(a_sink_that_stops),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
