// Points of experiments made by hand, for tests and benchmarks of sweep/.
#ifndef WEFT_TESTS_SUPPORT_POINT_FIXTURE_H
#define WEFT_TESTS_SUPPORT_POINT_FIXTURE_H

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "sweep/point.h"

namespace weft_points {

// An experiment of one net; points borrow their texts from it.
class Experiment {
  public:
    explicit Experiment(const std::string &path = "net.onnx") {
        net_.name = "net";
        net_.recipe = "";
        snprintf(net_.path, sizeof net_.path, "%s", path.c_str());
        made_.name = "made";
        made_.description = "";
        made_.nets = &net_;
        made_.net_count = 1;
    }
    const weft_experiment *get() const { return &made_; }
    weft_experiment_net &net() { return net_; }
    // As the loader leaves a point of that kind, with the defaults.
    weft_point point(weft_point_kind kind, const char *chip, const std::vector<std::string> &set = {}) {
        weft_point p{};
        p.block = "points";
        p.net = kind == WEFT_POINT_SIM || kind == WEFT_POINT_EVAL ? 0 : -1;
        p.chip = chip;
        p.dataset = p.net < 0 ? "" : "set";
        p.trace = p.spikes = "";
        weft_point_settings &s = p.settings;
        s.kind = kind;
        s.net = p.net < 0 ? "" : "net";
        s.chip = chip;
        s.dataset = p.dataset;
        s.trace = s.spikes = s.transform = s.map.placer = "";
        s.recalibrate = "none";
        s.precision = "fp32";
        s.trials = s.map.chips = s.map.seed = 1;
        s.map.replicate = true;
        s.traffic.rate = 0.1;
        s.traffic.packet_flits = 1;
        s.traffic.cycles = 10000;
        s.traffic.warmup = 2000;
        lists_.emplace_back();
        for (const std::string &text : set) lists_.back().push_back(texts_.emplace_back(text).c_str());
        p.set = lists_.back().data();
        p.set_count = static_cast<int>(set.size());
        return p;
    }

  private:
    weft_experiment made_{};
    weft_experiment_net net_{};
    std::deque<std::string> texts_;
    std::deque<std::vector<const char *>> lists_;
};

struct Result {
    weft_point_result r{};
    weft_error err{};
    weft_status status = WEFT_OK;
    Result() = default;
    Result(const Result &) = delete;
    ~Result() { weft_point_result_free(&r); }
    double operator[](weft_metric metric) const { return r.metrics.v[metric]; }
    std::vector<double> trials() const { return {r.trial_error_percent, r.trial_error_percent + r.trial_count}; }
};

class Runner {
  public:
    explicit Runner(const Experiment &experiment, weft_point_runner_options options = {}) {
        weft_error err{};
        if (!options.runs) options.runs = "runs";
        EXPECT_EQ(WEFT_OK, weft_point_runner_create(&runner_, experiment.get(), &options, &err)) << err.text;
    }
    Runner(const Runner &) = delete;
    ~Runner() { weft_point_runner_destroy(runner_); }
    void run(Result &result, const weft_point &point) {
        weft_point_result_free(&result.r);
        result.err = {};
        result.status = weft_point_run(runner_, &point, &result.r, &result.err);
    }

  private:
    weft_point_runner *runner_ = nullptr;
};

// Bit for bit, NaN included.
inline void expect_same(const Result &a, const Result &b) {
    ASSERT_EQ(WEFT_OK, a.status) << a.err.text;
    ASSERT_EQ(WEFT_OK, b.status) << b.err.text;
    for (int m = 0; m < WEFT_METRIC_COUNT; m++)
        EXPECT_EQ(0, std::memcmp(&a.r.metrics.v[m], &b.r.metrics.v[m], sizeof(double)))
            << "metric " << m << ": " << a.r.metrics.v[m] << ", " << b.r.metrics.v[m];
    EXPECT_EQ(a.trials(), b.trials());
    EXPECT_STREQ(a.r.mapping.hex, b.r.mapping.hex);
}

} // namespace weft_points

#endif
