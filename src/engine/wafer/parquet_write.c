/* parquet_write.c: writes a table as Parquet, group after group, without copying a column.
 *
 * Pages go out by writev straight from the group's columns, each behind a little prefix: padding that brings its values onto a 64-byte
 * boundary, and its page header. A column's statistics are summed up just before, so that the values are read from memory once. */
#include "engine/wafer/parquet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/wafer/column_statistics.h"
#include "engine/wafer/files.h"
#include "engine/wafer/metadata.h"
#include "engine/wafer/thrift.h"

enum {
    BATCH_PAGES = 256,
    BATCH_BYTES = 1 << 20, /* written at once: fits the second-level cache */
    SYNC_BYTES = 8 << 20,  /* after so many the disk is told to begin */
    ROWS_MOST = 1 << 27,   /* of a row group: a page of 8-byte values stays below 2 GiB */
    TEXT_MOST = 1 << 30,   /* of one text of the metadata */
};
#define PAGE_BYTES_MOST (UINT64_C(1) << 30)

struct page {
    uint64_t at;    /* of its header */
    uint32_t bytes; /* header and values */
};

struct row_group {
    uint32_t rows, column_count;
    struct page parts[PARQUET_PART_COLUMNS];
    struct page missing; /* at 0: none was written */
    uint64_t *columns;   /* offsets of the float pages; 0: the missing page */
};

struct parquet_writer {
    char *path;
    int file; /* -1: resting */
    uint64_t position, written, sync_begun;
    uint64_t rows;

    struct iovec pieces[2 * BATCH_PAGES + 1];
    uint8_t prefixes[BATCH_PAGES][PARQUET_ALIGNMENT + PARQUET_HEADER_MOST];
    int piece_count, page_count;
    size_t batch_bytes;
    uint8_t header[PARQUET_HEADER_MOST]; /* of the last page: most follow one of their own size */
    size_t header_length;
    uint32_t header_rows, header_bytes;

    struct row_group *groups;
    size_t group_count, group_capacity;
    struct xl_column_statistics *statistics;
    uint32_t column_count; /* rows of statistics */

    uint8_t *byte_pages[PARQUET_PART_COLUMNS]; /* BYTE_ARRAY columns are laid out here */
    size_t byte_capacity[PARQUET_PART_COLUMNS];
    uint8_t *missing_page;
    size_t missing_capacity;
};

static bool cannot_write(const struct parquet_writer *w, struct xl_error *error)
{
    xl_fail(error, "cannot_write", _("Cannot write the file: %m"));
    return xl_fail_place(error, "%s", w->path);
}

static bool awake(struct parquet_writer *w, struct xl_error *error)
{
    if (w->file < 0)
        w->file = open(w->path, O_WRONLY | O_CLOEXEC);
    return w->file >= 0 || cannot_write(w, error);
}

/* ---- Batches of pages ----------------------------------------------------------------------------------------------- */

/* Only a hint: the disk works while we do. What counts is the fsync at the end. */
static void sync_begin(struct parquet_writer *w)
{
    if (w->written > w->sync_begun)
        sync_file_range(w->file, (off_t)w->sync_begun, (off_t)(w->written - w->sync_begun), SYNC_FILE_RANGE_WRITE);
    w->sync_begun = w->written;
}

static bool batch_flush(struct parquet_writer *w, struct xl_error *error)
{
    struct iovec *piece = w->pieces;
    int left = w->piece_count;
    w->piece_count = w->page_count = 0;
    w->batch_bytes = 0;
    while (left > 0) {
        ssize_t wrote = pwritev(w->file, piece, left, (off_t)w->written);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return cannot_write(w, error);
        w->written += (uint64_t)wrote;
        size_t done = (size_t)wrote;
        while (left > 0 && done >= piece->iov_len) {
            done -= piece->iov_len;
            piece++;
            left--;
        }
        if (done) {
            piece->iov_base = (uint8_t *)piece->iov_base + done;
            piece->iov_len -= done;
        }
    }
    if (w->written - w->sync_begun >= SYNC_BYTES)
        sync_begin(w);
    return true;
}

