/* merge.c: several files of one lot as one stream.
 *
 * Two passes. The first reads every file for what stands at its head and for its hash; the files are then put in order (by START_T,
 * SETUP_T, content), so that the order in which they were named does not matter. The second writes: one head for all (FAR, ATR, VUR, MIR,
 * SDR, pins, WCR), then the bodies one after the other, wafers and parts as they stand, then summaries counted anew and one MRR. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/out.h"
#include "engine/stdf/defaults.h"
#include "engine/stdf/layout.h"
#include "engine/stdf/merge_index.h"
#include "engine/stdf/reader.h"
#include "engine/stdf/tally.h"

/* Heads of all files, kept in memory. */
static const size_t HEADS_MOST = 512 << 20;
enum { FILES_MOST = 65536 };

struct file {
    const char *path;
    size_t entry;
    const char *name;
    uint8_t hash[32];
    uint32_t start, setup, finish;
    struct xl_stdf_record *head; /* in the byte order of the merged stream, data in the arena */
    size_t head_count, head_capacity;
    const struct xl_stdf_record *mir, *mrr;
    const uint16_t *renumbered; /* pairs of old and new pin and group numbers */
    size_t renumbered_count;
};

/* A wafer between WIR and WRR. */
struct wafer {
    uint8_t head, group;
    const uint8_t *id; /* with its length byte; NULL: none */
    struct tally_counts counts;
};

struct merge {
    const struct xl_stdf_merge *wanted;
    struct xl_findings *findings;
    struct xl_error *error;
    struct arena *arena;
    struct xl_stdf_decoder *decoder;
    uint8_t *scratch[3];
    struct file *files;
    size_t count, capacity;

    struct out out;
    bool failed;
    struct tally *tally;
    struct defaults *read, *written;
    struct merge_index *index;
    struct merge_map map;
    struct wafer wafers[256]; /* by head */
    bool wafer_open[256];
};

static bool put(void *context, const uint8_t *bytes, size_t length)
{
    struct merge *merge = context;
    out_bytes(&merge->out, bytes, length);
    merge->failed = merge->failed || merge->out.failed;
    return !merge->failed;
}

static bool put_record(struct merge *merge, const struct xl_stdf_record *record)
{
    struct xl_record_writer w;
    uint8_t header[4];
    xl_record_begin(&w, record->type, record->big_endian, header);
    header[0] = (uint8_t)(record->big_endian ? record->length >> 8 : record->length);
    header[1] = (uint8_t)(record->big_endian ? record->length : record->length >> 8);
    return put(merge, header, sizeof header) && put(merge, record->data, record->length);
}

/* ---- One byte order ---------------------------------------------------------------------------------------------------------------------
 */

/* The record in the byte order of the merged stream: itself, or written anew into `out`. A record of unknown type stays as it is but for
 * its header; what is cut inside a field is left out. */
static struct xl_stdf_record in_order(struct merge *merge, const struct xl_stdf_record *record, uint8_t *out)
{
    struct xl_stdf_record made = *record;
    if (record->big_endian == merge->wanted->big_endian)
        return made;
    made.big_endian = merge->wanted->big_endian;
    const struct xl_stdf_fields *fields = xl_stdf_decode(merge->decoder, record);
    if (!fields)
        return made;
    size_t length = xl_stdf_encode(fields, made.big_endian, out);
    if (!length)
        return made;
    if (!fields->broken && length + fields->left_over <= XL_RECORD_MOST) {
        memcpy(out + length, record->data + record->length - fields->left_over, fields->left_over);
        length += fields->left_over;
    }
    made.data = out + 4;
    made.length = (uint16_t)(length - 4);
    return made;
}

/* ---- The first pass ---------------------------------------------------------------------------------------------------------------------
 */

static bool hash_bytes(void *context, const uint8_t *bytes, size_t length)
{
    return EVP_DigestUpdate(context, bytes, length) == 1;
}

