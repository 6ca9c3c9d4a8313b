#include <stdlib.h>
#include <string.h>

#include "core/mapping_internal.h"
#include "core/mapping_source.h"

enum { COPIES_MAX = 1 << 15 };

static weft_status out_of_memory(const weft_mapping_reader *r) {
    return weft_error_set(r->err, WEFT_E_MEMORY, "out of memory while reading \"%s\"", r->yaml->file);
}

/* 0 where the key is missing. */
static weft_status read_number(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                               const char *key, int *out) {
    char path[WEFT_MAPPING_WHERE];
    return node ? weft_mapping_int(r, node, weft_mapping_key(path, where, key), 0, out) : WEFT_OK;
}

static weft_status read_tile(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                             weft_tile *tile) {
    static const char *const keys[] = {"core", "array", "rows", "columns", "part", "copy", NULL};
    const weft_yaml_node *values[6];
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 2, values));
    WEFT_TRY(read_number(r, values[0], where, keys[0], &tile->core));
    WEFT_TRY(read_number(r, values[1], where, keys[1], &tile->array));
    WEFT_TRY(
        weft_mapping_range(r, values[2], weft_mapping_key(path, where, keys[2]), &tile->row_begin, &tile->row_end));
    WEFT_TRY(weft_mapping_range(r, values[3], weft_mapping_key(path, where, keys[3]), &tile->column_begin,
                                &tile->column_end));
    WEFT_TRY(read_number(r, values[4], where, keys[4], &tile->part));
    WEFT_TRY(read_number(r, values[5], where, keys[5], &tile->copy));
    tile->line = node->line;
    return WEFT_OK;
}

static weft_status read_block(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              weft_output_block *block) {
    static const char *const keys[] = {"core", "columns", "part", "copy", NULL};
    const weft_yaml_node *values[4];
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 2, values));
    WEFT_TRY(read_number(r, values[0], where, keys[0], &block->core));
    WEFT_TRY(weft_mapping_range(r, values[1], weft_mapping_key(path, where, keys[1]), &block->column_begin,
                                &block->column_end));
    WEFT_TRY(read_number(r, values[2], where, keys[2], &block->part));
    WEFT_TRY(read_number(r, values[3], where, keys[3], &block->copy));
    block->line = node->line;
    return WEFT_OK;
}

static weft_status read_blocks(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                               weft_mapped_stage *stage) {
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_list(r, node, where, &stage->block_count));
    stage->blocks = calloc(node->count, sizeof *stage->blocks);
    if (!stage->blocks) return out_of_memory(r);
    for (int i = 0; i < stage->block_count; i++) {
        snprintf(path, sizeof path, "%.72s.%d", where, i);
        WEFT_TRY(read_block(r, node->values[i], path, &stage->blocks[i]));
    }
    return WEFT_OK;
}

static weft_status read_tiles(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              weft_mapped_stage *stage) {
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_list(r, node, where, &stage->tile_count));
    stage->tiles = calloc(node->count, sizeof *stage->tiles);
    if (!stage->tiles) return out_of_memory(r);
    for (int i = 0; i < stage->tile_count; i++) {
        snprintf(path, sizeof path, "%.72s.%d", where, i);
        WEFT_TRY(read_tile(r, node->values[i], path, &stage->tiles[i]));
    }
    return WEFT_OK;
}

static weft_status read_copies(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                               weft_mapped_stage *stage) {
    if (!node) return WEFT_OK;
    if (weft_mapping_pair(r, node, where) != WEFT_OK)
        return weft_mapping_refuse(r, node, where, "expects [copies along y, copies along x]");
    WEFT_TRY(weft_mapping_int(r, node->values[0], where, 1, &stage->copies_y));
    WEFT_TRY(weft_mapping_int(r, node->values[1], where, 1, &stage->copies_x));
    if (stage->copies_y <= COPIES_MAX && stage->copies_x <= COPIES_MAX) return WEFT_OK;
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: at most %d copies along an axis", where,
                           COPIES_MAX);
}

static weft_status read_shift(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              weft_mapped_stage *stage) {
    if (!node) return WEFT_OK;
    WEFT_TRY(weft_mapping_int(r, node, where, 0, &stage->shift));
    if (stage->shift < stage->copies_x) return WEFT_OK;
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: %d, but copies along x are %d: 0 to %d", where,
                           stage->shift, stage->copies_x, stage->copies_x - 1);
}

/* A digital stage, of 0 rows, has none. */
static weft_status read_stage_tiles(const weft_mapping_reader *r, const weft_yaml_node *stage_node,
                                    const weft_yaml_node *node, const char *where, weft_mapped_stage *stage) {
    if (!node && stage->rows == 0) return WEFT_OK;
    if (!node) return weft_mapping_refuse(r, stage_node, where, "missing");
    if (stage->rows == 0)
        return weft_mapping_refuse(r, node, where, "a digital stage (rows 0) has none: leave the key out");
    return read_tiles(r, node, where, stage);
}

