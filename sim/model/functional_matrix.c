#include <string.h>

#include "sim/model/functional_internal.h"
#include "sim/model/simd.h"

enum { BLOCK_MIN = 8, BLOCK_MAX = WEFT_BLOCK_POSITIONS, BLOCK_BYTES = 64 << 10 };

static int even_rows(const weft_stage *stage) { return (stage->rows + 1) / 2 * 2; }

/* Positions computed together: what fits the cache. */
static int block_positions(const weft_stage *stage) {
    const int rows = even_rows(stage) ? even_rows(stage) : 2;
    int positions = BLOCK_BYTES / (2 * rows) / BLOCK_MIN * BLOCK_MIN;
    if (positions < BLOCK_MIN) positions = BLOCK_MIN;
    return positions < BLOCK_MAX ? positions : BLOCK_MAX;
}

/* Two values more: the last group may have an odd number of rows, and is read in pairs. And what copies in whole
 * chunks touch. */
weft_matrix_extents weft_functional_matrix_extents(const weft_stage *stage) {
    const size_t block = (size_t)block_positions(stage);
    if (!stage->has_matrix) return (weft_matrix_extents){0};
    return (weft_matrix_extents){.rows = block * (size_t)even_rows(stage) + 2 + WEFT_COPY_VALUES,
                                 .sums = block * (size_t)stage->columns,
                                 .block = block};
}

/* ---- products ---- */

WEFT_INLINE void add_products_body(int64_t *sums, const int16_t *q, const int16_t *w, int count) {
    for (int c = 0; c < count; c++) sums[c] += (int32_t)q[c] * w[c];
}
static void add_products(int64_t *sums, const int16_t *q, const int16_t *w, int count);
WEFT_VARIANTS(add_products, (int64_t * sums, const int16_t *q, const int16_t *w, int count), (sums, q, w, count))

/* Groups of one input channel: nothing is gathered. */
static void multiply_channel_wise(const weft_block *b, const int16_t *weights, int64_t *sums) {
    const weft_stage *s = b->model->stage;
    const int taps = s->window.kernel_h * s->window.kernel_w, each = weft_stage_group_columns(s);
    for (int i = 0; i < b->count; i++, sums += s->columns) {
        const weft_spot *spot = &b->spots[i];
        const int16_t *q_map = b->q + (size_t)spot->image * weft_shape_size(s->in);
        for (int tap = 0; tap < taps; tap++) {
            const int16_t *pixel = weft_stage_tap_pixel(s, q_map, spot->y, spot->x, tap);
            const int16_t *w = weights + (size_t)tap * (size_t)s->columns;
            if (pixel && each == 1) add_products(sums, pixel, w, s->columns);
            for (int c = 0; pixel && each > 1 && c < s->columns; c++) sums[c] += (int32_t)pixel[c / each] * w[c];
        }
    }
}

static void multiply_products(const weft_block *b, const weft_products *products, int64_t *sums) {
    const weft_stage *s = b->model->stage;
    const int rows = weft_stage_group_rows(s), columns = weft_stage_group_columns(s);
    if (products->channel_wise) {
        multiply_channel_wise(b, products->channel_wise, sums);
        return;
    }
    for (int g = 0; g < s->groups; g++)
        weft_panel_multiply(&products->groups[g], b->rows + g * rows, b->stride, b->count, b->engine->chip->input_max,
                            sums + g * columns, s->columns);
}

static void set_places(const weft_block *b, int programmed) {
    for (int i = 0; i < b->count; i++) {
        const weft_spot *spot = &b->spots[i];
        b->work->places[i] = weft_stage_model_place(b->model, programmed, b->work->image + (uint64_t)spot->image,
                                                    spot->y * b->model->stage->matrix_out.width + spot->x);
    }
}

