/* tables.c: writes Parquet files of tables made from seeds or loaded from test data, and beside each what another program must find in it.
 *
 * interop-tables FOLDER             random tables
 * interop-tables FOLDER FILE...     the tables of STDF files
 *
 * FOLDER/N.parquet; FOLDER/N.columns: every column as name, type and raw values; FOLDER/N.json: what the metadata must say. */
#include <xinlian/parts.h>
#include <xinlian/store.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/out.h"
#include "engine/wafer/parquet.h"
#include "engine/wafer/random_table.h"

static struct xl_error error;

static bool begin(struct out *out, int *file, const char *folder, int number, const char *suffix)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.%s", folder, number, suffix);
    *file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (*file < 0)
        return xl_fail(&error, "cannot_write", "%m");
    out_begin(out, sink_file(file), 0, &error);
    return true;
}

static bool end(struct out *out, int *file)
{
    return out_end(out) && close(*file) == 0;
}

static void column_head(struct out *out, const char *name, uint32_t type, uint64_t rows)
{
    uint32_t length = (uint32_t)strlen(name);
    out_bytes(out, &length, 4);
    out_bytes(out, name, length);
    out_bytes(out, &type, 4);
    out_bytes(out, &rows, 8);
}

static bool dump_columns(const struct xl_table *table, const char *folder, int number)
{
    struct out out;
    int file;
    if (!begin(&out, &file, folder, number, "columns"))
        return false;
    for (int c = 0; c < PARQUET_PART_COLUMNS; c++) {
        const struct parquet_part_column *column = &parquet_part_columns[c];
        column_head(&out, column->name, (uint32_t)column->type, table->rows);
        for (size_t g = 0; g < table->group_count; g++) {
            const void *values;
            memcpy(&values, (const char *)&table->groups[g] + column->offset, sizeof values);
            if (column->type == PARQUET_BYTE_ARRAY) {
                const struct xl_bytes *bytes = values;
                for (uint32_t i = 0; i < table->groups[g].rows; i++) {
                    out_bytes(&out, &bytes[i].length, 4);
                    out_bytes(&out, bytes[i].bytes, bytes[i].length);
                }
            } else {
                out_bytes(&out, values, table->groups[g].rows * (column->type == PARQUET_INT64 ? sizeof(int64_t) : sizeof(int32_t)));
            }
        }
    }
    char **names = xl_column_names(table);
    for (size_t c = 0; c < table->column_count; c++) {
        column_head(&out, names[c], PARQUET_FLOAT, table->rows);
        for (size_t g = 0; g < table->group_count; g++)
            for (uint32_t i = 0; i < table->groups[g].rows; i++) {
                uint32_t missing = XL_MISSING_BITS;
                out_bytes(&out, table->groups[g].values[c] ? (const void *)&table->groups[g].values[c][i] : &missing, 4);
            }
    }
    free(names);
    return end(&out, &file);
}

/* Floats as their bits: JSON has no infinities, and no two kinds of not-a-number. */
static void bits(struct json *json, const char *key, float value)
{
    uint32_t pattern;
    memcpy(&pattern, &value, sizeof pattern);
    json_key(json, key);
    json_u64(json, pattern);
}

static bool dump_metadata(const struct xl_table *table, const char *folder, int number)
{
    struct out out;
    struct json json;
    int file;
    if (!begin(&out, &file, folder, number, "json"))
        return false;
    json_begin(&json, &out, false);
    json_object(&json);
    json_key(&json, "file");
    json_object(&json);
    const char *const texts[][2] = {{"source", table->source},   {"lot", table->lot},         {"wafer", table->wafer},
                                    {"product", table->product}, {"program", table->program}, {"temperature", table->temperature}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_key(&json, texts[i][0]);
        json_text(&json, texts[i][1]);
    }
    json_object_end(&json);
    json_key(&json, "tests");
    json_array(&json);
    for (size_t i = 0; i < table->test_count; i++) {
        const struct xl_test *test = &table->tests[i];
        json_object(&json);
        json_key(&json, "number");
        json_u64(&json, test->number);
        json_key(&json, "name");
        json_text(&json, test->name);
        json_key(&json, "units");
        json_text(&json, test->units);
        bits(&json, "low", test->low);
        bits(&json, "high", test->high);
        bits(&json, "low_spec", test->low_spec);
        bits(&json, "high_spec", test->high_spec);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_key(&json, "column_tests");
    json_array(&json);
    for (size_t i = 0; i < table->column_count; i++)
        json_u64(&json, table->columns[i].test);
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
    return end(&out, &file);
}

static bool dump(const struct xl_table *table, const char *folder, int number)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.parquet", folder, number);
    return xl_parquet_write(table, path, &error) && dump_columns(table, folder, number) && dump_metadata(table, folder, number);
}

static bool dump_random(const char *folder)
{
    static const struct random_table_options kinds[] = {
        {.seed = 1, .tests = 40, .groups = 3, .rows = 300},
        {.seed = 2, .tests = 12, .groups = 70, .rows = 9},   /* many row groups, some without rows */
        {.seed = 3, .tests = 4300, .groups = 2, .rows = 40}, /* more than 5,000 columns */
        {.seed = 4, .tests = 0, .groups = 1, .rows = 10},    /* no test at all */
        {.seed = 5, .tests = 30, .groups = 0, .rows = 1},    /* no row at all */
        {.seed = 6, .tests = 20, .groups = 2, .rows = 9000},
        {.seed = 7, .tests = 25, .groups = 2, .rows = 2500, .is_plain = true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct arena *arena = arena_new();
        struct xl_table *table = random_table(arena, &kinds[i]);
        bool good = dump(table, folder, (int)i);
        xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
        arena_free(arena);
        if (!good)
            return false;
    }
    return true;
}

static bool dump_file(const char *folder, const char *path, int *number)
{
    struct xl_load_options options = {.group_bytes = 1 << 20};
    struct xl_input *input = xl_input_open(path, &error);
    struct xl_tables *tables = input ? xl_tables_load(input, &options, &error) : NULL;
    bool good = tables;
    for (size_t i = 0; good && i < tables->count; i++)
        good = dump(tables->at[i], folder, (*number)++);
    if (tables)
        xl_tables_free(tables);
    if (input)
        xl_input_free(input);
    return good;
}

int main(int count, char **arguments)
{
    if (count < 2)
        return 2;
    bool good = true;
    int number = 0;
    if (count == 2)
        good = dump_random(arguments[1]);
    for (int i = 2; good && i < count; i++)
        good = dump_file(arguments[1], arguments[i], &number);
    if (!good)
        fprintf(stderr, "%s: %s (%s)\n", error.code, error.message, error.place);
    return good ? 0 : 1;
}
