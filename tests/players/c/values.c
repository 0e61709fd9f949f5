/* Values between JSON and the library's encoder and decoder. An object with one key that
 * begins with `$` stands for what JSON cannot say. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

/* The largest whole number that every language's JSON carries unchanged. */
static const uint64_t EXACT = (UINT64_C(1) << 53) - 1;

static bool is_special(spakky_text_t name) { return name.length > 0 && name.data[0] == '$'; }

/* ---- To CBOR ----------------------------------------------------------------- */

spakky_integer_t value_integer(const char *text) {
    bool negative = text[0] == '-';
    /* -2^64, whose size has no type. */
    bool least = strncmp(text, "-18446744073709551616", 21) == 0;
    uint64_t size = strtoull(text + (negative ? 1 : 0), NULL, 10);
    uint64_t bits = least ? UINT64_MAX : size - (negative ? 1 : 0);
    return (spakky_integer_t){negative, bits};
}

static void encode_integer(const char *text, spakky_encoder_t *encoder) {
    spakky_encode_integer(encoder, value_integer(text));
}

static void encode_word(const json_t *json, spakky_encoder_t *encoder) {
    char first = json->text.data[0];
    double number = strtod(json->text.data, NULL);
    if (first == 'n') {
        spakky_encode_null(encoder);
    } else if (first == 't' || first == 'f') {
        spakky_encode_bool(encoder, first == 't');
    } else if (memchr(json->text.data, '.', json->text.length) == NULL &&
               memchr(json->text.data, 'e', json->text.length) == NULL) {
        encode_integer(json->text.data, encoder);
    } else if (fabs(number) <= (double)EXACT && number == trunc(number)) {
        /* JavaScript cannot tell 1.0 from 1, so a whole number is always an integer. */
        spakky_encode_int(encoder, (int64_t)number);
    } else {
        spakky_encode_float(encoder, number);
    }
}

