/* atdf_write.c: STDF records as lines of ATDF.
 *
 * What ATDF has no words for is left out and told as a finding: unknown records, vendor padding, pads and odd bits of a GDR, NaN payloads,
 * separators and control characters inside texts (there is no way to quote them), a limit that a later record takes away. Without a
 * word go: values that their own flag calls invalid, scales of limits that are not there, reserved bits, which trailing missing fields were
 * written out, and SITE_NUM beside HEAD_NUM 255. */
#include "engine/stdf/atdf.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/out.h"

#define SEPARATOR '|'

struct writer {
    struct out out;
    struct xl_findings *findings;
    const struct xl_stdf_record *record;
    const struct xl_stdf_fields *fields;
    const struct atdf_line *line;
    unsigned separators; /* due before the next thing that is written: empty columns at the end are left away */
    struct atdf_tests tests;
};

static void lose(struct writer *w, const char *what)
{
    xl_findings_add(w->findings, XL_FINDING_ATDF_LOSS, w->record->offset, 0, "%s %s", w->fields ? w->fields->layout->name : "", what);
}

/* Brings the separators that are due. Called by whoever is about to write something into a column. */
static void reach(struct writer *w)
{
    for (; w->separators > 0; w->separators--)
        out_char(&w->out, SEPARATOR);
}

static const struct xl_stdf_value *value_of(const struct writer *w, int field)
{
    return w->fields->at[field].presence == XL_PRESENT && w->fields->at[field].count > 0 ? w->fields->at[field].values : NULL;
}

static uint8_t flags_of(const struct writer *w, int field)
{
    const struct xl_stdf_value *v = field < 0 ? NULL : value_of(w, field);
    return v ? (uint8_t)v->u : 0;
}

/* ---- Single values ------------------------------------------------------------------------------------------------------------------- */

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte != 0x7f && byte != SEPARATOR;
}

static void write_text(struct writer *w, const uint8_t *bytes, size_t length)
{
    reach(w);
    bool changed = false;
    for (size_t i = 0, run = 0; i <= length; i++) {
        if (i < length && is_plain(bytes[i]))
            continue;
        out_bytes(&w->out, bytes + run, i - run);
        run = i + 1;
        if (i < length) {
            out_char(&w->out, bytes[i] == SEPARATOR ? '/' : ' ');
            changed = true;
        }
    }
    if (changed)
        lose(w, _("separator or control character in a text"));
}

static void write_default_text(struct writer *w, const struct xl_stdf_value *v)
{
    if (v->text.length == 1 && *v->text.bytes == '\0') {
        reach(w);
        out_char(&w->out, ' ');
        return;
    }
    if (v->text.length == 1 && *v->text.bytes == ' ')
        lose(w, _("text of one blank"));
    write_text(w, v->text.bytes, v->text.length);
}

static void write_number(struct writer *w, const struct xl_stdf_value *v)
{
    reach(w);
    if (v->kind == XL_I1 || v->kind == XL_I2 || v->kind == XL_I4)
        out_i64(&w->out, v->i);
    else
        out_u64(&w->out, v->u);
}

static void write_real(struct writer *w, const struct xl_stdf_value *v)
{
    reach(w);
    if (isnan(v->r)) {
        bool is_double = v->kind == XL_R8;
        uint64_t sign = is_double ? 1ULL << 63 : 1ULL << 31, quiet = is_double ? 0x7ff8000000000000 : 0x7fc00000;
        if ((v->bits & ~sign) != quiet)
            lose(w, _("payload of a NaN"));
        out_text(&w->out, v->bits & sign ? "-nan" : "nan");
    } else if (v->kind == XL_R8) {
        out_double(&w->out, v->r);
    } else {
        out_float(&w->out, (float)v->r);
    }
}

static void write_time(struct writer *w, uint64_t seconds)
{
    if (seconds == 0)
        return;
    char text[32];
    time_atdf((int64_t)seconds, text);
    reach(w);
    out_text(&w->out, text);
}

