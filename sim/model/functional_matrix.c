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

/* A block of one class of positions (weft_stage_model.positions) of all images: of these, numbered through,
 * first, first + step, ... */
typedef struct run {
    const weft_engine *engine;
    const weft_stage_model *model;
    const weft_watch *watch;
    const int16_t *q; /* [images, in.height, in.width, in.channels] */
    weft_work *work;
    const int *positions; /* [each] the class's */
    int each, copy;       /* and its copy */
    int64_t first, step;
    int count;
} run;

/* Position in an image; *image: which one of the group. */
static int position_of(const run *r, int i, int *image) {
    const int64_t at = r->first + i * r->step;
    *image = (int)(at / r->each);
    return r->positions[at % r->each];
}

static const int16_t *map_of(const run *r, int i, int *y, int *x) {
    const weft_stage *s = r->model->stage;
    int image = 0;
    const int position = position_of(r, i, &image);
    *y = position / s->matrix_out.width;
    *x = position % s->matrix_out.width;
    return r->q + (size_t)image * weft_shape_size(s->in);
}

WEFT_INLINE void add_products_body(int64_t *sums, const int16_t *q, const int16_t *w, int count) {
    for (int c = 0; c < count; c++) sums[c] += (int32_t)q[c] * w[c];
}
static void add_products(int64_t *sums, const int16_t *q, const int16_t *w, int count);
WEFT_VARIANTS(add_products, (int64_t * sums, const int16_t *q, const int16_t *w, int count), (sums, q, w, count))

/* Groups of one input channel: nothing is gathered. */
static void multiply_channel_wise(const run *r, const int16_t *weights, int64_t *sums) {
    const weft_stage *s = r->model->stage;
    const int taps = s->window.kernel_h * s->window.kernel_w, each = weft_stage_group_columns(s);
    for (int i = 0; i < r->count; i++, sums += s->columns) {
        int y = 0, x = 0;
        const int16_t *q_map = map_of(r, i, &y, &x);
        for (int tap = 0; tap < taps; tap++) {
            const int16_t *pixel = tap_pixel(s, q_map, y, x, tap);
            const int16_t *w = weights + (size_t)tap * (size_t)s->columns;
            if (pixel && each == 1) add_products(sums, pixel, w, s->columns);
            for (int c = 0; pixel && each > 1 && c < s->columns; c++) sums[c] += (int32_t)pixel[c / each] * w[c];
        }
    }
}

static void multiply_products(const run *r, const weft_products *products, int64_t *sums) {
    const weft_stage *s = r->model->stage;
    const int rows = weft_stage_group_rows(s), columns = weft_stage_group_columns(s);
    if (products->channel_wise) {
        multiply_channel_wise(r, products->channel_wise, sums);
        return;
    }
    for (int g = 0; g < s->groups; g++)
        weft_panel_multiply(&products->groups[g], r->work->rows + g * rows, even_rows(s), r->count,
                            r->engine->chip->input_max, sums + g * columns, s->columns);
}

static void set_places(const run *r, int programmed) {
    for (int i = 0; i < r->count; i++) {
        int image = 0;
        const int position = position_of(r, i, &image);
        r->work->places[i] = weft_stage_model_place(r->model, programmed, r->work->image + (uint64_t)image, position);
    }
}

/* The tiles of the class's copy. */
static void multiply_tiles(const run *r) {
    const weft_stage_model *model = r->model;
    const weft_watch *watch = r->watch;
    const int stride = even_rows(model->stage), columns = model->stage->columns;
    const bool noise = r->engine->chip->has_read_noise, probe = watch && watch->tile;
    for (int i = model->copy_begin[r->copy]; i < model->copy_begin[r->copy + 1]; i++) {
        const int t = model->copy_tiles[i];
        const weft_tile *tile = &model->mapped->tiles[t];
        const weft_array *array = &model->arrays[model->programmed[t]];
        if (noise) set_places(r, model->programmed[t]);
        weft_array_multiply(array, r->work->rows + tile->row_begin, stride, r->count, noise ? r->work->places : NULL,
                            r->work->sums + tile->column_begin, columns, probe ? watch->probes : NULL);
        if (!probe) continue;
        watch->tile(watch->context, t, array, watch->probes);
        memset(watch->probes, 0, sizeof *watch->probes * (size_t)array->plane_count);
    }
}

