/* json_document.h: what every JSON answer has around it. docs/json.md describes them. */
#pragma once

#include <xinlian/wafer.h>

#include "base/json.h"
#include "main/gather.h"

/* { "xinlian": version, "command": …, "schema": 1, … } on standard output. */
void json_document(struct json *json, const char *command);
void json_document_end(struct json *json);
/* Shorthands: key and value. */
void json_put_text(struct json *json, const char *key, const char *text);
void json_put_count(struct json *json, const char *key, uint64_t count);
void json_put_whole(struct json *json, const char *key, int64_t number);
void json_put_number(struct json *json, const char *key, double number);
void json_put_float(struct json *json, const char *key, float number);
void json_put_bool(struct json *json, const char *key, bool truth);
/* "files": name, container, tables, error, findings. */
void json_files(struct json *json, const struct gather *gather);
/* "error": null or what went wrong; "findings". */
void json_gathered_error(struct json *json, const struct gathered *gathered);
void json_gathered_findings(struct json *json, const struct gathered *gathered, bool all);
/* Within an object: name, product, program, …, corrections, policy. */
void json_lot_head(struct json *json, const struct xl_lot *lot);
/* "yield": an object with its policy. */
void json_yield(struct json *json, const struct xl_lot *lot, const struct xl_yield *yield);
const char *json_by(enum xl_retest_by by);
const char *container_name(enum xl_container container);
