#include "../stats.h"

#include "test.h"

static char text[512];

static stats_t count(const char *content) {
    stats_t stats;
    size_t length = strlen(content);
    memcpy(text, content, length);
    stats_count(&stats, text, length);
    return stats;
}

static bool is(const word_t *word, const char *expected, uint64_t times) {
    return spakky_text_equal(word->text, spakky_str(expected)) && word->count == times;
}

static void everything_is_counted(void) {
    stats_t stats = count("The cat, the_dog\nand THE c\xc3\xa4t-cat\n\nlast line");
    CHECK(stats.lines == 4 && stats.words == 9 && stats.bytes == 44 && stats.longest_line == 16);
    CHECK(is(&stats.frequent[0], "cat", 2) && is(&stats.frequent[1], "the", 2));
    CHECK(is(&stats.frequent[2], "and", 1) && is(&stats.frequent[3], "c\xc3\xa4t", 1));
    CHECK(is(&stats.frequent[4], "last", 1));
}

static void lines_end_in_two_ways(void) {
    static const struct {
        const char *content;
        uint64_t lines;
        uint64_t longest;
    } all[] = {{"", 0, 0},        {"\n", 1, 0},      {"\r\n", 1, 0},    {"a\r", 1, 2},
               {"a\r\r\n", 1, 2}, {"a\n\nbc", 3, 2}, {"a\r\nb\n", 2, 1}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        stats_t stats = count(all[i].content);
        CHECK(stats.lines == all[i].lines && stats.longest_line == all[i].longest);
    }
}

static void at_most_ten_words_are_kept(void) {
    stats_t stats = count("z y x w v u t s r q p o n m l k j i h g f e d c b a aa b ab");
    CHECK(stats.words == 29 && stats.frequent_count == 10);
    CHECK(is(&stats.frequent[0], "b", 2) && is(&stats.frequent[1], "a", 1));
    CHECK(is(&stats.frequent[2], "aa", 1) && is(&stats.frequent[3], "ab", 1));
    CHECK(is(&stats.frequent[9], "h", 1));
}

static void the_value_comes_back(void) {
    stats_t stats = count("one two\none\n");
    stats_t back;
    spakky_encoder_t encoder;
    spakky_encoder_init(&encoder);
    stats_encode(&stats, &encoder);
    CHECK(stats_decode(&back, (spakky_bytes_t){encoder.data, encoder.length}) == NULL);
    CHECK(back.lines == 2 && back.words == 3 && back.bytes == 12 && back.longest_line == 7);
    CHECK(back.frequent_count == 2 && is(&back.frequent[0], "one", 2));
    CHECK(stats_decode(&back, (spakky_bytes_t){encoder.data, encoder.length - 1}) != NULL);
    spakky_encoder_reset(&encoder);
    spakky_encode_map(&encoder, 1);
    spakky_encode_text(&encoder, spakky_str("lines"));
    spakky_encode_int(&encoder, 1);
    CHECK(stats_decode(&back, (spakky_bytes_t){encoder.data, encoder.length}) != NULL);
    spakky_encoder_reset(&encoder);
    spakky_encode_int(&encoder, 1);
    CHECK(stats_decode(&back, (spakky_bytes_t){encoder.data, encoder.length}) != NULL);
    spakky_encoder_free(&encoder);
}

const test_t stats_tests[] = {
    {"stats: everything is counted", everything_is_counted},
    {"stats: lines end in two ways", lines_end_in_two_ways},
    {"stats: at most ten words are kept", at_most_ten_words_are_kept},
    {"stats: the value comes back", the_value_comes_back},
    {NULL, NULL},
};
