/* simulate_summary.c: what a simulated file says of itself: TSR, HBR, SBR, PCR, WIR, WRR and MRR, counted from its parts. */
#include <stdio.h>

#include "base/error.h"
#include "engine/stdf/simulate_model.h"

enum { ALL = 255 };

static size_t bin_index(const struct sim_bin *bins, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++)
        if (bins[i].number == number)
            return i;
    BUG("bin %u is in no list", number);
}

void summary_count(struct sim_lot *lot, const struct sim_part *part)
{
    struct sim_counts *counts = &lot->counts;
    uint32_t sites = lot->settings->sites;
    struct sim_parts_count *both[] = {&counts->wafer, &counts->sites[part->site]};
    for (size_t i = 0; i < 2; i++) {
        both[i]->parts++;
        both[i]->retests += part->is_retest && lot->settings->pass == XL_PASS_BOTH; /* those that supersede */
        both[i]->good += !part->has_failed;
    }
    counts->hard[bin_index(sim_hard_bins, sim_hard_bin_count, part->hard) * sites + part->site]++;
    counts->soft[bin_index(sim_soft_bins, sim_soft_bin_count, part->soft) * sites + part->site]++;
}

static void put_parts(struct xl_record_writer *w, const struct sim_parts_count *count)
{
    xl_put_u4(w, count->parts);
    xl_put_u4(w, count->retests);
    xl_put_u4(w, count->aborts);
    xl_put_u4(w, count->good);
    xl_put_u4(w, UINT32_MAX); /* FUNC_CNT: not counted */
}

static void put_wafer_id(struct sim_lot *lot)
{
    char name[256];
    snprintf(name, sizeof name, "%s-%02u", lot->name, lot->wafer.index + 1);
    xl_put_cn(&lot->writer, name);
}

void summary_wafer_begin(struct sim_lot *lot)
{
    struct xl_record_writer *w = sim_begin(lot, XL_WIR);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, 1);
    xl_put_u4(w, sim_time(lot));
    put_wafer_id(lot);
    sim_end(lot);
    lot->counts.wafer = (struct sim_parts_count){0};
}

void summary_wafer_end(struct sim_lot *lot)
{
    struct sim_parts_count count = lot->counts.wafer;
    if (lot->settings->breaks & XL_BREAK_COUNTS) {
        count.parts += 7;
        count.good = count.good > 3 ? count.good - 3 : 0;
    }
    struct xl_record_writer *w = sim_begin(lot, XL_WRR);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, 1);
    xl_put_u4(w, sim_time(lot));
    put_parts(w, &count);
    put_wafer_id(lot);
    char fab_id[16];
    snprintf(fab_id, sizeof fab_id, "F%05u", 20000 + lot->wafer.index + random_below(lot->key, 60000));
    xl_put_cn(w, fab_id);
    xl_put_cn(w, "");
    xl_put_cn(w, "M7");
    xl_put_cn(w, lot->settings->breaks & XL_BREAK_TEXT ? "\xb1\xdf\xd4\xb5\x07" : ""); /* "edge" in GB18030, and a bell */
    sim_end(lot);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------------- */

static struct sim_cell cells_sum(const struct sim_cell *cells, uint32_t sites)
{
    struct sim_cell sum = {0};
    for (uint32_t i = 0; i < sites; i++) {
        const struct sim_cell *cell = &cells[i];
        if (cell->counted) {
            sum.least = sum.counted && sum.least < cell->least ? sum.least : cell->least;
            sum.most = sum.counted && sum.most > cell->most ? sum.most : cell->most;
        }
        sum.executed += cell->executed;
        sum.fails += cell->fails;
        sum.alarms += cell->alarms;
        sum.counted += cell->counted;
        sum.sum += cell->sum;
        sum.squares += cell->squares;
    }
    return sum;
}

