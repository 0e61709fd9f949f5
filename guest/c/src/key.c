/* Keys out of templates. `spakky_cache.h` says what this does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

spakky_argument_t spakky_arg_text(const char *name, spakky_text_t value) {
    return (spakky_argument_t){.name = name, .text = value};
}

spakky_argument_t spakky_arg_str(const char *name, const char *value) {
    return spakky_arg_text(name, spakky_str(value));
}

spakky_argument_t spakky_arg_int(const char *name, int64_t value) {
    uint64_t bits = value < 0 ? ~(uint64_t)value : (uint64_t)value;
    return (spakky_argument_t){.name = name, .number = {value < 0, bits}, .is_number = true};
}

spakky_argument_t spakky_arg_uint(const char *name, uint64_t value) {
    return (spakky_argument_t){.name = name, .number = {false, value}, .is_number = true};
}

/* A key in the making. Without `data` it only measures. */
typedef struct draft_t {
    char *data;
    size_t length;
} draft_t;

static void add(draft_t *draft, const char *text, size_t length) {
    if (draft->data != NULL && length > 0) {
        memcpy(draft->data + draft->length, text, length);
    }
    draft->length += length;
}

/* Adds a value; its separators, and the sign that escapes, are escaped. */
static void add_escaped(draft_t *draft, spakky_text_t text) {
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '%') {
            add(draft, "%25", 3);
        } else if (text.data[i] == ':') {
            add(draft, "%3A", 3);
        } else {
            add(draft, &text.data[i], 1);
        }
    }
}

static void add_argument(draft_t *draft, const spakky_argument_t *argument) {
    if (!argument->is_number) {
        add_escaped(draft, argument->text);
        return;
    }
    char digits[24];
    spakky_integer_t number = argument->number;
    int length;
    if (!number.negative) {
        length = snprintf(digits, sizeof digits, "%" PRIu64, number.bits);
    } else if (number.bits < UINT64_MAX) {
        length = snprintf(digits, sizeof digits, "-%" PRIu64, number.bits + 1);
    } else {
        length = snprintf(digits, sizeof digits, "-18446744073709551616");
    }
    add(draft, digits, (size_t)length);
}

/* How much of a text a reason shows: not more than `most` bytes, and whole characters. */
static int shown(const char *text, size_t length, size_t most) {
    if (length > most) {
        length = most;
        while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return (int)length;
}

static spakky_code_t wrong(const char *key_template, const char *what, spakky_error_t *error) {
    char reason[160];
    snprintf(reason, sizeof reason, "the template `%.*s` %s",
             shown(key_template, strlen(key_template), 60), key_template, what);
    return spakky_fail(error, SPAKKY_KEY_GENERATION, reason);
}

static bool is_name(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return length > 0;
}

static const spakky_argument_t *find(const char *name, size_t length,
                                     const spakky_argument_t *arguments, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *other = arguments[i].name;
        if (other != NULL && strlen(other) == length && memcmp(other, name, length) == 0) {
            return &arguments[i];
        }
    }
    return NULL;
}

/* Adds the value that is named between two braces, from `name` to `end`. */
static spakky_code_t add_named(draft_t *draft, const char *key_template, const char *name,
                               const char *end, const spakky_argument_t *arguments, size_t count,
                               spakky_error_t *error) {
    char reason[96];
    size_t length = (size_t)(end - name);
    int most = shown(name, length, 40);
    if (!is_name(name, length)) {
        snprintf(reason, sizeof reason, "has `{%.*s}`, which names no argument", most, name);
        return wrong(key_template, reason, error);
    }
    const spakky_argument_t *argument = find(name, length, arguments, count);
    if (argument == NULL) {
        snprintf(reason, sizeof reason, "names `%.*s`, which is no argument", most, name);
        return wrong(key_template, reason, error);
    }
    if (!argument->is_number && !spakky_text_valid(argument->text)) {
        snprintf(reason, sizeof reason, "is given a `%.*s` that is not UTF-8", most, name);
        return wrong(key_template, reason, error);
    }
    add_argument(draft, argument);
    return SPAKKY_OK;
}

/* Measures the key, or writes it. */
static spakky_code_t expand(draft_t *draft, const char *key_template,
                            const spakky_argument_t *arguments, size_t count,
                            spakky_error_t *error) {
    /* Values hold no `:` once they are escaped. With one between any two of them, the
     * template can be read back, so two lists of values never make one key. */
    bool separated = true;
    const char *at = key_template;
    while (*at != '\0') {
        size_t plain = strcspn(at, "{}");
        separated |= memchr(at, ':', plain) != NULL;
        add(draft, at, plain);
        at += plain;
        if (*at == '\0') {
            break;
        }
        if (at[0] == at[1]) {
            add(draft, at, 1);
            at += 2;
            continue;
        }
        if (*at == '}') {
            return wrong(key_template, "has a `}` without its `{`: one of the text is `}}`", error);
        }
        const char *name = at + 1;
        const char *end = name + strcspn(name, "{}");
        if (*end != '}') {
            return wrong(key_template, "has a `{` without its `}`: one of the text is `{{`", error);
        }
        if (!separated) {
            return wrong(key_template,
                         "has no `:` between two values: different ones could make the same key",
                         error);
        }
        separated = false;
        spakky_code_t code = add_named(draft, key_template, name, end, arguments, count, error);
        if (code != SPAKKY_OK) {
            return code;
        }
        at = end + 1;
    }
    return SPAKKY_OK;
}

spakky_code_t spakky_key(const char *key_template, const spakky_argument_t *arguments, size_t count,
                         spakky_text_t *key, spakky_error_t *error) {
    if (key == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`key` is NULL");
    }
    *key = (spakky_text_t){NULL, 0};
    if (arguments == NULL && count > 0) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`arguments` is NULL");
    }
    if (key_template == NULL || key_template[0] == '\0') {
        return spakky_fail(error, SPAKKY_KEY_GENERATION, "an empty template: no key is empty");
    }
    if (!spakky_text_valid(spakky_str(key_template))) {
        return spakky_fail(error, SPAKKY_KEY_GENERATION, "the template is not UTF-8");
    }
    draft_t made = {NULL, 0};
    spakky_code_t code = expand(&made, key_template, arguments, count, error);
    if (code != SPAKKY_OK) {
        return code;
    }
    size_t length = made.length;
    made = (draft_t){malloc(length + 1), 0};
    if (made.data == NULL) {
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    expand(&made, key_template, arguments, count, NULL);
    made.data[length] = '\0';
    *key = (spakky_text_t){made.data, length};
    return spakky_succeed(error);
}

void spakky_key_free(spakky_text_t *key) {
    if (key != NULL) {
        free((void *)(uintptr_t)key->data);
        *key = (spakky_text_t){NULL, 0};
    }
}
