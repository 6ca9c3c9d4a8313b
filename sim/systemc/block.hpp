/* One output block on the core where its sums meet: waits for sums (or a digital stage's input), for second terms of
 * additions and for room at all who read what it makes, then puts a job into the core's digital unit. */
#ifndef WEFT_SIM_SYSTEMC_BLOCK_HPP
#define WEFT_SIM_SYSTEMC_BLOCK_HPP

#include "sim/systemc/agent.hpp"
#include "sim/systemc/block_chain.hpp"
#include "sim/systemc/wiring.hpp"

namespace weft {

class DigitalUnit;

class Block final : public Agent {
  public:
    Block(Context &context, Crew &crew, const Schedule &schedule, DigitalUnit &unit, Buffer &buffer, int part,
          int stage, int block);
    int part() const { return part_; }
    int stage() const { return stage_; }
    int block() const { return block_; }
    int core() const { return mapped().core; }
    const BlockChain &chain() const { return chain_; }
    /* Positions of the matrix, over images, whose sums it has room for. */
    Window &room() { return room_; }
    bool reads_input() const { return reads_input_; }
    uint64_t positions() const { return chain_.positions().size(); }
    /* Sums of some columns of the block (relative to it); at: number of the position, over images. */
    void add(uint64_t at, const std::vector<int> &columns, const std::vector<int64_t> &sums, Moment moment);
    /* Its part, or a tick, runs from now on. */
    void begin(const Moments &after) {
        begin_ = after;
        wake();
    }
    void work() override;
    void due() override {}
    bool done() const { return chain_.image() == context_.images; }
    /* "stage 'conv2' block 0 waits for 1 of 2 partial sums at position 3 of image 0"; "" when it does not wait. */
    std::string describe() const;

  private:
    struct Sums {
        std::vector<int64_t> values;
        int missing;       /* contributions */
        uint64_t received; /* values */
        Moments moments;
    };
    const weft_output_block &mapped() const { return context_.mapped(stage_).blocks[block_]; }
    Sums &sums(uint64_t at) { return ring_[static_cast<size_t>(at) & (ring_.size() - 1)]; }
    const Sums &sums(uint64_t at) const { return ring_[static_cast<size_t>(at) & (ring_.size() - 1)]; }
    void grow(uint64_t at);
    bool has_values() const;
    bool has_addends(const BlockChain::Step &step);
    const Route *find_room(const BlockChain::Step &step);
    bool start();
    void take_values(std::vector<float> &values);
    std::string missing() const;
    void add_moments(const BlockChain::Step &step, const Route *route, Moments &after);

    Context &context_;
    const Schedule &schedule_;
    DigitalUnit &unit_;
    Buffer &buffer_;
    int part_, stage_, block_, width_, contributions_;
    bool reads_input_; /* a digital stage's, of the network's input */
    BlockChain chain_;
    Window room_;
    Stall stall_;
    uint64_t next_ = 0; /* position to take in, over images */
    std::vector<Sums> ring_;
    std::vector<const Route *> routes_; /* of every output */
    std::vector<float> values_;
    Moments after_, begin_; /* begin_: what the first job waits for beside its values */

    friend class DigitalUnit;
};

} // namespace weft
#endif
