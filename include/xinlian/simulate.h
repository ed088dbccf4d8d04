/* simulate.h: realistic test data from a seed: the project's own source of samples. */
#pragma once

#include <xinlian/stdf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Spatial signatures laid over the wafers, after the classes of WM-811K. */
enum xl_signature {
    XL_SIGNATURE_NONE,
    XL_SIGNATURE_CENTER,
    XL_SIGNATURE_DONUT,
    XL_SIGNATURE_EDGE_RING,
    XL_SIGNATURE_EDGE_LOC,
    XL_SIGNATURE_LOC,
    XL_SIGNATURE_SCRATCH,
    XL_SIGNATURE_RANDOM,
    XL_SIGNATURE_MIXED, /* another one per wafer */
};
/* Which touches of the lot the file holds. Two files of the same settings but this belong together. */
enum xl_simulated_pass {
    XL_PASS_BOTH,   /* first touches and, at the end of each wafer, retests */
    XL_PASS_FIRST,  /* first touches alone */
    XL_PASS_RETEST, /* the retests alone, a day later: a retest file (RDR), whose parts carry no flag that they supersede others */
};
/* Chosen breaches of the format, to be set as bits. */
enum {
    XL_BREAK_ZEROS = 1,    /* 4,096 zero bytes amid the records */
    XL_BREAK_LENGTH = 2,   /* one REC_LEN too long: everything after is out of phase */
    XL_BREAK_CUT = 4,      /* the file ends inside a record, without MRR */
    XL_BREAK_PADDING = 8,  /* vendor padding after the last field of every PRR */
    XL_BREAK_ORPHANS = 16, /* test records outside parts, PRR without PIR, a PIR never closed */
    XL_BREAK_COUNTS = 32,  /* WRR, PCR and HBR that disagree with the parts */
    XL_BREAK_TEXT = 64,    /* GB18030 and control bytes in texts */
    XL_BREAK_FLAGS = 128,  /* invalid results, junk in fields called invalid, OPT_FLAG bit 1 = 0 */
};
struct xl_simulation {
    uint64_t seed;
    uint32_t wafers; /* 0: a final-test lot without wafers */
    uint32_t parts;  /* dice a wafer (a round wafer of about so many), or parts of the final-test lot */
    uint32_t tests;  /* parametric tests */
    uint32_t functional_tests, pin_tests, pins, scan_tests; /* FTR, MPR (of `pins` pins), STR with PSR/NMR/CNR/CDR/SSR */
    uint32_t sites;
    double yield;  /* aimed at, first touch: 0..1 */
    double retest; /* part of the failing dice that is touched again: 0..1 */
    enum xl_signature signature;
    enum xl_simulated_pass pass;
    bool short_records; /* after the first of a test, records end behind the test's name; false: limits in every PTR */
    bool bare_records;  /* after the first of a test, records end behind the result: not even the name */
    bool grade_bins;    /* passing dice are sorted by speed into hard bins 1 and 2, both passing */
    bool stop_on_fail;
    bool big_endian;
    bool every_record;         /* also ATR, VUR, RDR, PGR, PLR, BPS, EPS, GDR, DTR, unknown records, and every field of MIR */
    uint32_t breaks;           /* XL_BREAK_ bits */
    uint64_t most_bytes;       /* stop (cleanly) after about so many bytes; 0: no limit */
    const char *lot, *product; /* NULL: invented from the seed */
    int64_t start_time;        /* seconds since 1970 */
};
/* Sound defaults: a lot of 2 wafers of 500 dice with 100 tests. */
XL_API struct xl_simulation xl_simulation_default(void);
/* One STDF stream. The same settings give the same bytes, on every machine. Memory is bounded by one wafer's dice, tests x sites, and
 * a touch-down; the length of the stream is not bounded. Fails with "simulation_setting" when a setting is out of range, and
 * with the sink's own error. */
XL_API bool xl_simulate(const struct xl_simulation *, struct xl_sink, struct xl_error *);

#ifdef __cplusplus
}
#endif
