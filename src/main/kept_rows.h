/* kept_rows.h: which part runs the filter, the policy and the population leave, asked row by row and by byte offset. */
#pragma once

#include "main/gather.h"

struct kept_rows;
struct kept_rows *kept_rows_new(const struct gather *gather, const struct lots *lots, enum xl_population population);
void kept_rows_free(struct kept_rows *kept);
/* For xl_csv_options.keep: `context` is the kept_rows; tables count in the order of the gather. */
bool kept_rows_row(void *context, size_t table, uint64_t row);
/* For xl_stdf_filter.keep_part: `context` is kept_rows_entry(…), parts are known by where they begin. */
void *kept_rows_entry(const struct kept_rows *kept, size_t path, size_t entry);
bool kept_rows_part(void *context, uint64_t begin, uint64_t end);