static bool is_head(uint16_t type)
{
    switch (type) {
    case XL_ATR:
    case XL_VUR:
    case XL_MIR:
    case XL_MRR:
    case XL_RDR:
    case XL_SDR:
    case XL_PMR:
    case XL_PGR:
    case XL_PLR:
    case XL_WCR:
        return true;
    }
    return false;
}

static bool keep_head(struct merge *merge, struct file *file, const struct xl_stdf_record *record)
{
    if (arena_used(merge->arena) > HEADS_MOST)
        return xl_fail(merge->error, "merge_memory", _("The files name more pins than can be merged."));
    if (file->head_count == file->head_capacity) {
        file->head_capacity = file->head_capacity ? file->head_capacity * 2 : 64;
        file->head = memory_grow(file->head, file->head_capacity, sizeof *file->head);
    }
    struct xl_stdf_record made = in_order(merge, record, merge->scratch[0]);
    made.data = arena_copy(merge->arena, made.data, made.length);
    file->head[file->head_count++] = made;
    return true;
}

/* The two numbers at the front of MIR: SETUP_T, START_T. */
static void read_times(struct file *file)
{
    for (size_t i = 0; i < file->head_count; i++) {
        const struct xl_stdf_record *record = &file->head[i];
        if (record->type == XL_MIR && !file->mir && record->length >= 8) {
            file->mir = record;
            file->setup = load_u4(record->data, record->big_endian);
            file->start = load_u4(record->data + 4, record->big_endian);
        }
        if (record->type == XL_MRR) {
            file->mrr = record;
            if (record->length >= 4)
                file->finish = load_u4(record->data, record->big_endian);
        }
    }
}

static bool read_head(struct merge *merge, struct file *file, struct xl_input *input)
{
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, merge->error);
    bool good = reader != NULL;
    if (reader) {
        EVP_MD_CTX *digest = EVP_MD_CTX_new();
        if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
            BUG("no SHA-256");
        reader->passing = hash_bytes;
        reader->passing_context = digest;
        struct xl_stdf_record record;
        while (good && reader_next(reader, &record))
            if (is_head(record.type))
                good = keep_head(merge, file, &record);
        EVP_DigestFinal_ex(digest, file->hash, NULL);
        EVP_MD_CTX_free(digest);
        read_times(file);
        xl_findings_merge(merge->findings, findings);
    }
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    return good;
}

static bool read_path(struct merge *merge, const char *path)
{
    if (strcmp(path, "-") == 0)
        return xl_fail(merge->error, "merge_standard_input", _("Standard input cannot be merged: files are read twice. Name a file."));
    struct xl_input *input = xl_input_open(path, merge->error);
    if (!input)
        return false;
    bool good = true;
    size_t entry = 0;
    struct xl_error next = {0};
    do {
        if (merge->count == FILES_MOST) {
            good = xl_fail(merge->error, "merge_too_many", _("More than %d files cannot be merged at once."), (int)FILES_MOST);
            break;
        }
        if (merge->count == merge->capacity) {
            merge->capacity = merge->capacity ? merge->capacity * 2 : 64;
            merge->files = memory_grow(merge->files, merge->capacity, sizeof *merge->files);
        }
        struct file *file = &merge->files[merge->count++];
        const char *name = xl_input_name(input);
        *file = (struct file){.path = path, .entry = entry++, .name = arena_text(merge->arena, name, strlen(name))};
        good = read_head(merge, file, input);
    } while (good && xl_input_next_entry(input, &next));
    if (good && next.code[0]) {
        if (!merge->error->code[0])
            *merge->error = next;
        good = false;
    }
    xl_input_free(input);
    return good;
}

static int by_time(const void *a, const void *b)
{
    const struct file *left = a, *right = b;
    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    if (left->setup != right->setup)
        return left->setup < right->setup ? -1 : 1;
    return memcmp(left->hash, right->hash, sizeof left->hash);
}

