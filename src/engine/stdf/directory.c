/* directory.c: the tests and columns that a file turns out to have.
 *
 * A test is (record kind, number, name); a record without a name joins the first test of its number. Where a file gives limits, units and
 * scales only in the first record of a test, that record's values are the default (STDF V4, PTR and MPR). */
#include "engine/stdf/loader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

/* Besides the spellings of the file, whose kind is the record's, the table holds the names tests go by, trimmed and in UTF-8, to find the
 * test that a new spelling means. */
enum { KIND_NUMBER_AND_NAME = 0x40, KIND_NAME = 0x80 };

static uint32_t alias_hash(uint32_t kind, uint32_t number, const uint8_t *text, uint32_t length)
{
    uint64_t h = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) ^ kind;
    for (uint32_t i = 0; i < length; i++)
        h = (h ^ text[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(h >> 32);
}

/* Where the alias stands, or would. */
static struct alias **slot_of(const struct xl_loader *l, uint32_t kind, uint32_t number, const uint8_t *text, uint32_t length)
{
    uint32_t mask = l->slot_count - 1;
    for (uint32_t i = alias_hash(kind, number, text, length) & mask;; i = (i + 1) & mask) {
        struct alias *a = l->slots[i];
        if (!a || (a->number == number && a->kind == kind && a->text_length == length && memcmp(a->text, text, length) == 0))
            return &l->slots[i];
    }
}

static void slots_grow(struct xl_loader *l)
{
    struct alias **old = l->slots;
    uint32_t old_count = l->slot_count;
    l->slot_count = old_count ? old_count * 2 : 1024;
    l->slots = memory_new(l->slot_count, sizeof *l->slots);
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i])
            *slot_of(l, old[i]->kind, old[i]->number, old[i]->text, old[i]->text_length) = old[i];
    free(old);
}

/* The text as people read it: UTF-8, trimmed. */
static const char *name_of(struct xl_loader *l, const uint8_t *text, uint32_t length)
{
    if (!length)
        return "";
    struct text t;
    text_init(&t, 4096);
    if (strcmp(text_decode(&t, text, length, true), "UTF-8") != 0)
        loader_note(l, XL_FINDING_TEXT_NOT_UTF8, 0, "%s", t.data);
    for (uint32_t i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] == 0x7f) {
            loader_note(l, XL_FINDING_TEXT_CONTROL, 0, "%s", t.data);
            break;
        }
    const char *name = arena_text(l->arena, t.data, t.length);
    text_free(&t);
    return name;
}

/* Copies into the aliases of a test what they keep of it. */
static void aliases_refresh(struct test *t)
{
    for (struct alias *a = t->first_alias; a; a = a->sibling) {
        a->low = t->known.low;
        a->high = t->known.high;
        a->column = t->executions ? t->columns[0] : NO_COLUMN;
    }
}

static struct test *test_new(struct xl_loader *l, enum xl_test_kind kind, uint32_t number, const char *name)
{
    if (l->test_count >= LOADER_TESTS_MOST)
        return NULL;
    if (l->test_count == l->test_capacity) {
        l->test_capacity = l->test_capacity ? l->test_capacity * 2 : 256;
        l->tests = memory_grow(l->tests, l->test_capacity, sizeof *l->tests);
    }
    struct test *t = arena_take(l->arena, 1, sizeof *t);
    t->index = l->test_count;
    t->known = (struct xl_test){
        .kind = kind,
        .number = number,
        .name = name,
        .units = "",
        .result_format = "",
        .low = NAN,
        .high = NAN,
        .low_spec = NAN,
        .high_spec = NAN,
    };
    t->named_by_file = *name != 0;
    l->tests[l->test_count++] = t;
    return t;
}

static struct alias *alias_add(struct xl_loader *l, uint32_t kind, uint32_t number, const uint8_t *text, uint32_t length, struct test *t)
{
    if ((l->alias_count + 1) * 2 > l->slot_count)
        slots_grow(l);
    struct alias **slot = slot_of(l, kind, number, text, length);
    if (*slot)
        return *slot;
    struct alias *a = arena_take(l->arena, 1, sizeof *a);
    *a = (struct alias){
        .number = number,
        .kind = (uint8_t)kind,
        .text_length = (uint16_t)length,
        .text = length ? arena_copy(l->arena, text, length) : (const uint8_t *)"",
        .test = t,
        .sibling = t->first_alias,
    };
    t->first_alias = a;
    aliases_refresh(t);
    *slot = a;
    l->alias_count++;
    return a;
}

