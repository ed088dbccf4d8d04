/* stdf_report.c: `xinlian stdf report`: one self-contained page of HTML for each lot. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/command.h"
#include "main/console.h"
#include "main/gather.h"
#include "main/json_document.h"
#include "main/output_options.h"
#include "main/show.h"

static struct {
    int64_t tests;
} settings;
static const struct option options[] = {
    {.kind = OPTION_WHOLE,
     .letter = 'n',
     .name = "tests",
     .value = &settings.tests,
     .argument = "N",
     .most = 1000000,
     .help = N_("at most so many tests, the worst; 0: all")},
    {0},
};

/* LOT.html beside one, or what -o says; several lots get the lot's name into it. */
static void name_of(const struct xl_lot *lot, bool several, char *out, size_t size)
{
    const char *name = xl_lot_name(lot)[0] ? xl_lot_name(lot) : "lot", *path = output_settings.path;
    char safe[200];
    snprintf(safe, sizeof safe, "%s", name);
    for (char *at = safe; *at; at++)
        if (*at == '/' || (unsigned char)*at < 0x20)
            *at = '_';
    if (safe[0] == '.')
        safe[0] = '_';
    if (!path) {
        snprintf(out, size, "%s.html", safe);
    } else if (!several) {
        snprintf(out, size, "%s", path);
    } else {
        const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
        const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
        snprintf(out, size, "%.*s-%s%s", (int)stem, path, safe, path + stem);
    }
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots;
    int result = lots_ready("stdf report", count, operands, false, &gather, &lots, &error);
    const struct xl_report_options wanted = {.population = (enum xl_population)population_settings.population,
                                             .executions = (enum xl_executions)population_settings.executions,
                                             .most_tests = (size_t)settings.tests};
    if (lots.count > 1 && output_settings.path && strcmp(output_settings.path, "-") == 0) {
        xl_fail(&error, "usage", _("These are %zu lots, and a page is one lot: give -o FILE; each then gets a name of its own."),
                lots.count);
        result = usage_error("stdf report", &error);
        lots_free(&lots);
        gather_free(&gather);
        return result;
    }
    struct json json;
    const bool as_json = general.json && lots.count && !(output_settings.path && strcmp(output_settings.path, "-") == 0);
    if (as_json) {
        json_document(&json, "stdf report");
        json_files(&json, &gather);
        json_key(&json, "reports");
        json_array(&json);
    }
    for (size_t i = 0; i < lots.count; i++) {
        char name[4096];
        struct file_out out;
        name_of(lots.at[i], lots.count > 1, name, sizeof name);
        error = (struct xl_error){0};
        if (!file_out_begin(&out, name, output_settings.force, false, &error) || !xl_report(lots.at[i], &wanted, out.sink, &error) ||
            !file_out_end(&out, &error)) {
            file_out_abandon(&out);
            result = input_error(&error);
        } else if (as_json) {
            json_object(&json);
            json_put_text(&json, "lot", xl_lot_name(lots.at[i]));
            json_put_text(&json, "output", out.path);
            json_put_count(&json, "bytes", out.written);
            json_object_end(&json);
        } else if (!out.is_standard_output) {
            say(_("%s: lot %s, %s\n"), out.path, xl_lot_name(lots.at[i]), show_bytes(out.written));
        }
    }
    if (as_json) {
        json_array_end(&json);
        json_document_end(&json);
    }
    lots_free(&lots);
    gather_free(&gather);
    return result;
}

static const struct option_group own_options = {N_("The page"), options};
static const struct option_group *const groups[] = {&own_options,        &output_options,  &filter_options,
                                                    &correction_options, &retest_options,  &population_options,
                                                    &store_options,      &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf report lot.stdf.gz", N_("LOT.html in this folder")},
    {"xinlian stdf report lots/ -o report.html --lang zh_CN", N_("one page a lot, in Chinese")},
    {0},
};
const struct command stdf_report_command = {
    .name = "stdf report",
    .title = N_("A page of HTML for each lot: yield, bins, maps, tests with histograms; opens offline"),
    .operands = "FILE|DIR|-|store:LOT...",
    .groups = groups,
    .examples = examples,
    .run = run,
};
