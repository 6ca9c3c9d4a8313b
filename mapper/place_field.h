/* How the linear part of the cost changes when one cluster moves, in time that depends on the distance alone. Internal
 * to mapper/.
 *
 * The cost of a cluster's pairs splits into a part that depends on its column and one that depends on its row. Kept are
 * the slopes of both, from every column (row) to the next, for every node: (width + height) x 8 bytes a node. When a
 * cluster moves, its partners' slopes change between the old and the new place only; on a torus all do. */
#ifndef WEFT_MAPPER_PLACE_FIELD_H
#define WEFT_MAPPER_PLACE_FIELD_H

#include "mapper/place_internal.h"

typedef struct weft_place_field {
    const weft_place_graph *graph;
    weft_place_layout *layout; /* swapped here only */
    int64_t *slope;            /* [nodes, width + height]: columns first */
    uint64_t work;             /* what was done so far, in about a ns */
} weft_place_field;
weft_status weft_place_field_create(weft_place_field *out, const weft_place_graph *graph, weft_place_layout *layout,
                                    weft_error *err);
void weft_place_field_destroy(weft_place_field *field);
/* By weft_place_field_swap, without what is between the two: a lower bound, exact when weft_place_field_tie is added.
 */
int64_t weft_place_field_change(weft_place_field *field, int cluster, int core);
/* Of the swap with who sits on the core; 0 when nobody does, or when the two send each other nothing. */
int64_t weft_place_field_tie(weft_place_field *field, int cluster, int core);
void weft_place_field_swap(weft_place_field *field, int cluster, int core);

#endif
