#include "cli/info_spiking.h"

static int64_t all_neurons(const weft_chip *chip) { return chip->core_count * chip->limits.neurons; }

static void print_synapses(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "synapses     %s, %lld bit%s, %lld bytes a core", weft_chip_choice(chip, "synapse", "encoding"),
            (long long)chip->synapse.weight_bits, chip->synapse.weight_bits == 1 ? "" : "s",
            (long long)chip->synapse.memory_bytes);
    if (chip->synapse.encoding == WEFT_SYNAPSE_SPARSE)
        fprintf(stream, ", %g a synapse", chip->synapse.synapse_bytes.value);
    if (chip->synapse.axon_types > 0)
        fprintf(stream, "; %lld axon types of %lld bits a neuron", (long long)chip->synapse.axon_types,
                (long long)chip->synapse.type_weight_bits);
    fputc('\n', stream);
}

/* "4096 axons out, ", or nothing without a limit. */
static void print_limit(const char *name, int64_t limit, FILE *stream) {
    if (limit) fprintf(stream, "%lld %s, ", (long long)limit, name);
}

void weft_info_spiking_print(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "neurons      %s, %lld bits of potential; %lld a core: %lld neurons\n",
            weft_chip_choice(chip, "neuron", "model"), (long long)chip->neuron.state_bits,
            (long long)chip->limits.neurons, (long long)all_neurons(chip));
    print_synapses(chip, stream);
    fprintf(stream, "a core       %lld axons in, ", (long long)chip->limits.axons);
    print_limit("axons out", chip->limits.axons_out, stream);
    print_limit(chip->limits.destinations == 1 ? "destination a neuron" : "destinations a neuron",
                chip->limits.destinations, stream);
    print_limit("routing entries", chip->limits.routing_entries, stream);
    fprintf(stream, chip->limits.delay_ticks > 1 ? "delays of 1 to %lld ticks\n" : "delays of %lld tick\n",
            (long long)chip->limits.delay_ticks);
    fprintf(stream, "voltage      %g V\n", chip->voltage_v);
    if (chip->spike_energy.clock_uw_per_mhz.value > 0)
        fprintf(stream, "clock power  %g uW/MHz\n", chip->spike_energy.clock_uw_per_mhz.value);
}

void weft_info_spiking_ticks(const weft_chip *chip, FILE *stream) {
    if (chip->clock.tick_ns > 0)
        fprintf(stream, "; a tick %.9g ns", chip->clock.tick_ns);
    else
        fputs("; ticks as fast as they go", stream);
    if (chip->spike_latency.barrier_ns.value > 0)
        fprintf(stream, ", the barrier %g to %g ns for 1 to %d active tiles", weft_chip_barrier_ns(chip, 1),
                weft_chip_barrier_ns(chip, chip->router_count), chip->router_count);
}

void weft_info_spiking_json(const weft_chip *chip, weft_json *json) {
    weft_json_text(json, "neuron_model", weft_chip_choice(chip, "neuron", "model"));
    weft_json_count(json, "neurons", (uint64_t)all_neurons(chip));
    weft_json_count(json, "neurons_per_core", (uint64_t)chip->limits.neurons);
    weft_json_count(json, "axons_per_core", (uint64_t)chip->limits.axons);
    weft_json_count(json, "synapse_memory_bytes_per_core", (uint64_t)chip->synapse.memory_bytes);
    weft_json_number(json, "voltage_v", chip->voltage_v);
    weft_json_number(json, "tick_ns", chip->clock.tick_ns);
}
