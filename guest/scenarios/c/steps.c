#include "steps.h"

/* What a field holds. */
typedef enum kind_t {
    A_TEXT,
    TEXTS,
    A_VALUE, /* any JSON: whether it is a value is seen when it is encoded */
    ENTRIES,
    OPTIONS,     /* the library's */
    RAW_OPTIONS, /* the contract's */
    WORK,        /* of a loader that has to be there, or of a writer */
    STEPS,
    A_FLAG,
    A_U64,
    A_SIZE,
    AN_I32,
    AN_ENDPOINT,
    AN_EVICTION,
    A_WAY_OUT,
} kind_t;

typedef enum presence_t {
    REQUIRED,
    OPTIONAL, /* or null */
    LEFT_OUT, /* may be left out, and is not null */
} presence_t;

typedef struct field_t {
    const char *name;
    kind_t kind;
    presence_t presence;
} field_t;

enum { MOST_FIELDS = 6 };

typedef struct shape_t {
    const char *op;
    field_t fields[MOST_FIELDS];
} shape_t;

#define KEY {"key", A_TEXT, REQUIRED}
#define VALUE {"value", A_VALUE, REQUIRED}
#define HAS_OPTIONS {"options", OPTIONS, LEFT_OUT}
#define TAGS {"tags", TEXTS, LEFT_OUT}
#define LEASE {"lease", A_TEXT, REQUIRED}
#define FAIL {"fail", A_TEXT, OPTIONAL}
#define CONTENT                                                                                    \
    {"value", A_VALUE, LEFT_OUT}, {"hex", A_TEXT, OPTIONAL}, { "bytes", A_SIZE, OPTIONAL }

static const shape_t shapes[] = {
    /* The library. */
    {"get", {KEY}},
    {"get_many", {{"keys", TEXTS, REQUIRED}}},
    {"set", {KEY, VALUE, HAS_OPTIONS}},
    {"set_many", {{"entries", ENTRIES, REQUIRED}, HAS_OPTIONS}},
    {"delete", {KEY}},
    {"delete_many", {{"keys", TEXTS, REQUIRED}}},
    {"evict_tags", {{"tags", TEXTS, REQUIRED}}},
    {"clear", {{0}}},
    {"metrics", {{0}}},
    {"config", {{0}}},
    {"health", {{"endpoint", AN_ENDPOINT, REQUIRED}}},
    {"info", {{0}}},
    {"get_or_load", {KEY, HAS_OPTIONS, {"loader", WORK, REQUIRED}}},
    {"write_through", {KEY, VALUE, HAS_OPTIONS, {"writer", WORK, LEFT_OUT}}},
    {"write_behind", {KEY, VALUE, HAS_OPTIONS, {"writer", WORK, LEFT_OUT}}},
    {"cacheable", {{"id", A_TEXT, REQUIRED}, {"part", A_TEXT, LEFT_OUT}, FAIL}},
    {"cache_evict",
     {{"by", AN_EVICTION, REQUIRED}, {"id", A_TEXT, LEFT_OUT}, {"part", A_TEXT, LEFT_OUT}, FAIL}},
    {"abandon", {KEY, {"how", A_WAY_OUT, REQUIRED}}},
    {"hits", {KEY, {"times", A_U64, REQUIRED}}},
    {"misuse", {{0}}},
    /* The contract. */
    {"lookup", {KEY, TAGS, {"max_wait_ms", A_U64, OPTIONAL}, {"lease", A_TEXT, OPTIONAL}}},
    {"begin_write", {KEY, TAGS, {"lease", A_TEXT, OPTIONAL}}},
    {"commit", {LEASE, CONTENT, {"options", RAW_OPTIONS, LEFT_OUT}}},
    {"drop", {LEASE}},
    {"leak", {LEASE}},
    {"raw_get", {KEY}},
    {"raw_set", {KEY, CONTENT, {"options", RAW_OPTIONS, LEFT_OUT}}},
    /* The instance. */
    {"sleep", {{"ms", A_U64, REQUIRED}}},
    {"pause", {{0}}},
    {"resume", {{0}}},
    {"trap", {{0}}},
    {"panic", {{0}}},
    {"loop", {{0}}},
    {"overflow", {{0}}},
    {"eat", {{"mib", A_SIZE, REQUIRED}}},
    {"exit", {{"code", AN_I32, REQUIRED}}},
};

