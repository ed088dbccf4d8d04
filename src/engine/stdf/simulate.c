/* simulate.c: realistic test data from a seed: settings, the order of a lot's wafers and touch-downs, and chosen breaches. */
#include <xinlian/simulate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/stdf/simulate_model.h"

struct xl_simulation xl_simulation_default(void)
{
    return (struct xl_simulation){
        .seed = 1,
        .wafers = 2,
        .parts = 500,
        .tests = 100,
        .functional_tests = 8,
        .pin_tests = 2,
        .pins = 16,
        .scan_tests = 2,
        .sites = 4,
        .yield = 0.92,
        .retest = 0.5,
        .signature = XL_SIGNATURE_MIXED,
        .start_time = 1772438400, /* 2026-03-02 08:00:00 */
    };
}

/* ---- Settings --------------------------------------------------------------------------------------------------------- */

static bool setting_check(bool good, const char *setting, struct xl_error *error)
{
    return good || xl_fail(error, "simulation_setting", _("The simulation's setting \"%s\" is out of range."), setting);
}

static bool settings_check(const struct xl_simulation *s, struct xl_error *error)
{
    uint64_t tests = (uint64_t)s->tests + s->functional_tests + s->pin_tests + s->scan_tests;
    int64_t latest = (int64_t)UINT32_MAX - 100 * 366 * 86400LL / 4; /* leaves the lot a quarter of a century */
    return setting_check(s->wafers <= 1000000, "wafers", error) &&
           setting_check(s->parts >= 1 && s->parts <= (s->wafers ? SIM_DICE_MOST : SIM_PARTS_MOST), "parts", error) &&
           setting_check(tests <= SIM_TESTS_MOST, "tests", error) && setting_check(s->scan_tests <= 1000, "scan_tests", error) &&
           setting_check(s->pins <= SIM_PINS_MOST && (s->pins || !s->pin_tests), "pins", error) &&
           setting_check(s->sites >= 1 && s->sites <= SIM_SITES_MOST && tests * s->sites <= SIM_CELLS_MOST, "sites", error) &&
           setting_check(s->yield >= 0 && s->yield <= 1, "yield", error) &&
           setting_check(s->retest >= 0 && s->retest <= 1, "retest", error) &&
           setting_check((unsigned)s->signature <= XL_SIGNATURE_MIXED, "signature", error) &&
           setting_check((unsigned)s->pass <= XL_PASS_RETEST, "pass", error) &&
           setting_check(s->start_time >= 3600 && s->start_time <= latest, "start_time", error) &&
           setting_check(!s->lot || strlen(s->lot) <= 200, "lot", error) &&
           setting_check(!s->product || strlen(s->product) <= 200, "product", error);
}

static void names_make(struct sim_lot *lot)
{
    static const char *const products[] = {"YUNQUE", "BAIHE", "SONGTAO", "LANHU", "QINGTING", "XINGYE"};
    static char letters[] = "ABDEFGHKLMNPRTVX";
    struct arena *arena = lot->program.arena;
    uint64_t key = random_at(lot->key, 1), other = random_at(lot->key, 2);
    lot->name = lot->settings->lot ? lot->settings->lot : arena_print(arena, "%c%05u", letters[key & 15], random_below(key, 100000));
    lot->product = lot->settings->product;
    if (!lot->product)
        lot->product = arena_print(arena, "%s-%u", products[other % 6], 110 + random_below(other, 890));
}

/* ---- Breaches --------------------------------------------------------------------------------------------------------- */

/* The first test of the kind that a breach needs; NULL when the program has none. */
static struct sim_test *middle_ptr(struct sim_lot *lot)
{
    size_t count = lot->program.test_count;
    for (size_t i = 0; i < count; i++) {
        struct sim_test *test = &lot->program.tests[(count / 2 + i) % count];
        if (test->kind == XL_TEST_PTR)
            return test;
    }
    return NULL;
}

static void length_break(struct sim_lot *lot)
{
    struct sim_test *test = middle_ptr(lot);
    if (test) {
        test->special |= SIM_LENGTHEN; /* its next record */
        return;
    }
    xl_put_cn(sim_begin(lot, XL_DTR), "too short");
    uint8_t *low = lot->record + (lot->big_endian ? 1 : 0);
    size_t length = xl_record_end(&lot->writer);
    *low = (uint8_t)(*low + 7);
    out_bytes(&lot->out, lot->record, length);
}

static void orphans_break(struct sim_lot *lot)
{
    const struct sim_test *test = middle_ptr(lot);
    if (test) { /* a result after the part's end */
        memcpy(lot->record, test->later, test->later_length);
        lot->record[9] = sim_site(0);
        out_bytes(&lot->out, lot->record, test->later_length);
    }
    /* A part's end without its begin. */
    struct sim_part part = {
        .die = lot->settings->parts, .x = XL_NO_COORDINATE, .y = XL_NO_COORDINATE, .has_failed = true, .hard = 14, .soft = 1401};
    touch_result_write(lot, &part);
    summary_count(lot, &part);
}

