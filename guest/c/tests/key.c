#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "spakky_cache.h"
#include "test.h"

static spakky_error_t error;

/* Makes a key of `a`, `b` and `n`. */
static spakky_code_t make(const char *key_template, const char *a, const char *b,
                          spakky_text_t *key) {
    return spakky_key(
        key_template,
        SPAKKY_ARGUMENTS(spakky_arg_str("a", a), spakky_arg_str("b", b), spakky_arg_int("n", -7)),
        key, &error);
}

static void templates_are_text_and_values(void) {
    static const struct {
        const char *key_template;
        const char *key;
    } all[] = {
        {"x", "x"},
        {"{{}}", "{}"},
        {"p:{a}", "p:one"},
        {"{a}", "one"},
        {"{a}:{b}", "one:t%3Aw%25o"},
        {"{a}-:-{b}!", "one-:-t%3Aw%25o!"},
        {"%:{n}", "%:-7"},
        {"{{{a}}}", "{one}"},
        {"\xe6\x97\xa5:{a}", "\xe6\x97\xa5:one"},
        {"{a}:{a}", "one:one"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        spakky_text_t key;
        CHECK(make(all[i].key_template, "one", "t:w%o", &key) == SPAKKY_OK);
        CHECK(key.data != NULL);
        if (key.data != NULL) {
            CHECK_STR(key.data, all[i].key);
            CHECK(key.length == strlen(all[i].key));
        }
        spakky_key_free(&key);
        spakky_key_free(&key);
    }
}

static void a_wrong_template_is_refused_with_its_reason(void) {
    static const struct {
        const char *key_template;
        const char *reason;
    } all[] = {
        {"", "empty"},
        {"a{", "without its `}`"},
        {"a}", "without its `{`"},
        {"{a{b}}", "without its `}`"},
        {"{}", "names no argument"},
        {"{9}", "`9`, which is no argument"},
        {"{00}", "`00`, which is no argument"},
        {"{99999999999999999999}", "is no argument"},
        {"{0a}", "names no argument"},
        {"{-1}", "names no argument"},
        {"{a b}", "names no argument"},
        {"{a.b}", "names no argument"},
        {"{no}", "`no`, which is no argument"},
        {"{a}{b}", "no `:` between"},
        {"{a}-{b}", "no `:` between"},
        {"{a}:{b}{n}", "no `:` between"},
        {"\xff", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        spakky_text_t key;
        CHECK(make(all[i].key_template, "", "", &key) == SPAKKY_KEY_GENERATION);
        CHECK(key.data == NULL && key.length == 0);
        if (strstr(error.reason, all[i].reason) == NULL) {
            test_fail(__FILE__, __LINE__, error.reason);
        }
    }
    spakky_text_t key;
    /* A reason is cut between characters. */
    char many[400] = "{";
    for (size_t at = 1; at < 390; at += 3) {
        memcpy(many + at, "\xe6\x97\xa5", 4);
    }
    for (size_t i = 0; i < 3; i++) {
        many[391 + i] = '}';
        many[392 + i] = '\0';
        CHECK(make(many + (i == 2 ? 1 : 0), "", "", &key) == SPAKKY_KEY_GENERATION);
        CHECK(spakky_text_valid(spakky_str(error.reason)));
    }
    CHECK(spakky_key(NULL, NULL, 0, &key, &error) == SPAKKY_KEY_GENERATION);
    CHECK(make("{a}", "caf\xe9", "", &key) == SPAKKY_KEY_GENERATION);
    CHECK(make("{a}", NULL, "", &key) == SPAKKY_KEY_GENERATION);
    CHECK(spakky_key("{a}", NULL, 2, &key, NULL) == SPAKKY_INVALID_ARGUMENT);
    CHECK(spakky_key("a", NULL, 0, NULL, NULL) == SPAKKY_INVALID_ARGUMENT);
    /* An argument without a name is none. */
    spakky_argument_t nameless = spakky_arg_str(NULL, "x");
    CHECK(spakky_key("{a}", &nameless, 1, &key, NULL) == SPAKKY_KEY_GENERATION);
}

static void numbers_of_every_size(void) {
    spakky_text_t key;
    spakky_argument_t beyond = spakky_arg_integer("d", (spakky_integer_t){true, UINT64_MAX});
    CHECK(
        spakky_key("{a}:{b}:{c}:{d}",
                   SPAKKY_ARGUMENTS(spakky_arg_int("a", INT64_MIN), spakky_arg_int("b", INT64_MAX),
                                    spakky_arg_uint("c", UINT64_MAX), beyond),
                   &key, &error) == SPAKKY_OK);
    CHECK_STR(key.data, "-9223372036854775808:9223372036854775807:18446744073709551615:"
                        "-18446744073709551616");
    spakky_key_free(&key);
}

/* The value of a vector, as an argument `v`. A text lives as long as the line. */
static spakky_argument_t argument_of(const char *json) {
    static const char integer[] = "{\"$int\": \"";
    static const char real[] = "{\"$float\": \"";
    if (json[0] == '"') {
        return spakky_arg_text("v", (spakky_text_t){json + 1, strcspn(json + 1, "\"")});
    }
    if (json[0] == 'n') {
        return spakky_arg_null("v");
    }
    if (json[0] == 't' || json[0] == 'f') {
        return spakky_arg_bool("v", json[0] == 't');
    }
    if (strncmp(json, real, sizeof real - 1) == 0) {
        return spakky_arg_float("v", strtod(json + sizeof real - 1, NULL));
    }
    if (strncmp(json, integer, sizeof integer - 1) == 0) {
        json += sizeof integer - 1;
    } else if (json[strcspn(json, ".e")] != '\0') {
        return spakky_arg_float("v", strtod(json, NULL));
    }
    bool negative = json[0] == '-';
    bool least = strncmp(json, "-18446744073709551616", 21) == 0;
    uint64_t size = strtoull(json + (negative ? 1 : 0), NULL, 10);
    uint64_t bits = least ? UINT64_MAX : size - (negative ? 1 : 0);
    return spakky_arg_integer("v", (spakky_integer_t){negative, bits});
}

static void check_key(const char *line) {
    spakky_argument_t argument = argument_of(strchr(line, ' ') + 1);
    spakky_text_t key;
    spakky_text_t expected = {line, strcspn(line, " ")};
    if (spakky_key("k:{v}", &argument, 1, &key, NULL) != SPAKKY_OK ||
        !spakky_text_equal(key, expected)) {
        test_fail(__FILE__, __LINE__, line);
    }
    spakky_key_free(&key);
}

static void check_no_key(const char *line) {
    spakky_argument_t argument = argument_of(line);
    spakky_text_t key;
    if (spakky_key("k:{v}", &argument, 1, &key, NULL) != SPAKKY_KEY_GENERATION) {
        test_fail(__FILE__, __LINE__, line);
    }
}

static void each_value_makes_its_key(void) { test_each_vector("KEYS.md", "key", check_key); }

static void what_has_no_key_is_refused(void) {
    test_each_vector("KEYS.md", "no-key", check_no_key);
}

/* Reads a key back: the float, bool, integer or null that its text spells, or a text. */
static bool is_read_back(spakky_text_t key, spakky_argument_t value) {
    char text[400];
    size_t length = 0;
    for (size_t at = 0; at < key.length; at++) {
        char c = key.data[at];
        if (c == '%') {
            const char escape[] = {key.data[at + 1], key.data[at + 2], '\0'};
            c = (char)strtol(escape, NULL, 16);
            at += 2;
        }
        text[length++] = c;
    }
    text[length] = '\0';
    bool escaped = key.length > 0 && key.data[0] == '%';
    bool number = strspn(text, "-.0123456789") == length && length > 0 && !escaped;
    switch (value.kind) {
    case SPAKKY_ARGUMENT_TEXT:
        if (number) {
            /* That the text is not the number, the number's key has to tell. */
            spakky_argument_t same = spakky_arg_float("v", strtod(text, NULL));
            spakky_text_t other;
            bool equal = spakky_key("{v}", &same, 1, &other, NULL) == SPAKKY_OK &&
                         spakky_text_equal(key, other);
            spakky_key_free(&other);
            if (equal) {
                return false;
            }
        }
        return spakky_text_equal((spakky_text_t){text, length}, value.text) &&
               (escaped || (strcmp(text, "null") != 0 && strcmp(text, "true") != 0));
    case SPAKKY_ARGUMENT_FLOAT:
        return number && strtod(text, NULL) == value.real;
    case SPAKKY_ARGUMENT_INTEGER:
        return number && strtoll(text, NULL, 10) == (int64_t)value.integer.bits;
    case SPAKKY_ARGUMENT_BOOL:
        return !escaped && strcmp(text, value.flag ? "true" : "false") == 0;
    case SPAKKY_ARGUMENT_NULL:
        return !escaped && strcmp(text, "null") == 0;
    }
    return false;
}

static uint64_t state;

static uint64_t below(uint64_t limit) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % limit;
}

static void generated_values_are_read_back(void) {
    static const char *const pieces[] = {"", "-", "0", "7", ".5", "null", "true", "%", ":", "%37"};
    enum { PIECES = sizeof pieces / sizeof pieces[0] };
    state = test_seed();
    for (unsigned round = 0; round < 20000; round++) {
        char text[16];
        double real;
        uint64_t bits = below(UINT64_C(1) << 31) << 32 | below(UINT64_C(1) << 31);
        /* Around the powers of two, where the nearest decimal may not be the shortest. */
        bits = (below(2) == 0 ? bits & UINT64_C(0x7ff) << 52 : bits) + below(3);
        memcpy(&real, &bits, sizeof real);
        snprintf(text, sizeof text, "%s%s%s", pieces[below(PIECES)], pieces[below(PIECES)],
                 pieces[below(PIECES)]);
        spakky_argument_t values[] = {
            spakky_arg_str("v", text),
            spakky_arg_float("v", isfinite(real) ? real : 0.5),
            spakky_arg_int("v", (int)round),
            spakky_arg_bool("v", below(2) == 0),
            spakky_arg_null("v"),
        };
        spakky_argument_t value = values[below(sizeof values / sizeof values[0])];
        spakky_text_t key;
        if (spakky_key("{v}", &value, 1, &key, NULL) != SPAKKY_OK || !is_read_back(key, value)) {
            test_fail(__FILE__, __LINE__, key.data == NULL ? "no key" : key.data);
        }
        spakky_key_free(&key);
    }
}

static void different_values_make_different_keys(void) {
    static const char *const pairs[][2] = {{"a", "b:c"},    {"a:b", "c"},    {"a%3Ab", "c"},
                                           {"a%", "3Ab:c"}, {"", "a:b:c"},   {"a", ""},
                                           {"", ""},        {"a%253Ab", "c"}};
    enum { COUNT = sizeof pairs / sizeof pairs[0] };
    spakky_text_t keys[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(make("{a}:{b}", pairs[i][0], pairs[i][1], &keys[i]) == SPAKKY_OK);
        for (size_t j = 0; j < i; j++) {
            CHECK(!spakky_text_equal(keys[i], keys[j]));
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        spakky_key_free(&keys[i]);
    }
}

static void a_value_may_hold_nul(void) {
    spakky_text_t key;
    CHECK(spakky_key("k:{a}", SPAKKY_ARGUMENTS(spakky_arg_text("a", (spakky_text_t){"\0:", 2})),
                     &key, NULL) == SPAKKY_OK);
    CHECK(spakky_text_equal(key, (spakky_text_t){"k:\0%3A", 6}));
    spakky_key_free(&key);
}

static void a_number_names_an_argument(void) {
    const spakky_argument_t arguments[] = {spakky_arg_str(NULL, "a"), spakky_arg_int("id", 7)};
    static const struct {
        const char *key_template;
        const char *key;
    } all[] = {{"{0}:{1}", "a:7"}, {"{1}:{0}", "7:a"}, {"{1}:{id}:{0}", "7:7:a"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        spakky_text_t key;
        CHECK(spakky_key(all[i].key_template, arguments, 2, &key, &error) == SPAKKY_OK);
        CHECK(key.data != NULL && strcmp(key.data, all[i].key) == 0);
        spakky_key_free(&key);
        CHECK(spakky_key("{2}", arguments, 2, &key, &error) == SPAKKY_KEY_GENERATION);
    }
}

const test_t key_tests[] = {
    {"key: a number names an argument", a_number_names_an_argument},
    {"key: a template is text and values", templates_are_text_and_values},
    {"key: a wrong template is refused with its reason",
     a_wrong_template_is_refused_with_its_reason},
    {"key: numbers of every size", numbers_of_every_size},
    {"key: each value makes its key", each_value_makes_its_key},
    {"key: what has no key is refused", what_has_no_key_is_refused},
    {"key: generated values are read back from their keys", generated_values_are_read_back},
    {"key: different values make different keys", different_values_make_different_keys},
    {"key: a value may hold a NUL", a_value_may_hold_nul},
    {NULL, NULL},
};
