/* fields_fuzz.c: any bytes as records: decoding stays inside, encoding gives the understood bytes back, scan logs hold together.
 *
 * Input: a byte whose lowest bit is the byte order; then records, each a byte that chooses the layout, two bytes of length, and its data.
 */
#include <xinlian/scan.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void check_log(const struct xl_scan_log *log)
{
    size_t sum = strlen(log->test_name) + strlen(log->log_type);
    for (size_t i = 0; i < log->fail_count; i++)
        sum += strlen(log->fails[i].cell) + strlen(log->fails[i].pin_name);
    for (size_t i = 0; i < log->condition_count; i++)
        sum += strlen(log->conditions[i]);
    for (size_t i = 0; i < log->fail_pin_count; i++)
        sum += log->fail_pins[i];
    for (size_t i = 0; i < log->mask_pin_count; i++)
        sum += log->mask_pins[i];
    if (sum == SIZE_MAX)
        BUG("impossible, but the sum must be taken");
}

static void check_record(struct xl_stdf_decoder *decoder, const struct xl_stdf_record *record)
{
    static uint8_t out[XL_RECORD_MOST];
    const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, record);
    for (size_t f = 0; f < fields->layout->field_count; f++)
        xl_stdf_missing(fields, (int)f);
    size_t kept = fields->broken ? fields->broken_at : record->length - fields->left_over;
    if (xl_stdf_encode(fields, record->big_endian, out) != kept + 4 || memcmp(out + 4, record->data, kept) != 0)
        BUG("%s: %zu bytes do not come back", fields->layout->name, kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct xl_stdf_layout *const *list;
    size_t layouts = xl_stdf_layouts(&list);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    struct xl_findings *findings = xl_findings_new();
    struct xl_scan *scan = xl_scan_new(findings);
    const struct xl_scan_log *log;
    bool big_endian = length > 0 && bytes[0] & 1;
    for (size_t at = 1; at + 3 <= length;) {
        size_t rest = length - at - 3, wanted = bytes[at + 1] | (size_t)bytes[at + 2] << 8;
        struct xl_stdf_record record = {.type = list[bytes[at] % layouts]->type,
                                        .length = (uint16_t)(wanted < rest ? wanted : rest),
                                        .big_endian = big_endian,
                                        .offset = at};
        /* In a block of its own, so that a read past its end is seen. */
        uint8_t *data = malloc(record.length > 0 ? record.length : 1);
        memcpy(data, bytes + at + 3, record.length);
        record.data = data;
        check_record(decoder, &record);
        if ((log = xl_scan_record(scan, &record)) != NULL)
            check_log(log);
        free(data);
        at += 3 + record.length;
    }
    while ((log = xl_scan_end(scan)) != NULL)
        check_log(log);
    xl_scan_free(scan);
    xl_findings_free(findings);
    xl_stdf_decoder_free(decoder);
    return 0;
}
