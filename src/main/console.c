/* console.c: the terminal that the command speaks to. */
#include "main/console.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

struct console console;

static int standard_output = STDOUT_FILENO;

static size_t terminal_width(int descriptor)
{
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    int64_t columns;
    const char *text = getenv("COLUMNS");
    return text && parse_i64(text, 20, 10000, &columns) ? (size_t)columns : 80;
}

static uint32_t terminal_colours(void)
{
    const char *depth = getenv("COLORTERM"), *terminal = getenv("TERM");
    if (depth && (strcmp(depth, "truecolor") == 0 || strcmp(depth, "24bit") == 0))
        return 1U << 24;
    return terminal && strstr(terminal, "256color") ? 256 : 16;
}

void console_begin(enum color_choice colour)
{
    console = (struct console){.output_is_terminal = isatty(STDOUT_FILENO), .notices_are_terminal = isatty(STDERR_FILENO)};
    out_begin(&console.out, sink_file(&standard_output), 0, &console.error);
    if (console.output_is_terminal)
        console.width = terminal_width(STDOUT_FILENO);
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    const bool wanted = console.output_is_terminal && !(none && *none) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
    if (colour == COLOR_ALWAYS || (colour == COLOR_AUTO && wanted))
        console.colours = terminal_colours();
}

bool console_end(void)
{
    progress_done();
    if (out_end(&console.out))
        return true;
    notice_error(&console.error);
    return false;
}

void console_flush(void)
{
    /* A new buffer on the same sink: `out` has no flush of its own, for engines never need one. */
    const bool failed = !out_end(&console.out);
    out_begin(&console.out, sink_file(&standard_output), 0, &console.error);
    console.out.failed = failed;
}

const char *style(enum style wanted)
{
    if (!console.colours)
        return "";
    switch (wanted) {
    case STYLE_PLAIN:
        return "";
    case STYLE_STRONG:
        return "\033[1m";
    case STYLE_FAINT:
        return "\033[2m";
    case STYLE_GOOD:
        return "\033[32m";
    case STYLE_BAD:
        return "\033[31m";
    case STYLE_WARNING:
        return "\033[33m";
    case STYLE_TITLE:
        return "\033[1;36m";
    }
    BUG("style %d", (int)wanted);
}

const char *style_end(void)
{
    return console.colours ? "\033[0m" : "";
}

void say(const char *format, ...)
{
    char small[512];
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("cannot format \"%s\"", format);
    if ((size_t)length < sizeof small) {
        out_bytes(&console.out, small, (size_t)length);
    } else {
        char *large = memory_new((size_t)length + 1, 1);
        vsnprintf(large, (size_t)length + 1, format, again);
        out_bytes(&console.out, large, (size_t)length);
        free(large);
    }
    va_end(again);
}

/* ---- Progress ----------------------------------------------------------------------------------------------------- */

static struct {
    const char *what;
    struct timespec began, told;
    bool shown;
} progress;

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static bool progress_report(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double since = seconds_between(&progress.began, &now);
    if (since < 0.5 || seconds_between(&progress.told, &now) < 0.1)
        return true;
    progress.told = now;
    progress.shown = true;
    const char *slash = strrchr(progress.what, '/');
    const char *name = slash ? slash + 1 : progress.what;
    const double speed = (double)done / since / 1e6;
    if (total)
        fprintf(stderr, "\r\033[K%3.0f %%  %.60s  %.0f MB/s", 100.0 * (double)(done < total ? done : total) / (double)total, name, speed);
    else
        fprintf(stderr, "\r\033[K%.0f MB  %.60s  %.0f MB/s", (double)done / 1e6, name, speed);
    fflush(stderr);
    return true;
}

struct xl_progress progress_of(const char *what)
{
    progress_done();
    if (!console.notices_are_terminal)
        return (struct xl_progress){0};
    progress.what = what;
    clock_gettime(CLOCK_MONOTONIC, &progress.began);
    progress.told = progress.began;
    return (struct xl_progress){.report = progress_report};
}

void progress_done(void)
{
    if (progress.shown)
        fputs("\r\033[K", stderr);
    progress.shown = false;
}

/* ---- Notices ------------------------------------------------------------------------------------------------------ */

void notice(const char *format, ...)
{
    progress_done();
    va_list arguments;
    va_start(arguments, format);
    fputs("xinlian: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void notice_error(const struct xl_error *error)
{
    if (error->place[0])
        notice("%s: %s", error->place, error->message);
    else
        notice("%s", error->message);
}
