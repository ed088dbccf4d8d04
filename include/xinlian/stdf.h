/* stdf.h: STDF V4 and V4-2007 files as records and fields: read from any container, described by one table, written.
 *
 * Source of the layouts: STDF V4 specification (Teradyne), V4-2007 scan extension (SEMI CAST), ATDF specification. */
#pragma once

#include <xinlian/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Findings: what was noticed while reading --------------------------------------------------------------------- */

/* Every finding has a kind, how often it came, and where it came first. Kinds are listed in findings.def:
 * FINDING(name, severity, English sentence). */
enum xl_severity {
    XL_RULE,   /* a rule of the format decided a figure (a default taken, a field called invalid): shown by --explain */
    XL_NOTE,   /* allowed or harmless, but worth knowing (vendor padding, a part without tests) */
    XL_DEFECT, /* the file breaks the format: something was skipped or repaired */
};

enum xl_finding_kind {
#define FINDING(name, severity, sentence) XL_FINDING_##name,
#include <xinlian/findings.def>
#undef FINDING
    XL_FINDING_KINDS
};

struct xl_finding {
    enum xl_finding_kind kind;
    uint64_t offset; /* byte in the uncompressed stream where it came first */
    uint64_t length; /* bytes skipped there, 0 where none were */
    char detail[96]; /* what it was about, e.g. a record's name or a test's number; UTF-8; may be empty */
};

/* All findings of one file. The first `limit` of each kind are kept in full, the rest are counted. */
struct xl_findings;
XL_API struct xl_findings *xl_findings_new(void);
XL_API void xl_findings_free(struct xl_findings *);
XL_API void xl_findings_add(struct xl_findings *, enum xl_finding_kind, uint64_t offset, uint64_t length, const char *detail_format, ...)
    XL_PRINTF(5, 6);
/* `count` more of a kind, which skipped `skipped` bytes, without place or detail: for kinds that come by the million. */
XL_API void xl_findings_more(struct xl_findings *, enum xl_finding_kind, uint64_t count, uint64_t skipped);
/* How often a kind came, and the bytes it skipped in all. */
XL_API uint64_t xl_findings_count(const struct xl_findings *, enum xl_finding_kind);
XL_API uint64_t xl_findings_skipped(const struct xl_findings *, enum xl_finding_kind);
/* The findings kept, in order of kind and then of offset. */
XL_API size_t xl_findings_kept(const struct xl_findings *);
XL_API const struct xl_finding *xl_findings_at(const struct xl_findings *, size_t index);
XL_API void xl_findings_merge(struct xl_findings *into, const struct xl_findings *from);
XL_API enum xl_severity xl_finding_severity(enum xl_finding_kind);
XL_API const char *xl_finding_name(enum xl_finding_kind);     /* stable, for programs: "ZERO_FILLED" */
XL_API const char *xl_finding_sentence(enum xl_finding_kind); /* for people, in the thread's language */

/* ---- Input: bytes out of any container ---------------------------------------------------------------------------- */

enum xl_container { XL_PLAIN, XL_GZIP, XL_BZIP2, XL_ZIP, XL_XZ, XL_ZSTD, XL_TAR };

/* A stream of uncompressed bytes, handed out as windows. A plain file is mapped; a compressed one is unpacked by a thread
 * of its own, a few megabytes ahead. The container is known by its first bytes, never by its name. */
struct xl_input;

/* `path` "-" is standard input. A zip (or tar) with several files gives one entry after the other: see xl_input_next_entry. */
XL_API struct xl_input *xl_input_open(const char *path, struct xl_error *);
/* Bytes that the caller keeps alive until xl_input_free; they may themselves be compressed. `name` is for messages. */
XL_API struct xl_input *xl_input_memory(const void *bytes, size_t length, const char *name, struct xl_error *);
XL_API void xl_input_free(struct xl_input *);
/* Gives the bytes that follow the `consumed` first ones of the last window (0 at the first call). `*last` tells that
 * nothing comes after this window. A window that is not the last holds at least XL_WINDOW_LEAST bytes. At the end:
 * length 0, last true. False when the container is broken and all that stands before the damage was consumed (its last window
 * says `last` too, so one more call tells); the error names the place. */
