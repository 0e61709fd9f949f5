/* The steps that call the library. */
#include "play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- What steps hold --------------------------------------------------------- */

spakky_duration_t step_duration(const json_t *options, const char *name) {
    const json_t *json = json_get(options, name);
    return json == NULL ? (spakky_duration_t){0}
                        : spakky_milliseconds(strtoull(json->text.data, NULL, 10));
}

/* Whether a field is true, or false: by its first letter. */
bool step_says(const json_t *json, const char *name, char first) {
    const json_t *field = json_get(json, name);
    return field != NULL && field->text.data[0] == first;
}

spakky_options_t step_options(const json_t *step) {
    const json_t *json = json_get(step, "options");
    const json_t *seconds = json_get(json, "ttl_s");
    spakky_options_t options = {
        .ttl =
            seconds == NULL ? step_duration(json, "ttl_ms") : spakky_seconds(value_float(seconds)),
        .fresh_for = step_duration(json, "fresh_ms"),
        .max_wait = step_duration(json, "max_wait_ms"),
        .retry_after = step_duration(json, "retry_after_ms"),
        .no_stale_if_error = step_says(json, "stale_if_error", 'f'),
        .strict = step_says(json, "strict", 't'),
    };
    options.tags = json_texts(json, "tags", &options.tag_count);
    return options;
}

/* ---- Entries ----------------------------------------------------------------- */

static void write_found(const spakky_value_t *value) {
    if (!value->found) {
        fputs("{\"hit\":false}", stdout);
        return;
    }
    fputs("{\"hit\":true,\"value\":", stdout);
    value_write(value->bytes);
    fputs("}", stdout);
}

void op_get(const json_t *step) {
    spakky_error_t error;
    spakky_value_t value;
    if (!failed(spakky_get(json_text(step, "key"), &value, &error), &error, NULL, NULL)) {
        begin_answer();
        write_found(&value);
        end_answer();
    }
    spakky_value_free(&value);
}

void op_get_many(const json_t *step) {
    spakky_error_t error;
    spakky_values_t values;
    size_t count;
    const spakky_text_t *keys = json_texts(step, "keys", &count);
    if (!failed(spakky_get_many(keys, count, &values, &error), &error, NULL, NULL)) {
        begin_answer();
        putchar('[');
        for (size_t i = 0; i < values.count; i++) {
            fputs(i == 0 ? "" : ",", stdout);
            write_found(&values.items[i]);
        }
        putchar(']');
        end_answer();
    }
    spakky_values_free(&values);
}

void op_set(const json_t *step) {
    spakky_error_t error;
    spakky_encoder_t value;
    spakky_options_t options = step_options(step);
    spakky_encoder_init(&value);
    value_encode(json_get(step, "value"), &value);
    if (!failed(spakky_set(json_text(step, "key"), &value, &options, &error), &error, NULL, NULL)) {
        answer("null");
    }
    spakky_encoder_free(&value);
}

void op_set_many(const json_t *step) {
    spakky_error_t error;
    spakky_options_t options = step_options(step);
    const json_t *json = json_get(step, "entries");
    spakky_entry_t *entries = calloc(json->count + 1, sizeof *entries);
    spakky_encoder_t *values = calloc(json->count + 1, sizeof *values);
    size_t count = 0;
    for (const json_t *pair = json->first; pair != NULL; pair = pair->next, count++) {
        spakky_encoder_init(&values[count]);
        value_encode(pair->first->next, &values[count]);
        entries[count] = (spakky_entry_t){pair->first->text, &values[count]};
    }
    if (!failed(spakky_set_many(entries, count, &options, &error), &error, NULL, NULL)) {
        answer("null");
    }
    while (count > 0) {
        spakky_encoder_free(&values[--count]);
    }
    free(values);
    free(entries);
}

