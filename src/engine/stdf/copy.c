/* copy.c: one stream to another: every byte as it is, or only some parts and tests.
 *
 * Whether a part stays is known at its PRR, after its tests, which stand between those of other sites. So records wait in a line until
 * every part before them is decided, and leave it in the order of the file. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/out.h"
#include "engine/stdf/defaults.h"
#include "engine/stdf/reader.h"
#include "engine/stdf/tally.h"

/* Bytes that may wait for a part to end. A part of a million tests takes 60 MB. */
static const size_t WAITING_MOST = 512 << 20;

enum verdict { UNDECIDED, KEPT, DROPPED };

/* A part from PIR to PRR; several records in the line point to it. */
struct part {
    enum verdict verdict;
    uint8_t head, site;
    uint64_t begin;
    unsigned uses;
};

/* The parts that were open together: what a GDR, DTR, BPS ... stands among. */
struct together {
    unsigned uses;
    size_t count;
    struct part *parts[];
};

/* A record in the line. Its bytes stand in `bytes`. */
struct waiting {
    size_t at;
    uint16_t length;
    uint16_t type;
    bool big_endian;
    uint64_t offset;
    struct part *part;         /* NULL: not of one part */
    struct together *together; /* NULL: not among parts */
};

struct copy {
    const struct xl_stdf_filter *filter;
    struct xl_stdf_reader *reader;
    struct out out;
    struct xl_error *error;
    bool failed;

    struct part **open;    /* by head and site: 65,536 */
    uint16_t *open_places; /* where there is one */
    size_t open_count;
    struct together *now;
    uint32_t *tests; /* of the filter, sorted */

    uint8_t *bytes;
    size_t length, capacity;
    struct waiting *line;
    size_t first, count, line_capacity; /* line[first..count) wait */

    struct tally *tally;
    struct tally_counts wafers[256]; /* by head: parts since WIR */
    struct defaults *read, *written;
    struct xl_stdf_decoder *decoder;
    uint8_t *scratch;
    bool has_end; /* an MRR came */
    struct xl_stdf_record end;
    uint8_t *end_data;
};

static bool put(void *context, const uint8_t *bytes, size_t length)
{
    struct copy *copy = context;
    out_bytes(&copy->out, bytes, length);
    copy->failed = copy->failed || copy->out.failed;
    return !copy->failed;
}

static bool put_record(struct copy *copy, const struct xl_stdf_record *record)
{
    /* The header stands in front of the data, but its length may have been repaired by the reader. */
    uint8_t header[4] = {(uint8_t)record->length, (uint8_t)(record->length >> 8), (uint8_t)(record->type >> 8), (uint8_t)record->type};
    if (record->big_endian) {
        header[0] = (uint8_t)(record->length >> 8);
        header[1] = (uint8_t)record->length;
    }
    return put(copy, header, sizeof header) && put(copy, record->data, record->length);
}

static bool put_audit(struct copy *copy, bool big_endian)
{
    struct xl_record_writer w;
    xl_record_begin(&w, XL_ATR, big_endian, copy->scratch);
    xl_put_u4(&w, copy->filter->modified_time);
    xl_put_cn(&w, copy->filter->command_line);
    return put(copy, copy->scratch, xl_record_end(&w));
}

/* ---- Everything -------------------------------------------------------------------------------------------------------------------------
 */

static bool passes_everything(const struct xl_stdf_filter *filter)
{
    bool anywhere = (filter->head < 0 && filter->site < 0) || (filter->head == 0 && filter->site == 0);
    return anywhere && !filter->hard_bin_count && !filter->test_count && !filter->keep_part;
}

struct pass_through {
    struct copy *copy;
    size_t audit_after; /* bytes of FAR still to pass before the audit record; SIZE_MAX: no audit */
};

static bool pass_bytes(void *context, const uint8_t *bytes, size_t length)
{
    struct pass_through *pass = context;
    if (pass->audit_after != SIZE_MAX && length >= pass->audit_after) {
        size_t far = pass->audit_after;
        pass->audit_after = SIZE_MAX;
        return put(pass->copy, bytes, far) && put_audit(pass->copy, pass->copy->reader->big_endian) &&
               put(pass->copy, bytes + far, length - far);
    }
    return put(pass->copy, bytes, length);
}

/* Windows pass as they are; the records are only looked at for findings. */
static bool copy_everything(struct copy *copy)
{
    struct pass_through pass = {.copy = copy, .audit_after = SIZE_MAX};
    const uint8_t *at = copy->reader->at;
    if (copy->filter->command_line && copy->reader->end - at >= 6 && at[2] == 0 && at[3] == 10 && xl_stdf_offset(copy->reader) == 0)
        pass.audit_after = 4 + load_u2(at, copy->reader->big_endian);
    copy->reader->passing = pass_bytes;
    copy->reader->passing_context = &pass;
    struct xl_stdf_record record;
    while (!copy->failed && reader_next(copy->reader, &record))
        ;
    copy->reader->passing = NULL;
    return !copy->failed;
}

