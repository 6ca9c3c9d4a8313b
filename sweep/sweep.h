/* Running an experiment: points to workers, results to one writer. */
#ifndef WEFT_SWEEP_SWEEP_H
#define WEFT_SWEEP_SWEEP_H

#include "sweep/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_sweep_progress {
    size_t points, cached, done, failed, running;
    double elapsed_s, remaining_s; /* remaining NaN: not known yet */
    const char *text;              /* what goes on, "" nothing to say */
} weft_sweep_progress;

typedef struct weft_sweep_options {
    const char *runs;
    int jobs;    /* worker processes of this rank; 0: as many as processors, one OpenMP thread each */
    int threads; /* OpenMP threads of a worker; 0: processors / jobs, at least 1 */
    int retries; /* of a point whose worker died (not of one that failed with an error: that is its result) */
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, const weft_sweep_progress *progress); /* about once a second; NULL: silent */
    void *context;
} weft_sweep_options;

typedef struct weft_sweep_result {
    size_t points, cached, done, failed;
    double seconds, worker_seconds; /* by the clock; spent inside points, summed over workers */
    char first_failure[1400];       /* "": none */
    int rank;                       /* of this process; only rank 0 knows the rest */
} weft_sweep_result;

/* What would run: number of points, cached ones, and seconds (from executions of like points; NaN: nothing known). */
typedef struct weft_sweep_estimate {
    size_t points, cached;
    int trainings; /* nets that would be trained first */
    double seconds;
} weft_sweep_estimate;
/* workers: that share the work. */
weft_status weft_sweep_estimate_make(weft_sweep_estimate *out, weft_experiment *experiment, const char *runs,
                                     int workers, weft_error *err);
/* Worker processes where options say 0: one under an MPI launcher, else as many as processors. */
int weft_sweep_jobs(int jobs);

/* Trains missing nets, then runs every point that has no result, in worker processes (forked, so that a crash costs a
 * point, not the sweep): each takes the next point when it is free, points that share a mapping and a programmed chip
 * stay together while there are others to give. The calling process alone writes RUNS/runs.db. Under mpirun (ranks.h)
 * the points of all ranks come from rank 0. Rows do not depend on jobs, threads, ranks or interruptions. */
weft_status weft_sweep_run(weft_sweep_result *result, weft_experiment *experiment, const weft_sweep_options *options,
                           weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
