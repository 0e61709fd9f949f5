/* Errors, durations, and the checks that every operation begins with. */
#include <stdio.h>

#include "internal.h"

/* ---- Errors ------------------------------------------------------------------ */

spakky_code_t spakky_fail_with(spakky_error_t *error, spakky_code_t code, spakky_text_t reason) {
    if (error == NULL) {
        return code;
    }
    error->code = code;
    error->after = SPAKKY_AFTER_NOTHING;
    error->number = 0;
    error->limit = 0;
    error->retry_after_ms = 0;
    size_t length = reason.length;
    if (length >= sizeof error->reason) {
        length = sizeof error->reason - 1;
        while (length > 0 && ((uint8_t)reason.data[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    if (length > 0) {
        memcpy(error->reason, reason.data, length);
    }
    error->reason[length] = '\0';
    return code;
}

spakky_code_t spakky_fail(spakky_error_t *error, spakky_code_t code, const char *reason) {
    return spakky_fail_with(error, code, spakky_str(reason));
}

spakky_code_t spakky_succeed(spakky_error_t *error) { return spakky_fail(error, SPAKKY_OK, ""); }

const char *spakky_error_kind(spakky_code_t code) {
    switch (code) {
    case SPAKKY_OK:
        return "ok";
    case SPAKKY_SERIALIZATION:
        return "serialization";
    case SPAKKY_KEY_GENERATION:
        return "key-generation";
    case SPAKKY_INVALID_TTL:
        return "invalid-ttl";
    case SPAKKY_INVALID_KEY:
        return "invalid-key";
    case SPAKKY_VALUE_TOO_LARGE:
        return "value-too-large";
    case SPAKKY_LOCK_TIMEOUT:
        return "lock-timeout";
    case SPAKKY_LEASE_HELD:
        return "lease-held";
    case SPAKKY_LOAD_FAILED:
        return "load-failed";
    case SPAKKY_UNAVAILABLE:
        return "unavailable";
    case SPAKKY_OPERATION_FAILED:
        return "operation-failed";
    case SPAKKY_DENIED:
        return "denied";
    case SPAKKY_QUOTA_EXCEEDED:
        return "quota-exceeded";
    case SPAKKY_UNSUPPORTED:
        return "unsupported";
    case SPAKKY_INVALID_ARGUMENT:
        return "invalid-argument";
    case SPAKKY_NO_MEMORY:
        return "no-memory";
    case SPAKKY_CALLBACK_FAILED:
        return "callback";
    }
    return "unknown";
}

/* What a code says, where the error itself has nothing to add. */
static const char *sentence(spakky_code_t code) {
    switch (code) {
    case SPAKKY_OK:
        return "all is well";
    case SPAKKY_SERIALIZATION:
        return "serialization failed";
    case SPAKKY_KEY_GENERATION:
        return "no key could be made";
    case SPAKKY_INVALID_TTL:
        return "invalid time";
    case SPAKKY_INVALID_KEY:
        return "invalid key";
    case SPAKKY_VALUE_TOO_LARGE:
        return "the value is too large";
    case SPAKKY_LOCK_TIMEOUT:
        return "another caller is still loading this key";
    case SPAKKY_LEASE_HELD:
        return "this caller holds the lease of this key itself";
    case SPAKKY_LOAD_FAILED:
        return "the last load of this key failed";
    case SPAKKY_UNAVAILABLE:
        return "the cache cannot be reached";
    case SPAKKY_OPERATION_FAILED:
        return "the cache's backend answered with a failure";
    case SPAKKY_DENIED:
        return "this operation was not granted to the component, which may only read (run "
               "--read-only)";
    case SPAKKY_QUOTA_EXCEEDED:
        return "a quota of the component is used up";
    case SPAKKY_UNSUPPORTED:
        return "the host does not offer this";
    case SPAKKY_INVALID_ARGUMENT:
        return "invalid argument";
    case SPAKKY_NO_MEMORY:
        return "there is no memory left";
    case SPAKKY_CALLBACK_FAILED:
        return "the callback failed";
    }
    return "unknown failure";
}

size_t spakky_error_message(const spakky_error_t *error, char *buffer, size_t size) {
    char more[64] = "";
    if (error->code == SPAKKY_VALUE_TOO_LARGE) {
        snprintf(more, sizeof more, ": the limit is %llu bytes", (unsigned long long)error->limit);
    } else if (error->code == SPAKKY_LOAD_FAILED) {
        snprintf(more, sizeof more, ": it may be loaded again in %llu ms",
                 (unsigned long long)error->retry_after_ms);
    } else if (error->code == SPAKKY_CALLBACK_FAILED) {
        snprintf(more, sizeof more, " with the number %d", error->number);
    }
    const char *before = "";
    if (error->after == SPAKKY_AFTER_SUCCESS) {
        before = "the callback succeeded, and then the cache failed: ";
    } else if (error->after == SPAKKY_AFTER_FAILURE) {
        before = "the callback failed, and the entry could not be removed: ";
    }
    int length = snprintf(buffer, size, "%s%s%s%s%s", before, sentence(error->code), more,
                          error->reason[0] == '\0' ? "" : ": ", error->reason);
    return length < 0 ? 0 : (size_t)length;
}

/* ---- Durations --------------------------------------------------------------- */

enum { NANOSECONDS_A_MILLISECOND = 1000000, NANOSECONDS_A_SECOND = 1000000000 };

static spakky_duration_t duration(uint64_t seconds, uint64_t nanoseconds) {
    uint64_t rest = (nanoseconds + NANOSECONDS_A_MILLISECOND - 1) / NANOSECONDS_A_MILLISECOND;
    if (seconds > (UINT64_MAX - rest) / 1000) {
        return (spakky_duration_t){SPAKKY_DURATION_ENDLESS, UINT64_MAX};
    }
    bool is_short = seconds == 0 && nanoseconds > 0 && nanoseconds < NANOSECONDS_A_MILLISECOND;
    return (spakky_duration_t){is_short ? SPAKKY_DURATION_SHORT : SPAKKY_DURATION_COUNTED,
                               seconds * 1000 + rest};
}

spakky_duration_t spakky_milliseconds(uint64_t count) {
    return (spakky_duration_t)SPAKKY_MILLISECONDS(count);
}

spakky_duration_t spakky_seconds(double seconds) {
    if (!(seconds >= 0)) {
        return (spakky_duration_t){SPAKKY_DURATION_WRONG, 0};
    }
    /* 2^64 - 1 milliseconds are 1.8e16 seconds. */
    if (seconds >= 1e17) {
        return (spakky_duration_t){SPAKKY_DURATION_ENDLESS, UINT64_MAX};
    }
    uint64_t whole = (uint64_t)seconds;
    /* To the nearest nanosecond, so that 0.07 is 70 milliseconds and not 71. */
    double fraction = (seconds - (double)whole) * (double)NANOSECONDS_A_SECOND;
    return duration(whole, (uint64_t)(fraction + 0.5));
}

spakky_duration_t spakky_timespec(struct timespec time) {
    if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= NANOSECONDS_A_SECOND) {
        return (spakky_duration_t){SPAKKY_DURATION_WRONG, 0};
    }
    return duration((uint64_t)time.tv_sec, (uint64_t)time.tv_nsec);
}

/* ---- Checks ------------------------------------------------------------------ */

/* Why an entry cannot live, or be fresh, for so long; NULL: it can. */
static const char *check_time(spakky_duration_t time, bool *has, uint64_t *milliseconds) {
    *has = time.kind != SPAKKY_DURATION_NONE;
    *milliseconds = time.milliseconds;
    switch (time.kind) {
    case SPAKKY_DURATION_NONE:
        return NULL;
    case SPAKKY_DURATION_COUNTED:
        return time.milliseconds > 0 ? NULL : "zero";
    case SPAKKY_DURATION_SHORT:
        return "shorter than a millisecond";
    case SPAKKY_DURATION_ENDLESS:
        return "too long to count";
    case SPAKKY_DURATION_WRONG:
        break;
    }
    return "negative, or no time";
}

/* Why a lookup cannot wait so long: a wait is never too short, and never too long. */
static const char *check_wait(spakky_duration_t time, bool *has, uint64_t *milliseconds) {
    const char *wrong = check_time(time, has, milliseconds);
    switch (time.kind) {
    case SPAKKY_DURATION_NONE:
    case SPAKKY_DURATION_COUNTED:
    case SPAKKY_DURATION_SHORT:
    case SPAKKY_DURATION_ENDLESS:
        return NULL;
    case SPAKKY_DURATION_WRONG:
        break;
    }
    return wrong;
}

spakky_code_t spakky_check_time(spakky_duration_t time, const char *what, bool *has,
                                uint64_t *milliseconds, spakky_error_t *error) {
    char reason[64];
    const char *wrong = check_time(time, has, milliseconds);
    if (wrong == NULL) {
        return SPAKKY_OK;
    }
    snprintf(reason, sizeof reason, "the %s is %s", what, wrong);
    return spakky_fail(error, SPAKKY_INVALID_TTL, reason);
}

spakky_code_t spakky_check_texts(const spakky_text_t *texts, size_t count, const char *what,
                                 spakky_error_t *error) {
    char reason[64];
    if (texts == NULL && count > 0) {
        snprintf(reason, sizeof reason, "the %ss are NULL", what);
        return spakky_fail(error, SPAKKY_INVALID_KEY, reason);
    }
    for (size_t i = 0; i < count; i++) {
        if (!spakky_text_valid(texts[i])) {
            snprintf(reason, sizeof reason, "a %s is %s", what,
                     texts[i].data == NULL ? "NULL" : "not UTF-8");
            return spakky_fail(error, SPAKKY_INVALID_KEY, reason);
        }
    }
    return SPAKKY_OK;
}

spakky_code_t spakky_check_options(const spakky_options_t *options, spakky_checked_t *checked,
                                   spakky_error_t *error) {
    static const spakky_options_t none;
    options = options == NULL ? &none : options;
    spakky_code_t code =
        spakky_check_time(options->ttl, "time to live", &checked->has_ttl, &checked->ttl, error);
    if (code == SPAKKY_OK) {
        code = spakky_check_time(options->fresh_for, "fresh time", &checked->has_fresh_for,
                                 &checked->fresh_for, error);
    }
    if (code == SPAKKY_OK) {
        code = spakky_check_time(options->retry_after, "pause after a failed load",
                                 &checked->has_retry_after, &checked->retry_after, error);
    }
    if (code != SPAKKY_OK) {
        return code;
    }
    const char *wrong = check_wait(options->max_wait, &checked->has_max_wait, &checked->max_wait);
    if (wrong != NULL) {
        char reason[64];
        snprintf(reason, sizeof reason, "the longest wait is %s", wrong);
        return spakky_fail(error, SPAKKY_INVALID_TTL, reason);
    }
    if (checked->has_ttl && checked->has_fresh_for && checked->fresh_for > checked->ttl) {
        return spakky_fail(error, SPAKKY_INVALID_TTL,
                           "the fresh time is longer than the time to live");
    }
    checked->tags = options->tags;
    checked->tag_count = options->tag_count;
    checked->strict = options->strict;
    checked->has_unless = false;
    checked->unless = 0;
    return spakky_check_texts(options->tags, options->tag_count, "tag", error);
}

spakky_code_t spakky_check_value(const spakky_encoder_t *value, spakky_bytes_t *bytes,
                                 spakky_error_t *error) {
    *bytes = (spakky_bytes_t){NULL, 0};
    const char *mistake = spakky_encoder_mistake(value);
    if (mistake != NULL) {
        bool no_memory = value != NULL && value->no_memory;
        return spakky_fail(error, no_memory ? SPAKKY_NO_MEMORY : SPAKKY_SERIALIZATION, mistake);
    }
    *bytes = (spakky_bytes_t){value->data, value->length};
    return SPAKKY_OK;
}
