// The sparse core by hand: weights and exponents, delays, rest, counts, memory, errors.
#include <cmath>
#include <limits>

#include "tests/support/sparse_fixture.h"

namespace {

// Neurons that show in v what came in the tick, and never fire.
weft_neuron_spec probes(int count) {
    static const NeuronValues values = {{"decay_v", {4096}}, {"threshold", {131071}}};
    return neuron_spec("loihi", count, values);
}

TEST(Sparse, WeightsInUnitsOf64) {
    Synapses s = {{{{0, 0, 3}, {1, 0, -128}}, {{1, 0, 127}}}};
    SparseCore core(sparse_spec(probes(3), s));
    EXPECT_TRUE(core.step(0, {0, 1, 1}).empty());
    EXPECT_EQ(core.v(0), 3 * 64);
    EXPECT_EQ(core.v(1), (-128 + 2 * 127) * 64);
    EXPECT_EQ(core.v(2), 0);
    EXPECT_EQ(core.counts.axon_events, 3u);
    EXPECT_EQ(core.counts.synaptic_events, 4u);
    EXPECT_EQ(core.counts.updates_active, 2u);
    EXPECT_EQ(core.counts.updates_inactive, 1u);
}

TEST(Sparse, EventsThatCancelAreActive) {
    Synapses s = {{{{0, 0, 5}}, {{0, 0, -5}}}};
    SparseCore core(sparse_spec(probes(1), s));
    core.step(0, {0, 1});
    EXPECT_EQ(core.v(0), 0);
    EXPECT_EQ(core.counts.updates_active, 1u);
}

// floor(w 2^e), at most 32767 either way, times 64.
TEST(Sparse, Exponents) {
    struct Case {
        int weight, exponent, expected;
    };
    const Case cases[] = {{-3, -1, -2},        {3, -1, 1},        {-1, -8, -1},      {255, -8, 0},
                          {255, 7, 255 * 128}, {-256, 7, -32767}, {-256, 6, -16384}, {5, 3, 40}};
    for (const Case &c : cases)
        for (int other : {-8, 0, 7}) { // an axon with another exponent changes the layout, not the weight
            Synapses s = {{{{0, 0, float(c.weight)}}, {{1, 0, 1}}}};
            const int8_t exponents[] = {int8_t(c.exponent), int8_t(other)};
            weft_sparse_spec spec = sparse_spec(probes(2), s);
            spec.exponents = exponents;
            spec.weight_bits = c.weight > 0 ? 8 : 9;
            spec.sign = c.weight > 0 ? WEFT_SPARSE_POSITIVE : WEFT_SPARSE_SIGNED;
            SparseCore core(spec);
            core.step(0, {0});
            EXPECT_EQ(core.v(0), 64.0 * c.expected) << c.weight << ' ' << c.exponent << ' ' << other;
            EXPECT_EQ(weft_sparse_weight(core.of, 0, 0), c.expected);
        }
}

TEST(Sparse, DelaysAndRest) {
    Synapses s = {{{{0, 0, 1}, {1, 2, 10}, {0, 62, 20}}}};
    SparseCore core(sparse_spec(probes(2), s));
    core.step(100, {0});
    EXPECT_EQ(core.v(0), 64);
    for (uint64_t t = 101; t < 170; t++) {
        EXPECT_FALSE(t < 162 && core.rests) << t; // an event is under way
        core.step(t, {});
        EXPECT_EQ(core.v(0), t == 162 ? 20 * 64 : 0) << t;
        EXPECT_EQ(core.v(1), t == 102 ? 10 * 64 : 0) << t;
    }
    EXPECT_TRUE(core.rests);
    EXPECT_EQ(core.counts.updates_active, 3u);
    EXPECT_EQ(core.counts.updates_active + core.counts.updates_inactive, 70u * 2);
}

TEST(Sparse, RestsOnlyWhenNothingMoves) {
    Synapses s = {{{{0, 0, 100}}}};
    SparseCore quiet(sparse_spec(neuron_spec("loihi", 300, {{"decay_v", {2048}}}), s));
    SparseCore biased(
        sparse_spec(neuron_spec("loihi", 300, {{"bias", {1}}, {"decay_v", {2048}}, {"threshold", {0}}}), s));
    quiet.step(0, {});
    EXPECT_TRUE(quiet.rests);
    quiet.step(1, {0});
    EXPECT_FALSE(quiet.rests);
    uint64_t t = 2;
    for (; !quiet.rests && t < 100; t++) quiet.step(t, {});
    EXPECT_EQ(quiet.v(0), 0); // 6400 halves 13 times: gone in tick 14, seen to rest in 15
    EXPECT_EQ(t, 16u);
    for (t = 0; t < 50; t++) {
        biased.step(t, {});
        EXPECT_FALSE(biased.rests);
    }
}

TEST(Sparse, RowsAndListsAgree) {
    for (int bits : {8, 9})
        for (const char *model : {"loihi", "li"}) {
            Synapses row = {{{}}}, list = {{{}}};
            for (int i = 0; i < 40; i++) {
                const weft_sparse_synapse synapse = {uint16_t(i + 3), 0, float(i % 5 ? 6 * i - 112 : 0)};
                row.of[0].push_back(synapse);
                list.of[0].insert(list.of[0].begin(), synapse);
            }
            const NeuronValues values = {};
            weft_sparse_spec a = sparse_spec(neuron_spec(model, 50, values), row);
            weft_sparse_spec b = sparse_spec(neuron_spec(model, 50, values), list);
            a.weight_bits = b.weight_bits = bits;
            SparseCore in_row(a), in_list(b);
            in_row.step(0, {0, 0}), in_list.step(0, {0, 0});
            for (int i = 0; i < 50; i++) EXPECT_EQ(in_row.v(i), in_list.v(i)) << i;
            EXPECT_EQ(in_row.counts.synaptic_events, 2u * 32);
            EXPECT_EQ(in_list.counts.synaptic_events, 2u * 32);
            EXPECT_EQ(in_row.counts.updates_active, in_list.counts.updates_active);
        }
}

TEST(Sparse, FloatingPointSums) {
    Synapses s = {{{{0, 0, 0.25f}}, {{0, 1, -1.5f}, {0, 0, 1e-20f}}}};
    SparseCore core(sparse_spec(neuron_spec("i", 1, {}, 1), s));
    core.step(0, {0, 1});
    EXPECT_EQ(core.v(0), 0.25 + double(1e-20f));
    core.step(1, {});
    EXPECT_EQ(core.v(0), 0.25 + double(1e-20f) - 1.5);
    EXPECT_EQ(core.counts.updates_active, 2u);
}

TEST(Sparse, Memory) {
    EXPECT_EQ(weft_sparse_axon_bits(0, 18), 0u);
    EXPECT_EQ(weft_sparse_axon_bits(3, 18), 64u);    // 3 * 18 + 10 = 64
    EXPECT_EQ(weft_sparse_axon_bits(4, 18), 128u);   // 82
    EXPECT_EQ(weft_sparse_axon_bits(64, 18), 1216u); // 1162
    EXPECT_EQ(weft_sparse_axon_bits(131, 18), 2u * 1216 + 64);
    Synapses s = {{{{0, 0, 1}, {1, 5, 1}, {2, 0, 0}}, {}, {{999, 0, 1}}}};
    SparseCore core(sparse_spec(probes(1000), s)); // 10 bits of index, 3 of delay, 8 of weight: 3 * 21 + 10 = 73
    EXPECT_EQ(weft_sparse_memory(core.of), (128u + 64) / 8);
    // heads of 16; one neuron (padded to 4) and one weight make 5, two 6: all in eights; 4 places
    EXPECT_EQ(weft_sparse_host_memory(core.of), 3u * (16 + 8) + 4 * 4);
}

void refused(const weft_sparse_spec &spec, const char *text) {
    weft_sparse *core = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_sparse_create(&core, &spec, &err), WEFT_E_INVALID);
    EXPECT_EQ(core, nullptr);
    EXPECT_NE(std::string(err.text).find(text), std::string::npos) << err.text;
}

