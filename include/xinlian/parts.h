/* parts.h: the part model: what one raw file says of each part, as columns.
 *
 * One `xl_table` is one wafer, or one final-test sublot, of one raw file: a row for every part run (PIR..PRR), a FLOAT column
 * for every test result. The loader makes tables from STDF; the store keeps them as Parquet and maps them back. */
#pragma once

#include <xinlian/stdf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Values ------------------------------------------------------------------------------------------------------- */

/* The one bit pattern that means "no such result": a cell that no test wrote. A real NaN result that happens to have it is kept as
 * XL_REAL_NAN_BITS. Only results that count are in the columns: an excluded one is XL_MISSING there and stands, with its
 * value and flags, in the row's marks. */
#define XL_MISSING_BITS  UINT32_C(0xffffffff)
#define XL_REAL_NAN_BITS UINT32_C(0xfffffffe)
static inline bool xl_is_missing(float value)
{
    union {
        float f;
        uint32_t u;
    } v;
    v.f = value;
    return v.u == XL_MISSING_BITS;
}

/* A result that is not a plain pass: TEST_FLG not 0, or any of PARM_FLG bits 0-5. In the order of execution; 12 bytes, little endian
 * in the store. A failed part's first mark with XL_TEST_FAILED is its first failing test. */
struct xl_mark {
    uint32_t column;
    uint8_t test_flag, parm_flag;
    uint8_t is_excluded; /* 1: the value is not in the column, for the flags say it does not count */
    uint8_t zero;
    float value; /* RESULT as recorded; XL_MISSING for FTR and STR */
};
enum {
    XL_TEST_ALARM = 1,
    XL_TEST_INVALID = 2,
    XL_TEST_UNRELIABLE = 4,
    XL_TEST_TIMEOUT = 8,
    XL_TEST_NOT_EXECUTED = 16,
    XL_TEST_ABORTED = 32,
    XL_TEST_NO_VERDICT = 64,
    XL_TEST_FAILED = 128,
};

/* ---- Tests and columns -------------------------------------------------------------------------------------------- */

enum xl_test_kind { XL_TEST_PTR, XL_TEST_MPR, XL_TEST_FTR, XL_TEST_STR };

/* How test records are told apart: number and name (default), number alone, name alone. Always by record kind too. */
enum xl_test_key { XL_KEY_BOTH, XL_KEY_NUMBER, XL_KEY_NAME };

struct xl_limit_change {
    uint64_t offset;  /* of the first record with these limits */
    uint32_t row;     /* part runs finished in the file before it */
    uint64_t results; /* how many results carried them */
    float low, high;  /* NaN: no such limit */
};

struct xl_test {
    enum xl_test_kind kind;
    uint32_t number;
    const char *name;                           /* UTF-8, trimmed; "" when the file gives none */
    const char *units;                          /* base units, trimmed: "V" */
    const char *result_format;                  /* C_RESFMT as recorded; never handed to printf */
    int8_t result_scale, low_scale, high_scale; /* displayed = value * 10^scale */
    bool limits_known;                          /* false: the file never said (not the same as "no limit") */
    float low, high;                            /* limits in base units; NaN: none */
    float low_spec, high_spec;                  /* NaN: none */
    bool low_inclusive, high_inclusive;         /* PARM_FLG bits 6, 7 of the first record: equal to the limit passes */
    uint32_t change_count;
    const struct xl_limit_change *changes; /* other limits seen, in file order; mostly none */
    uint64_t executed;                     /* test records seen */
    uint32_t column_count;                 /* its columns, in order of (pin, execution) */
    const uint32_t *columns;               /* indexes into the table's columns */
};

struct xl_column {
    uint32_t test;        /* index into the table's tests */
    uint32_t pin;         /* MPR: position in the array of results, from 0; else 0 */
    uint32_t pin_index;   /* PMR index, 0 when unknown */
    const char *pin_name; /* logical, else physical, else channel name of that PMR; "" when unknown */
    uint32_t execution;   /* 0 for the first execution in a part, 1 for the second ... */
};

/* ---- Parts -------------------------------------------------------------------------------------------------------- */

struct xl_bytes {
    const uint8_t *bytes;
    uint32_t length;
};

