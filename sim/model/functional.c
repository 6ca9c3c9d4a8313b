#include <omp.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

enum { GROUP_MAX = 8, BLOCK_MIN = 8, BLOCK_MAX = 128, BLOCK_BYTES = 64 << 10, RUN = 256 };

static int even_rows(const weft_stage *stage) { return (stage->rows + 1) / 2 * 2; }

/* Positions computed together: what fits the cache. */
static int block_positions(const weft_stage *stage) {
    int positions = BLOCK_BYTES / (2 * even_rows(stage)) / BLOCK_MIN * BLOCK_MIN;
    if (positions < BLOCK_MIN) positions = BLOCK_MIN;
    return positions < BLOCK_MAX ? positions : BLOCK_MAX;
}

/* ---- memory of a thread ---- */

typedef struct extents {
    size_t q, map, rows, sums, block;
} extents;

static void grow(size_t *to, size_t value) {
    if (value > *to) *to = value;
}

static extents work_extents(const weft_engine *engine) {
    extents e = {0};
    for (int s = 0; s < engine->count; s++) {
        const weft_stage *stage = engine->items[s].stage;
        const size_t block = (size_t)block_positions(stage);
        grow(&e.block, block);
        grow(&e.q, weft_shape_size(stage->in));
        grow(&e.rows, block * (size_t)even_rows(stage));
        grow(&e.sums, block * (size_t)stage->columns);
        grow(&e.map, weft_shape_size(stage->matrix_out));
        for (int o = 0; o < stage->op_count; o++) grow(&e.map, weft_shape_size(stage->ops[o].out));
    }
    return e;
}

static void work_destroy(weft_work *work) {
    void *const blocks[] = {work->q,
                            work->map,
                            work->next,
                            work->rows,
                            work->sums,
                            work->scratch.codes,
                            work->scratch.split,
                            work->scratch.digits,
                            work->scratch.digit_sum};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) weft_aligned_free(blocks[i]);
}

/* False when memory is out. */
static bool work_create(weft_work *work, const weft_engine *engine, int group) {
    const extents e = work_extents(engine);
    const size_t images = (size_t)group;
    *work = (weft_work){.group = group};
    work->q = weft_aligned_alloc(images * e.q, sizeof *work->q);
    work->map = weft_aligned_alloc(images * e.map, sizeof *work->map);
    work->next = weft_aligned_alloc(images * e.map, sizeof *work->next);
    work->rows = weft_aligned_alloc(e.rows, sizeof *work->rows);
    work->sums = weft_aligned_alloc(e.sums, sizeof *work->sums);
    work->scratch.codes = weft_aligned_alloc(e.sums, sizeof *work->scratch.codes);
    work->scratch.split = weft_aligned_alloc(e.rows, sizeof *work->scratch.split);
    work->scratch.digits = weft_aligned_alloc(e.rows, sizeof *work->scratch.digits);
    work->scratch.digit_sum = weft_aligned_alloc(e.block, sizeof *work->scratch.digit_sum);
    return work->q && work->map && work->next && work->rows && work->sums && work->scratch.codes &&
           work->scratch.split && work->scratch.digits && work->scratch.digit_sum;
}

/* ---- matrix ---- */

/* One row of the window: pixels from ix on, a step of dilation apart; those outside the map are zero. */
static void gather_line(const weft_stage *stage, const int16_t *line, int ix, int16_t *to) {
    const int channels = stage->in.channels, width = stage->in.width, dilation = stage->window.dilation_w;
    const size_t pixel = sizeof *to * (size_t)channels;
    for (int kx = 0; kx < stage->window.kernel_w; kx++, ix += dilation, to += channels) {
        if (line && ix >= 0 && ix < width)
            memcpy(to, line + (size_t)ix * (size_t)channels, pixel);
        else
            memset(to, 0, pixel);
    }
}

static void gather(const weft_stage *stage, const int16_t *q_map, int y, int x, int16_t *to) {
    const weft_window *w = &stage->window;
    const size_t line = (size_t)stage->in.width * (size_t)stage->in.channels;
    const size_t run = (size_t)w->kernel_w * (size_t)stage->in.channels;
    const int left = x * w->stride_w - w->pad_left;
    const bool whole = w->dilation_w == 1 && left >= 0 && left + w->kernel_w <= stage->in.width;
    for (int ky = 0; ky < w->kernel_h; ky++, to += run) {
        const int iy = y * w->stride_h - w->pad_top + ky * w->dilation_h;
        const int16_t *from = iy >= 0 && iy < stage->in.height ? q_map + (size_t)iy * line : NULL;
        if (from && whole)
            memcpy(to, from + (size_t)left * (size_t)stage->in.channels, sizeof *to * run);
        else
            gather_line(stage, from, left, to);
    }
}

static void multiply_block(const weft_engine *engine, const weft_stage_model *model, weft_work *work, int count) {
    const int stride = even_rows(model->stage), columns = model->stage->columns;
    memset(work->sums, 0, sizeof *work->sums * (size_t)count * (size_t)columns);
    if (model->exact) {
        weft_panel_multiply(&model->product, work->rows, stride, count, engine->chip->input_max, work->sums, columns,
                            work->scratch.split);
        return;
    }
    for (int t = 0; t < model->mapped->tile_count; t++) {
        const weft_tile *tile = &model->mapped->tiles[t];
        weft_array_multiply(&model->arrays[t], work->rows + tile->row_begin, stride, count,
                            work->sums + tile->column_begin, columns, &work->scratch);
    }
}

