/* units.c: how a test's numbers are shown: scale, prefix and unit text. The rules stand in xinlian/units.h. */
#include <xinlian/units.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

static const struct prefix {
    int scale;
    const char *text;
} prefixes[] = {
    {15, "f"}, {12, "p"}, {9, "n"}, {6, "u"}, {3, "m"}, {2, "%"}, {0, ""}, {-3, "K"}, {-6, "M"}, {-9, "G"}, {-12, "T"},
};

const char *xl_scale_prefix(int scale)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (prefixes[i].scale == scale)
            return prefixes[i].text;
    return NULL;
}

/* Names of units of measure that take a prefix, in any case; 'm' (metre) stands apart, for alone it may as well mean milli. */
static const char *const measures[] = {
    "V",   "volt",  "volts",  "A",      "amp", "amps",  "ampere", "amperes", "W",    "watt",   "watts",
    "ohm", "ohms",  "\u03a9", "\u2126", "Hz",  "hertz", "s",      "sec",     "secs", "second", "seconds",
    "F",   "farad", "farads", "henry",  "J",   "joule", "bps",    "siemens", "mho",
};
static const char *const endings[] = {"", "rms", "_rms", "pp", "p-p", "pk", "dc", "ac"};

/* True when the `length` bytes at `text` are one unit of measure without a prefix. */
static bool is_measure(const char *text, size_t length)
{
    if (length == 1 && *text == 'H')
        return true;
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        size_t stem = strlen(measures[i]);
        if (length < stem || strncasecmp(text, measures[i], stem) != 0)
            continue;
        for (size_t e = 0; e < sizeof endings / sizeof *endings; e++)
            if (length - stem == strlen(endings[e]) && strncasecmp(text + stem, endings[e], length - stem) == 0)
                return true;
    }
    return false;
}

/* The prefix letter, in lower case, that the units carry themselves ("uA", "mV/dB", "KHZ", "%"); 0 when they carry none. */
static char own_prefix(const char *units)
{
    if (*units == '%')
        return '%';
    size_t token = strcspn(units, "/*^. _");
    size_t skip = 0;
    char letter = 0;
    if (strncmp(units, "\u00b5", 2) == 0 || strncmp(units, "\u03bc", 2) == 0) {
        skip = 2;
        letter = 'u';
    } else if (*units && strchr("fpnumkgtFPNUMKGT", *units)) {
        skip = 1;
        letter = *units >= 'A' && *units <= 'Z' ? (char)(*units - 'A' + 'a') : *units;
    }
    if (!skip || token <= skip || is_measure(units, token))
        return 0;
    const char *stem = units + skip;
    bool metre = token - skip == 1 && *stem == 'm' && strchr("fpnumk", letter);
    return metre || is_measure(stem, token - skip) ? letter : 0;
}

int xl_units_own_scale(const char *units, size_t *prefix_length)
{
    char letter = own_prefix(units);
    *prefix_length = letter == 0 ? 0 : (unsigned char)*units >= 0x80 ? 2 : 1; /* the Greek mu takes two bytes */
    if (letter == 'm' && *units == 'M')
        return -6;
    for (size_t i = 0; letter != 0 && i < sizeof prefixes / sizeof *prefixes; i++)
        if (*prefixes[i].text == letter || *prefixes[i].text == (letter & ~0x20))
            return prefixes[i].scale;
    return 0;
}

static bool known(double magnitude)
{
    return isfinite(magnitude) && magnitude != 0;
}

static int engineering_scale(double typical)
{
    double magnitude = fabs(typical);
    if (magnitude < 1e-18 || magnitude >= 1e15)
        return 0;
    int scale = -12;
    /* 0.9995: what would be printed as 1000 of the smaller unit is 1 of the larger one. */
    while (scale < 15 && magnitude * pow(10, scale) < 0.9995)
        scale += 3;
    return scale;
}

static struct xl_unit unit_make(int scale, const char *prefix, const char *units)
{
    struct xl_unit unit = {.scale = scale};
    size_t length = strnlen(units, sizeof unit.text - 8);
    while (length > 0 && ((unsigned char)units[length] & 0xc0) == 0x80) /* never cut inside a UTF-8 character */
        length--;
    snprintf(unit.text, sizeof unit.text, "%s%.*s", prefix, (int)length, units);
    return unit;
}

struct xl_unit xl_unit_of(const char *units, int scale, double typical)
{
    if (!units)
        units = "";
    units += strspn(units, " ");
    size_t length = strlen(units);
    while (length > 0 && units[length - 1] == ' ')
        length--;
    char trimmed[96];
    snprintf(trimmed, sizeof trimmed, "%.*s", (int)(length < 88 ? length : 88), units);

    const char *prefix = xl_scale_prefix(scale);
    char own = own_prefix(trimmed);
    if (own) {
        bool same = prefix && *prefix && (*prefix == own || (*prefix >= 'A' && *prefix - 'A' + 'a' == own));
        return unit_make(same ? scale : 0, "", trimmed);
    }
    if (prefix && scale != 0)
        return unit_make(scale, prefix, trimmed);
    if (known(typical) && is_measure(trimmed, strlen(trimmed))) {
        int fitting = engineering_scale(typical);
        return unit_make(fitting, xl_scale_prefix(fitting), trimmed);
    }
    return unit_make(0, "", trimmed);
}

struct xl_unit xl_test_unit(const struct xl_test *test, double largest)
{
    bool has_low = test->limits_known && isfinite(test->low), has_high = test->limits_known && isfinite(test->high);
    int scale = test->result_scale;
    if (has_low && has_high && test->low_scale == test->high_scale)
        scale = test->low_scale;
    else if (has_low != has_high)
        scale = has_low ? test->low_scale : test->high_scale;

    double widest = NAN;
    if (has_low)
        widest = fabs((double)test->low);
    if (has_high && !(widest > fabs((double)test->high)))
        widest = fabs((double)test->high);
    double typical = largest;
    if (!known(largest) || (known(widest) && widest < 1000 * fabs(largest)))
        typical = widest;
    return xl_unit_of(test->units, scale, typical);
}

static size_t print_not_finite(double value, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

size_t xl_unit_float(const struct xl_unit *unit, float value, int digits, char *out, size_t size)
{
    if (!isfinite(value))
        return print_not_finite((double)value, out, size);
    return decimal_text(decimal_of_float(value), unit->scale, digits, out, size);
}

size_t xl_unit_double(const struct xl_unit *unit, double value, int digits, char *out, size_t size)
{
    char text[27];
    struct decimal decimal;
    if (!isfinite(value))
        return print_not_finite(value, out, size);
    text[double_text(value, text)] = 0;
    decimal_parse(text, &decimal); /* the shortest text of a double always fits: 17 digits */
    return decimal_text(decimal, unit->scale, digits, out, size);
}
