/* fields.c: any known record as fields, and fields as a record again.
 *
 * Decoding follows the record's own bytes and never a count: a list holds as many elements as there are bytes for, whatever its count field
 * says. What a record says in bits is kept in bits (NaN payloads, spare nibbles, unused bits of maps), so that encoding what was decoded
 * gives the same bytes. */
#include "engine/stdf/layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

/* Codes of a V*n value (GDR). */
enum {
    V_PAD = 0,
    V_U1 = 1,
    V_U2 = 2,
    V_U4 = 3,
    V_I1 = 4,
    V_I2 = 5,
    V_I4 = 6,
    V_R4 = 7,
    V_R8 = 8,
    V_CN = 10,
    V_BN = 11,
    V_DN = 12,
    V_N1 = 13
};

struct xl_stdf_decoder {
    struct xl_stdf_fields fields;
    struct xl_stdf_value *values;
    size_t capacity;
};

struct xl_stdf_decoder *xl_stdf_decoder_new(void)
{
    struct xl_stdf_decoder *decoder = memory_new(1, sizeof *decoder);
    decoder->fields.at = memory_new(LAYOUT_FIELDS_MOST, sizeof *decoder->fields.at);
    return decoder;
}

void xl_stdf_decoder_free(struct xl_stdf_decoder *decoder)
{
    if (decoder == NULL)
        return;
    free(decoder->fields.at);
    free(decoder->values);
    free(decoder);
}

/* ---- Decoding ------------------------------------------------------------------------------------------------------------------------ */

static uint64_t take_sized(struct bytes *b, size_t width)
{
    const uint8_t *p = bytes_take(b, width);
    uint64_t value = 0;
    for (size_t i = 0; p != NULL && i < width; i++)
        value |= (uint64_t)p[b->big_endian ? width - 1 - i : i] << (8 * i);
    return value;
}

static void take_text(struct bytes *b, struct xl_stdf_value *v, size_t length)
{
    v->text.bytes = bytes_take(b, length);
    v->text.length = (uint32_t)length;
}

static void take_r4(struct bytes *b, struct xl_stdf_value *v)
{
    uint32_t bits = bytes_u4(b);
    float value;
    memcpy(&value, &bits, 4);
    v->r = (double)value;
    v->bits = bits;
}

static void take_r8(struct bytes *b, struct xl_stdf_value *v)
{
    v->bits = bytes_u8(b);
    memcpy(&v->r, &v->bits, 8);
}

static void take_value(struct bytes *b, enum xl_stdf_kind kind, size_t width, struct xl_stdf_value *v);

static void take_tagged(struct bytes *b, struct xl_stdf_value *v)
{
    uint8_t code = bytes_u1(b);
    switch (code) {
    case V_PAD:
        *v = (struct xl_stdf_value){.kind = XL_B1};
        return;
    case V_U1:
        take_value(b, XL_U1, 0, v);
        return;
    case V_U2:
        take_value(b, XL_U2, 0, v);
        return;
    case V_U4:
        take_value(b, XL_U4, 0, v);
        return;
    case V_I1:
        take_value(b, XL_I1, 0, v);
        return;
    case V_I2:
        take_value(b, XL_I2, 0, v);
        return;
    case V_I4:
        take_value(b, XL_I4, 0, v);
        return;
    case V_R4:
        take_value(b, XL_R4, 0, v);
        return;
    case V_R8:
        take_value(b, XL_R8, 0, v);
        return;
    case V_CN:
        take_value(b, XL_CN, 0, v);
        return;
    case V_BN:
        take_value(b, XL_BN, 0, v);
        return;
    case V_DN:
        take_value(b, XL_DN, 0, v);
        return;
    case V_N1:
        take_value(b, XL_N1, 0, v);
        return;
    }
    b->broken = true;
}

