/* parquet_read.c: maps a Parquet file of the store as the table that was written. Nothing in the file is trusted: every offset, length,
 * type and index is checked before anything points there. */
#include "engine/wafer/parquet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/wafer/metadata.h"
#include "engine/wafer/thrift.h"

struct stored_table {
    struct xl_table table; /* first: what callers hold */
    struct arena *arena;
    const uint8_t *map;
    size_t length;
    struct xl_findings *findings;
    struct xl_column_statistics *statistics;
};

/* A leaf of the schema. */
struct leaf {
    const uint8_t *name;
    size_t name_length;
    int32_t type;
};

/* A column chunk: one page. */
struct chunk {
    int32_t type;
    int64_t values, bytes, at;
};

struct row_group {
    int64_t rows;
    struct chunk *chunks;
};

struct reading {
    struct stored_table *stored;
    struct xl_error *error;
    size_t end; /* of the pages: where the footer begins */
    int64_t rows;
    struct leaf *leaves; /* the part columns, then the results */
    size_t leaf_count;
    struct row_group *groups;
    size_t group_count;
    struct metadata_text texts[METADATA_KEYS];
};

static bool corrupt(struct reading *r, const char *what)
{
    return xl_fail(r->error, "parquet_corrupt", _("The file is not a whole Parquet file of Xinlian's store: %s."), what);
}

/* ---- The footer ----------------------------------------------------------------------------------------------------- */

/* The least bytes that an element of these lists takes, so that a count cannot ask for more memory than its file warrants. */
enum { LEAF_LEAST = 5, CHUNK_LEAST = 16, GROUP_LEAST = 8, KEY_VALUE_LEAST = 4 };

static void read_leaf(struct thrift_reader *t, struct leaf *leaf, int32_t *children)
{
    *leaf = (struct leaf){.type = -1};
    *children = 0;
    for (struct thrift_field field = {0}; thrift_next(t, &field);) {
        if (field.number == 1) {
            leaf->type = thrift_read_i32(t, &field);
        } else if (field.number == 3) {
            if (thrift_read_i32(t, &field) != PARQUET_REQUIRED)
                t->broken = true;
        } else if (field.number == 4) {
            leaf->name = thrift_read_bytes(t, &field, &leaf->name_length);
        } else if (field.number == 5) {
            *children = thrift_read_i32(t, &field);
        } else {
            thrift_skip(t, &field);
        }
    }
}

static bool read_schema(struct reading *r, struct thrift_reader *t, const struct thrift_field *field)
{
    size_t count = thrift_read_list(t, field, THRIFT_STRUCT, LEAF_LEAST);
    if (count < 1 + PARQUET_PART_COLUMNS || r->leaves)
        return corrupt(r, _("the columns are not those of parts"));
    struct leaf root;
    int32_t children;
    read_leaf(t, &root, &children);
    r->leaf_count = count - 1;
    r->leaves = arena_take(r->stored->arena, r->leaf_count, sizeof *r->leaves);
    if (root.type != -1 || children < 0 || (size_t)children != r->leaf_count)
        return corrupt(r, _("the columns are not those of parts"));
    for (size_t i = 0; i < r->leaf_count; i++) {
        struct leaf *leaf = &r->leaves[i];
        read_leaf(t, leaf, &children);
        const struct parquet_part_column *part = i < PARQUET_PART_COLUMNS ? &parquet_part_columns[i] : NULL;
        if (t->broken || children != 0 || leaf->type != (part ? part->type : PARQUET_FLOAT) || !leaf->name ||
            (part && (leaf->name_length != strlen(part->name) || memcmp(leaf->name, part->name, leaf->name_length) != 0)))
            return corrupt(r, _("the columns are not those of parts"));
    }
    return true;
}

