/* atdf_test.c: the samples of the ATDF specification and a line of every record read and written; files there and back. */
#include "engine/stdf/atdf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/out.h"

#include "engine/stdf/fields_dump.h"

enum { MOST = 1 << 30 };

/* ---- Both ways ----------------------------------------------------------------------------------------------------------------------- */

static void to_stdf(const char *atdf, size_t length, bool big_endian, struct text *stdf, struct xl_findings *findings)
{
    struct xl_error error = {0};
    struct xl_input *input = xl_input_memory(atdf, length, "test.atdf", &error);
    assert_non_null(input);
    text_init(stdf, MOST);
    bool good = xl_atdf_to_stdf(input, big_endian, sink_text(stdf), findings, &error);
    if (!good)
        print_message("%s: %s (%s)\n", error.code, error.message, error.place);
    assert_true(good);
    xl_input_free(input);
}

static void to_atdf(const struct text *stdf, struct text *atdf, struct xl_findings *findings)
{
    struct xl_error error = {0};
    struct xl_input *input = xl_input_memory(stdf->data, stdf->length, "test.stdf", &error);
    struct xl_findings *reading = xl_findings_new();
    struct xl_stdf_reader *reader = xl_stdf_reader_new(input, reading, &error);
    if (!reader)
        print_message("%s: %s\n", error.code, error.message);
    assert_non_null(reader);
    text_init(atdf, MOST);
    assert_true(xl_stdf_to_atdf(reader, sink_text(atdf), findings, &error));
    xl_stdf_reader_free(reader);
    xl_findings_free(reading);
    xl_input_free(input);
}

/* ---- Line by line -------------------------------------------------------------------------------------------------------------------- */

/* A line, the fields it must become (those that are not cut, cut or missing ones left out), and the line it must come back as (NULL: the
 * same). Those marked with an asterisk are the samples of the ATDF specification. */
