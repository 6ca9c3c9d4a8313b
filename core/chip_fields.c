/* Every key of a chip file. */
#include <assert.h>
#include <string.h>

#include "core/chip_fields.h"
#include "core/chip_internal.h"

#define LOWER_ARRAY_READ "array_read"
#define LOWER_ROW_DRIVE "row_drive"
#define LOWER_SAMPLE_HOLD "sample_hold"
#define LOWER_ADC_CONVERSION "adc_conversion"
#define LOWER_SHIFT_ADD "shift_add"
#define LOWER_INPUT_REGISTER_BIT "input_register_bit"
#define LOWER_OUTPUT_REGISTER_BIT "output_register_bit"
#define LOWER_PARTIAL_ADD "partial_add"
#define LOWER_AFFINE "affine"
#define LOWER_ACTIVATION "activation"
#define LOWER_POOL "pool"
#define LOWER_BUFFER_WRITE_BIT "buffer_write_bit"
#define LOWER_BUFFER_READ_BIT "buffer_read_bit"
#define LOWER_ROUTER_FLIT "router_flit"
#define LOWER_LINK_FLIT "link_flit"
#define LOWER_IO_BIT "io_bit"

const weft_event_info weft_events[WEFT_EVENT_COUNT] = {
#define EVENT_INFO(id_, component_, key_, doc_) {LOWER_##id_, component_, key_, doc_},
    WEFT_EVENT_TABLE(EVENT_INFO)
#undef EVENT_INFO
};

const weft_event_info weft_spike_costs[WEFT_SPIKE_EVENT_COUNT] = {
#define SPIKE_EVENT_INFO(id_, component_, key_, doc_) {key_, component_, key_, doc_},
    WEFT_SPIKE_EVENT_TABLE(SPIKE_EVENT_INFO)
#undef SPIKE_EVENT_INFO
};

static const char *const clock_kinds[] = {"clocked", "self_timed", "tick", NULL};
/* The section begins with cycle_ns, which the struct has beside it. */
#define IN_CLOCK(member) (offsetof(weft_chip, member) - offsetof(weft_chip, cycle_ns))
#define CLOCK_NS(name, text)                                                                                           \
    {                                                                                                                  \
        .key = #name, .kind = WEFT_FIELD_REAL, .offset = IN_CLOCK(clock.name), .unit = "ns", .min = 0, .max = 1e12,    \
        .default_text = "0", .doc = text                                                                               \
    }
static const weft_field clock_fields[] = {
    {.key = "cycle_ns",
     .kind = WEFT_FIELD_REAL,
     .offset = 0,
     .unit = "ns",
     .min = 0.001,
     .max = 1e6,
     .doc = "Clock period; every other time is rounded up to it."},
    {.key = "kind",
     .kind = WEFT_FIELD_ENUM,
     .offset = IN_CLOCK(clock.kind),
     NO_UNIT,
     .choices = clock_kinds,
     .default_text = "clocked",
     .doc = "clocked: operations take whole cycles. self_timed: arrays and digital units take their time in ns, what "
            "they hand over waits for the network's next cycle. tick: clocked, and in each tick every stage works on "
            "one image, which the stages before it have made in earlier ticks; buffers are then as large as that "
            "needs."},
    CLOCK_NS(tick_ns, "Shortest tick; kind tick only."),
    CLOCK_NS(barrier_ns, "The barrier that ends a tick; kind tick only."),
    CLOCK_NS(barrier_per_core_ns, "The barrier's part for each core that was active; kind tick only."),
};
#undef CLOCK_NS
static const weft_record clock_record = {.name = "clock",
                                         .doc = "Time base of cores and network.",
                                         .size = IN_CLOCK(clock) + sizeof(((weft_chip *)0)->clock),
                                         .fields = clock_fields,
                                         .count = sizeof clock_fields / sizeof clock_fields[0]};

