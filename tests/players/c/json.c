#include "json.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *read_value(char **at);

static void skip(char **at) { *at += strspn(*at, " \t\r\n,:"); }

/* Writes a character as UTF-8. */
static char *put_utf8(char *to, unsigned long code) {
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(heads[more] | code >> (6 * more));
    while (more-- > 0) {
        *to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    }
    return to;
}

static unsigned long read_unit(char **at) {
    char digits[5] = {0};
    memcpy(digits, *at + 2, 4); /* behind the `\u` */
    *at += 6;
    return strtoul(digits, NULL, 16);
}

static char *put_escape(char *to, char **at) {
    static const char from[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    char c = (*at)[1];
    if (c == 'u') {
        unsigned long code = read_unit(at);
        if (code >= 0xd800 && code < 0xdc00) {
            code = 0x10000 + ((code - 0xd800) << 10) + (read_unit(at) - 0xdc00);
        }
        return put_utf8(to, code);
    }
    const char *known = strchr(from, c);
    *to++ = known == NULL ? c : meant[known - from];
    *at += 2;
    return to;
}

static spakky_text_t read_text(char **at) {
    char *start = ++*at;
    char *to = start;
    while (**at != '"') {
        if (**at == '\\') {
            to = put_escape(to, at);
        } else {
            *to++ = *(*at)++;
        }
    }
    ++*at;
    return (spakky_text_t){start, (size_t)(to - start)};
}

static void read_items(json_t *json, char **at) {
    char end = json->kind == JSON_ARRAY ? ']' : '}';
    json_t **last = &json->first;
    ++*at;
    for (skip(at); **at != end; skip(at)) {
        spakky_text_t name = {NULL, 0};
        if (json->kind == JSON_OBJECT) {
            name = read_text(at);
            skip(at);
        }
        *last = read_value(at);
        (*last)->name = name;
        last = &(*last)->next;
        json->count++;
    }
    ++*at;
}

static json_t *read_value(char **at) {
    json_t *json = calloc(1, sizeof *json);
    if (json == NULL) {
        abort();
    }
    size_t length = strcspn(*at, " \t\r\n,:]}");
    switch (**at) {
    case '"':
        json->kind = JSON_TEXT;
        json->text = read_text(at);
        break;
    case '[':
    case '{':
        json->kind = **at == '[' ? JSON_ARRAY : JSON_OBJECT;
        read_items(json, at);
        break;
    default:
        json->text = (spakky_text_t){*at, length};
        *at += length;
    }
    return json;
}

json_t *json_read(char *line) {
    skip(&line);
    return read_value(&line);
}

void json_free(json_t *json) {
    for (json_t *item = json->first; item != NULL;) {
        json_t *next = item->next;
        json_free(item);
        item = next;
    }
    free(json->texts);
    free(json);
}

json_t *json_get(const json_t *object, const char *name) {
    json_t *item = object == NULL ? NULL : object->first;
    while (item != NULL && !spakky_text_equal(item->name, spakky_str(name))) {
        item = item->next;
    }
    return item;
}

spakky_text_t json_text(const json_t *object, const char *name) {
    const json_t *field = json_get(object, name);
    return field == NULL ? spakky_str("") : field->text;
}

const spakky_text_t *json_texts(const json_t *object, const char *name, size_t *count) {
    json_t *list = json_get(object, name);
    *count = list == NULL ? 0 : list->count;
    if (*count == 0 || list->texts != NULL) {
        return *count == 0 ? NULL : list->texts;
    }
    list->texts = calloc(*count, sizeof *list->texts);
    if (list->texts == NULL) {
        abort();
    }
    size_t i = 0;
    for (const json_t *item = list->first; item != NULL; item = item->next) {
        list->texts[i++] = item->text;
    }
    return list->texts;
}

void json_write_text(spakky_text_t text) {
    putchar('"');
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20) {
            printf("\\u%04x", c);
        } else {
            if (c == '"' || c == '\\') {
                putchar('\\');
            }
            putchar(c);
        }
    }
    putchar('"');
}
