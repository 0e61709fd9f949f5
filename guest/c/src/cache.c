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

/* Says why the host refused, and frees what it said. */
static spakky_code_t from_host(spakky_cache_types_error_t *host, spakky_error_t *error) {
    static const spakky_code_t codes[] = {
        [SPAKKY_CACHE_TYPES_ERROR_INVALID_TTL] = SPAKKY_INVALID_TTL,
        [SPAKKY_CACHE_TYPES_ERROR_INVALID_KEY] = SPAKKY_INVALID_KEY,
        [SPAKKY_CACHE_TYPES_ERROR_VALUE_TOO_LARGE] = SPAKKY_VALUE_TOO_LARGE,
        [SPAKKY_CACHE_TYPES_ERROR_LOCK_TIMEOUT] = SPAKKY_LOCK_TIMEOUT,
        [SPAKKY_CACHE_TYPES_ERROR_LEASE_HELD] = SPAKKY_LEASE_HELD,
        [SPAKKY_CACHE_TYPES_ERROR_LOAD_FAILED] = SPAKKY_LOAD_FAILED,
        [SPAKKY_CACHE_TYPES_ERROR_UNAVAILABLE] = SPAKKY_UNAVAILABLE,
        [SPAKKY_CACHE_TYPES_ERROR_OPERATION_FAILED] = SPAKKY_OPERATION_FAILED,
        [SPAKKY_CACHE_TYPES_ERROR_DENIED] = SPAKKY_DENIED,
        [SPAKKY_CACHE_TYPES_ERROR_QUOTA_EXCEEDED] = SPAKKY_QUOTA_EXCEEDED,
        [SPAKKY_CACHE_TYPES_ERROR_UNSUPPORTED] = SPAKKY_UNSUPPORTED,
    };
    spakky_code_t code = codes[host->tag];
    imports_string_t said = {NULL, 0};
    switch (code) {
    case SPAKKY_INVALID_TTL:
        said = host->val.invalid_ttl;
        break;
    case SPAKKY_INVALID_KEY:
        said = host->val.invalid_key;
        break;
    case SPAKKY_QUOTA_EXCEEDED:
        said = host->val.quota_exceeded;
        break;
    case SPAKKY_UNSUPPORTED:
        said = host->val.unsupported;
        break;
    default:
        break;
    }
    spakky_fail_with(error, code, (spakky_text_t){(const char *)said.ptr, said.len});
    if (error != NULL && code == SPAKKY_VALUE_TOO_LARGE) {
        error->limit = host->val.value_too_large;
    } else if (error != NULL && code == SPAKKY_LOAD_FAILED) {
        error->retry_after_ms = host->val.load_failed;
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

/* The error of a batch: the first of its keys'. */
static spakky_code_t first(spakky_code_t code, spakky_cache_types_error_t *host,
                           spakky_error_t *error) {
    return code == SPAKKY_OK ? from_host(host, error) : (from_host(host, NULL), code);
}

static spakky_code_t is_null(const char *what, spakky_error_t *error) {
    return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, what);
}

static spakky_code_t check_key(spakky_text_t key, spakky_error_t *error) {
    return spakky_check_texts(&key, 1, "key", error);
}

spakky_code_t spakky_check_found(spakky_value_t *value, spakky_error_t *error) {
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
    return code == SPAKKY_OK && value->found ? spakky_check_found(value, error) : code;
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
    spakky_cache_cache_list_result_option_list_u8_error_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_get_many(&list, &found, &failure)) {
        return from_host(&failure, error);
    }
    spakky_value_t *items = found.len == 0 ? NULL : calloc(found.len, sizeof *items);
    if (items == NULL && found.len > 0) {
        spakky_cache_cache_list_result_option_list_u8_error_free(&found);
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    *values = (spakky_values_t){items, found.len};
    for (size_t i = 0; i < found.len; i++) {
        if (found.ptr[i].is_err) {
            code = first(code, &found.ptr[i].val.err, error);
        } else if (found.ptr[i].val.ok.is_some) {
            items[i] = from_list(found.ptr[i].val.ok.val);
        }
    }
    /* What they hold moved, or was freed; the list goes. */
    if (found.len > 0) {
        free(found.ptr);
    }
    for (size_t i = 0; i < values->count && code == SPAKKY_OK; i++) {
        code = items[i].found ? spakky_check_found(&items[i], error) : SPAKKY_OK;
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

static spakky_code_t set_all(imports_list_tuple2_string_list_u8_t *list,
                             spakky_cache_types_entry_options_t *entry, spakky_error_t *error) {
    spakky_cache_cache_list_result_void_error_t stored;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_set_many(list, entry, &stored, &failure)) {
        return from_host(&failure, error);
    }
    spakky_code_t code = spakky_succeed(error);
    for (size_t i = 0; i < stored.len; i++) {
        if (stored.ptr[i].is_err) {
            code = first(code, &stored.ptr[i].val.err, error);
        }
    }
    if (stored.len > 0) {
        free(stored.ptr);
    }
    return code;
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
        code = set_all(&list, &entry, error);
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
    if (removed != NULL) {
        *removed = 0;
    }
    spakky_code_t code = spakky_check_texts(keys, count, "key", error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_list_string_t list = to_strings(keys, count);
    spakky_cache_cache_list_result_bool_error_t existed;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_delete_many(&list, &existed, &failure)) {
        return from_host(&failure, error);
    }
    uint64_t found = 0;
    spakky_succeed(error);
    for (size_t i = 0; i < existed.len; i++) {
        if (existed.ptr[i].is_err) {
            code = first(code, &existed.ptr[i].val.err, error);
        } else {
            found += existed.ptr[i].val.ok ? 1 : 0;
        }
    }
    if (existed.len > 0) {
        free(existed.ptr);
    }
    if (removed != NULL && code == SPAKKY_OK) {
        *removed = found;
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
    };
    spakky_cache_cache_lookup_result_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_lookup(&string, &options, &found, &failure)) {
        return from_host(&failure, error);
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
    return code == SPAKKY_OK ? spakky_host_begin_write(key, &checked, lease, error) : code;
}
