/* loader_test.c: the part model, on streams made record by record and on real files. */
#include <xinlian/parts.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

/* ---- Streams ------------------------------------------------------------------------------------------------------ */

struct stream {
    struct text bytes;
    struct xl_record_writer r;
    uint8_t record[XL_RECORD_MOST];
    bool big_endian;
};

static void begin(struct stream *s, uint16_t type)
{
    xl_record_begin(&s->r, type, s->big_endian, s->record);
}

static void end(struct stream *s)
{
    text_add_bytes(&s->bytes, s->record, xl_record_end(&s->r));
}

static void start(struct stream *s, bool big_endian)
{
    *s = (struct stream){.big_endian = big_endian};
    text_init(&s->bytes, 1 << 26);
    begin(s, XL_FAR);
    xl_put_u1(&s->r, big_endian ? 1 : 2);
    xl_put_u1(&s->r, 4);
    end(s);
    begin(s, XL_MIR);
    xl_put_u4(&s->r, 1000);
    xl_put_u4(&s->r, 2000);
    xl_put_u1(&s->r, 1);
    xl_put_bytes(&s->r, "P  ", 3);
    xl_put_u2(&s->r, 65535);
    xl_put_bytes(&s->r, " ", 1);
    xl_put_cn(&s->r, "LOT7");
    xl_put_cn(&s->r, "XP100");
    xl_put_cn(&s->r, "node");
    xl_put_cn(&s->r, "type");
    xl_put_cn(&s->r, "job");
    end(s);
}

static void mrr(struct stream *s)
{
    begin(s, XL_PCR);
    xl_put_u1(&s->r, 255);
    xl_put_u1(&s->r, 0);
    xl_put_u4(&s->r, 0);
    end(s);
    begin(s, XL_MRR);
    xl_put_u4(&s->r, 3000);
    end(s);
}

static void pir(struct stream *s, int head, int site)
{
    begin(s, XL_PIR);
    xl_put_u1(&s->r, (uint8_t)head);
    xl_put_u1(&s->r, (uint8_t)site);
    end(s);
}

static void prr(struct stream *s, int head, int site, int flag, int bin, int x, int y, const char *id)
{
    begin(s, XL_PRR);
    xl_put_u1(&s->r, (uint8_t)head);
    xl_put_u1(&s->r, (uint8_t)site);
    xl_put_u1(&s->r, (uint8_t)flag);
    xl_put_u2(&s->r, 1);
    xl_put_u2(&s->r, (uint16_t)bin);
    xl_put_u2(&s->r, (uint16_t)bin);
    xl_put_u2(&s->r, (uint16_t)x);
    xl_put_u2(&s->r, (uint16_t)y);
    xl_put_u4(&s->r, 12);
    xl_put_cn(&s->r, id);
    end(s);
}

/* A PTR up to its text. */
static void ptr_open(struct stream *s, uint32_t number, int head, int site, int test_flag, int parm_flag, float value, const char *text)
{
    begin(s, XL_PTR);
    xl_put_u4(&s->r, number);
    xl_put_u1(&s->r, (uint8_t)head);
    xl_put_u1(&s->r, (uint8_t)site);
    xl_put_u1(&s->r, (uint8_t)test_flag);
    xl_put_u1(&s->r, (uint8_t)parm_flag);
    xl_put_r4(&s->r, value);
    xl_put_cn(&s->r, text);
}

static void ptr(struct stream *s, uint32_t number, int site, int test_flag, float value, const char *text)
{
    ptr_open(s, number, 1, site, test_flag, 0, value, text);
    end(s);
}

static void ptr_limits(struct stream *s, uint32_t number, int site, float value, const char *text, int opt, float low, float high)
{
    ptr_open(s, number, 1, site, 0, 0xc0, value, text);
    xl_put_cn(&s->r, "");
    xl_put_u1(&s->r, (uint8_t)opt);
    xl_put_u1(&s->r, 3);
    xl_put_u1(&s->r, 3);
    xl_put_u1(&s->r, 3);
    xl_put_r4(&s->r, low);
    xl_put_r4(&s->r, high);
    xl_put_cn(&s->r, "V ");
    xl_put_cn(&s->r, "%7.3f");
    end(s);
}

