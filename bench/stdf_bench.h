/* stdf_bench.h: the parts of the bench: time and memory, the table, and what the machine does bare. */
#pragma once

#include <xinlian/base.h>

/* ---- Time and memory ---------------------------------------------------------------------------------------------- */

double bench_now(void);       /* seconds */
double bench_processor(void); /* seconds of processor time that this process has used, over all its threads */
/* Runs work(context) in a child process; its seconds as the child measured them, and its highest anonymous memory (RssAnon), sampled.
 * Stops the bench when the child fails. */
struct bench_run {
    double seconds;
    uint64_t anonymous; /* bytes */
};
struct bench_run bench_run(const char *what, bool (*work)(void *context, struct xl_error *), void *context);
/* The best of so many runs; `before` (may be NULL) comes before each, unmeasured. */
struct bench_run bench_best(const char *what, int runs, bool (*before)(void *context, struct xl_error *),
                            bool (*work)(void *context, struct xl_error *), void *context);
_Noreturn void bench_die(const char *what, const struct xl_error *);

/* ---- The table ------------------------------------------------------------------------------------------------------- */

/* A line: a figure with its unit; `beside` is what it is compared with (NULL: nothing) and `ratio` how. Zeroed bars are none. */
struct bench_line {
    const char *what, *unit;
    double figure;
    const char *beside;
    double ratio;
    double least, most, most_ratio; /* bars: the figure is to be at least, at most; the ratio at most */
};
#define BENCH_LINE(what_, unit_, figure_, ...)                                                                                             \
    bench_line(&(struct bench_line){.what = (what_), .unit = (unit_), .figure = (figure_), ##__VA_ARGS__})
void bench_title(const char *text);
void bench_line(const struct bench_line *);
void bench_machine(void);
int bench_missed(void); /* how many bars so far */

/* ---- Bare peers: seconds ---------------------------------------------------------------------------------------------- */

struct bench_file {
    const char *path;
    const uint8_t *bytes; /* mapped */
    size_t length;
};
struct bench_file bench_map(const char *path);
double bench_memcpy(const struct bench_file *);
double bench_header_walk(const struct bench_file *, uint64_t *records);
double bench_hash(const struct bench_file *);
void bench_gzip(const struct bench_file *, const char *path);
double bench_inflate(const struct bench_file *gzip);
double bench_write(const char *path, size_t bytes); /* and sync */
