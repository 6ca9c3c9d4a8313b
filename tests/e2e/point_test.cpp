// A point gives what the command lines print, bit for bit, whatever was run before it in the same process.
#include "tests/cli/harness.h"

#include <cjson/cJSON.h>
#include <cmath>
#include <omp.h>
#include <sys/time.h>

#include "tests/support/point_fixture.h"

using namespace weft_cli;
using namespace weft_points;
using Words = std::vector<std::string>;

namespace {

const Words DEVICES = {"device.g_max_us=20", "device.program=multnorm:sigma=0.05|stuck:on=0.01,off=0.01"};
const Words CALIBRATED = {"adc.bits=6", "adc.range=calibrated"};
const Words READS = {"device.g_max_us=20", "device.read_noise=proportional", "device.read_sigma=0.05"};

Words joined(Words a, const Words &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class Points : public Cli {
  protected:
    cJSON *json = nullptr;
    Experiment experiment;

    void SetUp() override {
        Cli::SetUp();
        setenv("PATH", folder.c_str(), 1); // no gnuplot: nobody looks at the reports
        make_dataset("set", 8, 120, 60);
        make_network("net.onnx", 8);
    }
    void TearDown() override {
        cJSON_Delete(json);
        Cli::TearDown();
    }
    void answer(Words words) {
        words.insert(words.end(), {"--json", "-"});
        const Ran run = weft(words);
        ASSERT_EQ(run.code, 0) << run.err;
        cJSON_Delete(json);
        json = cJSON_Parse(run.out.c_str());
        ASSERT_NE(json, nullptr) << run.out;
    }
    // NaN for null.
    double number(const std::string &path) {
        const cJSON *at = json;
        std::istringstream keys(path);
        for (std::string key; std::getline(keys, key, '.');) at = cJSON_GetObjectItemCaseSensitive(at, key.c_str());
        EXPECT_NE(at, nullptr) << path;
        if (cJSON_IsBool(at)) return cJSON_IsTrue(at);
        return cJSON_IsNumber(at) ? at->valuedouble : NAN;
    }
    void expect_number(double value, const std::string &path) {
        const double printed = number(path);
        if (std::isnan(printed))
            EXPECT_TRUE(std::isnan(value)) << path << ": " << value;
        else
            EXPECT_EQ(value, printed) << path;
    }
    static Words settings(const weft_point &p) {
        Words words;
        for (int i = 0; i < p.set_count; i++) words = joined(words, {"--set", p.set[i]});
        return words;
    }
    // weft map and weft sim with the point's settings.
    void simulate(const weft_point &p) {
        const weft_point_settings &s = p.settings;
        Words map = {"map",
                     "net.onnx",
                     p.chip,
                     "-o",
                     "m.yaml",
                     "--parts",
                     std::to_string(s.map.parts),
                     "--chips",
                     std::to_string(s.map.chips),
                     "--seed",
                     std::to_string(s.map.seed)};
        if (!s.map.replicate) map.push_back("--no-replicate");
        ASSERT_EQ(weft(joined(map, settings(p))).code, 0);
        Words sim = {"sim",
                     "m.yaml",
                     "--dataset",
                     "set",
                     "-o",
                     "run",
                     "--recalibrate",
                     s.recalibrate,
                     "--images",
                     std::to_string(s.images),
                     "--timed-images",
                     std::to_string(s.timed_images),
                     "--trials",
                     std::to_string(s.trials),
                     "--seed",
                     std::to_string(s.seed)};
        if (s.transform[0]) sim = joined(sim, {"--transform", s.transform});
        answer(sim);
    }
    void expect_simulated(const Result &r) {
        ASSERT_EQ(WEFT_OK, r.status) << r.err.text;
        const double images = number("images"), trials = number("trials.count");
        EXPECT_EQ(r[WEFT_METRIC_IMAGES], images);
        EXPECT_EQ(r[WEFT_METRIC_TRIALS], trials);
        const cJSON *accuracies = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "trials"), "accuracy_percent");
        ASSERT_EQ(r.r.trial_count, cJSON_GetArraySize(accuracies));
        for (int t = 0; t < r.r.trial_count; t++) {
            const double correct = std::round(cJSON_GetArrayItem(accuracies, t)->valuedouble * images / 100);
            EXPECT_EQ(r.trials()[(size_t)t], 100 * (images - correct) / images);
        }
        EXPECT_NEAR(r[WEFT_METRIC_ERROR], 100 - number("trials.mean_percent"), 1e-12);
        EXPECT_NEAR(r[WEFT_METRIC_ERROR_WORST], 100 - number("trials.worst_percent"), 1e-12);
        expect_number(r[WEFT_METRIC_ERROR_STD], "trials.std_percent");
        EXPECT_EQ(r[WEFT_METRIC_ERROR_LOW], 100 - number("accuracy_high_percent"));
        EXPECT_EQ(r[WEFT_METRIC_ERROR_HIGH], 100 - number("accuracy_low_percent"));
        expect_number(r[WEFT_METRIC_LATENCY], "latency_ns");
        expect_number(r[WEFT_METRIC_THROUGHPUT], "throughput_images_per_s");
        expect_number(r[WEFT_METRIC_CYCLES], "cycles");
        if (number("timed_images") > 0) expect_number(r[WEFT_METRIC_INTERVAL], "timing.interval_ns");
        expect_number(r[WEFT_METRIC_ENERGY], "energy_per_image_pj.total");
        expect_number(r[WEFT_METRIC_ENERGY_DYNAMIC], "energy_per_image_pj.dynamic");
        expect_number(r[WEFT_METRIC_ENERGY_STATIC], "energy_per_image_pj.static");
        expect_number(r[WEFT_METRIC_POWER], "power_mw");
        expect_number(r[WEFT_METRIC_ARRAYS], "arrays_used");
        expect_number(r[WEFT_METRIC_CORES], "cores_used");
        expect_number(r[WEFT_METRIC_PROGRAM_TIME], "programming.time_ns");
        expect_number(r[WEFT_METRIC_PROGRAM_ENERGY], "programming.energy_pj");
        expect_number(r[WEFT_METRIC_FLIT_HOPS], "noc.flit_hops_per_image");
        EXPECT_TRUE(std::isnan(r[WEFT_METRIC_EFFECTIVE_BITS]));
        EXPECT_TRUE(std::isnan(r[WEFT_METRIC_PACKET_LATENCY]));
    }
    // Points in the order in which a sweep may give them: the programmed chips of one serve others.
    std::vector<weft_point> simulations() {
        std::vector<weft_point> points;
        const auto add = [&](const Words &set, auto change, const char *chip = "isaac-ce") {
            weft_point p = experiment.point(WEFT_POINT_SIM, chip, set);
            change(p.settings);
            points.push_back(p);
        };
        using S = weft_point_settings;
        add({}, [](S &) {});
#ifdef WEFT_HAVE_SYSTEMC
        add({}, [](S &s) { s.timed_images = 3, s.images = 40; });
#endif
        add(DEVICES, [](S &s) { s.trials = 3; });
        add(DEVICES, [](S &s) { s.trials = 3, s.recalibrate = "40"; });
        add(DEVICES, [](S &s) { s.trials = 5, s.images = 30; });
        add(DEVICES, [](S &s) { s.trials = 2, s.recalibrate = "all"; });
        add(DEVICES, [](S &s) { s.trials = 2, s.seed = 1; });
        add(joined(CALIBRATED, READS), [](S &s) { s.trials = 2; });
        add(joined(CALIBRATED, READS), [](S &s) { s.trials = 2, s.recalibrate = "30"; });
        add(joined(CALIBRATED, READS), [](S &s) { s.trials = 3; });
        add({}, [](S &s) { s.transform = "addnorm:sigma=0.3", s.images = 20, s.map.replicate = false; });
        add({"array.rows=16", "array.columns=64", "core.buffer_bytes=100000"}, [](S &s) { s.map.chips = 0; });
        add(
            DEVICES, [](S &s) { s.trials = 3, s.recalibrate = "40"; }, "hermes");
        return points;
    }
};

