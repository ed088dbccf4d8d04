/* source.h: a run of bytes from somewhere - a file, memory, a descriptor - or unpacked from another source. Sources stand on each
 * other (a zip entry that is a gzip file): each reads the one below, and the top one gives the bytes of the entry.
 *
 * A broken source gives everything before the damage and then says SOURCE_BROKEN, once and for ever. */
#pragma once

#include <xinlian/stdf.h>

struct source;

enum source_state {
    SOURCE_MORE,
    SOURCE_END,    /* these bytes are the last (there may be none) */
    SOURCE_BROKEN, /* as END, but the container is damaged after them: source->error says how */
};

struct source_kind {
    /* One of the two. `block` lends bytes until the next call (more or fewer as it likes, at least one when it says MORE).
     * `fill` unpacks into `out`, exactly `room` bytes when it says MORE. Both fill source->error when they say BROKEN. */
    enum source_state (*block)(struct source *, const uint8_t **bytes, size_t *length);
    enum source_state (*fill)(struct source *, uint8_t *out, size_t room, size_t *filled);
    /* Archives: goes to the next entry; false with no error at the last. NULL: a source of one entry. */
    bool (*next)(struct source *);
    void (*free)(struct source *);
};

struct source {
    const struct source_kind *kind;
    const uint8_t *held; /* peeked or half-used bytes, given first */
    size_t held_length;
    enum source_state state;
    struct xl_error error;
    uint8_t *buffer;       /* of a filling source that is asked for blocks */
    const char *entry;     /* name of an archive's current entry, else NULL */
    const uint8_t *mapped; /* all its bytes, where they stand in memory */
    uint64_t mapped_length;
};

enum { SOURCE_BLOCK = 256 << 10 };

/* Bytes until the next call. */
enum source_state source_block(struct source *, const uint8_t **bytes, size_t *length);
/* Fills `out` wholly unless the state says otherwise. */
enum source_state source_fill(struct source *, uint8_t *out, size_t room, size_t *filled);
/* The bytes at the front, which stay there: enough to know a container by, unless the source is shorter. */
void source_peek(struct source *, const uint8_t **bytes, size_t *length);
/* Goes to the next entry of an archive. False, with no error, at the last. */
bool source_next(struct source *);
void source_free(struct source *);
/* Tells a source of memory, of which `mapped` was used directly, how far that came: for progress. */
void source_passed(struct source *, uint64_t at);

/* Bytes in memory, which the caller keeps; `release` gives pages of a mapped file back once they were read. `*done` is told of progress. */
struct source *source_of_memory(const uint8_t *bytes, uint64_t length, bool release, _Atomic uint64_t *done);
/* Reads a descriptor to its end (and does not close it). A write to the event `stop` wakes it up and ends it. */
struct source *source_of_descriptor(int descriptor, int stop, _Atomic uint64_t *done);
/* Unpackers; `below` stays the caller's and must outlive them. An archive fails to open when it has no first entry. */
struct source *source_of_gzip(struct source *below);
struct source *source_of_bzip2(struct source *below);
struct source *source_of_xz(struct source *below);
struct source *source_of_archive(struct source *below, enum xl_container, struct xl_error *);

/* Knows a container by its first bytes. */
enum xl_container container_of(const uint8_t *bytes, size_t length);
