/* defaults.h: what test records leave to the first record of their test, so that records can be dropped, joined and reordered without
 * changing what any of them means.
 *
 * The first PTR, MPR or FTR of a test sets limits, units, scales and formats for the later ones (STDF V4, "Default data"). One
 * `struct defaults` knows what a reader of one stream knows. Invariant of defaults_carry: a reader of the stream written resolves every
 * record to the same values as a reader of the stream read. */
#pragma once

#include <xinlian/stdf.h>

struct defaults;
struct defaults *defaults_new(void);
void defaults_free(struct defaults *);

/* PTR, MPR, FTR: the records that have defaults. */
bool defaults_concern(uint16_t type);
/* Number and text of a test record (PTR, MPR, FTR, STR); false when it is too short to have a number. The text stays in the record. */
bool test_of(const struct xl_stdf_record *, uint32_t *number, const uint8_t **text, size_t *text_length);

/* A record passed by that is not written. */
void defaults_learn(struct defaults *, const struct xl_stdf_record *);
/* A record that is written to another stream: as it is where it means the same there (false), else in full, in its own byte order,
 * to `out` of XL_RECORD_MOST bytes (true; *length with the header). */
bool defaults_carry(struct defaults *read, struct defaults *written, struct xl_stdf_decoder *, const struct xl_stdf_record *, uint8_t *out,
                    size_t *length);