static void read_column_metadata(struct thrift_reader *t, struct chunk *chunk)
{
    int32_t codec = -1;
    *chunk = (struct chunk){.type = -1, .values = -1, .bytes = -1, .at = -1};
    for (struct thrift_field field = {0}; thrift_next(t, &field);) {
        if (field.number == 1)
            chunk->type = thrift_read_i32(t, &field);
        else if (field.number == 4)
            codec = thrift_read_i32(t, &field);
        else if (field.number == 5)
            chunk->values = thrift_read_i64(t, &field);
        else if (field.number == 7)
            chunk->bytes = thrift_read_i64(t, &field);
        else if (field.number == 9)
            chunk->at = thrift_read_i64(t, &field);
        else if (field.number == 11)
            t->broken = true; /* a dictionary */
        else
            thrift_skip(t, &field);
    }
    if (codec != PARQUET_UNCOMPRESSED)
        t->broken = true;
}

static void read_chunk(struct thrift_reader *t, struct chunk *chunk)
{
    *chunk = (struct chunk){.type = -1};
    for (struct thrift_field field = {0}; thrift_next(t, &field);) {
        if (field.number == 3) {
            thrift_read_struct(t, &field);
            read_column_metadata(t, chunk);
        } else if (field.number == 1) {
            t->broken = true; /* in another file */
        } else {
            thrift_skip(t, &field);
        }
    }
}

static bool read_group(struct reading *r, struct thrift_reader *t, struct row_group *group)
{
    group->rows = -1;
    for (struct thrift_field field = {0}; thrift_next(t, &field);) {
        if (field.number == 1) {
            size_t count = thrift_read_list(t, &field, THRIFT_STRUCT, CHUNK_LEAST);
            if (count != r->leaf_count || group->chunks)
                return corrupt(r, _("a row group has other columns than the file"));
            group->chunks = arena_take(r->stored->arena, count, sizeof *group->chunks);
            for (size_t i = 0; i < count && !t->broken; i++)
                read_chunk(t, &group->chunks[i]);
        } else if (field.number == 3) {
            group->rows = thrift_read_i64(t, &field);
        } else {
            thrift_skip(t, &field);
        }
    }
    if (t->broken || !group->chunks || group->rows < 1 || group->rows > UINT32_MAX)
        return corrupt(r, _("a row group is broken"));
    return true;
}

static bool read_groups(struct reading *r, struct thrift_reader *t, const struct thrift_field *field)
{
    size_t count = thrift_read_list(t, field, THRIFT_STRUCT, GROUP_LEAST);
    if (!r->leaves || r->groups)
        return corrupt(r, _("a row group is broken"));
    r->groups = arena_take(r->stored->arena, count, sizeof *r->groups);
    r->group_count = count;
    for (size_t i = 0; i < count; i++)
        if (!read_group(r, t, &r->groups[i]))
            return false;
    return true;
}

/* Keys that are not ours are anybody's. */
static bool read_key_values(struct reading *r, struct thrift_reader *t, const struct thrift_field *field)
{
    size_t count = thrift_read_list(t, field, THRIFT_STRUCT, KEY_VALUE_LEAST);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *name = NULL, *value = NULL;
        size_t name_length = 0, value_length = 0;
        for (struct thrift_field inner = {0}; thrift_next(t, &inner);) {
            if (inner.number == 1)
                name = thrift_read_bytes(t, &inner, &name_length);
            else if (inner.number == 2)
                value = thrift_read_bytes(t, &inner, &value_length);
            else
                thrift_skip(t, &inner);
        }
        if (t->broken || !name)
            return corrupt(r, _("its metadata is broken"));
        for (int key = 0; key < METADATA_KEYS; key++) {
            if (!value || name_length != strlen(metadata_names[key]) || memcmp(name, metadata_names[key], name_length) != 0)
                continue;
            if (r->texts[key].data)
                return corrupt(r, _("its metadata is broken"));
            /* A copy, for texts are cut into fields in place. */
            r->texts[key].data = arena_text(r->stored->arena, (const char *)value, value_length);
            r->texts[key].length = value_length;
        }
    }
    return true;
}

