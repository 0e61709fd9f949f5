/*
 * A cache for WebAssembly components, shared by the whole fleet: read, write, tags, and
 * "load this once, everywhere". The host keeps the connection, the locks and the clock.
 *
 * Rules that hold for everything here:
 *
 * - What you pass is borrowed for the call, and results are yours: each comes with the
 *   one function that frees it, which is safe on what is zero or was freed already.
 *   A result is left zero by an operation that fails.
 * - An operation returns SPAKKY_OK or why it failed, and tells more in `*error`, which
 *   may be NULL. A miss is an answer, never an error.
 * - Keys, tags and texts are UTF-8 of a told length. `spakky_str` makes one of a C
 *   string. They are checked before the host is called, and so are options and values:
 *   what is wrong is refused, and nothing was read or written.
 * - Where malloc has nothing left for what the host returns, the component ends: so the
 *   bindings do it. Elsewhere that is SPAKKY_NO_MEMORY.
 * - There is no state but the host's, and where warnings go. Leaving a loader, a writer or an
 * action by longjmp is not supported: the key's lease would be held until the component ends.
 */
#ifndef SPAKKY_CACHE_H
#define SPAKKY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "spakky_cbor.h"
#include "spakky_error.h"
#include "spakky_report.h"

/* ---- Options ----------------------------------------------------------------- */

/* A span of time; zero-initialized, it is none. Make it with one of the functions. */
typedef struct spakky_duration_t {
    enum {
        SPAKKY_DURATION_NONE = 0,
        SPAKKY_DURATION_COUNTED,
        SPAKKY_DURATION_SHORT,   /* more than nothing, less than a millisecond */
        SPAKKY_DURATION_ENDLESS, /* too long to count */
        SPAKKY_DURATION_WRONG,   /* less than nothing, or no number */
    } kind;
    uint64_t milliseconds; /* rounded up */
} spakky_duration_t;

/* Durations of whole milliseconds, as an initializer for constants. */
#define SPAKKY_MILLISECONDS(count) {SPAKKY_DURATION_COUNTED, (count)}

spakky_duration_t spakky_milliseconds(uint64_t count);
/* Whole or fractional seconds. */
spakky_duration_t spakky_seconds(double seconds);
spakky_duration_t spakky_timespec(struct timespec time);

/* Whether the bytes, which are one value of the profile, are what the caller wants. */
typedef bool spakky_accept_t(void *context, spakky_bytes_t bytes);

/* How long an entry lives, what evicts it, and how long a lookup may wait. NULL in place
 * of options is the same as zeros. */
typedef struct spakky_options_t {
    /* The entry's time to live; none keeps it until something removes it. */
    spakky_duration_t ttl;
    /* The entry is fresh for so long, within its time to live. Past it, one caller at a
     * time is asked to refresh it while the others go on reading it. None: as long as it
     * lives. */
    spakky_duration_t fresh_for;
    /* A lookup waits for another caller's load at most this long, and not at all if it
     * is zero. None: as long as the host allows, which is also the longest. */
    spakky_duration_t max_wait;
    /* Tags that evict the entry. One named twice counts once. */
    const spakky_text_t *tags;
    size_t tag_count;
    /* After a loader failed, nobody loads again for so long, or for the longest time that
     * the host allows. Meanwhile an entry is served, and where there is none, callers get
     * SPAKKY_LOAD_FAILED. None: the next caller loads at once. */
    spakky_duration_t retry_after;
    /* A caller whose refresh fails gets the loader's failure, and not the stale entry. One
     * that is still fresh is served in any case. */
    bool no_stale_if_error;
    /* The host has to ask the backend, even where it may answer from copies of its own,
     * which learn of changes a moment later. */
    bool strict;
    /* Of a load: whether an entry is what the caller wants; NULL: every value is. One that
     * is not is loaded anew, while others, who want it, go on reading it. */
    spakky_accept_t *accept;
    void *accept_context;
} spakky_options_t;

/* ---- Entries ----------------------------------------------------------------- */

/* What a key holds. A null is a value, and found. */
typedef struct spakky_value_t {
    bool found;
    spakky_bytes_t bytes; /* one value, for a decoder */
} spakky_value_t;

void spakky_value_free(spakky_value_t *value);

