#include <stdlib.h>

#include "json.h"

enum { DEEPEST = 128 };

typedef struct reader_t {
    arena_t *arena;
    char *at;
    char *end;
    size_t depth;
    const char *mistake;
} reader_t;

static json_t *read_value(reader_t *reader);

static bool wrong(reader_t *reader, const char *mistake) {
    if (reader->mistake == NULL) {
        reader->mistake = mistake;
    }
    return false;
}

static void skip_space(reader_t *reader) {
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                        *reader->at == '\n' || *reader->at == '\r')) {
        reader->at++;
    }
}

/* Passes over a character, if it is the next. A NUL ends the text, so looking is safe. */
static bool pass(reader_t *reader, char expected) {
    if (reader->at < reader->end && *reader->at == expected) {
        reader->at++;
        return true;
    }
    return false;
}

static bool pass_word(reader_t *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        return wrong(reader, "expected a value");
    }
    reader->at += length;
    return true;
}

/* ---- Text -------------------------------------------------------------------- */

static bool read_hex(reader_t *reader, uint32_t *code) {
    *code = 0;
    if (reader->end - reader->at < 4) {
        return wrong(reader, "an escape is cut off");
    }
    for (int i = 0; i < 4; i++) {
        char c = *reader->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            digit = (uint32_t)((c | 32) - 'a' + 10);
        } else {
            return wrong(reader, "an escape is not hexadecimal");
        }
        *code = *code << 4 | digit;
    }
    return true;
}

