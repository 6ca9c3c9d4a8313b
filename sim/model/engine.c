#include "sim/model/engine.h"

#include <math.h>
#include <stdlib.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

static weft_status check_stage(const weft_engine *engine, int index, weft_error *err) {
    const weft_stage *stage = &engine->stages->items[index];
    const weft_mapped_stage *mapped = &engine->mapping->stages[index];
    if (mapped->rows != stage->rows || mapped->columns != stage->columns)
        return weft_error_set(err, WEFT_E_INVALID, "stage '%s': mapped as %d x %d, but the matrix is %d x %d",
                              stage->name, mapped->rows, mapped->columns, stage->rows, stage->columns);
    if (index == engine->count - 1 && (stage->out.height != 1 || stage->out.width != 1))
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "stage '%s': the network's output is a map of %d x %d; a vector is needed", stage->name,
                              stage->out.height, stage->out.width);
    return WEFT_OK;
}

/* Largest magnitude that the mapping gives for an output; 0: unknown. */
static float mapped_range(const weft_mapping *mapping, int output) {
    const float low = fabsf(output ? mapping->stages[output - 1].output_min : mapping->input_min);
    const float high = fabsf(output ? mapping->stages[output - 1].output_max : mapping->input_max);
    return low > high ? low : high;
}

/* weft_mapping_check sees to it that outputs which share a scale have one range. */
void weft_engine_take_ranges(weft_engine *engine) {
    for (int o = 0; o <= engine->count; o++) {
        const float largest = mapped_range(engine->mapping, o);
        if (largest > 0 && engine->outputs[o].last_reader >= 0) weft_engine_set_range(engine, o, largest);
    }
}

static weft_status program(weft_engine *engine, const weft_program_table *table, weft_error *err) {
    if (!engine->items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d stages", engine->count);
    WEFT_TRY(weft_engine_plan(engine, err));
    for (int s = 0; s < engine->count; s++) {
        WEFT_TRY(check_stage(engine, s, err));
        WEFT_TRY(weft_stage_model_program(&engine->items[s], engine, table, s, false, err));
    }
    weft_engine_take_ranges(engine);
    return WEFT_OK;
}

static weft_status read_and_program(weft_engine *engine, weft_error *err) {
    weft_program_table table;
    WEFT_TRY(weft_program_table_read(&table, engine->chip, err));
    const weft_status status = program(engine, &table, err);
    weft_program_table_destroy(&table);
    return status;
}

static weft_status check_trial(const weft_engine_trial *trial, weft_error *err) {
    if (trial->trial <= UINT16_MAX) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "trial %llu is above %u", (unsigned long long)trial->trial, UINT16_MAX);
}

weft_status weft_engine_create_trial(weft_engine **out, const weft_chip *chip, const weft_mapping *mapping,
                                     const weft_stages *stages, const weft_engine_trial *trial, weft_error *err) {
    *out = NULL;
    if (trial) WEFT_TRY(check_trial(trial, err));
    if (stages->count < 1 || mapping->stage_count != stages->count)
        return weft_error_set(err, WEFT_E_INVALID, "the mapping has %d stages, the network %d", mapping->stage_count,
                              stages->count);
    weft_engine *engine = calloc(1, sizeof *engine);
    if (!engine) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the engine");
    *engine = (weft_engine){.chip = chip, .mapping = mapping, .stages = stages, .count = stages->count};
    if (trial) engine->trial = *trial;
    engine->items = calloc((size_t)stages->count, sizeof *engine->items);
    const weft_status status = read_and_program(engine, err);
    if (status != WEFT_OK)
        weft_engine_destroy(engine);
    else
        *out = engine;
    return status;
}

weft_status weft_engine_create(weft_engine **out, const weft_chip *chip, const weft_mapping *mapping,
                               const weft_stages *stages, weft_error *err) {
    return weft_engine_create_trial(out, chip, mapping, stages, NULL, err);
}

void weft_engine_destroy(weft_engine *engine) {
    if (!engine) return;
    for (int s = 0; engine->items && s < engine->count; s++) weft_stage_model_destroy(&engine->items[s]);
    free(engine->items);
    weft_aligned_free(engine->outputs);
    free(engine);
}

float weft_engine_output_scale(const weft_engine *engine, int stage) { return engine->outputs[stage + 1].scale; }

weft_engine_stage_info weft_engine_stage(const weft_engine *engine, int stage) {
    const weft_stage_model *model = &engine->items[stage];
    return (weft_engine_stage_info){.input_scale = model->input_scale,
                                    .weight_scale = model->weight_scale,
                                    .output_scale = weft_engine_output_scale(engine, stage),
                                    .exact_adc = model->exact};
}
