/* metadata.h: everything of a table but its rows, as texts in the key-value metadata of its Parquet file.
 *
 * Each text is a small table: tabs between fields, a line feed after every line, names in the first line; tab, line feed and backslash
 * stand as \t, \n, \\. The texts are listed in docs/store.md. */
#pragma once

#include <xinlian/store.h>

#include "base/arena.h"
#include "base/text.h"

enum metadata_key {
    METADATA_FILE,
    METADATA_TESTS,
    METADATA_COLUMNS,
    METADATA_LIMITS,
    METADATA_BINS,
    METADATA_COUNTS,
    METADATA_PINS,
    METADATA_NAMED,
    METADATA_FINDINGS,
    METADATA_FINDINGS_KEPT,
    METADATA_STATISTICS,
    METADATA_GROUPS,
    METADATA_KEYS
};
extern const char *const metadata_names[METADATA_KEYS];  /* "xinlian.file" ... */
extern const char *const metadata_titles[METADATA_KEYS]; /* the first line of each text */

enum { METADATA_KINDS = XL_TEST_STR + 1 };
extern const char *const metadata_kinds[METADATA_KINDS]; /* "PTR" ... */

/* Single values of `struct xl_table`, in the order of xinlian.file. */
#define METADATA_TABLE_TEXTS(TEXT)                                                                                                         \
    TEXT(source)                                                                                                                           \
    TEXT(lot)                                                                                                                              \
    TEXT(sublot)                                                                                                                           \
    TEXT(wafer)                                                                                                                            \
    TEXT(product)                                                                                                                          \
    TEXT(test_code)                                                                                                                        \
    TEXT(program)                                                                                                                          \
    TEXT(program_revision)                                                                                                                 \
    TEXT(tester)                                                                                                                           \
    TEXT(tester_type)                                                                                                                      \
    TEXT(operator_name)                                                                                                                    \
    TEXT(temperature)

/* What only the file knows: its row groups. */
struct metadata_group {
    uint32_t rows;
    uint64_t missing; /* offset of the page that columns without a value share; 0: none */
};
struct metadata {
    struct xl_table *table;
    struct xl_column_statistics *statistics; /* one per column */
    char **column_names;
    size_t group_count;
    struct metadata_group *groups;
    struct xl_findings *findings; /* reading: made anew */
};

/* Writes one text; `columns` are the columns' names. */
void metadata_write(struct text *out, enum metadata_key, const struct metadata *);
/* Reads all texts into metadata->table and the rest; memory is the arena's, but for the findings. `texts` are changed in place. */
struct metadata_text {
    char *data;
    size_t length;
};
bool metadata_read(struct metadata *, struct metadata_text texts[METADATA_KEYS], struct arena *, struct xl_error *);
