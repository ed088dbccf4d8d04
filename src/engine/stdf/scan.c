/* scan.c: the fails of scan tests: STR and its continuations joined to one log for each execution, with the names of what failed.
 *
 * A log is open from its first STR to the one whose CONT_FLG is 0. Sites may interleave: one log may be open on each. A log whose end does
 * not come - another test begins on its site, its part ends, the stream ends - is given out as far as it got. */
#include <xinlian/scan.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/stdf/layout.h"
#include "engine/stdf/scan_names.h"

enum {
    OPEN_MOST = 256,        /* logs open at once */
    FAILS_MOST = 4 << 20,   /* of all logs that are open */
    CONDITIONS_MOST = 4096, /* of one log */
};

struct building {
    struct xl_scan_log log;
    struct arena *arena; /* texts of this log */
    struct xl_scan_fail *fails;
    const char **conditions;
    size_t fail_capacity, condition_capacity;
    uint64_t promised; /* TOTL_CNT */
    struct building *next;
};

struct xl_scan {
    struct xl_findings *findings;
    struct xl_stdf_decoder *decoder;
    struct scan_names names;
    struct building *open; /* a list, the newest first */
    size_t open_count;
    size_t held;                       /* fails in logs that were not given out yet */
    struct building *done, **done_end; /* a queue: given out one by one */
    struct building *given;            /* lives until the next call */
    struct building *spare;
    uint32_t *mask_pins; /* in force */
    size_t mask_pin_count;
    uint64_t offset; /* of the last record */
};

struct xl_scan *xl_scan_new(struct xl_findings *findings)
{
    struct xl_scan *scan = memory_new(1, sizeof *scan);
    scan->findings = findings;
    scan->decoder = xl_stdf_decoder_new();
    scan->done_end = &scan->done;
    scan_names_init(&scan->names, findings);
    return scan;
}

static void free_all(struct building *list)
{
    while (list) {
        struct building *next = list->next;
        arena_free(list->arena);
        free(list->fails);
        free(list->conditions);
        free(list);
        list = next;
    }
}

void xl_scan_free(struct xl_scan *scan)
{
    if (!scan)
        return;
    free_all(scan->open);
    free_all(scan->done);
    free_all(scan->given);
    free_all(scan->spare);
    scan_names_free(&scan->names);
    xl_stdf_decoder_free(scan->decoder);
    free(scan->mask_pins);
    free(scan);
}

static uint64_t number(const struct xl_stdf_fields *f, int field)
{
    return f->at[field].presence == XL_PRESENT && f->at[field].count > 0 ? f->at[field].values->u : 0;
}

static const char *text_of(struct arena *arena, const struct xl_stdf_fields *f, int field)
{
    if (f->at[field].presence != XL_PRESENT || f->at[field].count == 0)
        return "";
    return arena_text(arena, (const char *)f->at[field].values->text.bytes, f->at[field].values->text.length);
}

/* ---- One log ------------------------------------------------------------------------------------------------------------------------- */

static struct building *log_new(struct xl_scan *scan)
{
    struct building *b = scan->spare;
    if (!b) {
        b = memory_new(1, sizeof *b);
        b->arena = arena_new();
        return b;
    }
    scan->spare = b->next;
    arena_reset(b->arena);
    b->log = (struct xl_scan_log){0};
    b->promised = 0;
    b->next = NULL;
    return b;
}

/* The first bit of a V4-2007 pin map stands for PMR index 1. */
static size_t pins_of_map(const struct xl_stdf_value *map, uint32_t *pins)
{
    size_t count = 0;
    for (uint32_t bit = 0; bit < map->text.length; bit++) {
        if (map->text.bytes[bit / 8] >> bit % 8 & 1)
            pins[count++] = bit + 1;
    }
    return count;
}

static void take_maps(struct xl_scan *scan, struct building *b, const struct xl_stdf_fields *f)
{
    uint64_t told = number(f, STR_FMU_FLG) & 3;
    if (f->at[STR_MASK_MAP].presence == XL_PRESENT && f->at[STR_MASK_MAP].values->text.length > 0) {
        const struct xl_stdf_value *map = f->at[STR_MASK_MAP].values;
        scan->mask_pins = memory_grow(scan->mask_pins, map->text.length, sizeof *scan->mask_pins);
        scan->mask_pin_count = pins_of_map(map, scan->mask_pins);
    } else if (told == 0) {
        scan->mask_pin_count = 0; /* no pin is masked */
    }
    b->log.mask_pin_count = scan->mask_pin_count;
    b->log.mask_pins = scan->mask_pin_count ? arena_copy(b->arena, scan->mask_pins, scan->mask_pin_count * sizeof *scan->mask_pins) : NULL;
    if (f->at[STR_FAL_MAP].presence == XL_PRESENT && f->at[STR_FAL_MAP].values->text.length > 0) {
        const struct xl_stdf_value *map = f->at[STR_FAL_MAP].values;
        uint32_t *pins = arena_take(b->arena, map->text.length, sizeof *pins);
        b->log.fail_pin_count = pins_of_map(map, pins);
        b->log.fail_pins = pins;
    }
}

