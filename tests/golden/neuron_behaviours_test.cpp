// The behaviours of experiments/neurons: what defines each, from the spikes of its first neuron.
#include "tests/support/circuit_fixture.h"

#include <algorithm>
#include <filesystem>

using namespace weft_test;
using Ticks = std::vector<int>;

namespace {

const std::string folder = WEFT_SOURCE_FOLDER "/experiments/neurons/";

Ticks spikes_of(const std::string &name, const std::vector<std::string> &set = {}) {
    const Circuit circuit(folder + name + ".yaml", set);
    EXPECT_EQ(circuit.status, WEFT_OK) << circuit.err.text;
    return circuit.status == WEFT_OK ? circuit.spikes() : Ticks();
}

Ticks intervals(const Ticks &ticks) {
    Ticks all;
    for (size_t i = 1; i < ticks.size(); i++) all.push_back(ticks[i] - ticks[i - 1]);
    return all;
}

Ticks between(const Ticks &ticks, int from, int until) {
    Ticks some;
    for (int tick : ticks)
        if (tick >= from && tick < until) some.push_back(tick);
    return some;
}

int lowest(const Ticks &values) { return *std::min_element(values.begin(), values.end()); }
int highest(const Ticks &values) { return *std::max_element(values.begin(), values.end()); }

// Groups of spikes whose intervals are at most so long.
std::vector<Ticks> bursts(const Ticks &ticks, int longest) {
    std::vector<Ticks> groups;
    for (size_t i = 0; i < ticks.size(); i++) {
        if (i == 0 || ticks[i] - ticks[i - 1] > longest) groups.emplace_back();
        groups.back().push_back(ticks[i]);
    }
    return groups;
}

// What a file says of its current, replaced.
std::string drive(const std::string &stimulus, const std::string &what) {
    return "stimuli." + stimulus + ".drive=[" + what + "]";
}
std::string step(double rate, int from, int until) {
    return "step: {from: " + std::to_string(from) + ", until: " + std::to_string(until) +
           ", rate: " + std::to_string(rate) + "}";
}
std::string pulses(const std::string &at, int spikes = 1) {
    return "pulses: {at: [" + at + "], spikes: " + std::to_string(spikes) + "}";
}

} // namespace

TEST(Behaviour, TonicSpiking) {
    const Ticks spikes = spikes_of("tonic_spiking");
    EXPECT_EQ(spikes.size(), 16u);
    EXPECT_GE(spikes.front(), 20);
    EXPECT_LT(spikes.back(), 180);
    EXPECT_EQ(lowest(intervals(spikes)), 10);
    EXPECT_EQ(highest(intervals(spikes)), 10);
}

TEST(Behaviour, PhasicSpiking) {
    EXPECT_EQ(spikes_of("phasic_spiking"), (Ticks{22, 122})); // one a step, however long
    EXPECT_EQ(spikes_of("phasic_spiking", {"ticks=2000", drive("current", step(1, 20, 2000))}), Ticks{22});
}

TEST(Behaviour, TonicBursting) {
    const Ticks spikes = spikes_of("tonic_bursting");
    const std::vector<Ticks> groups = bursts(spikes, 3);
    ASSERT_EQ(groups.size(), 5u); // in 160 ticks
    for (const Ticks &group : groups) EXPECT_EQ(group.size(), 5u);
    for (size_t i = 1; i < groups.size(); i++) EXPECT_GE(groups[i].front() - groups[i - 1].back(), 20);
    const Ticks longer = spikes_of("tonic_bursting", {"ticks=1100", drive("current", step(1, 20, 1040))});
    EXPECT_EQ(bursts(longer, 3).size(), 30u); // as long as the current lasts, in a period of 34
    EXPECT_EQ(between(longer, 1040, 1100), Ticks());
}

TEST(Behaviour, PhasicBursting) {
    const std::vector<Ticks> groups = bursts(spikes_of("phasic_bursting"), 3);
    ASSERT_EQ(groups.size(), 2u);
    for (const Ticks &group : groups) EXPECT_EQ(group.size(), 5u);
    EXPECT_EQ(groups[0].front(), 22);
    EXPECT_EQ(groups[1].front(), 122);
}

TEST(Behaviour, MixedMode) {
    const std::vector<Ticks> groups = bursts(spikes_of("mixed_mode"), 3);
    ASSERT_GE(groups.size(), 9u);
    EXPECT_EQ(groups[0].size(), 5u);
    for (size_t i = 1; i < groups.size(); i++) {
        EXPECT_EQ(groups[i].size(), 1u);
        EXPECT_EQ(groups[i].front() - groups[i - 1].back(), 15);
    }
}

