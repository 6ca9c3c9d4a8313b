/* The flow of a sweep: train what is missing, find what is new, run it, write it down. */
#include "sweep/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep/sweep_state.h"

#define PATIENCE_S 10.0 /* for workers that were told to stop */

/* ---- progress ---- */

static double remaining_s(const weft_sweep *s, size_t left) {
    const weft_sweep_result *r = s->result;
    const size_t finished = r->done + r->failed;
    if (finished == 0) return NAN;
    return r->worker_seconds / (double)finished * (double)left / s->pool.lane_count;
}

void weft_sweep_show(weft_sweep *s, bool always) {
    const double now = weft_now_s();
    const weft_sweep_result *r = s->result;
    if (!s->options.progress || (!always && now - s->told_s < 1)) return;
    s->told_s = now;
    const size_t left = r->points - r->cached - r->done - r->failed;
    const weft_sweep_progress progress = {.points = r->points,
                                          .cached = r->cached,
                                          .done = r->done,
                                          .failed = r->failed,
                                          .running = (size_t)s->outstanding,
                                          .elapsed_s = now - s->start_s,
                                          .remaining_s = remaining_s(s, left),
                                          .text = s->text};
    s->options.progress(s->options.context, &progress);
}

/* ---- lanes ---- */

weft_status weft_sweep_give(weft_sweep *s, int lane, int kind, uint64_t number, weft_error *err) {
    weft_lane_state *state = &s->lanes[lane];
    const weft_job job = {.kind = kind, .number = number};
    state->jobs[state->count++] = job;
    s->outstanding++;
    return weft_pool_give(&s->pool, lane, job, err);
}

weft_job weft_sweep_take_back(weft_sweep *s, int lane) {
    weft_lane_state *state = &s->lanes[lane];
    const weft_job job = state->jobs[0];
    memmove(state->jobs, state->jobs + 1, (size_t)(--state->count) * sizeof job);
    s->outstanding--;
    return job;
}

/* ---- all ---- */

static weft_status allocate(weft_sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count + 1;
    s->keys = calloc(points, sizeof *s->keys);
    s->done = calloc(points, sizeof *s->done);
    s->wanted = calloc(points, sizeof *s->wanted);
    s->twin = malloc(points * sizeof *s->twin);
    s->attempts = calloc(points, sizeof *s->attempts);
    s->untrained = calloc((size_t)s->experiment->net_count + 1, sizeof *s->untrained);
    if (s->keys && s->done && s->wanted && s->twin && s->attempts && s->untrained) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
}

/* What is being run is told to stop; what was ready just then still counts. */
static weft_status wind_up(weft_sweep *s, weft_error *err) {
    const double end = weft_now_s() + PATIENCE_S;
    weft_pool_interrupt(&s->pool);
    while (s->store && s->outstanding > 0 && weft_now_s() < end) WEFT_TRY(weft_sweep_hear(s, WEFT_TICK_MS, err));
    return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted: %zu points are done, the same command goes on",
                          s->result->cached + s->result->done);
}

static weft_status lead(weft_sweep *s, weft_error *err) {
    s->lanes = calloc((size_t)s->pool.lane_count, sizeof *s->lanes);
    if (!s->lanes) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d workers", s->pool.lane_count);
    for (int i = 0; i < s->pool.lane_count; i++) s->lanes[i] = (weft_lane_state){.group = SIZE_MAX, .mean_s = -1};
    WEFT_TRY(weft_sweep_train(s, err));
    if (weft_sweep_stopped(s)) return wind_up(s, err);
    WEFT_TRY(weft_sweep_plan(s, err));
    WEFT_TRY(s->experiment->search.kind ? weft_sweep_run_search(s, err) : weft_sweep_run_all(s, err));
    return weft_sweep_stopped(s) ? wind_up(s, err) : WEFT_OK;
}

static void free_all(weft_sweep *s) {
    weft_point_keys_destroy(s->hashes);
    weft_queue_free(&s->queue);
    free(s->lanes);
    free(s->keys);
    free(s->done);
    free(s->wanted);
    free(s->twin);
    free(s->values);
    weft_search_free(&s->search);
    free(s->attempts);
    free(s->untrained);
}

int weft_sweep_jobs(int jobs) {
    if (jobs > 0) return jobs;
    return weft_ranks_launched() ? 1 : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Settings that were left to us. */
static void choose(weft_sweep_options *options) {
    static const volatile sig_atomic_t never = 0;
    if (!options->stop) options->stop = &never;
    options->jobs = weft_sweep_jobs(options->jobs);
    if (options->threads <= 0)
        options->threads = weft_ranks_launched() ? 1 : (int)sysconf(_SC_NPROCESSORS_ONLN) / options->jobs;
    if (options->threads < 1) options->threads = 1;
}

weft_status weft_sweep_run(weft_sweep_result *result, weft_experiment *experiment, const weft_sweep_options *options,
                           weft_error *err) {
    weft_sweep s = {.experiment = experiment, .options = *options, .result = result, .start_s = weft_now_s()};
    weft_status status = WEFT_OK;
    *result = (weft_sweep_result){0};
    choose(&s.options);
    WEFT_TRY_GOTO(weft_folder_create(options->runs, err));
    WEFT_TRY_GOTO(weft_experiment_runs(experiment, options->runs, err));
    if (experiment->search.kind) WEFT_TRY_GOTO(weft_search_begin(&s.search, experiment, err));
    WEFT_TRY_GOTO(allocate(&s, err));
    WEFT_TRY_GOTO(weft_pool_open(&s.pool, experiment, &s.options, err));
    status = s.pool.ranks.rank == 0 ? lead(&s, err) : weft_pool_relay(&s.pool, err);
    result->rank = s.pool.ranks.rank;
cleanup:
    weft_pool_close(&s.pool);
    const weft_status closed = weft_store_close(s.store, status == WEFT_OK ? err : NULL);
    free_all(&s);
    result->seconds = weft_now_s() - s.start_s;
    return status == WEFT_OK ? closed : status;
}
