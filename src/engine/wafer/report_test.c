/* report_test.c: the report page: its tags close, it asks nobody for anything, and no text from a file becomes markup. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/out.h"
#include "base/text.h"
#include "engine/wafer/html.h"
#include "engine/wafer/table_test_helper.h"

#define HOSTILE "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;</title><!-- ]]>\x01\xff\xe2\x80\xa8"

static struct text reported(const struct xl_lot *lot, const struct xl_report_options *options)
{
    struct text page;
    struct xl_error error = {0};
    text_init(&page, 1 << 26);
    if (!xl_report(lot, options, sink_text(&page), &error))
        fail_msg("%s", error.message);
    return page;
}

/* Every text of the file is hostile. */
static struct bench *hostile_bench(const char *source, const char *wafer, int parts)
{
    struct bench *b = bench_new(source, wafer);
    b->table.lot = b->table.product = b->table.program = b->table.program_revision = b->table.tester = b->table.tester_type = HOSTILE;
    b->table.operator_name = b->table.temperature = b->table.sublot = HOSTILE;
    struct xl_bin *bins = arena_take(b->arena, 2, sizeof *bins);
    bins[0] = (struct xl_bin){.number = 1, .head = 255, .pass = 'P', .name = HOSTILE};
    bins[1] = (struct xl_bin){.number = 5, .head = 255, .pass = 'F', .name = HOSTILE};
    b->table.hard_bins = b->table.soft_bins = bins;
    b->table.hard_bin_count = b->table.soft_bin_count = 2;
    struct xl_test *test = bench_test(b, XL_TEST_PTR, 1000, HOSTILE, -1, 1);
    test->units = HOSTILE;
    bench_test(b, XL_TEST_FTR, 2000, HOSTILE, NAN, NAN);
    struct xl_findings *findings = xl_findings_new();
    xl_findings_add(findings, XL_FINDING_CUT_OFF, 4711, 12, "%s", HOSTILE);
    xl_findings_add(findings, XL_FINDING_RESULT_EXCLUDED, 10, 0, "%s", HOSTILE);
    b->table.findings = findings;
    for (int i = 0; i < parts; i++)
        bench_part(b,
                   (struct bench_part){.x = i % 10,
                                       .y = i / 10,
                                       .site = i % 4,
                                       .hard_bin = i % 7 ? 1 : 5,
                                       .soft_bin = i % 7 ? 1 : 5,
                                       .flags = i % 7 ? 0 : XL_PART_FAILED,
                                       .first_fail = i % 7 ? 0 : 1,
                                       .part_id = HOSTILE,
                                       .part_text = HOSTILE},
                   (float[]){(float)i / 50, 0});
    return b;
}

static struct xl_lot *lot_of(struct bench *const *benches, size_t count)
{
    struct xl_lot *lot = xl_lot_new(NULL);
    struct xl_error error = {0};
    for (size_t i = 0; i < count; i++)
        xl_lot_add(lot, bench_table(benches[i]));
    assert_true(xl_lot_build(lot, &error));
    return lot;
}

static void hostile_free(struct bench *b)
{
    xl_findings_free((struct xl_findings *)b->table.findings);
    bench_free(b);
}

static bool is_void(const char *name, size_t length)
{
    static const char *const voids[] = {"meta", "input", "img", "br", "hr", "link", "!doctype"};
    for (size_t i = 0; i < sizeof voids / sizeof *voids; i++)
        if (strlen(voids[i]) == length && strncasecmp(voids[i], name, length) == 0)
            return true;
    return false;
}

/* Walks the tags: each is closed where it should be, attributes are quoted, and only the tags that the page uses are there. */
static void expect_balanced(const char *page)
{
    const char *stack[64];
    size_t lengths[64], depth = 0;
    for (const char *at = page; (at = strchr(at, '<'));) {
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes;
        size_t length = strcspn(name, " \t\n/>");
        bool quoted = false;
        const char *end = name;
        for (; *end && (quoted || *end != '>'); end++)
            quoted ^= *end == '"';
        assert_int_equal(*end, '>');
        at = end + 1;
        if (closes) {
            assert_true(depth > 0);
            depth--;
            if (lengths[depth] != length || strncmp(stack[depth], name, length) != 0)
                fail_msg("</%.*s> closes <%.*s>", (int)length, name, (int)lengths[depth], stack[depth]);
            continue;
        }
        if (is_void(name, length) || end[-1] == '/')
            continue;
        assert_true(depth < 64);
        stack[depth] = name;
        lengths[depth++] = length;
        if (strncmp(name, "script", 6) == 0 || strncmp(name, "style", 5) == 0) { /* raw text up to its end tag */
            at = strstr(at, name[1] == 'c' ? "</script>" : "</style>");
            assert_non_null(at);
        }
    }
    assert_int_equal(depth, 0);
}

