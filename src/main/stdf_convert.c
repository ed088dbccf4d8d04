/* stdf_convert.c: `xinlian stdf convert`: a file in another form, or only some of its parts and tests. */
#include <xinlian/csv.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/out.h"
#include "main/audit_line.h"
#include "main/command.h"
#include "main/console.h"
#include "main/findings_print.h"
#include "main/gather.h"
#include "main/kept_rows.h"
#include "main/output_options.h"
#include "main/raw.h"
#include "main/show.h"
#include "main/tables_json.h"

enum form { FORM_UNKNOWN, FORM_STDF, FORM_ATDF, FORM_CSV_LONG, FORM_CSV_WIDE, FORM_JSON };
static struct {
    int form, population;
    bool excel, no_audit;
    struct number_list tests;
} settings = {.population = XL_ALL_RUNS};

static const struct choice forms[] = {
    {"stdf", FORM_STDF, N_("STDF V4, byte for byte where nothing is filtered")},
    {"atdf", FORM_ATDF, N_("ATDF, the text form")},
    {"csv", FORM_CSV_LONG, N_("CSV, one row a result")},
    {"csv-wide", FORM_CSV_WIDE, N_("CSV, one row a part, limits and units above")},
    {"json", FORM_JSON, N_("JSON: tests, parts, results (docs/json.md)")},
    {0},
};
static const struct option options[] = {
    {.kind = OPTION_CHOICE,
     .letter = 't',
     .name = "to",
     .value = &settings.form,
     .argument = "stdf|atdf|csv|csv-wide|json",
     .choices = forms,
     .help = N_("into what; else the output's name decides (.stdf .std .atdf .atd .csv .json)")},
    {.kind = OPTION_FLAG,
     .name = "excel",
     .value = &settings.excel,
     .help = N_("CSV that a spreadsheet opens right: UTF-8 mark, no formulas, no lost zeros")},
    {.kind = OPTION_NUMBERS,
     .name = "test",
     .value = &settings.tests,
     .argument = "N,N-N",
     .most = UINT32_MAX,
     .help = N_("only tests of these numbers")},
    {.kind = OPTION_CHOICE,
     .name = "population",
     .value = &settings.population,
     .argument = "chosen|passing|first|all",
     .choices = population_choices,
     .help = N_("which runs of the parts (all)")},
    {.kind = OPTION_FLAG, .name = "no-audit", .value = &settings.no_audit, .help = N_("no audit record (ATR) in filtered STDF")},
    {0},
};

static enum form form_of(void)
{
    static const struct {
        const char *end;
        enum form form;
    } ends[] = {{".stdf", FORM_STDF}, {".std", FORM_STDF},     {".atdf", FORM_ATDF},
                {".atd", FORM_ATDF},  {".csv", FORM_CSV_LONG}, {".json", FORM_JSON}};
    if (settings.form != FORM_UNKNOWN || !output_settings.path)
        return (enum form)settings.form;
    const size_t length = strlen(output_settings.path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t end = strlen(ends[i].end);
        if (length > end && strcmp(output_settings.path + length - end, ends[i].end) == 0)
            return ends[i].form;
    }
    return FORM_UNKNOWN;
}

static bool decides_by_rows(void)
{
    return lot_settings.where || settings.population != XL_ALL_RUNS;
}

static bool filters(void)
{
    return lot_settings.head >= 0 || lot_settings.site >= 0 || lot_settings.bins.count || settings.tests.count || decides_by_rows();
}

/* ---- Record by record: STDF and ATDF -------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    const size_t length = strlen(path);
    return (length && path[length - 1] == '/') || (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
}

/* "FOLDER/lot.stdf" for "some/lot.atdf.gz". */
static void name_in_folder(const char *folder, const char *from, enum form form, char *out, size_t size)
{
    static const char *const packed[] = {".gz", ".bz2", ".xz", ".zst", ".zip"};
    static const char *const known[] = {".stdf", ".std", ".atdf", ".atd", ".csv"};
    const char *name = show_name(from);
    size_t length = strlen(name);
    for (size_t round = 0; round < 2; round++) {
        const char *const *ends = round ? known : packed;
        for (size_t i = 0; i < 5; i++) {
            const size_t end = strlen(ends[i]);
            if (length > end && strncmp(name + length - end, ends[i], end) == 0) {
                length -= end;
                break;
            }
        }
    }
    const size_t of = strlen(folder);
    snprintf(out, size, "%s%s%.*s%s", folder, of && folder[of - 1] == '/' ? "" : "/", (int)length, name,
             form == FORM_STDF ? ".stdf" : ".atdf");
}

/* A file without a name, for what must be read again; its path stands in `path`. -1 when it cannot be made. */
static int unnamed_file(char *path, size_t size, struct xl_error *error)
{
    const char *folder = getenv("TMPDIR");
    const int file = open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        xl_fail(error, "temporary_file", _("Cannot make a temporary file: %m."));
    else
        snprintf(path, size, "/proc/self/fd/%d", file);
    return file;
}

