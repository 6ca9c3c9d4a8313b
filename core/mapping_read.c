#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping.h"
#include "core/yaml.h"

enum { WHERE_BYTES = 96, KEYS_MAX = 8 };

/* The file being read; where: the dotted path of the node at hand, for messages. */
typedef struct reader {
    const weft_yaml *yaml;
    weft_mapping *mapping;
    weft_error *err;
} reader;

static weft_status bad(const reader *r, const weft_yaml_node *node, const char *where, const char *what) {
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: %s", where, what);
}

static weft_status out_of_memory(const reader *r) {
    return weft_error_set(r->err, WEFT_E_MEMORY, "out of memory while reading \"%s\"", r->yaml->file);
}

static const char *key_path(char out[WHERE_BYTES], const char *where, const char *key) {
    snprintf(out, WHERE_BYTES, "%.56s%s%.32s", where, where[0] ? "." : "", key);
    return out;
}

static bool is_known(const char *key, const char *const *keys) {
    for (; *keys; keys++)
        if (strcmp(*keys, key) == 0) return true;
    return false;
}

/* node is a map of these keys, of which the last `optional` may be missing; values[i] is the value of keys[i] or NULL.
 */
static weft_status read_map_optional(const reader *r, const weft_yaml_node *node, const char *where,
                                     const char *const *keys, int optional, const weft_yaml_node **values) {
    char path[WHERE_BYTES];
    if (node->kind != WEFT_YAML_MAP) return bad(r, node, where[0] ? where : "mapping", "expects a map");
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        if (is_known(key, keys)) continue;
        const char *near = weft_text_nearest(key, keys);
        key_path(path, where, key);
        return near ? weft_yaml_error(r->yaml, node->keys[i], WEFT_E_INVALID, r->err,
                                      "%s: unknown key; nearest is \"%s\"", path, near)
                    : bad(r, node->keys[i], path, "unknown key");
    }
    int count = 0;
    while (keys[count]) count++;
    for (int i = 0; i < count; i++) {
        values[i] = weft_yaml_get(node, keys[i]);
        if (!values[i] && i < count - optional) return bad(r, node, key_path(path, where, keys[i]), "missing");
    }
    return WEFT_OK;
}

/* node is a map of exactly these keys. */
static weft_status read_map(const reader *r, const weft_yaml_node *node, const char *where, const char *const *keys,
                            const weft_yaml_node **values) {
    return read_map_optional(r, node, where, keys, 0, values);
}

static weft_status read_text(const reader *r, const weft_yaml_node *node, const char *where, const char **out) {
    if (node->kind != WEFT_YAML_SCALAR || !node->text[0]) return bad(r, node, where, "expects a text");
    *out = node->text;
    return WEFT_OK;
}

static weft_status read_int(const reader *r, const weft_yaml_node *node, const char *where, int min, int *out) {
    char *end = NULL;
    if (node->kind != WEFT_YAML_SCALAR || node->quoted || !node->text[0])
        return bad(r, node, where, "expects a whole number");
    errno = 0;
    long value = strtol(node->text, &end, 10);
    if (*end || end == node->text)
        return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: \"%s\" is not a whole number", where,
                               node->text);
    if (errno || value < min || value > INT_MAX)
        return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: %s is not in %d to %d", where, node->text,
                               min, INT_MAX);
    *out = (int)value;
    return WEFT_OK;
}

static weft_status read_float(const reader *r, const weft_yaml_node *node, const char *where, float *out) {
    char *end = NULL;
    if (node->kind != WEFT_YAML_SCALAR || node->quoted || !node->text[0])
        return bad(r, node, where, "expects a number");
    *out = strtof(node->text, &end);
    if (*end || !isfinite(*out))
        return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: \"%s\" is not a finite number", where,
                               node->text);
    return WEFT_OK;
}

static weft_status read_pair(const reader *r, const weft_yaml_node *node, const char *where) {
    return node->kind == WEFT_YAML_SEQUENCE && node->count == 2 ? WEFT_OK
                                                                : bad(r, node, where, "expects [first, last]");
}

/* Half-open and not empty. */
static weft_status read_range(const reader *r, const weft_yaml_node *node, const char *where, int *begin, int *end) {
    if (read_pair(r, node, where) != WEFT_OK) return bad(r, node, where, "expects [begin, end]");
    WEFT_TRY(read_int(r, node->values[0], where, 0, begin));
    WEFT_TRY(read_int(r, node->values[1], where, 0, end));
    if (*begin < *end) return WEFT_OK;
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: [%d, %d] is empty", where, *begin, *end);
}

