// Networks of others on Loihi 1, beside the same networks in floating point: how far off the chip's numbers are.
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
    double excess() const { return (double(got) - double(wanted)) / double(std::max<uint64_t>(1, wanted)); }
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

struct Pair {
    Outcome wanted, got;
};

Pair run_both(const OnLoihi &on, const Samples &s, const weft_spikes &input, bool probed = false) {
    Pair out = {run_float(on.snn.get(), on.fit->options, input, s), run_chip(on.program.get(), input, s, probed)};
    for (int p = 0; p < on.snn->population_count && std::getenv("WEFT_SHOW"); p++) {
        if (!weft_snn_is_neuron(&on.snn->populations[p])) continue;
        const Agreement a = agreement(out.wanted, out.got, p);
        std::printf("%s: %llu spikes, chip %llu, %llu of both: %.4f\n", on.snn->populations[p].name,
                    (unsigned long long)a.wanted, (unsigned long long)a.got, (unsigned long long)a.same, a.share());
    }
    if (std::getenv("WEFT_SHOW")) {
        for (int i = 0; i < on.fit->projection_count; i++)
            std::printf("projection %d: exponent %d, error %.4f, lost %llu of %llu\n", i,
                        on.fit->projections[i].exponent, on.fit->projections[i].error,
                        (unsigned long long)on.fit->projections[i].lost,
                        (unsigned long long)on.snn->projections[i].count);
        for (int p = 0; p < on.snn->population_count; p++)
            std::printf("%s: threshold %g, decays %g %g, bias %g, scale %g, cores %d\n", on.snn->populations[p].name,
                        weft_snn_fit_value(&on.fit->populations[p], "threshold", 0, -1),
                        weft_snn_fit_value(&on.fit->populations[p], "decay_u", 0, -1),
                        weft_snn_fit_value(&on.fit->populations[p], "decay_v", 0, -1),
                        weft_snn_fit_value(&on.fit->populations[p], "bias", 0, -1), on.fit->populations[p].scale,
                        on.layout->cores_used);
        std::printf("answers: %llu of %llu\n", (unsigned long long)same_answers(out.wanted, out.got, s.count),
                    (unsigned long long)s.count);
    }
    return out;
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
    const Pair of = run_both(on, s, input, true);
    double apart = 0;
    for (size_t i = 0; i < 1000; i++)
        apart = std::max(apart, std::fabs(of.got.membranes[1][i] - of.wanted.membranes[1][i]));
    if (std::getenv("WEFT_SHOW")) std::printf("membranes apart: %g\n", apart);
    EXPECT_EQ(of.got.spikes[1], of.wanted.spikes[1]);
    EXPECT_EQ(of.got.spikes[1].size(), 4u);
}

TEST(LoihiNetworks, Cnn) {
    NEEDS("cnn_sinabs.nir");
    for (bool subtract : {false, true}) {
        const OnLoihi on = on_loihi("cnn_sinabs.nir", {1, false, subtract, false}, {256, 256, 64, 64, 10});
        SpikeList input;
        Samples s;
        s.count = 3, s.ticks = 16, s.reset = true, s.rate = 0.2;
        random_input(&input, s, on.snn->inputs, 1);
        const Pair of = run_both(on, s, input);
        EXPECT_EQ(same_answers(of.wanted, of.got, s.count), s.count);
    }
}

void expect_braille(const char *file, bool subtract) {
    const OnLoihi on = on_loihi(file, {1e-4, false, subtract, false}, {1024});
    SpikeList input;
    Samples s;
    s.count = 20, s.ticks = 256, s.reset = true, s.rate = 0.1;
    random_input(&input, s, on.snn->inputs, 1);
    const Pair of = run_both(on, s, input);
    EXPECT_GE(same_answers(of.wanted, of.got, s.count), s.count);
}

TEST(LoihiNetworks, BrailleZero) {
    NEEDS("braille_noDelay_bias_zero.nir");
    expect_braille("braille_noDelay_bias_zero.nir", false);
}

TEST(LoihiNetworks, BrailleSubtract) {
    NEEDS("braille_noDelay_noBias_subtract.nir");
    expect_braille("braille_noDelay_noBias_subtract.nir", true);
}

} // namespace
