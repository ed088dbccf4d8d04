/* findings_test.c: counting, keeping the first, order by kind and offset, whatever the order of arrival. */
#include <xinlian/stdf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_counts(void **state)
{
    (void)state;
    struct xl_findings *findings = xl_findings_new();
    assert_int_equal(xl_findings_kept(findings), 0);
    assert_null(xl_findings_at(findings, 0));
    xl_findings_add(findings, XL_FINDING_ZERO_FILLED, 100, 4096, "%s", "after PTR");
    xl_findings_add(findings, XL_FINDING_ZERO_FILLED, 50, 4, "%d", 7);
    xl_findings_add(findings, XL_FINDING_CONTAINER_BROKEN, 999, 0, "%s", "x");
    assert_int_equal(xl_findings_count(findings, XL_FINDING_ZERO_FILLED), 2);
    assert_int_equal(xl_findings_skipped(findings, XL_FINDING_ZERO_FILLED), 4100);
    assert_int_equal(xl_findings_kept(findings), 3);
    assert_int_equal(xl_findings_at(findings, 0)->kind, XL_FINDING_CONTAINER_BROKEN);
    assert_int_equal(xl_findings_at(findings, 1)->offset, 50);
    assert_string_equal(xl_findings_at(findings, 1)->detail, "7");
    assert_int_equal(xl_findings_at(findings, 2)->offset, 100);
    assert_int_equal(xl_findings_at(findings, 2)->length, 4096);
    assert_string_equal(xl_findings_at(findings, 2)->detail, "after PTR");
    xl_findings_free(findings);
    xl_findings_free(NULL);
    xl_findings_add(NULL, XL_FINDING_NO_MIR, 0, 0, "%s", "");
}

/* The same findings in three orders and in two halves keep the same ones. */
static void test_order(void **state)
{
    (void)state;
    struct xl_findings *up = xl_findings_new(), *down = xl_findings_new(), *odd = xl_findings_new(), *even = xl_findings_new();
    for (unsigned i = 0; i < 1000; i++) {
        xl_findings_add(up, XL_FINDING_LEFT_OVER, i, 1, "%u", i);
        xl_findings_add(down, XL_FINDING_LEFT_OVER, 999 - i, 1, "%u", 999 - i);
        xl_findings_add(i % 2 ? odd : even, XL_FINDING_LEFT_OVER, i, 1, "%u", i);
    }
    xl_findings_merge(even, odd);
    assert_int_equal(xl_findings_kept(up), 100);
    assert_int_equal(xl_findings_kept(down), 100);
    assert_int_equal(xl_findings_kept(even), 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(xl_findings_at(up, i)->offset, i);
        assert_memory_equal(xl_findings_at(up, i), xl_findings_at(down, i), sizeof(struct xl_finding));
        assert_memory_equal(xl_findings_at(up, i), xl_findings_at(even, i), sizeof(struct xl_finding));
    }
    assert_int_equal(xl_findings_count(even, XL_FINDING_LEFT_OVER), 1000);
    assert_int_equal(xl_findings_skipped(even, XL_FINDING_LEFT_OVER), 1000);
    xl_findings_free(up);
    xl_findings_free(down);
    xl_findings_free(odd);
    xl_findings_free(even);
}

/* A long detail is cut between characters, not inside one. */
static void test_long_detail(void **state)
{
    (void)state;
    for (int lead = 0; lead < 4; lead++) {
        struct xl_findings *findings = xl_findings_new();
        char text[400] = "abc";
        size_t length = (size_t)lead;
        while (length + 4 < sizeof text) {
            memcpy(text + length, "\xe8\x8a\xaf", 4);
            length += 3;
        }
        xl_findings_add(findings, XL_FINDING_TEXT_CONTROL, 0, 0, "%s", text);
        const char *detail = xl_findings_at(findings, 0)->detail;
        assert_true(utf8_valid(detail, strlen(detail)));
        assert_in_range(strlen(detail), 92, 95);
        xl_findings_free(findings);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int kind = 0; kind < XL_FINDING_KINDS; kind++) {
        assert_true(strlen(xl_finding_name(kind)) > 3);
        assert_true(strlen(xl_finding_sentence(kind)) > 20);
        assert_in_range(xl_finding_severity(kind), XL_RULE, XL_DEFECT);
    }
    assert_string_equal(xl_finding_name(XL_FINDING_ZERO_FILLED), "ZERO_FILLED");
    assert_int_equal(xl_finding_severity(XL_FINDING_ZERO_FILLED), XL_DEFECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_order), cmocka_unit_test(test_long_detail),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