enum { XL_WINDOW_LEAST = 1 << 20 };
XL_API bool xl_input_window(struct xl_input *, size_t consumed, const uint8_t **bytes, size_t *length, bool *last, struct xl_error *);
/* Goes to the next file of an archive. False, with no error set, when there is none. */
XL_API bool xl_input_next_entry(struct xl_input *, struct xl_error *);
XL_API enum xl_container xl_input_container(const struct xl_input *);
XL_API const char *xl_input_name(const struct xl_input *); /* path, or "archive.zip/entry.stdf" */
/* Compressed bytes eaten so far and in all (0 = unknown): for progress. */
XL_API void xl_input_progress(const struct xl_input *, uint64_t *done, uint64_t *total);

/* ---- Reader: records ---------------------------------------------------------------------------------------------- */

/* REC_TYP << 8 | REC_SUB. */
enum xl_stdf_type {
    XL_FAR = 0x000a,
    XL_ATR = 0x0014,
    XL_VUR = 0x001e,
    XL_MIR = 0x010a,
    XL_MRR = 0x0114,
    XL_PCR = 0x011e,
    XL_HBR = 0x0128,
    XL_SBR = 0x0132,
    XL_PMR = 0x013c,
    XL_PGR = 0x013e,
    XL_PLR = 0x013f,
    XL_RDR = 0x0146,
    XL_SDR = 0x0150,
    XL_PSR = 0x015a,
    XL_NMR = 0x015b,
    XL_CNR = 0x015c,
    XL_SSR = 0x015d,
    XL_CDR = 0x015e,
    XL_WIR = 0x020a,
    XL_WRR = 0x0214,
    XL_WCR = 0x021e,
    XL_PIR = 0x050a,
    XL_PRR = 0x0514,
    XL_TSR = 0x0a1e,
    XL_PTR = 0x0f0a,
    XL_MPR = 0x0f0f,
    XL_FTR = 0x0f14,
    XL_STR = 0x0f1e,
    XL_BPS = 0x140a,
    XL_EPS = 0x1414,
    XL_GDR = 0x320a,
    XL_DTR = 0x321e,
};

struct xl_stdf_record {
    uint16_t type;   /* enum xl_stdf_type, or any other code: unknown records are passed on raw */
    uint16_t length; /* REC_LEN: bytes at `data` */
    bool big_endian;
    uint64_t offset;     /* of the header, in the uncompressed stream */
    const uint8_t *data; /* after the 4 header bytes; valid until the next call on the reader */
};

/* Walks the records of one stream. Where the stream is out of phase, zero-filled or cut off, the reader looks for the
 * next plausible header, adds a finding with the bytes it skipped, and goes on. */
struct xl_stdf_reader;
/* Fails with a sentence when the stream is not STDF V4 of IEEE floats: "not_stdf", "stdf_empty", "stdf_v3", "stdf_vax",
 * "stdf_version_unknown", "is_atdf" (the stream is ATDF text: read it with xl_atdf_to_stdf). Input and findings stay the caller's. */
XL_API struct xl_stdf_reader *xl_stdf_reader_new(struct xl_input *, struct xl_findings *, struct xl_error *);
XL_API void xl_stdf_reader_free(struct xl_stdf_reader *);
/* The next record; false at the end of the stream (a broken container too: the finding CONTAINER_BROKEN is then added). */
XL_API bool xl_stdf_next(struct xl_stdf_reader *, struct xl_stdf_record *);
XL_API bool xl_stdf_big_endian(const struct xl_stdf_reader *);
XL_API uint64_t xl_stdf_offset(const struct xl_stdf_reader *); /* of the next record */

/* ---- Records as fields -------------------------------------------------------------------------------------------- */

/* Wire types of the specification. The K_ arrays take their count from an earlier field. */
enum xl_stdf_kind {
    XL_U1,
    XL_U2,
    XL_U4,
    XL_U8,
    XL_I1,
    XL_I2,
    XL_I4,
    XL_R4,
    XL_R8,
    XL_C1, /* one character */
    XL_CN,
    XL_SN, /* text with a one- or two-byte length */
    XL_CF, /* text of a length given by another field (STR.USER_TXT) */
    XL_B1, /* eight flags */
    XL_BN, /* bytes with a one-byte length */
    XL_DN, /* bits with a two-byte count of bits */
    XL_N1, /* nibbles, two a byte, low first: only in arrays */
    XL_UF, /* unsigned of a width given by another field (STR) */
    XL_VN, /* GDR: code byte and value */
};

