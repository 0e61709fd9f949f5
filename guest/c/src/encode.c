/* The encoder. `spakky_cbor.h` says what it does. */
#include <float.h>
#include <stdlib.h>

#include "cbor_internal.h"

void spakky_encoder_init(spakky_encoder_t *encoder) {
    spakky_encoder_init_in(encoder, NULL, 0);
    encoder->borrowed = false;
}

void spakky_encoder_init_in(spakky_encoder_t *encoder, uint8_t *buffer, size_t capacity) {
    encoder->data = buffer;
    encoder->capacity = buffer == NULL ? 0 : capacity;
    encoder->borrowed = true;
    spakky_encoder_reset(encoder);
}

void spakky_encoder_reset(spakky_encoder_t *encoder) {
    encoder->length = 0;
    encoder->complete = false;
    encoder->no_memory = false;
    encoder->mistake = NULL;
    encoder->depth = 0;
}

void spakky_encoder_free(spakky_encoder_t *encoder) {
    if (encoder == NULL) {
        return;
    }
    if (!encoder->borrowed) {
        free(encoder->data);
        encoder->data = NULL;
        encoder->capacity = 0;
    }
    spakky_encoder_reset(encoder);
}

static bool encoder_fails(spakky_encoder_t *encoder, const char *mistake) {
    if (encoder->mistake == NULL) {
        encoder->mistake = mistake;
    }
    return false;
}

/* Makes room for `more` bytes. */
static bool reserve(spakky_encoder_t *encoder, size_t more) {
    if (more <= encoder->capacity - encoder->length) {
        return true;
    }
    if (encoder->borrowed) {
        return encoder_fails(encoder, "the value does not fit into the buffer");
    }
    size_t needed = encoder->length + more;
    size_t capacity = encoder->capacity > SIZE_MAX / 2 ? SIZE_MAX : encoder->capacity * 2;
    capacity = capacity < 64 ? 64 : capacity;
    capacity = capacity < needed ? needed : capacity;
    uint8_t *data = needed < more ? NULL : realloc(encoder->data, capacity);
    if (data == NULL) {
        encoder->no_memory = true;
        return encoder_fails(encoder, MISTAKE_NO_MEMORY);
    }
    encoder->data = data;
    encoder->capacity = capacity;
    return true;
}

/* Appends, where there is room. */
static void append(spakky_encoder_t *encoder, const void *data, size_t length) {
    if (length > 0) {
        memcpy(encoder->data + encoder->length, data, length);
        encoder->length += length;
    }
}

/* Appends the `bytes` lowest bytes of a number, big-endian. */
static void append_number(spakky_encoder_t *encoder, uint64_t number, unsigned bytes) {
    while (bytes-- > 0) {
        encoder->data[encoder->length++] = (uint8_t)(number >> (8 * bytes));
    }
}

/* Appends the shortest head of an item, and reserves `content` bytes behind it. */
static bool append_head(spakky_encoder_t *encoder, unsigned major, uint64_t argument,
                        size_t content) {
    if (content > SIZE_MAX - 9) {
        encoder->no_memory = true;
        return encoder_fails(encoder, MISTAKE_NO_MEMORY);
    }
    unsigned bytes = argument < ONE_BYTE      ? 0
                     : argument <= UINT8_MAX  ? 1
                     : argument <= UINT16_MAX ? 2
                     : argument <= UINT32_MAX ? 4
                                              : 8;
    if (!reserve(encoder, 1 + bytes + content)) {
        return false;
    }
    unsigned info = bytes == 0   ? (unsigned)argument
                    : bytes == 1 ? ONE_BYTE
                    : bytes == 2 ? TWO_BYTES
                    : bytes == 4 ? FOUR_BYTES
                                 : EIGHT_BYTES;
    encoder->data[encoder->length++] = (uint8_t)(major << 5 | info);
    append_number(encoder, argument, bytes);
    return true;
}

