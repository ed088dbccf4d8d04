/* lot_print.c: how a lot introduces itself. */
#include "main/lot_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "main/console.h"
#include "main/findings_print.h"
#include "main/json_document.h"
#include "main/show.h"
#include "main/table_print.h"

void section_title(const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say("\n%s%s%s\n", style(STYLE_TITLE), text, style_end());
}

const char *show_wafer(const struct xl_wafer *wafer)
{
    char *room = show_room();
    if (wafer->is_wafer)
        snprintf(room, SHOW_SIZE, _("wafer %s"), wafer->name[0] ? wafer->name : _("(no name)"));
    else if (wafer->sublot[0])
        snprintf(room, SHOW_SIZE, _("sublot %s"), wafer->sublot);
    else
        snprintf(room, SHOW_SIZE, "%s", _("final test"));
    return room;
}

const char *show_test(const struct xl_test *test)
{
    char *room = show_room();
    if (test->name[0])
        snprintf(room, SHOW_SIZE, "%u %s", test->number, test->name);
    else
        snprintf(room, SHOW_SIZE, "%u", test->number);
    return room;
}

static size_t wafer_count(const struct xl_lot *lot)
{
    size_t count = 0;
    for (size_t w = 0; w < xl_lot_wafers(lot); w++)
        count += xl_lot_wafer(lot, w)->is_wafer;
    return count;
}

void lot_title(const struct xl_lot *lot)
{
    const char *name = xl_lot_name(lot);
    const size_t wafers = wafer_count(lot);
    say("%s", style(STYLE_TITLE));
    say(_("Lot %s"), name[0] ? name : _("(no name recorded)"));
    say("%s", style_end());
    if (wafers == 1 && xl_lot_wafers(lot) == 1)
        say(" · %s", show_wafer(xl_lot_wafer(lot, 0)));
    else if (wafers)
        say(_(" · %zu wafers"), wafers);
    else
        say(" · %s", _("final test"));
    say("\n");
}

static void line(struct table_print *table, const char *label, const char *text)
{
    if (!*text)
        return;
    table_cell(table, STYLE_FAINT, "%s", label);
    table_cell(table, STYLE_PLAIN, "%s", text);
}

/* The texts that are there, with " · " between. */
static void join(struct text *out, const char *text)
{
    if (*text)
        text_print(out, "%s%s", out->length ? " · " : "", text);
}

/* "2026-11-24 09:30:00 to 11:02:10", the second day only where it is another one. */
static void times(struct text *out, int64_t start, int64_t finish)
{
    const char *from = show_time(start), *to = show_time(finish);
    if (*from && *to && strncmp(from, to, 10) == 0)
        text_print(out, _("%s to %s"), from, to + 11);
    else if (*from && *to)
        text_print(out, _("%s to %s"), from, to);
    else
        text_print(out, "%s%s", from, to);
    if (out->length)
        text_add(out, _(" (the tester's clock)"));
}

static void sources(struct table_print *table, const struct xl_lot *lot, const struct gather *gather)
{
    enum { SHOWN = 4 };
    const char *before = NULL;
    size_t files = 0;
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct xl_table *of = xl_lot_table(lot, t);
        if (before && strcmp(before, of->source) == 0)
            continue;
        before = of->source;
        if (files++ >= SHOWN)
            continue;
        struct text text;
        text_init(&text, 4096);
        const struct gathered *gathered = gathered_of(gather, of);
        text_add(&text, show_name(gathered ? gathered->name : of->source));
        if (gathered && gathered->path->raw_sha256)
            text_print(&text, _(" (from the store, %.12s)"), gathered->path->raw_sha256);
        else if (gathered && gathered->container != XL_PLAIN)
            text_print(&text, " (%s)", container_name(gathered->container));
        if (of->is_retest)
            text_print(&text, ", %s", of->retest_bin_count ? _("retest of bins (RDR)") : _("retest of all bins (RDR)"));
        line(table, files == 1 ? _("file") : "", text.data);
        text_free(&text);
    }
    if (files > SHOWN) {
        char more[100];
        snprintf(more, sizeof more, _("and %zu more"), files - SHOWN);
        table_cell(table, STYLE_PLAIN, "%s", "");
        table_cell(table, STYLE_FAINT, "%s", more);
    }
}

