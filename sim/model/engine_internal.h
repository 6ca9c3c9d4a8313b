/* Inside the engine: shared by engine.c (the whole), program.c (arrays), weights.c (quantised weights), copies.c (who
 * computes which position), plan.c (what is read when), pieces.c (what the timed chip calls), functional*.c (whole
 * images), calibrate*.c, statistics.c and events.c. */
#ifndef WEFT_SIM_MODEL_ENGINE_INTERNAL_H
#define WEFT_SIM_MODEL_ENGINE_INTERNAL_H

#include "sim/model/array.h"
#include "sim/model/digital.h"
#include "sim/model/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A stage's whole weights W as plain integer products. */
typedef struct weft_products {
    int group_count;
    weft_panel *groups;    /* [group_count]; NULL where each group has one input channel: */
    int16_t *channel_wise; /* [rows / groups, columns] */
} weft_products;

typedef struct weft_stage_model {
    const weft_stage *stage;
    const weft_mapped_stage *mapped;
    int index;
    float input_scale, weight_scale; /* matrix only */
    double result_scale;             /* of all its arrays: q * W products of one unit of a summed result */
    double value_scale;              /* real value of one unit of a summed result */
    bool exact;                      /* no tile's converters lose anything */
    /* One array a tile, programmed[tile] its index. Where programming draws nothing, tiles of other copies that are
     * equal share copy 0's; the arrays of the others stay zeroed. */
    weft_array *arrays;   /* [mapped->tile_count] */
    int *programmed;      /* [mapped->tile_count] */
    uint64_t *first_draw; /* [mapped->tile_count] first read noise draw of an array at position 0 */
    uint64_t draws;       /* of read noise for a position; position p draws from p * draws on */
    int copies;
    int *copy_begin, *copy_tiles; /* tiles of copy k: copy_tiles[copy_begin[k] .. copy_begin[k + 1]) */
    int *copy_like;               /* [copies] first copy whose arrays are the same */
    int *phase_y, *phase_x;       /* of matrix rows and columns: weft_mapped_stage_join makes the copy of them */
    /* Positions y * width + x by the arrays that compute them: class k has positions[class_begin[k] ..
     * class_begin[k + 1]), ascending, on the tiles of copy class_copy[k]. An exact stage has one class. */
    int classes;
    int *class_begin, *class_copy, *positions;
    weft_products products;  /* exact stages, in place of the tiles */
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
    weft_engine_trial trial;
    int count;
    weft_stage_model *items;
    weft_engine_output *outputs; /* [count + 1] */
    size_t arena;                /* values an image that are kept at once */
};

/* Quantised weights, arrays, copies, scale and offset. keep_cells: weft_array_create. */
weft_status weft_stage_model_program(weft_stage_model *model, const weft_engine *engine,
                                     const weft_program_table *table, int stage, bool keep_cells, weft_error *err);
void weft_stage_model_destroy(weft_stage_model *model); /* safe on a zeroed model */
/* The arrays' common result scale, from what suits each; call when ranges of converters have changed, and
 * weft_engine_refresh_scales behind it. */
void weft_stage_model_rescale(weft_stage_model *model);
/* Tiles by copy and positions' copies; copy_like: each its own. */
weft_status weft_stage_model_sort(weft_stage_model *model, weft_error *err);
/* Tile of copy 0 that holds the same weights as number `ordinal` of another copy, -1: none. */
int weft_stage_model_equal(const weft_stage_model *model, const weft_tile *tile, int ordinal);
/* Positions by copy_like; one class where the stage is exact. */
weft_status weft_stage_model_classify(weft_stage_model *model, weft_error *err);
/* W = round(w / *scale), half away from zero, saturating at +-weight_max: [rows / groups, columns]. *scale: weight.
 * clip_percentile of |w| / weight_max, 1 where all weights are 0. Free with weft_aligned_free. INVALID, MEMORY. */
weft_status weft_stage_quantise(int16_t **out, float *scale, const weft_stage *stage, const weft_chip *chip,
                                weft_error *err);
/* Smallest of count magnitudes |x| that at least `percentile` % of them do not exceed; count >= 1, all finite. */
float weft_magnitude_percentile(const float *x, size_t count, double percentile);
/* *weights (weft_stage_quantise) may be taken over, and is NULL then. */
weft_status weft_products_pack(weft_products *products, const weft_stage *stage, int16_t **weights, weft_error *err);
void weft_products_destroy(weft_products *products); /* safe on zeroed ones */
/* Copy that computes a position of the stage's matrix. */
static inline int weft_stage_model_copy(const weft_stage_model *model, int y, int x) {
    return weft_mapped_stage_join(model->mapped, model->phase_y[y], model->phase_x[x]);
}

