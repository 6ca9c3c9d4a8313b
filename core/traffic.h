/* Packets that a mapping sends per image: who sends which values to whom. The mapper's cost, the functional engine's
 * counts and the timed chip's sends all come from here, so they cannot disagree.
 *
 * Kinds: host -> cores (input pixels), core -> block core (partial sums), block core -> cores of the next stage
 * (activations), block cores of the last stage -> host (results). A packet carries one position's channels of one
 * block. A core that needs any of them gets one packet; nothing is sent from a core to itself. Exactly:
 *
 * - Need. A core needs channels [b, e) of pixel (y, x) of a stage's input map when some matrix position of the stage
 * reads one of these values through a row of one of the core's tiles: there are a position (oy, ox), a kernel tap (ky,
 * kx) with oy * stride_h + ky * dilation_h - pad_top == y (the same in x) and a row (ky * kernel_w + kx) * in.channels
 * + c, b <= c < e, in a tile. A dense layer is a convolution with one position. Pixels that nobody needs (skipped by a
 * stride) are not sent.
 * - Input: for every pixel of the network's input, one packet of all channels x input.bits from the host to every core
 * that needs one.
 * - Partial sums: for every position of the matrix (also one that a pooling skips) and every core with tiles of a
 * block, other than the block's core, one packet of as many values as the core's tiles cover columns of the block, x
 * io.partial_bits, to the block's core.
 * - Activations: for every position of the stage's output and every block, one packet of the block's channels x
 * input.bits from the block's core to every other core that needs one; a block's core that needs them itself keeps them
 * without a packet.
 * - Results: for every position of the last stage's output, one packet of the block's channels x io.partial_bits to the
 * host.
 *
 * Events: ROUTER_FLIT and LINK_FLIT by the path (hops + 1 routers, hops links); IO_BIT the payload of packets from and
 * to the host; BUFFER_WRITE_BIT the payload of a packet at the core where it arrives, and of activations kept without a
 * packet; BUFFER_READ_BIT the payload of partial sums, read once to be added, and for every MVM of a stage on a core
 * (all its tiles at one matrix position) the distinct rows of these tiles x input.bits, padding included. What the
 * digital unit keeps between its operations is part of their cost. */
#ifndef WEFT_CORE_TRAFFIC_H
#define WEFT_CORE_TRAFFIC_H

#include "core/mapping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Destinations of the activations of one producing block (or of the host's input: stage -1, block 0). They depend on
 * the position: a dense consumer's cores each need some positions, and at a border or between strides a conv consumer's
 * may differ too. */
typedef struct weft_route {
    int core_count;
    int *cores; /* ascending, without the sender itself when it also consumes */
    bool local; /* the sender itself consumes */
} weft_route;

typedef struct weft_traffic weft_traffic;
/* mapping fits stages and chip (weft_mapping_check); all three must outlive *out. MEMORY. */
weft_status weft_traffic_create(weft_traffic **out, const weft_mapping *mapping, const weft_stages *stages,
                                const weft_chip *chip, weft_error *err);
void weft_traffic_destroy(weft_traffic *traffic); /* NULL is allowed */
/* Who consumes the output of (stage, block) at position (y, x) of the stage's final output. stage -1: the network
 * input, block 0, all channels. Last stage: one destination, the host (chip->host_terminal). Valid until destroy. */
const weft_route *weft_traffic_route(const weft_traffic *traffic, int stage, int block, int y, int x);
/* True when core gets the packet of (stage, block, y, x), or keeps it itself: it waits for exactly these. */
bool weft_traffic_needs(const weft_traffic *traffic, int stage, int block, int y, int x, int core);
/* Cores other than the block's own that hold tiles of the block, ascending: they send partial sums. local: the block's
 * core holds tiles of the block. */
const weft_route *weft_traffic_partials(const weft_traffic *traffic, int stage, int block);
/* Values in a partial-sum packet of core: distinct columns of its tiles in the block; 0 when it holds none. */
int weft_traffic_partial_values(const weft_traffic *traffic, int stage, int block, int core);
/* BUFFER_READ_BIT of one MVM of the stage on the core; 0 when it holds none of its tiles. */
uint64_t weft_traffic_mvm_read_bits(const weft_traffic *traffic, int stage, int core);

typedef enum weft_packet_kind {
    WEFT_PACKET_INPUT,
    WEFT_PACKET_ACTIVATION,
    WEFT_PACKET_PARTIAL,
    WEFT_PACKET_RESULT
} weft_packet_kind;
/* Flits of a packet of that many values. */
int weft_traffic_packet_flits(const weft_traffic *traffic, weft_packet_kind kind, int values);
/* Events of one packet between terminals (arrival, and the read of partial sums, included); from == to: values kept
 * without one. With BUFFER_READ_BIT of every MVM these add up to weft_traffic_events. */
weft_event_counts weft_traffic_packet_events(const weft_traffic *traffic, weft_packet_kind kind, int from, int to,
                                             int values);

/* Per image, exact. */
typedef struct weft_traffic_totals {
    uint64_t packets, flits, flit_hops; /* flit_hops: sum over packets of flits x links */
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
