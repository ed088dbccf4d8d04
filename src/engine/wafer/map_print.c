/* map_print.c: a wafer map as text for a terminal: in colours, where a character holds two dice one above the other, or plain. */
#include <xinlian/wafer.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/out.h"
#include "base/text.h"
#include "base/words.h"
#include "engine/wafer/map_view.h"
#include "engine/wafer/map_words.h"
#include "engine/wafer/palette.h"

enum { LINE_MOST = 1 << 16, ROWS_MOST = 800, NOTHING = -1 };

/* A line of text, and the columns it takes in the terminal. */
struct line {
    struct text text;
    size_t width;
};
struct lines {
    struct line *at;
    size_t count, capacity;
};

/* What is printed: the map's cells, thinned out when the terminal is too narrow, and each made wide (or high) enough that the wafer is
 * round. */
struct screen {
    const struct xl_map *map;
    uint32_t colours;
    uint32_t thinned;       /* dice along each side of a printed cell */
    uint32_t columns, rows; /* printed cells */
    uint32_t wide, high;    /* characters (half lines, in colours) that a cell takes */
    size_t margin;          /* of the row labels */
    char *symbols;          /* plain: one for each entry of the legend */
    struct lines grid, notes;
};

static struct line *line_add(struct lines *lines)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity ? lines->capacity * 2 : 64;
        lines->at = memory_grow(lines->at, lines->capacity, sizeof *lines->at);
    }
    struct line *line = &lines->at[lines->count++];
    text_init(&line->text, LINE_MOST);
    line->width = 0;
    return line;
}

static void line_text(struct line *line, const char *text)
{
    text_add(&line->text, text);
    line->width += utf8_width(text);
}

static void line_pad(struct line *line, size_t width)
{
    for (; line->width < width; line->width++)
        text_add_char(&line->text, ' ');
}

static void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        text_free(&lines->at[i].text);
    free(lines->at);
}

/* ---- Colours ------------------------------------------------------------------------------------------------------ */

/* A colour as the terminal knows it: 0xRRGGBB, or an index into its 256 or 16; NOTHING: the terminal's own. */
static int colour_index_16(const struct screen *screen, float value)
{
    static const int passing[] = {10, 2}, failing[] = {9, 12, 13, 11, 14, 1, 4, 5, 3, 6, 8, 7}, ramp[] = {4, 12, 6, 14, 10, 11},
                     heat[] = {15, 11, 9, 1};
    const struct xl_map *map = screen->map;
    if (map_is_scaled(map->kind)) {
        if (map->kind == XL_MAP_TEST && value < map->low_limit)
            return 13;
        if (map->kind == XL_MAP_TEST && value > map->high_limit)
            return 9;
        float low, high;
        map_shade_range(map, &low, &high);
        double position = fmin(fmax(((double)value - (double)low) / ((double)high - (double)low), 0), 1);
        return map->kind == XL_MAP_STACK ? heat[lround(position * 3)] : ramp[lround(position * 5)];
    }
    size_t pass = 0, fail = 0;
    for (size_t i = 0; i < map->legend_count && map->legend[i].value != value; i++) {
        pass += map->legend[i].passes;
        fail += !map->legend[i].passes;
    }
    const struct xl_map_legend *entry = map_legend_of(map, value);
    return entry && entry->passes ? passing[pass % 2] : failing[fail % 12];
}

static int colour_index(const struct screen *screen, float value)
{
    if (isnan(value))
        return NOTHING;
    if (screen->colours == 16)
        return colour_index_16(screen, value);
    uint32_t rgb = map_colour(screen->map, value);
    return screen->colours == 256 ? palette_index_256(rgb) : (int)rgb;
}

static void paint(const struct screen *screen, struct text *text, int colour, bool background)
{
    if (colour == NOTHING)
        text_add(text, background ? "\033[49m" : "\033[39m");
    else if (screen->colours == 16)
        text_print(text, "\033[%dm", (colour < 8 ? 30 + colour : 90 + colour - 8) + (background ? 10 : 0));
    else if (screen->colours == 256)
        text_print(text, "\033[%d;5;%dm", background ? 48 : 38, colour);
    else
        text_print(text, "\033[%d;2;%d;%d;%dm", background ? 48 : 38, colour >> 16 & 255, colour >> 8 & 255, colour & 255);
}

