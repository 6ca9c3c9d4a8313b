// Energy of the shipped spiking chips against what is published of them.
#include "sim/report/spike_energy.h"

#include "core/chip_route.h"
#include "tests/support/golden.h"

#include <cmath>
#include <vector>

using namespace weft_test;

namespace {

struct Chip {
    weft_chip *chip = nullptr;
    explicit Chip(const std::string &name, std::vector<const char *> set = {}) {
        weft_error err = {};
        const std::string path = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/" + name + ".yaml";
        EXPECT_EQ(weft_chip_load(&chip, path.c_str(), set.data(), static_cast<int>(set.size()), &err), WEFT_OK)
            << err.text;
    }
    ~Chip() { weft_chip_destroy(chip); }
    Chip(const Chip &) = delete;
    Chip &operator=(const Chip &) = delete;
    const weft_chip *operator->() const { return chip; }
};

constexpr double MEAN_HOPS = 4095.0 / 192; // a dimension: (64^2 - 1) / (3 x 64)

// One second of the published load: neurons at `rate`, 128 active synapses each, uniform random targets. Uneven over
// cores.
double truenorth_mw(const Chip &chip, double rate) {
    std::vector<weft_spike_counts> cores(4096);
    for (size_t c = 0; c < cores.size(); c++) {
        const double spikes = 256 * rate * (c % 2 ? 1.5 : 0.5);
        cores[c].spikes = cores[c].packets = static_cast<uint64_t>(std::llround(spikes));
        cores[c].axon_events = cores[c].spikes;
        cores[c].synaptic_events = 128 * cores[c].spikes;
        cores[c].hops_x = cores[c].hops_y = static_cast<uint64_t>(std::llround(MEAN_HOPS * spikes));
        cores[c].updates_inactive = 256 * 1000;
    }
    const weft_spike_activity activity = weft_spike_activity_of(chip.chip, cores.data(), 4096, 1000, 0, 0);
    EXPECT_DOUBLE_EQ(activity.seconds, 1);
    const weft_spike_energy energy = weft_spike_energy_of(chip.chip, &activity);
    return weft_spike_power_mw(&energy, energy.total_pj);
}

double odin_uw(const Chip &chip, double operations) {
    weft_spike_counts core = {};
    core.synaptic_events = static_cast<uint64_t>(operations);
    core.updates_active = core.synaptic_events;
    const weft_spike_activity activity = weft_spike_activity_of(chip.chip, &core, 1, 1, 1e9, 0);
    const weft_spike_energy energy = weft_spike_energy_of(chip.chip, &activity);
    return 1000 * weft_spike_power_mw(&energy, energy.total_pj);
}

} // namespace

// The file's line goes through both ends; between them it is P = 64.43 mW + 2.297 pJ x events/s.
TEST(TrueNorth, PublishedSweepAt0V8) {
    Chip chip("truenorth");
    EXPECT_DOUBLE_EQ(chip->voltage_v, 0.8);
    EXPECT_NEAR(truenorth_mw(chip, 11.58), 68, 0.01 * 68);
    EXPECT_NEAR(truenorth_mw(chip, 95.93), 94, 0.01 * 94);
    for (const double rate : {0.0, 11.58, 20.0, 40.0, 60.0, 80.0, 95.93}) {
        const double line = 64.43 + 2.297e-9 * 1048576 * 128 * rate;
        EXPECT_NEAR(truenorth_mw(chip, rate), line, 2e-4 * line) << rate;
    }
}

// Over all pairs of cores, as the file's head says; and with hops put back the constant is the published slope.
TEST(TrueNorth, MeanHopsOfUniformTargetsInClosedForm) {
    Chip chip("truenorth");
    uint64_t hops[2] = {0, 0};
    for (int from = 0; from < 64; from++)
        for (int to = 0; to < 64; to++) {
            hops[0] += static_cast<uint64_t>(weft_chip_hops(chip.chip, from, to));
            hops[1] += static_cast<uint64_t>(weft_chip_hops(chip.chip, 64 * from, 64 * to));
        }
    for (const uint64_t of : hops) EXPECT_EQ(static_cast<double>(of) / 4096, MEAN_HOPS);
    EXPECT_EQ(weft_chip_hops(chip.chip, 65, 64 * 63 + 63), 62 + 62);
    const weft_cited *pj = chip->spike_energy.pj;
    EXPECT_DOUBLE_EQ(pj[WEFT_SPIKE_EVENT_HOP_X].value, pj[WEFT_SPIKE_EVENT_HOP_Y].value);
    EXPECT_NEAR(pj[WEFT_SPIKE_EVENT_HOP_X].value, 2.3 * std::pow(0.8 / 0.775, 2), 1e-5);
    EXPECT_NEAR(pj[WEFT_SPIKE_EVENT_ROW_BIT].value, 0.047 * std::pow(0.8 / 0.775, 2), 1e-7);
    EXPECT_NEAR(pj[WEFT_SPIKE_EVENT_SYNAPTIC_EVENT].value + 2 * MEAN_HOPS * pj[WEFT_SPIKE_EVENT_HOP_X].value / 128,
                2.297, 1e-5);
}

