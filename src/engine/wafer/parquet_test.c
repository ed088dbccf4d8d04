/* parquet_test.c: a table written and opened again is the same table; a damaged file is refused; the same table gives the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/wafer/column_statistics.h"
#include "engine/wafer/files.h"
#include "engine/wafer/parquet.h"
#include "engine/wafer/random_table.h"

static char folder[64], path[128];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/xinlian-parquet-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/table.parquet", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    struct xl_error error = {0};
    return files_remove(folder, &error) ? 0 : -1;
}

static void fail_if(const struct xl_error *error)
{
    if (error->code[0])
        fail_msg("%s: %s (%s)", error->code, error->message, error->place);
}

static struct xl_table *written(struct arena *arena, const struct random_table_options *options)
{
    struct xl_error error = {0};
    struct xl_table *table = random_table(arena, options);
    if (!xl_parquet_write(table, path, &error))
        fail_if(&error);
    return table;
}

static void check_statistics(const struct xl_table *table, const struct xl_column_statistics *statistics)
{
    for (size_t c = 0; c < table->column_count; c++) {
        const struct xl_column_statistics *s = &statistics[c];
        uint64_t n = 0, not_finite = 0;
        long double sum = 0, m2 = 0;
        float least = INFINITY, most = -INFINITY;
        for (int pass = 0; pass < 2; pass++)
            for (size_t g = 0; g < table->group_count; g++)
                for (uint32_t i = 0; table->groups[g].values[c] && i < table->groups[g].rows; i++) {
                    float v = table->groups[g].values[c][i];
                    if (pass == 1 && isfinite(v)) {
                        long double d = v - sum / (long double)n;
                        m2 += d * d;
                    } else if (pass == 0 && isfinite(v)) {
                        n++;
                        sum += v;
                        least = fminf(least, v);
                        most = fmaxf(most, v);
                    } else if (pass == 0) {
                        not_finite += !xl_is_missing(v);
                    }
                }
        assert_int_equal(s->n, n);
        assert_int_equal(s->not_finite, not_finite);
        assert_true(s->minimum == least && s->maximum == most);
        if (n) {
            long double scale = fmaxl(fabsl((long double)least), fabsl((long double)most));
            assert_true(fabsl((long double)s->mean - sum / (long double)n) <= 1e-14L * scale);
            assert_true(fabsl((long double)s->m2 - m2) <= 1e-12L * m2);
        }
    }
}

static void writes_and_reads(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct arena *arena = arena_new();
        struct xl_table *table =
            written(arena, &(struct random_table_options){
                               .seed = seed, .tests = (uint32_t)seed % 23, .groups = (uint32_t)seed % 5, .rows = seed % 7 ? 90 : 3000});
        struct xl_error error = {0};
        struct xl_table *opened = xl_parquet_open(path, &error);
        fail_if(&error);
        const char *difference = table_difference(table, opened);
        if (difference)
            fail_msg("seed %d: %s differs", (int)seed, difference);
        for (size_t g = 0; g < opened->group_count; g++)
            for (size_t c = 0; c < opened->column_count; c++)
                assert_int_equal((uintptr_t)opened->groups[g].values[c] % 64, 0);
        check_statistics(table, xl_parquet_statistics(opened));
        xl_parquet_close(opened);
        xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
        arena_free(arena);
    }
}

static void same_table_same_bytes(void **state)
{
    (void)state;
    char *bytes[2];
    size_t length[2];
    for (int i = 0; i < 2; i++) {
        struct arena *arena = arena_new();
        struct xl_error error = {0};
        struct xl_table *table = written(arena, &(struct random_table_options){.seed = 7, .tests = 20, .groups = 3, .rows = 500});
        bytes[i] = files_read(path, 1 << 26, &length[i], &error);
        fail_if(&error);
        xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
        arena_free(arena);
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* A column without a value in a group stands there once for all such columns. */
static void missing_columns_share(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct random_table_options options = {.seed = 11, .tests = 300, .groups = 1, .rows = 4000, .is_plain = true};
    struct xl_table *table = random_table(arena, &options);
    const float **values = (const float **)(uintptr_t)table->groups[0].values;
    for (size_t c = 1; c < table->column_count; c++)
        values[c] = NULL;
    struct xl_error error = {0};
    assert_true(xl_parquet_write(table, path, &error));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size < 600000);
    struct xl_table *opened = xl_parquet_open(path, &error);
    fail_if(&error);
    assert_null(table_difference(table, opened));
    for (size_t c = 1; c < table->column_count; c++)
        assert_null(opened->groups[0].values[c]);
    xl_parquet_close(opened);
    xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
    arena_free(arena);
}

