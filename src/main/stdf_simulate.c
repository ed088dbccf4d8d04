/* stdf_simulate.c: `xinlian stdf simulate`: sample data from a seed. */
#include <xinlian/simulate.h>

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "main/command.h"
#include "main/output_options.h"

static struct {
    int64_t seed, wafers, parts, tests, functional_tests, pin_tests, pins, scan_tests, sites, megabytes;
    double yield, retest;
    int signature, pass;
    uint32_t breaks;
    bool short_records, bare_records, grade_bins, stop_on_fail, big_endian, every_record;
    const char *lot, *product, *start;
} settings = {.seed = -1,
              .wafers = -1,
              .parts = -1,
              .tests = -1,
              .functional_tests = -1,
              .pin_tests = -1,
              .pins = -1,
              .scan_tests = -1,
              .sites = -1,
              .yield = -1,
              .retest = -1,
              .signature = -1,
              .pass = -1};

static const struct choice signatures[] = {
    {"none", XL_SIGNATURE_NONE, NULL},         {"center", XL_SIGNATURE_CENTER, NULL},
    {"donut", XL_SIGNATURE_DONUT, NULL},       {"edge-ring", XL_SIGNATURE_EDGE_RING, NULL},
    {"edge-loc", XL_SIGNATURE_EDGE_LOC, NULL}, {"loc", XL_SIGNATURE_LOC, NULL},
    {"scratch", XL_SIGNATURE_SCRATCH, NULL},   {"random", XL_SIGNATURE_RANDOM, NULL},
    {"mixed", XL_SIGNATURE_MIXED, NULL},       {0},
};
static const struct choice passes[] = {
    {"both", XL_PASS_BOTH, N_("first touches, and retests at the end of each wafer (usual)")},
    {"first", XL_PASS_FIRST, N_("first touches alone")},
    {"retest", XL_PASS_RETEST, N_("the retests alone, a day later: the file that belongs to \"first\"")},
    {0},
};
static const struct choice breaks[] = {
    {"zeros", XL_BREAK_ZEROS, N_("4,096 zero bytes amid the records")},
    {"length", XL_BREAK_LENGTH, N_("one REC_LEN too long: what follows is out of phase")},
    {"cut", XL_BREAK_CUT, N_("the file ends inside a record, without MRR")},
    {"padding", XL_BREAK_PADDING, N_("bytes after the last field of every PRR")},
    {"orphans", XL_BREAK_ORPHANS, N_("tests outside parts, PRR without PIR, a PIR never closed")},
    {"counts", XL_BREAK_COUNTS, N_("WRR, PCR and HBR that disagree with the parts")},
    {"text", XL_BREAK_TEXT, N_("GB18030 and control bytes in texts")},
    {"flags", XL_BREAK_FLAGS, N_("invalid results, junk in fields that are called invalid")},
    {0},
};

static const struct option options[] = {
    {.kind = OPTION_WHOLE,
     .name = "seed",
     .value = &settings.seed,
     .argument = "N",
     .most = INT64_MAX,
     .help = N_("the same seed gives the same bytes")},
    {.kind = OPTION_WHOLE,
     .name = "wafers",
     .value = &settings.wafers,
     .argument = "N",
     .most = 10000,
     .help = N_("wafers; 0: a final-test lot")},
    {.kind = OPTION_WHOLE,
     .name = "parts",
     .value = &settings.parts,
     .argument = "N",
     .least = 1,
     .most = 1000000,
     .help = N_("dice a wafer, or parts of the final-test lot")},
    {.kind = OPTION_WHOLE, .name = "tests", .value = &settings.tests, .argument = "N", .most = 32000, .help = N_("parametric tests (PTR)")},
    {.kind = OPTION_WHOLE,
     .name = "functional",
     .value = &settings.functional_tests,
     .argument = "N",
     .most = 10000,
     .help = N_("functional tests (FTR)")},
    {.kind = OPTION_WHOLE,
     .name = "pin-tests",
     .value = &settings.pin_tests,
     .argument = "N",
     .most = 10000,
     .help = N_("tests of many pins (MPR)")},
    {.kind = OPTION_WHOLE,
     .name = "pins",
     .value = &settings.pins,
     .argument = "N",
     .least = 1,
     .most = 2048,
     .help = N_("pins of each of these")},
    {.kind = OPTION_WHOLE,
     .name = "scan",
     .value = &settings.scan_tests,
     .argument = "N",
     .most = 1000,
     .help = N_("scan tests (STR of V4-2007)")},
    {.kind = OPTION_WHOLE,
     .name = "sites",
     .value = &settings.sites,
     .argument = "N",
     .least = 1,
     .most = 254,
     .help = N_("sites tested at once")},
    {.kind = OPTION_SHARE, .name = "yield", .value = &settings.yield, .argument = "SHARE", .help = N_("first yield aimed at: 0.93 or 93%")},
    {.kind = OPTION_SHARE,
     .name = "retest",
     .value = &settings.retest,
     .argument = "SHARE",
     .help = N_("share of the failing dice that is tested again")},
    {.kind = OPTION_CHOICE,
     .name = "pass",
     .value = &settings.pass,
     .argument = "both|first|retest",
     .choices = passes,
     .help = N_("which touches the file holds")},
    {.kind = OPTION_CHOICE,
     .name = "signature",
     .value = &settings.signature,
     .argument = "KIND",
     .choices = signatures,
     .help = N_("pattern on the wafers: none, center, donut, edge-ring, edge-loc, loc, scratch, random, mixed")},
    {.kind = OPTION_CHOICES,
     .name = "break",
     .value = &settings.breaks,
     .argument = "KIND,KIND",
     .choices = breaks,
     .help = N_("break the format in chosen ways")},
    {.kind = OPTION_FLAG, .name = "short", .value = &settings.short_records, .help = N_("limits and texts only in a test's first record")},
    {.kind = OPTION_FLAG,
     .name = "bare",
     .value = &settings.bare_records,
     .help = N_("limits, texts and names only in a test's first record")},
    {.kind = OPTION_FLAG, .name = "grades", .value = &settings.grade_bins, .help = N_("two passing bins, by speed")},
    {.kind = OPTION_FLAG, .name = "stop-on-fail", .value = &settings.stop_on_fail, .help = N_("a part ends with its first failing test")},
    {.kind = OPTION_FLAG, .name = "big-endian", .value = &settings.big_endian, .help = N_("the byte order of Sun testers")},
    {.kind = OPTION_FLAG, .name = "every-record", .value = &settings.every_record, .help = N_("every record type of the format")},
    {.kind = OPTION_WHOLE,
     .name = "megabytes",
     .value = &settings.megabytes,
     .argument = "N",
     .least = 1,
     .most = 1000000,
     .help = N_("stop after about so many megabytes")},
    {.kind = OPTION_TEXT, .name = "lot", .value = &settings.lot, .argument = "NAME", .help = N_("name of the lot")},
    {.kind = OPTION_TEXT, .name = "product", .value = &settings.product, .argument = "NAME", .help = N_("name of the product")},
    {.kind = OPTION_TEXT, .name = "start", .value = &settings.start, .argument = "DATE", .help = N_("first day of the test: 2026-11-24")},
    {0},
};

