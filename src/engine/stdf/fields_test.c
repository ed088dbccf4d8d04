/* fields_test.c: every record and rule byte by byte in both byte orders; encoding gives the bytes back; random fields survive. */
#include "engine/stdf/layout.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#include "engine/stdf/fields_cases.h"
#include "engine/stdf/fields_dump.h"
#include "engine/stdf/fields_random.h"

/* ---- By hand ------------------------------------------------------------------------------------------------------------------------- */

static size_t bytes_of_hex(const char *hex, uint8_t *out)
{
    size_t length = 0;
    unsigned nibbles = 0, value = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        value = value << 4 | (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
        if (++nibbles % 2 == 0)
            out[length++] = (uint8_t)value;
    }
    assert_int_equal(nibbles % 2, 0);
    return length;
}

static void check_case(size_t index, bool big_endian, struct xl_stdf_decoder *decoder)
{
    static uint8_t bytes[70000], again[XL_RECORD_MOST];
    const struct xl_stdf_layout *layout = xl_stdf_layout_named(cases[index].record);
    assert_non_null(layout);
    size_t length = bytes_of_hex(big_endian ? cases[index].big : cases[index].little, bytes);
    /* In a block of its own size, so that the address sanitizer sees a read past the end. */
    uint8_t *exact = malloc(length + (length == 0));
    memcpy(exact, bytes, length);
    struct xl_stdf_record record = {.type = layout->type, .length = (uint16_t)length, .big_endian = big_endian, .data = exact};
    const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, &record);
    struct text text;
    text_init(&text, 1 << 20);
    print_fields(&text, fields);
    if (strcmp(text.data, cases[index].expected) != 0)
        print_message("%s, %s (%s endian)\n", cases[index].record, cases[index].rule, big_endian ? "big" : "little");
    assert_string_equal(text.data, cases[index].expected);
    text_free(&text);

    size_t written = xl_stdf_encode(fields, big_endian, again);
    assert_true(written >= 4);
    assert_int_equal(load_u2(again, big_endian), written - 4);
    assert_int_equal(again[2], layout->type >> 8);
    assert_int_equal(again[3], layout->type & 0xff);
    size_t kept = length - fields->left_over;
    if (fields->broken)
        kept = fields->broken_at;
    assert_int_equal(written - 4, kept);
    assert_memory_equal(again + 4, exact, kept);
    free(exact);
}

static void every_record_and_rule(void **state)
{
    (void)state;
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(i, false, decoder);
        check_case(i, true, decoder);
    }
    xl_stdf_decoder_free(decoder);
    xl_stdf_decoder_free(NULL);
}

/* Every type of the table has a case of its own. */
static void no_record_is_forgotten(void **state)
{
    (void)state;
    const struct xl_stdf_layout *const *list;
    size_t count = xl_stdf_layouts(&list);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
            found = found || strcmp(cases[c].record, list[i]->name) == 0;
        if (!found)
            print_message("no case for %s\n", list[i]->name);
        assert_true(found);
    }
}

static void unknown_types_are_not_decoded(void **state)
{
    (void)state;
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    const uint8_t bytes[2] = {0};
    assert_null(xl_stdf_decode(decoder, &(struct xl_stdf_record){.type = 0xb4b4, .length = 2, .data = bytes}));
    xl_stdf_decoder_free(decoder);
}