static struct test *test_called(const struct xl_loader *l, uint32_t kind, uint32_t number, const char *name)
{
    struct alias *a = *slot_of(l, kind, number, (const uint8_t *)name, (uint32_t)strlen(name));
    return a ? a->test : NULL;
}

struct alias *directory_find(struct xl_loader *l, enum xl_test_kind kind, uint32_t number, const uint8_t *text, uint32_t length)
{
    if (!l->slot_count)
        slots_grow(l);
    if (length == 0)
        text = (const uint8_t *)"";
    struct alias *a = *slot_of(l, kind, number, text, length);
    if (a)
        return a;
    if (l->alias_count >= LOADER_TESTS_MOST * 4u) {
        loader_note(l, XL_FINDING_TOO_MANY, 0, "%u", number);
        return NULL;
    }

    /* A new spelling. The empty one stands for the number: its test is the first of that number. */
    const char *name = name_of(l, text, length);
    struct alias *numbered = *slot_of(l, kind, number, (const uint8_t *)"", 0);
    struct test *first = numbered ? numbered->test : NULL;
    struct test *t = NULL;
    if (first && (l->options.key == XL_KEY_NUMBER || !*name)) {
        t = first;
    } else if (l->options.key == XL_KEY_NAME && *name) {
        t = test_called(l, kind | KIND_NAME, 0, name);
    } else if (first && !first->named_by_file) {
        first->known.name = name; /* the number was met without a name before: the name joins it */
        first->named_by_file = true;
        t = first;
        loader_note(l, XL_FINDING_NAME_JOINED, 0, "%u %s", number, name);
    } else if (first) {
        t = test_called(l, kind | KIND_NUMBER_AND_NAME, number, name);
    }
    if (!t) {
        t = test_new(l, kind, number, name);
        if (!t) {
            loader_note(l, XL_FINDING_TOO_MANY, 0, "%u %s", number, name);
            return NULL;
        }
        t->same_number = first ? first : t;
        if (first && l->options.key == XL_KEY_BOTH)
            loader_note(l, XL_FINDING_SEVERAL_NAMES, 0, "%u: %s, %s", number, first->known.name, name);
    }
    if (!numbered && length)
        alias_add(l, kind, number, (const uint8_t *)"", 0, t);
    if (*name && l->options.key != XL_KEY_NUMBER) {
        bool by_name = l->options.key == XL_KEY_NAME;
        alias_add(l, kind | (by_name ? KIND_NAME : KIND_NUMBER_AND_NAME), by_name ? 0 : number, (const uint8_t *)name,
                  (uint32_t)strlen(name), t);
    }
    return alias_add(l, kind, number, text, length, t);
}

uint32_t directory_column(struct xl_loader *l, struct test *t, uint32_t pin, uint32_t execution)
{
    if (execution < t->executions && pin < t->pin_capacity) {
        uint32_t known = t->columns[execution * t->pin_capacity + pin];
        if (known != NO_COLUMN)
            return known;
    }
    if (l->column_count >= LOADER_COLUMNS_MOST || execution >= LOADER_EXECUTIONS_MOST)
        return NO_COLUMN;
    if (execution >= t->executions || pin >= t->pin_capacity) {
        uint32_t executions = t->executions, pins = t->pin_capacity ? t->pin_capacity : 1;
        if (execution >= executions)
            executions = executions * 2 > execution + 1 ? executions * 2 : execution + 1;
        if (executions < 1)
            executions = 1;
        while (pin >= pins)
            pins *= 2;
        if ((uint64_t)executions * pins > LOADER_COLUMNS_MOST * UINT64_C(8))
            return NO_COLUMN;
        uint32_t *columns = memory_new((size_t)executions * pins, sizeof *columns);
        memset(columns, 0xff, (size_t)executions * pins * sizeof *columns);
        for (uint32_t e = 0; e < t->executions; e++)
            memcpy(columns + (size_t)e * pins, t->columns + (size_t)e * t->pin_capacity, t->pin_capacity * sizeof *columns);
        free(t->columns);
        t->columns = columns;
        t->executions = executions;
        t->pin_capacity = pins;
    }
    if (l->column_count == l->column_capacity) {
        l->column_capacity = l->column_capacity ? l->column_capacity * 2 : 1024;
        l->columns = memory_grow(l->columns, l->column_capacity, sizeof *l->columns);
    }
    uint32_t column = l->column_count++;
    l->columns[column] = (struct file_column){.test = t->index, .pin = pin, .execution = execution};
    t->columns[execution * t->pin_capacity + pin] = column;
    if (pin == 0 && execution == 0)
        aliases_refresh(t);
    return column;
}

