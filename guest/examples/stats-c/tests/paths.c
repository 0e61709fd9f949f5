#include <stdlib.h>

#include "../arguments.h"
#include "../files.h"
#include "test.h"

static void a_path_has_one_form(void) {
    static const char *const all[][2] = {
        {".", "."},           {"./", "."}, {"", "."},   {"a/", "a"},   {"./a//b/./c/", "a/b/c"},
        {"../a", "../a"},     {"/", "/"},  {"//", "/"}, {"/a/", "/a"}, {"/./a", "/a"},
        {".a/..b", ".a/..b"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *normal = path_normal(all[i][0]);
        CHECK_STR(normal, all[i][1]);
        free(normal);
    }
}

/* Parses words, of which there are at most seven. */
static void parse(arguments_t *arguments, const char *words) {
    static char line[256];
    char *argv[8] = {line};
    int argc = 1;
    snprintf(line, sizeof line, "%s", words);
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    arguments_parse(arguments, argc, argv);
}

static void a_command_line(void) {
    static const char *const wrong[][2] = {
        {"", "no directory"},           {"--evict", "followed by a directory"},
        {"a --load-delay", "a number"}, {"a --load-delay soon", "`soon`"},
        {"a --load-delay -5", "`-5`"},  {"a --summary", "`--summary`"},
    };
    arguments_t arguments;
    parse(&arguments, "a/ --evict ./b/ --load-delay 250 c --summary-json");
    CHECK_STR(arguments.mistake, "");
    CHECK(arguments.directory_count == 2 && arguments.evicted_count == 1);
    CHECK_STR(arguments.directories[0], "a");
    CHECK_STR(arguments.directories[1], "c");
    CHECK_STR(arguments.evicted[0], "b");
    CHECK(arguments.load_delay_ms == 250 && arguments.summary_json && !arguments.help);
    arguments_free(&arguments);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        parse(&arguments, wrong[i][0]);
        if (strstr(arguments.mistake, wrong[i][1]) == NULL) {
            test_fail(__FILE__, __LINE__, wrong[i][0]);
        }
        arguments_free(&arguments);
    }
}

const test_t path_tests[] = {
    {"paths: one has one form", a_path_has_one_form},
    {"arguments: options and directories come in any order", a_command_line},
    {NULL, NULL},
};
