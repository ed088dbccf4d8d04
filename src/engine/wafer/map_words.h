/* map_words.h: what is said about a map, by the picture, the terminal, JSON and the report alike. */
#pragma once

#include <xinlian/wafer.h>

#include "base/text.h"

/* "hard_bin": for programs. */
const char *map_kind_code(enum xl_map_kind);
/* "hard bin": for people. */
const char *map_kind_words(enum xl_map_kind);
/* True when colours run along a scale; false when a legend names them. */
bool map_is_scaled(enum xl_map_kind);

/* "3.301 mV", "12": a value as the map's legend shows it; `digits` significant digits at most. */
void map_value_text(const struct xl_map *, float value, int digits, bool with_units, struct text *);
/* "3 Leakage", "pass", "Site 2". */
void map_legend_text(const struct xl_map *, const struct xl_map_legend *, struct text *);

/* The ends of the colour scale, shaded between: never empty, never reversed. Where the map leaves them out (zero or NaN), low and high. */
void map_shade_range(const struct xl_map *, float *low, float *high);
/* Colour of a cell's value: by the legend, or along the scale; values beyond a limit have colours of their own. */
uint32_t map_colour(const struct xl_map *, float value);
/* Dice below the low limit, above the high one, and in the map. */
struct map_tally {
    uint64_t below, above, dice;
};
struct map_tally map_count(const struct xl_map *);
/* The legend's entry of a value, NULL when there is none. */
const struct xl_map_legend *map_legend_of(const struct xl_map *, float value);

/* Sentences about what a map cannot show: dice on one cell, dice without coordinates, directions that were assumed. One a line. */
void map_remarks(const struct xl_map *, struct text *);
/* A round step (1, 2, 5, 10, 20 ...) so that at most `most` labels stand on an axis of `count` cells. */
uint32_t map_axis_step(uint32_t count, uint32_t most);
