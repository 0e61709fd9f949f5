/* Statistics of the text files below some directories, as a component. What it counts,
 * it keeps in the cache, so a file is counted once for everyone who asks, in however many
 * hosts, and again when its content has changed. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "arguments.h"
#include "files.h"
#include "report.h"
#include "sha256.h"

/* A content is counted the same for ever; this is how long it is worth keeping. */
#define TTL_MS (24 * 60 * 60 * 1000)

typedef struct program_t {
    arguments_t arguments;
    uint64_t loads;
    char mistake[1024];
} program_t;

/* A file that is to be counted. */
typedef struct load_t {
    program_t *program;
    char *text;
    size_t length;
} load_t;

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void rest(uint64_t milliseconds) {
    struct timespec left = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    while (milliseconds > 0 && nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static bool cache_failed(program_t *program, const spakky_error_t *error) {
    spakky_error_message(error, program->mistake, sizeof program->mistake);
    return false;
}

static int load(void *context, spakky_encoder_t *value) {
    load_t *load = context;
    stats_t stats;
    load->program->loads++;
    rest(load->program->arguments.load_delay_ms);
    stats_count(&stats, load->text, load->length);
    stats_encode(&stats, value);
    return 0;
}

/* A file's statistics: out of the cache, or counted here. */
static bool stats_of(program_t *program, const file_t *file, char *text, size_t length,
                     counted_t *counted) {
    static const char *const template_of_tags = "directory:{directory}";
    spakky_error_t error;
    spakky_text_t key;
    spakky_text_t tags[MOST_DIRECTORIES] = {{NULL, 0}};
    char hash[SHA256_DIGITS + 1];
    load_t context = {program, text, length};
    sha256(text, length, hash);
    /* The content is part of the key, so an entry is never out of date. */
    spakky_code_t code = spakky_key(
        "stats:{path}:{hash}",
        SPAKKY_ARGUMENTS(spakky_arg_str("path", file->path), spakky_arg_str("hash", hash)), &key,
        &error);
    for (size_t i = 0; i < file->directory_count && code == SPAKKY_OK; i++) {
        code = spakky_key(template_of_tags,
                          SPAKKY_ARGUMENTS(spakky_arg_str("directory", file->directories[i])),
                          &tags[i], &error);
    }
    if (code == SPAKKY_OK) {
        spakky_options_t options = {
            .ttl = spakky_milliseconds(TTL_MS), .tags = tags, .tag_count = file->directory_count};
        code = spakky_get_or_load(key, &options, load, &context, &counted->value, &error);
    }
    spakky_key_free(&key);
    for (size_t i = 0; i < file->directory_count; i++) {
        spakky_key_free(&tags[i]);
    }
    if (code != SPAKKY_OK) {
        return cache_failed(program, &error);
    }
    const char *mistake = stats_decode(&counted->stats, counted->value.bytes);
    if (mistake != NULL) {
        snprintf(program->mistake, sizeof program->mistake, "serialization failed: %s", mistake);
    }
    return mistake == NULL;
}

/* Counts a file, if it is a text. */
static bool count_file(program_t *program, const file_t *file, report_t *report) {
    char *text;
    size_t length = 0;
    if (!file_text(file->path, &text, &length, program->mistake, sizeof program->mistake)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    counted_t *counted = &report->files[report->count++];
    size_t size = strlen(file->path) + 1;
    counted->path = memcpy(take(size), file->path, size);
    bool well = stats_of(program, file, text, length, counted);
    free(text);
    stats_add(&report->total, &counted->stats);
    return well;
}

static bool look_at(program_t *program, const char *directory, report_t *report) {
    files_t files;
    bool well = files_below(directory, &files);
    if (!well) {
        snprintf(program->mistake, sizeof program->mistake, "%s", files.mistake);
    }
    report->path = directory;
    report->files = take(files.count * sizeof *report->files);
    for (size_t i = 0; i < files.count && well; i++) {
        well = count_file(program, &files.items[i], report);
    }
    files_free(&files);
    return well;
}

/* Forgets what is cached of the files below the directories that are to be evicted. */
static bool evict(program_t *program) {
    spakky_error_t error = {.code = SPAKKY_OK};
    size_t count = program->arguments.evicted_count;
    spakky_text_t *tags = take(count * sizeof *tags);
    for (size_t i = 0; i < count && error.code == SPAKKY_OK; i++) {
        spakky_key("directory:{directory}",
                   SPAKKY_ARGUMENTS(spakky_arg_str("directory", program->arguments.evicted[i])),
                   &tags[i], &error);
    }
    if (count > 0 && error.code == SPAKKY_OK) {
        spakky_evict_tags(tags, count, &error);
    }
    for (size_t i = 0; i < count; i++) {
        spakky_key_free(&tags[i]);
    }
    free(tags);
    return error.code == SPAKKY_OK || cache_failed(program, &error);
}

static bool report(program_t *program) {
    summary_t summary = {.before = spakky_metrics()};
    uint64_t start = now_ms();
    size_t count = program->arguments.directory_count;
    report_t *reports = take(count * sizeof *reports);
    bool well = evict(program);
    for (size_t i = 0; i < count && well; i++) {
        well = look_at(program, program->arguments.directories[i], &reports[i]);
    }
    for (size_t i = 0; i < count && well; i++) {
        report_write(stdout, &reports[i]);
    }
    if (well && program->arguments.summary_json) {
        summary.after = spakky_metrics();
        summary.loads = program->loads;
        summary.duration_ms = now_ms() - start;
        summary_write(stdout, &summary);
    }
    for (size_t i = 0; i < count; i++) {
        report_free(&reports[i]);
    }
    free(reports);
    return well;
}

int main(int argc, char **argv) {
    static program_t program;
    arguments_parse(&program.arguments, argc, argv);
    bool well = true;
    if (program.arguments.help) {
        fputs(help, stdout);
    } else if (program.arguments.mistake[0] != '\0') {
        snprintf(program.mistake, sizeof program.mistake, "%s\nTry --help.",
                 program.arguments.mistake);
        well = false;
    } else {
        well = report(&program);
    }
    if (well && (fflush(stdout) != 0 || ferror(stdout))) {
        snprintf(program.mistake, sizeof program.mistake, "%s (os error %d)", strerror(errno),
                 errno);
        well = false;
    }
    arguments_free(&program.arguments);
    /* A component tells its host no more than that it failed. */
    if (!well) {
        fprintf(stderr, "stats-c: %s\n", program.mistake);
    }
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
