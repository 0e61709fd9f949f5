/* Lookups and leases: the operations that call the host. `spakky_cache.h` says what they do. */
#include "contract.h"

void spakky_lease_drop(spakky_lease_t *lease) {
    if (lease != NULL && lease->held) {
        spakky_cache_cache_lease_drop_own((spakky_cache_cache_own_lease_t){lease->handle});
        *lease = (spakky_lease_t){false, 0};
    }
}

spakky_code_t spakky_host_commit(spakky_lease_t *lease, spakky_bytes_t bytes,
                                 const spakky_checked_t *checked, bool *stored,
                                 spakky_error_t *error) {
    if (lease == NULL || !lease->held) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "the lease is empty");
    }
    bool landed = false;
    imports_list_u8_t list = to_list(bytes);
    spakky_cache_types_entry_options_t entry = to_entry_options(checked);
    spakky_cache_types_error_t failure;
    spakky_cache_cache_borrow_lease_t borrowed = {lease->handle};
    if (!spakky_cache_cache_method_lease_commit(borrowed, &list, &entry, &landed, &failure)) {
        return spakky_from_host(&failure, error);
    }
    spakky_lease_drop(lease);
    if (stored != NULL) {
        *stored = landed;
    }
    return spakky_succeed(error);
}

spakky_code_t spakky_raw_commit(spakky_lease_t *lease, spakky_bytes_t value,
                                const spakky_options_t *options, bool *stored,
                                spakky_error_t *error) {
    spakky_checked_t checked;
    if (stored != NULL) {
        *stored = false;
    }
    spakky_code_t code = spakky_check_options(options, &checked, error);
    code = code == SPAKKY_OK ? check_bytes(value, error) : code;
    return code == SPAKKY_OK ? spakky_host_commit(lease, value, &checked, stored, error) : code;
}

spakky_code_t spakky_lease_commit(spakky_lease_t *lease, const spakky_encoder_t *value,
                                  const spakky_options_t *options, bool *stored,
                                  spakky_error_t *error) {
    spakky_checked_t checked;
    spakky_bytes_t bytes;
    if (stored != NULL) {
        *stored = false;
    }
    spakky_code_t code = spakky_check_options(options, &checked, error);
    code = code == SPAKKY_OK ? spakky_check_value(value, &bytes, error) : code;
    return code == SPAKKY_OK ? spakky_host_commit(lease, bytes, &checked, stored, error) : code;
}

typedef bool hold_t(spakky_cache_cache_borrow_lease_t self, uint64_t milliseconds, bool *held,
                    spakky_cache_cache_error_t *failure);

