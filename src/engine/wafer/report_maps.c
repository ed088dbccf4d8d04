/* report_maps.c: the report's maps: a gallery that needs no script, and the data of the large map. */
#include "engine/wafer/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "engine/wafer/html.h"
#include "engine/wafer/map_view.h"
#include "engine/wafer/map_words.h"
#include "engine/wafer/palette.h"

/* What the page can show of a wafer, and of all of them together (the stack). */
static const enum xl_map_kind kinds[] = {XL_MAP_HARD_BIN, XL_MAP_SOFT_BIN, XL_MAP_PASS, XL_MAP_SITE, XL_MAP_RUNS, XL_MAP_STACK};
enum { KINDS = sizeof kinds / sizeof *kinds, STACK = KINDS - 1, ENTRIES_MOST = 254, OTHER = 254, NO_DIE = 255 };

/* The colours of one kind, the same on all wafers of the page. */
struct key {
    struct entry {
        float value;
        const char *name;
        uint32_t rgb;
        bool passes;
    } entries[ENTRIES_MOST];
    size_t count;
    bool has_other;
};

/* One picture of the gallery. Its cells are indexes into the kind's key. */
struct item {
    const char *name;
    const struct xl_map *shape; /* any of its maps: size, axes, notch */
    uint8_t *cells[KINDS];      /* NULL: not shown */
    uint64_t passed, parts;
};

struct report_maps {
    struct arena *arena;
    struct key keys[KINDS];
    struct item *items;
    size_t count;
    struct xl_map **maps;
    size_t map_count;
    uint64_t left_out; /* wafers without coordinates */
};

static uint8_t key_index(struct report_maps *maps, size_t kind, const struct xl_map *map, float value)
{
    struct key *key = &maps->keys[kind];
    for (size_t i = 0; i < key->count; i++)
        if (key->entries[i].value == value)
            return (uint8_t)i;
    if (key->count == ENTRIES_MOST) {
        key->has_other = true;
        return OTHER;
    }
    struct entry *entry = &key->entries[key->count];
    entry->value = value;
    struct text name;
    text_init(&name, 4096);
    const struct xl_map_legend *legend = map_legend_of(map, value);
    if (legend) {
        map_legend_text(map, legend, &name);
        entry->passes = legend->passes;
    } else {
        text_print(&name, _("%.0f failed"), (double)value);
    }
    entry->name = arena_text(maps->arena, name.data, name.length);
    entry->rgb = map_colour(map, value);
    text_free(&name);
    return (uint8_t)key->count++;
}

/* Entries in the legend's order before any cell asks, so that the page's legend reads like the map's own. */
static void set_cells(struct report_maps *maps, struct item *item, size_t kind, const struct xl_map *map)
{
    size_t cells = (size_t)map->columns * map->rows;
    uint8_t *indexes = arena_take(maps->arena, cells, 1);
    for (size_t i = 0; i < map->legend_count; i++)
        key_index(maps, kind, map, map->legend[i].value);
    if (kind == STACK)
        for (int fails = 0; fails <= (int)map->high && fails < ENTRIES_MOST; fails++)
            key_index(maps, kind, map, (float)fails);
    for (size_t i = 0; i < cells; i++)
        indexes[i] = isnan(map->values[i]) ? NO_DIE : key_index(maps, kind, map, map->values[i]);
    item->cells[kind] = indexes;
    item->shape = map;
}

/* False when the map cannot be made for another reason than that there are no coordinates. */
static bool add_map(struct report_maps *maps, const struct report *report, struct item *item, size_t kind, int64_t wafer,
                    struct xl_error *error)
{
    struct xl_error reason = {0};
    struct xl_map_options options = {.kind = kinds[kind], .wafer = wafer, .pin = -1};
    struct xl_map *map = xl_map_new(report->lot, &options, &reason);
    if (!map) {
        if (strcmp(reason.code, "map_without_coordinates") == 0 || strcmp(reason.code, "map_too_large") == 0)
            return true;
        if (error && !*error->code)
            *error = reason;
        return false;
    }
    maps->maps = memory_grow(maps->maps, maps->map_count + 1, sizeof(struct xl_map *));
    maps->maps[maps->map_count++] = map;
    if (kinds[kind] == XL_MAP_RUNS && map->high <= 1)
        return true; /* nothing was retested: nothing to see */
    set_cells(maps, item, kind, map);
    return true;
}

