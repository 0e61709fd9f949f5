/* Entries: the operations that call the host. `spakky_cache.h` says what they do. */
#include <stdlib.h>

#include "contract.h"

/* The error of a batch: the first of its keys'. */
static spakky_code_t first(spakky_code_t code, spakky_cache_types_error_t *host,
                           spakky_error_t *error) {
    return code == SPAKKY_OK ? spakky_from_host(host, error) : (spakky_from_host(host, NULL), code);
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
        return spakky_from_host(&failure, error);
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
        return spakky_from_host(&failure, error);
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

void spakky_description_free(spakky_description_t *description) {
    if (description != NULL) {
        for (size_t i = 0; i < description->tag_count; i++) {
            free((void *)(uintptr_t)description->tags[i].data);
        }
        free(description->tags);
        *description = (spakky_description_t){.found = false};
    }
}

spakky_code_t spakky_describe(spakky_text_t key, spakky_description_t *description,
                              spakky_error_t *error) {
    if (description == NULL) {
        return is_null("`description` is NULL", error);
    }
    *description = (spakky_description_t){.found = false};
    spakky_code_t code = check_key(key, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    imports_string_t string = to_string(key);
    spakky_cache_cache_option_entry_info_t found;
    spakky_cache_types_error_t failure;
    if (!spakky_cache_cache_describe(&string, &found, &failure)) {
        return spakky_from_host(&failure, error);
    }
    if (!found.is_some) {
        return spakky_succeed(error);
    }
    spakky_cache_cache_entry_info_t *info = &found.val;
    *description = (spakky_description_t){
        .found = true,
        .version = info->version,
        .age_ms = info->age,
        .has_fresh_for = info->fresh_for.is_some,
        .fresh_for_ms = info->fresh_for.is_some ? info->fresh_for.val : 0,
        .has_ttl = info->ttl.is_some,
        .ttl_ms = info->ttl.is_some ? info->ttl.val : 0,
        .tags = info->tags.len == 0 ? NULL : calloc(info->tags.len, sizeof *description->tags),
        .size = info->size,
        .load_time_ms = info->load_time,
    };
    if (description->tags == NULL && info->tags.len > 0) {
        spakky_cache_cache_entry_info_free(info);
        *description = (spakky_description_t){.found = false};
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    /* The tags move; their list goes. */
    for (; description->tag_count < info->tags.len; description->tag_count++) {
        imports_string_t *tag = &info->tags.ptr[description->tag_count];
        description->tags[description->tag_count] =
            (spakky_text_t){tag->len == 0 ? NULL : (const char *)tag->ptr, tag->len};
        *tag = (imports_string_t){NULL, 0};
    }
    spakky_cache_cache_entry_info_free(info);
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
        return spakky_from_host(&failure, error);
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
        return spakky_from_host(&failure, error);
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
        code = spakky_cache_cache_delete(&string, &found, &failure)
                   ? spakky_succeed(error)
                   : spakky_from_host(&failure, error);
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
        return spakky_from_host(&failure, error);
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
                                                          : spakky_from_host(&failure, error);
}

spakky_code_t spakky_clear(spakky_error_t *error) {
    spakky_cache_types_error_t failure;
    return spakky_cache_cache_clear(&failure) ? spakky_succeed(error)
                                              : spakky_from_host(&failure, error);
}
