/* report_tests.c: the report's table of tests, worst Cpk first, a histogram with the limits in each row; and the findings. */
#include "engine/wafer/report.h"

#include <xinlian/units.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "engine/wafer/html.h"

struct row {
    size_t test;
    const struct xl_statistics *statistics;
};

/* Worst Cpk first; tests without one after them, those that fail first. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    double left_cpk = left->statistics->cpk, right_cpk = right->statistics->cpk;
    if (isnan(left_cpk) != isnan(right_cpk))
        return isnan(left_cpk) ? 1 : -1;
    if (!isnan(left_cpk) && left_cpk != right_cpk)
        return left_cpk < right_cpk ? -1 : 1;
    if (left->statistics->fails != right->statistics->fails)
        return left->statistics->fails > right->statistics->fails ? -1 : 1;
    return left->test < right->test ? -1 : left->test > right->test;
}

/* ---- Histogram ---------------------------------------------------------------------------------------------------- */

enum { BINS = 40, HIGH = 30, WIDE = 120 };
struct histogram {
    double low, high; /* of the picture */
    size_t bins;
    uint32_t counts[BINS];
    uint32_t most;
};

/* The inner 98 percent of the values with some air, the limits too when they are not far off. */
static struct histogram histogram_of(const struct xl_statistics *s, const float *values, size_t count)
{
    struct histogram h = {.low = s->p01, .high = s->p99, .bins = BINS};
    double spread = h.high - h.low;
    bool whole = true;
    for (size_t i = 0; i < count && whole; i++)
        whole = values[i] == floorf(values[i]);
    if (s->minimum > h.low - spread / 2)
        h.low = s->minimum;
    if (s->maximum < h.high + spread / 2)
        h.high = s->maximum;
    if (isfinite(s->low) && (double)s->low < h.low && (double)s->low > h.low - 1.5 * spread)
        h.low = (double)s->low;
    if (isfinite(s->high) && (double)s->high > h.high && (double)s->high < h.high + 1.5 * spread)
        h.high = (double)s->high;
    if (whole && h.high - h.low < BINS) { /* a bar for each number */
        h.low = floor(h.low) - 0.5;
        h.high = ceil(h.high) + 0.5;
        h.bins = (size_t)(h.high - h.low + 0.5);
        h.bins = h.bins > BINS ? BINS : h.bins;
    } else {
        double air = h.high > h.low ? (h.high - h.low) * 0.04 : h.low != 0 ? fabs(h.low) * 0.05 : 1;
        h.low -= air;
        h.high += air;
    }
    double width = (h.high - h.low) / (double)h.bins;
    for (size_t i = 0; i < count; i++) {
        double at = floor(((double)values[i] - h.low) / width); /* what lies outside stands in the outermost bars */
        size_t bin = !(at > 0) ? 0 : at >= (double)h.bins ? h.bins - 1 : (size_t)at;
        h.counts[bin]++;
        h.most = h.counts[bin] > h.most ? h.counts[bin] : h.most;
    }
    return h;
}

/* The bars as one outline, those beyond the limits as another. */
static void write_bars(struct out *out, const struct histogram *h, const struct xl_statistics *s, bool beyond)
{
    bool down = true, any = false;
    double width = (h->high - h->low) / (double)h->bins;
    for (size_t i = 0; i < h->bins; i++) {
        double middle = h->low + ((double)i + 0.5) * width;
        bool outside = middle < (double)s->low || middle > (double)s->high;
        uint32_t tall = h->counts[i] == 0 || outside != beyond ? 0 : (uint32_t)((uint64_t)h->counts[i] * (HIGH - 3) / h->most);
        tall += h->counts[i] != 0 && outside == beyond; /* one result among thousands is still seen */
        if (tall == 0 && down)
            continue;
        if (down)
            out_print(out, "%sM%zu %d", any ? "" : beyond ? "<path class=\"x\" d=\"" : "<path class=\"h\" d=\"", i * WIDE / h->bins, HIGH);
        any = true;
        out_print(out, "V%" PRIu32 "H%zu", HIGH - tall, (i + 1) * WIDE / h->bins);
        down = tall == 0;
    }
    if (any)
        out_print(out, "V%d\"/>", HIGH);
}

