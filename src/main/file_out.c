/* file_out.c: a result written to a file that is whole or absent. */
#include "main/file_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "main/console.h"

enum { BUFFER = 1 << 18 };

static bool send(struct file_out *out, const void *bytes, size_t length, struct xl_error *error)
{
    for (const char *at = bytes; length;) {
        const ssize_t wrote = write(out->descriptor, at, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            xl_fail(error, "write_failed", _("Cannot write: %m."));
            return xl_fail_place(error, "%s", out->path);
        }
        at += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

static bool put(void *context, const void *bytes, size_t length, struct xl_error *error)
{
    struct file_out *out = context;
    out->written += length;
    if (length <= BUFFER - out->buffered) {
        if (length)
            memcpy(out->buffer + out->buffered, bytes, length);
        out->buffered += length;
        return true;
    }
    const size_t buffered = out->buffered;
    out->buffered = 0;
    if (!send(out, out->buffer, buffered, error))
        return false;
    if (length >= BUFFER)
        return send(out, bytes, length, error);
    memcpy(out->buffer, bytes, length);
    out->buffered = length;
    return true;
}

bool file_out_begin(struct file_out *out, const char *path, bool force, bool binary, struct xl_error *error)
{
    *out = (struct file_out){.descriptor = -1, .replaces = force};
    if (strcmp(path, "-") == 0) {
        if (binary && console.output_is_terminal)
            return xl_fail(error, "usage", _("This is not for a terminal: give -o FILE, or send the output on with | or >."));
        console_flush();
        out->is_standard_output = true;
        out->descriptor = STDOUT_FILENO;
        snprintf(out->path, sizeof out->path, "%s", _("standard output"));
    } else {
        if (strlen(path) >= sizeof out->path - 40)
            return xl_fail(error, "name_too_long", _("The name of the output is too long."));
        snprintf(out->path, sizeof out->path, "%s", path);
        struct stat status;
        const bool exists = stat(path, &status) == 0;
        if (exists && S_ISDIR(status.st_mode))
            return xl_fail(error, "output_is_folder", _("%s is a folder. Give the name of a file."), path);
        if (exists && !force && S_ISREG(status.st_mode))
            return xl_fail(error, "file_exists", _("%s is there already. Give --force to replace it."), path);
        if (exists && !S_ISREG(status.st_mode)) {
            /* A pipe or a device: no rename could keep it what it is. */
            out->is_standard_output = true;
            out->descriptor = open(path, O_WRONLY | O_CLOEXEC);
        } else {
            snprintf(out->temporary, sizeof out->temporary, "%s.%ld.part", path, (long)getpid());
            out->descriptor = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        }
        if (out->descriptor < 0)
            return xl_fail(error, "cannot_create", _("Cannot create %s: %m."), path);
    }
    out->buffer = memory_new(BUFFER, 1);
    out->sink = (struct xl_sink){.write = put, .context = out};
    return true;
}

bool file_out_end(struct file_out *out, struct xl_error *error)
{
    const size_t buffered = out->buffered;
    out->buffered = 0;
    if (!send(out, out->buffer, buffered, error))
        return false;
    if (!out->is_standard_output) {
        if (fsync(out->descriptor) != 0 && errno != EINVAL && errno != EROFS) {
            xl_fail(error, "write_failed", _("Cannot write: %m."));
            return xl_fail_place(error, "%s", out->path);
        }
        close(out->descriptor);
        out->descriptor = -1;
        /* Without --force another program's file of that name, made meanwhile, stays. */
        const int renamed = renameat2(AT_FDCWD, out->temporary, AT_FDCWD, out->path, out->replaces ? 0 : RENAME_NOREPLACE);
        if (renamed != 0 && errno == EINVAL ? rename(out->temporary, out->path) != 0 : renamed != 0)
            return xl_fail(error, "cannot_create", _("Cannot create %s: %m."), out->path);
        out->temporary[0] = 0;
    }
    file_out_abandon(out);
    return true;
}

void file_out_abandon(struct file_out *out)
{
    free(out->buffer);
    out->buffer = NULL;
    if (out->descriptor >= 0 && out->descriptor != STDOUT_FILENO)
        close(out->descriptor);
    if (out->temporary[0])
        unlink(out->temporary);
    out->temporary[0] = 0;
    out->descriptor = -1;
}
