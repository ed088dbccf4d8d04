/* output_options.c: -o FILE and --force, and the receipt for what was written. */
#include "main/output_options.h"

#include <string.h>

#include "base/error.h"
#include "main/command.h"
#include "main/console.h"
#include "main/json_document.h"
#include "main/show.h"

struct output_settings output_settings;

static const struct option options[] = {
    {.kind = OPTION_TEXT,
     .letter = 'o',
     .name = "output",
     .value = &output_settings.path,
     .argument = "FILE",
     .help = N_("where to write; - is standard output")},
    {.kind = OPTION_FLAG, .letter = 'f', .name = "force", .value = &output_settings.force, .help = N_("replace a file that is there")},
    {0},
};
const struct option_group output_options = {N_("Output"), options};

void receipt(const char *command, const struct file_out *out, double seconds)
{
    if (out->is_standard_output)
        return;
    if (general.json) {
        struct json json;
        json_document(&json, command);
        json_put_text(&json, "output", out->path);
        json_put_count(&json, "bytes", out->written);
        json_document_end(&json);
        return;
    }
    if (seconds > 0.2)
        say(_("%s: %s, %.0f MB/s\n"), out->path, show_bytes(out->written), (double)out->written / seconds / 1e6);
    else
        say(_("%s: %s\n"), out->path, show_bytes(out->written));
}
