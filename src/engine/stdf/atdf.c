/* atdf.c: the columns of every ATDF line, and the tests that gave their defaults. */
#include "engine/stdf/atdf.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const struct atdf_column atr[] = {{ATR_MOD_TIM, ATDF_TIME}, {ATR_CMD_LINE, ATDF_TEXT}};
static const struct atdf_column mir[] = {
    {MIR_LOT_ID, ATDF_TEXT},        {MIR_PART_TYP, ATDF_TEXT},      {MIR_JOB_NAM, ATDF_TEXT},    {MIR_NODE_NAM, ATDF_TEXT},
    {MIR_TSTR_TYP, ATDF_TEXT},      {MIR_SETUP_T, ATDF_TIME},       {MIR_START_T, ATDF_TIME},    {MIR_OPER_NAM, ATDF_TEXT},
    {MIR_MODE_COD, ATDF_CHARACTER}, {MIR_STAT_NUM, ATDF_NUMBER},    {MIR_SBLOT_ID, ATDF_TEXT},   {MIR_TEST_COD, ATDF_TEXT},
    {MIR_RTST_COD, ATDF_CHARACTER}, {MIR_JOB_REV, ATDF_TEXT},       {MIR_EXEC_TYP, ATDF_TEXT},   {MIR_EXEC_VER, ATDF_TEXT},
    {MIR_PROT_COD, ATDF_CHARACTER}, {MIR_CMOD_COD, ATDF_CHARACTER}, {MIR_BURN_TIM, ATDF_NUMBER}, {MIR_TST_TEMP, ATDF_TEXT},
    {MIR_USER_TXT, ATDF_TEXT},      {MIR_AUX_FILE, ATDF_TEXT},      {MIR_PKG_TYP, ATDF_TEXT},    {MIR_FAMLY_ID, ATDF_TEXT},
    {MIR_DATE_COD, ATDF_TEXT},      {MIR_FACIL_ID, ATDF_TEXT},      {MIR_FLOOR_ID, ATDF_TEXT},   {MIR_PROC_ID, ATDF_TEXT},
    {MIR_OPER_FRQ, ATDF_TEXT},      {MIR_SPEC_NAM, ATDF_TEXT},      {MIR_SPEC_VER, ATDF_TEXT},   {MIR_FLOW_ID, ATDF_TEXT},
    {MIR_SETUP_ID, ATDF_TEXT},      {MIR_DSGN_REV, ATDF_TEXT},      {MIR_ENG_ID, ATDF_TEXT},     {MIR_ROM_COD, ATDF_TEXT},
    {MIR_SERL_NUM, ATDF_TEXT},      {MIR_SUPR_NAM, ATDF_TEXT},
};
static const struct atdf_column mrr[] = {
    {MRR_FINISH_T, ATDF_TIME}, {MRR_DISP_COD, ATDF_CHARACTER}, {MRR_USR_DESC, ATDF_TEXT}, {MRR_EXC_DESC, ATDF_TEXT}};
static const struct atdf_column pcr[] = {{PCR_HEAD_NUM, ATDF_HEAD},   {PCR_SITE_NUM, ATDF_SITE},   {PCR_PART_CNT, ATDF_NUMBER},
                                         {PCR_RTST_CNT, ATDF_NUMBER}, {PCR_ABRT_CNT, ATDF_NUMBER}, {PCR_GOOD_CNT, ATDF_NUMBER},
                                         {PCR_FUNC_CNT, ATDF_NUMBER}};
static const struct atdf_column hbr[] = {{HBR_HEAD_NUM, ATDF_HEAD},   {HBR_SITE_NUM, ATDF_SITE},     {HBR_HBIN_NUM, ATDF_NUMBER},
                                         {HBR_HBIN_CNT, ATDF_NUMBER}, {HBR_HBIN_PF, ATDF_CHARACTER}, {HBR_HBIN_NAM, ATDF_TEXT}};
