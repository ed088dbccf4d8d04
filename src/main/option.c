/* option.c: parsing a command line by tables of options. */
#include "main/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

static const struct option *option_named(const struct option_group *const *groups, const char *name, size_t length, char letter)
{
    for (; *groups; groups++)
        for (const struct option *option = (*groups)->options; option->name; option++)
            if (letter ? option->letter == letter : strlen(option->name) == length && memcmp(option->name, name, length) == 0)
                return option;
    return NULL;
}

const char *choice_name(const struct choice *choices, int value)
{
    for (; choices->name; choices++)
        if (choices->value == value)
            return choices->name;
    return "";
}

static const struct choice *choice_of(const struct choice *choices, const char *name, size_t length)
{
    for (; choices->name; choices++)
        if (strlen(choices->name) == length && memcmp(choices->name, name, length) == 0)
            return choices;
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

bool number_list_parse(const char *text, int64_t least, int64_t most, struct number_list *list)
{
    *list = (struct number_list){0};
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        char item[64];
        if (length == 0 || length >= sizeof item)
            goto refused;
        memcpy(item, at, length);
        item[length] = 0;
        /* The dash of a range, not a sign in front. */
        char *dash = strchr(item + 1, '-');
        if (dash)
            *dash = 0;
        int64_t first, last;
        if (!parse_i64(item, least, most, &first))
            goto refused;
        last = first;
        if (dash && (!parse_i64(dash + 1, least, most, &last) || last < first))
            goto refused;
        if ((uint64_t)(last - first) >= NUMBER_LIST_MOST - list->count)
            goto refused;
        list->at = memory_grow(list->at, list->count + (size_t)(last - first) + 1, sizeof *list->at);
        for (int64_t number = first; number <= last; number++)
            list->at[list->count++] = (uint32_t)number;
        at += length;
        if (*at == 0)
            break;
    }
    qsort(list->at, list->count, sizeof *list->at, by_number);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++)
        if (list->at[i] != list->at[kept - 1])
            list->at[kept++] = list->at[i];
    list->count = kept;
    return true;
refused:
    free(list->at);
    *list = (struct number_list){0};
    return false;
}

/* "last, first, best": for a message. */
static void choices_list(const struct choice *choices, struct text *out)
{
    for (const struct choice *choice = choices; choice->name; choice++)
        text_print(out, "%s%s", choice == choices ? "" : ", ", choice->name);
}

static bool share_parse(const char *text, double *share)
{
    char number[32];
    const size_t length = strlen(text);
    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, text, length + 1);
    const bool percent = number[length - 1] == '%';
    if (percent)
        number[length - 1] = 0;
    double value;
    if (!parse_double(number, &value))
        return false;
    *share = percent ? value / 100 : value;
    return *share >= 0 && *share <= 1;
}

static bool take(const struct option *option, const char *text, struct xl_error *error)
{
    struct text names;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->value = true;
        return true;
    case OPTION_TEXT:
        *(const char **)option->value = text;
        return true;
    case OPTION_WHOLE:
        if (parse_i64(text, option->least, option->most, option->value))
            return true;
        if (option->most == INT64_MAX)
            return xl_fail(error, "usage", _("--%s needs a whole number, not \"%s\"."), option->name, text);
        return xl_fail(error, "usage", _("--%s needs a whole number from %lld to %lld, not \"%s\"."), option->name,
                       (long long)option->least, (long long)option->most, text);
    case OPTION_SHARE:
        if (share_parse(text, option->value))
            return true;
        return xl_fail(error, "usage", _("--%s needs a share such as 0.93 or 93%%, not \"%s\"."), option->name, text);
    case OPTION_NUMBERS:
        free(((struct number_list *)option->value)->at);
        if (number_list_parse(text, option->least, option->most, option->value))
            return true;
        return xl_fail(error, "usage", _("--%s needs numbers such as 3,5,10-12 within %lld to %lld, not \"%s\"."), option->name,
                       (long long)option->least, (long long)option->most, text);
    case OPTION_CHOICE: {
        const struct choice *choice = choice_of(option->choices, text, strlen(text));
        if (choice) {
            *(int *)option->value = choice->value;
            return true;
        }
        text_init(&names, 300);
        choices_list(option->choices, &names);
        xl_fail(error, "usage", _("--%s needs one of %s, not \"%s\"."), option->name, names.data, text);
        text_free(&names);
        return false;
    }
    case OPTION_CHOICES: {
        uint32_t bits = 0;
        for (const char *at = text;; at++) {
            const size_t length = strcspn(at, ",");
            const struct choice *choice = choice_of(option->choices, at, length);
            if (!choice) {
                text_init(&names, 300);
                choices_list(option->choices, &names);
                xl_fail(error, "usage", _("--%s needs some of %s, with commas between, not \"%s\"."), option->name, names.data, text);
                text_free(&names);
                return false;
            }
            bits |= (uint32_t)choice->value;
            at += length;
            if (*at == 0)
                break;
        }
        *(uint32_t *)option->value = bits;
        return true;
    }
    }
    BUG("option --%s is of no kind", option->name);
}

int options_parse(int argc, char **argv, const struct option_group *const *groups, struct xl_error *error)
{
    int operands = 0;
    bool all_operands = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (all_operands || word[0] != '-' || word[1] == 0) {
            argv[1 + operands++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            all_operands = true;
            continue;
        }
        if (word[1] == '-') {
            const char *name = word + 2;
            const size_t length = strcspn(name, "=");
            const struct option *option = option_named(groups, name, length, 0);
            const char *value = name[length] == '=' ? name + length + 1 : NULL;
            if (!option) {
                xl_fail(error, "usage", _("There is no option --%.*s here."), (int)(length < 60 ? length : 60), name);
                return -1;
            }
            if (option->kind == OPTION_FLAG && value) {
                xl_fail(error, "usage", _("--%s takes no value."), option->name);
                return -1;
            }
            if (option->kind != OPTION_FLAG && !value) {
                if (i + 1 == argc) {
                    xl_fail(error, "usage", _("--%s needs a value: --%s %s"), option->name, option->name, option->argument);
                    return -1;
                }
                value = argv[++i];
            }
            if (!take(option, value, error))
                return -1;
            continue;
        }
        /* Letters: -j, -o FILE, -oFILE, and several flags together. */
        for (const char *letter = word + 1; *letter; letter++) {
            const struct option *option = option_named(groups, NULL, 0, *letter);
            if (!option) {
                xl_fail(error, "usage", _("There is no option -%c here."), *letter);
                return -1;
            }
            const char *value = NULL;
            if (option->kind != OPTION_FLAG) {
                value = letter[1] ? letter + 1 : i + 1 < argc ? argv[++i] : NULL;
                if (!value) {
                    xl_fail(error, "usage", _("-%c needs a value: -%c %s"), *letter, *letter, option->argument);
                    return -1;
                }
            }
            if (!take(option, value, error))
                return -1;
            if (value)
                break;
        }
    }
    return operands;
}
