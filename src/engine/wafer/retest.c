/* retest.c: which runs are of one die, and which of them counts: the retest policy.
 *
 * The order of runs is the order of files (xl_lot_add), and inside a file the order of PRR, whatever the head. Every finished run is
 * given to a die first; then the filter takes runs out; then the policy picks one run of each die that is left. */
#include <xinlian/wafer.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"
#include "engine/wafer/filter.h"
#include "engine/wafer/lot.h"

enum { NO_DIE = UINT32_MAX };

/* All finished runs of a wafer, oldest first, before the filter. */
struct history {
    const struct xl_lot *lot;
    uint32_t count;
    struct xl_run *runs;
    uint8_t *marks;
    uint32_t *file;                /* of each run: place of its raw file among the wafer's */
    const struct xl_table **files; /* one table of each file: they share its RDR */
    uint32_t file_count;
    uint32_t *die; /* of each run: its die, in order of first appearance */
    uint32_t die_count;
};

/* ---- Keys of runs ------------------------------------------------------------------------------------------------- */

struct key { /* XY, or PART_ID when `id` is set */
    const uint8_t *id;
    uint32_t length;
    int32_t x, y;
};

static bool key_xy(const struct history *h, uint32_t run, struct key *key)
{
    const struct xl_part_group *g = run_group(h->lot, &h->runs[run]);
    uint32_t at = h->runs[run].at;
    *key = (struct key){.x = g->x[at], .y = g->y[at]};
    return key->x != XL_NO_COORDINATE && key->y != XL_NO_COORDINATE;
}

static bool key_id(const struct history *h, uint32_t run, struct key *key)
{
    struct xl_bytes id = run_group(h->lot, &h->runs[run])->part_id[h->runs[run].at];
    *key = (struct key){.id = id.bytes, .length = id.length};
    return id.length != 0;
}

static bool key_same(const struct key *a, const struct key *b)
{
    if (!a->id || !b->id)
        return a->id == b->id && a->x == b->x && a->y == b->y;
    return a->length == b->length && memcmp(a->id, b->id, a->length) == 0;
}

/* Key -> the latest die that had it. Open addressing; a slot holds a run (its key is read again) and a die. */
struct key_map {
    const struct history *history;
    bool (*key)(const struct history *, uint32_t run, struct key *);
    struct key_slot {
        uint32_t run, die; /* run UINT32_MAX: empty */
    } * slots;
    size_t mask;
};

static struct key_map key_map_new(const struct history *h, bool (*key)(const struct history *, uint32_t, struct key *))
{
    size_t size = 16;
    while (size < 2 * (size_t)h->count)
        size *= 2;
    struct key_map map = {.history = h, .key = key, .mask = size - 1};
    map.slots = memory_new(size, sizeof *map.slots);
    memset(map.slots, 0xff, size * sizeof *map.slots);
    return map;
}

static uint64_t mixed(uint64_t v)
{
    v *= UINT64_C(0x9e3779b97f4a7c15);
    v ^= v >> 32;
    v *= UINT64_C(0xd6e8feb86659fd93);
    return v ^ (v >> 29);
}

/* The slot of a run's key: empty (run UINT32_MAX) when the key is new. NULL: the run has no key. */
static struct key_slot *key_find(const struct key_map *map, uint32_t run)
{
    struct key wanted, found;
    if (!map->key(map->history, run, &wanted))
        return NULL;
    uint64_t hash = mixed(((uint64_t)(uint32_t)wanted.x << 32) | (uint32_t)wanted.y);
    for (uint32_t i = 0; i < wanted.length; i++)
        hash = mixed(hash + wanted.id[i]);
    size_t at = (size_t)hash & map->mask;
    while (map->slots[at].run != UINT32_MAX) {
        map->key(map->history, map->slots[at].run, &found);
        if (key_same(&wanted, &found))
            break;
        at = (at + 1) & map->mask;
    }
    return &map->slots[at];
}

/* ---- The history of a wafer --------------------------------------------------------------------------------------- */

