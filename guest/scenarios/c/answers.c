#include "answers.h"

json_t *answer_ok(arena_t *arena, json_t *value) {
    return json_put(arena, json_object(arena), "ok", value);
}

json_t *answer_null(arena_t *arena) { return answer_ok(arena, json_null(arena)); }

static json_t *failure(arena_t *arena, const char *kind, spakky_text_t message) {
    json_t *error = json_object(arena);
    json_put(arena, error, "kind", json_str(arena, kind));
    return json_put(arena, error, "message", json_text(arena, message));
}

json_t *answer_failure(arena_t *arena, const char *kind, spakky_text_t message) {
    return json_put(arena, json_object(arena), "error", failure(arena, kind, message));
}

json_t *answer_protocol(arena_t *arena, const char *message) {
    return answer_failure(arena, "protocol", spakky_str(message));
}

json_t *answer_error(arena_t *arena, const spakky_error_t *error, const char *kind,
                     const json_t *message) {
    if (error->code == SPAKKY_CALLBACK_FAILED && message != NULL) {
        return answer_failure(arena, kind, message->text);
    }
    char text[512];
    spakky_error_message(error, text, sizeof text);
    json_t *made = failure(arena, spakky_error_kind(error->code), spakky_str(text));
    if (error->code == SPAKKY_VALUE_TOO_LARGE) {
        json_put(arena, made, "limit", json_uint(arena, error->limit));
    }
    if (error->after == SPAKKY_AFTER_SUCCESS) {
        json_put(arena, made, "after", json_str(arena, "writer"));
    } else if (error->after == SPAKKY_AFTER_FAILURE) {
        json_put(arena, made, "after", json_str(arena, "failed writer"));
    }
    return json_put(arena, json_object(arena), "error", made);
}
