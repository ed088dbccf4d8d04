/* random_table.c: tables for tests. */
#include "engine/wafer/random_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/wafer/parquet.h"

struct random {
    uint64_t state;
    struct arena *arena;
    bool is_plain;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(struct random *r, uint32_t bound)
{
    return (uint32_t)(next(r) % bound);
}

static bool one_in(struct random *r, uint32_t n)
{
    return below(r, n) == 0;
}

static const char *text(struct random *r)
{
    static const char *const pieces[] = {"a",   "B",  "Icc", "leak", " ",  "_",  "1",   "漏电",    "电流", "é",
                                         "µA",  "\"", "'",   "\t",   "\n", "\\", "\\t", "\r",      ";",    "😀",
                                         "[0]", "#2", "~3",  "/",    ".",  "`",  "--",  "PART_ID", "x"};
    char out[256] = "";
    for (uint32_t n = below(r, 8); n > 0; n--)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s", pieces[below(r, r->is_plain ? 4 : sizeof pieces / sizeof *pieces)]);
    return arena_text(r->arena, out, strlen(out));
}

static float any_float(struct random *r)
{
    static const uint32_t special[] = {0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, XL_REAL_NAN_BITS,
                                       0x7f800001, 0x7fc00001, 1,          0x7f7fffff, 0x00800000, 0xff7fffff};
    uint32_t bits;
    float value;
    if (r->is_plain)
        return (float)((int32_t)below(r, 2000001) - 1000000) * 1e-6f;
    if (one_in(r, 4))
        bits = special[below(r, sizeof special / sizeof *special)];
    else
        bits = (uint32_t)next(r);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float limit(struct random *r)
{
    return one_in(r, 3) ? NAN : any_float(r);
}

static char character(struct random *r)
{
    static const char some[] = "UDLR 'PF\t\n\\";
    return r->is_plain || !one_in(r, 4) ? some[below(r, 4)] : (char)(unsigned char)below(r, 256);
}

static void fill_tests(struct random *r, struct xl_table *t, uint32_t count)
{
    struct xl_test *tests = arena_take(r->arena, count, sizeof *tests);
    struct xl_column *columns = arena_take(r->arena, (size_t)count * 12, sizeof *columns);
    uint32_t *list = arena_take(r->arena, (size_t)count * 12, sizeof *list);
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct xl_test *test = &tests[i];
        test->kind = r->is_plain ? XL_TEST_PTR : (enum xl_test_kind)below(r, 4);
        test->number = r->is_plain ? 1000 + i : below(r, 4) ? below(r, 50) : (uint32_t)next(r);
        test->name = text(r);
        test->units = text(r);
        test->result_format = text(r);
        test->result_scale = (int8_t)below(r, 256);
        test->low_scale = (int8_t)below(r, 256);
        test->high_scale = (int8_t)below(r, 256);
        test->limits_known = !one_in(r, 4);
        test->low = limit(r);
        test->high = limit(r);
        test->low_spec = limit(r);
        test->high_spec = limit(r);
        test->low_inclusive = one_in(r, 2);
        test->high_inclusive = one_in(r, 2);
        test->executed = one_in(r, 9) ? UINT64_MAX : below(r, 100000);
        if (!r->is_plain && one_in(r, 5)) {
            test->change_count = 1 + below(r, 3);
            struct xl_limit_change *changes = arena_take(r->arena, test->change_count, sizeof *changes);
            for (uint32_t c = 0; c < test->change_count; c++)
                changes[c] = (struct xl_limit_change){next(r), (uint32_t)next(r), next(r), limit(r), limit(r)};
            test->changes = changes;
        }
        uint32_t pins = test->kind == XL_TEST_MPR ? 1 + below(r, 4) : 1, executions = one_in(r, 8) ? 3 : 1;
        test->column_count = pins * executions;
        test->columns = list;
        for (uint32_t pin = 0; pin < pins; pin++) {
            const char *pin_name = test->kind == XL_TEST_MPR ? text(r) : "";
            for (uint32_t e = 0; e < executions; e++, list++) {
                /* Columns of later executions come later in the table than their order in the test. */
                *list = used + e * pins + pin;
                columns[*list] = (struct xl_column){i, pin, pins > 1 ? below(r, 70000) : 0, pin_name, e};
            }
        }
        used += pins * executions;
    }
    t->tests = tests;
    t->test_count = count;
    t->columns = columns;
    t->column_count = used;
}

static const struct xl_bin *some_bins(struct random *r, size_t *count)
{
    *count = below(r, 6);
    struct xl_bin *bins = arena_take(r->arena, *count, sizeof *bins);
    for (size_t i = 0; i < *count; i++)
        bins[i] = (struct xl_bin){(uint16_t)next(r), (uint8_t)next(r), (uint8_t)next(r), character(r), text(r), (uint32_t)next(r)};
    return bins;
}

static struct xl_part_count part_count(struct random *r)
{
    struct xl_part_count c = {(uint8_t)next(r), (uint8_t)next(r), (uint32_t)next(r), UINT32_MAX, below(r, 9), 0, UINT32_MAX - 1};
    return c;
}

static void fill_heading(struct random *r, struct xl_table *t)
{
    const char **texts[] = {&t->source,  &t->lot,         &t->sublot,        &t->wafer,
                            &t->product, &t->test_code,   &t->program,       &t->program_revision,
                            &t->tester,  &t->tester_type, &t->operator_name, &t->temperature};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = text(r);
    if (one_in(r, 2))
        for (int i = 0; i < 64; i++)
            t->raw_sha256[i] = "0123456789abcdef"[below(r, 16)];
    t->is_wafer = one_in(r, 2);
    t->setup_time = (int64_t)below(r, UINT32_MAX);
    t->start_time = one_in(r, 3) ? 0 : (int64_t)next(r);
    t->finish_time = INT64_MIN;
    t->big_endian = one_in(r, 2);
    t->is_retest = one_in(r, 2);
    t->retest_bin_count = t->is_retest ? below(r, 4) : 0;
    uint16_t *bins = arena_take(r->arena, t->retest_bin_count, sizeof *bins);
    for (size_t i = 0; i < t->retest_bin_count; i++)
        bins[i] = (uint16_t)next(r);
    t->retest_bins = bins;
    t->config = (struct xl_wafer_config){any_float(r),     any_float(r),     any_float(r), (uint8_t)next(r), character(r),
                                         (int16_t)next(r), (int16_t)next(r), character(r), character(r)};
    t->named_count = below(r, 5);
    struct xl_named *named = arena_take(r->arena, t->named_count, sizeof *named);
    for (size_t i = 0; i < t->named_count; i++)
        named[i] = (struct xl_named){text(r), text(r)};
    t->named = named;
    t->has_wrr = one_in(r, 2);
    if (t->has_wrr)
        t->wrr = part_count(r);
    t->count_count = below(r, 4);
    struct xl_part_count *counts = arena_take(r->arena, t->count_count, sizeof *counts);
    for (size_t i = 0; i < t->count_count; i++)
        counts[i] = part_count(r);
    t->counts = counts;
    t->hard_bins = some_bins(r, &t->hard_bin_count);
    t->soft_bins = some_bins(r, &t->soft_bin_count);
    t->pin_count = below(r, 5);
    struct xl_pin *pins = arena_take(r->arena, t->pin_count, sizeof *pins);
    for (size_t i = 0; i < t->pin_count; i++)
        pins[i] = (struct xl_pin){(uint16_t)next(r), (uint8_t)next(r), (uint8_t)next(r), text(r), text(r), text(r)};
    t->pins = pins;
    struct xl_findings *findings = xl_findings_new();
    for (uint32_t i = r->is_plain ? 0 : below(r, 300); i > 0; i--)
        xl_findings_add(findings, (enum xl_finding_kind)below(r, one_in(r, 2) ? XL_FINDING_KINDS : 2), next(r) >> 20, below(r, 99), "%s",
                        text(r));
    t->findings = findings;
}

static struct xl_bytes bytes_of_text(struct random *r)
{
    const char *value = text(r);
    return (struct xl_bytes){(const uint8_t *)value, (uint32_t)strlen(value)};
}

static struct xl_bytes some_marks(struct random *r, const struct xl_table *t)
{
    uint32_t count = t->column_count && one_in(r, 3) ? below(r, 5) : 0;
    struct xl_mark *marks = arena_take(r->arena, count, sizeof *marks);
    for (uint32_t i = 0; i < count; i++)
        marks[i] = (struct xl_mark){below(r, (uint32_t)t->column_count), (uint8_t)next(r), (uint8_t)next(r), one_in(r, 2), 0, any_float(r)};
    return (struct xl_bytes){(const uint8_t *)marks, count * (uint32_t)sizeof *marks};
}

static int32_t part_number(struct random *r, const struct xl_table *t, const char *name)
{
    if (strcmp(name, "head") == 0 || strcmp(name, "site") == 0)
        return (int32_t)below(r, 256);
    if (strcmp(name, "x") == 0 || strcmp(name, "y") == 0)
        return (int32_t)below(r, 65536) - 32768;
    if (strcmp(name, "hard_bin") == 0 || strcmp(name, "soft_bin") == 0)
        return (int32_t)below(r, 65536);
    if (strcmp(name, "first_fail") == 0)
        return (int32_t)below(r, (uint32_t)t->column_count + 1) - 1;
    return (int32_t)next(r);
}

static void fill_group(struct random *r, const struct xl_table *t, struct xl_part_group *g, uint32_t rows)
{
    g->rows = rows;
    for (int c = 0; c < PARQUET_PART_COLUMNS; c++) {
        const struct parquet_part_column *column = &parquet_part_columns[c];
        int32_t *numbers = arena_take(r->arena, rows, sizeof *numbers);
        int64_t *longs = arena_take(r->arena, rows, sizeof *longs);
        struct xl_bytes *texts = arena_take(r->arena, rows, sizeof *texts);
        for (uint32_t i = 0; i < rows; i++) {
            numbers[i] = part_number(r, t, column->name);
            longs[i] = (int64_t)next(r);
            texts[i] = column->is_text ? bytes_of_text(r) : some_marks(r, t);
        }
        const void *values = column->type == PARQUET_INT32 ? (void *)numbers : column->type == PARQUET_INT64 ? (void *)longs : texts;
        memcpy((uint8_t *)g + column->offset, &values, sizeof values);
    }
    const float **values = arena_take(r->arena, t->column_count, sizeof *values);
    for (size_t c = 0; c < t->column_count; c++) {
        if (one_in(r, 7))
            continue;
        float *column = arena_take(r->arena, rows, sizeof *column);
        bool holes = one_in(r, 3);
        for (uint32_t i = 0; i < rows; i++) {
            column[i] = any_float(r);
            if (holes && one_in(r, 2))
                memset(&column[i], 0xff, sizeof *column);
        }
        values[c] = column;
    }
    g->values = values;
}

struct xl_table *random_table(struct arena *arena, const struct random_table_options *options)
{
    struct random random = {.state = options->seed, .arena = arena, .is_plain = options->is_plain}, *r = &random;
    struct xl_table *t = arena_take(arena, 1, sizeof *t);
    fill_heading(r, t);
    fill_tests(r, t, options->tests);
    struct xl_part_group *groups = arena_take(arena, options->groups, sizeof *groups);
    for (uint32_t g = 0; g < options->groups; g++) {
        uint32_t rows = r->is_plain ? options->rows : below(r, options->rows) + !one_in(r, 8);
        fill_group(r, t, &groups[g], rows);
        t->rows += rows;
    }
    t->groups = groups;
    t->group_count = options->groups;
    return t;
}

/* ---- Comparing ------------------------------------------------------------------------------------------------------ */

#define SAME(what, condition)                                                                                                              \
    if (!(condition))                                                                                                                      \
    return what
#define SAME_TEXT(what)   SAME(#what, strcmp(a->what, b->what) == 0)
#define SAME_NUMBER(what) SAME(#what, a->what == b->what)
/* Floats by their bits. */
#define SAME_BITS(what) SAME(#what, memcmp(&a->what, &b->what, sizeof a->what) == 0)

static const char *part_count_difference(const struct xl_part_count *a, const struct xl_part_count *b)
{
    SAME_NUMBER(head);
    SAME_NUMBER(site);
    SAME_NUMBER(parts);
    SAME_NUMBER(retested);
    SAME_NUMBER(aborted);
    SAME_NUMBER(good);
    SAME_NUMBER(functional);
    return NULL;
}

static const char *test_difference(const struct xl_test *a, const struct xl_test *b)
{
    SAME_NUMBER(kind);
    SAME_NUMBER(number);
    SAME_TEXT(name);
    SAME_TEXT(units);
    SAME_TEXT(result_format);
    SAME_NUMBER(result_scale);
    SAME_NUMBER(low_scale);
    SAME_NUMBER(high_scale);
    SAME_NUMBER(limits_known);
    SAME_BITS(low);
    SAME_BITS(high);
    SAME_BITS(low_spec);
    SAME_BITS(high_spec);
    SAME_NUMBER(low_inclusive);
    SAME_NUMBER(high_inclusive);
    SAME_NUMBER(executed);
    SAME_NUMBER(column_count);
    SAME("test columns", a->column_count == 0 || memcmp(a->columns, b->columns, a->column_count * sizeof *a->columns) == 0);
    SAME_NUMBER(change_count);
    for (uint32_t i = 0; i < a->change_count; i++) {
        SAME_NUMBER(changes[i].offset);
        SAME_NUMBER(changes[i].row);
        SAME_NUMBER(changes[i].results);
        SAME_BITS(changes[i].low);
        SAME_BITS(changes[i].high);
    }
    return NULL;
}

static const char *bins_difference(const struct xl_bin *as, const struct xl_bin *bs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct xl_bin *a = &as[i], *b = &bs[i];
        SAME_NUMBER(number);
        SAME_NUMBER(head);
        SAME_NUMBER(site);
        SAME_NUMBER(pass);
        SAME_NUMBER(count);
        SAME_TEXT(name);
    }
    return NULL;
}

