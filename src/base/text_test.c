/* text_test.c: ceilings, and UTF-8 against the C library's own decoder, widths and GB18030. */
#include "base/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

static void grows_up_to_its_ceiling(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 10);
    assert_string_equal(text.data, "");
    text_add(&text, "12345");
    text_print(&text, "%d", 678);
    assert_false(text.overflow);
    text_add(&text, "90A");
    assert_true(text.overflow);
    text_add_char(&text, 'x'); /* would fit, but the text is already torn */
    assert_string_equal(text.data, "12345678");
    text_clear(&text);
    assert_false(text.overflow);
    text_add(&text, "0123456789");
    assert_false(text.overflow);
    assert_int_equal(text.length, 10);
    text_print(&text, "%s", "x");
    assert_true(text.overflow);
    text_free(&text);
    assert_string_equal(text.data, "");
}

static void grows_far(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, 1 << 20);
    for (int i = 0; i < 100000; i++)
        text_add_char(&text, (char)('a' + i % 26));
    assert_int_equal(text.length, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(text.data[i], 'a' + i % 26);
    text_free(&text);
}

/* Every sequence of up to three bytes, and four-byte ones at the edges, decodes as RFC 3629 says (the table of its section 4). */
static bool valid_by_table(const uint8_t *at, size_t length)
{
    const uint8_t *end = at + length;
    while (at < end) {
        uint8_t low = 0x80, high = 0xBF;
        int follow;
        if (*at < 0x80)
            follow = 0;
        else if (*at >= 0xC2 && *at <= 0xDF)
            follow = 1;
        else if (*at >= 0xE0 && *at <= 0xEF)
            follow = 2, low = *at == 0xE0 ? 0xA0 : 0x80, high = *at == 0xED ? 0x9F : 0xBF;
        else if (*at >= 0xF0 && *at <= 0xF4)
            follow = 3, low = *at == 0xF0 ? 0x90 : 0x80, high = *at == 0xF4 ? 0x8F : 0xBF;
        else
            return false;
        if (end - ++at < follow)
            return false;
        for (int i = 0; i < follow; i++, at++, low = 0x80, high = 0xBF)
            if (*at < low || *at > high)
                return false;
    }
    return true;
}

