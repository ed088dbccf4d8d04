/* part_details.h: what does not fit a column, read from the raw file again: pins of MPR, vectors of FTR, scan fails of STR. */
#pragma once

#include "main/gather.h"

struct part_place {
    const struct gathered *source;
    uint64_t begin, end; /* bytes in the uncompressed file */
    uint8_t head, site;
    char *name;
};
/* Prints the parts in the order given; each raw file is read once. Reading failures are noticed. */
void part_details_print(const struct gather *gather, const struct part_place *places, size_t count);