static void nan_payloads_are_kept(void **state)
{
    (void)state;
    /* A signalling and a quiet NaN with payloads, minus zero, infinity: in a PTR's RESULT and in a GDR's R*8. */
    static const uint32_t floats[] = {0x7f800001, 0xffc12345, 0x80000000, 0x7f800000, 0x00000001, 0x7fffffff};
    static const uint64_t doubles[] = {0x7ff0000000000001, 0xfff8123456789abc, 0x8000000000000000, 0xfff0000000000000, 1};
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    uint8_t in[XL_RECORD_MOST], out[XL_RECORD_MOST];
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
            struct xl_record_writer w;
            xl_record_begin(&w, XL_PTR, big, in);
            xl_put_u4(&w, 1);
            for (int n = 0; n < 4; n++)
                xl_put_u1(&w, 0);
            xl_put_u4(&w, floats[i]);
            size_t length = xl_record_end(&w);
            const struct xl_stdf_fields *fields = xl_stdf_decode(
                decoder, &(struct xl_stdf_record){.type = XL_PTR, .length = (uint16_t)(length - 4), .big_endian = big, .data = in + 4});
            assert_int_equal(fields->at[PTR_RESULT].values[0].bits, floats[i]);
            assert_int_equal(xl_stdf_encode(fields, big, out), length);
            assert_memory_equal(in, out, length);
        }
        for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
            struct xl_record_writer w;
            xl_record_begin(&w, XL_GDR, big, in);
            xl_put_u2(&w, 1);
            xl_put_u1(&w, 8);
            xl_put_u8(&w, doubles[i]);
            size_t length = xl_record_end(&w);
            const struct xl_stdf_fields *fields = xl_stdf_decode(
                decoder, &(struct xl_stdf_record){.type = XL_GDR, .length = (uint16_t)(length - 4), .big_endian = big, .data = in + 4});
            assert_int_equal(xl_stdf_encode(fields, big, out), length);
            assert_memory_equal(in, out, length);
        }
    }
    xl_stdf_decoder_free(decoder);
}

/* ---- Properties ---------------------------------------------------------------------------------------------------------------------- */

static void assert_same_value(const struct xl_stdf_value *a, const struct xl_stdf_value *b)
{
    assert_int_equal(a->kind, b->kind);
    switch (a->kind) {
    case XL_CN:
    case XL_SN:
    case XL_CF:
    case XL_BN:
        assert_int_equal(a->text.length, b->text.length);
        assert_memory_equal(a->text.bytes, b->text.bytes, a->text.length);
        return;
    case XL_DN:
        assert_int_equal(a->text.length, b->text.length);
        assert_memory_equal(a->text.bytes, b->text.bytes, (a->text.length + 7) / 8);
        return;
    case XL_R4:
    case XL_R8:
        assert_int_equal(a->bits, b->bits);
        assert_true(a->r == b->r || (isnan(a->r) && isnan(b->r)));
        return;
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
        assert_int_equal(a->u, b->u);
        return;
    }
}

static void random_fields_survive(void **state)
{
    (void)state;
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    struct random_fields *r = calloc(1, sizeof *r);
    r->fields.at = calloc(LAYOUT_FIELDS_MOST, sizeof *r->fields.at);
    uint8_t *out = malloc(XL_RECORD_MOST);
    const struct xl_stdf_layout *const *list;
    size_t layouts = xl_stdf_layouts(&list);
    for (size_t round = 0; round < 300 * layouts; round++) {
        const struct xl_stdf_layout *layout = list[round % layouts];
        bool big_endian = random_below(2);
        random_fill(r, layout);
        size_t length = xl_stdf_encode(&r->fields, big_endian, out);
        struct xl_stdf_record record = {.type = layout->type, .length = (uint16_t)(length - 4), .big_endian = big_endian, .data = out + 4};
        const struct xl_stdf_fields *back = xl_stdf_decode(decoder, &record);
        assert_false(back->broken);
        assert_int_equal(back->left_over, 0);
        assert_false(back->ungated);
        for (size_t f = 0; f < layout->field_count; f++) {
            assert_int_equal(back->at[f].count, r->fields.at[f].count);
            if (back->at[f].presence != r->fields.at[f].presence) {
                /* An empty list at the end takes no bytes: there or cut is the same. */
                assert_true(layout->fields[f].count >= 0 && back->at[f].count == 0);
            }
            for (uint32_t i = 0; i < back->at[f].count; i++)
                assert_same_value(&back->at[f].values[i], &r->fields.at[f].values[i]);
        }
    }
    free(out);
    free(r->fields.at);
    free(r);
    xl_stdf_decoder_free(decoder);
}

