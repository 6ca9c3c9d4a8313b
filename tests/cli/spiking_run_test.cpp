// weft run of spiking networks: what it puts out, its files, and what it refuses.
#include "harness.h"
#include "spiking_json.h"

#include "core/spike_coding.h"
#include "sim/spike/float_network.h"
#include "tests/support/spiking_files.h"

using namespace weft_cli;
using weft_test::Snn;

namespace {

using Words = std::vector<std::string>;

class CliSpikingRun : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        weft_test::write_pair("pair.nir");
        write_file("in.csv", "tick,neuron\n0,0\n1,0\n1,1\n2,0\n3,0\n4,1\n5,0\n");
    }
    static Ran run(Words words, const char *network = "pair.nir") {
        words.insert(words.begin(), {"run", network});
        return weft(words);
    }
    static void refused(const Words &words, int code, const std::string &text, const char *network = "pair.nir") {
        const std::string before = listing();
        const Ran ran = run(words, network);
        EXPECT_EQ(ran.code, code) << text;
        EXPECT_EQ(ran.err, "weft: " + text + (code == 2 ? "\nTry 'weft run --help'.\n" : "\n"));
        EXPECT_EQ(ran.out, "");
        EXPECT_EQ(listing(), before);
    }
};

TEST_F(CliSpikingRun, spikes_and_membranes_are_those_of_the_neurons) {
    const Ran ran = run({"--spikes", "in.csv", "--spikes-csv", "out.csv", "--population", "in", "--population", "cells",
                         "--probe", "cells:0", "--probe", "cells:1", "--membranes", "v.csv", "--csv", "counts.csv"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(read_file("out.csv"), "tick,neuron\n0,0\n1,0\n1,1\n1,2\n1,3\n2,0\n3,0\n3,2\n4,1\n4,3\n5,0\n");
    EXPECT_EQ(read_file("v.csv"), "tick,time_s,cells:0,cells:1\n0,0,0.625,0\n1,0.001,0,0\n2,0.002,0.625,0\n"
                                  "3,0.003,0,0\n4,0.004,0,0\n5,0.005,0.625,0\n");
    EXPECT_EQ(read_file("counts.csv"), "image,label,answer,output0,output1\n0,,0,2,2\n");
    EXPECT_EQ(ran.out, "pair.nir: 2 neurons, 2 synapses\n"
                       "7 spikes of in.csv: 6 ticks of 1 ms, euler, reset to v_reset\n\n"
                       "population                type         neurons        spikes  a neuron and second\n"
                       "in                        Input              2             7  583.3\n"
                       "cells                     IF                 2             4  333.3\n\n"
                       "spikes of cells:\nsample 0: output 0 has 2, output 1 has 2\n");
}

TEST_F(CliSpikingRun, resets_by_subtraction) {
    ASSERT_EQ(run({"--spikes", "in.csv", "--reset", "subtract", "--probe", "cells:0", "--membranes", "v.csv",
                   "--spikes-csv", "out.csv"})
                  .code,
              0);
    EXPECT_EQ(read_file("v.csv"), "tick,time_s,cells:0\n0,0,0.625\n1,0.001,0.25\n2,0.002,0.875\n3,0.003,0.5\n"
                                  "4,0.004,0.5\n5,0.005,0.125\n");
    EXPECT_EQ(read_file("out.csv"), "tick,neuron\n1,0\n1,1\n3,0\n4,1\n5,0\n5,1\n");
}

// Twice the step gives twice the charge: 1.25 is above the threshold at once.
TEST_F(CliSpikingRun, time_is_the_ticks) {
    write_file("seconds.csv", "time_s,neuron\n0,0\n0.0021,0\n0.004,1\n");
    const Ran ran = run({"--spikes", "seconds.csv", "--dt", "0.002", "--ticks", "4", "--spikes-csv", "out.csv"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(read_file("out.csv"), "tick,neuron\n0,0\n1,0\n2,1\n");
    EXPECT_NE(ran.out.find("3 spikes of seconds.csv: 4 ticks of 2 ms, euler"), std::string::npos) << ran.out;
}

TEST_F(CliSpikingRun, values_of_an_array_are_currents) {
    const std::vector<float> values = {0.5, 0.25, 0.75, 0.25, 0, 0.25, 0, 0.25, 1, 1, 1, 1};
    write_file("in.npy", npy("(2, 3, 2)", values));
    const Ran ran = run({"--input", "in.npy", "--probe", "cells:1", "--membranes", "v.csv", "--csv", "counts.csv"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    // The second neuron gets 2 x 0.25 a tick, and fires above 1; then it starts anew, and gets 0.5, 2, 2.
    EXPECT_EQ(read_file("v.csv"),
              "tick,time_s,cells:1\n0,0,0.5\n1,0.001,1\n2,0.002,0\n3,0.003,0.5\n4,0.004,0\n5,0.005,0\n");
    EXPECT_EQ(read_file("counts.csv"), "image,label,answer,output0,output1\n0,,1,0,1\n1,,1,1,2\n");
    write_file("in.npy", npy("(3, 2)", {0.5, 0.25, 0.75, 0.25, 0, 0.25}));
    ASSERT_EQ(run({"--input", "in.npy", "--csv", "counts.csv"}).code, 0);
    EXPECT_EQ(read_file("counts.csv"), "image,label,answer,output0,output1\n0,,1,0,1\n");
}

// Counts of the output for images of the set as the library makes them.
std::vector<std::vector<int>> counts_of(const char *network, const weft_coding &coding, size_t images) {
    weft_snn *snn = nullptr;
    weft_float_network *net = nullptr;
    weft_dataset *set = nullptr;
    weft_error err{};
    std::vector<std::vector<int>> counts(images, std::vector<int>(10));
    EXPECT_EQ(weft_snn_read(&snn, network, coding.tick_s, &err), WEFT_OK) << err.text;
    const weft_float_options options = {coding.tick_s, WEFT_FLOAT_EXPONENTIAL, WEFT_FLOAT_RESET_SUBTRACT};
    EXPECT_EQ(weft_float_network_create(&net, snn, &options, &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_dataset_open(&set, "set", WEFT_SPLIT_TEST, &err), WEFT_OK) << err.text;
    for (size_t i = 0; i < images; i++) {
        weft_spikes spikes{};
        EXPECT_EQ(weft_coding_image(&spikes, &coding, set->pixels + i * 64, set->shape, i, 0, &err), WEFT_OK);
        weft_float_network_reset(net);
        for (uint64_t t = 0; t < coding.ticks; t++) {
            std::vector<float> x(64);
            for (size_t k = 0; k < spikes.count; k++)
                if (spikes.items[k].tick == t) x[spikes.items[k].neuron] = 1;
            weft_float_network_step(net, x.data());
            const double *out = weft_float_network_output(net, weft_snn_find(snn, "cells"));
            for (size_t n = 0; n < 10; n++) counts[i][n] += out[n] != 0;
        }
        weft_spikes_free(&spikes);
    }
    weft_dataset_destroy(set);
    weft_float_network_destroy(net);
    weft_snn_destroy(snn);
    return counts;
}

TEST_F(CliSpikingRun, images_are_classified_by_their_spikes) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8);
    const Words words = {"--dataset", "set", "--coding", "poisson",  "--rate",        "200",         "--ticks", "40",
                         "--seed",    "5",   "--reset",  "subtract", "--integration", "exponential", "--csv"};
    Words one = words, two = words;
    one.insert(one.end(), {"a.csv", "--threads", "1", "--json", "run.json"});
    two.insert(two.end(), {"b.csv", "--threads", "3"});
    const Ran ran = run(one, "net.nir");
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(run(two, "net.nir").code, 0);
    EXPECT_EQ(read_file("a.csv"), read_file("b.csv"));
    weft_coding coding = weft_coding_defaults();
    coding.kind = WEFT_CODING_POISSON;
    coding.rate_hz = 200, coding.ticks = 40, coding.seed = 5;
    std::string wanted = "image,label,answer";
    for (int c = 0; c < 10; c++) wanted += ",output" + std::to_string(c);
    wanted += "\n";
    const auto counts = counts_of("net.nir", coding, 30);
    int right = 0, spikes = 0;
    for (int i = 0; i < 30; i++) {
        const std::vector<int> &n = counts[static_cast<size_t>(i)];
        const long answer = std::max_element(n.begin(), n.end()) - n.begin();
        const int label = (i * 7 + i / 10) % 10;
        right += answer == label;
        wanted += std::to_string(i) + "," + std::to_string(label) + "," + std::to_string(answer);
        for (const int c : n) wanted += "," + std::to_string(c), spikes += c;
        wanted += "\n";
    }
    EXPECT_EQ(read_file("a.csv"), wanted);
    EXPECT_GT(right, 20); // the templates know the classes
    const Json json("run.json");
    EXPECT_NEAR(json.number("error_percent"), 100.0 * (30 - right) / 30, 1e-9);
    EXPECT_EQ(json.number("stimulus.samples"), 30);
    EXPECT_EQ(json.number("stimulus.ticks"), 40);
    EXPECT_EQ(json.text("stimulus.coding"), "poisson");
    EXPECT_EQ(json.text("populations.1.name"), "cells");
    EXPECT_EQ(json.number("populations.1.spikes"), spikes);
    EXPECT_NEAR(json.number("populations.1.rate_hz"), spikes / (10 * 30 * 0.04), 1e-9);
    char line[100];
    snprintf(line, sizeof line, "\naccuracy %.2f %%, error %.2f %% of 30 images\n", 100.0 * right / 30,
             100.0 * (30 - right) / 30);
    EXPECT_NE(ran.out.find(line), std::string::npos) << ran.out;
}

// The same currents from an array: each pixel / 255 in every tick.
TEST_F(CliSpikingRun, images_as_currents) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8, 3, 10);
    weft_dataset *set = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_dataset_open(&set, "set", WEFT_SPLIT_TEST, &err), WEFT_OK) << err.text;
    std::vector<float> values;
    for (size_t i = 0; i < 4; i++)
        for (int t = 0; t < 7; t++)
            for (size_t k = 0; k < 64; k++) values.push_back(static_cast<float>(set->pixels[i * 64 + k]) / 255.0f);
    weft_dataset_destroy(set);
    write_file("in.npy", npy("(4, 7, 64)", values));
    const Words images = {"--dataset", "set", "--coding", "current", "--ticks", "7",
                          "--images",  "4",   "--csv",    "a.csv",   "--json",  "a.json"};
    const Ran ran = run(images, "net.nir");
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(run({"--input", "in.npy", "--csv", "b.csv"}, "net.nir").code, 0);
    EXPECT_NE(ran.out.find("4 images of set, current: 7 ticks each of 1 ms"), std::string::npos) << ran.out;
    const Json json("a.json");
    EXPECT_EQ(json.text("stimulus.coding"), "current");
    EXPECT_FALSE(json.has("stimulus.spikes"));
    EXPECT_FALSE(json.has("populations.0.spikes"));
    EXPECT_GT(json.number("populations.1.spikes"), 0);
    std::istringstream a(read_file("a.csv")), b(read_file("b.csv"));
    std::string left, right;
    std::getline(a, left), std::getline(b, right);
    EXPECT_EQ(left, right);
    for (int i = 0; i < 4; i++) { // labels alone differ: the array has none
        std::getline(a, left), std::getline(b, right);
        EXPECT_EQ(left.substr(left.find(',', 2)), right.substr(right.find(',', 2)));
    }
}

TEST_F(CliSpikingRun, groups_of_neurons_are_classes) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8);
    ASSERT_EQ(run({"--dataset", "set", "--images", "4", "--csv", "ten.csv"}, "net.nir").code, 0);
    ASSERT_EQ(run({"--dataset", "set", "--images", "4", "--csv", "five.csv", "--classes", "5"}, "net.nir").code, 0);
    std::istringstream ten(read_file("ten.csv")), five(read_file("five.csv"));
    std::string a, b;
    std::getline(ten, a), std::getline(five, b);
    EXPECT_EQ(b, "image,label,answer,output0,output1,output2,output3,output4");
    for (int i = 0; i < 4; i++) {
        std::getline(ten, a), std::getline(five, b);
        int image, label, answer, n[10], m[5];
        ASSERT_EQ(sscanf(a.c_str(), "%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d", &image, &label, &answer, n, n + 1, n + 2,
                         n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9),
                  13);
        ASSERT_EQ(sscanf(b.c_str(), "%d,,%d,%d,%d,%d,%d,%d", &image, &answer, m, m + 1, m + 2, m + 3, m + 4), 7) << b;
        for (int c = 0; c < 5; c++) EXPECT_EQ(m[c], n[2 * c] + n[2 * c + 1]);
    }
}

