/* simulate_program.c: the test program that the simulator runs: blocks of tests with limits, units, bins, and their record templates. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "engine/stdf/simulate_model.h"

/* ---- Bins --------------------------------------------------------------------------------------------------------- */

const struct sim_bin sim_hard_bins[] = {
    {1, 1, true, "PASS"},         {2, 2, true, "PASS_GRADE_B"}, {3, 3, false, "OPEN_SHORT"}, {4, 4, false, "LEAKAGE"},
    {5, 5, false, "PIN_LEAKAGE"}, {6, 6, false, "SUPPLY"},      {7, 7, false, "FUNCTION"},   {8, 8, false, "SCAN"},
    {9, 9, false, "LDO"},         {10, 10, false, "ADC"},       {11, 11, false, "CLOCK"},    {14, 14, false, "REJECT"},
};
const size_t sim_hard_bin_count = sizeof sim_hard_bins / sizeof sim_hard_bins[0];

const struct sim_bin sim_soft_bins[] = {
    {1, 1, true, "PASS"},
    {2, 2, true, "PASS_GRADE_B"},
    {301, 3, false, "OPEN"},
    {302, 3, false, "SHORT"},
    {401, 4, false, "IIL"},
    {402, 4, false, "IIH"},
    {403, 4, false, "IOZ"},
    {501, 5, false, "PIN_LEAK"},
    {601, 6, false, "IDD_RUN_HIGH"},
    {602, 6, false, "IDD_RUN_LOW"},
    {603, 6, false, "IDD_SLEEP"},
    {604, 6, false, "IDDQ"},
    {701, 7, false, "MBIST"},
    {702, 7, false, "BUS"},
    {703, 7, false, "MEMORY"},
    {801, 8, false, "SCAN_STUCK"},
    {802, 8, false, "SCAN_DELAY"},
    {901, 9, false, "LDO_LOW"},
    {902, 9, false, "LDO_HIGH"},
    {903, 9, false, "LDO_REGULATION"},
    {904, 9, false, "LDO_NOISE"},
    {1001, 10, false, "ADC_LINEARITY"},
    {1002, 10, false, "ADC_OFFSET"},
    {1003, 10, false, "ADC_GAIN"},
    {1004, 10, false, "ADC_NOISE"},
    {1101, 11, false, "CLOCK_SLOW"},
    {1102, 11, false, "CLOCK_FAST"},
    {1103, 11, false, "JITTER"},
    {1104, 11, false, "LOCK"},
    {1401, 14, false, "REJECT"},
};
const size_t sim_soft_bin_count = sizeof sim_soft_bins / sizeof sim_soft_bins[0];

/* ---- Kinds of tests ------------------------------------------------------------------------------------------------ */

enum { LOW = 1, HIGH = 2, SPEC = 4 }; /* which limits a kind has */

