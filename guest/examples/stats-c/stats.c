#include "stats.h"

#include <stdlib.h>

#include "files.h"

/* ---- Words ------------------------------------------------------------------- */

/* Words and how often they occur, found by their bytes. */
typedef struct table_t {
    word_t *words; /* those without a text are free */
    size_t size;   /* a power of two */
    size_t used;
} table_t;

static size_t hash_of(spakky_text_t text) {
    /* FNV-1a. */
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < text.length; i++) {
        hash = (hash ^ (uint8_t)text.data[i]) * 16777619;
    }
    return hash;
}

/* The place of a word: its own, or the free one that it is to have. */
static word_t *find(const table_t *table, spakky_text_t text) {
    size_t at = hash_of(text) & (table->size - 1);
    while (table->words[at].text.data != NULL && !spakky_text_equal(table->words[at].text, text)) {
        at = (at + 1) & (table->size - 1);
    }
    return &table->words[at];
}

static void grow(table_t *table) {
    table_t larger = {NULL, table->size * 2, table->used};
    larger.words = take(larger.size * sizeof *larger.words);
    for (size_t i = 0; i < table->size; i++) {
        if (table->words[i].text.data != NULL) {
            *find(&larger, table->words[i].text) = table->words[i];
        }
    }
    free(table->words);
    *table = larger;
}

static void add_word(table_t *table, spakky_text_t text) {
    if (table->used * 2 >= table->size) {
        grow(table);
    }
    word_t *word = find(table, text);
    table->used += word->text.data == NULL ? 1 : 0;
    word->text = text;
    word->count++;
}

static int compare(spakky_text_t a, spakky_text_t b) {
    size_t length = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.data, b.data, length);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Whether a word stands before another in the list of the most frequent. */
static bool is_before(const word_t *a, const word_t *b) {
    return a->count != b->count ? a->count > b->count : compare(a->text, b->text) < 0;
}

/* Puts a word where it belongs among the most frequent, if it does. */
static void rank(stats_t *stats, word_t word) {
    size_t at = stats->frequent_count;
    while (at > 0 && is_before(&word, &stats->frequent[at - 1])) {
        at--;
    }
    if (at == MOST_FREQUENT) {
        return;
    }
    size_t behind = stats->frequent_count - at;
    if (stats->frequent_count < MOST_FREQUENT) {
        stats->frequent_count++;
    } else {
        behind--;
    }
    memmove(&stats->frequent[at + 1], &stats->frequent[at], behind * sizeof word);
    stats->frequent[at] = word;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (uint8_t)c >= 0x80;
}

static void count_words(stats_t *stats, char *text, size_t length) {
    table_t table = {take(1024 * sizeof(word_t)), 1024, 0};
    size_t start = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char)(text[i] + ('a' - 'A'));
        }
        if (i < length && is_word(text[i])) {
            continue;
        }
        if (i > start) {
            add_word(&table, (spakky_text_t){text + start, i - start});
            stats->words++;
        }
        start = i + 1;
    }
    for (size_t i = 0; i < table.size; i++) {
        if (table.words[i].text.data != NULL) {
            rank(stats, table.words[i]);
        }
    }
    free(table.words);
}

/* ---- Lines ------------------------------------------------------------------- */

static uint64_t characters(const char *text, size_t length) {
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += ((uint8_t)text[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

static void count_lines(stats_t *stats, const char *text, size_t length) {
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t line = end == NULL ? length : (size_t)(end - text);
        size_t whole = end == NULL ? length : line + 1;
        if (end != NULL && line > 0 && text[line - 1] == '\r') {
            line--;
        }
        uint64_t count = characters(text, line);
        stats->longest_line = count > stats->longest_line ? count : stats->longest_line;
        stats->lines++;
        text += whole;
        length -= whole;
    }
}

void stats_count(stats_t *stats, char *text, size_t length) {
    memset(stats, 0, sizeof *stats);
    stats->bytes = length;
    count_lines(stats, text, length);
    count_words(stats, text, length);
}

void stats_add(stats_t *total, const stats_t *other) {
    total->lines += other->lines;
    total->words += other->words;
    total->bytes += other->bytes;
    if (other->longest_line > total->longest_line) {
        total->longest_line = other->longest_line;
    }
}

/* ---- The value in the cache -------------------------------------------------- */

static const char *const number_names[] = {"lines", "words", "bytes", "longest_line"};
enum { NUMBERS = 4, FREQUENT = NUMBERS, FIELDS };

static uint64_t *number_of(stats_t *stats, size_t i) {
    uint64_t *const numbers[NUMBERS] = {&stats->lines, &stats->words, &stats->bytes,
                                        &stats->longest_line};
    return numbers[i];
}

void stats_encode(const stats_t *stats, spakky_encoder_t *encoder) {
    stats_t copy = *stats;
    spakky_encode_map(encoder, FIELDS);
    for (size_t i = 0; i < NUMBERS; i++) {
        spakky_encode_text(encoder, spakky_str(number_names[i]));
        spakky_encode_uint(encoder, *number_of(&copy, i));
    }
    spakky_encode_text(encoder, spakky_str("frequent"));
    spakky_encode_array(encoder, stats->frequent_count);
    for (size_t i = 0; i < stats->frequent_count; i++) {
        spakky_encode_array(encoder, 2);
        spakky_encode_text(encoder, stats->frequent[i].text);
        spakky_encode_uint(encoder, stats->frequent[i].count);
    }
}

static bool decode_frequent(stats_t *stats, spakky_decoder_t *decoder) {
    size_t count;
    if (!spakky_decode_array(decoder, &count) || count > MOST_FREQUENT) {
        return false;
    }
    for (; stats->frequent_count < count; stats->frequent_count++) {
        word_t *word = &stats->frequent[stats->frequent_count];
        size_t pair;
        if (!spakky_decode_array(decoder, &pair) || pair != 2 ||
            !spakky_decode_text(decoder, &word->text) ||
            !spakky_decode_uint(decoder, &word->count)) {
            return false;
        }
    }
    return true;
}

const char *stats_decode(stats_t *stats, spakky_bytes_t bytes) {
    spakky_decoder_t decoder;
    size_t count;
    bool seen[FIELDS] = {false};
    memset(stats, 0, sizeof *stats);
    spakky_decoder_init(&decoder, bytes);
    spakky_decode_map(&decoder, &count);
    for (; count > 0 && decoder.mistake == NULL; count--) {
        spakky_text_t name;
        size_t i = 0;
        spakky_decode_text(&decoder, &name);
        while (i < NUMBERS && !spakky_text_equal(name, spakky_str(number_names[i]))) {
            i++;
        }
        bool is_frequent = i == FREQUENT && spakky_text_equal(name, spakky_str("frequent"));
        if (i < NUMBERS) {
            spakky_decode_uint(&decoder, number_of(stats, i));
        } else if (is_frequent && !seen[FREQUENT] && !decode_frequent(stats, &decoder)) {
            return "the most frequent words are of another type";
        } else if (!is_frequent) {
            /* A later version of this program may count more. */
            spakky_decode_skip(&decoder);
            continue;
        }
        seen[i] = true;
    }
    for (size_t i = 0; i < FIELDS && decoder.mistake == NULL; i++) {
        if (!seen[i]) {
            return "the entry misses a number";
        }
    }
    return spakky_decoder_mistake(&decoder);
}
