/* plan.c: chooses rows for statistics and counts their marks in one walk for all tests. */
#include "engine/wafer/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PLANS_KEPT = 32 };

static void plan_free(const struct xl_lot *lot, struct plan *p)
{
    for (size_t t = 0; t < lot->table_count; t++)
        free(p->tallies[t]);
    free(p->tallies);
    free(p->parts);
    free(p->at);
    free(p->run);
    free(p);
}

void plans_free(const struct xl_lot *lot)
{
    for (struct plan *p = lot->plans, *next; p; p = next) {
        next = p->next;
        plan_free(lot, p);
    }
}

/* ---- Rows --------------------------------------------------------------------------------------------------------- */

struct entry {
    uint32_t table, group, at, run;
};

static int entry_order(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static size_t choose_rows(const struct xl_lot *lot, const struct plan *p, const struct xl_wafer *w, struct entry *entries)
{
    size_t count = 0;
    bool sorted = true, all = p->population == XL_ALL_RUNS;
    for (size_t i = 0, end = all ? w->run_count : w->die_count; i < end; i++) {
        size_t run = all ? i : p->population == XL_FIRST_TOUCH ? w->dice[i].first_run : w->dice[i].chosen;
        if (p->population == XL_PASSING_PARTS && !w->dice[i].passed)
            continue;
        const struct xl_run *r = &w->runs[run];
        if (p->site >= 0 && run_group(lot, r)->site[r->at] != p->site)
            continue;
        entries[count++] = (struct entry){r->table, r->group, r->at, (uint32_t)run};
        sorted &= count < 2 || entry_order(&entries[count - 2], &entries[count - 1]) < 0;
    }
    if (!sorted)
        qsort(entries, count, sizeof *entries, entry_order);
    return count;
}

static void add_parts(const struct xl_lot *lot, struct plan *p, uint32_t wafer, const struct entry *entries, size_t count, size_t *capacity)
{
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && entries[next].table == entries[i].table && entries[next].group == entries[i].group;)
            next++;
        if (p->part_count == *capacity) {
            *capacity = *capacity ? 2 * *capacity : 64;
            p->parts = memory_grow(p->parts, *capacity, sizeof *p->parts);
        }
        struct plan_part *part = &p->parts[p->part_count++];
        *part = (struct plan_part){.wafer = wafer,
                                   .table = entries[i].table,
                                   .group = &lot->tables[entries[i].table].table->groups[entries[i].group],
                                   .count = (uint32_t)(next - i),
                                   .at = p->at + p->rows,
                                   .run = p->run + p->rows};
        part->is_whole = part->count == part->group->rows;
        for (size_t k = i; k < next; k++) {
            p->at[p->rows] = entries[k].at;
            p->run[p->rows++] = entries[k].run;
        }
    }
}

/* ---- Marks -------------------------------------------------------------------------------------------------------- */

/* Where a column stands: the pin's executions are test->columns[first .. first + count). */
struct column_place {
    uint32_t test, first, count, place;
    /* While a row is looked at: */
    uint32_t row;    /* 1 + the row that this is about */
    uint32_t chosen; /* place of the execution that counts in that row */
    bool by_marks;   /* none has a result that counts */
};

/* Only tests executed more than once need places; NULL when a table has none. */
static struct column_place *column_places(const struct xl_table *t)
{
    bool any = false;
    for (size_t c = 0; c < t->column_count; c++)
        any |= t->columns[c].execution != 0;
    if (!any)
        return NULL;
    struct column_place *places = memory_new(t->column_count, sizeof *places);
    for (uint32_t k = 0; k < t->test_count; k++)
        for (uint32_t first = 0, count; first < t->tests[k].column_count; first += count) {
            count = pin_columns(t, &t->tests[k], first);
            for (uint32_t e = 0; e < count; e++)
                places[t->tests[k].columns[first + e]] =
                    (struct column_place){.test = k, .first = first, .count = count, .place = first + e};
        }
    return places;
}

static struct xl_mark mark_at(struct xl_bytes marks, uint32_t index)
{
    struct xl_mark mark;
    memcpy(&mark, marks.bytes + index * sizeof mark, sizeof mark);
    return mark;
}

/* Finds, for every pin that has marks in the row, the execution that counts: where no result does, the last (first) one marked. */
static void choose_executions(const struct plan *p, const struct xl_table *t, struct column_place *places, const struct plan_part *part,
                              uint32_t at, struct xl_bytes marks, uint32_t row)
{
    for (uint32_t i = 0; i < marks.length / sizeof(struct xl_mark); i++) {
        uint32_t column = mark_at(marks, i).column;
        if (column >= t->column_count || places[column].count < 2)
            continue;
        const struct column_place *c = &places[column];
        const uint32_t *columns = t->tests[c->test].columns;
        struct column_place *head = &places[columns[c->first]];
        bool last_one = p->executions == XL_LAST_EXECUTION;
        if (head->row != row) {
            head->row = row;
            head->chosen = execution_of(part->group, at, columns, c->first, c->count, last_one);
            head->by_marks = head->chosen == UINT32_MAX;
            if (head->by_marks)
                head->chosen = c->place;
        } else if (head->by_marks && (last_one ? c->place > head->chosen : c->place < head->chosen)) {
            head->chosen = c->place;
        }
    }
}

