#include "sim/session/ticks.h"

weft_status weft_sim_ticks_open(weft_sim_ticks *out, const weft_sim_ticks_spec *spec, weft_error *err) {
    const weft_spike_timing_options options = {.threads = spec->threads, .stop = spec->stop};
    const weft_spike_trace_header header = weft_spike_trace_header_for(spec->chip, spec->network, spec->mapping);
    weft_tick_sink sinks[2];
    int count = 0;
    *out = (weft_sim_ticks){.limit = spec->limit};
    if (!spec->limit) return WEFT_OK;
    WEFT_TRY(weft_spike_timing_create(&out->timing, spec->chip, &options, err));
    sinks[count++] = weft_spike_timing_sink(out->timing);
    if (spec->record) {
        WEFT_TRY(weft_spike_recorder_open(&out->recorder, spec->record, &header, err));
        sinks[count++] = weft_spike_recorder_sink(out->recorder);
    }
    return weft_spike_watch_create(&out->watch, spec->engine, spec->numbers, sinks, count, err);
}

void weft_sim_ticks_listen(void *ticks, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    const weft_sim_ticks *t = ticks;
    if (tick < t->limit) weft_spike_watch_listen(t->watch, tick, cores, neurons, count);
}

weft_status weft_sim_ticks_finish(weft_ticks_report *report, weft_sim_ticks *ticks, const weft_chip *chip,
                                  weft_error *err) {
    if (!ticks->limit) return WEFT_OK;
    WEFT_TRY(weft_spike_watch_status(ticks->watch, err));
    WEFT_TRY(weft_spike_timing_finish(ticks->timing, err));
    *report = weft_ticks_report_of(chip, ticks->timing);
    return ticks->recorder ? weft_spike_recorder_close(ticks->recorder, err) : WEFT_OK;
}

void weft_sim_ticks_close(weft_sim_ticks *ticks) {
    weft_spike_watch_destroy(ticks->watch);
    weft_spike_recorder_destroy(ticks->recorder);
    weft_spike_timing_destroy(ticks->timing);
    *ticks = (weft_sim_ticks){0};
}
