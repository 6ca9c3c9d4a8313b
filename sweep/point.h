/* Running one point, with what points share. */
#ifndef WEFT_SWEEP_POINT_H
#define WEFT_SWEEP_POINT_H

#include <signal.h>

#include "sweep/experiment.h"
#include "sweep/metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_TRIALS_MAX 10000

typedef struct weft_point_result {
    weft_metrics_values metrics;
    double *trial_error_percent; /* [trial_count] malloc'd */
    int trial_count;
    weft_sha256 mapping; /* of the mapping's file; "" without one */
    double seconds;      /* of this machine; not part of what must be the same */
} weft_point_result;
void weft_point_result_free(weft_point_result *result); /* safe on a zeroed one */

/* What decides a point's result, and nothing else: the net's bytes, the chip's bytes and settings, the data set's name
 * and the sizes and SHA-256 of its files, the trace's bytes, every setting that its kind uses, weft's version. Two
 * points with the same key have the same result. Files are hashed once (a cache by path in `keys`). */
typedef struct weft_point_keys weft_point_keys;
weft_status weft_point_keys_create(weft_point_keys **out, const weft_experiment *experiment, weft_error *err);
void weft_point_keys_destroy(weft_point_keys *keys); /* NULL is allowed */
weft_status weft_point_key(weft_sha256 *out, weft_point_keys *keys, const weft_point *point, weft_error *err);

/* SHA-256 in hex of the point's net, and of its chip with settings; "" for none. Borrowed from keys, the chip's until
 * the next call for any point. */
weft_status weft_point_hashes(const char **net, const char **chip, weft_point_keys *keys, const weft_point *point,
                              weft_error *err);

/* Keeps what the next points will want again: networks, chips, mappings (made once for a net, a chip and the settings
 * of `map`, written to RUNS/maps/KEY.map.yaml, read by everyone else), data sets, and programmed chips (the trials of
 * the last net, mapping, chip, transform and seed, as long as they fit memory_bytes). Results do not depend on it. One
 * thread at a time. */
typedef struct weft_point_runner weft_point_runner;
typedef struct weft_point_runner_options {
    const char *runs;    /* folder */
    size_t memory_bytes; /* for programmed chips; 0: 1 GiB */
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, double share); /* 0..1 of the point, now and then; NULL: silent */
    void *context;
} weft_point_runner_options;
weft_status weft_point_runner_create(weft_point_runner **out, const weft_experiment *experiment,
                                     const weft_point_runner_options *options, weft_error *err);
void weft_point_runner_destroy(weft_point_runner *runner); /* NULL is allowed */
/* The same as the command lines of weft map, sim, eval, replay or noc with the point's settings would print.
 * INTERRUPTED when *stop becomes non-zero. */
weft_status weft_point_run(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                           weft_error *err);
/* Whether a net with a recipe has to be trained: its file is missing, or was made by another recipe. */
weft_status weft_point_train_needed(bool *needed, const weft_experiment *experiment, int net, weft_error *err);
/* Trains what is missing: RUNS/nets/NAME.onnx by its recipe, resuming from its checkpoint. A trained net whose recipe
 * or settings have changed since (RUNS/nets/NAME.json says what made it) is trained again under a new name's file: the
 * old one is renamed to .old. */
weft_status weft_point_train(const weft_experiment *experiment, int net, const volatile sig_atomic_t *stop,
                             void (*progress)(void *context, const char *text), void *context, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