static void write_histogram(const struct report *report, const struct xl_statistics *s, const struct xl_unit *unit, const float *values,
                            size_t count)
{
    struct out *out = report->out;
    if (count == 0 || isnan(s->p01)) {
        out_text(out, "<td></td>");
        return;
    }
    struct histogram h = histogram_of(s, values, count);
    char ends[2][64];
    xl_unit_double(unit, h.low, 4, ends[0], sizeof ends[0]);
    xl_unit_double(unit, h.high, 4, ends[1], sizeof ends[1]);
    html_in(out, "<td><button type=\"button\" class=\"show\" aria-label=\"", _("Enlarge the histogram"), "\">");
    out_print(out, "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" data-ends=\"%s ", WIDE, HIGH, ends[0]);
    html_text(out, unit->text);
    out_print(out, "|%s ", ends[1]);
    html_text(out, unit->text);
    out_text(out, "\">");
    write_bars(out, &h, s, false);
    write_bars(out, &h, s, true);
    out_print(out, "<path class=\"o\" d=\"M0 %dH%d\"/>", HIGH, WIDE);
    float limits[2] = {s->low, s->high};
    for (int i = 0; i < 2; i++)
        if ((double)limits[i] >= h.low && (double)limits[i] <= h.high)
            out_print(out, "<path class=\"l\" d=\"M%.1f 0V%d\"/>", ((double)limits[i] - h.low) / (h.high - h.low) * WIDE, HIGH);
    out_text(out, "</svg></button></td>");
}

/* ---- Table -------------------------------------------------------------------------------------------------------- */

static void write_number(struct out *out, const struct xl_unit *unit, double value)
{
    char text[64] = "–";
    if (!isnan(value))
        xl_unit_double(unit, value, 5, text, sizeof text);
    out_print(out, "<td class=\"n\">%s</td>", text);
}

static void write_limit(struct out *out, const struct xl_unit *unit, float value)
{
    char text[64] = "–";
    if (!isnan(value))
        xl_unit_float(unit, value, 6, text, sizeof text);
    out_print(out, "<td class=\"n\">%s</td>", text);
}

static void write_index(struct out *out, double value)
{
    if (isnan(value))
        out_text(out, "<td class=\"n\">–</td>");
    else if (isinf(value))
        out_print(out, "<td class=\"n\">%s∞</td>", value < 0 ? "−" : "");
    else
        out_print(out, "<td class=\"n%s\">%.2f</td>", value < 1.33 ? " bad" : "", fabs(value) < 0.005 ? 0 : value); /* no "-0.00" */
}

static void write_row(const struct report *report, const struct row *row)
{
    struct out *out = report->out;
    const struct xl_lot_test *test = xl_lot_test(report->lot, row->test);
    const struct xl_statistics *s = row->statistics;
    struct xl_unit unit = xl_test_unit(test->test, fmax(fabs(s->q1), fabs(s->q3)));
    struct xl_statistics_options options = {.population = report->options->population,
                                            .executions = report->options->executions,
                                            .wafer = XL_ALL_WAFERS,
                                            .site = -1,
                                            .pin = -1};
    float *values;
    size_t count = xl_values_of(report->lot, row->test, &options, &values, NULL, NULL);

    out_print(out, "<tr data-fails=\"%d\"><td class=\"n\">%" PRIu32 "</td>", s->fails > 0, test->test->number);
    html_in(out, "<th scope=\"row\">", test->test->name, "");
    if (test->limits_differ || test->test->change_count)
        html_in(out, " <span class=\"soft small\">", _("(limits change)"), "</span>");
    out_text(out, "</th>");
    write_histogram(report, s, &unit, values, count);
    write_index(out, s->cpk);
    html_in(out, "<td>", unit.text, "</td>");
    html_count(out, s->n);
    html_count(out, s->excluded);
    out_print(out, "<td class=\"n%s\">%" PRIu64 "</td>", s->fails ? " bad" : "", s->fails);
    const double numbers[] = {s->mean, s->sd, s->median, s->minimum, s->maximum};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        write_number(out, &unit, s->n ? numbers[i] : NAN);
    write_limit(out, &unit, s->low);
    write_limit(out, &unit, s->high);
    write_index(out, s->cp);
    out_text(out, "</tr>\n");
    free(values);
}

