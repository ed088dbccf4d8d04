/* tally.c: the summary records of a stream (PCR, HBR, SBR, TSR) counted anew from its parts and tests. */
#include "engine/stdf/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "engine/stdf/defaults.h"
#include "engine/stdf/layout.h"

enum { ALL = 255, BIN_NUMBER_MOST = 32767, SLOTS = 1 << 16, ENTRIES_MOST = 1 << 22 };

/* In the order in which they are written. */
enum kind { HARD_BIN, SOFT_BIN, PART_COUNT };

/* One PCR, HBR or SBR to be written. */
struct summary {
    enum kind kind;
    uint8_t head, site;
    uint16_t bin;
    uint8_t pass;
    const uint8_t *name;
    uint8_t name_length;
    bool is_original;
    uint8_t shown_site;         /* for all sites the site is idle: as the original has it */
    struct tally_counts counts; /* bins: `parts` */
    struct summary *next, *later;
};

/* What the executions of one test on one site came to. */
struct executions {
    uint8_t head, site;
    uint64_t count, failed, alarmed, valid;
    float least, most;
    double sum, squares;
    struct executions *next;
};
struct tested {
    uint16_t type;
    uint32_t number;
    const uint8_t *text;
    size_t text_length;
    struct executions *sites;
    struct tested *next, *first_of_number;
};

/* One TSR to be written: the original's bytes. */
struct synopsis {
    uint8_t head, site, type;
    uint32_t number;
    const uint8_t *names; /* TEST_NAM, SEQ_NAME, TEST_LBL with their lengths */
    size_t names_length;
    struct synopsis *next, *later;
};

struct tally {
    struct arena *arena;
    size_t entries;
    struct summary *slots[SLOTS], *first, **last;
    struct tested *test_slots[SLOTS];
    struct synopsis *synopsis_slots[SLOTS], *first_synopsis, **last_synopsis;
    bool site_counts, site_bins[2], all_bins[2]; /* which levels the original has */
};

struct tally *tally_new(void)
{
    struct tally *tally = memory_new(1, sizeof *tally);
    tally->arena = arena_new();
    tally->last = &tally->first;
    tally->last_synopsis = &tally->first_synopsis;
    return tally;
}

void tally_free(struct tally *tally)
{
    if (!tally)
        return;
    arena_free(tally->arena);
    free(tally);
}

bool tally_replaces(uint16_t type)
{
    return type == XL_PCR || type == XL_HBR || type == XL_SBR || type == XL_TSR;
}

