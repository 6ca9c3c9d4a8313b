// Does a network made from a NIR graph do what the graph says? Against tests/support/nir_fixture.h at every step.
#include "sim/spike/float_network.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/nir_fixture.h"

using namespace weft_test;

namespace {

struct NetDeleter {
    void operator()(weft_float_network *net) const { weft_float_network_destroy(net); }
};
using Net = std::unique_ptr<weft_float_network, NetDeleter>;

Net make_net(const weft_snn *snn, const weft_float_options &options) {
    weft_float_network *net = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_float_network_create(&net, snn, &options, &err), WEFT_OK) << err.text;
    return Net(net);
}

struct Trial {
    double dt = 1, rate = 0.3, amplitude = 1;
    int steps = 40;
    weft_float_integration integration = WEFT_FLOAT_EULER;
    weft_float_reset reset = WEFT_FLOAT_RESET_ZERO;
    std::set<std::pair<std::string, std::string>> late;
    uint32_t seed = 1;
};

struct Tally {
    uint64_t spikes = 0, silent = 0;
};

// Values of the Inputs for one step: spikes of a random height.
std::map<std::string, Values> random_input(const weft_snn *snn, std::mt19937 &dice, const Trial &t,
                                           std::vector<float> *flat) {
    std::map<std::string, Values> out;
    flat->clear();
    for (int p = 0; p < snn->population_count; p++) {
        const weft_snn_population &population = snn->populations[p];
        if (population.model != WEFT_NIR_INPUT) continue;
        Values &x = out[population.name];
        for (uint32_t n = 0; n < population.size; n++) {
            const bool spike = static_cast<double>(dice()) / 4294967296.0 < t.rate;
            x.push_back(spike ? t.amplitude : 0);
            flat->push_back(static_cast<float>(x.back()));
        }
    }
    return out;
}

// Both run on the same input: spikes equal, values and membranes to rounding.
Tally expect_same(const weft_nir *nir, const Trial &t) {
    Tally tally;
    const Snn snn = make_snn(nir, t.dt);
    if (!snn) return tally;
    const Net net = make_net(snn.get(), {t.dt, t.integration, t.reset});
    NirReference reference(nir->graph);
    reference.dt = t.dt;
    reference.exponential = t.integration == WEFT_FLOAT_EXPONENTIAL;
    reference.subtract = t.reset == WEFT_FLOAT_RESET_SUBTRACT;
    reference.late = t.late;
    std::mt19937 dice(t.seed);
    std::vector<float> input;
    for (int step = 0; step < t.steps && !testing::Test::HasFailure(); step++) {
        reference.step(random_input(snn.get(), dice, t, &input));
        weft_float_network_step(net.get(), input.data());
        for (int p = 0; p < snn->population_count; p++) {
            const weft_snn_population &population = snn->populations[p];
            const Values &wanted = reference.out(population.name), &v = reference.membrane(population.name);
            const double *got = weft_float_network_output(net.get(), p);
            const double *membrane = weft_float_network_membrane(net.get(), p);
            const bool spiking = population.parameters[WEFT_SNN_V_THRESHOLD].values != nullptr;
            for (uint32_t n = 0; n < population.size; n++) {
                const double out = n < wanted.size() ? wanted[n] : 0;
                EXPECT_NEAR(got[n], out, spiking ? 0 : 1e-9 * (1 + std::fabs(out)))
                    << population.name << n << "@" << step;
                if (membrane) {
                    EXPECT_NEAR(membrane[n], v[n], 1e-9 * (1 + std::fabs(v[n]))) << population.name << n << "@" << step;
                }
                if (spiking) (got[n] != 0 ? tally.spikes : tally.silent)++;
            }
        }
    }
    return tally;
}

Nir read_shared(const char *name) {
    weft_nir *nir = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_nir_read(&nir, nir_path(name).c_str(), &err), WEFT_OK) << err.text;
    return Nir(nir);
}

#define NEEDS(name)                                                                                                    \
    if (!std::filesystem::exists(nir_path(name))) GTEST_SKIP() << "no " << nir_path(name)

// ---- networks of others ----

