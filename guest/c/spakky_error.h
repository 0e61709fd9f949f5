/*
 * Why an operation of the cache failed. Included by `spakky_cache.h`.
 */
#ifndef SPAKKY_ERROR_H
#define SPAKKY_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* Why an operation failed. */
typedef enum spakky_code_t {
    SPAKKY_OK = 0,
    /* The value cannot be encoded, or what is stored is no value. Nothing was stored. */
    SPAKKY_SERIALIZATION,
    /* A template is wrong, names no argument, or a value in it is not UTF-8. */
    SPAKKY_KEY_GENERATION,
    /* A time to live or a fresh time is zero, no time, shorter than a millisecond, longer
     * than the host allows, or the entry would be fresh for longer than it lives. */
    SPAKKY_INVALID_TTL,
    /* A key, a tag, or their number is outside the limits; `reason` says which. */
    SPAKKY_INVALID_KEY,
    /* The value is too large; `limit` is the most that the host takes, in bytes. */
    SPAKKY_VALUE_TOO_LARGE,
    /* Another caller held the key's lease for longer than the wait allowed. */
    SPAKKY_LOCK_TIMEOUT,
    /* This caller holds the key's lease itself: waiting would never end. */
    SPAKKY_LEASE_HELD,
    /* The last load of the key failed, and nobody is to try again for `retry_after_ms`. */
    SPAKKY_LOAD_FAILED,
    /* The backend cannot be reached, or did not answer in time. */
    SPAKKY_UNAVAILABLE,
    /* The backend answered, and the answer was a failure. The host's log has more. */
    SPAKKY_OPERATION_FAILED,
    /* The component was not granted this operation. */
    SPAKKY_DENIED,
    /* The component has used up something that it was granted a limit of; `reason` says
     * which, and the limit. */
    SPAKKY_QUOTA_EXCEEDED,
    /* This host does not offer what was asked for; `reason` says what. */
    SPAKKY_UNSUPPORTED,
    /* Of C alone: NULL where something is needed, an empty lease, a number that is none
     * of its type's; `reason` says which. */
    SPAKKY_INVALID_ARGUMENT,
    /* Of C alone: malloc had nothing left. */
    SPAKKY_NO_MEMORY,
    /* The loader, writer or action failed; `number` is what it returned, unchanged. */
    SPAKKY_CALLBACK_FAILED,
} spakky_code_t;

/* Whether the writer of a write, or the action of an eviction, ran before the cache
 * failed: for one that must not run twice. */
typedef enum spakky_after_t {
    SPAKKY_AFTER_NOTHING = 0,
    /* It had succeeded. Of a write: the origin has the value, and readers load it. */
    SPAKKY_AFTER_SUCCESS,
    /* Of write-behind: it had failed with `number`, and then the entry could not be
     * removed, so readers may still see a value that was never written. */
    SPAKKY_AFTER_FAILURE,
} spakky_after_t;

typedef struct spakky_error_t {
    spakky_code_t code;
    spakky_after_t after;
    int number;              /* of SPAKKY_CALLBACK_FAILED and SPAKKY_AFTER_FAILURE */
    uint64_t limit;          /* of SPAKKY_VALUE_TOO_LARGE, in bytes */
    uint64_t retry_after_ms; /* of SPAKKY_LOAD_FAILED: how much longer */
    char reason[160];        /* more about it, a C string, cut if it is longer; may be empty */
} spakky_error_t;

/* The contract's name for a kind of failure, such as `lock-timeout`: for logs and for
 * other languages. Of C alone are `ok`, `invalid-argument`, `no-memory`, `callback`. */
const char *spakky_error_kind(spakky_code_t code);
/* A sentence for people. Like snprintf, it returns the length of the whole, and cuts
 * what does not fit. */
size_t spakky_error_message(const spakky_error_t *error, char *buffer, size_t size);

#endif
