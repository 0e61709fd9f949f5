/* Writes a value to its origin and to the cache. Run: ./just example c write-through */
#include <inttypes.h>
#include <stdio.h>

#include "spakky_cache.h"

/* Prints what is cached, and returns it. */
static int64_t report(spakky_text_t key) {
    int64_t visits = 0;
    spakky_value_t value;
    if (spakky_get(key, &value, NULL) == SPAKKY_OK && value.found) {
        spakky_decoder_t decoder;
        spakky_decoder_init(&decoder, value.bytes);
        spakky_decode_int(&decoder, &visits);
        printf("cached: %" PRId64 "\n", visits);
    } else {
        puts("cached: nothing");
    }
    spakky_value_free(&value);
    return visits;
}

static int store(void *context) {
    printf("database: %" PRId64 "\n", *(int64_t *)context);
    return 0;
}

int main(void) {
    const spakky_options_t options = {.ttl = spakky_seconds(300)};
    spakky_text_t key = spakky_str("example:visits");
    int64_t visits = report(key) + 1;

    spakky_encoder_t value;
    spakky_encoder_init(&value);
    spakky_encode_int(&value, visits);
    /* While the writer runs, reads miss and loads wait. If it fails, the key stays a miss. */
    spakky_code_t code = spakky_write_through(key, &value, &options, store, &visits, NULL);
    spakky_encoder_free(&value);

    report(key);
    return code == SPAKKY_OK ? 0 : 1;
}
