/* heading.c: what a file says once - lot, bins, counts, pins, wafers - and the tables made of it in the end. */
#include "engine/stdf/loader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

struct site_group {
    uint8_t head, group, sites[256];
    uint32_t count;
};

struct test_label { /* TSR */
    uint32_t number;
    char kind;
    const char *name;
};

struct heading {
    bool has_mir, has_mrr, after_mrr;
    struct xl_table shared; /* the fields that all tables of the file have in common */
    struct xl_named *named;
    size_t named_count, named_capacity, named_shared; /* the shared ones come first in every table: MIR, SDR, MRR */
    struct xl_part_count *counts;
    size_t count_count, count_capacity;
    struct xl_bin *hard_bins, *soft_bins;
    size_t hard_bin_count, hard_bin_capacity, soft_bin_count, soft_bin_capacity;
    struct xl_pin *pins;
    size_t pin_count, pin_capacity;
    uint32_t *pin_at; /* by PMR index: 1 + position in `pins` */
    struct site_group *groups;
    size_t group_count, group_capacity;
    struct test_label *labels;
    size_t label_count, label_capacity;
};

/* Room for one more element of a list; false past the ceiling. */
#define LIST_MORE(l, list, count, capacity)                                                                                                \
    ((count) < (capacity) || ((count) < LOADER_SUMMARIES_MOST ? ((capacity) = (capacity) ? (capacity)*2 : 16,                              \
                                                                 (list) = memory_grow((list), (capacity), sizeof *(list)), true)           \
                                                              : (loader_note((l), XL_FINDING_TOO_MANY, 0, "%s", ""), false)))

void heading_new(struct xl_loader *l, const char *source)
{
    struct heading *h = arena_take(l->arena, 1, sizeof *h);
    l->heading = h;
    struct xl_table *t = &h->shared;
    t->source = arena_text(l->arena, source, strlen(source));
    t->lot = t->sublot = t->wafer = t->product = t->test_code = t->program = t->program_revision = t->tester = t->tester_type =
        t->operator_name = t->temperature = "";
    t->config = (struct xl_wafer_config){
        .flat = ' ', .center_x = XL_NO_COORDINATE, .center_y = XL_NO_COORDINATE, .positive_x = ' ', .positive_y = ' '};
}

/* ---- Fields of decoded records ------------------------------------------------------------------------------------ */

static const struct xl_stdf_value *value_named(const struct xl_stdf_fields *f, const char *name)
{
    int i = xl_stdf_field_index(f->layout, name);
    return i >= 0 && f->at[i].presence == XL_PRESENT && f->at[i].count ? f->at[i].values : NULL;
}

static uint64_t number_named(const struct xl_stdf_fields *f, const char *name, uint64_t missing)
{
    const struct xl_stdf_value *v = value_named(f, name);
    return v ? v->u : missing;
}

static char char_named(const struct xl_stdf_fields *f, const char *name)
{
    uint64_t c = number_named(f, name, ' ');
    return c > ' ' && c < 0x7f ? (char)c : ' ';
}

static const char *text_of_value(struct xl_loader *l, const struct xl_stdf_value *v)
{
    struct text t;
    text_init(&t, 1 << 18);
    if (strcmp(text_decode(&t, v->text.bytes, v->text.length, true), "UTF-8") != 0)
        loader_note(l, XL_FINDING_TEXT_NOT_UTF8, 0, "%s", t.data);
    for (uint32_t i = 0; i < v->text.length; i++)
        if (v->text.bytes[i] < 0x20) {
            loader_note(l, XL_FINDING_TEXT_CONTROL, 0, "%s", t.data);
            break;
        }
    const char *copy = t.length ? arena_text(l->arena, t.data, t.length) : "";
    text_free(&t);
    return copy;
}

static const char *text_named(struct xl_loader *l, const struct xl_stdf_fields *f, const char *name)
{
    const struct xl_stdf_value *v = value_named(f, name);
    return v ? text_of_value(l, v) : "";
}