static void encode_hex(spakky_text_t text, spakky_encoder_t *encoder) {
    uint8_t *bytes = malloc(text.length / 2 + 1);
    for (size_t i = 0; i < text.length / 2; i++) {
        const char digits[] = {text.data[2 * i], text.data[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    spakky_encode_bytes(encoder, (spakky_bytes_t){bytes, text.length / 2});
    free(bytes);
}

static void encode_uuid(spakky_text_t text, spakky_encoder_t *encoder) {
    uint8_t uuid[16];
    const char *at = text.data;
    for (size_t i = 0; i < sizeof uuid; i++, at += 2) {
        at += *at == '-' ? 1 : 0;
        const char digits[] = {at[0], at[1], '\0'};
        uuid[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    spakky_encode_uuid(encoder, uuid);
}

/* A decimal such as `-1.20E+4`. */
static void encode_decimal(spakky_text_t text, spakky_encoder_t *encoder) {
    char digits[32] = {0};
    size_t count = 0;
    int64_t exponent = 0;
    bool behind = false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == 'E') {
            exponent += strtoll(text.data + i + 1, NULL, 10);
            break;
        }
        if (c == '.') {
            behind = true;
        } else if (count + 1 < sizeof digits) {
            digits[count++] = c;
            exponent -= behind ? 1 : 0;
        }
    }
    spakky_encode_decimal(encoder, (spakky_decimal_t){exponent, value_integer(digits)});
}

static void encode_special(const json_t *content, spakky_encoder_t *encoder) {
    spakky_time_t time;
    if (spakky_text_equal(content->name, spakky_str("$time"))) {
        spakky_time_parse(content->text, &time);
        spakky_encode_time(encoder, time);
    } else if (spakky_text_equal(content->name, spakky_str("$uuid"))) {
        encode_uuid(content->text, encoder);
    } else if (spakky_text_equal(content->name, spakky_str("$decimal"))) {
        encode_decimal(content->text, encoder);
    } else if (spakky_text_equal(content->name, spakky_str("$set"))) {
        spakky_encode_set(encoder, content->count);
        for (const json_t *item = content->first; item != NULL; item = item->next) {
            value_encode(item, encoder);
        }
    } else if (spakky_text_equal(content->name, spakky_str("$hex"))) {
        encode_hex(content->text, encoder);
    } else if (spakky_text_equal(content->name, spakky_str("$float"))) {
        spakky_encode_float(encoder, value_float(content));
    } else if (spakky_text_equal(content->name, spakky_str("$int"))) {
        encode_integer(content->text.data, encoder);
    } else if (spakky_text_equal(content->name, spakky_str("$map"))) {
        spakky_encode_map(encoder, content->count);
        for (const json_t *pair = content->first; pair != NULL; pair = pair->next) {
            value_encode(pair->first, encoder);
            value_encode(pair->first->next, encoder);
        }
    } else {
        /* `$unencodable`: bytes that are not there. */
        spakky_encode_bytes(encoder, (spakky_bytes_t){NULL, 1});
    }
}

void value_encode(const json_t *json, spakky_encoder_t *encoder) {
    if (json == NULL) {
        spakky_encode_null(encoder);
    } else if (json->kind == JSON_WORD) {
        encode_word(json, encoder);
    } else if (json->kind == JSON_TEXT) {
        spakky_encode_text(encoder, json->text);
    } else if (json->first != NULL && is_special(json->first->name)) {
        encode_special(json->first, encoder);
    } else {
        bool is_map = json->kind == JSON_OBJECT;
        is_map ? spakky_encode_map(encoder, json->count)
               : spakky_encode_array(encoder, json->count);
        for (const json_t *item = json->first; item != NULL; item = item->next) {
            if (is_map) {
                spakky_encode_text(encoder, item->name);
            }
            value_encode(item, encoder);
        }
    }
}

double value_float(const json_t *json) {
    return strtod(json->kind == JSON_OBJECT ? json->first->text.data : json->text.data, NULL);
}

/* ---- From CBOR --------------------------------------------------------------- */

void value_write_float(double number) {
    char text[32];
    if (isnan(number)) {
        fputs("{\"$float\":\"NaN\"}", stdout);
    } else if (isinf(number)) {
        fputs(number > 0 ? "{\"$float\":\"Infinity\"}" : "{\"$float\":\"-Infinity\"}", stdout);
    } else {
        /* The shortest text that reads as the same number. */
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, number);
            if (strtod(text, NULL) == number) {
                break;
            }
        }
        printf(number == trunc(number) ? "{\"$float\":\"%s\"}" : "%s", text);
    }
}

/* The digits of an integer, and their number. */
static int integer_text(spakky_integer_t integer, char text[24]) {
    if (integer.negative && integer.bits == UINT64_MAX) {
        return snprintf(text, 24, "-18446744073709551616");
    }
    return snprintf(text, 24, integer.negative ? "-%" PRIu64 : "%" PRIu64,
                    integer.bits + (integer.negative ? 1 : 0));
}

static void write_integer(spakky_integer_t integer) {
    bool plain = integer.bits < EXACT || (integer.bits == EXACT && !integer.negative);
    fputs(plain ? "" : "{\"$int\":\"", stdout);
    char text[24];
    integer_text(integer, text);
    fputs(text, stdout);
    fputs(plain ? "" : "\"}", stdout);
}

/* As VALUES.md has it. */
static void write_decimal(spakky_decimal_t decimal) {
    char text[24];
    int count = integer_text(decimal.mantissa, text);
    const char *digits = text;
    fputs("{\"$decimal\":\"", stdout);
    if (*digits == '-') {
        putchar(*digits++);
        count--;
    }
    int64_t point = count + decimal.exponent;
    if (decimal.exponent > 0 || point <= -6) {
        printf("%c%s%sE%+" PRId64, digits[0], count > 1 ? "." : "", digits + 1, point - 1);
    } else if (decimal.exponent == 0) {
        fputs(digits, stdout);
    } else if (point > 0) {
        printf("%.*s.%s", (int)point, digits, digits + point);
    } else {
        fputs("0.", stdout);
        for (; point < 0; point++) {
            putchar('0');
        }
        fputs(digits, stdout);
    }
    fputs("\"}", stdout);
}

static void write_uuid(const uint8_t uuid[16]) {
    fputs("{\"$uuid\":\"", stdout);
    for (size_t i = 0; i < 16; i++) {
        printf(i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
    }
    fputs("\"}", stdout);
}

/* Whether a map has only keys that are text and do not begin with `$`. */
static bool is_plain(spakky_decoder_t ahead, size_t count) {
    for (; count > 0; count--) {
        spakky_text_t key;
        if (spakky_decode_kind(&ahead) != SPAKKY_KIND_TEXT || !spakky_decode_text(&ahead, &key) ||
            is_special(key)) {
            return false;
        }
        spakky_decode_skip(&ahead);
    }
    return true;
}

static void write_item(spakky_decoder_t *decoder);

static void write_items(spakky_decoder_t *decoder, size_t count) {
    putchar('[');
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ",", stdout);
        write_item(decoder);
    }
    putchar(']');
}

