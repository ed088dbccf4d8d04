/* part_details.c: pins, vectors and scan fails of chosen parts, from the raw file. */
#include "main/part_details.h"

#include <xinlian/scan.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "main/console.h"
#include "main/raw.h"
#include "main/show.h"

enum { DETAILS_MOST = 16 << 20, SCAN_FAILS_SHOWN = 20 };

/* What is told of each part, by its index in the caller's order. */
struct telling {
    const struct gathered *source;
    const struct part_place *places;
    struct text *texts;
    size_t *order; /* places of the current entry, by begin */
    size_t count, first_open;
    const char *pin_names[32768 + 1];
    struct arena *names;
};

static const struct xl_stdf_value *value_of(const struct xl_stdf_fields *fields, const char *name)
{
    const int field = xl_stdf_field_index(fields->layout, name);
    return field >= 0 && !xl_stdf_missing(fields, field) && fields->at[field].count ? &fields->at[field].values[0] : NULL;
}

static uint64_t number_of(const struct xl_stdf_fields *fields, const char *name, uint64_t otherwise)
{
    const struct xl_stdf_value *value = value_of(fields, name);
    return value ? value->u : otherwise;
}

static void text_of(const struct xl_stdf_fields *fields, const char *name, const char *label, struct text *out)
{
    const struct xl_stdf_value *value = value_of(fields, name);
    if (!value || !value->text.length)
        return;
    struct text decoded;
    text_init(&decoded, 4096);
    text_decode(&decoded, value->text.bytes, value->text.length, true);
    if (decoded.length)
        text_print(out, "%s%s", label, decoded.data);
    text_free(&decoded);
}

static const char *verdict(uint8_t test_flag)
{
    if (test_flag & (XL_TEST_NOT_EXECUTED | XL_TEST_ABORTED))
        return test_flag & XL_TEST_ABORTED ? _("aborted") : _("not executed");
    return test_flag & XL_TEST_NO_VERDICT ? _("no verdict") : test_flag & XL_TEST_FAILED ? _("fail") : _("pass");
}

static const char *pin_of(const struct telling *telling, uint64_t index)
{
    char *room = show_room();
    if (index <= 32768 && telling->pin_names[index])
        return telling->pin_names[index];
    snprintf(room, SHOW_SIZE, "%llu", (unsigned long long)index);
    return room;
}

static void title_of(const struct xl_stdf_fields *fields, struct text *out)
{
    text_print(out, "  %s %llu", fields->layout->name, (unsigned long long)number_of(fields, "TEST_NUM", 0));
    text_of(fields, "TEST_TXT", " ", out);
    text_print(out, ": %s", verdict((uint8_t)number_of(fields, "TEST_FLG", 0)));
}

static const struct xl_test *test_of(const struct telling *telling, uint32_t number)
{
    const struct xl_tables *tables = telling->source->tables;
    for (size_t t = 0; t < tables->count; t++)
        for (size_t i = 0; i < tables->at[t]->test_count; i++)
            if (tables->at[t]->tests[i].kind == XL_TEST_MPR && tables->at[t]->tests[i].number == number)
                return &tables->at[t]->tests[i];
    return NULL;
}

static void tell_mpr(struct telling *telling, const struct xl_stdf_fields *fields, struct text *out)
{
    static const char *const states[] = {N_("low"),           N_("high"),       N_("mid"),         N_("glitch"),
                                         N_("undetermined"),  N_("failed low"), N_("failed high"), N_("failed mid"),
                                         N_("failed glitch"), N_("open"),       N_("short")};
    title_of(fields, out);
    text_add(out, "\n");
    const int results = xl_stdf_field_index(fields->layout, "RTN_RSLT"), indexes = xl_stdf_field_index(fields->layout, "RTN_INDX");
    const int stat = xl_stdf_field_index(fields->layout, "RTN_STAT");
    /* Later records leave the units out: what the tables know of the test stands for all. */
    double largest = NAN;
    for (uint32_t i = 0; i < fields->at[results].count; i++)
        largest = fmax(largest, fabs(fields->at[results].values[i].r));
    const struct xl_test *test = test_of(telling, (uint32_t)number_of(fields, "TEST_NUM", 0));
    const struct xl_unit unit = test ? xl_test_unit(test, isfinite(largest) ? largest : NAN) : xl_unit_of("", 0, NAN);
    for (uint32_t i = 0; i < fields->at[results].count; i++) {
        const float value = (float)fields->at[results].values[i].r;
        char digits[64];
        xl_unit_float(&unit, value, 6, digits, sizeof digits);
        text_print(out, "    %-4u", i);
        if (i < fields->at[indexes].count)
            text_print(out, "%-16s ", pin_of(telling, fields->at[indexes].values[i].u));
        text_print(out, "%s %s", digits, unit.text);
        if (i < fields->at[stat].count && fields->at[stat].values[i].u < sizeof states / sizeof *states)
            text_print(out, "  %s", _(states[fields->at[stat].values[i].u]));
        text_add(out, "\n");
    }
}

