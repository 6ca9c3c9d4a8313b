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
    weft_sha256 hash; /* of the recipe */
    weft_dataset *train, *test;
    weft_model model;
    int worker_count;
    weft_worker workers[WEFT_WORKERS_MAX];
    weft_forward *forward; /* of model.net, for test errors */
    uint32_t *order;       /* images of the current epoch */
    size_t order_epoch;    /* which that is; SIZE_MAX: none yet */
    size_t step, steps, per_epoch;
    double loss_sum; /* of this epoch's images */
    uint64_t error_sum;
    weft_curve_row *rows; /* [epochs] */
    size_t row_count;
    double seconds_before; /* of the runs that this one goes on from */
    double started_s, saved_s, reported_s;
    size_t started_step;
    char checkpoint[4096], curve[4096];
} weft_session;

/* Seconds of a monotonic clock. */
double weft_session_now(void);
double weft_session_seconds(const weft_session *session);

/* Everything loaded and compiled, at step 0. Close also after a failure. */
weft_status weft_session_open(weft_session *session, const weft_train_options *options, weft_error *err);
void weft_session_close(weft_session *session);
/* One minibatch: project, forward, backward, update, clip. */
weft_status weft_session_step(weft_session *session, weft_error *err);

/* Writes, reads back the state. The file is in the byte order of the machine. IO, CHECKSUM (damaged), INVALID (another
 * recipe). */
weft_status weft_checkpoint_write(weft_session *session, weft_error *err);
weft_status weft_checkpoint_read(weft_session *session, weft_error *err);
/* Renames the checkpoint that an earlier run left, if any, to its name and ".old", over an older one. IO. */
weft_status weft_checkpoint_keep(const weft_session *session, weft_error *err);
/* The learning curve, complete, as CSV. */
weft_status weft_curve_write(const weft_session *session, weft_error *err);
/* Deployed weights, statistics and ranges; the ONNX file; the result. */
weft_status weft_session_finish(weft_session *session, weft_train_result *result, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
