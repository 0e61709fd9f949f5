/* The decoder. `spakky_cbor.h` says what it does. */
#include <math.h>
#include <stdio.h>

#include "cbor_internal.h"

/* ---- Heads ------------------------------------------------------------------- */

typedef struct head_t {
    unsigned major;
    unsigned info;
    uint64_t argument;
    size_t size; /* bytes of the head */
} head_t;

/* Reads the next head. Returns a mistake, or NULL. */
static const char *read_head(const spakky_decoder_t *decoder, head_t *head) {
    size_t left = decoder->length - decoder->position;
    if (left == 0) {
        return decoder->length == 0 ? "there is no value" : MISTAKE_CUT;
    }
    const uint8_t *data = decoder->data + decoder->position;
    head->major = data[0] >> 5;
    head->info = data[0] & 31;
    head->argument = head->info;
    head->size = 1;
    if (head->info > EIGHT_BYTES) {
        bool counts = head->major >= BYTES && head->major <= MAP;
        return head->info == INDEFINITE && counts ? "a length is indefinite" : MISTAKE_WRONG;
    }
    if (head->info >= ONE_BYTE) {
        size_t bytes = (size_t)1 << (head->info - ONE_BYTE);
        if (left - 1 < bytes) {
            return MISTAKE_CUT;
        }
        head->argument = 0;
        for (size_t i = 1; i <= bytes; i++) {
            head->argument = head->argument << 8 | data[i];
        }
        head->size += bytes;
    }
    /* At least as many bytes must follow as there are bytes, items or pairs of items. */
    left -= head->size;
    uint64_t most = head->major == MAP ? left / 2 : left;
    bool counts = head->major >= BYTES && head->major <= MAP;
    return counts && head->argument > most ? MISTAKE_CUT : NULL;
}

static spakky_kind_t kind_of_tag(uint64_t tag) {
    switch (tag) {
    case TAG_TIME:
    case TAG_SECONDS:
        return SPAKKY_KIND_TIME;
    case TAG_DECIMAL:
        return SPAKKY_KIND_DECIMAL;
    case TAG_UUID:
        return SPAKKY_KIND_UUID;
    case TAG_SET:
        return SPAKKY_KIND_SET;
    default:
        return SPAKKY_KIND_WRONG;
    }
}

/* What is outside the profile: of a tag, which. */
static const char *outside(const head_t *head) {
    static char text[64];
    if (head->major != TAG) {
        return MISTAKE_WRONG;
    }
    snprintf(text, sizeof text, "the tag %llu is outside the profile of values",
             (unsigned long long)head->argument);
    return text;
}

static spakky_kind_t kind_of(const head_t *head) {
    switch (head->major) {
    case POSITIVE:
    case NEGATIVE:
        return SPAKKY_KIND_INTEGER;
    case BYTES:
        return SPAKKY_KIND_BYTES;
    case TEXT:
        return SPAKKY_KIND_TEXT;
    case ARRAY:
        return SPAKKY_KIND_ARRAY;
    case MAP:
        return SPAKKY_KIND_MAP;
    case SIMPLE:
        switch (head->info) {
        case SIMPLE_FALSE:
        case SIMPLE_TRUE:
            return SPAKKY_KIND_BOOL;
        case SIMPLE_NULL:
            return SPAKKY_KIND_NULL;
        case TWO_BYTES:
        case FOUR_BYTES:
        case EIGHT_BYTES:
            return SPAKKY_KIND_FLOAT;
        default:
            return SPAKKY_KIND_WRONG;
        }
    default:
        return kind_of_tag(head->argument);
    }
}

/* ---- Decoding ---------------------------------------------------------------- */

void spakky_decoder_init(spakky_decoder_t *decoder, spakky_bytes_t bytes) {
    decoder->data = bytes.data;
    decoder->length = bytes.data == NULL ? 0 : bytes.length;
    decoder->position = 0;
    decoder->complete = false;
    decoder->has_set = false;
    decoder->mistake = NULL;
    decoder->depth = 0;
}

static bool decoder_fails(spakky_decoder_t *decoder, const char *mistake) {
    if (decoder->mistake == NULL) {
        decoder->mistake = mistake;
    }
    return false;
}

