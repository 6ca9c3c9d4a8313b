/* The runner: what points share, and one point after the other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/zca.h"
#include "sweep/point_internal.h"

#define MEMORY_BYTES ((size_t)1 << 30)

/* ---- results ---- */

void weft_point_result_free(weft_point_result *result) {
    free(result->trial_error_percent);
    *result = (weft_point_result){0};
}

weft_status weft_point_trials(weft_point_result *result, int count, weft_error *err) {
    result->trial_error_percent = calloc((size_t)count + 1, sizeof *result->trial_error_percent);
    if (!result->trial_error_percent) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d trials", count);
    result->trial_count = count;
    return WEFT_OK;
}

/* ---- what is kept ---- */

static void destroy_net(void *net) { weft_network_destroy(net); }
static void destroy_chip(void *chip) { weft_chip_destroy(chip); }
static void destroy_trace(void *trace) { weft_trace_destroy(trace); }

static void destroy_set(void *value) {
    weft_point_set *set = value;
    weft_dataset_destroy(set->test);
    weft_dataset_destroy(set->train);
    weft_zca_release(set->zca);
    free(set);
}

static void destroy_mapping(void *value) {
    weft_point_mapping *mapping = value;
    weft_mapping_destroy(mapping->mapping);
    free(mapping);
}

static void destroy_spiking(void *mapping) { weft_point_spiking_free(mapping); }

weft_status weft_point_runner_create(weft_point_runner **out, const weft_experiment *experiment,
                                     const weft_point_runner_options *options, weft_error *err) {
    weft_point_runner *runner = calloc(1, sizeof *runner);
    *out = NULL;
    if (!runner) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a worker");
    runner->experiment = experiment;
    runner->options = *options;
    if (!runner->options.memory_bytes) runner->options.memory_bytes = MEMORY_BYTES;
    runner->nets = (weft_point_cache){.destroy = destroy_net, .room = 8};
    runner->sets = (weft_point_cache){.destroy = destroy_set, .room = 4};
    runner->chips = (weft_point_cache){.destroy = destroy_chip, .room = 16};
    runner->mappings = (weft_point_cache){.destroy = destroy_mapping, .room = 16};
    runner->spiking = (weft_point_cache){.destroy = destroy_spiking, .room = 4};
    runner->traces = (weft_point_cache){.destroy = destroy_trace, .room = 2};
    weft_status status = weft_path_join(runner->maps, sizeof runner->maps, options->runs, "maps", err);
    if (status == WEFT_OK) status = weft_point_keys_create(&runner->keys, experiment, err);
    if (status == WEFT_OK)
        *out = runner;
    else
        weft_point_runner_destroy(runner);
    return status;
}

void weft_point_runner_destroy(weft_point_runner *runner) {
    if (!runner) return;
    weft_point_programmed_free(&runner->programmed);
    weft_point_evaluator_free(&runner->evaluator);
    free(runner->training.images);
    weft_point_cache_free(&runner->nets);
    weft_point_cache_free(&runner->sets);
    weft_point_cache_free(&runner->chips);
    weft_point_cache_free(&runner->mappings);
    weft_point_cache_free(&runner->traces);
    weft_point_cache_free(&runner->spiking);
    weft_point_keys_destroy(runner->keys);
    free(runner);
}

/* ---- a point ---- */

static weft_status run(weft_point_runner *runner, const weft_point *point, weft_point_result *result, weft_error *err) {
    switch ((weft_point_kind)point->settings.kind) {
    case WEFT_POINT_SIM:
        return point->spiking ? weft_point_sim_spiking(runner, point, result, err)
                              : weft_point_sim(runner, point, result, err);
    case WEFT_POINT_EVAL:
        return weft_point_eval(runner, point, result, err);
    case WEFT_POINT_REPLAY:
        return point->spiking ? weft_point_replay_spikes(runner, point, result, err)
                              : weft_point_replay(runner, point, result, err);
    case WEFT_POINT_NOC:
        break;
    }
    return weft_point_noc(runner, point, result, err);
}

weft_status weft_point_run(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                           weft_error *err) {
    const double start = weft_now_s();
    *result = (weft_point_result){0};
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) result->metrics.v[m] = NAN;
    const weft_status status = run(runner, point, result, err);
    if (status != WEFT_OK) weft_point_result_free(result);
    result->seconds = weft_now_s() - start;
    return status;
}
