/* Asks twice, and works once. */
#include <stdio.h>
#include <stdlib.h>

#include "spakky_cache.h"

static const char *const tags[] = {"greetings"};
static const spakky_cached_t greeting = {
    .key = "greeting:{name}",
    .ttl = SPAKKY_MILLISECONDS(5 * 60 * 1000),
    .tags = tags,
    .tag_count = 1,
};

typedef struct greeter_t {
    const char *name;
    bool loaded;
} greeter_t;

/* In place of whatever takes long: it runs once in the whole fleet. */
static int greet(void *context, spakky_encoder_t *value) {
    greeter_t *greeter = context;
    char text[100];
    greeter->loaded = true;
    snprintf(text, sizeof text, "hello, %s: %d", greeter->name, 6 * 7);
    return spakky_encode_text(value, spakky_str(text)) ? 0 : -1;
}

int main(void) {
    for (int i = 0; i < 2; i++) {
        greeter_t greeter = {"@NAME@", false};
        spakky_error_t error;
        spakky_value_t value;
        if (spakky_cacheable(&greeting, SPAKKY_ARGUMENTS(spakky_arg_str("name", greeter.name)),
                             greet, &greeter, &value, &error) != SPAKKY_OK) {
            char message[400];
            spakky_error_message(&error, message, sizeof message);
            fprintf(stderr, "@NAME@: %s\n", message);
            return EXIT_FAILURE;
        }
        spakky_decoder_t decoder;
        spakky_text_t text;
        spakky_decoder_init(&decoder, value.bytes);
        if (!spakky_decode_text(&decoder, &text))
            text = spakky_str("no text");
        printf("%.*s (%s)\n", (int)text.length, text.data, greeter.loaded ? "loaded" : "cached");
        spakky_value_free(&value);
    }
    return EXIT_SUCCESS;
}
