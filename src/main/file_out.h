/* file_out.h: a result written to a file that is whole or absent: a temporary name beside it, then a rename. "-" is standard output. */
#pragma once

#include <xinlian/base.h>

struct file_out {
    struct xl_sink sink;
    uint64_t written;

    char path[4096], temporary[4200];
    int descriptor;
    bool replaces, is_standard_output;
    char *buffer;
    size_t buffered;
};
/* Fails with "file_exists" where the file is there and `force` is not set. Bytes for programs (`binary`) are not written to a terminal. */
bool file_out_begin(struct file_out *out, const char *path, bool force, bool binary, struct xl_error *error);
/* Puts the file in its place. After a failure call file_out_abandon. */
bool file_out_end(struct file_out *out, struct xl_error *error);
void file_out_abandon(struct file_out *out);
