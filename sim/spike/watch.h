/* Ticks of a running engine: a listener that gathers which cores worked, where the spikes went and what came from
 * outside, in the numbers of a chip, for timing, a trace or both. */
#ifndef WEFT_SIM_SPIKE_WATCH_H
#define WEFT_SIM_SPIKE_WATCH_H

#include "sim/spike/engine.h"
#include "sim/spike/tick.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_spike_watch weft_spike_watch;
/* numbers: [cores of the engine's chip] ascending, each core's number on the chip, copied; NULL: the same numbers.
 * sinks: [sink_count], copied; each gets every tick, in turn. Ticks are numbered from 0 as they are seen, also where
 * the engine is reset in between. chip is ready and must outlive it. INVALID: numbers that do not ascend; MEMORY. */
weft_status weft_spike_watch_create(weft_spike_watch **out, const weft_spike_chip *chip, const int *numbers,
                                    const weft_tick_sink *sinks, int sink_count, weft_error *err);
void weft_spike_watch_destroy(weft_spike_watch *watch); /* NULL is allowed */
/* A weft_spike_listener; its context is the watch. Cores that are stepped update all of their neurons in order, so that
 * a neuron's number is how many go before it. Spikes that leave the chip go to the host, stimuli come from it. */
void weft_spike_watch_listen(void *watch, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count);
/* The first error of a sink, or of memory; from then on ticks are not heard. After each run. */
weft_status weft_spike_watch_status(const weft_spike_watch *watch, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
