/* scan_names.c: what the fails of a scan test refer to: pattern sets, pins, chains and cells. */
#include "engine/stdf/scan_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/stdf/layout.h"

enum {
    INDEXES = 1 << 16,
    BYTES_MOST = 256 << 20, /* of all that is kept */
};

struct scan_chain {
    const char **cells;
    size_t count, capacity;
};

struct scan_cell {
    uint64_t key; /* chain << 32 | bit, plus 1; 0: free */
    const char *name;
};

void scan_names_init(struct scan_names *n, struct xl_findings *findings)
{
    *n = (struct scan_names){.findings = findings, .arena = arena_new(), .open_set = -1, .open_chain = -1};
}

void scan_names_free(struct scan_names *n)
{
    for (size_t i = 0; n->chains && i < INDEXES; i++) {
        if (n->chains[i])
            free(n->chains[i]->cells);
    }
    free(n->chains);
    free(n->chain_of_pin);
    free(n->pins);
    free(n->pmr_pins);
    free(n->cells);
    free(n->sets);
    arena_free(n->arena);
}

/* False, and a finding the first time, when there is no room for more. */
static bool has_room(struct scan_names *n, uint64_t offset)
{
    size_t used = arena_used(n->arena) + n->listed * sizeof(char *) + n->cell_capacity * sizeof *n->cells;
    if (!n->full && used < BYTES_MOST)
        return true;
    if (!n->full)
        xl_findings_add(n->findings, XL_FINDING_TOO_MANY, offset, 0, _("names of scan cells"));
    n->full = true;
    return false;
}

static uint64_t number(const struct xl_stdf_fields *f, int field)
{
    return f->at[field].presence == XL_PRESENT && f->at[field].count > 0 ? f->at[field].values->u : 0;
}

static const char *text_at(struct scan_names *n, const struct xl_stdf_fields *f, int field, size_t i)
{
    if (f->at[field].presence != XL_PRESENT || i >= f->at[field].count || f->at[field].values[i].text.length == 0)
        return "";
    return arena_text(n->arena, (const char *)f->at[field].values[i].text.bytes, f->at[field].values[i].text.length);
}

static void tell_cut(struct scan_names *n, uint64_t offset, const char *record, unsigned index)
{
    xl_findings_add(n->findings, XL_FINDING_SCAN_CONTINUATION, offset, 0, "%s %u", record, index);
}

/* ---- Pattern sets -------------------------------------------------------------------------------------------------------------------- */

