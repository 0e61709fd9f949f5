/* The operations that call the host. `spakky_cache.h` says what they do. */
#include <stdlib.h>

#include "../bindings/imports.h"
#include "internal.h"

/* The bindings ask for an object file that tells a linker of the contract. The contract
 * is put into the component afterwards, so nothing is in it here. */
void __component_type_object_force_link_imports(void);
void __component_type_object_force_link_imports(void) {}

/* ---- To the host, and back --------------------------------------------------- */

/* Lists of texts are handed to the host as they lie in memory, without a copy. */
_Static_assert(sizeof(spakky_text_t) == sizeof(imports_string_t) &&
                   offsetof(spakky_text_t, data) == offsetof(imports_string_t, ptr) &&
                   offsetof(spakky_text_t, length) == offsetof(imports_string_t, len),
               "a text lies in memory as the contract's string");

/* The bindings do not write what they lend to the host, but do not say so. */
static imports_string_t to_string(spakky_text_t text) {
    return (imports_string_t){(uint8_t *)(uintptr_t)text.data, text.length};
}

static imports_list_u8_t to_list(spakky_bytes_t bytes) {
    return (imports_list_u8_t){(uint8_t *)(uintptr_t)bytes.data, bytes.length};
}

static imports_list_string_t to_strings(const spakky_text_t *texts, size_t count) {
    return (imports_list_string_t){(imports_string_t *)(uintptr_t)texts, count};
}

static spakky_cache_types_entry_options_t to_entry_options(const spakky_checked_t *checked) {
    return (spakky_cache_types_entry_options_t){
        .ttl = {checked->has_ttl, checked->ttl},
        .fresh_for = {checked->has_fresh_for, checked->fresh_for},
        .tags = to_strings(checked->tags, checked->tag_count),
    };
}

static spakky_code_t from_host(spakky_cache_types_error_t *host, spakky_error_t *error) {
    static const spakky_code_t codes[] = {
        [SPAKKY_CACHE_TYPES_ERROR_INVALID_TTL] = SPAKKY_INVALID_TTL,
        [SPAKKY_CACHE_TYPES_ERROR_INVALID_KEY] = SPAKKY_INVALID_KEY,
        [SPAKKY_CACHE_TYPES_ERROR_VALUE_TOO_LARGE] = SPAKKY_VALUE_TOO_LARGE,
        [SPAKKY_CACHE_TYPES_ERROR_LOCK_TIMEOUT] = SPAKKY_LOCK_TIMEOUT,
        [SPAKKY_CACHE_TYPES_ERROR_LEASE_HELD] = SPAKKY_LEASE_HELD,
        [SPAKKY_CACHE_TYPES_ERROR_UNAVAILABLE] = SPAKKY_UNAVAILABLE,
        [SPAKKY_CACHE_TYPES_ERROR_OPERATION_FAILED] = SPAKKY_OPERATION_FAILED,
        [SPAKKY_CACHE_TYPES_ERROR_DENIED] = SPAKKY_DENIED,
        [SPAKKY_CACHE_TYPES_ERROR_QUOTA_EXCEEDED] = SPAKKY_QUOTA_EXCEEDED,
    };
    spakky_code_t code = codes[host->tag];
    spakky_text_t reason = {NULL, 0};
    if (code == SPAKKY_INVALID_KEY) {
        reason.data = (const char *)host->val.invalid_key.ptr;
        reason.length = host->val.invalid_key.len;
    } else if (code == SPAKKY_INVALID_TTL) {
        /* Everything else was checked before. */
        reason = spakky_str("the time to live, or the fresh time, is longer than the host allows");
    }
    spakky_fail_with(error, code, reason);
    if (code == SPAKKY_VALUE_TOO_LARGE && error != NULL) {
        error->limit = host->val.value_too_large;
    }
    spakky_cache_types_error_free(host);
    return code;
}

/* A value that the host gave, which is now the caller's. */
static spakky_value_t from_list(imports_list_u8_t list) {
    /* The bindings leave no pointer that may be freed where there are no bytes. */
    return (spakky_value_t){true, {list.len == 0 ? NULL : list.ptr, list.len}};
}

static spakky_lease_t from_handle(spakky_cache_cache_own_lease_t lease) {
    return (spakky_lease_t){true, lease.__handle};
}

