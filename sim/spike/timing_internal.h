/* Inside the timing of ticks: those that have gathered (timing.c), and one of them on one network (timing_tick.c).
 * Private to sim/spike. */
#ifndef WEFT_SIM_SPIKE_TIMING_INTERNAL_H
#define WEFT_SIM_SPIKE_TIMING_INTERNAL_H

#include <stddef.h>

#include "sim/noc/noc.h"
#include "sim/spike/timing.h"

/* What packets and cores cost, in ns and flits. */
typedef struct timing_costs {
    double cycle_ns, synaptic_ns, active_ns, inactive_ns, packet_ns; /* packet: spike and packet */
    uint64_t packet_bits, host_bits_per_cycle;
    int flits;
    bool trees; /* packets may be trees */
} timing_costs;
timing_costs weft_timing_costs_of(const weft_chip *chip);
/* Whole cycles that cover a time. */
uint64_t weft_timing_cycles(const timing_costs *costs, double ns);

/* When a packet is handed over. */
typedef struct timing_handover {
    uint64_t cycle;
    uint32_t packet;
} timing_handover;

/* One network and what a tick needs beside it. */
typedef struct timing_worker {
    const weft_chip *chip;
    const timing_costs *costs;
    const weft_noc_config *config;
    weft_noc *noc;
    timing_handover *handovers; /* [room] */
    int *targets;               /* [room] */
    size_t room;
} timing_worker;
/* Times a tick whose cores and targets the chip has. MEMORY; INVALID: a core that works longer than cycles can say;
 * INTERNAL: a deadlock. */
weft_status weft_timing_tick(weft_tick_time *out, timing_worker *worker, const weft_tick *tick, weft_error *err);

#endif