static size_t count_of(const char *page, const char *text)
{
    size_t count = 0;
    for (const char *at = page; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void expect_sound(const char *page)
{
    expect_balanced(page);
    assert_null(strstr(page, "://"));
    assert_null(strstr(page, " src=\""));
    assert_null(strstr(page, "<link"));
    assert_null(strstr(page, "@import"));
    assert_null(strstr(page, "url("));
}

static void hostile_texts(void **state)
{
    (void)state;
    struct bench *benches[] = {hostile_bench("dir/" HOSTILE, HOSTILE, 100), hostile_bench("b.stdf", "W2", 80)};
    struct xl_lot *lot = lot_of(benches, 2);
    for (int language = 0; language < 3; language++) {
        xl_language_set((enum xl_language)language);
        struct text page = reported(lot, NULL);
        xl_language_set(XL_ENGLISH);
        expect_sound(page.data);
        assert_int_equal(count_of(page.data, "<script"), 2); /* the data and the page's own */
        assert_null(strstr(page.data, "alert(1)</script>"));
        assert_null(strstr(page.data, "<img"));
        assert_null(strchr(page.data, '\x01'));
        assert_null(strchr(page.data, '\xff'));
        assert_true(count_of(page.data, "&lt;script&gt;alert(1)") > 10);
        assert_true(utf8_valid(page.data, page.length));
        assert_non_null(strstr(page.data, language == 0   ? "<html lang=\"en\">"
                                          : language == 1 ? "<html lang=\"zh-CN\">"
                                                          : "<html lang=\"zh-TW\">"));
        text_free(&page);
    }
    xl_lot_free(lot);
    hostile_free(benches[0]);
    hostile_free(benches[1]);
}

static void what_it_says(void **state)
{
    (void)state;
    struct bench *b = bench_new("folder/a.stdf", "W1");
    b->table.product = "QINGTING";
    struct xl_test *test = bench_test(b, XL_TEST_PTR, 1000, "Vref", 1.1f, 1.3f);
    test->units = "V";
    test->result_scale = test->low_scale = test->high_scale = 3;
    bench_test(b, XL_TEST_PTR, 1001, "Wide", -1000, 1000);
    for (int i = 0; i < 64; i++)
        bench_part(b,
                   (struct bench_part){
                       .x = i % 8, .y = i / 8, .site = 1, .hard_bin = i ? 1 : 6, .soft_bin = i ? 1 : 6, .flags = i ? 0 : XL_PART_FAILED},
                   (float[]){1.2f + (float)(i % 9 - 4) * 0.02f, (float)(i % 5)});
    struct xl_lot *lot = lot_of(&b, 1);
    struct text page = reported(lot, NULL);
    expect_sound(page.data);
    assert_non_null(strstr(page.data, "<b>98.44 %</b>")); /* 63 of 64 */
    assert_non_null(strstr(page.data, "<dd>a.stdf</dd>"));
    assert_null(strstr(page.data, "folder/"));
    assert_non_null(strstr(page.data, "the last run of each die counts"));
    assert_non_null(strstr(page.data, "<td>mV</td>"));
    assert_non_null(strstr(page.data, ">1100</td><td class=\"n\">1300</td>"));
    assert_non_null(strstr(page.data, "data:image/png;base64,iVBORw0KGgo"));
    const char *worse = strstr(page.data, ">Vref</th>"), *better = strstr(page.data, ">Wide</th>");
    assert_true(worse && better && worse < better); /* worst Cpk first */
    text_free(&page);
    struct xl_report_options one = {.most_tests = 1};
    page = reported(lot, &one);
    assert_null(strstr(page.data, ">Wide</th>"));
    assert_non_null(strstr(page.data, "The 1 worst of 2 tests are shown."));
    text_free(&page);
    xl_lot_free(lot);
    bench_free(b);
}

/* Lots without wafers, tests, parts: a page all the same. */
static void poor_lots(void **state)
{
    (void)state;
    struct bench *b = bench_new("a.stdf", NULL);
    bench_part(b, (struct bench_part){.x = BENCH_NO_XY, .y = BENCH_NO_XY, .hard_bin = 1}, NULL);
    struct xl_lot *lot = lot_of(&b, 1);
    struct text page = reported(lot, NULL);
    expect_sound(page.data);
    assert_non_null(strstr(page.data, "No part has coordinates"));
    text_free(&page);
    xl_lot_free(lot);
    bench_free(b);
    b = bench_new("a.stdf", "W1");
    lot = lot_of(&b, 1);
    page = reported(lot, NULL);
    expect_sound(page.data);
    text_free(&page);
    xl_lot_free(lot);
    bench_free(b);
    lot = lot_of(NULL, 0);
    page = reported(lot, NULL);
    expect_sound(page.data);
    text_free(&page);
    xl_lot_free(lot);
}

static void helpers(void **state)
{
    (void)state;
    struct text text;
    struct out out;
    struct xl_error error = {0};
    text_init(&text, 1000);
    out_begin(&out, sink_text(&text), 0, &error);
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"}; /* RFC 4648, 10 */
    for (size_t i = 0; i < 7; i++) {
        html_base64(&out, plain[i], strlen(plain[i]));
        out_char(&out, ' ');
    }
    html_base64(&out, "\xfb\xff\xfe", 3);
    html_text(&out, " a<b>&\"'\t\x7f\xc2\x85\xef\xbf\xbe\xe4\xb8\xad\xff!");
    html_text(&out, NULL);
    assert_true(out_end(&out));
    assert_string_equal(text.data,
                        " Zg== Zm8= Zm9v Zm9vYg== Zm9vYmE= Zm9vYmFy +//+ a&lt;b&gt;&amp;&quot;&#39;\t\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "\xe4\xb8\xad\xef\xbf\xbd!");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(poor_lots),
        cmocka_unit_test(helpers),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
