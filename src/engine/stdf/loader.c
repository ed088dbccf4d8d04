/* loader.c: from records to part runs.
 *
 * The hot path is a PTR: find the open part by head and site, find the test by what followed the last one, put the result into the part's
 * row. Everything else is rarer. */
#include "engine/stdf/loader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/out.h"
#include "base/text.h"
#include "engine/stdf/reader.h"

enum {
    PARM_EXCLUDES = 0x07,
    PARM_MARKS = 0x3f,    /* PARM_FLG: scale error, drift, oscillation; and the verdicts */
    TEST_EXCLUDES = 0x3f, /* TEST_FLG: alarm ... aborted */
    PROGRESS_RECORDS = 1 << 16,
};

/* ---- Parts -------------------------------------------------------------------------------------------------------- */

static void part_finish(struct xl_loader *l, struct part *p, const struct finished_part *f)
{
    struct sheet *s = p->sheet;
    sheet_take(l, s, p, f);
    p->is_open = false;
    s->open_parts--;
    l->open_parts--;
    if (!p->is_outside)
        l->open_on_head[p->head]--;
    if (s->is_closed && !s->open_parts)
        sheet_hand_over(l, s);
}

/* A part without its PRR. */
static void part_abandon(struct xl_loader *l, struct part *p)
{
    part_finish(l, p,
                &(struct finished_part){
                    .end = l->offset,
                    .x = XL_NO_COORDINATE,
                    .y = XL_NO_COORDINATE,
                    .hard_bin = XL_NO_BIN,
                    .soft_bin = XL_NO_BIN,
                    .flags = XL_PART_UNFINISHED | (p->is_outside ? XL_PART_OUTSIDE : XL_PART_ABNORMAL),
                });
}

/* Opens a part; `is_outside`: for a test record that stands in none. */
static struct part *part_open(struct xl_loader *l, uint8_t head, uint8_t site, bool is_outside)
{
    struct part **slot = &l->parts[head << 8 | site];
    if (*slot && (*slot)->is_open) {
        if (!(*slot)->is_outside)
            loader_note(l, XL_FINDING_PART_REOPENED, 0, "HEAD_NUM %u SITE_NUM %u", head, site);
        part_abandon(l, *slot);
    }
    if (l->open_parts >= LOADER_OPEN_PARTS_MOST) {
        loader_note(l, XL_FINDING_TOO_MANY, 0, "HEAD_NUM %u SITE_NUM %u", head, site);
        return NULL;
    }
    if (!*slot)
        *slot = memory_new(1, sizeof **slot);
    struct part *p = *slot;
    if (!is_outside && !l->open_on_head[head])
        l->touch_of_head[head] = l->touches++;
    *p = (struct part){
        .head = head,
        .site = site,
        .is_open = true,
        .is_outside = is_outside,
        .sheet = heading_sheet(l, head, site),
        .begin = l->offset,
        .touch = is_outside ? -1 : l->touch_of_head[head],
        .first_fail = NO_COLUMN,
        .last = p->last,
    };
    p->sheet->open_parts++;
    l->open_parts++;
    if (!is_outside)
        l->open_on_head[head]++;
    return p;
}

static void read_pir(struct xl_loader *l, const struct xl_stdf_record *r)
{
    if (r->length < 2) {
        loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "PIR");
        return;
    }
    if (r->length > 2)
        loader_note(l, XL_FINDING_LEFT_OVER, 0, "PIR");
    part_open(l, r->data[0], r->data[1], false);
}