static void wir(struct stream *s, int head, const char *wafer)
{
    begin(s, XL_WIR);
    xl_put_u1(&s->r, (uint8_t)head);
    xl_put_u1(&s->r, 255);
    xl_put_u4(&s->r, 2500);
    xl_put_cn(&s->r, wafer);
    end(s);
}

static void wrr(struct stream *s, int head, uint32_t parts, const char *wafer)
{
    begin(s, XL_WRR);
    xl_put_u1(&s->r, (uint8_t)head);
    xl_put_u1(&s->r, 255);
    xl_put_u4(&s->r, 2600);
    xl_put_u4(&s->r, parts);
    for (int i = 0; i < 4; i++)
        xl_put_u4(&s->r, UINT32_MAX);
    xl_put_cn(&s->r, wafer);
    end(s);
}

static struct xl_tables *load_with(struct stream *s, const struct xl_load_options *options)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(s->bytes.data, s->bytes.length, "made.stdf", &error);
    assert_non_null(input);
    struct xl_tables *tables = xl_tables_load(input, options, &error);
    if (!tables)
        print_message("%s: %s (%s)\n", error.code, error.message, error.place);
    assert_non_null(tables);
    xl_input_free(input);
    return tables;
}

static struct xl_tables *load(struct stream *s)
{
    return load_with(s, &(struct xl_load_options){.key = XL_KEY_BOTH});
}

static void stop(struct stream *s, struct xl_tables *tables)
{
    xl_tables_free(tables);
    text_free(&s->bytes);
}

static float value_at(const struct xl_table *t, uint64_t row, uint32_t column)
{
    size_t group;
    uint32_t at;
    xl_table_locate(t, row, &group, &at);
    const float *values = t->groups[group].values[column];
    uint32_t missing = XL_MISSING_BITS;
    float none;
    memcpy(&none, &missing, sizeof none);
    return values ? values[at] : none;
}

static uint64_t found(const struct xl_tables *t, enum xl_finding_kind kind)
{
    return xl_findings_count(t->findings, kind);
}

/* ---- Parts -------------------------------------------------------------------------------------------------------- */

/* Two sites interleaved; the second is done first. Both byte orders say the same. */
static void sites_interleave(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct stream s;
        start(&s, big);
        pir(&s, 1, 0);
        pir(&s, 1, 1);
        ptr(&s, 10, 0, 0, 1.5f, "Vdd");
        ptr(&s, 10, 1, 0, 2.5f, "Vdd");
        ptr(&s, 11, 0, 0x80, 3.5f, "Idd");
        ptr(&s, 11, 1, 0, 4.5f, "Idd");
        prr(&s, 1, 1, 0, 1, 5, -6, "b");
        prr(&s, 1, 0, 8, 7, -7, 8, "a");
        mrr(&s);
        struct xl_tables *t = load(&s);
        assert_int_equal(t->count, 1);
        const struct xl_table *table = t->at[0];
        assert_int_equal(table->rows, 2);
        assert_int_equal(table->test_count, 2);
        assert_int_equal(table->column_count, 2);
        assert_string_equal(table->lot, "LOT7");
        assert_string_equal(table->product, "XP100");
        assert_int_equal(table->finish_time, 3000);
        assert_int_equal(table->big_endian, big);
        const struct xl_part_group *g = &table->groups[0];
        assert_int_equal(g->site[0], 1);
        assert_int_equal(g->x[0], 5);
        assert_int_equal(g->y[0], -6);
        assert_int_equal(g->x[1], -7);
        assert_int_equal(g->hard_bin[1], 7);
        assert_int_equal(g->touch[0], 0);
        assert_int_equal(g->touch[1], 0);
        assert_int_equal(g->executed[1], 2);
        assert_int_equal(g->first_fail[0], -1);
        assert_int_equal(g->first_fail[1], 1);
        assert_memory_equal(g->part_id[1].bytes, "a", 1);
        assert_float_equal(value_at(table, 0, 0), 2.5f, 0);
        assert_float_equal(value_at(table, 1, 0), 1.5f, 0);
        assert_float_equal(value_at(table, 1, 1), 3.5f, 0);
        assert_int_equal(g->marks[1].length, sizeof(struct xl_mark));
        struct xl_mark mark;
        memcpy(&mark, g->marks[1].bytes, sizeof mark);
        assert_int_equal(mark.column, 1);
        assert_int_equal(mark.test_flag, 0x80);
        assert_false(mark.is_excluded);
        assert_true(xl_part_passed(table, g, 0, NULL, 0, NULL));
        assert_false(xl_part_passed(table, g, 1, NULL, 0, NULL));
        uint16_t seven = 7;
        assert_true(xl_part_passed(table, g, 1, &seven, 1, NULL));
        stop(&s, t);
    }
}