/* A field as text for `named`: times as dates, numbers plainly, lists with commas. NULL: nothing to say. */
static const char *value_text(struct xl_loader *l, const struct xl_stdf_fields *f, size_t i)
{
    if (f->at[i].presence != XL_PRESENT || !f->at[i].count || xl_stdf_missing(f, (int)i))
        return NULL;
    const struct xl_stdf_field *field = &f->layout->fields[i];
    size_t length = strlen(field->name);
    struct text t;
    text_init(&t, 1 << 18);
    for (uint32_t k = 0; k < f->at[i].count; k++) {
        const struct xl_stdf_value *v = &f->at[i].values[k];
        if (k)
            text_add(&t, ",");
        switch (v->kind) {
        case XL_U1:
        case XL_U2:
        case XL_U4:
        case XL_U8:
        case XL_B1:
        case XL_N1:
        case XL_UF:
        case XL_VN:
            if (length > 2 && strcmp(field->name + length - 2, "_T") == 0) {
                char time[32];
                time_text((int64_t)v->u, time);
                text_add(&t, time);
            } else {
                text_print(&t, "%llu", (unsigned long long)v->u);
            }
            break;
        case XL_I1:
        case XL_I2:
        case XL_I4:
            text_print(&t, "%lld", (long long)v->i);
            break;
        case XL_R4:
        case XL_R8: {
            char number[26];
            text_add_bytes(&t, number, v->kind == XL_R4 ? float_text((float)v->r, number) : double_text(v->r, number));
            break;
        }
        case XL_C1:
            if (v->u > ' ' && v->u < 0x7f)
                text_add_char(&t, (char)v->u);
            break;
        case XL_CN:
        case XL_SN:
        case XL_CF:
            text_add(&t, text_of_value(l, v));
            break;
        case XL_BN:
        case XL_DN: {
            size_t bytes = v->kind == XL_DN ? (v->text.length + 7) / 8 : v->text.length;
            for (size_t b = 0; b < bytes; b++)
                text_print(&t, "%02x", v->text.bytes[b]);
            break;
        }
        }
    }
    const char *copy = t.length ? arena_text(l->arena, t.data, t.length) : NULL;
    text_free(&t);
    return copy;
}

/* Adds every present field of the record as "MIR.LOT_ID". */
static void name_fields(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    for (size_t i = 0; i < f->layout->field_count; i++) {
        const char *value = value_text(l, f, i);
        if (!value || !LIST_MORE(l, h->named, h->named_count, h->named_capacity))
            continue;
        h->named[h->named_count++] = (struct xl_named){arena_print(l->arena, "%s.%s", f->layout->name, f->layout->fields[i].name), value};
    }
}

/* ---- Wafers ------------------------------------------------------------------------------------------------------- */

static bool group_has(const struct heading *h, uint8_t head, uint8_t group, uint8_t site)
{
    for (size_t i = 0; i < h->group_count; i++)
        if (h->groups[i].head == head && h->groups[i].group == group)
            return memchr(h->groups[i].sites, site, h->groups[i].count) != NULL;
    return true; /* a group that no SDR describes: all sites */
}

static struct sheet *open_wafer(struct xl_loader *l, uint8_t head, int group, int site)
{
    for (uint32_t i = l->sheet_count; i-- > 0;) {
        struct sheet *s = l->sheets[i];
        if (!s->is_wafer || s->is_closed || (s->head != head && s->head != 255))
            continue;
        if (group >= 0 ? s->site_group == group : s->site_group == 255 || group_has(l->heading, head, s->site_group, (uint8_t)site))
            return s;
    }
    return NULL;
}

struct sheet *heading_sheet(struct xl_loader *l, uint8_t head, uint8_t site)
{
    struct sheet *s = open_wafer(l, head, -1, site);
    if (s)
        return s;
    if (!l->loose)
        l->loose = sheet_new(l);
    if (!l->loose) /* past the ceiling: whatever there is */
        l->loose = l->sheets[l->sheet_count - 1];
    return l->loose;
}

static void close_wafer(struct xl_loader *l, struct sheet *s)
{
    s->is_closed = true;
    if (!s->open_parts)
        sheet_hand_over(l, s);
}

