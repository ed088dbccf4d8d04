/* store.c: raw files by their hash, and the tables of each: where they stand, lists, opening and dropping. */
#include "engine/wafer/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "engine/wafer/files.h"
#include "engine/wafer/parquet.h"

enum { OWNER_MOST = 64, HASH_LENGTH = 64, NAMES_MOST = 1 << 20 };

/* ---- Where things stand --------------------------------------------------------------------------------------------- */

char *store_path_print(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("cannot format a path");
    char *path = memory_new((size_t)length + 1, 1);
    vsnprintf(path, (size_t)length + 1, format, again);
    va_end(again);
    return path;
}

char *store_raw_path(const struct xl_store *store, const char *owner, const char *hash)
{
    return store_path_print("%s/owners/%s/raw/%.2s/%s", store->folder, owner, hash, hash);
}

char *store_names_path(const struct xl_store *store, const char *owner, const char *hash)
{
    return store_path_print("%s/owners/%s/raw/%.2s/%s.names", store->folder, owner, hash, hash);
}

char *store_cache_path(const struct xl_store *store, const char *owner, const char *hash)
{
    return store_path_print("%s/owners/%s/cache/v%d/%.2s/%s", store->folder, owner, XL_IMPORTER_VERSION, hash, hash);
}

bool store_check_owner(const char *owner, struct xl_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = owner ? strlen(owner) : 0;
    if (length > 0 && length <= OWNER_MOST && owner[0] != '.' && strspn(owner, allowed) == length)
        return true;
    return xl_fail(error, "owner_invalid", _("The owner's name may have letters, digits, '-', '_' and '.', and 64 of them at most."));
}

bool store_check_hash(const char *hash, struct xl_error *error)
{
    if (hash && strlen(hash) == HASH_LENGTH && strspn(hash, "0123456789abcdef") == HASH_LENGTH)
        return true;
    return xl_fail(error, "hash_invalid", _("A raw file is named by its SHA-256: 64 digits 0-9 and a-f."));
}

bool store_make_parent(const char *path, struct xl_error *error)
{
    char *parent = memory_text(path), *slash = strrchr(parent, '/');
    if (slash)
        *slash = 0;
    bool made = !slash || files_make_folder(parent, error);
    free(parent);
    return made;
}

struct xl_store *xl_store_open(const char *folder, struct xl_error *error)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    struct xl_store *store = memory_new(1, sizeof *store);
    store->folder = store_path_print("%.*s", (int)length, length ? folder : ".");
    char *owners = store_path_print("%s/owners", store->folder), *temporary = store_path_print("%s/tmp", store->folder);
    bool made = files_make_folder(owners, error) && files_make_folder(temporary, error);
    free(owners);
    free(temporary);
    if (!made) {
        xl_store_close(store);
        return NULL;
    }
    workplace_sweep(store);
    return store;
}

void xl_store_close(struct xl_store *store)
{
    if (!store)
        return;
    free(store->folder);
    free(store);
}

bool xl_store_raw_path(struct xl_store *store, const char *owner, const char *hash, char *out, size_t size, struct xl_error *error)
{
    if (!store_check_owner(owner, error) || !store_check_hash(hash, error))
        return false;
    char *path = store_raw_path(store, owner, hash);
    int length = snprintf(out, size, "%s", path);
    bool known = files_exists(path);
    free(path);
    if (!known)
        return xl_fail(error, "raw_not_found", _("The store has no raw file %s of this owner."), hash);
    return (length >= 0 && (size_t)length < size) || xl_fail(error, "path_too_long", _("The path of the raw file is too long."));
}

bool xl_store_drop_cache(struct xl_store *store, const char *owner, const char *hash, struct xl_error *error)
{
    if (!store_check_owner(owner, error) || !store_check_hash(hash, error))
        return false;
    struct workplace place;
    if (!workplace_open(store, &place, error))
        return false;
    /* Away in one step, so that nobody sees half a cache; then removed. */
    char *cache = store_cache_path(store, owner, hash), *gone = store_path_print("%s/gone", place.path);
    bool good = rename(cache, gone) == 0 || errno == ENOENT;
    if (!good) {
        xl_fail(error, "store_files", _("The store cannot use its files: %m"));
        xl_fail_place(error, "%s", cache);
    }
    free(cache);
    free(gone);
    workplace_close(&place);
    return good;
}

/* ---- Names and lists ------------------------------------------------------------------------------------------------ */

char *store_name(const struct xl_store *store, const char *owner, const char *hash)
{
    struct xl_error ignored = {.code = ""};
    size_t length;
    char *path = store_names_path(store, owner, hash);
    char *names = files_read(path, NAMES_MOST, &length, &ignored);
    free(path);
    if (!names)
        return memory_text(hash);
    names[strcspn(names, "\n")] = 0;
    return names;
}

struct listing {
    struct xl_stored *list;
    size_t count, capacity;
};

