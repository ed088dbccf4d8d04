/* wafer.h: lots and wafers from tables: retest policy, yield, bins, test statistics, maps.
 *
 * Tables of one lot, from any number of files, go into an `xl_lot`; it groups them by wafer, decides by one explicit policy which
 * run of each die counts, and everything else is computed over that choice. Formulas: AIAG, AEC-Q001; docs/architecture.md. */
#pragma once

#include <xinlian/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The lot ------------------------------------------------------------------------------------------------------ */

/* Which run of a die counts. */
enum xl_retest_pick {
    XL_RETEST_LAST,  /* the last run (default) */
    XL_RETEST_FIRST, /* the first run */
    XL_RETEST_BEST,  /* a passing run if there is one (the last such), else the last run */
    XL_RETEST_FAILS, /* a run replaces an earlier one only where that one failed */
    XL_RETEST_ALL,   /* every run is a part of its own */
};
/* How runs of one die are recognised. Never by site. A run that lacks what identifies (no XY, no PART_ID) is a part of its own. */
enum xl_retest_by {
    /* XY where it tells parts apart (on a wafer: more than one distinct XY; in final test: as PART_ID), else PART_ID where it does (at
     * least half of the runs have one of their own, and not several files count from 1), else XL_BY_ORDER where a retest file (RDR)
     * follows another, else XL_BY_FLAG, which leaves every unflagged run a part of its own. */
    XL_BY_AUTO,
    XL_BY_XY,
    XL_BY_PART_ID,
    XL_BY_FLAG,  /* only where PART_FLG bit 0 or 1 says that the run supersedes (by ID or XY) */
    XL_BY_ORDER, /* the n-th part of a retest file is the n-th retested-bin part of the file before */
};
struct xl_retest_policy {
    enum xl_retest_pick pick;
    enum xl_retest_by by;
};

/* Visible corrections of what the tester recorded wrongly; NULL, 0 and false: as recorded. */
struct xl_corrections {
    const char *lot, *wafer;
    const uint16_t *pass_bins;
    size_t pass_bin_count;
    int rotate;  /* degrees clockwise: 0, 90, 180, 270; of maps and zones: a die keeps its recorded coordinates */
    bool mirror; /* left and right exchanged, before rotating */
};

/* Which part runs are looked at: head and site (-1: all), hard bins (none: all), and a condition (NULL: none):
 *
 *     x >= 10 and hard_bin in (3, 5..9) and t1000 < 0.5 and not passed
 *
 * Columns of a run: x, y, head, site, hard_bin (bin), soft_bin, flags, test_ms, touch, tests, ordinal, run (1: the die's first), runs,
 * passed, failed, abnormal, part_id, part_text, lot, sublot, wafer, source. Results: t1000, t1000["name"], t1000["name"][pin],
 * test("name"), test(1000, "name", pin): the last execution that counts, of the first pin (0); failed(t1000). Operators: or, and, not, = !=
 * < <= > >=, in (1, 3..5), ~ "text with * and ?", is missing, is not missing, + - * / % & (bits). A comparison with a missing value is
 * neither true nor false, and a run is kept only where the whole is true. Applied after it is known which runs are of one die, before one
 * is chosen. NULL when it does not parse: "filter_syntax", "filter_type", "filter_unknown_name", "filter_too_long"; the place names the
 * column. */
struct xl_filter;
XL_API struct xl_filter *xl_filter_new(int head, int site, const uint16_t *hard_bins, size_t bin_count, const char *where,
                                       struct xl_error *);
XL_API void xl_filter_free(struct xl_filter *);

struct xl_lot;
struct xl_lot_options {
    struct xl_retest_policy policy;
    struct xl_corrections corrections; /* texts and lists are copied */
    const struct xl_filter *filter;    /* must outlive the lot */
    enum xl_test_key key;              /* what makes two tables' tests one: as the tables were loaded */
};
XL_API struct xl_lot *xl_lot_new(const struct xl_lot_options *);
XL_API void xl_lot_free(struct xl_lot *);
/* The table must outlive the lot. Tables are ordered by start time, then source name, then raw hash, whatever the order of adding; where
 * a start time is missing, retest files (RDR) come after the others. The same parts from a file given twice
 * (whatever its container) count once. */
