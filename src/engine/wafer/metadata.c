/* metadata.c: everything of a table but its rows, as texts, and what writes them. */
#include "engine/wafer/metadata.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

const char *const metadata_names[METADATA_KEYS] = {
    [METADATA_FILE] = "xinlian.file",
    [METADATA_TESTS] = "xinlian.tests",
    [METADATA_COLUMNS] = "xinlian.columns",
    [METADATA_LIMITS] = "xinlian.limits",
    [METADATA_BINS] = "xinlian.bins",
    [METADATA_COUNTS] = "xinlian.counts",
    [METADATA_PINS] = "xinlian.pins",
    [METADATA_NAMED] = "xinlian.named",
    [METADATA_FINDINGS] = "xinlian.findings",
    [METADATA_FINDINGS_KEPT] = "xinlian.findings_kept",
    [METADATA_STATISTICS] = "xinlian.statistics",
    [METADATA_GROUPS] = "xinlian.groups",
};

const char *const metadata_titles[METADATA_KEYS] = {
    [METADATA_FILE] = "field\tvalue\n",
    [METADATA_TESTS] = ("kind\tnumber\tname\tunits\tresult_format\tresult_scale\tlow_scale\thigh_scale\tlimits_known\tlow\thigh\t"
                        "low_spec\thigh_spec\tlow_inclusive\thigh_inclusive\texecuted\n"),
    [METADATA_COLUMNS] = "name\ttest\tpin\tpin_index\tpin_name\texecution\n",
    [METADATA_LIMITS] = "test\toffset\trow\tresults\tlow\thigh\n",
    [METADATA_BINS] = "kind\tnumber\thead\tsite\tpass\tcount\tname\n",
    [METADATA_COUNTS] = "record\thead\tsite\tparts\tretested\taborted\tgood\tfunctional\n",
    [METADATA_PINS] = "index\thead\tsite\tname\tchannel\tphysical\n",
    [METADATA_NAMED] = "name\tvalue\n",
    [METADATA_FINDINGS] = "kind\tcount\tskipped\n",
    [METADATA_FINDINGS_KEPT] = "kind\toffset\tlength\tdetail\n",
    [METADATA_STATISTICS] = "n\tnot_finite\texcluded\tfails\tminimum\tmaximum\tmean\tm2\n",
    [METADATA_GROUPS] = "rows\tmissing\n",
};

const char *const metadata_kinds[METADATA_KINDS] = {
    [XL_TEST_PTR] = "PTR", [XL_TEST_MPR] = "MPR", [XL_TEST_FTR] = "FTR", [XL_TEST_STR] = "STR"};

/* Fields of a line are written one after the other, each followed by a tab; the line's end replaces the last tab. */
static void put_text(struct text *out, const char *value)
{
    if (!value)
        value = "";
    for (;;) {
        size_t plain = strcspn(value, "\t\n\\");
        text_add_bytes(out, value, plain);
        value += plain;
        if (!*value)
            break;
        text_add_bytes(out, *value == '\t' ? "\\t" : *value == '\n' ? "\\n" : "\\\\", 2);
        value++;
    }
    text_add_char(out, '\t');
}

static void put_u64(struct text *out, uint64_t value)
{
    char digits[21];
    size_t at = sizeof digits;
    digits[--at] = '\t';
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    text_add_bytes(out, digits + at, sizeof digits - at);
}

