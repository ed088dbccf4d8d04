/* stdf_records.c: `xinlian stdf records`: the records of a file as they stand in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/number.h"
#include "main/command.h"
#include "main/console.h"
#include "main/findings_print.h"
#include "main/paths.h"
#include "main/raw.h"
#include "main/record_print.h"
#include "main/show.h"
#include "main/table_print.h"

static struct {
    const char *types, *range;
    int64_t head, site, most;
    struct number_list tests;
    bool count, fields;
} settings = {.head = -1, .site = -1};

static const struct option options[] = {
    {.kind = OPTION_TEXT,
     .letter = 't',
     .name = "type",
     .value = &settings.types,
     .argument = "PTR,MIR,180.10",
     .help = N_("only these records, by name or REC_TYP.REC_SUB")},
    {.kind = OPTION_TEXT,
     .name = "offset",
     .value = &settings.range,
     .argument = "FROM-TO",
     .help = N_("only records that begin within these bytes of the uncompressed file")},
    {.kind = OPTION_NUMBERS,
     .name = "test",
     .value = &settings.tests,
     .argument = "N,N-N",
     .most = UINT32_MAX,
     .help = N_("only records of these TEST_NUM")},
    {.kind = OPTION_WHOLE,
     .name = "head",
     .value = &settings.head,
     .argument = "N",
     .most = 255,
     .help = N_("only records of this HEAD_NUM")},
    {.kind = OPTION_WHOLE,
     .name = "site",
     .value = &settings.site,
     .argument = "N",
     .most = 255,
     .help = N_("only records of this SITE_NUM")},
    {.kind = OPTION_WHOLE,
     .letter = 'n',
     .name = "most",
     .value = &settings.most,
     .argument = "N",
     .most = INT64_MAX,
     .help = N_("stop after so many records")},
    {.kind = OPTION_FLAG, .letter = 'c', .name = "count", .value = &settings.count, .help = N_("only how many there are of each type")},
    {.kind = OPTION_FLAG, .letter = 'l', .name = "long", .value = &settings.fields, .help = N_("one field a line, missing ones too")},
    {0},
};

static struct {
    bool all;
    bool wanted[65536];
    uint64_t from, to; /* to: exclusive */
} choice = {.to = UINT64_MAX};

static bool type_of(const char *name, uint16_t *type)
{
    char upper[8];
    size_t length = strlen(name);
    const char *dot = strchr(name, '.');
    if (dot && length < sizeof upper) {
        int64_t major, minor;
        memcpy(upper, name, length + 1);
        upper[dot - name] = 0;
        if (!parse_i64(upper, 0, 255, &major) || !parse_i64(upper + (dot - name) + 1, 0, 255, &minor))
            return false;
        *type = (uint16_t)(major << 8 | minor);
        return true;
    }
    const struct xl_stdf_layout *const *list;
    const size_t count = xl_stdf_layouts(&list);
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(list[i]->name, name) == 0) {
            *type = list[i]->type;
            return true;
        }
    return false;
}

/* "4711", "0x1267", "100-200", "100-" */
static bool offset_of(const char *text, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &end, 0);
    return *end == 0;
}

static bool choose(struct xl_error *error)
{
    choice.all = !settings.types;
    char names[512];
    if (settings.types && strlen(settings.types) >= sizeof names)
        return xl_fail(error, "usage", _("--%s is too long."), "type");
    for (const char *at = settings.types; at && *at;) {
        const size_t length = strcspn(at, ",");
        uint16_t type;
        memcpy(names, at, length);
        names[length] = 0;
        if (!type_of(names, &type))
            return xl_fail(error, "usage", _("There is no record type \"%s\". Types have names such as PTR, or numbers such as 15.10."),
                           names);
        choice.wanted[type] = true;
        at += length + (at[length] == ',');
    }
    if (settings.range) {
        char from[32];
        const char *dash = strchr(settings.range, '-');
        const size_t length = dash ? (size_t)(dash - settings.range) : strlen(settings.range);
        bool good = length < sizeof from;
        if (good) {
            memcpy(from, settings.range, length);
            from[length] = 0;
            good = offset_of(from, &choice.from);
        }
        if (good && dash && dash[1])
            good = offset_of(dash + 1, &choice.to);
        else if (good && !dash)
            choice.to = choice.from + 1;
        if (!good)
            return xl_fail(error, "usage", _("--offset needs bytes such as 4711, 0x1267 or 1000-2000, not \"%s\"."), settings.range);
    }
    return true;
}

