/* How one packet runs through the network of a chip file: its links under noc.topology and noc.routing, and what links
 * between chips cost. The simulated network (sim/noc) takes the same ways; tests compare the two. */
#ifndef WEFT_CORE_CHIP_ROUTE_H
#define WEFT_CORE_CHIP_ROUTE_H

#include "core/chip.h"
#include "core/ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sides of a router: the order of weft_noc_link_flits. Link number: router * WEFT_SIDES + side. */
enum { WEFT_EAST, WEFT_WEST, WEFT_NORTH, WEFT_SOUTH, WEFT_SIDES };

static inline bool weft_chip_is_torus(const weft_chip *chip) { return chip->noc.topology == WEFT_CHIP_TORUS; }
/* Chips along x (axis 0) or y (1). */
static inline int weft_chip_count(const weft_chip *chip, int axis) {
    return chip->noc.chips[axis] > 1 ? (int)chip->noc.chips[axis] : 1;
}
/* Do links between chips take longer for a flit than others? */
static inline bool weft_chip_has_slow_links(const weft_chip *chip) {
    return chip->noc.chip_link_interval > 1 && (weft_chip_count(chip, 0) > 1 || weft_chip_count(chip, 1) > 1);
}
/* Router behind that side, -1: there is none. */
int weft_chip_neighbour(const weft_chip *chip, int router, int side);
/* Links between two routers on a shortest way. */
int weft_chip_router_hops(const weft_chip *chip, int from, int to);
/* Links of a run along an axis that lead from one chip to another: `steps` as weft_ring_steps. */
int weft_chip_crossings(const weft_chip *chip, int axis, int from, int steps);
/* Cycles that a flit occupies the link. */
int weft_chip_link_interval(const weft_chip *chip, int router, int side);

/* A straight run of links along an axis, from place `at` of the row (column) that router `first` begins; steps to the
 * east (south), negative: to the west (north), 0: none. */
typedef struct weft_chip_leg {
    int axis, first, at, steps;
} weft_chip_leg;
enum { WEFT_WAYS = 2, WEFT_LEGS = 2 };
/* Side that the routers of the leg are left by. */
static inline int weft_chip_leg_side(const weft_chip_leg *leg) {
    if (leg->axis == 0) return leg->steps > 0 ? WEFT_EAST : WEFT_WEST;
    return leg->steps > 0 ? WEFT_SOUTH : WEFT_NORTH;
}
/* Ways of packets between two routers at (x, y), in legs; returns how many there are. XY and YX: one. West-first and
 * adaptive routing decide by the room there is; counted here as if one packet in two went along x first and one along y
 * first where both are allowed. */
int weft_chip_ways(weft_chip_leg ways[WEFT_WAYS][WEFT_LEGS], const weft_chip *chip, const int from[2], const int to[2]);
/* Of `flits` those that take a way out of `count`: as evenly as whole flits can be, the first more. */
static inline uint64_t weft_chip_way_flits(uint64_t flits, int way, int count) {
    return count == 1 ? flits : (flits + (uint64_t)(count - 1 - way)) / (uint64_t)count;
}

#ifdef __cplusplus
}
#endif
#endif