/* Columns of a part run, beside its results: PART_COLUMN(C type, name, what). This list is also the store's. */
#define XL_PART_COLUMNS(PART_COLUMN)                                                                                                       \
    PART_COLUMN(int32_t, ordinal, "Part run in the file, from 0, in the order of PRR; -1: XL_PART_OUTSIDE")                                \
    PART_COLUMN(int32_t, head, "HEAD_NUM")                                                                                                 \
    PART_COLUMN(int32_t, site, "SITE_NUM")                                                                                                 \
    PART_COLUMN(int32_t, x, "X_COORD; -32768: none")                                                                                       \
    PART_COLUMN(int32_t, y, "Y_COORD; -32768: none")                                                                                       \
    PART_COLUMN(int32_t, hard_bin, "HARD_BIN as recorded; above 32767: invalid")                                                           \
    PART_COLUMN(int32_t, soft_bin, "SOFT_BIN as recorded; 65535: none")                                                                    \
    PART_COLUMN(int32_t, flags, "PART_FLG, and from bit 8 the XL_PART_ bits below")                                                        \
    PART_COLUMN(int32_t, tests, "NUM_TEST as recorded")                                                                                    \
    PART_COLUMN(int32_t, executed, "Test records seen")                                                                                    \
    PART_COLUMN(int64_t, test_ms, "TEST_T in milliseconds; 0: none")                                                                       \
    PART_COLUMN(int32_t, touch, "Touch-down, from 0: parts that were open together share one")                                             \
    PART_COLUMN(int32_t, first_fail, "Column of the first failing test; -1: none")                                                         \
    PART_COLUMN(int64_t, begin, "Offset of PIR (of PRR where there is none) in the uncompressed file")                                     \
    PART_COLUMN(int64_t, end, "Offset after PRR")                                                                                          \
    PART_COLUMN(struct xl_bytes, part_id, "PART_ID, UTF-8")                                                                                \
    PART_COLUMN(struct xl_bytes, part_text, "PART_TXT, UTF-8")                                                                             \
    PART_COLUMN(struct xl_bytes, marks, "xl_mark array: results that are no plain pass")

enum {
    XL_PART_SUPERSEDES_ID = 1,
    XL_PART_SUPERSEDES_XY = 2,
    XL_PART_ABNORMAL = 4,
    XL_PART_FAILED = 8,
    XL_PART_NO_VERDICT = 16,
    XL_PART_NO_PIR = 1 << 8,     /* PRR without PIR */
    XL_PART_UNFINISHED = 1 << 9, /* no PRR: counted in no yield */
    XL_PART_OUTSIDE = 1 << 10,   /* no PIR either (UNFINISHED is set too): a row of tests outside any part; no part run at all */
};
enum { XL_NO_COORDINATE = -32768, XL_NO_BIN = 65535 };

/* Rows of a table that stand together in memory (a Parquet row group). Every part column has `rows` values. `values[c]` has
 * `rows` floats, 64-byte aligned, or is NULL when no row of the group has a result in column c. */
struct xl_part_group {
    uint32_t rows;
#define PART_COLUMN(type, name, what) const type *name;
    XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
    const float *const *values;
};

/* ---- The table ---------------------------------------------------------------------------------------------------- */

struct xl_bin {
    uint16_t number;
    uint8_t head, site; /* head 255: of all sites */
    char pass;          /* 'P', 'F', ' ' */
    const char *name;   /* UTF-8 */
    uint32_t count;     /* as the tester recorded it */
};
struct xl_part_count {  /* PCR; UINT32_MAX: missing */
    uint8_t head, site; /* head 255: of all sites */
    uint32_t parts, retested, aborted, good, functional;
};
struct xl_pin {
    uint16_t index;
    uint8_t head, site;
    const char *name, *channel, *physical;
};
struct xl_named {
    const char *name, *value;
}; /* "MIR.OPER_NAM": "…" as text, UTF-8 */

struct xl_wafer_config { /* WCR; zeros, ' ' and XL_NO_COORDINATE: not recorded */
    float wafer_size, die_height, die_width;
    uint8_t units; /* 1 inch, 2 cm, 3 mm, 4 mil */
    char flat;     /* notch or flat: U D L R */
    int16_t center_x, center_y;
    char positive_x, positive_y; /* L R, U D */
};

