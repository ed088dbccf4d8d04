/* source_gzip.c: gzip unpacked by ISA-L (RFC 1952): any number of members one after the other; what follows the last member and is none
 * is ignored, as gzip does (tapes pad with zeros, mail systems append lines). */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/stdf/source.h"

struct gzip_source {
    struct source source;
    struct source *below;
    enum source_state below_state;
    struct inflate_state inflate;
    struct isal_gzip_header header;
    bool in_header, in_member;
    uint64_t members;
};

/* Makes sure that there are packed bytes to go on with; false at their end. */
static bool refill(struct gzip_source *gzip)
{
    while (!gzip->inflate.avail_in) {
        if (gzip->below_state != SOURCE_MORE)
            return false;
        const uint8_t *bytes;
        size_t length;
        gzip->below_state = source_block(gzip->below, &bytes, &length);
        gzip->inflate.next_in = (uint8_t *)(uintptr_t)bytes; /* ISA-L only reads it */
        gzip->inflate.avail_in = (uint32_t)length;
    }
    return true;
}

static enum source_state damaged(struct gzip_source *gzip)
{
    if (gzip->below_state == SOURCE_BROKEN)
        gzip->source.error = gzip->below->error;
    else
        xl_fail(&gzip->source.error, "gzip_damaged", _("The gzip data is damaged."));
    return SOURCE_BROKEN;
}

static enum source_state cut(struct gzip_source *gzip)
{
    if (gzip->below_state == SOURCE_BROKEN)
        gzip->source.error = gzip->below->error;
    else
        xl_fail(&gzip->source.error, "gzip_truncated", _("The gzip data is cut off."));
    return SOURCE_BROKEN;
}

/* Reads a member's header. Where the next bytes are none and a member came before, they are trailing garbage: the end. */
static enum source_state member_begin(struct gzip_source *gzip)
{
    if (!gzip->in_header) {
        if (!refill(gzip))
            return gzip->below_state == SOURCE_BROKEN ? cut(gzip) : SOURCE_END;
        if (gzip->members && gzip->inflate.next_in[0] != 0x1f)
            return SOURCE_END;
        isal_inflate_reset(&gzip->inflate);
        /* The header is read by itself because ISA-L forgets half a header at the end of its input; the trailer is checked by it. */
        gzip->inflate.crc_flag = ISAL_GZIP_NO_HDR_VER;
        isal_gzip_header_init(&gzip->header);
        gzip->in_header = true;
    }
    for (;;) {
        if (!refill(gzip))
            return gzip->members && gzip->below_state != SOURCE_BROKEN ? SOURCE_END : cut(gzip);
        int result = isal_read_gzip_header(&gzip->inflate, &gzip->header);
        if (result == ISAL_DECOMP_OK)
            break;
        if (result != ISAL_END_INPUT)
            return gzip->members ? SOURCE_END : damaged(gzip);
    }
    gzip->in_header = false;
    gzip->in_member = true;
    return SOURCE_MORE;
}

static enum source_state gzip_fill(struct source *source, uint8_t *out, size_t room, size_t *filled)
{
    struct gzip_source *gzip = (struct gzip_source *)source;
    struct inflate_state *inflate = &gzip->inflate;
    *filled = 0;
    while (*filled < room) {
        if (!gzip->in_member) {
            enum source_state state = member_begin(gzip);
            if (state != SOURCE_MORE)
                return state;
        }
        bool some = refill(gzip);
        inflate->next_out = out + *filled;
        inflate->avail_out = (uint32_t)(room - *filled);
        uint32_t in_before = inflate->avail_in, out_before = inflate->avail_out;
        int result = isal_inflate(inflate);
        *filled = room - inflate->avail_out;
        if (result < 0)
            return damaged(gzip);
        if (inflate->block_state == ISAL_BLOCK_FINISH) {
            gzip->in_member = false;
            gzip->members++;
        } else if (!some && inflate->avail_out == out_before && inflate->avail_in == in_before)
            return cut(gzip);
    }
    return SOURCE_MORE;
}

static void gzip_free(struct source *source)
{
    free(source);
}

struct source *source_of_gzip(struct source *below)
{
    static const struct source_kind kind = {.fill = gzip_fill, .free = gzip_free};
    struct gzip_source *gzip = memory_new(1, sizeof *gzip);
    gzip->source.kind = &kind;
    gzip->below = below;
    isal_inflate_init(&gzip->inflate);
    return &gzip->source;
}