static const char *heading_difference(const struct xl_table *a, const struct xl_table *b)
{
    SAME_TEXT(source);
    SAME_TEXT(raw_sha256);
    SAME_TEXT(lot);
    SAME_TEXT(sublot);
    SAME_TEXT(wafer);
    SAME_TEXT(product);
    SAME_TEXT(test_code);
    SAME_TEXT(program);
    SAME_TEXT(program_revision);
    SAME_TEXT(tester);
    SAME_TEXT(tester_type);
    SAME_TEXT(operator_name);
    SAME_TEXT(temperature);
    SAME_NUMBER(is_wafer);
    SAME_NUMBER(setup_time);
    SAME_NUMBER(start_time);
    SAME_NUMBER(finish_time);
    SAME_NUMBER(big_endian);
    SAME_NUMBER(is_retest);
    SAME_NUMBER(retest_bin_count);
    SAME("retest_bins",
         a->retest_bin_count == 0 || memcmp(a->retest_bins, b->retest_bins, a->retest_bin_count * sizeof *a->retest_bins) == 0);
    SAME_BITS(config.wafer_size);
    SAME_BITS(config.die_height);
    SAME_BITS(config.die_width);
    SAME_NUMBER(config.units);
    SAME_NUMBER(config.flat);
    SAME_NUMBER(config.center_x);
    SAME_NUMBER(config.center_y);
    SAME_NUMBER(config.positive_x);
    SAME_NUMBER(config.positive_y);
    SAME_NUMBER(named_count);
    for (size_t i = 0; i < a->named_count; i++) {
        SAME_TEXT(named[i].name);
        SAME_TEXT(named[i].value);
    }
    SAME_NUMBER(has_wrr);
    const char *difference = a->has_wrr ? part_count_difference(&a->wrr, &b->wrr) : NULL;
    SAME_NUMBER(count_count);
    for (size_t i = 0; i < a->count_count && !difference; i++)
        difference = part_count_difference(&a->counts[i], &b->counts[i]);
    if (difference)
        return difference;
    SAME_NUMBER(hard_bin_count);
    SAME_NUMBER(soft_bin_count);
    SAME("hard bins", !bins_difference(a->hard_bins, b->hard_bins, a->hard_bin_count));
    SAME("soft bins", !bins_difference(a->soft_bins, b->soft_bins, a->soft_bin_count));
    SAME_NUMBER(pin_count);
    for (size_t i = 0; i < a->pin_count; i++) {
        SAME_NUMBER(pins[i].index);
        SAME_NUMBER(pins[i].head);
        SAME_NUMBER(pins[i].site);
        SAME_TEXT(pins[i].name);
        SAME_TEXT(pins[i].channel);
        SAME_TEXT(pins[i].physical);
    }
    return NULL;
}