static bool read_footer(struct reading *r)
{
    const uint8_t *map = r->stored->map;
    size_t length = r->stored->length;
    uint32_t footer;
    if (length < 12 || memcmp(map, PARQUET_MAGIC, 4) != 0 || memcmp(map + length - 4, PARQUET_MAGIC, 4) != 0)
        return corrupt(r, _("its beginning or end is missing"));
    memcpy(&footer, map + length - 8, 4);
    if (footer > length - 12)
        return corrupt(r, _("its beginning or end is missing"));
    r->end = length - 8 - footer;
    r->rows = -1;
    struct thrift_reader t = {.at = map + r->end, .end = map + length - 8};
    for (struct thrift_field field = {0}; thrift_next(&t, &field);) {
        bool good = true;
        if (field.number == 2)
            good = read_schema(r, &t, &field);
        else if (field.number == 3)
            r->rows = thrift_read_i64(&t, &field);
        else if (field.number == 4)
            good = read_groups(r, &t, &field);
        else if (field.number == 5)
            good = read_key_values(r, &t, &field);
        else
            thrift_skip(&t, &field);
        if (!good)
            return false;
    }
    if (t.broken || !r->leaves || !r->groups || r->rows < 0)
        return corrupt(r, _("its footer is broken"));
    for (int key = 0; key < METADATA_KEYS; key++)
        if (!r->texts[key].data)
            return xl_fail(r->error, "parquet_metadata", _("The Parquet file has no metadata %s: Xinlian did not write it."),
                           metadata_names[key]);
    return true;
}

/* ---- Pages ---------------------------------------------------------------------------------------------------------- */

/* Where a page of `bytes` bytes has its values (known to be wholly in the file), or NULL. */
static const uint8_t *page_values(struct reading *r, const struct chunk *chunk, const uint8_t *header, size_t header_length, uint64_t bytes)
{
    const uint8_t *map = r->stored->map;
    uint64_t at = (uint64_t)chunk->at;
    if (chunk->at < 4 || at > r->end || header_length + bytes > r->end - at || chunk->bytes != (int64_t)(header_length + bytes) ||
        (at + header_length) % PARQUET_ALIGNMENT != 0 || memcmp(map + at, header, header_length) != 0) {
        corrupt(r, _("a page is not where it should be"));
        return NULL;
    }
    return map + at + header_length;
}

static const void *read_numbers(struct reading *r, const struct chunk *chunk, uint32_t rows, size_t size)
{
    uint8_t header[PARQUET_HEADER_MOST];
    uint64_t bytes = (uint64_t)rows * size;
    if (bytes > INT32_MAX) {
        corrupt(r, _("a page is not where it should be"));
        return NULL;
    }
    return page_values(r, chunk, header, parquet_page_header(header, rows, (uint32_t)bytes), bytes);
}

static const struct xl_bytes *read_byte_values(struct reading *r, const struct chunk *chunk, uint32_t rows)
{
    /* The size of the page follows from that of the chunk, its header's length from both. */
    uint8_t header[PARQUET_HEADER_MOST];
    size_t header_length = 0;
    uint64_t bytes = 0;
    for (int64_t guess = 16; guess <= PARQUET_HEADER_MOST && !header_length; guess++) {
        bytes = (uint64_t)(chunk->bytes - guess);
        if (chunk->bytes >= guess && bytes <= INT32_MAX && (int64_t)parquet_page_header(header, rows, (uint32_t)bytes) == guess)
            header_length = (size_t)guess;
    }
    if (!header_length || bytes / 4 < rows) {
        corrupt(r, _("a page of texts is broken"));
        return NULL;
    }
    const uint8_t *at = page_values(r, chunk, header, header_length, bytes);
    if (!at)
        return NULL;
    const uint8_t *end = at + bytes;
    struct xl_bytes *values = arena_take(r->stored->arena, rows, sizeof *values);
    for (uint32_t i = 0; i < rows; i++) {
        if (end - at < 4)
            break;
        memcpy(&values[i].length, at, 4);
        at += 4;
        if (values[i].length > (uint64_t)(end - at))
            break;
        values[i].bytes = at;
        at += values[i].length;
        if (i + 1 == rows && at == end)
            return values;
    }
    corrupt(r, _("a page of texts is broken"));
    return NULL;
}

