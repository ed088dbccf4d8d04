/* disagreement.c: where the tester's own summary records (WRR, PCR, HBR, SBR) count otherwise than the parts of the same file.
 *
 * Nothing here says who is right: a WRR often counts the last insertion only, and an HBR after a retest holds either. Both are shown. */
#include <xinlian/wafer.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"
#include "engine/wafer/lot.h"

enum { ALL_SITES = 255, DISAGREEMENTS_MOST = 4096, HEADS = 256, SITES = 256, BINS = 65536 };

struct rows {
    struct xl_lot *lot;
    struct xl_disagreement *at;
    size_t count, capacity;
};

static void compare(struct rows *rows, struct xl_disagreement row)
{
    if (row.recorded == UINT32_MAX || row.recorded == row.counted || rows->count == DISAGREEMENTS_MOST)
        return;
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? 2 * rows->capacity : 32;
        rows->at = memory_grow(rows->at, rows->capacity, sizeof *rows->at);
    }
    rows->at[rows->count++] = row;
}

/* What the parts of one file say, by head and site. */
struct tally {
    uint64_t parts, good, aborted, retested;
};
struct file_tally {
    struct tally *of; /* HEADS x SITES */
    struct tally all;
    uint64_t *bins[2];  /* hard and soft, of all sites: BINS */
    uint64_t *recorded; /* BINS */
    uint8_t *touched;   /* BINS: TOUCHED_ bits */
    uint16_t *list;     /* bins touched: BINS */
    uint32_t list_count;
    const struct xl_table *any;
};
enum { TOUCHED = 1, OF_ALL_SITES = 2 };

static void tally_run(struct tally *t, const struct xl_table *table, const struct xl_part_group *g, uint32_t at)
{
    int32_t flags = g->flags[at];
    if (flags & XL_PART_UNFINISHED) {
        t->aborted += !(flags & XL_PART_OUTSIDE);
        return;
    }
    t->parts++;
    t->good += xl_part_passed(table, g, at, NULL, 0, NULL);
    t->aborted += (flags & XL_PART_ABNORMAL) != 0;
    t->retested += (flags & (XL_PART_SUPERSEDES_ID | XL_PART_SUPERSEDES_XY)) != 0;
}

static void compare_counts(struct rows *rows, const char *record, int64_t wafer, const struct xl_part_count *c, int32_t site,
                           const struct tally *t, const char *source)
{
    struct xl_disagreement row = {.record = record, .wafer = wafer, .head = c->head, .site = site, .source = source};
    row.what = N_("parts");
    row.recorded = c->parts;
    row.counted = t->parts;
    compare(rows, row);
    row.what = N_("good");
    row.recorded = c->good;
    row.counted = t->good;
    compare(rows, row);
    row.what = N_("aborted");
    row.recorded = c->aborted;
    row.counted = t->aborted;
    compare(rows, row);
    row.what = N_("retested");
    row.recorded = c->retested;
    row.counted = t->retested;
    compare(rows, row);
}

static void compare_wrr(struct rows *rows, const struct lot_table *t)
{
    struct tally sum = {0};
    if (!t->table->has_wrr)
        return;
    for (size_t g = 0; g < t->table->group_count; g++)
        for (uint32_t at = 0; at < t->table->groups[g].rows; at++)
            tally_run(&sum, t->table, &t->table->groups[g], at);
    compare_counts(rows, "WRR", t->wafer, &t->table->wrr, -1, &sum, t->table->source);
}

static void compare_pcr(struct rows *rows, const struct file_tally *f)
{
    for (size_t i = 0; i < f->any->count_count; i++) {
        const struct xl_part_count *c = &f->any->counts[i];
        const struct tally *t = c->head == ALL_SITES ? &f->all : &f->of[c->head * SITES + c->site];
        compare_counts(rows, "PCR", XL_ALL_WAFERS, c, c->site, t, f->any->source);
    }
}

static void touch(struct file_tally *f, uint16_t bin)
{
    if (!f->touched[bin])
        f->list[f->list_count++] = bin;
    f->touched[bin] |= TOUCHED;
}

