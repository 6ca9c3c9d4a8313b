/* Packets that a mapping sends per image: who sends which values to whom. The mapper's cost, the functional engine's
 * counts and the timed chip's sends all come from here, so they cannot disagree.
 *
 * Kinds: host -> cores (input pixels), core -> block core (partial sums), block core -> cores that read them
 * (activations), block cores of the last stage -> host (results). A packet carries one position's channels of one
 * block. A core that needs any of them gets one packet, whatever the number of stages, ports and copies there that read
 * it; nothing is sent from a core to itself. Exactly:
 *
 * - Need of a matrix. A core needs channels [b, e) of pixel (y, x) of port 0's map when some matrix position of the
 * stage reads one of these values through a row of one of the core's tiles whose copy computes that position: there are
 * a position (oy, ox) whose output position (weft_stage_owner) is the copy's, a kernel tap (ky, kx) with oy * stride_h
 * + ky * dilation_h - pad_top == y (the same in x) and a row of that tap and of a channel in [b, e) in a tile. A dense
 * layer is a convolution with one position. Pixels that nobody needs (skipped by a stride) are not sent.
 * - Need of a block: of an ADD's port, and of a digital stage's port 0. The block's core needs channels [b, e) of pixel
 * (y, x) when the block has one of these channels and its copy computes the output position that (y, x) becomes part of
 * (of a stage that is not local: always).
 * - Parts. Values for another part of the mapping go to the host as one packet, whoever needs them there, and from the
 * host to those who need them when that part runs. The host's input goes to every part that needs it.
 * - Input: for every pixel of the network's input, one packet of all channels x input.bits from the host to every core
 * that needs one.
 * - Partial sums: for every position of the matrix that the block's copy computes (also one that a pooling skips) and
 * every core with tiles of a block, other than the block's core, one packet of as many values as the core's tiles cover
 * columns of the block, x io.partial_bits, to the block's core.
 * - Activations: for every position of the stage's output and every block whose copy computes it, one packet of the
 * block's channels x input.bits from the block's core to every other core that needs one; a block's core that needs
 * them itself keeps them without a packet.
 * - Results: for every position of the last stage's output, one packet of the block's channels x io.partial_bits to the
 * host.
 * - Trees (noc.multicast). A position of the input or of an output that goes to several terminals travels as a tree
 * (core/tree.h): one packet, which crosses each link on the way to any of them once. It must fit a virtual channel's
 * buffer; a longer one is cut into as few pieces as do, each as full as it can be, each to all of these terminals.
 * Where the pieces, with a header each, would take more flit-hops than a packet to every terminal, or not even one
 * value fits, a packet goes to every terminal (weft_route.pieces). Packets and flits count where they arrive: at every
 * terminal.
 *
 * Events: ROUTER_FLIT and LINK_FLIT by the path (hops + 1 routers, hops links; of a tree its links, and as many routers
 * as links and terminals: a branch passes the router once more); IO_BIT the payload of packets from and to the host, of
 * a tree from the host once; BUFFER_WRITE_BIT the payload of a packet at the core where it arrives, and of activations
 * kept without a packet; BUFFER_READ_BIT the payload of partial sums, read once to be added, for every MVM of a copy of
 * a stage on a core (all its tiles at one matrix position) the distinct rows of these tiles x input.bits, padding
 * included, and for every position of an ADD and of a digital stage's input the block's channels x input.bits. What the
 * digital unit keeps between its operations is part of their cost. */
#ifndef WEFT_CORE_TRAFFIC_H
#define WEFT_CORE_TRAFFIC_H

#include "core/mapping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Destinations of one position of one block (or of the host's input: stage -1, block 0). They depend on the position:
 * a dense consumer's cores each need some positions, copies take turns, and at a border or between strides a conv
 * consumer's may differ too. */
typedef struct weft_route {
    int core_count;
    int *cores; /* ascending, without the sender itself when it also consumes; the host (core_count of the chip) last */
    bool local; /* the sender itself consumes */
    int pieces; /* packets that go to all of these cores as trees, see weft_traffic_piece; 0: a packet to each */
    int links;  /* of the tree; 0 without */
} weft_route;

typedef struct weft_traffic weft_traffic;
/* mapping fits stages and chip (weft_mapping_check); all three must outlive *out. MEMORY. */
weft_status weft_traffic_create(weft_traffic **out, const weft_mapping *mapping, const weft_stages *stages,
                                const weft_chip *chip, weft_error *err);
void weft_traffic_destroy(weft_traffic *traffic); /* NULL is allowed */
/* Who consumes, in that part, the output of (stage, block) at position (y, x) of the stage's final output; (y, x) is
 * one that the block's copy computes. In the block's part the block's core sends, in another the host. stage -1: the
 * network input, block 0, all channels; the host sends. Last stage: one destination, the host (chip->host_terminal).
 * Valid until destroy. */
