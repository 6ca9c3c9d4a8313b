/* Test help: ticks by hand, chips to time them on, and the latency of a packet alone. */
#ifndef WEFT_TESTS_SUPPORT_TICK_FIXTURE_H
#define WEFT_TESTS_SUPPORT_TICK_FIXTURE_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/spike/timing.h"

namespace weft_test {

struct chip_deleter {
    void operator()(weft_chip *chip) const { weft_chip_destroy(chip); }
};
using chip_ptr = std::unique_ptr<weft_chip, chip_deleter>;

inline chip_ptr load_chip(const char *name, const std::vector<const char *> &set = {}) {
    weft_chip *chip = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_chip_load(&chip, name, set.data(), int(set.size()), &err), WEFT_OK) << err.text;
    return chip_ptr(chip);
}

struct tick_copy {
    uint64_t number = 0;
    std::vector<weft_tick_core> cores;
    std::vector<weft_tick_packet> packets;
    weft_tick view() const {
        return {number, cores.data(), int(cores.size()), packets.data(), int64_t(packets.size())};
    }
};
inline bool same_tick(const weft_tick &a, const weft_tick &b) {
    return a.tick == b.tick && a.core_count == b.core_count && a.packet_count == b.packet_count &&
           (!a.core_count || !std::memcmp(a.cores, b.cores, size_t(a.core_count) * sizeof *a.cores)) &&
           (!a.packet_count || !std::memcmp(a.packets, b.packets, size_t(a.packet_count) * sizeof *a.packets));
}
/* Keeps all that it gets. */
struct tick_keeper {
    std::vector<tick_copy> ticks;
    static weft_status add(void *state, const weft_tick *t, weft_error *) {
        static_cast<tick_keeper *>(state)->ticks.push_back(
            {t->tick, {t->cores, t->cores + t->core_count}, {t->packets, t->packets + t->packet_count}});
        return WEFT_OK;
    }
    weft_tick_sink sink() { return {add, this}; }
};

/* A core whose only neuron fires. */
inline tick_copy one_spike(uint32_t from, uint32_t to) { return {0, {{from, 1, 1, 0}}, {{from, 0, to}}}; }

struct timed {
    weft_status status = WEFT_OK;
    weft_error err{};
    std::vector<weft_tick_time> times;
    std::vector<uint64_t> links;
    weft_spike_timing_summary summary{};
};
inline timed time_ticks(const weft_chip *chip, const std::vector<tick_copy> &ticks, int threads = 1) {
    timed out;
    weft_spike_timing *timing = nullptr;
    const weft_spike_timing_options options = {threads, nullptr};
    out.status = weft_spike_timing_create(&timing, chip, &options, &out.err);
    for (const tick_copy &t : ticks) {
        const weft_tick tick = t.view();
        if (out.status == WEFT_OK) out.status = weft_spike_timing_add(timing, &tick, &out.err);
    }
    if (out.status == WEFT_OK) out.status = weft_spike_timing_finish(timing, &out.err);
    if (out.status == WEFT_OK) {
        const weft_spike_timing_result r = weft_spike_timing_result_of(timing);
        out.times.assign(r.times, r.times + r.count);
        out.links.assign(r.link_flits, r.link_flits + chip->router_count * 4);
        weft_spike_timing_summarise(&out.summary, chip, &r);
    }
    weft_spike_timing_destroy(timing);
    return out;
}
inline bool same_times(const std::vector<weft_tick_time> &a, const std::vector<weft_tick_time> &b) {
    return a.size() == b.size() && !std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]);
}

/* Cycles of a packet of one flit alone in the chip's network. */
inline uint64_t zero_load(const weft_chip *chip, int from, int to) {
    weft_noc_config config;
    uint64_t cycles = 0;
    EXPECT_EQ(weft_noc_config_of_chip(&config, chip, chip->core_count + 1, nullptr), WEFT_OK);
    EXPECT_EQ(weft_noc_zero_load(&cycles, &config, from, to, 1, nullptr), WEFT_OK);
    std::free(const_cast<int *>(config.terminal_router));
    return cycles;
}

} // namespace weft_test

#endif