static void read_prr(struct xl_loader *l, const struct xl_stdf_record *r)
{
    struct bytes b = bytes_of(r->data, r->length, l->big_endian);
    uint8_t head = bytes_u1(&b), site = bytes_u1(&b);
    struct finished_part f = {.end = r->offset + 4 + r->length, .x = XL_NO_COORDINATE, .y = XL_NO_COORDINATE, .soft_bin = XL_NO_BIN};
    f.flags = bytes_u1(&b);
    f.tests = bytes_u2(&b);
    f.hard_bin = bytes_u2(&b);
    if (b.broken) {
        loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "PRR");
        if (r->length < 2)
            return;
    }
    /* What follows may be cut; a cut field keeps its missing value. */
    const uint8_t *p;
    if ((p = bytes_take(&b, 2)))
        f.soft_bin = load_u2(p, l->big_endian);
    if ((p = bytes_take(&b, 2)))
        f.x = (int16_t)load_u2(p, l->big_endian);
    if ((p = bytes_take(&b, 2)))
        f.y = (int16_t)load_u2(p, l->big_endian);
    f.test_ms = bytes_u4(&b);
    bool cut = b.broken;
    f.id_length = bytes_u1(&b);
    if ((f.id = bytes_take(&b, f.id_length)) == NULL)
        f.id_length = 0;
    f.text_length = bytes_u1(&b);
    if ((f.text = bytes_take(&b, f.text_length)) == NULL)
        f.text_length = 0;
    bytes_take(&b, bytes_u1(&b)); /* PART_FIX */
    if (!cut && !b.broken && bytes_left(&b))
        loader_note(l, XL_FINDING_LEFT_OVER, 0, "PRR");
    if (f.hard_bin > 32767)
        loader_note(l, XL_FINDING_BIN_INVALID, 0, "HARD_BIN %d", f.hard_bin);

    struct part *part = l->parts[head << 8 | site];
    if (!part || !part->is_open || part->is_outside) {
        loader_note(l, XL_FINDING_PART_WITHOUT_PIR, 0, "PART_ID %.*s", (int)f.id_length, f.id ? (const char *)f.id : "");
        f.flags |= XL_PART_NO_PIR;
        if (!part || !part->is_open)
            part = part_open(l, head, site, true);
        if (!part)
            return;
        part->touch = l->touches++;
    }
    if (!part->executed && !(f.flags & XL_PART_NO_PIR))
        loader_note(l, XL_FINDING_PART_WITHOUT_TESTS, 0, "PART_ID %.*s", (int)f.id_length, f.id ? (const char *)f.id : "");
    else if (part->executed != (uint32_t)f.tests && f.tests != 65535)
        loader_note(l, XL_FINDING_TEST_COUNT_DIFFERS, 0, "NUM_TEST %d, PTR + MPR + FTR + STR %u", f.tests, part->executed);
    part_finish(l, part, &f);
}

/* ---- Tests -------------------------------------------------------------------------------------------------------- */

/* The open part of a test record. Where there is none, a row of its own keeps the tests. */
static inline struct part *part_of(struct xl_loader *l, uint8_t head, uint8_t site, uint32_t number)
{
    struct part *p = l->parts[head << 8 | site];
    if (__builtin_expect(p && p->is_open && !p->is_outside, 1))
        return p;
    loader_note(l, XL_FINDING_TEST_OUTSIDE_PART, 0, "TEST_NUM %u", number);
    return p && p->is_open ? p : part_open(l, head, site, true);
}

/* The alias of the record: most often the one that followed the last one before. */
static inline struct alias *alias_of(struct xl_loader *l, struct part *p, enum xl_test_kind kind, uint32_t number, const uint8_t *text,
                                     uint32_t length)
{
    struct alias *a = p->last ? p->last->next : NULL;
    if (__builtin_expect(a && a->number == number && a->kind == kind && a->text_length == length && memcmp(a->text, text, length) == 0,
                         1)) {
        p->last = a;
        return a;
    }
    a = directory_find(l, kind, number, text, length);
    if (!a)
        return NULL;
    if (p->last)
        p->last->next = a;
    p->last = a;
    return a;
}

