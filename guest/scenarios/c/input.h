/* Lines of the standard input, of any length. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct input_t {
    char bytes[16 * 1024]; /* read, and not yet given out: never more than is there */
    size_t start;
    size_t end;
} input_t;

/* The next line, without its end but with a NUL behind it, which is the caller's to
 * free; NULL: the input ended, or `*failed`. */
char *input_line(input_t *input, size_t *length, bool *failed);

#endif
