#define _DEFAULT_SOURCE
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spakky_cbor.h"

/* Enough to tell a picture from a text without reading all of it as one. */
enum { SNIFFED = 8 * 1024 };

void *take(size_t size) {
    void *memory = calloc(size == 0 ? 1 : size, 1);
    if (memory == NULL) {
        fprintf(stderr, "stats-c: there is no memory left\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(take(size), text, size);
}

/* ---- Paths ------------------------------------------------------------------- */

char *path_normal(const char *path) {
    char *normal = take(strlen(path) + 2);
    size_t length = 0;
    if (path[0] == '/') {
        normal[length++] = '/';
    }
    size_t root = length;
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        if (part > 0 && !(part == 1 && path[0] == '.')) {
            if (length > root) {
                normal[length++] = '/';
            }
            memcpy(normal + length, path, part);
            length += part;
        }
        path += part;
        path += *path == '/' ? 1 : 0;
    }
    if (length == 0) {
        normal[length++] = '.';
    }
    normal[length] = '\0';
    return normal;
}

static char *path_join(const char *directory, const char *name) {
    size_t size = strlen(directory) + strlen(name) + 2;
    char *joined = take(size);
    snprintf(joined, size, "%s/%s", directory, name);
    char *normal = path_normal(joined);
    free(joined);
    return normal;
}

static bool is_passed_over(const char *name) {
    static const char *const names[] = {".", "..", "target", ".git", "node_modules"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    /* What is not UTF-8 has no place in a key. */
    return !spakky_text_valid(spakky_str(name));
}

/* ---- Files ------------------------------------------------------------------- */

/* The directories from the given one down to where we are. */
typedef struct above_t {
    const char *paths[MOST_DIRECTORIES];
    size_t count;
} above_t;

static bool unreadable(files_t *files, const char *directory, int number) {
    snprintf(files->mistake, sizeof files->mistake,
             "cannot read the directory `%.600s`: %s (os error %d) (is it granted?)", directory,
             strerror(number), number);
    return false;
}

/* Takes the path over. */
static void add_file(files_t *files, char *path, const above_t *above) {
    if (files->count == files->capacity) {
        size_t capacity = files->capacity == 0 ? 64 : files->capacity * 2;
        file_t *items = take(capacity * sizeof *items);
        if (files->count > 0) {
            memcpy(items, files->items, files->count * sizeof *items);
        }
        free(files->items);
        files->items = items;
        files->capacity = capacity;
    }
    file_t *file = &files->items[files->count++];
    file->path = path;
    file->directories = take(above->count * sizeof *file->directories);
    for (; file->directory_count < above->count; file->directory_count++) {
        file->directories[file->directory_count] = copy(above->paths[file->directory_count]);
    }
}

static bool collect(const char *directory, const above_t *outer, files_t *files) {
    above_t above = *outer;
    if (above.count < MOST_DIRECTORIES) {
        above.paths[above.count++] = directory;
    }
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        return unreadable(files, directory, errno);
    }
    bool well = true;
    while (well) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            well = errno == 0 || unreadable(files, directory, errno);
            break;
        }
        if (is_passed_over(entry->d_name)) {
            continue;
        }
        struct stat status;
        char *path = path_join(directory, entry->d_name);
        /* Links are not followed: they could lead in a circle. */
        if (lstat(path, &status) != 0) {
            well = unreadable(files, directory, errno);
        } else if (S_ISDIR(status.st_mode)) {
            well = collect(path, &above, files);
        } else if (S_ISREG(status.st_mode)) {
            add_file(files, path, &above);
            path = NULL;
        }
        free(path);
    }
    closedir(stream);
    return well;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const file_t *)a)->path, ((const file_t *)b)->path);
}

bool files_below(const char *directory, files_t *files) {
    above_t none = {.count = 0};
    memset(files, 0, sizeof *files);
    bool well = collect(directory, &none, files);
    if (files->count > 0) {
        qsort(files->items, files->count, sizeof *files->items, by_path);
    }
    return well;
}

void files_free(files_t *files) {
    for (size_t i = 0; i < files->count; i++) {
        for (size_t j = 0; j < files->items[i].directory_count; j++) {
            free(files->items[i].directories[j]);
        }
        free(files->items[i].directories);
        free(files->items[i].path);
    }
    free(files->items);
    files->items = NULL;
    files->count = 0;
}

/* What is read of a file. */
typedef struct content_t {
    char *data;
    size_t length;
    size_t capacity;
} content_t;

static void make_room(content_t *content, size_t capacity) {
    char *data = take(capacity);
    if (content->length > 0) {
        memcpy(data, content->data, content->length);
    }
    free(content->data);
    content->data = data;
    content->capacity = capacity;
}

/* Reads until there is no room any more, or nothing comes. */
static bool read_more(int file, content_t *content, bool *ended) {
    while (content->length < content->capacity) {
        ssize_t count =
            read(file, content->data + content->length, content->capacity - content->length);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        content->length += count < 0 ? 0 : (size_t)count;
        if (count == 0) {
            *ended = true;
            break;
        }
    }
    return true;
}

/* Reads a file to its end, unless its beginning shows that it is binary. */
static bool read_text(int file, content_t *content, bool *is_binary) {
    struct stat status;
    bool ended = false;
    make_room(content, SNIFFED);
    if (fstat(file, &status) != 0 || !read_more(file, content, &ended)) {
        return false;
    }
    *is_binary = memchr(content->data, 0, content->length) != NULL;
    while (!ended && !*is_binary) {
        if (content->length == content->capacity) {
            /* Its size, and a byte that shows its end; more, if it has grown meanwhile. */
            size_t size = (size_t)status.st_size + 1;
            make_room(content, size > content->capacity ? size : content->capacity * 2);
        }
        if (!read_more(file, content, &ended)) {
            return false;
        }
    }
    return true;
}

bool file_text(const char *path, char **text, size_t *length, char *mistake, size_t size) {
    content_t content = {NULL, 0, 0};
    bool is_binary = false;
    int file = open(path, O_RDONLY);
    bool well = file >= 0 && read_text(file, &content, &is_binary);
    if (!well) {
        snprintf(mistake, size, "cannot read the file `%.600s`: %s (os error %d)", path,
                 strerror(errno), errno);
    }
    if (file >= 0) {
        close(file);
    }
    if (!well || is_binary || !spakky_text_valid((spakky_text_t){content.data, content.length})) {
        free(content.data);
        content = (content_t){NULL, 0, 0};
    }
    *text = content.data;
    *length = content.length;
    return well;
}