/* Counts an execution of the test in the part's row; gives its number in the part. False past a ceiling. */
static inline bool execute(struct xl_loader *l, struct part *p, const struct alias *a, uint32_t *execution)
{
    uint32_t t = a->test->index;
    struct row *row = p->row;
    if (__builtin_expect(!row, 0))
        row = p->row = row_new(l);
    p->executed++;
    if (__builtin_expect(t >= row->test_capacity, 0) && !row_reach(l, row, 0, t)) {
        loader_note(l, XL_FINDING_TOO_MANY, 0, "%u", a->number);
        return false;
    }
    if (t >= row->tests_used)
        row->tests_used = t + 1;
    *execution = row->executions[t];
    if (__builtin_expect(*execution != 0, 0)) {
        if (!p->is_repeating) {
            p->is_repeating = true;
            loader_note(l, XL_FINDING_TEST_REPEATED, 0, "%u %s", a->number, a->test->known.name);
        }
        if (*execution >= LOADER_EXECUTIONS_MOST) {
            loader_note(l, XL_FINDING_TOO_MANY, 0, "%u %s", a->number, a->test->known.name);
            return false;
        }
    }
    row->executions[t]++;
    return true;
}

/* The cell of (test, pin, execution) in the part's row; NULL past a ceiling. */
static inline float *cell_of(struct xl_loader *l, struct part *p, const struct alias *a, uint32_t pin, uint32_t execution, uint32_t *column)
{
    uint32_t c = pin | execution ? NO_COLUMN : a->column;
    if (__builtin_expect(c == NO_COLUMN, 0))
        c = directory_column(l, a->test, pin, execution);
    struct row *row = p->row;
    if (__builtin_expect(c >= row->capacity, 0) && (c == NO_COLUMN || !row_reach(l, row, c, 0))) {
        loader_note(l, XL_FINDING_TOO_MANY, 0, "%u %s", a->number, a->test->known.name);
        return NULL;
    }
    if (c >= row->used)
        row->used = c + 1;
    *column = c;
    return &row->values[c];
}

static inline bool bits_not_finite(uint32_t bits)
{
    return (bits & 0x7f800000) == 0x7f800000;
}

