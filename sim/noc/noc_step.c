/* One cycle of the network: credits and flits arrive, interfaces send, then every router with a request allocates.
 * Routers do not see each other within a cycle, so their order has no effect. */
#include "sim/noc/noc_internal.h"

/* Of routers and of network interfaces: those that have something to send may ask again. */
void weft_noc_take_credits(weft_noc *noc, uint64_t cycle) {
    noc_wheel *wheel = &noc->credit_returns;
    noc_slot *slot = &wheel->slot[cycle & wheel->mask];
    for (const uint32_t *entry = slot->begin; entry < slot->end; entry++) {
        noc_output *output = &noc->output[*entry];
        const int owner = output->owner < 0 ? noc->nobody : output->owner;
        output->credits++;
        noc_set_sa(noc, owner, noc_in(noc, owner)->count);
    }
    noc_wheel_clear(wheel, slot);
}

static void take_flits(weft_noc *noc) {
    noc_wheel *wheel = &noc->arrivals;
    noc_slot *slot = &wheel->slot[noc->cycle & wheel->mask];
    for (const uint32_t *entry = slot->begin; entry < slot->end; entry++) {
        int input = (int)*entry;
        noc_input *in = noc_in(noc, input);
        in->count++;
        if (in->state == NOC_IDLE)
            weft_noc_begin_packet(noc, input, noc->cycle);
        else
            noc_set_sa(noc, input,
                       in->state == NOC_FORK || (in->state == NOC_ACTIVE && noc->output[in->out_vc].credits));
    }
    noc_wheel_clear(wheel, slot);
}

static void take_fronts(weft_noc *noc) {
    noc_wheel *wheel = &noc->fronts;
    noc_slot *slot = &wheel->slot[noc->cycle & wheel->mask];
    for (const uint32_t *entry = slot->begin; entry < slot->end; entry++) noc_set_va(noc, (int)*entry);
    noc_wheel_clear(wheel, slot);
}

/* A VC with a credit for the first packet, or -1. */
static int choose_vc(const weft_noc *noc, int terminal) {
    const noc_output *outputs = noc->output + noc->inputs + (terminal << noc->vc_shift);
    int next = noc->ni[terminal].next_vc;
    for (int k = 0; k < noc->vcs; k++) {
        int vc = next + k < noc->vcs ? next + k : next + k - noc->vcs;
        if (outputs[vc].credits) return vc;
    }
    return -1;
}

/* Sends one flit of the interface's first packet; false when it must wait for a credit or has nothing left. */
static bool interface_step(weft_noc *noc, int terminal) {
    noc_interface *ni = &noc->ni[terminal];
    uint32_t id = ni->first;
    if (!ni->left) {
        int vc = choose_vc(noc, terminal);
        if (vc < 0) return false;
        ni->vc = vc;
        ni->next_vc = vc + 1 < noc->vcs ? vc + 1 : 0;
        ni->left = noc->packet[id].flits;
        noc->packet[id].started = noc->cycle; /* with a credit, so the head goes now */
    }
    noc_output *output = &noc->output[noc->inputs + (terminal << noc->vc_shift) + ni->vc];
    if (!output->credits) return false;
    output->credits--;
    bool tail = --ni->left == 0;
    /* One cycle in the interface, then the injection link. */
    noc_send_flit(noc, ni->input + ni->vc, id << 1 | tail, noc->cycle + 1 + (uint64_t)noc->config.link_cycles);
    noc->moved = true;
    if (!tail) return output->credits;
    ni->first = noc->packet[id].next;
    if (ni->first != NO_PACKET) return true;
    ni->last = NO_PACKET;
    noc_in(noc, noc->inputs + (terminal << noc->vc_shift))->count = 0;
    return false;
}

static void step_interfaces(weft_noc *noc) {
    int words = (noc->config.terminal_count + 63) / 64;
    uint64_t *active = noc->sa_ports + noc->ports / 64;
    for (int w = 0; w < words; w++) {
        uint64_t waiting = 0;
        for (uint64_t set = active[w]; set; set &= set - 1) {
            int bit = __builtin_ctzll(set);
            waiting |= (uint64_t)!interface_step(noc, w * 64 + bit) << bit;
        }
        active[w] &= ~waiting;
    }
}

static void record_delivery(weft_noc *noc, weft_noc_delivery *d, uint32_t id) {
    const noc_packet *packet = &noc->packet[id];
    uint64_t started = packet->started, latency = noc->cycle + 1 - packet->created;
    if (packet->whole != NO_PACKET) started = noc->packet[packet->whole].started;
    *d = (weft_noc_delivery){packet->tag,     packet->source, packet->target, packet->flits,
                             packet->created, started,        noc->cycle + 1};
    weft_noc_statistics *s = &noc->statistics;
    s->packets_delivered++;
    s->latency_sum += latency;
    if (latency > s->latency_max) s->latency_max = latency;
    s->latency_histogram[63 - __builtin_clzll(latency)]++;
    if (packet->whole != NO_PACKET) weft_noc_tree_delivered(noc, packet->whole);
    weft_noc_free_packet(noc, id);
}

/* Flits whose ejection link ends with this cycle. */
static int take_ejections(weft_noc *noc) {
    noc_wheel *wheel = &noc->ejections;
    noc_slot *slot = &wheel->slot[noc->cycle & wheel->mask];
    uint64_t *flits = &noc->ejected[noc->cycle & wheel->mask];
    int count = 0;
    for (const uint32_t *entry = slot->begin; entry < slot->end; entry++) {
        weft_noc_delivery d;
        record_delivery(noc, &d, *entry);
        int at = count++;
        for (; at > 0 && noc->delivery[at - 1].target > d.target; at--) noc->delivery[at] = noc->delivery[at - 1];
        noc->delivery[at] = d;
    }
    noc_wheel_clear(wheel, slot);
    noc->statistics.flits_delivered += *flits;
    noc->ejecting -= *flits;
    *flits = 0;
    return count;
}

int weft_noc_step(weft_noc *noc, const weft_noc_delivery **deliveries) {
    const bool busy = !weft_noc_idle(noc);
    *deliveries = noc->delivery;
    if (!busy && !noc->credit_returns.pending) {
        noc->stalled = 0;
        noc->cycle++;
        return 0;
    }
    noc->moved = noc->arrivals.pending || noc->ejecting || noc->fronts.pending;
    if (noc->credit_returns.pending) weft_noc_take_credits(noc, noc->cycle);
    if (noc->arrivals.pending) take_flits(noc);
    if (noc->fronts.pending) take_fronts(noc);
    step_interfaces(noc);
    weft_noc_step_routers(noc);
    int count = noc->ejecting ? take_ejections(noc) : 0;
    noc->statistics.busy_cycles += busy;
    noc->stalled = busy && !noc->moved ? noc->stalled + 1 : 0;
    noc->cycle++;
    return count;
}
