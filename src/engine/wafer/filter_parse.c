/* filter_parse.c: the --where language, by recursive descent with a ceiling on depth.
 *
 *     or         = and { ("or" | "||") and }
 *     and        = not { ("and" | "&&") not }
 *     not        = ("not" | "!") not | comparison
 *     comparison = sum [ ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "~") sum
 *                      | ["not"] "in" "(" item { "," item } ")"  with item = sum [ ".." sum ]
 *                      | "is" ["not"] "missing" ]
 *     sum        = product { ("+" | "-") product }
 *     product    = factor { ("*" | "/" | "%" | "&") factor }
 *     factor     = "-" factor | number | text | "true" | "false" | "(" or ")" | field | test | "failed" "(" test ")"
 *     test       = "t" digits [ "[" text "]" ] [ "[" pin "]" ] | "test" "(" (number | text) [ "," text ] [ "," pin ] ")"
 *
 * Words are understood in any case. A text stands in double or single quotes; a backslash takes the next character as it is. */
#include "engine/wafer/filter_parse.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/number.h"
#include "base/words.h"

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_WORD, TOKEN_SIGN, TOKEN_BROKEN };

struct parser {
    const char *text, *at; /* `at`: after the token */
    struct arena *arena;
    struct filter_program *program;
    struct xl_error *error;
    int depth;
    size_t stack;
    /* The token looked at. */
    enum token_kind kind;
    const char *begin;
    size_t length;
    double number;
    const char *value; /* of a text, without quotes */
};

static const struct {
    const char *name;
    enum filter_type type;
} fields[FIELDS] = {
#define FILTER_FIELD(name, type, what) {#name, TYPE_##type},
    FILTER_FIELDS(FILTER_FIELD)
#undef FILTER_FIELD
};

/* ---- Errors ------------------------------------------------------------------------------------------------------- */

static size_t column_of(const struct parser *p, const char *at)
{
    size_t column = 1;
    for (const char *c = p->text; c < at; c++)
        column += ((unsigned char)*c & 0xc0) != 0x80;
    return column;
}

/* Sets the place; the caller sets the message. */
static bool failed_at(struct parser *p, const char *at)
{
    return xl_fail_place(p->error, _("column %zu"), column_of(p, at));
}

static bool expected(struct parser *p, const char *what)
{
    if (p->kind == TOKEN_BROKEN)
        return false; /* said already */
    if (p->kind == TOKEN_END)
        xl_fail(p->error, "filter_syntax", _("The condition ends too early: expected %s."), what);
    else
        xl_fail(p->error, "filter_syntax", _("Expected %s, found \"%.*s\"."), what, (int)(p->length < 40 ? p->length : 40), p->begin);
    return failed_at(p, p->begin);
}

static bool wrong_type(struct parser *p, const char *at, const char *message)
{
    xl_fail(p->error, "filter_type", "%s", message);
    return failed_at(p, at);
}

/* ---- Tokens ------------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void read_number(struct parser *p)
{
    const char *c = p->begin;
    while (is_digit(*c))
        c++;
    if (*c == '.' && c[1] != '.') { /* "1..5" is a range */
        c++;
        while (is_digit(*c))
            c++;
    }
    if (*c == 'e' || *c == 'E') {
        const char *after = c + 1 + (c[1] == '-' || c[1] == '+');
        while (is_digit(*after))
            c = ++after;
    }
    p->at = c;
    p->length = (size_t)(c - p->begin);
    p->kind = TOKEN_NUMBER;
    const char *copy = arena_text(p->arena, p->begin, p->length);
    if (!is_letter(*c) && parse_double(copy, &p->number))
        return;
    p->kind = TOKEN_BROKEN;
    xl_fail(p->error, "filter_syntax", _("\"%s\" is not a number."), copy);
    failed_at(p, p->begin);
}

static void read_text(struct parser *p)
{
    char quote = *p->begin;
    const char *end = p->begin + 1;
    while (*end && *end != quote)
        end += *end == '\\' && end[1] ? 2 : 1;
    if (!*end) {
        p->kind = TOKEN_BROKEN;
        xl_fail(p->error, "filter_syntax", _("A text is not closed: the quote is missing."));
        failed_at(p, p->begin);
        return;
    }
    char *value = arena_text(p->arena, p->begin + 1, (size_t)(end - p->begin - 1)), *to = value;
    for (const char *c = p->begin + 1; c < end; c++) {
        c += *c == '\\';
        *to++ = *c;
    }
    *to = '\0';
    p->kind = TOKEN_TEXT;
    p->value = value;
    p->at = end + 1;
    p->length = (size_t)(p->at - p->begin);
}

