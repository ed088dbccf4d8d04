/* filter_parse.h: what the --where language becomes: steps for a machine with a stack, so that nothing recurses while runs are looked at.
 */
#pragma once

#include <xinlian/wafer.h>

#include "base/arena.h"

/* Columns a filter can name: FILTER_FIELD(name, type, what). Types: what it yields. */
#define FILTER_FIELDS(FILTER_FIELD)                                                                                                        \
    FILTER_FIELD(x, NUMBER, "X_COORD; missing where none is recorded")                                                                     \
    FILTER_FIELD(y, NUMBER, "Y_COORD; missing where none is recorded")                                                                     \
    FILTER_FIELD(head, NUMBER, "HEAD_NUM")                                                                                                 \
    FILTER_FIELD(site, NUMBER, "SITE_NUM")                                                                                                 \
    FILTER_FIELD(bin, NUMBER, "HARD_BIN")                                                                                                  \
    FILTER_FIELD(hard_bin, NUMBER, "HARD_BIN")                                                                                             \
    FILTER_FIELD(soft_bin, NUMBER, "SOFT_BIN; missing where none is recorded")                                                             \
    FILTER_FIELD(flags, NUMBER, "PART_FLG")                                                                                                \
    FILTER_FIELD(test_ms, NUMBER, "TEST_T in milliseconds; missing where none is recorded")                                                \
    FILTER_FIELD(touch, NUMBER, "touch-down in the file, from 0")                                                                          \
    FILTER_FIELD(tests, NUMBER, "test records executed")                                                                                   \
    FILTER_FIELD(ordinal, NUMBER, "part run in the file, from 0")                                                                          \
    FILTER_FIELD(run, NUMBER, "1 for the die's first run, 2 for the first retest ...")                                                     \
    FILTER_FIELD(runs, NUMBER, "how often the die was run")                                                                                \
    FILTER_FIELD(passed, TRUTH, "the run passed")                                                                                          \
    FILTER_FIELD(failed, TRUTH, "the run did not pass")                                                                                    \
    FILTER_FIELD(abnormal, TRUTH, "the run ended abnormally (PART_FLG bit 2)")                                                             \
    FILTER_FIELD(part_id, TEXT, "PART_ID")                                                                                                 \
    FILTER_FIELD(part_text, TEXT, "PART_TXT")                                                                                              \
    FILTER_FIELD(lot, TEXT, "LOT_ID")                                                                                                      \
    FILTER_FIELD(sublot, TEXT, "SBLOT_ID")                                                                                                 \
    FILTER_FIELD(wafer, TEXT, "WAFER_ID")                                                                                                  \
    FILTER_FIELD(source, TEXT, "name of the file")

enum filter_field {
#define FILTER_FIELD(name, type, what) FIELD_##name,
    FILTER_FIELDS(FILTER_FIELD)
#undef FILTER_FIELD
        FIELDS
};

enum filter_step_kind {
    STEP_NUMBER, /* pushes a constant */
    STEP_TEXT,
    STEP_TRUTH,
    STEP_FIELD,
    STEP_TEST,        /* pushes the value of test reference `index` */
    STEP_TEST_FAILED, /* pushes whether the run failed test reference `index` */
    STEP_NEGATE,      /* works on the top */
    STEP_NOT,
    STEP_MISSING, /* true or false where all else would be unknown */
    STEP_PLUS,    /* the rest works on the two on top */
    STEP_MINUS,
    STEP_TIMES,
    STEP_DIVIDE,
    STEP_REMAINDER,
    STEP_BITS, /* bitwise and */
    STEP_EQUAL,
    STEP_NOT_EQUAL,
    STEP_LESS,
    STEP_LESS_EQUAL,
    STEP_GREATER,
    STEP_GREATER_EQUAL,
    STEP_LIKE, /* text with * and ? */
    STEP_AND,
    STEP_OR,
    STEP_IN, /* pops `index` texts or pairs of numbers (from, to) and the value looked for */
};

enum filter_type { TYPE_NUMBER, TYPE_TEXT, TYPE_TRUTH };

struct filter_step {
    enum filter_step_kind kind;
    uint32_t index; /* field, test reference, count */
    double number;
    const char *text;
    size_t length;
};

/* A test as the filter names it. */
struct filter_test {
    bool has_number;
    uint32_t number;
    const char *name; /* NULL: any */
    uint32_t pin;
    size_t column; /* in the text, from 1: for errors */
};

enum { FILTER_STEPS_MOST = 4096, FILTER_STACK_MOST = 4200, FILTER_TESTS_MOST = 256, FILTER_DEPTH_MOST = 64, FILTER_TEXT_MOST = 1 << 16 };

struct filter_program {
    struct filter_step *steps;
    size_t step_count;
    struct filter_test *tests;
    size_t test_count;
    size_t stack; /* values at most on the stack */
};

/* Fails with "filter_syntax", "filter_type", "filter_unknown_name", "filter_too_long"; the error's place names the column. */
bool filter_parse(struct arena *, const char *text, struct filter_program *, struct xl_error *);
