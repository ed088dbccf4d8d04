/* stdf_test_show.c: `xinlian stdf test`: one test in full: statistics over populations, sites and wafers, histogram, limits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "main/command.h"
#include "main/console.h"
#include "main/histogram.h"
#include "main/json_document.h"
#include "main/lot_print.h"
#include "main/show.h"
#include "main/table_print.h"
#include "main/tests_order.h"

static struct {
    const char *name;
    int64_t rows;
    bool spec;
} settings = {.rows = 20};
static const struct option options[] = {
    {.kind = OPTION_TEXT,
     .name = "name",
     .value = &settings.name,
     .argument = "TEXT",
     .help = N_("of several tests of that number, the one of this name")},
    {.kind = OPTION_WHOLE,
     .name = "rows",
     .value = &settings.rows,
     .argument = "N",
     .least = 4,
     .most = 200,
     .help = N_("rows of the histogram (20)")},
    {.kind = OPTION_FLAG, .name = "spec", .value = &settings.spec, .help = N_("judge by the specification limits (LO_SPEC, HI_SPEC)")},
    {0},
};

/* ---- Statistics --------------------------------------------------------------------------------------------------- */

static void columns_of(struct table_print *table, const char *what)
{
    table_column(table, ALIGN_LEFT, what);
    table_flexible(table);
    table_column(table, ALIGN_RIGHT, _("n"));
    table_column(table, ALIGN_RIGHT, _("excluded"));
    table_column(table, ALIGN_RIGHT, _("fails"));
    table_column(table, ALIGN_RIGHT, _("mean"));
    table_column(table, ALIGN_RIGHT, _("sd"));
    table_column(table, ALIGN_RIGHT, _("min"));
    table_column(table, ALIGN_RIGHT, _("q1"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("median"));
    table_column(table, ALIGN_RIGHT, _("q3"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("max"));
    table_column(table, ALIGN_RIGHT, "Cp");
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, "Cpk");
    table_column(table, ALIGN_RIGHT, "Ppk");
}

static void row_of(struct table_print *table, const char *what, const struct xl_unit *unit, const struct xl_statistics *s)
{
    table_cell(table, STYLE_PLAIN, "%s", what);
    table_cell(table, STYLE_PLAIN, "%s", show_count(s->n));
    table_cell(table, STYLE_PLAIN, "%s", s->excluded ? show_count(s->excluded) : "");
    table_cell(table, s->fails ? STYLE_BAD : STYLE_PLAIN, "%s", s->fails ? show_count(s->fails) : "");
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->mean, 5));
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->sd, 3));
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->minimum, 5));
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->q1, 5));
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->median, 5));
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->q3, 5));
    table_cell(table, STYLE_PLAIN, "%s", show_value(unit, s->maximum, 5));
    table_cell(table, STYLE_PLAIN, "%s", show_ratio(s->cp));
    table_cell(table, s->cpk < 1 ? STYLE_BAD : s->cpk < 1.33 ? STYLE_WARNING : STYLE_STRONG, "%s", show_ratio(s->cpk));
    table_cell(table, STYLE_PLAIN, "%s", show_ratio(s->ppk));
}

static struct xl_statistics_options wanted_statistics(void)
{
    struct xl_statistics_options wanted = statistics_options();
    wanted.spec_limits = settings.spec;
    return wanted;
}

static void print_populations(const struct xl_lot *lot, size_t index, const struct xl_unit *unit)
{
    struct table_print *table = table_print_new(2);
    columns_of(table, _("whose results"));
    static const enum xl_population all[] = {XL_CHOSEN_PARTS, XL_PASSING_PARTS, XL_FIRST_TOUCH, XL_ALL_RUNS};
    for (size_t p = 0; p < sizeof all / sizeof *all; p++) {
        struct xl_statistics_options wanted = wanted_statistics();
        wanted.population = all[p];
        const struct xl_statistics s = xl_statistics_of(lot, index, &wanted);
        row_of(table, show_population(all[p]), unit, &s);
    }
    table_print_end(table);
}