/* Breaches between touch-downs: where in the first wafer they come. */
static void breaks_before_touch(struct sim_lot *lot)
{
    uint32_t breaks = lot->is_unseen ? 0 : lot->settings->breaks;
    uint64_t touches = lot->settings->parts / lot->settings->sites;
    if (breaks & XL_BREAK_LENGTH && lot->touches == touches / 2)
        length_break(lot);
    if (breaks & XL_BREAK_ZEROS && lot->touches == touches / 3) {
        static const uint8_t zeros[4096];
        out_bytes(&lot->out, zeros, sizeof zeros);
    }
    if (breaks & XL_BREAK_ORPHANS && lot->touches == touches / 4)
        orphans_break(lot);
}

/* ---- The lot's course ------------------------------------------------------------------------------------------------- */

static bool is_enough(const struct sim_lot *lot)
{
    return lot->out.failed || (!lot->is_unseen && lot->settings->most_bytes && lot->out.total >= lot->settings->most_bytes);
}

/* Touches the dice that stand on the sites, when there are any, and chooses those to be touched again. */
static void touch_down(struct sim_lot *lot)
{
    if (!lot->part_count)
        return;
    breaks_before_touch(lot);
    touch_write(lot);
    for (uint32_t i = 0; i < lot->part_count; i++) {
        const struct sim_part *part = &lot->parts[i];
        if (part->has_failed && !part->is_retest && random_unit(random_at(part->key, UINT64_MAX - 9)) < lot->settings->retest)
            lot->wafer.again[part->die / 8] |= (uint8_t)(1u << part->die % 8);
    }
    lot->part_count = 0;
}

static bool is_again(const struct sim_wafer *wafer, uint32_t die)
{
    return wafer->again[die / 8] >> die % 8 & 1;
}

static void place_on_site(struct sim_lot *lot, uint32_t die, uint32_t site, bool is_retest)
{
    part_begin(lot, &lot->parts[lot->part_count++], die, site, is_retest);
}

/* The probe card: as square as its sites allow. */
static uint32_t card_rows(uint32_t sites)
{
    uint32_t rows = 1;
    for (uint32_t i = 1; i * i <= sites; i++)
        if (sites % i == 0)
            rows = i;
    return rows;
}

/* Steps the card over the wafer, row by row, to and fro. Touched again, dice come under other sites: the card is off by one. */
static void wafer_probe(struct sim_lot *lot, bool is_retest)
{
    struct sim_wafer *wafer = &lot->wafer;
    uint32_t sites = lot->settings->sites, rows = card_rows(sites), columns = sites / rows;
    int64_t start_x = is_retest && columns > 1 ? -1 : 0, start_y = is_retest && rows > 1 ? -1 : 0;
    bool is_back = false;
    for (int64_t top = start_y; top < wafer->rows; top += rows, is_back = !is_back) {
        int64_t steps = (wafer->columns - start_x + columns - 1) / columns;
        for (int64_t step = 0; step < steps; step++) {
            int64_t left = start_x + (is_back ? steps - 1 - step : step) * columns;
            for (uint32_t site = 0; site < sites; site++) {
                int64_t x = left + site % columns, y = top + site / columns;
                if (x < 0 || y < 0 || x >= wafer->columns || y >= wafer->rows)
                    continue;
                uint32_t die = wafer->die_at[(size_t)y * wafer->columns + (size_t)x];
                if (die != UINT32_MAX && (!is_retest || is_again(wafer, die)))
                    place_on_site(lot, die, site, is_retest);
            }
            touch_down(lot);
            if (is_enough(lot))
                return;
        }
    }
}

static bool nowhere_write(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)context, (void)bytes, (void)length, (void)error;
    return true;
}

static struct sim_counts counts_new(const struct sim_lot *lot)
{
    uint32_t sites = lot->settings->sites;
    return (struct sim_counts){
        .cells = memory_new(lot->program.test_count * sites, sizeof *lot->counts.cells),
        .sites = memory_new(sites, sizeof *lot->counts.sites),
        .hard = memory_new(sim_hard_bin_count * sites, sizeof *lot->counts.hard),
        .soft = memory_new(sim_soft_bin_count * sites, sizeof *lot->counts.soft),
    };
}

static void counts_free(struct sim_counts *counts)
{
    free(counts->cells);
    free(counts->sites);
    free(counts->hard);
    free(counts->soft);
}

