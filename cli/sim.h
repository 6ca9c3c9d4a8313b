/* Inside weft sim: the inputs of a simulation (sim_prepare.c), its chips (sim_trials.c), their runs (sim_run.c) and
 * what is told of them (sim_report.c). */
#ifndef WEFT_CLI_SIM_H
#define WEFT_CLI_SIM_H

#include "cli/commands.h"
#include "sim/report/report.h"

#define WEFT_SIM_ABSENT UINT64_MAX /* --timed-images, --statistics, --without were not given */

typedef struct weft_sim_options {
    weft_common common;
    const char *mapping, *dataset, *recalibrate, *record, *out;
    weft_texts transforms, set;
    uint64_t images, timed_images, trials, statistics, without, draw, seed;
    bool functional;
} weft_sim_options;

typedef struct weft_sim {
    const weft_sim_options *options;
    const weft_console *session;
    weft_mapping *mapping;
    weft_texts settings; /* of the chip: the mapping's, then --set */
    weft_chip *chip;
    weft_network *net;
    weft_stages *stages;
    weft_engine *engine; /* the first chip */
    weft_traffic *traffic;
    weft_dataset *test;
    size_t images, timed_images, recalibrate, statistics_images;
    int without; /* resources to be measured */
    char transform[512];
    /* Calibration of every chip. */
    unsigned calibrate; /* what: WEFT_CALIBRATE_* */
    size_t training_count;
    float *training; /* [training_count, C, H, W]; NULL where nothing is calibrated */
    /* Results. */
    int trials;
    size_t *correct;                          /* [trials] */
    float *timed_logits;                      /* [timed_images, classes] of the first chip's functional run */
    uint32_t *confusion;                      /* [classes, classes], likewise */
    weft_engine_stage_statistics *statistics; /* [stages], likewise; NULL: none wanted */
    const volatile sig_atomic_t *stop;        /* set by an interrupt */
} weft_sim;

/* Everything that can be wrong with the input, before anything is written. */
weft_status weft_sim_prepare(weft_sim *sim, weft_error *err);
void weft_sim_close(weft_sim *sim);

/* Images first .. first + count of the test set, preprocessed; malloc'd. MEMORY. */
weft_status weft_sim_images(float **out, const weft_sim *sim, size_t first, size_t count, weft_error *err);
/* INTERRUPTED once an interrupt has come. */
weft_status weft_sim_stopped(const weft_sim *sim, weft_error *err);
/* One line on a terminal, overwritten by the next one; "" takes it away. */
void weft_sim_progress(const weft_sim *sim, const char *text);

/* Every chip through all images, the first one's statistics. */
weft_status weft_sim_trials(weft_sim *sim, weft_error *err);
/* All images through the functional engine of a trial: correct[trial]; of the first, confusion and timed_logits too. */
weft_status weft_sim_functional(weft_sim *sim, const weft_engine *engine, int trial, weft_error *err);
/* The timed run, what its resources are worth (--without), its trace (--record); *out stays NULL without timed images.
 * UNSUPPORTED in a build without SystemC. Release with weft_sim_timed_free. */
typedef struct weft_sim_timed weft_sim_timed;
weft_status weft_sim_timed_run(weft_sim_timed **out, const weft_sim *sim, weft_error *err);
const weft_report_timed *weft_sim_timed_report(const weft_sim_timed *timed); /* NULL for NULL */
void weft_sim_timed_free(weft_sim_timed *timed);                             /* NULL is allowed */

/* Files, table, JSON. INTERNAL where a self-check failed. */
weft_status weft_sim_report(const weft_sim *sim, const weft_report_timed *timed, weft_error *err);

#endif
