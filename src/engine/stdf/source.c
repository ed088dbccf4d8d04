/* source.c: what all sources share (lending, filling, peeking), and the two at the bottom: memory and descriptors. */
#include "engine/stdf/source.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

enum { MAPPED_BLOCK = 1 << 20 };

/* What the kind gives next, held bytes aside, as a block. */
static enum source_state more(struct source *source)
{
    if (source->state != SOURCE_MORE)
        return source->state;
    if (source->kind->block)
        return source->state = source->kind->block(source, &source->held, &source->held_length);
    if (!source->buffer)
        source->buffer = memory_new(SOURCE_BLOCK, 1);
    source->held = source->buffer;
    return source->state = source->kind->fill(source, source->buffer, SOURCE_BLOCK, &source->held_length);
}

enum source_state source_block(struct source *source, const uint8_t **bytes, size_t *length)
{
    if (!source->held_length)
        more(source);
    *bytes = source->held;
    *length = source->held_length;
    source->held_length = 0;
    return source->state;
}

enum source_state source_fill(struct source *source, uint8_t *out, size_t room, size_t *filled)
{
    *filled = 0;
    for (;;) {
        size_t take = source->held_length < room - *filled ? source->held_length : room - *filled;
        if (take) {
            memcpy(out + *filled, source->held, take);
            source->held += take;
            source->held_length -= take;
            *filled += take;
        }
        if (*filled == room && (source->state == SOURCE_MORE || source->held_length))
            return SOURCE_MORE;
        if (source->state != SOURCE_MORE)
            return source->state;
        if (source->kind->fill) {
            size_t got = 0;
            source->state = source->kind->fill(source, out + *filled, room - *filled, &got);
            *filled += got;
            return source->state;
        }
        more(source);
    }
}

void source_peek(struct source *source, const uint8_t **bytes, size_t *length)
{
    if (!source->held_length)
        more(source);
    *bytes = source->held;
    *length = source->held_length;
}

bool source_next(struct source *source)
{
    if (!source->kind->next)
        return false;
    source->held_length = 0;
    /* A broken entry is the end of its archive: what follows cannot be found reliably. */
    if (source->state == SOURCE_BROKEN)
        return false;
    source->state = SOURCE_MORE;
    return source->kind->next(source);
}

void source_free(struct source *source)
{
    if (!source)
        return;
    free(source->buffer);
    source->kind->free(source);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

struct memory_source {
    struct source source;
    const uint8_t *bytes;
    uint64_t length, at, released;
    bool release;
    _Atomic uint64_t *done;
};

static enum source_state memory_block(struct source *source, const uint8_t **bytes, size_t *length)
{
    struct memory_source *memory = (struct memory_source *)source;
    if (memory->release && memory->at > memory->released) {
        uint64_t whole = memory->at / MAPPED_BLOCK * MAPPED_BLOCK;
        if (whole > memory->released)
            madvise((void *)(uintptr_t)(memory->bytes + memory->released), whole - memory->released, MADV_DONTNEED);
        memory->released = whole;
    }
    uint64_t left = memory->length - memory->at;
    *bytes = memory->bytes + memory->at;
    *length = left < MAPPED_BLOCK ? left : MAPPED_BLOCK;
    memory->at += *length;
    atomic_store_explicit(memory->done, memory->at, memory_order_relaxed);
    return memory->at == memory->length ? SOURCE_END : SOURCE_MORE;
}

void source_passed(struct source *source, uint64_t at)
{
    struct memory_source *memory = (struct memory_source *)source;
    atomic_store_explicit(memory->done, at, memory_order_relaxed);
}

static void memory_free(struct source *source)
{
    free(source);
}

struct source *source_of_memory(const uint8_t *bytes, uint64_t length, bool release, _Atomic uint64_t *done)
{
    static const struct source_kind kind = {.block = memory_block, .free = memory_free};
    struct memory_source *memory = memory_new(1, sizeof *memory);
    *memory = (struct memory_source){.source = {.kind = &kind, .mapped = bytes, .mapped_length = length},
                                     .bytes = bytes,
                                     .length = length,
                                     .release = release,
                                     .done = done};
    return &memory->source;
}

/* ---- Descriptors -------------------------------------------------------------------------------------------------- */

struct descriptor_source {
    struct source source;
    int descriptor, stop;
    _Atomic uint64_t *done;
};

static enum source_state descriptor_fill(struct source *source, uint8_t *out, size_t room, size_t *filled)
{
    struct descriptor_source *from = (struct descriptor_source *)source;
    *filled = 0;
    while (*filled < room) {
        /* Both at once: a reader that waits for a silent pipe must still hear that it is to stop. */
        struct pollfd wait[2] = {{.fd = from->descriptor, .events = POLLIN}, {.fd = from->stop, .events = POLLIN}};
        if (poll(wait, 2, -1) < 0 && errno != EINTR) {
            xl_fail(&source->error, "read_failed", _("Reading failed: %m"));
            return SOURCE_BROKEN;
        }
        if (wait[1].revents)
            return SOURCE_END;
        if (!wait[0].revents)
            continue;
        ssize_t got = read(from->descriptor, out + *filled, room - *filled);
        if (got == 0)
            return SOURCE_END;
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0) {
            xl_fail(&source->error, "read_failed", _("Reading failed: %m"));
            return SOURCE_BROKEN;
        }
        *filled += (size_t)got;
        atomic_fetch_add_explicit(from->done, (uint64_t)got, memory_order_relaxed);
    }
    return SOURCE_MORE;
}

