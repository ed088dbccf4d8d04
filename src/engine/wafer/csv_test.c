/* csv_test.c: tables written as CSV and read back; cells that spreadsheets would spoil; damaged texts; order whatever the threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/out.h"
#include "base/text.h"
#include "engine/wafer/csv.h"
#include "engine/wafer/random_table.h"

static struct text csv_of(const struct xl_table *const *tables, size_t count, const struct xl_csv_options *options)
{
    struct text text;
    struct xl_error error = {0};
    text_init(&text, 1 << 30);
    if (!xl_csv_write(tables, count, options, sink_text(&text), &error))
        fail_msg("%s: %s", error.code, error.message);
    return text;
}

static bool same_bytes(const struct xl_bytes *a, const struct xl_bytes *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_limit(float a, float b)
{
    return same_float(a, b) || (isnan(a) && isnan(b));
}

static float cell(const struct xl_table *table, uint64_t row, uint32_t column)
{
    size_t group;
    uint32_t at;
    float missing;
    memcpy(&missing, &(const uint32_t){XL_MISSING_BITS}, sizeof missing);
    xl_table_locate(table, row, &group, &at);
    return table->groups[group].values[column] ? table->groups[group].values[column][at] : missing;
}

/* What a wide CSV carries; the columns stand in the same order. */
static void check_same(const struct xl_table *a, const struct xl_table *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->column_count, b->column_count);
    assert_string_equal(a->lot, b->lot);
    assert_string_equal(a->sublot, b->sublot);
    assert_string_equal(a->wafer, b->wafer);
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->is_wafer, b->is_wafer);
    for (uint32_t c = 0; c < a->column_count; c++) {
        const struct xl_column *x = &a->columns[c], *y = &b->columns[c];
        const struct xl_test *t = &a->tests[x->test], *u = &b->tests[y->test];
        assert_int_equal(x->pin, y->pin);
        assert_int_equal(x->pin_index, y->pin_index);
        assert_string_equal(x->pin_name, y->pin_name);
        assert_int_equal(x->execution, y->execution);
        assert_int_equal(t->kind, u->kind);
        assert_int_equal(t->number, u->number);
        assert_string_equal(t->name, u->name);
        assert_string_equal(t->units, u->units);
        assert_string_equal(t->result_format, u->result_format);
        assert_int_equal(t->result_scale, u->result_scale);
        assert_int_equal(t->low_scale, u->low_scale);
        assert_int_equal(t->high_scale, u->high_scale);
        assert_int_equal(t->limits_known, u->limits_known);
        assert_int_equal(t->low_inclusive, u->low_inclusive);
        assert_int_equal(t->high_inclusive, u->high_inclusive);
        assert_int_equal(t->executed, u->executed);
        assert_true(same_limit(t->low, u->low) && same_limit(t->high, u->high));
        assert_true(same_limit(t->low_spec, u->low_spec) && same_limit(t->high_spec, u->high_spec));
    }
    for (uint64_t row = 0; row < a->rows; row++) {
        size_t g, h;
        uint32_t i, j;
        xl_table_locate(a, row, &g, &i);
        xl_table_locate(b, row, &h, &j);
        const struct xl_part_group *p = &a->groups[g], *q = &b->groups[h];
#define SAME(name) assert_int_equal(p->name[i], q->name[j])
        SAME(ordinal);
        SAME(head);
        SAME(site);
        SAME(x);
        SAME(y);
        SAME(hard_bin);
        SAME(soft_bin);
        SAME(flags);
        SAME(tests);
        SAME(executed);
        SAME(test_ms);
        SAME(touch);
        SAME(first_fail);
        SAME(begin);
        SAME(end);
#undef SAME
        assert_true(same_bytes(&p->part_id[i], &q->part_id[j]));
        assert_true(same_bytes(&p->part_text[i], &q->part_text[j]));
        assert_int_equal(p->marks[i].length, q->marks[j].length);
        for (uint32_t m = 0; m < p->marks[i].length; m += (uint32_t)sizeof(struct xl_mark)) {
            struct xl_mark x, y;
            memcpy(&x, p->marks[i].bytes + m, sizeof x);
            memcpy(&y, q->marks[j].bytes + m, sizeof y);
            assert_true(x.column == y.column && x.test_flag == y.test_flag && x.parm_flag == y.parm_flag && x.is_excluded == y.is_excluded);
            assert_true(same_float(x.value, y.value));
        }
        for (uint32_t c = 0; c < a->column_count; c++)
            if (!same_float(cell(a, row, c), cell(b, row, c)))
                fail_msg("row %d column %u: %g is not %g", (int)row, c, (double)cell(a, row, c), (double)cell(b, row, c));
    }
}

