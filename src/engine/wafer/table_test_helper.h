/* table_test_helper.h: tables made by hand, for tests: declare tests, add parts, finish. Include it once in a test file.
 *
 *     struct bench *b = bench_new("a.stdf", "W1");
 *     bench_test(b, XL_TEST_PTR, 1000, "Icc", -1, 1);
 *     bench_part(b, (struct bench_part){.x = 3, .y = 4, .hard_bin = 1}, (float[]){0.5f});
 *     const struct xl_table *table = bench_table(b);   // fields of b->table may be set before and after
 *     bench_free(b);
 *
 * Columns: one for each test, or pins x executions of them, in the order of xl_test.columns. */
#pragma once

#include <xinlian/parts.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

enum { BENCH_NO_XY = -32768 };
struct bench_part {
    int32_t head, site, x, y, hard_bin, soft_bin, flags; /* x, y as given: BENCH_NO_XY for none */
    int32_t first_fail;                                  /* column + 1; 0: none */
    int64_t test_ms;
    int32_t touch;
    const char *part_id, *part_text;
    const struct xl_mark *marks;
    size_t mark_count;
    int32_t ordinal; /* 0: as they come */
};

struct bench {
    struct arena *arena;
    struct xl_table table;
    uint32_t rows_a_group; /* 0: one group */
    struct xl_test *tests;
    struct xl_column *columns;
    size_t rows, capacity;
    struct bench_part *parts;
    float **values; /* a row each: column_count floats */
    bool finished;
};

static inline float bench_missing(void)
{
    union {
        uint32_t u;
        float f;
    } v = {.u = XL_MISSING_BITS};
    return v.f;
}

static inline struct bench *bench_new(const char *source, const char *wafer)
{
    struct bench *b = memory_new(1, sizeof *b);
    b->arena = arena_new();
    b->table = (struct xl_table){.source = source,
                                 .lot = "LOT",
                                 .sublot = "",
                                 .wafer = wafer ? wafer : "",
                                 .is_wafer = wafer != NULL,
                                 .product = "",
                                 .test_code = "",
                                 .program = "",
                                 .program_revision = "",
                                 .tester = "",
                                 .tester_type = "",
                                 .operator_name = "",
                                 .temperature = "",
                                 .start_time = 1000};
    b->table.config = (struct xl_wafer_config){
        .flat = ' ', .center_x = XL_NO_COORDINATE, .center_y = XL_NO_COORDINATE, .positive_x = ' ', .positive_y = ' '};
    b->tests = arena_take(b->arena, 4096, sizeof *b->tests);
    b->columns = arena_take(b->arena, 16384, sizeof *b->columns);
    b->table.tests = b->tests;
    b->table.columns = b->columns;
    return b;
}

static inline struct xl_test *bench_test_pins(struct bench *b, enum xl_test_kind kind, uint32_t number, const char *name, float low,
                                              float high, uint32_t pins, uint32_t executions)
{
    uint32_t *columns = arena_take(b->arena, (size_t)pins * executions, sizeof *columns);
    struct xl_test *t = &b->tests[b->table.test_count];
    *t = (struct xl_test){.kind = kind,
                          .number = number,
                          .name = name,
                          .units = "",
                          .result_format = "",
                          .limits_known = !isnan(low) || !isnan(high),
                          .low = low,
                          .high = high,
                          .low_spec = NAN,
                          .high_spec = NAN,
                          .column_count = pins * executions,
                          .columns = columns};
    for (uint32_t pin = 0; pin < pins; pin++)
        for (uint32_t e = 0; e < executions; e++) {
            *columns++ = (uint32_t)b->table.column_count;
            b->columns[b->table.column_count++] =
                (struct xl_column){.test = (uint32_t)b->table.test_count, .pin = pin, .pin_name = "", .execution = e};
        }
    b->table.test_count++;
    return t;
}

static inline struct xl_test *bench_test(struct bench *b, enum xl_test_kind kind, uint32_t number, const char *name, float low, float high)
{
    return bench_test_pins(b, kind, number, name, low, high, 1, 1);
}

/* `values`: one for each column, NULL when there are no tests. Declare the tests first. */
static inline void bench_part(struct bench *b, struct bench_part part, const float *values)
{
    if (b->rows == b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 64;
        b->parts = memory_grow(b->parts, b->capacity, sizeof *b->parts);
        b->values = memory_grow(b->values, b->capacity, sizeof *b->values);
    }
    b->parts[b->rows] = part;
    b->values[b->rows] = values ? arena_copy(b->arena, values, b->table.column_count * sizeof *values) : NULL;
    b->rows++;
}

static inline struct xl_bytes bench_bytes(const char *text)
{
    return (struct xl_bytes){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

static inline const struct xl_table *bench_table(struct bench *b)
{
    if (b->finished)
        return &b->table;
    b->finished = true;
    size_t most = b->rows_a_group ? b->rows_a_group : b->rows, count = most ? (b->rows + most - 1) / most : 0;
    struct xl_part_group *groups = arena_take(b->arena, count + 1, sizeof *groups);
    for (size_t i = 0; i < count; i++) {
        size_t first = i * most, rows = b->rows - first < most ? b->rows - first : most;
        struct xl_part_group *g = &groups[i];
        g->rows = (uint32_t)rows;
#define PART_COLUMN(type, name, what) type *name = arena_take(b->arena, rows, sizeof *name);
        XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
        const float **values = arena_take(b->arena, b->table.column_count + 1, sizeof *values);
        for (size_t r = 0; r < rows; r++) {
            const struct bench_part *p = &b->parts[first + r];
            ordinal[r] = p->ordinal ? p->ordinal : (int32_t)(first + r);
            head[r] = p->head;
            site[r] = p->site;
            x[r] = p->x;
            y[r] = p->y;
            hard_bin[r] = p->hard_bin;
            soft_bin[r] = p->soft_bin;
            flags[r] = p->flags;
            test_ms[r] = p->test_ms;
            touch[r] = p->touch;
            first_fail[r] = p->first_fail - 1;
            begin[r] = 100 * (int64_t)ordinal[r];
            end[r] = begin[r] + 100;
            part_id[r] = bench_bytes(p->part_id);
            part_text[r] = bench_bytes(p->part_text);
            marks[r] = (struct xl_bytes){(const uint8_t *)p->marks, (uint32_t)(p->mark_count * sizeof *p->marks)};
        }
        for (size_t c = 0; c < b->table.column_count; c++) {
            bool any = false;
            float *column = arena_take(b->arena, rows, sizeof *column);
            for (size_t r = 0; r < rows; r++) {
                column[r] = b->values[first + r] ? b->values[first + r][c] : bench_missing();
                any |= !xl_is_missing(column[r]);
            }
            values[c] = any ? column : NULL;
        }
#define PART_COLUMN(type, name, what) g->name = name;
        XL_PART_COLUMNS(PART_COLUMN)
#undef PART_COLUMN
        g->values = values;
    }
    b->table.groups = groups;
    b->table.group_count = count;
    b->table.rows = b->rows;
    return &b->table;
}

static inline void bench_free(struct bench *b)
{
    arena_free(b->arena);
    free(b->parts);
    free(b->values);
    free(b);
}
