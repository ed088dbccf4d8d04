/* filter_test.c: conditions and the runs they keep; bad conditions and where the error stands; random ones. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/wafer/table_test_helper.h"

static const struct xl_mark fails[] = {{.column = 1, .test_flag = XL_TEST_FAILED}};

/* Six runs of five dice: part_id a..f; (0,0) was run twice. */
static struct bench *sample(void)
{
    struct bench *b = bench_new("f.stdf", "W3");
    float no = bench_missing();
    bench_test(b, XL_TEST_PTR, 1000, "Icc \"cold\"", 0, 1);       /* column 0 */
    bench_test_pins(b, XL_TEST_PTR, 1000, "Icc hot", 0, 1, 1, 2); /* columns 1, 2 */
    bench_test_pins(b, XL_TEST_MPR, 7, "leak", 0, 1, 2, 1);       /* columns 3, 4 */
    bench_part(b, (struct bench_part){.x = 0, .y = 0, .hard_bin = 3, .soft_bin = 30, .flags = XL_PART_FAILED, .site = 1, .part_id = "a"},
               (float[]){0.25f, 1, 2, 10, 20});
    bench_part(b, (struct bench_part){.x = 1, .y = 0, .hard_bin = 1, .soft_bin = XL_NO_BIN, .site = 2, .part_id = "b", .test_ms = 50},
               (float[]){no, 3, no, 11, 21});
    bench_part(b,
               (struct bench_part){.x = 2,
                                   .y = -1,
                                   .hard_bin = 5,
                                   .soft_bin = 50,
                                   .flags = XL_PART_FAILED,
                                   .site = 1,
                                   .part_id = "c",
                                   .marks = fails,
                                   .mark_count = 1},
               (float[]){0.75f, no, no, no, 22});
    bench_part(b,
               (struct bench_part){.x = 0, .y = 0, .hard_bin = 1, .soft_bin = 10, .site = 2, .head = 1, .part_id = "d", .part_text = "x*y"},
               (float[]){no, no, no, no, no});
    bench_part(b,
               (struct bench_part){
                   .x = 9, .y = 9, .hard_bin = 9, .soft_bin = 90, .flags = XL_PART_FAILED | XL_PART_ABNORMAL, .site = 3, .part_id = "e"},
               NULL);
    bench_part(
        b, (struct bench_part){.x = BENCH_NO_XY, .y = BENCH_NO_XY, .hard_bin = 1, .soft_bin = 10, .site = 3, .part_id = "f\xe8\x8a\xaf"},
        (float[]){0.5f, no, no, no, no});
    return b;
}

/* The part_ids kept, in order of the table. */
static void kept(struct bench *b, const struct xl_filter *filter, char *out)
{
    struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){.filter = filter});
    xl_lot_add(lot, bench_table(b));
    struct xl_error error = {.code = ""};
    if (!xl_lot_build(lot, &error))
        fail_msg("%s: %s (%s)", error.code, error.message, error.place);
    const struct xl_wafer *w = xl_lot_wafer(lot, 0);
    bool has[6] = {false};
    for (size_t i = 0; i < w->run_count; i++)
        has[w->runs[i].at] = true;
    for (size_t i = 0; i < 6; i++)
        if (has[i])
            *out++ = (char)('a' + i);
    *out = '\0';
    assert_int_equal(w->account.filtered + w->run_count, 6);
    xl_lot_free(lot);
}

