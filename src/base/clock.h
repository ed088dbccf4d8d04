/* clock.h: calendar arithmetic on given times. Nothing here reads a clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct civil {
    int64_t year;
    int month, day, hour, minute, second;
};                                      /* month and day from 1 */
struct civil civil_of(int64_t seconds); /* proleptic Gregorian, no zone */
int64_t civil_seconds(struct civil);
/* "2026-11-24 09:30:00" (20 bytes with NUL); "" for 0, which STDF uses for "missing". */
void time_text(int64_t seconds, char out[32]);
/* ATDF: "9:30:00 24-NOV-2026". Parsing takes one- or two-digit parts and any case. */
void time_atdf(int64_t seconds, char out[32]);
bool time_parse_atdf(const char *text, int64_t *seconds);
