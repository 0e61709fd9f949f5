/* The steps that load and write, and cached functions. */
#include "play.h"

#include <stdio.h>

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

/* A loader that chooses what its step says. */
static int run_chooser(void *context, spakky_encoder_t *value, spakky_storing_t *storing) {
    const json_t *json = ((work_t *)context)->json;
    int number = run_loader(context, value);
    if (json_get(json, "ttl_ms") != NULL) {
        storing->ttl = step_duration(json, "ttl_ms");
    }
    if (json_get(json, "fresh_ms") != NULL) {
        storing->fresh_for = step_duration(json, "fresh_ms");
    }
    if (json_get(json, "tags") != NULL) {
        storing->tags = json_texts(json, "tags", &storing->tag_count);
    }
    storing->pass_for = step_duration(json, "pass_ms");
    storing->do_not_store =
        step_says(json, "store", 'f') || storing->pass_for.kind != SPAKKY_DURATION_NONE;
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

/* Whether a loader chooses how its value is stored. */
static bool chooses(const json_t *loader) {
    static const char *const names[] = {"ttl_ms", "fresh_ms", "tags", "store", "pass_ms"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_get(loader, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

void op_get_or_load(const json_t *step) {
    spakky_error_t error;
    spakky_outcome_t outcome = {.stored = false};
    spakky_options_t options = step_options(step);
    spakky_text_t key = json_text(step, "key");
    work_t work = {json_get(step, "loader"), false};
    spakky_code_t code =
        chooses(work.json)
            ? spakky_get_or_load_outcome(key, &options, run_chooser, &work, &outcome, &error)
            : spakky_get_or_load(key, &options, run_loader, &work, &outcome.value, &error);
    if (!work_failed(&work, "loader", code, &error)) {
        begin_answer();
        printf("{\"loaded\":%s,\"value\":", work.ran ? "true" : "false");
        value_write(outcome.value.bytes);
        putchar('}');
        end_answer();
    }
    spakky_outcome_free(&outcome);
}

void op_get_or_load_outcome(const json_t *step) {
    static const char *const sources[] = {[SPAKKY_FROM_HIT] = "hit",
                                          [SPAKKY_FROM_STALE] = "stale",
                                          [SPAKKY_FROM_LOADER] = "loaded",
                                          [SPAKKY_FROM_PASS] = "passed"};
    spakky_error_t error;
    spakky_outcome_t outcome;
    spakky_options_t options = step_options(step);
    work_t work = {json_get(step, "loader"), false};
    spakky_code_t code = spakky_get_or_load_outcome(json_text(step, "key"), &options, run_chooser,
                                                    &work, &outcome, &error);
    if (!work_failed(&work, "loader", code, &error)) {
        spakky_code_t swallowed = outcome.swallowed.code;
        begin_answer();
        fputs("{\"value\":", stdout);
        value_write(outcome.value.bytes);
        printf(",\"source\":\"%s\",\"stored\":%s,\"entry\":%s,\"error\":", sources[outcome.source],
               outcome.stored ? "true" : "false", outcome.version > 0 ? "true" : "false");
        printf(swallowed == SPAKKY_OK ? "null}" : "\"%s\"}",
               swallowed == SPAKKY_CALLBACK_FAILED ? "loader" : spakky_error_kind(swallowed));
        end_answer();
    }
    spakky_outcome_free(&outcome);
    spakky_outcome_free(&outcome);
}

typedef spakky_code_t write_t(spakky_text_t key, const spakky_encoder_t *value,
                              const spakky_options_t *options, spakky_action_t *writer,
                              void *context, spakky_error_t *error);

static void write_value(const json_t *step, write_t *write) {
    spakky_error_t error;
    spakky_encoder_t value;
    spakky_options_t options = step_options(step);
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

/* ---- Cached functions -------------------------------------------------------- */

static const char *const profile_tags[] = {"profiles", "profile:{id}"};

/* A profile is a text. */
static bool is_text(void *context, spakky_bytes_t bytes) {
    spakky_decoder_t decoder;
    (void)context;
    spakky_decoder_init(&decoder, bytes);
    return spakky_decode_kind(&decoder) == SPAKKY_KIND_TEXT;
}

static const spakky_cached_t profile = {
    .key = "profile:{id}:{part}",
    .ttl = SPAKKY_MILLISECONDS(5 * 60 * 1000),
    .tags = profile_tags,
    .tag_count = 2,
    .accept = is_text,
};

static const char *const position_tags[] = {"profiles", "profile:{0}"};

static const spakky_cached_t by_position = {
    .key = "profile:{0}:{1}",
    .ttl = SPAKKY_MILLISECONDS(5 * 60 * 1000),
    .tags = position_tags,
    .tag_count = 2,
    .accept = is_text,
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
    const spakky_cached_t *how = json_get(step, "by") == NULL ? &profile : &by_position;
    spakky_code_t code = spakky_cacheable(how, CALLED(step), make_profile, &step, &value, &error);
    if (!failed(code, &error, "function", json_get(step, "fail"))) {
        begin_answer();
        printf("{\"calls\":%u,\"value\":", calls);
        value_write(value.bytes);
        putchar('}');
        end_answer();
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
