/* clock.c: calendar arithmetic on given times: the proleptic Gregorian calendar in eras of 400 years of 146097 days. */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DAY = 86400, ERA_DAYS = 146097, EPOCH_DAYS = 719468 /* from 0000-03-01 to 1970-01-01 */ };

struct civil civil_of(int64_t seconds)
{
    int64_t days = seconds / DAY;
    int rest = (int)(seconds % DAY);
    if (rest < 0) {
        rest += DAY;
        days--;
    }
    days += EPOCH_DAYS;
    int64_t era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
    int day_of_era = (int)(days - era * ERA_DAYS);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100); /* from 1 March */
    int month = (5 * day_of_year + 2) / 153;
    return (struct civil){
        .year = year_of_era + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

int64_t civil_seconds(struct civil civil)
{
    int64_t year = civil.year - (civil.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int year_of_era = (int)(year - era * 400);
    int day_of_year = (153 * (civil.month + (civil.month > 2 ? -3 : 9)) + 2) / 5 + civil.day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * ERA_DAYS + day_of_era - EPOCH_DAYS;
    return days * DAY + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

void time_text(int64_t seconds, char out[32])
{
    if (seconds == 0) {
        out[0] = '\0';
        return;
    }
    struct civil at = civil_of(seconds);
    char text[80] = ""; /* what the compiler thinks could be needed; the longest is "-292277022657-01-27 08:29:52" */
    snprintf(text, sizeof text, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d", at.year, at.month, at.day, at.hour, at.minute, at.second);
    memcpy(out, text, 31);
    out[31] = '\0';
}

static const char months[12][4] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

void time_atdf(int64_t seconds, char out[32])
{
    if (seconds == 0) {
        out[0] = '\0';
        return;
    }
    struct civil at = civil_of(seconds);
    char text[80] = ""; /* what the compiler thinks could be needed; the longest is "-292277022657-01-27 08:29:52" */
    snprintf(text, sizeof text, "%d:%02d:%02d %d-%s-%04" PRId64, at.hour, at.minute, at.second, at.day, months[at.month - 1], at.year);
    memcpy(out, text, 31);
    out[31] = '\0';
}

/* One to `most` digits and then `after`. */
static bool part(const char **text, int most, char after, int *value)
{
    const char *at = *text;
    *value = 0;
    while (*at >= '0' && *at <= '9' && at - *text < most)
        *value = *value * 10 + (*at++ - '0');
    if (at == *text || *at != after)
        return false;
    *text = at + (after != '\0');
    return true;
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool time_parse_atdf(const char *text, int64_t *seconds)
{
    int hour, minute, second, day, month = 0, year;
    if (!part(&text, 2, ':', &hour) || !part(&text, 2, ':', &minute) || !part(&text, 2, ' ', &second) || !part(&text, 2, '-', &day))
        return false;
    while (month < 12 && strncasecmp(text, months[month], 3) != 0)
        month++;
    if (month == 12 || text[3] != '-')
        return false;
    text += 4;
    month++;
    if (!part(&text, 4, '\0', &year))
        return false;
    if (hour > 23 || minute > 59 || second > 59 || day < 1 || day > days_in(month, year))
        return false;
    *seconds = civil_seconds((struct civil){year, month, day, hour, minute, second});
    return true;
}
