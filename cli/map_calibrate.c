/* weft map --calibrate: the ranges of activations, measured on training images and written into the mapping. */
#include <stdlib.h>

#include "cli/map.h"
#include "sim/model/engine.h"

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
    weft_engine *engine = NULL;
    float *x = NULL;
    WEFT_TRY_GOTO(weft_training_images(&x, &images, work->net, dataset, "--calibration-images", err));
    WEFT_TRY_GOTO(weft_lower(&stages, work->net, err));
    WEFT_TRY_GOTO(weft_engine_create(&engine, work->chip, work->mapping, stages, err));
    WEFT_TRY_GOTO(weft_engine_calibrate(engine, x, images, WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_ADC, err));
    keep_ranges(work->mapping, engine, work->chip->input_max);
cleanup:
    weft_engine_destroy(engine);
    weft_stages_destroy(stages);
    free(x);
    return status;
}
