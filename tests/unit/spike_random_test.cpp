/* Random networks fire as asked, and their packets go as far as asked. */
#include <cmath>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "sim/spike/random.h"

namespace {

weft_spike_random Config() {
    weft_spike_random c{};
    c.cores[0] = c.cores[1] = 4;
    c.neurons = c.axons = 256, c.synapses = 128, c.rate_hz = 20, c.tick_ms = 1, c.delays[0] = 1, c.delays[1] = 15;
    c.seed = 3;
    return c;
}

struct Sums {
    double neuron_ticks = 0, spikes = 0, axon_events = 0, synaptic_events = 0, packets = 0, hops_x = 0, hops_y = 0;
    double Rate() const { return spikes / neuron_ticks; }
};

Sums Measure(const weft_spike_random &c, int ticks) {
    weft_spike_chip *chip = nullptr;
    weft_error error{};
    Sums sums;
    EXPECT_EQ(weft_spike_random_build(&chip, &c, &error), WEFT_OK) << error.text;
    if (!chip) return sums;
    weft_spike_run run{};
    run.ticks = uint64_t(ticks), run.threads = 2;
    EXPECT_EQ(weft_spike_chip_run(chip, &run, nullptr), WEFT_OK);
    sums.neuron_ticks = double(ticks) * double(c.neurons) * weft_spike_chip_cores(chip);
    for (int i = 0; i < weft_spike_chip_cores(chip); i++) {
        const weft_spike_counts *n = weft_spike_chip_counts(chip, i);
        sums.spikes += double(n->spikes), sums.axon_events += double(n->axon_events);
        sums.synaptic_events += double(n->synaptic_events), sums.packets += double(n->packets);
        sums.hops_x += double(n->hops_x), sums.hops_y += double(n->hops_y);
    }
    weft_spike_chip_destroy(chip);
    return sums;
}

TEST(SpikeRandom, FiresAtTheRate) {
    for (const double rate : {5.0, 20.0, 100.0, 300.0}) {
        weft_spike_random c = Config();
        c.rate_hz = rate;
        const Sums s = Measure(c, 1000);
        EXPECT_NEAR(s.Rate() * 1000 / rate, 1, 0.01) << rate;
        /* Every axon has one source, every neuron its synapses; the last 15 ticks' events may be on their way. */
        EXPECT_NEAR(s.axon_events / s.spikes, 1, 0.015);
        EXPECT_GT(s.spikes, s.axon_events);
        EXPECT_NEAR(s.synaptic_events / s.axon_events, 128, 0.5);
        EXPECT_EQ(s.packets, s.spikes);
    }
}

/* Odd numbers: one synapse more excites, and the leak makes up for it. */
TEST(SpikeRandom, FiresAtTheRateWithAnOddNumberOfSynapses) {
    weft_spike_random c = Config();
    c.synapses = 33, c.rate_hz = 40;
    EXPECT_NEAR(Measure(c, 1000).Rate(), 0.04, 0.0005);
    c.neurons = 100, c.axons = 90, c.synapses = 8, c.rate_hz = 10; /* some axons have two sources */
    EXPECT_NEAR(Measure(c, 1000).Rate(), 0.01, 0.0002);
    c.rate_hz = 0;
    EXPECT_EQ(Measure(c, 100).spikes, 0);
}

/* Uniform targets on a line of n: (n^2 - 1) / 3n in the mean; 64 in each dimension as on the chip would be 21.33. */
TEST(SpikeRandom, UniformTargetsHaveTheMeanHops) {
    weft_spike_random c = Config();
    c.cores[0] = 64, c.cores[1] = 6, c.neurons = c.axons = 64, c.synapses = 8, c.rate_hz = 200;
    const Sums s = Measure(c, 100);
    const double neurons = 64.0 * 6 * 64, mean_x = (64.0 * 64 - 1) / (3 * 64), mean_y = (36.0 - 1) / 18;
    EXPECT_NEAR(mean_x, 21.328, 0.001);
    /* The wiring is the sample: standard deviations 15.1 and 1.42 of one distance. */
    EXPECT_NEAR(s.hops_x / s.packets, mean_x, 4 * 15.1 / std::sqrt(neurons));
    EXPECT_NEAR(s.hops_y / s.packets, mean_y, 4 * 1.42 / std::sqrt(neurons));
}

TEST(SpikeRandom, NearTargetsHaveTheMeanDistance) {
    weft_spike_random c = Config();
    c.cores[0] = c.cores[1] = 40, c.neurons = c.axons = 16, c.synapses = 4, c.rate_hz = 200, c.distance = 3;
    const Sums s = Measure(c, 100);
    EXPECT_LT((s.hops_x + s.hops_y) / s.packets, 2.85); /* the edges cut it */
    EXPECT_GT((s.hops_x + s.hops_y) / s.packets, 2.7);
    EXPECT_NEAR(s.hops_x / s.hops_y, 1, 0.05);
}

TEST(SpikeRandom, SeedsMatter) {
    weft_spike_random c = Config();
    c.cores[0] = c.cores[1] = 2;
    const double first = Measure(c, 200).hops_x, again = Measure(c, 200).hops_x;
    c.seed = 4;
    EXPECT_EQ(first, again);
    EXPECT_NE(first, Measure(c, 200).hops_x);
}

/* ---- the file ---- */

struct File {
    std::string path = testing::TempDir() + "weft_spike_random.yaml";
    weft_spike_random config{};
    weft_error error{};
    weft_status Load(const std::string &text) {
        std::FILE *file = std::fopen(path.c_str(), "w");
        std::fputs(text.c_str(), file);
        std::fclose(file);
        const weft_status status = weft_spike_random_load(&config, path.c_str(), &error);
        std::remove(path.c_str());
        return status;
    }
    std::string Refusal(const std::string &text) {
        char out[2048];
        EXPECT_EQ(Load(text), WEFT_E_INVALID);
        weft_error_format(&error, out, sizeof out);
        return std::string(out).substr(path.size() + 1);
    }
};

TEST(SpikeRandom, ReadsAFile) {
    File f;
    ASSERT_EQ(f.Load("cores: [64, 32]\nrate_hz: 20\n"), WEFT_OK) << f.error.text;
    EXPECT_EQ(f.config.cores[0], 64);
    EXPECT_EQ(f.config.cores[1], 32);
    EXPECT_EQ(f.config.neurons, 256);
    EXPECT_EQ(f.config.axons, 256);
    EXPECT_EQ(f.config.synapses, 128);
    EXPECT_EQ(f.config.tick_ms, 1);
    EXPECT_EQ(f.config.distance, 0);
    EXPECT_EQ(f.config.delays[0], 1);
    EXPECT_EQ(f.config.delays[1], 15);
    EXPECT_EQ(f.config.seed, 1);
}

TEST(SpikeRandom, RefusesFiles) {
    File f;
    EXPECT_EQ(f.Refusal("cores: 2\nrate_hz: 20\nsynapses: 257\n"),
              "3:11: synapses: 257 synapses of a neuron on 256 axons");
    EXPECT_EQ(f.Refusal("cores: 2\nrate_hz: 20\ndelays: [9, 3]\n"), "3:9: delays: from 9 to 3 ticks");
    EXPECT_EQ(f.Refusal("cores: 2\nrate_hz: 2000\n"), "2:10: rate_hz: 2 spikes a tick; allowed are 0 and 1e-6 .. 1");
}

TEST(SpikeRandom, RefusesStructsToo) {
    weft_spike_random c = Config();
    weft_spike_chip *chip = nullptr;
    weft_error error{};
    c.synapses = 300;
    EXPECT_EQ(weft_spike_random_build(&chip, &c, &error), WEFT_E_INVALID);
    EXPECT_STREQ(error.text, "synapses: 300 synapses of a neuron on 256 axons");
    EXPECT_EQ(chip, nullptr);
}

} // namespace
