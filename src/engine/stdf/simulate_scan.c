/* simulate_scan.c: scan tests of the simulator: chains, pattern sets, and dice that fail a few coherent bits. */
#include <string.h>

#include "base/error.h"
#include "engine/stdf/simulate_model.h"

enum {
    CYCLES_A_PATTERN = SIM_CHAIN_CELLS + 4, /* shift, then capture */
    FAILS_LOGGED = 160,                     /* the tester's memory of fails, a test */
    FAILS_A_RECORD = 64,                    /* then the STR is continued */
    CYCLE_BASE = 1000,
};

static uint16_t scan_in(const struct sim_lot *lot, uint32_t chain)
{
    return lot->program.pins[lot->program.pin_count + 2 * chain].index;
}

static uint16_t scan_out(const struct sim_lot *lot, uint32_t chain)
{
    return lot->program.pins[lot->program.pin_count + 2 * chain + 1].index;
}

/* Two records for each pattern set: the set is continued, as the extension allows. */
static void sets_write(struct sim_lot *lot)
{
    struct arena *arena = lot->program.arena;
    uint32_t first = lot->program.blocks[BLOCK_SCAN].first;
    for (uint32_t set = 0; set < lot->program.blocks[BLOCK_SCAN].count; set++) {
        for (uint32_t half = 0; half < 2; half++) {
            struct xl_record_writer *w = sim_begin(lot, XL_PSR);
            uint32_t files = SIM_PATTERN_FILES / 2, patterns = SIM_PATTERNS / SIM_PATTERN_FILES;
            xl_put_u1(w, half == 0);
            xl_put_u2(w, (uint16_t)(set + 1));
            xl_put_cn(w, lot->program.tests[first + set].name);
            xl_put_u1(w, 0x0e); /* labels, but no unique names, no generator's description, no source */
            xl_put_u2(w, SIM_PATTERN_FILES);
            xl_put_u2(w, (uint16_t)files);
            for (uint32_t i = half * files; i < (half + 1) * files; i++)
                xl_put_u8(w, CYCLE_BASE + (uint64_t)i * patterns * CYCLES_A_PATTERN);
            for (uint32_t i = half * files; i < (half + 1) * files; i++)
                xl_put_u8(w, CYCLE_BASE + (uint64_t)(i + 1) * patterns * CYCLES_A_PATTERN - 1);
            for (uint32_t i = half * files; i < (half + 1) * files; i++)
                xl_put_cn(w, arena_print(arena, "scan_%u_%u.wgl", set, i));
            for (uint32_t i = half * files; i < (half + 1) * files; i++)
                xl_put_cn(w, arena_print(arena, "burst_%u", i));
            sim_end(lot);
        }
    }
}

static void names_write(struct sim_lot *lot)
{
    struct arena *arena = lot->program.arena;
    struct xl_record_writer *w = sim_begin(lot, XL_NMR);
    xl_put_u1(w, 0);
    xl_put_u2(w, 2 * SIM_CHAINS);
    xl_put_u2(w, 2 * SIM_CHAINS);
    for (uint32_t i = 0; i < 2 * SIM_CHAINS; i++)
        xl_put_u2(w, i % 2 ? scan_out(lot, i / 2) : scan_in(lot, i / 2));
    for (uint32_t i = 0; i < 2 * SIM_CHAINS; i++)
        xl_put_cn(w, arena_print(arena, "scan_%s[%u]", i % 2 ? "out" : "in", i / 2));
    sim_end(lot);
}

static void chains_write(struct sim_lot *lot)
{
    static const char *const modules[] = {"u_core/u_alu", "u_core/u_reg", "u_bus/u_dma", "u_timer", "u_serial/u_fifo", "u_adc_if"};
    struct arena *arena = lot->program.arena;
    for (uint32_t chain = 0; chain < SIM_CHAINS; chain++) {
        for (uint32_t half = 0; half < 2; half++) { /* a chain's cells in two records */
            struct xl_record_writer *w = sim_begin(lot, XL_CDR);
            xl_put_u1(w, half == 0);
            xl_put_u2(w, (uint16_t)(chain + 1));
            xl_put_cn(w, arena_print(arena, "chain_%u", chain));
            xl_put_u4(w, SIM_CHAIN_CELLS);
            xl_put_u2(w, scan_in(lot, chain));
            xl_put_u2(w, scan_out(lot, chain));
            xl_put_u1(w, 1);
            xl_put_u2(w, 1);
            xl_put_u1(w, 0);
            xl_put_u1(w, chain % 2 == 1);
            xl_put_u2(w, SIM_CHAIN_CELLS / 2);
            for (uint32_t i = 0; i < SIM_CHAIN_CELLS / 2; i++) {
                uint32_t cell = half * SIM_CHAIN_CELLS / 2 + i;
                xl_put_sn(w, arena_print(arena, "%s/state_reg_%u_", modules[(chain + cell / 24) % 6], cell));
            }
            sim_end(lot);
        }
    }
    struct xl_record_writer *w = sim_begin(lot, XL_SSR);
    xl_put_cn(w, "all_chains");
    xl_put_u2(w, SIM_CHAINS);
    for (uint32_t chain = 0; chain < SIM_CHAINS; chain++)
        xl_put_u2(w, (uint16_t)(chain + 1));
    sim_end(lot);
    w = sim_begin(lot, XL_CNR); /* overrides the name that the chain gave */
    xl_put_u2(w, 1);
    xl_put_u4(w, 3);
    xl_put_sn(w, "u_core/u_alu/carry_reg");
    sim_end(lot);
}

void scan_structure_write(struct sim_lot *lot)
{
    sets_write(lot);
    names_write(lot);
    chains_write(lot);
}

