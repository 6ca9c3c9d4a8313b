/* Read noise: one normal a column and read, with the variance of a second integer product. */
#include <math.h>

#include "core/rng.h"
#include "sim/model/array_read_internal.h"
#include "sim/model/simd.h"

enum { COLUMNS = WEFT_BLOCK_COLUMNS };

WEFT_INLINE void weft_scale_narrow_body(double *x, const int32_t *sums, int count, const weft_scale *scale,
                                        int columns) {
    const double factor = scale->factor, unit = scale->unit;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < columns; c++) x[i * COLUMNS + c] = (double)sums[i * COLUMNS + c] * factor * unit;
}
WEFT_VARIANTS(weft_scale_narrow, (double *x, const int32_t *sums, int count, const weft_scale *scale, int columns),
              (x, sums, count, scale, columns))

WEFT_INLINE void weft_scale_wide_body(double *x, const int64_t *sums, int count, const weft_scale *scale, int columns) {
    const double factor = scale->factor, unit = scale->unit;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < columns; c++) x[i * COLUMNS + c] = (double)sums[i * COLUMNS + c] * factor * unit;
}
WEFT_VARIANTS(weft_scale_wide, (double *x, const int64_t *sums, int count, const weft_scale *scale, int columns),
              (x, sums, count, scale, columns))

WEFT_INLINE void add_noise_body(double *x, const double *variance, const float *normals, int stride, int count,
                                int columns) {
    for (int i = 0; i < count; i++)
        for (int c = 0; c < columns; c++)
            x[i * COLUMNS + c] += sqrt(variance[i * COLUMNS + c]) * (double)normals[i * stride + c];
}
static void add_noise(double *x, const double *variance, const float *normals, int stride, int count, int columns);
WEFT_VARIANTS(add_noise, (double *x, const double *variance, const float *normals, int stride, int count, int columns),
              (x, variance, normals, stride, count, columns))

/* Element of a read's draws. */
static uint64_t draw_of(const weft_read_call *call, const weft_read *read, size_t draw) {
    const uint64_t each = (uint64_t)call->array->plane_count * (uint64_t)call->array->columns;
    return call->places[read->sample].first_draw + (uint64_t)read->number * each + draw;
}

/* normals [block->count, width] = draws [first, first + width) of every read. Neighbouring reads often draw from
 * neighbouring elements: together, that is faster. */
static void draw_normals(const weft_read_call *call, const weft_read_block *block, size_t first, size_t width,
                         float *normals) {
    const weft_read *reads = block->reads;
    const weft_cells_place *place = &call->array->place;
    for (int i = 0, next; i < block->count; i = next) {
        const uint64_t image = call->places[reads[i].sample].image, element = draw_of(call, &reads[i], first);
        const weft_rng rng = {.seed = place->seed,
                              .step = place->trial << 32 | image,
                              .layer = (uint16_t)place->stage,
                              .purpose = WEFT_PURPOSE_READ};
        for (next = i + 1; next < block->count && call->places[reads[next].sample].image == image &&
                           draw_of(call, &reads[next], first) == element + (uint64_t)(next - i) * width;)
            next++;
        weft_rng_fill_normal(&rng, element, (size_t)(next - i) * width, normals + (size_t)i * width);
    }
}

void weft_read_draw_block(const weft_read_call *call, weft_read_block *block) {
    const int each = call->array->plane_count * call->array->columns;
    block->draws_together = each * block->count <= WEFT_BLOCK_NORMALS ? each : 0;
    if (block->draws_together) draw_normals(call, block, 0, (size_t)each, block->normals);
}

static void make_variance(const weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block,
                          const weft_plane *plane, int columns, double *variance) {
    const weft_panel *panel = &plane->variance;
    const weft_scale scale = {panel->factor,
                              ldexp(plane->variance_unit, call->square_shift - 2 * call->array->drive.bits)};
    if (!panel->uniform && sums->variance_fits)
        weft_scale_narrow(variance, sums->variance.narrow, block->count, &scale, columns);
    else if (!panel->uniform)
        weft_scale_wide(variance, sums->variance.wide, block->count, &scale, columns);
    for (int i = 0; panel->uniform && i < block->count; i++)
        for (int c = 0; c < columns; c++)
            variance[i * COLUMNS + c] = (double)block->square_sum[i] * scale.factor * scale.unit;
}

void weft_read_noise_add(const weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block,
                         int plane, int first, int columns, double *x) {
    double variance[WEFT_BLOCK_SUMS];
    float own[WEFT_BLOCK_SUMS];
    const int together = block->draws_together;
    const size_t draw = (size_t)plane * (size_t)call->array->columns + (size_t)first;
    make_variance(sums, call, block, &call->array->planes[plane], columns, variance);
    if (!together) draw_normals(call, block, draw, (size_t)columns, own);
    add_noise(x, variance, together ? block->normals + draw : own, together ? together : columns, block->count,
              columns);
}
