/* yield_test.c: yields, paretos and disagreements: tables by hand, random histories against a slow recount, and real files. */
#include <xinlian/simulate.h>
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/out.h"
#include "base/text.h"
#include "engine/wafer/table_test_helper.h"

static struct xl_lot *lot_of(struct bench *const *files, size_t count, const struct xl_lot_options *options)
{
    struct xl_lot *lot = xl_lot_new(options);
    for (size_t i = 0; i < count; i++)
        xl_lot_add(lot, bench_table(files[i]));
    assert_true(xl_lot_build(lot, NULL));
    return lot;
}

static void part(struct bench *b, int32_t head, int32_t site, int32_t x, int32_t y, bool passed)
{
    bench_part(b,
               (struct bench_part){.head = head,
                                   .site = site,
                                   .x = x,
                                   .y = y,
                                   .hard_bin = passed ? 1 : 2,
                                   .soft_bin = passed ? 10 : 20 + site,
                                   .flags = passed ? 0 : XL_PART_FAILED},
               NULL);
}

static void check_row(const struct xl_yield_row *row, int32_t head, int32_t site, const uint64_t wanted[8])
{
    const struct xl_yield *y = &row->yield;
    const uint64_t found[] = {y->runs, y->parts, y->first_parts, y->first_passed, y->passed, y->retested, y->recovered, y->aborted};
    assert_int_equal(row->head, head);
    assert_int_equal(row->site, site);
    for (size_t i = 0; i < 8; i++)
        if (found[i] != wanted[i])
            fail_msg("head %d site %d: figure %zu is %llu, wanted %llu", head, site, i, (unsigned long long)found[i],
                     (unsigned long long)wanted[i]);
}

static void sites(void **state)
{
    (void)state;
    struct bench *b = bench_new("a", "1");
    part(b, 1, 2, 0, 0, false);
    part(b, 1, 1, 1, 0, true);
    part(b, 2, 1, 2, 0, false);
    part(b, 1, 1, 0, 0, true); /* failed at site 2, passed at site 1 */
    part(b, 1, 2, 3, 0, true);
    part(b, 1, 2, 4, 0, false);
    b->parts[5].flags |= XL_PART_UNFINISHED;
    struct xl_lot *lot = lot_of(&b, 1, NULL);
    const struct xl_yield_row *rows;
    assert_int_equal(xl_yield_sites(lot, XL_ALL_WAFERS, &rows), 3);
    /* runs, parts, first_parts, first_passed, passed, retested, recovered, aborted */
    check_row(&rows[0], 1, 1, (const uint64_t[]){2, 2, 1, 1, 2, 1, 1, 0});
    check_row(&rows[1], 1, 2, (const uint64_t[]){2, 1, 2, 1, 1, 0, 0, 1});
    check_row(&rows[2], 2, 1, (const uint64_t[]){1, 1, 1, 0, 0, 0, 0, 0});
    const struct xl_yield_row *again;
    assert_int_equal(xl_yield_sites(lot, XL_ALL_WAFERS, &again), 3);
    assert_ptr_equal(again, rows);
    xl_lot_free(lot);
    bench_free(b);
}

