/* simulate_test.c: simulated files are sound, say the same as their parts, are broken only where asked, and are the same everywhere. */
#include <xinlian/simulate.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

#include "engine/stdf/simulate_model.h"

/* ---- A file, walked by its headers alone --------------------------------------------------------------------------------------- */

struct run {
    int32_t x, y;
    uint32_t head, site, flags, tests, hard, soft, wafer;
    uint32_t executed; /* test records between PIR and PRR */
};
struct file {
    struct text bytes;
    bool big_endian;
    size_t record_count;
    struct xl_stdf_record *records;
    bool is_cut; /* ends inside a record */
    size_t run_count;
    struct run *runs;
};

static uint32_t number_of(const struct xl_stdf_fields *fields, const char *name)
{
    int index = xl_stdf_field_index(fields->layout, name);
    assert_true(index >= 0);
    assert_int_equal(fields->at[index].presence, XL_PRESENT);
    const struct xl_stdf_value *value = fields->at[index].values;
    return value->kind == XL_I1 || value->kind == XL_I2 || value->kind == XL_I4 ? (uint32_t)value->i : (uint32_t)value->u;
}

static double real_of(const struct xl_stdf_fields *fields, const char *name)
{
    return fields->at[xl_stdf_field_index(fields->layout, name)].values->r;
}

static void file_make(struct file *file, const struct xl_simulation *settings)
{
    *file = (struct file){.big_endian = settings->big_endian};
    text_init(&file->bytes, (size_t)1 << 30);
    struct xl_error error = {0};
    bool good = xl_simulate(settings, sink_text(&file->bytes), &error);
    assert_string_equal(error.code, "");
    assert_true(good);
    size_t capacity = 0, at = 0;
    const uint8_t *bytes = (const uint8_t *)file->bytes.data;
    while (at < file->bytes.length) {
        if (file->record_count == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            file->records = memory_grow(file->records, capacity, sizeof *file->records);
        }
        uint16_t length = at + 4 <= file->bytes.length ? load_u2(bytes + at, file->big_endian) : UINT16_MAX;
        if (at + 4 + length > file->bytes.length) {
            file->is_cut = true;
            return;
        }
        file->records[file->record_count++] = (struct xl_stdf_record){
            .type = (uint16_t)(bytes[at + 2] << 8 | bytes[at + 3]),
            .length = length,
            .big_endian = file->big_endian,
            .offset = at,
            .data = bytes + at + 4,
        };
        at += 4 + (size_t)length;
    }
}

static bool is_test(uint16_t type)
{
    return type == XL_PTR || type == XL_MPR || type == XL_FTR || type == XL_STR;
}

/* Head and site stand behind TEST_NUM, and behind CONT_FLG too in STR. */
static uint8_t site_of(const struct xl_stdf_record *record)
{
    return record->data[record->type == XL_STR ? 6 : 5];
}

static void file_runs(struct file *file)
{
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    file->runs = memory_new(file->record_count, sizeof *file->runs);
    uint32_t wafer = 0, executed[256] = {0};
    for (size_t i = 0; i < file->record_count; i++) {
        const struct xl_stdf_record *record = &file->records[i];
        if (record->type == XL_WIR)
            wafer++;
        if (record->type == XL_PIR)
            executed[record->data[1]] = 0;
        if (is_test(record->type) && (record->type != XL_STR || !record->data[0]))
            executed[site_of(record)]++;
        if (record->type != XL_PRR)
            continue;
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, record);
        file->runs[file->run_count++] = (struct run){
            .x = (int32_t)number_of(f, "X_COORD"),
            .y = (int32_t)number_of(f, "Y_COORD"),
            .head = number_of(f, "HEAD_NUM"),
            .site = number_of(f, "SITE_NUM"),
            .flags = number_of(f, "PART_FLG"),
            .tests = number_of(f, "NUM_TEST"),
            .hard = number_of(f, "HARD_BIN"),
            .soft = number_of(f, "SOFT_BIN"),
            .wafer = wafer,
            .executed = executed[number_of(f, "SITE_NUM")],
        };
    }
    xl_stdf_decoder_free(decoder);
}

