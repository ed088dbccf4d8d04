/* bytes.h: a bounds-checked reader of bytes in either order. Reading past the end gives zero and sets `broken`, which stays set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *at, *end;
    bool big_endian, broken;
};
static inline struct bytes bytes_of(const void *data, size_t length, bool big_endian)
{
    return (struct bytes){.at = data, .end = (const uint8_t *)data + length, .big_endian = big_endian};
}
static inline size_t bytes_left(const struct bytes *b)
{
    return (size_t)(b->end - b->at);
}
/* The next `length` bytes, or NULL. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t length)
{
    if (b->broken || length > bytes_left(b)) {
        b->broken = true;
        return NULL;
    }
    const uint8_t *at = b->at;
    b->at += length;
    return at;
}
static inline uint16_t load_u2(const uint8_t *p, bool big)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return big ? __builtin_bswap16(v) : v;
}
static inline uint32_t load_u4(const uint8_t *p, bool big)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return big ? __builtin_bswap32(v) : v;
}
static inline uint64_t load_u8(const uint8_t *p, bool big)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return big ? __builtin_bswap64(v) : v;
}
static inline float load_r4(const uint8_t *p, bool big)
{
    uint32_t u = load_u4(p, big);
    float f;
    memcpy(&f, &u, 4);
    return f;
}
static inline double load_r8(const uint8_t *p, bool big)
{
    uint64_t u = load_u8(p, big);
    double d;
    memcpy(&d, &u, 8);
    return d;
}
static inline uint8_t bytes_u1(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 1);
    return p ? *p : 0;
}
static inline uint16_t bytes_u2(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 2);
    return p ? load_u2(p, b->big_endian) : (uint16_t)0;
}
static inline uint32_t bytes_u4(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 4);
    return p ? load_u4(p, b->big_endian) : 0;
}
static inline uint64_t bytes_u8(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 8);
    return p ? load_u8(p, b->big_endian) : 0;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Xinlian is built for little-endian machines");
