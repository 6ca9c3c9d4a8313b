#include "sim/model/engine.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

/* ---- programming ---- */

static weft_status largest_weight(float *out, const weft_stage *stage, weft_error *err) {
    const size_t count = (size_t)stage->rows * (size_t)stage->columns;
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(stage->weight[i]))
            return weft_error_set(err, WEFT_E_INVALID, "stage '%s': weight at row %zu, column %zu is not finite",
                                  stage->name, i / (size_t)stage->columns, i % (size_t)stage->columns);
        const float size = fabsf(stage->weight[i]);
        if (size > largest) largest = size;
    }
    *out = largest;
    return WEFT_OK;
}

/* W = round(w / weight_scale), half away from zero. All weights zero: scale 1. */
static weft_status quantise_weights(weft_stage_model *model, const weft_chip *chip, int16_t *out, weft_error *err) {
    const weft_stage *stage = model->stage;
    float largest = 0;
    WEFT_TRY(largest_weight(&largest, stage, err));
    model->weight_scale = largest / (float)chip->weight_max;
    if (!(model->weight_scale > 0)) model->weight_scale = 1;
    weft_quantise_i16(stage->weight, (size_t)stage->rows * (size_t)stage->columns, model->weight_scale,
                      chip->weight_max, out);
    return WEFT_OK;
}

void weft_stage_model_set_range(weft_stage_model *model, const weft_chip *chip, float largest) {
    model->input_scale = largest / (float)chip->input_max;
    if (!(model->input_scale > 0)) model->input_scale = 1;
    const double result_scale = weft_adc_resolve(chip).result_scale;
    model->value_scale = (double)model->input_scale * (double)model->weight_scale * result_scale;
    model->has_range = true;
}

static weft_status program_arrays(weft_stage_model *model, const weft_chip *chip, const int16_t *weights,
                                  weft_error *err) {
    const int columns = model->stage->columns;
    model->arrays = weft_aligned_alloc((size_t)model->mapped->tile_count, sizeof *model->arrays);
    if (!model->arrays)
        return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory for arrays", model->stage->name);
    model->exact = true;
    for (int t = 0; t < model->mapped->tile_count; t++) {
        const weft_tile *tile = &model->mapped->tiles[t];
        const int16_t *corner = weights + (size_t)tile->row_begin * (size_t)columns + tile->column_begin;
        WEFT_TRY(weft_array_create(&model->arrays[t], chip, corner, tile->row_end - tile->row_begin,
                                   tile->column_end - tile->column_begin, columns, false, err));
        model->exact = model->exact && model->arrays[t].exact;
    }
    return model->exact ? weft_panel_pack(&model->product, weights, model->stage->rows, columns, columns, err)
                        : WEFT_OK;
}

static weft_status copy_affine(weft_stage_model *model, weft_error *err) {
    const weft_stage *stage = model->stage;
    const size_t ops = (size_t)(stage->op_count ? stage->op_count : 1);
    model->scale = weft_aligned_alloc(ops, sizeof *model->scale);
    model->offset = weft_aligned_alloc(ops, sizeof *model->offset);
    if (!model->scale || !model->offset)
        return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory", stage->name);
    for (int o = 0; o < stage->op_count; o++) {
        const weft_digital_op *op = &stage->ops[o];
        const size_t channels = (size_t)op->in.channels;
        if (op->kind != WEFT_DIGITAL_AFFINE) continue;
        model->scale[o] = weft_aligned_alloc(channels, sizeof(float));
        model->offset[o] = weft_aligned_alloc(channels, sizeof(float));
        if (!model->scale[o] || !model->offset[o])
            return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory", stage->name);
        memcpy(model->scale[o], op->scale, channels * sizeof(float));
        memcpy(model->offset[o], op->offset, channels * sizeof(float));
    }
    return WEFT_OK;
}

