/* line_break.c: where a text for people may be broken into lines. */
#include "main/line_break.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static size_t width_of(const char *text, const char *end)
{
    char one[8] = {0};
    memcpy(one, text, (size_t)(end - text) < sizeof one - 1 ? (size_t)(end - text) : sizeof one - 1);
    return utf8_width(one);
}

/* Marks that stay with what stands before them: 、。，；：？！）」』》】 and the closing quotation marks. */
static bool closes(unsigned character)
{
    static const unsigned marks[] = {0x3001, 0x3002, 0xff0c, 0xff1b, 0xff1a, 0xff1f, 0xff01,
                                     0xff09, 0x300d, 0x300f, 0x300b, 0x3011, 0x2019, 0x201d};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i] == character)
            return true;
    return false;
}

/* Marks that stay with what stands after them: （「『《【 and the opening quotation marks. */
static bool opens(unsigned character)
{
    static const unsigned marks[] = {0xff08, 0x300c, 0x300e, 0x300a, 0x3010, 0x2018, 0x201c};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i] == character)
            return true;
    return false;
}

size_t line_break(const char **at, size_t width)
{
    const char *const begin = *at, *const end = begin + strlen(begin);
    const char *place = begin, *good = NULL; /* `good`: the last place where the line may end */
    size_t taken = 0;
    bool fits = true;
    while (place < end && *place != '\n') {
        const char *next = place;
        const unsigned character = utf8_next(&next, end);
        const size_t wide = width_of(place, next);
        if (taken + wide > width && place > begin) {
            fits = false;
            break;
        }
        taken += wide;
        const char *after = next;
        const unsigned following = after < end ? utf8_next(&after, end) : 0;
        if (character == ' ' || following == ' ' ||
            ((character >= 0x2e80 || following >= 0x2e80) && !closes(following) && !opens(character)))
            good = next;
        place = next;
    }
    const char *stop = fits ? place : *place == ' ' || !good ? place : good;
    const char *next = stop;
    while (next < end && *next == ' ')
        next++;
    if (next < end && *next == '\n' && fits)
        next++;
    *at = next;
    while (stop > begin && stop[-1] == ' ')
        stop--;
    return (size_t)(stop - begin);
}
