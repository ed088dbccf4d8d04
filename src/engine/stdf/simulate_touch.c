/* simulate_touch.c: one touch-down of the simulator: all sites begin, each test runs on every site in turn, all parts end.
 *
 * The bulk of a file is made here: a parametric record is a copy of the test's template with site, flags and result set. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/stdf/simulate_model.h"

/* Places in PTR, MPR, FTR: after the header TEST_NUM, HEAD_NUM, SITE_NUM, TEST_FLG, PARM_FLG, RESULT. */
enum { AT_SITE = 9, AT_TEST_FLAG = 10, AT_PARM_FLAG = 11, AT_RESULT = 12, AT_SITE_STR = 10 };
enum { CHUNK = 32 };
enum { ABOVE = 8, BELOW = 16 }; /* PARM_FLG */

static inline void store_u2(uint8_t *at, uint16_t value, bool big)
{
    value = big ? __builtin_bswap16(value) : value;
    memcpy(at, &value, 2);
}

static inline void store_r4(uint8_t *at, float value, bool big)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits = big ? __builtin_bswap32(bits) : bits;
    memcpy(at, &bits, 4);
}

/* Copies a template, up to CHUNK - 1 bytes more than its length: templates and the room for records have that much to spare. */
static inline void template_copy(uint8_t *out, const uint8_t *record, uint32_t length)
{
    uint32_t at = 0;
    do {
        memcpy(out + at, record + at, CHUNK);
        at += CHUNK;
    } while (at < length);
}

/* To the nearest integer, halves to even; exact for |x| < 2^51 and the same on every machine that rounds to nearest. */
static inline double round_even(double x)
{
    return (x + 0x1.8p52) - 0x1.8p52;
}

static bool is_affected(const struct sim_part *part, uint32_t index)
{
    return part->is_defective && index - part->defect_first < part->defect_count &&
           (index == part->defect_first || random_at(part->defect_key, 1000 + (uint64_t)index) % 3 == 0);
}

/* A result thrown beyond one of its limits, in steps. */
static double wild_result(const struct sim_test *test, const struct sim_part *part, uint32_t index)
{
    uint64_t key = random_at(part->defect_key, 2000 + (uint64_t)(part->is_retest ? index + 100000 : index));
    bool is_high = isinf(test->low) || (!isinf(test->high) && random_at(part->defect_key, 1) & 1);
    double limit = is_high ? (double)test->high : (double)test->low;
    double far = random_unit(key);
    return (limit + (limit - test->middle) * (0.04 + test->wild * far * far)) / test->step;
}

/* Results that do not count, as testers give them: for XL_BREAK_FLAGS. */
static uint8_t invalid_flag(const struct sim_part *part, uint32_t index, float *result, uint8_t *parm)
{
    uint64_t draw = random_at(part->repeat_key, 5000 + (uint64_t)index);
    switch (draw % 40) {
    case 0:
        *result = -9.99e15F;
        return XL_TEST_INVALID | XL_TEST_NO_VERDICT;
    case 1:
        return XL_TEST_UNRELIABLE;
    case 2:
        return XL_TEST_TIMEOUT | XL_TEST_NO_VERDICT;
    case 3:
        *result = 0;
        return XL_TEST_NOT_EXECUTED | XL_TEST_NO_VERDICT;
    case 4:
        return XL_TEST_ABORTED | XL_TEST_NO_VERDICT;
    case 5:
        return XL_TEST_NO_VERDICT;
    case 6:
        *parm |= 1; /* scale error */
        return 0;
    case 7:
        *result = draw >> 8 & 1 ? NAN : INFINITY;
        return 0;
    }
    return 0;
}

static inline void cell_add(struct sim_cell *cell, float result)
{
    cell->least = cell->counted && cell->least <= result ? cell->least : result;
    cell->most = cell->counted && cell->most >= result ? cell->most : result;
    cell->counted++;
    double value = (double)result;
    cell->sum += value;
    cell->squares += value * value;
}

static void part_failed(struct sim_part *part, uint16_t soft)
{
    if (part->has_failed)
        return;
    part->has_failed = true;
    part->soft = soft;
    part->hard = (uint16_t)(soft / 100);
}

/* ---- Tests ---------------------------------------------------------------------------------------------------------------- */

/* What makes a part differ from its die's plain model: a defect, or the small change of measuring again. In steps. */
static __attribute__((noinline)) double odd_result(const struct sim_lot *lot, const struct sim_test *test, const struct sim_part *part,
                                                   uint32_t index, double steps)
{
    if (is_affected(part, index))
        return wild_result(test, part, index);
    if (part->is_retest)
        return steps + 0.12 * test->noise * normal_of(&lot->normals, random_at(part->repeat_key, index));
    return steps;
}

