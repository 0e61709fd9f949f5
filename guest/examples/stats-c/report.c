#include "report.h"

#include <inttypes.h>
#include <stdlib.h>

static void write_counts(FILE *output, const stats_t *stats) {
    fprintf(output,
            "%" PRIu64 " lines, %" PRIu64 " words, %" PRIu64 " bytes, longest line %" PRIu64 "\n",
            stats->lines, stats->words, stats->bytes, stats->longest_line);
}

void report_write(FILE *output, const report_t *report) {
    for (size_t i = 0; i < report->count; i++) {
        const stats_t *stats = &report->files[i].stats;
        fprintf(output, "%s: ", report->files[i].path);
        write_counts(output, stats);
        for (size_t j = 0; j < stats->frequent_count; j++) {
            const word_t *word = &stats->frequent[j];
            fputs(j == 0 ? "    " : ", ", output);
            fwrite(word->text.data, 1, word->text.length, output);
            fprintf(output, " %" PRIu64, word->count);
        }
        if (stats->frequent_count > 0) {
            putc('\n', output);
        }
    }
    fprintf(output, "%s: %zu files, ", report->path, report->count);
    write_counts(output, &report->total);
    putc('\n', output);
}

void report_free(report_t *report) {
    for (size_t i = 0; i < report->count; i++) {
        free(report->files[i].path);
        spakky_value_free(&report->files[i].value);
    }
    free(report->files);
    report->files = NULL;
    report->count = 0;
}

void summary_write(FILE *output, const summary_t *summary) {
    const spakky_metrics_t *before = &summary->before;
    const spakky_metrics_t *after = &summary->after;
    fprintf(output,
            "{\"hits\":%" PRIu64 ",\"misses\":%" PRIu64 ",\"writes\":%" PRIu64 ",\"loads\":%" PRIu64
            ",\"waits\":%" PRIu64 ",\"duration_ms\":%" PRIu64 "}\n",
            after->hits - before->hits, after->misses - before->misses,
            after->writes - before->writes, summary->loads,
            after->stampede_waits - before->stampede_waits, summary->duration_ms);
}
