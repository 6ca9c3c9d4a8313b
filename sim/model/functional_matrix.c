#include <string.h>

#include "sim/model/engine_internal.h"
#include "sim/model/simd.h"

enum { BLOCK_MIN = 8, BLOCK_MAX = 128, BLOCK_BYTES = 64 << 10 };

static int even_rows(const weft_stage *stage) { return (stage->rows + 1) / 2 * 2; }

/* Positions computed together: what fits the cache. */
static int block_positions(const weft_stage *stage) {
    const int rows = even_rows(stage) ? even_rows(stage) : 2;
    int positions = BLOCK_BYTES / (2 * rows) / BLOCK_MIN * BLOCK_MIN;
    if (positions < BLOCK_MIN) positions = BLOCK_MIN;
    return positions < BLOCK_MAX ? positions : BLOCK_MAX;
}

/* Two values more: the last group may have an odd number of rows, and is read in pairs. */
weft_matrix_extents weft_functional_matrix_extents(const weft_stage *stage) {
    const size_t block = (size_t)block_positions(stage);
    if (!stage->has_matrix) return (weft_matrix_extents){0};
    return (weft_matrix_extents){
        .rows = block * (size_t)even_rows(stage) + 2, .sums = block * (size_t)stage->columns, .block = block};
}

/* ---- input ---- */

static void join_source(const weft_engine *engine, const weft_port *port, const weft_source *source, weft_work *work,
                        int images) {
    const int16_t *from = weft_functional_output(engine, work, source->stage + 1);
    const size_t stride = (size_t)engine->outputs[source->stage + 1].shape.channels,
                 channels = (size_t)port->shape.channels;
    const size_t positions = (size_t)images * (size_t)port->shape.height * (size_t)port->shape.width;
    int16_t *to = work->joined + source->begin;
    for (size_t p = 0; p < positions; p++)
        memcpy(to + p * channels, from + p * stride, sizeof *to * (size_t)source->channels);
}

/* Map that the matrix reads: an output, or several put together. */
static const int16_t *matrix_input(const weft_engine *engine, int stage, weft_work *work, int images) {
    const weft_port *port = &engine->stages->items[stage].ports[0];
    if (port->source_count == 1) return weft_functional_output(engine, work, port->sources[0].stage + 1);
    for (int i = 0; i < port->source_count; i++) join_source(engine, port, &port->sources[i], work, images);
    return work->joined;
}

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

/* Pixel that a tap reads at a position of the matrix; NULL: padding. */
static const int16_t *tap_pixel(const weft_stage *stage, const int16_t *q_map, int y, int x, int tap) {
    const weft_window *w = &stage->window;
    const int iy = y * w->stride_h - w->pad_top + tap / w->kernel_w * w->dilation_h;
    const int ix = x * w->stride_w - w->pad_left + tap % w->kernel_w * w->dilation_w;
    if (iy < 0 || iy >= stage->in.height || ix < 0 || ix >= stage->in.width) return NULL;
    return q_map + ((size_t)iy * (size_t)stage->in.width + (size_t)ix) * (size_t)stage->in.channels;
}

/* The same as gather, group by group. */
static void gather_groups(const weft_stage *stage, const int16_t *q_map, int y, int x, int16_t *to) {
    const int taps = stage->window.kernel_h * stage->window.kernel_w;
    const size_t channels = (size_t)(stage->in.channels / stage->groups),
                 group_rows = (size_t)weft_stage_group_rows(stage);
    for (int tap = 0; tap < taps; tap++) {
        const int16_t *from = tap_pixel(stage, q_map, y, x, tap);
        int16_t *group = to + (size_t)tap * channels;
        for (int g = 0; g < stage->groups; g++, group += group_rows) {
            if (from)
                memcpy(group, from + (size_t)g * channels, sizeof *group * channels);
            else
                memset(group, 0, sizeof *group * channels);
        }
    }
}

/* ---- products ---- */

/* Positions [first, first + count) of all images' positions. */
typedef struct run {
    const weft_engine *engine;
    const weft_stage_model *model;
    const int16_t *q; /* [images, in.height, in.width, in.channels] */
    weft_work *work;
    int first, count;
} run;

static void position_of(const run *r, int i, const int16_t **q_map, int *y, int *x) {
    const weft_stage *s = r->model->stage;
    const int width = s->matrix_out.width, positions = s->matrix_out.height * width;
    const int image = (r->first + i) / positions, position = (r->first + i) % positions;
    *q_map = r->q + (size_t)image * weft_shape_size(s->in);
    *y = position / width;
    *x = position % width;
}