TEST_F(Points, SimulationsAreThoseOfTheCommandLines) {
    Runner warm(experiment);
    for (const weft_point &p : simulations()) {
        SCOPED_TRACE(testing::Message() << p.settings.recalibrate << ", " << p.settings.trials << " trials");
        Result result;
        warm.run(result, p);
        simulate(p);
        expect_simulated(result);
    }
}

TEST_F(Points, WhatWasRunBeforeDoesNotMatter) {
    weft_point_runner_options tight{};
    tight.memory_bytes = 1;
    Runner warm(experiment), without_memory(experiment, tight);
    const std::vector<weft_point> points = simulations();
    std::deque<Result> alone;
    for (const weft_point &p : points) {
        Result reprogrammed, kept;
        Runner fresh(experiment);
        fresh.run(alone.emplace_back(), p);
        without_memory.run(reprogrammed, p);
        warm.run(kept, p);
        expect_same(reprogrammed, alone.back());
        expect_same(kept, alone.back());
    }
    for (size_t i = points.size(); i-- > 0;) {
        Result kept;
        warm.run(kept, points[i]);
        expect_same(kept, alone[i]);
    }
}

TEST_F(Points, MappingsAreMadeOnceAndAreThoseOfWeftMap) {
    Runner runner(experiment);
    Result a, b, c;
    runner.run(a, experiment.point(WEFT_POINT_SIM, "isaac-ce"));
    runner.run(b, experiment.point(WEFT_POINT_SIM, "isaac-ce", DEVICES));
    runner.run(c, experiment.point(WEFT_POINT_SIM, "isaac-ce", CALIBRATED));
    ASSERT_EQ(WEFT_OK, a.status) << a.err.text;
    ASSERT_EQ(WEFT_OK, b.status) << b.err.text;
    ASSERT_EQ(WEFT_OK, c.status) << c.err.text;
    EXPECT_STREQ(a.r.mapping.hex, b.r.mapping.hex);
    EXPECT_STREQ(a.r.mapping.hex, c.r.mapping.hex);
    const std::string file = "runs/maps/" + listing("runs/maps");
    const std::string made = read_file(file);
    EXPECT_EQ(listing("runs/maps").size(), 64 + strlen(".map.yaml"));
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "runs/maps/other.yaml"}).code, 0);
    EXPECT_EQ(made, read_file("runs/maps/other.yaml"));
    EXPECT_STREQ(a.r.mapping.hex, weft_sha256_bytes(made.data(), made.size()).hex);
    // Keys of the chip that the mapper does not see change nothing but the settings' line.
    for (const Words &set : {DEVICES, CALIBRATED, READS,
                             Words{"adc.flip_columns=false", "area.core_mm2=2", "energy.array_read_pj=1",
                                   "static_power.core_mw=3", "wires.row_segment_ohm=1"}}) {
        Words map = {"map", "net.onnx", "isaac-ce", "-o", "runs/maps/other.yaml"};
        for (const std::string &text : set) map = joined(map, {"--set", text});
        ASSERT_EQ(weft(map).code, 0);
        const std::string other = read_file("runs/maps/other.yaml");
        EXPECT_EQ(made.substr(made.find("stages:")), other.substr(other.find("stages:")));
    }
    // A damaged file is made again.
    write_file(file, "weft_mapping: 2\n");
    Runner next(experiment);
    Result d;
    next.run(d, experiment.point(WEFT_POINT_SIM, "isaac-ce"));
    expect_same(a, d);
    EXPECT_EQ(made, read_file(file));
}

