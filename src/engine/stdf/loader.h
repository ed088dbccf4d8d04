/* loader.h: what the loader's files share: the directory of tests, the parts being tested, the sheets being filled.
 *
 * One load owns one `struct xl_loader`. Records are dispatched in loader.c; directory.c knows tests and columns; sheet.c makes
 * rows and groups; heading.c reads what is said once (MIR, bins, pins, wafers) and finishes the tables. */
#pragma once

#include <xinlian/parts.h>

#include "base/arena.h"

/* Ceilings: a sound file stays far below. What goes beyond is counted in the finding TOO_MANY. */
enum {
    LOADER_TESTS_MOST = 1 << 18,
    LOADER_COLUMNS_MOST = 1 << 20,
    LOADER_EXECUTIONS_MOST = 4096, /* of one test in one part */
    LOADER_OPEN_PARTS_MOST = 4096,
    LOADER_SHEETS_MOST = 512,
    LOADER_MARKS_MOST = 1 << 22,     /* of one part */
    LOADER_LIMIT_CHANGES_MOST = 256, /* kept for one test */
    LOADER_SUMMARIES_MOST = 1 << 16, /* PCR, HBR, SBR, PMR: of each */
    LOADER_ROWS_A_GROUP = 1 << 20,
};
#define LOADER_ROW_BYTES_MOST (UINT64_C(1) << 30) /* of all rows being filled */
#define LOADER_ATDF_MOST      (UINT64_C(2) << 30) /* bytes of STDF made from ATDF in memory */
#define LOADER_GROUP_BYTES    (UINT64_C(256) << 20)
enum { NO_COLUMN = UINT32_MAX, TRANSPOSED_ROWS = 16 };

struct test;

/* One spelling of a test in the file: (kind, number, text as recorded). Several may mean one test. Kept to one cache line, for every
 * test record touches it. */
struct alias {
    uint32_t number;
    uint8_t kind;
    uint16_t text_length;
    const uint8_t *text;
    struct test *test;
    struct alias *next;    /* which alias followed this one in a part, last time */
    struct alias *sibling; /* another one of the same test */
    const uint8_t *tail;   /* the bytes from OPT_FLAG on of the first record that had them */
    uint32_t tail_length;
    float low, high; /* the test's limits; NaN: none */
    uint32_t column; /* of the first execution (and pin) */
};
_Static_assert(sizeof(struct alias) <= 64, "an alias is one cache line");

/* A test as the whole file knows it. */
struct test {
    struct xl_test known; /* what the tables will say of it */
    uint32_t index;       /* in loader->tests */
    bool named_by_file;   /* false: every record's text was empty so far */
    struct alias *first_alias;
    struct test *same_number;    /* the first test of this kind and number */
    const uint16_t *pin_indexes; /* MPR: RTN_INDX of the first record */
    uint32_t pin_index_count;
    /* columns[execution * pin_capacity + pin]; NO_COLUMN where there is none yet. */
    uint32_t executions, pin_capacity;
    uint32_t *columns;
    uint32_t change_capacity;
    struct xl_limit_change *changes;
};

struct file_column {
    uint32_t test, pin, execution;
};

/* A part between its PIR and its PRR. Its results gather in one row over the file's columns. */
struct part {
    uint8_t head, site;
    bool is_open;
    bool is_outside;     /* no PIR: opened by a test record */
    bool scan_continues; /* the last STR said that more follow */
    bool is_repeating;   /* TEST_REPEATED was noted */
    struct sheet *sheet;
    uint64_t begin;
    int32_t touch;
    uint32_t executed;
    uint32_t first_fail; /* file column */
    struct alias *last;
    struct row *row;
};

/* The results of one part run; reused. */
struct row {
    struct row *next_free;
    uint32_t capacity, used; /* columns */
    float *values;           /* XL_MISSING beyond `used` */
    uint32_t test_capacity, tests_used;
    uint16_t *executions; /* of each test; 0 beyond tests_used */
    uint32_t mark_capacity, mark_count;
    struct xl_mark *marks; /* columns are the file's until the row joins its sheet */
};

/* A table being filled. */
struct sheet {
    uint32_t key;
    bool is_wafer, is_closed; /* WRR seen */
    uint8_t head, site_group;
    const char *wafer;
    int64_t start_time, finish_time;
    bool has_wrr;
    struct xl_part_count wrr;
    size_t named_first_wir, named_count_wir, named_first_wrr, named_count_wrr; /* in loader->named */
    uint32_t open_parts;

