/* csv_read.c: a wide CSV of ours back into tables. The text is never trusted: every cell is parsed whole or refused with its line's number.
 */
#include "engine/wafer/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"

enum { TABLES_MOST = 100000, COLUMNS_MOST = 1 << 20, MARKS_MOST = 1 << 22 };

struct cell {
    char *text; /* NUL-terminated, in the reader's row buffer */
    size_t length;
};

struct csv_row {
    int32_t whole[CSV_PART_COUNT]; /* of the columns that are numbers */
    int64_t test_ms, begin, end;
    struct xl_bytes part_id, part_text, marks;
    float *values; /* one a column */
};

/* One table being read: rows in the order of the text. */
struct gathered_table {
    const char *lot, *sublot, *wafer, *source;
    bool is_wafer;
    struct csv_row *rows;
    size_t count, capacity;
};

struct reader {
    struct xl_tables tables; /* first: xl_tables_free frees the whole by `release` */
    struct arena *arena;
    struct xl_table **list;
    struct xl_findings *findings;

    const char *at, *end;
    bool excel;
    uint64_t line;
    char *row; /* the cells of the row, unquoted */
    size_t row_capacity;
    struct cell *cells;
    size_t cell_count, cell_capacity;
    struct xl_error *error;

    size_t column_count, test_count;
    struct xl_column *columns;
    struct xl_test *tests;
    struct gathered_table *gathered;
    size_t gathered_count, gathered_capacity, last;
};

static bool refuse(struct reader *r, const char *what)
{
    return xl_fail(r->error, "csv_line", _("Line %llu of the CSV does not fit: %s."), (unsigned long long)r->line, what);
}

/* ---- Rows of cells ------------------------------------------------------------------------------------------------- */

/* Undoes what `excel` did to a text: ="0012" and a ' in front. */
static struct cell plain_cell(const struct reader *r, struct cell cell)
{
    if (!r->excel || !cell.length)
        return cell;
    if (cell.length >= 3 && cell.text[0] == '=' && cell.text[1] == '"' && cell.text[cell.length - 1] == '"') {
        cell.text[cell.length - 1] = 0;
        return (struct cell){cell.text + 2, cell.length - 3};
    }
    if (cell.text[0] == '\'')
        return (struct cell){cell.text + 1, cell.length - 1};
    return cell;
}

static void add_cell(struct reader *r, char *text, size_t length)
{
    if (r->cell_count == r->cell_capacity) {
        r->cell_capacity = r->cell_capacity ? r->cell_capacity * 2 : 256;
        r->cells = memory_grow(r->cells, r->cell_capacity, sizeof *r->cells);
    }
    r->cells[r->cell_count++] = (struct cell){text, length};
}

/* The length of the row that begins at r->at, its line end left out; `*next` is where the following one begins. */
static size_t row_length(const struct reader *r, const char **next)
{
    bool quoted = false;
    const char *at = r->at;
    for (; at < r->end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\n' && !quoted)
            break;
    }
    *next = at < r->end ? at + 1 : at;
    size_t length = (size_t)(at - r->at);
    if (length && at[-1] == '\r')
        length--;
    return length;
}

/* Splits the next row into cells. False at the end of the text, or with the error set. */
static bool next_row(struct reader *r)
{
    if (r->at >= r->end)
        return false;
    r->line++;
    const char *next;
    const size_t length = row_length(r, &next);
    if (length + 1 > r->row_capacity) {
        r->row_capacity = (length + 1) * 2;
        r->row = memory_grow(r->row, r->row_capacity, 1);
    }
    r->cell_count = 0;
    const char *from = r->at, *const stop = r->at + length;
    char *to = r->row;
    /* Unquoting only shortens, and the comma after a cell makes room for its NUL. */
    for (;;) {
        char *const begin = to;
        if (from < stop && *from == '"') {
            for (from++; from < stop; from++) {
                if (*from == '"') {
                    if (from + 1 < stop && from[1] == '"')
                        from++;
                    else
                        break;
                }
                *to++ = *from;
            }
            if (from == stop)
                return refuse(r, _("a quotation mark is not closed"));
            from++;
            if (from < stop && *from != ',')
                return refuse(r, _("text follows a closing quotation mark"));
        } else {
            while (from < stop && *from != ',' && *from != '"')
                *to++ = *from++;
            if (from < stop && *from == '"')
                return refuse(r, _("a quotation mark inside a cell that does not begin with one"));
        }
        if (memchr(begin, 0, (size_t)(to - begin)))
            return refuse(r, _("a zero byte"));
        add_cell(r, begin, (size_t)(to - begin));
        *to++ = 0;
        if (from == stop)
            break;
        from++;
    }
    r->at = next;
    return true;
}

