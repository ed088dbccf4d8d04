/* kept_rows.c: which part runs the filter, the policy and the population leave. */
#include "main/kept_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct kept_entry {
    size_t path, entry;
    uint64_t *begins; /* sorted */
    size_t count, capacity;
};
struct kept_table {
    const struct xl_table *table;
    uint8_t *rows; /* 1: kept */
    uint64_t *group_begin;
    size_t entry; /* index into entries */
};
struct kept_rows {
    size_t table_count, entry_count;
    struct kept_table *tables;
    struct kept_entry *entries;
};

static int by_pointer(const void *a, const void *b)
{
    const struct xl_table *left = (*(const struct kept_table *const *)a)->table, *right = (*(const struct kept_table *const *)b)->table;
    return (left > right) - (left < right);
}

static int by_offset(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void keep(struct kept_rows *kept, struct kept_table *table, const struct xl_run *run)
{
    table->rows[table->group_begin[run->group] + run->at] = 1;
    struct kept_entry *entry = &kept->entries[table->entry];
    if (entry->count == entry->capacity) {
        entry->capacity = entry->capacity ? entry->capacity * 2 : 256;
        entry->begins = memory_grow(entry->begins, entry->capacity, sizeof *entry->begins);
    }
    entry->begins[entry->count++] = (uint64_t)table->table->groups[run->group].begin[run->at];
}

static bool counts(const struct xl_wafer *wafer, const struct xl_die *die, uint32_t run, enum xl_population population)
{
    switch (population) {
    case XL_CHOSEN_PARTS:
        return run == die->chosen;
    case XL_PASSING_PARTS:
        return run == die->chosen && (wafer->run_marks[run] & XL_RUN_PASSED);
    case XL_FIRST_TOUCH:
        return run == die->first_run;
    case XL_ALL_RUNS:
        return true;
    }
    BUG("population %d", (int)population);
}

static void keep_lot(struct kept_rows *kept, const struct xl_lot *lot, struct kept_table **sorted, enum xl_population population)
{
    const size_t tables = xl_lot_tables(lot);
    struct kept_table **of = memory_new(tables, sizeof *of);
    for (size_t t = 0; t < tables; t++) {
        const struct kept_table wanted = {.table = xl_lot_table(lot, t)}, *key = &wanted;
        struct kept_table **found = bsearch(&key, sorted, kept->table_count, sizeof *sorted, by_pointer);
        of[t] = found ? *found : NULL;
    }
    for (size_t w = 0; w < xl_lot_wafers(lot); w++) {
        const struct xl_wafer *wafer = xl_lot_wafer(lot, w);
        for (size_t d = 0; d < wafer->die_count; d++)
            for (uint32_t r = 0; r < wafer->dice[d].run_count; r++) {
                const uint32_t run = wafer->dice[d].first_run + r;
                if (of[wafer->runs[run].table] && counts(wafer, &wafer->dice[d], run, population))
                    keep(kept, of[wafer->runs[run].table], &wafer->runs[run]);
            }
    }
    free(of);
}

struct kept_rows *kept_rows_new(const struct gather *gather, const struct lots *lots, enum xl_population population)
{
    struct kept_rows *kept = memory_new(1, sizeof *kept);
    kept->entries = memory_new(gather->count, sizeof *kept->entries);
    kept->entry_count = gather->count;
    for (size_t i = 0; i < gather->count; i++) {
        kept->entries[i] = (struct kept_entry){.path = (size_t)(gather->at[i].path - gather->paths.at), .entry = gather->at[i].entry};
        kept->table_count += gather->at[i].tables ? gather->at[i].tables->count : 0;
    }
    kept->tables = memory_new(kept->table_count, sizeof *kept->tables);
    struct kept_table **sorted = memory_new(kept->table_count, sizeof *sorted);
    size_t at = 0;
    for (size_t i = 0; i < gather->count; i++)
        for (size_t t = 0; gather->at[i].tables && t < gather->at[i].tables->count; t++, at++) {
            const struct xl_table *table = gather->at[i].tables->at[t];
            struct kept_table *of = &kept->tables[at];
            *of = (struct kept_table){.table = table, .rows = memory_new(table->rows, 1), .entry = i};
            of->group_begin = memory_new(table->group_count, sizeof *of->group_begin);
            for (size_t g = 1; g < table->group_count; g++)
                of->group_begin[g] = of->group_begin[g - 1] + table->groups[g - 1].rows;
            sorted[at] = of;
        }
    qsort(sorted, kept->table_count, sizeof *sorted, by_pointer);
    for (size_t i = 0; i < lots->count; i++)
        keep_lot(kept, lots->at[i], sorted, population);
    free(sorted);
    for (size_t i = 0; i < kept->entry_count; i++)
        if (kept->entries[i].count)
            qsort(kept->entries[i].begins, kept->entries[i].count, sizeof(uint64_t), by_offset);
    return kept;
}

void kept_rows_free(struct kept_rows *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < kept->table_count; i++) {
        free(kept->tables[i].rows);
        free(kept->tables[i].group_begin);
    }
    for (size_t i = 0; i < kept->entry_count; i++)
        free(kept->entries[i].begins);
    free(kept->tables);
    free(kept->entries);
    free(kept);
}

bool kept_rows_row(void *context, size_t table, uint64_t row)
{
    const struct kept_rows *kept = context;
    return kept->tables[table].rows[row];
}

void *kept_rows_entry(const struct kept_rows *kept, size_t path, size_t entry)
{
    for (size_t i = 0; i < kept->entry_count; i++)
        if (kept->entries[i].path == path && kept->entries[i].entry == entry)
            return &kept->entries[i];
    static struct kept_entry none;
    return &none;
}

bool kept_rows_part(void *context, uint64_t begin, uint64_t end)
{
    const struct kept_entry *entry = context;
    (void)end;
    return entry->count && bsearch(&begin, entry->begins, entry->count, sizeof begin, by_offset);
}
