/* ODIN's core of a program. */
#include <stdlib.h>

#include "sim/spike/odin.h"
#include "sim/spike/program_internal.h"

weft_status weft_program_odin(void **state, const weft_program_build *build, int core,
                              const weft_program_synapses *synapses, weft_error *err) {
    const weft_laid_core *laid = &build->layout->cores[core];
    const int axons = laid->axon_count > 0 ? laid->axon_count : 1;
    const size_t slots = (size_t)laid->slot_count;
    int8_t *weights = calloc((size_t)axons * slots, 1);
    weft_odin_neuron *neurons = calloc(slots, sizeof *neurons);
    weft_status status = WEFT_OK;
    if (!weights || !neurons) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory to program core %d", core));
    for (size_t s = 0; s < slots; s++) {
        const weft_snn_fit_population *of = &build->fit->populations[laid->slots[s].population];
        const uint32_t neuron = laid->slots[s].neuron;
        if (laid->slots[s].relay)
            WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_UNSUPPORTED, "core %d: relays, on a core of ODIN", core));
        neurons[s].threshold = (int)weft_snn_fit_value(of, "threshold", neuron, 0);
        neurons[s].leak = (int)weft_snn_fit_value(of, "leak", neuron, 0);
    }
    for (int a = 0; a < laid->axon_count; a++)
        for (uint64_t i = synapses->first[a]; i < synapses->first[a + 1]; i++)
            weights[(size_t)a * slots + synapses->items[i].slot] = (int8_t)synapses->items[i].weight;
    const weft_odin_config config = {.axons = axons,
                                     .neurons = laid->slot_count,
                                     .weights = weights,
                                     .parameters = neurons,
                                     .operations = (int)build->config->limits.neurons};
    WEFT_TRY_GOTO(weft_odin_create(state, &config, err));
cleanup:
    free(weights);
    free(neurons);
    return status;
}
