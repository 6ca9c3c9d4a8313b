/* Latencies of the packets of a window. */
#ifndef WEFT_SIM_NOC_NOC_SAMPLES_H
#define WEFT_SIM_NOC_NOC_SAMPLES_H

#include "sim/noc/noc_measure.h"

enum { NOC_BATCHES = 20, NOC_KEPT = 64 };

typedef struct weft_noc_sums {
    uint64_t count, sum, min, max;
} weft_noc_sums;

typedef struct weft_noc_samples {
    uint64_t begin, cycles; /* of the window */
    uint64_t count, zero_load, routers, slack_min;
    weft_noc_sums packet, network, batch[NOC_BATCHES]; /* batches by time of creation */
    uint64_t *histogram;
    weft_noc_delivery kept[NOC_KEPT]; /* some, spread over the run */
    int kept_count;
    uint64_t keep_every;
} weft_noc_samples;

weft_status weft_noc_samples_create(weft_noc_samples *out, uint64_t begin, uint64_t cycles, weft_error *err);
void weft_noc_samples_destroy(weft_noc_samples *samples); /* safe on a zeroed one */
/* INTERNAL when the packet was faster than an idle network allows. */
weft_status weft_noc_samples_add(weft_noc_samples *samples, const weft_noc_config *config, const weft_noc_delivery *d,
                                 weft_error *err);
/* Packets wait the longer the later they were created: over the window by more than half of their mean wait, as a line
 * through the batches says, and by four of its standard errors; and that wait is over a fifth of their zero load. */
bool weft_noc_samples_rise(const weft_noc_samples *samples);
void weft_noc_samples_finish(const weft_noc_samples *samples, weft_noc_measurement *out);

#endif
