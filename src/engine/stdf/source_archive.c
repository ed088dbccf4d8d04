/* source_archive.c: zip and tar entries, and zstd streams, unpacked by libarchive. */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/stdf/source.h"

struct archive_source {
    struct source source;
    struct source *below;
    enum source_state below_state;
    uint64_t at; /* in mapped bytes */
    struct archive *archive;
    struct archive_entry *header;
    char *name;
    bool empty; /* nothing was packed */
    const uint8_t *block;
    size_t block_length;
    la_int64_t place, hole; /* bytes given; zeros to give before the block */
};

/* ---- What libarchive reads ---------------------------------------------------------------------------------------- */

static la_ssize_t below_read(struct archive *archive, void *context, const void **bytes)
{
    struct archive_source *unpack = context;
    size_t length = 0;
    while (!length) {
        if (unpack->below_state != SOURCE_MORE) {
            if (unpack->below_state != SOURCE_BROKEN)
                return 0;
            archive_set_error(archive, -1, "%s", unpack->below->error.message);
            return ARCHIVE_FATAL;
        }
        const uint8_t *block;
        unpack->below_state = source_block(unpack->below, &block, &length);
        *bytes = block;
    }
    return (la_ssize_t)length;
}

/* A mapped archive can be sought in: a zip's directory stands at its end. */
static la_ssize_t mapped_read(struct archive *archive, void *context, const void **bytes)
{
    (void)archive;
    struct archive_source *unpack = context;
    uint64_t left = unpack->below->mapped_length - unpack->at;
    uint64_t length = left < SOURCE_BLOCK ? left : SOURCE_BLOCK;
    *bytes = unpack->below->mapped + unpack->at;
    unpack->at += length;
    source_passed(unpack->below, unpack->at);
    return (la_ssize_t)length;
}

static la_int64_t mapped_seek(struct archive *archive, void *context, la_int64_t offset, int whence)
{
    (void)archive;
    struct archive_source *unpack = context;
    int64_t base = whence == SEEK_CUR ? (int64_t)unpack->at : whence == SEEK_END ? (int64_t)unpack->below->mapped_length : 0;
    int64_t to;
    if (__builtin_add_overflow(base, offset, &to) || to < 0 || (uint64_t)to > unpack->below->mapped_length)
        return ARCHIVE_FATAL;
    unpack->at = (uint64_t)to;
    return to;
}

static la_int64_t mapped_skip(struct archive *archive, void *context, la_int64_t length)
{
    (void)archive;
    struct archive_source *unpack = context;
    uint64_t left = unpack->below->mapped_length - unpack->at;
    if (length < 0)
        return 0;
    uint64_t step = (uint64_t)length < left ? (uint64_t)length : left;
    unpack->at += step;
    return (la_int64_t)step;
}

/* ---- What it unpacks ---------------------------------------------------------------------------------------------- */

static void fail_archive(struct archive_source *unpack)
{
    const char *why = archive_error_string(unpack->archive);
    if (unpack->below_state == SOURCE_BROKEN)
        unpack->source.error = unpack->below->error;
    else
        xl_fail(&unpack->source.error, "container_damaged", _("The compressed file is damaged: %s"), why ? why : "?");
}

/* By blocks, as libarchive unpacks them: asked to fill a buffer it would keep what it unpacked before damage to itself. */
static enum source_state archive_block(struct source *source, const uint8_t **bytes, size_t *length)
{
    static const uint8_t zeros[4096];
    struct archive_source *unpack = (struct archive_source *)source;
    *length = 0;
    if (unpack->empty)
        return SOURCE_END;
    while (!unpack->block_length) {
        const void *block;
        la_int64_t place;
        int result = archive_read_data_block(unpack->archive, &block, &unpack->block_length, &place);
        if (result == ARCHIVE_EOF)
            return SOURCE_END;
        if (result == ARCHIVE_RETRY)
            continue;
        /* A warning stands for damage too: libarchive warns of a wrong checksum and then goes on. */
        if (result != ARCHIVE_OK) {
            fail_archive(unpack);
            return SOURCE_BROKEN;
        }
        unpack->block = block;
        unpack->hole = place > unpack->place ? place - unpack->place : 0;
    }
    /* Tar leaves out long runs of zeros in sparse files. */
    if (unpack->hole > 0) {
        *bytes = zeros;
        *length = unpack->hole < (la_int64_t)sizeof zeros ? (size_t)unpack->hole : sizeof zeros;
        unpack->hole -= (la_int64_t)*length;
    } else {
        *bytes = unpack->block;
        *length = unpack->block_length;
        unpack->block_length = 0;
    }
    unpack->place += (la_int64_t)*length;
    return SOURCE_MORE;
}

