/* stdf_parts.c: `xinlian stdf parts`: the parts one by one, the failing ones first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "main/command.h"
#include "main/console.h"
#include "main/json_document.h"
#include "main/lot_print.h"
#include "main/part_details.h"
#include "main/show.h"
#include "main/table_print.h"
#include "main/tests_order.h"

enum parts_sort { PARTS_BY_RESULT, PARTS_BY_ORDER, PARTS_BY_XY, PARTS_BY_BIN, PARTS_BY_TIME };

static struct {
    int sort;
    int64_t most;
    const char *columns;
    bool details, failing;
} settings;

static const struct choice sorts[] = {
    {"result", PARTS_BY_RESULT, N_("failing parts first (usual)")},
    {"order", PARTS_BY_ORDER, N_("as tested")},
    {"xy", PARTS_BY_XY, N_("row by row of the wafer")},
    {"bin", PARTS_BY_BIN, N_("by hard bin")},
    {"time", PARTS_BY_TIME, N_("longest test time first")},
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
    {.kind = OPTION_TEXT,
     .letter = 'c',
     .name = "columns",
     .value = &settings.columns,
     .argument = "part,x,y,t1000",
     .help = N_(
         "which columns: wafer part x y head site hbin sbin result runs touch ms tests fail value text offset, tN the result of test N")},
    {.kind = OPTION_FLAG, .name = "failing", .value = &settings.failing, .help = N_("only parts that failed")},
    {.kind = OPTION_FLAG,
     .letter = 'd',
     .name = "details",
     .value = &settings.details,
     .help = N_("read the raw file again for pins (MPR), vectors (FTR), scan fails (STR)")},
    {.kind = OPTION_CHOICE,
     .name = "population",
     .value = &population_settings.population,
     .argument = "chosen|passing|first|all",
     .choices = population_choices,
     .help = N_("which runs of the parts")},
    {0},
};

/* ---- Rows --------------------------------------------------------------------------------------------------------- */

struct row {
    uint32_t wafer, die, run; /* indexes: of the lot, of the wafer's dice, of the wafer's runs */
    bool passed, counts;
};

static const struct xl_part_group *group_of(const struct xl_lot *lot, const struct row *row, const struct xl_table **table, uint32_t *at)
{
    const struct xl_run *run = &xl_lot_wafer(lot, row->wafer)->runs[row->run];
    *table = xl_lot_table(lot, run->table);
    *at = run->at;
    return &(*table)->groups[run->group];
}

static _Thread_local const struct xl_lot *sorted_lot;
static int by_place(const struct row *a, const struct row *b)
{
    if (a->wafer != b->wafer)
        return (a->wafer > b->wafer) - (a->wafer < b->wafer);
    if (a->die != b->die)
        return (a->die > b->die) - (a->die < b->die);
    return (a->run > b->run) - (a->run < b->run);
}
static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    const struct xl_table *table;
    uint32_t i, j;
    const struct xl_part_group *g = group_of(sorted_lot, a, &table, &i), *h = group_of(sorted_lot, b, &table, &j);
    int order = 0;
    switch ((enum parts_sort)settings.sort) {
    case PARTS_BY_RESULT:
        order = a->passed - b->passed;
        break;
    case PARTS_BY_ORDER:
        break;
    case PARTS_BY_XY:
        order = a->wafer != b->wafer ? (a->wafer > b->wafer) - (a->wafer < b->wafer) : 0;
        order = order ? order : (g->y[i] > h->y[j]) - (g->y[i] < h->y[j]);
        order = order ? order : (g->x[i] > h->x[j]) - (g->x[i] < h->x[j]);
        break;
    case PARTS_BY_BIN:
        order = a->passed - b->passed;
        order = order ? order : (g->hard_bin[i] > h->hard_bin[j]) - (g->hard_bin[i] < h->hard_bin[j]);
        break;
    case PARTS_BY_TIME:
        order = (g->test_ms[i] < h->test_ms[j]) - (g->test_ms[i] > h->test_ms[j]);
        break;
    }
    return order ? order : by_place(a, b);
}

