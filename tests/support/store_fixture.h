// Experiments made by hand, results with known numbers, and everything that a database says as one text.
#ifndef WEFT_TESTS_SUPPORT_STORE_FIXTURE_H
#define WEFT_TESTS_SUPPORT_STORE_FIXTURE_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "sweep/store.h"
#include "tests/support/golden.h"

namespace weft_test {

// Points, which keep their texts.
class Experiment {
  public:
    weft_experiment experiment{};
    std::deque<weft_point> points;
    std::vector<weft_sha256> keys;
    std::vector<int> results; // which result a point has: its key is the hash of that

    // A point whose axes are `axes`; net and chip are settings too.
    weft_point &add(int result, std::vector<std::pair<std::string, std::string>> axes, const char *block = "main") {
        weft_point point{};
        point.block = text(block);
        point.settings.kind = WEFT_POINT_SIM;
        point.settings.net = "sign";
        point.settings.chip = "hermes";
        point.settings.dataset = "cifar10";
        point.settings.trace = point.settings.transform = point.settings.map.placer = "";
        point.settings.precision = "fp32";
        point.settings.recalibrate = "none";
        point.settings.trials = 3;
        point.settings.seed = 7;
        point.settings.map.replicate = true;
        point.settings.map.chips = 1;
        point.chip = point.dataset = point.trace = "";
        lists.emplace_back();
        for (auto &[key, value] : axes) lists.back().push_back({text(key), text(value)});
        for (const weft_point_axis &axis : lists.back()) {
            if (!strcmp(axis.key, "net")) point.settings.net = axis.value;
            if (!strcmp(axis.key, "chip")) point.settings.chip = axis.value;
        }
        point.axes = lists.back().data();
        point.axis_count = (int)lists.back().size();
        points.push_back(point);
        results.push_back(result);
        const std::string of = "result " + std::to_string(result);
        keys.push_back(weft_sha256_bytes(of.data(), of.size()));
        return points.back();
    }
    const char *text(const std::string &value) {
        texts.push_back(value);
        return texts.back().c_str();
    }
    const weft_experiment *get() {
        all.assign(points.begin(), points.end());
        experiment.name = "noise";
        experiment.description = "of a test";
        experiment.points = all.data();
        experiment.point_count = all.size();
        return &experiment;
    }
    size_t size() const { return points.size(); }

  private:
    std::deque<std::string> texts;
    std::deque<std::vector<weft_point_axis>> lists;
    std::vector<weft_point> all;
};

// Result `id`: error_percent id + 1/3, latency 1e6 / (id + 1), three trials; no energy.
struct Result {
    weft_point_result result{};
    double trials[3];
    explicit Result(int id) {
        for (double &v : result.metrics.v) v = NAN;
        result.metrics.v[WEFT_METRIC_ERROR] = id + 1.0 / 3;
        result.metrics.v[WEFT_METRIC_IMAGES] = 1000;
        result.metrics.v[WEFT_METRIC_LATENCY] = 1e6 / (id + 1);
        for (int t = 0; t < 3; t++) trials[t] = id + t / 7.0;
        result.trial_error_percent = trials;
        result.trial_count = 3;
        result.mapping = weft_sha256_bytes("mapping", 7);
        result.seconds = 0.25 * (id + 1);
    }
};

inline weft_status put(weft_store *store, Experiment &of, size_t number, weft_error *err,
                       const char *failure = nullptr) {
    Result result(of.results[number]);
    weft_store_row row{};
    row.number = number;
    row.point = &of.points[number];
    row.key = of.keys[number].hex;
    row.net_sha256 = "n";
    row.chip_sha256 = "c";
    row.result = failure ? nullptr : &result.result;
    row.message = failure;
    row.host = "node7";
    row.attempts = 1;
    row.started_s = 1700000000 + of.results[number];
    return weft_store_put(store, &row, err);
}

// A folder that goes with the test.
class Store : public testing::Test {
  protected:
    std::string folder, runs;
    weft_error err{};

    void SetUp() override {
        std::string pattern = (std::filesystem::path(testing::TempDir()) / "weft-store-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        runs = folder + "/runs";
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    weft_store *open() {
        weft_store *store = nullptr;
        EXPECT_EQ(weft_store_open(&store, runs.c_str(), "noise", &err), WEFT_OK) << message();
        return store;
    }
    weft_store *open_read() {
        weft_store *store = nullptr;
        EXPECT_EQ(weft_store_open_read(&store, runs.c_str(), &err), WEFT_OK) << message();
        return store;
    }
    void close(weft_store *store) { EXPECT_EQ(weft_store_close(store, &err), WEFT_OK) << message(); }
    std::string message() const {
        char text[2048];
        weft_error_format(&err, text, sizeof text);
        return text;
    }
    std::string db() const { return runs + "/runs.db"; }
    std::vector<bool> plan(weft_store *store, Experiment &of) {
        const auto done = std::make_unique<bool[]>(of.size() + 1);
        EXPECT_EQ(weft_store_plan(store, of.get(), of.keys.data(), done.get(), &err), WEFT_OK) << message();
        return std::vector<bool>(done.get(), done.get() + of.size());
    }
    // All rows of all points, in one go.
    void run_all(Experiment &of) {
        weft_store *store = open();
        const std::vector<bool> done = plan(store, of);
        for (size_t i = 0; i < of.size(); i++)
            if (!done[i]) {
                EXPECT_EQ(put(store, of, i, &err), WEFT_OK) << message();
            }
        close(store);
    }
    std::string rows(const char *sql) {
        weft_store *store = open_read();
        if (!store) return "";
        const std::string text =
            printed([&](FILE *stream) { EXPECT_EQ(weft_store_csv(store, sql, stream, &err), WEFT_OK) << message(); });
        close(store);
        return text;
    }
    // What must be the same whoever computed it.
    std::string dump() {
        return rows("SELECT * FROM points ORDER BY number") + rows("SELECT * FROM axes ORDER BY number, position") +
               rows("SELECT * FROM trials ORDER BY number, trial") + rows(nullptr);
    }
    std::string files() const {
        std::vector<std::string> names;
        for (const auto &entry : std::filesystem::directory_iterator(runs)) names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        std::string all;
        for (const std::string &name : names) all += (all.empty() ? "" : " ") + name;
        return all;
    }
};

} // namespace weft_test

#endif
