/* The mesh as a hierarchical channel: steps the network on chip cycle by cycle while it holds flits, skips time
 * otherwise. */
#ifndef WEFT_SIM_SYSTEMC_MESH_HPP
#define WEFT_SIM_SYSTEMC_MESH_HPP

#include "core/file.h"
#include "sim/noc/noc.h"
#include "sim/systemc/network.hpp"

namespace weft {

class Mesh : public sc_core::sc_module, public Network {
  public:
    SC_HAS_PROCESS(Mesh);
    Mesh(sc_core::sc_module_name name, Context &context, const char *record);
    ~Mesh() override;

    void attach(int terminal, Receiver *receiver) { receivers_[static_cast<size_t>(terminal)] = receiver; }
    Message &create() override;
    void send(Message &message) override;
    /* Checks that nothing is left inside and fills the result; INTERNAL otherwise. Ends the trace file. */
    weft_status finish(weft_error *err);
    size_t inside() const { return messages_.size() - free_.size(); }

  private:
    void step();
    void inject();
    void deliver(const weft_noc_delivery &delivery);
    void open_record(const char *path);
    weft_status check(const weft_noc_statistics &s, weft_error *err) const;

    Context &context_;
    weft_noc *noc_ = nullptr;
    sc_core::sc_event step_event_, inject_event_;
    std::vector<Receiver *> receivers_;
    std::vector<std::unique_ptr<Message>> messages_; /* by tag */
    std::vector<size_t> free_;
    std::vector<size_t> outbox_; /* tags sent in this cycle, not yet injected */
    weft_output record_{};
};

} // namespace weft
#endif
