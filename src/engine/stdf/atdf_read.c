/* atdf_read.c: lines of ATDF as STDF records.
 *
 * A line that is no record at all ends the reading with an error; a column that cannot be read is a finding and counts as empty. Empty
 * columns become missing fields: cut where nothing follows them, else written as their missing value, with the bit of OPT_FLAG that calls
 * them invalid. In an "unscaled" file (FAR: ...|U) the units carry a prefix and the numbers belong to it; both are brought to base units.
 */
#include "engine/stdf/atdf.h"

#include <xinlian/units.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/out.h"

#include "engine/stdf/atdf_text.h"

enum { PARTS_MOST = 1 << 16 }; /* columns of a line, elements of a list: more fit into no record */

struct reader {
    struct atdf_lines lines;
    struct out out;
    struct xl_findings *findings;
    struct xl_error *error;
    bool big_endian;

    char separator;
    bool is_unscaled;
    struct slice *columns;
    size_t column_count, column_capacity;

    const struct atdf_line *line;
    struct arena *arena; /* values of the record in work */
    struct xl_stdf_fields fields;
    uint8_t test_flag, parm_flag, part_flag;
    struct atdf_tests tests;
    bool is_first, gives_units; /* the first record of its test; an unscaled one with UNITS */
    int scale, scale_in;
};

bool xl_is_atdf(const uint8_t *bytes, size_t length)
{
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    return length >= 6 && strncasecmp((const char *)bytes, "FAR:A", 5) == 0 && !isalnum(bytes[5]) && bytes[5] >= ' ';
}

/* The beginning of what stands there, for a person: whatever the bytes are. */
static const char *shown(const char *text, char out[61])
{
    size_t length = 0;
    for (; length < 60 && text[length] != '\0'; length++)
        out[length] = text[length] >= ' ' && text[length] <= '~' ? text[length] : '?';
    out[length] = '\0';
    return out;
}

static void blame(struct reader *r, const char *what, const char *text)
{
    char beginning[61];
    xl_findings_add(r->findings, XL_FINDING_ATDF_FIELD, r->lines.line_offset, 0, _("line %llu, %s %.40s"),
                    (unsigned long long)r->lines.line_number, what, shown(text, beginning));
}

static void add_column(struct reader *r, char *text, size_t length)
{
    if (r->column_count == r->column_capacity) {
        r->column_capacity = r->column_capacity == 0 ? 64 : 2 * r->column_capacity;
        r->columns = memory_grow(r->columns, r->column_capacity, sizeof *r->columns);
    }
    text[length] = '\0';
    r->columns[r->column_count++] = (struct slice){text, length};
}

static void split_columns(struct reader *r, char *text, char *end)
{
    r->column_count = 0;
    for (;;) {
        char *stop = memchr(text, r->separator, (size_t)(end - text));
        if (r->column_count == PARTS_MOST) {
            blame(r, _("columns"), _("(more than 65,536)"));
            return;
        }
        add_column(r, text, (size_t)((stop ? stop : end) - text));
        if (!stop)
            return;
        text = stop + 1;
    }
}

/* How many elements a list has; 0, after a word about it, when they are more than a record can hold. */
static size_t count_elements(struct reader *r, int field, struct slice s, char mark)
{
    if (s.length == 0)
        return 0;
    size_t count = slice_parts(s, mark);
    if (count < PARTS_MOST)
        return count;
    blame(r, r->fields.layout->fields[field].name, _("(more elements than a record can hold)"));
    return 0;
}

/* ---- Values -------------------------------------------------------------------------------------------------------------------------- */

static struct xl_stdf_value *set_list(struct reader *r, int field, size_t count)
{
    struct xl_stdf_value *values = arena_take(r->arena, count + (count == 0), sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i].kind = r->fields.layout->fields[field].kind;
    r->fields.at[field].presence = XL_PRESENT;
    r->fields.at[field].count = (uint32_t)count;
    r->fields.at[field].values = values;
    return values;
}

static struct xl_stdf_value *set_value(struct reader *r, int field)
{
    return set_list(r, field, 1);
}

static const char *field_name(const struct reader *r, int field)
{
    return r->fields.layout->fields[field].name;
}

