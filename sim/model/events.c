#include "sim/model/engine_internal.h"

static void add_scaled(weft_event_counts *to, const weft_event_counts *from, uint64_t times) {
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) to->n[e] += from->n[e] * times;
}

weft_event_counts weft_engine_tile_events(const weft_engine *engine, int stage, int tile) {
    const weft_chip *chip = engine->chip;
    const weft_tile *t = &engine->items[stage].mapped->tiles[tile];
    const uint64_t rows = (uint64_t)(t->row_end - t->row_begin), columns = (uint64_t)(t->column_end - t->column_begin);
    const uint64_t pulses = (uint64_t)chip->pulses, samples = columns * (uint64_t)chip->columns_per_weight * pulses;
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
        counts.n[WEFT_EVENT_ACTIVATION] = values;
        break;
    case WEFT_DIGITAL_MAX_POOL:
        counts.n[WEFT_EVENT_POOL] = values * (window - 1);
        break;
    case WEFT_DIGITAL_AVERAGE_POOL:
        counts.n[WEFT_EVENT_POOL] = values * window;
        break;
    }
    return counts;
}

/* Sums that meet at the block's core: one addition for every tile result beyond the first of each column. */
static uint64_t partial_adds(const weft_mapped_stage *mapped) {
    uint64_t adds = 0;
    for (int t = 0; t < mapped->tile_count; t++)
        adds += (uint64_t)(mapped->tiles[t].column_end - mapped->tiles[t].column_begin);
    return adds - (uint64_t)mapped->columns;
}

weft_event_counts weft_engine_events(const weft_engine *engine, int stage) {
    const weft_stage_model *model = &engine->items[stage];
    const uint64_t positions = (uint64_t)model->stage->matrix_out.height * (uint64_t)model->stage->matrix_out.width;
    weft_event_counts total = {{0}};
    for (int t = 0; t < model->mapped->tile_count; t++) {
        const weft_event_counts tile = weft_engine_tile_events(engine, stage, t);
        add_scaled(&total, &tile, positions);
    }
    total.n[WEFT_EVENT_PARTIAL_ADD] = partial_adds(model->mapped) * positions;
    for (int o = 0; o < model->stage->op_count; o++) {
        const weft_digital_op *op = &model->stage->ops[o];
        const weft_event_counts work = weft_engine_digital_events(engine, stage, o, op->out.channels);
        add_scaled(&total, &work, (uint64_t)op->out.height * (uint64_t)op->out.width);
    }
    return total;
}
