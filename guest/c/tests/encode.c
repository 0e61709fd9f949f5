#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "spakky_cbor.h"
#include "test.h"

/* What is in an encoder, as hexadecimal digits. */
static const char *hex(const spakky_encoder_t *encoder) {
    static char text[4096];
    text[0] = '\0';
    for (size_t i = 0; i < encoder->length && 2 * i + 3 < sizeof text; i++) {
        snprintf(text + 2 * i, 3, "%02x", encoder->data[i]);
    }
    return text;
}

static spakky_encoder_t encoder;

#define ENCODES(call, expected)                                                                    \
    do {                                                                                           \
        spakky_encoder_reset(&encoder);                                                            \
        CHECK(call);                                                                               \
        CHECK(spakky_encoder_mistake(&encoder) == NULL);                                           \
        CHECK_STR(hex(&encoder), expected);                                                        \
    } while (false)

/* Appendix A of RFC 8949, what of it is of the shared types. */
static void integers(void) {
    spakky_encoder_init(&encoder);
    ENCODES(spakky_encode_int(&encoder, 0), "00");
    ENCODES(spakky_encode_int(&encoder, 23), "17");
    ENCODES(spakky_encode_int(&encoder, 24), "1818");
    ENCODES(spakky_encode_int(&encoder, 100), "1864");
    ENCODES(spakky_encode_int(&encoder, 255), "18ff");
    ENCODES(spakky_encode_int(&encoder, 256), "190100");
    ENCODES(spakky_encode_int(&encoder, 65536), "1a00010000");
    ENCODES(spakky_encode_int(&encoder, 1000000000000), "1b000000e8d4a51000");
    ENCODES(spakky_encode_int(&encoder, INT64_MAX), "1b7fffffffffffffff");
    ENCODES(spakky_encode_int(&encoder, INT64_MIN), "3b7fffffffffffffff");
    ENCODES(spakky_encode_int(&encoder, -1), "20");
    ENCODES(spakky_encode_int(&encoder, -100), "3863");
    ENCODES(spakky_encode_int(&encoder, -1000), "3903e7");
    ENCODES(spakky_encode_uint(&encoder, UINT64_MAX), "1bffffffffffffffff");
    ENCODES(spakky_encode_integer(&encoder, (spakky_integer_t){true, UINT64_MAX}),
            "3bffffffffffffffff");
    spakky_encoder_free(&encoder);
}

static void floats(void) {
    spakky_encoder_init(&encoder);
    ENCODES(spakky_encode_float(&encoder, 0.0), "f90000");
    ENCODES(spakky_encode_float(&encoder, -0.0), "f98000");
    ENCODES(spakky_encode_float(&encoder, 1.0), "f93c00");
    ENCODES(spakky_encode_float(&encoder, 1.1), "fb3ff199999999999a");
    ENCODES(spakky_encode_float(&encoder, 65504.0), "f97bff");
    ENCODES(spakky_encode_float(&encoder, 65505.0), "fa477fe100");
    ENCODES(spakky_encode_float(&encoder, 100000.0), "fa47c35000");
    ENCODES(spakky_encode_float(&encoder, FLT_MAX), "fa7f7fffff");
    ENCODES(spakky_encode_float(&encoder, 1.0e300), "fb7e37e43c8800759c");
    ENCODES(spakky_encode_float(&encoder, 5.960464477539063e-8), "f90001");
    ENCODES(spakky_encode_float(&encoder, 0.00006103515625), "f90400");
    ENCODES(spakky_encode_float(&encoder, -4.1), "fbc010666666666666");
    ENCODES(spakky_encode_float(&encoder, (double)INFINITY), "f97c00");
    ENCODES(spakky_encode_float(&encoder, -(double)INFINITY), "f9fc00");
    ENCODES(spakky_encode_float(&encoder, DBL_TRUE_MIN), "fb0000000000000001");
    ENCODES(spakky_encode_float(&encoder, (double)FLT_TRUE_MIN), "fa00000001");
    /* There is one NaN, whatever the bits of those that are given. */
    ENCODES(spakky_encode_float(&encoder, (double)NAN), "f97e00");
    ENCODES(spakky_encode_float(&encoder, -(double)NAN), "f97e00");
    spakky_encoder_free(&encoder);
}

