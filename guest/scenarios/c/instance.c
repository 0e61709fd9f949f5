/* What the steps do that are about the instance, and not the cache. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "play.h"

void rest(uint64_t milliseconds) {
    struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    while (milliseconds > 0 && nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

json_t *op_sleep(play_t *play) {
    rest(step_uint(play->step, "ms"));
    return answer_null(play->arena);
}

json_t *op_pause(play_t *play) {
    play->player->pauses++;
    bool well = play_input(play->player);
    play->player->pauses--;
    return well ? answer_null(play->arena)
                : answer_protocol(play->arena, "the input cannot be read");
}

json_t *op_resume(play_t *play) { return answer_protocol(play->arena, "nothing is paused here"); }

/* `unreachable`. */
json_t *op_trap(play_t *play) {
    (void)play;
    __builtin_trap();
}

/* C has no error that nobody catches; a failed assertion comes closest. */
json_t *op_panic(play_t *play) {
    (void)play;
    abort();
}

json_t *op_loop(play_t *play) {
    (void)play;
    for (volatile unsigned forever = 1; forever != 0;) {
    }
    return answer_null(play->arena);
}

/* Calls itself until the stack is used up. */
static unsigned deeper(volatile unsigned *above, unsigned depth) {
    volatile unsigned frame[64];
    for (unsigned i = 0; i < 64; i++) {
        frame[i] = depth + above[i];
    }
    return depth == UINT32_MAX ? depth : deeper(frame, depth + 1) + frame[depth % 64];
}

json_t *op_overflow(play_t *play) {
    volatile unsigned frame[64] = {0};
    return answer_ok(play->arena, json_uint(play->arena, deeper(frame, 0)));
}

/* Memory that was taken and is not given back. */
struct hoard_t {
    hoard_t *next;
    unsigned char bytes[1024 * 1024 - sizeof(hoard_t *)];
};

json_t *op_eat(play_t *play) {
    for (uint64_t mib = step_uint(play->step, "mib"); mib > 0; mib--) {
        hoard_t *piece = malloc(sizeof *piece);
        if (piece == NULL) {
            return answer_failure(play->arena, "memory", spakky_str("there is no more"));
        }
        /* Touched, so that it is real. */
        memset(piece->bytes, 1, sizeof piece->bytes);
        piece->next = play->player->hoard;
        play->player->hoard = piece;
    }
    return answer_null(play->arena);
}

json_t *op_exit(play_t *play) {
    const json_t *code = step_field(play->step, "code");
    exit(code->negative ? -(int)code->size : (int)code->size);
}
