/* Timed co-simulation: SystemC modules for host, cores and mesh that carry the values. C interface; one run a process
 * (a SystemC kernel elaborates once).
 *
 * What takes time, in cycles of the chip's clock:
 * - Host: sends pixels in raster order, a packet a destination; each occupies the I/O link for its payload bits /
 * io.bits_per_cycle. Image i starts when i - 1 is sent and the stages that take the input have finished i - 2 (double
 * buffer).
 * - Network: sim/noc/noc.h, every packet of core/traffic.h with its values inside.
 * - Arrays: the tiles of a copy of a stage on a core start together, in raster order of the positions that the copy
 * computes, when their pixels are there and mvm_interval_cycles have passed; the result is out after
 * mvm_latency_cycles, with the sums of the core's own tiles.
 * - Digital unit: one a core, in order of arrival; a position occupies it for ceil(events / core.digital_lanes) cycles
 * (scalings, activations, pooling steps and residual additions that it sets off) and leaves core.digital_ns later. It
 * waits for the second terms of its additions. Buffers of cores are not bounded; their peak is reported.
 * A mapping of several parts has no timed run yet. */
#ifndef WEFT_SIM_SYSTEMC_COSIM_H
#define WEFT_SIM_SYSTEMC_COSIM_H

#include <signal.h>

#include "sim/model/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_cosim_options {
    size_t images;        /* pipelined: the next enters while earlier ones are inside */
    const char *record;   /* trace file or NULL: a `# weft-trace 1` line, then
                             `time_cycles source destination flits` a packet (cores by number, host core_count) */
    uint64_t stall_limit; /* cycles without progress before the run ends with INTERNAL and a report of who waits; 0:
                             1,000,000 */
    const volatile sig_atomic_t *stop; /* non-zero: the run ends with INTERRUPTED and no trace; NULL: never */
} weft_cosim_options;

typedef struct weft_cosim_core {
    uint64_t mvm_count;         /* position steps of all stages here */
    uint64_t array_busy_cycles; /* sum over its arrays; all busy counts end with the last result */
    uint64_t digital_busy_cycles;
    int64_t buffer_peak_bytes;
} weft_cosim_core;

typedef struct weft_cosim_result {
    float *logits;                     /* [images, classes], malloc'd: what arrived at the host */
    uint64_t cycles;                   /* first injection to last result */
    uint64_t *image_start, *image_end; /* [images] cycles: first pixel injected; last result flit at the host */
    /* [stage_count + 1]: stage s at s; data movement of the host's input at stage_count. Counted as they happen. */
    weft_event_counts *stage_events;
    weft_cosim_core *cores;      /* [core_count] */
    uint64_t *stage_busy_cycles; /* [stage_count]: cycles in which the stage's slowest core was computing */
    uint64_t packets, flits, flit_hops;
    uint64_t latency_sum_cycles, latency_max_cycles; /* of packets */
    uint64_t *link_flits;                            /* [router_count * 4], see weft_noc_link_flits */
} weft_cosim_result;

/* x [images, C, H, W] float, preprocessed. Deterministic for any number of threads. Errors: IO (record), MEMORY,
 * INTERRUPTED, INTERNAL (deadlock, a lost packet), INVALID (a second run in one process), UNSUPPORTED (several parts).
 */
weft_status weft_cosim_run(weft_cosim_result **out, const weft_engine *engine, const weft_chip *chip,
                           const weft_mapping *mapping, const weft_stages *stages, const weft_traffic *traffic,
                           const float *x, const weft_cosim_options *options, weft_error *err);
void weft_cosim_result_destroy(weft_cosim_result *result);
/* "2.3.4" of the SystemC library in use. */
const char *weft_cosim_systemc_version(void);

#ifdef __cplusplus
}
#endif
#endif
