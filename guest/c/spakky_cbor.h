/*
 * Values of the cache: an encoder and a decoder of CBOR (RFC 8949), the encoding that
 * every guest library shares.
 *
 * Shared types are null, booleans, integers from -2^64 to 2^64 - 1, floats, text,
 * bytes, arrays and maps. Tags, `undefined` and other simple values are refused.
 * Nothing here calls the host.
 */
#ifndef SPAKKY_CBOR_H
#define SPAKKY_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How deeply arrays and maps may stand in each other. */
#define SPAKKY_DEPTH 256

/* ---- Text and bytes ---------------------------------------------------------- */

/* UTF-8 of a length that is told, so it may hold any character, U+0000 too. */
typedef struct spakky_text_t {
    const char *data; /* may be NULL if the length is 0 */
    size_t length;    /* in bytes */
} spakky_text_t;

/* Bytes of any kind. */
typedef struct spakky_bytes_t {
    const uint8_t *data; /* may be NULL if the length is 0 */
    size_t length;
} spakky_bytes_t;

/* A C string as text, lent and not copied. NULL is a text that everything refuses. */
static inline spakky_text_t spakky_str(const char *string) {
    return (spakky_text_t){string, string == NULL ? SIZE_MAX : strlen(string)};
}

/* Whether two texts have the same bytes. */
bool spakky_text_equal(spakky_text_t a, spakky_text_t b);

/* Whether a text is there and is UTF-8: no surrogates, nothing cut, nothing longer
 * than it needs to be. */
bool spakky_text_valid(spakky_text_t text);

/* ---- Encoding ---------------------------------------------------------------- */

/* An integer from -2^64 to 2^64 - 1: `bits`, or, if it is negative, -1 - `bits`. */
typedef struct spakky_integer_t {
    bool negative;
    uint64_t bits;
} spakky_integer_t;

/*
 * One value in the making, in the preferred encoding: the shortest integers, the
 * shortest floats that keep the number, definite lengths. Maps keep the order in which
 * they are encoded.
 *
 * The first mistake stays (a text that is not UTF-8, an item too many, no memory):
 * what follows does nothing, and whoever is given the value refuses it. So only the
 * end needs a check, and the functions below return whether all is well so far.
 */
typedef struct spakky_encoder_t {
    uint8_t *data; /* the buffer: what is encoded so far */
    size_t length;
    size_t capacity;
    bool borrowed; /* the buffer is the caller's, and does not grow */
    bool complete; /* there is one whole value */
    bool no_memory;
    const char *mistake; /* the first mistake, a static text, or NULL */
    size_t depth;
    size_t missing[SPAKKY_DEPTH]; /* items that each open array or map still misses */
} spakky_encoder_t;

/* Begins a value in a buffer that grows. Free it with `spakky_encoder_free`. */
void spakky_encoder_init(spakky_encoder_t *encoder);
/* Begins a value in the caller's buffer: a value that does not fit is a mistake. */
void spakky_encoder_init_in(spakky_encoder_t *encoder, uint8_t *buffer, size_t capacity);
/* Forgets the value and keeps the buffer, for another value. */
void spakky_encoder_reset(spakky_encoder_t *encoder);
/* Frees the buffer, if it is the encoder's own. It may be called twice. */
void spakky_encoder_free(spakky_encoder_t *encoder);

bool spakky_encode_null(spakky_encoder_t *encoder);
bool spakky_encode_bool(spakky_encoder_t *encoder, bool value);
bool spakky_encode_int(spakky_encoder_t *encoder, int64_t value);
bool spakky_encode_uint(spakky_encoder_t *encoder, uint64_t value);
bool spakky_encode_integer(spakky_encoder_t *encoder, spakky_integer_t value);
/* Always a float, also where the number is whole: 1.0 does not become the integer 1. */
bool spakky_encode_float(spakky_encoder_t *encoder, double value);
bool spakky_encode_text(spakky_encoder_t *encoder, spakky_text_t value);
bool spakky_encode_bytes(spakky_encoder_t *encoder, spakky_bytes_t value);
/* Begins an array: its `count` items follow. */
bool spakky_encode_array(spakky_encoder_t *encoder, size_t count);
/* Begins a map: its `count` pairs follow, a key and a value each. Any item can be a
 * key. Two equal keys are not noticed. */
