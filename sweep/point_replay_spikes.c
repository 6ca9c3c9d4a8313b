/* weft replay of a spike trace as a point. */
#include <math.h>

#include "sim/report/ticks.h"
#include "sim/spike/spike_trace.h"
#include "sweep/point_internal.h"

static void fill(double *v, const weft_chip *chip, const weft_ticks_report *report) {
    const weft_spike_timing_summary *s = &report->summary;
    const size_t links = 4 * (size_t)chip->router_count;
    const double area = weft_chip_area_mm2(chip);
    uint64_t cycles = 0, flits = 0;
    for (uint64_t t = 0; t < report->result.count; t++) cycles += report->result.times[t].cycles;
    for (size_t i = 0; i < links; i++) flits += report->result.link_flits[i];
    v[WEFT_METRIC_CYCLES] = (double)cycles;
    v[WEFT_METRIC_FLIT_HOPS] = (double)flits;
    v[WEFT_METRIC_PACKET_LATENCY] = s->latency_ns_mean / chip->cycle_ns;
    v[WEFT_METRIC_TICK] = s->tick_ns > 0 ? s->tick_ns : s->mean_cycles * chip->cycle_ns;
    v[WEFT_METRIC_SHORTEST_TICK] = s->fastest_tick_ns;
    v[WEFT_METRIC_MISSED_TICKS] = (double)s->missed;
    if (area > 0) v[WEFT_METRIC_AREA] = area;
}

static weft_status take_ticks(weft_spike_timing *timing, weft_spike_trace *trace, weft_error *err) {
    const weft_tick *tick;
    for (;;) {
        WEFT_TRY(weft_spike_trace_next(&tick, trace, err));
        if (!tick) return weft_spike_timing_finish(timing, err);
        WEFT_TRY(weft_spike_timing_add(timing, tick, err));
    }
}

weft_status weft_point_replay_spikes(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                                     weft_error *err) {
    const weft_spike_timing_options options = {.stop = runner->options.stop};
    weft_spike_trace *trace = NULL;
    weft_spike_timing *timing = NULL;
    weft_chip *chip = NULL;
    weft_status status;
    WEFT_TRY_GOTO(weft_spike_trace_open(&trace, point->trace, err));
    WEFT_TRY_GOTO(weft_chip_load(&chip, point->chip, point->set, point->set_count, err));
    WEFT_TRY_GOTO(weft_spike_timing_create(&timing, chip, &options, err));
    WEFT_TRY_GOTO(take_ticks(timing, trace, err));
    const weft_ticks_report report = weft_ticks_report_of(chip, timing);
    if (report.summary.ticks) fill(result->metrics.v, chip, &report);
cleanup:
    weft_spike_timing_destroy(timing);
    weft_chip_destroy(chip);
    weft_spike_trace_destroy(trace);
    return status;
}
