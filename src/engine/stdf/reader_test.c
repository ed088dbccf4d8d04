/* reader_test.c: what is refused, the walk, and every way back from damage: nothing lost that can be had, nothing invented. */
#include "engine/stdf/reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

/* ---- Streams ----------------------------------------------------------------------------------------------------------------------------
 */

struct stream {
    uint8_t *bytes;
    size_t length, capacity;
    size_t *starts; /* of each record, and the end of the last */
    size_t records;
    bool big;
};

static void put(struct stream *s, const void *bytes, size_t length)
{
    if (!length)
        return;
    while (s->length + length > s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 4096;
        s->bytes = memory_grow(s->bytes, s->capacity, 1);
    }
    memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
}

static void put_record(struct stream *s, struct xl_record_writer *w)
{
    size_t length = xl_record_end(w);
    assert_int_not_equal(length, 0);
    put(s, w->out, length);
    s->starts = memory_grow(s->starts, s->records + 2, sizeof *s->starts);
    s->starts[s->records++] = s->length - length;
    s->starts[s->records] = s->length;
}

static uint8_t scratch[XL_RECORD_MOST];

static void put_far(struct stream *s)
{
    struct xl_record_writer w;
    xl_record_begin(&w, XL_FAR, s->big, scratch);
    xl_put_u1(&w, s->big ? 1 : 2);
    xl_put_u1(&w, 4);
    put_record(s, &w);
}

static void put_text(struct stream *s, uint16_t type, const char *text)
{
    struct xl_record_writer w;
    xl_record_begin(&w, type, s->big, scratch);
    xl_put_cn(&w, text);
    put_record(s, &w);
}

static void put_raw(struct stream *s, uint16_t type, const void *bytes, size_t length)
{
    struct xl_record_writer w;
    xl_record_begin(&w, type, s->big, scratch);
    xl_put_bytes(&w, bytes, length);
    put_record(s, &w);
}

static void put_pmr(struct stream *s, unsigned n)
{
    struct xl_record_writer w;
    char name[32];
    xl_record_begin(&w, XL_PMR, s->big, scratch);
    xl_put_u2(&w, (uint16_t)n);
    xl_put_u2(&w, 0);
    snprintf(name, sizeof name, "channel %u", n);
    xl_put_cn(&w, name);
    xl_put_cn(&w, "");
    snprintf(name, sizeof name, "PIN%u", n);
    xl_put_cn(&w, name);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 1);
    put_record(s, &w);
}

static void put_ptr(struct stream *s, unsigned n, bool full)
{
    struct xl_record_writer w;
    char name[32];
    xl_record_begin(&w, XL_PTR, s->big, scratch);
    xl_put_u4(&w, 1000 + n);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 0);
    xl_put_u1(&w, 0);
    xl_put_r4(&w, (float)n * 1.25f);
    snprintf(name, sizeof name, "Vref trim %u", n);
    xl_put_cn(&w, name);
    xl_put_cn(&w, "");
    if (full) {
        xl_put_u1(&w, 0x0e);
        xl_put_u1(&w, 3);
        xl_put_u1(&w, 3);
        xl_put_u1(&w, 3);
        xl_put_r4(&w, -1.5f);
        xl_put_r4(&w, 1e6f);
        xl_put_cn(&w, "V");
        xl_put_cn(&w, "%7.3f");
        xl_put_cn(&w, "%7.3f");
        xl_put_cn(&w, "%7.3f");
    }
    put_record(s, &w);
}

static void put_pir(struct stream *s)
{
    struct xl_record_writer w;
    xl_record_begin(&w, XL_PIR, s->big, scratch);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 1);
    put_record(s, &w);
}

static void put_prr(struct stream *s, unsigned n)
{
    struct xl_record_writer w;
    char name[32];
    xl_record_begin(&w, XL_PRR, s->big, scratch);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 0);
    xl_put_u2(&w, 20);
    xl_put_u2(&w, 1);
    xl_put_u2(&w, 1);
    xl_put_u2(&w, (uint16_t)n);
    xl_put_u2(&w, 7);
    xl_put_u4(&w, 1234);
    snprintf(name, sizeof name, "part %u", n);
    xl_put_cn(&w, name);
    xl_put_cn(&w, "");
    xl_put_u1(&w, 0);
    put_record(s, &w);
}

