/* findings.c: what was noticed while reading a file, counted by kind, the first of each kind kept in full. */
#include <xinlian/stdf.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words.h"

/* A file of noise may hold millions of findings; a person reads the first few of a kind. */
enum { KEPT_MOST = 100 };

struct kind {
    uint64_t count, skipped;
    size_t kept;
    struct xl_finding *at; /* by offset; KEPT_MOST places, made when the first one comes */
};

struct xl_findings {
    struct kind kinds[XL_FINDING_KINDS];
};

static const struct {
    enum xl_severity severity;
    const char *name, *sentence;
} table[XL_FINDING_KINDS] = {
#define FINDING(name, severity, sentence) [XL_FINDING_##name] = {severity, #name, sentence},
#include <xinlian/findings.def>
#undef FINDING
};

struct xl_findings *xl_findings_new(void)
{
    return memory_new(1, sizeof(struct xl_findings));
}

void xl_findings_free(struct xl_findings *findings)
{
    if (!findings)
        return;
    for (size_t k = 0; k < XL_FINDING_KINDS; k++)
        free(findings->kinds[k].at);
    free(findings);
}

/* Room for a finding at its place by offset, NULL when it is not among the first. So what is kept does not depend on the order in
 * which findings come: some are known only at the end of the file. */
static struct xl_finding *keep(struct kind *kind, uint64_t offset)
{
    if (kind->kept == KEPT_MOST && offset >= kind->at[KEPT_MOST - 1].offset)
        return NULL;
    if (!kind->at)
        kind->at = memory_new(KEPT_MOST, sizeof *kind->at);
    size_t place = kind->kept < KEPT_MOST ? kind->kept++ : KEPT_MOST - 1;
    while (place > 0 && kind->at[place - 1].offset > offset) {
        kind->at[place] = kind->at[place - 1];
        place--;
    }
    return &kind->at[place];
}

/* snprintf may have cut a UTF-8 character in two: drop the piece. */
static void cut_whole(char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
        text[start - 1] = 0;
}

void xl_findings_add(struct xl_findings *findings, enum xl_finding_kind kind, uint64_t offset, uint64_t length, const char *detail_format,
                     ...)
{
    if (!findings)
        return;
    struct kind *k = &findings->kinds[kind];
    k->count++;
    k->skipped += length;
    struct xl_finding *finding = keep(k, offset);
    if (!finding)
        return;
    *finding = (struct xl_finding){.kind = kind, .offset = offset, .length = length};
    va_list arguments;
    va_start(arguments, detail_format);
    int wanted = vsnprintf(finding->detail, sizeof finding->detail, detail_format, arguments);
    va_end(arguments);
    if (wanted >= (int)sizeof finding->detail)
        cut_whole(finding->detail, sizeof finding->detail - 1);
}

void xl_findings_more(struct xl_findings *findings, enum xl_finding_kind kind, uint64_t count, uint64_t skipped)
{
    if (!findings)
        return;
    findings->kinds[kind].count += count;
    findings->kinds[kind].skipped += skipped;
}

uint64_t xl_findings_count(const struct xl_findings *findings, enum xl_finding_kind kind)
{
    return findings->kinds[kind].count;
}

uint64_t xl_findings_skipped(const struct xl_findings *findings, enum xl_finding_kind kind)
{
    return findings->kinds[kind].skipped;
}

size_t xl_findings_kept(const struct xl_findings *findings)
{
    size_t kept = 0;
    for (size_t k = 0; k < XL_FINDING_KINDS; k++)
        kept += findings->kinds[k].kept;
    return kept;
}

const struct xl_finding *xl_findings_at(const struct xl_findings *findings, size_t index)
{
    for (size_t k = 0; k < XL_FINDING_KINDS; k++) {
        if (index < findings->kinds[k].kept)
            return &findings->kinds[k].at[index];
        index -= findings->kinds[k].kept;
    }
    return NULL;
}

void xl_findings_merge(struct xl_findings *into, const struct xl_findings *from)
{
    for (size_t k = 0; k < XL_FINDING_KINDS; k++) {
        const struct kind *source = &from->kinds[k];
        into->kinds[k].count += source->count;
        into->kinds[k].skipped += source->skipped;
        for (size_t i = 0; i < source->kept; i++) {
            struct xl_finding *finding = keep(&into->kinds[k], source->at[i].offset);
            if (finding)
                *finding = source->at[i];
        }
    }
}

enum xl_severity xl_finding_severity(enum xl_finding_kind kind)
{
    return table[kind].severity;
}

const char *xl_finding_name(enum xl_finding_kind kind)
{
    return table[kind].name;
}

const char *xl_finding_sentence(enum xl_finding_kind kind)
{
    return _(table[kind].sentence);
}
