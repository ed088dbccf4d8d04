/* input.c: a stream of uncompressed bytes out of any container, handed out as windows.
 *
 * A plain file is mapped and lent in place; everything else is unpacked through a stack of sources (source.h) by a thread of its own
 * (ahead.h). Containers are known by their first bytes, and may stand in each other a few deep (a .gz in a .zip). */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "engine/stdf/ahead.h"
#include "engine/stdf/source.h"

enum { LEVELS_MOST = 4 };
/* Windows of a mapped file: large, so that giving pages back costs little, and small, so that few are held. */
static const uint64_t MAPPED_WINDOW = 8 << 20;

struct xl_input {
    char *path;
    struct text name;
    int descriptor, stop; /* -1: none */
    uint8_t *map;         /* of the file, to be unmapped */
    uint64_t total;       /* packed bytes; 0: unknown */
    _Atomic uint64_t done;

    int levels; /* level 0 is the bottom: the packed bytes */
    struct source *level[LEVELS_MOST + 1];
    enum xl_container container;

    /* Lent in place: the bottom is all there is. */
    const uint8_t *bytes;
    uint64_t length, at, released;
    size_t lent;
    struct ahead *ahead;
};

static void name_entry(struct xl_input *input)
{
    text_clear(&input->name);
    text_add(&input->name, input->path);
    for (int i = 0; i < input->levels; i++) {
        const char *entry = input->level[i]->entry;
        if (!entry)
            continue;
        text_add_char(&input->name, '/');
        text_decode(&input->name, entry, strlen(entry), true);
    }
}

/* Formats that people pack test data in and that are not read here: better named than called "no STDF". */
static bool refuse_foreign(const uint8_t *bytes, size_t length, struct xl_error *error)
{
    static const struct {
        const char *magic, *name;
        size_t length;
    } foreign[] = {
        {"7z\xbc\xaf\x27\x1c", "7z", 6}, {"Rar!\x1a\x07", "RAR", 6}, {"\x1f\x9d", "compress (.Z)", 2}, {"\x04\x22\x4d\x18", "LZ4", 4}};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (length >= foreign[i].length && memcmp(bytes, foreign[i].magic, foreign[i].length) == 0)
            return !xl_fail(error, "container_unsupported", _("The file is packed as %s, which is not read here: unpack it first."),
                            foreign[i].name);
    return false;
}

/* Stacks unpackers on the levels that stand until the bytes are no container any more. */
static bool stack(struct xl_input *input, struct xl_error *error)
{
    for (;;) {
        struct source *top = input->level[input->levels - 1];
        const uint8_t *bytes;
        size_t length;
        source_peek(top, &bytes, &length);
        enum xl_container container = container_of(bytes, length);
        if (input->levels == 1)
            input->container = container;
        if (container == XL_PLAIN)
            return !refuse_foreign(bytes, length, error);
        if (input->levels > LEVELS_MOST)
            return xl_fail(error, "container_nested", _("The file is packed more than %d times over."), LEVELS_MOST);
        struct source *unpacked = NULL;
        switch (container) {
        case XL_GZIP:
            unpacked = source_of_gzip(top);
            break;
        case XL_BZIP2:
            unpacked = source_of_bzip2(top);
            break;
        case XL_XZ:
            unpacked = source_of_xz(top);
            break;
        case XL_ZIP:
        case XL_TAR:
        case XL_ZSTD:
            unpacked = source_of_archive(top, container, error);
            break;
        case XL_PLAIN:
            break;
        }
        if (!unpacked)
            return false;
        input->level[input->levels++] = unpacked;
    }
}

static struct xl_input *fail_open(struct xl_input *input, struct xl_error *error)
{
    xl_fail_place(error, "%s", input->name.data);
    xl_input_free(input);
    return NULL;
}

static struct xl_input *input_new(const char *name)
{
    struct xl_input *input = memory_new(1, sizeof *input);
    input->path = memory_text(name);
    text_init(&input->name, 4096);
    text_add(&input->name, name);
    input->descriptor = input->stop = -1;
    return input;
}

static struct xl_input *begin(struct xl_input *input, struct xl_error *error)
{
    input->levels = 1;
    if (!stack(input, error))
        return fail_open(input, error);
    if (input->levels == 1 && input->level[0]->mapped) {
        input->bytes = input->level[0]->mapped;
        input->length = input->level[0]->mapped_length;
    }
    name_entry(input);
    return input;
}

struct xl_input *xl_input_memory(const void *bytes, size_t length, const char *name, struct xl_error *error)
{
    struct xl_input *input = input_new(name);
    input->total = length;
    input->level[0] = source_of_memory(length ? bytes : (const void *)"", length, false, &input->done);
    return begin(input, error);
}

