/* tally.h: the summary records of a stream (PCR, HBR, SBR, TSR) counted anew from its parts and tests.
 *
 * Which summaries there are, and their names, follows the records of the original; the counts are ours. */
#pragma once

#include <xinlian/stdf.h>

struct tally_counts {
    uint32_t parts, retested, aborted, good;
};

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally *);
/* Whether a record is a summary that tally_write writes anew. */
bool tally_replaces(uint16_t type);
/* An original summary: what is to be written again. */
void tally_original(struct tally *, const struct xl_stdf_record *);
/* A part that counts: its PRR. */
void tally_part(struct tally *, const struct xl_stdf_record *);
/* A test that counts: PTR, MPR, FTR, STR. */
void tally_test(struct tally *, const struct xl_stdf_record *);
/* Writes TSR, HBR, SBR, PCR. `put` returns false to stop. */
bool tally_write(struct tally *, bool big_endian, bool (*put)(void *context, const uint8_t *bytes, size_t length), void *context);

/* What a PRR adds to a count of parts. */
void tally_count(struct tally_counts *, const struct xl_stdf_record *);
/* A WRR with these counts instead of its own, to `out` of XL_RECORD_MOST bytes; its length with header, 0 when the WRR is broken. The
 * counts begin anew. */
size_t tally_wrr(struct tally_counts *, struct xl_stdf_decoder *, const struct xl_stdf_record *, uint8_t *out);
