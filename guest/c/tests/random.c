/* Random values and bytes. The seed is printed at the start. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/cbor_internal.h"
#include "test.h"

enum { ROUNDS = 20000 };

static uint64_t state;

/* SplitMix64. */
static uint64_t number(void) {
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t below(uint64_t limit) { return number() % limit; }

/* A number of any size, so that every width occurs. */
static uint64_t of_any_width(void) { return number() >> below(64); }

static double of_any_bits(void) {
    uint64_t bits = number();
    double value;
    if (below(2) == 0) {
        /* One that fits into less. */
        bits &= ~UINT64_C(0) << (below(2) == 0 ? 42 : 29);
    }
    if (below(2) == 0) {
        bits = (bits & ~(UINT64_C(0x7ff) << 52)) | (1023 - 30 + below(60)) << 52;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static spakky_text_t random_text(char *buffer) {
    static const char *const pieces[] = {
        "a", "Z", " ", "\xc3\xa9", "\xe6\x97\xa5", "\xf0\x9f\xa6\x80"};
    size_t length = 0;
    for (uint64_t left = below(12); left > 0; left--) {
        const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
        memcpy(buffer + length, piece, strlen(piece));
        length += strlen(piece);
        if (below(20) == 0) {
            buffer[length++] = '\0';
        }
    }
    return (spakky_text_t){buffer, length};
}

static void encode_any(spakky_encoder_t *encoder, unsigned depth) {
    char text[64];
    uint64_t count = below(4);
    switch (below(depth < 6 ? 9 : 7)) {
    case 0:
        spakky_encode_null(encoder);
        break;
    case 1:
        spakky_encode_bool(encoder, below(2) == 0);
        break;
    case 2:
        spakky_encode_uint(encoder, of_any_width());
        break;
    case 3:
        spakky_encode_integer(encoder, (spakky_integer_t){true, of_any_width()});
        break;
    case 4:
        spakky_encode_float(encoder, of_any_bits());
        break;
    case 5:
        spakky_encode_text(encoder, random_text(text));
        break;
    case 6:
        memset(text, (int)below(256), sizeof text);
        spakky_encode_bytes(encoder, (spakky_bytes_t){(uint8_t *)text, below(sizeof text)});
        break;
    case 7:
        spakky_encode_array(encoder, count);
        for (; count > 0; count--) {
            encode_any(encoder, depth + 1);
        }
        break;
    default:
        spakky_encode_map(encoder, count);
        for (count *= 2; count > 0; count--) {
            encode_any(encoder, depth + 1);
        }
    }
}

static void round_trips(void) {
    spakky_encoder_t encoder;
    spakky_encoder_t again;
    spakky_encoder_init(&encoder);
    spakky_encoder_init(&again);
    state = test_seed();
    for (unsigned i = 0; i < ROUNDS && !test_failed(); i++) {
        spakky_decoder_t decoder;
        spakky_encoder_reset(&encoder);
        spakky_encoder_reset(&again);
        encode_any(&encoder, 0);
        CHECK(spakky_encoder_mistake(&encoder) == NULL);
        spakky_bytes_t bytes = {encoder.data, encoder.length};
        CHECK(spakky_cbor_mistake(bytes) == NULL);
        spakky_decoder_init(&decoder, bytes);
        CHECK(spakky_encode_copy(&again, &decoder) && spakky_decoder_mistake(&decoder) == NULL);
        CHECK(again.length == encoder.length &&
              memcmp(again.data, encoder.data, again.length) == 0);
    }
    spakky_encoder_free(&encoder);
    spakky_encoder_free(&again);
}

/* Memory behind which nothing can be read: one byte too many ends the test. */
static uint8_t *guarded(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (size + page - 1) / page * page;
    uint8_t *pages =
        mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + whole, page, PROT_NONE) != 0) {
        abort();
    }
    return pages + whole;
}

/* Arbitrary bytes are refused, or decode to a value that encodes again. */
static void check_any(spakky_bytes_t bytes) {
    spakky_decoder_t decoder;
    spakky_encoder_t encoder;
    bool is_value = spakky_cbor_mistake(bytes) == NULL;
    spakky_decoder_init(&decoder, bytes);
    spakky_encoder_init(&encoder);
    bool is_copied =
        spakky_encode_copy(&encoder, &decoder) && spakky_decoder_mistake(&decoder) == NULL;
    CHECK(is_copied == is_value);
    spakky_encoder_free(&encoder);
}

static void any_bytes(void) {
    /* Heads that reach every branch. */
    static const uint8_t heads[] = {0x5f, 0x7f, 0x9f, 0xbf, 0xff, 0x41, 0x61, 0x82, 0xa1, 0x18,
                                    0x39, 0x00, 0x20, 0xf6, 0xf9, 0xfb, 0x80, 0x40, 0xc1, 0x98};
    enum { MOST = 48 };
    uint8_t *end = guarded(MOST);
    state = test_seed();
    for (unsigned i = 0; i < 20 * ROUNDS && !test_failed(); i++) {
        size_t length = below(MOST);
        uint8_t *data = end - length;
        for (size_t j = 0; j < length; j++) {
            data[j] = below(8) == 0 ? (uint8_t)number() : heads[below(sizeof heads)];
        }
        check_any((spakky_bytes_t){data, length});
    }
}

static void changed_bytes(void) {
    enum { MOST = 4096 };
    uint8_t *end = guarded(MOST);
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    state = test_seed();
    for (unsigned i = 0; i < ROUNDS && !test_failed(); i++) {
        spakky_encoder_reset(&encoder);
        encode_any(&encoder, 0);
        if (encoder.length > MOST) {
            continue;
        }
        size_t length = encoder.length - below(below(4) == 0 ? encoder.length : 1);
        uint8_t *data = end - length;
        memcpy(data, encoder.data, length);
        for (uint64_t changes = below(4); changes > 0; changes--) {
            data[below(length)] = (uint8_t)number();
        }
        check_any((spakky_bytes_t){data, length});
    }
    spakky_encoder_free(&encoder);
}

static void every_half(void) {
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    for (unsigned half = 0; half <= UINT16_MAX; half++) {
        uint8_t bytes[3] = {0xf9, (uint8_t)(half >> 8), (uint8_t)half};
        double value;
        spakky_decoder_t decoder;
        spakky_decoder_init(&decoder, (spakky_bytes_t){bytes, 3});
        CHECK(spakky_decode_float(&decoder, &value));
        spakky_encoder_reset(&encoder);
        spakky_encode_float(&encoder, value);
        if (value != value) {
            bytes[1] = 0x7e;
            bytes[2] = 0;
        }
        CHECK(encoder.length == 3 && memcmp(encoder.data, bytes, 3) == 0);
    }
    spakky_encoder_free(&encoder);
}

static void any_float(void) {
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    state = test_seed();
    for (unsigned i = 0; i < 20 * ROUNDS && !test_failed(); i++) {
        double value = of_any_bits();
        double back;
        spakky_decoder_t decoder;
        spakky_encoder_reset(&encoder);
        spakky_encode_float(&encoder, value);
        spakky_decoder_init(&decoder, (spakky_bytes_t){encoder.data, encoder.length});
        CHECK(spakky_decode_float(&decoder, &back));
        CHECK(value != value ? back != back : memcmp(&back, &value, sizeof back) == 0);
        bool is_single =
            value == value && value <= 3e38 && value >= -3e38 && (double)(float)value == value;
        CHECK(!is_single || encoder.length <= 5);
        CHECK(is_single || value != value || value > 3e38 || value < -3e38 || encoder.length == 9);
    }
    spakky_encoder_free(&encoder);
}

const test_t random_tests[] = {
    {"random: a value comes back as it was", round_trips},
    {"random: arbitrary bytes are a value or refused", any_bytes},
    {"random: a changed value is a value or refused", changed_bytes},
    {"random: every float of half precision comes back", every_half},
    {"random: a float comes back from its shortest encoding", any_float},
    {NULL, NULL},
};
