/* main.c: the xinlian command: finds the subcommand, its language and its terminal, and runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "main/audit_line.h"
#include "main/command.h"
#include "main/console.h"
#include "main/help.h"

/* As POSIX orders them: LC_ALL, LC_MESSAGES, LANG; one that is empty does not count. */
static const char *environment_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

/* --lang and --color count even when the rest of the line is wrong, so that the complaint comes in the right language. */
static void early_settings(int argc, char **argv)
{
    const char *language = environment_language();
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0)
            language = argv[i] + 7;
        else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            language = argv[i + 1];
    }
    xl_language_set(xl_language_of(language));
}

/* The command that argv[1..] begins with; `*words` is how many words its name takes. */
static const struct command *command_of(int argc, char **argv, int *words)
{
    for (const struct command *const *command = commands; *command; command++) {
        const char *name = (*command)->name;
        int word = 1;
        for (; word < argc; word++) {
            const size_t length = strlen(argv[word]);
            if (strncmp(name, argv[word], length) != 0 || (name[length] != ' ' && name[length] != 0))
                break;
            name += length;
            if (*name == 0) {
                *words = word;
                return *command;
            }
            name++;
        }
    }
    return NULL;
}

static int run(int argc, char **argv)
{
    struct xl_error error = {0};
    if (argc >= 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        say("xinlian %s\n", xl_version());
        return EXIT_GOOD;
    }
    int words = 0;
    const struct command *command = command_of(argc, argv, &words);
    if (command) {
        argv[words] = argv[0];
        const int count = options_parse(argc - words, argv + words, command->groups, &error);
        /* Colours are known only now; nothing was written yet. */
        console_end();
        console_begin((enum color_choice)general.colour);
        if (count < 0)
            return usage_error(command->name, &error);
        if (general.help) {
            help_of(command);
            return EXIT_GOOD;
        }
        return command->run(count, argv + words);
    }
    /* A family alone ("xinlian stdf --help") shows its commands. */
    const char *family = argc >= 2 && argv[1][0] != '-' ? argv[1] : NULL;
    bool known = false;
    for (const struct command *const *each = commands; *each && family; each++)
        known = known || (strncmp((*each)->name, family, strlen(family)) == 0 && (*each)->name[strlen(family)] == ' ');
    const char *last = argc >= 2 ? argv[argc - 1] : "";
    const bool asks = strcmp(last, "--help") == 0 || strcmp(last, "-h") == 0;
    if (asks && (known || argc == 2)) {
        help_overview(known ? family : NULL);
        return EXIT_GOOD;
    }
    if (argc < 2 || (known && argc == 2)) {
        help_overview(known ? family : NULL);
        return EXIT_USAGE;
    }
    struct text typed;
    text_init(&typed, 120);
    for (int i = 1; i < argc && i <= (known ? 2 : 1); i++)
        text_print(&typed, "%s%s", i > 1 ? " " : "", argv[i]);
    xl_fail(&error, "usage", _("There is no command \"%s\"."), typed.data);
    text_free(&typed);
    notice_error(&error);
    notice(_("All commands: xinlian help"));
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    early_settings(argc, argv);
    audit_begin(argc, argv);
    console_begin(COLOR_AUTO);
    const int result = run(argc, argv);
    return console_end() ? result : EXIT_BAD_INPUT;
}
