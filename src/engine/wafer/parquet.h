/* parquet.h: what the writer and the reader of the store's Parquet files share. The layout is told in docs/store.md. */
#pragma once

#include <xinlian/store.h>

enum { PARQUET_INT32 = 1, PARQUET_INT64 = 2, PARQUET_FLOAT = 4, PARQUET_BYTE_ARRAY = 6 };
enum { PARQUET_REQUIRED = 0, PARQUET_UTF8 = 0, PARQUET_PLAIN = 0, PARQUET_UNCOMPRESSED = 0 };
enum { PARQUET_ALIGNMENT = 64, PARQUET_HEADER_MOST = 40 };
#define PARQUET_MAGIC "PAR1"

/* The columns of XL_PART_COLUMNS, which come first in every file. */
struct parquet_part_column {
    const char *name;
    int32_t type;
    bool is_text;
    size_t offset; /* of its pointer in struct xl_part_group */
};
#define PART_COLUMN(type, name, what) PARQUET_PART_##name,
enum { XL_PART_COLUMNS(PART_COLUMN) PARQUET_PART_COLUMNS };
#undef PART_COLUMN
extern const struct parquet_part_column parquet_part_columns[PARQUET_PART_COLUMNS];

/* The header of a page of `rows` values in `bytes` bytes; returns its length. Equal pages have equal headers: the reader compares. */
size_t parquet_page_header(uint8_t out[PARQUET_HEADER_MOST], uint32_t rows, uint32_t bytes);

/* Puts `name` before the source of a table from xl_parquet_open. */
void parquet_name(struct xl_table *, const char *name);

/* Writes one file, group after group, and the footer at last. Nothing is synced. */
struct parquet_writer;
/* Makes the file; it must not be there. `path` is kept as it is. */
struct parquet_writer *parquet_writer_new(const char *path, struct xl_error *);
/* Columns from `column_count` on have no values in this group. */
bool parquet_writer_group(struct parquet_writer *, const struct xl_part_group *, uint32_t column_count, struct xl_error *);
/* The footer. The table's own groups are not looked at. */
bool parquet_writer_finish(struct parquet_writer *, const struct xl_table *, struct xl_error *);
bool parquet_writer_sync(struct parquet_writer *, struct xl_error *);
/* Between groups a writer needs no open file: one of very many may rest. */
void parquet_writer_rest(struct parquet_writer *);
void parquet_writer_free(struct parquet_writer *);
