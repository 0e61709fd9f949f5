/*
 * An encoder and a decoder of values: the profile of CBOR (RFC 8949) that all guest
 * libraries share. wit/VALUES.md defines it.
 *
 * Values are null, booleans, integers from -2^64 to 2^64 - 1, floats, text, bytes, arrays
 * and maps, and by tags timestamps, UUIDs, decimals and sets. Indefinite lengths, other tags,
 * `undefined` and other simple values are refused.
 * Nothing here calls the host.
 */
#ifndef SPAKKY_CBOR_H
#define SPAKKY_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How deeply arrays, maps, sets and decimals may be nested. */
#define SPAKKY_DEPTH 128

/* ---- Text and bytes ---------------------------------------------------------- */

/* UTF-8 text with a length. It may contain U+0000. */
typedef struct spakky_text_t {
    const char *data; /* may be NULL if the length is 0 */
    size_t length;    /* in bytes */
} spakky_text_t;

/* Arbitrary bytes. */
typedef struct spakky_bytes_t {
    const uint8_t *data; /* may be NULL if the length is 0 */
    size_t length;
} spakky_bytes_t;

/* A C string as text, borrowed. Every function refuses the text of NULL. */
static inline spakky_text_t spakky_str(const char *string) {
    return (spakky_text_t){string, string == NULL ? SIZE_MAX : strlen(string)};
}

/* Whether two texts are equal. */
bool spakky_text_equal(spakky_text_t a, spakky_text_t b);

/* Whether a text is not NULL and is valid UTF-8: no surrogates, no truncated or overlong
 * sequences. */
bool spakky_text_valid(spakky_text_t text);

/* ---- Encoding ---------------------------------------------------------------- */

/* An integer from -2^64 to 2^64 - 1: `bits`, or, if it is negative, -1 - `bits`. */
typedef struct spakky_integer_t {
    bool negative;
    uint64_t bits;
} spakky_integer_t;

/* An instant of the years 1 to 9999, in UTC. There are no leap seconds. */
typedef struct spakky_time_t {
    int64_t seconds;      /* since 1970-01-01T00:00:00Z */
    uint32_t nanoseconds; /* later, and less than a second, also before 1970 */
} spakky_time_t;

/* A buffer that holds the text of each time, with its NUL. */
#define SPAKKY_TIME_TEXT 36

/* The text of a time, such as `2026-11-29T16:20:27.5Z`, and its length; 0 if it is outside the
 * years 1 to 9999. */
size_t spakky_time_text(spakky_time_t time, char text[SPAKKY_TIME_TEXT]);
/* The time of a text by RFC 3339, which has a zone; false if it is none. */
bool spakky_time_parse(spakky_text_t text, spakky_time_t *time);

/* mantissa * 10^exponent. The exponent stays as it is: 1.10 is 110 and -2. */
typedef struct spakky_decimal_t {
    int64_t exponent;
    spakky_integer_t mantissa;
} spakky_decimal_t;

/*
 * Encodes one value with preferred serialization: the shortest heads, and the shortest
 * floats that keep the number. Maps keep the order in which they are encoded.
 *
 * The first mistake (invalid UTF-8, one item too many, no memory) is kept: later calls do
 * nothing, and every function that takes the value refuses it. So one check at the end is
 * enough. The functions below return whether there is no mistake so far.
 */
typedef struct spakky_encoder_t {
    uint8_t *data; /* what is encoded so far */
    size_t length;
    size_t capacity;
    bool borrowed; /* the buffer is the caller's and does not grow */
    bool complete; /* one whole value is encoded */
    bool no_memory;
    const char *mistake; /* the first mistake, a static text, or NULL */
    size_t depth;
    size_t missing[SPAKKY_DEPTH];  /* items that each open array or map still needs */
    size_t elements[SPAKKY_DEPTH]; /* where those of an open set begin; 0: it is none */
} spakky_encoder_t;

/* Begins a value in a growing buffer. Free it with `spakky_encoder_free`. */
void spakky_encoder_init(spakky_encoder_t *encoder);
/* Begins a value in the caller's buffer. It is a mistake if the value does not fit. */
void spakky_encoder_init_in(spakky_encoder_t *encoder, uint8_t *buffer, size_t capacity);
/* Begins another value in the same buffer. */
void spakky_encoder_reset(spakky_encoder_t *encoder);
/* Frees the encoder's own buffer. May be called twice. */
void spakky_encoder_free(spakky_encoder_t *encoder);

bool spakky_encode_null(spakky_encoder_t *encoder);
bool spakky_encode_bool(spakky_encoder_t *encoder, bool value);
bool spakky_encode_int(spakky_encoder_t *encoder, int64_t value);
bool spakky_encode_uint(spakky_encoder_t *encoder, uint64_t value);
bool spakky_encode_integer(spakky_encoder_t *encoder, spakky_integer_t value);
/* Always encodes a float: 1.0 does not become the integer 1. */
bool spakky_encode_float(spakky_encoder_t *encoder, double value);
bool spakky_encode_text(spakky_encoder_t *encoder, spakky_text_t value);
bool spakky_encode_bytes(spakky_encoder_t *encoder, spakky_bytes_t value);
/* Begins an array of `count` items, which are encoded next. */
bool spakky_encode_array(spakky_encoder_t *encoder, size_t count);
/* Begins a map of `count` pairs, which are encoded next: a key, then its value. Keys may
 * be of any type. Duplicate keys are not detected. */
