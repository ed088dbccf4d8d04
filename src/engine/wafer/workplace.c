/* workplace.c: places to work in, which a process locks while it lives; what a dead one left is swept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/wafer/files.h"
#include "engine/wafer/store.h"

/* A lock, not a process number in the name: numbers come again, and mean nothing in another container. */
static int lock_folder(const char *path, int how)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    int locked;
    do
        locked = flock(folder, how);
    while (locked != 0 && errno == EINTR);
    if (locked == 0)
        return folder;
    close(folder);
    return -1;
}

int store_lock(const struct xl_store *store)
{
    char *path = store_path_print("%s/tmp", store->folder);
    int lock = lock_folder(path, LOCK_EX);
    free(path);
    return lock;
}

void store_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

bool workplace_open(const struct xl_store *store, struct workplace *place, struct xl_error *error)
{
    /* A sweeper holds the store's lock, so it never sees a place that is made and not locked yet. */
    int lock = store_lock(store);
    place->path = store_path_print("%s/tmp/XXXXXX", store->folder);
    place->lock = -1;
    bool made = mkdtemp(place->path);
    if (made)
        place->lock = lock_folder(place->path, LOCK_EX);
    else
        xl_fail(error, "store_files", _("The store cannot use its files: %m"));
    store_unlock(lock);
    if (made)
        return true;
    xl_fail_place(error, "%s/tmp", store->folder);
    free(place->path);
    place->path = NULL;
    return false;
}

void workplace_close(struct workplace *place)
{
    if (!place->path)
        return;
    struct xl_error ignored = {.code = ""};
    files_remove(place->path, &ignored); /* what stays is swept another time */
    if (place->lock >= 0)
        close(place->lock);
    free(place->path);
    *place = (struct workplace){.lock = -1};
}

void workplace_sweep(const struct xl_store *store)
{
    int lock = store_lock(store);
    if (lock < 0)
        return; /* no locks here: then nobody can tell what is still used */
    char *folder = store_path_print("%s/tmp", store->folder);
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = store_path_print("%s/%s", folder, entry->d_name);
        int unused = lock_folder(path, LOCK_EX | LOCK_NB);
        struct xl_error ignored = {.code = ""};
        if (unused >= 0) {
            files_remove(path, &ignored);
            close(unused);
        }
        free(path);
    }
    if (listing)
        closedir(listing);
    free(folder);
    store_unlock(lock);
}
