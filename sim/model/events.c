#include "sim/model/engine_internal.h"

static void add_scaled(weft_event_counts *to, const weft_event_counts *from, uint64_t times) {
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) to->n[e] += from->n[e] * times;
}

weft_event_counts weft_engine_tile_events(const weft_engine *engine, int stage, int tile) {
    const weft_chip *chip = engine->chip;
    const weft_tile *t = &engine->items[stage].mapped->tiles[tile];
    const uint64_t rows = (uint64_t)(t->row_end - t->row_begin), columns = (uint64_t)(t->column_end - t->column_begin);
    const uint64_t pulses = (uint64_t)chip->pulses, conversions = chip->adc.accumulate_analog ? 1 : pulses;
    const uint64_t samples = columns * (uint64_t)chip->columns_per_weight * conversions;
    weft_event_counts counts = {{0}};
    counts.n[WEFT_EVENT_ARRAY_READ] = pulses;
    counts.n[WEFT_EVENT_ROW_DRIVE] = rows * pulses;
    counts.n[WEFT_EVENT_SAMPLE_HOLD] = counts.n[WEFT_EVENT_ADC_CONVERSION] = counts.n[WEFT_EVENT_SHIFT_ADD] = samples;
    counts.n[WEFT_EVENT_INPUT_REGISTER_BIT] = rows * (uint64_t)chip->input.bits;
    counts.n[WEFT_EVENT_OUTPUT_REGISTER_BIT] = columns * (uint64_t)chip->io.partial_bits;
    return counts;
}

weft_event_counts weft_engine_digital_events(const weft_engine *engine, int stage, int op, int channels) {
    const weft_digital_op *operation = &engine->items[stage].stage->ops[op];
    const uint64_t values = (uint64_t)channels;
    const uint64_t window = (uint64_t)operation->window.kernel_h * (uint64_t)operation->window.kernel_w;
    weft_event_counts counts = {{0}};
    switch (operation->kind) {
    case WEFT_DIGITAL_AFFINE:
        counts.n[WEFT_EVENT_AFFINE] = values;
        break;
    case WEFT_DIGITAL_RELU:
    case WEFT_DIGITAL_CLIP:
    case WEFT_DIGITAL_QUANTISE:
    case WEFT_DIGITAL_THRESHOLD:
    case WEFT_DIGITAL_LEAKY_RELU:
    case WEFT_DIGITAL_SIGMOID:
    case WEFT_DIGITAL_HARD_SIGMOID:
    case WEFT_DIGITAL_HARD_SWISH:
    case WEFT_DIGITAL_TANH:
        counts.n[WEFT_EVENT_ACTIVATION] = values;
        break;
    case WEFT_DIGITAL_ADD:
        counts.n[WEFT_EVENT_PARTIAL_ADD] = values;
        break;
    case WEFT_DIGITAL_MAX_POOL:
        counts.n[WEFT_EVENT_POOL] = values * (window - 1);
        break;
    case WEFT_DIGITAL_AVERAGE_POOL:
        counts.n[WEFT_EVENT_POOL] = values * window;
        break;
    case WEFT_DIGITAL_PAD:
    case WEFT_DIGITAL_KIND_COUNT:
        break;
    }
    return counts;
}

/* Positions of the matrix that a copy computes. */
static uint64_t matrix_positions(const weft_stage_model *model, int copy) {
    const weft_shape out = model->stage->matrix_out;
    uint64_t count = 0;
    for (int y = 0; y < out.height; y++) {
        if (model->phase_y[y] / model->mapped->copies_x != copy / model->mapped->copies_x) continue;
        const int column = weft_mapped_stage_column(model->mapped, copy, model->phase_y[y]);
        for (int x = 0; x < out.width; x++) count += model->phase_x[x] == column;
    }
    return count;
}

/* The tiles' work at one position, and the sums that meet at the blocks' cores: one addition for every tile result
 * beyond the first of each column. */
static weft_event_counts position_events(const weft_engine *engine, int stage, int copy) {
    const weft_stage_model *model = &engine->items[stage];
    weft_event_counts total = {{0}};
    for (int i = model->copy_begin[copy]; i < model->copy_begin[copy + 1]; i++) {
        const weft_tile *tile = &model->mapped->tiles[model->copy_tiles[i]];
        const weft_event_counts events = weft_engine_tile_events(engine, stage, model->copy_tiles[i]);
        weft_event_counts_add(&total, &events);
        total.n[WEFT_EVENT_PARTIAL_ADD] += (uint64_t)(tile->column_end - tile->column_begin);
    }
    total.n[WEFT_EVENT_PARTIAL_ADD] -= (uint64_t)model->mapped->columns;
    return total;
}

weft_event_counts weft_engine_events(const weft_engine *engine, int stage) {
    const weft_stage_model *model = &engine->items[stage];
    weft_event_counts total = {{0}};
    for (int k = 0; k < model->copies; k++) {
        const weft_event_counts position = position_events(engine, stage, k);
        add_scaled(&total, &position, matrix_positions(model, k));
    }
    for (int o = 0; o < model->stage->op_count; o++) {
        const weft_digital_op *op = &model->stage->ops[o];
        const weft_event_counts work = weft_engine_digital_events(engine, stage, o, op->out.channels);
        add_scaled(&total, &work, (uint64_t)op->out.height * (uint64_t)op->out.width);
    }
    return total;
}

/* ---- programming ---- */

static double array_time_ns(const weft_chip *chip, uint64_t cells) {
    const uint64_t parallel = (uint64_t)chip->device.program_parallel;
    return (double)((cells + parallel - 1) / parallel) * chip->device.program_pulses *
           chip->device.program_pulse_ns.value;
}

/* The slowest array of a part; its cells and arrays go to *cost. */
static double program_part(weft_program_cost *cost, const weft_engine *engine, int part) {
    double slowest = 0;
    for (int s = 0; s < engine->count; s++) {
        const weft_mapped_stage *mapped = &engine->mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++) {
            if (mapped->tiles[t].part != part) continue;
            const uint64_t cells = weft_tile_cells(&mapped->tiles[t], engine->chip);
            const double time_ns = array_time_ns(engine->chip, cells);
            if (time_ns > slowest) slowest = time_ns;
            cost->cells += cells;
            cost->arrays++;
        }
    }
    return slowest;
}

weft_program_cost weft_engine_program_cost(const weft_engine *engine) {
    const weft_mapping *mapping = engine->mapping;
    weft_program_cost cost = {0};
    for (int chip = 0; chip < mapping->chips; chip++) {
        double time_ns = 0;
        for (int part = chip; part < mapping->parts; part += mapping->chips)
            time_ns += program_part(&cost, engine, part);
        if (time_ns > cost.time_ns) cost.time_ns = time_ns;
    }
    cost.energy_pj =
        (double)cost.cells * engine->chip->device.program_pulses * engine->chip->device.program_pulse_pj.value;
    return cost;
}
