/* merge_test.c: the order of the files does not matter; every part keeps its results and every test its limits; indices are unified. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/stdf/streams_test.h"

static void save(char path[64], const struct text *bytes)
{
    snprintf(path, 64, "/tmp/xinlian-merge-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes->data, bytes->length), bytes->length);
    close(descriptor);
}

static struct text merged(const char *const *paths, size_t count, const struct xl_stdf_merge *wanted, struct xl_findings *findings,
                          struct xl_error *error)
{
    struct text made;
    text_init(&made, MOST);
    *error = (struct xl_error){0};
    xl_stdf_merge(paths, count, wanted, sink_text(&made), findings, error);
    return made;
}

enum { FILES = 4 };

static const int orders[][FILES] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}, {3, 0, 1, 2}};

/* The rows of the table `b` from `*at` on are those of `a`. */
static void check_rows(const struct xl_table *a, const struct xl_table *b, uint64_t *at)
{
    for (uint64_t row = 0; row < a->rows; row++, ++*at) {
        size_t left_group, right_group;
        uint32_t left, right;
        xl_table_locate(a, row, &left_group, &left);
        xl_table_locate(b, *at, &right_group, &right);
        const struct xl_part_group *l = &a->groups[left_group], *r = &b->groups[right_group];
        assert_int_equal(l->x[left], r->x[right]);
        assert_int_equal(l->y[left], r->y[right]);
        assert_int_equal(l->site[left], r->site[right]);
        assert_int_equal(l->hard_bin[left], r->hard_bin[right]);
        assert_int_equal(l->soft_bin[left], r->soft_bin[right]);
        assert_int_equal(l->flags[left], r->flags[right]);
        assert_int_equal(l->executed[left], r->executed[right]);
        assert_int_equal(l->part_id[left].length, r->part_id[right].length);
        assert_memory_equal(l->part_id[left].bytes, r->part_id[right].bytes, l->part_id[left].length);
        for (size_t t = 0; t < a->test_count; t++) {
            const struct xl_test *test = &a->tests[t], *other = test_named(b, test);
            assert_non_null(other);
            for (uint32_t c = 0; c < test->column_count; c++) {
                const struct xl_column *column = &a->columns[test->columns[c]];
                assert_true(same_bits(value_of(a, test, column->pin, column->execution, row),
                                      value_of(b, other, column->pin, column->execution, *at)));
            }
        }
    }
}

