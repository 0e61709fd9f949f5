/* What is counted, and how it is kept. */
#ifndef STATS_H
#define STATS_H

#include "spakky_cache.h"

enum { MOST_FREQUENT = 10 };

typedef struct word_t {
    spakky_text_t text;
    uint64_t count;
} word_t;

/* Statistics of one file. */
typedef struct stats_t {
    uint64_t lines;
    uint64_t words;
    uint64_t bytes;
    uint64_t longest_line; /* in characters */
    /* The most frequent words, and how often each occurs: the most frequent first, and in
     * the order of the alphabet among equals. Their texts are parts of something else. */
    word_t frequent[MOST_FREQUENT];
    size_t frequent_count;
} stats_t;

/*
 * Counts. A word is a run of ASCII letters and digits, underscores and whatever is not
 * ASCII, in small ASCII letters: simple, so that it is the same in every language in which
 * this program exists. The letters of `text` are made small, and words are parts of it.
 */
void stats_count(stats_t *stats, char *text, size_t length);

/* The value in the cache: what other languages read and write, too. */
void stats_encode(const stats_t *stats, spakky_encoder_t *encoder);
/* Words are parts of what is decoded. A mistake, or NULL. */
const char *stats_decode(stats_t *stats, spakky_bytes_t bytes);

/* Adds up what adds up; frequencies do not. */
void stats_add(stats_t *total, const stats_t *other);

#endif