static void read_wir(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    uint8_t head = (uint8_t)number_named(f, "HEAD_NUM", 1), group = (uint8_t)number_named(f, "SITE_GRP", 255);
    struct sheet *before = open_wafer(l, head, group, 0);
    if (before) {
        loader_note(l, XL_FINDING_WAFER_NOT_CLOSED, 0, "WAFER_ID %s", before->wafer);
        close_wafer(l, before);
    }
    struct sheet *s = sheet_new(l);
    if (!s)
        return;
    s->is_wafer = true;
    s->head = head;
    s->site_group = group;
    s->wafer = text_named(l, f, "WAFER_ID");
    s->start_time = (int64_t)number_named(f, "START_T", 0);
    s->named_first_wir = h->named_count;
    name_fields(l, f);
    s->named_count_wir = h->named_count - s->named_first_wir;
}

static uint32_t count_named(const struct xl_stdf_fields *f, const char *name)
{
    return (uint32_t)number_named(f, name, UINT32_MAX);
}

static struct xl_part_count part_count(const struct xl_stdf_fields *f)
{
    return (struct xl_part_count){
        .head = (uint8_t)number_named(f, "HEAD_NUM", 255),
        .site = (uint8_t)number_named(f, "SITE_NUM", 255),
        .parts = count_named(f, "PART_CNT"),
        .retested = count_named(f, "RTST_CNT"),
        .aborted = count_named(f, "ABRT_CNT"),
        .good = count_named(f, "GOOD_CNT"),
        .functional = count_named(f, "FUNC_CNT"),
    };
}

static void read_wrr(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    uint8_t head = (uint8_t)number_named(f, "HEAD_NUM", 1), group = (uint8_t)number_named(f, "SITE_GRP", 255);
    const char *wafer = text_named(l, f, "WAFER_ID");
    struct sheet *s = open_wafer(l, head, group, 0);
    if (!s) {
        loader_note(l, XL_FINDING_WAFER_WITHOUT_WIR, 0, "WAFER_ID %s", wafer);
        if (l->loose && l->loose->rows) { /* the parts so far were this wafer's */
            s = l->loose;
            l->loose = NULL;
        } else {
            s = sheet_new(l);
        }
        if (!s)
            return;
        s->is_wafer = true;
        s->head = head;
        s->site_group = group;
    }
    if (*wafer)
        s->wafer = wafer; /* supersedes WIR's */
    s->finish_time = (int64_t)number_named(f, "FINISH_T", 0);
    s->has_wrr = true;
    s->wrr = part_count(f);
    s->named_first_wrr = h->named_count;
    name_fields(l, f);
    s->named_count_wrr = h->named_count - s->named_first_wrr;
    if (!s->is_closed)
        close_wafer(l, s);
}

/* ---- Records that say something once ------------------------------------------------------------------------------ */

static void read_mir(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    struct xl_table *t = &h->shared;
    if (h->has_mir) {
        loader_note(l, XL_FINDING_MIR_REPEATED, 0, "LOT_ID %s", text_named(l, f, "LOT_ID"));
        return;
    }
    h->has_mir = true;
    t->setup_time = (int64_t)number_named(f, "SETUP_T", 0);
    t->start_time = (int64_t)number_named(f, "START_T", 0);
    if (!t->start_time)
        loader_note(l, XL_FINDING_TIME_MISSING, 0, "MIR.START_T");
    t->lot = text_named(l, f, "LOT_ID");
    t->sublot = text_named(l, f, "SBLOT_ID");
    t->product = text_named(l, f, "PART_TYP");
    t->test_code = text_named(l, f, "TEST_COD");
    t->program = text_named(l, f, "JOB_NAM");
    t->program_revision = text_named(l, f, "JOB_REV");
    t->tester = text_named(l, f, "NODE_NAM");
    t->tester_type = text_named(l, f, "TSTR_TYP");
    t->operator_name = text_named(l, f, "OPER_NAM");
    t->temperature = text_named(l, f, "TST_TEMP");
    name_fields(l, f);
}

