/* raw.c: the records of a path, entry by entry. */
#include "main/raw.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ATDF is text for people: what is longer than this was never written by a tester. */
enum { ATDF_MOST = 1 << 30 };

struct growing {
    uint8_t *bytes;
    size_t length, capacity;
};

static bool grow(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    struct growing *growing = context;
    if (length > ATDF_MOST - growing->length)
        return xl_fail(error, "atdf_too_long", _("An ATDF file of more than 1 GB."));
    if (length > growing->capacity - growing->length) {
        growing->capacity = growing->capacity * 2 > growing->length + length ? growing->capacity * 2 : growing->length + length;
        growing->bytes = memory_grow(growing->bytes, growing->capacity, 1);
    }
    memcpy(growing->bytes + growing->length, bytes, length);
    growing->length += length;
    return true;
}

bool raw_open(struct raw *raw, const char *place, const char *shown, struct xl_error *error)
{
    *raw = (struct raw){.shown = shown && strcmp(shown, place) != 0 ? shown : NULL};
    raw->input = xl_input_open(place, error);
    return raw->input != NULL;
}

static void entry_close(struct raw *raw)
{
    xl_stdf_reader_free(raw->reader);
    xl_input_free(raw->turned);
    xl_findings_free(raw->findings);
    free(raw->bytes);
    raw->reader = NULL;
    raw->turned = NULL;
    raw->findings = NULL;
    raw->bytes = NULL;
    raw->is_atdf = false;
}

bool raw_next(struct raw *raw, struct xl_error *error)
{
    entry_close(raw);
    if (raw->begun && !xl_input_next_entry(raw->input, error))
        return false;
    raw->begun = true;
    raw->name = raw->shown ? raw->shown : xl_input_name(raw->input);
    raw->findings = xl_findings_new();
    struct xl_error why = {0};
    raw->reader = xl_stdf_reader_new(raw->input, raw->findings, &why);
    if (!raw->reader && strcmp(why.code, "is_atdf") == 0) {
        struct growing growing = {0};
        const struct xl_sink sink = {.write = grow, .context = &growing};
        const bool turned = xl_atdf_to_stdf(raw->input, false, sink, raw->findings, error);
        raw->bytes = growing.bytes;
        if (turned) {
            raw->is_atdf = true;
            raw->turned = xl_input_memory(growing.bytes, growing.length, raw->name, error);
            raw->reader = raw->turned ? xl_stdf_reader_new(raw->turned, raw->findings, error) : NULL;
        }
    } else if (!raw->reader && error && !error->code[0]) {
        *error = why;
    }
    if (!raw->reader)
        xl_fail_place(error, "%s", raw->name);
    return raw->reader != NULL;
}

void raw_close(struct raw *raw)
{
    entry_close(raw);
    xl_input_free(raw->input);
    raw->input = NULL;
}
