/* What both kinds of router do when flits cross the switch. */
#ifndef WEFT_SIM_NOC_NOC_SWITCH_H
#define WEFT_SIM_NOC_NOC_SWITCH_H

#include "sim/noc/noc_internal.h"

/* A flit won an output port, with an output VC that has a credit. */
static inline void noc_send(weft_noc *noc, int out_port, int output, uint32_t flit) {
    const noc_link *link = &noc->link[out_port];
    uint64_t due = noc->cycle + link->flit_delay;
    noc->credits[output]--;
    noc->port_flits[out_port]++;
    if (link->input >= 0) {
        noc_send_flit(noc, link->input + output - (out_port << noc->vc_shift), flit, due);
        if (link->interval > 1) noc->port_ready[out_port] = noc->cycle + link->interval;
        return;
    }
    /* A terminal takes every flit at once and returns the credit as a router would. */
    if (noc->tree && noc->tree[flit >> 1])
        flit = weft_noc_tree_copy(noc->tree[flit >> 1], -1 - link->input) << 1 | (flit & 1);
    noc_wheel_push(&noc->ejections, due - 1, flit);
    noc_wheel_push(&noc->credit_returns, due + noc->local_credit_delay, (uint32_t)output);
}

/* A flit has left an input VC's buffer. */
static inline void noc_return_credit(weft_noc *noc, int port, int vc) {
    const noc_feed *feed = &noc->feed[port];
    noc_wheel_push(&noc->credit_returns, noc->cycle + feed->credit_delay, (uint32_t)(feed->output + vc));
}

/* The flit at the head of an input VC crosses the switch. */
static inline void noc_traverse(weft_noc *noc, int router, int side, int vc) {
    int base = router * noc->sides_max, port = base + side, input = (port << noc->vc_shift) + vc;
    noc_input *in = &noc->input[input];
    uint32_t flit = noc->ring[((size_t)input << noc->ring_shift) + in->head];
    int output = in->out_vc, out_port = base + in->out_side, out_vc = output - (out_port << noc->vc_shift);
    in->head = (uint16_t)((in->head + 1) & ((1 << noc->ring_shift) - 1));
    in->count--;
    noc_send(noc, out_port, output, flit);
    noc_return_credit(noc, port, vc);
    if (flit & 1) {
        noc->owner[output] = -1;
        noc->free_vcs[out_port] |= 1U << out_vc;
        in->state = NOC_IDLE;
        if (in->count) weft_noc_begin_packet(noc, input, noc->cycle + 1);
    }
    if (in->state != NOC_ACTIVE || !in->count || !noc->credits[output])
        noc_clear_bit(noc->sa_mask, &noc->sa_sides[router], port, side, vc);
    noc->out_next[out_port] = (uint8_t)(side + 1 < noc->sides_max ? side + 1 : 0);
    noc->sa_next[port] = (uint8_t)(vc + 1 < noc->vcs ? vc + 1 : 0);
    noc->moved = true;
}

/* A VC of the port that a head may take is free and has room. */
static inline bool noc_may_guess(const weft_noc *noc, int out_port, uint32_t allowed) {
    for (uint32_t free_vcs = noc->free_vcs[out_port] & allowed; free_vcs; free_vcs &= free_vcs - 1)
        if (noc->credits[(out_port << noc->vc_shift) + __builtin_ctz(free_vcs)]) return true;
    return false;
}

/* A crossbar setting being found: which input sides ask for which output side, with which VC. */
typedef struct noc_requests {
    uint64_t outputs; /* sides asked for */
    uint64_t winners; /* input sides */
    uint64_t inputs_of[WEFT_NOC_MAX_PORTS];
    uint8_t vc_of[WEFT_NOC_MAX_PORTS];
} noc_requests;

static inline void noc_request(noc_requests *q, int side, int vc, int out_side) {
    uint64_t bit = 1ULL << out_side;
    if (!(q->outputs & bit)) q->inputs_of[out_side] = 0;
    q->outputs |= bit;
    q->inputs_of[out_side] |= 1ULL << side;
    q->vc_of[side] = (uint8_t)vc;
}

static inline void noc_choose_winners(const weft_noc *noc, int base, noc_requests *q) {
    q->winners = 0;
    for (uint64_t outs = q->outputs; outs; outs &= outs - 1) {
        int out = __builtin_ctzll(outs);
        q->winners |= 1ULL << noc_pick64(q->inputs_of[out], noc->out_next[base + out]);
    }
}

#endif
