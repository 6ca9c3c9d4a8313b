/* Packets with their values, and the interface through which cores and host send them. */
#ifndef WEFT_SIM_SYSTEMC_NETWORK_HPP
#define WEFT_SIM_SYSTEMC_NETWORK_HPP

#include "sim/systemc/recorder.hpp"

namespace weft {

class Block;
struct Delivery;
struct Route;
struct Share;

/* The values of one position that travel in one packet, or a piece of them. A tree's packet reaches several terminals:
 * target, delivery and record are those of the one that receives it. */
struct Message {
    weft_packet_kind kind;
    int source, target; /* terminals */
    const Route *tree;  /* INPUT, ACTIVATION: a packet to all of the route; NULL: to the target alone */
    int stage;          /* producer; -1: the host's input */
    int block;          /* of the producer */
    uint64_t image;
    int position;   /* raster index in the stage's output; PARTIAL: number of the block's position */
    SharedValues q; /* INPUT, ACTIVATION: the position's, of which [first, first + taken) travel here */
    size_t first, taken;
    std::vector<int64_t> sums; /* PARTIAL: the columns that the sender covers */
    std::vector<float> values; /* RESULT */
    const Delivery *delivery;  /* INPUT, ACTIVATION: who reads it there; NULL: the host keeps it */
    Block *sums_block;         /* PARTIAL */
    const Share *share;        /* PARTIAL */
    Moments after;             /* what it waited for */
    uint64_t record;
    uint64_t records; /* tree: of the first terminal, the others' follow */
    size_t left;      /* terminals that it has not reached */

    /* All of a position's values, quantised. */
    void carry(SharedValues all) {
        q = std::move(all);
        first = 0, taken = q->size();
    }
    int count() const { return static_cast<int>(taken + sums.size() + values.size()); }
};

/* Whoever sits at a terminal. receive is called when the packet's tail has left the ejection link; it must only note
 * what came. */
struct Receiver {
    virtual void receive(const Message &message) = 0;

  protected:
    ~Receiver() = default;
};

struct Network : sc_core::sc_interface {
    /* An empty message, filled by the caller and handed back to send. */
    virtual Message &create() = 0;
    /* Sends in the present cycle. */
    virtual void send(Message &message) = 0;
};

} // namespace weft
#endif
