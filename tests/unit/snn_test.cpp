// Populations, projections, delays, loops and order of a network made from a graph.
#include "sim/spike/float_network.h"

#include "tests/support/nir_fixture.h"

using namespace weft_test;

namespace {

std::string snn_error(const weft_nir *nir, double dt = 1, weft_status wanted = WEFT_E_INVALID) {
    weft_snn *snn = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_snn_create(&snn, nir->graph, dt, "n.nir", &err), wanted);
    EXPECT_EQ(snn, nullptr);
    weft_snn_destroy(snn);
    return std::string(err.file) + ": " + err.text;
}

const weft_snn_projection *between(const weft_snn *snn, const char *from, const char *to, int number = 0) {
    for (int i = 0; i < snn->projection_count; i++)
        if (snn->projections[i].source == weft_snn_find(snn, from) &&
            snn->projections[i].target == weft_snn_find(snn, to) && number-- == 0)
            return &snn->projections[i];
    return nullptr;
}

void add_linear(weft_nir *nir, const char *name, const std::vector<int> &shape, const Values &weight) {
    add(nir, WEFT_NIR_LINEAR, name, {{"weight", shape, weight}});
}

TEST(Snn, SynapsesBySource) {
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {3});
    add_linear(nir.get(), "w", {2, 3}, {1, 0, 2, 0, 0, -4});
    add_if(nir.get(), "if", {2});
    add_output(nir.get(), "out", {2});
    connect(nir.get(), {{"in", "w"}, {"w", "if"}, {"if", "out"}});
    const Snn snn = make_snn(nir.get());
    ASSERT_EQ(snn->population_count, 2);
    EXPECT_EQ(snn->neurons, 2u);
    EXPECT_EQ(snn->inputs, 3u);
    EXPECT_EQ(snn->synapses, 3u);
    EXPECT_TRUE(snn->populations[1].output);
    EXPECT_FALSE(snn->populations[0].output);
    EXPECT_EQ(snn->populations[1].parameters[WEFT_SNN_R].count, 1u); // all are equal
    EXPECT_EQ(snn->populations[1].parameters[WEFT_SNN_V_RESET].values[0], 0);
    EXPECT_EQ(snn->populations[1].parameters[WEFT_SNN_TAU].values, nullptr);
    const weft_snn_projection *p = between(snn.get(), "in", "if");
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(std::vector<uint64_t>(p->first, p->first + 4), (std::vector<uint64_t>{0, 1, 1, 3}));
    EXPECT_EQ(std::vector<uint32_t>(p->targets, p->targets + 3), (std::vector<uint32_t>{0, 0, 1}));
    EXPECT_EQ(std::vector<float>(p->weights, p->weights + 3), (std::vector<float>{1, 2, -4}));
    EXPECT_FALSE(p->recurrent);
    EXPECT_EQ(p->delay, 0);
}

TEST(Snn, ParallelWaysAddUp) { // two edges of one source meet in a node, and two nodes meet in a neuron
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {2});
    for (const char *name : {"a", "b"})
        add(nir.get(), WEFT_NIR_AFFINE, name,
            {{"weight", {2, 2}, {1, 2, 3, name[0] == 'a' ? 4.0 : -4.0}}, {"bias", {2}, {0.5, 1}}});
    add(nir.get(), WEFT_NIR_SCALE, "s", {{"scale", {1}, {2}}});
    add_if(nir.get(), "if", {2});
    connect(nir.get(), {{"in", "a"}, {"in", "b"}, {"a", "s"}, {"b", "s"}, {"s", "if"}, {"b", "if"}});
    const Snn snn = make_snn(nir.get());
    ASSERT_EQ(snn->projection_count, 1);
    const weft_snn_projection *p = between(snn.get(), "in", "if");
    ASSERT_EQ(p->count, 4u); // 2 (a + b) + b
    EXPECT_EQ(std::vector<float>(p->weights, p->weights + 4), (std::vector<float>{5, 15, 10, -4}));
    ASSERT_EQ(snn->populations[1].bias_count, 1);
    EXPECT_EQ(snn->populations[1].biases[0].values[0], 2.5);
    EXPECT_EQ(snn->populations[1].biases[0].values[1], 5);
}

