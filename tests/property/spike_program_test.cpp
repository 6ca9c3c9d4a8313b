// Do mapped networks do what the network does? Random networks, mapped at random with copies and relays, against
// weft_float_network: the same spikes in every step.
#include "tests/support/spike_map_random.h"
#include "tests/support/spike_program_fixture.h"

using namespace weft_test;

namespace {

// A random network with parameters, mapped.
struct Mapped : random_case {
    std::vector<std::unique_ptr<Values>> kept;
    std::vector<std::unique_ptr<weft_snn_bias>> biases;
    Fit fit{nullptr, weft_snn_fit_destroy};
    layout_ptr layout;
    std::mt19937 dice;
    static constexpr double unit = 0.375;

    Mapped(uint32_t seed, const char *model, bool relays, uint32_t largest = 10)
        : random_case(seed, model, relays, largest), dice(seed + 12345) {
        for (auto &p : net.projections)
            for (uint64_t s = 0; s < p.count; s++) p.weights[s] *= float(unit);
    }
    double *keep(size_t count) {
        kept.push_back(std::make_unique<Values>(count));
        return kept.back()->data();
    }
    void set(weft_snn_population *p, weft_snn_parameter parameter, int low, int high, double of) {
        p->parameters[parameter] = {keep(p->size), p->size};
        for (uint32_t n = 0; n < p->size; n++)
            p->parameters[parameter].values[n] = of * (low + int(dice() % unsigned(high - low + 1)));
    }
    void bias(weft_snn_population *p, int low, int high) {
        biases.push_back(std::make_unique<weft_snn_bias>());
        *biases.back() = {0, keep(p->size)};
        p->biases = biases.back().get(), p->bias_count = 1;
        for (uint32_t n = 0; n < p->size; n++)
            p->biases[0].values[n] = unit * (low + int(dice() % unsigned(high - low + 1)));
    }
    void threshold(weft_snn_population *p) {
        p->model = WEFT_NIR_THRESHOLD;
        set(p, WEFT_SNN_V_THRESHOLD, 0, 8, unit / 2);
    }
    void integrator(weft_snn_population *p) {
        set(p, WEFT_SNN_V_THRESHOLD, 10, 20, unit);
        set(p, WEFT_SNN_V_RESET, 0, 0, 1);
        p->parameters[WEFT_SNN_R] = {keep(1), 1};
        p->parameters[WEFT_SNN_R].values[0] = 1;
        if (dice() % 2) bias(p, -1, 2);
    }
    void lay(const weft_snn_fit_options &options) {
        weft_error err = {};
        fit = make_fit(&net.snn, chip.get(), options);
        ASSERT_TRUE(fit);
        weft_spike_layout *out = nullptr;
        ASSERT_EQ(weft_spike_mapping_check(mapping.get(), &net.snn, chip.get(), &err), WEFT_OK) << err.text;
        EXPECT_EQ(weft_spike_layout_create(&out, mapping.get(), &net.snn, fit.get(), chip.get(), &err), WEFT_OK)
            << err.text;
        layout.reset(out);
    }
    Program program(const weft_spike_program_options &options = {}) const {
        return make_program(layout.get(), &net.snn, fit.get(), chip.get(), options);
    }
};

// Whether membranes fall below what 24 bits hold on Loihi.
bool falls_out(const Mapped &m, const Outcome &of) {
    for (size_t p = 0; p < of.membranes.size(); p++) {
        const double unit = weft_snn_fit_value(&m.fit->populations[p], "membrane_unit", 0, 1);
        for (double v : of.membranes[p])
            if (v < -8388607 * unit) return true;
    }
    return false;
}

// Returns spikes, 0 where membranes cannot be held; membranes to a rounding.
uint64_t expect_same(const Mapped &m, weft_spike_program *program, const Samples &s, uint32_t seed, bool probed) {
    SpikeList input;
    random_input(&input, s, m.net.snn.inputs, seed);
    const Outcome wanted = run_float(&m.net.snn, m.fit->options, input, s);
    if (m.chip->neuron.model == WEFT_CHIP_NEURON_LOIHI && falls_out(m, wanted)) return 0;
    const Outcome got = run_chip(program, input, s, probed);
    for (size_t p = 0; p < wanted.spikes.size(); p++) {
        EXPECT_EQ(got.spikes[p], wanted.spikes[p]) << "population " << p << ", lag " << m.layout->lag[p];
        if (!probed || got.membranes[p].empty() || wanted.membranes[p].empty()) continue;
        EXPECT_EQ(got.membranes[p].size(), wanted.membranes[p].size());
        for (size_t i = 0; i < wanted.membranes[p].size() && !testing::Test::HasFailure(); i++)
            EXPECT_NEAR(got.membranes[p][i], wanted.membranes[p][i], 1e-9) << p << " " << i;
    }
    EXPECT_EQ(got.counts, wanted.counts);
    return wanted.total();
}

const weft_snn_fit_options zero = {1, false, false, false}, subtract = {1, false, true, false};

TEST(SpikeProgram, TruenorthThresholds) { // skips, loops, delays, copies, and relays in every other network
    uint64_t spikes = 0, copies = 0, relays = 0, loops = 0;
    for (uint32_t seed = 0; seed < 80 && !testing::Test::HasFailure(); seed++) {
        SCOPED_TRACE(seed);
        Mapped m(seed, "truenorth", seed % 2);
        for (auto &p : m.net.populations)
            if (weft_snn_is_neuron(&p)) m.threshold(&p);
        m.lay(zero);
        ASSERT_TRUE(m.layout);
        const Program program = m.program();
        ASSERT_TRUE(program);
        Samples s;
        s.count = 3, s.ticks = 20, s.reset = seed % 4 == 0, s.gap = seed % 3;
        spikes += expect_same(m, program.get(), s, seed, false);
        copies += m.layout->copies, relays += m.layout->relays;
        for (const auto &p : m.net.projections) loops += p.recurrent;
    }
    EXPECT_GT(spikes, 10000u);
    EXPECT_GT(copies, 500u);
    EXPECT_GT(relays, 100u);
    EXPECT_GT(loops, 20u);
}

// Neurons that fire without input: Threshold below 0 or with a bias, and integrators whose bias carries them there or
// away from there. None does so ahead of the network's step 0, which loops and integrators would remember.
TEST(SpikeProgram, SpontaneousNeuronsWaitForTheirLag) {
    for (const char *model : {"truenorth", "loihi", "lif"}) {
        uint64_t spikes = 0, late = 0;
        for (uint32_t seed = 500; seed < 530 && !testing::Test::HasFailure(); seed++) {
            SCOPED_TRACE(testing::Message() << model << ", seed " << seed);
            const bool truenorth = strcmp(model, "truenorth") == 0;
            Mapped m(seed, truenorth ? model : "loihi", truenorth && seed % 2);
            if (strcmp(model, "lif") == 0) m.chip = load_chip("loihi1", {"limits.neurons=20000", "neuron.model=lif"});
            for (auto &p : m.net.populations) {
                if (!weft_snn_is_neuron(&p)) continue;
                if (truenorth && m.dice() % 2) {
                    m.integrator(&p);
                    m.bias(&p, -12, 3);
                    continue;
                }
                p.model = WEFT_NIR_THRESHOLD; // a sparse core has neurons of one model
                m.set(&p, WEFT_SNN_V_THRESHOLD, -6, 8, Mapped::unit / 2);
                if (m.dice() % 2) m.bias(&p, -4, 4);
            }
            m.lay(zero);
            ASSERT_TRUE(m.layout);
            const Program program = m.program();
            ASSERT_TRUE(program);
            Samples s;
            s.count = 3, s.ticks = 12, s.reset = seed % 2 == 0, s.gap = seed % 3;
            spikes += expect_same(m, program.get(), s, seed, true);
            for (size_t p = 0; p < m.net.populations.size(); p++) late += m.layout->lag[p] > 1;
        }
        EXPECT_GT(spikes, 3000u) << model;
        EXPECT_GT(late, 20u) << model;
    }
}

TEST(SpikeProgram, TruenorthIntegrators) { // biases and membranes too
    for (const auto &options : {zero, subtract}) {
        uint64_t spikes = 0;
        for (uint32_t seed = 200; seed < 240 && !testing::Test::HasFailure(); seed++) {
            SCOPED_TRACE(seed);
            Mapped m(seed, "truenorth", seed % 2);
            for (auto &p : m.net.populations)
                if (weft_snn_is_neuron(&p)) {
                    if (m.dice() % 3)
                        m.integrator(&p);
                    else
                        m.threshold(&p);
                }
            m.lay(options);
            ASSERT_TRUE(m.layout);
            const Program program = m.program();
            ASSERT_TRUE(program);
            Samples s;
            s.count = 2, s.ticks = 30, s.reset = seed % 4 == 0, s.gap = 3;
            spikes += expect_same(m, program.get(), s, seed, true);
        }
        EXPECT_GT(spikes, 1000u);
    }
}

TEST(SpikeProgram, LoihiIntegratorsAreExact) { // few different weights have all their bits
    for (const auto &options : {zero, subtract}) {
        uint64_t spikes = 0;
        for (uint32_t seed = 300; seed < 330 && !testing::Test::HasFailure(); seed++) {
            SCOPED_TRACE(seed);
            Mapped m(seed, "loihi", false, 30);
            for (auto &p : m.net.populations)
                if (weft_snn_is_neuron(&p)) m.integrator(&p);
            m.lay(options);
            ASSERT_TRUE(m.layout);
            const Program program = m.program();
            ASSERT_TRUE(program);
            Samples s;
            s.count = 2, s.ticks = 30, s.reset = seed % 4 == 0, s.gap = 3;
            spikes += expect_same(m, program.get(), s, seed, true);
        }
        EXPECT_GT(spikes, 3000u);
    }
}

TEST(SpikeProgram, FloatIsTheNetwork) {
    uint64_t spikes = 0;
    for (uint32_t seed = 400; seed < 410 && !testing::Test::HasFailure(); seed++) {
        SCOPED_TRACE(seed);
        Mapped m(seed, "loihi", false, 30);
        m.chip = load_chip("loihi1", {"limits.neurons=20000", "neuron.model=lif"});
        for (auto &p : m.net.populations)
            if (weft_snn_is_neuron(&p)) m.integrator(&p);
        m.lay(zero);
        ASSERT_TRUE(m.layout);
        const Program program = m.program();
        ASSERT_TRUE(program);
        Samples s;
        s.count = 2, s.ticks = 30;
        spikes += expect_same(m, program.get(), s, seed, true);
    }
    EXPECT_GT(spikes, 1000u);
}

// ---- what a program does besides ----

// A loihi net of Cuba-like size: several cores, some of them idle now and then.
std::unique_ptr<Mapped> integrators(uint32_t seed, const char *model) {
    auto m = std::make_unique<Mapped>(seed, model, false, 12);
    for (auto &p : m->net.populations)
        if (weft_snn_is_neuron(&p)) m->integrator(&p);
    return m;
}

TEST(SpikeProgram, SameForAnyNumberOfThreads) {
    for (const char *model : {"truenorth", "loihi"}) {
        const auto m = integrators(211, model);
        m->lay(zero);
        ASSERT_TRUE(m->layout);
        Samples s;
        s.count = 4, s.ticks = 25, s.gap = 2, s.rate = 0.4;
        SpikeList input;
        random_input(&input, s, m->net.snn.inputs, 5);
        weft_spike_program_options options = {};
        options.threads = 1;
        const Program one = m->program(options);
        const Outcome wanted = run_chip(one.get(), input, s, true);
        EXPECT_GT(wanted.total(), 100u);
        for (int threads : {2, 5}) {
            options.threads = s.threads = threads;
            const Program more = m->program(options);
            const Outcome got = run_chip(more.get(), input, s, true);
            EXPECT_EQ(got.spikes, wanted.spikes);
            EXPECT_EQ(got.membranes, wanted.membranes);
            EXPECT_EQ(got.counts, wanted.counts);
            EXPECT_EQ(memcmp(&got.result.total, &wanted.result.total, sizeof got.result.total), 0);
        }
        s.threads = 1;
        EXPECT_EQ(run_chip(one.get(), input, s, true).spikes, wanted.spikes); // from reset
    }
}

TEST(SpikeProgram, CountsAddUp) {
    const auto m = integrators(211, "truenorth");
    m->lay(zero);
    const Program program = m->program();
    Samples s;
    s.count = 2, s.ticks = 25, s.rate = 0.4;
    SpikeList input;
    random_input(&input, s, m->net.snn.inputs, 5);
    const Outcome out = run_chip(program.get(), input, s);
    const weft_spike_counts &total = out.result.total;
    int lag = 0;
    uint64_t packets = 0;
    for (size_t p = 0; p < m->net.populations.size(); p++) lag = std::max(lag, m->layout->lag[p]);
    for (size_t i = 0; i < input.count; i++)
        packets += m->layout->input_first[input.items[i].neuron + 1] - m->layout->input_first[input.items[i].neuron];
    EXPECT_EQ(out.result.ticks, s.count * s.ticks + uint64_t(lag));
    EXPECT_EQ(out.result.input_packets, packets);
    EXPECT_GE(total.spikes, out.total()); // copies, and what is behind the last step
    EXPECT_GT(total.packets, total.packets_local);
    EXPECT_EQ(out.result.crossings, 0u);
    EXPECT_GT(out.result.seconds, 0);
    int first_copies = 0, others = 0;
    for (int c = 0; c < program->core_count; c++)
        for (int slot = 0; slot < m->layout->cores[program->cores[c]].slot_count; slot++) {
            int population = 0;
            uint32_t neuron = 0;
            bool first = false;
            weft_spike_program_find(&population, &neuron, &first, program.get(), uint32_t(c), uint16_t(slot));
            (first ? first_copies : others)++;
            const weft_spike_place at = program->where[population][neuron];
            EXPECT_EQ(first, at.core == uint32_t(c) && at.neuron == slot);
        }
    EXPECT_EQ(uint64_t(first_copies), m->net.snn.neurons);
    EXPECT_EQ(uint64_t(others), m->layout->copies);
}

TEST(SpikeProgram, CrossingsFromChipToChip) { // every core a chip of its own: crossings are hops
    for (uint32_t seed = 0; seed < 30; seed++) {
        auto m = integrators(seed, "loihi");
        m->chip = load_chip("loihi1", {"noc.mesh=[8, 4]", "noc.concentration=1", "noc.chips=[8, 4]"});
        m->lay(zero);
        ASSERT_TRUE(m->layout);
        const Program program = m->program();
        Samples s;
        SpikeList input;
        random_input(&input, s, m->net.snn.inputs, 5);
        const Outcome out = run_chip(program.get(), input, s);
        if (out.result.total.hops_x == 0 || out.result.total.hops_y == 0) continue;
        EXPECT_EQ(out.result.crossings, out.result.total.hops_x + out.result.total.hops_y);
        m->chip = load_chip("loihi1", {"noc.mesh=[8, 4]", "noc.concentration=1"});
        const Program one = m->program();
        const Outcome same = run_chip(one.get(), input, s);
        EXPECT_EQ(same.spikes, out.spikes);
        EXPECT_EQ(same.result.crossings, 0u);
        EXPECT_EQ(memcmp(&same.result.total, &out.result.total, sizeof out.result.total), 0);
        return;
    }
    FAIL() << "no network with hops both ways";
}

TEST(SpikeProgram, WeightTransforms) {
    weft_transform_chain chain = {};
    weft_error err = {};
    weft_spike_program_options options = {};
    Samples s;
    SpikeList input;
    ASSERT_EQ(weft_transform_chain_parse(&chain, "addnorm:sigma=0.2", &err), WEFT_OK) << err.text;
    options.chain = &chain, options.seed = 3;
    const auto m = integrators(306, "loihi"), t = integrators(211, "truenorth");
    m->lay(zero), t->lay(zero);
    random_input(&input, s, m->net.snn.inputs, 5);
    const Program plain = m->program(), noisy = m->program(options), again = m->program(options);
    options.trial = 1;
    const Program other = m->program(options);
    const Outcome without = run_chip(plain.get(), input, s), with = run_chip(noisy.get(), input, s);
    EXPECT_NE(with.spikes, without.spikes);
    EXPECT_EQ(run_chip(again.get(), input, s).spikes, with.spikes);
    EXPECT_NE(run_chip(other.get(), input, s).spikes, with.spikes);

    weft_spike_program *none = nullptr;
    EXPECT_EQ(
        weft_spike_program_create(&none, t->layout.get(), &t->net.snn, t->fit.get(), t->chip.get(), &options, &err),
        WEFT_E_UNSUPPORTED);
    EXPECT_NE(std::string(err.text).find("a synapse of one bit holds its axon type's weight or nothing"),
              std::string::npos)
        << err.text;
    EXPECT_EQ(none, nullptr);
}

TEST(SpikeProgram, BadJobs) {
    const auto m = integrators(211, "loihi");
    m->lay(zero);
    const Program program = m->program();
    const auto error = [&](const weft_spike_job &job) {
        weft_spike_result out = {};
        weft_error err = {};
        EXPECT_EQ(weft_spike_program_run(&out, program.get(), &job, &err), WEFT_E_INVALID);
        EXPECT_EQ(out.counts, nullptr);
        return std::string(err.text);
    };
    SpikeList input;
    weft_spikes_add(&input, 5, m->net.snn.inputs, nullptr);
    weft_spike_job job = {};
    job.input = &input, job.samples = 1, job.output = -1, job.threads = 1;
    EXPECT_NE(error(job).find("input spike 0 is of neuron"), std::string::npos);
    input.items[0].neuron = 0;
    weft_spikes_add(&input, 4, 0, nullptr);
    EXPECT_NE(error(job).find("input spike 1, of tick 4, is before"), std::string::npos);
    input.count = 1;
    job.samples = 2;
    EXPECT_NE(error(job).find("2 samples of 0 ticks"), std::string::npos);
    job.sample_ticks = 10, job.classes = 1000003;
    EXPECT_NE(error(job).find("1000003 classes do not divide"), std::string::npos);
    job.classes = 0, job.output = 0;
    EXPECT_NE(error(job).find("output 0 is no population of neurons"), std::string::npos);
    job.output = -1;
    const int recorded = 0;
    weft_spikes record = {};
    job.recorded = &recorded, job.recorded_count = 1, job.records = &record;
    EXPECT_NE(error(job).find("population 0, to be recorded, is none of neurons"), std::string::npos);
    job.recorded_count = 0;
    volatile sig_atomic_t stop = 1;
    job.stop = &stop;
    weft_spike_result out = {};
    EXPECT_EQ(weft_spike_program_run(&out, program.get(), &job, nullptr), WEFT_E_INTERRUPTED);
}

} // namespace
