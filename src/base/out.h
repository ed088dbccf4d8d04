/* out.h: buffered output to a sink, with a sticky error: write freely, ask once in out_end. */
#pragma once

#include <xinlian/base.h>

struct out {
    struct xl_sink sink;
    char *buffer;
    size_t length, capacity;
    uint64_t total;
    bool failed;
    struct xl_error *error;
};
void out_begin(struct out *, struct xl_sink, size_t capacity /* 0: 256 KiB */, struct xl_error *);
void out_bytes(struct out *, const void *, size_t length);
void out_text(struct out *, const char *);
void out_char(struct out *, char);
void out_print(struct out *, const char *format, ...) XL_PRINTF(2, 3);
void out_i64(struct out *, int64_t);
void out_u64(struct out *, uint64_t);
void out_float(struct out *, float); /* shortest text that reads back to the same bits; "nan", "inf", "-inf" */
void out_double(struct out *, double);
/* Room for `length` bytes to be written in place (length <= capacity), then out_took. NULL once failed. */
char *out_room(struct out *, size_t length);
void out_took(struct out *, size_t length);
bool out_end(struct out *); /* flushes and frees the buffer; false when anything failed */

/* Sinks. */
struct xl_sink sink_file(int *descriptor); /* writes all, retries short writes and EINTR */
struct text;
struct xl_sink sink_text(struct text *);
