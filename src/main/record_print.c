/* record_print.c: one record's fields as text and as JSON. */
#include "main/record_print.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/number.h"

static void hex(struct text *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text_print(out, "%02x", bytes[i]);
}

/* A text in quotation marks: control characters as \xNN, the rest as UTF-8. */
static void quoted(struct text *out, const uint8_t *bytes, size_t length)
{
    struct text decoded;
    text_init(&decoded, 4 * 65536 + 4);
    text_decode(&decoded, bytes, length, false);
    text_add_char(out, '"');
    for (size_t i = 0; i < decoded.length; i++) {
        const unsigned char byte = (unsigned char)decoded.data[i];
        if (byte < 0x20 || byte == 0x7f)
            text_print(out, "\\x%02x", byte);
        else if (byte == '"' || byte == '\\')
            text_print(out, "\\%c", byte);
        else
            text_add_char(out, (char)byte);
    }
    text_add_char(out, '"');
    text_free(&decoded);
}

static void number(struct text *out, double value, bool is_float)
{
    char digits[26];
    const size_t length = is_float ? float_text((float)value, digits) : double_text(value, digits);
    text_add_bytes(out, digits, length);
}

static void value_text(const struct xl_stdf_value *value, struct text *out)
{
    switch (value->kind) {
    case XL_U1:
    case XL_U2:
    case XL_U4:
    case XL_U8:
    case XL_UF:
    case XL_N1:
        text_print(out, "%llu", (unsigned long long)value->u);
        return;
    case XL_I1:
    case XL_I2:
    case XL_I4:
        text_print(out, "%lld", (long long)value->i);
        return;
    case XL_R4:
        number(out, value->r, true);
        return;
    case XL_R8:
        number(out, value->r, false);
        return;
    case XL_C1: {
        const uint8_t character = (uint8_t)value->u;
        if (character >= 0x20 && character < 0x7f)
            text_print(out, "'%c'", character);
        else
            text_print(out, "'\\x%02x'", character);
        return;
    }
    case XL_CN:
    case XL_SN:
    case XL_CF:
        quoted(out, value->text.bytes, value->text.length);
        return;
    case XL_B1:
        text_print(out, "0x%02x", (unsigned)value->u);
        return;
    case XL_BN:
        text_add(out, "0x");
        hex(out, value->text.bytes, value->text.length);
        return;
    case XL_DN:
        text_print(out, "%u:0x", value->text.length);
        hex(out, value->text.bytes, (value->text.length + 7) / 8);
        return;
    case XL_VN:
        return;
    }
    BUG("value of kind %d", (int)value->kind);
}

void field_text(const struct xl_stdf_fields *fields, size_t field, struct text *out)
{
    if (fields->at[field].presence != XL_PRESENT)
        return;
    const struct xl_stdf_field *layout = &fields->layout->fields[field];
    const bool is_array = layout->count >= 0;
    if (is_array)
        text_add_char(out, '[');
    for (uint32_t i = 0; i < fields->at[field].count; i++) {
        if (i)
            text_add(out, ", ");
        if (layout->kind == XL_VN && fields->at[field].values[i].kind == XL_B1 && fields->at[field].values[i].text.length == 0)
            text_add(out, "pad");
        else
            value_text(&fields->at[field].values[i], out);
    }
    if (is_array)
        text_add_char(out, ']');
}

void record_line(const struct xl_stdf_record *record, const struct xl_stdf_fields *fields, struct text *out)
{
    if (!fields) {
        hex(out, record->data, record->length < 64 ? record->length : 64);
        if (record->length > 64)
            text_add(out, "…");
        return;
    }
    bool first = true;
    for (size_t i = 0; i < fields->layout->field_count; i++) {
        if (fields->at[i].presence != XL_PRESENT || (fields->layout->fields[i].optional && xl_stdf_missing(fields, (int)i)))
            continue;
        text_print(out, "%s%s=", first ? "" : " ", fields->layout->fields[i].name);
        field_text(fields, i, out);
        first = false;
    }
    if (fields->left_over)
        text_print(out, _("  (+%u bytes left over)"), fields->left_over);
    if (fields->broken)
        text_print(out, _("  (broken at its byte %u)"), fields->broken_at);
}

