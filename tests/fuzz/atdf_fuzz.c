/* atdf_fuzz.c: any text as ATDF, any STDF as ATDF: an answer or an error, and what was written once reads back to the same lines. */
#include <xinlian/stdf.h>

#include <string.h>

#include "base/error.h"
#include "base/out.h"
#include "base/text.h"

enum { MOST = 64 << 20 };

static bool read_atdf(const void *bytes, size_t length, bool big_endian, struct text *stdf)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input)
        return false;
    struct xl_findings *findings = xl_findings_new();
    bool good = xl_atdf_to_stdf(input, big_endian, sink_text(stdf), findings, &error);
    if (!good && !*error.code)
        BUG("failed without saying why");
    xl_findings_free(findings);
    xl_input_free(input);
    return good && !stdf->overflow;
}

/* `*whole`: no record was broken. Lines cannot say where a record broke off, so the rest of it comes back as missing. */
static bool write_atdf(const void *bytes, size_t length, struct text *atdf, bool *whole)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input)
        return false;
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    bool good = reader && xl_stdf_to_atdf(reader, sink_text(atdf), findings, &error);
    *whole = xl_findings_count(findings, XL_FINDING_RECORD_BROKEN) == 0;
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
    return good && !atdf->overflow;
}

static void check_same(const struct text *first, const struct text *second)
{
    size_t at = 0, line = 0;
    for (; at < first->length && at < second->length && first->data[at] == second->data[at]; at++)
        line = first->data[at] == '\n' ? at + 1 : line;
    if (at < first->length || at < second->length)
        BUG("our own ATDF comes back different\n%.*s\n%.*s", (int)strcspn(first->data + line, "\n"), first->data + line,
            (int)strcspn(second->data + line, "\n"), second->data + line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct text texts[4];
    for (int i = 0; i < 4; i++)
        text_init(&texts[i], MOST);
    bool is_atdf = xl_is_atdf(bytes, length), whole = false;
    bool written = is_atdf ? read_atdf(bytes, length, false, &texts[0]) && write_atdf(texts[0].data, texts[0].length, &texts[1], &whole)
                           : write_atdf(bytes, length, &texts[1], &whole);
    if (written && is_atdf && !whole)
        BUG("a broken record was written");
    if (written && whole) {
        if (!read_atdf(texts[1].data, texts[1].length, true, &texts[2]) || !write_atdf(texts[2].data, texts[2].length, &texts[3], &whole))
            BUG("our own ATDF is not read");
        check_same(&texts[1], &texts[3]);
    }
    for (int i = 0; i < 4; i++)
        text_free(&texts[i]);
    return 0;
}
