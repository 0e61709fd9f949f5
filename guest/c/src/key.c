/* Keys out of templates. `spakky_cache.h` says what this does, and wit/KEYS.md what a value
 * is in a key. */
#include <inttypes.h>
#include <math.h>
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
    return spakky_arg_integer(name, (spakky_integer_t){value < 0, bits});
}

spakky_argument_t spakky_arg_uint(const char *name, uint64_t value) {
    return spakky_arg_integer(name, (spakky_integer_t){false, value});
}

spakky_argument_t spakky_arg_integer(const char *name, spakky_integer_t value) {
    return (spakky_argument_t){.name = name, .kind = SPAKKY_ARGUMENT_INTEGER, .integer = value};
}

spakky_argument_t spakky_arg_float(const char *name, double value) {
    return (spakky_argument_t){.name = name, .kind = SPAKKY_ARGUMENT_FLOAT, .real = value};
}

spakky_argument_t spakky_arg_bool(const char *name, bool value) {
    return (spakky_argument_t){.name = name, .kind = SPAKKY_ARGUMENT_BOOL, .flag = value};
}

spakky_argument_t spakky_arg_null(const char *name) {
    return (spakky_argument_t){.name = name, .kind = SPAKKY_ARGUMENT_NULL};
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

static size_t digits(const char *text, size_t length) {
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

static bool is_number(const char *text, size_t length) {
    if (length == 2 && memcmp(text, "-0", 2) == 0) {
        return false;
    }
    size_t at = length > 0 && text[0] == '-' ? 1 : 0;
    size_t whole = digits(text + at, length - at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) {
        return false;
    }
    at += whole;
    if (at == length) {
        return true;
    }
    return text[at] == '.' && length - at > 1 && text[length - 1] != '0' &&
           digits(text + at + 1, length - at - 1) == length - at - 1;
}

static bool spells_another_type(spakky_text_t text) {
    return spakky_text_equal(text, spakky_str("null")) ||
           spakky_text_equal(text, spakky_str("true")) ||
           spakky_text_equal(text, spakky_str("false")) || is_number(text.data, text.length);
}

/* Adds a text; its separators, and the sign that escapes, are escaped. */
static void add_text(draft_t *draft, spakky_text_t text) {
    bool whole = spells_another_type(text);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%' || c == ':' || (whole && i == 0)) {
            char escape[4];
            snprintf(escape, sizeof escape, "%%%02X", (unsigned)(uint8_t)c);
            add(draft, escape, 3);
        } else {
            add(draft, &c, 1);
        }
    }
}

static void add_integer(draft_t *draft, spakky_integer_t number) {
    char text[24];
    int length;
    if (!number.negative) {
        length = snprintf(text, sizeof text, "%" PRIu64, number.bits);
    } else if (number.bits < UINT64_MAX) {
        length = snprintf(text, sizeof text, "-%" PRIu64, number.bits + 1);
    } else {
        length = snprintf(text, sizeof text, "-18446744073709551616");
    }
    add(draft, text, (size_t)length);
}

/* Adds a float without an exponent, in all digits if it is whole, else in the fewest that
 * read as the same number. */
static void add_float(draft_t *draft, double real) {
    char text[320];
    double size = fabs(real);
    if (real < 0) {
        add(draft, "-", 1);
    }
    if (trunc(size) == size) {
        add(draft, text, (size_t)snprintf(text, sizeof text, "%.0f", size));
        return;
    }
    uint64_t decimal = 0;
    int exponent = 0;
    double found = 0;
    for (int precision = 0; found != size && precision < 17; precision++) {
        /* `d.ddde-xx` */
        snprintf(text, sizeof text, "%.*e", precision, size);
        char *mark = strchr(text, 'e');
        exponent = (int)strtol(mark + 1, NULL, 10) - precision;
        decimal = (uint64_t)(text[0] - '0');
        for (const char *digit = text + 2; digit < mark; digit++) {
            decimal = decimal * 10 + (uint64_t)(*digit - '0');
        }
        /* At a power of two, the next decimal may read as the number, though it is not the
         * nearest. */
        for (int up = 0; up < 2 && found != size; up++) {
            decimal += (uint64_t)up;
            snprintf(text, sizeof text, "%" PRIu64 "e%d", decimal, exponent);
            found = strtod(text, NULL);
        }
    }
    char shortest[24];
    int count = snprintf(shortest, sizeof shortest, "%" PRIu64, decimal);
    int point = count + exponent;
    add(draft, point > 0 ? shortest : "0", point > 0 ? (size_t)point : 1);
    add(draft, ".", 1);
    for (int zero = point; zero < 0; zero++) {
        add(draft, "0", 1);
    }
    int begin = point > 0 ? point : 0;
    add(draft, shortest + begin, (size_t)(count - begin));
}

static void add_argument(draft_t *draft, const spakky_argument_t *argument) {
    switch (argument->kind) {
    case SPAKKY_ARGUMENT_TEXT:
        add_text(draft, argument->text);
        break;
    case SPAKKY_ARGUMENT_INTEGER:
        add_integer(draft, argument->integer);
        break;
    case SPAKKY_ARGUMENT_FLOAT:
        add_float(draft, argument->real);
        break;
    case SPAKKY_ARGUMENT_BOOL:
        argument->flag ? add(draft, "true", 4) : add(draft, "false", 5);
        break;
    case SPAKKY_ARGUMENT_NULL:
        add(draft, "null", 4);
        break;
    }
}

int spakky_shown(const char *text, size_t length, size_t most) {
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
             spakky_shown(key_template, strlen(key_template), 60), key_template, what);
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

/* The argument of a name, or of a number in its one form. */
static const spakky_argument_t *find(const char *name, size_t length,
                                     const spakky_argument_t *arguments, size_t count) {
    if (digits(name, length) == length) {
        size_t number = (size_t)strtoul(name, NULL, 10);
        bool is_one = length < 6 && (length == 1 || name[0] != '0');
        return is_one && number < count ? &arguments[number] : NULL;
    }
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
    int most = spakky_shown(name, length, 40);
    bool is_number = length > 0 && digits(name, length) == length;
    if (!is_number && !is_name(name, length)) {
        snprintf(reason, sizeof reason, "has `{%.*s}`, which names no argument", most, name);
        return wrong(key_template, reason, error);
    }
    const spakky_argument_t *argument = find(name, length, arguments, count);
    if (argument == NULL) {
        snprintf(reason, sizeof reason, "names `%.*s`, which is no argument", most, name);
        return wrong(key_template, reason, error);
    }
    if (argument->kind == SPAKKY_ARGUMENT_TEXT && !spakky_text_valid(argument->text)) {
        snprintf(reason, sizeof reason, "is given a `%.*s` that is not UTF-8", most, name);
        return wrong(key_template, reason, error);
    }
    if (argument->kind == SPAKKY_ARGUMENT_FLOAT && !isfinite(argument->real)) {
        snprintf(reason, sizeof reason, "is given a `%.*s` that is not finite", most, name);
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