static const weft_field array_fields[] = {
    FIELD(array, rows, INT, .unit = "cells", .min = 1, .max = 4096, .doc = "Word lines of an array."),
    FIELD(array, columns, INT, .unit = "cells", .min = 1, .max = 4096,
          .doc = "Columns of an array; a column is what an ADC converts."),
    FIELD(array, cell_bits, INT, .unit = "bit", .min = 0, .max = 8,
          .doc = "Bits of a cell; 0 is an analog cell with any conductance, kept to 15 bits and sign."),
    FIELD(array, per_core, INT, NO_UNIT, .min = 1, .max = 4096, .doc = "Arrays of a core."),
};
static const weft_record array_record = RECORD("array", array, "The crossbar arrays of a core.", array_fields);

static const char *const weight_encodings[] = {"offset", "differential_cell", "differential_columns", NULL};
static const weft_field weight_fields[] = {
    FIELD(weight, bits, INT, .unit = "bit", .min = 2, .max = 16, .default_text = "16",
          .doc = "Signed weight; 16 with analog cells."),
    FIELD(
        weight, encoding, ENUM, NO_UNIT, .choices = weight_encodings,
        .doc =
            "offset: w + 2^(bits-1) in slices on adjacent columns, the offset taken off digitally. differential_cell: "
            "one "
            "unit cell holds a signed difference. differential_columns: positive and negative part on columns of their "
            "own, each in slices."),
    FIELD(weight, slice_bits, REALS, .unit = "bit", .min = 1, .max = 8, .default_text = "",
          .doc = "Bits of each slice, low bits first, none above array.cell_bits; left out: array.cell_bits each."),
    FIELD(weight, two_sided, BOOL, NO_UNIT, .default_text = "false",
          .doc = "Differential encodings with device.g_max_us: both cells move apart from the middle of the range; "
                 "false: one of them stays at g_min_us."),
    FIELD(weight, clip_percentile, REAL, .unit = "%", .min = 50, .max = 100, .default_text = "100",
          .doc = "Weights whose magnitude is above this percentile of a layer's saturate; 100 clips none."),
};
static const weft_record weight_record = RECORD("weight", weight, "How a weight lies in cells.", weight_fields);

static const char *const input_encodings[] = {"bit_serial", "pulse_width", "sign_magnitude", NULL};
static const weft_field input_fields[] = {
    FIELD(input, bits, INT, .unit = "bit", .min = 2, .max = 16,
          .doc = "Signed input: -(2^(bits-1)-1) to 2^(bits-1)-1."),
    FIELD(input, encoding, ENUM, NO_UNIT, .choices = input_encodings,
          .doc =
              "bit_serial: bits_per_pulse bits a pulse, low bits first, two's complement. pulse_width: a pulse as "
              "long as "
              "the magnitude. sign_magnitude: bits_per_pulse bits of the magnitude a pulse, negative inputs with the "
              "opposite voltage: columns have signed sums."),
    FIELD(input, bits_per_pulse, INT, .unit = "bit", .min = 1, .max = 16, .default_text = "",
          .doc = "Bits a row driver (DAC) applies at a time; bit_serial and sign_magnitude only, and needed there."),
    FIELD(input, phases, INT, NO_UNIT, .min = 1, .max = 4, .default_text = "1",
          .doc =
              "Pulses of one product, pulse_width only: 1, 2 (one a sign of the input) or 4 (one a sign of input and "
              "weight)."),
    FIELD(input, pulse_ns, CITED, .unit = "ns", .min = 0, .max = 1e6,
          .doc = "Array read of one pulse; with pulse_width the fixed part of a phase."),
    FIELD(input, step_ns, CITED, .unit = "ns", .min = 0, .max = 1e6, .default_text = "",
          .doc = "Time of one input level, pulse_width only, and needed there: the longest pulse adds step_ns times "
                 "the largest "
                 "input."),
};
static const weft_record input_record = RECORD("input", input, "How an input value drives a row.", input_fields);

