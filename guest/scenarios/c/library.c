/* The steps that call the library. */
#include "play.h"
#include "values.h"

/* ---- What steps hold --------------------------------------------------------- */

/* The options of a step; a protocol's mistake, or NULL. */
static const char *read_options(play_t *play, spakky_options_t *options) {
    const json_t *json = step_field(play->step, "options");
    *options = (spakky_options_t){.tags = NULL};
    if (json == NULL) {
        return NULL;
    }
    const json_t *ttl_s = step_field(json, "ttl_s");
    if (ttl_s != NULL) {
        double seconds;
        if (step_field(json, "ttl_ms") != NULL) {
            return "both `ttl_ms` and `ttl_s`";
        }
        if (!value_float(ttl_s, &seconds)) {
            return "`ttl_s` is not a float";
        }
        options->ttl = spakky_seconds(seconds);
    } else if (step_field(json, "ttl_ms") != NULL) {
        options->ttl = spakky_milliseconds(step_uint(json, "ttl_ms"));
    }
    if (step_field(json, "fresh_ms") != NULL) {
        options->fresh_for = spakky_milliseconds(step_uint(json, "fresh_ms"));
    }
    if (step_field(json, "max_wait_ms") != NULL) {
        options->max_wait = spakky_milliseconds(step_uint(json, "max_wait_ms"));
    }
    options->tags = step_texts(play->arena, json, "tags", &options->tag_count);
    return NULL;
}

static const char *const NO_VALUE = "it is not a value";

/* The value and the options of a step that stores. Free the encoder in any case. */
static const char *read_value(play_t *play, spakky_encoder_t *value, spakky_options_t *options) {
    spakky_encoder_init(value);
    if (!value_encode(json_get(play->step, "value"), value)) {
        return NO_VALUE;
    }
    return read_options(play, options);
}

/* ---- Entries ----------------------------------------------------------------- */

static json_t *found(arena_t *arena, const spakky_value_t *value) {
    json_t *json = json_put(arena, json_object(arena), "hit", json_bool(arena, value->found));
    if (value->found) {
        const char *mistake;
        json_put(arena, json, "value", value_read(arena, value->bytes, &mistake));
    }
    return json;
}

static json_t *done(play_t *play, spakky_code_t code, const spakky_error_t *error, json_t *value) {
    return code == SPAKKY_OK ? answer_ok(play->arena, value)
                             : answer_error(play->arena, error, NULL, NULL);
}

json_t *op_get(play_t *play) {
    spakky_error_t error;
    spakky_value_t value;
    spakky_code_t code = spakky_get(step_text(play->step, "key"), &value, &error);
    json_t *answer = done(play, code, &error, found(play->arena, &value));
    spakky_value_free(&value);
    return answer;
}

json_t *op_get_many(play_t *play) {
    spakky_error_t error;
    spakky_values_t values;
    size_t count;
    const spakky_text_t *keys = step_texts(play->arena, play->step, "keys", &count);
    spakky_code_t code = spakky_get_many(keys, count, &values, &error);
    json_t *list = json_array(play->arena);
    for (size_t i = 0; i < values.count; i++) {
        json_push(list, found(play->arena, &values.items[i]));
    }
    spakky_values_free(&values);
    return done(play, code, &error, list);
}

json_t *op_set(play_t *play) {
    spakky_error_t error;
    spakky_encoder_t value;
    spakky_options_t options;
    json_t *answer;
    const char *mistake = read_value(play, &value, &options);
    if (mistake != NULL) {
        answer = answer_protocol(play->arena, mistake);
    } else {
        spakky_code_t code = spakky_set(step_text(play->step, "key"), &value, &options, &error);
        answer = done(play, code, &error, json_null(play->arena));
    }
    spakky_encoder_free(&value);
    return answer;
}

/* Encodes the entries of a step; `*count` of them are to be freed in any case. */
static bool read_entries(const json_t *json, spakky_entry_t *entries, spakky_encoder_t *values,
                         size_t *count) {
    *count = 0;
    for (const json_t *pair = json->first; pair != NULL; pair = pair->next) {
        spakky_encoder_t *value = &values[*count];
        entries[(*count)++] = (spakky_entry_t){pair->first->text, value};
        spakky_encoder_init(value);
        if (!value_encode(pair->last, value)) {
            return false;
        }
    }
    return true;
}

json_t *op_set_many(play_t *play) {
    spakky_error_t error;
    spakky_options_t options;
    json_t *answer;
    size_t count;
    const json_t *json = step_field(play->step, "entries");
    spakky_entry_t *entries = arena_take(play->arena, json->count * sizeof *entries);
    spakky_encoder_t *values = arena_take(play->arena, json->count * sizeof *values);
    const char *mistake = read_entries(json, entries, values, &count) ? NULL : NO_VALUE;
    if (mistake == NULL) {
        mistake = read_options(play, &options);
    }
    if (mistake != NULL) {
        answer = answer_protocol(play->arena, mistake);
    } else {
        spakky_code_t code = spakky_set_many(entries, count, &options, &error);
        answer = done(play, code, &error, json_null(play->arena));
    }
    for (size_t i = 0; i < count; i++) {
        spakky_encoder_free(&values[i]);
    }
    return answer;
}

json_t *op_delete(play_t *play) {
    spakky_error_t error;
    bool existed;
    spakky_code_t code = spakky_delete(step_text(play->step, "key"), &existed, &error);
    return done(play, code, &error, json_bool(play->arena, existed));
}

