/* The digital unit of one core: a server for the jobs of all blocks that meet here, in order of arrival. A job frees
 * what it read when it starts, and its output leaves when it is finished. */
#ifndef WEFT_SIM_SYSTEMC_DIGITAL_UNIT_HPP
#define WEFT_SIM_SYSTEMC_DIGITAL_UNIT_HPP

#include <deque>

#include "sim/systemc/block.hpp"

namespace weft {

class DigitalUnit final : public Agent {
  public:
    DigitalUnit(Context &context, Crew &crew, int core);
    /* What one step of a block does; begins when the unit has done what came before. */
    struct Job {
        Block *block;
        uint64_t image;
        uint64_t taken;                                 /* positions that the block has taken in, with this one */
        std::vector<std::pair<Inbox *, uint64_t>> lows; /* first pixel that a port needs then */
        int64_t bits;                                   /* of sums that it frees */
        const Route *route;                             /* NULL: makes no output */
        int output;                                     /* raster index */
        std::vector<float> values;
        bool ends_input, ends_all; /* the image's last step of a reader of the network's input; the block's last step */
        uint64_t start, finish, record;
    };
    void put(Job job, uint64_t events, const Moments &after);
    void work() override {}
    void due() override;
    uint64_t busy_cycles() const { return server_.busy_cycles(); }

  private:
    void begin(Job &job);
    void end(Job &job);

    Context &context_;
    Server server_;
    std::deque<Job> jobs_;
    size_t begun_ = 0; /* of jobs_ */
};

} // namespace weft
#endif
