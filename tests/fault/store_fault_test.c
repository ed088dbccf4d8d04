/* store_fault_test.c: an import killed at any point leaves a raw file and a cache that are whole or absent, and importing again gives the
 * same bytes as if nothing had happened. */
#include <xinlian/simulate.h>
#include <xinlian/store.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/out.h"
#include "engine/wafer/files.h"

/* ---- The disk, which may fail to be reached ------------------------------------------------------------------------- */

enum { FILES_MOST = 256 };
static atomic_int calls, last_call; /* the process dies before call number `last_call`; 0: never */
/* Files written and not synced since, by inode; renaming one of them breaks the promise for a machine that loses its power. */
static ino_t unsynced[FILES_MOST];
static int unsynced_count;
static bool watches, renamed_unsynced;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void count_call(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 == atomic_load(&last_call)) {
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
}

static void note_file(int file, bool is_written)
{
    struct stat status;
    if (!watches || fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return;
    while (atomic_flag_test_and_set(&busy))
        ;
    int at = 0;
    while (at < unsynced_count && unsynced[at] != status.st_ino)
        at++;
    if (is_written && at == unsynced_count && at < FILES_MOST)
        unsynced[unsynced_count++] = status.st_ino;
    if (!is_written && at < unsynced_count)
        unsynced[at] = unsynced[--unsynced_count];
    atomic_flag_clear(&busy);
}

static int look_at_renamed(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)path;
    (void)place;
    for (int i = 0; type == FTW_F && i < unsynced_count; i++)
        renamed_unsynced = renamed_unsynced || unsynced[i] == status->st_ino;
    return 0;
}

#define WRAP(type, name, parameters, arguments)                                                                                            \
    type __real_##name parameters;                                                                                                         \
    type __wrap_##name parameters;                                                                                                         \
    type __wrap_##name parameters                                                                                                          \
    {                                                                                                                                      \
        count_call();                                                                                                                      \
        return __real_##name arguments;                                                                                                    \
    }
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(char *, mkdtemp, (char *path), (path))
WRAP(int, remove, (const char *path), (path))
WRAP(int, unlink, (const char *path), (path))