TEST(SnnNetworks, NorseTrace) {
    NEEDS("lif_norse.csv");
    const Nir nir = read_shared("lif_norse.nir");
    const Snn snn = make_snn(nir.get(), 1e-4);
    const Net net = make_net(snn.get(), {1e-4, WEFT_FLOAT_EULER, WEFT_FLOAT_RESET_ZERO});
    std::ifstream file(nir_path("lif_norse.csv")), exact(nir_path("lif_exact.csv"));
    std::string line;
    const int neuron = weft_snn_find(snn.get(), "1");
    ASSERT_GE(neuron, 0);
    double spikes = 0, exact_spikes = 0;
    int rows = 0;
    for (; std::getline(file, line); rows++) {
        float input = 0, v = 0, spike = 0;
        ASSERT_EQ(std::sscanf(line.c_str(), "%f,%f,%f", &input, &v, &spike), 3);
        weft_float_network_step(net.get(), &input);
        EXPECT_NEAR(weft_float_network_membrane(net.get(), neuron)[0], static_cast<double>(v), 1e-5) << rows;
        EXPECT_EQ(weft_float_network_output(net.get(), neuron)[0], static_cast<double>(spike)) << rows;
        spikes += weft_float_network_output(net.get(), neuron)[0];
        ASSERT_TRUE(std::getline(exact, line));
        ASSERT_EQ(std::sscanf(line.c_str(), "%*f,%*f,%f", &spike), 1);
        exact_spikes += static_cast<double>(spike);
    }
    EXPECT_EQ(rows, 1000);
    EXPECT_EQ(spikes, exact_spikes);
    EXPECT_EQ(spikes, 4);
}

TEST(SnnNetworks, Lif) {
    NEEDS("lif_norse.nir");
    const Nir nir = read_shared("lif_norse.nir");
    for (auto integration : {WEFT_FLOAT_EULER, WEFT_FLOAT_EXPONENTIAL}) {
        Trial t;
        t.dt = 1e-4, t.steps = 500, t.integration = integration;
        const Tally tally = expect_same(nir.get(), t);
        EXPECT_GT(tally.spikes, 5u);
        EXPECT_GT(tally.silent, 5u);
    }
}

TEST(SnnNetworks, Cnn) {
    NEEDS("cnn_sinabs.nir");
    const Nir nir = read_shared("cnn_sinabs.nir");
    for (auto reset : {WEFT_FLOAT_RESET_ZERO, WEFT_FLOAT_RESET_SUBTRACT}) {
        Trial t;
        t.steps = 12, t.reset = reset, t.rate = 0.2;
        const Tally tally = expect_same(nir.get(), t);
        EXPECT_GT(tally.spikes, 1000u);
        EXPECT_GT(tally.silent, 1000u);
    }
    const Snn snn = make_snn(nir.get());
    EXPECT_EQ(snn->neurons, 16u * 16 * 16 * 2 + 8 * 8 * 8 + 256 + 10);
    EXPECT_EQ(snn->inputs, 2u * 34 * 34);
    EXPECT_EQ(snn->population_count, 6);
    EXPECT_EQ(snn->projection_count, 5);
    for (int p = 0; p < 6; p++) EXPECT_EQ(snn->populations[p].depth, p);
    EXPECT_TRUE(snn->populations[5].output);
    EXPECT_STREQ(snn->populations[5].name, "12");
}

void expect_braille(const char *name, weft_float_reset reset) {
    const Nir nir = read_shared(name);
    for (auto integration : {WEFT_FLOAT_EULER, WEFT_FLOAT_EXPONENTIAL}) {
        Trial t;
        t.dt = 1e-4, t.steps = 256, t.reset = reset, t.integration = integration;
        t.late = {{"lif1.lif", "lif1.w_rec"}};
        const Tally tally = expect_same(nir.get(), t);
        EXPECT_GT(tally.spikes, 100u);
        EXPECT_GT(tally.silent, 100u);
    }
    const Snn snn = make_snn(nir.get(), 1e-4);
    EXPECT_EQ(snn->population_count, 3);
    EXPECT_EQ(snn->projection_count, 3);
    int recurrent = 0;
    for (int i = 0; i < snn->projection_count; i++) recurrent += snn->projections[i].recurrent;
    EXPECT_EQ(recurrent, 1);
}