/* Whether an item may come now. */
static bool may_encode(spakky_encoder_t *encoder) {
    if (encoder == NULL || encoder->mistake != NULL) {
        return false;
    }
    return !encoder->complete || encoder_fails(encoder, MISTAKE_MORE);
}

/* Counts an item as done, and with it every array, map and set that it completes. */
static bool item_done(spakky_encoder_t *encoder) {
    while (encoder->depth > 0) {
        if (--encoder->missing[encoder->depth - 1] > 0) {
            return true;
        }
        size_t elements = encoder->elements[--encoder->depth];
        if (elements == 0) {
            continue;
        }
        const char *mistake =
            spakky_cbor_sort(encoder->data + elements, encoder->length - elements);
        if (mistake != NULL) {
            encoder->no_memory = strcmp(mistake, MISTAKE_NO_MEMORY) == 0;
            return encoder_fails(encoder, mistake);
        }
    }
    encoder->complete = true;
    return true;
}

static bool encode_item(spakky_encoder_t *encoder, unsigned major, uint64_t argument,
                        const void *content, size_t length) {
    if (!append_head(encoder, major, argument, length)) {
        return false;
    }
    append(encoder, content, length);
    return item_done(encoder);
}

bool spakky_encode_null(spakky_encoder_t *encoder) {
    return may_encode(encoder) && encode_item(encoder, SIMPLE, SIMPLE_NULL, NULL, 0);
}

bool spakky_encode_bool(spakky_encoder_t *encoder, bool value) {
    return may_encode(encoder) &&
           encode_item(encoder, SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE, NULL, 0);
}

bool spakky_encode_int(spakky_encoder_t *encoder, int64_t value) {
    /* -1 - value, without an overflow. */
    uint64_t bits = value < 0 ? ~(uint64_t)value : (uint64_t)value;
    return spakky_encode_integer(encoder, (spakky_integer_t){value < 0, bits});
}

bool spakky_encode_uint(spakky_encoder_t *encoder, uint64_t value) {
    return spakky_encode_integer(encoder, (spakky_integer_t){false, value});
}

bool spakky_encode_integer(spakky_encoder_t *encoder, spakky_integer_t value) {
    return may_encode(encoder) &&
           encode_item(encoder, value.negative ? NEGATIVE : POSITIVE, value.bits, NULL, 0);
}

/* The half-precision float that is `value`, if there is one. */
static bool to_half(float value, uint16_t *half) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000;
    int exponent = (int)(bits >> 23 & 0xff) - 127;
    uint32_t mantissa = bits & 0x7fffff;
    uint32_t rest;
    if (exponent == 128 || (exponent == -127 && mantissa == 0)) {
        /* Infinity, or zero; who asks has no NaN. */
        *half = (uint16_t)(sign | (exponent == 128 ? 0x7c00 : 0));
        return true;
    } else if (exponent >= -14 && exponent <= 15) {
        rest = mantissa & 0x1fff;
        *half = (uint16_t)(sign | (uint32_t)(exponent + 15) << 10 | mantissa >> 13);
    } else if (exponent >= -24 && exponent < -14) {
        int shift = -exponent - 1;
        mantissa |= 0x800000;
        rest = mantissa & ((UINT32_C(1) << shift) - 1);
        *half = (uint16_t)(sign | mantissa >> shift);
    } else {
        return false;
    }
    return rest == 0;
}

bool spakky_encode_float(spakky_encoder_t *encoder, double value) {
    if (!may_encode(encoder) || !reserve(encoder, 9)) {
        return false;
    }
    bool infinite = value > DBL_MAX || value < -DBL_MAX;
    bool small = infinite || (value <= FLT_MAX && value >= -FLT_MAX);
    float single = small ? (float)value : 0;
    uint16_t half = 0x7e00;
    if (value != value || (small && (double)single == value && to_half(single, &half))) {
        encoder->data[encoder->length++] = SIMPLE << 5 | TWO_BYTES;
        append_number(encoder, half, 2);
    } else if (small && (double)single == value) {
        uint32_t bits;
        memcpy(&bits, &single, sizeof bits);
        encoder->data[encoder->length++] = SIMPLE << 5 | FOUR_BYTES;
        append_number(encoder, bits, 4);
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        encoder->data[encoder->length++] = SIMPLE << 5 | EIGHT_BYTES;
        append_number(encoder, bits, 8);
    }
    return item_done(encoder);
}