static size_t slot_of(uint64_t key)
{
    return (size_t)(key * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
}

/* ---- Parts and bins ---------------------------------------------------------------------------------------------------------------------
 */

static struct summary *summary_of(struct tally *tally, enum kind kind, uint8_t head, uint8_t site, uint16_t bin)
{
    if (head == ALL)
        site = ALL;
    struct summary **at = &tally->slots[slot_of((uint64_t)kind << 32 | (uint64_t)head << 24 | (uint64_t)site << 16 | bin)];
    for (; *at; at = &(*at)->next)
        if ((*at)->kind == kind && (*at)->head == head && (*at)->site == site && (*at)->bin == bin)
            return *at;
    if (tally->entries >= ENTRIES_MOST)
        return NULL;
    tally->entries++;
    struct summary *summary = *at = *tally->last = arena_take(tally->arena, 1, sizeof *summary);
    tally->last = &summary->later;
    *summary = (struct summary){
        .kind = kind, .head = head, .site = site, .bin = bin, .pass = ' ', .name = (const uint8_t *)"", .shown_site = site};
    return summary;
}

static void original_bin(struct tally *tally, const struct xl_stdf_record *record)
{
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    uint8_t head = bytes_u1(&b), site = bytes_u1(&b);
    uint16_t bin = bytes_u2(&b);
    bytes_u4(&b);
    if (b.broken)
        return;
    enum kind kind = record->type == XL_HBR ? HARD_BIN : SOFT_BIN;
    struct summary *summary = summary_of(tally, kind, head, site, bin);
    if (!summary)
        return;
    summary->is_original = true;
    summary->shown_site = site;
    *(head == ALL ? &tally->all_bins[kind == SOFT_BIN] : &tally->site_bins[kind == SOFT_BIN]) = true;
    uint8_t pass = bytes_u1(&b), length = bytes_u1(&b);
    const uint8_t *name = bytes_take(&b, length);
    if (summary->pass == ' ' && (pass == 'P' || pass == 'F'))
        summary->pass = pass;
    if (!summary->name_length && name && length) {
        summary->name = arena_copy(tally->arena, name, length);
        summary->name_length = length;
    }
}

void tally_count(struct tally_counts *counts, const struct xl_stdf_record *record)
{
    uint8_t flag = record->length > 2 ? record->data[2] : 0x10;
    counts->parts++;
    counts->retested += (flag & 3) != 0;
    counts->aborted += (flag & 4) != 0;
    counts->good += (flag & 0x18) == 0;
}

static void count_bin(struct tally *tally, enum kind kind, uint8_t head, uint8_t site, uint16_t bin)
{
    if (bin > BIN_NUMBER_MOST)
        return;
    struct summary *summary = summary_of(tally, kind, ALL, ALL, bin);
    if (summary)
        summary->counts.parts++;
    if ((summary = summary_of(tally, kind, head, site, bin)))
        summary->counts.parts++;
}

void tally_part(struct tally *tally, const struct xl_stdf_record *record)
{
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    uint8_t head = bytes_u1(&b), site = bytes_u1(&b);
    if (b.broken)
        return;
    struct summary *summary = summary_of(tally, PART_COUNT, ALL, ALL, 0);
    if (summary)
        tally_count(&summary->counts, record);
    if ((summary = summary_of(tally, PART_COUNT, head, site, 0)))
        tally_count(&summary->counts, record);
    bytes_u1(&b);
    bytes_u2(&b);
    uint16_t hard = bytes_u2(&b);
    if (!b.broken)
        count_bin(tally, HARD_BIN, head, site, hard);
    uint16_t soft = bytes_u2(&b);
    if (!b.broken)
        count_bin(tally, SOFT_BIN, head, site, soft);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------------------------------
 */

static struct tested *tested_of(struct tally *tally, uint16_t type, uint32_t number, const uint8_t *text, size_t length)
{
    struct tested **at = &tally->test_slots[slot_of((uint64_t)type << 32 | number)], *first = NULL;
    for (; *at; at = &(*at)->next) {
        if ((*at)->type != type || (*at)->number != number)
            continue;
        if (!first)
            first = *at;
        if (!length || ((*at)->text_length == length && memcmp((*at)->text, text, length) == 0))
            return *at;
    }
    if (tally->entries >= ENTRIES_MOST)
        return NULL;
    tally->entries++;
    struct tested *tested = *at = arena_take(tally->arena, 1, sizeof *tested);
    *tested = (struct tested){.type = type, .number = number, .text_length = length};
    tested->text = length ? arena_copy(tally->arena, text, length) : (const uint8_t *)"";
    tested->first_of_number = first ? first : tested;
    return tested;
}

static void count_value(struct executions *on, float value)
{
    if (!(value - value == 0)) /* not a number, or infinite */
        return;
    on->least = !on->valid || value < on->least ? value : on->least;
    on->most = !on->valid || value > on->most ? value : on->most;
    on->sum += (double)value;
    on->squares += (double)value * (double)value;
    on->valid++;
}

void tally_test(struct tally *tally, const struct xl_stdf_record *record)
{
    uint32_t number;
    const uint8_t *text;
    size_t length;
    if (!test_of(record, &number, &text, &length))
        return;
    size_t at = record->type == XL_STR ? 1 : 0; /* CONT_FLG */
    size_t flag_at = at + (record->type == XL_STR ? 8 : 6);
    if (record->length <= flag_at)
        return;
    struct tested *tested = tested_of(tally, record->type, number, text, length);
    if (!tested)
        return;
    uint8_t head = record->data[at + 4], site = record->data[at + 5], flag = record->data[flag_at];
    struct executions **on = &tested->sites;
    while (*on && ((*on)->head != head || (*on)->site != site))
        on = &(*on)->next;
    if (!*on) {
        *on = arena_take(tally->arena, 1, sizeof **on);
        (*on)->head = head;
        (*on)->site = site;
    }
    if (flag & 0x10) /* not executed */
        return;
    (*on)->count++;
    (*on)->failed += (flag & 0xc0) == 0x80;
    (*on)->alarmed += flag & 1;
    bool counts = (flag & 0x3f) == 0 && record->type == XL_PTR && record->length >= 12 && (record->data[7] & 7) == 0;
    if (counts)
        count_value(*on, load_r4(record->data + 8, record->big_endian));
}

static void original_synopsis(struct tally *tally, const struct xl_stdf_record *record)
{
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    struct synopsis made = {0};
    made.head = bytes_u1(&b);
    made.site = bytes_u1(&b);
    made.type = bytes_u1(&b);
    made.number = bytes_u4(&b);
    if (b.broken)
        return;
    bytes_take(&b, 12);
    made.names = b.at;
    for (int i = 0; i < 3; i++) {
        bytes_take(&b, bytes_u1(&b));
        if (!b.broken)
            made.names_length = (size_t)(b.at - made.names);
    }
    /* The same test is summed up once, however often the original did (after every wafer, say). */
    struct synopsis **at =
        &tally->synopsis_slots[slot_of((uint64_t)made.type << 48 | (uint64_t)made.head << 40 | (uint64_t)made.site << 32 | made.number)];
    for (; *at; at = &(*at)->next) {
        const struct synopsis *other = *at;
        if (other->head == made.head && other->site == made.site && other->type == made.type && other->number == made.number &&
            other->names_length == made.names_length && memcmp(other->names, made.names, made.names_length) == 0)
            return;
    }
    if (tally->entries >= ENTRIES_MOST)
        return;
    tally->entries++;
    made.names = arena_copy(tally->arena, made.names, made.names_length);
    *at = *tally->last_synopsis = arena_copy(tally->arena, &made, sizeof made);
    tally->last_synopsis = &(*at)->later;
}

void tally_original(struct tally *tally, const struct xl_stdf_record *record)
{
    if (record->type == XL_TSR)
        original_synopsis(tally, record);
    else if (record->type == XL_HBR || record->type == XL_SBR)
        original_bin(tally, record);
    else if (record->type == XL_PCR && record->length >= 2) {
        struct summary *summary = summary_of(tally, PART_COUNT, record->data[0], record->data[1], 0);
        if (summary) {
            summary->is_original = true;
            summary->shown_site = record->data[1];
        }
        tally->site_counts = tally->site_counts || record->data[0] != ALL;
    }
}

/* ---- Writing ----------------------------------------------------------------------------------------------------------------------------
 */

static uint32_t limited(uint64_t count)
{
    return count < UINT32_MAX - 1 ? (uint32_t)count : UINT32_MAX - 1; /* UINT32_MAX means "missing" */
}

static uint16_t record_type_of(uint8_t test_type)
{
    return test_type == 'P' ? XL_PTR : test_type == 'M' ? XL_MPR : test_type == 'F' ? XL_FTR : test_type == 'S' ? XL_STR : 0;
}

static void add_up(struct executions *sum, const struct tested *tested, const struct synopsis *synopsis)
{
    for (const struct executions *on = tested->sites; on; on = on->next) {
        if (synopsis->head != ALL && (synopsis->head != on->head || synopsis->site != on->site))
            continue;
        sum->count += on->count;
        sum->failed += on->failed;
        sum->alarmed += on->alarmed;
        if (on->valid) {
            sum->least = !sum->valid || on->least < sum->least ? on->least : sum->least;
            sum->most = !sum->valid || on->most > sum->most ? on->most : sum->most;
            sum->sum += on->sum;
            sum->squares += on->squares;
            sum->valid += on->valid;
        }
    }
}

static size_t write_synopsis(struct tally *tally, const struct synopsis *synopsis, bool big_endian, uint8_t *out)
{
    static const uint16_t types[] = {XL_PTR, XL_MPR, XL_FTR, XL_STR};
    struct executions sum = {0};
    uint16_t wanted = record_type_of(synopsis->type);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        if (wanted && wanted != types[t])
            continue;
        const struct tested *first = tally->test_slots[slot_of((uint64_t)types[t] << 32 | synopsis->number)];
        /* A summary with the text of a test sums up that one; any other all tests of the number. */
        bool named = false;
        for (int pass = 0; pass < 2 && !(pass && named); pass++)
            for (const struct tested *tested = first; tested; tested = tested->next) {
                if (tested->type != types[t] || tested->number != synopsis->number)
                    continue;
                bool same = synopsis->names_length && synopsis->names[0] == tested->text_length &&
                            memcmp(synopsis->names + 1, tested->text, tested->text_length) == 0;
                named = named || same;
                if (pass || same)
                    add_up(&sum, tested, synopsis);
            }
    }
    struct xl_record_writer w;
    xl_record_begin(&w, XL_TSR, big_endian, out);
    xl_put_u1(&w, synopsis->head);
    xl_put_u1(&w, synopsis->site);
    xl_put_u1(&w, synopsis->type);
    xl_put_u4(&w, synopsis->number);
    xl_put_u4(&w, limited(sum.count));
    xl_put_u4(&w, limited(sum.failed));
    xl_put_u4(&w, limited(sum.alarmed));
    xl_put_bytes(&w, synopsis->names, synopsis->names_length);
    if (!sum.valid)
        return xl_record_end(&w);
    /* The rest stands only after all three names. The time a test took cannot be known any more: bit 2. */
    size_t at = 0, names = 0;
    for (; at < synopsis->names_length; names++)
        at += 1u + synopsis->names[at];
    for (; names < 3; names++)
        xl_put_u1(&w, 0);
    xl_put_u1(&w, 0xcc);
    xl_put_r4(&w, 0);
    xl_put_r4(&w, sum.least);
    xl_put_r4(&w, sum.most);
    xl_put_r4(&w, (float)sum.sum);
    xl_put_r4(&w, (float)sum.squares);
    return xl_record_end(&w);
}

static size_t write_summary(const struct summary *summary, bool big_endian, uint8_t *out)
{
    static const uint16_t types[] = {[PART_COUNT] = XL_PCR, [HARD_BIN] = XL_HBR, [SOFT_BIN] = XL_SBR};
    struct xl_record_writer w;
    xl_record_begin(&w, types[summary->kind], big_endian, out);
    xl_put_u1(&w, summary->head);
    xl_put_u1(&w, summary->shown_site);
    if (summary->kind != PART_COUNT)
        xl_put_u2(&w, summary->bin);
    xl_put_u4(&w, summary->counts.parts);
    if (summary->kind == PART_COUNT) {
        xl_put_u4(&w, summary->counts.retested);
        xl_put_u4(&w, summary->counts.aborted);
        xl_put_u4(&w, summary->counts.good);
        xl_put_u4(&w, UINT32_MAX); /* which parts were functional is not told by PRR */
    } else {
        xl_put_u1(&w, summary->pass);
        xl_put_u1(&w, summary->name_length);
        xl_put_bytes(&w, summary->name, summary->name_length);
    }
    return xl_record_end(&w);
}

/* Bins and counts that the original did not have are written on the levels (all sites, each site) that it had, or for all sites. */
static bool is_written(const struct tally *tally, const struct summary *summary)
{
    if (summary->is_original)
        return true;
    if (summary->kind == PART_COUNT)
        return summary->head == ALL || (tally->site_counts && summary->counts.parts);
    if (!summary->counts.parts)
        return false;
    bool soft = summary->kind == SOFT_BIN;
    return summary->head == ALL ? tally->all_bins[soft] || !tally->site_bins[soft] : tally->site_bins[soft];
}

static int by_place(const void *a, const void *b)
{
    const struct summary *left = *(const struct summary *const *)a, *right = *(const struct summary *const *)b;
    uint64_t l = (uint64_t)left->head << 32 | (uint64_t)left->site << 16 | left->bin;
    uint64_t r = (uint64_t)right->head << 32 | (uint64_t)right->site << 16 | right->bin;
    if (left->kind != right->kind)
        return left->kind > right->kind ? 1 : -1;
    return (l > r) - (l < r);
}

bool tally_write(struct tally *tally, bool big_endian, bool (*put)(void *context, const uint8_t *bytes, size_t length), void *context)
{
    uint8_t *out = memory_new(XL_RECORD_MOST, 1);
    summary_of(tally, PART_COUNT, ALL, ALL, 0); /* at least one PCR a file */
    bool good = true;
    for (const struct synopsis *synopsis = tally->first_synopsis; good && synopsis; synopsis = synopsis->later)
        good = put(context, out, write_synopsis(tally, synopsis, big_endian, out));
    size_t count = 0;
    for (const struct summary *summary = tally->first; summary; summary = summary->later)
        count++;
    const struct summary **sorted = memory_new(count, sizeof *sorted);
    count = 0;
    for (const struct summary *summary = tally->first; summary; summary = summary->later)
        if (is_written(tally, summary))
            sorted[count++] = summary;
    qsort(sorted, count, sizeof *sorted, by_place);
    for (size_t i = 0; good && i < count; i++)
        good = put(context, out, write_summary(sorted[i], big_endian, out));
    free(sorted);
    free(out);
    return good;
}

size_t tally_wrr(struct tally_counts *counts, struct xl_stdf_decoder *decoder, const struct xl_stdf_record *record, uint8_t *out)
{
    const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, record);
    if (fields->broken)
        return 0;
    const uint32_t wanted[] = {counts->parts, counts->retested, counts->aborted, counts->good, UINT32_MAX};
    *counts = (struct tally_counts){0};
    struct xl_stdf_value values[5];
    for (int i = 0; i < 5; i++) {
        values[i] = (struct xl_stdf_value){.kind = XL_U4, .u = wanted[i]};
        fields->at[WRR_PART_CNT + i].presence = XL_PRESENT;
        fields->at[WRR_PART_CNT + i].count = 1;
        fields->at[WRR_PART_CNT + i].values = &values[i];
    }
    return xl_stdf_encode(fields, record->big_endian, out);
}
