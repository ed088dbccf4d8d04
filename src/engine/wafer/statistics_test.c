/* statistics_test.c: statistics against exact rational arithmetic (statistics_expected.h), NIST's certified values, and tables by hand. */
#include <xinlian/wafer.h>

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/wafer/moments.h"
#include "engine/wafer/statistics_expected.h"
#include "engine/wafer/table_test_helper.h"

static const struct xl_statistics_options everything = {.wafer = XL_ALL_WAFERS, .site = -1, .pin = -1, .quantiles = true};

static struct xl_lot *lot_of(struct bench *const *files, size_t count, enum xl_retest_pick pick)
{
    struct xl_lot *lot = xl_lot_new(&(struct xl_lot_options){.policy = {.pick = pick}});
    for (size_t i = 0; i < count; i++)
        xl_lot_add(lot, bench_table(files[i]));
    assert_true(xl_lot_build(lot, NULL));
    return lot;
}

static void check(const char *sample, const char *what, double found, double wanted, double relative)
{
    if (isnan(wanted) ? isnan(found) : fabs(found - wanted) <= relative * fabs(wanted))
        return;
    fail_msg("%s: %s is %.17g, wanted %.17g", sample, what, found, wanted);
}

/* ---- Against exact rationals -------------------------------------------------------------------------------------- */

static float *sample_values(const struct sample *s, uint64_t seed)
{
    float *values = memory_new(s->n, sizeof *values);
    uint64_t state = seed;
    for (unsigned i = 0; i < s->n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t r = (int64_t)(state >> 33);
        switch (s->kind) {
        case SAMPLE_PLAIN:
            values[i] = (float)ldexp((double)(s->base + r % s->modulus), s->exponent);
            break;
        case SAMPLE_SKEWED:
            values[i] = (float)((r % 4000) * (r % 4000));
            break;
        case SAMPLE_MAGNITUDES:
            values[i] = (float)ldexp((double)(r / 64 % 1048576 - 524288), (int)(r % 60) - 60);
            break;
        }
    }
    return values;
}

static void exact_rationals(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof samples / sizeof *samples; k++) {
        const struct sample *s = &samples[k];
        float *values = sample_values(s, k + 1);
        struct bench *b[3];
        for (size_t w = 0; w < 3; w++) {
            b[w] = bench_new("a", ((const char *const[]){"1", "2", "3"})[w]);
            b[w]->rows_a_group = 700;
            bench_test(b[w], XL_TEST_PTR, 7, "t", (float)s->low, (float)s->high);
        }
        for (unsigned i = 0; i < s->n; i++)
            bench_part(b[i % 3], (struct bench_part){.x = (int32_t)i % 1000, .y = (int32_t)i / 1000, .hard_bin = 1}, &values[i]);
        struct xl_lot *lot = lot_of(b, 3, XL_RETEST_LAST);
        struct xl_statistics f = xl_statistics_of(lot, 0, &everything);
        const double *e = s->expected;
        assert_int_equal(f.n, s->n);
        check(s->name, "mean", f.mean, e[0], e[1] > 0 ? 1e-15 * (1 + e[1] / fabs(e[0])) : 0); /* by the spread where it cancels */
        check(s->name, "sd", f.sd, e[1], 1e-13);
        check(s->name, "sd within", f.sd_within, e[2], 1e-13);
        check(s->name, "minimum", f.minimum, e[3], 0);
        check(s->name, "p01", f.p01, e[4], 1e-14);
        check(s->name, "q1", f.q1, e[5], 1e-15);
        check(s->name, "median", f.median, e[6], 1e-15);
        check(s->name, "q3", f.q3, e[7], 1e-15);
        check(s->name, "p99", f.p99, e[8], 1e-14);
        check(s->name, "maximum", f.maximum, e[9], 0);
        check(s->name, "robust sigma", f.robust_sigma, e[10], 1e-12);
        check(s->name, "skewness", f.skewness, e[11], 1e-10); /* near 0: cancels */
        check(s->name, "kurtosis", f.kurtosis, e[12], 1e-12);
        check(s->name, "cp", f.cp, e[13], 1e-12);
        check(s->name, "cpk", f.cpk, e[14], 1e-12);
        check(s->name, "pp", f.pp, e[15], 1e-12);
        check(s->name, "ppk", f.ppk, e[16], 1e-12);
        xl_lot_free(lot);
        for (size_t w = 0; w < 3; w++)
            bench_free(b[w]);
        free(values);
    }
}

