/* csv.c: tables as CSV, long and wide. Blocks of rows are formatted by several threads into buffers of their own and written in order.
 *
 * Results stand in columns and are written in rows: a block is first turned round, TILE_ROWS rows at a time, so that each cache line of a
 * column is read once. */
#include "engine/wafer/csv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"

enum {
    TILE_ROWS = 16,        /* floats of one cache line */
    BLOCK_CELLS = 1 << 17, /* cells of a block: about a megabyte of text */
    THREADS_MOST = 64,
};

/* ---- A part run's own cells ---------------------------------------------------------------------------------------- */

static void put_bytes(struct csv_buffer *b, const struct xl_bytes *bytes, bool excel)
{
    csv_put_text(b, (const char *)bytes->bytes, bytes->length, excel);
}

static void put_maybe(struct csv_buffer *b, int64_t number, int64_t none)
{
    if (number != none)
        csv_put_whole(b, number);
}

static const char *lot_of(const struct csv_sheet *sheet, const struct xl_table *table)
{
    return sheet->options->lot ? sheet->options->lot : table->lot;
}

static const char *wafer_of(const struct csv_sheet *sheet, const struct xl_table *table)
{
    return sheet->options->wafer ? sheet->options->wafer : table->wafer;
}

static bool passed(const struct csv_sheet *sheet, const struct xl_table *table, const struct xl_part_group *group, uint32_t at)
{
    return xl_part_passed(table, group, at, sheet->options->pass_bins, sheet->options->pass_bin_count, NULL);
}

static bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void put_marks(struct csv_buffer *b, const struct csv_sheet *sheet, size_t t, const struct xl_part_group *group, uint32_t at)
{
    const struct xl_bytes *marks = &group->marks[at];
    const size_t begin = b->length;
    for (uint32_t i = 0; i + sizeof(struct xl_mark) <= marks->length; i += (uint32_t)sizeof(struct xl_mark)) {
        struct xl_mark mark;
        memcpy(&mark, marks->bytes + i, sizeof mark);
        if (mark.column >= sheet->tables[t]->column_count || sheet->file_column[t][mark.column] == CSV_LEFT_OUT)
            continue;
        if (b->length > begin)
            csv_put_char(b, ' ');
        csv_put_whole(b, sheet->file_column[t][mark.column]);
        csv_put_char(b, ':');
        csv_put_hex(b, mark.test_flag, 2);
        csv_put_char(b, ':');
        csv_put_hex(b, mark.parm_flag, 2);
        if (mark.is_excluded)
            csv_put(b, ":x", 2);
        const float *values = group->values[mark.column];
        float cell = values ? values[at] : 0;
        if (!values)
            memcpy(&cell, &(const uint32_t){XL_MISSING_BITS}, sizeof cell);
        if (!same_bits(cell, mark.value)) {
            csv_put_char(b, ':');
            csv_put_float(b, mark.value);
        }
    }
}

static void put_part(struct csv_buffer *b, const struct csv_sheet *sheet, size_t t, const struct xl_part_group *group, uint32_t at)
{
    const struct xl_table *table = sheet->tables[t];
    const bool excel = sheet->options->excel;
    csv_put_whole(b, group->ordinal[at]);
    csv_put_char(b, ',');
    csv_put_string(b, lot_of(sheet, table), excel);
    csv_put_char(b, ',');
    csv_put_string(b, table->sublot, excel);
    csv_put_char(b, ',');
    csv_put_string(b, wafer_of(sheet, table), excel);
    csv_put_char(b, ',');
    put_bytes(b, &group->part_id[at], excel);
    csv_put_char(b, ',');
    put_maybe(b, group->x[at], XL_NO_COORDINATE);
    csv_put_char(b, ',');
    put_maybe(b, group->y[at], XL_NO_COORDINATE);
    csv_put_char(b, ',');
    csv_put_whole(b, group->hard_bin[at]);
    csv_put_char(b, ',');
    put_maybe(b, group->soft_bin[at], XL_NO_BIN);
    csv_put_char(b, ',');
    csv_put_char(b, passed(sheet, table, group, at) ? '1' : '0');
    csv_put_char(b, ',');
    csv_put_whole(b, group->head[at]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->site[at]);
    csv_put_char(b, ',');
    put_bytes(b, &group->part_text[at], excel);
    csv_put_char(b, ',');
    csv_put_whole(b, group->flags[at]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->tests[at]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->executed[at]);
    csv_put_char(b, ',');
    put_maybe(b, group->test_ms[at], 0);
    csv_put_char(b, ',');
    csv_put_whole(b, group->touch[at]);
    csv_put_char(b, ',');
    const int32_t first = group->first_fail[at];
    if (first >= 0 && (size_t)first < table->column_count && sheet->file_column[t][first] != CSV_LEFT_OUT)
        csv_put_whole(b, sheet->file_column[t][first]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->begin[at]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->end[at]);
    csv_put_char(b, ',');
    csv_put_char(b, table->is_wafer ? '1' : '0');
    csv_put_char(b, ',');
    csv_put_string(b, table->source, excel);
    csv_put_char(b, ',');
    put_marks(b, sheet, t, group, at);
}