#define WRAP_OPEN(name)                                                                                                                    \
    int __real_##name(const char *path, int flags, ...);                                                                                   \
    int __wrap_##name(const char *path, int flags, ...);                                                                                   \
    int __wrap_##name(const char *path, int flags, ...)                                                                                    \
    {                                                                                                                                      \
        va_list list;                                                                                                                      \
        va_start(list, flags);                                                                                                             \
        mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                                                                          \
        va_end(list);                                                                                                                      \
        if (flags & O_CREAT)                                                                                                               \
            count_call();                                                                                                                  \
        return __real_##name(path, flags, mode);                                                                                           \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_WRITE(name, parameters, arguments)                                                                                            \
    ssize_t __real_##name parameters;                                                                                                      \
    ssize_t __wrap_##name parameters;                                                                                                      \
    ssize_t __wrap_##name parameters                                                                                                       \
    {                                                                                                                                      \
        count_call();                                                                                                                      \
        note_file(file, true);                                                                                                             \
        return __real_##name arguments;                                                                                                    \
    }
WRAP_WRITE(write, (int file, const void *bytes, size_t length), (file, bytes, length))
WRAP_WRITE(pwritev, (int file, const struct iovec *pieces, int count, off_t at), (file, pieces, count, at))
WRAP_WRITE(pwritev64, (int file, const struct iovec *pieces, int count, off_t at), (file, pieces, count, at))

int __real_fsync(int file);
int __wrap_fsync(int file);
int __wrap_fsync(int file)
{
    count_call();
    note_file(file, false);
    return __real_fsync(file);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    count_call();
    /* Within the work place nothing is promised yet. */
    if (watches && strstr(to, "/owners/"))
        nftw(from, look_at_renamed, 8, FTW_PHYS);
    return __real_rename(from, to);
}

/* ---- Imports -------------------------------------------------------------------------------------------------------- */

static char folder[64], lot[128], reference[65536];
static size_t reference_length;
static char hash[65];

static void fail_if(const struct xl_error *error)
{
    if (error->code[0])
        fail_msg("%s: %s (%s)", error->code, error->message, error->place);
}

static void place(char out[160], const char *name)
{
    snprintf(out, 160, "%s/%s", folder, name);
}

static bool import_into(const char *path, struct xl_import *import, struct xl_error *error)
{
    struct xl_store *store = xl_store_open(path, error);
    bool good = store && xl_store_import(store, "fab", lot, NULL, NULL, import, error);
    xl_store_close(store);
    return good;
}

/* What stands in a store, but for its work place: every file with its bytes' digest-like sum, in order of the paths. */
struct contents {
    char lines[200][128];
    int count;
};
static struct contents *walked;
static size_t walked_root;

static int look(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F || strncmp(path + walked_root, "/tmp/", 5) == 0)
        return 0;
    struct xl_error error = {.code = ""};
    size_t length;
    char *bytes = files_read(path, 1 << 28, &length, &error);
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; bytes && i < length; i++)
        sum = (sum ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
    free(bytes);
    const char *name = strrchr(path, '/') + 1;
    assert_true(walked->count < 200);
    snprintf(walked->lines[walked->count++], sizeof walked->lines[0], "%s %s %lld %016llx\n",
             strncmp(path + walked_root, "/owners/fab/raw", 15) == 0 ? "raw" : "cache", name, (long long)status->st_size,
             (unsigned long long)sum);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static size_t contents_of(const char *store, char *out, size_t size)
{
    static struct contents contents;
    contents.count = 0;
    walked = &contents;
    walked_root = strlen(store);
    out[0] = 0;
    if (files_exists(store))
        assert_int_equal(nftw(store, look, 8, FTW_PHYS), 0);
    qsort(contents.lines, (size_t)contents.count, sizeof contents.lines[0], by_text);
    size_t length = 0;
    for (int i = 0; i < contents.count; i++)
        length += (size_t)snprintf(out + length, size - length, "%s", contents.lines[i]);
    return length;
}

/* The lines of one half: "raw" or "cache". Names of a raw file may be there before it. */
static void half_of(const char *text, const char *half, char *out)
{
    while (*text) {
        size_t length = strcspn(text, "\n") + 1;
        if (strncmp(text, half, strlen(half)) == 0 && !memmem(text, length, ".names", 6)) {
            memcpy(out, text, length);
            out += length;
        }
        text += length;
    }
    *out = 0;
}

/* Each of the two halves is there as in the reference, or not at all. */
static void check_half(const char *found, const char *half, int number)
{
    static char wanted[65536], have[65536];
    half_of(reference, half, wanted);
    half_of(found, half, have);
    if (have[0] && strcmp(have, wanted) != 0)
        fail_msg("killed before call %d, the %s is neither whole nor absent:\n%s", number, half, have);
}

static int prepare(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/xinlian-fault-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(lot, sizeof lot, "%s/lot.stdf", folder);
    struct xl_simulation simulation = xl_simulation_default();
    simulation.wafers = 3;
    simulation.parts = 40;
    simulation.tests = 30;
    struct xl_error error = {.code = ""};
    int file = open(lot, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(xl_simulate(&simulation, sink_file(&file), &error));
    close(file);
    char store[160];
    place(store, "reference");
    struct xl_import import;
    import_into(store, &import, &error);
    fail_if(&error);
    assert_true(import.table_count >= 3);
    memcpy(hash, import.raw_sha256, sizeof hash);
    reference_length = contents_of(store, reference, sizeof reference);
    assert_true(reference_length > 0 && reference_length < sizeof reference - 1);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    struct xl_error error = {.code = ""};
    return files_remove(folder, &error) ? 0 : -1;
}

static bool is_empty(const char *path)
{
    DIR *listing = opendir(path);
    int names = 0;
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        names += entry->d_name[0] != '.';
    if (listing)
        closedir(listing);
    return names == 0;
}

/* Looks at the store that a killed import left, then imports again. */
static void check_after(const char *store, int number)
{
    char found[65536], work[200];
    contents_of(store, found, sizeof found);
    check_half(found, "raw", number);
    check_half(found, "cache", number);
    struct xl_error error = {.code = ""};
    struct xl_import import;
    import_into(store, &import, &error);
    fail_if(&error);
    contents_of(store, found, sizeof found);
    if (strcmp(found, reference) != 0)
        fail_msg("killed before call %d, then imported again, the store is another one:\n%s\ninstead of\n%s", number, found, reference);
    snprintf(work, sizeof work, "%s/tmp", store);
    assert_true(is_empty(work));
}

/* Runs an import in a process of its own, which dies before its call number `number`. True when it got so far. */
static bool import_killed(const char *store, int number)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct xl_error error = {.code = ""};
        struct xl_import import;
        atomic_store(&calls, 0);
        atomic_store(&last_call, number);
        _exit(import_into(store, &import, &error) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void killed_before_every_call(void **state)
{
    (void)state;
    char store[160];
    int number = 1;
    for (bool killed = true; killed; number++) {
        struct xl_error error = {.code = ""};
        place(store, "killed");
        killed = import_killed(store, number);
        check_after(store, number);
        assert_true(files_remove(store, &error));
    }
    assert_true(number > 30); /* it does reach the disk */
    print_message("killed before each of %d calls\n", number - 2);
}

/* In the middle of whatever it does. */
static void killed_at_any_time(void **state)
{
    (void)state;
    enum { TIMES = 25 };
    char store[160];
    for (int i = 0; i < TIMES; i++) {
        place(store, "timed");
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct xl_error error = {.code = ""};
            struct xl_import import;
            _exit(import_into(store, &import, &error) ? 0 : 1);
        }
        struct timespec wait = {.tv_nsec = i * 2000000L};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        struct xl_error error = {.code = ""};
        check_after(store, -i);
        assert_true(files_remove(store, &error));
    }
}

static void nothing_is_renamed_before_it_is_synced(void **state)
{
    (void)state;
    char store[160];
    place(store, "synced");
    struct xl_error error = {.code = ""};
    struct xl_import import;
    watches = true;
    import_into(store, &import, &error);
    watches = false;
    fail_if(&error);
    assert_false(renamed_unsynced);
    assert_true(files_remove(store, &error));
}

static void several_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 6 };
    char store[160], found[65536];
    place(store, "several");
    pid_t children[PROCESSES];
    fflush(NULL);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct xl_error error = {.code = ""};
            struct xl_import import;
            bool good = import_into(store, &import, &error);
            if (!good)
                fprintf(stderr, "# %s: %s (%s)\n", error.code, error.message, error.place);
            _exit(good ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    contents_of(store, found, sizeof found);
    assert_string_equal(found, reference);
    struct xl_error error = {.code = ""};
    assert_true(files_remove(store, &error));
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(killed_before_every_call),
        cmocka_unit_test(killed_at_any_time),
        cmocka_unit_test(nothing_is_renamed_before_it_is_synced),
        cmocka_unit_test(several_at_once),
    };
    return cmocka_run_group_tests(cases, prepare, clean_up);
}
