/* The network of chip files: what is refused, at its place; what a file's keys come to. */
#include "sim/noc/noc_chip.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

const std::string reference = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/noc-8x8.yaml";

struct Chip {
    weft_chip *chip = nullptr;
    weft_error err{};
    explicit Chip(const std::vector<const char *> &set, const std::string &path = reference) {
        weft_chip_load(&chip, path.c_str(), set.data(), static_cast<int>(set.size()), &err);
    }
    ~Chip() { weft_chip_destroy(chip); }
    Chip(const Chip &) = delete;
    Chip &operator=(const Chip &) = delete;
};

std::string Refusal(const std::vector<const char *> &set) {
    Chip chip(set);
    EXPECT_EQ(chip.chip, nullptr);
    EXPECT_EQ(chip.err.status, WEFT_E_INVALID);
    return chip.err.text;
}

TEST(NocChip, ReferenceMesh) {
    Chip chip({});
    ASSERT_NE(chip.chip, nullptr) << chip.err.text;
    weft_noc_config c{};
    ASSERT_EQ(weft_noc_config_of_chip(&c, chip.chip, chip.chip->core_count, nullptr), WEFT_OK);
    EXPECT_EQ(c.width, 8);
    EXPECT_EQ(c.height, 8);
    EXPECT_EQ(c.terminal_count, 64);
    for (int t = 0; t < 64; t++) EXPECT_EQ(c.terminal_router[t], t);
    EXPECT_EQ(c.vcs * c.buffer_flits, 32);
    EXPECT_EQ(c.route_cycles, 0);
    for (int cycles : {c.vc_cycles, c.switch_cycles, c.traversal_cycles, c.link_cycles, c.credit_cycles})
        EXPECT_EQ(cycles, 1);
    EXPECT_FALSE(c.y_differs || c.speculative || c.multicast || c.allow_deadlock);
    EXPECT_EQ(c.topology, WEFT_NOC_MESH);
    EXPECT_EQ(c.routing, WEFT_NOC_XY);
    std::free(const_cast<int *>(c.terminal_router));
}

TEST(NocChip, EveryKeyArrives) {
    Chip chip({"noc.topology=torus", "noc.routing=adaptive", "noc.escape_vcs=2", "noc.link_cycles_y=3",
               "noc.credit_cycles_y=0", "noc.chips=[2, 4]", "noc.chip_link_cycles=9", "noc.chip_link_interval=5",
               "noc.concentration=2", "noc.speculative=true", "noc.route_cycles=2"});
    ASSERT_NE(chip.chip, nullptr) << chip.err.text;
    weft_noc_config c{};
    ASSERT_EQ(weft_noc_config_of_chip(&c, chip.chip, chip.chip->core_count + 1, nullptr), WEFT_OK);
    EXPECT_EQ(c.topology, WEFT_NOC_TORUS);
    EXPECT_EQ(c.routing, WEFT_NOC_ADAPTIVE);
    EXPECT_EQ(c.escape_vcs, 2);
    EXPECT_TRUE(c.y_differs);
    EXPECT_EQ(c.link_cycles_y, 3);
    EXPECT_EQ(c.credit_cycles_y, 0);
    EXPECT_EQ(c.chips[0], 2);
    EXPECT_EQ(c.chips[1], 4);
    EXPECT_EQ(c.chip_link_cycles, 9);
    EXPECT_EQ(c.chip_credit_cycles, 9); /* as the link */
    EXPECT_EQ(c.chip_link_interval, 5);
    EXPECT_TRUE(c.speculative);
    EXPECT_EQ(c.route_cycles, 2);
    EXPECT_EQ(c.terminal_count, 129);
    EXPECT_EQ(c.terminal_router[127], 63);
    EXPECT_EQ(c.terminal_router[128], 0); /* the host */
    std::free(const_cast<int *>(c.terminal_router));
}

TEST(NocChip, DistancesGoTheShorterWayRoundATorus) {
    Chip mesh({}), torus({"noc.topology=torus"});
    ASSERT_TRUE(mesh.chip && torus.chip);
    EXPECT_EQ(weft_chip_hops(mesh.chip, 0, 63), 14);
    EXPECT_EQ(weft_chip_hops(torus.chip, 0, 63), 2);
    EXPECT_EQ(weft_chip_hops(torus.chip, 0, 36), 8);
    EXPECT_EQ(weft_chip_hops(torus.chip, 1, 6), 3);
}