static void read_bin(struct xl_loader *l, const struct xl_stdf_fields *f, bool soft)
{
    struct heading *h = l->heading;
    struct xl_bin bin = {
        .head = (uint8_t)number_named(f, "HEAD_NUM", 255),
        .site = (uint8_t)number_named(f, "SITE_NUM", 255),
        .number = (uint16_t)number_named(f, soft ? "SBIN_NUM" : "HBIN_NUM", 0),
        .count = (uint32_t)number_named(f, soft ? "SBIN_CNT" : "HBIN_CNT", 0),
        .pass = char_named(f, soft ? "SBIN_PF" : "HBIN_PF"),
        .name = text_named(l, f, soft ? "SBIN_NAM" : "HBIN_NAM"),
    };
    if (soft) {
        if (LIST_MORE(l, h->soft_bins, h->soft_bin_count, h->soft_bin_capacity))
            h->soft_bins[h->soft_bin_count++] = bin;
    } else if (LIST_MORE(l, h->hard_bins, h->hard_bin_count, h->hard_bin_capacity)) {
        h->hard_bins[h->hard_bin_count++] = bin;
    }
}

static void read_pin(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    if (!LIST_MORE(l, h->pins, h->pin_count, h->pin_capacity))
        return;
    const char *logical = text_named(l, f, "LOG_NAM"), *physical = text_named(l, f, "PHY_NAM"), *channel = text_named(l, f, "CHAN_NAM");
    h->pins[h->pin_count++] = (struct xl_pin){
        .index = (uint16_t)number_named(f, "PMR_INDX", 0),
        .head = (uint8_t)number_named(f, "HEAD_NUM", 1),
        .site = (uint8_t)number_named(f, "SITE_NUM", 1),
        .name = *logical    ? logical
                : *physical ? physical
                            : channel,
        .channel = channel,
        .physical = physical,
    };
    if (!h->pin_at)
        h->pin_at = arena_take(l->arena, UINT16_MAX + 1, sizeof *h->pin_at);
    uint16_t index = h->pins[h->pin_count - 1].index;
    if (!h->pin_at[index])
        h->pin_at[index] = (uint32_t)h->pin_count;
}

static void read_config(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    const struct xl_stdf_value *size = value_named(f, "WAFR_SIZ"), *height = value_named(f, "DIE_HT"), *width = value_named(f, "DIE_WID");
    const struct xl_stdf_value *x = value_named(f, "CENTER_X"), *y = value_named(f, "CENTER_Y");
    l->heading->shared.config = (struct xl_wafer_config){
        .wafer_size = size ? (float)size->r : 0,
        .die_height = height ? (float)height->r : 0,
        .die_width = width ? (float)width->r : 0,
        .units = (uint8_t)number_named(f, "WF_UNITS", 0),
        .flat = char_named(f, "WF_FLAT"),
        .center_x = x ? (int16_t)x->i : XL_NO_COORDINATE,
        .center_y = y ? (int16_t)y->i : XL_NO_COORDINATE,
        .positive_x = char_named(f, "POS_X"),
        .positive_y = char_named(f, "POS_Y"),
    };
}

static void read_site_group(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    name_fields(l, f);
    int sites = xl_stdf_field_index(f->layout, "SITE_NUM");
    if (sites < 0 || f->at[sites].presence != XL_PRESENT || !LIST_MORE(l, h->groups, h->group_count, h->group_capacity))
        return;
    struct site_group *g = &h->groups[h->group_count++];
    *g = (struct site_group){.head = (uint8_t)number_named(f, "HEAD_NUM", 1), .group = (uint8_t)number_named(f, "SITE_GRP", 255)};
    for (uint32_t i = 0; i < f->at[sites].count && i < sizeof g->sites; i++)
        g->sites[g->count++] = (uint8_t)f->at[sites].values[i].u;
}

static void read_retest(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct xl_table *t = &l->heading->shared;
    t->is_retest = true;
    int bins = xl_stdf_field_index(f->layout, "RTST_BIN");
    uint32_t count = bins >= 0 && f->at[bins].presence == XL_PRESENT ? f->at[bins].count : 0;
    uint16_t *list = arena_take(l->arena, count + 1, sizeof *list);
    for (uint32_t i = 0; i < count; i++)
        list[i] = (uint16_t)f->at[bins].values[i].u;
    t->retest_bins = list;
    t->retest_bin_count = count;
    loader_note(l, XL_FINDING_RETEST_FILE, 0, "NUM_BINS %u", count);
}

