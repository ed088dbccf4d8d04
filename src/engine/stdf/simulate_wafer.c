/* simulate_wafer.c: the simulated wafer: a round one with its dice, its process gradients, and the signature of what went wrong on it. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/stdf/simulate_model.h"

/* ---- Geometry ------------------------------------------------------------------------------------------------------ */

static const double usable_radius = 147; /* millimetres: a 300 mm wafer with 3 mm of edge excluded */

/* A grid whose lattice points stand at (2 i + odd_x) * step_x / 2: the middle of the wafer is a die or a corner of four. */
struct grid {
    uint64_t step_x, step_y;
    int odd_x, odd_y;
};

static int64_t root_floor(uint64_t square)
{
    int64_t root = (int64_t)sqrt((double)square);
    while ((uint64_t)(root * root) > square)
        root--;
    while ((uint64_t)((root + 1) * (root + 1)) <= square)
        root++;
    return root;
}

/* Columns of row `y` within the radius: first and last i; false when there are none. */
static bool grid_row(const struct grid *grid, uint64_t square, int64_t y, int64_t *first, int64_t *last)
{
    uint64_t height = (uint64_t)llabs(2 * y + grid->odd_y) * grid->step_y;
    if (height * height > square)
        return false;
    int64_t reach = root_floor(square - height * height) / (int64_t)grid->step_x;
    *last = (reach - grid->odd_x) >> 1;
    *first = -((reach + grid->odd_x) >> 1);
    return *first <= *last;
}

static uint64_t grid_count(const struct grid *grid, uint64_t square)
{
    uint64_t count = 0;
    int64_t first, last, most = root_floor(square) / (int64_t)grid->step_y / 2 + 2;
    for (int64_t y = -most; y <= most; y++)
        if (grid_row(grid, square, y, &first, &last))
            count += (uint64_t)(last - first + 1);
    return count;
}

/* The `die_count` lattice points nearest to the middle; of those equally far at the rim, the first ones. */
static void dice_lay(struct sim_wafer *wafer, const struct grid *grid)
{
    uint64_t low = 0, high = (uint64_t)1 << 46; /* low: too small a radius, squared; high: enough */
    while (high - low > 1) {
        uint64_t square = low + (high - low) / 2;
        if (grid_count(grid, square) >= wafer->die_count)
            high = square;
        else
            low = square;
    }
    uint64_t surplus = grid_count(grid, high) - wafer->die_count;
    int64_t left = INT64_MAX, right = INT64_MIN, top = INT64_MAX, bottom = INT64_MIN, first, last;
    int64_t most = root_floor(high) / (int64_t)grid->step_y / 2 + 2;
    for (int64_t y = -most; y <= most; y++) {
        if (!grid_row(grid, high, y, &first, &last))
            continue;
        left = first < left ? first : left;
        right = last > right ? last : right;
        top = y < top ? y : top;
        bottom = y;
    }
    wafer->columns = (uint32_t)(right - left + 1);
    wafer->rows = (uint32_t)(bottom - top + 1);
    wafer->dice = memory_new(wafer->die_count, sizeof *wafer->dice);
    wafer->die_at = memory_new((size_t)wafer->columns * wafer->rows, sizeof *wafer->die_at);
    for (size_t i = 0; i < (size_t)wafer->columns * wafer->rows; i++)
        wafer->die_at[i] = UINT32_MAX;
    uint32_t die = 0;
    for (int64_t y = top; y <= bottom; y++) {
        if (!grid_row(grid, high, y, &first, &last))
            continue;
        for (int64_t x = first; x <= last; x++) {
            uint64_t across = (uint64_t)llabs(2 * x + grid->odd_x) * grid->step_x;
            uint64_t down = (uint64_t)llabs(2 * y + grid->odd_y) * grid->step_y;
            if (surplus && across * across + down * down == high) {
                surplus--;
                continue;
            }
            wafer->die_at[(size_t)(y - top) * wafer->columns + (size_t)(x - left)] = die;
            wafer->dice[die++] = (struct sim_die){.x = (int16_t)(x - left), .y = (int16_t)(y - top)};
        }
    }
    if (die != wafer->die_count)
        BUG("laid %u dice of %u", die, wafer->die_count);
    double reach = sqrt((double)high);
    wafer->middle_x = -(double)left - 0.5 * grid->odd_x;
    wafer->middle_y = -(double)top - 0.5 * grid->odd_y;
    wafer->unit_x = 2 * (double)grid->step_x / reach;
    wafer->unit_y = 2 * (double)grid->step_y / reach;
}