static const struct {
    const char *line, *fields, *back;
} cases[] = {
    {"ATR:0:03:00 3-SEP-1992|bin_filter 7,9-12", "MOD_TIM=715478580 CMD_LINE=\"bin_filter 7,9-12\"", NULL}, /* * */
    {"VUR:V4-2007", "UPD_NAM=\"V4-2007\"", NULL},
    {"MIR:L1|P|J|N|T|8:14:59 23-JUL-1992|8:23:02 23-JUL-1992|Op|P|3|S1|HOT|Y||||||60|25|||||||||||||||||SN7|Chief",
     "SETUP_T=711879299 START_T=711879782 STAT_NUM=3 MODE_COD=80 RTST_COD=89 BURN_TIM=60 LOT_ID=\"L1\" PART_TYP=\"P\" NODE_NAM=\"N\" "
     "TSTR_TYP=\"T\" JOB_NAM=\"J\" SBLOT_ID=\"S1\" OPER_NAM=\"Op\" TEST_COD=\"HOT\" TST_TEMP=\"25\" SERL_NUM=\"SN7\" SUPR_NAM=\"Chief\"",
     NULL},
    {"MRR:15:31:02 23-JUL-1992|H|ok", "FINISH_T=711905462 DISP_COD=72 USR_DESC=\"ok\"", NULL},
    {"PCR:2|1|497|5|11|212|481", "HEAD_NUM=2 SITE_NUM=1 PART_CNT=497 RTST_CNT=5 ABRT_CNT=11 GOOD_CNT=212 FUNC_CNT=481", NULL},
    {"PCR:||3976||0|1", "HEAD_NUM=255 SITE_NUM=255 PART_CNT=3976 ABRT_CNT=0 GOOD_CNT=1", NULL},
    {"HBR:2|1|6|212|F|SHORT", "HEAD_NUM=2 SITE_NUM=1 HBIN_NUM=6 HBIN_CNT=212 HBIN_PF=70 HBIN_NAM=\"SHORT\"", NULL},
    {"SBR:||1|1346|P|PASSED", "HEAD_NUM=255 SITE_NUM=255 SBIN_NUM=1 SBIN_CNT=1346 SBIN_PF=80 SBIN_NAM=\"PASSED\"", NULL},
    {"PMR:2|A|7|GND|A|A|A", "PMR_INDX=2 CHAN_NAM=\"7\" PHY_NAM=\"GND\" LOG_NAM=\"A\"", "PMR:2||7|GND|A"},
    {"PMR:2|3|7-1|GND|A|2|5", "PMR_INDX=2 CHAN_TYP=3 CHAN_NAM=\"7-1\" PHY_NAM=\"GND\" LOG_NAM=\"A\" HEAD_NUM=2 SITE_NUM=5", NULL},
    {"PGR:12|Data Out|5,6,7,8,9,10,11,12", "GRP_INDX=12 GRP_NAM=\"Data Out\" INDX_CNT=8 PMR_INDX=[5,6,7,8,9,10,11,12]", NULL}, /* * */
    {"PGR:12", "GRP_INDX=12", NULL},
    {"PLR:2,3,6|20,20,21|H,H,H|H,L,L/H,H,H/L,L,L|1,0,M/1,0,H/M,L,H", /* * */
     "GRP_CNT=3 GRP_INDX=[2,3,6] GRP_MODE=[20,20,21] GRP_RADX=[16,16,16] PGM_CHAR=[\"HLL\",\"HHH\",\"LLL\"] "
     "RTN_CHAR=[\"10M\",\"10H\",\"MLH\"]",
     NULL},
    {"PLR:2,3|30||0L,1H,x/W|1,0",
     "GRP_CNT=2 GRP_INDX=[2,3] GRP_MODE=[30,0] GRP_RADX=[0,0] PGM_CHAR=[\"LHx\",\"W\"] RTN_CHAR=[\"10\",\"\"] PGM_CHAL=[\"01 \",\"\"]",
     "PLR:2,3|30,0|,|0L,1H,x/W|1,0/"},
    {"RDR:4,5,7", "NUM_BINS=3 RTST_BIN=[4,5,7]", NULL}, /* * */
    {"RDR:", "", NULL},
    {"SDR:2|4|5,6,7,8|Delta Flex|D511||B101|17", /* * */
     "HEAD_NUM=2 SITE_GRP=4 SITE_CNT=4 SITE_NUM=[5,6,7,8] HAND_TYP=\"Delta Flex\" HAND_ID=\"D511\" CARD_ID=\"B101\" LOAD_TYP=\"17\"", NULL},
    {"WIR:1|8:23:02 23-JUL-1992|2|W01", "HEAD_NUM=1 SITE_GRP=2 START_T=711879782 WAFER_ID=\"W01\"", NULL}, /* * */
    {"WIR:1|8:23:02 23-JUL-1992", "HEAD_NUM=1 START_T=711879782", NULL},
    {"WRR:1|11:02:42 23-JUL-1992|492|W01|3|102|214|2|131|MOS-4|F54|S3-1|Glass buildup on prober|Yield alarm on wafer W01", /* * */
     "HEAD_NUM=1 SITE_GRP=3 FINISH_T=711889362 PART_CNT=492 RTST_CNT=102 ABRT_CNT=214 GOOD_CNT=2 FUNC_CNT=131 WAFER_ID=\"W01\" "
     "FABWF_ID=\"MOS-4\" FRAME_ID=\"F54\" MASK_ID=\"S3-1\" USR_DESC=\"Glass buildup on prober\" EXC_DESC=\"Yield alarm on wafer W01\"",
     NULL},
    {"WCR:D|R|D|5|.3|.25|1|23|-19",
     "WAFR_SIZ=5 DIE_HT=0.300000012 DIE_WID=0.25 WF_UNITS=1 WF_FLAT=68 CENTER_X=23 CENTER_Y=-19 POS_X=82 POS_Y=68",
     "WCR:D|R|D|5|0.3|0.25|1|23|-19"},
    {"PIR:2|1", "HEAD_NUM=2 SITE_NUM=1", NULL}, /* * */
    {"PRR:2|1|13|78|F|0|17|-2|7|||12|Device at edge of wafer|F13C20",
     "HEAD_NUM=2 SITE_NUM=1 PART_FLG=8 NUM_TEST=78 HARD_BIN=0 SOFT_BIN=17 X_COORD=-2 Y_COORD=7 TEST_T=12 PART_ID=\"13\" "
     "PART_TXT=\"Device at edge of wafer\" PART_FIX=f13c20",
     NULL},
    {"PRR:2|1|13|78||1||||I|Y", "HEAD_NUM=2 SITE_NUM=1 PART_FLG=21 NUM_TEST=78 HARD_BIN=1 PART_ID=\"13\"", NULL},
    {"PRR:2|1||78|P|1||||C", "HEAD_NUM=2 SITE_NUM=1 PART_FLG=2 NUM_TEST=78 HARD_BIN=1", NULL},
    {"TSR:2|2|600|Leakage|P|413|92|3||DC_TESTS|0.005|0.1|7.2|1280.3|4329.5", /* * */
     "HEAD_NUM=2 SITE_NUM=2 TEST_TYP=80 TEST_NUM=600 EXEC_CNT=413 FAIL_CNT=92 ALRM_CNT=3 TEST_NAM=\"Leakage\" TEST_LBL=\"DC_TESTS\" "
     "OPT_FLAG=200 TEST_TIM=0.00499999989 TEST_MIN=0.100000001 TEST_MAX=7.19999981 TST_SUMS=1280.30005 TST_SQRS=4329.5",
     NULL},
    {"TSR:||600||F|413|0", "HEAD_NUM=255 SITE_NUM=255 TEST_TYP=70 TEST_NUM=600 EXEC_CNT=413 FAIL_CNT=0", NULL},
    {"TSR:||601||P||||||0.5", "HEAD_NUM=255 SITE_NUM=255 TEST_TYP=80 TEST_NUM=601 OPT_FLAG=251 TEST_TIM=0.5", NULL},
    {"PTR:23|2|1|997.3|F|AOH|Check 2nd layer|||A|-1.7|45.2| %9.4f|%7.2f|%7.2f|-1.75|45.25|3|3|4", /* * */
     "TEST_NUM=23 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=129 PARM_FLG=12 RESULT=997.299988 TEST_TXT=\"Check 2nd layer\" OPT_FLAG=2 RES_SCAL=3 "
     "LLM_SCAL=3 HLM_SCAL=4 LO_LIMIT=-1.70000005 HI_LIMIT=45.2000008 UNITS=\"A\" C_RESFMT=\" %9.4f\" C_LLMFMT=\"%7.2f\" "
     "C_HLMFMT=\"%7.2f\" LO_SPEC=-1.75 HI_SPEC=45.25",
     "PTR:23|2|1|997.3|F|AHO|Check 2nd layer|||A|-1.7|45.2| %9.4f|%7.2f|%7.2f|-1.75|45.25|3|3|4"},
    {"PTR:23|2|1|1e-07|A", "TEST_NUM=23 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=0 PARM_FLG=32 RESULT=1.00000001e-07", NULL},
    {"PTR:23|2|1|||DLNSTUX|Check 2nd layer|alarm|LH", /* no result; every flag; no mark of pass or fail */
     "TEST_NUM=23 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=126 PARM_FLG=211 RESULT=0 TEST_TXT=\"Check 2nd layer\" ALARM_ID=\"alarm\"", NULL},
    {"PTR:23|2|1|2|P|||||  |||%f", /* a later record of test 23: its limits are those of the first, two blanks are two blanks */
     "TEST_NUM=23 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=0 PARM_FLG=0 RESULT=2 OPT_FLAG=63 RES_SCAL=0 LLM_SCAL=0 HLM_SCAL=0 LO_LIMIT=0 "
     "HI_LIMIT=0 UNITS=\"  \" C_RESFMT=\"%f\"",
     NULL},
    {"PTR:23|2|1|2|P||||| |1.5", /* UNITS: one blank takes the default away */
     "TEST_NUM=23 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=0 PARM_FLG=0 RESULT=2 OPT_FLAG=47 RES_SCAL=0 LLM_SCAL=0 HLM_SCAL=0 LO_LIMIT=1.5 "
     "HI_LIMIT=0 UNITS=\"\\x00\"",
     "PTR:23|2|1|2|P||||| |1.5||||||||0"},
    {"PTR:24|2|1|nan|P||other|||V||2", /* the first record of its test: no low limit */
     "TEST_NUM=24 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=0 PARM_FLG=0 RESULT=nan TEST_TXT=\"other\" OPT_FLAG=79 RES_SCAL=0 LLM_SCAL=0 HLM_SCAL=0 "
     "LO_LIMIT=0 HI_LIMIT=2 UNITS=\"V\"",
     "PTR:24|2|1|nan|P||other|||V||2||||||||0"},
    {"PTR:25|2|1|-inf|P||third", "TEST_NUM=25 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=0 PARM_FLG=0 RESULT=-inf TEST_TXT=\"third\"", NULL},
    {"MPR:143|2|4||001.3,0009.6,001.5|F|D|||LH|mA|001.0|002.0| 4.5|.1|V|3,4,5|%6.1f|%6.1f|%6.1f|0009.75|002.25", /* * */
     "TEST_NUM=143 HEAD_NUM=2 SITE_NUM=4 TEST_FLG=128 PARM_FLG=194 RTN_ICNT=3 RSLT_CNT=3 RTN_STAT=[0,0,0] RTN_RSLT=[1.29999995,"
     "9.60000038,1.5] OPT_FLAG=1 RES_SCAL=0 LLM_SCAL=0 HLM_SCAL=0 LO_LIMIT=1 HI_LIMIT=2 START_IN=4.5 INCR_IN=0.100000001 RTN_INDX=[3,4,5] "
     "UNITS=\"mA\" UNITS_IN=\"V\" C_RESFMT=\"%6.1f\" C_LLMFMT=\"%6.1f\" C_HLMFMT=\"%6.1f\" LO_SPEC=9.75 HI_SPEC=2.25",
     "MPR:143|2|4|0,0,0|1.3,9.6,1.5|F|D|||LH|mA|1|2|4.5|0.1|V|3,4,5|%6.1f|%6.1f|%6.1f|9.75|2.25||0|0"},
    {"MPR:143|2|4|1,A,5||P", "TEST_NUM=143 HEAD_NUM=2 SITE_NUM=4 TEST_FLG=0 PARM_FLG=0 RTN_ICNT=3 RSLT_CNT=0 RTN_STAT=[1,10,5] RTN_RSLT=[]",
     NULL},
    {"FTR:27|2|1|P||CHECKERBOARD|A1|5|16|2|3|6|3|0|10,2,8,12|0,1,1,4|4,5,6,7|0,0,0,0|8|DRV|Check Driver||||2|2,3,4,6", /* * */
     "TEST_NUM=27 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=0 OPT_FLAG=192 CYCL_CNT=5 REL_VADR=22 REPT_CNT=2 NUM_FAIL=3 XFAIL_AD=6 YFAIL_AD=3 "
     "VECT_OFF=0 RTN_ICNT=4 PGM_ICNT=4 RTN_INDX=[10,2,8,12] RTN_STAT=[0,1,1,4] PGM_INDX=[4,5,6,7] PGM_STAT=[0,0,0,0] FAIL_PIN=9:0001 "
     "VECT_NAM=\"CHECKERBOARD\" TIME_SET=\"A1\" OP_CODE=\"DRV\" TEST_TXT=\"Check Driver\" PATG_NUM=2 SPIN_MAP=7:5c",
     NULL},
    {"FTR:27|2|1|F|ANTUX", "TEST_NUM=27 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=189", NULL},
    {"FTR:27|2|1|F|||||||||||||||||Check", /* all numbers invalid, no pins: OPT_FLAG says so */
     "TEST_NUM=27 HEAD_NUM=2 SITE_NUM=1 TEST_FLG=128 OPT_FLAG=255 CYCL_CNT=0 REL_VADR=0 REPT_CNT=0 NUM_FAIL=0 XFAIL_AD=0 YFAIL_AD=0 "
     "VECT_OFF=0 RTN_ICNT=0 PGM_ICNT=0 RTN_INDX=[] RTN_STAT=[] PGM_INDX=[] PGM_STAT=[] TEST_TXT=\"Check\"",
     NULL},
    {"BPS:DC_TESTS", "SEQ_NAME=\"DC_TESTS\"", NULL}, /* * */
    {"EPS:", "", NULL},                              /* * */
    {"GDR:TThis is text|L-435|U255|F645.7110|XFFE0014C",
     "FLD_CNT=5 GEN_DATA=[Cn:\"This is text\",I4:-435,U1:255,R4:645.710999,Bn:ffe0014c]", /* * */
     "GDR:TThis is text|L-435|U255|F645.711|XFFE0014C"},
    {"GDR:M65535|B4294967295|I-128|S-32768|D0.1|Y0F|NA|T",
     "FLD_CNT=8 GEN_DATA=[U2:65535,U4:4294967295,I1:-128,I2:-32768,R8:0.1,Dn:8:0f,N1:10,Cn:\"\"]",
     "GDR:M65535|B4294967295|I-128|S-32768|D0.1|Y0F|N10|T"},
    {"GDR:", "FLD_CNT=0 GEN_DATA=[]", NULL},
    {"DTR:Datalog sampling rate is now 1 in 10", "TEXT_DAT=\"Datalog sampling rate is now 1 in 10\"", NULL}, /* * */
    {"PSR:1|2|set|5|9|2|1,2|3,18446744073709551615|a%2Cb,c%25||u1,||s1,s%7C",
     "CONT_FLG=1 PSR_INDX=2 PSR_NAM=\"set\" OPT_FLAG=5 TOTP_CNT=9 LOCP_CNT=2 PAT_BGN=[1,2] PAT_END=[3,18446744073709551615] "
     "PAT_FILE=[\"a,b\",\"c%\"] PAT_LBL=absent FILE_UID=[\"u1\",\"\"] ATPG_DSC=absent SRC_ID=[\"s1\",\"s|\"]",
     NULL},
    {"NMR:0|2|2|7,8|p1,p2", "CONT_FLG=0 TOTM_CNT=2 LOCM_CNT=2 PMR_INDX=[7,8] ATPG_NAM=[\"p1\",\"p2\"]", NULL},
    {"CNR:3|70000|top/q", "CHN_NUM=3 BIT_POS=70000 CELL_NAM=\"top/q\"", NULL},
    {"SSR:scan|2|1,2", "SSR_NAM=\"scan\" CHN_CNT=2 CHN_LIST=[1,2]", NULL},
    {"CDR:0|1|c|2|3|4|1|9|0||1|2|a,b",
     "CONT_FLG=0 CDR_INDX=1 CHN_NAM=\"c\" CHN_LEN=2 SIN_PIN=3 SOUT_PIN=4 MSTR_CNT=1 M_CLKS=[9] SLAV_CNT=0 S_CLKS=[] INV_VAL=1 LST_CNT=2 "
     "CELL_LST=[\"a\",\"b\"]",
     NULL},
    {"STR:0|9|1|2|5|128|log|t||||3|8||9:FF01|50|7|1|40|0|1|0|2|1|1|4|2|0|0|0|3|6|||F=1%7C2|1|65000|0||0||1|0|1|1|0||1|70000|1|300|0||0||0||"
     "1|abc",
     "CONT_FLG=0 TEST_NUM=9 HEAD_NUM=1 SITE_NUM=2 PSR_REF=5 TEST_FLG=128 LOG_TYP=\"log\" TEST_TXT=\"t\" Z_VAL=3 FMU_FLG=8 MASK_MAP=absent "
     "FAL_MAP=9:ff01 CYC_CNT=50 TOTF_CNT=7 TOTL_CNT=1 CYC_BASE=40 BIT_BASE=0 COND_CNT=1 LIM_CNT=0 CYC_SIZE=2 PMR_SIZE=1 CHN_SIZE=1 "
     "PAT_SIZE=4 BIT_SIZE=2 U1_SIZE=0 U2_SIZE=0 U3_SIZE=0 UTX_SIZE=3 CAP_BGN=6 LIM_INDX=[] LIM_SPEC=[] COND_LST=[\"F=1|2\"] CYCO_CNT=1 "
     "CYC_OFST=[65000] PMR_CNT=0 PMR_INDX=[] CHN_CNT=0 CHN_NUM=[] EXP_CNT=1 EXP_DATA=[0] CAP_CNT=1 CAP_DATA=[1] NEW_CNT=0 NEW_DATA=[] "
     "PAT_CNT=1 PAT_NUM=[70000] BPOS_CNT=1 BIT_POS=[300] USR1_CNT=0 USR1=[] USR2_CNT=0 USR2=[] USR3_CNT=0 USR3=[] TXT_CNT=1 "
     "USER_TXT=[\"abc\"]",
     NULL},
};

