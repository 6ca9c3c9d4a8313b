#include "core/training.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/augment.h"

weft_status weft_recalibrate_parse(size_t *images, const char *text, weft_error *err) {
    *images = 0;
    if (!text || !strcmp(text, "none")) return WEFT_OK;
    if (!strcmp(text, "all")) {
        *images = WEFT_RECALIBRATE_ALL;
        return WEFT_OK;
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || value > 1000000000)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--recalibrate: \"%.80s\" is neither a number of training images nor all nor none", text);
    *images = (size_t)value;
    return WEFT_OK;
}

static weft_status count_training(size_t *count, const weft_dataset *train, const char *option, weft_error *err) {
    if (*count == WEFT_RECALIBRATE_ALL) *count = train->count;
    if (*count == 0) *count = train->count < WEFT_CALIBRATION_IMAGES ? train->count : WEFT_CALIBRATION_IMAGES;
    if (*count <= train->count) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "%s %zu: data set %.200s has %zu training images", option, *count,
                          train->name, train->count);
}

weft_status weft_training_images_of(float **x, size_t *count, weft_network *net, const weft_dataset *train,
                                    const char *option, weft_error *err) {
    weft_status status = WEFT_OK;
    *x = NULL;
    WEFT_TRY_GOTO(count_training(count, train, option, err));
    WEFT_TRY_GOTO(weft_network_check_dataset(net, train, err));
    WEFT_TRY_GOTO(weft_network_bind(net, train, err));
    *x = malloc(*count * weft_shape_size(train->shape) * sizeof **x);
    if (!*x) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu images", *count));
    WEFT_TRY_GOTO(weft_dataset_training_inputs(train, net, *count, *x, err));
cleanup:
    if (status != WEFT_OK) {
        free(*x);
        *x = NULL;
    }
    return status;
}

weft_status weft_training_images(float **x, size_t *count, weft_network *net, const char *dataset, const char *option,
                                 weft_error *err) {
    weft_dataset *train = NULL;
    *x = NULL;
    WEFT_TRY(weft_dataset_open(&train, dataset, WEFT_SPLIT_TRAIN, err));
    const weft_status status = weft_training_images_of(x, count, net, train, option, err);
    weft_dataset_destroy(train);
    return status;
}
