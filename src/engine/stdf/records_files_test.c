/* records_files_test.c: whole files record by record: encoded again to the same bytes, and to ATDF and back with the same meaning.
 * Simulated lots of every kind, and the real files where they are. */
#include "engine/stdf/layout.h"

#include <xinlian/simulate.h>

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/out.h"
#include "base/text.h"

#include "engine/stdf/fields_dump.h"
#include "engine/stdf/fields_random.h"

enum { MOST = 1 << 30 };

struct source {
    const char *path;         /* or */
    const struct text *bytes; /* a stream in memory */
};

static struct xl_input *open_source(struct source source)
{
    struct xl_error error = {0};
    struct xl_input *input =
        source.path ? xl_input_open(source.path, &error) : xl_input_memory(source.bytes->data, source.bytes->length, "memory", &error);
    assert_non_null(input);
    return input;
}

/* ---- The same bytes ------------------------------------------------------------------------------------------------------------------ */

/* Returns the number of records that came back whole; 0 for what is no STDF. */
static size_t every_record_is_encoded_alike(struct source source)
{
    struct xl_input *input = open_source(source);
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, NULL, NULL);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    struct xl_stdf_record record;
    static uint8_t out[XL_RECORD_MOST];
    size_t count = 0;
    while (reader && xl_stdf_next(reader, &record)) {
        const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, &record);
        assert_true((fields == NULL) == (xl_stdf_layout(record.type) == NULL));
        if (!fields)
            continue;
        size_t kept = fields->broken ? fields->broken_at : record.length - fields->left_over;
        assert_int_equal(xl_stdf_encode(fields, record.big_endian, out), kept + 4);
        if (kept == record.length)
            assert_memory_equal(out, record.data - 4, 4);
        assert_memory_equal(out + 4, record.data, kept);
        count += kept == record.length;
    }
    xl_stdf_decoder_free(decoder);
    xl_stdf_reader_free(reader);
    xl_input_free(input);
    return count;
}

/* ---- The same meaning ---------------------------------------------------------------------------------------------------------------- */

static uint64_t number(const struct xl_stdf_fields *f, int field)
{
    return f->at[field].presence == XL_PRESENT && f->at[field].count > 0 ? f->at[field].values->u : 0;
}

/* The bits of OPT_FLAG that call the field invalid, from the specification. */
static uint8_t invalid_bits(uint16_t type, int field)
{
    static const struct {
        uint16_t type;
        int field;
        uint8_t bits;
    } table[] = {
        {XL_TSR, TSR_TEST_MIN, 0x01}, {XL_TSR, TSR_TEST_MAX, 0x02}, {XL_TSR, TSR_TEST_TIM, 0x04}, {XL_TSR, TSR_TST_SUMS, 0x10},
        {XL_TSR, TSR_TST_SQRS, 0x20}, {XL_PTR, PTR_RES_SCAL, 0x01}, {XL_PTR, PTR_LLM_SCAL, 0x50}, {XL_PTR, PTR_LO_LIMIT, 0x50},
        {XL_PTR, PTR_HLM_SCAL, 0xa0}, {XL_PTR, PTR_HI_LIMIT, 0xa0}, {XL_PTR, PTR_LO_SPEC, 0x04},  {XL_PTR, PTR_HI_SPEC, 0x08},
        {XL_MPR, MPR_RES_SCAL, 0x01}, {XL_MPR, MPR_LLM_SCAL, 0x50}, {XL_MPR, MPR_LO_LIMIT, 0x50}, {XL_MPR, MPR_HLM_SCAL, 0xa0},
        {XL_MPR, MPR_HI_LIMIT, 0xa0}, {XL_MPR, MPR_LO_SPEC, 0x04},  {XL_MPR, MPR_HI_SPEC, 0x08},  {XL_MPR, MPR_START_IN, 0x02},
        {XL_MPR, MPR_INCR_IN, 0x02},  {XL_FTR, FTR_CYCL_CNT, 0x01}, {XL_FTR, FTR_REL_VADR, 0x02}, {XL_FTR, FTR_REPT_CNT, 0x04},
        {XL_FTR, FTR_NUM_FAIL, 0x08}, {XL_FTR, FTR_XFAIL_AD, 0x10}, {XL_FTR, FTR_YFAIL_AD, 0x10}, {XL_FTR, FTR_VECT_OFF, 0x20},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].type == type && table[i].field == field)
            return table[i].bits;
    }
    return 0;
}

static int field_named(const struct xl_stdf_fields *f, const char *name)
{
    return xl_stdf_field_index(f->layout, name);
}

static bool is_count(const struct xl_stdf_layout *layout, int field)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        if (layout->fields[i].count == field)
            return true;
    }
    return false;
}