static const char *const adc_ranges[] = {"unit", "full_scale", "calibrated", NULL};
static const char *const adc_kinds[] = {"ideal", "sar", "ramp", "none", NULL};
static const char *const adc_calibrations[] = {"maximum", "percentile", "squared_error", NULL};
static const char *const adc_scopes[] = {"stage", "array", "slice", NULL};
static const weft_field adc_fields[] = {
    FIELD(adc, bits, INT, .unit = "bit", .min = 1, .max = 24, .doc = "Resolution."),
    FIELD(adc, per_array, INT, NO_UNIT, .min = 1, .max = 4096, .doc = "ADCs of an array; its columns take turns."),
    FIELD(adc, conversion_ns, CITED, .unit = "ns", .min = 0, .max = 1e6, .doc = "One conversion of one ADC."),
    FIELD(adc, range, ENUM, NO_UNIT, .choices = adc_ranges,
          .doc =
              "unit: one code per cell level times input level, larger sums saturate. full_scale: the largest code "
              "is the "
              "largest sum of a full array. calibrated: the largest code is found on training images, see calibrate."),
    FIELD(adc, kind, ENUM, NO_UNIT, .choices = adc_kinds, .default_text = "ideal",
          .doc = "sar: binary search with mismatched bit weights. ramp: mismatched steps that add up. none: no "
                 "converters, for weft array."),
    FIELD(adc, accumulate_analog, BOOL, NO_UNIT, .default_text = "false",
          .doc = "Weigh and add the pulses of a product ahead of the ADC: one conversion a column and product instead "
                 "of one a pulse."),
    FIELD(adc, calibrate, ENUM, NO_UNIT, .choices = adc_calibrations, .default_text = "maximum",
          .doc =
              "Range calibrated: the largest magnitude seen, the percentile below, or the range of the smallest mean "
              "squared error."),
    FIELD(adc, scope, ENUM, NO_UNIT, .choices = adc_scopes, .default_text = "slice",
          .doc = "Range calibrated: one range a stage, an array, or a slice (plane) of an array."),
    FIELD(adc, percentile, REAL, .unit = "%", .min = 50, .max = 100, .default_text = "99.9",
          .doc = "Of the magnitudes seen, for calibrate percentile."),
    FIELD(adc, offset_lsb, REAL, .unit = "code", .min = 0, .max = 1000, .default_text = "0",
          .doc = "Standard deviation of the offset, drawn for each ADC."),
    FIELD(adc, gain_sigma, REAL, NO_UNIT, .min = 0, .max = 1, .default_text = "0",
          .doc = "Standard deviation of the gain around 1, drawn for each ADC."),
    FIELD(adc, mismatch, REAL, NO_UNIT, .min = 0, .max = 1, .default_text = "0",
          .doc = "Standard deviation of a unit element of sar or ramp, relative to its value, drawn for each ADC: "
                 "integral non-linearity."),
    FIELD(adc, flip_columns, BOOL, NO_UNIT, .default_text = "false",
          .doc = "Store a column inverted where that lowers its largest sum, and undo it digitally."),
};
static const weft_record adc_record = RECORD("adc", adc, "The converters behind the columns.", adc_fields);