static void executions_are_kept(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    pir(&s, 1, 0);
    for (int i = 0; i < 5; i++)
        ptr(&s, 10, 0, 0, (float)i, "trim");
    prr(&s, 1, 0, 0, 1, 0, 0, "1");
    pir(&s, 1, 0);
    ptr(&s, 10, 0, 0, 9, "trim");
    prr(&s, 1, 0, 0, 1, 0, 0, "2");
    mrr(&s);
    struct xl_tables *t = load(&s);
    const struct xl_table *table = t->at[0];
    assert_int_equal(table->test_count, 1);
    assert_int_equal(table->column_count, 5);
    assert_int_equal(table->tests[0].column_count, 5);
    assert_int_equal(table->tests[0].executed, 6);
    for (uint32_t c = 0; c < 5; c++) {
        assert_int_equal(table->columns[table->tests[0].columns[c]].execution, c);
        assert_float_equal(value_at(table, 0, table->tests[0].columns[c]), (float)c, 0);
        assert_int_equal(xl_is_missing(value_at(table, 1, table->tests[0].columns[c])), c > 0);
    }
    assert_int_equal(found(t, XL_FINDING_TEST_REPEATED), 1);
    stop(&s, t);
}

/* A result that its flags call invalid is in the marks, not in the column; a NaN result is told from a missing one. */
static void flagged_results_are_excluded(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    static const int flags[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20};
    uint32_t ones = UINT32_MAX;
    float all_ones;
    memcpy(&all_ones, &ones, 4);
    for (size_t i = 0; i < 6; i++) {
        pir(&s, 1, 0);
        ptr(&s, 10, 0, flags[i], 1, "a");
        ptr_open(&s, 11, 1, 0, 0, 1 << (i % 3), 2, "b");
        end(&s);
        ptr(&s, 12, 0, 0, all_ones, "c");
        ptr(&s, 13, 0, 0x40, 4, "d");
        prr(&s, 1, 0, 0, 1, 0, 0, "");
    }
    mrr(&s);
    struct xl_tables *t = load(&s);
    const struct xl_table *table = t->at[0];
    assert_int_equal(table->column_count, 4);
    uint32_t a = UINT32_MAX, c = 0, d = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t number = table->tests[table->columns[i].test].number;
        a = number == 10 ? i : a;
        c = number == 12 ? i : c;
        d = number == 13 ? i : d;
    }
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(xl_is_missing(value_at(table, i, a)));
        float value = value_at(table, i, c);
        assert_false(xl_is_missing(value));
        assert_true(isnan(value));
        assert_float_equal(value_at(table, i, d), 4, 0);
        assert_int_equal(table->groups[0].marks[i].length, 3 * sizeof(struct xl_mark));
        struct xl_mark mark;
        memcpy(&mark, table->groups[0].marks[i].bytes, sizeof mark);
        assert_int_equal(mark.column, a);
        assert_true(mark.is_excluded);
        assert_float_equal(mark.value, 1, 0);
    }
    assert_int_equal(found(t, XL_FINDING_RESULT_EXCLUDED), 12);
    assert_int_equal(found(t, XL_FINDING_RESULT_NOT_FINITE), 6);
    stop(&s, t);
}