static void file_free(struct file *file)
{
    text_free(&file->bytes);
    free(file->records);
    free(file->runs);
}

static size_t records_of(const struct file *file, uint16_t type)
{
    size_t count = 0;
    for (size_t i = 0; i < file->record_count; i++)
        count += file->records[i].type == type;
    return count;
}

/* Every record fits its layout to the last byte. Returns how many do not. */
static size_t misfits(const struct file *file)
{
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    size_t wrong = 0;
    for (size_t i = 0; i < file->record_count; i++) {
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, &file->records[i]);
        wrong += f && (f->broken || f->left_over || f->ungated);
    }
    xl_stdf_decoder_free(decoder);
    return wrong;
}

static struct xl_simulation everything(void)
{
    struct xl_simulation s = xl_simulation_default();
    s.parts = 120;
    s.yield = 0.7;
    s.every_record = true;
    s.grade_bins = true;
    return s;
}

/* ---- Soundness ------------------------------------------------------------------------------------------------------------------ */

static void test_order(const struct file *file)
{
    assert_false(file->is_cut);
    assert_int_equal(misfits(file), 0);
    assert_int_equal(file->records[0].type, XL_FAR);
    assert_int_equal(file->records[file->record_count - 1].type, XL_MRR);
    bool open[256] = {false};
    for (size_t i = 0; i < file->record_count; i++) {
        const struct xl_stdf_record *record = &file->records[i];
        if (record->type == XL_PIR) {
            assert_false(open[record->data[1]]);
            open[record->data[1]] = true;
        } else if (record->type == XL_PRR) {
            assert_true(open[record->data[1]]);
            open[record->data[1]] = false;
        } else if (is_test(record->type)) {
            assert_true(open[site_of(record)]);
        }
    }
    for (int site = 0; site < 256; site++)
        assert_false(open[site]);
}

/* Summary records say what the parts say. */
static void test_summaries(struct file *file, const struct xl_simulation *s)
{
    file_runs(file);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    uint32_t wafer = 0, hard_all = 0, soft_all = 0;
    for (size_t i = 0; i < file->record_count; i++) {
        const struct xl_stdf_record *record = &file->records[i];
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, record);
        bool is_hard = record->type == XL_HBR, is_bin = is_hard || record->type == XL_SBR;
        bool is_parts = record->type == XL_PCR || record->type == XL_WRR;
        wafer += record->type == XL_WRR;
        if (!is_bin && !is_parts)
            continue;
        uint32_t head = number_of(f, "HEAD_NUM"), parts = 0, good = 0, retests = 0, in_bin = 0;
        uint32_t bin = !is_bin ? 0 : number_of(f, is_hard ? "HBIN_NUM" : "SBIN_NUM");
        for (size_t r = 0; r < file->run_count; r++) {
            const struct run *run = &file->runs[r];
            if (record->type == XL_WRR ? run->wafer != wafer : head != 255 && run->site != number_of(f, "SITE_NUM"))
                continue;
            parts++;
            good += !(run->flags & XL_PART_FAILED);
            retests += (run->flags & 3) != 0;
            in_bin += (is_hard ? run->hard : run->soft) == bin;
        }
        if (is_parts) {
            assert_int_equal(number_of(f, "PART_CNT"), parts);
            assert_int_equal(number_of(f, "GOOD_CNT"), good);
            assert_int_equal(number_of(f, "RTST_CNT"), retests);
        } else {
            assert_int_equal(number_of(f, is_hard ? "HBIN_CNT" : "SBIN_CNT"), in_bin);
            if (head == 255)
                *(is_hard ? &hard_all : &soft_all) += in_bin;
        }
    }
    assert_int_equal(hard_all, file->run_count);
    assert_int_equal(soft_all, file->run_count);
    assert_int_equal(wafer, s->wafers);
    for (size_t r = 0; r < file->run_count; r++)
        assert_int_equal(file->runs[r].executed, file->runs[r].tests);
    xl_stdf_decoder_free(decoder);
}

