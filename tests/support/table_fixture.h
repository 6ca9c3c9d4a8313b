// A table of results by hand.
#ifndef WEFT_TESTS_SUPPORT_TABLE_FIXTURE_H
#define WEFT_TESTS_SUPPORT_TABLE_FIXTURE_H

#include <cmath>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "sweep/store.h"

namespace weft_test {

class Table {
  public:
    using Axes = std::vector<std::pair<std::string, std::string>>;
    using Values = std::vector<std::pair<weft_metric, double>>;

    weft_store_point &add(const std::string &block, const Axes &axes, const Values &values) {
        axes_.emplace_back();
        for (const auto &[key, value] : axes) axes_.back().push_back({keep(key), keep(value)});
        weft_store_point p{};
        p.number = points_.size();
        p.block = keep(block);
        p.kind = "sim", p.label = "label", p.net = "", p.chip = "", p.dataset = "", p.transform = "";
        p.net_sha256 = "", p.chip_sha256 = "", p.overrides = "[]", p.status = "done", p.message = "";
        p.axes = axes_.back().data();
        p.axis_count = static_cast<int>(axes.size());
        for (double &v : p.metrics.v) v = NAN;
        for (const auto &[metric, value] : values) p.metrics.v[metric] = value;
        points_.push_back(p);
        return points_.back();
    }
    const weft_store_table &get() {
        table_ = {};
        table_.count = points_.size();
        table_.points = points_.data();
        table_.experiment = "test";
        table_.version = "0";
        return table_;
    }

  private:
    const char *keep(const std::string &text) { return texts_.emplace_back(text).c_str(); }
    std::deque<std::string> texts_;
    std::deque<std::vector<weft_point_axis>> axes_;
    std::vector<weft_store_point> points_;
    weft_store_table table_{};
};

} // namespace weft_test

#endif