/* One value; `b->broken` when the bytes end inside it. A nibble alone (GDR) takes a whole byte. */
static void take_value(struct bytes *b, enum xl_stdf_kind kind, size_t width, struct xl_stdf_value *v)
{
    *v = (struct xl_stdf_value){.kind = kind};
    switch (kind) {
    case XL_U1:
    case XL_C1:
    case XL_B1:
    case XL_N1:
        v->u = bytes_u1(b);
        return;
    case XL_U2:
        v->u = bytes_u2(b);
        return;
    case XL_U4:
        v->u = bytes_u4(b);
        return;
    case XL_U8:
        v->u = bytes_u8(b);
        return;
    case XL_I1:
        v->i = (int8_t)bytes_u1(b);
        return;
    case XL_I2:
        v->i = (int16_t)bytes_u2(b);
        return;
    case XL_I4:
        v->i = (int32_t)bytes_u4(b);
        return;
    case XL_R4:
        take_r4(b, v);
        return;
    case XL_R8:
        take_r8(b, v);
        return;
    case XL_CN:
    case XL_BN:
        take_text(b, v, bytes_u1(b));
        return;
    case XL_SN:
        take_text(b, v, bytes_u2(b));
        return;
    case XL_CF:
        take_text(b, v, width);
        return;
    case XL_DN: {
        uint32_t bits = bytes_u2(b);
        take_text(b, v, (bits + 7) / 8);
        v->text.length = bits;
        return;
    }
    case XL_UF:
        v->u = take_sized(b, width);
        return;
    case XL_VN:
        take_tagged(b, v);
        return;
    }
}

/* Nibbles, low first. The spare nibble of an odd count is kept beside the last one. */
static uint32_t take_nibbles(struct bytes *b, size_t count, struct xl_stdf_value *values)
{
    size_t whole = bytes_left(b) >= (count + 1) / 2 ? count : 2 * bytes_left(b);
    const uint8_t *p = bytes_take(b, (whole + 1) / 2);
    for (size_t i = 0; i < whole; i++)
        values[i] = (struct xl_stdf_value){.kind = XL_N1, .u = (p[i / 2] >> (i % 2 * 4)) & 15U};
    if (whole % 2 == 1)
        values[whole - 1].bits = p[whole / 2] >> 4;
    b->broken = whole < count;
    return (uint32_t)whole;
}

/* The elements that are there, at most `count`; `b->broken` when the bytes end before the last one. */
static uint32_t take_list(struct bytes *b, const struct xl_stdf_field *field, size_t count, size_t width, struct xl_stdf_value *values,
                          size_t *whole_bytes)
{
    const uint8_t *begin = b->at;
    uint32_t taken = 0;
    if (field->kind == XL_N1) {
        taken = take_nibbles(b, count, values);
    } else {
        while (taken < count) {
            *whole_bytes = (size_t)(b->at - begin);
            take_value(b, field->kind, width, &values[taken]);
            if (b->broken)
                return taken;
            taken++;
        }
    }
    *whole_bytes = (size_t)(b->at - begin);
    return taken;
}

static uint64_t number_of(const struct xl_stdf_fields *fields, int index)
{
    return fields->at[index].presence == XL_PRESENT ? fields->at[index].values[0].u : 0;
}

static bool is_gated_off(const struct xl_stdf_fields *fields, const struct xl_stdf_field *field)
{
    return field->flag >= 0 && fields->at[field->flag].presence == XL_PRESENT &&
           (number_of(fields, field->flag) & field->flag_mask) == field->flag_absent;
}

static bool is_sized(enum xl_stdf_kind kind)
{
    return kind == XL_UF || kind == XL_CF;
}

static void break_at(struct xl_stdf_fields *fields, size_t offset)
{
    fields->broken = true;
    fields->broken_at = (uint32_t)offset;
}

