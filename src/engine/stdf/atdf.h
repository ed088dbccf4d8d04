/* atdf.h: what both directions of ATDF share: which columns a line has, how each is spelt, and the tests that gave their defaults.
 *
 * ATDF is the text twin of STDF V4 (ATDF specification, version 2): `PTR:23|2|1|997.3|F|AOH|...`. Its columns stand in another order than
 * the fields of a record, flags are letters, and what a flag calls invalid is left empty. */
#pragma once

#include "engine/stdf/layout.h"

enum atdf_style {
    ATDF_TEXT,
    ATDF_DEFAULT_TEXT, /* text that overrides a default: one blank stands for the STDF text "\0", which means none */
    ATDF_CHARACTER,
    ATDF_NUMBER,
    ATDF_HEX,
    ATDF_REAL,
    ATDF_SCALED,       /* a real in the test's unit: shifted when the file is "unscaled" */
    ATDF_SCALED_INPUT, /* the same in the unit of UNITS_IN */
    ATDF_TIME,
    ATDF_HEAD, /* empty: 255, all heads */
    ATDF_SITE, /* empty: all sites, with all heads */
    ATDF_NUMBERS,
    ATDF_STATES, /* nibbles as hexadecimal digits */
    ATDF_REALS,
    ATDF_PINS,       /* D*n: the numbers of the bits that are set */
    ATDF_BYTES,      /* B*n: hexadecimal */
    ATDF_RADIX,      /* B O D H S */
    ATDF_PGM_STATES, /* PGM_CHAR and PGM_CHAL: H,L/1,0 */
    ATDF_RTN_STATES,
    ATDF_PASS,    /* P, F, A (alternate limits), empty (no mark) */
    ATDF_FLAGS,   /* letters */
    ATDF_COMPARE, /* L, H: equal to the limit passes */
    ATDF_PART_PASS,
    ATDF_RETEST, /* I, C */
    ATDF_ABORT,  /* Y */
    ATDF_RAW,    /* V4-2007, of which ATDF knows nothing: see atdf_line */
};

struct atdf_column {
    int8_t field;
    uint8_t style;   /* enum atdf_style */
    uint8_t invalid; /* bits of OPT_FLAG any of which calls the field invalid */
    uint8_t absent;  /* the bit of OPT_FLAG that an empty column sets */
};

/* The columns of a record. The records of V4-2007 came after ATDF, which has no lines for them; here they are lines in the manner of the
 * others, so that a file survives the way there and back: every field in wire order; lists parted by commas; bits as count:hexadecimal;
 * inside texts the separator, comma, percent sign and control characters as %XX. Other readers skip them. */
struct atdf_line {
    uint16_t type;
    uint8_t count;
    const struct atdf_column *columns;
    int opt_flag;         /* index of OPT_FLAG, -1: none */
    uint8_t opt_reserved; /* bits of it that are always 1 */
    int test_flag, parm_flag;
};

/* NULL for an unknown type, and for FAR and GDR, which are unlike all others. */
const struct atdf_line *atdf_line_of(uint16_t type);

/* Letters of the flags column; those of PARM_FLG only where the record has one. */
struct atdf_flag {
    char letter;
    uint8_t test, parm;
};
enum { ATDF_FLAG_COUNT = 10 };
extern const struct atdf_flag atdf_flags[ATDF_FLAG_COUNT];

/* Letters of the fields of a GDR, by enum xl_stdf_kind; 0 for kinds that cannot stand there. */
char atdf_letter_of(enum xl_stdf_kind);
bool atdf_kind_of(char letter, enum xl_stdf_kind *);

/* The tests whose first record was seen. That record gives the defaults, so an empty limit means "none" in it and "as in the first" later.
 * A record without a name belongs to the tests of its number. */
struct atdf_test {
    uint64_t key; /* 0: free */
    bool has_low, has_high;
    int8_t scale, scale_in; /* of an unscaled file */
};
struct atdf_tests {
    struct atdf_test *slots;
    size_t capacity, count;
    struct atdf_test beyond; /* what is given for tests past the ceiling: none of them is taken for a first one */
};
void atdf_tests_free(struct atdf_tests *);
/* NULL when no record of the test was seen. Valid until the next addition. */
struct atdf_test *atdf_tests_find(struct atdf_tests *, uint16_t type, uint32_t number, const void *name, size_t name_length);
/* Adds it under its name and, where the number is new, under the number alone. */
void atdf_tests_add(struct atdf_tests *, uint16_t type, uint32_t number, const void *name, size_t name_length, struct atdf_test);
