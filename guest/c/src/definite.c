/* Values that others encoded, with lengths that are not told in advance.
 * `spakky_cbor.h` says what this does. */
#include <stdlib.h>

#include "cbor_internal.h"

/* A walk over one value, which may have indefinite lengths. */
typedef struct walk_t {
    const uint8_t *data;
    size_t length;
    size_t position;
    bool complete;
    size_t depth;
    size_t missing[SPAKKY_DEPTH];  /* items; of an indefinite length: those that came */
    uint8_t endless[SPAKKY_DEPTH]; /* whether it is one: ARRAY or MAP, or 0 */
    size_t number[SPAKKY_DEPTH];   /* which one it is */
    size_t endless_count;          /* how many indefinite lengths there were */
    /* Of each of them, what its length is. The first walk counts if it is to; the
     * second reads them and writes. */
    size_t *lengths;
    size_t capacity;
    bool counting;
    spakky_encoder_t *output;
} walk_t;

/* Notes that an indefinite length begins, and which. */
static const char *begin_endless(walk_t *walk, size_t *number) {
    *number = walk->endless_count++;
    if (walk->counting && *number == walk->capacity) {
        size_t capacity = walk->capacity == 0 ? 16 : walk->capacity * 2;
        size_t *lengths = capacity > SIZE_MAX / sizeof *lengths
                              ? NULL
                              : realloc(walk->lengths, capacity * sizeof *lengths);
        if (lengths == NULL) {
            return MISTAKE_NO_MEMORY;
        }
        walk->lengths = lengths;
        walk->capacity = capacity;
    }
    return NULL;
}

static void walked_item(walk_t *walk) {
    while (walk->depth > 0) {
        size_t top = walk->depth - 1;
        if (walk->endless[top] != 0) {
            walk->missing[top]++;
            return;
        }
        if (--walk->missing[top] > 0) {
            return;
        }
        walk->depth--;
    }
    walk->complete = true;
}

/* Writes a head, and copies what is behind it. */
static const char *write_item(walk_t *walk, const spakky_cbor_head_t *head, size_t length) {
    spakky_encoder_t *output = walk->output;
    if (output == NULL) {
        return NULL;
    }
    if (!spakky_cbor_reserve(output, head->size + length)) {
        return output->mistake;
    }
    spakky_cbor_append(output, walk->data + walk->position - head->size, head->size + length);
    return NULL;
}

/* A text, or bytes, in pieces. */
static const char *walk_pieces(walk_t *walk, unsigned major) {
    size_t number;
    size_t total = 0;
    const char *mistake = begin_endless(walk, &number);
    if (mistake != NULL) {
        return mistake;
    }
    if (walk->output != NULL &&
        !spakky_cbor_append_head(walk->output, major, walk->lengths[number], 0)) {
        return walk->output->mistake;
    }
    for (;;) {
        spakky_cbor_head_t piece;
        mistake = spakky_cbor_head(walk->data, walk->length, walk->position, &piece);
        if (mistake != NULL) {
            return mistake;
        }
        walk->position += piece.size;
        if (piece.major == SIMPLE && piece.info == INDEFINITE) {
            break;
        }
        if (piece.major != major || piece.info == INDEFINITE) {
            return MISTAKE_WRONG;
        }
        if (piece.argument > walk->length - walk->position) {
            return MISTAKE_CUT;
        }
        size_t length = (size_t)piece.argument;
        spakky_text_t text = {(const char *)walk->data + walk->position, length};
        if (major == TEXT && !spakky_text_valid(text)) {
            return MISTAKE_NOT_TEXT;
        }
        if (walk->output != NULL) {
            if (!spakky_cbor_reserve(walk->output, length)) {
                return walk->output->mistake;
            }
            spakky_cbor_append(walk->output, walk->data + walk->position, length);
        }
        walk->position += length;
        total += length;
    }
    if (walk->counting) {
        walk->lengths[number] = total;
    }
    walked_item(walk);
    return NULL;
}