static void write_character(struct writer *w, uint64_t value)
{
    if (!is_plain((uint8_t)value)) {
        lose(w, _("a code that is no printable character"));
        return;
    }
    reach(w);
    out_char(&w->out, (char)value);
}

static void write_hex_bytes(struct writer *w, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    reach(w);
    for (size_t i = 0; i < length; i++) {
        out_char(&w->out, digits[bytes[i] >> 4]);
        out_char(&w->out, digits[bytes[i] & 15]);
    }
}

static void write_pins(struct writer *w, const struct xl_stdf_value *v)
{
    bool any = false;
    for (uint32_t bit = 0; bit < v->text.length; bit++) {
        if (!(v->text.bytes[bit / 8] >> bit % 8 & 1))
            continue;
        if (any)
            out_char(&w->out, ',');
        else
            reach(w);
        out_u64(&w->out, bit);
        any = true;
    }
    if (!any)
        lose(w, _("a pin map without a pin"));
}

/* ---- Lists --------------------------------------------------------------------------------------------------------------------------- */

static void write_states(struct writer *w, const struct xl_stdf_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        reach(w);
        if (i > 0)
            out_char(&w->out, ',');
        out_char(&w->out, "0123456789ABCDEF"[values[i].u & 15]);
    }
}

static void write_list(struct writer *w, const struct xl_stdf_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        reach(w);
        if (i > 0)
            out_char(&w->out, ',');
        if (values[i].kind == XL_R4)
            write_real(w, &values[i]);
        else
            write_number(w, &values[i]);
    }
}

static void write_radix(struct writer *w, const struct xl_stdf_value *values, uint32_t count)
{
    static const char letters[] = {[2] = 'B', [8] = 'O', [10] = 'D', [16] = 'H', [20] = 'S'};
    for (uint32_t i = 0; i < count; i++) {
        char letter = values[i].u < sizeof letters ? letters[values[i].u] : '\0';
        if (i > 0 || letter)
            reach(w);
        if (i > 0)
            out_char(&w->out, ',');
        if (letter)
            out_char(&w->out, letter);
        else if (values[i].u != 0)
            lose(w, _("an unknown radix"));
    }
}

static void write_state_character(struct writer *w, uint8_t byte)
{
    bool fits = is_plain(byte) && byte != ',' && byte != '/';
    if (!fits)
        lose(w, _("a state character that parts columns or lists"));
    out_char(&w->out, fits ? (char)byte : '?');
}

/* One list of a group: right characters, before each its left one where there is one. */
static void write_state_names(struct writer *w, const struct xl_stdf_value *right, const struct xl_stdf_value *left)
{
    uint32_t rights = right ? right->text.length : 0, lefts = left ? left->text.length : 0;
    for (uint32_t i = 0; i < rights || i < lefts; i++) {
        reach(w);
        if (i > 0)
            out_char(&w->out, ',');
        uint8_t second = i < rights ? right->text.bytes[i] : ' ';
        if (i < lefts && left->text.bytes[i] != ' ')
            write_state_character(w, left->text.bytes[i]);
        write_state_character(w, second);
    }
}

static void write_state_lists(struct writer *w, int right_field, int left_field)
{
    uint32_t rights = w->fields->at[right_field].count, lefts = w->fields->at[left_field].count;
    for (uint32_t i = 0; i < rights || i < lefts; i++) {
        if (i > 0) {
            reach(w);
            out_char(&w->out, '/');
        }
        write_state_names(w, i < rights ? &w->fields->at[right_field].values[i] : NULL,
                          i < lefts ? &w->fields->at[left_field].values[i] : NULL);
    }
}

/* ---- Flags --------------------------------------------------------------------------------------------------------------------------- */

static void write_letter(struct writer *w, char letter)
{
    reach(w);
    out_char(&w->out, letter);
}

