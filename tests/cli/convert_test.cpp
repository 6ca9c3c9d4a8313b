// weft convert: what is told, networks that run as the one they are made of, and what is refused.
#include "harness.h"
#include "spiking_json.h"

#include "tests/support/binary_network.h"

using namespace weft_cli;
using fixture::Network;

namespace {

using Words = std::vector<std::string>;

// Templates of make_dataset's classes behind a convolution that lets its image through, of images with a mean and std;
// a dense layer at the end that mixes little.
Network templates() {
    Network net = fixture::network({1, 8, 8});
    net->preprocess.channels = 1;
    net->preprocess.mean[0] = 0.25f, net->preprocess.std[0] = 0.5f;
    fixture::add(net, fixture::proto(WEFT_LAYER_CONV, 1, 3, 1, 1), true);
    fixture::add(net, fixture::proto(WEFT_LAYER_RELU));
    fixture::add(net, fixture::proto(WEFT_LAYER_DENSE, 10), true);
    fixture::add(net, fixture::proto(WEFT_LAYER_RELU));
    fixture::add(net, fixture::proto(WEFT_LAYER_DENSE, 10));
    for (int i = 0; i < 9; i++) net->layers[0].weight[i] = i == 4 ? 1.0f : 0.03f;
    for (int c = 0; c < 10; c++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                net->layers[2].weight[c * 64 + y * 8 + x] = (c < 5 ? y * 5 / 8 : x * 5 / 8 + 5) == c ? 0.3f : -0.1f;
    for (int i = 0; i < 100; i++) net->layers[4].weight[i] = i % 11 ? -0.1f : 1.0f;
    return net;
}

void write(const Network &net, const char *path) {
    weft_error err{};
    ASSERT_EQ(weft_onnx_write(net.get(), path, &err), WEFT_OK) << err.text;
}

std::vector<float> scales_of(const Network &net, double percent) {
    weft_dataset *set = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_dataset_open(&set, "set", WEFT_SPLIT_TRAIN, &err), WEFT_OK) << err.text;
    std::vector<float> x(20 * 64), scales(5);
    EXPECT_EQ(weft_dataset_inputs(set, &net->preprocess, 0, 20, x.data(), &err), WEFT_OK);
    weft_dataset_destroy(set);
    EXPECT_EQ(weft_forward_scales(net.get(), x.data(), 20, percent, scales.data(), nullptr, nullptr, &err), WEFT_OK);
    return scales;
}

class CliConvert : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_dataset("set", 8, 40, 30);
        write(templates(), "net.onnx");
    }
    static Ran convert(Words words, const char *network = "net.onnx") {
        words.insert(words.begin(), {"convert", network, "-o", "out.nir"});
        return weft(words);
    }
    static void refused(const Words &words, int code, const std::string &text, const char *network = "net.onnx") {
        const std::string before = listing();
        const Ran ran = convert(words, network);
        EXPECT_EQ(ran.code, code) << text;
        EXPECT_EQ(ran.err, "weft: " + text + (code == 2 ? "\nTry 'weft convert --help'.\n" : "\n"));
        EXPECT_EQ(ran.out, "");
        EXPECT_EQ(listing(), before);
    }
    static void refused(const Network &net, const std::string &text) {
        write(net, "bad.onnx");
        refused({"--dataset", "set"}, 1, text, "bad.onnx");
    }
};

