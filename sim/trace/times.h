/* When everything of a replay happened, what was recorded, and pictures of both: a timeline for Perfetto, waves for
 * GTKWave. */
#ifndef WEFT_SIM_TRACE_TIMES_H
#define WEFT_SIM_TRACE_TIMES_H

#include "sim/trace/replay.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Cycles by record; free: of operations, when the server can begin the next one. */
typedef struct weft_times {
    uint64_t *start, *free, *finish;
    size_t count;
} weft_times;
weft_status weft_times_create(weft_times *out, const weft_trace *trace, weft_error *err);
void weft_times_destroy(weft_times *times); /* safe on a zeroed one */
/* Observer's members, state being a weft_times. */
void weft_times_operation(void *state, const weft_trace_record *record, uint64_t start, uint64_t free, uint64_t finish);
void weft_times_packet(void *state, const weft_trace_record *record, uint64_t start, uint64_t finish);

/* Against what the trace says. */
typedef struct weft_times_match {
    uint64_t recorded; /* records with a recorded end */
    uint64_t cycles;   /* of the recorded run, as weft_timing.cycles; 0 where nothing is recorded */
    bool same;         /* no recorded moment differs */
    /* The first record that differs. */
    uint64_t record;
    bool is_packet;
    weft_trace_moment moment;
    uint64_t was, is;
} weft_times_match;
weft_status weft_times_compare(weft_times_match *out, const weft_trace *trace, const weft_times *times,
                               weft_error *err);

/* Chrome's trace events as JSON, which Perfetto opens: a process a core and one for the host, a thread a server, a
 * slice an operation; an asynchronous slice a packet at its source; flits in flight as a counter. Times in us. Write
 * errors show at the stream. MEMORY. */
weft_status weft_timeline_write(const weft_trace *trace, const weft_times *times, const weft_chip *chip, FILE *stream,
                                weft_error *err);

/* Signals over time as a value change dump (IEEE 1364-2001). Names are the path of scopes:
 * core_N.arrays.STAGE[.copy_C][.part_P].busy, core_N.digital.busy, core_N.program.busy, core_N.in_flight, host.io.busy,
 * host.in_flight, chip.barrier.busy (in_flight: packets from there on their way), network.in_flight (flits), and
 * link_R_E.flits, sent so far from router R east (N, W, S). */
typedef struct weft_vcd weft_vcd;
/* patterns: of shells, separated by commas; INVALID: one that no signal fits. Both must outlive *out. MEMORY. */
weft_status weft_vcd_create(weft_vcd **out, const weft_trace *trace, const weft_chip *chip, const char *patterns,
                            weft_error *err);
void weft_vcd_destroy(weft_vcd *vcd); /* NULL is allowed */
/* Chosen signals, a name a line. */
void weft_vcd_list(const weft_vcd *vcd, FILE *stream);
/* Observer's step, state being a weft_vcd. */
void weft_vcd_step(void *state, const struct weft_noc *noc);
/* Write errors show at the stream. MEMORY. */
weft_status weft_vcd_write(weft_vcd *vcd, const weft_times *times, FILE *stream, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
