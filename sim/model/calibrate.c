#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/calibrate_internal.h"

enum { RESULTS_MAX = 1 << 26 }; /* values of a matrix on all images that are kept: 256 MiB */

static weft_status out_of_memory(const weft_calibration *c, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory to calibrate on %zu images", c->count);
}

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

/* ---- one stage on a group of images ---- */

static void load_output(const weft_calibration *c, int output, weft_work *work, size_t first, int images) {
    const weft_engine *engine = c->engine;
    const size_t size = weft_shape_size(engine->outputs[output].shape);
    int16_t *q = weft_functional_output(engine, work, output);
    if (output)
        weft_quantise_i16(c->values[output] + first * size, size * (size_t)images, engine->outputs[output].scale,
                          engine->chip->input_max, q);
    for (int i = 0; !output && i < images; i++)
        weft_functional_input(engine, c->x + (first + (size_t)i) * size, q + (size_t)i * size);
}

void weft_calibration_load(const weft_calibration *c, int port, weft_work *work, size_t first, int images) {
    const weft_port *from = &c->engine->items[c->stage].stage->ports[port];
    for (int i = 0; i < from->source_count; i++) load_output(c, from->sources[i].stage + 1, work, first, images);
}

/* What the matrix gives: as it was kept, or anew. */
static void begin(const weft_calibration *c, weft_work *work, size_t first, int images) {
    const size_t size = weft_shape_size(c->engine->items[c->stage].stage->matrix_out),
                 bytes = size * (size_t)images * sizeof *c->results;
    if (c->results && c->multiplied) {
        memcpy(work->map, c->results + first * size, bytes);
        return;
    }
    weft_functional_begin(c->engine, c->stage, work, images);
    if (c->results) memcpy(c->results + first * size, work->map, bytes);
}

/* Everything that the stage reads, then its digital operations up to `end`. */
static void compute(const weft_calibration *c, int end, weft_work *work, size_t first, int images) {
    const weft_stage *stage = c->engine->items[c->stage].stage;
    for (int p = 0; p < stage->port_count; p++) weft_calibration_load(c, p, work, first, images);
    begin(c, work, first, images);
    weft_functional_digital(c->engine, c->stage, 0, end, work, images);
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
    const weft_calibration *c = context;
    const weft_digital_op *op = &c->engine->items[c->stage].stage->ops[c->op];
    const size_t channels = (size_t)op->in.channels, positions = (size_t)op->in.height * (size_t)op->in.width;
    compute(c, c->op, work, first, images);
    for (int i = 0; i < images; i++)
        sum_image(work->map + (size_t)i * positions * channels, positions, channels,
                  c->sums + (first + (size_t)i) * 2 * channels);
}

static void visit_outputs(void *context, weft_work *work, size_t first, int images) {
    const weft_calibration *c = context;
    const weft_stage *stage = c->engine->items[c->stage].stage;
    const size_t size = weft_shape_size(stage->out);
    compute(c, stage->op_count, work, first, images);
    memcpy(c->values[c->stage + 1] + first * size, work->map, sizeof(float) * size * (size_t)images);
}

/* ---- scale and offset ---- */