static void print_sites(const struct xl_lot *lot, size_t index, const struct xl_unit *unit)
{
    const struct xl_yield_row *rows;
    const size_t count = xl_yield_sites(lot, XL_ALL_WAFERS, &rows);
    bool seen[256] = {false};
    size_t sites = 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i].site >= 0 && rows[i].site < 256 && !seen[rows[i].site]) {
            seen[rows[i].site] = true;
            sites++;
        }
    if (sites < 2)
        return;
    say("\n");
    struct table_print *table = table_print_new(2);
    columns_of(table, _("site"));
    for (int site = 0; site < 256; site++) {
        if (!seen[site])
            continue;
        struct xl_statistics_options wanted = wanted_statistics();
        wanted.site = site;
        const struct xl_statistics s = xl_statistics_of(lot, index, &wanted);
        char name[16];
        snprintf(name, sizeof name, "%d", site);
        row_of(table, name, unit, &s);
    }
    table_print_end(table);
}

static void print_wafers(const struct xl_lot *lot, size_t index, const struct xl_unit *unit)
{
    if (xl_lot_wafers(lot) < 2)
        return;
    say("\n");
    struct table_print *table = table_print_new(2);
    columns_of(table, "");
    for (size_t w = 0; w < xl_lot_wafers(lot); w++) {
        struct xl_statistics_options wanted = wanted_statistics();
        wanted.wafer = (int64_t)w;
        const struct xl_statistics s = xl_statistics_of(lot, index, &wanted);
        row_of(table, show_wafer(xl_lot_wafer(lot, w)), unit, &s);
    }
    table_print_end(table);
}

/* Positions in the results of an MPR, of the first table that has the test. */
static size_t pins_of(const struct xl_lot *lot, const struct xl_test *test, const struct xl_table **of)
{
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct xl_table *table = xl_lot_table(lot, t);
        if (test < table->tests || test >= table->tests + table->test_count)
            continue;
        *of = table;
        size_t pins = 0;
        for (uint32_t c = 0; c < test->column_count; c++) {
            const uint32_t pin = table->columns[test->columns[c]].pin;
            pins = pin + 1 > pins ? pin + 1 : pins;
        }
        return pins;
    }
    return 0;
}

static const char *pin_name(const struct xl_table *table, const struct xl_test *test, size_t pin)
{
    char *room = show_room();
    for (uint32_t c = 0; c < test->column_count; c++) {
        const struct xl_column *column = &table->columns[test->columns[c]];
        if (column->pin != pin)
            continue;
        if (column->pin_name[0])
            snprintf(room, SHOW_SIZE, "%zu %s", pin, column->pin_name);
        else
            snprintf(room, SHOW_SIZE, "%zu", pin);
        return room;
    }
    return "";
}

static void print_pins(const struct xl_lot *lot, size_t index, const struct xl_test *test, const struct xl_unit *unit)
{
    const struct xl_table *of = NULL;
    const size_t pins = pins_of(lot, test, &of);
    if (test->kind != XL_TEST_MPR || pins < 2)
        return;
    say("\n");
    struct table_print *table = table_print_new(2);
    columns_of(table, _("pin"));
    for (size_t pin = 0; pin < pins; pin++) {
        struct xl_statistics_options wanted = wanted_statistics();
        wanted.pin = (int64_t)pin;
        const struct xl_statistics s = xl_statistics_of(lot, index, &wanted);
        row_of(table, pin_name(of, test, pin), unit, &s);
    }
    table_print_end(table);
}

