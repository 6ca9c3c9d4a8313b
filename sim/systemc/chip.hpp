/* One chip: mesh, host link and the cores that have work, and the parts of the mapping that it runs one after the
 * other. */
#ifndef WEFT_SIM_SYSTEMC_CHIP_HPP
#define WEFT_SIM_SYSTEMC_CHIP_HPP

#include "sim/systemc/core.hpp"
#include "sim/systemc/host.hpp"
#include "sim/systemc/mesh.hpp"

namespace weft {

class Chip : public sc_core::sc_module, public Schedule, public Listener {
  public:
    SC_HAS_PROCESS(Chip);
    Chip(sc_core::sc_module_name name, Context &context, int number, Batch &batch, HostMemory &memory);
    const std::vector<std::unique_ptr<Core>> &cores() const { return cores_; }
    /* After all chips were built and wired: who has something to do at all. */
    void count_agents();
    bool runs(int part) const override { return running_ && parts_[present_] == part; }
    bool may_begin(int stage, uint64_t image) const override {
        return depths_.empty() ||
               image + static_cast<uint64_t>(stage < 0 ? 0 : depths_[static_cast<size_t>(stage)]) <= tick_;
    }
    /* Everything of the present tick is done and the network is empty: the barrier, then the next tick. False: that was
     * the last one. */
    bool end_tick();
    void input_consumed(int part, uint64_t image, Moment moment) override;
    void retire(int part, Moment moment) override;
    bool idle() const;
    /* Adds who waits for what. */
    void describe(std::vector<std::string> &waits) const;
    weft_status finish(weft_error *err);

  private:
    void add_cores();
    void find_loads();
    void load_part();
    void begin_part();
    void find_depths();
    void begin_tick();
    void tick();
    uint64_t program_alone(int part) const;

    Context &context_;
    int number_;
    Mesh mesh_;
    HostLink link_;
    std::vector<int> parts_;
    size_t present_ = 0; /* of parts_ */
    bool running_ = false;
    std::vector<std::unique_ptr<Core>> cores_;         /* only those with work, by number */
    std::vector<std::unique_ptr<Server>> programmers_; /* of cores_; empty when nothing is loaded during the run */
    std::vector<uint64_t> cells_;                      /* by place of the part */
    std::vector<std::map<int, uint64_t>> fullest_;     /* by place of the part, then core: cells of the fullest array */
    std::vector<int> agents_, readers_;                /* by place of the part: not retired; of the network's input */
    Moments retired_, programmed_;
    uint64_t loading_since_ = 0;
    std::vector<int> depths_;          /* ticks that a stage is behind the host; empty: no ticks */
    uint64_t tick_ = 0, tick_end_ = 0; /* tick_end_: not before */
    std::unique_ptr<Server> barrier_, shortest_;
    Moments tick_moments_; /* what the next tick waits for */
    sc_core::sc_event load_event_, begin_event_, tick_event_;
};

/* All chips and the host: one run. */
class Machine {
  public:
    explicit Machine(Context &context);
    /* Until nothing is left to happen. */
    void run();
    /* After the simulation: checks that all is done, and fills the result. */
    weft_status finish(weft_error *err);

  private:
    void connect();
    weft_status report_stall(weft_error *err) const;

    Context &context_;
    Batch batch_;
    HostMemory memory_;
    std::vector<std::unique_ptr<Chip>> chips_;
};

} // namespace weft
#endif
