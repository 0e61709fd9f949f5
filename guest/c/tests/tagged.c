/* Timestamps, UUIDs, decimals and sets, beyond the vectors. */
#include "spakky_cbor.h"
#include "test.h"

static void a_time_has_one_text(void) {
    static const struct {
        spakky_time_t time;
        const char *text;
    } all[] = {
        {{0, 0}, "1970-01-01T00:00:00Z"},
        {{0, 1}, "1970-01-01T00:00:00.000000001Z"},
        {{-1, 999999999}, "1969-12-31T23:59:59.999999999Z"},
        {{951782399, 120000000}, "2000-02-28T23:59:59.12Z"},
        {{951868799, 0}, "2000-02-29T23:59:59Z"},
        {{-62135596800, 0}, "0001-01-01T00:00:00Z"},
        {{253402300799, 999999999}, "9999-12-31T23:59:59.999999999Z"},
    };
    char text[SPAKKY_TIME_TEXT];
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        spakky_time_t read;
        CHECK(spakky_time_text(all[i].time, text) == strlen(all[i].text));
        CHECK_STR(text, all[i].text);
        CHECK(spakky_time_parse(spakky_str(text), &read));
        CHECK(read.seconds == all[i].time.seconds && read.nanoseconds == all[i].time.nanoseconds);
    }
    const spakky_time_t none[] = {{-62135596801, 0}, {253402300800, 0}, {0, 1000000000}};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        spakky_encoder_t encoder;
        spakky_encoder_init(&encoder);
        CHECK(spakky_time_text(none[i], text) == 0 && text[0] == '\0');
        CHECK(!spakky_encode_time(&encoder, none[i]));
        CHECK(spakky_encoder_mistake(&encoder) != NULL);
        spakky_encoder_free(&encoder);
    }
}

/* Each day of four hundred years comes back from its text. */
static void every_day_comes_back(void) {
    char before[SPAKKY_TIME_TEXT] = "1900-02-27T12:00:00Z";
    for (int64_t day = -25509; day < -25509 + 146097; day++) {
        char text[SPAKKY_TIME_TEXT];
        spakky_time_t read;
        spakky_time_text((spakky_time_t){day * 86400 + 43200, 0}, text);
        if (strcmp(before, text) >= 0 || !spakky_time_parse(spakky_str(text), &read) ||
            read.seconds != day * 86400 + 43200) {
            test_fail(__FILE__, __LINE__, text);
            return;
        }
        memcpy(before, text, sizeof before);
    }
    CHECK_STR(before, "2300-02-27T12:00:00Z");
}

static void a_set_is_sorted_and_has_no_element_twice(void) {
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    spakky_encode_set(&encoder, 3);
    spakky_encode_text(&encoder, spakky_str("b"));
    spakky_encode_set(&encoder, 2);
    spakky_encode_int(&encoder, 100);
    spakky_encode_int(&encoder, 7);
    spakky_encode_int(&encoder, -1);
    static const uint8_t sorted[] = {0xd9, 1, 2, 0x83, 0x20, 0x61, 'b',
                                     0xd9, 1, 2, 0x82, 7,    0x18, 100};
    CHECK(spakky_encoder_mistake(&encoder) == NULL && encoder.length == sizeof sorted);
    CHECK(memcmp(encoder.data, sorted, sizeof sorted) == 0);
    spakky_encoder_reset(&encoder);
    spakky_encode_array(&encoder, 1);
    spakky_encode_set(&encoder, 2);
    spakky_encode_float(&encoder, 1);
    CHECK(!spakky_encode_float(&encoder, 1));
    CHECK_STR(spakky_encoder_mistake(&encoder), "a set has an element twice");
    spakky_encoder_free(&encoder);
    /* The same after each was written in its shortest form. */
    static const uint8_t twice[] = {0x81, 0xd9, 1, 2, 0x82, 0x81, 1, 0x81, 0x18, 1};
    CHECK_STR(spakky_cbor_mistake((spakky_bytes_t){twice, sizeof twice}),
              "a set has an element twice");
}

static void a_tag_outside_the_profile_is_named(void) {
    static const uint8_t rational[] = {0x81, 0xd8, 30, 0x82, 1, 3};
    CHECK_STR(spakky_cbor_mistake((spakky_bytes_t){rational, sizeof rational}),
              "the tag 30 is outside the profile of values");
}

static void a_decimal_keeps_its_exponent(void) {
    spakky_encoder_t encoder;
    spakky_decoder_t decoder;
    spakky_decimal_t read;
    const spakky_decimal_t decimal = {-2, {false, 110}};
    spakky_encoder_init(&encoder);
    spakky_encode_decimal(&encoder, decimal);
    spakky_decoder_init(&decoder, (spakky_bytes_t){encoder.data, encoder.length});
    CHECK(spakky_decode_kind(&decoder) == SPAKKY_KIND_DECIMAL);
    CHECK(spakky_decode_decimal(&decoder, &read) && spakky_decoder_mistake(&decoder) == NULL);
    CHECK(read.exponent == -2 && !read.mantissa.negative && read.mantissa.bits == 110);
    spakky_encoder_free(&encoder);
    static const uint8_t far[] = {0xc4, 0x82, 0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0, 1};
    CHECK(spakky_cbor_mistake((spakky_bytes_t){far, sizeof far}) != NULL);
}

const test_t tagged_tests[] = {
    {"tagged: a time has one text", a_time_has_one_text},
    {"tagged: every day comes back", every_day_comes_back},
    {"tagged: a set is sorted and has no element twice", a_set_is_sorted_and_has_no_element_twice},
    {"tagged: a tag outside the profile is named", a_tag_outside_the_profile_is_named},
    {"tagged: a decimal keeps its exponent", a_decimal_keeps_its_exponent},
    {NULL, NULL},
};
