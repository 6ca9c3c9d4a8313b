/* Mapping of a spiking network: which neurons lie on which core. Written by the mapper, or by anybody; axons, routes
 * and delays follow from it (spike_layout.h).
 *
 *   weft_spike_mapping: 1
 *   network: {file: net.nir, sha256: ...}       # relative to the mapping's folder
 *   chip: {file: truenorth.yaml, sha256: ...}   # also set: [limits.axons=128]
 *   dt_s: 0.001                                 # of a tick, in the network
 *   integration: euler                          # or exponential
 *   reset: zero                                 # or subtract
 *   round: false                                # weft_snn_fit_options.round
 *   populations:
 *     - name: conv1
 *       size: 4096
 *       cores:
 *         - {core: 12, neurons: "0-63 128-191*2"} # runs of neurons, both ends in; *2: each stands there twice
 *         - {core: 13, neurons: "64-127"}
 *       relays:                                   # optional: splitter neurons, one axon and so many neurons each
 *         - {core: 14, neurons: "3*4"}
 *
 * integration, reset and round may be left out: euler, zero, false; `set` too. A population names a core once.
 * Neurons of a core are numbered as they stand: populations in the file's order, then its runs; relays behind them. A
 * neuron that several cores or several axons want stands as often as chips whose neurons have one destination need.
 * Every neuron has all its copies on one core. Core c is terminal c of the chip. Populations are the network's, but for
 * Inputs and Outputs, in its order. */
#ifndef WEFT_CORE_SPIKE_MAPPING_H
#define WEFT_CORE_SPIKE_MAPPING_H

#include "core/chip.h"
#include "core/snn.h"
#include "core/snn_fit.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_NEURON_COPIES_MAX 65535

typedef struct weft_neuron_run {
    uint32_t first, count; /* neurons */
    uint32_t copies;       /* of each, 1 or more, neighbours */
} weft_neuron_run;

typedef struct weft_spike_piece {
    int core;
    int run_count;
    weft_neuron_run *runs;
    int line; /* in the mapping file, 0 when made here */
} weft_spike_piece;

typedef struct weft_mapped_population {
    char *name;
    uint32_t size;
    int piece_count, relay_count;
    weft_spike_piece *pieces, *relays; /* by ascending core, each once */
    int line;
} weft_mapped_population;

typedef struct weft_spike_mapping {
    char path[4096]; /* of the mapping file, for messages; "" when made here */
    char network_path[4096], chip_path[4096];
    weft_sha256 network_sha256, chip_sha256;
    int setting_count;
    char **settings;
    weft_snn_fit_options options;
    int population_count;
    weft_mapped_population *populations;
} weft_spike_mapping;

weft_status weft_spike_mapping_create(weft_spike_mapping **out, int population_count, weft_error *err);
void weft_spike_mapping_destroy(weft_spike_mapping *mapping); /* NULL is allowed */
/* Appends a copy of the text. */
weft_status weft_spike_mapping_add_setting(weft_spike_mapping *mapping, const char *setting, weft_error *err);
/* PARSE/INVALID with file:line:column. Opens neither network nor chip. */
weft_status weft_spike_mapping_read(weft_spike_mapping **out, const char *path, weft_error *err);
/* The same from memory; file is its path, for messages and for paths relative to it. */
weft_status weft_spike_mapping_parse(weft_spike_mapping **out, const char *text, size_t size, const char *file,
                                     weft_error *err);
/* Atomic; paths relative to path's folder where possible; deterministic text. */
weft_status weft_spike_mapping_write(const weft_spike_mapping *mapping, const char *path, weft_error *err);
/* Whether a YAML file is a mapping of this kind (its first key); false for what cannot be read. */
bool weft_spike_mapping_is(const char *path);
/* Names and sizes agree with the network, every neuron stands on exactly one core (or as relay also elsewhere), cores
 * exist. INVALID at the line of the first offender. Limits of a core are the layout's to check. */
weft_status weft_spike_mapping_check(const weft_spike_mapping *mapping, const weft_snn *snn, const weft_chip *chip,
                                     weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