/* One bad die at the drawn top right: where it goes when the axes grow otherwise, or the map is turned. */
static void zones(void **state)
{
    (void)state;
    static const struct {
        char positive_x, positive_y;
        int rotate;
        bool mirror;
        const char *where;
    } cases[] = {
        {' ', ' ', 0, false, "bottom-right"},  {'R', 'D', 0, false, "bottom-right"}, {'R', 'U', 0, false, "top-right"},
        {'L', 'U', 0, false, "top-left"},      {'L', 'D', 0, false, "bottom-left"},  {'R', 'U', 90, false, "bottom-right"},
        {'R', 'U', 180, false, "bottom-left"}, {'R', 'U', 270, false, "top-left"},   {'R', 'U', 0, true, "top-left"},
        {'R', 'U', 90, true, "top-right"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct bench *b = bench_new("a", "1");
        b->table.config.positive_x = cases[k].positive_x;
        b->table.config.positive_y = cases[k].positive_y;
        for (int32_t x = -10; x < 10; x++)
            for (int32_t y = -10; y < 10; y++) {
                int32_t u = 2 * x + 1, v = 2 * y + 1; /* the middle lies between dice */
                if (u * u + v * v <= 20 * 20)
                    part(b, 1, 1, x + 100, y - 7, !(x == 6 && y == 6));
            }
        struct xl_lot *lot = lot_of(&b, 1, &(struct xl_lot_options){.corrections = {.rotate = cases[k].rotate, .mirror = cases[k].mirror}});
        const struct xl_yield_row *rows;
        size_t count = xl_yield_zones(lot, 0, &rows), parts = 0, fails = 0;
        assert_int_equal(count, 12);
        char wanted[40];
        snprintf(wanted, sizeof wanted, "edge %s", cases[k].where);
        for (size_t i = 0; i < count; i++) {
            uint64_t bad = rows[i].yield.parts - rows[i].yield.passed;
            parts += rows[i].yield.parts;
            fails += bad;
            if (bad)
                assert_string_equal(rows[i].zone, wanted);
            assert_int_equal(rows[i].yield.parts, rows[i / 4 * 4].yield.parts); /* quadrants of a ring are alike */
        }
        assert_int_equal(parts, xl_yield_of(lot, 0).parts);
        assert_int_equal(fails, 1);
        xl_lot_free(lot);
        bench_free(b);
    }
    struct bench *b = bench_new("a", NULL); /* final test has no zones */
    part(b, 1, 1, 0, 0, true);
    struct xl_lot *lot = lot_of(&b, 1, NULL);
    const struct xl_yield_row *rows;
    assert_int_equal(xl_yield_zones(lot, XL_ALL_WAFERS, &rows), 0);
    xl_lot_free(lot);
    bench_free(b);
}

static void bins(void **state)
{
    (void)state;
    struct bench *b = bench_new("a", "1");
    b->table.hard_bins = (const struct xl_bin[]){{.number = 1, .pass = 'P', .name = "good", .head = 255},
                                                 {.number = 2, .pass = ' ', .name = "", .head = 1},
                                                 {.number = 2, .pass = 'F', .name = "open", .head = 255},
                                                 {.number = 7, .pass = 'F', .name = "never", .head = 255}};
    b->table.hard_bin_count = 4;
    part(b, 1, 1, 0, 0, false);
    part(b, 1, 2, 1, 0, false);
    part(b, 1, 3, 2, 0, false);
    part(b, 1, 1, 3, 0, true);
    part(b, 1, 1, 0, 0, true);
    part(b, 1, 1, 4, 0, false);
    b->parts[5].hard_bin = 40000; /* invalid, and shown */
    b->parts[5].soft_bin = XL_NO_BIN;
    struct xl_lot *lot = lot_of(&b, 1, NULL);
    const struct xl_pareto_row *rows;
    assert_int_equal(xl_pareto_bins(lot, XL_ALL_WAFERS, false, &rows), 3);
    static const struct xl_pareto_row hard[] = {{2, "open", false, 3, 2}, {1, "good", true, 1, 2}, {40000, "", false, 1, 1}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rows[i].number, hard[i].number);
        assert_string_equal(rows[i].name, hard[i].name);
        assert_int_equal(rows[i].passes, hard[i].passes);
        assert_int_equal(rows[i].first_count, hard[i].first_count);
        assert_int_equal(rows[i].count, hard[i].count);
    }
    static const struct {
        uint32_t number;
        uint64_t first_count, count;
    } soft[] = {{10, 1, 2}, {22, 1, 1}, {23, 1, 1}, {XL_NO_BIN, 1, 1}, {21, 1, 0}};
    assert_int_equal(xl_pareto_bins(lot, 0, true, &rows), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rows[i].number, soft[i].number);
        assert_int_equal(rows[i].first_count, soft[i].first_count);
        assert_int_equal(rows[i].count, soft[i].count);
        assert_int_equal(rows[i].passes, soft[i].number == 10);
    }
    xl_lot_free(lot);
    /* Corrected pass bins overrule the record. */
    lot = lot_of(&b, 1, &(struct xl_lot_options){.corrections = {.pass_bins = (const uint16_t[]){2}, .pass_bin_count = 1}});
    assert_int_equal(xl_pareto_bins(lot, XL_ALL_WAFERS, false, &rows), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rows[i].passes, rows[i].number == 2);
    xl_lot_free(lot);
    bench_free(b);
}

