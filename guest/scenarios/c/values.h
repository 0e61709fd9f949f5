/* Values between JSON, in which scenarios are written, and CBOR, in which they are
 * stored. What JSON cannot say stands in an object with a key that begins with `$`. */
#ifndef VALUES_H
#define VALUES_H

#include "json.h"
#include "spakky_cbor.h"

/* Encodes a value. False: it is none. (What is one and has no encoding is the encoder's
 * mistake, and the library's error.) */
bool value_encode(const json_t *json, spakky_encoder_t *encoder);
/* Whether it is a value. */
bool value_check(const json_t *json);
/* What a decoder reads next; NULL: it cannot. */
json_t *value_decode(arena_t *arena, spakky_decoder_t *decoder);
/* One whole value; NULL: it is none, and `*mistake` says why. */
json_t *value_read(arena_t *arena, spakky_bytes_t bytes, const char **mistake);

/* A float as scenarios write it: a number, or text for what JSON has no number for. */
bool value_float(const json_t *json, double *number);
json_t *value_of_float(arena_t *arena, double number);

/* Hexadecimal digits as bytes; `*bytes` is in the arena. */
bool value_from_hex(arena_t *arena, spakky_text_t digits, spakky_bytes_t *bytes);
json_t *value_to_hex(arena_t *arena, spakky_bytes_t bytes);

#endif