static void read_label(struct xl_loader *l, const struct xl_stdf_fields *f)
{
    struct heading *h = l->heading;
    const char *name = text_named(l, f, "TEST_NAM");
    if (*name && LIST_MORE(l, h->labels, h->label_count, h->label_capacity))
        h->labels[h->label_count++] = (struct test_label){(uint32_t)number_named(f, "TEST_NUM", 0), char_named(f, "TEST_TYP"), name};
}

void heading_record(struct xl_loader *l, const struct xl_stdf_record *record)
{
    struct heading *h = l->heading;
    const struct xl_stdf_fields *f = xl_stdf_decode(l->decoder, record);
    if (!f)
        return;
    if (f->left_over)
        loader_note(l, XL_FINDING_LEFT_OVER, 0, "%s", f->layout->name);
    if (f->broken)
        loader_note(l, XL_FINDING_RECORD_BROKEN, 0, "%s", f->layout->name);
    switch (record->type) {
    case XL_MIR:
        read_mir(l, f);
        break;
    case XL_MRR:
        h->has_mrr = true;
        h->shared.finish_time = (int64_t)number_named(f, "FINISH_T", 0);
        name_fields(l, f);
        break;
    case XL_PCR:
        if (LIST_MORE(l, h->counts, h->count_count, h->count_capacity))
            h->counts[h->count_count++] = part_count(f);
        break;
    case XL_HBR:
        read_bin(l, f, false);
        break;
    case XL_SBR:
        read_bin(l, f, true);
        break;
    case XL_PMR:
        read_pin(l, f);
        break;
    case XL_RDR:
        read_retest(l, f);
        break;
    case XL_SDR:
        read_site_group(l, f);
        break;
    case XL_WIR:
        read_wir(l, f);
        break;
    case XL_WRR:
        read_wrr(l, f);
        break;
    case XL_WCR:
        read_config(l, f);
        break;
    case XL_TSR:
        read_label(l, f);
        break;
    }
    if (h->has_mrr && record->type != XL_MRR && !h->after_mrr) {
        h->after_mrr = true;
        loader_note(l, XL_FINDING_MRR_NOT_LAST, 0, "%s", f->layout->name);
    }
}

/* ---- Tables ------------------------------------------------------------------------------------------------------- */

static int label_order(const void *a, const void *b)
{
    const struct test_label *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Names from TSR for tests whose own records never said one. */
static void name_tests(struct xl_loader *l)
{
    struct heading *h = l->heading;
    static const char kinds[] = {[XL_TEST_PTR] = 'P', [XL_TEST_MPR] = 'M', [XL_TEST_FTR] = 'F', [XL_TEST_STR] = 'S'};
    if (h->label_count)
        qsort(h->labels, h->label_count, sizeof *h->labels, label_order);
    for (uint32_t i = 0; i < l->test_count; i++) {
        struct xl_test *t = &l->tests[i]->known;
        if (*t->name || !h->label_count)
            continue;
        struct test_label key = {.number = t->number};
        const struct test_label *found = bsearch(&key, h->labels, h->label_count, sizeof key, label_order);
        if (found && (found->kind == kinds[t->kind] || found->kind == ' '))
            t->name = found->name;
    }
}

/* PMR index -> pin; the first record of an index counts. */
static const char *pin_name(const struct heading *h, uint32_t index)
{
    return index <= UINT16_MAX && h->pin_at && h->pin_at[index] ? h->pins[h->pin_at[index] - 1].name : "";
}

struct place {
    uint32_t pin, execution, column;
};
static int place_order(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->pin != y->pin)
        return x->pin < y->pin ? -1 : 1;
    return (x->execution > y->execution) - (x->execution < y->execution);
}

