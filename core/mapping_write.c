#define _XOPEN_SOURCE 700 /* realpath */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mapping.h"
#include "core/yaml.h"

enum { PATH_BYTES = 4096 };

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

static void write_settings(FILE *stream, const weft_mapping *mapping) {
    if (mapping->setting_count == 0) return;
    fputs(", set: [", stream);
    for (int i = 0; i < mapping->setting_count; i++) {
        if (i) fputs(", ", stream);
        weft_yaml_print_string(stream, mapping->settings[i]);
    }
    fputs("]", stream);
}

/* What is left out reads as 0. */
static void write_place(FILE *stream, int part, int copy) {
    fputs("      - {", stream);
    if (part) fprintf(stream, "part: %d, ", part);
    if (copy) fprintf(stream, "copy: %d, ", copy);
}

static void write_outputs(FILE *stream, const weft_mapped_stage *stage) {
    fputs("    outputs:\n", stream);
    for (int i = 0; i < stage->block_count; i++) {
        const weft_output_block *block = &stage->blocks[i];
        write_place(stream, block->part, block->copy);
        fprintf(stream, "core: %d, columns: [%d, %d]}\n", block->core, block->column_begin, block->column_end);
    }
}

static void write_tiles(FILE *stream, const weft_mapped_stage *stage) {
    if (stage->tile_count > 0) fputs("    tiles:\n", stream);
    for (int i = 0; i < stage->tile_count; i++) {
        const weft_tile *tile = &stage->tiles[i];
        write_place(stream, tile->part, tile->copy);
        fprintf(stream, "core: %d, array: %d, rows: [%d, %d], columns: [%d, %d]}\n", tile->core, tile->array,
                tile->row_begin, tile->row_end, tile->column_begin, tile->column_end);
    }
}

static void write_range(FILE *stream, const char *key, float low, float high) {
    fprintf(stream, "%s: [%.9g, %.9g]\n", key, (double)low, (double)high);
}

static void write_stage(FILE *stream, const weft_mapped_stage *stage) {
    fputs("  - name: ", stream);
    weft_yaml_print_string(stream, stage->name);
    fprintf(stream, "\n    rows: %d\n    columns: %d\n", stage->rows, stage->columns);
    write_range(stream, "    output_range", stage->output_min, stage->output_max);
    if (stage->copies_y > 1 || stage->copies_x > 1)
        fprintf(stream, "    copies: [%d, %d]\n", stage->copies_y, stage->copies_x);
    if (stage->shift > 0) fprintf(stream, "    shift: %d\n", stage->shift);
    write_outputs(stream, stage);
    write_tiles(stream, stage);
}

static void write_header(FILE *stream, const weft_mapping *mapping, const char *network, const char *chip) {
    fputs("weft_mapping: 2\n", stream);
    write_source(stream, "network", network, &mapping->network_sha256);
    fputs("}\n", stream);
    write_source(stream, "chip", chip, &mapping->chip_sha256);
    write_settings(stream, mapping);
    fputs("}\n", stream);
    if (mapping->parts > 1 || mapping->chips > 1)
        fprintf(stream, "parts: %d\nchips: %d\n", mapping->parts, mapping->chips);
    write_range(stream, "input_range", mapping->input_min, mapping->input_max);
}

weft_status weft_mapping_write(const weft_mapping *mapping, const char *path, weft_error *err) {
    assert(mapping && path);
    weft_output output;
    char folder[PATH_BYTES], network[PATH_BYTES], chip[PATH_BYTES];
    const char *name = NULL;
    weft_path_folder(folder, sizeof folder, path);
    relative_path(network, folder, mapping->network_path);
    if (is_installed(folder, mapping->chip_path, &name))
        copy_path(chip, name);
    else
        relative_path(chip, folder, mapping->chip_path);
    WEFT_TRY(weft_output_open(&output, path, err));
    write_header(output.stream, mapping, network, chip);
    fputs("stages:\n", output.stream);
    for (int i = 0; i < mapping->stage_count; i++) write_stage(output.stream, &mapping->stages[i]);
    return weft_output_commit(&output, err);
}
