/* scan_test.c: STR and its continuations joined with the names of sets, pins, chains and cells; what is missing is told. */
#include <xinlian/scan.h>

#include <xinlian/simulate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/out.h"
#include "base/text.h"

/* ---- A stream by hand ---------------------------------------------------------------------------------------------------------------- */

struct stream {
    struct xl_scan *scan;
    struct xl_findings *findings;
    struct xl_record_writer w;
    uint8_t buffer[XL_RECORD_MOST];
    uint64_t offset;
    bool big_endian;
};

static void open_stream(struct stream *s, bool big_endian)
{
    *s = (struct stream){.findings = xl_findings_new(), .big_endian = big_endian};
    s->scan = xl_scan_new(s->findings);
}

static void close_stream(struct stream *s)
{
    xl_scan_free(s->scan);
    xl_findings_free(s->findings);
}

static struct xl_record_writer *begin(struct stream *s, uint16_t type)
{
    xl_record_begin(&s->w, type, s->big_endian, s->buffer);
    return &s->w;
}

/* Feeds the record from memory that is gone afterwards: nothing may be kept of it. */
static const struct xl_scan_log *feed(struct stream *s)
{
    size_t length = xl_record_end(&s->w) - 4;
    uint8_t *copy = malloc(length + (length == 0));
    memcpy(copy, s->buffer + 4, length);
    struct xl_stdf_record record = {.type = (uint16_t)(s->buffer[2] << 8 | s->buffer[3]),
                                    .length = (uint16_t)length,
                                    .big_endian = s->big_endian,
                                    .offset = s->offset,
                                    .data = copy};
    s->offset += length + 4;
    const struct xl_scan_log *log = xl_scan_record(s->scan, &record);
    free(copy);
    return log;
}

static const struct xl_scan_log *feed_psr(struct stream *s, bool goes_on, uint16_t index, uint8_t opt, uint16_t total, uint64_t first,
                                          int count)
{
    struct xl_record_writer *w = begin(s, XL_PSR);
    xl_put_u1(w, goes_on);
    xl_put_u2(w, index);
    xl_put_cn(w, "set");
    xl_put_u1(w, opt | 0x0e);
    xl_put_u2(w, total);
    xl_put_u2(w, (uint16_t)count);
    for (int i = 0; i < count; i++)
        xl_put_u8(w, first + 100 * (uint64_t)i);
    for (int i = 0; i < count; i++)
        xl_put_u8(w, first + 100 * (uint64_t)i + 99);
    for (int i = 0; i < count; i++)
        xl_put_cn(w, i % 2 ? "odd.wgl" : "even.wgl");
    for (int i = 0; i < count; i++)
        xl_put_cn(w, i % 2 ? "" : "label");
    return feed(s);
}

static void feed_pmr(struct stream *s, uint16_t index, const char *channel, const char *logical)
{
    struct xl_record_writer *w = begin(s, XL_PMR);
    xl_put_u2(w, index);
    xl_put_u2(w, 0);
    xl_put_cn(w, channel);
    xl_put_cn(w, "");
    xl_put_cn(w, logical);
    assert_null(feed(s));
}

static void feed_cdr(struct stream *s, bool goes_on, uint16_t index, uint16_t output, const char *const *cells, uint16_t count)
{
    struct xl_record_writer *w = begin(s, XL_CDR);
    xl_put_u1(w, goes_on);
    xl_put_u2(w, index);
    xl_put_cn(w, "chain");
    xl_put_u4(w, 4);
    xl_put_u2(w, 0);
    xl_put_u2(w, output);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    xl_put_u1(w, 255);
    xl_put_u2(w, count);
    for (int i = 0; i < count; i++)
        xl_put_sn(w, cells[i]);
    assert_null(feed(s));
}

struct piece {
    bool goes_on;
    uint32_t test;
    uint8_t site, flags;
    const char *map; /* of one byte, or NULL */
    uint32_t total, logged, bit_base;
    uint64_t cycle_base;
    uint16_t cycles[4], pins[4], chains[4], patterns[4], bits[4];
    int cycle_count, pin_count, chain_count, value_count, pattern_count, bit_count;
    const char *condition;
};

