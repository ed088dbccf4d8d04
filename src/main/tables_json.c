/* tables_json.c: tables whole, as JSON. Streams: what is written does not stay in memory. */
#include "main/tables_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "main/json_document.h"
#include "main/tests_order.h"

/* A number; what JSON has no number for as a text; null for a missing one. */
static void value_json(struct json *json, float value)
{
    if (xl_is_missing(value))
        json_null(json);
    else if (isnan(value))
        json_text(json, "nan");
    else if (isinf(value))
        json_text(json, value > 0 ? "inf" : "-inf");
    else
        json_float(json, value);
}

static void maybe(struct json *json, const char *key, int64_t number, int64_t none)
{
    json_key(json, key);
    if (number == none)
        json_null(json);
    else
        json_i64(json, number);
}

static void columns_json(struct json *json, const struct xl_table *table, const uint32_t *columns, size_t count)
{
    char **names = xl_column_names(table);
    json_key(json, "columns");
    json_array(json);
    for (size_t i = 0; i < count; i++) {
        const struct xl_column *column = &table->columns[columns[i]];
        json_object(json);
        json_put_text(json, "column", names[columns[i]]);
        test_json(json, &table->tests[column->test]);
        json_put_count(json, "pin", column->pin);
        json_put_text(json, "pin_name", column->pin_name);
        json_put_count(json, "execution", column->execution);
        json_object_end(json);
    }
    json_array_end(json);
    free(names);
}

static void marks_json(struct json *json, const struct xl_bytes *marks, const uint32_t *place, size_t column_count)
{
    json_key(json, "marks");
    json_array(json);
    for (uint32_t i = 0; i + sizeof(struct xl_mark) <= marks->length; i += (uint32_t)sizeof(struct xl_mark)) {
        struct xl_mark mark;
        memcpy(&mark, marks->bytes + i, sizeof mark);
        if (mark.column >= column_count || place[mark.column] == UINT32_MAX)
            continue;
        json_object(json);
        json_put_count(json, "column", place[mark.column]);
        json_put_count(json, "test_flag", mark.test_flag);
        json_put_count(json, "parm_flag", mark.parm_flag);
        json_put_bool(json, "excluded", mark.is_excluded);
        json_key(json, "value");
        value_json(json, mark.value);
        json_object_end(json);
    }
    json_array_end(json);
}

static void part_json(struct json *json, const struct xl_table *table, const struct xl_part_group *group, uint32_t at,
                      const uint32_t *columns, size_t count, const uint32_t *place)
{
    json_object(json);
    json_put_whole(json, "ordinal", group->ordinal[at]);
    json_key(json, "part");
    json_text_bytes(json, group->part_id[at].bytes, group->part_id[at].length);
    maybe(json, "x", group->x[at], XL_NO_COORDINATE);
    maybe(json, "y", group->y[at], XL_NO_COORDINATE);
    json_put_whole(json, "head", group->head[at]);
    json_put_whole(json, "site", group->site[at]);
    json_put_whole(json, "hard_bin", group->hard_bin[at]);
    maybe(json, "soft_bin", group->soft_bin[at], XL_NO_BIN);
    json_put_bool(json, "passed", xl_part_passed(table, group, at, NULL, 0, NULL));
    json_put_whole(json, "flags", group->flags[at]);
    json_put_whole(json, "touch", group->touch[at]);
    maybe(json, "test_ms", group->test_ms[at], 0);
    json_key(json, "text");
    json_text_bytes(json, group->part_text[at].bytes, group->part_text[at].length);
    json_put_whole(json, "begin", group->begin[at]);
    json_put_whole(json, "end", group->end[at]);
    json_key(json, "results");
    json_array(json);
    for (size_t i = 0; i < count; i++) {
        const float *values = group->values[columns[i]];
        if (values)
            value_json(json, values[at]);
        else
            json_null(json);
    }
    json_array_end(json);
    marks_json(json, &group->marks[at], place, table->column_count);
    json_object_end(json);
}

static void table_json(struct json *json, const struct xl_table *table, size_t index, const struct kept_rows *kept,
                       bool (*wanted)(const struct xl_test *))
{
    uint32_t *columns = memory_new(table->column_count, sizeof *columns), *place = memory_new(table->column_count, sizeof *place);
    size_t count = 0;
    for (uint32_t c = 0; c < table->column_count; c++) {
        const bool is_wanted = wanted(&table->tests[table->columns[c].test]);
        place[c] = is_wanted ? (uint32_t)count : UINT32_MAX;
        if (is_wanted)
            columns[count++] = c;
    }
    json_object(json);
    json_put_text(json, "file", table->source);
    json_put_text(json, "lot", lot_settings.lot ? lot_settings.lot : table->lot);
    json_put_text(json, "sublot", table->sublot);
    json_put_text(json, "wafer", lot_settings.wafer ? lot_settings.wafer : table->wafer);
    json_put_bool(json, "is_wafer", table->is_wafer);
    json_key(json, "header");
    json_array(json); /* a name may come more than once */
    for (size_t i = 0; i < table->named_count; i++) {
        json_object(json);
        json_put_text(json, "name", table->named[i].name);
        json_put_text(json, "value", table->named[i].value);
        json_object_end(json);
    }
    json_array_end(json);
    columns_json(json, table, columns, count);
    json_key(json, "parts");
    json_array(json);
    uint64_t row = 0;
    for (size_t g = 0; g < table->group_count; g++)
        for (uint32_t at = 0; at < table->groups[g].rows; at++, row++)
            if (!kept || kept_rows_row((void *)(uintptr_t)kept, index, row))
                part_json(json, table, &table->groups[g], at, columns, count, place);
    json_array_end(json);
    json_object_end(json);
    free(columns);
    free(place);
}

bool tables_json(const struct xl_table *const *tables, size_t count, const struct kept_rows *kept, bool (*wanted)(const struct xl_test *),
                 struct xl_sink sink, struct xl_error *error)
{
    struct out out;
    struct json json;
    out_begin(&out, sink, 0, error);
    json_begin(&json, &out, false);
    json_object(&json);
    json_put_text(&json, "xinlian", xl_version());
    json_put_text(&json, "command", "stdf convert");
    json_put_count(&json, "schema", 1);
    json_key(&json, "tables");
    json_array(&json);
    for (size_t i = 0; i < count; i++)
        table_json(&json, tables[i], i, kept, wanted);
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
    out_char(&out, '\n');
    return out_end(&out);
}