struct kind {
    enum sim_block block;
    const char *before, *after; /* name: before + pin or number + after + corner */
    bool per_pin;
    const char *units, *format;
    int8_t scale;
    uint8_t limits;
    uint8_t factor;
    double mean, sigma, step; /* base units */
    double share;             /* of the variance that the factor explains */
    double wild;
    uint32_t microseconds;
    uint16_t soft_low, soft_high;
};
static const struct kind kinds[] = {
    {BLOCK_CONTINUITY, "CONT_", "_VSS", true, "V", "%7.1f", 3, LOW | HIGH, 0, -0.612, 0.011, 0x1p-13, 0.3, 0.4, 120, 301, 302},
    {BLOCK_CONTINUITY, "CONT_", "_VDD", true, "V", "%7.1f", 3, LOW | HIGH, 0, 0.634, 0.012, 0x1p-13, 0.3, 0.4, 120, 302, 301},
    {BLOCK_LEAKAGE, "IIL_", "", true, "A", "%9.3f", 9, LOW | HIGH, 1, -2.1e-9, 6.0e-10, 2e-12, 0.5, 30, 450, 401, 401},
    {BLOCK_LEAKAGE, "IIH_", "", true, "A", "%9.3f", 9, LOW | HIGH, 1, 2.6e-9, 7.0e-10, 2e-12, 0.5, 30, 450, 402, 402},
    {BLOCK_LEAKAGE, "IOZ_", "_H", true, "A", "%9.3f", 9, LOW | HIGH, 1, 3.3e-9, 9.0e-10, 2e-12, 0.5, 30, 450, 403, 403},
    {BLOCK_IDD, "IDD_RUN", "", false, "A", "%8.3f", 3, LOW | HIGH, 3, 0.0184, 4.1e-4, 0x1p-19, 0.6, 2, 900, 602, 601},
    {BLOCK_IDD, "IDD_SLEEP", "", false, "A", "%8.2f", 6, HIGH, 1, 4.4e-6, 6.3e-7, 1e-9, 0.7, 12, 2500, 603, 603},
    {BLOCK_IDD, "IDDQ_V", "", false, "A", "%8.3f", 6, HIGH | SPEC, 1, 9.1e-7, 1.4e-7, 2e-10, 0.7, 20, 1800, 604, 604},
    {BLOCK_LDO, "LDO", "_VOUT", false, "V", "%7.4f", 0, LOW | HIGH | SPEC, 2, 1.2004, 0.0042, 0x1p-15, 0.4, 1.5, 700, 901, 902},
    {BLOCK_LDO, "LDO", "_LOADREG", false, "V", "%7.3f", 3, LOW | HIGH, 2, 0.0031, 3.9e-4, 0x1p-17, 0.3, 3, 1100, 903, 903},
    {BLOCK_LDO, "LDO", "_DROPOUT", false, "V", "%7.1f", 3, HIGH, 2, 0.148, 0.0061, 0x1p-14, 0.4, 2, 1100, 903, 903},
    {BLOCK_LDO, "LDO", "_PSRR", false, "dB", "%6.2f", 0, LOW, 0, 63.4, 0.92, 0x1p-7, 0.2, 0.6, 3000, 904, 904},
    {BLOCK_ADC, "ADC", "_INL", false, "LSB", "%6.2f", 0, LOW | HIGH, 4, 0.61, 0.13, 0x1p-4, 0.2, 4, 5200, 1001, 1001},
    {BLOCK_ADC, "ADC", "_DNL", false, "LSB", "%6.2f", 0, LOW | HIGH, 4, 0.32, 0.07, 0x1p-4, 0.2, 4, 5200, 1001, 1001},
    {BLOCK_ADC, "ADC", "_OFFSET", false, "V", "%7.3f", 3, LOW | HIGH, 0, 2.0e-4, 5.4e-4, 0x1p-17, 0.3, 2, 800, 1002, 1002},
    {BLOCK_ADC, "ADC", "_GAIN", false, "%", "%6.3f %%", 0, LOW | HIGH, 4, 0.04, 0.11, 0x1p-10, 0.3, 3, 800, 1003, 1003},
    {BLOCK_ADC, "ADC", "_SNR", false, "dB", "%6.2f", 0, LOW | SPEC, 1, 68.9, 0.44, 0x1p-8, 0.2, 0.5, 6400, 1004, 1004},
    {BLOCK_FREQUENCY, "FRO", "_FREQ", false, "Hz", "%9.4f", -6, LOW | HIGH | SPEC, 3, 1.2e7, 4.2e4, 100, 0.7, 2, 1500, 1101, 1102},
    {BLOCK_FREQUENCY, "PLL", "_FREQ", false, "Hz", "%9.3f", -6, LOW | HIGH, 3, 9.6e7, 2.1e5, 1000, 0.5, 3, 1500, 1101, 1102},
    {BLOCK_FREQUENCY, "PLL", "_JITTER", false, "s", "%7.1f", 12, HIGH, 1, 4.3e-11, 2.6e-12, 1e-13, 0.3, 3, 4000, 1103, 1103},
    {BLOCK_FREQUENCY, "PLL", "_LOCK", false, "s", "%7.2f", 6, HIGH, 2, 7.7e-5, 3.1e-6, 1e-7, 0.3, 3, 2200, 1104, 1104},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };
static const struct kind pin_kind = /* MPR */
    {BLOCK_PINS, "LEAK_ALL", "", false, "A", "%9.3f", 9, LOW | HIGH, 1, 1.4e-9, 5.0e-10, 2e-12, 0.5, 40, 2600, 501, 501};

