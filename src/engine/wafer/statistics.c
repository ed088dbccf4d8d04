/* statistics.c: what the values of a test look like over the runs that a plan chooses.
 *
 * The values of one test are gathered wafer by wafer into one buffer, their moments taken while a wafer is warm, and the quantiles
 * selected from the whole in the end. */
#include <xinlian/wafer.h>

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/wafer/moments.h"
#include "engine/wafer/plan.h"
#include "engine/wafer/quantile.h"

enum { CHUNK = 64, THREADS_MOST = 64, TESTS_A_TURN = 4 };

/* ---- Gathering ---------------------------------------------------------------------------------------------------- */

struct buffer {
    float *values;
    uint32_t *run; /* of each value; NULL: not wanted */
    size_t n, capacity;
    uint64_t not_finite; /* left out, though a result */
    bool wants_runs;
};

static void buffer_room(struct buffer *b, size_t more)
{
    if (b->n + more + CHUNK <= b->capacity)
        return;
    b->capacity = b->capacity ? b->capacity : 4096;
    while (b->capacity < b->n + more + CHUNK)
        b->capacity *= 2;
    b->values = memory_grow(b->values, b->capacity, sizeof *b->values);
    if (b->wants_runs)
        b->run = memory_grow(b->run, b->capacity, sizeof *b->run);
}

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline bool is_finite(uint32_t bits)
{
    return (bits & UINT32_C(0x7f800000)) != UINT32_C(0x7f800000);
}

/* Keeps the finite ones of the `count` values at the buffer's end. */
static void keep_finite(struct buffer *b, uint32_t count, const uint32_t *run)
{
    float *values = b->values + b->n;
    uint32_t kept = 0, missing = 0, bad = 0;
    for (uint32_t i = 0; i < count; i++)
        bad |= !is_finite(bits_of(values[i]));
    if (bad) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bits = bits_of(values[i]);
            missing += bits == XL_MISSING_BITS;
            values[kept] = values[i];
            if (b->run)
                b->run[b->n + kept] = run[i];
            kept += is_finite(bits);
        }
        b->not_finite += count - kept - missing;
    } else {
        kept = count;
        if (b->run)
            memcpy(b->run + b->n, run, count * sizeof *run);
    }
    b->n += kept;
}

static void gather_column(struct buffer *b, const struct plan_part *part, uint32_t column)
{
    const float *values = part->group->values[column];
    if (!values)
        return;
    buffer_room(b, part->count);
    for (uint32_t i = 0, count; i < part->count; i += count) {
        float *to = b->values + b->n;
        count = part->count - i < CHUNK ? part->count - i : CHUNK;
        if (part->is_whole)
            memcpy(to, values + i, count * sizeof *to);
        else
            for (uint32_t k = 0; k < count; k++)
                to[k] = values[part->at[i + k]];
        keep_finite(b, count, part->run + i);
    }
}

static void gather_executions(struct buffer *b, const struct plan_part *part, const uint32_t *columns, uint32_t first, uint32_t count,
                              bool last_one)
{
    buffer_room(b, part->count);
    for (uint32_t i = 0; i < part->count; i++) {
        uint32_t at = part->at[i], k = execution_of(part->group, at, columns, first, count, last_one);
        if (k == UINT32_MAX)
            continue;
        b->values[b->n] = part->group->values[columns[k]][at];
        keep_finite(b, 1, &part->run[i]);
    }
}

static void gather_test(struct buffer *b, const struct xl_lot *lot, const struct plan_part *part, uint32_t test,
                        const struct xl_statistics_options *o)
{
    const struct xl_table *table = lot->tables[part->table].table;
    const struct xl_test *t = &table->tests[test];
    for (uint32_t first = 0, count; first < t->column_count; first += count) {
        count = pin_columns(table, t, first);
        if (o->pin >= 0 && table->columns[t->columns[first]].pin != o->pin)
            continue;
        if (count == 1 || o->executions == XL_ALL_EXECUTIONS)
            for (uint32_t e = 0; e < count; e++)
                gather_column(b, part, t->columns[first + e]);
        else
            gather_executions(b, part, t->columns, first, count, o->executions == XL_LAST_EXECUTION);
    }
}

/* The table's tests that are part of the lot's test: mostly one. */
static const struct lot_link *links_of(const struct xl_lot *lot, size_t test, uint32_t table, size_t *count)
{
    size_t low = lot->link_first[test], high = lot->link_first[test + 1], end = high;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (lot->links[middle].table < table)
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < end && lot->links[low + *count].table == table;)
        ++*count;
    return &lot->links[low];
}

