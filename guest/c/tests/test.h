/* A few lines in place of a test framework. */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "spakky_cbor.h"

/* Fails the running test, and says where. */
void test_fail(const char *file, int line, const char *what);
/* Whether the running test has failed. */
bool test_failed(void);
/* The seed of what is random: SPAKKY_SEED, or another each time. */
uint64_t test_seed(void);

/* Calls `check` with each line of the blocks of wit/FILE with this name. Runs in guest/. */
void test_each_vector(const char *file, const char *block, void (*check)(const char *line));

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            test_fail(__FILE__, __LINE__, #condition);                                             \
        }                                                                                          \
    } while (false)

#define CHECK_STR(actual, expected)                                                                \
    do {                                                                                           \
        if (strcmp((actual), (expected)) != 0) {                                                   \
            test_fail(__FILE__, __LINE__, (actual));                                               \
        }                                                                                          \
    } while (false)

typedef struct test_t {
    const char *name;
    void (*run)(void);
} test_t;

#endif
