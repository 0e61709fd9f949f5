/* The command line. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char *const help;

typedef struct arguments_t {
    char **directories; /* normal paths */
    size_t directory_count;
    char **evicted; /* normal paths */
    size_t evicted_count;
    uint64_t load_delay_ms;
    bool summary_json;
    bool help;
    char mistake[512]; /* why the command line is wrong; empty: it is right */
} arguments_t;

/* Reads the command line. Free the result with `arguments_free` in any case. */
void arguments_parse(arguments_t *arguments, int argc, char **argv);
void arguments_free(arguments_t *arguments);

#endif