static void write_pass(struct writer *w)
{
    uint8_t test = flags_of(w, w->line->test_flag), parm = flags_of(w, w->line->parm_flag);
    if (test & 0x40)
        return;
    write_letter(w, test & 0x80 ? 'F' : parm & 0x20 ? 'A' : 'P');
}

static void write_flags(struct writer *w)
{
    uint8_t test = flags_of(w, w->line->test_flag), parm = flags_of(w, w->line->parm_flag);
    for (size_t i = 0; i < ATDF_FLAG_COUNT; i++) {
        if (test & atdf_flags[i].test || parm & atdf_flags[i].parm)
            write_letter(w, atdf_flags[i].letter);
    }
}

static void write_compare(struct writer *w)
{
    uint8_t parm = flags_of(w, w->line->parm_flag);
    if (parm & 0x40)
        write_letter(w, 'L');
    if (parm & 0x80)
        write_letter(w, 'H');
}

/* ---- V4-2007 ------------------------------------------------------------------------------------------------------------------------- */

static void write_raw_text(struct writer *w, const struct xl_stdf_value *v)
{
    for (uint32_t i = 0; i < v->text.length; i++) {
        uint8_t byte = v->text.bytes[i];
        if (is_plain(byte) && byte != ',' && byte != '%')
            out_char(&w->out, (char)byte);
        else
            out_print(&w->out, "%%%02X", byte);
    }
}

/* The flags of a record that was understood only without them are set right: what is there is there. */
static uint64_t gates_said(struct writer *w, int index)
{
    const struct xl_stdf_layout *layout = w->fields->layout;
    uint64_t flags = w->fields->at[index].values->u;
    for (size_t f = 0; w->fields->ungated && f < layout->field_count; f++) {
        if (layout->fields[f].flag == index && (flags & layout->fields[f].flag_mask) == layout->fields[f].flag_absent) {
            flags ^= layout->fields[f].flag_mask;
            lose(w, _("a flag that is wrong"));
        }
    }
    return flags;
}

static void write_raw(struct writer *w, int index)
{
    const struct xl_stdf_field *field = &w->fields->layout->fields[index];
    if (w->fields->at[index].presence != XL_PRESENT)
        return;
    for (uint32_t i = 0; i < w->fields->at[index].count; i++) {
        const struct xl_stdf_value *v = &w->fields->at[index].values[i];
        bool is_text = field->kind == XL_CN || field->kind == XL_SN || field->kind == XL_CF;
        if (i > 0) {
            reach(w);
            out_char(&w->out, ',');
        }
        if (is_text && v->text.length == 0)
            continue;
        reach(w);
        if (is_text) {
            write_raw_text(w, v);
        } else if (field->kind == XL_DN) {
            out_print(&w->out, "%u:", v->text.length);
            write_hex_bytes(w, v->text.bytes, (v->text.length + 7) / 8);
        } else {
            out_u64(&w->out, field->kind == XL_B1 ? gates_said(w, index) : v->u);
        }
    }
}

/* ---- Lines --------------------------------------------------------------------------------------------------------------------------- */

static bool is_all_heads(const struct writer *w)
{
    const struct xl_stdf_value *head = value_of(w, w->line->columns[0].field);
    return head && head->u == 255;
}