/* In order, and each content once. */
static void put_in_order(struct merge *merge)
{
    qsort(merge->files, merge->count, sizeof *merge->files, by_time);
    size_t kept = 0;
    for (size_t i = 0; i < merge->count; i++) {
        if (kept && by_time(&merge->files[kept - 1], &merge->files[i]) == 0) {
            xl_findings_add(merge->findings, XL_FINDING_FILE_TWICE, 0, 0, "%s", merge->files[i].name);
            free(merge->files[i].head);
            continue;
        }
        merge->files[kept++] = merge->files[i];
    }
    merge->count = kept;
}

/* Texts of MIR, from the first file that has one. */
static const struct xl_stdf_value *mir_text(struct merge *merge, const struct file *file, int index)
{
    if (!file->mir)
        return NULL;
    const struct xl_stdf_fields *fields = xl_stdf_decode(merge->decoder, file->mir);
    return fields->at[index].presence == XL_PRESENT ? fields->at[index].values : NULL;
}

static bool same_lot(struct merge *merge)
{
    struct xl_stdf_value first = {0};
    for (size_t i = 0; i < merge->count; i++) {
        const struct xl_stdf_value *lot = mir_text(merge, &merge->files[i], MIR_LOT_ID);
        if (!lot)
            continue;
        if (!first.text.bytes)
            first = *lot;
        else if (first.text.length != lot->text.length || memcmp(first.text.bytes, lot->text.bytes, first.text.length) != 0) {
            xl_fail(merge->error, "merge_lots_differ", _("The files are of different lots: \"%.*s\" and \"%.*s\"."), (int)first.text.length,
                    (const char *)first.text.bytes, (int)lot->text.length, (const char *)lot->text.bytes);
            return xl_fail_place(merge->error, "%s", merge->files[i].name);
        }
    }
    return true;
}

/* ---- The head ---------------------------------------------------------------------------------------------------------------------------
 */

static bool same_record(const struct xl_stdf_record *a, const struct xl_stdf_record *b)
{
    return a->type == b->type && a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* All records of a type, in the order of the files. */
static const struct xl_stdf_record **gather(struct merge *merge, uint16_t type, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < merge->count; i++)
        for (size_t k = 0; k < merge->files[i].head_count; k++)
            *count += merge->files[i].head[k].type == type;
    const struct xl_stdf_record **all = arena_take(merge->arena, *count + 1, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < merge->count; i++)
        for (size_t k = 0; k < merge->files[i].head_count; k++)
            if (merge->files[i].head[k].type == type)
                all[n++] = &merge->files[i].head[k];
    return all;
}

/* Those of a type, each content once. A stable order by descending time makes "newest first" of ATRs. */
static void put_each_once(struct merge *merge, uint16_t type, size_t most)
{
    size_t count, written = 0;
    const struct xl_stdf_record **all = gather(merge, type, &count);
    if (type == XL_ATR)
        for (size_t i = 1; i < count; i++) {
            const struct xl_stdf_record *moved = all[i];
            uint32_t time = moved->length >= 4 ? load_u4(moved->data, moved->big_endian) : 0;
            size_t to = i;
            while (to > 0 && all[to - 1]->length >= 4 && load_u4(all[to - 1]->data, all[to - 1]->big_endian) < time) {
                all[to] = all[to - 1];
                to--;
            }
            all[to] = moved;
        }
    for (size_t i = 0; i < count && written < most; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = same_record(all[k], all[i]);
        if (!seen) {
            put_record(merge, all[i]);
            written++;
        }
    }
}

static uint32_t earlier(uint32_t a, uint32_t b)
{
    return !a || (b && b < a) ? b : a;
}

