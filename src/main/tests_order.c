/* tests_order.c: a lot's tests with their statistics, in an order, and the table that shows them. */
#include "main/tests_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "main/json_document.h"
#include "main/show.h"
#include "main/table_print.h"

static _Thread_local const struct xl_lot *sorted_lot;
static _Thread_local const struct xl_statistics *sorted_statistics;

static int by_index(size_t a, size_t b)
{
    return (a > b) - (a < b);
}
/* Least first; what has none comes last. */
static int by_cpk(size_t a, size_t b)
{
    const double left = sorted_statistics[a].cpk, right = sorted_statistics[b].cpk;
    if (isnan(left) || isnan(right))
        return isnan(left) - isnan(right);
    return (left > right) - (left < right);
}
static int by_fails(size_t a, size_t b)
{
    const uint64_t left = sorted_statistics[a].fails, right = sorted_statistics[b].fails;
    return (left < right) - (left > right);
}
static int compare_cpk(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    const int order = by_cpk(left, right);
    return order ? order : by_index(left, right);
}
static int compare_fails(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    const int order = by_fails(left, right);
    return order ? order : by_index(left, right);
}
/* Tests that failed by their fails, then the rest by Cpk. */
static int compare_worst(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = by_fails(left, right);
    order = order ? order : by_cpk(left, right);
    return order ? order : by_index(left, right);
}
static int compare_number(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    const uint32_t first = xl_lot_test(sorted_lot, left)->test->number, second = xl_lot_test(sorted_lot, right)->test->number;
    return first != second ? (first > second) - (first < second) : by_index(left, right);
}
static int compare_name(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;
    const int order = strcmp(xl_lot_test(sorted_lot, left)->test->name, xl_lot_test(sorted_lot, right)->test->name);
    return order ? order : by_index(left, right);
}

void tests_order_make(const struct xl_lot *lot, const struct xl_statistics_options *options, enum tests_sort sort,
                      struct tests_order *order)
{
    order->count = xl_lot_tests(lot);
    order->at = memory_new(order->count, sizeof *order->at);
    order->statistics = memory_new(order->count, sizeof *order->statistics);
    xl_statistics_all(lot, options, order->statistics);
    for (size_t i = 0; i < order->count; i++)
        order->at[i] = i;
    sorted_lot = lot;
    sorted_statistics = order->statistics;
    int (*compare)(const void *, const void *) = NULL;
    switch (sort) {
    case TESTS_BY_WORST:
        compare = compare_worst;
        break;
    case TESTS_BY_CPK:
        compare = compare_cpk;
        break;
    case TESTS_BY_FAILS:
        compare = compare_fails;
        break;
    case TESTS_BY_NUMBER:
        compare = compare_number;
        break;
    case TESTS_BY_NAME:
        compare = compare_name;
        break;
    case TESTS_BY_EXECUTION:
        break;
    }
    if (compare)
        qsort(order->at, order->count, sizeof *order->at, compare);
}

void tests_order_free(struct tests_order *order)
{
    free(order->at);
    free(order->statistics);
    *order = (struct tests_order){0};
}

struct xl_unit test_unit(const struct xl_test *test, const struct xl_statistics *statistics)
{
    double largest = NAN;
    if (!isnan(statistics->q1))
        largest = fmax(fabs(statistics->q1), fabs(statistics->q3));
    else if (statistics->n)
        largest = fmax(fabs(statistics->minimum), fabs(statistics->maximum));
    return xl_test_unit(test, largest);
}

