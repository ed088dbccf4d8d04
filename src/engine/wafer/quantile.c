/* quantile.c: exact selection of several ranks: a histogram over the bits tells which few buckets hold them; only these are looked at
 * again. About two light passes over the values, whatever they are.
 *
 * A float's bits, its sign bit turned (or all bits, when negative), are an unsigned number in the order of the floats. Buckets divide the
 * span between the least and the greatest such number, so samples that lie close together spread as well as wild ones. */
#include "engine/wafer/quantile.h"

#include <xinlian/wafer.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { RANKS_MOST = 2 * QUANTILES_MOST, SMALL = 40, BUCKET_BITS = 11, FEW_BUCKET_BITS = 8, FEW = 8192 };

/* Floats seen as numbers in the same memory. */
typedef uint32_t __attribute__((may_alias)) key;

/* Both ways: the sign bit of a number is set where the float is positive. */
static inline uint32_t key_of_bits(uint32_t bits)
{
    return bits ^ ((uint32_t)((int32_t)bits >> 31) | UINT32_C(0x80000000));
}

static inline float key_float(uint32_t number)
{
    uint32_t bits = number & UINT32_C(0x80000000) ? number ^ UINT32_C(0x80000000) : ~number;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void sort_few(key *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        key moved = keys[i];
        size_t k = i;
        for (; k && keys[k - 1] > moved; k--)
            keys[k] = keys[k - 1];
        keys[k] = moved;
    }
}

/* The keys of ascending ranks. `other` has room for n keys, or is NULL: then what is needed is allocated. Both are overwritten. */
static void select_ranks(key *keys, size_t n, key *other, const size_t *ranks, size_t count, uint32_t *out)
{
    if (n <= SMALL) {
        sort_few(keys, n);
        for (size_t r = 0; r < count; r++)
            out[r] = keys[ranks[r]];
        return;
    }
    uint32_t low = UINT32_MAX, high = 0;
    for (size_t i = 0; i < n; i++) {
        low = keys[i] < low ? keys[i] : low;
        high = keys[i] > high ? keys[i] : high;
    }
    if (low == high) {
        for (size_t r = 0; r < count; r++)
            out[r] = low;
        return;
    }
    unsigned bits = n < FEW ? FEW_BUCKET_BITS : BUCKET_BITS, width = 32 - (unsigned)__builtin_clz(high - low);
    unsigned shift = width > bits ? width - bits : 0;
    size_t buckets = (size_t)1 << bits;

    /* Two histograms, so that equal neighbours do not wait for each other. */
    uint32_t counts[2][1 << BUCKET_BITS];
    memset(counts[0], 0, buckets * sizeof counts[0][0]);
    memset(counts[1], 0, buckets * sizeof counts[1][0]);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        counts[0][(keys[i] - low) >> shift]++;
        counts[1][(keys[i + 1] - low) >> shift]++;
        counts[0][(keys[i + 2] - low) >> shift]++;
        counts[1][(keys[i + 3] - low) >> shift]++;
    }
    for (; i < n; i++)
        counts[0][(keys[i] - low) >> shift]++;

    /* Which buckets hold the ranks: slot 0 for none, then 1, 2 ... */
    uint8_t slot[1 << BUCKET_BITS];
    size_t first[RANKS_MOST + 1], size[RANKS_MOST + 1], below[RANKS_MOST + 1], rank_begin[RANKS_MOST + 2];
    size_t slots = 0, before = 0, wanted = 0, r = 0;
    memset(slot, 0, buckets);
    for (size_t b = 0; b < buckets && r < count; b++) {
        size_t here = (size_t)counts[0][b] + counts[1][b];
        if (ranks[r] < before + here) {
            slot[b] = (uint8_t)++slots;
            first[slots] = wanted;
            size[slots] = here;
            below[slots] = before;
            rank_begin[slots] = r;
            while (r < count && ranks[r] < before + here)
                r++;
            wanted += here;
        }
        before += here;
    }
    rank_begin[slots + 1] = count;
    if (!shift) { /* a bucket is one key: samples of few levels end here */
        size_t b = 0, at = 0;
        for (r = 0; r < count; r++) {
            while (ranks[r] >= at + counts[0][b] + counts[1][b]) {
                at += (size_t)counts[0][b] + counts[1][b];
                b++;
            }
            out[r] = low + (uint32_t)b;
        }
        return;
    }

    key *room = other ? other : memory_new(wanted, sizeof *room);
    size_t end[RANKS_MOST + 1];
    memcpy(end, first, sizeof end);
    for (i = 0; i < n; i++) {
        uint8_t s = slot[(keys[i] - low) >> shift];
        if (s)
            room[end[s]++] = keys[i];
    }
    for (size_t s = 1; s <= slots; s++) {
        size_t inner[RANKS_MOST], some = rank_begin[s + 1] - rank_begin[s];
        for (size_t k = 0; k < some; k++)
            inner[k] = ranks[rank_begin[s] + k] - below[s];
        select_ranks(room + first[s], size[s], keys + first[s], inner, some, out + rank_begin[s]);
    }
    if (!other)
        free(room);
}

void quantiles_of(float *values, size_t n, const double *q, size_t count, double *out)
{
    if (!n || count > QUANTILES_MOST)
        BUG("%zu quantiles of %zu values", count, n);
    size_t ranks[RANKS_MOST];
    uint32_t keys[RANKS_MOST];
    for (size_t i = 0; i < count; i++) {
        double at = (double)(n - 1) * q[i];
        ranks[2 * i] = (size_t)at < n - 1 ? (size_t)at : n - 1;
        ranks[2 * i + 1] = ranks[2 * i] + 1 < n ? ranks[2 * i] + 1 : n - 1;
    }
    /* Neighbouring quantiles of a small sample may cross: 3,4 and 3,4. Selection wants them ascending. */
    size_t sorted[RANKS_MOST] = {0}, place[RANKS_MOST] = {0};
    for (size_t i = 0; i < 2 * count; i++) {
        size_t k = i;
        for (; k && sorted[k - 1] > ranks[i]; k--) {
            sorted[k] = sorted[k - 1];
            place[k] = place[k - 1];
        }
        sorted[k] = ranks[i];
        place[k] = i;
    }
    key *bits = (key *)values;
    for (size_t i = 0; i < n; i++)
        bits[i] = key_of_bits(bits[i]);
    uint32_t found[RANKS_MOST];
    select_ranks(bits, n, NULL, sorted, 2 * count, found);
    for (size_t i = 0; i < 2 * count; i++)
        keys[place[i]] = found[i];
    for (size_t i = 0; i < count; i++) {
        double at = (double)(n - 1) * q[i], low = key_float(keys[2 * i]), high = key_float(keys[2 * i + 1]);
        out[i] = low == high ? low : low + (at - (double)ranks[2 * i]) * (high - low);
    }
}

void xl_quantiles(const float *values, size_t n, const double *q, size_t count, double *out)
{
    float *copy = memory_new(n, sizeof *copy);
    for (size_t done = 0; done < count; done += QUANTILES_MOST) {
        memcpy(copy, values, n * sizeof *copy);
        quantiles_of(copy, n, q + done, count - done < QUANTILES_MOST ? count - done : QUANTILES_MOST, out + done);
    }
    free(copy);
}

double xl_quantile(const float *values, size_t n, double q)
{
    double out;
    xl_quantiles(values, n, &q, 1, &out);
    return out;
}
