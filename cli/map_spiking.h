/* Inside weft map for spiking chips: what is done (map_spiking.c) and its JSON (map_spiking_report.c). */
#ifndef WEFT_CLI_MAP_SPIKING_H
#define WEFT_CLI_MAP_SPIKING_H

#include "cli/map.h"
#include "core/spike_mapped.h"
#include "mapper/spike.h"

typedef struct weft_spike_map_work {
    const weft_map_request *request;
    weft_spike_map_options options;
    weft_snn_fit_options fit_options; /* of a mapping to be made */
    weft_chip *chip;
    weft_spike_network network; /* of a mapping to be made */
    const weft_snn *snn;
    const weft_sha256 *network_sha256;
    weft_snn_fit *fit;
    weft_spike_mapping *mapping;
    weft_spike_map_report report;
} weft_spike_map_work;

weft_status weft_map_spiking_json(const weft_spike_map_work *work, const char *path, weft_error *err);

#endif
