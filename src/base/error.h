/* error.h: failing, and breaking. `xl_fail` and `struct xl_error` are public (xinlian/base.h). */
#pragma once

#include <xinlian/base.h>

#include "base/words.h"

/* A broken invariant of our own: prints where, and aborts. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *format, ...) XL_PRINTF(3, 4);

/* malloc, calloc, realloc, strdup that abort when memory runs out (never NULL, size 0 included). Sizes are checked products. */
void *memory_new(size_t count, size_t size); /* zeroed */
void *memory_grow(void *old, size_t count, size_t size);
char *memory_text(const char *text);
