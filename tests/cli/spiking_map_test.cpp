// weft map of spiking networks: what is told, mappings that run, and what is refused.
#include "harness.h"
#include "spiking_json.h"

#include "tests/support/binary_network.h"
#include "tests/support/spiking_files.h"

using namespace weft_cli;

namespace {

using Words = std::vector<std::string>;

class CliSpikingMap : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        weft_test::write_templates("net.nir", 8);
        make_dataset("set", 8, 20, 30);
    }
    static Ran map(Words words) {
        words.insert(words.begin(), "map");
        return weft(words);
    }
    static void refused(const Words &words, int code, const std::string &text) {
        const std::string before = listing();
        const Ran ran = map(words);
        EXPECT_EQ(ran.code, code) << text;
        EXPECT_EQ(ran.err, "weft: " + text + (code == 2 ? "\nTry 'weft map --help'.\n" : "\n"));
        EXPECT_EQ(ran.out, "");
        EXPECT_EQ(listing(), before);
    }
};

TEST_F(CliSpikingMap, a_mapping_runs_and_checks) {
    for (const char *chip : {"truenorth", "loihi1"}) {
        const Ran ran = map({"net.nir", chip, "-o", "a.yaml", "--reset", "subtract", "--json", "map.json"});
        ASSERT_EQ(ran.code, 0) << ran.err;
        ASSERT_EQ(map({"net.nir", chip, "-o", "b.yaml", "--reset", "subtract", "--threads", "3"}).code, 0);
        EXPECT_EQ(read_file("a.yaml"), read_file("b.yaml"));
        const Json json("map.json");
        EXPECT_EQ(json.text("kind"), "spike_mapping");
        EXPECT_EQ(json.text("chip"), chip);
        EXPECT_EQ(json.number("cores_used"), 1);
        EXPECT_EQ(json.number("neurons"), 10);
        EXPECT_EQ(json.number("synapses"), 640);
        EXPECT_EQ(json.text("populations.1.name"), "cells");
        EXPECT_EQ(json.number("populations.1.cores"), 1);
        EXPECT_EQ(json.number("projections.0.synapses"), 640);
        EXPECT_EQ(json.number("projections.0.lost_synapses"), 0);
        const Ran check = map({"--check", "a.yaml", "--json", "check.json"});
        ASSERT_EQ(check.code, 0) << check.err;
        EXPECT_NE(check.out.find("a.yaml fits " + std::string(chip) +
                                 ": every neuron has its core, no limit of a core is exceeded\n"),
                  std::string::npos)
            << check.out;
        EXPECT_EQ(Json("check.json").number("hops"), json.number("hops"));
        const Ran sim = weft({"sim", "a.yaml", "--dataset", "set", "--coding", "regular", "--ticks", "20", "--compare",
                              "--functional", "--json", "sim.json"});
        ASSERT_EQ(sim.code, 0) << sim.err;
        const Json run("sim.json");
        EXPECT_EQ(run.number("reference.same_answers"), 30) << chip;
        EXPECT_EQ(run.number("reference.same_spikes"), run.number("reference.reference_spikes")) << chip;
        EXPECT_EQ(run.number("reference.same_spikes"), run.number("reference.output_spikes")) << chip;
        EXPECT_GT(run.number("reference.same_spikes"), 30);
    }
}

