/* atdf_text.c: the text under ATDF: lines out of windows, columns and their parts, numbers. */
#include "engine/stdf/atdf_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

/* ---- Lines --------------------------------------------------------------------------------------------------------------------------- */

void atdf_lines_init(struct atdf_lines *l, struct xl_input *input, struct xl_findings *findings)
{
    *l = (struct atdf_lines){.input = input, .findings = findings};
    text_init(&l->text, ATDF_LINE_MOST);
}

void atdf_lines_free(struct atdf_lines *l)
{
    text_free(&l->text);
}

/* Makes sure that there is a byte at `at`; false at the end. A container that breaks ends the text: what came before stands. */
static bool refill(struct atdf_lines *l)
{
    while (l->at == l->length) {
        if (l->last)
            return false;
        struct xl_error broken = {0};
        if (!xl_input_window(l->input, l->at, &l->window, &l->length, &l->last, &broken)) {
            xl_findings_add(l->findings, XL_FINDING_CONTAINER_BROKEN, l->offset, 0, "%s", broken.message);
            l->length = l->at = 0;
            l->last = true;
            return false;
        }
        l->at = 0;
    }
    return true;
}

static void take_physical_line(struct atdf_lines *l)
{
    l->lines++;
    bool ended = false;
    while (!ended && refill(l)) {
        const uint8_t *begin = l->window + l->at;
        const uint8_t *end = memchr(begin, '\n', l->length - l->at);
        size_t length = end ? (size_t)(end - begin) : l->length - l->at;
        text_add_bytes(&l->text, begin, length);
        ended = end != NULL;
        l->at += length + ended;
        l->offset += length + ended;
    }
    if (l->text.length > 0 && l->text.data[l->text.length - 1] == '\r')
        l->text.data[--l->text.length] = '\0';
}

bool atdf_lines_next(struct atdf_lines *l)
{
    do {
        text_clear(&l->text);
        if (!refill(l))
            return false;
        l->line_offset = l->offset;
        l->line_number = l->lines + 1;
        take_physical_line(l);
    } while (l->text.length == 0 && !l->text.overflow);
    while (refill(l) && l->window[l->at] == ' ') {
        l->at++;
        l->offset++;
        take_physical_line(l);
    }
    return true;
}

/* ---- Parts --------------------------------------------------------------------------------------------------------------------------- */

bool slice_take(struct slice *rest, char mark, struct slice *part)
{
    if (!rest->text)
        return false;
    char *stop = memchr(rest->text, mark, rest->length);
    if (!stop) {
        *part = *rest;
        *rest = (struct slice){NULL, 0};
        return true;
    }
    *part = (struct slice){rest->text, (size_t)(stop - rest->text)};
    *stop = '\0';
    rest->length -= part->length + 1;
    rest->text = stop + 1;
    return true;
}

size_t slice_parts(struct slice text, char mark)
{
    size_t count = 1;
    for (size_t i = 0; i < text.length; i++)
        count += text.text[i] == mark;
    return count;
}

struct slice slice_trim(struct slice s)
{
    while (s.length > 0 && (s.text[0] == ' ' || s.text[0] == '\t')) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && (s.text[s.length - 1] == ' ' || s.text[s.length - 1] == '\t'))
        s.text[--s.length] = '\0';
    return s;
}

/* ---- Numbers ------------------------------------------------------------------------------------------------------------------------- */

bool atdf_parse_digits(const char *text, unsigned base, uint64_t *value)
{
    uint64_t sum = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned digit = isdigit((unsigned char)*text)    ? (unsigned)(*text - '0')
                         : isxdigit((unsigned char)*text) ? (unsigned)((*text | 0x20) - 'a' + 10)
                                                          : 99;
        if (digit >= base || multiply_overflows(sum, base, &sum) || add_overflows(sum, digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

const char *atdf_skip_x(const char *text)
{
    if (text[0] == '0' && (text[1] | 0x20) == 'x')
        return text + 2;
    return (text[0] | 0x20) == 'x' ? text + 1 : text;
}

static bool parse_signed(const char *text, int64_t least, int64_t most, struct xl_stdf_value *v)
{
    return parse_i64(text + (*text == '+'), least, most, &v->i);
}

static bool parse_unsigned(const char *text, unsigned base, uint64_t most, struct xl_stdf_value *v)
{
    return atdf_parse_digits(text + (*text == '+'), base, &v->u) && v->u <= most;
}

/* nan and inf, in any case, with or without a sign. */
static bool parse_special(const char *text, double *value)
{
    bool negative = *text == '-';
    text += negative || *text == '+';
    if (strcasecmp(text, "nan") == 0)
        *value = (double)NAN;
    else if (strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0)
        *value = (double)INFINITY;
    else
        return false;
    *value = copysign(*value, negative ? -1 : 1);
    return true;
}

static void set_float(struct xl_stdf_value *v, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    v->r = (double)value;
    v->bits = bits;
}

/* The float nearest to text * 10^-scale, rounded once. */
static bool parse_r4(const char *text, int scale, struct xl_stdf_value *v)
{
    double special;
    float value;
    if (parse_special(text, &special)) {
        set_float(v, (float)special);
        return true;
    }
    char shifted[400];
    if (scale != 0) {
        size_t mantissa = strcspn(text, "eE");
        int64_t exponent = 0;
        if (text[mantissa] != '\0' && !parse_i64(text + mantissa + 1 + (text[mantissa + 1] == '+'), -9999, 9999, &exponent))
            return false;
        if (mantissa > sizeof shifted - 16)
            return false;
        snprintf(shifted, sizeof shifted, "%.*se%d", (int)mantissa, text, (int)exponent - scale);
        text = shifted;
    }
    if (!parse_float(text, &value))
        return false;
    set_float(v, value);
    return true;
}

static bool parse_r8(const char *text, struct xl_stdf_value *v)
{
    if (!parse_special(text, &v->r) && !parse_double(text, &v->r))
        return false;
    memcpy(&v->bits, &v->r, 8);
    return true;
}

bool atdf_parse_value(const char *text, unsigned base, int scale, struct xl_stdf_value *v)
{
    switch (v->kind) {
    case XL_U1:
    case XL_B1:
        return parse_unsigned(text, base, UINT8_MAX, v);
    case XL_U2:
        return parse_unsigned(text, base, UINT16_MAX, v);
    case XL_U4:
        return parse_unsigned(text, base, UINT32_MAX, v);
    case XL_U8:
    case XL_UF:
        return parse_unsigned(text, base, UINT64_MAX, v);
    case XL_N1:
        return parse_unsigned(text, base, 15, v);
    case XL_I1:
        return parse_signed(text, INT8_MIN, INT8_MAX, v);
    case XL_I2:
        return parse_signed(text, INT16_MIN, INT16_MAX, v);
    case XL_I4:
        return parse_signed(text, INT32_MIN, INT32_MAX, v);
    case XL_R4:
        return parse_r4(text, scale, v);
    case XL_R8:
        return parse_r8(text, v);
    case XL_C1:
    case XL_CN:
    case XL_SN:
    case XL_CF:
    case XL_BN:
    case XL_DN:
    case XL_VN:
        return false;
    }
    return false;
}

bool atdf_parse_bytes(char *text, size_t *length)
{
    const char *from = atdf_skip_x(text);
    size_t count = 0;
    for (; from[0] != '\0'; from += 2) {
        char pair[3] = {from[0], from[1], '\0'};
        uint64_t byte;
        if (pair[1] == '\0' || !atdf_parse_digits(pair, 16, &byte))
            return false;
        text[count++] = (char)byte;
    }
    *length = count;
    return true;
}
