/* thrift.c: Thrift's compact protocol. Source: doc/specs/thrift-compact-protocol.md of Apache Thrift. */
#include "engine/wafer/thrift.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- Writing -------------------------------------------------------------------------------------------------------- */

static uint8_t *writer_room(struct thrift_writer *w, size_t length)
{
    if (length > w->capacity - w->length) {
        size_t capacity = w->capacity ? w->capacity : 1024;
        while (capacity - w->length < length)
            capacity *= 2;
        w->data = memory_grow(w->data, capacity, 1);
        w->capacity = capacity;
    }
    return w->data + w->length;
}

void thrift_writer_free(struct thrift_writer *w)
{
    free(w->data);
    *w = (struct thrift_writer){0};
}

static void write_varint(struct thrift_writer *w, uint64_t value)
{
    uint8_t *at = writer_room(w, 10);
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        at[length++] = (uint8_t)(value | 0x80);
    at[length++] = (uint8_t)value;
    w->length += length;
}

static void write_byte(struct thrift_writer *w, unsigned byte)
{
    *writer_room(w, 1) = (uint8_t)byte;
    w->length++;
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static void write_field(struct thrift_writer *w, int field, enum thrift_type type)
{
    if (w->depth == 0)
        BUG("a Thrift field outside any struct");
    int step = field - w->last[w->depth - 1];
    if (step < 1 || step > 15)
        BUG("Thrift field %d after %d", field, w->last[w->depth - 1]);
    w->last[w->depth - 1] = field;
    write_byte(w, (unsigned)step << 4 | type);
}

void thrift_i32(struct thrift_writer *w, int field, int32_t value)
{
    write_field(w, field, THRIFT_I32);
    write_varint(w, zigzag(value));
}

void thrift_i64(struct thrift_writer *w, int field, int64_t value)
{
    write_field(w, field, THRIFT_I64);
    write_varint(w, zigzag(value));
}

static void write_bytes(struct thrift_writer *w, const void *bytes, size_t length)
{
    write_varint(w, length);
    if (length)
        memcpy(writer_room(w, length), bytes, length);
    w->length += length;
}

void thrift_bytes(struct thrift_writer *w, int field, const void *bytes, size_t length)
{
    write_field(w, field, THRIFT_BINARY);
    write_bytes(w, bytes, length);
}

void thrift_text(struct thrift_writer *w, int field, const char *text)
{
    thrift_bytes(w, field, text, strlen(text));
}

void thrift_element_struct(struct thrift_writer *w)
{
    if (w->depth == THRIFT_DEPTH_MOST)
        BUG("Thrift structs too deep");
    w->last[w->depth++] = 0;
}

void thrift_struct(struct thrift_writer *w, int field)
{
    write_field(w, field, THRIFT_STRUCT);
    thrift_element_struct(w);
}

void thrift_struct_end(struct thrift_writer *w)
{
    if (w->depth == 0)
        BUG("no Thrift struct to end");
    w->depth--;
    write_byte(w, THRIFT_STOP);
}

void thrift_list(struct thrift_writer *w, int field, enum thrift_type elements, size_t count)
{
    write_field(w, field, THRIFT_LIST);
    if (count < 15) {
        write_byte(w, (unsigned)count << 4 | elements);
    } else {
        write_byte(w, 0xf0 | elements);
        write_varint(w, count);
    }
}

void thrift_element_i32(struct thrift_writer *w, int32_t value)
{
    write_varint(w, zigzag(value));
}

void thrift_element_text(struct thrift_writer *w, const char *text)
{
    write_bytes(w, text, strlen(text));
}

/* ---- Reading -------------------------------------------------------------------------------------------------------- */

static uint8_t read_byte(struct thrift_reader *r)
{
    if (r->broken || r->at == r->end) {
        r->broken = true;
        return 0;
    }
    return *r->at++;
}

static uint64_t read_varint(struct thrift_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(r);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return r->broken ? 0 : value;
    }
    r->broken = true;
    return 0;
}

