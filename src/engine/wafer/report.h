/* report.h: the parts of a lot's report page. */
#pragma once

#include <xinlian/wafer.h>

#include "base/out.h"

struct report {
    const struct xl_lot *lot;
    const struct xl_report_options *options;
    struct out *out;
};

/* Yield by wafer, site and zone; where the tester's counts disagree. */
void report_yields(const struct report *);
/* Bins and first failing tests, most frequent first. */
void report_paretos(const struct report *);
/* The gallery, the large map, and as JSON (data) what the script needs. False when a map cannot be made, except for want of coordinates. */
struct report_maps;
struct report_maps *report_maps_new(const struct report *, struct xl_error *);
void report_maps_free(struct report_maps *);
void report_maps_show(const struct report *, const struct report_maps *);
void report_maps_data(const struct report *, const struct report_maps *);
/* The table of tests, worst first. */
void report_tests(const struct report *);
/* What was noticed in the files. */
void report_findings(const struct report *);

/* "the last run of each die counts, dice recognised by X and Y" */
const char *report_policy_words(enum xl_retest_pick);
const char *report_by_words(enum xl_retest_by);
const char *report_population_words(enum xl_population);
/* The raw file's name without its folders: a report is sent to others. */
const char *report_source(const struct xl_table *);