static void others(void) {
    spakky_encoder_init(&encoder);
    ENCODES(spakky_encode_null(&encoder), "f6");
    ENCODES(spakky_encode_bool(&encoder, false), "f4");
    ENCODES(spakky_encode_bool(&encoder, true), "f5");
    ENCODES(spakky_encode_text(&encoder, spakky_str("")), "60");
    ENCODES(spakky_encode_text(&encoder, spakky_str("IETF")), "6449455446");
    ENCODES(spakky_encode_text(&encoder, spakky_str("\xc3\xbc")), "62c3bc");
    ENCODES(spakky_encode_text(&encoder, spakky_str("\xf0\x90\x85\x91")), "64f0908591");
    ENCODES(spakky_encode_text(&encoder, (spakky_text_t){"a\0b", 3}), "63610062");
    ENCODES(spakky_encode_bytes(&encoder, (spakky_bytes_t){NULL, 0}), "40");
    ENCODES(spakky_encode_bytes(&encoder, (spakky_bytes_t){(const uint8_t *)"\1\2\3\4", 4}),
            "4401020304");
    ENCODES(spakky_encode_array(&encoder, 0), "80");
    ENCODES(spakky_encode_map(&encoder, 0), "a0");
    ENCODES(spakky_encode_array(&encoder, 2) && spakky_encode_array(&encoder, 1) &&
                spakky_encode_int(&encoder, 1) && spakky_encode_map(&encoder, 0),
            "828101a0");
    ENCODES(spakky_encode_map(&encoder, 1) && spakky_encode_text(&encoder, spakky_str("a")) &&
                spakky_encode_array(&encoder, 2) && spakky_encode_int(&encoder, 2) &&
                spakky_encode_int(&encoder, 3),
            "a16161820203");
    spakky_encoder_free(&encoder);
}

#define MISTAKE(expected)                                                                          \
    do {                                                                                           \
        const char *mistake = spakky_encoder_mistake(&encoder);                                    \
        CHECK(mistake != NULL);                                                                    \
        CHECK(mistake == NULL || strstr(mistake, expected) != NULL);                               \
        spakky_encoder_reset(&encoder);                                                            \
    } while (false)

static void mistakes(void) {
    spakky_encoder_init(&encoder);
    CHECK(spakky_encoder_mistake(NULL) != NULL);
    MISTAKE("there is no value");
    spakky_encode_null(&encoder);
    CHECK(!spakky_encode_null(&encoder));
    MISTAKE("more than one");
    spakky_encode_array(&encoder, 2);
    spakky_encode_null(&encoder);
    MISTAKE("misses items");
    CHECK(!spakky_encode_text(&encoder, spakky_str("\xed\xa0\x80")));
    CHECK(!spakky_encode_null(&encoder)); /* the first mistake stays */
    MISTAKE("not UTF-8");
    CHECK(!spakky_encode_text(&encoder, spakky_str(NULL)));
    MISTAKE("not UTF-8");
    CHECK(!spakky_encode_bytes(&encoder, (spakky_bytes_t){NULL, 7}));
    MISTAKE("NULL");
    CHECK(!spakky_encode_map(&encoder, SIZE_MAX / 2 + 1));
    MISTAKE("too large");
    for (size_t i = 0; i < SPAKKY_DEPTH; i++) {
        CHECK(spakky_encode_array(&encoder, 1));
    }
    CHECK(!spakky_encode_array(&encoder, 1));
    MISTAKE("too deeply");
    spakky_encoder_free(&encoder);
    spakky_encoder_free(&encoder);
    spakky_encoder_free(NULL);
}

static void a_buffer_of_the_callers(void) {
    uint8_t buffer[5];
    spakky_encoder_init_in(&encoder, buffer, sizeof buffer);
    ENCODES(spakky_encode_text(&encoder, spakky_str("IETF")), "6449455446");
    CHECK(encoder.data == buffer);
    spakky_encoder_reset(&encoder);
    CHECK(!spakky_encode_text(&encoder, spakky_str("IETFs")));
    CHECK(!encoder.no_memory);
    MISTAKE("does not fit");
    spakky_encoder_free(&encoder);
    spakky_encoder_init_in(&encoder, NULL, 10);
    CHECK(!spakky_encode_null(&encoder));
    MISTAKE("does not fit");
}

static void what_is_text(void) {
    static const char *const right[] = {"",
                                        "a",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf",
                                        "twelve bytes and \xe6\x97\xa5\xe6\x9c\xac"};
    static const char *const wrong[] = {"\x80",
                                        "\xbf",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xc2",
                                        "\xc2g",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xed\xbf\xbf",
                                        "\xe2\x82",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xff",
                                        "caf\xe9",
                                        "12345678901234567\xff"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        CHECK(spakky_text_valid(spakky_str(right[i])));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(!spakky_text_valid(spakky_str(wrong[i])));
    }
    CHECK(spakky_text_valid((spakky_text_t){NULL, 0}));
    CHECK(!spakky_text_valid((spakky_text_t){NULL, 1}));
    CHECK(spakky_text_valid((spakky_text_t){"\0\0", 2}));
}

const test_t encode_tests[] = {
    {"encode: integers take the shortest form", integers},
    {"encode: floats take the shortest form that keeps them", floats},
    {"encode: text, bytes, arrays and maps", others},
    {"encode: a mistake stays, and is told at the end", mistakes},
    {"encode: a buffer of the caller's does not grow", a_buffer_of_the_callers},
    {"encode: what is text", what_is_text},
    {NULL, NULL},
};