/* ---- Wide ---------------------------------------------------------------------------------------------------------- */

static void put_line_cell(struct csv_buffer *b, const struct csv_sheet *sheet, enum csv_line line, const struct xl_column *column)
{
    const struct xl_test *test = &sheet->all.tests[column->test];
    const bool excel = sheet->options->excel;
    switch (line) {
    case CSV_LINE_number:
        csv_put_whole(b, test->number);
        return;
    case CSV_LINE_name:
        csv_put_string(b, test->name, excel);
        return;
    case CSV_LINE_units:
        csv_put_string(b, test->units, excel);
        return;
    case CSV_LINE_low:
        csv_put_limit(b, test->low);
        return;
    case CSV_LINE_high:
        csv_put_limit(b, test->high);
        return;
    case CSV_LINE_low_spec:
        csv_put_limit(b, test->low_spec);
        return;
    case CSV_LINE_high_spec:
        csv_put_limit(b, test->high_spec);
        return;
    case CSV_LINE_limits: {
        static const char *const words[2][2][2] = {
            {{"unknown", "unknown high-passes"}, {"unknown low-passes", "unknown low-passes high-passes"}},
            {{"known", "known high-passes"}, {"known low-passes", "known low-passes high-passes"}},
        };
        csv_put_string(b, words[test->limits_known][test->low_inclusive][test->high_inclusive], false);
        return;
    }
    case CSV_LINE_kind:
        csv_put_string(b, csv_kind_names[test->kind], false);
        return;
    case CSV_LINE_test:
        csv_put_whole(b, column->test);
        return;
    case CSV_LINE_pin: {
        if (column->pin == 0 && column->pin_index == 0 && !column->pin_name[0])
            return;
        struct csv_buffer pin = {0};
        csv_put_whole(&pin, column->pin);
        csv_put_char(&pin, ' ');
        csv_put_whole(&pin, column->pin_index);
        csv_put_char(&pin, ' ');
        csv_put(&pin, column->pin_name, strlen(column->pin_name));
        csv_put_text(b, pin.bytes, pin.length, excel);
        free(pin.bytes);
        return;
    }
    case CSV_LINE_execution:
        csv_put_whole(b, column->execution);
        return;
    case CSV_LINE_format: {
        struct csv_buffer format = {0};
        csv_put_whole(&format, test->result_scale);
        csv_put_char(&format, ' ');
        csv_put_whole(&format, test->low_scale);
        csv_put_char(&format, ' ');
        csv_put_whole(&format, test->high_scale);
        csv_put_char(&format, ' ');
        csv_put(&format, test->result_format, strlen(test->result_format));
        csv_put_text(b, format.bytes, format.length, excel);
        free(format.bytes);
        return;
    }
    case CSV_LINE_count:
        csv_put_whole(b, (int64_t)test->executed);
        return;
    case CSV_LINE_COUNT:
        return;
    }
}

static void put_head(struct csv_buffer *b, const struct csv_sheet *sheet)
{
    const bool excel = sheet->options->excel;
    if (excel)
        csv_put(b, "\xef\xbb\xbf", 3);
    for (size_t i = 0; i < CSV_PART_COUNT; i++) {
        if (i)
            csv_put_char(b, ',');
        csv_put(b, csv_part_names[i], strlen(csv_part_names[i]));
    }
    char **names = xl_column_names(&sheet->all);
    for (size_t c = 0; c < sheet->all.column_count; c++) {
        csv_put_char(b, ',');
        csv_put_string(b, names[c], excel);
    }
    free(names);
    csv_put(b, sheet->line_end, strlen(sheet->line_end));
    for (size_t line = 0; line < CSV_LINE_COUNT; line++) {
        csv_put_char(b, '#');
        csv_put(b, csv_line_names[line], strlen(csv_line_names[line]));
        for (size_t i = 1; i < CSV_PART_COUNT; i++)
            csv_put_char(b, ',');
        for (size_t c = 0; c < sheet->all.column_count; c++) {
            csv_put_char(b, ',');
            put_line_cell(b, sheet, (enum csv_line)line, &sheet->all.columns[c]);
        }
        csv_put(b, sheet->line_end, strlen(sheet->line_end));
    }
}

