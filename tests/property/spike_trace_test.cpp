/* Random ticks through both forms of a trace, the same timing behind it, and damage that is always noticed. */
#include "tests/support/spike_trace_fixture.h"

namespace {

using namespace weft_test;

std::vector<tick_copy> random_ticks(unsigned seed, int count) {
    std::mt19937 dice(seed);
    std::vector<tick_copy> ticks;
    for (uint64_t number = dice() % 3; count; count--, number += 1 + dice() % 3)
        ticks.push_back(random_tick(dice, number, 64, int(dice() % 20)));
    return ticks;
}

void expect_same(const std::vector<tick_copy> &a, const std::vector<tick_copy> &b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); i++) ASSERT_TRUE(same_tick(a[i].view(), b[i].view())) << "tick " << a[i].number;
}

TEST(SpikeTraceProperty, FormsKeepEverything) {
    for (unsigned seed = 0; seed < 30; seed++) {
        const std::vector<tick_copy> ticks = random_ticks(seed, int(seed % 9));
        for (const char *end : {".wst", ".txt"}) {
            const scratch_file file(end), again(end);
            ASSERT_EQ(record(file.path(), ticks), WEFT_OK);
            const read_back back(file.path());
            ASSERT_EQ(back.status, WEFT_OK) << back.err.text;
            expect_same(ticks, back.ticks);
            ASSERT_EQ(record(again.path(), back.ticks), WEFT_OK);
            EXPECT_EQ(file.read(), again.read());
        }
        if (HasFailure()) return;
    }
}

/* Several blocks. */
TEST(SpikeTraceProperty, LongTracesKeepEverything) {
    const std::vector<tick_copy> ticks = random_ticks(7, 12000);
    const scratch_file file(".wst");
    ASSERT_EQ(record(file.path(), ticks), WEFT_OK);
    const read_back back(file.path());
    ASSERT_EQ(back.status, WEFT_OK) << back.err.text;
    expect_same(ticks, back.ticks);
}

/* The recorded ticks take the recorded chip's time to the cycle, and another chip's its own. */
TEST(SpikeTraceProperty, ATraceTakesTheSameTime) {
    const random_network net = run_random(8, 5, 0, 40);
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[8,8]"});
    const timed direct = time_ticks(chip.get(), net.ticks, 2);
    for (const char *end : {".wst", ".txt"}) {
        const scratch_file file(end);
        ASSERT_EQ(record(file.path(), net.ticks), WEFT_OK);
        const read_back back(file.path());
        ASSERT_EQ(back.status, WEFT_OK) << back.err.text;
        const timed replayed = time_ticks(chip.get(), back.ticks);
        EXPECT_TRUE(same_times(direct.times, replayed.times));
        EXPECT_EQ(direct.links, replayed.links);
        EXPECT_EQ(0, std::memcmp(&direct.summary, &replayed.summary, sizeof direct.summary));
        const timed slower =
            time_ticks(load_chip("truenorth", {"noc.mesh=[8,8]", "noc.link_cycles=3"}).get(), back.ticks);
        for (size_t i = 0; i < net.ticks.size(); i++) EXPECT_GT(slower.times[i].cycles, direct.times[i].cycles);
    }
}

std::string bytes_of(const std::vector<tick_copy> &ticks, const char *end) {
    const scratch_file file(end);
    EXPECT_EQ(record(file.path(), ticks), WEFT_OK);
    return file.read();
}

/* Of a block that is not whole no tick is told. */
TEST(SpikeTraceDamage, EveryChangedByteIsNoticed) {
    const std::vector<tick_copy> ticks = random_ticks(3, 6);
    const std::string good = bytes_of(ticks, ".wst");
    const size_t last_block = good.size() - 16;
    for (size_t i = 0; i < good.size(); i++)
        for (const int bit : {0, 5, 7}) {
            std::string damaged = good;
            damaged[i] = char(damaged[i] ^ 1 << bit);
            const read_back back(damaged);
            ASSERT_TRUE(back.status == WEFT_E_PARSE || back.status == WEFT_E_UNSUPPORTED) << "byte " << i;
            ASSERT_STREQ(back.err.file, "name");
            ASSERT_EQ(back.ticks.size(), i < last_block ? 0 : ticks.size()) << "byte " << i;
        }
}

TEST(SpikeTraceDamage, EveryCutIsNoticed) {
    const std::string good = bytes_of(random_ticks(4, 6), ".wst");
    for (size_t size = 0; size < good.size(); size++) {
        const read_back back(good.substr(0, size));
        ASSERT_EQ(back.status, WEFT_E_PARSE) << size << " bytes";
        if (size > 13) {
            ASSERT_NE(std::string(back.err.text).find("offset " + std::to_string(size)), std::string::npos)
                << back.err.text;
        }
    }
    EXPECT_EQ(read_back(good + "x").status, WEFT_E_PARSE);
}

/* Text with words exchanged, left out and doubled: refused with its place, or a trace that can be written. */
TEST(SpikeTraceDamage, DamagedTextNeverCrashes) {
    std::mt19937 dice(9);
    const std::string good = bytes_of(random_ticks(5, 4), ".txt");
    int refused = 0;
    for (int run = 0; run < 1000; run++) {
        std::string damaged = good;
        for (unsigned k = 0; k <= dice() % 3; k++) {
            const size_t at = dice() % damaged.size(), from = dice() % good.size(), size = dice() % 12;
            if (dice() % 2)
                damaged.replace(at, size, good.substr(from, dice() % 12));
            else
                damaged[at] = char(dice());
        }
        const read_back back(damaged);
        if (back.status == WEFT_OK) continue;
        refused++;
        ASSERT_TRUE(back.status == WEFT_E_PARSE || back.status == WEFT_E_UNSUPPORTED) << back.err.text;
        ASSERT_STREQ(back.err.file, "name");
        ASSERT_STRNE(back.err.text, "");
    }
    EXPECT_GT(refused, 400);
}

} // namespace
