/* parquet.c: what the writer and the reader of the store's Parquet files share. */
#include "engine/wafer/parquet.h"

#include <string.h>

#include "base/error.h"
#include "engine/wafer/thrift.h"

#define TYPE_OF(c_type)                                                                                                                    \
    _Generic((const c_type *)NULL, const int32_t *: PARQUET_INT32, const int64_t *: PARQUET_INT64, const struct xl_bytes *: PARQUET_BYTE_ARRAY)
#define PART_COLUMN(c_type, column, what)                                                                                                  \
    [PARQUET_PART_##column] = {                                                                                                            \
        .name = #column,                                                                                                                   \
        .type = TYPE_OF(c_type),                                                                                                           \
        .is_text = TYPE_OF(c_type) == PARQUET_BYTE_ARRAY && PARQUET_PART_##column != PARQUET_PART_marks,                                   \
        .offset = offsetof(struct xl_part_group, column),                                                                                  \
    },
const struct parquet_part_column parquet_part_columns[PARQUET_PART_COLUMNS] = {XL_PART_COLUMNS(PART_COLUMN)};
#undef PART_COLUMN

size_t parquet_page_header(uint8_t out[PARQUET_HEADER_MOST], uint32_t rows, uint32_t bytes)
{
    struct thrift_writer w = {0};
    thrift_element_struct(&w);
    thrift_i32(&w, 1, 0); /* DATA_PAGE */
    thrift_i32(&w, 2, (int32_t)bytes);
    thrift_i32(&w, 3, (int32_t)bytes);
    thrift_struct(&w, 5); /* DataPageHeader */
    thrift_i32(&w, 1, (int32_t)rows);
    thrift_i32(&w, 2, PARQUET_PLAIN);
    thrift_i32(&w, 3, 3); /* levels: RLE, and there are none, for every value is required */
    thrift_i32(&w, 4, 3);
    thrift_struct_end(&w);
    thrift_struct_end(&w);
    if (w.length > PARQUET_HEADER_MOST)
        BUG("a page header of %zu bytes", w.length);
    size_t length = w.length;
    memcpy(out, w.data, length);
    thrift_writer_free(&w);
    return length;
}