static void tell_ftr(struct telling *telling, const struct xl_stdf_fields *fields, struct text *out)
{
    title_of(fields, out);
    text_of(fields, "VECT_NAM", _(", pattern "), out);
    text_of(fields, "TIME_SET", _(", time set "), out);
    text_of(fields, "OP_CODE", _(", op code "), out);
    static const struct {
        const char *field, *label;
    } numbers[] = {
        {"CYCL_CNT", N_("cycle")}, {"REL_VADR", N_("vector address")}, {"REPT_CNT", N_("repeat count")}, {"NUM_FAIL", N_("failing pins")}};
    const uint8_t options = (uint8_t)number_of(fields, "OPT_FLAG", 0xff);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct xl_stdf_value *value = value_of(fields, numbers[i].field);
        if (value && !(options >> i & 1))
            text_print(out, ", %s %llu", _(numbers[i].label), (unsigned long long)value->u);
    }
    const struct xl_stdf_value *pins = value_of(fields, "FAIL_PIN");
    bool first = true;
    for (uint32_t bit = 0; pins && bit < pins->text.length; bit++)
        if (pins->text.bytes[bit / 8] >> (bit % 8) & 1) {
            text_print(out, "%s%s", first ? _("\n    failed on ") : ", ", pin_of(telling, bit));
            first = false;
        }
    text_of(fields, "RSLT_TXT", _("\n    result: "), out);
    text_add(out, "\n");
}

static void tell_scan(const struct xl_scan_log *log, struct text *out)
{
    text_print(out, "  STR %u %s: %s", log->test_number, log->test_name, verdict(log->test_flag));
    if (log->log_type[0])
        text_print(out, ", %s", log->log_type);
    text_print(out, _(", %llu fails seen, %zu logged"), (unsigned long long)log->fails_total, log->fail_count);
    text_add(out, "\n");
    for (size_t i = 0; i < log->condition_count; i++)
        text_print(out, "    %s\n", log->conditions[i]);
    for (size_t i = 0; i < log->fail_count && i < SCAN_FAILS_SHOWN; i++) {
        const struct xl_scan_fail *fail = &log->fails[i];
        text_add(out, "   ");
        if (fail->cycle != UINT64_MAX)
            text_print(out, _(" cycle %llu"), (unsigned long long)fail->cycle);
        if (fail->pattern != UINT32_MAX)
            text_print(out, _(" pattern %u"), fail->pattern);
        if (fail->pin_name[0])
            text_print(out, _(" pin %s"), fail->pin_name);
        else if (fail->pin != UINT32_MAX)
            text_print(out, _(" pin %u"), fail->pin);
        if (fail->chain != UINT32_MAX)
            text_print(out, _(" chain %u"), fail->chain);
        if (fail->bit != UINT32_MAX)
            text_print(out, _(" bit %u"), fail->bit);
        if (fail->cell[0])
            text_print(out, _(" cell %s"), fail->cell);
        if (fail->expected != 255)
            text_print(out, _(" expected %c"), fail->expected >= 32 ? fail->expected : '0' + fail->expected);
        if (fail->captured != 255)
            text_print(out, _(" captured %c"), fail->captured >= 32 ? fail->captured : '0' + fail->captured);
        text_add(out, "\n");
    }
    if (log->fail_count > SCAN_FAILS_SHOWN)
        text_print(out, _("    and %zu more\n"), log->fail_count - SCAN_FAILS_SHOWN);
}

/* The part that a record at `offset` on this head and site belongs to; NULL when it was not asked for. */
static struct text *text_at(struct telling *telling, uint64_t offset, uint8_t head, uint8_t site)
{
    while (telling->first_open < telling->count && telling->places[telling->order[telling->first_open]].end <= offset)
        telling->first_open++;
    for (size_t i = telling->first_open; i < telling->count; i++) {
        const struct part_place *place = &telling->places[telling->order[i]];
        if (place->begin > offset)
            break;
        if (offset < place->end && place->head == head && place->site == site)
            return &telling->texts[telling->order[i]];
    }
    return NULL;
}

