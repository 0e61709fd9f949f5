/* Refreshes a stale value while others read it. Run: ./just example c stale-while-revalidate */
#include <inttypes.h>
#include <stdio.h>

#include "spakky_cache.h"

static int64_t number(const spakky_value_t *value) {
    int64_t number = 0;
    spakky_decoder_t decoder;
    spakky_decoder_init(&decoder, value->bytes);
    spakky_decode_int(&decoder, &number);
    return number;
}

/* Is called by one caller in the fleet. The others read the stale value meanwhile. */
static int load(void *context, spakky_encoder_t *rate) {
    int64_t stale = 0;
    spakky_value_t value;
    if (spakky_get(*(spakky_text_t *)context, &value, NULL) == SPAKKY_OK && value.found) {
        stale = number(&value);
        printf("loading, while others read %" PRId64 "\n", stale);
    }
    spakky_value_free(&value);
    return spakky_encode_int(rate, stale + 1) ? 0 : -1;
}

int main(void) {
    /* Fresh for so short that the next run finds a stale value. */
    const spakky_options_t options = {.ttl = spakky_seconds(3600),
                                      .fresh_for = spakky_milliseconds(1)};
    spakky_text_t key = spakky_str("example:rate");
    spakky_value_t value;
    if (spakky_get_or_load(key, &options, load, &key, &value, NULL) != SPAKKY_OK) {
        return 1;
    }
    printf("rate: %" PRId64 "\n", number(&value));
    spakky_value_free(&value);
}