static void conditions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"true", "abcdef"},
        {"false", ""},
        {"passed", "bdf"},
        {"not passed", "ace"},
        {"failed", "ace"},
        {"abnormal", "e"},
        {"x = 0", "ad"},
        {"x != 0", "bce"}, /* f has no x: neither equal nor unequal */
        {"x is missing", "f"},
        {"x is not missing", "abcde"},
        {"not (x is missing)", "abcde"},
        {"x = 0 or true", "abcdef"},
        {"(x = 0) = true", "ad"},
        {"(x = 0) = false", "bce"},
        {"y < 0", "c"},
        {"y = -1 && x==+2", NULL},
        {"y = -1 && x==2", "c"},
        {"y = - - -1", "c"},
        {"bin in (3, 5)", "ac"},
        {"hard_bin in (3..9)", "ace"},
        {"hard_bin not in (1, 9)", "ac"},
        {"soft_bin in (10..10, 30)", "adf"},
        {"soft_bin is missing", "b"},
        {"site = 3 or site = 1", "acef"},
        {"site = 1 and x = 0 or site = 3", "aef"},
        {"site = 1 and (x = 0 or site = 3)", "a"},
        {"not site = 1 and not site = 2", "ef"},
        {"!passed || x = 1", "abce"},
        {"head = 1", "d"},
        {"t1000 = 0.25", "a"},
        {"t1000 = 3", "b"}, /* the first test has no result there, the second has */
        {"t1000[\"Icc hot\"] > 1", "ab"},
        {"t1000[\"Icc hot\"] = 2", "a"}, /* the last execution */
        {"t1000[\"Icc \\\"cold\\\"\"] < 1", "acf"},
        {"t1000['Icc \"cold\"'] < 1 and not (t1000 < 0.6)", "c"},
        {"T1000 < 1 AND PASSED", "f"},
        {"not (t1000 < 1)", "b"},
        {"t1000 is missing", "de"},
        {"test(1000) < 0.5", "a"},
        {"test(1000, \"Icc hot\") < 5", "ab"},
        {"test(\"leak\") < 100", "ab"},
        {"test(\"leak\", 1) < 100", "abc"},
        {"test(7, 1) = 20 + 2", "c"},
        {"test(7, \"leak\", 1) = 21", "b"},
        {"t7[1] >= 21", "bc"},
        {"t7[\"leak\"][1] >= 21", "bc"},
        {"t7[1] - t7[0] = 10", "ab"},
        {"t7[9] is missing", "abcdef"},
        {"failed(t1000)", "c"},
        {"failed(t1000[\"Icc hot\"]) and failed", "c"},
        {"failed ( test(\"leak\") )", ""},
        {"x * x + y * y <= 5", "abcd"},
        {"x * (x + y) = 2", "c"},
        {"10 - 4 - 3 = 3 and 24 / 4 / 2 = 3 and 2 + 3 * 4 = 14 and 7 % 4 = 3", "abcdef"},
        {"flags & 4 = 4", "e"},
        {"flags & 12 != 0 and hard_bin & 1 = 1", "ace"},
        {"1 / 0 > 5", "abcdef"},
        {"0 / 0 = 0 / 0", ""},
        {"run = 2", "d"},
        {"runs = 2", "ad"},
        {"run = 1 and runs = 1", "bcef"},
        {"test_ms < 100", "b"},
        {"test_ms is missing", "acdef"},
        {"part_id = \"a\"", "a"},
        {"part_id < 'c'", "ab"},
        {"part_id in ('a', \"e\", '')", "ae"},
        {"part_id not in ('a', \"e\")", "bcdf"},
        {"part_id ~ '?'", "abcde"},
        {"part_id ~ '*\xe8\x8a\xaf'", "f"},
        {"part_text = ''", "abcef"},
        {"part_text ~ 'x*y'", "d"},
        {"part_text ~ '*x*?*y***'", "d"},
        {"part_text ~ '*x*??y'", ""},
        {"wafer = 'W3' and lot = 'LOT' and sublot = '' and source ~ '*.stdf'", "abcdef"},
        {"tests >= 0 and touch = 0 and ordinal <= 1", "ab"},
        {" \t\nx\r= 0", "ad"},
        {"x=0and y=0", NULL},
        {".5e1=5", "abcdef"},
        {"x in (t1000 - 0.25, 1 + 1)", "ac"},
        {"x in (-1 .. 1)", "abd"},
    };
    struct bench *b = sample();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xl_error error = {.code = ""};
        struct xl_filter *filter = xl_filter_new(-1, -1, NULL, 0, cases[i][0], &error);
        if (!cases[i][1]) {
            assert_null(filter);
            continue;
        }
        if (!filter)
            fail_msg("\"%s\": %s (%s)", cases[i][0], error.message, error.place);
        char found[8];
        kept(b, filter, found);
        if (strcmp(found, cases[i][1]) != 0)
            fail_msg("\"%s\" keeps \"%s\", wanted \"%s\"", cases[i][0], found, cases[i][1]);
        xl_filter_free(filter);
    }
    bench_free(b);
}