static struct row *rows_of(const struct xl_lot *lot, size_t *count)
{
    struct row *rows = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t w = 0; w < xl_lot_wafers(lot); w++) {
        const struct xl_wafer *wafer = xl_lot_wafer(lot, w);
        for (size_t d = 0; d < wafer->die_count; d++) {
            const struct xl_die *die = &wafer->dice[d];
            for (uint32_t r = 0; r < die->run_count; r++) {
                const uint32_t run = die->first_run + r;
                const bool passed = wafer->run_marks[run] & XL_RUN_PASSED;
                bool wanted = false;
                switch ((enum xl_population)population_settings.population) {
                case XL_CHOSEN_PARTS:
                    wanted = run == die->chosen;
                    break;
                case XL_PASSING_PARTS:
                    wanted = run == die->chosen && passed;
                    break;
                case XL_FIRST_TOUCH:
                    wanted = r == 0;
                    break;
                case XL_ALL_RUNS:
                    wanted = true;
                    break;
                }
                if (!wanted || (settings.failing && passed))
                    continue;
                if (*count == capacity) {
                    capacity = capacity ? capacity * 2 : 1024;
                    rows = memory_grow(rows, capacity, sizeof *rows);
                }
                rows[(*count)++] =
                    (struct row){.wafer = (uint32_t)w, .die = (uint32_t)d, .run = run, .passed = passed, .counts = run == die->chosen};
            }
        }
    }
    sorted_lot = lot;
    if (*count)
        qsort(rows, *count, sizeof *rows, compare);
    return rows;
}

/* ---- Columns ------------------------------------------------------------------------------------------------------ */

enum column_kind {
    COLUMN_WAFER,
    COLUMN_PART,
    COLUMN_X,
    COLUMN_Y,
    COLUMN_HEAD,
    COLUMN_SITE,
    COLUMN_HARD_BIN,
    COLUMN_SOFT_BIN,
    COLUMN_RESULT,
    COLUMN_RUNS,
    COLUMN_TOUCH,
    COLUMN_MS,
    COLUMN_TESTS,
    COLUMN_FAIL,
    COLUMN_VALUE,
    COLUMN_TEXT,
    COLUMN_OFFSET,
    COLUMN_TEST,
};
struct shown_column {
    enum column_kind kind;
    uint32_t test; /* COLUMN_TEST: its number */
    struct xl_unit unit;
    bool has_unit;
};
enum { SHOWN_MOST = 48 };
static const struct {
    const char *name;
    enum column_kind kind;
    enum align align;
    const char *title;
} column_kinds[] = {
    {"wafer", COLUMN_WAFER, ALIGN_LEFT, N_("wafer")},
    {"part", COLUMN_PART, ALIGN_RIGHT, N_("part")},
    {"x", COLUMN_X, ALIGN_RIGHT, "X"},
    {"y", COLUMN_Y, ALIGN_RIGHT, "Y"},
    {"head", COLUMN_HEAD, ALIGN_RIGHT, N_("head")},
    {"site", COLUMN_SITE, ALIGN_RIGHT, N_("site")},
    {"hbin", COLUMN_HARD_BIN, ALIGN_RIGHT, N_("hard bin")},
    {"sbin", COLUMN_SOFT_BIN, ALIGN_RIGHT, N_("soft bin")},
    {"result", COLUMN_RESULT, ALIGN_LEFT, N_("result")},
    {"runs", COLUMN_RUNS, ALIGN_LEFT, N_("run")},
    {"touch", COLUMN_TOUCH, ALIGN_RIGHT, N_("touch-down")},
    {"ms", COLUMN_MS, ALIGN_RIGHT, N_("ms")},
    {"tests", COLUMN_TESTS, ALIGN_RIGHT, N_("tests")},
    {"fail", COLUMN_FAIL, ALIGN_LEFT, N_("first failing test")},
    {"value", COLUMN_VALUE, ALIGN_LEFT, N_("value, limits")},
    {"text", COLUMN_TEXT, ALIGN_LEFT, N_("text")},
    {"offset", COLUMN_OFFSET, ALIGN_RIGHT, N_("byte")},
};
static const char usual_columns[] = "wafer,part,x,y,site,hbin,sbin,result,runs,fail,value";

