/* Inside the flow of a sweep: what its parts share. */
#ifndef WEFT_SWEEP_SWEEP_STATE_H
#define WEFT_SWEEP_SWEEP_STATE_H

#include "sweep/search.h"
#include "sweep/sweep_internal.h"

enum { WEFT_LANE_AHEAD = 2, WEFT_TICK_MS = 200 }; /* jobs that a worker of short points has; longest wait for news */

/* What a lane has been given and not answered; the first is being run. */
typedef struct weft_lane_state {
    weft_job jobs[WEFT_LANE_AHEAD];
    int count;
    size_t group;
    double mean_s; /* of its points, exponentially; -1: none yet */
} weft_lane_state;

typedef struct weft_sweep {
    weft_experiment *experiment;
    weft_sweep_options options;
    weft_sweep_result *result;
    weft_pool pool;
    weft_store *store;
    weft_queue queue;
    weft_lane_state *lanes; /* [pool.lane_count] */
    int outstanding;        /* jobs given and not answered */
    weft_sha256 *keys;
    weft_point_keys *hashes;
    size_t *twin;                /* [point_count] the next point with the same key, or SIZE_MAX */
    bool *done, *wanted;         /* [point_count] has a result; is to be run now */
    weft_metrics_values *values; /* [point_count] of a search: what is known; NaN else */
    weft_search search;
    int *attempts;           /* [point_count] that ended in a dead worker */
    char (*untrained)[1200]; /* [net_count] why a net could not be trained; "" it was */
    size_t next_net;
    double start_s, told_s, flushed_s;
    char text[256]; /* what goes on */
} weft_sweep;

static inline bool weft_sweep_stopped(const weft_sweep *s) { return *s->options.stop != 0; }

/* ---- sweep.c ---- */

/* Tells how far it is, about once a second, or always. */
void weft_sweep_show(weft_sweep *s, bool always);
weft_status weft_sweep_give(weft_sweep *s, int lane, int kind, uint64_t number, weft_error *err);
/* The lane's oldest job is over. */
weft_job weft_sweep_take_back(weft_sweep *s, int lane);

/* ---- sweep_train.c ---- */

/* Networks that are missing; why one could not be trained stands in `untrained`. */
weft_status weft_sweep_train(weft_sweep *s, weft_error *err);

/* ---- sweep_plan.c ---- */

/* Finds keys and twins, opens the store and brings its rows in line with the experiment. */
weft_status weft_sweep_plan(weft_sweep *s, weft_error *err);

/* ---- sweep_describe.c ---- */

/* Descriptions of chips and networks of the experiment that the store does not have yet. A network that cannot be read
 * has none: its points say why. */
weft_status weft_sweep_describe(const weft_sweep *s, weft_error *err);

/* ---- sweep_points.c ---- */

/* Waits for news, so long at most, and writes down what a point gave. */
weft_status weft_sweep_hear(weft_sweep *s, int timeout_ms, weft_error *err);
/* Runs those of the wanted points that have no result. */
weft_status weft_sweep_run_wanted(weft_sweep *s, weft_error *err);
weft_status weft_sweep_run_all(weft_sweep *s, weft_error *err);

/* ---- sweep_rungs.c ---- */

weft_status weft_sweep_run_search(weft_sweep *s, weft_error *err);

#endif