static void put_mir(struct stream *s)
{
    struct xl_record_writer w;
    xl_record_begin(&w, XL_MIR, s->big, scratch);
    xl_put_u4(&w, 1700000000);
    xl_put_u4(&w, 1700000060);
    xl_put_u1(&w, 1);
    xl_put_bytes(&w, "P  ", 3);
    xl_put_u2(&w, 65535);
    xl_put_u1(&w, ' ');
    xl_put_cn(&w, "LOT1");
    xl_put_cn(&w, "PART");
    xl_put_cn(&w, "node");
    xl_put_cn(&w, "tester");
    xl_put_cn(&w, "job");
    put_record(s, &w);
}

static void put_mrr(struct stream *s)
{
    struct xl_record_writer w;
    xl_record_begin(&w, XL_MRR, s->big, scratch);
    xl_put_u4(&w, 1700009999);
    put_record(s, &w);
}

/* A sound file of `parts` parts. */
static struct stream sound(bool big, unsigned parts)
{
    struct stream s = {.big = big};
    put_far(&s);
    put_mir(&s);
    for (unsigned n = 1; n <= 8; n++)
        put_pmr(&s, n);
    for (unsigned n = 0; n < parts; n++) {
        put_pir(&s);
        for (unsigned t = 0; t < 20; t++)
            put_ptr(&s, n * 20 + t, n == 0 || t % 3 == 0);
        if (n % 4 == 0)
            put_text(&s, XL_DTR, "a line of the datalog, as long as many are: the quick brown fox jumps over the lazy dog, twice a day");
        put_prr(&s, n);
    }
    put_mrr(&s);
    return s;
}

static void stream_free(struct stream *s)
{
    free(s->bytes);
    free(s->starts);
}

/* `s` with `count` bytes at `at` replaced by others; the record starts are those of `s`. */
static struct stream spliced(const struct stream *s, size_t at, size_t count, const void *bytes, size_t length)
{
    struct stream out = {.big = s->big};
    put(&out, s->bytes, at);
    if (length)
        put(&out, bytes, length);
    put(&out, s->bytes + at + count, s->length - at - count);
    return out;
}

static struct xl_stdf_reader *open_bytes(const void *bytes, size_t length, struct xl_input **input, struct xl_findings **findings,
                                         struct xl_error *error)
{
    *error = (struct xl_error){0};
    *findings = xl_findings_new();
    *input = xl_input_memory(bytes, length, "test", error);
    assert_non_null(*input);
    return xl_stdf_reader_new(*input, *findings, error);
}

/* Reads all of `s`. Every record must be one of `original`, in its order (*strange tells how many are not), and all but `lost` of those
 * must come. */
static struct xl_findings *read_counting(const struct stream *s, const struct stream *original, size_t *strange, size_t lost)
{
    struct xl_input *input;
    struct xl_findings *findings;
    struct xl_error error;
    struct xl_stdf_reader *reader = open_bytes(s->bytes, s->length, &input, &findings, &error);
    assert_non_null(reader);
    struct xl_stdf_record record;
    size_t next = 0, seen = 0;
    *strange = 0;
    uint64_t before = 0;
    while (xl_stdf_next(reader, &record)) {
        assert_true(record.offset >= before);
        assert_true(record.offset + 4 + record.length <= s->length);
        assert_ptr_equal(record.data, s->bytes + record.offset + 4);
        before = record.offset + 1;
        size_t at = next;
        while (at < original->records && !(original->starts[at + 1] - original->starts[at] == record.length + 4u &&
                                           original->bytes[original->starts[at] + 2] == record.type >> 8 &&
                                           original->bytes[original->starts[at] + 3] == (record.type & 0xff) &&
                                           memcmp(original->bytes + original->starts[at] + 4, record.data, record.length) == 0))
            at++;
        /* A record that ends early at a field's border has lost optional fields, and invents nothing. */
        for (size_t n = next; at == original->records && n < original->records; n++)
            if (original->starts[n] == record.offset && original->starts[n + 1] - original->starts[n] > record.length + 4u &&
                memcmp(original->bytes + record.offset + 4, record.data, record.length) == 0)
                at = n;
        if (at == original->records) {
            ++*strange;
            continue;
        }
        next = at + 1;
        seen++;
    }
    assert_false(xl_stdf_next(reader, &record));
    assert_int_equal(xl_stdf_offset(reader), s->length);
    assert_in_range(original->records - seen, 0, lost);
    xl_stdf_reader_free(reader);
    xl_input_free(input);
    return findings;
}

