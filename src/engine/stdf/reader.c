/* reader.c: records out of a stream: what an STDF V4 file is, and finding the way back where one is damaged.
 *
 * STDF has no marks to synchronise on. What is known is that a header names one of some thirty types among 65,536 codes; that most
 * types have a least and a most length; and that after a record stands another header. A place is taken for a header where all that
 * holds for it and the next ones. */
#include "engine/stdf/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    HEADER = 4,
    WHOLE_MOST = HEADER + 65535,
    CHAIN = 4,                               /* headers that must agree for a place to be taken for a header */
    HOPS = 6,                                /* headers looked at to believe in a record of unknown type */
    CUSTOMER = 180,                          /* REC_TYP from here on is the customers' */
    AHEAD = (2 + HOPS + CHAIN) * WHOLE_MOST, /* bytes in view when something is doubtful */
    ZERO_RUN = 64,                           /* zero bytes amid others that count as zero-filled */
    ZERO_TAIL = 8,                           /* zero bytes at a record's end that make a hole after it suspect */
    SLACK = 64,                              /* vendor padding that a plausible length may have */
};
_Static_assert((int)AHEAD <= (int)XL_WINDOW_LEAST, "a window must hold what is looked at");

#define T(type) [type] = READER_EXPECTED
const uint8_t reader_known[65536] = {
    [XL_ATR] = READER_RARE,
    [XL_VUR] = READER_RARE,
    [XL_MIR] = READER_RARE,
    T(XL_MRR),
    T(XL_PCR),
    T(XL_HBR),
    T(XL_SBR),
    T(XL_PMR),
    T(XL_PGR),
    T(XL_PLR),
    T(XL_RDR),
    T(XL_SDR),
    T(XL_PSR),
    T(XL_NMR),
    T(XL_CNR),
    T(XL_SSR),
    T(XL_CDR),
    T(XL_WIR),
    T(XL_WRR),
    T(XL_WCR),
    T(XL_PIR),
    T(XL_PRR),
    T(XL_TSR),
    T(XL_PTR),
    T(XL_MPR),
    T(XL_FTR),
    T(XL_STR),
    T(XL_BPS),
    T(XL_EPS),
    T(XL_GDR),
    T(XL_DTR),
};
#undef T

/* ---- Plausible headers -------------------------------------------------------------------------------------------- */

/* Lengths that a sound record can have, vendor padding aside. Only used to choose among places to go on at: a record that is
 * in phase is read whatever its length. */
static void lengths_of(uint16_t type, unsigned *least, unsigned *most)
{
    static const struct {
        uint16_t type, least, most;
    } table[] = {
        {XL_ATR, 5, 260},   {XL_VUR, 1, 256},   {XL_MIR, 20, 7695},  {XL_MRR, 4, 517},   {XL_PCR, 6, 22},     {XL_HBR, 8, 265},
        {XL_SBR, 8, 265},   {XL_PMR, 4, 774},   {XL_PGR, 5, 65535},  {XL_PLR, 6, 65535}, {XL_RDR, 0, 65535},  {XL_SDR, 3, 4354},
        {XL_PSR, 6, 65535}, {XL_NMR, 5, 65535}, {XL_CNR, 8, 65535},  {XL_SSR, 3, 65535}, {XL_CDR, 10, 65535}, {XL_WIR, 7, 262},
        {XL_WRR, 10, 1562}, {XL_WCR, 4, 20},    {XL_PIR, 2, 2},      {XL_PRR, 7, 785},   {XL_TSR, 7, 800},    {XL_PTR, 8, 1826},
        {XL_MPR, 8, 65535}, {XL_FTR, 7, 65535}, {XL_STR, 20, 65535}, {XL_BPS, 0, 256},   {XL_EPS, 0, 0},      {XL_GDR, 2, 65535},
        {XL_DTR, 1, 256},
    };
    for (size_t i = 0; reader_known[type] && i < sizeof table / sizeof *table; i++)
        if (table[i].type == type) {
            *least = table[i].least;
            *most = table[i].most;
            return;
        }
    *least = 0;
    *most = 65535;
}

static uint16_t type_at(const uint8_t *header)
{
    return (uint16_t)(header[2] << 8 | header[3]);
}