static void put_mir(struct merge *merge)
{
    uint32_t setup = 0, start = 0;
    const struct xl_stdf_record *mir = NULL;
    for (size_t i = 0; i < merge->count; i++) {
        mir = mir ? mir : merge->files[i].mir;
        setup = earlier(setup, merge->files[i].setup);
        start = earlier(start, merge->files[i].start);
    }
    if (!mir)
        return;
    struct xl_record_writer w;
    xl_record_begin(&w, XL_MIR, mir->big_endian, merge->scratch[0]);
    xl_put_u4(&w, setup);
    xl_put_u4(&w, start);
    xl_put_bytes(&w, mir->data + 8, mir->length - 8u);
    put(merge, merge->scratch[0], xl_record_end(&w));
}

/* A stream is a retest only when all files are, of the same bins. */
static void put_rdr(struct merge *merge)
{
    size_t count;
    const struct xl_stdf_record **all = gather(merge, XL_RDR, &count);
    bool same = count == merge->count;
    for (size_t i = 1; i < count; i++)
        same = same && same_record(all[0], all[i]);
    if (same && count)
        put_record(merge, all[0]);
}

/* The records of a type in one file, with the numbers that are decided so far. */
static struct xl_stdf_record *mapped(struct merge *merge, const struct file *file, uint16_t type, size_t *count)
{
    struct xl_stdf_record *made = arena_take(merge->arena, file->head_count + 1, sizeof *made);
    *count = 0;
    for (size_t i = 0; i < file->head_count; i++) {
        if (file->head[i].type != type)
            continue;
        struct xl_stdf_record record = file->head[i];
        size_t length = merge_map_record(&merge->map, merge->decoder, &record, merge->scratch[0]);
        if (length) {
            record.length = (uint16_t)(length - 4);
            record.data = arena_copy(merge->arena, merge->scratch[0] + 4, record.length);
        }
        made[(*count)++] = record;
    }
    return made;
}

static void put_new(struct merge *merge, const struct xl_stdf_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (merge_index_is_new(merge->index, &records[i]))
            put_record(merge, &records[i]);
}

/* Decides the numbers of one file's pins, then of its groups (whose pins are then known), and writes what is new. */
static void number_pins(struct merge *merge, struct file *file)
{
    static const uint16_t types[] = {XL_PMR, XL_PGR, XL_PLR};
    merge_map_begin(&merge->map);
    for (int t = 0; t < 3; t++) {
        size_t count;
        struct xl_stdf_record *records = mapped(merge, file, types[t], &count);
        if (types[t] != XL_PLR)
            merge_map_decide(merge->index, &merge->map, records, count);
        /* Once decided, they must be mapped again: their own numbers may have changed. */
        records = mapped(merge, file, types[t], &count);
        put_new(merge, records, count);
    }
    if (!merge->map.changes)
        return;
    size_t count = 0, pair = 0;
    for (unsigned i = 0; i < 65536; i++)
        count += merge->map.to[i] != i;
    uint16_t *pairs = arena_take(merge->arena, 2 * count, sizeof *pairs);
    for (unsigned i = 0; i < 65536; i++)
        if (merge->map.to[i] != i) {
            pairs[2 * pair] = (uint16_t)i;
            pairs[2 * pair++ + 1] = merge->map.to[i];
        }
    file->renumbered = pairs;
    file->renumbered_count = pair;
}

static void numbers_again(struct merge *merge, const struct file *file)
{
    merge_map_begin(&merge->map);
    for (size_t i = 0; i < file->renumbered_count; i++)
        merge->map.to[file->renumbered[2 * i]] = file->renumbered[2 * i + 1];
    merge->map.changes = file->renumbered_count > 0;
}

