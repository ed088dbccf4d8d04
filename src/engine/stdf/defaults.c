/* defaults.c: what test records leave to the first record of their test. */
#include "engine/stdf/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "engine/stdf/layout.h"

enum {
    TESTS_MOST = 1 << 20, /* keys of one stream; tests beyond are passed as they are */
    FIELDS_MOST = 14,     /* that have defaults: an MPR's */
};

enum state {
    UNKNOWN, /* said by nobody so far */
    NONE,    /* said: there is none (limits) */
    SET,
};

struct value {
    enum state state;
    struct xl_stdf_value *value; /* its text is a copy */
};

/* One test of a stream. */
struct test {
    uint16_t type;
    uint32_t number;
    const uint8_t *text;
    size_t text_length;
    struct value values[FIELDS_MOST];
    struct xl_stdf_value *pins; /* MPR: RTN_INDX */
    uint32_t pin_count;
    uint64_t version;                 /* counts what was learned */
    bool complete;                    /* nothing is UNKNOWN */
    const struct test *equal;         /* the test of the other stream that knew the same ... */
    uint64_t equal_here, equal_there; /* ... when both had these versions */
    struct test *next;                /* in its slot */
    struct test *first_of_number;
};

struct defaults {
    struct arena *arena;
    struct test **slots;
    size_t slot_count, test_count;
    struct xl_stdf_decoder *decoder;
};

/* A field with a default, and the bits of OPT_FLAG that speak of it (-1: none does). */
struct field {
    int index, none_bit, default_bit;
};

static const struct field ptr_fields[] = {
    {PTR_RES_SCAL, -1, 0},  {PTR_LLM_SCAL, 6, 4},   {PTR_HLM_SCAL, 7, 5},   {PTR_LO_LIMIT, 6, 4}, {PTR_HI_LIMIT, 7, 5}, {PTR_UNITS, -1, -1},
    {PTR_C_RESFMT, -1, -1}, {PTR_C_LLMFMT, -1, -1}, {PTR_C_HLMFMT, -1, -1}, {PTR_LO_SPEC, 2, -1}, {PTR_HI_SPEC, 3, -1},
};
static const struct field mpr_fields[] = {
    {MPR_RES_SCAL, -1, 0},  {MPR_LLM_SCAL, 6, 4},   {MPR_HLM_SCAL, 7, 5}, {MPR_LO_LIMIT, 6, 4},   {MPR_HI_LIMIT, 7, 5},
    {MPR_START_IN, -1, 1},  {MPR_INCR_IN, -1, 1},   {MPR_UNITS, -1, -1},  {MPR_UNITS_IN, -1, -1}, {MPR_C_RESFMT, -1, -1},
    {MPR_C_LLMFMT, -1, -1}, {MPR_C_HLMFMT, -1, -1}, {MPR_LO_SPEC, 2, -1}, {MPR_HI_SPEC, 3, -1},
};
static const struct field ftr_fields[] = {{FTR_PATG_NUM, -1, -1}, {FTR_SPIN_MAP, -1, -1}};

static const struct field *fields_of(uint16_t type, size_t *count)
{
    if (type == XL_PTR) {
        *count = sizeof ptr_fields / sizeof *ptr_fields;
        return ptr_fields;
    }
    if (type == XL_MPR) {
        *count = sizeof mpr_fields / sizeof *mpr_fields;
        return mpr_fields;
    }
    *count = sizeof ftr_fields / sizeof *ftr_fields;
    return ftr_fields;
}

bool defaults_concern(uint16_t type)
{
    return type == XL_PTR || type == XL_MPR || type == XL_FTR;
}

struct defaults *defaults_new(void)
{
    struct defaults *defaults = memory_new(1, sizeof *defaults);
    defaults->arena = arena_new();
    defaults->slot_count = 1024;
    defaults->slots = memory_new(defaults->slot_count, sizeof *defaults->slots);
    defaults->decoder = xl_stdf_decoder_new();
    return defaults;
}

void defaults_free(struct defaults *defaults)
{
    if (!defaults)
        return;
    xl_stdf_decoder_free(defaults->decoder);
    arena_free(defaults->arena);
    free(defaults->slots);
    free(defaults);
}

/* ---- Which test -------------------------------------------------------------------------------------------------------------------------
 */

static void skip_text(struct bytes *b)
{
    bytes_take(b, bytes_u1(b));
}

