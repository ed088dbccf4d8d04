/* map_json_test.c: a map as JSON, byte by byte. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/out.h"
#include "base/text.h"
#include "engine/wafer/map_sample.h"

static struct text written(const struct xl_map *map)
{
    struct text text;
    struct xl_error error = {0};
    text_init(&text, 1 << 20);
    assert_true(xl_map_json(map, sink_text(&text), &error));
    return text;
}

static void small_map(void **state)
{
    (void)state;
    static const float values[] = {1, NAN, 7, 1, 1, NAN};
    static const uint32_t dice[] = {0, UINT32_MAX, 2, 3, 1, UINT32_MAX};
    static const struct xl_map_legend legend[] = {{1, "Good \"1\"", 3, 0xa8ddb5, true}, {7, "</script>", 1, 0x000102, false}};
    struct xl_map map = {.kind = XL_MAP_HARD_BIN,
                         .columns = 3,
                         .rows = 2,
                         .left_x = 5,
                         .top_y = 9,
                         .step_x = -1,
                         .step_y = 1,
                         .directions_known = true,
                         .notch = 'D',
                         .cell_aspect = 0.5,
                         .values = values,
                         .dice = dice,
                         .low = 1,
                         .high = 7,
                         .low_limit = NAN,
                         .high_limit = NAN,
                         .title = "L",
                         .units = "",
                         .placed = 4,
                         .legend = legend,
                         .legend_count = 2};
    struct text text = written(&map);
    assert_string_equal(
        text.data,
        "{\"kind\":\"hard_bin\",\"title\":\"L\",\"units\":\"\",\"scale\":0,\"columns\":3,\"rows\":2,\"columns_are\":\"x\","
        "\"column_coordinates\":[5,4,3],\"row_coordinates\":[9,10],\"directions_known\":true,\"notch\":\"D\",\"cell_aspect\":0.5,"
        "\"low\":1,\"high\":7,\"low_limit\":null,\"high_limit\":null,\"placed\":4,\"covered\":0,\"unplaced\":0,\"legend\":["
        "{\"value\":1,\"name\":\"Good \\\"1\\\"\",\"count\":3,\"colour\":\"#a8ddb5\",\"passes\":true},"
        "{\"value\":7,\"name\":\"\\u003c/script>\",\"count\":1,\"colour\":\"#000102\",\"passes\":false}],"
        "\"values\":[[1,null,7],[1,1,null]],\"dice\":[[0,null,2],[3,1,null]]}\n");
    text_free(&text);
    map.notch = ' ';
    map.dice = NULL; /* a stack */
    map.kind = XL_MAP_STACK;
    map.axes_exchanged = true;
    text = written(&map);
    assert_non_null(strstr(text.data, "\"columns_are\":\"y\",\"column_coordinates\":[9,10,11],\"row_coordinates\":[5,4],"));
    assert_non_null(strstr(text.data, "\"notch\":null"));
    assert_null(strstr(text.data, "\"dice\""));
    text_free(&text);
}

/* Values keep all their bits. */
static void exact_values(void **state)
{
    (void)state;
    static const struct xl_wafer_config config;
    static const struct xl_corrections none;
    struct xl_map map = sample_values(9, &config, &none);
    struct text text = written(&map);
    const char *at = strstr(text.data, "\"values\":[") + strlen("\"values\":[");
    for (size_t cell = 0; cell < (size_t)map.columns * map.rows; cell++) {
        at += strspn(at, "[],");
        char *end;
        if (isnan(map.values[cell])) {
            assert_int_equal(strncmp(at, "null", 4), 0);
            at += 4;
            continue;
        }
        float value = strtof(at, &end);
        assert_memory_equal(&value, &map.values[cell], sizeof value);
        at = end;
    }
    text_free(&text);
    sample_free(&map);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(small_map),
        cmocka_unit_test(exact_values),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
