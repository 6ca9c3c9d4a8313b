// weft neuron: summary, tables, pictures, and what is wrong with a file.
#include "harness.h"

#include <cjson/cJSON.h>

using namespace weft_cli;
using Words = std::vector<std::string>;

namespace {

const char *const bursting = WEFT_SOURCE_FOLDER "/experiments/neurons/tonic_bursting.yaml";

const char *const two = "title: Two of them\n"
                        "ticks: 6\n"
                        "neurons:\n"
                        "  first: {weights: [2], threshold: 4}\n"
                        "  leaky, second: {core: sparse, model: if, parameters: {r: 1000, v_threshold: 1.5}}\n"
                        "stimuli:\n"
                        "  current: {to: [first, \"leaky, second\"], drive: [step: {from: 1, until: 5, rate: 1}]}\n";

class CliNeuron : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        write_file("two.yaml", two);
    }
    // Exit 1, exactly this message, and the folder as it was.
    void refused(const Words &words, const std::string &message) {
        const std::string before_run = listing();
        Words all = {"neuron"};
        all.insert(all.end(), words.begin(), words.end());
        const Ran run = weft(all);
        EXPECT_EQ(run.code, 1);
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(run.err, "weft: " + message + "\n");
        EXPECT_EQ(listing(), before_run);
    }
};

TEST_F(CliNeuron, summary) {
    const Ran run = weft({"neuron", "two.yaml"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.out, "Two of them: 6 ticks of 1 ms, 2 neurons, 8 spikes in\n"
                       "\n"
                       "neuron         model      spikes     first      last    rate Hz  interval   longest\n"
                       "first          truenorth       2         2         4      333.3         2         2\n"
                       "leaky, second  if              2         2         4      333.3         2         2\n");
    const Ran one = weft({"neuron", bursting});
    EXPECT_EQ(one.out, "Tonic bursting: 200 ticks of 1 ms, 1 neuron, 160 spikes in\n"
                       "\n"
                       "neuron  model      spikes     first      last    rate Hz  interval   longest\n"
                       "neuron  truenorth      25        22       170        125         3        22\n");
    const Ran silent = weft({"neuron", "two.yaml", "--set", "ticks=3", "--set", "stimuli={}"});
    EXPECT_NE(silent.out.find("first          truenorth       0         -         -          0         -         -\n"),
              std::string::npos)
        << silent.out << silent.err;
}

TEST_F(CliNeuron, table) {
    const Ran run = weft({"neuron", "two.yaml", "--csv", "two.csv"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(read_file("two.csv"),
              "tick,time_s,current,first,\"leaky, second\",first spikes,\"leaky, second spikes\"\n"
              "0,0,0,0,0,0,0\n"
              "1,0.001,1,2,1,0,0\n"
              "2,0.002,1,0,0,1,1\n"
              "3,0.003,1,2,1,0,0\n"
              "4,0.004,1,0,0,1,1\n"
              "5,0.005,0,0,0,0,0\n");
}

TEST_F(CliNeuron, json) {
    const Ran run = weft({"neuron", "two.yaml", "--json", "-"});
    EXPECT_EQ(run.code, 0) << run.err;
    cJSON *json = cJSON_Parse(run.out.c_str());
    ASSERT_NE(json, nullptr) << run.out;
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(json, "title")), "Two of them");
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(json, "file")), "two.yaml");
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(json, "ticks")), 6);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(json, "tick_s")), 0.001);
    const cJSON *stimulus = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "stimuli"), 0);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(stimulus, "spikes")), 4);
    const cJSON *second = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "neurons"), 1);
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(second, "model")), "if");
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(second, "threshold")), 1.5);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(second, "spikes")), 2);
    char *ticks = cJSON_PrintUnformatted(cJSON_GetObjectItem(second, "ticks"));
    EXPECT_STREQ(ticks, "[2,4]");
    free(ticks);
    cJSON_Delete(json);
}

