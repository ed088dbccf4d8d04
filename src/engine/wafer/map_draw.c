/* map_draw.c: a wafer map as a picture, PNG or SVG: the wafer with its notch, axes, legend or colour scale. */
#include <xinlian/wafer.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "engine/wafer/map_view.h"
#include "engine/wafer/map_words.h"
#include "engine/wafer/palette.h"
#include "engine/wafer/picture.h"

enum { INK = 0x1f2937, SOFT_INK = 0x5b6472, LINE = 0x9aa3af, DISC = 0xf4f5f7 };
enum { USUAL_WIDTH = 900, WIDTH_LEAST = 240, WIDTH_MOST = 8000, LEGEND_MOST = 40 };

/* Where things stand. Lengths are pixels; `unit` grows the fonts with the picture. */
struct plan {
    const struct xl_map *map;
    double unit, width, height;
    double die_width, die_height;
    double left, top; /* of cell (0, 0) */
    double centre_x, centre_y, radius;
    bool has_disc; /* the dice fill enough of the wafer for its outline to be true */
    double legend_x, legend_y, legend_width;
    double remarks_y;
    size_t entries; /* of the legend that are shown */
    struct text remarks;
    struct map_tally tally;
};

static struct picture_font font(const struct plan *plan, double size, bool bold, uint32_t rgb)
{
    return (struct picture_font){.size = size * plan->unit, .bold = bold, .rgb = rgb};
}

