/* findings_print.h: what was noticed in a file, for people and for programs. */
#pragma once

#include <xinlian/stdf.h>

#include "base/json.h"

/* Counts by severity. */
struct findings_sum {
    uint64_t defects, notes, rules; /* kinds that came */
    uint64_t skipped;               /* bytes */
};
struct findings_sum findings_sum(const struct xl_findings *findings);
/* One line a kind: how often, what, where first, bytes skipped. `rules`: XL_RULE too. */
void findings_print(const struct xl_findings *findings, bool rules);
/* Every finding kept, with offset, in order of offset; then what was only counted. */
void findings_print_all(const struct xl_findings *findings);
/* An array: kinds with count, skipped, first; `all`: every finding kept under "at". */
void findings_json(struct json *json, const struct xl_findings *findings, bool all);
