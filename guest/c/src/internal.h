/* What the files of the library share. Not part of the interface. */
#ifndef SPAKKY_INTERNAL_H
#define SPAKKY_INTERNAL_H

#include "spakky_cache.h"

/* Fills `*error`, if there is one. Both return the code. */
spakky_code_t spakky_succeed(spakky_error_t *error);
spakky_code_t spakky_fail(spakky_error_t *error, spakky_code_t code, const char *reason);
/* The same, with a reason that is cut if it is too long, never within a character. */
spakky_code_t spakky_fail_with(spakky_error_t *error, spakky_code_t code, spakky_text_t reason);

/* Options in the contract's terms. */
typedef struct spakky_checked_t {
    bool has_ttl;
    bool has_fresh_for;
    bool has_max_wait;
    bool has_retry_after;
    bool has_unless;
    bool strict;
    uint64_t ttl;
    uint64_t fresh_for;
    uint64_t max_wait;
    uint64_t retry_after;
    uint64_t unless; /* the version of an entry that will not do */
    const spakky_text_t *tags;
    size_t tag_count;
} spakky_checked_t;

/* Refuses a time that no host would take; `what` it is, such as `time to live`. */
spakky_code_t spakky_check_time(spakky_duration_t time, const char *what, bool *has,
                                uint64_t *milliseconds, spakky_error_t *error);
/* Refuses times and tags that no host would take. */
spakky_code_t spakky_check_options(const spakky_options_t *options, spakky_checked_t *checked,
                                   spakky_error_t *error);
/* Whether each is UTF-8; `what` they are, such as `tag`. */
spakky_code_t spakky_check_texts(const spakky_text_t *texts, size_t count, const char *what,
                                 spakky_error_t *error);
/* The bytes of a value that is whole. */
spakky_code_t spakky_check_value(const spakky_encoder_t *value, spakky_bytes_t *bytes,
                                 spakky_error_t *error);
static inline spakky_code_t is_null(const char *what, spakky_error_t *error) {
    return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, what);
}

static inline spakky_code_t check_key(spakky_text_t key, spakky_error_t *error) {
    return spakky_check_texts(&key, 1, "key", error);
}

static inline spakky_code_t check_bytes(spakky_bytes_t bytes, spakky_error_t *error) {
    return bytes.data == NULL && bytes.length > 0 ? is_null("the bytes are NULL", error)
                                                  : SPAKKY_OK;
}

/* Checks that what was found is one value of the profile; frees it if it is not. */
spakky_code_t spakky_check_found(spakky_value_t *value, spakky_error_t *error);

/* The host's calls, when the options are checked. */
spakky_code_t spakky_host_lookup(spakky_text_t key, const spakky_checked_t *checked,
                                 spakky_lookup_t *lookup, spakky_error_t *error);
spakky_code_t spakky_host_begin_write(spakky_text_t key, const spakky_checked_t *checked,
                                      spakky_lease_t *lease, spakky_error_t *error);
spakky_code_t spakky_host_commit(spakky_lease_t *lease, spakky_bytes_t bytes,
                                 const spakky_checked_t *checked, bool *stored,
                                 spakky_error_t *error);
/* A loader that does not choose, as the context of one that may. */
typedef struct spakky_plain_t {
    spakky_loader_t *loader;
    void *context;
} spakky_plain_t;
int spakky_load_plainly(void *context, spakky_encoder_t *value, spakky_storing_t *storing);

/* How much of a text is shown: not more than `most` bytes, and whole characters. */
int spakky_shown(const char *text, size_t length, size_t most);

/* Why a program is warned. */
typedef enum spakky_cause_t {
    SPAKKY_CAUSE_UNDECODABLE,
    SPAKKY_CAUSE_REFRESH,
    SPAKKY_CAUSE_TOO_LARGE,
    SPAKKY_CAUSES,
} spakky_cause_t;
/* Warns, once in a process and cause, of what would otherwise remain unseen. */
void spakky_warn_once(spakky_cause_t cause, spakky_text_t key, const spakky_error_t *error);

#endif
