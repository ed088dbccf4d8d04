/* words.c: the language of a thread, and looking up a text in its catalogue. */
#include "base/words.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static _Thread_local enum xl_language language = XL_ENGLISH;

void xl_language_set(enum xl_language wanted)
{
    language = wanted;
}

enum xl_language xl_language_get(void)
{
    return language;
}

enum xl_language xl_language_of(const char *locale)
{
    if (!locale || strncasecmp(locale, "zh", 2) != 0 || isalpha((unsigned char)locale[2]))
        return XL_ENGLISH;
    /* "zh_Hant_HK.UTF-8@x" -> subtags up to the first '.' or '@'. A script says more than a country. */
    bool traditional_country = false;
    for (const char *at = locale + 2; *at == '_' || *at == '-';) {
        size_t length = strcspn(++at, "_-.@");
        if (length == 4 && strncasecmp(at, "Hant", 4) == 0)
            return XL_CHINESE_TRADITIONAL;
        if (length == 4 && strncasecmp(at, "Hans", 4) == 0)
            return XL_CHINESE_SIMPLIFIED;
        if (length == 2 && (strncasecmp(at, "TW", 2) == 0 || strncasecmp(at, "HK", 2) == 0 || strncasecmp(at, "MO", 2) == 0))
            traditional_country = true;
        at += length;
    }
    return traditional_country ? XL_CHINESE_TRADITIONAL : XL_CHINESE_SIMPLIFIED;
}

/* The catalogues, as msgfmt makes them: GNU .mo files, little-endian, embedded by tools/embed.c. Per message a (length, offset) pair in
 * each of two tables; the table of the originals is sorted by strcmp. */
extern const unsigned char words_zh_CN[], words_zh_TW[];

struct mo {
    uint32_t magic, revision, count, originals, translations;
};
struct mo_text {
    uint32_t length, offset;
};

static const char *find(const unsigned char *catalogue, const char *english)
{
    const struct mo *mo = (const struct mo *)catalogue;
    const struct mo_text *originals = (const struct mo_text *)(catalogue + mo->originals);
    const struct mo_text *translations = (const struct mo_text *)(catalogue + mo->translations);
    for (uint32_t low = 0, high = mo->count; low < high;) {
        uint32_t middle = (low + high) / 2;
        int order = strcmp(english, (const char *)catalogue + originals[middle].offset);
        if (order == 0)
            return (const char *)catalogue + translations[middle].offset;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return english;
}

const char *xl_words(const char *english)
{
    if (!*english)
        return english; /* the empty original is the header of a catalogue */
    switch (language) {
    case XL_ENGLISH:
        break;
    case XL_CHINESE_SIMPLIFIED:
        return find(words_zh_CN, english);
    case XL_CHINESE_TRADITIONAL:
        return find(words_zh_TW, english);
    }
    return english;
}

const char *xl_version(void)
{
    return XL_VERSION;
}
