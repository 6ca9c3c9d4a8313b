/* One run of a network under traffic, measured: warm-up, a window, and the rest until every packet that was created in
 * the window has arrived. Traffic goes on meanwhile, so that those packets meet the load of the window to their end. */
#ifndef WEFT_SIM_NOC_NOC_MEASURE_H
#define WEFT_SIM_NOC_NOC_MEASURE_H

#include <signal.h>

#include "sim/noc/noc_traffic.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_noc_measure_options {
    weft_noc_traffic_options traffic;
    uint64_t warmup, cycles;                                        /* cycles: of the window; at least 1 */
    const volatile sig_atomic_t *stop;                              /* non-zero: end with INTERRUPTED; NULL: never */
    void (*progress)(void *context, uint64_t cycle, uint64_t last); /* now and then; NULL: nobody asks */
    void *context;
} weft_noc_measure_options;

enum { WEFT_NOC_PERCENTILES = 6 };
extern const double weft_noc_percentiles[WEFT_NOC_PERCENTILES]; /* 50, 90, 95, 99, 99.9, 99.99 */

typedef struct weft_noc_latency {
    double mean; /* cycles; NaN without packets */
    uint64_t min, max;
} weft_noc_latency;

typedef struct weft_noc_measurement {
    uint64_t window_packets, measured_packets; /* created in the window; of them, arrived before the run ended */
    weft_noc_latency packet;                   /* creation to tail, of measured packets */
    weft_noc_latency network;                  /* head leaves the source queue to tail */
    double packet_half_width;                  /* of the 95 % interval of packet.mean, from 20 batches; NaN: too few */
    uint64_t percentile[WEFT_NOC_PERCENTILES]; /* of creation to tail; exact below 4096 cycles, then to 0.1 % */
    double routers;                            /* on the path, mean of measured packets */
    double zero_load;                          /* closed form of the same packets, mean */
    uint64_t slack_min;                        /* smallest difference of a packet's latency and its zero load */
    double offered, accepted;              /* flits a node and cycle in the window: created; left an ejection link */
    double accepted_least;                 /* of the node whose packets fare worst, of those that send; whole packets */
    weft_noc_bounds bounds;                /* on `accepted`; where something is saturated, on `accepted_least` */
    int busiest_router, busiest_direction; /* link; router -1: none carried a flit */
    double busiest_flits;                  /* a cycle of the whole run */
    /* No steady state: the rate is above the bounds; or source queues and network hold at the window's end more than at
     * its beginning, by over 1 % of the flits created in it and more than chance does (three standard deviations of as
     * many random packets as were inside); or packets wait the longer the later they were created
     * (weft_noc_samples_rise); or some had not arrived when as many cycles again had passed (ten times as many, where
     * the first two are not so). A full link alone, without a queue that grows, is a steady state. */
    bool saturated;
    uint64_t backlog_begin, backlog_end; /* flits, of the window */
    uint64_t cycles;                     /* of the whole run */
    weft_noc_statistics totals;          /* of the whole run */
    weft_noc_occupancy left;             /* at its end */
} weft_noc_measurement;

/* Besides what options say: INVALID with who waits for whom when the network is in a deadlock; INTERNAL when one of the
 * run's own checks fails: flits in are flits out and inside; no packet was faster than an idle network allows; packets
 * alone in the network took exactly that; no link carried more than it and its credits can. MEMORY, INTERRUPTED. */
weft_status weft_noc_measure(weft_noc_measurement *out, const weft_noc_config *config,
                             const weft_noc_measure_options *options, weft_error *err);
/* Sends a packet through an idle network and steps it until it is there: *cycles from creation to tail. The clock goes
 * on a little first, so that no credit is on its way. INTERNAL when no flit moves any more, MEMORY. */
weft_status weft_noc_probe(uint64_t *cycles, weft_noc *noc, int source, int target, int flits, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