static void test_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct text whole[FILES];
        char path[FILES][64];
        struct loaded loaded[FILES];
        uint64_t parts = 0, good = 0;
        for (int i = 0; i < FILES; i++) {
            struct xl_simulation wanted = many_kinds(seed * 7 + 1);
            wanted.parts = 60;
            wanted.wafers = seed % 2 ? 1 : 0;
            wanted.big_endian = (seed + (uint64_t)i) % 3 == 0;
            wanted.start_time = 1700000000 + 3600 * (i / 2); /* pairs that begin together */
            wanted.yield = 0.5 + 0.1 * i;
            wanted.lot = "LOT";
            wanted.product = "PRODUCT";
            whole[i] = simulated(wanted);
            save(path[i], &whole[i]);
            loaded[i] = load(&whole[i]);
            for (size_t t = 0; t < loaded[i].tables->count; t++)
                for (size_t g = 0; g < loaded[i].tables->at[t]->group_count; g++)
                    for (uint32_t r = 0; r < loaded[i].tables->at[t]->groups[g].rows; r++) {
                        int32_t flags = loaded[i].tables->at[t]->groups[g].flags[r];
                        parts++;
                        good += !(flags & (XL_PART_FAILED | XL_PART_NO_VERDICT));
                    }
        }
        for (int big = 0; big < 2; big++) {
            struct xl_stdf_merge wanted = {.big_endian = big, .command_line = "xinlian stdf merge", .modified_time = 5};
            struct text first = {0};
            for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
                const char *paths[FILES + 1];
                for (int i = 0; i < FILES; i++)
                    paths[i] = path[orders[o][i]];
                paths[FILES] = path[o % FILES]; /* one of them twice */
                struct xl_findings *findings = xl_findings_new();
                struct xl_error error;
                struct text made = merged(paths, FILES + 1, &wanted, findings, &error);
                assert_string_equal(error.code, "");
                assert_int_equal(xl_findings_count(findings, XL_FINDING_FILE_TWICE), 1);
                xl_findings_free(findings);
                if (!o)
                    first = made;
                else {
                    assert_int_equal(first.length, made.length);
                    assert_memory_equal(first.data, made.data, first.length);
                    text_free(&made);
                }
            }
            struct loaded all = load(&first);
            assert_int_equal(all.tables->at[0]->big_endian, big);
            static const enum xl_finding_kind none[] = {XL_FINDING_OUT_OF_PHASE,    XL_FINDING_RECORD_BROKEN,    XL_FINDING_LEFT_OVER,
                                                        XL_FINDING_NO_MIR,          XL_FINDING_MIR_REPEATED,     XL_FINDING_NO_MRR,
                                                        XL_FINDING_COUNT_DISAGREES, XL_FINDING_WAFER_NOT_CLOSED, XL_FINDING_FIRST_NOT_FAR};
            for (size_t k = 0; k < sizeof none / sizeof *none; k++)
                if (xl_findings_count(all.tables->findings, none[k]))
                    fail_msg("seed %d: %s", (int)seed, xl_finding_name(none[k]));
            /* Files in their order: by time, the pairs by content, which is either order. */
            size_t table = 0;
            uint64_t at = 0;
            for (int pair = 0; pair < FILES; pair += 2) {
                uint8_t hash[2][EVP_MAX_MD_SIZE];
                for (int i = 0; i < 2; i++)
                    assert_int_equal(EVP_Digest(whole[pair + i].data, whole[pair + i].length, hash[i], NULL, EVP_sha256(), NULL), 1);
                bool swapped = memcmp(hash[0], hash[1], 32) > 0;
                const struct xl_table *b;
                for (int i = 0; i < 2; i++) {
                    const struct loaded *file = &loaded[pair + (swapped ? 1 - i : i)];
                    for (size_t t = 0; t < file->tables->count; t++) {
                        const struct xl_table *a = file->tables->at[t];
                        b = all.tables->at[table];
                        check_rows(a, b, &at);
                        check_tests(b, a);
                        if (a->is_wafer) {
                            assert_true(b->has_wrr);
                            assert_int_equal(b->wrr.parts, b->rows);
                            assert_int_equal(at, b->rows);
                            table++;
                            at = 0;
                        }
                    }
                }
            }
            uint64_t counted = 0, counted_good = 0;
            for (size_t i = 0; i < all.tables->at[0]->count_count; i++)
                if (all.tables->at[0]->counts[i].head == 255) {
                    counted += all.tables->at[0]->counts[i].parts;
                    counted_good += all.tables->at[0]->counts[i].good;
                }
            assert_int_equal(counted, parts);
            assert_int_equal(counted_good, good);
            unload(&all);
            text_free(&first);
        }
        for (int i = 0; i < FILES; i++) {
            unload(&loaded[i]);
            unlink(path[i]);
            text_free(&whole[i]);
        }
    }
}

/* ---- By hand ----------------------------------------------------------------------------------------------------------------------------
 */

static void begin(struct text *s, char start, const char *lot)
{
    text_init(s, 1 << 20);
    add(s, XL_FAR, "\2\4", 2);
    char mir[64] = {1, 0, 0, 0, start, 0, 0, 0, 1, 'P', ' ', ' ', -1, -1, ' '};
    size_t length = strlen(lot);
    mir[15] = (char)length;
    memcpy(mir + 16, lot, length);
    add(s, XL_MIR, mir, 16 + length + 4);
}

