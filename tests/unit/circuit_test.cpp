// Circuits from YAML: stimuli, routes, models, and what is wrong with a file.
#include "tests/support/circuit_fixture.h"
#include "tests/support/golden.h"

#include <cmath>

#include "sim/spike/neuron.h"

using namespace weft_test;
using Ticks = std::vector<int>;

namespace {

// A file of its own, and what it came to.
class CircuitFile : public testing::Test {
  protected:
    std::string path = testing::TempDir() + "weft_circuit_" + std::to_string(getpid()) + ".yaml";
    void TearDown() override { std::filesystem::remove(path); }

    std::unique_ptr<Circuit> load(const std::string &text, const std::vector<std::string> &set = {}) {
        std::ofstream(path) << text;
        return std::make_unique<Circuit>(path, set);
    }
    // The file's errors begin with its path, which is left out of `message`.
    void refused(const std::string &text, const std::string &message, const std::vector<std::string> &set = {}) {
        const std::unique_ptr<Circuit> circuit = load(text, set);
        char shown[2048];
        EXPECT_NE(circuit->status, WEFT_OK) << message;
        weft_error_format(&circuit->err, shown, sizeof shown);
        std::string got = shown;
        if (got.rfind(path + ":", 0) == 0) got = got.substr(path.size() + 1);
        EXPECT_EQ(got, message);
    }
};

const std::string head =
    "ticks: 20\nneurons:\n  a: {weights: [1], threshold: 1}\n  b: {weights: [1, 2], threshold: 2}\n"
    "  c: {core: sparse, model: lif}\n";

} // namespace

TEST_F(CircuitFile, DrivesAreSpikesATick) {
    const auto circuit = load("ticks: 12\nneurons: {a: {threshold: 1000}}\nstimuli:\n"
                              "  pulses: {to: a, drive: [pulses: {at: [3, 3, 7], spikes: 2}]}\n"
                              "  train: {to: a, drive: [train: {from: 1, until: 10, every: 4, spikes: 3}]}\n"
                              "  tenths: {to: a, drive: [step: {rate: 0.3}]}\n"
                              "  step: {to: a, drive: [step: {from: 4, until: 6, rate: 2}, step: {from: 5, rate: 1}]}\n"
                              "  ramp: {to: a, drive: [ramp: {from: 2, until: 10, first: 0, last: 2}]}\n");
    ASSERT_EQ(circuit->status, WEFT_OK) << circuit->err.text;
    EXPECT_EQ(circuit->input(0), (Ticks{0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0}));
    EXPECT_EQ(circuit->input(1), (Ticks{0, 3, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0}));
    EXPECT_EQ(circuit->input(2), (Ticks{0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0}));
    EXPECT_EQ(circuit->input(3), (Ticks{0, 0, 0, 0, 2, 3, 1, 1, 1, 1, 1, 1}));
    // k^2 / 8 after k ticks, rounded down: 0 0 1 2 3 4 6 8
    EXPECT_EQ(circuit->input(4), (Ticks{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 0, 0}));
    EXPECT_EQ(circuit->circuit->event_count, 6 + 9 + 3 + 11 + 8);
}

TEST_F(CircuitFile, TenTenthsAreOne) {
    const auto circuit =
        load("ticks: 1000\nneurons: {a: {threshold: 9}}\nstimuli: {s: {to: a, drive: [step: {rate: 0.1}]}}\n");
    ASSERT_EQ(circuit->status, WEFT_OK) << circuit->err.text;
    const Ticks input = circuit->input();
    for (int t = 0; t < 1000; t++) EXPECT_EQ(input[static_cast<size_t>(t)], t % 10 == 9) << t;
}

/* Types, delays and the one axon of a neuron with several connections, by hand. */
TEST_F(CircuitFile, TrueNorthConnections) {
    const auto circuit = load("ticks: 12\nneurons:\n"
                              "  a: {weights: [5, 0, -3], threshold: 5, negative_threshold: 9}\n"
                              "  b: {weights: [0, 7, 2], threshold: 1000}\n"
                              "  c: {weights: [1, 7, 4], threshold: 1000, initial: 100}\n"
                              "connections:\n"
                              "  - {from: a, to: [b, a], type: 2, delay: 4}\n"
                              "  - {from: a, to: c, type: 2, delay: 4}\n"
                              "stimuli:\n"
                              "  s: {to: [a, c], drive: [pulses: {at: [1]}]}\n"
                              "  t: {to: c, type: 1, drive: [pulses: {at: [2], spikes: 2}]}\n");
    ASSERT_EQ(circuit->status, WEFT_OK) << circuit->err.text;
    EXPECT_EQ(circuit->spikes(0), Ticks{1});
    const double c[] = {100, 101, 115, 115, 115, 119, 119};
    for (int t = 0; t < 7; t++) {
        EXPECT_EQ(circuit->membrane(t, 0), t >= 5 ? -3 : 0) << t;
        EXPECT_EQ(circuit->membrane(t, 1), t >= 5 ? 2 : 0) << t;
        EXPECT_EQ(circuit->membrane(t, 2), c[t]) << t;
    }
}

