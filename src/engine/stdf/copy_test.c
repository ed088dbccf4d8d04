/* copy_test.c: nothing filtered is every byte; something filtered leaves the rest meaning what it meant; summaries count what is left. */
#include <xinlian/parts.h>
#include <xinlian/simulate.h>

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/out.h"
#include "base/text.h"
#include "engine/stdf/streams_test.h"

/* The whole uncompressed entry. */
static struct text unpacked(struct xl_input *input)
{
    struct text made;
    text_init(&made, MOST);
    const uint8_t *bytes;
    size_t length = 0;
    bool last = false;
    struct xl_error error = {0};
    do {
        if (!xl_input_window(input, length, &bytes, &length, &last, &error))
            break;
        text_add_bytes(&made, bytes, length);
    } while (!last);
    return made;
}

static struct text copied(struct xl_input *input, const struct xl_stdf_filter *filter, struct xl_error *error)
{
    struct text made;
    text_init(&made, MOST);
    struct xl_findings *findings = xl_findings_new();
    *error = (struct xl_error){0};
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, error);
    if (reader)
        assert_true(xl_stdf_copy(reader, filter, sink_text(&made), findings, error));
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    return made;
}

static struct text copied_bytes(const struct text *bytes, const struct xl_stdf_filter *filter)
{
    struct xl_error error = {0};
    struct xl_input *input = xl_input_memory(bytes->data, bytes->length, "copied", &error);
    struct text made = copied(input, filter, &error);
    assert_string_equal(error.code, "");
    xl_input_free(input);
    return made;
}

static const struct xl_stdf_filter everything = {.head = -1, .site = -1};

/* ---- Every byte -------------------------------------------------------------------------------------------------------------------------
 */

static size_t real_files, real_refused;

static void check_real(const char *path)
{
    struct xl_error error = {0};
    struct xl_input *input = xl_input_open(path, &error), *again = xl_input_open(path, &error);
    if (!input || !again) {
        print_message("# %s: %s\n", path, error.message);
        fail();
    }
    struct text whole = unpacked(input), copy = copied(again, &everything, &error);
    if (error.code[0]) {
        real_refused++;
        assert_int_equal(copy.length, 0);
    } else {
        assert_int_equal(whole.length, copy.length);
        assert_memory_equal(whole.data, copy.data, whole.length);
        real_files++;
    }
    text_free(&whole);
    text_free(&copy);
    xl_input_free(input);
    xl_input_free(again);
}

static void walk(const char *folder)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        char path[1000];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            walk(path);
        else
            check_real(path);
    }
    closedir(entries);
}

static void test_real(void **state)
{
    (void)state;
    const char *data = getenv("XINLIAN_DATA");
    char folder[500];
    struct stat status;
    snprintf(folder, sizeof folder, "%s/stdf", data ? data : "../shared/data");
    if (stat(folder, &status) != 0) {
        print_message("# no real files\n");
        skip();
    }
    walk(folder);
    print_message("# %zu files byte for byte, %zu refused\n", real_files, real_refused);
    assert_true(real_files > 40);
    assert_in_range(real_refused, 1, 5);
}

static void test_everything(void **state)
{
    (void)state;
    for (uint32_t breaks = 0; breaks < 256; breaks = breaks ? breaks * 2 : 1)
        for (int big = 0; big < 2; big++) {
            struct xl_simulation wanted = xl_simulation_default();
            wanted.parts = 60;
            wanted.tests = 30;
            wanted.breaks = breaks;
            wanted.big_endian = big;
            wanted.every_record = true;
            struct text whole = simulated(wanted), copy = copied_bytes(&whole, &everything), null = copied_bytes(&whole, NULL);
            struct text zeroed = copied_bytes(&whole, &(struct xl_stdf_filter){0});
            assert_int_equal(copy.length, whole.length);
            assert_memory_equal(copy.data, whole.data, whole.length);
            assert_int_equal(null.length, whole.length);
            assert_memory_equal(null.data, whole.data, whole.length);
            assert_int_equal(zeroed.length, whole.length);
            /* With an audit record, which stands right after FAR and is all that is new. */
            struct text audited = copied_bytes(
                &whole, &(struct xl_stdf_filter){.head = -1, .site = -1, .command_line = "xinlian", .modified_time = 0x01020304});
            static const char *const audit[] = {"\x0c\0\0\x14\4\3\2\1\7xinlian", "\0\x0c\0\x14\1\2\3\4\7xinlian"};
            assert_int_equal(audited.length, whole.length + 16);
            assert_memory_equal(audited.data, whole.data, 6);
            assert_memory_equal(audited.data + 6, audit[big], 16);
            assert_memory_equal(audited.data + 22, whole.data + 6, whole.length - 6);
            text_free(&whole);
            text_free(&copy);
            text_free(&null);
            text_free(&zeroed);
            text_free(&audited);
        }
}