static void put_head(struct merge *merge)
{
    bool big = merge->wanted->big_endian;
    struct xl_record_writer w;
    xl_record_begin(&w, XL_FAR, big, merge->scratch[0]);
    xl_put_u1(&w, big ? 1 : 2);
    xl_put_u1(&w, 4);
    put(merge, merge->scratch[0], xl_record_end(&w));
    if (merge->wanted->command_line) {
        xl_record_begin(&w, XL_ATR, big, merge->scratch[0]);
        xl_put_u4(&w, merge->wanted->modified_time);
        xl_put_cn(&w, merge->wanted->command_line);
        put(merge, merge->scratch[0], xl_record_end(&w));
    }
    put_each_once(merge, XL_ATR, SIZE_MAX);
    put_each_once(merge, XL_VUR, SIZE_MAX);
    put_mir(merge);
    put_rdr(merge);
    put_each_once(merge, XL_SDR, SIZE_MAX);
    for (size_t i = 0; i < merge->count; i++)
        for (size_t k = 0; k < merge->files[i].head_count; k++)
            if (merge->files[i].head[k].type == XL_PMR || merge->files[i].head[k].type == XL_PGR)
                merge_index_reserve(merge->index, &merge->files[i].head[k]);
    for (size_t i = 0; i < merge->count; i++)
        number_pins(merge, &merge->files[i]);
    put_each_once(merge, XL_WCR, 1);
}

/* ---- The bodies -------------------------------------------------------------------------------------------------------------------------
 */

/* A wafer that its file never closed is closed with the file, or the next file's parts would seem to be its. */
static void close_wafers(struct merge *merge, const struct file *file)
{
    for (unsigned head = 0; head < 256; head++) {
        if (!merge->wafer_open[head])
            continue;
        merge->wafer_open[head] = false;
        const struct wafer *wafer = &merge->wafers[head];
        struct xl_record_writer w;
        xl_record_begin(&w, XL_WRR, merge->wanted->big_endian, merge->scratch[0]);
        xl_put_u1(&w, wafer->head);
        xl_put_u1(&w, wafer->group);
        xl_put_u4(&w, file->finish);
        xl_put_u4(&w, wafer->counts.parts);
        xl_put_u4(&w, wafer->counts.retested);
        xl_put_u4(&w, wafer->counts.aborted);
        xl_put_u4(&w, wafer->counts.good);
        xl_put_u4(&w, UINT32_MAX);
        if (wafer->id)
            xl_put_bytes(&w, wafer->id, 1u + wafer->id[0]);
        put(merge, merge->scratch[0], xl_record_end(&w));
    }
}

static void open_wafer(struct merge *merge, const struct xl_stdf_record *record)
{
    if (record->length < 2)
        return;
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    struct wafer *wafer = &merge->wafers[record->data[0]];
    *wafer = (struct wafer){0};
    wafer->head = bytes_u1(&b);
    wafer->group = bytes_u1(&b);
    bytes_u4(&b);
    const uint8_t *id = b.at;
    bytes_take(&b, bytes_u1(&b));
    wafer->id = b.broken ? NULL : arena_copy(merge->arena, id, 1u + id[0]);
    merge->wafer_open[wafer->head] = true;
}

static void put_body(struct merge *merge, const struct xl_stdf_record *record)
{
    struct xl_stdf_record made = in_order(merge, record, merge->scratch[0]);
    size_t length = merge_map_record(&merge->map, merge->decoder, &made, merge->scratch[1]);
    if (length) {
        made.data = merge->scratch[1] + 4;
        made.length = (uint16_t)(length - 4);
    }
    uint8_t head = made.length ? made.data[0] : 0;
    switch (made.type) {
    case XL_FAR:
    case XL_ATR:
    case XL_VUR:
    case XL_MIR:
    case XL_MRR:
    case XL_RDR:
    case XL_SDR:
    case XL_PMR:
    case XL_PGR:
    case XL_PLR:
    case XL_WCR:
        return; /* the head and the end of the merged stream say it */
    case XL_PCR:
    case XL_HBR:
    case XL_SBR:
    case XL_TSR:
        tally_original(merge->tally, &made);
        return;
    case XL_PTR:
    case XL_MPR:
    case XL_FTR:
        tally_test(merge->tally, &made);
        if (defaults_carry(merge->read, merge->written, merge->decoder, &made, merge->scratch[2], &length)) {
            put(merge, merge->scratch[2], length);
            return;
        }
        break;
    case XL_STR:
        tally_test(merge->tally, &made);
        break;
    case XL_WIR:
        open_wafer(merge, &made);
        break;
    case XL_PRR:
        tally_part(merge->tally, &made);
        if (made.length)
            tally_count(&merge->wafers[head].counts, &made);
        break;
    case XL_WRR:
        if (made.length) {
            merge->wafer_open[head] = false;
            if ((length = tally_wrr(&merge->wafers[head].counts, merge->decoder, &made, merge->scratch[2]))) {
                put(merge, merge->scratch[2], length);
                return;
            }
        }
        break;
    }
    put_record(merge, &made);
}