static void heads_sites_and_bins(void **state)
{
    (void)state;
    struct bench *b = sample();
    char found[8];
    static const struct {
        int head, site;
        uint16_t bins[2];
        size_t bin_count;
        const char *where, *wanted;
    } cases[] = {
        {-1, -1, {0}, 0, NULL, "abcdef"}, {1, -1, {0}, 0, NULL, "d"},     {-1, 1, {0}, 0, NULL, "ac"},
        {-1, -1, {3, 9}, 2, NULL, "ae"},  {-1, 1, {3, 9}, 2, "x=0", "a"}, {0, 2, {1}, 1, NULL, "b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xl_filter *filter = xl_filter_new(cases[i].head, cases[i].site, cases[i].bins, cases[i].bin_count, cases[i].where, NULL);
        kept(b, filter, found);
        assert_string_equal(found, cases[i].wanted);
        xl_filter_free(filter);
    }
    bench_free(b);
}

static void check_error(const char *where, const char *code, const char *place)
{
    struct xl_error error = {.code = ""};
    struct xl_filter *filter = xl_filter_new(-1, -1, NULL, 0, where, &error);
    if (filter)
        fail_msg("\"%s\" parses", where);
    if (strcmp(error.code, code) != 0 || strcmp(error.place, place) != 0 || !*error.message)
        fail_msg("\"%s\": %s at %s (%s), wanted %s at %s", where, error.code, error.place, error.message, code, place);
}

static void errors(void **state)
{
    (void)state;
    check_error("", "filter_syntax", "column 1");
    check_error("x", "filter_type", "column 1");
    check_error("x =", "filter_syntax", "column 4");
    check_error("x = = 3", "filter_syntax", "column 5");
    check_error("x = 3 3", "filter_syntax", "column 7");
    check_error("x = 3 and", "filter_syntax", "column 10");
    check_error("(x = 3", "filter_syntax", "column 7");
    check_error("x = 3)", "filter_syntax", "column 6");
    check_error("x in 3", "filter_syntax", "column 6");
    check_error("x in ()", "filter_syntax", "column 7");
    check_error("x in (3", "filter_syntax", "column 8");
    check_error("x in (3,)", "filter_syntax", "column 9");
    check_error("x not 3", "filter_syntax", "column 7");
    check_error("x is 3", "filter_syntax", "column 6");
    check_error("x = 1.2.3", "filter_syntax", "column 8");
    check_error("x = 12a", "filter_syntax", "column 5");
    check_error("x = 1e999", "filter_syntax", "column 5");
    check_error("part_id = 'abc", "filter_syntax", "column 11");
    check_error("part_id = \"\xe8\x8a\xaf\" and \xe8\x8a\xaf", "filter_syntax", "column 19");
    check_error("x # 3", "filter_syntax", "column 3");
    check_error("volume > 3", "filter_unknown_name", "column 1");
    check_error("x = 3 and part_id = abc", "filter_unknown_name", "column 21");
    check_error("part_id = 3", "filter_type", "column 11");
    check_error("x = 'a'", "filter_type", "column 5");
    check_error("x in (1, 'a')", "filter_type", "column 10");
    check_error("part_id in (1)", "filter_type", "column 13");
    check_error("part_id + 1 = 2", "filter_type", "column 1");
    check_error("-part_id = 2", "filter_type", "column 1");
    check_error("x and y = 2", "filter_type", "column 1");
    check_error("y = 2 or x", "filter_type", "column 10");
    check_error("not x", "filter_type", "column 1");
    check_error("passed < failed", "filter_type", "column 1");
    check_error("passed in (true)", "filter_type", "column 1");
    check_error("x ~ y", "filter_type", "column 1");
    check_error("part_id is missing", "filter_type", "column 1");
    check_error("1 < x < 3", "filter_type", "column 7");
    check_error("t99999999999 > 1", "filter_syntax", "column 1");
    check_error("t1[ > 1", "filter_syntax", "column 5");
    check_error("t1['a'['b'] > 1", "filter_syntax", "column 7");
    check_error("test > 1", "filter_syntax", "column 6");
    check_error("test(x) > 1", "filter_syntax", "column 6");
    check_error("test(1.5) > 1", "filter_syntax", "column 6");
    check_error("failed(x)", "filter_syntax", "column 8");

    char long_one[2000];
    memset(long_one, '(', 1000);
    memset(long_one + 1000, 0, 1000);
    check_error(long_one, "filter_too_long", "column 65");
    memset(long_one, '!', 1000);
    check_error(long_one, "filter_too_long", "column 65");
    memset(long_one, '-', 1000);
    check_error(long_one, "filter_too_long", "column 65");
    char *most = memory_new(70000, 1);
    memset(most, ' ', 69999);
    check_error(most, "filter_too_long", "");
    size_t at = 0;
    for (int i = 0; i < 4000; i++, at += 9)
        memcpy(most + at, i ? " or x = 1" : "   x = 1 ", 10);
    struct xl_error error = {.code = ""};
    assert_null(xl_filter_new(-1, -1, NULL, 0, most, &error));
    assert_string_equal(error.code, "filter_too_long");
    most[9 * 1000] = '\0';
    struct xl_filter *thousand = xl_filter_new(-1, -1, NULL, 0, most, NULL);
    assert_non_null(thousand);
    xl_filter_free(thousand);
    free(most);

    /* A test that no table has: known when the lot is built. */
    static const struct {
        const char *where, *place;
    } unknown[] = {{"x = 1 or t12 > 3", "column 10"}, {"t1000['Icc'] > 3", "column 1"}, {"test('ICC HOT') > 3", "column 1"}};
    struct bench *b = sample();
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct xl_filter *filter = xl_filter_new(-1, -1, NULL, 0, unknown[i].where, NULL);
        struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){.filter = filter});
        error = (struct xl_error){.code = ""};
        xl_lot_add(lot, bench_table(b));
        assert_false(xl_lot_build(lot, &error));
        assert_string_equal(error.code, "filter_test_unknown");
        assert_string_equal(error.place, unknown[i].place);
        xl_lot_free(lot);
        xl_filter_free(filter);
    }
    bench_free(b);
}

