/* stdf_map.c: `xinlian stdf map`: wafer maps in the terminal, as pictures, as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "main/command.h"
#include "main/console.h"
#include "main/gather.h"
#include "main/json_document.h"
#include "main/lot_print.h"
#include "main/output_options.h"
#include "main/show.h"

enum form { FORM_AUTO, FORM_TEXT, FORM_PNG, FORM_SVG };
static struct {
    int kind, form;
    int64_t pin, width;
    const char *test, *wafer;
    bool first;
} settings = {.kind = -1, .pin = -1};

static const struct choice kinds[] = {
    {"hard", XL_MAP_HARD_BIN, N_("hard bins (usual)")},
    {"soft", XL_MAP_SOFT_BIN, N_("soft bins")},
    {"pass", XL_MAP_PASS, N_("pass and fail")},
    {"test", XL_MAP_TEST, N_("a test's values: with --test")},
    {"site", XL_MAP_SITE, N_("test sites")},
    {"touch", XL_MAP_TOUCH, N_("touch-downs")},
    {"runs", XL_MAP_RUNS, N_("how often each die was tested")},
    {"stack", XL_MAP_STACK, N_("fails at each place over all wafers of the lot")},
    {0},
};
static const struct choice forms[] = {{"text", FORM_TEXT, NULL}, {"png", FORM_PNG, NULL}, {"svg", FORM_SVG, NULL}, {0}};
static const struct option options[] = {
    {.kind = OPTION_CHOICE,
     .letter = 'k',
     .name = "kind",
     .value = &settings.kind,
     .argument = "KIND",
     .choices = kinds,
     .help = N_("what is drawn")},
    {.kind = OPTION_TEXT,
     .letter = 't',
     .name = "test",
     .value = &settings.test,
     .argument = "NUMBER|NAME",
     .help = N_("draw this test's values")},
    {.kind = OPTION_WHOLE,
     .name = "pin",
     .value = &settings.pin,
     .argument = "N",
     .most = 65535,
     .help = N_("of a test of many pins (MPR), this one")},
    {.kind = OPTION_TEXT,
     .letter = 'w',
     .name = "only-wafer",
     .value = &settings.wafer,
     .argument = "NAME",
     .help = N_("only this wafer of the lot")},
    {.kind = OPTION_FLAG, .name = "first", .value = &settings.first, .help = N_("first runs, not those that count")},
    {.kind = OPTION_CHOICE,
     .name = "to",
     .value = &settings.form,
     .argument = "text|png|svg",
     .choices = forms,
     .help = N_("how: else the output's name decides, else text")},
    {.kind = OPTION_WHOLE,
     .name = "width",
     .value = &settings.width,
     .argument = "N",
     .least = 10,
     .most = 20000,
     .help = N_("pixels of a picture, or columns of text")},
    {0},
};

static enum form form_of(void)
{
    if (settings.form != FORM_AUTO)
        return (enum form)settings.form;
    const char *dot = output_settings.path ? strrchr(output_settings.path, '.') : NULL;
    if (dot && strcmp(dot, ".png") == 0)
        return FORM_PNG;
    if (dot && strcmp(dot, ".svg") == 0)
        return FORM_SVG;
    return FORM_TEXT;
}

static size_t test_of(const struct xl_lot *lot)
{
    int64_t number;
    if (parse_i64(settings.test, 0, UINT32_MAX, &number)) {
        const size_t found = xl_lot_find_test(lot, (uint32_t)number, NULL);
        if (found != SIZE_MAX)
            return found;
    }
    for (size_t t = 0; t < xl_lot_tests(lot); t++)
        if (strcmp(xl_lot_test(lot, t)->test->name, settings.test) == 0)
            return t;
    return SIZE_MAX;
}

/* "map.png" for the only map, "map-LOT-3.png" for one of several. */
static void name_of(const char *path, bool several, const char *lot, const char *wafer, char *out, size_t size)
{
    if (!several) {
        snprintf(out, size, "%s", path);
        return;
    }
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
    const int length = snprintf(out, size, "%.*s-%s-%s%s", (int)stem, path, lot, wafer, path + stem);
    /* What a name says must not lead into another folder. */
    for (int i = (int)stem; i < length && (size_t)i < size; i++)
        if (out[i] == '/' || (unsigned char)out[i] < 0x20)
            out[i] = '_';
}

