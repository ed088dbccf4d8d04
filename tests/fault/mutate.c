/* mutate.c: random damage to STDF files: every one ends in tables and findings, or in an error that says why; within a ceiling of memory
 * and time.
 *
 *     mutate COUNT SEED FILE...
 *
 * Each case takes one file (unpacked, its first 192 KiB), damages it in one to eight places and reads it in every way there is. A case that
 * breaks is named by its number: `mutate 1 SEED FILE...` with MUTATE_FIRST=NUMBER runs it alone. */
#include <xinlian/scan.h>
#include <xinlian/store.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/out.h"
#include "base/text.h"

enum { BYTES_MOST = 192 << 10, ROOM = BYTES_MOST * 2, SECONDS_MOST = 20 };
static const rlim_t MEMORY_MOST = (rlim_t)6 << 30;

struct sample {
    uint8_t *bytes;
    size_t length;
};

static volatile uint64_t number; /* of the case, for the signal handler */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t bound)
{
    return bound ? (size_t)(next_random(state) % bound) : 0;
}

static void broke(int signal)
{
    char text[64];
    int length = snprintf(text, sizeof text, "case %llu: signal %d\n", (unsigned long long)number, signal);
    if (write(STDERR_FILENO, text, (size_t)length) < 0)
        _exit(3);
    _exit(2);
}

static size_t damage(uint8_t *bytes, size_t length, const struct sample *samples, size_t sample_count, uint64_t *state)
{
    for (size_t times = 1 + below(state, 8); times > 0 && length > 16; times--) {
        size_t at = below(state, length), count = 1 + below(state, below(state, 4) ? 16 : 4096);
        if (count > length - at)
            count = length - at;
        switch (next_random(state) % 9) {
        case 0: /* a bit */
            bytes[at] ^= (uint8_t)(1u << below(state, 8));
            break;
        case 1: /* a byte */
            bytes[at] = (uint8_t)next_random(state);
            break;
        case 2: /* a number of two bytes at an edge of its range */
            if (at + 2 <= length)
                memcpy(bytes + at, &(uint16_t){(uint16_t)(below(state, 2) ? 0xffff - below(state, 4) : below(state, 300))}, 2);
            break;
        case 3: /* a hole */
            memset(bytes + at, 0, count);
            break;
        case 4: /* bytes lost */
            memmove(bytes + at, bytes + at + count, length - at - count);
            length -= count;
            break;
        case 5: /* bytes twice */
            if (length + count <= ROOM) {
                memmove(bytes + at + count, bytes + at, length - at);
                length += count;
            }
            break;
        case 6: /* noise */
            for (size_t i = 0; i < count; i++)
                bytes[at + i] = (uint8_t)next_random(state);
            break;
        case 7: /* the end lost */
            if (!below(state, 4))
                length = at + 1;
            break;
        case 8: { /* a piece of another file */
            const struct sample *other = &samples[below(state, sample_count)];
            size_t from = below(state, other->length);
            if (count > other->length - from)
                count = other->length - from;
            memcpy(bytes + at, other->bytes + from, count);
            break;
        }
        }
    }
    return length;
}

static struct xl_input *input_of(const uint8_t *bytes, size_t length)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "mutated", &error);
    if (!input && !*error.code)
        BUG("no input, and no word why");
    return input;
}

static bool drop(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)bytes, (void)error;
    *(uint64_t *)context += length;
    return true;
}

static void load(const uint8_t *bytes, size_t length, uint64_t variant)
{
    struct xl_input *input = input_of(bytes, length);
    if (!input)
        return;
    struct xl_error error = {.code = ""};
    struct xl_load_options options = {.key = (enum xl_test_key)(variant % 3), .group_bytes = variant % 5 ? 0 : 8192};
    struct xl_tables *tables = xl_tables_load(input, &options, &error);
    if (!tables && !*error.code)
        BUG("not loaded, and no word why");
    uint64_t rows = 0, held = 0;
    for (size_t i = 0; tables && i < tables->count; i++) {
        rows += tables->at[i]->rows;
        for (size_t g = 0; g < tables->at[i]->group_count; g++)
            held += tables->at[i]->groups[g].rows;
    }
    if (rows != held)
        BUG("rows are lost");
    xl_tables_free(tables);
    xl_input_free(input);
}

/* Every record's fields, and scan logs. Every byte is in a record or in a finding. */
static void decode(const uint8_t *bytes, size_t length)
{
    struct xl_input *input = input_of(bytes, length);
    if (!input)
        return;
    struct xl_error error = {.code = ""};
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    struct xl_scan *scan = xl_scan_new(findings);
    struct xl_stdf_record record;
    uint64_t end = 0, told = 0;
    while (reader && xl_stdf_next(reader, &record)) {
        if (record.offset < end)
            BUG("the reader goes back");
        end = record.offset + 4 + record.length;
        if (xl_input_container(input) == XL_PLAIN && end > length)
            BUG("a record beyond the end");
        told += 4u + record.length;
        xl_stdf_decode(decoder, &record);
        xl_scan_record(scan, &record);
    }
    static const enum xl_finding_kind skipping[] = {XL_FINDING_OUT_OF_PHASE, XL_FINDING_ZERO_FILLED, XL_FINDING_CUT_OFF, XL_FINDING_NO_FAR};
    for (size_t i = 0; i < sizeof skipping / sizeof *skipping; i++)
        told += xl_findings_skipped(findings, skipping[i]);
    if (reader && told != xl_stdf_offset(reader))
        BUG("%llu bytes read or told of, of %llu", (unsigned long long)told, (unsigned long long)xl_stdf_offset(reader));
    xl_scan_end(scan);
    xl_scan_free(scan);
    xl_stdf_decoder_free(decoder);
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
}