static const char *findings_difference(const struct xl_findings *as, const struct xl_findings *bs)
{
    for (int kind = 0; kind < XL_FINDING_KINDS; kind++) {
        SAME("findings count", xl_findings_count(as, (enum xl_finding_kind)kind) == xl_findings_count(bs, (enum xl_finding_kind)kind));
        SAME("findings skipped",
             xl_findings_skipped(as, (enum xl_finding_kind)kind) == xl_findings_skipped(bs, (enum xl_finding_kind)kind));
    }
    SAME("findings kept", xl_findings_kept(as) == xl_findings_kept(bs));
    for (size_t i = 0; i < xl_findings_kept(as); i++) {
        const struct xl_finding *a = xl_findings_at(as, i), *b = xl_findings_at(bs, i);
        SAME_NUMBER(kind);
        SAME_NUMBER(offset);
        SAME_NUMBER(length);
        SAME_TEXT(detail);
    }
    return NULL;
}

static bool value_is_same(const struct parquet_part_column *column, const void *a, uint32_t at_a, const void *b, uint32_t at_b)
{
    if (column->type == PARQUET_INT32)
        return ((const int32_t *)a)[at_a] == ((const int32_t *)b)[at_b];
    if (column->type == PARQUET_INT64)
        return ((const int64_t *)a)[at_a] == ((const int64_t *)b)[at_b];
    const struct xl_bytes *x = (const struct xl_bytes *)a + at_a, *y = (const struct xl_bytes *)b + at_b;
    return x->length == y->length && (x->length == 0 || memcmp(x->bytes, y->bytes, x->length) == 0);
}