static const struct atdf_column sbr[] = {{SBR_HEAD_NUM, ATDF_HEAD},   {SBR_SITE_NUM, ATDF_SITE},     {SBR_SBIN_NUM, ATDF_NUMBER},
                                         {SBR_SBIN_CNT, ATDF_NUMBER}, {SBR_SBIN_PF, ATDF_CHARACTER}, {SBR_SBIN_NAM, ATDF_TEXT}};
static const struct atdf_column pmr[] = {{PMR_PMR_INDX, ATDF_NUMBER}, {PMR_CHAN_TYP, ATDF_NUMBER}, {PMR_CHAN_NAM, ATDF_TEXT},
                                         {PMR_PHY_NAM, ATDF_TEXT},    {PMR_LOG_NAM, ATDF_TEXT},    {PMR_HEAD_NUM, ATDF_NUMBER},
                                         {PMR_SITE_NUM, ATDF_NUMBER}};
static const struct atdf_column pgr[] = {{PGR_GRP_INDX, ATDF_NUMBER}, {PGR_GRP_NAM, ATDF_TEXT}, {PGR_PMR_INDX, ATDF_NUMBERS}};
/* The specification prints the modes of both formats with the same digits (20: SCIO), so they are decimal here as there. */
static const struct atdf_column plr[] = {{PLR_GRP_INDX, ATDF_NUMBERS},
                                         {PLR_GRP_MODE, ATDF_NUMBERS},
                                         {PLR_GRP_RADX, ATDF_RADIX},
                                         {PLR_PGM_CHAR, ATDF_PGM_STATES},
                                         {PLR_RTN_CHAR, ATDF_RTN_STATES}};
static const struct atdf_column rdr[] = {{RDR_RTST_BIN, ATDF_NUMBERS}};
static const struct atdf_column sdr[] = {
    {SDR_HEAD_NUM, ATDF_NUMBER}, {SDR_SITE_GRP, ATDF_NUMBER}, {SDR_SITE_NUM, ATDF_NUMBERS}, {SDR_HAND_TYP, ATDF_TEXT},
    {SDR_HAND_ID, ATDF_TEXT},    {SDR_CARD_TYP, ATDF_TEXT},   {SDR_CARD_ID, ATDF_TEXT},     {SDR_LOAD_TYP, ATDF_TEXT},
    {SDR_LOAD_ID, ATDF_TEXT},    {SDR_DIB_TYP, ATDF_TEXT},    {SDR_DIB_ID, ATDF_TEXT},      {SDR_CABL_TYP, ATDF_TEXT},
    {SDR_CABL_ID, ATDF_TEXT},    {SDR_CONT_TYP, ATDF_TEXT},   {SDR_CONT_ID, ATDF_TEXT},     {SDR_LASR_TYP, ATDF_TEXT},
    {SDR_LASR_ID, ATDF_TEXT},    {SDR_EXTR_TYP, ATDF_TEXT},   {SDR_EXTR_ID, ATDF_TEXT}};
static const struct atdf_column wir[] = {
    {WIR_HEAD_NUM, ATDF_NUMBER}, {WIR_START_T, ATDF_TIME}, {WIR_SITE_GRP, ATDF_NUMBER}, {WIR_WAFER_ID, ATDF_TEXT}};
static const struct atdf_column wrr[] = {{WRR_HEAD_NUM, ATDF_NUMBER}, {WRR_FINISH_T, ATDF_TIME},   {WRR_PART_CNT, ATDF_NUMBER},
                                         {WRR_WAFER_ID, ATDF_TEXT},   {WRR_SITE_GRP, ATDF_NUMBER}, {WRR_RTST_CNT, ATDF_NUMBER},
                                         {WRR_ABRT_CNT, ATDF_NUMBER}, {WRR_GOOD_CNT, ATDF_NUMBER}, {WRR_FUNC_CNT, ATDF_NUMBER},
                                         {WRR_FABWF_ID, ATDF_TEXT},   {WRR_FRAME_ID, ATDF_TEXT},   {WRR_MASK_ID, ATDF_TEXT},
                                         {WRR_USR_DESC, ATDF_TEXT},   {WRR_EXC_DESC, ATDF_TEXT}};
