// What is told of a replay: recorded and found times, the timeline, the waves.
#include <cjson/cJSON.h>
#include <gmock/gmock.h>

#include "sim/trace/times.h"
#include "tests/support/replay_reference.h"
#include "tests/support/vcd_parser.h"

namespace {

using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class Told : public testing::Test {
  protected:
    void replay(const std::string &servers, const std::string &lines, const char *patterns = nullptr) {
        trace = make_trace(servers, lines);
        weft_error err{};
        ASSERT_EQ(weft_times_create(&found.times, trace.get(), &err), WEFT_OK);
        if (patterns) {
            ASSERT_EQ(weft_vcd_create(&found.vcd, trace.get(), &chip, patterns, &err), WEFT_OK) << err.text;
        }
        weft_replay_options options{};
        options.without = {-1, -1, false, false};
        options.observer = {&found, step, operation, packet};
        weft_timing *timing = nullptr;
        ASSERT_EQ(weft_replay_run(&timing, trace.get(), &chip, &options, &err), WEFT_OK) << err.text;
        weft_timing_destroy(timing);
    }
    void TearDown() override {
        weft_times_destroy(&found.times);
        weft_vcd_destroy(found.vcd);
    }
    template <typename Write> std::string written(Write write) {
        char *data = nullptr;
        size_t size = 0;
        FILE *stream = open_memstream(&data, &size);
        write(stream);
        std::fclose(stream);
        const std::string text(data, size);
        std::free(data);
        return text;
    }
    std::string waves() {
        return written([&](FILE *f) { EXPECT_EQ(weft_vcd_write(found.vcd, &found.times, f, nullptr), WEFT_OK); });
    }

    struct all {
        weft_times times{};
        weft_vcd *vcd = nullptr;
    } found;
    static void step(void *state, const struct weft_noc *noc) {
        if (auto *vcd = static_cast<all *>(state)->vcd) weft_vcd_step(vcd, noc);
    }
    static void operation(void *state, const weft_trace_record *r, uint64_t start, uint64_t free, uint64_t finish) {
        weft_times_operation(&static_cast<all *>(state)->times, r, start, free, finish);
    }
    static void packet(void *state, const weft_trace_record *r, uint64_t start, uint64_t finish) {
        weft_times_packet(&static_cast<all *>(state)->times, r, start, finish);
    }
    weft_chip chip = mesh_chip(2, 2);
    trace_ptr trace;
};

/* one_layer with the times that ReplayTest works out. */
const char recorded[] = "0 operation server 0 amount 100 image 0 start 0 finish 2\n"
                        "1 packet from 4 to 3 input 25 image 0 after 0s start 0 finish 17\n"
                        "2 operation server 1 amount 1 stage 0 image 0 after 1 start 17 finish 28\n"
                        "3 operation server 2 amount 7 stage 0 image 0 after 2 start 28 finish 38\n"
                        "4 packet from 3 to 4 result 2 stage 0 image 0 after 3 start 38 finish 54\n";

TEST_F(Told, SameTimesAreFoundEqual) {
    replay(one_layer_servers, recorded);
    weft_times_match m;
    ASSERT_EQ(weft_times_compare(&m, trace.get(), &found.times, nullptr), WEFT_OK);
    EXPECT_TRUE(m.same);
    EXPECT_EQ(m.recorded, 5U);
    EXPECT_EQ(m.cycles, 54U);
}

TEST_F(Told, TheFirstDifferenceIsFound) {
    std::string lines = recorded;
    lines.replace(lines.find("finish 28"), 9, "finish 29");
    lines.replace(lines.find("start 38"), 8, "start 37");
    replay(one_layer_servers, lines);
    weft_times_match m;
    ASSERT_EQ(weft_times_compare(&m, trace.get(), &found.times, nullptr), WEFT_OK);
    EXPECT_FALSE(m.same);
    EXPECT_EQ(m.record, 2U);
    EXPECT_FALSE(m.is_packet);
    EXPECT_EQ(m.moment, WEFT_TRACE_FINISH);
    EXPECT_EQ(m.was, 29U);
    EXPECT_EQ(m.is, 28U);
    EXPECT_EQ(m.recorded, 5U);
    EXPECT_EQ(m.cycles, 54U);
}

TEST_F(Told, NothingRecordedIsNothingToCompare) {
    replay(one_layer_servers, one_layer);
    weft_times_match m;
    ASSERT_EQ(weft_times_compare(&m, trace.get(), &found.times, nullptr), WEFT_OK);
    EXPECT_TRUE(m.same);
    EXPECT_EQ(m.recorded, 0U);
    EXPECT_EQ(m.cycles, 0U);
}

/* ---- waves ---- */

TEST_F(Told, WavesShowWhoIsBusyWhen) {
    replay(one_layer_servers, one_layer, "*");
    const vcd_parser vcd(waves());
    EXPECT_EQ(vcd.file.timescale, "1ps");
    const auto changes = [&](const char *name) { return vcd.file.signals.at(name).changes; };
    EXPECT_THAT(changes("core_3.arrays.a.busy"), ElementsAre(Pair(0, 0), Pair(17000, 1), Pair(21000, 0)));
    EXPECT_THAT(changes("core_3.digital.busy"), ElementsAre(Pair(0, 0), Pair(28000, 1), Pair(31000, 0)));
    EXPECT_THAT(changes("host.io.busy"), ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1000, 0)));
    EXPECT_THAT(changes("core_3.in_flight"), ElementsAre(Pair(0, 0), Pair(38000, 1), Pair(54000, 0)));
    EXPECT_THAT(changes("host.in_flight"), ElementsAre(Pair(0, 0), Pair(0, 1), Pair(17000, 0)));
    EXPECT_THAT(changes("network.in_flight"),
                ElementsAre(Pair(0, 0), Pair(0, 4), Pair(17000, 0), Pair(38000, 3), Pair(54000, 0)));
    EXPECT_THAT(changes("core_0.in_flight"), ElementsAre(Pair(0, 0)));
    /* 4 flits leave router 0 for the east, one a cycle. */
    const auto link = changes("link_0_E.flits");
    ASSERT_EQ(link.size(), 5U);
    for (uint64_t i = 1; i < 5; i++) {
        EXPECT_EQ(link[i].second, i);
        EXPECT_EQ(link[i].first, link[1].first + 1000 * (i - 1));
    }
    EXPECT_EQ(vcd.file.signals.at("link_0_E.flits").bits, 64);
    EXPECT_EQ(vcd.file.signals.at("core_3.arrays.a.busy").type, "wire");
    EXPECT_EQ(vcd.file.signals.size(), 3U + 5 + 1 + 16);
}