/* ---- NIST StRD, univariate ---------------------------------------------------------------------------------------- */

/* Lew: deflections of a steel-concrete beam. Lottery: winning numbers. Whole numbers, so exact as float. */
static const float lew[] = {
    -213, -564, -35,  -15,  141,  115,  -420, -360, 203,  -338, -431, 194,  -220, -513, 154,  -125, -559, 92,   -21,  -579,
    -52,  99,   -543, -175, 162,  -457, -346, 204,  -300, -474, 164,  -107, -572, -8,   83,   -541, -224, 180,  -420, -374,
    201,  -236, -531, 83,   27,   -564, -112, 131,  -507, -254, 199,  -311, -495, 143,  -46,  -579, -90,  136,  -472, -338,
    202,  -287, -477, 169,  -124, -568, 17,   48,   -568, -135, 162,  -430, -422, 172,  -74,  -577, -13,  92,   -534, -243,
    194,  -355, -465, 156,  -81,  -578, -64,  139,  -449, -384, 193,  -198, -538, 110,  -44,  -577, -6,   66,   -552, -164,
    161,  -460, -344, 205,  -281, -504, 134,  -28,  -576, -118, 156,  -437, -381, 200,  -220, -540, 83,   11,   -568, -160,
    172,  -414, -408, 188,  -125, -572, -32,  139,  -492, -321, 205,  -262, -504, 142,  -83,  -574, 0,    48,   -571, -106,
    137,  -501, -266, 190,  -391, -406, 194,  -186, -553, 83,   -13,  -577, -49,  103,  -515, -280, 201,  300,  -506, 131,
    -45,  -578, -80,  138,  -462, -361, 201,  -211, -554, 32,   74,   -533, -235, 187,  -372, -442, 182,  -147, -566, 25,
    68,   -535, -244, 194,  -351, -463, 174,  -125, -570, 15,   72,   -550, -190, 172,  -424, -385, 198,  -218, -536, 96};
static const float lottery[] = {
    162, 671, 933, 414, 788, 730, 817, 33,  536, 875, 670, 236, 473, 167, 877, 980, 316, 950, 456, 92,  517, 557, 956, 954, 104,
    178, 794, 278, 147, 773, 437, 435, 502, 610, 582, 780, 689, 562, 964, 791, 28,  97,  848, 281, 858, 538, 660, 972, 671, 613,
    867, 448, 738, 966, 139, 636, 847, 659, 754, 243, 122, 455, 195, 968, 793, 59,  730, 361, 574, 522, 97,  762, 431, 158, 429,
    414, 22,  629, 788, 999, 187, 215, 810, 782, 47,  34,  108, 986, 25,  644, 829, 630, 315, 567, 919, 331, 207, 412, 242, 607,
    668, 944, 749, 168, 864, 442, 533, 805, 372, 63,  458, 777, 416, 340, 436, 140, 919, 350, 510, 572, 905, 900, 85,  389, 473,
    758, 444, 169, 625, 692, 140, 897, 672, 288, 312, 860, 724, 226, 884, 508, 976, 741, 476, 417, 831, 15,  318, 432, 241, 114,
    799, 955, 833, 358, 935, 146, 630, 830, 440, 642, 356, 373, 271, 715, 367, 393, 190, 669, 8,   861, 108, 795, 269, 590, 326,
    866, 64,  523, 862, 840, 219, 382, 998, 4,   628, 305, 747, 247, 34,  747, 729, 645, 856, 974, 24,  568, 24,  694, 608, 480,
    410, 729, 947, 293, 53,  930, 223, 203, 677, 227, 62,  455, 387, 318, 562, 242, 428, 968};