static const char *pick_sentence(enum xl_retest_pick pick)
{
    switch (pick) {
    case XL_RETEST_LAST:
        return _("the last run of a part counts");
    case XL_RETEST_FIRST:
        return _("the first run of a part counts");
    case XL_RETEST_BEST:
        return _("a passing run of a part counts where there is one, else the last");
    case XL_RETEST_FAILS:
        return _("a later run of a part replaces only a failed one");
    case XL_RETEST_ALL:
        return _("every run is a part of its own");
    }
    BUG("retest pick %d", (int)pick);
}

static const char *by_sentence(enum xl_retest_by by)
{
    switch (by) {
    case XL_BY_AUTO:
        return _("nothing tells which runs are of one part: each is a part of its own");
    case XL_BY_XY:
        return _("a part is known by its X and Y");
    case XL_BY_PART_ID:
        return _("a part is known by its PART_ID");
    case XL_BY_FLAG:
        return _("a run is a retest only where its flag (PART_FLG) says so");
    case XL_BY_ORDER:
        return _("retests are matched by their order in the retest file");
    }
    BUG("retest by %d", (int)by);
}

static void policy_line(struct table_print *table, const struct xl_lot *lot)
{
    const struct xl_retest_policy policy = xl_lot_settings(lot)->policy;
    struct text text;
    text_init(&text, 8192);
    text_add(&text, pick_sentence(policy.pick));
    bool told[XL_BY_ORDER + 1] = {false};
    for (size_t w = 0; policy.pick != XL_RETEST_ALL && w < xl_lot_wafers(lot); w++) {
        const enum xl_retest_by by = xl_lot_wafer(lot, w)->by;
        if (!told[by])
            text_print(&text, "%s%s", _("; "), by_sentence(by));
        told[by] = true;
    }
    line(table, _("retest"), text.data);
    text_free(&text);
}

/* What the command line set, the same for every lot. */
static void settings_lines(struct table_print *table)
{
    struct text text;
    text_init(&text, 8192);
    if (lot_settings.lot)
        text_print(&text, _("lot %s"), lot_settings.lot);
    if (lot_settings.wafer) {
        text_add(&text, text.length ? _(", ") : "");
        text_print(&text, _("wafer %s"), lot_settings.wafer);
    }
    if (lot_settings.pass_bins.count) {
        text_add(&text, text.length ? _(", ") : "");
        text_add(&text, _("passing bins"));
        for (size_t i = 0; i < lot_settings.pass_bins.count; i++)
            text_print(&text, "%s%u", i ? "," : " ", lot_settings.pass_bins.at[i]);
    }
    if (lot_settings.mirror)
        text_print(&text, "%s%s", text.length ? _(", ") : "", _("left and right exchanged"));
    if (lot_settings.rotate) {
        text_add(&text, text.length ? _(", ") : "");
        text_print(&text, _("turned %d° clockwise"), lot_settings.rotate);
    }
    if (text.length) {
        table_cell(table, STYLE_WARNING, "%s", _("corrected:"));
        table_cell(table, STYLE_WARNING, "%s", text.data);
    }

    text_clear(&text);
    if (lot_settings.head >= 0)
        text_print(&text, _("head %lld"), (long long)lot_settings.head);
    if (lot_settings.site >= 0) {
        text_add(&text, text.length ? _(", ") : "");
        text_print(&text, _("site %lld"), (long long)lot_settings.site);
    }
    if (lot_settings.bins.count) {
        text_add(&text, text.length ? _(", ") : "");
        text_add(&text, _("hard bin"));
        for (size_t i = 0; i < lot_settings.bins.count; i++)
            text_print(&text, "%s%u", i ? "," : " ", lot_settings.bins.at[i]);
    }
    if (lot_settings.where)
        text_print(&text, "%s%s", text.length ? _(", ") : "", lot_settings.where);
    if (text.length) {
        table_cell(table, STYLE_WARNING, "%s", _("only:"));
        table_cell(table, STYLE_WARNING, "%s", text.data);
    }
    text_free(&text);
}

static struct table_print *lines(void)
{
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, "");
    table_column(table, ALIGN_LEFT, "");
    table_wrapping(table);
    return table;
}

void lot_rules(const struct xl_lot *lot)
{
    struct table_print *table = lines();
    if (lot)
        policy_line(table, lot);
    settings_lines(table);
    table_print_end(table);
}