const weft_route *weft_traffic_route(const weft_traffic *traffic, int part, int stage, int block, int y, int x);
/* A user of values on a core: port of a stage, for the tiles (a matrix's port 0) or blocks (else) there of one copy. */
typedef struct weft_reader {
    int part, stage, port, copy, core;
} weft_reader;
/* True when the reader uses the packet of (stage, block, y, x), or the value its core keeps: it waits for exactly
 * these. */
bool weft_traffic_needs(const weft_traffic *traffic, const weft_reader *reader, int stage, int block, int y, int x);
/* Cores other than the block's own that hold tiles of the block, ascending: they send partial sums. local: the block's
 * core holds tiles of the block. */
const weft_route *weft_traffic_partials(const weft_traffic *traffic, int stage, int block);
/* Values in a partial-sum packet of core: distinct columns of its tiles in the block; 0 when it holds none. */
int weft_traffic_partial_values(const weft_traffic *traffic, int stage, int block, int core);
/* BUFFER_READ_BIT of one MVM of a copy of the stage on the core in that part; 0 when it holds none of its tiles. */
uint64_t weft_traffic_mvm_read_bits(const weft_traffic *traffic, int part, int stage, int copy, int core);

/* Values of piece number `piece` of a position that is sent as trees. */
int weft_traffic_piece(const weft_traffic *traffic, const weft_route *route, int piece, int values);

/* Flits from one terminal to another per image, summed over the packets of a part; those of a tree count for each of
 * its terminals. */
typedef struct weft_flow {
    int from, to;
    uint64_t packets, flits;
} weft_flow;
/* All flows of a part, by from, then to, none of a core to itself. *out is malloc'd. MEMORY. */
weft_status weft_traffic_flows(const weft_traffic *traffic, int part, weft_flow **out, size_t *count, weft_error *err);

/* What one terminal of a part sends to the same others. Whether it travels as trees depends on where they are. */
typedef struct weft_tree_flow {
    int from, count;  /* count: terminals that get it */
    size_t first;     /* in weft_tree_flows.to */
    uint64_t flits;   /* per image, to each of them when each gets packets of its own */
    uint64_t in_tree; /* per image, on every link of the tree; 0: it cannot travel as trees */
} weft_tree_flow;
typedef struct weft_tree_flows {
    size_t count, to_count;
    weft_tree_flow *items; /* malloc'd */
    int *to;               /* malloc'd; ascending within an item */
} weft_tree_flows;
/* MEMORY. */
weft_status weft_traffic_trees(weft_tree_flows *out, const weft_traffic *traffic, int part, weft_error *err);
void weft_tree_flows_free(weft_tree_flows *flows); /* safe on a zeroed one */

typedef enum weft_packet_kind {
    WEFT_PACKET_INPUT,
    WEFT_PACKET_ACTIVATION,
    WEFT_PACKET_PARTIAL,
    WEFT_PACKET_RESULT
} weft_packet_kind;
/* Calls visit for all that is sent and kept for an image: `times` packets of `values` values from one terminal to every
 * one of a route; with route->pieces, one such packet to all of them. MEMORY. */
typedef void weft_traffic_visit(void *user, int part, weft_packet_kind kind, int from, const weft_route *route,
                                int values, uint64_t times);
weft_status weft_traffic_visit_packets(const weft_traffic *traffic, weft_traffic_visit *visit, void *user,
                                       weft_error *err);
/* Flits of a packet of that many values. */
int weft_traffic_packet_flits(const weft_traffic *traffic, weft_packet_kind kind, int values);
/* Events of one packet between terminals (arrival, and the read of partial sums, included); from == to: values kept
 * without one. With BUFFER_READ_BIT of every MVM, of every ADD and of every digital stage's input these add up to
 * weft_traffic_events. */
weft_event_counts weft_traffic_packet_events(const weft_traffic *traffic, weft_packet_kind kind, int from, int to,
                                             int values);

/* ROUTER_FLIT, LINK_FLIT and IO_BIT of one packet to all of a route as a tree; what happens where it arrives is that of
 * a packet (weft_traffic_packet_events). */
weft_event_counts weft_traffic_tree_events(const weft_traffic *traffic, weft_packet_kind kind, int from,
                                           const weft_route *route, int values);
/* Per image, exact, all parts together. */
typedef struct weft_traffic_totals {
    uint64_t packets, flits, flit_hops; /* flit_hops: sum over packets (trees) of flits x links */
} weft_traffic_totals;
weft_traffic_totals weft_traffic_total(const weft_traffic *traffic);
/* Of the stage's partial sums and output (or the host's input for -1). */
weft_traffic_totals weft_traffic_stage_total(const weft_traffic *traffic, int stage);
/* Events of moving data per image: of the packets that stage's partial sums and output (or the host's input for -1)
 * cause, and of the stage's own MVMs reading their rows. ROUTER_FLIT, LINK_FLIT, IO_BIT, BUFFER_*; the others are 0. */
weft_event_counts weft_traffic_events(const weft_traffic *traffic, int stage);

#ifdef __cplusplus
}
#endif
#endif
