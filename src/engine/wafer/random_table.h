/* random_table.h: tables for tests, made from a seed, with everything in them that a file can hold; and a comparison of tables. */
#pragma once

#include <xinlian/store.h>

#include "base/arena.h"

struct random_table_options {
    uint64_t seed;
    uint32_t tests, groups, rows; /* rows of a group, about */
    bool is_plain;                /* texts and values as real files have them; else anything that can be */
};
/* All memory is the arena's, but for table->findings, which is the caller's to free. */
struct xl_table *random_table(struct arena *, const struct random_table_options *);
/* NULL when the tables say the same, bit for bit; else the first thing that differs. Rows may be grouped differently. */
const char *table_difference(const struct xl_table *, const struct xl_table *);