static struct xl_findings *read_against(const struct stream *s, const struct stream *original, size_t allowed, size_t lost)
{
    size_t strange;
    struct xl_findings *findings = read_counting(s, original, &strange, lost);
    assert_in_range(strange, 0, allowed);
    return findings;
}

/* The findings that tell of damage, as "KIND offset+length (detail);". */
static const char *told(struct xl_findings *findings)
{
    static char text[4000];
    text[0] = 0;
    for (size_t i = 0; i < xl_findings_kept(findings); i++) {
        const struct xl_finding *f = xl_findings_at(findings, i);
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s %llu+%llu (%s);", xl_finding_name(f->kind), (unsigned long long)f->offset,
                 (unsigned long long)f->length, f->detail);
    }
    xl_findings_free(findings);
    return text;
}

static const char *say(const char *format, ...)
{
    static char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return text;
}

/* ---- What is refused --------------------------------------------------------------------------------------------------------------------
 */

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *code;
    } cases[] = {
        {"", 0, "stdf_empty"},
        {"\x02\x00\x00\x0a\x02\x03", 6, "stdf_v3"},
        {"\x00\x02\x00\x0a\x01\x03", 6, "stdf_v3"},
        {"\x02\x00\x00\x0a\x00\x03", 6, "stdf_v3"},
        {"\x02\x00\x00\x0a\x00\x04", 6, "stdf_vax"},
        {"\x02\x00\x00\x0a\x02\x05", 6, "stdf_version_unknown"},
        {"\x02\x00\x00\x0a\x02\x00", 6, "stdf_version_unknown"},
        {"FAR:A|4|2|U\nMIR:LOT", 19, "is_atdf"},
        {"stdf/bin2.stdf", 14, "not_stdf"},
        {"\x02\x00\x00\x0a\x02", 5, "not_stdf"},
        {"\x02", 1, "not_stdf"},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "not_stdf"},
        {"\x7f"
         "ELF\x02\x01\x01\0\0\0\0\0",
         12, "not_stdf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xl_input *input;
        struct xl_findings *findings;
        struct xl_error error;
        assert_null(open_bytes(cases[i].bytes, cases[i].length, &input, &findings, &error));
        assert_string_equal(error.code, cases[i].code);
        assert_string_equal(error.place, "test");
        assert_true(strlen(error.message) > 10);
        xl_input_free(input);
        xl_findings_free(findings);
    }
    /* The text of a lone path is shown: it tells a person at once what happened. */
    struct xl_input *input;
    struct xl_findings *findings;
    struct xl_error error;
    assert_null(open_bytes("stdf/bin2.stdf", 14, &input, &findings, &error));
    assert_non_null(strstr(error.message, "stdf/bin2.stdf"));
    xl_input_free(input);
    xl_findings_free(findings);
}

/* CPU types of customers and of 1 and 2 are IEEE in the byte order that REC_LEN shows, whatever the type says. */
static void test_byte_order(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++)
        for (int cpu = 1; cpu < 256; cpu += 51) {
            struct stream s = sound(big, 1);
            s.bytes[4] = (uint8_t)cpu;
            struct xl_input *input;
            struct xl_findings *findings;
            struct xl_error error;
            struct xl_stdf_reader *reader = open_bytes(s.bytes, s.length, &input, &findings, &error);
            assert_non_null(reader);
            assert_int_equal(xl_stdf_big_endian(reader), big);
            struct xl_stdf_record record;
            size_t n = 0;
            while (xl_stdf_next(reader, &record)) {
                assert_int_equal(record.offset, s.starts[n]);
                assert_int_equal(record.length, s.starts[n + 1] - s.starts[n] - 4);
                assert_int_equal(record.big_endian, big);
                n++;
            }
            assert_int_equal(n, s.records);
            assert_string_equal(told(findings), "");
            xl_stdf_reader_free(reader);
            xl_input_free(input);
            stream_free(&s);
        }
}

