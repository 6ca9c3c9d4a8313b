// Neuron models against hand-computed values, closed forms and the traces of another simulator.
#include <cmath>
#include <cstdint>
#include <fstream>
#include <random>

#include "tests/support/neuron_population.h"

namespace {

using V = std::vector<double>;
constexpr weft_neuron_integration EULER = WEFT_NEURON_EULER, EXACT = WEFT_NEURON_EXPONENTIAL;
constexpr weft_neuron_reset ZERO = WEFT_NEURON_RESET_ZERO, VALUE = WEFT_NEURON_RESET_VALUE,
                            SUBTRACT = WEFT_NEURON_RESET_SUBTRACT;

// ---- floating point ----

TEST(Neuron, LifByForwardEuler) {
    Population n(neuron_spec("lif", 1, {{"tau", {0.01}}, {"r", {2}}, {"v_leak", {0.5}}, {"v_threshold", {2}}}));
    for (double expected : {0.25, 0.475, 0.6775}) { // v + (0.5 - v + 2) / 10
        EXPECT_EQ(n.step_all(1.0), unsigned(WEFT_NEURON_CHANGED));
        EXPECT_NEAR(n.state(), expected, 1e-15);
    }
    EXPECT_EQ(n.step_all(100.0), unsigned(WEFT_NEURON_CHANGED | WEFT_NEURON_FIRED));
    EXPECT_EQ(n.fired[0], 1);
    EXPECT_EQ(n.state(), 0);
}

TEST(Neuron, LeakyIntegratorsFollowTheExponential) {
    const double tau = 0.0123, dt = 0.001, r = 3, leak = -0.7, x = 0.4;
    for (const char *model : {"li", "lif"}) {
        Population n(neuron_spec(model, 1, {{"tau", {tau}}, {"r", {r}}, {"v_leak", {leak}}}, dt, EXACT));
        for (int t = 1; t <= 300; t++) {
            n.step_all(x);
            const double rest = leak + r * x;
            ASSERT_NEAR(n.state(), rest * (1 - std::exp(-t * dt / tau)), 1e-13) << model << ' ' << t;
        }
    }
}

TEST(Neuron, TimeStepsFarFromTheTimeConstant) {
    for (double ratio : {1e-9, 1e-4, 0.3, 0.35, 1.0, 30.0, 1e6}) {
        Population n(neuron_spec("li", 1, {{"tau", {1}}}, ratio, EXACT));
        n.step_all(1.0);
        EXPECT_NEAR(n.state(), -std::expm1(-ratio), 4e-16 * -std::expm1(-ratio)) << ratio;
    }
}

TEST(Neuron, IntegratorsAdd) {
    Population i(neuron_spec("i", 1, {{"r", {2}}}, 0.5)), spiking(neuron_spec("if", 1, {{"v_threshold", {3}}}, 0.5));
    for (int t = 1; t <= 8; t++) {
        EXPECT_EQ(i.step_all(1.0), unsigned(WEFT_NEURON_CHANGED));
        EXPECT_EQ(i.state(), t); // never fires
        spiking.step_all(2.0);
        EXPECT_EQ(spiking.fired[0], t % 4 == 0); // 1 2 3 (4): above 3, not at it
        EXPECT_EQ(spiking.state(), t % 4);
    }
}

TEST(Neuron, Resets) {
    const NeuronValues values = {{"v_threshold", {1}}, {"v_reset", {-0.25}}};
    const std::pair<weft_neuron_reset, double> cases[] = {{ZERO, 0}, {VALUE, -0.25}, {SUBTRACT, 0.75}};
    for (const auto &[reset, expected] : cases) {
        Population n(neuron_spec("if", 1, values, 1, EULER, reset));
        EXPECT_TRUE(n.step_all(1.75) & WEFT_NEURON_FIRED);
        EXPECT_EQ(n.fired[0], 1);
        EXPECT_EQ(n.state(), expected);
    }
}

TEST(Neuron, ResetBySubtractionKeepsTheRate) {
    Population n(neuron_spec("if", 1, {{"v_threshold", {1}}}, 1, EULER, SUBTRACT));
    int spikes = 0;
    for (int t = 0; t < 1024; t++) n.step_all(0.375), spikes += n.fired[0];
    EXPECT_EQ(spikes + n.state(), 384); // nothing of the input is lost
    EXPECT_EQ(spikes, 383);
}

TEST(Neuron, CurrentBasedByForwardEuler) {
    Population n(neuron_spec("cuba_li", 1,
                             {{"tau_syn", {0.004}}, {"tau_mem", {0.002}}, {"r", {3}}, {"w_in", {2}}, {"v_leak", {1}}}));
    // i: 0 + (2 - 0) / 4, then decays by 1/4; v + (1 - v + 3 i) / 2 with the new i.
    const double expected[][2] = {{0.5, 1.25}, {0.375, 1.6875}, {0.28125, 1.765625}};
    for (int t = 0; t < 3; t++) {
        n.step_all(t == 0 ? 1.0 : 0.0);
        EXPECT_NEAR(n.state(1), expected[t][0], 1e-15);
        EXPECT_NEAR(n.state(0), expected[t][1], 4e-15);
    }
}

// Step response of two low passes.
double two_low_passes(double t, double a, double b) {
    if (a == b) return 1 - (1 + t / a) * std::exp(-t / a);
    return 1 - (b * std::exp(-t / b) - a * std::exp(-t / a)) / (b - a);
}

TEST(Neuron, CurrentBasedFollowsTheExactSolution) {
    const double dt = 0.001, r = 3, w = 2, x = 0.25;
    const std::pair<double, double> taus[] = {
        {0.004, 0.02}, {0.02, 0.004}, {0.01, 0.01}, {0.0004, 0.05}, {0.05, 0.0004}};
    for (const auto &[syn, mem] : taus) {
        Population n(
            neuron_spec("cuba_li", 1, {{"tau_syn", {syn}}, {"tau_mem", {mem}}, {"r", {r}}, {"w_in", {w}}}, dt, EXACT));
        for (int t = 1; t <= 200; t++) {
            n.step_all(x);
            ASSERT_NEAR(n.state(1), w * x * (1 - std::exp(-t * dt / syn)), 1e-13);
            ASSERT_NEAR(n.state(0), r * w * x * two_low_passes(t * dt, syn, mem), 1e-12)
                << syn << ' ' << mem << ' ' << t;
        }
    }
}

TEST(Neuron, NearlyEqualTimeConstants) {
    Population equal(neuron_spec("cuba_li", 1, {{"tau_syn", {0.01}}, {"tau_mem", {0.01}}}, 0.001, EXACT));
    Population near(neuron_spec("cuba_li", 1, {{"tau_syn", {0.01}}, {"tau_mem", {0.01 * (1 + 1e-12)}}}, 0.001, EXACT));
    for (int t = 0; t < 100; t++) {
        equal.step_all(1.0), near.step_all(1.0);
        ASSERT_NEAR(equal.state(), near.state(), 1e-11);
    }
}

TEST(Neuron, CurrentBasedFires) {
    Population n(neuron_spec("cuba_lif", 1, {{"tau_syn", {0.002}}, {"tau_mem", {0.002}}, {"v_threshold", {0.5}}}, 0.001,
                             EULER, SUBTRACT));
    n.step_all(2.0); // i = 1, v = 0.5: not above
    EXPECT_EQ(n.fired[0], 0);
    n.step_all(2.0); // i = 1.5, v = 1
    EXPECT_EQ(n.fired[0], 1);
    EXPECT_EQ(n.state(0), 0.5);
    EXPECT_EQ(n.state(1), 1.5); // the current goes on
}

TEST(Neuron, ThresholdHasNoMemory) {
    Population n(neuron_spec("threshold", 3, {{"threshold", {1, 2, -1}}}));
    EXPECT_EQ(n.step(V{1.5, 2, 0}), unsigned(WEFT_NEURON_FIRED));
    EXPECT_EQ(n.fired, (std::vector<uint8_t>{1, 0, 1}));
    EXPECT_EQ(n.step(V{1, 0, -1}), 0u);
    EXPECT_EQ(n.state(), 0);
}

TEST(Neuron, BiasIsInputInEveryTick) {
    for (const char *model : {"i", "if", "li", "lif", "cuba_li", "cuba_lif", "threshold"})
        for (weft_neuron_integration integration : {EULER, EXACT}) {
            Population biased(neuron_spec(model, 1, {{"bias", {0.375}}}, 0.004, integration, SUBTRACT));
            Population fed(neuron_spec(model, 1, {}, 0.004, integration, SUBTRACT));
            int spikes = 0;
            for (int t = 0; t < 200; t++) {
                const double x = t % 7;
                biased.step_all(x), fed.step_all(x + 0.375);
                ASSERT_NEAR(biased.state(0), fed.state(0), 1e-13) << model;
                ASSERT_NEAR(biased.state(1), fed.state(1), 1e-13) << model;
                ASSERT_EQ(biased.fired[0], fed.fired[0]) << model << t;
                spikes += fed.fired[0];
            }
            EXPECT_EQ(spikes > 0, weft_neurons_model(fed.of.get())->spiking) << model;
        }
}

TEST(Neuron, ValuesOfEachNeuron) {
    const V taus = {0.002, 0.004, 0.01};
    Population all(neuron_spec("lif", 3, {{"tau", taus}, {"v_threshold", {100}}}));
    all.step_all(1.0);
    for (int i = 0; i < 3; i++) EXPECT_NEAR(all.state(0, i), 0.001 / taus[size_t(i)], 1e-16);
}

// ---- another simulator's traces: $WEFT_NETWORKS, or shared/networks beside the source tree ----

struct Trace {
    V input, v, spike;
    explicit Trace(const char *name) {
        const char *folder = std::getenv("WEFT_NETWORKS");
        std::ifstream in(std::string(folder ? folder : WEFT_SOURCE_FOLDER "/../shared/networks") + "/nir/" + name);
        double x, y, z;
        for (char comma; in >> x >> comma >> y >> comma >> z;) input.push_back(x), v.push_back(y), spike.push_back(z);
    }
};

// lif_norse.nir: tau 2.5 ms, r 1, v_leak 0, threshold 0.1, behind an affine of weight 1 and bias 0; time step 0.1 ms.
weft_neuron_spec norse(weft_neuron_integration integration) {
    static const NeuronValues values = {{"tau", {double(0.0025f)}}, {"v_threshold", {double(0.1f)}}};
    return neuron_spec("lif", 1, values, 0.0001, integration);
}

TEST(Neuron, ReproducesNorse) {
    const Trace trace("lif_norse.csv");
    if (trace.v.empty()) GTEST_SKIP() << "no shared/networks/nir";
    ASSERT_EQ(trace.v.size(), 1000u);
    Population n(norse(EULER));
    double worst = 0;
    for (size_t t = 0; t < trace.v.size(); t++) {
        n.step_all(trace.input[t]);
        worst = std::max(worst, std::abs(n.state() - trace.v[t]));
        ASSERT_EQ(n.fired[0], trace.spike[t]) << t;
    }
    EXPECT_LT(worst, 1e-5);
    RecordProperty("worst", std::to_string(worst));
}

TEST(Neuron, ReproducesTheExactSolution) {
    const Trace trace("lif_exact.csv");
    if (trace.v.empty()) GTEST_SKIP() << "no shared/networks/nir";
    ASSERT_EQ(trace.v.size(), 1000u);
    Population n(norse(EXACT));
    int spikes = 0, expected = 0;
    for (size_t t = 0; t < trace.v.size(); t++) {
        n.step_all(trace.input[t]);
        spikes += n.fired[0], expected += trace.spike[t] != 0;
        // The exact solution resets within the step, a tick at its end: from the first spike on they part.
        if (!expected) { ASSERT_NEAR(n.state(), trace.v[t], 1e-7) << t; }
        ASSERT_EQ(n.fired[0], trace.spike[t]) << t;
    }
    EXPECT_EQ(expected, 4);
    EXPECT_EQ(spikes, expected);
}

// ---- Loihi ----

TEST(NeuronLoihi, DecaysRoundTowardsZero) {
    Population n(neuron_spec("loihi", 2, {{"decay_u", {1024}}, {"decay_v", {4096}}, {"threshold", {131071}}}));
    n.step(std::vector<int32_t>{7, -7});
    for (int expected : {5, 3, 2, 1, 0, 0}) { // 3/4: 5.25, 3.75, 2.25, 1.5, 0.75
        n.step_all(0);
        EXPECT_EQ(n.state(1, 0), expected);
        EXPECT_EQ(n.state(1, 1), -expected);
        EXPECT_EQ(n.state(0, 0), expected); // nothing of v is kept: v = u
        EXPECT_EQ(n.state(0, 1), -expected);
    }
    EXPECT_EQ(n.step_all(0), 0u);
}

TEST(NeuronLoihi, BiasLeakAndThreshold) {
    // v = v 2048/4096 + 3 * 2^5, fires above 64 * 2 = 128: 96, 144
    Population n(
        neuron_spec("loihi", 1, {{"decay_v", {2048}}, {"bias", {3}}, {"bias_exponent", {5}}, {"threshold", {2}}}));
    for (int t = 0; t < 6; t++) {
        n.step_all(0);
        EXPECT_EQ(n.fired[0], t % 2);
        EXPECT_EQ(n.state(), t % 2 ? 0 : 96);
    }
    Population at(neuron_spec("loihi", 1, {{"threshold", {2}}}));
    at.step_all(128);
    EXPECT_EQ(at.fired[0], 0); // at the threshold, not above it
    EXPECT_EQ(at.state(), 128);
    at.step_all(1);
    EXPECT_EQ(at.fired[0], 1);
}

TEST(NeuronLoihi, ResetBySubtraction) {
    Population n(neuron_spec("loihi", 1, {{"threshold", {2}}}, 0, EULER, SUBTRACT));
    n.step_all(300);
    EXPECT_EQ(n.fired[0], 1);
    EXPECT_EQ(n.state(), 300 - 128);
}

TEST(NeuronLoihi, Refractory) {
    Population n(neuron_spec("loihi", 1, {{"decay_u", {0}}, {"threshold", {1}}, {"refractory", {3}}}));
    n.step_all(100);
    std::vector<int> fired = {n.fired[0]};
    for (int t = 1; t < 9; t++) {
        n.step_all(0); // the current stays 100
        fired.push_back(n.fired[0]);
        EXPECT_EQ(n.state(0), 0);
        EXPECT_EQ(n.state(1), 100);
    }
    EXPECT_EQ(fired, (std::vector<int>{1, 0, 0, 1, 0, 0, 1, 0, 0}));
}

TEST(NeuronLoihi, MembraneSaturates) {
    const int limit = (1 << 23) - 1;
    Population n(neuron_spec("loihi", 2, {{"decay_u", {0}}, {"threshold", {131071}}, {"refractory", {1}}}));
    n.step(std::vector<int32_t>{4000000, -4000000});
    n.step_all(0);
    EXPECT_EQ(n.state(0, 1), -8000000);
    EXPECT_EQ(n.state(0, 0), 8000000);
    n.step_all(0); // 12,000,000: held at 2^23 - 1, which is below the threshold of 2^23 - 64 no more
    EXPECT_EQ(n.state(0, 1), -limit);
    EXPECT_EQ(n.fired, (std::vector<uint8_t>{1, 0}));
    EXPECT_EQ(n.state(0, 0), 0);
}

TEST(NeuronLoihi, CurrentWrapsOrSaturates) {
    const int top = 1 << 23;
    Population n(neuron_spec("loihi", 4, {{"decay_u", {0}}, {"wrap", {1, 1, 0, 0}}}));
    n.step(std::vector<int32_t>{top - 1, 1 - top, top - 1, 1 - top});
    n.step(std::vector<int32_t>{1, -1, 1, -1});
    EXPECT_EQ(n.state(1, 0), top);
    EXPECT_EQ(n.state(1, 1), top);
    EXPECT_EQ(n.state(1, 2), top - 1);
    EXPECT_EQ(n.state(1, 3), 1 - top);
    n.step(std::vector<int32_t>{1, 5, 1000, 1000});
    EXPECT_EQ(n.state(1, 0), 1 - top);
    EXPECT_EQ(n.state(1, 1), 5 - top);
    EXPECT_EQ(n.state(1, 2), top - 1);
    EXPECT_EQ(n.state(1, 3), 1001 - top);
}

// One neuron, in 64 bits and by C's division, which rounds towards zero.
struct Reference {
    int64_t du, dv, threshold, bias, refractory, u = 0, v = 0, wait = 0;
    bool fired = false;
    void step(int64_t x) {
        u = u * (4096 - du) / 4096 + x;
        if (u > 1 << 23) u -= 1 << 24;
        if (u <= -(1 << 23)) u += 1 << 24;
        v = v * (4096 - dv) / 4096 + u + bias;
        v = std::min<int64_t>(std::max<int64_t>(v, 1 - (1 << 23)), (1 << 23) - 1);
        if (wait > 0) v = 0, wait--;
        fired = v > threshold;
        if (fired) v = 0, wait = refractory - 1;
    }
};

TEST(NeuronLoihi, RandomNeuronsAgainstPlainArithmetic) {
    const int count = 333;
    std::mt19937 random(7);
    auto draw = [&](int low, int high) { return std::uniform_int_distribution<>(low, high)(random); };
    V du, dv, threshold, bias, exponent, refractory;
    std::vector<Reference> expected;
    for (int i = 0; i < count; i++) {
        du.push_back(draw(0, 4096)), dv.push_back(draw(0, 4096)), threshold.push_back(draw(0, 131071));
        bias.push_back(draw(-4096, 4095)), exponent.push_back(draw(0, 7)), refractory.push_back(draw(1, 64));
        expected.push_back({int64_t(du.back()), int64_t(dv.back()), int64_t(threshold.back()) * 64,
                            int64_t(bias.back()) * (1 << int(exponent.back())), int64_t(refractory.back())});
    }
    Population n(neuron_spec("loihi", count,
                             {{"decay_u", du},
                              {"decay_v", dv},
                              {"threshold", threshold},
                              {"bias", bias},
                              {"bias_exponent", exponent},
                              {"refractory", refractory}}));
    int spikes = 0;
    for (int t = 0; t < 400; t++) {
        std::vector<int32_t> x(count);
        for (int i = 0; i < count; i++) x[size_t(i)] = draw(0, 3) ? draw(-2000, 2500) * 64 : draw(-8000000, 8000000);
        n.step(x);
        for (int i = 0; i < count; i++) {
            Reference &r = expected[size_t(i)];
            r.step(x[size_t(i)]);
            ASSERT_EQ(n.state(0, i), r.v) << t << ' ' << i;
            ASSERT_EQ(n.state(1, i), r.u) << t << ' ' << i;
            ASSERT_EQ(n.fired[size_t(i)], r.fired);
            spikes += r.fired;
        }
    }
    EXPECT_GT(spikes, 1000);
}

// ---- errors ----

void refused(const weft_neuron_spec &spec, const char *text) {
    weft_neurons *n = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_neurons_create(&n, &spec, &err), WEFT_E_INVALID);
    EXPECT_EQ(n, nullptr);
    EXPECT_NE(std::string(err.text).find(text), std::string::npos) << err.text;
}

