/* SHA-256 (FIPS 180-4). */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

/* In hexadecimal digits, and a NUL. */
enum { SHA256_DIGITS = 64 };

void sha256(const void *data, size_t length, char digits[SHA256_DIGITS + 1]);

#endif