static void read_number(struct reader *r, int field, struct slice s, unsigned base, int scale)
{
    s = slice_trim(s);
    if (s.length == 0)
        return;
    const char *text = base == 16 ? atdf_skip_x(s.text) : s.text;
    struct xl_stdf_value v = {.kind = r->fields.layout->fields[field].kind};
    if (atdf_parse_value(text, base, scale, &v))
        *set_value(r, field) = v;
    else
        blame(r, field_name(r, field), s.text);
}

static void set_text(struct reader *r, int field, const char *text, size_t length)
{
    if (length > UINT8_MAX) {
        blame(r, field_name(r, field), _("(text cut at 255 bytes)"));
        length = UINT8_MAX;
    }
    struct xl_stdf_value *v = set_value(r, field);
    v->text.bytes = (const uint8_t *)text;
    v->text.length = (uint32_t)length;
}

static void read_time(struct reader *r, int field, struct slice s)
{
    int64_t seconds = 0;
    s = slice_trim(s);
    if (s.length > 0 && (!time_parse_atdf(s.text, &seconds) || seconds < 0 || seconds > UINT32_MAX)) {
        blame(r, field_name(r, field), s.text);
        seconds = 0;
    }
    set_value(r, field)->u = (uint64_t)seconds;
}

static void read_character(struct reader *r, int field, struct slice s)
{
    if (s.length == 0)
        return;
    if (s.length > 1)
        blame(r, field_name(r, field), s.text);
    set_value(r, field)->u = (uint8_t)s.text[0];
}

/* ---- Lists --------------------------------------------------------------------------------------------------------------------------- */

static void read_list(struct reader *r, int field, struct slice s, unsigned base)
{
    size_t count = count_elements(r, field, s, ',');
    if (count == 0)
        return;
    struct xl_stdf_value *values = set_list(r, field, count);
    struct slice part;
    for (size_t i = 0; slice_take(&s, ',', &part); i++) {
        part = slice_trim(part);
        enum xl_stdf_kind kind = values[i].kind;
        const char *text = base == 16 ? atdf_skip_x(part.text) : part.text;
        if (part.length > 0 && !atdf_parse_value(text, base, r->scale, &values[i])) {
            blame(r, field_name(r, field), part.text);
            values[i] = (struct xl_stdf_value){.kind = kind};
        }
    }
}

static void read_pins(struct reader *r, int field, struct slice s)
{
    if (s.length == 0)
        return;
    uint8_t *bits = arena_take(r->arena, 8192, 1);
    uint32_t length = 0;
    struct slice part;
    while (slice_take(&s, ',', &part)) {
        uint64_t pin;
        part = slice_trim(part);
        if (!atdf_parse_digits(part.text, 10, &pin) || pin >= UINT16_MAX) {
            blame(r, field_name(r, field), part.text);
            continue;
        }
        bits[pin / 8] |= (uint8_t)(1 << pin % 8);
        length = (uint32_t)pin >= length ? (uint32_t)pin + 1 : length;
    }
    struct xl_stdf_value *v = set_value(r, field);
    v->text.bytes = bits;
    v->text.length = length;
}

static void read_bytes(struct reader *r, int field, struct slice s)
{
    s = slice_trim(s);
    if (s.length == 0)
        return;
    if (atdf_parse_bytes(s.text, &s.length))
        set_text(r, field, s.text, s.length);
    else
        blame(r, field_name(r, field), s.text);
}

static void read_radix(struct reader *r, int field, struct slice s)
{
    size_t count = count_elements(r, field, s, ',');
    if (count == 0)
        return;
    struct xl_stdf_value *values = set_list(r, field, count);
    struct slice part;
    for (size_t i = 0; slice_take(&s, ',', &part); i++) {
        static const struct {
            char letter;
            uint8_t radix;
        } radices[] = {{'B', 2}, {'O', 8}, {'D', 10}, {'H', 16}, {'S', 20}};
        part = slice_trim(part);
        for (size_t k = 0; k < sizeof radices / sizeof *radices; k++) {
            if (part.length == 1 && (part.text[0] & ~0x20) == radices[k].letter)
                values[i].u = radices[k].radix;
        }
        if (part.length > 0 && values[i].u == 0)
            blame(r, field_name(r, field), part.text);
    }
}