static void print_limits(const struct xl_lot *lot, const struct xl_lot_test *of, const struct xl_unit *unit)
{
    const struct xl_test *test = of->test;
    struct text text;
    say("  ");
    text_init(&text, 1000);
    if (!test->limits_known)
        text_add(&text, _("limits unknown: the file never says them"));
    else if (isnan(test->low) && isnan(test->high))
        text_add(&text, _("no limits"));
    else {
        if (!isnan(test->low))
            text_print(&text, "%s %s", test->low_inclusive ? "≥" : ">", show_limit(unit, test->low));
        if (!isnan(test->high))
            text_print(&text, "%s%s %s", text.length ? ", " : "", test->high_inclusive ? "≤" : "<", show_limit(unit, test->high));
        text_print(&text, "%s%s", *unit->text ? " " : "", unit->text);
    }
    say(_("limits: %s\n"), text.data);
    if (!isnan(test->low_spec) || !isnan(test->high_spec)) {
        say(_("  specification: %s to %s %s\n"), isnan(test->low_spec) ? "-" : show_limit(unit, test->low_spec),
            isnan(test->high_spec) ? "-" : show_limit(unit, test->high_spec), unit->text);
    }
    text_free(&text);
    if (!of->limits_differ)
        return;
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, _("other limits"));
    table_column(table, ALIGN_RIGHT, _("low"));
    table_column(table, ALIGN_RIGHT, _("high"));
    table_column(table, ALIGN_RIGHT, _("results"));
    table_column(table, ALIGN_RIGHT, _("first at byte"));
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct xl_table *in = xl_lot_table(lot, t);
        for (size_t i = 0; i < in->test_count; i++) {
            const struct xl_test *same = &in->tests[i];
            if (same->kind != test->kind || same->number != test->number || strcmp(same->name, test->name) != 0)
                continue;
            const bool equal = (same->low == test->low || (isnan(same->low) && isnan(test->low))) &&
                               (same->high == test->high || (isnan(same->high) && isnan(test->high)));
            if (same != test && !equal) {
                table_cell(table, STYLE_PLAIN, "%s", show_name(in->source));
                table_cell(table, STYLE_PLAIN, "%s", isnan(same->low) ? "-" : show_limit(unit, same->low));
                table_cell(table, STYLE_PLAIN, "%s", isnan(same->high) ? "-" : show_limit(unit, same->high));
                table_row_end(table);
            }
            /* Changes inside a file stand in each of its tables: shown once. */
            if (t && in->findings == xl_lot_table(lot, t - 1)->findings)
                continue;
            for (uint32_t c = 0; c < same->change_count; c++) {
                const struct xl_limit_change *change = &same->changes[c];
                table_cell(table, STYLE_PLAIN, "%s", show_name(in->source));
                table_cell(table, STYLE_PLAIN, "%s", isnan(change->low) ? "-" : show_limit(unit, change->low));
                table_cell(table, STYLE_PLAIN, "%s", isnan(change->high) ? "-" : show_limit(unit, change->high));
                table_cell(table, STYLE_PLAIN, "%s", show_count(change->results));
                table_cell(table, STYLE_PLAIN, "%s", show_count(change->offset));
            }
        }
    }
    table_print_end(table);
}

