/* What the lower bounds share. Internal to mapper/. */
#ifndef WEFT_MAPPER_PLACE_BOUND_H
#define WEFT_MAPPER_PLACE_BOUND_H

#include "mapper/place_internal.h"

/* Every cluster's partners, heaviest first: what they could cost at best depends on how many cores are near. */
typedef struct weft_place_partners {
    int clusters;
    size_t *begin; /* [clusters + 1] */
    int64_t *sum;  /* [begin[clusters] + clusters]: cluster c's at begin[c] + c: 0, heaviest, two heaviest, ... flits */
    int64_t *host; /* [clusters] flits to and from the host */
} weft_place_partners;

/* Routers at every distance from one of them, in links. */
typedef struct weft_place_rings {
    int width, height, concentration;
    bool torus;
    int64_t *count; /* [width + height - 1] */
} weft_place_rings;
void weft_place_rings_fill(weft_place_rings *rings, int x, int y);
/* Sum over the cluster's partners of flits x links when they sit on the nearest cores, heaviest first. */
int64_t weft_place_nearest(const weft_place_partners *partners, int cluster, const weft_place_rings *rings);

/* The assignment bound (Gilmore 1962, Lawler 1963) on sum over pairs of flits x links, times two: a cluster's cost at a
 * place is at least that of its partners on the cores nearest to there, half of it, and the host's; the cheapest
 * assignment of clusters to places costs at least what any prices of the places prove. 0 when that is too much work. */
weft_status weft_place_bound_assign(int64_t *out, const weft_place_partners *partners,
                                    const weft_place_problem *problem, weft_error *err);

#endif
