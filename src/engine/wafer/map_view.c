/* map_view.c: how a wafer's recorded coordinates become columns and rows of the picture. */
#include "engine/wafer/map_view.h"

#include <math.h>

/* Clockwise by 90 degrees: the cell in column c, row r of R rows comes to column R-1-r, row c. */
static void turn(struct map_view *view)
{
    static const char from[] = "URDL", to[] = "RDLU";
    if (view->axes_exchanged)
        view->step_x = -view->step_x;
    else
        view->step_y = -view->step_y;
    view->axes_exchanged = !view->axes_exchanged;
    for (int i = 0; i < 4; i++) {
        if (view->notch == from[i]) {
            view->notch = to[i];
            break;
        }
    }
}

struct map_view map_view_of(const struct xl_wafer_config *config, const struct xl_corrections *corrections)
{
    struct map_view view = {.step_x = config->positive_x == 'L' ? -1 : 1, .step_y = config->positive_y == 'U' ? -1 : 1, .notch = ' '};
    view.directions_known =
        (config->positive_x == 'L' || config->positive_x == 'R') && (config->positive_y == 'U' || config->positive_y == 'D');
    switch (config->flat) {
    case 'U':
    case 'D':
    case 'L':
    case 'R':
        view.notch = config->flat;
        break;
    }
    if (corrections->mirror) {
        view.step_x = -view.step_x;
        view.notch = view.notch == 'L' ? 'R' : view.notch == 'R' ? 'L' : view.notch;
    }
    int turns = (corrections->rotate / 90 % 4 + 4) % 4;
    for (int i = 0; i < turns; i++)
        turn(&view);
    return view;
}

bool map_view_fit(const struct map_view *view, const struct map_bounds *bounds, struct xl_map *map)
{
    uint64_t width = (uint64_t)((int64_t)bounds->x_most - bounds->x_least + 1);
    uint64_t height = (uint64_t)((int64_t)bounds->y_most - bounds->y_least + 1);
    if (width > MAP_CELLS_MOST || height > MAP_CELLS_MOST || width * height > MAP_CELLS_MOST)
        return false;
    map->columns = (uint32_t)(view->axes_exchanged ? height : width);
    map->rows = (uint32_t)(view->axes_exchanged ? width : height);
    map->step_x = view->step_x;
    map->step_y = view->step_y;
    map->left_x = view->step_x > 0 ? bounds->x_least : bounds->x_most;
    map->top_y = view->step_y > 0 ? bounds->y_least : bounds->y_most;
    map->axes_exchanged = view->axes_exchanged;
    map->directions_known = view->directions_known;
    map->notch = view->notch;
    return true;
}

size_t map_cell(const struct xl_map *map, int32_t x, int32_t y)
{
    size_t along_x = (size_t)((x - map->left_x) * map->step_x), along_y = (size_t)((y - map->top_y) * map->step_y);
    return map->axes_exchanged ? along_x * map->columns + along_y : along_y * map->columns + along_x;
}

void map_coordinates(const struct xl_map *map, uint32_t column, uint32_t row, int32_t *x, int32_t *y)
{
    *x = map->left_x + map->step_x * (int32_t)(map->axes_exchanged ? row : column);
    *y = map->top_y + map->step_y * (int32_t)(map->axes_exchanged ? column : row);
}

int32_t map_column_coordinate(const struct xl_map *map, uint32_t column)
{
    return map->axes_exchanged ? map->top_y + map->step_y * (int32_t)column : map->left_x + map->step_x * (int32_t)column;
}

int32_t map_row_coordinate(const struct xl_map *map, uint32_t row)
{
    return map->axes_exchanged ? map->left_x + map->step_x * (int32_t)row : map->top_y + map->step_y * (int32_t)row;
}

double map_aspect(const struct xl_map *map)
{
    return map->cell_aspect > 0 && isfinite(map->cell_aspect) ? map->cell_aspect : 1;
}

double map_outer_radius(const struct xl_map *map, bool *is_disc)
{
    double most = 0, aspect = map_aspect(map), dice = 0;
    for (uint32_t row = 0; row < map->rows; row++) {
        for (uint32_t column = 0; column < map->columns; column++) {
            if (isnan(map->values[(size_t)row * map->columns + column]))
                continue;
            double x = fabs(column + 0.5 - map->columns / 2.0) + 0.5, y = fabs(row + 0.5 - map->rows / 2.0) + 0.5;
            most = fmax(most, hypot(x * aspect, y));
            dice++;
        }
    }
    *is_disc = dice * aspect > 0.35 * 3.14159265 * most * most;
    return most;
}