static void first_fails_and_stopping(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        struct bench *b = bench_new("a", "1");
        float no = bench_missing(), after = stops ? no : 3;
        for (uint32_t t = 0; t < 4; t++)
            bench_test(b, XL_TEST_PTR, 10 + t, "t", 0, 1);
        for (int32_t i = 0; i < 40; i++)
            bench_part(b, (struct bench_part){.x = i, .hard_bin = 1}, (float[]){1, 2, 3, 4});
        for (int32_t i = 0; i < 20; i++)
            bench_part(b, (struct bench_part){.x = 100 + i, .hard_bin = 2, .flags = XL_PART_FAILED, .first_fail = i % 2 ? 2 : 1},
                       (float[]){1, i % 2 ? 2 : after, after, i == 0 ? 4 : after});
        /* A passing part with a failing test, one that failed without any, one that fails the last test. */
        bench_part(b, (struct bench_part){.x = 200, .hard_bin = 1, .first_fail = 3}, (float[]){1, 2, 3, 4});
        bench_part(b, (struct bench_part){.x = 201, .hard_bin = 2, .flags = XL_PART_FAILED}, (float[]){1, 2, 3, 4});
        bench_part(b, (struct bench_part){.x = 202, .hard_bin = 2, .flags = XL_PART_FAILED, .first_fail = 4}, (float[]){1, 2, 3, 4});
        bench_part(b, (struct bench_part){.x = 101, .hard_bin = 1}, (float[]){1, 2, 3, 4}); /* failed test 11 first */
        struct xl_lot *lot = lot_of(&b, 1, NULL);
        const struct xl_pareto_row *rows;
        assert_int_equal(xl_pareto_first_fails(lot, XL_ALL_WAFERS, &rows), 3);
        assert_int_equal(xl_lot_test(lot, rows[0].number)->test->number, 10);
        assert_int_equal(rows[0].count, 10);
        assert_int_equal(rows[0].first_count, 10);
        assert_int_equal(xl_lot_test(lot, rows[1].number)->test->number, 11);
        assert_int_equal(rows[1].count, 9);
        assert_int_equal(rows[1].first_count, 10);
        assert_int_equal(rows[2].count, 1);
        assert_int_equal(xl_stops_on_fail(lot), stops);
        assert_int_equal(xl_stops_on_fail(lot), stops);
        xl_lot_free(lot);
        bench_free(b);
    }
}