struct xl_stdf_field {
    const char *name; /* "TEST_NUM", as in the specification */
    enum xl_stdf_kind kind;
    int count;                      /* index of the field that holds this array's count; -1: a single value */
    int width;                      /* XL_UF, XL_CF: index of the field that holds the width in bytes; else -1 */
    int flag;                       /* index of the flag field that can switch this field off on the wire (V4-2007); else -1 */
    uint8_t flag_mask, flag_absent; /* the field is absent when (flag & flag_mask) == flag_absent */
    bool optional;                  /* has a missing value; may be cut at the record's end */
    double missing;                 /* for numbers: the value that means "missing"; NaN where there is none */
};

struct xl_stdf_layout {
    uint16_t type;
    const char *name;  /* "PTR" */
    const char *title; /* "Parametric test record", untranslated */
    size_t field_count;
    const struct xl_stdf_field *fields;
    uint16_t shortest; /* least REC_LEN of a sound record */
};

/* NULL for an unknown type. */
XL_API const struct xl_stdf_layout *xl_stdf_layout(uint16_t type);
XL_API const struct xl_stdf_layout *xl_stdf_layout_named(const char *name);
XL_API size_t xl_stdf_layouts(const struct xl_stdf_layout *const **list);

/* One value of a field (or one element of an array). */
struct xl_stdf_value {
    enum xl_stdf_kind kind; /* for GDR fields: the kind of the value; XL_B1 with length 0 is a pad */
    union {
        uint64_t u; /* U*, UF, B1, C1 (the byte), N1 */
        int64_t i;  /* I* */
        double r;   /* R*: an R4 is held exactly; a NaN keeps its payload in `bits` */
        struct {
            const uint8_t *bytes;
            uint32_t length;
        } text; /* CN, SN, CF, BN: bytes; DN: `length` counts bits */
    };
    uint64_t bits; /* R4, R8: the raw bits; N1: the spare nibble after the last of an odd count */
};

enum xl_presence {
    XL_PRESENT,
    XL_CUT,    /* the record ended before the field */
    XL_ABSENT, /* switched off by a flag (V4-2007) */
};

struct xl_stdf_fields {
    const struct xl_stdf_layout *layout;
    struct {
        enum xl_presence presence;
        uint32_t count; /* elements; 1 for a single value */
        struct xl_stdf_value *values;
    } * at;             /* one per field of the layout */
    uint32_t left_over; /* bytes after the last field */
    bool broken;        /* the record ended inside or before a needed field: that field and the rest are XL_CUT, but a
                           list keeps its whole elements: trust `count` here, not the field that should hold the count */
    uint32_t broken_at; /* byte in the record where that field began */
    bool ungated;       /* V4-2007: flags ignored, for only so the record ended exactly */
};

/* Scratch memory for decoding, reused from record to record. */
struct xl_stdf_decoder;
XL_API struct xl_stdf_decoder *xl_stdf_decoder_new(void);
XL_API void xl_stdf_decoder_free(struct xl_stdf_decoder *);
/* Decodes any known record; NULL for an unknown type. The result is valid until the next call and while record->data is. */
XL_API const struct xl_stdf_fields *xl_stdf_decode(struct xl_stdf_decoder *, const struct xl_stdf_record *);
/* Index of a field by name, -1 when there is none. */
XL_API int xl_stdf_field_index(const struct xl_stdf_layout *, const char *name);
/* A field is missing when it is not present or holds its missing value. */
XL_API bool xl_stdf_missing(const struct xl_stdf_fields *, int field);

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

/* Encodes fields as one record (header included) into `out` of at least XL_RECORD_MOST bytes; returns its length, 0 when it
 * would exceed 65,535 bytes. Trailing fields that are XL_CUT are not written; one that a present field follows is written as
 * its missing value (a count: as long as its list). XL_ABSENT ones are left out, left-over bytes are not known here and not
 * written. Text past the 255 (CN, BN) or 65,535 (SN) bytes that fit is cut. decode(encode(x)) == x. */