static void write_map(spakky_decoder_t *decoder) {
    size_t count;
    spakky_decode_map(decoder, &count);
    bool plain = is_plain(*decoder, count);
    fputs(plain ? "{" : "{\"$map\":[", stdout);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ",", stdout);
        fputs(plain ? "" : "[", stdout);
        write_item(decoder);
        putchar(plain ? ':' : ',');
        write_item(decoder);
        fputs(plain ? "" : "]", stdout);
    }
    fputs(plain ? "}" : "]}", stdout);
}

static void write_item(spakky_decoder_t *decoder) {
    uint8_t uuid[16];
    char line[SPAKKY_TIME_TEXT];
    spakky_time_t time;
    spakky_decimal_t decimal;
    bool flag;
    double number;
    size_t count;
    spakky_integer_t integer;
    spakky_text_t text;
    spakky_bytes_t bytes;
    switch (spakky_decode_kind(decoder)) {
    case SPAKKY_KIND_BOOL:
        spakky_decode_bool(decoder, &flag);
        fputs(flag ? "true" : "false", stdout);
        break;
    case SPAKKY_KIND_INTEGER:
        spakky_decode_integer(decoder, &integer);
        write_integer(integer);
        break;
    case SPAKKY_KIND_FLOAT:
        spakky_decode_float(decoder, &number);
        value_write_float(number);
        break;
    case SPAKKY_KIND_TEXT:
        spakky_decode_text(decoder, &text);
        json_write_text(text);
        break;
    case SPAKKY_KIND_BYTES:
        spakky_decode_bytes(decoder, &bytes);
        fputs("{\"$hex\":\"", stdout);
        for (size_t i = 0; i < bytes.length; i++) {
            printf("%02x", bytes.data[i]);
        }
        fputs("\"}", stdout);
        break;
    case SPAKKY_KIND_ARRAY:
        spakky_decode_array(decoder, &count);
        write_items(decoder, count);
        break;
    case SPAKKY_KIND_SET:
        spakky_decode_set(decoder, &count);
        fputs("{\"$set\":", stdout);
        write_items(decoder, count);
        putchar('}');
        break;
    case SPAKKY_KIND_TIME:
        spakky_decode_time(decoder, &time);
        spakky_time_text(time, line);
        printf("{\"$time\":\"%s\"}", line);
        break;
    case SPAKKY_KIND_UUID:
        spakky_decode_uuid(decoder, uuid);
        write_uuid(uuid);
        break;
    case SPAKKY_KIND_DECIMAL:
        spakky_decode_decimal(decoder, &decimal);
        write_decimal(decimal);
        break;
    case SPAKKY_KIND_MAP:
        write_map(decoder);
        break;
    default:
        spakky_decode_null(decoder);
        fputs("null", stdout);
    }
}

void value_write(spakky_bytes_t bytes) {
    spakky_decoder_t decoder;
    spakky_encoder_t sorted;
    /* The elements of a set are written in their order. */
    spakky_decoder_init(&decoder, bytes);
    spakky_encoder_init(&sorted);
    spakky_encode_copy(&sorted, &decoder);
    spakky_decoder_init(&decoder, (spakky_bytes_t){sorted.data, sorted.length});
    write_item(&decoder);
    /* The suite then reads half an answer, and says so. */
    if (spakky_decoder_mistake(&decoder) != NULL) {
        abort();
    }
    spakky_encoder_free(&sorted);
}
