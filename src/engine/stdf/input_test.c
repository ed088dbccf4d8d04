/* input_test.c: every container, whole, damaged, in each other, from memory, files and pipes; windows; what is refused. The containers are
 * packed by libarchive's writers, except what those cannot write, which is made byte by byte. */
#include <xinlian/stdf.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "engine/stdf/source.h"

struct bytes_made {
    uint8_t *at;
    size_t length;
};

static uint64_t seed;
static uint32_t dice(uint32_t sides)
{
    seed += 0x9e3779b97f4a7c15u;
    uint64_t z = seed;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % sides);
}

/* Bytes that pack as test data does: repeats and noise. */
static struct bytes_made plain(size_t length, uint64_t from)
{
    struct bytes_made made = {memory_new(length, 1), length};
    seed = from;
    for (size_t i = 0; i < length; i++)
        made.at[i] = i > 100 && dice(4) ? made.at[i - 50 - dice(40)] : (uint8_t)dice(256);
    return made;
}

static void append(struct bytes_made *made, const void *bytes, size_t length)
{
    made->at = memory_grow(made->at, made->length + length, 1);
    memcpy(made->at + made->length, bytes, length);
    made->length += length;
}

/* ---- Packing ----------------------------------------------------------------------------------------------------------------------------
 */

struct member {
    const char *name; /* a folder when it ends in '/' */
    const void *bytes;
    size_t length;
};

static struct bytes_made packed(enum xl_container container, const struct member *members, size_t count)
{
    struct archive *archive = archive_write_new();
    if (container == XL_ZIP)
        archive_write_set_format_zip(archive);
    else if (container == XL_TAR)
        archive_write_set_format_ustar(archive);
    else
        archive_write_set_format_raw(archive);
    if (container == XL_GZIP)
        archive_write_add_filter_gzip(archive);
    else if (container == XL_BZIP2)
        archive_write_add_filter_bzip2(archive);
    else if (container == XL_XZ)
        archive_write_add_filter_xz(archive);
    else if (container == XL_ZSTD)
        archive_write_add_filter_zstd(archive);
    else
        archive_write_add_filter_none(archive);
    size_t room = 1 << 20;
    for (size_t i = 0; i < count; i++)
        room += members[i].length + members[i].length / 8;
    struct bytes_made made = {memory_new(room, 1), 0};
    assert_int_equal(archive_write_open_memory(archive, made.at, room, &made.length), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].name);
        bool folder = members[i].name[strlen(members[i].name) - 1] == '/';
        archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)members[i].length);
        assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
        if (members[i].length)
            assert_int_equal(archive_write_data(archive, members[i].bytes, members[i].length), members[i].length);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
    return made;
}

static struct bytes_made packed_one(enum xl_container container, struct bytes_made bytes)
{
    return packed(container, &(struct member){"lot.stdf", bytes.at, bytes.length}, 1);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------------------------------
 */

/* Reads the current entry to its end in random steps, checking what windows promise. True when it ended well; *made is what came. */
static bool read_entry(struct xl_input *input, struct bytes_made *made, struct xl_error *error)
{
    *made = (struct bytes_made){NULL, 0};
    const uint8_t *bytes;
    size_t length = 0, consumed = 0;
    bool last = false;
    *error = (struct xl_error){0};
    for (;;) {
        if (!xl_input_window(input, consumed, &bytes, &length, &last, error))
            return false;
        assert_true(last || length >= XL_WINDOW_LEAST);
        if (last && !length)
            return true;
        /* A window may be asked for again without having consumed anything, and then is the same. */
        consumed = dice(5) == 0 ? 0 : dice(3) == 0 || length < 100 ? length : (size_t)dice((uint32_t)length + 1);
        append(made, bytes, consumed);
    }
}

static void check_entry(struct xl_input *input, struct bytes_made expected)
{
    struct bytes_made made;
    struct xl_error error;
    assert_true(read_entry(input, &made, &error));
    assert_int_equal(made.length, expected.length);
    if (made.length)
        assert_memory_equal(made.at, expected.at, made.length);
    free(made.at);
}

static int temporary(char path[64], struct bytes_made bytes)
{
    snprintf(path, 64, "/tmp/xinlian-input-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes.at, bytes.length), bytes.length);
    return descriptor;
}

/* A pipe into which a child writes `bytes` in random pieces. */
static pid_t piped(struct bytes_made bytes, int *end)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (size_t done = 0; done < bytes.length;) {
            size_t step = 1 + dice(50000);
            ssize_t wrote = write(ends[1], bytes.at + done, step < bytes.length - done ? step : bytes.length - done);
            if (wrote <= 0)
                _exit(1);
            done += (size_t)wrote;
        }
        _exit(0);
    }
    close(ends[1]);
    *end = ends[0];
    return child;
}