static void next(struct parser *p)
{
    static const char *const signs[] = {"&&", "||", "==", "!=", "<>", "<=", ">=", ".."};
    if (p->kind == TOKEN_BROKEN)
        return;
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
    p->begin = p->at;
    p->length = 0;
    p->kind = TOKEN_END;
    if (!*p->at)
        return;
    if (is_digit(*p->at) || (*p->at == '.' && is_digit(p->at[1]))) {
        read_number(p);
    } else if (*p->at == '"' || *p->at == '\'') {
        read_text(p);
    } else if (is_letter(*p->at)) {
        while (is_letter(*p->at) || is_digit(*p->at))
            p->at++;
        p->kind = TOKEN_WORD;
        p->length = (size_t)(p->at - p->begin);
    } else {
        p->kind = TOKEN_SIGN;
        p->length = 1;
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
            if (strncmp(p->at, signs[i], 2) == 0)
                p->length = 2;
        /* A character of several bytes is one sign, for the message. */
        while (((unsigned char)p->at[p->length] & 0xc0) == 0x80)
            p->length++;
        p->at += p->length;
    }
}

static bool token_is(const struct parser *p, enum token_kind kind, const char *text)
{
    return p->kind == kind && strlen(text) == p->length && strncasecmp(p->begin, text, p->length) == 0;
}

static bool take(struct parser *p, enum token_kind kind, const char *text)
{
    if (!token_is(p, kind, text))
        return false;
    next(p);
    return true;
}

static bool take_sign(struct parser *p, const char *text)
{
    return take(p, TOKEN_SIGN, text);
}

static bool take_word(struct parser *p, const char *text)
{
    return take(p, TOKEN_WORD, text);
}

/* ---- Steps -------------------------------------------------------------------------------------------------------- */

/* `pops` values go, one comes. */
static bool add_step(struct parser *p, struct filter_step step, size_t pops)
{
    if (p->program->step_count == FILTER_STEPS_MOST) {
        xl_fail(p->error, "filter_too_long", _("The condition is too long."));
        return failed_at(p, p->begin);
    }
    p->program->steps[p->program->step_count++] = step;
    p->stack = p->stack - pops + 1;
    if (p->stack > p->program->stack)
        p->program->stack = p->stack;
    return true;
}

static bool parse_or(struct parser *p, enum filter_type *type);
static bool parse_sum(struct parser *p, enum filter_type *type);

/* ---- Tests -------------------------------------------------------------------------------------------------------- */

static bool take_whole(struct parser *p, uint32_t *number, const char *what)
{
    if (p->kind != TOKEN_NUMBER || p->number > UINT32_MAX || p->number != (double)(uint32_t)p->number)
        return expected(p, what);
    *number = (uint32_t)p->number;
    next(p);
    return true;
}

/* t1000, t1000["name"], t1000["name"][2] */
static bool parse_short_test(struct parser *p, struct filter_test *test)
{
    int64_t number;
    const char *digits = arena_text(p->arena, p->begin + 1, p->length - 1);
    if (!parse_i64(digits, 0, UINT32_MAX, &number)) {
        xl_fail(p->error, "filter_syntax", _("A test number is at most 4294967295."));
        return failed_at(p, p->begin);
    }
    test->has_number = true;
    test->number = (uint32_t)number;
    next(p);
    for (int brackets = 0; brackets < 2 && take_sign(p, "["); brackets++) {
        if (p->kind == TOKEN_TEXT && !brackets) {
            test->name = p->value;
            next(p);
        } else {
            if (!take_whole(p, &test->pin, brackets ? _("a pin's number, from 0") : _("a test's name in quotes, or a pin's number")))
                return false;
            brackets = 2;
        }
        if (!take_sign(p, "]"))
            return expected(p, "\"]\"");
    }
    return true;
}

/* test(1000), test(1000, "name"), test("name"), each with a pin after it; the word is taken. */
static bool parse_long_test(struct parser *p, struct filter_test *test)
{
    if (!take_sign(p, "("))
        return expected(p, "\"(\"");
    if (p->kind == TOKEN_NUMBER) {
        test->has_number = true;
        if (!take_whole(p, &test->number, _("a test's number")))
            return false;
        if (token_is(p, TOKEN_SIGN, ",")) {
            next(p);
            if (p->kind == TOKEN_TEXT) {
                test->name = p->value;
                next(p);
            } else {
                return take_whole(p, &test->pin, _("a test's name in quotes, or a pin's number")) &&
                       (take_sign(p, ")") || expected(p, "\")\""));
            }
        }
    } else if (p->kind == TOKEN_TEXT) {
        test->name = p->value;
        next(p);
    } else {
        return expected(p, _("a test's number, or its name in quotes"));
    }
    if (take_sign(p, ",") && !take_whole(p, &test->pin, _("a pin's number, from 0")))
        return false;
    return take_sign(p, ")") || expected(p, "\")\"");
}