/* Every model, alone, is what its population does. */
TEST_F(CircuitFile, EveryModelStepsAsItsPopulation) {
    for (int m = 0; weft_neuron_table[m]; m++) {
        const weft_neuron_model *model = weft_neuron_table[m];
        ASSERT_NE(weft_circuit_models[m], nullptr);
        ASSERT_STREQ(weft_circuit_models[m], model->name);
        const double weight = model->integer ? 90 : 0.7;
        const auto circuit = load(
            "ticks: 60\ntick_ms: 20\nneurons: {n: {core: sparse, model: " + std::string(model->name) +
            "}}\nstimuli: {s: {to: n, weight: " + std::to_string(weight) + ", drive: [ramp: {first: 0, last: 4}]}}\n");
        ASSERT_EQ(circuit->status, WEFT_OK) << circuit->err.text;
        weft_neuron_spec spec = {};
        spec.model = model, spec.count = 1, spec.dt = 20e-3, spec.integration = WEFT_NEURON_EXPONENTIAL;
        weft_neurons *neurons = nullptr;
        ASSERT_EQ(weft_neurons_create(&neurons, &spec, nullptr), WEFT_OK);
        Ticks spikes;
        const Ticks input = circuit->input();
        for (int t = 0; t < 60; t++) {
            double real = 0;
            for (int k = 0; k < input[static_cast<size_t>(t)]; k++)
                real += static_cast<double>(static_cast<float>(weight));
            const int32_t whole = static_cast<int32_t>(real) * 64;
            uint8_t fired = 0;
            weft_neurons_step(neurons, 0, 1, model->integer ? static_cast<const void *>(&whole) : &real, &fired);
            if (fired) spikes.push_back(t);
            EXPECT_EQ(circuit->membrane(t), weft_neurons_state(neurons, 0, 0)) << model->name << " " << t;
        }
        weft_neurons_destroy(neurons);
        EXPECT_EQ(circuit->spikes(), spikes) << model->name;
        EXPECT_EQ(spikes.empty(), !model->spiking) << model->name;
    }
    EXPECT_EQ(weft_circuit_models[8], nullptr);
}

TEST_F(CircuitFile, SparseConnectionsHaveWeightsAndDelays) {
    const auto circuit = load("ticks: 30\nneurons:\n"
                              "  fast: {core: sparse, model: threshold, parameters: {threshold: 0.5}}\n"
                              "  sum: {core: sparse, model: i, parameters: {r: 1000}}\n"
                              "  loihi: {core: sparse, model: loihi, parameters: {threshold: 100000}}\n"
                              "connections:\n"
                              "  - {from: fast, to: sum, weight: 2, delay: 3}\n"
                              "  - {from: fast, to: sum, weight: 0.25, delay: 20}\n"
                              "  - {from: fast, to: loihi, weight: -3, exponent: 2, delay: 5}\n"
                              "stimuli: {s: {to: fast, drive: [pulses: {at: [4]}]}}\n");
    ASSERT_EQ(circuit->status, WEFT_OK) << circuit->err.text;
    EXPECT_EQ(circuit->spikes(0), Ticks{4});
    for (int t = 0; t < 30; t++) {
        EXPECT_NEAR(circuit->membrane(t, 1), (t >= 7 ? 2 : 0) + (t >= 24 ? 0.25 : 0), 1e-12) << t;
        EXPECT_EQ(circuit->membrane(t, 2), t >= 9 ? -3 * 4 * 64 : 0) << t;
    }
}