/* Spends the lease on a pause. */
static spakky_code_t hold(spakky_lease_t *lease, spakky_duration_t pause, hold_t *call, bool *held,
                          spakky_error_t *error) {
    bool has;
    uint64_t milliseconds;
    bool landed = false;
    if (held != NULL) {
        *held = false;
    }
    spakky_code_t code = spakky_check_time(pause, "pause", &has, &milliseconds, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    if (!has) {
        return is_null("there is no pause", error);
    }
    if (lease == NULL || !lease->held) {
        return is_null("the lease is empty", error);
    }
    spakky_cache_types_error_t failure;
    spakky_cache_cache_borrow_lease_t borrowed = {lease->handle};
    if (!call(borrowed, milliseconds, &landed, &failure)) {
        return spakky_from_host(&failure, error);
    }
    spakky_lease_drop(lease);
    if (held != NULL) {
        *held = landed;
    }
    return spakky_succeed(error);
}

spakky_code_t spakky_lease_pass(spakky_lease_t *lease, spakky_duration_t pause, bool *held,
                                spakky_error_t *error) {
    return hold(lease, pause, spakky_cache_cache_method_lease_pass, held, error);
}

spakky_code_t spakky_lease_fail(spakky_lease_t *lease, spakky_duration_t retry_after, bool *held,
                                spakky_error_t *error) {
    return hold(lease, retry_after, spakky_cache_cache_method_lease_fail, held, error);
}

spakky_code_t spakky_lease_release(spakky_lease_t *lease, spakky_error_t *error) {
    if (lease == NULL || !lease->held) {
        return spakky_succeed(error);
    }
    spakky_cache_types_error_t failure;
    spakky_cache_cache_borrow_lease_t borrowed = {lease->handle};
    bool well = spakky_cache_cache_method_lease_release(borrowed, &failure);
    spakky_lease_drop(lease);
    return well ? spakky_succeed(error) : spakky_from_host(&failure, error);
}

static void take_found(const spakky_cache_cache_found_t *found, spakky_lookup_t *lookup) {
    lookup->value = from_list(found->value);
    lookup->version = found->version;
    lookup->age_ms = found->age;
}

spakky_code_t spakky_host_lookup(spakky_text_t key, const spakky_checked_t *checked,
                                 spakky_lookup_t *lookup, spakky_error_t *error) {
    *lookup = (spakky_lookup_t){.result = SPAKKY_LOOKUP_NONE};
    spakky_code_t code = check_key(key, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_string_t string = to_string(key);
    spakky_cache_cache_lookup_options_t options = {
        .tags = to_strings(checked->tags, checked->tag_count),
        .max_wait = {checked->has_max_wait, checked->max_wait},
        .unless = {checked->has_unless, checked->unless},
        .strict = checked->strict,
    };
    spakky_cache_cache_lookup_result_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_lookup(&string, &options, &found, &failure)) {
        return spakky_from_host(&failure, error);
    }
    switch (found.tag) {
    case SPAKKY_CACHE_CACHE_LOOKUP_RESULT_HIT:
        lookup->result = SPAKKY_LOOKUP_HIT;
        take_found(&found.val.hit, lookup);
        lookup->fresh = true;
        break;
    case SPAKKY_CACHE_CACHE_LOOKUP_RESULT_STALE:
        lookup->result = SPAKKY_LOOKUP_STALE;
        take_found(&found.val.stale.entry, lookup);
        lookup->fresh = found.val.stale.fresh;
        if (found.val.stale.refresh.is_some) {
            lookup->lease = from_handle(found.val.stale.refresh.val);
        }
        break;
    case SPAKKY_CACHE_CACHE_LOOKUP_RESULT_MISS:
        lookup->result = SPAKKY_LOOKUP_MISS;
        lookup->lease = from_handle(found.val.miss);
        break;
    default:
        lookup->result = SPAKKY_LOOKUP_PASS;
    }
    return spakky_succeed(error);
}

spakky_code_t spakky_raw_lookup(spakky_text_t key, const spakky_options_t *options,
                                spakky_lookup_t *lookup, spakky_error_t *error) {
    if (lookup == NULL) {
        return is_null("`lookup` is NULL", error);
    }
    *lookup = (spakky_lookup_t){.result = SPAKKY_LOOKUP_NONE};
    spakky_checked_t checked;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    return code == SPAKKY_OK ? spakky_host_lookup(key, &checked, lookup, error) : code;
}

spakky_code_t spakky_lookup(spakky_text_t key, const spakky_options_t *options,
                            spakky_lookup_t *lookup, spakky_error_t *error) {
    spakky_code_t code = spakky_raw_lookup(key, options, lookup, error);
    if (code == SPAKKY_OK && lookup->value.found) {
        code = spakky_check_found(&lookup->value, error);
        if (code != SPAKKY_OK) {
            spakky_lookup_drop(lookup);
        }
    }
    return code;
}

void spakky_lookup_drop(spakky_lookup_t *lookup) {
    if (lookup != NULL) {
        spakky_lease_drop(&lookup->lease);
        spakky_value_free(&lookup->value);
        lookup->result = SPAKKY_LOOKUP_NONE;
    }
}

spakky_code_t spakky_host_begin_write(spakky_text_t key, const spakky_checked_t *checked,
                                      spakky_lease_t *lease, spakky_error_t *error) {
    spakky_code_t code = check_key(key, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_string_t string = to_string(key);
    imports_list_string_t tags = to_strings(checked->tags, checked->tag_count);
    spakky_cache_cache_own_lease_t taken;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_begin_write(&string, &tags, &taken, &failure)) {
        return spakky_from_host(&failure, error);
    }
    *lease = from_handle(taken);
    return spakky_succeed(error);
}

spakky_code_t spakky_raw_begin_write(spakky_text_t key, const spakky_options_t *options,
                                     spakky_lease_t *lease, spakky_error_t *error) {
    if (lease == NULL) {
        return is_null("`lease` is NULL", error);
    }
    *lease = (spakky_lease_t){false, 0};
    spakky_checked_t checked;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    return code == SPAKKY_OK ? spakky_host_begin_write(key, &checked, lease, error) : code;
}