static int bin_order(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void compare_bins(struct rows *rows, struct file_tally *f, bool soft)
{
    const struct xl_bin *bins = soft ? f->any->soft_bins : f->any->hard_bins;
    size_t count = soft ? f->any->soft_bin_count : f->any->hard_bin_count;
    for (size_t i = 0; i < count; i++)
        touch(f, bins[i].number);
    /* The record of all sites where there is one, else the sum of the sites' records. */
    for (size_t i = 0; i < count; i++)
        if (bins[i].head == ALL_SITES) {
            f->recorded[bins[i].number] = bins[i].count;
            f->touched[bins[i].number] |= OF_ALL_SITES;
        }
    for (size_t i = 0; i < count; i++)
        if (!(f->touched[bins[i].number] & OF_ALL_SITES))
            f->recorded[bins[i].number] += bins[i].count;
    qsort(f->list, f->list_count, sizeof *f->list, bin_order);
    for (uint32_t i = 0; i < f->list_count; i++) {
        uint16_t b = f->list[i];
        struct xl_disagreement row = {.record = soft ? "SBR" : "HBR",
                                      .wafer = XL_ALL_WAFERS,
                                      .head = ALL_SITES,
                                      .site = ALL_SITES,
                                      .recorded = f->recorded[b],
                                      .counted = f->bins[soft][b],
                                      .source = f->any->source};
        if (count && row.recorded != row.counted && !(soft && b == XL_NO_BIN)) {
            row.what = arena_print(rows->lot->arena, "bin %u", b);
            compare(rows, row);
        }
        f->bins[soft][b] = f->recorded[b] = f->touched[b] = 0;
    }
    f->list_count = 0;
}

static void compare_file(struct rows *rows, struct file_tally *f, const uint32_t *tables, size_t count)
{
    f->any = rows->lot->tables[tables[0]].table;
    f->all = (struct tally){0};
    for (size_t k = 0; k < count; k++) {
        const struct xl_table *t = rows->lot->tables[tables[k]].table;
        for (size_t g = 0; g < t->group_count; g++)
            for (uint32_t at = 0; at < t->groups[g].rows; at++) {
                const struct xl_part_group *p = &t->groups[g];
                tally_run(&f->of[(uint8_t)p->head[at] * SITES + (uint8_t)p->site[at]], t, p, at);
                tally_run(&f->all, t, p, at);
            }
        compare_wrr(rows, &rows->lot->tables[tables[k]]);
    }
    compare_pcr(rows, f);
    for (int soft = 0; soft < 2; soft++) {
        for (size_t k = 0; k < count; k++) {
            const struct xl_table *t = rows->lot->tables[tables[k]].table;
            for (size_t g = 0; g < t->group_count; g++)
                for (uint32_t at = 0; at < t->groups[g].rows; at++) {
                    uint16_t bin = (uint16_t)(soft ? t->groups[g].soft_bin[at] : t->groups[g].hard_bin[at]);
                    if (t->groups[g].flags[at] & XL_PART_UNFINISHED)
                        continue;
                    touch(f, bin);
                    f->bins[soft][bin]++;
                }
        }
        compare_bins(rows, f, soft);
    }
    for (size_t k = 0; k < count; k++) {
        const struct xl_table *t = rows->lot->tables[tables[k]].table;
        for (size_t g = 0; g < t->group_count; g++)
            for (uint32_t at = 0; at < t->groups[g].rows; at++)
                f->of[(uint8_t)t->groups[g].head[at] * SITES + (uint8_t)t->groups[g].site[at]] = (struct tally){0};
    }
}

static int file_order(const void *left, const void *right, void *context)
{
    const struct xl_lot *lot = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (lot->tables[a].file != lot->tables[b].file)
        return lot->tables[a].file < lot->tables[b].file ? -1 : 1;
    return (a > b) - (a < b);
}

static size_t make_disagreements(const struct xl_lot *constant, int64_t wafer, void **out)
{
    (void)wafer;
    struct xl_lot *lot = (struct xl_lot *)constant; /* only for words in its arena, under its lock */
    struct rows rows = {.lot = lot};
    struct file_tally f = {.of = memory_new(HEADS * SITES, sizeof *f.of)};
    f.bins[0] = memory_new(BINS, sizeof *f.bins[0]);
    f.bins[1] = memory_new(BINS, sizeof *f.bins[1]);
    f.recorded = memory_new(BINS, sizeof *f.recorded);
    f.touched = memory_new(BINS, 1);
    f.list = memory_new(BINS, sizeof *f.list);
    uint32_t *tables = memory_new(lot->table_count, sizeof *tables);
    size_t count = 0;
    for (size_t i = 0; i < lot->table_count; i++)
        if (!lot->tables[i].is_duplicate)
            tables[count++] = (uint32_t)i;
    if (count)
        qsort_r(tables, count, sizeof *tables, file_order, lot);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && lot->tables[tables[next]].file == lot->tables[tables[i]].file;)
            next++;
        compare_file(&rows, &f, &tables[i], next - i);
    }
    free(tables);
    free(f.of);
    free(f.bins[0]);
    free(f.bins[1]);
    free(f.recorded);
    free(f.touched);
    free(f.list);
    *out = rows.at;
    return rows.count;
}

size_t xl_disagreements(const struct xl_lot *lot, const struct xl_disagreement **rows)
{
    const void *list;
    size_t count = lot_list_get(lot, LIST_DISAGREEMENTS, XL_ALL_WAFERS, &list, make_disagreements);
    *rows = list;
    return count;
}
