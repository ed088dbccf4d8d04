/* store_keep.c: keeps a raw file under its SHA-256: one pass that copies and hashes, then a rename. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "engine/wafer/files.h"
#include "engine/wafer/store.h"

enum { COPY_BYTES = 4 << 20, NAME_MOST = 255, NAMES_MOST = 1 << 16 };

/* ---- Copying -------------------------------------------------------------------------------------------------------- */

/* A buffer is written by one thread while another one hashes it: both read only. */
struct writing {
    int file;
    const uint8_t *bytes;
    size_t length;
    int failed; /* errno */
};

static void *write_buffer(void *context)
{
    struct writing *w = context;
    const uint8_t *at = w->bytes;
    for (size_t left = w->length; left > 0;) {
        ssize_t wrote = write(w->file, at, left);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            w->failed = wrote < 0 ? errno : EIO;
            return NULL;
        }
        at += wrote;
        left -= (size_t)wrote;
    }
    return NULL;
}

static ssize_t read_full(int file, uint8_t *bytes, size_t length)
{
    size_t have = 0;
    while (have < length) {
        ssize_t got = read(file, bytes + have, length - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static bool copy(int from, int to, EVP_MD_CTX *digest, uint64_t *bytes, struct xl_error *error)
{
    uint8_t *buffer = memory_new(COPY_BYTES, 1);
    bool good = true;
    *bytes = 0;
    for (;;) {
        ssize_t length = read_full(from, buffer, COPY_BYTES);
        if (length < 0)
            good = xl_fail(error, "cannot_read", _("Cannot read the file: %m"));
        if (length <= 0)
            break;
        struct writing writing = {.file = to, .bytes = buffer, .length = (size_t)length};
        pthread_t thread;
        bool beside = length == COPY_BYTES && pthread_create(&thread, NULL, write_buffer, &writing) == 0;
        if (!beside)
            write_buffer(&writing);
        if (EVP_DigestUpdate(digest, buffer, (size_t)length) != 1)
            BUG("SHA-256 failed");
        if (beside)
            pthread_join(thread, NULL);
        if (writing.failed) {
            errno = writing.failed;
            good = xl_fail(error, "cannot_write", _("Cannot write the file: %m"));
            break;
        }
        /* Only a hint: the disk may begin. */
        sync_file_range(to, (off_t)*bytes, length, SYNC_FILE_RANGE_WRITE);
        *bytes += (uint64_t)length;
    }
    free(buffer);
    return good;
}

/* Copies `path` ("-": standard input) to `copy_path`. */
static bool copy_and_hash(const char *path, const char *copy_path, struct xl_import *import, struct xl_error *error)
{
    bool is_input = strcmp(path, "-") == 0, good = false;
    int from = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), to = -1;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        BUG("SHA-256 is not to be had");
    if (from < 0) {
        xl_fail(error, "cannot_open", _("Cannot open the file: %m"));
    } else if ((to = open(copy_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) < 0) {
        xl_fail(error, "cannot_write", _("Cannot write the file: %m"));
    } else if (copy(from, to, digest, &import->raw_bytes, error)) {
        unsigned length = 0;
        if (EVP_DigestFinal_ex(digest, hash, &length) != 1 || length != 32)
            BUG("SHA-256 failed");
        for (unsigned i = 0; i < length; i++)
            snprintf(import->raw_sha256 + 2 * i, 3, "%02x", hash[i]);
        good = true;
    }
    EVP_MD_CTX_free(digest);
    if (from >= 0 && !is_input)
        close(from);
    if (to >= 0 && close(to) != 0 && good)
        good = xl_fail(error, "cannot_write", _("Cannot write the file: %m"));
    return good;
}

/* ---- What may be kept ----------------------------------------------------------------------------------------------- */

/* True when an entry of the file is STDF or ATDF. The error is that of the first entry. */
static bool is_test_data(const char *path, struct xl_error *error)
{
    struct xl_input *input = xl_input_open(path, error);
    bool found = false;
    while (input && !found) {
        struct xl_error own = {.code = ""};
        struct xl_findings *findings = xl_findings_new();
        struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &own);
        found = reader || strcmp(own.code, "is_atdf") == 0;
        xl_stdf_reader_free(reader);
        xl_findings_free(findings);
        if (!found && !error->code[0])
            *error = own;
        struct xl_error end = {.code = ""};
        if (!found && !xl_input_next_entry(input, &end))
            break;
    }
    xl_input_free(input);
    if (found)
        *error = (struct xl_error){.code = ""};
    return found;
}

/* ---- Names ---------------------------------------------------------------------------------------------------------- */

/* One line: control characters become spaces, and the name is cut at a whole character. */
static void clean_name(const char *name, struct text *out)
{
    const char *at = name, *end = name + strlen(name);
    while (at < end) {
        const char *from = at;
        unsigned character = utf8_next(&at, end);
        if (out->length + (size_t)(at - from) > NAME_MOST)
            break;
        if (character < ' ' || character == 0x7f)
            text_add_char(out, ' ');
        else if (character == 0xfffd)
            text_add_char(out, '?');
        else
            text_add_bytes(out, from, (size_t)(at - from));
    }
}

static bool names_have(const char *names, const struct text *name)
{
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, "\n");
        if (length == name->length && memcmp(at, name->data, length) == 0)
            return true;
        at += length + (at[length] == '\n');
    }
    return false;
}