/* ---- Cells ---------------------------------------------------------------------------------------------------------- */

static bool whole_of(struct reader *r, struct cell cell, int64_t least, int64_t most, int64_t none, int64_t *value)
{
    *value = none;
    return !cell.length || parse_i64(cell.text, least, most, value) || refuse(r, _("a whole number is expected"));
}

static bool bits_of(const char *text, uint32_t *bits)
{
    *bits = 0;
    for (int i = 0; i < 8; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        *bits = *bits << 4 | (uint32_t)digit;
    }
    return true;
}

/* "1.5", "inf", "nan", "nan(7f800001)"; `none` for an empty one. */
static bool float_of(struct reader *r, const char *text, size_t length, float none, float *value)
{
    uint32_t bits = 0x7fc00000;
    *value = none;
    if (!length || parse_float(text, value))
        return true;
    if (length == 3 && memcmp(text, "inf", 3) == 0) {
        *value = INFINITY;
        return true;
    }
    if (length == 4 && memcmp(text, "-inf", 4) == 0) {
        *value = -INFINITY;
        return true;
    }
    const bool is_nan = (length == 3 && memcmp(text, "nan", 3) == 0) ||
                        (length == 13 && memcmp(text, "nan(", 4) == 0 && text[12] == ')' && bits_of(text + 4, &bits));
    if (!is_nan || (bits & 0x7fffffff) <= 0x7f800000)
        return refuse(r, _("a number is expected"));
    memcpy(value, &bits, sizeof bits);
    return true;
}

static float missing_value(void)
{
    float value;
    memcpy(&value, &(const uint32_t){XL_MISSING_BITS}, sizeof value);
    return value;
}

static struct xl_bytes kept_bytes(struct reader *r, struct cell cell)
{
    const struct cell plain = plain_cell(r, cell);
    return (struct xl_bytes){.bytes = arena_copy(r->arena, plain.text, plain.length), .length = (uint32_t)plain.length};
}

/* ---- The lines above the part runs ------------------------------------------------------------------------------------ */

static bool read_head(struct reader *r)
{
    if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0) {
        r->at += 3;
        r->excel = true;
    }
    bool ours = r->end - r->at > 8 && memcmp(r->at, "ordinal,", 8) == 0 && next_row(r) && r->cell_count >= CSV_PART_COUNT;
    for (size_t i = 0; ours && i < CSV_PART_COUNT; i++)
        ours = strcmp(r->cells[i].text, csv_part_names[i]) == 0;
    if (!ours) {
        if (r->error)
            *r->error = (struct xl_error){0};
        return xl_fail(r->error, "csv_foreign",
                       _("This is not a wide CSV of Xinlian: its first line does not begin with \"ordinal,lot,sublot\"."));
    }
    r->column_count = r->cell_count - CSV_PART_COUNT;
    if (r->column_count > COLUMNS_MOST)
        return refuse(r, _("too many columns"));
    r->columns = arena_take(r->arena, r->column_count, sizeof *r->columns);
    for (size_t c = 0; c < r->column_count; c++)
        r->columns[c].pin_name = "";
    return true;
}

/* The tests are made when the line "test" says which columns belong together: it stands after the lines that describe them, so the lines
 * are kept until all are there. */