static const struct xl_scan_log *feed_str(struct stream *s, const struct piece *p)
{
    struct xl_record_writer *w = begin(s, XL_STR);
    xl_put_u1(w, p->goes_on);
    xl_put_u4(w, p->test);
    xl_put_u1(w, 1);
    xl_put_u1(w, p->site);
    xl_put_u2(w, 7);
    xl_put_u1(w, 0x80);
    xl_put_cn(w, "CYCLE");
    xl_put_cn(w, "stuck");
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_u1(w, 0);
    xl_put_u1(w, p->flags);
    for (int bit = 0x02; bit <= 0x08; bit *= 4) {
        if (p->flags & bit) {
            xl_put_u2(w, 6);
            xl_put_bytes(w, p->map, 1);
        }
    }
    xl_put_u8(w, 123456789012);
    xl_put_u4(w, p->total);
    xl_put_u4(w, p->logged);
    xl_put_u8(w, p->cycle_base);
    xl_put_u4(w, p->bit_base);
    xl_put_u2(w, p->condition != NULL);
    xl_put_u2(w, 0);
    for (int i = 0; i < 5; i++)
        xl_put_u1(w, 2);
    for (int i = 0; i < 4; i++)
        xl_put_u1(w, 0);
    xl_put_u2(w, 0);
    if (p->condition)
        xl_put_cn(w, p->condition);
    const uint16_t *const lists[] = {p->cycles, p->pins, p->chains};
    const int counts[] = {p->cycle_count, p->pin_count, p->chain_count};
    for (int l = 0; l < 3; l++) {
        xl_put_u2(w, (uint16_t)counts[l]);
        for (int i = 0; i < counts[l]; i++)
            xl_put_u2(w, lists[l][i]);
    }
    for (int l = 0; l < 2; l++) {
        xl_put_u2(w, (uint16_t)p->value_count);
        for (int i = 0; i < p->value_count; i++)
            xl_put_u1(w, l == 0 ? 'L' : 'H');
    }
    xl_put_u2(w, 0);
    xl_put_u2(w, (uint16_t)p->pattern_count);
    for (int i = 0; i < p->pattern_count; i++)
        xl_put_u2(w, p->patterns[i]);
    xl_put_u2(w, (uint16_t)p->bit_count);
    for (int i = 0; i < p->bit_count; i++)
        xl_put_u2(w, p->bits[i]);
    for (int i = 0; i < 4; i++)
        xl_put_u2(w, 0);
    return feed(s);
}

/* ---- Tests --------------------------------------------------------------------------------------------------------------------------- */

