/* report_yield.c: the report's tables of yield, bins and first failing tests, and of what the tester counted otherwise. */
#include "engine/wafer/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "engine/wafer/html.h"
#include "engine/wafer/palette.h"

/* On a phone the counts beside their percentages, and the bars, are left out (class m). */
static void head_cells(struct out *out, const char *first)
{
    html_in(out, "<thead><tr><th scope=\"col\">", first, "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("parts"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n m\">", _("first pass"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("first pass"), " %</th>");
    html_in(out, "<th scope=\"col\" class=\"n m\">", _("final"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("final"), " %</th>");
    out_text(out, "<th class=\"bar m\" aria-hidden=\"true\"></th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("retested"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("recovered"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("aborted runs"), "</th></tr></thead>\n");
}

static void small_count(struct out *out, uint64_t count)
{
    out_print(out, "<td class=\"n m\">%" PRIu64 "</td>", count);
}

static void yield_row(struct out *out, const char *name, const struct xl_yield *yield)
{
    html_in(out, "<tr><th scope=\"row\">", name, "</th>");
    html_count(out, yield->parts);
    small_count(out, yield->first_passed);
    html_percent(out, yield->first_passed, yield->first_parts);
    small_count(out, yield->passed);
    html_percent(out, yield->passed, yield->parts);
    html_bar(out, yield->passed, yield->parts, false);
    html_count(out, yield->retested);
    html_count(out, yield->recovered);
    html_count(out, yield->aborted);
    out_text(out, "</tr>\n");
}

static void write_wafers(const struct report *report)
{
    struct out *out = report->out;
    size_t count = xl_lot_wafers(report->lot);
    bool wafers = count > 0 && xl_lot_wafer(report->lot, 0)->is_wafer;
    html_in(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"", _("Yield by wafer"), "\"><table>\n");
    head_cells(out, wafers ? _("wafer") : _("sublot"));
    out_text(out, "<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        const struct xl_wafer *wafer = xl_lot_wafer(report->lot, i);
        struct xl_yield yield = xl_yield_of(report->lot, (int64_t)i);
        yield_row(out, *wafer->name ? wafer->name : _("without a name"), &yield);
    }
    out_text(out, "</tbody>\n");
    if (count > 1) {
        struct xl_yield all = xl_yield_of(report->lot, XL_ALL_WAFERS);
        out_text(out, "<tfoot>");
        yield_row(out, _("all"), &all);
        out_text(out, "</tfoot>");
    }
    out_text(out, "</table></div>\n");
}

static void write_rows(const struct report *report, const char *title, const char *first, const struct xl_yield_row *rows, size_t count,
                       bool sites)
{
    struct out *out = report->out;
    if (count < 2) /* one row would say what the table above says */
        return;
    bool several_heads = false;
    for (size_t i = 1; i < count; i++)
        several_heads |= rows[i].head != rows[0].head;
    out_print(out, "<details%s><summary>", count <= 16 ? " open" : "");
    html_in(out, "", title, "</summary>\n");
    html_in(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"", title, "\"><table>\n");
    head_cells(out, first);
    out_text(out, "<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        char site[80];
        if (several_heads)
            snprintf(site, sizeof site, _("head %d, site %d"), rows[i].head, rows[i].site);
        else
            snprintf(site, sizeof site, "%d", rows[i].site);
        yield_row(out, sites ? site : xl_words(rows[i].zone), &rows[i].yield);
    }
    out_text(out, "</tbody></table></div></details>\n");
}

static void write_corrections(const struct report *report)
{
    const struct xl_lot_options *settings = xl_lot_settings(report->lot);
    const struct xl_corrections *corrections = &settings->corrections;
    struct text text;
    text_init(&text, 4096);
    if (settings->filter)
        text_print(&text, "%s ", _("Only parts that a filter let through are counted."));
    if (corrections->lot)
        text_print(&text, _("The lot's name was corrected to %s."), corrections->lot);
    if (corrections->wafer)
        text_print(&text, _(" The wafer's name was corrected to %s."), corrections->wafer);
    if (corrections->pass_bin_count) {
        text_add(&text, _(" Passing by correction are the hard bins"));
        for (size_t i = 0; i < corrections->pass_bin_count; i++)
            text_print(&text, " %u", corrections->pass_bins[i]);
        text_add(&text, ".");
    }
    if (corrections->rotate)
        text_print(&text, _(" Maps are turned by %d degrees clockwise."), corrections->rotate);
    if (corrections->mirror)
        text_add(&text, _(" Maps are mirrored."));
    if (text.length)
        html_in(report->out, "<p><strong>", text.data, "</strong></p>\n");
    text_free(&text);
}

static void write_disagreements(const struct report *report)
{
    struct out *out = report->out;
    const struct xl_disagreement *rows;
    size_t count = xl_disagreements(report->lot, &rows);
    if (count == 0)
        return;
    out_text(out, "<details><summary>");
    html_text(out, _("Where the tester's own counts differ from the parts in the files"));
    out_print(out, " (%zu)</summary>\n<div class=\"wide\"><table><thead><tr>", count);
    html_in(out, "<th scope=\"col\">", _("record"), "</th>");
    html_in(out, "<th scope=\"col\">", _("wafer"), "</th>");
    html_in(out, "<th scope=\"col\">", _("site"), "</th>");
    html_in(out, "<th scope=\"col\">", _("count"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("the tester says"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("the parts say"), "</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        bool has_wafer = rows[i].wafer >= 0 && (uint64_t)rows[i].wafer < xl_lot_wafers(report->lot);
        html_in(out, "<tr><th scope=\"row\">", rows[i].record, "</th>");
        html_in(out, "<td>", has_wafer ? xl_lot_wafer(report->lot, (size_t)rows[i].wafer)->name : _("all"), "</td>");
        if (rows[i].head == 255 || rows[i].site < 0)
            html_in(out, "<td>", _("all"), "</td>");
        else
            out_print(out, "<td>%d</td>", rows[i].site);
        html_in(out, "<td>", xl_words(rows[i].what), "</td>");
        html_count(out, rows[i].recorded);
        html_count(out, rows[i].counted);
        out_text(out, "</tr>\n");
    }
    out_text(out, "</tbody></table></div></details>\n");
}

void report_yields(const struct report *report)
{
    struct out *out = report->out;
    struct xl_retest_policy policy = xl_lot_settings(report->lot)->policy;
    enum xl_retest_by by = policy.by;
    if (by == XL_BY_AUTO && xl_lot_wafers(report->lot) > 0) { /* what it became, when it became the same for all */
        by = xl_lot_wafer(report->lot, 0)->by;
        for (size_t i = 1; i < xl_lot_wafers(report->lot); i++)
            if (xl_lot_wafer(report->lot, i)->by != by)
                by = XL_BY_AUTO;
    }
    html_in(out, "<section id=\"yield\"><h2>", _("Yield"), "</h2>\n<p class=\"small soft\">");
    struct text text;
    text_init(&text, 2048);
    text_print(&text, _("Retest policy: %s; %s."), report_policy_words(policy.pick), report_by_words(by));
    html_text(out, text.data);
    text_free(&text);
    out_text(out, "</p>\n");
    write_corrections(report);
    write_wafers(report);
    const struct xl_yield_row *rows;
    size_t count = xl_yield_sites(report->lot, XL_ALL_WAFERS, &rows);
    write_rows(report, _("By site of the run that counts"), _("site"), rows, count, true);
    count = xl_yield_zones(report->lot, XL_ALL_WAFERS, &rows);
    write_rows(report, _("By zone of the wafer"), _("zone"), rows, count, false);
    write_disagreements(report);
    out_text(out, "</section>\n");
}

/* ---- Paretos ------------------------------------------------------------------------------------------------------ */

struct pareto {
    const char *title, *first;
    const struct xl_pareto_row *rows;
    size_t count;
    bool bins; /* with colours, as the maps have them */
};

static void pareto_head(struct out *out, const struct pareto *pareto)
{
    html_in(out, "<div class=\"wide\"><table><thead><tr><th scope=\"col\">", pareto->first, "</th>");
    html_in(out, "<th scope=\"col\" class=\"n m\">", _("first runs"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("final"), "</th>");
    out_text(out, "<th scope=\"col\" class=\"n\">%</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("sum %"),
            "</th><th class=\"bar m\" aria-hidden=\"true\"></th></tr></thead>\n<tbody>\n");
}

static void pareto_row(const struct report *report, const struct pareto *pareto, size_t index, uint32_t colour, uint64_t most_fails,
                       uint64_t sum, uint64_t whole)
{
    struct out *out = report->out;
    const struct xl_pareto_row *row = &pareto->rows[index];
    out_text(out, "<tr><th scope=\"row\">");
    if (pareto->bins) {
        out_print(out, "<i class=\"swatch\" style=\"background:#%06x\"></i>%" PRIu32 " ", (unsigned)colour, row->number);
    } else if (row->number < xl_lot_tests(report->lot)) {
        out_print(out, "%" PRIu32 " ", xl_lot_test(report->lot, row->number)->test->number);
    }
    html_in(out, "", row->name, "</th>");
    small_count(out, row->first_count);
    html_count(out, row->count);
    html_percent(out, row->count, whole);
    html_percent(out, sum, whole);
    if (row->passes) /* against it no failing bin's bar would be seen */
        out_text(out, "<td class=\"bar m\"></td>");
    else
        html_bar(out, row->count, most_fails, true);
    out_text(out, "</tr>\n");
}

static void write_pareto(const struct report *report, const struct pareto *pareto)
{
    enum { SHOWN = 15 };
    struct out *out = report->out;
    uint64_t whole = 0, sum = 0, most_fails = 0;
    size_t passing = 0, failing = 0;
    for (size_t i = 0; i < pareto->count; i++) {
        whole += pareto->rows[i].count;
        if (!pareto->rows[i].passes && pareto->rows[i].count > most_fails)
            most_fails = pareto->rows[i].count;
    }
    html_in(out, "<div><h3>", pareto->title, "</h3>\n");
    if (pareto->count == 0) {
        html_in(out, "<p class=\"soft\">", _("None."), "</p></div>\n");
        return;
    }
    pareto_head(out, pareto);
    for (size_t i = 0; i < pareto->count; i++) {
        if (i == SHOWN && pareto->count > SHOWN + 3) {
            char text[80];
            snprintf(text, sizeof text, _("%zu more"), pareto->count - i);
            html_in(out, "</tbody></table></div><details><summary>", text, "</summary>\n");
            pareto_head(out, pareto);
        }
        uint32_t colour = pareto->rows[i].passes ? palette_pass(passing) : palette_fail(failing);
        passing += pareto->rows[i].passes;
        failing += !pareto->rows[i].passes;
        sum += pareto->rows[i].count;
        pareto_row(report, pareto, i, colour, most_fails, sum, whole);
    }
    out_text(out, pareto->count > SHOWN + 3 ? "</tbody></table></div></details></div>\n" : "</tbody></table></div></div>\n");
}

void report_paretos(const struct report *report)
{
    struct out *out = report->out;
    html_in(out, "<section id=\"bins\"><h2>", _("Bins and first failing tests"), "</h2>\n<div class=\"columns\">\n");
    struct pareto hard = {.title = _("Hard bins"), .first = _("hard bin"), .bins = true};
    hard.count = xl_pareto_bins(report->lot, XL_ALL_WAFERS, false, &hard.rows);
    write_pareto(report, &hard);
    struct pareto fails = {.title = _("First failing test"), .first = _("test")};
    fails.count = xl_pareto_first_fails(report->lot, XL_ALL_WAFERS, &fails.rows);
    write_pareto(report, &fails);
    struct pareto soft = {.title = _("Soft bins"), .first = _("soft bin"), .bins = true};
    soft.count = xl_pareto_bins(report->lot, XL_ALL_WAFERS, true, &soft.rows);
    write_pareto(report, &soft);
    out_text(out, "</div></section>\n");
}
