/* source_xz.c: xz unpacked by liblzma: any number of streams one after the other; what follows the last and is none is ignored. (Not
 * by libarchive, which drops up to 64 KiB before damage.) */
#include <lzma.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/stdf/source.h"

/* xz -9 takes 65 MB to unpack. A file that asks for gigabytes is no test data. */
static const uint64_t MEMORY_MOST = 256 << 20;

struct xz_source {
    struct source source;
    struct source *below;
    enum source_state below_state;
    lzma_stream stream;
    bool open, some; /* a stream is being unpacked; one was before */
};

static enum source_state xz_fail(struct xz_source *xz, const char *code, const char *message)
{
    if (xz->below_state == SOURCE_BROKEN)
        xz->source.error = xz->below->error;
    else
        xl_fail(&xz->source.error, code, "%s", message);
    return SOURCE_BROKEN;
}

static enum source_state xz_fill(struct source *source, uint8_t *out, size_t room, size_t *filled)
{
    struct xz_source *xz = (struct xz_source *)source;
    lzma_stream *stream = &xz->stream;
    *filled = 0;
    while (*filled < room) {
        while (!stream->avail_in && xz->below_state == SOURCE_MORE)
            xz->below_state = source_block(xz->below, &stream->next_in, &stream->avail_in);
        if (!xz->open) {
            if (xz->some && (!stream->avail_in || stream->next_in[0] != 0xfd))
                return xz->below_state == SOURCE_BROKEN ? xz_fail(xz, "", "") : SOURCE_END;
            if (lzma_stream_decoder(stream, MEMORY_MOST, 0) != LZMA_OK)
                BUG("liblzma does not begin");
            xz->open = true;
        }
        bool some_in = stream->avail_in > 0;
        stream->next_out = out + *filled;
        stream->avail_out = room - *filled;
        lzma_ret result = lzma_code(stream, some_in ? LZMA_RUN : LZMA_FINISH);
        size_t now = room - stream->avail_out;
        bool nothing = now == *filled && !some_in;
        *filled = now;
        if (result == LZMA_STREAM_END) {
            xz->open = false;
            xz->some = true;
        } else if (result == LZMA_FORMAT_ERROR && xz->some)
            return SOURCE_END; /* garbage that begins like a stream */
        else if (result == LZMA_MEMLIMIT_ERROR)
            return xz_fail(xz, "xz_memory", _("The xz data needs more memory to unpack than is given to it."));
        else if (nothing || result == LZMA_BUF_ERROR)
            return xz_fail(xz, "xz_truncated", _("The xz data is cut off."));
        else if (result != LZMA_OK)
            return xz_fail(xz, "xz_damaged", _("The xz data is damaged."));
    }
    return SOURCE_MORE;
}

static void xz_free(struct source *source)
{
    struct xz_source *xz = (struct xz_source *)source;
    lzma_end(&xz->stream);
    free(xz);
}

struct source *source_of_xz(struct source *below)
{
    static const struct source_kind kind = {.fill = xz_fill, .free = xz_free};
    struct xz_source *xz = memory_new(1, sizeof *xz);
    xz->source.kind = &kind;
    xz->below = below;
    xz->stream = (lzma_stream)LZMA_STREAM_INIT;
    return &xz->source;
}