/* A FAR that begins another file: its length and version, in either byte order. */
static bool is_far(const uint8_t *at, const uint8_t *end)
{
    return end - at >= 6 && type_at(at) == XL_FAR && at[0] + at[1] == 2 && (at[0] == 2 || at[1] == 2) && at[5] == 4;
}

static bool is_learned(const struct xl_stdf_reader *reader, uint16_t type)
{
    for (unsigned i = 0; i < reader->learned_count; i++)
        if (reader->learned[i] == type)
            return true;
    return false;
}

/* Whether `count` headers stand one after the other from `at`, of known types and sound lengths, or fewer up to the very end of
 * the stream. A chain that ends inside a cut-off record needs two whole records before it. */
static bool chain(const struct xl_stdf_reader *reader, const uint8_t *at, int count)
{
    const uint8_t *end = reader->window_end;
    for (int n = 0; n < count; n++) {
        if (at == end)
            return reader->last && n > 0;
        if (end - at < HEADER)
            return reader->last && n > 2;
        if (is_far(at, end)) {
            bool other_order = (at[0] == 0) != reader->big_endian;
            if (other_order) /* enough: what follows cannot be walked in this order */
                return true;
            at += HEADER + 2;
            continue;
        }
        uint16_t type = type_at(at), length = load_u2(at, reader->big_endian);
        if (!reader_known[type] && !is_learned(reader, type))
            return false;
        unsigned least, most;
        lengths_of(type, &least, &most);
        if (length < least || length > most + SLACK)
            return false;
        if (length > end - at - HEADER)
            return reader->last && n > 1;
        at += HEADER + length;
    }
    return true;
}

/* ---- Moving on ---------------------------------------------------------------------------------------------------- */

/* Tells the one who copies of the bytes up to `to`. */
static void pass(struct xl_stdf_reader *reader, const uint8_t *to)
{
    if (reader->passing && to > reader->passed && !reader->passing(reader->passing_context, reader->passed, (size_t)(to - reader->passed)))
        reader->passing = NULL;
    reader->passed = to;
}

/* Gets a window that begins at `from`. */
static void slide(struct xl_stdf_reader *reader, const uint8_t *from)
{
    pass(reader, from);
    uint64_t offset = reader_offset(reader, from);
    const uint8_t *bytes = reader->window;
    size_t length = 0;
    struct xl_error error = {0};
    if (!xl_input_window(reader->input, (size_t)(from - reader->window), &bytes, &length, &reader->last, &error)) {
        xl_findings_add(reader->findings, XL_FINDING_CONTAINER_BROKEN, offset, 0, "%s", error.message);
        length = 0;
        reader->last = true;
    }
    reader->window = reader->passed = reader->at = bytes;
    reader->window_end = reader->end = bytes + length;
    reader->origin = offset - (uint64_t)(uintptr_t)bytes;
}

static const char *type_name(uint16_t type, char name[16])
{
    const struct xl_stdf_layout *layout = xl_stdf_layout(type);
    if (layout)
        return layout->name;
    snprintf(name, 16, "%u.%u", type >> 8, type & 0xff);
    return name;
}

/* Stands on the header at `at`, which was found good. */
static void arrive(struct xl_stdf_reader *reader, const uint8_t *at)
{
    reader->at = at;
    reader->end = reader->window_end;
    reader->lost = false;
    if (reader->end - at < HEADER)
        return;
    uint16_t type = type_at(at);
    if (type == XL_FAR) {
        reader->big_endian = at[0] == 0;
        xl_findings_add(reader->findings, XL_FINDING_FIRST_NOT_FAR, reader_offset(reader, at), 0, "%s", "");
    } else if (!reader_known[type]) {
        char name[16];
        if (!is_learned(reader, type) && reader->learned_count < sizeof reader->learned / sizeof *reader->learned)
            reader->learned[reader->learned_count++] = type;
        xl_findings_add(reader->findings, XL_FINDING_UNKNOWN_RECORD, reader_offset(reader, at), 0, "%s", type_name(type, name));
    }
}