bool test_of(const struct xl_stdf_record *record, uint32_t *number, const uint8_t **text, size_t *text_length)
{
    struct bytes b = bytes_of(record->data, record->length, record->big_endian);
    if (record->type == XL_STR)
        bytes_u1(&b); /* CONT_FLG */
    *number = bytes_u4(&b);
    bool has_number = !b.broken;
    if (record->type == XL_PTR)
        bytes_take(&b, 8);
    else if (record->type == XL_MPR) {
        bytes_take(&b, 4);
        size_t pins = bytes_u2(&b), results = bytes_u2(&b);
        bytes_take(&b, (pins + 1) / 2);
        bytes_take(&b, results * 4);
    } else if (record->type == XL_FTR) {
        bytes_take(&b, 4 + 6 * 4 + 2);
        size_t returned = bytes_u2(&b), programmed = bytes_u2(&b);
        bytes_take(&b, returned * 2 + (returned + 1) / 2);
        bytes_take(&b, programmed * 2 + (programmed + 1) / 2);
        bytes_take(&b, ((size_t)bytes_u2(&b) + 7) / 8); /* FAIL_PIN */
        skip_text(&b);                                  /* VECT_NAM, TIME_SET, OP_CODE */
        skip_text(&b);
        skip_text(&b);
    } else {
        bytes_take(&b, 5);
        skip_text(&b); /* LOG_TYP */
    }
    *text_length = bytes_u1(&b);
    *text = bytes_take(&b, *text_length);
    if (!*text) {
        *text = (const uint8_t *)"";
        *text_length = 0;
    }
    return has_number;
}

static size_t slot_of(const struct defaults *defaults, uint16_t type, uint32_t number)
{
    return ((number ^ (uint32_t)type << 16) * 0x9e3779b97f4a7c15u >> 20) & (defaults->slot_count - 1);
}

static void grow(struct defaults *defaults)
{
    struct test **old = defaults->slots;
    size_t count = defaults->slot_count;
    defaults->slot_count *= 4;
    defaults->slots = memory_new(defaults->slot_count, sizeof *defaults->slots);
    for (size_t i = 0; i < count; i++) {
        /* In order, so that the first test of a number stays before the others. */
        for (struct test *test = old[i], *next; test; test = next) {
            next = test->next;
            test->next = NULL;
            struct test **end = &defaults->slots[slot_of(defaults, test->type, test->number)];
            while (*end)
                end = &(*end)->next;
            *end = test;
        }
    }
    free(old);
}

/* The test that a record means: an empty text means the first test of its number, and a text names a first test that had none. */
static struct test *test_find(struct defaults *defaults, uint16_t type, uint32_t number, const uint8_t *text, size_t length)
{
    struct test **at = &defaults->slots[slot_of(defaults, type, number)], *first = NULL;
    for (; *at; at = &(*at)->next) {
        struct test *test = *at;
        if (test->type != type || test->number != number)
            continue;
        if (!first) {
            first = test;
            if (!length)
                return test;
            if (!test->text_length) {
                test->text = arena_copy(defaults->arena, text, length);
                test->text_length = length;
                return test;
            }
        }
        if (test->text_length == length && memcmp(test->text, text, length) == 0)
            return test;
    }
    if (defaults->test_count >= TESTS_MOST)
        return NULL;
    struct test *test = *at = arena_take(defaults->arena, 1, sizeof *test);
    test->type = type;
    test->number = number;
    test->text = length ? arena_copy(defaults->arena, text, length) : (const uint8_t *)"";
    test->text_length = length;
    test->first_of_number = first ? first : test;
    if (++defaults->test_count > defaults->slot_count)
        grow(defaults);
    return test;
}

/* ---- What a record says -----------------------------------------------------------------------------------------------------------------
 */

static bool is_text(enum xl_stdf_kind kind)
{
    return kind == XL_CN || kind == XL_BN || kind == XL_DN;
}

/* What the record itself says of a field: UNKNOWN where it leaves it to the default. */
static enum state said(const struct xl_stdf_fields *fields, const struct field *field)
{
    int flag = fields->layout->type == XL_PTR ? PTR_OPT_FLAG : fields->layout->type == XL_MPR ? MPR_OPT_FLAG : -1;
    if (flag >= 0) {
        if (fields->at[flag].presence != XL_PRESENT)
            return UNKNOWN;
        uint64_t bits = fields->at[flag].values[0].u;
        if (field->none_bit >= 0 && (bits >> field->none_bit & 1))
            return NONE;
        if (field->default_bit >= 0 && (bits >> field->default_bit & 1))
            return UNKNOWN;
    }
    if (fields->at[field->index].presence != XL_PRESENT)
        return UNKNOWN;
    const struct xl_stdf_value *value = fields->at[field->index].values;
    enum xl_stdf_kind kind = fields->layout->fields[field->index].kind;
    if (is_text(kind) ? value->text.length == 0 : fields->layout->type == XL_FTR && value->u == 255)
        return UNKNOWN;
    return SET;
}