/* How the parametric tests are shared among the blocks, in percent up to and with the block. */
static const struct {
    enum sim_block block;
    unsigned until;
} shares[] = {{BLOCK_CONTINUITY, 20}, {BLOCK_LEAKAGE, 40}, {BLOCK_IDD, 52}, {BLOCK_LDO, 70}, {BLOCK_ADC, 86}, {BLOCK_FREQUENCY, 100}};

static const char *const corners[] = {"_1V62", "_1V80", "_1V98"};

/* ---- Limits and the model ------------------------------------------------------------------------------------------ */

/* The nearest number of at most three significant digits: what an engineer would write. */
static double round_limit(double value)
{
    if (value == 0)
        return 0;
    double size = fabs(value), unit = 1;
    while (size / unit >= 1000)
        unit *= 10;
    double divisor = 1;
    while (size * divisor / unit < 100)
        divisor *= 10;
    double digits = nearbyint(value * divisor / unit);
    return digits * unit / divisor;
}

/* Sets limits, centre and spread of one test, and adds to the share of parts that fail by spread alone. */
static void model_make(struct sim_lot *lot, struct sim_test *test, const struct kind *kind, size_t index)
{
    struct sim_program *program = &lot->program;
    const struct xl_simulation *s = lot->settings;
    uint64_t key = random_at(random_at(lot->key, 1001), index);
    /* Most tests are wide of their limits; a few in a program are marginal. The more tests, the wider. */
    double most = s->tests > 320 ? s->tests : 320;
    bool marginal = random_unit(random_at(key, 0)) < 8 / most;
    double room = random_unit(random_at(key, 1));
    double reach = marginal ? 4.0 : 5.2 + (s->tests > 2000 ? 0.6 : 0) + 5 * room * room;
    double shift = (marginal ? 0.2 : 0.5) * normal_of(&lot->normals, random_at(key, 2));
    double low = round_limit(kind->mean - reach * kind->sigma), high = round_limit(kind->mean + reach * kind->sigma);
    test->low = kind->limits & LOW ? (float)low : -INFINITY;
    test->high = kind->limits & HIGH ? (float)high : INFINITY;
    double middle = kind->mean + shift * kind->sigma;
    test->step = kind->step;
    test->middle = middle;
    test->sigma = kind->sigma;
    test->factor = kind->factor;
    test->load = sqrt(kind->share) * kind->sigma / kind->step;
    test->noise = sqrt(1 - kind->share) * kind->sigma / kind->step;
    test->wild = kind->wild;
    double *base = arena_take(program->arena, s->sites, sizeof(double));
    for (uint32_t site = 0; site < s->sites; site++)
        base[site] = (middle + 0.22 * kind->sigma * normal_of(&lot->normals, random_at(key, 16 + site))) / kind->step;
    test->base = base;
    /* sqrt(1.05): the spread with site offsets. */
    double wide = 1.025 * kind->sigma;
    if (kind->limits & LOW)
        program->tail += normal_tail((middle - (double)test->low) / wide);
    if (kind->limits & HIGH)
        program->tail += normal_tail(((double)test->high - middle) / wide);
}

/* ---- Templates ------------------------------------------------------------------------------------------------------ */

enum { TEMPLATE_SLACK = 64 };

static void template_keep(struct sim_lot *lot, const uint8_t **record, uint32_t *length)
{
    size_t size = xl_record_end(&lot->writer);
    if (!size)
        BUG("a template is too long");
    uint8_t *copy = arena_take(lot->program.arena, size + TEMPLATE_SLACK, 1);
    memcpy(copy, lot->record, size);
    *record = copy;
    *length = (uint32_t)size;
}

static float or_zero(float limit)
{
    return isinf(limit) ? 0 : limit;
}

enum detail { FULL, NAMED, BARE, JUNK };

static uint8_t option_flag(const struct sim_test *test, bool has_spec)
{
    return (uint8_t)(0x02 | (has_spec ? 0 : 0x0c) | (isinf(test->low) ? 0x40 : 0) | (isinf(test->high) ? 0x80 : 0));
}

