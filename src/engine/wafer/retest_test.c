/* retest_test.c: histories made by hand, and which run the policy must choose: every policy, every way to recognise a die. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/wafer/table_test_helper.h"

static struct bench *file(const char *source, int64_t start, bool is_wafer)
{
    struct bench *b = bench_new(source, is_wafer ? "W1" : NULL);
    b->table.start_time = start;
    return b;
}

/* Parts as text: "3,4:F 3,4:P", "id=A:F/2" (site 2), "-:P" (no XY), "3,4:F!" (flag XY), "id=A:P?" (flag ID), "3,4:U" (unfinished). Bin 1
 * passes, bin 2 fails, "F7" fails in bin 7. */
static void parts(struct bench *b, const char *text)
{
    while (*text) {
        struct bench_part p = {.x = BENCH_NO_XY, .y = BENCH_NO_XY, .hard_bin = 1};
        char id[32] = "";
        if (*text == 'i') {
            size_t n = strcspn(text += 3, ":");
            memcpy(id, text, n);
            text += n;
            p.part_id = arena_text(b->arena, id, n);
        } else if (*text == '-' && text[1] == ':') {
            text++;
        } else {
            char *after;
            p.x = (int32_t)strtol(text, &after, 10);
            p.y = (int32_t)strtol(after + 1, &after, 10);
            text = after;
        }
        char verdict = text[1];
        text += 2;
        if (verdict == 'F') {
            p.flags = XL_PART_FAILED;
            p.hard_bin = 2;
        } else if (verdict == 'U') {
            p.flags = XL_PART_UNFINISHED;
            p.hard_bin = XL_NO_BIN;
        }
        if (*text >= '0' && *text <= '9') {
            char *after;
            p.hard_bin = (int32_t)strtol(text, &after, 10);
            text = after;
        }
        for (; *text && *text != ' '; text++) {
            p.flags |= *text == '!' ? XL_PART_SUPERSEDES_XY : *text == '?' ? XL_PART_SUPERSEDES_ID : *text == '~' ? XL_PART_ABNORMAL : 0;
            if (*text == '/')
                p.site = text[1] - '0';
        }
        bench_part(b, p, NULL);
        while (*text == ' ')
            text++;
    }
}

/* What became of a lot, as text: of each die "first chosen-run-of-runs verdict". */
static void check_lot(struct bench *const *files, size_t count, enum xl_retest_pick pick, enum xl_retest_by by, enum xl_retest_by became,
                      const char *wanted)
{
    for (size_t turn = 0; turn < count; turn++) {
        struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){.policy = {pick, by}});
        for (size_t i = 0; i < count; i++) /* every rotation of the files must give the same */
            xl_lot_add(lot, bench_table(files[(i + turn) % count]));
        assert_true(xl_lot_build(lot, NULL));
        assert_int_equal(xl_lot_wafers(lot), 1);
        const struct xl_wafer *w = xl_lot_wafer(lot, 0);
        char found[400] = "";
        for (size_t d = 0; d < w->die_count; d++) {
            char one[40];
            snprintf(one, sizeof one, "%s%u/%u%c", d ? " " : "", w->dice[d].chosen - w->dice[d].first_run + 1, w->dice[d].run_count,
                     w->dice[d].passed ? 'P' : 'F');
            strncat(found, one, sizeof found - strlen(found) - 1);
        }
        if (strcmp(found, wanted) != 0)
            fail_msg("pick %d by %d: %s, wanted %s", (int)pick, (int)by, found, wanted);
        assert_int_equal(w->by, became);
        xl_lot_free(lot);
    }
}

