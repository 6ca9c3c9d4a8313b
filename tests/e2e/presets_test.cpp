// Every shipped chip takes a small network the whole way: map, calibrate, functional and timed run, equal bit for bit.
#include "tests/cli/harness.h"

#include <cjson/cJSON.h>

using namespace weft_cli;

namespace {

std::vector<std::string> chips() {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(fs::path(WEFT_SOURCE_FOLDER) / "hwconfigs"))
        if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

double number(const std::string &json, const char *key) {
    cJSON *root = cJSON_Parse(json.c_str());
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    EXPECT_TRUE(cJSON_IsNumber(item)) << key;
    const double value = cJSON_GetNumberValue(item);
    cJSON_Delete(root);
    return value;
}

class CliPresets : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_network("net.onnx", 8);
        make_dataset("set", 8, 60, 30);
    }
};

TEST_F(CliPresets, every_chip_simulates_a_small_network) {
    int count = 0;
    for (const std::string &chip : chips()) {
        SCOPED_TRACE(chip);
        if (chip == "array-bare" || chip == "noc-8x8") continue; // for weft array, weft noc
        const bool spiking = chip == "truenorth" || chip == "loihi1" || chip == "odin";
        const std::string mapping = spiking ? "refused.yaml" : "m.yaml";
        Ran map = weft({"map", "net.onnx", chip, "-o", mapping});
        if (spiking) {
            EXPECT_NE(map.err.find("has no threshold layer; one makes spikes of the image"), std::string::npos)
                << map.err;
            EXPECT_NE(map.code, 0);
            EXPECT_FALSE(fs::exists(mapping));
            continue;
        }
        ASSERT_EQ(map.code, 0) << map.err;
        Ran sim = weft({"sim", "m.yaml", "--dataset", "set", "--timed-images", "2", "-o", "run"});
        ASSERT_EQ(sim.code, 0) << sim.err;
        EXPECT_NE(sim.out.find("outputs equal to the functional run's"), std::string::npos);
        const std::string report = read_file("run/report.json");
        EXPECT_EQ(number(report, "images"), 30);
        EXPECT_EQ(number(report, "timed_images"), 2);
        EXPECT_GT(number(report, "latency_ns"), 0);
        EXPECT_GE(number(report, "accuracy_percent"), 0);
        count++;
    }
    EXPECT_GE(count, 7);
}

// Errors of analog cells are the chip file's, and can be switched off.
TEST_F(CliPresets, errors_of_cells_can_be_switched_off) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    auto signal_to_noise = [&](const std::vector<std::string> &more) {
        std::vector<std::string> words = {"sim",          "m.yaml", "--dataset", "set", "--functional",
                                          "--statistics", "30",     "-o",        "run"};
        words.insert(words.end(), more.begin(), more.end());
        Ran sim = weft(words);
        EXPECT_EQ(sim.code, 0) << sim.err;
        cJSON *root = cJSON_Parse(read_file("run/report.json").c_str());
        const cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "layers"), 0);
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(layer, "signal_to_noise_db");
        EXPECT_TRUE(cJSON_IsNumber(item));
        const double value = cJSON_GetNumberValue(item);
        cJSON_Delete(root);
        return value;
    };
    const double as_it_is = signal_to_noise({}),
                 fresh = signal_to_noise({"--set", "device.read_noise=none", "--set", "device.read_sigma=0"}),
                 ideal = signal_to_noise({"--set", "device.program_table=", "--set", "device.read_noise=none", "--set",
                                          "device.read_sigma=0"});
    EXPECT_GT(as_it_is, 8);
    EXPECT_LT(as_it_is, 30);
    EXPECT_GT(fresh, as_it_is + 0.5);
    EXPECT_GT(ideal, fresh + 3);
}

} // namespace
