/* store_build.c: from a raw file to its cache: the loader fills groups in one thread, a second one writes them.
 *
 * The groups go through a short queue. Footers come last, when the loader knows every test; then everything is synced, and one rename
 * puts the whole cache in its place. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/wafer/files.h"
#include "engine/wafer/parquet.h"
#include "engine/wafer/store.h"

enum {
    QUEUE_MOST = 2,         /* groups waiting: with the one being written and those being filled, all that is in memory */
    GROUP_BYTES = 64 << 20, /* part of the importer's version: another size gives other files */
};

/* One Parquet file being written. */
struct file_under_way {
    struct parquet_writer *writer;
    char *path;
    struct xl_table *table; /* once the loader has finished it */
};

struct task {
    struct file_under_way *file;
    struct xl_part_group *group;
    uint32_t column_count;
};

struct build {
    const char *folder; /* where the files grow */
    const char *input_path, *raw_sha256;
    size_t table_count;
    uint64_t rows;

    struct file_under_way **files; /* of this entry of the input, by the loader's key */
    uint32_t key_count;
    struct file_under_way **finished; /* in the order of their tables */
    size_t finished_count;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct task queue[QUEUE_MOST];
    int waiting;
    bool busy, closed, failed;
    struct xl_error error; /* of the writing thread */
    enum xl_language language;
};

/* ---- The writing thread --------------------------------------------------------------------------------------------- */

static void *write_groups(void *context)
{
    struct build *b = context;
    xl_language_set(b->language);
    pthread_mutex_lock(&b->mutex);
    for (;;) {
        while (!b->waiting && !b->closed)
            pthread_cond_wait(&b->changed, &b->mutex);
        if (!b->waiting)
            break;
        struct task task = b->queue[0];
        b->waiting--;
        memmove(b->queue, b->queue + 1, (size_t)b->waiting * sizeof *b->queue);
        b->busy = true;
        bool skip = b->failed;
        pthread_cond_broadcast(&b->changed);
        pthread_mutex_unlock(&b->mutex);

        struct xl_error problem = {.code = ""};
        bool good = skip || parquet_writer_group(task.file->writer, task.group, task.column_count, &problem);
        parquet_writer_rest(task.file->writer);
        xl_group_free(task.group);

        pthread_mutex_lock(&b->mutex);
        b->busy = false;
        if (!good && !b->failed) {
            b->failed = true;
            b->error = problem;
        }
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->mutex);
    return NULL;
}

/* Waits until everything given so far is written. */
static bool drain(struct build *b, struct xl_error *error)
{
    pthread_mutex_lock(&b->mutex);
    while (b->waiting || b->busy)
        pthread_cond_wait(&b->changed, &b->mutex);
    bool good = !b->failed;
    pthread_mutex_unlock(&b->mutex);
    if (!good && error && !error->code[0])
        *error = b->error;
    return good;
}

/* ---- What the loader gives ------------------------------------------------------------------------------------------ */

static struct file_under_way *file_of(struct build *b, uint32_t key, struct xl_error *error)
{
    if (key >= b->key_count) {
        uint32_t count = key + 1 > 2 * b->key_count ? key + 1 : 2 * b->key_count;
        b->files = memory_grow(b->files, count, sizeof *b->files);
        memset(b->files + b->key_count, 0, (count - b->key_count) * sizeof *b->files);
        b->key_count = count;
    }
    if (!b->files[key]) {
        char *path = store_path_print("%s/%u.part", b->folder, key);
        struct parquet_writer *writer = parquet_writer_new(path, error);
        if (!writer) {
            free(path);
            return NULL;
        }
        parquet_writer_rest(writer);
        b->files[key] = memory_new(1, sizeof **b->files);
        *b->files[key] = (struct file_under_way){.writer = writer, .path = path};
    }
    return b->files[key];
}

static bool take_group(void *context, uint32_t key, struct xl_part_group *group, uint32_t column_count, struct xl_error *error)
{
    struct build *b = context;
    struct file_under_way *file = file_of(b, key, error);
    if (!file) {
        xl_group_free(group);
        return false;
    }
    pthread_mutex_lock(&b->mutex);
    while (b->waiting == QUEUE_MOST && !b->failed)
        pthread_cond_wait(&b->changed, &b->mutex);
    bool good = !b->failed;
    if (good)
        b->queue[b->waiting++] = (struct task){.file = file, .group = group, .column_count = column_count};
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->mutex);
    if (good)
        return true;
    xl_group_free(group);
    if (error && !error->code[0])
        *error = b->error;
    return false;
}

static bool take_table(void *context, uint32_t key, struct xl_table *table, struct xl_error *error)
{
    struct build *b = context;
    struct file_under_way *file = file_of(b, key, error);
    if (!file)
        return false;
    file->table = table;
    b->files[key] = NULL; /* the key may be used again */
    b->finished = memory_grow(b->finished, b->finished_count + 1, sizeof *b->finished);
    b->finished[b->finished_count++] = file;
    return true;
}

/* ---- Finishing ------------------------------------------------------------------------------------------------------ */

static void file_free(struct file_under_way *file)
{
    if (!file)
        return;
    parquet_writer_free(file->writer);
    free(file->path);
    free(file);
}

/* What the file calls its source: nothing but the entry of an archive, for the same bytes may come under many names. */
static const char *entry_of(const struct build *b, const char *source)
{
    size_t length = strlen(b->input_path);
    return strncmp(source, b->input_path, length) == 0 ? source + length : source;
}

