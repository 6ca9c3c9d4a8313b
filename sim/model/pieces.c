#include <assert.h>
#include <string.h>

#include "sim/model/engine_internal.h"

void weft_engine_quantise_input(const weft_engine *engine, const float *x_chw, int32_t *q_hwc) {
    const weft_shape in = engine->stages->input;
    const size_t positions = (size_t)in.height * (size_t)in.width, channels = (size_t)in.channels;
    for (size_t p = 0; p < positions; p++)
        for (size_t c = 0; c < channels; c++)
            weft_quantise_i32(&x_chw[c * positions + p], 1, engine->outputs[0].scale, engine->chip->input_max,
                              &q_hwc[p * channels + c]);
}

/* Rows [begin, end) of the matrix's input at (y, x): for each pixel of the window, the part of its channels that lies
 * there. */
static void gather_rows(const weft_stage *stage, const int32_t *q_map, int y, int x, int begin, int end, int16_t *to) {
    const weft_window *w = &stage->window;
    const int channels = stage->in.channels / stage->groups;
    for (int r = begin; r < end;) {
        const int tap = weft_stage_row_tap(stage, r), first = weft_stage_row_channel(stage, r);
        const int left = channels - r % channels, count = left < end - r ? left : end - r;
        const int iy = y * w->stride_h - w->pad_top + tap / w->kernel_w * w->dilation_h;
        const int ix = x * w->stride_w - w->pad_left + tap % w->kernel_w * w->dilation_w;
        const bool inside = iy >= 0 && iy < stage->in.height && ix >= 0 && ix < stage->in.width;
        const int32_t *from =
            inside ? q_map + ((size_t)iy * (size_t)stage->in.width + (size_t)ix) * (size_t)stage->in.channels + first
                   : NULL;
        for (int i = 0; i < count; i++) to[r - begin + i] = inside ? (int16_t)from[i] : 0;
        r += count;
    }
}

/* rows: gathered, with room for one more. */
static void multiply_tile(const weft_engine *engine, int stage, int tile, uint64_t image, int16_t *rows, int y, int x,
                          int64_t *codes) {
    const weft_stage_model *model = &engine->items[stage];
    const weft_tile *t = &model->mapped->tiles[tile];
    const int programmed = model->programmed[tile], position = y * model->stage->matrix_out.width + x;
    const weft_array *array = &model->arrays[programmed];
    const weft_read_place place = weft_stage_model_place(model, programmed, image, position);
    const int count = t->row_end - t->row_begin, even = (count + 1) / 2 * 2;
    if (even > count) rows[count] = 0;
    memset(codes, 0, sizeof *codes * (size_t)array->columns);
    weft_array_multiply(array, rows, even, 1, engine->chip->has_read_noise ? &place : NULL, codes, array->columns,
                        NULL);
}

void weft_engine_tile(const weft_engine *engine, int stage, int tile, uint64_t image, const int32_t *q_map, int y,
                      int x, int64_t *codes) {
    const weft_stage_model *model = &engine->items[stage];
    const weft_tile *t = &model->mapped->tiles[tile];
    int16_t rows[WEFT_ARRAY_ROWS_MAX];
    gather_rows(model->stage, q_map, y, x, t->row_begin, t->row_end, rows);
    multiply_tile(engine, stage, tile, image, rows, y, x, codes);
}

void weft_engine_tile_window(const weft_engine *engine, int stage, int tile, uint64_t image, const int16_t *q_window,
                             int y, int x, int64_t *codes) {
    const weft_stage *s = engine->items[stage].stage;
    const weft_tile *t = &engine->items[stage].mapped->tiles[tile];
    const int channels = s->in.channels / s->groups;
    int16_t rows[WEFT_ARRAY_ROWS_MAX];
    for (int r = t->row_begin; r < t->row_end;) {
        const int left = channels - r % channels, count = left < t->row_end - r ? left : t->row_end - r;
        const size_t from = (size_t)weft_stage_row_tap(s, r) * (size_t)s->in.channels;
        memcpy(rows + (r - t->row_begin), q_window + from + weft_stage_row_channel(s, r),
               sizeof *rows * (size_t)count);
        r += count;
    }
    multiply_tile(engine, stage, tile, image, rows, y, x, codes);
}

void weft_engine_dequantise(const weft_engine *engine, int stage, int begin, int end, const int64_t *sums,
                            float *values) {
    weft_dequantise(sums, (size_t)(end - begin), engine->items[stage].value_scale, values);
}

void weft_engine_port(const weft_engine *engine, int stage, int port, int begin, int end, const int32_t *q,
                      float *values) {
    const weft_port *from = &engine->stages->items[stage].ports[port];
    for (int i = 0; i < from->source_count; i++) {
        const weft_source *source = &from->sources[i];
        const float scale = engine->outputs[source->stage + 1].scale;
        const int source_end = source->begin + source->channels;
        const int first = source->begin > begin ? source->begin : begin, last = source_end < end ? source_end : end;
        for (int c = first; c < last; c++) values[c - begin] = weft_digital_value(q[c - begin], scale);
    }
}

void weft_engine_digital(const weft_engine *engine, int stage, int op, int begin, int end, const float *in_map,
                         const float *addend, int y, int x, float *out) {
    const weft_stage_model *model = &engine->items[stage];
    const weft_digital_op *operation = &model->stage->ops[op];
    const int channels = end - begin;
    if (weft_digital_has_window(operation)) {
        weft_digital_window(operation, channels, in_map, y, x, out);
        return;
    }
    const float *in = in_map + ((size_t)y * (size_t)operation->in.width + (size_t)x) * (size_t)channels;
    if (operation->kind == WEFT_DIGITAL_ADD) {
        for (int c = 0; c < channels; c++) out[c] = weft_digital_sum(in[c], addend[c]);
        return;
    }
    const bool affine = operation->kind == WEFT_DIGITAL_AFFINE;
    weft_digital_elementwise(operation, affine ? model->scale[op] + begin : NULL,
                             affine ? model->offset[op] + begin : NULL, 1, channels, in, out);
}

void weft_engine_quantise(const weft_engine *engine, int stage, const float *values, int count, int32_t *q) {
    weft_quantise_i32(values, (size_t)count, engine->outputs[stage + 1].scale, engine->chip->input_max, q);
}