static void writes_and_reads(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct arena *arena = arena_new();
        const struct xl_table *table = random_table(
            arena,
            &(struct random_table_options){
                .seed = seed, .tests = (uint32_t)seed % 19, .groups = 1 + (uint32_t)seed % 4, .rows = 60, .is_plain = seed % 5 == 0});
        const struct xl_csv_options options = {.excel = seed % 2, .threads = 1 + (unsigned)seed % 3};
        struct text text = csv_of(&table, 1, &options);
        struct xl_error error = {0};
        struct xl_tables *read = xl_csv_load(text.data, text.length, &error);
        if (!read)
            fail_msg("seed %d: %s: %s", (int)seed, error.code, error.message);
        if (table->rows) {
            assert_int_equal(read->count, 1);
            check_same(table, read->at[0]);
        }
        xl_tables_free(read);
        text_free(&text);
        xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
        arena_free(arena);
    }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    for (int shape = XL_CSV_WIDE; shape <= XL_CSV_LONG; shape++) {
        struct arena *arena = arena_new();
        const struct xl_table *table =
            random_table(arena, &(struct random_table_options){.seed = 5, .tests = 300, .groups = 3, .rows = 900, .is_plain = true});
        struct text one = csv_of(&table, 1, &(struct xl_csv_options){.shape = (enum xl_csv_shape)shape, .threads = 1});
        for (unsigned threads = 2; threads <= 7; threads++) {
            struct text many = csv_of(&table, 1, &(struct xl_csv_options){.shape = (enum xl_csv_shape)shape, .threads = threads});
            assert_int_equal(one.length, many.length);
            assert_memory_equal(one.data, many.data, one.length);
            text_free(&many);
        }
        text_free(&one);
        xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
        arena_free(arena);
    }
}

/* ---- A table made by hand ------------------------------------------------------------------------------------------ */

static struct xl_table by_hand(const char *part_id, const char *test_name, const float *values)
{
    static struct xl_test test;
    static struct xl_column column;
    static struct xl_part_group group;
    static const uint32_t columns[] = {0};
    static int32_t ordinal, head, site, x, y, hard_bin, soft_bin, flags, tests, executed, touch, first_fail;
    static int64_t test_ms, begin, end;
    static struct xl_bytes id, part_text, marks;
    static const float *list[1];
    test = (struct xl_test){.kind = XL_TEST_PTR,
                            .number = 1000,
                            .name = test_name,
                            .units = "V",
                            .result_format = "%7.3f",
                            .limits_known = true,
                            .low = 0.1F,
                            .high = NAN,
                            .low_spec = NAN,
                            .high_spec = NAN,
                            .executed = 1,
                            .column_count = 1,
                            .columns = columns};
    column = (struct xl_column){.pin_name = ""};
    ordinal = 0, head = 1, site = 2, x = -3, y = 4, hard_bin = 1, soft_bin = XL_NO_BIN, flags = 0, tests = 1, executed = 1, touch = 0,
    first_fail = -1;
    test_ms = 0, begin = 100, end = 200;
    id = (struct xl_bytes){(const uint8_t *)part_id, (uint32_t)strlen(part_id)};
    part_text = marks = (struct xl_bytes){0};
    list[0] = values;
    group = (struct xl_part_group){.rows = 1,
                                   .ordinal = &ordinal,
                                   .head = &head,
                                   .site = &site,
                                   .x = &x,
                                   .y = &y,
                                   .hard_bin = &hard_bin,
                                   .soft_bin = &soft_bin,
                                   .flags = &flags,
                                   .tests = &tests,
                                   .executed = &executed,
                                   .test_ms = &test_ms,
                                   .touch = &touch,
                                   .first_fail = &first_fail,
                                   .begin = &begin,
                                   .end = &end,
                                   .part_id = &id,
                                   .part_text = &part_text,
                                   .marks = &marks,
                                   .values = list};
    return (struct xl_table){.source = "a.stdf",
                             .lot = "L1",
                             .sublot = "",
                             .wafer = "3",
                             .is_wafer = true,
                             .test_count = 1,
                             .tests = &test,
                             .column_count = 1,
                             .columns = &column,
                             .rows = 1,
                             .group_count = 1,
                             .groups = &group};
}