static weft_status read_tile(const reader *r, const weft_yaml_node *node, const char *where, weft_tile *tile) {
    static const char *const keys[] = {"core", "array", "rows", "columns", NULL};
    const weft_yaml_node *values[4];
    char path[WHERE_BYTES];
    WEFT_TRY(read_map(r, node, where, keys, values));
    WEFT_TRY(read_int(r, values[0], key_path(path, where, keys[0]), 0, &tile->core));
    WEFT_TRY(read_int(r, values[1], key_path(path, where, keys[1]), 0, &tile->array));
    WEFT_TRY(read_range(r, values[2], key_path(path, where, keys[2]), &tile->row_begin, &tile->row_end));
    WEFT_TRY(read_range(r, values[3], key_path(path, where, keys[3]), &tile->column_begin, &tile->column_end));
    tile->line = node->line;
    return WEFT_OK;
}

static weft_status read_block(const reader *r, const weft_yaml_node *node, const char *where,
                              weft_output_block *block) {
    static const char *const keys[] = {"core", "columns", NULL};
    const weft_yaml_node *values[2];
    char path[WHERE_BYTES];
    WEFT_TRY(read_map(r, node, where, keys, values));
    WEFT_TRY(read_int(r, values[0], key_path(path, where, keys[0]), 0, &block->core));
    WEFT_TRY(read_range(r, values[1], key_path(path, where, keys[1]), &block->column_begin, &block->column_end));
    block->line = node->line;
    return WEFT_OK;
}

/* A list of at least one item. */
static weft_status read_count(const reader *r, const weft_yaml_node *node, const char *where, int *count) {
    if (node->kind != WEFT_YAML_SEQUENCE || node->count == 0)
        return bad(r, node, where, "expects a list of at least one item");
    *count = (int)node->count; /* a file has at most WEFT_YAML_BYTES_MAX items */
    return WEFT_OK;
}

static weft_status read_blocks(const reader *r, const weft_yaml_node *node, const char *where,
                               weft_mapped_stage *stage) {
    char path[WHERE_BYTES];
    WEFT_TRY(read_count(r, node, where, &stage->block_count));
    stage->blocks = calloc(node->count, sizeof *stage->blocks);
    if (!stage->blocks) return out_of_memory(r);
    for (int i = 0; i < stage->block_count; i++) {
        snprintf(path, sizeof path, "%.72s.%d", where, i);
        WEFT_TRY(read_block(r, node->values[i], path, &stage->blocks[i]));
    }
    return WEFT_OK;
}

static weft_status read_tiles(const reader *r, const weft_yaml_node *node, const char *where,
                              weft_mapped_stage *stage) {
    char path[WHERE_BYTES];
    WEFT_TRY(read_count(r, node, where, &stage->tile_count));
    stage->tiles = calloc(node->count, sizeof *stage->tiles);
    if (!stage->tiles) return out_of_memory(r);
    for (int i = 0; i < stage->tile_count; i++) {
        snprintf(path, sizeof path, "%.72s.%d", where, i);
        WEFT_TRY(read_tile(r, node->values[i], path, &stage->tiles[i]));
    }
    return WEFT_OK;
}

static weft_status read_input_range(const reader *r, const weft_yaml_node *node, const char *where,
                                    weft_mapped_stage *stage) {
    WEFT_TRY(read_pair(r, node, where));
    WEFT_TRY(read_float(r, node->values[0], where, &stage->input_min));
    WEFT_TRY(read_float(r, node->values[1], where, &stage->input_max));
    if (stage->input_min <= stage->input_max) return WEFT_OK;
    return bad(r, node, where, "the first number is above the second");
}

static int compare(int a, int b) { return (a > b) - (a < b); }

static int compare_blocks(const void *a, const void *b) {
    const weft_output_block *p = a, *q = b;
    int order = compare(p->column_begin, q->column_begin);
    return order ? order : compare(p->line, q->line);
}

static int compare_tiles(const void *a, const void *b) {
    const weft_tile *p = a, *q = b;
    int order = compare(p->column_begin, q->column_begin);
    if (!order) order = compare(p->row_begin, q->row_begin);
    if (!order) order = compare(p->core, q->core);
    return order ? order : compare(p->array, q->array);
}

static weft_status read_stage(const reader *r, const weft_yaml_node *node, const char *where,
                              weft_mapped_stage *stage) {
    static const char *const keys[] = {"name", "rows", "columns", "input_range", "outputs", "tiles", NULL};
    const weft_yaml_node *values[6];
    const char *name = NULL;
    char path[WHERE_BYTES];
    WEFT_TRY(read_map(r, node, where, keys, values));
    WEFT_TRY(read_text(r, values[0], key_path(path, where, keys[0]), &name));
    stage->line = values[0]->line;
    stage->name = strdup(name);
    if (!stage->name) return out_of_memory(r);
    WEFT_TRY(read_int(r, values[1], key_path(path, where, keys[1]), 1, &stage->rows));
    WEFT_TRY(read_int(r, values[2], key_path(path, where, keys[2]), 1, &stage->columns));
    WEFT_TRY(read_input_range(r, values[3], key_path(path, where, keys[3]), stage));
    WEFT_TRY(read_blocks(r, values[4], key_path(path, where, keys[4]), stage));
    WEFT_TRY(read_tiles(r, values[5], key_path(path, where, keys[5]), stage));
    qsort(stage->blocks, (size_t)stage->block_count, sizeof *stage->blocks, compare_blocks);
    qsort(stage->tiles, (size_t)stage->tile_count, sizeof *stage->tiles, compare_tiles);
    return WEFT_OK;
}

