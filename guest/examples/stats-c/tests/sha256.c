#include "../sha256.h"

#include "test.h"

/* Of FIPS 180-4, and of lengths around a block's. */
static void known_hashes(void) {
    char digits[SHA256_DIGITS + 1];
    static char million[1000000];
    sha256(NULL, 0, digits);
    CHECK_STR(digits, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256("abc", 3, digits);
    CHECK_STR(digits, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, digits);
    CHECK_STR(digits, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof million);
    sha256(million, sizeof million, digits);
    CHECK_STR(digits, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256(million, 55, digits);
    CHECK_STR(digits, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    sha256(million, 64, digits);
    CHECK_STR(digits, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

const test_t sha256_tests[] = {{"sha256: known hashes", known_hashes}, {NULL, NULL}};
