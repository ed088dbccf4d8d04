/* map.c: a wafer map from a lot: which dice stand where, what each shows, and what its colours mean. */
#include <xinlian/wafer.h>

#include <xinlian/units.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/wafer/map_view.h"
#include "engine/wafer/map_words.h"
#include "engine/wafer/palette.h"

/* A map and the memory of all it points to. */
struct map {
    struct xl_map shown;
    struct arena *arena;
};

/* One die with coordinates, before it has a cell. */
struct plot {
    int32_t x, y;
    float value;
    uint32_t die;
};
struct plots {
    struct plot *at;
    size_t count, capacity;
    uint64_t unplaced;
};

/* What is needed to see the value of a die. */
struct look {
    const struct xl_lot *lot;
    const struct xl_map_options *options;
    const struct xl_wafer *wafer;
    const float *values; /* XL_MAP_TEST: of each die, NaN where there is none */
    bool several_heads;
};

static const struct xl_part_group *run_group(const struct look *look, const struct xl_die *die, uint32_t *at)
{
    const struct xl_run *run = &look->wafer->runs[look->options->first_touch ? die->first_run : die->chosen];
    *at = run->at;
    return &xl_lot_table(look->lot, run->table)->groups[run->group];
}

enum { HEAD_STEP = 1000 }; /* sites are 0..255: a site of another head is head * 1000 + site */

static float die_value(const struct look *look, uint32_t index)
{
    const struct xl_die *die = &look->wafer->dice[index];
    bool passed = look->options->first_touch ? die->first_passed : die->passed;
    uint32_t at;
    const struct xl_part_group *group = run_group(look, die, &at);
    switch (look->options->kind) {
    case XL_MAP_HARD_BIN:
        return (float)group->hard_bin[at];
    case XL_MAP_SOFT_BIN:
        return (float)group->soft_bin[at];
    case XL_MAP_PASS:
        return passed ? 1 : 0;
    case XL_MAP_TEST:
        return look->values[index];
    case XL_MAP_SITE:
        return (float)(group->site[at] + (look->several_heads ? group->head[at] * HEAD_STEP : 0));
    case XL_MAP_TOUCH:
        return (float)group->touch[at];
    case XL_MAP_RUNS:
        return (float)die->run_count;
    case XL_MAP_STACK:
        return passed ? 0 : 1;
    }
    return NAN;
}

static bool has_several_heads(const struct look *look)
{
    bool seen = false;
    int32_t head = 0;
    for (size_t i = 0; i < look->wafer->die_count; i++) {
        uint32_t at;
        const struct xl_part_group *group = run_group(look, &look->wafer->dice[i], &at);
        if (seen && group->head[at] != head)
            return true;
        head = group->head[at];
        seen = true;
    }
    return false;
}

/* The value of one test for each die of the wafer. malloc'ed. */
static float *test_values(const struct look *look)
{
    const struct xl_statistics_options options = {
        .population = look->options->first_touch ? XL_FIRST_TOUCH : XL_CHOSEN_PARTS,
        .executions = XL_LAST_EXECUTION,
        .wafer = look->options->wafer,
        .site = -1,
        .pin = look->options->pin < 0 ? 0 : look->options->pin,
    };
    float *found, *of_die = memory_new(look->wafer->die_count, sizeof *of_die);
    uint32_t *dice;
    for (size_t i = 0; i < look->wafer->die_count; i++)
        of_die[i] = NAN;
    size_t count = xl_values_of(look->lot, look->options->test, &options, &found, &dice, NULL);
    for (size_t i = 0; i < count; i++)
        of_die[dice[i]] = found[i];
    free(found);
    free(dice);
    return of_die;
}

