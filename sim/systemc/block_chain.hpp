/* Digital operations of one output block, from matrix positions (a digital stage: input positions) to outputs. Works on
 * the positions of its copy, in raster order. */
#ifndef WEFT_SIM_SYSTEMC_BLOCK_CHAIN_HPP
#define WEFT_SIM_SYSTEMC_BLOCK_CHAIN_HPP

#include "sim/systemc/port_buffer.hpp"

namespace weft {

/* One position of a stage's final output, channels of one block. */
struct Output {
    int stage, block;
    size_t image;
    int y, x;
    std::vector<float> values;
};

class BlockChain {
  public:
    BlockChain(Context &context, int core, int stage, int block, Buffer &buffer);
    /* Raster indices of the matrix positions, ascending. */
    const std::vector<int> &positions() const { return levels_.front().owned; }
    /* Buffers of the ports: an ADD's and a digital stage's; null where there is none. */
    const std::vector<std::unique_ptr<PortBuffer>> &ports() const { return ports_; }
    /* Everything that the next position needs beside its own values is there. */
    bool ready(size_t image) const;
    /* The next position's values [channels] go through; returns the number of digital events. */
    uint64_t run(size_t image, const float *values, std::vector<Output> &outputs);

  private:
    /* Positions in front of an operation; the last level is the stage's output. */
    struct Level {
        int width;
        std::vector<int> owned; /* raster indices, ascending */
        size_t arrived;         /* of the present image */
    };
    struct Operation {
        bool window;
        std::vector<float> map;     /* [in.height, in.width, channels], where there are windows */
        std::vector<size_t> needed; /* inputs that must have arrived, by output of a window */
        int64_t held_bits;
    };
    void add_level(const weft_stage &stage, int op, int copy);
    void add_operation(const weft_stage &stage, int op);
    void add_ports(int core, int copy);
    void pass(size_t op, const float *values);
    void fire(size_t op, int position, const float *in);
    void fire_windows(size_t op);
    size_t windows_complete(size_t op, size_t arrived) const;
    void account(size_t op);
    size_t channels() const { return static_cast<size_t>(end_ - begin_); }

    Context &context_;
    int stage_, block_, begin_, end_;
    Buffer &buffer_;
    std::vector<Level> levels_;
    std::vector<Operation> operations_;
    std::vector<std::unique_ptr<PortBuffer>> ports_;
    size_t image_ = 0;                       /* of run */
    std::vector<Output> *outputs_ = nullptr; /* of run */
    uint64_t events_ = 0;                    /* of run */
};

} // namespace weft
#endif
