/* paths.h: what the operands name: files, folders with files below them, standard input, raw files of the store. */
#pragma once

#include <xinlian/base.h>
#include <xinlian/store.h>

#include "main/option.h"

struct path {
    const char *name;       /* as shown: "folder/lot.stdf", "standard input", "lot.stdf" of the store */
    const char *place;      /* for xl_input_open */
    bool from_folder;       /* found by walking a folder: a file that is no STDF is passed over */
    const char *raw_sha256; /* of the store; else NULL */
};
struct paths {
    struct arena *arena;
    size_t count;
    struct path *at;
};
enum { PATHS_MOST = 200000 };

/* --store, --owner */
struct store_settings {
    const char *folder, *owner;
};
extern struct store_settings store_settings;
extern const struct option_group store_options;
/* The store of the settings, opened once; NULL when it cannot be. */
struct xl_store *store_of_settings(struct xl_error *error);

/* Operands in operands[1..count]. Folders are walked in order of names; files whose names begin with a dot are passed over. "store:" alone
 * is everything of the owner. Fails with "usage" when there is no operand, else with what cannot be found. */
bool paths_of(int count, char **operands, struct paths *paths, struct xl_error *error);
void paths_free(struct paths *paths);
/* Standard input can be read once: copies it into an unnamed file and names that instead, for commands that read twice. */
bool paths_keep_input(struct paths *paths, struct xl_error *error);
