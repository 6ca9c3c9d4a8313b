/* One core: input maps and arrays of every stage that has tiles here, and the digital unit of every block that meets
 * here. Works only in cycles in which something begins, ends or arrives. */
#ifndef WEFT_SIM_SYSTEMC_CORE_HPP
#define WEFT_SIM_SYSTEMC_CORE_HPP

#include "sim/systemc/digital_unit.hpp"
#include "sim/systemc/matrix_unit.hpp"
#include "sim/systemc/network.hpp"

namespace weft {

/* Told when a core has finished an image of the first stage: the host may send another. */
struct InputListener {
    virtual void input_consumed(size_t image) = 0;

  protected:
    ~InputListener() = default;
};

class Core : public sc_core::sc_module, public Receiver {
  public:
    sc_core::sc_port<Network> network;

    SC_HAS_PROCESS(Core);
    Core(sc_core::sc_module_name name, Context &context, int number, Batch &batch, InputListener &listener);
    void receive(const Message &message) override;
    /* Everything done and nothing held; else who waits for what. */
    std::string describe() const;
    /* Fills this core's part of the result. */
    void finish();
    bool feeds_first_stage() const { return !matrices_.empty() && matrices_.front()->stage() == 0; }

  private:
    void wake() { work_event_.notify(sc_core::SC_ZERO_TIME); }
    void work();
    bool end_products(MatrixUnit &unit, uint64_t time);
    void send_share(const MatrixUnit &unit, const Product &product, const Share &share);
    bool end_jobs(uint64_t time);
    void send_output(const Output &output);
    void send_result(const Output &output, int host);
    void wake_at_next(uint64_t time);
    MatrixUnit &matrix(int stage);
    const std::vector<int> &share_columns(int stage, int block, int source);

    Context &context_;
    int number_;
    Batch &batch_;
    InputListener &listener_;
    Buffer buffer_;
    std::vector<std::unique_ptr<MatrixUnit>> matrices_; /* by stage */
    DigitalUnit digital_;
    std::map<std::pair<int, std::pair<int, int>>, std::vector<int>> columns_; /* of (stage, (block, source)) */
    sc_core::sc_event wake_event_, work_event_;
};

} // namespace weft
#endif
