/* reader.h: the walk over records, inlined for those who read hundreds of megabytes a second.
 *
 * Invariant: `at` stands on a header that was found plausible, or at the end of the stream. Before a record is given out, the header
 * after it is looked at: a record whose length leads nowhere is never given out unexamined. On the hot path that is one table lookup;
 * everything doubtful (an unknown type, a window's end, damage) is left to reader_next_slow. */
#pragma once

#include <xinlian/stdf.h>

#include "base/bytes.h"

struct xl_stdf_reader {
    const uint8_t *at, *end; /* the next header; the end of the window (of nothing while lost) */
    uint64_t origin;         /* offset in the stream = origin + (uintptr_t)pointer */
    bool big_endian;

    bool last;  /* nothing follows this window */
    bool ended; /* the end was met and told */
    bool lost;  /* `at` stands on no header: the next plausible one is to be looked for */
    const uint8_t *window, *window_end;
    struct xl_input *input;
    struct xl_findings *findings;
    struct xl_stdf_decoder *decoder; /* made when a doubtful record is first examined */

    /* Of the bytes being skipped. */
    uint64_t skip_from, noise, zeros;
    char skip_after[32];

    uint16_t learned[16]; /* unknown types that were accepted: they make a place plausible later */
    unsigned learned_count;

    /* Told of every byte of the stream once, in order, before it goes away (those not read too): for copies that lose nothing. */
    bool (*passing)(void *context, const uint8_t *bytes, size_t length);
    void *passing_context;
    const uint8_t *passed; /* bytes before it were told */
};

/* By REC_TYP << 8 | REC_SUB: READER_EXPECTED for the records of STDF V4 and V4-2007; READER_RARE for those of the first few records of a
 * file, which are looked at where they come (ATR is 0.20, as two bytes of a PRR may be); 0 for what the format does not know, and
 * for FAR, which may not come again. */
enum { READER_EXPECTED = 1, READER_RARE = 2, READER_SHORT = 1023 /* longer records are looked at, too */ };
extern const uint8_t reader_known[65536];

bool reader_next_slow(struct xl_stdf_reader *, struct xl_stdf_record *);

static inline uint64_t reader_offset(const struct xl_stdf_reader *reader, const uint8_t *at)
{
    return reader->origin + (uint64_t)(uintptr_t)at;
}

/* As xl_stdf_next. */
static inline bool reader_next(struct xl_stdf_reader *reader, struct xl_stdf_record *record)
{
    const uint8_t *at = reader->at;
    __builtin_prefetch(at + 1536); /* a mapped file: the processor's own prefetch stops at every page */
    ptrdiff_t left = reader->end - at;
    if (__builtin_expect(left >= READER_SHORT + 8, 1)) {
        uint16_t length = load_u2(at, reader->big_endian);
        const uint8_t *next = at + 4 + length;
        if (__builtin_expect(length <= READER_SHORT, 1) && __builtin_expect(reader_known[next[2] << 8 | next[3]] == READER_EXPECTED, 1)) {
            record->type = (uint16_t)(at[2] << 8 | at[3]);
            record->length = length;
            record->big_endian = reader->big_endian;
            record->offset = reader_offset(reader, at);
            record->data = at + 4;
            reader->at = next;
            return true;
        }
    }
    return reader_next_slow(reader, record);
}