/* Two files joined, in the same and in the other byte order. */
static void test_joined(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++)
        for (int second = 0; second < 2; second++) {
            struct stream s = sound(first, 2);
            size_t joint = s.length, records = s.records;
            s.big = second;
            put_far(&s);
            put_mir(&s);
            for (unsigned n = 0; n < 50; n++)
                put_ptr(&s, n, true);
            put_mrr(&s);
            assert_string_equal(told(read_against(&s, &s, 0, 0)), say("FIRST_NOT_FAR %zu+0 ();", joint));
            assert_true(records < s.records);
            stream_free(&s);
        }
}

/* A file whose FAR is lost or spoilt is read when what follows is STDF beyond doubt. */
static void test_far_lost(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct stream s = sound(big, 1);
        struct stream headless = spliced(&s, 0, 6, NULL, 0);
        assert_string_equal(told(read_against(&headless, &s, 0, 1)), "NO_FAR 0+0 ();");
        struct stream spoilt = spliced(&s, 0, 6, "\xff\xff\xff\xff\xff\xff", 6);
        assert_string_equal(told(read_against(&spoilt, &s, 0, 1)), "NO_FAR 0+6 ();");
        stream_free(&s);
        stream_free(&headless);
        stream_free(&spoilt);
    }
}

/* ---- Damage -----------------------------------------------------------------------------------------------------------------------------
 */

/* Cut at every byte: the whole records before the cut come, and a cut inside a record is told. */
static void test_cut(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct stream s = sound(big, 1);
        for (size_t cut = 6; cut < s.length; cut++) {
            size_t whole = 0;
            while (s.starts[whole + 1] <= cut)
                whole++;
            struct stream t = {.big = s.big};
            put(&t, s.bytes, cut);
            struct xl_findings *findings = read_against(&t, &s, 0, s.records - whole);
            size_t rest = cut - s.starts[whole];
            if (!rest)
                assert_string_equal(told(findings), "");
            else {
                /* A few zero bytes at the end cannot be told from padding. */
                bool zeros = rest < 4;
                for (size_t i = s.starts[whole]; i < cut; i++)
                    zeros = zeros && !s.bytes[i];
                assert_int_equal(xl_findings_count(findings, zeros ? XL_FINDING_ZERO_FILLED : XL_FINDING_CUT_OFF), 1);
                assert_int_equal(xl_findings_at(findings, 0)->offset, s.starts[whole]);
                assert_int_equal(xl_findings_at(findings, 0)->length, rest);
                xl_findings_free(findings);
            }
            stream_free(&t);
        }
        stream_free(&s);
    }
}

/* One REC_LEN changed to any wrong value: at most that record is lost, mostly it is even repaired, and none is invented. */
static void test_length_wrong(void **state)
{
    (void)state;
    static const int changes[] = {1, 2, 3, 4, 5, 7, 11, 20, 21, 100, 1000, 30000, -1, -2, -3, -4, -7};
    size_t repaired = 0, cases = 0, lucky = 0;
    for (int big = 0; big < 2; big++) {
        struct stream s = sound(big, 3);
        for (size_t n = 1; n + 1 < s.records; n++)
            for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
                size_t start = s.starts[n];
                int length = (int)load_u2(s.bytes + start, big), wrong = length + changes[c];
                if (wrong < 0 || wrong > 65535)
                    continue;
                uint8_t header[2] = {(uint8_t)(big ? wrong >> 8 : wrong), (uint8_t)(big ? wrong : wrong >> 8)};
                struct stream t = spliced(&s, start, 2, header, 2);
                size_t strange = 0;
                struct xl_findings *findings = read_counting(&t, &s, &strange, 2);
                cases++;
                lucky += strange;
                repaired += xl_findings_count(findings, XL_FINDING_LENGTH_WRONG);
                assert_true(xl_findings_kept(findings) >= 1);
                assert_in_range(xl_findings_at(findings, 0)->offset, start, s.starts[n + 1] + (strange ? 100 : 0));
                xl_findings_free(findings);
                stream_free(&t);
            }
        stream_free(&s);
    }
    print_message("# %zu of %zu wrong lengths repaired\n", repaired, cases);
    assert_true(repaired * 10 > cases * 9);
    /* A wrong length can lead to bytes that look like an everyday header by pure luck. */
    assert_true(lucky * 500 < cases);
}

