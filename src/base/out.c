/* out.c: buffered output to a sink, with a sticky error. */
#include "base/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

enum { LEAST_CAPACITY = 64, USUAL_CAPACITY = 256 * 1024 };

void out_begin(struct out *out, struct xl_sink sink, size_t capacity, struct xl_error *error)
{
    if (capacity == 0)
        capacity = USUAL_CAPACITY;
    if (capacity < LEAST_CAPACITY)
        capacity = LEAST_CAPACITY;
    *out = (struct out){.sink = sink, .buffer = memory_new(capacity, 1), .capacity = capacity, .error = error};
}

static void send(struct out *out, const void *bytes, size_t length)
{
    if (!out->failed && length && !out->sink.write(out->sink.context, bytes, length, out->error))
        out->failed = true;
}

static void flush(struct out *out)
{
    send(out, out->buffer, out->length);
    out->length = 0;
}

void out_bytes(struct out *out, const void *bytes, size_t length)
{
    if (out->failed)
        return;
    out->total += length;
    if (length > out->capacity - out->length) {
        flush(out);
        if (length >= out->capacity) {
            send(out, bytes, length);
            return;
        }
    }
    if (length)
        memcpy(out->buffer + out->length, bytes, length);
    out->length += length;
}

void out_text(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

void out_char(struct out *out, char character)
{
    out_bytes(out, &character, 1);
}

void out_print(struct out *out, const char *format, ...)
{
    char small[256];
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("cannot format \"%s\"", format);
    if ((size_t)length < sizeof small) {
        out_bytes(out, small, (size_t)length);
    } else {
        char *large = memory_new((size_t)length + 1, 1);
        vsnprintf(large, (size_t)length + 1, format, again);
        out_bytes(out, large, (size_t)length);
        free(large);
    }
    va_end(again);
}

char *out_room(struct out *out, size_t length)
{
    if (length > out->capacity)
        BUG("%zu bytes do not fit a buffer of %zu", length, out->capacity);
    if (out->failed)
        return NULL;
    if (length > out->capacity - out->length)
        flush(out);
    return out->failed ? NULL : out->buffer + out->length;
}

void out_took(struct out *out, size_t length)
{
    if (length > out->capacity - out->length)
        BUG("took %zu bytes of %zu", length, out->capacity - out->length);
    out->length += length;
    out->total += length;
}

void out_u64(struct out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    out_bytes(out, digits + at, sizeof digits - at);
}

void out_i64(struct out *out, int64_t value)
{
    if (value < 0)
        out_char(out, '-');
    out_u64(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void out_float(struct out *out, float value)
{
    char *room = out_room(out, 16);
    if (room)
        out_took(out, float_text(value, room));
}

void out_double(struct out *out, double value)
{
    char *room = out_room(out, 26);
    if (room)
        out_took(out, double_text(value, room));
}

bool out_end(struct out *out)
{
    flush(out);
    free(out->buffer);
    out->buffer = NULL;
    out->capacity = 0;
    return !out->failed;
}

static bool file_write(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    const int *descriptor = context;
    for (const char *at = bytes; length;) {
        ssize_t wrote = write(*descriptor, at, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return xl_fail(error, "write_failed", _("Cannot write: %m."));
        at += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

struct xl_sink sink_file(int *descriptor)
{
    return (struct xl_sink){.write = file_write, .context = descriptor};
}

static bool text_write(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    struct text *text = context;
    text_add_bytes(text, bytes, length);
    return text->overflow ? xl_fail(error, "text_too_long", _("The text is longer than %zu bytes."), text->ceiling) : true;
}

struct xl_sink sink_text(struct text *text)
{
    return (struct xl_sink){.write = text_write, .context = text};
}