/* H,L/1,0: one list of one- or two-character names for each group; the first of two goes left. */
static void read_state_lists(struct reader *r, int right_field, int left_field, struct slice s)
{
    size_t groups = count_elements(r, right_field, s, '/');
    if (groups == 0)
        return;
    struct xl_stdf_value *right = set_list(r, right_field, groups), *left = set_list(r, left_field, groups);
    struct slice group, name;
    bool any_left = false;
    for (size_t g = 0; slice_take(&s, '/', &group); g++) {
        uint8_t *rights = arena_take(r->arena, UINT8_MAX, 1), *lefts = arena_take(r->arena, UINT8_MAX, 1);
        uint32_t count = 0;
        bool has_left = false;
        while (group.length > 0 && slice_take(&group, ',', &name)) {
            if (count == UINT8_MAX) {
                blame(r, field_name(r, right_field), _("(more than 255 states)"));
                break;
            }
            has_left = has_left || name.length > 1;
            lefts[count] = name.length > 1 ? (uint8_t)name.text[0] : ' ';
            rights[count] = name.length > 1 ? (uint8_t)name.text[1] : name.length == 1 ? (uint8_t)name.text[0] : ' ';
            count++;
        }
        right[g].text.bytes = rights;
        right[g].text.length = count;
        left[g].text.bytes = lefts;
        left[g].text.length = has_left ? count : 0;
        any_left = any_left || has_left;
    }
    if (!any_left)
        r->fields.at[left_field].presence = XL_CUT;
}

/* ---- Flags --------------------------------------------------------------------------------------------------------------------------- */

static void read_pass(struct reader *r, struct slice s)
{
    s = slice_trim(s);
    char letter = s.length == 1 ? (char)(s.text[0] & ~0x20) : '\0';
    if (letter == 'F') {
        r->test_flag |= 0x80;
    } else if (letter == 'A' && r->line->parm_flag >= 0) {
        r->parm_flag |= 0x20;
    } else if (letter != 'P') {
        r->test_flag |= 0x40;
        if (s.length > 0)
            blame(r, _("pass/fail"), s.text);
    }
}

static void read_flags(struct reader *r, struct slice s)
{
    for (size_t i = 0; i < s.length; i++) {
        size_t k = 0;
        while (k < ATDF_FLAG_COUNT && (atdf_flags[k].letter != (s.text[i] & ~0x20) || (atdf_flags[k].parm && r->line->parm_flag < 0)))
            k++;
        if (k < ATDF_FLAG_COUNT) {
            r->test_flag |= atdf_flags[k].test;
            r->parm_flag |= atdf_flags[k].parm;
        } else if (s.text[i] != ' ') {
            blame(r, _("alarm flags"), s.text);
        }
    }
}

/* Sets `bit` in `*flag` for each of `letters` that the column holds: the n-th letter is the n-th bit up from `first`. */
static void read_letters(struct reader *r, struct slice s, const char *letters, uint8_t first, uint8_t *flag)
{
    for (size_t i = 0; i < s.length; i++) {
        const char *found = s.text[i] == '\0' ? NULL : strchr(letters, s.text[i] & ~0x20);
        if (s.text[i] == ' ')
            continue;
        if (found)
            *flag |= (uint8_t)(first << (found - letters));
        else
            blame(r, _("flags"), s.text);
    }
}

static void read_part_pass(struct reader *r, struct slice s)
{
    s = slice_trim(s);
    char letter = s.length == 1 ? (char)(s.text[0] & ~0x20) : '\0';
    if (letter == 'F')
        r->part_flag |= 0x08;
    else if (letter != 'P')
        r->part_flag |= 0x10;
    if (s.length > 0 && letter != 'F' && letter != 'P')
        blame(r, _("pass/fail"), s.text);
}

/* ---- V4-2007 ------------------------------------------------------------------------------------------------------------------------- */

static void unescape(struct slice *s)
{
    size_t length = 0;
    for (size_t i = 0; i < s->length; i++, length++) {
        char pair[3] = {0};
        uint64_t byte;
        if (s->text[i] == '%' && i + 2 < s->length) {
            pair[0] = s->text[i + 1];
            pair[1] = s->text[i + 2];
        }
        if (pair[0] && atdf_parse_digits(pair, 16, &byte)) {
            s->text[length] = (char)byte;
            i += 2;
        } else {
            s->text[length] = s->text[i];
        }
    }
    s->length = length;
}