static bool holds(const struct xl_stdf_fields *fields, const char *name, int64_t wanted)
{
    if (wanted < 0)
        return true;
    const int field = fields ? xl_stdf_field_index(fields->layout, name) : -1;
    return field >= 0 && fields->at[field].presence == XL_PRESENT && fields->layout->fields[field].count < 0 &&
           fields->at[field].values[0].u == (uint64_t)wanted;
}

static bool holds_test(const struct xl_stdf_fields *fields)
{
    if (!settings.tests.count)
        return true;
    for (size_t i = 0; i < settings.tests.count; i++)
        if (holds(fields, "TEST_NUM", settings.tests.at[i]))
            return true;
    return false;
}

static const char *type_name(uint16_t type)
{
    const struct xl_stdf_layout *layout = xl_stdf_layout(type);
    if (layout)
        return layout->name;
    char *room = show_room();
    snprintf(room, SHOW_SIZE, "%u.%u", type >> 8, type & 255U);
    return room;
}

static void print_long(const struct xl_stdf_record *record, const struct xl_stdf_fields *fields)
{
    say("%s%s%s  %s  %s\n", style(STYLE_TITLE), type_name(record->type), style_end(),
        fields ? _(fields->layout->title) : _("a record type that STDF V4 does not define"), style(STYLE_FAINT));
    say(_("at byte %s, %u bytes"), show_count(record->offset), record->length);
    say("%s\n", style_end());
    struct text text;
    text_init(&text, 1 << 20);
    if (!fields) {
        record_line(record, NULL, &text);
        say("  %s\n", text.data);
    }
    for (size_t i = 0; fields && i < fields->layout->field_count; i++) {
        text_clear(&text);
        field_text(fields, i, &text);
        const struct xl_stdf_field *field = &fields->layout->fields[i];
        const char *remark = fields->at[i].presence == XL_CUT                     ? _("not there: the record ends before it")
                             : fields->at[i].presence == XL_ABSENT                ? _("not there: switched off by its flag")
                             : field->optional && xl_stdf_missing(fields, (int)i) ? _("missing value")
                                                                                  : "";
        say("  %-10s %s%s%s%s%s\n", field->name, text.data, *remark && text.length ? "  " : "", style(STYLE_FAINT), remark, style_end());
    }
    if (fields && fields->left_over)
        say(_("  and %u bytes after the last field\n"), fields->left_over);
    text_free(&text);
}

static uint64_t printed;

static void print_one(struct json *json, const char *file, const struct xl_stdf_record *record, const struct xl_stdf_fields *fields)
{
    if (general.json) {
        json_begin(json, &console.out, false);
        record_json(json, file, record, fields);
        json_end(json);
        say("\n");
        return;
    }
    if (settings.fields) {
        print_long(record, fields);
        return;
    }
    struct text text;
    text_init(&text, 1 << 20);
    record_line(record, fields, &text);
    say("%s%9llu%s  %s%-3s%s  ", style(STYLE_FAINT), (unsigned long long)record->offset, style_end(), style(STYLE_STRONG),
        type_name(record->type), style_end());
    out_bytes(&console.out, text.data, text.length);
    say("\n");
    text_free(&text);
}

struct counts {
    uint64_t records[65536], bytes[65536];
};

static void print_counts(const char *file, const struct counts *counts)
{
    uint64_t records = 0, bytes = 0;
    for (size_t type = 0; type < 65536; type++) {
        records += counts->records[type];
        bytes += counts->bytes[type];
    }
    if (general.json) {
        struct json json;
        json_begin(&json, &console.out, false);
        json_object(&json);
        json_key(&json, "file");
        json_text(&json, file);
        json_key(&json, "records");
        json_u64(&json, records);
        json_key(&json, "counts");
        json_object(&json);
        for (size_t type = 0; type < 65536; type++)
            if (counts->records[type]) {
                json_key(&json, type_name((uint16_t)type));
                json_u64(&json, counts->records[type]);
            }
        json_object_end(&json);
        json_object_end(&json);
        json_end(&json);
        say("\n");
        return;
    }
    say(_("%s: %s records, %s bytes\n"), file, show_count(records), show_count(bytes));
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, _("type"));
    table_column(table, ALIGN_RIGHT, _("records"));
    table_column(table, ALIGN_RIGHT, _("bytes"));
    table_column(table, ALIGN_LEFT, _("what"));
    for (size_t type = 0; type < 65536; type++) {
        if (!counts->records[type])
            continue;
        const struct xl_stdf_layout *layout = xl_stdf_layout((uint16_t)type);
        table_cell(table, STYLE_STRONG, "%s", type_name((uint16_t)type));
        table_cell(table, STYLE_PLAIN, "%s", show_count(counts->records[type]));
        table_cell(table, STYLE_PLAIN, "%s", show_count(counts->bytes[type]));
        table_cell(table, STYLE_PLAIN, "%s", layout ? _(layout->title) : _("a record type that STDF V4 does not define"));
    }
    table_print_end(table);
}

