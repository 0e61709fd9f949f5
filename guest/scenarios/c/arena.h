/* Memory that is taken in many pieces and given back at once. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "spakky_cbor.h"

typedef struct arena_block_t arena_block_t;

typedef struct arena_t {
    arena_block_t *blocks;
} arena_t;

/* Zeroed memory. Where there is none left, the program aborts: it could not answer. */
void *arena_take(arena_t *arena, size_t size);
/* A copy of a text. */
spakky_text_t arena_copy(arena_t *arena, spakky_text_t text);
/* Text as printf makes it. */
__attribute__((format(printf, 2, 3))) spakky_text_t arena_print(arena_t *arena, const char *format,
                                                                ...);
void arena_free(arena_t *arena);

#endif
