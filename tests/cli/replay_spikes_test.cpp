// weft replay of spike traces: times of a chip of known latencies, the same bytes from either form and any number of
// threads, other chips, and what is refused.
#include "harness.h"

#include <cjson/cJSON.h>

using namespace weft_cli;
using Words = std::vector<std::string>;

namespace {

/* Core 0 takes 100.4 ns; its packets leave at 44 (to its own tile) and 103 ns. An idle tick; then input alone. */
const char ticks[] = "tick 0\n"
                     "core 0 synaptic 10 active 4 inactive 6\n"
                     "spike 0 order 0 to 3\n"
                     "spike 0 order 9 to 40\n"
                     "tick 1\n"
                     "tick 2\n"
                     "core 4 synaptic 0 active 0 inactive 1\n"
                     "core 9 synaptic 0 active 0 inactive 1\n"
                     "spike host order 0 to 4\n"
                     "spike host order 1 to 9\n";

class CliReplaySpikes : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        write_trace("null");
    }
    void write_trace(const std::string &sha) {
        write_file("run.txt", "# weft-spikes 1\nheader {\"chip\":\"loihi1\",\"network\":\"net\",\"mapping\":null,"
                              "\"chip_sha256\":" +
                                  sha +
                                  ",\"cores\":128,\"mesh\":[8,4],\"concentration\":4,\"cycle_ns\":1,\"tick_ns\":0}\n" +
                                  ticks);
    }
    std::string ok(const Words &words) {
        const Ran run = weft(words);
        EXPECT_EQ(run.code, 0) << run.err;
        return run.out;
    }
    std::string refused(const Words &words, int code) {
        const Ran run = weft(words);
        EXPECT_EQ(run.code, code) << run.out << run.err;
        return run.err;
    }
};

/* Alone, N routers: 5 stages a router and 3 cycles a link along y, 1 along x; every packet here is. */
TEST_F(CliReplaySpikes, ARowATick) {
    EXPECT_EQ(ok({"replay", "run.txt", "loihi1", "--csv", "-"}),
              "tick,cores_cycles,network_cycles,barrier_cycles,cycles,time_ns,deadline_met,bound_by,packets,hops,"
              "latency_mean_cycles,latency_max_cycles\n"
              "0,101,127,113,240,240,,barrier,2,3,15.5,24\n"
              "1,0,0,113,113,113,,barrier,0,0,,\n"
              "2,6,19,125,144,144,,barrier,2,3,14.5,17\n");
}

TEST_F(CliReplaySpikes, TextForPeople) {
    const std::string out = ok({"replay", "run.txt", "loihi1"});
    for (const char *line :
         {"trace            run.txt: spikes of net, recorded on loihi1\n", "chip             loihi1\n",
          "ticks            3 of 165.67 cycles in the mean, 0.497 us on the chip\n",
          "deadline         none, ticks follow each other\n",
          "fastest tick     0.24 us would do for every tick (tick 0: 240 cycles)\n",
          "bound by         barrier in 3 of 3 ticks\n", "packets          4, 6 links (1.50 each)\n",
          "latencies        spike: not in the chip file, no time counted\n"})
        EXPECT_NE(out.find(line), std::string::npos) << line << out;
    const std::string late = ok({"replay", "run.txt", "loihi1", "--set", "clock.tick_ns=200"});
    EXPECT_NE(late.find("deadline         0.2 us: missed in 1 of 3 ticks\n"), std::string::npos) << late;
    const std::string early = ok({"replay", "run.txt", "loihi1", "--set", "clock.tick_ns=240"});
    EXPECT_NE(early.find("deadline         0.24 us: every tick met it\n"), std::string::npos) << early;
}

TEST_F(CliReplaySpikes, JsonSaysTheSame) {
    const std::string text = ok({"replay", "run.txt", "loihi1", "--set", "clock.tick_ns=200", "--json", "-"});
    cJSON *json = cJSON_Parse(text.c_str()), *timing = cJSON_GetObjectItem(json, "timing");
    ASSERT_NE(timing, nullptr) << text;
    const auto number = [&](const char *key) { return cJSON_GetNumberValue(cJSON_GetObjectItem(timing, key)); };
    EXPECT_EQ(number("ticks"), 3);
    EXPECT_EQ(number("missed"), 1);
    EXPECT_EQ(number("longest_cycles"), 240);
    EXPECT_EQ(number("longest_tick"), 0);
    EXPECT_EQ(number("fastest_tick_ns"), 240);
    EXPECT_DOUBLE_EQ(number("seconds"), 640e-9);
    EXPECT_EQ(number("packets"), 4);
    EXPECT_EQ(number("hops"), 6);
    EXPECT_STREQ(cJSON_GetObjectItem(timing, "bound_by")->valuestring, "barrier");
    EXPECT_STREQ(cJSON_GetObjectItem(timing, "unknown_latencies")->valuestring, "spike");
    EXPECT_STREQ(cJSON_GetObjectItem(cJSON_GetObjectItem(timing, "busiest_link"), "direction")->valuestring, "east");
    cJSON_Delete(json);
}