static void disagreements(void **state)
{
    (void)state;
    struct bench *b = bench_new("a.stdf", "1"), *c = bench_new("a.stdf", "2");
    struct bench *files[] = {b, c};
    part(b, 1, 1, 0, 0, true);
    part(b, 1, 2, 1, 0, false);
    part(b, 1, 2, 1, 0, true);
    part(c, 1, 1, 0, 0, false);
    b->parts[2].flags = XL_PART_SUPERSEDES_XY;
    static const struct xl_part_count counts[] = {
        {255, 0, 4, 1, 0, 2, UINT32_MAX},                                   /* agrees */
        {1, 1, 2, UINT32_MAX, UINT32_MAX, 2, 2},                            /* good: 1 */
        {1, 2, 3, 1, 0, 1, UINT32_MAX},                                     /* parts: 2 */
        {9, 9, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, /* says nothing */
    };
    static const struct xl_bin hard[] = {
        {.number = 1, .head = 1, .site = 1, .pass = 'P', .name = "", .count = 1},
        {.number = 1, .head = 1, .site = 2, .pass = 'P', .name = "", .count = 1}, /* 2 in all: agrees */
        {.number = 2, .head = 1, .site = 1, .pass = 'F', .name = "", .count = 7},
        {.number = 2, .head = 255, .site = 0, .pass = 'F', .name = "", .count = 1}, /* the record of all sites counts */
        {.number = 65535, .head = 255, .site = 0, .pass = 'F', .name = "", .count = 0},
    };
    static const struct xl_bin soft[] = {{.number = 10, .head = 255, .pass = 'P', .name = "", .count = 2},
                                         {.number = 22, .head = 255, .pass = 'F', .name = "", .count = 1}}; /* 21 has no record */
    for (size_t i = 0; i < 2; i++) {
        files[i]->table.counts = counts;
        files[i]->table.count_count = 4;
        files[i]->table.hard_bins = hard;
        files[i]->table.hard_bin_count = 5;
        files[i]->table.soft_bins = soft;
        files[i]->table.soft_bin_count = 2;
    }
    b->table.has_wrr = true;
    b->table.wrr = (struct xl_part_count){255, 255, 2, UINT32_MAX, UINT32_MAX, 2, UINT32_MAX}; /* parts: 3 */
    struct xl_lot *lot = lot_of(files, 2, NULL);
    static const struct xl_disagreement wanted[] = {
        {"WRR", 0, 255, -1, "parts", 2, 3, "a.stdf"},
        {"PCR", XL_ALL_WAFERS, 1, 1, "good", 2, 1, "a.stdf"},
        {"PCR", XL_ALL_WAFERS, 1, 2, "parts", 3, 2, "a.stdf"},
        {"HBR", XL_ALL_WAFERS, 255, 255, "bin 2", 1, 2, "a.stdf"},
        {"SBR", XL_ALL_WAFERS, 255, 255, "bin 21", 0, 1, "a.stdf"},
    };
    const struct xl_disagreement *rows;
    size_t count = xl_disagreements(lot, &rows);
    for (size_t i = 0; i < count && i < 5; i++) {
        assert_string_equal(rows[i].record, wanted[i].record);
        assert_int_equal(rows[i].wafer, wanted[i].wafer);
        assert_int_equal(rows[i].head, wanted[i].head);
        assert_int_equal(rows[i].site, wanted[i].site);
        assert_string_equal(rows[i].what, wanted[i].what);
        assert_int_equal(rows[i].recorded, wanted[i].recorded);
        assert_int_equal(rows[i].counted, wanted[i].counted);
        assert_string_equal(rows[i].source, wanted[i].source);
    }
    assert_int_equal(count, 5);
    xl_lot_free(lot);
    bench_free(b);
    bench_free(c);
}

/* ---- Random histories against a slow recount ---------------------------------------------------------------------- */

struct run {
    int32_t x, y;
    bool passed;
};

/* The run that counts among those of one place, by the words of the policy. */
static bool counts_as_passed(enum xl_retest_pick pick, const struct run *const *runs, size_t n)
{
    bool any = false, now = runs[0]->passed;
    for (size_t i = 0; i < n; i++)
        any |= runs[i]->passed;
    for (size_t i = 1; i < n; i++)
        if (!now)
            now = runs[i]->passed;
    switch (pick) {
    case XL_RETEST_LAST:
        return runs[n - 1]->passed;
    case XL_RETEST_FIRST:
        return runs[0]->passed;
    case XL_RETEST_BEST:
        return any;
    case XL_RETEST_FAILS:
        return now;
    case XL_RETEST_ALL:
        break;
    }
    return false;
}

static void random_histories(void **state)
{
    (void)state;
    uint64_t r = 3;
    for (int round = 0; round < 200; round++) {
        enum { FILES = 4, MOST = 120 };
        struct bench *files[FILES];
        struct run all[FILES * MOST];
        size_t count = 0;
        for (int f = 0; f < FILES; f++) {
            files[f] = bench_new(((const char *const[]){"d", "c", "b", "a"})[f], "1");
            files[f]->table.start_time = 100 + f;
            files[f]->rows_a_group = 1 + (uint32_t)(r >> 59);
            for (size_t i = (size_t)(r >> 33) % MOST; i--;) {
                r = r * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                all[count] = (struct run){(int32_t)((r >> 40) % 9) - 4, (int32_t)((r >> 50) % 9) - 4, r >> 63};
                part(files[f], 1, (int32_t)(r >> 37 & 3), all[count].x, all[count].y, all[count].passed);
                count++;
            }
        }
        for (enum xl_retest_pick pick = XL_RETEST_LAST; pick <= XL_RETEST_FAILS; pick++) {
            struct xl_yield wanted = {.runs = count};
            for (int32_t place = 0; place < 81; place++) {
                const struct run *here[FILES * MOST];
                size_t n = 0;
                for (size_t i = 0; i < count; i++)
                    if (all[i].x == place % 9 - 4 && all[i].y == place / 9 - 4)
                        here[n++] = &all[i];
                if (!n)
                    continue;
                bool passed = counts_as_passed(pick, here, n);
                wanted.parts++;
                wanted.first_parts++;
                wanted.first_passed += here[0]->passed;
                wanted.passed += passed;
                wanted.retested += n > 1;
                wanted.recovered += passed && !here[0]->passed;
            }
            struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){.policy = {pick, XL_BY_XY}});
            for (int f = 0; f < FILES; f++)
                xl_lot_add(lot, bench_table(files[(f + round) % FILES]));
            assert_true(xl_lot_build(lot, NULL));
            struct xl_yield found = xl_yield_of(lot, XL_ALL_WAFERS), by_site = {0};
            assert_memory_equal(&found, &wanted, sizeof found);
            /* Sites and bins add up to the whole. */
            const struct xl_yield_row *rows;
            for (size_t i = xl_yield_sites(lot, XL_ALL_WAFERS, &rows); i--;) {
                by_site.runs += rows[i].yield.runs;
                by_site.parts += rows[i].yield.parts;
                by_site.first_parts += rows[i].yield.first_parts;
                by_site.first_passed += rows[i].yield.first_passed;
                by_site.passed += rows[i].yield.passed;
                by_site.retested += rows[i].yield.retested;
                by_site.recovered += rows[i].yield.recovered;
            }
            assert_memory_equal(&by_site, &wanted, sizeof wanted);
            const struct xl_pareto_row *soft;
            uint64_t first = 0, last = 0;
            for (size_t i = xl_pareto_bins(lot, XL_ALL_WAFERS, true, &soft); i--;) {
                first += soft[i].first_count;
                last += soft[i].count;
            }
            assert_int_equal(first, wanted.parts);
            assert_int_equal(last, wanted.parts);
            xl_lot_free(lot);
        }
        for (int f = 0; f < FILES; f++)
            bench_free(files[f]);
    }
}