struct head_lines {
    char *text[CSV_LINE_COUNT]; /* all cells of a line, each with its NUL */
    uint32_t *offsets[CSV_LINE_COUNT];
};

static void lines_free(struct head_lines *lines)
{
    for (size_t i = 0; i < CSV_LINE_COUNT; i++) {
        free(lines->text[i]);
        free(lines->offsets[i]);
    }
}

static bool keep_line(struct reader *r, struct head_lines *lines)
{
    size_t line = 0;
    while (line < CSV_LINE_COUNT && strcmp(r->cells[0].text + 1, csv_line_names[line]) != 0)
        line++;
    if (line == CSV_LINE_COUNT)
        return refuse(r, _("a line that is not known begins with #"));
    if (lines->text[line])
        return refuse(r, _("a line that begins with # comes twice"));
    if (r->cell_count != CSV_PART_COUNT + r->column_count)
        return refuse(r, _("it has another number of cells than the first"));
    size_t length = 1;
    for (size_t c = 0; c < r->column_count; c++)
        length += r->cells[CSV_PART_COUNT + c].length + 1;
    if (length > UINT32_MAX)
        return refuse(r, _("it is too long"));
    lines->text[line] = memory_new(length, 1);
    lines->offsets[line] = memory_new(r->column_count, sizeof **lines->offsets);
    uint32_t at = 0;
    for (size_t c = 0; c < r->column_count; c++) {
        const struct cell cell = plain_cell(r, r->cells[CSV_PART_COUNT + c]);
        memcpy(lines->text[line] + at, cell.text, cell.length + 1);
        lines->offsets[line][c] = at;
        at += (uint32_t)cell.length + 1;
    }
    return true;
}

static const char *line_cell(const struct head_lines *lines, enum csv_line line, size_t column)
{
    return lines->text[line] ? lines->text[line] + lines->offsets[line][column] : "";
}

static bool line_whole(struct reader *r, const struct head_lines *lines, enum csv_line line, size_t column, int64_t least, int64_t most,
                       int64_t *value)
{
    const char *text = line_cell(lines, line, column);
    *value = 0;
    return !*text || parse_i64(text, least, most, value) || refuse(r, _("a whole number is expected in the lines that begin with #"));
}

static bool line_float(struct reader *r, const struct head_lines *lines, enum csv_line line, size_t column, float *value)
{
    const char *text = line_cell(lines, line, column);
    return float_of(r, text, strlen(text), NAN, value);
}

/* "a b rest": two whole numbers, then text. */
static bool numbers_then_text(const char *text, int64_t *numbers, size_t count, int64_t least, int64_t most, const char **rest)
{
    for (size_t i = 0; i < count; i++) {
        char digits[24];
        const size_t length = strcspn(text, " ");
        if (length == 0 || length >= sizeof digits || text[length] != ' ')
            return false;
        memcpy(digits, text, length);
        digits[length] = 0;
        if (!parse_i64(digits, least, most, &numbers[i]))
            return false;
        text += length + 1;
    }
    *rest = text;
    return true;
}

