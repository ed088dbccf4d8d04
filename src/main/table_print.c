/* table_print.c: tables for people. */
#include "main/table_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "main/line_break.h"

struct column {
    const char *title;
    enum align align;
    bool is_flexible, wraps, is_expendable;
    size_t width;
};
struct cell {
    const char *text; /* NULL: none */
    enum style style;
    size_t width;
};
enum { COLUMNS_MOST = 64, CELL_MOST = 4096 };

struct table_print {
    struct arena *arena;
    size_t indent, column_count, row_count, capacity, at;
    struct column columns[COLUMNS_MOST];
    struct cell *cells; /* column_count a row */
};

struct table_print *table_print_new(size_t indent)
{
    struct table_print *table = memory_new(1, sizeof *table);
    table->arena = arena_new();
    table->indent = indent;
    return table;
}

void table_column(struct table_print *table, enum align align, const char *title)
{
    if (table->column_count == COLUMNS_MOST || table->row_count || table->at)
        BUG("a column after the first cell, or more than %d", COLUMNS_MOST);
    struct column *column = &table->columns[table->column_count++];
    *column = (struct column){.title = arena_text(table->arena, title, strlen(title)), .align = align};
}

void table_flexible(struct table_print *table)
{
    table->columns[table->column_count - 1].is_flexible = true;
}

void table_wrapping(struct table_print *table)
{
    table->columns[table->column_count - 1].wraps = true;
}

void table_expendable(struct table_print *table)
{
    table->columns[table->column_count - 1].is_expendable = true;
}

static void put(struct table_print *table, enum style style, const char *text)
{
    if (table->at == 0) {
        if (table->row_count == table->capacity) {
            table->capacity = table->capacity ? table->capacity * 2 : 64;
            table->cells = memory_grow(table->cells, table->capacity, table->column_count * sizeof *table->cells);
        }
        memset(table->cells + table->row_count * table->column_count, 0, table->column_count * sizeof *table->cells);
        table->row_count++;
    }
    struct cell *cell = &table->cells[(table->row_count - 1) * table->column_count + table->at];
    *cell = (struct cell){.text = text, .style = style, .width = utf8_width(text)};
    table->at = (table->at + 1) % table->column_count;
}

void table_cell(struct table_print *table, enum style style, const char *format, ...)
{
    char text[CELL_MOST];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("cannot format \"%s\"", format);
    put(table, style, arena_text(table->arena, text, strlen(text)));
}

void table_bar(struct table_print *table, enum style style, double share, size_t width)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double clamped = share > 0 ? share < 1 ? share : 1 : 0;
    size_t steps = (size_t)(clamped * (double)width * 8 + 0.5);
    if (share > 0 && steps == 0)
        steps = 1;
    struct text bar;
    text_init(&bar, 4096);
    for (size_t i = 0; i < steps / 8; i++)
        text_add(&bar, "█");
    text_add(&bar, eighths[steps % 8]);
    put(table, style, arena_text(table->arena, bar.data, bar.length));
    text_free(&bar);
}

void table_row_end(struct table_print *table)
{
    table->at = 0;
}

size_t table_rows(const struct table_print *table)
{
    return table->row_count;
}

/* `text` cut to `width` columns, the last of them an ellipsis. */
static void put_cut(const char *text, size_t width)
{
    const char *end = text + strlen(text), *at = text, *last = text;
    size_t taken = 0;
    while (at < end) {
        const char *next = at;
        utf8_next(&next, end);
        char one[8] = {0};
        memcpy(one, at, (size_t)(next - at));
        const size_t wide = utf8_width(one);
        if (taken + wide > width - 1)
            break;
        taken += wide;
        at = last = next;
    }
    out_bytes(&console.out, text, (size_t)(last - text));
    out_text(&console.out, "…");
    for (taken++; taken < width; taken++)
        out_char(&console.out, ' ');
}

static void put_cell(const struct column *column, const char *text, size_t width, enum style how, bool is_last)
{
    const char *begin = how == STYLE_PLAIN ? "" : style(how), *end = *begin ? style_end() : "";
    if (width > column->width) {
        out_text(&console.out, begin);
        put_cut(text, column->width);
        out_text(&console.out, end);
        return;
    }
    const size_t spaces = column->width - width;
    if (column->align == ALIGN_RIGHT)
        out_print(&console.out, "%*s", (int)spaces, "");
    out_print(&console.out, "%s%s%s", begin, text, end);
    if (column->align == ALIGN_LEFT && !is_last)
        out_print(&console.out, "%*s", (int)spaces, "");
}

