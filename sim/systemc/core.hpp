/* One core: input maps and arrays of every copy of a stage that has tiles here, and the digital unit of every block
 * that meets here. Works only in cycles in which something begins, ends or arrives. */
#ifndef WEFT_SIM_SYSTEMC_CORE_HPP
#define WEFT_SIM_SYSTEMC_CORE_HPP

#include "sim/systemc/digital_unit.hpp"
#include "sim/systemc/matrix_unit.hpp"
#include "sim/systemc/network.hpp"

namespace weft {

/* Told when a reader of the network's input has finished an image: the host may send another. */
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
    /* Copies of stages and blocks of digital stages here that take the network's input. */
    int input_readers() const;

  private:
    /* Who reads the packets of one producer: a matrix unit or a port of a block. */
    struct Reader {
        weft_reader key;
        int begin; /* channel of the port's map where the producer's first one goes */
        MatrixUnit *matrix;
        PortBuffer *port;
    };
    void add_matrices();
    void add_reader(const weft_reader &key, MatrixUnit *matrix, PortBuffer *port);
    void deliver(int stage, int block, size_t image, int y, int x, const std::vector<int32_t> &q);
    void wake() { work_event_.notify(sc_core::SC_ZERO_TIME); }
    void work();
    bool end_products(MatrixUnit &unit, uint64_t time);
    void send_share(const MatrixUnit &unit, const Product &product, const Share &share);
    bool end_jobs(uint64_t time);
    void send_output(const Output &output);
    void send_result(const Output &output, int host);
    void wake_at_next(uint64_t time);
    const std::vector<int> &share_columns(int stage, int block, int source);

    Context &context_;
    int number_;
    Batch &batch_;
    InputListener &listener_;
    Buffer buffer_;
    std::vector<std::unique_ptr<MatrixUnit>> matrices_; /* by stage, then copy */
    DigitalUnit digital_;
    std::vector<std::vector<Reader>> readers_;                                /* by producer + 1 */
    std::map<std::pair<int, std::pair<int, int>>, std::vector<int>> columns_; /* of (stage, (block, source)) */
    sc_core::sc_event wake_event_, work_event_;
};

} // namespace weft
#endif