void op_describe(const json_t *step) {
    spakky_error_t error;
    spakky_description_t found;
    spakky_code_t code = spakky_describe(json_text(step, "key"), &found, &error);
    if (failed(code, &error, NULL, NULL)) {
        return;
    }
    if (!found.found) {
        answer("null");
        return;
    }
    begin_answer();
    printf("{\"version\":%" PRIu64 ",\"age_ms\":%" PRIu64 ",\"size\":%" PRIu64
           ",\"load_ms\":%" PRIu64 ",",
           found.version, found.age_ms, found.size, found.load_time_ms);
    printf(found.has_fresh_for ? "\"fresh_ms\":%" PRIu64 "," : "\"fresh_ms\":null,",
           found.fresh_for_ms);
    printf(found.has_ttl ? "\"ttl_ms\":%" PRIu64 ",\"tags\":[" : "\"ttl_ms\":null,\"tags\":[",
           found.ttl_ms);
    for (size_t i = 0; i < found.tag_count; i++) {
        fputs(i == 0 ? "" : ",", stdout);
        json_write_text(found.tags[i]);
    }
    fputs("]}", stdout);
    end_answer();
    spakky_description_free(&found);
    spakky_description_free(&found);
}

void op_delete(const json_t *step) {
    spakky_error_t error;
    bool existed;
    if (!failed(spakky_delete(json_text(step, "key"), &existed, &error), &error, NULL, NULL)) {
        answer(existed ? "true" : "false");
    }
}

void op_delete_many(const json_t *step) {
    spakky_error_t error;
    uint64_t removed;
    size_t count;
    const spakky_text_t *keys = json_texts(step, "keys", &count);
    if (!failed(spakky_delete_many(keys, count, &removed, &error), &error, NULL, NULL)) {
        answer("%" PRIu64, removed);
    }
}

void op_evict_tags(const json_t *step) {
    spakky_error_t error;
    size_t count;
    const spakky_text_t *tags = json_texts(step, "tags", &count);
    if (!failed(spakky_evict_tags(tags, count, &error), &error, NULL, NULL)) {
        answer("null");
    }
}

void op_clear(const json_t *step) {
    spakky_error_t error;
    (void)step;
    if (!failed(spakky_clear(&error), &error, NULL, NULL)) {
        answer("null");
    }
}

void op_hits(const json_t *step) {
    spakky_error_t error;
    unsigned long hits = 0;
    for (unsigned long n = strtoul(json_text(step, "times").data, NULL, 10); n > 0; n--) {
        spakky_value_t value;
        if (failed(spakky_get(json_text(step, "key"), &value, &error), &error, NULL, NULL)) {
            return;
        }
        hits += value.found ? 1 : 0;
        spakky_value_free(&value);
    }
    answer("%lu", hits);
}

/* ---- Keys and leases --------------------------------------------------------- */

/* A value as the argument `value` of a template. */
static spakky_argument_t to_argument(const json_t *json) {
    const char *name = "value";
    if (json->kind == JSON_TEXT) {
        return spakky_arg_text(name, json->text);
    }
    if (json->kind == JSON_OBJECT) {
        bool is_float = spakky_text_equal(json->first->name, spakky_str("$float"));
        return is_float ? spakky_arg_float(name, value_float(json))
                        : spakky_arg_integer(name, value_integer(json->first->text.data));
    }
    spakky_text_t word = json->text;
    if (word.data[0] == 'n') {
        return spakky_arg_null(name);
    }
    if (word.data[0] == 't' || word.data[0] == 'f') {
        return spakky_arg_bool(name, word.data[0] == 't');
    }
    bool whole =
        memchr(word.data, '.', word.length) == NULL && memchr(word.data, 'e', word.length) == NULL;
    return whole ? spakky_arg_integer(name, value_integer(word.data))
                 : spakky_arg_float(name, value_float(json));
}

void op_key(const json_t *step) {
    spakky_error_t error;
    spakky_text_t key;
    spakky_argument_t argument = to_argument(json_get(step, "value"));
    spakky_code_t code = spakky_key("k:{value}", &argument, 1, &key, &error);
    if (!failed(code, &error, NULL, NULL)) {
        begin_answer();
        json_write_text(key);
        end_answer();
    }
    spakky_key_free(&key);
}

/* Takes the lease of a key, and leaves its scope without a commit. C has no exceptions:
 * both ways out are a return. */
void op_abandon(const json_t *step) {
    spakky_error_t error;
    spakky_lookup_t lookup;
    spakky_code_t code = spakky_lookup(json_text(step, "key"), NULL, &lookup, &error);
    if (code == SPAKKY_OK && spakky_text_equal(json_text(step, "how"), spakky_str("release"))) {
        code = spakky_lease_release(&lookup.lease, &error);
    }
    spakky_lookup_drop(&lookup);
    if (!failed(code, &error, NULL, NULL)) {
        answer("null");
    }
}
