/* Life, injection and statistics of the network; one cycle is in noc_step.c. */
#include "sim/noc/noc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noc/noc_internal.h"

static weft_status check_range(const char *name, int value, int low, int high, weft_error *err) {
    if (value >= low && value <= high) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "noc: %s is %d, allowed are %d to %d", name, value, low, high);
}

static weft_status check_terminals(const weft_noc_config *c, weft_error *err) {
    int routers = c->width * c->height;
    int *count = calloc((size_t)routers, sizeof *count);
    if (!count) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory");
    weft_status status = WEFT_OK;
    for (int t = 0; t < c->terminal_count && status == WEFT_OK; t++) {
        int r = c->terminal_router[t];
        if (r < 0 || r >= routers)
            status =
                weft_error_set(err, WEFT_E_INVALID, "noc: terminal %d is attached to router %d of %d", t, r, routers);
        else if (++count[r] > WEFT_NOC_MAX_PORTS - WEFT_NOC_SIDES)
            status = weft_error_set(err, WEFT_E_INVALID, "noc: router %d has more than %d terminals", r,
                                    WEFT_NOC_MAX_PORTS - WEFT_NOC_SIDES);
    }
    free(count);
    return status;
}

static weft_status check_config(const weft_noc_config *c, weft_error *err) {
    const int cycles = WEFT_NOC_MAX_CYCLES;
    WEFT_TRY(check_range("width", c->width, 1, 1024, err));
    WEFT_TRY(check_range("height", c->height, 1, 1024, err));
    WEFT_TRY(check_range("terminal_count", c->terminal_count, 1, 1 << 22, err));
    WEFT_TRY(check_range("vcs", c->vcs, 1, WEFT_NOC_MAX_VCS, err));
    WEFT_TRY(check_range("buffer_flits", c->buffer_flits, 1, WEFT_NOC_MAX_BUFFER, err));
    WEFT_TRY(check_range("route_cycles", c->route_cycles, 0, cycles, err));
    WEFT_TRY(check_range("vc_cycles", c->vc_cycles, 1, cycles, err));
    WEFT_TRY(check_range("switch_cycles", c->switch_cycles, 1, cycles, err));
    WEFT_TRY(check_range("traversal_cycles", c->traversal_cycles, 1, cycles, err));
    WEFT_TRY(check_range("link_cycles", c->link_cycles, 1, cycles, err));
    WEFT_TRY(check_range("credit_cycles", c->credit_cycles, 0, cycles, err));
    return check_terminals(c, err);
}

/* The first failed allocation is remembered in *failed; later ones are harmless. */
static void *zeroed(size_t count, size_t size, bool *failed) {
    void *p = calloc(count ? count : 1, size);
    if (!p) *failed = true;
    return p;
}

static void wheel_create(noc_wheel *wheel, uint32_t longest, size_t room, bool *failed) {
    uint32_t slots = 2;
    while (slots <= longest) slots *= 2;
    wheel->mask = slots - 1;
    wheel->room = (uint32_t)room;
    wheel->entry = zeroed(slots * room, sizeof *wheel->entry, failed);
    wheel->fill = zeroed(slots, sizeof *wheel->fill, failed);
}

static void set_delays(weft_noc *noc) {
    const weft_noc_config *c = &noc->config;
    int ahead = c->vc_cycles - 1; /* a grant takes effect in the stage's last cycle */
    if (c->speculative) ahead = c->vc_cycles > c->switch_cycles ? c->vc_cycles - c->switch_cycles : 0;
    noc->front_delay = (uint32_t)(c->route_cycles + ahead);
    noc->flit_delay = (uint32_t)(c->switch_cycles + c->traversal_cycles + c->link_cycles);
    noc->credit_delay = (uint32_t)(c->switch_cycles + c->traversal_cycles + c->credit_cycles + 1);
}

static void create_input_arrays(weft_noc *noc, bool *failed) {
    size_t ports = (size_t)noc->ports, inputs = (size_t)noc->inputs, routers = (size_t)noc->routers;
    noc->input = zeroed(inputs, sizeof *noc->input, failed);
    noc->ring = zeroed(inputs << noc->ring_shift, sizeof *noc->ring, failed);
    noc->va_mask = zeroed(ports, sizeof *noc->va_mask, failed);
    noc->sa_mask = zeroed(ports, sizeof *noc->sa_mask, failed);
    noc->va_sides = zeroed(routers, sizeof *noc->va_sides, failed);
    noc->sa_sides = zeroed(routers, sizeof *noc->sa_sides, failed);
    noc->active = zeroed((routers + 63) / 64, sizeof *noc->active, failed);
    noc->sa_next = zeroed(ports, sizeof *noc->sa_next, failed);
    noc->va_next = zeroed(inputs, sizeof *noc->va_next, failed);
    noc->port_router = zeroed(ports, sizeof *noc->port_router, failed);
    noc->port_feeder = zeroed(ports, sizeof *noc->port_feeder, failed);
    noc->router_x = zeroed(routers, sizeof *noc->router_x, failed);
    noc->router_y = zeroed(routers, sizeof *noc->router_y, failed);
}

