/* audit_line.c: what an audit record (ATR) says of the command that changed a file. */
#include "main/audit_line.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

static char line[256];

void audit_begin(int argc, char **argv)
{
    size_t length = 0;
    for (int i = 0; i < argc; i++) {
        const char *word = i ? argv[i] : "xinlian";
        for (size_t w = 0; (i && w == 0) || word[w]; w++) {
            if (length == sizeof line - 1)
                return;
            if (i && w == 0) {
                line[length++] = ' ';
                if (!word[0] || length == sizeof line - 1)
                    break;
            }
            line[length++] = word[w];
        }
    }
}

const char *audit_line(void)
{
    return line;
}

uint32_t audit_time(void)
{
    int64_t given;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (epoch && parse_i64(epoch, 0, UINT32_MAX, &given))
        return (uint32_t)given;
    const time_t now = time(NULL);
    struct tm local;
    if (!localtime_r(&now, &local))
        return (uint32_t)now;
    return (uint32_t)(now + local.tm_gmtoff);
}
