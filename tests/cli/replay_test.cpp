// weft replay: equal on the chip of the recording, other times on others, its pictures, lists and spikes, and what is
// refused.
#include "harness.h"

#include <cjson/cJSON.h>

#include "tests/support/vcd_parser.h"

using namespace weft_cli;
using Words = std::vector<std::string>;

namespace {

/* One product on core 3 of noc-8x8; the host sits at router 0. Times are filled in by record(). */
const char lines[] = "0 operation server 0 amount 100 image 0\n"
                     "1 packet from 64 to 3 input 25 image 0 after 0s\n"
                     "2 operation server 1 amount 1 stage 0 image 0 after 1\n"
                     "3 operation server 2 amount 7 stage 0 image 0 after 2\n"
                     "4 packet from 3 to 64 result 2 stage 0 image 0 after 3\n";

class CliReplay : public Cli {
  protected:
    cJSON *json = nullptr;
    void TearDown() override {
        cJSON_Delete(json);
        Cli::TearDown();
    }
    void answer(const Words &words) {
        Words all = words;
        all.insert(all.end(), {"--json", "-"});
        const Ran run = weft(all);
        ASSERT_EQ(run.code, 0) << run.err;
        cJSON_Delete(json);
        json = cJSON_Parse(run.out.c_str());
        ASSERT_NE(json, nullptr) << run.out;
    }
    const cJSON *item(const std::string &path) {
        const cJSON *at = json;
        std::istringstream keys(path);
        for (std::string key; std::getline(keys, key, '.');) at = cJSON_GetObjectItem(at, key.c_str());
        EXPECT_NE(at, nullptr) << path;
        return at;
    }
    double number(const std::string &path) { return cJSON_GetNumberValue(item(path)); }
    void write_trace(const std::string &sha, const std::string &records) {
        write_file("run.txt", "# weft-trace 2\nheader {\"chip\":\"noc-8x8\",\"chip_sha256\":" + sha +
                                  ",\"terminals\":65,\"host\":64,\"mesh\":[8,8],\"concentration\":1,\"images\":1,"
                                  "\"cycle_ns\":1,\"stages\":[\"conv1\"],\"servers\":[[\"io\",64,-1,-1,-1,1],"
                                  "[\"arrays\",3,0,0,0,2],[\"digital\",3,-1,-1,-1,1]]}\n" +
                                  records);
    }
    /* A trace "run.txt" whose last packet arrives in that cycle, or in the right one for 0. */
    void record(uint64_t end = 0) {
        write_trace("null", lines);
        answer({"replay", "run.txt", "noc-8x8"});
        const std::string sha = "\"" + std::string(item("chip.sha256")->valuestring) + "\"";
        right = uint64_t(number("cycles"));
        const std::string all = lines;
        write_trace(sha, all.substr(0, all.size() - 1) + " finish " + std::to_string(end ? end : right) + "\n");
    }
    uint64_t right = 0;
};

TEST_F(CliReplay, TheSameChipTakesTheSameCycles) {
    record();
    Ran run = weft({"replay", "run.txt", "noc-8x8"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("noc-8x8, as recorded"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find(std::to_string(right) + " cycles, every moment the same\n"), std::string::npos) << run.out;
    answer({"replay", "run.txt", "noc-8x8"});
    EXPECT_TRUE(cJSON_IsTrue(item("recorded.equal")));
    EXPECT_TRUE(cJSON_IsTrue(item("chip.as_recorded")));
    EXPECT_EQ(number("recorded.cycles"), double(right));
    EXPECT_EQ(number("recorded.speed"), 1);
    EXPECT_EQ(number("network.packets"), 2);
    EXPECT_TRUE(cJSON_IsNull(item("without")));
}

TEST_F(CliReplay, AnotherTimeOnTheSameChipIsAnError) {
    record(7);
    const Ran run = weft({"replay", "run.txt", "noc-8x8"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("differs from the recorded run on the same chip: packet 4 ends in cycle " +
                           std::to_string(right) + ", not 7"),
              std::string::npos)
        << run.err;
    /* On a changed chip it is none. */
    answer({"replay", "run.txt", "noc-8x8", "--set", "noc.vcs=3"});
    EXPECT_TRUE(cJSON_IsFalse(item("recorded.equal")));
    EXPECT_TRUE(cJSON_IsFalse(item("chip.as_recorded")));
    EXPECT_EQ(number("recorded.first_difference.record"), 4);
    EXPECT_EQ(number("recorded.first_difference.cycle"), double(right));
    EXPECT_EQ(number("recorded.first_difference.recorded_cycle"), 7);
}

TEST_F(CliReplay, OtherChipsTakeTheirOwnTime) {
    record();
    answer({"replay", "run.txt", "noc-8x8", "--set", "noc.speculative=true", "--set", "noc.flit_bits=1024"});
    EXPECT_LT(number("cycles"), double(right));
    EXPECT_EQ(number("network.flits"), 2);
    EXPECT_DOUBLE_EQ(number("recorded.speed"), double(right) / number("cycles"));
    const Ran run = weft({"replay", "run.txt", "noc-8x8", "--set", "noc.mesh=[3,1]"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("needs core 3; chip 'noc-8x8' has the cores 0 to 2 (3 x 1 routers with 1 each)"),
              std::string::npos)
        << run.err;
}

TEST_F(CliReplay, WhatIfTellsHowMuchFaster) {
    record();
    for (const char *what : {"arrays", "arrays:conv1", "digital", "io", "network", "buffers", "program", "barrier"}) {
        answer({"replay", "run.txt", "noc-8x8", "--without", what});
        EXPECT_STREQ(item("without.what")->valuestring, what);
        EXPECT_LE(number("without.cycles"), double(right));
        EXPECT_DOUBLE_EQ(number("without.speedup"), double(right) / number("without.cycles"));
    }
    answer({"replay", "run.txt", "noc-8x8", "--without", "arrays"});
    EXPECT_LT(number("without.cycles"), double(right));
}

TEST_F(CliReplay, WavesAndTimelineAreReadable) {
    record();
    Ran run = weft({"replay", "run.txt", "noc-8x8", "--vcd", "run.vcd", "--signals", "core_3.*,link_0_E.*",
                    "--timeline", "run.json"});
    ASSERT_EQ(run.code, 0) << run.err;
    const weft_test::vcd_parser vcd(read_file("run.vcd"));
    EXPECT_EQ(vcd.file.signals.size(), 4U);
    EXPECT_EQ(vcd.file.signals.at("core_3.arrays.conv1.busy").changes.size(), 3U);
    EXPECT_GT(vcd.file.signals.at("link_0_E.flits").changes.back().second, 0U);
    json = cJSON_Parse(read_file("run.json").c_str());
    ASSERT_NE(json, nullptr);
    EXPECT_GT(cJSON_GetArraySize(item("traceEvents")), 8);
    run = weft({"replay", "run.txt", "noc-8x8", "--signals", "list"});
    EXPECT_EQ(run.code, 0);
    const Ran with_file = weft({"replay", "run.txt", "noc-8x8", "--signals", "list", "--vcd", "none.vcd"});
    EXPECT_EQ(with_file.code, 0) << with_file.err;
    EXPECT_EQ(with_file.out, run.out);
    EXPECT_FALSE(fs::exists("none.vcd"));
    EXPECT_NE(run.out.find("\nhost.io.busy\nhost.in_flight\nnetwork.in_flight\nlink_0_E.flits\n"), std::string::npos);
}

TEST_F(CliReplay, TheTextFormIsTheTrace) {
    record();
    const Ran run = weft({"replay", "run.txt", "noc-8x8", "--text", "-"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.out.substr(0, 22), "# weft-trace 2\nheader ");
    EXPECT_NE(run.err.find("as recorded"), std::string::npos);
    write_file("again.txt", run.out);
    ASSERT_EQ(weft({"replay", "again.txt", "noc-8x8", "--text", "third.txt"}).code, 0);
    EXPECT_EQ(read_file("third.txt"), run.out);
}

TEST_F(CliReplay, ListsOfPacketsAndSpikes) {
    write_file("packets.txt", "# time source target flits\n0 0 63 8\n5 1 0 1\n");
    answer({"replay", "packets.txt", "noc-8x8"});
    EXPECT_EQ(number("network.flits"), 9);
    EXPECT_EQ(number("network.packet_latency_max_cycles"), 4 * 15 + 1 + 8);
    EXPECT_EQ(number("cycles"), 4 * 15 + 1 + 8);
    EXPECT_TRUE(cJSON_IsNull(item("recorded")));
    EXPECT_TRUE(cJSON_IsNull(item("throughput_images_per_s")));
    write_file("spikes.txt", "0 7\n2 7\n");
    write_file("neurons.txt", "7 0 1,8\n");
    answer(
        {"replay", "spikes.txt", "noc-8x8", "--import", "spikes", "--neurons", "neurons.txt", "--tick-cycles", "50"});
    EXPECT_EQ(number("network.packets"), 4);
    EXPECT_EQ(number("cycles"), 100 + 4 * 2 + 1 + 2); /* the second of a spike's packets follows the first */
    const Ran run = weft({"replay", "packets.txt", "noc-8x8", "--vcd", "packets.vcd"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(weft_test::vcd_parser(read_file("packets.vcd")).file.signals.at("network.in_flight").bits, 64);
}

TEST_F(CliReplay, TheRepositorysTracesAreReplayed) {
    answer({"replay", WEFT_SOURCE_FOLDER "/traces/fashion-cnn-hermes.wtr", "hermes"});
    const double cycles = number("recorded.cycles");
    EXPECT_EQ(number("cycles"), cycles);
    EXPECT_TRUE(cJSON_IsTrue(item("recorded.equal")));
    answer({"replay", WEFT_SOURCE_FOLDER "/traces/fashion-cnn-hermes.txt", "hermes"});
    EXPECT_EQ(number("network.packets"), 1434);
}

TEST_F(CliReplay, MistakesAreNamed) {
    record();
    const std::pair<Words, const char *> wrong[] = {
        {{"--without", "magic"}, "--without: \"magic\" is none of arrays,"},
        {{"--without", "arrays:conv2"}, "the trace has no layer \"conv2\"; nearest is conv1"},
        {{"--signals", "core_*"}, "--signals is for --vcd FILE, or 'list'"},
        {{"--import", "spices"}, "--import: \"spices\" is not spikes"},
        {{"--import", "spikes"}, "--import spikes needs --neurons FILE"},
        {{"--neurons", "x"}, "--neurons is for --import spikes"},
        {{"--text", "-", "--json", "-"}, "--json - and --text - both want standard output"},
        {{"--timeline", "run.txt"}, "--timeline"},
    };
    for (const auto &[more, text] : wrong) {
        Words words = {"replay", "run.txt", "noc-8x8"};
        words.insert(words.end(), more.begin(), more.end());
        const Ran run = weft(words);
        EXPECT_EQ(run.code, 2) << text << run.err;
        EXPECT_NE(run.err.find(text), std::string::npos) << run.err;
    }
    Ran run = weft({"replay", "run.txt", "noc-8x8", "--vcd", "x.vcd", "--signals", "core_99.*"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("no signal fits \"core_99.*\""), std::string::npos) << run.err;
    write_file("cut.wtr", read_file(WEFT_SOURCE_FOLDER "/traces/fashion-cnn-hermes.wtr").substr(0, 9000));
    run = weft({"replay", "cut.wtr", "hermes"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("cut.wtr: offset 9000: the trace is cut off"), std::string::npos) << run.err;
    EXPECT_EQ(listing(), "cut.wtr run.txt");
}

} // namespace