enum way { FROM_MEMORY, FROM_FILE, FROM_PIPE, WAYS };

/* Calls `check` with the bytes opened in every way. */
static void in_every_way(struct bytes_made bytes, void (*check)(struct xl_input *, const void *), const void *context)
{
    for (int way = 0; way < WAYS; way++) {
        struct xl_error error = {0};
        struct xl_input *input;
        char path[64];
        int descriptor = -1;
        pid_t child = 0;
        if (way == FROM_MEMORY)
            input = xl_input_memory(bytes.at, bytes.length, "memory", &error);
        else if (way == FROM_FILE) {
            descriptor = temporary(path, bytes);
            input = xl_input_open(path, &error);
            unlink(path);
        } else {
            child = piped(bytes, &descriptor);
            snprintf(path, sizeof path, "/dev/fd/%d", descriptor);
            input = xl_input_open(path, &error);
        }
        if (!input)
            print_message("# %s: %s\n", error.code, error.message);
        assert_non_null(input);
        check(input, context);
        xl_input_free(input);
        if (descriptor >= 0)
            close(descriptor);
        if (child)
            waitpid(child, NULL, 0);
    }
}

struct expected {
    struct bytes_made bytes;
    enum xl_container container;
};

static void check_whole(struct xl_input *input, const void *context)
{
    const struct expected *expected = context;
    assert_int_equal(xl_input_container(input), expected->container);
    check_entry(input, expected->bytes);
    uint64_t done, total;
    xl_input_progress(input, &done, &total);
    if (total && expected->container != XL_ZIP) /* a zip's directory need not be read last */
        assert_int_equal(done, total);
    struct xl_error error = {0};
    assert_false(xl_input_next_entry(input, &error));
    assert_string_equal(error.code, "");
}

static const enum xl_container streams[] = {XL_GZIP, XL_BZIP2, XL_XZ, XL_ZSTD};
enum { STREAMS = sizeof streams / sizeof *streams };

static void test_containers(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 5, 1000, XL_WINDOW_LEAST - 1, 3 * XL_WINDOW_LEAST + 17, 20 << 20};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        struct bytes_made bytes = plain(lengths[l], l);
        in_every_way(bytes, check_whole, &(struct expected){bytes, XL_PLAIN});
        /* The largest once is enough: bzip2 and xz take their time. */
        for (int container = XL_GZIP; container <= XL_TAR && l < 6; container++) {
            struct bytes_made pack = packed_one(container, bytes);
            if (pack.length) /* libarchive packs nothing into nothing */
                in_every_way(pack, check_whole, &(struct expected){bytes, container});
            free(pack.at);
        }
        free(bytes.at);
    }
}

/* ---- Several members, garbage -----------------------------------------------------------------------------------------------------------
 */