static bool is_short_test(const struct parser *p)
{
    bool digits = p->kind == TOKEN_WORD && p->length > 1 && (*p->begin == 't' || *p->begin == 'T');
    for (size_t i = 1; digits && i < p->length; i++)
        digits = is_digit(p->begin[i]);
    return digits;
}

static bool is_test(const struct parser *p)
{
    return is_short_test(p) || token_is(p, TOKEN_WORD, "test");
}

static bool same_test(const struct filter_test *a, const struct filter_test *b)
{
    return a->has_number == b->has_number && a->number == b->number && a->pin == b->pin &&
           (a->name && b->name ? strcmp(a->name, b->name) == 0 : a->name == b->name);
}

static bool parse_test(struct parser *p, enum filter_step_kind kind)
{
    struct filter_test test = {.column = column_of(p, p->begin)};
    if (!is_test(p))
        return expected(p, _("a test, such as t1000 or test(\"name\")"));
    if (is_short_test(p)) {
        if (!parse_short_test(p, &test))
            return false;
    } else {
        next(p);
        if (!parse_long_test(p, &test))
            return false;
    }
    size_t index = 0;
    while (index < p->program->test_count && !same_test(&p->program->tests[index], &test))
        index++;
    if (index == FILTER_TESTS_MOST) {
        xl_fail(p->error, "filter_too_long", _("The condition names too many tests."));
        return failed_at(p, p->begin);
    }
    if (index == p->program->test_count)
        p->program->tests[p->program->test_count++] = test;
    return add_step(p, (struct filter_step){.kind = kind, .index = (uint32_t)index}, 0);
}

/* ---- Expressions -------------------------------------------------------------------------------------------------- */

static bool parse_field(struct parser *p, enum filter_type *type)
{
    for (uint32_t f = 0; f < FIELDS; f++)
        if (token_is(p, TOKEN_WORD, fields[f].name)) {
            *type = fields[f].type;
            next(p);
            return add_step(p, (struct filter_step){.kind = STEP_FIELD, .index = f}, 0);
        }
    xl_fail(p->error, "filter_unknown_name",
            _("\"%.*s\" is no column of a part. There are x, y, head, site, hard_bin, soft_bin, flags, "
              "test_ms, touch, tests, ordinal, run, runs, passed, failed, abnormal, part_id, part_text, lot, "
              "sublot, wafer, source, and tests: t1000, test(\"name\"). A text needs quotes."),
            (int)(p->length < 40 ? p->length : 40), p->begin);
    return failed_at(p, p->begin);
}

static bool parse_word(struct parser *p, enum filter_type *type)
{
    *type = TYPE_TRUTH;
    if (take_word(p, "true"))
        return add_step(p, (struct filter_step){.kind = STEP_TRUTH, .index = 1}, 0);
    if (take_word(p, "false"))
        return add_step(p, (struct filter_step){.kind = STEP_TRUTH, .index = 0}, 0);
    if (token_is(p, TOKEN_WORD, "failed") && p->at[strspn(p->at, " \t\r\n")] == '(') {
        next(p);
        next(p);
        return parse_test(p, STEP_TEST_FAILED) && (take_sign(p, ")") || expected(p, "\")\""));
    }
    if (is_test(p)) {
        *type = TYPE_NUMBER;
        return parse_test(p, STEP_TEST);
    }
    return parse_field(p, type);
}