static bool columns_parse(const char *text, struct shown_column *columns, size_t *count, struct xl_error *error)
{
    *count = 0;
    for (const char *at = text; *at;) {
        char name[32];
        const size_t length = strcspn(at, ",");
        int64_t number;
        bool found = false;
        if (*count == SHOWN_MOST)
            return xl_fail(error, "usage", _("--columns takes at most %d columns."), (int)SHOWN_MOST);
        if (length < sizeof name) {
            memcpy(name, at, length);
            name[length] = 0;
            for (size_t i = 0; i < sizeof column_kinds / sizeof *column_kinds && !found; i++)
                if (strcmp(column_kinds[i].name, name) == 0) {
                    columns[(*count)++] = (struct shown_column){.kind = column_kinds[i].kind};
                    found = true;
                }
            if (!found && name[0] == 't' && parse_i64(name + 1, 0, UINT32_MAX, &number)) {
                columns[(*count)++] = (struct shown_column){.kind = COLUMN_TEST, .test = (uint32_t)number};
                found = true;
            }
        }
        if (!found)
            return xl_fail(error, "usage", _("There is no column \"%.*s\". Columns: see --help; tN is the result of test N."), (int)length,
                           at);
        at += length + (at[length] == ',');
    }
    return *count || xl_fail(error, "usage", _("--columns needs names with commas between."));
}

/* The part's last result of the first test of that number; missing when there is none. */
static float result_of(const struct xl_table *table, const struct xl_part_group *group, uint32_t at, uint32_t number,
                       const struct xl_test **of)
{
    for (size_t t = 0; t < table->test_count; t++) {
        const struct xl_test *test = &table->tests[t];
        if (test->number != number)
            continue;
        float last = NAN;
        bool any = false;
        for (uint32_t c = 0; c < test->column_count; c++) {
            const float *values = group->values[test->columns[c]];
            if (table->columns[test->columns[c]].pin == 0 && values && !xl_is_missing(values[at])) {
                last = values[at];
                any = true;
            }
        }
        if (any) {
            *of = test;
            return last;
        }
    }
    *of = NULL;
    return NAN;
}

static const struct xl_mark *first_fail_mark(const struct xl_part_group *group, uint32_t at, struct xl_mark *mark)
{
    const struct xl_bytes *marks = &group->marks[at];
    for (uint32_t i = 0; i + sizeof *mark <= marks->length; i += (uint32_t)sizeof *mark) {
        memcpy(mark, marks->bytes + i, sizeof *mark);
        if (mark->test_flag & XL_TEST_FAILED)
            return mark;
    }
    return NULL;
}

static void value_cell(struct table_print *print, const struct xl_table *table, const struct xl_part_group *group, uint32_t at)
{
    const int32_t column = group->first_fail[at];
    struct xl_mark mark;
    if (column < 0 || (size_t)column >= table->column_count) {
        table_cell(print, STYLE_PLAIN, "%s", "");
        return;
    }
    const struct xl_test *test = &table->tests[table->columns[column].test];
    float value = group->values[column] ? group->values[column][at] : NAN;
    if (first_fail_mark(group, at, &mark) && mark.column == (uint32_t)column && mark.is_excluded)
        value = mark.value;
    if ((test->kind != XL_TEST_PTR && test->kind != XL_TEST_MPR) || xl_is_missing(value) || isnan(value)) {
        table_cell(print, STYLE_PLAIN, "%s", "");
        return;
    }
    const struct xl_unit unit = xl_test_unit(test, isfinite(value) ? fabsf(value) : NAN);
    const char *low = isnan(test->low) ? "" : show_limit(&unit, test->low), *high = isnan(test->high) ? "" : show_limit(&unit, test->high);
    const char *shown = show_value(&unit, (double)value, 5);
    if (*low && *high)
        table_cell(print, STYLE_PLAIN, _("%s %s (%s to %s)"), shown, unit.text, low, high);
    else if (*low)
        table_cell(print, STYLE_PLAIN, _("%s %s (from %s)"), shown, unit.text, low);
    else if (*high)
        table_cell(print, STYLE_PLAIN, _("%s %s (up to %s)"), shown, unit.text, high);
    else
        table_cell(print, STYLE_PLAIN, "%s %s", shown, unit.text);
}

static void number_cell(struct table_print *print, int64_t number, bool there)
{
    if (there)
        table_cell(print, STYLE_PLAIN, "%lld", (long long)number);
    else
        table_cell(print, STYLE_PLAIN, "%s", "");
}