void wafer_layout(struct sim_lot *lot)
{
    static const struct {
        uint8_t x, y;
    } aspects[] = {{8, 8}, {8, 10}, {10, 8}, {8, 12}, {9, 8}};
    struct sim_wafer *wafer = &lot->wafer;
    uint64_t key = random_at(lot->key, 2001);
    size_t aspect = random_below(random_at(key, 0), sizeof aspects / sizeof aspects[0]);
    uint64_t corner = random_at(key, 1);
    struct grid grid = {aspects[aspect].x, aspects[aspect].y, (int)(corner & 1), (int)(corner >> 1 & 1)};
    wafer->die_count = lot->settings->parts;
    dice_lay(wafer, &grid);
    wafer->die_width = (float)(usable_radius * wafer->unit_x);
    wafer->die_height = (float)(usable_radius * wafer->unit_y);
    if (corner >> 2 & 1) { /* numbered from the middle, or from the corner of the grid */
        wafer->origin_x = -(int32_t)(wafer->columns / 2);
        wafer->origin_y = -(int32_t)(wafer->rows / 2);
    } else {
        wafer->origin_x = wafer->origin_y = 1;
    }
    wafer->again = memory_new(wafer->die_count / 8 + 1, 1);
}

void wafer_free(struct sim_wafer *wafer)
{
    free(wafer->dice);
    free(wafer->die_at);
    free(wafer->again);
}

/* ---- Signatures ------------------------------------------------------------------------------------------------------ */

/* A direction from three random bits and a number, by the rational parametrisation of the circle: no sine reaches the bytes. */
static void direction(uint64_t bits, double *x, double *y)
{
    double t = random_unit(bits) * 2 - 1, whole = 1 + t * t;
    *x = (1 - t * t) / whole;
    *y = 2 * t / whole;
    if (bits & 1)
        *x = -*x;
    if (bits & 2) {
        double swap = *x;
        *x = *y;
        *y = swap;
    }
}

/* 1 inside, 0 beyond, a slope of width `soft` between. */
static double within(double distance, double limit, double soft)
{
    double over = (distance - limit) / soft;
    return over <= 0 ? 1 : over >= 1 ? 0 : 1 - over;
}

/* How strongly a place of the wafer (-1..1 in both directions) belongs to the signature: 0..1. */
static double signature_at(const struct sim_wafer *wafer, double x, double y)
{
    double radius = sqrt(x * x + y * y), along = x * wafer->aim_x + y * wafer->aim_y, aside = y * wafer->aim_x - x * wafer->aim_y;
    switch (wafer->signature) {
    case XL_SIGNATURE_NONE:
    case XL_SIGNATURE_RANDOM:
    case XL_SIGNATURE_MIXED:
        return 0;
    case XL_SIGNATURE_CENTER:
        return within(radius, 0.22 + 0.15 * wafer->reach, 0.1);
    case XL_SIGNATURE_DONUT:
        return within(fabs(radius - 0.5 - 0.1 * wafer->reach), 0.12, 0.08);
    case XL_SIGNATURE_EDGE_RING:
        return within(1 - radius, 0.08 + 0.06 * wafer->reach, 0.05);
    case XL_SIGNATURE_EDGE_LOC:
        return within(1 - radius, 0.2, 0.08) * within(fabs(aside), 0.35 + 0.2 * wafer->reach, 0.1) * (along > 0 ? 1 : 0);
    case XL_SIGNATURE_LOC: {
        double off_x = along - 0.55, off = sqrt(off_x * off_x + aside * aside);
        return within(off, 0.14 + 0.1 * wafer->reach, 0.07);
    }
    case XL_SIGNATURE_SCRATCH: { /* a flat parabola beside the middle, one or two dice wide */
        double wide = 0.7 * (wafer->unit_x > wafer->unit_y ? wafer->unit_x : wafer->unit_y);
        double line = 0.25 - 0.5 * wafer->reach + 0.3 * along * along;
        return within(fabs(aside - line), wide, wide * 0.5) * within(fabs(along + 0.15), 0.7, 0.02);
    }
    }
    BUG("signature %d", (int)wafer->signature);
}

