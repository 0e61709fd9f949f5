/* The files below a directory. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>

/* An entry has at most 64 tags, and one is left for whoever adds one. */
enum { MOST_DIRECTORIES = 63 };

/* A file, and the directories that it lies below, the outermost first. */
typedef struct file_t {
    char *path;
    char **directories;
    size_t directory_count;
} file_t;

typedef struct files_t {
    file_t *items;
    size_t count;
    size_t capacity;
    char mistake[1024]; /* why they could not be read; empty: they were */
} files_t;

/* Memory, which is there, or the program ends. */
void *take(size_t size);

/* A path in the one form that keys and tags are made of: `./a//b/` is `a/b`. Free it. */
char *path_normal(const char *path);

/* Every file below a directory, sorted by path. Free them with `files_free` in any case. */
bool files_below(const char *directory, files_t *files);
void files_free(files_t *files);

/* Reads a file's content. False: it cannot be read, which `mistake` says. NULL: it is
 * binary, and passed over. Free it. */
bool file_text(const char *path, char **text, size_t *length, char *mistake, size_t size);

#endif