static bool stop_after(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)bytes;
    (void)length;
    int *left = context;
    if (--*left < 0)
        return xl_fail(error, "disk_full", "full");
    return true;
}

/* A sink that fails ends the copy with its error. */
static void test_sink_fails(void **state)
{
    (void)state;
    struct text whole = simulated(xl_simulation_default());
    for (int filtered = 0; filtered < 2; filtered++)
        for (int left = 0; left < 3; left++) {
            int writes = left * (filtered ? 100 : 1);
            struct xl_error error = {0};
            struct xl_input *input = xl_input_memory(whole.data, whole.length, "copied", &error);
            struct xl_findings *findings = xl_findings_new();
            struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
            const uint16_t bin = 1;
            struct xl_stdf_filter filter = {.head = -1, .site = -1, .hard_bins = &bin, .hard_bin_count = filtered ? 1 : 0};
            bool good = xl_stdf_copy(reader, &filter, (struct xl_sink){stop_after, &writes}, findings, &error);
            if (writes < 0) {
                assert_false(good);
                assert_string_equal(error.code, "disk_full");
            }
            xl_stdf_reader_free(reader);
            xl_findings_free(findings);
            xl_input_free(input);
        }
    text_free(&whole);
}

/* ---- What is left means the same --------------------------------------------------------------------------------------------------------
 */

/* Row `a` of `left` and row `b` of `right` hold the same results for every test of `right`, and those have the same limits. */
static void check_row(const struct xl_table *left, uint64_t a, const struct xl_table *right, uint64_t b)
{
    for (size_t t = 0; t < right->test_count; t++) {
        const struct xl_test *kept = &right->tests[t], *test = test_named(left, kept);
        assert_non_null(test);
        for (uint32_t c = 0; c < kept->column_count; c++) {
            const struct xl_column *column = &right->columns[kept->columns[c]];
            assert_true(same_bits(value_of(left, test, column->pin, column->execution, a),
                                  value_of(right, kept, column->pin, column->execution, b)));
        }
    }
}

struct wanted {
    int site;
    const uint16_t *bins;
    size_t bin_count;
    uint64_t modulus; /* keep_part: part whose count of calls is a multiple */
    uint64_t asked;
    const uint32_t *tests;
    size_t test_count;
};

static bool keep_some(void *context, uint64_t begin, uint64_t end)
{
    struct wanted *wanted = context;
    assert_true(begin < end);
    return begin % wanted->modulus == 0;
}

static bool is_wanted(const struct wanted *wanted, const struct xl_part_group *group, uint32_t at)
{
    if (wanted->site >= 0 && group->site[at] != wanted->site)
        return false;
    if (wanted->bin_count) {
        bool found = false;
        for (size_t i = 0; i < wanted->bin_count; i++)
            found = found || (wanted->bins[i] == group->hard_bin[at] && !(group->flags[at] & XL_PART_UNFINISHED));
        if (!found)
            return false;
    }
    return !wanted->modulus || (uint64_t)group->begin[at] % wanted->modulus == 0;
}

