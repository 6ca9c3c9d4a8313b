/* What works on a core: matrix units, blocks, digital units. */
#ifndef WEFT_SIM_SYSTEMC_AGENT_HPP
#define WEFT_SIM_SYSTEMC_AGENT_HPP

#include "sim/systemc/window.hpp"

namespace weft {

class Agent;
class Batch;
class Block;
struct Route;
struct Product;
struct Share;

/* The core as its agents see it. */
struct Crew {
    /* The agent's work is called in the present cycle, behind everything that arrives in it. */
    virtual void touch(Agent &agent) = 0;
    /* The agent's due is called at that cycle. */
    virtual void call_at(uint64_t cycle, Agent &agent) = 0;
    /* A product's sums of one block are out. */
    virtual void send_sums(int stage, const Product &product, const Share &share, std::vector<int64_t> sums) = 0;
    /* One position of a stage's output is out, `after` the job that made it. */
    virtual void send_output(const Block &block, const Route *route, uint64_t image, int position,
                             const std::vector<float> &values, Moment after) = 0;
    /* A reader of the network's input has finished an image. */
    virtual void input_consumed(int part, uint64_t image, Moment moment) = 0;
    /* An agent has done all that it will ever do. */
    virtual void retire(int part, Moment moment) = 0;

  protected:
    ~Crew() = default;
};

class Agent : public Waiter {
  public:
    explicit Agent(Crew &crew) : crew_(crew) {}
    void wake() final { crew_.touch(*this); }
    /* Begins whatever can begin now. */
    virtual void work() = 0;
    /* Something that it asked for by call_at. */
    virtual void due() = 0;

    int order = 0; /* among the core's agents */
    bool touched = false;

  protected:
    ~Agent() = default;
    Crew &crew_;
};

/* Counts what somebody waits for. */
class Stall {
  public:
    Stall(Context &context, int stage) : context_(context), stage_(stage) {}
    /* Waits for this from now on. */
    void wait(weft_stall cause) {
        if (cause_ == cause) return;
        end();
        cause_ = cause, since_ = now();
    }
    void end() {
        if (cause_ != WEFT_STALL_KINDS && context_.end == UINT64_MAX)
            context_.stalls[stage_].cycles[cause_] += now() - since_;
        cause_ = WEFT_STALL_KINDS;
    }

  private:
    Context &context_;
    int stage_;
    weft_stall cause_ = WEFT_STALL_KINDS;
    uint64_t since_ = 0;
};

/* Which parts of the mapping are programmed and run. */
struct Schedule {
    virtual bool runs(int part) const = 0;
    /* The stage (-1: the host) may work on that image: always, or in its tick. */
    virtual bool may_begin(int stage, uint64_t image) const = 0;

  protected:
    ~Schedule() = default;
};

} // namespace weft
#endif