static bool read_raw_bits(struct slice s, struct xl_stdf_value *v)
{
    struct slice count;
    uint64_t bits;
    if (!slice_take(&s, ':', &count) || !s.text || !atdf_parse_digits(count.text, 10, &bits) || bits > UINT16_MAX ||
        !atdf_parse_bytes(s.text, &s.length) || s.length != (bits + 7) / 8)
        return false;
    v->text.bytes = (const uint8_t *)s.text;
    v->text.length = (uint32_t)bits;
    return true;
}

static bool read_raw_value(struct slice s, struct xl_stdf_value *v)
{
    enum xl_stdf_kind kind = v->kind;
    if (kind == XL_CN || kind == XL_SN || kind == XL_CF) {
        unescape(&s);
        v->text.bytes = (const uint8_t *)s.text;
        v->text.length = (uint32_t)s.length;
        return true;
    }
    s = slice_trim(s);
    if (s.length == 0)
        return true;
    bool good = kind == XL_DN ? read_raw_bits(s, v) : atdf_parse_value(s.text, 10, 0, v);
    if (!good)
        *v = (struct xl_stdf_value){.kind = kind};
    return good;
}

/* No number is wider than eight bytes. */
static void check_width(struct reader *r, int index)
{
    const struct xl_stdf_layout *layout = r->fields.layout;
    for (size_t f = (size_t)index + 1; f < layout->field_count; f++) {
        if (layout->fields[f].kind == XL_UF && layout->fields[f].width == index && r->fields.at[index].values->u > 8) {
            blame(r, layout->fields[index].name, _("(more than eight bytes)"));
            r->fields.at[index].values->u = 0;
        }
    }
}

/* A list whose elements have no width: there is nothing in it, whatever its count says. */
static bool is_widthless(const struct reader *r, int index)
{
    int width = r->fields.layout->fields[index].width;
    return width >= 0 && (r->fields.at[width].presence != XL_PRESENT || r->fields.at[width].values->u == 0);
}

static void read_raw(struct reader *r, int index, struct slice s)
{
    const struct xl_stdf_field *field = &r->fields.layout->fields[index];
    bool is_list = field->count >= 0;
    if (s.length == 0 && field->flag >= 0 && r->fields.at[field->flag].presence == XL_PRESENT &&
        (r->fields.at[field->flag].values->u & field->flag_mask) == field->flag_absent) {
        r->fields.at[index].presence = XL_ABSENT;
        return;
    }
    if (is_widthless(r, index)) {
        if (s.length > 0)
            blame(r, field->name, _("(without a width)"));
        if (r->fields.at[field->count].presence == XL_PRESENT)
            set_list(r, index, 0);
        return;
    }
    if (s.length == 0) {
        /* Nothing, or one empty text; of several texts at least the commas between them would be there. */
        bool has_count = is_list && r->fields.at[field->count].presence == XL_PRESENT;
        uint64_t most = field->kind == XL_CN || field->kind == XL_SN ? 1 : 0;
        if (!has_count || r->fields.at[field->count].values->u > most)
            return;
    }
    bool is_empty_text = s.length == 0 && r->fields.at[field->count].values->u == 1;
    size_t count = is_list && !is_empty_text ? count_elements(r, index, s, ',') : 1;
    struct xl_stdf_value *values = set_list(r, index, count);
    for (size_t i = 0; i < count; i++) {
        struct slice part = s;
        if (is_list)
            slice_take(&s, ',', &part);
        if (!read_raw_value(part, &values[i]))
            blame(r, field->name, part.text);
    }
    if (!is_list)
        check_width(r, index);
}

/* ---- Records ------------------------------------------------------------------------------------------------------------------------- */

static void read_all_heads(struct reader *r, int field, struct slice s)
{
    if (slice_trim(s).length == 0)
        set_value(r, field)->u = 255;
    else
        read_number(r, field, s, 10, 0);
}

