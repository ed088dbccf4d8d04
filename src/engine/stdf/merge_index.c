/* merge_index.c: one numbering of pins and pin groups for several files (PMR_INDX, GRP_INDX), and records changed to it. */
#include "engine/stdf/merge_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "engine/stdf/layout.h"

enum { GROUPS_FROM = 32768, ENTRIES_MOST = 1 << 20 };

/* What a number means: the record without it. A pin may mean something on each head and site. */
struct meaning {
    uint16_t type;
    uint8_t head, site;
    const uint8_t *bytes;
    size_t length;
    struct meaning *next;
};
/* Another number that stands for a conflicting meaning of this one. */
struct other {
    uint16_t number;
    struct other *next;
};

struct merge_index {
    struct arena *arena;
    size_t entries;
    bool used[65536];
    struct meaning *meanings[65536];
    struct other *others[65536];
    struct meaning *lists; /* PLRs written */
};

struct merge_index *merge_index_new(void)
{
    struct merge_index *index = memory_new(1, sizeof *index);
    index->arena = arena_new();
    return index;
}

void merge_index_free(struct merge_index *index)
{
    if (!index)
        return;
    arena_free(index->arena);
    free(index);
}

static uint16_t number_of(const struct xl_stdf_record *record)
{
    return load_u2(record->data, record->big_endian);
}

void merge_index_reserve(struct merge_index *index, const struct xl_stdf_record *record)
{
    if (record->length >= 2)
        index->used[number_of(record)] = true;
}

/* ---- Meanings ---------------------------------------------------------------------------------------------------------------------------
 */

/* Where a PMR counts: its last two fields, 1 and 1 when they are cut. */
static void place_of(const struct xl_stdf_record *record, uint8_t *head, uint8_t *site)
{
    *head = *site = record->type == XL_PMR ? 1 : 0;
    if (record->type != XL_PMR)
        return;
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    bytes_take(&b, 4);
    for (int i = 0; i < 3; i++)
        bytes_take(&b, bytes_u1(&b));
    if (!b.broken && bytes_left(&b) >= 1)
        *head = bytes_u1(&b);
    if (!b.broken && bytes_left(&b) >= 1)
        *site = bytes_u1(&b);
}

static struct meaning *meaning_of(const struct merge_index *index, uint16_t number, uint16_t type, uint8_t head, uint8_t site)
{
    for (struct meaning *meaning = index->meanings[number]; meaning; meaning = meaning->next)
        if (meaning->type == type && meaning->head == head && meaning->site == site)
            return meaning;
    return NULL;
}

static bool same_meaning(const struct meaning *meaning, const struct xl_stdf_record *record)
{
    return meaning->length == record->length - 2u && memcmp(meaning->bytes, record->data + 2, meaning->length) == 0;
}

bool merge_index_is_new(struct merge_index *index, const struct xl_stdf_record *record)
{
    if (record->length < 2)
        return false;
    uint8_t head, site;
    place_of(record, &head, &site);
    struct meaning **list = record->type == XL_PLR ? &index->lists : &index->meanings[number_of(record)];
    for (const struct meaning *meaning = *list; meaning; meaning = meaning->next)
        if (record->type == XL_PLR ? meaning->length == record->length && memcmp(meaning->bytes, record->data, record->length) == 0
                                   : meaning->type == record->type && meaning->head == head && meaning->site == site)
            return false;
    if (index->entries >= ENTRIES_MOST)
        return false;
    index->entries++;
    size_t skip = record->type == XL_PLR ? 0 : 2;
    struct meaning *meaning = arena_take(index->arena, 1, sizeof *meaning);
    *meaning = (struct meaning){.type = record->type, .head = head, .site = site, .length = record->length - skip, .next = *list};
    meaning->bytes = arena_copy(index->arena, record->data + skip, meaning->length);
    *list = meaning;
    return true;
}

/* ---- Deciding ---------------------------------------------------------------------------------------------------------------------------
 */

void merge_map_begin(struct merge_map *map)
{
    map->changes = false;
    for (unsigned i = 0; i < 65536; i++)
        map->to[i] = (uint16_t)i;
}

/* Whether all that the file's records say of `from` can stand under `number`. */
static bool agrees(const struct merge_index *index, uint16_t number, uint16_t from, const struct xl_stdf_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].length < 2 || number_of(&records[i]) != from)
            continue;
        uint8_t head, site;
        place_of(&records[i], &head, &site);
        const struct meaning *meaning = meaning_of(index, number, records[i].type, head, site);
        if (meaning && !same_meaning(meaning, &records[i]))
            return false;
        if (index->meanings[number] && index->meanings[number]->type != records[i].type)
            return false;
    }
    return true;
}

static bool free_number(struct merge_index *index, bool group, uint16_t *number)
{
    unsigned from = group ? GROUPS_FROM : 1, to = group ? 65536 : GROUPS_FROM;
    for (unsigned i = from; i < to; i++)
        if (!index->used[i]) {
            index->used[i] = true;
            *number = (uint16_t)i;
            return true;
        }
    return false;
}

