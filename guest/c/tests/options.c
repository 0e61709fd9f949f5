#include <math.h>

#include "src/internal.h"
#include "test.h"

static spakky_error_t error;
static spakky_checked_t checked;

static spakky_code_t check(spakky_options_t options) {
    return spakky_check_options(&options, &checked, &error);
}

static void times_round_up(void) {
    static const struct {
        double seconds;
        uint64_t milliseconds;
    } all[] = {{0.001, 1},
               {0.0010001, 2},
               {0.0015, 2},
               {0.002, 2},
               {0.07, 70},
               {0.25, 250},
               {1.5, 1500},
               {1, 1000},
               {86400.0, 86400000},
               {1e9, 1000000000000},
               {0.0579, 58},
               {4.35, 4350},
               {1e16, UINT64_C(10000000000000000000)}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK(check((spakky_options_t){.ttl = spakky_seconds(all[i].seconds)}) == SPAKKY_OK);
        CHECK(checked.has_ttl && checked.ttl == all[i].milliseconds);
    }
    CHECK(check((spakky_options_t){.ttl = spakky_timespec((struct timespec){2, 500000001})}) ==
          SPAKKY_OK);
    CHECK(checked.ttl == 2501);
    CHECK(check((spakky_options_t){.ttl = SPAKKY_MILLISECONDS(UINT64_MAX)}) == SPAKKY_OK);
    CHECK(checked.ttl == UINT64_MAX);
    CHECK(spakky_check_options(NULL, &checked, &error) == SPAKKY_OK);
    CHECK(!checked.has_ttl && !checked.has_fresh_for && !checked.has_max_wait);
    CHECK(!checked.has_retry_after && !checked.has_unless && !checked.strict);
    CHECK(checked.tag_count == 0);
}

static void impossible_times_are_refused(void) {
    const spakky_duration_t wrong[] = {
        spakky_milliseconds(0),
        spakky_seconds(0),
        spakky_seconds(-0.0),
        spakky_seconds(-1),
        spakky_seconds(0.0001),
        spakky_seconds(0.00099),
        spakky_seconds((double)NAN),
        spakky_seconds((double)INFINITY),
        spakky_seconds(-(double)INFINITY),
        spakky_seconds(1e300),
        spakky_seconds(2e16),
        spakky_timespec((struct timespec){0, 0}),
        spakky_timespec((struct timespec){0, 999999}),
        spakky_timespec((struct timespec){-1, 0}),
        spakky_timespec((struct timespec){1, 1000000000}),
        {77, 1000},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(check((spakky_options_t){.ttl = wrong[i]}) == SPAKKY_INVALID_TTL);
        CHECK(check((spakky_options_t){.fresh_for = wrong[i]}) == SPAKKY_INVALID_TTL);
        CHECK(check((spakky_options_t){.retry_after = wrong[i]}) == SPAKKY_INVALID_TTL);
        CHECK(error.code == SPAKKY_INVALID_TTL);
    }
    spakky_options_t inverted = {.ttl = spakky_seconds(1), .fresh_for = spakky_seconds(2)};
    CHECK(check(inverted) == SPAKKY_INVALID_TTL);
    inverted.fresh_for = spakky_seconds(1);
    CHECK(check(inverted) == SPAKKY_OK);
}

static void a_time_is_refused_by_its_name_and_its_reason(void) {
    const struct {
        spakky_options_t options;
        const char *says;
    } all[] = {
        {{.ttl = spakky_seconds(0)}, "the time to live is zero"},
        {{.ttl = spakky_milliseconds(0)}, "the time to live is zero"},
        {{.ttl = spakky_seconds(-1)}, "the time to live is negative, or no time"},
        {{.ttl = spakky_seconds((double)NAN)}, "the time to live is negative, or no time"},
        {{.ttl = spakky_seconds(0.0001)}, "the time to live is shorter than a millisecond"},
        {{.ttl = spakky_seconds(1e300)}, "the time to live is too long to count"},
        {{.fresh_for = spakky_seconds(0)}, "the fresh time is zero"},
        {{.retry_after = spakky_seconds(0)}, "the pause after a failed load is zero"},
        {{.max_wait = spakky_seconds(-1)}, "the longest wait is negative, or no time"},
        {{.ttl = spakky_seconds(1), .fresh_for = spakky_seconds(2)},
         "the fresh time is longer than the time to live"},
    };
    char text[400];
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK(check(all[i].options) == SPAKKY_INVALID_TTL);
        CHECK_STR(error.reason, all[i].says);
        spakky_error_message(&error, text, sizeof text);
        CHECK(strstr(text, "invalid time: the ") == text);
    }
}

static void a_missing_grant_names_its_option(void) {
    char text[400];
    spakky_fail(&error, SPAKKY_DENIED, "");
    spakky_error_message(&error, text, sizeof text);
    CHECK(strstr(text, "run --read-only") != NULL);
}

static void a_wait_may_be_zero_and_is_never_too_long(void) {
    const struct {
        spakky_duration_t wait;
        uint64_t milliseconds;
    } all[] = {{spakky_seconds(0), 0},
               {spakky_milliseconds(0), 0},
               {spakky_seconds(0.0001), 1},
               {spakky_seconds((double)INFINITY), UINT64_MAX},
               {spakky_seconds(1e300), UINT64_MAX}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK(check((spakky_options_t){.max_wait = all[i].wait}) == SPAKKY_OK);
        CHECK(checked.has_max_wait && checked.max_wait == all[i].milliseconds);
    }
    CHECK(check((spakky_options_t){.max_wait = spakky_seconds(-1)}) == SPAKKY_INVALID_TTL);
    CHECK(check((spakky_options_t){.max_wait = spakky_seconds((double)NAN)}) == SPAKKY_INVALID_TTL);
}