static void pieces_are_joined(void **state)
{
    struct stream s;
    open_stream(&s, **(bool **)state);
    feed_pmr(&s, 3, "7-1", "SO_A");
    feed_pmr(&s, 4, "7-2", "");
    assert_null(feed_psr(&s, true, 7, 0x70, 3, 1000, 2));
    assert_null(feed_psr(&s, false, 7, 0x70, 3, 1200, 1));
    assert_null(feed_psr(&s, false, 2, 0, 1, 0, 1));
    struct xl_record_writer *w = begin(&s, XL_NMR);
    xl_put_u1(w, 0);
    xl_put_u2(w, 1);
    xl_put_u2(w, 1);
    xl_put_u2(w, 3);
    xl_put_cn(w, "so[0]");
    assert_null(feed(&s));
    feed_cdr(&s, true, 9, 3, (const char *const[]){"c1", "c2"}, 2);
    feed_cdr(&s, false, 9, 3, (const char *const[]){"c3", "c4"}, 2);
    for (int i = 0; i < 2; i++) { /* the later name of a cell overrides */
        w = begin(&s, XL_CNR);
        xl_put_u2(w, 9);
        xl_put_u4(w, 2);
        xl_put_sn(w, i ? "named" : "wrong");
        assert_null(feed(&s));
    }

    const struct xl_scan_set *sets;
    assert_int_equal(xl_scan_sets(s.scan, &sets), 2);
    assert_int_equal(sets[0].index, 2);
    assert_int_equal(sets[1].index, 7);
    assert_string_equal(sets[1].name, "set");
    assert_int_equal(sets[1].pattern_count, 3);
    assert_int_equal(sets[1].patterns[1].begin, 1100);
    assert_int_equal(sets[1].patterns[2].end, 1299);
    assert_string_equal(sets[1].patterns[1].file, "odd.wgl");
    assert_string_equal(sets[1].patterns[2].label, "label");
    assert_int_equal(sets[1].first_cycle + sets[1].first_pattern + sets[1].first_bit, 3);

    /* Two sites interleaved; site 1 in two records. Bits count from 1 here (PSR), so bit 1 is the first cell. */
    uint64_t first = s.offset;
    assert_null(feed_str(&s, &(struct piece){.goes_on = true,
                                             .test = 50,
                                             .site = 1,
                                             .flags = 0x0a,
                                             .map = "\x21",
                                             .total = 9,
                                             .logged = 3,
                                             .bit_base = 0,
                                             .cycle_base = 1ULL << 40,
                                             .cycles = {5, 6},
                                             .cycle_count = 2,
                                             .pins = {3, 3},
                                             .pin_count = 2,
                                             .chains = {9, 9},
                                             .chain_count = 2,
                                             .value_count = 2,
                                             .patterns = {11, 12},
                                             .pattern_count = 2,
                                             .bits = {1, 2},
                                             .bit_count = 2,
                                             .condition = "SHIFT_FREQ=1e6"}));
    const struct xl_scan_log *log =
        feed_str(&s, &(struct piece){.test = 50, .site = 2, .flags = 0x05, .pins = {4}, .pin_count = 1, .logged = 1});
    assert_non_null(log);
    assert_int_equal(log->site, 2);
    assert_int_equal(log->fail_count, 1);
    assert_true(log->is_complete);
    assert_false(log->is_truncated);
    assert_true(log->fails[0].cycle == UINT64_MAX);
    assert_true(log->fails[0].pattern == UINT32_MAX && log->fails[0].bit == UINT32_MAX && log->fails[0].chain == UINT32_MAX);
    assert_int_equal(log->fails[0].expected, 255);
    assert_string_equal(log->fails[0].pin_name, "7-2"); /* no NMR, no logical, no physical name */
    assert_string_equal(log->fails[0].cell, "");
    assert_int_equal(log->mask_pin_count, 2); /* 01: the earlier mask holds */
    assert_int_equal(log->fail_pin_count, 0);

    log = feed_str(&s, &(struct piece){.test = 50,
                                       .site = 1,
                                       .logged = 3,
                                       .total = 9,
                                       .bit_base = 2,
                                       .cycle_base = 100,
                                       .cycles = {7},
                                       .cycle_count = 1,
                                       .pins = {3},
                                       .pin_count = 1,
                                       .bits = {2},
                                       .bit_count = 1,
                                       .condition = "SHIFT_FREQ=1e6"});
    assert_non_null(log);
    assert_int_equal(log->offset, first);
    assert_int_equal(log->test_number, 50);
    assert_string_equal(log->test_name, "stuck");
    assert_string_equal(log->log_type, "CYCLE");
    assert_int_equal(log->head, 1);
    assert_int_equal(log->site, 1);
    assert_int_equal(log->test_flag, 0x80);
    assert_int_equal(log->pattern_set, 7);
    assert_int_equal(log->cycles_total, 123456789012);
    assert_int_equal(log->fails_total, 9);
    assert_true(log->is_truncated && log->is_complete);
    assert_int_equal(log->fail_count, 3);
    assert_int_equal(log->condition_count, 1); /* said again, kept once */
    assert_string_equal(log->conditions[0], "SHIFT_FREQ=1e6");
    static const uint32_t map[] = {1, 6}; /* the first bit is PMR index 1 */
    assert_int_equal(log->fail_pin_count, 2);
    assert_memory_equal(log->fail_pins, map, sizeof map);
    assert_int_equal(log->mask_pin_count, 2);
    assert_memory_equal(log->mask_pins, map, sizeof map);
    assert_true(log->fails[0].cycle == (1ULL << 40) + 5);
    assert_int_equal(log->fails[1].pattern, 12);
    assert_int_equal(log->fails[1].chain, 9);
    assert_int_equal(log->fails[1].expected, 'L');
    assert_int_equal(log->fails[1].captured, 'H');
    assert_string_equal(log->fails[0].pin_name, "so[0]");
    assert_string_equal(log->fails[0].cell, "c1");
    assert_string_equal(log->fails[1].cell, "named");
    assert_int_equal(log->fails[2].cycle, 107);
    assert_int_equal(log->fails[2].bit, 4);
    assert_string_equal(log->fails[2].cell, "c4"); /* the chain is known by its output pin */

    /* No mask any more. */
    log = feed_str(&s, &(struct piece){.test = 51, .site = 1});
    assert_non_null(log);
    assert_int_equal(log->mask_pin_count, 0);
    assert_int_equal(log->fail_count, 0);
    assert_null(xl_scan_end(s.scan));
    assert_int_equal(xl_findings_kept(s.findings), 0);
    close_stream(&s);
}

