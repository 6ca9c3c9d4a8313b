// weft noc: the answer's keys and figures, curves, files of packets, deadlocks, and what is refused.
#include "harness.h"

#include <cjson/cJSON.h>
#include <cmath>

using namespace weft_cli;
using Words = std::vector<std::string>;

namespace {

class CliNoc : public Cli {
  protected:
    cJSON *json = nullptr;
    void TearDown() override {
        cJSON_Delete(json);
        Cli::TearDown();
    }
    Ran noc(const Words &more) {
        Words words = {"noc", "noc-8x8"};
        words.insert(words.end(), more.begin(), more.end());
        return weft(words);
    }
    // Runs with --json - and keeps the answer.
    void measure(const Words &more) {
        Words words = more;
        words.insert(words.end(), {"--json", "-"});
        Ran run = noc(words);
        ASSERT_EQ(run.code, 0) << run.err;
        cJSON_Delete(json);
        json = cJSON_Parse(run.out.c_str());
        ASSERT_NE(json, nullptr) << run.out;
    }
    double number(const char *key, const cJSON *in = nullptr) {
        const cJSON *item = cJSON_GetObjectItem(in ? in : json, key);
        EXPECT_TRUE(cJSON_IsNumber(item)) << key;
        return cJSON_GetNumberValue(item);
    }
    bool saturated(const cJSON *in = nullptr) {
        const cJSON *item = cJSON_GetObjectItem(in ? in : json, "saturated");
        EXPECT_TRUE(cJSON_IsBool(item));
        return cJSON_IsTrue(item);
    }
    // This exit code, this message, nothing written.
    void refused(int code, const Words &more, const std::string &message) {
        std::string files = listing();
        Ran run = noc(more);
        EXPECT_EQ(run.code, code);
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(run.err.substr(0, run.err.find('\n')), "weft: " + message);
        EXPECT_EQ(listing(), files);
    }
};

TEST_F(CliNoc, one_packet_takes_the_closed_form) {
    struct {
        Words set;
        int each;
    } routers[] = {{{}, 4}, {{"--set", "noc.speculative=true"}, 3}, {{"--set", "noc.route_cycles=1"}, 5}};
    write_file("one.txt", "0 0 63 16\n");
    for (auto &router : routers) {
        Words words = {"--traffic", "one.txt"};
        words.insert(words.end(), router.set.begin(), router.set.end());
        measure(words);
        EXPECT_EQ(number("packet_latency_cycles"), router.each * 15 + 1 + 16);
        EXPECT_EQ(number("network_latency_cycles"), router.each * 15 + 1 + 16);
        EXPECT_EQ(number("zero_load_latency_cycles"), router.each * 15 + 1 + 16);
        EXPECT_EQ(number("hops"), 15);
        EXPECT_FALSE(saturated());
    }
}

TEST_F(CliNoc, a_run_has_every_figure) {
    measure({"--traffic", "uniform", "--rate", "0.2", "--packet-flits", "8", "--cycles", "4000", "--warmup", "1000",
             "--seed", "3", "--set", "noc.vcs=2", "--set", "noc.buffer_flits=4"});
    EXPECT_NEAR(number("accepted_flits_per_node_cycle"), 0.2, 0.02);
    EXPECT_NEAR(number("hops"), 6.25, 0.15);
    EXPECT_GT(number("packet_latency_cycles"), number("zero_load_latency_cycles"));
    EXPECT_GE(number("packet_latency_cycles"), number("network_latency_cycles"));
    EXPECT_FALSE(saturated());
    const cJSON *percentiles = cJSON_GetObjectItem(json, "latency_percentiles");
    EXPECT_LE(number("p50", percentiles), number("p99", percentiles));
    EXPECT_LE(number("p99", percentiles), number("packet_latency_max_cycles"));
    EXPECT_GE(number("p50", percentiles), number("packet_latency_min_cycles"));
    const cJSON *bounds = cJSON_GetObjectItem(json, "bounds");
    EXPECT_EQ(number("channel_load_flits_per_node_cycle", bounds), 0.5);
    EXPECT_EQ(number("flits_in"), number("flits_out") + number("flits_in_source_queues") + number("flits_in_network"));
    EXPECT_EQ(number("measured_packets"), number("window_packets"));
    EXPECT_EQ(number("seed"), 3);
    EXPECT_EQ(number("nodes"), 64);
}

TEST_F(CliNoc, the_same_seed_gives_the_same_bytes) {
    Words words = {"--rate", "0.3", "--cycles", "2000", "--json"};
    for (const char *name : {"a", "b"}) {
        Words all = words;
        all.push_back(name);
        if (*name == 'b') all.insert(all.end(), {"--threads", "2"});
        ASSERT_EQ(noc(all).code, 0);
    }
    EXPECT_EQ(read_file("a"), read_file("b"));
}

TEST_F(CliNoc, overload_is_told) {
    measure({"--traffic", "transpose", "--rate", "0.3", "--packet-flits", "4", "--cycles", "3000"});
    EXPECT_TRUE(saturated());
    EXPECT_LT(number("accepted_flits_per_node_cycle"), 0.28);
    EXPECT_LE(number("accepted_least_flits_per_node_cycle"), 1.0 / 7);
    Ran run = noc({"--rate", "0.9", "--cycles", "1000"});
    EXPECT_EQ(run.code, 0);
    EXPECT_NE(run.out.find(" offered, saturated\n"), std::string::npos) << run.out;
}

TEST_F(CliNoc, a_sweep_ends_at_saturation) {
    measure({"--sweep", "--cycles", "2000", "--warmup", "1000", "--set", "noc.vcs=2", "--set", "noc.buffer_flits=4",
             "--csv", "curve.csv", "--plot", "curve.svg"});
    const cJSON *point, *points = cJSON_GetObjectItem(json, "points");
    double last = 0, edge = number("saturation_flits_per_node_cycle");
    EXPECT_GT(edge, 0.25);
    EXPECT_LT(edge, 0.5);
    int count = 0;
    cJSON_ArrayForEach(point, points) {
        EXPECT_GT(number("rate", point), last);
        last = number("rate", point);
        EXPECT_EQ(saturated(point), last > edge) << last;
        count++;
    }
    EXPECT_GT(count, 10);
    EXPECT_GT(last, edge);
    std::string csv = read_file("curve.csv");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), count + 1);
    EXPECT_EQ(csv.rfind("rate,offered_flits_per_node_cycle,accepted_flits_per_node_cycle,packet_latency_cycles,", 0),
              0U);
    bool gnuplot = std::system("gnuplot --version > /dev/null 2>&1") == 0;
    EXPECT_EQ(fs::exists("curve.svg"), gnuplot);
    if (gnuplot) { EXPECT_NE(read_file("curve.svg").find("<svg"), std::string::npos); }
}

