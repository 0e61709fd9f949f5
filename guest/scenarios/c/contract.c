/* The steps that call the contract itself, past the library: nothing is checked before
 * the host is called. */
#include <stdlib.h>

#include "bindings/imports.h"
#include "play.h"
#include "values.h"

struct named_lease_t {
    named_lease_t *next;
    char *name;
    size_t length;
    spakky_cache_cache_own_lease_t lease;
};

/* ---- To the contract's types, and from them ---------------------------------- */

static imports_string_t to_string(spakky_text_t text) {
    return (imports_string_t){(uint8_t *)(uintptr_t)text.data, text.length};
}

static imports_list_string_t to_tags(play_t *play, const json_t *from) {
    size_t count = 0;
    spakky_text_t *texts = from == NULL ? NULL : step_texts(play->arena, from, "tags", &count);
    imports_string_t *tags = arena_take(play->arena, count * sizeof *tags);
    for (size_t i = 0; i < count; i++) {
        tags[i] = to_string(texts[i]);
    }
    return (imports_list_string_t){tags, count};
}

static spakky_cache_types_option_duration_ms_t to_time(const json_t *from, const char *name) {
    bool is_some = from != NULL && step_field(from, name) != NULL;
    return (spakky_cache_types_option_duration_ms_t){is_some, is_some ? step_uint(from, name) : 0};
}

static spakky_cache_types_entry_options_t to_options(play_t *play) {
    const json_t *json = step_field(play->step, "options");
    return (spakky_cache_types_entry_options_t){
        .ttl = to_time(json, "ttl_ms"),
        .fresh_for = to_time(json, "fresh_ms"),
        .tags = to_tags(play, json),
    };
}

static json_t *refused(play_t *play, spakky_cache_types_error_t *error) {
    static const char *const kinds[] = {"invalid-ttl",      "invalid-key", "value-too-large",
                                        "lock-timeout",     "lease-held",  "unavailable",
                                        "operation-failed", "denied",      "quota-exceeded"};
    spakky_text_t message = spakky_str("the host refused");
    if (error->tag == SPAKKY_CACHE_TYPES_ERROR_INVALID_KEY) {
        message =
            (spakky_text_t){(const char *)error->val.invalid_key.ptr, error->val.invalid_key.len};
    }
    json_t *answer = answer_failure(play->arena, kinds[error->tag], message);
    if (error->tag == SPAKKY_CACHE_TYPES_ERROR_VALUE_TOO_LARGE) {
        json_put(play->arena, answer->first, "limit",
                 json_uint(play->arena, error->val.value_too_large));
    }
    spakky_cache_types_error_free(error);
    return answer;
}

/* The bytes of a value: encoded, given, or just so many. The answer to what is none, or
 * NULL. What `*content` holds is freed by `free`. */
static json_t *read_content(play_t *play, imports_list_u8_t *content) {
    const json_t *value = json_get(play->step, "value");
    const json_t *hex = step_field(play->step, "hex");
    const json_t *count = step_field(play->step, "bytes");
    *content = (imports_list_u8_t){NULL, 0};
    if ((value != NULL) + (hex != NULL) + (count != NULL) != 1) {
        return answer_protocol(play->arena, "one of `value`, `hex` and `bytes`");
    }
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    if (value != NULL && !value_encode(value, &encoder)) {
        spakky_encoder_free(&encoder);
        return answer_protocol(play->arena, "it is not a value");
    }
    const char *mistake = value == NULL ? NULL : spakky_encoder_mistake(&encoder);
    if (mistake != NULL) {
        spakky_encoder_free(&encoder);
        return answer_failure(play->arena, "serialization", spakky_str(mistake));
    }
    if (value != NULL) {
        *content = (imports_list_u8_t){encoder.data, encoder.length};
        return NULL;
    }
    spakky_bytes_t bytes = {NULL, count == NULL ? 0 : (size_t)count->size};
    if (hex != NULL && !value_from_hex(play->arena, hex->text, &bytes)) {
        return answer_protocol(play->arena, "it is not hexadecimal");
    }
    *content = (imports_list_u8_t){calloc(bytes.length + 1, 1), bytes.length};
    if (content->ptr == NULL) {
        abort();
    }
    if (bytes.data != NULL) {
        memcpy(content->ptr, bytes.data, bytes.length);
    }
    return NULL;
}

/* ---- Leases ------------------------------------------------------------------ */

static named_lease_t **find_lease(player_t *player, spakky_text_t name) {
    named_lease_t **at = &player->leases;
    while (*at != NULL && !spakky_text_equal((spakky_text_t){(*at)->name, (*at)->length}, name)) {
        at = &(*at)->next;
    }
    return at;
}

/* Takes a lease out of the list; false: there is none of the name. */
static bool take_lease(player_t *player, spakky_text_t name,
                       spakky_cache_cache_own_lease_t *lease) {
    named_lease_t **at = find_lease(player, name);
    named_lease_t *taken = *at;
    if (taken == NULL) {
        return false;
    }
    *lease = taken->lease;
    *at = taken->next;
    free(taken->name);
    free(taken);
    return true;
}

/* Keeps a lease under its name; one that was kept there is dropped. */
static void keep_lease(play_t *play, spakky_cache_cache_own_lease_t lease) {
    const json_t *named = step_field(play->step, "lease");
    spakky_text_t name = named == NULL ? step_text(play->step, "key") : named->text;
    spakky_cache_cache_own_lease_t before;
    if (take_lease(play->player, name, &before)) {
        spakky_cache_cache_lease_drop_own(before);
    }
    named_lease_t *kept = malloc(sizeof *kept);
    char *copy = malloc(name.length + 1);
    if (kept == NULL || copy == NULL) {
        abort();
    }
    memcpy(copy, name.data, name.length);
    *kept = (named_lease_t){play->player->leases, copy, name.length, lease};
    play->player->leases = kept;
}

