/* What the host says when it refuses. */
#include "contract.h"

/* The bindings ask for an object file that tells a linker of the contract. The contract
 * is put into the component afterwards, so nothing is in it here. */
void __component_type_object_force_link_imports(void);
void __component_type_object_force_link_imports(void) {}

spakky_code_t spakky_from_host(spakky_cache_types_error_t *host, spakky_error_t *error) {
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
