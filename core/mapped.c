/* What a mapping was made for, opened again. */
#include <stdlib.h>

#include "core/mapping_source.h"
#include "core/onnx.h"

weft_status weft_mapped_settings(weft_texts *out, const weft_mapping *mapping, const weft_texts *set, weft_error *err) {
    out->count = 0;
    out->items = malloc(((size_t)mapping->setting_count + (size_t)set->count + 1) * sizeof *out->items);
    if (!out->items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the chip's settings");
    for (int i = 0; i < mapping->setting_count; i++) out->items[out->count++] = mapping->settings[i];
    for (int i = 0; i < set->count; i++) out->items[out->count++] = set->items[i];
    return WEFT_OK;
}

weft_status weft_mapped_chip(weft_chip **out, bool *changed, const weft_mapping *mapping, const weft_texts *settings,
                             weft_error *err) {
    *changed = settings->count > mapping->setting_count;
    WEFT_TRY(weft_chip_load_crossbar(out, mapping->chip_path, settings->items, mapping->setting_count, err));
    WEFT_TRY(weft_mapping_check_hash(mapping->path, "chip", mapping->chip_path, &(*out)->sha256, &mapping->chip_sha256,
                                     err));
    if (!*changed) return WEFT_OK;
    weft_chip_destroy(*out);
    *out = NULL;
    return weft_chip_load_crossbar(out, mapping->chip_path, settings->items, settings->count, err);
}

weft_status weft_mapped_network(weft_network **out, const weft_mapping *mapping, weft_error *err) {
    weft_sha256 hash;
    WEFT_TRY(weft_sha256_file(&hash, mapping->network_path, err));
    WEFT_TRY(
        weft_mapping_check_hash(mapping->path, "network", mapping->network_path, &hash, &mapping->network_sha256, err));
    return weft_onnx_read(out, mapping->network_path, err);
}