void merge_map_decide(struct merge_index *index, struct merge_map *map, const struct xl_stdf_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].length < 2)
            continue;
        uint16_t from = number_of(&records[i]);
        if (map->to[from] != from || agrees(index, from, from, records, count))
            continue;
        struct other *other = index->others[from];
        while (other && !agrees(index, other->number, from, records, count))
            other = other->next;
        if (!other) {
            uint16_t number;
            if (!free_number(index, records[i].type == XL_PGR, &number))
                continue; /* every number is taken: the first file's meaning stands */
            other = arena_take(index->arena, 1, sizeof *other);
            *other = (struct other){.number = number, .next = index->others[from]};
            index->others[from] = other;
        }
        map->to[from] = other->number;
        map->changes = true;
    }
}

/* ---- Changing records -------------------------------------------------------------------------------------------------------------------
 */

static void change_list(const struct merge_map *map, struct xl_stdf_fields *fields, int index)
{
    if (fields->at[index].presence == XL_PRESENT)
        for (uint32_t i = 0; i < fields->at[index].count; i++)
            if (fields->at[index].values[i].u < 65536)
                fields->at[index].values[i].u = map->to[fields->at[index].values[i].u];
}

/* A map of bits, one a pin: bit i is pin i + base. The new one stands in `bits`, 8 KiB. */
static void change_bits(const struct merge_map *map, struct xl_stdf_fields *fields, int index, unsigned base, uint8_t *bits)
{
    if (fields->at[index].presence != XL_PRESENT || !fields->at[index].values[0].text.length)
        return;
    struct xl_stdf_value *value = &fields->at[index].values[0];
    memset(bits, 0, 8192);
    uint32_t length = value->text.length;
    for (uint32_t i = 0; i < value->text.length && i + base < 65536; i++) {
        if (!(value->text.bytes[i / 8] >> (i % 8) & 1))
            continue;
        uint32_t to = map->to[i + base] - base;
        if (to >= 65535)
            continue;
        bits[to / 8] = (uint8_t)(bits[to / 8] | 1 << (to % 8));
        if (to >= length)
            length = to + 1;
    }
    value->text.bytes = bits;
    value->text.length = length;
}

size_t merge_map_record(const struct merge_map *map, struct xl_stdf_decoder *decoder, const struct xl_stdf_record *record, uint8_t *out)
{
    static const struct {
        uint16_t type;
        int index;
    } lists[] = {
        {XL_PMR, PMR_PMR_INDX}, {XL_PGR, PGR_GRP_INDX}, {XL_PGR, PGR_PMR_INDX}, {XL_PLR, PLR_GRP_INDX}, {XL_FTR, FTR_RTN_INDX},
        {XL_FTR, FTR_PGM_INDX}, {XL_MPR, MPR_RTN_INDX}, {XL_NMR, NMR_PMR_INDX}, {XL_CDR, CDR_SIN_PIN},  {XL_CDR, CDR_SOUT_PIN},
        {XL_CDR, CDR_M_CLKS},   {XL_CDR, CDR_S_CLKS},   {XL_STR, STR_LIM_INDX}, {XL_STR, STR_PMR_INDX},
    };
    if (!map->changes)
        return 0;
    bool concerned = false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        concerned = concerned || lists[i].type == record->type;
    if (!concerned)
        return 0;
    /* The decoder's fields are ours to change until its next call. */
    const struct xl_stdf_fields *decoded = xl_stdf_decode(decoder, record);
    struct xl_stdf_fields fields = *decoded;
    uint8_t bits[2][8192];
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i].type == record->type)
            change_list(map, &fields, lists[i].index);
    if (record->type == XL_FTR) {
        change_bits(map, &fields, FTR_FAIL_PIN, 0, bits[0]);
        change_bits(map, &fields, FTR_SPIN_MAP, 0, bits[1]);
    }
    if (record->type == XL_STR) {
        change_bits(map, &fields, STR_MASK_MAP, 1, bits[0]);
        change_bits(map, &fields, STR_FAL_MAP, 1, bits[1]);
        if (fields.at[STR_PMR_SIZE].presence == XL_PRESENT && fields.at[STR_PMR_SIZE].values[0].u == 1)
            fields.at[STR_PMR_SIZE].values[0].u = 2; /* the new numbers may need it */
    }
    size_t length = xl_stdf_encode(&fields, record->big_endian, out);
    if (!length || fields.broken)
        return length;
    /* What stood after the last field stays there. */
    size_t whole = length + fields.left_over;
    if (fields.left_over && whole <= XL_RECORD_MOST) {
        memcpy(out + length, record->data + record->length - fields.left_over, fields.left_over);
        uint16_t data = (uint16_t)(whole - 4);
        out[0] = (uint8_t)(record->big_endian ? data >> 8 : data);
        out[1] = (uint8_t)(record->big_endian ? data : data >> 8);
        length = whole;
    }
    return length;
}