void tests_table(const struct xl_lot *lot, const struct tests_order *order, size_t most)
{
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_RIGHT, _("test"));
    table_column(table, ALIGN_LEFT, _("name"));
    table_flexible(table);
    table_column(table, ALIGN_RIGHT, _("n"));
    table_column(table, ALIGN_RIGHT, _("fails"));
    table_column(table, ALIGN_RIGHT, _("low"));
    table_column(table, ALIGN_RIGHT, _("high"));
    table_column(table, ALIGN_LEFT, _("unit"));
    table_column(table, ALIGN_RIGHT, _("mean"));
    table_column(table, ALIGN_RIGHT, _("sd"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("min"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("median"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("max"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, "Cpk");
    table_column(table, ALIGN_LEFT, "");
    for (size_t i = 0; i < most && i < order->count; i++) {
        const struct xl_lot_test *of = xl_lot_test(lot, order->at[i]);
        const struct xl_test *test = of->test;
        const struct xl_statistics *s = &order->statistics[order->at[i]];
        const struct xl_unit unit = test_unit(test, s);
        const bool measures = test->kind == XL_TEST_PTR || test->kind == XL_TEST_MPR;
        table_cell(table, STYLE_PLAIN, "%u", test->number);
        table_cell(table, STYLE_PLAIN, "%s", test->name);
        table_cell(table, STYLE_PLAIN, "%s", show_count(s->n));
        table_cell(table, s->fails ? STYLE_BAD : STYLE_PLAIN, "%s", s->fails ? show_count(s->fails) : "");
        if (measures) {
            table_cell(table, STYLE_PLAIN, "%s", show_limit(&unit, s->low));
            table_cell(table, STYLE_PLAIN, "%s", show_limit(&unit, s->high));
            table_cell(table, STYLE_PLAIN, "%s", unit.text);
            table_cell(table, STYLE_PLAIN, "%s", show_value(&unit, s->mean, 5));
            table_cell(table, STYLE_PLAIN, "%s", show_value(&unit, s->sd, 3));
            table_cell(table, STYLE_PLAIN, "%s", show_value(&unit, s->minimum, 5));
            table_cell(table, STYLE_PLAIN, "%s", show_value(&unit, s->median, 5));
            table_cell(table, STYLE_PLAIN, "%s", show_value(&unit, s->maximum, 5));
            table_cell(table, s->cpk < 1 ? STYLE_BAD : s->cpk < 1.33 ? STYLE_WARNING : STYLE_PLAIN, "%s", show_ratio(s->cpk));
            if (of->limits_differ)
                table_cell(table, STYLE_WARNING, "%s", _("limits change"));
            else if (!test->limits_known)
                table_cell(table, STYLE_FAINT, "%s", _("limits unknown"));
        }
        table_row_end(table);
    }
    table_print_end(table);
}

void statistics_json(struct json *json, const struct xl_statistics *s)
{
    json_put_count(json, "n", s->n);
    json_put_count(json, "excluded", s->excluded);
    json_put_count(json, "fails", s->fails);
    json_put_number(json, "mean", s->mean);
    json_put_number(json, "sd", s->sd);
    json_put_number(json, "sd_within", s->sd_within);
    json_put_number(json, "minimum", s->minimum);
    json_put_number(json, "p01", s->p01);
    json_put_number(json, "q1", s->q1);
    json_put_number(json, "median", s->median);
    json_put_number(json, "q3", s->q3);
    json_put_number(json, "p99", s->p99);
    json_put_number(json, "maximum", s->maximum);
    json_put_number(json, "robust_sigma", s->robust_sigma);
    json_put_number(json, "skewness", s->skewness);
    json_put_number(json, "kurtosis", s->kurtosis);
    json_put_float(json, "low", s->low);
    json_put_float(json, "high", s->high);
    json_put_number(json, "cp", s->cp);
    json_put_number(json, "cpk", s->cpk);
    json_put_number(json, "pp", s->pp);
    json_put_number(json, "ppk", s->ppk);
}

void test_json(struct json *json, const struct xl_test *test)
{
    json_put_text(json, "kind", test_kind_name(test->kind));
    json_put_count(json, "number", test->number);
    json_put_text(json, "name", test->name);
    json_put_text(json, "units", test->units);
    json_key(json, "limits");
    json_object(json);
    json_put_bool(json, "known", test->limits_known);
    json_put_float(json, "low", test->low);
    json_put_float(json, "high", test->high);
    json_put_bool(json, "low_inclusive", test->low_inclusive);
    json_put_bool(json, "high_inclusive", test->high_inclusive);
    json_put_float(json, "low_spec", test->low_spec);
    json_put_float(json, "high_spec", test->high_spec);
    json_object_end(json);
}
