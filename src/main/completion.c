/* completion.c: completions for bash and zsh, from the table of commands. */
#include <string.h>

#include "base/words.h"
#include "main/console.h"
#include "main/help.h"

/* Whether an option's value is a path. */
static bool takes_path(const struct option *option)
{
    return option->argument && (strstr(option->argument, "FILE") || strstr(option->argument, "DIR"));
}

static void bash_values(const struct command *command)
{
    for (const struct option_group *const *group = command->groups; *group; group++)
        for (const struct option *option = (*group)->options; option->name; option++) {
            if (!option->argument)
                continue;
            say("            ");
            if (option->letter)
                say("-%c|", option->letter);
            say("--%s) ", option->name);
            if (option->choices) {
                say("COMPREPLY=($(compgen -W \"");
                for (const struct choice *choice = option->choices; choice->name; choice++)
                    say("%s%s", choice == option->choices ? "" : " ", choice->name);
                say("\" -- \"$word\")) ;;\n");
            } else if (takes_path(option)) {
                say("COMPREPLY=($(compgen -f -- \"$word\")) ;;\n");
            } else {
                say("COMPREPLY=() ;;\n");
            }
        }
}

static size_t family_length(const struct command *command)
{
    const char *space = strchr(command->name, ' ');
    return space ? (size_t)(space - command->name) : 0;
}

/* The first words of all commands, each once. */
static void first_words(void)
{
    const char *before = NULL;
    size_t before_length = 0;
    for (const struct command *const *command = commands; *command; command++) {
        const size_t length = strcspn((*command)->name, " ");
        if (!before || length != before_length || memcmp(before, (*command)->name, length) != 0)
            say("%s%.*s", before ? " " : "", (int)length, (*command)->name);
        before = (*command)->name;
        before_length = length;
    }
}

void completion_for_bash(void)
{
    /* no words */
    say("# Completions of the xinlian command for bash. Made by: xinlian help --completion bash\n"
        "_xinlian()\n{\n"
        "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" command=\"${COMP_WORDS[1]}\"\n"
        "    compopt -o filenames 2>/dev/null\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    first_words();
    say(" --version --help\" -- \"$word\"))\n        return\n    fi\n");
    say("    if [ \"$command\" = stdf ] || [ \"$command\" = help ]; then\n"
        "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n            COMPREPLY=($(compgen -W \"");
    for (const struct command *const *command = commands; *command; command++) {
        const size_t length = family_length(*command);
        if (length)
            say("%s ", (*command)->name + length + 1);
    }
    say("--help\" -- \"$word\"))\n            return\n        fi\n        command=\"$command ${COMP_WORDS[2]}\"\n    fi\n");
    say("    case \"$command\" in\n");
    for (const struct command *const *command = commands; *command; command++) {
        say("    \"%s\")\n        case \"$before\" in\n", (*command)->name);
        bash_values(*command);
        say("            *) if [[ \"$word\" == -* ]]; then COMPREPLY=($(compgen -W \"");
        for (const struct option_group *const *group = (*command)->groups; *group; group++)
            for (const struct option *option = (*group)->options; option->name; option++)
                say("--%s ", option->name);
        say("\" -- \"$word\")); else COMPREPLY=($(compgen -f -- \"$word\")); fi ;;\n        esac ;;\n");
    }
    say("    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\ncomplete -F _xinlian xinlian\n");
}

/* Text inside single quotes and the brackets of _arguments. */
static void zsh_text(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\'')
            say("'\\''");
        else if (*at == '[' || *at == ']' || *at == ':' || *at == '\\')
            say("\\%c", *at);
        else
            say("%c", *at);
    }
}

void completion_for_zsh(void)
{
    /* no words */
    say("#compdef xinlian\n# Completions of the xinlian command for zsh. Made by: xinlian help --completion zsh\n\n_xinlian()\n{\n"
        "    local -a names\n    local command=\"$words[2]\"\n    if (( CURRENT == 2 )); then\n        names=(");
    first_words();
    say(" --version --help)\n        compadd -- $names\n        return\n    fi\n"
        "    if [[ \"$command\" == (stdf|help) ]]; then\n        if (( CURRENT == 3 )); then\n            names=(\n");
    for (const struct command *const *command = commands; *command; command++) {
        const size_t length = family_length(*command);
        if (!length)
            continue;
        say("                '%s:", (*command)->name + length + 1);
        zsh_text(_((*command)->title));
        say("'\n");
    }
    say("            )\n            _describe command names\n            return\n        fi\n"
        "        command=\"$command $words[3]\"\n        shift words\n        (( CURRENT-- ))\n    fi\n"
        "    shift words\n    (( CURRENT-- ))\n    case \"$command\" in\n");
    for (const struct command *const *command = commands; *command; command++) {
        say("    '%s') _arguments -s", (*command)->name);
        for (const struct option_group *const *group = (*command)->groups; *group; group++)
            for (const struct option *option = (*group)->options; option->name; option++) {
                say(" \\\n        '%s--%s", option->kind == OPTION_NUMBERS ? "*" : "", option->name);
                if (option->argument)
                    say("=");
                say("[");
                zsh_text(_(option->help));
                say("]");
                if (option->argument) {
                    say(":");
                    zsh_text(option->argument);
                    say(":");
                    if (option->choices) {
                        say("(");
                        for (const struct choice *choice = option->choices; choice->name; choice++)
                            say("%s%s", choice == option->choices ? "" : " ", choice->name);
                        say(")");
                    } else if (takes_path(option)) {
                        say("_files");
                    }
                }
                say("'");
            }
        say(" \\\n        '*:file:_files' ;;\n");
    }
    say("    *) _files ;;\n    esac\n}\n\n_xinlian \"$@\"\n");
}