static void list_one(const struct xl_store *store, const char *owner, const char *hash, struct listing *listing)
{
    char *path = store_raw_path(store, owner, hash), *cache = store_cache_path(store, owner, hash);
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        if (listing->count == listing->capacity) {
            listing->capacity = listing->capacity ? 2 * listing->capacity : 64;
            listing->list = memory_grow(listing->list, listing->capacity, sizeof *listing->list);
        }
        struct xl_stored *stored = &listing->list[listing->count++];
        *stored = (struct xl_stored){.raw_bytes = (uint64_t)status.st_size, .has_cache = files_exists(cache)};
        snprintf(stored->raw_sha256, sizeof stored->raw_sha256, "%s", hash);
        char *name = store_name(store, owner, hash);
        snprintf(stored->name, sizeof stored->name, "%s", name);
        free(name);
    }
    free(path);
    free(cache);
}

static int by_name(const void *a, const void *b)
{
    const struct xl_stored *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->raw_sha256, y->raw_sha256);
}

/* Calls `each` with every name in a folder; a folder that is not there is empty. */
static bool walk(const char *folder, void (*each)(const char *name, void *context), void *context, struct xl_error *error)
{
    DIR *listing = opendir(folder);
    if (!listing) {
        if (errno == ENOENT)
            return true;
        xl_fail(error, "store_files", _("The store cannot use its files: %m"));
        return xl_fail_place(error, "%s", folder);
    }
    for (struct dirent *entry; (entry = readdir(listing));)
        if (entry->d_name[0] != '.')
            each(entry->d_name, context);
    closedir(listing);
    return true;
}

struct list_walk {
    const struct xl_store *store;
    const char *owner, *raw;
    struct listing listing;
    struct xl_error *error;
    bool good;
};

static void list_file(const char *name, void *context)
{
    struct list_walk *w = context;
    struct xl_error ignored = {.code = ""};
    if (store_check_hash(name, &ignored))
        list_one(w->store, w->owner, name, &w->listing);
}

static void list_folder(const char *name, void *context)
{
    struct list_walk *w = context;
    char *folder = store_path_print("%s/%s", w->raw, name);
    w->good = w->good && walk(folder, list_file, w, w->error);
    free(folder);
}

bool xl_store_list(struct xl_store *store, const char *owner, struct xl_stored **list, size_t *count, struct xl_error *error)
{
    *list = NULL;
    *count = 0;
    if (!store_check_owner(owner, error))
        return false;
    char *raw = store_path_print("%s/owners/%s/raw", store->folder, owner);
    struct list_walk w = {.store = store, .owner = owner, .raw = raw, .error = error, .good = true};
    bool good = walk(raw, list_folder, &w, error) && w.good;
    free(raw);
    if (!good) {
        free(w.listing.list);
        return false;
    }
    if (w.listing.count)
        qsort(w.listing.list, w.listing.count, sizeof *w.listing.list, by_name);
    *list = w.listing.list;
    *count = w.listing.count;
    return true;
}

/* ---- Tables --------------------------------------------------------------------------------------------------------- */

struct mapped_tables {
    struct xl_tables tables;
    struct xl_table **list;
};

static void tables_unmap(struct xl_tables *tables)
{
    struct mapped_tables *mapped = (struct mapped_tables *)tables;
    for (size_t i = 0; i < mapped->tables.count; i++)
        xl_parquet_close(mapped->list[i]);
    free(mapped->list);
    free(mapped);
}

static void count_file(const char *name, void *context)
{
    size_t *count = context;
    *count += strstr(name, ".parquet") != NULL;
}

/* The tables of a cache that is there: 000.parquet, 001.parquet ... without a gap. */
static struct xl_tables *map_cache(const char *cache, const char *name, struct xl_error *error)
{
    size_t count = 0;
    if (!walk(cache, count_file, &count, error))
        return NULL;
    struct mapped_tables *mapped = memory_new(1, sizeof *mapped);
    mapped->list = memory_new(count, sizeof *mapped->list);
    mapped->tables.release = tables_unmap;
    mapped->tables.at = mapped->list;
    for (size_t i = 0; i < count; i++) {
        char *path = store_path_print("%s/%03zu.parquet", cache, i);
        mapped->list[i] = xl_parquet_open(path, error);
        free(path);
        if (!mapped->list[i]) {
            tables_unmap(&mapped->tables);
            return NULL;
        }
        /* The cache depends on nothing but the raw file; the name is the store's to give. */
        parquet_name(mapped->list[i], name);
        mapped->tables.count++;
    }
    mapped->tables.findings = count ? mapped->list[0]->findings : NULL;
    return &mapped->tables;
}

struct xl_tables *xl_store_tables(struct xl_store *store, const char *owner, const char *hash, struct xl_error *error)
{
    if (!store_check_owner(owner, error) || !store_check_hash(hash, error))
        return NULL;
    char *cache = store_cache_path(store, owner, hash);
    struct xl_tables *tables = NULL;
    if (files_exists(cache) || xl_store_build(store, owner, hash, NULL, &(struct xl_import){.table_count = 0}, error)) {
        char *name = store_name(store, owner, hash);
        tables = map_cache(cache, name, error);
        free(name);
    }
    free(cache);
    return tables;
}

bool xl_store_import(struct xl_store *store, const char *owner, const char *path, const char *name, const struct xl_load_options *options,
                     struct xl_import *import, struct xl_error *error)
{
    return xl_store_keep(store, owner, path, name, import, error) &&
           xl_store_build(store, owner, import->raw_sha256, options, import, error);
}
