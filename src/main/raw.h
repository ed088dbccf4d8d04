/* raw.h: the records of a path, entry by entry, whatever it is: STDF in any container, or ATDF, which is turned into STDF on the way. */
#pragma once

#include <xinlian/stdf.h>

struct raw {
    struct xl_input *input;
    struct xl_stdf_reader *reader; /* of the current entry */
    struct xl_findings *findings;  /* of the current entry */
    const char *name;              /* of the current entry */
    bool is_atdf;

    const char *shown; /* the path's name where the input's own says nothing */
    struct xl_input *turned;
    void *bytes;
    bool begun;
};
/* `shown` (may be NULL) names the input in messages where `place` would say nothing to a person. */
bool raw_open(struct raw *raw, const char *place, const char *shown, struct xl_error *error);
/* The next entry, the first at the first call. False at the end (no error set) or when the entry is no STDF: then the next call goes on. */
bool raw_next(struct raw *raw, struct xl_error *error);
void raw_close(struct raw *raw);
