#include "../values.h"

#include <stdlib.h>

#include "test.h"

static arena_t arena;

static json_t *read(const char *text) {
    const char *mistake;
    spakky_text_t copy = arena_copy(&arena, spakky_str(text));
    return json_read(&arena, (char *)(uintptr_t)copy.data, copy.length, &mistake);
}

static const char *show(const json_t *json) {
    static char text[1024];
    FILE *file = fmemopen(text, sizeof text, "w");
    json_write(file, json);
    fclose(file);
    return text;
}

static void a_value_comes_back_as_it_was_written(void) {
    static const char *const values[] = {
        "null",
        "true",
        "0",
        "-7",
        "9007199254740991",
        "-9007199254740991",
        "{\"$int\":\"9007199254740992\"}",
        "{\"$int\":\"-9007199254740992\"}",
        "{\"$int\":\"18446744073709551615\"}",
        "{\"$int\":\"-18446744073709551616\"}",
        "1.5",
        "{\"$float\":\"1\"}",
        "{\"$float\":\"-0\"}",
        "{\"$float\":\"NaN\"}",
        "{\"$float\":\"Infinity\"}",
        "{\"$float\":\"-Infinity\"}",
        "\"text \xf0\x9f\xa6\x80 \\u0000\"",
        "{\"$hex\":\"00ff\"}",
        "[[],{},[null]]",
        "{\"a\":{\"b\":[1,{\"$hex\":\"\"}]}}",
        "{\"$map\":[[1,\"one\"],[{\"$hex\":\"02\"},\"two\"]]}",
        "{\"$map\":[[\"$key\",1]]}",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *mistake;
        spakky_encoder_t encoder;
        spakky_encoder_init(&encoder);
        CHECK(value_encode(read(values[i]), &encoder));
        json_t *json = value_read(&arena, (spakky_bytes_t){encoder.data, encoder.length}, &mistake);
        CHECK(json != NULL);
        CHECK_STR(json == NULL ? mistake : show(json), values[i]);
        spakky_encoder_free(&encoder);
    }
    arena_free(&arena);
}

static void a_whole_number_is_an_integer_however_it_is_written(void) {
    static const char *const written[] = {"1", "1.0", "1e0", "10e-1"};
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        spakky_encoder_reset(&encoder);
        CHECK(value_encode(read(written[i]), &encoder));
        CHECK(encoder.length == 1 && encoder.data[0] == 1);
    }
    spakky_encoder_free(&encoder);
    arena_free(&arena);
}

static void what_is_no_value_is_refused(void) {
    static const char *const wrong[] = {
        "{\"$hex\":\"0\"}",
        "{\"$hex\":\"0g\"}",
        "{\"$float\":1}",
        "{\"$float\":\"one\"}",
        "{\"$float\":\"0x1p3\"}",
        "{\"$float\":\" 1\"}",
        "{\"$float\":\"\"}",
        "{\"$int\":\"18446744073709551616\"}",
        "{\"$int\":\"-18446744073709551617\"}",
        "{\"$int\":\"-184467440737095516160\"}",
        "{\"$int\":\"\"}",
        "{\"$int\":\"-\"}",
        "{\"$map\":[[1]]}",
        "{\"$map\":{}}",
        "{\"$other\":1}",
        "{\"$hex\":\"00\",\"more\":1}",
        "[{\"a\":{\"$other\":1}}]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (value_check(read(wrong[i]))) {
            test_fail(__FILE__, __LINE__, wrong[i]);
        }
    }
    arena_free(&arena);
}

static void a_value_without_an_encoding_is_the_encoders_mistake(void) {
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    CHECK(value_encode(read("{\"$unencodable\":true}"), &encoder));
    CHECK(spakky_encoder_mistake(&encoder) != NULL);
    spakky_encoder_free(&encoder);
    arena_free(&arena);
}

const test_t value_tests[] = {
    {"values: one comes back as it was written", a_value_comes_back_as_it_was_written},
    {"values: a whole number is an integer however it is written",
     a_whole_number_is_an_integer_however_it_is_written},
    {"values: what is none is refused", what_is_no_value_is_refused},
    {"values: one without an encoding is the encoder's mistake",
     a_value_without_an_encoding_is_the_encoders_mistake},
    {NULL, NULL},
};
