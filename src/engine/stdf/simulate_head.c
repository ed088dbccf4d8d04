/* simulate_head.c: what a simulated file begins with: from FAR to the pins and scan chains. */
#include <string.h>

#include "base/error.h"
#include "engine/stdf/simulate_model.h"

struct xl_record_writer *sim_begin(struct sim_lot *lot, uint16_t type)
{
    xl_record_begin(&lot->writer, type, lot->big_endian, lot->record);
    return &lot->writer;
}

void sim_end(struct sim_lot *lot)
{
    size_t length = xl_record_end(&lot->writer);
    if (!length)
        BUG("a simulated record is too long");
    out_bytes(&lot->out, lot->record, length);
}

uint8_t sim_site(uint32_t index)
{
    return (uint8_t)(index + 1);
}

uint32_t sim_time(const struct sim_lot *lot)
{
    return (uint32_t)((uint64_t)lot->settings->start_time + lot->clock_us / 1000000);
}

static void mir_write(struct sim_lot *lot)
{
    const struct xl_simulation *s = lot->settings;
    bool breaks_text = s->breaks & XL_BREAK_TEXT;
    struct arena *arena = lot->program.arena;
    struct xl_record_writer *w = sim_begin(lot, XL_MIR);
    xl_put_u4(w, sim_time(lot) - 240);
    xl_put_u4(w, sim_time(lot));
    xl_put_u1(w, 1);
    xl_put_u1(w, 'P');
    xl_put_u1(w, s->pass == XL_PASS_RETEST ? 'Y' : s->pass == XL_PASS_FIRST ? 'N' : ' ');
    xl_put_u1(w, ' ');
    xl_put_u2(w, 65535);
    xl_put_u1(w, ' ');
    xl_put_cn(w, lot->name);
    xl_put_cn(w, lot->product);
    xl_put_cn(w, "ate-03");
    xl_put_cn(w, "VIRTUAL-800");
    xl_put_cn(w, arena_print(arena, "%s_%s", lot->product, s->wafers ? "CP1" : "FT1"));
    xl_put_cn(w, "1.07");
    xl_put_cn(w, s->wafers ? "" : arena_print(arena, "%s.1", lot->name));
    xl_put_cn(w, breaks_text ? "\xb2\xe2\xca\xd4\xd4\xb1" : "op-07"); /* "tester" in GB18030 */
    xl_put_cn(w, "simulator");
    xl_put_cn(w, breaks_text ? "4.2 (E)\n" : "4.2");
    xl_put_cn(w, s->wafers ? "CP1" : "FT1");
    xl_put_cn(w, "25");
    static const char *const rest[] = {
        "simulated lot", "limits_v3.txt", "QFN48", "YUNQUE", "2610", "fab-2",      "floor-1", "55nm", "daily", "datasheet", "C",
        "flow-a",        "setup-12",      "B1",    "eng-02", "",     "ate-03-114", "sup-01",
    };
    for (size_t i = 0; s->every_record && i < sizeof rest / sizeof rest[0]; i++)
        xl_put_cn(w, rest[i]);
    sim_end(lot);
}

/* The hard bins that are tested again: all that fail. */
static void rdr_write(struct sim_lot *lot)
{
    uint16_t count = 0;
    for (size_t i = 0; i < sim_hard_bin_count; i++)
        count += !sim_hard_bins[i].passes;
    struct xl_record_writer *w = sim_begin(lot, XL_RDR);
    xl_put_u2(w, count);
    for (size_t i = 0; i < sim_hard_bin_count; i++)
        if (!sim_hard_bins[i].passes)
            xl_put_u2(w, sim_hard_bins[i].number);
    sim_end(lot);
}

static void sdr_write(struct sim_lot *lot)
{
    static const char *const equipment[] = {"PROBER-300", "prober-11", "PC-4", "card-0932", "LB-2", "board-17", "", "", "C-1", "cable-5"};
    static const char *const handling[] = {"HANDLER-8", "handler-02", "", "", "LB-2", "board-21", "DIB-48", "dib-003", "C-1", "cable-6"};
    struct xl_record_writer *w = sim_begin(lot, XL_SDR);
    xl_put_u1(w, SIM_HEAD);
    xl_put_u1(w, 1);
    xl_put_u1(w, (uint8_t)lot->settings->sites);
    for (uint32_t site = 0; site < lot->settings->sites; site++)
        xl_put_u1(w, sim_site(site));
    for (size_t i = 0; i < 10; i++)
        xl_put_cn(w, lot->settings->wafers ? equipment[i] : handling[i]);
    sim_end(lot);
}