static void plot_wafer(struct look *look, struct plots *plots)
{
    look->several_heads = look->options->kind == XL_MAP_SITE && has_several_heads(look);
    float *values = look->options->kind == XL_MAP_TEST ? test_values(look) : NULL;
    look->values = values;
    for (size_t i = 0; i < look->wafer->die_count; i++) {
        const struct xl_die *die = &look->wafer->dice[i];
        if (die->x == XL_NO_COORDINATE || die->y == XL_NO_COORDINATE) {
            plots->unplaced++;
            continue;
        }
        if (plots->count == plots->capacity) {
            plots->capacity = plots->capacity ? plots->capacity * 2 : 4096;
            plots->at = memory_grow(plots->at, plots->capacity, sizeof *plots->at);
        }
        plots->at[plots->count++] = (struct plot){.x = die->x, .y = die->y, .value = die_value(look, (uint32_t)i), .die = (uint32_t)i};
    }
    look->values = NULL;
    free(values);
}

static int compare_int32(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

/* Bounds that a wild coordinate cannot blow up: twice the inner nine tenths to either side. */
static void believable(int32_t *sorted, size_t count, int32_t *least, int32_t *most)
{
    qsort(sorted, count, sizeof *sorted, compare_int32);
    int32_t low = sorted[count / 20], high = sorted[count - 1 - count / 20];
    *least = low - 2 * (high - low) - 8;
    *most = high + 2 * (high - low) + 8;
}

static struct map_bounds bounds_of(const struct plots *plots)
{
    struct map_bounds b = {INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < plots->count; i++) {
        const struct plot *plot = &plots->at[i];
        b.x_least = plot->x < b.x_least ? plot->x : b.x_least;
        b.x_most = plot->x > b.x_most ? plot->x : b.x_most;
        b.y_least = plot->y < b.y_least ? plot->y : b.y_least;
        b.y_most = plot->y > b.y_most ? plot->y : b.y_most;
    }
    return b;
}

/* Leaves out dice that stand far away from all the others, when they would make the map all but empty. */
static void drop_strays(struct plots *plots)
{
    struct map_bounds all = bounds_of(plots);
    double cells = ((double)all.x_most - all.x_least + 1) * ((double)all.y_most - all.y_least + 1);
    if (cells <= 64.0 * (double)plots->count + 4096)
        return;
    int32_t *sorted = memory_new(plots->count, sizeof *sorted);
    struct map_bounds kept;
    for (size_t i = 0; i < plots->count; i++)
        sorted[i] = plots->at[i].x;
    believable(sorted, plots->count, &kept.x_least, &kept.x_most);
    for (size_t i = 0; i < plots->count; i++)
        sorted[i] = plots->at[i].y;
    believable(sorted, plots->count, &kept.y_least, &kept.y_most);
    free(sorted);
    size_t count = 0;
    for (size_t i = 0; i < plots->count; i++) {
        struct plot plot = plots->at[i];
        if (plot.x >= kept.x_least && plot.x <= kept.x_most && plot.y >= kept.y_least && plot.y <= kept.y_most)
            plots->at[count++] = plot;
    }
    plots->unplaced += plots->count - count;
    plots->count = count;
}

/* Which width to height makes the wafer round, from the dice alone: only where they fill a disc well enough to tell. */
static double round_aspect(const struct xl_map *map, uint64_t dice)
{
    double disc = 0.785398163 * map->columns * map->rows;
    double aspect = (double)map->rows / map->columns;
    if (map->columns < 8 || map->rows < 8 || (double)dice < 0.8 * disc || (double)dice > 1.12 * disc || aspect < 0.25 || aspect > 4)
        return 1;
    return aspect;
}

static double die_aspect(const struct xl_map *map, const struct xl_wafer_config *config, uint64_t dice)
{
    double aspect = (double)config->die_width / (double)config->die_height;
    if (config->die_width > 0 && config->die_height > 0 && aspect > 0.05 && aspect < 20)
        return map->axes_exchanged ? 1 / aspect : aspect;
    return round_aspect(map, dice);
}

static void fill(struct map *map, const struct plots *plots)
{
    struct xl_map *shown = &map->shown;
    size_t cells = (size_t)shown->columns * shown->rows;
    float *values = arena_take(map->arena, cells, sizeof *values);
    uint32_t *dice = arena_take(map->arena, cells, sizeof *dice);
    for (size_t i = 0; i < cells; i++) {
        values[i] = NAN;
        dice[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < plots->count; i++) {
        const struct plot *plot = &plots->at[i];
        size_t cell = map_cell(shown, plot->x, plot->y);
        if (shown->kind == XL_MAP_STACK) {
            values[cell] = isnan(values[cell]) ? plot->value : values[cell] + plot->value;
            continue;
        }
        if (isnan(plot->value)) /* the test was not executed there */
            continue;
        shown->covered += dice[cell] != UINT32_MAX;
        values[cell] = plot->value;
        dice[cell] = plot->die;
    }
    shown->values = values;
    shown->dice = shown->kind == XL_MAP_STACK ? NULL : dice;
}

static int compare_float(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* The values of the map, without empty cells, sorted. malloc'ed. */
static float *sorted_values(const struct xl_map *map, size_t *count)
{
    size_t cells = (size_t)map->columns * map->rows;
    float *sorted = memory_new(cells, sizeof *sorted);
    *count = 0;
    for (size_t i = 0; i < cells; i++)
        if (!isnan(map->values[i]))
            sorted[(*count)++] = map->values[i];
    qsort(sorted, *count, sizeof *sorted, compare_float);
    return sorted;
}

static void set_range(struct xl_map *map, const float *sorted, size_t count)
{
    map->placed = count;
    map->low = map->high = map->low_shade = map->high_shade = NAN;
    if (count == 0)
        return;
    map->low = sorted[0];
    map->high = sorted[count - 1];
    map->low_shade = map->kind == XL_MAP_TEST ? sorted[count / 100] : map->low;
    map->high_shade = map->kind == XL_MAP_TEST ? sorted[count - 1 - count / 100] : map->high;
}

/* A bin's colour and name are the same on every wafer of the lot: they follow its rank among the lot's bins. */
static void name_bin(struct map *map, const struct xl_pareto_row *rows, size_t count, struct xl_map_legend *entry)
{
    size_t passing = 0, failing = 0;
    for (size_t i = 0; i < count; i++) {
        if ((float)rows[i].number == entry->value) {
            entry->passes = rows[i].passes;
            entry->name = arena_print(map->arena, "%s", rows[i].name ? rows[i].name : "");
            entry->rgb = rows[i].passes ? palette_pass(passing) : palette_fail(failing);
            return;
        }
        passing += rows[i].passes;
        failing += !rows[i].passes;
    }
    entry->name = "";
    entry->rgb = palette_fail(failing);
}

static void name_entry(struct map *map, const struct look *look, struct xl_map_legend *entry)
{
    static const uint32_t run_colours[] = {0xd4dae1, 0x56b4e9, 0x0072b2, 0x4b3fa8, 0x882255};
    int value = (int)entry->value;
    switch (map->shown.kind) {
    case XL_MAP_HARD_BIN:
    case XL_MAP_SOFT_BIN: {
        const struct xl_pareto_row *rows;
        size_t count = xl_pareto_bins(look->lot, XL_ALL_WAFERS, map->shown.kind == XL_MAP_SOFT_BIN, &rows);
        name_bin(map, rows, count, entry);
        if (map->shown.kind == XL_MAP_SOFT_BIN && value == XL_NO_BIN)
            entry->name = arena_print(map->arena, "%s", _("none recorded"));
        break;
    }
    case XL_MAP_PASS:
        entry->passes = value == 1;
        entry->name = arena_print(map->arena, "%s", value == 1 ? _("pass") : _("fail"));
        entry->rgb = value == 1 ? palette_pass(0) : palette_fail(0);
        break;
    case XL_MAP_SITE:
        entry->name = look->several_heads ? arena_print(map->arena, _("head %d, site %d"), value / HEAD_STEP, value % HEAD_STEP)
                                          : arena_print(map->arena, _("site %d"), value);
        entry->rgb = palette_category((size_t)value % HEAD_STEP + 3 * ((size_t)value / HEAD_STEP)); /* the same on every wafer */
        break;
    case XL_MAP_RUNS:
        entry->name = value == 1 ? arena_print(map->arena, "%s", _("1 run")) : arena_print(map->arena, _("%d runs"), value);
        entry->rgb = run_colours[value < 1 ? 0 : value > 5 ? 4 : value - 1];
        break;
    case XL_MAP_TEST:
    case XL_MAP_TOUCH:
    case XL_MAP_STACK:
        break;
    }
}

/* Passing bins first, then the most frequent; sites and runs by number. */
static int compare_bins(const void *a, const void *b)
{
    const struct xl_map_legend *left = a, *right = b;
    if (left->passes != right->passes)
        return left->passes ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return (left->value > right->value) - (left->value < right->value);
}

static int compare_verdicts(const void *a, const void *b)
{
    return ((const struct xl_map_legend *)b)->passes - ((const struct xl_map_legend *)a)->passes;
}

static void make_legend(struct map *map, const struct look *look, const float *sorted, size_t count)
{
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || sorted[i] != sorted[i - 1];
    struct xl_map_legend *legend = arena_take(map->arena, distinct, sizeof *legend);
    size_t entries = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1])
            legend[entries++].value = sorted[i];
        legend[entries - 1].count++;
    }
    for (size_t i = 0; i < entries; i++)
        name_entry(map, look, &legend[i]);
    if (map->shown.kind == XL_MAP_HARD_BIN || map->shown.kind == XL_MAP_SOFT_BIN)
        qsort(legend, entries, sizeof *legend, compare_bins);
    if (map->shown.kind == XL_MAP_PASS)
        qsort(legend, entries, sizeof *legend, compare_verdicts);
    map->shown.legend = legend;
    map->shown.legend_count = entries;
}

