/* files.h: folders and files that are whole or absent: made under another name, synced, renamed. */
#pragma once

#include <xinlian/base.h>

/* Makes a folder and those above it. */
bool files_make_folder(const char *path, struct xl_error *);
bool files_sync(const char *path, struct xl_error *); /* a file's bytes onto the disk */
/* Makes sure that the names in a folder are on the disk. */
bool files_sync_folder(const char *path, struct xl_error *);
bool files_sync_parent(const char *path, struct xl_error *);
/* Writes a whole small file: as `temporary` (on the same file system), then fsync, rename, fsync of the folder. */
bool files_write(const char *path, const char *temporary, const void *bytes, size_t length, struct xl_error *);
/* Reads a whole small file into malloc'ed, NUL-terminated memory; NULL with no error set when there is none. */
char *files_read(const char *path, size_t most, size_t *length, struct xl_error *);
/* Removes a folder with everything in it, or a file; what is not there is removed already. */
bool files_remove(const char *path, struct xl_error *);
bool files_exists(const char *path);