static void test_members(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } tails[] = {{"", 0},
                 {"\0\0\0\0\0\0\0\0\0\0\0\0", 12},
                 {"\0", 1},
                 {"-- \nsent by mail\n", 17},
                 {"Bzh", 3},
                 {"\xfd"
                  "7z",
                  3}};
    for (size_t s = 0; s < STREAMS; s++)
        for (size_t t = 0; t < sizeof tails / sizeof *tails; t++) {
            if (streams[s] == XL_ZSTD && t) /* zstd's own tool calls it damage, and so do we */
                continue;
            if (streams[s] == XL_BZIP2 && t == 4) /* the beginning of a stream that is cut off */
                continue;
            if (streams[s] == XL_XZ && t == 5)
                continue;
            struct bytes_made pack = {NULL, 0}, whole = {NULL, 0};
            for (unsigned i = 0; i < 5; i++) {
                struct bytes_made one = plain(1 + i * 70000, i), small = packed_one(streams[s], one);
                append(&pack, small.at, small.length);
                append(&whole, one.at, one.length);
                free(one.at);
                free(small.at);
            }
            append(&pack, tails[t].bytes, tails[t].length);
            struct xl_error error = {0};
            struct xl_input *input = xl_input_memory(pack.at, pack.length, "members", &error);
            assert_non_null(input);
            check_entry(input, whole);
            xl_input_free(input);
            free(pack.at);
            free(whole.at);
        }
}

/* A source that gives `step` bytes at a time: unpackers must stand every border of blocks. */
struct drip {
    struct source source;
    struct bytes_made bytes;
    size_t at, step;
};

static enum source_state drip_block(struct source *source, const uint8_t **bytes, size_t *length)
{
    struct drip *drip = (struct drip *)source;
    size_t left = drip->bytes.length - drip->at;
    *bytes = drip->bytes.at + drip->at;
    *length = left < drip->step ? left : drip->step;
    drip->at += *length;
    return drip->at == drip->bytes.length ? SOURCE_END : SOURCE_MORE;
}

static void drip_free(struct source *source)
{
    (void)source;
}

static const struct source_kind drip_kind = {.block = drip_block, .free = drip_free};

/* All that `unpack` gives of `pack` in steps of `step`. */
static enum source_state drip_all(struct source *(*unpack)(struct source *), struct bytes_made pack, size_t step, struct bytes_made *made)
{
    struct drip drip = {.source = {.kind = &drip_kind}, .bytes = pack, .step = step};
    struct source *source = unpack(&drip.source);
    static uint8_t out[100000];
    enum source_state state;
    *made = (struct bytes_made){NULL, 0};
    do {
        size_t filled;
        state = source_fill(source, out, sizeof out, &filled);
        assert_true(state != SOURCE_MORE || filled == sizeof out);
        append(made, out, filled);
    } while (state == SOURCE_MORE);
    assert_int_equal(state == SOURCE_BROKEN, source->error.code[0] != 0);
    source_free(source);
    return state;
}

static struct source *(*const unpackers[])(struct source *) = {source_of_gzip, source_of_bzip2, source_of_xz};

static void test_borders(void **state)
{
    (void)state;
    /* A gzip member with every optional part of its header (RFC 1952): extra field, name, comment. */
    struct bytes_made one = plain(3000, 1), pack = packed_one(XL_GZIP, one), rich = {NULL, 0};
    append(&rich, "\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x07\0extras!lot.stdf\0a comment\0", 38);
    size_t header = 10 + (pack.at[3] & 8 ? strlen((char *)pack.at + 10) + 1 : 0);
    append(&rich, pack.at + header, pack.length - header);
    struct bytes_made once = {NULL, 0};
    append(&once, rich.at, rich.length);
    append(&rich, once.at, once.length);
    free(once.at);
    struct bytes_made twice = {NULL, 0};
    append(&twice, one.at, one.length);
    append(&twice, one.at, one.length);
    for (size_t u = 0; u < 3; u++) {
        struct bytes_made packs = {NULL, 0};
        if (u == 0)
            append(&packs, rich.at, rich.length);
        else {
            struct bytes_made half = packed_one(streams[u], one);
            append(&packs, half.at, half.length);
            append(&packs, half.at, half.length);
            free(half.at);
        }
        for (size_t step = 1; step < packs.length + 2; step = step < 60 ? step + 1 : step + 97) {
            struct bytes_made made;
            assert_int_equal(drip_all(unpackers[u], packs, step, &made), SOURCE_END);
            assert_int_equal(made.length, twice.length);
            assert_memory_equal(made.at, twice.at, made.length);
            free(made.at);
        }
        free(packs.at);
    }
    free(one.at);
    free(pack.at);
    free(rich.at);
    free(twice.at);
}