static void set(uint32_t *field, int64_t given)
{
    if (given >= 0)
        *field = (uint32_t)given;
}

/* "2026-11-24" -> seconds since 1970. */
static bool day_of(const char *text, int64_t *seconds)
{
    char part[16];
    int64_t numbers[3];
    const int64_t most[3] = {2105, 12, 31};
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        const size_t length = strcspn(at, "-");
        if (length == 0 || length >= sizeof part)
            return false;
        memcpy(part, at, length);
        part[length] = 0;
        if (!parse_i64(part, i ? 1 : 1971, most[i], &numbers[i]))
            return false;
        at += length + (at[length] == '-');
    }
    *seconds = civil_seconds((struct civil){.year = numbers[0], .month = (int)numbers[1], .day = (int)numbers[2]});
    return *at == 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    if (count) {
        xl_fail(&error, "usage", _("This command reads no file; \"%s\" is one too many."), operands[1]);
        return usage_error("stdf simulate", &error);
    }
    if (!output_settings.path) {
        xl_fail(&error, "usage", _("Where to? Give -o FILE, or -o - for standard output."));
        return usage_error("stdf simulate", &error);
    }
    struct xl_simulation simulation = xl_simulation_default();
    if (settings.seed >= 0)
        simulation.seed = (uint64_t)settings.seed;
    set(&simulation.wafers, settings.wafers);
    set(&simulation.parts, settings.parts);
    set(&simulation.tests, settings.tests);
    set(&simulation.functional_tests, settings.functional_tests);
    set(&simulation.pin_tests, settings.pin_tests);
    set(&simulation.pins, settings.pins);
    set(&simulation.scan_tests, settings.scan_tests);
    set(&simulation.sites, settings.sites);
    if (settings.yield >= 0)
        simulation.yield = settings.yield;
    if (settings.retest >= 0)
        simulation.retest = settings.retest;
    if (settings.signature >= 0)
        simulation.signature = (enum xl_signature)settings.signature;
    if (settings.pass >= 0)
        simulation.pass = (enum xl_simulated_pass)settings.pass;
    simulation.breaks |= settings.breaks;
    simulation.short_records |= settings.short_records;
    simulation.bare_records |= settings.bare_records;
    simulation.grade_bins |= settings.grade_bins;
    simulation.stop_on_fail |= settings.stop_on_fail;
    simulation.big_endian |= settings.big_endian;
    simulation.every_record |= settings.every_record;
    if (settings.megabytes)
        simulation.most_bytes = (uint64_t)settings.megabytes * 1000000;
    if (settings.lot)
        simulation.lot = settings.lot;
    if (settings.product)
        simulation.product = settings.product;
    if (settings.start && !day_of(settings.start, &simulation.start_time)) {
        xl_fail(&error, "usage", _("--start needs a day such as 2026-11-24, not \"%s\"."), settings.start);
        return usage_error("stdf simulate", &error);
    }
    struct file_out out;
    const double began = now();
    if (!file_out_begin(&out, output_settings.path, output_settings.force, true, &error))
        return strcmp(error.code, "usage") == 0 ? usage_error("stdf simulate", &error) : input_error(&error);
    if (!xl_simulate(&simulation, out.sink, &error) || !file_out_end(&out, &error)) {
        file_out_abandon(&out);
        return input_error(&error);
    }
    receipt("stdf simulate", &out, now() - began);
    return EXIT_GOOD;
}

static const struct option_group own_options = {N_("The lot"), options};
static const struct option_group *const groups[] = {&own_options, &output_options, &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf simulate -o lot.stdf", N_("two wafers of 500 dice, 100 tests")},
    {"xinlian stdf simulate --seed 7 --wafers 25 --parts 2000 --signature mixed -o lot.stdf",
     N_("a whole lot with patterns on its wafers")},
    {"xinlian stdf simulate --break zeros,cut -o - | xinlian stdf check -", N_("a damaged file, and what is said of it")},
    {0},
};
const struct command stdf_simulate_command = {
    .name = "stdf simulate",
    .title = N_("Makes realistic sample data from a seed"),
    .operands = "-o FILE",
    .about = N_("Wafers with process gradients, differences between sites, spatial patterns and retests; or a final-test lot. The same "
                "settings give the "
                "same bytes on every machine."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
