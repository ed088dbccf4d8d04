/* store_test.c: a raw file is kept once, its cache is the tables of the file, and the same bytes whenever it is made. */
#include <xinlian/simulate.h>
#include <xinlian/store.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/out.h"
#include "engine/wafer/files.h"
#include "engine/wafer/random_table.h"
#include "engine/wafer/store.h"

static char folder[64], lot[128], other[128];

static bool write_file(const char *path, const char *bytes, size_t length, struct xl_error *error)
{
    char temporary[128];
    snprintf(temporary, sizeof temporary, "%s/temporary", folder);
    return files_write(path, temporary, bytes, length, error);
}

static void fail_if(const struct xl_error *error)
{
    if (error->code[0])
        fail_msg("%s: %s (%s)", error->code, error->message, error->place);
}

static void simulate(const char *path, uint64_t seed)
{
    struct xl_simulation simulation = xl_simulation_default();
    simulation.seed = seed;
    simulation.wafers = 3;
    simulation.parts = 400;
    simulation.tests = 100;
    simulation.pin_tests = 2;
    simulation.functional_tests = 3;
    simulation.retest = 0.5;
    simulation.breaks = XL_BREAK_ORPHANS | XL_BREAK_FLAGS | XL_BREAK_TEXT;
    struct xl_error error = {.code = ""};
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(file >= 0);
    xl_simulate(&simulation, sink_file(&file), &error);
    fail_if(&error);
    close(file);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/xinlian-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(lot, sizeof lot, "%s/lot.stdf", folder);
    snprintf(other, sizeof other, "%s/other.stdf", folder);
    simulate(lot, 1);
    simulate(other, 2);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    struct xl_error error = {.code = ""};
    return files_remove(folder, &error) ? 0 : -1;
}

static struct xl_store *open_store(const char *name)
{
    char path[128];
    struct xl_error error = {.code = ""};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct xl_store *store = xl_store_open(path, &error);
    fail_if(&error);
    return store;
}

static struct xl_import import_file(struct xl_store *store, const char *path, const char *name)
{
    struct xl_import import;
    struct xl_error error = {.code = ""};
    xl_store_import(store, "fab", path, name, NULL, &import, &error);
    fail_if(&error);
    return import;
}

static char *cache_bytes(struct xl_store *store, const char *hash, size_t table, size_t *length)
{
    struct xl_error error = {.code = ""};
    char *cache = store_cache_path(store, "fab", hash), *path = store_path_print("%s/%03zu.parquet", cache, table);
    char *bytes = files_read(path, 1 << 28, length, &error);
    fail_if(&error);
    free(cache);
    free(path);
    return bytes;
}

static void same_cache(struct xl_store *a, struct xl_store *b, const struct xl_import *import)
{
    for (size_t i = 0; i <= import->table_count; i++) {
        size_t length_a, length_b;
        char *bytes_a = cache_bytes(a, import->raw_sha256, i, &length_a), *bytes_b = cache_bytes(b, import->raw_sha256, i, &length_b);
        assert_int_equal(i == import->table_count, !bytes_a);
        assert_int_equal(length_a, length_b);
        if (bytes_a)
            assert_memory_equal(bytes_a, bytes_b, length_a);
        free(bytes_a);
        free(bytes_b);
    }
}

static void stores_the_tables_of_the_file(void **state)
{
    (void)state;
    struct xl_store *store = open_store("tables");
    struct xl_import import = import_file(store, lot, NULL);
    assert_false(import.raw_known);
    assert_false(import.cache_known);
    struct xl_error error = {.code = ""};
    struct xl_tables *stored = xl_store_tables(store, "fab", import.raw_sha256, &error);
    fail_if(&error);
    struct xl_input *input = xl_input_open(lot, &error);
    struct xl_tables *loaded = xl_tables_load(input, &(struct xl_load_options){.key = XL_KEY_BOTH}, &error);
    fail_if(&error);
    assert_true(loaded->count >= 3);
    assert_int_equal(stored->count, loaded->count);
    assert_int_equal(import.table_count, loaded->count);
    uint64_t rows = 0;
    for (size_t i = 0; i < loaded->count; i++) {
        struct xl_table expected = *loaded->at[i];
        assert_string_equal(stored->at[i]->source, "lot.stdf");
        expected.source = "lot.stdf";
        memcpy(expected.raw_sha256, import.raw_sha256, sizeof expected.raw_sha256);
        const char *difference = table_difference(&expected, stored->at[i]);
        if (difference)
            fail_msg("table %zu: %s differs", i, difference);
        rows += expected.rows;
    }
    assert_int_equal(import.rows, rows);
    xl_tables_free(loaded);
    xl_tables_free(stored);
    xl_input_free(input);

    struct xl_import again = import_file(store, lot, "renamed.stdf");
    assert_true(again.raw_known && again.cache_known);
    assert_string_equal(again.raw_sha256, import.raw_sha256);
    assert_int_equal(again.rows, rows);
    assert_int_equal(again.table_count, import.table_count);
    xl_store_close(store);
}