TEST(Behaviour, SpikeFrequencyAdaptation) {
    const Ticks all = intervals(spikes_of("spike_frequency_adaptation"));
    ASSERT_GE(all.size(), 15u);
    for (size_t i = 1; i < all.size(); i++) EXPECT_GE(all[i], all[i - 1]);
    EXPECT_EQ(all.front(), 4);
    EXPECT_EQ(all.back(), 12);
    // It recovers: a second step begins as fast as the first.
    const Ticks again =
        spikes_of("spike_frequency_adaptation", {drive("current", step(1, 20, 90) + ", " + step(1, 110, 180))});
    EXPECT_EQ(intervals(between(again, 110, 125)), intervals(between(again, 20, 35)));
}

TEST(Behaviour, Class1) {
    size_t last = 0;
    for (const auto &[rate, count] : std::vector<std::pair<double, size_t>>{
             {0.01, 5}, {0.02, 10}, {0.05, 25}, {0.1, 50}, {0.2, 100}, {0.5, 250}, {1, 500}}) {
        const Ticks spikes = spikes_of("class_1", {"ticks=2000", drive("current", step(rate, 0, 2000))});
        EXPECT_EQ(spikes.size(), count) << rate; // in proportion, from nearly nothing
        EXPECT_GT(spikes.size(), last);
        last = spikes.size();
    }
    const Ticks ramp = intervals(spikes_of("class_1"));
    EXPECT_GT(ramp.front(), 4 * ramp.back());
}

TEST(Behaviour, Class2) {
    for (const double rate : {0.5, 1.0, 3.0, 5.0})
        EXPECT_EQ(spikes_of("class_2", {"ticks=2000", drive("current", step(rate, 0, 2000))}).size(), 0u) << rate;
    for (const auto &[rate, interval] : std::vector<std::pair<double, int>>{{6, 10}, {8, 8}, {10, 7}}) {
        const Ticks all = intervals(spikes_of("class_2", {"ticks=2000", drive("current", step(rate, 0, 2000))}));
        ASSERT_GE(all.size(), 190u) << rate;
        EXPECT_EQ(lowest(all), interval);
        EXPECT_EQ(highest(all), interval);
    }
    EXPECT_GE(spikes_of("class_2", {"ticks=2000", drive("current", step(5.1, 0, 2000))}).size(), 180u); // at once
    const Ticks ramp = intervals(spikes_of("class_2"));
    EXPECT_LT(ramp.front(), 2 * ramp.back());
}

TEST(Behaviour, SpikeLatency) {
    EXPECT_EQ(spikes_of("spike_latency"), (Ticks{49, 109, 159})); // after pulses in 10, 80 and 140
    int last = 1000;
    for (int strength = 1; strength <= 6; strength++) {
        const Ticks spikes = spikes_of("spike_latency", {drive("pulse", pulses("10", strength))});
        ASSERT_EQ(spikes.size(), 1u);
        EXPECT_EQ(spikes[0] - 10, strength < 6 ? 59 - 10 * strength : 0);
        EXPECT_LT(spikes[0], last);
        last = spikes[0];
    }
}

TEST(Behaviour, SubthresholdOscillation) {
    const Circuit circuit(folder + "subthreshold_oscillation.yaml");
    ASSERT_EQ(circuit.status, WEFT_OK) << circuit.err.text;
    EXPECT_EQ(circuit.spikes(), Ticks{60}); // that of the pulse
    Ticks up;                               // zero crossings upwards
    for (int t = 62; t < 200; t++)
        if (circuit.membrane(t) > 0 && circuit.membrane(t - 1) <= 0) up.push_back(t);
    ASSERT_GE(up.size(), 10u);
    EXPECT_EQ(lowest(intervals(up)), 13);
    EXPECT_EQ(highest(intervals(up)), 13);
    for (int t = 0; t < 200; t++) EXPECT_LE(std::abs(circuit.membrane(t)), 12);
}

TEST(Behaviour, ResonatorAndIntegrator) {
    for (int apart = 1; apart <= 40; apart++) {
        const std::vector<std::string> pair = {drive("pulse", pulses("10, " + std::to_string(10 + apart)))};
        EXPECT_EQ(spikes_of("resonator", pair).size(), apart == 12 ? 1u : 0u) << apart;
        EXPECT_EQ(spikes_of("integrator", pair).size(), apart <= 7 ? 1u : 0u) << apart;
    }
    EXPECT_EQ(spikes_of("resonator"), Ticks{72});
    EXPECT_EQ(spikes_of("integrator"), Ticks{15});
}

