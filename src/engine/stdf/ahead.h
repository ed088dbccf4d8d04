/* ahead.h: a source read by a thread of its own, a few megabytes ahead, and handed out as windows. */
#pragma once

#include "engine/stdf/source.h"

struct ahead;
/* The source must not be touched by others until ahead_free. */
struct ahead *ahead_new(struct source *);
/* Waits for the thread: wake the source first if it may be waiting for bytes. */
void ahead_free(struct ahead *);
/* As xl_input_window. */
bool ahead_window(struct ahead *, size_t consumed, const uint8_t **bytes, size_t *length, bool *last, struct xl_error *);