/* Adds a name to those of the raw file, before the raw file is there: so a raw file always has one. */
static bool remember_name(const struct xl_store *store, const char *owner, const char *hash, const char *name, const char *temporary,
                          struct xl_error *error)
{
    struct text clean, all;
    text_init(&clean, NAME_MOST + 1);
    text_init(&all, NAMES_MOST);
    clean_name(name, &clean);
    char *path = store_names_path(store, owner, hash);
    int lock = store_lock(store);
    struct xl_error problem = {.code = ""};
    size_t length;
    char *names = files_read(path, NAMES_MOST, &length, &problem);
    bool good = true;
    if (!names || !names_have(names, &clean)) {
        text_add_bytes(&all, names ? names : "", names ? length : 0);
        text_add_bytes(&all, clean.data, clean.length);
        text_add_char(&all, '\n');
        /* Past the ceiling the first names are enough. */
        good = all.overflow || files_write(path, temporary, all.data, all.length, error);
    }
    store_unlock(lock);
    free(names);
    free(path);
    text_free(&clean);
    text_free(&all);
    return good;
}

/* ---- Keeping -------------------------------------------------------------------------------------------------------- */

static bool keep(const struct xl_store *store, const char *owner, const char *path, const char *name, const char *copy_path,
                 const char *names_path, struct xl_import *import, struct xl_error *error)
{
    if (!copy_and_hash(path, copy_path, import, error))
        return xl_fail_place(error, "%s", path);
    char *raw = store_raw_path(store, owner, import->raw_sha256);
    bool good = true;
    import->raw_known = files_exists(raw);
    if (!import->raw_known) {
        struct xl_error problem = {.code = ""};
        if (!is_test_data(copy_path, &problem)) {
            problem.place[0] = 0; /* names the copy */
            *error = problem;
            good = xl_fail_place(error, "%s", path);
        }
        good = good && files_sync(copy_path, error) && store_make_parent(raw, error);
    }
    good = good && remember_name(store, owner, import->raw_sha256, name, names_path, error);
    if (good && !import->raw_known) {
        if (rename(copy_path, raw) != 0) {
            xl_fail(error, "store_files", _("The store cannot use its files: %m"));
            good = xl_fail_place(error, "%s", raw);
        }
        good = good && files_sync_parent(raw, error);
    }
    free(raw);
    return good;
}

bool xl_store_keep(struct xl_store *store, const char *owner, const char *path, const char *name, struct xl_import *import,
                   struct xl_error *error)
{
    *import = (struct xl_import){.raw_bytes = 0};
    struct xl_error own = {.code = ""};
    if (!error)
        error = &own;
    struct workplace place;
    if (!store_check_owner(owner, error) || !workplace_open(store, &place, error))
        return false;
    if (!name || !*name) {
        const char *slash = strrchr(path, '/');
        name = slash ? slash + 1 : path;
    }
    char *copy_path = store_path_print("%s/raw", place.path), *names_path = store_path_print("%s/names", place.path);
    bool kept = keep(store, owner, path, name, copy_path, names_path, import, error);
    free(copy_path);
    free(names_path);
    workplace_close(&place);
    return kept;
}
