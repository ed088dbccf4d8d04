/* float_text_test.cc: every exponent and many mantissas go to text and back bit for bit, by strtof and by our own parser, and no
 * text is longer than that of std::to_chars, which is shortest by definition. */
#include <cfloat>
#include <charconv>
#include <climits>
#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

/* Debian's header declares no C linkage. */
extern "C" {
#include <cmocka.h>
}

#include "base/number.h"

namespace
{

std::string text_of(float value)
{
    char out[16];
    return std::string(out, float_text(value, out));
}

std::string text_of(double value)
{
    char out[26];
    return std::string(out, double_text(value, out));
}

/* Significant digits of a text: what "shortest" counts. */
size_t digits_of(const std::string &text)
{
    size_t first = 0, last = 0, count = 0;
    for (char c : text) {
        if (c == 'e')
            break;
        if (c < '0' || c > '9')
            continue;
        count++;
        if (c != '0') {
            if (!first)
                first = count;
            last = count;
        }
    }
    return first ? last - first + 1 : 1;
}

template <typename Float, typename Bits> void check(Float value, Float (*read)(const char *, char **), bool (*parse)(const char *, Float *))
{
    const std::string text = text_of(value);
    char *end;
    Float back = read(text.c_str(), &end), parsed = 0;
    Bits wanted, got, ours;
    std::memcpy(&wanted, &value, sizeof wanted);
    std::memcpy(&got, &back, sizeof got);
    assert_true(parse(text.c_str(), &parsed));
    std::memcpy(&ours, &parsed, sizeof ours);
    if (wanted != got || wanted != ours || *end)
        fail_msg("%a is written as %s, which reads back as %a", static_cast<double>(value), text.c_str(), static_cast<double>(back));
    char shortest[64];
    const auto made = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
    if (digits_of(text) != digits_of(std::string(shortest, made.ptr)))
        fail_msg("%a is written as %s, which is not shortest", static_cast<double>(value), text.c_str());
}

uint64_t state = 88172645463325252u; /* xorshift64 (Marsaglia 2003): the same numbers in every run */
uint64_t next()
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

void every_float_exponent(void **)
{
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        for (uint32_t i = 0; i < 1500; i++) {
            const uint32_t edge[] = {0, 1, 2, 0x7FFFFF, 0x7FFFFE, 0x400000, 0x3FFFFF, 0x400001};
            uint32_t mantissa = i < 8 ? edge[i] : static_cast<uint32_t>(next()) & 0x7FFFFF;
            for (uint32_t sign = 0; sign < 2; sign++) {
                uint32_t bits = sign << 31 | exponent << 23 | mantissa;
                float value;
                std::memcpy(&value, &bits, sizeof value);
                check<float, uint32_t>(value, std::strtof, parse_float);
            }
        }
    }
}

/* All there are, up to the sign: some minutes, so only when asked. */
void every_float(void **)
{
    if (!std::getenv("XINLIAN_LONG")) {
        print_message("only in ./test long\n");
        skip();
    }
    for (uint32_t bits = 0; bits < 0x7F800000; bits++) {
        float value, back;
        uint32_t got;
        std::memcpy(&value, &bits, sizeof value);
        char text[17];
        text[float_text(value, text)] = '\0';
        if (!parse_float(text, &back) || (std::memcpy(&got, &back, sizeof got), got != bits))
            fail_msg("%a is written as %s", static_cast<double>(value), text);
    }
}

void every_double_exponent(void **)
{
    for (uint64_t exponent = 0; exponent < 2047; exponent++) {
        for (uint32_t i = 0; i < 100; i++) {
            const uint64_t most = (uint64_t(1) << 52) - 1;
            const uint64_t edge[] = {0, 1, most, most - 1, most / 2 + 1};
            uint64_t bits = (next() & 1) << 63 | exponent << 52 | (i < 5 ? edge[i] : next() & most);
            double value;
            std::memcpy(&value, &bits, sizeof value);
            check<double, uint64_t>(value, std::strtod, parse_double);
        }
    }
}

