/* The mesh of one chip as a hierarchical channel: steps the network on chip cycle by cycle while it holds flits, skips
 * time otherwise. */
#ifndef WEFT_SIM_SYSTEMC_MESH_HPP
#define WEFT_SIM_SYSTEMC_MESH_HPP

#include <unordered_map>

#include "sim/noc/noc.h"
#include "sim/systemc/network.hpp"

namespace weft {

class Mesh : public sc_core::sc_module, public Network {
  public:
    SC_HAS_PROCESS(Mesh);
    /* number: of the chip. */
    Mesh(sc_core::sc_module_name name, Context &context, int number);
    ~Mesh() override;

    void attach(int terminal, Receiver *receiver) { receivers_[static_cast<size_t>(terminal)] = receiver; }
    Message &create() override;
    void send(Message &message) override;
    /* Checks that nothing is left inside and fills the result; INTERNAL otherwise. */
    weft_status finish(weft_error *err);
    size_t inside() const { return messages_.size() - free_.size(); }

  private:
    void step();
    void inject();
    void count(const Message &message, int flits);
    void count_stored(const Message &message, int target, int flits);
    weft_status hand_over(Message &message, size_t tag, int flits);
    void report_stall();
    void deliver(const weft_noc_delivery &delivery);
    struct Alone {                   /* of a packet in an idle network */
        uint64_t latency, injection; /* creation to tail; cycles at the source's port */
    };
    const Alone &alone(int source, int target, int flits);
    void count_routers();
    [[noreturn]] void fail();
    weft_status check(const weft_noc_statistics &s, weft_error *err) const;

    Context &context_;
    int number_;
    weft_noc_config config_{};
    weft_noc *noc_ = nullptr;
    sc_core::sc_event step_event_, inject_event_;
    std::vector<Receiver *> receivers_;
    std::vector<std::unique_ptr<Message>> messages_; /* by tag */
    std::vector<size_t> free_;
    std::vector<size_t> outbox_;               /* tags sent in this cycle, not yet injected */
    std::vector<uint64_t> ejected_, injected_; /* flits, by terminal */
    std::vector<uint64_t> injecting_;          /* cycles that packets kept the port, by terminal */
    weft_event_counts path_{};                 /* ROUTER_FLIT and LINK_FLIT that the packets' paths add up to */
    uint64_t zero_load_ = 0;
    uint64_t arriving_ = 0;      /* packets inside, a tree's at each terminal that it has not reached */
    uint64_t packet_cycles_ = 0; /* these, summed over the cycles that were stepped */
    std::unordered_map<uint64_t, Alone> alone_;
};

} // namespace weft
#endif
