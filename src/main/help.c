/* help.c: help for a terminal, from the table of commands; and the command `help` itself. */
#include "main/help.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "main/console.h"
#include "main/file_out.h"
#include "main/line_break.h"
#include "main/table_print.h"

enum { TEXT_WIDTH = 100 };

/* Text broken into lines at the width of the terminal. */
static void wrapped(const char *text)
{
    const size_t most = console.width && console.width < TEXT_WIDTH ? console.width : TEXT_WIDTH;
    while (*text) {
        const char *line = text;
        const size_t length = line_break(&text, most);
        out_bytes(&console.out, line, length);
        say("\n");
    }
}

static void heading(const char *text)
{
    say("\n%s%s%s\n", style(STYLE_TITLE), text, style_end());
}

void help_overview(const char *family)
{
    say("%s\n", _("xinlian: from a tester's STDF file to yield, bins, maps, statistics and limits"));
    heading(_("Commands"));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, "");
    table_column(table, ALIGN_LEFT, "");
    table_wrapping(table);
    for (const struct command *const *command = commands; *command; command++) {
        const size_t length = family ? strlen(family) : 0;
        if (family && (strncmp((*command)->name, family, length) != 0 || (*command)->name[length] != ' '))
            continue;
        table_cell(table, STYLE_STRONG, "xinlian %s", (*command)->name);
        table_cell(table, STYLE_PLAIN, "%s", _((*command)->title));
    }
    table_print_end(table);
    say("\n");
    wrapped(_("Every command explains itself: xinlian stdf summary --help. Results go to standard output, notices to standard error. "
              "Exit codes: 0 good, 1 bad input, 2 wrong usage."));
}

/* "-o, --output FILE" */
static void option_names(const struct option *option, char *out, size_t size)
{
    struct text text;
    text_init(&text, size - 1);
    if (option->letter)
        text_print(&text, "-%c, ", option->letter);
    else
        text_add(&text, "    ");
    text_print(&text, "--%s", option->name);
    if (option->argument)
        text_print(&text, " %s", option->argument);
    memcpy(out, text.data, text.length + 1);
    text_free(&text);
}

void help_of(const struct command *command)
{
    say("%s%sxinlian %s%s [%s] %s\n\n", style(STYLE_STRONG), "", command->name, style_end(), _("options"), command->operands);
    wrapped(_(command->title));
    if (command->about) {
        say("\n");
        wrapped(_(command->about));
    }
    heading(_("Examples"));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, "");
    table_column(table, ALIGN_LEFT, "");
    table_wrapping(table);
    for (const struct example *example = command->examples; example->line; example++) {
        table_cell(table, STYLE_STRONG, "%s", example->line);
        table_cell(table, STYLE_PLAIN, "%s", _(example->what));
    }
    table_print_end(table);
    for (const struct option_group *const *group = command->groups; *group; group++) {
        heading(_((*group)->title));
        table = table_print_new(2);
        table_column(table, ALIGN_LEFT, "");
        table_column(table, ALIGN_LEFT, "");
        table_wrapping(table);
        for (const struct option *option = (*group)->options; option->name; option++) {
            char names[120];
            option_names(option, names, sizeof names);
            table_cell(table, STYLE_STRONG, "%s", names);
            table_cell(table, STYLE_PLAIN, "%s", _(option->help));
            if (option->kind == OPTION_CHOICE || option->kind == OPTION_CHOICES)
                for (const struct choice *choice = option->choices; choice->name; choice++) {
                    if (!choice->help)
                        continue;
                    table_cell(table, STYLE_PLAIN, "        %s", choice->name);
                    table_cell(table, STYLE_PLAIN, "%s", _(choice->help));
                }
        }
        table_print_end(table);
    }
}

/* ---- The command `help` ------------------------------------------------------------------------------------------- */

static bool as_manual;
static const char *man_folder;
static int completion;
enum { COMPLETION_NONE, COMPLETION_BASH, COMPLETION_ZSH };
static const struct choice shells[] = {{"bash", COMPLETION_BASH, NULL}, {"zsh", COMPLETION_ZSH, NULL}, {0}};

/* "stdf summary" -> "FOLDER/xinlian-stdf-summary.1" */
static bool manual_to(const char *folder, const struct command *command, struct xl_error *error)
{
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/xinlian%s%s.1", folder, command ? "-" : "", command ? command->name : "");
    if (length < 0 || (size_t)length >= sizeof path)
        return xl_fail(error, "name_too_long", _("The name of the output is too long."));
    for (char *at = path + strlen(folder); *at; at++)
        *at = *at == ' ' ? '-' : *at;
    struct file_out out;
    if (!file_out_begin(&out, path, true, false, error))
        return false;
    const struct out terminal = console.out;
    out_begin(&console.out, out.sink, 0, error);
    manual_of(command);
    const bool good = out_end(&console.out) && file_out_end(&out, error);
    console.out = terminal;
    if (!good)
        file_out_abandon(&out);
    return good;
}

static int manuals_to(const char *folder)
{
    struct xl_error error = {0};
    bool good = manual_to(folder, NULL, &error);
    for (const struct command *const *command = commands; *command && good; command++)
        good = manual_to(folder, *command, &error);
    return good ? EXIT_GOOD : input_error(&error);
}

static int run(int count, char **operands)
{
    if (man_folder)
        return manuals_to(man_folder);
    if (completion == COMPLETION_BASH) {
        completion_for_bash();
        return EXIT_GOOD;
    }
    if (completion == COMPLETION_ZSH) {
        completion_for_zsh();
        return EXIT_GOOD;
    }
    struct text name;
    text_init(&name, 200);
    for (int i = 1; i <= count; i++)
        text_print(&name, "%s%s", i > 1 ? " " : "", operands[i]);
    const struct command *found = NULL;
    bool is_family = false;
    for (const struct command *const *command = commands; *command; command++) {
        if (strcmp((*command)->name, name.data) == 0)
            found = *command;
        if (strncmp((*command)->name, name.data, name.length) == 0 && (*command)->name[name.length] == ' ')
            is_family = true;
    }
    int result = EXIT_GOOD;
    if (as_manual && (found || count == 0)) {
        manual_of(found);
    } else if (found) {
        help_of(found);
    } else if (count == 0 || is_family) {
        help_overview(count ? name.data : NULL);
    } else {
        struct xl_error error = {0};
        xl_fail(&error, "usage", _("There is no command \"%s\"."), name.data);
        result = usage_error("help", &error);
    }
    text_free(&name);
    return result;
}

static const struct option options[] = {
    {.kind = OPTION_FLAG, .name = "man", .value = &as_manual, .help = N_("write the manual page (roff)")},
    {.kind = OPTION_TEXT,
     .name = "man-pages",
     .value = &man_folder,
     .argument = "DIR",
     .help = N_("write the manual pages of all commands there")},
    {.kind = OPTION_CHOICE,
     .name = "completion",
     .value = &completion,
     .argument = "bash|zsh",
     .choices = shells,
     .help = N_("write the completions for a shell")},
    {0},
};
static const struct option_group own_options = {N_("Options"), options};
static const struct option_group *const groups[] = {&own_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian help stdf summary", N_("how to get a summary")},
    {"xinlian help --completion bash", N_("completions, for a shell's start file")},
    {0},
};
const struct command help_command = {
    .name = "help",
    .title = N_("Explains a command"),
    .operands = "[COMMAND]",
    .groups = groups,
    .examples = examples,
    .run = run,
};
