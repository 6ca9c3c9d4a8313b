/* Packets with their values, and the interface through which cores and host send them. */
#ifndef WEFT_SIM_SYSTEMC_NETWORK_HPP
#define WEFT_SIM_SYSTEMC_NETWORK_HPP

#include <memory>
#include <vector>

#include "sim/systemc/context.hpp"

namespace weft {

/* The values of one position that travel in one packet. */
struct Message {
    weft_packet_kind kind;
    int source, target; /* terminals */
    int stage;          /* producer; -1: the host's input */
    int block;          /* of the producer */
    size_t image;
    int y, x;                  /* position in the stage's output; PARTIAL: in its matrix output */
    std::vector<int32_t> q;    /* INPUT, ACTIVATION */
    std::vector<int64_t> sums; /* PARTIAL: the columns that the sender covers */
    std::vector<float> values; /* RESULT */

    int count() const { return static_cast<int>(q.size() + sums.size() + values.size()); }
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
