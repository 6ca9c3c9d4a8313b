/* What is kept of a spiking run: spikes of populations, membranes of single neurons, and their files. */
#ifndef WEFT_CLI_RECORDS_H
#define WEFT_CLI_RECORDS_H

#include "cli/stimulus.h"

typedef struct weft_record_probe {
    int population;
    uint32_t neuron;
    const char *name; /* as given */
} weft_record_probe;

typedef struct weft_records {
    const weft_spiking_options *options;
    const weft_snn *snn;
    int output;       /* population that is the answer */
    uint32_t classes; /* 0: one a neuron of it */
    int population_count, probe_count;
    int *populations; /* whose spikes are kept; none where no file of them is wanted */
    weft_record_probe *probes;
    /* What was kept. */
    weft_spikes *spikes; /* [population_count] */
    uint64_t ticks;      /* of membranes */
    double *membranes;   /* [ticks, probe_count]; NULL without probes */
    double tick_s;
} weft_records;

/* Finds populations and probes. set: NULL or whose classes are wanted. INVALID: a population or neuron that there is
 * not, classes that do not divide the output, outputs none of which is named; USAGE. Close also after a failure. */
weft_status weft_records_open(weft_records *out, const weft_spiking_options *options, const weft_snn *snn,
                              const weft_dataset *set, weft_error *err);
/* Room for the membranes of so many ticks of tick_s. INVALID: more than there may be. */
weft_status weft_records_room(weft_records *records, uint64_t ticks, double tick_s, weft_error *err);
/* Whether every file can be written, ahead of the work. */
weft_status weft_records_probe_files(const weft_spiking_options *options, weft_error *err);
weft_status weft_records_write(const weft_records *records, const weft_console *session, bool quiet, weft_error *err);
/* Spikes of --spikes-csv and --raster, whoever made them. */
weft_status weft_records_write_list(const weft_records *records, const weft_spikes *spikes, const weft_console *session,
                                    bool quiet, weft_error *err);
void weft_records_close(weft_records *records);

#endif