TEST(Snn, DelaysSplitAndMeetAgain) {
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {2});
    add(nir.get(), WEFT_NIR_AFFINE, "a", {{"weight", {2, 2}, {1, 2, 3, 4}}, {"bias", {2}, {7, 8}}});
    add(nir.get(), WEFT_NIR_DELAY, "d", {{"delay", {2}, {0.25, 0.5}}});
    add(nir.get(), WEFT_NIR_DELAY, "e", {{"delay", {2}, {0.5, 0.25}}});
    add_if(nir.get(), "if", {2});
    connect(nir.get(), {{"in", "a"}, {"a", "d"}, {"d", "e"}, {"e", "if"}, {"d", "if"}});
    const Snn snn = make_snn(nir.get(), 0.125);
    ASSERT_EQ(snn->projection_count, 3);
    const int delays[] = {2, 4, 6};
    const size_t counts[] = {2, 2, 4};
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(snn->projections[i].delay, delays[i]);
        EXPECT_EQ(snn->projections[i].count, counts[i]);
        EXPECT_FALSE(snn->projections[i].recurrent);
    }
    ASSERT_EQ(snn->populations[1].bias_count, 3);
    EXPECT_EQ(snn->populations[1].biases[0].delay, 2);
    EXPECT_EQ(snn->populations[1].biases[0].values[0], 7);
    EXPECT_EQ(snn->populations[1].biases[0].values[1], 0);
    EXPECT_EQ(snn->populations[1].biases[2].values[1], 8);
}

// in -> a -> b -> c, c -> a with a delay of its own, b -> b, a -> c.
TEST(Snn, LoopsHaveAtLeastAStep) {
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {1});
    for (const char *name : {"z", "y", "x"}) add_if(nir.get(), name, {1}); // against the order of names
    add(nir.get(), WEFT_NIR_DELAY, "d", {{"delay", {1}, {5}}});
    add_output(nir.get(), "out", {1});
    connect(nir.get(),
            {{"in", "z"}, {"z", "y"}, {"y", "x"}, {"x", "d"}, {"d", "z"}, {"y", "y"}, {"z", "x"}, {"x", "out"}});
    const Snn snn = make_snn(nir.get());
    ASSERT_EQ(snn->population_count, 4);
    const char *order[] = {"in", "z", "y", "x"};
    for (int p = 0; p < 4; p++) {
        EXPECT_STREQ(snn->populations[p].name, order[p]);
        EXPECT_EQ(snn->populations[p].depth, p);
    }
    ASSERT_EQ(snn->projection_count, 6);
    EXPECT_EQ(between(snn.get(), "x", "z")->delay, 5);
    EXPECT_TRUE(between(snn.get(), "x", "z")->recurrent);
    EXPECT_EQ(between(snn.get(), "y", "y")->delay, 1);
    EXPECT_TRUE(between(snn.get(), "y", "y")->recurrent);
    for (auto [from, to] : {std::pair{"in", "z"}, {"z", "y"}, {"y", "x"}, {"z", "x"}}) {
        EXPECT_EQ(between(snn.get(), from, to)->delay, 0) << from << to;
        EXPECT_FALSE(between(snn.get(), from, to)->recurrent) << from << to;
    }
}

TEST(Snn, AnOutputBehindALinearNodeIsAPopulation) {
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {2});
    add(nir.get(), WEFT_NIR_AFFINE, "w", {{"weight", {1, 2}, {2, 3}}, {"bias", {1}, {10}}});
    add_output(nir.get(), "out", {1});
    connect(nir.get(), {{"in", "w"}, {"w", "out"}});
    const Snn snn = make_snn(nir.get());
    ASSERT_EQ(snn->population_count, 2);
    EXPECT_EQ(snn->neurons, 0u);
    weft_float_network *net = nullptr;
    const weft_float_options options = {1, WEFT_FLOAT_EULER, WEFT_FLOAT_RESET_ZERO};
    ASSERT_EQ(weft_float_network_create(&net, snn.get(), &options, nullptr), WEFT_OK);
    const float input[] = {1, 0, 0.5f, 2};
    float out[2] = {}, membranes[2] = {5, 5};
    const weft_float_record record = {1, out, membranes};
    weft_float_network_run(net, input, 2, &record, 1);
    EXPECT_EQ(out[0], 12);
    EXPECT_EQ(out[1], 17);
    EXPECT_EQ(membranes[1], 0);
    weft_float_network_destroy(net);
}

