/* command.h: the commands of `xinlian`: one row each, from which the parser, --help, the manual pages and the completions come. */
#pragma once

#include "main/option.h"

struct example {
    const char *line; /* what to type */
    const char *what; /* N_(): what it does */
};
struct command {
    const char *name;     /* "stdf summary" */
    const char *title;    /* N_(): one line */
    const char *operands; /* "FILE..." */
    const char *about;    /* N_(): paragraphs, an empty line between them */
    const struct option_group *const *groups;
    const struct example *examples; /* ends with a NULL line */
    /* Operands in argv[1..count]. Returns the exit code. */
    int (*run)(int count, char **operands);
};
enum { EXIT_GOOD = 0, EXIT_BAD_INPUT = 1, EXIT_USAGE = 2 };

/* Every command; ends with NULL. */
extern const struct command *const commands[];

/* What every command takes. */
struct general_settings {
    bool help, json;
    const char *language;
    int colour;
};
extern struct general_settings general;
extern const struct option_group general_options;

/* Prints an error of usage and where help is; returns EXIT_USAGE. */
int usage_error(const char *command, const struct xl_error *error);
/* Prints an error of the input; returns EXIT_BAD_INPUT. */
int input_error(const struct xl_error *error);

extern const struct command help_command, stdf_check_command, stdf_convert_command, stdf_import_command, stdf_map_command,
    stdf_merge_command, stdf_parts_command, stdf_records_command, stdf_report_command, stdf_simulate_command, stdf_summary_command,
    stdf_test_command, stdf_tests_command;
