/* Runs all tests, and ends with a line like cargo's. With an argument, those whose name
 * has it in it. */
#include <stdlib.h>
#include <time.h>

#include "test.h"

extern const test_t encode_tests[], decode_tests[], random_tests[], option_tests[], key_tests[];
extern const test_t vector_tests[], tagged_tests[], sha256_tests[], stats_tests[], path_tests[];

static const test_t *const suites[] = {
    encode_tests, decode_tests, vector_tests, tagged_tests, random_tests,
    option_tests, key_tests,    sha256_tests, stats_tests,  path_tests,
};

static bool failed;
static uint64_t seed;

void test_fail(const char *file, int line, const char *what) {
    if (!failed) {
        printf("FAILED\n");
    }
    printf("  %s:%d: %s\n", file, line, what);
    failed = true;
}

bool test_failed(void) { return failed; }

uint64_t test_seed(void) { return seed; }

int main(int argc, char **argv) {
    unsigned passed = 0;
    unsigned failures = 0;
    const char *given = getenv("SPAKKY_SEED");
    seed = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
    printf("\nrunning tests in C, with SPAKKY_SEED=%llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        for (const test_t *test = suites[i]; test->name != NULL; test++) {
            if (argc > 1 && strstr(test->name, argv[1]) == NULL) {
                continue;
            }
            printf("test %s ... ", test->name);
            fflush(stdout);
            failed = false;
            test->run();
            if (failed) {
                failures++;
            } else {
                passed++;
                printf("ok\n");
            }
        }
    }
    printf("\ntest result: %s. %u passed; %u failed; 0 ignored\n", failures == 0 ? "ok" : "FAILED",
           passed, failures);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
