// A file of one kind where a command wants another: what it is, what is wanted, and who takes it. Every kind of file at
// every command's arguments.
#include "harness.h"

using namespace weft_cli;

namespace {

using Words = std::vector<std::string>;

class CliFileKinds : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        write_file("net.onnx", "\x08\x08");
        write_file("net.nir", "\x89HDF\r\n\x1a\n");
        write_file("renamed", "\x89HDF\r\n\x1a\n");
        write_file("net.map.yaml", "weft_mapping: 1\n");
        write_file("spikes.map.yaml", "# by hand\nweft_spike_mapping: 1\n");
        write_file("chip.yaml", "name: c\nnoc:\n  mesh: [1, 1]\n");
        write_file("recipe.yaml", "name: r\nlayers: []\n");
        write_file("experiment.yaml", "name: e\npoints: []\n");
        write_file("circuit.yaml", "ticks: 3\nneurons:\n");
        write_file("random.yaml", "cores: 1\nneurons: 64\nrate_hz: 20\n");
        write_file("trace", "weft-trace 2\n");
        write_file("spikes.txt", "# weft-spikes 1\n");
        std::filesystem::create_directory("runs");
        write_file("runs/runs.db", "SQLite format 3");
    }
    static std::string error_of(const Words &words) {
        const Ran ran = weft(words);
        EXPECT_EQ(ran.out, "");
        EXPECT_EQ(ran.code, 2) << words[0] << " " << words[1] << ": " << ran.err;
        const std::string last = "\nTry 'weft " + words[0] + " --help'.\n";
        const size_t at = ran.err.rfind(last);
        EXPECT_NE(at, std::string::npos) << ran.err;
        return ran.err.substr(0, at);
    }
};

TEST_F(CliFileKinds, texts) {
    EXPECT_EQ(error_of({"run", "spikes.map.yaml", "--random", "1"}),
              "weft: spikes.map.yaml is a mapping, NETWORK has to be an ONNX network or a spiking network (NIR); 'weft "
              "sim' simulates mappings, 'weft map --check' checks them");
    EXPECT_EQ(error_of({"map", "net.map.yaml", "isaac-ce", "-o", "x"}),
              "weft: net.map.yaml is a mapping, NETWORK has to be an ONNX network or a spiking network (NIR); 'weft "
              "sim' simulates mappings, 'weft map --check' checks them");
    EXPECT_EQ(error_of({"map", "--check", "renamed"}),
              "weft: renamed is a spiking network (NIR), NETWORK of --check has to be a mapping; 'weft run' computes "
              "spiking networks, 'weft map' lays them onto chips");
    EXPECT_EQ(error_of({"sim", "net.onnx", "--dataset", "mnist", "-o", "x"}),
              "weft: net.onnx is an ONNX network, MAPPING has to be a mapping or a random network; 'weft run' computes "
              "networks, 'weft map' lays them onto chips");
    EXPECT_EQ(error_of({"map", "net.onnx", "recipe.yaml", "-o", "x"}),
              "weft: recipe.yaml is a recipe, CHIP has to be a chip; 'weft train' trains networks from recipes");
    EXPECT_EQ(error_of({"train", "experiment.yaml", "-o", "x"}),
              "weft: experiment.yaml is an experiment, RECIPE has to be a recipe; 'weft sweep' runs experiments");
    EXPECT_EQ(error_of({"replay", "random.yaml", "isaac-ce"}),
              "weft: random.yaml is a random network, TRACE has to be a trace; 'weft sim' runs random networks, with a "
              "chip");
    EXPECT_EQ(error_of({"results", "runs/runs.db"}),
              "weft: runs/runs.db is a file of results, RUNS has to be a folder of 'weft sweep'; 'weft results' and "
              "'weft report' take the folder of 'weft sweep'");
    EXPECT_EQ(error_of({"sim", "net.map.yaml", "isaac-ce"}),
              "weft: CHIP is for random networks; net.map.yaml is a mapping and names its chip");
}

/* Whoever does not take a kind says what it is; who takes it goes on and fails, if at all, for another reason. */
TEST_F(CliFileKinds, every_kind_everywhere) {
    const std::map<std::string, std::string> files = {{"net.onnx", "an ONNX network"},
                                                      {"net.nir", "a spiking network (NIR)"},
                                                      {"net.map.yaml", "a mapping"},
                                                      {"spikes.map.yaml", "a mapping"},
                                                      {"chip.yaml", "a chip"},
                                                      {"recipe.yaml", "a recipe"},
                                                      {"experiment.yaml", "an experiment"},
                                                      {"circuit.yaml", "a circuit of neurons"},
                                                      {"random.yaml", "a random network"},
                                                      {"trace", "a trace"},
                                                      {"spikes.txt", "a trace"},
                                                      {"runs", "a folder of 'weft sweep'"},
                                                      {"runs/runs.db", "a file of results"}};
    const std::vector<std::pair<Words, std::string>> commands = {
        {{"train", "@", "-o", "x"}, "recipe.yaml"},
        {{"import", "@", "-o", "x"}, "net.onnx"},
        {{"eval", "@", "--dataset", "none"}, "net.onnx"},
        {{"convert", "@", "-o", "x.nir", "--dataset", "none"}, "net.onnx"},
        {{"run", "@", "--random", "1"}, "net.onnx net.nir"},
        {{"map", "@", "chip.yaml", "-o", "x"}, "net.onnx net.nir"},
        {{"map", "net.onnx", "@", "-o", "x"}, "chip.yaml"},
        {{"map", "--check", "@"}, "net.map.yaml spikes.map.yaml"},
        {{"sim", "@", "--dataset", "none", "-o", "x"}, "net.map.yaml spikes.map.yaml random.yaml"},
        {{"noc", "@", "--rate", "0.1"}, "chip.yaml"},
        {{"array", "@", "--conductances", "none", "--inputs", "none"}, "chip.yaml"},
        {{"replay", "@", "chip.yaml"}, "trace spikes.txt"},
        {{"neuron", "@"}, "circuit.yaml"},
        {{"sweep", "@", "-o", "x"}, "experiment.yaml"},
        {{"results", "@"}, "runs"},
        {{"report", "@", "-o", "x"}, "runs"}};
    for (const auto &[words, taken] : commands)
        for (const auto &[file, what] : files) {
            Words of = words;
            *std::find(of.begin(), of.end(), "@") = file;
            const Ran ran = weft(of);
            const bool takes = (" " + taken + " ").find(" " + file + " ") != std::string::npos;
            const bool told = ran.err.rfind("weft: " + file + " is " + what + ", ", 0) == 0;
            EXPECT_EQ(told, !takes) << words[0] << " " << file << ": " << ran.err;
            EXPECT_EQ(ran.code == 2 && told, !takes) << words[0] << " " << file << ": " << ran.err;
        }
}

} // namespace
