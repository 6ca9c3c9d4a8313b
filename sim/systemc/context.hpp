/* What every module of one timed run shares: the chip's const description, the result being filled, the first failure.
 * Kernel time counts chip cycles: one unit of the kernel's resolution is one cycle, so that time is an exact integer
 * for any cycle_ns. */
#ifndef WEFT_SIM_SYSTEMC_CONTEXT_HPP
#define WEFT_SIM_SYSTEMC_CONTEXT_HPP

#include <cstdint>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <systemc>
#include <vector>

#include "sim/systemc/cosim.h"

namespace weft {

inline uint64_t now() { return sc_core::sc_time_stamp().value(); }
inline sc_core::sc_time cycles(uint64_t count) { return sc_core::sc_time::from_value(count); }

struct Context {
    const weft_engine *engine;
    const weft_chip *chip;
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_traffic *traffic;
    const float *x;
    size_t images;
    uint64_t stall_limit;
    const volatile sig_atomic_t *stop;                      /* NULL: never */
    uint64_t digital_latency;                               /* cycles */
    std::vector<std::vector<std::vector<int>>> copy_blocks; /* of every stage and copy */
    weft_cosim_result *result;
    uint64_t end;     /* cycle of the last result; UINT64_MAX until it is there */
    weft_error error; /* the first failure; status OK while there is none */

    /* Where the events of data that stage sends are counted; -1: the host. */
    weft_event_counts &events(int stage) {
        return result->stage_events[stage < 0 ? static_cast<size_t>(stages->count) : static_cast<size_t>(stage)];
    }
    const weft_stage &stage(int index) const { return stages->items[index]; }
    const weft_mapped_stage &mapped(int index) const { return mapping->stages[index]; }
    /* Sets copy_blocks. */
    void index_blocks();
    bool failed() const { return error.status != WEFT_OK; }
    bool stopped() const { return stop && *stop; }
};

/* Sum of the cycles in which one server was occupied, up to the last result: what runs on behind it (positions that no
 * result needs) is not part of the run. */
class Busy {
  public:
    /* Occupied for `count` cycles more, until `until`. */
    void add(const Context &context, uint64_t count, uint64_t until) {
        if (context.end != UINT64_MAX) return;
        sum_ += count;
        until_ = until;
    }
    uint64_t cycles(const Context &context) const {
        return until_ > context.end ? sum_ - (until_ - context.end) : sum_;
    }

  private:
    uint64_t sum_ = 0, until_ = 0;
};

/* An invariant of the simulator itself; its failure becomes INTERNAL. */
inline void require(bool condition, const char *text) {
    if (!condition) throw std::logic_error(text);
}

/* Runs the body of a process; a failure ends the simulation. No exception passes through the kernel. */
template <typename Body> void guarded(Context &context, Body body) {
    if (context.failed()) return;
    try {
        if (context.stopped())
            weft_error_set(&context.error, WEFT_E_INTERRUPTED, "interrupted");
        else
            body();
    } catch (const std::bad_alloc &) {
        weft_error_set(&context.error, WEFT_E_MEMORY, "timed run: out of memory");
    } catch (const std::exception &e) { weft_error_set(&context.error, WEFT_E_INTERNAL, "timed run: %s", e.what()); }
    if (context.failed()) sc_core::sc_stop();
}

} // namespace weft
#endif
