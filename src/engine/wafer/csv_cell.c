/* csv_cell.c: cells of a CSV: numbers, and text that stays what it is in a reader of CSV and in a spreadsheet. */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "engine/wafer/csv.h"

#define CSV_PART(name) #name,
const char *const csv_part_names[] = {CSV_PARTS(CSV_PART)};
#undef CSV_PART
#define CSV_LINE(name) #name,
const char *const csv_line_names[] = {CSV_LINES(CSV_LINE)};
#undef CSV_LINE
const char *const csv_kind_names[] = {[XL_TEST_PTR] = "PTR", [XL_TEST_MPR] = "MPR", [XL_TEST_FTR] = "FTR", [XL_TEST_STR] = "STR"};

/* ---- Text that grows ---------------------------------------------------------------------------------------------- */

void csv_put(struct csv_buffer *b, const void *bytes, size_t length)
{
    char *to = csv_room(b, length);
    if (length)
        memcpy(to, bytes, length);
    b->length += length;
}

void csv_put_char(struct csv_buffer *b, char character)
{
    *csv_room(b, 1) = character;
    b->length++;
}

void csv_put_whole(struct csv_buffer *b, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--at] = '-';
    csv_put(b, digits + at, sizeof digits - at);
}

void csv_put_hex(struct csv_buffer *b, uint32_t number, int digits)
{
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        csv_put_char(b, "0123456789abcdef"[number >> shift & 15]);
}

/* A NaN that is not the usual one keeps its bits: nan(7f800001). */
void csv_put_nan(struct csv_buffer *b, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    csv_put(b, "nan", 3);
    if (bits != 0x7fc00000) {
        csv_put_char(b, '(');
        csv_put_hex(b, bits, 8);
        csv_put_char(b, ')');
    }
}

/* Nothing for a missing value. */
void csv_put_float(struct csv_buffer *b, float value)
{
    if (value != value) {
        if (!xl_is_missing(value))
            csv_put_nan(b, value);
        return;
    }
    b->length += float_text(value, csv_room(b, 16));
}

/* A limit: nothing for none. */
void csv_put_limit(struct csv_buffer *b, float value)
{
    if (value == value)
        csv_put_float(b, value);
}

/* ---- Cells of text ------------------------------------------------------------------------------------------------ */

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool begins_with_month(const char *text, size_t length)
{
    static const char months[12][4] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
    for (size_t m = 0; m < 12 && length > 3; m++)
        if ((text[0] | 32) == months[m][0] && (text[1] | 32) == months[m][1] && (text[2] | 32) == months[m][2])
            return true;
    return false;
}

static bool is_truth(const char *text, size_t length)
{
    static const char *const truths[] = {"true", "false"};
    for (size_t t = 0; t < 2; t++) {
        size_t i = 0;
        while (i < length && truths[t][i] && (text[i] | 32) == truths[t][i])
            i++;
        if (i == length && truths[t][i] == 0)
            return true;
    }
    return false;
}

/* Whether a spreadsheet would turn the text into a number, a date or a truth value: "0012", "1-2", "1E5", "3/4", "Mar-1",
 * "12345678901234567". A plain whole number of up to 15 digits may become one: it is shown as it is. */
static bool looks_like_number(const char *text, size_t length)
{
    if (length == 0 || length > 200)
        return false;
    size_t digits = 0;
    while (digits < length && is_digit(text[digits]))
        digits++;
    if (digits == length && digits <= 15 && (text[0] != '0' || length == 1))
        return false;
    const bool leads =
        is_digit(text[0]) || ((text[0] == '-' || text[0] == '+' || text[0] == '.') && length > 1 && (is_digit(text[1]) || text[1] == '.'));
    if (!leads && !begins_with_month(text, length) && !is_truth(text, length))
        return false;
    /* Only what is harmless inside ="...": no quotation mark, nothing outside ASCII. */
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]) && !((text[i] | 32) >= 'a' && (text[i] | 32) <= 'z') && !strchr(" .:/+-_#()%,", text[i]))
            return false;
    return true;
}

static void put_quoted(struct csv_buffer *b, const char *text, size_t length)
{
    csv_put_char(b, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            csv_put_char(b, '"');
        csv_put_char(b, text[i]);
    }
    csv_put_char(b, '"');
}

void csv_put_text(struct csv_buffer *b, const char *text, size_t length, bool excel)
{
    if (length == 0)
        return;
    if (excel && looks_like_number(text, length)) {
        csv_put(b, "\"=\"\"", 4);
        csv_put(b, text, length);
        csv_put(b, "\"\"\"", 3);
        return;
    }
    const bool risky = excel && (strchr("=+-@'", text[0]) || (unsigned char)text[0] < 0x20);
    bool plain = !risky && text[0] != ' ' && text[length - 1] != ' ';
    for (size_t i = 0; i < length && plain; i++)
        plain = text[i] != ',' && text[i] != '"' && text[i] != '\n' && text[i] != '\r' && text[i] != 0;
    if (plain) {
        csv_put(b, text, length);
    } else if (risky) {
        struct csv_buffer guarded = {0};
        csv_put_char(&guarded, '\'');
        csv_put(&guarded, text, length);
        put_quoted(b, guarded.bytes, guarded.length);
        free(guarded.bytes);
    } else {
        put_quoted(b, text, length);
    }
}

void csv_put_string(struct csv_buffer *b, const char *text, bool excel)
{
    csv_put_text(b, text, strlen(text), excel);
}
