/* Loading and writing. `spakky_cache.h` says what this does. */
#include <stdio.h>

#include "internal.h"

static spakky_code_t callback_failed(int number, spakky_error_t *error) {
    spakky_fail(error, SPAKKY_CALLBACK_FAILED, "");
    if (error != NULL) {
        error->number = number;
    }
    return SPAKKY_CALLBACK_FAILED;
}

static void note_after(spakky_error_t *error, spakky_after_t after, int number) {
    if (error != NULL) {
        error->after = after;
        error->number = number;
    }
}

/* ---- Warnings ---------------------------------------------------------------- */

static struct {
    spakky_warning_t *warn;
    void *context;
    bool told[SPAKKY_CAUSES];
} warnings;

void spakky_on_warning(spakky_warning_t *warning, void *context) {
    warnings.warn = warning;
    warnings.context = context;
}

void spakky_warn_once(spakky_cause_t cause, spakky_text_t key, const spakky_error_t *error) {
    static const char *const causes[] = {
        [SPAKKY_CAUSE_UNDECODABLE] = "has an entry that cannot be read, and is loaded each time",
        [SPAKKY_CAUSE_REFRESH] = "could not be refreshed, and its entry is served",
        [SPAKKY_CAUSE_TOO_LARGE] = "was loaded, and cannot be stored",
    };
    if (warnings.told[cause]) {
        return;
    }
    warnings.told[cause] = true;
    char message[400];
    char line[700];
    spakky_error_message(error, message, sizeof message);
    snprintf(line, sizeof line, "spakky_cache: `%.*s` %s (said once): %s",
             spakky_shown(key.data, key.length, 100), key.data, causes[cause], message);
    if (warnings.warn != NULL) {
        warnings.warn(warnings.context, line);
    } else {
        fprintf(stderr, "%s\n", line);
    }
}

/* ---- Loading ----------------------------------------------------------------- */

/* For so long, in milliseconds, nobody waits for a value that cannot be stored. */
enum { PASS_TIME = 60000 };

/* One call that loads: the algorithm is here alone. */
typedef struct load_t {
    spakky_text_t key;
    const spakky_options_t *options;
    spakky_checked_t checked;
    spakky_choosing_loader_t *loader;
    void *context;
    spakky_outcome_t *outcome;
} load_t;

/* Has the loader encode a value, and checks what it did. */
static spakky_code_t run_loader(const load_t *load, spakky_storing_t *storing,
                                spakky_encoder_t *loaded, spakky_error_t *error) {
    const spakky_options_t *options = load->options;
    *storing = (spakky_storing_t){.ttl = options->ttl,
                                  .fresh_for = options->fresh_for,
                                  .tags = options->tags,
                                  .tag_count = options->tag_count};
    spakky_encoder_init(loaded);
    int number = load->loader(load->context, loaded, storing);
    if (number != 0) {
        return callback_failed(number, error);
    }
    if (loaded->borrowed) {
        /* It could not be given to the caller, who frees it. */
        return is_null("the loader changed the buffer", error);
    }
    spakky_bytes_t bytes;
    return spakky_check_value(loaded, &bytes, error);
}

/* Moves an entry to the outcome, if it is what the caller wants. */
static spakky_code_t take_entry(const load_t *load, spakky_lookup_t *found, spakky_error_t *error) {
    const spakky_options_t *options = load->options;
    const char *mistake = spakky_cbor_mistake(found->value.bytes);
    if (mistake == NULL && options->accept != NULL &&
        !options->accept(options->accept_context, found->value.bytes)) {
        mistake = "the entry is not what the caller accepts";
    }
    if (mistake != NULL) {
        return spakky_fail(error, SPAKKY_SERIALIZATION, mistake);
    }
    load->outcome->value = found->value;
    load->outcome->source = found->fresh ? SPAKKY_FROM_HIT : SPAKKY_FROM_STALE;
    load->outcome->age_ms = found->age_ms;
    load->outcome->version = found->version;
    found->value = (spakky_value_t){false, {NULL, 0}};
    return spakky_succeed(error);
}

/* Serves the entry in place of a value that could not be loaded, if that may be. */
static spakky_code_t serve_instead(const load_t *load, spakky_lookup_t *found,
                                   spakky_error_t *error) {
    if (load->checked.has_retry_after && found->lease.held) {
        /* The loader's failure has the word. */
        spakky_lease_fail(&found->lease, spakky_milliseconds(load->checked.retry_after), NULL,
                          NULL);
    }
    bool may =
        found->result == SPAKKY_LOOKUP_STALE && (found->fresh || !load->options->no_stale_if_error);
    if (!may || take_entry(load, found, NULL) != SPAKKY_OK) {
        return error->code;
    }
    load->outcome->swallowed = *error;
    spakky_warn_once(SPAKKY_CAUSE_REFRESH, load->key, error);
    return spakky_succeed(error);
}