/* Footers for all tables of one entry, then their names in order of the tables. */
static bool finish_tables(struct build *b, struct xl_error *error)
{
    for (size_t i = 0; i < b->finished_count; i++) {
        struct file_under_way *file = b->finished[i];
        struct xl_table *table = file->table;
        table->source = entry_of(b, table->source);
        snprintf(table->raw_sha256, sizeof table->raw_sha256, "%s", b->raw_sha256);
        bool good = parquet_writer_finish(file->writer, table, error);
        parquet_writer_rest(file->writer);
        char *path = store_path_print("%s/%03zu.parquet", b->folder, b->table_count);
        if (good && rename(file->path, path) != 0) {
            xl_fail(error, "store_files", _("The store cannot use its files: %m"));
            good = xl_fail_place(error, "%s", path);
        }
        free(path);
        if (!good)
            return false;
        b->table_count++;
        b->rows += table->rows;
    }
    return true;
}

/* The entry's files are written or given up. */
static void entry_free(struct build *b)
{
    for (uint32_t i = 0; i < b->key_count; i++)
        file_free(b->files[i]);
    for (size_t i = 0; i < b->finished_count; i++)
        file_free(b->finished[i]);
    free(b->files);
    free(b->finished);
    b->files = NULL;
    b->finished = NULL;
    b->key_count = 0;
    b->finished_count = 0;
}

/* An archive may hold a file that is no test data beside those that are. */
static bool may_skip(const struct xl_error *problem)
{
    return strcmp(problem->code, "not_stdf") == 0 || strcmp(problem->code, "stdf_empty") == 0;
}

static bool load_entries(struct build *b, struct xl_input *input, const struct xl_load_options *options, struct xl_error *error)
{
    struct xl_error first = {.code = ""};
    struct xl_receiver receiver = {.group = take_group, .table = take_table, .context = b};
    for (;;) {
        struct xl_error problem = {.code = ""};
        struct xl_loader *loader = xl_load(input, options, receiver, &problem);
        bool written = drain(b, &problem);
        bool good = loader && written && finish_tables(b, &problem);
        xl_loader_free(loader);
        entry_free(b);
        if (!good && (!written || loader || !may_skip(&problem))) {
            *error = problem;
            return false;
        }
        if (!good && !first.code[0])
            first = problem;
        struct xl_error broken = {.code = ""};
        if (!xl_input_next_entry(input, &broken))
            break; /* past a damaged archive nothing can be had; what came before stands */
    }
    if (b->table_count)
        return true;
    *error = first;
    return false;
}

static bool sync_tables(const struct build *b, struct xl_error *error)
{
    for (size_t i = 0; i < b->table_count; i++) {
        char *path = store_path_print("%s/%03zu.parquet", b->folder, i);
        bool good = files_sync(path, error);
        free(path);
        if (!good)
            return false;
    }
    return files_sync_folder(b->folder, error);
}

/* The tables' files, synced, in b->folder. */
static bool build_files(struct build *b, const struct xl_load_options *wanted, struct xl_error *error)
{
    struct xl_input *input = xl_input_open(b->input_path, error);
    if (!input)
        return false;
    struct xl_load_options options = {.key = XL_KEY_BOTH, .group_bytes = GROUP_BYTES};
    if (wanted)
        options.progress = wanted->progress;
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->changed, NULL);
    b->language = xl_language_get();
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_groups, b) != 0)
        BUG("no thread can be started");
    bool good = load_entries(b, input, &options, error);
    pthread_mutex_lock(&b->mutex);
    b->closed = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->mutex);
    pthread_join(thread, NULL);
    pthread_mutex_destroy(&b->mutex);
    pthread_cond_destroy(&b->changed);
    xl_input_free(input);
    return good && sync_tables(b, error);
}

/* Into its place, in one step. Another process may have been faster: its files are the same. */
static bool put_in_place(const char *folder, const char *cache, struct xl_error *error)
{
    if (!store_make_parent(cache, error))
        return false;
    if (rename(folder, cache) == 0 || errno == ENOTEMPTY || errno == EEXIST)
        return files_sync_parent(cache, error);
    xl_fail(error, "store_files", _("The store cannot use its files: %m"));
    return xl_fail_place(error, "%s", cache);
}

static bool count_known(struct xl_store *store, const char *owner, const char *hash, struct xl_import *import, struct xl_error *error)
{
    struct xl_tables *tables = xl_store_tables(store, owner, hash, error);
    if (!tables)
        return false;
    import->table_count = tables->count;
    import->rows = 0;
    for (size_t i = 0; i < tables->count; i++)
        import->rows += tables->at[i]->rows;
    xl_tables_free(tables);
    return true;
}

bool xl_store_build(struct xl_store *store, const char *owner, const char *hash, const struct xl_load_options *options,
                    struct xl_import *import, struct xl_error *error)
{
    struct xl_error own = {.code = ""};
    if (!error)
        error = &own;
    if (!store_check_owner(owner, error) || !store_check_hash(hash, error))
        return false;
    if (import->raw_sha256 != hash)
        snprintf(import->raw_sha256, sizeof import->raw_sha256, "%s", hash);
    char *raw = store_raw_path(store, owner, hash), *cache = store_cache_path(store, owner, hash);
    bool good = false;
    import->cache_known = files_exists(cache);
    if (import->cache_known) {
        good = count_known(store, owner, hash, import, error);
    } else if (!files_exists(raw)) {
        xl_fail(error, "raw_not_found", _("The store has no raw file %s of this owner."), hash);
    } else {
        struct workplace place;
        if (workplace_open(store, &place, error)) {
            char *folder = store_path_print("%s/cache", place.path);
            struct build build = {.folder = folder, .input_path = raw, .raw_sha256 = hash};
            good = files_make_folder(folder, error) && build_files(&build, options, error) && put_in_place(folder, cache, error);
            import->table_count = build.table_count;
            import->rows = build.rows;
            free(folder);
            workplace_close(&place);
        }
    }
    free(raw);
    free(cache);
    return good;
}
