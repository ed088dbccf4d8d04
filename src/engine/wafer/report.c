/* report.c: one self-contained HTML page of a lot: its head, the order of its sections, its foot. */
#include "engine/wafer/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "engine/wafer/html.h"

/* report.css and report.js, embedded by the build. */
extern const unsigned char report_style[], report_script[];
extern const size_t report_style_size, report_script_size;

const char *report_policy_words(enum xl_retest_pick pick)
{
    switch (pick) {
    case XL_RETEST_LAST:
        return _("the last run of each die counts");
    case XL_RETEST_FIRST:
        return _("the first run of each die counts");
    case XL_RETEST_BEST:
        return _("a passing run of a die counts where there is one, else the last");
    case XL_RETEST_FAILS:
        return _("a later run of a die counts only where the one before failed");
    case XL_RETEST_ALL:
        return _("every run counts as a part of its own");
    }
    return "";
}

const char *report_by_words(enum xl_retest_by by)
{
    switch (by) {
    case XL_BY_AUTO:
        return _("runs of one die are recognised by X and Y, else by PART_ID");
    case XL_BY_XY:
        return _("runs of one die are recognised by X and Y");
    case XL_BY_PART_ID:
        return _("runs of one die are recognised by PART_ID");
    case XL_BY_FLAG:
        return _("runs of one die are recognised by the tester's retest flag");
    case XL_BY_ORDER:
        return _("runs of one die are recognised by their order in the retest file");
    }
    return "";
}

const char *report_population_words(enum xl_population population)
{
    switch (population) {
    case XL_CHOSEN_PARTS:
        return _("over the runs that count");
    case XL_PASSING_PARTS:
        return _("over the passing parts");
    case XL_FIRST_TOUCH:
        return _("over the first run of each part");
    case XL_ALL_RUNS:
        return _("over all runs");
    }
    return "";
}

const char *report_source(const struct xl_table *table)
{
    const char *slash = strrchr(table->source, '/');
    return slash && slash[1] ? slash + 1 : table->source;
}

static const char *language_tag(void)
{
    switch (xl_language_get()) {
    case XL_CHINESE_SIMPLIFIED:
        return "zh-CN";
    case XL_CHINESE_TRADITIONAL:
        return "zh-TW";
    case XL_ENGLISH:
        break;
    }
    return "en";
}

static const char *lot_name(const struct report *report)
{
    const char *name = xl_lot_name(report->lot);
    return *name ? name : _("lot without a name");
}