static void tsr_write(struct sim_lot *lot, const struct sim_test *test, uint8_t head, uint8_t site, const struct sim_cell *cell)
{
    struct xl_record_writer *w = sim_begin(lot, XL_TSR);
    xl_put_u1(w, head);
    xl_put_u1(w, site);
    switch (test->kind) {
    case XL_TEST_PTR:
        xl_put_u1(w, 'P');
        break;
    case XL_TEST_MPR:
        xl_put_u1(w, 'M');
        break;
    case XL_TEST_FTR:
        xl_put_u1(w, 'F');
        break;
    case XL_TEST_STR:
        xl_put_u1(w, 'S');
        break;
    }
    xl_put_u4(w, test->number);
    xl_put_u4(w, cell->executed);
    xl_put_u4(w, cell->fails);
    xl_put_u4(w, cell->alarms);
    xl_put_cn(w, test->name);
    xl_put_cn(w, lot->settings->wafers ? "CP1" : "FT1");
    xl_put_cn(w, "");
    bool has_values = cell->counted > 0;
    xl_put_u1(w, has_values ? 0xc8 : 0xfb);
    xl_put_r4(w, (float)(test->microseconds / 1e6));
    if (has_values) {
        xl_put_r4(w, cell->least);
        xl_put_r4(w, cell->most);
        xl_put_r4(w, (float)cell->sum);
        xl_put_r4(w, (float)cell->squares);
    }
    sim_end(lot);
}

static void tests_write(struct sim_lot *lot)
{
    const struct sim_program *program = &lot->program;
    uint32_t sites = lot->settings->sites;
    for (size_t i = 0; i < program->test_count; i++) {
        const struct sim_cell *cells = &lot->counts.cells[i * sites];
        struct sim_cell all = cells_sum(cells, sites);
        tsr_write(lot, &program->tests[i], ALL, 0, &all);
        for (uint32_t site = 0; site < sites; site++)
            tsr_write(lot, &program->tests[i], SIM_HEAD, sim_site(site), &cells[site]);
    }
}

/* ---- Bins and parts ---------------------------------------------------------------------------------------------------- */

static void bin_write(struct sim_lot *lot, uint16_t type, uint8_t head, uint8_t site, const struct sim_bin *bin, uint32_t count)
{
    struct xl_record_writer *w = sim_begin(lot, type);
    xl_put_u1(w, head);
    xl_put_u1(w, site);
    xl_put_u2(w, bin->number);
    xl_put_u4(w, count);
    xl_put_u1(w, bin->passes ? 'P' : 'F');
    xl_put_cn(w, bin->name);
    sim_end(lot);
}

/* Over all sites every bin of the program that anything fell into, and the passing one; by site those that it used. */
static void bins_write(struct sim_lot *lot, uint16_t type, const struct sim_bin *bins, size_t bin_count, const uint32_t *counts)
{
    uint32_t sites = lot->settings->sites;
    for (size_t i = 0; i < bin_count; i++) {
        uint32_t all = 0;
        for (uint32_t site = 0; site < sites; site++)
            all += counts[i * sites + site];
        if (!all && i)
            continue;
        uint32_t wrong = lot->settings->breaks & XL_BREAK_COUNTS && type == XL_HBR && i == 0 ? 5 : 0;
        bin_write(lot, type, ALL, 0, &bins[i], all + wrong);
        for (uint32_t site = 0; site < sites; site++)
            if (counts[i * sites + site])
                bin_write(lot, type, SIM_HEAD, sim_site(site), &bins[i], counts[i * sites + site]);
    }
}

static void pcr_write(struct sim_lot *lot, uint8_t head, uint8_t site, const struct sim_parts_count *count)
{
    struct xl_record_writer *w = sim_begin(lot, XL_PCR);
    xl_put_u1(w, head);
    xl_put_u1(w, site);
    put_parts(w, count);
    sim_end(lot);
}

void summary_write(struct sim_lot *lot)
{
    uint32_t sites = lot->settings->sites;
    struct sim_parts_count all = {0};
    for (uint32_t site = 0; site < sites; site++) {
        all.parts += lot->counts.sites[site].parts;
        all.retests += lot->counts.sites[site].retests;
        all.aborts += lot->counts.sites[site].aborts;
        all.good += lot->counts.sites[site].good;
    }
    tests_write(lot);
    bins_write(lot, XL_HBR, sim_hard_bins, sim_hard_bin_count, lot->counts.hard);
    bins_write(lot, XL_SBR, sim_soft_bins, sim_soft_bin_count, lot->counts.soft);
    if (lot->settings->breaks & XL_BREAK_COUNTS)
        all.parts = all.parts > 3 ? all.parts - 3 : 0;
    pcr_write(lot, ALL, 0, &all);
    for (uint32_t site = 0; site < sites; site++)
        pcr_write(lot, SIM_HEAD, sim_site(site), &lot->counts.sites[site]);
    struct xl_record_writer *w = sim_begin(lot, XL_MRR);
    xl_put_u4(w, sim_time(lot));
    xl_put_u1(w, ' ');
    if (lot->settings->every_record) {
        xl_put_cn(w, "lot complete");
        xl_put_cn(w, "");
    }
    sim_end(lot);
}
