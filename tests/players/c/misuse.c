/* Calls that the compiler allows and the library has to refuse. */
#include <math.h>
#include <stdio.h>

#include "play.h"

/* Whether a call before was not refused, and the error of the last one. */
typedef struct misuse_t {
    bool wrong;
    spakky_error_t error;
} misuse_t;

static void expect(misuse_t *misuse, const char *call, spakky_code_t code, spakky_code_t expected) {
    if (code != expected || misuse->error.code != expected) {
        fputs(misuse->wrong ? "," : "", stdout);
        json_write_text(spakky_str(call));
        misuse->wrong = true;
    }
    misuse->error.code = SPAKKY_OK;
}

/* Prints a call unless the library refuses it with this code. */
#define REFUSED(code, call) expect(misuse, #call, call, SPAKKY_##code)

static int load_nothing(void *context, spakky_encoder_t *value) {
    (void)context;
    (void)value;
    return 0;
}

static int load_two(void *context, spakky_encoder_t *value) {
    (void)context;
    spakky_encode_null(value);
    spakky_encode_null(value);
    return 0;
}

static int load_elsewhere(void *context, spakky_encoder_t *value) {
    spakky_encoder_init_in(value, context, 4);
    spakky_encode_null(value);
    return 0;
}

static int load_and_free(void *context, spakky_encoder_t *value) {
    (void)context;
    spakky_encode_null(value);
    spakky_encoder_free(value);
    return 0;
}

static int succeed(void *context) {
    (void)context;
    return 0;
}

static const spakky_text_t null_text = {NULL, 3};
static const spakky_text_t latin1 = {"caf\xe9", 4};
static const spakky_text_t surrogate = {"\xed\xa0\x80", 3};
static const spakky_text_t key = {"misused", 7};

static void misuse_keys(misuse_t *misuse) {
    spakky_error_t *error = &misuse->error;
    const spakky_text_t bad[] = {null_text, latin1, surrogate, spakky_str(NULL)};
    spakky_value_t value;
    spakky_values_t values;
    spakky_lookup_t lookup;
    spakky_description_t description;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED(INVALID_KEY, spakky_get(bad[i], &value, error));
        REFUSED(INVALID_KEY, spakky_raw_get(bad[i], &value, error));
        REFUSED(INVALID_KEY, spakky_get_many(&bad[i], 1, &values, error));
        REFUSED(INVALID_KEY, spakky_describe(bad[i], &description, error));
        REFUSED(INVALID_KEY, spakky_delete(bad[i], NULL, error));
        REFUSED(INVALID_KEY, spakky_delete_many(&bad[i], 1, NULL, error));
        REFUSED(INVALID_KEY, spakky_evict_tags(&bad[i], 1, error));
        REFUSED(INVALID_KEY, spakky_lookup(bad[i], NULL, &lookup, error));
        REFUSED(INVALID_KEY, spakky_get_or_load(bad[i], NULL, load_nothing, NULL, &value, error));
    }
    REFUSED(INVALID_KEY, spakky_get_many(NULL, 2, &values, error));
    REFUSED(INVALID_KEY, spakky_delete_many(NULL, 2, NULL, error));
    REFUSED(INVALID_KEY, spakky_evict_tags(NULL, 1, error));
}

/* Values that cannot be stored: nothing, half of one, two, invalid text, NULL bytes. */
static void misuse_values(misuse_t *misuse) {
    spakky_error_t *error = &misuse->error;
    spakky_encoder_t bad[6];
    const spakky_encoder_t *values[] = {NULL, &bad[0], &bad[1], &bad[2], &bad[3], &bad[4], &bad[5]};
    uint8_t small[4];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spakky_encoder_init(&bad[i]);
    }
    spakky_encode_map(&bad[1], 1);
    spakky_encode_null(&bad[1]);
    spakky_encode_null(&bad[2]);
    spakky_encode_null(&bad[2]);
    spakky_encode_text(&bad[3], surrogate);
    spakky_encode_bytes(&bad[4], (spakky_bytes_t){NULL, 1});
    spakky_encoder_init_in(&bad[5], small, sizeof small);
    spakky_encode_text(&bad[5], spakky_str("too long for it"));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        spakky_entry_t entry = {key, values[i]};
        spakky_value_t value;
        REFUSED(SERIALIZATION, spakky_set(key, values[i], NULL, error));
        REFUSED(SERIALIZATION, spakky_set_many(&entry, 1, NULL, error));
        REFUSED(SERIALIZATION, spakky_write_through(key, values[i], NULL, succeed, NULL, error));
        REFUSED(SERIALIZATION, spakky_write_behind(key, values[i], NULL, succeed, NULL, error));
        REFUSED(SERIALIZATION, spakky_get_or_load(key, NULL, load_nothing, NULL, &value, error));
        REFUSED(SERIALIZATION, spakky_get_or_load(key, NULL, load_two, NULL, &value, error));
    }
    REFUSED(INVALID_ARGUMENT, spakky_set_many(NULL, 1, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_raw_set(key, (spakky_bytes_t){NULL, 9}, NULL, error));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spakky_encoder_free(&bad[i]);
        spakky_encoder_free(&bad[i]);
    }
}