static void give(struct xl_stdf_reader *reader, const uint8_t *at, size_t length, struct xl_stdf_record *record)
{
    record->type = type_at(at);
    record->length = (uint16_t)length;
    record->big_endian = reader->big_endian;
    record->offset = reader_offset(reader, at);
    record->data = at + HEADER;
}

/* ---- Skipping ----------------------------------------------------------------------------------------------------- */

static void skip_begin(struct xl_stdf_reader *reader, const uint8_t *at, uint16_t after)
{
    char name[16];
    reader->skip_from = reader_offset(reader, at);
    reader->noise = reader->zeros = 0;
    snprintf(reader->skip_after, sizeof reader->skip_after, "%s", type_name(after, name));
}

static void skip_tell(struct xl_stdf_reader *reader, enum xl_finding_kind kind, uint64_t length)
{
    if (!length)
        return;
    xl_findings_add(reader->findings, kind, reader->skip_from, length, "%s", reader->skip_after);
    reader->skip_from += length;
}

/* Counts skipped bytes, zero-filled runs apart from the rest. */
static void skip_bytes(struct xl_stdf_reader *reader, const uint8_t *from, const uint8_t *to)
{
    for (const uint8_t *at = from; at < to; at++) {
        if (!*at) {
            reader->zeros++;
            continue;
        }
        if (reader->zeros >= ZERO_RUN) {
            skip_tell(reader, XL_FINDING_OUT_OF_PHASE, reader->noise);
            skip_tell(reader, XL_FINDING_ZERO_FILLED, reader->zeros);
            reader->noise = 0;
        } else
            reader->noise += reader->zeros;
        reader->zeros = 0;
        reader->noise++;
    }
}

static void skip_end(struct xl_stdf_reader *reader)
{
    if (reader->zeros >= ZERO_RUN || !reader->noise) {
        skip_tell(reader, XL_FINDING_OUT_OF_PHASE, reader->noise);
        skip_tell(reader, XL_FINDING_ZERO_FILLED, reader->zeros);
    } else
        skip_tell(reader, XL_FINDING_OUT_OF_PHASE, reader->noise + reader->zeros);
    reader->noise = reader->zeros = 0;
}

/* Whether the fields of the record's type fill exactly `length` bytes. */
static bool fits(struct xl_stdf_reader *reader, const uint8_t *at, size_t length)
{
    struct xl_stdf_record record;
    give(reader, at, length, &record);
    if (!reader->decoder)
        reader->decoder = xl_stdf_decoder_new();
    const struct xl_stdf_fields *fields = xl_stdf_decode(reader->decoder, &record);
    return fields && !fields->broken && !fields->left_over && !fields->ungated && length >= fields->layout->shortest;
}

/* The first place in [from, to) that looks like a header; `to` when there is none. 1 + CHAIN records after `to` must be in view, or the
 * end of the stream. Noise that looks like one header and leads to another by luck swallows the records between: a place whose
 * record does not fill its length must hold no better one inside. */
static const uint8_t *find_header(struct xl_stdf_reader *reader, const uint8_t *from, const uint8_t *to)
{
    const uint8_t *doubtful = NULL, *limit = to;
    for (const uint8_t *at = from; at < limit && reader->window_end - at >= HEADER; at++) {
        uint64_t eight;
        if (reader->window_end - at >= 8 && (memcpy(&eight, at, 8), eight == 0)) {
            at += 4; /* no header begins in the first five of eight zeros: its type would be 0.0 */
            continue;
        }
        uint16_t type = type_at(at);
        /* Inside a doubtful record only one that fills its length is looked for: a record of unknown type never does. */
        bool possible = reader_known[type] || (!doubtful && is_learned(reader, type)) || is_far(at, reader->window_end);
        if (!possible || !chain(reader, at, CHAIN))
            continue;
        if (fits(reader, at, load_u2(at, reader->big_endian)) || is_far(at, reader->window_end))
            return at;
        if (!doubtful) {
            doubtful = at;
            limit = at + HEADER + load_u2(at, reader->big_endian);
            if (limit > reader->window_end)
                limit = reader->window_end;
        }
    }
    return doubtful ? doubtful : to;
}

/* Whether the record of unknown type at `at` is one of a vendor's own: it must lead to known ones, or through more of its kind, and must
 * not swallow known ones. The record before it is taken to be sound. */
