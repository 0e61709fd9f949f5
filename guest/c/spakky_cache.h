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
 * - There is no state but the host's. Leaving a loader, a writer or an action by
 *   longjmp is not supported: the key's lease would be held until the component ends.
 */
#ifndef SPAKKY_CACHE_H
#define SPAKKY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "spakky_cbor.h"

/* ---- Errors ------------------------------------------------------------------ */

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
 * An error of the loader's comes back as SPAKKY_CALLBACK_FAILED with its number
 * unchanged; nothing is stored then, the key is free at once, and the next caller loads.
 * A value that was loaded while its key was deleted, set or evicted is returned but not
 * stored.
 */
spakky_code_t spakky_get_or_load(spakky_text_t key, const spakky_options_t *options,
                                 spakky_loader_t *loader, void *context, spakky_value_t *value,
                                 spakky_error_t *error);

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

/* A value for a template, by name. `spakky_arg_…` makes one. */
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
 * The key that a template such as `profile:{id}:{part}` makes of arguments. wit/KEYS.md has
 * the table. A number is bare, and a text is escaped where it would end its place (`%` is
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
    const char *key; /* the template of its key */
    spakky_duration_t ttl;
    spakky_duration_t fresh_for;
    spakky_duration_t max_wait;
    const char *const *tags; /* the templates of its tags */
    size_t tag_count;
} spakky_cached_t;

/* Calls a function whose results are cached: `spakky_get_or_load` of the key that
 * `arguments` make. */
spakky_code_t spakky_cacheable(const spakky_cached_t *how, const spakky_argument_t *arguments,
                               size_t count, spakky_loader_t *function, void *context,
                               spakky_value_t *value, spakky_error_t *error);

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

/* ---- What the host tells ----------------------------------------------------- */

/* Counts since the host started, for this component's cache. */
typedef struct spakky_metrics_t {
    uint64_t hits;           /* reads answered with a value */
    uint64_t misses;         /* reads answered with none: one for a load, however long */
    uint64_t writes;         /* entries stored */
    uint64_t deletes;        /* deletes that found an entry */
    uint64_t clears;         /* calls of `spakky_clear` */
    uint64_t tag_evictions;  /* calls of `spakky_evict_tags` that named a tag */
    uint64_t stampede_waits; /* lookups that waited for another caller's load */
    uint64_t rejections;     /* lookups that met the entry that would not do */
} spakky_metrics_t;

/* The counts as they stand. */
spakky_metrics_t spakky_metrics(void);

/* What a component may know of how its cache is set up. Never a credential. */
typedef struct spakky_config_t {
    spakky_text_t host; /* of the backend; empty where the store is in the host */
    uint16_t port;      /* 0 where the store is in the host */
    uint32_t db;
    bool use_ssl;
    spakky_text_t key_prefix;     /* what every key begins with, in the backend */
    uint64_t socket_timeout_ms;   /* the longest that one operation may take */
    spakky_text_t scheme;         /* `redis`, `rediss` or `embedded` */
    spakky_text_t connection_url; /* without credentials */
} spakky_config_t;

spakky_code_t spakky_config(spakky_config_t *config, spakky_error_t *error);
void spakky_config_free(spakky_config_t *config);

/* What is asked about. */
typedef enum spakky_endpoint_t {
    SPAKKY_HEALTH,    /* is all well? */
    SPAKKY_READINESS, /* can it serve now? */
    SPAKKY_LIVENESS,  /* is it alive, or should it be restarted? */
} spakky_endpoint_t;

/* One value of a report. */
typedef struct spakky_detail_t {
    spakky_text_t name;
    enum {
        SPAKKY_DETAIL_TEXT,
        SPAKKY_DETAIL_INTEGER,
        SPAKKY_DETAIL_NUMBER,
        SPAKKY_DETAIL_FLAG,
    } kind;
    spakky_text_t text;
    int64_t integer;
    double number;
    bool flag;
} spakky_detail_t;

typedef struct spakky_details_t {
    spakky_detail_t *items;
    size_t count;
} spakky_details_t;

/* What one component reports of itself. */
typedef struct spakky_component_t {
    spakky_text_t name;
    bool healthy;
    bool required; /* whether its being unhealthy makes the whole unhealthy */
    spakky_details_t details;
} spakky_component_t;

/* The health of the host, its cache, and every component that it loaded. */
typedef struct spakky_health_t {
    spakky_endpoint_t endpoint;
    bool healthy;
    spakky_component_t *components; /* sorted by name */
    size_t component_count;
} spakky_health_t;

spakky_code_t spakky_health(spakky_endpoint_t endpoint, spakky_health_t *health,
                            spakky_error_t *error);
void spakky_health_free(spakky_health_t *health);

/* Values that belong together, such as `redis_cache`. */
typedef struct spakky_group_t {
    spakky_text_t name;
    spakky_details_t entries;
} spakky_group_t;

/* What one contributor adds to the info, such as `redis-cache-metrics`. */
typedef struct spakky_section_t {
    spakky_text_t name;
    spakky_group_t *groups;
    size_t group_count;
} spakky_section_t;

/* What the host, its cache and its components say of themselves, sorted by name. */
typedef struct spakky_info_t {
    spakky_section_t *sections;
    size_t section_count;
} spakky_info_t;

spakky_code_t spakky_info(spakky_info_t *info, spakky_error_t *error);
void spakky_info_free(spakky_info_t *info);

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