/* Rows of a group, turned round: tile[row * columns + column]. */
static void turn(const struct csv_sheet *sheet, size_t t, const struct xl_part_group *group, uint32_t from, uint32_t rows, float *tile)
{
    const size_t columns = sheet->all.column_count;
    const int32_t *column_of = sheet->column_of[t];
    float none;
    memcpy(&none, &(const uint32_t){XL_MISSING_BITS}, sizeof none);
    for (size_t c = 0; c < columns; c++) {
        const float *values = column_of[c] == CSV_NO_COLUMN ? NULL : group->values[column_of[c]];
        if (values)
            for (uint32_t r = 0; r < rows; r++)
                tile[r * columns + c] = values[from + r];
        else
            for (uint32_t r = 0; r < rows; r++)
                tile[r * columns + c] = none;
    }
}

static void put_results(struct csv_buffer *b, const float *values, size_t count)
{
    /* 17 bytes a cell at most: the check once a row pays. */
    csv_room(b, count * 17);
    char *at = b->bytes + b->length;
    for (size_t c = 0; c < count; c++) {
        *at++ = ',';
        const float value = values[c];
        if (__builtin_expect(value == value, 1)) {
            at += float_text(value, at);
        } else if (!xl_is_missing(value)) {
            b->length = (size_t)(at - b->bytes);
            csv_put_nan(b, value);
            csv_room(b, (count - c) * 17);
            at = b->bytes + b->length;
        }
    }
    b->length = (size_t)(at - b->bytes);
}

/* ---- Long ---------------------------------------------------------------------------------------------------------- */

static const char long_head[] =
    "lot,sublot,wafer,ordinal,part_id,x,y,head,site,hard_bin,soft_bin,passed,kind,number,name,pin,pin_name,execution,value,"
    "units,low,high,test_flag,parm_flag,excluded,source";

/* What is the same for every result of a column. */
static void long_prepare(struct csv_sheet *sheet)
{
    const bool excel = sheet->options->excel;
    sheet->lead = memory_new(sheet->all.column_count, sizeof *sheet->lead);
    sheet->tail = memory_new(sheet->all.column_count, sizeof *sheet->tail);
    for (size_t c = 0; c < sheet->all.column_count; c++) {
        const struct xl_column *column = &sheet->all.columns[c];
        const struct xl_test *test = &sheet->all.tests[column->test];
        struct csv_buffer *b = &sheet->lead[c];
        csv_put(b, csv_kind_names[test->kind], 3);
        csv_put_char(b, ',');
        csv_put_whole(b, test->number);
        csv_put_char(b, ',');
        csv_put_string(b, test->name, excel);
        csv_put_char(b, ',');
        if (test->kind == XL_TEST_MPR)
            csv_put_whole(b, column->pin);
        csv_put_char(b, ',');
        csv_put_string(b, column->pin_name, excel);
        csv_put_char(b, ',');
        csv_put_whole(b, column->execution);
        csv_put_char(b, ',');
        b = &sheet->tail[c];
        csv_put_char(b, ',');
        csv_put_string(b, test->units, excel);
        csv_put_char(b, ',');
        csv_put_limit(b, test->low);
        csv_put_char(b, ',');
        csv_put_limit(b, test->high);
        csv_put_char(b, ',');
    }
}

static void put_long_part(struct csv_buffer *b, const struct csv_sheet *sheet, size_t t, const struct xl_part_group *group, uint32_t at)
{
    const struct xl_table *table = sheet->tables[t];
    const bool excel = sheet->options->excel;
    csv_put_string(b, lot_of(sheet, table), excel);
    csv_put_char(b, ',');
    csv_put_string(b, table->sublot, excel);
    csv_put_char(b, ',');
    csv_put_string(b, wafer_of(sheet, table), excel);
    csv_put_char(b, ',');
    csv_put_whole(b, group->ordinal[at]);
    csv_put_char(b, ',');
    put_bytes(b, &group->part_id[at], excel);
    csv_put_char(b, ',');
    put_maybe(b, group->x[at], XL_NO_COORDINATE);
    csv_put_char(b, ',');
    put_maybe(b, group->y[at], XL_NO_COORDINATE);
    csv_put_char(b, ',');
    csv_put_whole(b, group->head[at]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->site[at]);
    csv_put_char(b, ',');
    csv_put_whole(b, group->hard_bin[at]);
    csv_put_char(b, ',');
    put_maybe(b, group->soft_bin[at], XL_NO_BIN);
    csv_put_char(b, ',');
    csv_put_char(b, passed(sheet, table, group, at) ? '1' : '0');
    csv_put_char(b, ',');
}