static const char *const read_noises[] = {"none", "independent", "proportional", "pcm", NULL};
static const weft_field device_fields[] = {
    FIELD(device, g_max_us, REAL, .unit = "uS", .min = 0, .max = 1e6, .default_text = "",
          .doc = "Conductance of a cell's highest level; needed by wires and by models in physical units."),
    FIELD(device, g_min_us, REAL, .unit = "uS", .min = 0, .max = 1e6, .default_text = "",
          .doc = "Conductance of a cell's lowest level: finite on/off ratio."),
    FIELD(device, program, STRING, NO_UNIT, .default_text = "",
          .doc =
              "Chain of weight transforms (weft describe transforms) on g / g_max of every cell, drawn once for each "
              "programmed chip, as addnorm:sigma=0.03."),
    FIELD(device, program_table, STRING, NO_UNIT, .default_text = "",
          .doc = "CSV file g_target_us,g_mean_us,g_sigma_us of measured programming, interpolated; ahead of program. "
                 "Relative to this file (with --set to the current folder), or one of weft's own."),
    FIELD(device, read_noise, ENUM, NO_UNIT, .choices = read_noises, .default_text = "none",
          .doc =
              "Drawn for every read. independent: read_sigma x g_max. proportional: read_sigma x g. pcm: read_sigma x "
              "the 1/f noise of Joshi 2020 at time_s."),
    FIELD(device, read_sigma, REAL, NO_UNIT, .min = 0, .max = 10, .default_text = "0",
          .doc = "Standard deviation of read noise, as read_noise says."),
    FIELD(device, time_s, REAL, .unit = "s", .min = 0, .max = 1e12, .default_text = "0",
          .doc = "Time since programming, of read_noise pcm."),
    FIELD(
        device, iv_nonlinearity, REAL, NO_UNIT, .min = 0, .max = 20, .default_text = "0",
        .doc =
            "a in a cell's current g v_max sinh(a v / v_max) / sinh(a); 0 is ohmic. Only DACs of several bits see it."),
    FIELD(device, program_pulses, REAL, NO_UNIT, .min = 0, .max = 1e9, .default_text = "1",
          .doc = "Write pulses of a cell in the mean, with verification."),
    FIELD(device, program_pulse_ns, CITED, .unit = "ns", .min = 0, .max = 1e12, .default_text = "",
          .doc = "One write pulse and its verification."),
    FIELD(device, program_pulse_pj, CITED, .unit = "pJ", .min = 0, .max = 1e12, .default_text = "",
          .doc = "Energy of one write pulse and its verification."),
    FIELD(device, program_parallel, INT, .unit = "cell", .min = 1, .max = 1e8, .default_text = "1",
          .doc = "Cells of an array that are written at a time."),
};
static const weft_record device_record =
    RECORD("device", device, "What cells do to their levels; left out: nothing.", device_fields);

static const char *const topologies[] = {"input_rows", "gated", NULL};
#define OHM(name, text) FIELD(wires, name, REAL, .unit = "ohm", .min = 0, .max = 1e9, .default_text = "0", .doc = text)
static const weft_field wires_fields[] = {
    OHM(row_segment_ohm, "Row wire between neighbouring cells, and ahead of the first."),
    OHM(column_segment_ohm, "Column wire between neighbouring cells, and behind the last."),
    OHM(row_terminal_ohm, "Row driver."),
    OHM(column_terminal_ohm, "Sense amplifier of a column."),
    FIELD(wires, topology, ENUM, NO_UNIT, .choices = topologies, .default_text = "input_rows",
          .doc = "input_rows: inputs drive the row wires. gated: inputs drive gates, the row wires are sources at one "
                 "voltage (weft array only)."),
    FIELD(wires, interleaved, BOOL, NO_UNIT, .default_text = "true",
          .doc = "The columns of a weight are neighbours in one array; false: slices and polarities are arrays of "
                 "their own."),
};
static const weft_record wires_record =
    RECORD("wires", wires, "Resistance of an array's wires (IR drop); left out: none.", wires_fields);

static const weft_field core_fields[] = {
    FIELD(core, buffer_bytes, INT, .unit = "byte", .min = 1, .max = 1e12,
          .doc = "Memory for input maps and partial sums."),
    FIELD(core, unbounded_buffers, BOOL, NO_UNIT, .default_text = "false",
          .doc = "Timed runs take buffers as endless: nobody waits for room, peaks tell what would be needed."),
    FIELD(core, digital_lanes, INT, NO_UNIT, .min = 1, .max = 65536,
          .doc = "Values through the digital unit per clock cycle."),
    FIELD(core, input_ns, CITED, .unit = "ns", .min = 0, .max = 1e6,
          .doc = "Buffer to the arrays' input registers, per product."),
    FIELD(core, output_ns, CITED, .unit = "ns", .min = 0, .max = 1e6,
          .doc = "After the last conversion: shift-and-add and output register."),
    FIELD(core, digital_ns, CITED, .unit = "ns", .min = 0, .max = 1e6,
          .doc = "Latency of a value through the digital unit."),
};
static const weft_record core_record = RECORD("core", core, "What a core has beside its arrays.", core_fields);

#define CYCLES(name, low, text)                                                                                        \
    FIELD(noc, name, INT, .unit = "cycle", .min = low, .max = 64, .default_text = "1", .doc = text)
#define CYCLES_OR(name, text)                                                                                          \
    FIELD(noc, name, INT, .unit = "cycle", .min = -1, .max = 64, .default_text = "-1", .doc = text)