/* The tiles of the class's copy. */
static void multiply_tiles(const weft_block *b) {
    const weft_stage_model *model = b->model;
    const weft_watch *watch = b->watch;
    const int columns = model->stage->columns;
    const bool noise = b->engine->chip->has_read_noise, probe = watch && watch->tile;
    for (int i = model->copy_begin[b->copy]; i < model->copy_begin[b->copy + 1]; i++) {
        const int t = model->copy_tiles[i];
        const weft_tile *tile = &model->mapped->tiles[t];
        const weft_array *array = &model->arrays[model->programmed[t]];
        if (noise) set_places(b, model->programmed[t]);
        weft_array_multiply(array, b->rows + tile->row_begin, b->stride, b->count, noise ? b->work->places : NULL,
                            b->work->sums + tile->column_begin, columns, probe ? watch->probes : NULL);
        if (!probe) continue;
        watch->tile(watch->context, t, array, watch->probes);
        for (int k = 0; k < array->plane_count; k++) weft_probe_clear(&watch->probes[k]);
    }
}

/* Sample by sample: an image's sums have one order, whatever blocks it was cut into. */
static void add_power(const weft_block *b) {
    const int columns = b->model->stage->columns;
    for (int i = 0; i < b->count; i++) {
        const size_t row = (size_t)i * (size_t)columns;
        double *power = b->watch->power + 2 * (size_t)b->spots[i].image;
        for (int c = 0; c < columns; c++) {
            const double exact = (double)b->watch->exact[row + (size_t)c];
            const double error = (double)b->work->sums[row + (size_t)c] * b->model->result_scale - exact;
            power[0] += exact * exact;
            power[1] += error * error;
        }
    }
}

static void multiply(weft_block *b) {
    const weft_stage_model *model = b->model;
    const size_t bytes = sizeof(int64_t) * (size_t)b->count * (size_t)model->stage->columns;
    const bool plain = model->exact && !b->watch;
    memset(b->work->sums, 0, bytes);
    if (!plain || !model->products.channel_wise) weft_block_gather(b);
    if (plain)
        multiply_products(b, &model->products, b->work->sums);
    else
        multiply_tiles(b);
    if (!b->watch || !b->watch->products) return;
    memset(b->watch->exact, 0, bytes);
    multiply_products(b, b->watch->products, b->watch->exact);
    add_power(b);
}

/* Of the class's positions of all images that are watched, the first one here. */
static int64_t first_watched(const weft_watch *watch, uint64_t image, int each, int64_t step) {
    const int64_t begin = (int64_t)(image - watch->first_image) * each;
    return (step - begin % step) % step;
}

static void multiply_class(weft_block *b, int class_number, int images) {
    const weft_stage_model *model = b->model;
    const weft_watch *watch = b->watch;
    const int block = block_positions(model->stage);
    b->positions = model->positions + model->class_begin[class_number];
    b->each = model->class_begin[class_number + 1] - model->class_begin[class_number];
    b->copy = model->class_copy[class_number];
    b->step = watch && watch->stride ? (int64_t)watch->stride[class_number] : 1;
    const int64_t end = (int64_t)images * b->each;
    for (b->first = watch ? first_watched(watch, b->work->image, b->each, b->step) : 0; b->first < end;
         b->first += block * b->step) {
        const int64_t left = (end - b->first + b->step - 1) / b->step;
        b->count = left < block ? (int)left : block;
        weft_block_place(b);
        multiply(b);
        if (b->step == 1) weft_block_finish(b);
    }
}

void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images, int ops, bool sent) {
    const weft_watch *watch = work->watch;
    weft_block b = {.engine = engine,
                    .model = watch ? watch->model : &engine->items[stage],
                    .watch = watch,
                    .work = work,
                    .ops = ops,
                    .sent = sent};
    b.stride = even_rows(b.model->stage);
    b.q = weft_functional_matrix_input(engine, stage, work, images);
    for (int k = 0; k < b.model->classes; k++) multiply_class(&b, k, images);
}