TEST(Sparse, Errors) {
    const auto with = [](weft_sparse_synapse synapse, int bits, weft_sparse_sign sign, const char *text) {
        Synapses s = {{{}, {{0, 0, 0}, synapse}}};
        weft_sparse_spec spec = sparse_spec(probes(4), s);
        spec.weight_bits = bits, spec.sign = sign;
        refused(spec, text);
    };
    with({4, 0, 1}, 8, WEFT_SPARSE_SIGNED, "synapse 1 of axon 1 goes to neuron 4 of 4");
    with({0, 63, 1}, 8, WEFT_SPARSE_SIGNED, "a delay of 63; 0 to 62");
    with({0, 0, 128}, 8, WEFT_SPARSE_SIGNED, "is 128; whole numbers from -128 to 127");
    with({0, 0, 0.5}, 8, WEFT_SPARSE_SIGNED, "is 0.5");
    with({0, 0, -1}, 8, WEFT_SPARSE_POSITIVE, "from 0 to 255");
    with({0, 0, -4}, 2, WEFT_SPARSE_NEGATIVE, "from -3 to 0");
    with({0, 0, 1}, 1, WEFT_SPARSE_SIGNED, "from -1 to 0");
    with({0, 0, std::numeric_limits<float>::quiet_NaN()}, 8, WEFT_SPARSE_SIGNED, "not finite");
    with({0, 0, 1}, 10, WEFT_SPARSE_SIGNED, "10 bits; 1 to 9");
    with({0, 0, 1}, 9, WEFT_SPARSE_POSITIVE, "9 bits; 1 to 8");
    Synapses s = {{{}, {}}};
    const int8_t exponents[] = {0, 8};
    weft_sparse_spec spec = sparse_spec(probes(1), s);
    spec.exponents = exponents;
    refused(spec, "exponent 8 of axon 1; -8 to 7");
    spec = sparse_spec(probes(0), s);
    refused(spec, "0 neurons");
    spec = sparse_spec(probes(1), s);
    const uint64_t backwards[] = {0, 1, 0};
    spec.first = backwards;
    const weft_sparse_synapse synapse = {0, 0, 1};
    spec.synapses = &synapse;
    refused(spec, "axon 1 end before they start");
}