/* What the loader chose, in the contract's terms. */
static spakky_code_t check_storing(const load_t *load, const spakky_storing_t *storing,
                                   spakky_checked_t *checked, spakky_error_t *error) {
    spakky_options_t options = {.ttl = storing->ttl,
                                .fresh_for = storing->fresh_for,
                                .tags = storing->tags,
                                .tag_count = storing->tag_count};
    bool own = storing->fresh_for.kind != load->options->fresh_for.kind ||
               storing->fresh_for.milliseconds != load->options->fresh_for.milliseconds;
    if (!own && options.ttl.kind == SPAKKY_DURATION_COUNTED &&
        options.fresh_for.kind == SPAKKY_DURATION_COUNTED &&
        options.fresh_for.milliseconds > options.ttl.milliseconds) {
        options.fresh_for = options.ttl;
    }
    bool has;
    uint64_t pass_for;
    spakky_code_t code = spakky_check_time(storing->pass_for, "pause", &has, &pass_for, error);
    return code == SPAKKY_OK ? spakky_check_options(&options, checked, error) : code;
}

/* Stores what was loaded, as far as that is wanted and can be. */
static spakky_code_t store(const load_t *load, spakky_lookup_t *found,
                           const spakky_storing_t *storing, const spakky_encoder_t *loaded,
                           spakky_error_t *error) {
    spakky_checked_t checked;
    spakky_outcome_t *outcome = load->outcome;
    outcome->source = found->lease.held ? SPAKKY_FROM_LOADER : SPAKKY_FROM_PASS;
    spakky_code_t code = check_storing(load, storing, &checked, error);
    if (code != SPAKKY_OK || !found->lease.held) {
        return code == SPAKKY_OK ? spakky_succeed(error) : code;
    }
    if (storing->do_not_store) {
        bool passes = storing->pass_for.kind != SPAKKY_DURATION_NONE;
        return passes ? spakky_lease_pass(&found->lease, storing->pass_for, NULL, error)
                      : spakky_succeed(error);
    }
    spakky_bytes_t bytes = {loaded->data, loaded->length};
    code = spakky_host_commit(&found->lease, bytes, &checked, &outcome->stored, error);
    if (code == SPAKKY_VALUE_TOO_LARGE) {
        outcome->swallowed = *error;
        /* Without this, those who wait would load one after the other. */
        spakky_lease_pass(&found->lease, spakky_milliseconds(PASS_TIME), NULL, NULL);
        spakky_warn_once(SPAKKY_CAUSE_TOO_LARGE, load->key, error);
        return spakky_succeed(error);
    }
    return code;
}

/* Gives what was loaded to the caller, or frees it. */
static spakky_code_t give(const load_t *load, spakky_code_t code, spakky_encoder_t *loaded) {
    if (code == SPAKKY_OK) {
        load->outcome->value = (spakky_value_t){true, {loaded->data, loaded->length}};
    } else {
        spakky_encoder_free(loaded);
    }
    return code;
}

/* Loads, and stores under the lease, if there is one. */
static spakky_code_t fill(const load_t *load, spakky_lookup_t *found, spakky_error_t *error) {
    spakky_storing_t storing;
    spakky_encoder_t loaded;
    spakky_code_t code = run_loader(load, &storing, &loaded, error);
    if (code == SPAKKY_CALLBACK_FAILED || code == SPAKKY_SERIALIZATION) {
        spakky_encoder_free(&loaded);
        return serve_instead(load, found, error);
    }
    code = code == SPAKKY_OK ? store(load, found, &storing, &loaded, error) : code;
    return give(load, code, &loaded);
}

/* Loads in place of an entry that this caller cannot read, and leaves it to others. */
static spakky_code_t load_beside(const load_t *load, spakky_error_t *error) {
    spakky_storing_t storing;
    spakky_encoder_t loaded;
    load->outcome->source = SPAKKY_FROM_PASS;
    load->outcome->swallowed = *error;
    spakky_warn_once(SPAKKY_CAUSE_UNDECODABLE, load->key, error);
    spakky_code_t code = run_loader(load, &storing, &loaded, error);
    return give(load, code == SPAKKY_OK ? spakky_succeed(error) : code, &loaded);
}