static const struct atdf_column wcr[] = {{WCR_WF_FLAT, ATDF_CHARACTER}, {WCR_POS_X, ATDF_CHARACTER}, {WCR_POS_Y, ATDF_CHARACTER},
                                         {WCR_WAFR_SIZ, ATDF_REAL},     {WCR_DIE_HT, ATDF_REAL},     {WCR_DIE_WID, ATDF_REAL},
                                         {WCR_WF_UNITS, ATDF_NUMBER},   {WCR_CENTER_X, ATDF_NUMBER}, {WCR_CENTER_Y, ATDF_NUMBER}};
static const struct atdf_column pir[] = {{PIR_HEAD_NUM, ATDF_NUMBER}, {PIR_SITE_NUM, ATDF_NUMBER}};
static const struct atdf_column prr[] = {{PRR_HEAD_NUM, ATDF_NUMBER}, {PRR_SITE_NUM, ATDF_NUMBER},    {PRR_PART_ID, ATDF_TEXT},
                                         {PRR_NUM_TEST, ATDF_NUMBER}, {PRR_PART_FLG, ATDF_PART_PASS}, {PRR_HARD_BIN, ATDF_NUMBER},
                                         {PRR_SOFT_BIN, ATDF_NUMBER}, {PRR_X_COORD, ATDF_NUMBER},     {PRR_Y_COORD, ATDF_NUMBER},
                                         {PRR_PART_FLG, ATDF_RETEST}, {PRR_PART_FLG, ATDF_ABORT},     {PRR_TEST_T, ATDF_NUMBER},
                                         {PRR_PART_TXT, ATDF_TEXT},   {PRR_PART_FIX, ATDF_BYTES}};
static const struct atdf_column tsr[] = {{TSR_HEAD_NUM, ATDF_HEAD},
                                         {TSR_SITE_NUM, ATDF_SITE},
                                         {TSR_TEST_NUM, ATDF_NUMBER},
                                         {TSR_TEST_NAM, ATDF_TEXT},
                                         {TSR_TEST_TYP, ATDF_CHARACTER},
                                         {TSR_EXEC_CNT, ATDF_NUMBER},
                                         {TSR_FAIL_CNT, ATDF_NUMBER},
                                         {TSR_ALRM_CNT, ATDF_NUMBER},
                                         {TSR_SEQ_NAME, ATDF_TEXT},
                                         {TSR_TEST_LBL, ATDF_TEXT},
                                         {TSR_TEST_TIM, ATDF_REAL, 0x04, 0x04},
                                         {TSR_TEST_MIN, ATDF_REAL, 0x01, 0x01},
                                         {TSR_TEST_MAX, ATDF_REAL, 0x02, 0x02},
                                         {TSR_TST_SUMS, ATDF_REAL, 0x10, 0x10},
                                         {TSR_TST_SQRS, ATDF_REAL, 0x20, 0x20}};
static const struct atdf_column ptr[] = {{PTR_TEST_NUM, ATDF_NUMBER},
                                         {PTR_HEAD_NUM, ATDF_NUMBER},
                                         {PTR_SITE_NUM, ATDF_NUMBER},
                                         {PTR_RESULT, ATDF_SCALED},
                                         {PTR_TEST_FLG, ATDF_PASS},
                                         {PTR_TEST_FLG, ATDF_FLAGS},
                                         {PTR_TEST_TXT, ATDF_TEXT},
                                         {PTR_ALARM_ID, ATDF_TEXT},
                                         {PTR_PARM_FLG, ATDF_COMPARE},
                                         {PTR_UNITS, ATDF_DEFAULT_TEXT},
                                         {PTR_LO_LIMIT, ATDF_SCALED, 0x50, 0x10},
                                         {PTR_HI_LIMIT, ATDF_SCALED, 0xa0, 0x20},
                                         {PTR_C_RESFMT, ATDF_DEFAULT_TEXT},
                                         {PTR_C_LLMFMT, ATDF_DEFAULT_TEXT},
                                         {PTR_C_HLMFMT, ATDF_DEFAULT_TEXT},
                                         {PTR_LO_SPEC, ATDF_SCALED, 0x04, 0x04},
                                         {PTR_HI_SPEC, ATDF_SCALED, 0x08, 0x08},
                                         {PTR_RES_SCAL, ATDF_NUMBER, 0x01, 0x01},
                                         {PTR_LLM_SCAL, ATDF_NUMBER, 0x50, 0},
                                         {PTR_HLM_SCAL, ATDF_NUMBER, 0xa0, 0}};
