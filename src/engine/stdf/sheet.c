/* sheet.c: rows of part runs become columns.
 *
 * The results of an open part gather in a row over the file's columns. A finished row joins its sheet; sixteen rows at a time are turned
 * into the group's columns, so that each column is written a cache line at once. */
#include "engine/stdf/loader.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* A group being filled; `group` is what the receiver gets. */
struct group_under_way {
    struct xl_part_group group;
    struct arena *arena; /* texts and marks */
    uint32_t row_capacity;
    uint32_t value_capacity; /* entries of `values` */
    uint32_t filled_columns;
    float **values;
#define PART_COLUMN(type, name, what) type *name;
    XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
};

/* ---- Rows --------------------------------------------------------------------------------------------------------- */

struct row *row_new(struct xl_loader *l)
{
    struct row *r = l->free_rows;
    if (r) {
        l->free_rows = r->next_free;
        return r;
    }
    return memory_new(1, sizeof *r);
}

static void row_release(struct xl_loader *l, struct row *r)
{
    if (r->used)
        memset(r->values, 0xff, r->used * sizeof *r->values);
    if (r->tests_used)
        memset(r->executions, 0, r->tests_used * sizeof *r->executions);
    r->used = r->tests_used = r->mark_count = 0;
    r->next_free = l->free_rows;
    l->free_rows = r;
}

bool row_reach(struct xl_loader *l, struct row *r, uint32_t column, uint32_t test)
{
    if (column >= r->capacity) {
        uint32_t capacity = r->capacity ? r->capacity : 64;
        while (capacity <= column)
            capacity *= 2;
        uint64_t more = (capacity - r->capacity) * (uint64_t)sizeof *r->values;
        if (l->row_bytes + more > LOADER_ROW_BYTES_MOST)
            return false;
        l->row_bytes += more;
        r->values = memory_grow(r->values, capacity, sizeof *r->values);
        memset(r->values + r->capacity, 0xff, more);
        r->capacity = capacity;
    }
    if (test >= r->test_capacity) {
        uint32_t capacity = r->test_capacity ? r->test_capacity : 64;
        while (capacity <= test)
            capacity *= 2;
        uint64_t more = (capacity - r->test_capacity) * (uint64_t)sizeof *r->executions;
        if (l->row_bytes + more > LOADER_ROW_BYTES_MOST)
            return false;
        l->row_bytes += more;
        r->executions = memory_grow(r->executions, capacity, sizeof *r->executions);
        memset(r->executions + r->test_capacity, 0, more);
        r->test_capacity = capacity;
    }
    return true;
}

void row_mark(struct xl_loader *l, struct part *p, uint32_t column, uint8_t test_flag, uint8_t parm_flag, bool excluded, float value)
{
    struct row *r = p->row;
    if (r->mark_count == r->mark_capacity) {
        uint32_t capacity = r->mark_capacity ? r->mark_capacity * 2 : 16;
        uint64_t more = (capacity - r->mark_capacity) * (uint64_t)sizeof *r->marks;
        if (capacity > LOADER_MARKS_MOST || l->row_bytes + more > LOADER_ROW_BYTES_MOST) {
            loader_note(l, XL_FINDING_TOO_MANY, 0, "%s", "");
            return;
        }
        l->row_bytes += more;
        r->marks = memory_grow(r->marks, capacity, sizeof *r->marks);
        r->mark_capacity = capacity;
    }
    r->marks[r->mark_count++] = (struct xl_mark){
        .column = column,
        .test_flag = test_flag,
        .parm_flag = parm_flag,
        .is_excluded = excluded,
        .value = value,
    };
    if ((test_flag & XL_TEST_FAILED) && p->first_fail == NO_COLUMN)
        p->first_fail = column;
}

/* ---- Groups ------------------------------------------------------------------------------------------------------- */

static struct group_under_way *group_new(struct xl_loader *l)
{
    struct group_under_way *g = memory_new(1, sizeof *g);
    g->arena = arena_new();
    g->row_capacity = l->rows_hint ? (l->rows_hint + 63) / 64 * 64 : 64;
#define PART_COLUMN(type, name, what) g->name = memory_new(g->row_capacity, sizeof(type));
    XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
    return g;
}

void xl_group_free(struct xl_part_group *group)
{
    struct group_under_way *g = (struct group_under_way *)group;
    if (!g)
        return;
    for (uint32_t c = 0; c < g->value_capacity; c++)
        free(g->values[c]);
    free(g->values);
#define PART_COLUMN(type, name, what) free(g->name);
    XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
    arena_free(g->arena);
    free(g);
}

static float *values_new(uint32_t rows)
{
    float *values = aligned_alloc(64, (size_t)rows * sizeof *values);
    if (!values)
        BUG("out of memory: %u rows", rows);
    return values;
}

