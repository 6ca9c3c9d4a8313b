/* What both kinds of router do when flits cross the switch. */
#ifndef WEFT_SIM_NOC_NOC_SWITCH_H
#define WEFT_SIM_NOC_NOC_SWITCH_H

#include "sim/noc/noc_internal.h"

#if defined(__GNUC__)
#define NOC_INLINE static inline __attribute__((always_inline))
#else
#define NOC_INLINE static inline
#endif

/* ---- output VCs ---- */

/* An input VC names a free VC of an output port; the nearest in round-robin order stays in claim. Inputs of a router
 * come in ascending order, so that is the first at or above next, else the first of all. Returns the new number of
 * output VCs in claimed; nothing else changes. */
static inline int noc_claim(weft_noc *noc, int first, int input, int out_port, int *claimed, int count) {
    uint32_t usable = noc->port[out_port].free_vcs & noc->allowed[input];
    if (!usable) return count;
    int output = (out_port << noc->vc_shift) + noc_pick32(usable, noc->va_next[input]);
    int *claim = &noc->claim[output], next = first + noc->output[output].grant_next;
    if (*claim < 0) {
        claimed[count++] = output;
        *claim = input;
    } else if (input >= next && *claim < next) {
        *claim = input;
    }
    return count;
}

/* The claimed output VC goes to its input VC, which is returned. */
static inline int noc_grant(weft_noc *noc, int output) {
    int input = noc->claim[output], out_vc = noc_vc(noc, output);
    noc_port *to = &noc->port[output >> noc->vc_shift];
    int first = to->router * noc->sides_max << noc->vc_shift;
    noc->claim[output] = -1;
    noc->output[output].owner = input;
    noc->output[output].grant_next = (uint16_t)(input - first + 1);
    noc->va_next[input] = (uint8_t)(out_vc + 1 < noc->vcs ? out_vc + 1 : 0);
    to->free_vcs &= ~(1U << out_vc);
    return input;
}

static inline void noc_hold(weft_noc *noc, int input, int output) {
    noc_in(noc, input)->state = NOC_ACTIVE;
    noc_in(noc, input)->out_vc = output;
    noc_clear_va(noc, input);
}

/* Output VCs granted now can use the switch from the next cycle on. */
static inline void noc_enable_granted(weft_noc *noc, const int *claimed, int count) {
    for (int i = 0; i < count; i++) {
        const noc_output *output = &noc->output[claimed[i]];
        if (output->owner >= 0) noc_set_sa(noc, output->owner, noc_in(noc, output->owner)->count && output->credits);
    }
}

/* ---- the switch ---- */

/* A flit won an output port, with an output VC that has a credit. local: the port is a terminal's. */
NOC_INLINE void noc_send(weft_noc *noc, noc_port *to, int output, uint32_t flit, bool local) {
    uint64_t due = noc->cycle + to->link.flit_delay;
    noc->output[output].credits--;
    to->flits++;
    if (!local) {
        noc_send_flit(noc, to->link.input + output - to->first, flit, due);
        if (to->link.interval > 1) noc->port_ready[to - noc->port] = noc->cycle + to->link.interval;
        return;
    }
    /* A terminal takes every flit at once and returns the credit as a router would. */
    noc_wheel_push(&noc->credit_returns, due + noc->local_credit_delay, (uint32_t)output);
    noc->ejected[(due - 1) & noc->ejections.mask]++;
    noc->ejecting++;
    if (!(flit & 1)) return;
    uint32_t id = flit >> 1;
    if (noc->tree && noc->tree[id]) id = weft_noc_tree_copy(noc->tree[id], -1 - to->link.input);
    noc_wheel_push(&noc->ejections, due - 1, id);
}

/* A flit has left an input VC's buffer. */
NOC_INLINE void noc_return_credit(weft_noc *noc, const noc_port *from, int vc) {
    noc_wheel_push(&noc->credit_returns, noc->cycle + from->feed.credit_delay, (uint32_t)(from->feed.output + vc));
}

/* The flit at the head of an input VC crosses the switch to an output port. */
NOC_INLINE void noc_traverse(weft_noc *noc, noc_port *from, int vc, noc_port *to, bool local) {
    noc_input *in = noc_in(noc, from->first + vc);
    const uint32_t flit = in->ring[in->head];
    const int output = in->out_vc;
    in->head = noc_ring_next(noc, in->head);
    in->count--;
    to->out_last = from->side;
    from->sa_last = (uint16_t)vc;
    noc_send(noc, to, output, flit, local);
    noc_return_credit(noc, from, vc);
    noc_clear_sa(noc, from, vc, (flit & 1) | !in->count | !noc->output[output].credits);
    if (flit & 1) {
        noc->output[output].owner = -1;
        to->free_vcs |= 1U << (output - to->first);
        in->state = NOC_IDLE;
        if (in->count) weft_noc_begin_packet(noc, from->first + vc, noc->cycle + 1);
    }
}

/* Where it is not known whose port it goes to. */
static inline void noc_traverse_any(weft_noc *noc, int input) {
    const noc_input *in = noc_in(noc, input);
    noc_port *from = &noc->port[input >> noc->vc_shift], *to = &noc->port[in->out_vc >> noc->vc_shift];
    noc_traverse(noc, from, noc_vc(noc, input), to, in->out_side >= WEFT_NOC_SIDES);
    noc->moved = true;
}

/* A VC of the port that a head may take is free and has room. */
static inline bool noc_may_guess(const weft_noc *noc, int out_port, uint32_t allowed) {
    for (uint32_t free_vcs = noc->port[out_port].free_vcs & allowed; free_vcs; free_vcs &= free_vcs - 1)
        if (noc->output[(out_port << noc->vc_shift) + __builtin_ctz(free_vcs)].credits) return true;
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
        q->winners |= 1ULL << noc_pick_after64(q->inputs_of[out], noc->port[base + out].out_last);
    }
}

#endif
