/* streams_test.h: for tests of copy and merge: streams simulated and made by hand, loaded and compared, listed as text. */
#pragma once

#include <xinlian/parts.h>
#include <xinlian/simulate.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/out.h"
#include "base/text.h"

static const size_t MOST = 256 << 20;

static struct text simulated(struct xl_simulation wanted)
{
    struct text made;
    text_init(&made, MOST);
    struct xl_error error = {0};
    assert_true(xl_simulate(&wanted, sink_text(&made), &error));
    return made;
}

static struct xl_simulation many_kinds(uint64_t seed)
{
    struct xl_simulation wanted = xl_simulation_default();
    wanted.seed = seed;
    wanted.wafers = (uint32_t)(seed % 3);
    wanted.parts = 150;
    wanted.tests = 20;
    wanted.functional_tests = 5;
    wanted.pin_tests = 4;
    wanted.pins = 6;
    wanted.scan_tests = seed % 2;
    wanted.sites = 1 + seed % 4;
    wanted.yield = 0.7;
    wanted.retest = 0.3;
    wanted.short_records = seed % 4 != 3;
    wanted.stop_on_fail = seed % 2;
    wanted.big_endian = seed % 5 == 4;
    wanted.every_record = seed % 2;
    return wanted;
}

struct loaded {
    struct xl_input *input;
    struct xl_tables *tables;
};

static struct loaded load(const struct text *bytes)
{
    struct xl_error error = {0};
    struct loaded loaded = {.input = xl_input_memory(bytes->data, bytes->length, "loaded", &error)};
    const struct xl_load_options options = {0};
    loaded.tables = xl_tables_load(loaded.input, &options, &error);
    assert_string_equal(error.code, "");
    assert_non_null(loaded.tables);
    return loaded;
}

static void unload(struct loaded *loaded)
{
    xl_tables_free(loaded->tables);
    xl_input_free(loaded->input);
}

static const struct xl_test *test_named(const struct xl_table *table, const struct xl_test *wanted)
{
    for (size_t t = 0; t < table->test_count; t++)
        if (table->tests[t].kind == wanted->kind && table->tests[t].number == wanted->number &&
            strcmp(table->tests[t].name, wanted->name) == 0)
            return &table->tests[t];
    return NULL;
}

static bool same_bits(float a, float b)
{
    uint32_t x, y;
    memcpy(&x, &a, 4);
    memcpy(&y, &b, 4);
    return x == y;
}

static bool same_limit(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

static float value_of(const struct xl_table *table, const struct xl_test *test, uint32_t pin, uint32_t execution, uint64_t row)
{
    size_t group;
    uint32_t at;
    xl_table_locate(table, row, &group, &at);
    for (uint32_t c = 0; c < test->column_count; c++) {
        const struct xl_column *column = &table->columns[test->columns[c]];
        if (column->pin == pin && column->execution == execution) {
            const float *values = table->groups[group].values[test->columns[c]];
            if (values)
                return values[at];
        }
    }
    uint32_t missing = XL_MISSING_BITS;
    float value;
    memcpy(&value, &missing, 4);
    return value;
}

static void check_tests(const struct xl_table *left, const struct xl_table *right)
{
    for (size_t t = 0; t < right->test_count; t++) {
        const struct xl_test *kept = &right->tests[t], *test = test_named(left, kept);
        assert_non_null(test);
        assert_int_equal(test->limits_known, kept->limits_known);
        assert_true(same_limit(test->low, kept->low));
        assert_true(same_limit(test->high, kept->high));
        assert_true(same_limit(test->low_spec, kept->low_spec));
        assert_true(same_limit(test->high_spec, kept->high_spec));
        assert_string_equal(test->units, kept->units);
        assert_string_equal(test->result_format, kept->result_format);
        assert_int_equal(test->result_scale, kept->result_scale);
        assert_int_equal(test->low_scale, kept->low_scale);
        assert_int_equal(test->high_scale, kept->high_scale);
        for (uint32_t c = 0; c < kept->column_count; c++) {
            const struct xl_column *column = &right->columns[kept->columns[c]];
            for (uint32_t k = 0; k < test->column_count; k++)
                if (left->columns[test->columns[k]].pin == column->pin && left->columns[test->columns[k]].execution == column->execution)
                    assert_string_equal(left->columns[test->columns[k]].pin_name, column->pin_name);
        }
    }
}

static uint8_t scratch[XL_RECORD_MOST];

static void add(struct text *to, uint16_t type, const void *bytes, size_t length)
{
    struct xl_record_writer w;
    xl_record_begin(&w, type, false, scratch);
    xl_put_bytes(&w, bytes, length);
    text_add_bytes(to, scratch, xl_record_end(&w));
}

/* "PIR 1:0" lines of a stream: type and first bytes of every record, to be compared. */
static struct text listed(const struct text *bytes)
{
    struct text list;
    text_init(&list, 1 << 20);
    for (size_t at = 0; at + 4 <= bytes->length;) {
        const uint8_t *p = (const uint8_t *)bytes->data + at;
        size_t length = load_u2(p, false);
        const struct xl_stdf_layout *layout = xl_stdf_layout((uint16_t)(p[2] << 8 | p[3]));
        text_print(&list, "%s", layout ? layout->name : "?");
        for (size_t i = 0; i < length; i++)
            text_print(&list, " %02x", p[4 + i]);
        text_add(&list, "\n");
        at += 4 + length;
    }
    return list;
}