static void read_column(struct reader *r, const struct atdf_column *column, struct slice s)
{
    int f = column->field;
    switch ((enum atdf_style)column->style) {
    case ATDF_TEXT:
        if (s.length > 0)
            set_text(r, f, s.text, s.length);
        return;
    case ATDF_DEFAULT_TEXT:
        if (s.length == 1 && s.text[0] == ' ')
            set_text(r, f, "", 1);
        else if (s.length > 0)
            set_text(r, f, s.text, s.length);
        return;
    case ATDF_CHARACTER:
        read_character(r, f, s);
        return;
    case ATDF_NUMBER:
    case ATDF_REAL:
        read_number(r, f, s, 10, 0);
        return;
    case ATDF_HEX:
        read_number(r, f, s, 16, 0);
        return;
    case ATDF_SCALED:
        read_number(r, f, s, 10, r->scale);
        return;
    case ATDF_SCALED_INPUT:
        read_number(r, f, s, 10, r->scale_in);
        return;
    case ATDF_TIME:
        read_time(r, f, s);
        return;
    case ATDF_HEAD:
    case ATDF_SITE:
        read_all_heads(r, f, s);
        return;
    case ATDF_NUMBERS:
    case ATDF_REALS:
        read_list(r, f, s, 10);
        return;
    case ATDF_STATES:
        read_list(r, f, s, 16);
        return;
    case ATDF_PINS:
        read_pins(r, f, s);
        return;
    case ATDF_BYTES:
        read_bytes(r, f, s);
        return;
    case ATDF_RADIX:
        read_radix(r, f, s);
        return;
    case ATDF_PGM_STATES:
        read_state_lists(r, PLR_PGM_CHAR, PLR_PGM_CHAL, s);
        return;
    case ATDF_RTN_STATES:
        read_state_lists(r, PLR_RTN_CHAR, PLR_RTN_CHAL, s);
        return;
    case ATDF_PASS:
        read_pass(r, s);
        return;
    case ATDF_FLAGS:
        read_flags(r, s);
        return;
    case ATDF_COMPARE:
        read_letters(r, s, "LH", 0x40, &r->parm_flag);
        return;
    case ATDF_PART_PASS:
        read_part_pass(r, s);
        return;
    case ATDF_RETEST:
        read_letters(r, s, "IC", 0x01, &r->part_flag);
        return;
    case ATDF_ABORT:
        read_letters(r, s, "Y", 0x04, &r->part_flag);
        return;
    case ATDF_RAW:
        read_raw(r, f, s);
        return;
    }
}

static char nothing[1];

static struct slice column_of(const struct reader *r, int field)
{
    for (size_t i = 0; i < r->line->count && i < r->column_count; i++) {
        if (r->line->columns[i].field == field)
            return r->columns[i];
    }
    return (struct slice){nothing, 0};
}

static void drop_prefix(struct reader *r, int field, int *scale)
{
    for (size_t i = 0; i < r->line->count && i < r->column_count; i++) {
        if (r->line->columns[i].field != field || r->columns[i].length == 0)
            continue;
        size_t prefix = 0;
        *scale = xl_units_own_scale(r->columns[i].text, &prefix);
        r->columns[i].text += prefix;
        r->columns[i].length -= prefix;
        r->gives_units = true;
    }
}

/* Whether this is the first record of its test, and the scale of its numbers: before the numbers are read. */
static void look_up_test(struct reader *r, int number_field, int name_field, int units_field, int units_in_field)
{
    struct slice name = column_of(r, name_field);
    uint64_t number = 0;
    if (!atdf_parse_digits(slice_trim(column_of(r, number_field)).text, 10, &number) || number > UINT32_MAX)
        return;
    const struct atdf_test *test = atdf_tests_find(&r->tests, r->line->type, (uint32_t)number, name.text, name.length);
    r->is_first = !test;
    if (r->is_unscaled) {
        r->scale = test ? test->scale : 0;
        r->scale_in = test ? test->scale_in : 0;
        drop_prefix(r, units_field, &r->scale);
        if (units_in_field >= 0)
            drop_prefix(r, units_in_field, &r->scale_in);
    }
    struct atdf_test first = {.scale = (int8_t)r->scale, .scale_in = (int8_t)r->scale_in};
    if (!test)
        atdf_tests_add(&r->tests, r->line->type, (uint32_t)number, name.text, name.length, first);
}

static bool is_present(const struct reader *r, int field)
{
    return r->fields.at[field].presence == XL_PRESENT;
}

/* The scale that the units said goes into the scale fields that were left empty. */
static void set_scales(struct reader *r, int result, int low, int high)
{
    if (!r->gives_units)
        return;
    const int fields[] = {result, low, high};
    for (size_t i = 0; i < 3; i++) {
        if (!is_present(r, fields[i]))
            set_value(r, fields[i])->i = r->scale;
    }
}