/* Plain text: the character of a value. */
static char symbol_of(const struct screen *screen, float value)
{
    const struct xl_map *map = screen->map;
    if (isnan(value))
        return ' ';
    if (map_is_scaled(map->kind)) {
        if (map->kind == XL_MAP_TEST && value < map->low_limit)
            return '-';
        if (map->kind == XL_MAP_TEST && value > map->high_limit)
            return '+';
        float low, high;
        map_shade_range(map, &low, &high);
        double position = fmin(fmax(((double)value - (double)low) / ((double)high - (double)low), 0), 1);
        return (char)('0' + (int)fmin(position * 10, 9));
    }
    const struct xl_map_legend *entry = map_legend_of(map, value);
    return entry ? screen->symbols[entry - map->legend] : '?';
}

/* The good dice are dots, so that the others stand out; a number below ten stands for itself, so that bin 5 reads 5; the rest are letters.
 */
static void choose_symbols(struct screen *screen)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const struct xl_map *map = screen->map;
    size_t next = 0;
    screen->symbols = memory_new(map->legend_count + 1, 1);
    for (size_t i = 0; i < map->legend_count; i++) {
        float value = map->legend[i].value;
        bool is_bin = map->kind == XL_MAP_HARD_BIN || map->kind == XL_MAP_SOFT_BIN;
        if ((is_bin && i == 0 && map->legend[i].passes) || (map->kind == XL_MAP_PASS && map->legend[i].passes))
            screen->symbols[i] = '.';
        else if (map->kind == XL_MAP_PASS)
            screen->symbols[i] = 'X';
        else if (value >= 0 && value <= 9)
            screen->symbols[i] = (char)('0' + (int)value);
        else
            screen->symbols[i] = next < sizeof letters - 1 ? letters[next++] : '?';
    }
}

/* ---- Cells -------------------------------------------------------------------------------------------------------- */

static bool fails(const struct xl_map *map, float value)
{
    const struct xl_map_legend *entry = map_legend_of(map, value);
    return entry && !entry->passes;
}

/* What a block of dice shows when they share a cell: of values the mean, of fails at a place the most, else the most frequent; of two
 * equally frequent ones the failing one. */
static float block_value(const struct screen *screen, uint32_t column, uint32_t row)
{
    const struct xl_map *map = screen->map;
    uint32_t first_row = row * screen->thinned, first_column = column * screen->thinned;
    float most = NAN, best = NAN;
    double sum = 0;
    uint64_t count = 0, best_count = 0;
    for (uint32_t r = first_row; r < first_row + screen->thinned && r < map->rows; r++) {
        for (uint32_t c = first_column; c < first_column + screen->thinned && c < map->columns; c++) {
            float value = map->values[(size_t)r * map->columns + c];
            if (isnan(value))
                continue;
            sum += (double)value;
            count++;
            most = isnan(most) || value > most ? value : most;
            if (screen->thinned == 1) {
                best = value;
                continue;
            }
            if (map_is_scaled(map->kind) || value == best)
                continue;
            uint64_t same = 0;
            for (uint32_t y = first_row; y < first_row + screen->thinned && y < map->rows; y++)
                for (uint32_t x = first_column; x < first_column + screen->thinned && x < map->columns; x++)
                    same += map->values[(size_t)y * map->columns + x] == value;
            if (same > best_count || (same == best_count && fails(map, value) && !fails(map, best))) {
                best = value;
                best_count = same;
            }
        }
    }
    if (count == 0)
        return NAN;
    if (map->kind == XL_MAP_STACK)
        return most;
    return map_is_scaled(map->kind) ? (float)(sum / (double)count) : best;
}

static uint32_t rounded(double value, uint32_t most)
{
    return value < 1.5 ? 1 : value > most ? most : (uint32_t)lround(value);
}

