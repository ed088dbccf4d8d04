/* lot_fuzz.c: any file as a lot, under any policy: every figure adds up, whatever the file said. */
#include <xinlian/wafer.h>

#include <stdlib.h>

#include "base/error.h"

static void check_yield(const struct xl_lot *lot, int64_t wafer)
{
    struct xl_yield y = xl_yield_of(lot, wafer), sum = {0};
    const struct xl_yield_row *rows;
    for (size_t i = xl_yield_sites(lot, wafer, &rows); i--;) {
        sum.runs += rows[i].yield.runs;
        sum.parts += rows[i].yield.parts;
        sum.first_parts += rows[i].yield.first_parts;
        sum.passed += rows[i].yield.passed;
        sum.aborted += rows[i].yield.aborted;
    }
    if (y.runs != sum.runs || y.parts != sum.parts || y.parts != sum.first_parts || y.passed != sum.passed || y.aborted != sum.aborted)
        BUG("the sites do not add up to the whole");
    if (y.parts > y.runs || y.passed > y.parts || y.recovered > y.retested)
        BUG("more parts than runs");
    xl_yield_zones(lot, wafer, &rows);
    for (int soft = 0; soft < 2; soft++) {
        const struct xl_pareto_row *bins;
        uint64_t first = 0, last = 0;
        for (size_t i = xl_pareto_bins(lot, wafer, soft, &bins); i--;) {
            first += bins[i].first_count;
            last += bins[i].count;
        }
        if (first != y.parts || last != y.parts)
            BUG("the bins do not add up to the parts");
    }
}

static void check_statistics(const struct xl_lot *lot, const struct xl_statistics_options *options)
{
    size_t tests = xl_lot_tests(lot);
    struct xl_statistics *all = memory_new(tests, sizeof *all);
    xl_statistics_all(lot, options, all);
    for (size_t t = 0; t < tests; t++) {
        const struct xl_statistics *s = &all[t];
        if (s->n && !(s->minimum <= s->q1 && s->q1 <= s->median && s->median <= s->q3 && s->q3 <= s->maximum))
            BUG("quantiles out of order");
        if (s->n > 1 && !(s->sd >= 0))
            BUG("no spread of %llu values", (unsigned long long)s->n);
        if (t < 8) {
            float *values;
            if (xl_values_of(lot, t, options, &values, NULL, NULL) != s->n)
                BUG("values are lost");
            free(values);
        }
    }
    free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2)
        return 0;
    uint8_t choice = bytes[length - 1], more = bytes[length - 2];
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input)
        return 0;
    const struct xl_load_options options = {.group_bytes = more & 1 ? 4096 : 0};
    struct xl_tables *tables = xl_tables_load(input, &options, &error);
    if (tables) {
        struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){
            .policy = {(enum xl_retest_pick)(choice % 5), (enum xl_retest_by)(choice / 5 % 5)},
            .key = (enum xl_test_key)(more / 2 % 3),
            .corrections = {.wafer = more & 8 ? "W" : NULL, .rotate = 90 * (more >> 6)},
        });
        for (size_t i = 0; i < tables->count; i++)
            xl_lot_add(lot, tables->at[i]);
        if (!xl_lot_build(lot, &error))
            BUG("a lot that cannot be built: %s", error.message);
        check_yield(lot, XL_ALL_WAFERS);
        if (xl_lot_wafers(lot))
            check_yield(lot, 0);
        const struct xl_disagreement *disagreements;
        const struct xl_pareto_row *fails;
        xl_disagreements(lot, &disagreements);
        xl_pareto_first_fails(lot, XL_ALL_WAFERS, &fails);
        xl_stops_on_fail(lot);
        check_statistics(lot, &(struct xl_statistics_options){.population = (enum xl_population)(more >> 4 & 3),
                                                              .executions = (enum xl_executions)(choice % 3),
                                                              .wafer = XL_ALL_WAFERS,
                                                              .site = -1,
                                                              .pin = -1,
                                                              .quantiles = true});
        xl_lot_free(lot);
    }
    xl_tables_free(tables);
    xl_input_free(input);
    return 0;
}
