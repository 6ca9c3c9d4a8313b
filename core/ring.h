/* Places in a row of routers, whose ends are joined on a torus. */
#ifndef WEFT_CORE_RING_H
#define WEFT_CORE_RING_H

#include <stdbool.h>

/* Steps along the row from one place to another, negative: backwards. Round a ring the shorter way; half way round
 * counts as ahead. A ring of two has no link to wrap around with. */
static inline int weft_ring_steps(int length, bool ring, int from, int to) {
    int ahead = to - from;
    if (!ring || length <= 2) return ahead;
    if (ahead < 0) ahead += length;
    return 2 * ahead <= length ? ahead : ahead - length;
}
/* The place one step (1, -1) further, -1 outside. */
static inline int weft_ring_move(int length, bool ring, int from, int step) {
    int to = from + step;
    if (to >= 0 && to < length) return to;
    return ring && length > 2 ? (to < 0 ? length - 1 : 0) : -1;
}

#endif