TEST_F(CliSpikingMap, odin_takes_events) { // each goes through all 256 neurons
    const Ran ran = map({"net.nir", "odin", "-o", "a.yaml", "--json", "map.json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(Json("map.json").number("cores_used"), 1);
    EXPECT_EQ(Json("map.json").number("axons"), 128); // 64 pixels, of both signs
    ASSERT_EQ(map({"--check", "a.yaml"}).code, 0);
    const Ran sim = weft({"sim", "a.yaml", "--dataset", "set", "--coding", "regular", "--ticks", "20", "--compare",
                          "--timed-images", "1", "--json", "sim.json"});
    ASSERT_EQ(sim.code, 0) << sim.err;
    const Json run("sim.json");
    EXPECT_GT(run.number("counts.spikes"), 30);
    EXPECT_EQ(run.number("counts.synaptic_events"), 256 * run.number("counts.axon_events"));
    EXPECT_GT(run.number("reference.output_spikes"), 30);
    refused({"net.nir", "odin", "-o", "b.yaml", "--reset", "subtract"}, 1,
            "population 'cells': a reset by subtraction; a neuron of ODIN begins again at 0");
}

TEST_F(CliSpikingMap, explains) {
    const Ran ran = map({"net.nir", "loihi1", "-o", "a.yaml", "--explain"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    for (const char *part : {"partition", "row_major", "greedy", "refined"})
        EXPECT_NE(ran.out.find(part), std::string::npos) << part << ran.out;
}

// A net with ternary weights and spikes between its layers, an image a tick: as the trainer computes it.
TEST_F(CliSpikingMap, networks_of_binary_activations) {
    binary::write_dense("bits.onnx");
    Ran ran = map({"bits.onnx", "truenorth", "-o", "bits.yaml"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    ran = weft({"sim", "bits.yaml", "--dataset", "set", "--compare", "--json", "sim.json", "--spikes-csv", "s.csv"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Json json("sim.json");
    EXPECT_EQ(json.number("samples"), 30);
    EXPECT_EQ(json.number("ticks"), 32); // two layers behind the input
    EXPECT_NEAR(json.number("samples_per_s"), 30 / 0.032, 1e-9);
    EXPECT_EQ(json.number("reference.same_answers"), 30);
    EXPECT_EQ(json.number("reference.same_spikes"), json.number("reference.reference_spikes"));
    EXPECT_EQ(json.number("reference.same_spikes"), json.number("reference.output_spikes"));
    EXPECT_GT(json.number("reference.same_spikes"), 10);
    ASSERT_EQ(weft({"run", "bits.onnx", "--dataset", "set", "--json", "run.json"}).code, 0);
    EXPECT_NEAR(json.number("accuracy_percent"), 100 - Json("run.json").number("error_percent"), 1e-9);
    const std::pair<Words, std::string> wrong[] = {
        {{}, "--dataset DATASET is missing"},
        {{"--random", "1"}, "--random: a network of layers takes an image a tick, of --dataset"},
        {{"--dataset", "set", "--coding", "latency"},
         "--coding: a network of layers takes an image a tick, of --dataset"},
        {{"--dataset", "set", "--ticks", "3"}, "--ticks: a network of layers takes an image a tick, of --dataset"},
        {{"--dataset", "set", "--classes", "5"}, "--classes: a network of layers has its classes"}};
    for (const auto &[words, text] : wrong) {
        Words all = {"sim", "bits.yaml"};
        all.insert(all.end(), words.begin(), words.end());
        const Ran bad = weft(all);
        EXPECT_EQ(bad.code, 2);
        EXPECT_EQ(bad.err, "weft: " + text + "\nTry 'weft sim --help'.\n");
    }
}

TEST_F(CliSpikingMap, wrong_use) {
    make_network("net.onnx", 8);
    refused({"net.nir", "loihi1"}, 2, "--out FILE is missing");
    refused({"net.nir", "loihi1", "-o", "a.yaml", "--parts", "2"}, 2, "--parts is not for spiking networks");
    refused({"net.nir", "loihi1", "-o", "a.yaml", "--calibrate", "set"}, 2, "--calibrate is not for spiking networks");
    refused({"net.nir", "loihi1", "-o", "a.yaml", "--floor", "f.svg"}, 2, "--floor is not for spiking networks");
    refused({"net.nir", "loihi1", "-o", "a.yaml", "--dt", "-1"}, 2, "--dt: -1 is not in 1e-09..1000");
    refused({"net.onnx", "hermes", "-o", "a.yaml", "--round"}, 2, "--round is for spiking networks");
    refused({"net.onnx", "hermes", "-o", "a.yaml", "--dt", "0.1"}, 2, "--dt is for spiking networks");
    refused({"--check", "a.yaml", "--reset", "zero"}, 2, "--check takes the mapping file alone, without --reset");
    refused({"net.nir", "loihi1", "-o", "a.yaml", "--placer", "refind"}, 2,
            "--placer: there is no \"refind\"; did you mean \"refined\"?");
}

TEST_F(CliSpikingMap, refusals) {
    make_network("net.onnx", 8);
    Ran ran = map({"net.nir", "hermes", "-o", "a.yaml"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find("hermes.yaml: chip hermes is of crossbars; spiking networks need one of kind spiking\n"),
              std::string::npos)
        << ran.err;
    ran = map({"net.onnx", "truenorth", "-o", "a.yaml"}); // no binary activations
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(map({"none.nir", "loihi1", "-o", "a.yaml"}).err.rfind("weft: none.nir: ", 0), 0u);
    EXPECT_EQ(map({"net.nir", "loihi1", "-o", "no/a.yaml"}).code, 1);
    EXPECT_FALSE(fs::exists("a.yaml"));
    // More on a core than it holds.
    weft_test::write_spike_mapping("a.yaml", "net.nir", "truenorth", {1e-3, false, false, false}, 10);
    ran = map({"--check", "a.yaml", "--set", "limits.neurons=4"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err.rfind("weft: a.yaml:", 0), 0u) << ran.err;
    ran = weft({"sim", "a.yaml", "--random", "1", "--set", "limits.axons=10"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find("weft: a.yaml:"), std::string::npos) << ran.err;
}

} // namespace
