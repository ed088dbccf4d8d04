/* help.h: what the table of commands says: help for a terminal, manual pages, completions for shells. */
#pragma once

#include "main/command.h"

/* The overview of all commands, or of those whose names begin with the word `family`. */
void help_overview(const char *family);
void help_of(const struct command *);
/* A manual page in roff; NULL: that of `xinlian` itself. */
void manual_of(const struct command *);
void completion_for_bash(void);
void completion_for_zsh(void);
