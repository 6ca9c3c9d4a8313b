/* weft replay as a point. */
#include "sim/session/replay.h"
#include "sweep/point_internal.h"

static void show_share(void *state, uint64_t begun, uint64_t records) {
    const weft_point_runner_options *options = state;
    if (records) options->progress(options->context, (double)begun / (double)records);
}

static weft_status find_trace(const weft_trace **out, weft_point_runner *runner, const weft_point *point,
                              weft_error *err) {
    weft_trace *trace = NULL;
    weft_sha256 key;
    const char *hex;
    WEFT_TRY(weft_point_file_hash(&hex, runner->keys, point->trace, err));
    key = weft_sha256_bytes(hex, sizeof key.hex - 1);
    *out = weft_point_cache_find(&runner->traces, &key);
    if (*out) return WEFT_OK;
    WEFT_TRY(weft_trace_read(&trace, point->trace, err));
    weft_point_cache_put(&runner->traces, &key, trace, NULL);
    *out = trace;
    return WEFT_OK;
}

/* Of the packets alone: routers, links, host link, buffers. */
static double packets_pj(const weft_chip *chip, const weft_timing *timing) {
    double sum = 0;
    weft_event_counts counts = {{0}};
    for (int c = 0; c <= timing->core_count; c++) weft_event_counts_add(&counts, &timing->cores[c].events);
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) sum += (double)counts.n[e] * chip->cost_pj[e].value;
    return sum;
}

static void fill(weft_point_result *result, const weft_trace *trace, const weft_chip *chip, const weft_timing *t) {
    const weft_replay_figures f = weft_replay_figures_of(trace, chip, t);
    double *v = result->metrics.v;
    v[WEFT_METRIC_CYCLES] = (double)t->cycles;
    v[WEFT_METRIC_THROUGHPUT] = f.throughput_images_per_s;
    v[WEFT_METRIC_FLIT_HOPS] = (double)t->flit_hops;
    v[WEFT_METRIC_PACKET_LATENCY] = f.packet_latency_cycles;
    v[WEFT_METRIC_ENERGY_DYNAMIC] = packets_pj(chip, t) / (f.has_images ? (double)t->images : 1);
    if (weft_chip_area_mm2(chip) > 0) v[WEFT_METRIC_AREA] = weft_chip_area_mm2(chip);
    if (!f.has_images) return;
    v[WEFT_METRIC_LATENCY] = (double)(t->image_end[0] - t->image_start[0]) * chip->cycle_ns;
    v[WEFT_METRIC_INTERVAL] = weft_timing_steady(t->image_end, t->images).interval_cycles * chip->cycle_ns;
}

static weft_status run(weft_point_result *result, weft_times *times, weft_point_runner *runner, const weft_trace *trace,
                       const weft_chip *chip, weft_error *err) {
    const weft_replay_options options = {.without = {-1, -1, false, false},
                                         .observer = {times, NULL, weft_times_operation, weft_times_packet},
                                         .stop = runner->options.stop,
                                         .progress = runner->options.progress ? show_share : NULL,
                                         .progress_state = &runner->options};
    weft_timing *timing = NULL;
    weft_times_match match;
    WEFT_TRY(weft_replay_run(&timing, trace, chip, &options, err));
    weft_status status = weft_times_compare(&match, trace, times, err);
    if (status == WEFT_OK) status = weft_replay_check(&match, weft_replay_same_chip(trace, chip), err);
    if (status == WEFT_OK) fill(result, trace, chip, timing);
    weft_timing_destroy(timing);
    return status;
}

weft_status weft_point_replay(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                              weft_error *err) {
    const weft_trace *trace = NULL;
    weft_chip *chip = NULL;
    weft_times times = {0};
    WEFT_TRY(find_trace(&trace, runner, point, err));
    WEFT_TRY(weft_point_chip(&chip, runner, point, err));
    WEFT_TRY(weft_times_create(&times, trace, err));
    const weft_status status = run(result, &times, runner, trace, chip, err);
    weft_times_destroy(&times);
    return status;
}