static void cell_of(struct table_print *print, const struct xl_lot *lot, const struct row *row, struct shown_column *column)
{
    const struct xl_table *table;
    uint32_t at;
    const struct xl_part_group *group = group_of(lot, row, &table, &at);
    const struct xl_wafer *wafer = xl_lot_wafer(lot, row->wafer);
    const struct xl_die *die = &wafer->dice[row->die];
    switch (column->kind) {
    case COLUMN_WAFER:
        table_cell(print, STYLE_PLAIN, "%s", wafer->is_wafer ? wafer->name : wafer->sublot);
        return;
    case COLUMN_PART:
        table_cell(print, STYLE_PLAIN, "%.*s", (int)group->part_id[at].length, (const char *)group->part_id[at].bytes);
        return;
    case COLUMN_X:
        number_cell(print, group->x[at], group->x[at] != XL_NO_COORDINATE);
        return;
    case COLUMN_Y:
        number_cell(print, group->y[at], group->y[at] != XL_NO_COORDINATE);
        return;
    case COLUMN_HEAD:
        number_cell(print, group->head[at], true);
        return;
    case COLUMN_SITE:
        number_cell(print, group->site[at], true);
        return;
    case COLUMN_HARD_BIN:
        number_cell(print, group->hard_bin[at], true);
        return;
    case COLUMN_SOFT_BIN:
        number_cell(print, group->soft_bin[at], group->soft_bin[at] != XL_NO_BIN);
        return;
    case COLUMN_RESULT:
        if (group->flags[at] & XL_PART_ABNORMAL)
            table_cell(print, STYLE_WARNING, row->passed ? _("pass, ended abnormally") : _("fail, ended abnormally"));
        else
            table_cell(print, row->passed ? STYLE_GOOD : STYLE_BAD, "%s", row->passed ? _("pass") : _("fail"));
        return;
    case COLUMN_RUNS:
        if (die->run_count == 1)
            table_cell(print, STYLE_PLAIN, "%s", "");
        else
            table_cell(print, STYLE_PLAIN, row->counts ? _("%u of %u") : _("%u of %u, replaced"), row->run - die->first_run + 1,
                       die->run_count);
        return;
    case COLUMN_TOUCH:
        number_cell(print, group->touch[at], true);
        return;
    case COLUMN_MS:
        number_cell(print, group->test_ms[at], group->test_ms[at] != 0);
        return;
    case COLUMN_TESTS:
        number_cell(print, group->executed[at], true);
        return;
    case COLUMN_FAIL: {
        const int32_t first = group->first_fail[at];
        table_cell(print, STYLE_PLAIN, "%s",
                   first < 0 || (size_t)first >= table->column_count ? "" : show_test(&table->tests[table->columns[first].test]));
        return;
    }
    case COLUMN_VALUE:
        value_cell(print, table, group, at);
        return;
    case COLUMN_TEXT:
        table_cell(print, STYLE_PLAIN, "%.*s", (int)group->part_text[at].length, (const char *)group->part_text[at].bytes);
        return;
    case COLUMN_OFFSET:
        number_cell(print, group->begin[at], true);
        return;
    case COLUMN_TEST: {
        const struct xl_test *test;
        const float value = result_of(table, group, at, column->test, &test);
        if (!test) {
            table_cell(print, STYLE_PLAIN, "%s", "");
            return;
        }
        if (!column->has_unit) {
            column->unit = xl_test_unit(test, NAN);
            column->has_unit = true;
        }
        if (isnan(value))
            table_cell(print, STYLE_WARNING, "%s", "nan");
        else
            table_cell(print, STYLE_PLAIN, "%s", show_value(&column->unit, (double)value, 6));
        return;
    }
    }
}