static void print_one(const struct xl_lot *lot, size_t index)
{
    const struct xl_lot_test *of = xl_lot_test(lot, index);
    const struct xl_test *test = of->test;
    const struct xl_statistics_options wanted = wanted_statistics();
    const struct xl_statistics whole = xl_statistics_of(lot, index, &wanted);
    const struct xl_unit unit = test_unit(test, &whole);
    section_title(_("Test %s (%s)%s%s"), show_test(test), test_kind_name(test->kind), *unit.text ? _(", in ") : "", unit.text);
    if (test->kind == XL_TEST_PTR || test->kind == XL_TEST_MPR)
        print_limits(lot, of, &unit);
    print_populations(lot, index, &unit);
    print_sites(lot, index, &unit);
    print_wafers(lot, index, &unit);
    print_pins(lot, index, test, &unit);
    float *values;
    const size_t count = xl_values_of(lot, index, &wanted, &values, NULL, NULL);
    if (test->kind == XL_TEST_PTR || test->kind == XL_TEST_MPR) {
        section_title(_("Histogram (%s)"), show_population(wanted.population));
        histogram_print(values, count, &whole, &unit, (size_t)settings.rows);
    }
    free(values);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static void one_json(struct json *json, const struct xl_lot *lot, size_t index)
{
    const struct xl_lot_test *of = xl_lot_test(lot, index);
    const struct xl_test *test = of->test;
    struct xl_statistics_options wanted = wanted_statistics();
    const struct xl_statistics whole = xl_statistics_of(lot, index, &wanted);
    json_object(json);
    test_json(json, test);
    json_put_bool(json, "limits_differ", of->limits_differ);
    json_key(json, "limit_changes");
    json_array(json);
    for (uint32_t c = 0; c < test->change_count; c++) {
        json_object(json);
        json_put_count(json, "offset", test->changes[c].offset);
        json_put_count(json, "results", test->changes[c].results);
        json_put_float(json, "low", test->changes[c].low);
        json_put_float(json, "high", test->changes[c].high);
        json_object_end(json);
    }
    json_array_end(json);
    json_key(json, "populations");
    json_object(json);
    for (const struct choice *population = population_choices; population->name; population++) {
        struct xl_statistics_options each = wanted;
        each.population = (enum xl_population)population->value;
        const struct xl_statistics s = xl_statistics_of(lot, index, &each);
        json_key(json, population->name);
        json_object(json);
        statistics_json(json, &s);
        json_object_end(json);
    }
    json_object_end(json);
    json_key(json, "wafers");
    json_array(json);
    for (size_t w = 0; w < xl_lot_wafers(lot); w++) {
        struct xl_statistics_options each = wanted;
        each.wafer = (int64_t)w;
        const struct xl_statistics s = xl_statistics_of(lot, index, &each);
        json_object(json);
        json_put_text(json, "name", xl_lot_wafer(lot, w)->name);
        json_key(json, "statistics");
        json_object(json);
        statistics_json(json, &s);
        json_object_end(json);
        json_object_end(json);
    }
    json_array_end(json);
    json_key(json, "sites");
    json_array(json);
    const struct xl_yield_row *rows;
    const size_t sites = xl_yield_sites(lot, XL_ALL_WAFERS, &rows);
    bool seen[256] = {false};
    for (size_t i = 0; i < sites; i++) {
        if (rows[i].site < 0 || rows[i].site > 255 || seen[rows[i].site])
            continue;
        seen[rows[i].site] = true;
        struct xl_statistics_options each = wanted;
        each.site = rows[i].site;
        const struct xl_statistics s = xl_statistics_of(lot, index, &each);
        json_object(json);
        json_put_whole(json, "site", rows[i].site);
        json_key(json, "statistics");
        json_object(json);
        statistics_json(json, &s);
        json_object_end(json);
        json_object_end(json);
    }
    json_array_end(json);
    float *values;
    const size_t count = xl_values_of(lot, index, &wanted, &values, NULL, NULL);
    json_key(json, "histogram");
    histogram_json(json, values, count, &whole, (size_t)settings.rows);
    free(values);
    json_object_end(json);
}

/* ---- Which -------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct xl_test *test, const char *wanted)
{
    int64_t number;
    if (settings.name && strcmp(test->name, settings.name) != 0)
        return false;
    if (parse_i64(wanted, 0, UINT32_MAX, &number) && test->number == (uint32_t)number)
        return true;
    return strcmp(test->name, wanted) == 0;
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots;
    if (count < 2) {
        xl_fail(&error, "usage", _("Which test of which file? Give a test's number or name, then files."));
        return usage_error("stdf test", &error);
    }
    const char *wanted = operands[1];
    int result = lots_ready("stdf test", count - 1, operands + 1, false, &gather, &lots, &error);
    bool found = false;
    for (size_t i = 0; i < lots.count && !found; i++)
        for (size_t t = 0; t < xl_lot_tests(lots.at[i]) && !found; t++)
            found = is_wanted(xl_lot_test(lots.at[i], t)->test, wanted);
    if (lots.count && !found) {
        notice(_("There is no test \"%s\" here. All tests: xinlian stdf tests FILE"), wanted);
        result = EXIT_BAD_INPUT;
        lots.count = general.json ? lots.count : 0;
    }
    struct json json;
    const bool as_json = general.json && lots.count;
    if (as_json) {
        json_document(&json, "stdf test");
        json_files(&json, &gather);
        json_key(&json, "lots");
        json_array(&json);
    }
    for (size_t i = 0; i < lots.count; i++) {
        const struct xl_lot *lot = lots.at[i];
        if (as_json) {
            json_object(&json);
            json_lot_head(&json, lot);
            json_put_text(&json, "population", choice_name(population_choices, population_settings.population));
            json_put_text(&json, "executions", choice_name(execution_choices, population_settings.executions));
            json_key(&json, "tests");
            json_array(&json);
        } else {
            if (i)
                say("\n\n");
            lot_title(lot);
            lot_rules(lot);
        }
        for (size_t t = 0; t < xl_lot_tests(lot); t++) {
            if (!is_wanted(xl_lot_test(lot, t)->test, wanted))
                continue;
            if (as_json)
                one_json(&json, lot, t);
            else
                print_one(lot, t);
        }
        if (as_json) {
            json_array_end(&json);
            json_object_end(&json);
        } else if (lot_settings.explain) {
            lot_explain(lot, &gather);
        }
    }
    if (as_json) {
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
    {"xinlian stdf test 1000 lot.stdf.gz", N_("one test over populations, sites and wafers, with its histogram")},
    {"xinlian stdf test leak_all lot.stdf.gz --population passing", N_("by name, its histogram over passing parts")},
    {"xinlian stdf test 1000 lots/ --json", N_("for a program")},
    {0},
};
const struct command stdf_test_command = {
    .name = "stdf test",
    .title = N_("One test in full: statistics by population, site, wafer and pin, histogram, limit changes"),
    .operands = "NUMBER|NAME FILE|DIR|-|store:LOT...",
    .about = N_("Where several tests share the number, each is shown; --name picks one."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