/* Puts a result into its cell: the very bits, but for the one pattern that means "missing". */
static inline void cell_put(struct xl_loader *l, float *cell, uint32_t bits, const struct alias *a)
{
    if (__builtin_expect(bits_not_finite(bits), 0)) {
        loader_note(l, XL_FINDING_RESULT_NOT_FINITE, 0, "%u %s", a->number, a->test->known.name);
        if (bits == XL_MISSING_BITS)
            bits = XL_REAL_NAN_BITS;
    }
    memcpy(cell, &bits, sizeof bits);
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float missing_value(void)
{
    return float_of(XL_MISSING_BITS);
}

static void note_excluded(struct xl_loader *l, const struct alias *a, uint8_t test_flag, uint8_t parm_flag)
{
    loader_note(l, XL_FINDING_RESULT_EXCLUDED, 0, "%u %s: TEST_FLG %02x PARM_FLG %02x", a->number, a->test->known.name, test_flag,
                parm_flag);
}

static inline void check_verdict(struct xl_loader *l, const struct alias *a, uint8_t test_flag, float value)
{
    if (test_flag & XL_TEST_NO_VERDICT)
        return;
    bool outside = value < a->low || value > a->high; /* NaN limits: never */
    bool failed = test_flag & XL_TEST_FAILED;
    bool judged = !isnan(a->low) || !isnan(a->high);
    if (judged && outside != failed && (outside || (value > a->low && value < a->high)))
        loader_note(l, XL_FINDING_LIMITS_DISAGREE, 0, "%u %s", a->number, a->test->known.name);
}

/* Where the fields from OPT_FLAG on say something that the test's first record did not. */
static inline void tail_of(struct xl_loader *l, struct alias *a, const uint8_t *tail, uint32_t length, uint32_t pins, uint8_t parm_flag)
{
    if (length == 0) {
        if (l->defaults_taken++ == 0)
            loader_note(l, XL_FINDING_DEFAULT_TAKEN, 0, "%u %s", a->number, a->test->known.name);
        return;
    }
    if (a->tail && a->tail_length == length && memcmp(a->tail, tail, length) == 0)
        return;
    directory_tail(l, a, tail, length, pins, parm_flag);
}

static inline void read_ptr(struct xl_loader *l, const struct xl_stdf_record *r, bool big_endian)
{
    const uint8_t *d = r->data;
    uint32_t length = r->length;
    if (__builtin_expect(length < 12, 0)) {
        if (length < 8) {
            loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "PTR");
            return;
        }
    }
    uint32_t number = load_u4(d, big_endian);
    uint8_t test_flag = d[6], parm_flag = d[7];
    const uint8_t *text = d + 13, *tail = d;
    uint32_t text_length = 0, tail_length = 0;
    if (length > 12) {
        text_length = d[12];
        uint32_t at = 13 + text_length;
        if (__builtin_expect(at > length, 0)) {
            loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "PTR");
            text_length = 0;
            at = length;
        }
        if (at < length)
            at += 1u + d[at]; /* ALARM_ID */
        if (__builtin_expect(at > length, 0)) {
            loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "PTR");
            at = length;
        }
        tail = d + at;
        tail_length = length - at;
    }
    struct part *p = l->parts[d[4] << 8 | d[5]];
    if (__builtin_expect(!p || !p->is_open || p->is_outside, 0)) {
        if ((test_flag & XL_TEST_NOT_EXECUTED) && parm_flag == 0) { /* carries defaults only */
            struct alias *a = directory_find(l, XL_TEST_PTR, number, text, text_length);
            if (a)
                tail_of(l, a, tail, tail_length, 0, parm_flag);
            return;
        }
        p = part_of(l, d[4], d[5], number);
        if (!p)
            return;
    }
    struct alias *a = alias_of(l, p, XL_TEST_PTR, number, text, text_length);
    if (__builtin_expect(!a, 0))
        return;
    tail_of(l, a, tail, tail_length, 0, parm_flag);
    uint32_t execution, column;
    if (!execute(l, p, a, &execution))
        return;
    float *cell = cell_of(l, p, a, 0, execution, &column);
    if (!cell)
        return;
    bool has_result = length >= 12;
    uint32_t bits = has_result ? load_u4(d + 8, big_endian) : XL_MISSING_BITS;
    if (__builtin_expect((test_flag | (parm_flag & PARM_MARKS)) == 0 && has_result, 1)) {
        cell_put(l, cell, bits, a);
        check_verdict(l, a, test_flag, float_of(bits));
        return;
    }
    bool excluded = (test_flag & TEST_EXCLUDES) || (parm_flag & PARM_EXCLUDES) || !has_result;
    if (excluded) {
        note_excluded(l, a, test_flag, parm_flag);
    } else {
        cell_put(l, cell, bits, a);
        check_verdict(l, a, test_flag, float_of(bits));
    }
    row_mark(l, p, column, test_flag, parm_flag, excluded, float_of(bits));
}

/* A text; empty where the record ends before or inside it. */
static const uint8_t *take_text(struct bytes *b, uint32_t *length)
{
    *length = bytes_u1(b);
    const uint8_t *text = bytes_take(b, *length);
    if (text)
        return text;
    *length = 0;
    return (const uint8_t *)"";
}