TEST_F(Told, PatternsChooseSignals) {
    replay(one_layer_servers, one_layer, "core_3.*.busy,link_3_?.flits,host.*");
    const std::string list = written([&](FILE *f) { weft_vcd_list(found.vcd, f); });
    EXPECT_EQ(list, "core_3.arrays.a.busy\ncore_3.digital.busy\nhost.io.busy\nhost.in_flight\nlink_3_E.flits\n"
                    "link_3_W.flits\nlink_3_N.flits\nlink_3_S.flits\n");
    const vcd_parser vcd(waves());
    EXPECT_EQ(vcd.file.signals.size(), 8U);
    EXPECT_EQ(vcd.file.signals.at("link_3_W.flits").changes.back().second, 3U);
}

TEST_F(Told, PatternsThatFitNothingAreErrors) {
    trace = make_trace(one_layer_servers, one_layer);
    weft_error err{};
    EXPECT_EQ(weft_vcd_create(&found.vcd, trace.get(), &chip, "host.*,core_9.*", &err), WEFT_E_INVALID);
    EXPECT_EQ(found.vcd, nullptr);
    EXPECT_STREQ(err.text, "no signal fits \"core_9.*\"; 'list' prints the names");
}

/* Back to back, a server stays busy; the unit of time follows the clock. */
TEST_F(Told, WavesHaveNoGlitches) {
    chip.cycle_ns = 0.0125;
    chip.core.digital_ns.value = 0;
    std::string lines;
    for (int i = 0; i < 100; i++) lines += std::to_string(i) + " operation server 0 amount 3\n";
    lines += "100 operation server 0 amount 3 earliest 200\n";
    replay("[\"digital\",0,-1,-1,-1,1]", lines, "core_0.digital.busy");
    const vcd_parser vcd(waves());
    EXPECT_EQ(vcd.file.timescale, "1fs");
    EXPECT_THAT(vcd.file.signals.at("core_0.digital.busy").changes,
                ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1250000, 0), Pair(2500000, 1), Pair(2512500, 0)));
}