static const char *const network_topologies[] = {"mesh", "torus", NULL};
static const char *const routings[] = {"xy", "yx", "west_first", "adaptive", NULL};
static const weft_field noc_fields[] = {
    FIELD(noc, mesh, INT_PAIR, NO_UNIT, .min = 1, .max = 256,
          .doc = "Routers in x and y; one number: as many in both."),
    FIELD(noc, concentration, INT, NO_UNIT, .min = 1, .max = 32, .default_text = "1", .doc = "Cores at a router."),
    FIELD(noc, flit_bits, INT, .unit = "bit", .min = 1, .max = 4096, .doc = "What a link carries in a cycle."),
    FIELD(noc, header_bits, INT, .unit = "bit", .min = 0, .max = 4096, .default_text = "32",
          .doc = "Address and kind, once a packet."),
    FIELD(noc, vcs, INT, NO_UNIT, .min = 1, .max = 32, .default_text = "2",
          .doc = "Virtual channels of an input port."),
    FIELD(noc, buffer_flits, INT, .unit = "flit", .min = 1, .max = 4096, .default_text = "4",
          .doc = "Buffer of a virtual channel."),
    FIELD(noc, speculative, BOOL, NO_UNIT, .default_text = "false",
          .doc = "Switch allocation in the cycle of virtual-channel allocation."),
    CYCLES(route_cycles, 0, "Route computation; 0 with look-ahead."),
    CYCLES(vc_cycles, 1, "Virtual-channel allocation."),
    CYCLES(switch_cycles, 1, "Switch allocation."),
    CYCLES(traversal_cycles, 1, "Switch traversal."),
    CYCLES(link_cycles, 1, "Link to the next router."),
    CYCLES(credit_cycles, 0, "A credit's way back."),
    CYCLES_OR(link_cycles_y, "Link along y; -1: as link_cycles."),
    CYCLES_OR(credit_cycles_y, "A credit's way back along y; -1: as credit_cycles."),
    FIELD(noc, topology, ENUM, NO_UNIT, .choices = network_topologies, .default_text = "mesh",
          .doc =
              "torus: rows and columns are rings; needs an even number of virtual channels, half of them for packets "
              "that will wrap around."),
    FIELD(noc, routing, ENUM, NO_UNIT, .choices = routings, .default_text = "xy",
          .doc = "xy, yx: one dimension after the other. west_first: west before anything else, then where there is "
                 "room. adaptive: where there is room, on any shortest path; needs escape_vcs."),
    FIELD(noc, escape_vcs, INT, NO_UNIT, .min = 0, .max = 31, .default_text = "0",
          .doc = "Virtual channels of adaptive routing whose packets go XY, and which keep it free of deadlocks: at "
                 "least 1, on a torus an even number; 0 for other routings."),
    FIELD(noc, chips, INT_PAIR, NO_UNIT, .min = 1, .max = 256, .default_text = "[1, 1]",
          .doc = "Equal chips in x and y that the mesh is cut into."),
    FIELD(noc, chip_link_cycles, INT, .unit = "cycle", .min = 1, .max = 1024, .default_text = "1",
          .doc = "Link from one chip to the next."),
    FIELD(noc, chip_credit_cycles, INT, .unit = "cycle", .min = -1, .max = 1024, .default_text = "-1",
          .doc = "A credit's way back to another chip; -1: as chip_link_cycles."),
    FIELD(noc, chip_link_interval, INT, .unit = "cycle", .min = 1, .max = 1024, .default_text = "1",
          .doc = "A link between chips carries one flit in so many cycles."),
    FIELD(noc, multicast, BOOL, NO_UNIT, .default_text = "false",
          .doc =
              "What several cores read travels once and is copied where their ways part, in packets of at most "
              "buffer_flits; mesh under xy or yx. Where cutting it for that takes more flit-hops than a packet to each "
              "core, each gets one."),
    FIELD(noc, allow_deadlock, BOOL, NO_UNIT, .default_text = "false",
          .doc = "Load a network that can deadlock, to see it do so."),
};
static const weft_record noc_record =
    RECORD("noc", noc, "Wormhole routers on a mesh or torus; docs/noc.md.", noc_fields);