struct fail {
    uint32_t pattern, bit, chain;
};

static void put_str(struct sim_lot *lot, const struct sim_test *test, uint8_t site, uint32_t total, uint32_t logged,
                    const struct fail *fails, uint32_t count, bool goes_on)
{
    uint32_t set = (uint32_t)(test - lot->program.tests) - lot->program.blocks[BLOCK_SCAN].first;
    bool by_cycle = set % 2 == 0; /* stuck-at tests log cycles and pins, delay tests patterns and chains */
    struct xl_record_writer *w = sim_begin(lot, XL_STR);
    xl_put_u1(w, goes_on);
    xl_put_u4(w, test->number);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, site);
    xl_put_u2(w, (uint16_t)(set + 1));
    xl_put_u1(w, total ? XL_TEST_FAILED : 0);
    xl_put_cn(w, by_cycle ? "CYCLE" : "PATTERN");
    xl_put_cn(w, test->name);
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_u1(w, 0);
    /* Stuck-at tests tell which pins failed: bit 0 of the map is the pin of index 1. */
    bool has_map = total && by_cycle;
    xl_put_u1(w, has_map ? 0x08 : 0x00);
    if (has_map) {
        uint32_t pins = (uint32_t)lot->program.pin_total;
        uint8_t map[SIM_PINS_MOST / 8 + 2 * SIM_CHAINS] = {0};
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bit = scan_out(lot, fails[i].chain) - 1U;
            map[bit / 8] |= (uint8_t)(1u << bit % 8);
        }
        xl_put_u2(w, (uint16_t)pins);
        xl_put_bytes(w, map, (pins + 7) / 8);
    }
    xl_put_u8(w, CYCLE_BASE + (uint64_t)SIM_PATTERNS * CYCLES_A_PATTERN);
    xl_put_u4(w, total);
    xl_put_u4(w, logged);
    xl_put_u8(w, CYCLE_BASE);
    xl_put_u4(w, 0);
    xl_put_u2(w, 2);
    xl_put_u2(w, 0);
    xl_put_u1(w, 4); /* widths: cycle, pin, chain, pattern, bit, and three of users */
    xl_put_u1(w, 2);
    xl_put_u1(w, 1);
    xl_put_u1(w, 2);
    xl_put_u1(w, 2);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    xl_put_u2(w, 0);
    xl_put_cn(w, "SHIFT_FREQ=50E6");
    xl_put_cn(w, by_cycle ? "CAPTURE_FREQ=10E6" : "CAPTURE_FREQ=96E6");
    uint32_t cycles = by_cycle ? count : 0, patterns = by_cycle ? 0 : count;
    xl_put_u2(w, (uint16_t)cycles);
    for (uint32_t i = 0; i < cycles; i++)
        xl_put_u4(w, fails[i].pattern * CYCLES_A_PATTERN + fails[i].bit);
    xl_put_u2(w, (uint16_t)cycles);
    for (uint32_t i = 0; i < cycles; i++)
        xl_put_u2(w, scan_out(lot, fails[i].chain));
    xl_put_u2(w, (uint16_t)patterns);
    for (uint32_t i = 0; i < patterns; i++)
        xl_put_u1(w, (uint8_t)(fails[i].chain + 1));
    for (int captured = 0; captured < 2; captured++) {
        xl_put_u2(w, (uint16_t)count);
        for (uint32_t i = 0; i < count; i++) {
            bool high = random_at(fails[i].pattern, fails[i].bit) & 1;
            xl_put_u1(w, high != (captured == 1) ? 'H' : 'L');
        }
    }
    xl_put_u2(w, 0); /* NEW_DATA */
    xl_put_u2(w, (uint16_t)patterns);
    for (uint32_t i = 0; i < patterns; i++)
        xl_put_u2(w, (uint16_t)fails[i].pattern);
    xl_put_u2(w, (uint16_t)patterns);
    for (uint32_t i = 0; i < patterns; i++)
        xl_put_u2(w, (uint16_t)fails[i].bit);
    for (int i = 0; i < 4; i++)
        xl_put_u2(w, 0); /* USR1..3, USER_TXT */
}

void scan_test_template(struct sim_lot *lot, struct sim_test *test)
{
    put_str(lot, test, 0, 0, 0, NULL, 0, false);
}

/* A die's defect sits in one place: one to three neighbouring cells of a chain, seen by those patterns that excite it. */
void scan_fail_write(struct sim_lot *lot, const struct sim_test *test, const struct sim_part *part)
{
    uint64_t key = part->defect_key;
    uint32_t chain = random_below(random_at(key, 500), SIM_CHAINS);
    uint32_t first = random_below(random_at(key, 501), SIM_CHAIN_CELLS - 2), cells = 1 + random_below(random_at(key, 502), 3);
    double excited = 0.05 + 0.4 * random_unit(random_at(key, 503));
    struct fail fails[FAILS_LOGGED];
    uint32_t total = 0, logged = 0;
    for (uint32_t pattern = 0; pattern < SIM_PATTERNS; pattern++) {
        for (uint32_t bit = first; bit < first + cells; bit++) {
            uint64_t draw = random_at(random_at(key, test->number), pattern * SIM_CHAIN_CELLS + bit);
            if (random_unit(draw) >= excited && (pattern || bit != first))
                continue;
            total++;
            if (logged < FAILS_LOGGED)
                fails[logged++] = (struct fail){pattern, bit, chain};
        }
    }
    for (uint32_t at = 0; at < logged; at += FAILS_A_RECORD) {
        uint32_t count = logged - at < FAILS_A_RECORD ? logged - at : FAILS_A_RECORD;
        put_str(lot, test, sim_site(part->site), total, logged, fails + at, count, at + count < logged);
        sim_end(lot);
    }
}
