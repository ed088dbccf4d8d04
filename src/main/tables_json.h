/* tables_json.h: tables whole, as JSON: tests, columns, part runs with their results. */
#pragma once

#include "main/kept_rows.h"

/* `kept` NULL: all rows. `wanted` says which tests. */
bool tables_json(const struct xl_table *const *tables, size_t count, const struct kept_rows *kept, bool (*wanted)(const struct xl_test *),
                 struct xl_sink sink, struct xl_error *error);
