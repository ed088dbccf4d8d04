/* manual.c: manual pages in roff, from the table of commands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "main/console.h"
#include "main/help.h"

/* Text with what roff would take for its own made harmless. */
static void put(const char *text)
{
    bool at_start = true;
    for (const char *at = text; *at; at++) {
        if (at_start && (*at == '.' || *at == '\''))
            say("\\&");
        if (*at == '\\')
            say("\\e");
        else if (*at == '-')
            say("\\-");
        else
            say("%c", *at);
        at_start = *at == '\n';
    }
}

static void section(const char *title)
{
    say(".SH %s\n", title);
}

static void paragraphs(const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        struct text one;
        text_init(&one, 10000);
        text_add_bytes(&one, text, end ? (size_t)(end - text) : strlen(text));
        say(".PP\n");
        put(one.data);
        say("\n");
        text_free(&one);
        text = end ? end + 2 : text + strlen(text);
    }
}

static void group_of(const struct option_group *group)
{
    say(".SS \"");
    put(_(group->title));
    say("\"\n");
    for (const struct option *option = group->options; option->name; option++) {
        say(".TP\n");
        if (option->letter)
            say("\\fB\\-%c\\fR, ", option->letter);
        say("\\fB\\-\\-");
        put(option->name);
        say("\\fR");
        if (option->argument) {
            say(" \\fI");
            put(option->argument);
            say("\\fR");
        }
        say("\n");
        put(_(option->help));
        say("\n");
        if (option->kind == OPTION_CHOICE || option->kind == OPTION_CHOICES)
            for (const struct choice *choice = option->choices; choice->name; choice++) {
                if (!choice->help)
                    continue;
                say(".br\n\\fB");
                put(choice->name);
                say("\\fR: ");
                put(_(choice->help));
                say("\n");
            }
    }
}

static void head(const char *name, const char *title)
{
    say(".TH ");
    for (const char *at = name; *at; at++)
        say("%c", *at == ' ' ? '-' : toupper((unsigned char)*at));
    say(" 1 \"\" \"Xinlian %s\" \"Xinlian\"\n", xl_version());
    section(_("NAME"));
    for (const char *at = name; *at; at++)
        say("%s", *at == ' ' ? "\\-" : (const char[]){*at, 0});
    say(" \\- ");
    put(title);
    say("\n");
}

static void tail(void)
{
    section(_("EXIT STATUS"));
    say(".TP\n0\n%s\n.TP\n1\n%s\n.TP\n2\n%s\n", _("All is good."),
        _("The input is bad: a file that cannot be read, or one with defects where the command "
          "judges files."),
        _("The command was used wrongly."));
    section(_("ENVIRONMENT"));
    say(".TP\n.B LC_ALL, LC_MESSAGES, LANG\n%s\n.TP\n.B NO_COLOR\n%s\n.TP\n.B XINLIAN_STORE\n%s\n",
        _("The language: English, or Chinese for zh_CN and zh_TW."), _("No colours when set."),
        _("The store's folder, where \\-\\-store does not say."));
}

void manual_of(const struct command *command)
{
    if (!command) {
        head("xinlian", _("from a tester's STDF file to yield, bins, maps, statistics and limits"));
        section(_("SYNOPSIS"));
        say(".B xinlian\n.I COMMAND\n[%s]\n", _("options"));
        section(_("COMMANDS"));
        for (const struct command *const *each = commands; *each; each++) {
            say(".TP\n.B xinlian %s\n", (*each)->name);
            put(_((*each)->title));
            say("\n");
        }
        tail();
        return;
    }
    char name[100];
    snprintf(name, sizeof name, "xinlian %s", command->name);
    head(name, _(command->title));
    section(_("SYNOPSIS"));
    say(".B %s\n[%s]\n", name, _("options"));
    put(command->operands);
    say("\n");
    if (command->about) {
        section(_("DESCRIPTION"));
        paragraphs(_(command->about));
    }
    section(_("OPTIONS"));
    for (const struct option_group *const *group = command->groups; *group; group++)
        group_of(*group);
    section(_("EXAMPLES"));
    for (const struct example *example = command->examples; example->line; example++) {
        say(".TP\n.B ");
        put(example->line);
        say("\n");
        put(_(example->what));
        say("\n");
    }
    tail();
    section(_("SEE ALSO"));
    say(".BR xinlian (1)\n");
}