/* The place of the set, or where it belongs. */
static size_t set_place(const struct scan_names *n, uint32_t index)
{
    size_t low = 0, high = n->set_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (n->sets[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct xl_scan_set *scan_set_find(const struct scan_names *n, uint32_t index)
{
    size_t at = set_place(n, index);
    return at < n->set_count && n->sets[at].index == index ? &n->sets[at] : NULL;
}

static struct xl_scan_set *set_begin(struct scan_names *n, uint16_t index)
{
    size_t at = set_place(n, index);
    if (at == n->set_count || n->sets[at].index != index) {
        if (n->set_count == n->set_capacity) {
            n->set_capacity = n->set_capacity == 0 ? 16 : 2 * n->set_capacity;
            n->sets = memory_grow(n->sets, n->set_capacity, sizeof *n->sets);
        }
        memmove(n->sets + at + 1, n->sets + at, (n->set_count - at) * sizeof *n->sets);
        n->set_count++;
    }
    n->sets[at] = (struct xl_scan_set){.index = index};
    n->pattern_capacity = 0;
    return &n->sets[at];
}

static void set_close(struct scan_names *n, uint64_t offset)
{
    if (n->open_set < 0)
        return;
    const struct xl_scan_set *set = &n->sets[n->open_set];
    if (set->pattern_count != n->open_total)
        tell_cut(n, offset, "PSR", set->index);
    n->open_set = -1;
}

static void add_patterns(struct scan_names *n, struct xl_scan_set *set, const struct xl_stdf_fields *f)
{
    size_t count = f->at[PSR_PAT_BGN].count, all = set->pattern_count + count;
    struct xl_scan_pattern *patterns = (struct xl_scan_pattern *)(uintptr_t)set->patterns;
    if (all > n->pattern_capacity) {
        size_t capacity = all > 2 * n->pattern_capacity ? all : 2 * n->pattern_capacity;
        struct xl_scan_pattern *bigger = arena_take(n->arena, capacity, sizeof *bigger);
        if (set->pattern_count > 0)
            memcpy(bigger, patterns, set->pattern_count * sizeof *bigger);
        patterns = bigger;
        n->pattern_capacity = capacity;
    }
    for (size_t i = 0; i < count; i++) {
        patterns[set->pattern_count + i] =
            (struct xl_scan_pattern){.begin = f->at[PSR_PAT_BGN].values[i].u,
                                     .end = i < f->at[PSR_PAT_END].count ? f->at[PSR_PAT_END].values[i].u : UINT64_MAX,
                                     .file = text_at(n, f, PSR_PAT_FILE, i),
                                     .label = text_at(n, f, PSR_PAT_LBL, i)};
    }
    set->patterns = patterns;
    set->pattern_count = all;
}

static void take_set(struct scan_names *n, uint64_t offset, const struct xl_stdf_fields *f)
{
    uint16_t index = (uint16_t)number(f, PSR_PSR_INDX);
    bool is_continuation = n->open_set >= 0 && n->sets[n->open_set].index == index;
    if (!is_continuation) {
        set_close(n, offset);
        struct xl_scan_set *set = set_begin(n, index);
        uint64_t opt = number(f, PSR_OPT_FLAG);
        set->name = text_at(n, f, PSR_PSR_NAM, 0);
        set->first_cycle = opt >> 4 & 1;
        set->first_pattern = opt >> 5 & 1;
        set->first_bit = opt >> 6 & 1;
        n->open_set = (int)(set - n->sets);
        n->open_total = (uint32_t)number(f, PSR_TOTP_CNT);
    }
    add_patterns(n, &n->sets[n->open_set], f);
    if (!(number(f, PSR_CONT_FLG) & 1))
        set_close(n, offset);
}

/* ---- Pins ---------------------------------------------------------------------------------------------------------------------------- */

static void take_pin_names(struct scan_names *n, const struct xl_stdf_fields *f)
{
    if (!n->pins)
        n->pins = memory_new(INDEXES, sizeof *n->pins);
    for (size_t i = 0; i < f->at[NMR_PMR_INDX].count && i < f->at[NMR_ATPG_NAM].count; i++)
        n->pins[f->at[NMR_PMR_INDX].values[i].u & (INDEXES - 1)] = text_at(n, f, NMR_ATPG_NAM, i);
    n->open_map = number(f, NMR_CONT_FLG) & 1;
}

static void take_pin(struct scan_names *n, const struct xl_stdf_fields *f)
{
    if (!n->pmr_pins)
        n->pmr_pins = memory_new(INDEXES, sizeof *n->pmr_pins);
    static const int fields[] = {PMR_LOG_NAM, PMR_PHY_NAM, PMR_CHAN_NAM};
    const char *name = "";
    for (size_t i = 0; i < sizeof fields / sizeof *fields && *name == '\0'; i++)
        name = text_at(n, f, fields[i], 0);
    n->pmr_pins[number(f, PMR_PMR_INDX)] = name;
}

const char *scan_pin_name(const struct scan_names *n, uint32_t pin)
{
    if (pin >= INDEXES)
        return "";
    if (n->pins && n->pins[pin] && *n->pins[pin] != '\0')
        return n->pins[pin];
    return n->pmr_pins && n->pmr_pins[pin] ? n->pmr_pins[pin] : "";
}

/* ---- Chains and cells ---------------------------------------------------------------------------------------------------------------- */

static void take_chain(struct scan_names *n, uint64_t offset, const struct xl_stdf_fields *f)
{
    if (!n->chains) {
        n->chains = memory_new(INDEXES, sizeof *n->chains);
        n->chain_of_pin = memory_new(INDEXES, sizeof *n->chain_of_pin);
    }
    int index = (int)number(f, CDR_CDR_INDX);
    if (n->open_chain >= 0 && n->open_chain != index)
        tell_cut(n, offset, "CDR", (unsigned)n->open_chain);
    struct scan_chain *chain = n->chains[index];
    if (!chain)
        chain = n->chains[index] = arena_take(n->arena, 1, sizeof *chain);
    if (n->open_chain != index)
        chain->count = 0; /* a description from the start takes the place of an earlier one */
    size_t all = chain->count + f->at[CDR_CELL_LST].count;
    n->listed += f->at[CDR_CELL_LST].count;
    if (all > chain->capacity) {
        chain->capacity = all > 2 * chain->capacity ? all : 2 * chain->capacity;
        chain->cells = memory_grow(chain->cells, chain->capacity, sizeof *chain->cells);
    }
    for (size_t i = 0; chain->count < all; i++)
        chain->cells[chain->count++] = text_at(n, f, CDR_CELL_LST, i);
    uint64_t output = number(f, CDR_SOUT_PIN);
    if (output != 0 && index < INDEXES - 1)
        n->chain_of_pin[output] = (uint16_t)(index + 1);
    n->open_chain = number(f, CDR_CONT_FLG) & 1 ? index : -1;
}

static struct scan_cell *cell_slot(const struct scan_names *n, uint64_t key)
{
    size_t mask = n->cell_capacity - 1;
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15 >> 20) & mask;
    while (n->cells[at].key != 0 && n->cells[at].key != key)
        at = (at + 1) & mask;
    return &n->cells[at];
}

static uint64_t cell_key(uint32_t chain, uint32_t bit)
{
    return ((uint64_t)chain << 32 | bit) + 1;
}

static void take_cell(struct scan_names *n, const struct xl_stdf_fields *f)
{
    if (2 * (n->cell_count + 1) > n->cell_capacity) {
        struct scan_names bigger = {.cell_capacity = n->cell_capacity == 0 ? 256 : 2 * n->cell_capacity};
        bigger.cells = memory_new(bigger.cell_capacity, sizeof *bigger.cells);
        for (size_t i = 0; i < n->cell_capacity; i++) {
            if (n->cells[i].key != 0)
                *cell_slot(&bigger, n->cells[i].key) = n->cells[i];
        }
        free(n->cells);
        n->cells = bigger.cells;
        n->cell_capacity = bigger.cell_capacity;
    }
    uint64_t key = cell_key((uint32_t)number(f, CNR_CHN_NUM), (uint32_t)number(f, CNR_BIT_POS));
    struct scan_cell *slot = cell_slot(n, key);
    n->cell_count += slot->key == 0;
    *slot = (struct scan_cell){key, text_at(n, f, CNR_CELL_NAM, 0)};
}

const char *scan_cell_name(const struct scan_names *n, uint32_t chain, uint32_t pin, uint32_t bit, uint64_t first_bit)
{
    if (chain == UINT32_MAX && pin < INDEXES && n->chain_of_pin)
        chain = n->chain_of_pin[pin] != 0 ? n->chain_of_pin[pin] - 1U : UINT32_MAX;
    if (chain >= INDEXES || bit == UINT32_MAX)
        return "";
    const struct scan_cell *own = n->cells ? cell_slot(n, cell_key(chain, bit)) : NULL;
    if (own && own->key != 0)
        return own->name;
    const struct scan_chain *listed = n->chains ? n->chains[chain] : NULL;
    return listed && bit >= first_bit && bit - first_bit < listed->count ? listed->cells[bit - first_bit] : "";
}

/* ---- Records ------------------------------------------------------------------------------------------------------------------------- */

void scan_names_record(struct scan_names *n, uint64_t offset, const struct xl_stdf_fields *f)
{
    if (!has_room(n, offset))
        return;
    if (f->ungated)
        xl_findings_add(n->findings, XL_FINDING_FLAGS_IGNORED, offset, 0, "%s", f->layout->name);
    switch (f->layout->type) {
    case XL_PMR:
        take_pin(n, f);
        break;
    case XL_PSR:
        take_set(n, offset, f);
        break;
    case XL_NMR:
        take_pin_names(n, f);
        break;
    case XL_CNR:
        take_cell(n, f);
        break;
    case XL_CDR:
        take_chain(n, offset, f);
        break;
    }
}

void scan_names_end(struct scan_names *n, uint64_t offset)
{
    if (n->open_set >= 0)
        tell_cut(n, offset, "PSR", n->sets[n->open_set].index);
    if (n->open_chain >= 0)
        tell_cut(n, offset, "CDR", (unsigned)n->open_chain);
    if (n->open_map)
        tell_cut(n, offset, "NMR", 0);
    n->open_set = n->open_chain = -1;
    n->open_map = 0;
}