static void read_mpr(struct xl_loader *l, const struct xl_stdf_record *r)
{
    struct bytes b = bytes_of(r->data, r->length, l->big_endian);
    uint32_t number = bytes_u4(&b);
    uint8_t head = bytes_u1(&b), site = bytes_u1(&b), test_flag = bytes_u1(&b), parm_flag = bytes_u1(&b);
    if (b.broken) {
        loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "MPR");
        return;
    }
    uint32_t pins = bytes_u2(&b), results = bytes_u2(&b);
    const uint8_t *values = NULL;
    if (bytes_take(&b, (pins + 1) / 2))
        values = bytes_take(&b, (size_t)results * 4);
    if (!values) {
        if (results || pins)
            loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "MPR");
        results = 0;
    }
    uint32_t text_length;
    const uint8_t *text = take_text(&b, &text_length);
    bytes_take(&b, bytes_u1(&b)); /* ALARM_ID */
    struct part *p = part_of(l, head, site, number);
    if (!p)
        return;
    struct alias *a = alias_of(l, p, XL_TEST_MPR, number, text, text_length);
    if (!a)
        return;
    if (!b.broken)
        tail_of(l, a, b.at, (uint32_t)bytes_left(&b), pins, parm_flag);
    uint32_t execution, column, failing = NO_COLUMN, first = NO_COLUMN;
    if (!execute(l, p, a, &execution))
        return;
    bool excluded = (test_flag & (TEST_EXCLUDES & ~XL_TEST_INVALID)) || (parm_flag & PARM_EXCLUDES);
    if (excluded)
        note_excluded(l, a, test_flag, parm_flag);
    for (uint32_t i = 0; i < results; i++) {
        float *cell = cell_of(l, p, a, i, execution, &column);
        if (!cell)
            break;
        uint32_t bits = load_u4(values + 4 * (size_t)i, l->big_endian);
        float value = float_of(bits);
        if (first == NO_COLUMN)
            first = column;
        if (failing == NO_COLUMN && (value < a->low || value > a->high))
            failing = column;
        if (!excluded)
            cell_put(l, cell, bits, a);
        else
            row_mark(l, p, column, test_flag & ~XL_TEST_FAILED, parm_flag, true, value);
    }
    if (!(test_flag | (parm_flag & PARM_MARKS)) && results)
        return;
    /* The record as a whole: one mark, on the first pin outside the limits, else on the first pin. */
    if (failing == NO_COLUMN)
        failing = first;
    if (failing == NO_COLUMN) {
        if (!cell_of(l, p, a, 0, execution, &failing))
            return;
    }
    if (!excluded || (test_flag & XL_TEST_FAILED))
        row_mark(l, p, failing, test_flag, parm_flag, false, missing_value());
}

/* FTR and STR leave 0 (passed) or 1 (failed); nothing where the record tells no verdict. */
static void verdict(struct xl_loader *l, struct part *p, struct alias *a, uint8_t test_flag)
{
    uint32_t execution, column;
    if (!execute(l, p, a, &execution))
        return;
    float *cell = cell_of(l, p, a, 0, execution, &column);
    if (!cell)
        return;
    bool excluded = test_flag & (TEST_EXCLUDES & ~XL_TEST_INVALID);
    if (excluded)
        note_excluded(l, a, test_flag, 0);
    else if (!(test_flag & XL_TEST_NO_VERDICT))
        *cell = test_flag & XL_TEST_FAILED ? 1.0f : 0.0f;
    if (test_flag)
        row_mark(l, p, column, test_flag, 0, excluded, missing_value());
}

static void skip_text(struct bytes *b)
{
    bytes_take(b, bytes_u1(b));
}

static void skip_bits(struct bytes *b)
{
    bytes_take(b, ((size_t)bytes_u2(b) + 7) / 8);
}

