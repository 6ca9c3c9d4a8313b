// Bad input: exit 1, a message with its place, and nothing left behind.
#include "harness.h"

#include <regex>

using namespace weft_cli;

namespace {

const char *const recipe = "name: tiny\n"
                           "dataset: set\n"
                           "epochs: 1\n"
                           "batch: 20\n"
                           "layers:\n"
                           "  - conv: {filters: 16, kernel: 3}\n"
                           "  - relu\n"
                           "  - dense: {units: 10}\n"
                           "  - batch_norm\n"
                           "projection: sign\n"
                           "recalibrate: 20\n";

class CliBadInput : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_dataset("set", 8, 40, 20);
    }
    static std::string changed(std::string text, const std::string &from, const std::string &to) {
        size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    }
    // Exit 1, exactly this message, and the folder as it was.
    static void refused(const std::vector<std::string> &words, const std::string &message) {
        std::string before = listing();
        Ran run = weft(words);
        EXPECT_EQ(run.code, 1);
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(run.err, "weft: " + message + "\n");
        EXPECT_EQ(listing(), before);
    }
    // The same, with a message that the expression matches from its beginning.
    static void refused_like(const std::vector<std::string> &words, const std::string &expression) {
        std::string before = listing();
        Ran run = weft(words);
        EXPECT_EQ(run.code, 1);
        EXPECT_EQ(run.out, "");
        EXPECT_TRUE(std::regex_search(run.err, std::regex("^weft: " + expression))) << run.err;
        EXPECT_EQ(listing(), before);
    }
    // Exit 2, this message, and no byte of the network changed.
    static void clash(const std::vector<std::string> &words, const std::string &message) {
        std::string network = read_file("net.onnx");
        Ran run = weft(words);
        EXPECT_EQ(run.code, 2);
        EXPECT_EQ(run.err, "weft: " + message + "\nTry 'weft " + words[0] + " --help'.\n");
        EXPECT_TRUE(read_file("net.onnx") == network);
    }
    static void refused_recipe(const std::string &text, const std::string &message) {
        write_file("bad.yaml", text);
        refused({"train", "bad.yaml", "--out", "net.onnx"}, "bad.yaml" + message);
    }
};

TEST_F(CliBadInput, recipes) {
    refused_recipe(changed(recipe, "epochs", "epoch"), ":3:1: epoch: unknown key; did you mean epochs?");
    refused_recipe(changed(recipe, "batch: 20", "batch: 20\nepochs: 2"),
                   ":5:1: epochs: duplicate key; first written at line 3");
    refused_recipe(changed(recipe, "epochs: 1", "epochs: 0"), ":3:9: epochs: 0 is below 1");
    refused_recipe(changed(recipe, "epochs: 1", "epochs: many"), ":3:9: epochs: 'many' is not an integer");
    write_file("bad.yaml",
               std::string(recipe).substr(
                   0, std::strlen("name: tiny\ndataset: set\nepochs: 1\nbatch: 20\nlayers:\n  - conv: {filters: 16,")));
    refused_like({"train", "bad.yaml", "--out", "net.onnx"}, "bad\\.yaml:6:[0-9]+: malformed YAML");
    refused_like({"train", "nowhere.yaml", "--out", "net.onnx"},
                 "'nowhere.yaml' not found in recipes; tried:\n  nowhere.yaml\n");
    write_file("good.yaml", recipe);
    refused_like({"train", "good.yaml", "--out", "net.onnx", "--set", "epochs=0"}, ".*epochs: 0 is below 1\n$");
}

TEST_F(CliBadInput, chips) {
    make_network("net.onnx", 8);
    std::string chip = read_file(fs::path(WEFT_SOURCE_FOLDER) / "hwconfigs/hermes.yaml");
    std::string line = std::to_string(std::count(chip.begin(), chip.end(), '\n') + 1);
    write_file("chip.yaml", chip + "mesh: 3\n");
    refused_like({"map", "net.onnx", "chip.yaml", "-o", "m.yaml"}, "chip\\.yaml:" + line + ":1: mesh: unknown key");
    write_file("chip.yaml", chip + "name: again\n");
    refused_like({"map", "net.onnx", "chip.yaml", "-o", "m.yaml"}, "chip\\.yaml:" + line + ":1: name: duplicate key");
    refused_like({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "adc.bits=99"},
                 "--set adc\\.bits=99: adc\\.bits: 99 is above ");
    refused_like({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "adc.bit=9"},
                 "--set adc\\.bit=9: adc\\.bit: unknown key; did you mean bits\\?");
    refused_like({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "noc.mesh=1", "--parts", "1"},
                 "layer \"fc\" needs 1 arrays? .* would fit");
}