TEST(Snn, ResetStartsAgain) {
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {1});
    add(nir.get(), WEFT_NIR_AFFINE, "w", {{"weight", {1, 1}, {1}}, {"bias", {1}, {0.25}}});
    add(nir.get(), WEFT_NIR_DELAY, "d", {{"delay", {1}, {2}}});
    add(nir.get(), WEFT_NIR_CUBA_LIF, "n",
        {{"tau_syn", {1}, {4}},
         {"tau_mem", {1}, {4}},
         {"r", {1}, {2}},
         {"v_leak", {1}, {0.5}},
         {"v_threshold", {1}, {1}}});
    connect(nir.get(), {{"in", "w"}, {"w", "d"}, {"d", "n"}});
    const Snn snn = make_snn(nir.get());
    for (auto integration : {WEFT_FLOAT_EULER, WEFT_FLOAT_EXPONENTIAL}) {
        weft_float_network *net = nullptr;
        const weft_float_options options = {1, integration, WEFT_FLOAT_RESET_SUBTRACT};
        ASSERT_EQ(weft_float_network_create(&net, snn.get(), &options, nullptr), WEFT_OK);
        float input[20], first[20], second[20];
        for (int i = 0; i < 20; i++) input[i] = static_cast<float>(i % 3);
        weft_float_record record = {1, nullptr, first};
        weft_float_network_run(net, input, 20, &record, 1);
        weft_float_network_reset(net);
        record.membranes = second;
        weft_float_network_run(net, input, 20, &record, 1);
        for (int i = 0; i < 20; i++) EXPECT_EQ(first[i], second[i]) << i;
        EXPECT_NE(first[0], 0);
        EXPECT_NE(first[18], first[19]);
        weft_float_network_destroy(net);
    }
}

// tau_syn = tau_mem, where the general formula divides by 0: against a very fine integration.
TEST(Snn, ExponentialIsTheExactSolution) {
    for (double tau_syn : {4.0, 4.0000001, 1.5}) {
        const Nir nir = make_nir();
        add_input(nir.get(), "in", {1});
        add(nir.get(), WEFT_NIR_CUBA_LI, "n",
            {{"tau_syn", {1}, {tau_syn}, WEFT_NIR_FLOAT64},
             {"tau_mem", {1}, {4}},
             {"r", {1}, {2}},
             {"v_leak", {1}, {0.5}},
             {"w_in", {1}, {3}}});
        connect(nir.get(), {{"in", "n"}});
        const Snn snn = make_snn(nir.get());
        weft_float_network *net = nullptr;
        const weft_float_options options = {1, WEFT_FLOAT_EXPONENTIAL, WEFT_FLOAT_RESET_ZERO};
        ASSERT_EQ(weft_float_network_create(&net, snn.get(), &options, nullptr), WEFT_OK);
        double v = 0, s = 0;
        const int fine = 100000;
        for (int step = 0; step < 6; step++) {
            const float x = step % 2 ? 0.0f : 1.0f;
            weft_float_network_step(net, &x);
            for (int i = 0; i < fine; i++) { // Heun's method
                const double ds = (3 * double(x) - s) / tau_syn, dv = (0.5 - v + 2 * s) / 4;
                const double s1 = s + ds / fine, v1 = v + dv / fine;
                s += (ds + (3 * double(x) - s1) / tau_syn) / 2 / fine;
                v += (dv + (0.5 - v1 + 2 * s1) / 4) / 2 / fine;
            }
            EXPECT_NEAR(weft_float_network_membrane(net, 1)[0], v, 1e-7);
        }
        weft_float_network_destroy(net);
    }
}