/* Zero bytes at a record's beginning: all records come. Inside a record: only that one may be lost. */
static void test_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[70000];
    static const size_t lengths[] = {4, 5, 6, 7, 8, 9, 63, 64, 65, 512, 4096, 65536, 70000};
    for (int big = 0; big < 2; big++) {
        struct stream s = sound(big, 3);
        for (size_t n = 1; n < s.records; n += 3)
            for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
                struct stream t = spliced(&s, s.starts[n], 0, zeros, lengths[l]);
                const char *text = told(read_against(&t, &s, 0, 0));
                char name[8];
                snprintf(name, sizeof name, "%s",
                         xl_stdf_layout((uint16_t)(s.bytes[s.starts[n - 1] + 2] << 8 | s.bytes[s.starts[n - 1] + 3]))->name);
                assert_string_equal(text, say("ZERO_FILLED %zu+%zu (%s);", s.starts[n], lengths[l], name));
                stream_free(&t);
            }
        /* In a record's middle: inserted, and overwritten over a record's end. */
        for (size_t at = s.starts[9] + 1; at + 300 < s.length; at += 17) {
            struct stream t = spliced(&s, at, 0, zeros, 4096);
            struct xl_findings *findings = read_against(&t, &s, 0, 1);
            assert_in_range(xl_findings_skipped(findings, XL_FINDING_ZERO_FILLED), 4096 - 16, 4096 + 16);
            xl_findings_free(findings);
            stream_free(&t);
            t = spliced(&s, at, 300, zeros, 300);
            size_t hit = 0;
            for (size_t n = 0; n < s.records; n++)
                hit += s.starts[n] < at + 300 && s.starts[n + 1] > at;
            /* A hole that begins at a border by chance makes the record before it suspect. */
            xl_findings_free(read_against(&t, &s, 0, hit + 1));
            stream_free(&t);
        }
        stream_free(&s);
    }
}

/* Padding after the last record, as tapes and block devices leave it. */
static void test_padded_end(void **state)
{
    (void)state;
    static const uint8_t zeros[100000];
    struct stream s = sound(false, 1);
    for (size_t length = 1; length <= sizeof zeros; length = length < 20 ? length + 1 : length * 3) {
        struct stream t = spliced(&s, s.length, 0, zeros, length);
        assert_string_equal(told(read_against(&t, &s, 0, 0)), say("ZERO_FILLED %zu+%zu (%s);", s.length, length, length < 4 ? "" : "MRR"));
        stream_free(&t);
    }
    /* A record that ends in zeros of its own is kept there. */
    struct xl_record_writer w;
    xl_record_begin(&w, XL_PCR, false, scratch);
    xl_put_u1(&w, 1);
    xl_put_u1(&w, 1);
    for (int i = 0; i < 5; i++)
        xl_put_u4(&w, 0);
    put_record(&s, &w);
    struct stream t = spliced(&s, s.length, 0, zeros, 5000);
    assert_string_equal(told(read_against(&t, &s, 0, 0)), say("ZERO_FILLED %zu+5000 (PCR);", s.length));
    stream_free(&t);
    t = spliced(&s, s.length, 0, "\r\n\x1a\x1a\x1a\x1a\x1a", 7);
    assert_string_equal(told(read_against(&t, &s, 0, 0)), say("OUT_OF_PHASE %zu+7 (PCR);", s.length));
    stream_free(&t);
    stream_free(&s);
}

