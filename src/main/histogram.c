/* histogram.c: how often which value came. */
#include "main/histogram.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "main/console.h"
#include "main/json_document.h"
#include "main/show.h"
#include "main/table_print.h"

struct histogram {
    double from, step;
    size_t rows;
    uint64_t below, above, most;
    uint64_t *counts;
};

/* 1, 2, 2.5 or 5 times a power of ten, so that the rows begin at round numbers: in the unit's scale. */
static double round_step(double least)
{
    static const double round[] = {1, 2, 2.5, 5, 10};
    const double power = pow(10, floor(log10(least)));
    for (size_t i = 0; i < sizeof round / sizeof *round; i++)
        if (round[i] * power >= least * (1 - 1e-9))
            return round[i] * power;
    return 10 * power;
}

static bool make(const float *values, size_t count, const struct xl_statistics *of, size_t rows, struct histogram *histogram)
{
    *histogram = (struct histogram){0};
    if (!of->n)
        return false;
    double low = of->minimum, high = of->maximum;
    const double spread = of->q3 - of->q1;
    if (spread > 0) {
        double least = of->q1 - 3 * spread, most = of->q3 + 3 * spread;
        /* A limit close by belongs into the picture. */
        if (!isnan(of->low) && of->low > of->q1 - 10 * spread)
            least = fmin(least, (double)of->low - spread / 2);
        if (!isnan(of->high) && of->high < of->q3 + 10 * spread)
            most = fmax(most, (double)of->high + spread / 2);
        low = fmax(low, least);
        high = fmin(high, most);
    }
    if (!(high > low)) {
        histogram->from = low;
        histogram->step = 0;
        histogram->rows = 1;
    } else {
        histogram->step = round_step((high - low) / (double)rows);
        histogram->from = floor(low / histogram->step) * histogram->step;
        const double wanted = floor((high - histogram->from) / histogram->step) + 1;
        histogram->rows = wanted < 4 * (double)rows ? (size_t)wanted : 4 * rows;
    }
    histogram->counts = memory_new(histogram->rows, sizeof *histogram->counts);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        const double value = values[i];
        const double at = histogram->step > 0 ? floor((value - histogram->from) / histogram->step) : value > low ? 1 : value < low ? -1 : 0;
        if (at < 0)
            histogram->below++;
        else if (at >= (double)histogram->rows)
            histogram->above++;
        else
            histogram->counts[(size_t)at]++;
    }
    for (size_t i = 0; i < histogram->rows; i++)
        histogram->most = histogram->counts[i] > histogram->most ? histogram->counts[i] : histogram->most;
    return true;
}

static void limit_row(struct table_print *table, const char *name, const char *value)
{
    table_cell(table, STYLE_WARNING, "%s", value);
    table_cell(table, STYLE_WARNING, "%s", "");
    table_cell(table, STYLE_WARNING, "┄┄┄┄ %s", name);
}

void histogram_print(const float *values, size_t count, const struct xl_statistics *of, const struct xl_unit *unit, size_t rows)
{
    struct histogram histogram;
    if (!make(values, count, of, rows, &histogram)) {
        say("  %s\n", _("No values."));
        return;
    }
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_RIGHT, unit->text);
    table_column(table, ALIGN_RIGHT, _("results"));
    table_column(table, ALIGN_LEFT, "");
    const size_t width = console.width > 60 ? console.width - 34 : 40;
    /* The limit lines stand before the row that they fall into, or at the ends. */
    bool low_told = isnan(of->low), high_told = isnan(of->high);
    if (!low_told && histogram.below && (double)of->low <= of->minimum) {
        limit_row(table, _("low limit"), show_limit(unit, of->low));
        low_told = true;
    }
    if (histogram.below) {
        table_cell(table, STYLE_FAINT, "< %s", show_value(unit, histogram.from, 6));
        table_cell(table, STYLE_PLAIN, "%s", show_count(histogram.below));
        table_bar(table, STYLE_BAD, (double)histogram.below / (double)histogram.most, width);
    }
    for (size_t i = 0; i < histogram.rows; i++) {
        const double from = histogram.from + (double)i * histogram.step, to = from + histogram.step;
        if (!low_told && (double)of->low < (histogram.step > 0 ? to : from)) {
            limit_row(table, _("low limit"), show_limit(unit, of->low));
            low_told = true;
        }
        if (!high_told && (double)of->high < (histogram.step > 0 ? from + histogram.step / 2 : from)) {
            limit_row(table, _("high limit"), show_limit(unit, of->high));
            high_told = true;
        }
        const bool outside = (!isnan(of->low) && to <= (double)of->low) || (!isnan(of->high) && from > (double)of->high);
        table_cell(table, STYLE_PLAIN, "%s", show_value(unit, from, 6));
        table_cell(table, STYLE_PLAIN, "%s", histogram.counts[i] ? show_count(histogram.counts[i]) : "");
        table_bar(table, outside ? STYLE_BAD : STYLE_GOOD, (double)histogram.counts[i] / (double)(histogram.most ? histogram.most : 1),
                  width);
    }
    if (!low_told)
        limit_row(table, _("low limit"), show_limit(unit, of->low));
    const bool high_is_last = !high_told && histogram.above && (double)of->high >= of->maximum;
    if (!high_told && !high_is_last)
        limit_row(table, _("high limit"), show_limit(unit, of->high));
    if (histogram.above) {
        table_cell(table, STYLE_FAINT, "≥ %s", show_value(unit, histogram.from + (double)histogram.rows * histogram.step, 6));
        table_cell(table, STYLE_PLAIN, "%s", show_count(histogram.above));
        table_bar(table, STYLE_BAD, (double)histogram.above / (double)(histogram.most ? histogram.most : 1), width);
    }
    if (high_is_last)
        limit_row(table, _("high limit"), show_limit(unit, of->high));
    table_print_end(table);
    free(histogram.counts);
}

void histogram_json(struct json *json, const float *values, size_t count, const struct xl_statistics *of, size_t rows)
{
    struct histogram histogram;
    if (!make(values, count, of, rows, &histogram)) {
        json_null(json);
        return;
    }
    json_object(json);
    json_put_number(json, "from", histogram.from);
    json_put_number(json, "step", histogram.step);
    json_put_count(json, "below", histogram.below);
    json_put_count(json, "above", histogram.above);
    json_key(json, "counts");
    json_array(json);
    for (size_t i = 0; i < histogram.rows; i++)
        json_u64(json, histogram.counts[i]);
    json_array_end(json);
    json_object_end(json);
    free(histogram.counts);
}