static __attribute__((noinline)) uint8_t failed_flag(const struct sim_test *test, struct sim_part *part, struct sim_cell *cell,
                                                     uint8_t parm)
{
    cell->fails++;
    part_failed(part, parm & ABOVE ? test->soft_high : test->soft_low);
    /* A supply that runs into its current limit raises the tester's alarm, and the result does not count. */
    if (test->block == BLOCK_IDD && part->is_defective && part->defect_key % 5 == 0)
        return XL_TEST_FAILED | XL_TEST_ALARM;
    return XL_TEST_FAILED;
}

static void ptr_write(struct sim_lot *lot, struct sim_test *test, uint32_t index)
{
    const bool big = lot->big_endian;
    size_t longest = test->first_length > test->later_length ? test->first_length : test->later_length;
    uint8_t *room = (uint8_t *)out_room(&lot->out, lot->active_count * longest + CHUNK), *at = room;
    if (!room)
        return;
    struct sim_cell *cells = &lot->counts.cells[(size_t)index * lot->settings->sites];
    for (uint32_t i = 0; i < lot->active_count; i++) {
        struct sim_part *part = lot->active[i];
        double noise = normal_of(&lot->normals, random_at(part->key, index));
        double steps = test->base[part->site] + test->load * part->factors[test->factor] + test->noise * noise;
        if (__builtin_expect(part->is_defective | part->is_retest, 0))
            steps = odd_result(lot, test, part, index, steps);
        float result = (float)(round_even(steps) * test->step);
        struct sim_cell *cell = &cells[part->site];
        uint8_t flag = 0, parm = 0xc0;
        if (__builtin_expect(result < test->low || result > test->high, 0)) {
            parm |= result < test->low ? BELOW : ABOVE;
            flag = failed_flag(test, part, cell, parm);
        }
        const uint8_t *record = test->later;
        uint32_t length = test->later_length;
        if (__builtin_expect(test->special, 0)) {
            if (test->special & SIM_NEW) {
                record = test->first;
                length = test->first_length;
            }
            if (test->special & SIM_FLAGS && !flag)
                flag = invalid_flag(part, index, &result, &parm);
        }
        template_copy(at, record, length);
        if (__builtin_expect(test->special & (SIM_NEW | SIM_LENGTHEN), 0)) {
            if (test->special & SIM_LENGTHEN)
                store_u2(at, (uint16_t)(length - 4 + 7), big);
            test->special &= ~(unsigned)(SIM_NEW | SIM_LENGTHEN);
        }
        at[AT_SITE] = sim_site(part->site);
        at[AT_TEST_FLAG] = flag;
        at[AT_PARM_FLAG] = parm;
        store_r4(at + AT_RESULT, result, big);
        at += length;
        cell->executed++;
        if (__builtin_expect(!(flag & 0x3f) && !(parm & 7) && isfinite(result), 1))
            cell_add(cell, result);
        else
            cell->alarms += flag & XL_TEST_ALARM;
    }
    out_took(&lot->out, (size_t)(at - room));
}

static void mpr_write(struct sim_lot *lot, struct sim_test *test, uint32_t index)
{
    const bool big = lot->big_endian;
    uint32_t pins = lot->settings->pins;
    for (uint32_t i = 0; i < lot->active_count; i++) {
        struct sim_part *part = lot->active[i];
        struct sim_cell *cell = &lot->counts.cells[(size_t)index * lot->settings->sites + part->site];
        const uint8_t *record = test->special & SIM_NEW ? test->first : test->later;
        uint32_t length = test->special & SIM_NEW ? test->first_length : test->later_length;
        test->special &= ~(unsigned)SIM_NEW;
        uint8_t *at = (uint8_t *)out_room(&lot->out, length + CHUNK);
        if (!at)
            return;
        template_copy(at, record, length);
        uint8_t *states = at + AT_RESULT + 4, *results = states + (pins + 1) / 2, parm = 0xc0;
        uint64_t key = random_at(part->key, index);
        double centre = test->base[part->site] + test->load * part->factors[test->factor];
        /* A leaking pad pulls at its neighbours at most. */
        bool affected = is_affected(part, index);
        uint32_t leak = random_below(random_at(part->defect_key, 600), pins), wide = 1 + random_below(random_at(part->defect_key, 601), 3);
        for (uint32_t pin = 0; pin < pins; pin++) {
            double steps = centre + test->noise * normal_of(&lot->normals, random_at(key, pin));
            if (affected && pin - leak < wide)
                steps = wild_result(test, part, index + 7 * pin);
            else if (part->is_retest)
                steps += 0.12 * test->noise * normal_of(&lot->normals, random_at(part->repeat_key, ((uint64_t)index << 16) + pin));
            float result = (float)(round_even(steps) * test->step);
            if (result < test->low || result > test->high) {
                parm |= result < test->low ? BELOW : ABOVE;
                states[pin / 2] |= (uint8_t)((result < test->low ? 5 : 6) << 4 * (pin % 2)); /* failed low, failed high */
            }
            store_r4(results + 4 * (size_t)pin, result, big);
            cell_add(cell, result);
        }
        bool failed = parm & (ABOVE | BELOW);
        if (failed) {
            cell->fails++;
            part_failed(part, test->soft_high);
        }
        at[AT_SITE] = sim_site(part->site);
        at[AT_TEST_FLAG] = failed ? XL_TEST_FAILED : 0;
        at[AT_PARM_FLAG] = parm;
        cell->executed++;
        out_took(&lot->out, length);
    }
}

