/* gather.c: loading what the operands name, entry by entry. */
#include "main/gather.h"

#include <xinlian/csv.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "main/command.h"
#include "main/console.h"

static struct gathered *add(struct gather *gather)
{
    if ((gather->count & (gather->count - 1)) == 0)
        gather->at = memory_grow(gather->at, gather->count ? gather->count * 2 : 1, sizeof *gather->at);
    struct gathered *gathered = &gather->at[gather->count++];
    memset(gathered, 0, sizeof *gathered);
    return gathered;
}

/* Errors that say "this is something else", not "this is broken". */
static bool is_no_stdf(const struct xl_error *error)
{
    return strcmp(error->code, "not_stdf") == 0 || strcmp(error->code, "stdf_empty") == 0;
}

static void refuse(struct gather *gather, const struct path *path, const char *name, const struct xl_error *error)
{
    if (path->from_folder && is_no_stdf(error)) {
        if (gather->passed_over++ == 0)
            gather->passed_over_first = arena_text(gather->paths.arena, name, strlen(name));
        return;
    }
    struct gathered *gathered = add(gather);
    *gathered = (struct gathered){.path = path, .name = arena_text(gather->paths.arena, name, strlen(name)), .error = *error};
    gather->failed++;
    notice_error(error);
}

/* ---- A wide CSV of ours, back into tables ---------------------------------------------------------------------------- */

enum { CSV_MOST = 2000000000 };

/* The whole of the current entry; NULL when it is longer than a CSV may be. */
static char *entry_whole(struct xl_input *input, size_t *length, struct xl_error *error)
{
    char *whole = NULL;
    size_t consumed = 0, capacity = 0;
    *length = 0;
    for (bool last = false; !last;) {
        const uint8_t *bytes;
        size_t count;
        if (!xl_input_window(input, consumed, &bytes, &count, &last, error))
            break;
        consumed = count;
        if (count > CSV_MOST - *length) {
            xl_fail(error, "csv_too_long", _("A CSV of more than %d MB."), CSV_MOST / 1000000);
            break;
        }
        if (*length + count > capacity) {
            capacity = capacity * 2 > *length + count ? capacity * 2 : *length + count;
            whole = memory_grow(whole, capacity, 1);
        }
        if (count)
            memcpy(whole + *length, bytes, count);
        *length += count;
    }
    if (!error->code[0] && whole)
        return whole;
    free(whole);
    return NULL;
}

static bool looks_like_csv(struct xl_input *input)
{
    static const char begin[] = "ordinal,lot,sublot,";
    const uint8_t *bytes;
    size_t length;
    bool last;
    struct xl_error ignored = {0};
    if (!xl_input_window(input, 0, &bytes, &length, &last, &ignored))
        return false;
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    return length >= sizeof begin - 1 && memcmp(bytes, begin, sizeof begin - 1) == 0;
}

static struct xl_tables *csv_tables(struct xl_input *input, struct xl_error *error)
{
    size_t length;
    *error = (struct xl_error){0};
    char *whole = entry_whole(input, &length, error);
    struct xl_tables *tables = whole ? xl_csv_load(whole, length, error) : NULL;
    free(whole);
    return tables;
}

static void load_entries(struct gather *gather, const struct path *path)
{
    struct xl_error error = {0};
    struct xl_input *input = xl_input_open(path->place, &error);
    if (!input) {
        xl_fail_place(&error, "%s", path->name);
        refuse(gather, path, path->name, &error);
        return;
    }
    const struct xl_load_options options = {.key = (enum xl_test_key)lot_settings.key, .progress = progress_of(path->name)};
    size_t entry = 0;
    do {
        error = (struct xl_error){0};
        struct xl_tables *tables = xl_tables_load(input, &options, &error);
        if (!tables && is_no_stdf(&error) && looks_like_csv(input))
            tables = csv_tables(input, &error);
        /* The place of a copy of standard input says nothing to anybody. */
        const bool is_own_name = strcmp(path->place, path->name) == 0;
        const char *name = is_own_name ? xl_input_name(input) : path->name;
        if (!tables) {
            xl_fail_place(&error, "%s", name);
            refuse(gather, path, name, &error);
        } else {
            struct gathered *gathered = add(gather);
            *gathered = (struct gathered){.path = path,
                                          .name = arena_text(gather->paths.arena, name, strlen(name)),
                                          .entry = entry,
                                          .container = xl_input_container(input),
                                          .tables = tables};
        }
        entry++;
        error = (struct xl_error){0};
    } while (xl_input_next_entry(input, &error));
    if (error.code[0])
        refuse(gather, path, path->name, &error);
    progress_done();
    xl_input_free(input);
}

static void load_stored(struct gather *gather, const struct path *path)
{
    struct xl_error error = {0};
    struct xl_store *store = store_of_settings(&error);
    struct xl_tables *tables = store ? xl_store_tables(store, store_settings.owner, path->raw_sha256, &error) : NULL;
    if (!tables) {
        xl_fail_place(&error, "%s", path->name);
        refuse(gather, path, path->name, &error);
        return;
    }
    struct gathered *gathered = add(gather);
    *gathered = (struct gathered){.path = path, .name = path->name, .tables = tables};
}

bool gather_tables(int count, char **operands, bool twice, struct gather *gather, struct xl_error *error)
{
    *gather = (struct gather){0};
    if (!paths_of(count, operands, &gather->paths, error) || (twice && !paths_keep_input(&gather->paths, error)))
        return false;
    for (size_t i = 0; i < gather->paths.count; i++) {
        const struct path *path = &gather->paths.at[i];
        if (path->raw_sha256)
            load_stored(gather, path);
        else
            load_entries(gather, path);
    }
    if (gather->passed_over && !general.json)
        notice(gather->passed_over == 1 ? _("%zu file of the folder is no STDF and was passed over: %s")
                                        : _("%zu files of the folder are no STDF and were passed over, first %s"),
               gather->passed_over, gather->passed_over_first);
    size_t good = 0;
    for (size_t i = 0; i < gather->count; i++)
        good += gather->at[i].tables != NULL;
    if (good == 0 && gather->failed == 1 && gather->paths.count == 1)
        return xl_fail(error, "told", _("The file could not be read.")); /* the one notice has said it */
    if (good == 0 && gather->failed)
        return xl_fail(error, "nothing_read", _("None of the files could be read."));
    if (good == 0)
        return xl_fail(error, "nothing_read", _("There is no STDF file here."));
    return true;
}

void gather_free(struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++)
        xl_tables_free(gather->at[i].tables);
    free(gather->at);
    paths_free(&gather->paths);
}

int gather_result(const struct gather *gather)
{
    return gather->failed ? EXIT_BAD_INPUT : EXIT_GOOD;
}

const struct gathered *gathered_of(const struct gather *gather, const struct xl_table *table)
{
    for (size_t i = 0; i < gather->count; i++)
        for (size_t t = 0; gather->at[i].tables && t < gather->at[i].tables->count; t++)
            if (gather->at[i].tables->at[t] == table)
                return &gather->at[i];
    return NULL;
}