/* What several keys hold, in their order. */
typedef struct spakky_values_t {
    spakky_value_t *items;
    size_t count;
} spakky_values_t;

void spakky_values_free(spakky_values_t *values);

/* A key and the value that it is to hold. */
typedef struct spakky_entry_t {
    spakky_text_t key;
    const spakky_encoder_t *value;
} spakky_entry_t;

/* The value of `key`, or none. Never waits for a loader. */
spakky_code_t spakky_get(spakky_text_t key, spakky_value_t *value, spakky_error_t *error);

/* The values of keys, in one round trip. The first that cannot be read fails the whole: an
 * entry that is no value is SPAKKY_SERIALIZATION. */
spakky_code_t spakky_get_many(const spakky_text_t *keys, size_t count, spakky_values_t *values,
                              spakky_error_t *error);

/* What is known of an entry without its value. */
typedef struct spakky_description_t {
    bool found;
    uint64_t version; /* identifies the entry among all that its key ever held */
    uint64_t age_ms;  /* how long ago it was stored */
    bool has_fresh_for;
    uint64_t fresh_for_ms; /* how much longer it is fresh; 0: it is stale */
    bool has_ttl;
    uint64_t ttl_ms; /* how much longer it lives */
    spakky_text_t *tags;
    size_t tag_count;
    uint64_t size;         /* the bytes of its value */
    uint64_t load_time_ms; /* how long its load took; 0 if it was stored without one */
} spakky_description_t;

void spakky_description_free(spakky_description_t *description);

/* Describes the entry of `key`. It is not counted as a read. */
spakky_code_t spakky_describe(spakky_text_t key, spakky_description_t *description,
                              spakky_error_t *error);

/* Stores an entry. A load of the same key that is under way can no longer be stored. */
spakky_code_t spakky_set(spakky_text_t key, const spakky_encoder_t *value,
                         const spakky_options_t *options, spakky_error_t *error);

/* Stores entries that share their options, in one round trip. All of them are checked
 * before any is written. Of a key named twice, the last stays. Where entries are kept in
 * several places, some may be stored although this fails. */
spakky_code_t spakky_set_many(const spakky_entry_t *entries, size_t count,
                              const spakky_options_t *options, spakky_error_t *error);

/* Removes an entry; says whether there was one. `existed` may be NULL. */
spakky_code_t spakky_delete(spakky_text_t key, bool *existed, spakky_error_t *error);

/* Removes entries, in one round trip; says how many there were. `removed` may be NULL.
 * Where entries are kept in several places, some may be removed although this fails. */
spakky_code_t spakky_delete_many(const spakky_text_t *keys, size_t count, uint64_t *removed,
                                 spakky_error_t *error);

/* Evicts every entry that has one of `tags`, at once and however many there are. Once
 * this returns, no caller anywhere reads an entry whose load began before the call. */
spakky_code_t spakky_evict_tags(const spakky_text_t *tags, size_t count, spakky_error_t *error);

/* Evicts every entry of this component's cache, as `spakky_evict_tags` does. */
spakky_code_t spakky_clear(spakky_error_t *error);

/* ---- Loading and writing ----------------------------------------------------- */

/* Encodes what it loads into `value`, which is begun, and returns 0, or an error number of
 * its own. */
typedef int spakky_loader_t(void *context, spakky_encoder_t *value);
/* Does something, and returns 0, or an error number of its own. */
typedef int spakky_action_t(void *context);

/*
 * The value of `key`; if there is none, or it is due to be refreshed, what `loader`
 * encodes, which is then stored. While the loader runs, no other caller in the whole
 * fleet loads this key: the others wait for its value, or go on reading the stale one.
 *
 * An error of the loader's comes back as SPAKKY_CALLBACK_FAILED with its number unchanged,
 * unless there is an entry to serve in its place (`no_stale_if_error`); nothing is stored
 * then, the key is free at once, and the next caller loads (or see `retry_after`). So it is
 * for what the loader could not encode, which is SPAKKY_SERIALIZATION. A value that was
 * loaded while its key was deleted, set or evicted is returned but not stored, and so is
 * one that is too large.
 *
 * An entry that is no value, or that `accept` refuses, is loaded anew.
 */