struct xl_table {
    /* Whose and what: UTF-8, "" when unknown. */
    const char *source;  /* name of the raw file as it was given */
    char raw_sha256[65]; /* of the raw file as kept, hex; "" outside a store */
    const char *lot, *sublot, *wafer, *product, *test_code, *program, *program_revision, *tester, *tester_type, *operator_name,
        *temperature;
    bool is_wafer;                               /* false: final test, no WIR/WRR covers these parts */
    int64_t setup_time, start_time, finish_time; /* seconds since 1970 on the tester's wall clock (zone unknown); 0: missing */
    bool big_endian;
    bool is_retest;
    size_t retest_bin_count;
    const uint16_t *retest_bins; /* RDR; no bins: all */
    struct xl_wafer_config config;
    size_t named_count;
    const struct xl_named *named; /* every field of MIR, MRR, SDR, WIR, WRR that is present */
    bool has_wrr;
    struct xl_part_count wrr;
    size_t count_count;
    const struct xl_part_count *counts; /* PCR */
    size_t hard_bin_count;
    const struct xl_bin *hard_bins; /* HBR */
    size_t soft_bin_count;
    const struct xl_bin *soft_bins; /* SBR */
    size_t pin_count;
    const struct xl_pin *pins;

    size_t test_count;
    const struct xl_test *tests; /* in order of first execution */
    size_t column_count;
    const struct xl_column *columns;

    uint64_t rows;
    size_t group_count;
    const struct xl_part_group *groups;
    const struct xl_findings *findings; /* of the whole raw file, the same for all its tables */
};

/* A plain name for a column: "P1000_Icc", "M12_leak[0:PA3]", "F77_scan", "P1000_Icc#2". Returns its length. */
XL_API size_t xl_column_name(const struct xl_table *, uint32_t column, char *out, size_t size);
/* The names of all columns, made unique whatever their (ASCII) case: a name that came before gets "~" and its column's number. One
 * malloc'ed block; free with free(). */
XL_API char **xl_column_names(const struct xl_table *);
/* Which row stands where. */
XL_API void xl_table_locate(const struct xl_table *, uint64_t row, size_t *group, uint32_t *at);
/* True/false when the part passed; by PART_FLG, else by the bins' pass marks (hard, then soft), else hard bin 1. `pass_bins` (when count
 * > 0) overrides all of it. `*by_bin` (may be NULL) tells that no mark decided. */
XL_API bool xl_part_passed(const struct xl_table *, const struct xl_part_group *, uint32_t at, const uint16_t *pass_bins, size_t count,
                           bool *by_bin);

/* ---- Loading ------------------------------------------------------------------------------------------------------ */

/* Takes tables as they grow, so that a file of any size loads in bounded memory. Called from the loading thread; group memory
 * passes to the receiver, which frees it by xl_group_free (from any thread). */
struct xl_receiver {
    /* A full group of a table that will have more; column indexes are those of the finished table. `key` tells open tables apart. */
    bool (*group)(void *context, uint32_t key, struct xl_part_group *, uint32_t column_count, struct xl_error *);
    /* A finished table (its `groups` are empty here: they went before). It and all it points to live until the loader is freed. */
    bool (*table)(void *context, uint32_t key, struct xl_table *, struct xl_error *);
    void *context;
};
XL_API void xl_group_free(struct xl_part_group *);

struct xl_load_options {
    enum xl_test_key key;
    uint64_t group_bytes; /* a group is handed over when its columns hold this much; 0: 256 MiB */
    struct xl_progress progress;
};

struct xl_loader;
/* Loads the current entry of `input` (STDF or ATDF, known by content). NULL options: the defaults. The loader owns what the tables point
 * to. */
XL_API struct xl_loader *xl_load(struct xl_input *, const struct xl_load_options *, struct xl_receiver, struct xl_error *);
XL_API void xl_loader_free(struct xl_loader *);

/* The simple way: all tables of one entry in memory. */
struct xl_tables {
    size_t count;
    struct xl_table *const *at;
    const struct xl_findings *findings;
    void (*release)(struct xl_tables *); /* how xl_tables_free frees them: in memory or mapped */
};
XL_API struct xl_tables *xl_tables_load(struct xl_input *, const struct xl_load_options *, struct xl_error *);
XL_API void xl_tables_free(struct xl_tables *);

#ifdef __cplusplus
}
#endif
