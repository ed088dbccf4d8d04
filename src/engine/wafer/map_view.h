/* map_view.h: how a wafer's recorded coordinates become columns and rows of the picture. */
#pragma once

#include <xinlian/wafer.h>

struct map_view {
    int32_t step_x, step_y;
    bool axes_exchanged, directions_known;
    char notch;
};
struct map_view map_view_of(const struct xl_wafer_config *, const struct xl_corrections *);

/* Sets the map's size, origin and steps for coordinates in these bounds. False when there would be more than MAP_CELLS_MOST cells. */
enum { MAP_CELLS_MOST = 1 << 24 };
struct map_bounds {
    int32_t x_least, x_most, y_least, y_most;
};
bool map_view_fit(const struct map_view *, const struct map_bounds *, struct xl_map *);

/* Index into the map's cells of a recorded coordinate within the bounds, and back. */
size_t map_cell(const struct xl_map *, int32_t x, int32_t y);
void map_coordinates(const struct xl_map *, uint32_t column, uint32_t row, int32_t *x, int32_t *y);
/* The coordinate that a column (a row) stands for along its axis, and that axis' name. */
int32_t map_column_coordinate(const struct xl_map *, uint32_t column);
int32_t map_row_coordinate(const struct xl_map *, uint32_t row);
/* Radius of the circle around all dice, in die heights; its centre is the middle of the grid. With it, whether the dice fill enough of that
 * circle for it to be the wafer's outline. */
double map_outer_radius(const struct xl_map *, bool *is_disc);
/* The map's cell_aspect, 1 when it holds nothing sensible. */
double map_aspect(const struct xl_map *);