// Workers that want the same mapping at once.
TEST_F(Points, SeveralProcessesMakeOneMapping) {
    std::vector<pid_t> children;
    for (int i = 0; i < 4; i++) {
        const pid_t child = fork();
        if (child == 0) {
            omp_set_num_threads(1);
            int code = 2;
            {
                Runner runner(experiment);
                Result r;
                runner.run(r, experiment.point(WEFT_POINT_SIM, "isaac-ce"));
                code = r.status == WEFT_OK ? 0 : 1;
            }
            _exit(code);
        }
        children.push_back(child);
    }
    for (pid_t child : children) {
        int state = 0;
        ASSERT_EQ(child, waitpid(child, &state, 0));
        EXPECT_TRUE(WIFEXITED(state) && WEXITSTATUS(state) == 0) << state;
    }
    const std::string name = listing("runs/maps");
    ASSERT_EQ(64 + strlen(".map.yaml"), name.size()) << name;
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "runs/maps/other.yaml"}).code, 0);
    EXPECT_EQ(read_file("runs/maps/" + name), read_file("runs/maps/other.yaml"));
}

TEST_F(Points, EvaluationsAreThoseOfTheCommandLine) {
    Runner warm(experiment);
    using S = weft_point_settings;
    std::vector<weft_point> points;
    const auto add = [&](auto change) {
        points.push_back(experiment.point(WEFT_POINT_EVAL, ""));
        change(points.back().settings);
    };
    add([](S &) {});
    add([](S &s) { s.transform = "addnorm:sigma=0.3", s.trials = 4; });
    add([](S &s) { s.transform = "addnorm:sigma=0.3", s.trials = 3, s.seed = 5; });
    add([](S &s) { s.transform = "sign|multunif:gamma=0.5", s.trials = 2, s.images = 25; });
    add([](S &s) { s.transform = "sign", s.trials = 3, s.recalibrate = "50"; });
    for (const weft_point &p : points) {
        const S &s = p.settings;
        Result r, alone;
        Runner fresh(experiment);
        warm.run(r, p);
        fresh.run(alone, p);
        expect_same(r, alone);
        Words eval = {"eval",          "net.onnx",
                      "--dataset",     "set",
                      "--draws",       std::to_string(s.trials),
                      "--images",      std::to_string(s.images),
                      "--seed",        std::to_string(s.seed),
                      "--recalibrate", s.recalibrate};
        if (s.transform[0]) eval = joined(eval, {"--transform", s.transform});
        answer(eval);
        expect_number(r[WEFT_METRIC_ERROR], "error_percent");
        expect_number(r[WEFT_METRIC_ERROR_STD], "error_percent_std");
        expect_number(r[WEFT_METRIC_ERROR_LOW], "low_percent");
        expect_number(r[WEFT_METRIC_ERROR_HIGH], "high_percent");
        expect_number(r[WEFT_METRIC_EFFECTIVE_BITS], "effective_bits");
        expect_number(r[WEFT_METRIC_IMAGES], "images");
        expect_number(r[WEFT_METRIC_TRIALS], "draws");
        ASSERT_EQ(r.r.trial_count, number("draws"));
        double sum = 0, worst = 0;
        for (double error : r.trials()) sum += error, worst = std::max(worst, error);
        EXPECT_NEAR(sum / r.r.trial_count, r[WEFT_METRIC_ERROR], 1e-12);
        EXPECT_EQ(worst, r[WEFT_METRIC_ERROR_WORST]);
        EXPECT_TRUE(std::isnan(r[WEFT_METRIC_ENERGY]));
    }
}