/* ---- Parts ------------------------------------------------------------------------------------------------------------------------------
 */

static void part_release(struct part *part)
{
    if (part && --part->uses == 0)
        free(part);
}

static void together_release(struct together *together)
{
    if (!together || --together->uses)
        return;
    for (size_t i = 0; i < together->count; i++)
        part_release(together->parts[i]);
    free(together);
}

static bool place_passes(const struct copy *copy, uint8_t head, uint8_t site)
{
    return (copy->filter->head < 0 || copy->filter->head == head) && (copy->filter->site < 0 || copy->filter->site == site);
}

static bool decided_by_place(const struct copy *copy)
{
    return !copy->filter->hard_bin_count && !copy->filter->keep_part;
}

static struct part *part_new(struct copy *copy, uint8_t head, uint8_t site, uint64_t begin)
{
    struct part *part = memory_new(1, sizeof *part);
    *part = (struct part){.head = head, .site = site, .begin = begin, .uses = 1};
    if (!place_passes(copy, head, site))
        part->verdict = DROPPED;
    else if (decided_by_place(copy))
        part->verdict = KEPT;
    return part;
}

static void opened_or_closed(struct copy *copy)
{
    together_release(copy->now);
    copy->now = NULL;
}

/* The end of a part; `prr` is NULL when it has none. */
static void decide(struct copy *copy, struct part *part, const struct xl_stdf_record *prr, uint64_t end)
{
    if (part->verdict != UNDECIDED)
        return;
    const struct xl_stdf_filter *filter = copy->filter;
    bool kept = true;
    if (filter->hard_bin_count) {
        kept = false;
        if (prr && prr->length >= 7) {
            uint16_t bin = load_u2(prr->data + 5, prr->big_endian);
            for (size_t i = 0; i < filter->hard_bin_count; i++)
                kept = kept || filter->hard_bins[i] == bin;
        }
    }
    if (kept && filter->keep_part)
        kept = filter->keep_part(filter->context, part->begin, end);
    part->verdict = kept ? KEPT : DROPPED;
}

static void close_part(struct copy *copy, unsigned place, const struct xl_stdf_record *prr, uint64_t end)
{
    struct part *part = copy->open[place];
    if (!part)
        return;
    decide(copy, part, prr, end);
    copy->open[place] = NULL;
    part_release(part);
    size_t at = 0;
    while (copy->open_places[at] != place)
        at++;
    copy->open_places[at] = copy->open_places[--copy->open_count];
    opened_or_closed(copy);
}

static void open_part(struct copy *copy, unsigned place, uint64_t begin)
{
    copy->open[place] = part_new(copy, (uint8_t)(place >> 8), (uint8_t)place, begin);
    copy->open_places[copy->open_count++] = (uint16_t)place;
    opened_or_closed(copy);
}

static struct together *together_now(struct copy *copy)
{
    if (copy->now || !copy->open_count)
        return copy->now;
    struct together *together = memory_new(1, sizeof *together + copy->open_count * sizeof *together->parts);
    together->uses = 1;
    together->count = copy->open_count;
    for (size_t i = 0; i < copy->open_count; i++) {
        together->parts[i] = copy->open[copy->open_places[i]];
        together->parts[i]->uses++;
    }
    return copy->now = together;
}

/* ---- The line ---------------------------------------------------------------------------------------------------------------------------
 */

static enum verdict verdict_of(const struct waiting *waiting)
{
    if (waiting->part)
        return waiting->part->verdict;
    if (!waiting->together)
        return KEPT;
    enum verdict verdict = DROPPED;
    for (size_t i = 0; i < waiting->together->count; i++) {
        enum verdict one = waiting->together->parts[i]->verdict;
        if (one == KEPT)
            return KEPT;
        if (one == UNDECIDED)
            verdict = UNDECIDED;
    }
    return verdict;
}