static void create_output_arrays(weft_noc *noc, bool *failed) {
    size_t ports = (size_t)noc->ports, inputs = (size_t)noc->inputs, terminals = (size_t)noc->config.terminal_count;
    size_t local = (size_t)noc->sides_max << noc->vc_shift;
    noc->credits = zeroed(inputs + (terminals << noc->vc_shift), sizeof *noc->credits, failed);
    noc->owner = zeroed(inputs, sizeof *noc->owner, failed);
    noc->free_vcs = zeroed(ports, sizeof *noc->free_vcs, failed);
    noc->out_next = zeroed(ports, sizeof *noc->out_next, failed);
    noc->grant_next = zeroed(inputs, sizeof *noc->grant_next, failed);
    noc->port_flits = zeroed(ports, sizeof *noc->port_flits, failed);
    noc->port_input = zeroed(ports, sizeof *noc->port_input, failed);
    noc->claim = zeroed(local, sizeof *noc->claim, failed);
    noc->claimed = zeroed(local, sizeof *noc->claimed, failed);
    noc->ni = zeroed(terminals, sizeof *noc->ni, failed);
    noc->ni_active = zeroed((terminals + 63) / 64, sizeof *noc->ni_active, failed);
    noc->delivery = zeroed(terminals, sizeof *noc->delivery, failed);
    /* A link carries one flit a cycle, so a slot never holds more than one entry a port; a front follows an arrival or
     * a departure. */
    wheel_create(&noc->arrivals, noc->flit_delay, ports, failed);
    wheel_create(&noc->ejections, noc->flit_delay, terminals, failed);
    wheel_create(&noc->credit_returns, noc->flit_delay + noc->credit_delay, ports + terminals, failed);
    wheel_create(&noc->fronts, noc->front_delay + 1, 2 * ports, failed);
}

static void connect_side(weft_noc *noc, int r, int side, int neighbour) {
    static const int opposite[WEFT_NOC_SIDES] = {1, 0, 3, 2};
    int out = r * noc->sides_max + side, in = neighbour * noc->sides_max + opposite[side];
    noc->port_input[out] = in << noc->vc_shift;
    noc->port_feeder[in] = out << noc->vc_shift;
}

static void connect_routers(weft_noc *noc) {
    int width = noc->config.width, height = noc->config.height;
    for (int p = 0; p < noc->ports; p++) {
        noc->port_router[p] = p / noc->sides_max;
        noc->port_feeder[p] = -1;
    }
    for (int r = 0; r < noc->routers; r++) {
        int x = r % width, y = r / width;
        noc->router_x[r] = (int16_t)x;
        noc->router_y[r] = (int16_t)y;
        if (x + 1 < width) connect_side(noc, r, 0, r + 1);
        if (x > 0) connect_side(noc, r, 1, r - 1);
        if (y > 0) connect_side(noc, r, 2, r - width);
        if (y + 1 < height) connect_side(noc, r, 3, r + width);
    }
}

static void connect_terminals(weft_noc *noc) {
    for (int t = 0; t < noc->config.terminal_count; t++) {
        int port = noc->config.terminal_router[t] * noc->sides_max + noc->terminal_side[t];
        noc->port_input[port] = -1 - t;
        noc->port_feeder[port] = noc->inputs + (t << noc->vc_shift);
        noc->ni[t].first = noc->ni[t].last = NO_PACKET;
    }
}

static void set_initial_state(weft_noc *noc) {
    uint32_t all = noc->vcs == 32 ? UINT32_MAX : (1U << noc->vcs) - 1;
    for (int p = 0; p < noc->ports; p++) noc->free_vcs[p] = all;
    for (int i = 0; i < noc->inputs; i++) noc->owner[i] = -1;
    int outputs = noc->inputs + (noc->config.terminal_count << noc->vc_shift);
    for (int i = 0; i < outputs; i++) noc->credits[i] = (uint16_t)noc->config.buffer_flits;
    for (int i = 0; i < noc->sides_max << noc->vc_shift; i++) noc->claim[i] = -1;
    noc->packet_free = NO_PACKET;
}

/* Numbers each terminal's side within its router and finds the largest number of sides. */
static weft_status assign_sides(weft_noc *noc, weft_error *err) {
    int *used = calloc((size_t)noc->routers, sizeof *used);
    if (!used) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory");
    noc->sides_max = WEFT_NOC_SIDES;
    for (int t = 0; t < noc->config.terminal_count; t++) {
        int side = WEFT_NOC_SIDES + used[noc->config.terminal_router[t]]++;
        noc->terminal_side[t] = side;
        if (side + 1 > noc->sides_max) noc->sides_max = side + 1;
    }
    free(used);
    int64_t inputs = (int64_t)noc->routers * noc->sides_max << noc->vc_shift;
    if (inputs > 1 << 27)
        return weft_error_set(err, WEFT_E_INVALID, "noc: %lld input buffers are more than %d", (long long)inputs,
                              1 << 27);
    noc->ports = noc->routers * noc->sides_max;
    noc->inputs = (int)inputs;
    return WEFT_OK;
}

