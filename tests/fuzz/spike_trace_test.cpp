// The corpus in tests/fuzz/spikes, replayed: each file with the status its name begins with, and whole ones that they
// are read as.
#include <filesystem>
#include <map>

#include "tests/support/spike_trace_fixture.h"

namespace {

using namespace weft_test;

TEST(SpikeTraceCorpus, EveryFileGivesItsStatus) {
    const std::map<std::string, weft_status> statuses = {
        {"ok", WEFT_OK}, {"parse", WEFT_E_PARSE}, {"unsupported", WEFT_E_UNSUPPORTED}};
    std::map<std::string, int> seen;
    for (const auto &entry :
         std::filesystem::directory_iterator(std::string(WEFT_SOURCE_FOLDER) + "/tests/fuzz/spikes")) {
        const std::string name = entry.path().filename().string(), prefix = name.substr(0, name.find('-'));
        ASSERT_EQ(statuses.count(prefix), 1u) << name;
        const read_back back(entry.path().c_str());
        EXPECT_EQ(back.status, statuses.at(prefix)) << name << ": " << back.err.text;
        if (back.status == WEFT_OK) {
            EXPECT_FALSE(back.ticks.empty()) << name;
        } else {
            EXPECT_EQ(std::string(back.err.file), entry.path().string());
        }
        seen[prefix]++;
    }
    EXPECT_EQ(seen.size(), statuses.size());
    EXPECT_GE(seen["parse"], 8);
}

} // namespace
