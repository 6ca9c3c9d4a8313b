#include <math.h>
#include <stdio.h>

#include "core/clock.h"
#include "trainer/session.h"

static const double CHECKPOINT_INTERVAL_S = 30;
static const double REPORT_INTERVAL_S = 1;

/* Epoch and images so far: of the one just ended at an epoch's end. */
static void report(weft_session *s, bool epoch_end) {
    size_t last = s->step ? s->step - 1 : 0, in_epoch = last % s->per_epoch + 1;
    double images = (double)in_epoch * (double)s->recipe.batch, here = weft_now_s() - s->started_s;
    double done = (double)(s->step - s->started_step), rate = here > 0 ? done / here : 0;
    weft_train_progress p = {
        .epoch = (int)(last / s->per_epoch) + 1,
        .epochs = (int)s->recipe.epochs,
        .step = s->step,
        .steps = s->steps,
        .loss = s->loss_sum / images,
        .train_error_percent = 100.0 * (double)s->error_sum / images,
        .test_error_percent = s->row_count ? s->rows[s->row_count - 1].test_error_percent : (double)NAN,
        .learning_rate = weft_recipe_scheduled_rate(&s->recipe, last, s->steps, s->per_epoch),
        .elapsed_s = weft_session_seconds(s),
        .remaining_s = rate > 0 ? (double)(s->steps - s->step) / rate : (double)NAN,
        .images_per_s = rate * (double)s->recipe.batch,
        .epoch_end = epoch_end,
    };
    s->options->progress(s->options->context, &p);
    s->reported_s = weft_now_s();
}

/* A row of the curve. */
static weft_status end_epoch(weft_session *s, weft_error *err) {
    double images = (double)s->per_epoch * (double)s->recipe.batch;
    size_t errors = 0;
    WEFT_TRY(weft_session_test(s, &errors, err));
    s->rows[s->row_count++] = (weft_curve_row){
        .epoch = (double)(s->step / s->per_epoch),
        .step = (double)s->step,
        .learning_rate = weft_recipe_scheduled_rate(&s->recipe, s->step - 1, s->steps, s->per_epoch),
        .train_loss = s->loss_sum / images,
        .train_error_percent = 100.0 * (double)s->error_sum / images,
        .test_error_percent = 100.0 * (double)errors / (double)s->test->count,
        .seconds = weft_session_seconds(s),
    };
    WEFT_TRY(weft_curve_write(s, err));
    return weft_snapshot_write(s, err);
}

static weft_status stop_here(weft_session *s, weft_error *err) {
    WEFT_TRY(weft_checkpoint_write(s, err));
    return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted after step %zu of %zu; %s holds the state", s->step,
                          s->steps, s->checkpoint);
}

static weft_status train_steps(weft_session *s, weft_error *err) {
    const weft_train_options *o = s->options;
    double interval = o->checkpoint_interval_s > 0 ? o->checkpoint_interval_s : CHECKPOINT_INTERVAL_S;
    while (s->step < s->steps) {
        if (o->stop && *o->stop) return stop_here(s, err);
        WEFT_TRY(weft_session_step(s, err));
        bool epoch_end = s->step % s->per_epoch == 0;
        if (epoch_end) WEFT_TRY(end_epoch(s, err));
        double now = weft_now_s();
        bool due = o->checkpoint_steps > 0 && s->step % o->checkpoint_steps == 0;
        if (due || now - s->saved_s >= interval) WEFT_TRY(weft_checkpoint_write(s, err));
        if (o->progress && (epoch_end || now - s->reported_s >= REPORT_INTERVAL_S)) report(s, epoch_end);
    }
    return o->stop && *o->stop ? stop_here(s, err) : WEFT_OK;
}

/* A picture that fails is no reason to lose a training. */
static void plot(const weft_session *s, weft_train_result *result) {
    bool drawn;
    weft_error own;
    if (s->row_count == 0) return;
    if (weft_curve_plot(s, &drawn, &own) != WEFT_OK)
        snprintf(result->warning, sizeof result->warning, "no plot of the learning curve: %.120s", own.text);
    else if (!drawn)
        snprintf(result->warning, sizeof result->warning,
                 "no plot of the learning curve: gnuplot was not found, or failed");
}

static weft_status train_session(weft_session *s, weft_train_result *result, weft_error *err) {
    if (!s->options->resume) WEFT_TRY(weft_checkpoint_keep(s, err));
    s->started_s = weft_now_s();
    s->started_step = s->step;
    WEFT_TRY(weft_curve_write(s, err));
    if (!s->options->resume) WEFT_TRY(weft_checkpoint_write(s, err)); /* from here on a killed run can be resumed */
    weft_status status = train_steps(s, err);
    if (status == WEFT_OK || status == WEFT_E_INTERRUPTED) plot(s, result);
    WEFT_TRY(status);
    WEFT_TRY(weft_checkpoint_write(s, err)); /* finishing changes the state, and may be interrupted too */
    WEFT_TRY(weft_session_finish(s, result, err));
    remove(s->checkpoint);
    return WEFT_OK;
}

weft_status weft_train(weft_train_result *result, const weft_train_options *options, weft_error *err) {
    weft_session session;
    *result = (weft_train_result){0};
    weft_status status = weft_session_open(&session, options, err);
    if (status == WEFT_OK) status = train_session(&session, result, err);
    weft_session_close(&session);
    return status;
}