/* Drops " NAME=cut" and " NAME=missing" from a dump. */
static void drop_missing(struct text *out, const char *dump)
{
    while (*dump != '\0') {
        const char *end = strchr(dump, ' ');
        /* Texts hold blanks: a field ends before " NAME=". */
        while (end && !(strncmp(end, " ", 1) == 0 && strcspn(end + 1, "=") == strspn(end + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") &&
                        strchr(end, '=')))
            end = strchr(end + 1, ' ');
        size_t length = end ? (size_t)(end - dump) : strlen(dump);
        bool missing =
            (length > 4 && memcmp(dump + length - 4, "=cut", 4) == 0) || (length > 8 && memcmp(dump + length - 8, "=missing", 8) == 0);
        if (!missing) {
            text_add(out, out->length > 0 ? " " : "");
            text_add_bytes(out, dump, length);
        }
        dump += length + (end != NULL);
    }
}

static void lines_there_and_back(void **state)
{
    bool big_endian = **(bool **)*state;
    struct text atdf, stdf, back;
    text_init(&atdf, MOST);
    text_add(&atdf, "FAR:A|4|2\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        text_print(&atdf, "%s\n", cases[i].line);
    struct xl_findings *findings = xl_findings_new();
    to_stdf(atdf.data, atdf.length, big_endian, &stdf, findings);
    /* CHAN_TYP A, HEAD_NUM A, SITE_NUM A of one PMR. */
    assert_int_equal(xl_findings_count(findings, XL_FINDING_ATDF_FIELD), 3);
    xl_findings_free(findings);

    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    size_t at = 6;
    assert_memory_equal(stdf.data, big_endian ? "\0\2\0\12\1\4" : "\2\0\0\12\2\4", 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(at + 4 <= stdf.length);
        const uint8_t *bytes = (const uint8_t *)stdf.data + at;
        struct xl_stdf_record record = {.type = (uint16_t)(bytes[2] << 8 | bytes[3]),
                                        .length = load_u2(bytes, big_endian),
                                        .big_endian = big_endian,
                                        .data = bytes + 4};
        at += 4 + (size_t)record.length;
        assert_true(at <= stdf.length);
        const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, &record);
        assert_memory_equal(fields->layout->name, cases[i].line, 3);
        struct text dump, short_dump;
        text_init(&dump, MOST);
        text_init(&short_dump, MOST);
        print_fields(&dump, fields);
        drop_missing(&short_dump, dump.data);
        if (strcmp(short_dump.data, cases[i].fields) != 0)
            print_message("%s\n", cases[i].line);
        assert_string_equal(short_dump.data, cases[i].fields);
        assert_true(record.length >= fields->layout->shortest);
        text_free(&dump);
        text_free(&short_dump);
    }
    assert_int_equal(at, stdf.length);
    xl_stdf_decoder_free(decoder);

    findings = xl_findings_new();
    to_atdf(&stdf, &back, findings);
    assert_int_equal(xl_findings_count(findings, XL_FINDING_ATDF_LOSS), 0);
    xl_findings_free(findings);
    const char *line = back.data;
    assert_memory_equal(line, "FAR:A|4|2|S\n", 12);
    line += 12;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *expected = cases[i].back ? cases[i].back : cases[i].line;
        size_t length = strcspn(line, "\n");
        if (length != strlen(expected) || memcmp(line, expected, length) != 0)
            print_message("%s\n%.*s\n", expected, (int)length, line);
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(line, expected, length);
        line += length + 1;
    }
    assert_int_equal(*line, '\0');

    /* A second time nothing changes any more, in the other byte order either. */
    struct text again, last;
    to_stdf(back.data, back.length, !big_endian, &again, NULL);
    to_atdf(&again, &last, NULL);
    assert_string_equal(last.data, back.data);
    text_free(&again);
    text_free(&last);
    text_free(&back);
    text_free(&stdf);
    text_free(&atdf);
}