static void put_ptr(struct sim_lot *lot, const struct sim_test *test, const struct kind *kind, size_t index, enum detail detail)
{
    struct xl_record_writer *w = &lot->writer;
    bool breaks_flags = lot->settings->breaks & XL_BREAK_FLAGS, has_spec = kind->limits & SPEC;
    xl_record_begin(w, XL_PTR, lot->big_endian, lot->record);
    xl_put_u4(w, test->number);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0xc0); /* a result equal to a limit passes */
    xl_put_r4(w, 0);
    if (detail == BARE)
        return;
    xl_put_cn(w, test->name);
    if (detail == NAMED)
        return;
    xl_put_cn(w, "");
    if (detail == JUNK) { /* everything is called invalid, and is */
        xl_put_u1(w, 0x3f);
        xl_put_bytes(w, "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd", 11);
        return;
    }
    uint8_t flag = option_flag(test, has_spec);
    xl_put_u1(w, breaks_flags && index % 5 == 1 ? (uint8_t)(flag & ~2) : flag);
    xl_put_u1(w, (uint8_t)kind->scale);
    xl_put_u1(w, (uint8_t)kind->scale);
    xl_put_u1(w, (uint8_t)kind->scale);
    xl_put_r4(w, or_zero(test->low));
    xl_put_r4(w, or_zero(test->high));
    xl_put_cn(w, kind->units);
    xl_put_cn(w, kind->format);
    xl_put_cn(w, kind->format);
    xl_put_cn(w, kind->format);
    if (has_spec) { /* twice as far out as the limits */
        double low = isinf(test->low) ? 0 : 2 * (double)test->low - kind->mean;
        double high = isinf(test->high) ? 0 : 2 * (double)test->high - kind->mean;
        xl_put_r4(w, isinf(test->low) ? 0 : (float)round_limit(low));
        xl_put_r4(w, isinf(test->high) ? 0 : (float)round_limit(high));
    }
}

static void put_mpr(struct sim_lot *lot, const struct sim_test *test, enum detail detail)
{
    struct xl_record_writer *w = &lot->writer;
    uint32_t pins = lot->settings->pins;
    xl_record_begin(w, XL_MPR, lot->big_endian, lot->record);
    xl_put_u4(w, test->number);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0xc0);
    xl_put_u2(w, (uint16_t)pins);
    xl_put_u2(w, (uint16_t)pins);
    for (uint32_t i = 0; i < (pins + 1) / 2; i++)
        xl_put_u1(w, 0);
    for (uint32_t i = 0; i < pins; i++)
        xl_put_r4(w, 0);
    if (detail == BARE)
        return;
    xl_put_cn(w, test->name);
    if (detail == NAMED)
        return;
    xl_put_cn(w, "");
    xl_put_u1(w, (uint8_t)(option_flag(test, false))); /* bit 1: START_IN and INCR_IN do not apply */
    xl_put_u1(w, (uint8_t)pin_kind.scale);
    xl_put_u1(w, (uint8_t)pin_kind.scale);
    xl_put_u1(w, (uint8_t)pin_kind.scale);
    xl_put_r4(w, or_zero(test->low));
    xl_put_r4(w, or_zero(test->high));
    xl_put_r4(w, 0);
    xl_put_r4(w, 0);
    for (uint32_t i = 0; i < pins; i++)
        xl_put_u2(w, lot->program.pins[i].index);
    xl_put_cn(w, pin_kind.units);
    xl_put_cn(w, "");
    xl_put_cn(w, pin_kind.format);
    xl_put_cn(w, pin_kind.format);
    xl_put_cn(w, pin_kind.format);
}

static void put_ftr(struct sim_lot *lot, const struct sim_test *test, size_t index, enum detail detail)
{
    struct xl_record_writer *w = &lot->writer;
    char vector[40];
    snprintf(vector, sizeof vector, "pat_%03zu_main", index);
    xl_record_begin(w, XL_FTR, lot->big_endian, lot->record);
    xl_put_u4(w, test->number);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, 0);
    xl_put_u1(w, 0);
    if (detail == BARE) {
        xl_put_u1(w, 0xff);
        return;
    }
    xl_put_u1(w, 0xfe); /* only CYCL_CNT is given */
    xl_put_u4(w, 4096 + 64 * (uint32_t)index);
    for (int i = 0; i < 5; i++)
        xl_put_u4(w, 0);
    xl_put_u2(w, 0); /* VECT_OFF */
    xl_put_u2(w, 0); /* RTN_ICNT */
    xl_put_u2(w, 0); /* PGM_ICNT */
    xl_put_u2(w, 0); /* FAIL_PIN */
    xl_put_cn(w, vector);
    xl_put_cn(w, "ts50n");
    xl_put_cn(w, "");
    xl_put_cn(w, test->name);
    if (detail == NAMED)
        return;
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_cn(w, "");
    xl_put_u1(w, (uint8_t)(index % 16)); /* PATG_NUM */
    uint32_t pins = (uint32_t)lot->program.pin_count;
    xl_put_u2(w, (uint16_t)(pins + 1)); /* SPIN_MAP: bit i is the pin of index i */
    for (uint32_t byte = 0; byte <= pins / 8; byte++)
        xl_put_u1(w, (uint8_t)((byte ? 0xff : 0xfe) & (byte == pins / 8 ? (2u << pins % 8) - 1 : 0xff)));
}