/* Any bytes at all: decoding ends, stays inside, and what it understood comes back. */
static void random_bytes_are_harmless(void **state)
{
    (void)state;
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    uint8_t *out = malloc(XL_RECORD_MOST);
    const struct xl_stdf_layout *const *list;
    size_t layouts = xl_stdf_layouts(&list);
    for (size_t round = 0; round < 500 * layouts; round++) {
        size_t length = random_below(random_below(8) == 0 ? 3000 : 120);
        uint8_t *bytes = malloc(length + (length == 0));
        for (size_t i = 0; i < length; i++)
            bytes[i] = random_below(3) == 0 ? (uint8_t)random_next() : (uint8_t)random_below(4);
        struct xl_stdf_record record = {
            .type = list[round % layouts]->type, .length = (uint16_t)length, .big_endian = random_below(2), .data = bytes};
        const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, &record);
        size_t written = xl_stdf_encode(fields, record.big_endian, out) - 4;
        size_t kept = fields->broken ? fields->broken_at : length - fields->left_over;
        /* An odd list of nibbles that lost its last byte is the only field whose kept part is not a run of whole bytes before the break. */
        assert_int_equal(written, kept);
        assert_memory_equal(out + 4, bytes, kept);
        free(bytes);
    }
    free(out);
    xl_stdf_decoder_free(decoder);
}

/* ---- Writing ------------------------------------------------------------------------------------------------------------------------- */

static void fields_before_a_present_one_are_filled(void **state)
{
    (void)state;
    struct xl_stdf_value list[2] = {{.kind = XL_U2, .u = 7}, {.kind = XL_U2, .u = 9}};
    struct xl_stdf_fields fields = {.layout = xl_stdf_layout(XL_MPR)};
    fields.at = calloc(MPR_FIELDS, sizeof *fields.at);
    for (size_t i = 0; i < MPR_FIELDS; i++)
        fields.at[i].presence = XL_CUT;
    fields.at[MPR_RTN_INDX].presence = XL_PRESENT;
    fields.at[MPR_RTN_INDX].count = 2;
    fields.at[MPR_RTN_INDX].values = list;
    static const uint8_t expected[] = {
        0x27, 0, 15, 15, 0, 0, 0, 0, 0, 0, 0, 0,             /* header; TEST_NUM to PARM_FLG */
        2,    0, 0,  0,  0,                                  /* RTN_ICNT as long as RTN_INDX, RSLT_CNT, a byte of two states */
        0,    0, 0,  0,  0, 0,                               /* TEST_TXT to HLM_SCAL */
        0,    0, 0,  0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* four floats */
        7,    0, 9,  0,
    };
    uint8_t out[XL_RECORD_MOST];
    size_t length = xl_stdf_encode(&fields, false, out);
    assert_int_equal(length, sizeof expected);
    assert_memory_equal(out, expected, length);
    free(fields.at);

    /* PMR: missing values of their own. */
    struct xl_stdf_value site = {.kind = XL_U1, .u = 5};
    fields = (struct xl_stdf_fields){.layout = xl_stdf_layout(XL_PMR)};
    fields.at = calloc(PMR_FIELDS, sizeof *fields.at);
    for (size_t i = 0; i < PMR_FIELDS; i++)
        fields.at[i].presence = XL_CUT;
    fields.at[PMR_SITE_NUM].presence = XL_PRESENT;
    fields.at[PMR_SITE_NUM].count = 1;
    fields.at[PMR_SITE_NUM].values = &site;
    static const uint8_t pmr[] = {0, 9, 1, 60, 0, 0, 0, 0, 0, 0, 0, 1, 5};
    assert_int_equal(xl_stdf_encode(&fields, true, out), sizeof pmr);
    assert_memory_equal(out, pmr, sizeof pmr);
    free(fields.at);
}