static void no_record_is_forgotten(void **state)
{
    (void)state;
    const struct xl_stdf_layout *const *list;
    size_t count = xl_stdf_layouts(&list);
    for (size_t i = 0; i < count; i++) {
        bool found = list[i]->type == XL_FAR;
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
            found = found || memcmp(cases[c].line, list[i]->name, 3) == 0;
        if (!found)
            print_message("no line for %s\n", list[i]->name);
        assert_true(found);
    }
}

/* ---- Rules of the text --------------------------------------------------------------------------------------------------------------- */

static void check_lines(const char *atdf, const char *expected, uint64_t bad_fields)
{
    struct text stdf, back;
    struct xl_findings *findings = xl_findings_new();
    to_stdf(atdf, strlen(atdf), false, &stdf, findings);
    to_atdf(&stdf, &back, NULL);
    assert_string_equal(back.data, expected);
    assert_int_equal(xl_findings_count(findings, XL_FINDING_ATDF_FIELD), bad_fields);
    xl_findings_free(findings);
    text_free(&stdf);
    text_free(&back);
}

static void lines_in_every_shape(void **state)
{
    (void)state;
    /* Another separator, continuations, CRLF, blank lines, no newline at the end, small letters, a byte order mark. */
    check_lines("\xef\xbb\xbf"
                "far:A;4;2;S\r\n\r\npir:1;2\r\nPTR:7;1;2;1.5;p;;a|b\n  c;al\n arm\n\nDTR:x;y\nPRR:1;2;id;1;P;1",
                "FAR:A|4|2|S\nPIR:1|2\nPTR:7|1|2|1.5|P||a/b c|alarm\nDTR:x;y\nPRR:1|2|id|1|P|1\n", 0);
    /* What cannot be read counts as empty. */
    check_lines("FAR:A|4|2\nPIR:1|300\nPRR:1|0|x|1|Q|abc|1.5\nPCR:|x|5\nMRR:25:00:00 1-JAN-2000\n",
                "FAR:A|4|2|S\nPIR:1|0\nPRR:1|0|x|1||0\nPCR:||5\nMRR:\n", 6);
    /* Columns past the last. */
    check_lines("FAR:A|4|2\nPIR:1|2|\nPIR:1|2|3\n", "FAR:A|4|2|S\nPIR:1|2\nPIR:1|2\n", 1);
    /* Unknown lines are passed over. */
    check_lines("FAR:A|4|2\nXYZ:1|2\nPIR:1|2\n", "FAR:A|4|2|S\nPIR:1|2\n", 0);
    /* A V4-2007 line that contradicts itself becomes a sound record: lists as long as the longest, flags set right, no widths above eight.
     */
    check_lines("FAR:A|4|2\nPSR:0|1|s|15|9|7|1,2|5|f||u1\nNMR:0|3|9\n", "FAR:A|4|2|S\nPSR:0|1|s|13|9|2|1,2|5,0|f,||u1,\nNMR:0|3|0\n", 0);
    check_lines("FAR:A|4|2\nSTR:0|9|1|2|5|0|||||||||||||||||1|99|||||||||||||1|7\n",
                "FAR:A|4|2|S\nSTR:0|9|1|2|5|0||||||0|0|||0|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0||||1|1|7\n", 1);
    /* Signs, leading zeros, blanks around numbers, X before hexadecimal. */
    check_lines("FAR:A|4|2\nPRR:01| +2 |p|007|P|1||-0003|+4||||| x0aFF\nFTR:1|1|1|P||||1|0x1F\n",
                "FAR:A|4|2|S\nPRR:1|2|p|7|P|1||-3|4|||||0AFF\nFTR:1|1|1|P||||1|1F\n", 0);
}

