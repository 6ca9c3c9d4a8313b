/* Inside weft sim: a simulation (sim/session) and what is told of it (sim_report.c). */
#ifndef WEFT_CLI_SIM_H
#define WEFT_CLI_SIM_H

#include "cli/commands.h"
#include "sim/session/session.h"

typedef struct weft_sim_options {
    weft_common common;
    weft_sim_spec spec;
    const char *out;
} weft_sim_options;

typedef struct weft_sim_job {
    const weft_sim_options *options;
    const weft_console *session;
    weft_sim sim;
} weft_sim_job;

/* USAGE when the results would go where something that is read lies, or the report. */
weft_status weft_sim_check_json(const weft_sim_job *job, weft_error *err);
/* Files, table, JSON. INTERNAL where a self-check failed. */
weft_status weft_sim_report(const weft_sim_job *job, const weft_report_timed *timed, weft_error *err);

#endif
