/* What runs.db keeps of the chips and networks themselves, so that a report needs none of their files: a row a chip
 * with its settings, a network, a layer. docs/results.md shows the same tables. */
#ifndef WEFT_SWEEP_DESCRIPTIONS_H
#define WEFT_SWEEP_DESCRIPTIONS_H

#include "core/chip.h"
#include "sweep/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(ID, column, type, label, unit, text). Types: LIST is a JSON list of texts. label: for people, "" where a report
 * shows it in another way. NULL: not given, or the chip has none. */
#define WEFT_CHIPS_TABLE(X)                                                                                            \
    X(SHA256, "sha256", "TEXT", "", "", "of the file and its overrides, as `points.chip_sha256`")                      \
    X(NAME, "name", "TEXT", "name", "", "as its file says")                                                            \
    X(FILE, "file", "TEXT", "file", "", "without its folder")                                                          \
    X(DESCRIPTION, "description", "TEXT", "", "", "as its file says")                                                  \
    X(SOURCES, "sources", "LIST", "", "", "of its figures")                                                            \
    X(OVERRIDES, "overrides", "LIST", "", "", "changed keys, `\"KEY=VALUE\"`")                                         \
    X(TECHNOLOGY, "technology_nm", "REAL", "technology", "nm", "node")                                                 \
    X(CORES, "cores", "INTEGER", "cores", "", "of the whole chip")                                                     \
    X(ARRAYS_PER_CORE, "arrays_per_core", "INTEGER", "arrays a core", "", "crossbars")                                 \
    X(ROWS, "array_rows", "INTEGER", "array rows", "", "of cells")                                                     \
    X(COLUMNS, "array_columns", "INTEGER", "array columns", "", "of cells, each converted by an ADC")                  \
    X(CELL_BITS, "cell_bits", "INTEGER", "bits of a cell (0: analog)", "", "")                                         \
    X(DEVICE, "device_program", "TEXT", "programming of cells", "", "`device.program`: errors and drift")              \
    X(READ_NOISE, "read_noise", "TEXT", "read noise", "", "`device.read_noise`")                                       \
    X(READ_SIGMA, "read_sigma", "REAL", "read noise, sigma", "", "`device.read_sigma`")                                \
    X(WIRE_ROW, "wire_row_ohm", "REAL", "wire of a row segment", "ohm", "`wires.row_segment_ohm`")                     \
    X(WIRE_COLUMN, "wire_column_ohm", "REAL", "wire of a column segment", "ohm", "`wires.column_segment_ohm`")         \
    X(WEIGHT_BITS, "weight_bits", "INTEGER", "weight", "bit", "signed")                                                \
    X(WEIGHT_ENCODING, "weight_encoding", "TEXT", "weight encoding", "", "`weight.encoding`")                          \
    X(WEIGHT_COLUMNS, "columns_per_weight", "INTEGER", "columns a weight", "", "of cells")                             \
    X(INPUT_BITS, "input_bits", "INTEGER", "input", "bit", "signed")                                                   \
    X(INPUT_ENCODING, "input_encoding", "TEXT", "input encoding", "", "`input.encoding`")                              \
    X(PULSES, "pulses", "INTEGER", "pulses a product", "", "array reads of one matrix-vector product")                 \
    X(ADC_KIND, "adc_kind", "TEXT", "ADC", "", "`adc.kind`; the other columns of ADCs are NULL where there is none")   \
    X(ADC_BITS, "adc_bits", "INTEGER", "ADC resolution", "bit", "`adc.bits`")                                          \
    X(ADCS, "adcs_per_array", "INTEGER", "ADCs an array", "", "`adc.per_array`")                                       \
    X(ADC_RANGE, "adc_range", "TEXT", "ADC range", "", "`adc.range`")                                                  \
    X(ADC_TIME, "adc_conversion_ns", "REAL", "ADC conversion", "ns", "`adc.conversion_ns`")                            \
    X(NEURON, "neuron_model", "TEXT", "neurons", "", "`neuron.model`; of spiking chips, as the next ones")             \
    X(NEURONS, "neurons_per_core", "INTEGER", "neurons a core", "", "`limits.neurons`")                                \
    X(AXONS, "axons_per_core", "INTEGER", "axons a core", "", "`limits.axons`")                                        \
    X(SYNAPSES, "synapse_encoding", "TEXT", "synapses", "", "`synapse.encoding`")                                      \
    X(SYNAPSE_BITS, "synapse_weight_bits", "INTEGER", "weight of a synapse", "bit", "`synapse.weight_bits`")           \
    X(MEMORY, "synapse_memory_bytes", "INTEGER", "synapse memory a core", "byte", "`synapse.memory_bytes`")            \
    X(VOLTAGE, "voltage_v", "REAL", "supply", "V", "to which its constants refer")                                     \
    X(TICK, "tick_ns", "REAL", "tick", "ns", "`clock.tick_ns`; NULL: as long as it takes")                             \
    X(TOPOLOGY, "topology", "TEXT", "network on chip", "", "`noc.topology`")                                           \
    X(ROUTERS_X, "routers_x", "INTEGER", "routers along x", "", "")                                                    \
    X(ROUTERS_Y, "routers_y", "INTEGER", "routers along y", "", "")                                                    \
    X(ROUTER_CORES, "cores_per_router", "INTEGER", "cores a router", "", "")                                           \
    X(ROUTING, "routing", "TEXT", "routing", "", "`noc.routing`")                                                      \
    X(VCS, "vcs", "INTEGER", "virtual channels a port", "", "")                                                        \
    X(BUFFER, "buffer_flits", "INTEGER", "buffer a virtual channel", "flits", "")                                      \
    X(FLIT, "flit_bits", "INTEGER", "flit", "bit", "")                                                                 \
    X(CLOCK, "clock", "TEXT", "clock", "", "`clock.kind`")                                                             \
    X(CYCLE, "cycle_ns", "REAL", "cycle", "ns", "of the network's clock")                                              \
    X(INTERVAL, "mvm_interval_ns", "REAL", "product, every", "ns", "an array starts a matrix-vector product so often") \
    X(LATENCY, "mvm_latency_ns", "REAL", "product, result after", "ns", "of a matrix-vector product")                  \
    X(TOPS, "peak_tops", "REAL", "peak", "TOPS", "all arrays at work; a multiply-accumulate is two operations")        \
    X(STATIC, "static_power_mw", "REAL", "static power", "mW", "of the whole chip")                                    \
    X(AREA, "area_mm2", "REAL", "area", "mm2", "of the whole chip")                                                    \
    X(UNSOURCED, "constants_without_source", "INTEGER", "constants without a source", "", "")