static void a_pause_and_what_is_strict_are_kept(void) {
    CHECK(check((spakky_options_t){.retry_after = spakky_seconds(2), .strict = true}) == SPAKKY_OK);
    CHECK(checked.has_retry_after && checked.retry_after == 2000 && checked.strict);
}

static void tags_are_text(void) {
    spakky_text_t tags[] = {spakky_str("a"), {"\0", 1}, {NULL, 0}};
    CHECK(check((spakky_options_t){.tags = tags, .tag_count = 3}) == SPAKKY_OK);
    CHECK(checked.tag_count == 3);
    tags[2] = spakky_str("\xff");
    CHECK(check((spakky_options_t){.tags = tags, .tag_count = 3}) == SPAKKY_INVALID_KEY);
    CHECK_STR(error.reason, "a tag is not UTF-8");
    tags[2] = spakky_str(NULL);
    CHECK(check((spakky_options_t){.tags = tags, .tag_count = 3}) == SPAKKY_INVALID_KEY);
    CHECK_STR(error.reason, "a tag is NULL");
    CHECK(check((spakky_options_t){.tag_count = 1}) == SPAKKY_INVALID_KEY);
}

static void errors_have_kinds_and_messages(void) {
    char text[400];
    for (spakky_code_t code = SPAKKY_OK; code <= SPAKKY_CALLBACK_FAILED; code++) {
        CHECK(spakky_fail(NULL, code, "x") == code);
        spakky_fail(&error, code, "");
        CHECK(strcmp(spakky_error_kind(code), "unknown") != 0);
        CHECK(spakky_error_message(&error, text, sizeof text) == strlen(text));
        CHECK(strstr(text, "unknown") == NULL);
    }
    CHECK_STR(spakky_error_kind((spakky_code_t)99), "unknown");
    CHECK_STR(spakky_error_kind(SPAKKY_LOCK_TIMEOUT), "lock-timeout");
    spakky_fail(&error, SPAKKY_VALUE_TOO_LARGE, "");
    error.limit = 8388608;
    spakky_error_message(&error, text, sizeof text);
    CHECK_STR(text, "the value is too large: the limit is 8388608 bytes");
    spakky_fail(&error, SPAKKY_LOAD_FAILED, "");
    error.retry_after_ms = 1500;
    spakky_error_message(&error, text, sizeof text);
    CHECK_STR(text, "the last load of this key failed: it may be loaded again in 1500 ms");
    spakky_fail(&error, SPAKKY_INVALID_KEY, "a key is empty");
    CHECK(error.retry_after_ms == 0);
    spakky_error_message(&error, text, sizeof text);
    CHECK_STR(text, "invalid key: a key is empty");
    error.after = SPAKKY_AFTER_SUCCESS;
    spakky_error_message(&error, text, sizeof text);
    CHECK(strstr(text, "the callback succeeded, and then") != NULL);
    CHECK(spakky_error_message(&error, text, 4) > 4 && strlen(text) == 3);
    CHECK(spakky_error_message(&error, NULL, 0) > 4);
}

static void a_long_reason_is_cut_between_characters(void) {
    char reason[300];
    for (size_t start = 0; start < 4; start++) {
        memset(reason, 'x', start);
        for (size_t i = start; i + 4 < sizeof reason; i += 3) {
            memcpy(reason + i, "\xe6\x97\xa5", 4);
        }
        spakky_fail(&error, SPAKKY_INVALID_KEY, reason);
        CHECK(spakky_text_valid(spakky_str(error.reason)));
        CHECK(strlen(error.reason) > sizeof error.reason - 5);
    }
}

static void values_are_checked(void) {
    spakky_encoder_t encoder;
    spakky_bytes_t bytes;
    spakky_encoder_init(&encoder);
    CHECK(spakky_check_value(NULL, &bytes, &error) == SPAKKY_SERIALIZATION);
    CHECK(spakky_check_value(&encoder, &bytes, &error) == SPAKKY_SERIALIZATION);
    spakky_encode_null(&encoder);
    CHECK(spakky_check_value(&encoder, &bytes, &error) == SPAKKY_OK && bytes.length == 1);
    encoder.no_memory = true;
    encoder.mistake = "there is no memory";
    CHECK(spakky_check_value(&encoder, &bytes, &error) == SPAKKY_NO_MEMORY && bytes.length == 0);
    spakky_encoder_free(&encoder);
}

const test_t option_tests[] = {
    {"options: times are whole milliseconds, rounded up", times_round_up},
    {"options: impossible times are refused", impossible_times_are_refused},
    {"options: a time is refused by its name and its reason",
     a_time_is_refused_by_its_name_and_its_reason},
    {"errors: a missing grant names its option", a_missing_grant_names_its_option},
    {"options: a wait may be zero and is never too long", a_wait_may_be_zero_and_is_never_too_long},
    {"options: a pause and what is strict are kept", a_pause_and_what_is_strict_are_kept},
    {"options: tags are text", tags_are_text},
    {"errors: have kinds and messages", errors_have_kinds_and_messages},
    {"errors: a long reason is cut between characters", a_long_reason_is_cut_between_characters},
    {"values: one that is not whole is a serialization error", values_are_checked},
    {NULL, NULL},
};
