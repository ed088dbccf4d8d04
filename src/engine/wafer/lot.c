/* lot.c: a lot from tables: their order, the wafers they belong to, the tests they share. */
#include <xinlian/wafer.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/wafer/filter.h"
#include "engine/wafer/lot.h"

struct lot_list {
    struct lot_list *next;
    enum list_kind kind;
    int64_t wafer;
    size_t count;
    void *rows;
};

/* ---- Life --------------------------------------------------------------------------------------------------------- */

static const char *copied(struct arena *arena, const char *text)
{
    return text ? arena_text(arena, text, strlen(text)) : NULL;
}

struct xl_lot *xl_lot_new(const struct xl_lot_options *options)
{
    struct xl_lot *lot = memory_new(1, sizeof *lot);
    lot->arena = arena_new();
    lot->stops_on_fail = -1;
    lot->name = "";
    if (pthread_mutex_init(&lot->lock, NULL) != 0)
        BUG("a mutex cannot be made");
    if (options) {
        struct xl_corrections *c = &lot->options.corrections;
        lot->options = *options;
        c->lot = copied(lot->arena, c->lot);
        c->wafer = copied(lot->arena, c->wafer);
        if (c->pass_bin_count)
            c->pass_bins = arena_copy(lot->arena, c->pass_bins, c->pass_bin_count * sizeof *c->pass_bins);
    }
    return lot;
}

void xl_lot_free(struct xl_lot *lot)
{
    if (!lot)
        return;
    for (struct lot_list *list = lot->lists, *next; list; list = next) {
        next = list->next;
        free(list->rows);
        free(list);
    }
    plans_free(lot);
    pthread_mutex_destroy(&lot->lock);
    free(lot->added);
    arena_free(lot->arena);
    free(lot);
}

void xl_lot_add(struct xl_lot *lot, const struct xl_table *table)
{
    if (lot->is_built)
        BUG("a table is added to a lot that is already built");
    if (lot->added_count == lot->added_capacity) {
        lot->added_capacity = lot->added_capacity ? 2 * lot->added_capacity : 16;
        lot->added = memory_grow(lot->added, lot->added_capacity, sizeof *lot->added);
    }
    lot->added[lot->added_count++] = table;
}

/* ---- The order of tables ------------------------------------------------------------------------------------------ */

static int order_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int32_t first_ordinal(const struct xl_table *table)
{
    for (size_t i = 0; i < table->group_count; i++)
        if (table->groups[i].rows)
            return table->groups[i].ordinal[0];
    return INT32_MAX;
}

/* What is left when names and times are equal: the parts themselves, so that the order of adding never matters. */
static int group_content_order(const struct xl_part_group *a, const struct xl_part_group *b, size_t columns)
{
    int order = order_i64(a->rows, b->rows);
    for (uint32_t r = 0; !order && r < a->rows; r++) {
        order = order_i64(a->x[r], b->x[r]);
        order = order ? order : order_i64(a->y[r], b->y[r]);
        order = order ? order : order_i64(a->hard_bin[r], b->hard_bin[r]);
        order = order ? order : order_i64(a->soft_bin[r], b->soft_bin[r]);
        order = order ? order : order_i64(a->site[r], b->site[r]);
        order = order ? order : order_i64(a->test_ms[r], b->test_ms[r]);
        order = order ? order : order_i64(a->begin[r], b->begin[r]);
        order = order ? order : order_i64(a->end[r], b->end[r]);
    }
    for (size_t c = 0; !order && c < columns; c++) {
        order = order_i64(!a->values[c], !b->values[c]);
        if (!order && a->values[c])
            order = memcmp(a->values[c], b->values[c], a->rows * sizeof *a->values[c]);
    }
    return order;
}

static int content_order(const struct xl_table *a, const struct xl_table *b)
{
    int order = order_i64((int64_t)a->rows, (int64_t)b->rows);
    order = order ? order : order_i64((int64_t)a->column_count, (int64_t)b->column_count);
    for (size_t i = 0; !order && i < a->group_count && i < b->group_count; i++)
        order = group_content_order(&a->groups[i], &b->groups[i], a->column_count);
    return order;
}

static int table_order(const void *left, const void *right)
{
    const struct xl_table *a = *(const struct xl_table *const *)left, *b = *(const struct xl_table *const *)right;
    int order = order_i64(a->start_time, b->start_time);
    order = order ? order : strcmp(a->source, b->source);
    order = order ? order : strcmp(a->raw_sha256, b->raw_sha256);
    order = order ? order : order_i64(first_ordinal(a), first_ordinal(b));
    order = order ? order : order_i64(a->finish_time, b->finish_time);
    order = order ? order : strcmp(a->wafer, b->wafer);
    return order ? order : content_order(a, b);
}

