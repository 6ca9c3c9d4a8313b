/* What a sweep would do. */
#include <math.h>
#include <stdlib.h>

#include "sweep/sweep.h"

/* Keys of the points whose net is there; the others stay without. */
static weft_status hash_points(weft_sha256 *keys, const weft_experiment *experiment, const bool *untrained,
                               weft_error *err) {
    weft_point_keys *hashes = NULL;
    WEFT_TRY(weft_point_keys_create(&hashes, experiment, err));
    weft_status status = WEFT_OK;
    for (size_t i = 0; i < experiment->point_count && status == WEFT_OK; i++) {
        const weft_point *point = &experiment->points[i];
        if (point->net >= 0 && untrained[point->net]) continue;
        status = weft_point_key(&keys[i], hashes, point, err);
    }
    weft_point_keys_destroy(hashes);
    return status;
}

/* Seconds of the points that are not known, on one worker; NaN as soon as one has no like. */
static double seconds_of(const weft_store *store, const weft_experiment *experiment, const bool *known) {
    double sum = 0;
    for (size_t i = 0; i < experiment->point_count; i++)
        if (!known[i]) sum += weft_store_seconds(store, &experiment->points[i]);
    return sum;
}

static weft_status look_up(weft_sweep_estimate *out, const weft_experiment *experiment, const char *runs, bool *known,
                           weft_sha256 *keys, const bool *untrained, weft_error *err) {
    char path[4096];
    weft_store *store = NULL;
    WEFT_TRY(hash_points(keys, experiment, untrained, err));
    WEFT_TRY(weft_path_join(path, sizeof path, runs, "runs.db", err));
    if (!weft_path_exists(path)) return WEFT_OK;
    WEFT_TRY(weft_store_open_read(&store, runs, err));
    weft_status status = weft_store_known(known, store, keys, experiment->point_count, err);
    if (status == WEFT_OK) out->seconds = seconds_of(store, experiment, known);
    const weft_status closed = weft_store_close(store, status == WEFT_OK ? err : NULL);
    return status == WEFT_OK ? closed : status;
}

static weft_status find_untrained(bool *untrained, int *count, const weft_experiment *experiment, weft_error *err) {
    *count = 0;
    for (int i = 0; i < experiment->net_count; i++) {
        if (!experiment->nets[i].recipe[0]) continue;
        WEFT_TRY(weft_point_train_needed(&untrained[i], experiment, i, err));
        *count += untrained[i];
    }
    return WEFT_OK;
}

weft_status weft_sweep_estimate_make(weft_sweep_estimate *out, weft_experiment *experiment, const char *runs,
                                     int workers, weft_error *err) {
    const size_t count = experiment->point_count;
    weft_status status = WEFT_OK;
    bool *known = calloc(count + 1, sizeof *known),
         *untrained = calloc((size_t)experiment->net_count + 1, sizeof *untrained);
    weft_sha256 *keys = calloc(count + 1, sizeof *keys);
    *out = (weft_sweep_estimate){.points = count, .seconds = NAN};
    if (!known || !untrained || !keys)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", count));
    WEFT_TRY_GOTO(weft_experiment_runs(experiment, runs, err));
    WEFT_TRY_GOTO(find_untrained(untrained, &out->trainings, experiment, err));
    WEFT_TRY_GOTO(look_up(out, experiment, runs, known, keys, untrained, err));
    for (size_t i = 0; i < count; i++) out->cached += known[i];
    if (out->cached == count) out->seconds = 0;
    out->seconds /= workers;
cleanup:
    free(known);
    free(untrained);
    free(keys);
    return status;
}
