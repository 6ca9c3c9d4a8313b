/* What every module of one timed run shares: the chip's const description, the result being filled, the first failure.
 * Kernel time counts chip cycles: one unit of the kernel's resolution is one cycle, so that time is an exact integer
 * for any cycle_ns. */
#ifndef WEFT_SIM_SYSTEMC_CONTEXT_HPP
#define WEFT_SIM_SYSTEMC_CONTEXT_HPP

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <systemc>
#include <vector>

#include "sim/systemc/cosim.h"

namespace weft {

inline uint64_t now() { return sc_core::sc_time_stamp().value(); }
inline sc_core::sc_time cycles(uint64_t count) { return sc_core::sc_time::from_value(count); }

class Recorder;
class Wiring;

struct Context {
    const weft_engine *engine;
    const weft_chip *chip;
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_traffic *traffic;
    const float *x;
    size_t images;
    uint64_t stall_limit;
    bool bounded, spare;               /* buffers have an end; readers share what the mapping does not reserve */
    const weft_cosim_options *options; /* progress */
    uint64_t products, all_products;   /* done; of the run */
    const volatile sig_atomic_t *stop; /* NULL: never */
    float *logits;
    weft_timing *timing;
    weft_stalls *stalls;
    Recorder *recorder;
    Wiring *wiring;
    uint64_t end;     /* cycle of the last result; UINT64_MAX until it is there */
    weft_error error; /* the first failure; status OK while there is none */

    /* Counts events of data that stage (-1: the host's input) sends, in the present cycle. */
    void count(int stage, int core, const weft_event_counts &events) {
        weft_timing_count(timing, stage < 0 ? stages->count : stage, core, now(), &events);
    }
    /* Chips in use; the cores and routers of chip c follow those of chip c - 1, the host comes last. */
    int chips() const { return std::min(mapping->chips, mapping->parts); }
    int index_on(int chip_number, int terminal) const {
        return terminal == chip->host_terminal ? chips() * chip->core_count : chip_number * chip->core_count + terminal;
    }
    int index(int part, int core) const { return index_on(part % chips(), core); }
    const weft_stage &stage(int index) const { return stages->items[index]; }
    const weft_mapped_stage &mapped(int index) const { return mapping->stages[index]; }
    /* A product is done. */
    void count_product() {
        constexpr uint64_t every = 512;
        if (++products % every == 0 && options->progress)
            options->progress(options->progress_context,
                              static_cast<double>(products) / static_cast<double>(all_products));
    }
    bool failed() const { return error.status != WEFT_OK; }
    bool stopped() const { return stop && *stop; }
};

/* Quantised values of one position; all packets of it share them. */
using Values = std::vector<int16_t>;
using SharedValues = std::shared_ptr<const Values>;

/* "1 packet", "2 packets" */
inline std::string counted(uint64_t count, const char *what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/* An invariant of the simulator itself; its failure becomes INTERNAL. */
inline void require(bool condition, const char *text) {
    if (!condition) throw std::logic_error(text);
}

/* Turns a status into the exception that guarded() reports. */
struct Failure : std::runtime_error {
    explicit Failure(const weft_error &error) : std::runtime_error(error.text), status(error.status) {}
    weft_status status;
};

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
    } catch (const Failure &e) {
        weft_error_set(&context.error, e.status, "%s", e.what());
    } catch (const std::exception &e) { weft_error_set(&context.error, WEFT_E_INTERNAL, "timed run: %s", e.what()); }
    if (context.failed()) sc_core::sc_stop();
}

} // namespace weft
#endif