static void shapes_are_what_is_promised(void **state)
{
    (void)state;
    static const float value[] = {0.25F};
    const struct xl_table table = by_hand("17", "Icc, idle", value), *list = &table;
    struct text text = csv_of(&list, 1, &(struct xl_csv_options){.shape = XL_CSV_WIDE});
    assert_string_equal(text.data, "ordinal,lot,sublot,wafer,part_id,x,y,hard_bin,soft_bin,passed,head,site,part_text,flags,tests,executed,"
                                   "test_ms,touch,first_fail,begin,"
                                   "end,is_wafer,source,marks,\"P1000_Icc, idle\"\n"
                                   "#number,,,,,,,,,,,,,,,,,,,,,,,,1000\n"
                                   "#name,,,,,,,,,,,,,,,,,,,,,,,,\"Icc, idle\"\n"
                                   "#units,,,,,,,,,,,,,,,,,,,,,,,,V\n"
                                   "#low,,,,,,,,,,,,,,,,,,,,,,,,0.1\n"
                                   "#high,,,,,,,,,,,,,,,,,,,,,,,,\n"
                                   "#low_spec,,,,,,,,,,,,,,,,,,,,,,,,\n"
                                   "#high_spec,,,,,,,,,,,,,,,,,,,,,,,,\n"
                                   "#limits,,,,,,,,,,,,,,,,,,,,,,,,known\n"
                                   "#kind,,,,,,,,,,,,,,,,,,,,,,,,PTR\n"
                                   "#test,,,,,,,,,,,,,,,,,,,,,,,,0\n"
                                   "#pin,,,,,,,,,,,,,,,,,,,,,,,,\n"
                                   "#execution,,,,,,,,,,,,,,,,,,,,,,,,0\n"
                                   "#format,,,,,,,,,,,,,,,,,,,,,,,,0 0 0 %7.3f\n"
                                   "#count,,,,,,,,,,,,,,,,,,,,,,,,1\n"
                                   "0,L1,,3,17,-3,4,1,,1,1,2,,0,1,1,,0,,100,200,1,a.stdf,,0.25\n");
    text_free(&text);
    text = csv_of(&list, 1, &(struct xl_csv_options){.shape = XL_CSV_LONG, .lot = "L2"});
    assert_string_equal(text.data, "lot,sublot,wafer,ordinal,part_id,x,y,head,site,hard_bin,soft_bin,passed,kind,number,name,pin,pin_name,"
                                   "execution,value,units,low,high,"
                                   "test_flag,parm_flag,excluded,source\n"
                                   "L2,,3,0,17,-3,4,1,2,1,,1,PTR,1000,\"Icc, idle\",,,0,0.25,V,0.1,,0,0,0,a.stdf\n");
    text_free(&text);
}

