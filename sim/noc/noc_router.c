/* One router: routing, and the allocation of output VCs and of the switch (separable, input first, round robin). Both
 * allocations see the state at the start of the cycle. */
#include "sim/noc/noc_internal.h"

/* Lowest set bit at or above next, cyclically. mask is not 0. */
static inline int pick32(uint32_t mask, int next) {
    uint32_t high = mask & (UINT32_MAX << next);
    return __builtin_ctz(high ? high : mask);
}
static inline int pick64(uint64_t mask, int next) {
    uint64_t high = mask & (UINT64_MAX << next);
    return __builtin_ctzll(high ? high : mask);
}

static inline void clear_bit(uint32_t *mask, uint64_t *sides, int port, int side, int vc) {
    mask[port] &= ~(1U << vc);
    if (!mask[port]) *sides &= ~(1ULL << side);
}

/* XY: along x to the target's column, then along y, then out to the terminal. */
static uint8_t route(const weft_noc *noc, int router, int target) {
    int to = noc->config.terminal_router[target];
    int dx = noc->router_x[to] - noc->router_x[router], dy = noc->router_y[to] - noc->router_y[router];
    if (dx) return dx > 0 ? 0 : 1;
    if (dy) return dy > 0 ? 3 : 2;
    return (uint8_t)noc->terminal_side[target];
}

void weft_noc_begin_packet(weft_noc *noc, int input, uint64_t from) {
    noc_input *in = &noc->input[input];
    uint32_t flit = noc->ring[((size_t)input << noc->ring_shift) + in->head];
    in->state = NOC_WAIT;
    in->out_side = route(noc, noc->port_router[input >> noc->vc_shift], noc->packet[flit >> 1].target);
    if (noc->front_delay)
        noc_wheel_push(&noc->fronts, from + noc->front_delay, (uint32_t)input);
    else
        noc_set_va(noc, input);
}

/* Input first: each waiting VC names one free output VC. Output: the nearest in round-robin order stays in claim.
 * Returns the number of output VCs in claimed; nothing else changes. */
static int claim_vcs(weft_noc *noc, int router) {
    int base = router * noc->sides_max, shift = noc->vc_shift, first = base << shift, count = 0;
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int port = base + __builtin_ctzll(sides);
        for (uint32_t mask = noc->va_mask[port]; mask; mask &= mask - 1) {
            int input = (port << shift) + __builtin_ctz(mask), out = base + noc->input[input].out_side;
            if (!noc->free_vcs[out]) continue;
            int output = (out << shift) + pick32(noc->free_vcs[out], noc->va_next[input]);
            int *claim = &noc->claim[output - first];
            if (*claim < 0) {
                noc->claimed[count++] = output;
                *claim = input;
            } else if (input - first >= noc->grant_next[output] && *claim - first < noc->grant_next[output]) {
                *claim = input; /* inputs come in ascending order, so the first at or above next wins, else the first of
                                   all */
            }
        }
    }
    return count;
}

/* Gives the claimed output VCs to their input VCs. */
static void grant_vcs(weft_noc *noc, int router, int count) {
    int base = router * noc->sides_max, shift = noc->vc_shift, first = base << shift;
    for (int i = 0; i < count; i++) {
        int output = noc->claimed[i], input = noc->claim[output - first];
        int port = input >> shift, out_port = output >> shift, out_vc = output - (out_port << shift);
        noc->claim[output - first] = -1;
        noc->owner[output] = input;
        noc->free_vcs[out_port] &= ~(1U << out_vc);
        noc->input[input].state = NOC_ACTIVE;
        noc->input[input].out_vc = output;
        noc->va_next[input] = (uint8_t)(out_vc + 1 < noc->vcs ? out_vc + 1 : 0);
        noc->grant_next[output] = (uint16_t)(input - first + 1);
        clear_bit(noc->va_mask, &noc->va_sides[router], port, port - base, input - (port << shift));
    }
}

/* The flit at the head of an input VC crosses the switch. */
static void traverse(weft_noc *noc, int router, int side, int vc) {
    int base = router * noc->sides_max, port = base + side, input = (port << noc->vc_shift) + vc;
    noc_input *in = &noc->input[input];
    uint32_t flit = noc->ring[((size_t)input << noc->ring_shift) + in->head];
    int output = in->out_vc, out_port = base + in->out_side, out_vc = output - (out_port << noc->vc_shift);
    in->head = (uint16_t)((in->head + 1) & ((1 << noc->ring_shift) - 1));
    in->count--;
    noc->credits[output]--;
    noc->port_flits[out_port]++;
    int to = noc->port_input[out_port];
    if (to >= 0) {
        noc_send_flit(noc, to + out_vc, flit, noc->cycle + noc->flit_delay);
    } else { /* a terminal takes every flit at once and returns the credit as a router would */
        noc_wheel_push(&noc->ejections, noc->cycle + noc->flit_delay - 1, flit);
        noc_wheel_push(&noc->credit_returns, noc->cycle + noc->flit_delay + noc->credit_delay, (uint32_t)output);
    }
    noc_wheel_push(&noc->credit_returns, noc->cycle + noc->credit_delay, (uint32_t)(noc->port_feeder[port] + vc));
    if (flit & 1) {
        noc->owner[output] = -1;
        noc->free_vcs[out_port] |= 1U << out_vc;
        in->state = NOC_IDLE;
        if (in->count) weft_noc_begin_packet(noc, input, noc->cycle + 1);
    }
    if (in->state != NOC_ACTIVE || !in->count || !noc->credits[output])
        clear_bit(noc->sa_mask, &noc->sa_sides[router], port, side, vc);
    noc->out_next[out_port] = (uint8_t)(side + 1 < noc->sides_max ? side + 1 : 0);
    noc->sa_next[port] = (uint8_t)(vc + 1 < noc->vcs ? vc + 1 : 0);
    noc->moved = true;
}