/* Touches everything once. For a retest file that happens unseen: it tells which parts failed, and leaves no other trace. */
static void first_pass(struct sim_lot *lot, void (*run)(struct sim_lot *, bool is_retest))
{
    if (lot->settings->pass != XL_PASS_RETEST) {
        run(lot, false);
        return;
    }
    struct out shown = lot->out;
    struct sim_counts counts = lot->counts;
    uint64_t touches = lot->touches, clock_us = lot->clock_us;
    unsigned *special = memory_new(lot->program.test_count, sizeof *special);
    for (size_t i = 0; i < lot->program.test_count; i++)
        special[i] = lot->program.tests[i].special;
    lot->counts = counts_new(lot);
    lot->is_unseen = true;
    out_begin(&lot->out, (struct xl_sink){nowhere_write, NULL}, shown.capacity, NULL);
    run(lot, false);
    out_end(&lot->out);
    counts_free(&lot->counts);
    for (size_t i = 0; i < lot->program.test_count; i++)
        lot->program.tests[i].special = special[i];
    free(special);
    lot->is_unseen = false;
    lot->out = shown;
    lot->counts = counts;
    lot->touches = touches;
    lot->clock_us = clock_us;
}

static void wafer_run(struct sim_lot *lot, uint32_t index, bool *cut)
{
    const struct xl_simulation *s = lot->settings;
    wafer_begin(lot, index);
    memset(lot->wafer.again, 0, lot->wafer.die_count / 8 + 1);
    summary_wafer_begin(lot);
    first_pass(lot, wafer_probe);
    if (!is_enough(lot) && s->pass != XL_PASS_FIRST)
        wafer_probe(lot, true);
    if (s->breaks & XL_BREAK_ORPHANS)
        touch_begin_write(lot, 0); /* never closed */
    *cut = s->breaks & XL_BREAK_CUT && (index + 1 == s->wafers || is_enough(lot));
    if (!*cut)
        summary_wafer_end(lot);
    lot->clock_us += 90 * 1000000ULL; /* the next wafer is fetched and aligned */
}

static void packages_insert(struct sim_lot *lot, bool is_retest)
{
    for (uint32_t die = 0; die < lot->settings->parts && !is_enough(lot); die++) {
        if (is_retest && !is_again(&lot->wafer, die))
            continue;
        place_on_site(lot, die, lot->part_count, is_retest);
        if (lot->part_count == lot->settings->sites)
            touch_down(lot);
    }
    touch_down(lot);
}

static void packages_run(struct sim_lot *lot)
{
    const struct xl_simulation *s = lot->settings;
    lot->wafer.die_count = s->parts;
    lot->wafer.again = memory_new(s->parts / 8 + 1, 1);
    wafer_begin(lot, 0);
    first_pass(lot, packages_insert);
    if (!is_enough(lot) && s->pass != XL_PASS_FIRST)
        packages_insert(lot, true);
    if (s->breaks & XL_BREAK_ORPHANS)
        touch_begin_write(lot, 0);
}

/* The tester dies amid a record: a part is open, and nothing sums up. */
static void cut_write(struct sim_lot *lot)
{
    touch_begin_write(lot, 0);
    const struct sim_test *test = middle_ptr(lot);
    struct sim_part part = {.hard = SIM_BIN_PASS, .soft = SIM_BIN_PASS};
    if (!test) {
        xl_put_cn(sim_begin(lot, XL_DTR), "cut off in the middle of this text");
        out_bytes(&lot->out, lot->record, xl_record_end(&lot->writer) - 12);
        return;
    }
    memcpy(lot->record, test->later, test->later_length);
    lot->record[9] = sim_site(part.site);
    out_bytes(&lot->out, lot->record, test->later_length);
    out_bytes(&lot->out, lot->record, test->later_length - 5);
}

static void lot_free(struct sim_lot *lot)
{
    counts_free(&lot->counts);
    free(lot->parts);
    free(lot->active);
    free(lot->record);
    wafer_free(&lot->wafer);
    arena_free(lot->program.arena);
    free(lot);
}

bool xl_simulate(const struct xl_simulation *settings, struct xl_sink sink, struct xl_error *error)
{
    if (!settings_check(settings, error))
        return false;
    struct sim_lot *lot = memory_new(1, sizeof *lot);
    lot->settings = settings;
    lot->big_endian = settings->big_endian;
    lot->key = random_at(settings->seed, 0);
    lot->record = memory_new(XL_RECORD_MOST, 1);
    lot->parts = memory_new(settings->sites, sizeof *lot->parts);
    lot->active = memory_new(settings->sites, sizeof *lot->active);
    lot->program.arena = arena_new();
    normals_make(&lot->normals);
    names_make(lot);
    program_make(lot);
    lot->counts = counts_new(lot);
    if (settings->pass == XL_PASS_RETEST)
        lot->clock_us = 86400 * 1000000ULL;
    if (settings->wafers)
        wafer_layout(lot);
    out_begin(&lot->out, sink, 1 << 20, error);
    head_write(lot);
    bool cut = false;
    if (!settings->wafers)
        packages_run(lot);
    for (uint32_t i = 0; i < settings->wafers && !is_enough(lot); i++)
        wafer_run(lot, i, &cut);
    if (settings->breaks & XL_BREAK_CUT)
        cut_write(lot);
    else
        summary_write(lot);
    bool good = out_end(&lot->out);
    lot_free(lot);
    return good;
}
