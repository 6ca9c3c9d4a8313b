/* Inside the engine: shared by engine.c (programming, pieces), functional.c (whole images), calibrate.c and events.c.
 */
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
    float input_scale, weight_scale;
    double value_scale; /* real value of one unit of a summed result */
    bool has_range, exact;
    weft_array *arrays;      /* [mapped->tile_count] */
    weft_panel product;      /* the whole matrix, exact stages only: one product in place of one per tile */
    float **scale, **offset; /* [op_count]; AFFINE: [op.in.channels], own copies (calibration changes them) */
} weft_stage_model;

struct weft_engine {
    const weft_chip *chip;
    const weft_mapping *mapping;
    const weft_stages *stages;
    int count;
    weft_stage_model *items;
};

void weft_stage_model_set_range(weft_stage_model *model, const weft_chip *chip, float largest);

/* Memory of one thread that computes a group of images together. */
typedef struct weft_work {
    int group;         /* images, at most */
    int16_t *q;        /* [group, in.height, in.width, in.channels] input of a stage */
    float *map, *next; /* [group, height, width, channels] real values between digital ops */
    int16_t *rows;     /* gathered matrix inputs of a block of positions */
    int64_t *sums;     /* results of that block */
    weft_array_scratch scratch;
} weft_work;

/* work->q -> work->map: gather, arrays, sum over row tiles, dequantise. */
void weft_functional_matrix(const weft_engine *engine, int stage, weft_work *work, int images);
/* work->map -> work->map through digital ops [first, end). */
void weft_functional_digital(const weft_engine *engine, int stage, int first, int end, weft_work *work, int images);
/* Calls visit(context, work, first, images) once for every group of consecutive images of 0..count-1, from several
 * threads. MEMORY. */
typedef void (*weft_group_visit)(void *context, weft_work *work, size_t first, int images);
weft_status weft_functional_groups(const weft_engine *engine, size_t count, weft_group_visit visit, void *context,
                                   weft_error *err);
/* INVALID where a stage has no input range. */
weft_status weft_engine_check_ranges(const weft_engine *engine, weft_error *err);
/* weft_engine_quantise_input into 16 bits. */
void weft_functional_input(const weft_engine *engine, const float *x_chw, int16_t *q_hwc);

#ifdef __cplusplus
}
#endif
#endif