/* TSR against the PTRs: counts, least, most, sums. */
static void test_test_summaries(const struct file *file, uint32_t number, uint32_t site)
{
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    uint32_t executed = 0, fails = 0, alarms = 0, found = 0;
    double least = INFINITY, most = -INFINITY, sum = 0;
    for (size_t i = 0; i < file->record_count; i++) {
        const struct xl_stdf_record *record = &file->records[i];
        if (record->type != XL_PTR && record->type != XL_TSR)
            continue;
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, record);
        if (number_of(f, "TEST_NUM") != number)
            continue;
        if (record->type == XL_PTR && (site == 255 || number_of(f, "SITE_NUM") == site)) {
            uint32_t flag = number_of(f, "TEST_FLG");
            double result = real_of(f, "RESULT");
            executed++;
            fails += (flag & XL_TEST_FAILED) != 0;
            alarms += flag & XL_TEST_ALARM;
            if (flag & 0x3f)
                continue;
            least = fmin(least, result);
            most = fmax(most, result);
            sum += result;
        } else if (record->type == XL_TSR && (site == 255 ? number_of(f, "HEAD_NUM") == 255 : number_of(f, "SITE_NUM") == site)) {
            found++;
            assert_int_equal(number_of(f, "EXEC_CNT"), executed);
            assert_int_equal(number_of(f, "FAIL_CNT"), fails);
            assert_int_equal(number_of(f, "ALRM_CNT"), alarms);
            assert_true(real_of(f, "TEST_MIN") == least);
            assert_true(real_of(f, "TEST_MAX") == most);
            assert_true(fabs(real_of(f, "TST_SUMS") - sum) <= 1e-6 * fabs(sum));
        }
    }
    assert_int_equal(found, 1);
    xl_stdf_decoder_free(decoder);
}

static void files_are_sound(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 32; variant++) {
        struct xl_simulation s = everything();
        s.seed = variant + 1;
        s.every_record = variant & 1;
        s.big_endian = variant & 2;
        s.stop_on_fail = variant & 4;
        s.short_records = variant & 8;
        s.bare_records = variant & 16;
        s.wafers = variant % 3;
        s.sites = 1 + variant % 9;
        struct file file;
        file_make(&file, &s);
        test_order(&file);
        test_summaries(&file, &s);
        test_test_summaries(&file, 4000, 255);
        test_test_summaries(&file, 4001, 1);
        file_free(&file);
    }
}

static void every_record_is_there(void **state)
{
    (void)state;
    struct xl_simulation s = everything();
    struct file file;
    file_make(&file, &s);
    const struct xl_stdf_layout *const *layouts;
    size_t count = xl_stdf_layouts(&layouts), unknown = 0;
    assert_int_equal(count, 32);
    for (size_t i = 0; i < count; i++)
        if (!records_of(&file, layouts[i]->type))
            fail_msg("no %s", layouts[i]->name);
    for (size_t i = 0; i < file.record_count; i++)
        unknown += !xl_stdf_layout(file.records[i].type);
    assert_int_equal(unknown, 1);
    file_free(&file);
}