static bool add_items(struct report_maps *maps, const struct report *report, struct xl_error *error)
{
    size_t wafers = xl_lot_wafers(report->lot);
    maps->items = arena_take(maps->arena, wafers + 1, sizeof *maps->items);
    for (size_t w = 0; w < wafers; w++) {
        struct item *item = &maps->items[maps->count];
        struct xl_yield yield = xl_yield_of(report->lot, (int64_t)w);
        const char *name = xl_lot_wafer(report->lot, w)->name;
        *item = (struct item){.name = *name ? name : _("without a name"), .passed = yield.passed, .parts = yield.parts};
        for (size_t kind = 0; kind < STACK; kind++)
            if (!add_map(maps, report, item, kind, (int64_t)w, error))
                return false;
        if (item->shape)
            maps->count++;
        else
            maps->left_out++;
    }
    if (maps->count > 1) {
        struct item *item = &maps->items[maps->count];
        struct xl_yield yield = xl_yield_of(report->lot, XL_ALL_WAFERS);
        *item = (struct item){.name = _("all wafers"), .passed = yield.passed, .parts = yield.parts};
        if (!add_map(maps, report, item, STACK, XL_ALL_WAFERS, error))
            return false;
        maps->count += item->shape != NULL;
    }
    return true;
}

struct report_maps *report_maps_new(const struct report *report, struct xl_error *error)
{
    struct report_maps *maps = memory_new(1, sizeof *maps);
    maps->arena = arena_new();
    if (add_items(maps, report, error))
        return maps;
    report_maps_free(maps);
    return NULL;
}

void report_maps_free(struct report_maps *maps)
{
    for (size_t i = 0; i < maps->map_count; i++)
        xl_map_free(maps->maps[i]);
    free(maps->maps);
    arena_free(maps->arena);
    free(maps);
}

/* ---- The gallery -------------------------------------------------------------------------------------------------- */

static size_t first_kind(const struct item *item)
{
    size_t kind = 0;
    while (!item->cells[kind])
        kind++;
    return kind;
}

static uint32_t cell_colour(const struct report_maps *maps, size_t kind, uint8_t cell)
{
    return cell < maps->keys[kind].count ? maps->keys[kind].entries[cell].rgb : PALETTE_NO_DIE;
}

static cairo_status_t add_bytes(void *context, const unsigned char *bytes, unsigned length)
{
    text_add_bytes(context, bytes, length);
    return CAIRO_STATUS_SUCCESS;
}

/* One pixel a die, clear where there is none. */
static void write_png(const struct report *report, const struct report_maps *maps, const struct item *item)
{
    const struct xl_map *shape = item->shape;
    size_t kind = first_kind(item);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)shape->columns, (int)shape->rows);
    uint8_t *pixels = cairo_image_surface_get_data(surface);
    if (!pixels) { /* larger than cairo can hold: the data still has it */
        cairo_surface_destroy(surface);
        return;
    }
    for (uint32_t row = 0; row < shape->rows; row++)
        for (uint32_t column = 0; column < shape->columns; column++) {
            uint8_t cell = item->cells[kind][(size_t)row * shape->columns + column];
            uint32_t pixel = cell == NO_DIE ? 0 : 0xff000000U | cell_colour(maps, kind, cell);
            memcpy(pixels + (size_t)row * (size_t)cairo_image_surface_get_stride(surface) + 4 * (size_t)column, &pixel, 4);
        }
    cairo_surface_mark_dirty(surface);
    struct text png;
    text_init(&png, (size_t)1 << 28);
    cairo_surface_write_to_png_stream(surface, add_bytes, &png);
    cairo_surface_destroy(surface);
    html_base64(report->out, png.data, png.length);
    text_free(&png);
}

static void write_outline(struct out *out, const struct xl_map *shape, double radius)
{
    double angle = shape->notch == 'R' ? 0 : shape->notch == 'D' ? 90 : shape->notch == 'L' ? 180 : shape->notch == 'U' ? 270 : NAN;
    double r = radius * 1.025, cut = 0.06;
    if (isnan(angle)) {
        out_print(out, "<circle class=\"disc\" r=\"%.2f\" stroke-width=\"%.2f\"/>", r, r * 0.012);
        return;
    }
    out_print(out,
              "<path class=\"disc\" stroke-width=\"%.2f\" transform=\"rotate(%.0f)\" d=\"M%.2f %.2fA%.2f %.2f 0 1 1 %.2f %.2fL%.2f 0z\"/>",
              r * 0.012, angle, r * cos(cut), r * sin(cut), r, r, r * cos(cut), -r * sin(cut), r * 0.93);
}

