/*
 * Shared by the encoder and the decoder. Not part of the interface.
 */
#ifndef SPAKKY_CBOR_INTERNAL_H
#define SPAKKY_CBOR_INTERNAL_H

#include "spakky_cbor.h"

/* Major types: the upper three bits of an item's first byte. */
enum { POSITIVE, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };
/* The lower five, where they are not a small number. */
enum { ONE_BYTE = 24, TWO_BYTES = 25, FOUR_BYTES = 26, EIGHT_BYTES = 27, INDEFINITE = 31 };
/* Of the major type SIMPLE. */
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };
/* The tags of the profile. */
enum { TAG_TIME = 0, TAG_SECONDS = 1, TAG_DECIMAL = 4, TAG_UUID = 37, TAG_SET = 258 };

#define MISTAKE_CUT "the value is truncated"
#define MISTAKE_DEEP "the value is nested too deeply"
#define MISTAKE_MORE "there is more than one value"
#define MISTAKE_NO_MEMORY "there is no memory for the value"
#define MISTAKE_NOT_TEXT "a text is not UTF-8"
#define MISTAKE_NOT_TIME "a timestamp is none, or outside the years 1 to 9999"
#define MISTAKE_WRONG "the bytes are not CBOR, or outside the profile of values"

/* The time so many seconds after 1970; false: that is none. */
bool spakky_cbor_time_of_float(double seconds, spakky_time_t *time);
bool spakky_cbor_time_of_integer(spakky_integer_t seconds, spakky_time_t *time);

/* Sorts the encoded elements of a set. Returns a mistake, or NULL. */
const char *spakky_cbor_sort(uint8_t *data, size_t length);

#endif
