/* utf8.c: UTF-8, how wide it is in a terminal, and text of unknown encoding. */
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* Decodes as RFC 3629 says: no overlong forms, no surrogates, nothing above U+10FFFF. The length, or 0 for what is not UTF-8. */
static size_t decode(const uint8_t *at, size_t left, unsigned *character)
{
    unsigned lead = at[0];
    if (lead < 0x80) {
        *character = lead;
        return 1;
    }
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > left)
        return 0;
    unsigned value = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3Fu);
    }
    if ((length == 3 && (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF))) || (length == 4 && (value < 0x10000 || value > 0x10FFFF)))
        return 0;
    *character = value;
    return length;
}

bool utf8_valid(const void *bytes, size_t length)
{
    const uint8_t *at = bytes, *end = at + length;
    while (at < end) {
        uint64_t eight;
        if (end - at >= 8 && (memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
            at += 8;
            continue;
        }
        unsigned character;
        size_t step = decode(at, (size_t)(end - at), &character);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

unsigned utf8_next(const char **at, const char *end)
{
    if (*at >= end)
        return 0;
    unsigned character = 0xFFFD;
    size_t step = decode((const uint8_t *)*at, (size_t)(end - *at), &character);
    *at += step ? step : 1;
    return character;
}

struct range {
    unsigned from, to;
};

static bool in_ranges(const struct range *ranges, size_t count, unsigned character)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (character > ranges[middle].to)
            low = middle + 1;
        else if (character < ranges[middle].from)
            high = middle;
        else
            return true;
    }
    return false;
}

/* East Asian Width W and F (Unicode Standard Annex 11), whole blocks where all but unassigned characters of them are wide. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},   {0x23F3, 0x23F3},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},
    {0x26F2, 0x26F3},   {0x26F5, 0x26F5},   {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},
    {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18DFF}, {0x1B000, 0x1B2FF}, {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F567}, {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596},
    {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6DF},
    {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/* What takes no column: combining marks of the scripts a label may hold, joiners, directions, variation selectors. */
static const struct range none[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0E31, 0x0E31},   {0x0E34, 0x0E3A},
    {0x0E47, 0x0E4E}, {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},   {0x20D0, 0x20F0},
    {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

size_t utf8_width(const char *text)
{
    size_t width = 0;
    for (const char *at = text, *end = text + strlen(text); at < end;) {
        unsigned character = utf8_next(&at, end);
        if (character < 0x300)
            width += character >= 0x20 && !(character >= 0x7F && character < 0xA0);
        else if (!in_ranges(none, COUNT(none), character))
            width += in_ranges(wide, COUNT(wide), character) ? 2 : 1;
    }
    return width;
}

/* "25°C" and "µA" in Latin-1 are also valid GB18030 (and would become rare hanzi), and they stand in test programs everywhere:
 * where every byte above ASCII stands alone and is one of the signs of units, it is Latin-1. */
static bool is_latin_unit(const uint8_t *at, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (at[i] < 0x80)
            continue;
        bool sign = at[i] == 0xB0 || at[i] == 0xB1 || at[i] == 0xB2 || at[i] == 0xB3 || at[i] == 0xB5;
        if (!sign || (i + 1 < length && at[i + 1] >= 0x80))
            return false;
    }
    return true;
}

static bool add_gb18030(struct text *out, const uint8_t *bytes, size_t length)
{
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return false;
    size_t before = out->length;
    char *in = (char *)(uintptr_t)bytes;
    bool good = true;
    while (good && length && !out->overflow) {
        char piece[512], *to = piece;
        size_t room = sizeof piece, left = length;
        size_t got = iconv(converter, &in, &length, &to, &room);
        /* E2BIG after progress is a full piece; anything else that failed is no GB18030. */
        good = got != (size_t)-1 || length < left;
        text_add_bytes(out, piece, sizeof piece - room);
    }
    iconv_close(converter);
    if (!good) {
        out->length = before;
        if (out->capacity)
            out->data[before] = '\0';
    }
    return good;
}

static void add_latin1(struct text *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x80) {
            text_add_char(out, (char)bytes[i]);
        } else {
            char two[2] = {(char)(0xC0 | bytes[i] >> 6), (char)(0x80 | (bytes[i] & 0x3F))};
            text_add_bytes(out, two, 2);
        }
    }
}

/* Replaces control characters (C0, DEL and, in UTF-8, C1) by spaces from `start` on, then takes white space off both ends. */
static void tidy(struct text *out, size_t start)
{
    uint8_t *data = (uint8_t *)out->data;
    size_t to = start;
    for (size_t from = start; from < out->length; from++) {
        if (data[from] < 0x20 || data[from] == 0x7F) {
            data[to++] = ' ';
        } else if (data[from] == 0xC2 && from + 1 < out->length && data[from + 1] < 0xA0) {
            data[to++] = ' ';
            from++;
        } else {
            data[to++] = data[from];
        }
    }
    while (to > start && data[to - 1] == ' ')
        to--;
    size_t skip = start;
    while (skip < to && data[skip] == ' ')
        skip++;
    memmove(data + start, data + skip, to - skip);
    out->length = to - (skip - start);
    data[out->length] = '\0';
}

const char *text_decode(struct text *out, const void *bytes, size_t length, bool trim)
{
    size_t start = out->length;
    const char *encoding = "UTF-8";
    if (utf8_valid(bytes, length)) {
        text_add_bytes(out, bytes, length);
    } else if (!is_latin_unit(bytes, length) && add_gb18030(out, bytes, length)) {
        encoding = "GB18030";
    } else {
        add_latin1(out, bytes, length);
        encoding = "ISO-8859-1";
    }
    if (trim && out->length > start)
        tidy(out, start);
    return encoding;
}
