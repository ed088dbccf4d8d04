/* line_break.h: where a text for people may be broken into lines: between words, and between Chinese characters. */
#pragma once

#include <stddef.h>

/* The next line of the text at `*at`, at most `width` columns wide (one character at least): returns its length in bytes and moves `*at`
 * behind it, past the blanks at the break and past a newline that ends it. `**at` is 0 when nothing is left. */
size_t line_break(const char **at, size_t width);
