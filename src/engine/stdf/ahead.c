/* ahead.c: a source read by a thread of its own, a few megabytes ahead, and handed out as windows.
 *
 * A ring of blocks. The thread fills free blocks in order; the reader holds one at a time. What the reader leaves of a window (less than
 * XL_WINDOW_LEAST bytes) is copied into head-room in front of the next block, so that a window is always one piece and each
 * byte is unpacked to where it is read. */
#include "engine/stdf/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Small enough for the blocks in use to stay in the cache, large enough that threads seldom wait for each other. */
enum { BLOCKS = 4, BLOCK = 1 << 20, HEAD_ROOM = XL_WINDOW_LEAST };

struct block {
    uint8_t *memory; /* head-room, then BLOCK bytes */
    size_t length;
    enum source_state state;
};

struct ahead {
    struct source *source;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    uint64_t filled, freed; /* blocks, counted from the beginning */
    struct block blocks[BLOCKS];

    /* The reader's side. */
    bool begun;
    const uint8_t *at;
    size_t length;
    enum source_state state;
};

static void *fill_blocks(void *context)
{
    struct ahead *ahead = context;
    for (uint64_t n = 0;; n++) {
        pthread_mutex_lock(&ahead->lock);
        while (!ahead->stop && n - ahead->freed == BLOCKS)
            pthread_cond_wait(&ahead->changed, &ahead->lock);
        bool stop = ahead->stop;
        pthread_mutex_unlock(&ahead->lock);
        if (stop)
            return NULL;

        struct block *block = &ahead->blocks[n % BLOCKS];
        if (!block->memory) /* a small file needs one block only */
            block->memory = aligned_alloc(4096, HEAD_ROOM + BLOCK);
        if (!block->memory)
            BUG("out of memory: %d bytes", HEAD_ROOM + BLOCK);
        block->state = source_fill(ahead->source, block->memory + HEAD_ROOM, BLOCK, &block->length);

        pthread_mutex_lock(&ahead->lock);
        ahead->filled = n + 1;
        pthread_cond_signal(&ahead->changed);
        pthread_mutex_unlock(&ahead->lock);
        if (block->state != SOURCE_MORE)
            return NULL;
    }
}

struct ahead *ahead_new(struct source *source)
{
    struct ahead *ahead = memory_new(1, sizeof *ahead);
    ahead->source = source;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    if (pthread_create(&ahead->thread, NULL, fill_blocks, ahead) != 0)
        BUG("no thread for unpacking");
    return ahead;
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_signal(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->changed);
    for (int i = 0; i < BLOCKS; i++)
        free(ahead->blocks[i].memory);
    free(ahead);
}

/* Takes the next block, the rest of the window before it put in front. */
static void next_block(struct ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    uint64_t n = ahead->freed + (ahead->begun ? 1 : 0);
    while (ahead->filled <= n)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);

    struct block *block = &ahead->blocks[n % BLOCKS];
    uint8_t *front = block->memory + HEAD_ROOM - ahead->length;
    if (ahead->length)
        memcpy(front, ahead->at, ahead->length);
    ahead->at = front;
    ahead->length += block->length;
    ahead->state = block->state;

    if (ahead->begun) {
        pthread_mutex_lock(&ahead->lock);
        ahead->freed = n;
        pthread_cond_signal(&ahead->changed);
        pthread_mutex_unlock(&ahead->lock);
    }
    ahead->begun = true;
}

bool ahead_window(struct ahead *ahead, size_t consumed, const uint8_t **bytes, size_t *length, bool *last, struct xl_error *error)
{
    if (consumed > ahead->length)
        BUG("%zu bytes consumed of a window of %zu", consumed, ahead->length);
    if (consumed) /* before the first block there is no window, and NULL takes no offset */
        ahead->at += consumed;
    ahead->length -= consumed;
    while (ahead->state == SOURCE_MORE && ahead->length < XL_WINDOW_LEAST)
        next_block(ahead);
    *bytes = ahead->at;
    *length = ahead->length;
    *last = ahead->state != SOURCE_MORE;
    if (ahead->state == SOURCE_BROKEN && !ahead->length) {
        if (error && !error->code[0])
            *error = ahead->source->error;
        return false;
    }
    return true;
}
