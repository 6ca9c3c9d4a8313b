/* A simulation of a mapped spiking network as a library call: what `weft sim` does between its options and its report.
 * Stimuli and records (spiking.c), the run of every chip (spiking_run.c), the network without a chip
 * (spiking_compare.c). Nothing is printed.
 *
 *     weft_spiking sim = {.spec = &spec, .mapped = &mapped};               a mapping that is open (core/spike_mapped.h)
 *     status = weft_spiking_open(&sim, err);                               everything that can be wrong
 *     if (status == WEFT_OK) status = weft_spiking_run(&sim, err);
 *     if (status == WEFT_OK) report = weft_spiking_report(&sim);
 *     weft_spiking_close(&sim); */
#ifndef WEFT_SIM_SESSION_SPIKING_H
#define WEFT_SIM_SESSION_SPIKING_H

#include <signal.h>

#include "core/spike_mapped.h"
#include "sim/report/spike_report.h"
#include "sim/session/records.h"
#include "sim/session/stimulus.h"
#include "sim/session/ticks.h"
#include "sim/spike/program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As the options of `weft sim`; messages call them so. NULL: not given. Of the stimulus's source everything but the
 * network of layers (net, layer) and the length of a tick, which the mapping says. */
typedef struct weft_spiking_spec {
    weft_stimulus_source source;
    weft_records_spec keep;
    weft_texts transforms; /* of the synapses */
    const char *mapping;   /* its file, for traces and the report; NULL: none */
    const char *record;    /* trace of the timed samples */
    uint64_t timed_images; /* that are timed; all of fewer */
    uint64_t trials;       /* chips with draws of their own, from `draw` on; 0: one */
    uint64_t draw, seed;   /* of the transforms; seed also of stochastic neurons */
    bool compare;          /* with the network in floating point, or of layers as the trainer computes it */
    int threads;           /* 0: all */
} weft_spiking_spec;

typedef struct weft_spiking {
    const weft_spiking_spec *spec;
    const weft_spike_mapped *mapped; /* its network of layers, if it has one, gets its preprocessing bound */
    const volatile sig_atomic_t *stop;
    /* samples: of all chips, or of the comparison; start_s: of this run of them. NULL: silent */
    void (*progress)(void *context, uint64_t done, uint64_t samples, double start_s);
    void *context;
    /* Inputs. */
    weft_stimulus_source source;
    weft_stimulus stimulus;
    weft_records records; /* kept of the first chip */
    weft_transform_chain chain;
    char transform[512];
    weft_spike_program *program; /* the first chip */
    bool reset;                  /* of the chip, ahead of each sample */
    uint64_t timed_samples;
    /* Results. */
    weft_sim_ticks timed;
    weft_ticks_report timing;
    weft_spikes output; /* of the answer, for the comparison */
    weft_spike_result result;
    uint32_t read_count; /* neurons of an output that never fires */
    double *read;        /* [ticks, probes and these]; NULL: the output fires */
    weft_spike_agreement agreement;
    uint64_t trials, trial;  /* how many there are; which is under way */
    uint64_t *trial_correct; /* [trials] */
    int *answers;            /* [samples] the class that each was taken for by the first chip */
    char stimulus_text[400];
    double start_s;
} weft_spiking;

/* Everything that can be wrong with the input, and the first chip; the spikes that go in. Close also after a failure.
 */
weft_status weft_spiking_open(weft_spiking *sim, weft_error *err);
/* Every chip through all samples; the first one is recorded, timed and compared. INTERRUPTED once *stop is not zero. */
weft_status weft_spiking_run(weft_spiking *sim, weft_error *err);
void weft_spiking_close(weft_spiking *sim);
/* What it points to lives in sim. */
weft_spike_report weft_spiking_report(const weft_spiking *sim);

/* ---- what is known of it ---- */

/* Population that answers. */
const weft_snn_population *weft_spiking_output(const weft_spiking *sim);
/* [samples]; NULL: there are none, or of other classes than the output's. */
const uint8_t *weft_spiking_labels(const weft_spiking *sim);

#ifdef __cplusplus
}
#endif
#endif