json_t *op_delete_many(play_t *play) {
    spakky_error_t error;
    uint64_t removed;
    size_t count;
    const spakky_text_t *keys = step_texts(play->arena, play->step, "keys", &count);
    spakky_code_t code = spakky_delete_many(keys, count, &removed, &error);
    return done(play, code, &error, json_uint(play->arena, removed));
}

json_t *op_evict_tags(play_t *play) {
    spakky_error_t error;
    size_t count;
    const spakky_text_t *tags = step_texts(play->arena, play->step, "tags", &count);
    spakky_code_t code = spakky_evict_tags(tags, count, &error);
    return done(play, code, &error, json_null(play->arena));
}

json_t *op_clear(play_t *play) {
    spakky_error_t error;
    spakky_code_t code = spakky_clear(&error);
    return done(play, code, &error, json_null(play->arena));
}

json_t *op_hits(play_t *play) {
    spakky_error_t error;
    uint64_t hits = 0;
    spakky_text_t key = step_text(play->step, "key");
    for (uint64_t times = step_uint(play->step, "times"); times > 0; times--) {
        spakky_value_t value;
        if (spakky_get(key, &value, &error) != SPAKKY_OK) {
            return answer_error(play->arena, &error, NULL, NULL);
        }
        hits += value.found ? 1 : 0;
        spakky_value_free(&value);
    }
    return answer_ok(play->arena, json_uint(play->arena, hits));
}

/* ---- Loading and writing ----------------------------------------------------- */

/* A number of the loader's own: it has to come back. */
enum { AS_ASKED = -7 };

typedef struct work_t {
    play_t *play;
    const json_t *work; /* or NULL */
    bool ran;
} work_t;

static int run_writer(void *context) {
    work_t *work = context;
    work->ran = true;
    return play_work(work->play, work->work) ? 0 : AS_ASKED;
}

static int run_loader(void *context, spakky_encoder_t *value) {
    work_t *work = context;
    int number = run_writer(context);
    const json_t *json = json_get(work->work, "value");
    if (number == 0 && json == NULL) {
        spakky_encode_null(value);
    } else if (number == 0) {
        value_encode(json, value);
    }
    return number;
}

/* The answer to an error of an operation that runs a loader or a writer. */
static json_t *failed(const work_t *work, const char *kind, const spakky_error_t *error) {
    const json_t *fail = work->work == NULL ? NULL : step_field(work->work, "fail");
    if (error->code == SPAKKY_CALLBACK_FAILED && error->number != AS_ASKED) {
        return answer_protocol(work->play->arena, "another number came back");
    }
    return answer_error(work->play->arena, error, kind, fail);
}

json_t *op_get_or_load(play_t *play) {
    spakky_error_t error;
    spakky_options_t options;
    spakky_value_t value;
    arena_t *arena = play->arena;
    work_t work = {play, step_field(play->step, "loader"), false};
    const json_t *loaded = json_get(work.work, "value");
    const char *mistake = loaded == NULL || value_check(loaded) ? NULL : NO_VALUE;
    if (mistake == NULL) {
        mistake = read_options(play, &options);
    }
    if (mistake != NULL) {
        return answer_protocol(arena, mistake);
    }
    if (spakky_get_or_load(step_text(play->step, "key"), &options, run_loader, &work, &value,
                           &error) != SPAKKY_OK) {
        return failed(&work, "loader", &error);
    }
    json_t *result = json_object(arena);
    json_put(arena, result, "value", value_read(arena, value.bytes, &mistake));
    json_put(arena, result, "loaded", json_bool(arena, work.ran));
    spakky_value_free(&value);
    return answer_ok(arena, result);
}

typedef spakky_code_t write_t(spakky_text_t key, const spakky_encoder_t *value,
                              const spakky_options_t *options, spakky_action_t *writer,
                              void *context, spakky_error_t *error);

static json_t *write_value(play_t *play, write_t *write) {
    spakky_error_t error;
    spakky_encoder_t value;
    spakky_options_t options;
    json_t *answer;
    work_t work = {play, step_field(play->step, "writer"), false};
    const char *mistake = read_value(play, &value, &options);
    if (mistake != NULL) {
        answer = answer_protocol(play->arena, mistake);
    } else if (write(step_text(play->step, "key"), &value, &options, run_writer, &work, &error) !=
               SPAKKY_OK) {
        answer = failed(&work, "writer", &error);
    } else {
        answer = answer_null(play->arena);
    }
    spakky_encoder_free(&value);
    return answer;
}

json_t *op_write_through(play_t *play) { return write_value(play, spakky_write_through); }

json_t *op_write_behind(play_t *play) { return write_value(play, spakky_write_behind); }

/* Takes a key's lease and leaves without a commit: early, or with an error. */
static spakky_code_t abandon(spakky_text_t key, bool early, int *number, spakky_error_t *error) {
    spakky_lookup_t lookup;
    spakky_code_t code = spakky_lookup(key, NULL, &lookup, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    *number = early ? 0 : AS_ASKED;
    spakky_lookup_drop(&lookup);
    return code;
}

json_t *op_abandon(play_t *play) {
    spakky_error_t error;
    int number = 0;
    bool early = spakky_text_equal(step_text(play->step, "how"), spakky_str("return"));
    spakky_code_t code = abandon(step_text(play->step, "key"), early, &number, &error);
    if (code == SPAKKY_OK && !early && number != AS_ASKED) {
        return answer_protocol(play->arena, "the error did not come back");
    }
    return done(play, code, &error, json_null(play->arena));
}