static spakky_code_t is_null(const char *what, spakky_error_t *error) {
    return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, what);
}

static spakky_code_t check_key(spakky_text_t key, spakky_error_t *error) {
    return spakky_check_texts(&key, 1, "key", error);
}

/* Checks that what was found is one value of the profile; frees it if it is not. */
static spakky_code_t check_found(spakky_value_t *value, spakky_error_t *error) {
    const char *mistake = spakky_cbor_mistake(value->bytes);
    if (mistake == NULL) {
        return SPAKKY_OK;
    }
    spakky_value_free(value);
    return spakky_fail(error, SPAKKY_SERIALIZATION, mistake);
}

void spakky_value_free(spakky_value_t *value) {
    if (value != NULL) {
        free((void *)(uintptr_t)value->bytes.data);
        *value = (spakky_value_t){false, {NULL, 0}};
    }
}

void spakky_values_free(spakky_values_t *values) {
    if (values != NULL) {
        for (size_t i = 0; i < values->count; i++) {
            spakky_value_free(&values->items[i]);
        }
        free(values->items);
        *values = (spakky_values_t){NULL, 0};
    }
}

/* ---- Entries ----------------------------------------------------------------- */

spakky_code_t spakky_raw_get(spakky_text_t key, spakky_value_t *value, spakky_error_t *error) {
    if (value == NULL) {
        return is_null("`value` is NULL", error);
    }
    *value = (spakky_value_t){false, {NULL, 0}};
    spakky_code_t code = check_key(key, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_string_t string = to_string(key);
    imports_option_list_u8_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_get(&string, &found, &failure)) {
        return from_host(&failure, error);
    }
    if (found.is_some) {
        *value = from_list(found.val);
    }
    return spakky_succeed(error);
}

spakky_code_t spakky_get(spakky_text_t key, spakky_value_t *value, spakky_error_t *error) {
    spakky_code_t code = spakky_raw_get(key, value, error);
    return code == SPAKKY_OK && value->found ? check_found(value, error) : code;
}

