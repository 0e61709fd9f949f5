#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line in the making. */
typedef struct line_t {
    char *data;
    size_t length;
    size_t capacity;
} line_t;

/* Adds bytes, in all in a time that grows with the line: room doubles. */
static void add(line_t *line, const char *bytes, size_t length) {
    if (line->capacity - line->length <= length) {
        size_t capacity = line->capacity * 2 + length + 1;
        char *data = realloc(line->data, capacity);
        if (data == NULL) {
            abort();
        }
        line->data = data;
        line->capacity = capacity;
    }
    memcpy(line->data + line->length, bytes, length);
    line->length += length;
    line->data[line->length] = '\0';
}

/* Reads what is there; false: nothing more comes. */
static bool fill(input_t *input, bool *failed) {
    ssize_t count;
    do {
        count = read(STDIN_FILENO, input->bytes, sizeof input->bytes);
    } while (count < 0 && errno == EINTR);
    *failed = count < 0;
    input->start = 0;
    input->end = count < 0 ? 0 : (size_t)count;
    return count > 0;
}

char *input_line(input_t *input, size_t *length, bool *failed) {
    line_t line = {NULL, 0, 0};
    *failed = false;
    while (input->start < input->end || fill(input, failed)) {
        const char *from = input->bytes + input->start;
        size_t left = input->end - input->start;
        const char *end = memchr(from, '\n', left);
        size_t taken = end == NULL ? left : (size_t)(end - from);
        add(&line, from, taken);
        input->start += taken;
        if (end != NULL) {
            input->start++;
            break;
        }
    }
    *length = line.length;
    return line.data;
}
