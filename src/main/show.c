/* show.c: figures as people read them. */
#include "main/show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"

char *show_room(void)
{
    static char ring[16][SHOW_SIZE];
    static unsigned at;
    return ring[at++ % 16];
}

const char *show_count(uint64_t count)
{
    char *room = show_room() + 64, *at = room;
    *at = 0;
    int digits = 0;
    do {
        if (digits && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + count % 10);
        count /= 10;
        digits++;
    } while (count);
    return at;
}

const char *show_percent(uint64_t part, uint64_t of)
{
    char *room = show_room();
    if (of == 0)
        return "-";
    const size_t length = percent_text(part, of, 2, room, SHOW_SIZE - 3);
    memcpy(room + length, " %", 3);
    return room;
}

const char *show_time(int64_t seconds)
{
    char *room = show_room();
    time_text(seconds, room);
    return room;
}

const char *show_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    char *room = show_room();
    snprintf(room, SHOW_SIZE, "%.*f %s", unit && value < 99.95 ? 1 : 0, value, units[unit]);
    return room;
}

const char *show_value(const struct xl_unit *unit, double value, int digits)
{
    if (isnan(value))
        return "";
    char *room = show_room();
    xl_unit_double(unit, value, digits, room, SHOW_SIZE);
    return room;
}

const char *show_limit(const struct xl_unit *unit, float limit)
{
    if (isnan(limit))
        return "";
    char *room = show_room();
    xl_unit_float(unit, limit, 0, room, SHOW_SIZE);
    return room;
}

const char *show_ratio(double ratio)
{
    if (isnan(ratio))
        return "";
    char *room = show_room();
    if (fabs(ratio) >= 1000)
        snprintf(room, SHOW_SIZE, "%s", ratio > 0 ? ">999" : "<-999");
    else
        snprintf(room, SHOW_SIZE, "%.2f", fabs(ratio) < 0.005 ? 0.0 : ratio); /* never "-0.00" */
    return room;
}

const char *show_by(enum xl_retest_by by)
{
    switch (by) {
    case XL_BY_AUTO:
        return _("automatically");
    case XL_BY_XY:
        return _("by XY");
    case XL_BY_PART_ID:
        return _("by PART_ID");
    case XL_BY_FLAG:
        return _("by the retest flag");
    case XL_BY_ORDER:
        return _("by order in the files");
    }
    BUG("retest by %d", (int)by);
}

static const char *show_pick(enum xl_retest_pick pick)
{
    switch (pick) {
    case XL_RETEST_LAST:
        return _("last run");
    case XL_RETEST_FIRST:
        return _("first run");
    case XL_RETEST_BEST:
        return _("best run");
    case XL_RETEST_FAILS:
        return _("only fails replaced");
    case XL_RETEST_ALL:
        return _("every run counts");
    }
    BUG("retest pick %d", (int)pick);
}

const char *show_policy(const struct xl_lot *lot)
{
    const struct xl_retest_policy policy = xl_lot_settings(lot)->policy;
    if (policy.pick == XL_RETEST_ALL)
        return show_pick(policy.pick);
    bool used[XL_BY_ORDER + 1] = {false};
    for (size_t w = 0; w < xl_lot_wafers(lot); w++)
        used[xl_lot_wafer(lot, w)->by] = true;
    char *room = show_room();
    size_t length = (size_t)snprintf(room, SHOW_SIZE, "%s", show_pick(policy.pick));
    for (int by = XL_BY_AUTO; by <= XL_BY_ORDER; by++) {
        if (!used[by] || length >= SHOW_SIZE)
            continue;
        /* What "automatically" became where nothing tells runs of one part apart. */
        const char *text = by == XL_BY_AUTO ? _("no part recognised twice") : show_by((enum xl_retest_by)by);
        length += (size_t)snprintf(room + length, SHOW_SIZE - length, "%s%s", _(", "), text);
    }
    return room;
}

const char *show_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

const char *test_kind_name(enum xl_test_kind kind)
{
    switch (kind) {
    case XL_TEST_PTR:
        return "PTR";
    case XL_TEST_MPR:
        return "MPR";
    case XL_TEST_FTR:
        return "FTR";
    case XL_TEST_STR:
        return "STR";
    }
    BUG("test kind %d", (int)kind);
}
