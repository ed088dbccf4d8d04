/* parquet_fuzz.c: any bytes as a Parquet file: refused with a reason, or a table of which every value can be read. */
#include <xinlian/store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/wafer/random_table.h"

enum { ENDS = 12, FOOTER_LENGTH = 8 };

static void read_everything(const struct xl_table *table)
{
    uint64_t rows = 0;
    for (size_t g = 0; g < table->group_count; g++) {
        const struct xl_part_group *group = &table->groups[g];
        rows += group->rows;
        for (uint32_t i = 0; i < group->rows; i++) {
            if (group->first_fail[i] >= (int64_t)table->column_count || group->site[i] < 0 || group->site[i] > UINT8_MAX)
                BUG("a part refers to what is not there");
            for (uint32_t at = 0; at < group->marks[i].length; at += (uint32_t)sizeof(struct xl_mark)) {
                struct xl_mark mark;
                memcpy(&mark, group->marks[i].bytes + at, sizeof mark);
                if (mark.column >= table->column_count)
                    BUG("a mark of no column");
            }
        }
    }
    if (rows != table->rows)
        BUG("rows that are not in the groups");
    const struct xl_column_statistics *statistics = xl_parquet_statistics(table);
    for (size_t c = 0; c < table->column_count; c++)
        if (table->columns[c].test >= table->test_count || (statistics[c].n && statistics[c].fails > UINT64_MAX))
            BUG("a column of no test");
    /* Touches every text and value. */
    if (table_difference(table, table))
        BUG("a table that differs from itself");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static int file = -1;
    static char path[64];
    if (file < 0) {
        file = memfd_create("parquet", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (ftruncate(file, 0) != 0 || pwrite(file, bytes, length, 0) != (ssize_t)length)
        BUG("cannot write to memory");
    struct xl_error error = {.code = ""};
    struct xl_table *table = xl_parquet_open(path, &error);
    if (!table && (!*error.code || !*error.message))
        BUG("refused without saying why");
    if (table)
        read_everything(table);
    xl_parquet_close(table);
    return 0;
}

/* Pages and footer change apart from one another, and the footer keeps its length and magic: else nearly every input would be refused for
 * them. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed)
{
    uint32_t footer = 0;
    if (length >= ENDS)
        memcpy(&footer, bytes + length - FOOTER_LENGTH, sizeof footer);
    if (seed % 8 == 0 || length < ENDS || footer > length - ENDS || most < length)
        return LLVMFuzzerMutate(bytes, length, most);
    size_t start = length - FOOTER_LENGTH - footer;
    if (seed % 8 == 1) {
        LLVMFuzzerMutate(bytes, start, start); /* within its size, so that offsets stay true */
        return length;
    }
    footer = (uint32_t)LLVMFuzzerMutate(bytes + start, footer, most - start - FOOTER_LENGTH);
    memcpy(bytes + start + footer, &footer, sizeof footer);
    memcpy(bytes + start + footer + 4, "PAR1", 4);
    return start + footer + FOOTER_LENGTH;
}