static void read_ftr(struct xl_loader *l, const struct xl_stdf_record *r)
{
    struct bytes b = bytes_of(r->data, r->length, l->big_endian);
    uint32_t number = bytes_u4(&b);
    uint8_t head = bytes_u1(&b), site = bytes_u1(&b), test_flag = bytes_u1(&b);
    if (b.broken) {
        loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "FTR");
        return;
    }
    /* To TEST_TXT; the record may end anywhere. */
    bytes_take(&b, 1 + 6 * 4 + 2);
    uint32_t returned = bytes_u2(&b), programmed = bytes_u2(&b);
    bytes_take(&b, (size_t)returned * 2);
    bytes_take(&b, (returned + 1) / 2);
    bytes_take(&b, (size_t)programmed * 2);
    bytes_take(&b, (programmed + 1) / 2);
    skip_bits(&b); /* FAIL_PIN */
    skip_text(&b); /* VECT_NAM */
    skip_text(&b); /* TIME_SET */
    skip_text(&b); /* OP_CODE */
    uint32_t text_length;
    const uint8_t *text = take_text(&b, &text_length);
    struct part *p = part_of(l, head, site, number);
    if (!p)
        return;
    struct alias *a = alias_of(l, p, XL_TEST_FTR, number, text, text_length);
    if (a)
        verdict(l, p, a, test_flag);
}

static void read_str(struct xl_loader *l, const struct xl_stdf_record *r)
{
    struct bytes b = bytes_of(r->data, r->length, l->big_endian);
    bool continues = bytes_u1(&b) & 1;
    uint32_t number = bytes_u4(&b);
    uint8_t head = bytes_u1(&b), site = bytes_u1(&b);
    bytes_u2(&b); /* PSR_REF */
    uint8_t test_flag = bytes_u1(&b);
    if (b.broken) {
        loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "STR");
        return;
    }
    skip_text(&b); /* LOG_TYP */
    uint32_t text_length;
    const uint8_t *text = take_text(&b, &text_length);
    struct part *p = part_of(l, head, site, number);
    if (!p)
        return;
    bool is_continuation = p->scan_continues;
    p->scan_continues = continues;
    if (is_continuation)
        return; /* the first record of the chain stood for the execution */
    struct alias *a = alias_of(l, p, XL_TEST_STR, number, text, text_length);
    if (a)
        verdict(l, p, a, test_flag);
}

/* ---- The load ----------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void walk(struct xl_loader *l, struct xl_input *input, bool big_endian)
{
    struct xl_stdf_record r;
    for (uint64_t count = 1; !l->failed && reader_next(l->reader, &r); count++) {
        l->offset = r.offset;
        switch (r.type) {
        case XL_PTR:
            read_ptr(l, &r, big_endian);
            break;
        case XL_MPR:
            read_mpr(l, &r);
            break;
        case XL_FTR:
            read_ftr(l, &r);
            break;
        case XL_STR:
            read_str(l, &r);
            break;
        case XL_PIR:
            read_pir(l, &r);
            break;
        case XL_PRR:
            read_prr(l, &r);
            break;
        case XL_MIR:
        case XL_MRR:
        case XL_PCR:
        case XL_HBR:
        case XL_SBR:
        case XL_PMR:
        case XL_RDR:
        case XL_SDR:
        case XL_WIR:
        case XL_WRR:
        case XL_WCR:
        case XL_TSR:
            heading_record(l, &r);
            break;
        }
        if ((count & (PROGRESS_RECORDS - 1)) == 0 && l->options.progress.report) {
            uint64_t done, total;
            xl_input_progress(input, &done, &total);
            if (!l->options.progress.report(l->options.progress.context, done, total)) {
                xl_fail(l->error, "cancelled", _("Cancelled."));
                l->failed = true;
            }
        }
    }
}

static void finish_parts(struct xl_loader *l)
{
    l->offset = xl_stdf_offset(l->reader);
    for (uint32_t i = 0; i < 65536; i++) {
        struct part *p = l->parts[i];
        if (!p || !p->is_open)
            continue;
        if (!p->is_outside)
            loader_note(l, XL_FINDING_PART_NOT_CLOSED, 0, "HEAD_NUM %u SITE_NUM %u", p->head, p->site);
        part_abandon(l, p);
    }
}

/* What the parts needed while they were filled; the tables keep none of it. */
static void working_memory_free(struct xl_loader *l)
{
    for (uint32_t i = 0; i < 65536; i++)
        if (l->parts[i]) {
            if (l->parts[i]->row) {
                l->parts[i]->row->next_free = l->free_rows;
                l->free_rows = l->parts[i]->row;
            }
            free(l->parts[i]);
        }
    free(l->parts);
    for (uint32_t i = 0; i < l->sheet_count; i++) {
        struct sheet *s = l->sheets[i];
        for (uint32_t k = 0; k < s->pending_count; k++) {
            s->pending[k]->next_free = l->free_rows;
            l->free_rows = s->pending[k];
        }
        sheet_free(s);
    }
    free(l->sheets);
    while (l->free_rows) {
        struct row *r = l->free_rows;
        l->free_rows = r->next_free;
        free(r->values);
        free(r->executions);
        free(r->marks);
        free(r);
    }
    for (uint32_t i = 0; i < l->test_count; i++)
        free(l->tests[i]->columns);
    free(l->tests);
    free(l->columns);
    free(l->slots);
    l->parts = NULL;
    l->sheets = NULL;
    l->tests = NULL;
    l->columns = NULL;
    l->slots = NULL;
}