/* ---- Defaults ----------------------------------------------------------------------------------------------------- */

/* The fields from OPT_FLAG on, as far as the record has them. */
struct tail {
    bool has_flag, has_result_scale, has_low_scale, has_high_scale, has_low, has_high, has_units, has_format, has_low_spec, has_high_spec;
    uint8_t flag;
    int8_t result_scale, low_scale, high_scale;
    float low, high, low_spec, high_spec;
    const uint8_t *units, *format, *pin_indexes;
    uint8_t units_length, format_length;
    uint32_t pin_index_count;
};

static const uint8_t *take_text(struct bytes *b, uint8_t *length)
{
    *length = bytes_u1(b);
    return bytes_take(b, *length);
}

static struct tail tail_read(struct bytes b, enum xl_test_kind kind, uint32_t pin_index_count)
{
    struct tail t = {.low_spec = NAN, .high_spec = NAN};
    t.flag = bytes_u1(&b);
    t.has_flag = !b.broken;
    t.result_scale = (int8_t)bytes_u1(&b);
    t.has_result_scale = !b.broken;
    t.low_scale = (int8_t)bytes_u1(&b);
    t.has_low_scale = !b.broken;
    t.high_scale = (int8_t)bytes_u1(&b);
    t.has_high_scale = !b.broken;
    const uint8_t *p = bytes_take(&b, 4);
    if ((t.has_low = p != NULL))
        t.low = load_r4(p, b.big_endian);
    p = bytes_take(&b, 4);
    if ((t.has_high = p != NULL))
        t.high = load_r4(p, b.big_endian);
    if (kind == XL_TEST_MPR) {
        bytes_take(&b, 8); /* START_IN, INCR_IN */
        t.pin_indexes = bytes_take(&b, (size_t)pin_index_count * 2);
        t.pin_index_count = t.pin_indexes ? pin_index_count : 0;
    }
    t.units = take_text(&b, &t.units_length);
    t.has_units = t.units != NULL && t.units_length;
    uint8_t length;
    if (kind == XL_TEST_MPR)
        take_text(&b, &length); /* UNITS_IN */
    t.format = take_text(&b, &t.format_length);
    t.has_format = t.format != NULL && t.format_length;
    take_text(&b, &length);
    take_text(&b, &length);
    p = bytes_take(&b, 4);
    if ((t.has_low_spec = p != NULL))
        t.low_spec = load_r4(p, b.big_endian);
    p = bytes_take(&b, 4);
    if ((t.has_high_spec = p != NULL))
        t.high_spec = load_r4(p, b.big_endian);
    return t;
}

/* A limit by the order of the specification: none; else the default; else the field. */
static float limit_of(uint8_t flag, int none_bit, int default_bit, bool has, float field, float otherwise)
{
    if (flag >> none_bit & 1)
        return NAN;
    if (!has || (flag >> default_bit & 1))
        return otherwise;
    return field;
}