static void misuse_options(misuse_t *misuse) {
    spakky_error_t *error = &misuse->error;
    const spakky_options_t bad[] = {
        {.ttl = spakky_milliseconds(0)},
        {.ttl = spakky_seconds(NAN)},
        {.ttl = spakky_seconds(INFINITY)},
        {.ttl = spakky_seconds(-1)},
        {.ttl = spakky_seconds(0.0001)},
        {.ttl = spakky_seconds(1e300)},
        {.ttl = spakky_timespec((struct timespec){-1, 0})},
        {.ttl = spakky_timespec((struct timespec){0, -1})},
        {.ttl = {99, 1}},
        {.fresh_for = spakky_milliseconds(0)},
        {.fresh_for = {99, 1}},
        {.ttl = spakky_milliseconds(1), .fresh_for = spakky_milliseconds(2)},
        {.max_wait = spakky_seconds(-1)},
        {.retry_after = spakky_seconds(0)},
        {.max_wait = {99, 1}},
    };
    const spakky_options_t bad_tags[] = {{.tags = &latin1, .tag_count = 1},
                                         {.tags = &null_text, .tag_count = 1},
                                         {.tags = NULL, .tag_count = 1}};
    spakky_encoder_t value;
    spakky_value_t loaded;
    spakky_lookup_t lookup;
    spakky_encoder_init(&value);
    spakky_encode_null(&value);
    size_t count = sizeof bad / sizeof bad[0];
    for (size_t i = 0; i < count + sizeof bad_tags / sizeof bad_tags[0]; i++) {
        const spakky_options_t *options = i < count ? &bad[i] : &bad_tags[i - count];
        spakky_code_t expected = i < count ? SPAKKY_INVALID_TTL : SPAKKY_INVALID_KEY;
        spakky_entry_t entry = {key, &value};
        expect(misuse, "set with options", spakky_set(key, &value, options, error), expected);
        expect(misuse, "set_many with options", spakky_set_many(&entry, 1, options, error),
               expected);
        expect(misuse, "lookup with options", spakky_lookup(key, options, &lookup, error),
               expected);
        expect(misuse, "get_or_load with options",
               spakky_get_or_load(key, options, load_nothing, NULL, &loaded, error), expected);
        expect(misuse, "write_through with options",
               spakky_write_through(key, &value, options, succeed, NULL, error), expected);
    }
    spakky_encoder_free(&value);
}