static bool describe_test(struct reader *r, const struct head_lines *lines, size_t c, struct xl_test *test)
{
    int64_t number, executed, scales[3] = {0};
    const char *format = "", *kind = line_cell(lines, CSV_LINE_kind, c), *limits = line_cell(lines, CSV_LINE_limits, c);
    if (!line_whole(r, lines, CSV_LINE_number, c, 0, UINT32_MAX, &number) ||
        !line_whole(r, lines, CSV_LINE_count, c, INT64_MIN, INT64_MAX, &executed) || !line_float(r, lines, CSV_LINE_low, c, &test->low) ||
        !line_float(r, lines, CSV_LINE_high, c, &test->high) || !line_float(r, lines, CSV_LINE_low_spec, c, &test->low_spec) ||
        !line_float(r, lines, CSV_LINE_high_spec, c, &test->high_spec))
        return false;
    const char *scale_text = line_cell(lines, CSV_LINE_format, c);
    if (*scale_text && !numbers_then_text(scale_text, scales, 3, INT8_MIN, INT8_MAX, &format))
        return refuse(r, _("the line #format holds three scales and a format"));
    size_t k = 0;
    while (k < 4 && strcmp(kind, csv_kind_names[k]) != 0)
        k++;
    if (k == 4)
        return refuse(r, _("the line #kind holds PTR, MPR, FTR or STR"));
    test->kind = (enum xl_test_kind)k;
    test->number = (uint32_t)number;
    test->executed = (uint64_t)executed;
    test->name = arena_text(r->arena, line_cell(lines, CSV_LINE_name, c), strlen(line_cell(lines, CSV_LINE_name, c)));
    test->units = arena_text(r->arena, line_cell(lines, CSV_LINE_units, c), strlen(line_cell(lines, CSV_LINE_units, c)));
    test->result_format = arena_text(r->arena, format, strlen(format));
    test->result_scale = (int8_t)scales[0];
    test->low_scale = (int8_t)scales[1];
    test->high_scale = (int8_t)scales[2];
    test->limits_known = strncmp(limits, "known", 5) == 0;
    test->low_inclusive = strstr(limits, "low-passes") != NULL;
    test->high_inclusive = strstr(limits, "high-passes") != NULL;
    return true;
}

static bool make_tests(struct reader *r, const struct head_lines *lines)
{
    int64_t test, execution, pin[2];
    /* As many tests as the line says, each with at least one column. */
    for (size_t c = 0; c < r->column_count; c++) {
        if (!line_whole(r, lines, CSV_LINE_test, c, 0, (int64_t)r->column_count - 1, &test) ||
            !line_whole(r, lines, CSV_LINE_execution, c, 0, UINT32_MAX, &execution))
            return false;
        r->columns[c].test = (uint32_t)test;
        r->columns[c].execution = (uint32_t)execution;
        const char *text = line_cell(lines, CSV_LINE_pin, c), *name = "";
        if (*text) {
            if (!numbers_then_text(text, pin, 2, 0, UINT32_MAX, &name))
                return refuse(r, _("the line #pin holds position, PMR index and name"));
            r->columns[c].pin = (uint32_t)pin[0];
            r->columns[c].pin_index = (uint32_t)pin[1];
            r->columns[c].pin_name = arena_text(r->arena, name, strlen(name));
        }
        r->test_count = (size_t)test + 1 > r->test_count ? (size_t)test + 1 : r->test_count;
    }
    r->tests = arena_take(r->arena, r->test_count, sizeof *r->tests);
    uint32_t *const indexes = arena_take(r->arena, r->column_count, sizeof *indexes);
    size_t *const counts = memory_new(r->test_count + 1, sizeof *counts);
    for (size_t c = 0; c < r->column_count; c++)
        counts[r->columns[c].test + 1]++;
    bool good = true;
    for (size_t t = 0; t < r->test_count && good; t++)
        good = counts[t + 1] || refuse(r, _("the line #test leaves a test without a column"));
    for (size_t t = 0; t < r->test_count; t++) {
        counts[t + 1] += counts[t];
        r->tests[t].columns = indexes + counts[t];
    }
    for (size_t c = 0; c < r->column_count && good; c++) {
        struct xl_test *of = &r->tests[r->columns[c].test];
        if (of->column_count == 0)
            good = describe_test(r, lines, c, of);
        indexes[counts[r->columns[c].test] + of->column_count++] = (uint32_t)c;
    }
    free(counts);
    return good;
}

/* ---- Part runs -------------------------------------------------------------------------------------------------------- */