spakky_code_t spakky_get_many(const spakky_text_t *keys, size_t count, spakky_values_t *values,
                              spakky_error_t *error) {
    if (values == NULL) {
        return is_null("`values` is NULL", error);
    }
    *values = (spakky_values_t){NULL, 0};
    spakky_code_t code = spakky_check_texts(keys, count, "key", error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_list_string_t list = to_strings(keys, count);
    imports_list_option_list_u8_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_get_many(&list, &found, &failure)) {
        return from_host(&failure, error);
    }
    spakky_value_t *items = found.len == 0 ? NULL : calloc(found.len, sizeof *items);
    if (items == NULL && found.len > 0) {
        imports_list_option_list_u8_free(&found);
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    *values = (spakky_values_t){items, found.len};
    for (size_t i = 0; i < found.len; i++) {
        if (found.ptr[i].is_some) {
            items[i] = from_list(found.ptr[i].val);
        }
    }
    /* The values moved; their list goes. */
    if (found.len > 0) {
        free(found.ptr);
    }
    for (size_t i = 0; i < values->count && code == SPAKKY_OK; i++) {
        code = items[i].found ? check_found(&items[i], error) : SPAKKY_OK;
    }
    if (code != SPAKKY_OK) {
        spakky_values_free(values);
        return code;
    }
    return spakky_succeed(error);
}

/* Stores bytes, when the options are checked. */
static spakky_code_t set(spakky_text_t key, spakky_bytes_t bytes, const spakky_checked_t *checked,
                         spakky_error_t *error) {
    spakky_code_t code = check_key(key, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_string_t string = to_string(key);
    imports_list_u8_t list = to_list(bytes);
    spakky_cache_types_entry_options_t entry = to_entry_options(checked);
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_set(&string, &list, &entry, &failure)) {
        return from_host(&failure, error);
    }
    return spakky_succeed(error);
}

spakky_code_t spakky_set(spakky_text_t key, const spakky_encoder_t *value,
                         const spakky_options_t *options, spakky_error_t *error) {
    spakky_checked_t checked;
    spakky_bytes_t bytes;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    code = code == SPAKKY_OK ? spakky_check_value(value, &bytes, error) : code;
    return code == SPAKKY_OK ? set(key, bytes, &checked, error) : code;
}

static spakky_code_t check_bytes(spakky_bytes_t bytes, spakky_error_t *error) {
    return bytes.data == NULL && bytes.length > 0 ? is_null("the bytes are NULL", error)
                                                  : SPAKKY_OK;
}

spakky_code_t spakky_raw_set(spakky_text_t key, spakky_bytes_t value,
                             const spakky_options_t *options, spakky_error_t *error) {
    spakky_checked_t checked;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    code = code == SPAKKY_OK ? check_bytes(value, error) : code;
    return code == SPAKKY_OK ? set(key, value, &checked, error) : code;
}

spakky_code_t spakky_set_many(const spakky_entry_t *entries, size_t count,
                              const spakky_options_t *options, spakky_error_t *error) {
    spakky_checked_t checked;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    if (entries == NULL && count > 0) {
        return is_null("`entries` is NULL", error);
    }
    imports_tuple2_string_list_u8_t *pairs = count == 0 ? NULL : calloc(count, sizeof *pairs);
    if (pairs == NULL && count > 0) {
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    for (size_t i = 0; i < count && code == SPAKKY_OK; i++) {
        spakky_bytes_t bytes;
        code = spakky_check_value(entries[i].value, &bytes, error);
        pairs[i].f0 = to_string(entries[i].key);
        pairs[i].f1 = to_list(bytes);
    }
    for (size_t i = 0; i < count && code == SPAKKY_OK; i++) {
        code = check_key(entries[i].key, error);
    }
    if (code == SPAKKY_OK) {
        imports_list_tuple2_string_list_u8_t list = {pairs, count};
        spakky_cache_types_entry_options_t entry = to_entry_options(&checked);
        spakky_cache_types_error_t failure;
        code = spakky_cache_cache_set_many(&list, &entry, &failure) ? spakky_succeed(error)
                                                                    : from_host(&failure, error);
    }
    free(pairs);
    return code;
}

spakky_code_t spakky_delete(spakky_text_t key, bool *existed, spakky_error_t *error) {
    bool found = false;
    spakky_code_t code = check_key(key, error);
    if (code == SPAKKY_OK) {
        imports_string_t string = to_string(key);
        spakky_cache_types_error_t failure;
        code = spakky_cache_cache_delete(&string, &found, &failure) ? spakky_succeed(error)
                                                                    : from_host(&failure, error);
    }
    if (existed != NULL) {
        *existed = code == SPAKKY_OK && found;
    }
    return code;
}

spakky_code_t spakky_delete_many(const spakky_text_t *keys, size_t count, uint64_t *removed,
                                 spakky_error_t *error) {
    uint64_t found = 0;
    spakky_code_t code = spakky_check_texts(keys, count, "key", error);
    if (code == SPAKKY_OK) {
        imports_list_string_t list = to_strings(keys, count);
        spakky_cache_types_error_t failure;
        code = spakky_cache_cache_delete_many(&list, &found, &failure) ? spakky_succeed(error)
                                                                       : from_host(&failure, error);
    }
    if (removed != NULL) {
        *removed = code == SPAKKY_OK ? found : 0;
    }
    return code;
}

spakky_code_t spakky_evict_tags(const spakky_text_t *tags, size_t count, spakky_error_t *error) {
    spakky_code_t code = spakky_check_texts(tags, count, "tag", error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_list_string_t list = to_strings(tags, count);
    spakky_cache_types_error_t failure;
    return spakky_cache_cache_evict_tags(&list, &failure) ? spakky_succeed(error)
                                                          : from_host(&failure, error);
}

spakky_code_t spakky_clear(spakky_error_t *error) {
    spakky_cache_types_error_t failure;
    return spakky_cache_cache_clear(&failure) ? spakky_succeed(error) : from_host(&failure, error);
}

/* ---- Leases ------------------------------------------------------------------ */

void spakky_lease_drop(spakky_lease_t *lease) {
    if (lease != NULL && lease->held) {
        spakky_cache_cache_lease_drop_own((spakky_cache_cache_own_lease_t){lease->handle});
        *lease = (spakky_lease_t){false, 0};
    }
}

/* Commits bytes, when the options are checked. */
static spakky_code_t commit(spakky_lease_t *lease, spakky_bytes_t bytes,
                            const spakky_checked_t *checked, bool *stored, spakky_error_t *error) {
    if (lease == NULL || !lease->held) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "the lease is empty");
    }
    bool landed = false;
    imports_list_u8_t list = to_list(bytes);
    spakky_cache_types_entry_options_t entry = to_entry_options(checked);
    spakky_cache_types_error_t failure;
    spakky_cache_cache_borrow_lease_t borrowed = {lease->handle};
    if (!spakky_cache_cache_method_lease_commit(borrowed, &list, &entry, &landed, &failure)) {
        return from_host(&failure, error);
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
    return code == SPAKKY_OK ? commit(lease, value, &checked, stored, error) : code;
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
    return code == SPAKKY_OK ? commit(lease, bytes, &checked, stored, error) : code;
}

/* Looks up, when the options are checked. */
static spakky_code_t look_up(spakky_text_t key, const spakky_checked_t *checked,
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
    };
    spakky_cache_cache_lookup_result_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_lookup(&string, &options, &found, &failure)) {
        return from_host(&failure, error);
    }
    switch (found.tag) {
    case SPAKKY_CACHE_CACHE_LOOKUP_RESULT_HIT:
        lookup->result = SPAKKY_LOOKUP_HIT;
        lookup->value = from_list(found.val.hit);
        break;
    case SPAKKY_CACHE_CACHE_LOOKUP_RESULT_STALE:
        lookup->result = SPAKKY_LOOKUP_STALE;
        lookup->value = from_list(found.val.stale.value);
        if (found.val.stale.refresh.is_some) {
            lookup->lease = from_handle(found.val.stale.refresh.val);
        }
        break;
    default:
        lookup->result = SPAKKY_LOOKUP_MISS;
        lookup->lease = from_handle(found.val.miss);
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
    return code == SPAKKY_OK ? look_up(key, &checked, lookup, error) : code;
}

spakky_code_t spakky_lookup(spakky_text_t key, const spakky_options_t *options,
                            spakky_lookup_t *lookup, spakky_error_t *error) {
    spakky_code_t code = spakky_raw_lookup(key, options, lookup, error);
    if (code == SPAKKY_OK && lookup->value.found) {
        code = check_found(&lookup->value, error);
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

static spakky_code_t begin_write(spakky_text_t key, const spakky_checked_t *checked,
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
        return from_host(&failure, error);
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
    return code == SPAKKY_OK ? begin_write(key, &checked, lease, error) : code;
}

/* ---- Loading and writing ----------------------------------------------------- */

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

/* Loads, commits, and leaves the value in `loaded`. */
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
    return code == SPAKKY_OK ? commit(lease, bytes, checked, NULL, error) : code;
}

spakky_code_t spakky_get_or_load(spakky_text_t key, const spakky_options_t *options,
                                 spakky_loader_t *loader, void *context, spakky_value_t *value,
                                 spakky_error_t *error) {
    if (value == NULL || loader == NULL) {
        return is_null(value == NULL ? "`value` is NULL" : "`loader` is NULL", error);
    }
    *value = (spakky_value_t){false, {NULL, 0}};
    spakky_checked_t checked;
    spakky_lookup_t lookup;
    spakky_code_t code = spakky_check_options(options, &checked, error);
    code = code == SPAKKY_OK ? look_up(key, &checked, &lookup, error) : code;
    if (code != SPAKKY_OK) {
        return code;
    }
    if (!lookup.lease.held) {
        *value = lookup.value;
        return check_found(value, error);
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
        return is_null("`writer` is NULL", error);
    }
    spakky_checked_t checked;
    spakky_bytes_t bytes;
    spakky_lease_t lease = {false, 0};
    spakky_code_t code = spakky_check_options(options, &checked, error);
    /* Before anything changes: a value that cannot be cached is not written. */
    code = code == SPAKKY_OK ? spakky_check_value(value, &bytes, error) : code;
    code = code == SPAKKY_OK ? begin_write(key, &checked, &lease, error) : code;
    if (code != SPAKKY_OK) {
        return code;
    }
    int number = writer(context);
    if (number != 0) {
        code = callback_failed(number, error);
    } else {
        code = commit(&lease, bytes, &checked, NULL, error);
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
        return is_null("`writer` is NULL", error);
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