    uint32_t to_capacity;
    uint32_t *to_column; /* file column -> column of this table; NO_COLUMN */
    uint32_t column_count, column_capacity;
    uint32_t *columns; /* column of this table -> file column */
    uint32_t executed_capacity;
    uint64_t *executed;   /* test records seen, by test */
    uint64_t rows, parts; /* parts: rows with a PRR */
    bool has_groups;      /* some were handed over */

    struct group_under_way *group;
    struct row *pending[TRANSPOSED_ROWS];
    uint32_t pending_count;
};

struct xl_loader {
    struct arena *arena; /* everything the tables point to */
    struct xl_load_options options;
    struct xl_receiver receiver;
    struct xl_findings *findings;
    struct xl_stdf_reader *reader;
    struct xl_stdf_decoder *decoder;
    struct xl_error *error;
    bool failed; /* the receiver refused, or the caller cancelled */
    bool big_endian;

    /* Directory. */
    struct alias **slots; /* open addressing over aliases */
    uint32_t slot_count, alias_count;
    struct test **tests;
    uint32_t test_count, test_capacity;
    struct file_column *columns;
    uint32_t column_count, column_capacity;

    /* Parts: by head and site. */
    struct part **parts; /* 65,536 */
    uint32_t open_parts;
    uint32_t open_on_head[256];
    int32_t touch, touches;
    int32_t touch_of_head[256];
    int32_t ordinal;
    struct row *free_rows;
    uint64_t row_bytes;

    /* Sheets. */
    struct sheet **sheets;
    uint32_t sheet_count, sheet_capacity;
    struct sheet *loose; /* parts of no wafer */
    uint32_t rows_hint;  /* of the last group: the next one's first capacity */

    /* Heading: one value of each file. */
    struct heading *heading;

    uint64_t defaults_taken; /* by the million: told to `findings` once */
    uint64_t offset;         /* of the record being read */
};

/* Counts a finding at the record being read. */
#define loader_note(l, kind, length, ...) xl_findings_add((l)->findings, (kind), (l)->offset, (length), __VA_ARGS__)

/* directory.c */
/* The alias of a test record's text; makes the test when it is new. NULL past the ceiling. */
struct alias *directory_find(struct xl_loader *, enum xl_test_kind, uint32_t number, const uint8_t *text, uint32_t length);
/* The column of one execution and pin; NO_COLUMN past the ceiling. */
uint32_t directory_column(struct xl_loader *, struct test *, uint32_t pin, uint32_t execution);
/* What PTR and MPR say from OPT_FLAG on, with the rules of defaults. `tail` may be cut anywhere. */
void directory_tail(struct xl_loader *, struct alias *, const uint8_t *tail, uint32_t length, uint32_t pins /* MPR: RTN_ICNT */,
                    uint8_t parm_flag);

/* sheet.c */
struct sheet *sheet_new(struct xl_loader *);
void sheet_free(struct sheet *);
struct row *row_new(struct xl_loader *);
/* Room for column `column` and test `test` in the row; false past the ceiling. */
bool row_reach(struct xl_loader *, struct row *, uint32_t column, uint32_t test);
void row_mark(struct xl_loader *, struct part *, uint32_t column, uint8_t test_flag, uint8_t parm_flag, bool excluded, float value);
/* What PRR says of a part run. */
struct finished_part {
    uint64_t end;
    int32_t x, y, hard_bin, soft_bin, flags, tests;
    int64_t test_ms;
    const uint8_t *id, *text;
    uint32_t id_length, text_length;
};
/* Takes the part's row (may be NULL: no tests) into its sheet. */
void sheet_take(struct xl_loader *, struct sheet *, struct part *, const struct finished_part *);
/* Hands the group under way to the receiver. */
void sheet_hand_over(struct xl_loader *, struct sheet *);

/* heading.c */
void heading_new(struct xl_loader *, const char *source);
/* Any record that says something once: MIR, MRR, SDR, PCR, HBR, SBR, PMR, WIR, WRR, WCR, RDR, TSR. */
void heading_record(struct xl_loader *, const struct xl_stdf_record *);
/* The sheet that parts of this head and site belong to. */
struct sheet *heading_sheet(struct xl_loader *, uint8_t head, uint8_t site);
/* Notes what was missing, makes the tables and gives them to the receiver. */
void heading_finish(struct xl_loader *);
