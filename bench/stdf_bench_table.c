/* stdf_bench_table.c: the bench's table, its clock, and runs in child processes whose memory is watched. */
#include "stdf_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int missed;

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_processor(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

void bench_die(const char *what, const struct xl_error *error)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s %s\n", what, error && error->message[0] ? error->message : "failed.", error ? error->place : "");
    exit(2);
}

/* ---- Runs ---------------------------------------------------------------------------------------------------------- */

static uint64_t anonymous_of(pid_t child)
{
    char path[64], line[128];
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    FILE *status = fopen(path, "r");
    uint64_t kilobytes = 0;
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "RssAnon:", 8))
            kilobytes = strtoull(line + 8, NULL, 10);
    if (status)
        fclose(status);
    return kilobytes * 1024;
}

struct bench_run bench_run(const char *what, bool (*work)(void *context, struct xl_error *), void *context)
{
    int ends[2];
    fflush(stdout);
    if (pipe(ends))
        bench_die("pipe", NULL);
    pid_t child = fork();
    if (child < 0)
        bench_die("fork", NULL);
    if (child == 0) {
        struct xl_error error = {0};
        double before = bench_now();
        bool good = work(context, &error);
        double seconds = bench_now() - before;
        if (!good)
            fprintf(stderr, "%s: %s %s\n", what, error.message, error.place);
        if (write(ends[1], &seconds, sizeof seconds) != sizeof seconds)
            good = false;
        _exit(good ? 0 : 1);
    }
    struct bench_run run = {0};
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        uint64_t anonymous = anonymous_of(child);
        run.anonymous = anonymous > run.anonymous ? anonymous : run.anonymous;
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) || read(ends[0], &run.seconds, sizeof run.seconds) != sizeof run.seconds)
        bench_die(what, NULL);
    close(ends[0]);
    close(ends[1]);
    return run;
}

struct bench_run bench_best(const char *what, int runs, bool (*before)(void *context, struct xl_error *),
                            bool (*work)(void *context, struct xl_error *), void *context)
{
    struct bench_run best = {.seconds = 1e9};
    for (int i = 0; i < runs; i++) {
        struct xl_error error = {0};
        if (before && !before(context, &error))
            bench_die(what, &error);
        struct bench_run run = bench_run(what, work, context);
        best.seconds = run.seconds < best.seconds ? run.seconds : best.seconds;
        best.anonymous = run.anonymous > best.anonymous ? run.anonymous : best.anonymous;
    }
    return best;
}

/* ---- The table ------------------------------------------------------------------------------------------------------ */

void bench_title(const char *text)
{
    printf("\n%s\n", text);
}

static void figure_text(double figure, char out[32])
{
    int places = figure < 10 ? 2 : figure < 100 ? 1 : 0;
    snprintf(out, 32, "%.*f", places, figure);
}

void bench_line(const struct bench_line *line)
{
    char figure[32], ratio[32] = "", limit[32], bar[48] = "";
    const char *verdict = "";
    figure_text(line->figure, figure);
    if (line->ratio > 0)
        figure_text(line->ratio, ratio);
    bool at_least = line->least > 0, of_ratio = line->most_ratio > 0;
    if (at_least || of_ratio || line->most > 0) {
        double bound = at_least ? line->least : of_ratio ? line->most_ratio : line->most, judged = of_ratio ? line->ratio : line->figure;
        bool good = at_least ? judged >= bound : judged <= bound;
        figure_text(bound, limit);
        snprintf(bar, sizeof bar, "%s %s%s", at_least ? ">=" : "<=", limit, of_ratio ? "x" : "");
        verdict = good ? "met" : "MISSED";
        missed += !good;
    }
    printf("  %-46s %7s %-12s %5s%s %-21s %-8s %s\n", line->what, figure, line->unit, ratio, ratio[0] ? "x" : " ",
           line->beside ? line->beside : "", bar, verdict);
    fflush(stdout);
}

int bench_missed(void)
{
    return missed;
}

void bench_machine(void)
{
    char line[256], model[256] = "unknown processor";
    FILE *info = fopen("/proc/cpuinfo", "r");
    while (info && fgets(line, sizeof line, info)) {
        char *colon = strchr(line, ':');
        if (colon && !strncmp(line, "model name", 10)) {
            snprintf(model, sizeof model, "%s", colon + 2);
            model[strcspn(model, "\n")] = 0;
            break;
        }
    }
    if (info)
        fclose(info);
    struct utsname name;
    uname(&name);
    printf("%s, %ld cores, %.0f GB of memory, %s %s, gcc %s, xinlian %s\n", model, sysconf(_SC_NPROCESSORS_ONLN),
           (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1e9, name.sysname, name.release, __VERSION__, xl_version());
    double busy;
    if (getloadavg(&busy, 1) == 1 && busy > 0.7)
        printf("Others are at work here (load %.1f): what needs all cores comes out too slow.\n", busy);
}