static weft_status read_sha256(const reader *r, const weft_yaml_node *node, const char *where, weft_sha256 *out) {
    const char *text = NULL;
    WEFT_TRY(read_text(r, node, where, &text));
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return bad(r, node, where, "expects 64 lower-case hexadecimal digits");
    memcpy(out->hex, text, sizeof out->hex);
    return WEFT_OK;
}

static weft_status read_settings(const reader *r, const weft_yaml_node *node, const char *where) {
    const char *text = NULL;
    if (node->kind != WEFT_YAML_SEQUENCE) return bad(r, node, where, "expects a list of KEY=VALUE");
    for (size_t i = 0; i < node->count; i++) {
        WEFT_TRY(read_text(r, node->values[i], where, &text));
        WEFT_TRY(weft_mapping_add_setting(r->mapping, text, r->err));
    }
    return WEFT_OK;
}

/* {file, sha256}, and set for a kind that is not NULL. The path is the file's beside the mapping; with a kind, an
 * installed data file's where there is none. */
static weft_status read_source(const reader *r, const weft_yaml_node *node, const char *where, const char *kind,
                               char path[4096], weft_sha256 *sha256) {
    static const char *const network_keys[] = {"file", "sha256", NULL};
    static const char *const chip_keys[] = {"file", "sha256", "set", NULL};
    const char *const *keys = kind ? chip_keys : network_keys;
    const weft_yaml_node *values[3] = {NULL};
    const char *name = NULL;
    char key[WHERE_BYTES], folder[4096];
    WEFT_TRY(read_map_optional(r, node, where, keys, kind ? 1 : 0, values));
    if (values[2]) WEFT_TRY(read_settings(r, values[2], key_path(key, where, keys[2])));
    WEFT_TRY(read_text(r, values[0], key_path(key, where, keys[0]), &name));
    weft_path_folder(folder, sizeof folder, r->yaml->file);
    bool here = strcmp(folder, ".") == 0;
    if (weft_path_join(path, 4096, here ? "" : folder, name, NULL) != WEFT_OK)
        return bad(r, values[0], key, "the path is too long");
    if (kind && name[0] != '/' && !weft_path_exists(path)) {
        char found[4096];
        if (weft_data_find(found, sizeof found, kind, name, NULL) == WEFT_OK) memcpy(path, found, sizeof found);
    }
    return read_sha256(r, values[1], key_path(key, where, keys[1]), sha256);
}

static weft_status read_document(reader *r, weft_mapping **out) {
    static const char *const keys[] = {"weft_mapping", "network", "chip", "stages", NULL};
    const weft_yaml_node *values[4];
    char path[WHERE_BYTES];
    int version = 0, count = 0;
    WEFT_TRY(read_map(r, r->yaml->root, "", keys, values));
    WEFT_TRY(read_int(r, values[0], keys[0], 0, &version));
    if (version != 1) return bad(r, values[0], keys[0], "only version 1 is known");
    WEFT_TRY(read_count(r, values[3], keys[3], &count));
    WEFT_TRY(weft_mapping_create(out, count, r->err));
    r->mapping = *out;
    snprintf(r->mapping->path, sizeof r->mapping->path, "%s", r->yaml->file);
    WEFT_TRY(read_source(r, values[1], keys[1], NULL, r->mapping->network_path, &r->mapping->network_sha256));
    WEFT_TRY(read_source(r, values[2], keys[2], "hwconfigs", r->mapping->chip_path, &r->mapping->chip_sha256));
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "stages.%d", i);
        WEFT_TRY(read_stage(r, values[3]->values[i], path, &r->mapping->stages[i]));
    }
    return WEFT_OK;
}

weft_status weft_mapping_read(weft_mapping **out, const char *path, weft_error *err) {
    weft_yaml yaml = {0};
    weft_mapping *mapping = NULL;
    *out = NULL;
    weft_status status = weft_yaml_load(&yaml, path, err);
    if (status == WEFT_OK) {
        reader r = {.yaml = &yaml, .err = err};
        status = read_document(&r, &mapping);
    }
    weft_yaml_destroy(&yaml);
    if (status != WEFT_OK) {
        weft_mapping_destroy(mapping);
        return status;
    }
    *out = mapping;
    return WEFT_OK;
}