/* Decides how dice become characters within `room` columns. A character is about twice as high as wide. */
static void fit(struct screen *screen, size_t room)
{
    const struct xl_map *map = screen->map;
    double aspect = map_aspect(map);
    screen->wide = rounded(screen->colours ? aspect : 2 * aspect, 6);
    screen->high = rounded(screen->colours ? 1 / aspect : 1 / (2 * aspect), 4);
    screen->thinned = 1;
    /* Half a character is small: a wafer of few dice is drawn at twice the size. */
    if (screen->colours && map->rows * screen->high <= 20 && (size_t)map->columns * screen->wide * 2 <= room) {
        screen->wide *= 2;
        screen->high *= 2;
    }
    if ((size_t)map->columns * screen->wide > room)
        screen->wide = 1;
    if (map->columns > room)
        screen->thinned = (uint32_t)((map->columns + room - 1) / room);
    while ((map->rows + screen->thinned - 1) / screen->thinned * screen->high > ROWS_MOST) {
        if (screen->high > 1)
            screen->high--;
        else
            screen->thinned++;
    }
    screen->columns = (map->columns + screen->thinned - 1) / screen->thinned;
    screen->rows = (map->rows + screen->thinned - 1) / screen->thinned;
}

/* ---- Axes and grid ------------------------------------------------------------------------------------------------ */

static size_t margin_of(const struct xl_map *map)
{
    size_t width = 2;
    for (int i = 0; i < 2; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "%d", map_row_coordinate(map, i ? map->rows - 1 : 0));
        width = (size_t)length + 1 > width ? (size_t)length + 1 : width;
    }
    return width;
}

/* Every fifth row has its label; in a low map every second, in a very low one all. */
static uint32_t row_step(const struct screen *screen)
{
    return screen->rows <= 6 ? 1 : screen->rows <= 12 ? 2 : 5;
}

static bool labelled(const struct screen *screen, int32_t coordinate, uint32_t cell, uint32_t step)
{
    return screen->thinned == 1 ? coordinate % (int32_t)step == 0 : cell % step == 0;
}

static void print_column_axis(struct screen *screen)
{
    struct line *line = line_add(&screen->grid);
    line_pad(line, screen->margin);
    size_t longest = 0;
    for (int i = 0; i < 2; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "%d", map_column_coordinate(screen->map, i ? screen->map->columns - 1 : 0));
        longest = (size_t)length > longest ? (size_t)length : longest;
    }
    uint32_t step = 1;
    for (int i = 0; step * screen->wide < longest + 2; i++)
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    bool none = true;
    for (uint32_t column = 0; column < screen->columns; column++) {
        int32_t coordinate = map_column_coordinate(screen->map, column * screen->thinned);
        if (!labelled(screen, coordinate, column, step) && !(none && column + 1 == screen->columns))
            continue;
        char text[16];
        snprintf(text, sizeof text, "%d", coordinate);
        size_t at = screen->margin + (size_t)column * screen->wide;
        if (line->width > at || at + strlen(text) > screen->margin + (size_t)screen->columns * screen->wide + 4)
            continue;
        line_pad(line, at);
        line_text(line, text);
        line_text(line, " ");
        none = false;
    }
}

static void print_row_label(struct screen *screen, struct line *line, uint32_t row, bool first)
{
    int32_t coordinate = map_row_coordinate(screen->map, row * screen->thinned);
    char text[16] = "";
    if (first && labelled(screen, coordinate, row, row_step(screen)))
        snprintf(text, sizeof text, "%d", coordinate);
    line_pad(line, screen->margin - 1 - strlen(text));
    line_text(line, text);
    line_text(line, " ");
}

static void print_plain_row(struct screen *screen, uint32_t row)
{
    for (uint32_t copy = 0; copy < screen->high; copy++) {
        struct line *line = line_add(&screen->grid);
        print_row_label(screen, line, row, copy == 0);
        for (uint32_t column = 0; column < screen->columns; column++) {
            char symbol = symbol_of(screen, block_value(screen, column, row));
            text_add_char(&line->text, symbol);
            line->width++;
            line_pad(line, screen->margin + (size_t)(column + 1) * screen->wide);
        }
    }
}

