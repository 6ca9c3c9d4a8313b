// Are spike lists read and written as they are, and is every damaged file refused with its place?
#include "core/spikes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using List = std::vector<std::pair<uint64_t, uint32_t>>;

std::string file_name(const char *name) {
    return testing::TempDir() + "weft_spikes_" + std::to_string(getpid()) + "_" + name;
}
std::string contents(const std::string &path) {
    std::ifstream stream(path, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

struct Spikes {
    weft_spikes list = {};
    Spikes() = default;
    explicit Spikes(const List &of, uint64_t neurons = 8, double tick_s = 1e-3) {
        list.neurons = neurons;
        list.tick_s = tick_s;
        for (const auto &spike : of) EXPECT_EQ(weft_spikes_add(&list, spike.first, spike.second, nullptr), WEFT_OK);
    }
    ~Spikes() { weft_spikes_free(&list); }
    Spikes(const Spikes &) = delete;
    Spikes &operator=(const Spikes &) = delete;
    List items() const {
        List out;
        for (size_t i = 0; i < list.count; i++) out.emplace_back(list.items[i].tick, list.items[i].neuron);
        return out;
    }
};

/* What a file of that text is: the list, or "LINE:COLUMN: text" in *refusal. */
List read(const std::string &text, std::string *refusal = nullptr, uint64_t neurons = 8, double tick_s = 1e-3,
          int width = 0, int height = 0) {
    const std::string path = file_name("in");
    std::ofstream(path, std::ios::binary) << text;
    Spikes spikes;
    weft_error err = {};
    const weft_status status = width ? weft_spikes_read_aer(&spikes.list, path.c_str(), width, height, tick_s, &err)
                                     : weft_spikes_read_csv(&spikes.list, path.c_str(), neurons, tick_s, &err);
    std::remove(path.c_str());
    if (status != WEFT_OK) {
        EXPECT_EQ(status, WEFT_E_PARSE) << err.text;
        EXPECT_EQ(std::string(err.file), path);
        EXPECT_EQ(spikes.list.items, nullptr);
    }
    const std::string place = std::to_string(err.line) + ":" + std::to_string(err.column) + ": " + err.text;
    if (refusal)
        *refusal = status == WEFT_OK ? "" : place;
    else
        EXPECT_EQ(status, WEFT_OK) << place;
    return spikes.items();
}
std::string refused(const std::string &text, uint64_t neurons = 8, double tick_s = 1e-3) {
    std::string refusal;
    read(text, &refusal, neurons, tick_s);
    return refusal;
}
std::string refused_events(const std::string &text, double tick_s = 1e-3) {
    std::string refusal;
    read(text, &refusal, 0, tick_s, 4, 3);
    return refusal;
}

} // namespace

TEST(Spikes, SortOrdersAndMerges) {
    Spikes spikes({{5, 1}, {2, 7}, {2, 3}, {5, 1}, {0, 0}, {5, 0}, {2, 3}, {2, 3}});
    weft_spikes_sort(&spikes.list);
    EXPECT_EQ(spikes.items(), (List{{0, 0}, {2, 3}, {2, 7}, {5, 0}, {5, 1}}));
    EXPECT_EQ(spikes.list.merged, 3u);
    weft_spikes_sort(&spikes.list);
    EXPECT_EQ(spikes.list.merged, 3u);
}

TEST(Spikes, TicksOfTimes) {
    EXPECT_EQ(weft_spikes_tick_of(0, 1e-3), 0u);
    for (uint64_t t = 0; t < 20000; t++)
        ASSERT_EQ(weft_spikes_tick_of(static_cast<double>(t) * 1e-4, 1e-4), t); /* products are not exact */
    EXPECT_EQ(weft_spikes_tick_of(0.0029998, 1e-3), 2u);
    EXPECT_EQ(weft_spikes_tick_of(0.0029999999999, 1e-3), 3u);
    EXPECT_EQ(weft_spikes_tick_of(1e300, 1e-3), UINT64_MAX);
}

TEST(Spikes, Retick) {
    Spikes spikes({{0, 1}, {900, 1}, {999, 2}, {1000, 1}, {2500, 1}}, 8, 1e-6);
    ASSERT_EQ(weft_spikes_retick(&spikes.list, 1e-3, nullptr), WEFT_OK);
    EXPECT_EQ(spikes.items(), (List{{0, 1}, {0, 2}, {1, 1}, {2, 1}}));
    EXPECT_EQ(spikes.list.merged, 1u);
    EXPECT_EQ(spikes.list.tick_s, 1e-3);
    Spikes late({{UINT64_C(1) << 40, 1}}, 8, 1);
    weft_error err = {};
    EXPECT_EQ(weft_spikes_retick(&late.list, 1e-6, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "spike 0 lies beyond 281474976710656 ticks of 1e-06 s");
}

TEST(Spikes, ReadsTicksAndSeconds) {
    EXPECT_EQ(read("tick,neuron\n0,3\n0,1\n\n# later\n12,7\r\n12 , 0\n281474976710655,0"),
              (List{{0, 1}, {0, 3}, {12, 0}, {12, 7}, {(UINT64_C(1) << 48) - 1, 0}}));
    EXPECT_EQ(read("time_s,neuron\n0,0\n0.001,5\n1e-3,4\n0.0015,4\n+2.5,0\n"),
              (List{{0, 0}, {1, 4}, {1, 5}, {2500, 0}}));
    EXPECT_EQ(read("tick,neuron\n"), List());
}

TEST(Spikes, WritesWhatItReads) {
    const List list = {{0, 7}, {3, 0}, {3, 1}, {1000, 2}, {(UINT64_C(1) << 48) - 1, 3}};
    Spikes spikes(list);
    const std::string path = file_name("out");
    ASSERT_EQ(weft_spikes_write_csv(&spikes.list, path.c_str(), WEFT_SPIKES_TICKS, nullptr), WEFT_OK);
    EXPECT_EQ(contents(path), "tick,neuron\n0,7\n3,0\n3,1\n1000,2\n281474976710655,3\n");
    EXPECT_EQ(read(contents(path)), list);
    spikes.list.count = 4;
    ASSERT_EQ(weft_spikes_write_csv(&spikes.list, path.c_str(), WEFT_SPIKES_SECONDS, nullptr), WEFT_OK);
    EXPECT_EQ(contents(path), "time_s,neuron\n0,7\n0.003,0\n0.003,1\n1,2\n");
    EXPECT_EQ(read(contents(path)), List(list.begin(), list.begin() + 4));
    std::remove(path.c_str());
    spikes.list.tick_s = 0;
    weft_error err = {};
    EXPECT_EQ(weft_spikes_write_csv(&spikes.list, path.c_str(), WEFT_SPIKES_SECONDS, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "spikes whose ticks have no length cannot be written in seconds");
    EXPECT_FALSE(std::ifstream(path).good());
    EXPECT_EQ(weft_spikes_write_csv(&spikes.list, "/nowhere/at/all", WEFT_SPIKES_TICKS, &err), WEFT_E_IO);
}

TEST(Spikes, BadFilesAreLocated) {
    EXPECT_EQ(refused(""), "1:1: the first line is not \"tick,neuron\" or \"time_s,neuron\"");
    EXPECT_EQ(refused("0,3\n"), "1:1: the first line is not \"tick,neuron\" or \"time_s,neuron\"");
    EXPECT_EQ(refused("tick,neuron\n4,3\n3,3\n"), "3:1: 3 comes after a later one; times must ascend");
    EXPECT_EQ(refused("time_s,neuron\n0.4,3\n0.3,3\n"), "3:1: 0.3 comes after a later one; times must ascend");
    EXPECT_EQ(refused("tick,neuron\n-1,3\n"), "2:1: tick is -1, allowed are 0 to 281474976710655");
    EXPECT_EQ(refused("time_s,neuron\n-1,3\n"), "2:1: time is -1, earlier than 0");
    EXPECT_EQ(refused("tick,neuron\n1,-3\n"), "2:3: neuron is -3, allowed are 0 to 7");
    EXPECT_EQ(refused("tick,neuron\n1,8\n"), "2:3: neuron is 8, allowed are 0 to 7");
    EXPECT_EQ(refused("tick,neuron\n 1, 99999999999999999999999\n"),
              "2:5: neuron is 99999999999999999999999, allowed are 0 to 7");
    EXPECT_EQ(refused("tick,neuron\n281474976710656,0\n"),
              "2:1: tick is 281474976710656, allowed are 0 to 281474976710655");
    EXPECT_EQ(refused("tick,neuron\n18446744073709551617,0\n"),
              "2:1: tick is 18446744073709551617, allowed are 0 to 281474976710655");
    EXPECT_EQ(refused("time_s,neuron\n1e30,0\n"), "2:1: time is 1e30, beyond 281474976710656 ticks of 0.001 s");
    EXPECT_EQ(refused("tick,neuron\n1,\n"), "2:3: neuron is missing");
    EXPECT_EQ(refused("tick,neuron\n1\n"), "2:2: neuron is missing");
    EXPECT_EQ(refused("tick,neuron\n1.5,2\n"), "2:1: tick is no whole number: \"1.5\"");
    EXPECT_EQ(refused("time_s,neuron\n0x10,2\n"), "2:1: time is no number: \"0x10\"");
    EXPECT_EQ(refused("time_s,neuron\nnan,2\n"), "2:1: time is no number: \"nan\"");
    EXPECT_EQ(refused("time_s,neuron\n1e999,2\n"), "2:1: time is no number: \"1e999\"");
    EXPECT_EQ(refused("tick,neuron\n1,2,3\n"), "2:4: the line has more than it should");
    EXPECT_EQ(refused("tick,neuron\n1,2\n1,2\n"), "3:3: neuron 2 fires twice in this tick");
    EXPECT_EQ(refused("tick,neuron\n1,2\n1,1\n1,2\n2,0\n"), "5:3: neuron 2 fires twice in the tick before this");
    EXPECT_EQ(refused("time_s,neuron\n1,2\n", 8, 0), "1:1: times in seconds need the length of a tick");
    EXPECT_EQ(refused("tick,neuron\n5,2\n", 8, 0), "");
    Spikes spikes;
    weft_error err = {};
    EXPECT_EQ(weft_spikes_read_csv(&spikes.list, "x", 0, 1, &err), WEFT_E_INVALID);
    EXPECT_EQ(weft_spikes_read_csv(&spikes.list, "/nowhere/at/all", 1, 1, &err), WEFT_E_IO);
}

/* Darker pixels first; both separators, with or without a header; times that fall into one tick are merged. */
TEST(Spikes, AddressEvents) {
    std::string ignored;
    EXPECT_EQ(read("0 0 0 0\n0 3 2 1\n1500 1 0 -1\n1999 1 0 0\n2000 1 1 1\n", &ignored, 0, 1e-3, 4, 3),
              (List{{0, 0}, {0, 23}, {1, 1}, {2, 17}}));
    EXPECT_EQ(read("t,x,y,p\n10,1,0,1\n", &ignored, 0, 1e-6, 4, 3), (List{{10, 13}}));
    EXPECT_EQ(refused_events("1 4 0 1\n"), "1:3: x is 4, allowed are 0 to 3");
    EXPECT_EQ(refused_events("1 0 3 1\n"), "1:5: y is 3, allowed are 0 to 2");
    EXPECT_EQ(refused_events("1 0 0 2\n"), "1:7: polarity is 2, allowed are 1, 0 and -1");
    EXPECT_EQ(refused_events("1 0 0\n"), "1:6: polarity is missing");
    EXPECT_EQ(refused_events("1 0 0 1 1\n"), "1:9: the line has more than it should");
    EXPECT_EQ(refused_events("t x y p\n1100 0 0 1\n1099 0 0 1\n"),
              "3:1: 1099 comes after a later one; times must ascend");
    EXPECT_EQ(refused_events("0.5 0 0 1\n"), "1:1: time is no whole number: \"0.5\"");
    EXPECT_EQ(refused_events("-5 0 0 1\n"), "1:1: time is -5, allowed are 0 to 9007199254740992");
    Spikes spikes({{0, 0}, {3, 13}, {4, 23}}, 24, 1e-3);
    const std::string path = file_name("aer");
    ASSERT_EQ(weft_spikes_write_aer(&spikes.list, path.c_str(), 4, 3, nullptr), WEFT_OK);
    EXPECT_EQ(contents(path), "0 0 0 0\n3000 1 0 1\n4000 3 2 1\n");
    EXPECT_EQ(read(contents(path), &ignored, 0, 1e-3, 4, 3), spikes.items());
    std::remove(path.c_str());
    weft_error err = {};
    EXPECT_EQ(weft_spikes_write_aer(&spikes.list, path.c_str(), 4, 4, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "24 neurons are not two polarities of 4 x 4 pixels");
    EXPECT_EQ(weft_spikes_read_aer(&spikes.list, path.c_str(), 0, 4, 1, &err), WEFT_E_INVALID);
}