static void picks(void **state)
{
    (void)state;
    struct bench *one = file("a", 10, true), *two = file("b", 20, true);
    parts(one, "1,1:F 2,1:P 3,1:F 4,1:P 5,1:F");
    parts(two, "1,1:P/3 2,1:F 3,1:F 1,1:F/1 5,1:P 5,1:P");
    struct bench *files[] = {one, two};
    check_lot(files, 2, XL_RETEST_LAST, XL_BY_XY, XL_BY_XY, "3/3F 2/2F 2/2F 1/1P 3/3P");
    check_lot(files, 2, XL_RETEST_FIRST, XL_BY_XY, XL_BY_XY, "1/3F 1/2P 1/2F 1/1P 1/3F");
    check_lot(files, 2, XL_RETEST_BEST, XL_BY_XY, XL_BY_XY, "2/3P 1/2P 2/2F 1/1P 3/3P");
    check_lot(files, 2, XL_RETEST_FAILS, XL_BY_AUTO, XL_BY_XY, "2/3P 1/2P 2/2F 1/1P 2/3P");
    check_lot(files, 2, XL_RETEST_ALL, XL_BY_XY, XL_BY_XY, "1/1F 1/1P 1/1F 1/1P 1/1F 1/1P 1/1F 1/1F 1/1F 1/1P 1/1P");
    bench_free(one);
    bench_free(two);
}

static void by_id_flag_and_order(void **state)
{
    (void)state;
    struct bench *one = file("a", 10, false), *two = file("b", 20, false);
    parts(one, "id=A:F id=B:P id=C:F7 id=D:F");
    parts(two, "id=C:P id=A:F id=:P id=B:F?");
    struct bench *files[] = {one, two};
    check_lot(files, 2, XL_RETEST_LAST, XL_BY_AUTO, XL_BY_PART_ID, "2/2F 2/2F 2/2P 1/1F 1/1P");
    check_lot(files, 2, XL_RETEST_LAST, XL_BY_FLAG, XL_BY_FLAG, "1/1F 2/2F 1/1F 1/1F 1/1P 1/1F 1/1P");
    /* Without RDR the second file is another load of parts; with it, parts in the retested bins come in the order they fell there. */
    check_lot(files, 2, XL_RETEST_LAST, XL_BY_ORDER, XL_BY_ORDER, "1/1F 1/1P 1/1F 1/1F 1/1P 1/1F 1/1P 1/1F");
    two->table.is_retest = true;
    two->table.retest_bins = (const uint16_t[]){2, 9};
    two->table.retest_bin_count = 2;
    check_lot(files, 2, XL_RETEST_LAST, XL_BY_ORDER, XL_BY_ORDER, "2/2P 1/1P 1/1F 2/2F 1/1P 1/1F");
    two->table.retest_bin_count = 0;
    check_lot(files, 2, XL_RETEST_LAST, XL_BY_ORDER, XL_BY_ORDER, "2/2P 2/2F 2/2P 2/2F");
    bench_free(one);
    bench_free(two);
}

static void order_over_three_files(void **state)
{
    (void)state;
    struct bench *one = file("a", 0, false), *two = file("x", 0, false), *three = file("y", 0, false);
    parts(one, "-:F2 -:P -:F3 -:F2");
    parts(two, "-:P -:F2"); /* bins 2: parts 1 and 4 */
    parts(three, "-:P");    /* bin 2 of the file before: part 4 */
    two->table.is_retest = three->table.is_retest = true;
    two->table.retest_bins = three->table.retest_bins = (const uint16_t[]){2};
    two->table.retest_bin_count = three->table.retest_bin_count = 1;
    one->table.source = "z"; /* by name it would come last: RDR must tell, for the start times are missing */
    struct bench *files[] = {one, two, three};
    check_lot(files, 3, XL_RETEST_LAST, XL_BY_AUTO, XL_BY_ORDER, "2/2P 1/1P 1/1F 3/3P");
    bench_free(one);
    bench_free(two);
    bench_free(three);
}