/* Decodes once, obeying the flags of V4-2007 or not. Returns whether the record ended exactly. */
static bool decode_once(struct xl_stdf_decoder *decoder, const struct xl_stdf_record *record, bool gated)
{
    struct xl_stdf_fields *fields = &decoder->fields;
    const struct xl_stdf_layout *layout = fields->layout;
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    struct xl_stdf_value *next = decoder->values;
    bool ended = false;
    fields->left_over = 0;
    fields->broken = false;
    fields->broken_at = 0;
    for (size_t i = 0; i < layout->field_count; i++) {
        const struct xl_stdf_field *field = &layout->fields[i];
        bool is_list = field->count >= 0;
        fields->at[i].presence = XL_CUT;
        fields->at[i].count = 0;
        fields->at[i].values = next;
        if (ended || (is_list && fields->at[field->count].presence != XL_PRESENT))
            continue;
        if (gated && is_gated_off(fields, field)) {
            fields->at[i].presence = XL_ABSENT;
            continue;
        }
        size_t width = is_sized(field->kind) ? number_of(fields, field->width) : 0;
        size_t count = is_list ? number_of(fields, field->count) : 1;
        /* A width of zero says that there is nothing, whatever the count; wider than eight is no number. */
        if (is_sized(field->kind) && width == 0)
            count = 0;
        if (field->kind == XL_UF && width > 8 && count > 0) {
            break_at(fields, record->length - bytes_left(&b));
            ended = true;
            continue;
        }
        if (count > 0 && bytes_left(&b) == 0) {
            ended = true;
            if (!field->optional)
                break_at(fields, record->length);
            continue;
        }
        size_t begin = record->length - bytes_left(&b), whole_bytes = 0;
        fields->at[i].count = take_list(&b, field, count, width, next, &whole_bytes);
        next += fields->at[i].count;
        if (is_list || !b.broken)
            fields->at[i].presence = XL_PRESENT;
        if (b.broken) {
            ended = true;
            /* In a PLR missing values are per element, so its lists may stop between two of them. */
            bool is_cut_well = layout->type == XL_PLR && field->optional && begin + whole_bytes == record->length;
            if (!is_cut_well)
                break_at(fields, begin + whole_bytes);
        }
    }
    if (!fields->broken && !b.broken)
        fields->left_over = (uint32_t)bytes_left(&b);
    return !fields->broken && fields->left_over == 0;
}

static bool has_gates(const struct xl_stdf_layout *layout)
{
    return layout->type == XL_PSR || layout->type == XL_STR;
}

const struct xl_stdf_fields *xl_stdf_decode(struct xl_stdf_decoder *decoder, const struct xl_stdf_record *record)
{
    const struct xl_stdf_layout *layout = xl_stdf_layout(record->type);
    if (layout == NULL)
        return NULL;
    /* Nothing is smaller than a nibble. */
    size_t most = 2 * (size_t)record->length + layout->field_count + 1;
    if (decoder->capacity < most) {
        decoder->values = memory_grow(decoder->values, most, sizeof *decoder->values);
        decoder->capacity = most;
    }
    struct xl_stdf_fields *fields = &decoder->fields;
    fields->layout = layout;
    fields->ungated = false;
    if (decode_once(decoder, record, true) || !has_gates(layout))
        return fields;
    /* Writers and readers in the field disagree whether a flag removes the field or only empties it: the one that fits is right. */
    if (decode_once(decoder, record, false) && fields->at[layout->field_count - 1].presence == XL_PRESENT)
        fields->ungated = true;
    else
        decode_once(decoder, record, true);
    return fields;
}

bool xl_stdf_missing(const struct xl_stdf_fields *fields, int index)
{
    const struct xl_stdf_field *field = &fields->layout->fields[index];
    if (fields->at[index].presence != XL_PRESENT || fields->at[index].count == 0)
        return true;
    if (field->count >= 0)
        return false;
    const struct xl_stdf_value *v = &fields->at[index].values[0];
    switch (field->kind) {
    case XL_CN:
    case XL_SN:
    case XL_CF:
    case XL_BN:
    case XL_DN:
        return v->text.length == 0;
    case XL_I1:
    case XL_I2:
    case XL_I4:
        return (double)v->i == field->missing;
    case XL_R4:
    case XL_R8:
        return v->r == field->missing;
    case XL_U1:
    case XL_U2:
    case XL_U4:
    case XL_U8:
    case XL_C1:
    case XL_B1:
    case XL_N1:
    case XL_UF:
        return (double)v->u == field->missing;
    case XL_VN:
        return false;
    }
    return false;
}

/* ---- Encoding ------------------------------------------------------------------------------------------------------------------------ */

