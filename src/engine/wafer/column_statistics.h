/* column_statistics.h: what the store remembers of each column, summed up while its values are written. */
#pragma once

#include <xinlian/store.h>

/* Takes more values of one column. The order of the calls decides the last bits, nothing else does: not the compiler, not the processor. */
void column_statistics_add(struct xl_column_statistics *, const float *values, size_t count);
/* Takes the marks of some rows; `columns` rows of statistics. */
void column_statistics_marks(struct xl_column_statistics *, uint32_t columns, const struct xl_bytes *marks, size_t rows);
/* No values yet. */
extern const struct xl_column_statistics column_statistics_none;
