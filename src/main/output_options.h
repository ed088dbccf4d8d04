/* output_options.h: -o FILE and --force, and the receipt for what was written. */
#pragma once

#include "main/file_out.h"
#include "main/option.h"

struct output_settings {
    const char *path;
    bool force;
};
extern struct output_settings output_settings;
extern const struct option_group output_options;

/* What was written, as a notice or as JSON; nothing where it went to standard output. `seconds` 0: not told. */
void receipt(const char *command, const struct file_out *out, double seconds);
