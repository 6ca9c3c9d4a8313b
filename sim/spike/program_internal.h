/* Parts of spiking programs. Private to sim/spike/program*.c. */
#ifndef WEFT_SIM_SPIKE_PROGRAM_INTERNAL_H
#define WEFT_SIM_SPIKE_PROGRAM_INTERNAL_H

#include "sim/spike/program.h"

/* What cores are built from. */
typedef struct weft_program_build {
    const weft_spike_layout *layout;
    const weft_snn *snn;
    const weft_snn_fit *fit;
    const weft_chip *config;
    uint64_t seed;
    bool *awake; /* [populations] acts without input, or does not begin at 0 */
} weft_program_build;

/* Synapses of a core as weft_spike_layout_synapses gives them. */
typedef struct weft_program_synapses {
    uint64_t *first;
    weft_laid_synapse *items;
} weft_program_synapses;

/* The state of one core; several at once. core: number on the chip. */
weft_status weft_program_truenorth(void **state, const weft_program_build *build, int core,
                                   const weft_program_synapses *synapses, weft_error *err);
weft_status weft_program_odin(void **state, const weft_program_build *build, int core,
                              const weft_program_synapses *synapses, weft_error *err);
weft_status weft_program_sparse(void **state, const weft_program_build *build, int core,
                                const weft_program_synapses *synapses, weft_error *err);

/* A copy of the fit whose projections have the weights that the chain makes; shares all else. */
weft_status weft_program_distort(weft_snn_fit *out, const weft_snn *snn, const weft_snn_fit *fit, const weft_chip *chip,
                                 const weft_spike_program_options *options, weft_error *err);
void weft_program_distort_free(weft_snn_fit *copy); /* a zeroed one is allowed */

/* Spikes from outside, from input spikes and where these go. */
typedef struct weft_program_stimuli {
    weft_spike_stimulus *items; /* [count] */
    size_t count, room;
} weft_program_stimuli;
/* Those of an input value that spikes at a tick. MEMORY. */
weft_status weft_program_stimulate(weft_program_stimuli *stimuli, const weft_spike_program *program, const int *core_of,
                                   uint32_t input, uint64_t tick, weft_error *err);
/* By tick, those of a tick as they came; *before of them lie before `end`. All lie close together. MEMORY. */
weft_status weft_program_stimuli_sort(weft_program_stimuli *stimuli, size_t *before, uint64_t end, weft_error *err);
/* Drops the first ones. */
void weft_program_stimuli_drop(weft_program_stimuli *stimuli, size_t count);

/* A job under way. */
typedef struct weft_program_runner {
    weft_spike_program *program;
    const weft_spike_job *job;
    weft_spike_result *out;
    weft_error *err;
    int *core_of;                  /* [cores of the chip] engine's number or -1 */
    uint64_t sample_ticks, period; /* with the gap */
    uint64_t tail;                 /* ticks after the last step until all is out */
    int output, group;             /* neurons of a class */
    bool *wanted;                  /* [populations] looked at */
    bool *busy;                    /* [engine's cores] with such populations */
    uint64_t *first;               /* [engine's cores + 1] of crossings */
    uint32_t *crossings;           /* [slots] of a neuron's packets; NULL: one chip */
    weft_program_stimuli stimuli;
    size_t cursor;          /* in the input */
    uint64_t begun;         /* ticks before the last reset */
    uint64_t origin, steps; /* of the network: the step of tick 0, and how many until the next reset */
    weft_status status;     /* of the listener */
} weft_program_runner;
/* Checks the job, finds what is to be kept, allocates. What it has goes with weft_program_finish, whatever comes out.
 */
weft_status weft_program_prepare(weft_program_runner *runner);
void weft_program_finish(weft_program_runner *runner);

#endif