static bool parse_factor(struct parser *p, enum filter_type *type)
{
    const char *begin = p->begin;
    if (p->depth == FILTER_DEPTH_MOST) {
        xl_fail(p->error, "filter_too_long", _("The condition is nested too deeply."));
        return failed_at(p, begin);
    }
    bool good;
    p->depth++;
    if (take_sign(p, "-")) {
        good = parse_factor(p, type) && (*type == TYPE_NUMBER || wrong_type(p, begin, _("Only a number has a sign."))) &&
               add_step(p, (struct filter_step){.kind = STEP_NEGATE}, 1);
    } else if (take_sign(p, "(")) {
        good = parse_or(p, type) && (take_sign(p, ")") || expected(p, "\")\""));
    } else if (p->kind == TOKEN_NUMBER) {
        *type = TYPE_NUMBER;
        good = add_step(p, (struct filter_step){.kind = STEP_NUMBER, .number = p->number}, 0);
        next(p);
    } else if (p->kind == TOKEN_TEXT) {
        *type = TYPE_TEXT;
        good = add_step(p, (struct filter_step){.kind = STEP_TEXT, .text = p->value, .length = strlen(p->value)}, 0);
        next(p);
    } else if (p->kind == TOKEN_WORD) {
        good = parse_word(p, type);
    } else {
        good = expected(p, _("a column, a test, a number or a text"));
    }
    p->depth--;
    return good && p->kind != TOKEN_BROKEN;
}

struct sign {
    const char *sign;
    enum filter_step_kind kind;
};

static bool parse_row(struct parser *p, enum filter_type *type, bool (*part)(struct parser *, enum filter_type *), const struct sign *signs,
                      size_t count)
{
    const char *begin = p->begin;
    if (!part(p, type))
        return false;
    for (;;) {
        size_t i = 0;
        while (i < count && !token_is(p, TOKEN_SIGN, signs[i].sign))
            i++;
        if (i == count)
            return true;
        enum filter_type right;
        next(p);
        if (!part(p, &right))
            return false;
        if (*type != TYPE_NUMBER || right != TYPE_NUMBER)
            return wrong_type(p, begin, _("Only numbers can be calculated with."));
        if (!add_step(p, (struct filter_step){.kind = signs[i].kind}, 2))
            return false;
    }
}

static bool parse_product(struct parser *p, enum filter_type *type)
{
    static const struct sign signs[] = {{"*", STEP_TIMES}, {"/", STEP_DIVIDE}, {"%", STEP_REMAINDER}, {"&", STEP_BITS}};
    return parse_row(p, type, parse_factor, signs, sizeof signs / sizeof *signs);
}

static bool parse_sum(struct parser *p, enum filter_type *type)
{
    static const struct sign signs[] = {{"+", STEP_PLUS}, {"-", STEP_MINUS}};
    return parse_row(p, type, parse_product, signs, sizeof signs / sizeof *signs);
}

/* After "in". */
static bool parse_list(struct parser *p, enum filter_type type)
{
    uint32_t count = 0;
    if (!take_sign(p, "("))
        return expected(p, "\"(\"");
    do {
        const char *begin = p->begin;
        enum filter_type item, to;
        if (!parse_sum(p, &item))
            return false;
        if (item != type)
            return wrong_type(p, begin, _("A number is compared with numbers, a text with texts."));
        if (type == TYPE_NUMBER) { /* a pair: from, to */
            if (take_sign(p, "..")) {
                begin = p->begin;
                if (!parse_sum(p, &to))
                    return false;
                if (to != TYPE_NUMBER)
                    return wrong_type(p, begin, _("A number is compared with numbers, a text with texts."));
            } else if (!add_step(p, (struct filter_step){.kind = STEP_NUMBER, .number = NAN}, 0)) { /* a single number */
                return false;
            }
        }
        count++;
    } while (take_sign(p, ","));
    if (!take_sign(p, ")"))
        return expected(p, "\")\"");
    return add_step(p, (struct filter_step){.kind = STEP_IN, .index = count}, (type == TYPE_NUMBER ? 2 : 1) * (size_t)count + 1);
}