/* A crossbar setting being found: which input sides ask for which output side, with which VC. */
typedef struct requests {
    uint64_t outputs; /* sides asked for */
    uint64_t winners; /* input sides */
    uint64_t inputs_of[WEFT_NOC_MAX_PORTS];
    uint8_t vc_of[WEFT_NOC_MAX_PORTS];
} requests;

static inline void request(requests *q, int side, int vc, int out_side) {
    uint64_t bit = 1ULL << out_side;
    if (!(q->outputs & bit)) q->inputs_of[out_side] = 0;
    q->outputs |= bit;
    q->inputs_of[out_side] |= 1ULL << side;
    q->vc_of[side] = (uint8_t)vc;
}

static inline void choose_winners(const weft_noc *noc, int base, requests *q) {
    q->winners = 0;
    for (uint64_t outs = q->outputs; outs; outs &= outs - 1) {
        int out = __builtin_ctzll(outs);
        q->winners |= 1ULL << pick64(q->inputs_of[out], noc->out_next[base + out]);
    }
}

/* VCs that hold an output VC. */
static void match_switch(const weft_noc *noc, int router, requests *q) {
    int base = router * noc->sides_max;
    q->outputs = 0;
    for (uint64_t sides = noc->sa_sides[router]; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), port = base + side;
        int vc = pick32(noc->sa_mask[port], noc->sa_next[port]);
        request(q, side, vc, noc->input[(port << noc->vc_shift) + vc].out_side);
    }
    choose_winners(noc, base, q);
}

/* Heads that waited for an output VC at the start of the cycle bid for what is left of the switch, before they know the
 * outcome of the VC allocation. */
static void match_speculative(const weft_noc *noc, int router, const requests *taken, requests *q) {
    int base = router * noc->sides_max;
    q->outputs = 0;
    for (uint64_t sides = noc->va_sides[router] & ~taken->winners; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), port = base + side;
        uint32_t usable = 0;
        for (uint32_t mask = noc->va_mask[port]; mask; mask &= mask - 1) {
            int vc = __builtin_ctz(mask), out = noc->input[(port << noc->vc_shift) + vc].out_side;
            if (!(taken->outputs >> out & 1) && noc->free_vcs[base + out]) usable |= 1U << vc;
        }
        if (!usable) continue;
        int vc = pick32(usable, noc->sa_next[port]);
        request(q, side, vc, noc->input[(port << noc->vc_shift) + vc].out_side);
    }
    choose_winners(noc, base, q);
}

static void traverse_speculative(weft_noc *noc, int router, const requests *q) {
    int base = router * noc->sides_max;
    for (uint64_t winners = q->winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners), vc = q->vc_of[side];
        const noc_input *in = &noc->input[((base + side) << noc->vc_shift) + vc];
        if (in->state == NOC_ACTIVE && noc->credits[in->out_vc])
            traverse(noc, router, side, vc); /* else a wrong guess */
    }
}

/* Output VCs granted now can use the switch from the next cycle on. */
static void enable_granted(weft_noc *noc, int count) {
    for (int i = 0; i < count; i++) {
        int input = noc->owner[noc->claimed[i]];
        if (input >= 0 && noc->input[input].count && noc->credits[noc->claimed[i]]) noc_set_sa(noc, input);
    }
}

void weft_noc_step_router(weft_noc *noc, int router) {
    requests sure, guess;
    sure.outputs = sure.winners = guess.winners = 0;
    int claims = noc->va_sides[router] ? claim_vcs(noc, router) : 0;
    if (noc->sa_sides[router]) match_switch(noc, router, &sure);
    if (noc->config.speculative && claims) match_speculative(noc, router, &sure, &guess);
    for (uint64_t winners = sure.winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners);
        traverse(noc, router, side, sure.vc_of[side]);
    }
    if (claims) {
        grant_vcs(noc, router, claims);
        traverse_speculative(noc, router, &guess);
        enable_granted(noc, claims);
    }
}
