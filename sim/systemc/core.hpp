/* One core: for every part of the mapping the inboxes and arrays of every stage that has tiles here, and the blocks
 * that meet here with their digital unit. Works only in cycles in which something begins, ends or arrives. */
#ifndef WEFT_SIM_SYSTEMC_CORE_HPP
#define WEFT_SIM_SYSTEMC_CORE_HPP

#include "sim/systemc/digital_unit.hpp"
#include "sim/systemc/matrix_unit.hpp"
#include "sim/systemc/network.hpp"

namespace weft {

/* Told when a reader of the network's input has finished an image (the host may send another), and when somebody has
 * finished everything. */
struct Listener {
    virtual void input_consumed(int part, uint64_t image, Moment moment) = 0;
    virtual void retire(int part, Moment moment) = 0;

  protected:
    ~Listener() = default;
};

class Core : public sc_core::sc_module, public Receiver, public Crew {
  public:
    sc_core::sc_port<Network> network;

    SC_HAS_PROCESS(Core);
    /* index: in the result. */
    Core(sc_core::sc_module_name name, Context &context, int number, int index, Batch &batch, const Schedule &schedule,
         Listener &listener);
    void add_matrices(int part, int stage);
    void add_block(int part, int stage, int block);
    /* After all were added and wired: how much room the readers have. */
    void prepare();
    const std::vector<std::unique_ptr<MatrixUnit>> &matrices() const { return matrices_; }
    const std::vector<std::unique_ptr<Block>> &blocks() const { return blocks_; }
    void receive(const Message &message) override;
    /* The part, or a tick, runs from now on; after: what it waited for. */
    void begin_part(int part, const Moments &after);
    /* "": everything done and nothing held; else who waits for what, the one with the earliest image. */
    std::string describe() const;
    /* Fills this core's part of the result. INTERNAL when the core held more than it can. */
    weft_status finish(weft_error *err);
    int number() const { return number_; }
    /* True when it began something since it was last asked. */
    bool was_active() {
        const bool active = active_;
        active_ = false;
        return active;
    }

    void touch(Agent &agent) override;
    void call_at(uint64_t cycle, Agent &agent) override;
    void send_sums(int stage, const Product &product, const Share &share, std::vector<int64_t> sums) override;
    void send_output(const Block &block, const Route *route, uint64_t image, int position,
                     const std::vector<float> &values, Moment after) override;
    void input_consumed(int part, uint64_t image, Moment moment) override {
        listener_.input_consumed(part, image, moment);
    }
    void retire(int part, Moment moment) override { listener_.retire(part, moment); }

  private:
    struct Timer {
        uint64_t cycle;
        Agent *agent;
        bool operator>(const Timer &other) const {
            return cycle != other.cycle ? cycle > other.cycle : agent->order > other.agent->order;
        }
    };
    /* A reader and what the mapping reserves for it. */
    struct Reserve {
        int part;
        Inbox *inbox;           /* or */
        Window *sums;           /* a block's */
        uint64_t room, line;    /* pixels or positions; room 0: one map; line: what it gets more of at a time */
        int64_t line_bits;      /* that a line holds at most */
        uint64_t positions = 0; /* of a block, in one map */
    };
    static constexpr double SHARED_MAPS = 4;
    static uint64_t room(const Reserve &reserve, double maps);
    static double beyond(const Reserve &reserve, double maps);
    Inbox &add_inbox(int part, int stage, const std::vector<int> &tiles);
    void add_agent(Agent &agent) { agent.order = agents_++; }
    void deliver(const Delivery &delivery, uint64_t image, int position, const int16_t *q, size_t first, size_t count,
                 Moment moment);
    void wake() { work_event_.notify(sc_core::SC_ZERO_TIME); }
    void work();
    void share_buffer();
    void run_timers();
    void run_touched();
    void wake_at_next();

    Context &context_;
    int number_, index_; /* index_: in the result */
    Batch &batch_;
    const Schedule &schedule_;
    Listener &listener_;
    Buffer buffer_;
    int agents_ = 0;
    std::vector<std::unique_ptr<Inbox>> inboxes_;
    std::vector<std::unique_ptr<MatrixUnit>> matrices_; /* by part, stage, copy */
    std::vector<std::unique_ptr<Block>> blocks_;
    DigitalUnit digital_;
    std::vector<Reserve> reserves_;
    std::vector<Timer> timers_; /* a heap, the earliest on top */
    std::vector<Agent *> touched_, working_;
    uint64_t wake_at_ = UINT64_MAX;
    bool in_work_ = false, active_ = false;
    sc_core::sc_event wake_event_, work_event_;
};

} // namespace weft
#endif