static bool draw(const struct xl_map *map, const char *path, struct xl_error *error)
{
    struct file_out out;
    const enum form form = form_of();
    if (!file_out_begin(&out, path, output_settings.force, form != FORM_TEXT, error))
        return false;
    const bool good = (form == FORM_TEXT ? xl_map_print(map, 0, (uint32_t)settings.width, out.sink, error)
                                         : xl_map_draw(map, form == FORM_PNG ? XL_PICTURE_PNG : XL_PICTURE_SVG, (uint32_t)settings.width,
                                                       out.sink, error)) &&
                      file_out_end(&out, error);
    if (!good) {
        file_out_abandon(&out);
        return false;
    }
    receipt("stdf map", &out, 0);
    return true;
}

static bool to_terminal(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    (void)context;
    (void)error;
    out_bytes(&console.out, bytes, length);
    return !console.out.failed;
}

static size_t maps_of(const struct xl_lot *lot)
{
    return settings.kind == XL_MAP_STACK ? 1 : xl_lot_wafers(lot);
}

static bool is_wanted(const struct xl_lot *lot, size_t wafer)
{
    return settings.kind == XL_MAP_STACK || !settings.wafer || strcmp(xl_lot_wafer(lot, wafer)->name, settings.wafer) == 0;
}

static bool map_json(struct json *json, const struct xl_lot *lot, size_t wafer, const struct xl_map *map, struct xl_error *error)
{
    const bool is_stack = settings.kind == XL_MAP_STACK;
    const struct xl_yield yield = xl_yield_of(lot, is_stack ? XL_ALL_WAFERS : (int64_t)wafer);
    struct text text;
    text_init(&text, 1 << 30);
    const bool good = xl_map_json(map, sink_text(&text), error);
    if (good) {
        json_object(json);
        json_lot_head(json, lot);
        json_key(json, "wafer");
        if (is_stack)
            json_null(json);
        else
            json_text(json, xl_lot_wafer(lot, wafer)->name);
        json_yield(json, lot, &yield);
        json_key(json, "map");
        while (text.length && text.data[text.length - 1] == '\n')
            text.length--;
        json_ready(json, text.data, text.length);
        json_object_end(json);
    }
    text_free(&text);
    return good;
}

static bool one_map(const struct xl_lot *lot, size_t wafer, size_t test, bool several, struct json *json, struct xl_error *error)
{
    const struct xl_map_options wanted = {.kind = (enum xl_map_kind)settings.kind,
                                          .test = test,
                                          .pin = settings.pin,
                                          .wafer = settings.kind == XL_MAP_STACK ? XL_ALL_WAFERS : (int64_t)wafer,
                                          .first_touch = settings.first};
    struct xl_map *map = xl_map_new(lot, &wanted, error);
    if (!map)
        return false;
    bool good;
    const struct xl_sink terminal = {.write = to_terminal};
    if (general.json && !output_settings.path) {
        good = map_json(json, lot, wafer, map, error);
    } else if (output_settings.path) {
        char name[4096];
        name_of(output_settings.path, several, xl_lot_name(lot), settings.kind == XL_MAP_STACK ? "stack" : xl_lot_wafer(lot, wafer)->name,
                name, sizeof name);
        good = draw(map, name, error);
    } else if (form_of() != FORM_TEXT) {
        good = draw(map, "-", error);
    } else {
        const uint32_t width = settings.width ? (uint32_t)settings.width : console.width ? (uint32_t)console.width : 0;
        const bool is_stack = settings.kind == XL_MAP_STACK;
        const struct xl_yield yield = xl_yield_of(lot, is_stack ? XL_ALL_WAFERS : (int64_t)wafer);
        say("\n%s%s%s", style(STYLE_STRONG), is_stack ? _("all wafers") : show_wafer(xl_lot_wafer(lot, wafer)), style_end());
        say(_("  yield %s (%s)\n"), show_percent(yield.passed, yield.parts), show_policy(lot));
        good = xl_map_print(map, console.colours, width, terminal, error);
    }
    xl_map_free(map);
    return good;
}

