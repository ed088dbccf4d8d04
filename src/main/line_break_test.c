/* line_break_test.c: lines fit, lose nothing but blanks at breaks, and break where a reader would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "main/line_break.h"

/* The lines with '|' between. */
static const char *broken(const char *text, size_t width)
{
    static char out[1024];
    size_t length = 0;
    while (*text) {
        const char *line = text;
        const size_t taken = line_break(&text, width);
        assert_true(text > line);
        length += (size_t)snprintf(out + length, sizeof out - length, "%s%.*s", length ? "|" : "", (int)taken, line);
    }
    return out;
}

static void breaks_between_words(void **state)
{
    (void)state;
    assert_string_equal(broken("one two three", 20), "one two three");
    assert_string_equal(broken("one two three", 13), "one two three");
    assert_string_equal(broken("one two three", 12), "one two|three");
    assert_string_equal(broken("one two three", 7), "one two|three");
    assert_string_equal(broken("one  two", 4), "one|two");
    assert_string_equal(broken("a\nb", 10), "a|b");
    assert_string_equal(broken("abcdefgh ij", 4), "abcd|efgh|ij");
}

static void breaks_between_chinese(void **state)
{
    (void)state;
    assert_string_equal(broken("晶圆测试报告", 6), "晶圆测|试报告");
    assert_string_equal(broken("晶圆测试，报告", 8), "晶圆测|试，报告"); /* a comma begins no line */
    assert_string_equal(broken("结果（PRR）好", 6), "结果|（PRR|）好");  /* nor does a bracket end one, where it can be helped */
    assert_string_equal(broken("晶圆 PRR 好", 8), "晶圆 PRR|好");
}

static void every_line_fits_and_nothing_is_lost(void **state)
{
    (void)state;
    static const char text[] = "器件结果（PRR）缺少开始记录（PIR）；the tests before it, on its site, were taken as its own — 其结果另存。";
    for (size_t width = 2; width < 120; width++) {
        char joined[512] = "", wanted[512];
        const char *at = text;
        size_t length = 0;
        while (*at) {
            const char *line = at;
            const size_t taken = line_break(&at, width);
            char one[512];
            snprintf(one, sizeof one, "%.*s", (int)taken, line);
            assert_true(utf8_valid(line, taken) && utf8_width(one) <= width);
            for (const char *c = one; *c; c++)
                if (*c != ' ')
                    joined[length++] = *c;
        }
        joined[length] = 0;
        length = 0;
        for (const char *c = text; *c; c++)
            if (*c != ' ')
                wanted[length++] = *c;
        wanted[length] = 0;
        assert_string_equal(joined, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaks_between_words),
        cmocka_unit_test(breaks_between_chinese),
        cmocka_unit_test(every_line_fits_and_nothing_is_lost),
    };
    return cmocka_run_group_tests_name("main-line-break", tests, NULL, NULL);
}