static void pins_write(struct sim_lot *lot)
{
    const struct sim_program *program = &lot->program;
    for (size_t i = 0; i < program->pin_total; i++) {
        const struct sim_pin *pin = &program->pins[i];
        struct xl_record_writer *w = sim_begin(lot, XL_PMR);
        xl_put_u2(w, pin->index);
        xl_put_u2(w, 1);
        xl_put_cn(w, pin->channel);
        xl_put_cn(w, pin->physical);
        xl_put_cn(w, pin->name);
        xl_put_u1(w, SIM_HEAD);
        xl_put_u1(w, sim_site(0));
        sim_end(lot);
    }
    if (!lot->settings->every_record)
        return;
    struct xl_record_writer *w = sim_begin(lot, XL_PGR);
    xl_put_u2(w, 32768);
    xl_put_cn(w, "ALL_PINS");
    xl_put_u2(w, (uint16_t)program->pin_count);
    for (size_t i = 0; i < program->pin_count; i++)
        xl_put_u2(w, program->pins[i].index);
    sim_end(lot);
    w = sim_begin(lot, XL_PLR); /* the group and its first pin, with two characters of state each */
    xl_put_u2(w, 2);
    xl_put_u2(w, 32768);
    xl_put_u2(w, program->pins[0].index);
    xl_put_u2(w, 10);
    xl_put_u2(w, 20);
    xl_put_u1(w, 2);
    xl_put_u1(w, 16);
    for (int array = 0; array < 4; array++)
        for (int group = 0; group < 2; group++)
            xl_put_cn(w, array < 2 ? (group ? "01" : "LH") : "");
    sim_end(lot);
}

static void wcr_write(struct sim_lot *lot)
{
    const struct sim_wafer *wafer = &lot->wafer;
    struct xl_record_writer *w = sim_begin(lot, XL_WCR);
    xl_put_r4(w, 300);
    xl_put_r4(w, wafer->die_height);
    xl_put_r4(w, wafer->die_width);
    xl_put_u1(w, 3);
    xl_put_u1(w, 'D');
    xl_put_u2(w, (uint16_t)(wafer->origin_x + (int32_t)(wafer->columns / 2)));
    xl_put_u2(w, (uint16_t)(wafer->origin_y + (int32_t)(wafer->rows / 2)));
    xl_put_u1(w, 'R');
    xl_put_u1(w, 'D');
    sim_end(lot);
}

/* One field of every type, with the pads that keep the wider ones on even bytes. */
static void gdr_write(struct sim_lot *lot)
{
    struct xl_record_writer *w = sim_begin(lot, XL_GDR);
    xl_put_u2(w, 16);
    xl_put_u1(w, 1), xl_put_u1(w, 7);
    xl_put_u1(w, 0);
    xl_put_u1(w, 2), xl_put_u2(w, 777);
    xl_put_u1(w, 3), xl_put_u4(w, 777777);
    xl_put_u1(w, 4), xl_put_u1(w, (uint8_t)-7);
    xl_put_u1(w, 0);
    xl_put_u1(w, 5), xl_put_u2(w, (uint16_t)-777);
    xl_put_u1(w, 0);
    xl_put_u1(w, 6), xl_put_u4(w, (uint32_t)-777777);
    xl_put_u1(w, 7), xl_put_r4(w, 7.75F);
    xl_put_u1(w, 0);
    xl_put_u1(w, 8), xl_put_r8(w, -7.75);
    xl_put_u1(w, 10), xl_put_cn(w, "chuck temperature");
    xl_put_u1(w, 11), xl_put_u1(w, 3), xl_put_bytes(w, "\x01\x80\xff", 3);
    xl_put_u1(w, 12), xl_put_u2(w, 11), xl_put_bytes(w, "\xa5\x05", 2);
    xl_put_u1(w, 13), xl_put_u1(w, 9);
    sim_end(lot);
}

void head_write(struct sim_lot *lot)
{
    const struct xl_simulation *s = lot->settings;
    struct xl_record_writer *w = sim_begin(lot, XL_FAR);
    xl_put_u1(w, lot->big_endian ? 1 : 2);
    xl_put_u1(w, 4);
    sim_end(lot);
    if (s->every_record) {
        w = sim_begin(lot, XL_ATR);
        xl_put_u4(w, sim_time(lot));
        xl_put_cn(w, "xinlian stdf simulate");
        sim_end(lot);
    }
    if (s->every_record || s->scan_tests) {
        w = sim_begin(lot, XL_VUR);
        xl_put_cn(w, "V4-2007");
        sim_end(lot);
    }
    mir_write(lot);
    if (s->every_record || s->pass == XL_PASS_RETEST)
        rdr_write(lot);
    sdr_write(lot);
    pins_write(lot);
    if (s->scan_tests)
        scan_structure_write(lot);
    if (s->wafers)
        wcr_write(lot);
    if (s->every_record) {
        w = sim_begin(lot, XL_DTR);
        xl_put_cn(w, "Begin of lot");
        sim_end(lot);
        gdr_write(lot);
        w = sim_begin(lot, 0xc801); /* a customer's own record: 200.1 */
        xl_put_bytes(w, "invented by nobody", 18);
        sim_end(lot);
    }
}
