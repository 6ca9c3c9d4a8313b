/* State of the network on chip, shared by its files: noc_create.c (life), noc.c (injection, statistics), noc_step.c
 * (one cycle), noc_router.c (a router of the plain kind), noc_special.c (all other routers), noc_route.c (topology,
 * routing), noc_multicast.c (trees) and noc_deadlock.c. All state lies in flat arrays indexed by port  p: router *
 * sides_max + side; sides 0..3 are links east, west, north, south, then one per terminal; VC    p << vc_shift | v: as
 * input VC (a buffer) or as output VC (credits towards the other end); NI    network interface of terminal t: its
 * output VCs are numbered inputs + (t << vc_shift | v), and so is the input VC that stands for it. A flit is a packet
 * number, shifted left by one, with the tail bit; heads are known from the VC's state. A flit is written into the next
 * router's buffer when it wins the switch, and becomes visible there when its link time is over.
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

/* No packet; routing or waiting for an output VC; has one; copies its packet to several outputs. */
enum { NOC_IDLE, NOC_WAIT, NOC_ACTIVE, NOC_FORK };

/* Input VC, or a network interface: count is then 1 while it has packets, and all else without meaning. */
typedef struct noc_input {
    uint16_t head, tail; /* ring positions: next to leave, next to be written */
    uint16_t count;      /* visible flits */
    uint16_t state;
    uint16_t out_side; /* WAIT and ACTIVE: output side in this router */
    int32_t out_vc;    /* ACTIVE: output VC */
    uint32_t ring[];   /* its buffer: flits */
} noc_input;

/* Of a router whose packets choose among sides: what a waiting head may take. */
typedef struct noc_choice {
    uint8_t side[2]; /* towards the target, along x and y, or the same twice */
    uint8_t escape;  /* side under XY */
    uint32_t escape_allowed;
} noc_choice;

/* An input VC that copies its packet to several sides. */
typedef struct noc_branch {
    int32_t out_vc; /* -1: none yet */
    int32_t sent;   /* flits */
} noc_branch;
typedef struct noc_fork {
    uint64_t sides;   /* of the packet at this router */
    uint64_t waiting; /* of them, without an output VC */
    uint64_t open;    /* of them, with flits to send */
    int32_t taken;    /* flits that every branch has: the one at the head of the buffer is number `taken` */
} noc_fork;

/* The routes of a multicast packet: routers in ascending order, and the sides that it leaves each by. */
typedef struct noc_tree {
    int32_t node_count, target_count, left; /* left: targets without their tail */
    int32_t *router;                        /* [node_count] */
    uint64_t *sides;                        /* [node_count] */
    int32_t *target;                        /* [target_count] ascending */
    uint32_t *copy;                         /* [target_count] packet that is delivered there */
} noc_tree;

/* Output VC of a router or of a network interface. */
typedef struct noc_output {
    int32_t owner;       /* input VC of the router that holds it, -1: free; of an interface always that */
    uint16_t credits;    /* room for flits at the other end */
    uint16_t grant_next; /* round robin over input VCs of the router */
} noc_output;

/* The link behind an output port. */
typedef struct noc_link {
    int32_t input;       /* first input VC at its other end, or -1 - terminal */
    uint16_t flit_delay; /* switch grant to arrival at the other end */
    uint16_t interval;   /* cycles a flit */
} noc_link;

/* Where the credits of an input port go. */
typedef struct noc_feed {
    int32_t output;        /* first output VC of whoever feeds this input, -1: nobody */
    uint32_t credit_delay; /* switch grant to credit usable there */
} noc_feed;

/* Both directions of a router's port: a line of a cache. No member is a char, which could be a part of anything else
 * for all that a compiler knows. */
