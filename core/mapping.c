#include "core/mapping.h"

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
    char **grown = realloc(mapping->settings, ((size_t)mapping->setting_count + 1) * sizeof *grown);
    if (grown) mapping->settings = grown;
    char *copy = grown ? strdup(setting) : NULL;
    if (!copy) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the chip's settings");
    mapping->settings[mapping->setting_count++] = copy;
    return WEFT_OK;
}

int weft_mapped_stage_cores(const weft_mapped_stage *stage) {
    int count = 0;
    for (int i = 0; i < stage->tile_count; i++) {
        bool seen = false;
        for (int j = 0; j < i && !seen; j++) seen = stage->tiles[j].core == stage->tiles[i].core;
        count += !seen;
    }
    return count;
}
