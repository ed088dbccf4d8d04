/* show.h: figures as people read them. All results live in a ring of static buffers: good for the next sixteen calls. */
#pragma once

#include <xinlian/units.h>
#include <xinlian/wafer.h>

const char *show_count(uint64_t);                                   /* "1,456" */
const char *show_percent(uint64_t part, uint64_t of);               /* "93.87 %", "-" of nothing */
const char *show_time(int64_t seconds);                             /* "2026-11-24 09:30:00", "" for 0 */
const char *show_bytes(uint64_t);                                   /* "3.4 MB" */
const char *show_value(const struct xl_unit *, double, int digits); /* "1.2345"; "" for NaN */
const char *show_limit(const struct xl_unit *, float);              /* "" where there is none */
const char *show_ratio(double);                                     /* Cpk and the like: "1.33", "" for NaN */
/* "last run, by XY" */
const char *show_policy(const struct xl_lot *);
const char *show_by(enum xl_retest_by);
/* "FILE" of "/some/FILE" */
const char *show_name(const char *path);
/* A fresh buffer of the ring. */
char *show_room(void);
enum { SHOW_SIZE = 512 };
const char *test_kind_name(enum xl_test_kind); /* "PTR" */
