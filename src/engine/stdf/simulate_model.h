/* simulate_model.h: what the simulator is made of: random numbers, the test program, a wafer, a part, counts, and the stream.
 *
 * Every number is a function of the seed and of where it stands (wafer, die, test), never of what was drawn before: so a part can
 * be touched again, in any order, and gives the same die. Only +, -, *, / and square roots of doubles reach the bytes: they
 * are exact by IEEE 754, and the same settings give the same file on every machine. */
#pragma once

#include <xinlian/parts.h>
#include <xinlian/simulate.h>

#include "base/arena.h"
#include "base/out.h"

/* ---- Random numbers ----------------------------------------------------------------------------------------------- */

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
/* The number at place `counter` of the stream `key`; it may itself be the key of a stream. */
static inline uint64_t random_at(uint64_t key, uint64_t counter)
{
    return random_mix(key + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15));
}
static inline double random_unit(uint64_t bits) /* 0 <= u < 1 */
{
    return (double)(bits >> 11) * 0x1p-53;
}
static inline uint32_t random_below(uint64_t bits, uint32_t limit) /* 0 for a limit of 0 */
{
    return (uint32_t)(((bits >> 32) * limit) >> 32);
}

/* The sum of two draws from 2,048 quantiles of the normal distribution, of variance one: near enough to normal out to 4.5 sigma, for one
 * hash and two look-ups. */
enum { NORMAL_BITS = 11, NORMALS = 1 << NORMAL_BITS };
struct normals {
    float at[NORMALS];
};
void normals_make(struct normals *);
static inline double normal_of(const struct normals *normals, uint64_t bits)
{
    return (double)normals->at[bits & (NORMALS - 1)] + (double)normals->at[(bits >> NORMAL_BITS) & (NORMALS - 1)];
}
double normal_tail(double z); /* P(N > z) */

/* ---- The test program --------------------------------------------------------------------------------------------- */

enum sim_block { /* in the order of the flow */
                 BLOCK_CONTINUITY,
                 BLOCK_LEAKAGE,
                 BLOCK_PINS,
                 BLOCK_IDD,
                 BLOCK_FUNCTION,
                 BLOCK_SCAN,
                 BLOCK_LDO,
                 BLOCK_ADC,
                 BLOCK_FREQUENCY,
                 BLOCKS
};

enum {
    SIM_FACTORS = 5, /* latent process parameters of a die that tests share: threshold, leakage, resistance, speed, capacitance */
    SIM_TESTS_MOST = 32000,
    SIM_SITES_MOST = 254,
    SIM_CELLS_MOST = 1 << 20, /* tests x sites: what the summaries hold */
    SIM_PINS_MOST = 2048,
    SIM_DICE_MOST = 1000000,   /* of a wafer */
    SIM_PARTS_MOST = 16000000, /* of a final-test lot */
    SIM_CHAINS = 6,
    SIM_CHAIN_CELLS = 96,
    SIM_PATTERNS = 256,
    SIM_PATTERN_FILES = 4,
};

struct sim_bin {
    uint16_t number, hard; /* hard: the hard bin of a soft bin */
    bool passes;
    const char *name;
};
extern const struct sim_bin sim_hard_bins[], sim_soft_bins[];
extern const size_t sim_hard_bin_count, sim_soft_bin_count;
enum { SIM_BIN_PASS = 1, SIM_BIN_GRADE = 2, SIM_BIN_REJECT = 14 };

/* Something about a test that the quick path does not do. */
enum { SIM_NEW = 1, SIM_LENGTHEN = 2, SIM_FLAGS = 4 };

struct sim_test {
    enum xl_test_kind kind;
    enum sim_block block;
    uint32_t number;
    const char *name, *units;
    /* Model, in steps of the tester's resolution: result = step * round(base[site] + load * factor + noise * N). */
    double step, load, noise, sigma, middle;
    const double *base;
    uint32_t factor;
    float low, high; /* -INFINITY, INFINITY: none */
    double wild;     /* how far beyond its limit a defect throws the result, in distances from middle to limit */
    uint16_t soft_low, soft_high;
    uint32_t microseconds;
    uint64_t until;   /* microseconds from the part's begin to the end of this test */
    unsigned special; /* SIM_ bits */
    /* The record but for site, flags and result: of the first execution in the file, and of all later ones. Both have 64 bytes
     * beyond their length, so that they may be copied in chunks. */
    const uint8_t *first, *later;
    uint32_t first_length, later_length;
};

struct sim_pin {
    uint16_t index;
    const char *name, *channel, *physical;
};

struct sim_program {
    struct arena *arena;
    size_t test_count;
    struct sim_test *tests;
    struct {
        uint32_t first, count;
    } blocks[BLOCKS];
    size_t pin_count; /* of the device; scan pins (in and out of each chain) follow them in `pins` */
    size_t pin_total;
    struct sim_pin *pins;
    double tail; /* share of parts that fail by the spread of their parameters alone */
};