static struct gathered_table *table_of(struct reader *r, bool is_wafer)
{
    const char *lot = plain_cell(r, r->cells[CSV_PART_lot]).text, *sublot = plain_cell(r, r->cells[CSV_PART_sublot]).text;
    const char *wafer = plain_cell(r, r->cells[CSV_PART_wafer]).text, *source = plain_cell(r, r->cells[CSV_PART_source]).text;
    for (size_t i = 0; i < r->gathered_count; i++) {
        /* Mostly the same as the row before. */
        const size_t at = (r->last + i) % r->gathered_count;
        struct gathered_table *table = &r->gathered[at];
        if (table->is_wafer == is_wafer && strcmp(table->wafer, wafer) == 0 && strcmp(table->source, source) == 0 &&
            strcmp(table->lot, lot) == 0 && strcmp(table->sublot, sublot) == 0) {
            r->last = at;
            return table;
        }
    }
    if (r->gathered_count == TABLES_MOST) {
        refuse(r, _("more wafers than can be held"));
        return NULL;
    }
    if (r->gathered_count == r->gathered_capacity) {
        r->gathered_capacity = r->gathered_capacity ? r->gathered_capacity * 2 : 8;
        r->gathered = memory_grow(r->gathered, r->gathered_capacity, sizeof *r->gathered);
    }
    r->last = r->gathered_count++;
    r->gathered[r->last] = (struct gathered_table){.lot = arena_text(r->arena, lot, strlen(lot)),
                                                   .sublot = arena_text(r->arena, sublot, strlen(sublot)),
                                                   .wafer = arena_text(r->arena, wafer, strlen(wafer)),
                                                   .source = arena_text(r->arena, source, strlen(source)),
                                                   .is_wafer = is_wafer};
    return &r->gathered[r->last];
}

/* One mark: "column:flag:flag[:x][:value]", up to the next space. */
static bool mark_of(struct reader *r, char *text, const float *values, struct xl_mark *mark)
{
    char *parts[5];
    size_t count = 0;
    for (char *at = text; count < 5;) {
        parts[count++] = at;
        char *colon = strchr(at, ':');
        if (!colon)
            break;
        *colon = 0;
        at = colon + 1;
    }
    int64_t column;
    uint32_t flags[2];
    if (count < 3 || !parse_i64(parts[0], 0, (int64_t)r->column_count - 1, &column))
        return refuse(r, _("a mark is column:flags:flags"));
    for (size_t i = 0; i < 2; i++) {
        char eight[9] = "000000";
        if (strlen(parts[i + 1]) != 2)
            return refuse(r, _("a mark is column:flags:flags"));
        memcpy(eight + 6, parts[i + 1], 3);
        if (!bits_of(eight, &flags[i]))
            return refuse(r, _("a mark is column:flags:flags"));
    }
    *mark = (struct xl_mark){
        .column = (uint32_t)column, .test_flag = (uint8_t)flags[0], .parm_flag = (uint8_t)flags[1], .value = values[column]};
    size_t next = 3;
    if (next < count && strcmp(parts[next], "x") == 0) {
        mark->is_excluded = 1;
        next++;
    }
    if (next < count && !float_of(r, parts[next], strlen(parts[next]), missing_value(), &mark->value))
        return false;
    return next + 1 >= count || refuse(r, _("a mark has more parts than it can"));
}

static bool marks_of(struct reader *r, struct cell cell, const float *values, struct xl_bytes *marks)
{
    size_t count = cell.length ? 1 : 0;
    for (size_t i = 0; i < cell.length; i++)
        count += cell.text[i] == ' ';
    if (count > MARKS_MOST)
        return refuse(r, _("too many marks"));
    struct xl_mark *list = arena_take(r->arena, count, sizeof *list);
    char *at = cell.text;
    for (size_t i = 0; i < count; i++) {
        char *space = strchr(at, ' ');
        if (space)
            *space = 0;
        if (!mark_of(r, at, values, &list[i]))
            return false;
        at = space ? space + 1 : at;
    }
    *marks = (struct xl_bytes){.bytes = (const uint8_t *)list, .length = (uint32_t)(count * sizeof *list)};
    return true;
}

