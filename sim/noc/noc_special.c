/* A router whose packets choose among sides, with links that are not free every cycle, or with packets to copy. As
 * noc_router.c otherwise: where nothing of that happens, both do the same. */
#include "sim/noc/noc_switch.h"

/* ---- choice of a side ---- */

/* VCs of an output port that may be taken as they are asked for: all free ones of a turn model; of adaptive ones only
 * those whose buffer is empty, so that no packet waits there behind another. */
static uint32_t free_choices(const weft_noc *noc, int port, int *room) {
    const weft_noc_config *config = &noc->config;
    uint32_t usable = noc->port[port].free_vcs;
    bool adaptive = config->routing == WEFT_NOC_ADAPTIVE;
    *room = 0;
    for (int vc = 0; vc < noc->vcs; vc++) {
        int credits = noc->output[(port << noc->vc_shift) + vc].credits;
        *room += credits;
        if (adaptive && (vc < config->escape_vcs || credits < config->buffer_flits)) usable &= ~(1U << vc);
    }
    return usable;
}

static void choose_side(weft_noc *noc, int router, int input) {
    noc_input *in = noc_in(noc, input);
    const noc_choice *choice = &noc->choice[input];
    int best = -1, room[2];
    uint32_t usable[2] = {0, 0};
    for (int i = 0; i < (choice->side[0] == choice->side[1] ? 1 : 2); i++) {
        usable[i] = free_choices(noc, router * noc->sides_max + choice->side[i], &room[i]);
        if (!usable[i]) continue;
        int gain = best < 0 ? 1 : __builtin_popcount(usable[i]) - __builtin_popcount(usable[best]);
        if (gain > 0 || (gain == 0 && room[i] > room[best])) best = i;
    }
    in->out_side = best < 0 ? choice->escape : choice->side[best];
    noc->allowed[input] = best < 0 ? choice->escape_allowed : usable[best];
}

static void choose_sides(weft_noc *noc, int router) {
    int base = router * noc->sides_max;
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int port = base + __builtin_ctzll(sides);
        for (uint32_t mask = noc->port[port].va_mask; mask; mask &= mask - 1)
            choose_side(noc, router, (port << noc->vc_shift) + __builtin_ctz(mask));
    }
}

/* ---- output VCs ---- */

static int claim_vcs(weft_noc *noc, int router, int *claimed) {
    int base = router * noc->sides_max, count = 0;
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int port = base + __builtin_ctzll(sides);
        for (uint32_t mask = noc->port[port].va_mask; mask; mask &= mask - 1) {
            int input = (port << noc->vc_shift) + __builtin_ctz(mask);
            const noc_input *in = noc_in(noc, input);
            uint64_t out_sides = in->state == NOC_FORK ? noc->fork[input].waiting : 1ULL << in->out_side;
            for (; out_sides; out_sides &= out_sides - 1) {
                int out_port = base + __builtin_ctzll(out_sides);
                count = noc_claim(noc, base << noc->vc_shift, input, out_port, claimed, count);
            }
        }
    }
    return count;
}

static void grant_vcs(weft_noc *noc, const int *claimed, int count) {
    for (int i = 0; i < count; i++) {
        int output = claimed[i], input = noc_grant(noc, output), side = noc->port[output >> noc->vc_shift].side;
        if (noc_in(noc, input)->state != NOC_FORK) {
            noc_hold(noc, input, output);
            continue;
        }
        noc->branch[(size_t)input * (size_t)noc->sides_max + (size_t)side].out_vc = output;
        noc->fork[input].waiting &= ~(1ULL << side);
        if (!noc->fork[input].waiting) noc_clear_va(noc, input);
    }
}

/* ---- copies ---- */