static void gather_part(struct buffer *b, const struct xl_lot *lot, const struct plan_part *part, size_t test,
                        const struct xl_statistics_options *o)
{
    size_t count;
    const struct lot_link *links = links_of(lot, test, part->table, &count);
    for (size_t i = 0; i < count; i++)
        gather_test(b, lot, part, links[i].test, o);
}

/* ---- One test ----------------------------------------------------------------------------------------------------- */

static void tally_test(const struct xl_lot *lot, const struct plan *plan, size_t test, int64_t pin, struct xl_statistics *s)
{
    for (size_t l = lot->link_first[test]; l < lot->link_first[test + 1]; l++) {
        const struct tally *tally = plan->tallies[lot->links[l].table];
        const struct xl_table *table = lot->tables[lot->links[l].table].table;
        const struct xl_test *t = &table->tests[lot->links[l].test];
        for (uint32_t c = 0; tally && c < t->column_count; c++)
            if (pin < 0 || table->columns[t->columns[c]].pin == pin) {
                s->excluded += tally[t->columns[c]].excluded;
                s->fails += tally[t->columns[c]].fails;
            }
    }
}

static double ratio(double tolerance, double sd)
{
    return sd > 0 ? tolerance / sd : NAN; /* a NaN tolerance stays one */
}