/* One number with several names, and records without a name. */
static void names_tell_tests_apart(void **state)
{
    (void)state;
    static const struct {
        enum xl_test_key key;
        size_t tests;
    } cases[] = {{XL_KEY_BOTH, 3}, {XL_KEY_NUMBER, 2}, {XL_KEY_NAME, 2}};
    for (size_t i = 0; i < 3; i++) {
        struct stream s;
        start(&s, false);
        for (int part = 0; part < 2; part++) {
            pir(&s, 1, 0);
            ptr(&s, 10, 0, 0, 1, part ? "" : "alpha");
            ptr(&s, 10, 0, 0, 2, "beta\n");
            ptr(&s, 11, 0, 0, 3, "alpha");
            prr(&s, 1, 0, 0, 1, 0, 0, "");
        }
        mrr(&s);
        struct xl_tables *t = load_with(&s, &(struct xl_load_options){.key = cases[i].key});
        const struct xl_table *table = t->at[0];
        assert_int_equal(table->test_count, cases[i].tests);
        if (cases[i].key == XL_KEY_BOTH) {
            assert_string_equal(table->tests[1].name, "beta");
            assert_int_equal(table->tests[0].executed, 2); /* the nameless one joined the first of its number */
            assert_true(found(t, XL_FINDING_SEVERAL_NAMES) > 0);
        } else {
            assert_int_equal(table->tests[0].executed, 4);
        }
        stop(&s, t);
    }
}

static void empty_name_first_then_named(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    pir(&s, 1, 0);
    ptr(&s, 10, 0, 0, 1, "");
    prr(&s, 1, 0, 0, 1, 0, 0, "");
    pir(&s, 1, 0);
    ptr(&s, 10, 0, 0, 2, "late");
    prr(&s, 1, 0, 0, 1, 0, 0, "");
    mrr(&s);
    struct xl_tables *t = load(&s);
    assert_int_equal(t->at[0]->test_count, 1);
    assert_string_equal(t->at[0]->tests[0].name, "late");
    assert_int_equal(t->at[0]->tests[0].executed, 2);
    stop(&s, t);
}

/* ---- Limits ------------------------------------------------------------------------------------------------------- */

static void limits_and_defaults(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    pir(&s, 1, 0);
    ptr_limits(&s, 1, 0, 1, "both", 0x0e, -1, 2);
    ptr_limits(&s, 2, 0, 1, "no high", 0x8e, -1, 2);
    ptr_limits(&s, 3, 0, 1, "fields invalid", 0x3f, -51, -51);
    ptr(&s, 4, 0, 0, 1, "never said");
    ptr_limits(&s, 5, 0, 1, "reversed", 0x0e, 2, -1);
    ptr_limits(&s, 1, 0, 1, "both", 0x0e, -1, 3);  /* other limits, for this record only */
    ptr_limits(&s, 1, 0, 1, "both", 0x3e, 70, 80); /* bits 4 and 5: the defaults */
    ptr(&s, 1, 0, 0, 5, "both");                   /* outside the default limits, passed */
    prr(&s, 1, 0, 0, 1, 0, 0, "");
    mrr(&s);
    struct xl_tables *t = load(&s);
    const struct xl_test *tests = t->at[0]->tests;
    assert_true(tests[0].limits_known);
    assert_float_equal(tests[0].low, -1, 0);
    assert_float_equal(tests[0].high, 2, 0);
    assert_true(tests[0].low_inclusive && tests[0].high_inclusive);
    assert_string_equal(tests[0].units, "V");
    assert_string_equal(tests[0].result_format, "%7.3f");
    assert_int_equal(tests[0].result_scale, 3);
    assert_int_equal(tests[0].change_count, 1);
    assert_float_equal(tests[0].changes[0].high, 3, 0);
    assert_int_equal(tests[0].changes[0].results, 1);
    assert_true(tests[1].limits_known && isnan(tests[1].high));
    assert_float_equal(tests[1].low, -1, 0);
    assert_false(tests[2].limits_known);
    assert_true(isnan(tests[2].low) && isnan(tests[2].high));
    assert_int_equal(tests[2].result_scale, 0); /* 3, but called invalid */
    assert_false(tests[3].limits_known);
    assert_int_equal(found(t, XL_FINDING_LIMITS_CHANGED), 1);
    assert_int_equal(found(t, XL_FINDING_LIMITS_UNKNOWN), 2);
    assert_int_equal(found(t, XL_FINDING_LIMITS_REVERSED), 1);
    assert_true(found(t, XL_FINDING_FIELD_INVALID) >= 1);
    assert_true(found(t, XL_FINDING_LIMITS_DISAGREE) >= 1);
    assert_true(found(t, XL_FINDING_DEFAULT_TAKEN) >= 1);
    stop(&s, t);
}

