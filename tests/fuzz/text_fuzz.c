/* text_fuzz.c: bytes of unknown encoding become UTF-8, and texts become numbers and times or are refused; nothing is read outside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth, const char *what)
{
    if (!truth)
        BUG("%s", what);
}

static void decode(const uint8_t *data, size_t size, bool trim, size_t ceiling)
{
    struct text text;
    text_init(&text, ceiling);
    text_decode(&text, data, size, trim);
    /* A ceiling may cut between two pieces, never within a character. */
    require(utf8_valid(text.data, text.length), "text_decode gave what is no UTF-8");
    require(text.length <= ceiling && text.data[text.length] == '\0', "text_decode ran over");
    utf8_width(text.data);
    text_free(&text);
}

static void quote(const uint8_t *data, size_t size)
{
    struct text text;
    struct out out;
    struct json json;
    text_init(&text, 8 * size + 16);
    out_begin(&out, sink_text(&text), 64, NULL);
    json_begin(&json, &out, false);
    json_text_bytes(&json, data, size);
    json_end(&json);
    require(out_end(&out), "a JSON text is more than eight times its bytes");
    require(utf8_valid(text.data, text.length), "a JSON text is no UTF-8");
    for (size_t i = 0; i < text.length; i++)
        require((unsigned char)text.data[i] >= 0x20 && text.data[i] != '<', "a JSON text holds a bare control character");
    text_free(&text);
}

static void parse(const char *text)
{
    int64_t whole, seconds;
    double real;
    float narrow;
    struct decimal decimal;
    char out[64];
    if (parse_i64(text, INT64_MIN, INT64_MAX, &whole)) {
        /* What is a whole number is a decimal too, the same one. */
        require(decimal_parse(text, &decimal), "a whole number that is no decimal");
        require(decimal.exponent >= 0, "a whole number with a fraction");
    }
    if (parse_double(text, &real)) {
        require(isfinite(real), "parse_double gave what is not finite");
        out[double_text(real, out)] = '\0';
        double back;
        require(parse_double(out, &back) && memcmp(&back, &real, sizeof back) == 0, "a double does not come back");
    }
    if (parse_float(text, &narrow)) {
        out[float_text(narrow, out)] = '\0';
        float back;
        require(parse_float(out, &back) && memcmp(&back, &narrow, sizeof back) == 0, "a float does not come back");
    }
    if (decimal_parse(text, &decimal))
        for (int digits = 0; digits < 20; digits += 6)
            require(decimal_text(decimal, 3, digits, out, sizeof out) < 40, "a decimal longer than promised");
    if (time_parse_atdf(text, &seconds)) {
        int64_t again;
        time_atdf(seconds, out);
        require(seconds == 0 || (time_parse_atdf(out, &again) && again == seconds), "a time does not come back");
    }
    xl_language_of(text);
    xl_words(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size, false, 1 << 20);
    decode(data, size, true, 1 << 20);
    decode(data, size, true, 7);
    quote(data, size);
    char *text = memory_new(size + 1, 1);
    memcpy(text, data, size);
    parse(text);
    free(text);
    return 0;
}