/* Any sequence of words gives an answer or an error with a place; what parses runs. */
static void random_words(void **state)
{
    (void)state;
    static const char *const words[] = {"x",   "y",   "part_id", "passed", "t1000", "test(\"leak\")",
                                        "3",   "0.5", "'a'",     "(",      ")",     "and",
                                        "or",  "not", "=",       "<",      "!=",    "in",
                                        ",",   "..",  "+",       "-",      "*",     "&",
                                        "~",   "is",  "missing", "[",      "]",     "failed(t7)",
                                        "!",   "\"",  "'",       "\\",     "1e",    "true",
                                        "bin", "||",  "&&",      "/",      "%",     "failed"};
    struct bench *b = sample();
    uint64_t r = 7;
    unsigned parsed = 0;
    for (int round = 0; round < 30000; round++) {
        char text[400] = "", found[8];
        for (unsigned n = 1 + (unsigned)(r >> 60); n--;) {
            r = r * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            strncat(text, words[(r >> 33) % (sizeof words / sizeof *words)], sizeof text - strlen(text) - 1);
            strncat(text, " ", sizeof text - strlen(text) - 1);
        }
        struct xl_error error = {.code = ""};
        struct xl_filter *filter = xl_filter_new(-1, -1, NULL, 0, text, &error);
        if (!filter) {
            if (!*error.code || !*error.message || !*error.place)
                fail_msg("\"%s\": an error without code, message or place", text);
            continue;
        }
        parsed++;
        kept(b, filter, found);
        xl_filter_free(filter);
    }
    assert_true(parsed > 20);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(heads_sites_and_bins),
        cmocka_unit_test(errors),
        cmocka_unit_test(random_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