static bool copy(struct raw *raw, const struct kept_rows *kept, size_t path, size_t entry, struct xl_sink sink, struct xl_error *error)
{
    struct xl_stdf_filter filter = {.head = -1, .site = -1};
    uint16_t *bins = NULL;
    if (filters()) {
        filter.head = (int)lot_settings.head;
        filter.site = (int)lot_settings.site;
        filter.hard_bins = bins = memory_new(lot_settings.bins.count, sizeof *bins);
        filter.hard_bin_count = lot_settings.bins.count;
        for (size_t i = 0; i < lot_settings.bins.count; i++)
            bins[i] = (uint16_t)lot_settings.bins.at[i];
        filter.tests = settings.tests.at;
        filter.test_count = settings.tests.count;
        if (kept) {
            filter.keep_part = kept_rows_part;
            filter.context = kept_rows_entry(kept, path, entry);
        }
        filter.command_line = settings.no_audit ? NULL : audit_line();
        filter.modified_time = audit_time();
    }
    const bool good = xl_stdf_copy(raw->reader, &filter, sink, raw->findings, error);
    free(bins);
    return good;
}

/* The filtered stream goes through an unnamed file, for ATDF is written from a reader. */
static bool to_atdf(struct raw *raw, const struct kept_rows *kept, size_t path, size_t entry, struct xl_sink sink, struct xl_error *error)
{
    if (!filters())
        return xl_stdf_to_atdf(raw->reader, sink, raw->findings, error);
    char name[64];
    int file = unnamed_file(name, sizeof name, error);
    if (file < 0)
        return false;
    struct raw filtered;
    bool good = copy(raw, kept, path, entry, sink_file(&file), error) && raw_open(&filtered, name, raw->name, error);
    if (good) {
        good = raw_next(&filtered, error) && xl_stdf_to_atdf(filtered.reader, sink, raw->findings, error);
        raw_close(&filtered);
    }
    close(file);
    return good;
}

static bool one_entry(struct raw *raw, const struct kept_rows *kept, size_t path, size_t entry, const char *output, enum form form,
                      struct file_out *out, struct xl_error *error)
{
    return file_out_begin(out, output, output_settings.force, form == FORM_STDF, error) &&
           (form == FORM_STDF ? copy(raw, kept, path, entry, out->sink, error) : to_atdf(raw, kept, path, entry, out->sink, error));
}

static int convert_path(const struct paths *paths, size_t p, const struct kept_rows *kept, enum form form)
{
    const struct path *path = &paths->at[p];
    const char *output = output_settings.path ? output_settings.path : "-";
    const bool into_folder = is_folder(output);
    struct xl_error error = {0};
    struct raw raw;
    int result = EXIT_GOOD;
    if (!raw_open(&raw, path->place, path->name, &error))
        return input_error(&error);
    for (size_t entry = 0; raw_next(&raw, &error) || error.code[0]; entry++) {
        char name[4096];
        struct file_out out = {.descriptor = -1};
        if (error.code[0]) {
            if (!path->from_folder || strcmp(error.code, "not_stdf") != 0)
                result = input_error(&error);
            error = (struct xl_error){0};
            continue;
        }
        if (into_folder)
            name_in_folder(output, raw.name, form, name, sizeof name);
        else
            snprintf(name, sizeof name, "%s", output);
        if (entry && !into_folder) {
            xl_fail(&error, "several_entries",
                    _("%s holds several files: give a folder (-o FOLDER/), or put them together by xinlian stdf merge."), path->name);
            result = input_error(&error);
            break;
        }
        if (!one_entry(&raw, kept, p, entry, name, form, &out, &error) || !file_out_end(&out, &error)) {
            file_out_abandon(&out);
            result = strcmp(error.code, "usage") == 0 ? usage_error("stdf convert", &error) : input_error(&error);
            error = (struct xl_error){0};
            break;
        }
        receipt("stdf convert", &out, 0);
        const uint64_t losses = xl_findings_count(raw.findings, XL_FINDING_ATDF_LOSS);
        if (losses)
            notice(_("%s: ATDF cannot say everything: %s things were left out."), raw.name, show_count(losses));
    }
    raw_close(&raw);
    return result;
}

static int convert_records(int count, char **operands, enum form form)
{
    struct xl_error error = {0};
    struct gather gather = {0};
    struct lots lots = {0};
    struct kept_rows *kept = NULL;
    int result = EXIT_GOOD;
    if (decides_by_rows()) {
        result = lots_ready("stdf convert", count, operands, true, &gather, &lots, &error);
        if (lots.count)
            kept = kept_rows_new(&gather, &lots, (enum xl_population)settings.population);
    } else if (!paths_of(count, operands, &gather.paths, &error)) {
        result = strcmp(error.code, "usage") == 0 ? usage_error("stdf convert", &error) : input_error(&error);
        gather.paths.count = 0;
    }
    const bool ready = !decides_by_rows() || lots.count;
    const char *output = output_settings.path ? output_settings.path : "-";
    if (ready && gather.paths.count > 1 && !is_folder(output)) {
        xl_fail(&error, "usage", _("Several files need a folder: -o FOLDER/. To put them together: xinlian stdf merge."));
        result = usage_error("stdf convert", &error);
    } else if (ready) {
        for (size_t p = 0; p < gather.paths.count; p++) {
            const int one = convert_path(&gather.paths, p, kept, form);
            result = one > result ? one : result;
        }
    }
    kept_rows_free(kept);
    lots_free(&lots);
    gather_free(&gather);
    return result;
}