static void die_place(const struct sim_wafer *wafer, uint32_t die, double *x, double *y)
{
    *x = (wafer->dice[die].x - wafer->middle_x) * wafer->unit_x;
    *y = (wafer->dice[die].y - wafer->middle_y) * wafer->unit_y;
}

/* What a die's chance to fail is in proportion to, before the odds. */
static double die_weight(const struct sim_wafer *wafer, uint32_t die, double *signature)
{
    double x, y;
    die_place(wafer, die, &x, &y);
    *signature = signature_at(wafer, x, y);
    double edge = x * x + y * y; /* every wafer fails a little more at its edge */
    return 0.05 + 0.03 * edge * edge * edge + 2 * *signature;
}

/* Chance of a die to be defective; `*in_signature` is the part of it that the signature brings. */
double wafer_defect_share(const struct sim_lot *lot, uint32_t die, double *in_signature)
{
    if (!lot->settings->wafers) {
        *in_signature = 0;
        return lot->wafer.odds;
    }
    double weight = die_weight(&lot->wafer, die, in_signature) * lot->wafer.odds;
    *in_signature = 2 * *in_signature * lot->wafer.odds / (weight > 0 ? weight : 1);
    return weight / (1 + weight);
}

/* Finds the odds at which `share` of the dice is defective. */
static double odds_for(const struct sim_wafer *wafer, double share)
{
    if (share <= 0)
        return 0;
    double low = 0, high = 1e9;
    for (int step = 0; step < 60; step++) {
        double odds = step < 30 ? sqrt((low > 1e-9 ? low : 1e-9) * high) : (low + high) / 2, sum = 0, signature;
        for (uint32_t die = 0; die < wafer->die_count; die++) {
            double weight = die_weight(wafer, die, &signature) * odds;
            sum += weight / (1 + weight);
        }
        if (sum < share * wafer->die_count)
            low = odds;
        else
            high = odds;
        if (high - low < 1e-6 * high)
            break;
    }
    return high;
}

void wafer_begin(struct sim_lot *lot, uint32_t index)
{
    struct sim_wafer *wafer = &lot->wafer;
    const struct xl_simulation *s = lot->settings;
    wafer->index = index;
    wafer->key = random_at(random_at(lot->key, 2002), index);
    double fails = 1 - s->yield;
    fails = fails > lot->program.tail ? (fails - lot->program.tail) / (1 - lot->program.tail) : 0;
    for (int i = 0; i < SIM_FACTORS; i++) {
        uint64_t lot_key = random_at(lot->key, 2100 + (uint64_t)i), key = random_at(wafer->key, (uint64_t)i);
        double drift = s->wafers > 1 ? (double)index / (s->wafers - 1) - 0.5 : 0;
        /* Gradients belong to the process, so they are alike on all wafers of the lot; levels wander and drift. */
        wafer->radial[i] = 0.6 * normal_of(&lot->normals, random_at(lot_key, 0)) + 0.15 * normal_of(&lot->normals, random_at(key, 0));
        wafer->tilt_x[i] = 0.5 * normal_of(&lot->normals, random_at(lot_key, 1)) + 0.15 * normal_of(&lot->normals, random_at(key, 1));
        wafer->tilt_y[i] = 0.5 * normal_of(&lot->normals, random_at(lot_key, 2)) + 0.15 * normal_of(&lot->normals, random_at(key, 2));
        wafer->level[i] = 0.3 * normal_of(&lot->normals, random_at(key, 3)) + 0.5 * drift * normal_of(&lot->normals, random_at(lot_key, 3));
    }
    if (!s->wafers) {
        wafer->odds = fails;
        return;
    }
    wafer->signature = s->signature;
    if (s->signature == XL_SIGNATURE_MIXED)
        wafer->signature = (enum xl_signature)random_below(random_at(wafer->key, 100), XL_SIGNATURE_MIXED);
    direction(random_at(wafer->key, 101), &wafer->aim_x, &wafer->aim_y);
    wafer->reach = random_unit(random_at(wafer->key, 102));
    /* Wafers are better and worse by turns, so that the lot meets its yield. */
    double turn = random_unit(random_at(random_at(lot->key, 2003), index / 2)) * 0.3;
    bool last_alone = index == s->wafers - 1 && s->wafers % 2;
    fails *= last_alone ? 1 : index % 2 ? 1 - turn : 1 + turn;
    wafer->odds = odds_for(wafer, fails < 0.999 ? fails : 0.999);
}