static void put_sized(struct xl_record_writer *w, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        size_t place = w->big_endian ? width - 1 - i : i;
        xl_put_u1(w, place < sizeof value ? (uint8_t)(value >> (8 * place)) : 0);
    }
}

/* The number counts, but a NaN is written with the bits it came with. */
static void put_r4(struct xl_record_writer *w, const struct xl_stdf_value *v)
{
    uint32_t bits = (uint32_t)v->bits;
    if (isnan(v->r) && (bits & 0x7fffffff) > 0x7f800000)
        xl_put_u4(w, bits);
    else
        xl_put_r4(w, (float)v->r);
}

static void put_r8(struct xl_record_writer *w, const struct xl_stdf_value *v)
{
    if (isnan(v->r) && (v->bits & INT64_MAX) > 0x7ff0000000000000)
        xl_put_u8(w, v->bits);
    else
        xl_put_r8(w, v->r);
}

static void put_text(struct xl_record_writer *w, const struct xl_stdf_value *v, size_t most)
{
    size_t length = v->text.length < most ? v->text.length : most;
    if (most > UINT8_MAX)
        xl_put_u2(w, (uint16_t)length);
    else
        xl_put_u1(w, (uint8_t)length);
    xl_put_bytes(w, v->text.bytes, length);
}

static void put_value(struct xl_record_writer *w, enum xl_stdf_kind kind, size_t width, const struct xl_stdf_value *v);

static void put_tagged(struct xl_record_writer *w, const struct xl_stdf_value *v)
{
    static const struct {
        uint8_t known, code;
    } tags[] = {
        [XL_U1] = {1, V_U1}, [XL_U2] = {1, V_U2}, [XL_U4] = {1, V_U4}, [XL_I1] = {1, V_I1}, [XL_I2] = {1, V_I2},
        [XL_I4] = {1, V_I4}, [XL_R4] = {1, V_R4}, [XL_R8] = {1, V_R8}, [XL_CN] = {1, V_CN}, [XL_BN] = {1, V_BN},
        [XL_DN] = {1, V_DN}, [XL_N1] = {1, V_N1}, [XL_VN] = {0, 0},
    };
    if (v->kind == XL_B1) {
        xl_put_u1(w, V_PAD);
        return;
    }
    if (!tags[v->kind].known)
        BUG("no GDR value of kind %d", v->kind);
    xl_put_u1(w, tags[v->kind].code);
    put_value(w, v->kind, 0, v);
}

static void put_value(struct xl_record_writer *w, enum xl_stdf_kind kind, size_t width, const struct xl_stdf_value *v)
{
    switch (kind) {
    case XL_U1:
    case XL_C1:
    case XL_B1:
    case XL_N1:
        xl_put_u1(w, (uint8_t)v->u);
        return;
    case XL_U2:
        xl_put_u2(w, (uint16_t)v->u);
        return;
    case XL_U4:
        xl_put_u4(w, (uint32_t)v->u);
        return;
    case XL_U8:
        xl_put_u8(w, v->u);
        return;
    case XL_I1:
        xl_put_u1(w, (uint8_t)v->i);
        return;
    case XL_I2:
        xl_put_u2(w, (uint16_t)v->i);
        return;
    case XL_I4:
        xl_put_u4(w, (uint32_t)v->i);
        return;
    case XL_R4:
        put_r4(w, v);
        return;
    case XL_R8:
        put_r8(w, v);
        return;
    case XL_CN:
    case XL_BN:
        put_text(w, v, UINT8_MAX);
        return;
    case XL_SN:
        put_text(w, v, UINT16_MAX);
        return;
    case XL_CF: {
        size_t length = v->text.length < width ? v->text.length : width;
        xl_put_bytes(w, v->text.bytes, length);
        for (; length < width; length++)
            xl_put_u1(w, ' ');
        return;
    }
    case XL_DN: {
        uint32_t bits = v->text.length < UINT16_MAX ? v->text.length : UINT16_MAX;
        xl_put_u2(w, (uint16_t)bits);
        xl_put_bytes(w, v->text.bytes, (bits + 7) / 8);
        return;
    }
    case XL_UF:
        put_sized(w, v->u, width);
        return;
    case XL_VN:
        put_tagged(w, v);
        return;
    }
}