static void nist_certified(void **state)
{
    (void)state;
    struct moments m = moments_of(lew, sizeof lew / sizeof *lew, lew[0]);
    assert_int_equal(m.n, 200);
    check("Lew", "mean", moments_mean(&m), -177.435000000000, 1e-15);
    check("Lew", "sd", moments_sd(&m), 277.332168044316, 5e-15);
    m = moments_of(lottery, sizeof lottery / sizeof *lottery, lottery[0]);
    assert_int_equal(m.n, 218);
    check("Lottery", "mean", moments_mean(&m), 518.958715596330, 1e-15);
    check("Lottery", "sd", moments_sd(&m), 291.699727470969, 5e-15);

    float first[] = {10000001, 10000003, 10000002};
    m = moments_of(first, 3, first[0]);
    check("NumAcc1", "mean", moments_mean(&m), 10000002, 0);
    check("NumAcc1", "sd", moments_sd(&m), 1, 0);
    /* NumAcc2 and NumAcc3 times ten, for then their values are exact as float: 1.2, 1.1, 1.3 ... and 1000000.2, 1000000.1, ... */
    float values[1001];
    static const float bases[] = {12, 10000002};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < 1001; i++)
            values[i] = i == 0 ? bases[k] : bases[k] + (i % 2 ? -1.0f : 1.0f);
        m = moments_of(values, 1001, values[0]);
        check("NumAcc2, 3", "mean", moments_mean(&m), (double)bases[k], 0);
        check("NumAcc2, 3", "sd", moments_sd(&m), 1, 1e-15);
    }
}

/* ---- Which values ------------------------------------------------------------------------------------------------- */

static float missing(void)
{
    return bench_missing();
}