static void batch_add(struct parquet_writer *w, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    w->pieces[w->piece_count++] = (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    w->batch_bytes += length;
    w->position += length;
}

/* The values must stay as they are until the batch is flushed. */
static bool page_add(struct parquet_writer *w, uint32_t rows, const void *values, uint32_t bytes, struct page *page, struct xl_error *error)
{
    if ((w->page_count == BATCH_PAGES || w->batch_bytes >= BATCH_BYTES) && !batch_flush(w, error))
        return false;
    if (w->header_length == 0 || w->header_rows != rows || w->header_bytes != bytes) {
        w->header_length = parquet_page_header(w->header, rows, bytes);
        w->header_rows = rows;
        w->header_bytes = bytes;
    }
    uint8_t *prefix = w->prefixes[w->page_count++];
    size_t length = w->header_length;
    size_t padding = (PARQUET_ALIGNMENT - (w->position + length) % PARQUET_ALIGNMENT) % PARQUET_ALIGNMENT;
    memset(prefix, 0, padding);
    memcpy(prefix + padding, w->header, length);
    *page = (struct page){.at = w->position + padding, .bytes = (uint32_t)length + bytes};
    batch_add(w, prefix, padding + length);
    batch_add(w, values, bytes);
    return true;
}

/* ---- Groups --------------------------------------------------------------------------------------------------------- */

struct parquet_writer *parquet_writer_new(const char *path, struct xl_error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        xl_fail(error, "cannot_write", _("Cannot make the file: %m"));
        xl_fail_place(error, "%s", path);
        return NULL;
    }
    struct parquet_writer *w = memory_new(1, sizeof *w);
    w->path = memory_text(path);
    w->file = file;
    batch_add(w, PARQUET_MAGIC, 4);
    return w;
}

void parquet_writer_free(struct parquet_writer *w)
{
    if (!w)
        return;
    if (w->file >= 0)
        close(w->file);
    for (size_t i = 0; i < w->group_count; i++)
        free(w->groups[i].columns);
    for (size_t i = 0; i < PARQUET_PART_COLUMNS; i++)
        free(w->byte_pages[i]);
    free(w->missing_page);
    free(w->groups);
    free(w->statistics);
    free(w->path);
    free(w);
}

void parquet_writer_rest(struct parquet_writer *w)
{
    /* What was not flushed stays in memory only when it is ours: the magic and prefixes are, a group's columns were flushed. */
    if (w->file >= 0) {
        sync_begin(w);
        close(w->file);
    }
    w->file = -1;
}

bool parquet_writer_sync(struct parquet_writer *w, struct xl_error *error)
{
    return awake(w, error) && (fsync(w->file) == 0 || cannot_write(w, error));
}

static uint64_t byte_page_size(const struct xl_bytes *values, uint32_t from, uint32_t rows)
{
    uint64_t bytes = 0;
    for (uint32_t i = from; i < from + rows; i++)
        bytes += UINT64_C(4) + values[i].length;
    return bytes;
}

/* A BYTE_ARRAY page: four bytes of length before each value. */
static void byte_page_lay(struct parquet_writer *w, int column, const struct xl_bytes *values, uint32_t from, uint32_t rows, uint64_t bytes)
{
    if (bytes > w->byte_capacity[column]) {
        free(w->byte_pages[column]);
        w->byte_pages[column] = memory_new(1, bytes);
        w->byte_capacity[column] = bytes;
    }
    uint8_t *at = w->byte_pages[column];
    for (uint32_t i = from; i < from + rows; i++) {
        memcpy(at, &values[i].length, 4);
        if (values[i].length)
            memcpy(at + 4, values[i].bytes, values[i].length);
        at += 4 + (size_t)values[i].length;
    }
}

