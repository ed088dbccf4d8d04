/* base.h: what every Xinlian engine shares with its callers: errors, output, language, version.
 *
 * Every function that can fail returns `bool` (or a pointer, NULL on failure) and fills a `struct xl_error` that the
 * caller gives. Memory runs out by abort(): an engine never returns "no memory". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XL_API                 __attribute__((visibility("default")))
#define XL_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

/* What went wrong. `code` is stable and in the field's words ("stdf_version_unknown"), `message` is for a person, in the
 * thread's language; `place` names where in the input ("lot3.stdf, byte 4711"), empty when there is none. Zeroed = no error. */
struct xl_error {
    char code[48];
    char message[400];
    char place[400];
};

/* Fills `error` (when it is not NULL and holds no error yet: the first one is the cause) and returns false, so that a
 * failing function can `return xl_fail(...)`. `code` is a literal; `format` is a translated message: _("..."). */
XL_API bool xl_fail(struct xl_error *error, const char *code, const char *format, ...) XL_PRINTF(3, 4);
/* Sets the place of an error that has none yet, then returns false. */
XL_API bool xl_fail_place(struct xl_error *error, const char *format, ...) XL_PRINTF(2, 3);

/* The language of the messages that the calling thread gets. */
enum xl_language { XL_ENGLISH, XL_CHINESE_SIMPLIFIED, XL_CHINESE_TRADITIONAL };
XL_API void xl_language_set(enum xl_language language);
XL_API enum xl_language xl_language_get(void);
/* "zh_CN.UTF-8", "zh-TW", "zh_Hant", "en" ... -> a language; English for anything unknown or NULL. */
XL_API enum xl_language xl_language_of(const char *locale);
/* `english` in the thread's language; `english` itself where no catalogue has it. */
XL_API const char *xl_words(const char *english) __attribute__((format_arg(1)));

/* Where an engine writes bytes: returns false to stop (disk full, pipe closed), after filling its own error. */
struct xl_sink {
    bool (*write)(void *context, const void *bytes, size_t length, struct xl_error *error);
    void *context;
};

/* Told of progress now and then by long work, from the calling thread: `done` of `total` bytes (0 = unknown).
 * Returning false cancels: the function fails with the code "cancelled". May be {NULL, NULL}. */
struct xl_progress {
    bool (*report)(void *context, uint64_t done, uint64_t total);
    void *context;
};

/* "0.1.0" */
XL_API const char *xl_version(void);

#ifdef __cplusplus
}
#endif
