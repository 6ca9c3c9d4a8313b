/* The keys of a chip file that spiking chips alone have. */
#include "core/chip_fields.h"

static const char *const neuron_models[] = {"truenorth", "loihi", "odin", "lif", NULL};
static const weft_field neuron_fields[] = {
    FIELD(neuron, model, ENUM, NO_UNIT, .choices = neuron_models,
          .doc =
              "truenorth: integrate and fire with leak, reset modes and stochastic terms in integers (Cassidy 2013). "
              "loihi: current-based leaky integrate and fire in fixed point (Davies 2018). odin: leaky integrate and "
              "fire with 8 bits of potential (Frenkel 2019). lif: the same in floating point."),
    FIELD(neuron, state_bits, INT, .unit = "bit", .min = 1, .max = 64, .doc = "Membrane potential."),
};
const weft_record weft_neuron_record = RECORD("neuron", neuron, "What a neuron is.", neuron_fields);

static const char *const synapse_encodings[] = {"crossbar", "sparse", NULL};
static const weft_field synapse_fields[] = {
    FIELD(synapse, encoding, ENUM, NO_UNIT, .choices = synapse_encodings,
          .doc =
              "crossbar: every axon has a cell for every neuron of its core. sparse: an axon has a list of the neurons "
              "that it reaches; memory_bytes and synapse_bytes bound the lists."),
    FIELD(synapse, weight_bits, INT, .unit = "bit", .min = 1, .max = 32, .doc = "Of a synapse, sign included."),
    FIELD(synapse, axon_types, INT, NO_UNIT, .min = 0, .max = 256, .default_text = "0",
          .doc =
              "A weight is the neuron's for the type of the axon, and a synapse says whether it counts; 0: a synapse "
              "has a weight of its own."),
    FIELD(synapse, type_weight_bits, INT, .unit = "bit", .min = 0, .max = 32, .default_text = "0",
          .doc = "Of a neuron's weight for an axon type, sign included; axon_types only, and needed there."),
    FIELD(synapse, memory_bytes, INT, .unit = "byte", .min = 1, .max = 1e12, .doc = "Memory of a core for synapses."),
    FIELD(synapse, synapse_bytes, CITED, .unit = "byte", .min = 0, .max = 1024, .default_text = "",
          .doc = "One synapse in memory; sparse only, and needed there."),
    FIELD(synapse, row_bits, INT, .unit = "bit", .min = 0, .max = 65536, .default_text = "0",
          .doc = "Bits of a neuron's row of core memory, which is read in every tick whether the neuron has events or "
                 "not; 0: no such rows."),
};
const weft_record weft_synapse_record = RECORD("synapse", synapse, "How synapses lie in a core.", synapse_fields);

#define NONE_IS_ANY " 0: no limit of its own."
static const weft_field limits_fields[] = {
    FIELD(limits, neurons, INT, NO_UNIT, .min = 1, .max = 65535, .doc = "Neurons of a core."),
    FIELD(limits, axons, INT, NO_UNIT, .min = 1, .max = 65535, .doc = "Axons into a core."),
    FIELD(limits, axons_out, INT, NO_UNIT, .min = 0, .max = 1e9, .default_text = "0",
          .doc = "Destinations of all of a core's neurons together." NONE_IS_ANY),
    FIELD(limits, destinations, INT, NO_UNIT, .min = 0, .max = 1e9, .default_text = "0",
          .doc = "Destinations of one neuron." NONE_IS_ANY),
    FIELD(limits, routing_entries, INT, NO_UNIT, .min = 0, .max = 1e9, .default_text = "0",
          .doc = "Entries of a router's table." NONE_IS_ANY),
    FIELD(limits, delay_ticks, INT, .unit = "tick", .min = 1, .max = 63,
          .doc = "Longest time from a spike to the synapses that it reaches; the shortest is 1."),
};
const weft_record weft_limits_record = RECORD("limits", limits, "How much a core holds.", limits_fields);

static const weft_field spike_io_fields[] = {
    FIELD(io, router, INT_PAIR, NO_UNIT, .min = 0, .max = 255, .default_text = "[0, 0]",
          .doc = "x and y of the router where the host is attached."),
    FIELD(io, bits_per_cycle, INT, .unit = "bit", .min = 1, .max = 65536,
          .doc = "From the host into the chip, per cycle."),
};
const weft_record weft_spike_io_record = RECORD("io", io, "The host's side.", spike_io_fields);

#define POWER(name, text) FIELD(static_power, name, CITED, .unit = "mW", .min = 0, .max = 1e9, .doc = text)
static const weft_field spike_static_fields[] = {
    POWER(core_mw, "Per core, whether it works or not."),
    POWER(router_mw, "Per router (tile)."),
    POWER(chip_mw, "Per chip of noc.chips: leakage, host interface, control."),
};
const weft_record weft_spike_static_record =
    RECORD("static_power", static_power, "Power that flows without events.", spike_static_fields);

static const weft_field spike_energy_fields[] = {
#define ENERGY_FIELD(id, component, key_, doc_)                                                                        \
    {.key = key_ "_pj",                                                                                                \
     .kind = WEFT_FIELD_CITED,                                                                                         \
     .offset = IN(spike_energy, pj) + WEFT_SPIKE_EVENT_##id * sizeof(weft_cited),                                      \
     .unit = "pJ",                                                                                                     \
     .min = 0,                                                                                                         \
     .max = 1e9,                                                                                                       \
     .doc = "Energy of " doc_ " (" component ")."},
    WEFT_SPIKE_EVENT_TABLE(ENERGY_FIELD)
#undef ENERGY_FIELD
        FIELD(spike_energy, clock_uw_per_mhz, CITED, .unit = "uW/MHz", .min = 0, .max = 1e9, .default_text = "",
              .doc = "Power that grows with the clock, once a chip, at 1000 / clock.cycle_ns MHz."),
};
const weft_record weft_spike_energy_record = RECORD(
    "spike_energy", spike_energy, "Cost of each countable event; 0 where another key holds it.", spike_energy_fields);

#define BARRIER(name, text)                                                                                            \
    FIELD(spike_latency, name, CITED, .unit = "ns", .min = 0, .max = 1e9, .default_text = "", .doc = text)
static const weft_field spike_latency_fields[] = {
#define LATENCY_FIELD(id, component, key_, doc_)                                                                       \
    {.key = key_ "_ns",                                                                                                \
     .kind = WEFT_FIELD_CITED,                                                                                         \
     .offset = IN(spike_latency, ns) + WEFT_SPIKE_EVENT_##id * sizeof(weft_cited),                                     \
     .unit = "ns",                                                                                                     \
     .min = 0,                                                                                                         \
     .max = 1e9,                                                                                                       \
     .default_text = "",                                                                                               \
     .doc = "Time of " doc_ "."},
    WEFT_SPIKE_EVENT_TABLE(LATENCY_FIELD)
#undef LATENCY_FIELD
        BARRIER(barrier_ns, "The barrier that ends a tick of one active tile."),
    BARRIER(barrier_per_tile_ns, "The barrier's part for each active tile more."),
};
const weft_record weft_spike_latency_record =
    RECORD("spike_latency", spike_latency, "Times of the same events, where they are known.", spike_latency_fields);