static void table_tests(struct xl_loader *l, const struct sheet *s, struct xl_table *out)
{
    struct arena *arena = l->arena;
    uint32_t *number = memory_new(l->test_count, sizeof *number); /* file test -> 1 + table test */
    uint32_t *order = memory_new(l->test_count, sizeof *order), count = 0;
    for (uint32_t c = 0; c < s->column_count; c++) {
        uint32_t t = l->columns[s->columns[c]].test;
        if (!number[t]) {
            order[count++] = t;
            number[t] = count;
        }
    }
    for (uint32_t t = 0; t < s->executed_capacity && t < l->test_count; t++)
        if (s->executed[t] && !number[t]) {
            order[count++] = t;
            number[t] = count;
        }
    struct xl_test *tests = arena_take(arena, count, sizeof *tests);
    struct xl_column *columns = arena_take(arena, s->column_count, sizeof *columns);
    uint32_t *column_counts = memory_new(count, sizeof *column_counts);
    for (uint32_t c = 0; c < s->column_count; c++) {
        const struct file_column *f = &l->columns[s->columns[c]];
        const struct test *t = l->tests[f->test];
        columns[c] = (struct xl_column){.test = number[f->test] - 1, .pin = f->pin, .execution = f->execution, .pin_name = ""};
        if (t->known.kind == XL_TEST_MPR && f->pin < t->pin_index_count) {
            columns[c].pin_index = t->pin_indexes[f->pin];
            columns[c].pin_name = pin_name(l->heading, columns[c].pin_index);
        }
        column_counts[number[f->test] - 1]++;
    }
    struct place **places = memory_new(count, sizeof *places);
    struct place *all = memory_new(s->column_count, sizeof *all), *at = all;
    for (uint32_t i = 0; i < count; i++) {
        places[i] = at;
        at += column_counts[i];
        column_counts[i] = 0;
    }
    for (uint32_t c = 0; c < s->column_count; c++) {
        uint32_t t = columns[c].test;
        places[t][column_counts[t]++] = (struct place){columns[c].pin, columns[c].execution, c};
    }
    for (uint32_t i = 0; i < count; i++) {
        tests[i] = l->tests[order[i]]->known;
        tests[i].executed = order[i] < s->executed_capacity ? s->executed[order[i]] : 0;
        qsort(places[i], column_counts[i], sizeof *all, place_order);
        uint32_t *list = arena_take(arena, column_counts[i], sizeof *list);
        for (uint32_t k = 0; k < column_counts[i]; k++)
            list[k] = places[i][k].column;
        tests[i].columns = list;
        tests[i].column_count = column_counts[i];
    }
    free(all);
    free(places);
    free(column_counts);
    free(number);
    free(order);
    out->tests = tests;
    out->test_count = count;
    out->columns = columns;
    out->column_count = s->column_count;
}

static struct xl_table *table_of(struct xl_loader *l, const struct sheet *s, size_t shared_named)
{
    struct heading *h = l->heading;
    struct xl_table *t = arena_copy(l->arena, &h->shared, sizeof *t);
    t->wafer = s->wafer;
    t->is_wafer = s->is_wafer;
    if (s->start_time)
        t->start_time = s->start_time;
    if (s->finish_time)
        t->finish_time = s->finish_time;
    t->big_endian = l->big_endian;
    t->has_wrr = s->has_wrr;
    t->wrr = s->wrr;
    struct xl_named *named = arena_take(l->arena, shared_named + s->named_count_wir + s->named_count_wrr, sizeof *named);
    size_t count = 0;
    for (size_t i = 0; i < h->named_count; i++) {
        bool wir = i - s->named_first_wir < s->named_count_wir, wrr = i - s->named_first_wrr < s->named_count_wrr;
        if (wir || wrr || (h->named[i].name[0] != 'W'))
            named[count++] = h->named[i];
    }
    t->named = named;
    t->named_count = count;
    t->counts = h->counts;
    t->count_count = h->count_count;
    t->hard_bins = h->hard_bins;
    t->hard_bin_count = h->hard_bin_count;
    t->soft_bins = h->soft_bins;
    t->soft_bin_count = h->soft_bin_count;
    t->pins = h->pins;
    t->pin_count = h->pin_count;
    t->rows = s->rows;
    t->findings = l->findings;
    table_tests(l, s, t);
    return t;
}

/* Lists that grew by memory_grow move into the arena, where the tables live. */
#define LIST_SETTLE(l, list, count)                                                                                                        \
    do {                                                                                                                                   \
        void *settled_ = (count) ? arena_copy((l)->arena, (list), (count) * sizeof *(list)) : NULL;                                        \
        free(list);                                                                                                                        \
        (list) = settled_;                                                                                                                 \
    } while (0)

