/* Tables behind traffic.h. traffic_routes.c builds them; traffic.c counts and answers. */
#ifndef WEFT_CORE_TRAFFIC_INTERNAL_H
#define WEFT_CORE_TRAFFIC_INTERNAL_H

#include "core/traffic.h"

/* Positions along one axis that the consumer reads through the same kernel taps. */
typedef struct weft_tap_classes {
    int extent, taps, count;
    int *of_position;    /* [extent] */
    int *positions;      /* [count] how many positions */
    unsigned char *used; /* [count, taps] */
} weft_tap_classes;

typedef struct weft_stage_traffic {
    int block_count;
    weft_tap_classes y, x; /* of the output positions; unused for the last stage */
    size_t route_count;
    weft_route *routes;      /* [block_count, y.count, x.count]; last stage: [1] */
    weft_route *partials;    /* [block_count] */
    int **partial_values;    /* [block_count][partials.core_count] */
    uint64_t *mvm_read_bits; /* [core_count] */
    weft_event_counts events;
    weft_traffic_totals total;
} weft_stage_traffic;

struct weft_traffic {
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_chip *chip;
    weft_stage_traffic *items; /* [stage count + 1], the host's input first */
    unsigned char *seen;       /* [core_count] scratch, all zero between uses */
    unsigned char *marks;      /* [largest rows or columns of a stage] scratch */
    weft_traffic_totals total;
};

/* Fill items[stage + 1]: who gets the output of stage (-1: the host's input); partial sums and reads of the stage's own
 * matrix. False when memory is out: weft_traffic_stage_destroy then frees what there is. */
bool weft_traffic_build_routes(weft_traffic *traffic, int stage);
bool weft_traffic_build_stage(weft_traffic *traffic, int stage);
void weft_traffic_stage_destroy(weft_stage_traffic *item);

#endif
