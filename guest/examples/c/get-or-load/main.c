/* Loads a value once, then reads it from the cache. Run: ./just example c get-or-load */
#include <inttypes.h>
#include <stdio.h>

#include "spakky_cache.h"

static int load(void *context, spakky_encoder_t *value) {
    (void)context;
    puts("loading");
    return spakky_encode_int(value, 6 * 7) ? 0 : -1;
}

int main(void) {
    const spakky_options_t options = {.ttl = spakky_seconds(60)};
    for (int i = 0; i < 2; i++) {
        spakky_value_t value;
        if (spakky_get_or_load(spakky_str("example:total"), &options, load, NULL, &value, NULL) !=
            SPAKKY_OK) {
            return 1;
        }
        int64_t total;
        spakky_decoder_t decoder;
        spakky_decoder_init(&decoder, value.bytes);
        if (spakky_decode_int(&decoder, &total)) {
            printf("total: %" PRId64 "\n", total);
        }
        spakky_value_free(&value);
    }
}