static void write_value(struct writer *w, const struct atdf_column *column)
{
    int f = column->field;
    const struct xl_stdf_value *v = w->fields->at[f].values;
    uint32_t count = w->fields->at[f].count;
    switch ((enum atdf_style)column->style) {
    case ATDF_TEXT:
        write_text(w, v->text.bytes, v->text.length);
        return;
    case ATDF_DEFAULT_TEXT:
        write_default_text(w, v);
        return;
    case ATDF_CHARACTER:
        write_character(w, v->u);
        return;
    case ATDF_NUMBER:
        write_number(w, v);
        return;
    case ATDF_HEX:
        reach(w);
        out_print(&w->out, "%llX", (unsigned long long)v->u);
        return;
    case ATDF_REAL:
    case ATDF_SCALED:
    case ATDF_SCALED_INPUT:
        write_real(w, v);
        return;
    case ATDF_TIME:
        write_time(w, v->u);
        return;
    case ATDF_HEAD:
    case ATDF_SITE:
        if (!is_all_heads(w))
            write_number(w, v);
        return;
    case ATDF_NUMBERS:
    case ATDF_REALS:
        write_list(w, v, count);
        return;
    case ATDF_STATES:
        write_states(w, v, count);
        return;
    case ATDF_PINS:
        write_pins(w, v);
        return;
    case ATDF_BYTES:
        write_hex_bytes(w, v->text.bytes, v->text.length);
        return;
    case ATDF_RADIX:
        write_radix(w, v, count);
        return;
    case ATDF_PASS:
        write_pass(w);
        return;
    case ATDF_FLAGS:
        write_flags(w);
        return;
    case ATDF_COMPARE:
        write_compare(w);
        return;
    case ATDF_PART_PASS:
        if (!(v->u & 0x10))
            write_letter(w, v->u & 0x08 ? 'F' : 'P');
        return;
    case ATDF_RETEST:
        if (v->u & 0x01)
            write_letter(w, 'I');
        if (v->u & 0x02)
            write_letter(w, 'C');
        return;
    case ATDF_ABORT:
        if (v->u & 0x04)
            write_letter(w, 'Y');
        return;
    case ATDF_PGM_STATES:
    case ATDF_RTN_STATES:
    case ATDF_RAW:
        return;
    }
}

static bool is_flag_style(enum atdf_style style)
{
    return style >= ATDF_PASS && style <= ATDF_ABORT;
}

/* The scale of a limit that the record does not have. */
static bool is_scale_of_nothing(const struct writer *w, int field)
{
    static const struct {
        uint16_t type;
        int scale, limit;
    } pairs[] = {{XL_PTR, PTR_LLM_SCAL, PTR_LO_LIMIT},
                 {XL_PTR, PTR_HLM_SCAL, PTR_HI_LIMIT},
                 {XL_MPR, MPR_LLM_SCAL, MPR_LO_LIMIT},
                 {XL_MPR, MPR_HLM_SCAL, MPR_HI_LIMIT}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i].type == w->line->type && pairs[i].scale == field)
            return xl_stdf_missing(w->fields, pairs[i].limit);
    }
    return false;
}

static void write_column(struct writer *w, const struct atdf_column *column, uint8_t opt)
{
    enum atdf_style style = (enum atdf_style)column->style;
    if (style == ATDF_RAW) {
        write_raw(w, column->field);
    } else if (style == ATDF_PGM_STATES) {
        write_state_lists(w, PLR_PGM_CHAR, PLR_PGM_CHAL);
    } else if (style == ATDF_RTN_STATES) {
        write_state_lists(w, PLR_RTN_CHAR, PLR_RTN_CHAL);
    } else if (is_flag_style(style)) {
        if (value_of(w, column->field))
            write_value(w, column);
    } else if (!xl_stdf_missing(w->fields, column->field) && !(column->invalid & opt)) {
        bool is_result_void = w->line->type == XL_PTR && column->field == PTR_RESULT && flags_of(w, PTR_TEST_FLG) & 0x02;
        if (!is_result_void && !is_scale_of_nothing(w, column->field))
            write_value(w, column);
    }
}

/* An empty limit means "none" in the first record of a test and "as in the first" later: "none" cannot be said later. */
static void check_limits(struct writer *w, int number_field, int text_field, int low_field, int high_field)
{
    const struct xl_stdf_value *number = value_of(w, number_field), *text = value_of(w, text_field);
    if (!number)
        return;
    uint8_t opt = flags_of(w, w->line->opt_flag);
    const void *name = text ? text->text.bytes : NULL;
    size_t length = text ? text->text.length : 0;
    const struct atdf_test *test = atdf_tests_find(&w->tests, w->line->type, (uint32_t)number->u, name, length);
    if (!test) {
        struct atdf_test first = {.has_low = value_of(w, low_field) && !(opt & 0x50), .has_high = value_of(w, high_field) && !(opt & 0xa0)};
        atdf_tests_add(&w->tests, w->line->type, (uint32_t)number->u, name, length, first);
    } else if ((opt & 0x40 && test->has_low) || (opt & 0x80 && test->has_high)) {
        lose(w, _("a limit taken away after the first record of its test"));
    }
}

