/*
 * What the files of the codec share. Not part of the interface.
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

#define MISTAKE_CUT "the value is cut off"
#define MISTAKE_DEEP "the value is nested too deeply"
#define MISTAKE_MORE "there is more than one value"
#define MISTAKE_NO_MEMORY "there is no memory for the value"
#define MISTAKE_NOT_TEXT "a text is not UTF-8"
#define MISTAKE_WRONG "the bytes are not CBOR, or not of a shared type"

/* The head of an item. */
typedef struct spakky_cbor_head_t {
    unsigned major;
    unsigned info;
    uint64_t argument;
    size_t size; /* bytes of the head */
} spakky_cbor_head_t;

/* Reads the head at `position`; a mistake, or NULL. */
const char *spakky_cbor_head(const uint8_t *data, size_t length, size_t position,
                             spakky_cbor_head_t *head);
/* What an item is, by its head. */
spakky_kind_t spakky_cbor_kind(const spakky_cbor_head_t *head);
/* Whether so much can follow as the head of a text, bytes, an array or a map says. */
const char *spakky_cbor_length(const spakky_cbor_head_t *head, size_t left);

/* An item is whole, and with it whatever it is the last item of. */
void spakky_cbor_item_done(size_t *missing, size_t *depth, bool *complete);

/* Makes room for `more` bytes. */
bool spakky_cbor_reserve(spakky_encoder_t *encoder, size_t more);
/* Appends, where there is room. */
void spakky_cbor_append(spakky_encoder_t *encoder, const void *data, size_t length);
/* Appends the head of an item, the shortest there is, and makes room for `content`
 * bytes behind it. */
bool spakky_cbor_append_head(spakky_encoder_t *encoder, unsigned major, uint64_t argument,
                             size_t content);

#endif
