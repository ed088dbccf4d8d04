/* map_sample.h: maps made by hand, for the tests of what draws, prints and writes them. */
#pragma once

#include <math.h>
#include <stdlib.h>

#include "engine/wafer/map_view.h"
#include "engine/wafer/palette.h"

/* A round wafer of `size` dice across, x and y from -size / 2; the caller fills the values and frees it. */
static struct xl_map sample_round(enum xl_map_kind kind, uint32_t size, const struct xl_wafer_config *config,
                                  const struct xl_corrections *corrections)
{
    struct xl_map map = {
        .kind = kind, .cell_aspect = 1, .title = "SAMPLE / wafer 7: sample", .units = "", .low_limit = NAN, .high_limit = NAN};
    struct map_view view = map_view_of(config, corrections);
    int32_t half = (int32_t)(size / 2);
    struct map_bounds bounds = {-half, (int32_t)size - half - 1, -half, (int32_t)size - half - 1};
    map_view_fit(&view, &bounds, &map);
    size_t cells = (size_t)map.columns * map.rows;
    float *values = calloc(cells, sizeof *values);
    uint32_t *dice = calloc(cells, sizeof *dice);
    double middle = (size - 1) / 2.0 - half;
    for (uint32_t row = 0; row < map.rows; row++) {
        for (uint32_t column = 0; column < map.columns; column++) {
            int32_t x, y;
            map_coordinates(&map, column, row, &x, &y);
            size_t cell = (size_t)row * map.columns + column;
            bool inside = hypot(x - middle, y - middle) <= size / 2.0;
            values[cell] = inside ? 0 : NAN;
            dice[cell] = inside ? (uint32_t)map.placed++ : UINT32_MAX;
        }
    }
    map.values = values;
    map.dice = dice;
    return map;
}

static inline void sample_free(struct xl_map *map)
{
    free((float *)map->values);
    free((uint32_t *)map->dice);
    free((struct xl_map_legend *)map->legend);
}

/* Bins 1 (good), 5 along a line, 3 in a corner at great x and y, 12 at one die. */
static inline struct xl_map sample_bins(uint32_t size, const struct xl_wafer_config *config, const struct xl_corrections *corrections)
{
    struct xl_map map = sample_round(XL_MAP_HARD_BIN, size, config, corrections);
    struct xl_map_legend *legend = calloc(4, sizeof *legend);
    legend[0] = (struct xl_map_legend){1, "Good", 0, palette_pass(0), true};
    legend[1] = (struct xl_map_legend){5, "Leakage", 0, palette_fail(0), false};
    legend[2] = (struct xl_map_legend){3, "Continuity \xe8\xbf\x9e\xe7\xbb\xad\xe6\x80\xa7", 0, palette_fail(1), false};
    legend[3] = (struct xl_map_legend){12, "Scan", 0, palette_fail(2), false};
    for (size_t cell = 0; cell < (size_t)map.columns * map.rows; cell++) {
        float *value = (float *)map.values + cell;
        if (isnan(*value))
            continue;
        int32_t x, y, edge = (int32_t)size / 5;
        map_coordinates(&map, (uint32_t)(cell % map.columns), (uint32_t)(cell / map.columns), &x, &y);
        size_t entry = x == 2 && y == 1 ? 3 : x > edge && y > edge ? 2 : x == 3 * y ? 1 : 0;
        *value = legend[entry].value;
        legend[entry].count++;
    }
    map.legend = legend;
    map.legend_count = 4;
    map.low = map.low_shade = 1;
    map.high = map.high_shade = 12;
    return map;
}

/* A current of 1 to 3 uA that grows from the centre, limits 1.1 and 2.8 uA. */
static inline struct xl_map sample_values(uint32_t size, const struct xl_wafer_config *config, const struct xl_corrections *corrections)
{
    struct xl_map map = sample_round(XL_MAP_TEST, size, config, corrections);
    for (size_t cell = 0; cell < (size_t)map.columns * map.rows; cell++) {
        float *value = (float *)map.values + cell;
        if (isnan(*value))
            continue;
        int32_t x, y;
        map_coordinates(&map, (uint32_t)(cell % map.columns), (uint32_t)(cell / map.columns), &x, &y);
        *value = (float)(1e-6 + 2e-6 * hypot(x, y) / (size / 2.0));
    }
    map.units = "uA";
    map.scale = 6;
    map.low = map.low_shade = 1e-6f;
    map.high = 3.05e-6f;
    map.high_shade = 3e-6f;
    map.low_limit = 1.1e-6f;
    map.high_limit = 2.8e-6f;
    return map;
}