static void write_head(const struct report *report)
{
    struct out *out = report->out;
    out_print(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", language_tag());
    out_text(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    /* The page asks nobody for anything; the browser is told to keep it so. */
    out_text(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'\">\n");
    html_in(out, "<title>", lot_name(report), " – ");
    html_in(out, "", _("wafer test report"), "</title>\n<style>\n");
    out_bytes(out, report_style, report_style_size);
    out_text(out, "</style>\n</head>\n<body>\n");
}

static void fact(const struct report *report, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    html_in(report->out, "<div><dt>", name, "</dt>");
    html_in(report->out, "<dd>", value, "</dd></div>\n");
}

/* The value that the lot's tables give, each once, separated by commas. */
static void joined_fact(const struct report *report, const char *name, const char *(*value_of)(const struct xl_table *))
{
    enum { MOST = 4 };
    const char *seen[MOST];
    size_t count = 0, more = 0;
    for (size_t i = 0; i < xl_lot_tables(report->lot); i++) {
        const char *value = value_of(xl_lot_table(report->lot, i));
        size_t at = 0;
        while (at < count && strcmp(seen[at], value) != 0)
            at++;
        if (!*value || at < count)
            continue;
        if (count < MOST)
            seen[count++] = value;
        else
            more++;
    }
    struct text text;
    text_init(&text, 4096);
    for (size_t i = 0; i < count; i++)
        text_print(&text, "%s%s", i ? ", " : "", seen[i]);
    if (more)
        text_add(&text, ", …");
    fact(report, name, text.data);
    text_free(&text);
}

static const char *product_of(const struct xl_table *table)
{
    return table->product;
}
static const char *program_of(const struct xl_table *table)
{
    return table->program;
}
static const char *revision_of(const struct xl_table *table)
{
    return table->program_revision;
}
static const char *tester_of(const struct xl_table *table)
{
    return table->tester;
}
static const char *tester_type_of(const struct xl_table *table)
{
    return table->tester_type;
}
static const char *operator_of(const struct xl_table *table)
{
    return table->operator_name;
}
static const char *temperature_of(const struct xl_table *table)
{
    return table->temperature;
}
static const char *source_of(const struct xl_table *table)
{
    return report_source(table);
}

static void write_times(const struct report *report)
{
    int64_t begin = 0, end = 0;
    for (size_t i = 0; i < xl_lot_tables(report->lot); i++) {
        const struct xl_table *table = xl_lot_table(report->lot, i);
        if (table->start_time && (!begin || table->start_time < begin))
            begin = table->start_time;
        if (table->finish_time > end)
            end = table->finish_time;
    }
    char text[32];
    time_text(begin, text);
    fact(report, _("Begun (tester's clock)"), text);
    time_text(end, text);
    fact(report, _("Finished"), text);
}

static void tile(const struct report *report, const char *value, const char *words, bool bad)
{
    html_in(report->out, bad ? "<li><b class=\"bad\">" : "<li><b>", value, "</b>");
    html_in(report->out, "<span>", words, "</span></li>\n");
}

static void count_tile(const struct report *report, uint64_t count, const char *words)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, count);
    tile(report, text, words, false);
}

static void percent_tile(const struct report *report, uint64_t part, uint64_t whole, const char *words)
{
    char text[40];
    size_t length = percent_text(part, whole, 2, text, sizeof text - 4);
    if (whole)
        memcpy(text + length, " %", 3);
    tile(report, text, words, false);
}

static void write_facts(const struct report *report)
{
    struct out *out = report->out;
    struct xl_yield yield = xl_yield_of(report->lot, XL_ALL_WAFERS);
    out_text(out, "<header>\n");
    html_in(out, "<p class=\"soft\" style=\"margin:0\">", _("Wafer test report"), "</p>\n");
    html_in(out, "<h1>", lot_name(report), "</h1>\n<dl class=\"facts\">\n");
    joined_fact(report, _("Product"), product_of);
    joined_fact(report, _("Program"), program_of);
    joined_fact(report, _("Revision"), revision_of);
    joined_fact(report, _("Tester"), tester_of);
    joined_fact(report, _("Tester type"), tester_type_of);
    joined_fact(report, _("Operator"), operator_of);
    joined_fact(report, _("Temperature"), temperature_of);
    write_times(report);
    joined_fact(report, _("Files"), source_of);
    out_text(out, "</dl>\n<ul class=\"tiles\">\n");
    percent_tile(report, yield.passed, yield.parts, _("final yield"));
    percent_tile(report, yield.first_passed, yield.parts, _("first-pass yield"));
    count_tile(report, yield.parts, _("parts"));
    count_tile(report, xl_lot_wafers(report->lot),
               xl_lot_wafers(report->lot) && xl_lot_wafer(report->lot, 0)->is_wafer ? _("wafers") : _("sublots"));
    count_tile(report, yield.retested, _("parts retested"));
    count_tile(report, yield.recovered, _("of them recovered"));
    count_tile(report, xl_lot_tests(report->lot), _("tests"));
    out_text(out, "</ul>\n</header>\n");
}

static void write_navigation(const struct report *report)
{
    struct out *out = report->out;
    html_in(out, "<nav aria-label=\"", _("Sections"), "\"><ul>\n");
    html_in(out, "<li><a href=\"#yield\">", _("Yield"), "</a></li>\n");
    html_in(out, "<li><a href=\"#maps\">", _("Wafer maps"), "</a></li>\n");
    html_in(out, "<li><a href=\"#bins\">", _("Bins"), "</a></li>\n");
    html_in(out, "<li><a href=\"#measurements\">", _("Tests"), "</a></li>\n");
    html_in(out, "<li><a href=\"#findings\">", _("Findings"), "</a></li>\n</ul></nav>\n<main>\n");
}

static void write_data(const struct report *report, const struct report_maps *maps)
{
    out_text(report->out, "<script type=\"application/json\" id=\"data\">");
    report_maps_data(report, maps);
    out_text(report->out, "</script>\n<script>\n");
    out_bytes(report->out, report_script, report_script_size);
    out_text(report->out, "</script>\n");
}

bool xl_report(const struct xl_lot *lot, const struct xl_report_options *options, struct xl_sink sink, struct xl_error *error)
{
    static const struct xl_report_options usual = {.population = XL_CHOSEN_PARTS, .executions = XL_LAST_EXECUTION};
    struct out out;
    struct report report = {.lot = lot, .options = options ? options : &usual, .out = &out};
    struct report_maps *maps = report_maps_new(&report, error);
    if (!maps)
        return false;
    out_begin(&out, sink, 0, error);
    write_head(&report);
    write_facts(&report);
    write_navigation(&report);
    report_yields(&report);
    report_maps_show(&report, maps);
    report_paretos(&report);
    report_tests(&report);
    report_findings(&report);
    out_text(&out, "</main>\n<footer>\n<p>");
    html_text(&out, _("Made by Xinlian"));
    out_print(&out, " %s. ", xl_version());
    html_text(&out, _("This page is complete in itself: it opens without a network."));
    out_text(&out, "</p>\n</footer>\n");
    write_data(&report, maps);
    out_text(&out, "</body>\n</html>\n");
    report_maps_free(maps);
    return out_end(&out);
}