enum { XL_RECORD_MOST = 65539 };
XL_API size_t xl_stdf_encode(const struct xl_stdf_fields *, bool big_endian, uint8_t *out);

/* Builds one record field by field, in wire order: for simulators, filters and tests.
 *     xl_record_begin(&r, XL_PIR, big_endian, buffer); xl_put_u1(&r, 1); xl_put_u1(&r, 0); n = xl_record_end(&r); */
struct xl_record_writer {
    uint8_t *out;
    size_t length;
    bool big_endian;
    bool overflow;
};
XL_API void xl_record_begin(struct xl_record_writer *, uint16_t type, bool big_endian, uint8_t *out /* XL_RECORD_MOST */);
XL_API void xl_put_u1(struct xl_record_writer *, uint8_t);
XL_API void xl_put_u2(struct xl_record_writer *, uint16_t);
XL_API void xl_put_u4(struct xl_record_writer *, uint32_t);
XL_API void xl_put_u8(struct xl_record_writer *, uint64_t);
XL_API void xl_put_r4(struct xl_record_writer *, float);
XL_API void xl_put_r8(struct xl_record_writer *, double);
XL_API void xl_put_cn(struct xl_record_writer *, const char *text); /* cut at 255 bytes */
XL_API void xl_put_sn(struct xl_record_writer *, const char *text);
XL_API void xl_put_bytes(struct xl_record_writer *, const void *bytes, size_t length);
XL_API size_t xl_record_end(struct xl_record_writer *); /* whole length with header; 0 on overflow */

/* ATDF, the text twin. Both directions stream. `xl_atdf_to_stdf` fails with the line number of the first line that is no ATDF;
 * fields that cannot be read are findings. `xl_stdf_to_atdf` writes what ATDF can say and adds a finding ATDF_LOSS where it cannot. */
XL_API bool xl_stdf_to_atdf(struct xl_stdf_reader *, struct xl_sink, struct xl_findings *, struct xl_error *);
XL_API bool xl_atdf_to_stdf(struct xl_input *, bool big_endian, struct xl_sink, struct xl_findings *, struct xl_error *);
/* True when the first bytes of a stream are ATDF's. */
XL_API bool xl_is_atdf(const uint8_t *bytes, size_t length);

/* ---- Filter and merge --------------------------------------------------------------------------------------------- */

/* Which records pass. Zeroed (or head and site -1 and nothing else) passes everything, byte for byte, what the reader could not read
 * included. Otherwise parts are dropped whole (PIR, tests, PRR, and the GDR, DTR, BPS, EPS that stand among dropped parts only); PCR, HBR,
 * SBR, TSR and WRR are counted anew from what is left and stand before MRR; the first record left of a test says in full what the
 * dropped first one said for all. An ATR with `command_line` is inserted right after FAR when it is not NULL. */
struct xl_stdf_filter {
    int head, site; /* -1 = any (set them!) */
    const uint16_t *hard_bins;
    size_t hard_bin_count;
    const uint32_t *tests;
    size_t test_count; /* keep only these test numbers */
    bool (*keep_part)(void *context, uint64_t begin_offset, uint64_t end_offset);
    void *context; /* may be NULL; PIR's offset (PRR's without PIR), and that after PRR */
    const char *command_line;
    uint32_t modified_time; /* MOD_TIM of that ATR */
};
/* From a reader that has read nothing yet. `findings` may be NULL: the reader adds to its own. */
XL_API bool xl_stdf_copy(struct xl_stdf_reader *, const struct xl_stdf_filter *, struct xl_sink, struct xl_findings *, struct xl_error *);
/* Merges files of one lot into one stream: the order of `paths` does not matter (they are sorted by START_T, then by
 * content). Test defaults that differ between files are written out in full. Fails when the files' lots differ, unless `any_lot`. */
struct xl_stdf_merge {
    bool any_lot;
    bool big_endian;
    const char *command_line;
    uint32_t modified_time;
};
XL_API bool xl_stdf_merge(const char *const *paths, size_t count, const struct xl_stdf_merge *, struct xl_sink, struct xl_findings *,
                          struct xl_error *);

#ifdef __cplusplus
}
#endif
