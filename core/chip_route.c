#include "core/chip_route.h"

#include <stdlib.h>

static int length_of(const weft_chip *chip, int axis) { return (int)chip->noc.mesh[axis]; }

int weft_chip_neighbour(const weft_chip *chip, int router, int side) {
    int width = length_of(chip, 0), x = router % width, y = router / width;
    bool torus = weft_chip_is_torus(chip);
    if (side == WEFT_EAST || side == WEFT_WEST)
        x = weft_ring_move(width, torus, x, side == WEFT_EAST ? 1 : -1);
    else
        y = weft_ring_move(length_of(chip, 1), torus, y, side == WEFT_SOUTH ? 1 : -1);
    return x < 0 || y < 0 ? -1 : y * width + x;
}

static int links_along(const weft_chip *chip, int axis, int from, int to) {
    return abs(weft_ring_steps(length_of(chip, axis), weft_chip_is_torus(chip), from, to));
}

int weft_chip_router_hops(const weft_chip *chip, int from, int to) {
    int width = length_of(chip, 0);
    return links_along(chip, 0, from % width, to % width) + links_along(chip, 1, from / width, to / width);
}

int weft_chip_hops(const weft_chip *chip, int from, int to) {
    return weft_chip_router_hops(chip, weft_chip_router(chip, from), weft_chip_router(chip, to));
}

int weft_chip_crossings(const weft_chip *chip, int axis, int from, int steps) {
    int chips = weft_chip_count(chip, axis), length = length_of(chip, axis), each = length / chips;
    if (chips == 1) return 0;
    int first = steps < 0 ? from + steps : from, last = steps < 0 ? from : from + steps;
    return (last + length) / each - (first + length) / each; /* first may lie before the row, by less than its length */
}

int weft_chip_link_interval(const weft_chip *chip, int router, int side) {
    int axis = side == WEFT_NORTH || side == WEFT_SOUTH, width = length_of(chip, 0);
    if (!weft_chip_has_slow_links(chip)) return 1;
    int at = axis == 0 ? router % width : router / width, step = side == WEFT_EAST || side == WEFT_SOUTH ? 1 : -1;
    return weft_chip_crossings(chip, axis, at, step) ? (int)chip->noc.chip_link_interval : 1;
}

/* Along x first, or along y. */
static void put_way(weft_chip_leg way[WEFT_LEGS], const weft_chip *chip, const int from[2], const int to[2],
                    const int steps[2], bool y_first) {
    int row = y_first ? to[1] : from[1], column = y_first ? from[0] : to[0];
    way[y_first] = (weft_chip_leg){0, row * length_of(chip, 0), from[0], steps[0]};
    way[!y_first] = (weft_chip_leg){1, column, from[1], steps[1]};
}

int weft_chip_ways(weft_chip_leg ways[WEFT_WAYS][WEFT_LEGS], const weft_chip *chip, const int from[2],
                   const int to[2]) {
    int routing = chip->noc.routing, steps[2];
    for (int axis = 0; axis < 2; axis++)
        steps[axis] = weft_ring_steps(length_of(chip, axis), weft_chip_is_torus(chip), from[axis], to[axis]);
    put_way(ways[0], chip, from, to, steps, routing == WEFT_CHIP_YX);
    if (routing == WEFT_CHIP_XY || routing == WEFT_CHIP_YX || steps[0] == 0 || steps[1] == 0) return 1;
    if (routing == WEFT_CHIP_WEST_FIRST && steps[0] < 0) return 1;
    put_way(ways[1], chip, from, to, steps, true);
    return 2;
}