static struct building *log_begin(struct xl_scan *scan, uint64_t offset, const struct xl_stdf_fields *f)
{
    struct building *b = log_new(scan);
    b->log.offset = offset;
    b->log.test_number = (uint32_t)number(f, STR_TEST_NUM);
    b->log.test_name = text_of(b->arena, f, STR_TEST_TXT);
    b->log.head = (uint8_t)number(f, STR_HEAD_NUM);
    b->log.site = (uint8_t)number(f, STR_SITE_NUM);
    b->log.test_flag = (uint8_t)number(f, STR_TEST_FLG);
    b->log.log_type = text_of(b->arena, f, STR_LOG_TYP);
    b->log.pattern_set = (uint32_t)number(f, STR_PSR_REF);
    b->log.cycles_total = number(f, STR_CYC_CNT);
    b->log.fails_total = number(f, STR_TOTF_CNT);
    b->promised = number(f, STR_TOTL_CNT);
    take_maps(scan, b, f);
    return b;
}

static uint64_t element(const struct xl_stdf_fields *f, int field, size_t i, uint64_t missing)
{
    return f->at[field].presence == XL_PRESENT && i < f->at[field].count ? f->at[field].values[i].u : missing;
}

static uint32_t element_32(const struct xl_stdf_fields *f, int field, size_t i)
{
    uint64_t value = element(f, field, i, UINT32_MAX);
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static void add_fails(struct xl_scan *scan, struct building *b, const struct xl_stdf_fields *f)
{
    static const int lists[] = {STR_CYC_OFST, STR_PMR_INDX, STR_CHN_NUM, STR_EXP_DATA, STR_CAP_DATA, STR_PAT_NUM, STR_BIT_POS};
    size_t count = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (f->at[lists[i]].presence == XL_PRESENT && f->at[lists[i]].count > count)
            count = f->at[lists[i]].count;
    }
    if (count > FAILS_MOST - scan->held) {
        xl_findings_add(scan->findings, XL_FINDING_TOO_MANY, scan->offset, 0, _("fails of scan test %u"), b->log.test_number);
        count = FAILS_MOST - scan->held;
    }
    size_t all = b->log.fail_count + count;
    if (all > b->fail_capacity) {
        b->fail_capacity = all > 2 * b->fail_capacity ? all : 2 * b->fail_capacity;
        b->fails = memory_grow(b->fails, b->fail_capacity, sizeof *b->fails);
    }
    uint64_t cycle_base = number(f, STR_CYC_BASE), bit_base = number(f, STR_BIT_BASE);
    for (size_t i = 0; i < count; i++) {
        struct xl_scan_fail *fail = &b->fails[b->log.fail_count + i];
        uint64_t bit = element(f, STR_BIT_POS, i, UINT64_MAX);
        bool has_bit = bit < UINT32_MAX && bit + bit_base < UINT32_MAX;
        *fail = (struct xl_scan_fail){
            .cycle = UINT64_MAX,
            .pattern = element_32(f, STR_PAT_NUM, i),
            .bit = has_bit ? (uint32_t)(bit + bit_base) : UINT32_MAX,
            .pin = element_32(f, STR_PMR_INDX, i),
            .chain = element_32(f, STR_CHN_NUM, i),
            .expected = (uint8_t)element(f, STR_EXP_DATA, i, 255),
            .captured = (uint8_t)element(f, STR_CAP_DATA, i, 255),
        };
        if (f->at[STR_CYC_OFST].presence == XL_PRESENT && i < f->at[STR_CYC_OFST].count)
            fail->cycle = cycle_base + f->at[STR_CYC_OFST].values[i].u;
    }
    b->log.fail_count = all;
    scan->held += count;
}

/* Continuations may repeat the conditions of the first record. */
static void add_conditions(struct building *b, const struct xl_stdf_fields *f)
{
    if (f->at[STR_COND_LST].presence != XL_PRESENT)
        return;
    size_t before = b->log.condition_count;
    for (uint32_t i = 0; i < f->at[STR_COND_LST].count && b->log.condition_count < CONDITIONS_MOST; i++) {
        const struct xl_stdf_value *v = &f->at[STR_COND_LST].values[i];
        if (i < before && strlen(b->conditions[i]) == v->text.length && memcmp(b->conditions[i], v->text.bytes, v->text.length) == 0)
            continue;
        if (b->log.condition_count == b->condition_capacity) {
            b->condition_capacity = b->condition_capacity == 0 ? 8 : 2 * b->condition_capacity;
            b->conditions = memory_grow(b->conditions, b->condition_capacity, sizeof *b->conditions);
        }
        b->conditions[b->log.condition_count++] = arena_text(b->arena, (const char *)v->text.bytes, v->text.length);
    }
}