/* ---- The program ---------------------------------------------------------------------------------------------------- */

static const char *pin_name(struct sim_lot *lot, uint32_t index)
{
    return arena_print(lot->program.arena, "P%c%u", 'A' + (int)(index / 16 % 26), index % 16 + 16 * (index / 416));
}

static void pins_make(struct sim_lot *lot)
{
    const struct xl_simulation *s = lot->settings;
    struct sim_program *program = &lot->program;
    bool has_pins = s->functional_tests || s->pin_tests || s->every_record || s->scan_tests;
    program->pin_count = !has_pins ? 0 : s->pins ? s->pins : 8;
    program->pin_total = program->pin_count + (s->scan_tests ? 2 * SIM_CHAINS : 0);
    program->pins = arena_take(program->arena, program->pin_total + 1, sizeof *program->pins);
    for (uint32_t i = 0; i < program->pin_total; i++) {
        struct sim_pin *pin = &program->pins[i];
        pin->index = (uint16_t)(i + 1);
        if (i < program->pin_count) {
            pin->name = pin_name(lot, i);
        } else {
            unsigned chain = (unsigned)(i - program->pin_count);
            pin->name = arena_print(program->arena, "%s%u", chain % 2 ? "SO" : "SI", chain / 2);
        }
        pin->channel = arena_print(program->arena, "%u%02u", i / 32 + 1, i % 32);
        pin->physical = arena_print(program->arena, "%u", i + 1);
    }
}

static const char *test_name(struct sim_lot *lot, const struct kind *kind, uint32_t instance, size_t index)
{
    struct arena *arena = lot->program.arena;
    const char *name;
    if (kind->per_pin)
        name = arena_print(arena, "%s%s%s", kind->before, pin_name(lot, instance), kind->after);
    else
        name = arena_print(arena, "%s%u%s%s", kind->before, instance / 3, kind->after, corners[instance % 3]);
    if (lot->settings->breaks & XL_BREAK_TEXT) {
        if (index % 7 == 2)
            name = arena_print(arena, "%s \xb5\xe7\xd1\xb9", name); /* "voltage" in GB18030 */
        else if (index % 7 == 5)
            name = arena_print(arena, "%s\t", name);
    }
    return name;
}

static uint32_t block_tests(const struct xl_simulation *s, enum sim_block block)
{
    if (block == BLOCK_PINS)
        return s->pin_tests;
    if (block == BLOCK_FUNCTION)
        return s->functional_tests;
    if (block == BLOCK_SCAN)
        return s->scan_tests;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        if (shares[i].block == block)
            return s->tests * shares[i].until / 100 - s->tests * (i ? shares[i - 1].until : 0) / 100;
    BUG("block %d has no share", (int)block);
}

static void parametric_make(struct sim_lot *lot, struct sim_test *test, enum sim_block block, uint32_t at, size_t index)
{
    const struct xl_simulation *s = lot->settings;
    const struct kind *choice[KINDS];
    uint32_t choices = 0;
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].block == block)
            choice[choices++] = &kinds[i];
    const struct kind *kind = choice[at % choices];
    test->kind = XL_TEST_PTR;
    test->name = test_name(lot, kind, at / choices, index);
    test->units = kind->units;
    test->microseconds = kind->microseconds;
    test->soft_low = kind->soft_low;
    test->soft_high = kind->soft_high;
    model_make(lot, test, kind, index);
    enum detail first = FULL, later = s->bare_records ? BARE : s->short_records ? NAMED : FULL;
    if (s->breaks & XL_BREAK_FLAGS && index % 5 == 3) {
        later = JUNK;
        first = index % 10 == 3 ? JUNK : FULL;
    }
    put_ptr(lot, test, kind, index, first);
    template_keep(lot, &test->first, &test->first_length);
    put_ptr(lot, test, kind, index, later);
    template_keep(lot, &test->later, &test->later_length);
}