static const struct atdf_column mpr[] = {{MPR_TEST_NUM, ATDF_NUMBER},
                                         {MPR_HEAD_NUM, ATDF_NUMBER},
                                         {MPR_SITE_NUM, ATDF_NUMBER},
                                         {MPR_RTN_STAT, ATDF_STATES},
                                         {MPR_RTN_RSLT, ATDF_REALS},
                                         {MPR_TEST_FLG, ATDF_PASS},
                                         {MPR_TEST_FLG, ATDF_FLAGS},
                                         {MPR_TEST_TXT, ATDF_TEXT},
                                         {MPR_ALARM_ID, ATDF_TEXT},
                                         {MPR_PARM_FLG, ATDF_COMPARE},
                                         {MPR_UNITS, ATDF_DEFAULT_TEXT},
                                         {MPR_LO_LIMIT, ATDF_SCALED, 0x50, 0x10},
                                         {MPR_HI_LIMIT, ATDF_SCALED, 0xa0, 0x20},
                                         {MPR_START_IN, ATDF_SCALED_INPUT, 0x02, 0x02},
                                         {MPR_INCR_IN, ATDF_SCALED_INPUT, 0x02, 0x02},
                                         {MPR_UNITS_IN, ATDF_DEFAULT_TEXT},
                                         {MPR_RTN_INDX, ATDF_NUMBERS},
                                         {MPR_C_RESFMT, ATDF_DEFAULT_TEXT},
                                         {MPR_C_LLMFMT, ATDF_DEFAULT_TEXT},
                                         {MPR_C_HLMFMT, ATDF_DEFAULT_TEXT},
                                         {MPR_LO_SPEC, ATDF_SCALED, 0x04, 0x04},
                                         {MPR_HI_SPEC, ATDF_SCALED, 0x08, 0x08},
                                         {MPR_RES_SCAL, ATDF_NUMBER, 0x01, 0x01},
                                         {MPR_LLM_SCAL, ATDF_NUMBER, 0x50, 0},
                                         {MPR_HLM_SCAL, ATDF_NUMBER, 0xa0, 0}};
static const struct atdf_column ftr[] = {{FTR_TEST_NUM, ATDF_NUMBER},
                                         {FTR_HEAD_NUM, ATDF_NUMBER},
                                         {FTR_SITE_NUM, ATDF_NUMBER},
                                         {FTR_TEST_FLG, ATDF_PASS},
                                         {FTR_TEST_FLG, ATDF_FLAGS},
                                         {FTR_VECT_NAM, ATDF_TEXT},
                                         {FTR_TIME_SET, ATDF_TEXT},
                                         {FTR_CYCL_CNT, ATDF_NUMBER, 0x01, 0x01},
                                         {FTR_REL_VADR, ATDF_HEX, 0x02, 0x02},
                                         {FTR_REPT_CNT, ATDF_NUMBER, 0x04, 0x04},
                                         {FTR_NUM_FAIL, ATDF_NUMBER, 0x08, 0x08},
                                         {FTR_XFAIL_AD, ATDF_NUMBER, 0x10, 0x10},
                                         {FTR_YFAIL_AD, ATDF_NUMBER, 0x10, 0x10},
                                         {FTR_VECT_OFF, ATDF_NUMBER, 0x20, 0x20},
                                         {FTR_RTN_INDX, ATDF_NUMBERS},
                                         {FTR_RTN_STAT, ATDF_STATES},
                                         {FTR_PGM_INDX, ATDF_NUMBERS},
                                         {FTR_PGM_STAT, ATDF_STATES},
                                         {FTR_FAIL_PIN, ATDF_PINS},
                                         {FTR_OP_CODE, ATDF_TEXT},
                                         {FTR_TEST_TXT, ATDF_TEXT},
                                         {FTR_ALARM_ID, ATDF_TEXT},
                                         {FTR_PROG_TXT, ATDF_TEXT},
                                         {FTR_RSLT_TXT, ATDF_TEXT},
                                         {FTR_PATG_NUM, ATDF_NUMBER},
                                         {FTR_SPIN_MAP, ATDF_PINS}};
