/* JSON, read and written strictly: whole numbers of 64 bits stay exact, and the time
 * grows with the length of the text and nothing else. */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>

#include "arena.h"

typedef enum json_kind_t {
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER, /* written without a fraction or an exponent, within 64 bits and a sign */
    JSON_FLOAT,   /* any other number */
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
} json_kind_t;

typedef struct json_t json_t;
struct json_t {
    json_kind_t kind;
    bool flag;
    bool negative; /* of an integer, whose size is `size` */
    uint64_t size;
    double number;
    spakky_text_t text;
    json_t *first; /* of an array or an object */
    json_t *last;
    size_t count;
    json_t *next;       /* of the same array or object */
    spakky_text_t name; /* in an object */
};

/* Reads a text to its end. It is overwritten: texts in the result are parts of it. NULL:
 * it is no JSON, and `*mistake` says why. Behind the text stands a NUL. */
json_t *json_read(arena_t *arena, char *text, size_t length, const char **mistake);
/* Writes on one line. */
void json_write(FILE *file, const json_t *json);

json_t *json_null(arena_t *arena);
json_t *json_bool(arena_t *arena, bool value);
json_t *json_uint(arena_t *arena, uint64_t value);
json_t *json_int(arena_t *arena, int64_t value);
/* A number that is no infinity and not whole. */
json_t *json_float(arena_t *arena, double value);
/* A text, which is copied. */
json_t *json_text(arena_t *arena, spakky_text_t value);
json_t *json_str(arena_t *arena, const char *value);
json_t *json_array(arena_t *arena);
json_t *json_object(arena_t *arena);
/* Adds to an array; to an object. Both return the array, or the object. */
json_t *json_push(json_t *array, json_t *item);
json_t *json_put(arena_t *arena, json_t *object, const char *name, json_t *value);

/* A field of an object, or NULL. */
json_t *json_get(const json_t *object, const char *name);

/* The shortest text that reads as the same number. */
enum { JSON_DIGITS = 32 };
void json_digits(char text[JSON_DIGITS], double number);

#endif