/* A failing vector, with the pins it failed on. */
static void ftr_fail_write(struct sim_lot *lot, const struct sim_test *test, const struct sim_part *part, uint32_t index)
{
    uint64_t key = random_at(part->defect_key, 700 + (uint64_t)index);
    uint32_t pins = (uint32_t)lot->program.pin_count, fails = 1 + random_below(random_at(key, 0), pins < 3 ? pins : 3);
    uint32_t first = random_below(random_at(key, 1), pins - fails + 1), vectors = 4096 + 64 * index;
    char vector[40];
    snprintf(vector, sizeof vector, "pat_%03u_main", index);
    struct xl_record_writer *w = sim_begin(lot, XL_FTR);
    xl_put_u4(w, test->number);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, sim_site(part->site));
    xl_put_u1(w, XL_TEST_FAILED);
    xl_put_u1(w, 0xd4); /* no repeat count, no logical address */
    xl_put_u4(w, vectors);
    xl_put_u4(w, random_below(random_at(key, 2), vectors));
    xl_put_u4(w, 0);
    xl_put_u4(w, 1 + random_below(random_at(key, 3), 400));
    xl_put_u4(w, 0);
    xl_put_u4(w, 0);
    xl_put_u2(w, (uint16_t)-random_below(random_at(key, 4), 4)); /* VECT_OFF */
    xl_put_u2(w, (uint16_t)fails);
    xl_put_u2(w, (uint16_t)fails);
    for (uint32_t i = 0; i < fails; i++)
        xl_put_u2(w, lot->program.pins[first + i].index);
    for (uint32_t i = 0; i < (fails + 1) / 2; i++)
        xl_put_u1(w, 2 * i + 1 < fails ? 0x65 : 0x05); /* failed low, failed high */
    for (uint32_t i = 0; i < fails; i++)
        xl_put_u2(w, lot->program.pins[first + i].index);
    for (uint32_t i = 0; i < (fails + 1) / 2; i++)
        xl_put_u1(w, 2 * i + 1 < fails ? 0x01 : 0x01); /* drive high, drive low */
    uint8_t map[SIM_PINS_MOST / 8 + 1] = {0};
    for (uint32_t i = 0; i < fails; i++)
        map[lot->program.pins[first + i].index / 8] |= (uint8_t)(1u << lot->program.pins[first + i].index % 8);
    xl_put_u2(w, (uint16_t)(pins + 1));
    xl_put_bytes(w, map, pins / 8 + 1);
    xl_put_cn(w, vector);
    xl_put_cn(w, "ts50n");
    xl_put_cn(w, "");
    xl_put_cn(w, test->name);
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_cn(w, "compare failed");
    xl_put_u1(w, (uint8_t)(index % 16));
    sim_end(lot);
}

/* FTR and STR: most pass, and their record is the template with the site set. */
static void vector_write(struct sim_lot *lot, struct sim_test *test, uint32_t index)
{
    bool is_scan = test->kind == XL_TEST_STR;
    for (uint32_t i = 0; i < lot->active_count; i++) {
        struct sim_part *part = lot->active[i];
        struct sim_cell *cell = &lot->counts.cells[(size_t)index * lot->settings->sites + part->site];
        cell->executed++;
        if (is_affected(part, index)) {
            cell->fails++;
            part_failed(part, test->soft_high);
            if (is_scan)
                scan_fail_write(lot, test, part);
            else
                ftr_fail_write(lot, test, part, index);
            continue;
        }
        const uint8_t *record = test->special & SIM_NEW ? test->first : test->later;
        uint32_t length = test->special & SIM_NEW ? test->first_length : test->later_length;
        test->special &= ~(unsigned)SIM_NEW;
        uint8_t *at = (uint8_t *)out_room(&lot->out, length + CHUNK);
        if (!at)
            return;
        template_copy(at, record, length);
        at[is_scan ? AT_SITE_STR : AT_SITE] = sim_site(part->site);
        out_took(&lot->out, length);
    }
}