static bool same_value(enum xl_stdf_kind kind, const struct xl_stdf_value *a, const struct xl_stdf_value *b)
{
    if (is_text(kind)) {
        size_t bytes = kind == XL_DN ? (a->text.length + 7) / 8 : a->text.length;
        return a->text.length == b->text.length && memcmp(a->text.bytes, b->text.bytes, bytes) == 0;
    }
    return kind == XL_R4 ? a->bits == b->bits : a->u == b->u;
}

/* Takes what the record says first. */
static void learn(struct defaults *defaults, struct test *test, const struct xl_stdf_fields *fields)
{
    size_t count;
    const struct field *field = fields_of(test->type, &count);
    bool complete = true;
    for (size_t i = 0; i < count; i++) {
        struct value *value = &test->values[i];
        if (value->state == UNKNOWN && (value->state = said(fields, &field[i])) != UNKNOWN) {
            test->version++;
            if (value->state == SET) {
                const struct xl_stdf_value *from = fields->at[field[i].index].values;
                enum xl_stdf_kind kind = fields->layout->fields[field[i].index].kind;
                value->value = arena_copy(defaults->arena, from, sizeof *from);
                if (is_text(kind))
                    value->value->text.bytes =
                        arena_copy(defaults->arena, from->text.bytes, kind == XL_DN ? (from->text.length + 7) / 8 : from->text.length);
            }
        }
        complete = complete && value->state != UNKNOWN;
    }
    if (test->type == XL_MPR && !test->pin_count) {
        if (fields->at[MPR_RTN_INDX].presence == XL_PRESENT && fields->at[MPR_RTN_INDX].count) {
            test->pin_count = fields->at[MPR_RTN_INDX].count;
            test->pins = arena_copy(defaults->arena, fields->at[MPR_RTN_INDX].values, test->pin_count * sizeof *test->pins);
            test->version++;
        } else
            complete = false;
    }
    test->complete = complete;
}

void defaults_learn(struct defaults *defaults, const struct xl_stdf_record *record)
{
    uint32_t number;
    const uint8_t *text;
    size_t length;
    if (!test_of(record, &number, &text, &length))
        return;
    struct test *test = test_find(defaults, record->type, number, text, length);
    if (!test || test->complete)
        return;
    learn(defaults, test, xl_stdf_decode(defaults->decoder, record));
}

/* ---- Carrying over ----------------------------------------------------------------------------------------------------------------------
 */

static bool same_pins(const struct test *a, const struct test *b)
{
    bool same = a->pin_count == b->pin_count;
    for (uint32_t i = 0; same && i < a->pin_count; i++)
        same = a->pins[i].u == b->pins[i].u;
    return same;
}

/* A specification limit that nobody knows is none: no record can say otherwise. */
static bool same_default(const struct field *field, enum xl_stdf_kind kind, const struct value *a, const struct value *b)
{
    bool is_spec = field->none_bit >= 0 && field->default_bit < 0;
    if (is_spec && a->state != SET && b->state != SET)
        return true;
    return a->state == b->state && (a->state != SET || same_value(kind, a->value, b->value));
}

static bool same_known(const struct test *a, const struct test *b)
{
    if (!same_pins(a, b))
        return false;
    size_t count;
    const struct field *field = fields_of(a->type, &count);
    const struct xl_stdf_layout *layout = xl_stdf_layout(a->type);
    for (size_t i = 0; i < count; i++)
        if (!same_default(&field[i], layout->fields[field[i].index].kind, &a->values[i], &b->values[i]))
            return false;
    return true;
}

static void set_present(struct xl_stdf_fields *fields, int index, struct xl_stdf_value *value)
{
    fields->at[index].presence = XL_PRESENT;
    fields->at[index].count = 1;
    fields->at[index].values = value;
}

/* Writes the record out in full, so that nothing is left to defaults that differ. Fields that were cut in the middle are written with their
 * missing value. Changes `fields`. */
