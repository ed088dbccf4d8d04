/* html.h: text and pictures inside an HTML page. Markup is written as it is; every text from outside goes through html_text. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/out.h"

/* Escaped for elements and quoted attributes; what is no UTF-8 and control characters become U+FFFD. NULL: nothing. */
void html_text(struct out *, const char *text);
/* html_text between an opening and a closing markup: html_in(out, "<td>", text, "</td>"). */
void html_in(struct out *, const char *open, const char *text, const char *close);
void html_base64(struct out *, const void *bytes, size_t length);
/* <td> with a number at the right; percent with two decimals and its sign. */
void html_count(struct out *, uint64_t count);
void html_percent(struct out *, uint64_t part, uint64_t whole);
/* <td> with a bar as long as the part. */
void html_bar(struct out *, uint64_t part, uint64_t whole, bool of_fails);