static size_t line_count(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static double legend_height(const struct plan *plan)
{
    double rows = map_is_scaled(plan->map->kind) ? 13 : (double)plan->entries + (plan->entries < plan->map->legend_count ? 2 : 1);
    return rows * 22 * plan->unit;
}

static void lay_out(struct plan *plan, const struct xl_map *map, uint32_t width)
{
    double wide = width == 0 ? USUAL_WIDTH : width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : width;
    double aspect = map_aspect(map);
    bool narrow = wide < 560;
    *plan = (struct plan){.map = map, .width = wide, .tally = map_count(map)};
    plan->unit = narrow ? fmax(wide / 480, 0.7) : wide / USUAL_WIDTH;
    double u = plan->unit;
    text_init(&plan->remarks, 8192);
    map_remarks(map, &plan->remarks);
    plan->entries = map->legend_count <= LEGEND_MOST ? map->legend_count : LEGEND_MOST;

    double margin = 20 * u, axis_left = 44 * u, axis_below = 52 * u, head = 64 * u;
    plan->legend_width = narrow ? wide - 2 * margin : 250 * u;
    double room = wide - 2 * margin - axis_left - (narrow ? 0 : plan->legend_width + 24 * u);
    double round = map_outer_radius(map, &plan->has_disc);
    double half_width = map->columns * aspect / 2, half_height = map->rows / 2.0;
    double reach_x = plan->has_disc ? round * 1.025 : half_width, reach_y = plan->has_disc ? round * 1.025 : half_height;
    /* Rows of very many dice make no endless picture. */
    plan->die_height = fmin(room / (2 * reach_x), 2 * room / (2 * reach_y));
    plan->die_height = fmin(plan->die_height, 90 * u);
    plan->die_width = plan->die_height * aspect;
    plan->radius = round * 1.025 * plan->die_height;
    double plot_width = 2 * reach_x * plan->die_height, plot_height = 2 * reach_y * plan->die_height;
    plan->centre_x = margin + axis_left + (narrow ? room : plot_width) / 2;
    plan->centre_y = head + plot_height / 2;
    plan->left = plan->centre_x - map->columns * plan->die_width / 2;
    plan->top = plan->centre_y - map->rows * plan->die_height / 2;
    double plot_end = head + plot_height + axis_below;
    plan->legend_x = narrow ? margin : wide - margin - plan->legend_width;
    plan->legend_y = narrow ? plot_end : head;
    double end = fmax(plot_end, plan->legend_y + legend_height(plan));
    plan->remarks_y = end;
    plan->height = ceil(end + (double)line_count(plan->remarks.data) * 18 * u + 10 * u);
}

/* ---- The wafer ---------------------------------------------------------------------------------------------------- */

/* A notch is a small cut into the edge. */
static void draw_disc(struct picture *picture, const struct plan *plan)
{
    cairo_t *cairo = picture->cairo;
    double depth = fmin(fmax(plan->radius * 0.03, 5 * plan->unit), 14 * plan->unit), half = depth / plan->radius;
    double angle = NAN;
    switch (plan->map->notch) {
    case 'R':
        angle = 0;
        break;
    case 'D':
        angle = 1.57079633;
        break;
    case 'L':
        angle = 3.14159265;
        break;
    case 'U':
        angle = -1.57079633;
        break;
    }
    if (!plan->has_disc) {
        if (!isnan(angle)) { /* a mark beside the dice */
            double x = plan->centre_x + cos(angle) * (plan->map->columns * plan->die_width / 2 + depth);
            double y = plan->centre_y + sin(angle) * (plan->map->rows * plan->die_height / 2 + depth);
            picture_colour(picture, SOFT_INK);
            cairo_move_to(cairo, x - cos(angle) * depth * 0.8, y - sin(angle) * depth * 0.8);
            cairo_line_to(cairo, x + (cos(angle) - sin(angle)) * depth * 0.6, y + (sin(angle) + cos(angle)) * depth * 0.6);
            cairo_line_to(cairo, x + (cos(angle) + sin(angle)) * depth * 0.6, y + (sin(angle) - cos(angle)) * depth * 0.6);
            cairo_fill(cairo);
        }
        return;
    }
    cairo_new_path(cairo);
    if (isnan(angle)) {
        cairo_arc(cairo, plan->centre_x, plan->centre_y, plan->radius, 0, 6.28318531);
    } else {
        cairo_arc(cairo, plan->centre_x, plan->centre_y, plan->radius, angle + half, angle + 6.28318531 - half);
        cairo_line_to(cairo, plan->centre_x + cos(angle) * (plan->radius - depth), plan->centre_y + sin(angle) * (plan->radius - depth));
        cairo_close_path(cairo);
    }
    picture_colour(picture, DISC);
    cairo_fill_preserve(cairo);
    picture_colour(picture, LINE);
    cairo_set_line_width(cairo, 1.2 * plan->unit);
    cairo_stroke(cairo);
}

static void draw_die_label(struct picture *picture, const struct plan *plan, double x, double y, float value, uint32_t rgb)
{
    const struct xl_map *map = plan->map;
    if (plan->die_height < 15 * plan->unit || map->kind == XL_MAP_PASS)
        return;
    struct text text;
    text_init(&text, 64);
    map_value_text(map, value, 4, false, &text);
    struct picture_font small = {.size = fmin(plan->die_height * 0.42, 11 * plan->unit), .rgb = palette_wants_white(rgb) ? 0xffffff : INK};
    if (picture_text_width(picture, &small, text.data) <= plan->die_width * 0.9)
        picture_text(picture, &small, x + plan->die_width / 2, y + plan->die_height / 2, PICTURE_CENTRE, 0, text.data);
    text_free(&text);
}

static void draw_dice(struct picture *picture, const struct plan *plan)
{
    const struct xl_map *map = plan->map;
    double least = fmin(plan->die_width, plan->die_height);
    double gap = least >= 4 ? fmin(1 * plan->unit, least * 0.1) : 0;
    /* Touching dice without smoothed edges: else the ground would shine through the seams. */
    cairo_set_antialias(picture->cairo, gap > 0 ? CAIRO_ANTIALIAS_DEFAULT : CAIRO_ANTIALIAS_NONE);
    for (uint32_t row = 0; row < map->rows; row++) {
        for (uint32_t column = 0; column < map->columns; column++) {
            float value = map->values[(size_t)row * map->columns + column];
            if (isnan(value))
                continue;
            uint32_t rgb = map_colour(map, value);
            double x = plan->left + column * plan->die_width, y = plan->top + row * plan->die_height;
            picture_box(picture, x + gap / 2, y + gap / 2, plan->die_width - gap, plan->die_height - gap, rgb);
            draw_die_label(picture, plan, x, y, value, rgb);
            bool beyond = map->kind == XL_MAP_TEST && (value < map->low_limit || value > map->high_limit);
            if (beyond && least >= 5 && plan->die_height < 15 * plan->unit) { /* a dot, for who sees no colour */
                picture_colour(picture, INK);
                cairo_arc(picture->cairo, x + plan->die_width / 2, y + plan->die_height / 2, least * 0.16, 0, 6.28318531);
                cairo_fill(picture->cairo);
            }
        }
    }
    cairo_set_antialias(picture->cairo, CAIRO_ANTIALIAS_DEFAULT);
}

/* ---- Axes --------------------------------------------------------------------------------------------------------- */

static void tick(struct picture *picture, const struct plan *plan, double x, double y, double dx, double dy)
{
    picture_colour(picture, LINE);
    cairo_set_line_width(picture->cairo, 1 * plan->unit);
    cairo_move_to(picture->cairo, x, y);
    cairo_line_to(picture->cairo, x + dx, y + dy);
    cairo_stroke(picture->cairo);
}

static void draw_axes(struct picture *picture, const struct plan *plan)
{
    const struct xl_map *map = plan->map;
    double u = plan->unit;
    struct picture_font small = font(plan, 11, false, SOFT_INK), name = font(plan, 12, true, SOFT_INK);
    double reach_x = plan->has_disc ? plan->radius : map->columns * plan->die_width / 2;
    double reach_y = plan->has_disc ? plan->radius : map->rows * plan->die_height / 2;
    double bottom = plan->centre_y + reach_y + 8 * u, left = plan->centre_x - reach_x - 8 * u;
    char text[48];

    uint32_t step = map_axis_step(map->columns, (uint32_t)fmax(map->columns * plan->die_width / (38 * u), 1));
    for (uint32_t column = 0; column < map->columns; column++) {
        int32_t coordinate = map_column_coordinate(map, column);
        if (coordinate % (int32_t)step)
            continue;
        double x = plan->left + (column + 0.5) * plan->die_width;
        snprintf(text, sizeof text, "%d", coordinate);
        tick(picture, plan, x, bottom, 0, 4 * u);
        picture_text(picture, &small, x, bottom + 12 * u, PICTURE_CENTRE, 0, text);
    }
    step = map_axis_step(map->rows, (uint32_t)fmax(map->rows * plan->die_height / (24 * u), 1));
    for (uint32_t row = 0; row < map->rows; row++) {
        int32_t coordinate = map_row_coordinate(map, row);
        if (coordinate % (int32_t)step)
            continue;
        double y = plan->top + (row + 0.5) * plan->die_height;
        snprintf(text, sizeof text, "%d", coordinate);
        tick(picture, plan, left - 4 * u, y, 4 * u, 0);
        picture_text(picture, &small, left - 8 * u, y, PICTURE_RIGHT, 0, text);
    }
    /* The arrow points to where the coordinate grows. */
    bool right = (map->axes_exchanged ? map->step_y : map->step_x) >= 0, down = (map->axes_exchanged ? map->step_x : map->step_y) >= 0;
    snprintf(text, sizeof text, right ? "%s →" : "← %s", map->axes_exchanged ? "Y" : "X");
    picture_text(picture, &name, plan->centre_x, bottom + 29 * u, PICTURE_CENTRE, 0, text);
    snprintf(text, sizeof text, "%s %s", map->axes_exchanged ? "X" : "Y", down ? "↓" : "↑");
    picture_text(picture, &name, left - 8 * u, plan->centre_y - reach_y - 2 * u, PICTURE_RIGHT, 0, text);
}

/* ---- Legends ------------------------------------------------------------------------------------------------------ */

static void legend_row(struct picture *picture, const struct plan *plan, double y, uint32_t rgb, bool dotted, const char *words,
                       uint64_t count)
{
    double u = plan->unit, x = plan->legend_x, right = x + plan->legend_width;
    struct picture_font normal = font(plan, 12.5, false, INK), soft = font(plan, 12.5, false, SOFT_INK);
    char number[32], percent[32];
    picture_box(picture, x, y - 7 * u, 14 * u, 14 * u, rgb);
    if (dotted) {
        picture_colour(picture, INK);
        cairo_arc(picture->cairo, x + 7 * u, y, 2.4 * u, 0, 6.28318531);
        cairo_fill(picture->cairo);
    }
    snprintf(number, sizeof number, "%" PRIu64, count);
    size_t length = percent_text(count, plan->tally.dice, 2, percent, sizeof percent - 4);
    memcpy(percent + length, " %", 3);
    picture_text(picture, &soft, right, y, PICTURE_RIGHT, 0, percent);
    double used = picture_text(picture, &normal, right - 66 * u, y, PICTURE_RIGHT, 0, number);
    picture_text(picture, &normal, x + 22 * u, y, PICTURE_LEFT, fmax(right - 66 * u - used - 8 * u - (x + 22 * u), 20 * u), words);
}

static void draw_names(struct picture *picture, const struct plan *plan)
{
    const struct xl_map *map = plan->map;
    double row = 22 * plan->unit, y = plan->legend_y + row / 2;
    struct text words;
    text_init(&words, 4096);
    for (size_t i = 0; i < plan->entries; i++, y += row) {
        text_clear(&words);
        map_legend_text(map, &map->legend[i], &words);
        legend_row(picture, plan, y, map->legend[i].rgb, false, words.data, map->legend[i].count);
    }
    if (plan->entries < map->legend_count) {
        uint64_t rest = 0;
        for (size_t i = plan->entries; i < map->legend_count; i++)
            rest += map->legend[i].count;
        text_clear(&words);
        text_print(&words, _("%zu more"), map->legend_count - plan->entries);
        legend_row(picture, plan, y, DISC, false, words.data, rest);
    }
    text_free(&words);
}

static void mark_on_scale(struct picture *picture, const struct plan *plan, double y, const char *words, bool strong)
{
    double u = plan->unit, x = plan->legend_x;
    struct picture_font normal = font(plan, 12, strong, strong ? INK : SOFT_INK);
    picture_colour(picture, strong ? INK : LINE);
    cairo_set_line_width(picture->cairo, (strong ? 2 : 1) * u);
    cairo_move_to(picture->cairo, x - (strong ? 4 * u : 0), y);
    cairo_line_to(picture->cairo, x + 26 * u, y);
    cairo_stroke(picture->cairo);
    picture_text(picture, &normal, x + 32 * u, y, PICTURE_LEFT, plan->legend_width - 32 * u, words);
}

/* The bar from the shades' low end to their high one, with limits that lie on it. */
static void draw_scale(struct picture *picture, const struct plan *plan)
{
    const struct xl_map *map = plan->map;
    double u = plan->unit, top = plan->legend_y + 8 * u, length = 150 * u;
    enum { STEPS = 100, MARKS = 4 };
    float low, high;
    map_shade_range(map, &low, &high);
    cairo_set_antialias(picture->cairo, CAIRO_ANTIALIAS_NONE);
    for (int i = 0; i < STEPS; i++) {
        double position = (i + 0.5) / STEPS;
        uint32_t rgb = map->kind == XL_MAP_STACK ? palette_heat(1 - position) : palette_shade(1 - position);
        picture_box(picture, plan->legend_x, top + length * i / STEPS, 22 * u, length / STEPS + 0.5, rgb);
    }
    cairo_set_antialias(picture->cairo, CAIRO_ANTIALIAS_DEFAULT);
    struct text words;
    text_init(&words, 256);
    double limits[2] = {NAN, NAN};
    for (int side = 0; side < 2; side++) {
        float limit = side ? map->high_limit : map->low_limit;
        if (limit >= low && limit <= high)
            limits[side] = top + length * (1 - ((double)limit - (double)low) / ((double)high - (double)low));
        if (isnan(limits[side]))
            continue;
        text_clear(&words);
        map_value_text(map, limit, 5, true, &words);
        text_add(&words, " ");
        text_add(&words, side ? _("high limit") : _("low limit"));
        mark_on_scale(picture, plan, limits[side], words.data, true);
    }
    for (int i = 0; i <= MARKS; i++) {
        double y = top + length * (MARKS - i) / MARKS;
        if (fabs(y - limits[0]) < 14 * u || fabs(y - limits[1]) < 14 * u)
            continue;
        float value = low + (high - low) * (float)i / MARKS;
        if (map->kind != XL_MAP_TEST && value != floorf(value))
            continue;
        text_clear(&words);
        if (i == 0 && map->low < low)
            text_add(&words, "≤ ");
        if (i == MARKS && map->high > high)
            text_add(&words, "≥ ");
        map_value_text(map, value, 4, true, &words);
        mark_on_scale(picture, plan, y, words.data, false);
    }
    double y = top + length + 26 * u;
    for (int side = 1; side >= 0; side--) {
        float limit = side ? map->high_limit : map->low_limit;
        if (map->kind != XL_MAP_TEST || isnan(limit))
            continue;
        text_clear(&words);
        text_add(&words, side ? "> " : "< ");
        map_value_text(map, limit, 5, true, &words);
        legend_row(picture, plan, y, side ? PALETTE_ABOVE : PALETTE_BELOW, true, words.data, side ? plan->tally.above : plan->tally.below);
        y += 22 * u;
    }
    struct picture_font soft = font(plan, 12, false, SOFT_INK);
    text_clear(&words);
    map_value_text(map, map->low, 5, false, &words);
    text_add(&words, " … ");
    map_value_text(map, map->high, 5, true, &words);
    picture_text(picture, &soft, plan->legend_x, y, PICTURE_LEFT, plan->legend_width, words.data);
    text_free(&words);
}

static void draw_title(struct picture *picture, const struct plan *plan)
{
    double u = plan->unit;
    struct picture_font bold = font(plan, 18, true, INK), soft = font(plan, 12.5, false, SOFT_INK);
    char text[96];
    picture_text(picture, &bold, 20 * u, 24 * u, PICTURE_LEFT, plan->width - 40 * u, plan->map->title);
    snprintf(text, sizeof text, _("%llu dice"), (unsigned long long)plan->tally.dice);
    picture_text(picture, &soft, 20 * u, 46 * u, PICTURE_LEFT, plan->width - 40 * u, text);
}

static void draw_remarks(struct picture *picture, const struct plan *plan)
{
    struct picture_font soft = font(plan, 11.5, false, SOFT_INK);
    double y = plan->remarks_y + 8 * plan->unit;
    for (char *line = plan->remarks.data; *line; y += 18 * plan->unit) {
        char *end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        *end = 0;
        picture_text(picture, &soft, 20 * plan->unit, y, PICTURE_LEFT, plan->width - 40 * plan->unit, line);
        line = next;
    }
}

bool xl_map_draw(const struct xl_map *map, enum xl_picture kind, uint32_t width, struct xl_sink sink, struct xl_error *error)
{
    struct plan plan;
    struct picture picture;
    lay_out(&plan, map, width);
    if (!picture_begin(&picture, kind, plan.width, plan.height, sink, error)) {
        text_free(&plan.remarks);
        return false;
    }
    draw_title(&picture, &plan);
    draw_disc(&picture, &plan);
    draw_dice(&picture, &plan);
    draw_axes(&picture, &plan);
    if (map_is_scaled(map->kind))
        draw_scale(&picture, &plan);
    else
        draw_names(&picture, &plan);
    draw_remarks(&picture, &plan);
    text_free(&plan.remarks);
    return picture_end(&picture);
}