static const weft_field io_fields[] = {
    FIELD(io, router, INT_PAIR, NO_UNIT, .min = 0, .max = 255, .default_text = "[0, 0]",
          .doc = "x and y of the router where the host is attached."),
    FIELD(io, bits_per_cycle, INT, .unit = "bit", .min = 1, .max = 65536,
          .doc = "From the host into the chip, per cycle."),
    FIELD(io, partial_bits, INT, .unit = "bit", .min = 2, .max = 64,
          .doc = "Width of a partial sum on the network, and of a result on its way to the host."),
};
static const weft_record io_record = RECORD("io", io, "The host's side, and what crosses the network.", io_fields);

#define POWER(name, text) FIELD(static_power, name, CITED, .unit = "mW", .min = 0, .max = 1e9, .doc = text)
static const weft_field static_fields[] = {
    POWER(core_mw, "Per core, whether it works or not."),
    POWER(router_mw, "Per router."),
    POWER(chip_mw, "Once: host interface, clock, control."),
};
static const weft_record static_record =
    RECORD("static_power", static_power, "Power that flows without events.", static_fields);

static const weft_field energy_fields[] = {
#define ENERGY_FIELD(id, component, key_, doc_)                                                                        \
    {.key = key_,                                                                                                      \
     .kind = WEFT_FIELD_CITED,                                                                                         \
     .offset = WEFT_EVENT_##id * sizeof(weft_cited),                                                                   \
     .unit = "pJ",                                                                                                     \
     .min = 0,                                                                                                         \
     .max = 1e9,                                                                                                       \
     .doc = "Energy of " doc_ " (" component ")."},
    WEFT_EVENT_TABLE(ENERGY_FIELD)
#undef ENERGY_FIELD
};
static const weft_record energy_record =
    RECORD("energy", cost_pj, "Cost of each countable event; 0 where another key holds it.", energy_fields);

#define AREA(name, text) FIELD(area, name, CITED, .unit = "mm2", .min = 0, .max = 1e6, .default_text = "", .doc = text)
static const weft_field area_fields[] = {
    AREA(core_mm2, "Per core."),
    AREA(router_mm2, "Per router."),
    AREA(chip_mm2, "Once, beside cores and routers."),
};
static const weft_record area_record = RECORD("area", area, "Silicon area.", area_fields);

#define SECTION(key_, member, record_, ...)                                                                            \
    {                                                                                                                  \
        .key = key_, .kind = WEFT_FIELD_RECORD, .offset = offsetof(weft_chip, member), NO_UNIT, .doc = "",             \
        .record = &record_, __VA_ARGS__                                                                                \
    }