TEST(Neuron, Errors) {
    const NeuronValues none = {}, twice = {{"r", {1}}, {"r", {1}}}, unknown = {{"v_treshold", {1}}};
    const NeuronValues bad_one = {{"tau", {1, -2, 3}}}, nan = {{"r", {std::nan("")}}}, fraction = {{"decay_u", {0.5}}};
    refused(neuron_spec("lif", 0, none), "0 neurons");
    refused(neuron_spec("lif", 1, none, 0), "time step of 0");
    refused(neuron_spec("lif", 1, twice), "'r' is given twice");
    refused(neuron_spec("lif", 1, unknown), "nearest is 'v_threshold'");
    refused(neuron_spec("lif", 3, bad_one), "tau of neuron 1 is -2");
    refused(neuron_spec("lif", 1, nan), "r is nan");
    refused(neuron_spec("loihi", 1, fraction), "decay_u is 0.5; whole numbers from 0 to 4096");
    refused(neuron_spec("loihi", 1, none, 0, EULER, VALUE), "'loihi' does not reset to a value");
    refused(neuron_spec("lif", 1, {{"tau", {0.001}}}, 0.002), "forward Euler diverges");
    refused(neuron_spec("cuba_lif", 1, {{"tau_mem", {0.001}}}, 0.002), "tau_mem = 0.001");
    Population fast(neuron_spec("lif", 1, {{"tau", {0.001}}}, 0.002, EXACT));
    const weft_neuron_model *model = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_neuron_model_find(&model, "cuba_lof", &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "unknown neuron model 'cuba_lof'; nearest is 'cuba_lif'");
}

