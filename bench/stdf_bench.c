/* stdf_bench.c: how fast STDF goes in and answers come out, beside what the machine does bare, on files made for it in the same run. */
#include "stdf_bench.h"

#include <xinlian/csv.h>
#include <xinlian/parts.h>
#include <xinlian/simulate.h>
#include <xinlian/store.h>
#include <xinlian/wafer.h>

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct {
    const char *folder;
    const char *command; /* the xinlian command; NULL: not built */
    uint64_t megabytes;
    int runs;
} settings = {.megabytes = 512, .runs = 5};

static const char *path_of(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", settings.folder, name);
    return path;
}

/* ---- Files ----------------------------------------------------------------------------------------------------------- */

static bool descriptor_write(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    for (const char *at = bytes; length;) {
        ssize_t wrote = write(*(int *)context, at, length);
        if (wrote <= 0)
            return xl_fail(error, "write_failed", "Cannot write: %m.");
        at += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

static bool count_write(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)bytes, (void)error;
    *(uint64_t *)context += length;
    return true;
}

/* A lot like those of production: 4 sites, 370 tests, about 1,290 dice a wafer; as many wafers as fill the size. */
static struct xl_simulation lot_of(bool is_short)
{
    struct xl_simulation s = xl_simulation_default();
    s.seed = 512;
    s.wafers = 100000;
    s.parts = 1287;
    s.tests = 370;
    s.functional_tests = s.pin_tests = s.pins = s.scan_tests = 0;
    s.short_records = is_short;
    s.most_bytes = settings.megabytes * 1000000;
    return s;
}

static double simulate_bare(const struct xl_simulation *s)
{
    struct xl_error error = {0};
    uint64_t bytes = 0;
    double before = bench_now();
    if (!xl_simulate(s, (struct xl_sink){count_write, &bytes}, &error))
        bench_die("simulate", &error);
    return (double)bytes / 1e6 / (bench_now() - before);
}

static struct bench_file simulate_to(const struct xl_simulation *s, const char *path)
{
    struct xl_error error = {0};
    int descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0 || !xl_simulate(s, (struct xl_sink){descriptor_write, &descriptor}, &error) || fsync(descriptor) ||
        close(descriptor))
        bench_die(path, &error);
    return bench_map(path);
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *ftw)
{
    (void)state, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Bytes of the Parquet files under a folder. */
static uint64_t tree_bytes;
static int add_one(const char *path, const struct stat *state, int kind, struct FTW *ftw)
{
    (void)ftw;
    const char *dot = strrchr(path, '.');
    if (kind == FTW_F && dot && !strcmp(dot, ".parquet"))
        tree_bytes += (uint64_t)state->st_size;
    return 0;
}

/* ---- What is measured --------------------------------------------------------------------------------------------------- */

struct work {
    const char *path, *store, *owner;
    struct xl_import import;
    uint64_t records, columns_in_work, written;
};

static bool work_walk(void *context, struct xl_error *error)
{
    struct work *work = context;
    struct xl_input *input = xl_input_open(work->path, error);
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = input ? xl_stdf_reader_new(input, findings, error) : NULL;
    struct xl_stdf_record record;
    uint64_t records = 0;
    while (reader && xl_stdf_next(reader, &record))
        records++;
    bool good = reader && records == work->records;
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
    return good;
}

static bool group_drop(void *context, uint32_t key, struct xl_part_group *group, uint32_t columns, struct xl_error *error)
{
    (void)context, (void)key, (void)columns, (void)error;
    xl_group_free(group);
    return true;
}

static bool table_drop(void *context, uint32_t key, struct xl_table *table, struct xl_error *error)
{
    (void)context, (void)key, (void)table, (void)error;
    return true;
}

static bool work_load(void *context, struct xl_error *error)
{
    const struct work *work = context;
    struct xl_input *input = xl_input_open(work->path, error);
    struct xl_load_options options = {0};
    struct xl_loader *loader = input ? xl_load(input, &options, (struct xl_receiver){group_drop, table_drop, NULL}, error) : NULL;
    bool good = loader != NULL;
    xl_loader_free(loader);
    xl_input_free(input);
    return good;
}

static bool work_keep(void *context, struct xl_error *error)
{
    struct work *work = context;
    struct xl_import import = {0};
    struct xl_store *store = xl_store_open(work->store, error);
    bool good = store && xl_store_keep(store, work->owner, work->path, "bench.stdf", &import, error);
    xl_store_close(store);
    return good;
}

static bool work_build(void *context, struct xl_error *error)
{
    struct work *work = context;
    struct xl_import import = {0};
    struct xl_load_options options = {0};
    struct xl_store *store = xl_store_open(work->store, error);
    bool good = store && xl_store_build(store, work->owner, work->import.raw_sha256, &options, &import, error);
    xl_store_close(store);
    return good;
}

static bool store_empty(void *context, struct xl_error *error)
{
    (void)error;
    remove_tree(((struct work *)context)->store);
    sync();
    return true;
}

static bool cache_empty(void *context, struct xl_error *error)
{
    struct work *work = context;
    struct xl_store *store = xl_store_open(work->store, error);
    bool good = store && xl_store_drop_cache(store, work->owner, work->import.raw_sha256, error);
    xl_store_close(store);
    sync();
    return good;
}

/* Keeps the file (its hash is then known in `work`) and measures the building of its columns. */
static struct bench_run build_of(struct work *work)
{
    struct xl_error error = {0};
    struct xl_store *store = xl_store_open(work->store, &error);
    if (!store || !xl_store_keep(store, work->owner, work->path, "bench.stdf", &work->import, &error))
        bench_die("keep", &error);
    xl_store_close(store);
    return bench_best("build", settings.runs, cache_empty, work_build, work);
}

/* From the mapped tables of the store to text. */
static bool work_csv(void *context, struct xl_error *error)
{
    struct work *work = context;
    struct xl_store *store = xl_store_open(work->store, error);
    struct xl_tables *tables = store ? xl_store_tables(store, work->owner, work->import.raw_sha256, error) : NULL;
    struct xl_csv_options options = {.shape = XL_CSV_WIDE};
    work->written = 0;
    bool good = tables && xl_csv_write((const struct xl_table *const *)tables->at, tables->count, &options,
                                       (struct xl_sink){count_write, &work->written}, error);
    xl_tables_free(tables);
    xl_store_close(store);
    return good;
}

/* ---- Sections ------------------------------------------------------------------------------------------------------------ */

static void measure_file(const char *name, struct work *work, const struct bench_file *file, double memcpy_seconds)
{
    char title[160];
    double megabytes = (double)file->length / 1e6, walk = bench_header_walk(file, &work->records);
    snprintf(title, sizeof title, "%s: %.0f MB, %.1f million records, %.1f bytes each", name, megabytes, (double)work->records / 1e6,
             (double)file->length / (double)work->records);
    bench_title(title);
    BENCH_LINE("header walk over mmap, bare", "MB/s", megabytes / walk, .beside = "memcpy", .ratio = memcpy_seconds / walk);
    double read = bench_best("walk", settings.runs, NULL, work_walk, work).seconds;
    BENCH_LINE("reader: every record, checked", "MB/s", megabytes / read, .beside = "bare walk", .ratio = walk / read);
    double load = bench_best("load", settings.runs, NULL, work_load, work).seconds;
    BENCH_LINE("loader: columns in memory", "MB/s", megabytes / load, .beside = "bare walk", .ratio = walk / load);
    double hash = bench_hash(file), keep = bench_best("keep", settings.runs, store_empty, work_keep, work).seconds;
    BENCH_LINE("SHA-256, bare", "MB/s", megabytes / hash);
    BENCH_LINE("hash and keep the raw file, synced", "MB/s", megabytes / keep, .beside = "bare SHA-256", .ratio = hash / keep);
}

static double measure_import(struct work *work, const struct bench_file *file)
{
    double megabytes = (double)file->length / 1e6;
    struct bench_run build = build_of(work);
    tree_bytes = 0;
    nftw(work->store, add_one, 16, FTW_PHYS);
    double write = bench_write(path_of("written"), tree_bytes);
    char what[80];
    snprintf(what, sizeof what, "writing its %.0f MB of columns and fsync, bare", (double)tree_bytes / 1e6);
    BENCH_LINE(what, "MB/s of STDF", megabytes / write);
    BENCH_LINE("import: columns in the store, synced", "MB/s", megabytes / build.seconds, .beside = "bare write",
               .ratio = write / build.seconds, .least = 1000);
    BENCH_LINE("its peak memory beyond the columns in work", "MB", ((double)build.anonymous - (double)work->columns_in_work) / 1e6,
               .most = 200);
    return build.seconds;
}

static void measure_csv(struct work *work, size_t stdf_bytes)
{
    struct xl_error error = {0};
    if (!work_csv(work, &error)) /* once here, for its size */
        bench_die("wide CSV", &error);
    double written = (double)work->written / 1e6, seconds = bench_best("wide CSV", settings.runs, NULL, work_csv, work).seconds;
    char what[80];
    snprintf(what, sizeof what, "wide CSV from the store, %.0f MB of text", written);
    BENCH_LINE(what, "MB/s of text", written / seconds, .least = 400);
    BENCH_LINE("the same", "MB/s of STDF", (double)stdf_bytes / 1e6 / seconds);
}

static void measure_gzip(const struct bench_file *plain, double plain_seconds, const struct work *like)
{
    char title[160];
    const char *path = path_of("full.stdf.gz");
    bench_gzip(plain, path);
    struct bench_file gzip = bench_map(path);
    snprintf(title, sizeof title, "gzip of the first: %.0f MB", (double)gzip.length / 1e6);
    bench_title(title);
    double megabytes = (double)plain->length / 1e6, inflate = bench_inflate(&gzip);
    BENCH_LINE("streaming inflate by ISA-L, bare", "MB/s", megabytes / inflate);
    struct work work = {.path = path, .store = path_of("store-gzip"), .owner = "bench", .columns_in_work = like->columns_in_work};
    struct bench_run build = build_of(&work);
    double slower = inflate > plain_seconds ? inflate : plain_seconds;
    BENCH_LINE("import: columns in the store, synced", "MB/s", megabytes / build.seconds,
               .beside = inflate > plain_seconds ? "time of bare inflate" : "time of plain import", .ratio = build.seconds / slower,
               .most_ratio = 1.3);
    BENCH_LINE("its peak memory beyond the columns in work", "MB", ((double)build.anonymous - (double)work.columns_in_work) / 1e6,
               .most = 200);
    remove_tree(work.store);
}

/* ---- A stored lot ----------------------------------------------------------------------------------------------------------- */

enum { LOT_WAFERS = 25, LOT_DICE = 2000, LOT_TESTS = 1000 };
#define LOT_NAME "BENCH25"

static bool lot_open(const struct work *work, struct xl_store **store, struct xl_tables **tables, struct xl_lot **lot,
                     struct xl_error *error)
{
    struct xl_lot_options options = {0};
    *store = xl_store_open(work->store, error);
    *tables = *store ? xl_store_tables(*store, work->owner, work->import.raw_sha256, error) : NULL;
    if (!*tables)
        return false;
    *lot = xl_lot_new(&options);
    for (size_t i = 0; i < (*tables)->count; i++)
        xl_lot_add(*lot, (*tables)->at[i]);
    return xl_lot_build(*lot, error);
}

/* All that the command's summary asks of a lot: yields, bins, first fails, and the statistics of every test. */
static bool work_summary(void *context, struct xl_error *error)
{
    struct xl_store *store;
    struct xl_tables *tables;
    struct xl_lot *lot;
    if (!lot_open(context, &store, &tables, &lot, error))
        return false;
    const struct xl_yield_row *yields;
    const struct xl_pareto_row *bins;
    struct xl_yield yield = xl_yield_of(lot, XL_ALL_WAFERS);
    xl_yield_sites(lot, XL_ALL_WAFERS, &yields);
    xl_yield_zones(lot, XL_ALL_WAFERS, &yields);
    for (size_t i = 0; i < xl_lot_wafers(lot); i++)
        yield = xl_yield_of(lot, (int64_t)i);
    xl_pareto_bins(lot, XL_ALL_WAFERS, false, &bins);
    xl_pareto_bins(lot, XL_ALL_WAFERS, true, &bins);
    xl_pareto_first_fails(lot, XL_ALL_WAFERS, &bins);
    struct xl_statistics *statistics = calloc(xl_lot_tests(lot), sizeof *statistics);
    struct xl_statistics_options options = {.wafer = XL_ALL_WAFERS, .site = -1, .pin = -1};
    xl_statistics_all(lot, &options, statistics);
    bool good = yield.parts == LOT_DICE && xl_lot_tests(lot) == LOT_TESTS && statistics[0].n > LOT_WAFERS * LOT_DICE / 2;
    free(statistics);
    xl_lot_free(lot);
    xl_tables_free(tables);
    xl_store_close(store);
    return good ? true : xl_fail(error, "wrong", "The lot is not as it was made.");
}

/* The command itself, from its start to its last line. */
static bool work_summary_command(void *context, struct xl_error *error)
{
    const char *const arguments[] = {settings.command, "stdf",  "summary", "store:" LOT_NAME, "--store", ((struct work *)context)->store,
                                     "--owner",        "bench", NULL};
    pid_t child;
    int status = 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int code = posix_spawn(&child, settings.command, &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
        return xl_fail(error, "command_failed", "The command failed.");
    return true;
}

/* Processor seconds of the statistics of all tests. */
static double statistics_seconds(const struct work *work, bool quantiles, uint64_t *values)
{
    struct xl_error error = {0};
    struct xl_store *store;
    struct xl_tables *tables;
    struct xl_lot *lot;
    if (!lot_open(work, &store, &tables, &lot, &error))
        bench_die("lot", &error);
    struct xl_statistics *statistics = calloc(xl_lot_tests(lot), sizeof *statistics);
    struct xl_statistics_options options = {.wafer = XL_ALL_WAFERS, .site = -1, .pin = -1, .quantiles = quantiles};
    double best = 1e9;
    for (int i = 0; i < settings.runs; i++) {
        double before = bench_processor();
        xl_statistics_all(lot, &options, statistics);
        double seconds = bench_processor() - before;
        best = seconds < best ? seconds : best;
    }
    *values = 0;
    for (size_t i = 0; i < xl_lot_tests(lot); i++)
        *values += statistics[i].n;
    free(statistics);
    xl_lot_free(lot);
    xl_tables_free(tables);
    xl_store_close(store);
    return best;
}

static void measure_lot(void)
{
    struct xl_simulation s = xl_simulation_default();
    s.seed = 25;
    s.lot = LOT_NAME;
    s.wafers = LOT_WAFERS;
    s.parts = LOT_DICE;
    s.tests = LOT_TESTS;
    s.functional_tests = s.pin_tests = s.scan_tests = 0;
    s.bare_records = true;
    const char *path = path_of("lot.stdf");
    struct bench_file file = simulate_to(&s, path);
    char title[160];
    snprintf(title, sizeof title, "a stored lot: %d wafers of %d dice, %d tests (%.0f MB of STDF, %d bytes a record)", LOT_WAFERS, LOT_DICE,
             LOT_TESTS, (double)file.length / 1e6, 16);
    bench_title(title);
    struct work work = {.path = path, .store = path_of("store-lot"), .owner = "bench", .columns_in_work = 4ULL * LOT_DICE * LOT_TESTS};
    struct bench_run build = build_of(&work);
    BENCH_LINE("import: columns in the store, synced", "MB/s", (double)file.length / 1e6 / build.seconds);
    double asked = bench_best("summary", settings.runs, NULL, work_summary, &work).seconds;
    BENCH_LINE("yields, bins, statistics of all tests", "s", asked);
    if (settings.command) {
        double summary = bench_best("summary", settings.runs, NULL, work_summary_command, &work).seconds;
        BENCH_LINE("xinlian stdf summary, from start to end", "s", summary, .most = 1);
    }
    uint64_t values;
    double plain = statistics_seconds(&work, false, &values);
    BENCH_LINE("statistics without quantiles", "M/s/core", (double)values / 1e6 / plain);
    double quantiles = statistics_seconds(&work, true, &values);
    BENCH_LINE("statistics with 5 exact quantiles", "M/s/core", (double)values / 1e6 / quantiles, .beside = "without",
               .ratio = plain / quantiles, .least = 100);
    remove_tree(work.store);
    unlink(path);
}

/* ---- ------------------------------------------------------------------------------------------------------------------------ */

static void usage(void)
{
    fprintf(stderr, "bench-stdf --folder FOLDER [--mb 512] [--runs 5]\n");
    exit(2);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (!strcmp(arguments[i], "--folder") && i + 1 < count)
            settings.folder = arguments[++i];
        else if (!strcmp(arguments[i], "--mb") && i + 1 < count)
            settings.megabytes = strtoull(arguments[++i], NULL, 10);
        else if (!strcmp(arguments[i], "--runs") && i + 1 < count)
            settings.runs = (int)strtol(arguments[++i], NULL, 10);
        else
            usage();
    }
    if (!settings.folder || settings.megabytes < 16 || settings.runs < 1)
        usage();
    const char *command = getenv("XINLIAN");
    settings.command = command && !access(command, X_OK) ? command : NULL;
    bench_machine();

    struct xl_simulation full = lot_of(false), brief = lot_of(true);
    bench_title("made for this run");
    BENCH_LINE("simulator: limits in every PTR", "MB/s", simulate_bare(&full), .least = 500);
    BENCH_LINE("simulator: short PTRs", "MB/s", simulate_bare(&brief), .least = 500);
    struct bench_file full_file = simulate_to(&full, path_of("full.stdf")), brief_file = simulate_to(&brief, path_of("short.stdf"));
    double copy = bench_memcpy(&full_file);
    BENCH_LINE("memcpy, bare", "MB/s", (double)full_file.length / 1e6 / copy);

    uint64_t columns = 4ULL * full.parts * full.tests;
    struct work work = {.path = path_of("full.stdf"), .store = path_of("store-full"), .owner = "bench", .columns_in_work = columns};
    measure_file("limits in every PTR", &work, &full_file, copy);
    double plain = measure_import(&work, &full_file);
    measure_csv(&work, full_file.length);
    remove_tree(work.store);
    struct work brief_work = {.path = path_of("short.stdf"), .store = path_of("store-short"), .owner = "bench", .columns_in_work = columns};
    measure_file("short PTRs", &brief_work, &brief_file, copy);
    measure_import(&brief_work, &brief_file);
    remove_tree(brief_work.store);
    measure_gzip(&full_file, plain, &work);
    measure_lot();
    if (bench_missed())
        printf("\n%d bars missed.\n", bench_missed());
    return bench_missed() ? 1 : 0;
}