/* ---- Damage -----------------------------------------------------------------------------------------------------------------------------
 */

/* Cut anywhere: all that can be unpacked comes, then the error. */
static void test_cut(void **state)
{
    (void)state;
    struct bytes_made one = plain(300000, 3);
    for (int container = XL_GZIP; container <= XL_TAR; container++) {
        struct bytes_made pack = packed_one(container, one);
        size_t before = 0, opened = 0;
        for (size_t cut = 1; cut < pack.length - (container == XL_TAR ? 1024 : 0); cut += 1 + pack.length / 50) {
            struct xl_error error = {0};
            struct xl_input *input = xl_input_memory(pack.at, cut, "cut", &error);
            if (!input) { /* not even the beginning of an archive is there */
                assert_int_not_equal(error.code[0], 0);
                continue;
            }
            opened++;
            struct bytes_made made;
            bool ended = read_entry(input, &made, &error);
            if ((int)xl_input_container(input) == container && made.length < one.length) {
                assert_false(ended);
                assert_string_equal(error.place + strlen(error.place) - (container >= XL_TAR || container == XL_ZIP ? 8 : 3),
                                    container >= XL_TAR || container == XL_ZIP ? "lot.stdf" : "cut");
                /* Asking again gives the same answer. */
                const uint8_t *bytes;
                size_t length;
                bool last;
                assert_false(xl_input_window(input, 0, &bytes, &length, &last, &error));
                assert_memory_equal(made.at ? made.at : one.at, one.at, made.length);
                assert_true(made.length >= before);
                before = made.length;
            }
            free(made.at);
            xl_input_free(input);
        }
        assert_true(opened > 20);
        /* The last cut leaves almost all of it. (bzip2 unpacks blocks of 900 kB, zstd of 128 kB.) */
        if (container != XL_BZIP2)
            assert_true(before > one.length * (container == XL_ZSTD ? 8 : 9) / 10);
        free(pack.at);
    }
    free(one.at);
}

/* Bytes changed anywhere: an error or the right bytes, for what has checksums; never a wrong end in silence. */
static void test_changed(void **state)
{
    (void)state;
    struct bytes_made one = plain(100000, 4);
    seed = 5;
    for (int container = XL_GZIP; container <= XL_ZSTD; container++) {
        struct bytes_made pack = packed_one(container, one);
        for (int i = 0; i < 100; i++) {
            struct bytes_made bad = {NULL, 0};
            append(&bad, pack.at, pack.length);
            for (unsigned n = 1 + dice(3); n > 0; n--)
                bad.at[dice((uint32_t)bad.length)] ^= (uint8_t)(1 << dice(8));
            struct xl_error error = {0};
            struct xl_input *input = xl_input_memory(bad.at, bad.length, "changed", &error);
            if (input) {
                struct bytes_made made;
                if (read_entry(input, &made, &error) && xl_input_container(input) == (enum xl_container)container && made.length) {
                    /* libarchive's zstd frames carry no checksum; zip may find its files at other places. */
                    if (container != XL_ZSTD && container != XL_ZIP)
                        assert_memory_equal(made.at, one.at, made.length < one.length ? made.length : one.length);
                }
                free(made.at);
            } else
                assert_int_not_equal(error.code[0], 0);
            xl_input_free(input);
            free(bad.at);
        }
        free(pack.at);
    }
    free(one.at);
}

/* ---- Archives ---------------------------------------------------------------------------------------------------------------------------
 */