static void what_does_not_fit_is_no_record(void **state)
{
    (void)state;
    uint8_t *out = malloc(XL_RECORD_MOST);
    static uint8_t bytes[70000];
    struct xl_record_writer w;
    xl_record_begin(&w, XL_DTR, true, out);
    xl_put_bytes(&w, bytes, 65535);
    assert_int_equal(xl_record_end(&w), 65539);
    assert_memory_equal(out, "\xff\xff\x32\x1e", 4);
    xl_record_begin(&w, XL_DTR, true, out);
    xl_put_bytes(&w, bytes, 65535);
    xl_put_u1(&w, 0);
    xl_put_bytes(&w, bytes, 0);
    assert_int_equal(xl_record_end(&w), 0);

    struct xl_stdf_value fields_count = {.kind = XL_U2, .u = 300};
    struct xl_stdf_value *texts = calloc(300, sizeof *texts);
    for (int i = 0; i < 300; i++) {
        texts[i].kind = XL_CN;
        texts[i].text.bytes = bytes;
        texts[i].text.length = 255;
    }
    struct xl_stdf_fields fields = {.layout = xl_stdf_layout(XL_GDR)};
    fields.at = calloc(GDR_FIELDS, sizeof *fields.at);
    fields.at[0].values = &fields_count;
    fields.at[0].count = 1;
    fields.at[1].values = texts;
    fields.at[1].count = 300;
    assert_int_equal(xl_stdf_encode(&fields, false, out), 0);
    free(fields.at);
    free(texts);
    free(out);
}

static void records_field_by_field(void **state)
{
    (void)state;
    static const uint8_t little[] = {37,   0,    50, 10, 1, 2, 1, 6, 5,    4,    3, 0xe, 0xd, 0xc, 0xb, 0xa, 9,   8,   7,    0,   0,
                                     0xc0, 0x3f, 0,  0,  0, 0, 0, 0, 0xf8, 0xbf, 2, 'a', 'b', 3,   0,   'c', 'd', 'e', 0xfe, 0xff};
    static const uint8_t big[] = {0, 37, 50,   10,   1, 1, 2, 3, 4, 5, 6, 7,   8,   9, 0xa, 0xb, 0xc, 0xd, 0xe,  0x3f, 0xc0,
                                  0, 0,  0xbf, 0xf8, 0, 0, 0, 0, 0, 0, 2, 'a', 'b', 0, 3,   'c', 'd', 'e', 0xfe, 0xff};
    for (int order = 0; order < 2; order++) {
        uint8_t out[XL_RECORD_MOST];
        struct xl_record_writer w;
        xl_record_begin(&w, XL_GDR, order, out);
        xl_put_u1(&w, 1);
        xl_put_u2(&w, 0x0102);
        xl_put_u4(&w, 0x03040506);
        xl_put_u8(&w, 0x0708090a0b0c0d0e);
        xl_put_r4(&w, 1.5f);
        xl_put_r8(&w, -1.5);
        xl_put_cn(&w, "ab");
        xl_put_sn(&w, "cde");
        xl_put_bytes(&w, "\xfe\xff", 2);
        assert_int_equal(xl_record_end(&w), sizeof little);
        assert_memory_equal(out, order ? big : little, sizeof little);
    }
    /* Text past 255 bytes is cut. */
    static char text[401];
    memset(text, 'x', 400);
    uint8_t out[XL_RECORD_MOST];
    struct xl_record_writer w;
    xl_record_begin(&w, XL_DTR, false, out);
    xl_put_cn(&w, text);
    assert_int_equal(xl_record_end(&w), 4 + 256);
    assert_int_equal(out[4], 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_and_rule),
        cmocka_unit_test(no_record_is_forgotten),
        cmocka_unit_test(unknown_types_are_not_decoded),
        cmocka_unit_test(nan_payloads_are_kept),
        cmocka_unit_test(random_fields_survive),
        cmocka_unit_test(random_bytes_are_harmless),
        cmocka_unit_test(fields_before_a_present_one_are_filled),
        cmocka_unit_test(what_does_not_fit_is_no_record),
        cmocka_unit_test(records_field_by_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
