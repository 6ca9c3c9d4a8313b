#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

enum { PATH_BYTES = 4096, ROOTS_MAX = 3 };

bool weft_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool weft_path_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool weft_path_ends(const char *path, const char *ending) {
    const size_t length = strlen(path), end = strlen(ending);
    return length > end && !strcmp(path + length - end, ending);
}

static weft_status folder_create_one(const char *path, weft_error *err) {
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && weft_path_is_folder(path))) return WEFT_OK;
    const char *why = errno == EEXIST ? "it is a file" : strerror(errno);
    return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot create the folder: %s", why);
}

weft_status weft_folder_create(const char *path, weft_error *err) {
    if (!path[0]) return weft_error_set(err, WEFT_E_IO, "the name of the folder is empty");
    char part[PATH_BYTES];
    size_t length = strlen(path);
    if (length >= sizeof part) return weft_error_set(err, WEFT_E_INVALID, "path of %zu characters is too long", length);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i < length; i++) {
        if (part[i] != '/') continue;
        part[i] = 0;
        WEFT_TRY(folder_create_one(part, err));
        part[i] = '/';
    }
    return folder_create_one(part, err);
}

weft_status weft_path_join(char *out, size_t out_size, const char *dir, const char *name, weft_error *err) {
    size_t length = strlen(dir);
    bool alone = name[0] == '/' || length == 0;
    const char *slash = alone || dir[length - 1] == '/' ? "" : "/";
    int written = snprintf(out, out_size, "%s%s%s", alone ? "" : dir, slash, name);
    if (written >= 0 && (size_t)written < out_size) return WEFT_OK;
    if (out_size > 0) out[0] = 0;
    return weft_error_set(err, WEFT_E_INVALID, "path '%.200s' in '%.200s' is too long", name, dir);
}

void weft_path_folder(char *out, size_t out_size, const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    while (length > 0 && path[length - 1] != '/') length--;
    while (length > 1 && path[length - 1] == '/') length--;
    if (length == 0)
        snprintf(out, out_size, ".");
    else
        snprintf(out, out_size, "%.*s", (int)length, path);
}

/* The places that weft_data_find goes through, and what it says when all fail. */
typedef struct data_search {
    const char *name;
    char found[PATH_BYTES + 8];
    char tried[768]; /* each on a line of its own */
} data_search;

static bool try_file(data_search *search, const char *path) {
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        snprintf(search->found, sizeof search->found, "%s", path);
        return true;
    }
    size_t used = strlen(search->tried);
    snprintf(search->tried + used, sizeof search->tried - used, "\n  %s", path);
    return false;
}

/* FOLDER/name, then FOLDER/name.yaml. */
static bool try_folder(data_search *search, const char *root, const char *kind) {
    char folder[PATH_BYTES], path[PATH_BYTES], with_suffix[PATH_BYTES + 8];
    if (weft_path_join(folder, sizeof folder, root, kind, NULL) != WEFT_OK) return false;
    if (weft_path_join(path, sizeof path, folder, search->name, NULL) != WEFT_OK) return false;
    snprintf(with_suffix, sizeof with_suffix, "%s.yaml", path);
    return try_file(search, path) || try_file(search, with_suffix);
}

/* PREFIX/share/weft for a binary at PREFIX/bin/weft; empty where /proc is missing. */
static void installed_root(char *out, size_t out_size) {
    char binary[PATH_BYTES], folder[PATH_BYTES], prefix[PATH_BYTES];
    out[0] = 0;
    ssize_t length = readlink("/proc/self/exe", binary, sizeof binary - 1);
    if (length <= 0) return;
    binary[length] = 0;
    weft_path_folder(folder, sizeof folder, binary);
    weft_path_folder(prefix, sizeof prefix, folder);
    if (weft_path_join(out, out_size, prefix, "share/weft", NULL) != WEFT_OK) out[0] = 0;
}

/* Recipes stand beside the trainer in the source tree. */
static const char *source_kind(const char *kind) { return strcmp(kind, "recipes") == 0 ? "trainer/recipes" : kind; }

weft_status weft_data_find(char *out, size_t out_size, const char *kind, const char *name, weft_error *err) {
    data_search search = {.name = name};
    char installed[PATH_BYTES];
    installed_root(installed, sizeof installed);
    const char *home = getenv("WEFT_HOME");
    bool found = name[0] && try_file(&search, name);
    if (!found && name[0] && name[0] != '/') {
        found =
            (home && home[0] && try_folder(&search, home, kind)) ||
            (weft_path_is_folder(WEFT_SOURCE_FOLDER) && try_folder(&search, WEFT_SOURCE_FOLDER, source_kind(kind))) ||
            (installed[0] && try_folder(&search, installed, kind));
    }
    if (!found) return weft_error_set(err, WEFT_E_IO, "'%s' not found in %s; tried:%s", name, kind, search.tried);
    int length = snprintf(out, out_size, "%s", search.found);
    if (length < 0 || (size_t)length >= out_size)
        return weft_error_set(err, WEFT_E_INVALID, "path of '%s' is too long", name);
    return WEFT_OK;
}

weft_status weft_output_probe(const char *path, weft_error *err) {
    if (!path || !strcmp(path, "-")) return WEFT_OK;
    if (weft_path_is_folder(path))
        return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot be written: it is a folder");
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* opening a pipe to close it again ends its reader */
        if (access(path, W_OK) == 0) return WEFT_OK;
        return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot be written: %s", strerror(errno));
    }
    weft_output output;
    WEFT_TRY(weft_output_open(&output, path, err));
    weft_output_abort(&output);
    return WEFT_OK;
}
