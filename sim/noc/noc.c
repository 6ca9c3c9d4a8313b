/* Injection and statistics of the network; one cycle is in noc_step.c. */
#include "sim/noc/noc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noc/noc_internal.h"

static weft_status grow_packets(weft_noc *noc, weft_error *err) {
    uint32_t old = noc->packet_capacity, capacity = old ? old * 2 : 256;
    if (capacity > 1U << 30) return weft_error_set(err, WEFT_E_MEMORY, "noc: more than %u packets inside", old);
    noc_packet *grown = realloc(noc->packet, capacity * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for %u packets", capacity);
    noc->packet = grown;
    if (noc->config.multicast) {
        noc_tree **trees = realloc(noc->tree, capacity * sizeof *trees);
        if (!trees) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for %u packets", capacity);
        for (uint32_t i = old; i < capacity; i++) trees[i] = NULL;
        noc->tree = trees;
    }
    for (uint32_t i = old; i < capacity; i++) grown[i].next = i + 1 < capacity ? i + 1 : noc->packet_free;
    noc->packet_free = old;
    noc->packet_capacity = capacity;
    return WEFT_OK;
}

uint32_t weft_noc_new_packet(weft_noc *noc, int source, int target, int flits, uint64_t tag, weft_error *err) {
    if (noc->packet_free == NO_PACKET && grow_packets(noc, err) != WEFT_OK) return NO_PACKET;
    uint32_t id = noc->packet_free;
    noc_packet *packet = &noc->packet[id];
    noc->packet_free = packet->next;
    *packet = (noc_packet){.tag = tag,
                           .created = noc->cycle,
                           .source = source,
                           .target = target,
                           .flits = flits,
                           .next = NO_PACKET,
                           .whole = NO_PACKET};
    return id;
}

void weft_noc_free_packet(weft_noc *noc, uint32_t id) {
    noc->packet[id].next = noc->packet_free;
    noc->packet_free = id;
}

void weft_noc_enqueue(weft_noc *noc, uint32_t id) {
    int source = noc->packet[id].source;
    noc_interface *ni = &noc->ni[source];
    if (ni->first == NO_PACKET)
        ni->first = id;
    else
        noc->packet[ni->last].next = id;
    ni->last = id;
    noc_in(noc, noc->inputs + (source << noc->vc_shift))->count = 1;
    noc_set_asking(noc, noc->ports + source, true);
}

weft_status weft_noc_inject(weft_noc *noc, int source, int target, int flits, uint64_t tag, weft_error *err) {
    assert(source >= 0 && source < noc->config.terminal_count && target >= 0 && target < noc->config.terminal_count);
    assert(flits >= 1);
    uint32_t id = weft_noc_new_packet(noc, source, target, flits, tag, err);
    if (id == NO_PACKET) return WEFT_E_MEMORY;
    weft_noc_enqueue(noc, id);
    noc->statistics.packets_injected++;
    noc->statistics.flits_injected += (uint64_t)flits;
    return WEFT_OK;
}

void weft_noc_skip(weft_noc *noc, uint64_t cycles) {
    assert(weft_noc_idle(noc));
    uint64_t end = noc->cycle + cycles;
    for (; noc->cycle < end && noc->credit_returns.pending; noc->cycle++) weft_noc_take_credits(noc, noc->cycle);
    noc->cycle = end;
}

bool weft_noc_idle(const weft_noc *noc) {
    return noc->statistics.packets_injected == noc->statistics.packets_delivered;
}
uint64_t weft_noc_cycle(const weft_noc *noc) { return noc->cycle; }
uint64_t weft_noc_stalled_cycles(const weft_noc *noc) { return noc->stalled; }

/* Nothing moves while a credit is under way, a slow link is not free yet or a head is in its first stages. */
uint64_t weft_noc_stall_limit(const weft_noc *noc) {
    int interval = noc->config.chip_link_interval > 1 ? noc->config.chip_link_interval : 1;
    return noc->longest_delay + noc->front_delay + (uint64_t)interval + 2;
}

weft_noc_occupancy weft_noc_occupancy_get(const weft_noc *noc) {
    weft_noc_occupancy o = {.inside = noc->arrivals.pending + noc->ejecting};
    for (int i = 0; i < noc->inputs; i++) o.inside += noc_in(noc, i)->count;
    for (int t = 0; t < noc->config.terminal_count; t++) {
        const noc_interface *ni = &noc->ni[t];
        for (uint32_t id = ni->first; id != NO_PACKET; id = noc->packet[id].next)
            o.queued += (uint64_t)(id == ni->first && ni->left ? ni->left : noc->packet[id].flits);
    }
    return o;
}

weft_noc_statistics weft_noc_statistics_get(const weft_noc *noc) {
    weft_noc_statistics s = noc->statistics;
    for (int r = 0; r < noc->routers; r++)
        for (int side = 0; side < noc->sides_max; side++) {
            uint64_t flits = noc->port[r * noc->sides_max + side].flits;
            s.router_flits += flits;
            if (side < WEFT_NOC_SIDES) s.link_flits += flits;
        }
    return s;
}

uint64_t weft_noc_link_flits(const weft_noc *noc, int router, int direction) {
    assert(router >= 0 && router < noc->routers && direction >= 0 && direction < WEFT_NOC_SIDES);
    return noc->port[router * noc->sides_max + direction].flits;
}
