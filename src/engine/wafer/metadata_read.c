/* metadata_read.c: reads the texts of a Parquet file's metadata back to the table that was written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "engine/wafer/metadata.h"

/* Walks the fields of one text. What does not fit sets `broken`, which stays set; `line` is for the message. */
struct fields {
    char *at, *end;
    size_t line;
    size_t least; /* bytes of the shortest line: its fields' ends */
    bool broken, line_open;
};

/* Past the first line, which must be the one that the writer writes. */
static struct fields fields_of(struct metadata_text text, enum metadata_key key)
{
    struct fields f = {.at = text.data, .end = text.data + text.length, .line = 1};
    size_t title = strlen(metadata_titles[key]);
    if (text.length < title || memcmp(text.data, metadata_titles[key], title) != 0 || text.data[text.length - 1] != '\n' ||
        memchr(text.data, 0, text.length))
        f.broken = true;
    else
        f.at += title;
    for (const char *at = metadata_titles[key]; *at; at++)
        f.least += *at == '\t' || *at == '\n';
    return f;
}

/* How many lines follow: what an array for them must hold. Never more than so many bytes can be. */
static size_t lines_left(struct fields *f)
{
    size_t lines = 0;
    for (const char *at = f->at; !f->broken && at < f->end; lines++)
        at = (const char *)memchr(at, '\n', (size_t)(f->end - at)) + 1; /* the last byte is a line feed */
    if (lines > (size_t)(f->end - f->at) / f->least)
        f->broken = true;
    return f->broken ? 0 : lines;
}

/* True when a line follows; the line before must have been read to its end. */
static bool next_line(struct fields *f)
{
    if (f->line_open)
        f->broken = true;
    if (f->broken || f->at == f->end)
        return false;
    f->line++;
    f->line_open = true;
    return true;
}

/* The next field of the line, NUL-terminated in place. */
static char *get_text(struct fields *f)
{
    static char nothing[1];
    if (f->broken || !f->line_open) {
        f->broken = true;
        return nothing;
    }
    char *text = f->at, *at = text;
    while (*at != '\t' && *at != '\n' && *at != '\\')
        at++;
    char *to = at;
    while (*at != '\t' && *at != '\n') {
        if (*at == '\\') {
            at++;
            *to++ = *at == 't' ? '\t' : *at == 'n' ? '\n' : '\\';
            if (*at != 't' && *at != 'n' && *at != '\\') {
                f->broken = true;
                return nothing;
            }
            at++;
        } else {
            *to++ = *at++;
        }
    }
    f->line_open = *at == '\t';
    f->at = at + 1;
    *to = 0;
    return text;
}

static uint64_t get_u64(struct fields *f, uint64_t most)
{
    const char *at = get_text(f);
    uint64_t value = 0;
    if (!*at)
        f->broken = true;
    for (; *at; at++)
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value)) {
            f->broken = true;
            return 0;
        }
    if (value > most)
        f->broken = true;
    return f->broken ? 0 : value;
}

static int64_t get_i64(struct fields *f, int64_t least, int64_t most)
{
    int64_t value = 0;
    if (!parse_i64(get_text(f), least, most, &value))
        f->broken = true;
    return value;
}

static bool get_bool(struct fields *f)
{
    return get_u64(f, 1);
}

static uint8_t get_u8(struct fields *f)
{
    return (uint8_t)get_u64(f, UINT8_MAX);
}

static uint16_t get_u16(struct fields *f)
{
    return (uint16_t)get_u64(f, UINT16_MAX);
}

static uint32_t get_u32(struct fields *f)
{
    return (uint32_t)get_u64(f, UINT32_MAX);
}

static uint32_t get_count(struct fields *f)
{
    if (f->at < f->end && (*f->at == '\t' || *f->at == '\n')) {
        get_text(f);
        return UINT32_MAX;
    }
    return get_u32(f);
}