/* Sides that can have the earliest flit that any can have now; 0: none. */
static uint64_t ready_branches(const weft_noc *noc, int input) {
    const noc_fork *fork = &noc->fork[input];
    const noc_branch *branch = &noc->branch[(size_t)input * (size_t)noc->sides_max];
    int visible = fork->taken + noc_in(noc, input)->count, least = visible;
    uint64_t ready = 0;
    for (uint64_t sides = fork->open & ~fork->waiting; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides);
        if (branch[side].sent > least || branch[side].sent >= visible || !noc->output[branch[side].out_vc].credits)
            continue;
        if (branch[side].sent < least) ready = 0;
        least = branch[side].sent;
        ready |= 1ULL << side;
    }
    return ready;
}

/* One branch takes the flit that it is at. */
static void copy_flit(weft_noc *noc, int router, int side, int vc, int out_side) {
    int base = router * noc->sides_max, port = base + side, out_port = base + out_side;
    int input = (port << noc->vc_shift) + vc;
    noc_fork *fork = &noc->fork[input];
    noc_branch *branch = &noc->branch[(size_t)input * (size_t)noc->sides_max + (size_t)out_side];
    const noc_input *in = noc_in(noc, input);
    uint32_t flit = in->ring[(in->head + branch->sent - fork->taken) & noc->ring_mask];
    branch->sent++;
    noc_send(noc, &noc->port[out_port], branch->out_vc, flit, out_side >= WEFT_NOC_SIDES);
    if (flit & 1) {
        noc->output[branch->out_vc].owner = -1;
        noc->port[out_port].free_vcs |= 1U << noc_vc(noc, branch->out_vc);
        fork->open &= ~(1ULL << out_side);
    }
    noc->port[out_port].out_last = (uint16_t)side;
    noc->port[port].sa_last = (uint16_t)vc;
    noc->moved = true;
}

static void end_fork(weft_noc *noc, int router, int input) {
    noc_in(noc, input)->state = NOC_IDLE;
    if (--noc->forks[router] == 0) noc->special[router] &= (uint8_t)~NOC_FORKS;
    if (noc_in(noc, input)->count) weft_noc_begin_packet(noc, input, noc->cycle + 1);
}

/* Flits that every branch has leave the buffer: one at most, because a cycle serves the branches at one flit. */
static void retire_flits(weft_noc *noc, int router, int side, int vc) {
    int port = router * noc->sides_max + side, input = (port << noc->vc_shift) + vc;
    noc_input *in = noc_in(noc, input);
    noc_fork *fork = &noc->fork[input];
    const noc_branch *branch = &noc->branch[(size_t)input * (size_t)noc->sides_max];
    for (uint64_t sides = fork->sides; sides; sides &= sides - 1)
        if (branch[__builtin_ctzll(sides)].sent == fork->taken) return;
    fork->taken++;
    in->head = noc_ring_next(noc, in->head);
    in->count--;
    noc_return_credit(noc, &noc->port[port], vc);
    if (fork->open) return;
    noc_clear_sa(noc, &noc->port[port], vc, true);
    end_fork(noc, router, input);
}

/* ---- the switch ---- */

/* Output sides that an input VC with flits, output VC and credit asks for in this cycle. */
static uint64_t wanted_sides(weft_noc *noc, int router, int side, int vc) {
    int port = router * noc->sides_max + side, input = (port << noc->vc_shift) + vc;
    bool fork = noc_in(noc, input)->state == NOC_FORK;
    uint64_t wanted = fork ? ready_branches(noc, input) : 1ULL << noc_in(noc, input)->out_side;
    if (!wanted) noc_clear_sa(noc, &noc->port[port], vc, true);
    if (!noc->port_ready) return wanted;
    for (uint64_t outs = wanted; outs; outs &= outs - 1) {
        int out = __builtin_ctzll(outs);
        if (noc->port_ready[router * noc->sides_max + out] > noc->cycle) wanted &= ~(1ULL << out);
    }
    return wanted;
}