void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images) {
    const weft_stage_model *model = &engine->items[stage];
    const weft_stage *s = model->stage;
    const size_t in_size = weft_shape_size(s->in), columns = (size_t)s->columns;
    const int width = s->matrix_out.width, positions = s->matrix_out.height * width, total = images * positions;
    const int block = block_positions(s), stride = even_rows(s);
    for (int first = 0; first < total; first += block) {
        const int count = total - first < block ? total - first : block;
        for (int i = 0; i < count; i++) {
            const int image = (first + i) / positions, position = (first + i) % positions;
            int16_t *to = work->rows + (size_t)i * (size_t)stride;
            gather(s, work->q + (size_t)image * in_size, position / width, position % width, to);
            if (stride > s->rows) to[s->rows] = 0;
        }
        multiply_block(engine, model, work, count);
        weft_dequantise(work->sums, (size_t)count * columns, model->value_scale, work->map + (size_t)first * columns);
    }
}

/* ---- digital ---- */

static void pool_maps(const weft_digital_op *op, weft_work *work, int images) {
    const size_t in_size = weft_shape_size(op->in), out_size = weft_shape_size(op->out),
                 channels = (size_t)op->in.channels;
    for (int i = 0; i < images; i++)
        for (int y = 0; y < op->out.height; y++)
            for (int x = 0; x < op->out.width; x++)
                weft_digital_pool(op, op->in.channels, work->map + (size_t)i * in_size, y, x,
                                  work->next + (size_t)i * out_size +
                                      ((size_t)y * (size_t)op->out.width + (size_t)x) * channels);
    float *const swap = work->map;
    work->map = work->next;
    work->next = swap;
}

void weft_functional_digital(const weft_engine *engine, int stage, int first, int end, weft_work *work, int images) {
    const weft_stage_model *model = &engine->items[stage];
    for (int o = first; o < end; o++) {
        const weft_digital_op *op = &model->stage->ops[o];
        const size_t positions = (size_t)images * (size_t)op->in.height * (size_t)op->in.width;
        if (weft_digital_is_pool(op))
            pool_maps(op, work, images);
        else
            weft_digital_elementwise(op, model->scale[o], model->offset[o], positions, op->in.channels, work->map,
                                     work->map);
    }
}

/* ---- images ---- */

weft_status weft_functional_groups(const weft_engine *engine, size_t count, weft_group_visit visit, void *context,
                                   weft_error *err) {
    const size_t share = count / (size_t)omp_get_max_threads();
    const int group = share < 1 ? 1 : share < GROUP_MAX ? (int)share : GROUP_MAX;
    const size_t groups = (count + (size_t)group - 1) / (size_t)group;
    bool failed = false;
#pragma omp parallel shared(failed)
    {
        weft_work work;
        const bool ready = work_create(&work, engine, group);
        if (!ready) {
#pragma omp atomic write
            failed = true;
        }
#pragma omp for schedule(dynamic)
        for (size_t g = 0; g < groups; g++) {
            const size_t first = g * (size_t)group;
            if (ready)
                visit(context, &work, first, (int)(count - first < (size_t)group ? count - first : (size_t)group));
        }
        work_destroy(&work);
    }
    return failed ? weft_error_set(err, WEFT_E_MEMORY, "no memory for the maps of %d images a thread", group) : WEFT_OK;
}

void weft_functional_input(const weft_engine *engine, const float *x_chw, int16_t *q_hwc) {
    const weft_shape in = engine->stages->input;
    const size_t positions = (size_t)in.height * (size_t)in.width, channels = (size_t)in.channels;
    int16_t run[RUN];
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < positions; p += RUN) {
            const size_t count = positions - p < RUN ? positions - p : RUN;
            weft_quantise_i16(x_chw + c * positions + p, count, engine->items[0].input_scale, engine->chip->input_max,
                              run);
            for (size_t i = 0; i < count; i++) q_hwc[(p + i) * channels + c] = run[i];
        }
}

typedef struct run_context {
    const weft_engine *engine;
    const float *x;
    float *logits;
} run_context;

static void run_group(void *context, weft_work *work, size_t first, int images) {
    const run_context *run = context;
    const weft_engine *engine = run->engine;
    const size_t in_size = weft_shape_size(engine->stages->input),
                 classes = (size_t)engine->items[engine->count - 1].stage->out.channels;
    for (int i = 0; i < images; i++)
        weft_functional_input(engine, run->x + (first + (size_t)i) * in_size, work->q + (size_t)i * in_size);
    for (int s = 0; s < engine->count; s++) {
        const weft_stage *stage = engine->items[s].stage;
        weft_functional_matrix(engine, s, work, images);
        weft_functional_digital(engine, s, 0, stage->op_count, work, images);
        if (s + 1 < engine->count)
            weft_quantise_i16(work->map, (size_t)images * weft_shape_size(stage->out), engine->items[s + 1].input_scale,
                              engine->chip->input_max, work->q);
    }
    memcpy(run->logits + first * classes, work->map, sizeof(float) * classes * (size_t)images);
}

weft_status weft_engine_run(const weft_engine *engine, const float *x, size_t count, float *logits, weft_error *err) {
    run_context run = {.engine = engine, .x = x, .logits = logits};
    WEFT_TRY(weft_engine_check_ranges(engine, err));
    return weft_functional_groups(engine, count, run_group, &run, err);
}
