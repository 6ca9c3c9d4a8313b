// The corpus in tests/fuzz/nir, replayed: each file whole, with the status its name begins with, cut short, and with
// bytes changed: no crash, no other status than those of bad files.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/support/nir_fixture.h"

namespace {

const std::string corpus = std::string(WEFT_SOURCE_FOLDER) + "/tests/fuzz/nir";

weft_status replay(const std::string &data, std::string *text) {
    weft_nir *nir = nullptr;
    weft_error err = {};
    const weft_status status = weft_nir_parse(&nir, data.data(), data.size(), "corpus", &err);
    EXPECT_EQ(status == WEFT_OK, nir != nullptr);
    EXPECT_TRUE(status == WEFT_OK || err.text[0]);
    weft_nir_destroy(nir);
    *text = err.text;
    return status;
}

std::map<std::string, std::string> files() {
    std::map<std::string, std::string> out;
    for (const auto &entry : std::filesystem::directory_iterator(corpus)) {
        std::ifstream in(entry.path(), std::ios::binary);
        out[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return out;
}

TEST(NirCorpus, EveryFileGivesItsStatus) {
    const std::map<std::string, weft_status> statuses = {
        {"ok", WEFT_OK}, {"parse", WEFT_E_PARSE}, {"invalid", WEFT_E_INVALID}, {"unsupported", WEFT_E_UNSUPPORTED}};
    std::map<std::string, int> seen;
    std::string text;
    for (const auto &[name, data] : files()) {
        const std::string prefix = name.substr(0, name.find('-'));
        ASSERT_EQ(statuses.count(prefix), 1u) << name;
        seen[prefix]++;
        EXPECT_EQ(replay(data, &text), statuses.at(prefix)) << name << ": " << text;
        for (size_t size = 1; size < data.size(); size += 1 + data.size() / 40)
            EXPECT_EQ(replay(data.substr(0, size), &text), WEFT_E_PARSE) << name << size;
    }
    EXPECT_EQ(seen.size(), statuses.size());
}

TEST(NirCorpus, ChangedBytes) {
    std::mt19937 dice(3);
    std::map<weft_status, int> seen;
    std::string text;
    for (const auto &[name, data] : files())
        for (int i = 0; i < 60; i++) {
            std::string changed = data;
            for (int k = 0; k < 3; k++) changed[dice() % changed.size()] = static_cast<char>(dice());
            seen[replay(changed, &text)]++;
        }
    for (const auto &[status, count] : seen)
        EXPECT_TRUE(status == WEFT_OK || status == WEFT_E_PARSE || status == WEFT_E_INVALID ||
                    status == WEFT_E_UNSUPPORTED)
            << status;
    EXPECT_GT(seen[WEFT_E_PARSE], 10);
}

} // namespace