static void populations(void **state)
{
    (void)state;
    struct bench *one = bench_new("a", "1"), *two = bench_new("b", "1"), *three = bench_new("c", "2");
    struct bench *files[] = {one, two, three};
    two->table.start_time++;
    for (size_t i = 0; i < 3; i++)
        bench_test(files[i], XL_TEST_PTR, 5, "t", -1000, 1000);
    bench_test(one, XL_TEST_PTR, 6, "only in the first file", 0, 1);
    bench_part(one, (struct bench_part){.x = 1, .hard_bin = 1, .flags = XL_PART_FAILED, .site = 1}, (float[]){1, 0});
    bench_part(one, (struct bench_part){.x = 2, .hard_bin = 1, .site = 2}, (float[]){2, 0});
    bench_part(one, (struct bench_part){.x = 3, .hard_bin = 1, .flags = XL_PART_FAILED, .site = 1}, (float[]){4, missing()});
    bench_part(one, (struct bench_part){.x = 4, .hard_bin = 1, .flags = XL_PART_UNFINISHED, .site = 1}, (float[]){512, 0});
    bench_part(two, (struct bench_part){.x = 3, .hard_bin = 1, .flags = XL_PART_FAILED, .site = 2}, (float[]){8});
    bench_part(two, (struct bench_part){.x = 1, .hard_bin = 1, .site = 2}, (float[]){16});
    bench_part(three, (struct bench_part){.x = 1, .hard_bin = 1, .site = 1}, (float[]){32});
    bench_part(three, (struct bench_part){.x = 2, .hard_bin = 1, .site = 1}, (float[]){64});
    struct xl_lot *lot = lot_of(files, 3, XL_RETEST_LAST);
    static const struct {
        enum xl_population population;
        int64_t wafer;
        int32_t site;
        int sum;
    } cases[] = {
        {XL_CHOSEN_PARTS, XL_ALL_WAFERS, -1, 16 + 2 + 8 + 32 + 64},
        {XL_PASSING_PARTS, XL_ALL_WAFERS, -1, 16 + 2 + 32 + 64},
        {XL_FIRST_TOUCH, XL_ALL_WAFERS, -1, 1 + 2 + 4 + 32 + 64},
        {XL_ALL_RUNS, XL_ALL_WAFERS, -1, 1 + 2 + 4 + 8 + 16 + 32 + 64},
        {XL_CHOSEN_PARTS, 0, -1, 16 + 2 + 8},
        {XL_CHOSEN_PARTS, 1, -1, 32 + 64},
        {XL_ALL_RUNS, 0, 1, 1 + 4},
        {XL_FIRST_TOUCH, 0, 2, 2},
        {XL_CHOSEN_PARTS, 0, 2, 16 + 2 + 8},
        {XL_CHOSEN_PARTS, 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xl_statistics_options o = everything;
        o.population = cases[i].population;
        o.wafer = cases[i].wafer;
        o.site = cases[i].site;
        struct xl_statistics s = xl_statistics_of(lot, 0, &o);
        float *values;
        uint32_t *dies, *wafers;
        size_t n = xl_values_of(lot, 0, &o, &values, &dies, &wafers);
        double sum = 0;
        for (size_t k = 0; k < n; k++) {
            sum += (double)values[k];
            const struct xl_wafer *w = xl_lot_wafer(lot, wafers[k]);
            const struct xl_run *run = &w->runs[w->dice[dies[k]].first_run];
            bool found = false; /* the value is one of that die's */
            for (uint32_t r = 0; r < w->dice[dies[k]].run_count; r++)
                found |= xl_lot_table(lot, run[r].table)->groups[run[r].group].values[0][run[r].at] == values[k];
            assert_true(found);
            assert_true(k == 0 || wafers[k - 1] < wafers[k] || (wafers[k - 1] == wafers[k] && dies[k - 1] <= dies[k]));
        }
        assert_int_equal(sum, cases[i].sum);
        assert_int_equal(s.n, n);
        if (n)
            check("populations", "mean", s.mean * (double)n, cases[i].sum, 1e-15);
        else
            assert_true(isnan(s.mean) && isnan(s.median) && isnan(s.minimum) && isnan(s.cpk));
        free(values);
        free(dies);
        free(wafers);
    }
    struct xl_statistics s = xl_statistics_of(lot, 1, &everything); /* in the first file only, whose runs were replaced but one */
    assert_int_equal(s.n, 1);
    assert_true(isnan(s.sd) && s.median == 0);
    xl_lot_free(lot);
    for (size_t i = 0; i < 3; i++)
        bench_free(files[i]);
}

static void executions_pins_and_marks(void **state)
{
    (void)state;
    struct bench *b = bench_new("a", "1");
    bench_test_pins(b, XL_TEST_PTR, 1, "again", 0, 1, 1, 3); /* columns 0-2 */
    bench_test_pins(b, XL_TEST_MPR, 2, "pins", 0, 1, 2, 2);  /* columns 3, 4: pin 0; 5, 6: pin 1 */
    bench_test(b, XL_TEST_FTR, 3, "works", NAN, NAN);        /* column 7 */
    float no = missing();
    static const struct xl_mark first[] = {
        {.column = 0, .test_flag = XL_TEST_FAILED}, /* the first execution failed, the last passed */
        {.column = 7, .test_flag = XL_TEST_FAILED},
    };
    static const struct xl_mark second[] = {
        {.column = 1, .test_flag = XL_TEST_INVALID | XL_TEST_FAILED, .is_excluded = 1}, /* excluded, but the first counts */
        {.column = 3, .test_flag = XL_TEST_ALARM, .is_excluded = 1}, /* no execution of pin 0 counts: the last is excluded */
        {.column = 4, .test_flag = XL_TEST_ALARM | XL_TEST_FAILED, .is_excluded = 1},
        {.column = 6, .test_flag = XL_TEST_NO_VERDICT | XL_TEST_FAILED}, /* the failed bit is void */
        {.column = 99, .test_flag = XL_TEST_FAILED},                     /* no such column */
    };
    bench_part(b, (struct bench_part){.x = 1, .hard_bin = 1, .marks = first, .mark_count = 2}, (float[]){1, 2, 4, 8, no, 16, 32, 1});
    bench_part(b, (struct bench_part){.x = 2, .hard_bin = 1, .marks = second, .mark_count = 5}, (float[]){64, no, no, no, no, no, 128, 0});
    bench_part(b, (struct bench_part){.x = 3, .hard_bin = 1}, (float[]){no, INFINITY, no, no, no, NAN, no, no});
    struct xl_lot *lot = lot_of(&b, 1, XL_RETEST_LAST);
    static const struct {
        size_t test;
        enum xl_executions executions;
        int64_t pin;
        uint64_t n, excluded, fails;
        double sum;
    } cases[] = {
        {0, XL_LAST_EXECUTION, -1, 2, 1, 0, 4 + 64},
        {0, XL_FIRST_EXECUTION, -1, 2, 1, 1, 1 + 64},
        {0, XL_ALL_EXECUTIONS, -1, 4, 2, 2, 1 + 2 + 4 + 64},
        {1, XL_LAST_EXECUTION, -1, 3, 2, 1, 8 + 32 + 128},
        {1, XL_FIRST_EXECUTION, -1, 3, 2, 0, 8 + 16 + 128},
        {1, XL_LAST_EXECUTION, 0, 1, 1, 1, 8},
        {1, XL_LAST_EXECUTION, 1, 2, 1, 0, 32 + 128},
        {1, XL_LAST_EXECUTION, 2, 0, 0, 0, 0},
        {1, XL_ALL_EXECUTIONS, -1, 4, 3, 1, 8 + 16 + 32 + 128},
        {2, XL_LAST_EXECUTION, -1, 2, 0, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xl_statistics_options o = everything;
        o.executions = cases[i].executions;
        o.pin = cases[i].pin;
        struct xl_statistics s = xl_statistics_of(lot, cases[i].test, &o);
        if (s.n != cases[i].n || s.excluded != cases[i].excluded || s.fails != cases[i].fails)
            fail_msg("case %zu: n %" PRIu64 ", excluded %" PRIu64 ", fails %" PRIu64, i, s.n, s.excluded, s.fails);
        float *values;
        assert_int_equal(xl_values_of(lot, cases[i].test, &o, &values, NULL, NULL), s.n);
        double sum = 0;
        for (size_t k = 0; k < s.n; k++)
            sum += (double)values[k];
        assert_true(sum == cases[i].sum);
        free(values);
    }
    xl_lot_free(lot);
    bench_free(b);
}

static void limits(void **state)
{
    (void)state;
    struct bench *b = bench_new("a", "1");
    bench_test(b, XL_TEST_PTR, 1, "reversed", 3, 1);
    struct xl_test *t = bench_test(b, XL_TEST_PTR, 2, "spec", NAN, INFINITY);
    t->low_spec = 0;
    t->high_spec = 4;
    for (int i = 0; i < 3; i++)
        bench_part(b, (struct bench_part){.x = i, .hard_bin = 1}, (float[]){(float)i, (float)i});
    struct xl_lot *lot = lot_of(&b, 1, XL_RETEST_LAST);
    struct xl_statistics s = xl_statistics_of(lot, 0, &everything);
    assert_true(s.low == 3 && s.high == 1 && isnan(s.cp) && isnan(s.cpk) && isnan(s.pp) && isnan(s.ppk));
    assert_true(isnan(xl_statistics_of(lot, 1, &everything).cpk));
    struct xl_statistics_options o = everything;
    o.spec_limits = true;
    s = xl_statistics_of(lot, 1, &o); /* mean 1, sd 1 */
    check("spec", "cp", s.cp, 4.0 / 6, 1e-15);
    check("spec", "cpk", s.cpk, 1.0 / 3, 1e-15);
    xl_lot_free(lot);
    bench_free(b);
}

/* All tests on all cores give the same bits as each test alone. */
static void all_at_once(void **state)
{
    (void)state;
    struct bench *b[3];
    uint64_t r = 1;
    for (size_t w = 0; w < 3; w++) {
        b[w] = bench_new("a", ((const char *const[]){"1", "2", "3"})[w]);
        for (uint32_t t = 0; t < 101; t++)
            bench_test(b[w], XL_TEST_PTR, t, "t", 0, 1);
        for (int32_t i = 0; i < 500; i++) {
            float values[101];
            for (size_t t = 0; t < 101; t++) {
                r = r * UINT64_C(6364136223846793005) + 1;
                values[t] = r >> 60 ? (float)(r >> 40) * 0x1p-24f : missing();
            }
            bench_part(b[w], (struct bench_part){.x = i, .hard_bin = 1, .site = i % 4}, values);
        }
    }
    struct xl_lot *lot = lot_of(b, 3, XL_RETEST_LAST);
    for (int32_t site = -1; site < 2; site++) {
        struct xl_statistics_options o = everything;
        o.site = site;
        struct xl_statistics *all = memory_new(xl_lot_tests(lot), sizeof *all);
        xl_statistics_all(lot, &o, all);
        for (size_t t = 0; t < xl_lot_tests(lot); t++) {
            struct xl_statistics s = xl_statistics_of(lot, t, &o);
            assert_memory_equal(&s, &all[t], sizeof s);
            assert_true(s.n > 300);
        }
        free(all);
    }
    xl_lot_free(lot);
    for (size_t w = 0; w < 3; w++)
        bench_free(b[w]);
}

/* ---- Quantiles ---------------------------------------------------------------------------------------------------- */

static int float_order(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void quantiles_against_a_sort(void **state)
{
    (void)state;
    static const double q[] = {0, 0.001, 0.01, 0.1, 0.25, 0.3, 0.5, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
    enum { COUNT = sizeof q / sizeof *q };
    static const size_t sizes[] = {1, 2, 3, 10, 39, 40, 41, 100, 1000, 8191, 8192, 50000};
    uint64_t r = 42;
    for (int shape = 0; shape < 8; shape++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            size_t n = sizes[k];
            float *values = memory_new(n, sizeof *values), *sorted = memory_new(n, sizeof *sorted);
            for (size_t i = 0; i < n; i++) {
                r = r * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                float u = (float)(r >> 40) * 0x1p-24f;
                uint32_t bits = (uint32_t)(r >> 32);
                switch (shape) {
                case 0:
                    values[i] = u;
                    break;
                case 1: /* close together */
                    values[i] = 1.2f + u * 1e-6f;
                    break;
                case 2: /* around zero */
                    values[i] = u - 0.5f;
                    break;
                case 3: /* any finite bits */
                    bits &= UINT32_C(0xfeffffff);
                    memcpy(&values[i], &bits, sizeof bits);
                    values[i] = isfinite(values[i]) ? values[i] : 0;
                    break;
                case 4: /* few levels */
                    values[i] = (float)(r >> 62) - 1;
                    break;
                case 5: /* outliers */
                    values[i] = r >> 57 ? 3.3f + u * 0.01f : r >> 56 & 1 ? 1e30f : -1e30f;
                    break;
                case 6: /* subnormal */
                    values[i] = ldexpf(u, -140) - ldexpf(1, -141);
                    break;
                case 7: /* one value, but for both ends and infinities */
                    values[i] = i == 0 ? -INFINITY : i == n / 2 ? INFINITY : 5;
                    break;
                }
            }
            memcpy(sorted, values, n * sizeof *values);
            qsort(sorted, n, sizeof *sorted, float_order);
            double found[COUNT];
            xl_quantiles(values, n, q, COUNT, found);
            for (size_t i = 0; i < COUNT; i++) {
                double at = (double)(n - 1) * q[i];
                size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
                double a = (double)sorted[low], b = (double)sorted[high], wanted = a == b ? a : a + (at - (double)low) * (b - a);
                if (!(found[i] == wanted || (isnan(found[i]) && isnan(wanted))))
                    fail_msg("shape %d, n %zu, q %g: %.9g, wanted %.9g", shape, n, q[i], found[i], wanted);
                double one = xl_quantile(values, n, q[i]);
                assert_memory_equal(&one, &found[i], sizeof one);
            }
            free(values);
            free(sorted);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_rationals),           cmocka_unit_test(nist_certified), cmocka_unit_test(populations),
        cmocka_unit_test(executions_pins_and_marks), cmocka_unit_test(limits),         cmocka_unit_test(all_at_once),
        cmocka_unit_test(quantiles_against_a_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
