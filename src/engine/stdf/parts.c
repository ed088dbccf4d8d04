/* parts.c: what one asks of tables: names of columns, rows, verdicts; and all tables of a file in memory. */
#include <xinlian/parts.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"

size_t xl_column_name(const struct xl_table *t, uint32_t column, char *out, size_t size)
{
    static const char kinds[] = {[XL_TEST_PTR] = 'P', [XL_TEST_MPR] = 'M', [XL_TEST_FTR] = 'F', [XL_TEST_STR] = 'S'};
    const struct xl_column *c = &t->columns[column];
    const struct xl_test *test = &t->tests[c->test];
    int length = snprintf(out, size, "%c%u", kinds[test->kind], test->number);
    size_t at = length > 0 ? (size_t)length : 0;
#define ADD(...)                                                                                                                           \
    do {                                                                                                                                   \
        int added_ = snprintf(at < size ? out + at : NULL, at < size ? size - at : 0, __VA_ARGS__);                                        \
        at += added_ > 0 ? (size_t)added_ : 0;                                                                                             \
    } while (0)
    if (*test->name)
        ADD("_%s", test->name);
    if (test->kind == XL_TEST_MPR) {
        if (*c->pin_name)
            ADD("[%u:%s]", c->pin, c->pin_name);
        else
            ADD("[%u]", c->pin);
    }
    if (c->execution)
        ADD("#%u", c->execution + 1);
#undef ADD
    return at;
}

struct column_label {
    char *name;
    uint32_t column;
};

static int label_order(const void *a, const void *b)
{
    const struct column_label *x = a, *y = b;
    int order = strcasecmp(x->name, y->name);
    return order ? order : (x->column > y->column) - (x->column < y->column);
}

char **xl_column_names(const struct xl_table *t)
{
    struct column_label *labels = memory_new(t->column_count, sizeof *labels);
    size_t bytes = 0;
    for (uint32_t c = 0; c < t->column_count; c++) {
        size_t length = xl_column_name(t, c, NULL, 0);
        labels[c] = (struct column_label){memory_new(length + 1, 1), c};
        xl_column_name(t, c, labels[c].name, length + 1);
    }
    for (bool clash = true; clash;) { /* a number may clash with a test that is called so: look again */
        clash = false;
        if (t->column_count)
            qsort(labels, t->column_count, sizeof *labels, label_order);
        for (uint32_t i = 1; i < t->column_count; i++) {
            if (strcasecmp(labels[i - 1].name, labels[i].name) != 0)
                continue;
            size_t size = strlen(labels[i].name) + 16;
            char *name = memory_new(size, 1);
            snprintf(name, size, "%s~%u", labels[i].name, labels[i].column);
            free(labels[i].name);
            labels[i].name = name;
            clash = true;
        }
    }
    for (uint32_t i = 0; i < t->column_count; i++)
        bytes += strlen(labels[i].name) + 1;
    char **names = memory_new(1, t->column_count * sizeof *names + bytes), *at = (char *)(names + t->column_count);
    for (uint32_t i = 0; i < t->column_count; i++) {
        size_t size = strlen(labels[i].name) + 1;
        memcpy(at, labels[i].name, size);
        names[labels[i].column] = at;
        at += size;
        free(labels[i].name);
    }
    free(labels);
    return names;
}

void xl_table_locate(const struct xl_table *t, uint64_t row, size_t *group, uint32_t *at)
{
    size_t g = 0;
    while (g < t->group_count && row >= t->groups[g].rows)
        row -= t->groups[g++].rows;
    if (g == t->group_count)
        BUG("row beyond the table");
    *group = g;
    *at = (uint32_t)row;
}

static char pass_mark(const struct xl_bin *bins, size_t count, int32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (bins[i].number == number && (bins[i].pass == 'P' || bins[i].pass == 'F'))
            return bins[i].pass;
    return ' ';
}

