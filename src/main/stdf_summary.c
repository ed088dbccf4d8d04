/* stdf_summary.c: `xinlian stdf summary`: a lot on one page, the worst first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "main/command.h"
#include "main/console.h"
#include "main/findings_print.h"
#include "main/json_document.h"
#include "main/lot_print.h"
#include "main/show.h"
#include "main/table_print.h"
#include "main/tests_order.h"

static struct {
    int64_t top;
    bool each;
} settings = {.top = 10};
enum { PAGES_MOST = 4 }; /* more lots than that get one line each */
static const struct option options[] = {
    {.kind = OPTION_WHOLE,
     .letter = 'n',
     .name = "top",
     .value = &settings.top,
     .argument = "N",
     .most = 1000000,
     .help = N_("rows of each list (10); 0: all")},
    {.kind = OPTION_FLAG,
     .name = "each",
     .value = &settings.each,
     .help = N_("a page for every lot; else more than four lots get a line each")},
    {0},
};

static size_t shown_of(size_t count)
{
    return settings.top && count > (size_t)settings.top ? (size_t)settings.top : count;
}

static void more_line(size_t count)
{
    const size_t hidden = count - shown_of(count);
    if (hidden)
        say(_("  %sand %zu more: --top 0 shows all%s\n"), style(STYLE_FAINT), hidden, style_end());
}

/* ---- Yield -------------------------------------------------------------------------------------------------------- */