static bool read_part(struct reader *r)
{
    static const struct {
        enum csv_part part;
        int64_t least, most, none;
    } wholes[] = {
        {CSV_PART_ordinal, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_x, INT32_MIN, INT32_MAX, XL_NO_COORDINATE},
        {CSV_PART_y, INT32_MIN, INT32_MAX, XL_NO_COORDINATE},
        {CSV_PART_hard_bin, INT32_MIN, INT32_MAX, XL_NO_BIN},
        {CSV_PART_soft_bin, INT32_MIN, INT32_MAX, XL_NO_BIN},
        {CSV_PART_head, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_site, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_flags, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_tests, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_executed, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_touch, INT32_MIN, INT32_MAX, 0},
        {CSV_PART_first_fail, -1, COLUMNS_MOST, -1},
        {CSV_PART_is_wafer, 0, 1, 0},
    };
    if (r->cell_count != CSV_PART_COUNT + r->column_count)
        return refuse(r, _("it has another number of cells than the first"));
    struct csv_row row = {0};
    int64_t value;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        if (!whole_of(r, r->cells[wholes[i].part], wholes[i].least, wholes[i].most, wholes[i].none, &value))
            return false;
        row.whole[wholes[i].part] = (int32_t)value;
    }
    if (row.whole[CSV_PART_first_fail] >= (int64_t)r->column_count)
        return refuse(r, _("the first failing test names a column that is not there"));
    if (!whole_of(r, r->cells[CSV_PART_test_ms], INT64_MIN, INT64_MAX, 0, &row.test_ms) ||
        !whole_of(r, r->cells[CSV_PART_begin], INT64_MIN, INT64_MAX, 0, &row.begin) ||
        !whole_of(r, r->cells[CSV_PART_end], INT64_MIN, INT64_MAX, 0, &row.end))
        return false;
    row.values = arena_take(r->arena, r->column_count, sizeof *row.values);
    for (size_t c = 0; c < r->column_count; c++) {
        const struct cell *cell = &r->cells[CSV_PART_COUNT + c];
        if (!float_of(r, cell->text, cell->length, missing_value(), &row.values[c]))
            return false;
    }
    struct gathered_table *table = table_of(r, row.whole[CSV_PART_is_wafer]);
    if (!table)
        return false;
    row.part_id = kept_bytes(r, r->cells[CSV_PART_part_id]);
    row.part_text = kept_bytes(r, r->cells[CSV_PART_part_text]);
    if (!marks_of(r, r->cells[CSV_PART_marks], row.values, &row.marks))
        return false;
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 64;
        table->rows = memory_grow(table->rows, table->capacity, sizeof *table->rows);
    }
    table->rows[table->count++] = row;
    return true;
}

/* ---- Tables ------------------------------------------------------------------------------------------------------------ */