TEST_F(CliNoc, a_sweep_never_passes_the_bound) {
    measure({"--sweep", "--traffic", "transpose", "--packet-flits", "64", "--cycles", "30000", "--set", "noc.vcs=1",
             "--set", "noc.buffer_flits=4"});
    const double bound = 4 / 7.0 / 7, edge = number("saturation_flits_per_node_cycle");
    EXPECT_LE(edge, bound * (1 + 1e-9));
    EXPECT_GT(edge, bound * 0.9);
    int above = 0;
    for (const cJSON *point = cJSON_GetObjectItem(json, "points")->child; point; point = point->next)
        above += number("rate", point) > bound * (1 + 1e-9);
    EXPECT_LE(above, 1); // nothing is to be learnt there
}

// Links between chips that are a little busier than in the mean over 1000 cycles.
TEST_F(CliNoc, a_short_window_makes_no_saturation) {
    measure({"--rate", "0.1117", "--cycles", "1000", "--set", "noc.chips=[2,2]", "--set", "noc.chip_link_interval=4"});
    EXPECT_FALSE(saturated());
    EXPECT_NEAR(number("accepted_flits_per_node_cycle"), 0.1117, 0.002);
}

// Packets that begin long after the end: at once, and the longest run too.
TEST_F(CliNoc, rates_next_to_nothing_take_no_time) {
    Ran run = noc({"--rate", "1e-12", "--cycles", "1000"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("no packet of 0 arrived\n"), std::string::npos) << run.out;
    measure({"--rate", "1e-12", "--cycles", "1000000000000", "--warmup", "0"});
    EXPECT_NEAR(number("measured_packets"), 64, 5 * 8);
    EXPECT_EQ(number("packet_latency_cycles"), number("zero_load_latency_cycles"));
}

TEST_F(CliNoc, options_of_hotspots_are_told_where_they_do_nothing) {
    const Words words = {"--rate", "0.01", "--cycles", "100", "--hot-node", "3", "--hot-percent", "20"};
    const std::string note = " is for --traffic hotspot; here it has no effect\n";
    EXPECT_EQ(noc(words).err, "weft: note: --hot-node" + note + "weft: note: --hot-percent" + note);
    Words hot = words;
    hot.insert(hot.end(), {"--traffic", "hotspot"});
    EXPECT_EQ(noc(hot).err, "");
}

TEST_F(CliNoc, the_highest_rate_ends_a_sweep_too) {
    Ran run = noc({"--sweep", "--rate", "0.1", "--cycles", "500"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("not saturated at 0.1000; the bound is 0.5000\n"), std::string::npos) << run.out;
}

TEST_F(CliNoc, files_of_packets) {
    write_file("p.txt", "# time source target flits\n0 0 7 2\n10 0 0 1\n2000 64 63 4 # 64 is the host\n");
    measure({"--traffic", "p.txt"});
    EXPECT_EQ(number("measured_packets"), 3);
    EXPECT_DOUBLE_EQ(number("packet_latency_cycles"), (4 * 8 + 1 + 2 + 4 + 1 + 1 + 4 * 15 + 1 + 4) / 3.0);
    measure({"--traffic", "p.txt", "--warmup", "5", "--cycles", "100"});
    EXPECT_EQ(number("measured_packets"), 1);
    write_file("bad.txt", "0 0 7 2\n1 0 65 2\n");
    refused(1, {"--traffic", "bad.txt"}, "bad.txt:2:5: target is 65, allowed are 0 to 64");
    refused(1, {"--traffic", "p.txt", "--warmup", "2001"},
            "p.txt: no packet starts after the warm-up of 2001 cycles; the last one starts at 2000");
    refused(2, {"--traffic", "p.txt", "--rate", "0.1"}, "--rate is for patterns; the file says when packets start");
}

TEST_F(CliNoc, deadlocks_are_refused_or_reported) {
    refused(
        1, {"--rate", "0.5", "--set", "noc.routing=adaptive"},
        "--set noc.routing=adaptive: noc.routing: adaptive with noc.escape_vcs 0 can deadlock; needs at least 1 escape "
        "virtual channel that goes XY, or noc.allow_deadlock true");
    Ran run = noc({"--rate", "0.9", "--packet-flits", "16", "--set", "noc.routing=adaptive", "--set", "noc.vcs=1",
                   "--set", "noc.buffer_flits=2", "--set", "noc.allow_deadlock=true", "--json", "never.json"});
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(run.err.rfind("weft: deadlock after ", 0), 0U) << run.err;
    EXPECT_NE(run.err.find(" VC 0, packet "), std::string::npos) << run.err;
    EXPECT_FALSE(fs::exists("never.json"));
    measure({"--rate", "0.1", "--set", "noc.routing=adaptive", "--set", "noc.escape_vcs=1", "--cycles", "2000"});
    EXPECT_FALSE(saturated());
}

TEST_F(CliNoc, wrong_use) {
    refused(2, {}, "--rate R is missing");
    for (const char *rate : {"0", "1.01", "x", "-0.1", "nan", "0.1x", "inf", "0x1p-3"})
        refused(2, {"--rate", rate}, std::string("--rate: \"") + rate + "\" is not a number above 0 to 1");
    refused(
        2, {"--rate", "0.1", "--traffic", "unifrom"},
        "--traffic: \"unifrom\" is neither a file nor uniform, transpose, bitcomp, tornado, neighbor or hotspot; did "
        "you mean uniform?");
    refused(2, {"--rate", "0.1", "--plot", "a.svg"}, "--plot draws the curve of --sweep");
    refused(2, {"--sweep", "--plot", "a.pdf"}, "--plot: \"a.pdf\" ends neither in .svg nor in .png");
    refused(2, {"--rate", "0.1", "--packet-flits", "0"}, "--packet-flits: 0 is not in 1..1048576");
    refused(2, {"--rate", "0.1", "--packet-flits", "1048577"}, "--packet-flits: 1048577 is not in 1..1048576");
    refused(2, {"--rate", "0.1", "--cycles", "0"}, "--cycles: 0 is not in 1..1000000000000");
    for (const char *head : {"weft-trace 2\n{}", "# weft-trace 2\nheader {}\n", "# weft-trace 3\nheader {}\n"}) {
        write_file("run.wtr", head);
        refused(1, {"--traffic", "run.wtr"},
                "run.wtr: is a trace of a timed run, no list of packets; \"weft replay\" runs it");
    }
    refused(2, {"--rate", "0.1", "--traffic", "hotspot", "--hot-node", "64"},
            "--hot-node: 64; noc-8x8 has 64 nodes, from 0");
    refused(1, {"--rate", "0.1", "--traffic", "transpose", "--set", "noc.mesh=[4,2]"},
            "transpose traffic needs a square mesh, not 4 x 2 routers");
    refused(1, {"--rate", "0.1", "--set", "noc.vc=1"}, "--set noc.vc=1: noc.vc: unknown key; did you mean vcs?");
}

// The run has begun: it has its handler of SIGINT.
bool catches_interrupts(pid_t child) {
    std::string status = read_file("/proc/" + std::to_string(child) + "/status");
    size_t at = status.find("SigCgt:");
    return at != std::string::npos && (std::stoull(status.substr(at + 7), nullptr, 16) >> (SIGINT - 1) & 1);
}

TEST_F(CliNoc, interrupt_leaves_nothing) {
    std::string files = listing();
    pid_t child = start({"noc", "noc-8x8", "--rate", "0.4", "--cycles", "1000000000", "--json", "r.json"});
    for (int i = 0; i < 2000 && !catches_interrupts(child); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_EQ(kill(child, SIGINT), 0);
    Ran cut = finish(child);
    EXPECT_EQ(cut.code, 1);
    EXPECT_EQ(cut.err, "weft: interrupted\n");
    EXPECT_EQ(listing(), files);
}

} // namespace
