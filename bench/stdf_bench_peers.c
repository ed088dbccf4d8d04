/* stdf_bench_peers.c: what the machine does bare: copying, walking headers, hashing, unpacking, writing. */
#include "stdf_bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>

enum { BLOCK = 1 << 20 };

struct bench_file bench_map(const char *path)
{
    struct bench_file file = {.path = path};
    struct stat state;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &state))
        bench_die(path, NULL);
    file.length = (size_t)state.st_size;
    file.bytes = mmap(NULL, file.length, PROT_READ, MAP_SHARED, descriptor, 0);
    if (file.bytes == MAP_FAILED)
        bench_die(path, NULL);
    close(descriptor);
    return file;
}

/* Into memory that is there already: the second of two copies counts. */
double bench_memcpy(const struct bench_file *file)
{
    uint8_t *copy = malloc(file->length);
    if (!copy)
        bench_die("memcpy", NULL);
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        double before = bench_now();
        memcpy(copy, file->bytes, file->length);
        double seconds = bench_now() - before;
        best = i && seconds < best ? seconds : best;
        if (copy[file->length / 2] != file->bytes[file->length / 2])
            bench_die("memcpy", NULL);
    }
    free(copy);
    return best;
}

double bench_header_walk(const struct bench_file *file, uint64_t *records)
{
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        double before = bench_now();
        size_t at = 0, count = 0;
        while (at + 4 <= file->length) {
            uint16_t length;
            memcpy(&length, file->bytes + at, 2);
            at += 4 + (size_t)length;
            count++;
        }
        double seconds = bench_now() - before;
        best = seconds < best ? seconds : best;
        *records = count;
        if (at != file->length)
            bench_die("header walk", NULL);
    }
    return best;
}

double bench_hash(const struct bench_file *file)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length;
    double before = bench_now();
    if (!EVP_Digest(file->bytes, file->length, digest, &length, EVP_sha256(), NULL))
        bench_die("sha-256", NULL);
    return bench_now() - before;
}

void bench_gzip(const struct bench_file *file, const char *path)
{
    static uint8_t out[BLOCK], level[ISAL_DEF_LVL2_DEFAULT];
    FILE *to = fopen(path, "wb");
    struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.level = 2;
    stream.level_buf = level;
    stream.level_buf_size = sizeof level;
    stream.gzip_flag = IGZIP_GZIP;
    size_t at = 0;
    bool good = to != NULL;
    do {
        if (!stream.avail_in && at < file->length) {
            size_t take = file->length - at < BLOCK ? file->length - at : BLOCK;
            stream.next_in = (uint8_t *)(uintptr_t)(file->bytes + at);
            stream.avail_in = (uint32_t)take;
            at += take;
            stream.end_of_stream = at == file->length;
        }
        stream.next_out = out;
        stream.avail_out = sizeof out;
        good =
            good && isal_deflate(&stream) == COMP_OK && fwrite(out, 1, sizeof out - stream.avail_out, to) == sizeof out - stream.avail_out;
    } while (good && stream.internal_state.state != ZSTATE_END);
    if (!good || fclose(to))
        bench_die("gzip", NULL);
}

double bench_inflate(const struct bench_file *gzip)
{
    static uint8_t out[BLOCK];
    double best = 1e9;
    for (int i = 0; i < 2; i++) {
        double before = bench_now();
        struct inflate_state state;
        isal_inflate_init(&state);
        state.crc_flag = ISAL_GZIP;
        size_t at = 0;
        do {
            if (!state.avail_in) {
                size_t take = gzip->length - at < BLOCK ? gzip->length - at : BLOCK;
                state.next_in = (uint8_t *)(uintptr_t)(gzip->bytes + at);
                state.avail_in = (uint32_t)take;
                at += take;
            }
            state.next_out = out;
            state.avail_out = sizeof out;
            if (isal_inflate(&state) != ISAL_DECOMP_OK)
                bench_die("inflate", NULL);
        } while (state.block_state != ISAL_BLOCK_FINISH);
        double seconds = bench_now() - before;
        best = seconds < best ? seconds : best;
    }
    return best;
}

double bench_write(const char *path, size_t bytes)
{
    uint8_t *block = malloc(BLOCK);
    if (!block)
        bench_die(path, NULL);
    memset(block, 0x5a, BLOCK);
    double best = 1e9;
    for (int i = 0; i < 2; i++) {
        double before = bench_now();
        int to = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        for (size_t at = 0; at < bytes;) {
            ssize_t wrote = write(to, block, bytes - at < BLOCK ? bytes - at : BLOCK);
            if (wrote <= 0)
                bench_die(path, NULL);
            at += (size_t)wrote;
        }
        if (fsync(to) || close(to))
            bench_die(path, NULL);
        double seconds = bench_now() - before;
        best = seconds < best ? seconds : best;
    }
    free(block);
    unlink(path);
    return best;
}