static const struct atdf_column bps[] = {{BPS_SEQ_NAME, ATDF_TEXT}};
static const struct atdf_column dtr[] = {{DTR_TEXT_DAT, ATDF_TEXT}};

/* Records of V4-2007: every field in wire order. */
#define RECORD(r, title, shortest)                                                          static const __attribute__((unused)) struct atdf_column raw_##r[] = {
#define FIELD(r, name, kind, count, width, flag, flag_mask, flag_absent, optional, missing) {r##_##name, ATDF_RAW},
#define END(r)                                                                                                                             \
    }                                                                                                                                      \
    ;
#include "engine/stdf/layout.def"

#define COLUMNS(list) sizeof(list) / sizeof *(list), list
static const struct atdf_line lines[] = {
    {XL_ATR, COLUMNS(atr), -1, 0, -1, -1},
    {XL_VUR, COLUMNS(raw_VUR), -1, 0, -1, -1},
    {XL_MIR, COLUMNS(mir), -1, 0, -1, -1},
    {XL_MRR, COLUMNS(mrr), -1, 0, -1, -1},
    {XL_PCR, COLUMNS(pcr), -1, 0, -1, -1},
    {XL_HBR, COLUMNS(hbr), -1, 0, -1, -1},
    {XL_SBR, COLUMNS(sbr), -1, 0, -1, -1},
    {XL_PMR, COLUMNS(pmr), -1, 0, -1, -1},
    {XL_PGR, COLUMNS(pgr), -1, 0, -1, -1},
    {XL_PLR, COLUMNS(plr), -1, 0, -1, -1},
    {XL_RDR, COLUMNS(rdr), -1, 0, -1, -1},
    {XL_SDR, COLUMNS(sdr), -1, 0, -1, -1},
    {XL_PSR, COLUMNS(raw_PSR), -1, 0, -1, -1},
    {XL_NMR, COLUMNS(raw_NMR), -1, 0, -1, -1},
    {XL_CNR, COLUMNS(raw_CNR), -1, 0, -1, -1},
    {XL_SSR, COLUMNS(raw_SSR), -1, 0, -1, -1},
    {XL_CDR, COLUMNS(raw_CDR), -1, 0, -1, -1},
    {XL_WIR, COLUMNS(wir), -1, 0, -1, -1},
    {XL_WRR, COLUMNS(wrr), -1, 0, -1, -1},
    {XL_WCR, COLUMNS(wcr), -1, 0, -1, -1},
    {XL_PIR, COLUMNS(pir), -1, 0, -1, -1},
    {XL_PRR, COLUMNS(prr), -1, 0, -1, -1},
    {XL_TSR, COLUMNS(tsr), TSR_OPT_FLAG, 0xc8, -1, -1},
    {XL_PTR, COLUMNS(ptr), PTR_OPT_FLAG, 0x02, PTR_TEST_FLG, PTR_PARM_FLG},
    {XL_MPR, COLUMNS(mpr), MPR_OPT_FLAG, 0, MPR_TEST_FLG, MPR_PARM_FLG},
    {XL_FTR, COLUMNS(ftr), FTR_OPT_FLAG, 0xc0, FTR_TEST_FLG, -1},
    {XL_STR, COLUMNS(raw_STR), -1, 0, -1, -1},
    {XL_BPS, COLUMNS(bps), -1, 0, -1, -1},
    {XL_EPS, 0, NULL, -1, 0, -1, -1},
    {XL_DTR, COLUMNS(dtr), -1, 0, -1, -1},
};