TEST_F(CliConvert, thresholds_are_percentiles_of_training_images) {
    const Ran ran = convert({"--dataset", "set", "--images", "20", "--percentile", "97.5", "--json", "out.json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const std::vector<float> scales = scales_of(templates(), 97.5);
    const Json json("out.json");
    EXPECT_EQ(json.size("layers"), 2);
    EXPECT_EQ(json.text("layers.0.name"), "layer1");
    EXPECT_EQ(json.number("layers.0.neurons"), 64);
    EXPECT_NEAR(json.number("layers.0.scale"), static_cast<double>(scales[1]), 1e-6);
    EXPECT_NEAR(json.number("layers.1.scale"), static_cast<double>(scales[3]), 1e-6);
    EXPECT_EQ(json.number("images"), 20);
    EXPECT_EQ(json.number("percentile"), 97.5);
    EXPECT_EQ(json.number("neurons"), 84);
    EXPECT_EQ(json.text("output"), "layer4.sum");
    for (const char *part :
         {"out.nir: 84 neurons, ", "thresholds: above 97.5 % of each relu layer's values for 20 training images of set",
          "\nlayer1      IF             64  ", "\nlayer4.sum  I              10  -\n",
          "inputs: pixels from 0 to 1; taken off in the network: mean 0.25, std 0.5\n",
          "answer: the highest membrane of layer4.sum after the last tick\n",
          "\n  weft run out.nir --dataset set --coding current --ticks 64 --reset subtract\n",
          "\n  weft sim MAPPING --dataset set --coding regular --rate 1000 --ticks 64 --compare\n"})
        EXPECT_NE(ran.out.find(part), std::string::npos) << part << ran.out;
    const std::string first = read_file("out.nir");
    ASSERT_EQ(convert({"--dataset", "set", "--images", "20", "--percentile", "97.5", "--threads", "3"}).code, 0);
    EXPECT_EQ(read_file("out.nir"), first);
    ASSERT_EQ(convert({"--dataset", "set", "--images", "0", "--percentile", "100", "--json", "all.json"}).code, 0);
    EXPECT_EQ(Json("all.json").number("images"), 40);
}

// Sums of 2,000 ticks, each 1 ms or 2, over their number are the network's values.
TEST_F(CliConvert, runs_as_the_network) {
    ASSERT_EQ(weft({"run", "net.onnx", "--dataset", "set", "--csv", "net.csv", "--json", "net.json"}).code, 0);
    for (const char *dt : {"0.001", "0.002"}) {
        ASSERT_EQ(convert({"--dataset", "set", "--percentile", "100", "--dt", dt}).code, 0);
        const Ran ran = weft({"run", "out.nir", "--dataset", "set", "--coding", "current", "--ticks", "2000", "--reset",
                              "subtract", "--dt", dt, "--csv", "out.csv"});
        ASSERT_EQ(ran.code, 0) << ran.err;
        EXPECT_NE(ran.out.find("accuracy "), std::string::npos);
        std::istringstream net(read_file("net.csv")), out(read_file("out.csv"));
        std::string one, two;
        std::getline(net, one), std::getline(out, two);
        for (int i = 0; i < 30; i++) {
            std::getline(net, one), std::getline(out, two);
            int image, label, answer, same[3];
            double a[2], b[2];
            ASSERT_EQ(sscanf(one.c_str(), "%d,%d,%d,%lf,%lf", &image, &label, &answer, a, a + 1), 5) << one;
            ASSERT_EQ(sscanf(two.c_str(), "%d,%d,%d,%lf,%lf", same, same + 1, same + 2, b, b + 1), 5) << two;
            EXPECT_EQ(label, same[1]);
            EXPECT_EQ(answer, same[2]) << i;
            for (int k = 0; k < 2; k++) EXPECT_NEAR(b[k] / 2000, a[k], 0.01) << i;
        }
    }
    EXPECT_LT(Json("net.json").number("error_percent"), 50);
}

TEST_F(CliConvert, runs_on_a_chip) {
    ASSERT_EQ(convert({"--dataset", "set"}).code, 0);
    Ran ran = weft({"map", "out.nir", "loihi1", "--reset", "subtract", "-o", "out.yaml"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    ran = weft({"sim", "out.yaml", "--dataset", "set", "--coding", "regular", "--rate", "1000", "--ticks", "64",
                "--compare", "--functional", "--json", "sim.json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Json json("sim.json");
    EXPECT_GE(json.number("reference.same_answers"), 27);
    EXPECT_GT(json.number("reference.output_off_rms"), 0);
    EXPECT_LT(json.number("reference.output_off_rms"), 0.2 * json.number("reference.output_rms"));
    EXPECT_EQ(ran.out.find("output spikes"), std::string::npos) << ran.out;
    EXPECT_GT(json.number("accuracy_percent"), 60);
    ran = weft({"sim", "out.yaml", "--dataset", "set", "--coding", "current", "--functional"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.err, "weft: --coding current is for 'weft run'; a chip takes spikes: --coding regular --rate HZ\n"
                       "Try 'weft sim --help'.\n");
}

TEST_F(CliConvert, wrong_use) {
    refused({}, 2, "--dataset DATASET is missing");
    const std::pair<const char *, std::string> percentiles[] = {{"0", "0 is not above 0"},
                                                                {"-1", "-1 is not in 0..100"},
                                                                {"100.1", "100.1 is not in 0..100"},
                                                                {"most", "\"most\" is not a number"}};
    for (const auto &[text, why] : percentiles)
        refused({"--dataset", "set", "--percentile", text}, 2, "--percentile: " + why);
    refused({"--dataset", "set", "--dt", "0"}, 2, "--dt: 0 is not in 1e-09..1000");
    const Ran ran = weft({"convert", "net.onnx", "--dataset", "set", "-o", "out.onnx"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.err, "weft: --out: \"out.onnx\" does not end in .nir\nTry 'weft convert --help'.\n");
}

TEST_F(CliConvert, refusals) {
    refused({"--dataset", "set", "--images", "41"}, 1, "--images: 41 is above the 40 training images of set");
    EXPECT_EQ(convert({"--dataset", "set"}, "none.onnx").err.rfind("weft: none.onnx: ", 0), 0u);
    EXPECT_EQ(convert({"--dataset", "fashion"}).code, 1);
    write_file("text.onnx", "no network");
    EXPECT_EQ(convert({"--dataset", "set"}, "text.onnx").err.rfind("weft: text.onnx", 0), 0u);
    EXPECT_FALSE(fs::exists("out.nir"));
    make_network("pool.onnx", 8);
    refused({"--dataset", "set"}, 1,
            "layer 'pool1' (max_pool): the largest of several rates is not the rate of a neuron; train the network "
            "with average_pool in its place",
            "pool.onnx");
    Network net = fixture::network({1, 8, 8});
    fixture::add(net, binary::threshold());
    fixture::add(net, fixture::proto(WEFT_LAYER_DENSE, 10));
    refused(net, "layer 'layer0' (threshold): the network has spikes already, 'weft map' takes its ONNX file as it is; "
                 "networks of relu layers are converted");
    net = fixture::network({1, 8, 8});
    fixture::add(net, fixture::proto(WEFT_LAYER_DENSE, 10));
    fixture::add(net, fixture::proto(WEFT_LAYER_TANH));
    refused(net, "layer 'layer1' (tanh): has no form with rates; only conv, dense, batch_norm, affine, relu, "
                 "average_pool, pad, channel_shuffle, flatten and add have one");
    net = fixture::network({1, 4, 4});
    fixture::add(net, fixture::proto(WEFT_LAYER_DENSE, 10));
    write(net, "small.onnx");
    EXPECT_EQ(convert({"--dataset", "set"}, "small.onnx").code, 1);
    EXPECT_FALSE(fs::exists("out.nir"));
}

} // namespace