static weft_status create_state(weft_noc *noc, weft_error *err) {
    bool failed = false;
    size_t terminals = (size_t)noc->config.terminal_count;
    int *routers = zeroed(terminals, sizeof *routers, &failed);
    if (routers) memcpy(routers, noc->config.terminal_router, terminals * sizeof *routers);
    noc->config.terminal_router = routers;
    noc->terminal_side = zeroed(terminals, sizeof *noc->terminal_side, &failed);
    if (failed) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory");
    while ((1 << noc->vc_shift) < noc->vcs) noc->vc_shift++;
    WEFT_TRY(assign_sides(noc, err));
    while ((1 << noc->ring_shift) < noc->config.buffer_flits) noc->ring_shift++;
    set_delays(noc);
    create_input_arrays(noc, &failed);
    create_output_arrays(noc, &failed);
    if (failed) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for %d buffers", noc->inputs);
    connect_routers(noc);
    connect_terminals(noc);
    set_initial_state(noc);
    return WEFT_OK;
}

weft_status weft_noc_create(weft_noc **out, const weft_noc_config *config, weft_error *err) {
    *out = NULL;
    WEFT_TRY(check_config(config, err));
    weft_noc *noc = calloc(1, sizeof *noc);
    if (!noc) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory");
    noc->config = *config;
    noc->routers = config->width * config->height;
    noc->vcs = config->vcs;
    weft_status status = create_state(noc, err);
    if (status != WEFT_OK)
        weft_noc_destroy(noc);
    else
        *out = noc;
    return status;
}

static void wheel_destroy(noc_wheel *wheel) {
    free(wheel->entry);
    free(wheel->fill);
}

void weft_noc_destroy(weft_noc *noc) {
    if (!noc) return;
    void *const arrays[] = {noc->terminal_side, noc->router_x, noc->router_y, noc->port_input, noc->port_feeder,
                            noc->port_router,   noc->input,    noc->ring,     noc->va_mask,    noc->sa_mask,
                            noc->va_sides,      noc->sa_sides, noc->active,   noc->sa_next,    noc->va_next,
                            noc->credits,       noc->owner,    noc->free_vcs, noc->out_next,   noc->grant_next,
                            noc->port_flits,    noc->claim,    noc->claimed,  noc->ni,         noc->ni_active,
                            noc->packet,        noc->delivery};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    wheel_destroy(&noc->arrivals);
    wheel_destroy(&noc->ejections);
    wheel_destroy(&noc->credit_returns);
    wheel_destroy(&noc->fronts);
    free((int *)noc->config.terminal_router);
    free(noc);
}

static weft_status grow_packets(weft_noc *noc, weft_error *err) {
    uint32_t old = noc->packet_capacity, capacity = old ? old * 2 : 256;
    if (capacity > 1U << 30) return weft_error_set(err, WEFT_E_MEMORY, "noc: more than %u packets inside", old);
    noc_packet *grown = realloc(noc->packet, capacity * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for %u packets", capacity);
    noc->packet = grown;
    for (uint32_t i = old; i < capacity; i++) grown[i].next = i + 1 < capacity ? i + 1 : noc->packet_free;
    noc->packet_free = old;
    noc->packet_capacity = capacity;
    return WEFT_OK;
}

weft_status weft_noc_inject(weft_noc *noc, int source, int target, int flits, uint64_t tag, weft_error *err) {
    assert(source >= 0 && source < noc->config.terminal_count && target >= 0 && target < noc->config.terminal_count);
    assert(flits >= 1);
    if (noc->packet_free == NO_PACKET) WEFT_TRY(grow_packets(noc, err));
    uint32_t id = noc->packet_free;
    noc_packet *packet = &noc->packet[id];
    noc->packet_free = packet->next;
    *packet = (noc_packet){
        .tag = tag, .created = noc->cycle, .source = source, .target = target, .flits = flits, .next = NO_PACKET};
    noc_interface *ni = &noc->ni[source];
    if (ni->first == NO_PACKET)
        ni->first = id;
    else
        noc->packet[ni->last].next = id;
    ni->last = id;
    noc->ni_active[source >> 6] |= 1ULL << (source & 63);
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

weft_noc_statistics weft_noc_statistics_get(const weft_noc *noc) {
    weft_noc_statistics s = noc->statistics;
    for (int r = 0; r < noc->routers; r++)
        for (int side = 0; side < noc->sides_max; side++) {
            uint64_t flits = noc->port_flits[r * noc->sides_max + side];
            s.router_flits += flits;
            if (side < WEFT_NOC_SIDES) s.link_flits += flits;
        }
    return s;
}

uint64_t weft_noc_link_flits(const weft_noc *noc, int router, int direction) {
    assert(router >= 0 && router < noc->routers && direction >= 0 && direction < WEFT_NOC_SIDES);
    return noc->port_flits[router * noc->sides_max + direction];
}
