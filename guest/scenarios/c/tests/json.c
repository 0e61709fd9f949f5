#include "../json.h"

#include <math.h>
#include <stdlib.h>

#include "test.h"

static arena_t arena;

static json_t *read_text(const char *text, size_t length) {
    const char *mistake;
    spakky_text_t copy = arena_copy(&arena, (spakky_text_t){text, length});
    json_t *json = json_read(&arena, (char *)(uintptr_t)copy.data, length, &mistake);
    CHECK((json == NULL) == (mistake != NULL));
    return json;
}

static json_t *read(const char *text) { return read_text(text, strlen(text)); }

/* What is read of a text, written. */
static void writes(const char *text, const char *expected) {
    char *written = NULL;
    size_t length;
    FILE *file = open_memstream(&written, &length);
    json_t *json = read(text);
    if (json == NULL) {
        test_fail(__FILE__, __LINE__, text);
    } else {
        json_write(file, json);
    }
    fclose(file);
    CHECK_STR(written, expected);
    free(written);
}

static void what_is_read_is_written(void) {
    writes("null", "null");
    writes(" [ true , false ] ", "[true,false]");
    writes("{\"a\":{\"b\":[1,-2]},\"\":[]}", "{\"a\":{\"b\":[1,-2]},\"\":[]}");
    writes("18446744073709551615", "18446744073709551615");
    writes("-9223372036854775808", "-9223372036854775808");
    writes("0.1", "0.1");
    writes("-2.25e-300", "-2.25e-300");
    writes("5e-324", "4.94065645841247e-324");
    writes("1.7976931348623157e308", "1.7976931348623157e+308");
    writes("\"\\u0000\\u00e9\\ud83e\\udd80\\n\\/\\\"\\\\\"",
           "\"\\u0000\xc3\xa9\xf0\x9f\xa6\x80\\u000a/\\\"\\\\\"");
    arena_free(&arena);
}

static void numbers_keep_their_bits(void) {
    json_t *json = read("18446744073709551615");
    CHECK(json->kind == JSON_INTEGER && json->size == UINT64_MAX && !json->negative);
    json = read("18446744073709551616");
    CHECK(json->kind == JSON_FLOAT && json->number == 18446744073709551616.0);
    json = read("-9223372036854775809");
    CHECK(json->kind == JSON_FLOAT);
    json = read("1.0");
    CHECK(json->kind == JSON_FLOAT && json->number == 1);
    json = read("1e2");
    CHECK(json->kind == JSON_FLOAT && json->number == 100);
    json = read("9007199254740993");
    CHECK(json->kind == JSON_INTEGER && json->size == UINT64_C(9007199254740993));
    arena_free(&arena);
}

static void what_is_no_json_is_refused(void) {
    static const char *const wrong[] = {
        "",
        " ",
        "nul",
        "tru",
        "nulll",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "]",
        "}",
        "01",
        "+1",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "Infinity",
        "'a'",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"a\nb\"",
        "1 2",
        "[1] x",
        "\"\xff\"",
        "\"\xed\xa0\x80\"",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (read(wrong[i]) != NULL) {
            test_fail(__FILE__, __LINE__, wrong[i]);
        }
    }
    CHECK(read_text("1\0", 2) == NULL);
    CHECK(read_text("\"\0\"", 3) == NULL);
    char deep[2000];
    memset(deep, '[', sizeof deep);
    CHECK(read_text(deep, sizeof deep) == NULL);
    arena_free(&arena);
}

const test_t json_tests[] = {
    {"json: what is read is written", what_is_read_is_written},
    {"json: numbers keep their bits", numbers_keep_their_bits},
    {"json: what is no JSON is refused", what_is_no_json_is_refused},
    {NULL, NULL},
};