static void describe_test(struct map *map, const struct look *look, float *sorted, size_t count)
{
    const struct xl_test *test = xl_lot_test(look->lot, look->options->test)->test;
    double largest = NAN;
    if (count > 0)
        largest = fmax(fabs((double)sorted[count / 4]), fabs((double)sorted[count - 1 - count / 4]));
    struct xl_unit unit = xl_test_unit(test, largest);
    map->shown.units = arena_print(map->arena, "%s", unit.text);
    map->shown.scale = unit.scale;
    map->shown.low_limit = test->limits_known ? test->low : NAN;
    map->shown.high_limit = test->limits_known ? test->high : NAN;
}

static const char *pin_name(const struct xl_lot *lot, const struct xl_test *test, int64_t pin)
{
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct xl_table *table = xl_lot_table(lot, t);
        if (test < table->tests || test >= table->tests + table->test_count)
            continue;
        for (uint32_t i = 0; i < test->column_count; i++) {
            const struct xl_column *column = &table->columns[test->columns[i]];
            if (column->pin == (pin < 0 ? 0 : pin))
                return column->pin_name;
        }
    }
    return "";
}

static void make_title(struct map *map, const struct look *look, size_t wafers)
{
    struct text title;
    text_init(&title, 1000);
    text_add(&title, *xl_lot_name(look->lot) ? xl_lot_name(look->lot) : _("lot without a name"));
    if (wafers > 1)
        text_print(&title, _(" / %zu wafers"), wafers);
    else if (*look->wafer->name)
        text_print(&title, _(" / wafer %s"), look->wafer->name);
    text_add(&title, _(": "));
    if (map->shown.kind == XL_MAP_TEST) {
        const struct xl_test *test = xl_lot_test(look->lot, look->options->test)->test;
        const char *pin = test->kind == XL_TEST_MPR ? pin_name(look->lot, test, look->options->pin) : "";
        text_print(&title, "%" PRIu32 " %s", test->number, test->name);
        if (pin && *pin)
            text_print(&title, " [%s]", pin);
    } else {
        text_add(&title, map_kind_words(map->shown.kind));
    }
    if (look->options->first_touch)
        text_add(&title, _(", first touch"));
    map->shown.title = arena_copy(map->arena, title.data, title.length + 1);
    text_free(&title);
}

