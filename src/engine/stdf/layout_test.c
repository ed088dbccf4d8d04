/* layout_test.c: the table of layouts is consistent in itself, complete, and says what the specification says. */
#include "engine/stdf/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_whole_number(enum xl_stdf_kind kind)
{
    return kind == XL_U1 || kind == XL_U2 || kind == XL_B1;
}

static size_t least_bytes(enum xl_stdf_kind kind)
{
    switch (kind) {
    case XL_U1:
    case XL_I1:
    case XL_C1:
    case XL_B1:
    case XL_CN:
    case XL_BN:
    case XL_VN:
        return 1;
    case XL_U2:
    case XL_I2:
    case XL_SN:
    case XL_DN:
        return 2;
    case XL_U4:
    case XL_I4:
    case XL_R4:
        return 4;
    case XL_U8:
    case XL_R8:
        return 8;
    case XL_CF:
    case XL_UF:
    case XL_N1:
        return 0;
    }
    return 0;
}

/* REC_TYP and REC_SUB of the specification, beside the names. */
static void every_type_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int type, sub;
        size_t fields;
    } specified[] = {
        {"FAR", 0, 10, 2},   {"ATR", 0, 20, 2},   {"VUR", 0, 30, 1},   {"MIR", 1, 10, 38},  {"MRR", 1, 20, 4},  {"PCR", 1, 30, 7},
        {"HBR", 1, 40, 6},   {"SBR", 1, 50, 6},   {"PMR", 1, 60, 7},   {"PGR", 1, 62, 4},   {"PLR", 1, 63, 8},  {"RDR", 1, 70, 2},
        {"SDR", 1, 80, 20},  {"PSR", 1, 90, 13},  {"NMR", 1, 91, 5},   {"CNR", 1, 92, 3},   {"SSR", 1, 93, 3},  {"CDR", 1, 94, 13},
        {"WIR", 2, 10, 4},   {"WRR", 2, 20, 14},  {"WCR", 2, 30, 9},   {"PIR", 5, 10, 2},   {"PRR", 5, 20, 12}, {"TSR", 10, 30, 16},
        {"PTR", 15, 10, 20}, {"MPR", 15, 15, 27}, {"FTR", 15, 20, 28}, {"STR", 15, 30, 59}, {"BPS", 20, 10, 1}, {"EPS", 20, 20, 0},
        {"GDR", 50, 10, 2},  {"DTR", 50, 30, 1},
    };
    const struct xl_stdf_layout *const *list;
    assert_int_equal(xl_stdf_layouts(&list), sizeof specified / sizeof *specified);
    for (size_t i = 0; i < sizeof specified / sizeof *specified; i++) {
        const struct xl_stdf_layout *layout = xl_stdf_layout_named(specified[i].name);
        assert_non_null(layout);
        assert_int_equal(layout->type, specified[i].type << 8 | specified[i].sub);
        assert_int_equal(layout->field_count, specified[i].fields);
        assert_ptr_equal(xl_stdf_layout(layout->type), layout);
        assert_ptr_equal(list[i], layout);
    }
    assert_null(xl_stdf_layout_named("XYZ"));
    size_t known = 0;
    for (unsigned type = 0; type <= UINT16_MAX; type++)
        known += xl_stdf_layout((uint16_t)type) != NULL;
    assert_int_equal(known, sizeof specified / sizeof *specified);
}

static void fields_refer_to_earlier_ones(void **state)
{
    (void)state;
    const struct xl_stdf_layout *const *list;
    size_t count = xl_stdf_layouts(&list);
    for (size_t i = 0; i < count; i++) {
        size_t shortest = 0;
        for (size_t f = 0; f < list[i]->field_count; f++) {
            const struct xl_stdf_field *field = &list[i]->fields[f];
            assert_int_equal(xl_stdf_field_index(list[i], field->name), f); /* names are unique in a record */
            if (field->count >= 0) {
                assert_true(field->count < (int)f);
                assert_true(is_whole_number(list[i]->fields[field->count].kind));
                assert_non_null(strstr(list[i]->fields[field->count].name, list[i]->type == XL_RDR ? "BINS" : "CNT"));
            }
            if (field->width >= 0)
                assert_non_null(strstr(list[i]->fields[field->width].name, "_SIZE"));
            assert_true((field->kind == XL_UF || field->kind == XL_CF) == (field->width >= 0));
            assert_true(field->width < (int)f && field->flag < (int)f);
            assert_true(field->kind != XL_N1 || field->count >= 0);
            if (field->flag >= 0)
                assert_int_equal(list[i]->fields[field->flag].kind, XL_B1);
            else if (!field->optional && field->count < 0)
                shortest += least_bytes(field->kind);
        }
        /* MIR, WIR, WRR and TSR have optional fields before needed ones; those count too. */
        shortest += list[i]->type == XL_MIR ? 6 : list[i]->type == XL_WIR || list[i]->type == XL_WRR || list[i]->type == XL_TSR ? 1 : 0;
        assert_int_equal(list[i]->shortest, shortest);
    }
}

static void indexes_have_names(void **state)
{
    (void)state;
    assert_int_equal(PTR_RESULT, xl_stdf_field_index(xl_stdf_layout(XL_PTR), "RESULT"));
    assert_int_equal(STR_USER_TXT, xl_stdf_field_index(xl_stdf_layout(XL_STR), "USER_TXT"));
    assert_int_equal(PTR_FIELDS, 20);
    assert_int_equal(EPS_FIELDS, 0);
    assert_int_equal(xl_stdf_field_index(xl_stdf_layout(XL_PTR), "result"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_the_specification),
        cmocka_unit_test(fields_refer_to_earlier_ones),
        cmocka_unit_test(indexes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
