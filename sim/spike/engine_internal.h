/* Inside of the spiking engine. Cores are dealt to parts in blocks of neighbours, a thread takes a part at a time, and
 * only it touches the part's cores, inboxes and outgoing events. An event of a tick is written for the part that will
 * take it, into the slot of the tick in which it arrives; nobody reads that slot before the barrier at the tick's end.
 * On a chip with cores enough, what two threads write never shares a cache line: one that two processors write in turn
 * costs them as much as memory does. Private to sim/spike. */
#ifndef WEFT_SIM_SPIKE_ENGINE_INTERNAL_H
#define WEFT_SIM_SPIKE_ENGINE_INTERNAL_H

#include <stddef.h>

#include "sim/spike/engine.h"

enum {
    WEFT_SPIKE_LINE = 64,  /* bytes of a cache line */
    WEFT_SPIKE_GRAIN = 8,  /* fewest cores for which a thread is worth its barriers */
    WEFT_SPIKE_BLOCK = 32, /* most neighbouring cores that stay in one part */
    WEFT_SPIKE_RANKED = 8  /* longest inboxes that are sorted without a branch */
};

/* An event is its core << axon_bits | its axon. */
typedef uint32_t weft_spike_event;

/* A target as a spike needs it: everything in one place, for memory brings it in a line of its own. */
typedef struct weft_spike_way {
    weft_spike_event event;
    uint32_t delay : 6;                /* 0: out of the chip */
    uint32_t hops_x : 13, hops_y : 13; /* WEFT_SPIKE_FAR, hops_x: look at the routers */
} weft_spike_way;
enum { WEFT_SPIKE_FAR = (1 << 13) - 1 };

/* Events that arrive in one tick. */
typedef struct weft_spike_list {
    weft_spike_event *items;
    size_t count, capacity;
} weft_spike_list;

typedef struct weft_spike_site {
    const weft_spike_kind *kind;
    void *state;
    int axons, neurons;
    uint32_t *first;            /* [neurons + 1] of targets; NULL: every neuron has one target */
    weft_spike_target *targets; /* in neurons' order; NULL once the chip is ready */
    weft_spike_way *ways;       /* the same, in chip->ways, once the chip is ready */
} weft_spike_site;

/* Router of a core. */
typedef struct weft_spike_router {
    int x, y;
} weft_spike_router;

typedef struct weft_spike_part {
    _Alignas(WEFT_SPIKE_LINE) weft_spike_list *out; /* [parts][slots]: written by this part, taken by that part */
    uint16_t *axons, *arrivals; /* [capacity + RANKED] inboxes of the tick's cores, one after the other; unsorted */
    size_t capacity;
    uint16_t *fired; /* [neurons of its cores + 1] */
    size_t used;     /* of fired */
    bool failed;     /* out of memory */
} weft_spike_part;

struct weft_spike_chip {
    weft_spike_site *sites;     /* [cores] */
    weft_spike_router *routers; /* [cores] */
    int cores, capacity;
    bool ready, broken; /* broken: memory ran out in a tick */
    int slots, slot;    /* longest delay + 1; tick % slots */
    int axon_bits;
    uint64_t tick;
    weft_spike_way *ways;      /* of all cores */
    weft_spike_counts *counts; /* [cores] */
    uint16_t *owner;           /* [cores] part */
    /* [cores], each from a cache line on */
    uint32_t *arrived, *start;  /* events of the tick; where in the part's axons */
    uint32_t *fired, *fired_at; /* neurons that fired in the tick; where in the part's fired */
    uint32_t *resting;          /* 0 or 1 */
    weft_spike_part *parts;
    int part_count;
    int block_bits; /* log2 of the cores of a block */
    const weft_spike_stimulus *stimuli; /* [stimulus_count] of the present tick, the run's */
    int64_t stimulus_count;
};

/* Frees the list's items too. */
void weft_spike_list_destroy(weft_spike_list *list);
/* False when memory is out. */
bool weft_spike_list_grow(weft_spike_list *list);
static inline bool weft_spike_list_push(weft_spike_list *list, weft_spike_event event) {
    if (list->count == list->capacity && !weft_spike_list_grow(list)) return false;
    list->items[list->count++] = event;
    return true;
}

static inline weft_spike_event weft_spike_event_of(const weft_spike_chip *chip, uint32_t core, uint32_t axon) {
    return core << chip->axon_bits | axon;
}

/* Events from one part to another that arrive `delay` ticks after the present one. */
static inline weft_spike_list *weft_spike_events(const weft_spike_chip *chip, int from, int to, int delay) {
    const int slot = chip->slot + delay < chip->slots ? chip->slot + delay : chip->slot + delay - chip->slots;
    return &chip->parts[from].out[(size_t)to * (size_t)chip->slots + (size_t)slot];
}

/* Deals the cores to `count` parts; events on their way move along. On failure the chip is as before. */
weft_status weft_spike_parts_set(weft_spike_chip *chip, int count, weft_error *err);
void weft_spike_parts_destroy(weft_spike_part *parts, int count, int slots);
/* Takes this tick's events of a part: inboxes of its cores. False when memory is out. */
bool weft_spike_part_receive(weft_spike_chip *chip, int part);

/* Next core of the part from `core` on, `core` itself included; chip->cores: none. */
static inline int weft_spike_next_core(const weft_spike_chip *chip, int part, int core) {
    while (core < chip->cores && chip->owner[core] != part) core = ((core >> chip->block_bits) + 1) << chip->block_bits;
    return core < chip->cores ? core : chip->cores;
}

#endif
