#include "core/spike_mapped.h"

#include <stdlib.h>

#include "core/mapping_source.h"
#include "core/onnx.h"

weft_status weft_chip_load_spiking(weft_chip **out, const char *path, const weft_texts *settings, weft_error *err) {
    WEFT_TRY(weft_chip_load(out, path, settings->items, settings->count, err));
    if ((*out)->kind == WEFT_CHIP_SPIKING) return WEFT_OK;
    weft_error_set_at(err, WEFT_E_INVALID, (*out)->path, 0, 0,
                      "chip %s is of crossbars; spiking networks need one of kind spiking", (*out)->name);
    weft_chip_destroy(*out);
    *out = NULL;
    return WEFT_E_INVALID;
}

weft_status weft_spike_network_read(weft_spike_network *out, const char *path, double dt, weft_error *err) {
    *out = (weft_spike_network){.snn = NULL};
    WEFT_TRY(weft_sha256_file(&out->sha256, path, err));
    if (weft_path_ends(path, ".nir")) return weft_snn_read(&out->snn, path, dt, err);
    WEFT_TRY(weft_onnx_read(&out->net, path, err));
    return weft_snn_from_binary(&out->snn, &out->coding, out->net, dt, 0, err);
}

void weft_spike_network_close(weft_spike_network *network) {
    weft_snn_destroy(network->snn);
    weft_network_destroy(network->net);
    weft_snn_coding_free(&network->coding);
    *network = (weft_spike_network){.snn = NULL};
}

static weft_status find_settings(weft_spike_mapped *m, const weft_texts *set, weft_error *err) {
    const weft_spike_mapping *mapping = m->mapping;
    const int more = set ? set->count : 0;
    m->settings.items = malloc(((size_t)mapping->setting_count + (size_t)more + 1) * sizeof *m->settings.items);
    if (!m->settings.items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the chip's settings");
    for (int i = 0; i < mapping->setting_count; i++) m->settings.items[m->settings.count++] = mapping->settings[i];
    for (int i = 0; i < more; i++) m->settings.items[m->settings.count++] = set->items[i];
    return WEFT_OK;
}

static weft_status open_chip(weft_spike_mapped *m, weft_error *err) {
    const weft_spike_mapping *mapping = m->mapping;
    const weft_texts own = {m->settings.items, mapping->setting_count};
    WEFT_TRY(weft_chip_load_spiking(&m->chip, mapping->chip_path, &own, err));
    WEFT_TRY(weft_mapping_check_hash(mapping->path, "chip", mapping->chip_path, &m->chip->sha256, &mapping->chip_sha256,
                                     err));
    m->changed = m->settings.count > own.count;
    if (!m->changed) return WEFT_OK;
    weft_chip_destroy(m->chip);
    m->chip = NULL;
    return weft_chip_load_spiking(&m->chip, mapping->chip_path, &m->settings, err);
}

static weft_status open_network(weft_spike_mapped *m, weft_error *err) {
    const weft_spike_mapping *mapping = m->mapping;
    WEFT_TRY(weft_spike_network_read(&m->network, mapping->network_path, mapping->options.dt, err));
    return weft_mapping_check_hash(mapping->path, "network", mapping->network_path, &m->network.sha256,
                                   &mapping->network_sha256, err);
}

weft_status weft_spike_mapped_open(weft_spike_mapped *out, const char *path, const weft_texts *set, weft_error *err) {
    *out = (weft_spike_mapped){.mapping = NULL};
    WEFT_TRY(weft_spike_mapping_read(&out->mapping, path, err));
    WEFT_TRY(find_settings(out, set, err));
    WEFT_TRY(open_chip(out, err));
    WEFT_TRY(open_network(out, err));
    WEFT_TRY(weft_spike_mapping_check(out->mapping, out->network.snn, out->chip, err));
    WEFT_TRY(weft_snn_fit_create(&out->fit, out->network.snn, out->chip, &out->mapping->options, err));
    return weft_spike_layout_create(&out->layout, out->mapping, out->network.snn, out->fit, out->chip, err);
}

void weft_spike_mapped_close(weft_spike_mapped *m) {
    weft_spike_layout_destroy(m->layout);
    weft_snn_fit_destroy(m->fit);
    weft_spike_network_close(&m->network);
    weft_chip_destroy(m->chip);
    weft_spike_mapping_destroy(m->mapping);
    free(m->settings.items);
    *m = (weft_spike_mapped){.mapping = NULL};
}
