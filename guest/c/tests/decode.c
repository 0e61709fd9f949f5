#include <math.h>
#include <stdlib.h>

#include "spakky_cbor.h"
#include "test.h"

static uint8_t buffer[4096];

static spakky_bytes_t bytes(const char *hex) {
    size_t length = strlen(hex) / 2;
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        buffer[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return (spakky_bytes_t){buffer, length};
}

static spakky_decoder_t of(const char *hex) {
    spakky_decoder_t decoder;
    spakky_decoder_init(&decoder, bytes(hex));
    return decoder;
}

static void integers(void) {
    int64_t number;
    uint64_t size;
    spakky_integer_t integer;
    spakky_decoder_t decoder = of("3903e7");
    CHECK(spakky_decode_int(&decoder, &number) && number == -1000);
    CHECK(spakky_decoder_mistake(&decoder) == NULL);
    decoder = of("1bffffffffffffffff");
    CHECK(spakky_decode_uint(&decoder, &size) && size == UINT64_MAX);
    decoder = of("1bffffffffffffffff");
    CHECK(!spakky_decode_int(&decoder, &number) && number == 0);
    CHECK(spakky_decoder_mistake(&decoder) != NULL);
    decoder = of("3b7fffffffffffffff");
    CHECK(spakky_decode_int(&decoder, &number) && number == INT64_MIN);
    decoder = of("3b8000000000000000");
    CHECK(!spakky_decode_int(&decoder, &number) && number == 0);
    decoder = of("20");
    CHECK(!spakky_decode_uint(&decoder, &size) && size == 0);
    decoder = of("3bffffffffffffffff");
    CHECK(spakky_decode_integer(&decoder, &integer) && integer.negative &&
          integer.bits == UINT64_MAX);
}

static void floats(void) {
    static const struct {
        const char *hex;
        double number;
    } all[] = {
        {"f90001", 5.960464477539063e-8},
        {"f903ff", 6.097555160522461e-5},
        {"f90400", 6.103515625e-5},
        {"f93c00", 1},
        {"f97bff", 65504},
        {"f9fbff", -65504},
        {"fa47c35000", 100000},
        {"fb3ff199999999999a", 1.1},
        /* Integers that are floats. */
        {"00", 0},
        {"3863", -100},
        {"1b0020000000000000", 9007199254740992},
        {"1bfffffffffffff800", 18446744073709549568.0},
        {"3bffffffffffffffff", -18446744073709551616.0},
    };
    double number;
    spakky_decoder_t decoder;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        decoder = of(all[i].hex);
        CHECK(spakky_decode_float(&decoder, &number) && number == all[i].number);
    }
    decoder = of("f97c00");
    CHECK(spakky_decode_float(&decoder, &number) && isinf(number) && number > 0);
    decoder = of("f97e00");
    CHECK(spakky_decode_float(&decoder, &number) && isnan(number));
    decoder = of("f98000");
    CHECK(spakky_decode_float(&decoder, &number) && number == 0 && signbit(number));
    /* Integers that are none. */
    decoder = of("1b0020000000000001");
    CHECK(!spakky_decode_float(&decoder, &number) && number == 0);
    decoder = of("1bffffffffffffffff");
    CHECK(!spakky_decode_float(&decoder, &number) && number == 0);
}

static void items(void) {
    size_t count;
    bool flag;
    spakky_text_t text;
    spakky_bytes_t content;
    int64_t number;
    spakky_decoder_t decoder = of("a2616182f5f66162430001ff");
    CHECK(spakky_decode_kind(&decoder) == SPAKKY_KIND_MAP);
    CHECK(spakky_decode_map(&decoder, &count) && count == 2);
    CHECK(spakky_decode_text(&decoder, &text) && spakky_text_equal(text, spakky_str("a")));
    CHECK(spakky_decode_array(&decoder, &count) && count == 2);
    CHECK(spakky_decode_bool(&decoder, &flag) && flag);
    CHECK(spakky_decode_kind(&decoder) == SPAKKY_KIND_NULL);
    CHECK(spakky_decode_null(&decoder));
    CHECK(spakky_decode_text(&decoder, &text) && spakky_text_equal(text, spakky_str("b")));
    CHECK(spakky_decoder_mistake(&decoder) != NULL); /* not yet at its end */
    CHECK(spakky_decode_bytes(&decoder, &content) && content.length == 3 && content.data[2] == 255);
    CHECK(spakky_decode_kind(&decoder) == SPAKKY_KIND_END);
    CHECK(spakky_decoder_mistake(&decoder) == NULL);
    CHECK(!spakky_decode_null(&decoder));

    decoder = of("83a1018202036161f4");
    CHECK(spakky_decode_array(&decoder, &count) && spakky_decode_skip(&decoder) &&
          spakky_decode_skip(&decoder) && spakky_decode_bool(&decoder, &flag) && !flag);
    CHECK(spakky_decoder_mistake(&decoder) == NULL);

    decoder = of("6161");
    CHECK(!spakky_decode_int(&decoder, &number) && number == 0);
    CHECK(spakky_decode_kind(&decoder) == SPAKKY_KIND_WRONG);
    CHECK(!spakky_decode_text(&decoder, &text)); /* the first mistake stays */
    decoder = of("8080");
    CHECK(spakky_decode_array(&decoder, &count) && count == 0);
    CHECK(spakky_decoder_mistake(&decoder) != NULL); /* more than one */
}

static void nesting(void) {
    static const uint8_t openings[] = {0x81, 0xa1};
    for (size_t i = 0; i < sizeof openings; i++) {
        memset(buffer, openings[i], sizeof buffer);
        CHECK(spakky_cbor_mistake((spakky_bytes_t){buffer, sizeof buffer}) != NULL);
    }
    CHECK(spakky_cbor_mistake((spakky_bytes_t){NULL, 4}) != NULL);
}

const test_t decode_tests[] = {
    {"decode: integers keep their value or are refused", integers},
    {"decode: floats, and integers that are floats", floats},
    {"decode: items, one after the other", items},
    {"decode: nesting has a limit", nesting},
    {NULL, NULL},
};
