// Networks of others on Loihi 1, beside the same networks in floating point: how far off the chip's numbers are. With
// the chip's weights, decays and thresholds floating point gives the chip's spikes but for a hundredth: what the chip
// rounds in a tick is little beside weights of 8 bits, which move single spikes of nets that feed back. There is no
// stimulus beside these nets but that of Norse; the others get random spikes.
#include <cstdio>
#include <filesystem>

#include "tests/support/spike_program_fixture.h"

using namespace weft_test;

namespace {

#define NEEDS(name)                                                                                                    \
    if (!std::filesystem::exists(nir_path(name))) GTEST_SKIP() << "no " << nir_path(name)

struct OnLoihi {
    Snn snn;
    chip_ptr chip = load_chip("loihi1");
    Fit fit{nullptr, weft_snn_fit_destroy};
    layout_ptr layout;
    Program program{nullptr, weft_spike_program_destroy};
};

// Neurons in their order, `each[k]` of the k-th population on a core (the last for all that come).
OnLoihi on_loihi(const char *file, const weft_snn_fit_options &options, const std::vector<uint32_t> &each) {
    OnLoihi on;
    weft_snn *snn = nullptr;
    weft_spike_layout *layout = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_snn_read(&snn, nir_path(file).c_str(), options.dt, &err), WEFT_OK) << err.text;
    on.snn.reset(snn);
    on.fit = make_fit(snn, on.chip.get(), options);
    std::vector<std::string> texts;
    int core = 0;
    for (int p = 0; p < snn->population_count; p++) {
        const weft_snn_population &population = snn->populations[p];
        if (!weft_snn_is_neuron(&population)) continue;
        const uint32_t most = each[std::min(texts.size(), each.size() - 1)];
        std::string text = std::string(population.name) + " " + std::to_string(population.size);
        for (uint32_t n = 0; n < population.size; n += most)
            text += (n ? "; " : ": ") + std::to_string(core++) + " " + std::to_string(n) + "-" +
                    std::to_string(std::min(n + most, population.size) - 1);
        texts.push_back(text);
    }
    const spike_mapping_ptr mapping = parse_mapping(mapping_text(texts), &err);
    EXPECT_TRUE(mapping) << err.text;
    EXPECT_EQ(weft_spike_mapping_check(mapping.get(), snn, on.chip.get(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_spike_layout_create(&layout, mapping.get(), snn, on.fit.get(), on.chip.get(), &err), WEFT_OK)
        << err.text;
    on.layout.reset(layout);
    on.program = make_program(layout, snn, on.fit.get(), on.chip.get());
    return on;
}

// How two runs of a population agree.
struct Agreement {
    uint64_t wanted = 0, got = 0, same = 0; // spikes, and those of one step and neuron
    double share() const { return double(same) / double(std::max<uint64_t>(1, std::max(wanted, got))); }
};

Agreement agreement(const Outcome &wanted, const Outcome &got, int population) {
    const auto &a = wanted.spikes[size_t(population)], &b = got.spikes[size_t(population)];
    std::vector<std::pair<uint64_t, uint32_t>> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return {a.size(), b.size(), both.size()};
}

// Samples whose class, the neuron with most spikes, is the same.
uint64_t same_answers(const Outcome &wanted, const Outcome &got, uint64_t samples) {
    const size_t classes = wanted.counts.size() / samples;
    uint64_t same = 0;
    for (size_t s = 0; s < samples; s++) {
        const auto a = wanted.counts.begin() + long(s * classes), b = got.counts.begin() + long(s * classes);
        same += std::max_element(a, a + long(classes)) - a == std::max_element(b, b + long(classes)) - b;
    }
    return same;
}

// The network with the chip's weights, decays and thresholds, as floating point sees them.
void round_network(const OnLoihi &on) {
    const weft_snn *snn = on.snn.get();
    for (int i = 0; i < snn->projection_count; i++) {
        const weft_snn_fit_projection &of = on.fit->projections[i];
        const double unit = std::ldexp(1, of.exponent) / on.fit->populations[snn->projections[i].target].scale;
        for (uint64_t s = 0; s < snn->projections[i].count; s++)
            snn->projections[i].weights[s] = float(double(of.weights[s]) * unit);
    }
    for (int p = 0; p < snn->population_count; p++) {
        const weft_snn_fit_population *of = &on.fit->populations[p];
        const auto set = [&](weft_snn_parameter parameter, auto &&value) {
            const weft_snn_values &values = snn->populations[p].parameters[parameter];
            for (uint32_t n = 0; values.values && n < values.count; n++) values.values[n] = value(n);
        };
        const auto tau = [&](const char *name) {
            return
                [&on, of, name](uint32_t n) { return on.fit->options.dt * 4096 / weft_snn_fit_value(of, name, n, 0); };
        };
        set(WEFT_SNN_TAU, tau("decay_v"));
        set(WEFT_SNN_TAU_SYN, tau("decay_u"));
        set(WEFT_SNN_V_THRESHOLD, [&](uint32_t n) {
            return 64 * weft_snn_fit_value(of, "threshold", n, 0) * weft_snn_fit_value(of, "membrane_unit", n, 0);
        });
    }
}

// The network, the chip, and the network with the chip's numbers.
struct Runs {
    Outcome network, chip, rounded;
};

Runs run_all(const OnLoihi &on, const Samples &s, const weft_spikes &input, bool probed = false) {
    Runs out;
    out.network = run_float(on.snn.get(), on.fit->options, input, s);
    out.chip = run_chip(on.program.get(), input, s, probed);
    round_network(on);
    out.rounded = run_float(on.snn.get(), on.fit->options, input, s);
    return out;
}

// Of a population: spikes of the network and of the chip, those in the same step and neuron, of the most of both; and
// the same share of the chip and the rounded network.
struct Row {
    const char *population;
    uint64_t network, chip;
    double same, same_rounded;
};

void expect_rows(const OnLoihi &on, const Runs &of, const std::vector<Row> &rows) {
    size_t row = 0;
    for (int p = 0; p < on.snn->population_count; p++) {
        if (!weft_snn_is_neuron(&on.snn->populations[p])) continue;
        const Agreement a = agreement(of.network, of.chip, p), b = agreement(of.rounded, of.chip, p);
        const Row got = {on.snn->populations[p].name, a.wanted, a.got, a.share(), b.share()};
        if (std::getenv("WEFT_SHOW"))
            std::printf("{\"%s\", %llu, %llu, %.3f, %.3f}\n", got.population, (unsigned long long)got.network,
                        (unsigned long long)got.chip, got.same, got.same_rounded);
        ASSERT_LT(row, rows.size());
        EXPECT_STREQ(got.population, rows[row].population);
        EXPECT_EQ(got.network, rows[row].network) << got.population;
        EXPECT_EQ(got.chip, rows[row].chip) << got.population;
        EXPECT_NEAR(got.same, rows[row].same, 0.001) << got.population;
        EXPECT_NEAR(got.same_rounded, rows[row].same_rounded, 0.001) << got.population;
        row++;
    }
    EXPECT_EQ(row, rows.size());
}

TEST(LoihiNetworks, Norse) { // on the stimulus that Norse had
    NEEDS("lif_norse.csv");
    const OnLoihi on = on_loihi("lif_norse.nir", {1e-4, false, false, false}, {1});
    SpikeList input;
    float value = 0;
    Samples s;
    s.ticks = 1000;
    std::FILE *file = std::fopen(nir_path("lif_norse.csv").c_str(), "r");
    for (uint64_t t = 0; std::fscanf(file, "%f,%*f,%*f", &value) == 1; t++)
        if (value != 0) weft_spikes_add(&input, t, 0, nullptr);
    std::fclose(file);
    const Runs of = run_all(on, s, input, true);
    double apart = 0;
    for (size_t i = 0; i < 1000; i++)
        apart = std::max(apart, std::fabs(of.chip.membranes[1][i] - of.network.membranes[1][i]));
    EXPECT_NEAR(apart, 5.611e-5, 1e-8); // of a threshold of 0.1: a decay of 164 / 4096 for 1 / 25
    EXPECT_EQ(of.chip.spikes[1], of.network.spikes[1]);
    expect_rows(on, of, {{"1", 4, 4, 1, 1}});
}

TEST(LoihiNetworks, Cnn) {
    NEEDS("cnn_sinabs.nir");
    const std::vector<Row> to_zero = {{"1", 3993, 3971, 0.914, 1},
                                      {"3", 5794, 5767, 0.707, 1},
                                      {"6", 1546, 1509, 0.756, 0.999},
                                      {"10", 228, 245, 0.678, 0.996},
                                      {"12", 7, 8, 0.625, 1}},
                           by_subtraction = {{"1", 14743, 14603, 0.885, 1},
                                             {"3", 28044, 27583, 0.759, 1},
                                             {"6", 7822, 7717, 0.929, 1},
                                             {"10", 1122, 1141, 0.890, 1},
                                             {"12", 60, 56, 0.767, 1}};
    for (bool subtract : {false, true}) {
        const OnLoihi on = on_loihi("cnn_sinabs.nir", {1, false, subtract, false}, {256, 256, 64, 64, 10});
        SpikeList input;
        Samples s;
        s.count = subtract ? 3 : 1, s.ticks = 16, s.reset = true, s.rate = 0.2;
        random_input(&input, s, on.snn->inputs, 1);
        const Runs of = run_all(on, s, input);
        expect_rows(on, of, subtract ? by_subtraction : to_zero);
        EXPECT_EQ(same_answers(of.network, of.chip, s.count), s.count);
        EXPECT_EQ(same_answers(of.rounded, of.chip, s.count), s.count);
    }
}

void expect_braille(const char *file, bool subtract, const std::vector<Row> &rows, uint64_t same) {
    const OnLoihi on = on_loihi(file, {1e-4, false, subtract, false}, {1024});
    SpikeList input;
    Samples s;
    s.count = 20, s.ticks = 256, s.reset = true, s.rate = 0.1;
    random_input(&input, s, on.snn->inputs, 1);
    const Runs of = run_all(on, s, input);
    expect_rows(on, of, rows);
    EXPECT_EQ(same_answers(of.network, of.chip, s.count), same);
    EXPECT_EQ(same_answers(of.rounded, of.chip, s.count), s.count);
}

TEST(LoihiNetworks, BrailleZero) {
    NEEDS("braille_noDelay_bias_zero.nir");
    expect_braille("braille_noDelay_bias_zero.nir", false,
                   {{"lif1.lif", 1543, 1524, 0.666, 0.991}, {"lif2", 12261, 12173, 0.635, 0.988}}, 18);
}

TEST(LoihiNetworks, BrailleSubtract) {
    NEEDS("braille_noDelay_noBias_subtract.nir");
    expect_braille("braille_noDelay_noBias_subtract.nir", true,
                   {{"lif1.lif", 1406, 1370, 0.742, 0.992}, {"lif2", 1268, 1205, 0.685, 0.988}}, 15);
}

} // namespace
