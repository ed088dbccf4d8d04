/* arena.c: memory with one lifetime, in a chain of growing blocks. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

/* Under AddressSanitizer what was not handed out is poisoned, with a gap after each piece, so that running over an end is seen. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONED 1
#endif
#endif
#ifdef ARENA_POISONED
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   __asan_poison_memory_region(at, size)
#define UNPOISON(at, size) __asan_unpoison_memory_region(at, size)
enum { GAP = 16 };
#else
#define POISON(at, size)   ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct block {
    struct block *next;
    size_t used, capacity;
    _Alignas(ALIGNMENT) uint8_t data[];
};

struct arena {
    struct block *current; /* newest first; `first` is the end of the chain */
    struct block *first;
    size_t taken;
};

static struct block *block_new(size_t capacity)
{
    struct block *block = memory_new(1, sizeof *block + capacity);
    block->capacity = capacity;
    POISON(block->data, capacity);
    return block;
}

static void block_free(struct block *block)
{
    UNPOISON(block->data, block->capacity);
    free(block);
}

struct arena *arena_new(void)
{
    struct arena *arena = memory_new(1, sizeof *arena);
    arena->first = arena->current = block_new(FIRST_BLOCK);
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->current; block;) {
        struct block *next = block->next;
        block_free(block);
        block = next;
    }
    free(arena);
}

void arena_reset(struct arena *arena)
{
    while (arena->current != arena->first) {
        struct block *next = arena->current->next;
        block_free(arena->current);
        arena->current = next;
    }
    UNPOISON(arena->first->data, arena->first->used);
    memset(arena->first->data, 0, arena->first->used);
    POISON(arena->first->data, arena->first->used);
    arena->first->used = 0;
    arena->taken = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->taken;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t wanted, room;
    if (__builtin_mul_overflow(count, size, &wanted) || __builtin_add_overflow(wanted, (size_t)(ALIGNMENT - 1 + GAP), &room))
        BUG("out of memory: %zu x %zu bytes", count, size);
    room &= ~(size_t)(ALIGNMENT - 1);
    if (room == 0)
        room = ALIGNMENT; /* so that two empty pieces are two addresses */
    struct block *block = arena->current;
    if (room > block->capacity - block->used) {
        size_t capacity = block->capacity < LARGEST_BLOCK / 2 ? block->capacity * 2 : LARGEST_BLOCK;
        if (room > capacity / 4) {
            /* A large piece gets a block of its own behind the current one, whose rest stays in use. */
            struct block *own = block_new(room);
            if (block == arena->first) {
                own->next = block;
                arena->current = own;
            } else {
                own->next = block->next;
                block->next = own;
            }
            block = own;
        } else {
            struct block *fresh = block_new(capacity);
            fresh->next = block;
            arena->current = block = fresh;
        }
    }
    void *taken = block->data + block->used;
    block->used += room;
    arena->taken += room;
    UNPOISON(taken, wanted);
    return taken;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    void *copy = arena_take(arena, length, 1);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_text(struct arena *arena, const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        BUG("out of memory: a text of %zu bytes", length);
    char *copy = arena_take(arena, length + 1, 1);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        BUG("cannot format \"%s\"", format);
    char *text = arena_take(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
