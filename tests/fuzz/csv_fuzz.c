/* csv_fuzz.c: any text as a wide CSV; what is read is written and read again, and must say the same. */
#include <xinlian/csv.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/out.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text written(const struct xl_tables *tables)
{
    struct text text;
    struct xl_error error = {0};
    text_init(&text, 1 << 28);
    const struct xl_table **list = memory_new(tables->count, sizeof *list);
    for (size_t i = 0; i < tables->count; i++)
        list[i] = tables->at[i];
    if (!xl_csv_write(list, tables->count, &(struct xl_csv_options){.threads = 2}, sink_text(&text), &error))
        abort();
    free(list);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xl_error error = {0};
    struct xl_tables *first = xl_csv_load(data, size, &error);
    if (!first)
        return 0;
    struct text once = written(first);
    struct xl_tables *second = xl_csv_load(once.data, once.length, &error);
    if (!second)
        abort();
    struct text twice = written(second);
    if (once.length != twice.length || memcmp(once.data, twice.data, once.length) != 0)
        abort();
    text_free(&once);
    text_free(&twice);
    xl_tables_free(first);
    xl_tables_free(second);
    return 0;
}