static void what_never_ends_is_given_and_told(void **state)
{
    (void)state;
    struct stream s;
    open_stream(&s, false);
    struct piece open = {.goes_on = true, .test = 1, .site = 1, .logged = 2, .total = 2, .pins = {1}, .pin_count = 1};
    /* Another test begins and is complete at once: two logs, one after the other. */
    assert_null(feed_str(&s, &open));
    const struct xl_scan_log *log = feed_str(&s, &(struct piece){.test = 2, .site = 1});
    assert_int_equal(log->test_number, 1);
    assert_false(log->is_complete);
    assert_true(log->is_truncated);
    assert_int_equal(log->fail_count, 1);
    begin(&s, XL_EPS);
    log = feed(&s);
    assert_int_equal(log->test_number, 2);
    assert_true(log->is_complete);
    assert_int_equal(xl_findings_count(s.findings, XL_FINDING_SCAN_CONTINUATION), 1);
    /* The part ends: that of another site does not matter. */
    assert_null(feed_str(&s, &open));
    for (uint8_t site = 2; site >= 1; site--) {
        struct xl_record_writer *w = begin(&s, XL_PRR);
        xl_put_u1(w, 1);
        xl_put_u1(w, site);
        xl_put_bytes(w, "\0\0\0\0\0\0", 5);
        log = feed(&s);
        assert_true((log == NULL) == (site == 2));
    }
    assert_false(log->is_complete);
    /* The stream ends. */
    for (uint8_t site = 1; site <= 3; site++) {
        open.site = site;
        assert_null(feed_str(&s, &open));
    }
    for (int i = 0; i < 3; i++)
        assert_false(xl_scan_end(s.scan)->is_complete);
    assert_null(xl_scan_end(s.scan));
    assert_int_equal(xl_findings_count(s.findings, XL_FINDING_SCAN_CONTINUATION), 5);
    /* Fewer fails than promised, though the last record was there. */
    log = feed_str(&s, &(struct piece){.test = 9, .logged = 2, .pins = {1}, .pin_count = 1});
    assert_true(log->is_complete);
    assert_int_equal(xl_findings_count(s.findings, XL_FINDING_SCAN_CONTINUATION), 6);
    close_stream(&s);

    /* Sets and chains: another one begins, patterns are missing, the stream ends. */
    open_stream(&s, false);
    feed_psr(&s, true, 1, 0, 9, 0, 1);
    feed_psr(&s, false, 2, 0, 9, 0, 1);
    feed_cdr(&s, true, 1, 0, (const char *const[]){"a"}, 1);
    feed_cdr(&s, true, 2, 0, (const char *const[]){"a"}, 1);
    assert_int_equal(xl_findings_count(s.findings, XL_FINDING_SCAN_CONTINUATION), 3);
    assert_null(xl_scan_end(s.scan));
    assert_int_equal(xl_findings_count(s.findings, XL_FINDING_SCAN_CONTINUATION), 4);
    close_stream(&s);
}