static void set_test_flags(struct reader *r)
{
    if (r->line->test_flag < 0)
        return;
    if (r->line->type == XL_PTR && !is_present(r, PTR_RESULT)) {
        set_value(r, PTR_RESULT);
        r->test_flag |= 0x02;
    }
    set_value(r, r->line->test_flag)->u = r->test_flag;
    if (r->line->parm_flag >= 0)
        set_value(r, r->line->parm_flag)->u = r->parm_flag;
}

static void set_opt_flag(struct reader *r)
{
    if (r->line->opt_flag < 0)
        return;
    bool needed = false;
    for (size_t i = (size_t)r->line->opt_flag + 1; i < r->fields.layout->field_count; i++)
        needed = needed || is_present(r, (int)i);
    if (!needed)
        return;
    uint8_t empty = 0, given = 0;
    for (size_t i = 0; i < r->line->count; i++) {
        const struct atdf_column *column = &r->line->columns[i];
        if (is_present(r, column->field))
            given |= column->absent;
        else
            empty |= column->absent;
    }
    uint8_t opt = r->line->opt_reserved | (empty & (uint8_t)~given);
    bool has_limits = r->line->type == XL_PTR || r->line->type == XL_MPR;
    if (has_limits && r->is_first) /* nothing to fall back to: there is no limit */
        opt = (uint8_t)((opt & 0xcf) | (opt & 0x30) << 2);
    set_value(r, r->line->opt_flag)->u = opt;
}

/* A field that is given though its flag says that it is absent: the flag is set right. */
static void settle_gates(struct reader *r)
{
    const struct xl_stdf_layout *layout = r->fields.layout;
    for (size_t f = 0; f < layout->field_count; f++) {
        const struct xl_stdf_field *field = &layout->fields[f];
        if (field->flag < 0 || !is_present(r, (int)f))
            continue;
        uint64_t *flag = &r->fields.at[field->flag].values->u;
        if ((*flag & field->flag_mask) == field->flag_absent)
            *flag ^= field->flag_mask;
    }
}

/* Lists with a common count are brought to the length of the longest, and the count is set to it: elements are never made up for a count
 * that says more. */
static void level_lists_of(struct reader *r, int count_field)
{
    const struct xl_stdf_layout *layout = r->fields.layout;
    size_t most = 0;
    bool any = false, is_needed = false;
    for (size_t f = 0; f < layout->field_count; f++) {
        if (layout->fields[f].count != count_field || is_widthless(r, (int)f))
            continue;
        any = any || is_present(r, (int)f);
        is_needed = is_needed || !layout->fields[f].optional;
        if (is_present(r, (int)f) && r->fields.at[f].count > most)
            most = r->fields.at[f].count;
    }
    if (any || (is_needed && is_present(r, count_field)))
        set_value(r, count_field)->u = most;
    for (size_t f = 0; f < layout->field_count; f++) {
        bool is_left_out = r->fields.at[f].presence == XL_CUT && !layout->fields[f].optional;
        if (layout->fields[f].count != count_field || is_widthless(r, (int)f) || (!is_present(r, (int)f) && !is_left_out) ||
            r->fields.at[f].count == most)
            continue;
        const struct xl_stdf_value *old = r->fields.at[f].values;
        size_t count = r->fields.at[f].count;
        struct xl_stdf_value *longer = set_list(r, (int)f, most);
        if (count > 0)
            memcpy(longer, old, count * sizeof *old);
    }
}

static void level_lists(struct reader *r)
{
    for (size_t f = 0; f < r->fields.layout->field_count; f++) {
        if (r->fields.layout->fields[f].count >= 0)
            level_lists_of(r, r->fields.layout->fields[f].count);
    }
}

/* Fields that a sound record must have, and that the line did not give. */
static void complete(struct reader *r)
{
    const struct xl_stdf_layout *layout = r->fields.layout;
    for (size_t f = 0; f < layout->field_count; f++) {
        const struct xl_stdf_field *field = &layout->fields[f];
        if (field->optional || field->count >= 0 || r->fields.at[f].presence != XL_CUT)
            continue;
        if (field->flag >= 0 && (r->fields.at[field->flag].values->u & field->flag_mask) == field->flag_absent)
            r->fields.at[f].presence = XL_ABSENT;
        else
            set_value(r, (int)f);
    }
}