/* Per thread: the marks of a row by column. */
struct marked {
    struct xl_mark *marks; /* by column of the file */
    uint8_t *there;
};

static void put_long_rows(struct csv_buffer *b, const struct csv_sheet *sheet, size_t t, const struct xl_part_group *group, uint32_t at,
                          const float *values, struct marked *marked)
{
    struct csv_buffer part = {0};
    put_long_part(&part, sheet, t, group, at);
    const struct xl_bytes *marks = &group->marks[at];
    const size_t mark_count = marks->length / sizeof(struct xl_mark);
    for (size_t i = 0; i < mark_count; i++) {
        struct xl_mark mark;
        memcpy(&mark, marks->bytes + i * sizeof mark, sizeof mark);
        if (mark.column >= sheet->tables[t]->column_count || sheet->file_column[t][mark.column] == CSV_LEFT_OUT)
            continue;
        const uint32_t column = sheet->file_column[t][mark.column];
        marked->marks[column] = mark;
        marked->there[column] = 1;
    }
    const char *source = sheet->tables[t]->source;
    for (size_t c = 0; c < sheet->all.column_count; c++) {
        const bool there = marked->there[c];
        if (xl_is_missing(values[c]) && !there)
            continue;
        const struct xl_mark *mark = there ? &marked->marks[c] : NULL;
        csv_put(b, part.bytes, part.length);
        csv_put(b, sheet->lead[c].bytes, sheet->lead[c].length);
        csv_put_float(b, xl_is_missing(values[c]) && mark ? mark->value : values[c]);
        csv_put(b, sheet->tail[c].bytes, sheet->tail[c].length);
        csv_put_whole(b, mark ? mark->test_flag : 0);
        csv_put_char(b, ',');
        csv_put_whole(b, mark ? mark->parm_flag : 0);
        csv_put_char(b, ',');
        csv_put_char(b, mark && mark->is_excluded ? '1' : '0');
        csv_put_char(b, ',');
        csv_put_string(b, source, sheet->options->excel);
        csv_put(b, sheet->line_end, strlen(sheet->line_end));
        marked->there[c] = 0;
    }
    free(part.bytes);
}

/* ---- Blocks, threads, order ---------------------------------------------------------------------------------------- */

struct block {
    size_t table;
    const struct xl_part_group *group;
    uint64_t first_row; /* of the group, in the table */
    uint32_t from, rows;
};
struct work {
    struct csv_sheet *sheet;
    struct block *blocks;
    size_t block_count;
    atomic_size_t next;
    struct xl_sink sink;
    struct xl_error *error;
    enum xl_language language;

    pthread_mutex_t lock;
    pthread_cond_t turned;
    size_t turn; /* the block that may be written */
    uint64_t rows_done, rows;
    bool failed;
};

static void format_block(const struct csv_sheet *sheet, const struct block *block, float *tile, struct marked *marked, struct csv_buffer *b)
{
    const size_t columns = sheet->all.column_count;
    for (uint32_t from = block->from; from < block->from + block->rows; from += TILE_ROWS) {
        const uint32_t left = block->from + block->rows - from, rows = left < TILE_ROWS ? left : TILE_ROWS;
        turn(sheet, block->table, block->group, from, rows, tile);
        for (uint32_t r = 0; r < rows; r++) {
            const uint32_t at = from + r;
            if (sheet->options->keep && !sheet->options->keep(sheet->options->context, block->table, block->first_row + at))
                continue;
            if (sheet->options->shape == XL_CSV_LONG) {
                put_long_rows(b, sheet, block->table, block->group, at, tile + r * columns, marked);
                continue;
            }
            put_part(b, sheet, block->table, block->group, at);
            put_results(b, tile + r * columns, columns);
            csv_put(b, sheet->line_end, strlen(sheet->line_end));
        }
    }
}

/* Writes when it is this block's turn. False when the work has failed. */
static bool write_in_turn(struct work *work, size_t number, const struct csv_buffer *b)
{
    pthread_mutex_lock(&work->lock);
    while (work->turn != number && !work->failed)
        pthread_cond_wait(&work->turned, &work->lock);
    if (!work->failed && b->length && !work->sink.write(work->sink.context, b->bytes, b->length, work->error))
        work->failed = true;
    work->turn = number + 1;
    work->rows_done += work->blocks[number].rows;
    const bool good = !work->failed;
    pthread_cond_broadcast(&work->turned);
    pthread_mutex_unlock(&work->lock);
    return good;
}

