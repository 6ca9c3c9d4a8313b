/* Report of a run on a spiking chip: text, report.json, report.html, energy.csv, cores.csv, ticks.csv, activity.svg.
 * The same for mapped and for random networks; what a run does not have is left out. */
#ifndef WEFT_SIM_REPORT_SPIKE_REPORT_H
#define WEFT_SIM_REPORT_SPIKE_REPORT_H

#include "sim/report/json.h"
#include "sim/report/spike_energy.h"
#include "sim/report/ticks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Against the network in floating point, on the same input. */
typedef struct weft_spike_agreement {
    uint64_t samples, answers;       /* of these, the same answer */
    bool read;                       /* the output never fires: what follows is of its membranes, else of its spikes */
    uint64_t spikes, expected, same; /* on the chip, in the reference, of the same neuron and tick */
    /* Sums of the membranes of each class after the last tick of each sample, in the network's units: root mean square
     * in the reference, and of the difference. */
    double membrane_rms, membrane_off_rms;
} weft_spike_agreement;

/* Borrowed. */
typedef struct weft_spike_report {
    const char *network, *network_sha256; /* the latter NULL: none */
    const char *mapping;                  /* NULL: none */
    const char *stimulus;                 /* what went in, a line; NULL: nothing */
    const char *transform;                /* of the synapses; NULL: none */
    const weft_chip *chip;
    const char *const *overrides;
    int override_count;
    uint64_t neurons, synapses;      /* of the network */
    uint64_t copies;                 /* neurons on the chip beside these: copies, splitter neurons */
    const weft_spike_counts *counts; /* [core_count] of the cores with a program */
    const int *cores;                /* [core_count] their numbers on the chip */
    int core_count;
    uint64_t crossings, input_packets;
    uint64_t samples, ticks; /* ticks: of all samples, and between them */
    double dt_s;             /* of the network's time, of a tick */
    double tick_ns;          /* of the chip's; 0: clock.tick_ns, or what timing says */
    uint64_t seed, trial;
    bool labelled;
    uint64_t correct;                      /* labelled: right answers */
    uint64_t trials;                       /* programmed chips; 0 as 1. Everything else here is the first one's */
    const uint64_t *trial_correct;         /* [trials] right answers; NULL for one */
    const weft_spike_agreement *agreement; /* NULL: not compared */
    const weft_ticks_report *timing;       /* of the first timed_samples; NULL: none */
    uint64_t timed_samples;
    double seconds; /* that the simulation of these ticks took */
} weft_spike_report;

/* Derived. */
typedef struct weft_spike_figures {
    weft_spike_counts total;
    weft_spike_activity activity; /* seconds 0: the chip's ticks have no length that is known */
    weft_spike_energy energy;
    double tick_ns;                 /* clock.tick_ns, or the mean of the timed ones; 0: not known */
    double power_mw, samples_per_s; /* NaN where there is no time */
    double accuracy;                /* of the first trial, a share of 1; NaN without labels */
    double low, high;               /* 95 % interval: Wilson's; of several trials that of all chips and images */
    double trials_mean, trials_std, trials_worst; /* accuracy over trials, shares of 1; std NaN for one */
    double mean_hops;                             /* of the packets that left their core; NaN without */
    double ticks_per_s, events_per_s;             /* of the simulation: ticks and synaptic events; NaN without time */
} weft_spike_figures;
weft_spike_figures weft_spike_figures_of(const weft_spike_report *report);

/* Sums of all cores. */
weft_spike_counts weft_spike_counts_sum(const weft_spike_counts *cores, int count);

void weft_spike_report_print(const weft_spike_report *report, FILE *stream);
/* The members of report.json, into an object that is open. */
void weft_spike_report_members(const weft_spike_report *report, weft_json *json);
/* All files, into a folder that is there. *drawn: activity.svg is there (gnuplot). raster: an SVG file to be shown on
 * the page; NULL: none. IO, MEMORY. */
weft_status weft_spike_report_write(bool *drawn, const weft_spike_report *report, const char *folder,
                                    const char *raster, weft_error *err);
extern const char *const weft_spike_report_files[]; /* their names, NULL-terminated */

#ifdef __cplusplus
}
#endif
#endif
