/* filter.h: a filter at work on the runs of one lot. */
#pragma once

#include <xinlian/wafer.h>

/* The filter with the tests it names found in each table. NULL when it names a test that no table has. */
struct filter_at_work;
struct filter_at_work *filter_begin(const struct xl_filter *, const struct xl_table *const *tables, size_t table_count, struct xl_error *);
void filter_end(struct filter_at_work *);

struct filter_row {
    const struct xl_table *table;
    uint32_t table_index; /* among the tables given to filter_begin */
    const struct xl_part_group *group;
    uint32_t at;
    const char *lot, *wafer; /* after corrections */
    bool passed;
    uint32_t run, runs; /* the n-th run (from 1) of how many of its die */
};
bool filter_keeps(const struct filter_at_work *, const struct filter_row *);