/* The tables of the whole and of the copy: the rows wanted, in order, with the same results; the summaries count them. */
static void check_filtered(const struct text *whole, const struct text *copy, const struct wanted *wanted)
{
    struct loaded left = load(whole), right = load(copy);
    uint64_t left_parts = 0;
    for (size_t t = 0, r = 0; t < left.tables->count; t++) {
        const struct xl_table *a = left.tables->at[t], *b = r < right.tables->count ? right.tables->at[r] : NULL;
        uint64_t row = 0, at_b = 0, parts = 0, good = 0;
        for (size_t g = 0; g < a->group_count; g++)
            for (uint32_t i = 0; i < a->groups[g].rows; i++, row++) {
                if (!is_wanted(wanted, &a->groups[g], i))
                    continue;
                assert_non_null(b);
                assert_true(at_b < b->rows);
                size_t group;
                uint32_t at;
                xl_table_locate(b, at_b, &group, &at);
                const struct xl_part_group *other = &b->groups[group];
                assert_int_equal(a->groups[g].x[i], other->x[at]);
                assert_int_equal(a->groups[g].y[i], other->y[at]);
                assert_int_equal(a->groups[g].site[i], other->site[at]);
                assert_int_equal(a->groups[g].hard_bin[i], other->hard_bin[at]);
                assert_int_equal(a->groups[g].flags[i], other->flags[at]);
                if (!wanted->test_count)
                    assert_int_equal(a->groups[g].executed[i], other->executed[at]);
                check_row(a, row, b, at_b);
                at_b++;
                if (!(other->flags[at] & XL_PART_UNFINISHED)) {
                    parts++;
                    good += !(other->flags[at] & (XL_PART_FAILED | XL_PART_NO_VERDICT));
                }
            }
        if (!b || (!at_b && !a->is_wafer))
            continue;
        assert_int_equal(at_b, b->rows);
        check_tests(a, b);
        if (b->has_wrr) {
            assert_int_equal(b->wrr.parts, parts);
            assert_int_equal(b->wrr.good, good);
        }
        left_parts += parts;
        r++;
    }
    const struct xl_table *last = right.tables->count ? right.tables->at[0] : NULL;
    if (last) {
        uint64_t counted = 0, binned = 0;
        for (size_t i = 0; i < last->count_count; i++)
            if (last->counts[i].head == 255)
                counted += last->counts[i].parts;
        for (size_t i = 0; i < last->hard_bin_count; i++)
            if (last->hard_bins[i].head == 255)
                binned += last->hard_bins[i].count;
        assert_int_equal(counted, left_parts);
        assert_int_equal(binned, left_parts);
    }
    unload(&left);
    unload(&right);
}

static void test_filtered(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct text whole = simulated(many_kinds(seed));
        static const uint16_t one[] = {1}, others[] = {2, 3, 4, 5, 6, 7};
        struct wanted cases[] = {
            {.site = -1, .bins = one, .bin_count = 1},
            {.site = -1, .bins = others, .bin_count = 6},
            {.site = 1},
            {.site = -1, .modulus = 3},
            {.site = 1, .bins = others, .bin_count = 6, .modulus = 2},
        };
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            struct xl_stdf_filter filter = {
                .head = -1, .site = cases[c].site, .hard_bins = cases[c].bins, .hard_bin_count = cases[c].bin_count};
            if (cases[c].modulus) {
                filter.keep_part = keep_some;
                filter.context = &cases[c];
            }
            struct text copy = copied_bytes(&whole, &filter);
            assert_true(copy.length < whole.length);
            check_filtered(&whole, &copy, &cases[c]);
            /* Filtering again changes nothing. */
            if (!cases[c].modulus) {
                struct text again = copied_bytes(&copy, &filter);
                assert_int_equal(again.length, copy.length);
                assert_memory_equal(again.data, copy.data, copy.length);
                text_free(&again);
            }
            text_free(&copy);
        }
        text_free(&whole);
    }
}

