/* Inside weft run of spiking networks: the run (run_spiking.c) and what is told of it (run_spiking_report.c). */
#ifndef WEFT_CLI_RUN_SPIKING_H
#define WEFT_CLI_RUN_SPIKING_H

#include "cli/run.h"
#include "sim/spike/float_run.h"

typedef struct weft_run_job {
    const weft_run_options *options;
    const weft_console *session;
    weft_tick_options tick;
    weft_snn *snn;
    weft_sha256 hash; /* of the network's file */
    weft_stimulus_source source;
    weft_stimulus stimulus;
    weft_records_spec keep;
    weft_records records;
    weft_float_result result;
    size_t errors; /* wrong answers, where there are labels */
    double start_s;
} weft_run_job;

const uint8_t *weft_run_job_labels(const weft_run_job *job); /* [samples]; NULL: there are none, or of other classes */
void weft_run_job_print(const weft_run_job *job, FILE *out);
weft_status weft_run_job_write_csv(const weft_run_job *job, weft_error *err);
weft_status weft_run_job_write_json(const weft_run_job *job, weft_error *err);

#endif