static bool missing_page_add(struct parquet_writer *w, struct row_group *group, struct xl_error *error)
{
    size_t bytes = group->rows * sizeof(float);
    if (bytes > w->missing_capacity) {
        w->missing_page = memory_grow(w->missing_page, bytes, 1);
        memset(w->missing_page, 0xff, bytes);
        w->missing_capacity = bytes;
    }
    return page_add(w, group->rows, w->missing_page, (uint32_t)bytes, &group->missing, error);
}

static const void *part_values(const struct xl_part_group *group, int column)
{
    return *(const void *const *)((const char *)group + parquet_part_columns[column].offset);
}

static bool rows_write(struct parquet_writer *w, const struct xl_part_group *group, uint32_t from, uint32_t rows, uint32_t column_count,
                       struct xl_error *error)
{
    if (w->group_count == w->group_capacity) {
        w->group_capacity = w->group_capacity ? 2 * w->group_capacity : 4;
        w->groups = memory_grow(w->groups, w->group_capacity, sizeof *w->groups);
    }
    struct row_group *made = &w->groups[w->group_count++];
    *made = (struct row_group){.rows = rows, .column_count = column_count, .columns = memory_new(column_count, sizeof *made->columns)};
    w->rows += rows;
    for (int i = 0; i < PARQUET_PART_COLUMNS; i++) {
        const void *values = part_values(group, i);
        uint64_t bytes = 0;
        if (parquet_part_columns[i].type == PARQUET_BYTE_ARRAY) {
            bytes = byte_page_size(values, from, rows);
            byte_page_lay(w, i, values, from, rows, bytes);
            values = w->byte_pages[i];
        } else {
            size_t size = parquet_part_columns[i].type == PARQUET_INT64 ? 8 : 4;
            bytes = rows * size;
            values = (const uint8_t *)values + from * size;
        }
        if (!page_add(w, rows, values, (uint32_t)bytes, &made->parts[i], error))
            return false;
    }
    bool lacks = false;
    for (uint32_t c = 0; c < column_count; c++) {
        const float *values = group->values[c];
        struct page page;
        if (!values) {
            lacks = true;
            continue;
        }
        column_statistics_add(&w->statistics[c], values + from, rows);
        if (!page_add(w, rows, values + from, rows * (uint32_t)sizeof *values, &page, error))
            return false;
        made->columns[c] = page.at;
    }
    column_statistics_marks(w->statistics, w->column_count, group->marks + from, rows);
    if (lacks && !missing_page_add(w, made, error))
        return false;
    return batch_flush(w, error); /* the group may be freed now */
}

bool parquet_writer_group(struct parquet_writer *w, const struct xl_part_group *group, uint32_t column_count, struct xl_error *error)
{
    if (group->rows == 0)
        return true;
    if (!awake(w, error))
        return false;
    if (column_count > w->column_count) {
        w->statistics = memory_grow(w->statistics, column_count, sizeof *w->statistics);
        for (; w->column_count < column_count; w->column_count++)
            w->statistics[w->column_count] = column_statistics_none;
    }
    /* A page holds less than 2 GiB. What is larger becomes several row groups: they hold the same rows. */
    for (uint32_t from = 0; from < group->rows;) {
        uint32_t rows = group->rows - from < ROWS_MOST ? group->rows - from : ROWS_MOST;
        for (int i = 0; i < PARQUET_PART_COLUMNS; i++)
            if (parquet_part_columns[i].type == PARQUET_BYTE_ARRAY)
                while (byte_page_size(part_values(group, i), from, rows) > PAGE_BYTES_MOST) {
                    if (rows == 1)
                        return xl_fail(error, "part_too_large", _("A part has more text or marks than a file can hold."));
                    rows /= 2;
                }
        if (!rows_write(w, group, from, rows, column_count, error))
            return false;
        from += rows;
    }
    return true;
}

/* ---- The footer ----------------------------------------------------------------------------------------------------- */