/* Groups that were written before a column was known. */
static void late_columns(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct xl_table *table =
        random_table(arena, &(struct random_table_options){.seed = 5, .tests = 9, .groups = 3, .rows = 100, .is_plain = true});
    struct xl_error error = {0};
    unlink(path);
    struct parquet_writer *w = parquet_writer_new(path, &error);
    for (size_t g = 0; g < 3; g++) {
        const float **values = (const float **)(uintptr_t)table->groups[g].values;
        uint32_t known = (uint32_t)table->column_count - 2 + (uint32_t)g;
        for (size_t c = 0; c < table->column_count; c++)
            values[c] = c >= known ? NULL : values[c] ? values[c] : values[0];
        assert_true(parquet_writer_group(w, &table->groups[g], known, &error));
        parquet_writer_rest(w);
    }
    assert_true(parquet_writer_finish(w, table, &error));
    parquet_writer_free(w);
    struct xl_table *opened = xl_parquet_open(path, &error);
    fail_if(&error);
    assert_null(table_difference(table, opened));
    xl_parquet_close(opened);
    xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
    arena_free(arena);
}

static void damaged_files(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct xl_error error = {0};
    struct xl_table *table = written(arena, &(struct random_table_options){.seed = 3, .tests = 6, .groups = 2, .rows = 20});
    size_t length;
    char *bytes = files_read(path, 1 << 24, &length, &error), damaged[160];
    snprintf(damaged, sizeof damaged, "%s/damaged.parquet", folder);
    uint32_t footer;
    memcpy(&footer, bytes + length - 8, 4);
    /* Every byte of the footer, and the file cut everywhere in it, changed in some way: an error or a table, never a crash. */
    int refused = 0;
    for (size_t at = length - 8 - footer; at < length; at++) {
        char old = bytes[at];
        bytes[at] = (char)(at % 3 == 0 ? ~old : at % 3 == 1 ? old + 1 : 0);
        FILE *file = fopen(damaged, "wb");
        assert_int_equal(fwrite(bytes, 1, at % 11 ? length : at, file), at % 11 ? length : at);
        assert_int_equal(fclose(file), 0);
        bytes[at] = old;
        struct xl_error refusal = {0};
        struct xl_table *opened = xl_parquet_open(damaged, &refusal);
        assert_int_equal(!opened, refusal.code[0] != 0);
        refused += !opened;
        xl_parquet_close(opened);
    }
    assert_true(refused > (int)footer / 2);
    assert_null(xl_parquet_open(folder, &error));
    assert_string_equal(error.code, "parquet_corrupt");
    memset(&error, 0, sizeof error);
    assert_null(xl_parquet_open("/nowhere/at.all", &error));
    assert_string_equal(error.code, "cannot_open");
    free(bytes);
    xl_findings_free((struct xl_findings *)(uintptr_t)table->findings);
    arena_free(arena);
}

/* Values whose mean is far from zero: sums of squares would lose every digit. NIST StRD "NumAcc4": mean 10000000.2, sd 0.1. */
static void statistics_are_stable(void **state)
{
    (void)state;
    enum { COUNT = 1001 };
    float values[COUNT];
    /* 1,000,000.5 and its neighbours: exact in a float, deviations exactly -0.25, 0, 0.25. */
    for (int i = 0; i < COUNT; i++)
        values[i] = i == 0 ? 1000000.5f : i % 2 ? 1000000.25f : 1000000.75f;
    struct xl_column_statistics all = column_statistics_none, split = column_statistics_none;
    column_statistics_add(&all, values, COUNT);
    for (int at = 0; at < COUNT; at += 13)
        column_statistics_add(&split, values + at, COUNT - at < 13 ? (size_t)(COUNT - at) : 13);
    for (int i = 0; i < 2; i++) {
        const struct xl_column_statistics *s = i ? &split : &all;
        assert_int_equal(s->n, COUNT);
        assert_true(fabs(s->mean - 1000000.5) < 1e-9);
        assert_true(fabs(s->m2 - 1000 * 0.0625) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(writes_and_reads), cmocka_unit_test(same_table_same_bytes), cmocka_unit_test(missing_columns_share),
        cmocka_unit_test(late_columns),     cmocka_unit_test(damaged_files),         cmocka_unit_test(statistics_are_stable),
    };
    return cmocka_run_group_tests(cases, make_folder, remove_folder);
}