/* A PTR outside any part, not executed and without PARM_FLG, only carries defaults. */
static void defaults_without_a_part(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    begin(&s, XL_PTR);
    xl_put_u4(&s.r, 1);
    xl_put_u1(&s.r, 1);
    xl_put_u1(&s.r, 0);
    xl_put_u1(&s.r, 0x10);
    xl_put_u1(&s.r, 0);
    xl_put_r4(&s.r, 0);
    xl_put_cn(&s.r, "v");
    xl_put_cn(&s.r, "");
    xl_put_u1(&s.r, 0x0e);
    for (int i = 0; i < 3; i++)
        xl_put_u1(&s.r, 0);
    xl_put_r4(&s.r, 1);
    xl_put_r4(&s.r, 2);
    end(&s);
    pir(&s, 1, 0);
    ptr(&s, 1, 0, 0, 1.5f, "v");
    prr(&s, 1, 0, 0, 1, 0, 0, "");
    mrr(&s);
    struct xl_tables *t = load(&s);
    assert_float_equal(t->at[0]->tests[0].high, 2, 0);
    assert_int_equal(found(t, XL_FINDING_TEST_OUTSIDE_PART), 0);
    stop(&s, t);
}

/* ---- Pins, functions, scan ---------------------------------------------------------------------------------------- */

static void pins_are_columns(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    for (int i = 0; i < 2; i++) {
        begin(&s, XL_PMR);
        xl_put_u2(&s.r, (uint16_t)(21 + i));
        xl_put_u2(&s.r, 0);
        xl_put_cn(&s.r, "ch");
        xl_put_cn(&s.r, i ? "" : "P21");
        xl_put_cn(&s.r, i ? "" : "PA0");
        end(&s);
    }
    for (int part = 0; part < 2; part++) {
        pir(&s, 1, 0);
        begin(&s, XL_MPR);
        xl_put_u4(&s.r, 30);
        xl_put_u1(&s.r, 1);
        xl_put_u1(&s.r, 0);
        xl_put_u1(&s.r, part ? 0x80 : 0);
        xl_put_u1(&s.r, 0);
        xl_put_u2(&s.r, 2);
        xl_put_u2(&s.r, 2);
        xl_put_u1(&s.r, 0x10);
        xl_put_r4(&s.r, 0.5f);
        xl_put_r4(&s.r, part ? 7.5f : 0.25f);
        xl_put_cn(&s.r, "leak");
        if (!part) {
            xl_put_cn(&s.r, "");
            xl_put_u1(&s.r, 0x0e);
            for (int i = 0; i < 3; i++)
                xl_put_u1(&s.r, 9);
            xl_put_r4(&s.r, 0);
            xl_put_r4(&s.r, 1);
            xl_put_r4(&s.r, 0);
            xl_put_r4(&s.r, 0);
            xl_put_u2(&s.r, 21);
            xl_put_u2(&s.r, 22);
            xl_put_cn(&s.r, "A");
        }
        end(&s);
        prr(&s, 1, 0, part ? 8 : 0, 1, 0, 0, "");
    }
    mrr(&s);
    struct xl_tables *t = load(&s);
    const struct xl_table *table = t->at[0];
    assert_int_equal(table->column_count, 2);
    assert_int_equal(table->columns[0].pin_index, 21);
    assert_string_equal(table->columns[0].pin_name, "PA0");
    assert_string_equal(table->columns[1].pin_name, "ch");
    assert_string_equal(table->tests[0].units, "A");
    assert_float_equal(table->tests[0].high, 1, 0);
    assert_float_equal(value_at(table, 1, 1), 7.5f, 0);
    assert_int_equal(table->groups[0].first_fail[1], 1); /* the pin outside the limits */
    char **names = xl_column_names(table);
    assert_string_equal(names[0], "M30_leak[0:PA0]");
    free(names);
    stop(&s, t);
}