/* Two rows of half cells as one line of characters. */
static void print_half_rows(struct screen *screen, uint32_t half)
{
    uint32_t upper = half / screen->high, lower = (half + 1) / screen->high;
    struct line *line = line_add(&screen->grid);
    bool upper_labelled = labelled(screen, map_row_coordinate(screen->map, upper * screen->thinned), upper, row_step(screen));
    bool lower_begins = lower != upper && lower < screen->rows && (half + 1) % screen->high == 0;
    print_row_label(screen, line, upper_labelled || !lower_begins ? upper : lower,
                    (upper_labelled && half % screen->high == 0) || lower_begins);
    int front = NOTHING, back = NOTHING;
    for (uint32_t column = 0; column < screen->columns; column++) {
        int top = colour_index(screen, block_value(screen, column, upper));
        int bottom = lower < screen->rows ? colour_index(screen, block_value(screen, column, lower)) : NOTHING;
        const char *block = top != NOTHING ? "▀" : bottom != NOTHING ? "▄" : " ";
        int wanted_front = top != NOTHING ? top : bottom != NOTHING ? bottom : front;
        int wanted_back = top != NOTHING ? bottom : NOTHING;
        if (wanted_front != front)
            paint(screen, &line->text, wanted_front, false);
        if (wanted_back != back)
            paint(screen, &line->text, wanted_back, true);
        front = wanted_front;
        back = wanted_back;
        for (uint32_t i = 0; i < screen->wide; i++)
            line_text(line, block);
    }
    text_add(&line->text, "\033[0m");
}

static void print_notch(struct screen *screen, char side)
{
    struct line *line = line_add(&screen->grid);
    line_pad(line, screen->margin + (size_t)screen->columns * screen->wide / 2);
    line_text(line, !screen->colours ? (side == 'U' ? "v" : "^") : side == 'U' ? "▼" : "▲");
}

static void print_grid(struct screen *screen)
{
    char notch = screen->map->notch;
    print_column_axis(screen);
    if (notch == 'U')
        print_notch(screen, 'U');
    size_t begin = screen->grid.count;
    if (screen->colours)
        for (uint32_t half = 0; half < screen->rows * screen->high; half += 2)
            print_half_rows(screen, half);
    else
        for (uint32_t row = 0; row < screen->rows; row++)
            print_plain_row(screen, row);
    struct line *middle = &screen->grid.at[begin + (screen->grid.count - begin) / 2];
    line_pad(middle, screen->margin + (size_t)screen->columns * screen->wide);
    if (notch == 'R')
        line_text(middle, screen->colours ? " ◀" : " <");
    if (notch == 'L') { /* in the margin, where no label stands or over its blank */
        struct text again;
        text_init(&again, LINE_MOST);
        text_add(&again, middle->text.data);
        text_clear(&middle->text);
        const char *rest = again.data;
        size_t blanks = strspn(rest, " ");
        if (blanks >= screen->margin) {
            text_print(&middle->text, "%*s%s", (int)(screen->margin - 1), "", screen->colours ? "▶" : ">");
            text_add(&middle->text, rest + screen->margin);
        } else {
            text_add_bytes(&middle->text, rest, screen->margin - 1);
            text_add(&middle->text, screen->colours ? "▶" : ">");
            text_add(&middle->text, rest + screen->margin);
        }
        text_free(&again);
    }
    if (notch == 'D')
        print_notch(screen, 'D');
}

/* ---- Legend ------------------------------------------------------------------------------------------------------- */

static void print_swatch(struct screen *screen, struct line *line, int colour, char symbol)
{
    if (!screen->colours) {
        text_add_char(&line->text, symbol);
        line->width++;
    } else {
        paint(screen, &line->text, colour, false);
        line_text(line, "██");
        text_add(&line->text, "\033[0m");
    }
    line_text(line, "  ");
}