spakky_kind_t spakky_decode_kind(const spakky_decoder_t *decoder) {
    head_t head;
    if (decoder->mistake != NULL) {
        return SPAKKY_KIND_WRONG;
    }
    if (decoder->complete) {
        return SPAKKY_KIND_END;
    }
    return read_head(decoder, &head) == NULL ? kind_of(&head) : SPAKKY_KIND_WRONG;
}

/* Reads the head of the next item, which has to be of this kind. */
static bool next(spakky_decoder_t *decoder, spakky_kind_t kind, head_t *head) {
    if (decoder->mistake != NULL) {
        return false;
    }
    if (decoder->complete) {
        return decoder_fails(decoder, "there are no more items");
    }
    const char *mistake = read_head(decoder, head);
    if (mistake == NULL && kind_of(head) == SPAKKY_KIND_WRONG) {
        mistake = outside(head);
    } else if (mistake == NULL && kind_of(head) != kind) {
        mistake = "an item is of another type";
    }
    if (mistake != NULL) {
        return decoder_fails(decoder, mistake);
    }
    decoder->position += head->size;
    return true;
}

/* Counts an item as done, and with it every array, map and set that it completes. */
static bool decoded(spakky_decoder_t *decoder) {
    while (decoder->depth > 0) {
        if (--decoder->missing[decoder->depth - 1] > 0) {
            return true;
        }
        decoder->depth--;
    }
    decoder->complete = true;
    return true;
}

/* Reads the head of the content of a tag. */
static bool next_content(spakky_decoder_t *decoder, unsigned major, head_t *head) {
    const char *mistake = read_head(decoder, head);
    if (mistake == NULL && head->major != major) {
        mistake = "the content of a tag is of another type";
    }
    if (mistake != NULL) {
        return decoder_fails(decoder, mistake);
    }
    decoder->position += head->size;
    return true;
}

bool spakky_decode_null(spakky_decoder_t *decoder) {
    head_t head;
    return next(decoder, SPAKKY_KIND_NULL, &head) && decoded(decoder);
}

bool spakky_decode_bool(spakky_decoder_t *decoder, bool *value) {
    head_t head;
    *value = false;
    if (!next(decoder, SPAKKY_KIND_BOOL, &head)) {
        return false;
    }
    *value = head.info == SIMPLE_TRUE;
    return decoded(decoder);
}

bool spakky_decode_integer(spakky_decoder_t *decoder, spakky_integer_t *value) {
    head_t head;
    *value = (spakky_integer_t){false, 0};
    if (!next(decoder, SPAKKY_KIND_INTEGER, &head)) {
        return false;
    }
    *value = (spakky_integer_t){head.major == NEGATIVE, head.argument};
    return decoded(decoder);
}

bool spakky_decode_int(spakky_decoder_t *decoder, int64_t *value) {
    spakky_integer_t integer;
    *value = 0;
    if (!spakky_decode_integer(decoder, &integer)) {
        return false;
    }
    if (integer.bits > INT64_MAX) {
        return decoder_fails(decoder, "an integer is outside the type");
    }
    *value = integer.negative ? -1 - (int64_t)integer.bits : (int64_t)integer.bits;
    return true;
}

bool spakky_decode_uint(spakky_decoder_t *decoder, uint64_t *value) {
    spakky_integer_t integer;
    *value = 0;
    if (!spakky_decode_integer(decoder, &integer)) {
        return false;
    }
    if (integer.negative) {
        return decoder_fails(decoder, "an integer is outside the type");
    }
    *value = integer.bits;
    return true;
}

/* The value of a half-precision float. */
static double from_half(uint64_t half) {
    double mantissa = (double)(half & 0x3ff);
    unsigned exponent = half >> 10 & 31;
    double value;
    if (exponent == 31) {
        value = mantissa == 0 ? (double)INFINITY : (double)NAN;
    } else if (exponent == 0) {
        value = mantissa / (1 << 24);
    } else if (exponent < 25) {
        value = (mantissa + 1024) / (double)(1 << (25 - exponent));
    } else {
        value = (mantissa + 1024) * (double)(1 << (exponent - 25));
    }
    return half & 0x8000 ? -value : value;
}

