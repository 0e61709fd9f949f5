/* What is printed: the same for the same files, wherever the numbers came from. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "stats.h"

/* A file, and the value that its words are parts of. */
typedef struct counted_t {
    char *path;
    stats_t stats;
    spakky_value_t value;
} counted_t;

/* A directory. Free it with `report_free`. */
typedef struct report_t {
    const char *path;
    counted_t *files;
    size_t count;
    stats_t total;
} report_t;

void report_write(FILE *output, const report_t *report);
void report_free(report_t *report);

/* What it took: the cache's counts from before and after, and the program's own. */
typedef struct summary_t {
    spakky_metrics_t before;
    spakky_metrics_t after;
    uint64_t loads; /* how often the loader ran */
    uint64_t duration_ms;
} summary_t;

void summary_write(FILE *output, const summary_t *summary);

#endif