static void schema_element(struct thrift_writer *t, const char *name, int32_t type, bool is_text)
{
    thrift_element_struct(t);
    thrift_i32(t, 1, type);
    thrift_i32(t, 3, PARQUET_REQUIRED);
    thrift_text(t, 4, name);
    if (is_text) {
        thrift_i32(t, 6, PARQUET_UTF8);
        thrift_struct(t, 10); /* LogicalType */
        thrift_struct(t, 1);  /* STRING */
        thrift_struct_end(t);
        thrift_struct_end(t);
    }
    thrift_struct_end(t);
}

static void column_chunk(struct thrift_writer *t, const char *name, int32_t type, uint32_t rows, struct page page)
{
    thrift_element_struct(t);
    thrift_i64(t, 2, 0); /* file_offset: deprecated */
    thrift_struct(t, 3); /* ColumnMetaData */
    thrift_i32(t, 1, type);
    thrift_list(t, 2, THRIFT_I32, 1);
    thrift_element_i32(t, PARQUET_PLAIN);
    thrift_list(t, 3, THRIFT_BINARY, 1);
    thrift_element_text(t, name);
    thrift_i32(t, 4, PARQUET_UNCOMPRESSED);
    thrift_i64(t, 5, rows);
    thrift_i64(t, 6, page.bytes);
    thrift_i64(t, 7, page.bytes);
    thrift_i64(t, 9, (int64_t)page.at);
    thrift_struct_end(t);
    thrift_struct_end(t);
}

static void row_group(struct thrift_writer *t, const struct row_group *group, size_t columns, char **names)
{
    uint64_t bytes = 0;
    thrift_element_struct(t);
    thrift_list(t, 1, THRIFT_STRUCT, PARQUET_PART_COLUMNS + columns);
    for (int i = 0; i < PARQUET_PART_COLUMNS; i++) {
        column_chunk(t, parquet_part_columns[i].name, parquet_part_columns[i].type, group->rows, group->parts[i]);
        bytes += group->parts[i].bytes;
    }
    uint8_t header[PARQUET_HEADER_MOST];
    uint32_t value_bytes = group->rows * (uint32_t)sizeof(float);
    uint32_t page_bytes = value_bytes + (uint32_t)parquet_page_header(header, group->rows, value_bytes);
    for (size_t c = 0; c < columns; c++) {
        uint64_t at = c < group->column_count && group->columns[c] ? group->columns[c] : group->missing.at;
        column_chunk(t, names[c], PARQUET_FLOAT, group->rows, (struct page){at, page_bytes});
        bytes += page_bytes;
    }
    thrift_i64(t, 2, (int64_t)bytes);
    thrift_i64(t, 3, group->rows);
    thrift_i64(t, 5, (int64_t)group->parts[0].at);
    thrift_i64(t, 6, (int64_t)bytes);
    thrift_struct_end(t);
}

static bool key_values(struct parquet_writer *w, struct thrift_writer *t, const struct xl_table *table, char **names,
                       struct xl_error *error)
{
    struct metadata metadata = {
        .table = (struct xl_table *)(uintptr_t)table, .statistics = w->statistics, .column_names = names, .group_count = w->group_count};
    metadata.groups = memory_new(w->group_count, sizeof *metadata.groups);
    for (size_t i = 0; i < w->group_count; i++)
        metadata.groups[i] = (struct metadata_group){.rows = w->groups[i].rows, .missing = w->groups[i].missing.at};
    struct text value;
    text_init(&value, TEXT_MOST);
    thrift_list(t, 5, THRIFT_STRUCT, METADATA_KEYS);
    for (int key = 0; key < METADATA_KEYS && !value.overflow; key++) {
        text_clear(&value);
        metadata_write(&value, (enum metadata_key)key, &metadata);
        thrift_element_struct(t);
        thrift_text(t, 1, metadata_names[key]);
        thrift_bytes(t, 2, value.data, value.length);
        thrift_struct_end(t);
    }
    bool fits = !value.overflow;
    text_free(&value);
    free(metadata.groups);
    return fits || xl_fail(error, "table_too_large", _("The table has more tests, pins or findings than a file can describe."));
}

