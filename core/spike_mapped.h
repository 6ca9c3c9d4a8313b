/* What a mapping of a spiking network was made for, opened again: network, chip, and what follows from them. */
#ifndef WEFT_CORE_SPIKE_MAPPED_H
#define WEFT_CORE_SPIKE_MAPPED_H

#include "core/snn_network.h"
#include "core/spike_layout.h"
#include "core/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A spiking network from a file: NIR, or ONNX of binary activations. */
typedef struct weft_spike_network {
    weft_snn *snn;
    weft_sha256 sha256;
    weft_network *net;      /* of ONNX, NULL of NIR: what its spikes mean, in `coding` */
    weft_snn_coding coding; /* an image takes one tick */
} weft_spike_network;
/* Files whose names end in .nir are NIR. dt: of a tick. Errors of both; close also after a failure. */
weft_status weft_spike_network_read(weft_spike_network *out, const char *path, double dt, weft_error *err);
void weft_spike_network_close(weft_spike_network *network); /* a zeroed one is allowed */

typedef struct weft_spike_mapped {
    weft_spike_mapping *mapping;
    weft_texts settings; /* of the chip: the mapping's, then `set` */
    weft_chip *chip;
    bool changed; /* by `set`: not the chip that the mapping was made for */
    weft_spike_network network;
    weft_snn_fit *fit;
    weft_spike_layout *layout;
} weft_spike_mapped;

/* A spiking chip; INVALID for one of the other kind. */
weft_status weft_chip_load_spiking(weft_chip **out, const char *path, const weft_texts *settings, weft_error *err);
/* set: settings beside the mapping's, NULL: none. Errors of all parts; CHECKSUM: another network or chip than it was
 * made for. Close also after a failure. */
weft_status weft_spike_mapped_open(weft_spike_mapped *out, const char *path, const weft_texts *set, weft_error *err);
void weft_spike_mapped_close(weft_spike_mapped *mapped); /* a zeroed one is allowed */

#ifdef __cplusplus
}
#endif
#endif
