/* command.c: every command, and what all of them take. */
#include "main/command.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "main/console.h"

const struct command *const commands[] = {
    &stdf_summary_command,  &stdf_tests_command,
    &stdf_test_command,     &stdf_parts_command,
    &stdf_map_command,      &stdf_report_command,
    &stdf_records_command,  &stdf_check_command,
    &stdf_convert_command,  &stdf_merge_command,
    &stdf_simulate_command, &stdf_import_command,
    &help_command,          NULL,
};

struct general_settings general;

static const struct choice colour_choices[] = {
    {"auto", COLOR_AUTO, NULL}, {"always", COLOR_ALWAYS, NULL}, {"never", COLOR_NEVER, NULL}, {0}};
static const struct option options[] = {
    {.kind = OPTION_FLAG, .letter = 'j', .name = "json", .value = &general.json, .help = N_("write JSON for programs (docs/json.md)")},
    {.kind = OPTION_TEXT,
     .name = "lang",
     .value = &general.language,
     .argument = "en|zh_CN|zh_TW",
     .help = N_("the language of the output; else LC_ALL, LC_MESSAGES, LANG decide")},
    {.kind = OPTION_CHOICE,
     .name = "color",
     .value = &general.colour,
     .argument = "auto|always|never",
     .choices = colour_choices,
     .help = N_("colours: only on a terminal (auto), always, or never")},
    {.kind = OPTION_FLAG, .letter = 'h', .name = "help", .value = &general.help, .help = N_("explain this command")},
    {0},
};
const struct option_group general_options = {N_("General"), options};

int usage_error(const char *command, const struct xl_error *error)
{
    notice_error(error);
    notice(_("Help: xinlian %s --help"), command);
    return EXIT_USAGE;
}

int input_error(const struct xl_error *error)
{
    /* "told": somebody further down has said it. */
    if (strcmp(error->code, "told") != 0)
        notice_error(error);
    return EXIT_BAD_INPUT;
}