static double float_of(const head_t *head) {
    if (head->info == TWO_BYTES) {
        return from_half(head->argument);
    }
    if (head->info == FOUR_BYTES) {
        uint32_t bits = (uint32_t)head->argument;
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &head->argument, sizeof value);
    return value;
}

bool spakky_decode_float(spakky_decoder_t *decoder, double *value) {
    head_t head;
    *value = 0;
    if (spakky_decode_kind(decoder) != SPAKKY_KIND_INTEGER) {
        if (!next(decoder, SPAKKY_KIND_FLOAT, &head)) {
            return false;
        }
        *value = float_of(&head);
        return decoded(decoder);
    }
    spakky_integer_t integer;
    spakky_decode_integer(decoder, &integer);
    /* The size is bits, or one more; 2^64 is a float, and no uint64_t. */
    bool most = integer.negative && integer.bits == UINT64_MAX;
    uint64_t size = integer.negative ? integer.bits + 1 : integer.bits;
    double number = most ? 18446744073709551616.0 : (double)size;
    if (!most && (number >= 18446744073709551616.0 || (uint64_t)number != size)) {
        return decoder_fails(decoder, "an integer cannot be a float without loss");
    }
    *value = integer.negative ? -number : number;
    return true;
}

bool spakky_decode_text(spakky_decoder_t *decoder, spakky_text_t *value) {
    head_t head;
    *value = (spakky_text_t){NULL, 0};
    if (!next(decoder, SPAKKY_KIND_TEXT, &head)) {
        return false;
    }
    spakky_text_t text = {(const char *)decoder->data + decoder->position, (size_t)head.argument};
    if (!spakky_text_valid(text)) {
        return decoder_fails(decoder, MISTAKE_NOT_TEXT);
    }
    *value = text;
    decoder->position += text.length;
    return decoded(decoder);
}

bool spakky_decode_bytes(spakky_decoder_t *decoder, spakky_bytes_t *value) {
    head_t head;
    *value = (spakky_bytes_t){NULL, 0};
    if (!next(decoder, SPAKKY_KIND_BYTES, &head)) {
        return false;
    }
    *value = (spakky_bytes_t){decoder->data + decoder->position, (size_t)head.argument};
    decoder->position += value->length;
    return decoded(decoder);
}

/* Enters what has so many items. */
static bool open_items(spakky_decoder_t *decoder, size_t items) {
    if (decoder->depth == SPAKKY_DEPTH) {
        return decoder_fails(decoder, MISTAKE_DEEP);
    }
    if (items == 0) {
        return decoded(decoder);
    }
    decoder->missing[decoder->depth++] = items;
    return true;
}

static bool decode_open(spakky_decoder_t *decoder, spakky_kind_t kind, size_t *count) {
    head_t head;
    *count = 0;
    if (!next(decoder, kind, &head) ||
        (kind == SPAKKY_KIND_SET && !next_content(decoder, ARRAY, &head)) ||
        !open_items(decoder, (size_t)head.argument * (kind == SPAKKY_KIND_MAP ? 2 : 1))) {
        return false;
    }
    decoder->has_set |= kind == SPAKKY_KIND_SET;
    *count = (size_t)head.argument;
    return true;
}

bool spakky_decode_set(spakky_decoder_t *decoder, size_t *count) {
    return decode_open(decoder, SPAKKY_KIND_SET, count);
}

bool spakky_decode_time(spakky_decoder_t *decoder, spakky_time_t *value) {
    head_t head;
    bool well;
    *value = (spakky_time_t){0, 0};
    if (!next(decoder, SPAKKY_KIND_TIME, &head)) {
        return false;
    }
    if (head.argument == TAG_TIME) {
        if (!next_content(decoder, TEXT, &head)) {
            return false;
        }
        const char *text = (const char *)decoder->data + decoder->position;
        well = spakky_time_parse((spakky_text_t){text, (size_t)head.argument}, value);
        decoder->position += (size_t)head.argument;
    } else {
        const char *mistake = read_head(decoder, &head);
        if (mistake != NULL) {
            return decoder_fails(decoder, mistake);
        }
        decoder->position += head.size;
        spakky_kind_t kind = kind_of(&head);
        spakky_integer_t integer = {head.major == NEGATIVE, head.argument};
        well = kind == SPAKKY_KIND_INTEGER
                   ? spakky_cbor_time_of_integer(integer, value)
                   : kind == SPAKKY_KIND_FLOAT && spakky_cbor_time_of_float(float_of(&head), value);
    }
    return well ? decoded(decoder) : decoder_fails(decoder, MISTAKE_NOT_TIME);
}