typedef struct noc_port {
    uint32_t va_mask;  /* VCs that ask for an output VC */
    uint32_t sa_mask;  /* VCs with flit, output VC and credit */
    uint32_t free_vcs; /* output VCs without an owner */
    int32_t router;
    int32_t first;     /* input VC, and output VC */
    uint16_t side;     /* within the router */
    uint16_t sa_last;  /* round robin over input VCs: had the switch last */
    uint16_t out_last; /* round robin over sides that ask for this one: had it last */
    uint16_t bid;      /* input VC that asks for the switch in this cycle */
    noc_link link;
    noc_feed feed;
    uint64_t asking; /* sides that ask for this one in this cycle */
    uint64_t flits;  /* sent */
} noc_port;

typedef struct noc_packet {
    uint64_t tag, created, started;
    int32_t source, flits;
    int32_t target; /* below 0: a multicast packet on its way */
    uint32_t next;  /* in the source's queue, or in the free list */
    uint32_t whole; /* a target's copy of a multicast packet: that packet; else NO_PACKET */
} noc_packet;

typedef struct noc_interface {
    uint32_t first, last; /* queue of packets, NO_PACKET when empty */
    int32_t left;         /* flits of the first one still to send; 0: not begun */
    int32_t vc;           /* of the packet being sent */
    int32_t next_vc;      /* round robin */
    int32_t input;        /* first input VC of its port */
} noc_interface;

/* Calendar of entries due within so many cycles: slot (cycle & mask). */
typedef struct noc_slot {
    uint32_t *begin, *end;
} noc_slot;
typedef struct noc_wheel {
    noc_slot *slot;
    uint32_t *entries; /* of all slots */
    uint64_t mask, pending;
} noc_wheel;

#define NO_PACKET UINT32_MAX

struct weft_noc {
    weft_noc_config config;
    int routers, sides_max, vcs, vc_shift;
    int ports;                   /* rounded up to a multiple of 64 */
    int inputs;                  /* ports << vc_shift */
    int vc_mask;                 /* (1 << vc_shift) - 1 */
    int ring_mask;               /* rings are of ring_mask + 1 flits */
    int nobody;                  /* input VC that stands for the owner of a free output VC */
    size_t input_bytes;          /* of a noc_input with its ring */
    uint32_t front_delay;        /* cycles a head waits before it can ask for a VC */
    uint32_t local_credit_delay; /* noc_feed.credit_delay of injection and ejection links */
    uint32_t longest_flit_delay; /* the largest noc_link.flit_delay */
    uint32_t longest_delay;      /* with the largest noc_feed.credit_delay */
    uint64_t cycle;
    bool is_xy_mesh; /* routes need no more than two comparisons, any VC will do */

    /* Topology. */
    int32_t *terminal_side; /* [terminals] */
    int16_t *router_x, *router_y;
    uint8_t *special; /* [routers]: why it takes weft_noc_step_special; NULL: none ever does */

    /* Of special routers; NULL where the configuration has no need. */
    uint64_t *port_ready; /* [ports]: cycle from which a link that is not free every cycle is */
    noc_choice *choice;   /* [inputs] */
    noc_fork *fork;       /* [inputs] */
    noc_branch *branch;   /* [inputs * sides_max] */
    uint64_t *due;        /* bit per special router with something to do in this cycle */
    uint16_t *forks;      /* [routers]: input VCs in state FORK */
    noc_tree **tree;      /* [packet_capacity] of multicast packets */
    int32_t *mark;        /* [routers] scratch, 0 */

    /* Behind the routers' own: a port, and as many VCs, for each network interface, and nobody's. */
    unsigned char *input; /* [inputs + ..] noc_input of input_bytes each, see noc_in */
    uint32_t *allowed;    /* [inputs] WAIT: VCs of the output side that the packet may take */
    uint8_t *va_next;     /* [inputs] round robin over output VCs */
    noc_output *output;   /* [inputs + (terminals << vc_shift)] */
    noc_port *port;       /* [ports + ..] */
    uint64_t *va_sides;   /* [routers]: sides with VCs that ask for an output VC */
    uint64_t *va_routers; /* bit per router with such sides */
    uint64_t *sa_ports;   /* bit per port with VCs that ask for the switch; interfaces that may be able to send */