/* The tester's own counts against the parts in the file. */
static void compare_counts(struct xl_loader *l)
{
    struct heading *h = l->heading;
    uint64_t parts = 0, all = 0, sites = 0;
    bool has_all = false, has_sites = false;
    for (uint32_t i = 0; i < l->sheet_count; i++) {
        const struct sheet *s = l->sheets[i];
        parts += s->parts;
        if (s->has_wrr && s->wrr.parts != UINT32_MAX && s->wrr.parts != s->parts)
            loader_note(l, XL_FINDING_COUNT_DISAGREES, 0, "WRR %s: %u, PRR: %llu", s->wafer, s->wrr.parts, (unsigned long long)s->parts);
    }
    for (size_t i = 0; i < h->count_count; i++) {
        if (h->counts[i].parts == UINT32_MAX)
            continue;
        *(h->counts[i].head == 255 ? &all : &sites) += h->counts[i].parts;
        *(h->counts[i].head == 255 ? &has_all : &has_sites) = true;
    }
    if ((has_all || has_sites) && (has_all ? all : sites) != parts)
        loader_note(l, XL_FINDING_COUNT_DISAGREES, 0, "PCR: %llu, PRR: %llu", (unsigned long long)(has_all ? all : sites),
                    (unsigned long long)parts);
    all = sites = 0;
    has_all = has_sites = false;
    for (size_t i = 0; i < h->hard_bin_count; i++) {
        *(h->hard_bins[i].head == 255 ? &all : &sites) += h->hard_bins[i].count;
        *(h->hard_bins[i].head == 255 ? &has_all : &has_sites) = true;
    }
    if ((has_all || has_sites) && (has_all ? all : sites) != parts)
        loader_note(l, XL_FINDING_COUNT_DISAGREES, 0, "HBR: %llu, PRR: %llu", (unsigned long long)(has_all ? all : sites),
                    (unsigned long long)parts);
}

void heading_finish(struct xl_loader *l)
{
    struct heading *h = l->heading;
    if (!h->has_mir)
        loader_note(l, XL_FINDING_NO_MIR, 0, "%s", "");
    if (!h->has_mrr)
        loader_note(l, XL_FINDING_NO_MRR, 0, "%s", "");
    if (!h->count_count)
        loader_note(l, XL_FINDING_NO_PCR, 0, "%s", "");
    for (uint32_t i = 0; i < l->sheet_count; i++)
        if (l->sheets[i]->is_wafer && !l->sheets[i]->is_closed)
            loader_note(l, XL_FINDING_WAFER_NOT_CLOSED, 0, "WAFER_ID %s", l->sheets[i]->wafer);
    compare_counts(l);
    if (!l->sheet_count)
        sheet_new(l); /* a file of summaries only: one table without rows */

    name_tests(l);
    for (uint32_t i = 0; i < l->test_count; i++) {
        struct test *t = l->tests[i];
        if (!t->known.limits_known && (t->known.kind == XL_TEST_PTR || t->known.kind == XL_TEST_MPR))
            loader_note(l, XL_FINDING_LIMITS_UNKNOWN, 0, "%u %s", t->known.number, t->known.name);
        LIST_SETTLE(l, t->changes, t->known.change_count);
        t->known.changes = t->changes;
    }
    LIST_SETTLE(l, h->counts, h->count_count);
    LIST_SETTLE(l, h->hard_bins, h->hard_bin_count);
    LIST_SETTLE(l, h->soft_bins, h->soft_bin_count);
    LIST_SETTLE(l, h->pins, h->pin_count);

    struct xl_table **tables = memory_new(l->sheet_count, sizeof *tables);
    for (uint32_t i = 0; i < l->sheet_count; i++) {
        sheet_hand_over(l, l->sheets[i]);
        tables[i] = table_of(l, l->sheets[i], h->named_count);
    }
    for (uint32_t i = 0; i < l->sheet_count && !l->failed; i++)
        if (!l->receiver.table(l->receiver.context, l->sheets[i]->key, tables[i], l->error))
            l->failed = true;
    free(tables);
    LIST_SETTLE(l, h->named, h->named_count);
    LIST_SETTLE(l, h->groups, h->group_count);
    LIST_SETTLE(l, h->labels, h->label_count);
}
