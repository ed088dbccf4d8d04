/* yield.c: how many parts passed, first and in the end: in all, by site and by zone of the wafer. Whole numbers only. */
#include <xinlian/wafer.h>

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/words.h"
#include "engine/wafer/lot.h"

static void count_die(struct xl_yield *y, const struct xl_die *die)
{
    y->parts++;
    y->passed += die->passed;
    y->retested += die->run_count > 1;
    y->recovered += !die->first_passed && die->passed;
}

static void count_first(struct xl_yield *y, const struct xl_die *die)
{
    y->first_parts++;
    y->first_passed += die->first_passed;
}

struct xl_yield xl_yield_of(const struct xl_lot *lot, int64_t wafer)
{
    struct xl_yield y = {0};
    size_t first, end;
    lot_range(lot, wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct xl_wafer *w = &lot->wafers[i];
        y.runs += w->run_count;
        y.aborted += w->account.abnormal + w->account.unfinished;
        for (size_t d = 0; d < w->die_count; d++) {
            count_die(&y, &w->dice[d]);
            count_first(&y, &w->dice[d]);
        }
    }
    return y;
}

/* ---- By site ------------------------------------------------------------------------------------------------------ */

static int row_order(const void *left, const void *right)
{
    const struct xl_yield_row *a = left, *b = right;
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    return (a->site > b->site) - (a->site < b->site);
}

struct site_rows {
    struct xl_yield_row *rows;
    size_t count, capacity;
    size_t last; /* found last: neighbours in a file often share a site */
};

