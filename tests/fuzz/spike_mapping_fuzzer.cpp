// Fuzzer of the reader of spiking mappings and of what a mapping that it accepts goes through: checks, layout (every
// synapse once, every axon served in time), program, a short run. A finding is a crash, a sanitizer's report, a check
// that fails, or 5 s of processor time.
//
// With clang's libFuzzer (preset `fuzz`): spike_mapping_fuzzer -rss_limit_mb=1024 NEW_FOLDER tests/fuzz/spike_mappings
// Else: spike_mapping_fuzzer [--executions N] [--seed S] FOLDER; the same input in the same order for a seed.
#include "tests/fuzz/spike_mapping_net.h"

#include "tests/fuzz/driver.h"

const char *const fuzz::name = "spike_mapping_fuzzer", *const fuzz::finding = "spike_mapping_fuzzer-finding.yaml";

namespace {

// Turns what GoogleTest's checks say into findings.
class Finder : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult &result) override {
        if (result.failed()) fprintf(stderr, "%s\n", result.summary()), fuzz::found("a check failed");
    }
};

const weft_test::mapping_world &world() {
    static const auto *made = [] {
        testing::InitGoogleTest();
        testing::UnitTest::GetInstance()->listeners().Append(new Finder);
        return new weft_test::mapping_world;
    }();
    return *made;
}

} // namespace

/* The message without numbers, or "" for a mapping that ran. */
std::string fuzz::run(const uint8_t *data, size_t size) {
    weft_error err = {};
    weft_test::try_mapping(std::string(data, data + size), world(), &err);
    return without_numbers(err.text);
}

/* Runs, numbers, keys and lines change, and any bytes. */
std::string fuzz::mutate(std::string data, std::mt19937 &dice) {
    static const char *const words[] = {"0-19", "0-4",  "5*2", "19*4294967295",  "3", "core",  "relays",
                                        "-",    "*",    "0",   "4294967295",     "1", "{core", "populations",
                                        "\"",   "  - ", ":",   "neurons: \"0\"", "7", "a",     "size: 20"};
    for (int changes = 1 + static_cast<int>(dice() % 3); changes > 0; changes--) {
        const size_t at = dice() % data.size(), from = dice() % data.size(), line = data.find('\n', from);
        if (dice() % 3 == 0)
            data.replace(at, dice() % 6, words[dice() % (sizeof words / sizeof *words)]);
        else if (dice() % 2 && line != data.npos)
            data.insert(data.rfind('\n', at) == data.npos ? 0 : data.rfind('\n', at) + 1,
                        data.substr(line + 1, data.find('\n', line + 1) - line));
        else if (dice() % 4)
            data.replace(at, 1, std::string(1, static_cast<char>('0' + dice() % 10)));
        else
            data[at] = static_cast<char>(dice());
        if (data.empty()) data = " ";
    }
    return data;
}