spakky_code_t spakky_get_or_load(spakky_text_t key, const spakky_options_t *options,
                                 spakky_loader_t *loader, void *context, spakky_value_t *value,
                                 spakky_error_t *error);

/* How what was loaded is stored. It is as the options of the call have it, until the loader
 * changes it. A `fresh_for` of the call's is no longer than the loader's `ttl`. */
typedef struct spakky_storing_t {
    spakky_duration_t ttl;
    spakky_duration_t fresh_for;
    const spakky_text_t *tags; /* borrowed until the call that loads returns */
    size_t tag_count;
    /* The value is returned, and not stored. */
    bool do_not_store;
    /* With that: the next ones will not be stored either, so for so long everyone who asks
     * for the key loads, and nobody waits for another's load. An entry that was being
     * refreshed is removed. */
    spakky_duration_t pass_for;
} spakky_storing_t;

/* A loader that chooses how its value is stored. */
typedef int spakky_choosing_loader_t(void *context, spakky_encoder_t *value,
                                     spakky_storing_t *storing);

/* A value, and how it came about. */
typedef struct spakky_outcome_t {
    spakky_value_t value;
    enum {
        SPAKKY_FROM_NOWHERE = 0, /* the call failed */
        SPAKKY_FROM_HIT,         /* a fresh entry */
        SPAKKY_FROM_STALE,       /* an entry past its fresh time: another caller refreshes it,
                                  * or its refresh failed */
        SPAKKY_FROM_LOADER,      /* what the loader encoded */
        SPAKKY_FROM_PASS,        /* the same, without a lease: see SPAKKY_LOOKUP_PASS; or two
                                  * entries in a row were not what is wanted */
    } source;
    bool stored; /* this call stored the value */
    /* What failed, and did not keep the value from being returned; its code is SPAKKY_OK if
     * nothing did: the loader, so that an entry was served; storing what was loaded; or
     * reading the entry, so that the loader ran. `spakky_on_warning` tells the first of each
     * kind. */
    spakky_error_t swallowed;
    uint64_t age_ms;  /* of an entry: how long ago it was stored */
    uint64_t version; /* of an entry: it among all that its key ever held */
} spakky_outcome_t;

void spakky_outcome_free(spakky_outcome_t *outcome);

/* `spakky_get_or_load` for callers who want to know where the value comes from, and for
 * loaders that choose how their value is stored. */
spakky_code_t spakky_get_or_load_outcome(spakky_text_t key, const spakky_options_t *options,
                                         spakky_choosing_loader_t *loader, void *context,
                                         spakky_outcome_t *outcome, spakky_error_t *error);

/* Takes a warning, a line without its end. */
typedef void spakky_warning_t(void *context, const char *warning);
/* Where warnings go: the standard error, if it is NULL or was never set. Each cause is
 * told once in a process. */
void spakky_on_warning(spakky_warning_t *warning, void *context);

/*
 * Writes a value to its origin and to the cache: `writer` stores it in the origin, and
 * while it does, readers of `key` miss and wait. If it succeeds, the value is cached
 * (unless another write overtook this one). If it fails, its number comes back, and the
 * key is a miss.
 */
spakky_code_t spakky_write_through(spakky_text_t key, const spakky_encoder_t *value,
                                   const spakky_options_t *options, spakky_action_t *writer,
                                   void *context, spakky_error_t *error);

/*
 * Caches a value, then writes it to its origin: readers see it before `writer` has
 * stored it. If the writer fails, the entry is removed and the number comes back.
 *
 * A writer that traps takes the component with it, and the entry stays until its time to
 * live ends. `spakky_write_through` has no such gap.
 */
spakky_code_t spakky_write_behind(spakky_text_t key, const spakky_encoder_t *value,
                                  const spakky_options_t *options, spakky_action_t *writer,
                                  void *context, spakky_error_t *error);

/*
 * The right, and the duty, to fill one key. The host keeps it alive while the component
 * holds it. Dropping it unfilled, or the end of the component, gives it up at once, and
 * one waiting caller takes over.
 *
 * Zero-initialized, it is empty. Hold one in one place: a copy of it is not another one,
 * and using one of two after the other was dropped traps.
 */
typedef struct spakky_lease_t {
    bool held;
    int32_t handle;
} spakky_lease_t;