static int file_order(const void *left, const void *right)
{
    const struct lot_table *a = *(struct lot_table *const *)left, *b = *(struct lot_table *const *)right;
    int order = strcmp(a->table->raw_sha256, b->table->raw_sha256);
    if (order || a->table->raw_sha256[0])
        return order;
    order = strcmp(a->table->source, b->table->source);
    return order ? order : order_i64((intptr_t)a->table->findings, (intptr_t)b->table->findings);
}

/* 0: the same parts, from the same file in another container or given twice. */
static int twin_order(const struct xl_table *a, const struct xl_table *b)
{
    int order = order_i64(a->start_time, b->start_time);
    order = order ? order : strcmp(a->wafer, b->wafer);
    order = order ? order : strcmp(a->sublot, b->sublot);
    order = order ? order : strcmp(a->test_code, b->test_code);
    order = order ? order : order_i64(a->is_wafer, b->is_wafer);
    order = order ? order : order_i64(first_ordinal(a), first_ordinal(b));
    return order ? order : content_order(a, b);
}

static int twin_place_order(const void *left, const void *right)
{
    const struct lot_table *a = *(struct lot_table *const *)left, *b = *(struct lot_table *const *)right;
    int order = twin_order(a->table, b->table);
    return order ? order : order_i64((intptr_t)a, (intptr_t)b); /* both in the lot's one array: the first stays */
}

/* Tells which tables come from one raw file, and which are there twice: one file given in two containers would count every part
 * twice. Without a start time only the hash can tell. */
static void number_files(struct xl_lot *lot)
{
    if (!lot->table_count)
        return;
    struct lot_table **sorted = memory_new(lot->table_count, sizeof *sorted);
    for (size_t i = 0; i < lot->table_count; i++)
        sorted[i] = &lot->tables[i];
    qsort(sorted, lot->table_count, sizeof *sorted, file_order);
    for (size_t i = 0; i < lot->table_count; i++)
        sorted[i]->file = i && file_order(&sorted[i - 1], &sorted[i]) == 0 ? sorted[i - 1]->file : lot->file_count++;
    qsort(sorted, lot->table_count, sizeof *sorted, twin_place_order);
    for (size_t i = 1; i < lot->table_count; i++) {
        const struct xl_table *a = sorted[i - 1]->table, *b = sorted[i]->table;
        bool same_hash = a->raw_sha256[0] && strcmp(a->raw_sha256, b->raw_sha256) == 0;
        sorted[i]->is_duplicate = a->rows && (a->start_time || same_hash) && twin_order(a, b) == 0;
    }
    free(sorted);
}

/* ---- Wafers ------------------------------------------------------------------------------------------------------- */

struct place { /* where a table belongs */
    bool is_wafer;
    const char *name, *sublot, *test_code;
    uint32_t table;
};

static struct place place_of(const struct xl_lot *lot, uint32_t index)
{
    const struct xl_table *t = lot->tables[index].table;
    const char *corrected = lot->options.corrections.wafer;
    struct place p = {t->is_wafer, t->wafer, t->sublot, t->test_code, index};
    if (corrected) {
        p.is_wafer = true;
        p.name = corrected;
    }
    if (!p.is_wafer)
        p.name = "";
    return p;
}

/* Numbers inside names by value: wafer 2 before wafer 10; equal only where the bytes are. */
static int natural_order(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x && *y) {
        bool digits = *x >= '0' && *x <= '9' && *y >= '0' && *y <= '9';
        if (!digits) {
            if (*x != *y)
                return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
            x++;
            y++;
            continue;
        }
        while (*x == '0')
            x++;
        while (*y == '0')
            y++;
        size_t m = strspn(x, "0123456789"), n = strspn(y, "0123456789");
        int order = m != n ? (m < n ? -1 : 1) : strncmp(x, y, m);
        if (order)
            return order;
        x += m;
        y += n;
    }
    if (*x || *y)
        return *x ? 1 : -1;
    return strcmp(a, b);
}

static int group_order(const struct place *a, const struct place *b)
{
    int order = strcmp(a->test_code, b->test_code);
    order = order ? order : order_i64(b->is_wafer, a->is_wafer);
    order = order ? order : natural_order(a->name, b->name);
    return order || a->is_wafer ? order : natural_order(a->sublot, b->sublot);
}