static void gather_block(const run *r) {
    const weft_stage *s = r->model->stage;
    const int stride = even_rows(s);
    for (int i = 0; i < r->count; i++) {
        int16_t *to = r->work->rows + (size_t)i * (size_t)stride;
        int y = 0, x = 0;
        const int16_t *q_map = map_of(r, i, &y, &x);
        if (s->groups > 1)
            gather_groups(s, q_map, y, x, to);
        else
            gather(s, q_map, y, x, to);
        if (stride > s->rows) to[s->rows] = 0;
    }
}

/* Sample by sample: an image's sums have one order, whatever blocks it was cut into. */
static void add_power(const run *r) {
    const int columns = r->model->stage->columns;
    for (int i = 0; i < r->count; i++) {
        const size_t row = (size_t)i * (size_t)columns;
        int image = 0;
        position_of(r, i, &image);
        double *power = r->watch->power + 2 * (size_t)image;
        for (int c = 0; c < columns; c++) {
            const double exact = (double)r->watch->exact[row + (size_t)c];
            const double error = (double)r->work->sums[row + (size_t)c] * r->model->result_scale - exact;
            power[0] += exact * exact;
            power[1] += error * error;
        }
    }
}

static void multiply(const run *r) {
    const weft_stage_model *model = r->model;
    const size_t bytes = sizeof(int64_t) * (size_t)r->count * (size_t)model->stage->columns;
    const bool plain = model->exact && !r->watch;
    memset(r->work->sums, 0, bytes);
    if (!plain || !model->products.channel_wise) gather_block(r);
    if (plain)
        multiply_products(r, &model->products, r->work->sums);
    else
        multiply_tiles(r);
    if (!r->watch || !r->watch->products) return;
    memset(r->watch->exact, 0, bytes);
    multiply_products(r, r->watch->products, r->watch->exact);
    add_power(r);
}

/* Results to their places in work->map. */
static void dequantise(const run *r) {
    const weft_stage *s = r->model->stage;
    const size_t columns = (size_t)s->columns, map = weft_shape_size(s->matrix_out);
    if (r->model->classes == 1) {
        weft_dequantise(r->work->sums, (size_t)r->count * columns, r->model->value_scale,
                        r->work->map + (size_t)r->first * columns);
        return;
    }
    for (int i = 0; i < r->count; i++) {
        int image = 0;
        const size_t position = (size_t)position_of(r, i, &image);
        weft_dequantise(r->work->sums + (size_t)i * columns, columns, r->model->value_scale,
                        r->work->map + (size_t)image * map + position * columns);
    }
}

/* Of the class's positions of all images that are watched, the first one here. */
static int64_t first_watched(const weft_watch *watch, uint64_t image, int each, int64_t step) {
    const int64_t begin = (int64_t)(image - watch->first_image) * each;
    return (step - begin % step) % step;
}

static void multiply_class(run *r, int class_number, int images) {
    const weft_stage_model *model = r->model;
    const weft_watch *watch = r->watch;
    const int block = block_positions(model->stage);
    r->positions = model->positions + model->class_begin[class_number];
    r->each = model->class_begin[class_number + 1] - model->class_begin[class_number];
    r->copy = model->class_copy[class_number];
    r->step = watch && watch->stride ? (int64_t)watch->stride[class_number] : 1;
    const int64_t end = (int64_t)images * r->each;
    for (r->first = watch ? first_watched(watch, r->work->image, r->each, r->step) : 0; r->first < end;
         r->first += block * r->step) {
        const int64_t left = (end - r->first + r->step - 1) / r->step;
        r->count = left < block ? (int)left : block;
        multiply(r);
        if (r->step == 1) dequantise(r);
    }
}

void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images) {
    const weft_watch *watch = work->watch;
    run r = {.engine = engine, .model = watch ? watch->model : &engine->items[stage], .watch = watch, .work = work};
    r.q = matrix_input(engine, stage, work, images);
    for (int k = 0; k < r.model->classes; k++) multiply_class(&r, k, images);
}