// ---- distortion ----

weft_sparse_distortion distortion(const weft_transform_chain *chain, float alpha, int first, int axons,
                                  uint64_t element) {
    return {chain, alpha, {5, 0, 1, WEFT_PURPOSE_PROGRAM}, element, first, axons};
}

weft_transform_chain chain_of(const char *text) {
    weft_transform_chain chain = {};
    EXPECT_EQ(weft_transform_chain_parse(&chain, text, nullptr), WEFT_OK);
    return chain;
}

std::vector<double> weights(const SparseCore &core, int axons, int neurons) {
    std::vector<double> all;
    for (int a = 0; a < axons; a++)
        for (int n = 0; n < neurons; n++) all.push_back(weft_sparse_weight(core.of, a, n));
    return all;
}

// Lists, rows and delays.
Synapses mixed(bool whole) {
    Synapses s;
    for (int a = 0; a < 6; a++) {
        s.of.emplace_back();
        for (int i = 0; i < 30; i++) {
            const float w = float((a * 30 + i) % 200 - 100);
            s.of.back().push_back(
                {uint16_t(a % 2 ? i : (i * 7) % 30), uint16_t(a == 4 ? i % 3 : 0), whole ? w : w / 64});
        }
    }
    return s;
}

TEST(SparseDistort, NoErrorChangesNothing) {
    for (const char *model : {"loihi", "lif"}) {
        Synapses s = mixed(model[1] == 'o');
        const NeuronValues values = {};
        weft_sparse_spec spec = sparse_spec(neuron_spec(model, 30, values), s);
        const int8_t exponents[] = {0, 3, -2, 7, 1, 0};
        spec.exponents = exponents;
        SparseCore core(spec), plain(spec);
        const weft_transform_chain chain = chain_of("addnorm:sigma=0");
        const weft_sparse_distortion d = distortion(&chain, 1, 0, 6, 0);
        ASSERT_EQ(weft_sparse_distort(core.of, &d, nullptr), WEFT_OK);
        EXPECT_EQ(weights(core, 6, 30), weights(plain, 6, 30));
        for (uint64_t t = 0; t < 20; t++) {
            const std::vector<uint16_t> axons = {uint16_t(t % 3), uint16_t(3 + t % 3)};
            ASSERT_EQ(core.step(t, axons), plain.step(t, axons));
            for (int i = 0; i < 30; i++) ASSERT_EQ(core.v(i), plain.v(i));
        }
        EXPECT_EQ(core.counts.synaptic_events, plain.counts.synaptic_events);
    }
}