void drop_leases(player_t *player) {
    spakky_cache_cache_own_lease_t lease;
    while (player->leases != NULL) {
        take_lease(player, (spakky_text_t){player->leases->name, player->leases->length}, &lease);
        spakky_cache_cache_lease_drop_own(lease);
    }
}

static json_t *no_lease(play_t *play) {
    return answer_protocol(play->arena, "no lease of this name is held");
}

/* ---- Steps ------------------------------------------------------------------- */

json_t *op_lookup(play_t *play) {
    arena_t *arena = play->arena;
    imports_string_t key = to_string(step_text(play->step, "key"));
    spakky_cache_types_option_duration_ms_t wait = to_time(play->step, "max_wait_ms");
    spakky_cache_cache_lookup_options_t options = {to_tags(play, play->step),
                                                   {wait.is_some, wait.val}};
    spakky_cache_cache_lookup_result_t found;
    spakky_cache_types_error_t error;
    if (!spakky_cache_cache_lookup(&key, &options, &found, &error)) {
        return refused(play, &error);
    }
    bool is_hit = found.tag == SPAKKY_CACHE_CACHE_LOOKUP_RESULT_HIT;
    json_t *result = json_object(arena);
    if (found.tag == SPAKKY_CACHE_CACHE_LOOKUP_RESULT_MISS) {
        keep_lease(play, found.val.miss);
        return answer_ok(arena, json_put(arena, result, "result", json_str(arena, "miss")));
    }
    imports_list_u8_t *bytes = is_hit ? &found.val.hit : &found.val.stale.value;
    const char *mistake;
    json_t *value = value_read(arena, (spakky_bytes_t){bytes->ptr, bytes->len}, &mistake);
    if (value == NULL) {
        spakky_cache_cache_lookup_result_free(&found);
        return answer_failure(arena, "serialization", spakky_str(mistake));
    }
    imports_list_u8_free(bytes);
    json_put(arena, result, "result", json_str(arena, is_hit ? "hit" : "stale"));
    json_put(arena, result, "value", value);
    if (!is_hit) {
        bool refresh = found.val.stale.refresh.is_some;
        json_put(arena, result, "refresh", json_bool(arena, refresh));
        if (refresh) {
            keep_lease(play, found.val.stale.refresh.val);
        }
    }
    return answer_ok(arena, result);
}

json_t *op_begin_write(play_t *play) {
    imports_string_t key = to_string(step_text(play->step, "key"));
    imports_list_string_t tags = to_tags(play, play->step);
    spakky_cache_cache_own_lease_t lease;
    spakky_cache_types_error_t error;
    if (!spakky_cache_cache_begin_write(&key, &tags, &lease, &error)) {
        return refused(play, &error);
    }
    keep_lease(play, lease);
    return answer_null(play->arena);
}

json_t *op_commit(play_t *play) {
    imports_list_u8_t content;
    json_t *answer = read_content(play, &content);
    if (answer != NULL) {
        return answer;
    }
    named_lease_t *held = *find_lease(play->player, step_text(play->step, "lease"));
    if (held == NULL) {
        free(content.ptr);
        return no_lease(play);
    }
    spakky_cache_types_entry_options_t options = to_options(play);
    spakky_cache_types_error_t error;
    bool stored;
    answer = spakky_cache_cache_method_lease_commit(spakky_cache_cache_borrow_lease(held->lease),
                                                    &content, &options, &stored, &error)
                 ? answer_ok(play->arena, json_bool(play->arena, stored))
                 : refused(play, &error);
    free(content.ptr);
    return answer;
}

json_t *op_drop(play_t *play) {
    spakky_cache_cache_own_lease_t lease;
    if (!take_lease(play->player, step_text(play->step, "lease"), &lease)) {
        return no_lease(play);
    }
    spakky_cache_cache_lease_drop_own(lease);
    return answer_null(play->arena);
}

json_t *op_leak(play_t *play) {
    spakky_cache_cache_own_lease_t lease;
    return take_lease(play->player, step_text(play->step, "lease"), &lease)
               ? answer_null(play->arena)
               : no_lease(play);
}

json_t *op_raw_get(play_t *play) {
    arena_t *arena = play->arena;
    imports_string_t key = to_string(step_text(play->step, "key"));
    imports_option_list_u8_t found;
    spakky_cache_types_error_t error;
    if (!spakky_cache_cache_get(&key, &found, &error)) {
        return refused(play, &error);
    }
    json_t *result = json_put(arena, json_object(arena), "hit", json_bool(arena, found.is_some));
    if (found.is_some) {
        spakky_bytes_t bytes = {found.val.ptr, found.val.len};
        json_put(arena, result, "hex", value_to_hex(arena, bytes));
        imports_list_u8_free(&found.val);
    }
    return answer_ok(arena, result);
}

json_t *op_raw_set(play_t *play) {
    imports_list_u8_t content;
    json_t *answer = read_content(play, &content);
    if (answer != NULL) {
        return answer;
    }
    imports_string_t key = to_string(step_text(play->step, "key"));
    spakky_cache_types_entry_options_t options = to_options(play);
    spakky_cache_types_error_t error;
    answer = spakky_cache_cache_set(&key, &content, &options, &error) ? answer_null(play->arena)
                                                                      : refused(play, &error);
    free(content.ptr);
    return answer;
}
