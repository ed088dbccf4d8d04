/* csv_sheet.c: the columns of a file made from several tables: the union of their tests, in the order in which they first come. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/wafer/csv.h"

/* ---- The sheet: the columns of the file, and which of each table's they are ---------------------------------------- */

static bool same_test(const struct xl_test *a, const struct xl_test *b)
{
    return a->kind == b->kind && a->number == b->number && strcmp(a->name, b->name) == 0;
}

static uint64_t test_hash(const struct xl_test *test)
{
    uint64_t hash = (uint64_t)test->kind * UINT64_C(0x9e3779b97f4a7c15) + test->number;
    for (const char *at = test->name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

/* Tests of all tables, each once, and their columns by (pin, execution). */
struct joined_test {
    struct xl_test test;
    uint32_t *columns;
    uint32_t column_count, column_capacity;
};
struct joining {
    struct joined_test *tests;
    size_t test_count, test_capacity;
    struct xl_column *columns;
    size_t column_count, column_capacity;
    uint32_t *slots; /* hash table of indexes + 1 */
    size_t slot_count;
};

static void slots_grow(struct joining *j)
{
    free(j->slots);
    j->slot_count = j->slot_count ? j->slot_count * 2 : 1024;
    j->slots = memory_new(j->slot_count, sizeof *j->slots);
    for (size_t t = 0; t < j->test_count; t++) {
        size_t at = test_hash(&j->tests[t].test) & (j->slot_count - 1);
        while (j->slots[at])
            at = (at + 1) & (j->slot_count - 1);
        j->slots[at] = (uint32_t)t + 1;
    }
}

/* `first`: of the first table, whose tests are all different whatever they are called. */
static uint32_t join_test(struct joining *j, const struct xl_test *test, bool first)
{
    if (2 * j->test_count >= j->slot_count)
        slots_grow(j);
    size_t at = test_hash(test) & (j->slot_count - 1);
    for (; j->slots[at]; at = (at + 1) & (j->slot_count - 1))
        if (!first && same_test(&j->tests[j->slots[at] - 1].test, test))
            return j->slots[at] - 1;
    if (j->test_count == j->test_capacity) {
        j->test_capacity = j->test_capacity ? j->test_capacity * 2 : 256;
        j->tests = memory_grow(j->tests, j->test_capacity, sizeof *j->tests);
    }
    j->slots[at] = (uint32_t)++j->test_count;
    j->tests[j->test_count - 1] = (struct joined_test){.test = *test};
    return (uint32_t)j->test_count - 1;
}

static uint32_t join_column(struct joining *j, uint32_t test, const struct xl_column *column, bool first)
{
    struct joined_test *of = &j->tests[test];
    for (uint32_t i = 0; i < of->column_count && !first; i++) {
        const struct xl_column *known = &j->columns[of->columns[i]];
        if (known->pin == column->pin && known->execution == column->execution)
            return of->columns[i];
    }
    if (of->column_count == of->column_capacity) {
        of->column_capacity = of->column_capacity ? of->column_capacity * 2 : 1;
        of->columns = memory_grow(of->columns, of->column_capacity, sizeof *of->columns);
    }
    if (j->column_count == j->column_capacity) {
        j->column_capacity = j->column_capacity ? j->column_capacity * 2 : 1024;
        j->columns = memory_grow(j->columns, j->column_capacity, sizeof *j->columns);
    }
    of->columns[of->column_count++] = (uint32_t)j->column_count;
    j->columns[j->column_count] = *column;
    j->columns[j->column_count].test = test;
    return (uint32_t)j->column_count++;
}

static bool sheet_keeps(const struct csv_sheet *sheet, const struct xl_test *test)
{
    return !sheet->options->keep_test || sheet->options->keep_test(test);
}

void csv_sheet_join(struct csv_sheet *sheet)
{
    struct joining j = {0};
    sheet->column_of = arena_take(sheet->arena, sheet->table_count, sizeof *sheet->column_of);
    sheet->file_column = arena_take(sheet->arena, sheet->table_count, sizeof *sheet->file_column);
    for (size_t t = 0; t < sheet->table_count; t++) {
        const struct xl_table *table = sheet->tables[t];
        if (t && table->tests == sheet->tables[0]->tests && table->columns == sheet->tables[0]->columns) {
            /* Tables of one text share what they know of the tests. */
            sheet->file_column[t] = sheet->file_column[0];
            continue;
        }
        const bool is_first = t == 0;
        sheet->file_column[t] = arena_take(sheet->arena, table->column_count, sizeof **sheet->file_column);
        uint32_t *tests = memory_new(table->test_count, sizeof *tests);
        for (size_t i = 0; i < table->test_count; i++)
            tests[i] = sheet_keeps(sheet, &table->tests[i]) ? join_test(&j, &table->tests[i], is_first) : UINT32_MAX;
        for (size_t c = 0; c < table->column_count; c++) {
            const uint32_t test = tests[table->columns[c].test];
            sheet->file_column[t][c] = test == UINT32_MAX ? CSV_LEFT_OUT : join_column(&j, test, &table->columns[c], is_first);
        }
        free(tests);
    }
    for (size_t t = 0; t < sheet->table_count; t++) {
        sheet->column_of[t] = arena_take(sheet->arena, j.column_count, sizeof **sheet->column_of);
        for (size_t c = 0; c < j.column_count; c++)
            sheet->column_of[t][c] = CSV_NO_COLUMN;
        for (size_t c = 0; c < sheet->tables[t]->column_count; c++)
            if (sheet->file_column[t][c] != CSV_LEFT_OUT)
                sheet->column_of[t][sheet->file_column[t][c]] = (int32_t)c;
    }
    /* A test without a column has no place in the file. */
    struct xl_test *tests = arena_take(sheet->arena, j.test_count, sizeof *tests);
    uint32_t kept = 0;
    for (size_t t = 0; t < j.test_count; t++) {
        const struct joined_test *joined = &j.tests[t];
        if (!joined->column_count)
            continue;
        for (uint32_t c = 0; c < joined->column_count; c++)
            j.columns[joined->columns[c]].test = kept;
        tests[kept] = joined->test;
        tests[kept].column_count = joined->column_count;
        tests[kept++].columns = arena_copy(sheet->arena, joined->columns, joined->column_count * sizeof *joined->columns);
        free(joined->columns);
    }
    sheet->all = (struct xl_table){.test_count = kept,
                                   .tests = tests,
                                   .column_count = j.column_count,
                                   .columns = arena_copy(sheet->arena, j.columns, j.column_count * sizeof *j.columns)};
    free(j.tests);
    free(j.columns);
    free(j.slots);
}
