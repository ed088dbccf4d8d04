/* stdf_import.c: `xinlian stdf import`: raw files into the store, with the columns made from them. */
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"
#include "main/command.h"
#include "main/console.h"
#include "main/findings_print.h"
#include "main/json_document.h"
#include "main/paths.h"
#include "main/show.h"
#include "main/table_print.h"

static struct {
    bool again;
} settings;
static const struct option options[] = {
    {.kind = OPTION_FLAG, .name = "again", .value = &settings.again, .help = N_("make the columns again where they are there already")},
    {.kind = OPTION_CHOICE,
     .name = "key",
     .value = &lot_settings.key,
     .argument = "both|number|name",
     .choices = key_choices,
     .help = N_("what tells tests apart, beside the kind of record")},
    {0},
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct imported {
    struct xl_import import;
    struct xl_error error;
    double seconds;
    bool good, passed_over;
};

static void one(const struct path *path, struct imported *done)
{
    struct xl_store *store = store_of_settings(&done->error);
    const struct xl_load_options wanted = {.key = (enum xl_test_key)lot_settings.key, .progress = progress_of(path->name)};
    const char *name = show_name(path->name);
    const double began = now();
    done->good = store && xl_store_keep(store, store_settings.owner, path->place, name, &done->import, &done->error);
    if (done->good && settings.again)
        done->good = xl_store_drop_cache(store, store_settings.owner, done->import.raw_sha256, &done->error);
    if (done->good)
        done->good = xl_store_build(store, store_settings.owner, done->import.raw_sha256, &wanted, &done->import, &done->error);
    progress_done();
    done->seconds = now() - began;
    done->passed_over =
        !done->good && path->from_folder && (strcmp(done->error.code, "not_stdf") == 0 || strcmp(done->error.code, "stdf_empty") == 0);
    if (!done->good)
        xl_fail_place(&done->error, "%s", path->name);
}

static const struct xl_findings *findings_of(const struct imported *done, struct xl_tables **tables)
{
    struct xl_error ignored = {0};
    struct xl_store *store = store_of_settings(&ignored);
    *tables = done->good && store ? xl_store_tables(store, store_settings.owner, done->import.raw_sha256, &ignored) : NULL;
    return *tables ? (*tables)->findings : NULL;
}

static void print_one(const struct path *path, const struct imported *done)
{
    const struct xl_import *import = &done->import;
    say("%s%s%s: ", style(STYLE_STRONG), show_name(path->name), style_end());
    say("%s", import->raw_known ? import->cache_known ? _("known, nothing to do") : _("known, columns made again") : _("new"));
    say(_("; tables %zu, part runs %s, %s"), import->table_count, show_count(import->rows), show_bytes(import->raw_bytes));
    if (!import->cache_known && done->seconds > 0.05)
        say(_(" in %.1f s, %.0f MB/s"), done->seconds, (double)import->raw_bytes / done->seconds / 1e6);
    say("\n  sha256 %s\n", import->raw_sha256);
    struct xl_tables *tables;
    const struct xl_findings *findings = findings_of(done, &tables);
    if (findings)
        findings_print(findings, false);
    xl_tables_free(tables);
}

static void one_json(struct json *json, const struct path *path, const struct imported *done)
{
    json_object(json);
    json_put_text(json, "name", path->name);
    json_put_bool(json, "imported", done->good);
    json_key(json, "error");
    if (done->good) {
        json_null(json);
    } else {
        json_object(json);
        json_put_text(json, "code", done->error.code);
        json_put_text(json, "message", done->error.message);
        json_put_text(json, "place", done->error.place);
        json_object_end(json);
    }
    json_put_text(json, "sha256", done->good ? done->import.raw_sha256 : "");
    json_put_bool(json, "raw_known", done->import.raw_known);
    json_put_bool(json, "columns_known", done->import.cache_known);
    json_put_count(json, "bytes", done->import.raw_bytes);
    json_put_count(json, "tables", done->import.table_count);
    json_put_count(json, "part_runs", done->import.rows);
    struct xl_tables *tables;
    const struct xl_findings *findings = findings_of(done, &tables);
    json_key(json, "findings");
    if (findings) {
        findings_json(json, findings, false);
    } else {
        json_array(json);
        json_array_end(json);
    }
    xl_tables_free(tables);
    json_object_end(json);
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct paths paths;
    if (!paths_of(count, operands, &paths, &error) || !paths_keep_input(&paths, &error)) {
        const int result = strcmp(error.code, "usage") == 0 ? usage_error("stdf import", &error) : input_error(&error);
        paths_free(&paths);
        return result;
    }
    struct json json;
    if (general.json) {
        json_document(&json, "stdf import");
        json_key(&json, "files");
        json_array(&json);
    }
    int result = EXIT_GOOD;
    size_t passed_over = 0;
    for (size_t i = 0; i < paths.count; i++) {
        struct imported done = {0};
        one(&paths.at[i], &done);
        if (done.passed_over) {
            passed_over++;
            continue;
        }
        if (general.json)
            one_json(&json, &paths.at[i], &done);
        else if (done.good)
            print_one(&paths.at[i], &done);
        if (!done.good)
            result = input_error(&done.error);
    }
    if (general.json) {
        json_array_end(&json);
        json_document_end(&json);
    } else if (passed_over) {
        notice(passed_over == 1 ? _("%zu file of the folder is no STDF and was passed over")
                                : _("%zu files of the folder are no STDF and were passed over"),
               passed_over);
    }
    paths_free(&paths);
    return result;
}

static const struct option_group own_options = {N_("Options"), options};
static const struct option_group *const groups[] = {&own_options, &store_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf import lot.stdf.gz", N_("into ./var")},
    {"xinlian stdf import incoming/ --store /data/xinlian", N_("a whole folder; what is known costs nothing")},
    {"xinlian stdf summary store:LOT42", N_("and then, in an instant")},
    {0},
};
const struct command stdf_import_command = {
    .name = "stdf import",
    .title = N_("Keeps raw files in the store and makes columns of them, for answers in an instant"),
    .operands = "FILE|DIR|-...",
    .about = N_("The raw file is kept by its SHA-256, byte for byte. From it the columns are made: one Parquet file a wafer, which other "
                "programs read too "
                "(docs/store.md). They can always be deleted and made again."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