static bool put_file(struct merge *merge, const struct file *file)
{
    struct xl_input *input = xl_input_open(file->path, merge->error);
    bool good = input != NULL;
    for (size_t i = 0; good && i < file->entry; i++)
        good = xl_input_next_entry(input, merge->error);
    struct xl_findings *findings = xl_findings_new(); /* the first pass told them */
    struct xl_stdf_reader *reader = good ? xl_stdf_reader_new(input, findings, merge->error) : NULL;
    good = reader != NULL;
    if (reader) {
        merge->read = defaults_new();
        numbers_again(merge, file);
        memset(merge->wafers, 0, sizeof merge->wafers);
        struct xl_stdf_record record;
        while (!merge->failed && reader_next(reader, &record))
            put_body(merge, &record);
        close_wafers(merge, file);
        defaults_free(merge->read);
        merge->read = NULL;
    } else
        xl_fail(merge->error, "merge_changed", _("A file changed while it was being merged."));
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
    return good;
}

/* The MRR of the file that finished last. */
static void put_mrr(struct merge *merge)
{
    const struct file *last = NULL;
    for (size_t i = 0; i < merge->count; i++)
        if (merge->files[i].mrr && (!last || merge->files[i].finish >= last->finish))
            last = &merge->files[i];
    if (last)
        put_record(merge, last->mrr);
}

bool xl_stdf_merge(const char *const *paths, size_t count, const struct xl_stdf_merge *wanted, struct xl_sink sink,
                   struct xl_findings *findings, struct xl_error *error)
{
    struct xl_error own = {0};
    struct merge *merge = memory_new(1, sizeof *merge);
    *merge = (struct merge){.wanted = wanted, .error = error ? error : &own};
    merge->findings = findings ? findings : xl_findings_new();
    merge->arena = arena_new();
    merge->decoder = xl_stdf_decoder_new();
    for (int i = 0; i < 3; i++)
        merge->scratch[i] = memory_new(XL_RECORD_MOST, 1);
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = read_path(merge, paths[i]);
    if (good && !merge->count)
        good = xl_fail(merge->error, "merge_nothing", _("There is no file to merge."));
    if (good)
        put_in_order(merge);
    good = good && (wanted->any_lot || same_lot(merge));
    if (good) {
        out_begin(&merge->out, sink, 0, merge->error);
        merge->tally = tally_new();
        merge->written = defaults_new();
        merge->index = merge_index_new();
        put_head(merge);
        for (size_t i = 0; good && !merge->failed && i < merge->count; i++)
            good = put_file(merge, &merge->files[i]);
        if (good && !merge->failed && tally_write(merge->tally, wanted->big_endian, put, merge))
            put_mrr(merge);
        good = out_end(&merge->out) && good && !merge->failed;
        merge_index_free(merge->index);
        defaults_free(merge->written);
        tally_free(merge->tally);
    }
    for (size_t i = 0; i < merge->count; i++)
        free(merge->files[i].head);
    free(merge->files);
    for (int i = 0; i < 3; i++)
        free(merge->scratch[i]);
    xl_stdf_decoder_free(merge->decoder);
    arena_free(merge->arena);
    if (!findings)
        xl_findings_free(merge->findings);
    free(merge);
    return good;
}