static bool mark_counts(const struct xl_table *t, const struct column_place *places, uint32_t column)
{
    const struct column_place *c = &places[column];
    if (c->count < 2)
        return true;
    return places[t->tests[c->test].columns[c->first]].chosen == c->place;
}

static void tally_part(const struct xl_lot *lot, struct plan *p, const struct plan_part *part, struct column_place *places, uint32_t *row)
{
    const struct xl_table *t = lot->tables[part->table].table;
    struct tally *tally = p->tallies[part->table];
    for (uint32_t i = 0; i < part->count; i++) {
        struct xl_bytes marks = part->group->marks[part->at[i]];
        bool choose = places && p->executions != XL_ALL_EXECUTIONS;
        if (choose && marks.length)
            choose_executions(p, t, places, part, part->at[i], marks, ++*row);
        for (uint32_t k = 0; k < marks.length / sizeof(struct xl_mark); k++) {
            struct xl_mark mark = mark_at(marks, k);
            if (mark.column >= t->column_count || (choose && !mark_counts(t, places, mark.column)))
                continue;
            tally[mark.column].excluded += mark.is_excluded != 0;
            tally[mark.column].fails += (mark.test_flag & (XL_TEST_FAILED | XL_TEST_NO_VERDICT)) == XL_TEST_FAILED;
        }
    }
}

static int part_table_order(const void *left, const void *right)
{
    const struct plan_part *a = *(struct plan_part *const *)left, *b = *(struct plan_part *const *)right;
    return (a->table > b->table) - (a->table < b->table);
}

static void tally_marks(const struct xl_lot *lot, struct plan *p)
{
    struct plan_part **sorted = memory_new(p->part_count, sizeof *sorted);
    for (size_t i = 0; i < p->part_count; i++)
        sorted[i] = &p->parts[i];
    if (p->part_count)
        qsort(sorted, p->part_count, sizeof *sorted, part_table_order);
    struct column_place *places = NULL;
    uint32_t row = 0;
    for (size_t i = 0; i < p->part_count; i++) {
        const struct xl_table *t = lot->tables[sorted[i]->table].table;
        if (!i || sorted[i - 1]->table != sorted[i]->table) {
            free(places);
            places = column_places(t);
            row = 0;
            p->tallies[sorted[i]->table] = memory_new(t->column_count, sizeof *p->tallies[0]);
        }
        tally_part(lot, p, sorted[i], places, &row);
    }
    free(places);
    free(sorted);
}

/* ---- Plans -------------------------------------------------------------------------------------------------------- */

static struct plan *plan_new(const struct xl_lot *lot, const struct xl_statistics_options *o)
{
    struct plan *p = memory_new(1, sizeof *p);
    p->population = o->population;
    p->executions = o->executions;
    p->wafer = o->wafer;
    p->site = o->site;
    p->tallies = memory_new(lot->table_count, sizeof *p->tallies);
    size_t first, end, most = 0, all = 0, capacity = 0;
    lot_range(lot, o->wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        size_t runs = lot->wafers[i].run_count;
        most = runs > most ? runs : most;
        all += runs;
    }
    struct entry *entries = memory_new(most, sizeof *entries);
    p->at = memory_new(all, sizeof *p->at);
    p->run = memory_new(all, sizeof *p->run);
    for (size_t i = first; i < end; i++)
        add_parts(lot, p, (uint32_t)i, entries, choose_rows(lot, p, &lot->wafers[i], entries), &capacity);
    free(entries);
    tally_marks(lot, p);
    return p;
}

struct plan *plan_take(const struct xl_lot *constant, const struct xl_statistics_options *o)
{
    struct xl_lot *lot = (struct xl_lot *)constant; /* plans are a cache: nobody sees the lot change */
    pthread_mutex_lock(&lot->lock);
    struct plan *p = lot->plans;
    while (p && !(p->population == o->population && p->executions == o->executions && p->wafer == o->wafer && p->site == o->site))
        p = p->next;
    if (!p) {
        if (lot->plan_count >= PLANS_KEPT) { /* the oldest that nobody uses goes */
            struct plan **oldest = NULL;
            for (struct plan **at = &lot->plans; *at; at = &(*at)->next)
                if (!(*at)->users)
                    oldest = at;
            if (oldest) {
                struct plan *gone = *oldest;
                *oldest = gone->next;
                plan_free(lot, gone);
                lot->plan_count--;
            }
        }
        p = plan_new(lot, o);
        p->next = lot->plans;
        lot->plans = p;
        lot->plan_count++;
    }
    p->users++;
    pthread_mutex_unlock(&lot->lock);
    return p;
}

void plan_give_back(const struct xl_lot *constant, struct plan *p)
{
    struct xl_lot *lot = (struct xl_lot *)constant;
    pthread_mutex_lock(&lot->lock);
    p->users--;
    pthread_mutex_unlock(&lot->lock);
}