static bool load_stdf(struct xl_loader *l, struct xl_input *input)
{
    l->reader = xl_stdf_reader_new(input, l->findings, l->error);
    if (!l->reader)
        return false;
    l->decoder = xl_stdf_decoder_new();
    l->big_endian = xl_stdf_big_endian(l->reader);
    l->parts = memory_new(65536, sizeof *l->parts);
    heading_new(l, xl_input_name(input));
    if (l->big_endian)
        walk(l, input, true);
    else
        walk(l, input, false);
    finish_parts(l);
    if (l->defaults_taken)
        xl_findings_more(l->findings, XL_FINDING_DEFAULT_TAKEN, l->defaults_taken - 1, 0);
    heading_finish(l);
    working_memory_free(l);
    xl_stdf_decoder_free(l->decoder);
    xl_stdf_reader_free(l->reader);
    l->reader = NULL;
    return !l->failed;
}

/* ATDF is turned into STDF in memory first. */
static bool load_atdf(struct xl_loader *l, struct xl_input *input)
{
    struct text stdf;
    text_init(&stdf, LOADER_ATDF_MOST);
    bool ok = xl_atdf_to_stdf(input, false, sink_text(&stdf), l->findings, l->error);
    if (ok && stdf.overflow)
        ok = xl_fail(l->error, "atdf_too_large", _("The ATDF file is larger than %u MB; convert it to STDF first."),
                     (unsigned)(LOADER_ATDF_MOST >> 20));
    struct xl_input *memory = ok ? xl_input_memory(stdf.data, stdf.length, xl_input_name(input), l->error) : NULL;
    ok = memory && load_stdf(l, memory);
    xl_input_free(memory);
    text_free(&stdf);
    return ok;
}

struct xl_loader *xl_load(struct xl_input *input, const struct xl_load_options *options, struct xl_receiver receiver,
                          struct xl_error *error)
{
    struct xl_error own = {.code = ""};
    struct xl_loader *l = memory_new(1, sizeof *l);
    l->arena = arena_new();
    if (options)
        l->options = *options;
    l->receiver = receiver;
    l->findings = xl_findings_new();
    l->error = error ? error : &own;
    const uint8_t *bytes = NULL;
    size_t length = 0;
    bool last;
    bool ok = xl_input_window(input, 0, &bytes, &length, &last, l->error);
    if (!ok && length) { /* damaged further on: the reader gets what there is, and says so */
        *l->error = (struct xl_error){.code = ""};
        ok = true;
    }
    ok = ok && (xl_is_atdf(bytes, length) ? load_atdf(l, input) : load_stdf(l, input));
    l->error = NULL;
    if (ok)
        return l;
    xl_loader_free(l);
    return NULL;
}

void xl_loader_free(struct xl_loader *l)
{
    if (!l)
        return;
    xl_findings_free(l->findings);
    arena_free(l->arena);
    free(l);
}
