/* pareto.c: what the failing parts have in common: bins, first failing tests, and whether the program stops at the first. */
#include <xinlian/wafer.h>

#include <stdlib.h>

#include "base/error.h"
#include "engine/wafer/lot.h"

static int pareto_order(const void *left, const void *right)
{
    const struct xl_pareto_row *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    if (a->first_count != b->first_count)
        return a->first_count > b->first_count ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Moves the rows that count something to the front, most frequent first. */
static size_t pareto_sort(struct xl_pareto_row *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i].count || rows[i].first_count)
            rows[kept++] = rows[i];
    if (kept)
        qsort(rows, kept, sizeof *rows, pareto_order);
    return kept;
}

/* ---- Bins --------------------------------------------------------------------------------------------------------- */

enum { BINS = 65536 };

struct bin_rows {
    uint32_t *place; /* of each bin: 1 + its row; 0: none yet */
    struct xl_pareto_row *rows;
    struct bin_parts { /* beside each row */
        uint64_t runs, passing;
        char pass; /* of the bin's record */
    } * parts;
    size_t count, capacity;
};

static size_t bin_row(struct bin_rows *b, uint16_t bin)
{
    if (b->place[bin])
        return b->place[bin] - 1;
    if (b->count == b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 32;
        b->rows = memory_grow(b->rows, b->capacity, sizeof *b->rows);
        b->parts = memory_grow(b->parts, b->capacity, sizeof *b->parts);
    }
    b->rows[b->count] = (struct xl_pareto_row){.number = bin, .name = ""};
    b->parts[b->count] = (struct bin_parts){.pass = ' '};
    b->place[bin] = (uint32_t)++b->count;
    return b->count - 1;
}

static void name_bins(const struct xl_lot *lot, const struct xl_wafer *w, bool soft, struct bin_rows *b)
{
    for (size_t k = 0; k < w->table_count; k++) {
        const struct xl_table *t = lot->tables[w->tables[k]].table;
        const struct xl_bin *list = soft ? t->soft_bins : t->hard_bins;
        for (size_t i = 0, count = soft ? t->soft_bin_count : t->hard_bin_count; i < count; i++) {
            size_t row = bin_row(b, list[i].number);
            if (!*b->rows[row].name)
                b->rows[row].name = list[i].name;
            if (b->parts[row].pass != 'P' && b->parts[row].pass != 'F')
                b->parts[row].pass = list[i].pass;
        }
    }
}

static uint16_t run_bin(const struct xl_lot *lot, const struct xl_run *run, bool soft)
{
    const struct xl_part_group *g = run_group(lot, run);
    return (uint16_t)(soft ? g->soft_bin[run->at] : g->hard_bin[run->at]);
}

static size_t make_bins(const struct xl_lot *lot, int64_t wafer, bool soft, void **rows)
{
    struct bin_rows b = {.place = memory_new(BINS, sizeof *b.place)};
    size_t first, end;
    lot_range(lot, wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct xl_wafer *w = &lot->wafers[i];
        name_bins(lot, w, soft, &b);
        for (size_t d = 0; d < w->die_count; d++) {
            const struct xl_die *die = &w->dice[d];
            size_t row = bin_row(&b, run_bin(lot, &w->runs[die->first_run], soft));
            b.rows[row].first_count++;
            row = bin_row(&b, run_bin(lot, &w->runs[die->chosen], soft));
            b.rows[row].count++;
        }
        for (size_t r = 0; r < w->run_count; r++) {
            size_t row = bin_row(&b, run_bin(lot, &w->runs[r], soft));
            b.parts[row].runs++;
            b.parts[row].passing += w->run_marks[r] & XL_RUN_PASSED;
        }
    }
    for (size_t row = 0; row < b.count; row++) {
        /* What the parts in the bin say when the bin's own record says nothing, or when the caller knows better than the record. */
        const struct bin_parts *p = &b.parts[row];
        bool known = (p->pass == 'P' || p->pass == 'F') && !lot->options.corrections.pass_bin_count;
        b.rows[row].passes = known ? p->pass == 'P' : 2 * p->passing > p->runs;
    }
    free(b.place);
    free(b.parts);
    *rows = b.rows;
    return pareto_sort(b.rows, b.count);
}

static size_t make_hard_bins(const struct xl_lot *lot, int64_t wafer, void **rows)
{
    return make_bins(lot, wafer, false, rows);
}

static size_t make_soft_bins(const struct xl_lot *lot, int64_t wafer, void **rows)
{
    return make_bins(lot, wafer, true, rows);
}

