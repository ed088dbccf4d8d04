/* error_test.c: the first error stays, and nothing runs over its room. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_first_one_is_the_cause(void **state)
{
    (void)state;
    struct xl_error error = {0};
    assert_false(xl_fail(&error, "first", "Record %d is broken.", 7));
    assert_false(xl_fail(&error, "second", "This comes later."));
    assert_string_equal(error.code, "first");
    assert_string_equal(error.message, "Record 7 is broken.");
    assert_false(xl_fail_place(&error, "byte %d", 4711));
    assert_false(xl_fail_place(&error, "elsewhere"));
    assert_string_equal(error.place, "byte 4711");
    assert_false(xl_fail(NULL, "x", "nobody asks"));
    assert_false(xl_fail_place(NULL, "nowhere"));
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    struct xl_error error = {0};
    char large[2000];
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    xl_fail(&error, large, "%s", large);
    xl_fail_place(&error, "%s", large);
    assert_int_equal(strlen(error.code), sizeof error.code - 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_int_equal(strlen(error.place), sizeof error.place - 1);
}

static void memory(void **state)
{
    (void)state;
    uint8_t *piece = memory_new(100, 3);
    for (int i = 0; i < 300; i++)
        assert_int_equal(piece[i], 0);
    piece[299] = 5;
    piece = memory_grow(piece, 1000, 3);
    assert_int_equal(piece[299], 5);
    free(piece);
    void *empty = memory_new(0, 5);
    assert_non_null(empty);
    empty = memory_grow(empty, 0, 1);
    assert_non_null(empty);
    free(empty);
    char *text = memory_text("lot");
    assert_string_equal(text, "lot");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_one_is_the_cause), cmocka_unit_test(long_messages_are_cut),
                                       cmocka_unit_test(memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
