/* out_test.c: every byte comes out in order whatever the buffer, and the first error stays. */
#include "base/out.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

static void writes_in_order(void **state)
{
    (void)state;
    for (size_t capacity = 1; capacity < 400; capacity += 37) {
        struct text text;
        struct out out;
        struct xl_error error = {0};
        text_init(&text, 100000);
        out_begin(&out, sink_text(&text), capacity, &error);
        out_text(&out, "lot,");
        out_char(&out, 'x');
        out_i64(&out, INT64_MIN);
        out_char(&out, ' ');
        out_u64(&out, UINT64_MAX);
        out_print(&out, " %s%d ", "n", 5);
        out_float(&out, 0.1f);
        out_char(&out, ' ');
        out_double(&out, -0.1);
        char *room = out_room(&out, 3);
        memcpy(room, "abc", 3);
        out_took(&out, 2);
        char large[1000];
        memset(large, 'z', sizeof large);
        out_bytes(&out, large, sizeof large);
        out_print(&out, "%0999d", 7);
        assert_true(out_end(&out));
        const char *start = "lot,x-9223372036854775808 18446744073709551615 n5 0.1 -0.1abz";
        assert_memory_equal(text.data, start, strlen(start));
        assert_int_equal(text.length, strlen(start) - 1 + 1000 + 999);
        assert_int_equal(out.total, text.length);
        assert_int_equal(text.data[text.length - 1], '7');
        assert_string_equal(error.code, "");
        text_free(&text);
    }
}

static void the_first_error_stays(void **state)
{
    (void)state;
    struct text text;
    struct out out;
    struct xl_error error = {0};
    text_init(&text, 100);
    out_begin(&out, sink_text(&text), 64, &error);
    for (int i = 0; i < 1000; i++)
        out_text(&out, "0123456789");
    assert_null(out_room(&out, 5));
    assert_false(out_end(&out));
    assert_string_equal(error.code, "text_too_long");
    text_free(&text);
}

static void files(void **state)
{
    (void)state;
    char name[] = "/tmp/xinlian-out-XXXXXX";
    int descriptor = mkstemp(name);
    assert_true(descriptor >= 0);
    struct out out;
    struct xl_error error = {0};
    out_begin(&out, sink_file(&descriptor), 0, &error);
    for (int i = 0; i < 100000; i++)
        out_print(&out, "%05d\n", i);
    assert_true(out_end(&out));
    assert_int_equal(lseek(descriptor, 0, SEEK_END), 600000);
    char last[6];
    assert_int_equal(pread(descriptor, last, 6, 599994), 6);
    assert_memory_equal(last, "99999\n", 6);
    close(descriptor);
    unlink(name);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0) {
        print_message("no /dev/full here\n");
        skip();
    }
    out_begin(&out, sink_file(&full), 0, &error);
    out_text(&out, "x");
    assert_false(out_end(&out));
    assert_string_equal(error.code, "write_failed");
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_in_order), cmocka_unit_test(the_first_error_stays), cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