/* Writes a character as UTF-8: never longer than the escape that it stood in. */
static char *put_utf8(char *to, uint32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        } else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* Reads what is behind `\u`, and the second half of a pair. */
static bool read_code(reader_t *reader, uint32_t *code) {
    if (!read_hex(reader, code)) {
        return false;
    }
    if (*code < 0xd800 || *code > 0xdfff) {
        return true;
    }
    uint32_t low;
    if (*code > 0xdbff || !pass(reader, '\\') || !pass(reader, 'u') || !read_hex(reader, &low) ||
        low < 0xdc00 || low > 0xdfff) {
        return wrong(reader, "half of a surrogate pair");
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool read_escape(reader_t *reader, char **to) {
    static const char from[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end) {
        return wrong(reader, "a text is cut off");
    }
    char c = *reader->at++;
    const char *simple = c == '\0' ? NULL : strchr(from, c);
    if (simple != NULL) {
        *(*to)++ = meant[simple - from];
        return true;
    }
    uint32_t code;
    if (c != 'u') {
        return wrong(reader, "an unknown escape");
    }
    if (!read_code(reader, &code)) {
        return false;
    }
    *to = put_utf8(*to, code);
    return true;
}

/* Reads a text, whose first quote is passed, and leaves it unescaped where it stood. */
static bool read_text(reader_t *reader, spakky_text_t *text) {
    char *to = reader->at;
    text->data = to;
    while (reader->at < reader->end && *reader->at != '"') {
        if (*reader->at == '\\') {
            reader->at++;
            if (!read_escape(reader, &to)) {
                return false;
            }
        } else if ((unsigned char)*reader->at < 0x20) {
            return wrong(reader, "a control character in a text");
        } else {
            *to++ = *reader->at++;
        }
    }
    if (!pass(reader, '"')) {
        return wrong(reader, "a text is cut off");
    }
    text->length = (size_t)(to - text->data);
    return true;
}

/* ---- Numbers ----------------------------------------------------------------- */

static size_t pass_digits(reader_t *reader) {
    char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return (size_t)(reader->at - start);
}

/* The size of a whole number; false: it has more than 64 bits. */
static bool read_size(const char *digits, const char *end, uint64_t *size) {
    *size = 0;
    for (; digits < end; digits++) {
        uint64_t digit = (uint64_t)(*digits - '0');
        if (*size > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *size = *size * 10 + digit;
    }
    return true;
}

static bool read_number(reader_t *reader, json_t *json) {
    const char *start = reader->at;
    json->negative = pass(reader, '-');
    const char *digits = reader->at;
    size_t whole = pass_digits(reader);
    if (whole == 0 || (whole > 1 && *digits == '0')) {
        return wrong(reader, "expected a value");
    }
    const char *end = reader->at;
    bool is_whole = true;
    if (pass(reader, '.')) {
        is_whole = false;
        if (pass_digits(reader) == 0) {
            return wrong(reader, "a number without its fraction");
        }
    }
    if (pass(reader, 'e') || pass(reader, 'E')) {
        is_whole = false;
        if (!pass(reader, '+')) {
            pass(reader, '-');
        }
        if (pass_digits(reader) == 0) {
            return wrong(reader, "a number without its exponent");
        }
    }
    /* What follows a number ends it for strtod, too. */
    json->number = strtod(start, NULL);
    json->kind = JSON_FLOAT;
    if (is_whole && read_size(digits, end, &json->size) &&
        (!json->negative || json->size <= (uint64_t)INT64_MAX + 1)) {
        json->kind = JSON_INTEGER;
    }
    return true;
}

/* ---- Arrays, objects, values ------------------------------------------------- */

static bool read_item(reader_t *reader, json_t *json, bool is_object) {
    spakky_text_t name = {NULL, 0};
    skip_space(reader);
    if (is_object) {
        if (!pass(reader, '"')) {
            return wrong(reader, "expected a name");
        }
        if (!read_text(reader, &name)) {
            return false;
        }
        skip_space(reader);
        if (!pass(reader, ':')) {
            return wrong(reader, "expected `:`");
        }
    }
    json_t *item = read_value(reader);
    if (item == NULL) {
        return false;
    }
    item->name = name;
    json_push(json, item);
    return true;
}

static bool read_items(reader_t *reader, json_t *json, bool is_object) {
    char close = is_object ? '}' : ']';
    json->kind = is_object ? JSON_OBJECT : JSON_ARRAY;
    if (++reader->depth > DEEPEST) {
        return wrong(reader, "nested too deeply");
    }
    skip_space(reader);
    if (!pass(reader, close)) {
        do {
            if (!read_item(reader, json, is_object)) {
                return false;
            }
            skip_space(reader);
        } while (pass(reader, ','));
        if (!pass(reader, close)) {
            return wrong(reader, is_object ? "expected `,` or `}`" : "expected `,` or `]`");
        }
    }
    reader->depth--;
    return true;
}

static json_t *read_value(reader_t *reader) {
    json_t *json = arena_take(reader->arena, sizeof *json);
    bool well;
    skip_space(reader);
    switch (reader->at < reader->end ? *reader->at : '\0') {
    case 'n':
        json->kind = JSON_NULL;
        well = pass_word(reader, "null");
        break;
    case 't':
        json->kind = JSON_BOOL;
        json->flag = true;
        well = pass_word(reader, "true");
        break;
    case 'f':
        json->kind = JSON_BOOL;
        well = pass_word(reader, "false");
        break;
    case '"':
        reader->at++;
        json->kind = JSON_TEXT;
        well = read_text(reader, &json->text);
        break;
    case '[':
        reader->at++;
        well = read_items(reader, json, false);
        break;
    case '{':
        reader->at++;
        well = read_items(reader, json, true);
        break;
    default:
        well = read_number(reader, json);
    }
    return well ? json : NULL;
}

json_t *json_read(arena_t *arena, char *text, size_t length, const char **mistake) {
    reader_t reader = {arena, text, text + length, 0, NULL};
    if (!spakky_text_valid((spakky_text_t){text, length})) {
        *mistake = "the line is not UTF-8";
        return NULL;
    }
    json_t *json = read_value(&reader);
    if (json != NULL) {
        skip_space(&reader);
        if (reader.at < reader.end) {
            wrong(&reader, "there is something behind the value");
        }
    }
    *mistake = reader.mistake;
    return reader.mistake == NULL ? json : NULL;
}