/* More signals than there are codes of one character. */
TEST_F(Told, ManySignalsHaveCodesOfTheirOwn) {
    chip = mesh_chip(10, 10);
    replay(one_layer_servers, one_layer, "link_*");
    EXPECT_EQ(vcd_parser(waves()).file.signals.size(), 400U);
}

/* ---- timeline ---- */

struct event {
    std::string phase, name;
    int pid, tid;
    double ts, duration;
};

std::vector<event> events(const std::string &text) {
    std::vector<event> list;
    cJSON *root = cJSON_Parse(text.c_str());
    EXPECT_NE(root, nullptr);
    const cJSON *item, *all = cJSON_GetObjectItem(root, "traceEvents");
    const auto number = [&](const char *key) {
        const cJSON *value = cJSON_GetObjectItem(item, key);
        return value ? value->valuedouble : -1;
    };
    cJSON_ArrayForEach(item, all) {
        std::string name = cJSON_GetObjectItem(item, "name")->valuestring;
        if (const cJSON *named = cJSON_GetObjectItem(cJSON_GetObjectItem(item, "args"), "name"))
            name += "=" + std::string(named->valuestring);
        list.push_back({cJSON_GetObjectItem(item, "ph")->valuestring, name, int(number("pid")), int(number("tid")),
                        number("ts"), number("dur")});
    }
    cJSON_Delete(root);
    return list;
}

TEST_F(Told, TimelineHasASliceAnOperation) {
    chip.cycle_ns = 100;
    chip.core.digital_ns.value = 700;
    replay(one_layer_servers, one_layer);
    const auto list = events(written(
        [&](FILE *f) { EXPECT_EQ(weft_timeline_write(trace.get(), &found.times, &chip, f, nullptr), WEFT_OK); }));
    std::string names;
    std::vector<event> slices, begins, ends, counters;
    for (const event &e : list) {
        if (e.phase == "M") names += std::to_string(e.pid) + "/" + std::to_string(e.tid) + " " + e.name + "\n";
        if (e.phase == "X") slices.push_back(e);
        if (e.phase == "b") begins.push_back(e);
        if (e.phase == "e") ends.push_back(e);
        if (e.phase == "C") counters.push_back(e);
    }
    EXPECT_THAT(names, HasSubstr("0/-1 process_name=network\n"));
    EXPECT_THAT(names, HasSubstr("4/-1 process_name=core 3\n"));
    EXPECT_THAT(names, HasSubstr("5/-1 process_name=host\n"));
    EXPECT_THAT(names, HasSubstr("4/2 thread_name=arrays of a\n"));
    EXPECT_THAT(names, testing::Not(HasSubstr("core 1")));
    ASSERT_EQ(slices.size(), 3U);
    EXPECT_EQ(slices[1].name, "a");
    EXPECT_EQ(slices[1].pid, 4);
    EXPECT_EQ(slices[1].tid, 2);
    EXPECT_DOUBLE_EQ(slices[1].ts, 1.7);
    EXPECT_DOUBLE_EQ(slices[1].duration, 0.4);
    ASSERT_EQ(begins.size(), 2U);
    ASSERT_EQ(ends.size(), 2U);
    EXPECT_EQ(begins[0].name, "input");
    EXPECT_EQ(begins[0].pid, 5);
    EXPECT_DOUBLE_EQ(begins[0].ts, 0);
    EXPECT_DOUBLE_EQ(ends[0].ts, 1.7);
    EXPECT_DOUBLE_EQ(ends[1].ts, 5.4);
    EXPECT_EQ(counters.size(), 4U);
}

} // namespace