bool spakky_encode_map(spakky_encoder_t *encoder, size_t count);
/* Begins a set of `count` elements, which are encoded next, in any order: it sorts them. Two
 * that are the same are a mistake. */
bool spakky_encode_set(spakky_encoder_t *encoder, size_t count);
bool spakky_encode_time(spakky_encoder_t *encoder, spakky_time_t value);
bool spakky_encode_uuid(spakky_encoder_t *encoder, const uint8_t value[16]);
bool spakky_encode_decimal(spakky_encoder_t *encoder, spakky_decimal_t value);

/* The first mistake, or what the value still lacks; NULL if it is complete. */
const char *spakky_encoder_mistake(const spakky_encoder_t *encoder);

/* ---- Decoding ---------------------------------------------------------------- */

typedef enum spakky_kind_t {
    SPAKKY_KIND_END, /* the value is read */
    SPAKKY_KIND_NULL,
    SPAKKY_KIND_BOOL,
    SPAKKY_KIND_INTEGER,
    SPAKKY_KIND_FLOAT,
    SPAKKY_KIND_TEXT,
    SPAKKY_KIND_BYTES,
    SPAKKY_KIND_ARRAY,
    SPAKKY_KIND_MAP,
    SPAKKY_KIND_SET,
    SPAKKY_KIND_TIME,
    SPAKKY_KIND_UUID,
    SPAKKY_KIND_DECIMAL,
    SPAKKY_KIND_WRONG, /* the next item is not CBOR, or outside the profile */
} spakky_kind_t;

/*
 * Decodes one value, item by item, from borrowed bytes.
 *
 * As with the encoder, the first mistake is kept, and the functions below return whether
 * there is none so far. An item of another type is a mistake, and sets `*value` to zero.
 */
typedef struct spakky_decoder_t {
    const uint8_t *data;
    size_t length;
    size_t position;
    bool complete;
    bool has_set;
    const char *mistake; /* a static text, or NULL */
    size_t depth;
    size_t missing[SPAKKY_DEPTH];
} spakky_decoder_t;

/* Begins to decode one value. */
void spakky_decoder_init(spakky_decoder_t *decoder, spakky_bytes_t bytes);

/* The kind of the next item, which is not consumed. */
spakky_kind_t spakky_decode_kind(const spakky_decoder_t *decoder);

bool spakky_decode_null(spakky_decoder_t *decoder);
bool spakky_decode_bool(spakky_decoder_t *decoder, bool *value);
/* An integer that does not fit the type is a mistake. */
bool spakky_decode_int(spakky_decoder_t *decoder, int64_t *value);
bool spakky_decode_uint(spakky_decoder_t *decoder, uint64_t *value);
bool spakky_decode_integer(spakky_decoder_t *decoder, spakky_integer_t *value);
/* Also accepts an integer that a float represents exactly: JavaScript writes 1.0 as 1. */
bool spakky_decode_float(spakky_decoder_t *decoder, double *value);
/* The text and the bytes are borrowed from what is decoded. */
bool spakky_decode_text(spakky_decoder_t *decoder, spakky_text_t *value);
bool spakky_decode_bytes(spakky_decoder_t *decoder, spakky_bytes_t *value);
/* Enters an array or a map. `*count` is the number of items or pairs that follow. */
bool spakky_decode_array(spakky_decoder_t *decoder, size_t *count);
bool spakky_decode_map(spakky_decoder_t *decoder, size_t *count);
bool spakky_decode_set(spakky_decoder_t *decoder, size_t *count);
/* Also accepts an offset in place of `Z`, and the tag 1: a number of seconds. */
bool spakky_decode_time(spakky_decoder_t *decoder, spakky_time_t *value);
bool spakky_decode_uuid(spakky_decoder_t *decoder, uint8_t value[16]);
/* An exponent that does not fit the type is a mistake. */
bool spakky_decode_decimal(spakky_decoder_t *decoder, spakky_decimal_t *value);
/* Skips an item, with everything inside. */
bool spakky_decode_skip(spakky_decoder_t *decoder);

/* Encodes the next item of a decoder, with everything inside, in preferred serialization,
 * and the elements of sets in their order. Returns whether neither has a mistake so far. */
bool spakky_encode_copy(spakky_encoder_t *encoder, spakky_decoder_t *decoder);

/* The first mistake; NULL if exactly one value was read, to its end. */
const char *spakky_decoder_mistake(const spakky_decoder_t *decoder);

/* Checks that the bytes are one value of the profile. Returns a mistake, or NULL. The
 * library makes this check of every entry that it reads. */
const char *spakky_cbor_mistake(spakky_bytes_t bytes);

#endif
