/* Inside a replay. The trace is unfolded into flat arrays once (replay_load.c); then time goes on from event to event,
 * or cycle by cycle while the network holds flits (replay.c); at last the times are counted up (replay_count.c). */
#ifndef WEFT_SIM_TRACE_REPLAY_INTERNAL_H
#define WEFT_SIM_TRACE_REPLAY_INTERNAL_H

#include "sim/noc/noc.h"
#include "sim/trace/replay.h"

#define REPLAY_NONE UINT32_MAX
#define REPLAY_TIME_MAX ((uint64_t)1 << 62)

/* A moment of a record is record << 1 | weft_trace_moment, as in the trace, in 32 bits. */
typedef struct replay_node {
    uint32_t place; /* server; or source terminal of the chip */
    uint32_t next;  /* operation: the next one of its server; packet: replay_packet_flags */
    uint64_t work;  /* amount; or flits << 32 | terminal of the chip, or index in `targets` */
} replay_node;
enum { REPLAY_RESULT = 1, REPLAY_SEVERAL = 2, REPLAY_JOINED = 4 /* to the packet before */ }; /* replay_packet_flags */
static inline int replay_flits(const replay_node *node) { return (int)(node->work >> 32); }

typedef struct replay_server {
    weft_server server;
    uint32_t head, last; /* first operation not yet begun; last of all */
    bool instant;        /* its operations occupy it for no time (weft_replay_without) */
    uint64_t sum, until; /* occupied cycles of operations begun ahead of the last result, and when the last one ends */
    uint64_t count;      /* amounts of these */
} replay_server;

/* Moments to come: those of the next SLOTS cycles in lists, later ones in a heap. */
enum { REPLAY_SLOTS = 4096 };
typedef struct replay_late {
    uint64_t cycle;
    uint32_t moment;
} replay_late;
typedef struct replay_calendar {
    uint32_t first[REPLAY_SLOTS];
    uint64_t used[REPLAY_SLOTS / 64]; /* bit per slot with a list */
    uint32_t *next;                   /* [moments] */
    replay_late *late;                /* a heap, the earliest on top */
    size_t late_count, late_room;
} replay_calendar;

/* A record that may not begin ahead of a cycle. */
typedef struct replay_timed {
    uint64_t cycle;
    uint32_t record;
} replay_timed;

/* Zero-load latencies that were asked for, and the cycles at the source's port: open addressing. */
typedef struct replay_latency {
    int source, target, flits; /* flits 0: empty */
    uint64_t cycles, injection;
} replay_latency;
typedef struct replay_latencies {
    replay_latency *items;
    size_t count, room; /* room: a power of two, or 0 */
} replay_latencies;

typedef struct weft_replay {
    const weft_trace *trace;
    const weft_chip *chip;
    const weft_replay_options *options;
    uint64_t stall_limit;

    uint32_t count; /* records */
    replay_node *node;
    uint32_t *waits;     /* [count] moments still missing; of a packet on its way: targets that it has not reached */
    uint64_t *packet;    /* bit per record: it is a packet */
    uint32_t *first;     /* [2 * count + 1] who waits for a moment: dependent[first[m] .. first[m + 1]) */
    uint32_t *dependent; /* records */
    int *targets;        /* of packets to several terminals: their number, then they */
    int *group;          /* of packets that are joined, as they are handed over or counted */
    size_t group_room;
    replay_timed *timed; /* records with an earliest cycle, by it */
    size_t timed_count, timed_at;
    replay_server *server; /* [servers of the trace] */
    uint64_t results;      /* packets with results that are still to come */
    uint64_t end;          /* cycle of the last one; UINT64_MAX: not yet */

    uint64_t now;
    replay_calendar calendar;
    uint32_t *stack; /* moments that have come, [2 * count] */
    size_t stack_count;
    uint32_t *outbox; /* packets to hand over in this cycle */
    size_t outbox_count, outbox_room;
    uint64_t begun, done;     /* operations begun and packets handed over; packets arrived */
    uint64_t *start, *finish; /* [count] */
    uint64_t *free;           /* [count]; NULL when nobody asks */

    weft_noc_config config; /* terminal_router is its own */
    weft_noc *noc;
    replay_latencies latencies;
    uint64_t flits_in;                                            /* handed over; a tree's once */
    uint64_t packets, flits, flit_hops, latency_sum, latency_max; /* where there is no network */
} weft_replay;

static inline bool replay_is_packet(const weft_replay *r, uint32_t record) {
    return r->packet[record >> 6] >> (record & 63) & 1;
}

static inline bool replay_is_result(const weft_replay *r, uint32_t record) {
    return replay_is_packet(r, record) && r->node[record].next & REPLAY_RESULT;
}

static inline bool replay_is_joined(const weft_replay *r, uint32_t record) {
    return replay_is_packet(r, record) && r->node[record].next & REPLAY_JOINED;
}

/* The network carries a packet to so many terminals as a tree. */
static inline bool replay_is_tree(const weft_replay *r, int targets, int flits) {
    return targets > 1 && r->config.multicast && flits <= r->config.buffer_flits;
}

/* Number of terminals that a packet goes to; one: room for one. */
static inline int replay_targets(const weft_replay *r, const replay_node *node, int *one, const int **targets) {
    const uint32_t at = (uint32_t)node->work;
    const bool several = node->next & REPLAY_SEVERAL;
    *one = (int)at;
    *targets = several ? r->targets + at + 1 : one;
    return several ? r->targets[at] : 1;
}

/* replay_load.c. Terminal of the chip for one of the trace; -1: there is none. */
int weft_replay_terminal(const weft_replay *replay, int terminal);
weft_status weft_replay_load(weft_replay *replay, weft_error *err);
/* Bits of a value of a packet; 0 for packets of given flits. */
int64_t weft_replay_value_bits(const weft_chip *chip, int kind);

/* replay_calendar.c. A moment must lie ahead of now. */
weft_status weft_replay_calendar_add(replay_calendar *calendar, uint64_t now, uint64_t cycle, uint32_t moment,
                                     weft_error *err);
/* Cycle of the next moment behind now; UINT64_MAX: none. */
uint64_t weft_replay_calendar_next(const replay_calendar *calendar, uint64_t now);
/* Takes one of the moments of this cycle; REPLAY_NONE: there is none left. */
uint32_t weft_replay_calendar_take(replay_calendar *calendar, uint64_t now);

/* replay_network.c. Terminals of a packet that is joined to none, of those that are joined to it behind its own: *count
 * of them in *targets, valid until the next call. MEMORY. */
weft_status weft_replay_targets(weft_replay *replay, uint32_t record, const int **targets, int *count, weft_error *err);
weft_status weft_replay_network_open(weft_replay *replay, weft_error *err);
/* Hands the outbox over in the present cycle. */
weft_status weft_replay_network_send(weft_replay *replay, weft_error *err);
/* Steps to the present cycle; packets that arrive go onto the stack. */
weft_status weft_replay_network_step(weft_replay *replay, weft_error *err);
/* Latency in an idle network; *injection, where it is not NULL: weft_noc_injection_cycles. */
weft_status weft_replay_zero_load(weft_replay *replay, int source, int target, int flits, uint64_t *cycles,
                                  uint64_t *injection, weft_error *err);

/* replay.c. The last target of a packet is reached. */
void weft_replay_arrived(weft_replay *replay, uint32_t record);

/* replay_count.c */
weft_status weft_replay_count(weft_timing **out, weft_replay *replay, weft_error *err);

#endif
