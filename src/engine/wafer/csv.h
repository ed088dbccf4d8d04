/* csv.h: what the CSV writers and the reader agree on: the columns of a part run, the lines that say what the tests are. */
#pragma once

#include <xinlian/csv.h>

#include "base/error.h"

/* Columns of a part run, in this order, before the columns of results. CSV_PART(name). The last one holds the marks: for each
 * "column:TEST_FLG:PARM_FLG", columns counted from 0, flags in hexadecimal, then ":x" where the result does not count, then ":value" where
 * that is not what the column says. */
#define CSV_PARTS(CSV_PART)                                                                                                                \
    CSV_PART(ordinal)                                                                                                                      \
    CSV_PART(lot)                                                                                                                          \
    CSV_PART(sublot)                                                                                                                       \
    CSV_PART(wafer)                                                                                                                        \
    CSV_PART(part_id)                                                                                                                      \
    CSV_PART(x)                                                                                                                            \
    CSV_PART(y)                                                                                                                            \
    CSV_PART(hard_bin)                                                                                                                     \
    CSV_PART(soft_bin)                                                                                                                     \
    CSV_PART(passed)                                                                                                                       \
    CSV_PART(head)                                                                                                                         \
    CSV_PART(site)                                                                                                                         \
    CSV_PART(part_text)                                                                                                                    \
    CSV_PART(flags)                                                                                                                        \
    CSV_PART(tests)                                                                                                                        \
    CSV_PART(executed)                                                                                                                     \
    CSV_PART(test_ms)                                                                                                                      \
    CSV_PART(touch)                                                                                                                        \
    CSV_PART(first_fail)                                                                                                                   \
    CSV_PART(begin)                                                                                                                        \
    CSV_PART(end)                                                                                                                          \
    CSV_PART(is_wafer)                                                                                                                     \
    CSV_PART(source)                                                                                                                       \
    CSV_PART(marks)

enum csv_part {
#define CSV_PART(name) CSV_PART_##name,
    CSV_PARTS(CSV_PART)
#undef CSV_PART
        CSV_PART_COUNT
};

/* Lines above the part runs, by the word in their first cell after "#". */
#define CSV_LINES(CSV_LINE)                                                                                                                \
    CSV_LINE(number)                                                                                                                       \
    CSV_LINE(name)                                                                                                                         \
    CSV_LINE(units)                                                                                                                        \
    CSV_LINE(low)                                                                                                                          \
    CSV_LINE(high)                                                                                                                         \
    CSV_LINE(low_spec)                                                                                                                     \
    CSV_LINE(high_spec)                                                                                                                    \
    CSV_LINE(limits)                                                                                                                       \
    CSV_LINE(kind)                                                                                                                         \
    CSV_LINE(test)                                                                                                                         \
    CSV_LINE(pin)                                                                                                                          \
    CSV_LINE(execution)                                                                                                                    \
    CSV_LINE(format)                                                                                                                       \
    CSV_LINE(count)

enum csv_line {
#define CSV_LINE(name) CSV_LINE_##name,
    CSV_LINES(CSV_LINE)
#undef CSV_LINE
        CSV_LINE_COUNT
};

extern const char *const csv_part_names[CSV_PART_COUNT];
extern const char *const csv_line_names[CSV_LINE_COUNT];
extern const char *const csv_kind_names[4];

/* ---- Text that grows ---------------------------------------------------------------------------------------------- */

struct csv_buffer {
    char *bytes;
    size_t length, capacity;
};

/* Room for `length` bytes more. */
static inline char *csv_room(struct csv_buffer *b, size_t length)
{
    if (__builtin_expect(length > b->capacity - b->length, 0)) {
        b->capacity = b->capacity * 2 > b->length + length ? b->capacity * 2 : b->length + length;
        b->bytes = memory_grow(b->bytes, b->capacity, 1);
    }
    return b->bytes + b->length;
}

void csv_put(struct csv_buffer *, const void *bytes, size_t length);
void csv_put_char(struct csv_buffer *, char);
void csv_put_whole(struct csv_buffer *, int64_t);
void csv_put_hex(struct csv_buffer *, uint32_t number, int digits);
void csv_put_nan(struct csv_buffer *, float);
void csv_put_float(struct csv_buffer *, float); /* nothing for a missing value */
void csv_put_limit(struct csv_buffer *, float); /* nothing for NaN: no limit */
void csv_put_text(struct csv_buffer *, const char *text, size_t length, bool excel);
void csv_put_string(struct csv_buffer *, const char *text, bool excel);

/* ---- The sheet: the columns of the file, and which of each table's they are ---------------------------------------- */

enum { CSV_NO_COLUMN = -1 };
#define CSV_LEFT_OUT UINT32_MAX /* a table's column whose test is not wanted */
struct csv_sheet {
    const struct xl_table *const *tables;
    size_t table_count;
    const struct xl_csv_options *options;
    struct arena *arena;
    struct xl_table all;            /* the union: its tests and columns */
    int32_t **column_of;            /* [table][column of the file] -> column of the table, CSV_NO_COLUMN */
    uint32_t **file_column;         /* [table][column of the table] -> column of the file */
    struct csv_buffer *lead, *tail; /* long: what stands before and after a value, by column of the file */
    const char *line_end;
};
/* Fills `all` and the two maps from `tables` into the sheet's arena. */
void csv_sheet_join(struct csv_sheet *);