static void check_merged(const struct text *one, const struct text *two, const char *expected)
{
    char paths[2][64];
    save(paths[0], one);
    save(paths[1], two);
    struct xl_error error;
    struct text made = merged((const char *const[]){paths[1], paths[0]}, 2, &(struct xl_stdf_merge){0}, NULL, &error);
    assert_string_equal(error.code, "");
    struct text list = listed(&made);
    assert_string_equal(list.data, expected);
    text_free(&list);
    text_free(&made);
    unlink(paths[0]);
    unlink(paths[1]);
}

/* The second file's limits differ from the first one's: its records that leave them out say them. Its wafer is never closed. */
static void test_defaults_and_wafers(void **state)
{
    (void)state;
    struct text one, two;
    begin(&one, 2, "L");
    begin(&two, 3, "L");
    add(&one, XL_WIR, "\1\xff\5\0\0\0\2w1", 9);
    add(&two, XL_WIR, "\1\xff\6\0\0\0\2w2", 9);
    for (int i = 0; i < 2; i++) {
        struct text *s = i ? &two : &one;
        add(s, XL_PIR, "\1\0", 2);
        char full[] = "\7\0\0\0\1\0\0\0\0\0\x80\x3f\1a\0\x0e\0\0\0\0\0\x80\x3f\0\0\0\x40\1V";
        full[26] = (char)(i ? 0x41 : 0x40); /* high limit 2 or 8 */
        add(s, XL_PTR, full, 29);
        add(s, XL_PTR, "\7\0\0\0\1\0\0\0\0\0\x40\x40\1a", 14);
        add(s, XL_PRR, "\1\0\0\2\0\1\0", 7);
    }
    add(&one, XL_MRR, "\x11\0\0\0", 4);
    add(&two, XL_MRR, "\x22\0\0\0", 4);
    check_merged(&one, &two,
                 "FAR 02 04\n"
                 "MIR 01 00 00 00 02 00 00 00 01 50 20 20 ff ff 20 01 4c 00 00 00 00\n"
                 "WIR 01 ff 05 00 00 00 02 77 31\n"
                 "PIR 01 00\n"
                 "PTR 07 00 00 00 01 00 00 00 00 00 80 3f 01 61 00 0e 00 00 00 00 00 80 3f 00 00 00 40 01 56\n"
                 "PTR 07 00 00 00 01 00 00 00 00 00 40 40 01 61\n"
                 "PRR 01 00 00 02 00 01 00\n"
                 "WRR 01 ff 11 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 ff ff ff ff 02 77 31\n"
                 "WIR 01 ff 06 00 00 00 02 77 32\n"
                 "PIR 01 00\n"
                 "PTR 07 00 00 00 01 00 00 00 00 00 80 3f 01 61 00 0e 00 00 00 00 00 80 3f 00 00 00 41 01 56\n"
                 "PTR 07 00 00 00 01 00 00 00 00 00 40 40 01 61 00 0e 00 00 00 00 00 80 3f 00 00 00 41 01 56\n"
                 "PRR 01 00 00 02 00 01 00\n"
                 "WRR 01 ff 22 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 ff ff ff ff 02 77 32\n"
                 "HBR ff ff 01 00 02 00 00 00 20 00\n"
                 "PCR ff ff 02 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 ff ff ff ff\n"
                 "MRR 22 00 00 00\n");
    text_free(&one);
    text_free(&two);
}