struct entries {
    struct bytes_made first, second, third;
};

static void check_entries(struct xl_input *input, const void *context)
{
    const struct entries *entries = context;
    struct xl_error error = {0};
    assert_non_null(strstr(xl_input_name(input), "/lot/one.stdf"));
    if (dice(2)) /* an entry need not be read to its end */
        check_entry(input, entries->first);
    assert_true(xl_input_next_entry(input, &error));
    assert_non_null(strstr(xl_input_name(input), "/lot/two.stdf.gz"));
    check_entry(input, entries->second);
    assert_true(xl_input_next_entry(input, &error));
    assert_non_null(strstr(xl_input_name(input), "/three.stdf"));
    if (dice(2)) {
        const uint8_t *bytes;
        size_t length;
        bool last;
        assert_true(xl_input_window(input, 0, &bytes, &length, &last, &error));
    }
    assert_false(xl_input_next_entry(input, &error));
    assert_string_equal(error.code, "");
}

static void test_archives(void **state)
{
    (void)state;
    struct entries entries = {plain(1500000, 6), plain(300000, 7), plain(100, 8)};
    struct bytes_made packed_second = packed_one(XL_GZIP, entries.second);
    const struct member members[] = {{"lot/", NULL, 0},
                                     {"lot/one.stdf", entries.first.at, entries.first.length},
                                     {"__MACOSX/lot/._one.stdf", "resource", 8},
                                     {"lot/.DS_Store", "finder", 6},
                                     {"lot/two.stdf.gz", packed_second.at, packed_second.length},
                                     {"three.stdf", entries.third.at, entries.third.length}};
    for (int round = 0; round < 4; round++)
        for (int container = XL_ZIP; container <= XL_TAR; container += XL_TAR - XL_ZIP) {
            struct bytes_made pack = packed(container, members, 6);
            in_every_way(pack, check_entries, &entries);
            /* Packed once more, as .tar.gz is. */
            for (size_t s = 0; s < STREAMS && round == 0; s++) {
                struct bytes_made again = packed_one(streams[s], pack);
                struct xl_error error = {0};
                struct xl_input *input = xl_input_memory(again.at, again.length, "again", &error);
                assert_non_null(input);
                check_entries(input, &entries);
                xl_input_free(input);
                free(again.at);
            }
            free(pack.at);
        }
    free(entries.first.at);
    free(entries.second.at);
    free(entries.third.at);
    free(packed_second.at);
}

