/* gather.h: the tables of all that the operands name, and lots made of them by the settings of the command line. */
#pragma once

#include <xinlian/wafer.h>

#include "base/json.h"
#include "main/option.h"
#include "main/paths.h"

/* One entry of one path: an archive has several. */
struct gathered {
    const struct path *path;
    const char *name; /* "archive.zip/lot.stdf" */
    size_t entry;     /* within its path */
    enum xl_container container;
    struct xl_tables *tables; /* NULL when it could not be read */
    struct xl_error error;
};
struct gather {
    struct paths paths;
    size_t count;
    struct gathered *at;
    size_t passed_over;            /* files of folders that are no STDF */
    const char *passed_over_first; /* name of the first */
    size_t failed;                 /* named files that could not be read */
};
/* Loads all. False only when there is nothing to go on with; single files that fail are noticed at once (standard error) and counted. */
bool gather_tables(int count, char **operands, bool twice, struct gather *gather, struct xl_error *error);
void gather_free(struct gather *gather);
/* EXIT_GOOD, or EXIT_BAD_INPUT when a named file could not be read. */
int gather_result(const struct gather *gather);

/* --head --site --bin --where --lot --wafer --pass-bins --rotate --mirror --retest --retest-by --key --explain */
struct lot_settings {
    int64_t head, site;
    struct number_list bins, pass_bins;
    const char *where, *lot, *wafer;
    int rotate, retest, by, key;
    bool mirror, explain;
};
extern struct lot_settings lot_settings;
extern const struct option_group filter_options, correction_options, retest_options;
extern const struct choice retest_choices[], by_choices[], key_choices[];
/* --population --executions */
struct population_settings {
    int population, executions;
};
extern struct population_settings population_settings;
extern const struct option_group population_options;
extern const struct choice population_choices[], execution_choices[];
const char *show_population(enum xl_population);
struct xl_statistics_options statistics_options(void);

struct lots {
    size_t count;
    struct xl_lot **at;
    struct xl_filter *filter;
    uint16_t *bins, *pass_bins;
};
/* Groups the tables by lot and builds each by the settings. */
bool lots_build(const struct gather *gather, struct lots *lots, struct xl_error *error);
/* Both steps and their notices: EXIT_USAGE, or EXIT_BAD_INPUT without lots when there is nothing to show, else the exit code so far. */
int lots_ready(const char *command, int count, char **operands, bool twice, struct gather *gather, struct lots *lots,
               struct xl_error *error);
void lots_free(struct lots *lots);
/* The entry that a table came from; NULL when it is none of these. */
const struct gathered *gathered_of(const struct gather *gather, const struct xl_table *table);