#define CROSSBAR .only = "crossbar"
#define SPIKING .only = "spiking"
static const char *const chip_kinds[] = {"crossbar", "spiking", NULL};
static const weft_field chip_fields[] = {
    {.key = "name",
     .kind = WEFT_FIELD_STRING,
     .offset = offsetof(weft_chip, name),
     NO_UNIT,
     .doc = "What reports call the chip."},
    {.key = "description",
     .kind = WEFT_FIELD_STRING,
     .offset = offsetof(weft_chip, description),
     NO_UNIT,
     .default_text = "",
     .doc = "One sentence."},
    {.key = "sources",
     .kind = WEFT_FIELD_STRINGS,
     .offset = offsetof(weft_chip, sources),
     NO_UNIT,
     .default_text = "",
     .doc = "Publications that the constants refer to."},
    {.key = "technology_nm",
     .kind = WEFT_FIELD_REAL,
     .offset = offsetof(weft_chip, technology_nm),
     .unit = "nm",
     .min = 1,
     .max = 10000,
     .default_text = "",
     .doc = "Process node; for the reader only."},
    {.key = "kind",
     .kind = WEFT_FIELD_ENUM,
     .offset = offsetof(weft_chip, kind),
     NO_UNIT,
     .choices = chip_kinds,
     .default_text = "crossbar",
     .selects = true,
     .doc =
         "crossbar: arrays multiply matrices by vectors. spiking: neurons integrate events, tick by tick. A key whose "
         "default names a kind is for that kind alone."},
    {.key = "voltage_v",
     .kind = WEFT_FIELD_REAL,
     .offset = offsetof(weft_chip, voltage_v),
     .unit = "V",
     .min = 0.1,
     .max = 10,
     .doc = "Supply at which the chip runs, and to which the constants refer unless they say another.",
     SPIKING},
    SECTION("clock", cycle_ns, clock_record, .default_text = NULL),
    SECTION("array", array, array_record, .default_text = NULL, CROSSBAR),
    SECTION("weight", weight, weight_record, .default_text = NULL, CROSSBAR),
    SECTION("input", input, input_record, .default_text = NULL, CROSSBAR),
    SECTION("adc", adc, adc_record, .default_text = NULL, CROSSBAR),
    SECTION("device", device, device_record, .default_text = "", CROSSBAR),
    SECTION("wires", wires, wires_record, .default_text = "", CROSSBAR),
    SECTION("core", core, core_record, .default_text = NULL, CROSSBAR),
    SECTION("noc", noc, noc_record, .default_text = NULL),
    SECTION("io", io, io_record, .default_text = NULL, CROSSBAR),
    SECTION("static_power", static_power, static_record, .default_text = NULL, CROSSBAR),
    SECTION("energy", cost_pj, energy_record, .default_text = NULL, CROSSBAR),
    SECTION("neuron", neuron, weft_neuron_record, .default_text = NULL, SPIKING),
    SECTION("synapse", synapse, weft_synapse_record, .default_text = NULL, SPIKING),
    SECTION("limits", limits, weft_limits_record, .default_text = NULL, SPIKING),
    SECTION("io", io, weft_spike_io_record, .default_text = NULL, SPIKING),
    SECTION("static_power", static_power, weft_spike_static_record, .default_text = NULL, SPIKING),
    SECTION("spike_energy", spike_energy, weft_spike_energy_record, .default_text = NULL, SPIKING),
    SECTION("spike_latency", spike_latency, weft_spike_latency_record, .default_text = "", SPIKING),
    SECTION("area", area, area_record, .default_text = ""),
};

const weft_record weft_chip_record = {
    .name = "chip",
    .doc = "A chip: cores with crossbar arrays or spiking neurons on a mesh of routers.",
    .size = sizeof(weft_chip),
    .fields = chip_fields,
    .count = sizeof chip_fields / sizeof chip_fields[0],
    .check = weft_chip_check_keys,
};

static const weft_field *field_of(const weft_record *record, const char *key) {
    for (size_t i = 0; i < record->count; i++)
        if (!strcmp(record->fields[i].key, key)) return &record->fields[i];
    return NULL;
}

const char *weft_chip_choice(const weft_chip *chip, const char *section, const char *key) {
    const weft_field *outer = field_of(&weft_chip_record, section), *inner = field_of(outer->record, key);
    assert(inner->kind == WEFT_FIELD_ENUM);
    return inner->choices[*(const int *)((const char *)chip + outer->offset + inner->offset)];
}

/* A constant that is written, or needed, without saying where it is from. */
static int unsourced_in(const weft_chip *chip, const weft_field *section) {
    const weft_yaml_node *node = weft_yaml_get(chip->yaml.root, section->key);
    int count = 0;
    for (size_t i = 0; i < section->record->count; i++) {
        const weft_field *field = &section->record->fields[i];
        const weft_cited *cited = (const weft_cited *)((const char *)chip + section->offset + field->offset);
        if (field->kind != WEFT_FIELD_CITED || !weft_yaml_get(node, field->key)) continue;
        if (!cited->source[0]) count++;
    }
    return count;
}

static bool is_of_kind(const weft_field *field, const weft_chip *chip) {
    return !field->only || !strcmp(field->only, chip_kinds[chip->kind]);
}

int weft_chip_unsourced(const weft_chip *chip) {
    int count = 0;
    for (size_t i = 0; i < weft_chip_record.count; i++)
        if (chip_fields[i].kind == WEFT_FIELD_RECORD && is_of_kind(&chip_fields[i], chip))
            count += unsourced_in(chip, &chip_fields[i]);
    return count;
}