static bool unknown_leads_on(struct xl_stdf_reader *reader, const uint8_t *at)
{
    const uint8_t *end = reader->window_end;
    uint16_t first = type_at(at);
    bool alike = true;
    for (int n = 0; n < HOPS; n++) {
        if (end - at < HEADER)
            return reader->last && at == end;
        uint16_t type = type_at(at), length = load_u2(at, reader->big_endian);
        if (type == 0 || length > end - at - HEADER)
            return false;
        const uint8_t *next = at + HEADER + length;
        if (reader_known[type]) {
            unsigned least, most;
            lengths_of(type, &least, &most);
            return length >= least && length <= most + SLACK;
        }
        if (!is_learned(reader, type) && find_header(reader, at + 1, next) < next)
            return false;
        alike = alike && (type == first || type >> 8 >= CUSTOMER);
        at = next;
    }
    return alike;
}

/* Goes on from a place that is no header to the next one, through as many windows as it takes. */
static void find_way(struct xl_stdf_reader *reader)
{
    const uint8_t *at = reader->at;
    for (;;) {
        const uint8_t *to = reader->last ? reader->window_end : reader->window_end - (1 + CHAIN) * WHOLE_MOST;
        const uint8_t *found = at < to ? find_header(reader, at, to) : at;
        skip_bytes(reader, at, found);
        at = found;
        if (found < to || reader->last)
            break;
        slide(reader, at);
        at = reader->at;
    }
    skip_end(reader);
    arrive(reader, at);
}

/* ---- Doubtful records --------------------------------------------------------------------------------------------- */

/* A record that ends in zeros where a hole of zeros follows may have been hit by the hole: its values would be invented. */
static bool hit_by_hole(struct xl_stdf_reader *reader, const uint8_t *at, size_t length)
{
    const uint8_t *next = at + HEADER + length, *end = reader->window_end;
    size_t tail = 0;
    while (tail < length && !next[-1 - (ptrdiff_t)tail])
        tail++;
    /* Never further than is in view in any window, or what is decided would depend on where windows end. */
    const uint8_t *zero = next, *limit = end - next > HOPS * WHOLE_MOST ? next + HOPS * WHOLE_MOST : end;
    while (zero < limit && !*zero)
        zero++;
    if (!tail || zero - next < HEADER)
        return false;
    uint16_t type = type_at(at);
    /* To the end of the file: padding, where a file is done; a crash amid writing, where it was still at its tests. */
    if (zero == end && reader->last)
        return tail >= ZERO_TAIL && (type >> 8 == XL_PTR >> 8 || type >> 8 == XL_PRR >> 8 || type >> 8 == XL_GDR >> 8);
    if (tail >= ZERO_TAIL || zero == limit)
        return tail >= ZERO_TAIL;
    /* A hole that leaves the rest of a record behind it most likely began in a record, too. */
    const uint8_t *first = zero - next > 3 ? zero - 3 : next;
    return find_header(reader, first, zero + 1) == zero + 1;
}

/* The record at `at` leads to no header. Gives it if it can be trusted, repaired where its length is what is wrong; false when not.
 * Either way the reader stands where to go on, lost or not. */