/* Against sha256sum of fourteen bytes (FAR, MRR), and OpenSSL's whole-file digest of a file of several buffers. */
static void hash_is_the_files(void **state)
{
    (void)state;
    struct xl_store *store = open_store("hash");
    struct xl_error error = {.code = ""};
    char tiny[128];
    snprintf(tiny, sizeof tiny, "%s/tiny.stdf", folder);
    assert_true(write_file(tiny, "\x02\0\0\x0a\x02\x04\x04\0\x01\x14\0\0\0\0", 14, &error));
    struct xl_import import;
    assert_true(xl_store_keep(store, "fab", tiny, NULL, &import, &error));
    assert_string_equal(import.raw_sha256, "e4a20eab05a6d33fd93b41871e58424113cb32c30f88e258cf77fa8f69a90e04");
    size_t length;
    import = import_file(store, lot, NULL);
    char *bytes = files_read(lot, 1 << 28, &length, &error);
    assert_true(length > 8 << 20);
    uint8_t digest[32];
    char expected[65];
    assert_int_equal(EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL), 1);
    for (int i = 0; i < 32; i++)
        snprintf(expected + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(import.raw_sha256, expected);
    char path[512];
    assert_true(xl_store_raw_path(store, "fab", import.raw_sha256, path, sizeof path, &error));
    size_t kept_length;
    char *kept = files_read(path, 1 << 28, &kept_length, &error);
    assert_int_equal(kept_length, length);
    assert_int_equal(import.raw_bytes, length);
    assert_memory_equal(kept, bytes, length);
    free(kept);
    free(bytes);
    /* Another owner has not got it. */
    assert_false(xl_store_raw_path(store, "rival", import.raw_sha256, path, sizeof path, &error));
    assert_string_equal(error.code, "raw_not_found");
    xl_store_close(store);
}

static void same_bytes_again(void **state)
{
    (void)state;
    struct xl_store *a = open_store("a"), *b = open_store("b");
    struct xl_import import = import_file(a, lot, "one name.stdf");
    import_file(b, lot, "another name.stdf");
    same_cache(a, b, &import);
    struct xl_error error = {.code = ""};
    assert_true(xl_store_drop_cache(a, "fab", import.raw_sha256, &error));
    size_t length;
    assert_null(cache_bytes(a, import.raw_sha256, 0, &length));
    assert_true(xl_store_drop_cache(a, "fab", import.raw_sha256, &error));
    struct xl_tables *tables = xl_store_tables(a, "fab", import.raw_sha256, &error); /* builds it */
    fail_if(&error);
    assert_string_equal(tables->at[0]->source, "one name.stdf");
    xl_tables_free(tables);
    same_cache(a, b, &import);
    xl_store_close(a);
    xl_store_close(b);
}

static void lists_by_name(void **state)
{
    (void)state;
    struct xl_store *store = open_store("list");
    struct xl_import first = import_file(store, lot, "z\n晶圆.stdf"), second = import_file(store, other, "a.stdf");
    import_file(store, lot, "later.stdf");
    struct xl_error error = {.code = ""};
    assert_true(xl_store_drop_cache(store, "fab", second.raw_sha256, &error));
    struct xl_stored *list;
    size_t count;
    assert_true(xl_store_list(store, "fab", &list, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "a.stdf");
    assert_false(list[0].has_cache);
    assert_string_equal(list[1].name, "z 晶圆.stdf");
    assert_true(list[1].has_cache);
    assert_string_equal(list[1].raw_sha256, first.raw_sha256);
    assert_int_equal(list[1].raw_bytes, first.raw_bytes);
    free(list);
    assert_true(xl_store_list(store, "nobody", &list, &count, &error));
    assert_int_equal(count, 0);
    xl_store_close(store);
}

static void refuses_what_is_no_test_data(void **state)
{
    (void)state;
    struct xl_store *store = open_store("refuse");
    static const char *const owners[] = {"", ".", "..", "a/b", "a b", NULL};
    struct xl_import import;
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        struct xl_error error = {.code = ""};
        assert_false(xl_store_import(store, owners[i], lot, NULL, NULL, &import, &error));
        assert_string_equal(error.code, "owner_invalid");
    }
    char path[128];
    snprintf(path, sizeof path, "%s/text.stdf", folder);
    struct xl_error error = {.code = ""};
    assert_true(write_file(path, "No test data at all, but long enough.", 37, &error));
    assert_false(xl_store_import(store, "fab", path, NULL, NULL, &import, &error));
    assert_string_equal(error.code, "not_stdf");
    assert_string_equal(error.place, path);
    struct xl_stored *list;
    size_t count;
    memset(&error, 0, sizeof error);
    assert_true(xl_store_list(store, "fab", &list, &count, &error));
    assert_int_equal(count, 0);
    assert_false(xl_store_import(store, "fab", "/nowhere/at.all", NULL, NULL, &import, &error));
    assert_string_equal(error.code, "cannot_open");
    memset(&error, 0, sizeof error);
    assert_null(xl_store_tables(store, "fab", "../../../../../../../../../../../../../etc/passwd", &error));
    assert_string_equal(error.code, "hash_invalid");
    memset(&error, 0, sizeof error);
    assert_null(xl_store_tables(store, "fab", "00000000000000000000000000000000000000000000000000000000deadbeef", &error));
    assert_string_equal(error.code, "raw_not_found");
    xl_store_close(store);
}