bool spakky_decode_uuid(spakky_decoder_t *decoder, uint8_t value[16]) {
    head_t head;
    memset(value, 0, 16);
    if (!next(decoder, SPAKKY_KIND_UUID, &head) || !next_content(decoder, BYTES, &head)) {
        return false;
    }
    if (head.argument != 16) {
        return decoder_fails(decoder, "a UUID has not 16 bytes");
    }
    memcpy(value, decoder->data + decoder->position, 16);
    decoder->position += 16;
    return decoded(decoder);
}

bool spakky_decode_decimal(spakky_decoder_t *decoder, spakky_decimal_t *value) {
    head_t head;
    *value = (spakky_decimal_t){0, {false, 0}};
    if (!next(decoder, SPAKKY_KIND_DECIMAL, &head) || !next_content(decoder, ARRAY, &head)) {
        return false;
    }
    if (head.argument != 2) {
        return decoder_fails(decoder, "a decimal is no array of two integers");
    }
    spakky_decimal_t read;
    if (!open_items(decoder, 2) || !spakky_decode_int(decoder, &read.exponent) ||
        !spakky_decode_integer(decoder, &read.mantissa)) {
        return false;
    }
    *value = read;
    return true;
}

bool spakky_decode_array(spakky_decoder_t *decoder, size_t *count) {
    return decode_open(decoder, SPAKKY_KIND_ARRAY, count);
}

bool spakky_decode_map(spakky_decoder_t *decoder, size_t *count) {
    return decode_open(decoder, SPAKKY_KIND_MAP, count);
}

/* Skips an item, or enters it. */
static bool skip_head(spakky_decoder_t *decoder) {
    head_t head;
    size_t count;
    uint8_t uuid[16];
    spakky_text_t text;
    spakky_bytes_t bytes;
    spakky_time_t time;
    spakky_decimal_t decimal;
    spakky_kind_t kind = spakky_decode_kind(decoder);
    switch (kind) {
    case SPAKKY_KIND_TEXT:
        return spakky_decode_text(decoder, &text);
    case SPAKKY_KIND_BYTES:
        return spakky_decode_bytes(decoder, &bytes);
    case SPAKKY_KIND_TIME:
        return spakky_decode_time(decoder, &time);
    case SPAKKY_KIND_UUID:
        return spakky_decode_uuid(decoder, uuid);
    case SPAKKY_KIND_DECIMAL:
        return spakky_decode_decimal(decoder, &decimal);
    case SPAKKY_KIND_ARRAY:
    case SPAKKY_KIND_MAP:
    case SPAKKY_KIND_SET:
        return decode_open(decoder, kind, &count);
    default:
        return next(decoder, kind, &head) && decoded(decoder);
    }
}

bool spakky_decode_skip(spakky_decoder_t *decoder) {
    size_t base = decoder->depth;
    do {
        if (!skip_head(decoder)) {
            return false;
        }
    } while (decoder->depth > base);
    return true;
}

const char *spakky_decoder_mistake(const spakky_decoder_t *decoder) {
    if (decoder->mistake != NULL) {
        return decoder->mistake;
    }
    if (!decoder->complete) {
        return decoder->length == 0 ? "there is no value" : "the value was not read to its end";
    }
    return decoder->position < decoder->length ? MISTAKE_MORE : NULL;
}

const char *spakky_cbor_mistake(spakky_bytes_t bytes) {
    spakky_decoder_t decoder;
    spakky_decoder_init(&decoder, bytes);
    spakky_decode_skip(&decoder);
    const char *mistake = spakky_decoder_mistake(&decoder);
    if (mistake != NULL || !decoder.has_set) {
        return mistake;
    }
    /* An encoder finds elements that are the same, however they are written. */
    spakky_encoder_t encoder;
    spakky_decoder_init(&decoder, bytes);
    spakky_encoder_init(&encoder);
    spakky_encode_copy(&encoder, &decoder);
    mistake = spakky_encoder_mistake(&encoder);
    spakky_encoder_free(&encoder);
    return mistake;
}
