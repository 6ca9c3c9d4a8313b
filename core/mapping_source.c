#define _XOPEN_SOURCE 700 /* realpath */

#include "core/mapping_source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = WEFT_MAPPING_PATH };

weft_status weft_mapping_check_hash(const char *mapping, const char *what, const char *path, const weft_sha256 *now,
                                    const weft_sha256 *then, weft_error *err) {
    if (!strcmp(now->hex, then->hex)) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_CHECKSUM, path, 0, 0,
                             "not the %s that %.300s was made for, so map again: SHA-256 %s, not %s", what, mapping,
                             now->hex, then->hex);
}

weft_status weft_settings_add(char ***settings, int *count, const char *setting, weft_error *err) {
    char **grown = realloc(*settings, ((size_t)*count + 1) * sizeof *grown);
    if (grown) *settings = grown;
    char *copy = grown ? strdup(setting) : NULL;
    if (!copy) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the chip's settings");
    grown[(*count)++] = copy;
    return WEFT_OK;
}

/* ---- reading ---- */

static weft_status read_sha256(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                               weft_sha256 *out) {
    const char *text = NULL;
    WEFT_TRY(weft_mapping_text(r, node, where, &text));
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return weft_mapping_refuse(r, node, where, "expects 64 lower-case hexadecimal digits");
    memcpy(out->hex, text, sizeof out->hex);
    return WEFT_OK;
}

static weft_status read_settings(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                 const weft_mapping_chip *chip) {
    const char *text = NULL;
    if (node->kind != WEFT_YAML_SEQUENCE) return weft_mapping_refuse(r, node, where, "expects a list of KEY=VALUE");
    for (size_t i = 0; i < node->count; i++) {
        WEFT_TRY(weft_mapping_text(r, node->values[i], where, &text));
        WEFT_TRY(weft_settings_add(chip->settings, chip->setting_count, text, r->err));
    }
    return WEFT_OK;
}

/* The file beside the mapping; where there is none, with a kind, an installed data file. */
static weft_status read_path(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                             const char *kind, char path[PATH_BYTES]) {
    const char *name = NULL;
    char folder[PATH_BYTES];
    WEFT_TRY(weft_mapping_text(r, node, where, &name));
    weft_path_folder(folder, sizeof folder, r->yaml->file);
    bool here = strcmp(folder, ".") == 0;
    if (weft_path_join(path, PATH_BYTES, here ? "" : folder, name, NULL) != WEFT_OK)
        return weft_mapping_refuse(r, node, where, "the path is too long");
    if (kind && name[0] != '/' && !weft_path_exists(path)) {
        char found[PATH_BYTES];
        if (weft_data_find(found, sizeof found, kind, name, NULL) == WEFT_OK) memcpy(path, found, sizeof found);
    }
    return WEFT_OK;
}

weft_status weft_mapping_read_network(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                      char path[PATH_BYTES], weft_sha256 *sha256) {
    static const char *const keys[] = {"file", "sha256", NULL};
    const weft_yaml_node *values[2];
    char key[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 0, values));
    WEFT_TRY(read_path(r, values[0], weft_mapping_key(key, where, keys[0]), NULL, path));
    return read_sha256(r, values[1], weft_mapping_key(key, where, keys[1]), sha256);
}

weft_status weft_mapping_read_chip(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                   const weft_mapping_chip *chip) {
    static const char *const keys[] = {"file", "sha256", "set", NULL};
    const weft_yaml_node *values[3];
    char key[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 1, values));
    if (values[2]) WEFT_TRY(read_settings(r, values[2], weft_mapping_key(key, where, keys[2]), chip));
    WEFT_TRY(read_path(r, values[0], weft_mapping_key(key, where, keys[0]), "hwconfigs", chip->path));
    return read_sha256(r, values[1], weft_mapping_key(key, where, keys[1]), chip->sha256);
}

/* ---- writing ---- */

static bool copy_path(char out[PATH_BYTES], const char *path) {
    int length = snprintf(out, PATH_BYTES, "%s", path);
    return length >= 0 && length < PATH_BYTES;
}