/* ---- Tables: CSV and JSON ------------------------------------------------------------------------------------------ */

static bool wanted_test(const struct xl_test *test)
{
    for (size_t i = 0; i < settings.tests.count; i++)
        if (settings.tests.at[i] == test->number)
            return true;
    return settings.tests.count == 0;
}

static bool write_tables(const struct xl_table *const *tables, size_t count, const struct kept_rows *kept, enum form form,
                         struct file_out *out, struct xl_error *error)
{
    if (!file_out_begin(out, output_settings.path ? output_settings.path : "-", output_settings.force, false, error))
        return false;
    if (form == FORM_JSON)
        return tables_json(tables, count, kept, wanted_test, out->sink, error) && file_out_end(out, error);
    const struct xl_csv_options wanted = {.shape = form == FORM_CSV_LONG ? XL_CSV_LONG : XL_CSV_WIDE,
                                          .excel = settings.excel,
                                          .keep = kept ? kept_rows_row : NULL,
                                          .context = (void *)(uintptr_t)kept,
                                          .keep_test = settings.tests.count ? wanted_test : NULL,
                                          .lot = lot_settings.lot,
                                          .wafer = lot_settings.wafer,
                                          .progress = progress_of(out->path)};
    return xl_csv_write(tables, count, &wanted, out->sink, error) && file_out_end(out, error);
}

static int convert_tables(int count, char **operands, enum form form)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots;
    int result = lots_ready("stdf convert", count, operands, false, &gather, &lots, &error);
    if (lots.count) {
        size_t table_count = 0;
        for (size_t i = 0; i < gather.count; i++)
            table_count += gather.at[i].tables ? gather.at[i].tables->count : 0;
        const struct xl_table **tables = arena_take(gather.paths.arena, table_count, sizeof *tables);
        size_t at = 0;
        for (size_t i = 0; i < gather.count; i++)
            for (size_t t = 0; gather.at[i].tables && t < gather.at[i].tables->count; t++)
                tables[at++] = gather.at[i].tables->at[t];
        struct kept_rows *kept = filters() ? kept_rows_new(&gather, &lots, (enum xl_population)settings.population) : NULL;
        struct file_out out = {.descriptor = -1};
        error = (struct xl_error){0};
        if (!write_tables(tables, table_count, kept, form, &out, &error)) {
            file_out_abandon(&out);
            result = strcmp(error.code, "usage") == 0 ? usage_error("stdf convert", &error) : input_error(&error);
        } else {
            progress_done();
            receipt("stdf convert", &out, 0);
        }
        kept_rows_free(kept);
    }
    lots_free(&lots);
    gather_free(&gather);
    return result;
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    const enum form form = form_of();
    if (form == FORM_UNKNOWN) {
        xl_fail(&error, "usage", _("Into what? Give --to stdf, atdf, csv, csv-wide or json, or an output with such an ending."));
        return usage_error("stdf convert", &error);
    }
    if (general.json && !output_settings.path) {
        xl_fail(&error, "usage", _("--json is a receipt for -o FILE; the file as JSON is --to json."));
        return usage_error("stdf convert", &error);
    }
    if (form == FORM_STDF || form == FORM_ATDF) {
        if (lot_settings.lot || lot_settings.wafer || lot_settings.rotate || lot_settings.mirror || lot_settings.pass_bins.count) {
            xl_fail(&error, "usage", _("STDF and ATDF are written as recorded: corrections are for what is computed."));
            return usage_error("stdf convert", &error);
        }
        return convert_records(count, operands, form);
    }
    return convert_tables(count, operands, form);
}

static const struct option_group own_options = {N_("Conversion"), options};
static const struct option_group *const groups[] = {&own_options,    &output_options, &filter_options,  &correction_options,
                                                    &retest_options, &store_options,  &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf convert lot.stdf.gz --to csv-wide --excel -o lot.csv", N_("for a spreadsheet: one row a part")},
    {"xinlian stdf convert lot.stdf.gz -o lot.atdf", N_("as text")},
    {"xinlian stdf convert lot.atdf -o lot.stdf", N_("and back")},
    {"xinlian stdf convert lot.stdf.gz --site 2 --test 1000-1099 -o part.stdf", N_("one site, a hundred tests; an ATR tells of it")},
    {"xinlian stdf convert store:LOT42 -o lot42.stdf", N_("out of the store, as it came")},
    {0},
};
const struct command stdf_convert_command = {
    .name = "stdf convert",
    .title = N_("A file as STDF, ATDF, CSV or JSON; all of it, or some parts and tests"),
    .operands = "FILE|DIR|-|store:LOT... [-o FILE|DIR/]",
    .about = N_("STDF to STDF without a filter passes every byte. Filtered STDF drops parts whole and counts its summary records again. "
                "CSV and JSON hold base "
                "units and put several files into one."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