static void random_records_are_harmless(void **state)
{
    (void)state;
    uint64_t random = 7;
    static const uint16_t types[] = {XL_PMR, XL_PSR, XL_NMR, XL_CNR, XL_CDR, XL_STR, XL_STR, XL_PRR, XL_SSR};
    for (int round = 0; round < 20; round++) {
        struct stream s;
        open_stream(&s, round % 2);
        for (int i = 0; i < 500; i++) {
            random = random * 6364136223846793005ULL + 1442695040888963407ULL;
            struct xl_record_writer *w = begin(&s, types[(random >> 40) % (sizeof types / sizeof *types)]);
            for (uint64_t n = (random >> 33) % 200; n > 0; n--) {
                random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                xl_put_u1(w, (random >> 60) < 11 ? (uint8_t)(random >> 50 & 1) : (uint8_t)(random >> 40));
            }
            const struct xl_scan_log *log = feed(&s);
            for (size_t f = 0; log && f < log->fail_count; f++)
                assert_true(strlen(log->fails[f].cell) < 70000 && strlen(log->fails[f].pin_name) < 256);
        }
        while (xl_scan_end(s.scan) != NULL) {
        }
        close_stream(&s);
    }
}

/* A simulated lot: every log is whole, and every fail of a chain has the name of its cell. */
static void simulated_lot(void **state)
{
    (void)state;
    struct xl_simulation simulation = xl_simulation_default();
    simulation.wafers = 1;
    simulation.parts = 200;
    simulation.tests = 3;
    simulation.scan_tests = 4;
    simulation.every_record = true;
    simulation.yield = 0.5;
    struct text stdf;
    text_init(&stdf, 1 << 28);
    struct xl_error error = {0};
    assert_true(xl_simulate(&simulation, sink_text(&stdf), &error));
    struct xl_input *input = xl_input_memory(stdf.data, stdf.length, "simulated", &error);
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    struct xl_scan *scan = xl_scan_new(findings);
    struct xl_stdf_record record;
    size_t logs = 0, fails = 0, named = 0, records = 0;
    while (xl_stdf_next(reader, &record)) {
        records += record.type == XL_STR && record.data[0] == 0; /* the last of each */
        for (const struct xl_scan_log *log = xl_scan_record(scan, &record); log; log = NULL) {
            logs++;
            assert_true(log->is_complete);
            assert_int_equal(log->condition_count, 2);
            assert_true(log->fail_count <= log->fails_total);
            for (size_t i = 0; i < log->fail_count; i++) {
                const struct xl_scan_fail *fail = &log->fails[i];
                assert_true(fail->bit == UINT32_MAX || *fail->cell != '\0');
                assert_true(fail->pin == UINT32_MAX || *fail->pin_name != '\0');
                assert_true(fail->expected != fail->captured);
                named += *fail->cell != '\0';
            }
            fails += log->fail_count;
        }
    }
    assert_null(xl_scan_end(scan));
    assert_int_equal(logs, records);
    assert_true(logs > 10 && fails > 100 && named > 10);
    const struct xl_scan_set *sets;
    assert_int_equal(xl_scan_sets(scan, &sets), 4);
    assert_int_equal(xl_findings_count(findings, XL_FINDING_SCAN_CONTINUATION), 0);
    xl_scan_free(scan);
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
    text_free(&stdf);
}

int main(void)
{
    static bool orders[] = {false, true};
    static bool *little = &orders[0], *big = &orders[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(pieces_are_joined, little),
        cmocka_unit_test_prestate(pieces_are_joined, big),
        cmocka_unit_test(what_never_ends_is_given_and_told),
        cmocka_unit_test(random_records_are_harmless),
        cmocka_unit_test(simulated_lot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
