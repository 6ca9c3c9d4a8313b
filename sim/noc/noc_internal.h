/* State of the network on chip, shared by noc.c (life, injection, statistics) and noc_step.c (one cycle). All state
 * lies in flat arrays indexed by port  p: router * port count + side; sides 0..3 are links east, west, north, south,
 * then one per terminal of the router; VC    p << vc_shift | v: as input VC (a buffer) or as output VC (credits towards
 * the other end); NI    network interface of terminal t: its output VCs are numbered inputs + (t << vc_shift | v). A
 * flit is a packet number, shifted left by one, with the tail bit; heads are known from the VC's state. A flit is
 * written into the next router's buffer when it wins the switch, and becomes visible there when its link time is over.
 */
#ifndef WEFT_SIM_NOC_NOC_INTERNAL_H
#define WEFT_SIM_NOC_NOC_INTERNAL_H

#include "sim/noc/noc.h"

enum {
    WEFT_NOC_SIDES = 4,      /* east, west, north, south */
    WEFT_NOC_MAX_PORTS = 64, /* per router, so that a set of ports is one word */
    WEFT_NOC_MAX_VCS = 32,
    WEFT_NOC_MAX_BUFFER = 4096,
    WEFT_NOC_MAX_CYCLES = 1024 /* per pipeline stage or link */
};

enum { NOC_IDLE, NOC_WAIT, NOC_ACTIVE }; /* no packet; routing or waiting for an output VC; has one */

/* Input VC. */
typedef struct noc_input {
    uint16_t head, tail; /* ring positions: next to leave, next to be written */
    uint16_t count;      /* visible flits */
    uint8_t state;
    uint8_t out_side; /* WAIT and ACTIVE: output side in this router */
    int32_t out_vc;   /* ACTIVE: output VC */
} noc_input;

typedef struct noc_packet {
    uint64_t tag, created;
    int32_t source, target, flits;
    uint32_t next; /* in the source's queue, or in the free list */
} noc_packet;

typedef struct noc_interface {
    uint32_t first, last; /* queue of packets, NO_PACKET when empty */
    int32_t left;         /* flits of the first one still to send; 0: not begun */
    int32_t vc;           /* of the packet being sent */
    int32_t next_vc;      /* round robin */
} noc_interface;

/* Calendar of entries due within `slots` cycles: slot (cycle & mask), each with room for `room` entries. */
typedef struct noc_wheel {
    uint32_t *entry;
    uint32_t *fill; /* [slots] */
    uint32_t room, mask;
    uint64_t pending;
} noc_wheel;

#define NO_PACKET UINT32_MAX

struct weft_noc {
    weft_noc_config config;
    int routers, sides_max, ports, vcs, vc_shift;
    int inputs;            /* ports << vc_shift */
    int ring_shift;        /* ring of 1 << ring_shift flits */
    uint32_t front_delay;  /* cycles a head waits before it can ask for a VC */
    uint32_t flit_delay;   /* switch grant to arrival at the other end */
    uint32_t credit_delay; /* switch grant to credit usable upstream */
    uint64_t cycle;

    /* Topology. */
    int32_t *terminal_side; /* [terminals] */
    int16_t *router_x, *router_y;
    int32_t *port_input;  /* [ports]: first input VC at the other end of the output, or -1 - terminal */
    int32_t *port_feeder; /* [ports]: first output VC of whoever feeds this input, -1: nobody */
    int32_t *port_router;

    /* Input side. */
    noc_input *input;              /* [inputs] */
    uint32_t *ring;                /* [inputs << ring_shift] */
    uint32_t *va_mask;             /* [ports]: VCs that ask for an output VC */
    uint32_t *sa_mask;             /* [ports]: VCs with flit, output VC and credit */
    uint64_t *va_sides, *sa_sides; /* [routers]: sides with such VCs */
    uint64_t *active;              /* bit per router with any of them */
    uint8_t *sa_next;              /* [ports] round robin over VCs */
    uint8_t *va_next;              /* [inputs] round robin over output VCs */

    /* Output side. */
    uint16_t *credits;    /* [inputs + (terminals << vc_shift)] */
    int32_t *owner;       /* [inputs]: input VC that holds the output VC, -1: free */
    uint32_t *free_vcs;   /* [ports] */
    uint8_t *out_next;    /* [ports] round robin over sides */
    uint16_t *grant_next; /* [inputs] round robin over input VCs of the router */
    uint64_t *port_flits; /* [ports] flits sent */

    /* Allocation in one router. */
    int32_t *claim;   /* [sides_max << vc_shift]: input VC that is first for an output VC, -1 */
    int32_t *claimed; /* [sides_max << vc_shift]: output VCs with a claim */

    /* Network interfaces. */
    noc_interface *ni;   /* [terminals] */
    uint64_t *ni_active; /* bit per terminal that may be able to send */
    noc_packet *packet;
    uint32_t packet_capacity, packet_free;

    noc_wheel arrivals, credit_returns, ejections, fronts;
    weft_noc_delivery *delivery; /* [terminals] */
    weft_noc_statistics statistics;
    uint64_t stalled;
    bool moved;
};

static inline void noc_wheel_push(noc_wheel *wheel, uint64_t due, uint32_t entry) {
    uint64_t slot = due & wheel->mask;
    wheel->entry[slot * wheel->room + wheel->fill[slot]++] = entry;
    wheel->pending++;
}

static inline void noc_set_active(weft_noc *noc, int router) { noc->active[router >> 6] |= 1ULL << (router & 63); }

/* The VC has flit, output VC and credit. */
static inline void noc_set_sa(weft_noc *noc, int input) {
    int port = input >> noc->vc_shift, router = noc->port_router[port];
    noc->sa_mask[port] |= 1U << (input - (port << noc->vc_shift));
    noc->sa_sides[router] |= 1ULL << (port - router * noc->sides_max);
    noc_set_active(noc, router);
}

/* The VC asks for an output VC. */
static inline void noc_set_va(weft_noc *noc, int input) {
    int port = input >> noc->vc_shift, router = noc->port_router[port];
    noc->va_mask[port] |= 1U << (input - (port << noc->vc_shift));
    noc->va_sides[router] |= 1ULL << (port - router * noc->sides_max);
    noc_set_active(noc, router);
}

/* Writes a flit into the buffer at the other end; it shows there at `due`. */
static inline void noc_send_flit(weft_noc *noc, int input, uint32_t flit, uint64_t due) {
    noc_input *in = &noc->input[input];
    noc->ring[((size_t)input << noc->ring_shift) + in->tail] = flit;
    in->tail = (uint16_t)((in->tail + 1) & ((1 << noc->ring_shift) - 1));
    noc_wheel_push(&noc->arrivals, due, (uint32_t)input);
    noc->moved = true;
}

/* noc_router.c. The head of a packet is first in its buffer and can be worked on from cycle `from`. */
void weft_noc_begin_packet(weft_noc *noc, int input, uint64_t from);
/* One cycle of a router with requests. */
void weft_noc_step_router(weft_noc *noc, int router);
/* noc_step.c. Makes every credit due in cycle usable. */
void weft_noc_take_credits(weft_noc *noc, uint64_t cycle);

#endif
