/* arena.h: memory with one lifetime, freed whole. Nothing in it is freed alone; all of it is zeroed and 16-byte aligned. */
#pragma once

#include <stddef.h>

struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *);
/* Keeps the first block, forgets everything in it: for work that repeats. */
void arena_reset(struct arena *);
size_t arena_used(const struct arena *);                     /* bytes handed out: for ceilings */
void *arena_take(struct arena *, size_t count, size_t size); /* zeroed; aborts when memory runs out */
void *arena_copy(struct arena *, const void *bytes, size_t length);
char *arena_text(struct arena *, const char *bytes, size_t length); /* NUL-terminated copy */
char *arena_print(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
