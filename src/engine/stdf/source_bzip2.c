/* source_bzip2.c: bzip2 unpacked by libbz2: any number of streams one after the other; what follows the last and is none is ignored. (Not
 * by libarchive, which drops up to 64 KiB before damage.) */
#include <bzlib.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/stdf/source.h"

struct bzip2_source {
    struct source source;
    struct source *below;
    enum source_state below_state;
    bz_stream stream;
    bool open, some; /* a stream is being unpacked; one was before */
};

static enum source_state bzip2_fail(struct bzip2_source *bzip2, const char *code, const char *message)
{
    if (bzip2->below_state == SOURCE_BROKEN)
        bzip2->source.error = bzip2->below->error;
    else
        xl_fail(&bzip2->source.error, code, "%s", message);
    return SOURCE_BROKEN;
}

static enum source_state bzip2_fill(struct source *source, uint8_t *out, size_t room, size_t *filled)
{
    struct bzip2_source *bzip2 = (struct bzip2_source *)source;
    bz_stream *stream = &bzip2->stream;
    *filled = 0;
    while (*filled < room) {
        while (!stream->avail_in && bzip2->below_state == SOURCE_MORE) {
            const uint8_t *bytes;
            size_t length;
            bzip2->below_state = source_block(bzip2->below, &bytes, &length);
            stream->next_in = (char *)(uintptr_t)bytes; /* libbz2 only reads it */
            stream->avail_in = (unsigned)length;
        }
        if (!bzip2->open) {
            if (bzip2->some && (!stream->avail_in || stream->next_in[0] != 'B'))
                return bzip2->below_state == SOURCE_BROKEN ? bzip2_fail(bzip2, "", "") : SOURCE_END;
            if (BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK)
                BUG("libbz2 does not begin");
            bzip2->open = true;
        }
        bool some_in = stream->avail_in > 0;
        stream->next_out = (char *)out + *filled;
        stream->avail_out = (unsigned)(room - *filled);
        int result = BZ2_bzDecompress(stream);
        size_t now = room - stream->avail_out;
        bool nothing = now == *filled && !some_in;
        *filled = now;
        if (result == BZ_STREAM_END) {
            BZ2_bzDecompressEnd(stream);
            bzip2->open = false;
            bzip2->some = true;
        } else if (result == BZ_DATA_ERROR_MAGIC && bzip2->some)
            return SOURCE_END; /* garbage that begins like a stream */
        else if (result != BZ_OK)
            return bzip2_fail(bzip2, "bzip2_damaged", _("The bzip2 data is damaged."));
        else if (nothing)
            return bzip2_fail(bzip2, "bzip2_truncated", _("The bzip2 data is cut off."));
    }
    return SOURCE_MORE;
}

static void bzip2_free(struct source *source)
{
    struct bzip2_source *bzip2 = (struct bzip2_source *)source;
    if (bzip2->open)
        BZ2_bzDecompressEnd(&bzip2->stream);
    free(bzip2);
}

struct source *source_of_bzip2(struct source *below)
{
    static const struct source_kind kind = {.fill = bzip2_fill, .free = bzip2_free};
    struct bzip2_source *bzip2 = memory_new(1, sizeof *bzip2);
    bzip2->source.kind = &kind;
    bzip2->below = below;
    return &bzip2->source;
}