TEST_F(Points, NetworkRunsAreThoseOfTheCommandLine) {
    Runner runner(experiment);
    using S = weft_point_settings;
    std::vector<weft_point> points;
    const auto add = [&](const Words &set, auto change) {
        points.push_back(experiment.point(WEFT_POINT_NOC, "noc-8x8", set));
        points.back().settings.traffic.cycles = 3000;
        points.back().settings.traffic.warmup = 500;
        change(points.back().settings);
    };
    add({}, [](S &) {});
    add({"noc.vcs=2"}, [](S &s) { s.traffic.pattern = 5, s.traffic.rate = 0.05, s.seed = 3; });
    add({"noc.mesh=[4, 4]"}, [](S &s) { s.traffic.pattern = 1, s.traffic.rate = 0.9, s.traffic.packet_flits = 4; });
    const char *const patterns[] = {"uniform", "transpose", "bitcomp", "tornado", "neighbor", "hotspot"};
    for (const weft_point &p : points) {
        const S &s = p.settings;
        Result r;
        runner.run(r, p);
        ASSERT_EQ(WEFT_OK, r.status) << r.err.text;
        char rate[32];
        snprintf(rate, sizeof rate, "%.17g", s.traffic.rate);
        answer(joined({"noc", p.chip, "--traffic", patterns[s.traffic.pattern], "--rate", rate, "--packet-flits",
                       std::to_string(s.traffic.packet_flits), "--cycles", "3000", "--warmup", "500", "--seed",
                       std::to_string(s.seed)},
                      settings(p)));
        expect_number(r[WEFT_METRIC_PACKET_LATENCY], "packet_latency_cycles");
        expect_number(r[WEFT_METRIC_NETWORK_LATENCY], "network_latency_cycles");
        expect_number(r[WEFT_METRIC_PACKET_LATENCY_P99], "latency_percentiles.p99");
        expect_number(r[WEFT_METRIC_ACCEPTED], "accepted_flits_per_node_cycle");
        expect_number(r[WEFT_METRIC_SATURATED], "saturated");
        expect_number(r[WEFT_METRIC_FLIT_HOPS], "flit_hops");
        expect_number(r[WEFT_METRIC_CYCLES], "run_cycles");
        EXPECT_EQ(0, r.r.trial_count);
    }
}