static bool examine(struct xl_stdf_reader *reader, const uint8_t *at, struct xl_stdf_record *record)
{
    const uint8_t *end = reader->window_end;
    uint16_t type = type_at(at), length = load_u2(at, reader->big_endian);
    size_t left = (size_t)(end - at);
    bool cut = (size_t)HEADER + length > left;
    char name[16];

    const uint8_t *to = left > WHOLE_MOST ? at + WHOLE_MOST : end;
    const uint8_t *found = find_header(reader, at + 1, to);
    bool is_found = found < to, over = found < at + HEADER; /* over this header, which is none then */
    size_t length_found = over ? 0 : (size_t)(found - at - HEADER);
    bool known = (reader_known[type] || type == XL_FAR) && !over;
    bool filled = known && !cut && fits(reader, at, length);

    /* Its fields end where another header stands: only the length is wrong. (Not when they end where the length says, too, and it would
     * only grow: the bytes between are nobody's then.) */
    if (is_found && known && fits(reader, at, length_found) && !(length_found > length && filled)) {
        xl_findings_add(reader->findings, XL_FINDING_LENGTH_WRONG, reader_offset(reader, at), 0, "%s: %u -> %zu", type_name(type, name),
                        length, length_found);
        give(reader, at, length_found, record);
        arrive(reader, found);
        return true;
    }
    bool inside = is_found && length_found < length;
    bool sound = filled && !inside && !hit_by_hole(reader, at, length);
    if (sound)
        give(reader, at, length, record);
    if (!sound && cut && !is_found && left <= WHOLE_MOST) {
        xl_findings_add(reader->findings, XL_FINDING_CUT_OFF, reader_offset(reader, at), left, "%s", type_name(type, name));
        arrive(reader, end);
        return false;
    }
    const uint8_t *from = sound ? at + HEADER + length : at;
    skip_begin(reader, from, type);
    reader->lost = true;
    reader->at = reader->end = from; /* keeps the hot path out */
    if (!sound || is_found) {
        /* The way was found already: no second search. */
        const uint8_t *here = is_found ? found : to;
        skip_bytes(reader, from, here);
        reader->at = reader->end = here;
        if (is_found) {
            skip_end(reader);
            arrive(reader, found);
        }
    }
    return sound;
}

/* Whether the record at `at` belies its length: its fields do not fill it, and a header stands inside it or where they end. What stands
 * where it leads to is then no header, though it looks like one. */
static bool belied(struct xl_stdf_reader *reader, const uint8_t *at)
{
    uint16_t length = load_u2(at, reader->big_endian);
    if (!reader_known[type_at(at)] || fits(reader, at, length))
        return false;
    const uint8_t *to = reader->window_end - at > WHOLE_MOST ? at + WHOLE_MOST : reader->window_end;
    const uint8_t *found = find_header(reader, at + HEADER, to);
    return found < to && (found - at - HEADER < length || fits(reader, at, (size_t)(found - at - HEADER)));
}

/* Whether the header at `next` is one, which the record at `at` leads to. */
static bool leads_on(struct xl_stdf_reader *reader, const uint8_t *at, size_t length, const uint8_t *next)
{
    uint16_t type = type_at(next);
    if (length > READER_SHORT) {
        /* One length in some forty leads to a header by luck: this one would swallow the records between. */
        unsigned least, most;
        lengths_of(type_at(at), &least, &most);
        if (length > most + SLACK && belied(reader, at))
            return false;
    }
    if (reader_known[type] == READER_EXPECTED || is_far(next, reader->window_end))
        return true;
    if (reader_known[type] == READER_RARE)
        return type_at(at) == XL_FAR || reader_known[type_at(at)] != READER_EXPECTED || (chain(reader, next, 2) && !belied(reader, at));
    return unknown_leads_on(reader, next) && !belied(reader, at);
}

bool reader_next_slow(struct xl_stdf_reader *reader, struct xl_stdf_record *record)
{
    for (;;) {
        if (reader->lost)
            find_way(reader);
        if (!reader->last && reader->window_end - reader->at < AHEAD)
            slide(reader, reader->at);
        const uint8_t *at = reader->at, *end = reader->window_end;
        if (at == end) {
            if (!reader->ended) {
                /* A container may break exactly after its last bytes: ask once more. */
                reader->ended = true;
                slide(reader, at);
            }
            return false;
        }
        if (end - at < HEADER) {
            bool zero = true;
            for (const uint8_t *p = at; p < end; p++)
                zero = zero && !*p;
            xl_findings_add(reader->findings, zero ? XL_FINDING_ZERO_FILLED : XL_FINDING_CUT_OFF, reader_offset(reader, at),
                            (uint64_t)(end - at), "%s", "");
            arrive(reader, end);
            continue;
        }
        uint16_t length = load_u2(at, reader->big_endian);
        if (HEADER + length <= end - at) {
            const uint8_t *next = at + HEADER + length;
            if (next == end || end - next < HEADER /* too little left to judge by */ || leads_on(reader, at, length, next)) {
                give(reader, at, length, record);
                arrive(reader, next);
                return true;
            }
        }
        if (examine(reader, at, record))
            return true;
    }
}

/* ---- The beginning ------------------------------------------------------------------------------------------------ */

