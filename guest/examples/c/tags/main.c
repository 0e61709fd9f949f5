/* Evicts entries by a tag that they share. Run: ./just example c tags */
#include <stdio.h>

#include "spakky_cache.h"

typedef struct article_t {
    const char *name, *key, *tag;
} article_t;

static const article_t articles[] = {{"first", "example:article:first", "news"},
                                     {"second", "example:article:second", "sports"}};

static int load(void *context, spakky_encoder_t *value) {
    const article_t *article = *(const article_t **)context;
    printf("loading %s\n", article->name);
    return spakky_encode_text(value, spakky_str(article->key)) ? 0 : -1;
}

int main(void) {
    spakky_value_t value;
    for (const article_t *article = articles; article < articles + 2; article++) {
        spakky_text_t tag = spakky_str(article->tag);
        spakky_options_t options = {.ttl = spakky_seconds(300), .tags = &tag, .tag_count = 1};
        if (spakky_get_or_load(spakky_str(article->key), &options, load, &article, &value, NULL) !=
            SPAKKY_OK) {
            return 1;
        }
        spakky_value_free(&value);
    }

    spakky_text_t news = spakky_str("news");
    if (spakky_evict_tags(&news, 1, NULL) != SPAKKY_OK) {
        return 1;
    }
    puts("evicted: news");
    for (const article_t *article = articles; article < articles + 2; article++) {
        if (spakky_get(spakky_str(article->key), &value, NULL) != SPAKKY_OK) {
            return 1;
        }
        printf("%s: %s\n", article->name, value.found ? "cached" : "gone");
        spakky_value_free(&value);
    }
}