static void write_kept(struct copy *copy, const struct xl_stdf_record *record)
{
    size_t length;
    switch (record->type) {
    case XL_PTR:
    case XL_MPR:
    case XL_FTR:
        tally_test(copy->tally, record);
        if (defaults_carry(copy->read, copy->written, copy->decoder, record, copy->scratch, &length)) {
            put(copy, copy->scratch, length);
            return;
        }
        break;
    case XL_STR:
        tally_test(copy->tally, record);
        break;
    case XL_PRR:
        tally_part(copy->tally, record);
        if (record->length)
            tally_count(&copy->wafers[record->data[0]], record);
        break;
    case XL_WIR:
        if (record->length)
            copy->wafers[record->data[0]] = (struct tally_counts){0};
        break;
    case XL_WRR:
        if (record->length && (length = tally_wrr(&copy->wafers[record->data[0]], copy->decoder, record, copy->scratch))) {
            put(copy, copy->scratch, length);
            return;
        }
        break;
    }
    put_record(copy, record);
    if (record->type == XL_FAR && copy->filter->command_line && record->offset == 0)
        put_audit(copy, record->big_endian);
}

/* Lets go of the decided records at the front of the line. */
static void move_on(struct copy *copy)
{
    while (copy->first < copy->count) {
        struct waiting *waiting = &copy->line[copy->first];
        enum verdict verdict = verdict_of(waiting);
        if (verdict == UNDECIDED)
            break;
        struct xl_stdf_record record = {.type = waiting->type,
                                        .length = waiting->length,
                                        .big_endian = waiting->big_endian,
                                        .offset = waiting->offset,
                                        .data = copy->bytes + waiting->at};
        if (verdict == KEPT)
            write_kept(copy, &record);
        else if (defaults_concern(record.type))
            defaults_learn(copy->read, &record);
        part_release(waiting->part);
        together_release(waiting->together);
        copy->first++;
    }
    if (copy->first == copy->count)
        copy->first = copy->count = copy->length = 0;
}

static void join_line(struct copy *copy, const struct xl_stdf_record *record, struct part *part, struct together *together)
{
    struct waiting waiting = {.length = record->length,
                              .type = record->type,
                              .big_endian = record->big_endian,
                              .offset = record->offset,
                              .part = part,
                              .together = together};
    enum verdict verdict = verdict_of(&waiting);
    if (copy->first == copy->count && verdict != UNDECIDED) { /* nobody waits: straight on */
        if (verdict == KEPT)
            write_kept(copy, record);
        else if (defaults_concern(record->type))
            defaults_learn(copy->read, record);
        return;
    }
    if (copy->first > 4096 && copy->first * 2 > copy->count) { /* forget those that left */
        size_t gone = copy->line[copy->first].at;
        memmove(copy->bytes, copy->bytes + gone, copy->length - gone);
        copy->length -= gone;
        copy->count -= copy->first;
        memmove(copy->line, copy->line + copy->first, copy->count * sizeof *copy->line);
        for (size_t i = 0; i < copy->count; i++)
            copy->line[i].at -= gone;
        copy->first = 0;
    }
    if (copy->length + record->length > WAITING_MOST) {
        xl_fail(copy->error, "filter_memory", _("A part has more than %zu MB of records before its result: too many to filter."),
                WAITING_MOST >> 20);
        copy->failed = true;
        return;
    }
    if (copy->length + record->length > copy->capacity) {
        copy->capacity = (copy->length + record->length) * 2;
        copy->bytes = memory_grow(copy->bytes, copy->capacity, 1);
    }
    if (copy->count == copy->line_capacity) {
        copy->line_capacity = copy->line_capacity ? copy->line_capacity * 2 : 1024;
        copy->line = memory_grow(copy->line, copy->line_capacity, sizeof *copy->line);
    }
    if (record->length)
        memcpy(copy->bytes + copy->length, record->data, record->length);
    waiting.at = copy->length;
    copy->length += record->length;
    if (part)
        part->uses++;
    if (together)
        together->uses++;
    copy->line[copy->count++] = waiting;
}

/* ---- Records ----------------------------------------------------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static bool test_wanted(const struct copy *copy, uint32_t number)
{
    return !copy->filter->test_count || bsearch(&number, copy->tests, copy->filter->test_count, sizeof number, by_number);
}

static void take_test(struct copy *copy, const struct xl_stdf_record *record)
{
    size_t at = record->type == XL_STR ? 1 : 0; /* CONT_FLG */
    if (record->length < at + 8)
        return; /* too short to be anybody's */
    if (!test_wanted(copy, load_u4(record->data + at, record->big_endian)))
        return;
    uint8_t head = record->data[at + 4], site = record->data[at + 5];
    struct part *part = copy->open[head << 8 | site];
    if (part) {
        join_line(copy, record, part, NULL);
        return;
    }
    /* Outside parts. What only carries defaults stays; a result stays where the filter is not about parts. */
    bool carries = defaults_concern(record->type) && record->type != XL_FTR && (record->data[6] & 0x10) && record->data[7] == 0;
    if (carries || (decided_by_place(copy) && place_passes(copy, head, site)))
        join_line(copy, record, NULL, NULL);
    else if (defaults_concern(record->type)) {
        struct part *nobody = part_new(copy, head, site, record->offset);
        nobody->verdict = DROPPED;
        join_line(copy, record, nobody, NULL); /* it may still say what later ones leave out */
        part_release(nobody);
    }
}