#ifdef WEFT_HAVE_SYSTEMC
TEST_F(Points, ReplaysAreThoseOfTheCommandLine) {
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    ASSERT_EQ(weft({"sim", "m.yaml", "--dataset", "set", "--images", "4", "-o", "run", "--record", "run.wtr"}).code, 0);
    Runner runner(experiment);
    for (const Words &set : {Words{}, Words{"noc.flit_bits=64"}, Words{"noc.speculative=true", "clock.cycle_ns=50"}}) {
        weft_point p = experiment.point(WEFT_POINT_REPLAY, "isaac-ce", set);
        p.trace = p.settings.trace = "run.wtr";
        Result r;
        runner.run(r, p);
        ASSERT_EQ(WEFT_OK, r.status) << r.err.text;
        answer(joined({"replay", "run.wtr", "isaac-ce"}, settings(p)));
        expect_number(r[WEFT_METRIC_CYCLES], "cycles");
        expect_number(r[WEFT_METRIC_THROUGHPUT], "throughput_images_per_s");
        expect_number(r[WEFT_METRIC_FLIT_HOPS], "network.flit_hops");
        expect_number(r[WEFT_METRIC_PACKET_LATENCY], "network.packet_latency_cycles");
        const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "image_cycles"), 0);
        const double cycles =
            cJSON_GetObjectItem(first, "end")->valuedouble - cJSON_GetObjectItem(first, "start")->valuedouble;
        EXPECT_EQ(r[WEFT_METRIC_LATENCY], cycles * number("time_ns") / number("cycles"));
        EXPECT_GT(r[WEFT_METRIC_ENERGY_DYNAMIC], 0);
        EXPECT_TRUE(std::isnan(r[WEFT_METRIC_ERROR]));
    }
}
#endif