static void hex_json(struct json *json, const uint8_t *bytes, size_t length)
{
    struct text text;
    text_init(&text, 140000);
    hex(&text, bytes, length);
    json_text(json, text.data);
    text_free(&text);
}

static void value_json(struct json *json, const struct xl_stdf_value *value)
{
    switch (value->kind) {
    case XL_U1:
    case XL_U2:
    case XL_U4:
    case XL_U8:
    case XL_UF:
    case XL_N1:
        json_u64(json, value->u);
        return;
    case XL_B1:
        json_u64(json, value->u);
        return;
    case XL_I1:
    case XL_I2:
    case XL_I4:
        json_i64(json, value->i);
        return;
    case XL_R4:
    case XL_R8:
        /* JSON has no such numbers; a text says what it was. */
        if (isnan(value->r))
            json_text(json, "nan");
        else if (isinf(value->r))
            json_text(json, value->r > 0 ? "inf" : "-inf");
        else if (value->kind == XL_R4)
            json_float(json, (float)value->r);
        else
            json_double(json, value->r);
        return;
    case XL_C1:
        json_text_bytes(json, &(const char){(char)value->u}, 1);
        return;
    case XL_CN:
    case XL_SN:
    case XL_CF: {
        struct text decoded;
        text_init(&decoded, 4 * 65536 + 4);
        text_decode(&decoded, value->text.bytes, value->text.length, false);
        json_text_bytes(json, decoded.data, decoded.length);
        text_free(&decoded);
        return;
    }
    case XL_BN:
        hex_json(json, value->text.bytes, value->text.length);
        return;
    case XL_DN:
        hex_json(json, value->text.bytes, (value->text.length + 7) / 8);
        return;
    case XL_VN:
        json_null(json);
        return;
    }
    BUG("value of kind %d", (int)value->kind);
}

void record_json(struct json *json, const char *file, const struct xl_stdf_record *record, const struct xl_stdf_fields *fields)
{
    json_object(json);
    json_key(json, "file");
    json_text(json, file);
    json_key(json, "offset");
    json_u64(json, record->offset);
    json_key(json, "type");
    if (fields) {
        json_text(json, fields->layout->name);
    } else {
        char code[16];
        snprintf(code, sizeof code, "%u.%u", record->type >> 8, record->type & 255U);
        json_text(json, code);
    }
    json_key(json, "length");
    json_u64(json, record->length);
    if (!fields) {
        json_key(json, "bytes");
        hex_json(json, record->data, record->length);
        json_object_end(json);
        return;
    }
    json_key(json, "fields");
    json_object(json);
    for (size_t i = 0; i < fields->layout->field_count; i++) {
        const struct xl_stdf_field *field = &fields->layout->fields[i];
        json_key(json, field->name);
        if (fields->at[i].presence != XL_PRESENT || (field->optional && xl_stdf_missing(fields, (int)i))) {
            json_null(json);
        } else if (field->count >= 0) {
            json_array(json);
            for (uint32_t v = 0; v < fields->at[i].count; v++) {
                const struct xl_stdf_value *value = &fields->at[i].values[v];
                if (field->kind == XL_VN && value->kind == XL_B1 && value->text.length == 0)
                    json_null(json);
                else
                    value_json(json, value);
            }
            json_array_end(json);
        } else {
            value_json(json, &fields->at[i].values[0]);
        }
    }
    json_object_end(json);
    if (fields->left_over) {
        json_key(json, "left_over");
        json_u64(json, fields->left_over);
    }
    if (fields->broken) {
        json_key(json, "broken_at");
        json_u64(json, fields->broken_at);
    }
    if (fields->ungated) {
        json_key(json, "flags_ignored");
        json_bool(json, true);
    }
    json_object_end(json);
}