/* ---- A wafer ------------------------------------------------------------------------------------------------------ */

struct sim_die {
    int16_t x, y; /* column and row of the grid, from 0 */
};

struct sim_wafer {
    /* Geometry, the same for all wafers of the lot. */
    uint32_t die_count, columns, rows;
    struct sim_die *dice;
    uint32_t *die_at;                          /* columns x rows; UINT32_MAX: no die */
    double middle_x, middle_y, unit_x, unit_y; /* (column - middle_x) * unit_x: -1..1 across the wafer */
    int32_t origin_x, origin_y;                /* recorded coordinate of column 0, row 0 */
    float die_width, die_height;               /* millimetres */
    /* This wafer. */
    uint32_t index;
    uint64_t key;
    enum xl_signature signature;
    double aim_x, aim_y, reach; /* where the signature sits */
    double odds;                /* scales the weights of the dice so that the wanted share of them fails */
    double radial[SIM_FACTORS], tilt_x[SIM_FACTORS], tilt_y[SIM_FACTORS], level[SIM_FACTORS];
    uint8_t *again; /* dice to be touched again, one bit each */
};

/* ---- A part on a site --------------------------------------------------------------------------------------------- */

struct sim_part {
    uint64_t key; /* of the die */
    double factors[SIM_FACTORS];
    uint32_t die, site; /* site: index from 0 */
    int32_t x, y;
    bool is_retest, has_failed, is_defective;
    uint32_t defect_first, defect_count; /* tests that the defect may touch */
    uint64_t defect_key;
    uint64_t repeat_key; /* of this touch: what measuring again changes */
    uint32_t executed;   /* tests run: the first so many of the program */
    uint16_t hard, soft;
};

/* ---- Counts for the summary records -------------------------------------------------------------------------------- */

struct sim_cell { /* one test on one site */
    uint32_t executed, fails, alarms, counted;
    float least, most;
    double sum, squares;
};
struct sim_parts_count {
    uint32_t parts, retests, aborts, good;
};
struct sim_counts {
    struct sim_cell *cells;        /* [test * sites + site] */
    struct sim_parts_count *sites; /* [site] */
    uint32_t *hard, *soft;         /* [bin * sites + site], bins by their index in the lists */
    struct sim_parts_count wafer;
};

/* ---- The lot as it is written --------------------------------------------------------------------------------------- */

struct sim_lot {
    const struct xl_simulation *settings;
    bool big_endian;
    uint64_t key;
    const char *name, *product;
    struct normals normals;
    struct sim_program program;
    struct sim_wafer wafer;
    struct sim_counts counts;
    struct sim_part *parts;   /* of the touch-down, one a site */
    struct sim_part **active; /* those still under test */
    uint32_t part_count, active_count;
    uint64_t touches;
    bool is_unseen;    /* what is written goes nowhere */
    uint64_t clock_us; /* since the start of the lot */
    struct out out;
    struct xl_record_writer writer;
    uint8_t *record; /* XL_RECORD_MOST */
};

/* simulate_program.c */
void program_make(struct sim_lot *);
uint16_t program_soft_bin(const struct sim_test *, bool high);
/* simulate_wafer.c */
void wafer_layout(struct sim_lot *);
void wafer_begin(struct sim_lot *, uint32_t index);
void wafer_free(struct sim_wafer *);
double wafer_defect_share(const struct sim_lot *, uint32_t die, double *in_signature);
void part_begin(struct sim_lot *, struct sim_part *, uint32_t die, uint32_t site, bool is_retest);
/* simulate_head.c */
void head_write(struct sim_lot *);
/* simulate_scan.c */
void scan_structure_write(struct sim_lot *);
void scan_test_template(struct sim_lot *, struct sim_test *);
void scan_fail_write(struct sim_lot *, const struct sim_test *, const struct sim_part *);
/* simulate_touch.c */
void touch_write(struct sim_lot *);
void touch_begin_write(struct sim_lot *, uint32_t site);            /* PIR */
void touch_result_write(struct sim_lot *, const struct sim_part *); /* PRR */
/* simulate_summary.c */
void summary_wafer_begin(struct sim_lot *);
void summary_wafer_end(struct sim_lot *);
void summary_write(struct sim_lot *);
void summary_count(struct sim_lot *, const struct sim_part *);

/* simulate_head.c: building records. */
struct xl_record_writer *sim_begin(struct sim_lot *, uint16_t type);
void sim_end(struct sim_lot *);
uint8_t sim_site(uint32_t index);          /* SITE_NUM */
uint32_t sim_time(const struct sim_lot *); /* now, as STDF time */
enum { SIM_HEAD = 1 };
