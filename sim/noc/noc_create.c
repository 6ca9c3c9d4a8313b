/* Life of the network: checks, arrays, links. */
#include "sim/noc/noc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
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

bool weft_noc_can_deadlock(const weft_noc_config *c) {
    bool torus = c->topology == WEFT_NOC_TORUS;
    if (c->routing == WEFT_NOC_ADAPTIVE) return c->escape_vcs < (torus ? 2 : 1);
    return torus && (c->vcs < 2 || c->routing == WEFT_NOC_WEST_FIRST);
}

static weft_status check_routing(const weft_noc_config *c, weft_error *err) {
    bool adaptive = c->routing == WEFT_NOC_ADAPTIVE, torus = c->topology == WEFT_NOC_TORUS;
    int classes = adaptive ? c->escape_vcs : c->vcs;
    WEFT_TRY(check_range("topology", c->topology, WEFT_NOC_MESH, WEFT_NOC_TORUS, err));
    WEFT_TRY(check_range("routing", c->routing, WEFT_NOC_XY, WEFT_NOC_ADAPTIVE, err));
    WEFT_TRY(check_range("escape_vcs", c->escape_vcs, 0, adaptive ? c->vcs - 1 : 0, err));
    if (weft_noc_can_deadlock(c) && !c->allow_deadlock)
        return weft_error_set(err, WEFT_E_INVALID,
                              "noc: packets can wait for each other for ever: adaptive routing needs escape VCs, a "
                              "torus an even number of VCs and no west-first routing");
    if (torus && classes > 1 && classes % 2)
        return weft_error_set(err, WEFT_E_INVALID,
                              "noc: %d VCs on a torus; half are for packets that wrap around, so "
                              "it needs an even number",
                              classes);
    if (c->multicast && (torus || c->routing > WEFT_NOC_YX))
        return weft_error_set(err, WEFT_E_INVALID, "noc: multicast needs a mesh and XY or YX routing");
    return WEFT_OK;
}

static weft_status check_chips(const weft_noc_config *c, weft_error *err) {
    const int cycles = WEFT_NOC_MAX_CYCLES, sides[2] = {c->width, c->height};
    for (int i = 0; i < 2; i++) {
        WEFT_TRY(check_range("chips", c->chips[i], 0, sides[i], err));
        if (c->chips[i] && sides[i] % c->chips[i])
            return weft_error_set(err, WEFT_E_INVALID, "noc: %d routers in a row are not %d chips of equal size",
                                  sides[i], c->chips[i]);
    }
    if (c->chips[0] <= 1 && c->chips[1] <= 1) return WEFT_OK;
    WEFT_TRY(check_range("chip_link_cycles", c->chip_link_cycles, 1, cycles, err));
    WEFT_TRY(check_range("chip_credit_cycles", c->chip_credit_cycles, 0, cycles, err));
    return check_range("chip_link_interval", c->chip_link_interval, 0, cycles, err);
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
    if (c->y_differs) {
        WEFT_TRY(check_range("link_cycles_y", c->link_cycles_y, 1, cycles, err));
        WEFT_TRY(check_range("credit_cycles_y", c->credit_cycles_y, 0, cycles, err));
    }
    WEFT_TRY(check_routing(c, err));
    WEFT_TRY(check_chips(c, err));
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
    wheel->entries = zeroed(slots * room, sizeof *wheel->entries, failed);
    wheel->slot = zeroed(slots, sizeof *wheel->slot, failed);
    if (!wheel->entries || !wheel->slot) return;
    for (uint32_t s = 0; s < slots; s++) wheel->slot[s].begin = wheel->slot[s].end = wheel->entries + s * room;
}

void weft_noc_link_cycles(const weft_noc_config *c, int router, int side, int *link, int *credit, int *interval) {
    bool along_y = side >= 2 && c->y_differs;
    *link = along_y ? c->link_cycles_y : c->link_cycles;
    *credit = along_y ? c->credit_cycles_y : c->credit_cycles;
    *interval = 1;
    if (!weft_noc_leaves_chip(c, router, side)) return;
    *link = c->chip_link_cycles;
    *credit = c->chip_credit_cycles;
    if (c->chip_link_interval > 1) *interval = c->chip_link_interval;
}

