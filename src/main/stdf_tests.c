/* stdf_tests.c: `xinlian stdf tests`: every test with its limits and statistics. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "main/command.h"
#include "main/console.h"
#include "main/json_document.h"
#include "main/lot_print.h"
#include "main/show.h"
#include "main/tests_order.h"

static struct {
    int sort;
    int64_t most;
    bool spec;
    struct number_list numbers;
} settings = {.sort = TESTS_BY_WORST};

static const struct choice sorts[] = {
    {"worst", TESTS_BY_WORST, N_("most fails, then least Cpk (usual)")},
    {"cpk", TESTS_BY_CPK, N_("least Cpk")},
    {"fails", TESTS_BY_FAILS, N_("most fails")},
    {"number", TESTS_BY_NUMBER, N_("by number")},
    {"name", TESTS_BY_NAME, N_("by name")},
    {"order", TESTS_BY_EXECUTION, N_("as first executed")},
    {0},
};
static const struct option options[] = {
    {.kind = OPTION_CHOICE,
     .letter = 's',
     .name = "sort",
     .value = &settings.sort,
     .argument = "ORDER",
     .choices = sorts,
     .help = N_("what stands first")},
    {.kind = OPTION_WHOLE,
     .letter = 'n',
     .name = "most",
     .value = &settings.most,
     .argument = "N",
     .most = INT64_MAX,
     .help = N_("only the first so many")},
    {.kind = OPTION_NUMBERS,
     .name = "test",
     .value = &settings.numbers,
     .argument = "N,N-N",
     .most = UINT32_MAX,
     .help = N_("only tests of these numbers")},
    {.kind = OPTION_FLAG, .name = "spec", .value = &settings.spec, .help = N_("judge by the specification limits (LO_SPEC, HI_SPEC)")},
    {0},
};

static int by_number(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void keep_numbers(const struct xl_lot *lot, struct tests_order *order)
{
    size_t kept = 0;
    for (size_t i = 0; i < order->count; i++) {
        const uint32_t number = xl_lot_test(lot, order->at[i])->test->number;
        if (!settings.numbers.count || bsearch(&number, settings.numbers.at, settings.numbers.count, sizeof number, by_number))
            order->at[kept++] = order->at[i];
    }
    order->count = kept;
}

static void lot_json(struct json *json, const struct xl_lot *lot, const struct tests_order *order, size_t shown)
{
    json_object(json);
    json_lot_head(json, lot);
    json_put_text(json, "population", choice_name(population_choices, population_settings.population));
    json_put_text(json, "executions", choice_name(execution_choices, population_settings.executions));
    json_put_bool(json, "stops_on_fail", xl_stops_on_fail(lot));
    json_key(json, "tests");
    json_array(json);
    for (size_t i = 0; i < shown; i++) {
        const struct xl_lot_test *of = xl_lot_test(lot, order->at[i]);
        json_object(json);
        test_json(json, of->test);
        json_put_bool(json, "limits_differ", of->limits_differ);
        json_key(json, "statistics");
        json_object(json);
        statistics_json(json, &order->statistics[order->at[i]]);
        json_object_end(json);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots;
    const int result = lots_ready("stdf tests", count, operands, false, &gather, &lots, &error);
    struct json json;
    if (general.json && lots.count) {
        json_document(&json, "stdf tests");
        json_files(&json, &gather);
        json_key(&json, "lots");
        json_array(&json);
    }
    for (size_t i = 0; i < lots.count; i++) {
        const struct xl_lot *lot = lots.at[i];
        struct xl_statistics_options wanted = statistics_options();
        wanted.spec_limits = settings.spec;
        struct tests_order order;
        tests_order_make(lot, &wanted, (enum tests_sort)settings.sort, &order);
        keep_numbers(lot, &order);
        const size_t shown = settings.most && order.count > (size_t)settings.most ? (size_t)settings.most : order.count;
        if (general.json) {
            lot_json(&json, lot, &order, shown);
        } else {
            if (i)
                say("\n\n");
            lot_title(lot);
            lot_rules(lot);
            if (order.count) {
                section_title(_("Tests (%s)"), show_population(wanted.population));
                tests_table(lot, &order, shown);
                if (shown < order.count)
                    say(_("  %sand %zu more%s\n"), style(STYLE_FAINT), order.count - shown, style_end());
            } else {
                say("\n  %s\n", settings.numbers.count ? _("No test of this number.") : _("No test records here."));
            }
            if (order.count && xl_stops_on_fail(lot))
                say("  %s\n", _("The program stops at a part's first failing test: later tests saw only the survivors."));
            if (lot_settings.explain)
                lot_explain(lot, &gather);
        }
        tests_order_free(&order);
    }
    if (general.json && lots.count) {
        json_array_end(&json);
        json_document_end(&json);
    }
    lots_free(&lots);
    gather_free(&gather);
    return result;
}

static const struct option_group own_options = {N_("Options"), options};
static const struct option_group *const groups[] = {&own_options,    &population_options, &filter_options,  &correction_options,
                                                    &retest_options, &store_options,      &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf tests lot.stdf.gz", N_("every test, the worst first")},
    {"xinlian stdf tests lot.stdf.gz --sort cpk -n 20 --population passing", N_("the 20 least capable, over passing parts")},
    {"xinlian stdf tests lots/ --site 2 --json", N_("one site's statistics, for a program")},
    {0},
};
const struct command stdf_tests_command = {
    .name = "stdf tests",
    .title = N_("Every test with its limits, statistics and capability, the worst first"),
    .operands = "FILE|DIR|-|store:LOT...",
    .about = N_("Statistics leave out results that the tester called invalid. Cpk uses the spread within wafers; for one wafer that is the "
                "overall spread. "
                "Numbers are shown in the test's unit with one scale a row; JSON holds base units."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