static bool within(const int32_t *values, uint32_t rows, int32_t least, int32_t most)
{
    uint32_t outside = 0;
    for (uint32_t i = 0; i < rows; i++)
        outside += (uint32_t)((values[i] < least) | (values[i] > most));
    return outside == 0;
}

/* What callers use as an index, or shorten to the size of the field in STDF, must be in its range. */
static bool check_parts(struct reading *r, const struct xl_part_group *group)
{
    const struct xl_table *table = &r->stored->table;
    int32_t last = table->column_count > INT32_MAX ? INT32_MAX : (int32_t)table->column_count - 1;
    bool good = within(group->head, group->rows, 0, UINT8_MAX) && within(group->site, group->rows, 0, UINT8_MAX) &&
                within(group->x, group->rows, INT16_MIN, INT16_MAX) && within(group->y, group->rows, INT16_MIN, INT16_MAX) &&
                within(group->hard_bin, group->rows, 0, UINT16_MAX) && within(group->soft_bin, group->rows, 0, UINT16_MAX) &&
                within(group->first_fail, group->rows, -1, last);
    for (uint32_t i = 0; i < group->rows && good; i++) {
        const struct xl_bytes *marks = &group->marks[i];
        if (marks->length % sizeof(struct xl_mark) != 0 || (uintptr_t)marks->bytes % _Alignof(struct xl_mark) != 0)
            good = false;
        for (uint32_t at = 0; good && at < marks->length; at += (uint32_t)sizeof(struct xl_mark)) {
            struct xl_mark mark;
            memcpy(&mark, marks->bytes + at, sizeof mark);
            good = mark.column < table->column_count && mark.is_excluded <= 1;
        }
    }
    return good || corrupt(r, _("a part has a value outside its range"));
}

static bool map_group(struct reading *r, const struct row_group *from, const struct metadata_group *known, struct xl_part_group *group)
{
    struct arena *arena = r->stored->arena;
    size_t columns = r->stored->table.column_count;
    if (known->rows != from->rows)
        return corrupt(r, _("a row group is broken"));
    group->rows = known->rows;
    for (int i = 0; i < PARQUET_PART_COLUMNS; i++) {
        const struct parquet_part_column *part = &parquet_part_columns[i];
        const struct chunk *chunk = &from->chunks[i];
        if (chunk->type != part->type || chunk->values != group->rows)
            return corrupt(r, _("a row group has other columns than the file"));
        const void *values = part->type == PARQUET_BYTE_ARRAY ? read_byte_values(r, chunk, group->rows)
                                                              : read_numbers(r, chunk, group->rows, part->type == PARQUET_INT64 ? 8 : 4);
        if (!values)
            return false;
        memcpy((char *)group + part->offset, &values, sizeof values);
    }
    uint8_t header[PARQUET_HEADER_MOST];
    uint64_t bytes = (uint64_t)group->rows * sizeof(float);
    if (bytes > INT32_MAX)
        return corrupt(r, _("a page is not where it should be"));
    size_t header_length = parquet_page_header(header, group->rows, (uint32_t)bytes);
    const float **values = arena_take(arena, columns, sizeof *values);
    for (size_t c = 0; c < columns; c++) {
        const struct chunk *chunk = &from->chunks[PARQUET_PART_COLUMNS + c];
        if (chunk->type != PARQUET_FLOAT || chunk->values != group->rows)
            return corrupt(r, _("a row group has other columns than the file"));
        const uint8_t *at = page_values(r, chunk, header, header_length, bytes);
        if (!at)
            return false;
        values[c] = (uint64_t)chunk->at == known->missing ? NULL : (const float *)(const void *)at;
    }
    group->values = values;
    return check_parts(r, group);
}

