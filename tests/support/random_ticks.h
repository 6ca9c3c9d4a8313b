/* Test help: ticks by chance, and those of a random network of TrueNorth cores. */
#ifndef WEFT_TESTS_SUPPORT_RANDOM_TICKS_H
#define WEFT_TESTS_SUPPORT_RANDOM_TICKS_H

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "sim/spike/random.h"
#include "sim/spike/watch.h"
#include "tests/support/tick_fixture.h"

namespace weft_test {

/* Any numbers that a tick may have; `cores` of the chip. */
inline tick_copy random_tick(std::mt19937 &dice, uint64_t number, uint32_t cores, int packets) {
    tick_copy t;
    t.number = number;
    std::set<uint32_t> working;
    for (unsigned i = dice() % 6; i; i--) working.insert(dice() % cores);
    const auto count = [&] { return dice() % 8 ? dice() % 300 : dice(); };
    for (const uint32_t core : working)
        t.cores.push_back({core, uint32_t(count()), uint32_t(count()), uint32_t(count())});
    for (int i = 0; i < packets; i++) {
        const uint32_t to = dice() % 9 ? dice() % cores : WEFT_TICK_HOST;
        const size_t from = dice() % (t.cores.size() + 1);
        if (from == t.cores.size()) {
            t.packets.push_back({WEFT_TICK_HOST, uint32_t(count()), to});
            continue;
        }
        const weft_tick_core &c = t.cores[from];
        const uint64_t updates = uint64_t(c.updates_active) + c.updates_inactive;
        if (updates) t.packets.push_back({c.core, uint32_t(dice() % std::min<uint64_t>(updates, UINT32_MAX)), to});
    }
    std::sort(t.packets.begin(), t.packets.end(), [](const weft_tick_packet &a, const weft_tick_packet &b) {
        return std::tie(a.source, a.order, a.target) < std::tie(b.source, b.order, b.target);
    });
    return t;
}

struct random_network {
    std::vector<tick_copy> ticks;
    uint64_t packets = 0, hops = 0; /* as the functional engine counts them */
};
/* side x side cores of 64 neurons at 100 Hz. */
inline random_network run_random(int side, uint64_t seed, double distance, uint64_t ticks) {
    weft_spike_random config{};
    config.cores[0] = config.cores[1] = side;
    config.neurons = config.axons = 64, config.synapses = 32, config.rate_hz = 100, config.tick_ms = 1;
    config.distance = distance, config.delays[0] = 1, config.delays[1] = 5, config.seed = int64_t(seed);
    weft_spike_chip *chip = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_spike_random_build(&chip, &config, &err), WEFT_OK) << err.text;
    tick_keeper keeper;
    const weft_tick_sink sink = keeper.sink();
    weft_spike_watch *watch = nullptr;
    EXPECT_EQ(weft_spike_watch_create(&watch, chip, nullptr, &sink, 1, &err), WEFT_OK) << err.text;
    weft_spike_run run{};
    run.ticks = ticks, run.threads = 1, run.listener = weft_spike_watch_listen, run.context = watch;
    EXPECT_EQ(weft_spike_chip_run(chip, &run, &err), WEFT_OK) << err.text;
    random_network out;
    for (int c = 0; c < side * side; c++) {
        const weft_spike_counts *n = weft_spike_chip_counts(chip, c);
        out.packets += n->packets, out.hops += n->hops_x + n->hops_y;
    }
    out.ticks = keeper.ticks;
    weft_spike_watch_destroy(watch);
    weft_spike_chip_destroy(chip);
    return out;
}

} // namespace weft_test

#endif
