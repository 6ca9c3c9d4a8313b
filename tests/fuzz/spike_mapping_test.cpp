// The corpus in tests/fuzz/spike_mappings, replayed: each file with the status its name begins with, and cut short or
// with bytes changed nothing worse than an error with its place.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/spike_mapping_net.h"

namespace {

using namespace weft_test;

std::map<std::string, std::string> files() {
    std::map<std::string, std::string> out;
    const std::string corpus = std::string(WEFT_SOURCE_FOLDER) + "/tests/fuzz/spike_mappings";
    for (const auto &entry : std::filesystem::directory_iterator(corpus)) {
        std::ifstream in(entry.path(), std::ios::binary);
        out[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return out;
}

TEST(SpikeMappingCorpus, EveryFileGivesItsStatus) {
    const std::map<std::string, weft_status> statuses = {
        {"ok", WEFT_OK}, {"parse", WEFT_E_PARSE}, {"invalid", WEFT_E_INVALID}};
    const mapping_world world;
    std::map<std::string, int> seen;
    for (const auto &[name, data] : files()) {
        weft_error err = {};
        const std::string prefix = name.substr(0, name.find('-'));
        ASSERT_EQ(statuses.count(prefix), 1u) << name;
        EXPECT_EQ(try_mapping(data, world, &err), statuses.at(prefix)) << name << ": " << err.text;
        seen[prefix]++;
    }
    EXPECT_GE(seen["ok"], 4);
    EXPECT_GE(seen["parse"], 2);
    EXPECT_GE(seen["invalid"], 10);
}

TEST(SpikeMappingCorpus, CutAndChanged) {
    const mapping_world world;
    std::mt19937 dice(3);
    std::map<weft_status, int> seen;
    for (const auto &[name, data] : files())
        for (int i = 0; i < 60; i++) {
            std::string changed = i % 3 ? data : data.substr(0, 1 + dice() % data.size());
            for (int k = 0; k < i % 3; k++) changed[dice() % changed.size()] = static_cast<char>(dice());
            weft_error err = {};
            seen[try_mapping(changed, world, &err)]++;
        }
    for (const auto &[status, count] : seen)
        EXPECT_TRUE(status == WEFT_OK || status == WEFT_E_PARSE || status == WEFT_E_INVALID) << status << " " << count;
    EXPECT_GE(seen.size(), 3u);
}

} // namespace