/* Vendor padding inside records is part of them, whatever its length. */
static void test_padding(void **state)
{
    (void)state;
    struct stream s = {0};
    put_far(&s);
    for (unsigned n = 0; n < 300; n++)
        put_raw(&s, XL_PRR, "\1\1\0\1\0\1\0\1\0\1\0\1\0\0\0\0\0\0\0\0padding and more padding", 13 + n % 30);
    put_mrr(&s);
    assert_string_equal(told(read_against(&s, &s, 0, 0)), "");
    stream_free(&s);
}

/* Records that the format does not know, alone, in rows, of any length, at the end. */
static void test_unknown(void **state)
{
    (void)state;
    static uint8_t image[60000];
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i * 31);
    for (int big = 0; big < 2; big++) {
        struct stream s = {.big = big};
        put_far(&s);
        put_raw(&s, 180 << 8 | 10, "abc", 3);
        put_mir(&s);
        for (unsigned n = 0; n < 40; n++)
            put_raw(&s, 180 << 8 | 20, image, n * 1500);
        for (unsigned n = 0; n < 40; n++) {
            put_ptr(&s, n, true);
            put_raw(&s, (uint16_t)(77 << 8 | n), image, n * 100);
        }
        for (unsigned n = 0; n < 3; n++)
            put_raw(&s, 1 << 8 | 95, image, n * 100);
        put_mrr(&s);
        put_raw(&s, 200 << 8 | 1, image, 100);
        struct xl_findings *findings = read_against(&s, &s, 0, 0);
        assert_int_equal(xl_findings_count(findings, XL_FINDING_UNKNOWN_RECORD), 1 + 40 + 40 + 3 + 1);
        assert_int_equal(xl_findings_count(findings, XL_FINDING_OUT_OF_PHASE), 0);
        assert_string_equal(xl_findings_at(findings, 0)->detail, "180.10");
        xl_findings_free(findings);
        stream_free(&s);
    }
}

static uint64_t seed;
static uint32_t dice(uint32_t sides)
{
    seed += 0x9e3779b97f4a7c15u;
    uint64_t z = seed;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % sides);
}

/* Noise between and amid records, and holes cut out of the file. */
static void test_noise(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct stream s = sound(big, 40);
        seed = 1;
        for (int i = 0; i < 1000; i++) {
            uint8_t noise[600];
            size_t length = 1 + dice(sizeof noise);
            for (size_t k = 0; k < length; k++)
                noise[k] = (uint8_t)dice(256);
            size_t n = 1 + dice((uint32_t)s.records - 2);
            /* Between records, all come: noise may look like one record of an unknown type, never like one of ours. */
            struct stream t = spliced(&s, s.starts[n], 0, noise, length);
            struct xl_findings *findings = read_against(&t, &s, 0, 0);
            assert_int_equal(xl_findings_skipped(findings, XL_FINDING_OUT_OF_PHASE), length);
            xl_findings_free(findings);
            stream_free(&t);

            size_t at = s.starts[n] + dice((uint32_t)(s.starts[n + 1] - s.starts[n]));
            t = spliced(&s, at, 0, noise, length);
            xl_findings_free(read_against(&t, &s, 1, 1));
            stream_free(&t);

            /* A hole, as from a lost network packet: what remains of the two records at its edges may make one. */
            if (at + length < s.starts[s.records - 1]) {
                size_t hit = 0;
                for (size_t r = 0; r < s.records; r++)
                    hit += s.starts[r] < at + length && s.starts[r + 1] > at;
                t = spliced(&s, at, length, NULL, 0);
                xl_findings_free(read_against(&t, &s, 1, hit + 1));
                stream_free(&t);
            }
        }
        stream_free(&s);
    }
}

/* What a real tester once did: a length that leads past the end of the file. */
static void test_length_past_end(void **state)
{
    (void)state;
    struct stream s = sound(false, 2);
    struct stream t = spliced(&s, s.starts[4], 2, "\x65\x72", 2);
    size_t length = s.starts[5] - s.starts[4] - 4;
    assert_string_equal(told(read_against(&t, &s, 0, 0)), say("LENGTH_WRONG %zu+0 (PMR: 29285 -> %zu);", s.starts[4], length));
    stream_free(&t);
    stream_free(&s);
}

