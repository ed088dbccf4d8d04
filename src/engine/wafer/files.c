/* files.c: folders and files that are whole or absent. */
#include "engine/wafer/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static bool failed(const char *path, struct xl_error *error)
{
    xl_fail(error, "store_files", _("The store cannot use its files: %m"));
    return xl_fail_place(error, "%s", path);
}

bool files_make_folder(const char *path, struct xl_error *error)
{
    if (mkdir(path, 0777) == 0)
        return files_sync_parent(path, error);
    if (errno == EEXIST) {
        struct stat status;
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return true;
        errno = ENOTDIR;
        return failed(path, error);
    }
    char *parent = memory_text(path), *slash = strrchr(parent, '/');
    bool made = false;
    if (errno == ENOENT && slash && slash != parent) {
        *slash = 0;
        made = files_make_folder(parent, error) && (mkdir(path, 0777) == 0 || errno == EEXIST || failed(path, error)) &&
               files_sync_parent(path, error);
    } else {
        failed(path, error);
    }
    free(parent);
    return made;
}

bool files_sync(const char *path, struct xl_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool good = file >= 0 && fsync(file) == 0;
    if (!good)
        failed(path, error);
    if (file >= 0)
        close(file);
    return good;
}

bool files_sync_folder(const char *path, struct xl_error *error)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a folder (EINVAL); their renames are what they are. */
    bool good = folder >= 0 && (fsync(folder) == 0 || errno == EINVAL);
    if (!good)
        failed(path, error);
    if (folder >= 0)
        close(folder);
    return good;
}

bool files_sync_parent(const char *path, struct xl_error *error)
{
    char *parent = memory_text(path), *slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent] = 0;
    bool good = files_sync_folder(slash ? parent : ".", error);
    free(parent);
    return good;
}

bool files_write(const char *path, const char *temporary, const void *bytes, size_t length, struct xl_error *error)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = file >= 0;
    for (const char *at = bytes; good && length > 0;) {
        ssize_t wrote = write(file, at, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        good = wrote > 0;
        at += good ? wrote : 0;
        length -= good ? (size_t)wrote : 0;
    }
    good = good && fsync(file) == 0;
    if (file >= 0 && close(file) != 0)
        good = false;
    good = good && rename(temporary, path) == 0;
    if (!good) {
        failed(path, error);
        unlink(temporary);
    }
    return good && files_sync_parent(path, error);
}

char *files_read(const char *path, size_t most, size_t *length, struct xl_error *error)
{
    *length = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno != ENOENT)
            failed(path, error);
        return NULL;
    }
    struct stat status;
    char *bytes = NULL;
    bool good = fstat(file, &status) == 0;
    if (good && (size_t)status.st_size > most) {
        errno = EFBIG;
        good = false;
    }
    if (good) {
        bytes = memory_new(1, (size_t)status.st_size + 1);
        while (*length < (size_t)status.st_size) {
            ssize_t got = read(file, bytes + *length, (size_t)status.st_size - *length);
            if (got < 0 && errno == EINTR)
                continue;
            good = got >= 0;
            if (got <= 0)
                break;
            *length += (size_t)got;
        }
    }
    if (!good) {
        failed(path, error);
        free(bytes);
        bytes = NULL;
    }
    close(file);
    return bytes;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

bool files_remove(const char *path, struct xl_error *error)
{
    enum { OPEN_FOLDERS = 8 };
    if (nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return true;
    return failed(path, error);
}

bool files_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}