static bool footer_write(struct parquet_writer *w, const struct xl_table *table, char **names, struct xl_error *error)
{
    struct thrift_writer t = {0};
    thrift_element_struct(&t);
    thrift_i32(&t, 1, 1); /* format version */
    thrift_list(&t, 2, THRIFT_STRUCT, 1 + PARQUET_PART_COLUMNS + table->column_count);
    thrift_element_struct(&t);
    thrift_text(&t, 4, "xinlian");
    thrift_i32(&t, 5, (int32_t)(PARQUET_PART_COLUMNS + table->column_count));
    thrift_struct_end(&t);
    for (int i = 0; i < PARQUET_PART_COLUMNS; i++)
        schema_element(&t, parquet_part_columns[i].name, parquet_part_columns[i].type, parquet_part_columns[i].is_text);
    for (size_t c = 0; c < table->column_count; c++)
        schema_element(&t, names[c], PARQUET_FLOAT, false);
    thrift_i64(&t, 3, (int64_t)w->rows);
    thrift_list(&t, 4, THRIFT_STRUCT, w->group_count);
    for (size_t i = 0; i < w->group_count; i++)
        row_group(&t, &w->groups[i], table->column_count, names);
    bool good = key_values(w, &t, table, names, error);
    thrift_text(&t, 6, "xinlian"); /* no version: the same table gives the same bytes */
    thrift_struct_end(&t);
    if (good && t.length > INT32_MAX)
        good = xl_fail(error, "table_too_large", _("The table has more tests, pins or findings than a file can describe."));
    uint32_t length = (uint32_t)t.length;
    batch_add(w, t.data, t.length);
    batch_add(w, &length, 4);
    batch_add(w, PARQUET_MAGIC, 4);
    good = good && batch_flush(w, error);
    thrift_writer_free(&t);
    return good;
}

bool parquet_writer_finish(struct parquet_writer *w, const struct xl_table *table, struct xl_error *error)
{
    if (table->rows != w->rows)
        BUG("a table of %llu rows whose groups had %llu", (unsigned long long)table->rows, (unsigned long long)w->rows);
    if (table->column_count > INT32_MAX - PARQUET_PART_COLUMNS - 1)
        return xl_fail(error, "table_too_large", _("The table has more tests, pins or findings than a file can describe."));
    if (!awake(w, error))
        return false;
    if (w->column_count < table->column_count) {
        w->statistics = memory_grow(w->statistics, table->column_count, sizeof *w->statistics);
        for (; w->column_count < table->column_count; w->column_count++)
            w->statistics[w->column_count] = column_statistics_none;
    }
    for (size_t i = 0; i < w->group_count; i++) {
        struct row_group *group = &w->groups[i];
        if (group->column_count < table->column_count && !group->missing.at &&
            (!missing_page_add(w, group, error) || !batch_flush(w, error)))
            return false;
    }
    char **names = xl_column_names(table);
    bool good = footer_write(w, table, names, error);
    free(names);
    return good;
}

bool xl_parquet_write(const struct xl_table *table, const char *path, struct xl_error *error)
{
    char *temporary = memory_new(1, strlen(path) + 32);
    snprintf(temporary, strlen(path) + 32, "%s.%ld.part", path, (long)getpid());
    unlink(temporary);
    struct parquet_writer *w = parquet_writer_new(temporary, error);
    bool good = w;
    for (size_t i = 0; good && i < table->group_count; i++)
        good = parquet_writer_group(w, &table->groups[i], (uint32_t)table->column_count, error);
    good = good && parquet_writer_finish(w, table, error) && parquet_writer_sync(w, error);
    if (good && rename(temporary, path) != 0) {
        xl_fail(error, "cannot_write", _("Cannot write the file: %m"));
        good = xl_fail_place(error, "%s", path);
    }
    good = good && files_sync_parent(path, error);
    if (w && !good)
        unlink(temporary);
    parquet_writer_free(w);
    free(temporary);
    return good;
}