/* Plots one wafer, or all of them for a stack; returns how many. */
static size_t plot(struct look *look, struct plots *plots)
{
    if (look->options->wafer != XL_ALL_WAFERS) {
        look->wafer = xl_lot_wafer(look->lot, (size_t)look->options->wafer);
        plot_wafer(look, plots);
        return 1;
    }
    for (size_t i = 0; i < xl_lot_wafers(look->lot); i++) {
        look->wafer = xl_lot_wafer(look->lot, i);
        plot_wafer(look, plots);
    }
    return xl_lot_wafers(look->lot);
}

static bool check(const struct xl_lot *lot, const struct xl_map_options *options, struct xl_error *error)
{
    bool all = options->wafer == XL_ALL_WAFERS && options->kind == XL_MAP_STACK;
    if (xl_lot_wafers(lot) == 0 || (!all && (options->wafer < 0 || (uint64_t)options->wafer >= xl_lot_wafers(lot))))
        return xl_fail(error, "wafer_unknown", _("The lot has no such wafer."));
    if (options->kind == XL_MAP_TEST && options->test >= xl_lot_tests(lot))
        return xl_fail(error, "test_unknown", _("The lot has no such test."));
    return true;
}

struct xl_map *xl_map_new(const struct xl_lot *lot, const struct xl_map_options *options, struct xl_error *error)
{
    if (!check(lot, options, error))
        return NULL;
    struct look look = {.lot = lot, .options = options};
    struct plots plots = {0};
    size_t wafers = plot(&look, &plots);
    if (plots.count)
        drop_strays(&plots);
    if (plots.count == 0) {
        const char *name = *look.wafer->name ? look.wafer->name : xl_lot_name(lot);
        if (*name)
            xl_fail(error, "map_without_coordinates", _("No part of %s has coordinates, so there is no map to draw."), name);
        else
            xl_fail(error, "map_without_coordinates", _("No part has coordinates, so there is no map to draw."));
        free(plots.at);
        return NULL;
    }
    struct map *map = memory_new(1, sizeof *map);
    map->arena = arena_new();
    map->shown.kind = options->kind;
    map->shown.low_limit = map->shown.high_limit = NAN;
    map->shown.units = "";
    map->shown.unplaced = plots.unplaced;
    /* Wafers of one lot lie on one chuck: the first one's directions stand for a stack. */
    const struct xl_wafer_config *config = options->wafer == XL_ALL_WAFERS ? &xl_lot_wafer(lot, 0)->config : &look.wafer->config;
    struct map_view view = map_view_of(config, &xl_lot_settings(lot)->corrections);
    struct map_bounds bounds = bounds_of(&plots);
    if (!map_view_fit(&view, &bounds, &map->shown)) {
        xl_fail(error, "map_too_large", _("The coordinates of the parts lie too far apart for a map: X %d to %d, Y %d to %d."),
                bounds.x_least, bounds.x_most, bounds.y_least, bounds.y_most);
        free(plots.at);
        xl_map_free(&map->shown);
        return NULL;
    }
    fill(map, &plots);
    free(plots.at);

    size_t count;
    float *sorted = sorted_values(&map->shown, &count);
    set_range(&map->shown, sorted, count);
    map->shown.cell_aspect = die_aspect(&map->shown, config, count);
    if (options->kind == XL_MAP_TEST)
        describe_test(map, &look, sorted, count);
    if (!map_is_scaled(options->kind))
        make_legend(map, &look, sorted, count);
    free(sorted);
    make_title(map, &look, wafers);
    return &map->shown;
}

void xl_map_free(struct xl_map *shown)
{
    if (!shown)
        return;
    struct map *map = (struct map *)shown;
    arena_free(map->arena);
    free(map);
}
