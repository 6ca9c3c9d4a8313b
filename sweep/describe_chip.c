/* A chip as a row of `chips`. */
#include "core/chip_sums.h"
#include "sweep/describe_row.h"

static void describe_file(weft_row *row, const weft_chip *chip, const char *const *set, int set_count) {
    weft_row_text(row, WEFT_CHIPS_SHA256, chip->sha256.hex);
    weft_row_text(row, WEFT_CHIPS_NAME, chip->name);
    weft_row_file(row, WEFT_CHIPS_FILE, chip->path);
    weft_row_text(row, WEFT_CHIPS_DESCRIPTION, chip->description);
    weft_row_list(row, WEFT_CHIPS_SOURCES, chip->sources.items, chip->sources.count);
    weft_row_list(row, WEFT_CHIPS_OVERRIDES, set, (size_t)set_count);
    weft_row_number(row, WEFT_CHIPS_TECHNOLOGY, chip->technology_nm, chip->technology_nm > 0);
}

static void describe_arrays(weft_row *row, const weft_chip *chip) {
    weft_row_count(row, WEFT_CHIPS_ARRAYS_PER_CORE, (uint64_t)chip->array.per_core);
    weft_row_count(row, WEFT_CHIPS_ROWS, (uint64_t)chip->array.rows);
    weft_row_count(row, WEFT_CHIPS_COLUMNS, (uint64_t)chip->array.columns);
    weft_row_count(row, WEFT_CHIPS_CELL_BITS, (uint64_t)chip->array.cell_bits);
    weft_row_text(row, WEFT_CHIPS_DEVICE, chip->device.program);
    if (chip->has_read_noise) {
        weft_row_text(row, WEFT_CHIPS_READ_NOISE, weft_chip_choice(chip, "device", "read_noise"));
        weft_row_number(row, WEFT_CHIPS_READ_SIGMA, chip->device.read_sigma, true);
    }
    weft_row_number(row, WEFT_CHIPS_WIRE_ROW, chip->wires.row_segment_ohm, chip->has_wires);
    weft_row_number(row, WEFT_CHIPS_WIRE_COLUMN, chip->wires.column_segment_ohm, chip->has_wires);
    weft_row_count(row, WEFT_CHIPS_WEIGHT_BITS, (uint64_t)chip->weight.bits);
    weft_row_text(row, WEFT_CHIPS_WEIGHT_ENCODING, weft_chip_choice(chip, "weight", "encoding"));
    weft_row_count(row, WEFT_CHIPS_WEIGHT_COLUMNS, (uint64_t)chip->columns_per_weight);
    weft_row_count(row, WEFT_CHIPS_INPUT_BITS, (uint64_t)chip->input.bits);
    weft_row_text(row, WEFT_CHIPS_INPUT_ENCODING, weft_chip_choice(chip, "input", "encoding"));
    weft_row_count(row, WEFT_CHIPS_PULSES, (uint64_t)chip->pulses);
}

static void describe_adc(weft_row *row, const weft_chip *chip) {
    weft_row_text(row, WEFT_CHIPS_ADC_KIND, weft_chip_choice(chip, "adc", "kind"));
    if (chip->adc.kind == WEFT_ADC_NONE) return;
    weft_row_count(row, WEFT_CHIPS_ADC_BITS, (uint64_t)chip->adc.bits);
    weft_row_count(row, WEFT_CHIPS_ADCS, (uint64_t)chip->adc.per_array);
    weft_row_text(row, WEFT_CHIPS_ADC_RANGE, weft_chip_choice(chip, "adc", "range"));
    weft_row_number(row, WEFT_CHIPS_ADC_TIME, chip->adc.conversion_ns.value, true);
}

