/* Inside weft sim of a mapped spiking network: what is run (sim_spiking.c), and the same without a chip
 * (sim_spiking_compare.c). */
#ifndef WEFT_CLI_SIM_SPIKING_JOB_H
#define WEFT_CLI_SIM_SPIKING_JOB_H

#include "cli/sim_spiking.h"
#include "cli/sim_ticks.h"
#include "core/spike_mapped.h"
#include "sim/spike/float_run.h"
#include "sim/spike/program.h"

typedef struct weft_spiking_job {
    const weft_sim_options *options;
    const weft_console *session;
    const volatile sig_atomic_t *stop;
    weft_spike_mapped mapped;
    weft_stimulus_source source;
    weft_stimulus stimulus;
    weft_records records;
    weft_transform_chain chain;
    char transform[512];
    weft_spike_program *program;
    bool reset; /* of the chip, ahead of each sample */
    uint64_t timed_samples;
    weft_sim_ticks timed;
    weft_ticks_report timing;
    weft_spikes output; /* of the answer, for the comparison */
    weft_spike_result result;
    uint32_t read_count; /* neurons of an output that never fires */
    double *read;        /* [ticks, probes and these]; NULL: the output fires */
    weft_spike_agreement agreement;
    uint64_t correct;
    double start_s;
} weft_spiking_job;

static inline const weft_snn_population *weft_spiking_output(const weft_spiking_job *job) {
    return &job->mapped.network.snn->populations[job->records.output];
}

/* The network of layers that the spiking one was made of; NULL: none. */
static inline const weft_network *weft_spiking_net(const weft_spiking_job *job) { return job->mapped.network.net; }
/* Outputs that never fire are read: their membranes after the last tick of a sample are the answer. */
static inline bool weft_spiking_is_read(const weft_spiking_job *job) {
    return !weft_float_fires(weft_spiking_output(job));
}
/* The class that a sample was taken for. */
int weft_spiking_answer(const weft_spiking_job *job, uint64_t sample);
void weft_spiking_progress(void *context, uint64_t done, uint64_t samples);
/* Runs the samples in floating point, or through the layers that the network was made of; fills agreement. */
weft_status weft_spiking_compare(weft_spiking_job *job, weft_error *err);

#endif