static int run_order(const void *left, const void *right, void *context)
{
    const struct xl_lot *lot = context;
    const struct xl_run *a = left, *b = right;
    int32_t i = run_group(lot, a)->ordinal[a->at], j = run_group(lot, b)->ordinal[b->at];
    if (i != j)
        return i < j ? -1 : 1;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return a->group != b->group ? (a->group < b->group ? -1 : 1) : (a->at > b->at) - (a->at < b->at);
}

static void history_add_file(struct history *h, struct xl_wafer *w, const uint32_t *tables, uint32_t count)
{
    const struct xl_lot *lot = h->lot;
    const struct xl_corrections *c = &lot->options.corrections;
    uint32_t begin = h->count;
    h->files[h->file_count] = lot->tables[tables[0]].table;
    for (uint32_t k = 0; k < count; k++) {
        const struct xl_table *t = lot->tables[tables[k]].table;
        for (uint32_t g = 0; g < t->group_count; g++)
            for (uint32_t at = 0; at < t->groups[g].rows; at++) {
                if (t->groups[g].flags[at] & XL_PART_OUTSIDE)
                    w->account.outside++;
                else if (t->groups[g].flags[at] & XL_PART_UNFINISHED)
                    w->account.unfinished++;
                else
                    h->runs[h->count++] = (struct xl_run){tables[k], g, at};
            }
    }
    if (count > 1)
        qsort_r(&h->runs[begin], h->count - begin, sizeof *h->runs, run_order, (void *)lot);
    for (uint32_t i = begin; i < h->count; i++) {
        const struct xl_run *r = &h->runs[i];
        const struct xl_part_group *g = run_group(lot, r);
        bool by_bin;
        bool passed = xl_part_passed(lot->tables[r->table].table, g, r->at, c->pass_bins, c->pass_bin_count, &by_bin);
        h->file[i] = h->file_count;
        h->marks[i] = (uint8_t)((passed ? XL_RUN_PASSED : 0) | (by_bin ? XL_RUN_BY_BIN : 0) |
                                (g->flags[r->at] & XL_PART_ABNORMAL ? XL_RUN_ABNORMAL : 0));
    }
    h->file_count++;
}

static bool history_begin(struct history *h, const struct xl_lot *lot, struct xl_wafer *w, struct xl_error *error)
{
    uint64_t rows = 0;
    for (size_t k = 0; k < w->table_count; k++)
        rows += lot->tables[w->tables[k]].table->rows;
    if (rows >= UINT32_MAX)
        return xl_fail(error, "too_many_runs", _("Wafer %s has more part runs than can be held."), w->name);
    *h = (struct history){.lot = lot};
    h->runs = memory_new(rows, sizeof *h->runs);
    h->marks = memory_new(rows, sizeof *h->marks);
    h->file = memory_new(rows, sizeof *h->file);
    h->die = memory_new(rows, sizeof *h->die);
    h->files = memory_new(w->table_count, sizeof *h->files);

    /* Tables file by file, files in the order of their first table. */
    uint32_t *place = memory_new(lot->file_count, sizeof *place), *first = memory_new(w->table_count + 2, sizeof *first);
    uint32_t *tables = memory_new(w->table_count, sizeof *tables), files = 0;
    for (size_t k = 0; k < w->table_count; k++) {
        uint32_t *p = &place[lot->tables[w->tables[k]].file];
        if (!*p)
            *p = ++files;
        first[*p + 1]++;
    }
    for (uint32_t f = 1; f <= files; f++)
        first[f + 1] += first[f];
    for (size_t k = 0; k < w->table_count; k++)
        tables[first[place[lot->tables[w->tables[k]].file]]++] = w->tables[k];
    for (uint32_t f = 0; f < files; f++)
        history_add_file(h, w, &tables[first[f]], first[f + 1] - first[f]);
    free(place);
    free(first);
    free(tables);
    return true;
}

static void history_end(struct history *h)
{
    free(h->runs);
    free(h->marks);
    free(h->file);
    free(h->die);
    free(h->files);
}

/* ---- Which runs are of one die ------------------------------------------------------------------------------------ */