static void write_item(const struct report *report, const struct report_maps *maps, const struct item *item, bool pressed)
{
    struct out *out = report->out;
    const struct xl_map *shape = item->shape;
    bool disc;
    double radius = map_outer_radius(shape, &disc), aspect = map_aspect(shape);
    double half_width = shape->columns * aspect / 2, half_height = shape->rows / 2.0;
    double reach = disc ? radius * 1.05 : fmax(half_width, half_height);
    char yield[40];
    percent_text(item->passed, item->parts, 2, yield, sizeof yield);
    out_print(out, "<li><button type=\"button\" aria-pressed=\"%s\"><svg viewBox=\"%.2f %.2f %.2f %.2f\" aria-hidden=\"true\">",
              pressed ? "true" : "false", -reach, -reach, 2 * reach, 2 * reach);
    if (disc)
        write_outline(out, shape, radius);
    out_print(out, "<image x=\"%.3f\" y=\"%.3f\" width=\"%.3f\" height=\"%.3f\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,",
              -half_width, -half_height, 2 * half_width, 2 * half_height);
    write_png(report, maps, item);
    html_in(out, "\"/></svg><strong>", item->name, "</strong>");
    out_print(out, "<span>%s%s</span></button></li>\n", yield, item->parts ? " %" : "");
}

static void write_picker(const struct report *report, const struct report_maps *maps)
{
    struct out *out = report->out;
    html_in(out, "<label for=\"kind\">", _("Show"), "</label> <select id=\"kind\">");
    for (size_t kind = 0; kind < STACK; kind++) {
        if (maps->keys[kind].count == 0)
            continue;
        out_print(out, "<option value=\"%s\">", map_kind_code(kinds[kind]));
        html_in(out, "", map_kind_words(kinds[kind]), "</option>");
    }
    out_text(out, "</select>");
}

void report_maps_show(const struct report *report, const struct report_maps *maps)
{
    struct out *out = report->out;
    html_in(out, "<section id=\"maps\"><h2>", _("Wafer maps"), "</h2>\n");
    if (maps->count == 0) {
        html_in(out, "<p class=\"soft\">", _("No part has coordinates, so there is no map to draw."), "</p></section>\n");
        return;
    }
    struct text remarks;
    text_init(&remarks, 4096);
    if (maps->left_out)
        text_print(&remarks, _("%llu wafers without usable coordinates are not shown. "), (unsigned long long)maps->left_out);
    if (!maps->items[0].shape->directions_known)
        text_add(&remarks, _("The file does not say which way X and Y grow: drawn to the right and down.\n"));
    if (remarks.length)
        html_in(out, "<p class=\"small soft\">", remarks.data, "</p>\n");
    text_free(&remarks);
    out_text(out, "<div class=\"bench\">");
    write_picker(report, maps);
    /* One wafer needs no gallery, but where there is no script it is all there is. */
    if (maps->count == 1)
        out_text(out, "<noscript><style>.maps.one .gallery { display: grid; }</style></noscript>");
    out_print(out, "</div>\n<div class=\"maps%s\"><ul class=\"gallery%s\">\n", maps->count == 1 ? " one" : "",
              maps->count <= 9 ? " few" : "");
    for (size_t i = 0; i < maps->count; i++)
        write_item(report, maps, &maps->items[i], i == 0);
    html_in(out, "</ul>\n<div class=\"chosen\"><div><h3 id=\"shown\" style=\"margin-top:0\">", maps->items[0].name,
            "</h3>\n<div class=\"large\">");
    out_text(out, "<canvas id=\"map\" tabindex=\"0\" role=\"img\"></canvas><div id=\"tip\" class=\"tip\" role=\"status\" "
                  "aria-live=\"polite\"></div></div>\n");
    html_in(out, "<p class=\"small soft no-print\">",
            _("Touch or point at a die, or use the arrow keys, to read it. Choose a line of the legend to see it alone."),
            "</p>\n<noscript><p class=\"small\">");
    html_in(out, "", _("The large map needs JavaScript; the small ones do not."),
            "</p></noscript></div>\n<div class=\"wide\"><table class=\"legend\"><thead><tr>");
    html_in(out, "<th scope=\"col\">", _("legend"), "</th>");
    html_in(out, "<th scope=\"col\" class=\"n\">", _("dice"),
            "</th><th scope=\"col\" class=\"n\">%</th></tr></thead><tbody id=\"legend\"></tbody></table></div></div></div>\n</section>\n");
}

