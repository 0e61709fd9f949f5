/* The steps, as they are written: what each may and must have, checked before any of it
 * is played. */
#ifndef STEPS_H
#define STEPS_H

#include "json.h"

/* Why a step cannot be played, or NULL. The steps within it are checked, too. */
const char *step_mistake(arena_t *arena, const json_t *step);

/* A field; NULL, if it was left out or is null. */
const json_t *step_field(const json_t *step, const char *name);
/* A text; the empty one, if it was left out. */
spakky_text_t step_text(const json_t *step, const char *name);
/* A whole number that was checked; 0, if it was left out. */
uint64_t step_uint(const json_t *step, const char *name);
/* A list of texts, in the arena. */
spakky_text_t *step_texts(arena_t *arena, const json_t *step, const char *name, size_t *count);

#endif