TEST_F(CliBadInput, networks) {
    make_network("net.onnx", 8);
    std::string bytes = read_file("net.onnx");
    for (size_t part = 1; part < 8; part++) {
        write_file("cut.onnx", bytes.substr(0, bytes.size() * part / 8));
        refused_like({"eval", "cut.onnx", "--dataset", "set"}, "cut\\.onnx: ");
    }
    std::string noise;
    for (uint32_t i = 0, x = 12345; i < 4096; i++) noise += (char)((x = x * 1664525u + 1013904223u) >> 24);
    write_file("noise.onnx", noise);
    refused_like({"eval", "noise.onnx", "--dataset", "set"}, "noise\\.onnx: ");
    write_file("empty.onnx", "");
    refused_like({"map", "empty.onnx", "hermes", "-o", "m.yaml"}, "empty\\.onnx: ");
    refused_like({"info", "absent.onnx"}, "absent\\.onnx: cannot open: No such file or directory\n$");
}

TEST_F(CliBadInput, datasets) {
    make_network("net.onnx", 8);
    refused_like({"eval", "net.onnx", "--dataset", "nowhere"}, "data set \"nowhere\" is neither a folder nor one of ");
    fs::create_directory("hollow");
    refused_like({"eval", "net.onnx", "--dataset", "hollow"}, ".*hollow");
    fs::resize_file("set/t10k-images-idx3-ubyte", 16 + 64 * 19 + 5);
    refused_like({"eval", "net.onnx", "--dataset", "set"}, "set/t10k-images-idx3-ubyte");
    make_dataset("set", 8, 40, 20);
    fs::resize_file("set/t10k-labels-idx1-ubyte", 8 + 19);
    refused_like({"eval", "net.onnx", "--dataset", "set"}, "set/t10k-labels-idx1-ubyte");
    make_dataset("set", 9, 40, 20);
    refused_like({"eval", "net.onnx", "--dataset", "set"}, ".*1x8x8.*1x9x9");
}

TEST_F(CliBadInput, outputs_over_inputs) {
    make_network("net.onnx", 8);
    fs::create_symlink("net.onnx", "link");
    clash({"eval", "net.onnx", "--dataset", "set", "--json", "net.onnx"},
          "--json would overwrite NETWORK: both are net.onnx");
    clash({"eval", "net.onnx", "--dataset", "set", "--json", "./link"},
          "--json would overwrite NETWORK: both are net.onnx");
    clash({"map", "net.onnx", "hermes", "-o", "net.onnx"}, "--out would overwrite NETWORK: both are net.onnx");
    clash({"map", "net.onnx", "hermes", "-o", "new", "--json", "new"}, "--json would overwrite --out: both are new");
    EXPECT_FALSE(fs::exists("new"));
    EXPECT_EQ(weft({"map", "net.onnx", "hermes", "-o", "/dev/null", "--json", "/dev/null"}).code, 0);
}

// More images than there are is not taken for "all of them".
TEST_F(CliBadInput, too_many_calibration_images) {
    make_network("net.onnx", 8);
    refused({"eval", "net.onnx", "--dataset", "set", "--recalibrate", "41"},
            "recalibrate: 41 is above the 40 training images of set");
    EXPECT_EQ(weft({"eval", "net.onnx", "--dataset", "set", "--recalibrate", "40"}).code, 0);
}