static int64_t read_zigzag(struct thrift_reader *r)
{
    uint64_t value = read_varint(r);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

bool thrift_next(struct thrift_reader *r, struct thrift_field *field)
{
    uint8_t byte = read_byte(r);
    if (r->broken || byte == THRIFT_STOP)
        return false;
    unsigned type = byte & 15u;
    int64_t number = byte >> 4 ? field->number + (byte >> 4) : read_zigzag(r);
    if (type == THRIFT_STOP || type > THRIFT_STRUCT || number < 1 || number > INT16_MAX)
        r->broken = true;
    field->type = (enum thrift_type)type;
    field->number = (int)number;
    return !r->broken;
}

static bool is_type(struct thrift_reader *r, const struct thrift_field *field, enum thrift_type type)
{
    if (field->type != type)
        r->broken = true;
    return !r->broken;
}

int32_t thrift_read_i32(struct thrift_reader *r, const struct thrift_field *field)
{
    int64_t value = is_type(r, field, THRIFT_I32) ? read_zigzag(r) : 0;
    if (value < INT32_MIN || value > INT32_MAX) {
        r->broken = true;
        return 0;
    }
    return (int32_t)value;
}

int64_t thrift_read_i64(struct thrift_reader *r, const struct thrift_field *field)
{
    return is_type(r, field, THRIFT_I64) ? read_zigzag(r) : 0;
}

const uint8_t *thrift_read_element_bytes(struct thrift_reader *r, size_t *length)
{
    static const uint8_t nothing[1];
    uint64_t wanted = read_varint(r);
    *length = 0;
    if (r->broken || wanted > (uint64_t)(r->end - r->at)) {
        r->broken = true;
        return nothing;
    }
    const uint8_t *bytes = r->at;
    r->at += wanted;
    *length = (size_t)wanted;
    return bytes;
}

const uint8_t *thrift_read_bytes(struct thrift_reader *r, const struct thrift_field *field, size_t *length)
{
    is_type(r, field, THRIFT_BINARY);
    return thrift_read_element_bytes(r, length);
}

static size_t read_list_head(struct thrift_reader *r, enum thrift_type *elements)
{
    uint8_t byte = read_byte(r);
    unsigned type = byte & 15u;
    uint64_t count = byte >> 4 == 15 ? read_varint(r) : byte >> 4;
    /* Every element takes a byte or more, so the bytes left bound the count. */
    if (r->broken || type == THRIFT_STOP || type > THRIFT_STRUCT || count > (uint64_t)(r->end - r->at)) {
        r->broken = true;
        *elements = THRIFT_I8;
        return 0;
    }
    *elements = (enum thrift_type)type;
    return (size_t)count;
}

size_t thrift_read_list(struct thrift_reader *r, const struct thrift_field *field, enum thrift_type elements, size_t least)
{
    enum thrift_type found;
    size_t count = is_type(r, field, THRIFT_LIST) ? read_list_head(r, &found) : 0;
    if (r->broken || (count > 0 && found != elements) || count > (size_t)(r->end - r->at) / (least ? least : 1)) {
        r->broken = true;
        return 0;
    }
    return count;
}

void thrift_read_struct(struct thrift_reader *r, const struct thrift_field *field)
{
    is_type(r, field, THRIFT_STRUCT);
}

static void skip_bytes(struct thrift_reader *r, size_t length)
{
    if (length > (size_t)(r->end - r->at))
        r->broken = true;
    else
        r->at += length;
}

static void skip_value(struct thrift_reader *r, enum thrift_type type, bool in_list, int depth)
{
    if (depth == THRIFT_DEPTH_MOST) {
        r->broken = true;
        return;
    }
    enum thrift_type keys, values;
    size_t length;
    switch (type) {
    case THRIFT_STOP:
        r->broken = true;
        return;
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        if (in_list) /* a field's truth stands in its type */
            skip_bytes(r, 1);
        return;
    case THRIFT_I8:
        skip_bytes(r, 1);
        return;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        read_varint(r);
        return;
    case THRIFT_DOUBLE:
        skip_bytes(r, 8);
        return;
    case THRIFT_BINARY:
        thrift_read_element_bytes(r, &length);
        return;
    case THRIFT_LIST:
    case THRIFT_SET:
        length = read_list_head(r, &values);
        for (size_t i = 0; i < length && !r->broken; i++)
            skip_value(r, values, true, depth + 1);
        return;
    case THRIFT_MAP:
        length = (size_t)read_varint(r);
        if (length == 0)
            return;
        keys = (enum thrift_type)(read_byte(r) >> 4);
        values = r->broken ? THRIFT_I8 : (enum thrift_type)(r->at[-1] & 15u);
        if (keys > THRIFT_STRUCT || values > THRIFT_STRUCT || length > (size_t)(r->end - r->at)) {
            r->broken = true;
            return;
        }
        for (size_t i = 0; i < length && !r->broken; i++) {
            skip_value(r, keys, true, depth + 1);
            skip_value(r, values, true, depth + 1);
        }
        return;
    case THRIFT_STRUCT:
        for (struct thrift_field field = {0}; thrift_next(r, &field);)
            skip_value(r, field.type, false, depth + 1);
        return;
    }
    r->broken = true;
}

void thrift_skip(struct thrift_reader *r, const struct thrift_field *field)
{
    if (!r->broken)
        skip_value(r, field->type, false, 0);
}