#define WHOLE_COLUMN(name)                                                                                                                 \
    do {                                                                                                                                   \
        int32_t *to = arena_take(r->arena, rows, sizeof *to);                                                                              \
        for (size_t i = 0; i < rows; i++)                                                                                                  \
            to[i] = from->rows[i].whole[CSV_PART_##name];                                                                                  \
        group->name = to;                                                                                                                  \
    } while (0)
#define OTHER_COLUMN(type, name)                                                                                                           \
    do {                                                                                                                                   \
        type *to = arena_take(r->arena, rows, sizeof *to);                                                                                 \
        for (size_t i = 0; i < rows; i++)                                                                                                  \
            to[i] = from->rows[i].name;                                                                                                    \
        group->name = to;                                                                                                                  \
    } while (0)

/* Floats of one column, 64-byte aligned; NULL when no row has one. */
static const float *column_of(struct reader *r, const struct gathered_table *from, size_t column)
{
    bool any = false;
    for (size_t i = 0; i < from->count && !any; i++)
        any = !xl_is_missing(from->rows[i].values[column]);
    if (!any)
        return NULL;
    char *room = arena_take(r->arena, from->count * sizeof(float) + 64, 1);
    float *values = (float *)(void *)(room + (64 - (uintptr_t)room % 64) % 64);
    for (size_t i = 0; i < from->count; i++)
        values[i] = from->rows[i].values[column];
    return values;
}

static struct xl_table *table_make(struct reader *r, const struct gathered_table *from)
{
    struct xl_table *table = arena_take(r->arena, 1, sizeof *table);
    struct xl_part_group *group = arena_take(r->arena, 1, sizeof *group);
    const size_t rows = from->count;
    group->rows = (uint32_t)rows;
    WHOLE_COLUMN(ordinal);
    WHOLE_COLUMN(head);
    WHOLE_COLUMN(site);
    WHOLE_COLUMN(x);
    WHOLE_COLUMN(y);
    WHOLE_COLUMN(hard_bin);
    WHOLE_COLUMN(soft_bin);
    WHOLE_COLUMN(flags);
    WHOLE_COLUMN(tests);
    WHOLE_COLUMN(executed);
    OTHER_COLUMN(int64_t, test_ms);
    WHOLE_COLUMN(touch);
    WHOLE_COLUMN(first_fail);
    OTHER_COLUMN(int64_t, begin);
    OTHER_COLUMN(int64_t, end);
    OTHER_COLUMN(struct xl_bytes, part_id);
    OTHER_COLUMN(struct xl_bytes, part_text);
    OTHER_COLUMN(struct xl_bytes, marks);
    const float **values = arena_take(r->arena, r->column_count, sizeof *values);
    for (size_t c = 0; c < r->column_count; c++)
        values[c] = column_of(r, from, c);
    group->values = values;
    *table = (struct xl_table){
        .source = from->source,
        .lot = from->lot,
        .sublot = from->sublot,
        .wafer = from->wafer,
        .product = "",
        .test_code = "",
        .program = "",
        .program_revision = "",
        .tester = "",
        .tester_type = "",
        .operator_name = "",
        .temperature = "",
        .is_wafer = from->is_wafer,
        .config = {.flat = ' ', .positive_x = ' ', .positive_y = ' ', .center_x = XL_NO_COORDINATE, .center_y = XL_NO_COORDINATE},
        .test_count = r->test_count,
        .tests = r->tests,
        .column_count = r->column_count,
        .columns = r->columns,
        .rows = rows,
        .group_count = 1,
        .groups = group,
        .findings = r->findings};
    return table;
}

static void reader_free(struct reader *r)
{
    for (size_t i = 0; i < r->gathered_count; i++)
        free(r->gathered[i].rows);
    free(r->gathered);
    free(r->cells);
    free(r->row);
    free(r->list);
    xl_findings_free(r->findings);
    arena_free(r->arena);
    free(r);
}

static void release(struct xl_tables *tables)
{
    reader_free((struct reader *)tables);
}

struct xl_tables *xl_csv_load(const void *bytes, size_t length, struct xl_error *error)
{
    struct xl_error own = {0};
    struct reader *r = memory_new(1, sizeof *r);
    r->arena = arena_new();
    r->at = bytes;
    r->end = r->at + length;
    r->error = &own;
    r->findings = xl_findings_new();
    struct head_lines lines = {0};
    bool good = read_head(r), parts = false;
    while (good && next_row(r)) {
        if (!parts && r->cells[0].text[0] == '#') {
            good = keep_line(r, &lines);
            continue;
        }
        good = parts || make_tests(r, &lines);
        parts = true;
        good = good && read_part(r);
    }
    good = good && !own.code[0] && (parts || make_tests(r, &lines));
    lines_free(&lines);
    if (!good) {
        if (error && !error->code[0])
            *error = own;
        reader_free(r);
        return NULL;
    }
    r->list = memory_new(r->gathered_count, sizeof *r->list);
    for (size_t i = 0; i < r->gathered_count; i++) {
        r->list[i] = table_make(r, &r->gathered[i]);
        free(r->gathered[i].rows);
        r->gathered[i].rows = NULL;
    }
    r->tables = (struct xl_tables){.count = r->gathered_count, .at = r->list, .findings = r->findings, .release = release};
    return &r->tables;
}