/* The least of those that exist. */
static double least(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static void capability(struct xl_statistics *s, const struct moments *m, const struct xl_test *t, bool spec)
{
    s->low = spec ? t->low_spec : t->low;
    s->high = spec ? t->high_spec : t->high;
    double low = isfinite(s->low) ? (double)s->low : NAN, high = isfinite(s->high) ? (double)s->high : NAN;
    if (low > high)
        low = high = NAN;
    /* From the origin: limits close around a mean far from zero keep their digits. */
    double upper = ((high - m->origin) - m->offset) / 3, lower = (m->offset - (low - m->origin)) / 3;
    s->cp = ratio((high - low) / 6, s->sd_within);
    s->cpk = ratio(least(upper, lower), s->sd_within);
    s->pp = ratio((high - low) / 6, s->sd);
    s->ppk = ratio(least(upper, lower), s->sd);
}

static struct xl_statistics statistics_of(const struct xl_lot *lot, const struct plan *plan, size_t test,
                                          const struct xl_statistics_options *o, struct buffer *b)
{
    struct xl_statistics s = {0};
    struct moments all = {.minimum = INFINITY, .maximum = -INFINITY};
    double within = 0;
    uint64_t freedom = 0;
    b->n = b->not_finite = 0;
    buffer_room(b, 1);
    for (size_t i = 0, next; i < plan->part_count; i = next) {
        size_t begin = b->n;
        for (next = i; next < plan->part_count && plan->parts[next].wafer == plan->parts[i].wafer; next++)
            gather_part(b, lot, &plan->parts[next], test, o);
        struct moments wafer = moments_of(b->n > begin ? b->values + begin : NULL, b->n - begin, b->n ? b->values[0] : 0);
        if (wafer.n) {
            within += wafer.m2;
            freedom += wafer.n - 1;
            all = moments_merged(&all, &wafer);
        }
    }
    tally_test(lot, plan, test, o->pin, &s);
    s.n = all.n;
    s.excluded += b->not_finite;
    if (all.n && all.minimum == all.maximum)
        all.m2 = all.m3 = all.m4 = 0;
    s.mean = moments_mean(&all);
    s.sd = moments_sd(&all);
    s.sd_within = freedom ? sqrt(within / (double)freedom) : NAN;
    s.minimum = all.n ? all.minimum : NAN;
    s.maximum = all.n ? all.maximum : NAN;
    s.skewness = moments_skewness(&all);
    s.kurtosis = moments_kurtosis(&all);
    s.p01 = s.q1 = s.median = s.q3 = s.p99 = NAN;
    if (o->quantiles && all.n) {
        static const double q[] = {0.01, 0.25, 0.5, 0.75, 0.99};
        double found[5];
        quantiles_of(b->values, b->n, q, 5, found);
        s.p01 = found[0];
        s.q1 = found[1];
        s.median = found[2];
        s.q3 = found[3];
        s.p99 = found[4];
    }
    s.robust_sigma = (s.q3 - s.q1) / 1.35;
    capability(&s, &all, lot->tests[test].test, o->spec_limits);
    return s;
}

struct xl_statistics xl_statistics_of(const struct xl_lot *lot, size_t test, const struct xl_statistics_options *o)
{
    if (test >= lot->test_count)
        BUG("test %zu of %zu", test, lot->test_count);
    struct plan *plan = plan_take(lot, o);
    struct buffer b = {0};
    struct xl_statistics s = statistics_of(lot, plan, test, o, &b);
    free(b.values);
    plan_give_back(lot, plan);
    return s;
}

/* ---- All tests ---------------------------------------------------------------------------------------------------- */

struct shared_work {
    const struct xl_lot *lot;
    const struct plan *plan;
    const struct xl_statistics_options *options;
    struct xl_statistics *out;
    atomic_size_t next;
};

static void *work(void *context)
{
    struct shared_work *w = context;
    struct buffer b = {0};
    for (;;) {
        size_t first = atomic_fetch_add(&w->next, TESTS_A_TURN);
        if (first >= w->lot->test_count)
            break;
        for (size_t t = first; t < w->lot->test_count && t < first + TESTS_A_TURN; t++)
            w->out[t] = statistics_of(w->lot, w->plan, t, w->options, &b);
    }
    free(b.values);
    return NULL;
}

void xl_statistics_all(const struct xl_lot *lot, const struct xl_statistics_options *o, struct xl_statistics *out)
{
    struct plan *plan = plan_take(lot, o);
    struct shared_work w = {lot, plan, o, out, 0};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t turns = lot->test_count / TESTS_A_TURN, threads = cores > 1 ? (size_t)cores - 1 : 0, begun = 0;
    if (threads > THREADS_MOST)
        threads = THREADS_MOST;
    if (threads > turns)
        threads = turns;
    if (plan->rows * lot->test_count < 100000) /* not worth a thread */
        threads = 0;
    pthread_t thread[THREADS_MOST];
    while (begun < threads && pthread_create(&thread[begun], NULL, work, &w) == 0)
        begun++;
    work(&w);
    while (begun)
        pthread_join(thread[--begun], NULL);
    plan_give_back(lot, plan);
}

/* ---- The values themselves ---------------------------------------------------------------------------------------- */

/* The values of one wafer, gathered from `begin` on, in the order of its runs: dice one after the other. */
static void order_by_run(const struct xl_wafer *w, struct buffer *b, size_t begin, uint32_t *dies)
{
    size_t n = b->n - begin, *place = memory_new(w->run_count + 1, sizeof *place);
    float *values = memory_new(n, sizeof *values);
    uint32_t *die_of = memory_new(w->run_count, sizeof *die_of);
    for (uint32_t d = 0; d < w->die_count; d++)
        for (uint32_t r = 0; r < w->dice[d].run_count; r++)
            die_of[w->dice[d].first_run + r] = d;
    for (size_t i = 0; i < n; i++)
        place[b->run[begin + i] + 1]++;
    for (size_t r = 0; r < w->run_count; r++)
        place[r + 1] += place[r];
    for (size_t i = 0; i < n; i++) {
        uint32_t run = b->run[begin + i];
        dies[begin + place[run]] = die_of[run];
        values[place[run]++] = b->values[begin + i];
    }
    memcpy(b->values + begin, values, n * sizeof *values);
    free(place);
    free(values);
    free(die_of);
}

size_t xl_values_of(const struct xl_lot *lot, size_t test, const struct xl_statistics_options *o, float **values, uint32_t **dies,
                    uint32_t **wafers)
{
    if (test >= lot->test_count)
        BUG("test %zu of %zu", test, lot->test_count);
    struct plan *plan = plan_take(lot, o);
    struct buffer b = {.wants_runs = true};
    buffer_room(&b, plan->rows);
    uint32_t *die = NULL, *wafer = NULL;
    size_t capacity = 0;
    for (size_t i = 0, next; i < plan->part_count; i = next) {
        size_t begin = b.n;
        for (next = i; next < plan->part_count && plan->parts[next].wafer == plan->parts[i].wafer; next++)
            gather_part(&b, lot, &plan->parts[next], test, o);
        if (capacity < b.capacity) {
            capacity = b.capacity;
            die = memory_grow(die, capacity, sizeof *die);
            wafer = memory_grow(wafer, capacity, sizeof *wafer);
        }
        order_by_run(&lot->wafers[plan->parts[i].wafer], &b, begin, die);
        for (size_t k = begin; k < b.n; k++)
            wafer[k] = plan->parts[i].wafer;
    }
    free(b.run);
    *values = b.values;
    if (dies)
        *dies = die;
    else
        free(die);
    if (wafers)
        *wafers = wafer;
    else
        free(wafer);
    plan_give_back(lot, plan);
    return b.n;
}
