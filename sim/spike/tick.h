/* What happens on a spiking chip in one tick, as far as its time depends on it: which cores worked how much, and which
 * packets left whom for whom. Neutral: any chip with the cores can be timed by it (timing.h), recorded or not
 * (spike_trace.h); watch.h makes ticks of a running engine. */
#ifndef WEFT_SIM_SPIKE_TICK_H
#define WEFT_SIM_SPIKE_TICK_H

#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_TICK_CORES_MAX = 1 << 24 }; /* cores are 0 .. this - 1 */
/* The host, as source and as target. */
#define WEFT_TICK_HOST UINT32_MAX

typedef struct weft_tick_core {
    uint32_t core;
    uint32_t synaptic_events, updates_active, updates_inactive; /* as weft_spike_counts */
} weft_tick_core;

/* Packets of one source and order are those of one spike. */
typedef struct weft_tick_packet {
    uint32_t source; /* core that stands in `cores`, or host */
    uint32_t order;  /* of a core: how many of its neurons are updated before; of the host: its spikes before */
    uint32_t target; /* core or host */
} weft_tick_packet;

typedef struct weft_tick {
    uint64_t tick;
    const weft_tick_core *cores; /* [core_count] that worked, ascending */
    int core_count;
    const weft_tick_packet *packets; /* [packet_count] by source, order, target; the host's last */
    int64_t packet_count;
} weft_tick;

/* The rules above. INVALID with what breaks them. */
weft_status weft_tick_check(const weft_tick *tick, weft_error *err);

/* Who takes ticks, one after another; what it needs of one it copies. */
typedef struct weft_tick_sink {
    weft_status (*add)(void *state, const weft_tick *tick, weft_error *err);
    void *state;
} weft_tick_sink;

#ifdef __cplusplus
}
#endif
#endif
