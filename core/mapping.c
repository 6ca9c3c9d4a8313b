#include "core/mapping_source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

weft_status weft_mapping_create(weft_mapping **out, int stage_count, weft_error *err) {
    assert(out && stage_count >= 0);
    weft_mapping *mapping = calloc(1, sizeof *mapping);
    *out = NULL;
    if (mapping) mapping->stages = calloc((size_t)stage_count + 1, sizeof *mapping->stages);
    if (!mapping || !mapping->stages) {
        free(mapping);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a mapping of %d stages", stage_count);
    }
    mapping->stage_count = stage_count;
    mapping->parts = mapping->chips = 1;
    for (int s = 0; s < stage_count; s++) mapping->stages[s].copies_y = mapping->stages[s].copies_x = 1;
    *out = mapping;
    return WEFT_OK;
}

void weft_mapping_destroy(weft_mapping *mapping) {
    if (!mapping) return;
    for (int s = 0; s < mapping->stage_count; s++) {
        free(mapping->stages[s].name);
        free(mapping->stages[s].blocks);
        free(mapping->stages[s].tiles);
    }
    for (int i = 0; i < mapping->setting_count; i++) free(mapping->settings[i]);
    free(mapping->settings);
    free(mapping->stages);
    free(mapping);
}

weft_status weft_mapping_add_setting(weft_mapping *mapping, const char *setting, weft_error *err) {
    return weft_settings_add(&mapping->settings, &mapping->setting_count, setting, err);
}

/* The last one that begins at or before the column. */
int weft_mapped_stage_block(const weft_mapped_stage *stage, int copy, int column) {
    int low = 0, high = stage->block_count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        const weft_output_block *block = &stage->blocks[middle];
        if (block->copy < copy || (block->copy == copy && block->column_begin <= column))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static int residues(int extent, int copies, int which) {
    return which < extent ? (extent - which + copies - 1) / copies : 0;
}

int weft_mapped_stage_positions(const weft_mapped_stage *mapped, const weft_stage *stage, int copy) {
    int first = copy / mapped->copies_x, count = 0;
    if (mapped->shift == 0)
        return residues(stage->out.height, mapped->copies_y, first) *
               residues(stage->out.width, mapped->copies_x, copy % mapped->copies_x);
    for (int y = first; y < stage->out.height; y += mapped->copies_y) {
        int column = weft_mapped_stage_column(mapped, copy, weft_mapped_stage_phase(mapped, 0, y));
        count += residues(stage->out.width, mapped->copies_x, column);
    }
    return count;
}

static int compare_keys(const void *a, const void *b) {
    uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return (p > q) - (p < q);
}

static uint64_t core_key(int part, int core) { return (uint64_t)(uint32_t)part << 32 | (uint32_t)core; }

int weft_mapped_stage_cores(const weft_mapped_stage *stage) {
    size_t size = (size_t)stage->tile_count + (size_t)stage->block_count, count = 0, different = 0;
    uint64_t *keys = malloc((size + 1) * sizeof *keys);
    if (!keys) return -1;
    for (int t = 0; t < stage->tile_count; t++) keys[count++] = core_key(stage->tiles[t].part, stage->tiles[t].core);
    for (int b = 0; b < stage->block_count; b++) keys[count++] = core_key(stage->blocks[b].part, stage->blocks[b].core);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) different += i == 0 || keys[i] != keys[i - 1];
    free(keys);
    return (int)different;
}