void lot_head(const struct xl_lot *lot, const struct gather *gather)
{
    lot_title(lot);
    const struct xl_table *first = xl_lot_table(lot, 0);
    struct table_print *table = lines();
    struct text text;
    text_init(&text, 4096);
    line(table, _("product"), first->product);
    join(&text, first->program);
    join(&text, first->program_revision);
    join(&text, first->test_code);
    line(table, _("program"), text.data);
    text_clear(&text);
    join(&text, first->tester_type);
    join(&text, first->tester);
    line(table, _("tester"), text.data);
    line(table, _("operator"), first->operator_name);
    line(table, _("temperature"), first->temperature);
    int64_t start = 0, finish = 0;
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct xl_table *of = xl_lot_table(lot, t);
        if (of->start_time && (!start || of->start_time < start))
            start = of->start_time;
        finish = of->finish_time > finish ? of->finish_time : finish;
    }
    text_clear(&text);
    times(&text, start, finish);
    line(table, _("tested"), text.data);
    text_free(&text);
    sources(table, lot, gather);
    policy_line(table, lot);
    settings_lines(table);
    table_print_end(table);
}

static void told_count(struct table_print *table, uint64_t count, const char *what)
{
    if (!count)
        return;
    table_cell(table, STYLE_PLAIN, "%s", show_count(count));
    table_cell(table, STYLE_PLAIN, "%s", what);
}

void lot_explain(const struct xl_lot *lot, const struct gather *gather)
{
    const struct xl_account account = xl_lot_account(lot, XL_ALL_WAFERS);
    section_title("%s", _("Rules that decided these figures"));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_RIGHT, _("times"));
    table_column(table, ALIGN_LEFT, _("part runs"));
    table_wrapping(table);
    told_count(table, account.filtered, _("taken out by the filter"));
    told_count(table, account.replaced, _("replaced: another run of the same part counts"));
    told_count(table, account.flagged, _("marked as a retest by their flag (PART_FLG)"));
    told_count(table, account.unflagged, _("retests without that flag: recognised by the policy alone"));
    told_count(table, account.moved, _("retests on another site than the run before"));
    told_count(table, account.unidentified, _("with nothing that identifies the part: each a part of its own"));
    told_count(table, account.by_bin, _("without pass or fail mark: decided by their bin"));
    told_count(table, account.abnormal, _("ended abnormally (PART_FLG bit 2)"));
    told_count(table, account.unfinished, _("begun and never finished: in no yield"));
    told_count(table, account.duplicates, _("files given twice: counted once"));
    const bool any = table_rows(table) > 0;
    table_print_end(table);
    /* The rules of the format, of all files that this lot comes from. */
    struct xl_findings *findings = xl_findings_new();
    const struct xl_findings *before = NULL;
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct gathered *gathered = gathered_of(gather, xl_lot_table(lot, t));
        if (!gathered || gathered->tables->findings == before)
            continue;
        before = gathered->tables->findings;
        xl_findings_merge(findings, before);
    }
    struct table_print *rules = table_print_new(2);
    table_column(rules, ALIGN_RIGHT, _("times"));
    table_column(rules, ALIGN_LEFT, _("rules of the format"));
    table_wrapping(rules);
    table_column(rules, ALIGN_LEFT, _("first at"));
    table_flexible(rules);
    const size_t kept = xl_findings_kept(findings);
    for (int k = 0; k < XL_FINDING_KINDS; k++) {
        const enum xl_finding_kind kind = (enum xl_finding_kind)k;
        const uint64_t count = xl_findings_count(findings, kind);
        if (!count || xl_finding_severity(kind) != XL_RULE)
            continue;
        table_cell(rules, STYLE_PLAIN, "%s", show_count(count));
        table_cell(rules, STYLE_PLAIN, "%s", xl_finding_sentence(kind));
        for (size_t i = 0; i < kept; i++) {
            const struct xl_finding *finding = xl_findings_at(findings, i);
            if (finding->kind != kind)
                continue;
            table_cell(rules, STYLE_PLAIN, _("byte %s: %s"), show_count(finding->offset), finding->detail);
            break;
        }
        table_row_end(rules);
    }
    if (!any && !table_rows(rules))
        say("  %s\n", _("None: everything is as the file says it."));
    else if (any && table_rows(rules))
        say("\n");
    table_print_end(rules);
    xl_findings_free(findings);
}
