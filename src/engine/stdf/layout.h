/* layout.h: names for the fields of every record: PTR_TEST_NUM is the index of TEST_NUM in a PTR, PTR_FIELDS how many there are. */
#pragma once

#include <xinlian/stdf.h>

#define RECORD(r, title, shortest)                                                          enum {
#define FIELD(r, name, kind, count, width, flag, flag_mask, flag_absent, optional, missing) r##_##name,
#define END(r)                                                                                                                             \
    r##_FIELDS                                                                                                                             \
    }                                                                                                                                      \
    ;
#include "engine/stdf/layout.def"

/* The widest layout: for tables of one row per field. */
enum { LAYOUT_FIELDS_MOST = 64 };
_Static_assert((int)STR_FIELDS <= (int)LAYOUT_FIELDS_MOST, "STR has the most fields");