TEST_F(CliBadInput, simulations) {
    make_network("net.onnx", 8);
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    const std::string mapping = read_file("m.yaml");
    refused_like({"sim", "m.yaml", "--dataset", "nowhere", "-o", "run"}, "data set \"nowhere\"");
    refused_like({"sim", "m.yaml", "--dataset", "set", "--images", "21", "-o", "run"},
                 "--images 21: data set .* has 20 test images\n$");
    refused_like({"sim", "m.yaml", "--dataset", "set", "--recalibrate", "41", "-o", "run"},
                 "--recalibrate 41: data set .* has 40 training images\n$");
    refused_like({"sim", "m.yaml", "--dataset", "set", "--transform", "addnrom", "-o", "run"}, ".*addnrom.*addnorm");
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "net.onnx"}, "net\\.onnx: ");
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "net.onnx/run"}, "net\\.onnx: ");
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "/proc/run"}, "/proc/run: ");
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--record", "absent/t.txt"}, "absent/t\\.txt: ");
    clash({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--functional", "--timed-images", "3"},
          "--functional times no images, and --timed-images is 3");
    clash({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--functional", "--record", "t"},
          "--record needs timed images, and --functional times none");
    clash({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--trials", "0"}, "--trials: 0 is not in 1..65536");
    clash({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--trials", "65537"},
          "--trials: 65537 is not in 1..65536");
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--set", "device.program=nosie"},
                 ".*device\\.program: .*nosie");
    write_file("m.yaml", changed(mapping, "columns: [0, 4]", "columns: [0, 3]"));
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "run"}, "m\\.yaml:[0-9]+:[0-9]*:? ?");
    write_file("m.yaml", mapping.substr(0, mapping.size() / 2));
    refused_like({"map", "--check", "m.yaml"}, "m\\.yaml:[0-9]+:[0-9]+: ");
    write_file("m.yaml", mapping);
    std::string bytes = read_file("net.onnx");
    bytes[bytes.size() / 2] = (char)(bytes[bytes.size() / 2] ^ 1);
    write_file("net.onnx", bytes);
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "run"},
                 ".*net\\.onnx: not the network that m\\.yaml was made for, so map again: SHA-256 ");
    refused_like({"map", "--check", "m.yaml"},
                 ".*net\\.onnx: not the network that m\\.yaml was made for, so map again: SHA-256 ");
    make_network("net.onnx", 8);
    std::string chip = read_file(fs::path(WEFT_SOURCE_FOLDER) / "hwconfigs/hermes.yaml");
    write_file("chip.yaml", chip);
    ASSERT_EQ(weft({"map", "net.onnx", "chip.yaml", "-o", "m.yaml", "--set", "adc.bits=7"}).code, 0);
    EXPECT_EQ(weft({"map", "--check", "m.yaml"}).code, 0);
    for (const char *input :
         {"net.onnx", "chip.yaml"}) { // named by the mapping
        const Ran ran = weft({"sim", "m.yaml", "--dataset", "set", "-o", "run", "--json", input});
        EXPECT_EQ(ran.code, 2) << input;
        EXPECT_NE(ran.err.find("--json would overwrite "), std::string::npos) << ran.err;
    }
    EXPECT_EQ(read_file("chip.yaml"), chip);
    write_file("chip.yaml", chip + "# another file\n");
    refused_like({"sim", "m.yaml", "--dataset", "set", "-o", "run"},
                 "chip\\.yaml: not the chip that m\\.yaml was made for, so map again: SHA-256 ");
}

TEST_F(CliBadInput, outputs_that_cannot_be_written) {
    write_file("good.yaml", recipe);
    make_network("net.onnx", 8);
    refused_like({"train", "good.yaml", "--out", "absent/net.onnx"}, "absent/net\\.onnx: ");
    refused_like({"train", "good.yaml", "--out", "set"}, "set: cannot be written: it is a folder\n$");
    refused_like({"train", "good.yaml", "--out", "new.onnx", "--curve", "absent/c.csv"}, "absent/c\\.csv: ");
    refused_like({"map", "net.onnx", "hermes", "-o", "good.yaml/m.yaml"}, "good\\.yaml/m\\.yaml: ");
    refused_like({"eval", "net.onnx", "--dataset", "set", "--json", "absent/e.json"}, "absent/e\\.json: ");
}

} // namespace
