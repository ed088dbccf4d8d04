/* text.h: growing text with a ceiling. Once the ceiling is passed it takes no more and `overflow` stays set: ask once, at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* NUL-terminated, "" when empty, never NULL after text_init */
    size_t length, capacity, ceiling;
    bool overflow;
};
void text_init(struct text *, size_t ceiling);
void text_free(struct text *);
void text_clear(struct text *);
void text_add(struct text *, const char *);
void text_add_bytes(struct text *, const void *, size_t length);
void text_add_char(struct text *, char);
void text_print(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* UTF-8. */
bool utf8_valid(const void *bytes, size_t length);
/* Decodes one character; advances *at; U+FFFD and one byte for what is not UTF-8. */
unsigned utf8_next(const char **at, const char *end);
/* Columns a text takes in a terminal: East Asian wide characters count two, combining ones none. */
size_t utf8_width(const char *);
/* Text of unknown encoding to UTF-8: as it is when valid, else GB18030, else Latin-1. Returns what was taken: "UTF-8", "GB18030",
 * "ISO-8859-1". Trims white space and control characters at both ends, and turns control characters inside into spaces, when `trim`. */
const char *text_decode(struct text *out, const void *bytes, size_t length, bool trim);