static void dice_are_as_asked(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 5, 77, 500, 1456, 20000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct xl_simulation s = xl_simulation_default();
        s.wafers = 1;
        s.tests = s.functional_tests = s.pin_tests = s.scan_tests = 0;
        s.parts = counts[i];
        s.seed = i;
        s.retest = 0;
        struct file file;
        file_make(&file, &s);
        file_runs(&file);
        assert_int_equal(file.run_count, counts[i]);
        /* Round: no die twice, and none further from the middle than the wafer's half width by more than a die. */
        int32_t left = INT32_MAX, right = INT32_MIN, top = INT32_MAX, bottom = INT32_MIN;
        for (size_t r = 0; r < file.run_count; r++) {
            left = file.runs[r].x < left ? file.runs[r].x : left;
            right = file.runs[r].x > right ? file.runs[r].x : right;
            top = file.runs[r].y < top ? file.runs[r].y : top;
            bottom = file.runs[r].y > bottom ? file.runs[r].y : bottom;
        }
        uint32_t columns = (uint32_t)(right - left + 1), rows = (uint32_t)(bottom - top + 1);
        uint8_t *seen = memory_new((size_t)columns * rows, 1);
        for (size_t r = 0; r < file.run_count; r++) {
            size_t cell = (size_t)(file.runs[r].y - top) * columns + (size_t)(file.runs[r].x - left);
            assert_false(seen[cell]);
            seen[cell] = 1;
            double x = (file.runs[r].x - (left + right) / 2.0) / (columns / 2.0),
                   y = (file.runs[r].y - (top + bottom) / 2.0) / (rows / 2.0);
            assert_true(sqrt(x * x + y * y) <= 1 + 1.0 / columns + 1.0 / rows);
        }
        if (counts[i] > 100)
            assert_true(fabs(counts[i] / ((double)columns * rows) - 0.785) < 0.06); /* pi / 4 of the square */
        free(seen);
        file_free(&file);
    }
}

/* ---- The same bytes everywhere ---------------------------------------------------------------------------------------------------- */

static void hash_check(const struct xl_simulation *s, const char *expected)
{
    struct file file;
    file_make(&file, s);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    SHA256((const uint8_t *)file.bytes.data, file.bytes.length, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, expected);
    file_free(&file);
}

static void bytes_are_the_same(void **state)
{
    (void)state;
    struct xl_simulation s = everything();
    hash_check(&s, "646f72b4ebe366cc206de83c9480f4b9385cb5254ea88934c198182b352fda6b");
    s = xl_simulation_default();
    s.big_endian = s.stop_on_fail = s.short_records = true;
    s.breaks = 255;
    hash_check(&s, "2658402d2f0034f386776d667d172fe7a22ef41cec3a367427a6ee8862a68f89");
}

/* ---- Breaches ------------------------------------------------------------------------------------------------------------------------ */

static void file_break(struct file *file, uint32_t breaks)
{
    struct xl_simulation s = xl_simulation_default();
    s.parts = 100;
    s.breaks = breaks;
    file_make(file, &s);
}

static void breaks_really_break(void **state)
{
    (void)state;
    struct file file;
    file_break(&file, 0);
    size_t sound = file.bytes.length;
    file_free(&file);

    file_break(&file, XL_BREAK_ZEROS);
    assert_int_equal(file.bytes.length, sound + 4096);
    assert_int_equal(records_of(&file, 0), 1024);
    file_free(&file);

    file_break(&file, XL_BREAK_LENGTH);
    assert_int_equal(file.bytes.length, sound);
    assert_true(file.is_cut || misfits(&file) > 0 || file.records[file.record_count - 1].type != XL_MRR);
    file_free(&file);

    file_break(&file, XL_BREAK_CUT);
    assert_true(file.is_cut);
    assert_int_equal(records_of(&file, XL_MRR), 0);
    assert_int_equal(records_of(&file, XL_WRR), 1);
    assert_int_equal(records_of(&file, XL_PIR), records_of(&file, XL_PRR) + 1);
    file_free(&file);

    file_break(&file, XL_BREAK_PADDING);
    assert_int_equal(misfits(&file), records_of(&file, XL_PRR));
    file_free(&file);

    file_break(&file, XL_BREAK_ORPHANS);
    size_t outside = 0, ends = 0, begins = 0;
    bool open[256] = {false};
    for (size_t i = 0; i < file.record_count; i++) {
        const struct xl_stdf_record *record = &file.records[i];
        if (record->type == XL_PIR) {
            begins += open[record->data[1]];
            open[record->data[1]] = true;
        } else if (record->type == XL_PRR) {
            ends += !open[record->data[1]];
            open[record->data[1]] = false;
        } else if (is_test(record->type)) {
            outside += !open[site_of(record)];
        }
    }
    for (int site = 0; site < 256; site++)
        begins += open[site];
    assert_int_equal(outside, 1);
    assert_int_equal(ends, 1);
    assert_int_equal(begins, 2); /* one a wafer */
    file_free(&file);
}

