/* Loading and writing. `spakky_cache.h` says what this does. */
#include "internal.h"

static spakky_code_t callback_failed(int number, spakky_error_t *error) {
    spakky_fail(error, SPAKKY_CALLBACK_FAILED, "");
    if (error != NULL) {
        error->number = number;
    }
    return SPAKKY_CALLBACK_FAILED;
}

static void note_after(spakky_error_t *error, spakky_after_t after, int number) {
    if (error != NULL) {
        error->after = after;
        error->number = number;
    }
}

/* Loads, commits unless the lease is empty, and leaves the value in `loaded`. */
static spakky_code_t load(spakky_lease_t *lease, const spakky_checked_t *checked,
                          spakky_loader_t *loader, void *context, spakky_encoder_t *loaded,
                          spakky_error_t *error) {
    int number = loader(context, loaded);
    if (number != 0) {
        return callback_failed(number, error);
    }
    if (loaded->borrowed) {
        /* It could not be given to the caller, who frees it. */
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "the loader changed the buffer");
    }
    spakky_bytes_t bytes;
    spakky_code_t code = spakky_check_value(loaded, &bytes, error);
    if (code != SPAKKY_OK || !lease->held) {
        return code == SPAKKY_OK ? spakky_succeed(error) : code;
    }
    return spakky_host_commit(lease, bytes, checked, NULL, error);
}

spakky_code_t spakky_get_or_load(spakky_text_t key, const spakky_options_t *options,
                                 spakky_loader_t *loader, void *context, spakky_value_t *value,
                                 spakky_error_t *error) {
    if (value == NULL || loader == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT,
                           value == NULL ? "`value` is NULL" : "`loader` is NULL");
    }
    *value = (spakky_value_t){false, {NULL, 0}};
    spakky_checked_t checked;
    spakky_lookup_t lookup;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    code = code == SPAKKY_OK ? spakky_host_lookup(key, &checked, &lookup, error) : code;
    if (code != SPAKKY_OK) {
        return code;
    }
    if (lookup.value.found && !lookup.lease.held) {
        *value = lookup.value;
        return spakky_check_found(value, error);
    }
    spakky_value_free(&lookup.value);
    spakky_encoder_t loaded;
    spakky_encoder_init(&loaded);
    code = load(&lookup.lease, &checked, loader, context, &loaded, error);
    /* Here every way out of the loader meets, so the key is free. */
    spakky_lease_drop(&lookup.lease);
    if (code == SPAKKY_OK) {
        *value = (spakky_value_t){true, {loaded.data, loaded.length}};
    } else {
        spakky_encoder_free(&loaded);
    }
    return code;
}

spakky_code_t spakky_write_through(spakky_text_t key, const spakky_encoder_t *value,
                                   const spakky_options_t *options, spakky_action_t *writer,
                                   void *context, spakky_error_t *error) {
    if (writer == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`writer` is NULL");
    }
    spakky_checked_t checked;
    spakky_bytes_t bytes;
    spakky_lease_t lease = {false, 0};
    spakky_code_t code = spakky_check_options(options, &checked, error);
    /* Before anything changes: a value that cannot be cached is not written. */
    code = code == SPAKKY_OK ? spakky_check_value(value, &bytes, error) : code;
    code = code == SPAKKY_OK ? spakky_host_begin_write(key, &checked, &lease, error) : code;
    if (code != SPAKKY_OK) {
        return code;
    }
    int number = writer(context);
    if (number != 0) {
        code = callback_failed(number, error);
    } else {
        code = spakky_host_commit(&lease, bytes, &checked, NULL, error);
        if (code != SPAKKY_OK) {
            note_after(error, SPAKKY_AFTER_SUCCESS, 0);
        }
    }
    spakky_lease_drop(&lease);
    return code;
}

spakky_code_t spakky_write_behind(spakky_text_t key, const spakky_encoder_t *value,
                                  const spakky_options_t *options, spakky_action_t *writer,
                                  void *context, spakky_error_t *error) {
    if (writer == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`writer` is NULL");
    }
    spakky_code_t code = spakky_set(key, value, options, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    int number = writer(context);
    if (number == 0) {
        return spakky_succeed(error);
    }
    code = spakky_delete(key, NULL, error);
    if (code == SPAKKY_OK) {
        return callback_failed(number, error);
    }
    note_after(error, SPAKKY_AFTER_FAILURE, number);
    return code;
}
