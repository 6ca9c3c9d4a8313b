/* Checks that span keys of a spiking chip's file. */
#include "core/chip_internal.h"

static const int64_t NEURONS_MAX = INT64_C(1) << 31;

#define FAIL(key, ...) return weft_record_error(yaml, node, key, err, __VA_ARGS__)

/* Ticks alone; what they cost stands in spike_latency, with its sources. */
static weft_status check_ticks(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                               weft_error *err) {
    const weft_yaml_node *clock = weft_yaml_get(node, "clock");
    if (chip->clock.kind != WEFT_CLOCK_TICK) FAIL("clock.kind", "a spiking chip works in ticks; needs tick");
    if (weft_yaml_get(clock, "barrier_ns"))
        FAIL("clock.barrier_ns", "is for kind crossbar; a spiking chip has spike_latency.barrier_ns");
    if (weft_yaml_get(clock, "barrier_per_core_ns"))
        FAIL("clock.barrier_per_core_ns", "is for kind crossbar; a spiking chip has spike_latency.barrier_per_tile_ns");
    return WEFT_OK;
}

static weft_status check_synapses(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                  weft_error *err) {
    const long long bits = (long long)(chip->limits.neurons * chip->limits.axons * chip->synapse.weight_bits);
    const bool types = chip->synapse.axon_types > 0;
    if (types && !chip->synapse.type_weight_bits)
        FAIL("synapse.type_weight_bits", "weights by axon type need their bits, above 0");
    if (!types && chip->synapse.type_weight_bits)
        FAIL("synapse.type_weight_bits", "is for synapse.axon_types above 0; leave it out");
    if (chip->synapse.encoding == WEFT_SYNAPSE_SPARSE) {
        if (chip->synapse.synapse_bytes.value <= 0)
            FAIL("synapse.synapse_bytes", "sparse needs the bytes of a synapse, above 0");
        return WEFT_OK;
    }
    if (chip->synapse.synapse_bytes.value > 0) FAIL("synapse.synapse_bytes", "is for sparse; leave it out");
    if (bits > 8 * chip->synapse.memory_bytes)
        FAIL("synapse.memory_bytes", "%lld is below the %lld bytes of %lld axons x %lld neurons x %lld bits",
             (long long)chip->synapse.memory_bytes, (bits + 7) / 8, (long long)chip->limits.axons,
             (long long)chip->limits.neurons, (long long)chip->synapse.weight_bits);
    return WEFT_OK;
}

static weft_status check_mesh(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                              weft_error *err) {
    const int64_t cores = chip->noc.mesh[0] * chip->noc.mesh[1] * chip->noc.concentration;
    WEFT_TRY(weft_chip_check_host(chip, yaml, node, err));
    if (cores * chip->limits.neurons > NEURONS_MAX)
        FAIL("noc.mesh", "%lld neurons on the chip are more than the %lld allowed",
             (long long)(cores * chip->limits.neurons), (long long)NEURONS_MAX);
    return WEFT_OK;
}

weft_status weft_chip_check_spiking(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                    weft_error *err) {
    WEFT_TRY(check_ticks(chip, yaml, node, err));
    WEFT_TRY(check_synapses(chip, yaml, node, err));
    WEFT_TRY(check_mesh(chip, yaml, node, err));
    return weft_chip_check_noc(chip, yaml, node, err);
}
