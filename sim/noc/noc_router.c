/* One router of the plain kind: routing, and the allocation of output VCs and of the switch (separable, input first,
 * round robin). Both allocations see the state at the start of the cycle. */
#include "sim/noc/noc_switch.h"

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
    const noc_packet *packet = &noc->packet[flit >> 1];
    in->state = NOC_WAIT;
    if (packet->target < 0)
        weft_noc_fork(noc, input, flit >> 1);
    else if (noc->is_xy_mesh)
        in->out_side = route(noc, noc->port_router[input >> noc->vc_shift], packet->target);
    else
        weft_noc_route(noc, input, packet);
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
            uint32_t usable = noc->free_vcs[out] & noc->input[input].allowed;
            if (!usable) continue;
            int output = (out << shift) + noc_pick32(usable, noc->va_next[input]);
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
        noc_clear_bit(noc->va_mask, &noc->va_sides[router], port, port - base, input - (port << shift));
    }
}

/* VCs that hold an output VC. */
static void match_switch(const weft_noc *noc, int router, noc_requests *q) {
    int base = router * noc->sides_max;
    q->outputs = 0;
    for (uint64_t sides = noc->sa_sides[router]; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), port = base + side;
        int vc = noc_pick32(noc->sa_mask[port], noc->sa_next[port]);
        noc_request(q, side, vc, noc->input[(port << noc->vc_shift) + vc].out_side);
    }
    noc_choose_winners(noc, base, q);
}

/* Heads that waited for an output VC at the start of the cycle bid for the switch before they know the outcome of the
 * VC allocation, with less priority than VCs that hold one: only from sides where none does, and in vain for a port
 * that one asked for. */
static void match_speculative(const weft_noc *noc, int router, const noc_requests *taken, noc_requests *q) {
    int base = router * noc->sides_max;
    q->outputs = 0;
    for (uint64_t sides = noc->va_sides[router] & ~noc->sa_sides[router]; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), port = base + side;
        uint32_t usable = 0;
        for (uint32_t mask = noc->va_mask[port]; mask; mask &= mask - 1) {
            int vc = __builtin_ctz(mask);
            const noc_input *in = &noc->input[(port << noc->vc_shift) + vc];
            if (noc_may_guess(noc, base + in->out_side, in->allowed)) usable |= 1U << vc;
        }
        if (!usable) continue;
        int vc = noc_pick32(usable, noc->sa_next[port]);
        noc_request(q, side, vc, noc->input[(port << noc->vc_shift) + vc].out_side);
    }
    q->outputs &= ~taken->outputs;
    noc_choose_winners(noc, base, q);
}

static void traverse_speculative(weft_noc *noc, int router, const noc_requests *q) {
    int base = router * noc->sides_max;
    for (uint64_t winners = q->winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners), vc = q->vc_of[side];
        const noc_input *in = &noc->input[((base + side) << noc->vc_shift) + vc];
        if (in->state == NOC_ACTIVE && noc->credits[in->out_vc])
            noc_traverse(noc, router, side, vc); /* else a wrong guess */
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
    if (noc->special && noc->special[router]) {
        weft_noc_step_special(noc, router);
        return;
    }
    noc_requests sure, guess;
    sure.outputs = sure.winners = guess.winners = 0;
    int claims = noc->va_sides[router] ? claim_vcs(noc, router) : 0;
    if (noc->sa_sides[router]) match_switch(noc, router, &sure);
    if (noc->config.speculative && claims) match_speculative(noc, router, &sure, &guess);
    for (uint64_t winners = sure.winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners);
        noc_traverse(noc, router, side, sure.vc_of[side]);
    }
    if (claims) {
        grant_vcs(noc, router, claims);
        traverse_speculative(noc, router, &guess);
        enable_granted(noc, claims);
    }
}
