/* scan.h: scan fails (V4-2007 STR with PSR, NMR, CNR, CDR, SSR) as one log per part and test. */
#pragma once

#include <xinlian/stdf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One failing bit. UINT64_MAX, UINT32_MAX: not recorded. */
struct xl_scan_fail {
    uint64_t cycle;             /* absolute: CYC_BASE + CYC_OFST */
    uint32_t pattern, bit;      /* PAT_NUM; BIT_BASE + BIT_POS */
    uint32_t pin, chain;        /* PMR index; chain number (index of its CDR) */
    uint8_t expected, captured; /* EXP_DATA, CAP_DATA; 255: not recorded */
    /* Never NULL, "" when unknown: the scan cell (CNR before CDR; the chain may be known by its output pin) and the pin's name for the test
     * generator (NMR), else its name (PMR). */
    const char *cell, *pin_name;
};

/* One execution of a scan test in one part: its STR and the continuations joined. */
struct xl_scan_log {
    uint64_t offset; /* of the first STR */
    uint32_t test_number;
    const char *test_name;
    uint8_t head, site, test_flag;
    const char *log_type;
    uint32_t pattern_set;  /* PSR_REF */
    uint64_t cycles_total; /* CYC_CNT */
    uint64_t fails_total;  /* TOTF_CNT: fails seen by the tester, logged or not */
    bool is_truncated;     /* fewer logged than seen */
    bool is_complete;      /* its last record was there */
    size_t fail_count;
    const struct xl_scan_fail *fails;
    size_t condition_count;
    const char *const *conditions; /* "NAME=value" */
    /* PMR indexes of the fail map and of the mask map (which stays in force until another one comes). */
    size_t fail_pin_count, mask_pin_count;
    const uint32_t *fail_pins, *mask_pins;
};

struct xl_scan_pattern {
    uint64_t begin, end; /* cycles */
    const char *file, *label;
};
struct xl_scan_set { /* PSR and its continuations */
    uint16_t index;
    const char *name;
    uint64_t first_cycle, first_pattern, first_bit; /* the number that the first one has: 0 or 1 */
    size_t pattern_count;
    const struct xl_scan_pattern *patterns;
};

/* Feed it every record of a stream (others than PMR, PSR, NMR, CNR, CDR, STR and PRR are passed over); it gives a log when one is
 * complete, or when it is seen that its end will not come. The log lives until the next call. */
struct xl_scan;
XL_API struct xl_scan *xl_scan_new(struct xl_findings *);
XL_API void xl_scan_free(struct xl_scan *);
XL_API const struct xl_scan_log *xl_scan_record(struct xl_scan *, const struct xl_stdf_record *);
/* At the end of the stream: the logs still open, one a call, then NULL. */
XL_API const struct xl_scan_log *xl_scan_end(struct xl_scan *);
/* Those seen so far, in order of their index. They live until the next call of xl_scan_record. */
XL_API size_t xl_scan_sets(const struct xl_scan *, const struct xl_scan_set **sets);

#ifdef __cplusplus
}
#endif
