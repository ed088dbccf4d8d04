/* palette.h: the colours of wafer maps and reports, chosen for eyes that do not tell red from green, and for grey printers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Colours are 0xRRGGBB. */

/* Bins: passing ones are pale greens, lighter than any of the failing ones, so that lightness alone tells them apart. The failing ones
 * start with Okabe and Ito's colours (2008), the most different first; past the last they come again, darker and paler in turn. */
uint32_t palette_pass(size_t rank);
uint32_t palette_fail(size_t rank);
/* Sites and other names without an order. */
uint32_t palette_category(size_t rank);

/* 0..1 along viridis (van der Walt and Smith, 2015): evenly growing lightness. */
uint32_t palette_shade(double position);
/* 0..1 for counts of bad things: from nearly white to dark red. */
uint32_t palette_heat(double position);
/* Values beyond a limit: neither is a colour of viridis. */
enum { PALETTE_BELOW = 0xcc79a7, PALETTE_ABOVE = 0xd55e00, PALETTE_NO_DIE = 0xe5e7eb };

/* Relative luminance as WCAG 2 defines it, 0..1, and the better of black and white text upon a colour. */
double palette_luminance(uint32_t rgb);
bool palette_wants_white(uint32_t rgb);

/* The nearest colour of the 6 x 6 x 6 cube and the greys of a 256-colour terminal. */
int palette_index_256(uint32_t rgb);