static void counts_break(void **state)
{
    (void)state;
    struct file file;
    file_break(&file, XL_BREAK_COUNTS);
    file_runs(&file);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    uint32_t wafers = 0, hard = 0, soft = 0, parts = 0;
    for (size_t i = 0; i < file.record_count; i++) {
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, &file.records[i]);
        uint16_t type = file.records[i].type;
        if (type == XL_WRR)
            wafers += number_of(f, "PART_CNT");
        else if (type == XL_HBR && number_of(f, "HEAD_NUM") == 255)
            hard += number_of(f, "HBIN_CNT");
        else if (type == XL_SBR && number_of(f, "HEAD_NUM") == 255)
            soft += number_of(f, "SBIN_CNT");
        else if (type == XL_PCR && number_of(f, "HEAD_NUM") == 255)
            parts += number_of(f, "PART_CNT");
    }
    assert_int_equal(wafers, file.run_count + 14);
    assert_int_equal(hard, file.run_count + 5);
    assert_int_equal(soft, file.run_count);
    assert_int_equal(parts, file.run_count - 3);
    xl_stdf_decoder_free(decoder);
    file_free(&file);
}

static void texts_break(void **state)
{
    (void)state;
    struct file file;
    file_break(&file, XL_BREAK_TEXT);
    assert_non_null(memmem(file.bytes.data, file.bytes.length, "\xb5\xe7\xd1\xb9", 4));
    assert_non_null(memmem(file.bytes.data, file.bytes.length, "4.2 (E)\n", 8));
    assert_int_equal(misfits(&file), 0);
    file_free(&file);
}

static void flags_break(void **state)
{
    (void)state;
    struct file file;
    file_break(&file, XL_BREAK_FLAGS);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    uint32_t flags = 0, parms = 0, not_finite = 0, junk = 0, reserved = 0;
    for (size_t i = 0; i < file.record_count; i++) {
        if (file.records[i].type != XL_PTR)
            continue;
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, &file.records[i]);
        flags |= number_of(f, "TEST_FLG");
        parms |= number_of(f, "PARM_FLG");
        not_finite += !isfinite(real_of(f, "RESULT"));
        junk += number_of(f, "OPT_FLAG") == 0x3f && number_of(f, "RES_SCAL") == (uint32_t)-51;
        reserved += !(number_of(f, "OPT_FLAG") & 2);
    }
    assert_int_equal(flags & 0x7e, 0x7e);
    assert_int_equal(parms & 1, 1);
    assert_true(not_finite > 0 && junk > 0 && reserved > 0);
    assert_int_equal(misfits(&file), 0);
    xl_stdf_decoder_free(decoder);
    file_free(&file);
}

/* ---- The model -------------------------------------------------------------------------------------------------------------------------
 */

static void normals_are_normal(void **state)
{
    (void)state;
    for (double z = -8; z <= 8; z += 0.01)
        assert_true(fabs(normal_tail(z) - erfc(z / sqrt(2)) / 2) < 1e-12);
    static struct normals normals;
    normals_make(&normals);
    double sum = 0, squares = 0, fourths = 0;
    uint32_t beyond_one = 0, beyond_three = 0;
    enum { DRAWS = 2000000 };
    for (uint32_t i = 0; i < DRAWS; i++) {
        double z = normal_of(&normals, random_at(42, i));
        sum += z;
        squares += z * z;
        fourths += z * z * z * z;
        beyond_one += z > 1;
        beyond_three += fabs(z) > 3;
    }
    assert_true(fabs(sum / DRAWS) < 0.003);
    assert_true(fabs(squares / DRAWS - 1) < 0.004);
    assert_true(fabs(fourths / DRAWS - 3) < 0.04);
    assert_true(fabs(beyond_one / (double)DRAWS - 0.158655) < 0.0015);
    assert_true(fabs(beyond_three / (double)DRAWS - 0.0027) < 0.0002);
}

