/* weft map --calibrate: the ranges of activations, measured on training images and written into the mapping. */
#include <stdlib.h>
#include <string.h>

#include "cli/map.h"
#include "core/augment.h"
#include "sim/model/engine.h"
#include "trainer/trainer.h"

static weft_status load_images(float **x, size_t *count, const weft_network *net, const weft_dataset *set,
                               weft_error *err) {
    WEFT_TRY(weft_network_check_dataset(net, set, err));
    if (*count > set->count)
        return weft_error_set(err, WEFT_E_INVALID, "--calibration-images %zu: data set %.200s has %zu training images",
                              *count, set->name, set->count);
    *x = malloc(*count * weft_shape_size(set->shape) * sizeof **x);
    if (!*x) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu images", *count);
    return weft_dataset_training_inputs(set, net, *count, *x, err);
}

/* The chip's integers are symmetric, so are the ranges. */
static void keep_ranges(weft_mapping *mapping, const weft_engine *engine, int input_max) {
    mapping->input_max = weft_engine_output_scale(engine, -1) * (float)input_max;
    mapping->input_min = -mapping->input_max;
    for (int s = 0; s < mapping->stage_count; s++) {
        weft_mapped_stage *stage = &mapping->stages[s];
        stage->output_max = weft_engine_output_scale(engine, s) * (float)input_max;
        stage->output_min = -stage->output_max;
    }
}

weft_status weft_map_calibrate(weft_map_work *work, const char *dataset, size_t images, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_stages *stages = NULL;
    weft_dataset *train = NULL;
    weft_engine *engine = NULL;
    float *x = NULL;
    WEFT_TRY_GOTO(weft_dataset_open(&train, dataset, WEFT_SPLIT_TRAIN, err));
    WEFT_TRY_GOTO(weft_network_bind(work->net, train, err));
    WEFT_TRY_GOTO(load_images(&x, &images, work->net, train, err));
    WEFT_TRY_GOTO(weft_lower(&stages, work->net, err));
    WEFT_TRY_GOTO(weft_engine_create(&engine, work->chip, work->mapping, stages, err));
    WEFT_TRY_GOTO(weft_engine_calibrate(engine, x, images, WEFT_CALIBRATE_RANGES, err));
    keep_ranges(work->mapping, engine, work->chip->input_max);
cleanup:
    weft_engine_destroy(engine);
    weft_stages_destroy(stages);
    weft_dataset_destroy(train);
    free(x);
    return status;
}
