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
        {"{0}", "names no argument"},
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
    spakky_argument_t beyond = spakky_arg_int("d", 0);
    beyond.number = (spakky_integer_t){true, UINT64_MAX};
    CHECK(
        spakky_key("{a}:{b}:{c}:{d}",
                   SPAKKY_ARGUMENTS(spakky_arg_int("a", INT64_MIN), spakky_arg_int("b", INT64_MAX),
                                    spakky_arg_uint("c", UINT64_MAX), beyond),
                   &key, &error) == SPAKKY_OK);
    CHECK_STR(key.data, "-9223372036854775808:9223372036854775807:18446744073709551615:"
                        "-18446744073709551616");
    spakky_key_free(&key);
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

const test_t key_tests[] = {
    {"key: a template is text and values", templates_are_text_and_values},
    {"key: a wrong template is refused with its reason",
     a_wrong_template_is_refused_with_its_reason},
    {"key: numbers of every size", numbers_of_every_size},
    {"key: different values make different keys", different_values_make_different_keys},
    {"key: a value may hold a NUL", a_value_may_hold_nul},
    {NULL, NULL},
};
