/* Functions whose results are cached, and functions that evict. `spakky_cache.h` says
 * what this does. */
#include <stdlib.h>

#include "internal.h"

/* Texts that templates make; each is freed like a key. */
typedef struct texts_t {
    spakky_text_t *items;
    size_t count;
} texts_t;

static void texts_free(texts_t *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        spakky_key_free(&texts->items[i]);
    }
    free(texts->items);
    *texts = (texts_t){NULL, 0};
}

static spakky_code_t make_texts(const char *const *templates, size_t template_count,
                                const spakky_argument_t *arguments, size_t count, texts_t *texts,
                                spakky_error_t *error) {
    *texts = (texts_t){NULL, 0};
    if (templates == NULL && template_count > 0) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "the tags are NULL");
    }
    texts->items = template_count == 0 ? NULL : calloc(template_count, sizeof *texts->items);
    if (texts->items == NULL && template_count > 0) {
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    for (; texts->count < template_count; texts->count++) {
        spakky_code_t code = spakky_key(templates[texts->count], arguments, count,
                                        &texts->items[texts->count], error);
        if (code != SPAKKY_OK) {
            texts_free(texts);
            return code;
        }
    }
    return SPAKKY_OK;
}

spakky_code_t spakky_cacheable_outcome(const spakky_cached_t *how,
                                       const spakky_argument_t *arguments, size_t count,
                                       spakky_choosing_loader_t *function, void *context,
                                       spakky_outcome_t *outcome, spakky_error_t *error) {
    if (outcome == NULL) {
        return is_null("`outcome` is NULL", error);
    }
    *outcome = (spakky_outcome_t){.source = SPAKKY_FROM_NOWHERE};
    if (how == NULL) {
        return is_null("`how` is NULL", error);
    }
    if (how->key == NULL) {
        return spakky_fail(error, SPAKKY_KEY_GENERATION,
                           "a function has no name at run time: `key` needs a template");
    }
    spakky_text_t key;
    texts_t tags = {NULL, 0};
    spakky_code_t code = spakky_key(how->key, arguments, count, &key, error);
    if (code == SPAKKY_OK) {
        code = make_texts(how->tags, how->tag_count, arguments, count, &tags, error);
    }
    if (code == SPAKKY_OK) {
        spakky_options_t options = {
            .ttl = how->ttl,
            .fresh_for = how->fresh_for,
            .max_wait = how->max_wait,
            .tags = tags.items,
            .tag_count = tags.count,
            .retry_after = how->retry_after,
            .no_stale_if_error = how->no_stale_if_error,
            .strict = how->strict,
            .accept = how->accept,
            .accept_context = how->accept_context,
        };
        code = spakky_get_or_load_outcome(key, &options, function, context, outcome, error);
    }
    texts_free(&tags);
    spakky_key_free(&key);
    return code;
}

spakky_code_t spakky_cacheable(const spakky_cached_t *how, const spakky_argument_t *arguments,
                               size_t count, spakky_loader_t *function, void *context,
                               spakky_value_t *value, spakky_error_t *error) {
    if (value == NULL) {
        return is_null("`value` is NULL", error);
    }
    *value = (spakky_value_t){false, {NULL, 0}};
    if (function == NULL) {
        return is_null("`function` is NULL", error);
    }
    spakky_outcome_t outcome;
    spakky_plain_t plain = {function, context};
    spakky_code_t code = spakky_cacheable_outcome(how, arguments, count, spakky_load_plainly,
                                                  &plain, &outcome, error);
    *value = outcome.value;
    return code;
}

/* Evicts what was found to be possible. */
static spakky_code_t evict(const spakky_evicted_t *what, spakky_text_t key, const texts_t *tags,
                           spakky_error_t *error) {
    if (what->all) {
        return spakky_clear(error);
    }
    spakky_code_t code = what->key == NULL ? SPAKKY_OK : spakky_delete(key, NULL, error);
    if (code == SPAKKY_OK && tags->count > 0) {
        code = spakky_evict_tags(tags->items, tags->count, error);
    }
    return code;
}

spakky_code_t spakky_cache_evict(const spakky_evicted_t *what, const spakky_argument_t *arguments,
                                 size_t count, spakky_action_t *function, void *context,
                                 spakky_error_t *error) {
    if (what == NULL || function == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT,
                           what == NULL ? "`what` is NULL" : "`function` is NULL");
    }
    bool some = what->key != NULL || what->tag_count > 0;
    if (what->all == some) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT,
                           "an eviction is of a key, of tags, or of everything and no more");
    }
    spakky_text_t key = {NULL, 0};
    texts_t tags = {NULL, 0};
    spakky_code_t code = SPAKKY_OK;
    /* Before the function runs, so that it does not for what cannot be evicted. */
    if (what->key != NULL) {
        code = spakky_key(what->key, arguments, count, &key, error);
    }
    if (code == SPAKKY_OK) {
        code = make_texts(what->tags, what->tag_count, arguments, count, &tags, error);
    }
    if (code == SPAKKY_OK) {
        int number = function(context);
        if (number != 0) {
            code = spakky_fail(error, SPAKKY_CALLBACK_FAILED, "");
        } else {
            code = evict(what, key, &tags, error);
        }
        if (code != SPAKKY_OK && error != NULL) {
            error->number = number;
            error->after = number == 0 ? SPAKKY_AFTER_SUCCESS : SPAKKY_AFTER_NOTHING;
        }
    }
    texts_free(&tags);
    spakky_key_free(&key);
    return code;
}
