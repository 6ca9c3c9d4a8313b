/* What a replay says of a run, for `weft replay` and for who calls weft_replay_run by itself. */
#ifndef WEFT_SIM_SESSION_REPLAY_H
#define WEFT_SIM_SESSION_REPLAY_H

#include "sim/report/resources.h"
#include "sim/trace/times.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_replay_figures {
    bool has_images; /* some came to an end */
    weft_run run;
    double time_ns;
    double throughput_images_per_s;                 /* NaN without images */
    double packet_latency_cycles, zero_load_cycles; /* means, creation to tail; NaN without packets */
} weft_replay_figures;
weft_replay_figures weft_replay_figures_of(const weft_trace *trace, const weft_chip *chip, const weft_timing *timing);
/* The trace was recorded on this very chip. */
bool weft_replay_same_chip(const weft_trace *trace, const weft_chip *chip);
/* On the chip of the recording everything must happen when it did: else INTERNAL, with what differs. */
weft_status weft_replay_check(const weft_times_match *match, bool same_chip, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