static bool has_bits(const struct xl_stdf_value *v)
{
    for (uint32_t i = 0; i < v->text.length; i++) {
        if (v->text.bytes[i / 8] >> i % 8 & 1)
            return true;
    }
    return false;
}

/* Missing in the sense of the format: cut, its missing value, called invalid by a flag, or without anything in it. */
static bool says_nothing(const struct xl_stdf_fields *f, int field)
{
    int opt = field_named(f, "OPT_FLAG");
    if (xl_stdf_missing(f, field) || (f->layout->type != XL_PSR && opt >= 0 && number(f, opt) & invalid_bits(f->layout->type, field)))
        return true;
    if (f->layout->type == XL_PTR && field == PTR_RESULT && number(f, PTR_TEST_FLG) & 0x02)
        return true;
    /* The scale of a limit that is not there. */
    if (f->layout->type == XL_PTR && (field == PTR_LLM_SCAL || field == PTR_HLM_SCAL))
        return says_nothing(f, field == PTR_LLM_SCAL ? PTR_LO_LIMIT : PTR_HI_LIMIT);
    if (f->layout->type == XL_MPR && (field == MPR_LLM_SCAL || field == MPR_HLM_SCAL))
        return says_nothing(f, field == MPR_LLM_SCAL ? MPR_LO_LIMIT : MPR_HI_LIMIT);
    if (f->layout->type == XL_FTR && (field == FTR_FAIL_PIN || field == FTR_SPIN_MAP))
        return !has_bits(f->at[field].values);
    if (f->layout->fields[field].kind == XL_C1 &&
        (f->at[field].values->u < ' ' || f->at[field].values->u == 0x7f || f->at[field].values->u == '|'))
        return true;
    if (f->layout->fields[field].count >= 0) { /* a list of elements that are all missing */
        for (uint32_t i = 0; i < f->at[field].count; i++) {
            const struct xl_stdf_value *v = &f->at[field].values[i];
            if ((v->kind != XL_CN && v->kind != XL_U2 && v->kind != XL_U1) || (v->kind == XL_CN ? v->text.length : v->u) != 0)
                return false;
        }
        return f->layout->fields[field].optional;
    }
    return is_count(f->layout, field) && number(f, field) == 0;
}

/* Flags that ATDF has letters for; bits that another one makes void count as 0. */
static uint64_t flags_said(const struct xl_stdf_fields *f, int field)
{
    uint64_t flags = number(f, field);
    const char *name = f->layout->fields[field].name;
    if (strcmp(name, "TEST_FLG") == 0) {
        flags &= flags & 0x40 ? 0x7d : 0xfd;
        if (f->layout->type == XL_PTR)
            flags |= number(f, field) & 0x02;
    } else if (strcmp(name, "PARM_FLG") == 0) {
        bool passed = !(number(f, field_named(f, "TEST_FLG")) & 0xc0);
        flags &= passed ? 0xff : 0xdf;
    } else {
        flags &= flags & 0x10 ? 0x17 : 0x1f;
    }
    return flags;
}

static uint8_t as_written(uint8_t byte)
{
    return byte == '|' ? '/' : byte < ' ' || byte == 0x7f ? ' ' : byte;
}

static bool same_text(const struct xl_stdf_fields *f, const struct xl_stdf_value *a, const struct xl_stdf_value *b)
{
    bool is_2007 = f->layout->type == XL_STR || (f->layout->type >= XL_PSR && f->layout->type <= XL_CDR) || f->layout->type == XL_VUR;
    if (a->text.length != b->text.length)
        return false;
    for (uint32_t i = 0; i < a->text.length; i++) {
        uint8_t said = is_2007 || a->kind == XL_BN ? a->text.bytes[i] : as_written(a->text.bytes[i]);
        bool blank = a->text.length == 1 && (said == ' ' && b->text.bytes[0] == '\0'); /* one blank overrides a default */
        if (said != b->text.bytes[i] && !blank)
            return false;
    }
    return true;
}

static bool same_value(const struct xl_stdf_fields *f, const struct xl_stdf_value *a, const struct xl_stdf_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case XL_R4:
    case XL_R8:
        return isnan(a->r) ? isnan(b->r) && signbit(a->r) == signbit(b->r) : a->bits == b->bits;
    case XL_CN:
    case XL_SN:
    case XL_CF:
    case XL_BN:
        return same_text(f, a, b);
    case XL_DN: {
        uint32_t bits = a->text.length < b->text.length ? a->text.length : b->text.length;
        for (uint32_t i = 0; i < bits; i++) {
            if ((a->text.bytes[i / 8] ^ b->text.bytes[i / 8]) >> i % 8 & 1)
                return false;
        }
        return true;
    }
    case XL_U1:
    case XL_U2:
    case XL_U4:
    case XL_U8:
    case XL_I1:
    case XL_I2:
    case XL_I4:
    case XL_C1:
    case XL_B1:
    case XL_N1:
    case XL_UF:
    case XL_VN:
        return a->u == b->u;
    }
    return false;
}