TEST_F(CircuitFile, TwiceTheSame) {
    const std::string text = "ticks: 300\nseed: 5\nneurons: {a: {weights: [90], stochastic_weights: [0], threshold: 8, "
                             "threshold_bits: 3}}\nstimuli: {s: {to: a, drive: [step: {rate: 3}]}}\n";
    const Ticks first = load(text)->spikes(), second = load(text)->spikes(), other = load(text, {"seed=6"})->spikes();
    EXPECT_EQ(first, second);
    EXPECT_NE(first, other);
    EXPECT_GT(first.size(), 10u);
}

TEST_F(CircuitFile, TitleAndThresholds) {
    const auto circuit = load(head + "  d: {core: sparse, model: loihi, parameters: {threshold: 7}}\n"
                                     "  e: {core: sparse, model: li}\n");
    ASSERT_EQ(circuit->status, WEFT_OK) << circuit->err.text;
    EXPECT_EQ(circuit->circuit->title, "weft_circuit_" + std::to_string(getpid()));
    EXPECT_EQ(circuit->circuit->neurons[1].threshold, 2);
    EXPECT_EQ(circuit->circuit->neurons[2].threshold, 1);
    EXPECT_EQ(circuit->circuit->neurons[3].threshold, 64 * 7);
    EXPECT_TRUE(std::isnan(circuit->circuit->neurons[4].threshold));
}

TEST_F(CircuitFile, WrongNeurons) {
    refused("ticks: 20\nneurons: {}\n", "2:10: neurons: 0; 1 to 64 are allowed");
    refused("ticks: 20\nneurons: {a: {weights: [1]}}\n", "2:14: neurons.a.threshold: required key is missing");
    refused("ticks: 20\nneurons: {a: {threshold: 1, weights: [1, 0.5]}}\n",
            "2:38: neurons.a.weights: 0.5 is not a whole number");
    refused("ticks: 20\nneurons: {a: {threshold: 1, weights: [1, 1, 1, 1, 1]}}\n",
            "2:38: neurons.a.weights: 5 numbers for 4 axon types");
    refused("ticks: 20\nneurons: {a: {threshold: 262144}}\n", "2:26: neurons.a.threshold: 262144 is above 262143");
    refused("ticks: 20\nneurons: {a: {model: lif}}\n",
            "2:15: neurons.a.model: is for core sparse; this neuron is of core truenorth");
    refused("ticks: 20\nneurons: {a: {core: sparse, model: tresholt}}\n",
            "2:36: neurons.a.model: 'tresholt' is not one of i, if, li, lif, cuba_li, cuba_lif, threshold, loihi; did "
            "you mean "
            "threshold?");
    refused("ticks: 20\nneurons: {a: {core: sparse, model: lif, parameters: {taw: 1}}}\n",
            "2:59: neurons.a.parameters.taw: model lif has no such parameter; did you mean tau?");
    refused("ticks: 20\nneurons: {a: {core: sparse, model: lif, parameters: {tau: 0}}}\n",
            "2:59: neurons.a.parameters.tau: 0 is below 1e-09");
    refused("ticks: 20\nneurons: {a: {core: sparse, model: loihi, parameters: {decay_v: 1.5}}}\n",
            "2:65: neurons.a.parameters.decay_v: '1.5' is not an integer");
    refused("ticks: 20\nneurons: {a: {core: sparse, model: loihi, reset: value}}\n",
            "2:14: neurons.a: neuron model 'loihi' does not reset to a value");
    refused("ticks: 16777216\nneurons: {a: {threshold: 1}}\n", "1:8: ticks: 16777216 is above 1000000");
    refused(
        "ticks: 1000000\nneurons: {a: {threshold: 1}}\nstimuli: {" +
            [] {
                std::string all;
                for (int i = 0; i < 17; i++) all += "s" + std::to_string(i) + ": {to: a, drive: []}, ";
                return all;
            }() +
            "}\n",
        "1:8: ticks: with the neurons and stimuli 18000000 values to keep; at most 16777216");
}

