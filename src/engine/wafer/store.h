/* store.h: what the store's files share: where things stand, and places to work in that vanish with their process.
 *
 *     FOLDER/owners/OWNER/raw/ab/SHA256            the raw file as it came
 *     FOLDER/owners/OWNER/raw/ab/SHA256.names      the names it came under, one a line, the first one first
 *     FOLDER/owners/OWNER/cache/v1/ab/SHA256/NNN.parquet
 *     FOLDER/tmp/XXXXXX/                           work of a running process, which holds a lock on it */
#pragma once

#include <xinlian/store.h>

struct xl_store {
    char *folder;
};

/* malloc'ed paths. `kind` is "raw" or the cache's; the folder of a file is its path up to the last '/'. */
char *store_raw_path(const struct xl_store *, const char *owner, const char *raw_sha256);
char *store_names_path(const struct xl_store *, const char *owner, const char *raw_sha256);
char *store_cache_path(const struct xl_store *, const char *owner, const char *raw_sha256);
char *store_path_print(const char *format, ...) XL_PRINTF(1, 2);

/* An owner is a name of letters, digits, '-', '_' and '.', not beginning with '.', at most 64 bytes; a hash is 64 hex digits. */
bool store_check_owner(const char *owner, struct xl_error *);
bool store_check_hash(const char *raw_sha256, struct xl_error *);
/* Makes the folder that `path` stands in. */
bool store_make_parent(const char *path, struct xl_error *);

/* A folder of one's own, on the same file system as the store. It is locked; whoever opens the store removes unlocked ones. */
struct workplace {
    char *path;
    int lock;
};
bool workplace_open(const struct xl_store *, struct workplace *, struct xl_error *);
void workplace_close(struct workplace *);
void workplace_sweep(const struct xl_store *);

/* The lock under which short changes of several files are made (the names of a raw file). -1 where locks are not to be had. */
int store_lock(const struct xl_store *);
void store_unlock(int lock);

/* The first name of a raw file, malloc'ed; its hash when no name is known. */
char *store_name(const struct xl_store *, const char *owner, const char *raw_sha256);