TEST_F(CliSpikingRun, readout_neurons_are_read_at_the_end) {
    weft_test::write_templates("net.nir", 8, 3, 2);
    const Ran ran = run({"--random", "3", "--rate", "300", "--images", "2", "--ticks", "30"}, "net.nir");
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("2 random samples, bernoulli at 300 Hz: 30 ticks each of 1 ms"), std::string::npos);
    EXPECT_NE(ran.out.find("\nsums                      LI                 2             -  -\n"), std::string::npos);
    EXPECT_NE(ran.out.find("\nlast membranes of sums:\nsample 0: output 0 has "), std::string::npos) << ran.out;
}

TEST_F(CliSpikingRun, events_of_a_camera) {
    weft_test::write_templates("net.nir", 8);
    const weft_test::Nir nir = weft_test::make_nir();
    weft_test::add_input(nir.get(), "in", {2, 2, 3});
    weft_test::add(nir.get(), WEFT_NIR_THRESHOLD, "same", {{"threshold", {2, 2, 3}, {0.5}}});
    weft_test::add_output(nir.get(), "out", {2, 2, 3});
    weft_test::connect(nir.get(), {{"in", "same"}, {"same", "out"}});
    weft_test::write_nir(nir.get(), "camera.nir");
    write_file("events.txt", "0 0 0 1\n1500 2 1 0\n1700 2 1 1\n1800 2 1 1\n");
    const Ran ran =
        run({"--aer", "events.txt", "--size", "3x2", "--spikes-csv", "out.csv", "--json", "run.json"}, "camera.nir");
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(read_file("out.csv"), "tick,neuron\n0,6\n1,5\n1,11\n");
    EXPECT_EQ(Json("run.json").number("stimulus.merged"), 1);
    refused({"--aer", "events.txt", "--size", "2x2"}, 1, "the network takes 12 values a tick; a camera of 2 x 2 has 8",
            "camera.nir");
}