/* Delays that do not depend on the link, and the longest of those that do. */
static void set_delays(weft_noc *noc) {
    const weft_noc_config *c = &noc->config;
    int ahead = c->vc_cycles - 1; /* a grant takes effect in the stage's last cycle */
    if (c->speculative) ahead = c->vc_cycles > c->switch_cycles ? c->vc_cycles - c->switch_cycles : 0;
    noc->front_delay = (uint32_t)(c->route_cycles + ahead);
    int crossing = c->switch_cycles + c->traversal_cycles, link = c->link_cycles, credit = c->credit_cycles;
    noc->local_credit_delay = (uint32_t)(crossing + credit + 1);
    if (c->y_differs && c->link_cycles_y > link) link = c->link_cycles_y;
    if (c->y_differs && c->credit_cycles_y > credit) credit = c->credit_cycles_y;
    if (c->chips[0] > 1 || c->chips[1] > 1) {
        if (c->chip_link_cycles > link) link = c->chip_link_cycles;
        if (c->chip_credit_cycles > credit) credit = c->chip_credit_cycles;
    }
    noc->longest_flit_delay = (uint32_t)(crossing + link);
    noc->longest_delay = (uint32_t)(2 * crossing + link + credit + 1);
    noc->is_xy_mesh = c->topology == WEFT_NOC_MESH && c->routing == WEFT_NOC_XY;
}

static void create_input_arrays(weft_noc *noc, bool *failed) {
    size_t terminals = (size_t)noc->config.terminal_count, routers = (size_t)noc->routers;
    size_t ports = (size_t)noc->ports + terminals + 1, inputs = ports << noc->vc_shift;
    noc->input = weft_aligned_alloc(inputs, noc->input_bytes);
    if (!noc->input) *failed = true;
    noc->port = weft_aligned_alloc(ports, sizeof *noc->port);
    if (!noc->port) *failed = true;
    noc->allowed = zeroed((size_t)noc->inputs, sizeof *noc->allowed, failed);
    noc->va_sides = zeroed(routers, sizeof *noc->va_sides, failed);
    noc->va_routers = zeroed((routers + 63) / 64, sizeof *noc->va_routers, failed);
    noc->sa_ports = zeroed(ports / 64 + 1, sizeof *noc->sa_ports, failed);
    noc->va_next = zeroed((size_t)noc->inputs, sizeof *noc->va_next, failed);
    noc->router_x = zeroed(routers, sizeof *noc->router_x, failed);
    noc->router_y = zeroed(routers, sizeof *noc->router_y, failed);
}

static void create_output_arrays(weft_noc *noc, bool *failed) {
    size_t ports = (size_t)noc->ports, inputs = (size_t)noc->inputs, terminals = (size_t)noc->config.terminal_count;
    noc->output = zeroed(inputs + (terminals << noc->vc_shift), sizeof *noc->output, failed);
    noc->claim = zeroed(inputs, sizeof *noc->claim, failed);
    noc->claimed = zeroed(2 * inputs, sizeof *noc->claimed, failed);
    for (int i = 0; i < 2; i++) noc->asked[i] = zeroed(ports, sizeof *noc->asked[i], failed);
    noc->guess = zeroed(ports, sizeof *noc->guess, failed);
    noc->ni = zeroed(terminals, sizeof *noc->ni, failed);
    noc->delivery = zeroed(terminals, sizeof *noc->delivery, failed);
    /* A link carries one flit a cycle and is as long in every cycle, so a slot never holds more than one entry a port;
     * a front follows an arrival or a departure. */
    wheel_create(&noc->arrivals, noc->longest_flit_delay, ports, failed);
    wheel_create(&noc->ejections, noc->longest_flit_delay, terminals, failed);
    noc->ejected = zeroed(noc->ejections.mask + 1, sizeof *noc->ejected, failed);
    wheel_create(&noc->credit_returns, noc->longest_delay, ports + terminals, failed);
    wheel_create(&noc->fronts, noc->front_delay + 1, 2 * ports, failed);
}