static weft_status read_stage(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              weft_mapped_stage *stage) {
    static const char *const keys[] = {"name",  "rows",  "columns", "output_range", "outputs", "copies",
                                       "tiles", "shift", NULL};
    const weft_yaml_node *values[8];
    const char *name = NULL;
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 3, values));
    WEFT_TRY(weft_mapping_text(r, values[0], weft_mapping_key(path, where, keys[0]), &name));
    stage->line = values[0]->line;
    stage->name = strdup(name);
    if (!stage->name) return out_of_memory(r);
    WEFT_TRY(weft_mapping_int(r, values[1], weft_mapping_key(path, where, keys[1]), 0, &stage->rows));
    WEFT_TRY(weft_mapping_int(r, values[2], weft_mapping_key(path, where, keys[2]), 1, &stage->columns));
    WEFT_TRY(weft_mapping_floats(r, values[3], weft_mapping_key(path, where, keys[3]), &stage->output_min,
                                 &stage->output_max));
    WEFT_TRY(read_blocks(r, values[4], weft_mapping_key(path, where, keys[4]), stage));
    WEFT_TRY(read_copies(r, values[5], weft_mapping_key(path, where, keys[5]), stage));
    WEFT_TRY(read_shift(r, values[7], weft_mapping_key(path, where, keys[7]), stage));
    WEFT_TRY(read_stage_tiles(r, node, values[6], weft_mapping_key(path, where, keys[6]), stage));
    qsort(stage->blocks, (size_t)stage->block_count, sizeof *stage->blocks, weft_mapping_compare_blocks);
    if (stage->tiles) qsort(stage->tiles, (size_t)stage->tile_count, sizeof *stage->tiles, weft_mapping_compare_tiles);
    return WEFT_OK;
}

static weft_status read_version(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where) {
    int version = 0;
    WEFT_TRY(weft_mapping_int(r, node, where, 0, &version));
    if (version == 2) return WEFT_OK;
    return weft_mapping_refuse(
        r, node, where,
        version == 1 ? "version 1 has no copies, parts and output ranges; map the network again (weft map)"
                     : "only version 2 is known");
}

/* Before anything else: a file of another version has other keys. */
static weft_status check_version(const weft_mapping_reader *r) {
    const weft_yaml_node *node = weft_yaml_get(r->yaml->root, "weft_mapping");
    return node ? read_version(r, node, "weft_mapping") : WEFT_OK;
}

static weft_status read_document(const weft_mapping_reader *r, weft_mapping **out) {
    static const char *const keys[] = {"weft_mapping", "network", "chip",  "input_range",
                                       "stages",       "parts",   "chips", NULL};
    const weft_yaml_node *values[7];
    char path[WEFT_MAPPING_WHERE];
    int count = 0;
    WEFT_TRY(check_version(r));
    WEFT_TRY(weft_mapping_map(r, r->yaml->root, "", keys, 2, values));
    WEFT_TRY(weft_mapping_list(r, values[4], keys[4], &count));
    WEFT_TRY(weft_mapping_create(out, count, r->err));
    weft_mapping *mapping = *out;
    snprintf(mapping->path, sizeof mapping->path, "%s", r->yaml->file);
    WEFT_TRY(weft_mapping_read_network(r, values[1], keys[1], mapping->network_path, &mapping->network_sha256));
    const weft_mapping_chip chip = {mapping->chip_path, &mapping->chip_sha256, &mapping->settings,
                                    &mapping->setting_count};
    WEFT_TRY(weft_mapping_read_chip(r, values[2], keys[2], &chip));
    WEFT_TRY(weft_mapping_floats(r, values[3], keys[3], &mapping->input_min, &mapping->input_max));
    if (values[5]) WEFT_TRY(weft_mapping_int(r, values[5], keys[5], 1, &mapping->parts));
    if (values[6]) WEFT_TRY(weft_mapping_int(r, values[6], keys[6], 1, &mapping->chips));
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "stages.%d", i);
        WEFT_TRY(read_stage(r, values[4]->values[i], path, &mapping->stages[i]));
    }
    return WEFT_OK;
}

weft_status weft_mapping_read(weft_mapping **out, const char *path, weft_error *err) {
    weft_yaml yaml = {0};
    weft_mapping *mapping = NULL;
    *out = NULL;
    weft_status status = weft_yaml_load(&yaml, path, err);
    if (status == WEFT_OK) {
        weft_mapping_reader r = {.yaml = &yaml, .err = err};
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
