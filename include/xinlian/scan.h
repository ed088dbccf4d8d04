/* scan.h: scan fails (V4-2007 STR with PSR, NMR, CNR, CDR, SSR) as one log per part and test. */
#pragma once

#include <xinlian/stdf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One failing bit. UINT64_MAX, UINT32_MAX: not recorded. */
struct xl_scan_fail {
    uint64_t cycle;             /* absolute: CYC_BASE + CYC_OFST */
    uint32_t pattern, bit;      /* PAT_NUM; BIT_POS (with BIT_BASE) */
    uint32_t pin, chain;        /* PMR index; chain number */
    uint8_t expected, captured; /* EXP_DATA, CAP_DATA; 255: not recorded */
    const char *cell, *pin_name;    /* from CNR, CDR and NMR/PMR; "" when unknown */
};
struct xl_scan_log {            /* one test execution of one part: its STR and continuations joined */
    uint64_t offset;            /* of the first STR */
    uint32_t test_number; const char *test_name;
    uint8_t head, site, test_flag;
    const char *log_type;
    uint32_t pattern_set;       /* PSR_REF */
    uint64_t fails_total;       /* TOTF_CNT: fails seen by the tester, logged or not */
    bool is_truncated;          /* fewer logged than seen */
    size_t fail_count; const struct xl_scan_fail *fails;
    size_t condition_count; const char *const *conditions;  /* "NAME=value" */
};
struct xl_scan_set { uint16_t index; const char *name; size_t pattern_count; const struct xl_scan_pattern { uint64_t begin, end; const char *file, *label; } *patterns; };

/* Feed it every record of a stream; it gives a log when one is complete. The log lives until the next call. */
struct xl_scan;
XL_API struct xl_scan *xl_scan_new(struct xl_findings *);
XL_API void xl_scan_free(struct xl_scan *);
XL_API const struct xl_scan_log *xl_scan_record(struct xl_scan *, const struct xl_stdf_record *);
XL_API const struct xl_scan_log *xl_scan_end(struct xl_scan *);     /* a log still open at the end, else NULL */
XL_API size_t xl_scan_sets(const struct xl_scan *, const struct xl_scan_set **sets);

#ifdef __cplusplus
}
#endif