static void entry(struct raw *raw, struct xl_stdf_decoder *decoder)
{
    struct xl_progress progress = progress_of(raw->name);
    struct counts *counts = memory_new(1, sizeof *counts);
    struct xl_stdf_record record;
    struct json json;
    const bool looks_inside = !settings.count || settings.head >= 0 || settings.site >= 0 || settings.tests.count;
    for (uint64_t seen = 0; xl_stdf_next(raw->reader, &record); seen++) {
        if (progress.report && seen % 65536 == 65535) {
            uint64_t done, total;
            xl_input_progress(raw->input, &done, &total);
            progress.report(progress.context, done, total);
        }
        if ((!choice.all && !choice.wanted[record.type]) || record.offset < choice.from || record.offset >= choice.to)
            continue;
        const struct xl_stdf_fields *fields = looks_inside ? xl_stdf_decode(decoder, &record) : NULL;
        if (!holds(fields, "HEAD_NUM", settings.head) || !holds(fields, "SITE_NUM", settings.site) || !holds_test(fields))
            continue;
        if (settings.count) {
            counts->records[record.type]++;
            counts->bytes[record.type] += record.length + 4U;
            continue;
        }
        if (settings.most && printed == (uint64_t)settings.most)
            break;
        print_one(&json, raw->name, &record, fields);
        printed++;
    }
    progress_done();
    if (settings.count)
        print_counts(raw->name, counts);
    free(counts);
    /* What was skipped is no record, and would otherwise be passed over in silence. */
    if (findings_sum(raw->findings).defects && !general.json) {
        console_flush();
        for (size_t i = 0; i < xl_findings_kept(raw->findings); i++) {
            const struct xl_finding *finding = xl_findings_at(raw->findings, i);
            if (xl_finding_severity(finding->kind) != XL_DEFECT)
                continue;
            if (finding->length)
                notice(_("%s, byte %s: %s (%s bytes)"), raw->name, show_count(finding->offset), xl_finding_sentence(finding->kind),
                       show_count(finding->length));
            else
                notice(_("%s, byte %s: %s"), raw->name, show_count(finding->offset), xl_finding_sentence(finding->kind));
        }
    }
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct paths paths;
    if (!choose(&error))
        return usage_error("stdf records", &error);
    int result = EXIT_GOOD;
    if (!paths_of(count, operands, &paths, &error)) {
        result = strcmp(error.code, "usage") == 0 ? usage_error("stdf records", &error) : input_error(&error);
        paths_free(&paths);
        return result;
    }
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    for (size_t i = 0; i < paths.count; i++) {
        const struct path *path = &paths.at[i];
        struct raw raw;
        error = (struct xl_error){0};
        bool open = raw_open(&raw, path->place, path->name, &error);
        while (open) {
            if (raw_next(&raw, &error)) {
                if (paths.count > 1 && !general.json && !settings.count)
                    say("%s%s%s\n", style(STYLE_TITLE), raw.name, style_end());
                entry(&raw, decoder);
                continue;
            }
            if (!error.code[0])
                break;
            if (!path->from_folder || strcmp(error.code, "not_stdf") != 0)
                result = input_error(&error);
            error = (struct xl_error){0};
        }
        if (!open && !path->from_folder)
            result = input_error(&error);
        raw_close(&raw);
    }
    xl_stdf_decoder_free(decoder);
    paths_free(&paths);
    return result;
}

static const struct option_group own_options = {N_("Which records"), options};
static const struct option_group *const groups[] = {&own_options, &store_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf records --count lot.stdf.gz", N_("how many records of each type")},
    {"xinlian stdf records -t MIR,WCR -l lot.stdf.gz", N_("two types, one field a line")},
    {"xinlian stdf records -t PTR --test 1000 --site 2 lot.stdf.gz", N_("one test's records on one site")},
    {"xinlian stdf records --offset 0x4000-0x5000 --json lot.stdf.gz", N_("what stands in a stretch of the file, as JSON lines")},
    {0},
};
const struct command stdf_records_command = {
    .name = "stdf records",
    .title = N_("Shows a file's records and their fields"),
    .operands = "FILE|DIR|-|store:LOT...",
    .about = N_("One record a line: its byte offset in the uncompressed file, its type, the fields that are there. Texts stand in "
                "quotation marks, flags "
                "in hexadecimal. What is no record is skipped and named on standard error. With --json: one object a line."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
