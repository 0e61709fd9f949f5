/* The answers: one object for each step. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "json.h"
#include "spakky_cache.h"

/* `{"ok": value}`. */
json_t *answer_ok(arena_t *arena, json_t *value);
json_t *answer_null(arena_t *arena);
/* `{"error": {"kind": kind, "message": message}}`. */
json_t *answer_failure(arena_t *arena, const char *kind, spakky_text_t message);
/* The step cannot be played as it is written. */
json_t *answer_protocol(arena_t *arena, const char *message);
/* What the library's error says. Of a callback, `kind` is its name, such as `loader`, and
 * `message` what it was asked to fail with; else both may be NULL. */
json_t *answer_error(arena_t *arena, const spakky_error_t *error, const char *kind,
                     const json_t *message);

#endif
