#include "sim/session/replay.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static double mean(uint64_t sum, uint64_t count) { return count ? (double)sum / (double)count : (double)NAN; }

/* Cells are written during the run: parts come one after the other. */
static weft_run run_of(const weft_trace *trace, const weft_timing *timing) {
    const weft_trace_header *h = weft_trace_header_of(trace);
    bool in_turn = false;
    for (int s = 0; s < h->server_count; s++) in_turn |= h->servers[s].kind == WEFT_SERVER_PROGRAM;
    return (weft_run){timing, 1, in_turn};
}

weft_replay_figures weft_replay_figures_of(const weft_trace *trace, const weft_chip *chip, const weft_timing *timing) {
    weft_replay_figures f = {.run = run_of(trace, timing),
                             .has_images = timing->images > 0 && timing->image_end[0] > 0};
    f.time_ns = (double)timing->cycles * chip->cycle_ns;
    f.throughput_images_per_s = f.has_images ? 1e9 / (weft_run_pace(&f.run) * chip->cycle_ns) : (double)NAN;
    f.packet_latency_cycles = mean(timing->latency_sum_cycles, timing->packets);
    f.zero_load_cycles = mean(timing->zero_load_sum_cycles, timing->packets);
    return f;
}

bool weft_replay_same_chip(const weft_trace *trace, const weft_chip *chip) {
    return !strcmp(weft_trace_header_of(trace)->chip_sha256.hex, chip->sha256.hex);
}

weft_status weft_replay_check(const weft_times_match *m, bool same_chip, weft_error *err) {
    if (!same_chip || m->same) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL,
                          "replay differs from the recorded run on the same chip: %s %" PRIu64 " %s in cycle %" PRIu64
                          ", not %" PRIu64,
                          m->is_packet ? "packet" : "operation", m->record,
                          m->moment == WEFT_TRACE_START ? "begins" : "ends", m->is, m->was);
}