TEST(NocChip, WhatCanDeadlockIsRefused) {
    EXPECT_EQ(Refusal({"noc.routing=adaptive"}),
              "noc.routing: adaptive with noc.escape_vcs 0 can deadlock; needs at least 1 escape virtual channel that "
              "goes XY, or noc.allow_deadlock true");
    EXPECT_EQ(Refusal({"noc.topology=torus", "noc.routing=adaptive", "noc.escape_vcs=1"}),
              "noc.routing: adaptive with noc.escape_vcs 1 can deadlock; needs at least 2 escape virtual channels that "
              "go XY, or noc.allow_deadlock true");
    EXPECT_EQ(Refusal({"noc.topology=torus", "noc.vcs=1"}),
              "noc.vcs: a torus with 1 virtual channel can deadlock; needs an even number, or noc.allow_deadlock true");
    EXPECT_EQ(Refusal({"noc.topology=torus", "noc.routing=west_first"}),
              "noc.routing: west_first on a torus can deadlock; needs another routing, noc.topology mesh, or "
              "noc.allow_deadlock true");
    for (std::vector<const char *> set : {std::vector<const char *>{"noc.routing=adaptive"},
                                          {"noc.topology=torus", "noc.vcs=1"},
                                          {"noc.topology=torus", "noc.routing=west_first"}}) {
        set.push_back("noc.allow_deadlock=true");
        Chip chip(set);
        EXPECT_NE(chip.chip, nullptr) << chip.err.text;
    }
}

TEST(NocChip, WhatCannotBeBuiltIsRefused) {
    EXPECT_EQ(Refusal({"noc.topology=torus", "noc.vcs=3"}),
              "noc.vcs: 3 on a torus; half are for packets that wrap around, so it needs an even number");
    EXPECT_EQ(Refusal({"noc.topology=torus", "noc.routing=adaptive", "noc.escape_vcs=3"}),
              "noc.escape_vcs: 3 on a torus; half are for packets that wrap around, so it needs an even number");
    EXPECT_EQ(Refusal({"noc.routing=adaptive", "noc.escape_vcs=4"}),
              "noc.escape_vcs: 4 of 4 virtual channels leave none to choose; needs fewer, or more noc.vcs");
    EXPECT_EQ(Refusal({"noc.escape_vcs=1"}), "noc.escape_vcs: is for routing adaptive; leave it out");
    EXPECT_EQ(Refusal({"noc.chips=[3, 1]"}), "noc.chips: 8 routers along x are not 3 equal chips");
    EXPECT_EQ(Refusal({"noc.chips=[1, 5]"}), "noc.chips: 8 routers along y are not 5 equal chips");
    EXPECT_EQ(Refusal({"noc.link_cycles_y=0"}), "noc.link_cycles_y: 0 is neither -1 nor 1 or more");
    EXPECT_EQ(Refusal({"noc.multicast=true", "noc.topology=torus"}), "noc.multicast: needs noc.topology mesh");
    EXPECT_EQ(Refusal({"noc.multicast=true", "noc.routing=west_first"}), "noc.multicast: needs noc.routing xy or yx");
}

/* In a file, with its line and column. */
TEST(NocChip, RefusalsHaveTheirPlace) {
    std::ifstream stream(reference);
    std::stringstream text;
    text << stream.rdbuf();
    std::string yaml = text.str();
    size_t at = yaml.find("routing: xy");
    ASSERT_NE(at, std::string::npos);
    yaml.replace(at, 11, "routing: adaptive");
    std::string path = testing::TempDir() + "weft-noc-chip-" + std::to_string(getpid()) + ".yaml";
    std::ofstream(path) << yaml;
    Chip chip({}, path);
    std::remove(path.c_str());
    EXPECT_EQ(chip.chip, nullptr);
    EXPECT_EQ(chip.err.file, path);
    EXPECT_EQ(chip.err.line,
              1 + static_cast<int>(std::count(yaml.begin(), yaml.begin() + static_cast<long>(at), '\n')));
    EXPECT_EQ(chip.err.column, 12); /* of the value */
}

} // namespace
