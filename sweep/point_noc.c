/* weft noc as a point. */
#include <stdlib.h>

#include "sim/noc/noc_chip.h"
#include "sim/noc/noc_measure.h"
#include "sweep/point_internal.h"

static void show_share(void *context, uint64_t cycle, uint64_t last) {
    const weft_point_runner_options *options = context;
    if (last) options->progress(options->context, cycle < last ? (double)cycle / (double)last : 1);
}

static weft_noc_measure_options options_of(weft_point_runner *runner, const weft_point *point, const weft_chip *chip) {
    const weft_point_settings *s = &point->settings;
    weft_noc_measure_options o = {.warmup = (uint64_t)s->traffic.warmup,
                                  .cycles = (uint64_t)s->traffic.cycles,
                                  .stop = runner->options.stop,
                                  .progress = runner->options.progress ? show_share : NULL,
                                  .context = &runner->options};
    o.traffic = (weft_noc_traffic_options){.pattern = s->traffic.pattern,
                                           .rate = s->traffic.rate,
                                           .packet_flits = (int)s->traffic.packet_flits,
                                           .seed = (uint64_t)s->seed,
                                           .hot_node = weft_noc_middle_node(chip),
                                           .hot_share = (double)WEFT_NOC_HOT_PERCENT / 100};
    return o;
}

static void fill(weft_point_result *result, const weft_chip *chip, const weft_noc_measurement *m) {
    enum { P99 = 2 + 1 };
    double *v = result->metrics.v;
    v[WEFT_METRIC_PACKET_LATENCY] = m->packet.mean;
    v[WEFT_METRIC_NETWORK_LATENCY] = m->network.mean;
    if (m->measured_packets) v[WEFT_METRIC_PACKET_LATENCY_P99] = (double)m->percentile[P99];
    v[WEFT_METRIC_ACCEPTED] = m->accepted;
    v[WEFT_METRIC_SATURATED] = m->saturated;
    v[WEFT_METRIC_FLIT_HOPS] = (double)m->totals.router_flits;
    v[WEFT_METRIC_CYCLES] = (double)m->cycles;
    if (weft_chip_area_mm2(chip) > 0) v[WEFT_METRIC_AREA] = weft_chip_area_mm2(chip);
}

weft_status weft_point_noc(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                           weft_error *err) {
    weft_noc_measurement measured;
    weft_noc_config config = {0};
    weft_chip *chip = NULL;
    WEFT_TRY(weft_point_chip(&chip, runner, point, err));
    WEFT_TRY(weft_noc_config_of_chip(&config, chip, chip->core_count, err));
    const weft_noc_measure_options options = options_of(runner, point, chip);
    const weft_status status = weft_noc_measure(&measured, &config, &options, err);
    if (status == WEFT_OK) fill(result, chip, &measured);
    free((int *)config.terminal_router);
    return status;
}
