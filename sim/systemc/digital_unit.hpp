/* The digital unit of one core: adds up partial sums of the output blocks that meet here, and runs their digital
 * operations in raster order of the matrix positions. One server: a position occupies it for ceil(events /
 * digital_lanes) cycles, where events are the scalings, activations and pooling steps that the position sets off, and
 * leaves digital_ns later. */
#ifndef WEFT_SIM_SYSTEMC_DIGITAL_UNIT_HPP
#define WEFT_SIM_SYSTEMC_DIGITAL_UNIT_HPP

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "sim/systemc/buffer.hpp"
#include "sim/systemc/context.hpp"

namespace weft {

/* One position of a stage's final output, channels of one block. */
struct Output {
    int stage, block;
    size_t image;
    int y, x;
    std::vector<float> values;
};

/* Outputs of one matrix position; often none while a pooling window fills. */
struct DigitalJob {
    uint64_t due;
    std::vector<Output> outputs;
};

/* Digital operations of one block, from matrix positions to outputs. Holds the map in front of each operation. */
class BlockChain {
  public:
    BlockChain(Context &context, int stage, int block, Buffer &buffer);
    /* The position's sums go through; returns the number of digital events. Positions come in raster order. */
    uint64_t run(size_t image, int position, const int64_t *sums, std::vector<Output> &outputs);

  private:
    struct Operation {
        std::vector<float> map; /* [in.height, in.width, channels] */
        bool pool;
        int arrived, fired; /* positions of the present image */
        int64_t held_bits;
    };
    void pass(size_t op, int y, int x, const float *values);
    void fire(size_t op, int y, int x);
    void fire_windows(size_t op);
    void account(size_t op);

    Context &context_;
    int stage_, block_, begin_, end_;
    Buffer &buffer_;
    std::vector<Operation> operations_;
    size_t image_ = 0;                       /* of run */
    std::vector<Output> *outputs_ = nullptr; /* of run */
    uint64_t events_ = 0;                    /* of run */
};

class DigitalUnit {
  public:
    DigitalUnit(Context &context, int core, Buffer &buffer);
    /* Sums of some columns of a block (relative to it) at one matrix position. */
    void add(int stage, int block, size_t image, int position, const std::vector<int> &columns,
             const std::vector<int64_t> &sums);
    /* Puts every position whose sums are complete into the server. */
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
        int stage, block, width, positions, contributions;
        BlockChain chain;
        std::map<uint64_t, Sums> waiting; /* by image * positions + position */
        uint64_t next;
    };
    Block &find(int stage, int block);
    void serve(Block &block, uint64_t time);

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