/* The recorded chip is known by its hash. */
TEST_F(CliReplaySpikes, KnowsTheRecordedChip) {
    cJSON *json = cJSON_Parse(ok({"replay", "run.txt", "loihi1", "--json", "-"}).c_str());
    const cJSON *chip = cJSON_GetObjectItem(json, "chip");
    EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(chip, "as_recorded")));
    write_trace(std::string("\"") + cJSON_GetObjectItem(chip, "sha256")->valuestring + "\"");
    cJSON_Delete(json);
    EXPECT_NE(ok({"replay", "run.txt", "loihi1"}).find("loihi1, as recorded\n"), std::string::npos);
    EXPECT_EQ(ok({"replay", "run.txt", "loihi1", "--set", "noc.vcs=3"}).find("as recorded"), std::string::npos);
}

TEST_F(CliReplaySpikes, ThreadsAndFormsGiveTheSameBytes) {
    const std::string rows = ok({"replay", "run.txt", "loihi1", "--csv", "-", "--threads", "1"});
    EXPECT_EQ(rows, ok({"replay", "run.txt", "loihi1", "--csv", "-", "--threads", "3"}));
    ok({"replay", "run.txt", "loihi1", "--text", "again"});
    EXPECT_EQ(read_file("again"), read_file("run.txt"));
    EXPECT_EQ(ok({"replay", "run.txt", "loihi1", "--text", "-"}), read_file("run.txt"));
    EXPECT_EQ(rows, ok({"replay", "again", "loihi1", "--csv", "-"}));
    ok({"replay", "run.txt", "loihi1", "--csv", "rows.csv"});
    EXPECT_EQ(rows, read_file("rows.csv"));
}

/* Binary: two ticks alike, and back from text. */
TEST_F(CliReplaySpikes, BinaryTracesToo) {
    const std::string file = std::string(WEFT_SOURCE_FOLDER) + "/tests/fuzz/spikes/ok-two-ticks.wst";
    const std::string rows = ok({"replay", file, "loihi1", "--csv", "-"});
    ok({"replay", file, "loihi1", "--text", "two.txt"});
    EXPECT_EQ(rows, ok({"replay", "two.txt", "loihi1", "--csv", "-"}));
    EXPECT_NE(refused({"replay", std::string(WEFT_SOURCE_FOLDER) + "/tests/fuzz/spikes/parse-cut.wst", "loihi1"}, 1)
                  .find("parse-cut.wst: offset "),
              std::string::npos);
}

TEST_F(CliReplaySpikes, OtherChipsTakeTheirOwnTime) {
    const Words to_csv = {"--csv", "-"};
    const std::string rows = ok({"replay", "run.txt", "loihi1", "--csv", "-"});
    EXPECT_NE(rows, ok({"replay", "run.txt", "loihi1", "--csv", "-", "--set", "noc.link_cycles=2"}));
    EXPECT_NE(rows, ok({"replay", "run.txt", "truenorth", "--csv", "-"}));
    EXPECT_NE(refused({"replay", "run.txt", "loihi1", "--set", "noc.mesh=[5,2]"}, 1)
                  .find("tick 0 needs core 40; chip 'loihi1' has the cores 0 to 39 (5 x 2 routers with 4 each)"),
              std::string::npos);
    EXPECT_NE(refused({"replay", "run.txt", "hermes"}, 1).find("it is no spiking chip"), std::string::npos);
}

TEST_F(CliReplaySpikes, RefusesWhatDoesNotApply) {
    for (const Words &words : {Words{"--without", "network"}, {"--timeline", "x"}, {"--vcd", "x"}}) {
        Words all = {"replay", "run.txt", "loihi1"};
        all.insert(all.end(), words.begin(), words.end());
        EXPECT_NE(refused(all, 2).find(words[0] + " is for traces of operations"), std::string::npos);
    }
    EXPECT_NE(
        refused({"replay", "run.txt", "loihi1", "--csv", "-", "--json", "-"}, 2).find("both want standard output"),
        std::string::npos);
    EXPECT_NE(refused({"replay", "run.txt", "loihi1", "--csv", "run.txt"}, 2).find("--csv"), std::string::npos);
    write_file("list.txt", "0 1 2 3\n");
    EXPECT_NE(refused({"replay", "list.txt", "noc-8x8", "--csv", "x"}, 2).find("--csv is for traces of spikes"),
              std::string::npos);
}

} // namespace
