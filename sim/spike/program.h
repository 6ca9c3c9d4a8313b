/* A spiking chip with a network on it: from mapping, network and chip file to the tick engine (engine.h), and back from
 * cores and neurons to populations. */
#ifndef WEFT_SIM_SPIKE_PROGRAM_H
#define WEFT_SIM_SPIKE_PROGRAM_H

#include "core/spike_layout.h"
#include "core/spikes.h"
#include "core/transform.h"
#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_spike_program_options {
    uint64_t seed; /* of stochastic neurons */
    /* Weight transforms or device errors on the synapses, before they are placed: the same wherever they lie; NULL:
     * none. A projection as fitted is a layer, alpha its largest weight, draws are by its synapses; whole weights are
     * rounded and stay within their bits. On crossbars of one-bit synapses a weight can stay or become 0, and a chain
     * that makes others is refused. */
    const weft_transform_chain *chain;
    uint64_t trial;
    int threads; /* that build; 0: all */
} weft_spike_program_options;

/* Where a neuron of the network is; its first copy. */
typedef struct weft_spike_place {
    uint32_t core;
    uint16_t neuron;
} weft_spike_place;

typedef struct weft_spike_program {
    weft_spike_chip *chip;           /* ready; only cores with neurons, numbered as they come */
    int core_count;                  /* of the engine */
    int *cores;                      /* [core_count] number on the chip */
    int (*places)[2];                /* [core_count] router */
    const weft_spike_layout *layout; /* borrowed, like the next three */
    const weft_snn *snn;
    const weft_snn_fit *fit;
    const weft_chip *config;
    weft_spike_place **where; /* [populations]; [size] each, engine's core numbers; NULL for Inputs and Outputs */
} weft_spike_program;

/* Neurons with a bias or the like begin at the network's step 0: those of sparse cores wait for it, TrueNorth's begin
 * so far below that they are there in time, and where that cannot be, as of a Threshold that fires by itself, they wait
 * too. INVALID, UNSUPPORTED (a transform that a crossbar cannot hold, a
 * core of several models, relays on sparse cores), MEMORY. */
weft_status weft_spike_program_create(weft_spike_program **out, const weft_spike_layout *layout, const weft_snn *snn,
                                      const weft_snn_fit *fit, const weft_chip *chip,
                                      const weft_spike_program_options *options, weft_error *err);
void weft_spike_program_destroy(weft_spike_program *program); /* NULL is allowed */
/* Population and neuron of an engine's neuron; *first_copy: no copy, no relay. */
void weft_spike_program_find(int *population, uint32_t *neuron, bool *first_copy, const weft_spike_program *program,
                             uint32_t core, uint16_t slot);
double weft_spike_program_membrane(const weft_spike_program *program, int population, uint32_t neuron);

/* A neuron whose membrane is recorded. */
typedef struct weft_spike_probe {
    int population;
    uint32_t neuron;
} weft_spike_probe;

/* What is run: input spikes (neurons: input values of the network, in the order of its Inputs; in order), in samples of
 * equal length one after another. The network does samples x (sample_ticks + gap_ticks) steps; the chip some ticks
 * more, as many as the largest lag, so that all of it comes out. */
typedef struct weft_spike_job {
    const weft_spikes *input;       /* without gaps: sample s has ticks s sample_ticks .. (s + 1) sample_ticks - 1 */
    uint64_t samples, sample_ticks; /* what lies beyond is left out; 0 ticks, of 1 sample: the whole list */
    uint64_t gap_ticks;             /* without input behind each sample, for what neurons still have to say */
    bool reset;                     /* the chip before each sample; else samples follow each other, as in a pipeline */
    int output;                     /* population whose spikes are counted; -1: the only one with `output` set */
    int classes;                    /* 0: one a neuron; else neurons n size / classes .. belong to class n */
    /* Records, NULL: none. By step of the network: those of population p at tick t of the chip stand at t - lag[p]. */
    const int *recorded; /* [recorded_count] populations */
    int recorded_count;
    weft_spikes *records; /* [recorded_count] zeroed; caller frees */
    const weft_spike_probe *probes;
    int probe_count;
    double *membranes; /* [samples (sample_ticks + gap_ticks), probe_count], in the network's units; caller's */
    /* Every tick's spikes, as they are, by ticks that go on over resets; for timing and traces. */
    weft_spike_listener listener;
    void *context;
    int threads;
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, uint64_t sample, uint64_t samples); /* NULL: none */
    void *progress_context;
} weft_spike_job;

typedef struct weft_spike_result {
    uint64_t ticks;   /* of the chip, in all */
    uint32_t *counts; /* [samples, classes] spikes of the output in the sample and its gap, copies left out */
    int classes;
    weft_spike_counts total;  /* of all cores */
    weft_spike_counts *cores; /* [program->core_count] of each */
    uint64_t crossings;       /* packets x links from chip to chip (noc.chips); like hops without those of the input */
    uint64_t input_packets;   /* from the host */
    double seconds;           /* of this program's time */
} weft_spike_result;

/* From reset. INVALID: no such output, input beyond the network's, classes that do not divide the output; INTERRUPTED;
 * MEMORY. Caller frees counts and cores. */
weft_status weft_spike_program_run(weft_spike_result *out, weft_spike_program *program, const weft_spike_job *job,
                                   weft_error *err);
/* Class with most spikes, the lowest of equals. */
int weft_spike_result_answer(const weft_spike_result *result, uint64_t sample);

#ifdef __cplusplus
}
#endif
#endif