const struct atdf_line *atdf_line_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (lines[i].type == type)
            return &lines[i];
    }
    return NULL;
}

const struct atdf_flag atdf_flags[ATDF_FLAG_COUNT] = {
    {'A', 0x01, 0}, {'D', 0, 0x02}, {'H', 0, 0x08}, {'L', 0, 0x10}, {'N', 0x10, 0},
    {'O', 0, 0x04}, {'S', 0, 0x01}, {'T', 0x08, 0}, {'U', 0x04, 0}, {'X', 0x20, 0},
};

static const struct {
    char letter;
    enum xl_stdf_kind kind;
} letters[] = {
    {'U', XL_U1}, {'M', XL_U2}, {'B', XL_U4}, {'I', XL_I1}, {'S', XL_I2}, {'L', XL_I4},
    {'F', XL_R4}, {'D', XL_R8}, {'T', XL_CN}, {'X', XL_BN}, {'Y', XL_DN}, {'N', XL_N1},
};

char atdf_letter_of(enum xl_stdf_kind kind)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].kind == kind)
            return letters[i].letter;
    }
    return 0;
}

bool atdf_kind_of(char letter, enum xl_stdf_kind *kind)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].letter == (letter & ~0x20)) {
            *kind = letters[i].kind;
            return true;
        }
    }
    return false;
}

/* ---- Tests seen ---------------------------------------------------------------------------------------------------------------------- */

enum { TESTS_MOST = 1 << 20 };

void atdf_tests_free(struct atdf_tests *tests)
{
    free(tests->slots);
    *tests = (struct atdf_tests){0};
}

/* FNV-1a over type, number and name; 64 bits, so that two tests of one file do not meet. Never 0. */
static uint64_t key_of(uint16_t type, uint32_t number, const void *name, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325;
    uint8_t head[6] = {(uint8_t)type,          (uint8_t)(type >> 8),    (uint8_t)number,
                       (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
    for (size_t i = 0; i < sizeof head; i++)
        hash = (hash ^ head[i]) * 0x100000001b3;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ ((const uint8_t *)name)[i]) * 0x100000001b3;
    return hash | 1;
}

static struct atdf_test *slot_of(const struct atdf_tests *tests, uint64_t key)
{
    size_t mask = tests->capacity - 1;
    size_t at = (size_t)(key >> 20) & mask;
    while (tests->slots[at].key != 0 && tests->slots[at].key != key)
        at = (at + 1) & mask;
    return &tests->slots[at];
}

struct atdf_test *atdf_tests_find(struct atdf_tests *tests, uint16_t type, uint32_t number, const void *name, size_t name_length)
{
    if (tests->capacity == 0)
        return NULL;
    struct atdf_test *test = slot_of(tests, key_of(type, number, name, name_length));
    if (test->key != 0)
        return test;
    return tests->count < TESTS_MOST ? NULL : &tests->beyond;
}

static void put(struct atdf_tests *tests, uint64_t key, struct atdf_test test)
{
    struct atdf_test *slot = slot_of(tests, key);
    if (slot->key != 0)
        return;
    test.key = key;
    *slot = test;
    tests->count++;
}

void atdf_tests_add(struct atdf_tests *tests, uint16_t type, uint32_t number, const void *name, size_t name_length, struct atdf_test test)
{
    if (2 * (tests->count + 2) > tests->capacity) {
        struct atdf_tests bigger = {.capacity = tests->capacity == 0 ? 256 : 2 * tests->capacity};
        bigger.slots = memory_new(bigger.capacity, sizeof *bigger.slots);
        for (size_t i = 0; i < tests->capacity; i++) {
            if (tests->slots[i].key != 0)
                put(&bigger, tests->slots[i].key, tests->slots[i]);
        }
        free(tests->slots);
        *tests = bigger;
    }
    put(tests, key_of(type, number, name, name_length), test);
    put(tests, key_of(type, number, NULL, 0), test);
}
