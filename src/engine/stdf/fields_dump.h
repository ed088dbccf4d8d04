/* fields_dump.h: decoded fields as one line of text, for tests: TEST_NUM=7 RTN_RSLT=[1.5,-2] UNITS=cut ... */
#pragma once

#include <xinlian/stdf.h>

#include "base/text.h"

static void print_bytes(struct text *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text_print(out, "%02x", bytes[i]);
}

static void print_value(struct text *out, enum xl_stdf_kind kind, const struct xl_stdf_value *v)
{
    static const char *const codes[] = {[XL_U1] = "U1", [XL_U2] = "U2", [XL_U4] = "U4", [XL_I1] = "I1", [XL_I2] = "I2", [XL_I4] = "I4",
                                        [XL_R4] = "R4", [XL_R8] = "R8", [XL_CN] = "Cn", [XL_BN] = "Bn", [XL_DN] = "Dn", [XL_N1] = "N1"};
    switch (kind) {
    case XL_CN:
    case XL_SN:
    case XL_CF:
        text_add(out, "\"");
        for (size_t i = 0; i < v->text.length; i++)
            text_print(out, v->text.bytes[i] < 0x20 || v->text.bytes[i] > 0x7e ? "\\x%02x" : "%c", v->text.bytes[i]);
        text_add(out, "\"");
        return;
    case XL_BN:
        print_bytes(out, v->text.bytes, v->text.length);
        return;
    case XL_DN:
        text_print(out, "%u:", v->text.length);
        print_bytes(out, v->text.bytes, (v->text.length + 7) / 8);
        return;
    case XL_R4:
    case XL_R8:
        text_print(out, "%.9g", v->r);
        return;
    case XL_I1:
    case XL_I2:
    case XL_I4:
        text_print(out, "%lld", (long long)v->i);
        return;
    case XL_U1:
    case XL_U2:
    case XL_U4:
    case XL_U8:
    case XL_C1:
    case XL_B1:
    case XL_N1:
    case XL_UF:
        text_print(out, "%llu", (unsigned long long)v->u);
        return;
    case XL_VN:
        if (v->kind == XL_B1) {
            text_add(out, "pad");
            return;
        }
        text_print(out, "%s:", codes[v->kind]);
        print_value(out, v->kind, v);
        return;
    }
}

static void print_fields(struct text *out, const struct xl_stdf_fields *fields)
{
    for (size_t f = 0; f < fields->layout->field_count; f++) {
        const struct xl_stdf_field *field = &fields->layout->fields[f];
        text_print(out, "%s%s=", f > 0 ? " " : "", field->name);
        if (fields->at[f].presence != XL_PRESENT) {
            text_add(out, fields->at[f].presence == XL_CUT ? "cut" : "absent");
        } else if (field->count >= 0) {
            text_add(out, "[");
            for (uint32_t i = 0; i < fields->at[f].count; i++) {
                text_add(out, i > 0 ? "," : "");
                print_value(out, field->kind, &fields->at[f].values[i]);
            }
            text_add(out, "]");
        } else if (xl_stdf_missing(fields, (int)f)) {
            text_add(out, "missing");
        } else {
            print_value(out, field->kind, fields->at[f].values);
        }
    }
    const char *blank = fields->layout->field_count > 0 ? " " : "";
    if (fields->broken)
        text_print(out, "%sbroken@%u", blank, fields->broken_at);
    if (fields->left_over > 0)
        text_print(out, "%sleft=%u", blank, fields->left_over);
    if (fields->ungated)
        text_print(out, "%sungated", blank);
}
