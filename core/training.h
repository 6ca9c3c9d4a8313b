/* Training images for who calibrates a chip or re-estimates a network's statistics. */
#ifndef WEFT_CORE_TRAINING_H
#define WEFT_CORE_TRAINING_H

#include "core/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_RECALIBRATE_ALL SIZE_MAX
/* --recalibrate: a number of images, WEFT_RECALIBRATE_ALL for all, 0 for none. USAGE. */
weft_status weft_recalibrate_parse(size_t *images, const char *text, weft_error *err);

/* Training images that calibrate a chip where nobody says how many. */
#define WEFT_CALIBRATION_IMAGES 1000
/* The first *count training images of a data set as the network's training saw them (weft_dataset_training_inputs),
 * malloc'd. *count: WEFT_RECALIBRATE_ALL for all, 0 for WEFT_CALIBRATION_IMAGES or all where there are fewer; set to
 * what it came to. Binds the network's preprocessing. INVALID: a data set that does not fit the network; fewer images
 * than asked for, naming `option`. */
weft_status weft_training_images(float **x, size_t *count, weft_network *net, const char *dataset, const char *option,
                                 weft_error *err);
/* The same of a set that is open. */
weft_status weft_training_images_of(float **x, size_t *count, weft_network *net, const weft_dataset *train,
                                    const char *option, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