#define WEFT_NETS_TABLE(X)                                                                                             \
    X(SHA256, "sha256", "TEXT", "", "", "of the file, as `points.net_sha256`")                                         \
    X(NAME, "name", "TEXT", "", "", "as its file says; an experiment may call it otherwise")                           \
    X(FILE, "file", "TEXT", "", "", "without its folder")                                                              \
    X(INPUT, "input", "TEXT", "input", "", "channels x height x width")                                                \
    X(LAYERS, "layers", "INTEGER", "layers", "", "of every kind; of a spiking network its populations")                \
    X(MATRICES, "matrices", "INTEGER", "with weights", "", "layers with weights, which run on crossbars")              \
    X(WEIGHTS, "weights", "INTEGER", "weights", "", "of these layers")                                                 \
    X(MACS, "macs", "INTEGER", "MACs", "", "multiply-accumulates of an image")                                         \
    X(RECIPE, "recipe", "TEXT", "recipe", "", "that it was trained by")                                                \
    X(RECIPE_SET, "recipe_set", "LIST", "changed keys", "", "of the recipe, where the experiment trains it")           \
    X(RECIPE_SHA256, "recipe_sha256", "TEXT", "", "", "of the recipe with its changed keys")                           \
    X(TRAINING, "training", "LIST", "training", "", "what else the file says of it, `\"KEY=VALUE\"`")                  \
    X(NEURONS, "neurons", "INTEGER", "neurons", "", "of a spiking network")                                            \
    X(SYNAPSES, "synapses", "INTEGER", "synapses", "", "of a spiking network")
