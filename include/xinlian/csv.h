/* csv.h: tables as CSV: long (one row a result), wide (one row a part run, limits and units above), and wide back into tables.
 *
 * Wide: the first line names the columns: those of the part run, then one for every column of results, by the unique names of
 * xl_column_names. Lines follow whose first cell begins with "#": what the tests are (number, name, units, limits ...). Then one line a
 * part run. Numbers are in base units, as the shortest text that reads back to the same float; an empty cell is a result that is not there.
 * Several tables become one file with the union of their columns; what a test is says its first table.
 *
 * Long: one line a result with its part, test, limits and flags; results that do not count are there too, marked as excluded.
 *
 * `excel`: what opens right in a spreadsheet, a Chinese one too: a byte order mark, CRLF, and text that cannot run as a formula nor turn
 * into a number or a date. Texts that begin with = + - @ ' or a control character get a ' in front; texts that a spreadsheet would take for
 * a number or a date are written as ="...". xl_csv_load undoes both. */
#pragma once

#include <xinlian/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xl_csv_shape { XL_CSV_WIDE, XL_CSV_LONG };
struct xl_csv_options {
    enum xl_csv_shape shape;
    bool excel;
    unsigned threads;                                        /* 0: as many as there are processors */
    bool (*keep)(void *context, size_t table, uint64_t row); /* NULL: all rows; called from several threads */
    void *context;
    bool (*keep_test)(const struct xl_test *); /* NULL: all tests */
    const char *lot, *wafer;                   /* instead of what the tables say; NULL: as they say */
    const uint16_t *pass_bins;
    size_t pass_bin_count;       /* as in xl_part_passed */
    struct xl_progress progress; /* of rows */
};
/* Writes the rows in the order of tables and rows. The sink is called from several threads, one at a time, in order. */
XL_API bool xl_csv_write(const struct xl_table *const *tables, size_t count, const struct xl_csv_options *, struct xl_sink,
                         struct xl_error *);

/* Reads a wide CSV of ours. What a table knows beside its part runs, tests and results (bins, pins, counts, times) is not in it, nor are
 * limits that changed inside a file. Rows of one source, lot, sublot and wafer become one table. Memory stays within some 40 times the
 * text. Fails with "csv_foreign" when the first line is another, and with the line's number ("csv_line") when a line does not fit. Free
 * with xl_tables_free. `bytes` may go after the call. */
XL_API struct xl_tables *xl_csv_load(const void *bytes, size_t length, struct xl_error *);

#ifdef __cplusplus
}
#endif
