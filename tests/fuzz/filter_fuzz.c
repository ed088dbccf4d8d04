/* filter_fuzz.c: any text as a condition: it parses and runs over a part, or says where it is wrong. */
#include <xinlian/wafer.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/wafer/table_test_helper.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *where = memory_new(length + 1, 1);
    if (length)
        memcpy(where, bytes, length);
    struct xl_error error = {.code = ""};
    struct xl_filter *filter = xl_filter_new(-1, -1, NULL, 0, where, &error);
    if (!filter && (!*error.code || !*error.message))
        BUG("refused without saying why");
    if (filter) {
        struct bench *b = bench_new("f", "W");
        bench_test_pins(b, XL_TEST_MPR, 1, "a", 0, 1, 2, 2);
        bench_part(b, (struct bench_part){.x = 1, .y = 2, .hard_bin = 1, .part_id = "abcabc"}, (float[]){1, 2, 3, 4});
        struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){.filter = filter});
        xl_lot_add(lot, bench_table(b));
        xl_lot_build(lot, &error);
        xl_lot_free(lot);
        bench_free(b);
        xl_filter_free(filter);
    }
    free(where);
    return 0;
}
