/* Plays steps, and answers each with a line on the standard output. */
#ifndef PLAY_H
#define PLAY_H

#include "json.h"
#include "spakky_cache.h"

/* Plays the lines of the input until it ends, or a pause does. */
void play_input(void);
/* Plays a line; says whether it ended a pause. */
bool play_line(char *line);
/* Plays the steps in `then` of a loader or writer, which may be NULL. */
void play_steps(const json_t *work);

/* Answers with a result, which is printed as JSON. */
__attribute__((format(printf, 1, 2))) void answer(const char *format, ...);
/* Whether a call failed. If so, this answers with its error. `kind` and `fail` say what a
 * loader or writer of the step fails with; they may be NULL. */
bool failed(spakky_code_t code, const spakky_error_t *error, const char *kind, const json_t *fail);
/* Begins and ends an answer whose result is printed in between. */
void begin_answer(void);
void end_answer(void);

/* Each plays a step and answers it. */
typedef void op_t(const json_t *step);

/* library.c */
op_t op_get, op_get_many, op_set, op_set_many, op_delete, op_delete_many, op_evict_tags, op_clear;
op_t op_describe, op_key, op_abandon, op_hits;
/* What a step holds: its options; a time; whether a field is true, or false, by its first
 * letter. */
spakky_options_t step_options(const json_t *step);
spakky_duration_t step_duration(const json_t *options, const char *name);
bool step_says(const json_t *json, const char *name, char first);
/* loads.c */
op_t op_get_or_load, op_get_or_load_outcome, op_write_through, op_write_behind;
op_t op_cacheable, op_cache_evict;
/* reports.c */
op_t op_metrics, op_config, op_health, op_info;
/* misuse.c */
op_t op_misuse;

/* values.c: a value for the cache. NULL is null. */
void value_encode(const json_t *json, spakky_encoder_t *encoder);
double value_float(const json_t *json);
spakky_integer_t value_integer(const char *text);
/* Prints a value of the cache, and a float, as scenarios write them. */
void value_write(spakky_bytes_t bytes);
void value_write_float(double number);

#endif
