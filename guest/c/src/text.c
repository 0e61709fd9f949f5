/* What is a text. `spakky_cbor.h` says what this does. */
#include "cbor_internal.h"

bool spakky_text_equal(spakky_text_t a, spakky_text_t b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* The length of the sequence that begins at `s`, of which `left` bytes are there; 0: it
 * is none (the table 3-7 of the Unicode standard). */
static size_t sequence(const uint8_t *s, size_t left) {
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t length;
    if (s[0] < 0x80) {
        return 1;
    } else if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        length = 2;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        length = 3;
        low = s[0] == 0xe0 ? 0xa0 : low;
        high = s[0] == 0xed ? 0x9f : high;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        length = 4;
        low = s[0] == 0xf0 ? 0x90 : low;
        high = s[0] == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (left < length || s[1] < low || s[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool spakky_text_valid(spakky_text_t text) {
    if (text.data == NULL) {
        return text.length == 0;
    }
    const uint8_t *s = (const uint8_t *)text.data;
    size_t at = 0;
    while (at < text.length) {
        uint64_t eight;
        /* Most text is ASCII. */
        if (text.length - at >= sizeof eight) {
            memcpy(&eight, s + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        size_t length = sequence(s + at, text.length - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}