TEST_F(CircuitFile, WrongConnections) {
    refused(head + "connections: [{from: d, to: b}]\n",
            "6:22: connections.0.from: there is no neuron 'd'; did you mean a?");
    refused(head + "connections: [{from: a, to: [b, a, b]}]\n", "6:29: connections.0.to: 'b' is named twice");
    refused(head + "connections: [{from: a, to: []}]\n", "6:29: connections.0.to: no neuron is named");
    refused(head + "connections: [{from: a, to: c}]\n",
            "6:29: connections.0.to: TrueNorth neurons are connected with each other only");
    refused(head + "connections: [{from: c, to: [c, b]}]\n",
            "6:29: connections.0.to: TrueNorth neurons are connected with each other only");
    refused(head + "connections: [{from: a, to: b, delay: 16}]\n",
            "6:39: connections.0.delay: 16 is above 15, the longest of TrueNorth");
    refused(head + "connections: [{from: a, to: b, type: 1}, {from: a, to: a}]\n",
            "6:42: connections.1: 'a' has a target already, of type 1 and delay 1; a TrueNorth neuron has one");
    refused(head + "connections: [{from: a, to: b}, {from: a, to: b}]\n",
            "6:47: connections.1.to: 'a' reaches a neuron that it reaches already");
    refused(head + "connections: [{from: a, to: b, weight: 2}]\n",
            "6:40: connections.0.weight: means nothing: no neuron of a sparse core is reached");
    refused(head + "connections: [{from: c, to: c, type: 0}]\n",
            "6:38: connections.0.type: means nothing: no neuron of a truenorth core is reached");
    refused(head + "connections: [{from: c, to: c, exponent: 0}]\n",
            "6:42: connections.0.exponent: means nothing: no neuron in fixed point is reached");
    refused(
        head + "  d: {core: sparse, model: loihi}\nconnections: [{from: c, to: d, weight: 2.5}]\n",
        "7:40: connections.0.weight: 2.5 is not a whole number from -256 to 255, as a model in fixed point takes it");
}

TEST_F(CircuitFile, WrongStimuli) {
    refused(head + "stimuli: {a: {to: b, drive: []}}\n", "6:11: stimuli.a: a neuron has that name already");
    refused(head + "stimuli: {s: {to: bb, drive: []}}\n",
            "6:19: stimuli.s.to: there is no neuron 'bb'; did you mean b?");
    refused(head + "stimuli: {s: {to: b, drive: [stepp: {rate: 1}]}}\n",
            "6:30: stimuli.s.drive.0: 'stepp' is not one of pulses, train, step, ramp; did you mean step?");
    refused(head + "stimuli: {s: {to: b, drive: [pulses: {at: [3, 20]}]}}\n",
            "6:43: stimuli.s.drive.0.pulses.at: 20 is not a tick of the run: whole numbers below 20");
    refused(head + "stimuli: {s: {to: b, drive: [step: {rate: 1, until: 21}]}}\n",
            "6:53: stimuli.s.drive.0.step.until: 21 is behind the run of 20 ticks");
    refused(head + "stimuli: {s: {to: b, drive: [step: {rate: 1, from: 5, until: 5}]}}\n",
            "6:52: stimuli.s.drive.0.step.from: 5 is not before 5, the end");
    refused(head + "stimuli: {s: {to: b, drive: [step: {rate: 256}, pulses: {at: [3]}]}}\n",
            "6:57: stimuli.s.drive.1.pulses: 257 spikes of the stimulus in tick 3; at most 256");
    std::string many = head + "stimuli:\n";
    for (int i = 0; i < 4; i++) many += "  s" + std::to_string(i) + ": {to: b, drive: [step: {rate: 256}]}\n";
    refused(many,
            "7:3: stimuli: with the neurons 1026 axons of a TrueNorth core; at most 1024 (a stimulus has as many as "
            "it has spikes in a tick)");
}

TEST(CircuitManual, ExampleAndModels) {
    const std::string text = printed(weft_circuit_describe);
    EXPECT_EQ(text.rfind("neurons: A few neurons", 0), 0u);
    EXPECT_NE(text.find("\n  cuba_lif: current-based leaky integrate and fire"), std::string::npos);
    EXPECT_NE(text.find("\n    decay_u        0 to 4096, default 4096: current lost"), std::string::npos);
    const std::string path = testing::TempDir() + "weft_circuit_example_" + std::to_string(getpid()) + ".yaml";
    std::ofstream(path) << weft_circuit_example;
    const Circuit circuit(path);
    EXPECT_EQ(circuit.status, WEFT_OK) << circuit.err.text;
    EXPECT_EQ(circuit.spikes().size(), 25u);
    std::filesystem::remove(path);
}

TEST(CircuitManual, SchemaIsTheCommittedOne) {
    expect_file(WEFT_SOURCE_FOLDER "/docs/schema/neurons.json", printed([](FILE *stream) {
                    EXPECT_EQ(weft_record_json_schema(&weft_circuit_record, stream, nullptr), WEFT_OK);
                }));
}
