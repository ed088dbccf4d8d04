/* json_test.c: the writer's text byte for byte, and that misuse is a bug that stops the program. */
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

static void check(void (*write)(struct json *), bool indent, const char *wanted)
{
    struct text text;
    struct out out;
    struct json json;
    text_init(&text, 100000);
    out_begin(&out, sink_text(&text), 0, NULL);
    json_begin(&json, &out, indent);
    write(&json);
    json_end(&json);
    assert_true(out_end(&out));
    assert_string_equal(text.data, wanted);
    text_free(&text);
}

static void a_lot(struct json *json)
{
    json_object(json);
    json_key(json, "lot");
    json_text(json, "晶 \"7\" \\ </script>\n\t\x01\xFF");
    json_key(json, "none");
    json_text(json, NULL);
    json_key(json, "empty");
    json_object(json);
    json_object_end(json);
    json_key(json, "values");
    json_array(json);
    json_i64(json, INT64_MIN);
    json_u64(json, UINT64_MAX);
    json_float(json, 0.1f);
    json_double(json, 1e300);
    json_float(json, NAN);
    json_double(json, -INFINITY);
    json_bool(json, true);
    json_bool(json, false);
    json_null(json);
    json_text_bytes(json, "a\0b", 3);
    json_array(json);
    json_array_end(json);
    json_array_end(json);
    json_object_end(json);
}

static void texts(void **state)
{
    (void)state;
    check(a_lot, false,
          "{\"lot\":\"晶 \\\"7\\\" \\\\ "
          "\\u003c/script>\\n\\t\\u0001\xEF\xBF\xBD\",\"none\":null,\"empty\":{},\"values\":[-9223372036854775808,"
          "18446744073709551615,0.1,1e+300,null,null,true,false,null,\"a\\u0000b\",[]]}");
    check(a_lot, true,
          "{\n  \"lot\": \"晶 \\\"7\\\" \\\\ \\u003c/script>\\n\\t\\u0001\xEF\xBF\xBD\",\n  \"none\": null,\n  \"empty\": {},\n  "
          "\"values\": [\n"
          "    -9223372036854775808,\n    18446744073709551615,\n    0.1,\n    1e+300,\n    null,\n    null,\n    true,\n    false,\n    "
          "null,\n"
          "    \"a\\u0000b\",\n    []\n  ]\n}\n");
}

static void bare_value(struct json *json)
{
    json_text(json, "\xEF\xBF\xBD"); /* a true U+FFFD is a character like any other */
}

static void one_value(void **state)
{
    (void)state;
    check(bare_value, false, "\"\xEF\xBF\xBD\"");
}

static void value_without_key(struct json *json)
{
    json_object(json);
    json_i64(json, 1);
}
static void key_in_array(struct json *json)
{
    json_array(json);
    json_key(json, "a");
}
static void key_without_value(struct json *json)
{
    json_object(json);
    json_key(json, "a");
    json_object_end(json);
}
static void two_keys(struct json *json)
{
    json_object(json);
    json_key(json, "a");
    json_key(json, "b");
}
static void wrong_end(struct json *json)
{
    json_array(json);
    json_object_end(json);
}
static void unclosed(struct json *json)
{
    json_array(json);
}
static void two_values(struct json *json)
{
    json_i64(json, 1);
    json_i64(json, 2);
}
static void too_deep(struct json *json)
{
    for (int i = 0; i < 100; i++)
        json_array(json);
}
static void nothing(struct json *json)
{
    (void)json;
}

static void misuse_aborts(void **state)
{
    (void)state;
    void (*const wrong[])(struct json *) = {value_without_key, key_in_array, key_without_value, two_keys, wrong_end,
                                            unclosed,          two_values,   too_deep,          nothing};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            struct text text;
            struct out out;
            struct json json;
            text_init(&text, 100000);
            out_begin(&out, sink_text(&text), 0, NULL);
            json_begin(&json, &out, false);
            wrong[i](&json);
            json_end(&json);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            fail_msg("misuse %zu went unnoticed", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(one_value), cmocka_unit_test(misuse_aborts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
