/* filter.c: which part runs are looked at: head, site, hard bins and a condition.
 *
 * Logic has three values, as in SQL: a comparison with a missing value is neither true nor false, and a run is kept only where the whole
 * condition is true. So "t1000 < 1" and "not (t1000 < 1)" both leave out the runs that have no t1000. */
#include "engine/wafer/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"
#include "engine/wafer/filter_parse.h"

struct xl_filter {
    struct arena *arena;
    int head, site;
    uint16_t *hard_bins;
    size_t bin_count;
    bool has_program;
    struct filter_program program;
};

struct xl_filter *xl_filter_new(int head, int site, const uint16_t *hard_bins, size_t bin_count, const char *where, struct xl_error *error)
{
    struct xl_filter *f = memory_new(1, sizeof *f);
    f->arena = arena_new();
    f->head = head;
    f->site = site;
    f->bin_count = bin_count;
    if (bin_count)
        f->hard_bins = arena_copy(f->arena, hard_bins, bin_count * sizeof *hard_bins);
    f->has_program = where != NULL;
    if (where && !filter_parse(f->arena, where, &f->program, error)) {
        xl_filter_free(f);
        return NULL;
    }
    return f;
}

void xl_filter_free(struct xl_filter *f)
{
    if (!f)
        return;
    arena_free(f->arena);
    free(f);
}

/* ---- Tests found in tables ---------------------------------------------------------------------------------------- */

/* The columns of one named test in one table: every test of that number and name, the pin's executions. */
struct found {
    const uint32_t *columns; /* of the pin, by execution */
    uint32_t count;
    const struct xl_test *test;
    struct found *next; /* another test that fits, later in the program */
};

struct filter_at_work {
    const struct xl_filter *filter;
    struct arena *arena;
    struct found **found; /* tables x tests of the program */
};

static bool fits(const struct filter_test *wanted, const struct xl_test *test)
{
    return (!wanted->has_number || wanted->number == test->number) && (!wanted->name || strcmp(wanted->name, test->name) == 0);
}

static void find_test(struct filter_at_work *w, const struct xl_table *t, const struct filter_test *wanted, struct found **list)
{
    for (size_t i = 0; i < t->test_count; i++) {
        if (!fits(wanted, &t->tests[i]))
            continue;
        struct found *found = arena_take(w->arena, 1, sizeof *found);
        found->test = &t->tests[i];
        for (uint32_t k = 0; k < found->test->column_count; k++) {
            if (t->columns[found->test->columns[k]].pin != wanted->pin)
                continue;
            if (!found->count++)
                found->columns = &found->test->columns[k];
        }
        *list = found;
        list = &found->next;
    }
}

struct filter_at_work *filter_begin(const struct xl_filter *f, const struct xl_table *const *tables, size_t table_count,
                                    struct xl_error *error)
{
    struct filter_at_work *w = memory_new(1, sizeof *w);
    size_t tests = f->program.test_count;
    w->filter = f;
    w->arena = arena_new();
    w->found = arena_take(w->arena, table_count * tests + 1, sizeof *w->found);
    for (size_t k = 0; k < tests; k++) {
        const struct filter_test *wanted = &f->program.tests[k];
        bool any = false;
        for (size_t t = 0; t < table_count; t++) {
            find_test(w, tables[t], wanted, &w->found[t * tests + k]);
            any |= w->found[t * tests + k] != NULL;
        }
        if (any || !table_count)
            continue;
        if (wanted->has_number && wanted->name)
            xl_fail(error, "filter_test_unknown", _("No test has the number %u and the name \"%s\"."), wanted->number, wanted->name);
        else if (wanted->has_number)
            xl_fail(error, "filter_test_unknown", _("No test has the number %u."), wanted->number);
        else
            xl_fail(error, "filter_test_unknown", _("No test has the name \"%s\"."), wanted->name);
        xl_fail_place(error, _("column %zu"), wanted->column);
        filter_end(w);
        return NULL;
    }
    return w;
}

void filter_end(struct filter_at_work *w)
{
    if (!w)
        return;
    arena_free(w->arena);
    free(w);
}

/* ---- Values ------------------------------------------------------------------------------------------------------- */

enum truth { NO, YES, UNKNOWN };

struct value {
    double number; /* NaN: missing */
    const char *text;
    size_t length;
    enum truth truth;
};

static struct value number_or_missing(int64_t number, int64_t none)
{
    return (struct value){.number = number == none ? NAN : (double)number};
}

static struct value number_of(double number)
{
    return (struct value){.number = number};
}

static struct value truth_of(bool truth)
{
    return (struct value){.truth = truth ? YES : NO};
}

static struct value text_of(const char *text)
{
    return (struct value){.text = text, .length = strlen(text)};
}