/*
 * Stores the loaded value and wakes the callers that wait for it. `*stored` (may be
 * NULL) is false if something removed or replaced the key since the load began; the
 * value may still be used, once.
 *
 * The lease is empty afterwards. If this fails, it is not, and `spakky_lease_drop` is
 * still to be called, which may be done always.
 */
spakky_code_t spakky_lease_commit(spakky_lease_t *lease, const spakky_encoder_t *value,
                                  const spakky_options_t *options, bool *stored,
                                  spakky_error_t *error);

/* Stores nothing, and says that the next values will not be stored either: for so long,
 * everyone who asks for the key loads, and nobody waits for another's load. An entry that was
 * being refreshed is removed. `*held` (may be NULL) is false if something removed or
 * replaced the key since the load began, and for the lease of a write. */
spakky_code_t spakky_lease_pass(spakky_lease_t *lease, spakky_duration_t pause, bool *held,
                                spakky_error_t *error);
/* Says that the load failed, and that nobody is to try again for so long, or for the
 * longest time that the host allows. `*held` (may be NULL) is false if the lease was lost, so
 * that nothing is paused. */
spakky_code_t spakky_lease_fail(spakky_lease_t *lease, spakky_duration_t retry_after, bool *held,
                                spakky_error_t *error);
/* Gives the lease up, if it is not empty, and tells how that went. */
spakky_code_t spakky_lease_release(spakky_lease_t *lease, spakky_error_t *error);
/* Gives the lease up, if it is not empty, and leaves it empty. */
void spakky_lease_drop(spakky_lease_t *lease);

/* What a caller that is ready to load finds. */
typedef struct spakky_lookup_t {
    enum {
        SPAKKY_LOOKUP_NONE = 0, /* nothing was looked up, or that failed */
        SPAKKY_LOOKUP_HIT,      /* a fresh entry: `value` */
        SPAKKY_LOOKUP_STALE,    /* `value` may be served; `lease`, if it is not empty, is the
                                 * right to refresh it: else another caller has it */
        SPAKKY_LOOKUP_MISS,     /* no entry, and this caller is the one to load it */
        SPAKKY_LOOKUP_PASS,     /* no entry, and this caller loads for itself, without a
                                 * lease: loads of the key are not to be stored for now, or
                                 * waiting for its loader would never end */
    } result;
    spakky_value_t value;
    uint64_t version; /* of a found entry, among all that its key ever held */
    uint64_t age_ms;  /* how long ago it was stored */
    bool fresh;       /* of a stale one: it is to be refreshed although it is still fresh */
    spakky_lease_t lease;
} spakky_lookup_t;

/*
 * Finds `key`, or makes this caller its one loader in the whole fleet, or waits until
 * the loader is done: what `spakky_get_or_load` is made of. Of `options`, it takes the
 * tags that the entry will have, as far as they are known, and the longest wait.
 *
 * Call `spakky_lookup_drop` on every way out.
 */
spakky_code_t spakky_lookup(spakky_text_t key, const spakky_options_t *options,
                            spakky_lookup_t *lookup, spakky_error_t *error);

/* Gives the lease up, if it is still there, and frees the value. Always safe. */
void spakky_lookup_drop(spakky_lookup_t *lookup);

/* ---- Keys and cached functions ----------------------------------------------- */

/* A value for a template, by name, or with the name NULL by its number alone.
 * `spakky_arg_…` makes one. */
typedef struct spakky_argument_t {
    const char *name;
    enum {
        SPAKKY_ARGUMENT_TEXT = 0,
        SPAKKY_ARGUMENT_INTEGER,
        SPAKKY_ARGUMENT_FLOAT,
        SPAKKY_ARGUMENT_BOOL,
        SPAKKY_ARGUMENT_NULL,
    } kind;
    spakky_text_t text;
    spakky_integer_t integer;
    double real;
    bool flag;
} spakky_argument_t;

spakky_argument_t spakky_arg_text(const char *name, spakky_text_t value);
spakky_argument_t spakky_arg_str(const char *name, const char *value);
spakky_argument_t spakky_arg_int(const char *name, int64_t value);
spakky_argument_t spakky_arg_uint(const char *name, uint64_t value);
spakky_argument_t spakky_arg_integer(const char *name, spakky_integer_t value);
spakky_argument_t spakky_arg_float(const char *name, double value);
spakky_argument_t spakky_arg_bool(const char *name, bool value);
spakky_argument_t spakky_arg_null(const char *name);

