/* JSON as the suite writes it. The player in Rust checks the steps: every scenario is
 * played there, too. */
#ifndef JSON_H
#define JSON_H

#include "spakky_cbor.h"

typedef struct json_t json_t;
struct json_t {
    enum { JSON_WORD, JSON_TEXT, JSON_ARRAY, JSON_OBJECT } kind;
    spakky_text_t text; /* of a word, which is a number, true, false or null: as written */
    spakky_text_t name; /* in an object */
    json_t *first;      /* of an array or an object */
    json_t *next;       /* in the same array or object */
    size_t count;
    spakky_text_t *texts; /* what json_texts made */
};

/* Reads a line. Texts are unescaped in place, so they live as long as the line. */
json_t *json_read(char *line);
void json_free(json_t *json);

/* A field of an object; NULL if it is missing. */
json_t *json_get(const json_t *object, const char *name);
/* A text; the empty one if it is missing. */
spakky_text_t json_text(const json_t *object, const char *name);
/* A list of texts; an empty one if it is missing. */
const spakky_text_t *json_texts(const json_t *object, const char *name, size_t *count);

void json_write_text(spakky_text_t text);

#endif
