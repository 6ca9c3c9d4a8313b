/* A trace's work on a chip: when everything happens, and what it costs. Plain C, no SystemC, no values. */
#ifndef WEFT_SIM_TRACE_REPLAY_H
#define WEFT_SIM_TRACE_REPLAY_H

#include <signal.h>

#include "sim/trace/timing.h"
#include "sim/trace/trace.h"

struct weft_noc;

#ifdef __cplusplus
extern "C" {
#endif

/* Any member may be NULL. operation, packet: told in the order of the list when the run is over. step: during the run,
 * after every step of the network. */
typedef struct weft_replay_observer {
    void *state;
    void (*step)(void *state, const struct weft_noc *noc);
    void (*operation)(void *state, const weft_trace_record *record, uint64_t start, uint64_t free, uint64_t finish);
    void (*packet)(void *state, const weft_trace_record *record, uint64_t start, uint64_t finish);
} weft_replay_observer;

/* What a resource would be worth: the replay as if it took no time. */
typedef struct weft_replay_without {
    int server_kind; /* of all servers of that kind (and stage) the occupancy is 0 and the latency stays; -1: none */
    int stage;       /* ARRAYS: of that stage alone; -1: all */
    bool network;    /* packets arrive after their zero-load latency, without waiting for others */
    bool buffers;    /* there is room for everything: nobody waits for a product or a digital unit to begin */
} weft_replay_without;

typedef struct weft_replay_options {
    weft_replay_without without; /* {-1, -1, false, false}: everything as it is */
    weft_replay_observer observer;
    uint64_t stall_limit;                                            /* as weft_cosim_options */
    const volatile sig_atomic_t *stop;                               /* NULL: never */
    void (*progress)(void *state, uint64_t begun, uint64_t records); /* now and then; NULL: nobody */
    void *progress_state;
} weft_replay_options;

/* Terminal t of the trace is terminal t of the chip, its host the chip's (a list of packets has none: its numbers are
 * the chip's terminals). All that the trace uses must exist: a smaller chip is INVALID with what it lacks. Flits,
 * occupancies and latencies are the chip's; the order of each server's operations stays. A packet to several terminals,
 * and packets that are joined, are one in a network with noc.multicast whose buffers hold it, else one after another;
 * the host's link carries what it carried when it was recorded. In *out (freed with weft_timing_destroy) are the events
 * that follow from the packets alone: router and link flits, I/O and buffer bits. Deterministic. INTERNAL for a
 * deadlock of the network, with who waits. */
weft_status weft_replay_run(weft_timing **out, const weft_trace *trace, const weft_chip *chip,
                            const weft_replay_options *options, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