static void verdicts_are_numbers(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    static const int flags[] = {0, 0x80, 0x40, 0x20};
    for (int i = 0; i < 4; i++) {
        pir(&s, 1, 0);
        begin(&s, XL_FTR); /* cut after TEST_FLG: all the rest missing */
        xl_put_u4(&s.r, 40);
        xl_put_u1(&s.r, 1);
        xl_put_u1(&s.r, 0);
        xl_put_u1(&s.r, (uint8_t)flags[i]);
        end(&s);
        for (int k = 0; k < 2; k++) { /* one execution in two records */
            begin(&s, XL_STR);
            xl_put_u1(&s.r, k == 0);
            xl_put_u4(&s.r, 50);
            xl_put_u1(&s.r, 1);
            xl_put_u1(&s.r, 0);
            xl_put_u2(&s.r, 1);
            xl_put_u1(&s.r, (uint8_t)flags[i]);
            xl_put_cn(&s.r, "");
            xl_put_cn(&s.r, "scan");
            end(&s);
        }
        prr(&s, 1, 0, 0, 1, 0, 0, "");
    }
    mrr(&s);
    struct xl_tables *t = load(&s);
    const struct xl_table *table = t->at[0];
    assert_int_equal(table->column_count, 2);
    assert_int_equal(table->tests[1].executed, 4);
    for (uint32_t c = 0; c < 2; c++) {
        assert_float_equal(value_at(table, 0, c), 0, 0);
        assert_float_equal(value_at(table, 1, c), 1, 0);
        assert_true(xl_is_missing(value_at(table, 2, c)));
        assert_true(xl_is_missing(value_at(table, 3, c)));
    }
    stop(&s, t);
}

/* ---- Order -------------------------------------------------------------------------------------------------------- */

static void broken_order(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    ptr(&s, 1, 0, 0, 1, "v"); /* outside: a PIR follows on its site */
    ptr(&s, 1, 3, 0, 7, "v"); /* outside too, but a PRR follows: its own */
    prr(&s, 1, 3, 0, 1, 9, 9, "no PIR");
    pir(&s, 1, 0);
    ptr(&s, 1, 0, 0, 1, "v");
    pir(&s, 1, 0); /* the one before was aborted */
    ptr(&s, 1, 0, 0, 2, "v");
    prr(&s, 1, 0, 0, 1, 0, 0, "");
    pir(&s, 1, 2); /* never closed */
    ptr(&s, 1, 2, 0, 3, "v");
    struct xl_tables *t = load(&s);
    const struct xl_table *table = t->at[0];
    assert_int_equal(table->rows, 5);
    static const int32_t expected[] = {XL_PART_NO_PIR, XL_PART_UNFINISHED | XL_PART_OUTSIDE, XL_PART_UNFINISHED | XL_PART_ABNORMAL, 0,
                                       XL_PART_UNFINISHED | XL_PART_ABNORMAL};
    static const float values[] = {7, 1, 1, 2, 3};
    static const int32_t ordinals[] = {0, -1, 1, 2, 3};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(table->groups[0].flags[i], expected[i]);
        assert_int_equal(table->groups[0].ordinal[i], ordinals[i]);
        assert_float_equal(value_at(table, i, table->tests[0].columns[0]), values[i], 0);
        assert_int_equal(xl_part_passed(table, &table->groups[0], i, NULL, 0, NULL), !(expected[i] & XL_PART_UNFINISHED));
    }
    assert_int_equal(found(t, XL_FINDING_TEST_OUTSIDE_PART), 2);
    assert_int_equal(found(t, XL_FINDING_PART_WITHOUT_PIR), 1);
    assert_int_equal(found(t, XL_FINDING_PART_REOPENED), 1);
    assert_int_equal(found(t, XL_FINDING_PART_NOT_CLOSED), 1);
    assert_int_equal(found(t, XL_FINDING_NO_MRR), 1);
    assert_int_equal(found(t, XL_FINDING_NO_PCR), 1);
    stop(&s, t);
}