static void put_i64(struct text *out, int64_t value)
{
    if (value < 0)
        text_add_char(out, '-');
    put_u64(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* A not-a-number of any other bits than the usual ones says so: "nan:7fc00001". */
static void put_float(struct text *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    char digits[16];
    if (isnan(value) && bits != UINT32_C(0x7fc00000))
        text_print(out, "nan:%08" PRIx32, bits);
    else
        text_add_bytes(out, digits, float_text(value, digits));
    text_add_char(out, '\t');
}

static void put_double(struct text *out, double value)
{
    char digits[26];
    text_add_bytes(out, digits, double_text(value, digits));
    text_add_char(out, '\t');
}

/* A character of the file: printable ASCII as it is, NUL as nothing, the rest as "0x80". */
static void put_character(struct text *out, char value)
{
    unsigned char byte = (unsigned char)value;
    if (byte >= ' ' && byte < 0x7f)
        put_text(out, (char[2]){value, 0});
    else if (byte == 0)
        text_add_char(out, '\t');
    else
        text_print(out, "0x%02x\t", byte);
}

/* UINT32_MAX, which PCR uses for "missing", is an empty field. */
static void put_count(struct text *out, uint32_t value)
{
    if (value == UINT32_MAX)
        text_add_char(out, '\t');
    else
        put_u64(out, value);
}

static void put_end(struct text *out)
{
    out->data[out->length - 1] = '\n';
}

static void put_part_count(struct text *out, const struct xl_part_count *count)
{
    put_u64(out, count->head);
    put_u64(out, count->site);
    put_count(out, count->parts);
    put_count(out, count->retested);
    put_count(out, count->aborted);
    put_count(out, count->good);
    put_count(out, count->functional);
    put_end(out);
}

static void put_file(struct text *out, const struct xl_table *table)
{
    const struct xl_wafer_config *config = &table->config;
#define FIELD(name, kind, value)                                                                                                           \
    put_text(out, name);                                                                                                                   \
    put_##kind(out, value);                                                                                                                \
    put_end(out)
    FIELD("importer", u64, XL_IMPORTER_VERSION);
    FIELD("raw_sha256", text, table->raw_sha256);
#define TEXT(name) FIELD(#name, text, table->name);
    METADATA_TABLE_TEXTS(TEXT)
#undef TEXT
    FIELD("is_wafer", u64, table->is_wafer);
    FIELD("setup_time", i64, table->setup_time);
    FIELD("start_time", i64, table->start_time);
    FIELD("finish_time", i64, table->finish_time);
    FIELD("big_endian", u64, table->big_endian);
    FIELD("rows", u64, table->rows);
    FIELD("is_retest", u64, table->is_retest);
    for (size_t i = 0; i < table->retest_bin_count; i++) {
        FIELD("retest_bin", u64, table->retest_bins[i]);
    }
    FIELD("wafer_size", float, config->wafer_size);
    FIELD("die_height", float, config->die_height);
    FIELD("die_width", float, config->die_width);
    FIELD("wafer_units", u64, config->units);
    FIELD("flat", character, config->flat);
    FIELD("center_x", i64, config->center_x);
    FIELD("center_y", i64, config->center_y);
    FIELD("positive_x", character, config->positive_x);
    FIELD("positive_y", character, config->positive_y);
#undef FIELD
}

static void put_tests(struct text *out, const struct xl_table *table)
{
    for (size_t i = 0; i < table->test_count; i++) {
        const struct xl_test *test = &table->tests[i];
        put_text(out, metadata_kinds[test->kind]);
        put_u64(out, test->number);
        put_text(out, test->name);
        put_text(out, test->units);
        put_text(out, test->result_format);
        put_i64(out, test->result_scale);
        put_i64(out, test->low_scale);
        put_i64(out, test->high_scale);
        put_u64(out, test->limits_known);
        put_float(out, test->low);
        put_float(out, test->high);
        put_float(out, test->low_spec);
        put_float(out, test->high_spec);
        put_u64(out, test->low_inclusive);
        put_u64(out, test->high_inclusive);
        put_u64(out, test->executed);
        put_end(out);
    }
}

static void put_bins(struct text *out, const char *kind, const struct xl_bin *bins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_text(out, kind);
        put_u64(out, bins[i].number);
        put_u64(out, bins[i].head);
        put_u64(out, bins[i].site);
        put_character(out, bins[i].pass);
        put_u64(out, bins[i].count);
        put_text(out, bins[i].name);
        put_end(out);
    }
}

static void put_findings(struct text *out, const struct xl_findings *findings)
{
    for (int kind = 0; findings && kind < XL_FINDING_KINDS; kind++) {
        uint64_t count = xl_findings_count(findings, (enum xl_finding_kind)kind);
        if (!count)
            continue;
        put_text(out, xl_finding_name((enum xl_finding_kind)kind));
        put_u64(out, count);
        put_u64(out, xl_findings_skipped(findings, (enum xl_finding_kind)kind));
        put_end(out);
    }
}

static void put_findings_kept(struct text *out, const struct xl_findings *findings)
{
    for (size_t i = 0, kept = findings ? xl_findings_kept(findings) : 0; i < kept; i++) {
        const struct xl_finding *finding = xl_findings_at(findings, i);
        put_text(out, xl_finding_name(finding->kind));
        put_u64(out, finding->offset);
        put_u64(out, finding->length);
        put_text(out, finding->detail);
        put_end(out);
    }
}

void metadata_write(struct text *out, enum metadata_key key, const struct metadata *metadata)
{
    const struct xl_table *table = metadata->table;
    text_add(out, metadata_titles[key]);
    switch (key) {
    case METADATA_FILE:
        put_file(out, table);
        return;
    case METADATA_TESTS:
        put_tests(out, table);
        return;
    case METADATA_COLUMNS:
        for (size_t i = 0; i < table->column_count; i++) {
            const struct xl_column *column = &table->columns[i];
            put_text(out, metadata->column_names[i]);
            put_u64(out, column->test);
            put_u64(out, column->pin);
            put_u64(out, column->pin_index);
            put_text(out, column->pin_name);
            put_u64(out, column->execution);
            put_end(out);
        }
        return;
    case METADATA_LIMITS:
        for (size_t i = 0; i < table->test_count; i++) {
            for (uint32_t c = 0; c < table->tests[i].change_count; c++) {
                const struct xl_limit_change *change = &table->tests[i].changes[c];
                put_u64(out, i);
                put_u64(out, change->offset);
                put_u64(out, change->row);
                put_u64(out, change->results);
                put_float(out, change->low);
                put_float(out, change->high);
                put_end(out);
            }
        }
        return;
    case METADATA_BINS:
        put_bins(out, "hard", table->hard_bins, table->hard_bin_count);
        put_bins(out, "soft", table->soft_bins, table->soft_bin_count);
        return;
    case METADATA_COUNTS:
        if (table->has_wrr) {
            text_add(out, "WRR\t");
            put_part_count(out, &table->wrr);
        }
        for (size_t i = 0; i < table->count_count; i++) {
            text_add(out, "PCR\t");
            put_part_count(out, &table->counts[i]);
        }
        return;
    case METADATA_PINS:
        for (size_t i = 0; i < table->pin_count; i++) {
            const struct xl_pin *pin = &table->pins[i];
            put_u64(out, pin->index);
            put_u64(out, pin->head);
            put_u64(out, pin->site);
            put_text(out, pin->name);
            put_text(out, pin->channel);
            put_text(out, pin->physical);
            put_end(out);
        }
        return;
    case METADATA_NAMED:
        for (size_t i = 0; i < table->named_count; i++) {
            put_text(out, table->named[i].name);
            put_text(out, table->named[i].value);
            put_end(out);
        }
        return;
    case METADATA_FINDINGS:
        put_findings(out, table->findings);
        return;
    case METADATA_FINDINGS_KEPT:
        put_findings_kept(out, table->findings);
        return;
    case METADATA_STATISTICS:
        for (size_t i = 0; i < table->column_count; i++) {
            const struct xl_column_statistics *s = &metadata->statistics[i];
            put_u64(out, s->n);
            put_u64(out, s->not_finite);
            put_u64(out, s->excluded);
            put_u64(out, s->fails);
            put_float(out, s->minimum);
            put_float(out, s->maximum);
            put_double(out, s->mean);
            put_double(out, s->m2);
            put_end(out);
        }
        return;
    case METADATA_GROUPS:
        for (size_t i = 0; i < metadata->group_count; i++) {
            put_u64(out, metadata->groups[i].rows);
            put_u64(out, metadata->groups[i].missing);
            put_end(out);
        }
        return;
    case METADATA_KEYS:
        break;
    }
    BUG("no such text: %d", (int)key);
}
