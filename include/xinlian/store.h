/* store.h: raw files by their hash, and the Parquet cache made from them. Rules for other readers: docs/store.md. */
#pragma once

#include <xinlian/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The importer's version: part of the cache's key. Raised whenever the same raw file would give other bytes. */
enum { XL_IMPORTER_VERSION = 1 };

struct xl_store;
/* Makes the folder when it is not there, and removes what processes that died left in its work place. */
XL_API struct xl_store *xl_store_open(const char *folder, struct xl_error *);
XL_API void xl_store_close(struct xl_store *);

struct xl_import {
    char raw_sha256[65];
    bool raw_known, cache_known; /* were there before */
    uint64_t raw_bytes;          /* of the file as kept (compressed if it came so) */
    size_t table_count;
    uint64_t rows;
};
/* Keeps the raw file under its SHA-256 and makes its cache. Both are whole or absent, whenever the process dies. `name` is the
 * name to remember (NULL: that of the path); path "-" is standard input. A file that is no STDF or ATDF is not kept. An archive of several
 * files is one raw file with the tables of all. Of the options (may be NULL) only the progress is taken: the store always tells tests apart
 * by number and name, and cuts groups its own way, for the same raw file gives the same bytes. Several processes may share a store. */
XL_API bool xl_store_import(struct xl_store *, const char *owner, const char *path, const char *name, const struct xl_load_options *,
                            struct xl_import *, struct xl_error *);
/* The two halves, for those that want to time or repeat one. */
XL_API bool xl_store_keep(struct xl_store *, const char *owner, const char *path, const char *name, struct xl_import *, struct xl_error *);
XL_API bool xl_store_build(struct xl_store *, const char *owner, const char *raw_sha256, const struct xl_load_options *, struct xl_import *,
                           struct xl_error *);
/* Drops the cache of one raw file (it can always be built again). */
XL_API bool xl_store_drop_cache(struct xl_store *, const char *owner, const char *raw_sha256, struct xl_error *);

/* Raw files of an owner, by the first name each came under: malloc'ed list, free with free(). */
struct xl_stored {
    char raw_sha256[65];
    char name[256];
    uint64_t raw_bytes;
    bool has_cache;
};
XL_API bool xl_store_list(struct xl_store *, const char *owner, struct xl_stored **list, size_t *count, struct xl_error *);
/* Path of a raw file, for xl_input_open. False with "raw_not_found". */
XL_API bool xl_store_raw_path(struct xl_store *, const char *owner, const char *raw_sha256, char *out, size_t size, struct xl_error *);
/* Maps the tables of one raw file (building the cache when it is missing). Free with xl_tables_free. */
XL_API struct xl_tables *xl_store_tables(struct xl_store *, const char *owner, const char *raw_sha256, struct xl_error *);

/* One Parquet file of the store, or any that keeps its rules: mapped, checked, never trusted. */
XL_API struct xl_table *xl_parquet_open(const char *path, struct xl_error *);
XL_API void xl_parquet_close(struct xl_table *);
/* Writes a table with its groups; temporary name, fsync, rename. The same table gives the same bytes. Groups without rows are left out. */
XL_API bool xl_parquet_write(const struct xl_table *, const char *path, struct xl_error *);

/* What the store knows of a column without reading it: over all part runs of the table, whatever the retest policy says of them. */
struct xl_column_statistics {
    uint64_t n;             /* finite values */
    uint64_t not_finite;    /* results that are infinite or not a number */
    uint64_t excluded;      /* results that do not count, by their flags: in the marks, not in the column */
    uint64_t fails;         /* results that the tester marked as failed, excluded ones too */
    float minimum, maximum; /* of the finite values; +inf and -inf when there are none */
    double mean, m2;        /* mean and sum of squared deviations from it: sd = sqrt(m2 / (n - 1)) */
};
/* One for each column of a table from xl_parquet_open or xl_store_tables; they belong to the table. */
XL_API const struct xl_column_statistics *xl_parquet_statistics(const struct xl_table *);

#ifdef __cplusplus
}
#endif
