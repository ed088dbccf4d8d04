/* load_fuzz.c: any bytes through container, reader and part model: an answer, findings or an error, within bounds. */
#include <xinlian/parts.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* What every table promises, whatever the file said. */
static void check_table(const struct xl_table *t)
{
    uint64_t rows = 0;
    for (uint32_t c = 0; c < t->column_count; c++)
        if (t->columns[c].test >= t->test_count)
            BUG("column %u of no test", c);
    for (size_t i = 0; i < t->test_count; i++)
        for (uint32_t k = 0; k < t->tests[i].column_count; k++)
            if (t->tests[i].columns[k] >= t->column_count || t->columns[t->tests[i].columns[k]].test != i)
                BUG("test %zu claims a column that is not its own", i);
    for (size_t g = 0; g < t->group_count; g++) {
        const struct xl_part_group *group = &t->groups[g];
        rows += group->rows;
        for (uint32_t r = 0; r < group->rows; r++) {
            if (group->first_fail[r] >= (int64_t)t->column_count)
                BUG("first failing test beyond the columns");
            for (uint32_t m = 0; m + sizeof(struct xl_mark) <= group->marks[r].length; m += sizeof(struct xl_mark)) {
                struct xl_mark mark;
                memcpy(&mark, group->marks[r].bytes + m, sizeof mark);
                if (mark.column >= t->column_count)
                    BUG("mark beyond the columns");
            }
        }
        for (uint32_t c = 0; c < t->column_count; c++)
            if (group->values[c] && (uintptr_t)group->values[c] % 64)
                BUG("a column that is not aligned");
    }
    if (rows != t->rows)
        BUG("rows are lost");
    free(xl_column_names(t));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (!length)
        return 0;
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input)
        return 0;
    const struct xl_load_options options = {.key = bytes[length - 1] % 3, .group_bytes = bytes[length - 1] & 4 ? 4096 : 0};
    struct xl_tables *tables = xl_tables_load(input, &options, &error);
    for (size_t i = 0; tables && i < tables->count; i++)
        check_table(tables->at[i]);
    if (!tables && !*error.code)
        BUG("failed without saying why");
    xl_tables_free(tables);
    xl_input_free(input);
    return 0;
}