static void unscaled_files_come_to_base_units(void **state)
{
    (void)state;
    check_lines("FAR:A|4|2|U\n"
                "PTR:1|1|1|12.5|P||i|||mA|-1.7|45.2|%f\n" /* the units say milli: everything is */
                "PTR:1|1|1|13|P||i\n"                     /* later records follow the first */
                "PTR:1|1|1|7|P||i|||uA|1\n"
                "PTR:2|1|1|3|P||r|||%|1|99.9\n"
                "PTR:3|1|1|2.5|P||f|||MHz\n"
                "PTR:4|1|1|2.5|P||t|||min\n" /* no prefix of minutes */
                "MPR:5|1|1||1.5,2e3|P||m|||nV|||1|2|mV|1,2\n"
                "MPR:5|1|1||4|P||m\n",
                "FAR:A|4|2|S\n"
                "PTR:1|1|1|0.0125|P||i|||A|-0.0017|0.0452|%f|||||3|3|3\n"
                "PTR:1|1|1|0.013|P||i\n"
                "PTR:1|1|1|7e-06|P||i|||A|1e-06|||||||6|6\n"
                "PTR:2|1|1|0.03|P||r||||0.01|0.999||||||2|2|2\n"
                "PTR:3|1|1|2500000|P||f|||Hz||||||||-6\n"
                "PTR:4|1|1|2.5|P||t|||min||||||||0\n"
                "MPR:5|1|1|0,0|1.5e-09,2e-06|P||m|||V|||0.001|0.002|V|1,2||||||9\n"
                "MPR:5|1|1||4e-09|P||m\n",
                0);
}