/* ---- Data for the script ------------------------------------------------------------------------------------------ */

static void write_keys(struct json *json, const struct report_maps *maps)
{
    json_key(json, "kinds");
    json_object(json);
    for (size_t kind = 0; kind < KINDS; kind++) {
        const struct key *key = &maps->keys[kind];
        if (key->count == 0)
            continue;
        json_key(json, map_kind_code(kinds[kind]));
        json_object(json);
        json_key(json, "name");
        json_text(json, map_kind_words(kinds[kind]));
        json_key(json, "legend");
        json_array(json);
        for (size_t i = 0; i < key->count + key->has_other; i++) {
            char colour[8];
            snprintf(colour, sizeof colour, "#%06x", (unsigned)(cell_colour(maps, kind, (uint8_t)i) & 0xffffff));
            json_object(json);
            json_key(json, "name");
            json_text(json, i < key->count ? key->entries[i].name : _("other"));
            json_key(json, "colour");
            json_text(json, colour);
            json_object_end(json);
        }
        json_array_end(json);
        json_object_end(json);
    }
    json_object_end(json);
}

/* Runs of equal cells as (count, cell) where that is shorter, else the cells themselves; report.js reads both. */
static void write_cells(struct json *json, struct arena *arena, const uint8_t *cells, size_t count)
{
    uint8_t *runs = arena_take(arena, 2 * count, 1);
    size_t length = 0;
    for (size_t i = 0; i < count;) {
        size_t same = 1;
        while (same < 255 && i + same < count && cells[i + same] == cells[i])
            same++;
        runs[length++] = (uint8_t)same;
        runs[length++] = cells[i];
        i += same;
    }
    struct text text;
    struct out out;
    text_init(&text, (size_t)1 << 28);
    out_begin(&out, sink_text(&text), 0, NULL);
    out_char(&out, length < count ? 'r' : 'p');
    html_base64(&out, length < count ? runs : cells, length < count ? length : count);
    out_end(&out);
    json_text(json, text.data);
    text_free(&text);
}

static void write_shape(struct json *json, const struct item *item)
{
    const struct xl_map *shape = item->shape;
    bool disc;
    double radius = map_outer_radius(shape, &disc);
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        {"columns", shape->columns}, {"rows", shape->rows},    {"x", shape->left_x},
        {"y", shape->top_y},         {"stepX", shape->step_x}, {"stepY", shape->step_y},
    };
    char notch[2] = {shape->notch, 0};
    json_key(json, "name");
    json_text(json, item->name);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        json_key(json, numbers[i].key);
        json_i64(json, numbers[i].value);
    }
    json_key(json, "exchanged");
    json_bool(json, shape->axes_exchanged);
    json_key(json, "aspect");
    json_double(json, map_aspect(shape));
    json_key(json, "notch");
    json_text(json, notch);
    json_key(json, "disc");
    json_bool(json, disc);
    json_key(json, "radius");
    json_double(json, radius);
}

void report_maps_data(const struct report *report, const struct report_maps *maps)
{
    struct json json;
    json_begin(&json, report->out, false);
    json_object(&json);
    json_key(&json, "words");
    json_object(&json);
    json_key(&json, "found");
    /* TRANSLATORS: {1} and {2} become numbers. */
    json_text(&json, _("{1} of {2} tests"));
    json_object_end(&json);
    write_keys(&json, maps);
    json_key(&json, "wafers");
    json_array(&json);
    for (size_t i = 0; i < maps->count; i++) {
        const struct item *item = &maps->items[i];
        json_object(&json);
        write_shape(&json, item);
        json_key(&json, "maps");
        json_object(&json);
        for (size_t kind = 0; kind < KINDS; kind++) {
            if (!item->cells[kind])
                continue;
            json_key(&json, map_kind_code(kinds[kind]));
            write_cells(&json, maps->arena, item->cells[kind], (size_t)item->shape->columns * item->shape->rows);
        }
        json_object_end(&json);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
}