static void take(struct copy *copy, const struct xl_stdf_record *record)
{
    uint8_t head = record->length > 0 ? record->data[0] : 0, site = record->length > 1 ? record->data[1] : 0;
    unsigned place = (unsigned)head << 8 | site;
    uint64_t end = record->offset + 4 + record->length;
    switch (record->type) {
    case XL_PIR:
        close_part(copy, place, NULL, record->offset);
        open_part(copy, place, record->offset);
        join_line(copy, record, copy->open[place], NULL);
        break;
    case XL_PRR: {
        if (!copy->open[place])
            open_part(copy, place, record->offset);
        struct part *part = copy->open[place];
        part->uses++;
        close_part(copy, place, record, end);
        join_line(copy, record, part, NULL);
        part_release(part);
        break;
    }
    case XL_PTR:
    case XL_MPR:
    case XL_FTR:
    case XL_STR:
        take_test(copy, record);
        break;
    case XL_PCR:
    case XL_HBR:
    case XL_SBR:
    case XL_TSR:
        if (head != 255 && !place_passes(copy, head, site))
            break;
        if (record->type == XL_TSR && record->length >= 7 && !test_wanted(copy, load_u4(record->data + 3, record->big_endian)))
            break;
        tally_original(copy->tally, record);
        break;
    case XL_WIR:
    case XL_WRR:
        if (copy->filter->head < 0 || copy->filter->head == head)
            join_line(copy, record, NULL, NULL);
        break;
    case XL_BPS:
    case XL_EPS:
    case XL_GDR:
    case XL_DTR:
        join_line(copy, record, NULL, together_now(copy));
        break;
    case XL_MRR: /* the last one ends the stream, after the summaries */
        if (copy->has_end)
            join_line(copy, &copy->end, NULL, NULL);
        copy->has_end = true;
        copy->end = *record;
        memcpy(copy->end_data, record->data, record->length);
        copy->end.data = copy->end_data;
        break;
    default: /* not an enum: any 16 bits */
        join_line(copy, record, NULL, xl_stdf_layout(record->type) ? NULL : together_now(copy));
        break;
    }
    move_on(copy);
}

bool xl_stdf_copy(struct xl_stdf_reader *reader, const struct xl_stdf_filter *filter, struct xl_sink sink, struct xl_findings *findings,
                  struct xl_error *error)
{
    static const struct xl_stdf_filter everything = {.head = -1, .site = -1};
    struct copy copy = {.filter = filter ? filter : &everything, .reader = reader, .error = error};
    out_begin(&copy.out, sink, 0, error);
    (void)findings; /* the reader has them */
    copy.scratch = memory_new(XL_RECORD_MOST, 1);
    if (passes_everything(copy.filter)) {
        copy_everything(&copy);
        free(copy.scratch);
        return out_end(&copy.out) && !copy.failed;
    }
    copy.open = memory_new(65536, sizeof *copy.open);
    copy.open_places = memory_new(65536, sizeof *copy.open_places);
    copy.end_data = memory_new(65536, 1);
    copy.tally = tally_new();
    copy.read = defaults_new();
    copy.written = defaults_new();
    copy.decoder = xl_stdf_decoder_new();
    if (filter->test_count) {
        copy.tests = memory_new(filter->test_count, sizeof *copy.tests);
        memcpy(copy.tests, filter->tests, filter->test_count * sizeof *copy.tests);
        qsort(copy.tests, filter->test_count, sizeof *copy.tests, by_number);
    }
    struct xl_stdf_record record;
    while (!copy.failed && reader_next(reader, &record))
        take(&copy, &record);
    uint64_t end = xl_stdf_offset(reader);
    while (copy.open_count)
        close_part(&copy, copy.open_places[0], NULL, end);
    move_on(&copy);
    if (!copy.failed && tally_write(copy.tally, reader->big_endian, put, &copy) && copy.has_end)
        put_record(&copy, &copy.end);
    while (copy.first < copy.count) { /* only after a failure */
        part_release(copy.line[copy.first].part);
        together_release(copy.line[copy.first++].together);
    }
    together_release(copy.now);
    xl_stdf_decoder_free(copy.decoder);
    defaults_free(copy.written);
    defaults_free(copy.read);
    tally_free(copy.tally);
    free(copy.tests);
    free(copy.line);
    free(copy.bytes);
    free(copy.end_data);
    free(copy.open_places);
    free(copy.open);
    free(copy.scratch);
    return out_end(&copy.out) && !copy.failed;
}