static void blocks_do(struct work *work, bool is_caller)
{
    const struct csv_sheet *sheet = work->sheet;
    const size_t columns = sheet->all.column_count;
    float *tile = memory_new(TILE_ROWS * (columns + 1), sizeof *tile);
    struct marked marked = {.marks = memory_new(columns, sizeof *marked.marks), .there = memory_new(columns, 1)};
    struct csv_buffer buffer = {0};
    for (;;) {
        const size_t number = atomic_fetch_add(&work->next, 1);
        if (number >= work->block_count)
            break;
        buffer.length = 0;
        format_block(sheet, &work->blocks[number], tile, &marked, &buffer);
        if (!write_in_turn(work, number, &buffer))
            break;
        const struct xl_progress *progress = &sheet->options->progress;
        if (is_caller && progress->report && !progress->report(progress->context, work->rows_done, work->rows)) {
            pthread_mutex_lock(&work->lock);
            xl_fail(work->error, "cancelled", _("Cancelled."));
            work->failed = true;
            pthread_cond_broadcast(&work->turned);
            pthread_mutex_unlock(&work->lock);
            break;
        }
    }
    free(tile);
    free(marked.marks);
    free(marked.there);
    free(buffer.bytes);
}

static void *helper(void *context)
{
    struct work *work = context;
    xl_language_set(work->language);
    blocks_do(work, false);
    return NULL;
}

static void cut_into_blocks(struct work *work)
{
    const struct csv_sheet *sheet = work->sheet;
    uint32_t rows = (uint32_t)(BLOCK_CELLS / (sheet->all.column_count + CSV_PART_COUNT));
    rows = rows < TILE_ROWS ? TILE_ROWS : rows / TILE_ROWS * TILE_ROWS;
    size_t capacity = 0;
    for (size_t t = 0; t < sheet->table_count; t++) {
        uint64_t first_row = 0;
        for (size_t g = 0; g < sheet->tables[t]->group_count; g++) {
            const struct xl_part_group *group = &sheet->tables[t]->groups[g];
            for (uint32_t from = 0; from < group->rows; from += rows) {
                if (work->block_count == capacity) {
                    capacity = capacity ? capacity * 2 : 256;
                    work->blocks = memory_grow(work->blocks, capacity, sizeof *work->blocks);
                }
                const uint32_t left = group->rows - from;
                work->blocks[work->block_count++] =
                    (struct block){.table = t, .group = group, .first_row = first_row, .from = from, .rows = left < rows ? left : rows};
            }
            first_row += group->rows;
            work->rows += group->rows;
        }
    }
}

bool xl_csv_write(const struct xl_table *const *tables, size_t count, const struct xl_csv_options *options, struct xl_sink sink,
                  struct xl_error *error)
{
    struct csv_sheet sheet = {
        .tables = tables, .table_count = count, .options = options, .arena = arena_new(), .line_end = options->excel ? "\r\n" : "\n"};
    csv_sheet_join(&sheet);
    struct csv_buffer head = {0};
    if (options->shape == XL_CSV_LONG) {
        long_prepare(&sheet);
        if (options->excel)
            csv_put(&head, "\xef\xbb\xbf", 3);
        csv_put(&head, long_head, sizeof long_head - 1);
        csv_put(&head, sheet.line_end, strlen(sheet.line_end));
    } else {
        put_head(&head, &sheet);
    }
    bool good = sink.write(sink.context, head.bytes, head.length, error);
    free(head.bytes);

    struct work work = {.sheet = &sheet,
                        .sink = sink,
                        .error = error,
                        .language = xl_language_get(),
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .turned = PTHREAD_COND_INITIALIZER,
                        .failed = !good};
    cut_into_blocks(&work);
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = options->threads ? options->threads : processors > 0 ? (size_t)processors : 1;
    threads = threads > work.block_count ? work.block_count : threads;
    threads = threads > THREADS_MOST ? THREADS_MOST : threads;
    pthread_t helpers[THREADS_MOST];
    size_t started = 0;
    while (good && started + 1 < threads && pthread_create(&helpers[started], NULL, helper, &work) == 0)
        started++;
    if (good)
        blocks_do(&work, true);
    for (size_t i = 0; i < started; i++)
        pthread_join(helpers[i], NULL);
    good = !work.failed;
    pthread_mutex_destroy(&work.lock);
    pthread_cond_destroy(&work.turned);
    for (size_t c = 0; sheet.lead && c < sheet.all.column_count; c++) {
        free(sheet.lead[c].bytes);
        free(sheet.tail[c].bytes);
    }
    free(sheet.lead);
    free(sheet.tail);
    free(work.blocks);
    arena_free(sheet.arena);
    return good;
}
