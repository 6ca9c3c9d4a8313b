// The corpus in tests/fuzz/onnx, replayed: each file whole, with the status its name begins with, and cut at every
// byte.
#include "core/onnx.h"

#include <filesystem>
#include <map>

#include "tests/network_invariants.h"
#include "tests/network_samples.h"

namespace {

const std::string corpus = std::string(WEFT_SOURCE_FOLDER) + "/tests/fuzz/onnx";

weft_status replay(const std::string &data, std::string *text) {
    weft_network *net = nullptr;
    weft_error err = {};
    weft_status status = weft_onnx_parse(&net, data.data(), data.size(), "corpus", &err);
    if (net) expect_valid_network(net);
    EXPECT_EQ(status == WEFT_OK, net != nullptr);
    weft_network_destroy(net);
    *text = err.text;
    return status;
}

TEST(OnnxCorpus, EveryFileGivesItsStatus) {
    const std::map<std::string, weft_status> statuses = {
        {"ok", WEFT_OK}, {"parse", WEFT_E_PARSE}, {"invalid", WEFT_E_INVALID}, {"unsupported", WEFT_E_UNSUPPORTED}};
    std::map<std::string, int> seen;
    for (const auto &entry : std::filesystem::directory_iterator(corpus)) {
        const std::string name = entry.path().filename().string(), data = samples::read_file(entry.path());
        const std::string prefix = name.substr(0, name.find('-'));
        ASSERT_EQ(statuses.count(prefix), 1u) << name;
        ASSERT_LE(data.size(), 2048u) << name;
        seen[prefix]++;
        std::string text;
        EXPECT_EQ(replay(data, &text), statuses.at(prefix)) << name << ": " << text;
        for (size_t size = 1; size < data.size(); size++) replay(data.substr(0, size), &text);
        for (size_t at = 0; at < data.size(); at++)
            for (int change : {0x01, 0x08, 0x80, 0xff, 0x5a}) {
                std::string bad = data;
                bad[at] = static_cast<char>(bad[at] ^ change);
                replay(bad, &text);
            }
    }
    for (const auto &status : statuses) EXPECT_GE(seen[status.first], 2) << status.first;
}

} // namespace
