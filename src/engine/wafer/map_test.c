/* map_test.c: maps from lots made by hand: what each kind shows, which runs, colours that hold over the lot, strays, refusals. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/wafer/table_test_helper.h"

/* Two wafers of 3 x 2 dice and one more corner. On the first (1, 0) fails and passes when touched again. */
struct sample {
    struct bench *first, *second;
    struct xl_lot *lot;
};

static struct sample sample_new(const struct xl_lot_options *options)
{
    struct sample s = {.first = bench_new("a.stdf", "W1"), .second = bench_new("b.stdf", "W2")};
    struct bench *both[] = {s.first, s.second};
    static const struct xl_bin bins[] = {{.number = 1, .head = 255, .pass = 'P', .name = "Good"},
                                         {.number = 7, .head = 255, .pass = 'F', .name = "Leak"}};
    for (int w = 0; w < 2; w++) {
        struct bench *b = both[w];
        struct xl_test *test = bench_test(b, XL_TEST_PTR, 1000, "Icc", 1e-6f, 3e-6f);
        test->units = "A";
        struct xl_test *pins = bench_test_pins(b, XL_TEST_MPR, 2000, "Leak", NAN, NAN, 2, 1);
        b->columns[pins->columns[0]].pin_name = "PA0";
        b->columns[pins->columns[1]].pin_name = "PA1";
        b->table.config.positive_x = 'R';
        b->table.config.positive_y = 'U';
        b->table.config.flat = 'D';
        b->table.hard_bins = bins;
        b->table.hard_bin_count = 2;
        b->table.start_time = 1000 + w;
        for (int i = 0; i < 6; i++) {
            int bin = w == 0 ? (i == 1 ? 7 : 1) : (i == 1 || i == 5 ? 7 : i == 2 ? 9 : 1);
            bench_part(b,
                       (struct bench_part){.head = 1,
                                           .site = i % 2,
                                           .x = i % 3,
                                           .y = i / 3,
                                           .hard_bin = bin,
                                           .soft_bin = bin * 10,
                                           .touch = i / 2,
                                           .flags = bin == 1 ? 0 : XL_PART_FAILED},
                       (float[]){(float)(i + 1) * 1e-6f, (float)i, (float)(i + 10)});
        }
    }
    bench_part(s.first, (struct bench_part){.head = 1, .x = 1, .y = 0, .site = 1, .hard_bin = 1, .soft_bin = 10, .touch = 9},
               (float[]){2.5e-6f, 100, 200});
    s.lot = xl_lot_new(options);
    struct xl_error error = {0};
    xl_lot_add(s.lot, bench_table(s.first));
    xl_lot_add(s.lot, bench_table(s.second));
    assert_true(xl_lot_build(s.lot, &error));
    return s;
}

static void sample_free(struct sample *s)
{
    xl_lot_free(s->lot);
    bench_free(s->first);
    bench_free(s->second);
}

static struct xl_map *made(const struct sample *s, struct xl_map_options options)
{
    struct xl_error error = {0};
    struct xl_map *map = xl_map_new(s->lot, &options, &error);
    if (!map)
        fail_msg("%s", error.message);
    return map;
}

static void expect_values(const struct sample *s, struct xl_map_options options, const float *wanted)
{
    struct xl_map *map = made(s, options);
    assert_int_equal(map->columns, 3);
    assert_int_equal(map->rows, 2);
    for (int i = 0; i < 6; i++)
        assert_true(map->values[i] == wanted[i]);
    xl_map_free(map);
}

