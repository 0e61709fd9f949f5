/* Caches a function's results. Run: ./just example c decorator [rename] */
#include <inttypes.h>
#include <stdio.h>

#include "spakky_cache.h"

static const spakky_cached_t cached = {.key = "example:user:{id}",
                                       .ttl = SPAKKY_MILLISECONDS(5 * 60 * 1000)};
static const spakky_evicted_t evicted = {.key = "example:user:{id}"};

static int load(void *context, spakky_encoder_t *value) {
    char text[40];
    int64_t id = *(int64_t *)context;
    printf("loading user %" PRId64 "\n", id);
    snprintf(text, sizeof text, "user %" PRId64, id);
    return spakky_encode_text(value, spakky_str(text)) ? 0 : -1;
}

/* The user is evicted once this has returned 0. */
static int rename_user(void *context) {
    printf("renamed user %" PRId64 "\n", *(int64_t *)context);
    return 0;
}

int main(int argc, char **argv) {
    int64_t id = 7;
    if (argc > 1 && strcmp(argv[1], "rename") == 0 &&
        spakky_cache_evict(&evicted, SPAKKY_ARGUMENTS(spakky_arg_int("id", id)), rename_user, &id,
                           NULL) != SPAKKY_OK) {
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        spakky_value_t value;
        if (spakky_cacheable(&cached, SPAKKY_ARGUMENTS(spakky_arg_int("id", id)), load, &id, &value,
                             NULL) != SPAKKY_OK) {
            return 1;
        }
        spakky_text_t text;
        spakky_decoder_t decoder;
        spakky_decoder_init(&decoder, value.bytes);
        if (spakky_decode_text(&decoder, &text)) {
            printf("%.*s\n", (int)text.length, text.data);
        }
        spakky_value_free(&value);
    }
}
