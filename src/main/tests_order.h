/* tests_order.h: a lot's tests with their statistics, in an order, and the table that shows them. */
#pragma once

#include <xinlian/wafer.h>

#include "base/json.h"

enum tests_sort { TESTS_BY_WORST, TESTS_BY_CPK, TESTS_BY_FAILS, TESTS_BY_NUMBER, TESTS_BY_NAME, TESTS_BY_EXECUTION };
struct tests_order {
    size_t count;
    size_t *at;                       /* indexes of tests */
    struct xl_statistics *statistics; /* of every test, by index */
};
void tests_order_make(const struct xl_lot *lot, const struct xl_statistics_options *options, enum tests_sort sort,
                      struct tests_order *order);
void tests_order_free(struct tests_order *order);
/* The first `most` of them. */
void tests_table(const struct xl_lot *lot, const struct tests_order *order, size_t most);
/* The unit in which a test's numbers are shown. */
struct xl_unit test_unit(const struct xl_test *test, const struct xl_statistics *statistics);
/* Keys of an open object: n … ppk. */
void statistics_json(struct json *json, const struct xl_statistics *statistics);
/* Keys of an open object: kind, number, name, units, limits. */
void test_json(struct json *json, const struct xl_test *test);