TEST_F(CliNeuron, picture) {
    Ran run = weft({"neuron", "two.yaml", "--draw", "two.svg"});
    EXPECT_EQ(run.code, 0) << run.err;
    if (!fs::exists("two.svg")) GTEST_SKIP() << "no gnuplot: " << run.err;
    const std::string text = read_file("two.svg");
    for (const char *word : {">current<", ">first<", ">leaky__second<", ">time (ms)<"})
        EXPECT_NE(text.find(word), std::string::npos) << word;
    size_t marks = 0; // of spikes
    for (size_t at = text.find("href='#gpPt6'"); at != std::string::npos; at = text.find("href='#gpPt6'", at + 1))
        marks++;
    EXPECT_EQ(marks, 4u);
    run = weft({"neuron", "two.yaml", "--draw", "two.png"});
    EXPECT_EQ(read_file("two.png").substr(1, 3), "PNG");
}

TEST_F(CliNeuron, the_same_for_any_threads) {
    for (const char *threads : {"1", "4"})
        EXPECT_EQ(weft({"neuron", bursting, "--threads", threads, "--csv", std::string(threads) + ".csv"}).code, 0);
    EXPECT_EQ(read_file("1.csv"), read_file("4.csv"));
}

TEST_F(CliNeuron, what_is_wrong) {
    refused({"none.yaml"}, "none.yaml: cannot open: No such file or directory");
    write_file("text.yaml", "ticks\n");
    refused({"text.yaml"}, "text.yaml:1:1: expects a map of keys (neurons)");
    refused({"two.yaml", "--set", "tick=5"}, "--set tick=5: tick: unknown key; did you mean ticks?");
    refused({"two.yaml", "--set", "neurons.first.leak=300"},
            "--set neurons.first.leak=300: neurons.first.leak: 300 is above 255");
    write_file("two.yaml", std::string(two) + "connections:\n  - {from: first, to: frist}\n");
    refused({"two.yaml"}, "two.yaml:9:23: connections.0.to: there is no neuron 'frist'; did you mean first?");
    refused({"two.yaml", "--csv", "none/two.csv"}, "none/two.csv: cannot create: No such file or directory");
}

TEST_F(CliNeuron, wrong_use) {
    const auto misused = [](const Words &words, const std::string &message) {
        const Ran run = weft(words);
        EXPECT_EQ(run.code, 2);
        EXPECT_EQ(run.err, "weft: " + message + "\nTry 'weft neuron --help'.\n");
    };
    misused({"neuron"},
            "FILE is missing: Neurons, connections and stimuli in YAML; 'weft describe neurons' has the keys");
    misused({"neuron", "two.yaml", "--draw", "two.pdf"}, "--draw: two.pdf: a picture's name ends in .svg or .png");
    misused({"neuron", "two.yaml", "--csv", "two.yaml"}, "--csv would overwrite FILE: both are two.yaml");
    misused({"neuron", "two.yaml", "--csv", "a.svg", "--draw", "a.svg"},
            "--draw would overwrite --csv: both are a.svg");
    EXPECT_EQ(read_file("two.yaml"), two);
}

TEST_F(CliNeuron, manual) {
    const Ran text = weft({"describe", "neurons"});
    EXPECT_EQ(text.code, 0);
    EXPECT_EQ(text.out.rfind("neurons: A few neurons", 0), 0u);
    EXPECT_NE(text.out.find("\nModels of a sparse core:\n"), std::string::npos);
    EXPECT_NE(text.out.find("\n  title: Tonic bursting\n"), std::string::npos);
    EXPECT_NE(weft({"describe", "neurons", "--markdown"}).out.find("### `neurons"), std::string::npos);
    EXPECT_EQ(weft({"describe", "neurons", "--json", "-"}).out,
              read_file(WEFT_SOURCE_FOLDER "/docs/schema/neurons.json"));
}

} // namespace
