/* json.h: a streaming JSON writer on an `out`. Misuse (a value without a key, an unclosed object) is a BUG. */
#pragma once

#include "base/out.h"

struct json {
    struct out *out;
    int depth;
    bool indent;
    unsigned char kind[64];
    bool first[64];
    bool after_key;
};
void json_begin(struct json *, struct out *, bool indent);
void json_end(struct json *); /* checks that everything is closed; writes a newline when indented */
void json_object(struct json *);
void json_object_end(struct json *);
void json_array(struct json *);
void json_array_end(struct json *);
void json_key(struct json *, const char *);
void json_text(struct json *, const char *); /* NULL: null; bytes that are no UTF-8 become U+FFFD, '<' is escaped for HTML */
void json_text_bytes(struct json *, const void *, size_t length);
void json_i64(struct json *, int64_t);
void json_u64(struct json *, uint64_t);
void json_float(struct json *, float); /* NaN and infinities: null */
void json_double(struct json *, double);
void json_bool(struct json *, bool);
void json_null(struct json *);
/* A value that is JSON already, as another writer made it. */
void json_ready(struct json *, const char *text, size_t length);