static void yield_is_met(void **state)
{
    (void)state;
    static const double yields[] = {0.55, 0.8, 0.93, 0.99};
    for (size_t i = 0; i < 4; i++) {
        for (enum xl_signature signature = XL_SIGNATURE_NONE; signature <= XL_SIGNATURE_MIXED; signature++) {
            struct xl_simulation s = xl_simulation_default();
            s.seed = 10 + i;
            s.wafers = 4;
            s.parts = 1500;
            s.tests = 30;
            s.yield = yields[i];
            s.signature = signature;
            struct file file;
            file_make(&file, &s);
            file_runs(&file);
            uint32_t first = 0, passed = 0;
            for (size_t r = 0; r < file.run_count; r++) {
                first += !(file.runs[r].flags & 3);
                passed += !(file.runs[r].flags & (3 | XL_PART_FAILED));
            }
            assert_int_equal(first, s.wafers * s.parts);
            double yield = passed / (double)first, sigma = sqrt(yields[i] * (1 - yields[i]) / first);
            if (fabs(yield - yields[i]) > 4 * sigma + 0.004)
                fail_msg("yield %.4f instead of %.4f with signature %d", yield, yields[i], (int)signature);
            file_free(&file);
        }
    }
}

static void many_tests_keep_the_yield(void **state)
{
    (void)state;
    struct xl_simulation s = xl_simulation_default();
    s.wafers = 1;
    s.parts = 2000;
    s.tests = 1500;
    s.stop_on_fail = s.bare_records = true;
    s.yield = 0.95;
    struct file file;
    file_make(&file, &s);
    file_runs(&file);
    uint32_t first = 0, passed = 0;
    for (size_t r = 0; r < file.run_count; r++) {
        first += !(file.runs[r].flags & 3);
        passed += !(file.runs[r].flags & (3 | XL_PART_FAILED));
    }
    assert_true(fabs(passed / (double)first - 0.95) < 0.02);
    file_free(&file);
}

/* Join count: pairs of failing neighbours, against what the same fails strewn at random would give; in standard deviations (Poisson). */
static double clustering(const struct file *file, uint32_t parts)
{
    enum { SIDE = 256 };
    static int8_t map[SIDE][SIDE];
    memset(map, -1, sizeof map);
    uint32_t fails = 0, pairs = 0, joined = 0;
    for (size_t r = 0; r < parts; r++) {
        const struct run *run = &file->runs[r];
        bool failed = run->flags & XL_PART_FAILED;
        map[run->y + SIDE / 2][run->x + SIDE / 2] = failed;
        fails += failed;
    }
    for (int y = 0; y + 1 < SIDE; y++) {
        for (int x = 0; x + 1 < SIDE; x++) {
            const int8_t *neighbours[] = {&map[y][x + 1], &map[y + 1][x], &map[y + 1][x + 1]};
            for (int i = 0; map[y][x] >= 0 && i < 3; i++) {
                pairs += *neighbours[i] >= 0;
                joined += map[y][x] == 1 && *neighbours[i] == 1;
            }
        }
    }
    double share = (double)fails / parts, expected = pairs * share * share;
    return (joined - expected) / sqrt(expected);
}

static void signatures_are_visible(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        for (enum xl_signature signature = XL_SIGNATURE_NONE; signature < XL_SIGNATURE_MIXED; signature++) {
            struct xl_simulation s = xl_simulation_default();
            s.seed = seed;
            s.wafers = 1;
            s.parts = 2000;
            s.tests = 30;
            s.retest = 0;
            s.yield = 0.9;
            s.signature = signature;
            struct file file;
            file_make(&file, &s);
            file_runs(&file);
            double z = clustering(&file, s.parts);
            bool is_strewn = signature == XL_SIGNATURE_NONE || signature == XL_SIGNATURE_RANDOM;
            if (is_strewn ? z > 4.5 : z < 6)
                fail_msg("clustering %.1f with signature %d, seed %d", z, (int)signature, (int)seed);
            file_free(&file);
        }
    }
}