/* What a file that is no STDF may be instead, for the sentence that refuses it. */
static void refuse(const uint8_t *bytes, size_t length, struct xl_error *error)
{
    size_t text = 0;
    while (text < length && text < 200 && (bytes[text] >= ' ' || bytes[text] == '\t' || bytes[text] == '\r' || bytes[text] == '\n') &&
           bytes[text] != 0x7f)
        text++;
    if (text == length && text < 200) {
        while (text > 0 && bytes[text - 1] <= ' ')
            text--;
        xl_fail(error, "not_stdf",
                _("This is not an STDF file: it holds only the text \"%.*s\". Perhaps it is a link whose target was not copied."),
                (int)text, (const char *)bytes);
    } else if (text >= 64 || text == length)
        xl_fail(error, "not_stdf", _("This is not an STDF file: it is text."));
    else
        xl_fail(error, "not_stdf", _("This is not an STDF file: it does not begin with a file attributes record (FAR)."));
}

/* Judges the first bytes; true when they are V4 with IEEE floats. */
static bool open_stream(struct xl_stdf_reader *reader, struct xl_error *error)
{
    const uint8_t *bytes = reader->at;
    size_t length = (size_t)(reader->window_end - bytes);
    if (!length)
        return xl_fail(error, "stdf_empty", _("The file is empty."));
    if (xl_is_atdf(bytes, length))
        return xl_fail(error, "is_atdf", _("The file is ATDF, the text form of STDF."));
    bool little = length >= 6 && type_at(bytes) == XL_FAR && bytes[0] == 2 && bytes[1] == 0;
    bool big = length >= 6 && type_at(bytes) == XL_FAR && bytes[0] == 0 && bytes[1] == 2;
    if (little || big) {
        uint8_t cpu = bytes[4], version = bytes[5];
        reader->big_endian = big;
        if (version == 3)
            return xl_fail(error, "stdf_v3", _("The file is STDF version 3, which is not read here; version 4 is."));
        if (version != 4)
            return xl_fail(error, "stdf_version_unknown", _("The file says it is STDF version %u; version 4 is read here."), version);
        if (cpu == 0)
            return xl_fail(error, "stdf_vax",
                           _("The file was written on a VAX or PDP-11, whose floating-point numbers are not read here."));
        return true;
    }
    /* A damaged or lost FAR, and records after it: they tell the byte order. */
    for (int order = 0; order < 2; order++)
        for (size_t skip = 0; skip <= 6 && skip < length; skip += 6) {
            reader->big_endian = order == 1;
            if (chain(reader, bytes + skip, CHAIN + 2)) {
                xl_findings_add(reader->findings, XL_FINDING_NO_FAR, 0, skip, "%s", "");
                reader->at += skip;
                return true;
            }
        }
    refuse(bytes, length, error);
    return false;
}

struct xl_stdf_reader *xl_stdf_reader_new(struct xl_input *input, struct xl_findings *findings, struct xl_error *error)
{
    struct xl_stdf_reader *reader = memory_new(1, sizeof *reader);
    reader->input = input;
    reader->findings = findings;
    const uint8_t *bytes;
    size_t length;
    if (!xl_input_window(input, 0, &bytes, &length, &reader->last, error)) {
        free(reader);
        return NULL;
    }
    reader->window = reader->passed = reader->at = bytes;
    reader->window_end = reader->end = bytes + length;
    reader->origin = 0 - (uint64_t)(uintptr_t)bytes;
    if (!open_stream(reader, error)) {
        xl_fail_place(error, "%s", xl_input_name(input));
        free(reader);
        return NULL;
    }
    return reader;
}

void xl_stdf_reader_free(struct xl_stdf_reader *reader)
{
    if (!reader)
        return;
    xl_stdf_decoder_free(reader->decoder);
    free(reader);
}

bool xl_stdf_next(struct xl_stdf_reader *reader, struct xl_stdf_record *record)
{
    return reader_next(reader, record);
}

bool xl_stdf_big_endian(const struct xl_stdf_reader *reader)
{
    return reader->big_endian;
}

uint64_t xl_stdf_offset(const struct xl_stdf_reader *reader)
{
    return reader_offset(reader, reader->at);
}