TEST_F(Points, FailuresSayWhatIsWrongAndTheNextPointRuns) {
    Runner runner(experiment);
    Result good, r;
    runner.run(good, experiment.point(WEFT_POINT_SIM, "isaac-ce"));
    weft_point p = experiment.point(WEFT_POINT_SIM, "isaac-ce");
    p.settings.images = 61;
    runner.run(r, p);
    EXPECT_EQ(WEFT_E_INVALID, r.status);
    EXPECT_STREQ("--images 61: data set set has 60 test images", r.err.text);
    EXPECT_EQ(nullptr, r.r.trial_error_percent);
    runner.run(r, experiment.point(WEFT_POINT_SIM, "isaac-ce", {"adc.bits=99"}));
    EXPECT_EQ(WEFT_E_INVALID, r.status);
    p = experiment.point(WEFT_POINT_SIM, "noc-8x8", {"noc.mesh=[1, 1]", "array.rows=4", "array.columns=8"});
    p.settings.map.parts = 1;
    runner.run(r, p);
    EXPECT_EQ(WEFT_E_NO_FIT, r.status);
    EXPECT_NE(std::string(r.err.text).find("conv1"), std::string::npos) << r.err.text;
    p = experiment.point(WEFT_POINT_SIM, "hermes");
    p.settings.map.parts = 1;
    p.settings.map.chips = 2;
    runner.run(r, p);
    EXPECT_STREQ("map.chips 2: with map.parts 1 there are no more than 1", r.err.text);
    runner.run(r, experiment.point(WEFT_POINT_SIM, "isaac-ce"));
    expect_same(good, r);
}

volatile sig_atomic_t stop_flag;
double last_share;
void stop_soon(void *, double share) {
    last_share = share;
    stop_flag = share >= 0.5;
}

TEST_F(Points, StopsWhenItIsTold) {
    weft_point_runner_options options{};
    options.stop = &stop_flag;
    options.progress = stop_soon;
    stop_flag = 0;
    Runner runner(experiment, options);
    weft_point p = experiment.point(WEFT_POINT_SIM, "isaac-ce", DEVICES);
    p.settings.trials = 4;
    Result r, whole, again;
    runner.run(r, p);
    EXPECT_EQ(WEFT_E_INTERRUPTED, r.status);
    EXPECT_EQ(0.5, last_share);
    Runner fresh(experiment);
    fresh.run(whole, p);
    stop_flag = 0;
    p.settings.trials = 1;
    options.progress = nullptr;
    runner.run(r, p); // of one chip: the share is 1 at its end
    EXPECT_EQ(WEFT_OK, r.status);
    EXPECT_EQ(1, last_share);
    EXPECT_EQ(r.trials()[0], whole.trials()[0]);
}

#ifdef WEFT_HAVE_SYSTEMC
void on_alarm(int) { stop_flag = 1; }

// The timed run is a process of its own: it goes when it is not wanted any more, and the next one runs.
TEST_F(Points, TimedRunsStopToo) {
    make_dataset("set", 24, 20, 60);
    make_network("net.onnx", 24, 32); // seconds of timed run
    weft_point_runner_options options{};
    options.stop = &stop_flag;
    stop_flag = 0;
    Runner runner(experiment, options);
    weft_point p = experiment.point(WEFT_POINT_SIM, "isaac-ce");
    Result r;
    runner.run(r, p);
    ASSERT_EQ(WEFT_OK, r.status) << r.err.text;
    p.settings.timed_images = 60;
    signal(SIGALRM, on_alarm);
    itimerval soon{};
    soon.it_value.tv_usec = 100000;
    setitimer(ITIMER_REAL, &soon, nullptr);
    runner.run(r, p);
    EXPECT_EQ(WEFT_E_INTERRUPTED, r.status);
    EXPECT_EQ(-1, waitpid(-1, nullptr, 0)); // no child is left
    stop_flag = 0;
    p.settings.timed_images = 1;
    runner.run(r, p);
    ASSERT_EQ(WEFT_OK, r.status) << r.err.text;
    EXPECT_GT(r[WEFT_METRIC_LATENCY], 0);
}
#endif

