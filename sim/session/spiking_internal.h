/* Inside a simulation of a spiking network: what its files share. */
#ifndef WEFT_SIM_SESSION_SPIKING_INTERNAL_H
#define WEFT_SIM_SESSION_SPIKING_INTERNAL_H

#include "sim/session/spiking.h"
#include "sim/spike/float_run.h"

/* The network of layers that the spiking one was made of; NULL: none. */
static inline const weft_network *weft_spiking_net(const weft_spiking *sim) { return sim->mapped->network.net; }
/* Outputs that never fire are read: their membranes after the last tick of a sample are the answer. */
static inline bool weft_spiking_is_read(const weft_spiking *sim) { return !weft_float_fires(weft_spiking_output(sim)); }
static inline uint32_t weft_spiking_read_classes(const weft_spiking *sim) {
    return sim->records.classes ? sim->records.classes : sim->read_count;
}
/* Of an output that is read: the sum of a class's membranes after the last tick of a sample. */
double weft_spiking_read(const weft_spiking *sim, uint64_t sample, uint32_t class);
/* The chip of sim->trial. */
weft_status weft_spiking_program(weft_spike_program **out, const weft_spiking *sim, weft_error *err);
/* Runs the samples in floating point, or through the layers that the network was made of; fills agreement. */
weft_status weft_spiking_compare(weft_spiking *sim, weft_error *err);

#endif