/* Pin 1 is another pin in the second file: it becomes 3 there (2 is taken), in groups, lists and bit maps too. */
static void test_pins(void **state)
{
    (void)state;
    struct text one, two;
    begin(&one, 2, "L");
    begin(&two, 3, "L");
    add(&one, XL_PMR, "\1\0\0\0\0\0\1A", 8);
    add(&one, XL_PMR, "\2\0\0\0\0\0\1B", 8);
    add(&two, XL_PMR, "\1\0\0\0\0\0\1C", 8);
    add(&two, XL_PMR, "\2\0\0\0\0\0\1B", 8);
    add(&one, XL_PGR, "\0\x80\1g\2\0\1\0\2\0", 10);
    add(&two, XL_PGR, "\0\x80\1g\2\0\1\0\2\0", 10);
    add(&one, XL_PLR, "\1\0\0\x80", 4);
    add(&two, XL_PLR, "\1\0\0\x80", 4);
    /* An FTR whose only failing pin is 1; returned pin 1 in state 4; and an MPR over pins 2 and 1. */
    static const char ftr[] = "\7\0\0\0\1\0\x80\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\4\2\0\2";
    static const char mpr[] = "\x8\0\0\0\1\0\0\0\2\0\2\0\0\0\0\x80\x3f\0\0\0\x40\1m\0\x0e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0";
    for (int i = 0; i < 2; i++) {
        struct text *s = i ? &two : &one;
        add(s, XL_PIR, "\1\0", 2);
        add(s, XL_FTR, ftr, 44);
        add(s, XL_MPR, mpr, 48);
        add(s, XL_PRR, "\1\0\0\2\0\1\0", 7);
    }
    check_merged(&one, &two,
                 "FAR 02 04\n"
                 "MIR 01 00 00 00 02 00 00 00 01 50 20 20 ff ff 20 01 4c 00 00 00 00\n"
                 "PMR 01 00 00 00 00 00 01 41\n"
                 "PMR 02 00 00 00 00 00 01 42\n"
                 "PGR 00 80 01 67 02 00 01 00 02 00\n"
                 "PLR 01 00 00 80\n"
                 "PMR 03 00 00 00 00 00 01 43\n"
                 "PGR 01 80 01 67 02 00 03 00 02 00\n"
                 "PLR 01 00 01 80\n"
                 "PIR 01 00\n"
                 "FTR 07 00 00 00 01 00 80 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 01 "
                 "00 04 02 00 02\n"
                 "MPR 08 00 00 00 01 00 00 00 02 00 02 00 00 00 00 80 3f 00 00 00 40 01 6d 00 0e 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
                 "00 00 00 00 00 02 00 01 00\n"
                 "PRR 01 00 00 02 00 01 00\n"
                 "PIR 01 00\n"
                 "FTR 07 00 00 00 01 00 80 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 03 "
                 "00 04 04 00 08\n"
                 "MPR 08 00 00 00 01 00 00 00 02 00 02 00 00 00 00 80 3f 00 00 00 40 01 6d 00 0e 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
                 "00 00 00 00 00 02 00 03 00\n"
                 "PRR 01 00 00 02 00 01 00\n"
                 "HBR ff ff 01 00 02 00 00 00 20 00\n"
                 "PCR ff ff 02 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 ff ff ff ff\n");
    text_free(&one);
    text_free(&two);
}

static void test_refused(void **state)
{
    (void)state;
    struct text one, two;
    begin(&one, 2, "LOT-A");
    begin(&two, 3, "LOT-B");
    char paths[2][64];
    save(paths[0], &one);
    save(paths[1], &two);
    const char *const both[] = {paths[0], paths[1]}, *const absent[] = {paths[0], "/no/such.stdf"}, *const standard[] = {"-"};
    struct xl_error error;
    struct text made = merged(both, 2, &(struct xl_stdf_merge){0}, NULL, &error);
    assert_string_equal(error.code, "merge_lots_differ");
    assert_non_null(strstr(error.message, "LOT-A"));
    assert_non_null(strstr(error.message, "LOT-B"));
    assert_int_equal(made.length, 0);
    made = merged(both, 2, &(struct xl_stdf_merge){.any_lot = true}, NULL, &error);
    assert_string_equal(error.code, "");
    assert_true(made.length > 0);
    text_free(&made);
    made = merged(absent, 2, &(struct xl_stdf_merge){0}, NULL, &error);
    assert_string_equal(error.code, "file_not_found");
    made = merged(standard, 1, &(struct xl_stdf_merge){0}, NULL, &error);
    assert_string_equal(error.code, "merge_standard_input");
    made = merged(NULL, 0, &(struct xl_stdf_merge){0}, NULL, &error);
    assert_string_equal(error.code, "merge_nothing");
    unlink(paths[0]);
    unlink(paths[1]);
    text_free(&one);
    text_free(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_defaults_and_wafers),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
