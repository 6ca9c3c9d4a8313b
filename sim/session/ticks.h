/* The first ticks of a run on a spiking chip through its network: timed, recorded for weft replay, or both. */
#ifndef WEFT_SIM_SESSION_TICKS_H
#define WEFT_SIM_SESSION_TICKS_H

#include "sim/report/ticks.h"
#include "sim/spike/spike_trace.h"
#include "sim/spike/watch.h"

typedef struct weft_sim_ticks_spec {
    const weft_spike_chip *engine;
    const int *numbers; /* of its cores on the chip, ascending; NULL: the same */
    const weft_chip *chip;
    uint64_t limit;     /* ticks that are timed or recorded; 0: none */
    const char *record; /* trace file; NULL: none */
    const char *network, *mapping;
    const volatile sig_atomic_t *stop;
    int threads;
} weft_sim_ticks_spec;

typedef struct weft_sim_ticks {
    uint64_t limit;
    weft_spike_watch *watch;
    weft_spike_timing *timing;
    weft_spike_recorder *recorder;
} weft_sim_ticks;

/* Close also after a failure. */
weft_status weft_sim_ticks_open(weft_sim_ticks *out, const weft_sim_ticks_spec *spec, weft_error *err);
/* A weft_spike_listener; its context is the weft_sim_ticks. */
void weft_sim_ticks_listen(void *ticks, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count);
/* Times what is left, completes the trace. *report is filled where there is a limit; it points into ticks. */
weft_status weft_sim_ticks_finish(weft_ticks_report *report, weft_sim_ticks *ticks, const weft_chip *chip,
                                  weft_error *err);
void weft_sim_ticks_close(weft_sim_ticks *ticks); /* a zeroed one is allowed */

#endif
