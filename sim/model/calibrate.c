#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

/* Calibration of one stage after the other. */
typedef struct calibration {
    weft_engine *engine;
    size_t count;
    int stage, op;
    const float *x; /* network input, [count, C, H, W] */
    float *values;  /* input of the stage before quantisation, [count, h, w, c]; NULL for stage 0 */
    int16_t *q;     /* the same, quantised */
    float *outputs; /* of the stage, [count, h, w, c] */
    double *sums;   /* per image: sum and sum of squares, [count, 2, channels] */
} calibration;

/* Infinity where a value is not finite. */
static float largest_magnitude(const float *x, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        const float size = fabsf(x[i]);
        if (!isfinite(size)) return INFINITY;
        if (size > largest) largest = size;
    }
    return largest;
}

static void load_inputs(const calibration *c, weft_work *work, size_t first, int images) {
    const size_t size = weft_shape_size(c->engine->items[c->stage].stage->in);
    memcpy(work->q, c->q + first * size, sizeof *work->q * size * (size_t)images);
}

/* Sums in raster order, an image at a time: no thread can change them. */
static void sum_image(const float *map, size_t positions, size_t channels, double *sums) {
    for (size_t p = 0; p < positions; p++)
        for (size_t c = 0; c < channels; c++) {
            const double v = map[p * channels + c];
            sums[c] += v;
            sums[channels + c] += v * v;
        }
}

static void visit_statistics(void *context, weft_work *work, size_t first, int images) {
    const calibration *c = context;
    const weft_digital_op *op = &c->engine->items[c->stage].stage->ops[c->op];
    const size_t channels = (size_t)op->in.channels, positions = (size_t)op->in.height * (size_t)op->in.width;
    load_inputs(c, work, first, images);
    weft_functional_matrix(c->engine, c->stage, work, images);
    weft_functional_digital(c->engine, c->stage, 0, c->op, work, images);
    for (int i = 0; i < images; i++)
        sum_image(work->map + (size_t)i * positions * channels, positions, channels,
                  c->sums + (first + (size_t)i) * 2 * channels);
}

/* scale = gamma / sqrt(variance + epsilon), offset = beta - mean * scale. */
static void refold(const calibration *c) {
    const weft_stage_model *model = &c->engine->items[c->stage];
    const weft_digital_op *op = &model->stage->ops[c->op];
    const size_t channels = (size_t)op->in.channels;
    const double n = (double)c->count * op->in.height * op->in.width;
    for (size_t k = 0; k < channels; k++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < c->count; i++) {
            sum += c->sums[i * 2 * channels + k];
            squares += c->sums[i * 2 * channels + channels + k];
        }
        const double mean = sum / n, spread = squares / n - mean * mean, variance = spread > 0 ? spread : 0;
        const double scale = (double)op->gamma[k] / sqrt(variance + (double)op->epsilon);
        model->scale[c->op][k] = (float)scale;
        model->offset[c->op][k] = (float)((double)op->beta[k] - mean * scale);
    }
}

static weft_status calibrate_affine(calibration *c, weft_error *err) {
    const weft_stage *stage = c->engine->items[c->stage].stage;
    for (c->op = 0; c->op < stage->op_count; c->op++) {
        const weft_digital_op *op = &stage->ops[c->op];
        if (op->kind != WEFT_DIGITAL_AFFINE || op->batch_norm < 0) continue;
        c->sums = weft_aligned_alloc(c->count, 2 * (size_t)op->in.channels * sizeof *c->sums);
        if (!c->sums) return weft_error_set(err, WEFT_E_MEMORY, "no memory to calibrate on %zu images", c->count);
        const weft_status status = weft_functional_groups(c->engine, c->count, visit_statistics, c, err);
        if (status == WEFT_OK) refold(c);
        weft_aligned_free(c->sums);
        c->sums = NULL;
        if (status != WEFT_OK) return status;
    }
    return WEFT_OK;
}

static void visit_outputs(void *context, weft_work *work, size_t first, int images) {
    const calibration *c = context;
    const weft_stage *stage = c->engine->items[c->stage].stage;
    const size_t size = weft_shape_size(stage->out);
    load_inputs(c, work, first, images);
    weft_functional_matrix(c->engine, c->stage, work, images);
    weft_functional_digital(c->engine, c->stage, 0, stage->op_count, work, images);
    memcpy(c->outputs + first * size, work->map, sizeof(float) * size * (size_t)images);
}

/* Range (if asked for) and quantised inputs of the stage. */
static weft_status prepare_inputs(calibration *c, bool set_range, weft_error *err) {
    weft_stage_model *model = &c->engine->items[c->stage];
    const size_t size = weft_shape_size(model->stage->in);
    const float *values = c->values ? c->values : c->x;
    if (set_range) {
        const float largest = largest_magnitude(values, size * c->count);
        if (!isfinite(largest))
            return weft_error_set(err, WEFT_E_INVALID, "stage '%s': an input is not finite", model->stage->name);
        weft_stage_model_set_range(model, c->engine->chip, largest);
    }
    weft_aligned_free(c->q);
    c->q = weft_aligned_alloc(c->count, size * sizeof *c->q);
    if (!c->q) return weft_error_set(err, WEFT_E_MEMORY, "no memory to calibrate on %zu images", c->count);
    if (c->values)
        weft_quantise_i16(c->values, size * c->count, model->input_scale, c->engine->chip->input_max, c->q);
    else
        for (size_t i = 0; i < c->count; i++) weft_functional_input(c->engine, c->x + i * size, c->q + i * size);
    return WEFT_OK;
}

static weft_status calibrate_stage(calibration *c, unsigned what, weft_error *err) {
    WEFT_TRY(prepare_inputs(c, what & WEFT_CALIBRATE_RANGES, err));
    if (what & WEFT_CALIBRATE_AFFINE) WEFT_TRY(calibrate_affine(c, err));
    if (c->stage + 1 == c->engine->count) return WEFT_OK;
    c->outputs = weft_aligned_alloc(c->count, weft_shape_size(c->engine->items[c->stage].stage->out) * sizeof(float));
    if (!c->outputs) return weft_error_set(err, WEFT_E_MEMORY, "no memory to calibrate on %zu images", c->count);
    WEFT_TRY(weft_functional_groups(c->engine, c->count, visit_outputs, c, err));
    weft_aligned_free(c->values);
    c->values = c->outputs;
    c->outputs = NULL;
    return WEFT_OK;
}

weft_status weft_engine_calibrate(weft_engine *engine, const float *x, size_t count, unsigned what, weft_error *err) {
    calibration c = {.engine = engine, .count = count, .x = x};
    weft_status status = WEFT_OK;
    if (count == 0) return weft_error_set(err, WEFT_E_INVALID, "calibration needs at least 1 image");
    if (!(what & WEFT_CALIBRATE_RANGES)) WEFT_TRY(weft_engine_check_ranges(engine, err));
    for (c.stage = 0; c.stage < engine->count; c.stage++) WEFT_TRY_GOTO(calibrate_stage(&c, what, err));
cleanup:
    weft_aligned_free(c.values);
    weft_aligned_free(c.outputs);
    weft_aligned_free(c.q);
    return status;
}