/* A copy without a filter is the file, damage and all. What a filter leaves has no damage that makes it unreadable. */
static void copy(const uint8_t *bytes, size_t length, bool filtered)
{
    struct xl_input *input = input_of(bytes, length);
    if (!input)
        return;
    struct xl_error error = {.code = ""};
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    if (reader) {
        struct text out;
        text_init(&out, 64 << 20);
        const uint16_t bin = 1;
        struct xl_stdf_filter filter = {.head = -1, .site = -1, .hard_bins = &bin, .hard_bin_count = filtered};
        if (!xl_stdf_copy(reader, &filter, sink_text(&out), findings, &error) && !out.overflow)
            BUG("not copied: %s", error.message);
        if (!filtered && xl_input_container(input) == XL_PLAIN && (out.length != length || memcmp(out.data, bytes, length) != 0))
            BUG("the copy differs: %zu bytes for %zu", out.length, length);
        if (filtered && out.length)
            decode((const uint8_t *)out.data, out.length);
        text_free(&out);
    }
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
}

/* To ATDF, and back. */
static void to_atdf(const uint8_t *bytes, size_t length)
{
    struct xl_input *input = input_of(bytes, length);
    if (!input)
        return;
    struct xl_error error = {.code = ""};
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    struct text atdf;
    text_init(&atdf, 64 << 20);
    bool good = reader && xl_stdf_to_atdf(reader, sink_text(&atdf), findings, &error);
    if (!good && !*error.code)
        BUG("no ATDF, and no word why");
    xl_stdf_reader_free(reader);
    xl_input_free(input);
    input = good ? input_of((const uint8_t *)atdf.data, atdf.length) : NULL;
    if (input) {
        uint64_t written = 0;
        struct xl_error back = {.code = ""};
        if (!xl_atdf_to_stdf(input, false, (struct xl_sink){drop, &written}, findings, &back) && !*back.code)
            BUG("no STDF from ATDF, and no word why");
        xl_input_free(input);
    }
    text_free(&atdf);
    xl_findings_free(findings);
}

/* The file as it is, for damage to its container. */
static struct sample packed_sample_of(const char *path)
{
    struct sample s = {.bytes = memory_new(BYTES_MOST, 1)};
    FILE *file = fopen(path, "rb");
    if (file) {
        s.length = fread(s.bytes, 1, BYTES_MOST, file);
        fclose(file);
    }
    return s;
}

static struct sample sample_of(const char *path)
{
    struct xl_error error = {.code = ""};
    struct sample s = {.bytes = memory_new(BYTES_MOST, 1)};
    struct xl_input *input = xl_input_open(path, &error);
    const uint8_t *bytes;
    size_t length;
    bool last = false;
    if (!input || !xl_input_window(input, 0, &bytes, &length, &last, &error)) {
        fprintf(stderr, "%s: %s\n", path, error.message);
        exit(3);
    }
    s.length = length < BYTES_MOST ? length : BYTES_MOST;
    memcpy(s.bytes, bytes, s.length);
    xl_input_free(input);
    return s;
}

int main(int argc, char **argv)
{
    int64_t count, seed, first = 0;
    if (argc < 4 || !parse_i64(argv[1], 1, INT64_MAX, &count) || !parse_i64(argv[2], 0, INT64_MAX, &seed)) {
        fprintf(stderr, "mutate COUNT SEED FILE...\n");
        return 3;
    }
    if (getenv("MUTATE_FIRST") && !parse_i64(getenv("MUTATE_FIRST"), 0, INT64_MAX, &first))
        return 3;
    size_t sample_count = (size_t)argc - 3;
    struct sample *samples = memory_new(2 * sample_count, sizeof *samples);
    for (size_t i = 0; i < sample_count; i++)
        samples[i] = sample_of(argv[3 + i]);
    for (int i = 3; i < argc; i++) {
        struct sample packed = packed_sample_of(argv[i]);
        if (packed.length && memcmp(packed.bytes, samples[i - 3].bytes, packed.length < 16 ? packed.length : 16) != 0)
            samples[sample_count++] = packed;
        else
            free(packed.bytes);
    }
#if !defined(__SANITIZE_ADDRESS__)
    setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MOST, MEMORY_MOST});
#endif
    static const int signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], broke);
    uint8_t *bytes = memory_new(ROOM, 1);
    for (uint64_t i = (uint64_t)first; i < (uint64_t)(first + count); i++) {
        number = i;
        alarm(SECONDS_MOST);
        uint64_t state = (uint64_t)seed * UINT64_C(0x2545f4914f6cdd1d) + i * UINT64_C(0x9e3779b97f4a7c15);
        const struct sample *s = &samples[below(&state, sample_count)];
        memcpy(bytes, s->bytes, s->length);
        size_t length = damage(bytes, s->length, samples, sample_count, &state);
        load(bytes, length, i);
        switch (i % 4) {
        case 0:
            decode(bytes, length);
            break;
        case 1:
            copy(bytes, length, i % 8 == 1);
            break;
        case 2:
            to_atdf(bytes, length);
            break;
        }
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%lld cases, peak memory %ld MB\n", (long long)count, used.ru_maxrss / 1024);
    return 0;
}
