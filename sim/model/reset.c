/* A programmed chip that is used again: what calibration has changed, and what it takes in memory. */
#include <string.h>

#include "sim/model/engine_internal.h"

/* ---- calibration undone ---- */

static weft_status reset_converters(weft_stage_model *model, weft_error *err) {
    for (int t = 0; t < model->mapped->tile_count; t++)
        for (int k = 0; model->programmed[t] == t && k < model->arrays[t].plane_count; k++)
            WEFT_TRY(weft_array_set_range(&model->arrays[t], k, 0, err));
    weft_stage_model_rescale(model);
    return WEFT_OK;
}

static void reset_affine(weft_stage_model *model) {
    for (int o = 0; o < model->stage->op_count; o++) {
        const weft_digital_op *op = &model->stage->ops[o];
        const size_t bytes = (size_t)op->in.channels * sizeof(float);
        if (op->kind != WEFT_DIGITAL_AFFINE) continue;
        memcpy(model->scale[o], op->scale, bytes);
        memcpy(model->offset[o], op->offset, bytes);
    }
}

weft_status weft_engine_reset(weft_engine *engine, weft_error *err) {
    for (int s = 0; s < engine->count; s++) {
        weft_stage_model *model = &engine->items[s];
        reset_affine(model);
        if (model->stage->has_matrix && engine->chip->adc.range == WEFT_ADC_CALIBRATED)
            WEFT_TRY(reset_converters(model, err));
    }
    for (int o = 0; o <= engine->count; o++) {
        engine->outputs[o].has_range = false;
        engine->outputs[o].scale = 0;
    }
    weft_engine_refresh_scales(engine);
    weft_engine_take_ranges(engine);
    return WEFT_OK;
}

/* ---- memory ---- */

static size_t panel_bytes(const weft_panel *panel) {
    const size_t columns = ((size_t)panel->columns + WEFT_GEMM_COLUMNS - 1) / WEFT_GEMM_COLUMNS * WEFT_GEMM_COLUMNS;
    return panel->data ? columns * (size_t)panel->pairs * 2 * sizeof *panel->data : 0;
}

static size_t adc_bytes(const weft_adc *adc) {
    const size_t each =
        (adc->gain ? 2 * sizeof *adc->gain : 0) + (adc->weight ? (size_t)adc->bits * sizeof *adc->weight : 0);
    const size_t thresholds = adc->threshold ? sizeof *adc->threshold << adc->bits : 0;
    return (size_t)adc->converters * (each + thresholds);
}

static size_t bits_bytes(const weft_bits *bits) {
    const size_t strip = WEFT_BITS_COLUMNS, columns = ((size_t)bits->columns + strip - 1) / strip * strip;
    return bits->data ? (size_t)bits->planes * (size_t)bits->words * columns * sizeof *bits->data : 0;
}

static size_t plane_bytes(const weft_plane *plane, size_t columns) {
    const size_t each = sizeof *plane->code_sign + sizeof *plane->known + sizeof *plane->known_weight;
    return sizeof *plane + panel_bytes(&plane->cells) + panel_bytes(&plane->variance) + adc_bytes(&plane->adc) +
           bits_bytes(&plane->bits) + columns * each;
}

static size_t array_bytes(const weft_array *array) {
    size_t bytes = panel_bytes(&array->product) + bits_bytes(&array->lanes);
    for (int k = 0; k < array->plane_count; k++) bytes += plane_bytes(&array->planes[k], (size_t)array->columns);
    return bytes;
}

static size_t model_bytes(const weft_stage_model *model) {
    const weft_stage *stage = model->stage;
    size_t bytes = sizeof *model;
    for (int o = 0; o < stage->op_count; o++) bytes += 2 * (size_t)stage->ops[o].in.channels * sizeof(float);
    if (!stage->has_matrix) return bytes;
    for (int t = 0; t < model->mapped->tile_count; t++) bytes += sizeof *model->arrays + array_bytes(&model->arrays[t]);
    for (int g = 0; model->products.groups && g < model->products.group_count; g++)
        bytes += panel_bytes(&model->products.groups[g]);
    if (model->products.channel_wise) bytes += (size_t)stage->rows * (size_t)stage->columns * sizeof(int16_t);
    return bytes + (size_t)stage->matrix_out.height * (size_t)stage->matrix_out.width * sizeof *model->positions;
}

size_t weft_engine_bytes(const weft_engine *engine) {
    size_t bytes = sizeof *engine;
    for (int s = 0; s < engine->count; s++) bytes += model_bytes(&engine->items[s]);
    return bytes;
}