static int place_order(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = group_order(a, b);
    return order ? order : order_i64(a->table, b->table);
}

static bool has_config(const struct xl_wafer_config *c)
{
    return c->positive_x == 'L' || c->positive_x == 'R' || c->positive_y == 'U' || c->positive_y == 'D' || c->wafer_size > 0 ||
           (c->flat && c->flat != ' ');
}

/* Puts the retest files of a wafer last where a start time is missing: then only RDR tells what came later. */
static void order_wafer_tables(const struct xl_lot *lot, uint32_t *tables, size_t count)
{
    bool unknown = false;
    for (size_t i = 0; i < count; i++)
        unknown |= lot->tables[tables[i]].table->start_time == 0;
    if (!unknown)
        return;
    uint32_t *sorted = memory_new(count, sizeof *sorted);
    size_t n = 0;
    for (int retest = 0; retest < 2; retest++)
        for (size_t i = 0; i < count; i++)
            if (lot->tables[tables[i]].table->is_retest == (bool)retest)
                sorted[n++] = tables[i];
    memcpy(tables, sorted, count * sizeof *tables);
    free(sorted);
}

static bool build_wafers(struct xl_lot *lot, struct xl_error *error)
{
    size_t count = lot->table_count, wafers = 0;
    struct place *places = memory_new(count, sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[i] = place_of(lot, (uint32_t)i);
    if (count)
        qsort(places, count, sizeof *places, place_order);
    for (size_t i = 0; i < count; i++)
        wafers += i == 0 || group_order(&places[i - 1], &places[i]) != 0;
    lot->wafers = arena_take(lot->arena, wafers, sizeof *lot->wafers);
    for (size_t i = 0, next; i < count; i = next) {
        struct xl_wafer *w = &lot->wafers[lot->wafer_count];
        for (next = i + 1; next < count && group_order(&places[i], &places[next]) == 0; next++)
            ;
        uint32_t *tables = arena_take(lot->arena, next - i, sizeof *tables);
        for (size_t k = i; k < next; k++) {
            struct lot_table *t = &lot->tables[places[k].table];
            w->account.duplicates += t->is_duplicate;
            t->wafer = (uint32_t)lot->wafer_count;
            if (!t->is_duplicate)
                tables[w->table_count++] = places[k].table;
        }
        order_wafer_tables(lot, tables, w->table_count);
        w->tables = tables;
        w->name = places[i].name;
        w->is_wafer = places[i].is_wafer;
        w->sublot = places[i].sublot;
        w->test_code = places[i].test_code;
        w->config = lot->tables[tables[0]].table->config;
        for (size_t k = 1; k < w->table_count && !has_config(&w->config); k++)
            w->config = lot->tables[tables[k]].table->config;
        lot->wafer_count++;
    }
    free(places);
    for (size_t i = 0; i < lot->wafer_count; i++)
        if (!retest_apply(lot, &lot->wafers[i], error))
            return false;
    return true;
}

/* ---- Tests -------------------------------------------------------------------------------------------------------- */

static uint64_t test_hash(const struct xl_test *t, enum xl_test_key key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)t->kind;
    if (key != XL_KEY_NAME)
        h = (h ^ t->number) * UINT64_C(0x9e3779b97f4a7c15);
    if (key != XL_KEY_NUMBER)
        for (const char *c = t->name; *c; c++)
            h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return h ^ (h >> 29);
}

static bool test_same(const struct xl_test *a, const struct xl_test *b, enum xl_test_key key)
{
    return a->kind == b->kind && (key == XL_KEY_NAME || a->number == b->number) && (key == XL_KEY_NUMBER || strcmp(a->name, b->name) == 0);
}

