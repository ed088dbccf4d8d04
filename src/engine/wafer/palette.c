/* palette.c: the colours of wafer maps and reports. */
#include "engine/wafer/palette.h"

#include <math.h>
#include <stdlib.h>

static const uint32_t passes[] = {0xa8ddb5, 0xc7e9c0, 0x8fd1c2, 0xd9efb4};
static const uint32_t fails[] = {0xd55e00, 0x0072b2, 0xaa4499, 0x56b4e9, 0xb8860b, 0x882255,
                                 0x4b3fa8, 0xcc6677, 0x6e6e6e, 0x7a4a12, 0x008080, 0xe69f00};
static const uint32_t categories[] = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xf0e442, 0x6e6e6e};
/* Viridis at 0, 1/10 ... 1. */
static const uint32_t shades[] = {0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c,
                                  0x22a884, 0x44bf70, 0x7ad151, 0xbddf26, 0xfde725};
static const uint32_t heats[] = {0xf1eef6, 0xfdd49e, 0xfdbb84, 0xfc8d59, 0xe34a33, 0xb30000, 0x67000d};

#define COUNT(list) (sizeof list / sizeof *list)

static uint32_t channel(uint32_t rgb, int shift)
{
    return rgb >> shift & 255;
}

/* `part` of 256 of the way from one colour to the other. */
static uint32_t blend(uint32_t from, uint32_t to, uint32_t part)
{
    uint32_t mixed = 0;
    for (int shift = 0; shift <= 16; shift += 8)
        mixed |= ((channel(from, shift) * (256 - part) + channel(to, shift) * part + 128) / 256) << shift;
    return mixed;
}

static uint32_t varied(uint32_t rgb, size_t round)
{
    if (round == 0)
        return rgb;
    uint32_t part = (uint32_t)(60 + 40 * ((round - 1) / 2 % 3));
    return blend(rgb, round % 2 ? 0x000000 : 0xffffff, part);
}

uint32_t palette_pass(size_t rank)
{
    return varied(passes[rank % COUNT(passes)], 2 * (rank / COUNT(passes)));
}

uint32_t palette_fail(size_t rank)
{
    return varied(fails[rank % COUNT(fails)], rank / COUNT(fails));
}

uint32_t palette_category(size_t rank)
{
    return varied(categories[rank % COUNT(categories)], rank / COUNT(categories));
}

static uint32_t along(const uint32_t *stops, size_t count, double position)
{
    if (!(position > 0))
        return stops[0];
    if (position >= 1)
        return stops[count - 1];
    double place = position * (double)(count - 1);
    size_t stop = (size_t)place;
    return blend(stops[stop], stops[stop + 1], (uint32_t)lround((place - (double)stop) * 256));
}

uint32_t palette_shade(double position)
{
    return along(shades, COUNT(shades), position);
}

uint32_t palette_heat(double position)
{
    return along(heats, COUNT(heats), position);
}

double palette_luminance(uint32_t rgb)
{
    static const double weights[] = {0.0722, 0.7152, 0.2126};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double c = channel(rgb, 8 * i) / 255.0;
        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

bool palette_wants_white(uint32_t rgb)
{
    return palette_luminance(rgb) < 0.179; /* where both contrasts are equal */
}

int palette_index_256(uint32_t rgb)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int cube = 16, cube_distance = 0, grey_sum = 0;
    for (int i = 2; i >= 0; i--) {
        int c = (int)channel(rgb, 8 * i), best = 0;
        for (int level = 1; level < 6; level++)
            if (abs(levels[level] - c) < abs(levels[best] - c))
                best = level;
        cube += best * (i == 2 ? 36 : i == 1 ? 6 : 1);
        cube_distance += (levels[best] - c) * (levels[best] - c);
        grey_sum += c;
    }
    int step = (grey_sum / 3 - 8 + 5) / 10;
    step = step < 0 ? 0 : step > 23 ? 23 : step;
    int grey_distance = 0;
    for (int i = 0; i < 3; i++) {
        int c = (int)channel(rgb, 8 * i);
        grey_distance += (8 + 10 * step - c) * (8 + 10 * step - c);
    }
    return grey_distance < cube_distance ? 232 + step : cube;
}