/* What is no file of a person: folders, links, and the leavings of macOS in every zip it makes. */
static bool passed_over(struct archive_entry *entry, const char *name)
{
    if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0)
        return true;
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    return strncmp(name, "__MACOSX/", 9) == 0 || strncmp(last, "._", 2) == 0 || strcmp(last, ".DS_Store") == 0;
}

static const char *entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    if (!name)
        name = archive_entry_pathname_utf8(entry);
    return name ? name : "?";
}

static bool archive_next(struct source *source)
{
    struct archive_source *unpack = (struct archive_source *)source;
    for (;;) {
        int result = archive_read_next_header(unpack->archive, &unpack->header);
        if (result == ARCHIVE_EOF)
            return false;
        if (result == ARCHIVE_RETRY)
            continue;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
            fail_archive(unpack);
            source->state = SOURCE_BROKEN;
            return false;
        }
        const char *name = entry_name(unpack->header);
        if (passed_over(unpack->header, name))
            continue;
        free(unpack->name);
        unpack->name = memory_text(name);
        source->entry = unpack->name;
        unpack->block_length = 0;
        unpack->place = unpack->hole = 0;
        return true;
    }
}

static void unpack_free(struct source *source)
{
    struct archive_source *unpack = (struct archive_source *)source;
    archive_read_free(unpack->archive);
    free(unpack->name);
    free(unpack);
}

struct source *source_of_archive(struct source *below, enum xl_container container, struct xl_error *error)
{
    static const struct source_kind files = {.block = archive_block, .next = archive_next, .free = unpack_free};
    static const struct source_kind stream = {.block = archive_block, .free = unpack_free};
    struct archive_source *unpack = memory_new(1, sizeof *unpack);
    unpack->below = below;
    unpack->source.kind = &files;
    struct archive *archive = unpack->archive = archive_read_new();
    if (!archive)
        BUG("out of memory: archive");
    switch (container) {
    case XL_ZIP:
        archive_read_support_format_zip(archive);
        break;
    case XL_TAR:
        archive_read_support_format_tar(archive);
        break;
    case XL_ZSTD:
        archive_read_support_filter_zstd(archive);
        break;
    case XL_PLAIN:
    case XL_GZIP:
    case XL_BZIP2:
    case XL_XZ:
        BUG("container %d is not unpacked here", (int)container);
    }
    if (container != XL_ZIP && container != XL_TAR) {
        unpack->source.kind = &stream;
        archive_read_support_format_raw(archive);
        archive_read_support_format_empty(archive);
    }
    archive_read_set_callback_data(archive, unpack);
    if (below->mapped) {
        archive_read_set_read_callback(archive, mapped_read);
        archive_read_set_seek_callback(archive, mapped_seek);
        archive_read_set_skip_callback(archive, mapped_skip);
    } else
        archive_read_set_read_callback(archive, below_read);

    bool open = archive_read_open1(archive) == ARCHIVE_OK;
    if (!open)
        fail_archive(unpack);
    else if (unpack->source.kind == &files)
        open = archive_next(&unpack->source);
    else {
        int result = archive_read_next_header(archive, &unpack->header);
        unpack->empty = result == ARCHIVE_EOF;
        open = unpack->empty || result == ARCHIVE_OK || result == ARCHIVE_WARN;
        if (!open)
            fail_archive(unpack);
    }
    if (open)
        return &unpack->source;
    xl_fail(&unpack->source.error, "archive_empty", _("The archive holds no file."));
    if (error && !error->code[0])
        *error = unpack->source.error;
    unpack_free(&unpack->source);
    return NULL;
}
