#include <math.h>
#include <stdlib.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

static void find_readers(weft_engine *engine) {
    for (int s = 0; s < engine->count; s++) {
        const weft_stage *stage = &engine->stages->items[s];
        for (int p = 0; p < stage->port_count; p++)
            for (int i = 0; i < stage->ports[p].source_count; i++)
                engine->outputs[stage->ports[p].sources[i].stage + 1].last_reader = s;
    }
}

/* Two outputs, the later one second, are kept at the same time. So is one that is read for the last time by the stage
 * that makes the other: a stage sends some results while it still reads. */
static bool meet(const weft_engine *engine, int early, int late) {
    return engine->outputs[early].last_reader >= late - 1;
}

/* Lowest place that no earlier output needs at the same time. */
static size_t find_place(const weft_engine *engine, int output) {
    const size_t size = weft_shape_size(engine->outputs[output].shape);
    size_t place = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int o = 0; o < output; o++) {
            const weft_engine_output *other = &engine->outputs[o];
            const size_t end = other->offset + weft_shape_size(other->shape);
            if (!meet(engine, o, output) || place >= end || place + size <= other->offset) continue;
            place = end;
            moved = true;
        }
    }
    return place;
}

weft_status weft_engine_plan(weft_engine *engine, weft_error *err) {
    engine->outputs = weft_aligned_alloc((size_t)engine->count + 1, sizeof *engine->outputs);
    if (!engine->outputs) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d stages", engine->count);
    for (int o = 0; o <= engine->count; o++) {
        engine->outputs[o].shape = o ? engine->stages->items[o - 1].out : engine->stages->input;
        engine->outputs[o].last_reader = -1;
    }
    find_readers(engine);
    for (int o = 0; o <= engine->count; o++) {
        weft_engine_output *output = &engine->outputs[o];
        if (output->last_reader < 0) continue;
        output->offset = find_place(engine, o);
        const size_t end = output->offset + weft_shape_size(output->shape);
        if (end > engine->arena) engine->arena = end;
    }
    return WEFT_OK;
}

/* ---- ranges ---- */

void weft_engine_refresh_scales(weft_engine *engine) {
    for (int s = 0; s < engine->count; s++) {
        weft_stage_model *model = &engine->items[s];
        const weft_stage *stage = &engine->stages->items[s];
        if (!stage->has_matrix) continue;
        model->input_scale = engine->outputs[stage->ports[0].sources[0].stage + 1].scale;
        model->value_scale = (double)model->input_scale * (double)model->weight_scale * model->result_scale;
    }
}

void weft_engine_set_range(weft_engine *engine, int output, float largest) {
    const int *range_of = engine->stages->range_of;
    float scale = largest / (float)engine->chip->input_max;
    if (!(scale > 0)) scale = 1;
    for (int o = 0; o <= engine->count; o++) {
        if (range_of[o] != range_of[output] || engine->outputs[o].last_reader < 0) continue;
        engine->outputs[o].scale = scale;
        engine->outputs[o].has_range = true;
    }
    weft_engine_refresh_scales(engine);
}

bool weft_engine_has_ranges(const weft_engine *engine) { return weft_engine_check_ranges(engine, NULL) == WEFT_OK; }

weft_status weft_engine_check_ranges(const weft_engine *engine, weft_error *err) {
    for (int o = 0; o <= engine->count; o++) {
        if (engine->outputs[o].last_reader < 0 || engine->outputs[o].has_range) continue;
        if (o == 0)
            return weft_error_set(
                err, WEFT_E_INVALID,
                "the network's input has no range: the mapping's input_range is [0, 0]; calibrate ranges first");
        return weft_error_set(
            err, WEFT_E_INVALID,
            "stage '%s' has no output range: the mapping's output_range is [0, 0]; calibrate ranges first",
            engine->stages->items[o - 1].name);
    }
    return WEFT_OK;
}
