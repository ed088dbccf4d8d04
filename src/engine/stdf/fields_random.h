/* fields_random.h: random sound fields of any layout, for property tests. */
#pragma once

#include <string.h>

#include "engine/stdf/layout.h"

static uint64_t random_state = 42;
static uint64_t random_next(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}
static uint64_t random_below(uint64_t limit)
{
    return random_next() % limit;
}

enum { LIST_MOST = 12 };
struct random_fields {
    struct xl_stdf_fields fields;
    struct xl_stdf_value values[LAYOUT_FIELDS_MOST][LIST_MOST];
    uint8_t bytes[4096];
    size_t used;
};

static void random_value(struct random_fields *r, enum xl_stdf_kind kind, size_t width, struct xl_stdf_value *v)
{
    *v = (struct xl_stdf_value){.kind = kind};
    uint64_t random = random_next();
    switch (kind) {
    case XL_U1:
    case XL_C1:
    case XL_B1:
        v->u = (uint8_t)random;
        return;
    case XL_U2:
        v->u = (uint16_t)random;
        return;
    case XL_U4:
        v->u = (uint32_t)random;
        return;
    case XL_U8:
        v->u = random;
        return;
    case XL_N1:
        v->u = random & 15;
        return;
    case XL_UF:
        v->u = width == 0 ? 0 : random >> (64 - 8 * width);
        return;
    case XL_I1:
        v->i = (int8_t)random;
        return;
    case XL_I2:
        v->i = (int16_t)random;
        return;
    case XL_I4:
        v->i = (int32_t)random;
        return;
    case XL_R4: {
        float f;
        uint32_t bits = (uint32_t)random;
        memcpy(&f, &bits, 4);
        v->r = (double)f;
        v->bits = bits;
        return;
    }
    case XL_R8:
        memcpy(&v->r, &random, 8);
        v->bits = random;
        return;
    case XL_CN:
    case XL_SN:
    case XL_CF:
    case XL_BN:
    case XL_DN: {
        v->text.length = kind == XL_CF ? (uint32_t)width : (uint32_t)(random % 20);
        size_t length = kind == XL_DN ? (v->text.length + 7) / 8 : v->text.length;
        v->text.bytes = r->bytes + r->used;
        for (size_t i = 0; i < length; i++)
            r->bytes[r->used++] = (uint8_t)random_next();
        return;
    }
    case XL_VN: {
        static const enum xl_stdf_kind kinds[] = {XL_U1, XL_U2, XL_U4, XL_I1, XL_I2, XL_I4, XL_R4,
                                                  XL_R8, XL_CN, XL_BN, XL_DN, XL_N1, XL_B1};
        enum xl_stdf_kind chosen = kinds[random_below(sizeof kinds / sizeof *kinds)];
        if (chosen != XL_B1)
            random_value(r, chosen, 0, v);
        v->kind = chosen;
        return;
    }
    }
}

/* Sound fields of a layout, cut at a random optional field; counts, widths and flags agree with what follows them. */
static void random_fill(struct random_fields *r, const struct xl_stdf_layout *layout)
{
    r->fields.layout = layout;
    r->used = 0;
    size_t keep = layout->field_count;
    while (keep > 0 && layout->fields[keep - 1].optional && random_below(4) != 0)
        keep--;
    for (size_t f = 0; f < layout->field_count; f++) {
        const struct xl_stdf_field *field = &layout->fields[f];
        r->fields.at[f].presence = f < keep ? XL_PRESENT : XL_CUT;
        r->fields.at[f].values = r->values[f];
        size_t width = field->width >= 0 ? r->values[field->width][0].u : 0;
        size_t count = field->count >= 0 ? r->values[field->count][0].u : 1;
        if (field->flag >= 0 && (r->values[field->flag][0].u & field->flag_mask) == field->flag_absent)
            r->fields.at[f].presence = XL_ABSENT;
        if (field->width >= 0 && width == 0)
            count = 0;
        if (r->fields.at[f].presence != XL_PRESENT)
            count = 0;
        r->fields.at[f].count = (uint32_t)count;
        for (size_t i = 0; i < count; i++)
            random_value(r, field->kind, width, &r->values[f][i]);
        for (size_t g = f + 1; g < layout->field_count; g++) {
            if (layout->fields[g].count == (int)f)
                r->values[f][0].u = random_below(LIST_MOST + 1);
            if (layout->fields[g].width == (int)f)
                r->values[f][0].u = layout->fields[g].kind == XL_UF ? random_below(9) : random_below(12);
        }
    }
}
