/* moments.c: mean and central moments, block by block; written so that compilers turn the lanes into vectors. */
#include "engine/wafer/moments.h"

#include <math.h>

enum { BLOCK = 1024, LANES = 8 };

static double lanes_sum(const double *lanes)
{
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

static struct moments block_moments(const float *values, size_t n, double common)
{
    struct moments m = {.n = n, .origin = common, .minimum = INFINITY, .maximum = -INFINITY};
    if (!n)
        return m;
    double origin = (double)values[0], first[LANES] = {0};
    float low[LANES], high[LANES];
    for (size_t j = 0; j < LANES; j++)
        low[j] = high[j] = values[0];
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            float v = values[i + j];
            first[j] += (double)v - origin;
            low[j] = v < low[j] ? v : low[j];
            high[j] = v > high[j] ? v : high[j];
        }
    for (; i < n; i++) {
        first[0] += (double)values[i] - origin;
        low[0] = values[i] < low[0] ? values[i] : low[0];
        high[0] = values[i] > high[0] ? values[i] : high[0];
    }
    for (size_t j = 0; j < LANES; j++) {
        m.minimum = low[j] < m.minimum ? low[j] : m.minimum;
        m.maximum = high[j] > m.maximum ? high[j] : m.maximum;
    }
    double mean = lanes_sum(first) / (double)n; /* from `origin` */
    double s1[LANES] = {0}, s2[LANES] = {0}, s3[LANES] = {0}, s4[LANES] = {0};
    for (i = 0; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            double d = ((double)values[i + j] - origin) - mean, square = d * d;
            s1[j] += d;
            s2[j] += square;
            s3[j] += square * d;
            s4[j] += square * square;
        }
    for (; i < n; i++) {
        double d = ((double)values[i] - origin) - mean, square = d * d;
        s1[0] += d;
        s2[0] += square;
        s3[0] += square * d;
        s4[0] += square * square;
    }
    /* The mean is rounded; `shift` is what it misses. Sums around the true mean follow by the binomial theorem. */
    double count = (double)n, shift = lanes_sum(s1) / count, square = shift * shift;
    double t2 = lanes_sum(s2), t3 = lanes_sum(s3), t4 = lanes_sum(s4);
    m.offset = (origin - common) + (mean + shift);
    m.m2 = t2 - count * square;
    m.m3 = t3 - 3 * shift * t2 + 2 * count * square * shift;
    m.m4 = t4 - 4 * shift * t3 + 6 * square * t2 - 3 * count * square * square;
    if (m.m2 < 0 || m.minimum == m.maximum)
        m.m2 = m.m3 = m.m4 = 0;
    return m;
}

struct moments moments_merged(const struct moments *a, const struct moments *b)
{
    if (!a->n)
        return *b;
    if (!b->n)
        return *a;
    double na = (double)a->n, nb = (double)b->n, n = na + nb;
    double delta = b->offset - a->offset, step = delta / n, square = delta * step;
    struct moments m = {.n = a->n + b->n, .origin = a->origin};
    m.offset = a->offset + step * nb;
    m.m2 = a->m2 + b->m2 + square * (na * nb);
    m.m3 = a->m3 + b->m3 + square * step * (na * nb) * (na - nb) + 3 * step * (na * b->m2 - nb * a->m2);
    m.m4 = a->m4 + b->m4 + square * step * step * (na * nb) * (na * na - na * nb + nb * nb) +
           6 * step * step * (na * na * b->m2 + nb * nb * a->m2) + 4 * step * (na * b->m3 - nb * a->m3);
    m.minimum = a->minimum < b->minimum ? a->minimum : b->minimum;
    m.maximum = a->maximum > b->maximum ? a->maximum : b->maximum;
    return m;
}

struct moments moments_of(const float *values, size_t n, float origin)
{
    if (n <= BLOCK)
        return block_moments(values, n, (double)origin);
    size_t half = (n / 2 + BLOCK - 1) / BLOCK * BLOCK;
    struct moments a = moments_of(values, half, origin), b = moments_of(values + half, n - half, origin);
    return moments_merged(&a, &b);
}

double moments_mean(const struct moments *m)
{
    return m->n ? m->origin + m->offset : NAN;
}

double moments_sd(const struct moments *m)
{
    return m->n < 2 ? NAN : sqrt(m->m2 / (double)(m->n - 1));
}

double moments_skewness(const struct moments *m)
{
    double n = (double)m->n;
    if (m->n < 3 || !(m->m2 > 0))
        return NAN;
    double g = sqrt(n) * m->m3 / (m->m2 * sqrt(m->m2));
    return g * sqrt(n * (n - 1)) / (n - 2);
}

double moments_kurtosis(const struct moments *m)
{
    double n = (double)m->n;
    if (m->n < 4 || !(m->m2 > 0))
        return NAN;
    double g = n * m->m4 / (m->m2 * m->m2) - 3;
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g + 6);
}