static bool same_limit(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool limits_differ(const struct xl_test *a, const struct xl_test *b)
{
    return b->change_count || a->limits_known != b->limits_known ||
           (a->limits_known && (!same_limit(a->low, b->low) || !same_limit(a->high, b->high)));
}

/* The lot's tests in a table of open addressing; its slots hold index + 1. */
struct test_directory {
    uint32_t *slots;
    size_t mask;
};

static uint32_t test_join(struct xl_lot *lot, struct test_directory *d, const struct xl_test *t, enum xl_test_key key)
{
    size_t at = (size_t)test_hash(t, key) & d->mask;
    for (; d->slots[at]; at = (at + 1) & d->mask)
        if (test_same(lot->tests[d->slots[at] - 1].test, t, key))
            return d->slots[at] - 1;
    lot->tests[lot->test_count++] = (struct xl_lot_test){.test = t, .limits_differ = t->change_count != 0};
    d->slots[at] = (uint32_t)lot->test_count;
    return (uint32_t)lot->test_count - 1;
}

static void build_tests(struct xl_lot *lot)
{
    size_t most = 1;
    for (size_t i = 0; i < lot->table_count; i++)
        most += lot->tables[i].table->test_count;
    struct test_directory named = {.mask = 64}, numbered = {0};
    while (named.mask < 2 * most)
        named.mask *= 2;
    named.slots = memory_new(named.mask, sizeof *named.slots);
    numbered.mask = --named.mask;
    numbered.slots = memory_new(named.mask + 1, sizeof *numbered.slots);
    lot->tests = arena_take(lot->arena, most, sizeof *lot->tests);

    /* First the tests that have names, in order of table, so that the nameless find them wherever they stand. */
    for (int nameless = 0; nameless < 2; nameless++)
        for (size_t i = 0; i < lot->table_count; i++) {
            const struct xl_table *table = lot->tables[i].table;
            uint32_t *map = (uint32_t *)lot->tables[i].test;
            if (!map)
                lot->tables[i].test = map = arena_take(lot->arena, table->test_count + 1, sizeof *map);
            for (size_t k = 0; k < table->test_count; k++) {
                const struct xl_test *t = &table->tests[k];
                bool joins = lot->options.key == XL_KEY_BOTH && !*t->name;
                if (joins != (bool)nameless)
                    continue;
                if (joins) {
                    map[k] = test_join(lot, &numbered, t, XL_KEY_NUMBER);
                } else {
                    size_t before = lot->test_count;
                    map[k] = test_join(lot, &named, t, lot->options.key);
                    size_t at = (size_t)test_hash(t, XL_KEY_NUMBER) & numbered.mask;
                    while (numbered.slots[at] && !test_same(lot->tests[numbered.slots[at] - 1].test, t, XL_KEY_NUMBER))
                        at = (at + 1) & numbered.mask;
                    if (lot->test_count > before && !numbered.slots[at])
                        numbered.slots[at] = (uint32_t)lot->test_count;
                }
            }
        }
    free(named.slots);
    free(numbered.slots);

    lot->link_first = arena_take(lot->arena, lot->test_count + 2, sizeof *lot->link_first);
    lot->links = arena_take(lot->arena, most, sizeof *lot->links);
    for (size_t i = 0; i < lot->table_count; i++)
        for (size_t k = 0; k < lot->tables[i].table->test_count; k++)
            lot->link_first[lot->tables[i].test[k] + 2]++;
    for (size_t t = 0; t < lot->test_count; t++)
        lot->link_first[t + 2] += lot->link_first[t + 1];
    for (size_t i = 0; i < lot->table_count; i++)
        for (size_t k = 0; k < lot->tables[i].table->test_count; k++) {
            uint32_t t = lot->tables[i].test[k];
            lot->links[lot->link_first[t + 1]++] = (struct lot_link){(uint32_t)i, (uint32_t)k};
        }
    for (size_t t = 0; t < lot->test_count; t++) {
        struct lot_link first = lot->links[lot->link_first[t]];
        lot->tests[t].test = &lot->tables[first.table].table->tests[first.test];
        for (size_t l = lot->link_first[t]; l < lot->link_first[t + 1]; l++)
            lot->tests[t].limits_differ |=
                limits_differ(lot->tests[t].test, &lot->tables[lot->links[l].table].table->tests[lot->links[l].test]);
        /* A nameless first table must not take the name from the others. */
        for (size_t l = lot->link_first[t]; !*lot->tests[t].test->name && l < lot->link_first[t + 1]; l++)
            lot->tests[t].test = &lot->tables[lot->links[l].table].table->tests[lot->links[l].test];
    }
}

/* ---- Building ----------------------------------------------------------------------------------------------------- */

bool xl_lot_build(struct xl_lot *lot, struct xl_error *error)
{
    if (lot->is_built)
        BUG("a lot is built twice");
    lot->is_built = true;
    if (lot->added_count)
        qsort(lot->added, lot->added_count, sizeof *lot->added, table_order);
    lot->table_count = lot->added_count;
    lot->tables = arena_take(lot->arena, lot->table_count + 1, sizeof *lot->tables);
    for (size_t i = 0; i < lot->table_count; i++)
        lot->tables[i].table = lot->added[i];
    number_files(lot);
    if (lot->options.corrections.lot)
        lot->name = lot->options.corrections.lot;
    for (size_t i = 0; !*lot->name && i < lot->table_count; i++)
        lot->name = lot->tables[i].table->lot;
    build_tests(lot);
    if (lot->options.filter) {
        lot->filter = filter_begin(lot->options.filter, lot->added, lot->added_count, error);
        if (!lot->filter)
            return false;
    }
    bool good = build_wafers(lot, error);
    filter_end(lot->filter);
    lot->filter = NULL;
    return good;
}

size_t xl_lot_key(const struct xl_table *t, const struct xl_corrections *corrections, char *out, size_t size)
{
    /* The unit separator occurs in no name. */
    int length;
    if (corrections && corrections->lot)
        length = snprintf(out, size, "L\x1f%s\x1f%s", corrections->lot, t->test_code);
    else if (*t->lot)
        length = snprintf(out, size, "L\x1f%s\x1f%s", t->lot, t->test_code);
    else if (*t->product)
        length = snprintf(out, size, "P\x1f%s\x1f%lld\x1f%s", t->product, (long long)(t->start_time / 86400), t->test_code);
    else
        length = snprintf(out, size, "S\x1f%s\x1f%s", t->source, t->test_code);
    return length < 0 ? 0 : (size_t)length;
}

/* ---- Asking ------------------------------------------------------------------------------------------------------- */

size_t xl_lot_wafers(const struct xl_lot *lot)
{
    return lot->wafer_count;
}

const struct xl_wafer *xl_lot_wafer(const struct xl_lot *lot, size_t index)
{
    if (index >= lot->wafer_count)
        BUG("wafer %zu of %zu", index, lot->wafer_count);
    return &lot->wafers[index];
}

size_t xl_lot_tables(const struct xl_lot *lot)
{
    return lot->table_count;
}

const struct xl_table *xl_lot_table(const struct xl_lot *lot, size_t index)
{
    if (index >= lot->table_count)
        BUG("table %zu of %zu", index, lot->table_count);
    return lot->tables[index].table;
}

const char *xl_lot_name(const struct xl_lot *lot)
{
    return lot->name;
}

const struct xl_lot_options *xl_lot_settings(const struct xl_lot *lot)
{
    return &lot->options;
}

struct xl_account xl_lot_account(const struct xl_lot *lot, int64_t wafer)
{
    struct xl_account sum = {0};
    size_t first, end;
    lot_range(lot, wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct xl_account *a = &lot->wafers[i].account;
        sum.filtered += a->filtered;
        sum.unfinished += a->unfinished;
        sum.outside += a->outside;
        sum.abnormal += a->abnormal;
        sum.by_bin += a->by_bin;
        sum.replaced += a->replaced;
        sum.flagged += a->flagged;
        sum.unflagged += a->unflagged;
        sum.moved += a->moved;
        sum.unidentified += a->unidentified;
        sum.duplicates += a->duplicates;
    }
    return sum;
}

size_t xl_lot_tests(const struct xl_lot *lot)
{
    return lot->test_count;
}

const struct xl_lot_test *xl_lot_test(const struct xl_lot *lot, size_t index)
{
    if (index >= lot->test_count)
        BUG("test %zu of %zu", index, lot->test_count);
    return &lot->tests[index];
}

size_t xl_lot_find_test(const struct xl_lot *lot, uint32_t number, const char *name)
{
    for (size_t i = 0; i < lot->test_count; i++)
        if (lot->tests[i].test->number == number && (!name || strcmp(lot->tests[i].test->name, name) == 0))
            return i;
    return SIZE_MAX;
}

size_t lot_list_get(const struct xl_lot *constant, enum list_kind kind, int64_t wafer, const void **rows,
                    size_t (*make)(const struct xl_lot *, int64_t wafer, void **rows))
{
    struct xl_lot *lot = (struct xl_lot *)constant; /* the lists are a cache: nobody sees the lot change */
    pthread_mutex_lock(&lot->lock);
    struct lot_list *list = lot->lists;
    while (list && !(list->kind == kind && list->wafer == wafer))
        list = list->next;
    if (!list) {
        list = memory_new(1, sizeof *list);
        list->kind = kind;
        list->wafer = wafer;
        list->count = make(lot, wafer, &list->rows);
        list->next = lot->lists;
        lot->lists = list;
    }
    pthread_mutex_unlock(&lot->lock);
    *rows = list->rows;
    return list->count;
}