static void identify_by_key(struct history *h, bool (*key)(const struct history *, uint32_t, struct key *), struct xl_account *account)
{
    struct key_map map = key_map_new(h, key);
    for (uint32_t i = 0; i < h->count; i++) {
        struct key_slot *slot = key_find(&map, i);
        if (slot && slot->run != UINT32_MAX) {
            h->die[i] = slot->die;
            continue;
        }
        h->die[i] = h->die_count++;
        if (slot)
            *slot = (struct key_slot){i, h->die[i]};
        account->unidentified += !slot;
    }
    free(map.slots);
}

/* A run supersedes only what its own flag says: the latest run before it with the same XY or the same PART_ID. */
static void identify_by_flag(struct history *h)
{
    struct key_map by_xy = key_map_new(h, key_xy), by_id = key_map_new(h, key_id);
    for (uint32_t i = 0; i < h->count; i++) {
        struct key_slot *xy = key_find(&by_xy, i), *id = key_find(&by_id, i);
        int32_t flags = run_group(h->lot, &h->runs[i])->flags[h->runs[i].at];
        uint32_t die = NO_DIE;
        if ((flags & XL_PART_SUPERSEDES_XY) && xy && xy->run != UINT32_MAX)
            die = xy->die;
        else if ((flags & XL_PART_SUPERSEDES_ID) && id && id->run != UINT32_MAX)
            die = id->die;
        h->die[i] = die == NO_DIE ? h->die_count++ : die;
        if (xy)
            *xy = (struct key_slot){i, h->die[i]};
        if (id)
            *id = (struct key_slot){i, h->die[i]};
    }
    free(by_xy.slots);
    free(by_id.slots);
}

/* Handlers that know neither XY nor ID feed the bins to be retested in the order in which they were filled. */
static void identify_by_order(struct history *h, struct xl_account *account)
{
    uint32_t *before = memory_new(h->count, sizeof *before); /* dice of the file before that are to be retested */
    uint32_t *last_run = memory_new(h->count, sizeof *last_run);
    uint32_t begin = 0, previous = 0; /* first run of this file, of the file before */
    for (uint32_t f = 0; f < h->file_count; f++) {
        uint32_t end = begin, waiting = 0, taken = 0;
        while (end < h->count && h->file[end] == f)
            end++;
        if (f && h->files[f]->is_retest)
            for (uint32_t i = previous; i < begin; i++) {
                uint32_t die = h->die[i];
                if (last_run[die] != i)
                    continue; /* only the last run in that file says which bin the part lay in */
                int32_t bin = run_group(h->lot, &h->runs[i])->hard_bin[h->runs[i].at];
                bool wanted = h->files[f]->retest_bin_count == 0;
                for (size_t b = 0; b < h->files[f]->retest_bin_count; b++)
                    wanted |= h->files[f]->retest_bins[b] == bin;
                if (wanted)
                    before[waiting++] = die;
            }
        for (uint32_t i = begin; i < end; i++) {
            account->unidentified += f && h->files[f]->is_retest && taken == waiting;
            h->die[i] = taken < waiting ? before[taken++] : h->die_count++;
            last_run[h->die[i]] = i;
        }
        previous = begin;
        begin = end;
    }
    free(before);
    free(last_run);
}

static uint32_t key_count(const struct history *h, bool (*key)(const struct history *, uint32_t, struct key *))
{
    struct key_map map = key_map_new(h, key);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        struct key_slot *slot = key_find(&map, i);
        if (slot && slot->run == UINT32_MAX) {
            distinct++;
            *slot = (struct key_slot){i, 0};
        }
    }
    free(map.slots);
    return distinct;
}

static bool id_number(struct xl_bytes id, uint64_t *number)
{
    *number = 0;
    for (uint32_t i = 0; i < id.length; i++) {
        if (id.bytes[i] < '0' || id.bytes[i] > '9' || *number > UINT32_MAX)
            return false;
        *number = *number * 10 + (uint64_t)(id.bytes[i] - '0');
    }
    return id.length != 0;
}