/* Returns the sides that ask. */
static uint64_t match_switch(weft_noc *noc, int router, noc_requests *q) {
    int base = router * noc->sides_max;
    uint64_t asking = 0;
    q->outputs = 0;
    for (uint64_t sides = noc_sa_sides(noc, router); sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), last = noc->port[base + side].sa_last;
        for (uint32_t mask = noc->port[base + side].sa_mask; mask;) {
            int vc = noc_pick_after32(mask, last);
            uint64_t wanted = wanted_sides(noc, router, side, vc);
            mask &= ~(1U << vc);
            for (uint64_t outs = wanted; outs; outs &= outs - 1) noc_request(q, side, vc, __builtin_ctzll(outs));
            if (wanted) {
                asking |= 1ULL << side;
                break;
            }
        }
    }
    noc_choose_winners(noc, base, q);
    return asking;
}

static bool may_guess(const weft_noc *noc, int router, int input) {
    const noc_input *in = noc_in(noc, input);
    int port = router * noc->sides_max + in->out_side;
    if (in->state != NOC_WAIT || (noc->port_ready && noc->port_ready[port] > noc->cycle)) return false;
    return noc_may_guess(noc, port, noc->allowed[input]);
}

/* asking: sides where a VC that holds an output VC asks for the switch. */
static void match_speculative(const weft_noc *noc, int router, uint64_t asking, const noc_requests *taken,
                              noc_requests *q) {
    int base = router * noc->sides_max;
    q->outputs = 0;
    for (uint64_t sides = noc->va_sides[router] & ~asking; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), input = (base + side) << noc->vc_shift;
        uint32_t usable = 0;
        for (uint32_t mask = noc->port[base + side].va_mask; mask; mask &= mask - 1) {
            int vc = __builtin_ctz(mask);
            if (may_guess(noc, router, input + vc)) usable |= 1U << vc;
        }
        if (!usable) continue;
        int vc = noc_pick_after32(usable, noc->port[base + side].sa_last);
        noc_request(q, side, vc, noc_in(noc, input + vc)->out_side);
    }
    q->outputs &= ~taken->outputs;
    noc_choose_winners(noc, base, q);
}

/* Each output port takes its flit; the winners are found anew, because an input may have won several. */
static void traverse_sure(weft_noc *noc, int router, const noc_requests *q) {
    int base = router * noc->sides_max;
    uint64_t forks = 0;
    for (uint64_t outs = q->outputs; outs; outs &= outs - 1) {
        int out = __builtin_ctzll(outs), side = noc_pick_after64(q->inputs_of[out], noc->port[base + out].out_last);
        int vc = q->vc_of[side];
        if (noc_in(noc, ((base + side) << noc->vc_shift) + vc)->state == NOC_FORK) {
            copy_flit(noc, router, side, vc, out);
            forks |= 1ULL << side;
        } else {
            noc_traverse_any(noc, ((base + side) << noc->vc_shift) + vc);
        }
    }
    for (; forks; forks &= forks - 1)
        retire_flits(noc, router, __builtin_ctzll(forks), q->vc_of[__builtin_ctzll(forks)]);
}

static void traverse_speculative(weft_noc *noc, int router, const noc_requests *q) {
    int base = router * noc->sides_max;
    for (uint64_t winners = q->winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners), input = ((base + side) << noc->vc_shift) + q->vc_of[side];
        const noc_input *in = noc_in(noc, input);
        if (in->state == NOC_ACTIVE && noc->output[in->out_vc].credits) noc_traverse_any(noc, input);
    }
}

void weft_noc_step_special(weft_noc *noc, int router) {
    int *claimed = noc->claimed + noc->inputs;
    noc_requests sure, guess;
    sure.outputs = sure.winners = guess.winners = 0;
    if (noc->choice) choose_sides(noc, router);
    int claims = noc->va_sides[router] ? claim_vcs(noc, router, claimed) : 0;
    uint64_t asking = noc_sa_sides(noc, router) ? match_switch(noc, router, &sure) : 0;
    if (noc->config.speculative && claims) match_speculative(noc, router, asking, &sure, &guess);
    traverse_sure(noc, router, &sure);
    if (claims) {
        grant_vcs(noc, claimed, claims);
        traverse_speculative(noc, router, &guess);
        noc_enable_granted(noc, claimed, claims);
    }
}
