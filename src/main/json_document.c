/* json_document.c: what every JSON answer has around it. */
#include "main/json_document.h"

#include "base/error.h"
#include "main/console.h"
#include "main/findings_print.h"

enum { SCHEMA = 1 };

void json_document(struct json *json, const char *command)
{
    json_begin(json, &console.out, true);
    json_object(json);
    json_put_text(json, "xinlian", xl_version());
    json_put_text(json, "command", command);
    json_put_count(json, "schema", SCHEMA);
}

void json_document_end(struct json *json)
{
    json_object_end(json);
    json_end(json);
}

void json_put_text(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_put_count(struct json *json, const char *key, uint64_t count)
{
    json_key(json, key);
    json_u64(json, count);
}

void json_put_whole(struct json *json, const char *key, int64_t number)
{
    json_key(json, key);
    json_i64(json, number);
}

void json_put_number(struct json *json, const char *key, double number)
{
    json_key(json, key);
    json_double(json, number);
}

void json_put_float(struct json *json, const char *key, float number)
{
    json_key(json, key);
    json_float(json, number);
}

void json_put_bool(struct json *json, const char *key, bool truth)
{
    json_key(json, key);
    json_bool(json, truth);
}

const char *container_name(enum xl_container container)
{
    switch (container) {
    case XL_PLAIN:
        return "plain";
    case XL_GZIP:
        return "gzip";
    case XL_BZIP2:
        return "bzip2";
    case XL_ZIP:
        return "zip";
    case XL_XZ:
        return "xz";
    case XL_ZSTD:
        return "zstd";
    case XL_TAR:
        return "tar";
    }
    BUG("container %d", (int)container);
}

void json_gathered_error(struct json *json, const struct gathered *gathered)
{
    json_key(json, "error");
    if (gathered->tables) {
        json_null(json);
        return;
    }
    json_object(json);
    json_put_text(json, "code", gathered->error.code);
    json_put_text(json, "message", gathered->error.message);
    json_put_text(json, "place", gathered->error.place);
    json_object_end(json);
}

void json_gathered_findings(struct json *json, const struct gathered *gathered, bool all)
{
    json_key(json, "findings");
    if (gathered->tables) {
        findings_json(json, gathered->tables->findings, all);
        return;
    }
    json_array(json);
    json_array_end(json);
}

void json_files(struct json *json, const struct gather *gather)
{
    json_key(json, "files");
    json_array(json);
    for (size_t i = 0; i < gather->count; i++) {
        const struct gathered *gathered = &gather->at[i];
        json_object(json);
        json_put_text(json, "name", gathered->name);
        json_put_text(json, "container", container_name(gathered->container));
        uint64_t rows = 0;
        for (size_t t = 0; gathered->tables && t < gathered->tables->count; t++)
            rows += gathered->tables->at[t]->rows;
        json_put_count(json, "part_runs", rows);
        json_gathered_error(json, gathered);
        json_gathered_findings(json, gathered, false);
        json_object_end(json);
    }
    json_array_end(json);
}

const char *json_by(enum xl_retest_by by)
{
    return by == XL_BY_AUTO ? "none" : choice_name(by_choices, (int)by);
}

static void time_json(struct json *json, const char *key, int64_t seconds)
{
    json_key(json, key);
    if (seconds)
        json_i64(json, seconds);
    else
        json_null(json);
}

void json_lot_head(struct json *json, const struct xl_lot *lot)
{
    const struct xl_table *table = xl_lot_table(lot, 0);
    const struct xl_lot_options *settings = xl_lot_settings(lot);
    json_put_text(json, "lot", xl_lot_name(lot));
    json_put_text(json, "sublot", table->sublot);
    json_put_text(json, "product", table->product);
    json_put_text(json, "program", table->program);
    json_put_text(json, "program_revision", table->program_revision);
    json_put_text(json, "test_code", table->test_code);
    json_put_text(json, "tester", table->tester);
    json_put_text(json, "tester_type", table->tester_type);
    json_put_text(json, "operator", table->operator_name);
    json_put_text(json, "temperature", table->temperature);
    int64_t start = 0, finish = 0;
    for (size_t t = 0; t < xl_lot_tables(lot); t++) {
        const struct xl_table *each = xl_lot_table(lot, t);
        if (each->start_time && (!start || each->start_time < start))
            start = each->start_time;
        if (each->finish_time > finish)
            finish = each->finish_time;
    }
    time_json(json, "started", start);
    time_json(json, "finished", finish);
    json_key(json, "sources");
    json_array(json);
    for (size_t t = 0; t < xl_lot_tables(lot); t++)
        json_text(json, xl_lot_table(lot, t)->source);
    json_array_end(json);
    json_key(json, "retest");
    json_object(json);
    json_put_text(json, "pick", choice_name(retest_choices, (int)settings->policy.pick));
    json_put_text(json, "by", choice_name(by_choices, (int)settings->policy.by));
    json_object_end(json);
    const struct xl_corrections *corrections = &settings->corrections;
    json_key(json, "corrections");
    json_object(json);
    if (corrections->lot)
        json_put_text(json, "lot", corrections->lot);
    if (corrections->wafer)
        json_put_text(json, "wafer", corrections->wafer);
    if (corrections->pass_bin_count) {
        json_key(json, "pass_bins");
        json_array(json);
        for (size_t i = 0; i < corrections->pass_bin_count; i++)
            json_u64(json, corrections->pass_bins[i]);
        json_array_end(json);
    }
    if (corrections->rotate)
        json_put_whole(json, "rotate", corrections->rotate);
    if (corrections->mirror)
        json_put_bool(json, "mirror", true);
    json_object_end(json);
    json_key(json, "filter");
    json_object(json);
    if (lot_settings.head >= 0)
        json_put_whole(json, "head", lot_settings.head);
    if (lot_settings.site >= 0)
        json_put_whole(json, "site", lot_settings.site);
    if (lot_settings.bins.count) {
        json_key(json, "bins");
        json_array(json);
        for (size_t i = 0; i < lot_settings.bins.count; i++)
            json_u64(json, lot_settings.bins.at[i]);
        json_array_end(json);
    }
    if (lot_settings.where)
        json_put_text(json, "where", lot_settings.where);
    json_object_end(json);
}

static void share(struct json *json, const char *key, uint64_t part, uint64_t of)
{
    json_key(json, key);
    if (of)
        json_double(json, (double)part / (double)of);
    else
        json_null(json);
}

void json_yield(struct json *json, const struct xl_lot *lot, const struct xl_yield *yield)
{
    json_key(json, "yield");
    json_object(json);
    json_put_text(json, "policy", choice_name(retest_choices, (int)xl_lot_settings(lot)->policy.pick));
    share(json, "final", yield->passed, yield->parts);
    share(json, "first_run", yield->first_passed, yield->first_parts);
    json_put_count(json, "parts", yield->parts);
    json_put_count(json, "passed", yield->passed);
    json_put_count(json, "first_passed", yield->first_passed);
    json_put_count(json, "runs", yield->runs);
    json_put_count(json, "retested", yield->retested);
    json_put_count(json, "recovered", yield->recovered);
    json_put_count(json, "aborted", yield->aborted);
    json_object_end(json);
}
