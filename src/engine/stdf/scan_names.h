/* scan_names.h: what the fails of a scan test refer to: pattern sets (PSR), pins (NMR, PMR), chains (CDR) and cells (CNR).
 *
 * Texts live in one arena until the end; past a ceiling nothing is kept any more, and a finding says so. */
#pragma once

#include <xinlian/scan.h>

struct arena;

struct scan_chain;
struct scan_cell;
struct scan_names {
    struct xl_findings *findings;
    struct arena *arena;
    bool full;
    struct xl_scan_set *sets; /* sorted by index */
    size_t set_count, set_capacity;
    size_t pattern_capacity;       /* of the set that is being continued */
    int open_set;                  /* index in `sets`, -1: none */
    uint32_t open_total;           /* TOTP_CNT of that set */
    const char **pins, **pmr_pins; /* by PMR index; NULL until the first one comes */
    struct scan_chain **chains;    /* by CDR index */
    uint16_t *chain_of_pin;        /* by PMR index of its output; index + 1 */
    int open_chain, open_map;      /* what is being continued; -1, 0: nothing */
    struct scan_cell *cells;       /* CNR: a hash table */
    size_t cell_capacity, cell_count;
    size_t listed; /* cells that chains listed so far */
};

void scan_names_init(struct scan_names *, struct xl_findings *);
void scan_names_free(struct scan_names *);
/* A PMR, PSR, NMR, CNR or CDR. */
void scan_names_record(struct scan_names *, uint64_t offset, const struct xl_stdf_fields *);
/* Whatever is still continued at the end of the stream was cut. */
void scan_names_end(struct scan_names *, uint64_t offset);
const struct xl_scan_set *scan_set_find(const struct scan_names *, uint32_t index);
/* Never NULL, "" when unknown. `chain` may be UINT32_MAX: then that of the pin. `first_bit`: the number of a chain's first bit. */
const char *scan_cell_name(const struct scan_names *, uint32_t chain, uint32_t pin, uint32_t bit, uint64_t first_bit);
const char *scan_pin_name(const struct scan_names *, uint32_t pin);