#define WEFT_LAYERS_TABLE(X)                                                                                           \
    X(SHA256, "sha256", "TEXT", "", "", "of the network's file")                                                       \
    X(POSITION, "position", "INTEGER", "", "", "in the network, from 0")                                               \
    X(NAME, "name", "TEXT", "layer", "", "")                                                                           \
    X(KIND, "kind", "TEXT", "kind", "", "conv, dense, relu, ...")                                                      \
    X(INPUT, "input", "TEXT", "in", "", "channels x height x width")                                                   \
    X(OUTPUT, "output", "TEXT", "out", "", "the same")                                                                 \
    X(WEIGHTS, "weights", "INTEGER", "weights", "", "NULL: a layer without; of a population, its synapses")            \
    X(MACS, "macs", "INTEGER", "MACs", "", "multiply-accumulates of an image")                                         \
    X(RUNS_ON, "runs_on", "TEXT", "runs on", "", "crossbar, digital, host, cores, or none")                            \
    X(DETAILS, "details", "TEXT", "details", "", "windows, bounds, terms of a sum")

#define WEFT_CHIPS_ENUM(id, column, type, label, unit, text) WEFT_CHIPS_##id,
#define WEFT_NETS_ENUM(id, column, type, label, unit, text) WEFT_NETS_##id,
#define WEFT_LAYERS_ENUM(id, column, type, label, unit, text) WEFT_LAYERS_##id,
enum { WEFT_CHIPS_TABLE(WEFT_CHIPS_ENUM) WEFT_CHIPS_COUNT };
enum { WEFT_NETS_TABLE(WEFT_NETS_ENUM) WEFT_NETS_COUNT };
enum { WEFT_LAYERS_TABLE(WEFT_LAYERS_ENUM) WEFT_LAYERS_COUNT };
#undef WEFT_CHIPS_ENUM
#undef WEFT_NETS_ENUM
#undef WEFT_LAYERS_ENUM

typedef enum weft_description { WEFT_CHIPS, WEFT_NETS, WEFT_LAYERS, WEFT_DESCRIPTIONS } weft_description;
typedef struct weft_description_column {
    const char *name, *type, *label, *unit, *text;
} weft_description_column;
typedef struct weft_description_table {
    const char *name, *row, *key; /* row: what one is; key: of the table in SQL */
    const char *points;           /* the column of `points` that has the first column's values */
    const weft_description_column *columns;
    int count;
} weft_description_table;
extern const weft_description_table weft_descriptions[WEFT_DESCRIPTIONS];

/* Rows of a table: values [count of its columns], NULL: none. A LIST as JSON on the way in, as lines from a table that
 * was read. */
typedef struct weft_description_rows {
    size_t count;
    const char *const **values; /* [count] */
} weft_description_rows;

/* Rows to be put in, from the arena, which must exist. MEMORY. set [set_count]: the overrides that the chip was loaded
 * with. */
weft_status weft_describe_chip(weft_description_rows *out, struct weft_arena *arena, const weft_chip *chip,
                               const char *const *set, int set_count, weft_error *err);
/* The row of a network, and those of its layers. Reads the file. */
weft_status weft_describe_net(weft_description_rows *net_row, weft_description_rows *layers, struct weft_arena *arena,
                              const weft_experiment_net *net, const char *sha256, weft_error *err);
/* The same of a NIR file: its populations are its layers. */
weft_status weft_describe_nir(weft_description_rows *net_row, weft_description_rows *layers, struct weft_arena *arena,
                              const weft_experiment_net *net, const char *sha256, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