static bool real_path(char out[PATH_BYTES], const char *path) {
    char *real = realpath(path, NULL);
    bool good = real && copy_path(out, real);
    free(real);
    return good;
}

/* Without symbolic links where the file, or at least its folder, exists; else false. */
static bool absolute_path(char out[PATH_BYTES], const char *path) {
    char folder[PATH_BYTES], real_folder[PATH_BYTES];
    if (real_path(out, path)) return true;
    weft_path_folder(folder, sizeof folder, path);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return name[0] && real_path(real_folder, folder) &&
           weft_path_join(out, PATH_BYTES, real_folder, name, NULL) == WEFT_OK;
}

/* Bytes of the folders that both have in front, the slash after them included. */
static size_t common_folders(const char *a, const char *b) {
    size_t common = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/') common = i + 1;
    return common;
}

/* path as seen from folder; path itself where they have no folder in common or one does not exist. */
static void relative_path(char out[PATH_BYTES], const char *folder, const char *path) {
    char from[PATH_BYTES], to[PATH_BYTES];
    copy_path(out, path);
    if (!real_path(from, folder) || !absolute_path(to, path)) return;
    size_t length = strlen(from);
    if (length + 1 >= sizeof from) return;
    if (from[length - 1] != '/') memcpy(from + length, "/", 2);
    size_t common = common_folders(from, to), used = 0;
    copy_path(out, to);
    if (common <= 1 && from[1]) return;
    char text[PATH_BYTES] = "";
    for (const char *c = from + common; *c; c++)
        if (*c == '/') {
            if (used + 3 >= sizeof text) return;
            memcpy(text + used, "../", 4);
            used += 3;
        }
    if (used + strlen(to + common) >= sizeof text) return;
    memcpy(text + used, to + common, strlen(to + common) + 1);
    copy_path(out, text);
}

/* An installed chip file is written by its name, so that the mapping works elsewhere. */
static bool is_installed(const char *folder, const char *path, const char **name) {
    char found[PATH_BYTES], real[PATH_BYTES], wanted[PATH_BYTES], beside[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!(*name)[0] || weft_path_exists(*name)) return false;
    if (weft_path_join(beside, sizeof beside, folder, *name, NULL) != WEFT_OK || weft_path_exists(beside)) return false;
    if (weft_data_find(found, sizeof found, "hwconfigs", *name, NULL) != WEFT_OK) return false;
    return real_path(real, found) && real_path(wanted, path) && strcmp(real, wanted) == 0;
}

static void write_source(FILE *stream, const char *key, const char *file, const weft_sha256 *sha256) {
    fprintf(stream, "%s: {file: ", key);
    weft_yaml_print_string(stream, file);
    fputs(", sha256: ", stream);
    weft_yaml_print_string(stream, sha256->hex);
}

static void write_settings(FILE *stream, char *const *settings, int count) {
    if (count == 0) return;
    fputs(", set: [", stream);
    for (int i = 0; i < count; i++) {
        if (i) fputs(", ", stream);
        weft_yaml_print_string(stream, settings[i]);
    }
    fputs("]", stream);
}

void weft_mapping_write_network(FILE *stream, const char *mapping, const char *path, const weft_sha256 *sha256) {
    char folder[PATH_BYTES], name[PATH_BYTES];
    weft_path_folder(folder, sizeof folder, mapping);
    relative_path(name, folder, path);
    write_source(stream, "network", name, sha256);
    fputs("}\n", stream);
}

void weft_mapping_write_chip(FILE *stream, const char *mapping, const char *path, const weft_sha256 *sha256,
                             char *const *settings, int setting_count) {
    char folder[PATH_BYTES], name[PATH_BYTES];
    const char *installed = NULL;
    weft_path_folder(folder, sizeof folder, mapping);
    if (is_installed(folder, path, &installed))
        copy_path(name, installed);
    else
        relative_path(name, folder, path);
    write_source(stream, "chip", name, sha256);
    write_settings(stream, settings, setting_count);
    fputs("}\n", stream);
}