static const field_t options_fields[MOST_FIELDS] = {
    {"ttl_ms", A_U64, OPTIONAL},      {"ttl_s", A_VALUE, OPTIONAL}, {"fresh_ms", A_U64, OPTIONAL},
    {"max_wait_ms", A_U64, OPTIONAL}, {"tags", TEXTS, LEFT_OUT},
};

static const field_t raw_options_fields[MOST_FIELDS] = {
    {"ttl_ms", A_U64, OPTIONAL}, {"fresh_ms", A_U64, OPTIONAL}, {"tags", TEXTS, LEFT_OUT}};

static const field_t work_fields[MOST_FIELDS] = {
    {"value", A_VALUE, OPTIONAL},  {"fail", A_TEXT, OPTIONAL}, {"trap", A_FLAG, LEFT_OUT},
    {"sleep_ms", A_U64, LEFT_OUT}, {"then", STEPS, LEFT_OUT},
};

static const char *fields_mistake(arena_t *arena, const json_t *object, const field_t *fields,
                                  bool is_step);

static bool are_texts(const json_t *json) {
    for (const json_t *item = json->first; item != NULL; item = item->next) {
        if (item->kind != JSON_TEXT) {
            return false;
        }
    }
    return json->kind == JSON_ARRAY;
}

static bool are_entries(const json_t *json) {
    for (const json_t *item = json->first; item != NULL; item = item->next) {
        if (item->kind != JSON_ARRAY || item->count != 2 || item->first->kind != JSON_TEXT) {
            return false;
        }
    }
    return json->kind == JSON_ARRAY;
}

static bool is_uint(const json_t *json, uint64_t most) {
    return json->kind == JSON_INTEGER && (!json->negative || json->size == 0) && json->size <= most;
}

static bool is_one_of(const json_t *json, const char *const *words) {
    for (; *words != NULL; words++) {
        if (json->kind == JSON_TEXT && spakky_text_equal(json->text, spakky_str(*words))) {
            return true;
        }
    }
    return false;
}

static const char *steps_mistake(arena_t *arena, const json_t *steps) {
    const char *mistake = steps->kind == JSON_ARRAY ? NULL : "steps are a list";
    for (const json_t *step = steps->first; step != NULL && mistake == NULL; step = step->next) {
        mistake = step_mistake(arena, step);
    }
    return mistake;
}

static const char *content_mistake(arena_t *arena, const json_t *json, kind_t kind) {
    static const char *const endpoints[] = {"health", "readiness", "liveness", NULL};
    static const char *const evictions[] = {"key", "tags", "all", NULL};
    static const char *const ways_out[] = {"return", "throw", NULL};
    switch (kind) {
    case A_TEXT:
        return json->kind == JSON_TEXT ? NULL : "it is a text";
    case TEXTS:
        return are_texts(json) ? NULL : "it is a list of texts";
    case A_VALUE:
        return NULL;
    case ENTRIES:
        return are_entries(json) ? NULL : "it is a list of pairs of a key and a value";
    case OPTIONS:
        return fields_mistake(arena, json, options_fields, false);
    case RAW_OPTIONS:
        return fields_mistake(arena, json, raw_options_fields, false);
    case WORK:
        return fields_mistake(arena, json, work_fields, false);
    case STEPS:
        return steps_mistake(arena, json);
    case A_FLAG:
        return json->kind == JSON_BOOL ? NULL : "it is true or false";
    case A_U64:
        return is_uint(json, UINT64_MAX) ? NULL : "it is a whole number of 64 bits";
    case A_SIZE:
        return is_uint(json, UINT32_MAX) ? NULL : "it is a whole number of 32 bits";
    case AN_I32:
        return json->kind == JSON_INTEGER && json->size <= INT32_MAX ? NULL
                                                                     : "it is a number of 32 bits";
    case AN_ENDPOINT:
        return is_one_of(json, endpoints) ? NULL : "it is an endpoint";
    case AN_EVICTION:
        return is_one_of(json, evictions) ? NULL : "it is `key`, `tags` or `all`";
    case A_WAY_OUT:
        return is_one_of(json, ways_out) ? NULL : "it is `return` or `throw`";
    }
    return NULL;
}

