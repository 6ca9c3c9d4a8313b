// Networks on ODIN: fitted, mapped and run, against a simulator of single events made here, and against floating point
// where every neuron gets one event a tick at most.
#include "mapper/spike.h"
#include "tests/support/spike_program_fixture.h"

using namespace weft_test;

namespace {

const weft_snn_fit_options plain = {1, false, false, false};

// in 30 -> a 40, which is connected with itself; a -> b 12. Weights are multiples of `unit`, of both signs unless only
// excitatory; `synapses` of each source.
struct OdinNet {
    hand_net net{"odin"};
    std::vector<std::unique_ptr<Values>> kept;
    Fit fit{nullptr, weft_snn_fit_destroy};
    chip_ptr chip = load_chip("odin");
    std::unique_ptr<weft_spike_mapping, mapping_deleter> mapping;
    layout_ptr layout;
    static constexpr double unit = 0.25;

    OdinNet(uint32_t seed, bool excitatory, uint32_t synapses) {
        std::mt19937 dice(seed);
        const int in = net.input("in", 30), a = net.neurons("a", 40), b = net.neurons("b", 12, true);
        const auto connect = [&](int from, int to, int delay) {
            std::map<std::pair<uint32_t, uint32_t>, float> all;
            for (uint32_t n = 0; n < net.populations[size_t(from)].size; n++)
                for (uint32_t k = 0; k < synapses; k++) {
                    const float size = float(unit * (1 + dice() % 7));
                    all[{n, dice() % net.populations[size_t(to)].size}] = !excitatory && dice() % 3 == 0 ? -size : size;
                }
            std::vector<synapse> list;
            for (const auto &[at, weight] : all) list.push_back({at.first, at.second, weight});
            net.project(from, to, list, delay, delay > 0);
        };
        connect(in, a, 0), connect(a, a, 1), connect(a, b, 0);
        for (int p : {a, b}) {
            auto &of = net.populations[size_t(p)];
            const bool threshold = !excitatory && p == b && seed % 2;
            if (threshold) of.model = WEFT_NIR_THRESHOLD;
            set(&of, WEFT_SNN_V_THRESHOLD, of.size, [&] { return unit * (threshold ? 1 : 5 + double(dice() % 20)); });
            if (threshold) continue;
            set(&of, WEFT_SNN_R, 1, [] { return 1.0; });
            set(&of, WEFT_SNN_V_RESET, 1, [] { return 0.0; });
        }
    }
    template <typename F> void set(weft_snn_population *p, weft_snn_parameter which, uint32_t count, F value) {
        kept.push_back(std::make_unique<Values>(count));
        for (double &v : *kept.back()) v = value();
        p->parameters[which] = {kept.back()->data(), count};
    }
    void map() {
        weft_spike_mapping *out = nullptr;
        weft_spike_map_report report = {};
        weft_spike_layout *laid = nullptr;
        weft_error err = {};
        const weft_spike_map_options options = weft_spike_map_defaults();
        fit = make_fit(&net.snn, chip.get(), plain);
        ASSERT_TRUE(fit);
        ASSERT_EQ(weft_spike_map(&out, &report, &net.snn, fit.get(), chip.get(), &options, &err), WEFT_OK) << err.text;
        mapping.reset(out);
        weft_spike_map_report_destroy(&report);
        ASSERT_EQ(weft_spike_layout_create(&laid, out, &net.snn, fit.get(), chip.get(), &err), WEFT_OK) << err.text;
        layout.reset(laid);
    }
};

using Spike = std::pair<uint64_t, uint32_t>;
struct Events {
    std::vector<std::vector<Spike>> spikes; // [populations]
    bool single = true;                     // no neuron got two events in a step
};

// Every event of a step by itself: by source population, neuron, sign; a spike once a step, one more in the next.
Events event_by_event(const OdinNet &of, const SpikeList &input, uint64_t steps) {
    const auto &populations = of.net.populations;
    Events out;
    out.spikes.resize(populations.size());
    for (const auto &s : input.all()) out.spikes[0].push_back(s);
    std::vector<std::vector<int>> v(populations.size());
    for (size_t p = 0; p < v.size(); p++) v[p].resize(populations[p].size);
    const auto fired = [&](int p, uint64_t step, uint32_t n) {
        const auto &list = out.spikes[size_t(p)];
        return std::find(list.begin(), list.end(), Spike(step, n)) != list.end();
    };
    for (uint64_t step = 0; step < steps; step++)
        for (int p = 1; p < int(populations.size()); p++)
            for (uint32_t n = 0; n < populations[size_t(p)].size; n++) {
                const bool memory = populations[size_t(p)].model == WEFT_NIR_IF;
                const double limit = weft_snn_value(&populations[size_t(p)].parameters[WEFT_SNN_V_THRESHOLD], n);
                const int threshold = int(limit / OdinNet::unit) + 1;
                int &m = v[size_t(p)][n], events = 0;
                bool spike = m >= threshold;
                if (spike) m = 0;
                for (int source = 0; source < int(populations.size()); source++)
                    for (uint32_t k = 0; k < populations[size_t(source)].size; k++)
                        for (const auto &projection : of.net.projections) {
                            if (projection.target != p || projection.source != source) continue;
                            if (step < uint64_t(projection.delay) ||
                                !fired(source, step - uint64_t(projection.delay), k))
                                continue;
                            for (uint64_t s = projection.first[k]; s < projection.first[k + 1]; s++) {
                                if (projection.targets[s] != n) continue;
                                events++;
                                m = std::min(std::max(m + int(projection.weights[s] / OdinNet::unit), 0), 255);
                                if (m < threshold || spike) continue;
                                spike = true, m = 0;
                            }
                        }
                out.single &= events < 2;
                if (!memory) m = std::max(m - 127, 0);
                if (spike) out.spikes[size_t(p)].emplace_back(step, n);
            }
    return out;
}

uint64_t expect_same(const OdinNet &of, const std::vector<std::vector<Spike>> &got,
                     const std::vector<std::vector<Spike>> &wanted) {
    uint64_t spikes = 0;
    for (size_t p = 1; p < wanted.size(); p++) {
        EXPECT_EQ(got[p], wanted[p]) << of.net.populations[p].name;
        spikes += wanted[p].size();
    }
    return spikes;
}

TEST(OdinNetworks, RunEventByEvent) { // both signs, a loop, IF and Threshold
    uint64_t spikes = 0, copies = 0;
    for (uint32_t seed = 0; seed < 12 && !testing::Test::HasFailure(); seed++) {
        SCOPED_TRACE(seed);
        OdinNet of(seed, false, 5);
        of.map();
        ASSERT_TRUE(of.layout);
        const Program program = make_program(of.layout.get(), &of.net.snn, of.fit.get(), of.chip.get());
        Samples s;
        s.ticks = 40, s.rate = 0.15;
        SpikeList input;
        random_input(&input, s, 30, seed);
        const Outcome got = run_chip(program.get(), input, s);
        spikes += expect_same(of, got.spikes, event_by_event(of, input, s.ticks).spikes);
        copies += of.layout->copies;
        EXPECT_EQ(got.result.total.synaptic_events, 256 * got.result.total.axon_events);
        EXPECT_LE(of.layout->cores[0].slot_count + 30, 256);
    }
    EXPECT_GT(spikes, 1500u);
    EXPECT_GT(copies, 100u); // neurons of both signs
}

TEST(OdinNetworks, SingleEventsAreFloatingPoint) { // sparse and excitatory
    uint64_t spikes = 0, networks = 0;
    for (uint32_t seed = 100; seed < 220 && !testing::Test::HasFailure(); seed++) {
        SCOPED_TRACE(seed);
        OdinNet of(seed, true, 1);
        of.map();
        ASSERT_TRUE(of.layout);
        Samples s;
        s.ticks = 60, s.rate = 0.02;
        SpikeList input;
        random_input(&input, s, 30, seed);
        const Events events = event_by_event(of, input, s.ticks);
        if (!events.single) continue;
        const Program program = make_program(of.layout.get(), &of.net.snn, of.fit.get(), of.chip.get());
        const Outcome wanted = run_float(&of.net.snn, plain, input, s), got = run_chip(program.get(), input, s, true);
        spikes += expect_same(of, got.spikes, wanted.spikes);
        for (size_t p = 1; p < wanted.membranes.size(); p++) EXPECT_EQ(got.membranes[p], wanted.membranes[p]);
        networks++;
    }
    EXPECT_GT(networks, 5u);
    EXPECT_GT(spikes, 30u);
}

std::string map_error(const OdinNet &of, const weft_snn_fit *fit, weft_status wanted) {
    weft_spike_mapping *out = nullptr;
    weft_spike_map_report report = {};
    weft_error err = {};
    const weft_spike_map_options options = weft_spike_map_defaults();
    EXPECT_EQ(weft_spike_map(&out, &report, &of.net.snn, fit, of.chip.get(), &options, &err), wanted);
    return err.text;
}

TEST(OdinNetworks, InputsAndNeuronsShareRows) { // neurons of b have a row each, which nothing is an axon of
    OdinNet of(1, false, 5);
    of.map();
    ASSERT_TRUE(of.layout);
    const int axons = of.layout->cores[0].axon_count;
    EXPECT_EQ(axons - of.layout->cores[0].slot_count + 12, int(of.layout->input_first[30]));
    const auto lay = [&](int rows) {
        const chip_ptr chip = load_chip("odin", {"limits.axons=" + std::to_string(rows)});
        weft_error err = {};
        weft_spike_layout *out = nullptr;
        weft_spike_layout_create(&out, of.mapping.get(), &of.net.snn, of.fit.get(), chip.get(), &err);
        weft_spike_layout_destroy(out);
        return std::string(err.text);
    };
    const std::string shared = lay(axons + 11);
    EXPECT_NE(shared.find("which share the " + std::to_string(axons + 11) + " rows of odin's synapses"),
              std::string::npos)
        << shared;
    EXPECT_EQ(lay(axons + 12), "");
    of.chip = load_chip("odin", {"limits.axons=60"});
    EXPECT_EQ(map_error(of, of.fit.get(), WEFT_E_NO_FIT), "the network takes 6 cores, odin has 1");
}

TEST(OdinNetworks, RefusalsOfTheFit) {
    OdinNet of(2, true, 3);
    auto &a = of.net.populations[1];
    const auto error = [&](const weft_snn_fit_options &options = plain) {
        return fit_error(&of.net.snn, of.chip.get(), options);
    };
    a.model = WEFT_NIR_LIF;
    EXPECT_EQ(error(),
              "population 'a': LIF neurons, whose leak is a share of the membrane; ODIN's takes the same off in "
              "every tick, and IF and Threshold are what it can be");
    a.model = WEFT_NIR_I;
    EXPECT_EQ(error(), "population 'a': its membranes go on to 'a'; only spikes go from neuron to neuron on a chip");
    a.model = WEFT_NIR_IF;
    EXPECT_EQ(error({1, false, true, false}),
              "population 'a': a reset by subtraction; a neuron of ODIN begins again at 0");
    a.parameters[WEFT_SNN_V_RESET].values[0] = 1;
    EXPECT_EQ(error(), "population 'a', neuron 0: its v_reset is not 0, where a neuron of ODIN begins again");
    a.parameters[WEFT_SNN_V_RESET].values[0] = 0;
    double &threshold = a.parameters[WEFT_SNN_V_THRESHOLD].values[3], before = threshold;
    threshold = 64;
    EXPECT_EQ(error(),
              "population 'a', neuron 3: its threshold is not 1 to 255 units of its weights; `round` scales and "
              "rounds");
    threshold = -1;
    EXPECT_NE(error().find("its threshold is not 1 to 255"), std::string::npos);
    threshold = before;
    Values bias(40);
    bias[5] = 0.25;
    weft_snn_bias one = {0, bias.data()};
    a.biases = &one, a.bias_count = 1;
    EXPECT_EQ(error(), "population 'a', neuron 5: it has a bias; a neuron of ODIN has none");
    a.biases = nullptr, a.bias_count = 0;
    for (auto &p : of.net.projections)
        for (uint64_t s = 0; s < p.count; s++) p.weights[s] = s % 2 ? 1.0f : 0.3f;
    EXPECT_EQ(error(),
              "population 'a': its weights are no whole numbers, -7 to 7, of one unit; `round` scales and rounds");
    const Fit rounded = make_fit(&of.net.snn, of.chip.get(), {1, false, false, true});
    ASSERT_TRUE(rounded);
    EXPECT_EQ(rounded->projections[0].weights[1], 7);
    EXPECT_EQ(rounded->projections[0].weights[0], 2); // 0.3 x 7
    EXPECT_NEAR(rounded->projections[0].error, 0.3 - 2.0 / 7, 1e-7);
    EXPECT_NEAR(weft_snn_fit_value(&rounded->populations[1], "threshold", 0, 0),
                std::floor(7 * a.parameters[WEFT_SNN_V_THRESHOLD].values[0]) + 1, 0);
}

} // namespace