TEST(Behaviour, Rebound) {
    for (int until : {40, 60, 100, 150}) {
        const std::vector<std::string> inhibited = {drive("inhibition", step(1, 20, until))};
        const Ticks one = spikes_of("rebound_spike", inhibited), burst = spikes_of("rebound_burst", inhibited);
        EXPECT_EQ(one, Ticks{until + 9});
        EXPECT_EQ(burst.size(), 6u) << until;
        EXPECT_EQ(burst.front(), until + 4);
        EXPECT_EQ(highest(intervals(burst)), 2);
    }
}

TEST(Behaviour, ThresholdVariability) {
    EXPECT_EQ(spikes_of("threshold_variability"), Ticks{130});
    const auto after = [](const std::string &inhibition) {
        return spikes_of("threshold_variability", {drive("excitation", pulses("130")), inhibition}).size();
    };
    EXPECT_EQ(after(drive("inhibition", pulses("125"))), 1u);
    EXPECT_EQ(after(drive("inhibition", pulses("100"))), 0u); // over
    EXPECT_EQ(after("stimuli.inhibition.drive=[]"), 0u);
}

TEST(Behaviour, Bistability) {
    const Ticks spikes = spikes_of("bistability");
    EXPECT_EQ(between(spikes, 0, 20), Ticks());
    EXPECT_EQ(between(spikes, 20, 80).size(), 6u);
    EXPECT_EQ(between(spikes, 80, 120), Ticks());
    EXPECT_EQ(between(spikes, 120, 180).size(), 6u);
    EXPECT_EQ(between(spikes, 180, 200), Ticks());
    const std::vector<std::string> on = {"ticks=2000", drive("excitation", pulses("20")), drive("inhibition", "")};
    EXPECT_EQ(intervals(between(spikes_of("bistability", on), 1000, 2000)), Ticks(99, 10)); // for ever
}

TEST(Behaviour, DepolarisingAfterPotential) {
    const Circuit circuit(folder + "depolarising_after_potential.yaml");
    ASSERT_EQ(circuit.status, WEFT_OK) << circuit.err.text;
    EXPECT_EQ(circuit.spikes(), (Ticks{60, 130, 136}));
    EXPECT_EQ(circuit.membrane(59), 0);
    for (int t = 60; t <= 80; t++) EXPECT_EQ(circuit.membrane(t), 80 - t); // above rest, and back to it
    EXPECT_EQ(circuit.membrane(81), 0);
}

TEST(Behaviour, Accommodation) {
    EXPECT_EQ(spikes_of("accommodation"), Ticks{268}); // of the ramp from 250 to 275, not of that from 10 to 210
    for (const auto &[length, fires] :
         std::vector<std::pair<int, bool>>{{20, true}, {30, true}, {150, false}, {250, false}}) {
        const std::string ramp = "ramp: {from: 10, until: " + std::to_string(10 + length) + ", first: 0, last: 1}";
        EXPECT_EQ(!spikes_of("accommodation", {drive("current", ramp)}).empty(), fires) << length;
    }
}

TEST(Behaviour, InhibitionInducedSpiking) {
    const Ticks spikes = spikes_of("inhibition_induced_spiking");
    EXPECT_EQ(spikes.size(), 34u);
    EXPECT_GE(spikes.front(), 30);
    EXPECT_LE(spikes.back(), 170); // in which the last inhibition's answer may still fall
    EXPECT_EQ(lowest(intervals(spikes)), 4);
    EXPECT_EQ(highest(intervals(spikes)), 4);
    EXPECT_EQ(spikes_of("inhibition_induced_spiking", {drive("inhibition", "")}), Ticks());
}

TEST(Behaviour, InhibitionInducedBursting) {
    const std::vector<Ticks> groups = bursts(spikes_of("inhibition_induced_bursting"), 4);
    ASSERT_EQ(groups.size(), 5u);
    for (const Ticks &group : groups) EXPECT_EQ(group.size(), 4u);
    for (size_t i = 1; i < groups.size(); i++) EXPECT_EQ(groups[i].front() - groups[i - 1].back(), 15);
    EXPECT_LT(groups.back().back(), 170);
    EXPECT_EQ(spikes_of("inhibition_induced_bursting", {drive("inhibition", "")}), Ticks());
}

TEST(Behaviour, TwentyFilesOfOneOrTwoTrueNorthNeurons) {
    int files = 0, two = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        const Circuit circuit(entry.path().string());
        ASSERT_EQ(circuit.status, WEFT_OK) << circuit.err.text;
        for (int n = 0; n < circuit.circuit->neuron_count; n++)
            EXPECT_STREQ(circuit.circuit->neurons[n].model, "truenorth") << entry.path();
        EXPECT_LE(circuit.circuit->neuron_count, 2);
        files++;
        two += circuit.circuit->neuron_count == 2;
    }
    EXPECT_EQ(files, 20);
    EXPECT_EQ(two, 8);
}