static void test_refused(void **state)
{
    (void)state;
    struct xl_error error = {0};
    assert_null(xl_input_open("/no/such/file.stdf", &error));
    assert_string_equal(error.code, "file_not_found");
    assert_string_equal(error.place, "/no/such/file.stdf");
    error = (struct xl_error){0};
    assert_null(xl_input_open("/tmp", &error));
    assert_string_equal(error.code, "file_is_folder");
    static const struct {
        const char *bytes;
        size_t length;
        const char *code;
    } foreign[] = {{"7z\xbc\xaf\x27\x1c\0\0\0\0\0\0", 12, "container_unsupported"},
                   {"Rar!\x1a\x07\x01\0\0\0\0\0", 12, "container_unsupported"},
                   {"\x1f\x9d\x90zzzzzzzzzzz", 12, "container_unsupported"},
                   {"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22, "archive_empty"}};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        error = (struct xl_error){0};
        assert_null(xl_input_memory(foreign[i].bytes, foreign[i].length, "foreign", &error));
        assert_string_equal(error.code, foreign[i].code);
    }
    /* Packed in itself without end. */
    struct bytes_made bytes = plain(1000, 9);
    for (int depth = 0; depth < 8; depth++) {
        struct bytes_made pack = packed_one(streams[depth % STREAMS], bytes);
        free(bytes.at);
        bytes = pack;
    }
    error = (struct xl_error){0};
    assert_null(xl_input_memory(bytes.at, bytes.length, "deep", &error));
    assert_string_equal(error.code, "container_nested");
    free(bytes.at);
}

/* A reader that gives up on a pipe which says nothing more must not wait for it. */
static void test_silent_pipe(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct bytes_made bytes = plain(SOURCE_BLOCK + 50000, 10);
    pid_t child = fork();
    if (child == 0) {
        bool wrote = write(ends[1], bytes.at, bytes.length) == (ssize_t)bytes.length;
        pause();
        _exit(wrote);
    }
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct xl_error error = {0};
    struct xl_input *input = xl_input_open(path, &error);
    assert_non_null(input);
    alarm(20);
    xl_input_free(input);
    alarm(0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    free(bytes.at);
}

/* Pages of a mapped file are given back: reading a file larger than the bound keeps less than the bound in memory. */
static void test_resident(void **state)
{
    (void)state;
    struct bytes_made part = plain(8 << 20, 11);
    char path[64];
    int descriptor = temporary(path, part);
    for (int i = 1; i < 16; i++)
        assert_int_equal(write(descriptor, part.at, part.length), part.length);
    free(part.at);
    struct xl_error error = {0};
    struct xl_input *input = xl_input_open(path, &error);
    unlink(path);
    close(descriptor);
    assert_non_null(input);
    size_t length = 0, most = 0;
    uint64_t total = 0;
    bool last = false;
    while (!last) {
        const uint8_t *bytes;
        assert_true(xl_input_window(input, length, &bytes, &length, &last, &error));
        for (size_t i = 0; i < length; i += 4096)
            total += bytes[i];
        FILE *status = fopen("/proc/self/smaps_rollup", "r");
        char line[200];
        size_t rss = 0;
        /* File pages alone: what the test itself holds is anonymous. */
        size_t whole = 0, anonymous = 0;
        while (status && fgets(line, sizeof line, status)) {
            if (strncmp(line, "Rss:", 4) == 0)
                whole = strtoul(line + 4, NULL, 10);
            if (strncmp(line, "Anonymous:", 10) == 0)
                anonymous = strtoul(line + 10, NULL, 10);
        }
        if (status)
            fclose(status);
        rss = whole - anonymous;
        if (rss > most)
            most = rss;
    }
    assert_true(total > 0);
    xl_input_free(input);
    assert_in_range(most, 0, 40 << 10);
}

/* ---- Real files -------------------------------------------------------------------------------------------------------------------------
 */

static void test_real(void **state)
{
    (void)state;
    const char *data = getenv("XINLIAN_DATA");
    char zip[500], bzip2[500];
    snprintf(zip, sizeof zip, "%s/stdf/lot3.zip", data ? data : "../shared/data");
    snprintf(bzip2, sizeof bzip2, "%s/stdf/lot3.stdf.bz2", data ? data : "../shared/data");
    if (access(zip, R_OK) != 0 || access(bzip2, R_OK) != 0) {
        print_message("# no real files\n");
        skip();
    }
    struct xl_error error = {0};
    struct xl_input *input = xl_input_open(zip, &error);
    assert_non_null(input);
    struct bytes_made from_zip, from_bzip2;
    assert_true(read_entry(input, &from_zip, &error));
    xl_input_free(input);
    input = xl_input_open(bzip2, &error);
    assert_non_null(input);
    assert_true(read_entry(input, &from_bzip2, &error));
    xl_input_free(input);
    assert_int_equal(from_zip.length, 4558921);
    assert_int_equal(from_bzip2.length, 4558921);
    assert_memory_equal(from_zip.at, from_bzip2.at, from_zip.length);
    free(from_zip.at);
    free(from_bzip2.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_containers), cmocka_unit_test(test_members),     cmocka_unit_test(test_borders),
        cmocka_unit_test(test_cut),        cmocka_unit_test(test_changed),     cmocka_unit_test(test_archives),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_silent_pipe), cmocka_unit_test(test_resident),
        cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