static void put_list(struct xl_record_writer *w, const struct xl_stdf_field *field, size_t width, const struct xl_stdf_value *values,
                     size_t count)
{
    if (field->kind != XL_N1) {
        for (size_t i = 0; i < count; i++)
            put_value(w, field->kind, width, &values[i]);
        return;
    }
    for (size_t i = 0; i < count; i += 2) {
        uint64_t high = i + 1 < count ? values[i + 1].u : values[i].bits;
        xl_put_u1(w, (uint8_t)((values[i].u & 15) | (high & 15) << 4));
    }
}

/* What stands for nothing where a later field must be reached: the missing value, else zero, empty or blank. */
static struct xl_stdf_value missing_value(const struct xl_stdf_field *field)
{
    struct xl_stdf_value v = {.kind = field->kind};
    bool has_missing = !isnan(field->missing);
    switch (field->kind) {
    case XL_I1:
    case XL_I2:
    case XL_I4:
        v.i = has_missing ? (int64_t)field->missing : 0;
        break;
    case XL_R4:
    case XL_R8:
        v.r = has_missing ? field->missing : 0;
        break;
    case XL_U1:
    case XL_U2:
    case XL_U4:
    case XL_U8:
    case XL_UF:
    case XL_B1:
    case XL_N1:
        v.u = has_missing ? (uint64_t)field->missing : 0;
        break;
    case XL_C1:
        v.u = ' ';
        break;
    case XL_VN:
        v.kind = XL_B1;
        break;
    case XL_CN:
    case XL_SN:
    case XL_CF:
    case XL_BN:
    case XL_DN:
        break;
    }
    return v;
}

/* The value of a count field as it is written: its own, or, where it was left out, the length of the first list that it counts. */
static uint64_t count_written(const struct xl_stdf_fields *fields, int index)
{
    if (fields->at[index].presence == XL_PRESENT)
        return fields->at[index].values[0].u;
    for (size_t i = (size_t)index + 1; i < fields->layout->field_count; i++) {
        if (fields->layout->fields[i].count == index && fields->at[i].presence == XL_PRESENT)
            return fields->at[i].count;
    }
    struct xl_stdf_value v = missing_value(&fields->layout->fields[index]);
    return v.u;
}

static bool is_count(const struct xl_stdf_layout *layout, int index)
{
    for (size_t i = (size_t)index + 1; i < layout->field_count; i++) {
        if (layout->fields[i].count == index)
            return true;
    }
    return false;
}

static void put_missing(struct xl_record_writer *w, const struct xl_stdf_fields *fields, int index, size_t width)
{
    const struct xl_stdf_field *field = &fields->layout->fields[index];
    struct xl_stdf_value v = missing_value(field);
    uint64_t count = 1;
    if (field->count >= 0)
        count = is_sized(field->kind) && width == 0 ? 0 : count_written(fields, field->count);
    else if (is_count(fields->layout, index))
        v.u = count_written(fields, index);
    if (field->kind == XL_N1)
        count = (count + 1) / 2; /* whole bytes of two empty nibbles */
    for (uint64_t i = 0; i < count && !w->overflow; i++)
        put_value(w, field->kind, width, &v);
}

size_t xl_stdf_encode(const struct xl_stdf_fields *fields, bool big_endian, uint8_t *out)
{
    const struct xl_stdf_layout *layout = fields->layout;
    size_t end = layout->field_count;
    while (end > 0 && fields->at[end - 1].presence != XL_PRESENT)
        end--;
    struct xl_record_writer w;
    xl_record_begin(&w, layout->type, big_endian, out);
    for (size_t i = 0; i < end; i++) {
        const struct xl_stdf_field *field = &layout->fields[i];
        size_t width = is_sized(field->kind) ? count_written(fields, field->width) : 0;
        if (fields->at[i].presence == XL_PRESENT)
            put_list(&w, field, width, fields->at[i].values, fields->at[i].count);
        else if (fields->at[i].presence == XL_CUT)
            put_missing(&w, fields, (int)i, width);
    }
    return xl_record_end(&w);
}
