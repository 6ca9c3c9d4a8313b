/* What a timed run found, whoever timed it (co-simulation or replay). Plain data. */
#ifndef WEFT_SIM_TRACE_TIMING_H
#define WEFT_SIM_TRACE_TIMING_H

#include "core/chip.h"
#include "sim/trace/server.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_TIMING_BINS = 200 }; /* at most, of things over time */

typedef struct weft_timing_core {
    uint64_t mvm_count;
    uint64_t array_busy_cycles; /* sum over its arrays; all busy counts end with the last result */
    uint64_t digital_busy_cycles;
    uint64_t injection_busy_cycles, ejection_busy_cycles; /* of its ports into the network and out of it, at least
                                                             (weft_noc_port_busy); the host's: sum over chips */
    int64_t buffer_peak_bytes;                            /* -1: not known (a replay) */
    weft_event_counts events; /* at this core, the core's router's flits included; sum over cores + host = all */
} weft_timing_core;

typedef struct weft_timing {
    size_t images;
    int stage_count, core_count, router_count;
    uint64_t cycles;                   /* first injection to last result */
    uint64_t *image_start, *image_end; /* [images] cycles: first pixel injected; last result flit at the host */
    /* [stage_count + 1]: stage s at s; data movement of the host's input at stage_count. */
    weft_event_counts *stage_events;
    weft_timing_core *cores;                 /* [core_count + 1]; the host's last */
    uint64_t *stage_busy_cycles;             /* [stage_count]: cycles in which the stage's slowest core was computing */
    uint64_t io_busy_cycles, program_cycles; /* of the host link; of programming all parts (not within `cycles` when
                                                there is one part: the chip is programmed before the run) */
    uint64_t packets, flits, flit_hops;      /* delivered; over links */
    uint64_t flits_in;                       /* handed to the network; a tree's once */
    uint64_t latency_sum_cycles, latency_max_cycles; /* of packets, creation to tail */
    uint64_t packet_cycles; /* packets inside the network, summed over its cycles; a replay does not count them */
    uint64_t zero_load_sum_cycles; /* what these latencies would be in an idle network */
    uint64_t *link_flits;          /* [router_count * 4], see weft_noc_link_flits */
    /* Events that began in bin b of bin_cycles cycles each, from cycle 0. */
    uint64_t bin_cycles;
    int bin_count;
    weft_event_counts *bins; /* [bin_count] */
} weft_timing;

/* What those who work for a stage waited for while they had nothing else to do: its arrays for pixels and for room for
 * their sums; its output blocks for what they add, and for room at the readers of their output. */
typedef enum weft_stall {
    WEFT_STALL_PIXELS,
    WEFT_STALL_SUMS,
    WEFT_STALL_ADDEND,
    WEFT_STALL_OUTPUT,
    WEFT_STALL_KINDS
} weft_stall;
extern const char *const weft_stall_names[WEFT_STALL_KINDS]; /* "pixels", "sums", "addend", "output" */
/* Of one stage. */
typedef struct weft_stalls {
    uint64_t cycles[WEFT_STALL_KINDS];  /* until the last result, summed over all who wait */
    uint64_t waiters[WEFT_STALL_KINDS]; /* who there is: groups of arrays (core and copy), or blocks */
} weft_stalls;

/* Zeroed, with all arrays. MEMORY. */
weft_status weft_timing_create(weft_timing **out, size_t images, int stage_count, int core_count, int router_count,
                               weft_error *err);
void weft_timing_destroy(weft_timing *timing); /* NULL is allowed */
/* Counts events at a cycle; bins double in width when the run grows longer than they reach. */
void weft_timing_count(weft_timing *timing, int stage, int core, uint64_t cycle, const weft_event_counts *events);

/* Steady state of the images' ends: images before `first` fill the pipeline (found by the smallest marginal standard
 * error of the intervals, MSER, K. P. White 1997). interval_cycles: mean distance of ends after it; NaN with fewer than
 * two. drain is not counted: ends only. */
typedef struct weft_steady {
    size_t first;
    double interval_cycles, interval_std_cycles;
} weft_steady;
weft_steady weft_timing_steady(const uint64_t *image_end, size_t images);

#ifdef __cplusplus
}
#endif
#endif