TEST(Snn, Errors) {
    Nir nir = make_nir();
    add_input(nir.get(), "in", {1});
    add(nir.get(), WEFT_NIR_SCALE, "a", {{"scale", {1}, {1}}});
    add(nir.get(), WEFT_NIR_SCALE, "b", {{"scale", {1}, {1}}});
    connect(nir.get(), {{"in", "a"}, {"a", "b"}, {"b", "a"}});
    EXPECT_EQ(snn_error(nir.get()), "n.nir: a: is in or behind a loop without a neuron");
    nir = make_nir();
    add_input(nir.get(), "in", {1});
    add_if(nir.get(), "x", {1});
    connect(nir.get(), {{"x", "in"}});
    EXPECT_EQ(snn_error(nir.get()), "n.nir: in: is an Input, but has an edge to it");
    nir = make_nir();
    add_output(nir.get(), "out", {1});
    add_if(nir.get(), "x", {1});
    connect(nir.get(), {{"out", "x"}});
    EXPECT_EQ(snn_error(nir.get()), "n.nir: out: is an Output, but has an edge from it");
    nir = make_nir();
    add(nir.get(), WEFT_NIR_DELAY, "d", {{"delay", {1}, {100}}});
    EXPECT_EQ(snn_error(nir.get(), 0), "n.nir: has a Delay, for which a time step is needed");
    EXPECT_EQ(snn_error(nir.get(), 1e-3), "n.nir: d: a delay of 100 s is more than 65535 steps of 0.001 s");
    nir = make_nir();
    add_graph(nir.get(), "g");
    EXPECT_EQ(snn_error(nir.get(), 1, WEFT_E_UNSUPPORTED), "n.nir: g: is a graph in the graph");
    nir = make_nir();
    add_input(nir.get(), "in", {1});
    add(nir.get(), WEFT_NIR_SCALE, "a", {{"scale", {1}, {1e300}, WEFT_NIR_FLOAT64}});
    add_if(nir.get(), "x", {1});
    connect(nir.get(), {{"in", "a"}, {"a", "x"}});
    EXPECT_EQ(snn_error(nir.get()), "n.nir: x: a weight to it is too large for single precision");
}

TEST(Snn, LimitsHoldBeforeMemoryIsTaken) {
    Nir nir = make_nir();
    add_input(nir.get(), "in", {5000, 5000});
    EXPECT_EQ(snn_error(nir.get()), "n.nir: in: with it there are more neurons than are allowed");
    nir = make_nir(); // a kernel as large as the map: every output reaches a quarter of the inputs or more
    add_input(nir.get(), "in", {1, 300, 300});
    add(nir.get(), WEFT_NIR_SUM_POOL2D, "p", {whole("kernel_size", 300), whole("stride", 1), whole("padding", 150)});
    add_if(nir.get(), "x", {1, 301, 301});
    connect(nir.get(), {{"in", "p"}, {"p", "x"}});
    EXPECT_EQ(snn_error(nir.get()), "n.nir: p: the chains up to it have too many synapses");
}

TEST(Snn, FloatOptionsAreChecked) {
    const Nir nir = make_nir();
    add(nir.get(), WEFT_NIR_LI, "n", {{"tau", {1}, {0.5}}, {"r", {1}, {1}}, {"v_leak", {1}, {0}}});
    const Snn snn = make_snn(nir.get());
    weft_float_network *net = nullptr;
    weft_error err = {};
    weft_float_options options = {1, WEFT_FLOAT_EULER, WEFT_FLOAT_RESET_ZERO};
    EXPECT_EQ(weft_float_network_create(&net, snn.get(), &options, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "n: neuron model 'li': forward Euler diverges with a time step of 1 s and tau = 0.5 s; a "
                           "time step below twice the time constant, or integration 'exponential'");
    options.dt = 0;
    EXPECT_EQ(weft_float_network_create(&net, snn.get(), &options, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "a time step of 0 s is not above 0");
    EXPECT_EQ(net, nullptr);
}

} // namespace