bool xl_part_passed(const struct xl_table *t, const struct xl_part_group *g, uint32_t at, const uint16_t *pass_bins, size_t count,
                    bool *by_bin)
{
    int32_t flags = g->flags[at], hard = g->hard_bin[at];
    if (by_bin)
        *by_bin = false;
    if (flags & XL_PART_UNFINISHED)
        return false;
    if (count) {
        for (size_t i = 0; i < count; i++)
            if (hard == pass_bins[i])
                return true;
        return false;
    }
    if (!(flags & XL_PART_NO_VERDICT))
        return !(flags & XL_PART_FAILED);
    if (by_bin)
        *by_bin = true;
    char mark = pass_mark(t->hard_bins, t->hard_bin_count, hard);
    if (mark == ' ')
        mark = pass_mark(t->soft_bins, t->soft_bin_count, g->soft_bin[at]);
    return mark == ' ' ? hard == 1 : mark == 'P';
}

/* ---- All tables in memory ----------------------------------------------------------------------------------------- */

struct collected { /* of one table */
    struct xl_part_group **groups;
    uint32_t *columns; /* how many each group's values have */
    size_t count, capacity;
    struct xl_part_group *published; /* the same groups as the finished table shows them, with values for all its columns */
};

struct tables {
    struct xl_tables tables;
    struct xl_loader *loader;
    struct collected *collected; /* by key */
    uint32_t key_count;
    struct xl_table **list;
};

static struct collected *collected_of(struct tables *t, uint32_t key)
{
    if (key >= t->key_count) {
        t->collected = memory_grow(t->collected, key + 1, sizeof *t->collected);
        memset(t->collected + t->key_count, 0, (key + 1 - t->key_count) * sizeof *t->collected);
        t->key_count = key + 1;
    }
    return &t->collected[key];
}

static bool collect_group(void *context, uint32_t key, struct xl_part_group *group, uint32_t column_count, struct xl_error *error)
{
    (void)error;
    struct collected *c = collected_of(context, key);
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 1;
        c->groups = memory_grow(c->groups, c->capacity, sizeof *c->groups);
        c->columns = memory_grow(c->columns, c->capacity, sizeof *c->columns);
    }
    c->groups[c->count] = group;
    c->columns[c->count++] = column_count;
    return true;
}

/* The finished table gets its groups; early groups, which know fewer columns, get longer lists of values. */
static bool collect_table(void *context, uint32_t key, struct xl_table *table, struct xl_error *error)
{
    (void)error;
    struct tables *t = context;
    struct collected *c = collected_of(t, key);
    struct xl_part_group *groups = memory_new(c->count, sizeof *groups);
    for (size_t i = 0; i < c->count; i++) {
        groups[i] = *c->groups[i];
        const float **values = memory_new(table->column_count, sizeof *values);
        if (c->columns[i])
            memcpy(values, groups[i].values, c->columns[i] * sizeof *values);
        groups[i].values = values;
    }
    c->published = groups;
    table->groups = groups;
    table->group_count = c->count;
    t->list = memory_grow(t->list, t->tables.count + 1, sizeof *t->list);
    t->list[t->tables.count++] = table;
    return true;
}

static void tables_release(struct xl_tables *tables)
{
    struct tables *t = (struct tables *)tables;
    for (uint32_t k = 0; k < t->key_count; k++) {
        struct collected *c = &t->collected[k];
        for (size_t i = 0; i < c->count; i++) {
            if (c->published)
                free((void *)c->published[i].values);
            xl_group_free(c->groups[i]);
        }
        free(c->published);
        free(c->groups);
        free(c->columns);
    }
    free(t->collected);
    free(t->list);
    xl_loader_free(t->loader);
    free(t);
}

struct xl_tables *xl_tables_load(struct xl_input *input, const struct xl_load_options *options, struct xl_error *error)
{
    struct tables *t = memory_new(1, sizeof *t);
    t->loader = xl_load(input, options, (struct xl_receiver){collect_group, collect_table, t}, error);
    if (!t->loader) {
        tables_release(&t->tables);
        return NULL;
    }
    t->tables.at = t->list;
    t->tables.release = tables_release;
    t->tables.findings = t->tables.count ? t->list[0]->findings : NULL;
    return &t->tables;
}

void xl_tables_free(struct xl_tables *tables)
{
    if (tables)
        tables->release(tables);
}