static spakky_code_t get_or_load(load_t *load, spakky_error_t *error) {
    spakky_code_t code = spakky_check_options(load->options, &load->checked, error);
    while (code == SPAKKY_OK) {
        spakky_lookup_t found;
        code = spakky_host_lookup(load->key, &load->checked, &found, error);
        if (code != SPAKKY_OK) {
            break;
        }
        if (found.lease.held || found.result == SPAKKY_LOOKUP_PASS) {
            code = fill(load, &found, error);
            /* Here every way out of the loader meets, so the key is free. */
            spakky_lookup_drop(&found);
            break;
        }
        code = take_entry(load, &found, error);
        uint64_t version = found.version;
        spakky_lookup_drop(&found);
        if (code == SPAKKY_OK) {
            break;
        }
        if (load->checked.has_unless) {
            /* Others may need the entry as it is, and this caller needs none. */
            code = load_beside(load, error);
            break;
        }
        load->checked.has_unless = true;
        load->checked.unless = version;
        code = SPAKKY_OK;
    }
    if (code != SPAKKY_OK) {
        spakky_outcome_free(load->outcome);
    }
    return code;
}

void spakky_outcome_free(spakky_outcome_t *outcome) {
    if (outcome != NULL) {
        spakky_value_free(&outcome->value);
        *outcome = (spakky_outcome_t){.source = SPAKKY_FROM_NOWHERE};
    }
}

spakky_code_t spakky_get_or_load_outcome(spakky_text_t key, const spakky_options_t *options,
                                         spakky_choosing_loader_t *loader, void *context,
                                         spakky_outcome_t *outcome, spakky_error_t *error) {
    static const spakky_options_t none;
    if (outcome == NULL) {
        return is_null("`outcome` is NULL", error);
    }
    *outcome = (spakky_outcome_t){.source = SPAKKY_FROM_NOWHERE};
    if (loader == NULL) {
        return is_null("`loader` is NULL", error);
    }
    load_t load = {
        .key = key,
        .options = options == NULL ? &none : options,
        .loader = loader,
        .context = context,
        .outcome = outcome,
    };
    spakky_error_t own;
    return get_or_load(&load, error == NULL ? &own : error);
}

int spakky_load_plainly(void *context, spakky_encoder_t *value, spakky_storing_t *storing) {
    (void)storing;
    const spakky_plain_t *plain = context;
    return plain->loader(plain->context, value);
}

spakky_code_t spakky_get_or_load(spakky_text_t key, const spakky_options_t *options,
                                 spakky_loader_t *loader, void *context, spakky_value_t *value,
                                 spakky_error_t *error) {
    if (value == NULL) {
        return is_null("`value` is NULL", error);
    }
    *value = (spakky_value_t){false, {NULL, 0}};
    if (loader == NULL) {
        return is_null("`loader` is NULL", error);
    }
    spakky_outcome_t outcome = {.source = SPAKKY_FROM_NOWHERE};
    spakky_plain_t plain = {loader, context};
    spakky_code_t code =
        spakky_get_or_load_outcome(key, options, spakky_load_plainly, &plain, &outcome, error);
    *value = outcome.value;
    return code;
}

/* ---- Writing ----------------------------------------------------------------- */

spakky_code_t spakky_write_through(spakky_text_t key, const spakky_encoder_t *value,
                                   const spakky_options_t *options, spakky_action_t *writer,
                                   void *context, spakky_error_t *error) {
    if (writer == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`writer` is NULL");
    }
    spakky_checked_t checked;
    spakky_bytes_t bytes;
    spakky_lease_t lease = {false, 0};
    spakky_code_t code = spakky_check_options(options, &checked, error);
    /* Before anything changes: a value that cannot be cached is not written. */
    code = code == SPAKKY_OK ? spakky_check_value(value, &bytes, error) : code;
    code = code == SPAKKY_OK ? spakky_host_begin_write(key, &checked, &lease, error) : code;
    if (code != SPAKKY_OK) {
        return code;
    }
    int number = writer(context);
    if (number != 0) {
        code = callback_failed(number, error);
    } else {
        code = spakky_host_commit(&lease, bytes, &checked, NULL, error);
        if (code != SPAKKY_OK) {
            note_after(error, SPAKKY_AFTER_SUCCESS, 0);
        }
    }
    spakky_lease_drop(&lease);
    return code;
}

spakky_code_t spakky_write_behind(spakky_text_t key, const spakky_encoder_t *value,
                                  const spakky_options_t *options, spakky_action_t *writer,
                                  void *context, spakky_error_t *error) {
    if (writer == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`writer` is NULL");
    }
    spakky_code_t code = spakky_set(key, value, options, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    int number = writer(context);
    if (number == 0) {
        return spakky_succeed(error);
    }
    code = spakky_delete(key, NULL, error);
    if (code == SPAKKY_OK) {
        return callback_failed(number, error);
    }
    note_after(error, SPAKKY_AFTER_FAILURE, number);
    return code;
}
