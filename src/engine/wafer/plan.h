/* plan.h: which rows a statistic looks at, and what their marks say: made once for a choice of runs, used for every test. */
#pragma once

#include <xinlian/wafer.h>

#include "engine/wafer/lot.h"

/* Rows of one group, of one wafer, in the order of the table. */
struct plan_part {
    uint32_t wafer, table;
    const struct xl_part_group *group;
    uint32_t count;
    const uint32_t *at;  /* rows */
    const uint32_t *run; /* where each stands among the wafer's runs */
    bool is_whole;       /* all rows of the group, one after the other */
};

/* Marks of the plan's rows, counted by column of a table. */
struct tally {
    uint64_t excluded, fails;
};

struct plan {
    struct plan *next;
    uint32_t users;
    enum xl_population population;
    enum xl_executions executions;
    int64_t wafer;
    int32_t site;

    size_t part_count;
    struct plan_part *parts; /* in order of wafer, table, group */
    uint64_t rows;
    uint32_t *at, *run;     /* what the parts point into */
    struct tally **tallies; /* of each table: its columns; NULL: no rows of it */
};

/* The lot keeps plans for the next time; give each back. */
struct plan *plan_take(const struct xl_lot *, const struct xl_statistics_options *);
void plan_give_back(const struct xl_lot *, struct plan *);

/* The place among `columns` [first, first + count) of one pin's executions that holds the result of the row that counts; UINT32_MAX: none.
 */
static inline uint32_t execution_of(const struct xl_part_group *g, uint32_t at, const uint32_t *columns, uint32_t first, uint32_t count,
                                    bool last_one)
{
    for (uint32_t e = 0; e < count; e++) {
        uint32_t k = last_one ? first + count - 1 - e : first + e;
        const float *values = g->values[columns[k]];
        if (values && !xl_is_missing(values[at]))
            return k;
    }
    return UINT32_MAX;
}

/* The executions of one pin, from `first`: how many columns they take. */
static inline uint32_t pin_columns(const struct xl_table *table, const struct xl_test *test, uint32_t first)
{
    uint32_t k = first + 1;
    while (k < test->column_count && table->columns[test->columns[k]].pin == table->columns[test->columns[first]].pin)
        k++;
    return k - first;
}