static void no_limit_in_the_first_record_as_in_the_first_later(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned opt;
    } lines[] = {
        {"PTR:1|1|1|1|P||a|||V||2", 0x4f},  {"PTR:1|1|1|1|P||a|||V||2", 0x1f}, {"PTR:1|1|1|1|P|||||V|1", 0x2f},
        {"PTR:1|1|1|1|P||b|||V||2", 0x4f},  {"PTR:1|1|1|1|P||b|||V||2", 0x1f}, {"PTR:2|1|1|1|P|||||V", 0xcf},
        {"PTR:2|1|1|1|P||named|||V", 0xcf}, {"MPR:1|1|1||1|P||a|||V", 0xcf},   {"MPR:1|1|1||1|P||a|||V", 0x3f},
    };
    struct text atdf, stdf;
    text_init(&atdf, MOST);
    text_add(&atdf, "FAR:A|4|2\n");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        text_print(&atdf, "%s\n", lines[i].line);
    to_stdf(atdf.data, atdf.length, false, &stdf, NULL);
    struct xl_stdf_decoder *decoder = xl_stdf_decoder_new();
    size_t at = 6;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const uint8_t *bytes = (const uint8_t *)stdf.data + at;
        struct xl_stdf_record record = {.type = (uint16_t)(bytes[2] << 8 | bytes[3]), .length = load_u2(bytes, false), .data = bytes + 4};
        at += 4 + (size_t)record.length;
        const struct xl_stdf_fields *fields = xl_stdf_decode(decoder, &record);
        unsigned opt = (unsigned)fields->at[record.type == XL_PTR ? PTR_OPT_FLAG : MPR_OPT_FLAG].values->u;
        assert_int_equal(opt, record.type == XL_PTR ? lines[i].opt : lines[i].opt & ~0x02U ? (lines[i].opt) : 0);
    }
    assert_int_equal(at, stdf.length);
    xl_stdf_decoder_free(decoder);
    text_free(&atdf);
    text_free(&stdf);
}

