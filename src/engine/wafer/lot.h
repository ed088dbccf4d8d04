/* lot.h: the lot as its own files see it. Everything above reads a built lot; only lot.c and retest.c write it. */
#pragma once

#include <xinlian/wafer.h>

#include <pthread.h>

#include "base/arena.h"

/* A table's test that is part of a lot's test. */
struct lot_link {
    uint32_t table, test;
};

struct lot_table {
    const struct xl_table *table;
    uint32_t file; /* tables of one raw file share a number */
    uint32_t wafer;
    bool is_duplicate;    /* the same parts came in another table: left out */
    const uint32_t *test; /* table's test -> lot's test */
};

struct filter_at_work;
struct lot_list; /* rows that were asked for, kept for the next time */
struct plan;     /* which runs a statistic looks at: see plan.h */

struct xl_lot {
    struct arena *arena; /* what the builder made; the caches have their own memory */
    struct xl_lot_options options;
    bool is_built;
    struct filter_at_work *filter; /* while building; NULL: every run is looked at */
    const char *name;
    const struct xl_table **added;
    size_t added_count, added_capacity;

    size_t table_count;
    struct lot_table *tables;
    uint32_t file_count;
    size_t wafer_count;
    struct xl_wafer *wafers;

    size_t test_count;
    struct xl_lot_test *tests;
    struct lot_link *links; /* of test t: links[link_first[t] .. link_first[t + 1]), in order of table */
    size_t *link_first;

    pthread_mutex_t lock; /* of everything below */
    struct lot_list *lists;
    struct plan *plans;
    size_t plan_count;
    int8_t stops_on_fail; /* -1: not looked at yet */
};

static inline const struct xl_part_group *run_group(const struct xl_lot *lot, const struct xl_run *run)
{
    return &lot->tables[run->table].table->groups[run->group];
}

/* The wafers that `wafer` (an index, or XL_ALL_WAFERS) means: [first, end). */
static inline void lot_range(const struct xl_lot *lot, int64_t wafer, size_t *first, size_t *end)
{
    *first = wafer < 0 ? 0 : (size_t)wafer;
    *end = wafer < 0 ? lot->wafer_count : (size_t)wafer + 1;
    if (*end > lot->wafer_count)
        *first = *end = 0;
}

/* Lists that belong to the lot: made once for a key, under the lot's lock. `make` returns memory_new memory (may be NULL when the count
 * is 0); the lot frees it. */
enum list_kind { LIST_SITES, LIST_ZONES, LIST_HARD_BINS, LIST_SOFT_BINS, LIST_FIRST_FAILS, LIST_DISAGREEMENTS };
size_t lot_list_get(const struct xl_lot *, enum list_kind, int64_t wafer, const void **rows,
                    size_t (*make)(const struct xl_lot *, int64_t wafer, void **rows));

/* retest.c: fills runs, run_marks, dice, by and account of a wafer whose tables are set. */
bool retest_apply(struct xl_lot *, struct xl_wafer *, struct xl_error *);

/* plan.c */
void plans_free(const struct xl_lot *);
