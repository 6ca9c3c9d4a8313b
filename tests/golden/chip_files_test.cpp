/* Committed files that are printed from the field table: run with WEFT_UPDATE=1 to rewrite them. */
#include "core/chip.h"

#include "tests/support/golden.h"

using namespace weft_test;

namespace {

const std::string root = WEFT_SOURCE_FOLDER;

} // namespace

TEST(ChipFiles, ReadmeListsEveryKey) {
    const std::string path = root + "/hwconfigs/README.md", mark = "<!-- generated from here on -->\n\n";
    std::string head = read_file(path);
    size_t at = head.find(mark);
    ASSERT_NE(at, std::string::npos);
    head.resize(at + mark.size());
    expect_file(path, head + printed([](FILE *stream) { weft_record_describe_markdown(&weft_chip_record, stream); }));
}

TEST(ChipFiles, JsonSchema) {
    expect_file(root + "/docs/schema/chip.json", printed([](FILE *stream) {
                    weft_error err = {};
                    EXPECT_EQ(weft_record_json_schema(&weft_chip_record, stream, &err), WEFT_OK) << err.text;
                }));
}

TEST(ChipFiles, EveryShippedChipLoadsWithSources) {
    int count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(root + "/hwconfigs")) {
        if (entry.path().extension() != ".yaml") continue;
        weft_chip *chip = nullptr;
        weft_error err = {};
        ASSERT_EQ(weft_chip_load(&chip, entry.path().c_str(), nullptr, 0, &err), WEFT_OK) << err.text;
        EXPECT_EQ(weft_chip_unsourced(chip), 0) << entry.path();
        EXPECT_EQ(std::string(chip->name), entry.path().stem().string());
        EXPECT_GE(chip->sources.count, 1u);
        weft_chip_destroy(chip);
        count++;
    }
    EXPECT_GE(count, 7);
}