static void group_grow(struct group_under_way *g)
{
    uint32_t capacity = g->row_capacity * 2;
#define PART_COLUMN(type, name, what) g->name = memory_grow(g->name, capacity, sizeof(type));
    XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
    for (uint32_t c = 0; c < g->value_capacity; c++) {
        if (!g->values[c])
            continue;
        float *values = values_new(capacity);
        memcpy(values, g->values[c], g->row_capacity * sizeof *values);
        free(g->values[c]);
        g->values[c] = values;
    }
    g->row_capacity = capacity;
}

/* ---- Sheets ------------------------------------------------------------------------------------------------------- */

struct sheet *sheet_new(struct xl_loader *l)
{
    if (l->sheet_count >= LOADER_SHEETS_MOST) {
        loader_note(l, XL_FINDING_TOO_MANY, 0, "%s", "");
        return NULL;
    }
    if (l->sheet_count == l->sheet_capacity) {
        l->sheet_capacity = l->sheet_capacity ? l->sheet_capacity * 2 : 16;
        l->sheets = memory_grow(l->sheets, l->sheet_capacity, sizeof *l->sheets);
    }
    struct sheet *s = memory_new(1, sizeof *s);
    s->key = l->sheet_count;
    s->wafer = "";
    l->sheets[l->sheet_count++] = s;
    return s;
}

void sheet_free(struct sheet *s)
{
    if (s->group)
        xl_group_free(&s->group->group);
    free(s->to_column);
    free(s->columns);
    free(s->executed);
    free(s);
}

static uint32_t column_in(struct xl_loader *l, struct sheet *s, uint32_t file_column)
{
    if (file_column >= s->to_capacity) {
        uint32_t capacity = s->to_capacity ? s->to_capacity : 64;
        while (capacity <= file_column || capacity < l->column_count)
            capacity *= 2;
        s->to_column = memory_grow(s->to_column, capacity, sizeof *s->to_column);
        memset(s->to_column + s->to_capacity, 0xff, (capacity - s->to_capacity) * sizeof *s->to_column);
        s->to_capacity = capacity;
    }
    uint32_t column = s->to_column[file_column];
    if (column != NO_COLUMN)
        return column;
    if (s->column_count == s->column_capacity) {
        s->column_capacity = s->column_capacity ? s->column_capacity * 2 : 64;
        s->columns = memory_grow(s->columns, s->column_capacity, sizeof *s->columns);
    }
    column = s->column_count++;
    s->columns[column] = file_column;
    s->to_column[file_column] = column;
    return column;
}

/* Turns the pending rows into the last rows of the group's columns. */
static void transpose(struct xl_loader *l, struct sheet *s)
{
    struct group_under_way *g = s->group;
    uint32_t count = s->pending_count;
    if (!count)
        return;
    static const uint32_t missing = XL_MISSING_BITS;
    uint32_t used = 0;
    for (uint32_t r = 0; r < count; r++)
        if (s->pending[r]->used > used)
            used = s->pending[r]->used;
    if (used > s->to_capacity)
        used = s->to_capacity;           /* beyond it no row has a result */
    for (uint32_t r = 0; r < count; r++) /* the columns that only a longer row reaches are missing in the others */
        if (used && !row_reach(l, s->pending[r], used - 1, 0))
            used = s->pending[r]->capacity < used ? s->pending[r]->capacity : used;
    if (g->value_capacity < s->column_count) {
        uint32_t capacity = s->column_capacity;
        g->values = memory_grow(g->values, capacity, sizeof *g->values);
        memset(g->values + g->value_capacity, 0, (capacity - g->value_capacity) * sizeof *g->values);
        g->value_capacity = capacity;
    }
    uint32_t start = g->group.rows - count;
    for (uint32_t c = 0; c < used; c++) {
        _Alignas(64) uint32_t line[TRANSPOSED_ROWS];
        uint32_t all = missing;
        for (uint32_t r = 0; r < count; r++) {
            memcpy(&line[r], &s->pending[r]->values[c], sizeof *line);
            all &= line[r];
        }
        uint32_t column = s->to_column[c];
        if (column == NO_COLUMN)
            continue; /* no row has a result here */
        float *values = g->values[column];
        if (!values) {
            if (all == missing)
                continue;
            values = g->values[column] = values_new(g->row_capacity);
            memset(values, 0xff, start * sizeof *values);
            g->filled_columns++;
        }
        memcpy(values + start, line, count * sizeof *line);
    }
    /* Columns of the group that lie beyond the longest of these rows. */
    for (uint32_t c = used; c < s->to_capacity; c++)
        if (s->to_column[c] != NO_COLUMN && g->values[s->to_column[c]])
            memset(g->values[s->to_column[c]] + start, 0xff, count * sizeof(float));
    for (uint32_t r = 0; r < count; r++)
        row_release(l, s->pending[r]);
    s->pending_count = 0;
}