bool spakky_encode_text(spakky_encoder_t *encoder, spakky_text_t value) {
    if (!may_encode(encoder)) {
        return false;
    }
    if (!spakky_text_valid(value)) {
        return encoder_fails(encoder, MISTAKE_NOT_TEXT);
    }
    return encode_item(encoder, TEXT, value.length, value.data, value.length);
}

bool spakky_encode_bytes(spakky_encoder_t *encoder, spakky_bytes_t value) {
    if (!may_encode(encoder)) {
        return false;
    }
    if (value.data == NULL && value.length > 0) {
        return encoder_fails(encoder, "bytes are NULL");
    }
    return encode_item(encoder, BYTES, value.length, value.data, value.length);
}

/* Begins an array or a map, of which `items` items follow. */
static bool encode_open(spakky_encoder_t *encoder, unsigned major, size_t count, size_t items) {
    if (!may_encode(encoder)) {
        return false;
    }
    if (encoder->depth == SPAKKY_DEPTH) {
        return encoder_fails(encoder, MISTAKE_DEEP);
    }
    if (items == 0) {
        return encode_item(encoder, major, 0, NULL, 0);
    }
    if (!append_head(encoder, major, count, 0)) {
        return false;
    }
    encoder->elements[encoder->depth] = 0;
    encoder->missing[encoder->depth++] = items;
    return true;
}

bool spakky_encode_array(spakky_encoder_t *encoder, size_t count) {
    return encode_open(encoder, ARRAY, count, count);
}

bool spakky_encode_map(spakky_encoder_t *encoder, size_t count) {
    if (count > SIZE_MAX / 2) {
        return may_encode(encoder) && encoder_fails(encoder, "a map is too large");
    }
    return encode_open(encoder, MAP, count, count * 2);
}

bool spakky_encode_set(spakky_encoder_t *encoder, size_t count) {
    if (!may_encode(encoder) || !append_head(encoder, TAG, TAG_SET, 0) ||
        !encode_open(encoder, ARRAY, count, count)) {
        return false;
    }
    if (count > 0) {
        encoder->elements[encoder->depth - 1] = encoder->length;
    }
    return true;
}

bool spakky_encode_time(spakky_encoder_t *encoder, spakky_time_t value) {
    char text[SPAKKY_TIME_TEXT];
    size_t length = spakky_time_text(value, text);
    if (!may_encode(encoder)) {
        return false;
    }
    if (length == 0) {
        return encoder_fails(encoder, MISTAKE_NOT_TIME);
    }
    return append_head(encoder, TAG, TAG_TIME, 0) &&
           encode_item(encoder, TEXT, length, text, length);
}

bool spakky_encode_uuid(spakky_encoder_t *encoder, const uint8_t value[16]) {
    if (!may_encode(encoder)) {
        return false;
    }
    if (value == NULL) {
        return encoder_fails(encoder, "a UUID is NULL");
    }
    return append_head(encoder, TAG, TAG_UUID, 0) && encode_item(encoder, BYTES, 16, value, 16);
}

bool spakky_encode_decimal(spakky_encoder_t *encoder, spakky_decimal_t value) {
    return may_encode(encoder) && append_head(encoder, TAG, TAG_DECIMAL, 0) &&
           spakky_encode_array(encoder, 2) && spakky_encode_int(encoder, value.exponent) &&
           spakky_encode_integer(encoder, value.mantissa);
}

const char *spakky_encoder_mistake(const spakky_encoder_t *encoder) {
    if (encoder == NULL) {
        return "there is no value";
    }
    if (encoder->mistake != NULL || encoder->complete) {
        return encoder->mistake;
    }
    return encoder->length == 0 ? "there is no value" : "an array or a map misses items";
}