/* ---- Real files --------------------------------------------------------------------------------------------------- */

static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t wafers;
        uint64_t runs, parts;
    } cases[] = {{"lot3.stdf.bz2", 1, 1619, 1456}, {"lot2.stdf.gz", 1, 1569, 1456}, {"a595.stdf.gz", 3, 336, 336}};
    const char *data = getenv("XINLIAN_DATA");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[1000];
        snprintf(path, sizeof path, "%s/stdf/%s", data ? data : "../shared/data", cases[i].file);
        struct xl_error error = {.code = ""};
        struct xl_input *input = xl_input_open(path, &error);
        if (!input) {
            print_message("no %s: skipped\n", path);
            skip();
        }
        struct xl_tables *tables = xl_tables_load(input, &(struct xl_load_options){0}, &error);
        if (!tables)
            fail_msg("%s: %s", path, error.message);
        struct xl_lot *lot = xl_lot_new(NULL);
        for (size_t t = 0; t < tables->count; t++)
            xl_lot_add(lot, tables->at[t]);
        assert_true(xl_lot_build(lot, &error));
        struct xl_yield y = xl_yield_of(lot, XL_ALL_WAFERS);
        assert_int_equal(xl_lot_wafers(lot), cases[i].wafers);
        assert_int_equal(y.runs, cases[i].runs);
        assert_int_equal(y.parts, cases[i].parts);
        /* The same file twice changes nothing. */
        struct xl_tables *again = NULL;
        struct xl_input *second = xl_input_open(path, &error);
        again = xl_tables_load(second, &(struct xl_load_options){0}, &error);
        struct xl_lot *twice = xl_lot_new(NULL);
        for (size_t t = 0; t < tables->count; t++) {
            xl_lot_add(twice, tables->at[t]);
            xl_lot_add(twice, again->at[t]);
        }
        assert_true(xl_lot_build(twice, &error));
        struct xl_yield z = xl_yield_of(twice, XL_ALL_WAFERS);
        assert_memory_equal(&y, &z, sizeof y);
        assert_true(xl_lot_account(twice, XL_ALL_WAFERS).duplicates > 0);
        xl_lot_free(twice);
        xl_lot_free(lot);
        xl_tables_free(again);
        xl_tables_free(tables);
        xl_input_free(second);
        xl_input_free(input);
    }
}