/* ---- Windows ----------------------------------------------------------------------------------------------------------------------------
 */

/* A stream that comes through a pipe in windows gives the same records and findings as in one piece, damage at any place included. */
static uint64_t digest(struct xl_input *input, struct xl_findings **findings)
{
    struct xl_error error = {0};
    *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, *findings, &error);
    assert_non_null(reader);
    struct xl_stdf_record record;
    uint64_t hash = 0xcbf29ce484222325u;
    while (xl_stdf_next(reader, &record)) {
        uint64_t parts[3] = {record.offset, record.type, record.length};
        for (int i = 0; i < 3; i++)
            hash = (hash ^ parts[i]) * 0x100000001b3u;
        for (size_t i = 0; i < record.length; i++)
            hash = (hash ^ record.data[i]) * 0x100000001b3u;
    }
    xl_stdf_reader_free(reader);
    return hash;
}

static void test_windows(void **state)
{
    (void)state;
    seed = 7;
    struct stream s = {0};
    put_far(&s);
    static uint8_t text[65000];
    for (unsigned n = 0; s.length < 9 << 20; n++) {
        put_ptr(&s, n, true);
        if (n % 50 == 0)
            put_raw(&s, XL_GDR, text, 2 + dice(64998));
    }
    char path[] = "/tmp/xinlian-reader-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    for (int round = 0; round < 30; round++) {
        /* Damage near the ends of windows (1 MiB blocks, 8 MiB mapped), of every kind. */
        size_t at = ((size_t)1 + dice(8)) * (1 << 20) - 300000 + dice(600000);
        static uint8_t noise[400000];
        size_t length = round % 3 == 0 ? dice(sizeof noise) : dice(2000);
        for (size_t i = 0; i < length; i++)
            noise[i] = round % 2 ? 0 : (uint8_t)dice(256);
        struct stream t = spliced(&s, at, round % 5 ? 0 : dice(1000), noise, length);
        struct xl_error error = {0};
        struct xl_findings *whole, *pieces;
        struct xl_input *input = xl_input_memory(t.bytes, t.length, "memory", &error);
        uint64_t expected = digest(input, &whole);
        xl_input_free(input);

        assert_int_equal(pwrite(descriptor, t.bytes, t.length, 0), t.length);
        assert_int_equal(ftruncate(descriptor, (off_t)t.length), 0);
        for (int kind = 0; kind < 2; kind++) {
            pid_t writer = 0;
            if (kind == 0)
                input = xl_input_open(path, &error);
            else {
                int ends[2];
                char name[32];
                assert_int_equal(pipe(ends), 0);
                writer = fork();
                if (writer == 0) {
                    close(ends[0]);
                    for (size_t done = 0; done < t.length;) {
                        ssize_t wrote = write(ends[1], t.bytes + done, t.length - done);
                        if (wrote <= 0)
                            _exit(1);
                        done += (size_t)wrote;
                    }
                    _exit(0);
                }
                close(ends[1]);
                snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
                input = xl_input_open(name, &error);
                close(ends[0]);
            }
            assert_non_null(input);
            assert_int_equal(digest(input, &pieces), expected);
            assert_int_equal(xl_findings_kept(pieces), xl_findings_kept(whole));
            for (size_t i = 0; i < xl_findings_kept(whole); i++)
                assert_memory_equal(xl_findings_at(pieces, i), xl_findings_at(whole, i), sizeof(struct xl_finding));
            xl_findings_free(pieces);
            xl_input_free(input);
            if (writer)
                waitpid(writer, NULL, 0);
        }
        xl_findings_free(whole);
        stream_free(&t);
    }
    close(descriptor);
    unlink(path);
    stream_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_byte_order), cmocka_unit_test(test_joined),
        cmocka_unit_test(test_far_lost), cmocka_unit_test(test_cut),        cmocka_unit_test(test_length_wrong),
        cmocka_unit_test(test_zeros),    cmocka_unit_test(test_padded_end), cmocka_unit_test(test_padding),
        cmocka_unit_test(test_unknown),  cmocka_unit_test(test_noise),      cmocka_unit_test(test_length_past_end),
        cmocka_unit_test(test_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
