/* The steps that call the library. */
#include "play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- What steps hold --------------------------------------------------------- */

static spakky_duration_t duration(const json_t *options, const char *name) {
    const json_t *json = json_get(options, name);
    return json == NULL ? (spakky_duration_t){0}
                        : spakky_milliseconds(strtoull(json->text.data, NULL, 10));
}

static spakky_options_t options_of(const json_t *step) {
    const json_t *json = json_get(step, "options");
    const json_t *seconds = json_get(json, "ttl_s");
    spakky_options_t options = {
        .ttl = seconds == NULL ? duration(json, "ttl_ms") : spakky_seconds(value_float(seconds)),
        .fresh_for = duration(json, "fresh_ms"),
        .max_wait = duration(json, "max_wait_ms"),
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
    spakky_options_t options = options_of(step);
    spakky_encoder_init(&value);
    value_encode(json_get(step, "value"), &value);
    if (!failed(spakky_set(json_text(step, "key"), &value, &options, &error), &error, NULL, NULL)) {
        answer("null");
    }
    spakky_encoder_free(&value);
}

void op_set_many(const json_t *step) {
    spakky_error_t error;
    spakky_options_t options = options_of(step);
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

/* ---- Loading and writing ----------------------------------------------------- */

/* What a loader or writer returns to fail. */
enum { AS_ASKED = -7 };

typedef struct work_t {
    const json_t *json; /* or NULL */
    bool ran;
} work_t;

static int run_writer(void *context) {
    work_t *work = context;
    work->ran = true;
    play_steps(work->json);
    return json_get(work->json, "fail") == NULL ? 0 : AS_ASKED;
}

static int run_loader(void *context, spakky_encoder_t *value) {
    work_t *work = context;
    int number = run_writer(context);
    if (number == 0) {
        value_encode(json_get(work->json, "value"), value);
    }
    return number;
}

/* Whether a call failed, as `failed` says. The number of a callback has to come back
 * unchanged. */
static bool work_failed(const work_t *work, const char *kind, spakky_code_t code,
                        const spakky_error_t *error) {
    if (code == SPAKKY_CALLBACK_FAILED && error->number != AS_ASKED) {
        answer("\"another number came back: %d\"", error->number);
        return true;
    }
    return failed(code, error, kind, json_get(work->json, "fail"));
}

void op_get_or_load(const json_t *step) {
    spakky_error_t error;
    spakky_value_t value;
    spakky_options_t options = options_of(step);
    work_t work = {json_get(step, "loader"), false};
    spakky_code_t code =
        spakky_get_or_load(json_text(step, "key"), &options, run_loader, &work, &value, &error);
    if (!work_failed(&work, "loader", code, &error)) {
        begin_answer();
        printf("{\"loaded\":%s,\"value\":", work.ran ? "true" : "false");
        value_write(value.bytes);
        putchar('}');
        end_answer();
    }
    spakky_value_free(&value);
}

typedef spakky_code_t write_t(spakky_text_t key, const spakky_encoder_t *value,
                              const spakky_options_t *options, spakky_action_t *writer,
                              void *context, spakky_error_t *error);

static void write_value(const json_t *step, write_t *write) {
    spakky_error_t error;
    spakky_encoder_t value;
    spakky_options_t options = options_of(step);
    work_t work = {json_get(step, "writer"), false};
    spakky_encoder_init(&value);
    value_encode(json_get(step, "value"), &value);
    spakky_code_t code = write(json_text(step, "key"), &value, &options, run_writer, &work, &error);
    if (!work_failed(&work, "writer", code, &error)) {
        answer("null");
    }
    spakky_encoder_free(&value);
}

void op_write_through(const json_t *step) { write_value(step, spakky_write_through); }

void op_write_behind(const json_t *step) { write_value(step, spakky_write_behind); }

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
    if (!failed(code, &error, NULL, NULL)) {
        spakky_lookup_drop(&lookup);
        answer("null");
    }
}

/* ---- Cached functions -------------------------------------------------------- */

static const char *const profile_tags[] = {"profiles", "profile:{id}"};

static const spakky_cached_t profile = {
    .key = "profile:{id}:{part}",
    .ttl = SPAKKY_MILLISECONDS(5 * 60 * 1000),
    .tags = profile_tags,
    .tag_count = 2,
};

/* What a function does. Its context points to its step. */
static int outcome(void *context) {
    const json_t *step = *(const json_t **)context;
    return json_get(step, "fail") == NULL ? 0 : AS_ASKED;
}

/* How often the body of the cached function ran. */
static unsigned calls;

static int make_profile(void *context, spakky_encoder_t *value) {
    const json_t *step = *(const json_t **)context;
    spakky_text_t id = json_text(step, "id");
    spakky_text_t part = json_text(step, "part");
    char text[1024];
    int length = snprintf(text, sizeof text, "profile %.*s %.*s", (int)id.length, id.data,
                          (int)part.length, part.data);
    calls++;
    spakky_encode_text(value, (spakky_text_t){text, (size_t)length});
    return outcome(context);
}

#define CALLED(step)                                                                               \
    SPAKKY_ARGUMENTS(spakky_arg_text("id", json_text(step, "id")),                                 \
                     spakky_arg_text("part", json_text(step, "part")))

void op_cacheable(const json_t *step) {
    spakky_error_t error;
    spakky_value_t value;
    spakky_code_t code =
        spakky_cacheable(&profile, CALLED(step), make_profile, &step, &value, &error);
    if (!failed(code, &error, "function", json_get(step, "fail"))) {
        spakky_decoder_t decoder;
        spakky_text_t text;
        spakky_decoder_init(&decoder, value.bytes);
        if (spakky_decode_text(&decoder, &text)) {
            begin_answer();
            printf("{\"calls\":%u,\"value\":", calls);
            json_write_text(text);
            putchar('}');
            end_answer();
        } else {
            error.code = SPAKKY_SERIALIZATION;
            failed(error.code, &error, NULL, NULL);
        }
    }
    spakky_value_free(&value);
}

void op_cache_evict(const json_t *step) {
    spakky_error_t error;
    char by = json_text(step, "by").data[0];
    const spakky_evicted_t what = {
        .key = by == 'k' ? profile.key : NULL,
        .tags = &profile_tags[1],
        .tag_count = by == 't' ? 1 : 0,
        .all = by == 'a',
    };
    spakky_code_t code = spakky_cache_evict(&what, CALLED(step), outcome, &step, &error);
    if (!failed(code, &error, "function", json_get(step, "fail"))) {
        answer("null");
    }
}