TEST(SparseDistort, PartsDrawWhatTheWholeDraws) {
    Synapses s = mixed(false);
    const NeuronValues values = {};
    weft_sparse_spec spec = sparse_spec(neuron_spec("lif", 30, values), s);
    SparseCore whole(spec), parts(spec), plain(spec);
    const weft_transform_chain chain = chain_of("addnorm:sigma=0.1");
    const weft_sparse_distortion all = distortion(&chain, 2, 0, 6, 1000), low = distortion(&chain, 2, 0, 2, 1000),
                                 high = distortion(&chain, 2, 2, 4, 1060);
    ASSERT_EQ(weft_sparse_distort(whole.of, &all, nullptr), WEFT_OK);
    ASSERT_EQ(weft_sparse_distort(parts.of, &low, nullptr), WEFT_OK);
    ASSERT_EQ(weft_sparse_distort(parts.of, &high, nullptr), WEFT_OK);
    EXPECT_EQ(weights(whole, 6, 30), weights(parts, 6, 30));
    const std::vector<double> a = weights(whole, 6, 30), b = weights(plain, 6, 30);
    double squares = 0;
    for (size_t i = 0; i < a.size(); i++) squares += (a[i] - b[i]) * (a[i] - b[i]);
    EXPECT_NEAR(std::sqrt(squares / double(a.size())), 0.2, 0.03); // sigma alpha; 180 draws
}

TEST(SparseDistort, WholeWeightsRoundAndStayInRange) {
    Synapses s = mixed(true);
    weft_sparse_spec spec = sparse_spec(probes(30), s);
    const int8_t exponents[] = {0, 3, -2, 7, 1, 0};
    spec.exponents = exponents;
    SparseCore core(spec), plain(spec);
    const weft_transform_chain chain = chain_of("addnorm:sigma=0.5");
    for (int a = 0; a < 6; a++) {
        const weft_sparse_distortion d =
            distortion(&chain, float(std::ldexp(100, exponents[a])), a, 1, uint64_t(a) * 30);
        ASSERT_EQ(weft_sparse_distort(core.of, &d, nullptr), WEFT_OK);
    }
    int changed = 0, low = 0, high = 0;
    for (int a = 0; a < 6; a++) {
        const double step = std::ldexp(1, std::max<int>(exponents[a], 0)),
                     least = std::floor(std::ldexp(-128, exponents[a])),
                     most = std::floor(std::ldexp(127, exponents[a]));
        for (int n = 0; n < 30; n++) {
            const double w = weft_sparse_weight(core.of, a, n);
            EXPECT_EQ(w, std::round(w / step) * step);
            EXPECT_GE(w, least);
            EXPECT_LE(w, most);
            changed += w != weft_sparse_weight(plain.of, a, n), low += w == least, high += w == most;
        }
    }
    EXPECT_GT(changed, 160);
    EXPECT_GT(low, 3);
    EXPECT_GT(high, 3);
}

// Synapses of weight 0 are cells too: an error makes them active, and a transform may silence others.
TEST(SparseDistort, ZerosComeAndGo) {
    Synapses s = {{{{0, 0, 0}, {1, 0, 4}, {2, 0, -100}, {3, 0, 0}}}};
    SparseCore core(sparse_spec(probes(4), s));
    core.step(0, {0});
    EXPECT_EQ(core.counts.synaptic_events, 2u);
    const weft_transform_chain round = chain_of("round"), noise = chain_of("addnorm:sigma=0.5");
    const weft_sparse_distortion rounded = distortion(&round, 100, 0, 1, 0), noisy = distortion(&noise, 100, 0, 1, 0);
    ASSERT_EQ(weft_sparse_distort(core.of, &rounded, nullptr), WEFT_OK);
    EXPECT_EQ(weights(core, 1, 4), (std::vector<double>{0, 0, -100, 0}));
    core.step(1, {0});
    EXPECT_EQ(core.counts.synaptic_events, 3u);
    EXPECT_EQ(core.v(2), -100 * 64);
    ASSERT_EQ(weft_sparse_distort(core.of, &noisy, nullptr), WEFT_OK);
    core.step(2, {0});
    EXPECT_EQ(core.counts.synaptic_events, 7u);
    for (int i = 0; i < 4; i++) EXPECT_EQ(core.v(i), 64 * weft_sparse_weight(core.of, 0, i));
}

TEST(SparseDistort, Errors) {
    Synapses s = mixed(true);
    SparseCore core(sparse_spec(probes(30), s));
    const weft_transform_chain chain = chain_of("addnorm:sigma=0.1");
    const weft_sparse_distortion cases[] = {distortion(&chain, 1, 5, 2, 0), distortion(&chain, 1, -1, 2, 0),
                                            distortion(&chain, 0, 0, 6, 0)};
    const char *const texts[] = {"axons 5 to 6 are to be distorted; it has 6", "axons -1 to 0", "given as 0"};
    for (int i = 0; i < 3; i++) {
        weft_error err = {};
        EXPECT_EQ(weft_sparse_distort(core.of, &cases[i], &err), WEFT_E_INVALID);
        EXPECT_NE(std::string(err.text).find(texts[i]), std::string::npos) << err.text;
    }
}

} // namespace