/* ---- Simulated lots ----------------------------------------------------------------------------------------------- */

static struct xl_tables *simulated(struct text *bytes, const struct xl_simulation *simulation, struct xl_input **input)
{
    struct xl_error error = {.code = ""};
    text_init(bytes, 1 << 28);
    if (!xl_simulate(simulation, sink_text(bytes), &error))
        fail_msg("%s", error.message);
    *input = xl_input_memory(bytes->data, bytes->length, simulation->pass == XL_PASS_RETEST ? "a retest" : "first touches", &error);
    struct xl_tables *tables = xl_tables_load(*input, &(struct xl_load_options){0}, &error);
    if (!tables)
        fail_msg("%s", error.message);
    return tables;
}

/* First touches and retests in two files are one lot, as if they stood in one file. */
static void retests_in_a_file_of_their_own(void **state)
{
    (void)state;
    for (uint32_t wafers = 0; wafers < 3; wafers++) {
        struct xl_simulation simulation = xl_simulation_default();
        simulation.seed = 11 + wafers;
        simulation.wafers = wafers;
        simulation.parts = 400;
        simulation.tests = 10;
        simulation.yield = 0.8;
        simulation.retest = 1;
        struct text bytes[3];
        struct xl_input *inputs[3];
        struct xl_tables *tables[3];
        for (int pass = XL_PASS_BOTH; pass <= XL_PASS_RETEST; pass++) {
            simulation.pass = (enum xl_simulated_pass)pass;
            tables[pass] = simulated(&bytes[pass], &simulation, &inputs[pass]);
        }
        struct xl_lot *one = xl_lot_new(NULL), *two = xl_lot_new(NULL);
        for (size_t i = 0; i < tables[XL_PASS_BOTH]->count; i++)
            xl_lot_add(one, tables[XL_PASS_BOTH]->at[i]);
        for (int pass = XL_PASS_RETEST; pass >= XL_PASS_FIRST; pass--) /* the retests first: the order of adding does not matter */
            for (size_t i = 0; i < tables[pass]->count; i++)
                xl_lot_add(two, tables[pass]->at[i]);
        assert_true(xl_lot_build(one, NULL) && xl_lot_build(two, NULL));
        struct xl_yield a = xl_yield_of(one, XL_ALL_WAFERS), b = xl_yield_of(two, XL_ALL_WAFERS);
        assert_true(a.retested > 10 && a.recovered > 0 && a.parts < a.runs);
        assert_memory_equal(&a, &b, sizeof a);
        assert_int_equal(xl_lot_wafers(one), xl_lot_wafers(two));
        xl_lot_free(one);
        xl_lot_free(two);
        for (int pass = XL_PASS_BOTH; pass <= XL_PASS_RETEST; pass++) {
            xl_tables_free(tables[pass]);
            xl_input_free(inputs[pass]);
            text_free(&bytes[pass]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites),
        cmocka_unit_test(zones),
        cmocka_unit_test(bins),
        cmocka_unit_test(first_fails_and_stopping),
        cmocka_unit_test(disagreements),
        cmocka_unit_test(random_histories),
        cmocka_unit_test(retests_in_a_file_of_their_own),
        cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
