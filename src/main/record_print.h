/* record_print.h: one record's fields as text and as JSON. */
#pragma once

#include <xinlian/stdf.h>

#include "base/json.h"
#include "base/text.h"

/* "TEST_NUM=1000 HEAD_NUM=1 …": the fields that are there; texts in quotation marks, flags as hexadecimal. */
void record_line(const struct xl_stdf_record *record, const struct xl_stdf_fields *fields, struct text *out);
/* One field's value alone; "" when it is not there. Arrays in brackets. */
void field_text(const struct xl_stdf_fields *fields, size_t field, struct text *out);
/* An object: file, offset, type, length, fields, and what is odd about it. */
void record_json(struct json *json, const char *file, const struct xl_stdf_record *record, const struct xl_stdf_fields *fields);