static void check_refused(const char *atdf, size_t length, const char *code, const char *place)
{
    struct xl_error error = {0};
    struct xl_input *input = xl_input_memory(atdf, length, "test.atdf", &error);
    struct text stdf;
    text_init(&stdf, MOST);
    bool good = xl_atdf_to_stdf(input, false, sink_text(&stdf), NULL, &error);
    if (good)
        print_message("%s was expected\n", code);
    assert_false(good);
    assert_string_equal(error.code, code);
    assert_string_equal(error.place, place);
    assert_true(error.message[0] != '\0');
    text_free(&stdf);
    xl_input_free(input);
}

static void what_is_no_atdf_is_refused(void **state)
{
    (void)state;
    check_refused("FAR:A|4|2\nPIR:1|1\n\n\n?what\nPIR:1|1\n", 34, "atdf_line", "test.atdf, line 5");
    check_refused("FAR:A|4|2\nPI:1|1\n", 17, "atdf_line", "test.atdf, line 2");
    check_refused("MIR:x", 5, "not_atdf", "test.atdf");
    check_refused("FAR:A|3|2\n", 10, "stdf_version_unknown", "test.atdf");
    enum { LONG = 5 << 20 };
    char *text = malloc(LONG);
    memset(text, 'x', LONG);
    memcpy(text, "FAR:A|4|2\nDTR:", 14);
    check_refused(text, LONG, "atdf_line_long", "test.atdf, line 2");
    free(text);
    assert_true(xl_is_atdf((const uint8_t *)"FAR:A|", 6));
    assert_false(xl_is_atdf((const uint8_t *)"FAR:A", 5));
    assert_false(xl_is_atdf((const uint8_t *)"FAR:B|4", 7));
    assert_false(xl_is_atdf((const uint8_t *)"\x02\x00\x00\x0a\x02\x04", 6));
}

