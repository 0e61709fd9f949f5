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
    /* Longer than it needs to be, but the same number. */
    decoder = of("1b0000000000000007");
    CHECK(spakky_decode_int(&decoder, &number) && number == 7);
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

static void what_is_in_what(void) {
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

/* What is no value, for the check of every entry and for the decoder alike. */
static void what_is_wrong(void) {
    static const char *const wrong[] = {
        "",
        "ff",
        "820a",
        "0101",
        "64616263",
        "18",
        "1900",
        "1a000000",
        "1b00000000",
        "1c",
        "1d",
        "1e",
        "1f",
        "3f",
        "40ff",
        "41",
        "5801",
        "9a",
        "9affffffff",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "bb8000000000000000",
        "5bffffffffffffffff",
        "7bffffffffffffffff",
        "a1",
        "a100",
        "c000",
        "c24100",
        "d9d9f700",
        "f7",
        "e0",
        "f0",
        "f800",
        "f818",
        "f820",
        "f8ff",
        "f9",
        "f900",
        "fa000000",
        "fb00000000000000",
        "fc",
        "fd",
        "fe",
        "61ff",
        "62c328",
        "63eda080",
        "64f4908080",
        "81ff",
        "a1ff00",
        /* Of indefinite length. */
        "5f",
        "5f41",
        "5f6161ff",
        "5f5f4100ffff",
        "7f",
        "7f6161",
        "7f4161ff",
        "7f61c361bcff",
        "9f",
        "9f01",
        "bf",
        "bf01ff",
        "bf0102",
        "9fc0ff",
        "5f00ff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t *definite;
        size_t length;
        spakky_decoder_t decoder = of(wrong[i]);
        bool skipped = spakky_decode_skip(&decoder) && spakky_decoder_mistake(&decoder) == NULL;
        if (skipped || spakky_cbor_mistake(bytes(wrong[i]), NULL) == NULL ||
            spakky_cbor_definite(bytes(wrong[i]), &definite, &length)) {
            test_fail(__FILE__, __LINE__, wrong[i]);
        }
    }
    CHECK(spakky_cbor_mistake((spakky_bytes_t){NULL, 4}, NULL) != NULL);
}

static void how_deep(void) {
    spakky_decoder_t decoder;
    memset(buffer, 0x81, SPAKKY_DEPTH + 1);
    buffer[SPAKKY_DEPTH] = 0xf6;
    spakky_bytes_t deepest = {buffer, SPAKKY_DEPTH + 1};
    CHECK(spakky_cbor_mistake(deepest, NULL) == NULL);
    spakky_decoder_init(&decoder, deepest);
    CHECK(spakky_decode_skip(&decoder) && spakky_decoder_mistake(&decoder) == NULL);
    static const uint8_t openings[] = {0x81, 0xa1, 0x9f, 0xbf};
    for (size_t i = 0; i < sizeof openings; i++) {
        memset(buffer, openings[i], sizeof buffer);
        spakky_bytes_t endless = {buffer, sizeof buffer};
        CHECK(spakky_cbor_mistake(endless, NULL) != NULL);
        spakky_decoder_init(&decoder, endless);
        CHECK(!spakky_decode_skip(&decoder));
    }
}

static void indefinite_lengths(void) {
    static const struct {
        const char *given;
        const char *definite;
    } all[] = {
        {"9fff", "80"},
        {"bfff", "a0"},
        {"5fff", "40"},
        {"7fff", "60"},
        {"5f42010243030405ff", "450102030405"},
        {"7f657374726561646d696e67ff", "6973747265616d696e67"},
        {"9f018202039f0405ffff", "8301820203820405"},
        {"83018202039f0405ff", "8301820203820405"},
        {"bf61610161629f0203ffff", "a26161016162820203"},
        {"826161bf61626163ff", "826161a161626163"},
        {"bf6346756ef563416d7421ff", "a26346756ef563416d7421"},
        {"9f9fffbf007f6161ffffff", "8280a1006161"},
        {"00", "00"},
        {"8200fb3ff199999999999a", "8200fb3ff199999999999a"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint8_t *definite = NULL;
        size_t length = 0;
        bool indefinite;
        CHECK(spakky_cbor_mistake(bytes(all[i].given), &indefinite) == NULL);
        CHECK(indefinite == (strcmp(all[i].given, all[i].definite) != 0));
        CHECK(spakky_cbor_definite(bytes(all[i].given), &definite, &length));
        spakky_bytes_t expected = bytes(all[i].definite);
        if (definite == NULL || length != expected.length ||
            memcmp(definite, expected.data, length) != 0) {
            test_fail(__FILE__, __LINE__, all[i].given);
        }
        free(definite);
    }
    spakky_decoder_t decoder = of("9f01ff");
    CHECK(!spakky_decode_skip(&decoder));
    /* An array of many items, whose length takes more than a byte. */
    memset(buffer, 0, 302);
    buffer[0] = 0x9f;
    buffer[301] = 0xff;
    uint8_t *definite = NULL;
    size_t length = 0;
    CHECK(spakky_cbor_definite((spakky_bytes_t){buffer, 302}, &definite, &length));
    CHECK(length == 303 && definite[0] == 0x99 && definite[1] == 1 && definite[2] == 44);
    free(definite);
}

const test_t decode_tests[] = {
    {"decode: integers keep their value or are refused", integers},
    {"decode: floats, and integers that are floats", floats},
    {"decode: items, one after the other", what_is_in_what},
    {"decode: what is no value is refused", what_is_wrong},
    {"decode: nesting has a limit", how_deep},
    {"decode: indefinite lengths are made definite", indefinite_lengths},
    {NULL, NULL},
};