/* Y grows upwards: the first row of the picture is y = 1. */
static void kinds(void **state)
{
    (void)state;
    struct sample s = sample_new(NULL);
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_HARD_BIN, .wafer = 0}, (float[]){1, 1, 1, 1, 1, 1});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_HARD_BIN, .wafer = 0, .first_touch = true}, (float[]){1, 1, 1, 1, 7, 1});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_HARD_BIN, .wafer = 1}, (float[]){1, 1, 7, 1, 7, 9});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_SOFT_BIN, .wafer = 1}, (float[]){10, 10, 70, 10, 70, 90});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_PASS, .wafer = 1}, (float[]){1, 1, 0, 1, 0, 0});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_PASS, .wafer = 0, .first_touch = true}, (float[]){1, 1, 1, 1, 0, 1});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_SITE, .wafer = 0}, (float[]){1, 0, 1, 0, 1, 0});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_TOUCH, .wafer = 0}, (float[]){1, 2, 2, 0, 9, 1});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_RUNS, .wafer = 0}, (float[]){1, 1, 1, 1, 2, 1});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_TEST, .wafer = 0}, (float[]){4e-6f, 5e-6f, 6e-6f, 1e-6f, 2.5e-6f, 3e-6f});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_TEST, .wafer = 0, .first_touch = true},
                  (float[]){4e-6f, 5e-6f, 6e-6f, 1e-6f, 2e-6f, 3e-6f});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_TEST, .wafer = 0, .test = 1, .pin = 1}, (float[]){13, 14, 15, 10, 200, 12});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_TEST, .wafer = 0, .test = 1, .pin = -1}, (float[]){3, 4, 5, 0, 100, 2});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_STACK, .wafer = XL_ALL_WAFERS}, (float[]){0, 0, 1, 0, 1, 1});
    expect_values(&s, (struct xl_map_options){.kind = XL_MAP_STACK, .wafer = XL_ALL_WAFERS, .first_touch = true},
                  (float[]){0, 0, 1, 0, 2, 1});
    sample_free(&s);
}

static void what_stands_around(void **state)
{
    (void)state;
    struct sample s = sample_new(NULL);
    struct xl_map *map = made(&s, (struct xl_map_options){.kind = XL_MAP_HARD_BIN, .wafer = 1});
    assert_string_equal(map->title, "LOT / wafer W2: hard bin");
    assert_int_equal(map->notch, 'D');
    assert_true(map->directions_known);
    assert_int_equal(map->left_x, 0);
    assert_int_equal(map->top_y, 1);
    assert_int_equal(map->step_y, -1);
    assert_int_equal(map->legend_count, 3); /* passing first, then the most frequent */
    assert_true(map->legend[0].value == 1 && map->legend[0].passes && map->legend[0].count == 3);
    assert_string_equal(map->legend[0].name, "Good");
    assert_true(map->legend[1].value == 7 && map->legend[1].count == 2 && !map->legend[1].passes);
    assert_true(map->legend[2].value == 9 && map->legend[2].count == 1);
    assert_int_equal(map->dice[0], 3); /* x = 0, y = 1: tested fourth */
    struct xl_map *first = made(&s, (struct xl_map_options){.kind = XL_MAP_HARD_BIN, .wafer = 0, .first_touch = true});
    assert_int_equal(first->legend[1].rgb, map->legend[1].rgb); /* a bin has its colour on every wafer */
    assert_string_equal(first->title, "LOT / wafer W1: hard bin, first touch");
    xl_map_free(first);
    xl_map_free(map);
    map = made(&s, (struct xl_map_options){.kind = XL_MAP_TEST, .wafer = 0});
    assert_string_equal(map->units, "uA");
    assert_int_equal(map->scale, 6);
    assert_true(map->low_limit == 1e-6f && map->high_limit == 3e-6f);
    assert_true(map->low == 1e-6f && map->high == 6e-6f);
    assert_string_equal(map->title, "LOT / wafer W1: 1000 Icc");
    xl_map_free(map);
    map = made(&s, (struct xl_map_options){.kind = XL_MAP_TEST, .wafer = 0, .test = 1, .pin = 1});
    assert_string_equal(map->title, "LOT / wafer W1: 2000 Leak [PA1]");
    xl_map_free(map);
    sample_free(&s);
}

static void corrected(void **state)
{
    (void)state;
    struct xl_lot_options options = {.corrections = {.rotate = 90}};
    struct sample s = sample_new(&options);
    struct xl_map *map = made(&s, (struct xl_map_options){.kind = XL_MAP_HARD_BIN, .wafer = 1});
    assert_int_equal(map->columns, 2);
    assert_int_equal(map->rows, 3);
    assert_true(map->axes_exchanged);
    assert_int_equal(map->notch, 'L');
    static const float wanted[] = {1, 1, 7, 1, 9, 7};
    for (int i = 0; i < 6; i++)
        assert_true(map->values[i] == wanted[i]);
    xl_map_free(map);
    sample_free(&s);
}

static struct xl_lot *lot_of(struct bench *b)
{
    struct xl_lot *lot = xl_lot_new(NULL);
    struct xl_error error = {0};
    xl_lot_add(lot, bench_table(b));
    assert_true(xl_lot_build(lot, &error));
    return lot;
}

