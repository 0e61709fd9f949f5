#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { USUAL_BLOCK = 32 * 1024 };

struct arena_block_t {
    arena_block_t *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

void *arena_take(arena_t *arena, size_t size) {
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    arena_block_t *block = arena->blocks;
    if (block == NULL || block->size - block->used < size) {
        size_t content = size > USUAL_BLOCK ? size : USUAL_BLOCK;
        block = calloc(1, sizeof *block + content);
        if (block == NULL) {
            abort();
        }
        block->size = content;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *taken = block->data + block->used;
    block->used += size;
    return taken;
}

spakky_text_t arena_copy(arena_t *arena, spakky_text_t text) {
    char *copy = arena_take(arena, text.length + 1);
    if (text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    return (spakky_text_t){copy, text.length};
}

spakky_text_t arena_print(arena_t *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        abort();
    }
    char *text = arena_take(arena, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return (spakky_text_t){text, (size_t)length};
}

void arena_free(arena_t *arena) {
    while (arena->blocks != NULL) {
        arena_block_t *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}
