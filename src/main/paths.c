/* paths.c: what the operands name. */
#include "main/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/out.h"
#include "main/command.h"

struct store_settings store_settings = {.owner = "local"};

static const struct option options[] = {
    {.kind = OPTION_TEXT,
     .name = "store",
     .value = &store_settings.folder,
     .argument = "DIR",
     .help = N_("the store's folder; else XINLIAN_STORE, else ./var")},
    {.kind = OPTION_TEXT,
     .name = "owner",
     .value = &store_settings.owner,
     .argument = "NAME",
     .help = N_("whose files in the store (local)")},
    {0},
};
const struct option_group store_options = {N_("Store"), options};

static struct xl_store *opened_store;

static void close_store(void)
{
    xl_store_close(opened_store);
}

struct xl_store *store_of_settings(struct xl_error *error)
{
    if (opened_store)
        return opened_store;
    const char *folder = store_settings.folder ? store_settings.folder : getenv("XINLIAN_STORE");
    opened_store = xl_store_open(folder && *folder ? folder : "./var", error);
    if (opened_store)
        atexit(close_store);
    return opened_store;
}

static bool add(struct paths *paths, struct path path, struct xl_error *error)
{
    if (paths->count == PATHS_MOST)
        return xl_fail(error, "too_many_files", _("More than %d files at once."), (int)PATHS_MOST);
    if ((paths->count & (paths->count - 1)) == 0)
        paths->at = memory_grow(paths->at, paths->count ? paths->count * 2 : 1, sizeof *paths->at);
    paths->at[paths->count++] = path;
    return true;
}

static int seen(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool add_folder(struct paths *paths, const char *folder, int depth, struct xl_error *error)
{
    struct dirent **entries;
    if (depth > 32)
        return xl_fail(error, "folder_too_deep", _("Folders are nested more than 32 deep at %s."), folder);
    const int count = scandir(folder, &entries, seen, alphasort);
    if (count < 0)
        return xl_fail(error, "folder_unreadable", _("Cannot read the folder %s: %m."), folder);
    bool good = true;
    for (int i = 0; i < count; i++) {
        const size_t length = strlen(folder);
        const char *path = arena_print(paths->arena, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", entries[i]->d_name);
        struct stat status;
        if (good && stat(path, &status) == 0) {
            if (S_ISDIR(status.st_mode))
                good = add_folder(paths, path, depth + 1, error);
            else if (S_ISREG(status.st_mode))
                good = add(paths, (struct path){.name = path, .place = path, .from_folder = true}, error);
        }
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool lot_is_in(struct xl_store *store, const char *raw_sha256, const char *lot)
{
    struct xl_error ignored = {0};
    struct xl_tables *tables = xl_store_tables(store, store_settings.owner, raw_sha256, &ignored);
    bool found = false;
    for (size_t t = 0; tables && t < tables->count; t++)
        found = found || strcmp(tables->at[t]->lot, lot) == 0;
    xl_tables_free(tables);
    return found;
}

static bool is_hash_prefix(const char *text)
{
    const size_t length = strlen(text);
    return length >= 4 && length <= 64 && strspn(text, "0123456789abcdef") == length;
}

/* store:LOT, store:NAME, store:HASH, store: */
static bool add_stored(struct paths *paths, const char *wanted, struct xl_error *error)
{
    struct xl_store *store = store_of_settings(error);
    struct xl_stored *list;
    size_t count;
    if (!store || !xl_store_list(store, store_settings.owner, &list, &count, error))
        return false;
    const size_t before = paths->count;
    bool good = true;
    /* What costs least to know is asked first: hash, name, then the lots inside. */
    for (int round = 0; round < 3 && paths->count == before && good; round++)
        for (size_t i = 0; i < count && good; i++) {
            const struct xl_stored *stored = &list[i];
            bool match = !*wanted;
            if (!match && round == 0)
                match = is_hash_prefix(wanted) && strncmp(stored->raw_sha256, wanted, strlen(wanted)) == 0;
            else if (!match && round == 1)
                match = strcmp(stored->name, wanted) == 0;
            else if (!match)
                match = lot_is_in(store, stored->raw_sha256, wanted);
            char place[4096];
            if (match && (good = xl_store_raw_path(store, store_settings.owner, stored->raw_sha256, place, sizeof place, error)))
                good = add(paths,
                           (struct path){.name = arena_text(paths->arena, stored->name, strlen(stored->name)),
                                         .place = arena_text(paths->arena, place, strlen(place)),
                                         .raw_sha256 = arena_text(paths->arena, stored->raw_sha256, 64)},
                           error);
        }
    free(list);
    if (good && paths->count == before) {
        if (!*wanted)
            return xl_fail(error, "store_empty", _("The store holds nothing of %s yet. Fill it: xinlian stdf import FILE"),
                           store_settings.owner);
        return xl_fail(error, "lot_not_found",
                       _("The store holds no lot, file or hash \"%s\" of %s. What it holds: xinlian stdf summary store:"), wanted,
                       store_settings.owner);
    }
    return good;
}

bool paths_of(int count, char **operands, struct paths *paths, struct xl_error *error)
{
    *paths = (struct paths){.arena = arena_new()};
    if (count == 0)
        return xl_fail(error, "usage", _("Which file? Give files, folders, - for standard input, or store:LOT."));
    bool input_taken = false;
    for (int i = 1; i <= count; i++) {
        const char *operand = operands[i];
        struct stat status;
        if (strcmp(operand, "-") == 0) {
            if (input_taken)
                return xl_fail(error, "usage", _("Standard input can be given once only."));
            input_taken = true;
            if (!add(paths, (struct path){.name = _("standard input"), .place = "-"}, error))
                return false;
        } else if (strncmp(operand, "store:", 6) == 0) {
            if (!add_stored(paths, operand + 6, error))
                return false;
        } else if (stat(operand, &status) != 0) {
            return xl_fail(error, "file_not_found", _("Cannot open %s: %m."), operand);
        } else if (S_ISDIR(status.st_mode)) {
            const size_t before = paths->count;
            if (!add_folder(paths, operand, 0, error))
                return false;
            if (paths->count == before)
                return xl_fail(error, "folder_empty", _("The folder %s holds no files."), operand);
        } else if (!add(paths, (struct path){.name = operand, .place = operand}, error)) {
            return false;
        }
    }
    return true;
}

void paths_free(struct paths *paths)
{
    if (paths->arena)
        arena_free(paths->arena);
    free(paths->at);
    *paths = (struct paths){0};
}

bool paths_keep_input(struct paths *paths, struct xl_error *error)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (strcmp(paths->at[i].place, "-") != 0)
            continue;
        const char *folder = getenv("TMPDIR");
        const int kept = open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (kept < 0)
            return xl_fail(error, "temporary_file", _("Cannot make a temporary file for standard input: %m."));
        char *buffer = memory_new(1 << 20, 1);
        bool good = true;
        for (;;) {
            ssize_t got = read(STDIN_FILENO, buffer, 1 << 20);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                good = xl_fail(error, "read_failed", _("Cannot read standard input: %m."));
            if (got <= 0)
                break;
            const struct xl_sink sink = sink_file(&(int){kept});
            if (!(good = sink.write(sink.context, buffer, (size_t)got, error)))
                break;
        }
        free(buffer);
        if (!good)
            return false;
        paths->at[i].place = arena_print(paths->arena, "/proc/self/fd/%d", kept);
    }
    return true;
}