static void yield_columns(struct table_print *table, const char *what)
{
    table_column(table, ALIGN_LEFT, what);
    table_column(table, ALIGN_RIGHT, _("yield"));
    table_column(table, ALIGN_RIGHT, _("passed"));
    table_column(table, ALIGN_RIGHT, _("parts"));
    table_column(table, ALIGN_RIGHT, _("first run"));
    table_column(table, ALIGN_RIGHT, _("runs"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("retested"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("recovered"));
    table_expendable(table);
    table_column(table, ALIGN_RIGHT, _("aborted"));
    table_expendable(table);
}

static void yield_row(struct table_print *table, const char *what, const struct xl_yield *yield)
{
    table_cell(table, STYLE_PLAIN, "%s", what);
    table_cell(table, STYLE_STRONG, "%s", show_percent(yield->passed, yield->parts));
    table_cell(table, STYLE_PLAIN, "%s", show_count(yield->passed));
    table_cell(table, STYLE_PLAIN, "%s", show_count(yield->parts));
    table_cell(table, STYLE_PLAIN, "%s", show_percent(yield->first_passed, yield->first_parts));
    table_cell(table, STYLE_PLAIN, "%s", show_count(yield->runs));
    table_cell(table, STYLE_PLAIN, "%s", yield->retested ? show_count(yield->retested) : "");
    table_cell(table, STYLE_PLAIN, "%s", yield->retested ? show_count(yield->recovered) : "");
    table_cell(table, STYLE_PLAIN, "%s", yield->aborted ? show_count(yield->aborted) : "");
}

/* Worst first: the least yield; without parts, last. */
static int by_yield(const struct xl_yield *a, const struct xl_yield *b)
{
    if (!a->parts || !b->parts)
        return (a->parts == 0) - (b->parts == 0);
    const double left = (double)a->passed / (double)a->parts, right = (double)b->passed / (double)b->parts;
    return (left > right) - (left < right);
}

struct wafer_yield {
    size_t wafer;
    struct xl_yield yield;
};
static int wafers_worst_first(const void *a, const void *b)
{
    const struct wafer_yield *left = a, *right = b;
    const int order = by_yield(&left->yield, &right->yield);
    return order ? order : (left->wafer > right->wafer) - (left->wafer < right->wafer);
}

static int rows_worst_first(const void *a, const void *b)
{
    const struct xl_yield_row *const *left = a, *const *right = b;
    const int order = by_yield(&(*left)->yield, &(*right)->yield);
    return order ? order : (*left > *right) - (*left < *right);
}

static const struct xl_yield_row **sorted_rows(const struct xl_yield_row *rows, size_t count)
{
    const struct xl_yield_row **sorted = memory_new(count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &rows[i];
    qsort(sorted, count, sizeof *sorted, rows_worst_first);
    return sorted;
}

static bool several_heads(const struct xl_yield_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (rows[i].head != rows[0].head)
            return true;
    return false;
}

static void print_yield(const struct xl_lot *lot)
{
    const struct xl_yield whole = xl_yield_of(lot, XL_ALL_WAFERS);
    section_title(_("Yield (%s)"), show_policy(lot));
    struct table_print *table = table_print_new(2);
    yield_columns(table, "");
    yield_row(table, _("lot"), &whole);
    const size_t wafers = xl_lot_wafers(lot);
    struct wafer_yield *of = memory_new(wafers, sizeof *of);
    for (size_t w = 0; w < wafers; w++)
        of[w] = (struct wafer_yield){.wafer = w, .yield = xl_yield_of(lot, (int64_t)w)};
    qsort(of, wafers, sizeof *of, wafers_worst_first);
    for (size_t i = 0; wafers > 1 && i < shown_of(wafers); i++)
        yield_row(table, show_wafer(xl_lot_wafer(lot, of[i].wafer)), &of[i].yield);
    free(of);
    table_print_end(table);
    if (wafers > 1)
        more_line(wafers);

    const struct xl_yield_row *rows;
    size_t count = xl_yield_sites(lot, XL_ALL_WAFERS, &rows);
    if (count > 1) {
        const bool heads = several_heads(rows, count);
        const struct xl_yield_row **sorted = sorted_rows(rows, count);
        table = table_print_new(2);
        yield_columns(table, _("site"));
        for (size_t i = 0; i < shown_of(count); i++) {
            char name[60];
            if (heads)
                snprintf(name, sizeof name, _("head %d site %d"), sorted[i]->head, sorted[i]->site);
            else
                snprintf(name, sizeof name, "%d", sorted[i]->site);
            yield_row(table, name, &sorted[i]->yield);
        }
        free(sorted);
        say("\n");
        table_print_end(table);
        more_line(count);
    }
    count = xl_yield_zones(lot, XL_ALL_WAFERS, &rows);
    if (count > 1) {
        const struct xl_yield_row **sorted = sorted_rows(rows, count);
        table = table_print_new(2);
        yield_columns(table, _("zone"));
        /* Zones are shown to find the worst; the good ones are alike. */
        const size_t most = settings.top && settings.top < 10 ? (size_t)settings.top : settings.top ? 4 : count;
        for (size_t i = 0; i < count && i < most; i++)
            yield_row(table, _(sorted[i]->zone), &sorted[i]->yield);
        free(sorted);
        say("\n");
        table_print_end(table);
        if (count > most)
            say(_("  %sand %zu more: --top 0 shows all%s\n"), style(STYLE_FAINT), count - most, style_end());
    }
}

/* ---- Paretos ------------------------------------------------------------------------------------------------------ */

static const char *bin_number(uint32_t number, bool soft)
{
    char *room = show_room();
    if (soft && number == XL_NO_BIN)
        return _("none");
    if (number > 32767)
        snprintf(room, SHOW_SIZE, "%u %s", number, _("(invalid)"));
    else
        snprintf(room, SHOW_SIZE, "%u", number);
    return room;
}

/* Programs without bins of their own for software repeat the hard ones. */
static bool soft_bins_repeat(const struct xl_lot *lot)
{
    const struct xl_pareto_row *hard, *soft;
    const size_t count = xl_pareto_bins(lot, XL_ALL_WAFERS, false, &hard);
    if (xl_pareto_bins(lot, XL_ALL_WAFERS, true, &soft) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (soft[i].number != hard[i].number || soft[i].count != hard[i].count || soft[i].first_count != hard[i].first_count ||
            strcmp(soft[i].name, hard[i].name) != 0)
            return false;
    return true;
}

static void print_bins(const struct xl_lot *lot, bool soft)
{
    const struct xl_pareto_row *rows;
    if (soft && soft_bins_repeat(lot)) {
        say("  %s\n", _("The soft bins are the same."));
        return;
    }
    const size_t count = xl_pareto_bins(lot, XL_ALL_WAFERS, soft, &rows);
    if (!count || (soft && count == 1 && rows[0].number == XL_NO_BIN))
        return;
    uint64_t parts = 0, most = 0;
    size_t fails = 0;
    for (size_t i = 0; i < count; i++) {
        parts += rows[i].count;
        if (!rows[i].passes) {
            most = rows[i].count > most ? rows[i].count : most;
            fails++;
        }
    }
    section_title("%s", soft ? _("Soft bins") : _("Hard bins"));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_RIGHT, _("bin"));
    table_column(table, ALIGN_LEFT, _("name"));
    table_flexible(table);
    table_column(table, ALIGN_LEFT, "");
    table_column(table, ALIGN_RIGHT, _("parts"));
    table_column(table, ALIGN_RIGHT, _("share"));
    table_column(table, ALIGN_RIGHT, _("first run"));
    table_column(table, ALIGN_LEFT, "");
    table_expendable(table);
    size_t shown = 0;
    /* Failing bins first: that is what one looks for. */
    for (int passing = 0; passing < 2; passing++)
        for (size_t i = 0; i < count; i++) {
            const struct xl_pareto_row *row = &rows[i];
            if (row->passes != (bool)passing || (!passing && shown >= shown_of(fails)) || (!row->count && !row->first_count))
                continue;
            shown += !passing;
            table_cell(table, STYLE_PLAIN, "%s", bin_number(row->number, soft));
            table_cell(table, STYLE_PLAIN, "%s", row->name);
            table_cell(table, passing ? STYLE_GOOD : STYLE_BAD, "%s", passing ? _("pass") : _("fail"));
            table_cell(table, STYLE_PLAIN, "%s", show_count(row->count));
            table_cell(table, STYLE_PLAIN, "%s", show_percent(row->count, parts));
            table_cell(table, STYLE_PLAIN, "%s", show_count(row->first_count));
            if (!passing)
                table_bar(table, STYLE_BAD, most ? (double)row->count / (double)most : 0, 20);
            table_row_end(table);
        }
    table_print_end(table);
    more_line(fails);
}

static void print_first_fails(const struct xl_lot *lot)
{
    const struct xl_pareto_row *rows;
    const size_t count = xl_pareto_first_fails(lot, XL_ALL_WAFERS, &rows);
    if (!count)
        return;
    const struct xl_yield whole = xl_yield_of(lot, XL_ALL_WAFERS);
    const uint64_t failed = whole.parts - whole.passed;
    section_title("%s", _("First failing tests"));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_RIGHT, _("test"));
    table_column(table, ALIGN_LEFT, _("name"));
    table_flexible(table);
    table_column(table, ALIGN_RIGHT, _("parts"));
    table_column(table, ALIGN_RIGHT, _("of the fails"));
    table_column(table, ALIGN_RIGHT, _("first run"));
    table_column(table, ALIGN_LEFT, "");
    table_expendable(table);
    for (size_t i = 0; i < shown_of(count); i++) {
        const struct xl_test *test = xl_lot_test(lot, rows[i].number)->test;
        table_cell(table, STYLE_PLAIN, "%u", test->number);
        table_cell(table, STYLE_PLAIN, "%s", test->name);
        table_cell(table, STYLE_PLAIN, "%s", show_count(rows[i].count));
        table_cell(table, STYLE_PLAIN, "%s", show_percent(rows[i].count, failed));
        table_cell(table, STYLE_PLAIN, "%s", show_count(rows[i].first_count));
        table_bar(table, STYLE_BAD, rows[0].count ? (double)rows[i].count / (double)rows[0].count : 0, 20);
    }
    table_print_end(table);
    more_line(count);
}

/* ---- Tests -------------------------------------------------------------------------------------------------------- */

static void print_tests(const struct xl_lot *lot)
{
    struct tests_order order;
    struct xl_statistics_options wanted = statistics_options();
    /* Cpk needs no quantiles: those are for the few that are shown. */
    wanted.quantiles = false;
    tests_order_make(lot, &wanted, TESTS_BY_CPK, &order);
    wanted.quantiles = true;
    size_t count = 0;
    while (count < order.count && !isnan(order.statistics[order.at[count]].cpk))
        count++;
    for (size_t i = 0; i < shown_of(count); i++)
        order.statistics[order.at[i]] = xl_statistics_of(lot, order.at[i], &wanted);
    if (count) {
        section_title(_("Tests with the lowest Cpk (%s)"), show_population(wanted.population));
        tests_table(lot, &order, shown_of(count));
        more_line(count);
    }
    if (xl_stops_on_fail(lot))
        say("  %s\n", _("The program stops at a part's first failing test: later tests saw only the survivors."));
    tests_order_free(&order);
}

/* ---- What disagrees, what was noticed ----------------------------------------------------------------------------- */

static void print_disagreements(const struct xl_lot *lot)
{
    const struct xl_disagreement *rows;
    const size_t count = xl_disagreements(lot, &rows);
    if (!count)
        return;
    section_title("%s", _("Where the tester's own counts differ from its parts"));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, _("record"));
    table_column(table, ALIGN_LEFT, _("of"));
    table_column(table, ALIGN_LEFT, _("what"));
    table_column(table, ALIGN_RIGHT, _("recorded"));
    table_column(table, ALIGN_RIGHT, _("counted"));
    table_column(table, ALIGN_LEFT, _("file"));
    table_flexible(table);
    for (size_t i = 0; i < shown_of(count); i++) {
        const struct xl_disagreement *row = &rows[i];
        table_cell(table, STYLE_PLAIN, "%s", row->record);
        if (row->wafer != XL_ALL_WAFERS)
            table_cell(table, STYLE_PLAIN, "%s", show_wafer(xl_lot_wafer(lot, (size_t)row->wafer)));
        else if (row->head == 255)
            table_cell(table, STYLE_PLAIN, "%s", _("all sites"));
        else
            table_cell(table, STYLE_PLAIN, _("head %d site %d"), row->head, row->site);
        table_cell(table, STYLE_PLAIN, "%s", _(row->what));
        table_cell(table, STYLE_PLAIN, "%s", show_count(row->recorded));
        table_cell(table, STYLE_STRONG, "%s", show_count(row->counted));
        table_cell(table, STYLE_FAINT, "%s", show_name(row->source));
    }
    table_print_end(table);
    more_line(count);
}

static void print_findings(const struct gather *gather, bool defects_only)
{
    for (size_t i = 0; i < gather->count; i++) {
        const struct gathered *gathered = &gather->at[i];
        if (!gathered->tables)
            continue;
        const struct findings_sum sum = findings_sum(gathered->tables->findings);
        if (!sum.defects && (defects_only || !sum.notes))
            continue;
        section_title(_("Noticed in %s"), show_name(gathered->name));
        findings_print(gathered->tables->findings, false);
        if (sum.skipped)
            say(_("  %s bytes could not be read and were skipped; every figure above comes from the rest.\n"), show_count(sum.skipped));
    }
}

/* ---- Many lots ---------------------------------------------------------------------------------------------------- */

struct lot_yield {
    const struct xl_lot *lot;
    size_t order;
    struct xl_yield yield;
};
static int lots_worst_first(const void *a, const void *b)
{
    const struct lot_yield *left = a, *right = b;
    const int order = by_yield(&left->yield, &right->yield);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

static size_t files_of(const struct xl_lot *lot)
{
    size_t files = 0;
    for (size_t t = 0; t < xl_lot_tables(lot); t++)
        files += t == 0 || strcmp(xl_lot_table(lot, t)->source, xl_lot_table(lot, t - 1)->source) != 0;
    return files;
}

static void print_overview(const struct lots *lots)
{
    struct lot_yield *of = memory_new(lots->count, sizeof *of);
    for (size_t i = 0; i < lots->count; i++)
        of[i] = (struct lot_yield){.lot = lots->at[i], .order = i, .yield = xl_yield_of(lots->at[i], XL_ALL_WAFERS)};
    qsort(of, lots->count, sizeof *of, lots_worst_first);
    say("%s", style(STYLE_TITLE));
    say(_("%zu lots, the least yield first"), lots->count);
    say("%s\n", style_end());
    lot_rules(NULL);
    say("\n");
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, _("lot"));
    table_flexible(table);
    table_column(table, ALIGN_LEFT, _("product"));
    table_flexible(table);
    table_column(table, ALIGN_LEFT, _("tested"));
    table_column(table, ALIGN_RIGHT, _("yield"));
    table_column(table, ALIGN_RIGHT, _("passed"));
    table_column(table, ALIGN_RIGHT, _("parts"));
    table_column(table, ALIGN_RIGHT, _("first run"));
    table_column(table, ALIGN_RIGHT, _("runs"));
    table_column(table, ALIGN_RIGHT, _("files"));
    table_column(table, ALIGN_LEFT, _("policy"));
    table_column(table, ALIGN_LEFT, _("file"));
    table_flexible(table);
    for (size_t i = 0; i < lots->count; i++) {
        const struct xl_table *first = xl_lot_table(of[i].lot, 0);
        table_cell(table, STYLE_PLAIN, "%s", xl_lot_name(of[i].lot)[0] ? xl_lot_name(of[i].lot) : _("(no name recorded)"));
        table_cell(table, STYLE_PLAIN, "%s", first->product);
        table_cell(table, STYLE_PLAIN, "%.10s", show_time(first->start_time));
        table_cell(table, STYLE_STRONG, "%s", show_percent(of[i].yield.passed, of[i].yield.parts));
        table_cell(table, STYLE_PLAIN, "%s", show_count(of[i].yield.passed));
        table_cell(table, STYLE_PLAIN, "%s", show_count(of[i].yield.parts));
        table_cell(table, STYLE_PLAIN, "%s", show_percent(of[i].yield.first_passed, of[i].yield.first_parts));
        table_cell(table, STYLE_PLAIN, "%s", show_count(of[i].yield.runs));
        table_cell(table, STYLE_PLAIN, "%s", show_count(files_of(of[i].lot)));
        table_cell(table, STYLE_FAINT, "%s", show_policy(of[i].lot));
        table_cell(table, STYLE_FAINT, "%s", files_of(of[i].lot) == 1 ? show_name(first->source) : "");
    }
    table_print_end(table);
    say("\n  %s\n", _("A page for each: --each, or name one lot's files."));
    free(of);
}

/* A file without parts: say so, and what can be done with it. */
static void print_nothing(const struct xl_lot *lot, const struct gather *gather)
{
    const struct gathered *gathered = gathered_of(gather, xl_lot_table(lot, 0));
    const struct xl_account account = xl_lot_account(lot, XL_ALL_WAFERS);
    say("\n  %s\n", account.filtered     ? _("The filter leaves no part run.")
                    : account.unfinished ? _("No part was finished (PRR): there is nothing to compute a yield from.")
                                         : _("No part results (PRR) here: there is nothing to compute a yield from."));
    if (gathered && !account.filtered)
        say(_("  What the file holds: xinlian stdf records --count %s\n"), gathered->name);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static void rows_json(struct json *json, const struct xl_lot *lot, const char *key, const struct xl_yield_row *rows, size_t count,
                      bool zones)
{
    json_key(json, key);
    json_array(json);
    for (size_t i = 0; i < count; i++) {
        json_object(json);
        if (zones) {
            json_put_text(json, "zone", rows[i].zone);
        } else {
            json_put_whole(json, "head", rows[i].head);
            json_put_whole(json, "site", rows[i].site);
        }
        json_yield(json, lot, &rows[i].yield);
        json_object_end(json);
    }
    json_array_end(json);
}

static void bins_json(struct json *json, const struct xl_lot *lot, const char *key, bool soft)
{
    const struct xl_pareto_row *rows;
    const size_t count = xl_pareto_bins(lot, XL_ALL_WAFERS, soft, &rows);
    json_key(json, key);
    json_array(json);
    for (size_t i = 0; i < count; i++) {
        json_object(json);
        json_put_count(json, "bin", rows[i].number);
        json_put_text(json, "name", rows[i].name);
        json_put_bool(json, "passes", rows[i].passes);
        json_put_count(json, "parts", rows[i].count);
        json_put_count(json, "first_runs", rows[i].first_count);
        json_object_end(json);
    }
    json_array_end(json);
}

static void lot_json(struct json *json, const struct xl_lot *lot)
{
    json_object(json);
    json_lot_head(json, lot);
    const struct xl_yield whole = xl_yield_of(lot, XL_ALL_WAFERS);
    json_yield(json, lot, &whole);
    json_key(json, "wafers");
    json_array(json);
    for (size_t w = 0; w < xl_lot_wafers(lot); w++) {
        const struct xl_wafer *wafer = xl_lot_wafer(lot, w);
        const struct xl_yield yield = xl_yield_of(lot, (int64_t)w);
        json_object(json);
        json_put_text(json, "name", wafer->name);
        json_put_text(json, "sublot", wafer->sublot);
        json_put_bool(json, "is_wafer", wafer->is_wafer);
        json_put_text(json, "retest_by", json_by(wafer->by));
        json_yield(json, lot, &yield);
        json_object_end(json);
    }
    json_array_end(json);
    const struct xl_yield_row *rows;
    size_t count = xl_yield_sites(lot, XL_ALL_WAFERS, &rows);
    rows_json(json, lot, "sites", rows, count, false);
    count = xl_yield_zones(lot, XL_ALL_WAFERS, &rows);
    rows_json(json, lot, "zones", rows, count, true);
    bins_json(json, lot, "hard_bins", false);
    bins_json(json, lot, "soft_bins", true);
    const struct xl_pareto_row *fails;
    count = xl_pareto_first_fails(lot, XL_ALL_WAFERS, &fails);
    json_key(json, "first_fails");
    json_array(json);
    for (size_t i = 0; i < count; i++) {
        const struct xl_test *test = xl_lot_test(lot, fails[i].number)->test;
        json_object(json);
        json_put_text(json, "kind", test_kind_name(test->kind));
        json_put_count(json, "number", test->number);
        json_put_text(json, "name", test->name);
        json_put_count(json, "parts", fails[i].count);
        json_put_count(json, "first_runs", fails[i].first_count);
        json_object_end(json);
    }
    json_array_end(json);
    json_put_bool(json, "stops_on_fail", xl_stops_on_fail(lot));
    const struct xl_disagreement *differing;
    count = xl_disagreements(lot, &differing);
    json_key(json, "disagreements");
    json_array(json);
    for (size_t i = 0; i < count; i++) {
        json_object(json);
        json_put_text(json, "record", differing[i].record);
        json_key(json, "wafer");
        if (differing[i].wafer == XL_ALL_WAFERS)
            json_null(json);
        else
            json_text(json, xl_lot_wafer(lot, (size_t)differing[i].wafer)->name);
        json_put_whole(json, "head", differing[i].head);
        json_put_whole(json, "site", differing[i].site);
        json_put_text(json, "what", differing[i].what);
        json_put_count(json, "recorded", differing[i].recorded);
        json_put_count(json, "counted", differing[i].counted);
        json_put_text(json, "file", differing[i].source);
        json_object_end(json);
    }
    json_array_end(json);
    const struct xl_account account = xl_lot_account(lot, XL_ALL_WAFERS);
    json_key(json, "rules");
    json_object(json);
    json_put_count(json, "filtered", account.filtered);
    json_put_count(json, "replaced", account.replaced);
    json_put_count(json, "flagged", account.flagged);
    json_put_count(json, "unflagged", account.unflagged);
    json_put_count(json, "moved", account.moved);
    json_put_count(json, "unidentified", account.unidentified);
    json_put_count(json, "by_bin", account.by_bin);
    json_put_count(json, "abnormal", account.abnormal);
    json_put_count(json, "unfinished", account.unfinished);
    json_put_count(json, "duplicates", account.duplicates);
    json_object_end(json);
    json_object_end(json);
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots = {0};
    const int result = lots_ready("stdf summary", count, operands, false, &gather, &lots, &error);
    if (result == EXIT_USAGE || !lots.count) {
        lots_free(&lots);
        gather_free(&gather);
        return result;
    }
    if (general.json) {
        struct json json;
        json_document(&json, "stdf summary");
        json_files(&json, &gather);
        json_key(&json, "lots");
        json_array(&json);
        for (size_t i = 0; i < lots.count; i++)
            lot_json(&json, lots.at[i]);
        json_array_end(&json);
        json_document_end(&json);
    } else if (lots.count > PAGES_MOST && !settings.each) {
        print_overview(&lots);
        for (size_t i = 0; lot_settings.explain && i < lots.count; i++) {
            say("\n");
            lot_title(lots.at[i]);
            lot_explain(lots.at[i], &gather);
        }
        print_findings(&gather, true);
    } else {
        for (size_t i = 0; i < lots.count; i++) {
            const struct xl_lot *lot = lots.at[i];
            if (i)
                say("\n\n");
            lot_head(lot, &gather);
            if (xl_yield_of(lot, XL_ALL_WAFERS).parts) {
                print_yield(lot);
                print_bins(lot, false);
                print_bins(lot, true);
                print_first_fails(lot);
                print_tests(lot);
            } else {
                print_nothing(lot, &gather);
            }
            print_disagreements(lot);
            if (lot_settings.explain)
                lot_explain(lot, &gather);
        }
        print_findings(&gather, false);
    }
    lots_free(&lots);
    gather_free(&gather);
    return result;
}

static const struct option_group own_options = {N_("Options"), options};
static const struct option_group *const groups[] = {&own_options,        &filter_options, &correction_options, &retest_options,
                                                    &population_options, &store_options,  &general_options,    NULL};
static const struct example examples[] = {
    {"xinlian stdf summary lot.stdf.gz", N_("a lot on one page")},
    {"xinlian stdf summary lots/ --retest first", N_("every lot of a folder, by its first runs")},
    {"xinlian stdf summary wafer3.stdf wafer3-retest.stdf", N_("a wafer and its retest, from two files")},
    {"zcat lot.stdf.gz | xinlian stdf summary - --lang zh_CN", N_("from standard input, in Chinese")},
    {"xinlian stdf summary store:LOT42 --json", N_("a lot of the store, for a program")},
    {0},
};
const struct command stdf_summary_command = {
    .name = "stdf summary",
    .title = N_("Yield, bins, failing tests and defects of lots, on one page each"),
    .operands = "FILE|DIR|-|store:LOT...",
    .about = N_("Files are grouped by lot and wafer, whatever their order. Every yield names the retest policy behind it. What is worst "
                "stands first. What "
                "was damaged in a file is said in words, with byte offsets of the uncompressed file."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
