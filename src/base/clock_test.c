/* clock_test.c: the calendar against the C library's timegm, over leap years and centuries. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void every_day(void **state)
{
    (void)state;
    /* Every day of 1890 to 2110, so that 1900, 2000 and 2100 are in it, at a time that moves through the day. */
    for (int64_t day = -29220; day < 51136; day++) {
        int64_t seconds = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
        struct civil civil = civil_of(seconds);
        struct tm wanted;
        time_t as_time = (time_t)seconds;
        gmtime_r(&as_time, &wanted);
        assert_int_equal(civil.year, wanted.tm_year + 1900);
        assert_int_equal(civil.month, wanted.tm_mon + 1);
        assert_int_equal(civil.day, wanted.tm_mday);
        assert_int_equal(civil.hour, wanted.tm_hour);
        assert_int_equal(civil.minute, wanted.tm_min);
        assert_int_equal(civil.second, wanted.tm_sec);
        assert_int_equal(civil_seconds(civil), seconds);
    }
}

static void far_away(void **state)
{
    (void)state;
    const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -62167219201, -62167219200, -1, 0, 253402300800, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[32];
        if (times[i] > INT64_MIN + 400000 && times[i] < INT64_MAX - 400000)
            assert_int_equal(civil_seconds(civil_of(times[i])), times[i]);
        time_text(times[i], text);
        time_atdf(times[i], text);
        assert_true(strlen(text) < 32);
    }
    assert_int_equal(civil_of(-62167219200).year, 0);
    assert_int_equal(civil_of(-62167219201).year, -1);
}

static void texts(void **state)
{
    (void)state;
    char text[32];
    time_text(0, text);
    assert_string_equal(text, "");
    time_atdf(0, text);
    assert_string_equal(text, "");
    time_text(1795512600, text);
    assert_string_equal(text, "2026-11-24 09:30:00");
    time_atdf(1795512600, text);
    assert_string_equal(text, "9:30:00 24-NOV-2026");
    time_text(951782399, text);
    assert_string_equal(text, "2000-02-28 23:59:59");
    time_text(951782400, text);
    assert_string_equal(text, "2000-02-29 00:00:00");
    time_text(UINT32_MAX, text);
    assert_string_equal(text, "2106-02-07 06:28:15");
}

static void parsing(void **state)
{
    (void)state;
    int64_t seconds = 0;
    assert_true(time_parse_atdf("9:30:00 24-NOV-2026", &seconds) && seconds == 1795512600);
    assert_true(time_parse_atdf("09:30:0 24-nov-2026", &seconds) && seconds == 1795512600);
    assert_true(time_parse_atdf("0:0:0 1-Jan-1970", &seconds) && seconds == 0);
    assert_true(time_parse_atdf("23:59:59 29-FEB-2024", &seconds));
    const char *bad[] = {"",
                         "9:30 24-NOV-2026",
                         "24:00:00 1-JAN-2000",
                         "0:60:00 1-JAN-2000",
                         "0:00:60 1-JAN-2000",
                         "0:00:00 0-JAN-2000",
                         "0:00:00 32-JAN-2000",
                         "0:00:00 29-FEB-2023",
                         "0:00:00 29-FEB-1900",
                         "0:00:00 1-FOO-2000",
                         "0:00:00 1-JAN-2000 ",
                         "0:00:00 1-JAN-20000",
                         "0:00:00  1-JAN-2000",
                         "000:00:00 1-JAN-2000",
                         "0:00:00 1-J"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (time_parse_atdf(bad[i], &seconds))
            fail_msg("\"%s\" was taken for a time", bad[i]);
    for (int64_t at = 1; at < INT64_C(4294967296); at += 9999991) {
        char text[32];
        time_atdf(at, text);
        assert_true(time_parse_atdf(text, &seconds) && seconds == at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_day), cmocka_unit_test(far_away), cmocka_unit_test(texts),
                                       cmocka_unit_test(parsing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
