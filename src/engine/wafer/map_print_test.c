/* map_print_test.c: maps in a terminal, character by character. */
#include <xinlian/wafer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/out.h"
#include "base/text.h"
#include "engine/wafer/map_sample.h"

static const struct xl_wafer_config up = {.positive_x = 'R', .positive_y = 'U', .flat = 'D'};
static const struct xl_corrections none;

static char *printed(const struct xl_map *map, uint32_t colours, uint32_t columns)
{
    struct text text;
    struct xl_error error = {0};
    text_init(&text, 1 << 24);
    assert_true(xl_map_print(map, colours, columns, sink_text(&text), &error));
    char *copy = strdup(text.data);
    text_free(&text);
    return copy;
}

static void expect_printed(const struct xl_map *map, uint32_t colours, uint32_t columns, const char *wanted)
{
    char *text = printed(map, colours, columns);
    assert_string_equal(text, wanted);
    free(text);
}

static void plain(void **state)
{
    (void)state;
    struct xl_map map = sample_bins(8, &up, &none);
    expect_printed(&map, 0, 60,
                   "SAMPLE / wafer 7: sample\n"
                   "   -4  -2  0   2\n"
                   "       . . . .        .  1 Good               47   90.38 %\n"
                   " 2   . . . . . 3      5  5 Leakage             3    5.77 %\n"
                   "   . . . . . . A 5    3  3 Continuity 连续性   1    1.92 %\n"
                   " 0 . . . . 5 . . .    A  12 Scan               1    1.92 %\n"
                   "   . 5 . . . . . .\n"
                   "-2 . . . . . . . .\n"
                   "     . . . . . .\n"
                   "-4     . . . .\n"
                   "           ^\n"
                   "X grows to the right, Y up.\n"
                   "Notch at the bottom.\n");
    expect_printed(&map, 0, 24, /* legend below, names cut */
                   "SAMPLE / wafer 7: sample\n"
                   "   -4  -2  0   2\n"
                   "       . . . .\n"
                   " 2   . . . . . 3\n"
                   "   . . . . . . A 5\n"
                   " 0 . . . . 5 . . .\n"
                   "   . 5 . . . . . .\n"
                   "-2 . . . . . . . .\n"
                   "     . . . . . .\n"
                   "-4     . . . .\n"
                   "           ^\n"
                   "\n"
                   ".  1 Good    47   90.38 %\n"
                   "5  5 Leakag   3    5.77 %\n"
                   "3  3 Contin   1    1.92 %\n"
                   "A  12 Scan    1    1.92 %\n"
                   "X grows to the right, Y up.\n"
                   "Notch at the bottom.\n");
    sample_free(&map);
    map = sample_values(8, &up, &none);
    expect_printed(&map, 0, 60,
                   "SAMPLE / wafer 7: sample\n"
                   "   -4  -2  0   2\n"
                   "       + 7 7 7        1 0123456789 3 uA\n"
                   " 2   + 7 5 4 5 7      -  below 1.1 uA   1    1.92 %\n"
                   "   + 7 5 3 2 3 5 7    +  above 2.8 uA  15   28.85 %\n"
                   " 0 + 7 4 2 - 2 4 7\n"
                   "   + 7 5 3 2 3 5 7\n"
                   "-2 + + 7 5 4 5 7 +\n"
                   "     + + 7 7 7 +\n"
                   "-4     + + + +\n"
                   "           ^\n"
                   "X grows to the right, Y up.\n"
                   "Notch at the bottom.\n");
    sample_free(&map);
}

static void thinned(void **state)
{
    (void)state;
    struct xl_map map = sample_bins(40, &up, &none);
    expect_printed(&map, 0, 30,
                   "SAMPLE / wafer 7: sample\n"
                   "    -20  -10  0    10\n"
                   " 19       ........\n"
                   "        ..........33\n"
                   "       ...........333\n"
                   "      ............3333\n"
                   "     .............33333\n"
                   "  9  ..............3333\n"
                   "    ...................5\n"
                   "    ....................\n"
                   "    ....................\n"
                   "    ....................\n"
                   " -1 ....................\n"
                   "    ....................\n"
                   "    ....................\n"
                   "    ....................\n"
                   "     ..................\n"
                   "-11  ..................\n"
                   "      ................\n"
                   "       ..............\n"
                   "        ............\n"
                   "          ........\n"
                   "              ^\n"
                   "\n"
                   ".  1 Good      1201   95.02 %\n"
                   "5  5 Leakage     13    1.03 %\n"
                   "3  3 Continui    49    3.88 %\n"
                   "A  12 Scan        1    0.08 %\n"
                   "X grows to the right, Y up.\n"
                   "Notch at the bottom.\n"
                   "Too wide for here: each cell stands for 2 x 2 dice and shows the most frequent.\n");
    sample_free(&map);
}

