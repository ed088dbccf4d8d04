/* arena_test.c: what is handed out is zeroed, aligned and apart; a reset forgets all of it. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    uint8_t *pieces[2000];
    size_t sizes[2000];
    for (int round = 0; round < 3; round++) {
        uint32_t random = 12345;
        size_t sum = 0;
        for (int i = 0; i < 2000; i++) {
            random = random * 1664525u + 1013904223u;
            sizes[i] = i % 100 == 99 ? random >> 14 : random >> 24; /* now and then a piece larger than a block */
            pieces[i] = arena_take(arena, sizes[i], 1);
            sum += sizes[i];
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            for (size_t at = 0; at < sizes[i]; at++)
                assert_int_equal(pieces[i][at], 0);
            memset(pieces[i], i & 0xFF, sizes[i]);
        }
        for (int i = 0; i < 2000; i++)
            for (size_t at = 0; at < sizes[i]; at++)
                assert_int_equal(pieces[i][at], i & 0xFF);
        assert_true(arena_used(arena) >= sum);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void copies(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 3);
    assert_string_equal(arena_text(arena, "wafer", 3), "waf");
    assert_string_equal(arena_text(arena, NULL, 0), "");
    assert_string_equal(arena_print(arena, "%s-%d", "lot", 7), "lot-7");
    assert_true(arena_take(arena, 0, 8) != arena_take(arena, 0, 8));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_are_zeroed_aligned_and_apart), cmocka_unit_test(copies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
