/* stdf_merge.c: `xinlian stdf merge`: several files of one lot as one. */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "main/audit_line.h"
#include "main/command.h"
#include "main/findings_print.h"
#include "main/output_options.h"
#include "main/paths.h"

static struct {
    bool any_lot, big_endian, quiet;
} settings;
static const struct option options[] = {
    {.kind = OPTION_FLAG, .name = "any-lot", .value = &settings.any_lot, .help = N_("even when the files name different lots")},
    {.kind = OPTION_FLAG, .name = "big-endian", .value = &settings.big_endian, .help = N_("write the byte order of Sun testers")},
    {.kind = OPTION_FLAG, .name = "no-audit", .value = &settings.quiet, .help = N_("no audit record (ATR) that tells of this command")},
    {0},
};

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct paths paths;
    if (!paths_of(count, operands, &paths, &error) || !paths_keep_input(&paths, &error)) {
        const int result = strcmp(error.code, "usage") == 0 ? usage_error("stdf merge", &error) : input_error(&error);
        paths_free(&paths);
        return result;
    }
    if (!output_settings.path) {
        paths_free(&paths);
        xl_fail(&error, "usage", _("Where to? Give -o FILE, or -o - for standard output."));
        return usage_error("stdf merge", &error);
    }
    const char **places = arena_take(paths.arena, paths.count, sizeof *places);
    for (size_t i = 0; i < paths.count; i++)
        places[i] = paths.at[i].place;
    const struct xl_stdf_merge wanted = {.any_lot = settings.any_lot,
                                         .big_endian = settings.big_endian,
                                         .command_line = settings.quiet ? NULL : audit_line(),
                                         .modified_time = audit_time()};
    struct xl_findings *findings = xl_findings_new();
    struct file_out out;
    int result = EXIT_GOOD;
    if (!file_out_begin(&out, output_settings.path, output_settings.force, true, &error)) {
        result = strcmp(error.code, "usage") == 0 ? usage_error("stdf merge", &error) : input_error(&error);
    } else if (!xl_stdf_merge(places, paths.count, &wanted, out.sink, findings, &error) || !file_out_end(&out, &error)) {
        file_out_abandon(&out);
        result = input_error(&error);
    } else {
        receipt("stdf merge", &out, 0);
        if (!general.json && !out.is_standard_output)
            findings_print(findings, false);
    }
    xl_findings_free(findings);
    paths_free(&paths);
    return result;
}

static const struct option_group own_options = {N_("Options"), options};
static const struct option_group *const groups[] = {&own_options, &output_options, &store_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf merge first.stdf retest.stdf -o wafer.stdf", N_("a wafer and its retest in one file")},
    {"xinlian stdf merge lot/ -o lot.stdf", N_("a lot of many files")},
    {0},
};
const struct command stdf_merge_command = {
    .name = "stdf merge",
    .title = N_("Several files of one lot as one STDF file"),
    .operands = "FILE|DIR|-|store:LOT... -o FILE",
    .about = N_("The order of the files does not matter: they are sorted by start time, then by content. An audit record (ATR) tells of "
                "the command."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
