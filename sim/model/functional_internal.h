/* Inside the functional engine: functional_gather.c puts the inputs of a block of positions together,
 * functional_matrix.c multiplies them, functional_finish.c takes the results through the digital unit. */
#ifndef WEFT_SIM_MODEL_FUNCTIONAL_INTERNAL_H
#define WEFT_SIM_MODEL_FUNCTIONAL_INTERNAL_H

#include <string.h>

#include "sim/model/engine_internal.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_BLOCK_POSITIONS = 128, /* of a block, at most */
    WEFT_COPY_VALUES = 16 /* integers are copied so many at a time: as many may be read and written behind the last */
};

/* Position of a matrix in one of the group's images. */
typedef struct weft_spot {
    int image, y, x;
} weft_spot;

/* A block of one class of positions (weft_stage_model.positions) of all images: of these, numbered through,
 * first, first + step, ... */
typedef struct weft_block {
    const weft_engine *engine;
    const weft_stage_model *model;
    const weft_watch *watch;
    const int16_t *q; /* [images, in.height, in.width, in.channels] */
    weft_work *work;
    const int *positions; /* [each] the class's */
    int each, copy;       /* and its copy */
    int64_t first, step;
    int count, stride;   /* stride: of rows */
    const int16_t *rows; /* [count, stride] */
    weft_spot spots[WEFT_BLOCK_POSITIONS];
    int ops;   /* digital operations that follow at once */
    bool sent; /* results become the stage's output, not work->map */
} weft_block;

/* Map that the stage's matrix reads: an output, or several put together. */
const int16_t *weft_functional_matrix_input(const weft_engine *engine, int stage, weft_work *work, int images);
/* Sets spots. */
void weft_block_place(weft_block *block);
/* Sets rows: gathered in work->rows, or where they stand. */
void weft_block_gather(weft_block *block);
/* to[0..count) = from[0..count), in whole chunks: see WEFT_COPY_VALUES. */
static inline void weft_copy_values(int16_t *to, const int16_t *from, size_t count) {
    enum { CHUNKS = 8 }; /* memcpy is as fast for more */
    if (count > WEFT_COPY_VALUES * CHUNKS) {
        memcpy(to, from, sizeof *to * count);
        return;
    }
    for (size_t i = 0; i < count; i += WEFT_COPY_VALUES) memcpy(to + i, from + i, sizeof *to * WEFT_COPY_VALUES);
}
/* Pixel that a tap reads at a position of the matrix; NULL: padding. */
const int16_t *weft_stage_tap_pixel(const weft_stage *stage, const int16_t *q_map, int y, int x, int tap);

/* work->sums -> real values, digital operations, the stage's output or work->map. */
void weft_block_finish(const weft_block *block);
/* map [positions, map_stride] = the values q of `channels` channels, or map += them. */
typedef struct weft_taking {
    size_t positions, channels, map_stride, q_stride;
    float scale;
    bool add;
} weft_taking;
void weft_functional_take(const weft_taking *how, const int16_t *q, float *map);

#ifdef __cplusplus
}
#endif
#endif