TEST(SnnNetworks, BrailleZero) {
    NEEDS("braille_noDelay_bias_zero.nir");
    expect_braille("braille_noDelay_bias_zero.nir", WEFT_FLOAT_RESET_ZERO);
}

TEST(SnnNetworks, BrailleSubtract) {
    NEEDS("braille_noDelay_noBias_subtract.nir");
    expect_braille("braille_noDelay_noBias_subtract.nir", WEFT_FLOAT_RESET_SUBTRACT);
}

// ---- chains ----

// Whole numbers, so that composed weights are exact.
Values small_whole(std::mt19937 &dice, size_t count) {
    Values out(count);
    for (double &v : out) v = static_cast<double>(static_cast<int>(dice() % 7) - 3);
    return out;
}

struct ConvCase {
    int channels, height, width, outputs, groups, ky, kx;
    Values stride, padding, dilation, pool_kernel, pool_stride, pool_padding;
    const char *text;
    weft_nir_type pool;
};

// Input -> Conv2d -> pool -> Flatten -> Affine -> IF -> Output, the whole chain one projection.
void expect_conv(const ConvCase &c, int flat) {
    std::mt19937 dice(7);
    const Nir nir = make_nir();
    const int per_group = c.channels / c.groups;
    const size_t taps = static_cast<size_t>(c.outputs * per_group * c.ky * c.kx);
    add_input(nir.get(), "in", {double(c.channels), double(c.height), double(c.width)});
    std::vector<Parameter> conv = {
        {"weight", {c.outputs, per_group, c.ky, c.kx}, small_whole(dice, taps)},
        {"bias", {c.outputs}, small_whole(dice, static_cast<size_t>(c.outputs))},
        ints("stride", c.stride),
        ints("dilation", c.dilation),
        whole("groups", c.groups),
    };
    Parameter text = {"padding", {}, {0}, WEFT_NIR_TEXT, c.text};
    conv.push_back(c.text ? text : ints("padding", c.padding));
    add(nir.get(), WEFT_NIR_CONV2D, "conv", conv);
    add(nir.get(), c.pool, "pool",
        {ints("kernel_size", c.pool_kernel), ints("stride", c.pool_stride), ints("padding", c.pool_padding)});
    add(nir.get(), WEFT_NIR_FLATTEN, "flat", {whole("start_dim", 0), whole("end_dim", -1)});
    add(nir.get(), WEFT_NIR_AFFINE, "dense",
        {{"weight", {5, flat}, small_whole(dice, static_cast<size_t>(5 * flat))}, {"bias", {5}, small_whole(dice, 5)}});
    add(nir.get(), WEFT_NIR_IF, "if", {{"r", {5}, {1}}, {"v_threshold", {5}, {20, 30, 40, 50, 60}}});
    add_output(nir.get(), "out", {5});
    connect(nir.get(),
            {{"in", "conv"}, {"conv", "pool"}, {"pool", "flat"}, {"flat", "dense"}, {"dense", "if"}, {"if", "out"}});
    Trial t;
    t.reset = WEFT_FLOAT_RESET_SUBTRACT;
    expect_same(nir.get(), t);
    const Snn snn = make_snn(nir.get());
    ASSERT_TRUE(snn);
    EXPECT_EQ(snn->projection_count, 1);
    EXPECT_EQ(snn->populations[1].bias_count, 1);
}

TEST(SnnChains, ConvolutionPoolingFlatten) {
    const ConvCase cases[] = {
        {2, 9, 7, 4, 1, 3, 3, {1}, {0}, {1}, {2}, {2}, {0}, nullptr, WEFT_NIR_SUM_POOL2D},
        {4, 8, 11, 6, 2, 3, 2, {2, 1}, {1, 2}, {1, 2}, {2, 4}, {1, 2}, {1, 0}, nullptr, WEFT_NIR_AVG_POOL2D},
        {3, 6, 6, 3, 3, 2, 4, {1}, {0}, {2, 1}, {2}, {2}, {0}, "same", WEFT_NIR_SUM_POOL2D},
        {1, 12, 5, 2, 1, 5, 1, {3, 2}, {0}, {2, 3}, {1}, {1}, {0}, "valid", WEFT_NIR_AVG_POOL2D},
    };
    const int flat[] = {4 * 3 * 2, 6 * 5 * 5, 3 * 3 * 3, 2 * 2 * 3};
    for (int i = 0; i < 4; i++) {
        SCOPED_TRACE(i);
        expect_conv(cases[i], flat[i]);
    }
}

