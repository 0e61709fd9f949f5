#include "../steps.h"

#include "test.h"

static arena_t arena;

static const char *mistake_of(const char *text) {
    const char *mistake;
    spakky_text_t copy = arena_copy(&arena, spakky_str(text));
    json_t *step = json_read(&arena, (char *)(uintptr_t)copy.data, copy.length, &mistake);
    return step == NULL ? mistake : step_mistake(&arena, step);
}

static void a_step_is_read_strictly(void) {
    static const char *const wrong[] = {
        "[]",
        "{}",
        "{\"op\": 1}",
        "{\"op\": \"gett\", \"key\": \"k\"}",
        "{\"op\": \"get\"}",
        "{\"op\": \"get\", \"key\": 1}",
        "{\"op\": \"get\", \"key\": null}",
        "{\"op\": \"get\", \"key\": \"k\", \"key\": \"k\"}",
        "{\"op\": \"get\", \"op\": \"get\", \"key\": \"k\"}",
        "{\"op\": \"get\", \"key\": \"k\", \"kye\": \"k\"}",
        "{\"op\": \"clear\", \"tags\": []}",
        "{\"op\": \"set\", \"key\": \"k\", \"value\": 1, \"options\": {\"ttl\": 5}}",
        "{\"op\": \"set\", \"key\": \"k\", \"value\": 1, \"options\": {\"ttl_ms\": -1}}",
        "{\"op\": \"set\", \"key\": \"k\", \"value\": 1, \"options\": {\"ttl_ms\": 1.0}}",
        "{\"op\": \"set\", \"key\": \"k\", \"value\": 1, \"options\": null}",
        "{\"op\": \"set_many\", \"entries\": [[\"k\"]]}",
        "{\"op\": \"health\", \"endpoint\": \"well\"}",
        "{\"op\": \"abandon\", \"key\": \"k\", \"how\": \"somehow\"}",
        "{\"op\": \"exit\", \"code\": 4294967296}",
        "{\"op\": \"get_or_load\", \"key\": \"k\", \"loader\": {\"values\": 1}}",
        "{\"op\": \"get_or_load\", \"key\": \"k\", \"loader\": {\"then\": [{\"op\": \"gett\"}]}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (mistake_of(wrong[i]) == NULL) {
            test_fail(__FILE__, __LINE__, wrong[i]);
        }
    }
    arena_free(&arena);
}

static void a_right_step_is_taken(void) {
    static const char *const right[] = {
        "{\"op\": \"get\", \"key\": \"\"}",
        "{\"key\": \"k\", \"op\": \"get\"}",
        "{\"op\": \"set\", \"key\": \"k\", \"value\": null}",
        "{\"op\": \"set\", \"key\": \"k\", \"value\": 1, \"options\": {\"ttl_ms\": "
        "18446744073709551615, \"fresh_ms\": null}}",
        "{\"op\": \"commit\", \"lease\": \"l\", \"value\": null}",
        "{\"op\": \"raw_set\", \"key\": \"k\", \"bytes\": 8388608, \"hex\": null}",
        "{\"op\": \"exit\", \"code\": -1}",
        "{\"op\": \"write_through\", \"key\": \"k\", \"value\": 1, \"writer\": {\"then\": "
        "[{\"op\": \"pause\"}], \"trap\": false, \"sleep_ms\": 5, \"fail\": \"no\"}}",
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        const char *mistake = mistake_of(right[i]);
        CHECK_STR(mistake == NULL ? "" : mistake, "");
    }
    arena_free(&arena);
}

const test_t step_tests[] = {
    {"steps: one is read strictly", a_step_is_read_strictly},
    {"steps: a right one is taken", a_right_step_is_taken},
    {NULL, NULL},
};
