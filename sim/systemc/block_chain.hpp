/* Digital operations of one output block, from matrix positions (a digital stage: input positions) to outputs. Works on
 * the positions of its copy, in raster order, step by step: a step takes the next position in, or fires a pooling
 * window that had to wait for the one before it; each makes one position of the stage's output or none. */
#ifndef WEFT_SIM_SYSTEMC_BLOCK_CHAIN_HPP
#define WEFT_SIM_SYSTEMC_BLOCK_CHAIN_HPP

#include "sim/systemc/inbox.hpp"

namespace weft {

class BlockChain {
  public:
    BlockChain(Context &context, int part, int stage, int block, Buffer &buffer, Waiter &owner);
    /* Raster indices of the matrix positions, ascending; those of the stage's output. */
    const std::vector<int> &positions() const { return levels_.front().owned; }
    const std::vector<int> &outputs() const { return levels_.back().owned; }
    /* Pixels for the ports: an ADD's and a digital stage's; null where there is none. */
    const std::vector<std::unique_ptr<Inbox>> &ports() const { return ports_; }

    /* What the next step is. */
    struct Step {
        bool takes;
        size_t first_op; /* takes: 0; else the operation whose window fires */
        struct Addend {
            int port, pixel;
        };
        std::vector<Addend> addends; /* that it needs */
        int output;                  /* number of the output it makes, -1: none */
    };
    const Step &next();
    uint64_t image() const { return image_; }
    /* Does it. values [channels]: of the position that it takes in. Returns the number of digital events; *output
     * [channels] where it makes one. */
    uint64_t run(const float *values, std::vector<float> &output);
    /* First pixel that the port needs after the steps so far. */
    uint64_t port_low(size_t port) const;

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
        weft_event_counts events; /* of one position */
        uint64_t work;            /* digital events of one position */
    };
    void add_level(const weft_stage &stage, int op, int copy);
    void add_operation(const weft_stage &stage, int op);
    void add_ports(Waiter &owner);
    bool window_complete(size_t op, size_t arrived) const;
    void plan();
    void fire(size_t op, int position, std::vector<float> &values);
    void account(size_t op);
    void end_image();
    size_t channels() const { return static_cast<size_t>(end_ - begin_); }

    Context &context_;
    int part_, stage_, block_, begin_, end_;
    Buffer &buffer_;
    std::vector<Level> levels_;
    std::vector<Operation> operations_;
    std::vector<std::unique_ptr<Inbox>> ports_;
    uint64_t image_ = 0;
    bool planned_ = false;
    Step step_{};
    uint64_t events_ = 0;
    std::vector<float> addend_, fired_;
    std::vector<int32_t> quantised_;
};

} // namespace weft
#endif
