#include "sim/trace/timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const weft_stall_names[WEFT_STALL_KINDS] = {"pixels", "sums", "addend", "output"};

/* The first failed allocation is remembered in *failed; later ones are harmless. */
static void *zeroed(size_t count, size_t size, bool *failed) {
    void *p = calloc(count ? count : 1, size);
    if (!p) *failed = true;
    return p;
}

weft_status weft_timing_create(weft_timing **out, size_t images, int stage_count, int core_count, int router_count,
                               weft_error *err) {
    bool failed = false;
    weft_timing *t = *out = zeroed(1, sizeof *t, &failed);
    if (failed) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the timing");
    const size_t stages = (size_t)stage_count, cores = (size_t)core_count;
    t->images = images;
    t->stage_count = stage_count, t->core_count = core_count, t->router_count = router_count;
    t->bin_cycles = 1;
    t->image_start = zeroed(images, sizeof *t->image_start, &failed);
    t->image_end = zeroed(images, sizeof *t->image_end, &failed);
    t->stage_events = zeroed(stages + 1, sizeof *t->stage_events, &failed);
    t->cores = zeroed(cores + 1, sizeof *t->cores, &failed);
    t->stage_busy_cycles = zeroed(stages, sizeof *t->stage_busy_cycles, &failed);
    t->link_flits = zeroed((size_t)router_count * 4, sizeof *t->link_flits, &failed);
    t->bins = zeroed(WEFT_TIMING_BINS, sizeof *t->bins, &failed);
    if (!failed) return WEFT_OK;
    weft_timing_destroy(t);
    *out = NULL;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the timing of %zu images on %d cores", images, core_count);
}

void weft_timing_destroy(weft_timing *timing) {
    if (!timing) return;
    free(timing->image_start);
    free(timing->image_end);
    free(timing->stage_events);
    free(timing->cores);
    free(timing->stage_busy_cycles);
    free(timing->link_flits);
    free(timing->bins);
    free(timing);
}

/* Neighbouring bins become one. */
static void halve_bins(weft_timing *timing) {
    const weft_event_counts none = {{0}};
    const int count = (timing->bin_count + 1) / 2;
    for (int b = 0; b < count; b++) {
        weft_event_counts both = timing->bins[2 * b];
        if (2 * b + 1 < timing->bin_count) weft_event_counts_add(&both, &timing->bins[2 * b + 1]);
        timing->bins[b] = both;
    }
    for (int b = count; b < timing->bin_count; b++) timing->bins[b] = none;
    timing->bin_count = count;
    timing->bin_cycles *= 2;
}

void weft_timing_count(weft_timing *timing, int stage, int core, uint64_t cycle, const weft_event_counts *events) {
    while (cycle / timing->bin_cycles >= WEFT_TIMING_BINS) halve_bins(timing);
    const int bin = (int)(cycle / timing->bin_cycles);
    if (bin >= timing->bin_count) timing->bin_count = bin + 1;
    weft_event_counts_add(&timing->bins[bin], events);
    weft_event_counts_add(&timing->stage_events[stage < 0 ? timing->stage_count : stage], events);
    weft_event_counts_add(&timing->cores[core].events, events);
}

/* ---- steady state ---- */

typedef struct moments {
    double mean, squares; /* sum of squared distances from the mean */
    size_t count;
} moments;

static double interval(const uint64_t *image_end, size_t i) { return (double)image_end[i + 1] - (double)image_end[i]; }

static moments intervals_from(const uint64_t *image_end, size_t images, size_t first) {
    moments m = {.count = images - 1 - first};
    for (size_t i = first; i + 1 < images; i++) m.mean += interval(image_end, i);
    m.mean /= (double)m.count;
    for (size_t i = first; i + 1 < images; i++) {
        const double distance = interval(image_end, i) - m.mean;
        m.squares += distance * distance;
    }
    return m;
}

/* At most half of the intervals are cut off: among the last few a small error would be chance. */
weft_steady weft_timing_steady(const uint64_t *image_end, size_t images) {
    weft_steady steady = {0, NAN, NAN};
    double least = INFINITY;
    for (size_t first = 0; images > 1 && first <= (images - 1) / 2 && first + 1 < images; first++) {
        const moments m = intervals_from(image_end, images, first);
        const double count = (double)m.count, error = m.squares / (count * count);
        if (error >= least) continue;
        least = error;
        steady.first = first;
        steady.interval_cycles = m.mean;
        steady.interval_std_cycles = m.count > 1 ? sqrt(m.squares / (count - 1)) : NAN;
    }
    return steady;
}
