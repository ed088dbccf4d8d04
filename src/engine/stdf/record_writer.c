/* record_writer.c: one record built field by field. A record that grows past 65,535 bytes takes no more and ends as nothing. */
#include <xinlian/stdf.h>

#include <string.h>

static uint8_t *room(struct xl_record_writer *w, size_t length)
{
    if (w->overflow || length > XL_RECORD_MOST - w->length) {
        w->overflow = true;
        return NULL;
    }
    uint8_t *at = w->out + w->length;
    w->length += length;
    return at;
}

void xl_record_begin(struct xl_record_writer *w, uint16_t type, bool big_endian, uint8_t *out)
{
    *w = (struct xl_record_writer){.out = out, .length = 4, .big_endian = big_endian};
    out[2] = (uint8_t)(type >> 8);
    out[3] = (uint8_t)type;
}

void xl_put_u1(struct xl_record_writer *w, uint8_t value)
{
    xl_put_bytes(w, &value, 1);
}

void xl_put_u2(struct xl_record_writer *w, uint16_t value)
{
    if (w->big_endian)
        value = __builtin_bswap16(value);
    xl_put_bytes(w, &value, 2);
}

void xl_put_u4(struct xl_record_writer *w, uint32_t value)
{
    if (w->big_endian)
        value = __builtin_bswap32(value);
    xl_put_bytes(w, &value, 4);
}

void xl_put_u8(struct xl_record_writer *w, uint64_t value)
{
    if (w->big_endian)
        value = __builtin_bswap64(value);
    xl_put_bytes(w, &value, 8);
}

void xl_put_r4(struct xl_record_writer *w, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    xl_put_u4(w, bits);
}

void xl_put_r8(struct xl_record_writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    xl_put_u8(w, bits);
}

void xl_put_cn(struct xl_record_writer *w, const char *text)
{
    size_t length = strnlen(text, UINT8_MAX);
    xl_put_u1(w, (uint8_t)length);
    xl_put_bytes(w, text, length);
}

void xl_put_sn(struct xl_record_writer *w, const char *text)
{
    size_t length = strnlen(text, UINT16_MAX);
    xl_put_u2(w, (uint16_t)length);
    xl_put_bytes(w, text, length);
}

void xl_put_bytes(struct xl_record_writer *w, const void *bytes, size_t length)
{
    uint8_t *at = room(w, length);
    if (at != NULL && length > 0)
        memcpy(at, bytes, length);
}

size_t xl_record_end(struct xl_record_writer *w)
{
    if (w->overflow)
        return 0;
    uint16_t length = (uint16_t)(w->length - 4);
    if (w->big_endian)
        length = __builtin_bswap16(length);
    memcpy(w->out, &length, 2);
    return w->length;
}