/* One part with a wild coordinate does not make the wafer a dot; parts without coordinates are counted. */
static void strays(void **state)
{
    (void)state;
    struct bench *b = bench_new("a.stdf", "W1");
    for (int i = 0; i < 400; i++)
        bench_part(b, (struct bench_part){.x = i % 20, .y = i / 20, .hard_bin = 1}, NULL);
    bench_part(b, (struct bench_part){.x = 30000, .y = -30000, .hard_bin = 1, .part_id = "s"}, NULL);
    bench_part(b, (struct bench_part){.x = BENCH_NO_XY, .y = BENCH_NO_XY, .hard_bin = 1, .part_id = "n"}, NULL);
    struct xl_lot *lot = lot_of(b);
    struct xl_error error = {0};
    struct xl_map *map = xl_map_new(lot, &(struct xl_map_options){.kind = XL_MAP_PASS}, &error);
    assert_non_null(map);
    assert_int_equal(map->columns, 20);
    assert_int_equal(map->rows, 20);
    assert_int_equal(map->placed, 400);
    assert_int_equal(map->unplaced, 2);
    assert_false(map->directions_known);
    assert_int_equal(map->notch, ' ');
    xl_map_free(map);
    xl_lot_free(lot);
    bench_free(b);
}

static void shape(void **state)
{
    (void)state;
    struct bench *b = bench_new("a.stdf", "W1");
    for (int y = 0; y < 20; y++) /* a disc of 40 x 20 dice: they must be twice as high as wide */
        for (int x = 0; x < 40; x++)
            if (hypot((x - 19.5) / 2, y - 9.5) <= 10)
                bench_part(b, (struct bench_part){.x = x, .y = y, .hard_bin = 1}, NULL);
    struct xl_lot *lot = lot_of(b);
    struct xl_error error = {0};
    struct xl_map *map = xl_map_new(lot, &(struct xl_map_options){.kind = XL_MAP_PASS}, &error);
    assert_true(map->cell_aspect == 0.5);
    xl_map_free(map);
    xl_lot_free(lot);
    b->table.config.die_width = 3; /* what the file says wins */
    b->table.config.die_height = 4;
    lot = lot_of(b);
    map = xl_map_new(lot, &(struct xl_map_options){.kind = XL_MAP_PASS}, &error);
    assert_true(map->cell_aspect == 0.75);
    xl_map_free(map);
    xl_lot_free(lot);
    bench_free(b);
}

static void refusals(void **state)
{
    (void)state;
    struct sample s = sample_new(NULL);
    struct xl_error error = {0};
    assert_null(xl_map_new(s.lot, &(struct xl_map_options){.kind = XL_MAP_PASS, .wafer = 2}, &error));
    assert_string_equal(error.code, "wafer_unknown");
    error = (struct xl_error){0};
    assert_null(xl_map_new(s.lot, &(struct xl_map_options){.kind = XL_MAP_PASS, .wafer = XL_ALL_WAFERS}, &error));
    assert_string_equal(error.code, "wafer_unknown");
    error = (struct xl_error){0};
    assert_null(xl_map_new(s.lot, &(struct xl_map_options){.kind = XL_MAP_TEST, .test = 99}, &error));
    assert_string_equal(error.code, "test_unknown");
    sample_free(&s);

    struct bench *b = bench_new("a.stdf", NULL);
    bench_part(b, (struct bench_part){.x = BENCH_NO_XY, .y = BENCH_NO_XY, .hard_bin = 1}, NULL);
    struct xl_lot *lot = lot_of(b);
    error = (struct xl_error){0};
    assert_null(xl_map_new(lot, &(struct xl_map_options){.kind = XL_MAP_PASS}, &error));
    assert_string_equal(error.code, "map_without_coordinates");
    xl_lot_free(lot);
    bench_free(b);

    b = bench_new("a.stdf", "W1");
    bench_part(b, (struct bench_part){.x = -30000, .y = -30000, .hard_bin = 1}, NULL);
    bench_part(b, (struct bench_part){.x = 30000, .y = 30000, .hard_bin = 1}, NULL);
    lot = lot_of(b);
    error = (struct xl_error){0};
    assert_null(xl_map_new(lot, &(struct xl_map_options){.kind = XL_MAP_PASS}, &error));
    assert_string_equal(error.code, "map_too_large");
    xl_lot_free(lot);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(kinds), cmocka_unit_test(what_stands_around), cmocka_unit_test(corrected), cmocka_unit_test(strays),
        cmocka_unit_test(shape), cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
