/* map_view_test.c: recorded coordinates come to the right cells, for every direction, notch and correction. */
#include "engine/wafer/map_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The picture as text: "xy" of each cell, rows split by '/'. */
static const char *seen(char positive_x, char positive_y, int rotate, bool mirror)
{
    static char text[64];
    struct xl_wafer_config config = {.positive_x = positive_x, .positive_y = positive_y, .flat = 'D'};
    struct xl_corrections corrections = {.rotate = rotate, .mirror = mirror};
    struct map_view view = map_view_of(&config, &corrections);
    struct map_bounds bounds = {.x_least = 1, .x_most = 3, .y_least = 5, .y_most = 6};
    struct xl_map map = {0};
    assert_true(map_view_fit(&view, &bounds, &map));
    char *out = text;
    for (uint32_t row = 0; row < map.rows; row++) {
        for (uint32_t column = 0; column < map.columns; column++) {
            int32_t x, y;
            map_coordinates(&map, column, row, &x, &y);
            assert_int_equal(map_cell(&map, x, y), row * map.columns + column);
            assert_int_equal(map_column_coordinate(&map, column), map.axes_exchanged ? y : x);
            assert_int_equal(map_row_coordinate(&map, row), map.axes_exchanged ? x : y);
            *out++ = (char)('0' + x);
            *out++ = (char)('0' + y);
            *out++ = column + 1 < map.columns ? ' ' : '/';
        }
    }
    *out = 0;
    return text;
}

static void directions(void **state)
{
    (void)state;
    assert_string_equal(seen('R', 'D', 0, false), "15 25 35/16 26 36/");
    assert_string_equal(seen('R', 'U', 0, false), "16 26 36/15 25 35/");
    assert_string_equal(seen('L', 'D', 0, false), "35 25 15/36 26 16/");
    assert_string_equal(seen('L', 'U', 0, false), "36 26 16/35 25 15/");
    assert_string_equal(seen(' ', ' ', 0, false), "15 25 35/16 26 36/"); /* not recorded: right and down */
    assert_string_equal(seen('?', 0, 0, false), "15 25 35/16 26 36/");
}

static void corrections(void **state)
{
    (void)state;
    assert_string_equal(seen('R', 'U', 90, false), "15 16/25 26/35 36/");
    assert_string_equal(seen('R', 'U', 180, false), "35 25 15/36 26 16/");
    assert_string_equal(seen('R', 'U', 270, false), "36 35/26 25/16 15/");
    assert_string_equal(seen('R', 'U', -90, false), "36 35/26 25/16 15/");
    assert_string_equal(seen('R', 'U', 360, false), "16 26 36/15 25 35/");
    assert_string_equal(seen('R', 'U', 0, true), "36 26 16/35 25 15/");
    assert_string_equal(seen('R', 'U', 90, true), "35 36/25 26/15 16/"); /* mirrored first, then turned */
    assert_string_equal(seen('L', 'D', 90, false), "36 35/26 25/16 15/");
    assert_string_equal(seen('R', 'D', 270, true), "15 16/25 26/35 36/");
}

/* All combinations against a picture that is really mirrored and really turned. */
static void all_combinations(void **state)
{
    (void)state;
    for (int code = 0; code < 32; code++) {
        char positive_x = code & 1 ? 'L' : 'R', positive_y = code & 2 ? 'U' : 'D';
        bool mirror = code & 4;
        int turns = code >> 3;
        char grid[3][3][3] = {{{0}}}, other[3][3][3];
        int columns = 3, rows = 2;
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) {
                int c = mirror ? columns - 1 - column : column;
                grid[row][c][0] = (char)('1' + (positive_x == 'L' ? 2 - column : column));
                grid[row][c][1] = (char)('5' + (positive_y == 'U' ? 1 - row : row));
            }
        for (int turn = 0; turn < turns; turn++) {
            memcpy(other, grid, sizeof grid);
            for (int row = 0; row < rows; row++)
                for (int column = 0; column < columns; column++)
                    memcpy(grid[column][rows - 1 - row], other[row][column], 3);
            int swap = rows;
            rows = columns;
            columns = swap;
        }
        char wanted[64] = "", *out = wanted;
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) {
                memcpy(out, grid[row][column], 2);
                out[2] = column + 1 < columns ? ' ' : '/';
                out += 3;
            }
        *out = 0;
        assert_string_equal(seen(positive_x, positive_y, 90 * turns, mirror), wanted);
    }
}

static char notch(char flat, int rotate, bool mirror)
{
    struct xl_wafer_config config = {.flat = flat};
    struct xl_corrections corrections = {.rotate = rotate, .mirror = mirror};
    return map_view_of(&config, &corrections).notch;
}

static void notches(void **state)
{
    (void)state;
    static const char flats[] = "UDLR", mirrored[] = "UDRL", quarter[] = "RLUD", half[] = "DURL", three[] = "LRDU", both[] = "RLDU";
    for (int i = 0; i < 4; i++) {
        assert_int_equal(notch(flats[i], 0, false), flats[i]);
        assert_int_equal(notch(flats[i], 0, true), mirrored[i]);
        assert_int_equal(notch(flats[i], 90, false), quarter[i]);
        assert_int_equal(notch(flats[i], 180, false), half[i]);
        assert_int_equal(notch(flats[i], 270, false), three[i]);
        assert_int_equal(notch(flats[i], 90, true), both[i]);
    }
    assert_int_equal(notch(' ', 90, true), ' ');
    assert_int_equal(notch('x', 0, false), ' ');
    assert_int_equal(notch(0, 0, false), ' ');
}

static void too_large(void **state)
{
    (void)state;
    struct map_view view = {.step_x = 1, .step_y = 1};
    struct map_bounds bounds = {-32767, 32767, -32767, 32767};
    struct xl_map map = {0};
    assert_false(map_view_fit(&view, &bounds, &map));
    bounds = (struct map_bounds){INT32_MIN, INT32_MAX, 0, 0};
    assert_false(map_view_fit(&view, &bounds, &map));
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(directions), cmocka_unit_test(corrections), cmocka_unit_test(all_combinations),
        cmocka_unit_test(notches),    cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
