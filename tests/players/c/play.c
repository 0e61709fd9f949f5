#define _POSIX_C_SOURCE 200809L
#include "play.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void op_pause(const json_t *step) {
    (void)step;
    play_input();
    answer("null");
}

static void op_resume(const json_t *step) {
    (void)step;
    answer("null");
}

static const struct {
    const char *name;
    op_t *play;
} ops[] = {
    {"get", op_get},
    {"get_many", op_get_many},
    {"set", op_set},
    {"set_many", op_set_many},
    {"describe", op_describe},
    {"delete", op_delete},
    {"delete_many", op_delete_many},
    {"evict_tags", op_evict_tags},
    {"clear", op_clear},
    {"metrics", op_metrics},
    {"config", op_config},
    {"health", op_health},
    {"info", op_info},
    {"get_or_load", op_get_or_load},
    {"get_or_load_outcome", op_get_or_load_outcome},
    {"write_through", op_write_through},
    {"write_behind", op_write_behind},
    {"cacheable", op_cacheable},
    {"cache_evict", op_cache_evict},
    {"key", op_key},
    {"abandon", op_abandon},
    {"hits", op_hits},
    {"misuse", op_misuse},
    {"pause", op_pause},
    {"resume", op_resume},
};

static void play_step(const json_t *step) {
    spakky_text_t op = json_text(step, "op");
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (spakky_text_equal(op, spakky_str(ops[i].name))) {
            ops[i].play(step);
            return;
        }
    }
    puts("{\"error\":{\"kind\":\"protocol\",\"message\":\"only the player in Rust plays it\"}}");
    fflush(stdout);
}

void play_steps(const json_t *work) {
    const json_t *then = json_get(work, "then");
    for (const json_t *step = then == NULL ? NULL : then->first; step != NULL; step = step->next) {
        play_step(step);
    }
}

bool play_line(char *line) {
    json_t *step = json_read(line);
    bool resumed = spakky_text_equal(json_text(step, "op"), spakky_str("resume"));
    play_step(step);
    json_free(step);
    return resumed;
}

void play_input(void) {
    bool resumed = false;
    while (!resumed) {
        char *line = NULL;
        size_t size = 0;
        if (getline(&line, &size, stdin) < 0) {
            free(line);
            return;
        }
        resumed = play_line(line);
        free(line);
    }
}

void begin_answer(void) { fputs("{\"ok\":", stdout); }

void end_answer(void) {
    puts("}");
    fflush(stdout);
}

void answer(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    begin_answer();
    vprintf(format, arguments);
    end_answer();
    va_end(arguments);
}

bool failed(spakky_code_t code, const spakky_error_t *error, const char *kind, const json_t *fail) {
    if (code == SPAKKY_OK) {
        return false;
    }
    char message[512];
    spakky_error_message(error, message, sizeof message);
    bool told = code == SPAKKY_CALLBACK_FAILED && fail != NULL;
    printf("{\"error\":{\"kind\":\"%s\",\"message\":", told ? kind : spakky_error_kind(code));
    json_write_text(told ? fail->text : spakky_str(message));
    if (code == SPAKKY_VALUE_TOO_LARGE) {
        printf(",\"limit\":%" PRIu64, error->limit);
    } else if (code == SPAKKY_LOAD_FAILED) {
        printf(",\"left_ms\":%" PRIu64, error->retry_after_ms);
    }
    if (error->after != SPAKKY_AFTER_NOTHING) {
        printf(",\"after\":\"%s\"",
               error->after == SPAKKY_AFTER_SUCCESS ? "writer" : "failed writer");
    }
    fputs("}", stdout);
    end_answer();
    return true;
}