TEST(Neuron, BeginsWhereItIsToldAndWaits) {
    const NeuronValues values = {{"v_threshold", {3}}}, states = {{"v", {-2, 1, 0}}};
    const uint16_t hold[] = {0, 2, 1};
    weft_neuron_spec spec = neuron_spec("if", 3, values, 1);
    spec.initial = states.list.data(), spec.initial_count = 1, spec.hold = hold;
    Population p(spec);
    for (int again = 0; again < 2; again++) {
        const double v[4][3] = {{0, 1, 0}, {2, 1, 2}, {0, 3, 0}, {2, 0, 2}}; // 2 in each tick, fires above 3
        EXPECT_EQ(p.state(0, 0), -2);
        for (int t = 0; t < 4; t++) {
            EXPECT_NE(p.step_all(2.0), 0u);
            for (int n = 0; n < 3; n++) EXPECT_EQ(p.state(0, n), v[t][n]) << t << " " << n;
            EXPECT_EQ(p.fired[0], t == 2);
            EXPECT_EQ(p.fired[1], t == 3);
            EXPECT_EQ(p.fired[2], t == 2);
        }
        weft_neurons_reset(p.of.get());
    }
}

TEST(Neuron, BadBeginnings) {
    const auto error = [](const char *model, const NeuronValues &states) {
        const NeuronValues none = {};
        weft_neuron_spec spec = neuron_spec(model, 2, none);
        weft_neurons *created = nullptr;
        weft_error err = {};
        spec.initial = states.list.data(), spec.initial_count = int(states.list.size());
        EXPECT_EQ(weft_neurons_create(&created, &spec, &err), WEFT_E_INVALID);
        return std::string(err.text);
    };
    EXPECT_EQ(error("loihi", {{"w", {1}}}).substr(0, 40), "neuron model 'loihi' has no state 'w'; n");
    EXPECT_EQ(error("if", {{"v", {1}}, {"v", {1}}}), "neuron model 'if': state 'v' is given twice");
    EXPECT_EQ(error("loihi", {{"u", {1, 8388608}}}),
              "neuron model 'loihi': neuron 1 begins with u at 8.38861e+06; whole numbers of 23 bits and sign are "
              "allowed");
}

} // namespace