/* What only some configurations need. */
static void create_special_arrays(weft_noc *noc, bool *failed) {
    const weft_noc_config *c = &noc->config;
    size_t inputs = (size_t)noc->inputs, routers = (size_t)noc->routers;
    bool slow = (c->chips[0] > 1 || c->chips[1] > 1) && c->chip_link_interval > 1;
    bool chooses = c->routing == WEFT_NOC_WEST_FIRST || c->routing == WEFT_NOC_ADAPTIVE;
    if (slow || chooses || c->multicast) {
        noc->special = zeroed(routers, sizeof *noc->special, failed);
        noc->due = zeroed((routers + 63) / 64, sizeof *noc->due, failed);
    }
    if (slow) noc->port_ready = zeroed((size_t)noc->ports, sizeof *noc->port_ready, failed);
    if (chooses) noc->choice = zeroed(inputs, sizeof *noc->choice, failed);
    if (!c->multicast) return;
    noc->fork = zeroed(inputs, sizeof *noc->fork, failed);
    noc->branch = zeroed(inputs * (size_t)noc->sides_max, sizeof *noc->branch, failed);
    noc->forks = zeroed(routers, sizeof *noc->forks, failed);
    noc->mark = zeroed(routers, sizeof *noc->mark, failed);
}

static void connect_side(weft_noc *noc, int r, int side, int neighbour) {
    static const int opposite[WEFT_NOC_SIDES] = {1, 0, 3, 2};
    const weft_noc_config *c = &noc->config;
    int out = r * noc->sides_max + side, in = neighbour * noc->sides_max + opposite[side];
    int crossing = c->switch_cycles + c->traversal_cycles, link, credit, interval;
    weft_noc_link_cycles(c, r, side, &link, &credit, &interval);
    noc->port[out].link = (noc_link){in << noc->vc_shift, (uint16_t)(crossing + link), (uint16_t)interval};
    noc->port[in].feed = (noc_feed){out << noc->vc_shift, (uint32_t)(crossing + credit + 1)};
    if (interval > 1) noc->special[r] |= NOC_SLOW;
}

static void connect_routers(weft_noc *noc) {
    for (int p = 0; p < noc->routers * noc->sides_max; p++) {
        noc->port[p].router = p / noc->sides_max;
        noc->port[p].side = (uint16_t)(p % noc->sides_max);
        noc->port[p].first = p << noc->vc_shift;
        noc->port[p].feed.output = -1;
    }
    for (int r = 0; r < noc->routers; r++) {
        noc->router_x[r] = (int16_t)(r % noc->config.width);
        noc->router_y[r] = (int16_t)(r / noc->config.width);
        if (noc->choice) noc->special[r] |= NOC_CHOOSES;
        for (int side = 0; side < WEFT_NOC_SIDES; side++) {
            int neighbour = weft_noc_neighbour(&noc->config, r, side);
            if (neighbour >= 0) connect_side(noc, r, side, neighbour);
        }
    }
}

static void connect_terminals(weft_noc *noc) {
    int local_delay = noc->config.switch_cycles + noc->config.traversal_cycles + noc->config.link_cycles;
    for (int t = 0; t < noc->config.terminal_count; t++) {
        int port = noc->config.terminal_router[t] * noc->sides_max + noc->terminal_side[t];
        noc->port[port].link = (noc_link){-1 - t, (uint16_t)local_delay, 1};
        noc->port[port].feed = (noc_feed){noc->inputs + (t << noc->vc_shift), noc->local_credit_delay};
        noc->ni[t].first = noc->ni[t].last = NO_PACKET;
        noc->ni[t].input = port << noc->vc_shift;
    }
}