XL_API void xl_lot_add(struct xl_lot *, const struct xl_table *);
/* Groups tables by wafer (final test: by sublot) and test code, and applies the policy. Call once, after the last table. Fails when
 * the filter names a test that no table has ("filter_test_unknown"), or past 2^32 runs of a wafer ("too_many_runs"). */
XL_API bool xl_lot_build(struct xl_lot *, struct xl_error *);
/* Tables to lots: a key, equal for tables of one lot and test code (where the lot is unknown: of one product and day; where the product
 * is unknown too: of one source). For comparing, not for people. Returns the length, as snprintf. */
XL_API size_t xl_lot_key(const struct xl_table *, const struct xl_corrections *, char *out, size_t size);

/* One run of a part: a row of a table. */
struct xl_run {
    uint32_t table;
    uint32_t group;
    uint32_t at;
};
/* Bits of xl_wafer.run_marks. */
enum {
    XL_RUN_PASSED = 1,
    XL_RUN_BY_BIN = 2,   /* the part has no verdict of its own: its bin decided */
    XL_RUN_CHOSEN = 4,   /* the run that counts for its die */
    XL_RUN_ABNORMAL = 8, /* PART_FLG bit 2 */
};
struct xl_die {
    int32_t x, y; /* as the chosen run recorded them (rotate and mirror act on how maps are drawn); XL_NO_COORDINATE: none */
    uint32_t first_run, run_count; /* its runs, oldest first, in the wafer's `runs` */
    uint32_t chosen;               /* the run that counts, index into `runs` */
    bool first_passed, passed;     /* of the first run, of the chosen run */
};
/* How the policy came to its choice: what --explain tells. */
struct xl_account {
    uint64_t filtered;     /* finished runs that the filter took out */
    uint64_t unfinished;   /* begun and never finished (PIR without PRR); in no figure but `aborted` */
    uint64_t outside;      /* rows of tests outside any part; in no figure */
    uint64_t abnormal;     /* PART_FLG bit 2 */
    uint64_t by_bin;       /* runs decided by bin, for they have no verdict */
    uint64_t replaced;     /* runs that do not count, because another run of the same die does */
    uint64_t flagged;      /* runs whose PART_FLG says that they supersede */
    uint64_t unflagged;    /* retests that PART_FLG does not flag: recognised by the policy alone */
    uint64_t moved;        /* retests on another site than the run before */
    uint64_t unidentified; /* runs without what identifies a die: each a part of its own */
    uint64_t duplicates;   /* tables left out, for the same raw file was added twice */
};
struct xl_wafer {
    const char *name;               /* "" for final test */
    const char *sublot, *test_code; /* of final test: what tells groups apart; of a wafer: of its first table */
    bool is_wafer;
    size_t table_count;
    const uint32_t *tables; /* indexes for xl_lot_table, in the order in which they ran */
    size_t run_count;
    const struct xl_run *runs; /* finished runs that the filter keeps, die by die */
    const uint8_t *run_marks;  /* one for each run: XL_RUN_ bits */
    size_t die_count;
    const struct xl_die *dice; /* in order of first test */
    enum xl_retest_by by;      /* what XL_BY_AUTO became */
    struct xl_account account;
    struct xl_wafer_config config;
};
XL_API size_t xl_lot_wafers(const struct xl_lot *);
XL_API const struct xl_wafer *xl_lot_wafer(const struct xl_lot *, size_t index);
XL_API size_t xl_lot_tables(const struct xl_lot *);
XL_API const struct xl_table *xl_lot_table(const struct xl_lot *, size_t index);
XL_API const char *xl_lot_name(const struct xl_lot *);                         /* after corrections; "" when unknown */
XL_API struct xl_account xl_lot_account(const struct xl_lot *, int64_t wafer); /* XL_ALL_WAFERS: of all */
XL_API const struct xl_lot_options *xl_lot_settings(const struct xl_lot *);

