#include "json.h"

#include <inttypes.h>
#include <stdlib.h>

static json_t *make(arena_t *arena, json_kind_t kind) {
    json_t *json = arena_take(arena, sizeof *json);
    json->kind = kind;
    return json;
}

json_t *json_null(arena_t *arena) { return make(arena, JSON_NULL); }

json_t *json_bool(arena_t *arena, bool value) {
    json_t *json = make(arena, JSON_BOOL);
    json->flag = value;
    return json;
}

json_t *json_uint(arena_t *arena, uint64_t value) {
    json_t *json = make(arena, JSON_INTEGER);
    json->size = value;
    return json;
}

json_t *json_int(arena_t *arena, int64_t value) {
    json_t *json = json_uint(arena, value < 0 ? -(uint64_t)value : (uint64_t)value);
    json->negative = value < 0;
    return json;
}

json_t *json_float(arena_t *arena, double value) {
    json_t *json = make(arena, JSON_FLOAT);
    json->number = value;
    return json;
}

json_t *json_text(arena_t *arena, spakky_text_t value) {
    json_t *json = make(arena, JSON_TEXT);
    json->text = arena_copy(arena, value);
    return json;
}

json_t *json_str(arena_t *arena, const char *value) { return json_text(arena, spakky_str(value)); }

json_t *json_array(arena_t *arena) { return make(arena, JSON_ARRAY); }

json_t *json_object(arena_t *arena) { return make(arena, JSON_OBJECT); }

json_t *json_push(json_t *array, json_t *item) {
    if (array->last == NULL) {
        array->first = item;
    } else {
        array->last->next = item;
    }
    array->last = item;
    array->count++;
    return array;
}

json_t *json_put(arena_t *arena, json_t *object, const char *name, json_t *value) {
    value->name = arena_copy(arena, spakky_str(name));
    return json_push(object, value);
}

json_t *json_get(const json_t *object, const char *name) {
    spakky_text_t wanted = spakky_str(name);
    for (json_t *item = object->kind == JSON_OBJECT ? object->first : NULL; item != NULL;
         item = item->next) {
        if (spakky_text_equal(item->name, wanted)) {
            return item;
        }
    }
    return NULL;
}

void json_digits(char text[JSON_DIGITS], double number) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, JSON_DIGITS, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
}

static void write_text(FILE *file, spakky_text_t text) {
    putc('"', file);
    size_t start = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        fwrite(text.data + start, 1, i - start, file);
        start = i + 1;
        if (c < 0x20) {
            fprintf(file, "\\u%04x", c);
        } else {
            fprintf(file, "\\%c", c);
        }
    }
    fwrite(text.data + start, 1, text.length - start, file);
    putc('"', file);
}

void json_write(FILE *file, const json_t *json) {
    char digits[JSON_DIGITS];
    switch (json->kind) {
    case JSON_NULL:
        fputs("null", file);
        break;
    case JSON_BOOL:
        fputs(json->flag ? "true" : "false", file);
        break;
    case JSON_INTEGER:
        fprintf(file, "%s%" PRIu64, json->negative ? "-" : "", json->size);
        break;
    case JSON_FLOAT:
        json_digits(digits, json->number);
        fputs(digits, file);
        break;
    case JSON_TEXT:
        write_text(file, json->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        putc(json->kind == JSON_ARRAY ? '[' : '{', file);
        for (const json_t *item = json->first; item != NULL; item = item->next) {
            if (item != json->first) {
                putc(',', file);
            }
            if (json->kind == JSON_OBJECT) {
                write_text(file, item->name);
                putc(':', file);
            }
            json_write(file, item);
        }
        putc(json->kind == JSON_ARRAY ? ']' : '}', file);
        break;
    }
}
