/* lots.c: filters, corrections and the retest policy of the command line, and lots built by them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "main/command.h"
#include "main/gather.h"

struct lot_settings lot_settings = {.head = -1, .site = -1};
struct population_settings population_settings = {.population = XL_CHOSEN_PARTS};

static const struct option filters[] = {
    {.kind = OPTION_WHOLE,
     .name = "head",
     .value = &lot_settings.head,
     .argument = "N",
     .most = 255,
     .help = N_("only parts of this test head")},
    {.kind = OPTION_WHOLE,
     .name = "site",
     .value = &lot_settings.site,
     .argument = "N",
     .most = 255,
     .help = N_("only parts of this test site")},
    {.kind = OPTION_NUMBERS,
     .name = "bin",
     .value = &lot_settings.bins,
     .argument = "N,N-N",
     .most = 65535,
     .help = N_("only parts in these hard bins")},
    {.kind = OPTION_TEXT,
     .name = "where",
     .value = &lot_settings.where,
     .argument = "CONDITION",
     .help = N_("only parts that meet it: \"x >= 10 and hard_bin in (3, 5) and t1000 < 0.5\"")},
    {0},
};
const struct option_group filter_options = {N_("Filter (before retests are decided)"), filters};

static const struct choice turns[] = {{"0", 0, NULL}, {"90", 90, NULL}, {"180", 180, NULL}, {"270", 270, NULL}, {0}};
static const struct option corrections[] = {
    {.kind = OPTION_TEXT, .name = "lot", .value = &lot_settings.lot, .argument = "NAME", .help = N_("the lot's true name")},
    {.kind = OPTION_TEXT,
     .name = "wafer",
     .value = &lot_settings.wafer,
     .argument = "NAME",
     .help = N_("the wafer's true name, for all files given")},
    {.kind = OPTION_NUMBERS,
     .name = "pass-bins",
     .value = &lot_settings.pass_bins,
     .argument = "N,N-N",
     .most = 65535,
     .help = N_("hard bins that pass, whatever the parts' own marks say")},
    {.kind = OPTION_CHOICE,
     .name = "rotate",
     .value = &lot_settings.rotate,
     .argument = "0|90|180|270",
     .choices = turns,
     .help = N_("turn the wafer clockwise")},
    {.kind = OPTION_FLAG, .name = "mirror", .value = &lot_settings.mirror, .help = N_("exchange left and right, before turning")},
    {0},
};
const struct option_group correction_options = {N_("Corrections of what the tester recorded wrongly (shown in the output)"), corrections};

const struct choice retest_choices[] = {
    {"last", XL_RETEST_LAST, N_("the last run (usual)")},
    {"first", XL_RETEST_FIRST, N_("the first run")},
    {"best", XL_RETEST_BEST, N_("a passing run where there is one")},
    {"fails", XL_RETEST_FAILS, N_("a later run replaces only a failed one")},
    {"all", XL_RETEST_ALL, N_("every run is a part of its own")},
    {0},
};
const struct choice by_choices[] = {
    {"auto", XL_BY_AUTO, N_("XY where recorded, else PART_ID where it tells parts apart, else never (usual)")},
    {"xy", XL_BY_XY, N_("the same X and Y on one wafer")},
    {"part-id", XL_BY_PART_ID, N_("the same PART_ID")},
    {"flag", XL_BY_FLAG, N_("only where PART_FLG says that a run replaces an earlier one")},
    {"order", XL_BY_ORDER, N_("the n-th part of a retest file is the n-th part of the file before in a bin that was retested")},
    {0},
};
const struct choice key_choices[] = {{"both", XL_KEY_BOTH, N_("number and name (usual)")},
                                     {"number", XL_KEY_NUMBER, N_("the number alone")},
                                     {"name", XL_KEY_NAME, N_("the name alone")},
                                     {0}};
static const struct option retests[] = {
    {.kind = OPTION_CHOICE,
     .name = "retest",
     .value = &lot_settings.retest,
     .argument = "last|first|best|fails|all",
     .choices = retest_choices,
     .help = N_("which run of a die counts")},
    {.kind = OPTION_CHOICE,
     .name = "retest-by",
     .value = &lot_settings.by,
     .argument = "auto|xy|part-id|flag|order",
     .choices = by_choices,
     .help = N_("how runs of one die are recognised")},
    {.kind = OPTION_CHOICE,
     .name = "key",
     .value = &lot_settings.key,
     .argument = "both|number|name",
     .choices = key_choices,
     .help = N_("what tells tests apart, beside the kind of record")},
    {.kind = OPTION_FLAG, .name = "explain", .value = &lot_settings.explain, .help = N_("say which rules decided the figures")},
    {0},
};
const struct option_group retest_options = {N_("Retest, tests, rules"), retests};

const struct choice population_choices[] = {
    {"chosen", XL_CHOSEN_PARTS, N_("the run of each die that counts (usual)")},
    {"passing", XL_PASSING_PARTS, N_("of these, the parts that passed")},
    {"first", XL_FIRST_TOUCH, N_("the first run of each die")},
    {"all", XL_ALL_RUNS, N_("every run")},
    {0},
};
const struct choice execution_choices[] = {
    {"last", XL_LAST_EXECUTION, N_("the last one in a part (usual)")},
    {"first", XL_FIRST_EXECUTION, N_("the first one")},
    {"all", XL_ALL_EXECUTIONS, N_("all of them")},
    {0},
};
static const struct option populations[] = {
    {.kind = OPTION_CHOICE,
     .name = "population",
     .value = &population_settings.population,
     .argument = "chosen|passing|first|all",
     .choices = population_choices,
     .help = N_("whose results the statistics take")},
    {.kind = OPTION_CHOICE,
     .name = "executions",
     .value = &population_settings.executions,
     .argument = "last|first|all",
     .choices = execution_choices,
     .help = N_("which result counts where a part ran a test several times")},
    {0},
};
const struct option_group population_options = {N_("Statistics"), populations};

const char *show_population(enum xl_population population)
{
    switch (population) {
    case XL_CHOSEN_PARTS:
        return _("parts that count");
    case XL_PASSING_PARTS:
        return _("passing parts");
    case XL_FIRST_TOUCH:
        return _("first runs");
    case XL_ALL_RUNS:
        return _("all runs");
    }
    BUG("population %d", (int)population);
}

struct xl_statistics_options statistics_options(void)
{
    return (struct xl_statistics_options){.population = (enum xl_population)population_settings.population,
                                          .executions = (enum xl_executions)population_settings.executions,
                                          .wafer = XL_ALL_WAFERS,
                                          .site = -1,
                                          .pin = -1,
                                          .quantiles = true};
}

static uint16_t *bins_of(const struct number_list *list)
{
    uint16_t *bins = memory_new(list->count, sizeof *bins);
    for (size_t i = 0; i < list->count; i++)
        bins[i] = (uint16_t)list->at[i];
    return bins;
}

bool lots_build(const struct gather *gather, struct lots *lots, struct xl_error *error)
{
    *lots = (struct lots){.bins = bins_of(&lot_settings.bins), .pass_bins = bins_of(&lot_settings.pass_bins)};
    if (lot_settings.head >= 0 || lot_settings.site >= 0 || lot_settings.bins.count || lot_settings.where) {
        lots->filter =
            xl_filter_new((int)lot_settings.head, (int)lot_settings.site, lots->bins, lot_settings.bins.count, lot_settings.where, error);
        if (!lots->filter)
            return false;
    }
    const struct xl_lot_options options = {
        .policy = {.pick = (enum xl_retest_pick)lot_settings.retest, .by = (enum xl_retest_by)lot_settings.by},
        .corrections = {.lot = lot_settings.lot,
                        .wafer = lot_settings.wafer,
                        .pass_bins = lots->pass_bins,
                        .pass_bin_count = lot_settings.pass_bins.count,
                        .rotate = lot_settings.rotate,
                        .mirror = lot_settings.mirror},
        .filter = lots->filter,
        .key = (enum xl_test_key)lot_settings.key,
    };
    /* Lots in the order in which their first table came. */
    char(*keys)[512] = NULL;
    for (size_t i = 0; i < gather->count; i++)
        for (size_t t = 0; gather->at[i].tables && t < gather->at[i].tables->count; t++) {
            const struct xl_table *table = gather->at[i].tables->at[t];
            char key[512];
            xl_lot_key(table, &options.corrections, key, sizeof key);
            size_t at = 0;
            while (at < lots->count && strcmp(keys[at], key) != 0)
                at++;
            if (at == lots->count) {
                if ((at & (at - 1)) == 0) {
                    const size_t room = at ? at * 2 : 1;
                    keys = memory_grow(keys, room, sizeof *keys);
                    lots->at = memory_grow(lots->at, room, sizeof(struct xl_lot *));
                }
                memcpy(keys[at], key, sizeof key);
                lots->at[lots->count++] = xl_lot_new(&options);
            }
            xl_lot_add(lots->at[at], table);
        }
    free(keys);
    for (size_t i = 0; i < lots->count; i++)
        if (!xl_lot_build(lots->at[i], error))
            return false;
    return true;
}

int lots_ready(const char *command, int count, char **operands, bool twice, struct gather *gather, struct lots *lots,
               struct xl_error *error)
{
    *lots = (struct lots){0};
    if (!gather_tables(count, operands, twice, gather, error))
        return strcmp(error->code, "usage") == 0 ? usage_error(command, error) : input_error(error);
    if (!lots_build(gather, lots, error)) {
        for (size_t i = 0; i < lots->count; i++)
            xl_lot_free(lots->at[i]);
        lots->count = 0;
        /* A condition that does not parse, or names what no file has, is a slip of the command line. */
        return strncmp(error->code, "filter", 6) == 0 ? usage_error(command, error) : input_error(error);
    }
    return gather_result(gather);
}

void lots_free(struct lots *lots)
{
    for (size_t i = 0; i < lots->count; i++)
        xl_lot_free(lots->at[i]);
    free(lots->at);
    xl_filter_free(lots->filter);
    free(lots->bins);
    free(lots->pass_bins);
}