static void learn_pin(struct telling *telling, const struct xl_stdf_fields *fields)
{
    const uint64_t index = number_of(fields, "PMR_INDX", 0);
    struct text name;
    text_init(&name, 300);
    static const char *const names[] = {"LOG_NAM", "PHY_NAM", "CHAN_NAM"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !name.length; i++)
        text_of(fields, names[i], "", &name);
    if (index <= 32768 && name.length)
        telling->pin_names[index] = arena_text(telling->names, name.data, name.length);
    text_free(&name);
}

static void read_entry(struct telling *telling, struct raw *raw)
{
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    struct xl_scan *scan = xl_scan_new(raw->findings);
    struct xl_stdf_record record;
    const struct xl_scan_log *log;
    while (xl_stdf_next(raw->reader, &record)) {
        log = xl_scan_record(scan, &record);
        if (log) {
            struct text *out = text_at(telling, log->offset, log->head, log->site);
            if (out)
                tell_scan(log, out);
        }
        if (record.type != XL_PMR && record.type != XL_MPR && record.type != XL_FTR)
            continue;
        const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, &record);
        if (record.type == XL_PMR) {
            learn_pin(telling, fields);
            continue;
        }
        struct text *out =
            text_at(telling, record.offset, (uint8_t)number_of(fields, "HEAD_NUM", 0), (uint8_t)number_of(fields, "SITE_NUM", 0));
        if (out && record.type == XL_MPR)
            tell_mpr(telling, fields, out);
        else if (out)
            tell_ftr(telling, fields, out);
    }
    log = xl_scan_end(scan);
    struct text *out = log ? text_at(telling, log->offset, log->head, log->site) : NULL;
    if (out)
        tell_scan(log, out);
    xl_scan_free(scan);
    xl_stdf_decoder_free(decoder);
}

static _Thread_local const struct part_place *sorted_places;
static int by_begin(const void *a, const void *b)
{
    const uint64_t left = sorted_places[*(const size_t *)a].begin, right = sorted_places[*(const size_t *)b].begin;
    return (left > right) - (left < right);
}

static void read_source(const struct gathered *source, const struct part_place *places, size_t count, struct text *texts)
{
    struct xl_error error = {0};
    struct raw raw;
    if (!raw_open(&raw, source->path->place, source->path->name, &error)) {
        notice_error(&error);
        return;
    }
    for (size_t entry = 0; raw_next(&raw, &error) || error.code[0]; entry++) {
        error = (struct xl_error){0};
        if (entry != source->entry || !raw.reader)
            continue;
        struct telling *telling = memory_new(1, sizeof *telling);
        *telling = (struct telling){
            .source = source, .places = places, .texts = texts, .order = memory_new(count, sizeof *telling->order), .names = arena_new()};
        for (size_t i = 0; i < count; i++)
            if (places[i].source == source)
                telling->order[telling->count++] = i;
        sorted_places = places;
        qsort(telling->order, telling->count, sizeof *telling->order, by_begin);
        read_entry(telling, &raw);
        arena_free(telling->names);
        free(telling->order);
        free(telling);
        break;
    }
    raw_close(&raw);
}

void part_details_print(const struct gather *gather, const struct part_place *places, size_t count)
{
    struct text *texts = memory_new(count, sizeof *texts);
    for (size_t i = 0; i < count; i++)
        text_init(&texts[i], DETAILS_MOST);
    for (size_t g = 0; g < gather->count; g++) {
        bool needed = false;
        for (size_t i = 0; i < count && !needed; i++)
            needed = places[i].source == &gather->at[g];
        if (needed)
            read_source(&gather->at[g], places, count, texts);
    }
    for (size_t i = 0; i < count; i++) {
        say("%s%s%s\n", style(STYLE_STRONG), places[i].name, style_end());
        if (texts[i].length)
            out_bytes(&console.out, texts[i].data, texts[i].length);
        else
            say("  %s\n", _("no pins, vectors or scan fails"));
        if (texts[i].overflow)
            say("  %s\n", _("and more than can be shown"));
        text_free(&texts[i]);
    }
    free(texts);
}