static const field_t *find_field(const field_t *fields, spakky_text_t name) {
    for (size_t i = 0; i < MOST_FIELDS && fields[i].name != NULL; i++) {
        if (spakky_text_equal(spakky_str(fields[i].name), name)) {
            return &fields[i];
        }
    }
    return NULL;
}

static const char *about(arena_t *arena, const char *name, const char *mistake) {
    return arena_print(arena, "`%s`: %s", name, mistake).data;
}

static const char *fields_mistake(arena_t *arena, const json_t *object, const field_t *fields,
                                  bool is_step) {
    bool seen[MOST_FIELDS] = {false};
    if (object->kind != JSON_OBJECT) {
        return "it is an object";
    }
    bool named = false;
    for (const json_t *item = object->first; item != NULL; item = item->next) {
        if (is_step && !named && spakky_text_equal(item->name, spakky_str("op"))) {
            named = true;
            continue;
        }
        const field_t *field = find_field(fields, item->name);
        if (field == NULL || seen[field - fields]) {
            return arena_print(arena, "%s field `%.*s`", field == NULL ? "an unknown" : "twice the",
                               (int)item->name.length, item->name.data)
                .data;
        }
        seen[field - fields] = true;
        bool is_null = item->kind == JSON_NULL && field->presence == OPTIONAL;
        const char *mistake = is_null ? NULL : content_mistake(arena, item, field->kind);
        if (mistake != NULL) {
            return about(arena, field->name, mistake);
        }
    }
    for (size_t i = 0; i < MOST_FIELDS && fields[i].name != NULL; i++) {
        if (fields[i].presence == REQUIRED && !seen[i]) {
            return about(arena, fields[i].name, "it is missing");
        }
    }
    return NULL;
}

const char *step_mistake(arena_t *arena, const json_t *step) {
    const json_t *op = json_get(step, "op");
    if (op == NULL || op->kind != JSON_TEXT) {
        return "a step is an object with an `op`";
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (spakky_text_equal(op->text, spakky_str(shapes[i].op))) {
            return fields_mistake(arena, step, shapes[i].fields, true);
        }
    }
    return "an unknown `op`";
}

const json_t *step_field(const json_t *step, const char *name) {
    const json_t *field = json_get(step, name);
    return field == NULL || field->kind == JSON_NULL ? NULL : field;
}

spakky_text_t step_text(const json_t *step, const char *name) {
    const json_t *field = step_field(step, name);
    return field == NULL ? spakky_str("") : field->text;
}

uint64_t step_uint(const json_t *step, const char *name) {
    const json_t *field = step_field(step, name);
    return field == NULL ? 0 : field->size;
}

spakky_text_t *step_texts(arena_t *arena, const json_t *step, const char *name, size_t *count) {
    const json_t *field = step_field(step, name);
    *count = field == NULL ? 0 : field->count;
    spakky_text_t *texts = arena_take(arena, *count * sizeof *texts);
    size_t i = 0;
    for (const json_t *item = field == NULL ? NULL : field->first; item != NULL;
         item = item->next) {
        texts[i++] = item->text;
    }
    return texts;
}
