#include "play.h"

#include <stdlib.h>

static const struct {
    const char *name;
    op_t *play;
} ops[] = {
    {"get", op_get},
    {"get_many", op_get_many},
    {"set", op_set},
    {"set_many", op_set_many},
    {"delete", op_delete},
    {"delete_many", op_delete_many},
    {"evict_tags", op_evict_tags},
    {"clear", op_clear},
    {"metrics", op_metrics},
    {"config", op_config},
    {"health", op_health},
    {"info", op_info},
    {"get_or_load", op_get_or_load},
    {"write_through", op_write_through},
    {"write_behind", op_write_behind},
    {"cacheable", op_cacheable},
    {"cache_evict", op_cache_evict},
    {"abandon", op_abandon},
    {"hits", op_hits},
    {"misuse", op_misuse},
    {"lookup", op_lookup},
    {"begin_write", op_begin_write},
    {"commit", op_commit},
    {"drop", op_drop},
    {"leak", op_leak},
    {"raw_get", op_raw_get},
    {"raw_set", op_raw_set},
    {"sleep", op_sleep},
    {"pause", op_pause},
    {"resume", op_resume},
    {"trap", op_trap},
    {"panic", op_panic},
    {"loop", op_loop},
    {"overflow", op_overflow},
    {"eat", op_eat},
    {"exit", op_exit},
};

static void answer(const json_t *json) {
    json_write(stdout, json);
    putchar('\n');
    if (fflush(stdout) != 0) {
        /* Nobody listens any more. */
        exit(EXIT_FAILURE);
    }
}

/* Plays a step that was checked. */
static void play_step(player_t *player, arena_t *arena, const json_t *step) {
    play_t play = {player, arena, step};
    spakky_text_t op = step_text(step, "op");
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (spakky_text_equal(op, spakky_str(ops[i].name))) {
            answer(ops[i].play(&play));
            return;
        }
    }
    answer(answer_protocol(arena, "an unknown `op`"));
}

bool play_work(play_t *play, const json_t *work) {
    if (work == NULL) {
        return true;
    }
    const json_t *then = step_field(work, "then");
    for (const json_t *step = then == NULL ? NULL : then->first; step != NULL; step = step->next) {
        play_step(play->player, play->arena, step);
    }
    rest(step_uint(work, "sleep_ms"));
    const json_t *trap = step_field(work, "trap");
    if (trap != NULL && trap->flag) {
        op_trap(play);
    }
    return step_field(work, "fail") == NULL;
}

static bool is_blank(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t\r", line[i]) == NULL || line[i] == '\0') {
            return false;
        }
    }
    return true;
}

bool play_line(player_t *player, char *line, size_t length) {
    arena_t arena = {NULL};
    bool resumed = false;
    if (is_blank(line, length)) {
        return false;
    }
    const char *mistake;
    json_t *step = json_read(&arena, line, length, &mistake);
    if (step != NULL) {
        mistake = step_mistake(&arena, step);
    }
    if (mistake != NULL) {
        answer(answer_protocol(&arena, mistake));
    } else if (player->pauses > 0 &&
               spakky_text_equal(step_text(step, "op"), spakky_str("resume"))) {
        answer(answer_null(&arena));
        resumed = true;
    } else {
        play_step(player, &arena, step);
    }
    arena_free(&arena);
    return resumed;
}

bool play_input(player_t *player) {
    for (;;) {
        size_t length;
        bool failed;
        char *line = input_line(&player->input, &length, &failed);
        if (line == NULL || failed) {
            free(line);
            return !failed;
        }
        bool resumed = play_line(player, line, length);
        free(line);
        if (resumed) {
            return true;
        }
    }
}