/* Arguments and their number, as two parameters: SPAKKY_ARGUMENTS(spakky_arg_int("id", 7)).
 * None at all are NULL, 0. */
#define SPAKKY_ARGUMENTS(...)                                                                      \
    (const spakky_argument_t[]){__VA_ARGS__},                                                      \
        sizeof((const spakky_argument_t[]){__VA_ARGS__}) / sizeof(spakky_argument_t)

/*
 * The key that a template such as `profile:{id}:{part}` makes of arguments; `{0}` is the
 * first of them, whatever its name. wit/KEYS.md has the table. A number is bare, and a text is
 * escaped where it would end its place (`%` is
 * `%25`, `:` is `%3A`) or spells a value of another type (`"7"` is `%37`). Between two values
 * stands a `:`. So different values never make one key. NaN and infinities are refused. A
 * brace of the text is written twice.
 *
 * The key ends with a NUL that is not counted. Free it with `spakky_key_free`.
 */
spakky_code_t spakky_key(const char *key_template, const spakky_argument_t *arguments, size_t count,
                         spakky_text_t *key, spakky_error_t *error);

void spakky_key_free(spakky_text_t *key);

/* How the results of a function are cached. */
typedef struct spakky_cached_t {
    const char *key; /* the template of its key: C has no names of functions to make one of */
    spakky_duration_t ttl;
    spakky_duration_t fresh_for;
    spakky_duration_t max_wait;
    const char *const *tags; /* the templates of its tags */
    size_t tag_count;
    /* As in spakky_options_t. */
    spakky_duration_t retry_after;
    bool no_stale_if_error;
    bool strict;
    spakky_accept_t *accept;
    void *accept_context;
} spakky_cached_t;

/* Calls a function whose results are cached: `spakky_get_or_load` of the key that
 * `arguments` make. */
spakky_code_t spakky_cacheable(const spakky_cached_t *how, const spakky_argument_t *arguments,
                               size_t count, spakky_loader_t *function, void *context,
                               spakky_value_t *value, spakky_error_t *error);

/* The same for `spakky_get_or_load_outcome`. */
spakky_code_t spakky_cacheable_outcome(const spakky_cached_t *how,
                                       const spakky_argument_t *arguments, size_t count,
                                       spakky_choosing_loader_t *function, void *context,
                                       spakky_outcome_t *outcome, spakky_error_t *error);

/* What a function evicts. */
typedef struct spakky_evicted_t {
    const char *key;         /* the template of a key, or NULL */
    const char *const *tags; /* the templates of tags */
    size_t tag_count;
    bool all; /* everything, and nothing besides */
} spakky_evicted_t;

/* Calls a function, and evicts once it has succeeded. */
spakky_code_t spakky_cache_evict(const spakky_evicted_t *what, const spakky_argument_t *arguments,
                                 size_t count, spakky_action_t *function, void *context,
                                 spakky_error_t *error);

/* ---- Encodings of your own --------------------------------------------------- */

/*
 * The same operations for bytes that are no CBOR. Libraries of other languages do not
 * read such entries. The contract itself, without any checks, is `bindings/imports.h`.
 */
spakky_code_t spakky_raw_get(spakky_text_t key, spakky_value_t *value, spakky_error_t *error);
spakky_code_t spakky_raw_set(spakky_text_t key, spakky_bytes_t value,
                             const spakky_options_t *options, spakky_error_t *error);
spakky_code_t spakky_raw_lookup(spakky_text_t key, const spakky_options_t *options,
                                spakky_lookup_t *lookup, spakky_error_t *error);
spakky_code_t spakky_raw_commit(spakky_lease_t *lease, spakky_bytes_t value,
                                const spakky_options_t *options, bool *stored,
                                spakky_error_t *error);
/* Removes `key` and takes its lease from whoever holds it: the first step of a write to
 * the origin. Readers miss, and wait, until it is committed or dropped. */
spakky_code_t spakky_raw_begin_write(spakky_text_t key, const spakky_options_t *options,
                                     spakky_lease_t *lease, spakky_error_t *error);

#endif