void sheet_hand_over(struct xl_loader *l, struct sheet *s)
{
    struct group_under_way *g = s->group;
    if (!g)
        return;
    transpose(l, s);
    s->group = NULL;
    s->has_groups = true;
    l->rows_hint = g->group.rows;
    if (g->value_capacity < s->column_count) {
        g->values = memory_grow(g->values, s->column_count, sizeof *g->values);
        memset(g->values + g->value_capacity, 0, (s->column_count - g->value_capacity) * sizeof *g->values);
        g->value_capacity = s->column_count;
    }
#define PART_COLUMN(type, name, what) g->group.name = g->name;
    XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
    g->group.values = (const float *const *)g->values;
    if (l->failed) {
        xl_group_free(&g->group);
        return;
    }
    if (!l->receiver.group(l->receiver.context, s->key, &g->group, s->column_count, l->error))
        l->failed = true;
}

static struct xl_bytes text_of(struct xl_loader *l, struct arena *arena, const uint8_t *bytes, uint32_t length)
{
    if (!length)
        return (struct xl_bytes){.bytes = (const uint8_t *)""};
    bool plain = true;
    for (uint32_t i = 0; i < length; i++)
        plain = plain && bytes[i] > 0x20 && bytes[i] < 0x7f;
    if (plain)
        return (struct xl_bytes){arena_copy(arena, bytes, length), length};
    struct text t;
    text_init(&t, 4096);
    if (strcmp(text_decode(&t, bytes, length, true), "UTF-8") != 0)
        loader_note(l, XL_FINDING_TEXT_NOT_UTF8, 0, "%s", t.data);
    struct xl_bytes copy = {arena_copy(arena, t.data, t.length), (uint32_t)t.length};
    text_free(&t);
    return copy;
}

void sheet_take(struct xl_loader *l, struct sheet *s, struct part *p, const struct finished_part *f)
{
    struct row *r = p->row;
    p->row = NULL;
    struct group_under_way *g = s->group;
    if (g && g->group.rows == g->row_capacity) {
        uint64_t grown = (uint64_t)g->filled_columns * g->row_capacity * 2 * sizeof(float);
        uint64_t most = l->options.group_bytes ? l->options.group_bytes : LOADER_GROUP_BYTES;
        transpose(l, s);
        if (grown > most || g->row_capacity >= LOADER_ROWS_A_GROUP) {
            sheet_hand_over(l, s);
            g = NULL;
        } else {
            group_grow(g);
        }
    }
    if (!g)
        g = s->group = group_new(l);

    uint32_t first_fail = NO_COLUMN;
    if (r) {
        for (uint32_t c = 0; c < r->used; c++)
            if ((c >= s->to_capacity || s->to_column[c] == NO_COLUMN) && !xl_is_missing(r->values[c]))
                column_in(l, s, c);
        for (uint32_t i = 0; i < r->mark_count; i++)
            r->marks[i].column = column_in(l, s, r->marks[i].column);
        if (p->first_fail != NO_COLUMN)
            first_fail = column_in(l, s, p->first_fail);
        if (r->tests_used > s->executed_capacity) {
            uint32_t capacity = s->executed_capacity ? s->executed_capacity : 64;
            while (capacity < r->tests_used || capacity < l->test_count)
                capacity *= 2;
            s->executed = memory_grow(s->executed, capacity, sizeof *s->executed);
            memset(s->executed + s->executed_capacity, 0, (capacity - s->executed_capacity) * sizeof *s->executed);
            s->executed_capacity = capacity;
        }
        for (uint32_t t = 0; t < r->tests_used; t++)
            s->executed[t] += r->executions[t];
    }

    uint32_t at = g->group.rows++;
    s->rows++;
    s->parts += !(f->flags & XL_PART_UNFINISHED);
    g->ordinal[at] = f->flags & XL_PART_OUTSIDE ? -1 : l->ordinal++;
    g->head[at] = p->head;
    g->site[at] = p->site;
    g->x[at] = f->x;
    g->y[at] = f->y;
    g->hard_bin[at] = f->hard_bin;
    g->soft_bin[at] = f->soft_bin;
    g->flags[at] = f->flags;
    g->tests[at] = f->tests;
    g->executed[at] = (int32_t)p->executed;
    g->test_ms[at] = f->test_ms;
    g->touch[at] = p->touch;
    g->first_fail[at] = first_fail == NO_COLUMN ? -1 : (int32_t)first_fail;
    g->begin[at] = (int64_t)p->begin;
    g->end[at] = (int64_t)f->end;
    g->part_id[at] = text_of(l, g->arena, f->id, f->id_length);
    g->part_text[at] = text_of(l, g->arena, f->text, f->text_length);
    g->marks[at] = (struct xl_bytes){.bytes = (const uint8_t *)""};
    if (r && r->mark_count) {
        uint32_t length = r->mark_count * (uint32_t)sizeof *r->marks;
        g->marks[at] = (struct xl_bytes){arena_copy(g->arena, r->marks, length), length};
    }
    s->pending[s->pending_count++] = r ? r : row_new(l);
    if (s->pending_count == TRANSPOSED_ROWS)
        transpose(l, s);
}