/* Gives it its names and puts it into the queue. */
static void log_finish(struct xl_scan *scan, struct building *b, bool is_complete)
{
    const struct xl_scan_set *set = scan_set_find(&scan->names, b->log.pattern_set);
    uint64_t first_bit = set ? set->first_bit : 0;
    for (size_t i = 0; i < b->log.fail_count; i++) {
        struct xl_scan_fail *fail = &b->fails[i];
        fail->cell = scan_cell_name(&scan->names, fail->chain, fail->pin, fail->bit, first_bit);
        fail->pin_name = scan_pin_name(&scan->names, fail->pin);
    }
    b->log.is_complete = is_complete;
    b->log.is_truncated = b->log.fail_count < b->log.fails_total;
    b->log.fails = b->fails;
    b->log.conditions = b->conditions;
    if (!is_complete || b->log.fail_count < b->promised)
        xl_findings_add(scan->findings, XL_FINDING_SCAN_CONTINUATION, b->log.offset, 0, _("STR %u: %zu of %llu fails"), b->log.test_number,
                        b->log.fail_count, (unsigned long long)b->promised);
    b->next = NULL;
    *scan->done_end = b;
    scan->done_end = &b->next;
}

/* ---- The stream ---------------------------------------------------------------------------------------------------------------------- */

/* The open log of the site, taken out of the list. */
static struct building *take_open(struct xl_scan *scan, uint8_t head, uint8_t site)
{
    for (struct building **at = &scan->open; *at; at = &(*at)->next) {
        struct building *b = *at;
        if (b->log.head == head && b->log.site == site) {
            *at = b->next;
            scan->open_count--;
            return b;
        }
    }
    return NULL;
}

static void take_test(struct xl_scan *scan, const struct xl_stdf_fields *f)
{
    if (f->ungated)
        xl_findings_add(scan->findings, XL_FINDING_FLAGS_IGNORED, scan->offset, 0, "STR");
    struct building *b = take_open(scan, (uint8_t)number(f, STR_HEAD_NUM), (uint8_t)number(f, STR_SITE_NUM));
    if (b && b->log.test_number != number(f, STR_TEST_NUM)) {
        log_finish(scan, b, false);
        b = NULL;
    }
    if (!b)
        b = log_begin(scan, scan->offset, f);
    add_fails(scan, b, f);
    add_conditions(b, f);
    bool goes_on = number(f, STR_CONT_FLG) & 1;
    if (goes_on && scan->open_count < OPEN_MOST) {
        b->next = scan->open;
        scan->open = b;
        scan->open_count++;
    } else {
        log_finish(scan, b, !goes_on);
    }
}

static const struct xl_scan_log *give(struct xl_scan *scan)
{
    struct building *b = scan->done;
    if (!b)
        return NULL;
    scan->done = b->next;
    if (!scan->done)
        scan->done_end = &scan->done;
    b->next = NULL;
    scan->given = b;
    scan->held -= b->log.fail_count;
    return &b->log;
}

static void take_back(struct xl_scan *scan)
{
    if (!scan->given)
        return;
    scan->given->next = scan->spare;
    scan->spare = scan->given;
    scan->given = NULL;
}

const struct xl_scan_log *xl_scan_record(struct xl_scan *scan, const struct xl_stdf_record *record)
{
    take_back(scan);
    scan->offset = record->offset;
    switch (record->type) {
    case XL_PMR:
    case XL_PSR:
    case XL_NMR:
    case XL_CNR:
    case XL_CDR:
        scan_names_record(&scan->names, record->offset, xl_stdf_decode(scan->decoder, record));
        break;
    case XL_STR:
        take_test(scan, xl_stdf_decode(scan->decoder, record));
        break;
    case XL_PRR:
        if (scan->open && record->length >= 2) {
            struct building *b = take_open(scan, record->data[0], record->data[1]);
            if (b)
                log_finish(scan, b, false);
        }
        break;
    }
    return give(scan);
}

const struct xl_scan_log *xl_scan_end(struct xl_scan *scan)
{
    take_back(scan);
    scan_names_end(&scan->names, scan->offset);
    while (scan->open) {
        struct building *b = scan->open;
        scan->open = b->next;
        scan->open_count--;
        log_finish(scan, b, false);
    }
    return give(scan);
}

size_t xl_scan_sets(const struct xl_scan *scan, const struct xl_scan_set **sets)
{
    *sets = scan->names.sets;
    return scan->names.set_count;
}
