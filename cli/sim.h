/* Inside weft sim: the inputs of a simulation, and its runs. */
#ifndef WEFT_CLI_SIM_H
#define WEFT_CLI_SIM_H

#include "cli/commands.h"
#include "core/dataset.h"
#include "sim/report/report.h"

typedef struct weft_sim_options {
    weft_common common;
    const char *mapping, *dataset, *recalibrate, *record, *out;
    weft_texts transforms, set;
    uint64_t images, timed_images, draw, seed;
} weft_sim_options;

typedef struct weft_sim {
    const weft_sim_options *options;
    const weft_console *session;
    weft_mapping *mapping;
    weft_texts settings; /* of the chip: the mapping's, then --set */
    weft_chip *chip;
    weft_network *net;
    weft_stages *stages;
    weft_engine *engine;
    weft_traffic *traffic;
    weft_dataset *test;
    size_t images, timed_images, recalibrate;
    char transform[512];
    float *timed_logits; /* [timed_images, classes] of the functional run */
    uint32_t *confusion; /* [classes, classes] */
    size_t correct;
    const volatile sig_atomic_t *stop; /* set by an interrupt */
} weft_sim;

/* Images first .. first + count of set, preprocessed for net; malloc'd. MEMORY. */
weft_status weft_sim_images(float **out, const weft_network *net, const weft_dataset *set, size_t first, size_t count,
                            weft_error *err);
/* The first count training images as the network's training saw them (weft_dataset_training_inputs); malloc'd. */
weft_status weft_sim_training_images(float **out, const weft_network *net, const weft_dataset *set, size_t count,
                                     weft_error *err);
/* All images through the functional engine: fills confusion, correct and timed_logits. */
weft_status weft_sim_functional(weft_sim *sim, weft_error *err);
/* The timed run; *out stays NULL without timed images. UNSUPPORTED in a build without SystemC. Release with
 * weft_sim_timed_free. */
typedef struct weft_sim_timed weft_sim_timed;
weft_status weft_sim_timed_run(weft_sim_timed **out, const weft_sim *sim, weft_error *err);
const weft_report_timed *weft_sim_timed_report(const weft_sim_timed *timed); /* NULL for NULL */
void weft_sim_timed_free(weft_sim_timed *timed);                             /* NULL is allowed */

#endif
