/* Packets that a mapping sends per image: who sends which values to whom. The mapper's cost, the functional engine's counts and the
 * timed chip's sends all come from here, so they cannot disagree.
 *
 * Kinds: host -> cores (input pixels), core -> block core (partial sums), block core -> cores of the next stage (activations), block
 * cores of the last stage -> host (results). A packet carries one position's channels of one block. A core that needs any of them gets
 * one packet; nothing is sent from a core to itself. */
#ifndef WEFT_CORE_TRAFFIC_H
#define WEFT_CORE_TRAFFIC_H

#include "core/mapping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Destinations of the activations of one producing block (or of the host's input: stage -1, block 0). For a conv consumer every
 * position goes to the same cores; for a dense consumer they depend on the position. */
typedef struct weft_route {
    int core_count;
    int *cores; /* ascending, without the sender itself when it also consumes */
    bool local; /* the sender itself consumes */
} weft_route;

typedef struct weft_traffic weft_traffic;
weft_status weft_traffic_create(weft_traffic **out, const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                                weft_error *err);
void weft_traffic_destroy(weft_traffic *traffic); /* NULL is allowed */
/* Who consumes the output of (stage, block) at position (y, x) of the stage's final output. stage -1: the network input, block 0, all
 * channels. Last stage: one destination, the host. Valid until destroy. */
const weft_route *weft_traffic_route(const weft_traffic *traffic, int stage, int block, int y, int x);
/* Cores other than the block's own that hold tiles of the block, ascending: they send partial sums. */
const weft_route *weft_traffic_partials(const weft_traffic *traffic, int stage, int block);
/* Per image, exact: packets, flits, and events ROUTER_FLIT, LINK_FLIT, IO_BIT, BUFFER_*; also by stage (index stage + 1; 0 is the
 * host's input). */
typedef struct weft_traffic_totals {
    uint64_t packets, flits, flit_hops;
} weft_traffic_totals;
weft_traffic_totals weft_traffic_total(const weft_traffic *traffic);
/* Events of moving data, of the packets that stage's output (or the host's input for -1) causes. */
weft_event_counts weft_traffic_events(const weft_traffic *traffic, int stage);

#ifdef __cplusplus
}
#endif
#endif