/* Where array `programmed` draws the read noise of a position (y * width + x). */
static inline weft_read_place weft_stage_model_place(const weft_stage_model *model, int programmed, uint64_t image,
                                                     int position) {
    weft_read_place place;
    place.image = image;
    place.first_draw = (uint64_t)position * model->draws + model->first_draw[programmed];
    return place;
}

/* Shapes, last readers and places in the arena: an output's place is free again behind its last reader. */
weft_status weft_engine_plan(weft_engine *engine, weft_error *err);
/* Scale of an output and of all that share it (weft_stages.range_of) from the largest magnitude. */
void weft_engine_set_range(weft_engine *engine, int output, float largest);
/* Of outputs for which the mapping has ranges. */
void weft_engine_take_ranges(weft_engine *engine);
/* Scales of what the matrices read, and of their results. */
void weft_engine_refresh_scales(weft_engine *engine);
/* INVALID where an output that is read has no range. */
weft_status weft_engine_check_ranges(const weft_engine *engine, weft_error *err);

/* What somebody wants to see of a stage's matrix while it computes; one thread's. */
typedef struct weft_watch {
    const weft_stage_model *model; /* computes instead of the engine's own */
    /* Called behind each product of a tile with what its converters were given; not kept. NULL: not wanted. */
    void (*tile)(void *context, int tile, const weft_array *array, const weft_plane_probe *probes);
    void *context;
    weft_plane_probe *probes; /* [plane_count] scratch, zeroed */
    /* Of the products of all images that the caller goes through, numbered (image - first_image) * positions of the
     * class + position in the class, only the multiples of a stride; the results are lost. 1: all. */
    uint64_t first_image;
    const size_t *stride; /* [classes]; NULL: all */
    /* Exact results beside the arrays': exact [block, columns] scratch, power [images, 2] += exact^2, (result -
     * exact)^2 in products q * W. NULL: not wanted. */
    const weft_products *products;
    int64_t *exact;
    double *power;
} weft_watch;

/* Memory of one thread that computes a group of images together. */
typedef struct weft_work {
    int group;               /* images, at most */
    uint64_t image;          /* number of the first one, for read noise */
    const weft_watch *watch; /* of the stage that is computed; NULL: none */
    int16_t *arena;          /* what stages sent, by weft_functional_output */
    int16_t *joined; /* [group, in.height, in.width, in.channels] a matrix's input put together from several outputs */
    float *map, *next;       /* [group, height, width, channels] real values between digital ops */
    int16_t *rows;           /* gathered matrix inputs of a block of positions */
    int64_t *sums;           /* results of that block */
    float *values;           /* the same as real values */
    int16_t *codes;          /* the same as integers that are sent, or those of pixels that are added */
    weft_read_place *places; /* of that block */
} weft_work;

/* [group, height, width, channels] of an output. */
static inline int16_t *weft_functional_output(const weft_engine *engine, const weft_work *work, int output) {
    return work->arena + engine->outputs[output].offset * (size_t)work->group;
}
/* Memory that the matrices need beside the maps, in values of their kinds. */
typedef struct weft_matrix_extents {
    size_t rows, sums, codes, block;
} weft_matrix_extents;
weft_matrix_extents weft_functional_matrix_extents(const weft_stage *stage);
/* The stage's sources (weft_functional_output), gathered, through the arrays, summed over row tiles, to real values and
 * through the first `ops` digital ops, none of which has a window; sent: quantised into the stage's output, else to
 * work->map. */
void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images, int ops, bool sent);
/* What the first digital op of any stage works on -> work->map. */
void weft_functional_begin(const weft_engine *engine, int stage, weft_work *work, int images);
/* work->map -> work->map through digital ops [first, end). */
void weft_functional_digital(const weft_engine *engine, int stage, int first, int end, weft_work *work, int images);
/* Calls visit(context, work, first, images) once for every group of consecutive images of 0..count-1, from several
 * threads; their numbers start at first_image. maps: work->map has place for every stage's values, not only for those
 * that weft_functional_group keeps. MEMORY. */
typedef void (*weft_group_visit)(void *context, weft_work *work, size_t first, int images);
weft_status weft_functional_groups(const weft_engine *engine, uint64_t first_image, size_t count, bool maps,
                                   weft_group_visit visit, void *context, weft_error *err);
/* One group through all stages; x [images, C, H, W], watches [count] by stage or NULL. Logits are in work->map. */
void weft_functional_group(const weft_engine *engine, weft_work *work, const float *x, int images,
                           const weft_watch *const *watches);
/* weft_engine_quantise_input into 16 bits. */
void weft_functional_input(const weft_engine *engine, const float *x_chw, int16_t *q_hwc);

#ifdef __cplusplus
}
#endif
#endif