static void spreadsheets_keep_texts(void **state)
{
    (void)state;
    static const float value[] = {1e-7F};
    /* What stands in the file, and so in the cell. */
    static const struct {
        const char *id, *cell;
    } cases[] = {
        {"17", ",17,"},                  /* may become a number: it looks the same */
        {"0017", ",\"=\"\"0017\"\"\","}, /* would lose its zeros */
        {"1-2", ",\"=\"\"1-2\"\"\","},   /* would become a date */
        {"3/4", ",\"=\"\"3/4\"\"\","},
        {"1E5", ",\"=\"\"1E5\"\"\","},
        {"Mar-1", ",\"=\"\"Mar-1\"\"\","},
        {"TRUE", ",\"=\"\"TRUE\"\"\","},
        {"12345678901234567", ",\"=\"\"12345678901234567\"\"\","}, /* more digits than a spreadsheet keeps */
        {"=1+1", ",\"'=1+1\","},                                   /* would run */
        {"@SUM(A1)", ",\"'@SUM(A1)\","},
        {"+cmd|' /C calc'!A0", ",\"'+cmd|' /C calc'!A0\","},
        {"-x", ",\"'-x\","},
        {"'a", ",\"''a\","},
        {"a=b", ",a=b,"},
        {"\xe7\xbb\x93\xe6\x9e\x9c", ",\xe7\xbb\x93\xe6\x9e\x9c,"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct xl_table table = by_hand(cases[i].id, "Icc", value), *list = &table;
        struct text text = csv_of(&list, 1, &(struct xl_csv_options){.shape = XL_CSV_WIDE, .excel = true});
        assert_memory_equal(text.data, "\xef\xbb\xbfordinal,", 11);
        const char *row = strstr(text.data, "\r\n0,L1,,3");
        assert_non_null(row);
        if (strncmp(row + 9, cases[i].cell, strlen(cases[i].cell)) != 0)
            fail_msg("\"%s\" became %.40s", cases[i].id, row + 9);
        assert_non_null(strstr(row, ",1e-07\r\n"));
        struct xl_error error = {0};
        struct xl_tables *read = xl_csv_load(text.data, text.length, &error);
        assert_non_null(read);
        check_same(&table, read->at[0]);
        xl_tables_free(read);
        text_free(&text);
    }
}

static bool odd_rows(void *context, size_t table, uint64_t row)
{
    (void)context;
    return table == 0 && row % 2 == 1;
}

static void union_and_filter(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct xl_table *tables[2];
    for (uint64_t i = 0; i < 2; i++)
        tables[i] =
            random_table(arena, &(struct random_table_options){.seed = 11 + i, .tests = 6, .groups = 2, .rows = 20, .is_plain = true});
    struct text text = csv_of(tables, 2, &(struct xl_csv_options){.shape = XL_CSV_WIDE});
    struct xl_error error = {0};
    struct xl_tables *read = xl_csv_load(text.data, text.length, &error);
    assert_non_null(read);
    uint64_t rows = 0;
    for (size_t t = 0; t < read->count; t++)
        rows += read->at[t]->rows;
    assert_int_equal(rows, tables[0]->rows + tables[1]->rows);
    /* A result of the second table stands under the second table's test. */
    assert_true(read->at[0]->column_count >= tables[0]->column_count && read->at[0]->column_count >= tables[1]->column_count);
    for (uint32_t c = 0; c < tables[0]->column_count; c++)
        assert_string_equal(read->at[0]->tests[read->at[0]->columns[c].test].name, tables[0]->tests[tables[0]->columns[c].test].name);
    xl_tables_free(read);
    text_free(&text);

    text = csv_of(tables, 2, &(struct xl_csv_options){.shape = XL_CSV_WIDE, .keep = odd_rows});
    read = xl_csv_load(text.data, text.length, &error);
    assert_non_null(read);
    assert_int_equal(read->count, 1);
    assert_int_equal(read->at[0]->rows, tables[0]->rows / 2);
    xl_tables_free(read);
    text_free(&text);
    for (size_t i = 0; i < 2; i++)
        xl_findings_free((struct xl_findings *)(uintptr_t)tables[i]->findings);
    arena_free(arena);
}

static void refuses(const char *text, const char *code)
{
    struct xl_error error = {0};
    struct xl_tables *read = xl_csv_load(text, strlen(text), &error);
    if (read)
        fail_msg("read: %s", text);
    assert_string_equal(error.code, code);
    assert_true(error.message[0]);
}

static void damaged_texts_are_refused(void **state)
{
    (void)state;
    static const float value[] = {0.25F};
    const struct xl_table table = by_hand("17", "Icc", value), *list = &table;
    struct text text = csv_of(&list, 1, &(struct xl_csv_options){.shape = XL_CSV_WIDE});
    refuses("", "csv_foreign");
    refuses("a,b,c\n1,2,3\n", "csv_foreign");
    refuses("\"ordinal", "csv_foreign");
    /* Every cut is refused or read, and never invents a row. */
    for (size_t length = 0; length < text.length; length++) {
        struct xl_error error = {0};
        char *cut = malloc(length + 1); /* so that a read past the end is seen */
        memcpy(cut, text.data, length);
        struct xl_tables *read = xl_csv_load(cut, length, &error);
        assert_true((read != NULL) != (error.code[0] != 0));
        if (read)
            assert_true(read->count == 0 || read->at[0]->rows <= 1);
        xl_tables_free(read);
        free(cut);
    }
    /* Every byte replaced by what is likely to hurt. */
    static const char hurtful[] = "\",\n\r#=':x-9\0";
    for (size_t i = 0; i < text.length; i++)
        for (size_t h = 0; h < sizeof hurtful - 1; h++) {
            struct xl_error error = {0};
            char *changed = malloc(text.length);
            memcpy(changed, text.data, text.length);
            changed[i] = hurtful[h];
            struct xl_tables *read = xl_csv_load(changed, text.length, &error);
            assert_true((read != NULL) != (error.code[0] != 0));
            xl_tables_free(read);
            free(changed);
        }
    text_free(&text);
}

static bool full(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)bytes;
    size_t *left = context;
    if (length > *left)
        return xl_fail(error, "write_failed", "full");
    *left -= length;
    return true;
}

static void stops_when_the_sink_does(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct xl_table *table =
        random_table(arena, &(struct random_table_options){.seed = 3, .tests = 200, .groups = 3, .rows = 900, .is_plain = true});
    for (size_t room = 0; room < 400000; room += 37777) {
        size_t left = room;
        struct xl_error error = {0};
        const struct xl_csv_options options = {.threads = 4};
        assert_false(xl_csv_write(&table, 1, &options, (struct xl_sink){.write = full, .context = &left}, &error));
        assert_string_equal(error.code, "write_failed");
    }
    xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads),         cmocka_unit_test(threads_do_not_matter), cmocka_unit_test(shapes_are_what_is_promised),
        cmocka_unit_test(spreadsheets_keep_texts),  cmocka_unit_test(union_and_filter),      cmocka_unit_test(damaged_texts_are_refused),
        cmocka_unit_test(stops_when_the_sink_does),
    };
    return cmocka_run_group_tests_name("wafer-csv", tests, NULL, NULL);
}