bool spakky_encode_map(spakky_encoder_t *encoder, size_t count);

/* What there is to say against the value as it stands; NULL: it is whole and right. */
const char *spakky_encoder_mistake(const spakky_encoder_t *encoder);

/* ---- Decoding ---------------------------------------------------------------- */

typedef enum spakky_kind_t {
    SPAKKY_KIND_END, /* nothing is left */
    SPAKKY_KIND_NULL,
    SPAKKY_KIND_BOOL,
    SPAKKY_KIND_INTEGER,
    SPAKKY_KIND_FLOAT,
    SPAKKY_KIND_TEXT,
    SPAKKY_KIND_BYTES,
    SPAKKY_KIND_ARRAY,
    SPAKKY_KIND_MAP,
    SPAKKY_KIND_WRONG, /* what follows is not CBOR, or none of the shared types */
} spakky_kind_t;

/*
 * Reads one value, item after item, out of bytes that it borrows.
 *
 * As with the encoder, the first mistake stays, and the functions below return whether
 * all is well: an item of another type is a mistake, and leaves `*value` zero.
 */
typedef struct spakky_decoder_t {
    const uint8_t *data;
    size_t length;
    size_t position;
    bool complete;
    const char *mistake; /* a static text, or NULL */
    size_t depth;
    size_t missing[SPAKKY_DEPTH];
} spakky_decoder_t;

/* Begins to read one value. */
void spakky_decoder_init(spakky_decoder_t *decoder, spakky_bytes_t bytes);

/* What follows, without reading it. */
spakky_kind_t spakky_decode_kind(const spakky_decoder_t *decoder);

bool spakky_decode_null(spakky_decoder_t *decoder);
bool spakky_decode_bool(spakky_decoder_t *decoder, bool *value);
/* An integer that is outside the type is a mistake, never another number. */
bool spakky_decode_int(spakky_decoder_t *decoder, int64_t *value);
bool spakky_decode_uint(spakky_decoder_t *decoder, uint64_t *value);
bool spakky_decode_integer(spakky_decoder_t *decoder, spakky_integer_t *value);
/* Also takes an integer that is a float without loss: other languages write 1.0 so. */
bool spakky_decode_float(spakky_decoder_t *decoder, double *value);
/* The text, or the bytes, are lent: they live as long as what is decoded does. */
bool spakky_decode_text(spakky_decoder_t *decoder, spakky_text_t *value);
bool spakky_decode_bytes(spakky_decoder_t *decoder, spakky_bytes_t *value);
/* Enters an array, or a map: so many items, or pairs, follow. */
bool spakky_decode_array(spakky_decoder_t *decoder, size_t *count);
bool spakky_decode_map(spakky_decoder_t *decoder, size_t *count);
/* Passes over an item, with all that is in it. */
bool spakky_decode_skip(spakky_decoder_t *decoder);

/* What there is to say against what was read; NULL: one value, read to its end, and
 * nothing behind it. */
const char *spakky_decoder_mistake(const spakky_decoder_t *decoder);

/* ---- Bytes of others --------------------------------------------------------- */

/*
 * The checks that the library makes of every entry it reads. `*indefinite` (may be
 * NULL) says whether the value has lengths that are not told in advance; a decoder
 * does not read those. NULL: the bytes are one value.
 */
const char *spakky_cbor_mistake(spakky_bytes_t bytes, bool *indefinite);

/*
 * Gives every array, map, text and bytes of a value a definite length, so that a
 * decoder reads it. `*definite` is the caller's to free; false: there is no memory, or
 * the bytes are not one value.
 */
bool spakky_cbor_definite(spakky_bytes_t bytes, uint8_t **definite, size_t *length);

#endif
