/* findings_print.c: what was noticed in a file, for people and for programs. */
#include "main/findings_print.h"

#include <stdlib.h>

#include "base/error.h"
#include "main/console.h"
#include "main/show.h"
#include "main/table_print.h"

struct findings_sum findings_sum(const struct xl_findings *findings)
{
    struct findings_sum sum = {0};
    for (int kind = 0; kind < XL_FINDING_KINDS; kind++) {
        if (!xl_findings_count(findings, (enum xl_finding_kind)kind))
            continue;
        sum.skipped += xl_findings_skipped(findings, (enum xl_finding_kind)kind);
        switch (xl_finding_severity((enum xl_finding_kind)kind)) {
        case XL_DEFECT:
            sum.defects++;
            break;
        case XL_NOTE:
            sum.notes++;
            break;
        case XL_RULE:
            sum.rules++;
            break;
        }
    }
    return sum;
}

static const struct xl_finding *first_of(const struct xl_findings *findings, enum xl_finding_kind kind)
{
    const size_t kept = xl_findings_kept(findings);
    for (size_t i = 0; i < kept; i++)
        if (xl_findings_at(findings, i)->kind == kind)
            return xl_findings_at(findings, i);
    return NULL;
}

static const char *severity_name(enum xl_severity severity)
{
    switch (severity) {
    case XL_DEFECT:
        return _("defect");
    case XL_NOTE:
        return _("note");
    case XL_RULE:
        return _("rule");
    }
    BUG("severity %d", (int)severity);
}

static enum style severity_style(enum xl_severity severity)
{
    return severity == XL_DEFECT ? STYLE_BAD : severity == XL_NOTE ? STYLE_WARNING : STYLE_PLAIN;
}

static void place_cell(struct table_print *table, const struct xl_finding *first)
{
    if (first && first->detail[0])
        table_cell(table, STYLE_PLAIN, _("byte %s: %s"), show_count(first->offset), first->detail);
    else if (first)
        table_cell(table, STYLE_PLAIN, _("byte %s"), show_count(first->offset));
    else
        table_cell(table, STYLE_PLAIN, "%s", "");
}

void findings_print(const struct xl_findings *findings, bool rules)
{
    static const enum xl_severity worst_first[] = {XL_DEFECT, XL_NOTE, XL_RULE};
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_LEFT, "");
    table_column(table, ALIGN_RIGHT, _("times"));
    table_column(table, ALIGN_LEFT, _("what was seen, and what was done"));
    table_wrapping(table);
    table_column(table, ALIGN_RIGHT, _("bytes skipped"));
    table_column(table, ALIGN_LEFT, _("first at"));
    table_flexible(table);
    for (size_t s = 0; s < 3; s++)
        for (int k = 0; k < XL_FINDING_KINDS; k++) {
            const enum xl_finding_kind kind = (enum xl_finding_kind)k;
            const uint64_t count = xl_findings_count(findings, kind);
            if (!count || xl_finding_severity(kind) != worst_first[s] || (worst_first[s] == XL_RULE && !rules))
                continue;
            table_cell(table, severity_style(worst_first[s]), "%s", severity_name(worst_first[s]));
            table_cell(table, STYLE_PLAIN, "%s", show_count(count));
            table_cell(table, STYLE_PLAIN, "%s", xl_finding_sentence(kind));
            const uint64_t skipped = xl_findings_skipped(findings, kind);
            table_cell(table, STYLE_PLAIN, "%s", skipped ? show_count(skipped) : "");
            place_cell(table, first_of(findings, kind));
        }
    table_print_end(table);
}

static int by_offset(const void *a, const void *b)
{
    const struct xl_finding *left = *(const struct xl_finding *const *)a, *right = *(const struct xl_finding *const *)b;
    if (left->offset != right->offset)
        return left->offset < right->offset ? -1 : 1;
    return (left->kind > right->kind) - (left->kind < right->kind);
}

void findings_print_all(const struct xl_findings *findings)
{
    const size_t kept = xl_findings_kept(findings);
    const struct xl_finding **sorted = memory_new(kept, sizeof *sorted);
    for (size_t i = 0; i < kept; i++)
        sorted[i] = xl_findings_at(findings, i);
    qsort(sorted, kept, sizeof *sorted, by_offset);
    struct table_print *table = table_print_new(2);
    table_column(table, ALIGN_RIGHT, _("byte"));
    table_column(table, ALIGN_LEFT, "");
    table_column(table, ALIGN_LEFT, _("what was seen, and what was done"));
    table_wrapping(table);
    table_column(table, ALIGN_RIGHT, _("bytes skipped"));
    table_column(table, ALIGN_LEFT, _("about"));
    table_flexible(table);
    for (size_t i = 0; i < kept; i++) {
        const struct xl_finding *finding = sorted[i];
        const enum xl_severity severity = xl_finding_severity(finding->kind);
        table_cell(table, STYLE_PLAIN, "%s", show_count(finding->offset));
        table_cell(table, severity_style(severity), "%s", severity_name(severity));
        table_cell(table, STYLE_PLAIN, "%s", xl_finding_sentence(finding->kind));
        table_cell(table, STYLE_PLAIN, "%s", finding->length ? show_count(finding->length) : "");
        table_cell(table, STYLE_PLAIN, "%s", finding->detail);
    }
    table_print_end(table);
    free(sorted);
}

static void one_json(struct json *json, const struct xl_finding *finding)
{
    json_object(json);
    json_key(json, "offset");
    json_u64(json, finding->offset);
    json_key(json, "skipped");
    json_u64(json, finding->length);
    json_key(json, "detail");
    json_text(json, finding->detail);
    json_object_end(json);
}

void findings_json(struct json *json, const struct xl_findings *findings, bool all)
{
    static const char *const severities[] = {[XL_RULE] = "rule", [XL_NOTE] = "note", [XL_DEFECT] = "defect"};
    const size_t kept = xl_findings_kept(findings);
    json_array(json);
    for (int k = 0; k < XL_FINDING_KINDS; k++) {
        const enum xl_finding_kind kind = (enum xl_finding_kind)k;
        const uint64_t count = xl_findings_count(findings, kind);
        if (!count)
            continue;
        json_object(json);
        json_key(json, "kind");
        json_text(json, xl_finding_name(kind));
        json_key(json, "severity");
        json_text(json, severities[xl_finding_severity(kind)]);
        json_key(json, "count");
        json_u64(json, count);
        json_key(json, "skipped");
        json_u64(json, xl_findings_skipped(findings, kind));
        json_key(json, "message");
        json_text(json, xl_finding_sentence(kind));
        const struct xl_finding *first = first_of(findings, kind);
        json_key(json, "first");
        if (first)
            one_json(json, first);
        else
            json_null(json);
        if (all) {
            json_key(json, "at");
            json_array(json);
            for (size_t i = 0; i < kept; i++)
                if (xl_findings_at(findings, i)->kind == kind)
                    one_json(json, xl_findings_at(findings, i));
            json_array_end(json);
        }
        json_object_end(json);
    }
    json_array_end(json);
}