static void sweeps_what_the_dead_left(void **state)
{
    (void)state;
    struct xl_store *store = open_store("sweep");
    struct xl_error error = {.code = ""};
    char *left = store_path_print("%s/tmp/AbCdEf/cache/000.parquet", store->folder);
    assert_true(store_make_parent(left, &error) && write_file(left, "half", 4, &error));
    struct workplace mine;
    assert_true(workplace_open(store, &mine, &error));
    xl_store_close(open_store("sweep")); /* another opens it */
    assert_false(files_exists(left));
    assert_true(files_exists(mine.path));
    workplace_close(&mine);
    free(left);
    xl_store_close(store);
}

/* The text twin of a lot gives its tables too; a zip of one file says which entry it was. */
static void other_forms_are_kept(void **state)
{
    (void)state;
    struct xl_store *store = open_store("forms");
    struct xl_error error = {.code = ""};
    char atdf[128];
    snprintf(atdf, sizeof atdf, "%s/lot.atdf", folder);
    struct xl_input *input = xl_input_open(lot, &error);
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    int file = open(atdf, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(xl_stdf_to_atdf(reader, sink_file(&file), findings, &error));
    close(file);
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
    struct xl_import text = import_file(store, atdf, NULL), binary = import_file(store, lot, NULL);
    assert_int_equal(text.table_count, binary.table_count);
    assert_true(text.rows > 1000);

    const char *data = getenv("XINLIAN_DATA");
    char zip[512];
    snprintf(zip, sizeof zip, "%s/stdf/lot3.zip", data ? data : "../shared/data");
    if (files_exists(zip)) {
        struct xl_import import = import_file(store, zip, "upload.zip");
        struct xl_tables *tables = xl_store_tables(store, "fab", import.raw_sha256, &error);
        fail_if(&error);
        assert_string_equal(tables->at[0]->source, "upload.zip/lot3.stdf");
        assert_int_equal(import.rows, 1619); /* PRRs, counted by a walk over the headers */
        xl_tables_free(tables);
    } else {
        print_message("skipped the zip: %s is not here\n", zip);
    }
    xl_store_close(store);
}

static bool cancel(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return false;
}

static void cancelled_leaves_nothing(void **state)
{
    (void)state;
    struct xl_store *store = open_store("cancel");
    char large[128];
    snprintf(large, sizeof large, "%s/large.stdf", folder);
    struct xl_simulation simulation = xl_simulation_default();
    simulation.parts = 2000;
    struct xl_error error = {.code = ""};
    int file = open(large, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(xl_simulate(&simulation, sink_file(&file), &error));
    close(file);
    struct xl_import import;
    struct xl_load_options options = {.progress = {.report = cancel}};
    assert_false(xl_store_import(store, "fab", large, NULL, &options, &import, &error));
    assert_string_equal(error.code, "cancelled");
    char *cache = store_cache_path(store, "fab", import.raw_sha256);
    assert_false(files_exists(cache));
    free(cache);
    xl_store_close(store);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(stores_the_tables_of_the_file),
        cmocka_unit_test(hash_is_the_files),
        cmocka_unit_test(same_bytes_again),
        cmocka_unit_test(lists_by_name),
        cmocka_unit_test(refuses_what_is_no_test_data),
        cmocka_unit_test(sweeps_what_the_dead_left),
        cmocka_unit_test(other_forms_are_kept),
        cmocka_unit_test(cancelled_leaves_nothing),
    };
    return cmocka_run_group_tests(cases, make_folder, remove_folder);
}