// Rows are read in every tick: twice the ticks a second, twice their share, the rest of the static power as it was.
TEST(TrueNorth, RowsFollowTheTick) {
    Chip chip("truenorth");
    std::vector<weft_spike_counts> cores(4096);
    const weft_spike_activity slow = weft_spike_activity_of(chip.chip, cores.data(), 4096, 1000, 0, 0);
    const weft_spike_activity fast = weft_spike_activity_of(chip.chip, cores.data(), 4096, 1000, 5e5, 0);
    EXPECT_EQ(slow.n[WEFT_SPIKE_EVENT_ROW_BIT], UINT64_C(1048576) * 410 * 1000);
    const weft_spike_energy one = weft_spike_energy_of(chip.chip, &slow), two = weft_spike_energy_of(chip.chip, &fast);
    EXPECT_NEAR(weft_spike_power_mw(&one, weft_spike_component_pj(&one, "memory")), 21.5307, 2e-4);
    EXPECT_NEAR(weft_spike_power_mw(&two, weft_spike_component_pj(&two, "memory")), 2 * 21.5307, 4e-4);
    EXPECT_NEAR(weft_spike_power_mw(&one, one.static_pj), 42.8993, 1e-9);
    EXPECT_NEAR(weft_spike_power_mw(&two, two.static_pj), 42.8993, 1e-9);
}

TEST(Odin, PublishedOperatingPoints) {
    Chip fast("odin"), slow("odin", {"clock.cycle_ns=769.230769"});
    EXPECT_NEAR(odin_uw(fast, 37.5e6), 477, 0.005 * 477);
    EXPECT_NEAR(odin_uw(slow, 650e3), 35, 0.005 * 35);
    EXPECT_NEAR(odin_uw(fast, 0), 27.3 + 1.78 * 75, 1e-6);
    // two clocks an operation: 37.5 million are all that 75 MHz give
    EXPECT_NEAR(1e9 / fast->spike_latency.ns[WEFT_SPIKE_EVENT_SYNAPTIC_EVENT].value, 37.5e6, 1);
}

// One query over 76,800 patterns on 32 chips: 1.33 mJ measured, without static power. Nothing in the file is from it.
TEST(Loihi, NearestNeighbourQuery) {
    Chip chip("loihi1", {"noc.mesh=[64, 16]", "noc.chips=[8, 4]"});
    EXPECT_EQ(chip->core_count, 32 * 128);
    const double expected[] = {1.089,
                               1.203}; // of the published energy; inactive updates, as the published bounds have it
    const uint64_t events[] = {51200000, 57600000};
    for (int i = 0; i < 2; i++) {
        weft_spike_counts all = {};
        all.synaptic_events = events[i];
        all.updates_inactive = 4608000;
        weft_spike_activity activity = weft_spike_activity_of(chip.chip, &all, 1, 60, 1e4, 0);
        weft_spike_energy energy = weft_spike_energy_of(chip.chip, &activity);
        EXPECT_NEAR(energy.dynamic_pj / 1.33e9, 1, 0.25);
        EXPECT_NEAR(energy.dynamic_pj / 1.33e9, expected[i], 0.002);
        // 32 chips of 104.4 mW beside it
        EXPECT_NEAR(weft_spike_power_mw(&energy, energy.static_pj), 32 * 104.4, 1e-6);
    }
}

TEST(Loihi, BarrierGrowsFromThePublishedEndToTheOther) {
    Chip chip("loihi1");
    EXPECT_NEAR(weft_chip_barrier_ns(chip.chip, 1), 113, 1e-9);
    EXPECT_NEAR(weft_chip_barrier_ns(chip.chip, 32), 465, 1e-4);
    EXPECT_EQ(chip->router_count, 32);
    EXPECT_EQ(chip->core_count, 128);
}

// Every event has its cost, once, and components sum to the total.
TEST(SpikeEnergy, CountsTimesCosts) {
    Chip chip("loihi1");
    weft_spike_counts cores[2] = {};
    cores[0] = {10, 100, 7, 93, 3, 6, 2, 11, 5, 4};
    cores[1] = {1, 1, 1, 0, 1, 2, 0, 1, 2, 1};
    const weft_spike_activity activity = weft_spike_activity_of(chip.chip, cores, 2, 4, 250, 9);
    const uint64_t counts[WEFT_SPIKE_EVENT_COUNT] = {101, 0, 8, 93, 4, 8, 12, 7, 9};
    for (int e = 0; e < WEFT_SPIKE_EVENT_COUNT; e++) EXPECT_EQ(activity.n[e], counts[e]) << weft_spike_costs[e].key;
    const weft_spike_energy energy = weft_spike_energy_of(chip.chip, &activity);
    EXPECT_NEAR(energy.dynamic_pj, 101 * 23.6 + 8 * 81 + 93 * 52 + 8 * 1.7 + 12 * 3.0 + 7 * 4.0, 1e-9);
    EXPECT_NEAR(energy.static_pj, 104.4e-3 * 1e-6 * 1e12, 1e-6);
    EXPECT_NEAR(weft_spike_component_pj(&energy, "neuron"), 8 * 81 + 93 * 52, 1e-9);
    EXPECT_NEAR(weft_spike_component_pj(&energy, "link"), 12 * 3.0 + 7 * 4.0, 1e-9);
    EXPECT_EQ(weft_spike_component_pj(&energy, "nothing"), 0);
    double sum = 0;
    for (int c = 0; c < energy.component_count; c++) sum += energy.components[c].energy_pj;
    EXPECT_NEAR(sum, energy.total_pj, 1e-6);
    const std::string csv = printed([&](FILE *stream) { weft_spike_energy_csv(chip.chip, &activity, stream); });
    EXPECT_EQ(csv.find("component,event,count,cost_pj,energy_pj,power_mw,evidence,voltage_v,source\n"
                       "synapse,synaptic_event,101,23.6,2383.6"),
              0u)
        << csv;
    EXPECT_NE(csv.find(",104.4,measured,0,\"static power of a chip, measured [S]\"\n"), std::string::npos) << csv;
}
