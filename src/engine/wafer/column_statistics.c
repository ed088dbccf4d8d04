/* column_statistics.c: count, least, greatest, mean and squared deviations in one pass over a column.
 *
 * A block that fits the first-level cache is gone through twice (its mean, then the deviations from it), and blocks are joined by
 * Chan, Golub, LeVeque (1979), so nothing is lost to cancellation. Eight sums side by side have a fixed order of addition: the result
 * is the same bits with or without vector instructions, and the file with it. */
#include "engine/wafer/column_statistics.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024, LANES = 8 };

const struct xl_column_statistics column_statistics_none = {.minimum = INFINITY, .maximum = -INFINITY};

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool is_finite(float value)
{
    return (bits_of(value) & UINT32_C(0x7f800000)) != UINT32_C(0x7f800000);
}

static double lanes_sum(const double lanes[LANES])
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* Values behind the last multiple of LANES are padded with XL_MISSING by the caller. */
static void block_add(struct xl_column_statistics *s, const float *values, size_t count)
{
    int32_t finite[LANES] = {0}, missing[LANES] = {0};
    double sum[LANES] = {0}, deviation[LANES] = {0}, square[LANES] = {0};
    float least[LANES], most[LANES];
    for (int i = 0; i < LANES; i++) {
        least[i] = INFINITY;
        most[i] = -INFINITY;
    }
    for (size_t at = 0; at < count; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            float v = values[at + (size_t)i];
            bool good = is_finite(v);
            float low = good ? v : INFINITY, high = good ? v : -INFINITY;
            finite[i] += good;
            missing[i] += bits_of(v) == XL_MISSING_BITS;
            sum[i] += (double)(good ? v : 0.0f);
            least[i] = low < least[i] ? low : least[i];
            most[i] = high > most[i] ? high : most[i];
        }
    }
    uint64_t n = 0, absent = 0;
    for (int i = 0; i < LANES; i++) {
        n += (uint64_t)finite[i];
        absent += (uint64_t)missing[i];
        s->minimum = least[i] < s->minimum ? least[i] : s->minimum;
        s->maximum = most[i] > s->maximum ? most[i] : s->maximum;
    }
    s->not_finite += count - n - absent;
    if (n == 0)
        return;
    double mean = lanes_sum(sum) / (double)n;
    for (size_t at = 0; at < count; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            float v = values[at + (size_t)i];
            double d = is_finite(v) ? (double)v - mean : 0.0;
            deviation[i] += d;
            square[i] += d * d;
        }
    }
    /* The rounding of the mean, taken back. */
    double rest = lanes_sum(deviation);
    double m2 = lanes_sum(square) - rest * rest / (double)n;
    mean += rest / (double)n;
    if (m2 < 0)
        m2 = 0;
    double both = (double)(s->n + n), step = mean - s->mean;
    if (s->n == 0) {
        s->mean = mean;
        s->m2 = m2;
    } else {
        s->mean += step * (double)n / both;
        s->m2 += m2 + step * step * ((double)s->n * (double)n / both);
    }
    s->n += n;
}

void column_statistics_add(struct xl_column_statistics *s, const float *values, size_t count)
{
    for (; count >= BLOCK; count -= BLOCK, values += BLOCK)
        block_add(s, values, BLOCK);
    if (count == 0)
        return;
    size_t whole = count / LANES * LANES;
    if (whole == count) {
        block_add(s, values, count);
        return;
    }
    float last[BLOCK];
    size_t padded = whole + LANES;
    memcpy(last, values, count * sizeof *values);
    memset(last + count, 0xff, (padded - count) * sizeof *values); /* XL_MISSING */
    block_add(s, last, padded);
}

void column_statistics_marks(struct xl_column_statistics *statistics, uint32_t columns, const struct xl_bytes *marks, size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        for (uint32_t at = 0; at + sizeof(struct xl_mark) <= marks[row].length; at += (uint32_t)sizeof(struct xl_mark)) {
            struct xl_mark mark;
            memcpy(&mark, marks[row].bytes + at, sizeof mark);
            if (mark.column >= columns)
                continue;
            statistics[mark.column].excluded += mark.is_excluded != 0;
            statistics[mark.column].fails += (mark.test_flag & (XL_TEST_FAILED | XL_TEST_NO_VERDICT)) == XL_TEST_FAILED;
        }
    }
}