enum { GAP = 2, CUT_LEAST = 8, CUT_READABLE = 24, WRAP_LEAST = 24 };

/* Takes columns of width away down to `cut` and `wrap`; returns what is still too much. */
static size_t squeeze(struct table_print *table, size_t excess, size_t cut, size_t wrap)
{
    for (size_t c = table->column_count; c-- > 0 && excess;) {
        struct column *column = &table->columns[c];
        const size_t least = column->wraps ? wrap : column->is_flexible ? cut : column->width;
        if (column->width <= least)
            continue;
        const size_t give = column->width - least < excess ? column->width - least : excess;
        column->width -= give;
        excess -= give;
    }
    return excess;
}

static void measure(struct table_print *table, bool *has_titles)
{
    *has_titles = false;
    size_t total = table->indent;
    for (size_t c = 0; c < table->column_count; c++) {
        struct column *column = &table->columns[c];
        size_t widest = 0;
        for (size_t r = 0; r < table->row_count; r++) {
            const size_t width = table->cells[r * table->column_count + c].width;
            widest = width > widest ? width : widest;
        }
        const size_t title = utf8_width(column->title);
        /* Nothing to show: the column goes, title and all. */
        column->width = widest == 0 ? 0 : widest > title ? widest : title;
        if (column->width) {
            total += column->width + GAP;
            *has_titles = *has_titles || title;
        }
    }
    if (!console.width || total <= console.width + GAP)
        return;
    size_t excess = squeeze(table, total - GAP - console.width, CUT_READABLE, WRAP_LEAST);
    for (size_t c = table->column_count; c-- > 0 && excess;) {
        struct column *column = &table->columns[c];
        if (!column->is_expendable || !column->width)
            continue;
        excess = column->width + GAP < excess ? excess - column->width - GAP : 0;
        column->width = 0;
    }
    squeeze(table, excess, CUT_LEAST, WRAP_LEAST);
}

/* Row 0 is that of the titles. */
static const char *text_at(const struct table_print *table, size_t row, size_t column)
{
    const struct column *of = &table->columns[column];
    if (!of->width)
        return "";
    const char *text = row ? table->cells[(row - 1) * table->column_count + column].text : of->title;
    return text ? text : "";
}

/* One line of a row. `texts` holds what is left of each cell; returns whether there is more. */
static bool put_line(const struct table_print *table, size_t row, const char **texts)
{
    bool first = true, more = false;
    size_t pending = table->indent; /* spaces are held back so that no line ends in them */
    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        if (!column->width)
            continue;
        if (!first)
            pending += GAP;
        first = false;
        const char *text = texts[c];
        if (!*text) {
            pending += column->width;
            continue;
        }
        out_print(&console.out, "%*s", (int)pending, "");
        pending = 0;
        const enum style how = row ? table->cells[(row - 1) * table->column_count + c].style : STYLE_FAINT;
        bool is_last = true;
        for (size_t later = c + 1; later < table->column_count; later++)
            is_last = is_last && !texts[later][0];
        if (!column->wraps) {
            put_cell(column, text, utf8_width(text), how, is_last);
            texts[c] = "";
            continue;
        }
        const size_t length = line_break(&texts[c], column->width);
        char *line = arena_text(table->arena, text, length);
        put_cell(column, line, utf8_width(line), how, is_last);
        more = more || texts[c][0];
    }
    out_char(&console.out, '\n');
    return more;
}

void table_print_end(struct table_print *table)
{
    bool has_titles;
    measure(table, &has_titles);
    for (size_t row = has_titles ? 0 : 1; row <= table->row_count && table->row_count; row++) {
        const char *texts[COLUMNS_MOST];
        for (size_t c = 0; c < table->column_count; c++)
            texts[c] = text_at(table, row, c);
        while (put_line(table, row, texts)) {
        }
    }
    free(table->cells);
    arena_free(table->arena);
    free(table);
}
