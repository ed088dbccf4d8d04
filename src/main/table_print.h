/* table_print.h: tables for people: columns aligned by what characters take in a terminal, Chinese ones two columns each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "main/console.h"

enum align { ALIGN_LEFT, ALIGN_RIGHT };

struct table_print;
/* `indent` spaces stand before every line. */
struct table_print *table_print_new(size_t indent);
/* Columns come first. `title` is copied. */
void table_column(struct table_print *, enum align, const char *title);
/* How the column added last gives way where the terminal is too narrow: its texts are cut (names), go on in further lines (sentences),
 * or it is left out (what is only nice to have; the rightmost first). */
void table_flexible(struct table_print *);
void table_wrapping(struct table_print *);
void table_expendable(struct table_print *);
/* Then cells, row by row, from the left; a row that has fewer cells than columns ends with table_row_end. */
void table_cell(struct table_print *, enum style, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A bar of `share` (0..1) of `width` columns, in eighths of a column. */
void table_bar(struct table_print *, enum style, double share, size_t width);
void table_row_end(struct table_print *);
size_t table_rows(const struct table_print *);
/* Prints and frees. Columns without any text are left out; titles are left out when all are empty. */
void table_print_end(struct table_print *);