static void test_make(struct sim_lot *lot, struct sim_test *test, enum sim_block block, uint32_t at, size_t index)
{
    static const char *const functions[] = {"MBIST", "GPIO", "SPI", "I2C", "UART", "ROM", "FLASH", "TIMER"};
    static const uint16_t function_bins[] = {701, 702, 702, 702, 702, 703, 703, 702};
    const struct xl_simulation *s = lot->settings;
    struct sim_program *program = &lot->program;
    struct arena *arena = program->arena;
    enum detail later = s->bare_records ? BARE : s->short_records ? NAMED : FULL;
    if (block == BLOCK_FUNCTION) {
        test->kind = XL_TEST_FTR;
        test->name = arena_print(arena, "FUNC_%s%s", functions[at % 8], corners[at / 8 % 3]);
        if (at >= 24)
            test->name = arena_print(arena, "FUNC_%s_%u%s", functions[at % 8], at / 24, corners[at / 8 % 3]);
        test->microseconds = 1500;
        test->soft_low = test->soft_high = function_bins[at % 8];
        put_ftr(lot, test, index, FULL);
        template_keep(lot, &test->first, &test->first_length);
        put_ftr(lot, test, index, later);
        template_keep(lot, &test->later, &test->later_length);
    } else if (block == BLOCK_SCAN) {
        test->kind = XL_TEST_STR;
        test->name = arena_print(arena, "SCAN_%s_%u", at % 2 ? "TDF" : "SA", at / 2);
        test->microseconds = 9000;
        test->soft_low = test->soft_high = at % 2 ? 802 : 801;
        scan_test_template(lot, test);
        template_keep(lot, &test->first, &test->first_length);
        test->later = test->first;
        test->later_length = test->first_length;
    } else if (block == BLOCK_PINS) {
        test->kind = XL_TEST_MPR;
        test->name = test_name(lot, &pin_kind, at, index);
        test->units = pin_kind.units;
        test->microseconds = pin_kind.microseconds;
        test->soft_low = test->soft_high = pin_kind.soft_low;
        double tail = program->tail;
        model_make(lot, test, &pin_kind, index);
        program->tail += (program->tail - tail) * (s->pins - 1); /* each pin can fail */
        put_mpr(lot, test, FULL);
        template_keep(lot, &test->first, &test->first_length);
        put_mpr(lot, test, later);
        template_keep(lot, &test->later, &test->later_length);
    } else {
        parametric_make(lot, test, block, at, index);
    }
}

void program_make(struct sim_lot *lot)
{
    const struct xl_simulation *s = lot->settings;
    struct sim_program *program = &lot->program;
    pins_make(lot);
    uint32_t widest = 0;
    for (enum sim_block block = 0; block < BLOCKS; block++) {
        uint32_t count = block_tests(s, block);
        program->blocks[block].first = (uint32_t)program->test_count;
        program->blocks[block].count = count;
        program->test_count += count;
        widest = count > widest ? count : widest;
    }
    uint32_t stride = 1000; /* test numbers: block x stride + place in the block */
    while (stride <= widest)
        stride *= 10;
    program->tests = arena_take(program->arena, program->test_count + 1, sizeof *program->tests);
    size_t index = 0;
    uint64_t until = 0;
    for (enum sim_block block = 0; block < BLOCKS; block++) {
        for (uint32_t at = 0; at < program->blocks[block].count; at++, index++) {
            struct sim_test *test = &program->tests[index];
            test->block = block;
            test->number = (block + 1) * stride + at;
            test->special = SIM_NEW | (s->breaks & XL_BREAK_FLAGS && index % 3 == 0 ? SIM_FLAGS : 0);
            test_make(lot, test, block, at, index);
            test->until = until += test->microseconds;
        }
    }
}