/* Two heads with a wafer each, open together; then a wafer whose WIR is missing; then parts of no wafer. */
static void wafers_by_head(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    wir(&s, 1, "W1");
    wir(&s, 2, "W2-early");
    for (int head = 1; head <= 2; head++) {
        pir(&s, head, 0);
        ptr_open(&s, 1, head, 0, 0, 0, (float)head, "v");
        end(&s);
    }
    prr(&s, 2, 0, 0, 1, 2, 2, "");
    prr(&s, 1, 0, 0, 1, 1, 1, "");
    wrr(&s, 2, 1, "W2"); /* supersedes WIR's name */
    wrr(&s, 1, 5, "");   /* a count that disagrees */
    pir(&s, 1, 0);
    prr(&s, 1, 0, 0, 1, 3, 3, "");
    wrr(&s, 1, 1, "W3");
    pir(&s, 1, 0);
    prr(&s, 1, 0, 0, 1, 4, 4, "");
    mrr(&s);
    struct xl_tables *t = load(&s);
    assert_int_equal(t->count, 4);
    static const char *const names[] = {"W1", "W2", "W3", ""};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(t->at[i]->wafer, names[i]);
        assert_int_equal(t->at[i]->rows, 1);
        assert_int_equal(t->at[i]->groups[0].x[0], i + 1);
        assert_int_equal(t->at[i]->is_wafer, i < 3);
    }
    assert_float_equal(value_at(t->at[1], 0, 0), 2, 0);
    assert_int_equal(t->at[2]->column_count, 0);
    assert_true(t->at[0]->has_wrr);
    assert_int_equal(t->at[0]->wrr.parts, 5);
    assert_int_equal(found(t, XL_FINDING_WAFER_WITHOUT_WIR), 1);
    assert_true(found(t, XL_FINDING_COUNT_DISAGREES) >= 1);
    stop(&s, t);
}

/* Small groups hold the same as one large one; later groups know more columns. */
static void groups_are_bounded(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    for (int part = 0; part < 1000; part++) {
        pir(&s, 1, 0);
        for (uint32_t test = 0; test < 20u + (uint32_t)part / 100; test++)
            ptr(&s, test, 0, 0, (float)part * 100 + (float)test, "t");
        prr(&s, 1, 0, 0, 1, part, 0, "");
    }
    mrr(&s);
    struct xl_tables *one = load(&s);
    struct xl_tables *many = load_with(&s, &(struct xl_load_options){.group_bytes = 4096});
    assert_int_equal(one->at[0]->group_count, 1);
    assert_true(many->at[0]->group_count > 3);
    assert_int_equal(one->at[0]->rows, 1000);
    assert_int_equal(many->at[0]->rows, 1000);
    assert_int_equal(one->at[0]->column_count, many->at[0]->column_count);
    for (uint32_t row = 0; row < 1000; row++)
        for (uint32_t c = 0; c < one->at[0]->column_count; c++) {
            float a = value_at(one->at[0], row, c), b = value_at(many->at[0], row, c);
            assert_memory_equal(&a, &b, 4);
            uint32_t test = one->at[0]->tests[one->at[0]->columns[c].test].number;
            if (test < 20u + row / 100)
                assert_float_equal(a, (float)row * 100 + (float)test, 0);
            else
                assert_true(xl_is_missing(a));
        }
    xl_tables_free(many);
    stop(&s, one);
}

/* Names that differ only in case get numbers, and stay unique. */
static void names_of_columns_are_unique(void **state)
{
    (void)state;
    struct stream s;
    start(&s, false);
    pir(&s, 1, 0);
    static const char *const names[] = {"Icc", "ICC", "icc~1", "iCC"};
    for (int i = 0; i < 4; i++)
        ptr(&s, 1, 0, 0, 1, names[i]);
    prr(&s, 1, 0, 0, 1, 0, 0, "");
    mrr(&s);
    struct xl_tables *t = load(&s);
    char **unique = xl_column_names(t->at[0]);
    for (uint32_t a = 0; a < t->at[0]->column_count; a++)
        for (uint32_t b = 0; b < a; b++)
            assert_true(strcasecmp(unique[a], unique[b]) != 0);
    assert_int_equal(t->at[0]->column_count, 4);
    assert_string_equal(unique[0], "P1_Icc");
    free(unique);
    stop(&s, t);
}

