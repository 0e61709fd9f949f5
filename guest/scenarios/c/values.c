#include "values.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* The largest whole number that every language's JSON carries unchanged. */
#define EXACT ((UINT64_C(1) << 53) - 1)

static bool is_special(spakky_text_t text) { return text.length > 0 && text.data[0] == '$'; }

/* ---- To CBOR ----------------------------------------------------------------- */

static bool parse_float(spakky_text_t text, double *number) {
    char copy[400];
    char *end;
    if (text.length == 0 || text.length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    *number = strtod(copy, &end);
    /* strtod knows more than scenarios do: spaces in front, and hexadecimal floats. */
    return end == copy + text.length && strpbrk(copy, " \t\r\n\v\fxX") == NULL;
}

bool value_float(const json_t *json, double *number) {
    const json_t *text = json_get(json, "$float");
    if (text != NULL) {
        return text->kind == JSON_TEXT && parse_float(text->text, number);
    }
    *number = json->number;
    return json->kind == JSON_INTEGER || json->kind == JSON_FLOAT;
}

/* An integer in decimal digits, from -2^64 to 2^64 - 1. */
static bool parse_integer(spakky_text_t text, spakky_integer_t *integer) {
    bool negative = text.length > 0 && text.data[0] == '-';
    size_t start = negative ? 1 : 0;
    uint64_t size = 0;
    bool most = false; /* 2^64, which only a negative one may be */
    if (text.length == start) {
        return false;
    }
    for (size_t i = start; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || most) {
            return false;
        }
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (size > (UINT64_MAX - digit) / 10) {
            most = negative && size == UINT64_MAX / 10 && digit == UINT64_MAX % 10 + 1;
            if (!most) {
                return false;
            }
        }
        size = size * 10 + digit;
    }
    negative = negative && (size > 0 || most);
    /* Of 2^64 nothing is left in `size`, and one less is UINT64_MAX again. */
    *integer = (spakky_integer_t){negative, negative ? size - 1 : size};
    return true;
}

bool value_from_hex(arena_t *arena, spakky_text_t digits, spakky_bytes_t *bytes) {
    uint8_t *made = arena_take(arena, digits.length / 2 + 1);
    for (size_t i = 0; i < digits.length; i++) {
        char c = digits.data[i];
        unsigned digit;
        if (c >= '0' && c <= '9') {
            digit = (unsigned)(c - '0');
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            digit = (unsigned)((c | 32) - 'a') + 10;
        } else {
            return false;
        }
        made[i / 2] = (uint8_t)((unsigned)made[i / 2] << 4 | digit);
    }
    *bytes = (spakky_bytes_t){made, digits.length / 2};
    return digits.length % 2 == 0;
}

static bool encode_hex(spakky_text_t digits, spakky_encoder_t *encoder) {
    arena_t arena = {NULL};
    spakky_bytes_t bytes;
    bool well = value_from_hex(&arena, digits, &bytes);
    if (well) {
        spakky_encode_bytes(encoder, bytes);
    }
    arena_free(&arena);
    return well;
}

static bool encode_pairs(const json_t *pairs, spakky_encoder_t *encoder) {
    if (pairs->kind != JSON_ARRAY) {
        return false;
    }
    spakky_encode_map(encoder, pairs->count);
    for (const json_t *pair = pairs->first; pair != NULL; pair = pair->next) {
        if (pair->kind != JSON_ARRAY || pair->count != 2 || !value_encode(pair->first, encoder) ||
            !value_encode(pair->last, encoder)) {
            return false;
        }
    }
    return true;
}

/* `{"$hex": "00ff"}` and the like. */
static bool encode_special(const json_t *json, spakky_encoder_t *encoder) {
    const json_t *content = json->first;
    spakky_text_t name = content->name;
    double number;
    spakky_integer_t integer;
    if (json->count != 1) {
        return false;
    }
    if (spakky_text_equal(name, spakky_str("$unencodable"))) {
        spakky_encode_text(encoder, spakky_str("\xff"));
        return true;
    }
    if (spakky_text_equal(name, spakky_str("$map"))) {
        return encode_pairs(content, encoder);
    }
    if (content->kind != JSON_TEXT) {
        return false;
    }
    if (spakky_text_equal(name, spakky_str("$hex"))) {
        return encode_hex(content->text, encoder);
    }
    if (spakky_text_equal(name, spakky_str("$float")) && parse_float(content->text, &number)) {
        spakky_encode_float(encoder, number);
        return true;
    }
    if (spakky_text_equal(name, spakky_str("$int")) && parse_integer(content->text, &integer)) {
        spakky_encode_integer(encoder, integer);
        return true;
    }
    return false;
}

static bool encode_number(const json_t *json, spakky_encoder_t *encoder) {
    if (json->kind == JSON_INTEGER && json->negative && json->size > 0) {
        return spakky_encode_integer(encoder, (spakky_integer_t){true, json->size - 1});
    }
    if (json->kind == JSON_INTEGER) {
        return spakky_encode_uint(encoder, json->size);
    }
    /* A whole number is an integer, however it is written: JavaScript cannot tell 1.0
     * from 1. */
    if (fabs(json->number) <= (double)EXACT && json->number == (double)(int64_t)json->number) {
        return spakky_encode_int(encoder, (int64_t)json->number);
    }
    return spakky_encode_float(encoder, json->number);
}

