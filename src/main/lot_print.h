/* lot_print.h: how a lot introduces itself: what it is, where it comes from, by which rules its figures were made. */
#pragma once

#include "main/gather.h"

/* One line of title: "Lot ABC · product X · 2 wafers". */
void lot_title(const struct xl_lot *lot);
/* Product, program, tester, times, files; then what lot_rules prints. */
void lot_head(const struct xl_lot *lot, const struct gather *gather);
/* The retest policy, the corrections and the filter that are in force; without the policy when `lot` is NULL. */
void lot_rules(const struct xl_lot *lot);
/* --explain: how the policy chose, and the rules of the format that decided figures. */
void lot_explain(const struct xl_lot *lot, const struct gather *gather);
/* Indented heading of a section. */
void section_title(const char *format, ...) XL_PRINTF(1, 2);
/* "wafer 3", "sublot A"; for final test without a name "final test". */
const char *show_wafer(const struct xl_wafer *wafer);
/* "1000 Icc", "scan" */
const char *show_test(const struct xl_test *test);