static void describe_neurons(weft_row *row, const weft_chip *chip) {
    weft_row_text(row, WEFT_CHIPS_NEURON, weft_chip_choice(chip, "neuron", "model"));
    weft_row_count(row, WEFT_CHIPS_NEURONS, (uint64_t)chip->limits.neurons);
    weft_row_count(row, WEFT_CHIPS_AXONS, (uint64_t)chip->limits.axons);
    weft_row_text(row, WEFT_CHIPS_SYNAPSES, weft_chip_choice(chip, "synapse", "encoding"));
    weft_row_count(row, WEFT_CHIPS_SYNAPSE_BITS, (uint64_t)chip->synapse.weight_bits);
    weft_row_count(row, WEFT_CHIPS_MEMORY, (uint64_t)chip->synapse.memory_bytes);
    weft_row_number(row, WEFT_CHIPS_VOLTAGE, chip->voltage_v, true);
    weft_row_number(row, WEFT_CHIPS_TICK, chip->clock.tick_ns, chip->clock.tick_ns > 0);
}

static void describe_network(weft_row *row, const weft_chip *chip) {
    weft_row_count(row, WEFT_CHIPS_CORES, (uint64_t)chip->core_count);
    weft_row_text(row, WEFT_CHIPS_TOPOLOGY, weft_chip_choice(chip, "noc", "topology"));
    weft_row_count(row, WEFT_CHIPS_ROUTERS_X, (uint64_t)chip->noc.mesh[0]);
    weft_row_count(row, WEFT_CHIPS_ROUTERS_Y, (uint64_t)chip->noc.mesh[1]);
    weft_row_count(row, WEFT_CHIPS_ROUTER_CORES, (uint64_t)chip->noc.concentration);
    weft_row_text(row, WEFT_CHIPS_ROUTING, weft_chip_choice(chip, "noc", "routing"));
    weft_row_count(row, WEFT_CHIPS_VCS, (uint64_t)chip->noc.vcs);
    weft_row_count(row, WEFT_CHIPS_BUFFER, (uint64_t)chip->noc.buffer_flits);
    weft_row_count(row, WEFT_CHIPS_FLIT, (uint64_t)chip->noc.flit_bits);
}

static void describe_sums(weft_row *row, const weft_chip *chip) {
    const weft_chip_sums sums = weft_chip_sums_of(chip);
    const bool arrays = chip->kind == WEFT_CHIP_CROSSBAR;
    weft_row_text(row, WEFT_CHIPS_CLOCK, weft_chip_choice(chip, "clock", "kind"));
    weft_row_number(row, WEFT_CHIPS_CYCLE, chip->cycle_ns, true);
    weft_row_number(row, WEFT_CHIPS_INTERVAL, (double)chip->mvm_interval_cycles * chip->cycle_ns, arrays);
    weft_row_number(row, WEFT_CHIPS_LATENCY, (double)chip->mvm_latency_cycles * chip->cycle_ns, arrays);
    weft_row_number(row, WEFT_CHIPS_TOPS, sums.peak_tops, arrays);
    weft_row_number(row, WEFT_CHIPS_STATIC, sums.static_mw, sums.static_mw > 0);
    weft_row_number(row, WEFT_CHIPS_AREA, sums.area_mm2, sums.area_mm2 > 0);
    weft_row_count(row, WEFT_CHIPS_UNSOURCED, (uint64_t)weft_chip_unsourced(chip));
}

weft_status weft_describe_chip(weft_description_rows *out, weft_arena *arena, const weft_chip *chip,
                               const char *const *set, int set_count, weft_error *err) {
    WEFT_TRY(weft_rows_begin(out, arena, WEFT_CHIPS, 1, err));
    weft_row row = weft_rows_at(out, arena, WEFT_CHIPS, 0);
    describe_file(&row, chip, set, set_count);
    if (chip->kind == WEFT_CHIP_SPIKING) {
        describe_neurons(&row, chip);
    } else {
        describe_arrays(&row, chip);
        describe_adc(&row, chip);
    }
    describe_network(&row, chip);
    describe_sums(&row, chip);
    return weft_row_end(&row, err);
}
