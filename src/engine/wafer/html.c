/* html.c: text and pictures inside an HTML page. */
#include "engine/wafer/html.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

static const char *entity(unsigned character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    }
    bool control = (character < 0x20 && character != '\t' && character != '\n') || (character >= 0x7f && character < 0xa0);
    /* U+FFFD also for itself: it may stand for a byte that is no UTF-8. The last two of each plane are no characters. */
    return control || character == 0xfffd || (character & 0xfffe) == 0xfffe ? "\xef\xbf\xbd" : NULL;
}

void html_text(struct out *out, const char *text)
{
    if (!text)
        return;
    const char *end = text + strlen(text), *plain = text;
    for (const char *at = text; at < end;) {
        const char *start = at, *instead = entity(utf8_next(&at, end));
        if (!instead)
            continue;
        out_bytes(out, plain, (size_t)(start - plain));
        out_text(out, instead);
        plain = at;
    }
    out_bytes(out, plain, (size_t)(end - plain));
}

void html_in(struct out *out, const char *open, const char *text, const char *close)
{
    out_text(out, open);
    html_text(out, text);
    out_text(out, close);
}

void html_base64(struct out *out, const void *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = bytes;
    for (; length >= 3; at += 3, length -= 3) {
        uint32_t three = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63], digits[three >> 6 & 63], digits[three & 63]};
        out_bytes(out, four, 4);
    }
    if (length > 0) {
        uint32_t rest = (uint32_t)at[0] << 16 | (length == 2 ? (uint32_t)at[1] << 8 : 0);
        char four[4] = {digits[rest >> 18], digits[rest >> 12 & 63], length == 2 ? digits[rest >> 6 & 63] : '=', '='};
        out_bytes(out, four, 4);
    }
}

void html_count(struct out *out, uint64_t count)
{
    out_print(out, "<td class=\"n\">%" PRIu64 "</td>", count);
}

void html_percent(struct out *out, uint64_t part, uint64_t whole)
{
    char text[32];
    percent_text(part, whole, 2, text, sizeof text);
    out_print(out, "<td class=\"n\">%s%s</td>", text, whole ? " %" : "");
}

void html_bar(struct out *out, uint64_t part, uint64_t whole, bool of_fails)
{
    char width[32];
    percent_text(part, whole ? whole : 1, 1, width, sizeof width);
    out_print(out, "<td class=\"bar m\" aria-hidden=\"true\"><i><b%s style=\"width:%s%%\"></b></i></td>", of_fails ? " class=\"f\"" : "",
              width);
}