static bool map_table(struct reading *r)
{
    struct stored_table *stored = r->stored;
    struct xl_table *table = &stored->table;
    struct metadata metadata = {.table = table, .findings = stored->findings};
    if (!metadata_read(&metadata, r->texts, stored->arena, r->error))
        return false;
    stored->statistics = metadata.statistics;
    if (table->column_count != r->leaf_count - PARQUET_PART_COLUMNS || metadata.group_count != r->group_count ||
        table->rows != (uint64_t)r->rows)
        return corrupt(r, _("its metadata is of another file"));
    for (size_t c = 0; c < table->column_count; c++) {
        const struct leaf *leaf = &r->leaves[PARQUET_PART_COLUMNS + c];
        if (strlen(metadata.column_names[c]) != leaf->name_length || memcmp(metadata.column_names[c], leaf->name, leaf->name_length) != 0)
            return corrupt(r, _("its metadata is of another file"));
    }
    struct xl_part_group *groups = arena_take(stored->arena, r->group_count, sizeof *groups);
    uint64_t rows = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        if (!map_group(r, &r->groups[i], &metadata.groups[i], &groups[i]))
            return false;
        rows += groups[i].rows;
    }
    if (rows != table->rows)
        return corrupt(r, _("its metadata is of another file"));
    table->groups = groups;
    table->group_count = r->group_count;
    table->findings = stored->findings;
    return true;
}

/* ---- Opening -------------------------------------------------------------------------------------------------------- */

static void *map_file(const char *path, size_t *length, struct xl_error *error)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        xl_fail(error, "cannot_open", _("Cannot open the file: %m"));
        if (file >= 0)
            close(file);
        return NULL;
    }
    void *map = MAP_FAILED;
    if (!S_ISREG(status.st_mode) || status.st_size < 12) {
        xl_fail(error, "parquet_corrupt", _("The file is not a whole Parquet file of Xinlian's store: %s."),
                _("its beginning or end is missing"));
    } else {
        *length = (size_t)status.st_size;
        map = mmap(NULL, *length, PROT_READ, MAP_SHARED, file, 0);
        if (map == MAP_FAILED)
            xl_fail(error, "cannot_open", _("Cannot open the file: %m"));
    }
    close(file);
    return map == MAP_FAILED ? NULL : map;
}

struct xl_table *xl_parquet_open(const char *path, struct xl_error *error)
{
    size_t length = 0;
    const uint8_t *map = map_file(path, &length, error);
    if (!map) {
        xl_fail_place(error, "%s", path);
        return NULL;
    }
    struct stored_table *stored = memory_new(1, sizeof *stored);
    *stored = (struct stored_table){.arena = arena_new(), .map = map, .length = length, .findings = xl_findings_new()};
    struct reading reading = {.stored = stored, .error = error};
    if (!read_footer(&reading) || !map_table(&reading)) {
        xl_fail_place(error, "%s", path);
        xl_parquet_close(&stored->table);
        return NULL;
    }
    return &stored->table;
}

void xl_parquet_close(struct xl_table *table)
{
    if (!table)
        return;
    struct stored_table *stored = (struct stored_table *)table;
    munmap((void *)(uintptr_t)stored->map, stored->length);
    xl_findings_free(stored->findings);
    arena_free(stored->arena);
    free(stored);
}

void parquet_name(struct xl_table *table, const char *name)
{
    struct stored_table *stored = (struct stored_table *)table;
    table->source = arena_print(stored->arena, "%s%s", name, table->source);
}

const struct xl_column_statistics *xl_parquet_statistics(const struct xl_table *table)
{
    return ((const struct stored_table *)table)->statistics;
}