static bool is_random;

static bool same_field(const struct xl_stdf_fields *a, const struct xl_stdf_fields *b, int field)
{
    const char *name = a->layout->fields[field].name;
    if (strcmp(name, "CPU_TYPE") == 0 || (strcmp(name, "OPT_FLAG") == 0 && a->layout->type != XL_PSR) || strcmp(name, "FLD_CNT") == 0)
        return true;
    if (strcmp(name, "TEST_FLG") == 0 && a->layout->type == XL_STR)
        return number(a, field) == number(b, field);
    if (strcmp(name, "TEST_FLG") == 0 || strcmp(name, "PARM_FLG") == 0 || strcmp(name, "PART_FLG") == 0)
        return flags_said(a, field) == flags_said(b, field);
    int head = field_named(a, "HEAD_NUM");
    if (strcmp(name, "SITE_NUM") == 0 && number(a, head) == 255)
        return true;
    if (says_nothing(a, field) && says_nothing(b, field))
        return true;
    /* Codes for people, whose characters random bytes are not: tested line by line elsewhere. */
    if (a->layout->type == XL_PLR && field >= PLR_GRP_RADX && number(a, PLR_GRP_CNT) > 0 && is_random)
        return true;
    uint32_t i = 0, k = 0, ends[2] = {a->at[field].count, b->at[field].count};
    if (a->at[field].presence != XL_PRESENT)
        ends[0] = 0;
    for (;; i++, k++) {
        while (i < ends[0] && a->layout->fields[field].kind == XL_VN && a->at[field].values[i].kind == XL_B1)
            i++; /* pads */
        if (i >= ends[0] || k >= ends[1])
            return i >= ends[0] && k >= ends[1];
        if (!same_value(a, &a->at[field].values[i], &b->at[field].values[k]))
            return false;
    }
}

static void assert_same_record(const struct xl_stdf_record *record, const struct xl_stdf_fields *a, const struct xl_stdf_fields *b,
                               const char *name)
{
    assert_int_equal(a->layout->type, b->layout->type);
    for (size_t f = 0; f < a->layout->field_count; f++) {
        if (same_field(a, b, (int)f))
            continue;
        struct text dump;
        text_init(&dump, MOST);
        print_fields(&dump, a);
        text_add(&dump, "\n");
        print_fields(&dump, b);
        print_message("%s, byte %llu, %s.%s\n%s\n", name, (unsigned long long)record->offset, a->layout->name, a->layout->fields[f].name,
                      dump.data);
        text_free(&dump);
        assert_true(false);
    }
}

static void write_atdf(struct source source, struct text *atdf)
{
    struct xl_error error = {0};
    struct xl_input *input = open_source(source);
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, NULL, &error);
    text_init(atdf, MOST);
    assert_true(xl_stdf_to_atdf(reader, sink_text(atdf), NULL, &error));
    assert_false(atdf->overflow);
    xl_stdf_reader_free(reader);
    xl_input_free(input);
}

static void read_atdf(const struct text *atdf, bool big_endian, struct text *stdf)
{
    struct xl_error error = {0};
    struct xl_findings *findings = xl_findings_new();
    struct xl_input *input = xl_input_memory(atdf->data, atdf->length, "atdf", &error);
    text_init(stdf, MOST);
    bool good = xl_atdf_to_stdf(input, big_endian, sink_text(stdf), findings, &error);
    if (!good)
        print_message("%s: %s (%s)\n", error.code, error.message, error.place);
    assert_true(good);
    for (size_t i = 0; i < xl_findings_kept(findings); i++)
        print_message("%s: %s\n", xl_finding_name(xl_findings_at(findings, i)->kind), xl_findings_at(findings, i)->detail);
    assert_int_equal(xl_findings_kept(findings), 0);
    xl_findings_free(findings);
    xl_input_free(input);
}