TEST_F(Points, KeysChangeWithEverythingThatDecidesAndNothingElse) {
    weft_point_keys *keys = nullptr;
    weft_error err{};
    ASSERT_EQ(WEFT_OK, weft_point_keys_create(&keys, experiment.get(), &err));
    const auto key = [&](const weft_point &p) {
        weft_sha256 hash{};
        EXPECT_EQ(WEFT_OK, weft_point_key(&hash, keys, &p, &err)) << err.text;
        EXPECT_EQ(64u, strlen(hash.hex));
        return std::string(hash.hex);
    };
    using S = weft_point_settings;
    std::vector<std::string> all;
    const auto add = [&](weft_point_kind kind, const Words &set, auto change) {
        weft_point p = experiment.point(kind, kind == WEFT_POINT_EVAL ? "" : "isaac-ce", set);
        if (kind == WEFT_POINT_REPLAY) p.trace = "net.onnx";
        change(p.settings);
        all.push_back(key(p));
        p.block = "another";
        EXPECT_EQ(all.back(), key(p));
    };
    for (weft_point_kind kind : {WEFT_POINT_SIM, WEFT_POINT_EVAL}) {
        add(kind, {}, [](S &) {});
        add(kind, {}, [](S &s) { s.images = 10; });
        add(kind, {}, [](S &s) { s.trials = 2; });
        add(kind, {}, [](S &s) { s.seed = 2; });
        add(kind, {}, [](S &s) { s.recalibrate = "10"; });
        add(kind, {}, [](S &s) { s.transform = "sign"; });
        add(kind, {}, [](S &s) { s.transform = "addnorm:sigma=0.1"; });
    }
    add(WEFT_POINT_SIM, {}, [](S &s) { s.timed_images = 1; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.seed = 3; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.objective = 1; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.placer = "greedy"; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.replicate = false; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.arrays = 50; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.parts = 1; });
    add(WEFT_POINT_SIM, {}, [](S &s) { s.map.chips = 2; });
    add(WEFT_POINT_REPLAY, {}, [](S &) {});
    add(WEFT_POINT_NOC, {}, [](S &) {});
    add(WEFT_POINT_NOC, {}, [](S &s) { s.traffic.rate = 0.2; });
    add(WEFT_POINT_NOC, {}, [](S &s) { s.traffic.pattern = 2; });
    add(WEFT_POINT_NOC, {}, [](S &s) { s.traffic.packet_flits = 2; });
    add(WEFT_POINT_NOC, {}, [](S &s) { s.traffic.cycles = 2; });
    add(WEFT_POINT_NOC, {}, [](S &s) { s.traffic.warmup = 2; });
    add(WEFT_POINT_NOC, {}, [](S &s) { s.seed = 2; });
    for (weft_point_kind kind : {WEFT_POINT_SIM, WEFT_POINT_REPLAY, WEFT_POINT_NOC})
        add(kind, {"adc.bits=7"}, [](S &) {});
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all.end(), std::unique(all.begin(), all.end()));

    // Other words for the same.
    weft_point p = experiment.point(WEFT_POINT_EVAL, "");
    p.settings.transform = "addnorm:sigma=0.10";
    p.settings.recalibrate = "0";
    EXPECT_NE(all.end(), std::find(all.begin(), all.end(), key(p)));
    // What a kind does not use.
    p = experiment.point(WEFT_POINT_NOC, "isaac-ce");
    p.settings.images = 5;
    EXPECT_NE(all.end(), std::find(all.begin(), all.end(), key(p)));

    const char *net, *chip;
    p = experiment.point(WEFT_POINT_SIM, "isaac-ce", DEVICES);
    ASSERT_EQ(WEFT_OK, weft_point_hashes(&net, &chip, keys, &p, &err)) << err.text;
    answer(joined({"noc", "isaac-ce", "--rate", "0.01", "--cycles", "10"}, settings(p)));
    EXPECT_STREQ(cJSON_GetObjectItem(json, "chip_sha256")->valuestring, chip);
    const std::string bytes = read_file("net.onnx");
    EXPECT_STREQ(weft_sha256_bytes(bytes.data(), bytes.size()).hex, net);
    weft_point_keys_destroy(keys);

    // Other bytes, of the net, of the data, of a table: other keys.
    const auto now = [&](const weft_point &of) {
        weft_point_keys *fresh = nullptr;
        weft_sha256 hash{};
        EXPECT_EQ(WEFT_OK, weft_point_keys_create(&fresh, experiment.get(), &err));
        EXPECT_EQ(WEFT_OK, weft_point_key(&hash, fresh, &of, &err)) << err.text;
        weft_point_keys_destroy(fresh);
        return std::string(hash.hex);
    };
    write_file("t.csv", "g_target_us,g_mean_us,g_sigma_us\n0,0,1\n20,20,1\n");
    const weft_point table =
        experiment.point(WEFT_POINT_SIM, "isaac-ce", {"device.g_max_us=20", "device.program_table=t.csv"});
    std::string last = now(table);
    EXPECT_EQ(last, now(table));
    const auto changed = [&](const char *what) {
        const std::string next = now(table);
        EXPECT_NE(last, next) << what;
        last = next;
    };
    write_file("t.csv", "g_target_us,g_mean_us,g_sigma_us\n0,0,1\n20,20,2\n");
    changed("table");
    make_network("net.onnx", 8, 5);
    changed("net");
    make_dataset("set", 8, 121, 60);
    changed("training images");
    make_dataset("set", 8, 121, 61);
    changed("test images");
}

