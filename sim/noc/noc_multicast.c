/* Multicast packets: the tree of routes, made when they are injected, and a packet record for each target, which is
 * what is delivered there. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noc/noc_internal.h"

/* ---- tree ---- */

static int compare_ints(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int find(const int32_t *sorted, int count, int value) {
    const int32_t *found = bsearch(&value, sorted, (size_t)count, sizeof *sorted, compare_ints);
    assert(found);
    return (int)(found - sorted);
}

uint64_t weft_noc_tree_sides(const noc_tree *tree, int router) {
    return tree->sides[find(tree->router, tree->node_count, router)];
}

uint32_t weft_noc_tree_copy(const noc_tree *tree, int terminal) {
    return tree->copy[find(tree->target, tree->target_count, terminal)];
}

static void destroy_tree(noc_tree *tree) {
    if (!tree) return;
    free(tree->router);
    free(tree->sides);
    free(tree->target);
    free(tree->copy);
    free(tree);
}

/* Adds the routers between `from` and `to` that have no mark yet; returns how many there are now. */
static int walk(weft_noc *noc, int from, int to, int32_t *nodes, int count) {
    for (int r = from;; r = weft_noc_neighbour(&noc->config, r, weft_noc_next_side(&noc->config, r, to))) {
        if (!noc->mark[r]) {
            nodes[count++] = r;
            noc->mark[r] = 1;
        }
        if (r == to) return count;
    }
}

/* All routers on the way to any target into nodes (room for all routers). */
static int collect_nodes(weft_noc *noc, int source, const noc_tree *tree, int32_t *nodes) {
    const int *router = noc->config.terminal_router;
    int count = 0;
    for (int i = 0; i < tree->target_count; i++)
        count = walk(noc, router[source], router[tree->target[i]], nodes, count);
    for (int i = 0; i < count; i++) noc->mark[nodes[i]] = 0;
    qsort(nodes, (size_t)count, sizeof *nodes, compare_ints);
    return count;
}

static void collect_sides(const weft_noc *noc, int source, noc_tree *tree) {
    const weft_noc_config *config = &noc->config;
    for (int i = 0; i < tree->target_count; i++) {
        int target = tree->target[i], r = config->terminal_router[source], to = config->terminal_router[target];
        while (r != to) {
            int side = weft_noc_next_side(config, r, to);
            tree->sides[find(tree->router, tree->node_count, r)] |= 1ULL << side;
            r = weft_noc_neighbour(config, r, side);
        }
        tree->sides[find(tree->router, tree->node_count, r)] |= 1ULL << noc->terminal_side[target];
    }
}

/* Routers of a tree at most: every target's path, or all. */
static size_t node_bound(const weft_noc *noc, int target_count) {
    size_t path = (size_t)noc->config.width + (size_t)noc->config.height, all = (size_t)noc->routers;
    return path * (size_t)target_count < all ? path * (size_t)target_count : all;
}

static weft_status create_tree(noc_tree **out, weft_noc *noc, int source, const int *targets, int count,
                               weft_error *err) {
    noc_tree *tree = *out = calloc(1, sizeof *tree);
    if (!tree) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for a multicast packet");
    size_t nodes = node_bound(noc, count), ends = (size_t)count;
    tree->router = calloc(nodes, sizeof *tree->router);
    tree->sides = calloc(nodes, sizeof *tree->sides);
    tree->target = calloc(ends, sizeof *tree->target);
    tree->copy = calloc(ends, sizeof *tree->copy);
    if (!tree->router || !tree->sides || !tree->target || !tree->copy)
        return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for a multicast packet");
    tree->target_count = tree->left = count;
    for (int i = 0; i < count; i++) tree->target[i] = targets[i];
    qsort(tree->target, ends, sizeof *tree->target, compare_ints);
    for (int i = 1; i < count; i++)
        if (tree->target[i] == tree->target[i - 1])
            return weft_error_set(err, WEFT_E_INVALID, "noc: terminal %d is twice a target of one packet",
                                  tree->target[i]);
    tree->node_count = collect_nodes(noc, source, tree, tree->router);
    collect_sides(noc, source, tree);
    return WEFT_OK;
}

/* ---- packets ---- */

static weft_status check_packet(const weft_noc *noc, const int *targets, int count, int flits, weft_error *err) {
    if (!noc->config.multicast) return weft_error_set(err, WEFT_E_INVALID, "noc: this network has no multicast");
    if (count < 1) return weft_error_set(err, WEFT_E_INVALID, "noc: a multicast packet needs a target");
    if (flits < 1 || flits > noc->config.buffer_flits)
        return weft_error_set(err, WEFT_E_INVALID,
                              "noc: a multicast packet of %d flits; allowed are 1 to buffer_flits %d", flits,
                              noc->config.buffer_flits);
    for (int i = 0; i < count; i++)
        if (targets[i] < 0 || targets[i] >= noc->config.terminal_count)
            return weft_error_set(err, WEFT_E_INVALID, "noc: target %d of %d terminals", targets[i],
                                  noc->config.terminal_count);
    return WEFT_OK;
}

/* A record for each target; on failure those made are given back. */
static weft_status create_copies(weft_noc *noc, noc_tree *tree, uint32_t whole, weft_error *err) {
    const noc_packet packet = noc->packet[whole];
    for (int i = 0; i < tree->target_count; i++) {
        uint32_t id = weft_noc_new_packet(noc, packet.source, tree->target[i], packet.flits, packet.tag, err);
        if (id == NO_PACKET) {
            while (i > 0) weft_noc_free_packet(noc, tree->copy[--i]);
            return WEFT_E_MEMORY;
        }
        tree->copy[i] = id;
        noc->packet[id].whole = whole;
    }
    return WEFT_OK;
}

weft_status weft_noc_inject_multicast(weft_noc *noc, int source, const int *targets, int target_count, int flits,
                                      uint64_t tag, weft_error *err) {
    assert(source >= 0 && source < noc->config.terminal_count);
    noc_tree *tree = NULL;
    uint32_t whole = NO_PACKET;
    weft_status status;
    WEFT_TRY(check_packet(noc, targets, target_count, flits, err));
    WEFT_TRY_GOTO(create_tree(&tree, noc, source, targets, target_count, err));
    whole = weft_noc_new_packet(noc, source, -1, flits, tag, err);
    if (whole == NO_PACKET) WEFT_TRY_GOTO(WEFT_E_MEMORY);
    WEFT_TRY_GOTO(create_copies(noc, tree, whole, err));
    noc->tree[whole] = tree;
    weft_noc_enqueue(noc, whole);
    noc->statistics.packets_injected += (uint64_t)target_count;
    noc->statistics.flits_injected += (uint64_t)target_count * (uint64_t)flits;
    return WEFT_OK;
cleanup:
    if (whole != NO_PACKET) weft_noc_free_packet(noc, whole);
    destroy_tree(tree);
    return status;
}

void weft_noc_tree_delivered(weft_noc *noc, uint32_t whole) {
    noc_tree *tree = noc->tree[whole];
    if (--tree->left) return;
    noc->tree[whole] = NULL;
    destroy_tree(tree);
    weft_noc_free_packet(noc, whole);
}

void weft_noc_destroy_trees(weft_noc *noc) {
    for (uint32_t i = 0; noc->tree && i < noc->packet_capacity; i++) destroy_tree(noc->tree[i]);
}

/* ---- at a router ---- */

void weft_noc_fork(weft_noc *noc, int input, uint32_t id) {
    noc_input *in = noc_in(noc, input);
    int router = noc->port[input >> noc->vc_shift].router;
    uint64_t sides = weft_noc_tree_sides(noc->tree[id], router);
    if (!(sides & (sides - 1))) { /* no more than a packet passing by */
        in->out_side = (uint16_t)__builtin_ctzll(sides);
        return;
    }
    in->state = NOC_FORK;
    noc->fork[input] = (noc_fork){.sides = sides, .waiting = sides, .open = sides};
    for (uint64_t left = sides; left; left &= left - 1)
        noc->branch[(size_t)input * (size_t)noc->sides_max + (size_t)__builtin_ctzll(left)] = (noc_branch){-1, 0};
    noc->forks[router]++;
    noc->special[router] |= NOC_FORKS;
}
