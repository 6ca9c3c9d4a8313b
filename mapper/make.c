#include "mapper/make.h"

#include <stdio.h>

#include "core/onnx.h"

void weft_map_work_free(weft_map_work *work) {
    weft_map_report_destroy(&work->report);
    weft_mapping_destroy(work->mapping);
    weft_chip_destroy(work->chip);
    weft_stages_destroy(work->stages);
    weft_network_destroy(work->net);
}

static weft_status copy_path(char out[4096], const char *path, weft_error *err) {
    int length = snprintf(out, 4096, "%s", path);
    return length >= 0 && length < 4096 ? WEFT_OK
                                        : weft_error_set(err, WEFT_E_INVALID, "the path %.200s... is too long", path);
}

weft_status weft_map_make(weft_map_work *work, const char *network, const char *chip, const weft_texts *set,
                          weft_error *err) {
    if (!work->chip) WEFT_TRY(weft_chip_load_crossbar(&work->chip, chip, set->items, set->count, err));
    if (!work->net) WEFT_TRY(weft_onnx_read(&work->net, network, err));
    WEFT_TRY(weft_lower_shapes(&work->stages, work->net, err));
    WEFT_TRY(weft_map(&work->mapping, &work->report, work->stages, work->chip, &work->options, err));
    weft_mapping *mapping = work->mapping;
    WEFT_TRY(copy_path(mapping->network_path, network, err));
    WEFT_TRY(copy_path(mapping->chip_path, work->chip->path, err));
    WEFT_TRY(weft_sha256_file(&mapping->network_sha256, network, err));
    mapping->chip_sha256 = work->chip->sha256;
    for (int i = 0; i < set->count; i++) WEFT_TRY(weft_mapping_add_setting(mapping, set->items[i], err));
    return WEFT_OK;
}