static void misuse_pointers(misuse_t *misuse) {
    spakky_error_t *error = &misuse->error;
    spakky_encoder_t null;
    spakky_value_t value;
    spakky_health_t health;
    spakky_outcome_t outcome;
    spakky_encoder_init(&null);
    spakky_encode_null(&null);
    REFUSED(INVALID_ARGUMENT, spakky_get(key, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_get_many(&key, 1, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_get_or_load(key, NULL, load_nothing, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_get_or_load(key, NULL, NULL, NULL, &value, error));
    REFUSED(INVALID_ARGUMENT, spakky_get_or_load_outcome(key, NULL, NULL, NULL, &outcome, error));
    REFUSED(INVALID_ARGUMENT, spakky_describe(key, NULL, error));
    uint8_t buffer[4];
    REFUSED(INVALID_ARGUMENT, spakky_get_or_load(key, NULL, load_elsewhere, buffer, &value, error));
    REFUSED(SERIALIZATION, spakky_get_or_load(key, NULL, load_and_free, NULL, &value, error));
    REFUSED(INVALID_ARGUMENT, spakky_write_through(key, &null, NULL, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_write_behind(key, &null, NULL, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_lookup(key, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_raw_begin_write(key, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_config(NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_info(NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_health(SPAKKY_HEALTH, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_health((spakky_endpoint_t)99, &health, error));
    spakky_encoder_free(&null);
}

static void misuse_leases(misuse_t *misuse) {
    spakky_error_t *error = &misuse->error;
    spakky_encoder_t null;
    spakky_lookup_t lookup;
    spakky_lease_t empty = {false, 0};
    spakky_duration_t none = {0};
    spakky_encoder_init(&null);
    spakky_encode_null(&null);
    REFUSED(INVALID_ARGUMENT, spakky_lease_commit(NULL, &null, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_lease_commit(&empty, &null, NULL, NULL, error));
    spakky_lease_drop(NULL);
    spakky_lease_drop(&empty);
    spakky_lookup_drop(NULL);
    if (spakky_lookup(key, NULL, &lookup, error) != SPAKKY_OK) {
        expect(misuse, "lookup, which is right", SPAKKY_OK, SPAKKY_INVALID_ARGUMENT);
    }
    REFUSED(SERIALIZATION, spakky_lease_commit(&lookup.lease, NULL, NULL, NULL, error));
    if (!lookup.lease.held ||
        spakky_lease_commit(&lookup.lease, &null, NULL, NULL, error) != SPAKKY_OK) {
        expect(misuse, "commit, which is right", SPAKKY_OK, SPAKKY_INVALID_ARGUMENT);
    }
    REFUSED(INVALID_ARGUMENT, spakky_lease_commit(&lookup.lease, &null, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT,
            spakky_lease_pass(&lookup.lease, spakky_milliseconds(1), NULL, error));
    REFUSED(INVALID_ARGUMENT,
            spakky_lease_fail(&lookup.lease, spakky_milliseconds(1), NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_lease_pass(&lookup.lease, none, NULL, error));
    REFUSED(INVALID_TTL, spakky_lease_fail(&lookup.lease, spakky_milliseconds(0), NULL, error));
    spakky_lookup_drop(&lookup);
    spakky_lookup_drop(&lookup);
    REFUSED(INVALID_ARGUMENT, spakky_lease_commit(&lookup.lease, &null, NULL, NULL, error));
    /* The later calls expect a miss. */
    spakky_delete(key, NULL, NULL);
    spakky_encoder_free(&null);
}

static void misuse_functions(misuse_t *misuse) {
    spakky_error_t *error = &misuse->error;
    static const char *const bad[] = {"",     "{",      "}",       "a{b", "{}",
                                      "{no}", "{a}{b}", "{a}-{b}", "\xff"};
    const spakky_cached_t no_key = {.key = NULL};
    const spakky_evicted_t nothing = {.all = false};
    const spakky_evicted_t both = {.key = "a", .all = true};
    const spakky_evicted_t null_tags = {.tag_count = 1};
    spakky_argument_t arguments[] = {spakky_arg_int("a", 1), spakky_arg_int("b", 2)};
    spakky_argument_t not_text = spakky_arg_text("a", latin1);
    spakky_value_t value;
    spakky_text_t made;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spakky_cached_t cached = {.key = bad[i]};
        spakky_evicted_t evicted = {.tags = &bad[i], .tag_count = 1};
        REFUSED(KEY_GENERATION, spakky_key(bad[i], arguments, 2, &made, error));
        REFUSED(KEY_GENERATION,
                spakky_cacheable(&cached, arguments, 2, load_nothing, NULL, &value, error));
        REFUSED(KEY_GENERATION, spakky_cache_evict(&evicted, arguments, 2, succeed, NULL, error));
    }
    REFUSED(KEY_GENERATION, spakky_key(NULL, NULL, 0, &made, error));
    REFUSED(KEY_GENERATION, spakky_key("{a}", &not_text, 1, &made, error));
    REFUSED(INVALID_ARGUMENT, spakky_key("{a}", NULL, 1, &made, error));
    REFUSED(INVALID_ARGUMENT, spakky_key("a", NULL, 0, NULL, error));
    REFUSED(KEY_GENERATION, spakky_cacheable(&no_key, NULL, 0, load_nothing, NULL, &value, error));
    REFUSED(INVALID_ARGUMENT, spakky_cacheable(&no_key, NULL, 0, NULL, NULL, &value, error));
    REFUSED(INVALID_ARGUMENT, spakky_cacheable(NULL, NULL, 0, load_nothing, NULL, &value, error));
    REFUSED(INVALID_ARGUMENT, spakky_cache_evict(NULL, NULL, 0, succeed, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_cache_evict(&both, NULL, 0, NULL, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_cache_evict(&nothing, NULL, 0, succeed, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_cache_evict(&both, NULL, 0, succeed, NULL, error));
    REFUSED(INVALID_ARGUMENT, spakky_cache_evict(&null_tags, NULL, 0, succeed, NULL, error));
}

void op_misuse(const json_t *step) {
    misuse_t misuse = {.wrong = false};
    (void)step;
    begin_answer();
    putchar('[');
    misuse_keys(&misuse);
    misuse_values(&misuse);
    misuse_options(&misuse);
    misuse_pointers(&misuse);
    misuse_leases(&misuse);
    misuse_functions(&misuse);
    putchar(']');
    end_answer();
}