/* Several files that each count their parts from 0 or 1: the same PART_ID then means another part in another file. */
static bool ids_are_counters(const struct history *h)
{
    uint32_t counters = 0;
    uint32_t *seen = memory_new((size_t)h->count + 1, sizeof *seen); /* 1 + the file that had the number last */
    for (uint32_t begin = 0, end; begin < h->count; begin = end) {
        uint64_t greatest = 0, distinct = 0, number;
        bool is_counter = true;
        for (end = begin; end < h->count && h->file[end] == h->file[begin]; end++) {
            const struct xl_run *r = &h->runs[end];
            if (!is_counter || !id_number(run_group(h->lot, r)->part_id[r->at], &number) || number > h->count) {
                is_counter = false;
                continue;
            }
            distinct += seen[number] != h->file[begin] + 1;
            seen[number] = h->file[begin] + 1;
            greatest = number > greatest ? number : greatest;
        }
        counters += is_counter && distinct == greatest + (seen[0] == h->file[begin] + 1);
    }
    free(seen);
    return counters > 1;
}

/* On a wafer XY tells dice apart unless all runs have the same one while their PART_IDs differ. In final test XY is a place on a strip
 * or a tray, and so must prove itself as PART_ID does. */
static enum xl_retest_by choose_by(const struct history *h, bool is_wafer)
{
    uint32_t places = key_count(h, key_xy), ids = key_count(h, key_id);
    if (is_wafer ? places > 1 || (places == 1 && ids <= 1) : places > 1 && 2 * (uint64_t)places >= h->count)
        return XL_BY_XY;
    if (ids && 2 * (uint64_t)ids >= h->count && !ids_are_counters(h))
        return XL_BY_PART_ID;
    for (uint32_t f = 1; f < h->file_count; f++)
        if (h->files[f]->is_retest)
            return XL_BY_ORDER;
    return XL_BY_FLAG;
}

static void identify(struct history *h, struct xl_wafer *w)
{
    w->by = h->lot->options.policy.by;
    if (w->by == XL_BY_AUTO)
        w->by = choose_by(h, w->is_wafer);
    if (h->lot->options.policy.pick == XL_RETEST_ALL) {
        for (uint32_t i = 0; i < h->count; i++)
            h->die[i] = i;
        h->die_count = h->count;
        return;
    }
    switch (w->by) {
    case XL_BY_AUTO:
        BUG("the way to recognise dice was not chosen");
    case XL_BY_XY:
        identify_by_key(h, key_xy, &w->account);
        break;
    case XL_BY_PART_ID:
        identify_by_key(h, key_id, &w->account);
        break;
    case XL_BY_FLAG:
        identify_by_flag(h);
        break;
    case XL_BY_ORDER:
        identify_by_order(h, &w->account);
        break;
    }
}

/* ---- Which run counts --------------------------------------------------------------------------------------------- */

static uint32_t pick(enum xl_retest_pick policy, const uint8_t *marks, uint32_t first, uint32_t count)
{
    uint32_t last = first + count - 1;
    switch (policy) {
    case XL_RETEST_ALL:
    case XL_RETEST_LAST:
        return last;
    case XL_RETEST_FIRST:
        return first;
    case XL_RETEST_BEST:
        for (uint32_t i = last + 1; i-- > first;)
            if (marks[i] & XL_RUN_PASSED)
                return i;
        return last;
    case XL_RETEST_FAILS:
        for (uint32_t i = first; i < last; i++)
            if (marks[i] & XL_RUN_PASSED)
                return i;
        return last;
    }
    BUG("retest policy %d", (int)policy);
}