/* The histogram stands right after the name, where a narrow window still shows it, as is Cpk, by which the table is sorted at first. */
static void write_heads(const struct report *report)
{
    const struct {
        const char *words;
        bool named, plain;
    } heads[] = {
        {_("number"), false, false},   {_("name"), true, false},       {_("histogram"), false, true},
        {"Cpk", false, false},         {_("unit"), true, false},       {"n", false, false},
        {_("excluded"), false, false}, {_("fails"), false, false},     {_("mean"), false, false},
        {_("sd"), false, false},       {_("median"), false, false},    {_("min"), false, false},
        {_("max"), false, false},      {_("low limit"), false, false}, {_("high limit"), false, false},
        {"Cp", false, false},
    };
    struct out *out = report->out;
    out_text(out, "<thead><tr>");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        bool words = heads[i].named || heads[i].plain;
        out_print(out, "<th scope=\"col\"%s%s%s>", words ? "" : " class=\"n\"", heads[i].named ? " data-named=\"\"" : "",
                  strcmp(heads[i].words, "Cpk") == 0 ? " aria-sort=\"ascending\"" : "");
        html_in(out, heads[i].plain ? "" : "<button type=\"button\">", heads[i].words, heads[i].plain ? "</th>" : "</button></th>");
    }
    out_text(out, "</tr></thead>\n<tbody>\n");
}

static void write_introduction(const struct report *report, size_t shown, size_t count)
{
    struct out *out = report->out;
    struct text text;
    text_init(&text, 4096);
    text_print(&text, _("Statistics %s."), report_population_words(report->options->population));
    text_add(&text, _(" Cp and Cpk are taken with the standard deviation within wafers; below 1.33 they are marked. Histograms show the "
                      "inner 98 percent of the "
                      "results; what lies further out stands in the outermost bars."));
    if (xl_stops_on_fail(report->lot))
        text_add(&text, _(" The program stops at the first failing test: later tests have fewer results, and only of parts that passed the "
                          "earlier ones."));
    if (shown < count)
        text_print(&text, _(" The %zu worst of %zu tests are shown."), shown, count);
    html_in(out, "<p class=\"small soft\">", text.data, "</p>\n");
    text_free(&text);
}

void report_tests(const struct report *report)
{
    struct out *out = report->out;
    size_t count = xl_lot_tests(report->lot);
    html_in(out, "<section id=\"measurements\"><h2>", _("Tests"), "</h2>\n");
    if (count == 0) {
        html_in(out, "<p class=\"soft\">", _("The files hold no test results."), "</p></section>\n");
        return;
    }
    struct xl_statistics_options options = {.population = report->options->population,
                                            .executions = report->options->executions,
                                            .wafer = XL_ALL_WAFERS,
                                            .site = -1,
                                            .pin = -1,
                                            .quantiles = true};
    struct xl_statistics *statistics = memory_new(count, sizeof *statistics);
    struct row *rows = memory_new(count, sizeof *rows);
    xl_statistics_all(report->lot, &options, statistics);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct row){.test = i, .statistics = &statistics[i]};
    qsort(rows, count, sizeof *rows, compare_rows);
    size_t shown = report->options->most_tests && report->options->most_tests < count ? report->options->most_tests : count;
    write_introduction(report, shown, count);
    html_in(out, "<div class=\"bench\"><input type=\"search\" id=\"search\" placeholder=\"", _("Number or name"), "\"");
    html_in(out, " aria-label=\"", _("Search tests"), "\"><label><input type=\"checkbox\" id=\"failing\"> ");
    html_in(out, "", _("only with fails"), "</label><span id=\"found\" class=\"soft small\" role=\"status\"></span></div>\n");
    html_in(out, "<div class=\"tests\" tabindex=\"0\" role=\"region\" aria-label=\"", _("Tests"), "\"><table id=\"tests\">");
    write_heads(report);
    for (size_t i = 0; i < shown; i++)
        write_row(report, &rows[i]);
    html_in(out,
            "</tbody></table></div>\n<dialog id=\"histogram\" aria-labelledby=\"histogram-of\"><h2 id=\"histogram-of\"></h2><div "
            "class=\"picture\"></div>"
            "<div class=\"ends small soft\"></div><dl class=\"facts\"></dl><form method=\"dialog\"><button>",
            _("Close"), "</button></form></dialog>\n</section>\n");
    free(rows);
    free(statistics);
}