static bool same_limit(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Text of the field; one NUL byte overrides a default by "empty". */
static const char *field_text(struct xl_loader *l, const uint8_t *text, uint8_t length)
{
    if (length == 1 && text[0] == 0)
        return "";
    struct text t;
    text_init(&t, 4096);
    text_decode(&t, text, length, true);
    const char *copy = arena_text(l->arena, t.data, t.length);
    text_free(&t);
    return copy;
}

static bool scale_known(int8_t scale)
{
    switch (scale) {
    case 15:
    case 12:
    case 9:
    case 6:
    case 3:
    case 2:
    case 0:
    case -3:
    case -6:
    case -9:
    case -12:
        return true;
    }
    return false;
}

static void first_tail(struct xl_loader *l, struct test *t, const struct tail *tail, uint8_t parm_flag)
{
    struct xl_test *k = &t->known;
    uint8_t flag = tail->flag;
    k->low = limit_of(flag, 6, 4, tail->has_low, tail->low, NAN);
    k->high = limit_of(flag, 7, 5, tail->has_high, tail->high, NAN);
    k->limits_known = (flag & 0x40 || (tail->has_low && !(flag & 0x10))) || (flag & 0x80 || (tail->has_high && !(flag & 0x20)));
    k->low_inclusive = parm_flag & 0x40;
    k->high_inclusive = parm_flag & 0x80;
    if (tail->has_result_scale && !(flag & 1))
        k->result_scale = tail->result_scale;
    if (tail->has_low_scale && !(flag & 0x50))
        k->low_scale = tail->low_scale;
    if (tail->has_high_scale && !(flag & 0xa0))
        k->high_scale = tail->high_scale;
    if (!scale_known(k->result_scale) || !scale_known(k->low_scale) || !scale_known(k->high_scale)) {
        loader_note(l, XL_FINDING_SCALE_UNKNOWN, 0, "%u %s", k->number, k->name);
        k->result_scale = scale_known(k->result_scale) ? k->result_scale : 0;
        k->low_scale = scale_known(k->low_scale) ? k->low_scale : 0;
        k->high_scale = scale_known(k->high_scale) ? k->high_scale : 0;
    }
    if (((flag & 1) && tail->has_result_scale && tail->result_scale) || ((flag & 0x50) && tail->has_low && tail->low != 0) ||
        ((flag & 0xa0) && tail->has_high && tail->high != 0))
        loader_note(l, XL_FINDING_FIELD_INVALID, 0, "%u %s", k->number, k->name);
    if (tail->has_units)
        k->units = field_text(l, tail->units, tail->units_length);
    if (tail->has_format)
        k->result_format = field_text(l, tail->format, tail->format_length);
    if (tail->has_low_spec && !(flag & 4))
        k->low_spec = tail->low_spec;
    if (tail->has_high_spec && !(flag & 8))
        k->high_spec = tail->high_spec;
    if (k->low > k->high)
        loader_note(l, XL_FINDING_LIMITS_REVERSED, 0, "%u %s", k->number, k->name);
    if (tail->pin_index_count && !t->pin_index_count) {
        uint16_t *indexes = arena_take(l->arena, tail->pin_index_count, sizeof *indexes);
        for (uint32_t i = 0; i < tail->pin_index_count; i++)
            indexes[i] = load_u2(tail->pin_indexes + 2 * (size_t)i, l->big_endian);
        t->pin_indexes = indexes;
        t->pin_index_count = tail->pin_index_count;
    }
}

static void limits_changed(struct xl_loader *l, struct test *t, float low, float high)
{
    loader_note(l, XL_FINDING_LIMITS_CHANGED, 0, "%u %s", t->known.number, t->known.name);
    for (uint32_t i = t->known.change_count; i-- > 0;)
        if (same_limit(t->changes[i].low, low) && same_limit(t->changes[i].high, high)) {
            t->changes[i].results++;
            return;
        }
    if (t->known.change_count >= LOADER_LIMIT_CHANGES_MOST)
        return;
    if (t->known.change_count == t->change_capacity) {
        t->change_capacity = t->change_capacity ? t->change_capacity * 2 : 4;
        t->changes = memory_grow(t->changes, t->change_capacity, sizeof *t->changes);
    }
    t->changes[t->known.change_count++] = (struct xl_limit_change){
        .offset = l->offset,
        .row = (uint32_t)l->ordinal,
        .results = 1,
        .low = low,
        .high = high,
    };
}

void directory_tail(struct xl_loader *l, struct alias *a, const uint8_t *bytes, uint32_t length, uint32_t pins, uint8_t parm_flag)
{
    struct test *t = a->test;
    struct tail tail = tail_read(bytes_of(bytes, length, l->big_endian), (enum xl_test_kind)a->kind, pins);
    if (!tail.has_flag)
        return;
    if (!t->known.limits_known) {
        first_tail(l, t, &tail, parm_flag);
    } else {
        float low = limit_of(tail.flag, 6, 4, tail.has_low, tail.low, t->known.low);
        float high = limit_of(tail.flag, 7, 5, tail.has_high, tail.high, t->known.high);
        if (!same_limit(low, t->known.low) || !same_limit(high, t->known.high))
            limits_changed(l, t, low, high);
    }
    /* From here on a record with the very same bytes says nothing new. A tail that only changed limits is not remembered: each such
     * record counts. */
    if (!a->tail) {
        a->tail = arena_copy(l->arena, bytes, length);
        a->tail_length = length;
    }
    aliases_refresh(t);
}