void forms(void **)
{
    const struct {
        float value;
        const char *text;
    } rows[] = {
        {0.0f, "0"},
        {-0.0f, "-0"},
        {0.1f, "0.1"},
        {1e-7f, "1e-07"},
        {1e-5f, "0.00001"},
        {-1.2345678e-5f, "-0.000012345678"},
        {9.9999e-6f, "9.9999e-06"},
        {100000.0f, "100000"},
        {1e14f, "100000000000000"},
        {1e15f, "1e+15"},
        {1.5e20f, "1.5e+20"},
        {16777216.0f, "16777216"},
        {123456.79f, "123456.79"},
        {-3.4028235e38f, "-3.4028235e+38"},
        {1.4e-45f, "1e-45"},
        {NAN, "nan"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };
    for (const auto &row : rows)
        assert_string_equal(text_of(row.value).c_str(), row.text);
    assert_string_equal(text_of(5e-324).c_str(), "5e-324");
    assert_string_equal(text_of(-1.7976931348623157e308).c_str(), "-1.7976931348623157e+308");
    assert_string_equal(text_of(0.1 + 0.2).c_str(), "0.30000000000000004");
    assert_string_equal(text_of(1e100).c_str(), "1e+100");
}

void longest_fits(void **)
{
    /* Guard bytes after the promised room. */
    const float floats[] = {-1.2345678e-5f, -1.17549435e-38f, -123456789012345.0f, -1.2345679e-5f, -0.000010000001f, FLT_MIN, -FLT_MAX};
    for (float value : floats) {
        char out[17];
        out[16] = 'G';
        assert_true(float_text(value, out) <= 16);
        assert_int_equal(out[16], 'G');
    }
    const double doubles[] = {-1.2345678901234567e-5, -2.2250738585072014e-308, -123456789012345.67, -1.2345678901234567e-300};
    for (double value : doubles) {
        char out[27];
        out[26] = 'G';
        assert_true(double_text(value, out) <= 26);
        assert_int_equal(out[26], 'G');
    }
}

void parsing_refuses(void **)
{
    const char *bad[] = {"", " 1", "1 ", "nan", "inf", "-inf", "0x10", "1e", "+-1", "--1", "+", ".", "1,5", "1e400", "1e-400", "1.2.3"};
    double wide = 7;
    float narrow = 7;
    for (const char *text : bad) {
        if (parse_double(text, &wide) || parse_float(text, &narrow))
            fail_msg("\"%s\" was taken for a number", text);
    }
    assert_true(wide == 7.0 && narrow == 7.0f);
    assert_false(parse_float("1e39", &narrow));
    const char *good[] = {"1", "+1", "1.0", "1.", "1e0", "10e-1", ".1e1"};
    for (const char *text : good) {
        assert_true(parse_double(text, &wide) && wide == 1.0);
        assert_true(parse_float(text, &narrow) && narrow == 1.0f);
    }
    /* One rounding, not two: through double this becomes 1. */
    assert_true(parse_float("1.00000005960464477540", &narrow));
    assert_true(narrow == 1.00000012f);
}

void decimals_of_floats(void **)
{
    struct decimal decimal = decimal_of_float(-0.125f);
    assert_true(decimal.mantissa == -125 && decimal.exponent == -3);
    decimal = decimal_of_float(3e10f);
    assert_true(decimal.mantissa == 3 && decimal.exponent == 10);
    decimal = decimal_of_float(-0.0f);
    assert_true(decimal.mantissa == 0 && decimal.exponent == 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_float_exponent),  cmocka_unit_test(every_float),
        cmocka_unit_test(every_double_exponent), cmocka_unit_test(forms),
        cmocka_unit_test(longest_fits),          cmocka_unit_test(parsing_refuses),
        cmocka_unit_test(decimals_of_floats),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
