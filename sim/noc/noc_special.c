/* A router whose packets choose among sides, with links that are not free every cycle, or with packets to copy. As
 * noc_router.c otherwise: where nothing of that happens, both do the same. */
#include "sim/noc/noc_switch.h"

/* ---- choice of a side ---- */

/* VCs of an output port that may be taken as they are asked for: all free ones of a turn model; of adaptive ones only
 * those whose buffer is empty, so that no packet waits there behind another. */
static uint32_t free_choices(const weft_noc *noc, int port, int *room) {
    const weft_noc_config *config = &noc->config;
    uint32_t usable = noc->free_vcs[port];
    bool adaptive = config->routing == WEFT_NOC_ADAPTIVE;
    *room = 0;
    for (int vc = 0; vc < noc->vcs; vc++) {
        int credits = noc->credits[(port << noc->vc_shift) + vc];
        *room += credits;
        if (adaptive && (vc < config->escape_vcs || credits < config->buffer_flits)) usable &= ~(1U << vc);
    }
    return usable;
}

static void choose_side(weft_noc *noc, int router, int input) {
    noc_input *in = &noc->input[input];
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
    in->allowed = best < 0 ? choice->escape_allowed : usable[best];
}

static void choose_sides(weft_noc *noc, int router) {
    int base = router * noc->sides_max;
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int port = base + __builtin_ctzll(sides);
        for (uint32_t mask = noc->va_mask[port]; mask; mask &= mask - 1)
            choose_side(noc, router, (port << noc->vc_shift) + __builtin_ctz(mask));
    }
}

/* ---- output VCs ---- */

/* The input VC names a free VC of one output port. Returns the new number of claims. */
static int claim_one(weft_noc *noc, int router, int input, int out, uint32_t allowed, int count) {
    int first = router * noc->sides_max << noc->vc_shift;
    uint32_t usable = noc->free_vcs[out] & allowed;
    if (!usable) return count;
    int output = (out << noc->vc_shift) + noc_pick32(usable, noc->va_next[input]);
    int *claim = &noc->claim[output - first];
    if (*claim < 0) {
        noc->claimed[count++] = output;
        *claim = input;
    } else if (input - first >= noc->grant_next[output] && *claim - first < noc->grant_next[output]) {
        *claim = input;
    }
    return count;
}

static int claim_vcs(weft_noc *noc, int router) {
    int base = router * noc->sides_max, count = 0;
    for (uint64_t sides = noc->va_sides[router]; sides; sides &= sides - 1) {
        int port = base + __builtin_ctzll(sides);
        for (uint32_t mask = noc->va_mask[port]; mask; mask &= mask - 1) {
            int input = (port << noc->vc_shift) + __builtin_ctz(mask);
            const noc_input *in = &noc->input[input];
            uint64_t out_sides = in->state == NOC_FORK ? noc->fork[input].waiting : 1ULL << in->out_side;
            for (; out_sides; out_sides &= out_sides - 1)
                count = claim_one(noc, router, input, base + __builtin_ctzll(out_sides), in->allowed, count);
        }
    }
    return count;
}

static void grant_vcs(weft_noc *noc, int router, int count) {
    int base = router * noc->sides_max, shift = noc->vc_shift, first = base << shift;
    for (int i = 0; i < count; i++) {
        int output = noc->claimed[i], input = noc->claim[output - first];
        int port = input >> shift, out_port = output >> shift, out_vc = output - (out_port << shift);
        noc_input *in = &noc->input[input];
        noc->claim[output - first] = -1;
        noc->owner[output] = input;
        noc->free_vcs[out_port] &= ~(1U << out_vc);
        noc->va_next[input] = (uint8_t)(out_vc + 1 < noc->vcs ? out_vc + 1 : 0);
        noc->grant_next[output] = (uint16_t)(input - first + 1);
        if (in->state == NOC_FORK) {
            int side = out_port - base;
            noc->branch[(size_t)input * (size_t)noc->sides_max + (size_t)side].out_vc = output;
            noc->fork[input].waiting &= ~(1ULL << side);
            if (noc->fork[input].waiting) continue;
        } else {
            in->state = NOC_ACTIVE;
            in->out_vc = output;
        }
        noc_clear_bit(noc->va_mask, &noc->va_sides[router], port, port - base, input - (port << shift));
    }
}

/* ---- copies ---- */

/* Sides that can have the earliest flit that any can have now; 0: none. */
static uint64_t ready_branches(const weft_noc *noc, int input) {
    const noc_fork *fork = &noc->fork[input];
    const noc_branch *branch = &noc->branch[(size_t)input * (size_t)noc->sides_max];
    int visible = fork->taken + noc->input[input].count, least = visible;
    uint64_t ready = 0;
    for (uint64_t sides = fork->open & ~fork->waiting; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides);
        if (branch[side].sent > least || branch[side].sent >= visible || !noc->credits[branch[side].out_vc]) continue;
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
    int place = (noc->input[input].head + branch->sent - fork->taken) & ((1 << noc->ring_shift) - 1);
    uint32_t flit = noc->ring[((size_t)input << noc->ring_shift) + (size_t)place];
    branch->sent++;
    noc_send(noc, out_port, branch->out_vc, flit);
    if (flit & 1) {
        noc->owner[branch->out_vc] = -1;
        noc->free_vcs[out_port] |= 1U << (branch->out_vc - (out_port << noc->vc_shift));
        fork->open &= ~(1ULL << out_side);
    }
    noc->out_next[out_port] = (uint8_t)(side + 1 < noc->sides_max ? side + 1 : 0);
    noc->sa_next[port] = (uint8_t)(vc + 1 < noc->vcs ? vc + 1 : 0);
    noc->moved = true;
}

