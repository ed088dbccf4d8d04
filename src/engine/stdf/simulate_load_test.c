/* simulate_load_test.c: simulated lots through reader and loader: sound ones without a defect, broken ones with the finding that fits. */
#include <xinlian/parts.h>
#include <xinlian/simulate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/out.h"
#include "base/text.h"

static struct xl_tables *load(const struct xl_simulation *s, struct text *bytes)
{
    struct xl_error error = {0};
    text_init(bytes, (size_t)1 << 28);
    assert_true(xl_simulate(s, sink_text(bytes), &error));
    struct xl_input *input = xl_input_memory(bytes->data, bytes->length, "simulated", &error);
    struct xl_load_options options = {0};
    struct xl_tables *tables = xl_tables_load(input, &options, &error);
    assert_string_equal(error.message, "");
    assert_non_null(tables);
    xl_input_free(input);
    return tables;
}

static void a_sound_lot_has_no_defect(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 64; variant++) {
        struct xl_simulation s = xl_simulation_default();
        s.seed = variant;
        s.parts = 150;
        s.yield = 0.8;
        s.wafers = variant & 1 ? 2 : 0;
        s.big_endian = variant & 2;
        s.every_record = variant & 4;
        s.short_records = variant & 8;
        s.bare_records = variant & 16;
        s.stop_on_fail = variant & 32;
        struct text bytes;
        struct xl_tables *tables = load(&s, &bytes);
        for (enum xl_finding_kind kind = 0; kind < XL_FINDING_KINDS; kind++)
            if (xl_finding_severity(kind) != XL_RULE && xl_findings_count(tables->findings, kind) && kind != XL_FINDING_UNKNOWN_RECORD)
                fail_msg("variant %u: %s", variant, xl_finding_name(kind));
        assert_int_equal(xl_findings_count(tables->findings, XL_FINDING_UNKNOWN_RECORD), s.every_record);
        assert_int_equal(tables->count, s.wafers ? s.wafers : 1);
        uint64_t first = 0;
        for (size_t i = 0; i < tables->count; i++) {
            const struct xl_table *table = tables->at[i];
            assert_int_equal(table->is_wafer, s.wafers > 0);
            assert_int_equal(table->test_count, s.tests + s.functional_tests + s.pin_tests + s.scan_tests);
            assert_int_equal(table->column_count, s.tests + s.functional_tests + s.pin_tests * s.pins + s.scan_tests);
            for (size_t g = 0; g < table->group_count; g++) {
                for (uint32_t row = 0; row < table->groups[g].rows; row++) {
                    const struct xl_part_group *group = &table->groups[g];
                    bool failed = group->flags[row] & XL_PART_FAILED;
                    first += !(group->flags[row] & 3);
                    assert_int_equal(failed, group->first_fail[row] >= 0);
                    assert_int_equal(group->tests[row], group->executed[row]);
                }
            }
        }
        assert_int_equal(first, s.parts * (s.wafers ? s.wafers : 1));
        xl_tables_free(tables);
        text_free(&bytes);
    }
}

/* What each breach must be called, and how many part runs may be lost by it. */
static void a_breach_is_found(void **state)
{
    (void)state;
    static const struct {
        uint32_t breaks;
        enum xl_finding_kind kinds[4];
        size_t kind_count;
    } cases[] = {
        {XL_BREAK_ZEROS, {XL_FINDING_ZERO_FILLED}, 1},
        {XL_BREAK_CUT, {XL_FINDING_CUT_OFF, XL_FINDING_NO_MRR, XL_FINDING_PART_NOT_CLOSED, XL_FINDING_WAFER_NOT_CLOSED}, 4},
        {XL_BREAK_PADDING, {XL_FINDING_LEFT_OVER}, 1},
        {XL_BREAK_ORPHANS, {XL_FINDING_TEST_OUTSIDE_PART, XL_FINDING_PART_WITHOUT_PIR, XL_FINDING_PART_NOT_CLOSED}, 3},
        {XL_BREAK_TEXT, {XL_FINDING_TEXT_NOT_UTF8, XL_FINDING_TEXT_CONTROL}, 2},
        {XL_BREAK_FLAGS,
         {XL_FINDING_RESULT_EXCLUDED, XL_FINDING_RESULT_NOT_FINITE, XL_FINDING_FIELD_INVALID, XL_FINDING_LIMITS_UNKNOWN},
         4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned variant = 0; variant < 8; variant++) {
            struct xl_simulation s = xl_simulation_default();
            s.parts = 150;
            s.seed = variant;
            s.big_endian = variant & 1;
            s.short_records = variant & 2;
            s.stop_on_fail = variant & 4;
            struct text bytes;
            struct xl_tables *tables = load(&s, &bytes);
            uint64_t sound = 0, rows = 0;
            for (size_t t = 0; t < tables->count; t++)
                sound += tables->at[t]->rows;
            xl_tables_free(tables);
            text_free(&bytes);
            s.breaks = cases[i].breaks;
            tables = load(&s, &bytes);
            for (size_t k = 0; k < cases[i].kind_count; k++)
                if (!xl_findings_count(tables->findings, cases[i].kinds[k]))
                    fail_msg("breach %u, variant %u: no %s", s.breaks, variant, xl_finding_name(cases[i].kinds[k]));
            for (size_t t = 0; t < tables->count; t++)
                rows += tables->at[t]->rows;
            assert_true(rows >= sound);
            xl_tables_free(tables);
            text_free(&bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_sound_lot_has_no_defect), cmocka_unit_test(a_breach_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
