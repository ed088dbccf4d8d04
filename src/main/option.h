/* option.h: options of a command line, described by tables. One table yields the parser, --help, the manual page and the completions. */
#pragma once

#include <xinlian/base.h>

enum option_kind {
    OPTION_FLAG,    /* bool: given or not */
    OPTION_TEXT,    /* const char *: points into argv */
    OPTION_WHOLE,   /* int64_t within least..most */
    OPTION_SHARE,   /* double 0..1: "0.93" or "93%" */
    OPTION_CHOICE,  /* int: the value of one of the choices */
    OPTION_NUMBERS, /* struct number_list: "3,5,10-12" within least..most */
    OPTION_CHOICES, /* uint32_t: bits, the values of several choices */
};

struct choice {
    const char *name;
    int value;
    const char *help; /* N_(); NULL where the option's own help says enough */
};

struct number_list {
    size_t count;
    uint32_t *at; /* sorted, each once; free with free() */
};
enum { NUMBER_LIST_MOST = 100000 };

struct option {
    enum option_kind kind;
    char letter; /* 0: none */
    const char *name;
    void *value;
    const char *argument; /* "FILE"; NULL for a flag */
    const char *help;     /* N_() */
    int64_t least, most;
    const struct choice *choices; /* ends with a NULL name */
};
/* Options that belong together. `options` ends with a NULL name. */
struct option_group {
    const char *title; /* N_() */
    const struct option *options;
};

/* Parses argv[1..]: fills the options' values, moves the operands to the front of argv + 1 and returns how many there are. After "--"
 * everything is an operand, and so is "-". Returns -1 with "usage" when an option is unknown or its value does not fit. */
int options_parse(int argc, char **argv, const struct option_group *const *groups, struct xl_error *error);
/* The name of a choice's value; "" when there is none. */
const char *choice_name(const struct choice *choices, int value);
/* "3,5,10-12" into a list. */
bool number_list_parse(const char *text, int64_t least, int64_t most, struct number_list *list);