static void end_fork(weft_noc *noc, int router, int input) {
    noc->input[input].state = NOC_IDLE;
    if (--noc->forks[router] == 0) noc->special[router] &= (uint8_t)~NOC_FORKS;
    if (noc->input[input].count) weft_noc_begin_packet(noc, input, noc->cycle + 1);
}

/* Flits that every branch has leave the buffer: one at most, because a cycle serves the branches at one flit. */
static void retire_flits(weft_noc *noc, int router, int side, int vc) {
    int port = router * noc->sides_max + side, input = (port << noc->vc_shift) + vc;
    noc_input *in = &noc->input[input];
    noc_fork *fork = &noc->fork[input];
    const noc_branch *branch = &noc->branch[(size_t)input * (size_t)noc->sides_max];
    for (uint64_t sides = fork->sides; sides; sides &= sides - 1)
        if (branch[__builtin_ctzll(sides)].sent == fork->taken) return;
    fork->taken++;
    in->head = (uint16_t)((in->head + 1) & ((1 << noc->ring_shift) - 1));
    in->count--;
    noc_return_credit(noc, port, vc);
    if (fork->open) return;
    noc_clear_bit(noc->sa_mask, &noc->sa_sides[router], port, side, vc);
    end_fork(noc, router, input);
}

/* ---- the switch ---- */

/* Output sides that an input VC with flits, output VC and credit asks for in this cycle. */
static uint64_t wanted_sides(weft_noc *noc, int router, int side, int vc) {
    int port = router * noc->sides_max + side, input = (port << noc->vc_shift) + vc;
    bool fork = noc->input[input].state == NOC_FORK;
    uint64_t wanted = fork ? ready_branches(noc, input) : 1ULL << noc->input[input].out_side;
    if (!wanted) noc_clear_bit(noc->sa_mask, &noc->sa_sides[router], port, side, vc);
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
    for (uint64_t sides = noc->sa_sides[router]; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), next = noc->sa_next[base + side];
        for (uint32_t mask = noc->sa_mask[base + side]; mask;) {
            int vc = noc_pick32(mask, next);
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
    const noc_input *in = &noc->input[input];
    int port = router * noc->sides_max + in->out_side;
    if (in->state != NOC_WAIT || (noc->port_ready && noc->port_ready[port] > noc->cycle)) return false;
    return noc_may_guess(noc, port, in->allowed);
}

/* asking: sides where a VC that holds an output VC asks for the switch. */
static void match_speculative(const weft_noc *noc, int router, uint64_t asking, const noc_requests *taken,
                              noc_requests *q) {
    int base = router * noc->sides_max;
    q->outputs = 0;
    for (uint64_t sides = noc->va_sides[router] & ~asking; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides), input = (base + side) << noc->vc_shift;
        uint32_t usable = 0;
        for (uint32_t mask = noc->va_mask[base + side]; mask; mask &= mask - 1) {
            int vc = __builtin_ctz(mask);
            if (may_guess(noc, router, input + vc)) usable |= 1U << vc;
        }
        if (!usable) continue;
        int vc = noc_pick32(usable, noc->sa_next[base + side]);
        noc_request(q, side, vc, noc->input[input + vc].out_side);
    }
    q->outputs &= ~taken->outputs;
    noc_choose_winners(noc, base, q);
}

/* Each output port takes its flit; the winners are found anew, because an input may have won several. */
static void traverse_sure(weft_noc *noc, int router, const noc_requests *q) {
    int base = router * noc->sides_max;
    uint64_t forks = 0;
    for (uint64_t outs = q->outputs; outs; outs &= outs - 1) {
        int out = __builtin_ctzll(outs), side = noc_pick64(q->inputs_of[out], noc->out_next[base + out]);
        int vc = q->vc_of[side];
        if (noc->input[((base + side) << noc->vc_shift) + vc].state == NOC_FORK) {
            copy_flit(noc, router, side, vc, out);
            forks |= 1ULL << side;
        } else {
            noc_traverse(noc, router, side, vc);
        }
    }
    for (; forks; forks &= forks - 1)
        retire_flits(noc, router, __builtin_ctzll(forks), q->vc_of[__builtin_ctzll(forks)]);
}

static void traverse_speculative(weft_noc *noc, int router, const noc_requests *q) {
    int base = router * noc->sides_max;
    for (uint64_t winners = q->winners; winners; winners &= winners - 1) {
        int side = __builtin_ctzll(winners), vc = q->vc_of[side];
        const noc_input *in = &noc->input[((base + side) << noc->vc_shift) + vc];
        if (in->state == NOC_ACTIVE && noc->credits[in->out_vc]) noc_traverse(noc, router, side, vc);
    }
}

static void enable_granted(weft_noc *noc, int count) {
    for (int i = 0; i < count; i++) {
        int input = noc->owner[noc->claimed[i]];
        if (input >= 0 && noc->input[input].count && noc->credits[noc->claimed[i]]) noc_set_sa(noc, input);
    }
}

void weft_noc_step_special(weft_noc *noc, int router) {
    noc_requests sure, guess;
    sure.outputs = sure.winners = guess.winners = 0;
    if (noc->choice) choose_sides(noc, router);
    int claims = noc->va_sides[router] ? claim_vcs(noc, router) : 0;
    uint64_t asking = noc->sa_sides[router] ? match_switch(noc, router, &sure) : 0;
    if (noc->config.speculative && claims) match_speculative(noc, router, asking, &sure, &guess);
    traverse_sure(noc, router, &sure);
    if (claims) {
        grant_vcs(noc, router, claims);
        traverse_speculative(noc, router, &guess);
        enable_granted(noc, claims);
    }
}
