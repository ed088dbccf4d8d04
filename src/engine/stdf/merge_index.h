/* merge_index.h: one numbering of pins and pin groups for several files (PMR_INDX, GRP_INDX), and records changed to it.
 *
 * An index keeps its number as long as all files mean the same by it. Where a file means another pin, that file's pin gets a number that no
 * file uses, and every record of that file that names the old number is changed. */
#pragma once

#include <xinlian/stdf.h>

struct merge_index;
struct merge_index *merge_index_new(void);
void merge_index_free(struct merge_index *);
/* Pass one, all files: a PMR or PGR is there, so its number is not free. */
void merge_index_reserve(struct merge_index *, const struct xl_stdf_record *);

/* What one file's numbers become. */
struct merge_map {
    bool changes; /* some number does */
    uint16_t to[65536];
};
void merge_map_begin(struct merge_map *);
/* Decides for the PMRs (PGRs: after all PMRs are decided) of one file, all at once. Records are in the order of bytes of the merged stream.
 */
void merge_map_decide(struct merge_index *, struct merge_map *, const struct xl_stdf_record *records, size_t count);
/* True when the (already changed) PMR, PGR or PLR says something new and is to be written; false when it was written before. */
bool merge_index_is_new(struct merge_index *, const struct xl_stdf_record *);
/* A record with its numbers changed, to `out`; its length with header, 0 when it names none and stays as it is. */
size_t merge_map_record(const struct merge_map *, struct xl_stdf_decoder *, const struct xl_stdf_record *, uint8_t *out);