static void test_some_tests(void **state)
{
    (void)state;
    struct text whole = simulated(many_kinds(1));
    struct loaded all = load(&whole);
    const struct xl_table *table = all.tables->at[0];
    uint32_t numbers[] = {table->tests[4].number, table->tests[2].number};
    struct text copy = copied_bytes(&whole, &(struct xl_stdf_filter){.head = -1, .site = -1, .tests = numbers, .test_count = 2});
    check_filtered(&whole, &copy, &(struct wanted){.site = -1, .tests = numbers, .test_count = 2});
    struct loaded left = load(&copy);
    for (size_t t = 0; t < left.tables->at[0]->test_count; t++)
        assert_true(left.tables->at[0]->tests[t].number == numbers[0] || left.tables->at[0]->tests[t].number == numbers[1]);
    assert_in_range(left.tables->at[0]->test_count, 2, 8);
    unload(&left);
    unload(&all);
    text_free(&copy);
    text_free(&whole);
}

/* ---- By hand ----------------------------------------------------------------------------------------------------------------------------
 */

static void check_list(const struct text *bytes, const struct xl_stdf_filter *filter, const char *expected)
{
    struct text copy = copied_bytes(bytes, filter), list = listed(&copy);
    assert_string_equal(list.data, expected);
    text_free(&list);
    text_free(&copy);
}

/* Sites interleaved; the part with the defaults dropped: its heir says them. Text amid parts goes with them. Summaries move before MRR. */
static void test_by_hand(void **state)
{
    (void)state;
    struct text s;
    text_init(&s, 1 << 20);
    add(&s, XL_FAR, "\2\4", 2);
    add(&s, XL_PIR, "\1\0", 2);
    add(&s, XL_PIR, "\1\1", 2);
    /* Test 7 "ab" on site 0: OPT_FLAG 0e, scale 3, limits 1 and 2, "V". */
    add(&s, XL_PTR, "\7\0\0\0\1\0\0\0\0\0\x80\x3f\2ab\0\x0e\3\3\3\0\0\x80\x3f\0\0\0\x40\1V", 31);
    add(&s, XL_PTR, "\7\0\0\0\1\1\x80\0\0\0\x40\x40\0", 13); /* site 1: nameless, 3.0, failed */
    add(&s, XL_DTR, "\3two", 4);
    add(&s, XL_PRR, "\1\0\0\1\0\1\0", 7);
    add(&s, XL_DTR, "\3one", 4);
    add(&s, XL_PRR, "\1\1\x08\1\0\2\0", 7);
    add(&s, XL_DTR, "\4none", 5);
    add(&s, XL_HBR, "\xff\0\1\0\1\0\0\0P\4good", 14);
    add(&s, XL_PCR, "\xff\0\2\0\0\0", 6);
    add(&s, XL_TSR, "\1\1P\7\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\2ab", 22);
    add(&s, XL_MRR, "\1\2\3\4", 4);
    const uint16_t two = 2;
    check_list(&s, &(struct xl_stdf_filter){.head = -1, .site = -1, .hard_bins = &two, .hard_bin_count = 1},
               "FAR 02 04\n"
               "PIR 01 01\n"
               "PTR 07 00 00 00 01 01 80 00 00 00 40 40 02 61 62 00 0e 03 03 03 00 00 80 3f 00 00 00 40 01 56\n"
               "DTR 03 74 77 6f\n"
               "DTR 03 6f 6e 65\n"
               "PRR 01 01 08 01 00 02 00\n"
               "DTR 04 6e 6f 6e 65\n"
               "TSR 01 01 50 07 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00 02 61 62 00 00 cc 00 00 00 00 00 00 40 40 00 00 40 40 00 00 "
               "40 40 00 00 10 41\n"
               "HBR ff 00 01 00 00 00 00 00 50 04 67 6f 6f 64\n"
               "HBR ff ff 02 00 01 00 00 00 20 00\n"
               "PCR ff 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff ff ff ff\n"
               "MRR 01 02 03 04\n");
    text_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),     cmocka_unit_test(test_everything), cmocka_unit_test(test_sink_fails),
        cmocka_unit_test(test_filtered), cmocka_unit_test(test_some_tests), cmocka_unit_test(test_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