/* Begins an array or a map. */
static const char *walk_open(walk_t *walk, const spakky_cbor_head_t *head) {
    bool endless = head->info == INDEFINITE;
    if (!endless && head->argument == 0) {
        walked_item(walk);
        return write_item(walk, head, 0);
    }
    if (walk->depth == SPAKKY_DEPTH) {
        return MISTAKE_DEEP;
    }
    size_t top = walk->depth++;
    walk->endless[top] = endless ? (uint8_t)head->major : 0;
    if (!endless) {
        walk->missing[top] = (size_t)head->argument * (head->major == MAP ? 2 : 1);
        return write_item(walk, head, 0);
    }
    walk->missing[top] = 0;
    const char *mistake = begin_endless(walk, &walk->number[top]);
    if (mistake == NULL && walk->output != NULL &&
        !spakky_cbor_append_head(walk->output, head->major, walk->lengths[walk->number[top]], 0)) {
        mistake = walk->output->mistake;
    }
    return mistake;
}

/* The end of an indefinite length. */
static const char *walk_close(walk_t *walk) {
    size_t top = walk->depth - 1;
    if (walk->depth == 0 || walk->endless[top] == 0 ||
        (walk->endless[top] == MAP && walk->missing[top] % 2 != 0)) {
        return MISTAKE_WRONG;
    }
    if (walk->counting) {
        size_t items = walk->missing[top];
        walk->lengths[walk->number[top]] = walk->endless[top] == MAP ? items / 2 : items;
    }
    walk->depth--;
    walked_item(walk);
    return NULL;
}

static const char *walk_item(walk_t *walk) {
    spakky_cbor_head_t head;
    const char *mistake = spakky_cbor_head(walk->data, walk->length, walk->position, &head);
    if (mistake != NULL) {
        return mistake;
    }
    walk->position += head.size;
    if (head.major == SIMPLE && head.info == INDEFINITE) {
        return walk_close(walk);
    }
    spakky_kind_t kind = spakky_cbor_kind(&head);
    if (kind == SPAKKY_KIND_WRONG) {
        return MISTAKE_WRONG;
    }
    mistake = spakky_cbor_length(&head, walk->length - walk->position);
    if (mistake != NULL) {
        return mistake;
    }
    if (kind >= SPAKKY_KIND_ARRAY) {
        return walk_open(walk, &head);
    }
    size_t length = 0;
    if (kind == SPAKKY_KIND_TEXT || kind == SPAKKY_KIND_BYTES) {
        if (head.info == INDEFINITE) {
            return walk_pieces(walk, head.major);
        }
        length = (size_t)head.argument;
        spakky_text_t text = {(const char *)walk->data + walk->position, length};
        if (kind == SPAKKY_KIND_TEXT && !spakky_text_valid(text)) {
            return MISTAKE_NOT_TEXT;
        }
    }
    mistake = write_item(walk, &head, length);
    walk->position += length;
    walked_item(walk);
    return mistake;
}

/* Walks over the whole value. What the fields say is to be done, is done. */
static const char *walk_value(walk_t *walk, spakky_bytes_t bytes) {
    walk->data = bytes.data;
    walk->length = bytes.data == NULL ? 0 : bytes.length;
    walk->position = 0;
    walk->complete = false;
    walk->depth = 0;
    walk->endless_count = 0;
    while (!walk->complete) {
        const char *mistake = walk_item(walk);
        if (mistake != NULL) {
            return mistake;
        }
    }
    return walk->position < walk->length ? MISTAKE_MORE : NULL;
}

const char *spakky_cbor_mistake(spakky_bytes_t bytes, bool *indefinite) {
    walk_t walk;
    walk.lengths = NULL;
    walk.capacity = 0;
    walk.counting = false;
    walk.output = NULL;
    const char *mistake = walk_value(&walk, bytes);
    if (indefinite != NULL) {
        *indefinite = walk.endless_count > 0;
    }
    return mistake;
}

bool spakky_cbor_definite(spakky_bytes_t bytes, uint8_t **definite, size_t *length) {
    spakky_encoder_t output;
    walk_t walk;
    *definite = NULL;
    *length = 0;
    walk.lengths = NULL;
    walk.capacity = 0;
    walk.counting = true;
    walk.output = NULL;
    bool well = walk_value(&walk, bytes) == NULL;
    spakky_encoder_init(&output);
    walk.counting = false;
    walk.output = &output;
    well = well && walk_value(&walk, bytes) == NULL;
    free(walk.lengths);
    if (!well) {
        spakky_encoder_free(&output);
        return false;
    }
    *definite = output.data;
    *length = output.length;
    return true;
}
