/* Every file of tests/golden/bad is refused with the message in its first line: `# expect: LINE:COLUMN: text`. */
#include "core/chip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

const std::string folder = std::string(WEFT_SOURCE_FOLDER) + "/tests/golden/bad";

std::vector<std::string> files() {
    std::vector<std::string> all;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) all.push_back(entry.path().stem().string());
    std::sort(all.begin(), all.end());
    return all;
}

std::string expected(const std::string &path) {
    std::ifstream stream(path);
    std::string line;
    std::getline(stream, line);
    const std::string mark = "# expect: ";
    return line.compare(0, mark.size(), mark) == 0 ? line.substr(mark.size()) : "no '# expect: ' in the first line";
}

class BadChip : public testing::TestWithParam<std::string> {};

} // namespace

TEST_P(BadChip, IsRefusedWithItsMessage) {
    std::string path = folder + "/" + GetParam() + ".yaml";
    weft_chip *chip = nullptr;
    weft_error err = {};
    weft_status status = weft_chip_load(&chip, path.c_str(), nullptr, 0, &err);
    EXPECT_TRUE(status == WEFT_E_PARSE || status == WEFT_E_INVALID) << weft_status_text(status);
    EXPECT_EQ(chip, nullptr);
    EXPECT_EQ(std::string(err.file), path);
    EXPECT_EQ(std::to_string(err.line) + ":" + std::to_string(err.column) + ": " + err.text, expected(path));
}

INSTANTIATE_TEST_SUITE_P(Files, BadChip, testing::ValuesIn(files()),
                         [](const testing::TestParamInfo<std::string> &file) { return file.param; });