static struct xl_yield *site_row(struct site_rows *s, const struct xl_lot *lot, const struct xl_run *run)
{
    const struct xl_part_group *g = run_group(lot, run);
    struct xl_yield_row key = {.head = g->head[run->at], .site = g->site[run->at]};
    if (s->last < s->count && row_order(&s->rows[s->last], &key) == 0)
        return &s->rows[s->last].yield;
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (row_order(&s->rows[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    s->last = low;
    if (low < s->count && row_order(&s->rows[low], &key) == 0)
        return &s->rows[low].yield;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->rows = memory_grow(s->rows, s->capacity, sizeof *s->rows);
    }
    for (size_t i = s->count++; i > low; i--)
        s->rows[i] = s->rows[i - 1];
    s->rows[low] = key;
    return &s->rows[low].yield;
}

static void count_unfinished(struct site_rows *s, const struct xl_lot *lot, const struct xl_wafer *w)
{
    for (size_t k = 0; w->account.unfinished && k < w->table_count; k++) {
        const struct xl_table *t = lot->tables[w->tables[k]].table;
        for (uint32_t g = 0; g < t->group_count; g++)
            for (uint32_t at = 0; at < t->groups[g].rows; at++)
                if ((t->groups[g].flags[at] & (XL_PART_UNFINISHED | XL_PART_OUTSIDE)) == XL_PART_UNFINISHED)
                    site_row(s, lot, &(struct xl_run){w->tables[k], g, at})->aborted++;
    }
}

static size_t make_sites(const struct xl_lot *lot, int64_t wafer, void **rows)
{
    struct site_rows s = {0};
    size_t first, end;
    lot_range(lot, wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct xl_wafer *w = &lot->wafers[i];
        for (size_t r = 0; r < w->run_count; r++) {
            struct xl_yield *y = site_row(&s, lot, &w->runs[r]);
            y->runs++;
            y->aborted += (w->run_marks[r] & XL_RUN_ABNORMAL) != 0;
        }
        for (size_t d = 0; d < w->die_count; d++) {
            count_first(site_row(&s, lot, &w->runs[w->dice[d].first_run]), &w->dice[d]);
            count_die(site_row(&s, lot, &w->runs[w->dice[d].chosen]), &w->dice[d]);
        }
        count_unfinished(&s, lot, w);
    }
    *rows = s.rows;
    return s.count;
}

size_t xl_yield_sites(const struct xl_lot *lot, int64_t wafer, const struct xl_yield_row **rows)
{
    const void *list;
    size_t count = lot_list_get(lot, LIST_SITES, wafer, &list, make_sites);
    *rows = list;
    return count;
}

/* ---- By zone ------------------------------------------------------------------------------------------------------ */

enum { RINGS = 3, QUADRANTS = 4 };
/* Quadrants: bit 0 right, bit 1 bottom, as drawn. */
static const char *const zone_names[RINGS][QUADRANTS] = {
    {N_("center top-left"), N_("center top-right"), N_("center bottom-left"), N_("center bottom-right")},
    {N_("middle top-left"), N_("middle top-right"), N_("middle bottom-left"), N_("middle bottom-right")},
    {N_("edge top-left"), N_("edge top-right"), N_("edge bottom-left"), N_("edge bottom-right")},
};

/* The rectangle of all dice of the lot's wafers: the wafer is round, so it is the ellipse inside, whatever the shape of a die. */
struct disc {
    int32_t left, right, low, high;
};

static bool disc_of(const struct xl_lot *lot, struct disc *disc)
{
    *disc = (struct disc){INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < lot->wafer_count; i++)
        for (size_t d = 0; lot->wafers[i].is_wafer && d < lot->wafers[i].die_count; d++) {
            const struct xl_die *die = &lot->wafers[i].dice[d];
            if (die->x == XL_NO_COORDINATE || die->y == XL_NO_COORDINATE)
                continue;
            disc->left = die->x < disc->left ? die->x : disc->left;
            disc->right = die->x > disc->right ? die->x : disc->right;
            disc->low = die->y < disc->low ? die->y : disc->low;
            disc->high = die->y > disc->high ? die->y : disc->high;
        }
    return disc->left <= disc->right;
}

/* Twice the distance from the middle, so that it stays whole; right and down positive, as drawn. */
static void drawn_place(const struct xl_lot *lot, const struct xl_wafer *w, const struct disc *disc, const struct xl_die *die,
                        int32_t *right, int32_t *down)
{
    const struct xl_corrections *c = &lot->options.corrections;
    int32_t x = 2 * die->x - disc->left - disc->right, y = 2 * die->y - disc->low - disc->high;
    x = w->config.positive_x == 'L' ? -x : x;
    y = w->config.positive_y == 'U' ? -y : y; /* down where the file does not say: as probers count, and as maps are drawn */
    x = c->mirror ? -x : x;
    switch (((c->rotate % 360) + 360) % 360) {
    case 90:
        *right = -y;
        *down = x;
        break;
    case 180:
        *right = -x;
        *down = -y;
        break;
    case 270:
        *right = y;
        *down = -x;
        break;
    default:
        *right = x;
        *down = y;
    }
}

static size_t zone_of(const struct xl_lot *lot, const struct xl_wafer *w, const struct disc *disc, const struct xl_die *die)
{
    int32_t right, down;
    drawn_place(lot, w, disc, die, &right, &down);
    double x = (2.0 * die->x - disc->left - disc->right) / (disc->right - disc->left + 1);
    double y = (2.0 * die->y - disc->low - disc->high) / (disc->high - disc->low + 1);
    double square = x * x + y * y;
    size_t ring = square <= 0.25 ? 0 : square <= 0.64 ? 1 : 2;
    return ring * QUADRANTS + (size_t)(right >= 0) + 2 * (size_t)(down > 0);
}

static size_t make_zones(const struct xl_lot *lot, int64_t wafer, void **rows)
{
    struct disc disc;
    *rows = NULL;
    if (!disc_of(lot, &disc))
        return 0;
    struct xl_yield_row zones[RINGS * QUADRANTS] = {0};
    size_t first, end, count = 0;
    lot_range(lot, wafer, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct xl_wafer *w = &lot->wafers[i];
        for (size_t d = 0; w->is_wafer && d < w->die_count; d++) {
            const struct xl_die *die = &w->dice[d];
            if (die->x == XL_NO_COORDINATE || die->y == XL_NO_COORDINATE)
                continue;
            struct xl_yield *y = &zones[zone_of(lot, w, &disc, die)].yield;
            count_die(y, die);
            count_first(y, die);
            y->runs += die->run_count;
            for (uint32_t r = 0; r < die->run_count; r++)
                y->aborted += (w->run_marks[die->first_run + r] & XL_RUN_ABNORMAL) != 0;
        }
    }
    struct xl_yield_row *list = memory_new(RINGS * QUADRANTS, sizeof *list);
    for (size_t z = 0; z < RINGS * QUADRANTS; z++)
        if (zones[z].yield.parts) {
            list[count] = zones[z];
            list[count].head = list[count].site = -1;
            list[count++].zone = zone_names[z / QUADRANTS][z % QUADRANTS];
        }
    *rows = list;
    return count;
}

size_t xl_yield_zones(const struct xl_lot *lot, int64_t wafer, const struct xl_yield_row **rows)
{
    const void *list;
    size_t count = lot_list_get(lot, LIST_ZONES, wafer, &list, make_zones);
    *rows = list;
    return count;
}