TEST(SnnChains, Conv1dScaleAndBatchedLinear) {
    std::mt19937 dice(3);
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {3, 10});
    add(nir.get(), WEFT_NIR_CONV1D, "conv",
        {{"weight", {4, 3, 3}, small_whole(dice, 36)},
         {"bias", {4}, small_whole(dice, 4)},
         whole("stride", 2),
         whole("padding", 1),
         whole("dilation", 2),
         whole("groups", 1),
         whole("input_shape", 10)});
    add(nir.get(), WEFT_NIR_LINEAR, "each", {{"weight", {4, 2, 4}, small_whole(dice, 32)}});
    add(nir.get(), WEFT_NIR_SCALE, "scale", {{"scale", {4, 2}, small_whole(dice, 8)}});
    add(nir.get(), WEFT_NIR_LIF, "lif",
        {{"tau", {4, 2}, {5}},
         {"r", {4, 2}, {2}},
         {"v_leak", {1}, {0.25}},
         {"v_threshold", {4, 2}, {3}},
         {"v_reset", {4, 2}, {-0.5}}});
    add_output(nir.get(), "out", {4, 2});
    connect(nir.get(), {{"in", "conv"}, {"conv", "each"}, {"each", "scale"}, {"scale", "lif"}, {"lif", "out"}});
    for (auto reset : {WEFT_FLOAT_RESET_ZERO, WEFT_FLOAT_RESET_SUBTRACT}) {
        Trial t;
        t.reset = reset;
        EXPECT_GT(expect_same(nir.get(), t).spikes, 10u);
    }
}

// ---- random graphs: layers of every model, skips, sums, delays, loops ----

std::vector<Parameter> neuron_parameters(weft_nir_type type, int size, std::mt19937 &dice) {
    const auto each = [&](const char *name, double low, double high) {
        const bool one = dice() % 3 == 0;
        return Parameter{name, {one ? 1 : size}, random_values(dice, static_cast<size_t>(one ? 1 : size), low, high)};
    };
    const Parameter r = {"r", {size}, random_values(dice, static_cast<size_t>(size), 0.5, 2)};
    const Parameter threshold = each("v_threshold", 0.2, 1), reset = each("v_reset", -0.2, 0.1);
    const Parameter leak = each("v_leak", -0.1, 0.3), tau = each("tau", 2, 20), tau_syn = each("tau_syn", 2, 9);
    Parameter tau_mem = tau;
    tau_mem.name = "tau_mem";
    switch (type) {
    case WEFT_NIR_I:
        return {r};
    case WEFT_NIR_IF:
        return {r, threshold, reset};
    case WEFT_NIR_LI:
        return {tau, r, leak};
    case WEFT_NIR_LIF:
        return {tau, r, leak, threshold};
    case WEFT_NIR_CUBA_LI:
        return {tau_syn, tau_mem, r, leak, each("w_in", 0.5, 2)};
    case WEFT_NIR_CUBA_LIF:
        return {tau_syn, tau_mem, r, leak, threshold, reset};
    default:
        return {{"threshold", {size}, random_values(dice, static_cast<size_t>(size), 0, 1)}};
    }
}

struct RandomGraph {
    Nir nir = make_nir();
    std::set<std::pair<std::string, std::string>> late;
    std::vector<std::string> names; // of the layers
    std::vector<int> sizes;
    std::mt19937 dice;
    explicit RandomGraph(uint32_t seed) : dice(seed) {}