/* Whose turn it is. */
static void set_turns(weft_noc *noc) {
    for (int p = 0; p < noc->routers * noc->sides_max; p++) {
        noc->port[p].sa_last = (uint16_t)(noc->vcs - 1);
        noc->port[p].out_last = (uint16_t)(noc->sides_max - 1);
    }
    for (int i = 0; i < noc->inputs; i++) noc->output[i].grant_next = 0;
    memset(noc->va_next, 0, (size_t)noc->inputs * sizeof *noc->va_next);
    for (int t = 0; t < noc->config.terminal_count; t++) noc->ni[t].next_vc = 0;
}

void weft_noc_rewind(weft_noc *noc) {
    weft_noc_skip(noc, noc->longest_delay + 1); /* for the last credits */
    assert(!noc->credit_returns.pending && !noc->fronts.pending);
    set_turns(noc);
    if (noc->port_ready) memset(noc->port_ready, 0, (size_t)noc->ports * sizeof *noc->port_ready);
    noc->cycle = noc->stalled = 0;
}

static void set_initial_state(weft_noc *noc) {
    set_turns(noc);
    uint32_t all = noc->vcs == 32 ? UINT32_MAX : (1U << noc->vcs) - 1;
    for (int p = 0; p < noc->ports; p++) noc->port[p].free_vcs = all;
    for (int i = 0; i < noc->inputs; i++) {
        noc->output[i].owner = noc->claim[i] = -1;
        noc->allowed[i] = all;
    }
    for (int i = noc->inputs; i < noc->nobody; i++) noc->output[i].owner = i & ~noc->vc_mask;
    for (int i = 0; i < noc->nobody; i++) noc->output[i].credits = (uint16_t)noc->config.buffer_flits;
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
    int64_t inputs = ((int64_t)noc->routers * noc->sides_max + 63) / 64 * 64 << noc->vc_shift;
    if (inputs > 1 << 27)
        return weft_error_set(err, WEFT_E_INVALID, "noc: %lld input buffers are more than %d", (long long)inputs,
                              1 << 27);
    noc->ports = (noc->routers * noc->sides_max + 63) / 64 * 64;
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
    noc->vc_mask = (1 << noc->vc_shift) - 1;
    noc->nobody = noc->inputs + (noc->config.terminal_count << noc->vc_shift);
    while (noc->ring_mask + 1 < noc->config.buffer_flits) noc->ring_mask = 2 * noc->ring_mask + 1;
    size_t bytes = sizeof(noc_input) + ((size_t)noc->ring_mask + 1) * sizeof(uint32_t);
    noc->input_bytes = (bytes + 31) / 32 * 32; /* the smallest ones do not lie across two lines of a cache */
    set_delays(noc);
    create_input_arrays(noc, &failed);
    create_output_arrays(noc, &failed);
    create_special_arrays(noc, &failed);
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
    free(wheel->entries);
    free(wheel->slot);
}

void weft_noc_destroy(weft_noc *noc) {
    if (!noc) return;
    weft_noc_destroy_trees(noc);
    void *const arrays[] = {
        noc->terminal_side, noc->router_x, noc->router_y, noc->special,  noc->port_ready, noc->choice,
        noc->fork,          noc->branch,   noc->forks,    noc->tree,     noc->mark,       noc->input,
        noc->va_next,       noc->output,   noc->port,     noc->va_sides, noc->va_routers, noc->sa_ports,
        noc->due,           noc->claim,    noc->claimed,  noc->asked[0], noc->asked[1],   noc->allowed,
        noc->guess,         noc->ni,       noc->ejected,  noc->packet,   noc->delivery};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    wheel_destroy(&noc->arrivals);
    wheel_destroy(&noc->ejections);
    wheel_destroy(&noc->credit_returns);
    wheel_destroy(&noc->fronts);
    free((int *)noc->config.terminal_router);
    free(noc);
}
