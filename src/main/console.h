/* console.h: the terminal that the command speaks to: output, notices, colours, width, progress. There is one. */
#pragma once

#include <xinlian/base.h>

#include "base/out.h"

enum style { STYLE_PLAIN, STYLE_STRONG, STYLE_FAINT, STYLE_GOOD, STYLE_BAD, STYLE_WARNING, STYLE_TITLE };
enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct console {
    struct out out;   /* standard output */
    uint32_t colours; /* 0 (plain), 16, 256 or 16777216 */
    size_t width;     /* columns of the terminal; 0: output is no terminal, lines may be of any length */
    bool output_is_terminal, notices_are_terminal;
    struct xl_error error; /* of the output */
};
extern struct console console;

/* `colour`: what --color says. Reads the environment: NO_COLOR, COLORTERM, TERM, COLUMNS. */
void console_begin(enum color_choice colour);
/* False when the output could not be written (disk full); the notice was given. */
bool console_end(void);
/* Sends what is buffered: before long work whose output should not wait. */
void console_flush(void);

/* The escape that begins a style, "" without colours; style_end ends any. */
const char *style(enum style);
const char *style_end(void);

/* Formatted text to standard output. */
void say(const char *format, ...) XL_PRINTF(1, 2);
/* "xinlian: …" and a newline to standard error; wipes the progress line first. */
void notice(const char *format, ...) XL_PRINTF(1, 2);
/* An error as a notice: place, message. */
void notice_error(const struct xl_error *error);

/* Progress of long work on one line of standard error, only when that is a terminal and the work takes longer than half a second. `what` is
 * what the line names and must live until progress_done. */
struct xl_progress progress_of(const char *what);
void progress_done(void);