WEFT_INLINE void add_products_body(int64_t *sums, const int16_t *q, const int16_t *w, int count) {
    for (int c = 0; c < count; c++) sums[c] += (int32_t)q[c] * w[c];
}
static void add_products(int64_t *sums, const int16_t *q, const int16_t *w, int count);
WEFT_VARIANTS(add_products, (int64_t * sums, const int16_t *q, const int16_t *w, int count), (sums, q, w, count))

/* Groups of one input channel: nothing is gathered. */
static void multiply_channel_wise(const run *r) {
    const weft_stage *s = r->model->stage;
    const int taps = s->window.kernel_h * s->window.kernel_w, each = weft_stage_group_columns(s);
    for (int i = 0; i < r->count; i++) {
        const int16_t *q_map = NULL;
        int64_t *sums = r->work->sums + (size_t)i * (size_t)s->columns;
        int y = 0, x = 0;
        position_of(r, i, &q_map, &y, &x);
        for (int tap = 0; tap < taps; tap++) {
            const int16_t *pixel = tap_pixel(s, q_map, y, x, tap);
            const int16_t *w = r->model->channel_wise + (size_t)tap * (size_t)s->columns;
            if (pixel && each == 1) add_products(sums, pixel, w, s->columns);
            for (int c = 0; pixel && each > 1 && c < s->columns; c++) sums[c] += (int32_t)pixel[c / each] * w[c];
        }
    }
}

static void multiply_groups(const run *r) {
    const weft_stage *s = r->model->stage;
    const int rows = weft_stage_group_rows(s), columns = weft_stage_group_columns(s);
    for (int g = 0; g < s->groups; g++)
        weft_panel_multiply(&r->model->products[g], r->work->rows + g * rows, even_rows(s), r->count,
                            r->engine->chip->input_max, r->work->sums + g * columns, s->columns,
                            r->work->scratch.split);
}

/* The copy's tiles at positions [from, to) of the run. */
static void multiply_tiles(const run *r, int copy, int from, int to) {
    const weft_stage_model *model = r->model;
    const int stride = even_rows(model->stage), columns = model->stage->columns;
    const int16_t *rows = r->work->rows + (size_t)from * (size_t)stride;
    int64_t *sums = r->work->sums + (size_t)from * (size_t)columns;
    for (int i = model->copy_begin[copy]; i < model->copy_begin[copy + 1]; i++) {
        const int t = model->copy_tiles[i];
        const weft_tile *tile = &model->mapped->tiles[t];
        weft_array_multiply(&model->arrays[model->programmed[t]], rows + tile->row_begin, stride, to - from,
                            sums + tile->column_begin, columns, &r->work->scratch);
    }
}

/* First copy with the same arrays as the one that computes a position of the run. */
static int arrays_at(const run *r, int i) {
    const int16_t *q_map = NULL;
    int y = 0, x = 0;
    position_of(r, i, &q_map, &y, &x);
    return r->model->copy_like[weft_stage_model_copy(r->model, y, x)];
}

static void multiply_copies(const run *r) {
    for (int from = 0, to; from < r->count; from = to) {
        const int copy = arrays_at(r, from);
        for (to = from + 1; to < r->count && arrays_at(r, to) == copy;) to++;
        multiply_tiles(r, copy, from, to);
    }
}

static void multiply(const run *r) {
    const weft_stage *s = r->model->stage;
    const int stride = even_rows(s);
    memset(r->work->sums, 0, sizeof *r->work->sums * (size_t)r->count * (size_t)s->columns);
    if (r->model->channel_wise) {
        multiply_channel_wise(r);
        return;
    }
    for (int i = 0; i < r->count; i++) {
        int16_t *to = r->work->rows + (size_t)i * (size_t)stride;
        const int16_t *q_map = NULL;
        int y = 0, x = 0;
        position_of(r, i, &q_map, &y, &x);
        if (s->groups > 1)
            gather_groups(s, q_map, y, x, to);
        else
            gather(s, q_map, y, x, to);
        if (stride > s->rows) to[s->rows] = 0;
    }
    if (r->model->exact)
        multiply_groups(r);
    else
        multiply_copies(r);
}

void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images) {
    const weft_stage_model *model = &engine->items[stage];
    const weft_stage *s = model->stage;
    const int total = images * s->matrix_out.height * s->matrix_out.width, block = block_positions(s);
    run r = {.engine = engine, .model = model, .work = work};
    r.q = matrix_input(engine, stage, work, images);
    for (; r.first < total; r.first += block) {
        r.count = total - r.first < block ? total - r.first : block;
        multiply(&r);
        weft_dequantise(work->sums, (size_t)r.count * (size_t)s->columns, model->value_scale,
                        work->map + (size_t)r.first * (size_t)s->columns);
    }
}