static void retests_recover(void **state)
{
    (void)state;
    struct xl_simulation s = xl_simulation_default();
    s.wafers = 1;
    s.parts = 3000;
    s.yield = 0.8;
    s.retest = 1;
    s.signature = XL_SIGNATURE_NONE;
    struct file file;
    file_make(&file, &s);
    file_runs(&file);
    uint32_t failed = 0, again = 0, recovered = 0, elsewhere = 0;
    for (size_t r = 0; r < file.run_count; r++) {
        const struct run *run = &file.runs[r];
        if (!(run->flags & 3)) {
            failed += (run->flags & XL_PART_FAILED) != 0;
            continue;
        }
        assert_int_equal(run->flags & 3, XL_PART_SUPERSEDES_XY);
        size_t before = 0;
        while (file.runs[before].x != run->x || file.runs[before].y != run->y)
            before++;
        assert_true(before < r);
        assert_true(file.runs[before].flags & XL_PART_FAILED);
        again++;
        recovered += !(run->flags & XL_PART_FAILED);
        elsewhere += run->site != file.runs[before].site;
    }
    assert_int_equal(again, failed);
    assert_true(recovered > again / 5 && recovered < again / 2);
    assert_int_equal(elsewhere, again);
    file_free(&file);
}

/* The first touches and the retests as files of their own are, part by part, those of the one file that holds both. */
static void passes_belong_together(void **state)
{
    (void)state;
    for (uint32_t wafers = 0; wafers < 3; wafers++) {
        struct xl_simulation s = xl_simulation_default();
        s.wafers = wafers;
        s.parts = 300;
        s.yield = 0.7;
        struct file both, parts[2];
        file_make(&both, &s);
        file_runs(&both);
        for (int i = 0; i < 2; i++) {
            s.pass = i ? XL_PASS_RETEST : XL_PASS_FIRST;
            file_make(&parts[i], &s);
            test_order(&parts[i]);
            test_summaries(&parts[i], &s);
            test_test_summaries(&parts[i], 4000, 255);
            assert_int_equal(records_of(&parts[i], XL_RDR), i);
        }
        size_t next[2] = {0};
        for (size_t r = 0; r < both.run_count; r++) {
            const struct run *run = &both.runs[r];
            bool is_retest = run->flags & 3;
            const struct run *same = &parts[is_retest].runs[next[is_retest]++];
            assert_true(next[is_retest] <= parts[is_retest].run_count);
            assert_int_equal(same->flags, run->flags & ~3U);
            assert_int_equal(same->x, run->x);
            assert_int_equal(same->y, run->y);
            assert_int_equal(same->site, run->site);
            assert_int_equal(same->soft, run->soft);
            assert_int_equal(same->wafer, run->wafer);
        }
        assert_true(next[1] > 30);
        assert_int_equal(next[0], parts[0].run_count);
        assert_int_equal(next[1], parts[1].run_count);
        file_free(&both);
        file_free(&parts[0]);
        file_free(&parts[1]);
    }
}

