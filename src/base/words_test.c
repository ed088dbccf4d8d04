/* words_test.c: languages by name, chosen per thread. */
#include "base/words.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void languages_by_name(void **state)
{
    (void)state;
    const char *simplified[] = {"zh", "zh_CN.UTF-8", "zh-CN", "ZH_cn", "zh_SG", "zh_Hans_HK", "zh-Hans", "zh_CN@pinyin", "zh.UTF-8"};
    const char *traditional[] = {"zh_TW", "zh-TW", "zh_Hant", "zh-Hant-CN", "zh_HK.UTF-8", "zh_MO", "zh-tw"};
    const char *english[] = {"", "C", "en", "en_US.UTF-8", "de_DE", "zhx", "POSIX", "C.UTF-8"};
    for (size_t i = 0; i < sizeof simplified / sizeof *simplified; i++)
        assert_int_equal(xl_language_of(simplified[i]), XL_CHINESE_SIMPLIFIED);
    for (size_t i = 0; i < sizeof traditional / sizeof *traditional; i++)
        assert_int_equal(xl_language_of(traditional[i]), XL_CHINESE_TRADITIONAL);
    for (size_t i = 0; i < sizeof english / sizeof *english; i++)
        assert_int_equal(xl_language_of(english[i]), XL_ENGLISH);
    assert_int_equal(xl_language_of(NULL), XL_ENGLISH);
}

static void *language_of_a_thread(void *found)
{
    *(enum xl_language *)found = xl_language_get();
    xl_language_set(XL_CHINESE_TRADITIONAL);
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    (void)state;
    enum xl_language found = XL_CHINESE_TRADITIONAL;
    pthread_t thread;
    xl_language_set(XL_CHINESE_SIMPLIFIED);
    assert_int_equal(pthread_create(&thread, NULL, language_of_a_thread, &found), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(found, XL_ENGLISH);
    assert_int_equal(xl_language_get(), XL_CHINESE_SIMPLIFIED);
    xl_language_set(XL_ENGLISH);
}

static void words_of_a_language(void **state)
{
    (void)state;
    const char *english = "Cannot write: %m.";
    assert_ptr_equal(xl_words(english), english);
    xl_language_set(XL_CHINESE_SIMPLIFIED);
    assert_string_equal(xl_words(english), "无法写入：%m。");
    assert_string_equal(xl_words("no catalogue has this"), "no catalogue has this");
    assert_string_equal(xl_words(""), "");
    assert_string_equal(xl_words("\x7F"), "\x7F");
    xl_language_set(XL_CHINESE_TRADITIONAL);
    assert_string_equal(xl_words(english), "無法寫入：%m。");
    xl_language_set(XL_ENGLISH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(languages_by_name), cmocka_unit_test(each_thread_has_its_own),
                                       cmocka_unit_test(words_of_a_language)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
