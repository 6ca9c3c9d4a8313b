/* Inside weft replay: the run (replay.c) and what is told of it (replay_report.c). */
#ifndef WEFT_CLI_REPLAY_H
#define WEFT_CLI_REPLAY_H

#include "cli/commands.h"
#include "sim/session/replay.h"

typedef struct weft_replay_request {
    weft_common common;
    const char *trace, *chip, *import, *neurons, *without, *timeline, *vcd, *signals, *text, *csv;
    weft_texts set;
    uint64_t tick_cycles;
} weft_replay_request;

typedef struct weft_replay_job {
    const weft_replay_request *options;
    const weft_console *session;
    FILE *out; /* text for people */
    weft_trace *trace;
    weft_chip *chip;
    weft_vcd *vcd; /* NULL: no waves */
    weft_times times;
    weft_timing *timing;
    weft_replay_figures figures;
    weft_replay_without without;
    weft_timing *timing_without; /* NULL: not asked for */
    weft_times_match match;
    bool same_chip; /* the trace was recorded on this very chip */
    const volatile sig_atomic_t *stop;
} weft_replay_job;

void weft_replay_print(const weft_replay_job *job);
weft_status weft_replay_write_json(const weft_replay_job *job, weft_error *err);
/* All of it, for a trace of spikes; the outputs are known to be apart. */
weft_status weft_replay_spikes(const weft_replay_request *options, const weft_console *session, weft_error *err);

#endif
