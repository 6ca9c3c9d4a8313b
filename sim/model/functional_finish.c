/* Results of a block through the digital unit while they are in the cache. */
#include "core/clones.h"
#include "sim/model/functional_internal.h"
#include "sim/model/simd.h"

/* ---- values that arrive ---- */

WEFT_INLINE void take_run_body(const int16_t *q, size_t count, float scale, bool add, float *map) {
    if (add)
        for (size_t i = 0; i < count; i++) map[i] = weft_digital_sum(map[i], weft_digital_value(q[i], scale));
    else
        for (size_t i = 0; i < count; i++) map[i] = weft_digital_value(q[i], scale);
}
static void take_run(const int16_t *q, size_t count, float scale, bool add, float *map);
WEFT_VARIANTS(take_run, (const int16_t *q, size_t count, float scale, bool add, float *map),
              (q, count, scale, add, map))

void weft_functional_take(const weft_taking *how, const int16_t *q, float *map) {
    if (how->channels == how->map_stride && how->channels == how->q_stride) {
        take_run(q, how->positions * how->channels, how->scale, how->add, map);
        return;
    }
    for (size_t p = 0; p < how->positions; p++, map += how->map_stride, q += how->q_stride)
        take_run(q, how->channels, how->scale, how->add, map);
}

/* ---- a block ---- */

/* All positions stand one after the other in the maps. */
static bool stands_together(const weft_block *block) { return block->model->classes == 1 && block->step == 1; }

/* Number of the block's position i in the maps of the group. */
static size_t place_of(const weft_block *block, int i) {
    const weft_shape *map = &block->model->stage->matrix_out;
    const weft_spot *spot = &block->spots[i];
    return ((size_t)spot->image * (size_t)map->height + (size_t)spot->y) * (size_t)map->width + (size_t)spot->x;
}

/* The block's pixels of an output, one after the other. */
static const int16_t *pixels_of(const weft_block *block, int output) {
    const int16_t *q = weft_functional_output(block->engine, block->work, output);
    const size_t channels = (size_t)block->engine->outputs[output].shape.channels;
    int16_t *to = block->work->codes;
    if (stands_together(block)) return q + place_of(block, 0) * channels;
    for (int i = 0; i < block->count; i++)
        weft_copy_values(to + (size_t)i * channels, q + place_of(block, i) * channels, channels);
    return to;
}

static void add_source(const weft_block *block, const weft_port *port, const weft_source *source, float *values) {
    const weft_engine_output *output = &block->engine->outputs[source->stage + 1];
    const weft_taking how = {.positions = (size_t)block->count,
                             .channels = (size_t)source->channels,
                             .map_stride = (size_t)port->shape.channels,
                             .q_stride = (size_t)output->shape.channels,
                             .scale = output->scale,
                             .add = true};
    weft_functional_take(&how, pixels_of(block, source->stage + 1), values + source->begin);
}

static void apply(const weft_block *block, int number, float *values) {
    const weft_stage_model *model = &block->engine->items[block->model->index]; /* a watched one is not calibrated */
    const weft_digital_op *op = &model->stage->ops[number];
    if (op->kind != WEFT_DIGITAL_ADD) {
        weft_digital_elementwise(op, model->scale[number], model->offset[number], (size_t)block->count, op->in.channels,
                                 values, values);
        return;
    }
    const weft_port *port = &model->stage->ports[op->port];
    for (int i = 0; i < port->source_count; i++) add_source(block, port, &port->sources[i], values);
}

/* Values to their places in work->map. */
static void keep(const weft_block *block, const float *values) {
    const size_t columns = (size_t)block->model->stage->columns;
    for (int i = 0; i < block->count; i++)
        memcpy(block->work->map + place_of(block, i) * columns, values + (size_t)i * columns, sizeof *values * columns);
}

/* Values to their places in the stage's output; behind a place another may be taken already. */
static void send(const weft_block *block, const float *values) {
    const int output = block->model->index + 1;
    const size_t columns = (size_t)block->model->stage->columns;
    const bool together = stands_together(block);
    int16_t *const q = weft_functional_output(block->engine, block->work, output);
    int16_t *const to = together ? q + place_of(block, 0) * columns : block->work->codes;
    weft_quantise_i16(values, (size_t)block->count * columns, block->engine->outputs[output].scale,
                      block->engine->chip->input_max, to);
    for (int i = 0; !together && i < block->count; i++) {
        int16_t *place = q + place_of(block, i) * columns;
        if (columns % WEFT_COPY_VALUES == 0)
            weft_copy_values(place, to + (size_t)i * columns, columns);
        else
            memcpy(place, to + (size_t)i * columns, sizeof *q * columns);
    }
}

void weft_block_finish(const weft_block *block) {
    const weft_stage_model *model = block->model;
    const size_t columns = (size_t)model->stage->columns;
    const bool in_place = !block->sent && stands_together(block);
    float *values = in_place ? block->work->map + place_of(block, 0) * columns : block->work->values;
    weft_dequantise(block->work->sums, (size_t)block->count * columns, model->value_scale, values);
    for (int o = 0; o < block->ops; o++) apply(block, o, values);
    if (block->sent)
        send(block, values);
    else if (!in_place)
        keep(block, values);
}