static bool read_generic_value(struct slice s, struct xl_stdf_value *v)
{
    if (s.length == 0 || !atdf_kind_of(s.text[0], &v->kind))
        return false;
    s.text++;
    s.length--;
    if (v->kind == XL_CN) {
        v->text.bytes = (const uint8_t *)s.text;
        v->text.length = (uint32_t)s.length;
        return true;
    }
    s = slice_trim(s);
    if (v->kind == XL_BN || v->kind == XL_DN) {
        if (!atdf_parse_bytes(s.text, &s.length) || s.length > (v->kind == XL_BN ? UINT8_MAX : 8191))
            return false;
        v->text.bytes = (const uint8_t *)s.text;
        v->text.length = (uint32_t)(v->kind == XL_DN ? 8 * s.length : s.length);
        return true;
    }
    /* A nibble may be written either way: F or 15. */
    return atdf_parse_value(s.text, 10, 0, v) || (v->kind == XL_N1 && atdf_parse_value(s.text, 16, 0, v));
}

static void read_generic(struct reader *r)
{
    size_t count = r->column_count == 1 && r->columns[0].length == 0 ? 0 : r->column_count, kept = 0;
    struct xl_stdf_value *values = set_list(r, GDR_GEN_DATA, count);
    for (size_t i = 0; i < count; i++) {
        if (read_generic_value(r->columns[i], &values[kept])) {
            kept++;
        } else {
            blame(r, "GEN_DATA", r->columns[i].text);
            values[kept] = (struct xl_stdf_value){0};
        }
    }
    r->fields.at[GDR_GEN_DATA].count = (uint32_t)kept;
    set_value(r, GDR_FLD_CNT)->u = kept;
}

static void read_fields(struct reader *r)
{
    switch (r->line->type) {
    case XL_PTR:
        look_up_test(r, PTR_TEST_NUM, PTR_TEST_TXT, PTR_UNITS, -1);
        break;
    case XL_MPR:
        look_up_test(r, MPR_TEST_NUM, MPR_TEST_TXT, MPR_UNITS, MPR_UNITS_IN);
        break;
    }
    for (size_t i = 0; i < r->line->count; i++)
        read_column(r, &r->line->columns[i], i < r->column_count ? r->columns[i] : (struct slice){nothing, 0});
    for (size_t i = r->line->count; i < r->column_count; i++) {
        if (r->columns[i].length > 0)
            blame(r, _("one column too many"), r->columns[i].text);
    }
    if (r->line->type == XL_PTR)
        set_scales(r, PTR_RES_SCAL, PTR_LLM_SCAL, PTR_HLM_SCAL);
    if (r->line->type == XL_MPR)
        set_scales(r, MPR_RES_SCAL, MPR_LLM_SCAL, MPR_HLM_SCAL);
    if (r->line->type == XL_PRR)
        set_value(r, PRR_PART_FLG)->u = r->part_flag;
    set_test_flags(r);
    level_lists(r);
    set_opt_flag(r);
    complete(r);
    settle_gates(r);
}

static void write_fields(struct reader *r)
{
    uint8_t record[XL_RECORD_MOST];
    size_t length = xl_stdf_encode(&r->fields, r->big_endian, record);
    if (length == 0)
        blame(r, r->fields.layout->name, _("(longer than an STDF record can be)"));
    out_bytes(&r->out, record, length);
}

static void read_record(struct reader *r, const struct xl_stdf_layout *layout, char *data, char *end)
{
    arena_reset(r->arena);
    r->line = atdf_line_of(layout->type);
    r->fields.layout = layout;
    for (size_t i = 0; i < layout->field_count; i++) {
        r->fields.at[i].presence = XL_CUT;
        r->fields.at[i].count = 0;
    }
    r->test_flag = r->parm_flag = r->part_flag = 0;
    r->scale = r->scale_in = 0;
    r->is_first = r->gives_units = false;
    /* A text alone in its line may hold the separator. */
    if (layout->type == XL_DTR || layout->type == XL_BPS) {
        r->column_count = 0;
        add_column(r, data, (size_t)(end - data));
    } else {
        split_columns(r, data, end);
    }
    if (layout->type == XL_GDR)
        read_generic(r);
    else
        read_fields(r);
    write_fields(r);
}