static float get_float(struct fields *f)
{
    const char *text = get_text(f);
    float value = 0;
    if (parse_float(text, &value))
        return value;
    if (strcmp(text, "nan") == 0)
        return NAN;
    if (strcmp(text, "inf") == 0)
        return INFINITY;
    if (strcmp(text, "-inf") == 0)
        return -INFINITY;
    uint32_t bits = 0;
    if (strncmp(text, "nan:", 4) != 0 || strlen(text) != 12)
        f->broken = true;
    for (text += 4; !f->broken && *text; text++) {
        if (*text >= '0' && *text <= '9')
            bits = bits << 4 | (uint32_t)(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            bits = bits << 4 | (uint32_t)(*text - 'a' + 10);
        else
            f->broken = true;
    }
    memcpy(&value, &bits, sizeof value);
    if (!isnan(value))
        f->broken = true;
    return value;
}

static double get_double(struct fields *f)
{
    const char *text = get_text(f);
    double value = 0;
    if (parse_double(text, &value))
        return value;
    if (strcmp(text, "inf") == 0)
        return INFINITY;
    if (strcmp(text, "nan") == 0)
        return NAN;
    f->broken = true;
    return 0;
}

static char get_character(struct fields *f)
{
    const char *text = get_text(f);
    if (!text[0] || !text[1])
        return text[0];
    unsigned value = 0;
    for (int i = 2; i < 4; i++) {
        char c = text[0] == '0' && text[1] == 'x' && (i == 2 || text[2]) ? text[i] : 0;
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            f->broken = true;
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (f->broken || text[4])
        f->broken = true;
    return (char)(unsigned char)value;
}

static struct xl_part_count get_part_count(struct fields *f)
{
    struct xl_part_count count = {.head = get_u8(f), .site = get_u8(f)};
    count.parts = get_count(f);
    count.retested = get_count(f);
    count.aborted = get_count(f);
    count.good = get_count(f);
    count.functional = get_count(f);
    return count;
}

/* The field must be there, in the writer's order. */
static struct fields *field_named(struct fields *f, const char *name)
{
    if (!next_line(f) || strcmp(get_text(f), name) != 0)
        f->broken = true;
    return f;
}

static void read_file(struct fields *f, struct xl_table *table, struct arena *arena)
{
    struct xl_wafer_config *config = &table->config;
    if (get_u64(field_named(f, "importer"), UINT32_MAX) != XL_IMPORTER_VERSION)
        f->broken = true;
    const char *hash = get_text(field_named(f, "raw_sha256"));
    if (*hash && (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64))
        f->broken = true;
    else
        memcpy(table->raw_sha256, hash, strlen(hash) + 1);
#define TEXT(name) table->name = get_text(field_named(f, #name));
    METADATA_TABLE_TEXTS(TEXT)
#undef TEXT
    table->is_wafer = get_bool(field_named(f, "is_wafer"));
    table->setup_time = get_i64(field_named(f, "setup_time"), INT64_MIN, INT64_MAX);
    table->start_time = get_i64(field_named(f, "start_time"), INT64_MIN, INT64_MAX);
    table->finish_time = get_i64(field_named(f, "finish_time"), INT64_MIN, INT64_MAX);
    table->big_endian = get_bool(field_named(f, "big_endian"));
    table->rows = get_u64(field_named(f, "rows"), INT64_MAX);
    table->is_retest = get_bool(field_named(f, "is_retest"));
    static const char repeated[] = "retest_bin\t";
    uint16_t *bins = arena_take(arena, lines_left(f), sizeof *bins);
    while (!f->broken && (size_t)(f->end - f->at) > strlen(repeated) && memcmp(f->at, repeated, strlen(repeated)) == 0)
        bins[table->retest_bin_count++] = get_u16(field_named(f, "retest_bin"));
    table->retest_bins = bins;
    config->wafer_size = get_float(field_named(f, "wafer_size"));
    config->die_height = get_float(field_named(f, "die_height"));
    config->die_width = get_float(field_named(f, "die_width"));
    config->units = get_u8(field_named(f, "wafer_units"));
    config->flat = get_character(field_named(f, "flat"));
    config->center_x = (int16_t)get_i64(field_named(f, "center_x"), INT16_MIN, INT16_MAX);
    config->center_y = (int16_t)get_i64(field_named(f, "center_y"), INT16_MIN, INT16_MAX);
    config->positive_x = get_character(field_named(f, "positive_x"));
    config->positive_y = get_character(field_named(f, "positive_y"));
}

static void read_tests(struct fields *f, struct xl_table *table, struct arena *arena)
{
    size_t count = lines_left(f);
    struct xl_test *tests = arena_take(arena, count, sizeof *tests);
    for (struct xl_test *test = tests; next_line(f); test++) {
        const char *kind = get_text(f);
        int found = 0;
        while (found < METADATA_KINDS && strcmp(kind, metadata_kinds[found]) != 0)
            found++;
        if (found == METADATA_KINDS) {
            f->broken = true;
            return;
        }
        test->kind = (enum xl_test_kind)found;
        test->number = get_u32(f);
        test->name = get_text(f);
        test->units = get_text(f);
        test->result_format = get_text(f);
        test->result_scale = (int8_t)get_i64(f, INT8_MIN, INT8_MAX);
        test->low_scale = (int8_t)get_i64(f, INT8_MIN, INT8_MAX);
        test->high_scale = (int8_t)get_i64(f, INT8_MIN, INT8_MAX);
        test->limits_known = get_bool(f);
        test->low = get_float(f);
        test->high = get_float(f);
        test->low_spec = get_float(f);
        test->high_spec = get_float(f);
        test->low_inclusive = get_bool(f);
        test->high_inclusive = get_bool(f);
        test->executed = get_u64(f, UINT64_MAX);
    }
    table->tests = tests;
    table->test_count = count;
}

static int column_order(const void *a, const void *b, void *context)
{
    const struct xl_column *columns = context;
    const struct xl_column *x = &columns[*(const uint32_t *)a], *y = &columns[*(const uint32_t *)b];
    if (x->pin != y->pin)
        return x->pin < y->pin ? -1 : 1;
    if (x->execution != y->execution)
        return x->execution < y->execution ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Columns, and each test's list of its own ones by (pin, execution), which stands in no text. */
static void read_columns(struct fields *f, struct metadata *metadata, struct arena *arena)
{
    struct xl_table *table = metadata->table;
    size_t count = lines_left(f);
    struct xl_column *columns = arena_take(arena, count, sizeof *columns);
    char **names = arena_take(arena, count, sizeof *names);
    struct xl_test *tests = (struct xl_test *)table->tests; /* made above, not const yet */
    for (size_t i = 0; next_line(f); i++) {
        names[i] = get_text(f);
        columns[i].test = get_u32(f);
        columns[i].pin = get_u32(f);
        columns[i].pin_index = get_u32(f);
        columns[i].pin_name = get_text(f);
        columns[i].execution = get_u32(f);
        if (f->broken || columns[i].test >= table->test_count) {
            f->broken = true;
            return;
        }
        tests[columns[i].test].column_count++;
    }
    if (f->broken || count > UINT32_MAX) {
        f->broken = true;
        return;
    }
    uint32_t *lists = arena_take(arena, count, sizeof *lists), *list = lists;
    for (size_t i = 0; i < table->test_count; i++) {
        tests[i].columns = list;
        list += tests[i].column_count;
        tests[i].column_count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct xl_test *test = &tests[columns[i].test];
        lists[(size_t)(test->columns - lists) + test->column_count++] = i;
    }
    for (size_t i = 0; i < table->test_count; i++)
        if (tests[i].column_count > 1)
            qsort_r(lists + (tests[i].columns - lists), tests[i].column_count, sizeof *lists, column_order, columns);
    table->columns = columns;
    table->column_count = count;
    metadata->column_names = names;
}

static void read_limits(struct fields *f, struct xl_table *table, struct arena *arena)
{
    struct xl_limit_change *changes = arena_take(arena, lines_left(f), sizeof *changes);
    struct xl_test *tests = (struct xl_test *)table->tests;
    for (size_t last = 0; next_line(f); changes++) {
        size_t test = get_u32(f);
        if (test >= table->test_count || test < last) {
            f->broken = true;
            return;
        }
        last = test;
        if (tests[test].change_count++ == 0)
            tests[test].changes = changes;
        changes->offset = get_u64(f, UINT64_MAX);
        changes->row = get_u32(f);
        changes->results = get_u64(f, UINT64_MAX);
        changes->low = get_float(f);
        changes->high = get_float(f);
    }
}

static void read_bins(struct fields *f, struct xl_table *table, struct arena *arena)
{
    struct xl_bin *bins = arena_take(arena, lines_left(f), sizeof *bins);
    table->hard_bins = bins;
    table->soft_bins = bins;
    for (struct xl_bin *bin = bins; next_line(f); bin++) {
        const char *kind = get_text(f);
        if (strcmp(kind, "hard") == 0 && table->soft_bin_count == 0) {
            table->hard_bin_count++;
            table->soft_bins = bin + 1;
        } else if (strcmp(kind, "soft") == 0) {
            table->soft_bin_count++;
        } else {
            f->broken = true;
        }
        bin->number = get_u16(f);
        bin->head = get_u8(f);
        bin->site = get_u8(f);
        bin->pass = get_character(f);
        bin->count = get_u32(f);
        bin->name = get_text(f);
    }
}

static void read_counts(struct fields *f, struct xl_table *table, struct arena *arena)
{
    struct xl_part_count *counts = arena_take(arena, lines_left(f), sizeof *counts);
    while (next_line(f)) {
        const char *record = get_text(f);
        if (strcmp(record, "WRR") == 0 && !table->has_wrr && table->count_count == 0) {
            table->has_wrr = true;
            table->wrr = get_part_count(f);
        } else if (strcmp(record, "PCR") == 0) {
            counts[table->count_count++] = get_part_count(f);
        } else {
            f->broken = true;
        }
    }
    table->counts = counts;
}

static void read_pins(struct fields *f, struct xl_table *table, struct arena *arena)
{
    struct xl_pin *pins = arena_take(arena, lines_left(f), sizeof *pins);
    for (struct xl_pin *pin = pins; next_line(f); pin++, table->pin_count++) {
        pin->index = get_u16(f);
        pin->head = get_u8(f);
        pin->site = get_u8(f);
        pin->name = get_text(f);
        pin->channel = get_text(f);
        pin->physical = get_text(f);
    }
    table->pins = pins;
}

static void read_named(struct fields *f, struct xl_table *table, struct arena *arena)
{
    struct xl_named *named = arena_take(arena, lines_left(f), sizeof *named);
    for (struct xl_named *at = named; next_line(f); at++, table->named_count++) {
        at->name = get_text(f);
        at->value = get_text(f);
    }
    table->named = named;
}

static enum xl_finding_kind get_finding_kind(struct fields *f)
{
    const char *name = get_text(f);
    for (int kind = 0; kind < XL_FINDING_KINDS; kind++)
        if (strcmp(name, xl_finding_name((enum xl_finding_kind)kind)) == 0)
            return (enum xl_finding_kind)kind;
    f->broken = true;
    return (enum xl_finding_kind)0;
}

/* First those that were kept, then what is left of the counts. */
static void read_findings(struct fields *counted, struct fields *kept, struct xl_findings *findings)
{
    while (next_line(kept)) {
        enum xl_finding_kind kind = get_finding_kind(kept);
        uint64_t offset = get_u64(kept, UINT64_MAX), length = get_u64(kept, UINT64_MAX);
        const char *detail = get_text(kept);
        if (!kept->broken)
            xl_findings_add(findings, kind, offset, length, "%s", detail);
    }
    while (next_line(counted)) {
        enum xl_finding_kind kind = get_finding_kind(counted);
        uint64_t count = get_u64(counted, UINT64_MAX), skipped = get_u64(counted, UINT64_MAX);
        if (counted->broken || kept->broken || count < xl_findings_count(findings, kind) || skipped < xl_findings_skipped(findings, kind)) {
            counted->broken = true;
            return;
        }
        xl_findings_more(findings, kind, count - xl_findings_count(findings, kind), skipped - xl_findings_skipped(findings, kind));
    }
}

static void read_statistics(struct fields *f, struct metadata *metadata, struct arena *arena)
{
    size_t count = lines_left(f);
    struct xl_column_statistics *s = metadata->statistics = arena_take(arena, count, sizeof *s);
    if (count != metadata->table->column_count)
        f->broken = true;
    for (; next_line(f); s++) {
        s->n = get_u64(f, UINT64_MAX);
        s->not_finite = get_u64(f, UINT64_MAX);
        s->excluded = get_u64(f, UINT64_MAX);
        s->fails = get_u64(f, UINT64_MAX);
        s->minimum = get_float(f);
        s->maximum = get_float(f);
        s->mean = get_double(f);
        s->m2 = get_double(f);
    }
}

static void read_groups(struct fields *f, struct metadata *metadata, struct arena *arena)
{
    struct metadata_group *group = metadata->groups = arena_take(arena, lines_left(f), sizeof *group);
    for (; next_line(f); group++, metadata->group_count++) {
        group->rows = get_u32(f);
        group->missing = get_u64(f, INT64_MAX);
    }
}

bool metadata_read(struct metadata *metadata, struct metadata_text texts[METADATA_KEYS], struct arena *arena, struct xl_error *error)
{
    struct xl_table *table = metadata->table;
    struct fields fields[METADATA_KEYS];
    for (int key = 0; key < METADATA_KEYS; key++)
        fields[key] = fields_of(texts[key], (enum metadata_key)key);
    read_file(&fields[METADATA_FILE], table, arena);
    read_tests(&fields[METADATA_TESTS], table, arena);
    if (!fields[METADATA_TESTS].broken)
        read_columns(&fields[METADATA_COLUMNS], metadata, arena);
    if (!fields[METADATA_TESTS].broken)
        read_limits(&fields[METADATA_LIMITS], table, arena);
    read_bins(&fields[METADATA_BINS], table, arena);
    read_counts(&fields[METADATA_COUNTS], table, arena);
    read_pins(&fields[METADATA_PINS], table, arena);
    read_named(&fields[METADATA_NAMED], table, arena);
    read_findings(&fields[METADATA_FINDINGS], &fields[METADATA_FINDINGS_KEPT], metadata->findings);
    read_statistics(&fields[METADATA_STATISTICS], metadata, arena);
    read_groups(&fields[METADATA_GROUPS], metadata, arena);
    for (int key = 0; key < METADATA_KEYS; key++) {
        next_line(&fields[key]); /* nothing may be left, no line half read */
        if (fields[key].broken || fields[key].at != fields[key].end)
            return xl_fail(error, "parquet_metadata", _("The metadata %s is not as Xinlian writes it (line %zu)."), metadata_names[key],
                           fields[key].line);
    }
    return true;
}
