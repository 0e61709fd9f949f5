/* The vectors of wit/VALUES.md. */
#include <stdlib.h>

#include "src/cbor_internal.h"
#include "test.h"

static size_t unhex(const char *hex, uint8_t *bytes) {
    size_t length = strcspn(hex, " \n") / 2;
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

void test_each_vector(const char *name, const char *block, void (*check)(const char *line)) {
    char line[2048];
    char path[32];
    char open[32];
    bool inside = false;
    unsigned count = 0;
    snprintf(path, sizeof path, "../wit/%s", name);
    snprintf(open, sizeof open, "```%s\n", block);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "```", 3) == 0) {
            inside = strcmp(line, open) == 0;
        } else if (inside) {
            check(line);
            count++;
        }
    }
    CHECK(count > 2);
    if (file != NULL) {
        fclose(file);
    }
}

/* Checks that the bytes decode, and encode again as `shortest`. */
static void check_encodes(const char *hex, const char *shortest) {
    static uint8_t given[2048];
    static uint8_t expected[2048];
    size_t length = unhex(shortest, expected);
    spakky_decoder_t decoder;
    spakky_encoder_t encoder;
    spakky_decoder_init(&decoder, (spakky_bytes_t){given, unhex(hex, given)});
    spakky_encoder_init(&encoder);
    if (!spakky_encode_copy(&encoder, &decoder) || spakky_decoder_mistake(&decoder) != NULL ||
        encoder.length != length || memcmp(encoder.data, expected, length) != 0) {
        test_fail(__FILE__, __LINE__, hex);
    }
    spakky_encoder_free(&encoder);
}

static void check_written(const char *line) { check_encodes(line, line); }

static void check_read(const char *line) { check_encodes(line, strchr(line, ' ') + 1); }

static void check_refused(const char *line) {
    static uint8_t given[2048];
    if (spakky_cbor_mistake((spakky_bytes_t){given, unhex(line, given)}) == NULL) {
        test_fail(__FILE__, __LINE__, line);
    }
}

static void written(void) { test_each_vector("VALUES.md", "written", check_written); }

static void read(void) { test_each_vector("VALUES.md", "read", check_read); }

static void refused(void) { test_each_vector("VALUES.md", "refused", check_refused); }

const test_t vector_tests[] = {
    {"vectors: values have one encoding, and come back from it", written},
    {"vectors: encodings that are longer than necessary are read", read},
    {"vectors: everything outside the profile is refused", refused},
    {NULL, NULL},
};