static bool fail_line(struct reader *r)
{
    char beginning[61];
    xl_fail(r->error, "atdf_line", _("This line is no ATDF record: %s"), shown(r->lines.text.data, beginning));
    return xl_fail_place(r->error, _("%s, line %llu"), xl_input_name(r->lines.input), (unsigned long long)r->lines.line_number);
}

static bool read_line(struct reader *r)
{
    if (r->lines.text.overflow) {
        xl_fail(r->error, "atdf_line_long", _("A line of the ATDF file is longer than %d megabytes."), ATDF_LINE_MOST >> 20);
        return xl_fail_place(r->error, _("%s, line %llu"), xl_input_name(r->lines.input), (unsigned long long)r->lines.line_number);
    }
    char name[4] = {0}, *end = r->lines.text.data + r->lines.text.length;
    if (r->lines.text.length < 4 || r->lines.text.data[3] != ':')
        return fail_line(r);
    for (size_t i = 0; i < 3; i++) {
        if (!isalnum((unsigned char)r->lines.text.data[i]))
            return fail_line(r);
        name[i] = (char)toupper((unsigned char)r->lines.text.data[i]);
    }
    const struct xl_stdf_layout *layout = xl_stdf_layout_named(name);
    if (!layout)
        xl_findings_add(r->findings, XL_FINDING_UNKNOWN_RECORD, r->lines.line_offset, r->lines.text.length, "%s", name);
    else if (layout->type == XL_FAR)
        xl_findings_add(r->findings, XL_FINDING_FIRST_NOT_FAR, r->lines.line_offset, 0, "line %llu",
                        (unsigned long long)r->lines.line_number);
    else
        read_record(r, layout, r->lines.text.data + 4, end);
    return true;
}

/* FAR:A|4|2|S - the separator is whatever stands after the A. */
static bool read_first_line(struct reader *r)
{
    if (!atdf_lines_next(&r->lines))
        return xl_fail(r->error, "stdf_empty", _("The file is empty."));
    size_t skip = r->lines.text.length >= 3 && memcmp(r->lines.text.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (!xl_is_atdf((const uint8_t *)r->lines.text.data, r->lines.text.length)) {
        xl_fail(r->error, "not_atdf", _("The file is not ATDF: it does not begin with FAR:A."));
        return xl_fail_place(r->error, "%s", xl_input_name(r->lines.input));
    }
    r->separator = r->lines.text.data[skip + 5];
    split_columns(r, r->lines.text.data + skip + 4, r->lines.text.data + r->lines.text.length);
    if (r->column_count < 2 || strcmp(slice_trim(r->columns[1]).text, "4") != 0) {
        xl_fail(r->error, "stdf_version_unknown", _("The file is ATDF of an STDF version other than 4."));
        return xl_fail_place(r->error, "%s", xl_input_name(r->lines.input));
    }
    r->is_unscaled = r->column_count > 3 && strcasecmp(slice_trim(r->columns[3]).text, "U") == 0;
    uint8_t record[XL_RECORD_MOST];
    struct xl_record_writer far;
    xl_record_begin(&far, XL_FAR, r->big_endian, record);
    xl_put_u1(&far, r->big_endian ? 1 : 2);
    xl_put_u1(&far, 4);
    out_bytes(&r->out, record, xl_record_end(&far));
    return true;
}

bool xl_atdf_to_stdf(struct xl_input *input, bool big_endian, struct xl_sink sink, struct xl_findings *findings, struct xl_error *error)
{
    struct reader r = {.findings = findings, .error = error, .big_endian = big_endian, .arena = arena_new()};
    r.fields.at = memory_new(LAYOUT_FIELDS_MOST, sizeof *r.fields.at);
    atdf_lines_init(&r.lines, input, findings);
    out_begin(&r.out, sink, 0, error);
    bool good = read_first_line(&r);
    while (good && !r.out.failed && atdf_lines_next(&r.lines))
        good = read_line(&r);
    good = out_end(&r.out) && good;
    atdf_tests_free(&r.tests);
    atdf_lines_free(&r.lines);
    arena_free(r.arena);
    free(r.fields.at);
    free(r.columns);
    return good;
}