/* Runs die by die, dice in the order of their first run that is left. */
static void gather_dice(struct xl_lot *lot, struct xl_wafer *w, const struct history *h, const uint8_t *keep)
{
    uint32_t *count = memory_new(h->die_count, sizeof *count), *index = memory_new(h->die_count, sizeof *index);
    uint32_t runs = 0, dice = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        if (!keep[i])
            continue;
        if (!count[h->die[i]]++)
            index[h->die[i]] = dice++;
        runs++;
    }
    struct xl_run *list = arena_take(lot->arena, (size_t)runs + 1, sizeof *list);
    uint8_t *marks = arena_take(lot->arena, (size_t)runs + 1, sizeof *marks);
    struct xl_die *die = arena_take(lot->arena, (size_t)dice + 1, sizeof *die);
    for (uint32_t d = 0; d < h->die_count; d++)
        if (count[d])
            die[index[d]].run_count = count[d];
    for (uint32_t d = 0, first = 0; d < dice; d++) {
        die[d].first_run = first;
        first += die[d].run_count;
        die[d].run_count = 0;
    }
    for (uint32_t i = 0; i < h->count; i++) {
        if (!keep[i])
            continue;
        struct xl_die *d = &die[index[h->die[i]]];
        uint32_t at = d->first_run + d->run_count++;
        list[at] = h->runs[i];
        marks[at] = h->marks[i];
    }
    free(count);
    free(index);
    w->runs = list;
    w->run_count = runs;
    w->run_marks = marks;
    w->dice = die;
    w->die_count = dice;
    for (uint32_t i = 0; i < dice; i++) {
        struct xl_die *d = &die[i];
        d->chosen = pick(lot->options.policy.pick, marks, d->first_run, d->run_count);
        marks[d->chosen] |= XL_RUN_CHOSEN;
        const struct xl_run *chosen = &list[d->chosen];
        d->x = run_group(lot, chosen)->x[chosen->at];
        d->y = run_group(lot, chosen)->y[chosen->at];
        d->first_passed = marks[d->first_run] & XL_RUN_PASSED;
        d->passed = marks[d->chosen] & XL_RUN_PASSED;
    }
}

static void account_for(const struct xl_lot *lot, struct xl_wafer *w)
{
    struct xl_account *a = &w->account;
    a->replaced = w->run_count - w->die_count;
    for (size_t d = 0; d < w->die_count; d++)
        for (uint32_t k = 0; k < w->dice[d].run_count; k++) {
            size_t i = w->dice[d].first_run + k;
            const struct xl_part_group *g = run_group(lot, &w->runs[i]);
            bool flagged = g->flags[w->runs[i].at] & (XL_PART_SUPERSEDES_ID | XL_PART_SUPERSEDES_XY);
            a->abnormal += (w->run_marks[i] & XL_RUN_ABNORMAL) != 0;
            a->by_bin += (w->run_marks[i] & XL_RUN_BY_BIN) != 0;
            a->flagged += flagged;
            if (k) {
                const struct xl_part_group *before = run_group(lot, &w->runs[i - 1]);
                a->unflagged += !flagged;
                a->moved +=
                    g->site[w->runs[i].at] != before->site[w->runs[i - 1].at] || g->head[w->runs[i].at] != before->head[w->runs[i - 1].at];
            }
        }
}

static void filter_runs(const struct history *h, struct xl_wafer *w, uint8_t *keep)
{
    const struct xl_lot *lot = h->lot;
    memset(keep, 1, h->count);
    if (!lot->filter)
        return;
    uint32_t *runs = memory_new(h->die_count, sizeof *runs), *seen = memory_new(h->die_count, sizeof *seen);
    for (uint32_t i = 0; i < h->count; i++)
        runs[h->die[i]]++;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct xl_run *r = &h->runs[i];
        const struct xl_table *table = lot->tables[r->table].table;
        keep[i] = filter_keeps(lot->filter, &(struct filter_row){.table = table,
                                                                 .table_index = r->table,
                                                                 .group = run_group(lot, r),
                                                                 .at = r->at,
                                                                 .lot = *lot->name ? lot->name : table->lot,
                                                                 .wafer = w->name,
                                                                 .passed = h->marks[i] & XL_RUN_PASSED,
                                                                 .run = ++seen[h->die[i]],
                                                                 .runs = runs[h->die[i]]});
        w->account.filtered += !keep[i];
    }
    free(runs);
    free(seen);
}

bool retest_apply(struct xl_lot *lot, struct xl_wafer *w, struct xl_error *error)
{
    struct history h;
    if (!history_begin(&h, lot, w, error))
        return false;
    identify(&h, w);
    uint8_t *keep = memory_new(h.count, 1);
    filter_runs(&h, w, keep);
    gather_dice(lot, w, &h, keep);
    account_for(lot, w);
    free(keep);
    history_end(&h);
    return true;
}