static uint32_t result_bits(const float *values, uint32_t at)
{
    uint32_t bits = XL_MISSING_BITS;
    if (values)
        memcpy(&bits, &values[at], sizeof bits);
    return bits;
}

static const char *row_difference(const struct xl_table *t, const struct xl_part_group *a, uint32_t at_a, const struct xl_part_group *b,
                                  uint32_t at_b)
{
    for (int c = 0; c < PARQUET_PART_COLUMNS; c++) {
        const void *x, *y;
        memcpy(&x, (const uint8_t *)a + parquet_part_columns[c].offset, sizeof x);
        memcpy(&y, (const uint8_t *)b + parquet_part_columns[c].offset, sizeof y);
        SAME(parquet_part_columns[c].name, value_is_same(&parquet_part_columns[c], x, at_a, y, at_b));
    }
    for (size_t c = 0; c < t->column_count; c++)
        SAME("results", result_bits(a->values[c], at_a) == result_bits(b->values[c], at_b));
    return NULL;
}

const char *table_difference(const struct xl_table *a, const struct xl_table *b)
{
    const char *difference = heading_difference(a, b);
    if (difference)
        return difference;
    SAME_NUMBER(test_count);
    for (size_t i = 0; i < a->test_count; i++)
        if ((difference = test_difference(&a->tests[i], &b->tests[i])))
            return difference;
    SAME_NUMBER(column_count);
    for (size_t i = 0; i < a->column_count; i++) {
        SAME_NUMBER(columns[i].test);
        SAME_NUMBER(columns[i].pin);
        SAME_NUMBER(columns[i].pin_index);
        SAME_NUMBER(columns[i].execution);
        SAME_TEXT(columns[i].pin_name);
    }
    SAME_NUMBER(rows);
    size_t group_a = 0, group_b = 0;
    uint32_t at_a = 0, at_b = 0;
    for (uint64_t row = 0; row < a->rows; row++, at_a++, at_b++) {
        for (; at_a == a->groups[group_a].rows; at_a = 0)
            group_a++;
        for (; at_b == b->groups[group_b].rows; at_b = 0)
            group_b++;
        if ((difference = row_difference(a, &a->groups[group_a], at_a, &b->groups[group_b], at_b)))
            return difference;
    }
    return findings_difference(a->findings, b->findings);
}