/* ---- Findings ----------------------------------------------------------------------------------------------------- */

static const char *severity_words(enum xl_severity severity)
{
    switch (severity) {
    case XL_RULE:
        return _("rule");
    case XL_NOTE:
        return _("note");
    case XL_DEFECT:
        return _("defect");
    }
    return "";
}

static void write_finding(struct out *out, const struct xl_table *table, enum xl_finding_kind kind)
{
    const struct xl_finding *first = NULL;
    for (size_t i = 0; i < xl_findings_kept(table->findings) && !first; i++)
        if (xl_findings_at(table->findings, i)->kind == kind)
            first = xl_findings_at(table->findings, i);
    enum xl_severity severity = xl_finding_severity(kind);
    html_in(out, severity == XL_DEFECT ? "<tr><td class=\"bad\">" : "<tr><td>", severity_words(severity), "</td>");
    html_in(out, "<th scope=\"row\">", xl_finding_sentence(kind), "");
    if (first && *first->detail)
        html_in(out, " <span class=\"soft\">(", first->detail, ")</span>");
    out_text(out, "</th>");
    html_count(out, xl_findings_count(table->findings, kind));
    out_print(out, "<td class=\"n\">%" PRIu64 "</td>", xl_findings_skipped(table->findings, kind));
    if (first)
        html_count(out, first->offset);
    else
        out_text(out, "<td></td>");
    html_in(out, "<td>", report_source(table), "</td></tr>\n");
}

/* Defects first, then notes, then rules; several tables of one file share their findings. */
static size_t write_severity(const struct report *report, enum xl_severity severity)
{
    size_t written = 0;
    for (size_t t = 0; t < xl_lot_tables(report->lot); t++) {
        const struct xl_table *table = xl_lot_table(report->lot, t);
        bool seen = !table->findings;
        for (size_t before = 0; before < t && !seen; before++)
            seen = xl_lot_table(report->lot, before)->findings == table->findings;
        for (int kind = 0; kind < XL_FINDING_KINDS && !seen; kind++) {
            if (xl_finding_severity((enum xl_finding_kind)kind) != severity ||
                !xl_findings_count(table->findings, (enum xl_finding_kind)kind))
                continue;
            write_finding(report->out, table, (enum xl_finding_kind)kind);
            written++;
        }
    }
    return written;
}

void report_findings(const struct report *report)
{
    struct out *out = report->out;
    html_in(out, "<section id=\"findings\"><h2>", _("What was noticed in the files"), "</h2>\n<div class=\"wide\" tabindex=\"0\"");
    html_in(out, " role=\"region\" aria-label=\"", _("Findings"), "\"><table><thead><tr>");
    html_in(out, "<th scope=\"col\">", _("kind"), "</th>");
    html_in(out, "<th scope=\"col\">", _("finding"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("times"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("bytes skipped"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("first at byte"), "</th>");
    html_in(out, "<th scope=\"col\">", _("file"), "</th></tr></thead>\n<tbody>\n");
    size_t written = write_severity(report, XL_DEFECT);
    written += write_severity(report, XL_NOTE);
    written += write_severity(report, XL_RULE);
    if (written == 0)
        html_in(out, "<tr><td colspan=\"6\">", _("Nothing: the files keep the format."), "</td></tr>\n");
    out_text(out, "</tbody></table></div></section>\n");
}
