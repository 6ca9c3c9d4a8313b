/* The digital unit of one core: adds up partial sums of the output blocks that meet here, and runs their digital
 * operations in raster order of the matrix positions that their copies compute; a block of a digital stage takes the
 * activations of its input instead. A position waits until the second terms of its additions have come. One server: a
 * position occupies it for ceil(events / digital_lanes) cycles, where events are the scalings, activations, pooling
 * steps and residual additions that the position sets off, and leaves digital_ns later. */
#ifndef WEFT_SIM_SYSTEMC_DIGITAL_UNIT_HPP
#define WEFT_SIM_SYSTEMC_DIGITAL_UNIT_HPP

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "sim/systemc/block_chain.hpp"

namespace weft {

/* Outputs of one matrix position; often none while a pooling window fills. */
struct DigitalJob {
    uint64_t due;
    size_t image;
    bool ends_input; /* the image's last position of a block that reads the network's input */
    std::vector<Output> outputs;
};

class DigitalUnit {
  public:
    DigitalUnit(Context &context, int core, Buffer &buffer);
    /* Buffers of all blocks' ports. */
    std::vector<PortBuffer *> ports() const;
    /* Blocks of digital stages whose input is the network's. */
    int input_readers() const;
    /* Sums of some columns of a block (relative to it) at one matrix position. */
    void add(int stage, int block, size_t image, int position, const std::vector<int> &columns,
             const std::vector<int64_t> &sums);
    /* Puts every position for which everything is there into the server. */
    bool start(uint64_t time);
    const DigitalJob *finished(uint64_t time) const;
    void pop() { jobs_.pop_front(); }
    uint64_t next_time() const { return jobs_.empty() ? UINT64_MAX : jobs_.front().due; }
    uint64_t busy_cycles() const { return busy_.cycles(context_); }
    std::string describe() const;

  private:
    struct Sums {
        std::vector<int64_t> values;
        int missing;       /* contributions */
        uint64_t received; /* values */
    };
    struct Block {
        int stage, block, width, contributions;
        bool reads_input; /* a digital stage's, of the network's input */
        BlockChain chain;
        std::map<uint64_t, Sums> waiting; /* by image * positions + ordinal of the position */
        uint64_t next;

        uint64_t positions() const { return chain.positions().size(); }
        size_t image() const { return static_cast<size_t>(next / positions()); }
        int position() const { return chain.positions()[next % positions()]; }
    };
    void add_block(int stage, int block);
    Block &find(int stage, int block);
    bool has_values(const Block &block) const;
    void take_values(Block &block, std::vector<float> &values);
    void serve(Block &block, uint64_t time);
    std::string missing_at(const Block &block) const;

    Context &context_;
    int core_;
    Buffer &buffer_;
    std::vector<Block> blocks_;
    std::deque<DigitalJob> jobs_;
    uint64_t free_at_ = 0;
    Busy busy_;
};

} // namespace weft
#endif