static void print_count(struct line *line, uint64_t count, uint64_t whole, size_t digits)
{
    char percent[32], text[80];
    percent_text(count, whole, 2, percent, sizeof percent);
    snprintf(text, sizeof text, "  %*" PRIu64 "  %6s %%", (int)digits, count, percent);
    line_text(line, text);
}

static size_t digits_of(uint64_t number)
{
    size_t digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static void print_entries(struct screen *screen, uint64_t dice, size_t room)
{
    const struct xl_map *map = screen->map;
    size_t widest = 0, digits = digits_of(dice);
    struct text name;
    text_init(&name, 4096);
    for (size_t i = 0; i < map->legend_count; i++) {
        text_clear(&name);
        map_legend_text(map, &map->legend[i], &name);
        size_t width = utf8_width(name.data);
        widest = width > widest ? width : widest;
    }
    size_t fixed = 4 + 2 + digits + 10;
    if (widest + fixed > room)
        widest = room > fixed + 8 ? room - fixed : 8;
    for (size_t i = 0; i < map->legend_count; i++) {
        struct line *line = line_add(&screen->notes);
        print_swatch(screen, line, colour_index(screen, map->legend[i].value), screen->symbols[i]);
        text_clear(&name);
        map_legend_text(map, &map->legend[i], &name);
        size_t begin = line->width;
        const char *at = name.data, *end = name.data + name.length;
        while (at < end) { /* as many characters as there is room for */
            const char *next = at;
            utf8_next(&next, end);
            char one[8] = "";
            memcpy(one, at, (size_t)(next - at) < sizeof one ? (size_t)(next - at) : 0);
            if (line->width - begin + utf8_width(one) > widest)
                break;
            line_text(line, one);
            at = next;
        }
        line_pad(line, begin + widest);
        print_count(line, map->legend[i].count, dice, digits);
    }
    text_free(&name);
}

static void print_beyond(struct screen *screen, const char *words, float limit, uint64_t count, uint64_t dice, int colour, char symbol)
{
    if (isnan(limit))
        return;
    struct line *line = line_add(&screen->notes);
    struct text value;
    text_init(&value, 256);
    map_value_text(screen->map, limit, 5, true, &value);
    print_swatch(screen, line, colour, symbol);
    line_text(line, words);
    line_text(line, " ");
    line_text(line, value.data);
    print_count(line, count, dice, digits_of(dice));
    text_free(&value);
}

static void print_scale(struct screen *screen, struct map_tally tally)
{
    const struct xl_map *map = screen->map;
    enum { STEPS = 20 };
    float low, high;
    map_shade_range(map, &low, &high);
    struct text ends[2];
    for (int i = 0; i < 2; i++)
        text_init(&ends[i], 256);
    map_value_text(map, low, 4, false, &ends[0]);
    map_value_text(map, high, 4, true, &ends[1]);
    struct line *line = line_add(&screen->notes);
    line_text(line, ends[0].data);
    line_text(line, " ");
    if (screen->colours) {
        struct screen bar = *screen; /* the bar shows shades, never the limits' colours */
        struct xl_map shades = *map;
        shades.low_limit = shades.high_limit = NAN;
        bar.map = &shades;
        for (int i = 0; i < STEPS; i++) {
            paint(screen, &line->text, colour_index(&bar, low + (high - low) * (float)i / (STEPS - 1)), false);
            line_text(line, "█");
        }
        text_add(&line->text, "\033[0m");
    } else {
        line_text(line, "0123456789");
    }
    line_text(line, " ");
    line_text(line, ends[1].data);
    for (int i = 0; i < 2; i++)
        text_free(&ends[i]);
    print_beyond(screen, _("below"), map->low_limit, tally.below, tally.dice,
                 screen->colours == 16    ? 13
                 : screen->colours == 256 ? palette_index_256(PALETTE_BELOW)
                                          : PALETTE_BELOW,
                 '-');
    print_beyond(screen, _("above"), map->high_limit, tally.above, tally.dice,
                 screen->colours == 16    ? 9
                 : screen->colours == 256 ? palette_index_256(PALETTE_ABOVE)
                                          : PALETTE_ABOVE,
                 '+');
}

static const char *direction(const struct xl_map *map, bool of_x)
{
    bool along_columns = of_x != map->axes_exchanged;
    int step = of_x ? map->step_x : map->step_y;
    if (along_columns)
        return step > 0 ? _("to the right") : _("to the left");
    return step > 0 ? _("down") : _("up");
}

static const char *side_words(char side)
{
    return side == 'U' ? _("at the top") : side == 'D' ? _("at the bottom") : side == 'L' ? _("on the left") : _("on the right");
}

/* Words below the legend, broken by lines already. */
static void print_remarks(struct screen *screen, struct out *out)
{
    const struct xl_map *map = screen->map;
    struct text text;
    text_init(&text, 4096);
    if (map->directions_known) {
        text_print(&text, _("X grows %s, Y %s."), direction(map, true), direction(map, false));
        text_add_char(&text, '\n');
    }
    if (map->notch != ' ' && map->notch) {
        text_print(&text, _("Notch %s."), side_words(map->notch));
        text_add_char(&text, '\n');
    }
    if (screen->thinned > 1 && map_is_scaled(map->kind))
        text_print(&text,
                   map->kind == XL_MAP_STACK ? _("Too wide for here: each cell stands for %u x %u dice and shows the most fails.\n")
                                             : _("Too wide for here: each cell stands for %u x %u dice and shows their mean.\n"),
                   screen->thinned, screen->thinned);
    else if (screen->thinned > 1)
        text_print(&text, _("Too wide for here: each cell stands for %u x %u dice and shows the most frequent.\n"), screen->thinned,
                   screen->thinned);
    map_remarks(map, &text);
    out_text(out, text.data);
    text_free(&text);
}

/* Legend at the right when there is room, else below. */
static void write_lines(struct screen *screen, size_t room, struct out *out)
{
    size_t widest = 0, notes = 0;
    for (size_t i = 0; i < screen->grid.count; i++)
        widest = screen->grid.at[i].width > widest ? screen->grid.at[i].width : widest;
    for (size_t i = 0; i < screen->notes.count; i++)
        notes = screen->notes.at[i].width > notes ? screen->notes.at[i].width : notes;
    bool beside = widest + 3 + notes <= room && screen->notes.count + 1 <= screen->grid.count;
    for (size_t i = 0; i < screen->grid.count; i++) {
        struct line *line = &screen->grid.at[i];
        if (beside && i >= 1 && i - 1 < screen->notes.count) {
            line_pad(line, widest + 3);
            out_text(out, line->text.data);
            out_text(out, screen->notes.at[i - 1].text.data);
        } else {
            size_t length = line->text.length;
            while (length > 0 && line->text.data[length - 1] == ' ')
                length--;
            out_bytes(out, line->text.data, length);
        }
        out_char(out, '\n');
    }
    if (beside)
        return;
    out_char(out, '\n');
    for (size_t i = 0; i < screen->notes.count; i++) {
        out_text(out, screen->notes.at[i].text.data);
        out_char(out, '\n');
    }
}

bool xl_map_print(const struct xl_map *map, uint32_t colours, uint32_t columns, struct xl_sink sink, struct xl_error *error)
{
    struct out out;
    struct screen screen = {.map = map, .colours = colours >= 1 << 24 ? 1 << 24 : colours >= 256 ? 256 : colours >= 16 ? 16 : 0};
    size_t room = columns ? columns : 80;
    struct map_tally tally = map_count(map);
    out_begin(&out, sink, 0, error);
    screen.margin = margin_of(map);
    fit(&screen, room > screen.margin + 12 ? room - screen.margin - 2 : 10);
    choose_symbols(&screen);
    print_grid(&screen);
    if (map_is_scaled(map->kind))
        print_scale(&screen, tally);
    else
        print_entries(&screen, tally.dice, room);
    out_text(&out, map->title);
    out_text(&out, "\n");
    write_lines(&screen, room, &out);
    print_remarks(&screen, &out);
    lines_free(&screen.grid);
    lines_free(&screen.notes);
    free(screen.symbols);
    return out_end(&out);
}