static void write_line(struct writer *w)
{
    out_text(&w->out, w->fields->layout->name);
    out_char(&w->out, ':');
    uint8_t opt = flags_of(w, w->line->opt_flag);
    for (size_t i = 0; i < w->line->count; i++) {
        w->separators += i > 0;
        write_column(w, &w->line->columns[i], opt);
    }
    if (w->line->type == XL_PTR)
        check_limits(w, PTR_TEST_NUM, PTR_TEST_TXT, PTR_LO_LIMIT, PTR_HI_LIMIT);
    if (w->line->type == XL_MPR)
        check_limits(w, MPR_TEST_NUM, MPR_TEST_TXT, MPR_LO_LIMIT, MPR_HI_LIMIT);
}

static void write_generic(struct writer *w)
{
    out_text(&w->out, "GDR:");
    for (uint32_t i = 0; i < w->fields->at[GDR_GEN_DATA].count; i++) {
        const struct xl_stdf_value *v = &w->fields->at[GDR_GEN_DATA].values[i];
        char letter = atdf_letter_of(v->kind);
        if (!letter) {
            lose(w, _("pads"));
            continue;
        }
        reach(w);
        out_char(&w->out, letter);
        if (v->kind == XL_CN) {
            write_text(w, v->text.bytes, v->text.length);
        } else if (v->kind == XL_BN) {
            write_hex_bytes(w, v->text.bytes, v->text.length);
        } else if (v->kind == XL_DN) {
            write_hex_bytes(w, v->text.bytes, (v->text.length + 7) / 8);
            if (v->text.length % 8 != 0)
                lose(w, _("a count of bits that is no multiple of eight"));
        } else if (v->kind == XL_R4 || v->kind == XL_R8) {
            write_real(w, v);
        } else if (v->kind == XL_N1) {
            out_u64(&w->out, v->u & 15);
        } else {
            write_number(w, v);
        }
        w->separators = 1;
    }
}

static void write_record(struct writer *w)
{
    w->separators = 0;
    w->line = atdf_line_of(w->record->type);
    if (!w->fields) {
        xl_findings_add(w->findings, XL_FINDING_ATDF_LOSS, w->record->offset, 4 + (uint64_t)w->record->length, _("record type %d.%d"),
                        w->record->type >> 8, w->record->type & 255);
        return;
    }
    if (w->fields->broken)
        xl_findings_add(w->findings, XL_FINDING_RECORD_BROKEN, w->record->offset, w->record->length - w->fields->broken_at, "%s",
                        w->fields->layout->name);
    if (w->fields->left_over > 0)
        lose(w, _("bytes after the last field"));
    if (w->record->type == XL_FAR) {
        if (w->record->offset > 0)
            lose(w, _("inside the file"));
        return;
    }
    if (w->record->type == XL_GDR)
        write_generic(w);
    else
        write_line(w);
    out_char(&w->out, '\n');
}

bool xl_stdf_to_atdf(struct xl_stdf_reader *reader, struct xl_sink sink, struct xl_findings *findings, struct xl_error *error)
{
    struct writer w = {.findings = findings};
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    struct xl_stdf_record record;
    out_begin(&w.out, sink, 0, error);
    /* Scaled: numbers are in base units, as in STDF. */
    out_text(&w.out, "FAR:A|4|2|S\n");
    while (!w.out.failed && xl_stdf_next(reader, &record)) {
        w.record = &record;
        w.fields = xl_stdf_decode(decoder, &record);
        write_record(&w);
    }
    xl_stdf_decoder_free(decoder);
    atdf_tests_free(&w.tests);
    return out_end(&w.out);
}
