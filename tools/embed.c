/* embed.c: turns a file into C, at build time: `embed NAME INPUT OUTPUT` writes the bytes as an aligned array NAME and NAME_size. */
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void die(const char *what, const char *name)
{
    fprintf(stderr, "embed: cannot %s %s\n", what, name);
    exit(1);
}

int main(int count, char **arguments)
{
    if (count != 4)
        die("run without", "NAME INPUT OUTPUT");
    FILE *in = fopen(arguments[2], "rb");
    if (!in)
        die("open", arguments[2]);
    FILE *out = fopen(arguments[3], "wb");
    if (!out)
        die("create", arguments[3]);
    /* 16: enough for whatever the bytes are read as in place. The NUL at the end is not counted in the size. */
    fprintf(out, "#include <stddef.h>\n");
    fprintf(out, "extern const unsigned char %s[];\nextern const size_t %s_size;\n", arguments[1], arguments[1]);
    fprintf(out, "_Alignas(16) const unsigned char %s[] = {", arguments[1]);
    size_t size = 0;
    for (int byte; (byte = getc(in)) != EOF; size++)
        fprintf(out, "%s%d,", size % 32 ? "" : "\n", byte);
    fprintf(out, "0};\nconst size_t %s_size = %zu;\n", arguments[1], size);
    if (ferror(in))
        die("read", arguments[2]);
    if (fclose(out) != 0)
        die("write", arguments[3]);
    return 0;
}
