/* A function whose results are cached, and functions that evict. */
#include "play.h"
#include "values.h"

static const char *const profile_tags[] = {"profiles", "profile:{id}"};

static const spakky_cached_t profile = {
    .key = "profile:{id}:{part}",
    .ttl = SPAKKY_MILLISECONDS(5 * 60 * 1000),
    .tags = profile_tags,
    .tag_count = 2,
};

static const spakky_evicted_t evicts_key = {.key = "profile:{id}:{part}"};
static const spakky_evicted_t evicts_tags = {.tags = &profile_tags[1], .tag_count = 1};
static const spakky_evicted_t evicts_all = {.all = true};

enum { AS_ASKED = 13 };

/* What a function is called with, and what it does. */
static int outcome(void *context) {
    const play_t *play = context;
    return step_field(play->step, "fail") == NULL ? 0 : AS_ASKED;
}

static int make_profile(void *context, spakky_encoder_t *value) {
    const play_t *play = context;
    spakky_text_t id = step_text(play->step, "id");
    spakky_text_t part = step_text(play->step, "part");
    play->player->calls++;
    size_t length = strlen("profile  ") + id.length + part.length;
    char *text = arena_take(play->arena, length + 1);
    memcpy(text, "profile ", 8);
    memcpy(text + 8, id.data, id.length);
    text[8 + id.length] = ' ';
    memcpy(text + 9 + id.length, part.data, part.length);
    spakky_encode_text(value, (spakky_text_t){text, length});
    return outcome(context);
}

static json_t *failed(play_t *play, const spakky_error_t *error) {
    return answer_error(play->arena, error, "function", step_field(play->step, "fail"));
}

json_t *op_cacheable(play_t *play) {
    arena_t *arena = play->arena;
    spakky_error_t error;
    spakky_value_t value;
    if (spakky_cacheable(&profile,
                         SPAKKY_ARGUMENTS(spakky_arg_text("id", step_text(play->step, "id")),
                                          spakky_arg_text("part", step_text(play->step, "part"))),
                         make_profile, play, &value, &error) != SPAKKY_OK) {
        return failed(play, &error);
    }
    spakky_decoder_t decoder;
    spakky_text_t text;
    spakky_decoder_init(&decoder, value.bytes);
    spakky_decode_text(&decoder, &text);
    const char *mistake = spakky_decoder_mistake(&decoder);
    json_t *result = json_object(arena);
    json_put(arena, result, "value", json_text(arena, text));
    json_put(arena, result, "calls", json_uint(arena, play->player->calls));
    spakky_value_free(&value);
    return mistake == NULL ? answer_ok(arena, result)
                           : answer_failure(arena, "serialization", spakky_str(mistake));
}

json_t *op_cache_evict(play_t *play) {
    spakky_error_t error;
    spakky_text_t by = step_text(play->step, "by");
    const spakky_evicted_t *what = spakky_text_equal(by, spakky_str("key"))    ? &evicts_key
                                   : spakky_text_equal(by, spakky_str("tags")) ? &evicts_tags
                                                                               : &evicts_all;
    if (spakky_cache_evict(what,
                           SPAKKY_ARGUMENTS(spakky_arg_text("id", step_text(play->step, "id")),
                                            spakky_arg_text("part", step_text(play->step, "part"))),
                           outcome, play, &error) != SPAKKY_OK) {
        return failed(play, &error);
    }
    return answer_null(play->arena);
}
