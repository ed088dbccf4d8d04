/* stdf_check.c: `xinlian stdf check`: what is wrong with a file, and where. */
#include <string.h>

#include "base/error.h"
#include "main/command.h"
#include "main/console.h"
#include "main/findings_print.h"
#include "main/gather.h"
#include "main/json_document.h"
#include "main/show.h"

static struct {
    bool all, quiet;
} settings;
static const struct option options[] = {
    {.kind = OPTION_FLAG,
     .letter = 'a',
     .name = "all",
     .value = &settings.all,
     .help = N_("every place kept, not only the first of each kind")},
    {.kind = OPTION_FLAG, .letter = 'q', .name = "quiet", .value = &settings.quiet, .help = N_("only the exit code")},
    {.kind = OPTION_FLAG, .name = "explain", .value = &lot_settings.explain, .help = N_("the rules that decided figures, too")},
    {.kind = OPTION_CHOICE,
     .name = "key",
     .value = &lot_settings.key,
     .argument = "both|number|name",
     .choices = key_choices,
     .help = N_("what tells tests apart, beside the kind of record")},
    {0},
};

static uint64_t rows_of(const struct xl_tables *tables)
{
    uint64_t rows = 0;
    for (size_t t = 0; t < tables->count; t++)
        rows += tables->at[t]->rows;
    return rows;
}

static void print_one(const struct gathered *gathered)
{
    const struct xl_findings *findings = gathered->tables->findings;
    const struct findings_sum sum = findings_sum(findings);
    say("%s%s%s: ", style(STYLE_STRONG), gathered->name, style_end());
    if (sum.defects)
        say("%s%s%s", style(STYLE_BAD), _("has defects"), style_end());
    else
        say("%s%s%s", style(STYLE_GOOD), _("sound"), style_end());
    say(_("; part runs: %s"), show_count(rows_of(gathered->tables)));
    if (sum.skipped)
        say(_("; %s bytes skipped"), show_count(sum.skipped));
    say("\n");
    if (settings.all)
        findings_print_all(findings);
    else
        findings_print(findings, lot_settings.explain);
}

static void json_one(struct json *json, const struct gathered *gathered)
{
    json_object(json);
    json_put_text(json, "name", gathered->name);
    json_put_bool(json, "readable", gathered->tables != NULL);
    json_put_bool(json, "sound", gathered->tables && findings_sum(gathered->tables->findings).defects == 0);
    json_gathered_error(json, gathered);
    json_put_count(json, "part_runs", gathered->tables ? rows_of(gathered->tables) : 0);
    json_gathered_findings(json, gathered, true);
    json_object_end(json);
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    const bool loaded = gather_tables(count, operands, false, &gather, &error);
    if (!loaded && gather.count == 0) {
        gather_free(&gather);
        return strcmp(error.code, "usage") == 0 ? usage_error("stdf check", &error) : input_error(&error);
    }
    bool sound = gather.failed == 0;
    for (size_t i = 0; i < gather.count; i++)
        sound = sound && gather.at[i].tables && findings_sum(gather.at[i].tables->findings).defects == 0;
    if (general.json) {
        struct json json;
        json_document(&json, "stdf check");
        json_put_bool(&json, "sound", sound);
        json_key(&json, "files");
        json_array(&json);
        for (size_t i = 0; i < gather.count; i++)
            json_one(&json, &gather.at[i]);
        json_array_end(&json);
        json_document_end(&json);
    } else if (!settings.quiet) {
        for (size_t i = 0; i < gather.count; i++)
            if (gather.at[i].tables)
                print_one(&gather.at[i]);
    }
    gather_free(&gather);
    return sound ? EXIT_GOOD : EXIT_BAD_INPUT;
}

static const struct option_group own_options = {N_("Options"), options};
static const struct option_group *const groups[] = {&own_options, &store_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf check lot.stdf.gz", N_("is it sound? exit code 0 when it is, 1 when it has defects")},
    {"xinlian stdf check --all --explain lot.stdf.gz", N_("every place, and the rules of the format that decided figures")},
    {"xinlian stdf check --json incoming/", N_("a whole folder, for a program")},
    {0},
};
const struct command stdf_check_command = {
    .name = "stdf check",
    .title = N_("Says what is wrong with a file, and at which byte"),
    .operands = "FILE|DIR|-|store:LOT...",
    .about = N_("Defects break the format: something was skipped or repaired. Notes are allowed or harmless. Rules are what the format "
                "itself says about "
                "missing data. Offsets count bytes of the uncompressed file."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