static weft_status check_stage(const weft_engine *engine, int index, weft_error *err) {
    const weft_stage *stage = &engine->stages->items[index];
    const weft_mapped_stage *mapped = &engine->mapping->stages[index];
    if (stage->groups > 1 || stage->producer != index - 1)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "stage '%s': %s are not supported by the engine", stage->name,
                              stage->groups > 1 ? "groups" : "branches");
    if (mapped->rows != stage->rows || mapped->columns != stage->columns)
        return weft_error_set(err, WEFT_E_INVALID, "stage '%s': mapped as %d x %d, but the matrix is %d x %d",
                              stage->name, mapped->rows, mapped->columns, stage->rows, stage->columns);
    if (index == engine->count - 1 && (stage->out.height != 1 || stage->out.width != 1))
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "stage '%s': the network's output is a map of %d x %d; a vector is needed", stage->name,
                              stage->out.height, stage->out.width);
    return WEFT_OK;
}

static weft_status program_stage(weft_engine *engine, int index, weft_error *err) {
    weft_stage_model *model = &engine->items[index];
    const weft_chip *chip = engine->chip;
    weft_status status = WEFT_OK;
    WEFT_TRY(check_stage(engine, index, err));
    model->stage = &engine->stages->items[index];
    model->mapped = &engine->mapping->stages[index];
    int16_t *weights = weft_aligned_alloc((size_t)model->stage->rows * (size_t)model->stage->columns, sizeof *weights);
    if (!weights) return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory for weights", model->stage->name);
    WEFT_TRY_GOTO(quantise_weights(model, chip, weights, err));
    WEFT_TRY_GOTO(program_arrays(model, chip, weights, err));
    WEFT_TRY_GOTO(copy_affine(model, err));
    const float low = fabsf(model->mapped->input_min), high = fabsf(model->mapped->input_max);
    if (low > 0 || high > 0) weft_stage_model_set_range(model, chip, low > high ? low : high);
cleanup:
    weft_aligned_free(weights);
    return status;
}

weft_status weft_engine_create(weft_engine **out, const weft_chip *chip, const weft_mapping *mapping,
                               const weft_stages *stages, weft_error *err) {
    *out = NULL;
    if (stages->count < 1 || mapping->stage_count != stages->count)
        return weft_error_set(err, WEFT_E_INVALID, "the mapping has %d stages, the network %d", mapping->stage_count,
                              stages->count);
    weft_engine *engine = calloc(1, sizeof *engine);
    if (!engine) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the engine");
    *engine = (weft_engine){.chip = chip, .mapping = mapping, .stages = stages, .count = stages->count};
    engine->items = calloc((size_t)stages->count, sizeof *engine->items);
    weft_status status =
        engine->items ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for %d stages", stages->count);
    for (int s = 0; s < stages->count && status == WEFT_OK; s++) status = program_stage(engine, s, err);
    if (status != WEFT_OK)
        weft_engine_destroy(engine);
    else
        *out = engine;
    return status;
}

static void stage_model_destroy(weft_stage_model *model) {
    if (!model->stage) return;
    for (int t = 0; model->arrays && t < model->mapped->tile_count; t++) weft_array_destroy(&model->arrays[t]);
    for (int o = 0; o < model->stage->op_count; o++) {
        if (model->scale) weft_aligned_free(model->scale[o]);
        if (model->offset) weft_aligned_free(model->offset[o]);
    }
    weft_aligned_free(model->arrays);
    weft_aligned_free(model->scale);
    weft_aligned_free(model->offset);
    weft_panel_destroy(&model->product);
}

void weft_engine_destroy(weft_engine *engine) {
    if (!engine) return;
    for (int s = 0; engine->items && s < engine->count; s++) stage_model_destroy(&engine->items[s]);
    free(engine->items);
    free(engine);
}

/* ---- facts ---- */

bool weft_engine_has_ranges(const weft_engine *engine) {
    for (int s = 0; s < engine->count; s++)
        if (!engine->items[s].has_range) return false;
    return true;
}

weft_status weft_engine_check_ranges(const weft_engine *engine, weft_error *err) {
    for (int s = 0; s < engine->count; s++)
        if (!engine->items[s].has_range)
            return weft_error_set(
                err, WEFT_E_INVALID,
                "stage '%s' has no input range: the mapping's input_range is [0, 0]; calibrate ranges first",
                engine->items[s].stage->name);
    return WEFT_OK;
}

weft_engine_stage_info weft_engine_stage(const weft_engine *engine, int stage) {
    const weft_stage_model *model = &engine->items[stage];
    return (weft_engine_stage_info){
        .input_scale = model->input_scale, .weight_scale = model->weight_scale, .exact_adc = model->exact};
}
