/* error.c: failing (struct xl_error), breaking (bug_at), and memory that never runs out quietly. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool xl_fail(struct xl_error *error, const char *code, const char *format, ...)
{
    if (!error || error->code[0])
        return false;
    snprintf(error->code, sizeof error->code, "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

bool xl_fail_place(struct xl_error *error, const char *format, ...)
{
    if (!error || error->place[0])
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->place, sizeof error->place, format, arguments);
    va_end(arguments);
    return false;
}

_Noreturn void bug_at(const char *file, int line, const char *format, ...)
{
    /* Not translated: it is read by an engineer, in a core dump or a log. */
    fprintf(stderr, "BUG at %s:%d: ", file, line);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

void *memory_new(size_t count, size_t size)
{
    /* calloc checks the product; one byte for none, so that NULL always means failure. */
    void *memory = count && size ? calloc(count, size) : calloc(1, 1);
    if (!memory)
        BUG("out of memory: %zu x %zu bytes", count, size);
    return memory;
}

void *memory_grow(void *old, size_t count, size_t size)
{
    void *memory = count && size ? reallocarray(old, count, size) : realloc(old, 1);
    if (!memory)
        BUG("out of memory: %zu x %zu bytes", count, size);
    return memory;
}

char *memory_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_new(size, 1), text, size);
}