static void what_auto_becomes(void **state)
{
    (void)state;
    static const struct {
        bool is_wafer;
        const char *one, *two;
        enum xl_retest_by became;
        const char *wanted;
    } cases[] = {
        {true, "1,1:F 2,2:P", "1,1:P", XL_BY_XY, "2/2P 1/1P"},
        {true, "-5,-7:F -5,7:P", "-5,-7:P", XL_BY_XY, "2/2P 1/1P"},
        {true, "1,1:F -:P", "-:P 1,1:P 1,2:P", XL_BY_XY, "2/2P 1/1P 1/1P 1/1P"},
        /* One-part wafers measured again and again. */
        {true, "5,5:F", "5,5:F 5,5:P", XL_BY_XY, "3/3P"},
        /* Several final-test files that count from 1: nothing identifies. */
        {false, "id=1:F id=2:P id=3:P", "id=1:P id=2:P", XL_BY_FLAG, "1/1F 1/1P 1/1P 1/1P 1/1P"},
        {false, "id=1:F id=2:P id=3:P", "id=3:P id=1:P?", XL_BY_PART_ID, "2/2P 1/1P 2/2P"},
        {false, "id=1:F id=2:P id=3:P", "id=4:P id=1:P", XL_BY_PART_ID, "2/2P 1/1P 1/1P 1/1P"},
        /* Every part has the same ID, or the same place. */
        {false, "id=X:F id=X:P id=X:P", "id=X:P", XL_BY_FLAG, "1/1F 1/1P 1/1P 1/1P"},
        {false, "0,0:F 0,0:P 0,0:P", "0,0:P", XL_BY_FLAG, "1/1F 1/1P 1/1P 1/1P"},
        {false, "0,0:F 0,0:P 0,0:P!", "0,0:P", XL_BY_FLAG, "1/1F 2/2P 1/1P"},
        /* Places on a strip. */
        {false, "0,0:F 0,1:P 1,0:P", "0,0:P", XL_BY_XY, "2/2P 1/1P 1/1P"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *one = file("a", 10, cases[i].is_wafer), *two = file("b", 20, cases[i].is_wafer);
        parts(one, cases[i].one);
        parts(two, cases[i].two);
        check_lot((struct bench *[]){two, one}, 2, XL_RETEST_LAST, XL_BY_AUTO, cases[i].became, cases[i].wanted);
        bench_free(one);
        bench_free(two);
    }
}

static void unfinished_and_accounts(void **state)
{
    (void)state;
    struct bench *one = file("a", 10, true);
    parts(one, "1,1:F 2,1:P 1,1:U 1,1:P/2 3,1:F~ 2,1:P! -:F -:U");
    one->parts[7].flags |= XL_PART_OUTSIDE;    /* tests before any PIR: no run, and not aborted either */
    one->parts[5].flags |= XL_PART_NO_VERDICT; /* bin 1 decides */
    struct xl_lot *lot = xl_lot_new(NULL);
    xl_lot_add(lot, bench_table(one));
    assert_true(xl_lot_build(lot, NULL));
    struct xl_yield y = xl_yield_of(lot, XL_ALL_WAFERS);
    assert_int_equal(y.runs, 6);
    assert_int_equal(y.parts, 4);
    assert_int_equal(y.first_parts, 4);
    assert_int_equal(y.first_passed, 1);
    assert_int_equal(y.passed, 2);
    assert_int_equal(y.retested, 2);
    assert_int_equal(y.recovered, 1);
    assert_int_equal(y.aborted, 2);
    struct xl_account a = xl_lot_account(lot, 0);
    assert_int_equal(a.unfinished, 1);
    assert_int_equal(a.outside, 1);
    assert_int_equal(a.abnormal, 1);
    assert_int_equal(a.by_bin, 1);
    assert_int_equal(a.replaced, 2);
    assert_int_equal(a.flagged, 1);
    assert_int_equal(a.unflagged, 1);
    assert_int_equal(a.moved, 1);
    assert_int_equal(a.unidentified, 1);
    assert_int_equal(a.duplicates, 0);
    xl_lot_free(lot);
    bench_free(one);
}

/* Two heads of one tester: two tables of one wafer in one file; PRR order decides, not the table. */
static void two_heads_one_wafer(void **state)
{
    (void)state;
    struct bench *one = file("a", 10, true), *two = file("a", 11, true);
    parts(one, "1,1:F 2,1:F");
    parts(two, "1,1:P 2,1:P");
    one->parts[0].ordinal = 2;
    one->parts[1].ordinal = 5;
    two->parts[0].ordinal = 3;
    two->parts[1].ordinal = 4;
    two->parts[0].head = two->parts[1].head = 2;
    check_lot((struct bench *[]){one, two}, 2, XL_RETEST_LAST, XL_BY_AUTO, XL_BY_XY, "2/2P 2/2F");
    bench_free(one);
    bench_free(two);
}

static void the_same_file_twice(void **state)
{
    (void)state;
    struct bench *one = file("a.stdf", 10, true), *two = file("a.zip/a.stdf", 10, true), *three = file("b.stdf", 10, true);
    parts(one, "1,1:F 2,1:P");
    parts(two, "1,1:F 2,1:P");
    parts(three, "1,1:F 3,1:P");
    struct bench *files[] = {one, two, three};
    check_lot(files, 3, XL_RETEST_LAST, XL_BY_AUTO, XL_BY_XY, "2/2F 1/1P 1/1P");
    for (int i = 0; i < 3; i++)
        bench_free(files[i]);
}

static void wafers_and_keys(void **state)
{
    (void)state;
    static const char *const names[] = {"10", "2", "1", "A-10", "A-9", "02"};
    struct bench *b[8];
    struct xl_lot *lot = xl_lot_new(NULL);
    for (size_t i = 0; i < 6; i++) {
        b[i] = bench_new("f", names[i]);
        parts(b[i], "1,1:P");
        b[i]->table.start_time = (int64_t)i + 1;
        xl_lot_add(lot, bench_table(b[i]));
    }
    for (size_t i = 6; i < 8; i++) {
        b[i] = bench_new("f", NULL);
        b[i]->table.sublot = i == 6 ? "S2" : "S1";
        parts(b[i], "1,1:P");
        xl_lot_add(lot, bench_table(b[i]));
    }
    assert_true(xl_lot_build(lot, NULL));
    static const char *const sorted[] = {"1", "02", "2", "10", "A-9", "A-10", "", ""};
    assert_int_equal(xl_lot_wafers(lot), 8);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(xl_lot_wafer(lot, i)->name, sorted[i]);
    assert_string_equal(xl_lot_wafer(lot, 6)->sublot, "S1");
    assert_string_equal(xl_lot_name(lot), "LOT");
    xl_lot_free(lot);

    /* A corrected wafer name puts all tables on one wafer. */
    lot = xl_lot_new(
        &(struct xl_lot_options){.corrections = {.wafer = "7", .lot = "X", .pass_bins = (const uint16_t[]){9}, .pass_bin_count = 1}});
    for (size_t i = 0; i < 8; i++)
        xl_lot_add(lot, &b[i]->table);
    assert_true(xl_lot_build(lot, NULL));
    assert_int_equal(xl_lot_wafers(lot), 1);
    assert_string_equal(xl_lot_wafer(lot, 0)->name, "7");
    assert_string_equal(xl_lot_name(lot), "X");
    assert_int_equal(xl_yield_of(lot, 0).parts, 1);
    assert_int_equal(xl_yield_of(lot, 0).passed, 0);
    xl_lot_free(lot);

    char first[100], second[100];
    struct xl_table t = b[0]->table, u = b[1]->table;
    xl_lot_key(&t, NULL, first, sizeof first);
    size_t length = xl_lot_key(&u, NULL, second, sizeof second);
    assert_int_equal(length, strlen(second));
    assert_string_equal(first, second);
    u.test_code = "CP2";
    xl_lot_key(&u, NULL, second, sizeof second);
    assert_string_not_equal(first, second);
    t.lot = u.lot = u.test_code = "";
    t.product = u.product = "P";
    t.start_time = 86400;
    u.start_time = 2 * 86400 - 1;
    xl_lot_key(&t, NULL, first, sizeof first);
    xl_lot_key(&u, NULL, second, sizeof second);
    assert_string_equal(first, second);
    u.start_time++;
    xl_lot_key(&u, NULL, second, sizeof second);
    assert_string_not_equal(first, second);
    xl_lot_key(&t, &(struct xl_corrections){.lot = "L"}, first, sizeof first);
    xl_lot_key(&u, &(struct xl_corrections){.lot = "L"}, second, sizeof second);
    assert_string_equal(first, second);
    for (size_t i = 0; i < 8; i++)
        bench_free(b[i]);
}

static void tests_of_the_lot(void **state)
{
    (void)state;
    struct bench *one = file("a", 10, true), *two = file("b", 20, true);
    bench_test(one, XL_TEST_PTR, 1, "A", 0, 1);
    bench_test(one, XL_TEST_PTR, 2, "", 0, 1);
    bench_test(one, XL_TEST_FTR, 1, "A", NAN, NAN);
    bench_test(two, XL_TEST_PTR, 3, "C", 0, 1);
    bench_test(two, XL_TEST_PTR, 2, "B", 0, 1);
    bench_test(two, XL_TEST_PTR, 1, "A", 0, 2);
    bench_test(two, XL_TEST_PTR, 1, "a", 0, 2);
    parts(one, "");
    parts(two, "");
    struct xl_lot *lot = xl_lot_new(NULL);
    xl_lot_add(lot, bench_table(two));
    xl_lot_add(lot, bench_table(one));
    assert_true(xl_lot_build(lot, NULL));
    assert_int_equal(xl_lot_tests(lot), 5);
    size_t a = xl_lot_find_test(lot, 1, "A"), b = xl_lot_find_test(lot, 2, NULL);
    assert_true(xl_lot_test(lot, a)->limits_differ);
    assert_int_equal(xl_lot_test(lot, a)->test->high, 1);
    assert_string_equal(xl_lot_test(lot, b)->test->name, "B");
    assert_false(xl_lot_test(lot, b)->limits_differ);
    assert_true(xl_lot_find_test(lot, 9, NULL) == SIZE_MAX);
    xl_lot_free(lot);
    lot = xl_lot_new(&(struct xl_lot_options){.key = XL_KEY_NUMBER});
    xl_lot_add(lot, bench_table(two));
    xl_lot_add(lot, bench_table(one));
    assert_true(xl_lot_build(lot, NULL));
    assert_int_equal(xl_lot_tests(lot), 4);
    xl_lot_free(lot);
    bench_free(one);
    bench_free(two);
}

static void an_empty_lot(void **state)
{
    (void)state;
    struct xl_lot *lot = xl_lot_new(NULL);
    assert_true(xl_lot_build(lot, NULL));
    assert_int_equal(xl_lot_wafers(lot), 0);
    assert_int_equal(xl_yield_of(lot, XL_ALL_WAFERS).runs, 0);
    assert_int_equal(xl_yield_of(lot, 5).runs, 0);
    const struct xl_yield_row *rows;
    const struct xl_pareto_row *bins;
    const struct xl_disagreement *differ;
    assert_int_equal(xl_yield_sites(lot, XL_ALL_WAFERS, &rows), 0);
    assert_int_equal(xl_yield_zones(lot, XL_ALL_WAFERS, &rows), 0);
    assert_int_equal(xl_pareto_bins(lot, XL_ALL_WAFERS, false, &bins), 0);
    assert_int_equal(xl_pareto_first_fails(lot, XL_ALL_WAFERS, &bins), 0);
    assert_int_equal(xl_disagreements(lot, &differ), 0);
    assert_false(xl_stops_on_fail(lot));
    xl_lot_free(lot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks),
        cmocka_unit_test(by_id_flag_and_order),
        cmocka_unit_test(order_over_three_files),
        cmocka_unit_test(what_auto_becomes),
        cmocka_unit_test(unfinished_and_accounts),
        cmocka_unit_test(two_heads_one_wafer),
        cmocka_unit_test(the_same_file_twice),
        cmocka_unit_test(wafers_and_keys),
        cmocka_unit_test(tests_of_the_lot),
        cmocka_unit_test(an_empty_lot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
