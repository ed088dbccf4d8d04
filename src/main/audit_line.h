/* audit_line.h: what an audit record (ATR) says of the command that changed a file. */
#pragma once

#include <stdint.h>

/* Remembers the command line, at the start. */
void audit_begin(int argc, char **argv);
/* "xinlian stdf convert …", at most 255 bytes: what fits the record. */
const char *audit_line(void);
/* Seconds since 1970 on this machine's wall clock, as testers write them; SOURCE_DATE_EPOCH when it is set, for the same bytes again. */
uint32_t audit_time(void);