static size_t write_full(const struct test *read, const struct test *written, struct xl_stdf_fields *fields, bool big_endian, uint8_t *out)
{
    const struct xl_stdf_layout *layout = fields->layout;
    enum state own[FIELDS_MOST];
    size_t count;
    const struct field *field = fields_of(read->type, &count);
    for (size_t i = 0; i < count; i++)
        own[i] = said(fields, &field[i]);

    struct xl_stdf_value name = {.kind = XL_CN, .text = {read->text, (uint32_t)read->text_length}};
    set_present(fields, read->type == XL_PTR ? PTR_TEST_TXT : read->type == XL_MPR ? MPR_TEST_TXT : FTR_TEST_TXT, &name);
    if (read->type == XL_PTR && fields->at[PTR_RESULT].presence != XL_PRESENT)
        fields->at[PTR_TEST_FLG].values[0].u |= 2; /* the result is not valid */
    struct xl_stdf_value nothing_valid = {.kind = XL_B1, .u = 0xff};
    if (read->type == XL_FTR && fields->at[FTR_OPT_FLAG].presence != XL_PRESENT)
        set_present(fields, FTR_OPT_FLAG, &nothing_valid);

    uint64_t flag = read->type == XL_PTR ? 2 : 0; /* PTR: bit 1 is reserved and 1 */
    struct xl_stdf_value values[FIELDS_MOST];
    for (size_t i = 0; i < count; i++) {
        enum state state = own[i] != UNKNOWN ? own[i] : read->values[i].state;
        if (own[i] == UNKNOWN && state == SET) {
            values[i] = *read->values[i].value;
            set_present(fields, field[i].index, &values[i]);
        }
        /* Not known to the reader, but to the reader of what was written before: the nearest thing that can be said is "none", or
         * for a text the one NUL that overrides it by "empty". */
        if (state == UNKNOWN && (written->values[i].state == SET || (field[i].none_bit >= 0 && field[i].default_bit < 0))) {
            if (field[i].none_bit >= 0)
                state = NONE;
            else if (layout->fields[field[i].index].kind == XL_CN) {
                values[i] = (struct xl_stdf_value){.kind = XL_CN, .text = {(const uint8_t *)"", 1}};
                set_present(fields, field[i].index, &values[i]);
            }
        }
        if (state == NONE && field[i].none_bit >= 0)
            flag |= 1u << field[i].none_bit;
        if (state == UNKNOWN && field[i].default_bit >= 0)
            flag |= 1u << field[i].default_bit;
    }
    struct xl_stdf_value flag_value = {.kind = XL_B1, .u = flag};
    if (read->type != XL_FTR)
        set_present(fields, read->type == XL_PTR ? PTR_OPT_FLAG : MPR_OPT_FLAG, &flag_value);
    if (read->type == XL_MPR && fields->at[MPR_RTN_INDX].presence != XL_PRESENT) {
        uint64_t pins = fields->at[MPR_RTN_ICNT].presence == XL_PRESENT ? fields->at[MPR_RTN_ICNT].values[0].u : 0;
        if (pins == read->pin_count) {
            set_present(fields, MPR_RTN_INDX, read->pins);
            fields->at[MPR_RTN_INDX].count = read->pin_count;
        } else
            /* Pins that nobody named cannot be written, and so nothing after them; limits and scales can. */
            for (size_t i = MPR_RTN_INDX; i < layout->field_count; i++)
                fields->at[i].presence = XL_CUT;
    }
    return xl_stdf_encode(fields, big_endian, out);
}

bool defaults_carry(struct defaults *read, struct defaults *written, struct xl_stdf_decoder *decoder, const struct xl_stdf_record *record,
                    uint8_t *out, size_t *length)
{
    uint32_t number;
    const uint8_t *text;
    size_t text_length;
    if (!test_of(record, &number, &text, &text_length))
        return false;
    struct test *from = test_find(read, record->type, number, text, text_length);
    struct test *to = from ? test_find(written, record->type, number, from->text, from->text_length) : NULL;
    if (!to)
        return false;
    bool name_lost = !text_length && from->text_length && to->first_of_number != to;
    bool equal = to->equal == from && to->equal_here == to->version && to->equal_there == from->version;
    if (equal && from->complete && !name_lost)
        return false;

    const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, record);
    learn(read, from, fields);
    bool as_it_is = !name_lost || fields->broken;
    if (!equal && !fields->broken) {
        if (record->type == XL_MPR && (fields->at[MPR_RTN_INDX].presence != XL_PRESENT || !fields->at[MPR_RTN_INDX].count))
            as_it_is = as_it_is && same_pins(from, to);
        size_t count;
        const struct field *field = fields_of(record->type, &count);
        for (size_t i = 0; as_it_is && i < count; i++) {
            if (said(fields, &field[i]) == UNKNOWN)
                as_it_is = same_default(&field[i], fields->layout->fields[field[i].index].kind, &from->values[i], &to->values[i]);
        }
    }
    bool full = false;
    if (!as_it_is) {
        /* The decoder's fields are ours to change until its next call. */
        struct xl_stdf_fields changed = *fields;
        *length = write_full(from, to, &changed, record->big_endian, out);
        if (*length) {
            full = true;
            struct xl_stdf_record made = *record;
            made.data = out + 4;
            made.length = (uint16_t)(*length - 4);
            learn(written, to, xl_stdf_decode(decoder, &made));
        }
    }
    if (!full)
        learn(written, to, xl_stdf_decode(decoder, record));
    to->equal = NULL;
    if (same_known(from, to)) {
        to->equal = from;
        to->equal_here = to->version;
        to->equal_there = from->version;
    }
    return full;
}