bool value_encode(const json_t *json, spakky_encoder_t *encoder) {
    switch (json->kind) {
    case JSON_NULL:
        spakky_encode_null(encoder);
        return true;
    case JSON_BOOL:
        spakky_encode_bool(encoder, json->flag);
        return true;
    case JSON_INTEGER:
    case JSON_FLOAT:
        encode_number(json, encoder);
        return true;
    case JSON_TEXT:
        spakky_encode_text(encoder, json->text);
        return true;
    case JSON_ARRAY:
        spakky_encode_array(encoder, json->count);
        for (const json_t *item = json->first; item != NULL; item = item->next) {
            if (!value_encode(item, encoder)) {
                return false;
            }
        }
        return true;
    case JSON_OBJECT:
        if (json->first != NULL && is_special(json->first->name)) {
            return encode_special(json, encoder);
        }
        spakky_encode_map(encoder, json->count);
        for (const json_t *item = json->first; item != NULL; item = item->next) {
            spakky_encode_text(encoder, item->name);
            if (!value_encode(item, encoder)) {
                return false;
            }
        }
        return true;
    }
    return false;
}

bool value_check(const json_t *json) {
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    bool well = value_encode(json, &encoder);
    spakky_encoder_free(&encoder);
    return well;
}

/* ---- From CBOR --------------------------------------------------------------- */

static json_t *special(arena_t *arena, const char *name, json_t *content) {
    return json_put(arena, json_object(arena), name, content);
}

json_t *value_to_hex(arena_t *arena, spakky_bytes_t bytes) {
    static const char digits[] = "0123456789abcdef";
    char *text = arena_take(arena, bytes.length * 2 + 1);
    for (size_t i = 0; i < bytes.length; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    json_t *json = json_str(arena, "");
    json->text = (spakky_text_t){text, bytes.length * 2};
    return json;
}

json_t *value_of_float(arena_t *arena, double number) {
    char text[JSON_DIGITS];
    if (number != number) {
        return special(arena, "$float", json_str(arena, "NaN"));
    }
    if (isinf(number)) {
        return special(arena, "$float", json_str(arena, number > 0 ? "Infinity" : "-Infinity"));
    }
    if (number != trunc(number)) {
        return json_float(arena, number);
    }
    json_digits(text, number);
    return special(arena, "$float", json_str(arena, text));
}

static json_t *of_integer(arena_t *arena, spakky_integer_t integer) {
    if (integer.bits < EXACT || (integer.bits == EXACT && !integer.negative)) {
        return json_int(arena,
                        integer.negative ? -1 - (int64_t)integer.bits : (int64_t)integer.bits);
    }
    spakky_text_t text = integer.negative && integer.bits == UINT64_MAX
                             ? spakky_str("-18446744073709551616")
                         : integer.negative ? arena_print(arena, "-%" PRIu64, integer.bits + 1)
                                            : arena_print(arena, "%" PRIu64, integer.bits);
    return special(arena, "$int", json_text(arena, text));
}

static json_t *decode_map(arena_t *arena, spakky_decoder_t *decoder) {
    size_t count;
    json_t *pairs = json_array(arena);
    bool plain = true;
    spakky_decode_map(decoder, &count);
    for (; count > 0; count--) {
        json_t *key = value_decode(arena, decoder);
        json_t *value = key == NULL ? NULL : value_decode(arena, decoder);
        if (value == NULL) {
            return NULL;
        }
        plain = plain && key->kind == JSON_TEXT && !is_special(key->text);
        json_push(pairs, json_push(json_push(json_array(arena), key), value));
    }
    if (!plain) {
        return special(arena, "$map", pairs);
    }
    json_t *object = json_object(arena);
    for (json_t *pair = pairs->first; pair != NULL; pair = pair->next) {
        json_t *value = pair->last;
        value->name = pair->first->text;
        json_push(object, value);
    }
    return object;
}

json_t *value_decode(arena_t *arena, spakky_decoder_t *decoder) {
    bool flag;
    double number;
    size_t count;
    spakky_integer_t integer;
    spakky_text_t text;
    spakky_bytes_t bytes;
    switch (spakky_decode_kind(decoder)) {
    case SPAKKY_KIND_NULL:
        return spakky_decode_null(decoder) ? json_null(arena) : NULL;
    case SPAKKY_KIND_BOOL:
        return spakky_decode_bool(decoder, &flag) ? json_bool(arena, flag) : NULL;
    case SPAKKY_KIND_INTEGER:
        return spakky_decode_integer(decoder, &integer) ? of_integer(arena, integer) : NULL;
    case SPAKKY_KIND_FLOAT:
        return spakky_decode_float(decoder, &number) ? value_of_float(arena, number) : NULL;
    case SPAKKY_KIND_TEXT:
        return spakky_decode_text(decoder, &text) ? json_text(arena, text) : NULL;
    case SPAKKY_KIND_BYTES:
        return spakky_decode_bytes(decoder, &bytes)
                   ? special(arena, "$hex", value_to_hex(arena, bytes))
                   : NULL;
    case SPAKKY_KIND_ARRAY: {
        json_t *array = json_array(arena);
        spakky_decode_array(decoder, &count);
        for (; count > 0; count--) {
            json_t *item = value_decode(arena, decoder);
            if (item == NULL) {
                return NULL;
            }
            json_push(array, item);
        }
        return array;
    }
    case SPAKKY_KIND_MAP:
        return decode_map(arena, decoder);
    case SPAKKY_KIND_END:
    case SPAKKY_KIND_WRONG:
        break;
    }
    return NULL;
}

json_t *value_read(arena_t *arena, spakky_bytes_t bytes, const char **mistake) {
    spakky_decoder_t decoder;
    *mistake = spakky_cbor_mistake(bytes);
    if (*mistake != NULL) {
        return NULL;
    }
    spakky_decoder_init(&decoder, bytes);
    json_t *json = value_decode(arena, &decoder);
    *mistake = spakky_decoder_mistake(&decoder);
    return *mistake == NULL ? json : NULL;
}