/* scale = gamma / sqrt(variance + epsilon), offset = beta - mean * scale. */
static void refold(const weft_calibration *c) {
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

static bool is_refolded(const weft_digital_op *op) { return op->kind == WEFT_DIGITAL_AFFINE && op->batch_norm >= 0; }

/* Results of a matrix that will be needed again, where they do not take much. */
static void keep_results(weft_calibration *c) {
    const weft_stage *stage = c->engine->items[c->stage].stage;
    bool again = false;
    for (int o = 0; stage->has_matrix && o < stage->op_count; o++) again = again || is_refolded(&stage->ops[o]);
    c->multiplied = false;
    const size_t values = again ? c->count * weft_shape_size(stage->matrix_out) : 0;
    if (values && values <= RESULTS_MAX) c->results = weft_aligned_alloc(values, sizeof *c->results);
}

static void drop_results(weft_calibration *c) {
    weft_aligned_free(c->results);
    c->results = NULL;
}

static weft_status calibrate_affine(weft_calibration *c, weft_error *err) {
    const weft_stage *stage = c->engine->items[c->stage].stage;
    for (c->op = 0; c->op < stage->op_count; c->op++) {
        const weft_digital_op *op = &stage->ops[c->op];
        if (!is_refolded(op)) continue;
        c->sums = weft_aligned_alloc(c->count, 2 * (size_t)op->in.channels * sizeof *c->sums);
        if (!c->sums) return out_of_memory(c, err);
        const weft_status status =
            weft_functional_groups(c->engine, WEFT_CALIBRATION_IMAGE, c->count, true, visit_statistics, c, err);
        if (status == WEFT_OK) refold(c);
        c->multiplied = true;
        weft_aligned_free(c->sums);
        c->sums = NULL;
        if (status != WEFT_OK) return status;
    }
    return WEFT_OK;
}

/* ---- ranges ---- */

/* Two outputs or more have the scale of this one. */
static bool is_shared(const weft_engine *engine, int output) {
    const int *range_of = engine->stages->range_of;
    int sharers = 0;
    for (int o = 0; o <= engine->count; o++)
        sharers += range_of[o] == range_of[output] && engine->outputs[o].last_reader >= 0;
    return sharers > 1;
}

static bool any_shared(const weft_engine *engine) {
    for (int o = 0; o <= engine->count; o++)
        if (is_shared(engine, o)) return true;
    return false;
}

/* A shared scale is known only when all its outputs are: some readers come earlier, and see a provisional one. A second
 * pass then keeps what the first has found. */
static weft_status set_range(weft_calibration *c, int output, const float *values, weft_error *err) {
    weft_engine *engine = c->engine;
    float *largest = &c->largest[engine->stages->range_of[output]];
    if (!(c->what & WEFT_CALIBRATE_RANGES) || (c->again && is_shared(engine, output))) return WEFT_OK;
    const float magnitude = largest_magnitude(values, weft_shape_size(engine->outputs[output].shape) * c->count);
    if (!isfinite(magnitude) && output == 0)
        return weft_error_set(err, WEFT_E_INVALID, "the network's input is not finite");
    if (!isfinite(magnitude))
        return weft_error_set(err, WEFT_E_INVALID, "stage '%s': an output is not finite",
                              engine->stages->items[output - 1].name);
    if (c->again || magnitude > *largest) *largest = magnitude;
    weft_engine_set_range(engine, output, *largest);
    return WEFT_OK;
}

/* ---- all stages ---- */

static void drop(weft_calibration *c, int output) {
    weft_aligned_free(c->values[output]);
    c->values[output] = NULL;
}

static void drop_sources(weft_calibration *c) {
    for (int o = 1; o <= c->stage; o++)
        if (c->engine->outputs[o].last_reader == c->stage) drop(c, o);
}

static weft_status calibrate_digital(weft_calibration *c, weft_error *err) {
    const int output = c->stage + 1;
    if (c->what & WEFT_CALIBRATE_AFFINE) WEFT_TRY(calibrate_affine(c, err));
    if (c->engine->outputs[output].last_reader >= 0) {
        const size_t size = weft_shape_size(c->engine->outputs[output].shape);
        c->values[output] = weft_aligned_alloc(c->count, size * sizeof(float));
        if (!c->values[output]) return out_of_memory(c, err);
        WEFT_TRY(weft_functional_groups(c->engine, WEFT_CALIBRATION_IMAGE, c->count, true, visit_outputs, c, err));
        WEFT_TRY(set_range(c, output, c->values[output], err));
    }
    return WEFT_OK;
}

static weft_status calibrate_stage(weft_calibration *c, weft_error *err) {
    if (c->what & WEFT_CALIBRATE_ADC) WEFT_TRY(weft_calibrate_adc(c, err));
    if (c->what & WEFT_CALIBRATE_AFFINE) keep_results(c);
    const weft_status status = calibrate_digital(c, err);
    drop_results(c);
    if (status == WEFT_OK) drop_sources(c);
    return status;
}

static weft_status calibrate_all(weft_calibration *c, weft_error *err) {
    if (c->engine->outputs[0].last_reader >= 0) WEFT_TRY(set_range(c, 0, c->x, err));
    for (c->stage = 0; c->stage < c->engine->count; c->stage++) WEFT_TRY(calibrate_stage(c, err));
    return WEFT_OK;
}

weft_status weft_engine_calibrate(weft_engine *engine, const float *x, size_t count, unsigned what, weft_error *err) {
    const size_t outputs = (size_t)engine->count + 1;
    weft_calibration c = {.engine = engine, .count = count, .what = what, .x = x};
    weft_status status = WEFT_OK;
    if (count == 0) return weft_error_set(err, WEFT_E_INVALID, "calibration needs at least 1 image");
    if (!(what & WEFT_CALIBRATE_RANGES)) WEFT_TRY(weft_engine_check_ranges(engine, err));
    c.values = weft_aligned_alloc(outputs, sizeof *c.values);
    c.largest = weft_aligned_alloc(outputs, sizeof *c.largest);
    if (!c.values || !c.largest) WEFT_TRY_GOTO(out_of_memory(&c, err));
    WEFT_TRY_GOTO(calibrate_all(&c, err));
    c.again = true;
    if ((what & WEFT_CALIBRATE_RANGES) && any_shared(engine)) WEFT_TRY_GOTO(calibrate_all(&c, err));
cleanup:
    for (int o = 0; c.values && o <= engine->count; o++) drop(&c, o);
    weft_aligned_free(c.values);
    weft_aligned_free(c.largest);
    return status;
}