/* Tests of the lot: tables of one program share them; a test is (kind, number, name), or as xl_lot_options.key says. A test without a
 * name joins the first of its kind and number. */
struct xl_lot_test {
    const struct xl_test *test; /* as its first table describes it */
    bool limits_differ;         /* another table has other limits, or they change inside one */
};
XL_API size_t xl_lot_tests(const struct xl_lot *);
XL_API const struct xl_lot_test *xl_lot_test(const struct xl_lot *, size_t index);
/* The test of that number (and name, when not NULL); SIZE_MAX when there is none. */
XL_API size_t xl_lot_find_test(const struct xl_lot *, uint32_t number, const char *name);

/* ---- Yield and bins ----------------------------------------------------------------------------------------------- */

struct xl_yield {
    uint64_t runs, parts;          /* finished part runs; parts (dice) after the policy */
    uint64_t first_parts;          /* parts whose first run is counted here: `parts`, but by site */
    uint64_t first_passed, passed; /* parts whose first run passed (of first_parts); whose chosen run passed (of parts) */
    uint64_t retested, recovered;  /* parts run more than once; of them failed first and passed in the end */
    uint64_t aborted;              /* part runs with PART_FLG bit 2 or never finished */
};
enum { XL_ALL_WAFERS = -1 };
XL_API struct xl_yield xl_yield_of(const struct xl_lot *, int64_t wafer);
/* By site: runs by their own site, first_parts and first_passed by the first run's, the rest by the chosen run's. In order of head, site.
 * By zone of the wafer: ring (to half of the radius, to 4/5 of it, beyond) and quadrant as the map is drawn, "edge top-left"; only zones
 * with dice, from the middle out; none for final test. Zones are N_() words: show them by xl_words. */
struct xl_yield_row {
    int32_t head, site;
    const char *zone;
    struct xl_yield yield;
};
XL_API size_t xl_yield_sites(const struct xl_lot *, int64_t wafer, const struct xl_yield_row **rows);
XL_API size_t xl_yield_zones(const struct xl_lot *, int64_t wafer, const struct xl_yield_row **rows);

struct xl_pareto_row {
    uint32_t number;
    const char *name;
    bool passes;                 /* bin, or index of the lot's test; bin 65535: none recorded */
    uint64_t first_count, count; /* in first runs, in chosen runs */
};
/* Most frequent first. The lists belong to the lot. */
XL_API size_t xl_pareto_bins(const struct xl_lot *, int64_t wafer, bool soft, const struct xl_pareto_row **rows);
XL_API size_t xl_pareto_first_fails(const struct xl_lot *, int64_t wafer, const struct xl_pareto_row **rows);
/* True when nine of ten failing runs have no result in any test after their first failing test, though passing runs have: the program
 * stops on fail, and later tests saw survivors only. Looks at 1,024 failing runs at most, spread over the lot. */
XL_API bool xl_stops_on_fail(const struct xl_lot *);
/* Where the tester's own counts disagree with the parts of the same raw file (all its finished runs, whatever the filter and the
 * pass bins). `record` "WRR", "PCR", "HBR", "SBR"; `what` "parts", "good", "aborted", "retested" or "bin 3". */
struct xl_disagreement {
    const char *record;
    int64_t wafer;      /* of WRR; XL_ALL_WAFERS: counts of the whole file */
    int32_t head, site; /* head 255: all sites; site -1 (WRR): as head says */
    const char *what;
    uint64_t recorded, counted;
    const char *source;
};
XL_API size_t xl_disagreements(const struct xl_lot *, const struct xl_disagreement **rows);