static int run(int count, char **operands)
{
    struct xl_error error = {0};
    struct gather gather;
    struct lots lots;
    if (settings.kind < 0)
        settings.kind = settings.test ? XL_MAP_TEST : XL_MAP_HARD_BIN;
    if ((settings.kind == XL_MAP_TEST) != (settings.test != NULL)) {
        xl_fail(&error, "usage", _("A map of a test's values needs --test, and --test draws no other kind."));
        return usage_error("stdf map", &error);
    }
    int result = lots_ready("stdf map", count, operands, false, &gather, &lots, &error);
    size_t maps = 0;
    for (size_t i = 0; i < lots.count; i++)
        for (size_t w = 0; w < maps_of(lots.at[i]); w++)
            maps += is_wanted(lots.at[i], w);
    if (lots.count && !maps) {
        notice(_("There is no wafer \"%s\" here."), settings.wafer);
        result = EXIT_BAD_INPUT;
    }
    if (maps > 1 && !output_settings.path && form_of() != FORM_TEXT) {
        xl_fail(&error, "usage", _("Pictures of %zu wafers need -o FILE; each then gets a name of its own."), maps);
        result = usage_error("stdf map", &error);
        maps = 0;
    }
    struct json json;
    const bool as_json = general.json && !output_settings.path && maps;
    if (as_json) {
        json_document(&json, "stdf map");
        json_files(&json, &gather);
        json_key(&json, "maps");
        json_array(&json);
    }
    for (size_t i = 0; i < lots.count && maps; i++) {
        const struct xl_lot *lot = lots.at[i];
        const bool is_text = !as_json && !output_settings.path && form_of() == FORM_TEXT;
        if (is_text) {
            if (i)
                say("\n\n");
            lot_title(lot);
            lot_rules(lot);
        }
        size_t test = 0;
        if (settings.test && (test = test_of(lot)) == SIZE_MAX) {
            notice(_("There is no test \"%s\" here. All tests: xinlian stdf tests FILE"), settings.test);
            result = EXIT_BAD_INPUT;
            continue;
        }
        for (size_t w = 0; w < maps_of(lot); w++) {
            if (!is_wanted(lot, w))
                continue;
            error = (struct xl_error){0};
            if (!one_map(lot, w, test, maps > 1, &json, &error)) {
                xl_fail_place(&error, "%s", show_wafer(xl_lot_wafer(lot, w)));
                result = input_error(&error);
            }
        }
        if (is_text && lot_settings.explain)
            lot_explain(lot, &gather);
    }
    if (as_json) {
        json_array_end(&json);
        json_document_end(&json);
    }
    lots_free(&lots);
    gather_free(&gather);
    return result;
}

static const struct option_group own_options = {N_("The map"), options};
static const struct option_group *const groups[] = {&own_options,    &output_options, &filter_options,  &correction_options,
                                                    &retest_options, &store_options,  &general_options, NULL};
static const struct example examples[] = {
    {"xinlian stdf map lot.stdf.gz", N_("hard bins of every wafer, in the terminal")},
    {"xinlian stdf map lot.stdf.gz --test 1000 -o icc.png", N_("a test's values as a picture")},
    {"xinlian stdf map lot.stdf.gz --kind stack -o stack.svg", N_("where the lot fails, over all its wafers")},
    {"xinlian stdf map lot.stdf.gz --rotate 90 --mirror", N_("turned, where the prober recorded the axes wrongly")},
    {0},
};
const struct command stdf_map_command = {
    .name = "stdf map",
    .title = N_("Wafer maps: bins, a test's values, sites, touch-downs; in the terminal, PNG, SVG, JSON"),
    .operands = "FILE|DIR|-|store:LOT...",
    .about = N_("The wafer is drawn as one looks at it: by the axes and the notch that the file records (WCR), or X to the right and Y "
                "down where it records "
                "none."),
    .groups = groups,
    .examples = examples,
    .run = run,
};
