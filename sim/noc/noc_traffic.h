/* Traffic for a network by itself: synthetic patterns, or a list of packets from a text file. */
#ifndef WEFT_SIM_NOC_NOC_TRAFFIC_H
#define WEFT_SIM_NOC_NOC_TRAFFIC_H

#include "core/packet_list.h"
#include "sim/noc/noc_bounds.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Who sends to whom. Node n of N, at router (x, y) of W x H; several nodes of a router keep their number within it:
 *   uniform    any node, itself too
 *   transpose  router (y, x); square meshes only
 *   bitcomp    node N - 1 - n, which is the complement of n's bits where N is a power of two
 *   tornado    router (x + (W - 1) / 2 mod W, y + (H - 1) / 2 mod H), rounded down
 *   neighbor   router (x + 1 mod W, y + 1 mod H)
 *   hotspot    hot_share of the packets to one node, the others uniform */
typedef enum weft_noc_pattern {
    WEFT_NOC_UNIFORM,
    WEFT_NOC_TRANSPOSE,
    WEFT_NOC_BITCOMP,
    WEFT_NOC_TORNADO,
    WEFT_NOC_NEIGHBOR,
    WEFT_NOC_HOTSPOT
} weft_noc_pattern;
extern const char *const weft_noc_pattern_names[]; /* NULL-terminated */

typedef struct weft_noc_traffic_options {
    int pattern; /* weft_noc_pattern */
    double rate; /* flits a node and cycle; every node begins a packet with probability rate / packet_flits a cycle */
    int packet_flits;
    uint64_t seed;
    int hot_node;
    double hot_share;             /* 0..1, hotspot */
    const weft_packet_list *list; /* instead of all that; borrowed */
} weft_noc_traffic_options;

typedef struct weft_noc_traffic weft_noc_traffic;
/* Terminals are nodes; patterns need equally many at each router, numbered router by router. INVALID, MEMORY. */
weft_status weft_noc_traffic_create(weft_noc_traffic **out, const weft_noc_config *config,
                                    const weft_noc_traffic_options *options, weft_error *err);
void weft_noc_traffic_destroy(weft_noc_traffic *traffic); /* NULL is allowed */
/* Injects what begins in the network's present cycle; call it once a cycle, before the step. tag: number of the packet.
 * The packets do not depend on the network. MEMORY. */
weft_status weft_noc_traffic_inject(weft_noc_traffic *traffic, weft_noc *noc, weft_error *err);
/* Cycle of the next packet of a list, UINT64_MAX after the last one, or of a pattern whose nodes begin less than one in
 * 2^24 cycles each; 0 where that is not known. */
uint64_t weft_noc_traffic_next(const weft_noc_traffic *traffic);
/* The expected loads of a pattern, those of all packets of a list; finished. */
weft_status weft_noc_traffic_loads(weft_noc_loads *out, const weft_noc_traffic *traffic, const weft_noc_config *config,
                                   weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
