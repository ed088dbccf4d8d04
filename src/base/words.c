/* words.c: the language of a thread, and looking up a text in its catalogue. */
#include "base/words.h"

#include <ctype.h>
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

const char *xl_words(const char *english)
{
    return english;
}

const char *xl_version(void)
{
    return XL_VERSION;
}