/* A failing part stops, and its first failing test decides its bins. */
static void parts_stop_on_fail(void **state)
{
    (void)state;
    struct xl_simulation s = everything();
    s.stop_on_fail = true;
    struct file file;
    file_make(&file, &s);
    uint32_t total = s.tests + s.functional_tests + s.pin_tests + s.scan_tests, stopped = 0;
    bool failed[256] = {false};
    uint32_t bins[256] = {0};
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    for (size_t i = 0; i < file.record_count; i++) {
        const struct xl_stdf_record *record = &file.records[i];
        const struct xl_stdf_fields *f = xl_stdf_decode(decoder, record);
        if (is_test(record->type)) {
            uint32_t site = site_of(record);
            bool goes_on = record->type == XL_STR && failed[site]; /* a continued record */
            assert_true(!failed[site] || goes_on);
            failed[site] = number_of(f, "TEST_FLG") & XL_TEST_FAILED;
            static const uint8_t hard[] = {0, 3, 4, 5, 6, 7, 8, 9, 10, 11}; /* by block, the thousands of the test number */
            bins[site] = hard[number_of(f, "TEST_NUM") / 1000];
        } else if (record->type == XL_PRR) {
            uint32_t site = number_of(f, "SITE_NUM");
            assert_int_equal(failed[site], (number_of(f, "PART_FLG") & XL_PART_FAILED) != 0);
            if (failed[site]) {
                assert_int_equal(number_of(f, "HARD_BIN"), bins[site]);
                assert_int_equal(number_of(f, "SOFT_BIN") / 100, bins[site]);
                stopped += number_of(f, "NUM_TEST") < total;
            } else {
                assert_int_equal(number_of(f, "NUM_TEST"), total);
            }
            failed[site] = false;
        }
    }
    assert_true(stopped > 10);
    xl_stdf_decoder_free(decoder);
    file_free(&file);
}

static void size_is_kept(void **state)
{
    (void)state;
    struct xl_simulation s = xl_simulation_default();
    s.wafers = 1000;
    s.most_bytes = 20000000;
    struct file file;
    file_make(&file, &s);
    assert_true(file.bytes.length >= s.most_bytes && file.bytes.length < s.most_bytes + 1000000);
    test_order(&file);
    assert_int_equal(records_of(&file, XL_WIR), records_of(&file, XL_WRR));
    file_free(&file);
}

static void settings_are_checked(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 10; wrong++) {
        struct xl_simulation s = xl_simulation_default();
        switch (wrong) {
        case 0:
            s.sites = 0;
            break;
        case 1:
            s.sites = 255;
            break;
        case 2:
            s.yield = NAN;
            break;
        case 3:
            s.retest = -0.1;
            break;
        case 4:
            s.parts = 0;
            break;
        case 5:
            s.tests = 40000;
            break;
        case 6:
            s.pins = 0;
            break;
        case 7:
            s.signature = (enum xl_signature)99;
            break;
        case 8:
            s.start_time = 0;
            break;
        case 9:
            s.tests = 30000;
            s.sites = 250;
            break;
        }
        struct text bytes;
        text_init(&bytes, 1 << 20);
        struct xl_error error = {0};
        assert_false(xl_simulate(&s, sink_text(&bytes), &error));
        assert_string_equal(error.code, "simulation_setting");
        assert_int_equal(bytes.length, 0);
        text_free(&bytes);
    }
}

static void a_full_sink_stops(void **state)
{
    (void)state;
    struct xl_simulation s = xl_simulation_default();
    s.wafers = 1000000;
    s.parts = 100000;
    struct text bytes;
    text_init(&bytes, 3 << 20);
    struct xl_error error = {0};
    assert_false(xl_simulate(&s, sink_text(&bytes), &error));
    assert_string_equal(error.code, "text_too_long");
    text_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_sound),
        cmocka_unit_test(every_record_is_there),
        cmocka_unit_test(dice_are_as_asked),
        cmocka_unit_test(bytes_are_the_same),
        cmocka_unit_test(breaks_really_break),
        cmocka_unit_test(counts_break),
        cmocka_unit_test(texts_break),
        cmocka_unit_test(flags_break),
        cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(yield_is_met),
        cmocka_unit_test(many_tests_keep_the_yield),
        cmocka_unit_test(signatures_are_visible),
        cmocka_unit_test(retests_recover),
        cmocka_unit_test(passes_belong_together),
        cmocka_unit_test(parts_stop_on_fail),
        cmocka_unit_test(size_is_kept),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(a_full_sink_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