/* ---- A part ------------------------------------------------------------------------------------------------------------ */

/* Where a signature strikes: the block that fails first. */
static enum sim_block signature_block(enum xl_signature signature)
{
    switch (signature) {
    case XL_SIGNATURE_NONE:
    case XL_SIGNATURE_RANDOM:
    case XL_SIGNATURE_MIXED:
    case XL_SIGNATURE_CENTER:
        return BLOCK_LDO;
    case XL_SIGNATURE_DONUT:
        return BLOCK_ADC;
    case XL_SIGNATURE_EDGE_RING:
        return BLOCK_LEAKAGE;
    case XL_SIGNATURE_EDGE_LOC:
        return BLOCK_IDD;
    case XL_SIGNATURE_LOC:
        return BLOCK_FREQUENCY;
    case XL_SIGNATURE_SCRATCH:
        return BLOCK_CONTINUITY;
    }
    BUG("signature %d", (int)signature);
}

/* Chooses the tests that a defective die fails: a stretch of one block. Most bad contacts are gone at the next touch. */
static void defect_make(struct sim_lot *lot, struct sim_part *part, bool by_signature)
{
    static const uint8_t weights[BLOCKS] = {22, 16, 6, 14, 12, 14, 10, 10, 6}; /* of 110 */
    const struct sim_program *program = &lot->program;
    uint64_t key = random_at(part->key, UINT64_MAX - 1);
    bool contact = !by_signature && random_unit(random_at(key, 0)) < 0.3;
    if (part->is_retest && random_unit(random_at(part->repeat_key, UINT64_MAX - 2)) < (contact ? 0.85 : 0.03))
        return;
    part->is_defective = true;
    part->defect_key = key;
    enum sim_block block = BLOCK_CONTINUITY;
    if (by_signature && random_unit(random_at(key, 1)) < 0.85) {
        block = signature_block(lot->wafer.signature);
    } else if (!contact) {
        uint32_t draw = random_below(random_at(key, 2), 110), until = weights[0];
        while (draw >= until)
            until += weights[++block];
    }
    for (int tries = 0; tries < BLOCKS && !program->blocks[block].count; tries++)
        block = (enum sim_block)((block + 1) % BLOCKS);
    uint32_t count = program->blocks[block].count;
    if (!count)
        return; /* a program without tests: the part is rejected unseen */
    /* A signature is one mechanism: it strikes the same few tests on every die. */
    uint64_t lead = by_signature ? random_at(lot->wafer.key, 103) : random_at(key, 3);
    uint32_t at = random_below(lead, count);
    part->defect_first = program->blocks[block].first + at;
    part->defect_count = count - at < 8 ? count - at : 8;
}

void part_begin(struct sim_lot *lot, struct sim_part *part, uint32_t die, uint32_t site, bool is_retest)
{
    const struct sim_wafer *wafer = &lot->wafer;
    *part = (struct sim_part){.key = random_at(random_at(wafer->key, 200), die), .die = die, .site = site, .is_retest = is_retest};
    part->repeat_key = random_at(part->key, UINT64_MAX - 5);
    uint64_t key = random_at(part->key, UINT64_MAX);
    double x, y;
    if (lot->settings->wafers) {
        die_place(wafer, die, &x, &y);
        part->x = wafer->dice[die].x + wafer->origin_x;
        part->y = wafer->dice[die].y + wafer->origin_y;
    } else { /* packaged: from anywhere of some wafer */
        x = random_unit(random_at(key, 0)) * 1.4 - 0.7;
        y = random_unit(random_at(key, 1)) * 1.4 - 0.7;
        part->x = part->y = XL_NO_COORDINATE;
    }
    double bowl = 2 * (x * x + y * y) - 1;
    for (int i = 0; i < SIM_FACTORS; i++)
        part->factors[i] = 0.9 * (wafer->radial[i] * bowl + wafer->tilt_x[i] * x + wafer->tilt_y[i] * y + wafer->level[i] +
                                  0.7 * normal_of(&lot->normals, random_at(key, 2 + (uint64_t)i)));
    double by_signature;
    double share = wafer_defect_share(lot, die, &by_signature);
    if (random_unit(random_at(key, 20)) < share)
        defect_make(lot, part, random_unit(random_at(key, 21)) < by_signature);
}