static struct value bytes_of_row(struct xl_bytes bytes)
{
    return (struct value){.text = bytes.length ? (const char *)bytes.bytes : "", .length = bytes.length};
}

static struct value field_value(enum filter_field field, const struct filter_row *r)
{
    const struct xl_part_group *g = r->group;
    uint32_t at = r->at;
    switch (field) {
    case FIELD_x:
        return number_or_missing(g->x[at], XL_NO_COORDINATE);
    case FIELD_y:
        return number_or_missing(g->y[at], XL_NO_COORDINATE);
    case FIELD_head:
        return number_of(g->head[at]);
    case FIELD_site:
        return number_of(g->site[at]);
    case FIELD_bin:
    case FIELD_hard_bin:
        return number_of(g->hard_bin[at]);
    case FIELD_soft_bin:
        return number_or_missing(g->soft_bin[at], XL_NO_BIN);
    case FIELD_flags:
        return number_of(g->flags[at] & 0xff);
    case FIELD_test_ms:
        return number_or_missing(g->test_ms[at], 0);
    case FIELD_touch:
        return number_of(g->touch[at]);
    case FIELD_tests:
        return number_of(g->executed[at]);
    case FIELD_ordinal:
        return number_of(g->ordinal[at]);
    case FIELD_run:
        return number_of(r->run);
    case FIELD_runs:
        return number_of(r->runs);
    case FIELD_passed:
        return truth_of(r->passed);
    case FIELD_failed:
        return truth_of(!r->passed);
    case FIELD_abnormal:
        return truth_of(g->flags[at] & XL_PART_ABNORMAL);
    case FIELD_part_id:
        return bytes_of_row(g->part_id[at]);
    case FIELD_part_text:
        return bytes_of_row(g->part_text[at]);
    case FIELD_lot:
        return text_of(r->lot);
    case FIELD_sublot:
        return text_of(r->table->sublot);
    case FIELD_wafer:
        return text_of(r->wafer);
    case FIELD_source:
        return text_of(r->table->source);
    case FIELDS:
        break;
    }
    BUG("field %d of a filter", (int)field);
}

/* The last execution that counts, of the first test that fits and has one. */
static struct value test_value(const struct found *found, const struct filter_row *r)
{
    for (; found; found = found->next)
        for (uint32_t e = found->count; e-- > 0;) {
            const float *values = r->group->values[found->columns[e]];
            if (values && !xl_is_missing(values[r->at]))
                return number_of((double)values[r->at]);
        }
    return number_of(NAN);
}

static struct value test_failed(const struct found *found, const struct filter_row *r)
{
    struct xl_bytes marks = r->group->marks[r->at];
    for (uint32_t i = 0; found && i < marks.length / sizeof(struct xl_mark); i++) {
        struct xl_mark mark;
        memcpy(&mark, marks.bytes + i * sizeof mark, sizeof mark);
        if ((mark.test_flag & (XL_TEST_FAILED | XL_TEST_NO_VERDICT)) != XL_TEST_FAILED || mark.column >= r->table->column_count)
            continue;
        for (const struct found *f = found; f; f = f->next)
            if (&r->table->tests[r->table->columns[mark.column].test] == f->test)
                return truth_of(true);
    }
    return truth_of(false);
}

/* ---- Steps -------------------------------------------------------------------------------------------------------- */

static int text_order(const struct value *a, const struct value *b)
{
    size_t both = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->text, b->text, both);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* '*': any characters, '?': one byte. Only the last star is tried again, so a text takes length x pattern steps at most. */