/* ---- Test statistics ---------------------------------------------------------------------------------------------- */

/* Of which runs: the policy's choice, the passing ones of these, the first runs, every finished run. */
enum xl_population { XL_CHOSEN_PARTS, XL_PASSING_PARTS, XL_FIRST_TOUCH, XL_ALL_RUNS };
/* Of a test executed more than once in a run (for each pin): the last result that counts, the first that counts, or all. */
enum xl_executions { XL_LAST_EXECUTION, XL_FIRST_EXECUTION, XL_ALL_EXECUTIONS };

struct xl_statistics {
    uint64_t n;                 /* finite values counted */
    uint64_t excluded;          /* results marked invalid and the like, and values not finite */
    uint64_t fails;             /* results the tester marked as failed; a failed MPR is one, on its first pin outside the limits */
    double mean, sd, sd_within; /* sd: n-1, overall; sd_within: pooled within wafers (equal to sd for one wafer); NaN below two values */
    double minimum, p01, q1, median, q3, p99, maximum; /* NaN without values */
    double robust_sigma;                               /* (q3 - q1) / 1.35 (AEC-Q001) */
    double skewness, kurtosis; /* sample skewness G1; excess kurtosis G2 (as Excel, SAS, pandas); NaN without spread */
    /* AIAG. (high - low) / 6 sd, and the least of (high - mean) / 3 sd and (mean - low) / 3 sd that exist. With sd_within; NaN where a
     * limit is missing (cp) or both are (cpk), where the low limit is above the high one, and without spread. */
    double cp, cpk;
    double pp, ppk;  /* the same with sd */
    float low, high; /* the limits used: of the test's first table; NaN: none */
};
struct xl_statistics_options {
    enum xl_population population;
    enum xl_executions executions;
    int64_t wafer;    /* XL_ALL_WAFERS */
    int32_t site;     /* -1: all */
    int64_t pin;      /* -1: all pins of an MPR together */
    bool spec_limits; /* Cp.. by LO_SPEC, HI_SPEC */
    bool quantiles;   /* exact selection; false: they are NaN, and the call is faster */
};
/* FTR and STR count as 0 (passed) and 1 (failed). */
XL_API struct xl_statistics xl_statistics_of(const struct xl_lot *, size_t test, const struct xl_statistics_options *);
/* All tests at once, on all cores: `out` has xl_lot_tests rows. */
XL_API void xl_statistics_all(const struct xl_lot *, const struct xl_statistics_options *, struct xl_statistics *out);
/* The values themselves, in order of wafer and die: for histograms, maps, trends. malloc'ed; free with free(). `dies` (may be
 * NULL) gets the die's index within its wafer, `wafers` the wafer's. */
XL_API size_t xl_values_of(const struct xl_lot *, size_t test, const struct xl_statistics_options *, float **values, uint32_t **dies,
                           uint32_t **wafers);
/* Exact quantiles by selection (type 7, as R and numpy). `q` in 0..1; n >= 1; values without NaN. Several at once cost little more than
 * one. */
XL_API double xl_quantile(const float *values, size_t n, double q);
XL_API void xl_quantiles(const float *values, size_t n, const double *q, size_t count, double *out);

/* ---- Wafer maps --------------------------------------------------------------------------------------------------- */

enum xl_map_kind { XL_MAP_HARD_BIN, XL_MAP_SOFT_BIN, XL_MAP_PASS, XL_MAP_TEST, XL_MAP_SITE, XL_MAP_TOUCH, XL_MAP_RUNS, XL_MAP_STACK };
struct xl_map_options {
    enum xl_map_kind kind;
    size_t test;
    int64_t pin;      /* XL_MAP_TEST; pin: position in an MPR's results (-1: the first) */
    int64_t wafer;    /* XL_ALL_WAFERS with XL_MAP_STACK: fails at each XY over the lot's wafers */
    bool first_touch; /* first runs instead of the chosen ones */
};
/* What the colours of a map of bins, verdicts, sites or runs mean, in the order of a legend. */
struct xl_map_legend {
    float value;
    const char *name;
    uint64_t count;
    uint32_t rgb;
    bool passes;
};