    /* Allocation in one cycle: of all plain routers, of one that is not (the second half of claimed). */
    int32_t *claim;    /* [inputs]: input VC that is first for an output VC, -1 */
    int32_t *claimed;  /* [2 * inputs]: output VCs with a claim */
    int32_t *asked[2]; /* [ports]: output ports that are asked for, to routers and to terminals */
    int32_t *guess;    /* [ports]: input ports whose bid is a guess */

    /* Network interfaces. */
    noc_interface *ni; /* [terminals] */
    noc_packet *packet;
    uint32_t packet_capacity, packet_free;

    noc_wheel arrivals, credit_returns, ejections, fronts; /* ejections: tails */
    uint64_t *ejected;                                     /* flits by slot of ejections */
    uint64_t ejecting;                                     /* sum of ejected */
    weft_noc_delivery *delivery;                           /* [terminals] */
    weft_noc_statistics statistics;
    uint64_t stalled;
    bool moved;
};

static inline void noc_wheel_push(noc_wheel *wheel, uint64_t due, uint32_t entry) {
    *wheel->slot[due & wheel->mask].end++ = entry;
    wheel->pending++;
}

/* All have been dealt with. */
static inline void noc_wheel_clear(noc_wheel *wheel, noc_slot *slot) {
    wheel->pending -= (uint64_t)(slot->end - slot->begin);
    slot->end = slot->begin;
}

enum { NOC_SLOW = 1, NOC_CHOOSES = 2, NOC_FORKS = 4 }; /* weft_noc.special */

/* Lowest set bit at or above next, cyclically. mask is not 0. */
static inline int noc_pick32(uint32_t mask, int next) {
    uint32_t high = mask & (UINT32_MAX << next);
    return __builtin_ctz(high ? high : mask);
}
/* The same above last. */
static inline int noc_pick_after32(uint32_t mask, int last) {
    uint32_t high = mask & (UINT32_MAX << last << 1);
    return __builtin_ctz(high ? high : mask);
}
static inline int noc_pick_after64(uint64_t mask, int last) {
    uint64_t high = mask & (UINT64_MAX << last << 1);
    return __builtin_ctzll(high ? high : mask);
}

static inline noc_input *noc_in(const weft_noc *noc, int input) {
    return (noc_input *)(void *)(noc->input + (uint32_t)input * noc->input_bytes);
}

static inline uint16_t noc_ring_next(const weft_noc *noc, int place) {
    return (uint16_t)((place + 1) & noc->ring_mask);
}

static inline int noc_vc(const weft_noc *noc, int input) { return input & noc->vc_mask; }

/* The VC asks for an output VC. */
static inline void noc_set_va(weft_noc *noc, int input) {
    noc_port *port = &noc->port[input >> noc->vc_shift];
    port->va_mask |= 1U << noc_vc(noc, input);
    noc->va_sides[port->router] |= 1ULL << port->side;
    noc->va_routers[port->router >> 6] |= 1ULL << (port->router & 63);
}

static inline void noc_clear_va(weft_noc *noc, int input) {
    noc_port *port = &noc->port[input >> noc->vc_shift];
    port->va_mask &= ~(1U << noc_vc(noc, input));
    noc->va_sides[port->router] &= ~((uint64_t)!port->va_mask << port->side);
}

/* Without branches, here and below: nobody could guess them. */
static inline void noc_set_asking(weft_noc *noc, int port, bool so) {
    noc->sa_ports[port >> 6] |= (uint64_t)so << (port & 63);
}

/* The VC has flit, output VC and credit, if so. */
static inline void noc_set_sa(weft_noc *noc, int input, bool so) {
    const int port = input >> noc->vc_shift;
    noc->port[port].sa_mask |= (uint32_t)so << noc_vc(noc, input);
    noc_set_asking(noc, port, so);
}