static void descriptor_free(struct source *source)
{
    free(source);
}

struct source *source_of_descriptor(int descriptor, int stop, _Atomic uint64_t *done)
{
    static const struct source_kind kind = {.fill = descriptor_fill, .free = descriptor_free};
    struct descriptor_source *from = memory_new(1, sizeof *from);
    *from = (struct descriptor_source){.source = {.kind = &kind}, .descriptor = descriptor, .stop = stop, .done = done};
    return &from->source;
}

/* ---- Containers --------------------------------------------------------------------------------------------------- */

static bool begins(const uint8_t *bytes, size_t length, const char *magic, size_t magic_length)
{
    return length >= magic_length && memcmp(bytes, magic, magic_length) == 0;
}
#define BEGINS(magic) begins(bytes, length, magic, sizeof magic - 1)

/* A tar header has a checksum: the sum of its 512 bytes with the checksum's own eight taken as spaces. */
static bool tar_header(const uint8_t *bytes, size_t length)
{
    if (length < 512 || !bytes[0])
        return false;
    unsigned sum = 0, told = 0, digits = 0;
    for (int i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : bytes[i];
    for (int i = 148; i < 156; i++) {
        if (bytes[i] >= '0' && bytes[i] <= '7') {
            told = told * 8 + (unsigned)(bytes[i] - '0');
            digits++;
        } else if (digits || bytes[i] != ' ')
            break;
    }
    return digits && told == sum;
}

enum xl_container container_of(const uint8_t *bytes, size_t length)
{
    if (BEGINS("\x1f\x8b"))
        return XL_GZIP;
    if (BEGINS("BZh") && length >= 10 && bytes[3] >= '1' && bytes[3] <= '9' &&
        (memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 || memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
        return XL_BZIP2;
    if (BEGINS("PK\x03\x04") || BEGINS("PK\x05\x06") || BEGINS("PK\x07\x08PK\x03\x04") || BEGINS("PK00PK\x03\x04"))
        return XL_ZIP;
    if (BEGINS("\xfd"
               "7zXZ\0"))
        return XL_XZ;
    if (BEGINS("\x28\xb5\x2f\xfd") || (length >= 8 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0))
        return XL_ZSTD;
    if (tar_header(bytes, length))
        return XL_TAR;
    return XL_PLAIN;
}
