/* A simulation as a library call: what `weft sim` does between its options and its report. The inputs (prepare.c), the
 * programmed chips (trials.c), their runs (run.c). Nothing is printed: whoever calls hears notes and progress.
 *
 *     weft_sim sim = {.options = &spec};
 *     weft_sim_timed *timed = NULL;
 *     status = weft_sim_open(&sim, err);                                  mapping and chip
 *     if (status == WEFT_OK) status = weft_sim_prepare(&sim, err);        everything else that can be wrong
 *     if (status == WEFT_OK) status = weft_sim_run(&timed, &sim, err);
 *     if (status == WEFT_OK) input = weft_sim_report_input(&sim, weft_sim_timed_report(timed));   for report.h
 *     weft_sim_timed_free(timed);
 *     weft_sim_close(&sim);
 *
 * Members under "Inputs" that are there before weft_sim_open are taken as they are: a caller with many simulations
 * keeps them, and takes them out again before weft_sim_close. */
#ifndef WEFT_SIM_SESSION_SESSION_H
#define WEFT_SIM_SESSION_SESSION_H

#include <signal.h>

#include "core/dataset.h"
#include "core/mapping.h"
#include "core/text.h"
#include "sim/report/report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SIM_ABSENT UINT64_MAX /* --timed-images, --statistics, --without were not given */

/* As the options of `weft sim`; messages call them so. NULL: not given. */
typedef struct weft_sim_spec {
    const char *mapping, *dataset, *recalibrate, *record;
    weft_texts transforms, set;
    uint64_t images, timed_images, trials, statistics, without, draw, seed;
    bool functional;
} weft_sim_spec;

typedef struct weft_sim {
    const weft_sim_spec *options;
    void (*note)(void *context, const char *text);     /* something to be known, without a full stop; NULL: silent */
    void (*progress)(void *context, const char *text); /* what goes on; "": nothing any more; NULL: silent */
    void (*share)(void *context, double share);        /* of all images of all chips, 0..1; NULL: silent */
    void *context;
    const volatile sig_atomic_t *stop; /* non-zero: end with INTERRUPTED; NULL: never. Before weft_sim_run */
    bool apart; /* timed runs have a process each: there may be many; without --without and --record */
    /* Inputs. */
    weft_mapping *mapping;
    weft_texts settings; /* of the chip: the mapping's, then --set */
    weft_chip *chip;
    weft_network *net; /* distorted here where there are no stages yet */
    weft_stages *stages;
    weft_traffic *traffic;
    weft_dataset *test;
    weft_dataset *train; /* NULL: opened when it is needed, and closed again unless keep_train */
    bool keep_train;
    size_t training_count; /* images that calibrate every chip: as many as the options say */
    float *training;       /* [training_count, C, H, W]; NULL where nothing is calibrated */
    weft_engine **engines; /* [engine_count] programmed chips by trial, NULL: not kept. The first one always is */
    int engine_count;
    size_t keep_bytes; /* further chips are kept as long as all are within it */
    /* From the options. */
    weft_engine *engine; /* the first chip */
    size_t images, timed_images, recalibrate, statistics_images;
    int without; /* resources to be measured */
    char transform[512];
    unsigned calibrate; /* of every chip: WEFT_CALIBRATE_* */
    /* Results. */
    int trials;
    size_t *correct;                          /* [trials] */
    float *timed_logits;                      /* [timed_images, classes] of the first chip's functional run */
    uint32_t *confusion;                      /* [classes, classes], likewise */
    weft_engine_stage_statistics *statistics; /* [stages], likewise; NULL: none wanted */
} weft_sim;

/* Reads mapping and chip. */
weft_status weft_sim_open(weft_sim *sim, weft_error *err);
/* Everything else that can be wrong with the input, before anything is written. */
weft_status weft_sim_prepare(weft_sim *sim, weft_error *err);
void weft_sim_close(weft_sim *sim);

/* The timed run, what its resources are worth (--without), its trace (--record). */
typedef struct weft_sim_timed weft_sim_timed;
const weft_report_timed *weft_sim_timed_report(const weft_sim_timed *timed); /* NULL for NULL */
void weft_sim_timed_free(weft_sim_timed *timed);                             /* NULL is allowed */
/* Every chip through all images, the first one's statistics, then the timed run; *timed stays NULL without timed
 * images. UNSUPPORTED with them in a build without SystemC. INTERRUPTED once *stop is not zero. */
weft_status weft_sim_run(weft_sim_timed **timed, weft_sim *sim, weft_error *err);
/* For the report; what it points to lives in sim. */
weft_report_input weft_sim_report_input(const weft_sim *sim, const weft_report_timed *timed);

#ifdef __cplusplus
}
#endif
#endif
