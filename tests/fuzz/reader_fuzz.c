/* reader_fuzz.c: any bytes as records: forward only, within the stream, and every byte in a record or told of in a finding; copied whole.
 */
#include <xinlian/stdf.h>

#include <string.h>

#include "base/error.h"
#include "base/out.h"
#include "base/text.h"

static void walk(const uint8_t *bytes, size_t length)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input)
        return;
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    if (!reader && !*error.code)
        BUG("refused without saying why");
    struct xl_stdf_record record;
    uint64_t end = 0, told = 0;
    while (reader && xl_stdf_next(reader, &record)) {
        if (record.offset < end)
            BUG("the reader goes back");
        end = record.offset + 4 + record.length;
        told += 4u + record.length;
    }
    static const enum xl_finding_kind skipping[] = {XL_FINDING_OUT_OF_PHASE, XL_FINDING_ZERO_FILLED, XL_FINDING_CUT_OFF, XL_FINDING_NO_FAR};
    for (size_t i = 0; i < sizeof skipping / sizeof *skipping; i++)
        told += xl_findings_skipped(findings, skipping[i]);
    if (reader && told != xl_stdf_offset(reader))
        BUG("%llu bytes read or told of, of %llu", (unsigned long long)told, (unsigned long long)xl_stdf_offset(reader));
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
}

static void copy(const uint8_t *bytes, size_t length)
{
    struct xl_error error = {.code = ""};
    struct xl_input *input = xl_input_memory(bytes, length, "fuzz", &error);
    if (!input)
        return;
    struct xl_findings *findings = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, findings, &error);
    if (reader) {
        struct text out;
        text_init(&out, 64 << 20);
        if (!xl_stdf_copy(reader, &(struct xl_stdf_filter){.head = -1, .site = -1}, sink_text(&out), findings, &error) && !out.overflow)
            BUG("not copied: %s", error.message);
        if (xl_input_container(input) == XL_PLAIN && (out.length != length || memcmp(out.data, bytes, length) != 0))
            BUG("the copy differs");
        text_free(&out);
    }
    xl_stdf_reader_free(reader);
    xl_findings_free(findings);
    xl_input_free(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    walk(bytes, length);
    copy(bytes, length);
    return 0;
}
