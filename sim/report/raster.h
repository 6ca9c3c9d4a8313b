/* Pictures and tables of spiking runs: rasters of spikes, traces of membranes, activity of cores. A picture's form is
 * that of its path, .svg or .png (INVALID for another); *drawn is false, and there is no file, where gnuplot is
 * missing. */
#ifndef WEFT_SIM_REPORT_RASTER_H
#define WEFT_SIM_REPORT_RASTER_H

#include "core/chip.h"
#include "core/spikes.h"
#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What of a spike list is shown; a count of 0: all there is behind the first. */
typedef struct weft_raster_window {
    uint64_t first_tick, ticks;
    uint64_t first_neuron, neurons;
} weft_raster_window;
enum { WEFT_RASTER_DOTS_MAX = 20000 };

/* A dot a spike, neurons over time in ms (ticks without a length: over ticks), and the mean rate of the neurons below.
 * More than WEFT_RASTER_DOTS_MAX spikes: a map of rates. window NULL: all. Errors: INVALID (no picture's path, nothing
 * in the window), MEMORY, IO. */
weft_status weft_raster_draw(bool *drawn, const char *path, const weft_spikes *spikes, const weft_raster_window *window,
                             weft_error *err);

/* Membranes of a few neurons, tick by tick; borrowed. */
typedef struct weft_membranes {
    const double *values; /* [ticks, probes] */
    uint64_t first_tick, ticks;
    int probes;
    const char *const *names; /* [probes] */
    double tick_s;            /* 0: ticks have no length */
    const char *unit;         /* of the values; "" for none */
    /* The first so many probes are no membranes but inputs, in spikes a tick. */
    int inputs;
    const double *thresholds; /* [probes] shown as dashed lines; NaN: none; NULL: none at all */
} weft_membranes;
enum { WEFT_MEMBRANES_DRAWN_MAX = 12 };

/* CSV: tick, time_s (where ticks have a length), then a column a probe. */
weft_status weft_membranes_write(const weft_membranes *traces, const char *path, weft_error *err);
/* A panel a probe, the first WEFT_MEMBRANES_DRAWN_MAX; spikes, whose neurons are the probes behind the inputs, as marks
 * at the top (NULL: none). */
weft_status weft_membranes_draw(bool *drawn, const char *path, const weft_membranes *traces, const weft_spikes *spikes,
                                weft_error *err);

/* CSV: core,x,y and the counts of each core. Cores lie where `places` [count] says; NULL: as in the chip file, by
 * number. */
weft_status weft_activity_write(const char *path, const weft_chip *chip, const weft_spike_counts *cores, int count,
                                const int (*places)[2], weft_error *err);
/* One of the counts, by its CSV name ("synaptic_events"), as a map of the routers: sums of their cores a tick. */
weft_status weft_activity_draw(bool *drawn, const char *path, const weft_chip *chip, const weft_spike_counts *cores,
                               int count, const int (*places)[2], uint64_t ticks, const char *what, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