static bool text_like(const struct value *text, const struct value *pattern)
{
    size_t t = 0, p = 0, star = SIZE_MAX, after = 0;
    while (t < text->length) {
        if (p < pattern->length && pattern->text[p] == '*') {
            star = ++p;
            after = t;
        } else if (p < pattern->length && (pattern->text[p] == '?' || pattern->text[p] == text->text[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++after;
        } else {
            return false;
        }
    }
    while (p < pattern->length && pattern->text[p] == '*')
        p++;
    return p == pattern->length;
}

static double bits_and(double a, double b)
{
    const double most = 9007199254740992; /* 2^53: whole numbers are exact below */
    if (!(fabs(a) < most && fabs(b) < most))
        return NAN;
    return (double)((int64_t)a & (int64_t)b);
}

static enum truth compared(enum filter_step_kind kind, const struct value *a, const struct value *b)
{
    int order;
    if (a->text) {
        order = text_order(a, b);
    } else if (a->truth == UNKNOWN || b->truth == UNKNOWN || isnan(a->number) || isnan(b->number)) {
        return UNKNOWN;
    } else {
        order = a->number == b->number ? (a->truth > b->truth) - (a->truth < b->truth) : a->number > b->number ? 1 : -1;
    }
    switch ((int)kind) {
    case STEP_EQUAL:
        return order == 0;
    case STEP_NOT_EQUAL:
        return order != 0;
    case STEP_LESS:
        return order < 0;
    case STEP_LESS_EQUAL:
        return order <= 0;
    case STEP_GREATER:
        return order > 0;
    case STEP_GREATER_EQUAL:
        return order >= 0;
    }
    BUG("step %d compares nothing", (int)kind);
}

/* `list`: texts, or pairs of numbers of which the second is NaN for a single one. */
static enum truth in_list(const struct value *value, const struct value *list, size_t count)
{
    bool unknown = false;
    for (size_t i = 0; i < count; i++) {
        if (value->text) {
            if (text_order(value, &list[i]) == 0)
                return YES;
            continue;
        }
        double from = list[2 * i].number, to = list[2 * i + 1].number;
        if (isnan(value->number) || isnan(from))
            unknown = true;
        else if (value->number == from || (value->number >= from && value->number <= to))
            return YES;
    }
    return unknown ? UNKNOWN : NO;
}

static struct value both(enum filter_step_kind kind, const struct value *a, const struct value *b)
{
    switch ((int)kind) {
    case STEP_PLUS:
        return number_of(a->number + b->number);
    case STEP_MINUS:
        return number_of(a->number - b->number);
    case STEP_TIMES:
        return number_of(a->number * b->number);
    case STEP_DIVIDE:
        return number_of(a->number / b->number);
    case STEP_REMAINDER:
        return number_of(fmod(a->number, b->number));
    case STEP_BITS:
        return number_of(bits_and(a->number, b->number));
    case STEP_LIKE:
        return truth_of(text_like(a, b));
    case STEP_AND:
        return (struct value){.truth = a->truth == NO || b->truth == NO ? NO : a->truth == YES && b->truth == YES ? YES : UNKNOWN};
    case STEP_OR:
        return (struct value){.truth = a->truth == YES || b->truth == YES ? YES : a->truth == NO && b->truth == NO ? NO : UNKNOWN};
    }
    return (struct value){.truth = compared(kind, a, b)};
}

static bool program_true(const struct filter_at_work *w, const struct filter_row *r)
{
    const struct filter_program *program = &w->filter->program;
    struct found *const *found = &w->found[r->table_index * program->test_count];
    struct value stack[FILTER_STACK_MOST];
    struct value *top = stack; /* the next free place */
    for (size_t i = 0; i < program->step_count; i++) {
        const struct filter_step *s = &program->steps[i];
        switch (s->kind) {
        case STEP_NUMBER:
            *top++ = number_of(s->number);
            break;
        case STEP_TEXT:
            *top++ = (struct value){.text = s->text, .length = s->length};
            break;
        case STEP_TRUTH:
            *top++ = truth_of(s->index);
            break;
        case STEP_FIELD:
            *top++ = field_value((enum filter_field)s->index, r);
            break;
        case STEP_TEST:
            *top++ = test_value(found[s->index], r);
            break;
        case STEP_TEST_FAILED:
            *top++ = test_failed(found[s->index], r);
            break;
        case STEP_NEGATE:
            top[-1].number = -top[-1].number;
            break;
        case STEP_NOT:
            top[-1].truth = top[-1].truth == UNKNOWN ? UNKNOWN : top[-1].truth == NO ? YES : NO;
            break;
        case STEP_MISSING:
            top[-1] = truth_of(isnan(top[-1].number));
            break;
        case STEP_PLUS:
        case STEP_MINUS:
        case STEP_TIMES:
        case STEP_DIVIDE:
        case STEP_REMAINDER:
        case STEP_BITS:
        case STEP_EQUAL:
        case STEP_NOT_EQUAL:
        case STEP_LESS:
        case STEP_LESS_EQUAL:
        case STEP_GREATER:
        case STEP_GREATER_EQUAL:
        case STEP_LIKE:
        case STEP_AND:
        case STEP_OR:
            top--;
            top[-1] = both(s->kind, &top[-1], &top[0]);
            break;
        case STEP_IN: {
            /* Texts take one place each, numbers two. */
            bool texts = top[-1].text != NULL;
            top -= (texts ? 1 : 2) * (size_t)s->index;
            top[-1] = (struct value){.truth = in_list(&top[-1], top, s->index)};
            break;
        }
        }
    }
    return stack[0].truth == YES;
}

bool filter_keeps(const struct filter_at_work *w, const struct filter_row *r)
{
    const struct xl_filter *f = w->filter;
    if (f->head >= 0 && r->group->head[r->at] != f->head)
        return false;
    if (f->site >= 0 && r->group->site[r->at] != f->site)
        return false;
    bool in = f->bin_count == 0;
    for (size_t i = 0; !in && i < f->bin_count; i++)
        in = f->hard_bins[i] == r->group->hard_bin[r->at];
    return in && (!f->has_program || program_true(w, r));
}