static void there_and_back(struct source source, const char *name)
{
    struct text atdf, stdf, again;
    write_atdf(source, &atdf);
    read_atdf(&atdf, true, &stdf);
    write_atdf((struct source){.bytes = &stdf}, &again);
    if (again.length != atdf.length || memcmp(again.data, atdf.data, atdf.length) != 0) {
        size_t at = 0, line = 0;
        for (; at < again.length && again.data[at] == atdf.data[at]; at++)
            line = again.data[at] == '\n' ? at + 1 : line;
        print_message("%s, column %zu\n%.600s\n%.600s\n", name, at - line, atdf.data + (at - line > 80 ? at - 80 : line),
                      again.data + (at - line > 80 ? at - 80 : line));
    }
    assert_int_equal(again.length, atdf.length);
    assert_memory_equal(again.data, atdf.data, atdf.length);

    struct xl_input *first = open_source(source), *second = open_source((struct source){.bytes = &stdf});
    struct xl_stdf_reader *one = xl_stdf_reader_new(first, NULL, NULL), *two = xl_stdf_reader_new(second, NULL, NULL);
    struct xl_stdf_decoder *decoders[2] = {xl_stdf_decoder_new(), xl_stdf_decoder_new()};
    struct xl_stdf_record a, b;
    while (xl_stdf_next(one, &a)) {
        if (!xl_stdf_layout(a.type) || (a.type == XL_FAR && a.offset > 0))
            continue;
        assert_true(xl_stdf_next(two, &b));
        assert_int_equal(a.type, b.type);
        assert_same_record(&a, xl_stdf_decode(decoders[0], &a), xl_stdf_decode(decoders[1], &b), name);
    }
    assert_false(xl_stdf_next(two, &b));
    for (int i = 0; i < 2; i++)
        xl_stdf_decoder_free(decoders[i]);
    xl_stdf_reader_free(one);
    xl_stdf_reader_free(two);
    xl_input_free(first);
    xl_input_free(second);
    text_free(&atdf);
    text_free(&stdf);
    text_free(&again);
}

/* ---- Streams ------------------------------------------------------------------------------------------------------------------------- */

static void simulated_lots(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 6; kind++) {
        struct xl_simulation simulation = xl_simulation_default();
        simulation.seed = kind;
        simulation.wafers = kind % 3;
        simulation.parts = 60;
        simulation.tests = 20;
        simulation.functional_tests = 5;
        simulation.pin_tests = 4;
        simulation.pins = 9;
        simulation.scan_tests = 2;
        simulation.sites = 1 + kind % 3;
        simulation.yield = 0.7;
        simulation.every_record = true;
        simulation.short_records = kind & 1;
        simulation.big_endian = kind >= 3;
        simulation.breaks = kind >= 4 ? XL_BREAK_TEXT | XL_BREAK_FLAGS | XL_BREAK_ORPHANS | XL_BREAK_PADDING : 0;
        struct text stdf;
        struct xl_error error = {0};
        text_init(&stdf, MOST);
        assert_true(xl_simulate(&simulation, sink_text(&stdf), &error));
        struct source source = {.bytes = &stdf};
        assert_true(every_record_is_encoded_alike(source) > 1000);
        there_and_back(source, "simulated");
        text_free(&stdf);
    }
}

/* Random fields of every record, all flags and all bytes, cut anywhere. */
static void random_records(void **state)
{
    (void)state;
    struct random_fields *r = calloc(1, sizeof *r);
    r->fields.at = calloc(LAYOUT_FIELDS_MOST, sizeof *r->fields.at);
    const struct xl_stdf_layout *const *list;
    size_t layouts = xl_stdf_layouts(&list);
    static uint8_t out[XL_RECORD_MOST];
    for (int order = 0; order < 2; order++) {
        struct text stdf;
        text_init(&stdf, MOST);
        text_add_bytes(&stdf, order ? "\0\2\0\12\1\4" : "\2\0\0\12\2\4", 6);
        for (size_t i = 0; i < 200 * layouts; i++) {
            if (list[i % layouts]->type == XL_FAR)
                continue;
            random_fill(r, list[i % layouts]);
            text_add_bytes(&stdf, out, xl_stdf_encode(&r->fields, order, out));
        }
        struct source source = {.bytes = &stdf};
        assert_int_equal(every_record_is_encoded_alike(source), 200 * (layouts - 1) + 1);
        is_random = true;
        there_and_back(source, "random");
        is_random = false;
        text_free(&stdf);
    }
    free(r->fields.at);
    free(r);
}

static size_t real_records, real_files;
static int visit(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)place;
    if (kind != FTW_F)
        return 0;
    size_t records = every_record_is_encoded_alike((struct source){.path = path});
    if (records == 0)
        return 0;
    there_and_back((struct source){.path = path}, path);
    real_records += records;
    real_files++;
    return 0;
}

static void real_files_come_back(void **state)
{
    (void)state;
    char folder[1024];
    const char *data = getenv("XINLIAN_DATA");
    snprintf(folder, sizeof folder, "%s/stdf", data ? data : "../shared/data");
    if (access(folder, R_OK) != 0) {
        print_message("skipped: no real files here\n");
        skip();
    }
    assert_int_equal(nftw(folder, visit, 16, FTW_PHYS), 0);
    print_message("%zu records of %zu files\n", real_records, real_files);
    assert_true(real_files > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_records),
        cmocka_unit_test(simulated_lots),
        cmocka_unit_test(real_files_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