/* A grid as one looks at the wafer: row 0 at the top, column 0 at the left. POS_X and POS_Y say which way the coordinates grow (right
 * and down where the file does not say, as probers count), WF_FLAT where the notch is; then the corrections: mirrored, then rotated.
 * Normally column c, row r stands for x = left_x + c * step_x, y = top_y + r * step_y. With `axes_exchanged` (rotated by 90 or 270)
 * columns run along Y: x = left_x + r * step_x, y = top_y + c * step_y. */
struct xl_map {
    enum xl_map_kind kind;
    uint32_t columns, rows;
    int32_t left_x, top_y;  /* recorded coordinates of cell (0, 0) */
    int32_t step_x, step_y; /* +1 or -1 */
    bool axes_exchanged;
    bool directions_known;       /* POS_X and POS_Y are recorded */
    char notch;                  /* as drawn: U D L R, ' ' unknown */
    double cell_aspect;          /* width / height of a die as drawn: by DIE_WID and DIE_HT, else what makes the wafer round, else 1 */
    const float *values;         /* rows x columns; bin, 0/1, value, count...; NaN: no die there */
    const uint32_t *dice;        /* index of the die; UINT32_MAX: none. NULL for XL_MAP_STACK */
    float low, high;             /* least and greatest value, NaN when the map is empty */
    float low_shade, high_shade; /* the colour scale's ends: 1st and 99th percentile, for one wild value should not grey out the rest */
    float low_limit, high_limit; /* XL_MAP_TEST; NaN: none */
    const char *title;           /* "LOT7 / W03: hard bin"; in the language of the thread that made the map */
    const char *units;
    int scale;                          /* XL_MAP_TEST: the unit that values are shown in, after xl_test_unit: shown = value * 10^scale */
    uint64_t placed, covered, unplaced; /* dice in the map; hidden by a later one on the same cell; without (believable) coordinates */
    size_t legend_count;
    const struct xl_map_legend *legend; /* for all kinds but XL_MAP_TEST, XL_MAP_TOUCH and XL_MAP_STACK */
};
/* Fails with "map_without_coordinates" when no die has any, "wafer_unknown", "test_unknown", "map_too_large". */
XL_API struct xl_map *xl_map_new(const struct xl_lot *, const struct xl_map_options *, struct xl_error *);
XL_API void xl_map_free(struct xl_map *);

enum xl_picture { XL_PICTURE_PNG, XL_PICTURE_SVG };
/* A picture with title, axes, notch and legend, in the thread's language. `width` in pixels (0: fitting). */
XL_API bool xl_map_draw(const struct xl_map *, enum xl_picture, uint32_t width, struct xl_sink, struct xl_error *);
/* For a terminal: `colours` 0 (plain), 16, 256 or 16777216; `columns` of text at most (0: 80). */
XL_API bool xl_map_print(const struct xl_map *, uint32_t colours, uint32_t columns, struct xl_sink, struct xl_error *);
XL_API bool xl_map_json(const struct xl_map *, struct xl_sink, struct xl_error *);

/* One self-contained HTML page of a lot: facts, yield, maps, paretos, tests with histograms (worst Cpk first), findings; in the thread's
 * language. It opens without a network, reads without JavaScript (the large map aside), on a phone and on paper. About 1 kB a test and 10
 * kB a wafer of 2,000 dice. Options NULL: the runs that count, last executions, all tests. Fails only when the sink does. */
struct xl_report_options {
    enum xl_population population;
    enum xl_executions executions;
    size_t most_tests; /* 0: all */
};
XL_API bool xl_report(const struct xl_lot *, const struct xl_report_options *, struct xl_sink, struct xl_error *);

#ifdef __cplusplus
}
#endif
