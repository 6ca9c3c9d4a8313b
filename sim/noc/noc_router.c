/* One router of the plain kind: routing, and the allocation of output VCs and of the switch (separable, input first,
 * round robin). Both allocations see the state at the start of the cycle. */
#include "sim/noc/noc_switch.h"

/* XY: along x to the target's column, then along y, then out to the terminal. */
static uint16_t route(const weft_noc *noc, int router, int target) {
    int to = noc->config.terminal_router[target];
    int dx = noc->router_x[to] - noc->router_x[router], dy = noc->router_y[to] - noc->router_y[router];
    if (dx) return dx > 0 ? 0 : 1;
    if (dy) return dy > 0 ? 3 : 2;
    return (uint16_t)noc->terminal_side[target];
}

void weft_noc_begin_packet(weft_noc *noc, int input, uint64_t from) {
    noc_input *in = noc_in(noc, input);
    uint32_t flit = in->ring[in->head];
    const noc_packet *packet = &noc->packet[flit >> 1];
    in->state = NOC_WAIT;
    if (packet->target < 0)
        weft_noc_fork(noc, input, flit >> 1);
    else if (noc->is_xy_mesh)
        in->out_side = route(noc, noc->port[input >> noc->vc_shift].router, packet->target);
    else
        weft_noc_route(noc, input, packet);
    if (noc->front_delay)
        noc_wheel_push(&noc->fronts, from + noc->front_delay, (uint32_t)input);
    else
        noc_set_va(noc, input);
}

/* ---- all plain routers, step by step ---- */

/* A router that is not plain, and is due. */
static bool is_special(weft_noc *noc, int router) {
    if (!noc->special || !noc->special[router]) return false;
    noc->due[router >> 6] |= 1ULL << (router & 63);
    return true;
}

/* Input first: each waiting VC names one free output VC. Returns the new number of claims. */
static int claim_vcs(weft_noc *noc, int router, int count) {
    int base = router * noc->sides_max, shift = noc->vc_shift;
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int port = base + __builtin_ctzll(sides);
        for (uint32_t mask = noc->port[port].va_mask; mask; mask &= mask - 1) {
            int input = (port << shift) + __builtin_ctz(mask);
            count = noc_claim(noc, base << shift, input, base + noc_in(noc, input)->out_side, noc->claimed, count);
        }
    }
    return count;
}

/* Each input port with VCs that hold an output VC asks for an output port on behalf of one of them. end: of both lists
 * in noc->asked. */
static void ask_switch(weft_noc *noc, int32_t *end[2]) {
    for (int w = 0; w < noc->ports / 64; w++)
        for (uint64_t set = noc->sa_ports[w]; set; set &= set - 1) {
            noc_port *from = &noc->port[w * 64 + __builtin_ctzll(set)];
            if (is_special(noc, from->router)) continue;
            int vc = noc_pick_after32(from->sa_mask, from->sa_last);
            int out = noc_in(noc, from->first + vc)->out_side;
            noc_port *to = from - from->side + out;
            int32_t **list = &end[out >= WEFT_NOC_SIDES];
            **list = (int32_t)(to - noc->port);
            *list += !to->asking;
            from->bid = (uint16_t)vc;
            to->asking |= 1ULL << from->side;
        }
}

/* Heads that waited for an output VC at the start of the cycle bid for the switch before they know the outcome of the
 * VC allocation, with less priority than VCs that hold one: only from sides where none does, and in vain for a port
 * that one asked for. Returns the new number of winners in guess. */
static int match_speculative(weft_noc *noc, int router, int count) {
    int base = router * noc->sides_max;
    noc_requests q = {.outputs = 0};
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), port = base + side;
        uint32_t usable = 0;
        if (noc->port[port].sa_mask) continue;
        for (uint32_t mask = noc->port[port].va_mask; mask; mask &= mask - 1) {
            int vc = __builtin_ctz(mask), input = (port << noc->vc_shift) + vc;
            if (noc_may_guess(noc, base + noc_in(noc, input)->out_side, noc->allowed[input])) usable |= 1U << vc;
        }
        if (!usable) continue;
        int vc = noc_pick_after32(usable, noc->port[port].sa_last);
        noc_request(&q, side, vc, noc_in(noc, (port << noc->vc_shift) + vc)->out_side);
    }
    for (uint64_t outs = q.outputs; outs; outs &= outs - 1)
        if (noc->port[base + __builtin_ctzll(outs)].asking) q.outputs &= ~(outs & -outs);
    noc_choose_winners(noc, base, &q);
    for (uint64_t winners = q.winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners);
        noc->port[base + side].bid = q.vc_of[side];
        noc->guess[count++] = base + side;
    }
    return count;
}

/* All routers with heads that wait. Returns the number of claims. */
static int allocate_vcs(weft_noc *noc, int *guesses) {
    int words = (noc->routers + 63) / 64, claims = 0;
    for (int w = 0; w < words; w++)
        for (uint64_t set = noc->va_routers[w]; set; set &= set - 1) {
            int router = w * 64 + __builtin_ctzll(set), before = claims;
            if (!noc->va_sides[router]) {
                noc->va_routers[w] &= ~(set & -set);
                continue;
            }
            if (is_special(noc, router)) continue;
            claims = claim_vcs(noc, router, claims);
            if (noc->config.speculative && claims > before) *guesses = match_speculative(noc, router, *guesses);
        }
    return claims;
}

/* Output ports take a flit of one of the sides that ask. */
NOC_INLINE void traverse_asked(weft_noc *noc, const int32_t *asked, const int32_t *end, bool local) {
    for (; asked < end; asked++) {
        noc_port *to = &noc->port[*asked];
        noc_port *from = to - to->side + noc_pick_after64(to->asking, to->out_last);
        to->asking = 0;
        noc_traverse(noc, from, from->bid, to, local);
    }
}

static void traverse_guesses(weft_noc *noc, int count) {
    for (int i = 0; i < count; i++) {
        int input = (noc->guess[i] << noc->vc_shift) + noc->port[noc->guess[i]].bid;
        const noc_input *in = noc_in(noc, input);
        if (in->state == NOC_ACTIVE && noc->output[in->out_vc].credits)
            noc_traverse_any(noc, input); /* else a wrong guess */
    }
}

static void step_due(weft_noc *noc) {
    for (int w = 0; w < (noc->routers + 63) / 64; w++) {
        for (uint64_t set = noc->due[w]; set; set &= set - 1) weft_noc_step_special(noc, w * 64 + __builtin_ctzll(set));
        noc->due[w] = 0;
    }
}

void weft_noc_step_routers(weft_noc *noc) {
    int32_t *end[2] = {noc->asked[0], noc->asked[1]};
    int guesses = 0;
    ask_switch(noc, end);
    const int claims = allocate_vcs(noc, &guesses);
    if (noc->due) step_due(noc);
    noc->moved |= end[0] > noc->asked[0] || end[1] > noc->asked[1];
    traverse_asked(noc, noc->asked[0], end[0], false);
    traverse_asked(noc, noc->asked[1], end[1], true);
    for (int i = 0; i < claims; i++) noc_hold(noc, noc_grant(noc, noc->claimed[i]), noc->claimed[i]);
    traverse_guesses(noc, guesses);
    noc_enable_granted(noc, noc->claimed, claims);
}