    int between(int low, int high) { return low + static_cast<int>(dice() % static_cast<uint32_t>(high - low + 1)); }
    void connect_by(int from, int to, const std::string &name, bool loop) {
        const size_t rows = static_cast<size_t>(sizes[to]), columns = static_cast<size_t>(sizes[from]);
        Values weight = random_values(dice, rows * columns, -1, 1);
        for (double &w : weight) w = dice() % 2 ? 0 : std::round(w * 256) / 256; // so that sums of them are exact
        std::vector<Parameter> parameters = {{"weight", {sizes[to], sizes[from]}, weight}};
        const bool affine = dice() % 2;
        if (affine) parameters.push_back({"bias", {sizes[to]}, random_values(dice, rows, -0.1, 0.3)});
        add(nir.get(), affine ? WEFT_NIR_AFFINE : WEFT_NIR_LINEAR, name.c_str(), parameters);
        std::string first = name;
        if (!loop && dice() % 3 == 0) {
            first = name + "_delay";
            const Values delay = random_values(dice, columns, 0, 6);
            add(nir.get(), WEFT_NIR_DELAY, first.c_str(), {{"delay", {sizes[from]}, delay}});
            connect(nir.get(), {{first.c_str(), name.c_str()}});
        }
        connect(nir.get(), {{names[from].c_str(), first.c_str()}, {name.c_str(), names[to].c_str()}});
        if (loop) late.insert({names[from], first});
    }
};

void make_random(RandomGraph *g) {
    const weft_nir_type models[] = {WEFT_NIR_I,       WEFT_NIR_IF,       WEFT_NIR_LI,       WEFT_NIR_LIF,
                                    WEFT_NIR_CUBA_LI, WEFT_NIR_CUBA_LIF, WEFT_NIR_THRESHOLD};
    const int layers = g->between(2, 6), inputs = g->between(1, 2);
    for (int i = 0; i < inputs; i++) {
        g->names.push_back("a_input" + std::to_string(i));
        g->sizes.push_back(g->between(1, 6));
        add_input(g->nir.get(), g->names.back().c_str(), {double(g->sizes.back())});
    }
    for (int i = 0; i < layers; i++) {
        const int size = g->between(1, 8);
        const weft_nir_type model = models[g->between(0, 6)];
        g->names.push_back("layer" + std::to_string(i));
        g->sizes.push_back(size);
        add(g->nir.get(), model, g->names.back().c_str(), neuron_parameters(model, size, g->dice));
    }
    const int count = inputs + layers;
    for (int to = inputs; to < count; to++) {
        g->connect_by(to == inputs ? 0 : to - 1, to, "w" + std::to_string(to), false);
        for (int from = 0; from < to; from++)
            if (g->between(0, 4) == 0) g->connect_by(from, to, "skip" + std::to_string(from * 100 + to), false);
        for (int from = to; from < count && to > inputs; from++)
            if (from == to && g->between(0, 2) == 0) g->connect_by(from, to, "self" + std::to_string(to), true);
    }
    if (layers > 2 && g->between(0, 1)) g->connect_by(count - 1, inputs, "back", true);
    add_output(g->nir.get(), "out", {double(g->sizes.back())});
    connect(g->nir.get(), {{g->names.back().c_str(), "out"}});
}

TEST(SnnRandom, SameAsTheGraph) {
    Tally all;
    uint64_t recurrent = 0, delayed = 0;
    for (uint32_t seed = 1; seed <= 150 && !HasFailure(); seed++) {
        SCOPED_TRACE(seed);
        RandomGraph g(seed);
        make_random(&g);
        Trial t;
        t.seed = seed, t.late = g.late, t.steps = 30;
        t.integration = seed % 2 ? WEFT_FLOAT_EULER : WEFT_FLOAT_EXPONENTIAL;
        t.reset = seed % 3 ? WEFT_FLOAT_RESET_ZERO : WEFT_FLOAT_RESET_SUBTRACT;
        // Feedback through integrators without leak may grow without bound, and rounding with it.
        t.amplitude = 0.5;
        const Tally tally = expect_same(g.nir.get(), t);
        all.spikes += tally.spikes, all.silent += tally.silent;
        const Snn snn = make_snn(g.nir.get());
        ASSERT_TRUE(snn);
        for (int i = 0; i < snn->projection_count; i++) {
            const weft_snn_projection &p = snn->projections[i];
            recurrent += p.recurrent, delayed += !p.recurrent && p.delay > 0;
            if (p.delay == 0) { EXPECT_LT(snn->populations[p.source].depth, snn->populations[p.target].depth); }
        }
    }
    EXPECT_GT(all.spikes, 1000u);
    EXPECT_GT(all.silent, 1000u);
    EXPECT_GT(recurrent, 50u);
    EXPECT_GT(delayed, 50u);
}

} // namespace
