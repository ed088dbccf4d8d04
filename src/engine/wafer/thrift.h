/* thrift.h: Thrift's compact protocol, as far as Parquet's footer and page headers need it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1,
    THRIFT_FALSE = 2,
    THRIFT_I8 = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
};
enum { THRIFT_DEPTH_MOST = 16 };

/* ---- Writing: fields in ascending order of their number; misuse is a BUG. ------------------------------------------ */

struct thrift_writer {
    uint8_t *data;
    size_t length, capacity;
    int depth;
    int last[THRIFT_DEPTH_MOST]; /* field number written last, by depth */
};
void thrift_writer_free(struct thrift_writer *);
void thrift_i32(struct thrift_writer *, int field, int32_t);
void thrift_i64(struct thrift_writer *, int field, int64_t);
void thrift_bytes(struct thrift_writer *, int field, const void *, size_t length);
void thrift_text(struct thrift_writer *, int field, const char *);
void thrift_struct(struct thrift_writer *, int field);
void thrift_list(struct thrift_writer *, int field, enum thrift_type elements, size_t count);
/* Elements of a list have no field number; the outermost struct is begun like an element. */
void thrift_element_struct(struct thrift_writer *);
void thrift_element_i32(struct thrift_writer *, int32_t);
void thrift_element_text(struct thrift_writer *, const char *);
void thrift_struct_end(struct thrift_writer *);

/* ---- Reading: never past the end; what cannot be read sets `broken`, which stays set. ------------------------------- */

struct thrift_reader {
    const uint8_t *at, *end;
    bool broken;
};
struct thrift_field {
    int number; /* 0 before the first field */
    enum thrift_type type;
};
/* The next field of a struct; false at its end, and once broken. */
bool thrift_next(struct thrift_reader *, struct thrift_field *);
/* The value of a field; the field's type must be the one that the function reads. */
int32_t thrift_read_i32(struct thrift_reader *, const struct thrift_field *);
int64_t thrift_read_i64(struct thrift_reader *, const struct thrift_field *);
const uint8_t *thrift_read_bytes(struct thrift_reader *, const struct thrift_field *, size_t *length);
/* How many elements follow; 0 and broken when they are not `elements`, or would not fit if each took `least` bytes. */
size_t thrift_read_list(struct thrift_reader *, const struct thrift_field *, enum thrift_type elements, size_t least);
const uint8_t *thrift_read_element_bytes(struct thrift_reader *, size_t *length);
void thrift_read_struct(struct thrift_reader *, const struct thrift_field *); /* only checks the type */
void thrift_skip(struct thrift_reader *, const struct thrift_field *);