static const char *column_title(const struct xl_lot *lot, struct shown_column *column)
{
    if (column->kind != COLUMN_TEST)
        for (size_t i = 0; i < sizeof column_kinds / sizeof *column_kinds; i++)
            if (column_kinds[i].kind == column->kind)
                return _(column_kinds[i].title);
    char *room = show_room();
    const size_t test = xl_lot_find_test(lot, column->test, NULL);
    if (test == SIZE_MAX) {
        snprintf(room, SHOW_SIZE, "%u", column->test);
        return room;
    }
    const struct xl_statistics_options all = {.wafer = XL_ALL_WAFERS, .site = -1, .pin = -1, .quantiles = true};
    const struct xl_statistics statistics = xl_statistics_of(lot, test, &all);
    column->unit = test_unit(xl_lot_test(lot, test)->test, &statistics);
    column->has_unit = true;
    snprintf(room, SHOW_SIZE, "%s%s%s", show_test(xl_lot_test(lot, test)->test), *column->unit.text ? " " : "", column->unit.text);
    return room;
}

static enum align column_align(const struct shown_column *column)
{
    for (size_t i = 0; i < sizeof column_kinds / sizeof *column_kinds; i++)
        if (column_kinds[i].kind == column->kind)
            return column_kinds[i].align;
    return ALIGN_RIGHT;
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static void maybe(struct json *json, const char *key, int64_t number, bool there)
{
    json_key(json, key);
    if (there)
        json_i64(json, number);
    else
        json_null(json);
}

static void row_json(struct json *json, const struct xl_lot *lot, const struct row *row, const struct shown_column *columns, size_t count)
{
    const struct xl_table *table;
    uint32_t at;
    const struct xl_part_group *group = group_of(lot, row, &table, &at);
    const struct xl_wafer *wafer = xl_lot_wafer(lot, row->wafer);
    const struct xl_die *die = &wafer->dice[row->die];
    json_object(json);
    json_put_text(json, "wafer", wafer->name);
    json_key(json, "part");
    json_text_bytes(json, group->part_id[at].bytes, group->part_id[at].length);
    maybe(json, "x", group->x[at], group->x[at] != XL_NO_COORDINATE);
    maybe(json, "y", group->y[at], group->y[at] != XL_NO_COORDINATE);
    json_put_whole(json, "head", group->head[at]);
    json_put_whole(json, "site", group->site[at]);
    json_put_whole(json, "hard_bin", group->hard_bin[at]);
    maybe(json, "soft_bin", group->soft_bin[at], group->soft_bin[at] != XL_NO_BIN);
    json_put_bool(json, "passed", row->passed);
    json_put_bool(json, "counts", row->counts);
    json_put_count(json, "run", row->run - die->first_run + 1);
    json_put_count(json, "runs", die->run_count);
    json_put_whole(json, "flags", group->flags[at] & 0xff);
    maybe(json, "touch", group->touch[at], true);
    maybe(json, "test_ms", group->test_ms[at], group->test_ms[at] != 0);
    json_put_whole(json, "tests", group->executed[at]);
    json_key(json, "text");
    json_text_bytes(json, group->part_text[at].bytes, group->part_text[at].length);
    json_put_text(json, "file", table->source);
    json_put_whole(json, "begin", group->begin[at]);
    json_put_whole(json, "end", group->end[at]);
    json_key(json, "first_fail");
    const int32_t first = group->first_fail[at];
    if (first < 0 || (size_t)first >= table->column_count) {
        json_null(json);
    } else {
        const struct xl_test *test = &table->tests[table->columns[first].test];
        json_object(json);
        json_put_text(json, "kind", test_kind_name(test->kind));
        json_put_count(json, "number", test->number);
        json_put_text(json, "name", test->name);
        const float value = group->values[first] ? group->values[first][at] : NAN;
        json_put_float(json, "value", xl_is_missing(value) ? NAN : value);
        json_object_end(json);
    }
    json_key(json, "results");
    json_object(json);
    for (size_t c = 0; c < count; c++) {
        if (columns[c].kind != COLUMN_TEST)
            continue;
        const struct xl_test *test;
        char key[16];
        snprintf(key, sizeof key, "%u", columns[c].test);
        json_put_float(json, key, result_of(table, group, at, columns[c].test, &test));
    }
    json_object_end(json);
    json_object_end(json);
}

/* ---- The command -------------------------------------------------------------------------------------------------- */

static void print_details(const struct gather *gather, const struct xl_lot *lot, const struct row *rows, size_t count)
{
    struct part_place *places = memory_new(count, sizeof *places);
    for (size_t i = 0; i < count; i++) {
        const struct xl_table *table;
        uint32_t at;
        const struct xl_part_group *group = group_of(lot, &rows[i], &table, &at);
        char name[200];
        snprintf(name, sizeof name, "%s · %.*s", show_wafer(xl_lot_wafer(lot, rows[i].wafer)), (int)group->part_id[at].length,
                 (const char *)group->part_id[at].bytes);
        places[i] = (struct part_place){.source = gathered_of(gather, table),
                                        .begin = (uint64_t)group->begin[at],
                                        .end = (uint64_t)group->end[at],
                                        .head = (uint8_t)group->head[at],
                                        .site = (uint8_t)group->site[at],
                                        .name = memory_text(name)};
    }
    part_details_print(gather, places, count);
    for (size_t i = 0; i < count; i++)
        free(places[i].name);
    free(places);
}

static void print_lot(const struct gather *gather, const struct xl_lot *lot, struct shown_column *columns, size_t column_count,
                      struct json *json)
{
    size_t count;
    struct row *rows = rows_of(lot, &count);
    const size_t shown = settings.most && count > (size_t)settings.most ? (size_t)settings.most : count;
    if (general.json) {
        json_object(json);
        json_lot_head(json, lot);
        json_put_text(json, "population", choice_name(population_choices, population_settings.population));
        json_key(json, "parts");
        json_array(json);
        for (size_t i = 0; i < shown; i++)
            row_json(json, lot, &rows[i], columns, column_count);
        json_array_end(json);
        json_object_end(json);
        free(rows);
        return;
    }
    lot_title(lot);
    lot_rules(lot);
    say("\n");
    if (!count)
        say("  %s\n", settings.failing && xl_yield_of(lot, XL_ALL_WAFERS).parts ? _("No part failed.") : _("No parts here."));
    if (count && settings.details) {
        print_details(gather, lot, rows, shown);
    } else if (count) {
        struct table_print *print = table_print_new(2);
        for (size_t c = 0; c < column_count; c++) {
            table_column(print, column_align(&columns[c]), column_title(lot, &columns[c]));
            if (columns[c].kind == COLUMN_FAIL)
                table_flexible(print);
        }
        for (size_t i = 0; i < shown; i++)
            for (size_t c = 0; c < column_count; c++)
                cell_of(print, lot, &rows[i], &columns[c]);
        table_print_end(print);
    }
    if (shown < count)
        say(_("  %sand %zu more%s\n"), style(STYLE_FAINT), count - shown, style_end());
    if (lot_settings.explain)
        lot_explain(lot, gather);
    free(rows);
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots;
    struct shown_column columns[SHOWN_MOST];
    size_t column_count;
    if (!columns_parse(settings.columns ? settings.columns : usual_columns, columns, &column_count, &error))
        return usage_error("stdf parts", &error);
    if (settings.details && general.json) {
        xl_fail(&error, "usage", _("--details has no JSON: take the byte offsets of --json to xinlian stdf records --json."));
        return usage_error("stdf parts", &error);
    }
    const int result = lots_ready("stdf parts", count, operands, settings.details, &gather, &lots, &error);
    struct json json;
    if (general.json && lots.count) {
        json_document(&json, "stdf parts");
        json_files(&json, &gather);
        json_key(&json, "lots");
        json_array(&json);
    }
    for (size_t i = 0; i < lots.count; i++) {
        if (i && !general.json)
            say("\n\n");
        print_lot(&gather, lots.at[i], columns, column_count, &json);
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
static const struct option_group *const groups[] = {
    &own_options, &filter_options, &correction_options, &retest_options, &store_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf parts lot.stdf.gz --failing -n 20", N_("20 failing parts with what failed first")},
    {"xinlian stdf parts lot.stdf.gz --where \"x = 3 and y = 7\" --population all", N_("every run of one die")},
    {"xinlian stdf parts lot.stdf.gz -c part,x,y,t1000,t1001 -s order", N_("two tests' results part by part")},
    {"xinlian stdf parts lot.stdf.gz --bin 7 --details", N_("pins, vectors and scan fails of a bin")},
    {0},
};
const struct command stdf_parts_command = {
    .name = "stdf parts",
    .title = N_("The parts one by one, failing ones first, each with its first failing test"),
    .operands = "FILE|DIR|-|store:LOT...",
    .groups = groups,
    .examples = examples,
    .run = run,
};
