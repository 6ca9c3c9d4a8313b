/* One training run: its state between minibatches, and the files that it leaves. Internal to trainer/. */
#ifndef WEFT_TRAINER_SESSION_H
#define WEFT_TRAINER_SESSION_H

#include "trainer/forward.h"
#include "trainer/loss.h"
#include "trainer/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One epoch of the learning curve. */
typedef struct weft_curve_row {
    double epoch, step, learning_rate, train_loss, train_error_percent, test_error_percent, seconds;
} weft_curve_row;

/* A part of each minibatch and the thread that computes it. */
typedef struct weft_worker {
    weft_plan *plan;
    uint8_t *pixels, *labels;
    weft_loss_sum sum; /* of the current minibatch */
    weft_status status;
    weft_error error;
} weft_worker;

typedef struct weft_session {
    const weft_train_options *options;
    weft_recipe recipe;
    weft_sha256 hash;         /* of the recipe */
    weft_precision precision; /* of the workers' plans; a resumed run keeps that of its checkpoint */
    weft_dataset *train, *test;
    weft_model model;
    int worker_count;
    weft_worker workers[WEFT_WORKERS_MAX];
    weft_forward *forward; /* of model.net, for test errors */
    float *statistics_x;   /* images on which an epoch's test estimates statistics; NULL until needed */
    size_t statistics_count;
    uint32_t *order;    /* images of the current epoch */
    size_t order_epoch; /* which that is; SIZE_MAX: none yet */
    size_t step, steps, per_epoch;
    double loss_sum; /* of this epoch's images */
    uint64_t error_sum;
    weft_curve_row *rows; /* [epochs] */
    size_t row_count;
    double seconds_before; /* of the runs that this one goes on from */
    double started_s, saved_s, reported_s;
    size_t started_step;
    char checkpoint[4096], curve[4096], plot[4096];
} weft_session;

/* Seconds of a monotonic clock. */
double weft_session_seconds(const weft_session *session);

/* Everything loaded and compiled, at step 0 or, when options->resume, where the checkpoint stands. Close also after a
 * failure. */
weft_status weft_session_open(weft_session *session, const weft_train_options *options, weft_error *err);
void weft_session_close(weft_session *session);
/* One minibatch: project, forward, backward, update, clip. */
weft_status weft_session_step(weft_session *session, weft_error *err);

/* Wrong answers on the test set with the weights that would be deployed now: the averages where the recipe has them,
 * statistics estimated where the running ones are not theirs. Training is not affected. */
weft_status weft_session_test(weft_session *session, size_t *errors, weft_error *err);

/* At an epoch's end: writes output + ".epochN.onnx" where options->snapshots asks for it, with the statistics of the
 * training. */
weft_status weft_snapshot_write(weft_session *session, weft_error *err);

/* Writes, reads back the state, precision included. The file is in the byte order of the machine. IO, CHECKSUM
 * (damaged), INVALID (another recipe), UNSUPPORTED (a precision that this processor lacks). */
weft_status weft_checkpoint_write(weft_session *session, weft_error *err);
weft_status weft_checkpoint_read(weft_session *session, weft_error *err);
/* Renames the checkpoint that an earlier run left, if any, to its name and ".old", over an older one. IO. */
weft_status weft_checkpoint_keep(const weft_session *session, weft_error *err);
/* The learning curve, complete, as CSV. */
weft_status weft_curve_write(const weft_session *session, weft_error *err);
/* The same as a picture, where there is an epoch to draw; *drawn is false without gnuplot. */
weft_status weft_curve_plot(const weft_session *session, bool *drawn, weft_error *err);
/* Deployed weights, statistics and ranges; the ONNX file; the result. */
weft_status weft_session_finish(weft_session *session, weft_train_result *result, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
