// Keys of a chip that are set from outside: taken back, without effect, relative to the current folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/chip.h"

namespace {

namespace fs = std::filesystem;

// A chip that destroys itself.
struct Chip {
    weft_chip *c = nullptr;
    weft_error err{};
    weft_status status;
    Chip(const char *name, const std::vector<const char *> &set) {
        status = weft_chip_load(&c, name, set.data(), static_cast<int>(set.size()), &err);
    }
    Chip(const Chip &) = delete;
    ~Chip() { weft_chip_destroy(c); }

    std::string text() const {
        char all[2048];
        weft_error_format(&err, all, sizeof all);
        return all;
    }
    std::string notes() const {
        std::string all;
        weft_chip_unused(
            c, [](void *to, const char *note) { *static_cast<std::string *>(to) += std::string(note) + "\n"; }, &all);
        return all;
    }
};

TEST(ChipSet, TakesBackWhatMayBeLeftOut) {
    for (const char *nothing : {"device.g_max_us=", "device.g_max_us=null"}) {
        const Chip chip("hermes", {"device.program_table=", "device.read_noise=none", nothing});
        ASSERT_EQ(WEFT_OK, chip.status) << chip.text();
        EXPECT_EQ(0, chip.c->device.g_max_us);
    }
    const Chip section("hermes", {"device=null"});
    ASSERT_EQ(WEFT_OK, section.status) << section.text();
    EXPECT_TRUE(section.c->ideal_cells);
    const Chip standard("neurram", {"adc.percentile=null"});
    ASSERT_EQ(WEFT_OK, standard.status) << standard.text();
    EXPECT_EQ(99.9, standard.c->adc.percentile);
}

TEST(ChipSet, KeepsWhatMustBeThere) {
    const Chip chip("hermes", {"adc.bits="});
    EXPECT_EQ(WEFT_E_INVALID, chip.status);
    EXPECT_NE(std::string::npos, chip.text().find("--set adc.bits=")) << chip.text();
    EXPECT_NE(WEFT_OK, Chip("hermes", {"adc.bits=null"}).status);
}

TEST(ChipSet, TellsWhatHasNoEffect) {
    for (const char *name : {"isaac-ce", "hermes", "puma", "neurram", "sonos-like", "sram-1b", "mesh-64x64"})
        EXPECT_EQ("", Chip(name, {}).notes()) << name;
    EXPECT_EQ("adc.percentile has no effect: adc.range is not calibrated\n",
              Chip("isaac-ce", {"adc.percentile=99"}).notes());
    EXPECT_EQ("adc.percentile has no effect: adc.calibrate is not percentile\n",
              Chip("neurram", {"adc.calibrate=maximum", "adc.percentile=99"}).notes());
    EXPECT_EQ("noc.chip_link_cycles has no effect: noc.chips is [1, 1]\n",
              Chip("isaac-ce", {"noc.chip_link_cycles=3"}).notes());
    EXPECT_EQ("", Chip("noc-8x8", {"noc.chip_link_cycles=3", "noc.chips=[2, 1]"}).notes());
    EXPECT_EQ("core.unbounded_buffers has no effect: with clock.kind tick buffers have no end\n",
              Chip("isaac-ce", {"core.unbounded_buffers=true", "clock.kind=tick"}).notes());
    EXPECT_EQ("device.read_sigma has no effect: device.read_noise is none\n",
              Chip("isaac-ce", {"device.read_sigma=0.1"}).notes());
    // The file's keys are no mistake where what decides about them is set from outside.
    EXPECT_EQ("", Chip("hermes", {"device.read_noise=none"}).notes());
}

TEST(ChipSet, TableIsRelativeToTheCurrentFolder) {
    const fs::path before = fs::current_path();
    std::string folder = (fs::path(testing::TempDir()) / "weft-chip-XXXXXX").string();
    ASSERT_NE(nullptr, mkdtemp(folder.data()));
    fs::current_path(folder);
    std::ofstream("own.csv") << "g_target_us,g_mean_us,g_sigma_us\n0,0,0\n100,100,0\n";
    {
        const Chip chip("hermes", {"device.program_table=own.csv"});
        EXPECT_EQ(WEFT_OK, chip.status) << chip.text();
        EXPECT_TRUE(chip.c && fs::equivalent(chip.c->program_table_path, "own.csv"));
    }
    fs::remove("own.csv");
    EXPECT_NE(WEFT_OK, Chip("hermes", {"device.program_table=own.csv"}).status);
    fs::current_path(before);
    fs::remove_all(folder);
}

} // namespace