/* Notch and axes turn with the wafer. */
static void turned(void **state)
{
    (void)state;
    struct xl_corrections corrections = {.rotate = 90};
    struct xl_map map = sample_bins(8, &up, &corrections);
    char *text = printed(&map, 0, 60);
    assert_non_null(strstr(text, "X grows down, Y to the right.\nNotch on the left.\n"));
    assert_non_null(strstr(text, "\n 0>.")); /* between the middle row and its label */
    free(text);
    sample_free(&map);
    corrections = (struct xl_corrections){.rotate = 270};
    map = sample_bins(8, &up, &corrections);
    text = printed(&map, 0, 60);
    assert_non_null(strstr(text, "X grows up, Y to the left.\nNotch on the right.\n"));
    assert_non_null(strstr(text, " <"));
    free(text);
    sample_free(&map);
}

/* A terminal of half cells: reads what was printed back into colours. */
struct terminal {
    int cells[256][256]; /* -1: the ground */
    int rows, columns;
};
static void play(struct terminal *terminal, const char *text, int mode)
{
    int front = -1, back = -1, row = 0, column = 0;
    memset(terminal, 0xff, sizeof *terminal);
    for (const char *at = text; *at;) {
        int code[5] = {0}, length = 0;
        if (at[0] == '\033') {
            at += 2;
            for (char *end; *at != 'm'; at = *end == ';' ? end + 1 : end)
                code[length++] = (int)strtol(at, &end, 10);
            at++;
            int colour = mode == 1 << 24 ? code[2] << 16 | code[3] << 8 | code[4] : code[2];
            if (code[0] == 0)
                front = back = -1;
            else if (code[0] == 38)
                front = colour;
            else if (code[0] == 48)
                back = colour;
            else if (code[0] == 39)
                front = -1;
            else if (code[0] == 49)
                back = -1;
            else if (mode == 16)
                *(code[0] >= 100 || (code[0] >= 40 && code[0] < 50) ? &back : &front) = code[0] % 10 + (code[0] >= 90 ? 8 : 0);
            continue;
        }
        if (*at == '\n') {
            row += 2;
            column = 0;
            at++;
            continue;
        }
        int upper = back, lower = back;
        if (strncmp(at, "▀", 3) == 0)
            upper = front;
        if (strncmp(at, "▄", 3) == 0)
            lower = front;
        if (row < 254 && column < 256) {
            terminal->cells[row][column] = upper;
            terminal->cells[row + 1][column] = lower;
        }
        column++;
        utf8_next(&at, at + 8);
    }
}

static void half_cells_have_the_dice_colours(void **state)
{
    (void)state;
    static struct terminal terminal;
    struct xl_map map = sample_bins(31, &up, &none); /* an odd number of rows: the last line is half empty */
    char *text = printed(&map, 1 << 24, 100);
    play(&terminal, text, 1 << 24);
    for (uint32_t row = 0; row <= map.rows; row++)
        for (uint32_t column = 0; column < map.columns; column++) {
            float value = row < map.rows ? map.values[row * map.columns + column] : NAN;
            int wanted = -1;
            for (size_t i = 0; i < map.legend_count; i++)
                if (map.legend[i].value == value)
                    wanted = (int)map.legend[i].rgb;
            assert_int_equal(terminal.cells[4 + row][4 + column], wanted); /* after title and axis, beside the labels */
        }
    free(text);
    /* 256 and 16 colours: the same shape, a colour for each bin. */
    for (uint32_t colours = 16; colours <= 256; colours += 240) {
        int of_bin[16];
        memset(of_bin, 0xff, sizeof of_bin);
        text = printed(&map, colours, 100);
        play(&terminal, text, (int)colours);
        for (uint32_t row = 0; row < map.rows; row++)
            for (uint32_t column = 0; column < map.columns; column++) {
                float value = map.values[row * map.columns + column];
                int cell = terminal.cells[4 + row][4 + column];
                assert_true(isnan(value) == (cell == -1));
                if (isnan(value))
                    continue;
                if (of_bin[(int)value] == -1)
                    of_bin[(int)value] = cell;
                assert_int_equal(cell, of_bin[(int)value]);
            }
        assert_int_not_equal(of_bin[1], of_bin[5]);
        assert_int_not_equal(of_bin[1], of_bin[3]);
        assert_int_not_equal(of_bin[3], of_bin[5]);
        assert_int_not_equal(of_bin[5], of_bin[12]);
        free(text);
    }
    sample_free(&map);
}

/* No line is wider than the terminal, whatever its width. */
static void fits(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 5, 26, 57, 300};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct xl_map map = s % 2 ? sample_values(sizes[s], &up, &none) : sample_bins(sizes[s], &up, &none);
        for (uint32_t columns = 40; columns <= 160; columns += 30) {
            char *text = printed(&map, 0, columns);
            char *remarks = strstr(text, "X grows");
            assert_non_null(remarks);
            *remarks = 0;
            for (char *line = text; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != 0)) {
                char one[1000] = "";
                memcpy(one, line, strcspn(line, "\n"));
                assert_in_range(utf8_width(one), 0, columns);
            }
            free(text);
        }
        sample_free(&map);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(plain), cmocka_unit_test(thinned), cmocka_unit_test(turned), cmocka_unit_test(half_cells_have_the_dice_colours),
        cmocka_unit_test(fits),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