size_t xl_pareto_bins(const struct xl_lot *lot, int64_t wafer, bool soft, const struct xl_pareto_row **rows)
{
    const void *list;
    size_t count = lot_list_get(lot, soft ? LIST_SOFT_BINS : LIST_HARD_BINS, wafer, &list, soft ? make_soft_bins : make_hard_bins);
    *rows = list;
    return count;
}

/* ---- First failing tests ------------------------------------------------------------------------------------------ */

/* The lot's test that the run failed first; SIZE_MAX: none recorded. */
static size_t first_fail(const struct xl_lot *lot, const struct xl_run *run)
{
    int32_t column = run_group(lot, run)->first_fail[run->at];
    const struct lot_table *t = &lot->tables[run->table];
    if (column < 0 || (size_t)column >= t->table->column_count)
        return SIZE_MAX;
    return t->test[t->table->columns[column].test];
}

static size_t make_first_fails(const struct xl_lot *lot, int64_t wafer, void **rows)
{
    struct xl_pareto_row *tests = memory_new(lot->test_count, sizeof *tests);
    size_t first, end, t;
    for (t = 0; t < lot->test_count; t++)
        tests[t] = (struct xl_pareto_row){.number = (uint32_t)t, .name = lot->tests[t].test->name};
    lot_range(lot, wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct xl_wafer *w = &lot->wafers[i];
        for (size_t d = 0; d < w->die_count; d++) {
            const struct xl_die *die = &w->dice[d];
            if (!die->first_passed && (t = first_fail(lot, &w->runs[die->first_run])) != SIZE_MAX)
                tests[t].first_count++;
            if (!die->passed && (t = first_fail(lot, &w->runs[die->chosen])) != SIZE_MAX)
                tests[t].count++;
        }
    }
    *rows = tests;
    return pareto_sort(tests, lot->test_count);
}

size_t xl_pareto_first_fails(const struct xl_lot *lot, int64_t wafer, const struct xl_pareto_row **rows)
{
    const void *list;
    size_t count = lot_list_get(lot, LIST_FIRST_FAILS, wafer, &list, make_first_fails);
    *rows = list;
    return count;
}

/* ---- Does the program stop on fail? ------------------------------------------------------------------------------- */

enum { FAILS_LOOKED_AT = 1024 };

/* True when the run has a result in a test after test `after` of its table. */
static bool has_results_after(const struct xl_lot *lot, const struct xl_run *run, uint32_t after)
{
    const struct xl_table *t = lot->tables[run->table].table;
    const struct xl_part_group *g = run_group(lot, run);
    for (size_t k = t->test_count; k-- > (size_t)after + 1;)
        for (uint32_t c = 0; c < t->tests[k].column_count; c++) {
            const float *values = g->values[t->tests[k].columns[c]];
            if (values && !xl_is_missing(values[run->at]))
                return true;
        }
    return false;
}

static bool looks_stopped(const struct xl_lot *lot)
{
    uint64_t fails = 0, seen = 0, stopped = 0, looked = 0, passing_beyond = 0;
    for (size_t i = 0; i < lot->wafer_count; i++)
        for (size_t r = 0; r < lot->wafers[i].run_count; r++)
            fails += !(lot->wafers[i].run_marks[r] & XL_RUN_PASSED);
    uint64_t step = fails / FAILS_LOOKED_AT + 1;
    const struct xl_run *passing = NULL; /* the latest passing run of the same table */
    for (size_t i = 0; i < lot->wafer_count; i++) {
        const struct xl_wafer *w = &lot->wafers[i];
        for (size_t r = 0; r < w->run_count; r++) {
            const struct xl_run *run = &w->runs[r];
            if (w->run_marks[r] & XL_RUN_PASSED) {
                passing = run;
                continue;
            }
            if (seen++ % step)
                continue;
            const struct xl_table *t = lot->tables[run->table].table;
            int32_t column = run_group(lot, run)->first_fail[run->at];
            if (column < 0 || (size_t)column >= t->column_count)
                continue;
            uint32_t test = t->columns[column].test;
            if (passing && passing->table == run->table && has_results_after(lot, passing, test))
                passing_beyond++;
            else
                continue; /* nothing follows that test: the run cannot tell */
            looked++;
            stopped += !has_results_after(lot, run, test);
        }
    }
    return passing_beyond && 10 * stopped >= 9 * looked;
}

bool xl_stops_on_fail(const struct xl_lot *constant)
{
    struct xl_lot *lot = (struct xl_lot *)constant; /* the answer is kept: nobody sees the lot change */
    pthread_mutex_lock(&lot->lock);
    if (lot->stops_on_fail < 0)
        lot->stops_on_fail = looks_stopped(lot);
    bool stops = lot->stops_on_fail;
    pthread_mutex_unlock(&lot->lock);
    return stops;
}
