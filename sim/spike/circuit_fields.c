/* Field tables of a circuit's file, and its manual. */
#include <stddef.h>

#include "sim/spike/circuit_internal.h"
#include "sim/spike/sparse.h"

#define AT(key_, offset_, kind_, unit_, min_, max_, default_, doc_)                                                    \
    .key = key_, .kind = WEFT_FIELD_##kind_, .offset = offset_, .unit = unit_, .min = min_, .max = max_,               \
    .default_text = default_, .doc = doc_
/* struct, member, kind, unit, min, max, default, doc */
#define FIELD(type, member, ...)                                                                                       \
    { AT(#member, offsetof(type, member), __VA_ARGS__) }
#define RECORD(name_, type, fields_, doc_)                                                                             \
    { .name = name_, .doc = doc_, .size = sizeof(type), .fields = fields_, .count = sizeof fields_ / sizeof fields_[0] }

/* ---- neurons ---- */

typedef weft_circuit_cell cell;
static const char *const cores[] = {"truenorth", "sparse", NULL};
static const char *const reset_modes[] = {"normal", "linear", "none", NULL};
const char *const weft_circuit_models[] = {"i", "if", "li", "lif", "cuba_li", "cuba_lif", "threshold", "loihi", NULL};
static const char *const resets[] = {"zero", "value", "subtract", NULL};
static const char *const integrations[] = {"euler", "exponential", NULL};
static const char *const map_only[] = {"object", NULL};

#define DIGITAL(member, ...)                                                                                           \
    { AT(#member, offsetof(cell, member), __VA_ARGS__), .only = "truenorth" }
#define THRESHOLD_MAX ((1 << WEFT_TRUENORTH_THRESHOLD_BITS) - 1)

static const weft_field cell_fields[] = {
    {AT("core", offsetof(cell, core), ENUM, "", 0, 0, "truenorth",
        "truenorth: the digital neuron of Cassidy et al. 2013, all of a file in one core. sparse: a model of its own "
        "parameters, each neuron in a core of its own."),
     .choices = cores, .selects = true},
    DIGITAL(weights, REALS, "", WEFT_TRUENORTH_WEIGHT_MIN, WEFT_TRUENORTH_WEIGHT_MAX, "",
            "Added to the membrane by a spike on an axon of type 0, 1, 2, 3 (s); whole numbers, those left out 0."),
    DIGITAL(stochastic_weights, REALS, "", 0, WEFT_TRUENORTH_TYPES - 1, "",
            "Types whose weight is a probability (b): the membrane moves by the weight's sign where a random byte is "
            "at most its size."),
    DIGITAL(leak, INT, "", WEFT_TRUENORTH_WEIGHT_MIN, WEFT_TRUENORTH_WEIGHT_MAX, "0",
            "Added to the membrane in every tick (lambda)."),
    DIGITAL(stochastic_leak, BOOL, "", 0, 0, "false", "The leak is a probability, as weights may be (c)."),
    DIGITAL(leak_reversal, BOOL, "", 0, 0, "false",
            "The leak is multiplied by the membrane's sign (epsilon): a leak below 0 leads to 0, one above 0 away from "
            "it."),
    DIGITAL(threshold, INT, "", 0, THRESHOLD_MAX, NULL, "A membrane that reaches it fires (alpha)."),
    DIGITAL(negative_threshold, INT, "", 0, THRESHOLD_MAX, "0",
            "A membrane below minus this stops there or is reset, as saturate says (beta)."),
    DIGITAL(threshold_bits, INT, "bit", 0, WEFT_TRUENORTH_THRESHOLD_BITS, "0",
            "A random number of that many bits is added to the thresholds in every tick (TM)."),
    {AT("reset_mode", offsetof(cell, reset_mode), ENUM, "", 0, 0, "normal",
        "After a spike the membrane (gamma): normal: is `reset`. linear: loses the threshold. none: stays."),
     .choices = reset_modes, .only = "truenorth"},
    DIGITAL(reset, INT, "", WEFT_TRUENORTH_MEMBRANE_MIN, WEFT_TRUENORTH_MEMBRANE_MAX, "0",
            "Membrane after a spike (R); minus this below the negative threshold, where saturate is false."),
    DIGITAL(saturate, BOOL, "", 0, 0, "true",
            "The membrane stops at minus the negative threshold (kappa); false: there it is reset too."),
    DIGITAL(initial, INT, "", WEFT_TRUENORTH_MEMBRANE_MIN, WEFT_TRUENORTH_MEMBRANE_MAX, "0", "Membrane before tick 0."),
    {AT("model", offsetof(cell, model), ENUM, "", 0, 0, NULL, "The model; their parameters stand below."),
     .choices = weft_circuit_models, .only = "sparse"},
    {AT("parameters", offsetof(cell, parameters), NODE, "", 0, 0, "", "Name and number of each; the rest by default."),
     .choices = map_only, .only = "sparse"},
    {AT("reset", offsetof(cell, after_spike), ENUM, "", 0, 0, "zero",
        "After a spike the membrane: zero: is 0. value: is v_reset. subtract: loses the threshold."),
     .choices = resets, .only = "sparse"},
    {AT("integration", offsetof(cell, integration), ENUM, "", 0, 0, "exponential",
        "euler: forward. exponential: exact for an input that is constant within a tick. loihi has steps of its own."),
     .choices = integrations, .only = "sparse"},
};
const weft_record weft_circuit_cell_record = RECORD("neuron", cell, cell_fields, "A neuron.");

/* ---- connections and stimuli ---- */

#define SYNAPSE(owner, member, kind_, ...)                                                                             \
    { AT(#member, offsetof(owner, synapse.member), kind_, __VA_ARGS__) }
#define SYNAPSES(owner)                                                                                                \
    SYNAPSE(owner, to, STRINGS, "", 0, 0, NULL, "Neurons that the spikes reach."),                                     \
        SYNAPSE(owner, type, INT, "", 0, WEFT_TRUENORTH_TYPES - 1, "0",                                                \
                "Of the axon: which of a TrueNorth neuron's weights counts."),                                         \
        SYNAPSE(owner, weight, REAL, "", -1e30, 1e30, "1",                                                             \
                "What a spike is for a neuron of a sparse core; whole, of 9 bits, for models in fixed point."),        \
        SYNAPSE(owner, exponent, INT, "", WEFT_SPARSE_EXPONENT_MIN, WEFT_SPARSE_EXPONENT_MAX, "0",                     \
                "Power of 2 of the weight; models in fixed point only.")

static const weft_field connection_fields[] = {
    FIELD(weft_circuit_connection, from, STRING, "", 0, 0, NULL, "Neuron whose spikes it carries."),
    SYNAPSES(weft_circuit_connection),
    FIELD(weft_circuit_connection, delay, INT, "tick", 1, WEFT_SPIKE_DELAYS - 1, "1",
          "From a spike to its arrival; TrueNorth neurons have 1 to 15."),
};
static const weft_record connection_record =
    RECORD("connection", weft_circuit_connection, connection_fields,
           "From a neuron to others. A TrueNorth neuron has one target, an axon with a type and a delay; it may reach "
           "many neurons.");

typedef weft_circuit_drive drive;
#define SINCE FIELD(drive, from, INT, "tick", 0, WEFT_CIRCUIT_TICKS_MAX, "0", "First tick.")
#define UNTIL FIELD(drive, until, INT, "tick", 0, WEFT_CIRCUIT_TICKS_MAX, "0", "Tick behind the last; 0: to the end.")
#define RATE(member, doc_) FIELD(drive, member, REAL, "spikes/tick", 0, WEFT_CIRCUIT_LEVEL_MAX, NULL, doc_)
#define SPIKES FIELD(drive, spikes, INT, "", 1, WEFT_CIRCUIT_LEVEL_MAX, "1", "Spikes in each of these ticks.")

static const weft_field pulses_fields[] = {
    FIELD(drive, at, REALS, "tick", 0, WEFT_CIRCUIT_TICKS_MAX, NULL, "The ticks."),
    SPIKES,
};
static const weft_field train_fields[] = {
    SINCE,
    UNTIL,
    FIELD(drive, every, INT, "tick", 1, WEFT_CIRCUIT_TICKS_MAX, NULL, "Period; the first spike is in the first tick."),
    SPIKES,
};
static const weft_field step_fields[] = {
    SINCE,
    UNTIL,
    RATE(rate, "A current; between whole numbers spikes are spread evenly."),
};
static const weft_field ramp_fields[] = {
    SINCE,
    UNTIL,
    RATE(first, "Current at the beginning."),
    RATE(last, "Current at the end."),
};
static const weft_record pulses_record = RECORD("pulses", drive, pulses_fields, "Spikes in some ticks.");
static const weft_record train_record = RECORD("train", drive, train_fields, "Periodic spikes.");
static const weft_record step_record = RECORD("step", drive, step_fields, "A constant current.");
static const weft_record ramp_record = RECORD("ramp", drive, ramp_fields, "A current that changes linearly.");
static const weft_record *const drives[] = {[WEFT_CIRCUIT_PULSES] = &pulses_record,
                                            [WEFT_CIRCUIT_TRAIN] = &train_record,
                                            [WEFT_CIRCUIT_STEP] = &step_record,
                                            [WEFT_CIRCUIT_RAMP] = &ramp_record,
                                            NULL};

static const weft_field stimulus_fields[] = {
    SYNAPSES(weft_circuit_stimulus),
    {AT("drive", offsetof(weft_circuit_stimulus, drives), VARIANTS, "", 0, 0, NULL,
        "What it does over time; several add up, to at most 256 spikes in a tick."),
     .variants = drives},
};
static const weft_record stimulus_record =
    RECORD("stimulus", weft_circuit_stimulus, stimulus_fields, "Spikes from outside.");

/* ---- the file ---- */

typedef weft_circuit_file file;
static const weft_field file_fields[] = {
    FIELD(file, title, STRING, "", 0, 0, "", "What the circuit shows."),
    FIELD(file, ticks, INT, "tick", 1, WEFT_CIRCUIT_TICKS_MAX, NULL, "Length of the run."),
    FIELD(file, tick_ms, REAL, "ms", 1e-6, 1e6, "1", "Length of a tick."),
    FIELD(file, seed, INT, "", 0, 9007199254740992.0, "0", "Of the TrueNorth neurons' random numbers."),
    {AT("neurons", offsetof(file, neurons), NAMED, "", 0, 0, NULL, "By name."), .record = &weft_circuit_cell_record},
    {AT("connections", offsetof(file, connections), LIST, "", 0, 0, "", "Between neurons."),
     .record = &connection_record},
    {AT("stimuli", offsetof(file, stimuli), NAMED, "", 0, 0, "", "By name."), .record = &stimulus_record},
};
const weft_record weft_circuit_record = RECORD("neurons", file, file_fields,
                                               "A few neurons, the connections between them and stimuli, for "
                                               "weft neuron.");

/* ---- the manual ---- */

/* Indented, so that it can be told from the rest of the manual. */
const char weft_circuit_example[] = "  title: Tonic bursting\n"
                                    "  ticks: 200\n"
                                    "  neurons:\n"
                                    "    burster: {weights: [6, -40], threshold: 18, negative_threshold: 20}\n"
                                    "  connections:\n"
                                    "    - {from: burster, to: burster, type: 1, delay: 15}\n"
                                    "  stimuli:\n"
                                    "    current: {to: burster, drive: [{step: {from: 20, until: 180, rate: 1}}]}\n";

static void print_models(FILE *stream) {
    fputs("\nModels of a sparse core:\n", stream);
    for (int i = 0; weft_neuron_table[i]; i++) {
        const weft_neuron_model *model = weft_neuron_table[i];
        fprintf(stream, "  %s: %s\n", model->name, model->summary);
        for (int p = 0; p < model->param_count; p++) {
            const weft_neuron_param *param = &model->params[p];
            fprintf(stream, "    %-13s  %g to %g%s%s, default %g: %s\n", param->name, param->min, param->max,
                    param->unit[0] ? " " : "", param->unit, param->default_value, param->doc);
        }
    }
}

void weft_circuit_describe(FILE *stream) {
    weft_record_describe(&weft_circuit_record, stream);
    print_models(stream);
    fprintf(stream, "\nAn example:\n%s", weft_circuit_example);
}