/* ATDF loads as STDF does. */
static void atdf_loads(void **state)
{
    (void)state;
    static const char atdf[] = "FAR:A|4|2|U\nMIR:LOT9|XP1|job|node|type|10:00:00 01-JAN-2026|10:00:01 01-JAN-2026|op|P|1\nPIR:1|0\n"
                               "PTR:7|1|0|1.25|P||vref|||V|1|2\nPRR:1|0|12|1|P|1|1|3|-4\nMRR:10:00:09 01-JAN-2026\n";
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(atdf, sizeof atdf - 1, "made.atdf", &error);
    struct xl_tables *t = xl_tables_load(input, &(struct xl_load_options){.key = XL_KEY_BOTH}, &error);
    if (!t)
        print_message("%s: %s (%s)\n", error.code, error.message, error.place);
    assert_non_null(t);
    const struct xl_table *table = t->at[0];
    assert_string_equal(table->lot, "LOT9");
    assert_int_equal(table->rows, 1);
    assert_int_equal(table->groups[0].y[0], -4);
    assert_string_equal(table->tests[0].name, "vref");
    assert_float_equal(table->tests[0].high, 2, 0);
    assert_float_equal(value_at(table, 0, 0), 1.25f, 0);
    xl_tables_free(t);
    xl_input_free(input);
}

/* ---- Real files --------------------------------------------------------------------------------------------------- */

static int pair_order(const void *a, const void *b)
{
    return memcmp(a, b, 2 * sizeof(int32_t));
}

/* Part runs and distinct XY of every wafer of a file; what does not exist here is skipped. */
static void count_real(const char *name, uint64_t runs, uint64_t distinct, size_t wafers)
{
    char path[1024];
    const char *folder = getenv("XINLIAN_DATA");
    snprintf(path, sizeof path, "%s/stdf/%s", folder ? folder : "../shared/data", name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not here\n", name);
        skip();
    }
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_open(path, &error);
    assert_non_null(input);
    struct xl_tables *t = xl_tables_load(input, &(struct xl_load_options){.key = XL_KEY_BOTH}, &error);
    if (!t)
        print_message("%s: %s\n", error.code, error.message);
    assert_non_null(t);
    uint64_t rows = 0, places = 0;
    for (size_t i = 0; i < t->count; i++)
        rows += t->at[i]->rows;
    int32_t(*xy)[2] = calloc(rows + 1, sizeof *xy);
    size_t at = 0;
    for (size_t i = 0; i < t->count; i++)
        for (size_t g = 0; g < t->at[i]->group_count; g++)
            for (uint32_t r = 0; r < t->at[i]->groups[g].rows; r++, at++) {
                xy[at][0] = t->at[i]->groups[g].x[r];
                xy[at][1] = t->at[i]->groups[g].y[r];
            }
    qsort(xy, rows, sizeof *xy, pair_order);
    for (size_t i = 0; i < rows; i++)
        places += i == 0 || memcmp(xy[i], xy[i - 1], sizeof *xy) != 0;
    free(xy);
    assert_int_equal(rows, runs);
    assert_int_equal(places, distinct);
    assert_int_equal(t->count, wafers);
    xl_tables_free(t);
    xl_input_free(input);
}

static void real_lot3(void **state)
{
    (void)state;
    count_real("lot3.stdf.bz2", 1619, 1456, 1);
}

static void real_lot2(void **state)
{
    (void)state;
    count_real("lot2.stdf.gz", 1569, 1456, 1);
}

static void real_a595(void **state)
{
    (void)state;
    count_real("a595.stdf.gz", 336, 112, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_interleave),
        cmocka_unit_test(executions_are_kept),
        cmocka_unit_test(flagged_results_are_excluded),
        cmocka_unit_test(names_tell_tests_apart),
        cmocka_unit_test(empty_name_first_then_named),
        cmocka_unit_test(limits_and_defaults),
        cmocka_unit_test(defaults_without_a_part),
        cmocka_unit_test(pins_are_columns),
        cmocka_unit_test(verdicts_are_numbers),
        cmocka_unit_test(broken_order),
        cmocka_unit_test(wafers_by_head),
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(names_of_columns_are_unique),
        cmocka_unit_test(atdf_loads),
        cmocka_unit_test(real_lot3),
        cmocka_unit_test(real_lot2),
        cmocka_unit_test(real_a595),
    };
    return cmocka_run_group_tests_name("stdf-loader", tests, NULL, NULL);
}