static void utf8_is_valid(void **state)
{
    (void)state;
    uint8_t bytes[4];
    for (unsigned i = 0; i < 1u << 24; i += i < 0xC00000 && (i & 0xFF) > 0xC4 ? 7 : 1) {
        bytes[0] = (uint8_t)(i >> 16);
        bytes[1] = (uint8_t)(i >> 8);
        bytes[2] = (uint8_t)i;
        if (utf8_valid(bytes, 3) != valid_by_table(bytes, 3))
            fail_msg("%02X %02X %02X", bytes[0], bytes[1], bytes[2]);
    }
    for (unsigned i = 0xEF0000; i < 0xF60000; i++) {
        bytes[0] = (uint8_t)(i >> 16);
        bytes[1] = (uint8_t)(i >> 8);
        bytes[2] = (uint8_t)i;
        bytes[3] = 0x80 | (i & 0x3F);
        if (utf8_valid(bytes, 4) != valid_by_table(bytes, 4))
            fail_msg("%02X %02X %02X %02X", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    assert_true(utf8_valid("plain text of more than eight bytes", 35));
    assert_false(utf8_valid("plain text of more than eight bytes\xFF", 36));
    assert_true(utf8_valid("", 0));
}

static void utf8_decodes(void **state)
{
    (void)state;
    const char *at = "A\xE6\x99\xB6\xFF\xF0\x9F\x98\x80\xE6\x99", *end = at + strlen(at);
    assert_int_equal(utf8_next(&at, end), 'A');
    assert_int_equal(utf8_next(&at, end), 0x6676);
    assert_int_equal(utf8_next(&at, end), 0xFFFD);
    assert_int_equal(utf8_next(&at, end), 0x1F600);
    assert_int_equal(utf8_next(&at, end), 0xFFFD);
    assert_int_equal(utf8_next(&at, end), 0xFFFD);
    assert_ptr_equal(at, end);
    assert_int_equal(utf8_next(&at, end), 0);
}

static size_t utf8_put(unsigned character, char out[5])
{
    size_t length = 0;
    if (character < 0x80) {
        out[length++] = (char)character;
    } else if (character < 0x800) {
        out[length++] = (char)(0xC0 | character >> 6);
        out[length++] = (char)(0x80 | (character & 0x3F));
    } else {
        out[length++] = (char)(0xE0 | character >> 12);
        out[length++] = (char)(0x80 | (character >> 6 & 0x3F));
        out[length++] = (char)(0x80 | (character & 0x3F));
    }
    out[length] = '\0';
    return length;
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(utf8_width(""), 0);
    assert_int_equal(utf8_width("yield 93.87 %"), 13);
    assert_int_equal(utf8_width("晶圆 W01"), 8);
    assert_int_equal(utf8_width("e\xCC\x81"), 1);
    assert_int_equal(utf8_width("µA\t"), 2);
    if (!setlocale(LC_CTYPE, "C.UTF-8")) {
        print_message("no C.UTF-8 locale to compare with\n");
        skip();
    }
    /* The C library's table, over the blocks a label in Chinese or a European language takes. */
    const unsigned blocks[][2] = {{0x20, 0x36F},    {0x391, 0x3C9},   {0x2010, 0x2027}, {0x2190, 0x21FF}, {0x2500, 0x25FF},
                                  {0x3001, 0x303E}, {0x3041, 0x3096}, {0x4E00, 0x9FA5}, {0xAC00, 0xD7A3}, {0xFF01, 0xFFDC}};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        for (unsigned character = blocks[b][0]; character <= blocks[b][1]; character++) {
            char text[5];
            utf8_put(character, text);
            int wanted = wcwidth((wchar_t)character);
            if (wanted >= 0 && character != 0xAD && (size_t)wanted != utf8_width(text))
                fail_msg("U+%04X takes %zu columns, wanted %d", character, utf8_width(text), wanted);
        }
    }
    setlocale(LC_CTYPE, "C");
}

static void check_decode(const char *bytes, bool trim, const char *encoding, const char *wanted)
{
    struct text text;
    text_init(&text, 10000);
    text_add(&text, ">");
    assert_string_equal(text_decode(&text, bytes, strlen(bytes), trim), encoding);
    assert_string_equal(text.data + 1, wanted);
    assert_int_equal(text.length, 1 + strlen(wanted));
    text_free(&text);
}

static void unknown_encodings(void **state)
{
    (void)state;
    check_decode("", true, "UTF-8", "");
    check_decode("LOT-7", false, "UTF-8", "LOT-7");
    check_decode("晶圆", false, "UTF-8", "晶圆");
    check_decode("\xBE\xA7\xD4\xB2", false, "GB18030", "晶圆");
    check_decode("\xD6\xD0 A", false, "GB18030", "中 A");
    check_decode("\x81\x30\x84\x36", false, "GB18030", "\xC2\xA5"); /* four bytes: U+00A5 */
    check_decode("25\xB0"
                 "C",
                 false, "ISO-8859-1", "25°C");
    check_decode("\xB5"
                 "A",
                 false, "ISO-8859-1", "µA");
    check_decode("caf\xE9", false, "ISO-8859-1", "café");
    check_decode(" \t lot\x01name\x7F \r\n", true, "UTF-8", "lot name");
    check_decode("   ", true, "UTF-8", "");
    check_decode("\xC2\x85x\xC2\x85y", true, "UTF-8", "x y");
    check_decode(" a ", false, "UTF-8", " a ");
    check_decode(" \xBE\xA7 ", true, "GB18030", "晶");
    struct text text;
    text_init(&text, 100000);
    char many[20000];
    for (size_t i = 0; i < sizeof many; i += 2)
        memcpy(many + i, "\xBE\xA7", 2);
    assert_string_equal(text_decode(&text, many, sizeof many, false), "GB18030");
    assert_int_equal(text.length, 30000);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_ceiling),
        cmocka_unit_test(grows_far),
        cmocka_unit_test(utf8_is_valid),
        cmocka_unit_test(utf8_decodes),
        cmocka_unit_test(widths),
        cmocka_unit_test(unknown_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