static bool parse_comparison(struct parser *p, enum filter_type *type)
{
    static const struct sign signs[] = {
        {"=", STEP_EQUAL},       {"==", STEP_EQUAL},  {"!=", STEP_NOT_EQUAL},     {"<>", STEP_NOT_EQUAL}, {"<", STEP_LESS},
        {"<=", STEP_LESS_EQUAL}, {">", STEP_GREATER}, {">=", STEP_GREATER_EQUAL}, {"~", STEP_LIKE},
    };
    const char *begin = p->begin;
    if (!parse_sum(p, type))
        return false;
    if (take_word(p, "is")) {
        bool negated = take_word(p, "not");
        if (!take_word(p, "missing"))
            return expected(p, _("\"missing\""));
        if (*type != TYPE_NUMBER)
            return wrong_type(p, begin, _("Only a number can be missing; a text is empty: \"\"."));
        *type = TYPE_TRUTH;
        return add_step(p, (struct filter_step){.kind = STEP_MISSING}, 1) &&
               (!negated || add_step(p, (struct filter_step){.kind = STEP_NOT}, 1));
    }
    bool negated = take_word(p, "not");
    if (token_is(p, TOKEN_WORD, "in")) {
        if (*type == TYPE_TRUTH)
            return wrong_type(p, begin, _("Only a number or a text can be in a list."));
        next(p);
        if (!parse_list(p, *type))
            return false;
        *type = TYPE_TRUTH;
        return !negated || add_step(p, (struct filter_step){.kind = STEP_NOT}, 1);
    }
    if (negated)
        return expected(p, "\"in\"");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!token_is(p, TOKEN_SIGN, signs[i].sign))
            continue;
        enum filter_type right;
        next(p);
        const char *right_begin = p->begin;
        if (!parse_sum(p, &right))
            return false;
        if (*type != right)
            return wrong_type(p, right_begin, _("A number is compared with numbers, a text with texts."));
        if (*type == TYPE_TRUTH && signs[i].kind != STEP_EQUAL && signs[i].kind != STEP_NOT_EQUAL)
            return wrong_type(p, begin, _("True and false have no order."));
        if (*type != TYPE_TEXT && signs[i].kind == STEP_LIKE)
            return wrong_type(p, begin, _("\"~\" compares texts: part_id ~ \"A*\"."));
        *type = TYPE_TRUTH;
        if (!add_step(p, (struct filter_step){.kind = signs[i].kind}, 2))
            return false;
        for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
            if (token_is(p, TOKEN_SIGN, signs[k].sign))
                return wrong_type(p, p->begin, _("One comparison at a time: 1 < x and x < 5."));
        return true;
    }
    return true;
}

static bool parse_not(struct parser *p, enum filter_type *type)
{
    const char *begin = p->begin;
    if (!token_is(p, TOKEN_WORD, "not") && !token_is(p, TOKEN_SIGN, "!"))
        return parse_comparison(p, type);
    if (p->depth == FILTER_DEPTH_MOST) {
        xl_fail(p->error, "filter_too_long", _("The condition is nested too deeply."));
        return failed_at(p, begin);
    }
    next(p);
    p->depth++;
    bool good = parse_not(p, type);
    p->depth--;
    if (!good)
        return false;
    if (*type != TYPE_TRUTH)
        return wrong_type(p, begin, _("\"not\", \"and\" and \"or\" need conditions, such as x > 5 or passed."));
    return add_step(p, (struct filter_step){.kind = STEP_NOT}, 1);
}

static bool parse_both(struct parser *p, enum filter_type *type, bool (*part)(struct parser *, enum filter_type *), const char *word,
                       const char *sign, enum filter_step_kind kind)
{
    const char *begin = p->begin;
    if (!part(p, type))
        return false;
    while (take_word(p, word) || take_sign(p, sign)) {
        enum filter_type right;
        const char *right_begin = p->begin;
        if (!part(p, &right))
            return false;
        if (*type != TYPE_TRUTH || right != TYPE_TRUTH)
            return wrong_type(p, *type != TYPE_TRUTH ? begin : right_begin,
                              _("\"not\", \"and\" and \"or\" need conditions, such as x > 5 or passed."));
        if (!add_step(p, (struct filter_step){.kind = kind}, 2))
            return false;
    }
    return true;
}

static bool parse_and(struct parser *p, enum filter_type *type)
{
    return parse_both(p, type, parse_not, "and", "&&", STEP_AND);
}

static bool parse_or(struct parser *p, enum filter_type *type)
{
    return parse_both(p, type, parse_and, "or", "||", STEP_OR);
}

bool filter_parse(struct arena *arena, const char *text, struct filter_program *program, struct xl_error *error)
{
    *program = (struct filter_program){0};
    if (strlen(text) > FILTER_TEXT_MOST)
        return xl_fail(error, "filter_too_long", _("The condition is too long."));
    program->steps = arena_take(arena, FILTER_STEPS_MOST, sizeof *program->steps);
    program->tests = arena_take(arena, FILTER_TESTS_MOST, sizeof *program->tests);
    struct parser p = {.text = text, .at = text, .arena = arena, .program = program, .error = error, .kind = TOKEN_END};
    enum filter_type type;
    next(&p);
    if (!parse_or(&p, &type))
        return false;
    if (p.kind != TOKEN_END)
        return expected(&p, _("\"and\", \"or\" or the end"));
    if (type != TYPE_TRUTH)
        return wrong_type(&p, text, _("A condition is needed, such as x > 5 or passed."));
    return true;
}
