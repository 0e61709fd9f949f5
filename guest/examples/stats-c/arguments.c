#include "arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

const char *const help =
    "Statistics of the text files below directories, counted once and then cached.\n"
    "\n"
    "Usage: stats-c [OPTIONS] DIR...\n"
    "\n"
    "Every DIR must be one that the component was granted, or lie below one. What is\n"
    "named target, .git or node_modules is passed over, and so are files that are not\n"
    "UTF-8 text.\n"
    "\n"
    "Options:\n"
    "  --evict DIR       First forget what is cached of the files below DIR\n"
    "  --load-delay MS   Take so much longer to count a file (to watch hosts share the work)\n"
    "  --summary-json    End with a line of JSON: hits, misses, writes, loads, waits, duration_ms\n"
    "  --help            Print this\n"
    "\n"
    "Exit code: 0 if all went well; 1 if the command line is wrong, something could not be\n"
    "read, or the cache failed, and standard error says which.\n";

__attribute__((format(printf, 2, 3))) static bool wrong(arguments_t *arguments, const char *format,
                                                        ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(arguments->mistake, sizeof arguments->mistake, format, values);
    va_end(values);
    return false;
}

/* Digits that are a number of 64 bits, and nothing else. */
static bool parse_number(const char *text, uint64_t *number) {
    text += *text == '+' ? 1 : 0;
    bool any = *text != '\0';
    *number = 0;
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '9' || *number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return any;
}

/* Reads the argument at `*i`, and what belongs to it. */
static bool parse_one(arguments_t *arguments, int argc, char **argv, int *i) {
    const char *argument = argv[*i];
    bool is_evict = strcmp(argument, "--evict") == 0;
    bool is_delay = strcmp(argument, "--load-delay") == 0;
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        arguments->help = true;
        return false;
    }
    if (strcmp(argument, "--summary-json") == 0) {
        arguments->summary_json = true;
        return true;
    }
    if (is_evict || is_delay) {
        if (++*i == argc) {
            return wrong(arguments, "%s is followed by %s", argument,
                         is_evict ? "a directory" : "a number of milliseconds");
        }
        if (is_evict) {
            arguments->evicted[arguments->evicted_count++] = path_normal(argv[*i]);
            return true;
        }
        return parse_number(argv[*i], &arguments->load_delay_ms) ||
               wrong(arguments, "--load-delay takes a whole number of milliseconds, not `%s`",
                     argv[*i]);
    }
    if (argument[0] == '-') {
        return wrong(arguments, "unknown option `%s`", argument);
    }
    arguments->directories[arguments->directory_count++] = path_normal(argument);
    return true;
}

void arguments_parse(arguments_t *arguments, int argc, char **argv) {
    memset(arguments, 0, sizeof *arguments);
    size_t most = argc < 1 ? 1 : (size_t)argc;
    arguments->directories = take(most * sizeof *arguments->directories);
    arguments->evicted = take(most * sizeof *arguments->evicted);
    for (int i = 1; i < argc; i++) {
        if (!parse_one(arguments, argc, argv, &i)) {
            return;
        }
    }
    if (arguments->directory_count == 0) {
        wrong(arguments, "no directory to look at");
    }
}

void arguments_free(arguments_t *arguments) {
    for (size_t i = 0; i < arguments->directory_count; i++) {
        free(arguments->directories[i]);
    }
    for (size_t i = 0; i < arguments->evicted_count; i++) {
        free(arguments->evicted[i]);
    }
    free(arguments->directories);
    free(arguments->evicted);
}
