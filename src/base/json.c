/* json.c: a streaming JSON writer (RFC 8259). */
#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { OBJECT = 1, ARRAY = 2 };
enum { MOST_DEPTH = sizeof((struct json *)0)->kind };

void json_begin(struct json *json, struct out *out, bool indent)
{
    *json = (struct json){.out = out, .indent = indent, .first = {true}};
}

static void new_line(struct json *json)
{
    if (!json->indent)
        return;
    out_char(json->out, '\n');
    for (int i = 0; i < json->depth; i++)
        out_text(json->out, "  ");
}

/* What stands before a value, or before a key: a comma and a new line. */
static void next(struct json *json)
{
    if (json->depth == 0) {
        if (!json->first[0])
            BUG("a JSON text is one value");
        json->first[0] = false;
        return;
    }
    if (!json->first[json->depth])
        out_char(json->out, ',');
    json->first[json->depth] = false;
    new_line(json);
}

static void value(struct json *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->depth > 0 && json->kind[json->depth] == OBJECT)
        BUG("a JSON value in an object needs a key");
    next(json);
}

static void open(struct json *json, unsigned char kind, char bracket)
{
    value(json);
    if (json->depth + 1 >= MOST_DEPTH)
        BUG("JSON deeper than %d", MOST_DEPTH - 1);
    json->depth++;
    json->kind[json->depth] = kind;
    json->first[json->depth] = true;
    out_char(json->out, bracket);
}

static void close(struct json *json, unsigned char kind, char bracket)
{
    if (json->depth == 0 || json->kind[json->depth] != kind || json->after_key)
        BUG("JSON: '%c' closes nothing", bracket);
    bool empty = json->first[json->depth];
    json->depth--;
    if (!empty)
        new_line(json);
    out_char(json->out, bracket);
}

void json_end(struct json *json)
{
    if (json->depth != 0 || json->first[0])
        BUG("a JSON text ends inside a value");
    if (json->indent)
        out_char(json->out, '\n');
}

void json_object(struct json *json)
{
    open(json, OBJECT, '{');
}

void json_object_end(struct json *json)
{
    close(json, OBJECT, '}');
}

void json_array(struct json *json)
{
    open(json, ARRAY, '[');
}

void json_array_end(struct json *json)
{
    close(json, ARRAY, ']');
}

static void quoted(struct out *out, const char *at, size_t length)
{
    out_char(out, '"');
    const char *end = at + length, *plain = at;
    while (at < end) {
        unsigned char byte = (unsigned char)*at;
        /* '<' is escaped so that a text can stand in a script of an HTML page as it is. */
        if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<') {
            at++;
            continue;
        }
        const char *start = at;
        unsigned character = utf8_next(&at, end);
        if (byte >= 0x80 && !(character == 0xFFFD && at - start == 1))
            continue;
        out_bytes(out, plain, (size_t)(start - plain));
        plain = at;
        if (character == 0xFFFD)
            out_text(out, "\xEF\xBF\xBD");
        else if (character == '"' || character == '\\')
            out_print(out, "\\%c", (char)character);
        else if (character == '\n')
            out_text(out, "\\n");
        else if (character == '\t')
            out_text(out, "\\t");
        else
            out_print(out, "\\u%04x", character);
    }
    out_bytes(out, plain, (size_t)(end - plain));
    out_char(out, '"');
}

void json_key(struct json *json, const char *key)
{
    if (json->depth == 0 || json->kind[json->depth] != OBJECT || json->after_key)
        BUG("JSON: the key \"%s\" stands in no object", key);
    next(json);
    quoted(json->out, key, strlen(key));
    out_text(json->out, json->indent ? ": " : ":");
    json->after_key = true;
}

void json_text(struct json *json, const char *text)
{
    if (text)
        json_text_bytes(json, text, strlen(text));
    else
        json_null(json);
}

void json_text_bytes(struct json *json, const void *bytes, size_t length)
{
    value(json);
    quoted(json->out, bytes, length);
}

void json_i64(struct json *json, int64_t number)
{
    value(json);
    out_i64(json->out, number);
}

void json_u64(struct json *json, uint64_t number)
{
    value(json);
    out_u64(json->out, number);
}

void json_float(struct json *json, float number)
{
    if (!isfinite(number)) {
        json_null(json);
        return;
    }
    value(json);
    out_float(json->out, number);
}

void json_double(struct json *json, double number)
{
    if (!isfinite(number)) {
        json_null(json);
        return;
    }
    value(json);
    out_double(json->out, number);
}

void json_bool(struct json *json, bool truth)
{
    value(json);
    out_text(json->out, truth ? "true" : "false");
}

void json_ready(struct json *json, const char *text, size_t length)
{
    value(json);
    out_bytes(json->out, text, length);
}

void json_null(struct json *json)
{
    value(json);
    out_text(json->out, "null");
}