// ---- training ----

TEST_F(Points, TrainsWhatIsMissingAndWhatHasChanged) {
    write_file("tiny.yaml", "name: tiny\ndataset: set\nepochs: 2\nbatch: 20\nlayers:\n  - dense: {units: 10}\n");
    Experiment trained("runs/nets/tiny.onnx");
    weft_experiment_net &net = trained.net();
    net.name = "tiny";
    net.recipe = "tiny.yaml";
    weft_error err{};
    bool needed = false;
    std::vector<std::string> told;
    const auto tell = [](void *context, const char *text) {
        static_cast<std::vector<std::string> *>(context)->push_back(text);
    };
    const auto train = [&] {
        ASSERT_EQ(WEFT_OK, weft_point_train_needed(&needed, trained.get(), 0, &err)) << err.text;
        ASSERT_EQ(WEFT_OK, weft_point_train(trained.get(), 0, nullptr, tell, &told, &err)) << err.text;
    };
    train();
    EXPECT_TRUE(needed);
    ASSERT_FALSE(told.empty());
    EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const std::string &text) {
        return text.find("training tiny: epoch 2 of 2, 100 %, loss ") == 0;
    })) << told.front();
    const std::string first = read_file("runs/nets/tiny.onnx");
    ASSERT_EQ(weft({"train", "tiny.yaml", "--out", "same.onnx"}).code, 0);
    EXPECT_EQ(first, read_file("same.onnx"));
    EXPECT_NE(read_file("runs/nets/tiny.json").find("\"recipe\": \"tiny.yaml\""), std::string::npos);
    told.clear();
    train();
    EXPECT_FALSE(needed);
    EXPECT_TRUE(told.empty());
    const char *set[] = {"epochs=3"};
    net.set = set;
    net.set_count = 1;
    train();
    EXPECT_TRUE(needed);
    EXPECT_EQ(first, read_file("runs/nets/tiny.onnx.old"));
    EXPECT_NE(first, read_file("runs/nets/tiny.onnx"));

    // Interrupted, then gone on from the checkpoint: the same bytes.
    const std::string whole = read_file("runs/nets/tiny.onnx");
    fs::remove("runs/nets/tiny.onnx");
    volatile sig_atomic_t stop = 1;
    EXPECT_EQ(WEFT_E_INTERRUPTED, weft_point_train(trained.get(), 0, &stop, nullptr, nullptr, &err));
    EXPECT_TRUE(fs::exists("runs/nets/tiny.onnx.checkpoint"));
    train();
    EXPECT_TRUE(needed);
    EXPECT_EQ(whole, read_file("runs/nets/tiny.onnx"));
    EXPECT_FALSE(fs::exists("runs/nets/tiny.onnx.checkpoint"));
}

} // namespace
