/* map_json.c: a wafer map as JSON: the grid by rows, the coordinates of its columns and rows, the legend. */
#include <xinlian/wafer.h>

#include <stdio.h>

#include "base/json.h"
#include "engine/wafer/map_view.h"
#include "engine/wafer/map_words.h"

static void write_legend(struct json *json, const struct xl_map *map)
{
    json_key(json, "legend");
    json_array(json);
    for (size_t i = 0; i < map->legend_count; i++) {
        const struct xl_map_legend *entry = &map->legend[i];
        char colour[8];
        snprintf(colour, sizeof colour, "#%06x", (unsigned)(entry->rgb & 0xffffff));
        json_object(json);
        json_key(json, "value");
        json_float(json, entry->value);
        json_key(json, "name");
        json_text(json, entry->name);
        json_key(json, "count");
        json_u64(json, entry->count);
        json_key(json, "colour");
        json_text(json, colour);
        json_key(json, "passes");
        json_bool(json, entry->passes);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_axis(struct json *json, const char *key, const struct xl_map *map, bool columns)
{
    json_key(json, key);
    json_array(json);
    for (uint32_t i = 0; i < (columns ? map->columns : map->rows); i++)
        json_i64(json, columns ? map_column_coordinate(map, i) : map_row_coordinate(map, i));
    json_array_end(json);
}

/* A list of rows, top first. */
static void write_grid(struct json *json, const char *key, const struct xl_map *map, bool dice)
{
    json_key(json, key);
    json_array(json);
    for (uint32_t row = 0; row < map->rows; row++) {
        json_array(json);
        for (uint32_t column = 0; column < map->columns; column++) {
            size_t cell = (size_t)row * map->columns + column;
            if (!dice)
                json_float(json, map->values[cell]);
            else if (map->dice[cell] == UINT32_MAX)
                json_null(json);
            else
                json_u64(json, map->dice[cell]);
        }
        json_array_end(json);
    }
    json_array_end(json);
}

bool xl_map_json(const struct xl_map *map, struct xl_sink sink, struct xl_error *error)
{
    struct out out;
    struct json json;
    char notch[2] = {map->notch, 0};
    out_begin(&out, sink, 0, error);
    json_begin(&json, &out, false);
    json_object(&json);
    json_key(&json, "kind");
    json_text(&json, map_kind_code(map->kind));
    json_key(&json, "title");
    json_text(&json, map->title);
    json_key(&json, "units");
    json_text(&json, map->units);
    json_key(&json, "scale");
    json_i64(&json, map->scale);
    json_key(&json, "columns");
    json_u64(&json, map->columns);
    json_key(&json, "rows");
    json_u64(&json, map->rows);
    json_key(&json, "columns_are");
    json_text(&json, map->axes_exchanged ? "y" : "x");
    write_axis(&json, "column_coordinates", map, true);
    write_axis(&json, "row_coordinates", map, false);
    json_key(&json, "directions_known");
    json_bool(&json, map->directions_known);
    json_key(&json, "notch");
    json_text(&json, map->notch == ' ' || !map->notch ? NULL : notch);
    json_key(&json, "cell_aspect");
    json_double(&json, map->cell_aspect);
    json_key(&json, "low");
    json_float(&json, map->low);
    json_key(&json, "high");
    json_float(&json, map->high);
    json_key(&json, "low_limit");
    json_float(&json, map->low_limit);
    json_key(&json, "high_limit");
    json_float(&json, map->high_limit);
    json_key(&json, "placed");
    json_u64(&json, map->placed);
    json_key(&json, "covered");
    json_u64(&json, map->covered);
    json_key(&json, "unplaced");
    json_u64(&json, map->unplaced);
    write_legend(&json, map);
    write_grid(&json, "values", map, false);
    if (map->dice)
        write_grid(&json, "dice", map, true);
    json_object_end(&json);
    json_end(&json);
    out_char(&out, '\n');
    return out_end(&out);
}
