/* input_fuzz.c: any bytes as a container: windows of what is inside, or an error that says why; every entry of an archive. */
#include <xinlian/stdf.h>

#include <string.h>

#include "base/error.h"

/* A few kilobytes may unpack to gigabytes: that is what compression is for, but not what is looked for here. */
enum { UNPACKED_MOST = 64 << 20, ENTRIES_MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input) {
        if (!*error.code)
            BUG("refused without saying why");
        return 0;
    }
    uint64_t total = 0;
    for (int entry = 0; entry < ENTRIES_MOST; entry++) {
        const uint8_t *window;
        size_t held = 0, eaten = 0;
        bool last = false;
        while (!last && total < UNPACKED_MOST) {
            if (!xl_input_window(input, eaten, &window, &held, &last, &error)) {
                if (!*error.code)
                    BUG("broken without saying why");
                break;
            }
            if (!last && held < XL_WINDOW_LEAST)
                BUG("a window of %zu bytes", held);
            volatile uint8_t sum = 0; /* every byte is there to be read */
            for (size_t i = 0; i < held; i += 61)
                sum = (uint8_t)(sum + window[i]);
            eaten = last ? held : held - (held > 100 ? 100 : 0); /* keep a tail, as the reader does */
            total += eaten;
        }
        error = (struct xl_error){.code = ""};
        if (total >= UNPACKED_MOST || !xl_input_next_entry(input, &error))
            break;
    }
    xl_input_free(input);
    return 0;
}