struct xl_input *xl_input_open(const char *path, struct xl_error *error)
{
    struct xl_input *input = input_new(path);
    bool standard = strcmp(path, "-") == 0;
    int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT)
            xl_fail(error, "file_not_found", _("There is no such file."));
        else
            xl_fail(error, "file_not_opened", _("The file cannot be opened: %m"));
        return fail_open(input, error);
    }
    if (!standard)
        input->descriptor = descriptor;
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        xl_fail(error, "file_not_opened", _("The file cannot be opened: %m"));
        return fail_open(input, error);
    }
    if (S_ISDIR(status.st_mode)) {
        xl_fail(error, "file_is_folder", _("This is a folder, not a file."));
        return fail_open(input, error);
    }
    /* A regular file is mapped (standard input too, when a shell opened it at its beginning); an empty one cannot be. */
    if (S_ISREG(status.st_mode) && status.st_size > 0 && lseek(descriptor, 0, SEEK_CUR) == 0) {
        void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (map != MAP_FAILED) {
            input->map = map;
            input->total = (uint64_t)status.st_size;
            madvise(map, input->total, MADV_SEQUENTIAL);
            input->level[0] = source_of_memory(map, input->total, true, &input->done);
            return begin(input, error);
        }
    }
    input->stop = eventfd(0, EFD_CLOEXEC);
    if (input->stop < 0) {
        xl_fail(error, "file_not_opened", _("The file cannot be opened: %m"));
        return fail_open(input, error);
    }
    input->level[0] = source_of_descriptor(descriptor, input->stop, &input->done);
    return begin(input, error);
}

void xl_input_free(struct xl_input *input)
{
    if (!input)
        return;
    if (input->stop >= 0)
        eventfd_write(input->stop, 1); /* the thread may be waiting for a pipe */
    ahead_free(input->ahead);
    for (int i = input->levels; i-- > 0;)
        source_free(input->level[i]);
    if (!input->levels)
        source_free(input->level[0]);
    if (input->map)
        munmap(input->map, input->total);
    if (input->descriptor >= 0)
        close(input->descriptor);
    if (input->stop >= 0)
        close(input->stop);
    text_free(&input->name);
    free(input->path);
    free(input);
}

/* The next piece of a mapped file. Pages that were read are given back: they stay in the system's cache, but no longer count as ours. */
static void lend(struct xl_input *input, size_t consumed, const uint8_t **bytes, size_t *length, bool *last)
{
    if (consumed > input->lent)
        BUG("%zu bytes consumed of a window of %zu", consumed, input->lent);
    input->at += consumed;
    uint64_t end = input->length;
    if (input->map) {
        uint64_t whole = input->at & ~(uint64_t)0xffff;
        if (whole > input->released) {
            madvise(input->map + input->released, whole - input->released, MADV_DONTNEED);
            input->released = whole;
        }
        if (end - input->at > MAPPED_WINDOW)
            end = input->at + MAPPED_WINDOW;
#ifdef MADV_POPULATE_READ
        /* One call instead of a fault every few pages; where the kernel has it not, faults do. */
        uint64_t populate = (end + 4095) & ~(uint64_t)4095;
        madvise(input->map + whole, populate - whole, MADV_POPULATE_READ);
#endif
    }
    *bytes = input->bytes + input->at;
    *length = (size_t)(end - input->at);
    *last = end == input->length;
    input->lent = *length;
    atomic_store_explicit(&input->done, input->at, memory_order_relaxed);
}

bool xl_input_window(struct xl_input *input, size_t consumed, const uint8_t **bytes, size_t *length, bool *last, struct xl_error *error)
{
    if (input->bytes) {
        lend(input, consumed, bytes, length, last);
        return true;
    }
    if (!input->ahead)
        input->ahead = ahead_new(input->level[input->levels - 1]);
    if (ahead_window(input->ahead, consumed, bytes, length, last, error))
        return true;
    return xl_fail_place(error, "%s", input->name.data);
}

bool xl_input_next_entry(struct xl_input *input, struct xl_error *error)
{
    ahead_free(input->ahead);
    input->ahead = NULL;
    /* The innermost archive that has another entry gives it; what stood on it is built anew. */
    while (input->levels > 1) {
        struct source *top = input->level[input->levels - 1];
        if (source_next(top)) {
            if (!stack(input, error)) {
                name_entry(input);
                return xl_fail_place(error, "%s", input->name.data);
            }
            name_entry(input);
            return true;
        }
        bool broken = top->state == SOURCE_BROKEN && top->kind->next;
        if (broken && error && !error->code[0])
            *error = top->error;
        source_free(top);
        input->levels--;
        if (broken)
            return xl_fail_place(error, "%s", input->path);
    }
    return false;
}

enum xl_container xl_input_container(const struct xl_input *input)
{
    return input->container;
}

const char *xl_input_name(const struct xl_input *input)
{
    return input->name.data;
}

void xl_input_progress(const struct xl_input *input, uint64_t *done, uint64_t *total)
{
    *done = atomic_load_explicit(&input->done, memory_order_relaxed);
    *total = input->total;
}