/* A record longer than 65,535 bytes cannot be: it is told and left out. */
static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    struct text atdf;
    text_init(&atdf, MOST);
    text_add(&atdf, "FAR:A|4|2\nPGR:1|g|");
    for (int i = 0; i < 40000; i++)
        text_print(&atdf, "%s%d", i > 0 ? "," : "", i);
    text_add(&atdf, "\nPGR:1|g|");
    for (int i = 0; i < 70000; i++)
        text_add(&atdf, i > 0 ? ",1" : "1");
    text_add(&atdf, "\nDTR:");
    for (int i = 0; i < 300; i++)
        text_add(&atdf, "x");
    text_add(&atdf, "\nPIR:1|2\n");
    struct text expected;
    text_init(&expected, MOST);
    text_print(&expected, "FAR:A|4|2|S\nPGR:1|g\nDTR:");
    for (int i = 0; i < 255; i++)
        text_add(&expected, "x");
    text_add(&expected, "\nPIR:1|2\n");
    check_lines(atdf.data, expected.data, 3);
    text_free(&atdf);
    text_free(&expected);
}

/* ---- What ATDF cannot say ------------------------------------------------------------------------------------------------------------ */

static void losses_are_told(void **state)
{
    (void)state;
    struct text stdf, atdf;
    text_init(&stdf, MOST);
    static uint8_t buffer[XL_RECORD_MOST];
    struct xl_record_writer w;
    text_add_bytes(&stdf, "\2\0\0\12\2\4", 6);
#define RECORD_OF(type, body)                                                                                                              \
    xl_record_begin(&w, type, false, buffer);                                                                                              \
    body;                                                                                                                                  \
    text_add_bytes(&stdf, buffer, xl_record_end(&w))
    RECORD_OF(XL_MIR, xl_put_bytes(&w, "\1\0\0\0\2\0\0\0\1PN \377\377 ", 15); xl_put_cn(&w, "a|b"); xl_put_cn(&w, "c\nd");
              xl_put_cn(&w, ""); xl_put_cn(&w, ""); xl_put_cn(&w, "")); /* two */
    RECORD_OF(XL_DTR, xl_put_cn(&w, "x"); xl_put_u1(&w, 0));            /* left-over */
    RECORD_OF(0xb4b4, xl_put_u4(&w, 0));                                /* unknown */
    RECORD_OF(XL_GDR, xl_put_u2(&w, 3); xl_put_u1(&w, 0); xl_put_bytes(&w, "\14\3\0\5", 4);
              xl_put_bytes(&w, "\7\1\0\240\377", 5)); /* pad, odd bits, NaN */
    RECORD_OF(XL_PTR, xl_put_bytes(&w, "\1\0\0\0\1\1\0\0\0\0\0\0\0\0\2\0\0\0\0\0\200\077\0\0\0\100", 26));
    RECORD_OF(XL_PTR, xl_put_bytes(&w, "\1\0\0\0\1\1\0\0\0\0\0\0\0\0\102\0\0\0\0\0\200\077\0\0\0\100", 26));     /* limit taken away */
    RECORD_OF(XL_PSR, xl_put_bytes(&w, "\0\1\0\0\17\1\0\1\0\0\0\0\0\0\0\0\0\11\0\0\0\0\0\0\0\1f\1l\0\0\0", 32)); /* four wrong flags */
    RECORD_OF(XL_MRR, xl_put_u4(&w, 3); xl_put_u1(&w, '\t'));                                                    /* code */
    struct xl_findings *findings = xl_findings_new();
    to_atdf(&stdf, &atdf, findings);
    assert_string_equal(atdf.data, "FAR:A|4|2|S\n"
                                   "MIR:a/b|c d||||0:00:01 1-JAN-1970|0:00:02 1-JAN-1970||P|1|||N\n"
                                   "DTR:x\n"
                                   "GDR:Y05|F-nan\n"
                                   "PTR:1|1|1|0|P||||||1|2||||||0|0|0\n"
                                   "PTR:1|1|1|0|P|||||||2||||||0||0\n"
                                   "PSR:0|1||0|1|1|0|9|f|l\n"
                                   "MRR:0:00:03 1-JAN-1970\n");
    assert_int_equal(xl_findings_count(findings, XL_FINDING_ATDF_LOSS), 13);
    xl_findings_free(findings);
    text_free(&stdf);
    text_free(&atdf);
}

int main(void)
{
    static bool orders[] = {false, true};
    static bool *little = &orders[0], *big = &orders[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(lines_there_and_back, &little),
        cmocka_unit_test_prestate(lines_there_and_back, &big),
        cmocka_unit_test(no_record_is_forgotten),
        cmocka_unit_test(lines_in_every_shape),
        cmocka_unit_test(unscaled_files_come_to_base_units),
        cmocka_unit_test(no_limit_in_the_first_record_as_in_the_first_later),
        cmocka_unit_test(what_is_no_atdf_is_refused),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(losses_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
