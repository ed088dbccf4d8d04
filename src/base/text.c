/* text.c: growing text with a ceiling. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* What an untouched text points at: never written, for its capacity is 0. */
static char nothing[1];

void text_init(struct text *text, size_t ceiling)
{
    if (ceiling == 0)
        BUG("a text needs a ceiling");
    *text = (struct text){.data = nothing, .ceiling = ceiling};
}

void text_free(struct text *text)
{
    if (text->capacity)
        free(text->data);
    *text = (struct text){.data = nothing, .ceiling = text->ceiling};
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->overflow = false;
    if (text->capacity)
        text->data[0] = '\0';
}

/* Room for `length` bytes and the NUL at the end of the text; NULL past the ceiling. */
static char *text_room(struct text *text, size_t length)
{
    if (text->overflow || length > text->ceiling - text->length) {
        text->overflow = true;
        return NULL;
    }
    size_t needed = text->length + length + 1;
    if (needed > text->capacity) {
        size_t capacity = text->capacity ? text->capacity + text->capacity / 2 : 64;
        if (capacity < needed)
            capacity = needed;
        text->data = memory_grow(text->capacity ? text->data : NULL, capacity, 1);
        text->capacity = capacity;
    }
    return text->data + text->length;
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
    char *at = text_room(text, length);
    if (!at)
        return;
    if (length)
        memcpy(at, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *more)
{
    text_add_bytes(text, more, strlen(more));
}

void text_add_char(struct text *text, char character)
{
    text_add_bytes(text, &character, 1);
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("cannot format \"%s\"", format);
    char *at = text_room(text, (size_t)length);
    if (at) {
        vsnprintf(at, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}
