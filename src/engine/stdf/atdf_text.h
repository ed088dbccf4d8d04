/* atdf_text.h: the text under ATDF: lines out of windows, columns and their parts, numbers. */
#pragma once

#include <xinlian/stdf.h>

#include "base/text.h"

enum { ATDF_LINE_MOST = 4 << 20 }; /* bytes of one line with its continuations */

struct atdf_lines {
    struct xl_input *input;
    struct xl_findings *findings;
    const uint8_t *window;
    size_t length, at; /* of the window; how much of it was taken */
    bool last;
    uint64_t offset, lines;            /* bytes and lines taken so far */
    uint64_t line_offset, line_number; /* where the line in `text` begins */
    struct text text;                  /* overflow: the line was longer than ATDF_LINE_MOST */
};
void atdf_lines_init(struct atdf_lines *, struct xl_input *, struct xl_findings *);
void atdf_lines_free(struct atdf_lines *);
/* The next line with its continuations (which begin with a blank, that is dropped); blank lines are passed over. False at the end. A
 * container that breaks ends the text: what came before stands, and a finding is added. */
bool atdf_lines_next(struct atdf_lines *);

/* Text inside a line. NUL-terminated, but may hold NUL bytes. */
struct slice {
    char *text;
    size_t length;
};
/* Takes the next part up to `mark`, which becomes NUL; false when there is none left. `rest` starts as the whole and ends as NULL text. */
bool slice_take(struct slice *rest, char mark, struct slice *part);
size_t slice_parts(struct slice, char mark);
struct slice slice_trim(struct slice); /* without the blanks at its ends */

bool atdf_parse_digits(const char *text, unsigned base, uint64_t *value);
/* A hexadecimal number may begin with X or 0X. */
const char *atdf_skip_x(const char *text);
/* Hexadecimal bytes, in place. */
bool atdf_parse_bytes(char *text, size_t *length);
/* A number of v->kind, in its range; a float is text * 10^-scale, rounded once. False, and *v undefined, for what is none. */
bool atdf_parse_value(const char *text, unsigned base, int scale, struct xl_stdf_value *v);