static inline void noc_clear_sa(weft_noc *noc, noc_port *port, int vc, bool so) {
    const int number = (int)(port - noc->port);
    port->sa_mask &= ~((uint32_t)so << vc);
    noc->sa_ports[number >> 6] &= ~((uint64_t)!port->sa_mask << (number & 63));
}

/* Sides of a router with VCs that ask for the switch. */
static inline uint64_t noc_sa_sides(const weft_noc *noc, int router) {
    const int at = router * noc->sides_max, shift = at & 63;
    const uint64_t *word = noc->sa_ports + (at >> 6);
    const uint64_t sides = shift ? word[0] >> shift | word[1] << (64 - shift) : word[0];
    return sides & (UINT64_MAX >> (64 - noc->sides_max));
}

/* Writes a flit into the buffer at the other end; it shows there at `due`. */
static inline void noc_send_flit(weft_noc *noc, int input, uint32_t flit, uint64_t due) {
    noc_input *in = noc_in(noc, input);
    in->ring[in->tail] = flit;
    in->tail = noc_ring_next(noc, in->tail);
    noc_wheel_push(&noc->arrivals, due, (uint32_t)input);
}

/* noc_create.c. Link and credit cycles of a router's link, and cycles a flit. */
void weft_noc_link_cycles(const weft_noc_config *config, int router, int side, int *link, int *credit, int *interval);
/* noc_router.c. The head of a packet is first in its buffer and can be worked on from cycle `from`. */
void weft_noc_begin_packet(weft_noc *noc, int input, uint64_t from);
/* One cycle of all routers with requests. */
void weft_noc_step_routers(weft_noc *noc);
/* noc_special.c. The same for one router whose packets choose, with slow links or with copies to make. */
void weft_noc_step_special(weft_noc *noc, int router);
/* noc_step.c. Makes every credit due in cycle usable. */
void weft_noc_take_credits(weft_noc *noc, uint64_t cycle);
/* noc.c. A packet with `next` NO_PACKET and cycle, source, target, flits and tag set; NO_PACKET without memory. */
uint32_t weft_noc_new_packet(weft_noc *noc, int source, int target, int flits, uint64_t tag, weft_error *err);
void weft_noc_free_packet(weft_noc *noc, uint32_t id);
/* Puts it at the end of its source's queue. */
void weft_noc_enqueue(weft_noc *noc, uint32_t id);

/* noc_route.c. Router at the other end of a router's link, -1 where there is none. */
int weft_noc_neighbour(const weft_noc_config *config, int router, int side);
/* Links between two routers. */
int weft_noc_distance(const weft_noc_config *config, int from, int to);
/* Side towards router `to` under XY, or YX where that is the routing; -1 when it is there. */
int weft_noc_next_side(const weft_noc_config *config, int router, int to);
/* Sides towards router `to` along x and along y, -1 where that is no way to go. */
void weft_noc_productive_sides(const weft_noc_config *config, int router, int to, int sides[2]);
/* Output side, VCs and choice of the head of a packet at an input VC, for all but the XY mesh. */
void weft_noc_route(weft_noc *noc, int input, const noc_packet *packet);
/* The link leads to another chip. */
bool weft_noc_leaves_chip(const weft_noc_config *config, int router, int side);

/* noc_multicast.c. The head of multicast packet `id` is first in an input VC's buffer. */
void weft_noc_fork(weft_noc *noc, int input, uint32_t id);
/* Sides that a multicast packet leaves a router by. */
uint64_t weft_noc_tree_sides(const noc_tree *tree, int router);
/* Its copy for a terminal. */
uint32_t weft_noc_tree_copy(const noc_tree *tree, int terminal);
/* A target has its tail; after the last one the packet is gone. */
void weft_noc_tree_delivered(weft_noc *noc, uint32_t whole);
void weft_noc_destroy_trees(weft_noc *noc);

#endif
