/* map_words.c: what is said about a map: kinds, values, legends, colours of values, remarks. */
#include "engine/wafer/map_words.h"

#include <xinlian/units.h>

#include <math.h>
#include <string.h>

#include "base/words.h"
#include "engine/wafer/palette.h"

const char *map_kind_code(enum xl_map_kind kind)
{
    switch (kind) {
    case XL_MAP_HARD_BIN:
        return "hard_bin";
    case XL_MAP_SOFT_BIN:
        return "soft_bin";
    case XL_MAP_PASS:
        return "pass";
    case XL_MAP_TEST:
        return "test";
    case XL_MAP_SITE:
        return "site";
    case XL_MAP_TOUCH:
        return "touch";
    case XL_MAP_RUNS:
        return "runs";
    case XL_MAP_STACK:
        return "stack";
    }
    return "";
}

const char *map_kind_words(enum xl_map_kind kind)
{
    switch (kind) {
    case XL_MAP_HARD_BIN:
        return _("hard bin");
    case XL_MAP_SOFT_BIN:
        return _("soft bin");
    case XL_MAP_PASS:
        return _("pass and fail");
    case XL_MAP_TEST:
        return _("test");
    case XL_MAP_SITE:
        return _("site");
    case XL_MAP_TOUCH:
        return _("touch-down");
    case XL_MAP_RUNS:
        return _("runs per die");
    case XL_MAP_STACK:
        return _("failing dice at each place");
    }
    return "";
}

bool map_is_scaled(enum xl_map_kind kind)
{
    return kind == XL_MAP_TEST || kind == XL_MAP_TOUCH || kind == XL_MAP_STACK;
}

void map_value_text(const struct xl_map *map, float value, int digits, bool with_units, struct text *text)
{
    struct xl_unit unit = {.scale = map->kind == XL_MAP_TEST ? map->scale : 0};
    char number[64];
    xl_unit_float(&unit, value, digits, number, sizeof number);
    text_add(text, number);
    if (with_units && map->units && *map->units) {
        text_add_char(text, ' ');
        text_add(text, map->units);
    }
}

void map_legend_text(const struct xl_map *map, const struct xl_map_legend *entry, struct text *text)
{
    const char *name = entry->name ? entry->name : "";
    bool numbered = map->kind == XL_MAP_HARD_BIN || map->kind == XL_MAP_SOFT_BIN;
    if (numbered || !*name)
        text_print(text, "%.0f", (double)entry->value);
    if (numbered && *name)
        text_add_char(text, ' ');
    text_add(text, name);
}

void map_shade_range(const struct xl_map *map, float *low, float *high)
{
    *low = map->low_shade;
    *high = map->high_shade;
    if (!(*low < *high)) {
        *low = map->low;
        *high = map->high;
    }
    if (map->kind == XL_MAP_STACK)
        *low = 0;
    if (!isfinite(*low))
        *low = 0;
    if (!(isfinite(*high) && *high > *low))
        *high = *low + (*low != 0 ? fabsf(*low) : 1);
}

const struct xl_map_legend *map_legend_of(const struct xl_map *map, float value)
{
    for (size_t i = 0; i < map->legend_count; i++)
        if (map->legend[i].value == value)
            return &map->legend[i];
    return NULL;
}

uint32_t map_colour(const struct xl_map *map, float value)
{
    if (!map_is_scaled(map->kind)) {
        const struct xl_map_legend *entry = map_legend_of(map, value);
        return entry ? entry->rgb : PALETTE_NO_DIE;
    }
    if (map->kind == XL_MAP_TEST && value < map->low_limit)
        return PALETTE_BELOW;
    if (map->kind == XL_MAP_TEST && value > map->high_limit)
        return PALETTE_ABOVE;
    float low, high;
    map_shade_range(map, &low, &high);
    double position = ((double)value - (double)low) / ((double)high - (double)low);
    return map->kind == XL_MAP_STACK ? palette_heat(position) : palette_shade(position);
}

struct map_tally map_count(const struct xl_map *map)
{
    struct map_tally tally = {0};
    for (size_t i = 0; i < (size_t)map->columns * map->rows; i++) {
        if (isnan(map->values[i]))
            continue;
        tally.dice++;
        tally.below += map->kind == XL_MAP_TEST && map->values[i] < map->low_limit;
        tally.above += map->kind == XL_MAP_TEST && map->values[i] > map->high_limit;
    }
    return tally;
}

void map_remarks(const struct xl_map *map, struct text *text)
{
    if (map->covered)
        text_print(text, _("%llu parts are hidden by a later one at the same place.\n"), (unsigned long long)map->covered);
    if (map->unplaced)
        text_print(text, _("%llu parts without usable coordinates are not shown.\n"), (unsigned long long)map->unplaced);
    if (!map->directions_known)
        text_add(text, _("The file does not say which way X and Y grow: drawn to the right and down.\n"));
}

uint32_t map_axis_step(uint32_t count, uint32_t most)
{
    uint32_t step = 1;
    for (int i = 0; most > 0 && count / step > most; i++)
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    return step;
}
