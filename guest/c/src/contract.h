/* Between the library and the bindings of the contract. Not part of the interface. */
#ifndef SPAKKY_CONTRACT_H
#define SPAKKY_CONTRACT_H

#include "../bindings/imports.h"
#include "internal.h"

/* Lists of texts are handed to the host as they lie in memory, without a copy. */
_Static_assert(sizeof(spakky_text_t) == sizeof(imports_string_t) &&
                   offsetof(spakky_text_t, data) == offsetof(imports_string_t, ptr) &&
                   offsetof(spakky_text_t, length) == offsetof(imports_string_t, len),
               "a text lies in memory as the contract's string");

/* The bindings do not write what they lend to the host, but do not say so. */
static inline imports_string_t to_string(spakky_text_t text) {
    return (imports_string_t){(uint8_t *)(uintptr_t)text.data, text.length};
}

static inline imports_list_u8_t to_list(spakky_bytes_t bytes) {
    return (imports_list_u8_t){(uint8_t *)(uintptr_t)bytes.data, bytes.length};
}

static inline imports_list_string_t to_strings(const spakky_text_t *texts, size_t count) {
    return (imports_list_string_t){(imports_string_t *)(uintptr_t)texts, count};
}

static inline spakky_cache_types_entry_options_t to_entry_options(const spakky_checked_t *checked) {
    return (spakky_cache_types_entry_options_t){
        .ttl = {checked->has_ttl, checked->ttl},
        .fresh_for = {checked->has_fresh_for, checked->fresh_for},
        .tags = to_strings(checked->tags, checked->tag_count),
    };
}

/* A value that the host gave, which is now the caller's. */
static inline spakky_value_t from_list(imports_list_u8_t list) {
    /* The bindings leave no pointer that may be freed where there are no bytes. */
    return (spakky_value_t){true, {list.len == 0 ? NULL : list.ptr, list.len}};
}

static inline spakky_lease_t from_handle(spakky_cache_cache_own_lease_t lease) {
    return (spakky_lease_t){true, lease.__handle};
}

/* Says why the host refused, and frees what it said. */
spakky_code_t spakky_from_host(spakky_cache_types_error_t *host, spakky_error_t *error);

#endif
