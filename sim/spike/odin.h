/* The ODIN core: a crossbar of 3-bit weights and the 8-bit leaky integrate-and-fire neuron of C. Frenkel et al., "A
 * 0.086-mm2 12.7-pJ/SOP 64k-synapse 256-neuron online-learning digital spiking neuromorphic processor in 28-nm CMOS",
 * IEEE TBioCAS 13 (2019); what an event does as its authors' documentation and hardware description have it
 * (github.com/ChFrenkel/ODIN). Without its online learning and its second, phenomenological neuron.
 *
 * The chip takes events one after another, not sums: each event of an axon goes through all neurons, with V the
 * membrane, an unsigned number of 8 bits, w the synapse's magnitude,
 *
 *   excitatory axon       V = min(V + w, 255)
 *   inhibitory axon       V = max(V - w, 0)
 *   then                  V >= threshold: a spike, and V = 0
 *   time reference        V = max(V - leak, 0)
 *
 * A tick takes its axons' events in ascending order, then one time reference; the chip knows no ticks, they are the
 * host's, which sends the time references. What ticks cannot say: a neuron that reaches its threshold again in the same
 * tick fires at the start of the next one, when the time reference has not taken it below (the chip would at once). */
#ifndef WEFT_SIM_SPIKE_ODIN_H
#define WEFT_SIM_SPIKE_ODIN_H

#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_ODIN_SIZE_MAX = 1024, /* axons or neurons of a core; the real one has 256 */
    WEFT_ODIN_WEIGHT_MAX = 7,
    WEFT_ODIN_MEMBRANE_MAX = 255, /* of thresholds too */
    WEFT_ODIN_LEAK_MAX = 127
};

typedef struct weft_odin_neuron {
    int threshold; /* 1 .. 255 */
    int leak;      /* 0 .. 127 a tick */
} weft_odin_neuron;

typedef struct weft_odin_config {
    int axons, neurons;                 /* 1 .. WEFT_ODIN_SIZE_MAX */
    const int8_t *weights;              /* [axons, neurons] row-major, -7 .. 7, an axon's all of one sign; copied */
    const weft_odin_neuron *parameters; /* [neurons]; copied */
    int operations; /* synaptic events that are counted for an axon's event: all neurons of the chip, whether they have
                     * a synapse there or not */
} weft_odin_config;

extern const weft_spike_kind weft_odin_kind;
/* A core's state for weft_spike_chip_add with weft_odin_kind. INVALID: a size, weight or parameter out of range, an
 * axon of both signs, with axon and neuron. MEMORY. */
weft_status weft_odin_create(void **state, const weft_odin_config *config, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
