// Random sparse cores against a dense, slow reference: the same spikes, membranes and counts in every tick.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "tests/support/sparse_fixture.h"

namespace {

constexpr int TICKS = 150;

struct Random {
    std::mt19937 engine;
    int operator()(int low, int high) { return std::uniform_int_distribution<>(low, high)(engine); }
};

// A random net: some axons without synapses, some that reach neighbours in order, delays, weights of 0, multiple
// synapses.
Synapses random_synapses(Random &random, int axons, int neurons, int delays, int low, int high, bool whole) {
    Synapses s;
    for (int a = 0; a < axons; a++) {
        s.of.emplace_back();
        const int count = random(0, 4) ? random(1, neurons) : 0, start = random(0, neurons - 1);
        const bool row = random(0, 2) == 0;
        for (int i = 0; i < count && (!row || start + i < neurons); i++) {
            const float w = float(random(low, high));
            s.of.back().push_back({uint16_t(row ? start + i : random(0, neurons - 1)),
                                   uint16_t(row && start % 2 ? 0 : random(0, delays)), whole ? w : w / 100});
        }
    }
    return s;
}

std::vector<uint16_t> random_inbox(Random &random, int axons, uint64_t tick) {
    std::vector<uint16_t> inbox;
    if (tick % 50 < 35) // and silence
        for (int i = random(0, 12); i > 0; i--) inbox.push_back(uint16_t(random(0, axons - 1)));
    std::sort(inbox.begin(), inbox.end());
    return inbox;
}

// All neurons in every tick, input from a map, the neuron model itself stepped one by one.
struct Dense {
    const Synapses &synapses;
    std::vector<int> exponents;
    Population neurons;
    bool whole;
    std::map<std::pair<uint64_t, int>, std::pair<double, int>> coming; // tick, neuron: sum, events
    weft_spike_counts counts = {};
    Dense(const Synapses &s, const weft_neuron_spec &spec, std::vector<int> e)
        : synapses(s), exponents(std::move(e)), neurons(spec), whole(spec.model->integer) {}
    double weight(size_t axon, float w) const {
        if (!whole) return double(w);
        const double scaled = std::floor(std::ldexp(double(w), exponents[axon]));
        return std::min(std::max(scaled, -32767.0), 32767.0) * 64;
    }
    std::vector<uint16_t> step(uint64_t tick, const std::vector<uint16_t> &inbox) {
        std::vector<uint16_t> out;
        for (uint16_t axon : inbox)
            for (const weft_sparse_synapse &s : synapses.of[axon]) {
                const double w = weight(axon, s.weight);
                if (w == 0) continue;
                auto &[sum, events] = coming[{tick + s.delay, s.neuron}];
                sum += w, events++, counts.synaptic_events++;
            }
        counts.axon_events += inbox.size();
        for (int n = 0; n < int(neurons.fired.size()); n++) {
            const auto [sum, events] = coming[{tick, n}];
            const int32_t x = whole ? int32_t(sum) : 0;
            uint8_t fired = 0;
            weft_neurons_step(neurons.of.get(), n, 1, whole ? static_cast<const void *>(&x) : &sum, &fired);
            if (fired) out.push_back(uint16_t(n));
            (events || fired ? counts.updates_active : counts.updates_inactive)++;
        }
        return out;
    }
};

// Returns the spikes.
uint64_t compare(Random &random, const weft_sparse_spec &spec, const Synapses &synapses,
                 const std::vector<int> &exponents) {
    SparseCore core(spec);
    Dense dense(synapses, spec.neurons, exponents);
    uint64_t spikes = 0;
    for (uint64_t t = 0; t < TICKS; t++) {
        const std::vector<uint16_t> inbox = random_inbox(random, spec.axons, t);
        const std::vector<uint16_t> fired = core.step(t, inbox);
        const std::vector<uint16_t> expected = dense.step(t, inbox);
        EXPECT_EQ(fired, expected) << t;
        for (int n = 0; n < spec.neurons.count; n++) EXPECT_EQ(core.v(n), dense.neurons.state(0, n)) << t << ' ' << n;
        if (testing::Test::HasFailure()) return 0;
        spikes += fired.size();
    }
    EXPECT_EQ(core.counts.axon_events, dense.counts.axon_events);
    EXPECT_EQ(core.counts.synaptic_events, dense.counts.synaptic_events);
    EXPECT_EQ(core.counts.updates_active, dense.counts.updates_active);
    EXPECT_EQ(core.counts.updates_inactive, dense.counts.updates_inactive);
    return spikes;
}

TEST(SparseProperty, FixedPointAgainstDense) {
    uint64_t spikes = 0;
    for (unsigned seed = 0; seed < 24; seed++) {
        SCOPED_TRACE(seed);
        Random random = {std::mt19937(seed)};
        const int axons = random(1, 40), neurons = random(1, 300), bits = random(2, 9);
        const int least = random(-8, 2), most = random(0, 1) ? least : random(least, 3); // one exponent, or several
        Synapses s = random_synapses(random, axons, neurons, seed % 3 ? random(0, 62) : 0, -(1 << (bits - 1)),
                                     (1 << (bits - 1)) - 1, true);
        std::vector<int8_t> exponents;
        for (int a = 0; a < axons; a++) exponents.push_back(int8_t(random(least, most)));
        const NeuronValues values = {
            {"decay_u", {double(random(100, 4096))}}, {"decay_v", {double(random(1, 500))}}, {"threshold", {1}}};
        weft_sparse_spec spec = sparse_spec(neuron_spec("loihi", neurons, values), s);
        spec.weight_bits = bits;
        spec.exponents = exponents.data();
        spikes += compare(random, spec, s, {exponents.begin(), exponents.end()});
    }
    EXPECT_GT(spikes, 10000u);
}

TEST(SparseProperty, FloatingPointAgainstDense) {
    uint64_t spikes = 0;
    for (unsigned seed = 0; seed < 12; seed++) {
        SCOPED_TRACE(seed);
        Random random = {std::mt19937(seed + 100)};
        const int axons = random(1, 40), neurons = random(1, 300);
        Synapses s = random_synapses(random, axons, neurons, seed % 3 ? random(0, 10) : 0, -300, 500, false);
        const NeuronValues lif = {{"tau", {0.004}}, {"v_threshold", {0.4}}},
                           cuba = {{"tau_syn", {0.002}}, {"tau_mem", {0.004}}, {"v_threshold", {0.1}}};
        const weft_neuron_spec neuron =
            seed % 2 ? neuron_spec("lif", neurons, lif, 0.001, WEFT_NEURON_EXPONENTIAL, WEFT_NEURON_RESET_SUBTRACT)
                     : neuron_spec("cuba_lif", neurons, cuba);
        spikes += compare(random, sparse_spec(neuron, s), s, {});
    }
    EXPECT_GT(spikes, 10000u);
}

// While the core says that it rests, ticks without events may be left out; reset starts again.
TEST(SparseProperty, TicksOfRestMayBeLeftOut) {
    Random random = {std::mt19937(9)};
    Synapses s = random_synapses(random, 30, 400, 5, -128, 127, true);
    const NeuronValues values = {{"decay_u", {3000}}, {"decay_v", {1000}}, {"threshold", {30}}, {"refractory", {4}}};
    SparseCore core(sparse_spec(neuron_spec("loihi", 400, values), s)),
        lazy(sparse_spec(neuron_spec("loihi", 400, values), s));
    std::vector<std::vector<uint16_t>> first;
    int left_out = 0;
    for (int run = 0; run < 2; run++) {
        for (uint64_t t = 0; t < 3000; t++) {
            const std::vector<uint16_t> inbox =
                t % 200 < 20 ? std::vector<uint16_t>{uint16_t(t % 30)} : std::vector<uint16_t>();
            const std::vector<uint16_t> fired = core.step(t, inbox);
            if (inbox.empty() && lazy.rests) {
                ASSERT_TRUE(fired.empty());
                left_out++;
            } else
                ASSERT_EQ(lazy.step(t, inbox), fired) << t;
            if (run == 0)
                first.push_back(fired);
            else
                ASSERT_EQ(fired, first[t]) << t;
        }
        if (run == 0) { // in the middle of it
            core.step(3000, {1, 2, 3}), lazy.step(3000, {1, 2, 3});
            weft_sparse_kind.reset(core.of), weft_sparse_kind.reset(lazy.of);
            lazy.rests = false;
        }
    }
    EXPECT_GT(left_out, 3000);
    EXPECT_EQ(core.counts.updates_active, lazy.counts.updates_active);
}

} // namespace