/* ---- The touch-down ---------------------------------------------------------------------------------------------------------- */

void touch_begin_write(struct sim_lot *lot, uint32_t site)
{
    struct xl_record_writer *w = sim_begin(lot, XL_PIR);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, sim_site(site));
    sim_end(lot);
}

static uint64_t part_microseconds(const struct sim_lot *lot, const struct sim_part *part)
{
    return part->executed ? lot->program.tests[part->executed - 1].until : 0;
}

void touch_result_write(struct sim_lot *lot, const struct sim_part *part)
{
    const struct xl_simulation *s = lot->settings;
    unsigned flag = part->has_failed ? XL_PART_FAILED : 0;
    if (part->is_retest && s->pass == XL_PASS_BOTH)
        flag |= s->wafers ? XL_PART_SUPERSEDES_XY : XL_PART_SUPERSEDES_ID;
    char id[16];
    snprintf(id, sizeof id, "%u", part->die + 1);
    struct xl_record_writer *w = sim_begin(lot, XL_PRR);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, sim_site(part->site));
    xl_put_u1(w, (uint8_t)flag);
    xl_put_u2(w, (uint16_t)part->executed);
    xl_put_u2(w, part->hard);
    xl_put_u2(w, part->soft);
    xl_put_u2(w, (uint16_t)part->x);
    xl_put_u2(w, (uint16_t)part->y);
    xl_put_u4(w, (uint32_t)(part_microseconds(lot, part) / 1000));
    xl_put_cn(w, id);
    if (s->every_record || s->breaks & (XL_BREAK_TEXT | XL_BREAK_PADDING)) {
        xl_put_cn(w, s->breaks & XL_BREAK_TEXT ? "\xc1\xbc\xc6\xb7 \x02" : s->every_record ? "ink" : ""); /* "good part" in GB18030 */
        xl_put_u1(w, s->every_record ? 2 : 0);
        if (s->every_record)
            xl_put_bytes(w, "\x5a\x01", 2);
    }
    if (s->breaks & XL_BREAK_PADDING)
        xl_put_bytes(w, "\0\0\0", 3);
    sim_end(lot);
}

/* Takes the parts that have failed off the touch-down. */
static void active_compact(struct sim_lot *lot, uint32_t executed)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < lot->active_count; i++) {
        if (lot->active[i]->has_failed)
            lot->active[i]->executed = executed;
        else
            lot->active[kept++] = lot->active[i];
    }
    lot->active_count = kept;
}

static void part_finish(struct sim_lot *lot, struct sim_part *part)
{
    if (part->is_defective && !part->defect_count)
        part_failed(part, 1401); /* a program without tests: rejected unseen */
    if (part->has_failed)
        return;
    bool is_slow = lot->settings->grade_bins && part->factors[3] < -0.9;
    part->hard = part->soft = is_slow ? SIM_BIN_GRADE : SIM_BIN_PASS;
}

void touch_write(struct sim_lot *lot)
{
    const struct xl_simulation *s = lot->settings;
    const struct sim_program *program = &lot->program;
    lot->active_count = lot->part_count;
    for (uint32_t i = 0; i < lot->part_count; i++) {
        lot->active[i] = &lot->parts[i];
        touch_begin_write(lot, lot->parts[i].site);
    }
    if (s->every_record) {
        xl_put_cn(sim_begin(lot, XL_BPS), s->wafers ? "CP1" : "FT1");
        sim_end(lot);
    }
    for (uint32_t index = 0; index < program->test_count && lot->active_count; index++) {
        struct sim_test *test = &program->tests[index];
        switch (test->kind) {
        case XL_TEST_PTR:
            ptr_write(lot, test, index);
            break;
        case XL_TEST_MPR:
            mpr_write(lot, test, index);
            break;
        case XL_TEST_FTR:
        case XL_TEST_STR:
            vector_write(lot, test, index);
            break;
        }
        if (s->stop_on_fail)
            active_compact(lot, index + 1);
    }
    if (s->every_record) {
        sim_begin(lot, XL_EPS);
        sim_end(lot);
    }
    uint64_t longest = 0;
    for (uint32_t i = 0; i < lot->active_count; i++)
        lot->active[i]->executed = (uint32_t)program->test_count;
    for (uint32_t i = 0; i < lot->part_count; i++) {
        struct sim_part *part = &lot->parts[i];
        part_finish(lot, part);
        touch_result_write(lot, part);
        summary_count(lot, part);
        uint64_t took = part_microseconds(lot, part);
        longest = took > longest ? took : longest;
    }
    lot->clock_us += longest + 380000; /* and the prober's step */
    lot->touches++;
}
