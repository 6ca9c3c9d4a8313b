/* Inside the engine: shared by engine.c (the whole), program.c (weights and arrays), plan.c (what is read when),
 * pieces.c (what the timed chip calls), functional*.c (whole images), calibrate.c and events.c. */
#ifndef WEFT_SIM_MODEL_ENGINE_INTERNAL_H
#define WEFT_SIM_MODEL_ENGINE_INTERNAL_H

#include "sim/model/array.h"
#include "sim/model/digital.h"
#include "sim/model/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_stage_model {
    const weft_stage *stage;
    const weft_mapped_stage *mapped;
    float input_scale, weight_scale; /* matrix only */
    double value_scale;              /* real value of one unit of a summed result */
    bool exact;                      /* no tile's converters lose anything */
    /* One array a tile, programmed[tile] its index. Tiles of other copies that are equal share copy 0's; the arrays of
     * the others stay zeroed. */
    weft_array *arrays; /* [mapped->tile_count] */
    int *programmed;    /* [mapped->tile_count] */
    int copies;
    int *copy_begin, *copy_tiles; /* tiles of copy k: copy_tiles[copy_begin[k] .. copy_begin[k + 1]) */
    int *copy_like;               /* [copies] first copy whose arrays hold the same */
    int *copy_y, *copy_x;         /* copy of matrix position (y, x): copy_y[y] * copies_x + copy_x[x] */
    /* Exact stages in place of the tiles: a product per group; where a group has one input channel, the weights
     * [rows / groups, columns]. */
    weft_panel *products; /* [groups] */
    int16_t *channel_wise;
    float **scale, **offset; /* [op_count]; AFFINE: [op.in.channels], own copies (calibration changes them) */
} weft_stage_model;

/* What a stage sends, or (output 0) the network's input; that of stage s is output s + 1. */
typedef struct weft_engine_output {
    weft_shape shape;
    size_t offset;   /* of its integers in weft_work.arena, in values an image */
    int last_reader; /* stage; -1: nobody reads it */
    bool has_range;
    float scale;
} weft_engine_output;

struct weft_engine {
    const weft_chip *chip;
    const weft_mapping *mapping;
    const weft_stages *stages;
    int count;
    weft_stage_model *items;
    weft_engine_output *outputs; /* [count + 1] */
    size_t arena;                /* values an image that are kept at once */
};

/* Quantised weights, arrays, copies, scale and offset. */
weft_status weft_stage_model_program(weft_stage_model *model, const weft_engine *engine, int stage, weft_error *err);
void weft_stage_model_destroy(weft_stage_model *model); /* safe on a zeroed model */
/* Copy that computes a position of the stage's matrix. */
static inline int weft_stage_model_copy(const weft_stage_model *model, int y, int x) {
    return model->copy_y[y] * model->mapped->copies_x + model->copy_x[x];
}

/* Shapes, last readers and places in the arena: an output's place is free again behind its last reader. */
weft_status weft_engine_plan(weft_engine *engine, weft_error *err);
/* Scale of an output and of all that share it (weft_stages.range_of) from the largest magnitude. */
void weft_engine_set_range(weft_engine *engine, int output, float largest);
/* INVALID where an output that is read has no range. */
weft_status weft_engine_check_ranges(const weft_engine *engine, weft_error *err);

/* Memory of one thread that computes a group of images together. */
typedef struct weft_work {
    int group;       /* images, at most */
    int16_t *arena;  /* what stages sent, by weft_functional_output */
    int16_t *joined; /* [group, in.height, in.width, in.channels] a matrix's input put together from several outputs */
    float *map, *next; /* [group, height, width, channels] real values between digital ops */
    int16_t *rows;     /* gathered matrix inputs of a block of positions */
    int64_t *sums;     /* results of that block */
    weft_array_scratch scratch;
} weft_work;

/* [group, height, width, channels] of an output. */
static inline int16_t *weft_functional_output(const weft_engine *engine, const weft_work *work, int output) {
    return work->arena + engine->outputs[output].offset * (size_t)work->group;
}
/* Memory that the matrices need beside the maps, in values of their kinds. */
typedef struct weft_matrix_extents {
    size_t rows, sums, block;
} weft_matrix_extents;
weft_matrix_extents weft_functional_matrix_extents(const weft_stage *stage);
/* The stage's sources (weft_functional_output) -> work->map: gather, arrays, sum over row tiles, dequantise. */
void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images);
/* The same for any stage: what its first digital op works on. */
void weft_functional_begin(const weft_engine *engine, int stage, weft_work *work, int images);
/* work->map -> work->map through digital ops [first, end). */
void weft_functional_digital(const weft_engine *engine, int stage, int first, int end, weft_work *work, int images);
/* Calls visit(context, work, first, images) once for every group of consecutive images of 0..count-1, from several
 * threads. MEMORY. */
typedef void (*weft_group_visit)(void *context, weft_work *work, size_t first, int images);
weft_status weft_functional_groups(const weft_engine *engine, size_t count, weft_group_visit visit, void *context,
                                   weft_error *err);
/* weft_engine_quantise_input into 16 bits. */
void weft_functional_input(const weft_engine *engine, const float *x_chw, int16_t *q_hwc);

#ifdef __cplusplus
}
#endif
#endif
