/* What is kept of a spiking run: the answer, spikes of populations, membranes of single neurons. Messages call things
 * as the options of `weft sim` and `weft run` do. */
#ifndef WEFT_SIM_SESSION_RECORDS_H
#define WEFT_SIM_SESSION_RECORDS_H

#include "core/dataset.h"
#include "core/snn.h"
#include "core/spikes.h"
#include "core/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_records_spec {
    const char *output;     /* NULL: the only one that the network puts out */
    uint64_t classes;       /* 0: of the data set, or every neuron one */
    bool spikes;            /* are kept, of these populations; none named: of the output */
    weft_texts populations; /* names */
    weft_texts probes;      /* "NAME:NEURON" */
} weft_records_spec;

typedef struct weft_record_probe {
    int population;
    uint32_t neuron;
    const char *name; /* as given */
} weft_record_probe;

typedef struct weft_records {
    const weft_records_spec *spec;
    const weft_snn *snn;
    int output;       /* population that is the answer */
    uint32_t classes; /* 0: one a neuron of it */
    int population_count, probe_count;
    int *populations; /* whose spikes are kept */
    weft_record_probe *probes;
    /* What was kept. */
    weft_spikes *spikes; /* [population_count] */
    uint64_t ticks;      /* of membranes */
    double *membranes;   /* [ticks, probe_count]; NULL without probes */
    double tick_s;
} weft_records;

/* Finds populations and probes. set: NULL or whose classes are wanted. INVALID: a population or neuron that there is
 * not, classes that do not divide the output, outputs none of which is named; USAGE: a probe without its neuron. Close
 * also after a failure. */
weft_status weft_records_open(weft_records *out, const weft_records_spec *spec, const weft_snn *snn,
                              const weft_dataset *set, weft_error *err);
/* Room for the membranes of so many ticks of tick_s. INVALID: more than there may be. */
weft_status weft_records_room(weft_records *records, uint64_t ticks, double tick_s, weft_error *err);
void weft_records_close(weft_records *records); /* a zeroed one is allowed */

#ifdef __cplusplus
}
#endif
#endif
