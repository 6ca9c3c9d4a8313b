/* Inside weft sim: a simulation (sim/session) and what is told of it (sim_report.c). */
#ifndef WEFT_CLI_SIM_H
#define WEFT_CLI_SIM_H

#include "cli/records.h"
#include "sim/session/session.h"

typedef struct weft_sim_options {
    weft_common common;
    weft_sim_spec spec;
    const char *out, *chip, *random;
    weft_spiking_options spiking;
    bool compare;
} weft_sim_options;

typedef struct weft_sim_job {
    const weft_sim_options *options;
    const weft_console *session;
    weft_sim sim;
} weft_sim_job;

/* USAGE when the results would go where something that is read lies, or the report. */
weft_status weft_sim_check_json(const weft_sim_job *job, weft_error *err);
/* Calls work(context) once the folder is there; a failure takes it away again when it was made for this and is empty.
 * folder NULL: none is wanted. */
weft_status weft_sim_in_folder(const char *folder, weft_status (*work)(void *context, weft_error *err), void *context,
                               weft_error *err);
/* Overwrites the line that it stands in; "" takes it away. Nothing where nobody looks. */
void weft_sim_show(const weft_sim_options *options, const weft_console *session, const char *text);
/* Share of a long work, with the time that is left. */
void weft_sim_show_share(const weft_sim_options *options, const weft_console *session, const char *what, uint64_t done,
                         uint64_t all, double start_s);

/* Spiking networks: mapped (sim_spiking.c), random (sim_random.c). */
weft_status weft_sim_spiking(const weft_sim_options *options, const weft_console *session, weft_error *err);
weft_status weft_sim_random(const weft_sim_options *options, const weft_console *session, weft_error *err);

/* Files, table, JSON. INTERNAL where a self-check failed. */
weft_status weft_sim_report(const weft_sim_job *job, const weft_report_timed *timed, weft_error *err);

#endif
