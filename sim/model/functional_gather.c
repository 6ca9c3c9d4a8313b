/* Inputs of a block of positions, one row of the window after the other. */
#include <string.h>

#include "sim/model/functional_internal.h"
#include "sim/model/simd.h"

enum { CHUNK = WEFT_COPY_VALUES, CHUNKS = 8 /* up to so many are set here, more by memset */ };

/* ---- the map ---- */

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

const int16_t *weft_functional_matrix_input(const weft_engine *engine, int stage, weft_work *work, int images) {
    const weft_port *port = &engine->stages->items[stage].ports[0];
    if (port->source_count == 1) return weft_functional_output(engine, work, port->sources[0].stage + 1);
    for (int i = 0; i < port->source_count; i++) join_source(engine, port, &port->sources[i], work, images);
    return work->joined;
}

/* ---- positions ---- */

/* Positions of a class ascend within an image: no division for most of them. */
void weft_block_place(weft_block *block) {
    const int width = block->model->stage->matrix_out.width;
    int64_t at = block->first % block->each;
    weft_spot spot = {.image = (int)(block->first / block->each)};
    int last = 0;
    for (int i = 0; i < block->count; i++, at += block->step) {
        for (; at >= block->each; at -= block->each) {
            spot = (weft_spot){.image = spot.image + 1};
            last = 0;
        }
        spot.x += block->positions[at] - last;
        last = block->positions[at];
        if (spot.x >= 2 * width) {
            spot.y += spot.x / width;
            spot.x %= width;
        } else if (spot.x >= width) {
            spot.y++;
            spot.x -= width;
        }
        block->spots[i] = spot;
    }
}

/* ---- windows ---- */

/* What is written beyond `count` is overwritten by what follows, as in weft_copy_values. */
WEFT_INLINE void clear(int16_t *to, size_t count) {
    if (count > CHUNK * CHUNKS) {
        memset(to, 0, sizeof *to * count);
        return;
    }
    for (size_t i = 0; i < count; i += CHUNK) memset(to + i, 0, sizeof *to * CHUNK);
}

/* One row of the window: pixels from ix on, a step of dilation apart; those outside the map are zero. */
WEFT_INLINE void gather_line(const weft_stage *stage, const int16_t *line, int ix, int16_t *to) {
    const size_t channels = (size_t)stage->in.channels;
    for (int kx = 0; kx < stage->window.kernel_w; kx++, ix += stage->window.dilation_w, to += channels) {
        if (line && ix >= 0 && ix < stage->in.width)
            weft_copy_values(to, line + (size_t)ix * channels, channels);
        else
            clear(to, channels);
    }
}

/* A window that reaches beyond the map, or whose pixels are not neighbours. */
WEFT_INLINE void gather_pixels(const weft_stage *stage, const int16_t *q_map, int top, int left, int16_t *to) {
    const weft_window *w = &stage->window;
    const size_t channels = (size_t)stage->in.channels, line = (size_t)stage->in.width * channels;
    for (int ky = 0; ky < w->kernel_h; ky++, top += w->dilation_h, to += (size_t)w->kernel_w * channels)
        gather_line(stage, top >= 0 && top < stage->in.height ? q_map + (size_t)top * line : NULL, left, to);
}

/* All of the window lies in the map, and its rows in one piece. */
WEFT_INLINE bool is_plain(const weft_stage *stage, int top, int left) {
    const weft_window *w = &stage->window;
    return top >= 0 && left >= 0 && w->dilation_w == 1 && left + w->kernel_w <= stage->in.width &&
           top + (w->kernel_h - 1) * w->dilation_h < stage->in.height;
}

WEFT_INLINE void gather_windows_body(const weft_block *block, int16_t *to) {
    const weft_stage *stage = block->model->stage;
    const weft_window w = stage->window;
    const size_t channels = (size_t)stage->in.channels, line = (size_t)stage->in.width * channels,
                 map = weft_shape_size(stage->in), run = (size_t)w.kernel_w * channels,
                 step = line * (size_t)w.dilation_h;
    const bool odd = block->stride > stage->rows;
    for (int i = 0; i < block->count; i++, to += block->stride) {
        const weft_spot *spot = &block->spots[i];
        const int16_t *q_map = block->q + (size_t)spot->image * map;
        const int top = spot->y * w.stride_h - w.pad_top, left = spot->x * w.stride_w - w.pad_left;
        if (is_plain(stage, top, left)) {
            const int16_t *from = q_map + (size_t)top * line + (size_t)left * channels;
            for (int ky = 0; ky < w.kernel_h; ky++, from += step) weft_copy_values(to + (size_t)ky * run, from, run);
        } else {
            gather_pixels(stage, q_map, top, left, to);
        }
        if (odd) to[stage->rows] = 0;
    }
}
static void gather_windows(const weft_block *block, int16_t *to);
WEFT_VARIANTS(gather_windows, (const weft_block *block, int16_t *to), (block, to))

const int16_t *weft_stage_tap_pixel(const weft_stage *stage, const int16_t *q_map, int y, int x, int tap) {
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
        const int16_t *from = weft_stage_tap_pixel(stage, q_map, y, x, tap);
        int16_t *group = to + (size_t)tap * channels;
        for (int g = 0; g < stage->groups; g++, group += group_rows) {
            if (from)
                memcpy(group, from + (size_t)g * channels, sizeof *group * channels);
            else
                memset(group, 0, sizeof *group * channels);
        }
    }
}

static void gather_all_groups(const weft_block *block, int16_t *to) {
    const weft_stage *stage = block->model->stage;
    const size_t map = weft_shape_size(stage->in);
    for (int i = 0; i < block->count; i++, to += block->stride) {
        const weft_spot *spot = &block->spots[i];
        gather_groups(stage, block->q + (size_t)spot->image * map, spot->y, spot->x, to);
        if (block->stride > stage->rows) to[stage->rows] = 0;
    }
}

/* ---- the block ---- */

/* Each pixel is a row already: a window of one pixel, all positions one after the other, an even number of channels. */
static bool stands_there(const weft_block *block) {
    const weft_stage *stage = block->model->stage;
    const weft_window *w = &stage->window;
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
           stage->in.height == stage->matrix_out.height && stage->in.width == stage->matrix_out.width &&
           w->pad_top == 0 && w->pad_left == 0 && stage->groups == 1 && block->model->classes == 1 &&
           block->step == 1 && block->stride == stage->rows;
}

void weft_block_gather(weft_block *block) {
    if (stands_there(block)) {
        block->rows = block->q + (size_t)block->first * (size_t)block->stride;
        return;
    }
    block->rows = block->work->rows;
    (block->model->stage->groups > 1 ? gather_all_groups : gather_windows)(block, block->work->rows);
}