TEST_F(CliSpikingRun, pictures_where_gnuplot_is) {
    const Ran ran = run({"--spikes", "in.csv", "--raster", "r.svg", "--probe", "cells:0", "--membranes", "v.svg"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    if (ran.err.find("gnuplot is missing") != std::string::npos) GTEST_SKIP() << "no gnuplot";
    EXPECT_EQ(read_file("r.svg").rfind("<?xml", 0), 0u);
    EXPECT_EQ(read_file("v.svg").rfind("<?xml", 0), 0u);
}

TEST_F(CliSpikingRun, wrong_use) {
    const std::pair<Words, std::string> cases[] = {
        {{}, "one of --spikes, --aer, --dataset, --input and --random is needed"},
        {{"--spikes", "in.csv", "--random", "1"},
         "only one of --spikes, --aer, --dataset, --input and --random can be given"},
        {{"--aer", "in.csv"}, "--aer needs --size WxH"},
        {{"--aer", "in.csv", "--size", "34"},
         "--size: \"34\" is not WxH, columns and rows from 1 to 4096, such as 34x34"},
        {{"--spikes", "in.csv", "--size", "3x3"}, "--size is for --aer"},
        {{"--spikes", "in.csv", "--coding", "latency"}, "--coding is for --dataset and --random"},
        {{"--spikes", "in.csv", "--rate", "3"}, "--rate is for --dataset and --random"},
        {{"--spikes", "in.csv", "--images", "3"}, "--images: a list of spikes is one sample"},
        {{"--random", "1", "--coding", "poison"}, "--coding: there is no \"poison\"; did you mean \"poisson\"?"},
        {{"--random", "1", "--coding", "x"},
         "--coding: there is no \"x\"; there are bernoulli, poisson, regular, latency, saccades, current"},
        {{"--random", "1", "--coding", "saccades"},
         "--coding saccades is for images; --random takes bernoulli, poisson or regular"},
        {{"--random", "1", "--coding", "current"},
         "--coding current is for images; --random takes bernoulli, poisson or regular"},
        {{"--dataset", "set", "--coding", "current", "--rate", "100"}, "--rate has no meaning for --coding current"},
        {{"--random", "1", "--rate", "-3"}, "--rate: -3 is not in 0..1e+09"},
        {{"--random", "1", "--rate", "many"}, "--rate: \"many\" is not a number"},
        {{"--random", "x"}, "--random: \"x\" is not a whole number from 0 to 18446744073709551615"},
        {{"--random", "1", "--dt", "0"}, "--dt: 0 is not in 1e-09..1000"},
        {{"--random", "1", "--reset", "soft"}, "--reset: there is no \"soft\"; there are zero, subtract"},
        {{"--random", "1", "--integration", "eular"}, "--integration: there is no \"eular\"; did you mean \"euler\"?"},
        {{"--random", "1", "--population", "cells"}, "--population is for --spikes-csv and --raster"},
        {{"--random", "1", "--probe", "cells:0"}, "--probe is for --membranes"},
        {{"--random", "1", "--membranes", "v.csv"}, "--membranes needs --probe NAME:NEURON"},
        {{"--random", "1", "--membranes", "v.csv", "--probe", "cells"},
         "--probe: \"cells\" is not NAME:NEURON, such as lif1:0"},
        {{"--random", "1", "--raster", "r.pdf"}, "--raster: \"r.pdf\" ends in neither .svg nor .png"},
        {{"--random", "1", "--membranes", "v.txt", "--probe", "cells:0"},
         "--membranes: \"v.txt\" ends in neither .csv, .svg nor .png"},
        {{"--random", "1", "--precision", "int8"}, "--precision is not for spiking networks"},
        {{"--random", "1", "--calibrate", "3"}, "--calibrate is not for spiking networks"},
        {{"--spikes", "in.csv", "--spikes-csv", "in.csv"}, "--spikes-csv would overwrite --spikes: both are in.csv"},
        {{"--random", "1", "--spikes-csv", "pair.nir"}, "--spikes-csv would overwrite NETWORK: both are pair.nir"}};
    for (const auto &[words, text] : cases) refused(words, 2, text);
    make_network("net.onnx", 8);
    refused({"--random", "1", "--raster", "r.svg"}, 2, "--raster is for spiking networks", "net.onnx");
    refused({"--random", "1", "--dt", "0.1"}, 2, "--dt is for spiking networks", "net.onnx");
}

TEST_F(CliSpikingRun, refusals) {
    make_dataset("set", 8, 20, 30);
    write_file("far.csv", "tick,neuron\n0,0\n1,2\n");
    write_file("bad.csv", "tick,neuron\n0,zero\n");
    write_file("text.nir", "no network");
    write_file("flat.npy", npy("(4,)", {1, 2, 3, 4}));
    const std::pair<Words, std::string> cases[] = {
        {{"--spikes", "far.csv"}, "far.csv:3:3: neuron is 2, allowed are 0 to 1"},
        {{"--dataset", "set"}, "the network takes 2 values a tick; images of set as bernoulli have 64"},
        {{"--dataset", "set", "--coding", "saccades"},
         "the network takes 2 values a tick; images of set as saccades have 128"},
        {{"--input", "flat.npy"},
         "flat.npy: is not an array of ticks x 2 values, or of samples x ticks x 2 values, as the network takes them"},
        {{"--spikes", "in.csv", "--output", "cell"},
         "--output: the network has no population \"cell\"; did you mean \"cells\"?"},
        {{"--spikes", "in.csv", "--raster", "r.svg", "--population", "layer"},
         "--population: the network has no population \"layer\""},
        {{"--spikes", "in.csv", "--membranes", "v.csv", "--probe", "cells:2"},
         "--probe: cells has neurons 0 to 1, not 2"},
        {{"--spikes", "in.csv", "--membranes", "v.csv", "--probe", "in:0"},
         "--probe: in, of type Input, has no membranes"},
        {{"--spikes", "in.csv", "--classes", "3"}, "3 classes do not divide the 2 neurons of cells"}};
    for (const auto &[words, text] : cases) refused(words, 1, text);
    for (const char *option : {"--spikes-csv", "--raster", "--csv"})
        EXPECT_EQ(run({"--spikes", "in.csv", option, "no/folder.svg"}).code, 1);
    EXPECT_EQ(run({"--spikes", "bad.csv"}).err.rfind("weft: bad.csv:2:3: ", 0), 0u);
    EXPECT_EQ(run({"--spikes", "none.csv"}).err.rfind("weft: none.csv: ", 0), 0u);
    EXPECT_EQ(run({"--spikes", "in.csv"}, "text.nir").err.rfind("weft: text.nir: ", 0), 0u);
    weft_test::write_templates("net.nir", 8, 3, 2);
    refused({"--random", "1", "--spikes-csv", "s.csv"}, 1, "sums, of type LI, makes no spikes that could be kept",
            "net.nir");
}

} // namespace
